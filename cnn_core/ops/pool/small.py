"""Pooling tap by tap: what small arrays are the fastest by, whose calls cost more than their numbers.

A tap brings one cell into each window, over rows that strides may tear apart: three calls for windows of 2×2, where
pooling down, then across takes a dozen.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.pool.meetings import Cells, meetings
from cnn_core.shapes import Pair, Window

# Taps, their square times the rows of windows, and rows times the windows of each: with as many it takes as long as
# down, then across. Below, 2×2 on 6 planes of 28×28 takes 8 µs, not 11, 3×3 at every second cell of 8 of 13×13 12, not
# 14.
TAPS_MOST = 9
ROWS_MOST = 5_000
WINDOWS_MOST = 12_000


class Taps(NamedTuple):
    """What a geometry's taps meet.

    Attributes:
        met: of each, the windows and the cells.
        everywhere: whether each meets all windows.
    """

    met: tuple[tuple[Cells, Cells], ...]
    everywhere: bool


def few(shape: tuple[int, ...], sliding: Window) -> bool:
    """Whether a result of this shape is small enough."""
    taps = math.prod(sliding.kernel_size)
    rows = math.prod(shape[:3]) * taps
    return 1 < taps <= TAPS_MOST and rows * taps <= ROWS_MOST and rows * shape[3] <= WINDOWS_MOST


def pool_small(x: Array, out: Array, sliding: Window, combine: np.ufunc, empty: float) -> None:
    """Combine the cells of each window.

    Args:
        x: ``(N, C, H, W)``.
        out: ``(N, C, OH, OW)``, written to.
        sliding: the window, of two cells at least.
        combine: ``np.maximum`` or ``np.add``: what brings two cells together, in any order.
        empty: what changes nothing when it is combined: it stands for cells outside the image.
    """
    taps = _taps((out.shape[2], out.shape[3]), (x.shape[2], x.shape[3]), sliding)
    if taps.everywhere:
        (_, first), (_, second), *others = taps.met
        combine(x[first], x[second], out=out)
        for _, cells in others:
            combine(out, x[cells], out=out)
        return
    out[...] = empty
    for windows, cells in taps.met:
        target = out[windows]
        combine(target, x[cells], out=target)


@lru_cache(maxsize=256)
def _taps(windows: Pair, cells: Pair, sliding: Window) -> Taps:
    met = tuple(meetings(windows, cells, sliding))
    everywhere = all(where == (..., slice(0, windows[0]), slice(0, windows[1])) for where, _ in met)
    return Taps(met, everywhere and len(met) == math.prod(sliding.kernel_size))
