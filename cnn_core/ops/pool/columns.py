"""The first of the largest cells of large areas, of which only a few columns are looked through.

What is largest in each column of an area is found as fast as memory is read. An area's largest cell lies in a column
whose own largest is as large: mostly that is one, and of it alone is asked in which row.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array
from cnn_core.ops.pool.spans import Spans, along

Places = npt.NDArray[np.int64]


def first_largest(x: Array, down: Spans, across: Spans, most: int | None = None) -> Places | None:
    """Where each area's first largest cell lies in ``x (p, h, W)``, counted over all planes: ``(p, oh, OW)``.

    None where there is a NaN, or where so many columns are alike that more than ``most`` cells would be looked at.

    Args:
        x: the cells, row-major.
        down: the rows of each area, at least one.
        across: its columns, likewise.
        most: cells to look at, None for all.
    """
    planes, height, width = x.shape
    columns = along(x.transpose(1, 0, 2).reshape(height, -1), down, np.maximum).reshape(-1, planes, width)
    largest = along(columns.reshape(-1, width).T, across, np.maximum).T.reshape(-1, planes, len(across.first))
    # (oh, p, OW, columns of the widest)
    reach = across.first[:, None] + np.arange(across.longest)
    won = columns.take(np.minimum(reach, width - 1), axis=2) == largest[..., None]
    if across.shortest < across.longest:
        won &= reach < across.last[:, None]
    found = np.flatnonzero(won)
    if len(found) < largest.size or (most is not None and len(found) * down.longest > most):
        return None
    area = found // across.longest
    starts = np.concatenate(([0], np.flatnonzero(area[1:] != area[:-1]) + 1))
    if len(starts) < largest.size:  # a NaN is like no column's
        return None
    # (found, rows of the highest): the cells of each such column, and others below where an area is lower, or the last
    # one of all. None of these is the first that is as large: an area's own is above them.
    plane = np.arange(planes)[:, None] * (height * width)
    tops = (down.first[:, None, None] * width + plane + across.first).reshape(-1).take(area)
    tops += found
    tops -= area * across.longest
    cells = tops[:, None] + np.arange(down.longest) * width
    row = (x.reshape(-1).take(cells, mode="clip") == largest.reshape(-1).take(area)[:, None]).argmax(axis=1)
    first = tops + row * width
    if len(first) > largest.size:
        first = np.minimum.reduceat(first, starts)
    places: Places = first.reshape(largest.shape).transpose(1, 0, 2)
    return places
