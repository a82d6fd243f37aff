"""The two gradients of a convolution with few channels, from rows of a batch laid side by side.

A row of each image, ``C_out`` lines of them, with zeros after it for as many columns as a kernel reaches over its end:

    | image 0, OW cells | KW - 1 zeros | image 1, OW cells | KW - 1 zeros | ...

A kernel's column ``b`` then is a move of all lines by ``b``: what it makes of an image ends in the zeros behind it and
meets no other image. So neither gradient needs a copy of its rows for each column of the kernel, as ``rows`` lays out,
and each product has ``KW`` times as many lines: the image's gradient is one product for all columns, whose results are
added a cell further on each, the weights' is a product of the same lines for each column. Both know a stride and a
dilation of 1 alone.
What is laid out at a time, and what is made of it, is so little that it stays near the processor until it is read for
the last time, and what comes next lies in the same memory: for 10→10 channels, 3×3 on 32 images of 62×62, that and
lines of whole vectors, by which products are 1.15 times as fast, make them in 2.2 and 2.1 ms, not in 2.8 and 3.5.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import evenly
from cnn_core.ops.conv.products import add_products, left_lines
from cnn_core.ops.conv.rows import PRODUCT_MOST
from cnn_core.shapes import Pair

# Columns of images that stand side by side where their rows are made in several strips: with more, too few rows of all
# are near the processor at a time. Products of few weights are short work, and want more: 1.8 against 2.3 ms for the
# image's gradient of 2→6 channels, 5×5 on 64 images of 56×56.
COLUMNS_MOST = 512
COLUMNS_OF_FEW, PRODUCT_WANTED = 2048, 400_000

# Numbers laid out at a time, for products and for what is added up afterwards: together they stay in a second-level
# cache of the larger size (see ``costs``), and of the smaller hardly more leaves it than they are.
LAID_OUT_MOST, MADE_MOST = 100_000, 200_000

# Numbers that a line is a multiple of, those of a vector, unless it would be longer by more than a share of so much.
VECTOR, LONGER_MOST = 16, 1 / 16


class Layout(NamedTuple):
    """How much there is at a time.

    Attributes:
        images: side by side.
        line: numbers of a line of them.
        strip: output rows of what is laid out.
        made: rows of a strip that are made before they are added up.
    """

    images: int
    line: int
    strip: int
    made: int


class Lines(NamedTuple):
    """Rows of images side by side in memory.

    Attributes:
        flat: ``(R, C, L)``, side by side without a gap.
        cells: the same memory as ``(R, C, n, OW + KW - 1)``, without what a line is longer.
    """

    flat: Array
    cells: Array


@lru_cache(maxsize=256)
def layout_of_spread(batch: int, channels: int, outputs: int, kernel: Pair, size: Pair, columns: int) -> Layout:
    """Of the image's gradient, ``size`` its cells and ``columns`` those of the result."""
    lines, wide, reach = kernel[1] * channels, columns + kernel[1] - 1, kernel[0] - 1
    weights = lines * kernel[0] * outputs
    whole = min(LAID_OUT_MOST // ((size[0] + reach) * outputs), MADE_MOST // (size[0] * lines))
    images = _images_together(batch, wide, max(whole, min(COLUMNS_OF_FEW, PRODUCT_WANTED // weights)), weights)
    line = _line(images, wide)
    strip = evenly(size[0], max(LAID_OUT_MOST // (line * outputs) - reach, 2 * kernel[0]))
    return Layout(images, line, strip, evenly(strip, max(1, MADE_MOST // (line * lines))))


@lru_cache(maxsize=256)
def layout_of_weights(batch: int, channels: int, outputs: int, kernel: Pair, size: Pair) -> Layout:
    """Of the weights' gradient, ``size`` the result's cells."""
    most, wide, reach = 2 * LAID_OUT_MOST, size[1] + kernel[1] - 1, kernel[0] - 1
    whole = most // (size[0] * outputs + (size[0] + reach) * channels)
    lines = kernel[0] * channels
    images = _images_together(batch, wide, whole, lines * left_lines(outputs, lines, batch * wide))
    line = _line(images, wide)
    strip = evenly(size[0], max((most // line - reach * channels) // (outputs + channels), 2 * kernel[0]))
    return Layout(images, line, strip, strip)


def _images_together(batch: int, wide: int, columns: int, weights: int) -> int:
    """How many images, ``wide`` columns each, stand side by side in a product with a matrix of so many ``weights``.

    So many as all ``columns`` near the processor are, or as little as need be.
    """
    most = max(1, min(max(COLUMNS_MOST, columns), PRODUCT_MOST // weights) // wide)
    return evenly(batch, most)


def _line(images: int, wide: int) -> int:
    """Numbers of a line of so many images."""
    cells = images * wide
    line = -(-cells // VECTOR) * VECTOR
    return line if line - cells <= cells * LONGER_MOST else cells


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
    some, line, strip, made = layout_of_spread(batch, channels, outputs, (kernel_h, kernel_w), size, columns)
    out = np.empty((batch, channels, *size), dtype=grad.dtype)
    laid_shape, made_shape = (strip + kernel_h - 1, outputs, line), (made, kernel_w * channels, line)
    space = ROOM.lend((math.prod(laid_shape) + math.prod(made_shape)) * grad.itemsize)
    for first in range(0, batch, some):
        # (n, C_out, OH, OW) -> (OH, C_out, n, OW), and the same of the result: views
        given = grad[first : first + some].transpose(2, 1, 0, 3)
        target = out[first : first + some].transpose(2, 1, 0, 3)
        images = given.shape[2]
        if images < some or first == 0:
            # Zeros between images stay while rows come and go.
            line = _line(images, wide)
            laid = _lines(space, 0, (*laid_shape[:2], line), grad.dtype, images, wide)
            space[: laid.flat.nbytes] = 0
            products = _lines(space, laid.flat.nbytes, (*made_shape[:2], line), grad.dtype, images, wide)
        for top in range(0, size[0], strip):
            end = min(top + strip, size[0])
            _lay_out(laid.cells[: end - top + kernel_h - 1], given, top + before[0] - (kernel_h - 1), 0)
            for above in range(top, end, made):
                count = min(made, end - above)
                # (KW*C_in, KH*C_out) @ (count, KH*C_out, L) -> (count, KW, C_in*L)
                product = products.flat[:count]
                np.matmul(kernels, _slabs(laid.flat, above - top, count, kernel_h), out=product)
                taps = product.reshape(count, kernel_w, channels * line)
                total = taps[:, 0]
                for b in range(1, kernel_w):
                    np.add(total[:, b:], taps[:, b, :-b], out=total[:, b:])
                cells = products.cells[:count, :channels, :, before[1] : before[1] + size[1]]
                copy_lines(target[above : above + count], cells)
    ROOM.take_back(space)
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
    some, line, strip, _ = layout_of_weights(batch, channels, outputs, kernel, (rows, columns))
    together = left_lines(outputs, kernel_h * channels, line)
    total = np.zeros((kernel_w, outputs // together, together, kernel_h * channels), dtype=grad.dtype)
    given_shape, laid_shape = (strip, outputs, line), (strip + kernel_h - 1, channels, line)
    # The last line, moved, is read beyond its end: zeros of the gradient meet zeros there.
    space = ROOM.lend((math.prod(given_shape) + math.prod(laid_shape) + kernel_w - 1) * grad.itemsize)
    for first in range(0, batch, some):
        # (n, C, H, W) -> (H, C, n, W): views
        given = grad[first : first + some].transpose(2, 1, 0, 3)
        cells = x[first : first + some].transpose(2, 1, 0, 3)
        images = given.shape[2]
        if images < some or first == 0:
            line = _line(images, wide)
            lines = _lines(space, 0, (*given_shape[:2], line), grad.dtype, images, wide)
            start = lines.flat.nbytes
            laid = _lines(space, start, (*laid_shape[:2], line), grad.dtype, images, wide)
            space[: start + laid.flat.nbytes + (kernel_w - 1) * grad.itemsize] = 0
        for top in range(0, rows, strip):
            count = min(strip, rows - top)
            _lay_out(lines.cells[:count], given, top, 0)
            _lay_out(laid.cells[: count + kernel_h - 1], cells, top - before[0], before[1])
            # A view for each column of the kernel: (count, KH*C_in, L) -> (count, KW, L, KH*C_in)
            apart = (laid.flat.strides[0], grad.itemsize, grad.itemsize, laid.flat.strides[1])
            moved = np.ndarray((count, kernel_w, line, kernel_h * channels), grad.dtype, space, start, apart)
            # (count, 1, C_out/P, P, L) @ (count, KW, 1, L, KH*C_in) -> (KW, C_out/P, P, KH*C_in)
            left = lines.flat[:count].reshape(count, 1, outputs // together, together, line)
            add_products(left, moved[:, :, None], total)
    ROOM.take_back(space)
    # (KW, C_out/P, P, KH*C_in) -> (C_out, C_in, KH, KW)
    return np.ascontiguousarray(total.reshape(kernel_w, outputs, kernel_h, channels).transpose(1, 3, 2, 0))


def _lines(
    space: Array, start: int, shape: tuple[int, int, int], dtype: np.dtype[Any], images: int, wide: int
) -> Lines:
    """Lines ``(R, C, L)`` in ``space`` from so many bytes on."""
    flat: Array = np.ndarray(shape, dtype, space, start)
    apart = (*flat.strides[:2], wide * flat.itemsize, flat.itemsize)
    return Lines(flat, np.ndarray((*shape[:2], images, wide), dtype, space, start, apart))


def _lay_out(laid: Array, cells: Array, top: int, left: int) -> None:
    """Fill ``laid (R, C, n, L)``, zeros around it, with ``cells (H, C, n, W)`` from row ``top`` on."""
    low, high = max(top, 0), min(top + len(laid), len(cells))
    if low >= high:
        laid[...] = 0
        return
    if low > top:
        laid[: low - top] = 0
    if high - top < len(laid):
        laid[high - top :] = 0
    columns = min(cells.shape[3], laid.shape[3] - left)
    copy_lines(laid[low - top : high - top, ..., left : left + columns], cells[low:high, ..., :columns])


def _slabs(flat: Array, first: int, count: int, rows: int) -> Array:
    """What each of ``count`` products reads, ``rows`` laid-out rows each: overlapping ``(count, rows * C, L)``."""
    shape = (count, rows * flat.shape[1], flat.shape[2])
    return np.ndarray(shape, flat.dtype, flat, first * flat.strides[0], flat.strides)
