"""The two gradients of a convolution with few channels, from rows of a batch laid side by side.

A row of each image, ``C_out`` lines of them, with zeros after it for as many columns as a kernel reaches over its end:

    | image 0, OW cells | KW - 1 zeros | image 1, OW cells | KW - 1 zeros | ...

A kernel's column ``b`` then is a move of all lines by ``b``: what it makes of an image ends in the zeros behind it and
meets no other image. So neither gradient needs a copy of its rows for each column of the kernel, as ``rows`` lays out,
and each product has ``KW`` times as many lines: the image's gradient is one product for all columns, whose results are
added a cell further on each, the weights' is a product of the same lines for each column. Both know a stride and a
dilation of 1 alone.
"""

from __future__ import annotations

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines
from cnn_core.ops.conv.rows import PRODUCT_MOST, rows_together
from cnn_core.shapes import Pair

# Numbers made before they are added up: with what they are made of they stay in a second-level cache of 1 MB.
MADE_MOST = 200_000


def images_together(batch: int, line: int, weights: int) -> int:
    """How many images, ``line`` columns each, stand side by side in a product with a matrix of so many ``weights``."""
    most = max(1, PRODUCT_MOST // (weights * line))
    return -(-batch // -(-batch // most))  # parts as equal as can be


def rows_made(rows: int, line: int) -> int:
    """How many rows to make at a time, where one is ``line`` numbers before these are added up."""
    return max(1, min(rows, MADE_MOST // line))


def spread_abreast(grad: Array, weight: Array, before: Pair, size: Pair) -> Array:
    """Give each input cell its part of every output cell that read it.

    Args:
        grad: ``(N, C_out, OH, OW)``, none of it empty.
        weight: ``(C_in, C_out, KH, KW)``, all finite: it is multiplied with the zeros too.
        before: rows and columns of zero padding, not negative.
        size: ``(H, W)`` of the image, at most ``OH + KH - 1 - before[0]`` and ``OW + KW - 1 - before[1]``.

    Returns:
        ``(N, C_in, H, W)``.
    """
    (batch, outputs, _, columns), (channels, _, kernel_h, kernel_w) = grad.shape, weight.shape
    wide = columns + kernel_w - 1
    # (C_in, C_out, KH, KW) -> (KW * C_in, KH * C_out), upside down: the lowest row of the kernel met the first
    kernels = weight[:, :, ::-1].transpose(3, 0, 2, 1).reshape(kernel_w * channels, kernel_h * outputs)
    some = images_together(batch, wide, kernels.size)
    strip = rows_together(size[0], outputs * some * wide, kernel_h, 1, 1)
    made = rows_made(strip, kernel_w * channels * some * wide)
    out = np.empty((batch, channels, *size), dtype=grad.dtype)
    for first in range(0, batch, some):
        # (n, C_out, OH, OW) -> (OH, C_out, n, OW), and the same of the result: views
        given = grad[first : first + some].transpose(2, 1, 0, 3)
        target = out[first : first + some].transpose(2, 1, 0, 3)
        line = given.shape[2] * wide
        laid = np.zeros((strip + kernel_h - 1, outputs, given.shape[2], wide), dtype=grad.dtype)
        products = np.empty((made, kernel_w * channels, line), dtype=grad.dtype)
        for top in range(0, size[0], strip):
            _lay_out(laid, given, top + before[0] - (kernel_h - 1), 0)
            for above in range(top, min(top + strip, size[0]), made):
                count = min(made, top + strip - above, size[0] - above)
                # (KW*C_in, KH*C_out) @ (count, KH*C_out, n*L) -> (count, KW, C_in*n*L)
                product = products[:count]
                np.matmul(kernels, _slabs(laid, above - top, count, kernel_h, line), out=product)
                taps = product.reshape(count, kernel_w, channels * line)
                total = taps[:, 0]
                for b in range(1, kernel_w):
                    np.add(total[:, b:], taps[:, b, :-b], out=total[:, b:])
                cells = total.reshape(count, channels, given.shape[2], wide)
                copy_lines(target[above : above + count], cells[..., before[1] : before[1] + size[1]])
    return out


def weights_abreast(grad: Array, x: Array, before: Pair, kernel: Pair) -> Array:
    """For each weight, the sum over all output cells of their gradient times the cell that it met.

    Args:
        grad: ``(N, C_out, OH, OW)``, none of it empty.
        x: ``(N, C_in, H, W)``, all finite: it is multiplied with the zeros too.
        before: rows and columns of zero padding, not negative.
        kernel: ``(KH, KW)``.

    Returns:
        ``(C_out, C_in, KH, KW)``.
    """
    (batch, outputs, rows, columns), channels, (kernel_h, kernel_w) = grad.shape, x.shape[1], kernel
    wide = columns + kernel_w - 1
    some = images_together(batch, wide, outputs * channels * kernel_h)
    strip = rows_together(rows, channels * some * wide, kernel_h, 1, 1)
    total = np.zeros((kernel_w, outputs, kernel_h * channels), dtype=grad.dtype)
    for first in range(0, batch, some):
        # (n, C, H, W) -> (H, C, n, W): views
        given = grad[first : first + some].transpose(2, 1, 0, 3)
        cells = x[first : first + some].transpose(2, 1, 0, 3)
        images = given.shape[2]
        line, reach = images * wide, strip + kernel_h - 1
        lines = np.zeros((strip, outputs, images, wide), dtype=grad.dtype)
        # The last line, moved, is read beyond its end: zeros of the gradient meet zeros there.
        space = np.zeros(reach * channels * line + kernel_w - 1, dtype=grad.dtype)
        laid = space[: reach * channels * line].reshape(reach, channels, images, wide)
        for top in range(0, rows, strip):
            count = min(strip, rows - top)
            _lay_out(lines[:count], given, top, 0)
            _lay_out(laid[: count + kernel_h - 1], cells, top - before[0], before[1])
            # A view for each column of the kernel: (count, KH*C_in, n*L) -> (count, KW, n*L, KH*C_in)
            slab = _slabs(laid, 0, count, kernel_h, line)
            apart = (slab.strides[0], slab.itemsize, slab.itemsize, slab.strides[1])
            moved = np.ndarray((count, kernel_w, line, kernel_h * channels), slab.dtype, space, 0, apart)
            # (count, 1, C_out, n*L) @ (count, KW, n*L, KH*C_in) -> (KW, C_out, KH*C_in)
            total += np.matmul(lines[:count].reshape(count, 1, outputs, line), moved).sum(axis=0)
    # (KW, C_out, KH, C_in) -> (C_out, C_in, KH, KW)
    return np.ascontiguousarray(total.reshape(kernel_w, outputs, kernel_h, channels).transpose(1, 3, 2, 0))


def _lay_out(laid: Array, cells: Array, top: int, left: int) -> None:
    """Fill ``laid (R, C, n, L)``, zeros around it, with ``cells (H, C, n, W)`` from row ``top`` on."""
    low, high = max(top, 0), min(top + len(laid), len(cells))
    if low >= high:
        laid[...] = 0
        return
    laid[: low - top] = 0
    laid[high - top :] = 0
    columns = min(cells.shape[3], laid.shape[3] - left)
    copy_lines(laid[low - top : high - top, ..., left : left + columns], cells[low:high, ..., :columns])


def _slabs(laid: Array, first: int, count: int, rows: int, line: int) -> Array:
    """What each of ``count`` products reads, ``rows`` laid-out rows each: overlapping ``(count, rows * C, n*L)``."""
    apart = (laid.strides[0], line * laid.itemsize, laid.itemsize)
    return np.ndarray((count, rows * laid.shape[1], line), laid.dtype, laid, first * laid.strides[0], apart)
