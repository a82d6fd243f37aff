"""The gradient of depthwise kernels, which have a plane each: one dot product for each weight and plane.

The weight ``(a, b)`` met, for each cell of the result, the cell of its plane that lies ``a`` rows and ``b`` columns on.
Where result and plane have rows of one length, both are lines of numbers, and all that the weight met is the plane's
line from another cell on; where a row's end runs over into the next row, the gradient's line has zeros. So planes are
not laid out at all, and gradients once for each column of the kernel: 0.12 against 0.48 ms for 3×3 on 512 planes of
14×14.

With a stride, cells that lie a stride apart are laid out as planes of their own: in these windows lie side by side.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_columns, as_lines
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import even_part, whole_lines
from cnn_core.ops._steps import SPACE, Blocks, Plan, Steps, end_to_end, run
from cnn_core.ops._sums import column_sums
from cnn_core.ops.conv import tapped
from cnn_core.shapes import Pair, Window

# Numbers of the planes that are done at a time, about: with their gradients they stay in the second-level cache.
NUMBERS = 60_000


class Met(NamedTuple):
    """How the taps of a kernel meet planes along an axis.

    Attributes:
        phases: where the sets of cells a stride apart begin that some tap met.
        taps: for each tap the number of its set, and how many of the set's cells it lies on.
        length: cells of a set that are laid out.
    """

    phases: tuple[int, ...]
    taps: tuple[Pair, ...]
    length: int


class Chunks(NamedTuple):
    """Chunks of equally many planes, one after the other in memory.

    Attributes:
        planes: those of all chunks.
        plan: what is done to a chunk's cells, its gradients, other memory and its sums.
        blocks: where chunks lie in these.
        times: how many chunks.
    """

    planes: slice
    plan: Plan
    blocks: tuple[Blocks, ...]
    times: int


class Layout(NamedTuple):
    """How a geometry is done: worked out once, kept for all calls.

    Attributes:
        space: numbers of the memory that all chunks share.
        chunks: all of them.
    """

    space: int
    chunks: tuple[Chunks, ...]


def weights_dotted(grad: Array, x: Array, sliding: Window) -> Array:
    """For each weight, the sum over all output cells of their gradient times the cell that it met.

    Args:
        grad: ``(N, C, OH, OW)``, none of it empty.
        x: ``(N, C, H, W)``, not padded; the padding is zeros.
        sliding: the window that was slid.

    Returns:
        ``(C, 1, KH, KW)``. Where ``grad`` or ``x`` is not finite, neither are the sums that it belongs to, and others
        may be NaN too.
    """
    (batch, channels), kernel = grad.shape[:2], sliding.kernel_size
    lay = layout(batch * channels, x.shape[2:], grad.shape[2:], sliding, x.dtype)
    # All planes one after the other: (N, C, H, W) -> (N * C, H, W)
    cells = np.ascontiguousarray(x).reshape(-1, *x.shape[2:])
    given = np.ascontiguousarray(grad).reshape(-1, *grad.shape[2:])
    sums = np.empty((batch * channels, *kernel), x.dtype)
    space = ROOM.lend(lay.space * x.itemsize)
    same = SPACE if ROOM.keeps(space) else None
    for planes, plan, blocks, times in lay.chunks:
        space[: lay.space * x.itemsize] = 0  # around what is laid out, elsewhere in chunks of another size
        run(plan, (cells[planes], given[planes], space, sums[planes]), blocks, times, same)
    ROOM.take_back(space)
    # (N, C, KH, KW) -> (C, 1, KH, KW)
    return column_sums(sums.reshape(batch, -1)).reshape(channels, 1, *kernel)


@lru_cache(maxsize=256)
def tells(sliding: Window, image: Pair, size: Pair) -> bool:
    """Whether each of ``(OH, OW)`` windows reads a cell of an image: what is not finite of its gradient shows then."""
    for axis in (0, 1):
        met = filter(None, tapped.met(sliding, axis, image[axis], size[axis]))
        if len({window for windows, _ in met for window in range(windows.start, windows.stop)}) < size[axis]:
            return False
    return True


def met(sliding: Window, axis: int, size: int, count: int) -> Met:
    """How ``count`` windows meet an axis of so many cells."""
    stride, before = sliding.stride[axis], sliding.padding[axis][0]
    places = [divmod(a * sliding.dilation[axis] - before, stride) for a in range(sliding.kernel_size[axis])]
    phases = tuple(sorted({phase for _, phase in places}))
    taps = tuple((phases.index(phase), further) for further, phase in places)
    return Met(phases, taps, max(count, -(-size // stride)))


def planes_together(planes: int, numbers: int) -> int:
    """How many planes to do at a time, each of so many numbers as it is laid out."""
    return even_part(planes, NUMBERS // numbers)


@lru_cache(maxsize=256)
def layout(planes: int, image: Pair, size: Pair, sliding: Window, dtype: np.dtype[Any]) -> Layout:
    """How a geometry is done.

    Args:
        planes: how many, of all images.
        image: ``(H, W)``.
        size: ``(OH, OW)``.
        sliding: the window that was slid.
        dtype: of all numbers.
    """
    rows, columns = (met(sliding, axis, image[axis], size[axis]) for axis in (0, 1))
    some = planes_together(planes, rows.length * columns.length)
    whole, space, chunks = planes // some * some, 0, []
    for first, last, each in ((0, whole, some), (whole, planes, planes - whole)):
        if each:
            numbers, plan, blocks = _chunk_plan(each, image, size, sliding, rows, columns, dtype)
            chunks.append(Chunks(slice(first, last), plan, blocks, (last - first) // each))
            space = max(space, numbers)
    return Layout(space, tuple(chunks))


def _chunk_plan(
    planes: int, image: Pair, size: Pair, sliding: Window, rows: Met, columns: Met, dtype: np.dtype[Any]
) -> tuple[int, Plan, tuple[Blocks, ...]]:
    """The numbers of shared memory, what is done to a chunk, and how far apart chunks lie."""
    length, whole = rows.length * columns.length, (rows.length, columns.length)
    bare = image == whole and sliding.stride == (1, 1)
    phases = [] if bare else [(top, left) for top in rows.phases for left in columns.phases]
    pitch = whole_lines(planes * length)
    space = pitch * (len(phases) + 1)
    to_do = Steps(dtype, (planes, *image), (planes, *size), (space,), (planes, *sliding.kernel_size))
    cells, given, memory, sums = to_do.parts
    parts = [memory[k * pitch :][: planes * length].reshape(planes, *whole) for k in range(len(phases) + 1)]
    for (top, left), target in zip(phases, parts, strict=False):
        some = cells[:, top :: sliding.stride[0], left:]
        there = target[:, : some.shape[1], : -(-some.shape[2] // sliding.stride[1])]
        if there.size:
            to_do.copy(*as_columns(there, some, sliding.stride[1]))
    for further in sorted({further for _, further in columns.taps}):
        lines = _seen(to_do, parts[-1], given, further)
        for b, (phase_w, on) in enumerate(columns.taps):
            if on == further:
                for a, (phase_h, down) in enumerate(rows.taps):
                    plane = cells if bare else parts[phase_h * len(columns.phases) + phase_w]
                    _dot(to_do, lines, plane.reshape(planes, length), down * columns.length + on, sums[:, a, b])
    return space, to_do.plan(), end_to_end(to_do.parts, SPACE)


def _seen(to_do: Steps, moved: Array, given: Array, further: int) -> Array:
    """Gradients in rows as long as the planes', 0 where the cell ``further`` on would lie in another row: ``(C, L)``.

    Args:
        to_do: steps.
        moved: ``(C, rows, columns)`` of memory for them, used where ``given`` does not do as it is.
        given: ``(C, OH, OW)``.
        further: how many columns on the cells lie, or before where that is negative.
    """
    (rows, columns), length = given.shape[1:], moved.shape[2]
    low, high = min(max(0, -further), columns), max(0, min(columns, length - further))
    flat = given.shape == moved.shape
    if flat and (low, high) == (0, columns):
        return given.reshape(len(given), -1)
    there = moved[:, :rows, :columns]
    to_do.copy(*(there, given) if flat else as_lines(there, given))
    for column in {*range(low), *range(high, columns)}:
        to_do.fill(there[..., column], 0)
    return moved.reshape(len(moved), -1)


def _dot(to_do: Steps, lines: Array, cells: Array, further: int, out: Array) -> None:
    """Each line's dot product with its cells, ``further`` on: ``(C, L)`` with ``(C, L)`` into ``out (C,)``."""
    length, start = lines.shape[1] - abs(further), max(0, -further)
    if length <= 0:
        to_do.fill(out, 0)
        return
    to_do.add(np.vecdot, lines[:, start : start + length], cells[:, start + further :][:, :length], out)
