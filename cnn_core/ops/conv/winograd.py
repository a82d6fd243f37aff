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
import math

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines
from cnn_core.ops._planes import LineByLine
from cnn_core.ops._prepared import prepared
from cnn_core.ops.conv.products import STEPS, multiply
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# Fewer channels in or out seldom gain what they spend on sums and differences: over 500 shapes from 16 channels on, the
# choice took 1.022 times as long as the fastest way with 32 here, and 1.018 with 16.
CHANNELS_LEAST = 32

# The most kernels: in 16 numbers each they are 8 MB; twice as many, and small images would need more than they may.
KERNELS_MOST = 256 * 512

# Tiles done at a time: from 240 on a product runs fast; where channels are few, two million numbers spare calls and
# stay near the processor (15.5 ms for 64→64 of 224×224, 17 with one million and with four). Of an image that is done in
# strips these have whole steps of the products' columns where they can: 262 against 238 GFLOP/s.
TILES_LEAST = 240
NUMBERS_MOST = 2_000_000

# The largest cell beside the root of their mean square: it is 5 to 15 after a layer of ReLU, and the root of their
# number where one cell is all there is.
PEAK_MOST = 24

# Tiles from which on each image has products of its own, which need no row behind its last one: 0.95 of the time for 8
# images of 28×28, and no less from 121 tiles down.
COLUMNS_LEAST = 128

# Cells looked at for one thing after the other while they are near the processor, 0.9 against 1.4 ms for 64 planes of
# 224×224 that were not, and cells counted at a time.
LOOKED_AT, COUNTED_AT = 128_000, 64_000

# Kernels into tiles: G of the paper, for rows and columns at once, (16, 9).
_ALONG = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
KERNEL_SUMS = np.kron(_ALONG, _ALONG)

# A tile's products into its cells: Aᵀ of the paper, for rows and columns at once, (4, 16).
_TOGETHER = ((1, 1, 1, 0), (0, 1, -1, -1))
TOGETHER = np.kron(_TOGETHER, _TOGETHER)


def dense(x: Array, weight: Array) -> bool:
    """Whether sums and differences can be trusted with these: far from overflow, even, few numbers 0 or next to it."""
    if not x.size or not x.flags.c_contiguous or not weight.flags.c_contiguous:
        return False
    of_weights, even = _look_at(weight)
    if not even:
        return False
    cells = x.reshape(-1)
    square, peak = _square_and_peak(cells)
    norms = square * of_weights
    # No cell, sum or result is larger than 16 |x| |w|, in 2-norms (Cauchy and Schwarz).
    if not norms < (float(np.finfo(x.dtype).max) / 16) ** 2:
        return False
    return peak**2 * cells.size <= PEAK_MOST**2 * square and _filled(cells)


def _square_and_peak(cells: Array) -> tuple[float, float]:
    """The sum of the cells' squares, and how far from 0 the furthest of them is."""
    square, low, high = 0.0, 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, cells.size, LOOKED_AT):
            some = cells[start : start + LOOKED_AT]
            square += float(np.dot(some, some))
            low, high = min(low, float(some.min())), max(high, float(some.max()))
    return square, max(high, -low)


