"""Which cell of each window is its largest, and the gradient handed to it.

A number of single precision and its place in the block make one number of 64 bits: above, the number's own bits, turned
so that they are ordered as it is; below, the place, counted from the block's end. The largest of these is the first of
the largest cells, found as the largest of plain numbers is, in as few passes; asked cell by cell, who won takes as many
as a window has cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.pool.columns import Places, first_largest
from cnn_core.ops.pool.spans import Spans, blocks, planes, pool_spans

# Numbers of a block, cells or windows.
BLOCK_MOST = 60_000

# The same of large areas, which take more calls.
LARGE_MOST = 400_000

# Cells that a row of windows may read: of more, what stands for them would take too much memory.
BAND_MOST = 250_000

# What it takes, in nanoseconds: for each cell that a key is made of, or to look through a few columns of each area, and
# more for each row and column of it. Of 480×640 in 32×32 areas the latter takes 0.2 ms, the former 1.0; of 512 planes
# of 7×7 in 6×6, 1.0 and 0.2.
KEY, COLUMNS, COLUMN, REACH = 2.2, 80_000, 20, 2.5

# Cells of all that are looked at, one of so many, where it takes less than to make keys of all.
LOOKED_PART = 2

# Of ``(p, h, W)`` cells and the rows of windows that read them, where each window's winner lies, counted over all
# planes, -1 where it has no cell: ``(p, oh, OW)``.
Find = Callable[[Array, slice], Places]

# The rows of cells that these rows of windows read.
Reach = Callable[[slice], slice]

# Brings what stands for the cells ``(1, p, h, W)`` together in what stands for the windows ``(1, p, oh, OW)``.
Pool = Callable[[Array, Array], None]

_SIGN, _LOWER, _HALF = np.int32(-(2**31)), np.uint64(2**32 - 1), np.uint64(32)


def broken(numbers: Array) -> bool:
    """Whether there is a NaN: then alone are squares and their sum none."""
    if numbers.flags.c_contiguous:
        line = numbers.reshape(-1)
        with np.errstate(invalid="ignore", over="ignore"):
            return math.isnan(line.dot(line))
    return bool(np.isnan(numbers).any())


@np.errstate(invalid="ignore", over="ignore")
def hand_to_winners(grad: Array, x: Array, out: Array, reach: Reach, find: Find, most: int) -> None:
    """Add each window's gradient to the first of its largest cells; a NaN is the largest, and no cell wins nothing.

    Args:
        grad: ``(N, C, OH, OW)``.
        x: ``(N, C, H, W)``.
        out: ``(N, C, H, W)``, row-major, of the gradient's type, added to.
        reach: which rows of cells some rows of windows read; all rows of windows are given all of a plane.
        find: which cells win.
        most: numbers of a block, cells or windows.
    """
    height, width = x.shape[2:]
    grad = np.ascontiguousarray(grad).reshape(-1, *grad.shape[2:])
    every, first = slice(0, grad.shape[1]), 0
    for cells, target in planes(x, out):
        given = grad[first : first + len(cells)]
        first += len(cells)
        for some, rows in blocks(given.shape, max(height * width, math.prod(given.shape[1:])), most):
            # Whole planes are one piece of memory only with all of their rows.
            lines = slice(0, height) if rows == every else reach(rows)
            places, handed = find(cells[some, lines], rows).reshape(-1), given[some, rows].reshape(-1)
            met = places >= 0
            if not met.all():
                places, handed = places[met], handed[met]
            np.add.at(target[some, lines].reshape(-1), places, handed)


def of_spans(down: Spans, across: Spans, single: bool) -> tuple[Reach, Find]:
    """How to find the winners of areas, each of a cell at least: few columns of large ones are looked through.

    Args:
        down: their rows.
        across: their columns.
        single: whether it is numbers of single precision; of others only what has no NaN is asked.
    """

    def reach(rows: slice) -> slice:
        first, last, _ = down.part(rows.start, rows.stop)
        return slice(first, last)

    def find(cells: Array, rows: slice) -> Places:
        part, windows = down.part(rows.start, rows.stop)[2], (rows.stop - rows.start, len(across.first))
        size = down.longest, across.longest
        few = not single or large(cells.size, len(cells) * math.prod(windows), size)
        places = first_largest(cells, part, across, cells.size // LOOKED_PART if single else None) if few else None
        if places is None:
            places = by_keys(cells, windows, lambda keys, won: pool_spans(keys, won, (part, across), np.maximum))
        return places

    return reach, find


def large(cells: int, windows: int, size: tuple[int, int]) -> bool:
    """Whether to look through a few columns of each area, of this ``size``, takes less than a key for each cell."""
    return KEY * cells > COLUMNS + (COLUMN + REACH * sum(size)) * windows


def by_keys(x: Array, windows: tuple[int, int], pool: Pool) -> Places:
    """Where the winners lie in ``x (p, h, W)`` of single precision: see :data:`Find`.

    Args:
        x: the cells.
        windows: how many there are in a plane, down and across.
        pool: how the largest are found; what stands for a cell is above 0, which stands for no cell.
    """
    keys, won = _keys(x), np.empty((len(x), *windows), np.uint64)
    pool(keys[None], won[None])
    nothing = None if won.all() else won == 0
    won &= _LOWER
    np.subtract(np.uint64(x.size - 1), won, out=won)
    places = won.view(np.int64)
    if nothing is not None:
        places[nothing] = -1
    return places


def _keys(x: Array) -> Array:
    """What stands for each of ``x (p, h, W)``: of two the larger is the first of the largest."""
    bits = np.add(x, np.float32(0), order="C").view(np.int32)  # -0 is 0
    # Of numbers below 0 all bits are turned, of others the sign's.
    turned = bits >> 31
    turned |= _SIGN
    bits ^= turned
    if broken(x):
        bits[np.isnan(x)] = -1
    del turned
    keys = bits.view(np.uint32).astype(np.uint64)
    del bits
    keys <<= _HALF
    keys |= np.arange(keys.size - 1, -1, -1, dtype=np.uint64).reshape(keys.shape)
    return keys
