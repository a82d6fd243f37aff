"""The rows of an image laid out for products, a strip at a time.

Each input row is laid out ``C * KW`` times, one line for each channel and tap, moved by the tap. Then what an output
row reads, ``KH`` input rows, is one slab of ``KH * C * KW`` lines; the slabs of neighbouring output rows overlap in
memory without a copy. An input is copied KW times, where gathering whole windows copies it KH * KW times.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_columns
from cnn_core.ops._memory import aligned
from cnn_core.ops._parts import evenly
from cnn_core.shapes import Inside, Pair, inside

# Multiply-adds of one product: up to a million OpenBLAS takes its kernel for small matrices, which does without
# packing; above it matrices this thin take twice as long.
PRODUCT_MOST = 900_000

# Numbers laid out at a time: with fewer, the KH - 1 rows that strips share are laid out too often, and with more they
# no longer stay near the processor; of 50,000 to 800,000 the fastest over all shapes measured.
LAID_OUT_MOST = 400_000

# Columns that a product wants; narrower images of a batch stand side by side until there are as many.
COLUMNS_WANTED = 448
COLUMNS_LEAST = 48
NARROW = 32

# Multiply-adds of a product, at most, where a kernel is so large that the columns which a product wants are more; and
# numbers laid out for more than one block of rows: with a kernel of 700×700 both together would be 115 MB.
LARGE_PRODUCT, LARGE_MOST = 16_000_000, 4_000_000

# As narrow as that, the images of a batch may be laid out cell beside cell instead of row beside row, where both sides
# of a product are: 1.75 against 1.82 ms for a step of 6→16 channels, 5×5 on 64 images of 14×14. A result that has to be
# put apart again loses more than that.
NARROWEST = 16


class Place(NamedTuple):
    """Where windows lie in an image with zeros around it, rows first on every pair.

    Attributes:
        before: cells of padding above and to the left; negative where windows begin inside the image.
        stride: cells from one window to the next.
        across: columns from one tap to the next.
        down: rows from one tap to the next: one, but for ``staggered``, which does not need them to be neighbours.
    """

    before: Pair
    stride: Pair
    across: int
    down: int = 1

    def inside(self, tap: int, first: int, count: int, width: int) -> Inside:
        """Of ``count`` outputs of a row from ``first`` on, those whose tap is in the image, and the cells it meets."""
        step = self.stride[1]
        return inside(first * step + tap * self.across - self.before[1], step, width, count)


def columns_together(batch: int, width: int, weights: int) -> Pair:
    """How many images' rows, and how many columns of each, are one product with a matrix of so many ``weights``."""
    most = max(1, min(COLUMNS_LEAST, LARGE_PRODUCT // weights), PRODUCT_MOST // weights)
    wide = evenly(width, most)
    images = min(batch, max(1, min(COLUMNS_WANTED, most) // width)) if width <= NARROW else 1
    return evenly(batch, images), wide


def rows_together(rows: int, line: int, kernel_h: int, step: int, block: int, laid_out: int | None = None) -> int:
    """How many output rows are one strip, a multiple of ``block``, where a row is laid out as ``line`` numbers.

    Of ``laid_out`` numbers at a time, where that is not what most ways want; strips are as even as can be: 112 and 112
    rows of 3→16 channels, 3×3 on 224×224 take 0.52 ms, 196 and 28 take 0.59.
    """
    laid = max((laid_out or LAID_OUT_MOST) // line, min(2 * kernel_h, LARGE_MOST // line))
    most = max(1, (laid - kernel_h + step) // (step * block)) * block
    return evenly(-(-rows // block), most // block) * block


def strips(
    x: Array, out: Array, place: Place, groups: int, kernel: Pair, block: int, weights: int, by_cell: bool = False
) -> Iterator[tuple[Array, Array]]:
    """Lay out the image, strip by strip, beside the part of the output that each strip makes.

    Args:
        x: ``(N, C, H, W)``, not padded.
        out: ``(N, C_out, OH, OW)``; rows may lie apart, the cells of a row may not.
        place: where the windows lie.
        groups: G.
        kernel: ``(KH, KW)``.
        block: a strip has a multiple of so many output rows, the last one aside.
        weights: numbers in the other matrix of a product; with more of them a strip has fewer columns.
        by_cell: whether the narrowest images of a batch may lie cell beside cell.

    Yields:
        ``(G, R, C/G, KW, n, ow)``, the same memory each time, and ``(G, C_out/G, rows, n, ow)``, a view of ``out``;
        of the narrowest images both end in ``(ow, n)``.
    """
    (batch, channels, rows, width), step = out.shape, place.stride[0]
    each = x.shape[1] // groups
    kernel_h, kernel_w = kernel
    images, wide = columns_together(batch, width, weights)
    # (N, C, H, W) -> (G, H, C/G, N, W) and (N, C_out, OH, OW) -> (G, C_out/G, OH, N, OW): views
    cells = x.reshape(batch, groups, each, *x.shape[2:]).transpose(1, 3, 2, 0, 4)
    target = out.reshape(batch, groups, channels // groups, rows, width).transpose(1, 2, 3, 0, 4)
    strip = rows_together(rows, groups * each * kernel_w * images * wide, kernel_h, step, block)
    laid_shape = (groups, (strip - 1) * step + kernel_h, each, kernel_w, images, wide)
    # Products of rows that begin where lines of memory do take up to 0.85 of the time.
    laid = aligned(math.prod(laid_shape) * x.itemsize).view(x.dtype).reshape(laid_shape)
    space, by_cell = laid.reshape(-1), by_cell and images > 1 and width <= NARROWEST
    for left in range(0, width, wide):
        columns = min(wide, width - left)
        taps = [(b, place.inside(b, left, columns, x.shape[3])) for b in range(kernel_w)]
        if not by_cell:
            _clear_beside(laid, taps)
        for first in range(0, batch, images):
            here, filled = cells[:, :, :, first : first + images], laid
            there = target[:, :, :, first : first + images, left : left + columns]
            if by_cell:
                here = np.ascontiguousarray(here.swapaxes(3, 4)).swapaxes(3, 4)
                there = there.swapaxes(3, 4)
                shape = (*laid.shape[:4], wide, here.shape[3])
                laid = space[: math.prod(shape)].reshape(shape)
                filled = laid.swapaxes(4, 5)
                _clear_beside(filled, taps)
            for top in range(0, rows, strip):
                count = min(strip, rows - top)
                _lay_out(filled, here, taps, top * step - place.before[0], (count - 1) * step + kernel_h)
                yield laid, there[:, :, top : top + count]


def beside(laid: Array, taps: list[tuple[int, Inside]]) -> Iterator[Array]:
    """What of ``laid (G, R, C/G, KW, n, OW)`` lies left or right of the image, tap by tap: zeros belong there."""
    width = laid.shape[5]
    for b, found in taps:
        low, high = (found[0].start, found[0].stop) if found else (width, width)
        if low > 0:
            yield laid[:, :, :, b, :, :low]
        if high < width:
            yield laid[:, :, :, b, :, high:]


def _clear_beside(laid: Array, taps: list[tuple[int, Inside]]) -> None:
    """Zeros left and right of the image: they stay while strips come and go."""
    for zeros in beside(laid, taps):
        zeros[...] = 0


def seen_rows(top: int, count: int, height: int) -> Pair:
    """Of ``count`` rows, the first in row ``top`` of an image, from which on and before which they lie in it."""
    above = min(count, max(0, -top))
    return above, max(above, min(count, height - top))


def copies(
    laid: Array, cells: Array, taps: list[tuple[int, Inside]], rows: Pair, top: int
) -> Iterator[tuple[Array, Array]]:
    """What to copy where, so that rows are laid out, tap by tap.

    Args:
        laid: ``(G, R, C/G, KW, n, OW)``.
        cells: ``(G, H, C/G, n, W)``; of ``n`` there may be fewer.
        taps: each, and what of a row it meets.
        rows: which of the rows laid out to fill, of ``seen_rows``.
        top: the row of the image that the first of all rows lies in.

    Yields:
        Views, of types that may differ: see ``as_columns``.
    """
    (low, high), images = rows, cells.shape[3]
    for b, found in taps:
        if found is not None and low < high:
            target = laid[:, low:high, :, b, :images, found[0]]
            yield as_columns(target, cells[:, top + low : top + high, ..., found[1].start :], found[1].step)


def _lay_out(laid: Array, cells: Array, taps: list[tuple[int, Inside]], top: int, count: int) -> None:
    """Fill ``count`` rows of ``laid`` with the rows of ``cells`` from ``top`` on, zeros beyond the image."""
    low, high = seen_rows(top, count, cells.shape[1])
    if low > 0:
        laid[:, :low] = 0
    if high < count:
        laid[:, high:count] = 0
    for target, source in copies(laid, cells, taps, (low, high), top):
        np.copyto(target, source, casting="unsafe")


def slabs(laid: Array, first: int, count: int, step: int, rows: int, columns: int) -> Array:
    """The laid-out rows that each of several products reads: overlapping views.

    Args:
        laid: ``(G, R, C/G, KW, N, OW)`` or ``(G, R, C/G, KW, OW, N)``, in row-major order.
        first: the input row at which the first begins.
        count: how many.
        step: input rows from one to the next.
        rows: input rows of each.
        columns: how many of the ``N * OW`` columns.

    Returns:
        ``(count, G, rows * C/G * KW, columns)``.
    """
    depth = rows * laid.shape[2] * laid.shape[3]
    apart = (step * laid.strides[1], laid.strides[0], laid.strides[3], laid.itemsize)
    shape = (count, laid.shape[0], depth, columns)
    return np.ndarray(shape, laid.dtype, laid, first * laid.strides[1], apart)