def _filled(cells: Array) -> bool:
    """Whether a fourth of the cells or more are not 0: most often the first half tells."""
    filled, enough = 0, cells.size / 4
    for start in range(0, cells.size, COUNTED_AT):
        filled += int(np.count_nonzero(cells[start : start + COUNTED_AT] != 0))
        if filled >= enough:
            return True
    return False


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
    if out.shape[3] % across == 0:  # a dilation's columns side by side are moved as one
        _strips(x, kernels, bias, out, (top, left), across)
        return
    for phase in range(min(across, out.shape[3])):  # columns a dilation apart are an image of their own
        start = (phase - left) % across
        before = (top, (start - phase + left) // across)
        _strips(x[..., start::across], kernels, bias, out[..., phase::across], before, 1)


def _strips(x: Array, kernels: Array, bias: Array | None, out: Array, before: Pair, item: int) -> None:
    """What ``correlate_winograd`` does, by strips of rows; an ``item`` is so many columns, as many as the dilation."""
    rows, columns = -(-out.shape[2] // 2), -(-out.shape[3] // (2 * item)) * item
    tiles = max(TILES_LEAST, NUMBERS_MOST // (16 * sum(kernels.shape[1:])))
    strip = min(rows, max(1, round(tiles / columns)))
    if strip < rows:
        step = STEPS[0][0]
        strip -= strip % min(strip, step // math.gcd(step, columns))
    images = max(1, min(len(x), round(tiles / (rows * columns))))
    # One piece of memory, which the system does not take back and clear from strip to strip and call to call.
    scratch = np.empty((2, 16 * max(kernels.shape[1:]) * images * (strip + 1) * columns), dtype=x.dtype)
    for n, i in itertools.product(range(0, len(x), images), range(0, rows, strip)):
        here = out[n : n + images, :, 2 * i : 2 * (i + strip)]
        _tiles(x[n : n + images], kernels, bias, here, (before[0] - 2 * i, before[1]), item, scratch)


def _tiles(x: Array, kernels: Array, bias: Array | None, out: Array, before: Pair, item: int, scratch: Array) -> None:
    """All tiles of ``(N, C, H, W)`` that make ``(N, C_out, OH, OW)``."""
    (images, channels), outputs = x.shape[:2], out.shape[1]
    rows, columns = -(-out.shape[2] // 2), -(-out.shape[3] // (2 * item)) * item
    shape = (channels, images, rows + 1, columns)
    line = math.prod(shape)
    # (4, 2, line): of even rows and of odd ones
    half = scratch[1, 4 * line : 12 * line].reshape(4, 2, line)
    picked, spare = scratch[0, : 4 * line].reshape(2, 2 * line), scratch[1, : 4 * line + item]
    _by_columns(x, before, item, spare, picked, half.reshape(4, 2, *shape))
    # (4, 2, line) -> (4, 4, line): the row behind the last one means nothing
    tiles = scratch[0, : 16 * line].reshape(4, 4, line)
    (even, odd), (even_next, odd_next) = half.swapaxes(0, 1)[..., :-columns], half.swapaxes(0, 1)[..., columns:]
    first, second, third, fourth = tiles[..., :-columns]
    np.subtract(even, even_next, out=first)
    np.add(odd, even_next, out=second)
    np.subtract(even_next, odd, out=third)
    np.subtract(odd, odd_next, out=fourth)
    tiles[..., -columns:] = 0
    # (16, C_out, C) @ (16, C, rows * columns) -> (16, C_out, ...) for each image; of small ones for all at once, with
    # that row
    at_once = images if rows * columns < COLUMNS_LEAST else 1
    made = rows + (at_once > 1)
    each = images * made * columns
    product = scratch[1, : 16 * outputs * each].reshape(16, outputs, each)
    into, sums = tiles.reshape(16, channels, images // at_once, -1), product.reshape(16, outputs, images // at_once, -1)
    for n in range(images // at_once):
        multiply(kernels, into[:, :, n, : sums.shape[3]], sums[:, :, n])
    if bias is not None:
        with LineByLine(each, product[5], bias):
            product[5] += bias[:, None]  # what all four cells of a tile are given once
    # (4, 16) @ (16, C_out * each) -> (4, C_out * each)
    done = scratch[0, : 4 * outputs * each].reshape(4, outputs * each)
    multiply(TOGETHER.astype(x.dtype), product.reshape(16, outputs * each), done)
    planes = done.reshape(2, 2, outputs, images, made, columns).swapaxes(2, 3)
    for a in (0, 1):
        target = out[:, :, a::2]
        cells = planes[a, ..., : target.shape[2], :]
        _interleave(cells[0], cells[1], item, target)


def _by_columns(x: Array, before: Pair, item: int, spare: Array, picked: Array, out: Array) -> None:
    """Along its rows, each tile's four numbers (Bᵀ of the paper), all lines as one.

    Args:
        x: ``(N, C, H, W)``.
        before: cells above it and to its left; negative where it begins inside.
        item: columns that are moved as one.
        spare: ``(2 * line + item,)``, memory to lay it out in; may end in ``out``.
        picked: ``(2, line)``, likewise, but apart from it.
        out: ``(4, 2, C, N, rows, columns)``, ``(4, line)`` in all; even rows, then odd ones; written to.
    """
    x = x.swapaxes(0, 1)
    *lines, columns = out.shape[1:]
    # All but each row's first and last item: where these are read and met by themselves, no tile of a row is lost.
    within = spare[:-item].reshape(*lines, 2 * columns)
    ends = np.empty((2, *lines, item), dtype=x.dtype)
    begin = item - before[1]
    for a in (0, 1):
        down, top = _every_other(a - before[0], lines[-1], x.shape[2])
        read = x[:, :, top : top + 2 * (down.stop - down.start) : 2]
        for target, start in ((within[a], begin), (ends[0, a], begin - item), (ends[1, a], begin + 2 * columns)):
            target[:, :, : down.start] = 0
            target[:, :, down.stop :] = 0
            _read(read, start, target[:, :, down])
    # Of a tile's four, the second and the third; the fourth is the next one's second, the first the last one's third.
    second, third = picked
    _pick(spare[:-item], item, second)
    _pick(spare[item:], item, third)
    numbers = out.reshape(4, -1)
    np.subtract(third[:-item], third[item:], out=numbers[0, item:])
    np.add(second, third, out=numbers[1])
    np.subtract(third, second, out=numbers[2])
    np.subtract(second[:-item], second[item:], out=numbers[3, :-item])
    # (line,) -> (2, C, N, rows, columns): rows begin and end with what others do not
    second, third = picked.reshape(2, *out.shape[1:])
    np.subtract(ends[0], third[..., :item], out=out[0, ..., :item])
    np.subtract(second[..., -item:], ends[1], out=out[3, ..., -item:])


def _read(x: Array, start: int, out: Array) -> None:
    """Cells ``start``, ``start + 1``, ... of each row, 0 where there are none."""
    low = min(max(0, -start), out.shape[-1])
    high = max(low, min(out.shape[-1], x.shape[-1] - start))
    out[..., :low] = 0
    out[..., high:] = 0
    if low < high:
        copy_lines(out[..., low:high], x[..., start + low : start + high])


def _pick(x: Array, item: int, out: Array) -> None:
    """Every second item of a line, from its first on."""
    if item > 1:
        x, out = _as_items(x, item), _as_items(out, item)
        out[...] = x[::2]
    else:
        # Here even from between the places that numbers of that length belong at: see ``pick_columns``.
        np.copyto(out.view("<u4"), x.view("<u8"), casting="unsafe")


def _interleave(even: Array, odd: Array, item: int, out: Array) -> None:
    """Items of ``out (..., OW)``, now one of ``even``, now one of ``odd``, both ``(..., columns)``."""
    if item > 1:
        even, odd, out = (_as_items(part, item) for part in (even, odd, out))
    size = out.shape[-1]
    if item == 1 and size % 2 == 0 and out.strides[-1] == out.itemsize:
        # Even ones as numbers twice as long, whose upper halves the odd ones are written to: 0.85 against 1.4 ms for
        # 64 planes of 224×224, 44 against 51 µs for those of 56×56.
        np.copyto(out.view("<u8"), even.view("<u4"))
    else:
        out[..., ::2] = even[..., : -(-size // 2)]
    out[..., 1::2] = odd[..., : size // 2]


def _as_items(x: Array, item: int) -> Array:
    """``(..., T * item) -> (..., T)``."""
    return x.view(f"V{item * x.itemsize}")


def _every_other(start: int, count: int, size: int) -> tuple[slice, int]:
    """Of cells ``start``, ``start + 2``, ..., which of the ``count`` lie in a line of ``size``, and the first there."""
    low = max(0, -(start // 2))
    high = max(low, min(count, (size - 1 - start) // 2 + 1))
    return slice(low, high), start + 2 * low
