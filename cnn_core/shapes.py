"""All geometry, in whole numbers: output sizes, padding, where a window lies, what a cell sees.

The one relation everything here follows from (V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
learning", 2016): tap ``a`` of output cell ``i`` reads input row ``i * stride + a * dilation - padding_before``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from cnn_core.errors import ShapeError, shown
from cnn_core.settings import is_whole, items_of, pair

Pair = tuple[int, int]
Sides = tuple[Pair, Pair]
Inside = tuple[slice, slice] | None

_FARTHEST = 2**40  # cells: as far as a stride or a dilation is counted


def inside(start: int, stride: int, size: int, count: int) -> Inside:
    """Of windows along an axis those whose tap lies in the array, and the cells that it meets there.

    Args:
        start: where the tap of the first window lies; outside the array inside padding.
        stride: cells from one window to the next.
        size: cells of the array.
        count: how many windows.

    Returns:
        Two slices, of the ``count`` windows and of the ``size`` cells; None where the tap meets none.
    """
    low, high = max(0, -(start // stride)), min(count, (size - 1 - start) // stride + 1)
    if low >= high:
        return None
    return slice(low, high), slice(start + low * stride, start + (high - 1) * stride + 1, stride)


class Line(NamedTuple):
    """What a row, or a column, of one array reads of the rows, or columns, of another.

    Attributes:
        first: where its reach begins; outside the array inside padding.
        last: where its reach ends, itself included.
        seen: the lines of the array that it does read, rising.
    """

    first: int
    last: int
    seen: tuple[int, ...]


class Axis(NamedTuple):
    """How every row, or column, of an array reads those of another.

    Attributes:
        lines: one after the other.
        step: from where one's reach begins to the next's; None where that is not the same for all.
    """

    lines: tuple[Line, ...]
    step: int | None

    @classmethod
    def same(cls, size: int) -> Axis:
        """Each of ``size`` lines reads the one at its own place."""
        return cls(tuple(Line(at, at, (at,)) for at in range(size)), 1)

    @classmethod
    def whole(cls, line: Line, size: int) -> Axis:
        """Each of ``size`` lines reads all that ``line`` does."""
        return cls((line,) * size, 0)

    @property
    def evenly(self) -> tuple[int, int, int] | None:
        """How far a line reaches, to where the next one's reach begins, and where the first one's does.

        None where that is not the same for all.
        """
        reaches = {line.last - line.first + 1 for line in self.lines}
        return None if self.step is None or len(reaches) != 1 else (reaches.pop(), self.step, self.lines[0].first)

    @property
    def all(self) -> Line:
        """What is read by any of the lines."""
        seen: set[int] = set().union(*(line.seen for line in self.lines))
        return Line(min(line.first for line in self.lines), max(line.last for line in self.lines), tuple(sorted(seen)))

    def after(self, before: Axis) -> Axis:
        """What these lines see of an array that the one they read reads by ``before``.

        Padding in between sees nothing: only its place counts, as if the array before went on beyond its edges.
        """
        made: dict[tuple[int, ...], tuple[int, ...]] = {}

        def seen(through: tuple[int, ...]) -> tuple[int, ...]:
            if through not in made:
                made[through] = tuple(sorted(set().union(*(before.lines[at].seen for at in through))))
            return made[through]

        lines = tuple(
            Line(before.reach(first)[0], before.reach(last)[1], seen(read)) for first, last, read in self.lines
        )
        step = None if self.step is None or before.step is None else self.step * before.step
        return Axis(lines, step)

    def reach(self, at: int) -> Pair:
        """Where the reach of a line begins and ends; ``at`` may lie before the first one or behind the last."""
        nearest = min(max(at, 0), len(self.lines) - 1)
        moved = (at - nearest) * (self.step or 0)
        return self.lines[nearest].first + moved, self.lines[nearest].last + moved


@dataclass(frozen=True)
class Window:
    """A sliding window over a plane of cells, rows first on every pair.

    Attributes:
        kernel_size: ``(KH, KW)``, taps down and across, each at least 1.
        stride: cells from one window to the next, each at least 1.
        dilation: cells from one tap to the next, each at least 1.
        padding: ``((top, bottom), (left, right))``, each at least 0.
        ceil_mode: whether a last window that overhangs the far edge counts, as in PyTorch's pooling.
    """

    kernel_size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Sides = ((0, 0), (0, 0))
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        """Find the hash once: most of what is remembered of a geometry is looked up by its window."""
        parts = (self.kernel_size, self.stride, self.dilation, self.padding, self.ceil_mode)
        object.__setattr__(self, "_hash", hash(parts))

    def __hash__(self) -> int:
        """That of all settings."""
        found: int = self._hash  # type: ignore[attr-defined]
        return found

    @property
    def extent(self) -> Pair:
        """Cells from a window's first tap to its last, both included: ``dilation * (kernel - 1) + 1``."""
        return (
            self.dilation[0] * (self.kernel_size[0] - 1) + 1,
            self.dilation[1] * (self.kernel_size[1] - 1) + 1,
        )

    def output_size(self, height: int, width: int) -> Pair:
        """How many windows fit an input of ``(height, width)`` cells: ``(rows, columns)``.

        Raises:
            ShapeError: where a window is larger than its padded input; with ``ceil_mode`` where it overhangs by as
                much as a whole stride.
        """
        return _output_size(self, height, width)

    def spread_size(self, height: int, width: int, output_padding: Pair = (0, 0)) -> Pair:
        """The input that gives ``(height, width)`` windows: what a transposed convolution fills, rows and columns.

        With a stride several inputs do; the smallest, plus ``output_padding`` (Dumoulin and Visin 2016, relation 14).
        It is below 1 where the padding takes away everything.
        """
        rows, columns = (
            (count - 1) * self.stride[axis] + self.extent[axis] - sum(self.padding[axis]) + output_padding[axis]
            for axis, count in enumerate((height, width))
        )
        return rows, columns

    def fits(self, height: int, width: int) -> bool:
        """Whether there is a place for the window in an input of ``(height, width)`` cells and its padding."""
        return self._count(0, height) >= 1 and self._count(1, width) >= 1

    def _misfit(self, height: int, width: int) -> str:
        (kernel_h, kernel_w), (rows, columns) = self.kernel_size, self.extent
        dilated = f" (dilated to {rows}×{columns})" if (rows, columns) != self.kernel_size else ""
        padded = f"{height + sum(self.padding[0])}×{width + sum(self.padding[1])}"
        kind = "padded input" if any(map(any, self.padding)) else "input"
        return (
            f"a {kernel_h}×{kernel_w} window{dilated} does not fit a {padded} {kind}; "
            f"an input of at least {rows}×{columns} works"
        )

    def _count(self, axis: int, size: int) -> int:
        before, after = self.padding[axis]
        stride, room = self.stride[axis], size + before + after - self.extent[axis]
        if not self.ceil_mode:
            return room // stride + 1
        count = -(-room // stride) + 1
        # A window that would start beyond the input, in the far padding, sees nothing and does not count.
        return count - 1 if (count - 1) * stride >= size + before else count

    def origin(self, row: int, column: int) -> Pair:
        """Where output cell ``(row, column)``'s first tap lies in the input; negative inside the near padding."""
        return row * self.stride[0] - self.padding[0][0], column * self.stride[1] - self.padding[1][0]

    def taps(self, row: int, column: int) -> Iterator[tuple[int, int, int, int]]:
        """The taps of output cell ``(row, column)`` in kernel order: ``(tap_row, tap_column, row, column)``.

        The last two are places in the input; they lie outside it for padding cells.
        """
        top, left = self.origin(row, column)
        for a in range(self.kernel_size[0]):
            for b in range(self.kernel_size[1]):
                yield a, b, top + a * self.dilation[0], left + b * self.dilation[1]

    def inside(self, axis: int, tap: int, size: int, count: int, first: int = 0) -> Inside:
        """Of ``count`` windows along an axis those whose tap lies in the input, and the cells that it meets there.

        Args:
            axis: 0 for rows, 1 for columns.
            tap: which tap along it.
            size: cells of the input along it.
            count: how many windows.
            first: which window is the first of them.

        Returns:
            As :func:`inside`.
        """
        stride = self.stride[axis]
        return inside(first * stride + tap * self.dilation[axis] - self.padding[axis][0], stride, size, count)

    def readers(self, row: int, column: int, output_size: Pair) -> Iterator[Pair]:
        """The output cells whose window holds input cell ``(row, column)``, in row-major order."""
        across = list(self._reading(1, column, output_size[1]))
        for i in self._reading(0, row, output_size[0]):
            for j in across:
                yield i, j

    def reads(self, input_size: Pair, output_size: Pair, mode: str = "zeros") -> tuple[Axis, Axis]:
        """How each row, and each column, of the windows reads the input's.

        Args:
            input_size: ``(H, W)``.
            output_size: how many windows there are, down and across.
            mode: what the padding shows, one of ``PADDING_MODES``.
        """
        return _reads(self, input_size, output_size, mode)

    def stamped(self, input_size: Pair, output_size: Pair) -> tuple[Axis, Axis]:
        """The other way round: how each row, and each column, of what is stamped over reads the ``input_size`` stamps.

        Args:
            input_size: how many stamps there are, down and across.
            output_size: ``(H, W)`` of what they are laid onto.
        """

        def along(axis: int) -> Axis:
            lines = []
            for i in range(output_size[axis]):
                at, step = i + self.padding[axis][0], self.stride[axis]
                first, last = -((self.extent[axis] - 1 - at) // step), at // step
                taps = {tap * self.dilation[axis] for tap in range(self.kernel_size[axis])}
                inside = range(max(0, first), min(input_size[axis] - 1, last) + 1)
                lines.append(Line(first, last, tuple(n for n in inside if at - n * step in taps)))
            return Axis(tuple(lines), 1 if self.stride[axis] == 1 else None)

        return along(0), along(1)

    def over_rows(self, rows: slice, input_size: Pair, output_size: Pair) -> tuple[slice, Window]:
        """The lines that some rows of windows read, and the window that slides over these alone and gives those rows.

        Args:
            rows: from the first to before the last, at least one.
            input_size: ``(H, W)``.
            output_size: how many windows there are, down and across.
        """
        steps, (height, width) = self.stride, input_size
        top, left = self.origin(rows.start, 0)
        bottom, right = (
            at + extent for at, extent in zip(self.origin(rows.stop - 1, output_size[1] - 1), self.extent, strict=True)
        )
        padding = (max(0, -top), max(0, bottom - height)), (max(0, -left), max(0, right - width))
        return slice(max(0, top), min(height, bottom)), Window(self.kernel_size, steps, self.dilation, padding)

    def of_readers(self, input_size: Pair, output_size: Pair) -> Window:
        """The window over the results of this one, whose stride is 1, that holds the readers of each cell.

        Args:
            input_size: ``(H, W)``, as many windows as there are then.
            output_size: ``(OH, OW)``, which they slide over.
        """
        top, left = (
            (extent - 1 - before, size - count + before)
            for extent, (before, _), size, count in zip(self.extent, self.padding, input_size, output_size, strict=True)
        )
        return Window(self.kernel_size, (1, 1), self.dilation, (top, left))

    def _reading(self, axis: int, position: int, count: int) -> Iterator[int]:
        near = position + self.padding[axis][0]
        for i in range(max(0, (near - self.extent[axis]) // self.stride[axis]), count):
            offset = near - i * self.stride[axis]
            if offset < 0:
                return
            if offset % self.dilation[axis] == 0 and offset // self.dilation[axis] < self.kernel_size[axis]:
                yield i


def window(
    kernel_size: Any,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    input_size: Pair,
) -> Window:
    """Build a window from a user's arguments for an input of ``input_size`` (rows, columns).

    Args:
        kernel_size: a whole number or a pair.
        stride: likewise, at least 1.
        padding: a whole number, ``(h, w)``, ``((top, bottom), (left, right))``, ``"valid"``, or ``"same"``, which gives
            ``ceil(size / stride)`` output cells; an odd cell of it goes to the bottom and right.
        dilation: a whole number or a pair, at least 1.
        ceil_mode: whether an overhanging last window counts.
        input_size: ``(H, W)`` of the input; ``"same"`` needs it.

    Raises:
        ShapeError: where an argument is of no such form.
    """
    size = pair(kernel_size, "kernel_size", least=1)
    steps = _near(pair(stride, "stride", least=1))
    apart = _near(pair(dilation, "dilation", least=1))
    sides = _sides(padding, Window(size, steps, apart), input_size)
    return Window(size, steps, apart, sides, bool(ceil_mode))


def _near(steps: Pair) -> Pair:
    """Steps that NumPy can count in bytes: no array has so many cells that those beyond lead to others."""
    return min(steps[0], _FARTHEST), min(steps[1], _FARTHEST)


def _sides(padding: Any, bare: Window, input_size: Pair) -> Sides:
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0), (0, 0))
        if padding == "same":
            return (_same(bare, 0, input_size[0]), _same(bare, 1, input_size[1]))
        raise ShapeError(f'padding must be "same", "valid" or whole numbers, got {shown(padding)}; padding=0 works')
    items = None if is_whole(padding) else items_of(padding)
    if items is not None and len(items) == 2 and not any(is_whole(item) for item in items):
        return pair(items[0], "padding", least=0), pair(items[1], "padding", least=0)
    rows, columns = pair(padding, "padding", least=0)
    return (rows, rows), (columns, columns)


def _same(bare: Window, axis: int, size: int) -> Pair:
    count = -(-size // bare.stride[axis])
    total = max(0, (count - 1) * bare.stride[axis] + bare.extent[axis] - size)
    return total // 2, total - total // 2


def adaptive_spans(size: int, count: int) -> list[Pair]:
    """The areas that an adaptive pooling cuts an axis into, as PyTorch does: ``(first, one past the last)`` of each.

    Area ``i`` reaches from ``floor(i * size / count)`` to ``ceil((i + 1) * size / count)``: all of one length where
    ``count`` divides ``size``, else neighbours may share a cell, and with more areas than cells all of it.
    """
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


# Cells of a plane that no memory holds, and NumPy hardly counts.
_PLANE_MOST = 2**44


@lru_cache(maxsize=16)  # asked for a summary and for a trace, at every edit
def _reads(sliding: Window, input_size: Pair, output_size: Pair, mode: str) -> tuple[Axis, Axis]:
    def along(axis: int) -> Axis:
        lines = []
        for i in range(output_size[axis]):
            first = i * sliding.stride[axis] - sliding.padding[axis][0]
            places = range(first, first + sliding.extent[axis], sliding.dilation[axis])
            shown = (padding_source(place, input_size[axis], mode) for place in places)
            lines.append(Line(first, places[-1], tuple(sorted({at for at in shown if at is not None}))))
        return Axis(tuple(lines), sliding.stride[axis])

    return along(0), along(1)


@lru_cache(maxsize=1024)  # asked at every call: 0.3 against 0.6 µs
def _output_size(sliding: Window, height: int, width: int) -> Pair:
    rows, columns = sliding._count(0, height), sliding._count(1, width)
    if rows < 1 or columns < 1:
        raise ShapeError(sliding._misfit(height, width))
    return in_memory(rows, columns, "a smaller input works")


def in_memory(rows: int, columns: int, advice: str) -> Pair:
    """``(rows, columns)`` of a plane; ``advice`` ends what is said where it is too large.

    Raises:
        ShapeError: where there are more cells than any memory holds.
    """
    if rows * columns > _PLANE_MOST:
        raise ShapeError(f"a plane of {rows:,}×{columns:,} cells is larger than any memory; {advice}")
    return rows, columns


PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def padding_source(position: int, size: int, mode: str) -> int | None:
    """Which cell along an axis a place in or around the image shows, as PyTorch's padding modes have it.

    Args:
        position: a place along the axis; negative, or ``size`` and more, in the padding.
        size: cells of the image along it.
        mode: one of ``PADDING_MODES``: reflect mirrors without repeating the edge, replicate repeats the edge,
            circular starts again on the other side.

    Returns:
        A place inside the image, or None for a zero around it.
    """
    if 0 <= position < size:
        return position
    if mode == "reflect":
        return -position if position < 0 else 2 * (size - 1) - position
    if mode == "replicate":
        return min(max(position, 0), size - 1)
    return position % size if mode == "circular" else None


def padding_sources(sides: Sides, input_size: Pair, mode: str) -> tuple[list[int | None], list[int | None]]:
    """For each row and each column of the padded image, which row or column of the image it shows.

    Args:
        sides: ``((top, bottom), (left, right))``, as wide as the mode has cells to show.
        input_size: ``(H, W)`` of the image.
        mode: one of ``PADDING_MODES``.

    Returns:
        ``top + H + bottom`` rows and ``left + W + right`` columns, from the top and the left; None for a line of zeros.
    """
    rows, columns = (
        [padding_source(at, size, mode) for at in range(-before, size + after)]
        for size, (before, after) in zip(input_size, sides, strict=True)
    )
    return rows, columns


@dataclass(frozen=True)
class ReceptiveField:
    """What one cell of a stage sees of the network's input, rows first on every pair.

    Attributes:
        size: cells of the input, down and across.
        jump: input cells between neighbouring cells of the stage.
        start: where the first cell's field begins in the input; negative inside padding.
    """

    size: Pair = (1, 1)
    jump: Pair = (1, 1)
    start: Pair = (0, 0)

    def through(self, step: Window) -> ReceptiveField:
        """The field of a stage that slides ``step`` over this one."""
        rows, columns = ((step.extent[axis], step.stride[axis], -step.padding[axis][0]) for axis in (0, 1))
        return self._over(rows, columns)

    def through_lines(self, rows: Axis, columns: Axis) -> ReceptiveField | None:
        """The field of a stage whose rows and columns read this one's so; None where its fields are not alike."""
        down, across = rows.evenly, columns.evenly
        return None if down is None or across is None else self._over(down, across)

    def _over(self, rows: tuple[int, int, int], columns: tuple[int, int, int]) -> ReceptiveField:
        """By each axis's extent, stride and first place (Dumoulin and Visin 2016; Araujo et al. 2019)."""

        def along(axis: int, extent: int, stride: int, first: int) -> tuple[int, int, int]:
            jump = self.jump[axis]
            return self.size[axis] + (extent - 1) * jump, jump * stride, self.start[axis] + first * jump

        (size_h, jump_h, start_h), (size_w, jump_w, start_w) = along(0, *rows), along(1, *columns)
        return ReceptiveField((size_h, size_w), (jump_h, jump_w), (start_h, start_w))
