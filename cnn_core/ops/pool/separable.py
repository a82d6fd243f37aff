"""Pooling down, then across, each over a block of whole rows as over one line.

What a window holds is the whole of what its columns hold: ``log2(KH) + log2(KW)`` passes and not ``KH * KW``. A pass
goes over all neighbours of a block as over one line, 0.10 ns a cell, strides and the ends of rows notwithstanding; what
the strides would leave out is made too and left behind by one last copy. A pass that begins anew in each row costs
35 ns a row more, and one that steps over cells 0.76 ns a cell.
"""

from __future__ import annotations

import math

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Window

# Numbers of a block: half as many cost a third more in calls, four times as many are no faster.
BLOCK_MOST = 100_000


def pool_separable(x: Array, out: Array, sliding: Window, combine: np.ufunc, empty: float) -> None:
    """Combine the cells of each window.

    Args:
        x: ``(N, C, H, W)``.
        out: ``(N, C, OH, OW)``, written to.
        sliding: the window.
        combine: ``np.maximum`` or ``np.add``: what brings two cells together, in any order.
        empty: what changes nothing when it is combined: it stands for cells outside the image.
    """
    batch, channels, height, width = x.shape
    rows, columns = out.shape[2:]
    (above, _), (left, _) = sliding.padding
    # Wide and tall enough for the last windows, which may overhang, and for the whole image.
    wide = max(left + width, (columns - 1) * sliding.stride[1] + sliding.extent[1])
    tall = max(above + height, (rows - 1) * sliding.stride[0] + sliding.extent[0])
    images, planes, strip = _block(out.shape, tall * wide, wide, sliding)
    if strip < rows:
        tall = (strip - 1) * sliding.stride[0] + sliding.extent[0]
    scratch = np.empty((4, images * planes * tall * wide), dtype=x.dtype)
    for n in range(0, batch, images):
        for c in range(0, channels, planes):
            for i in range(0, rows, strip):
                target = out[n : n + images, c : c + planes, i : i + strip]
                first = i * sliding.stride[0] - above
                cells = x[n : n + images, c : c + planes, max(0, first) : first + tall]
                around = (max(0, -first), left, tall, wide)
                with np.errstate(all="ignore"):  # of windows over a row's end, and of what memory held before
                    _pool_block(cells, target, around, scratch, sliding, combine, empty)


def _block(shape: tuple[int, ...], plane: int, wide: int, sliding: Window) -> tuple[int, int, int]:
    """How many images, channels and output rows to do at a time."""
    batch, channels, rows, _ = shape
    if plane * channels <= BLOCK_MOST:
        return max(1, min(batch, BLOCK_MOST // (plane * channels))), channels, rows
    if plane <= BLOCK_MOST:
        return 1, BLOCK_MOST // plane, rows
    return 1, 1, min(rows, max(1, (BLOCK_MOST // wide - sliding.extent[0]) // sliding.stride[0] + 1))


def _pool_block(
    cells: Array,
    target: Array,
    around: tuple[int, int, int, int],
    scratch: Array,
    sliding: Window,
    combine: np.ufunc,
    empty: float,
) -> None:
    """``(n, c, H, W) -> (n, c, rows, OW)``; around: cells above and to the left, and the padded block's size."""
    top, left, tall, wide = around
    (step_h, step_w), (rows, columns) = sliding.stride, target.shape[2:]
    cells = np.ascontiguousarray(cells)
    lines = list(scratch[:3, : cells.size])
    down = _runs(cells.reshape(-1), lines, sliding.kernel_size[0], sliding.dilation[0] * cells.shape[3], combine)
    line, shape, step = down, cells.shape, step_h
    if cells.shape[2:] != (tall, wide):
        # Something is around: the rows that count, side by side between the columns that are.
        shape, step = (*target.shape[:3], wide), 1
        *lines, line = scratch[:, : math.prod(shape)]
        between = line.reshape(shape)
        between[..., :left] = between[..., left + cells.shape[3] :] = empty
        _keep_rows(
            cells, down.reshape(cells.shape), between[..., left : left + cells.shape[3]], top, sliding, combine, empty
        )
    line = _runs(line, lines, sliding.kernel_size[1], sliding.dilation[1], combine)
    picked = line.reshape(shape)[:, :, : (rows - 1) * step + 1 : step, : (columns - 1) * step_w + 1 : step_w]
    np.copyto(target, picked)


def _keep_rows(
    cells: Array, down: Array, out: Array, top: int, sliding: Window, combine: np.ufunc, empty: float
) -> None:
    """Of what was brought together from each row on, keep every window's; where one overhangs, bring together again."""
    step, spread, reach = sliding.stride[0], sliding.dilation[0], sliding.extent[0]
    height, rows = cells.shape[2], out.shape[2]
    first = min(rows, -(-top // step))
    last = max(first, min(rows, (height + top - reach) // step + 1))
    out[:, :, first:last] = down[:, :, first * step - top : max(0, (last - 1) * step - top + 1) : step]
    for i in (*range(first), *range(last, rows)):
        start = i * step - top
        inside = [row for row in range(start, min(start + reach, height), spread) if row >= 0]
        if inside:
            out[:, :, i] = combine.reduce(cells[:, :, inside[0] : inside[-1] + 1 : spread], axis=2)
        else:
            out[:, :, i] = empty


def _runs(line: Array, lines: list[Array], count: int, apart: int, combine: np.ufunc) -> Array:
    """From each cell of ``line`` on, ``count`` cells brought together that lie ``apart``; the end means nothing.

    Runs of 2, 4, 8, ... cells are made of two runs half as long, and one of 7 of those of 1, 2 and 4. The three
    ``lines``, as long, are written to, ``line`` only where it is one of them.
    """

    def joined(first: Array, second: Array, shift: int) -> Array:
        out = next(spare for spare in lines if spare is not runs and spare is not have)
        size = max(0, len(line) - shift)
        combine(first[:size], second[len(line) - size :], out=out[:size])
        return out

    runs = have = line
    length, covered = 1, count & 1
    while 2 * length <= count:
        runs = joined(runs, runs, length * apart)
        length *= 2
        if count & length:
            have = joined(have, runs, covered * apart) if covered else runs
            covered += length
    return have
