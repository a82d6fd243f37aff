"""Convolution as a product of a band matrix with rows of the image: what images with few channels are fastest by.

A block of ``B`` neighbouring output rows reads ``R = (B - 1) * stride + KH`` input rows. Lay each input row out once,
``C * KW`` times side by side shifted by a tap each: then what a block reads is one contiguous slab of ``R * C * KW``
lines, the slabs of neighbouring blocks overlap in memory without a copy, and one matrix product makes the block:

    (B * C_out, R * C * KW) @ (R * C * KW, OW) -> (B * C_out, OW)

The left matrix holds the kernels, moved down a row for each row of the block, and zeros elsewhere: a band (the doubly
blocked Toeplitz matrix of Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.1, cut into slabs). An
input is copied KW times and not KH * KW times, and with one output channel the block gives the product the rows it
needs to run fast. For B > 1 the zeros meet numbers that are outside a cell's window: exact for all finite numbers, as
``0 * x`` is 0, but not for infinities and NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Pair

# Multiply-adds of one product: up to a million OpenBLAS takes its kernel for small matrices, which does without packing
# and reaches 100 of 105 GFLOP/s (measured on AVX-512), above it only half of that for matrices this thin.
PRODUCT_MOST = 900_000

# Numbers laid out at a time: small enough for a second-level cache of 1 MB, with many rows for each KH that overlap.
LAID_OUT_MOST = 200_000

# Columns that a product wants; narrower images of a batch stand side by side until there are as many.
COLUMNS_WANTED = 448
NARROW = 32


@dataclass(frozen=True)
class Place:
    """Where windows lie in an image with zeros around it, rows first on every pair.

    Attributes:
        before: cells of padding above and to the left.
        stride: cells from one window to the next.
        across: columns from one tap to the next; down it is always one row.
    """

    before: Pair
    stride: Pair
    across: int

    def inside(self, tap: int, first: int, count: int, width: int) -> tuple[slice, slice] | None:
        """Of ``count`` outputs of a row from ``first`` on, those whose tap is in the image, and the cells it meets."""
        step = self.stride[1]
        start = first * step + tap * self.across - self.before[1]
        low = max(0, -(start // step))
        high = min(count, (width - 1 - start) // step + 1)
        if high <= low:
            return None
        return slice(low, high), slice(start + low * step, start + (high - 1) * step + 1, step)


def block_rows(outputs: int) -> int:
    """How many output rows to make in one product with that many output channels a group: at least four lines."""
    return -(-4 // outputs)


def band(weight: Array, block: int, step: int) -> Array:
    """The left matrix for ``block`` output rows, ``step`` input rows apart.

    ``(G, C_out/G, C/G, KH, KW) -> (G, block * C_out/G, R * C/G * KW)``.
    """
    groups, outputs, each, kernel_h, kernel_w = weight.shape
    rows = (block - 1) * step + kernel_h
    out = np.zeros((groups, block, outputs, rows, each, kernel_w), dtype=weight.dtype)
    moved = weight.transpose(0, 1, 3, 2, 4)
    for i in range(block):
        out[:, i, :, i * step : i * step + kernel_h] = moved
    return out.reshape(groups, block * outputs, rows * each * kernel_w)


def correlate_banded(x: Array, weight: Array, bias: Array | None, out: Array, place: Place, block: int) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, not padded.
        weight: ``(G, C_out/G, C/G, KH, KW)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, written to; rows may lie apart, the cells of a row may not.
        place: where the windows lie.
        block: output rows to a product.
    """
    groups, outputs, each, kernel_h, kernel_w = weight.shape
    (batch, _, rows, width), step = out.shape, place.stride[0]
    block = min(block, rows)
    matrix = band(weight, block, step)
    most_columns = max(64, PRODUCT_MOST // (matrix.shape[1] * matrix.shape[2]) // 16 * 16)
    wide = min(width, most_columns)
    together = min(batch, max(1, min(COLUMNS_WANTED, most_columns) // width)) if width <= NARROW else 1
    # (N, C, H, W) -> (G, H, C/G, N, W) and (N, C_out, OH, OW) -> (G, C_out/G, OH, N, OW): views
    cells = x.reshape(batch, groups, each, *x.shape[2:]).transpose(1, 3, 2, 0, 4)
    target = out.reshape(batch, groups, outputs, rows, width).transpose(1, 2, 3, 0, 4)
    added = None if bias is None else bias.reshape(groups, outputs, 1, 1, 1)
    line = groups * each * kernel_w * together * wide
    most = max(1, (max(LAID_OUT_MOST // line, 2 * kernel_h) - kernel_h + step) // (step * block)) * block
    strip = min(most, -(-rows // block) * block)
    laid = np.zeros((groups, (strip - 1) * step + kernel_h, each, kernel_w, together, wide), dtype=x.dtype)
    for left in range(0, width, wide):
        columns = min(wide, width - left)
        taps = [(b, place.inside(b, left, columns, x.shape[3])) for b in range(kernel_w)]
        if left:
            laid[...] = 0  # what was zero around other columns is no longer around these
        for first in range(0, batch, together):
            some = slice(first, first + together)
            here, there = cells[:, :, :, some], target[:, :, :, some, left : left + columns]
            for top in range(0, rows, strip):
                count = min(strip, rows - top)
                _lay_out(laid, here, taps, top * step - place.before[0], (count - 1) * step + kernel_h)
                done = there[:, :, top : top + count]
                _multiply(matrix, laid, done, block, step)
                if added is not None:
                    done += added


def _lay_out(
    laid: Array, cells: Array, taps: list[tuple[int, tuple[slice, slice] | None]], top: int, count: int
) -> None:
    """Fill ``count`` rows of ``laid``, ``(G, R, C/G, KW, N, OW)``, with the rows of ``cells`` from ``top`` on."""
    low, high = max(top, 0), min(top + count, cells.shape[1])
    if low >= high:
        laid[:, :count] = 0
        return
    laid[:, : low - top] = 0
    laid[:, high - top : count] = 0
    for b, inside in taps:
        if inside is not None:
            laid[:, low - top : high - top, :, b, : cells.shape[3], inside[0]] = cells[:, low:high, ..., inside[1]]


def _multiply(matrix: Array, laid: Array, out: Array, block: int, step: int) -> None:
    """``matrix`` times each slab of ``laid`` into ``out``, ``(G, C_out/G, rows, N, OW)``; a last block may be lower."""
    groups, outputs, rows, images, width = out.shape
    lines = laid.shape[2] * laid.shape[3]  # of the product's right side, for each input row
    full = rows // block
    for top, blocks, height in ((0, full, block), (full * block, int(rows % block > 0), rows % block)):
        if not blocks:
            continue
        depth = lines * (matrix.shape[2] // lines - (block - height) * step)
        # (G, R, C/G, KW, N, OW) -> (blocks, G, depth, N*OW), overlapping; images beyond the batch's end are left out
        apart = (height * step * laid.strides[1], laid.strides[0], laid.strides[3], laid.itemsize)
        wide = images * laid.shape[5] if images > 1 else width
        slabs: Array = np.ndarray((blocks, groups, depth, wide), laid.dtype, laid, top * step * laid.strides[1], apart)
        left = matrix[:, : height * outputs, :depth]
        done = out[:, :, top : top + blocks * height]
        if images == 1 and 1 in (height, outputs):
            # One product's lines lie evenly apart, so that it may write them where they belong.
            by_block = done[:, :, :, 0].reshape(groups, outputs, blocks, height, width)
            np.matmul(
                left, slabs, out=by_block.transpose(2, 0, 3, 1, 4).reshape(blocks, groups, height * outputs, width)
            )
            continue
        product = np.matmul(left, slabs).reshape(blocks, groups, height, outputs, images, -1)[..., :width]
        done.reshape(groups, outputs, blocks, height, images, width)[...] = product.transpose(1, 3, 0, 2, 4, 5)
