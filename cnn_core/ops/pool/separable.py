"""Pooling of large arrays: block by block, each near the processor while it is pooled down, then across."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import evenly
from cnn_core.ops._steps import SHARED, Blocks, Plan
from cnn_core.ops.pool.passes import LINES, pool_block, shared_size
from cnn_core.ops.pool.small import few, pool_small
from cnn_core.ops.pool.spans import of_windows, pool_spans, side_by_side
from cnn_core.ops.pool.steps import Steps, run, sharing
from cnn_core.shapes import Window

# Numbers of a block: what a pass reads and writes is to stay in the second-level cache, and the calls, 3 µs a block,
# are to be few beside it. From 100,000 to 200,000 it takes the same.
BLOCK_MOST = 120_000

# Sides of padding for which blocks become twice as large, as each takes calls of its own, and the most that count.
SIDES, SIDES_MOST = 16, 64

# Numbers of one plane under a tall window, so that most rows of a strip are not read for its end alone: 101×101 on
# 2000×3000 takes 0.06 s with it and 2.2 without.
TALL_MOST = 1_000_000

# Rows of a window, of those side by side, and cells from which on each window's rows are combined by themselves: passes
# over all neighbours make what lies between windows too. 15×15 on 480×640 takes 0.14 ms and not 0.26, 7×7 0.16 and not
# 0.12.
TILES_HIGH, TILES_LEAST = 9, 50_000

# Numbers to copy at a time where images are not row-major.
COPIED_MOST = 1_000_000


class Part(NamedTuple):
    """Blocks that are alike.

    Attributes:
        plan: what to do with each.
        cells: where they lie, in all planes or in each.
        windows: where their windows do.
        times: how many.
        tall: rows of each.
    """

    plan: Plan
    cells: Blocks
    windows: Blocks
    times: int
    tall: int


class Layout(NamedTuple):
    """An array's blocks.

    Attributes:
        shared: numbers of memory that all blocks share.
        parts: whole planes, or strips of one.
        strips: whether it is strips, of each plane the same.
    """

    shared: int
    parts: tuple[Part, ...]
    strips: bool


@np.errstate(all="ignore")  # of windows over a row's end, and of what memory held before
def pool_separable(x: Array, out: Array, sliding: Window, combine: np.ufunc, empty: float, among: int = 1) -> None:
    """Combine the cells of each window.

    Args:
        x: ``(N, C, H, W)``.
        out: ``(N, C, OH, OW)``, row-major, written to.
        sliding: the window.
        combine: ``np.maximum`` or ``np.add``: what brings two cells together, in any order.
        empty: what changes nothing when it is combined: it stands for cells outside the image.
        among: what sums are divided by, 1 for none.
    """
    size, count = (x.shape[2], x.shape[3]), (out.shape[2], out.shape[3])
    tiles = sliding.kernel_size[0] >= TILES_HIGH and x.size >= TILES_LEAST and side_by_side(sliding, size, count)
    small = few(out.shape, sliding)
    # Sums as many as the cells are divided block by block, while they are near; fewer are divided all at once.
    in_blocks = not small and out.shape == x.shape
    if tiles:
        down, across = (of_windows(sliding, axis, size[axis], count[axis]) for axis in (0, 1))
        pool_spans(x, out, (down, across), combine)
    elif small:
        pool_small(x, out, sliding, combine, empty)
    else:
        _pool_large(x, out, sliding, (combine, empty, among if in_blocks else 1))
    if among > 1 and not in_blocks:
        divide, number = sharing(among, out.dtype)
        divide(out, number, out=out)


def _pool_large(x: Array, out: Array, sliding: Window, do: tuple[np.ufunc, float, int]) -> None:
    """``(N, C, H, W) -> (N, C, OH, OW)``, block by block.

    Args:
        x: the cells.
        out: the windows, row-major, written to.
        sliding: the window.
        do: ``combine``, ``empty`` and ``among`` of :func:`pool_separable`.
    """
    batch, channels, height, width = x.shape
    if x.size and x.flags.c_contiguous:
        _pool_planes(x.reshape(-1, height, width), out.reshape(-1, *out.shape[2:]), sliding, do)
        return
    images = max(1, COPIED_MOST // (channels * height * width))
    planes = min(channels, max(1, COPIED_MOST // (height * width)))
    for n in range(0, batch, images):
        for c in range(0, channels, planes):
            some, target = x[n : n + images, c : c + planes], out[n : n + images, c : c + planes]
            if some.size <= COPIED_MOST:
                some = np.ascontiguousarray(some)
            # (n, c, H, W) -> (n * c, H, W): views, as there are all channels of n images, or n is 1
            _pool_planes(some.reshape(-1, height, width), target.reshape(-1, *out.shape[2:]), sliding, do)


def _pool_planes(x: Array, out: Array, sliding: Window, do: tuple[np.ufunc, float, int]) -> None:
    """``(P, H, W) -> (P, OH, OW)``, row-major or a single plane."""
    layout = _layout(x.shape, out.shape, sliding, do, x.dtype, BLOCK_MOST, TALL_MOST)
    shared = ROOM.lend(layout.shared * x.itemsize)
    if layout.strips:
        for plane, target in zip(x, out, strict=True):
            _pool_parts(plane, target, shared, layout.parts)
    else:
        _pool_parts(x, out, shared, layout.parts)
    ROOM.take_back(shared)


def _pool_parts(x: Array, out: Array, shared: Array, parts: tuple[Part, ...]) -> None:
    kept = ROOM.keeps(shared)
    for plan, cells, windows, times, tall in parts:
        if x.flags.c_contiguous:
            run(plan, (x, out, shared), cells, windows, times, kept)
            continue
        # (H, W), or (1, H, W): a strip is copied when its turn comes
        plane, line = x.reshape(x.shape[-2:]), x.shape[-1] * x.itemsize
        for k in range(times):
            first = (cells.start + k * cells.apart) // line
            given = np.ascontiguousarray(plane[first : first + tall])
            run(plan, (given, out, shared), SHARED, Blocks(windows.start + k * windows.apart, 0), 1, kept)


@lru_cache(maxsize=64)
def _layout(
    cells: tuple[int, int, int],
    windows: tuple[int, int, int],
    sliding: Window,
    do: tuple[np.ufunc, float, int],
    dtype: np.dtype[Any],
    block_most: int,
    tall_most: int,
) -> Layout:
    """How to cut ``(P, H, W)`` and ``(P, OH, OW)``, and what to do with each block."""
    count, height, width = cells
    rows, columns = windows[1:]
    step, above, extent = sliding.stride[0], sliding.padding[0][0], sliding.extent[0]
    block_most += block_most * min(SIDES_MOST, sum(map(sum, sliding.padding))) // SIDES
    # Tall enough for the last windows, which may overhang, and for the whole image.
    tall = max(above + height, (rows - 1) * step + extent)
    planes, strip = min(count, block_most // (tall * width)), rows
    if planes:
        planes = _without_rest(count, planes)
    else:
        planes = 1
        fit, tallest = ((most // width - extent) // step + 1 for most in (block_most, tall_most))
        strip = min(rows, max(1, fit, min(tallest, extent // step)))
    if strip < rows:
        tall = (strip - 1) * step + extent
    size = shared_size(planes, tall, width, sliding)
    line, row = width * dtype.itemsize, columns * dtype.itemsize

    def plan(each: int, high: int, many: int, top: int) -> Plan:
        shapes = (each, high, width), (each, many, columns), (LINES, size)
        to_do = Steps(dtype, shapes, *do)
        pool_block(to_do, top, sliding)
        return to_do.plan()

    parts: list[Part] = []
    if strip == rows:
        whole, rest = divmod(count, planes)
        for times, some, first in ((whole, planes, 0), (1, rest, whole * planes)):
            if some:
                here = Blocks(first * height * line, some * height * line)
                there = Blocks(first * rows * row, some * rows * row)
                parts.append(Part(plan(some, height, rows, above), here, there, times, height))
        return Layout(LINES * size, tuple(parts), False)
    for i in range(0, rows, strip):
        first, many = i * step - above, min(strip, rows - i)
        begin, end = max(0, first), min(height, max(0, first + tall))
        if parts and parts[-1].tall == end - begin == tall and many == strip:
            parts[-1] = parts[-1]._replace(times=parts[-1].times + 1)  # it overhangs nothing, and nor does this
            continue
        each = plan(1, end - begin, many, begin - first)
        here, there = Blocks(begin * line, strip * step * line), Blocks(i * row, strip * row)
        parts.append(Part(each, here, there, 1, end - begin))
    return Layout(LINES * size, tuple(parts), True)


def _without_rest(count: int, most: int) -> int:
    """How many at a time: a divisor if one is near, else as few times as ``most`` allows, without a small rest."""
    fair = evenly(count, most)
    return next((each for each in range(most, fair // 2, -1) if count % each == 0), fair)
