"""Convolution of many channels by 3×3 kernels in fewer multiplications: four output cells by 16 instead of 36.

The method is Winograd's F(2×2, 3×3) (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016,
section 4.1): tiles of 4×4 cells and kernels are each brought into 16 sums and differences, multiplied and added up over
the channels there, 16 matrix products, and brought back as 2×2 cells. All factors but a half are 1, so that whole
numbers stay exact, and a cell is made of what its own window holds and nothing else of its tile.

A sum of many products is as exact as by any other way (measured: 1.2 against 1.3 times ``eps * sum |product|`` for
64→64 channels), but it is not where all products happen to be small beside the cells and the weights they are not made
of: where most cells or some part of the weights are 0, or where few cells tower over the others and meet a weight of 0.
``dense`` leaves those to the others.
"""

from __future__ import annotations

import itertools

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines, pick_columns
from cnn_core.ops._prepared import prepared
from cnn_core.ops.conv.products import multiply
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# Fewer channels in or out seldom gain what they spend on sums and differences: over 500 shapes from 16 channels on, the
# choice took 1.022 times as long as the fastest way with 32 here, and 1.018 with 16.
CHANNELS_LEAST = 32

# The most kernels: in 16 numbers each they are 8 MB; twice as many, and small images would need more than they may.
KERNELS_MOST = 256 * 512

# Tiles done at a time: from 240 on a product runs fast; where channels are few, two million numbers spare calls and
# stay near the processor (15.5 ms for 64→64 of 224×224, 17 with one million and with four).
TILES_LEAST = 240
NUMBERS_MOST = 2_000_000

# The largest cell beside the root of their mean square: it is 5 to 15 after a layer of ReLU, and the root of their
# number where one cell is all there is.
PEAK_MOST = 24

# Kernels into tiles: G of the paper, for rows and columns at once, (16, 9).
_ALONG = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
KERNEL_SUMS = np.kron(_ALONG, _ALONG)

# A tile's products into its cells: Aᵀ of the paper, for rows and columns at once, (4, 16).
_TOGETHER = ((1, 1, 1, 0), (0, 1, -1, -1))
TOGETHER = np.kron(_TOGETHER, _TOGETHER)

# Even and odd rows, of each even and odd columns.
PARITIES = ((0, 0), (0, 1), (1, 0), (1, 1))


def dense(x: Array, weight: Array) -> bool:
    """Whether sums and differences can be trusted with these: far from overflow, even, few numbers 0 or next to it."""
    if not x.size or not x.flags.c_contiguous or not weight.flags.c_contiguous:
        return False
    cells = x.reshape(-1)
    of_weights, even = _look_at(weight)
    if not even:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        square = float(np.dot(cells, cells))
    norms = square * of_weights
    # No cell, sum or result is larger than 16 |x| |w|, in 2-norms (Cauchy and Schwarz).
    if not norms < (float(np.finfo(x.dtype).max) / 16) ** 2:
        return False
    peak = max(float(cells.max()), -float(cells.min()))
    if peak**2 * cells.size > PEAK_MOST**2 * square:
        return False
    return bool(np.count_nonzero(cells != 0) >= cells.size / 4)


@prepared
def _look_at(weight: Array) -> tuple[float, bool]:
    """The sum of the weights' squares, and whether few are 0 or next to it."""
    weights = weight.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        square = float(np.dot(weights, weights))
    sizes = np.abs(weights)
    return square, bool(np.count_nonzero(sizes > sizes.max() / 1000) >= 15 / 16 * sizes.size)


@prepared
def _sums(weight: Array) -> Array:
    """Kernels as tiles: ``(C_out, C, 3, 3) -> (16, C_out, C)``."""
    # (16, 9) @ (9, C_out * C) -> (16, C_out, C)
    return (KERNEL_SUMS.astype(weight.dtype) @ weight.reshape(-1, 9).T).reshape(16, *weight.shape[:2])


