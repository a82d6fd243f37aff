"""Winograd convolution of many channels by 3×3 kernels: four output cells by 16 multiplications instead of 36.

The method is Winograd's F(2×2, 3×3) (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016,
section 4.1): tiles of 4×4 cells and kernels are each brought into 16 sums and differences, multiplied and added up over
the channels there, 16 matrix products, and brought back as 2×2 cells. All factors but a half are 1, so that whole
numbers stay exact, and a cell is made of what its own window holds and nothing else of its tile.

A sum of many products is as exact as by any other way (measured: 1.2 against 1.3 times ``eps * sum |product|`` for
64→64 channels), but it is not where all products happen to be small beside the cells and the weights they are not made
of: where most cells are 0, where few cells tower over the others and meet a weight next to 0, or where a weight is 0
and its cell all that is not black, so that every product is 0 but not every sum. ``dense`` leaves those to the others.
"""

from __future__ import annotations

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import ROOM, aligned
from cnn_core.ops._prepared import prepared
from cnn_core.ops._steps import SPACE, run
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.tiles import TOGETHER, Layout, layout

# Fewer channels in or out seldom gain what they spend on sums and differences: over 500 shapes from 16 channels on, the
# choice took 1.022 times as long as the fastest way with 32 here, and 1.018 with 16.
CHANNELS_LEAST = 32

# The most kernels: in 16 numbers each they are 17 MB, and all that 14×14 images hold beside their result 27; with twice
# as many these would need more than they may. 512→512 on 28×28 takes 25 against 41 ms.
KERNELS_MOST = 512 * 512

# The largest cell beside the root of their mean square: it is 5 to 15 after a layer of ReLU, and the root of their
# number where one cell is all there is.
PEAK_MOST = 24

# How much more the weights of one place of a window may be together than those of another. Where the image is black but
# for a place of 1/500, what rounding leaves of the others is as large as the products that count.
ONE_SIDED = 100

# Cells looked at for one thing after the other while they are near the processor, 0.9 against 1.4 ms for 64 planes of
# 224×224 that were not, and cells counted at a time.
LOOKED_AT, COUNTED_AT = 128_000, 64_000

# Weights looked at for one thing after the other: 512→512 kernels take 1.4 ms, 4.5 each thing by itself.
WEIGHTS_AT = 64_000

# Kernels into tiles: G of the paper, for rows and columns at once, (16, 9).
_ALONG = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
KERNEL_SUMS = np.kron(_ALONG, _ALONG)


def dense(x: Array, weight: Array) -> bool:
    """Whether sums and differences can be trusted with these: far from overflow, even, few numbers 0 or next to it."""
    if not x.size or not weight.size or not x.flags.c_contiguous or not weight.flags.c_contiguous:
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
    """The sum of the weights' squares, and whether none is 0, few are next to it and no kernel is one-sided."""
    # (C_out, C, 3, 3) -> (C_out, C * 9)
    kernels = weight.reshape(len(weight), -1)
    some = max(1, WEIGHTS_AT // kernels.shape[1])
    blocks = [kernels[first : first + some] for first in range(0, len(kernels), some)]
    sizes = np.empty(blocks[0].shape, weight.dtype)
    ones = np.ones(weight.shape[1], weight.dtype)
    square, largest, even = 0.0, 0.0, True
    with np.errstate(over="ignore", invalid="ignore"):
        for block in blocks:
            line = block.reshape(-1)
            square += float(np.dot(line, line))
            size = np.abs(block, out=sizes[: len(block)])
            # (C_out, C * 9) -> (C_out, 9): what each output cell takes of each place of its window
            places = ones @ size.reshape(len(block), -1, 9)
            even = even and bool(size.min() > 0 and (places.max(axis=1) <= ONE_SIDED * places.min(axis=1)).all())
            largest = max(largest, float(size.max()))
    if not even:
        return square, False
    near = largest / 1000
    far = sum(int(np.count_nonzero(np.abs(block, out=sizes[: len(block)]) > near)) for block in blocks)
    return square, far >= 15 / 16 * weight.size


@prepared
def _sums(weight: Array) -> Array:
    """Kernels as tiles: ``(C_out, C, 3, 3) -> (16, C_out, C)``, from the beginning of a line of memory on."""
    outputs, channels = weight.shape[:2]
    made = aligned(16 * outputs * channels * weight.itemsize).view(weight.dtype).reshape(16, outputs, channels)
    # (16, 9) @ (9, C_out * C) -> (16, C_out * C)
    np.matmul(KERNEL_SUMS.astype(weight.dtype), weight.reshape(-1, 9).T, out=made.reshape(16, -1))
    return made


def correlate_winograd(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, of which and of ``weight`` ``dense`` is true, not padded.
        weight: ``(C_out, C, 3, 3)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, written to.
        place: where the windows lie; the stride is 1.
    """
    lay = layout(x.shape, out.shape, place.before, (1, place.across), x.dtype, bias is not None)
    made = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    correlate_in_tiles(np.ascontiguousarray(x), weight, bias, made, lay)
    if made is not out:
        out[...] = made


def correlate_in_tiles(x: Array, weight: Array, bias: Array | None, out: Array, lay: Layout) -> None:
    """What ``correlate_winograd`` does to contiguous images, dilated or not.

    Args:
        x: ``(N, C, H, W)``, of which and of ``weight`` ``dense`` is true, contiguous, not padded.
        weight: ``(C_out, C, 3, 3)``.
        bias: ``(C_out,)`` or None, as the layout says.
        out: ``(N, C_out, OH, OW)``, contiguous, written to.
        lay: of ``tiles.layout``.
    """
    kernels, together = _sums(weight), TOGETHER.astype(x.dtype)
    space = ROOM.lend(lay.space * x.itemsize)
    same = SPACE if ROOM.keeps(space) else None
    memory = (x, out, space, kernels, together, together if bias is None else np.ascontiguousarray(bias))
    for plan, blocks, times in lay.runs:
        run(plan, memory, blocks, times, same)
    ROOM.take_back(space)
