"""Depthwise convolution of many small planes, each by a kernel of its own, with one small product for each plane.

All planes, one after the other, are laid out ``KW`` times in long lines, each moved on by a cell (by a dilation) as the
next tap of a row is, with the stride along a row. What a line brings of the row before or after is made zero. Then each
plane's kernel, as it is, makes a plane of sums for each of its rows, over all cells of the plane at once:

    (KH, KW) @ (KW, H * OW) -> (KH, H * OW)

The sums of row ``a`` belong ``a * d - top`` rows further up, of rows dilated by ``d``: one addition of long lines for
each row of the kernel, over all planes at once, once the rows that it would take from a neighbouring plane are zero. A
bias comes with the product, as what ones are multiplied with: one more line, the same for all planes.

No product has a zero of ours in it, so that what is not finite stays in the windows that read it.

With a stride down, most of these rows would be made for nothing. Those that lie a stride apart are laid out as lines of
their own. Then rows of the kernel whose sums belong equally far up are one line of the product:

    (moves, stride * KW) @ (stride * KW, OH * OW) -> (moves, OH * OW)

Of 3×3 with a stride of 2 and a row of padding the first row is one move, the other two are another: there are zeros in
the left matrix now, and the result has to be looked at. To pick numbers a stride apart begins each row anew: short rows
are put together first, a row at once, and then picked in one go.

``folded`` spends two products on each block of rows and needs a band matrix for each kernel, but lays nothing out: 8
products for a plane of 14×14, where one is enough here. Where planes are large, products count less than memory does.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_lines
from cnn_core.ops._memory import LINE, ROOM
from cnn_core.ops._steps import SHARED, SPACE, Blocks, Plan, Steps, end_to_end, run
from cnn_core.ops.conv.laid_out import EMPTY, clear_in_pairs, pick_in_steps
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.staggered_rows import Rows, chunk, columns_multiplied, met, numbers, puts_together
from cnn_core.shapes import Pair

# Numbers between lines, so that no two of them begin at the same place of a page.
BETWEEN = 16

# Columns that are zeros, from which on a row of them is one item: 4.4 against 22 µs for 12 in 64 planes of 28×28, and
# 5.0 against 5.6 for four.
COLUMNS_MANY = 4


class Shapes(NamedTuple):
    """A chunk, of which each plane is done as the others are.

    Attributes:
        planes: of how many images, and how many of each.
        image: ``(H, W)``.
        kernel_w: KW.
        size: ``(OH, OW)``.
        place: where the windows lie.
        biased: whether sums begin with a bias.
        rows: of ``met``.
        itemsize: bytes of a number.
    """

    planes: Pair
    image: Pair
    kernel_w: int
    size: Pair
    place: Place
    biased: bool
    rows: Rows
    itemsize: int

    @property
    def taps(self) -> int:
        """Lines that are laid out."""
        return len(self.rows.phases) * self.kernel_w

    @property
    def lines(self) -> int:
        """Lines that a product reads: those laid out, then one of ones where there is a bias."""
        return self.taps + self.biased

    @property
    def cells(self) -> int:
        """Cells of a plane in a line."""
        return self.rows.made * self.size[1]

    @property
    def whole_line(self) -> int:
        """Cells of a line: those of all planes."""
        return math.prod(self.planes) * self.cells

    @property
    def apart(self) -> int:
        """Numbers from the beginning of a line to the next one's."""
        furthest = max(map(abs, self.rows.moves)) * self.size[1]
        gap = max(BETWEEN, furthest, columns_multiplied(self.cells) - self.cells)
        # All lines begin where the first does in a line of memory.
        return self.whole_line + gap + -(self.whole_line + gap) % (LINE // self.itemsize)

    @property
    def gathered(self) -> int:
        """Numbers of rows that are put together first."""
        together = puts_together(self.rows, self.image[1], self.size[1], self.place.stride[1])
        return math.prod(self.planes) * self.rows.made * self.image[1] if together else 0

    @property
    def length(self) -> int:
        """Numbers of memory: for all lines, and behind them for rows put together, then for sums that are no result."""
        lines = (self.lines + len(self.rows.moves)) * self.apart
        return lines + max(self.gathered, 0 if self.rows.straight else self.whole_line)


class Chunks(NamedTuple):
    """Equally large chunks, one after the other in memory: some planes of an image, or all planes of some images.

    Attributes:
        images: those of all chunks.
        planes: likewise.
        plan: what is done to a chunk's cells, its result, other memory, its left matrices and the sum of its squares.
        blocks: where chunks lie in these.
        times: how many chunks.
        ones: the line of ones in the other memory, empty where there is no bias.
    """

    images: slice
    planes: slice
    plan: Plan
    blocks: tuple[Blocks, ...]
    times: int
    ones: slice


class Layout(NamedTuple):
    """How a geometry is done: worked out once, kept for all calls.

    Attributes:
        rows: of ``met``.
        space: numbers of the memory that all chunks share.
        chunks: all of them.
    """

    rows: Rows
    space: int
    chunks: tuple[Chunks, ...]


def correlate_staggered(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> bool:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to.
        place: where the windows lie; ``fits`` is true of it.

    Returns:
        Whether nothing that is not finite can have come to a window from outside: each chunk's sums are looked at
        while they are near the processor, where they have to be.
    """
    together = x.flags.c_contiguous and out.flags.c_contiguous
    lay = layout(x.shape, weight.shape[2:], out.shape[2:], place, x.dtype, together, bias is not None)
    kernels, space = _kernels(weight, bias, lay.rows), ROOM.lend(lay.space * x.itemsize)
    same, squares = SPACE if ROOM.keeps(space) else None, 0.0
    numbers_there = space[: lay.space * x.itemsize].view(x.dtype)
    for images, planes, plan, blocks, times, ones in lay.chunks:
        given, target = np.ascontiguousarray(x[images, planes]), out[images, planes]
        made = target if target.flags.c_contiguous else np.empty(target.shape, target.dtype)
        numbers_there[ones] = 1
        looks = EMPTY if lay.rows.plain else np.empty(times, x.dtype)
        run(plan, (given, made, space, kernels[planes], looks), blocks, times, same)
        squares += sum(looks.tolist())
        if made is not target:
            target[...] = made
    ROOM.take_back(space)
    line = weight.reshape(-1)
    return math.isfinite(line.dot(line) if lay.rows.plain else squares)


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, ...],
    kernel: Pair,
    size: Pair,
    place: Place,
    dtype: np.dtype[Any],
    together: bool,
    biased: bool,
) -> Layout:
    """How the windows of a geometry are done.

    Args:
        x_shape: ``(N, C, H, W)``.
        kernel: ``(KH, KW)``.
        size: ``(OH, OW)``.
        place: where the windows lie.
        dtype: of all numbers.
        together: whether images and results are contiguous; if not, each chunk is done by itself.
        biased: whether sums begin with a bias.
    """
    batch, channels, height, _ = x_shape
    rows = met(kernel[0], place.before[0], place.stride[0], height, size, place.down)
    images, planes = (max(1, some) for some in chunk(batch, channels, numbers(rows, kernel[1], size[1])))
    space, made = 0, []
    for n, last in _runs(batch, images, together and planes == channels):
        for c, end in _runs(channels, planes, together):
            some = min(images, last - n), min(planes, end - c)
            plan, length, apart, ones = _chunk_plan((*some, *x_shape[2:]), kernel, size, place, dtype, biased)
            if planes == channels:
                apart = (*apart[:3], SHARED, apart[4])
            count = (last - n) * (end - c) // (some[0] * some[1])
            space = max(space, length)
            made.append(Chunks(slice(n, last), slice(c, end), plan, apart, count, ones))
    return Layout(rows, space, tuple(made))


def _runs(count: int, part: int, together: bool) -> list[Pair]:
    """From where to where all parts are equally large: as far as can be, or each by itself; then what is left."""
    whole = count // part * part
    step = whole if together else part
    return [(i, i + step) for i in range(0, whole, step)] + ([(whole, count)] if whole < count else [])


def _kernels(weight: Array, bias: Array | None, rows: Rows) -> Array:
    """The left matrices: ``(C, 1, KH, KW) -> (C, moves, phases * KW)``, and a column more for a bias."""
    channels, _, kernel_h, kernel_w = weight.shape
    if bias is None and rows.plain:
        return weight.reshape(channels, kernel_h, kernel_w)
    # Each number times 1, and zeros: of a plain kernel row by row, 8.6 against 13.6 µs for 1152 of 5×5.
    if rows.plain:
        lines, where = weight.reshape(-1, kernel_w), _widened(kernel_w, weight.dtype)
    else:
        lines = weight.reshape(channels, -1)
        where = _where(rows.taps, len(rows.moves), kernel_w, weight.dtype, bias is not None)
    moved: Array = lines.dot(where).reshape(channels, len(rows.moves), -1)
    if bias is not None:
        moved[:, rows.moves.index(0), -1] = bias
    return moved


@lru_cache(maxsize=64)
def _widened(kernel_w: int, dtype: np.dtype[Any]) -> Array:
    """What gives a kernel's row a zero more: ``(KW, KW + 1)``."""
    return np.eye(kernel_w, kernel_w + 1, dtype=dtype)


@lru_cache(maxsize=64)
def _where(taps: tuple[Pair, ...], moves: int, kernel_w: int, dtype: np.dtype[Any], biased: bool) -> Array:
    """Which number of a left matrix each of a kernel's is, ones and zeros: ``(KH * KW, moves * (phases * KW + 1))``.

    Without a bias there is no column for it.
    """
    phases = 1 + max(phase for _, phase in taps)
    out = np.zeros((len(taps), kernel_w, moves, phases * kernel_w + biased), dtype=dtype)
    for a, (move, phase) in enumerate(taps):
        for b in range(kernel_w):
            out[a, b, move, phase * kernel_w + b] = 1
    return out.reshape(len(taps) * kernel_w, -1)


@lru_cache(maxsize=256)
def _chunk_plan(
    x_shape: tuple[int, ...], kernel: Pair, size: Pair, place: Place, dtype: np.dtype[Any], biased: bool
) -> tuple[Plan, int, tuple[Blocks, ...], slice]:
    """What is done to a chunk, the numbers of its other memory, how far apart chunks lie, and where ones are wanted."""
    images, planes, height, width = x_shape
    rows = met(kernel[0], place.before[0], place.stride[0], height, size, place.down)
    shapes = Shapes((images, planes), (height, width), kernel[1], size, place, biased, rows, dtype.itemsize)
    left = (planes, len(rows.moves), shapes.lines)
    to_do = Steps(dtype, x_shape, (images, planes, *size), (shapes.length,), left, (1, 1))
    _lay_out(to_do, shapes)
    _multiply(to_do, shapes)
    _add_up(to_do, shapes)
    if not rows.plain:
        _, target, *_, look = to_do.parts
        line = target.reshape(1, -1)
        to_do.add(np.matmul, line, line.T, look)  # a product of two lines adds up as fast as one of vectors
    ones = slice(shapes.taps * shapes.apart, shapes.lines * shapes.apart)
    return to_do.plan(), shapes.length, end_to_end(to_do.parts, SPACE), ones


def _lay_out(to_do: Steps, shapes: Shapes) -> None:
    """Have all planes be laid out, one line for each column of the kernels and each set of rows."""
    given, _, space, *_ = to_do.parts
    rows, planes, apart = shapes.rows, math.prod(shapes.planes), shapes.apart
    image, bare = given.reshape(planes, *shapes.image), []
    for k, phase in enumerate(rows.phases):
        begins = range(k * shapes.kernel_w * apart, (k + 1) * shapes.kernel_w * apart, apart)
        lines = [
            space[begin : begin + shapes.whole_line].reshape(planes, rows.made, shapes.size[1]) for begin in begins
        ]
        source = image[:, phase :: rows.apart]
        if shapes.gathered:
            free = space[shapes.length - shapes.gathered :].reshape(-1, rows.made, shapes.image[1])
            source = _together(to_do, source, free)
        bare += _lay_out_columns(to_do, source, lines, shapes.place)
    clear_in_pairs(to_do, bare)


def _multiply(to_do: Steps, shapes: Shapes) -> None:
    """Have each plane's kernel make a line of sums for each move."""
    _, _, space, kernels, _ = to_do.parts
    (images, planes), cells, apart, item = shapes.planes, shapes.cells, shapes.apart, shapes.itemsize
    # (C, moves, lines) @ (n, C, lines, OH * OW) -> (n, C, moves, OH * OW), each plane's last columns the next one's
    multiplied, strides = columns_multiplied(cells), (planes * cells * item, cells * item, apart * item, item)
    right = np.ndarray((images, planes, shapes.lines, multiplied), space.dtype, space, 0, strides)
    sums = (images, planes, len(shapes.rows.moves), multiplied)
    made = np.ndarray(sums, space.dtype, space, shapes.lines * apart * item, strides)
    to_do.add(np.matmul, kernels, right, made)


def _add_up(to_do: Steps, shapes: Shapes) -> None:
    """Have the lines of sums be added up, each moved to where it belongs."""
    _, target, space, *_ = to_do.parts
    rows, planes, wide, first = shapes.rows, math.prod(shapes.planes), shapes.size[1], shapes.lines * shapes.apart
    begins = range(first, first + len(rows.moves) * shapes.apart, shapes.apart)
    total, *others = _moved(to_do, space, begins, rows, (planes, wide))
    into = target.reshape(-1) if rows.straight else space[shapes.length - shapes.whole_line :]
    if not others:
        to_do.copy(into, total)
    for part in others:
        to_do.add(np.add, total, part, into)
        total = into
    if not rows.straight:
        # (n * C * rows * OW) -> (n, C, OH, OW)
        by_plane = into.reshape(*shapes.planes, rows.made, wide)
        to_do.copy(*as_lines(target, by_plane[:, :, : rows.wanted]))


def _moved(to_do: Steps, space: Array, begins: range, rows: Rows, planes: Pair) -> list[Array]:
    """The lines of sums from these places on, each where all planes' sums belong, zeros for what is a neighbour's.

    Args:
        to_do: steps.
        space: where the lines are; around each is room to move.
        begins: of each line.
        rows: of the kernels.
        planes: how many, and how many columns they have.
    """
    (count, wide), moved, bare = planes, [], []
    cells, item = rows.made * wide, space.itemsize
    for begin, move in zip(begins, rows.moves, strict=True):
        # Rows that end a plane, from the one before the first on, or that begin one, up to one past the last.
        taken = max(0, -move if move < 0 else rows.wanted + move - rows.made) * wide
        first = begin - taken if move < 0 else begin
        if taken and abs(move) <= rows.made:
            ends = np.ndarray((count + 1, taken), space.dtype, space, first * item, (cells * item, item))
            bare.append(as_lines(ends, ends)[0])
        elif taken:
            around = abs(move) * wide
            to_do.fill(space[begin - around if move < 0 else begin :][: count * cells + around], 0)
        moved.append(space[begin + move * wide :][: count * cells])
    clear_in_pairs(to_do, bare)
    return moved


def _together(to_do: Steps, cells: Array, space: Array) -> Array:
    """Have rows that lie apart, ``(n, R, W)``, be put together, zeros where ``space``, ``(n, rows, W)``, has more."""
    most = min(cells.shape[1], space.shape[1])
    to_do.copy(*as_lines(space[:, :most], cells[:, :most]))
    if most < space.shape[1]:
        to_do.fill(space[:, most:], 0)
    return space


def _lay_out_columns(to_do: Steps, cells: Array, lines: list[Array], place: Place) -> list[Array]:
    """Have rows be laid out as the columns of the kernels meet them.

    Args:
        to_do: steps.
        cells: ``(n, R, W)`` of all planes, every row or some that lie apart.
        lines: for each column of the kernel ``(n, rows, OW)``, contiguous.
        place: where the windows lie.

    Returns:
        What is to be zeros then: columns beside the image.
    """
    (_, rows, wide), (_, left), step = lines[0].shape, place.before, place.stride[1]
    width, most = cells.shape[2], min(rows, cells.shape[1])
    cells = cells[:, :most]
    flat = cells.flags.c_contiguous and most == rows and wide * step == width
    done: list[Pair] = []
    bare: list[Array] = []
    for b in reversed(range(len(lines))):
        line, start, found = lines[b], b * place.across - left, place.inside(b, 0, wide, width)
        if found is None or not most:
            to_do.fill(line, 0)
            continue
        inside = found[0]
        for beside in (line[..., : inside.start], line[..., inside.stop :]):
            bare += _columns(beside)
        # What a stride has picked before is moved, which takes half the time, where all that is wanted is there.
        same = ((tap, start - other) for tap, other in done if step > 1 and (start - other) % step == 0)
        ahead = ((tap, cells_on // step) for tap, cells_on in same)
        like = next(((tap, further) for tap, further in ahead if inside.start + further >= 0), None)
        done.append((b, start))
        if like is not None:
            _move(to_do, lines[like[0]].reshape(-1), like[1], line.reshape(-1))
        elif flat:
            _pick(to_do, cells.reshape(-1), start, step, line.reshape(-1))
        else:
            if most < rows:
                to_do.fill(line[:, most:], 0)
            pick_in_steps(to_do, cells[..., start + inside.start * step :], step, line[:, :most, inside])
    return bare


def _columns(beside: Array) -> list[Array]:
    """Of few each column, 1.5 against 2.8 µs for two that are neighbours in 64 planes of 28×28; of many each row."""
    if beside.shape[2] >= COLUMNS_MANY:
        return [as_lines(beside, beside)[0]]
    return [beside[..., column] for column in range(beside.shape[2])]


def _move(to_do: Steps, source: Array, start: int, line: Array) -> None:
    """A line that begins so many cells of another further on, or before it where that is negative."""
    if start < 0:
        to_do.copy(line[-start:], source[:start])
    else:
        to_do.copy(line[: len(line) - start], source[start:])


def _pick(to_do: Steps, cells: Array, start: int, step: int, line: Array) -> None:
    """Every ``step``-th of ``cells``, from one on that may be before the first."""
    if step == 1:
        _move(to_do, cells, start, line)
        return
    first = max(0, -(start // step))
    start += first * step
    count = min(len(line) - first, (len(cells) - 1 - start) // step + 1)
    pick_in_steps(to_do, cells[None, None, start:], step, line[None, None, first : first + count])