def correlate_winograd(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, of which and of ``weight`` ``dense`` is true, not padded.
        weight: ``(C_out, C, 3, 3)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, written to.
        place: where the windows lie; the stride is 1.
    """
    kernels = _sums(weight)
    (top, left), across = place.before, place.across
    for phase in range(min(across, out.shape[3])):  # columns a dilation apart are an image of their own
        start = (phase - left) % across
        cells, target = x[..., start::across], out[..., phase::across]
        before = (top, (start - phase + left) // across)
        rows, columns = -(-target.shape[2] // 2), -(-target.shape[3] // 2)
        tiles = max(TILES_LEAST, NUMBERS_MOST // (16 * sum(weight.shape[:2])))
        strip = min(rows, max(1, round(tiles / columns)))
        images = max(1, min(len(x), round(tiles / (rows * columns))))
        # One piece of memory, which the system does not take back and clear from strip to strip and call to call.
        scratch = np.empty((2, 16 * max(weight.shape[:2]) * images * (strip + 1) * (columns + 1)), dtype=x.dtype)
        for n, i in itertools.product(range(0, len(x), images), range(0, rows, strip)):
            here = target[n : n + images, :, 2 * i : 2 * (i + strip)]
            _tiles(cells[n : n + images], kernels, bias, here, (before[0] - 2 * i, before[1]), scratch)


def _tiles(x: Array, kernels: Array, bias: Array | None, out: Array, before: Pair, scratch: Array) -> None:
    """All tiles of ``(N, C, H, W)`` that make ``(N, C_out, OH, OW)``."""
    (images, channels), outputs = x.shape[:2], out.shape[1]
    rows, columns = -(-out.shape[2] // 2), -(-out.shape[3] // 2)
    line = channels * images * (rows + 1) * (columns + 1)
    # (2, 2, C, N, rows + 1, columns + 1): even and odd rows, of each even and odd columns
    cells = scratch[0, : 4 * line].reshape(2, 2, line)
    _take_apart(x, before, scratch[1, : 8 * line].reshape(2, 2, channels, images, rows + 1, 2 * columns + 2), cells)
    # (2, 2 * line) -> (4, 2 * line), and (4, 2, line) -> (4, 4, line): the last row and column mean nothing.
    half, tiles = scratch[0, 4 * line : 12 * line].reshape(4, 2, line), scratch[1, : 16 * line].reshape(4, 4, line)
    _differences(cells.reshape(2, 2 * line), columns + 1, half.reshape(4, 2 * line))
    _differences(half.swapaxes(0, 1), 1, tiles.swapaxes(0, 1))
    # (16, C_out, C) @ (16, C, N * rows * (columns + 1)) -> (16, C_out, ...), of one image without the last row
    made = rows + (images > 1)
    each = images * made * (columns + 1)
    product = scratch[0, : 16 * outputs * each].reshape(16, outputs, each)
    multiply(kernels, tiles.reshape(16, channels, -1)[..., :each], product)
    if bias is not None:
        product[5] += bias[:, None]  # what all four cells of a tile are given once
    # (4, 16) @ (16, C_out * each) -> (4, C_out * each)
    done = scratch[1, : 4 * outputs * each].reshape(4, outputs * each)
    multiply(TOGETHER.astype(x.dtype), product.reshape(16, outputs * each), done)
    planes = done.reshape(2, 2, outputs, images, made, columns + 1).swapaxes(2, 3)
    for a, b in PARITIES:
        target = out[:, :, a::2, b::2]
        target[...] = planes[a, b, ..., : target.shape[2], : target.shape[3]]


def _take_apart(x: Array, before: Pair, spare: Array, out: Array) -> None:
    """Even and odd rows, of each even and odd columns, of ``x`` and zeros around it.

    Args:
        x: ``(N, C, H, W)``.
        before: cells above it and to its left; negative where it begins inside.
        spare: ``(2, 2, C, N, rows, columns)``, memory to lay it out in.
        out: ``(2, 2, C * N * rows * columns / 2)``, written to.
    """
    padded, moved = spare
    padded[...] = 0
    left, first = max(0, before[1]), max(0, -before[1])
    count = min(x.shape[3] - first, padded.shape[4] - left)
    for a in (0, 1):
        down, begin = _every_other(a - before[0], padded.shape[3], x.shape[2])
        if count > 0 and down.stop > down.start:
            read = x[:, :, begin : begin + 2 * (down.stop - down.start) : 2, first : first + count]
            copy_lines(padded[a, :, :, down, left : left + count], read.swapaxes(0, 1))
    # (2, C, N, rows, columns) -> (2, C * N * rows * columns). Moved on by a cell, odd columns are picked as fast as
    # even ones, and all lines as one.
    padded, moved = padded.reshape(2, -1), moved.reshape(2, -1)
    moved[:, :-1] = padded[:, 1:]
    pick_columns(padded, 2, out[:, 0])
    pick_columns(moved, 2, out[:, 1])


def _every_other(start: int, count: int, size: int) -> tuple[slice, int]:
    """Of cells ``start``, ``start + 2``, ..., which of the ``count`` lie in a line of ``size``, and the first there."""
    low = max(0, -(start // 2))
    high = max(low, min(count, (size - 1 - start) // 2 + 1))
    return slice(low, high), start + 2 * low


def _differences(cells: Array, apart: int, out: Array) -> None:
    """Along an axis, each tile's four numbers (Bᵀ of the paper): ``(2, ...)``, even and odd cells, -> ``(4, ...)``.

    ``apart`` places lie between one even cell and the next along the last axis.
    """
    (even, odd), (even_next, odd_next) = cells[..., :-apart], cells[..., apart:]
    first, second, third, fourth = out[..., :-apart]
    np.subtract(even, even_next, out=first)
    np.add(odd, even_next, out=second)
    np.subtract(even_next, odd, out=third)
    np.subtract(odd, odd_next, out=fourth)
    out[..., -apart:] = 0
