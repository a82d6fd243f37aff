"""Pooling along one axis and then the other, where what each cell is pooled of lies side by side but not evenly.

An area of an adaptive pooling is what its rows share with its columns, so a plane is pooled down and then across, as by
windows; that areas differ in size only tells which lines are brought together. The way back of a mean is such a sum
again: a cell is given the shares of all areas that it lies in, and these lie side by side too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Pair, Window, adaptive_spans

# Cells and results of a block, which is to stay near the processor with what is made of it on the way.
BLOCK_MOST = 200_000

# Lines of a span from which on spans side by side are combined in one call: with fewer, line by line is faster.
TILE_LEAST = 4

# Spans of an axis that are remembered.
KEPT_MOST = 2048


class Spans(NamedTuple):
    """Which lines each result is made of, along an axis: none ends before the one in front of it.

    Attributes:
        first: of each the first line.
        last: one past its last; where that is the first, it is made of none.
        shortest: lines of the shortest.
        longest: of the longest.
        tiles: whether all are as long and fill the axis from its first line on, without gaps.
    """

    first: npt.NDArray[np.intp]
    last: npt.NDArray[np.intp]
    shortest: int
    longest: int
    tiles: bool

    def part(self, begin: int, end: int) -> tuple[int, int, Spans]:
        """The lines that spans ``begin`` to ``end`` reach from and to, and these spans, counted from there."""
        if (begin, end) == (0, len(self.first)):
            return 0, int(self.last[-1]), self
        start = int(self.first[begin])
        return start, int(self.last[end - 1]), _spans(self.first[begin:end] - start, self.last[begin:end] - start)

    def reversed(self, size: int) -> Spans:
        """For each of ``size`` lines the spans that it lies in."""
        lines = np.arange(size)
        return _spans(np.searchsorted(self.last, lines, "right"), np.searchsorted(self.first, lines, "right"))


def of_areas(size: int, count: int) -> Spans:
    """The areas that an adaptive pooling cuts an axis into."""
    return (_of_areas_kept if count <= KEPT_MOST else _of_areas)(size, count)


def of_windows(sliding: Window, axis: int, size: int, count: int) -> Spans:
    """What windows without dilation have inside the image along an axis."""
    starts = np.arange(count) * sliding.stride[axis] - sliding.padding[axis][0]
    return _spans(starts.clip(0, size), (starts + sliding.kernel_size[axis]).clip(0, size))


def side_by_side(sliding: Window, size: Pair, count: Pair) -> bool:
    """Whether no cell is in two windows and none lies between them, and all of each window is inside."""
    inside = all(many * kernel <= cells for many, kernel, cells in zip(count, sliding.kernel_size, size, strict=True))
    bare = not any(map(any, sliding.padding)) and sliding.dilation == (1, 1)
    return inside and bare and sliding.stride == sliding.kernel_size


def pool_spans(x: Array, out: Array, spans: tuple[Spans, Spans], combine: np.ufunc) -> None:
    """Combine the cells of each area, in any order.

    Args:
        x: ``(N, C, H, W)``.
        out: ``(N, C, OH, OW)`` of the same type, row-major, written to.
        spans: of the rows, and of the columns.
        combine: ``np.maximum`` or ``np.add``; only sums may be of no cell.
    """
    down, across = spans
    plane = max(x.shape[2], out.shape[2]) * max(x.shape[3], out.shape[3])
    shares: dict[Pair, tuple[int, int, Spans]] = {}
    for cells, results in planes(x, out):
        for some, rows in blocks(results.shape, plane, BLOCK_MOST):
            reach = rows.start, rows.stop
            if reach not in shares:
                shares[reach] = down.part(*reach)
            first, last, part = shares[reach]
            if first < last:
                _pool_block(cells[some, first:last], results[some, rows], part, across, combine)
            else:
                results[some, rows] = 0  # cells that no window holds


def along(lines: Array, spans: Spans, combine: np.ufunc) -> Array:
    """Combine the lines of each span: ``(h, m) -> (oh, m)``; the lines themselves where each is a span."""
    count, longest = len(spans.first), spans.longest
    if spans.tiles and longest == 1 and count == len(lines):
        return lines
    lines = np.ascontiguousarray(lines)
    if spans.tiles and longest >= TILE_LEAST:
        return np.asarray(combine.reduce(lines[: count * longest].reshape(count, longest, -1), axis=1))
    if count <= longest:
        out = np.empty((count, lines.shape[1]), lines.dtype)
        for line, first, last in zip(out, spans.first.tolist(), spans.last.tolist(), strict=True):
            combine.reduce(lines[first:last], axis=0, out=line)
        return out
    out = lines.take(spans.first, axis=0) if spans.shortest else np.zeros((count, lines.shape[1]), lines.dtype)
    for k in range(min(1, spans.shortest), longest):
        if k < spans.shortest or combine is np.maximum:
            # Of a line that is there already the largest is the same.
            combine(out, lines.take(np.minimum(spans.first + k, spans.last - 1), axis=0), out=out)
        else:
            longer = np.flatnonzero(spans.last - spans.first > k)
            out[longer] += lines.take(spans.first[longer] + k, axis=0)
    return out


def planes(x: Array, out: Array) -> Iterator[tuple[Array, Array]]:
    """``(N, C, H, W)`` and a row-major ``(N, C, OH, OW)`` as planes: all at once, or those of each image."""
    if x.flags.c_contiguous:
        yield x.reshape(-1, *x.shape[2:]), out.reshape(-1, *out.shape[2:])
    else:
        yield from zip(x, out, strict=True)


def blocks(shape: tuple[int, ...], plane: int, most: int) -> Iterator[tuple[slice, slice]]:
    """Some planes and some rows of ``(P, OH, OW)``: whole planes, or rows of one.

    Args:
        shape: of the result.
        plane: numbers that a plane takes.
        most: numbers of a block, where one row has no more.
    """
    count, rows, _ = shape
    some = max(1, most // plane)
    high = rows if some > 1 else min(rows, max(1, rows * most // plane))
    for p in range(0, count, some):
        for i in range(0, rows, high):
            yield slice(p, p + some), slice(i, min(rows, i + high))


def _pool_block(x: Array, out: Array, down: Spans, across: Spans, combine: np.ufunc) -> None:
    """``(p, h, W) -> (p, oh, OW)``, along the axis first that leaves less to do along the other.

    All planes' numbers of a row, or of a column, are brought into one line: calls are few, and lines long.
    """
    planes, height, width = x.shape
    rows, columns = out.shape[1:]
    if rows <= height:
        # (h, p * W) -> (oh, p * W) -> (W, oh * p) -> (OW, oh * p)
        lines = along(x.transpose(1, 0, 2).reshape(height, -1), down, combine)
        lines = along(lines.reshape(-1, width).T, across, combine)
        out[...] = lines.reshape(columns, rows, planes).transpose(2, 1, 0)
    else:
        # (W, p * h) -> (OW, p * h) -> (h, p * OW) -> (oh, p * OW)
        lines = along(x.reshape(-1, width).T, across, combine)
        lines = lines.reshape(columns, planes, height).transpose(2, 1, 0).reshape(height, -1)
        out[...] = along(lines, down, combine).reshape(rows, planes, columns).transpose(1, 0, 2)


def _spans(first: npt.NDArray[np.intp], last: npt.NDArray[np.intp]) -> Spans:
    lengths = last - first
    shortest, longest = int(lengths.min()), int(lengths.max())
    tiles = shortest == longest and bool((first == np.arange(len(first)) * longest).all())
    return Spans(first, last, shortest, longest, tiles)


def _of_areas(size: int, count: int) -> Spans:
    first, last = np.array(adaptive_spans(size, count), np.intp).T
    return _spans(first, last)


_of_areas_kept = lru_cache(maxsize=128)(_of_areas)
