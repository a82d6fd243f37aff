"""Convolution of each plane by a kernel of its own, from the image's own rows: nothing is laid out first.

A block of ``B`` neighbouring output rows reads ``R = (B - 1) * stride + KH`` rows of its plane, which lie evenly apart
in memory, so that a product takes them where they are. A band matrix (see ``banded``) that holds the kernel's columns
one under the other gives for each column a plane of sums down, as wide as the image:

    (KW * B, R) @ (R, W) -> (KW, B, W)

Cell ``j`` of an output row is then made of cell ``j + k * dilation - left`` of plane ``k``. In memory these lie a plane
and ``dilation`` cells apart, evenly too: one product with a line of ones adds them up, over a whole block as over one
line. What such a line takes from the row before or after is made zero first: no window of that row reads it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import pick_columns
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# Rows of a block, the best first: with 4, KH of R numbers in a line of the band are no zeros, and its product has lines
# enough. Of a number of rows that none of these divides, the last block is lower. 7×7 on 480×640 takes 0.41 ms with 4,
# 0.44 with 5 and with 3, 0.49 with 7.
BLOCK_ROWS = (4, 5, 3, 6, 7, 8)

# Planes as low as that are one block, up to twice as low two: 0.26 against 0.45 ms for 5×5 on 512 planes of 14×14.
LOW = 8

# Numbers of a chunk's planes of sums: with fewer, its calls weigh too much, 1.1 times the time for 32 planes of 112×112
# with 400,000; with more nothing is gained. A chunk of a part of a plane has fewer calls, and where others have used
# the processor's memory in between, 480×640 takes 0.38 ms with 400,000 and 0.43 with 900,000.
SUMS_MOST = 900_000
PLANE_MOST = 400_000


class Reading(NamedTuple):
    """Neighbouring blocks of output rows that read equally many rows.

    Attributes:
        first: the first block.
        last: one past the last.
        start: the row of the image that the first block reads first, zeros around the image aside.
        low: how many rows of zeros are above it.
        high: how many rows a block reads, these zeros among them; those below the image aside.
    """

    first: int
    last: int
    start: int
    low: int
    high: int


class Layout(NamedTuple):
    """How some output rows of a geometry are made: worked out once, kept for all calls.

    Attributes:
        rows: the first, and one past the last.
        lines: rows of a block.
        reach: rows that a block reads, R.
        above: the row that the first block reads first, negative in the zeros above.
        chunk: how many images, planes and blocks to make at a time.
        moved: of ``moves``.
        fold: what adds the sums up.
    """

    rows: Pair
    lines: int
    reach: int
    above: int
    chunk: tuple[int, int, int]
    moved: Array
    fold: Fold


def correlate_folded(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to; rows may lie apart, the cells of a row may not.
        place: where the windows lie; ``fits`` is true of it.
    """
    if x.strides[3] != x.itemsize or x.strides[2] < x.shape[3] * x.itemsize:
        x = np.ascontiguousarray(x)
    for layout in layouts(x.shape, weight.shape, out.shape, place, x.dtype):
        _fold_blocks(x, weight, bias, out[:, :, slice(*layout.rows)], place.stride[0], layout)


def fits(kernel_w: int, place: Place, width: int, columns: int) -> bool:
    """Whether rows of ``width`` cells can be folded to ``columns``: their windows begin and end about as they do."""
    reach, left = (kernel_w - 1) * place.across, place.before[1]
    return 0 <= left <= reach < width and (columns - 1) * place.stride[1] < width


def block_rows(rows: int) -> int:
    """How many output rows to make in one block."""
    if rows <= LOW:
        return rows
    if rows <= 2 * LOW and rows % 2 == 0:
        return rows // 2
    return next((block for block in BLOCK_ROWS if rows % block == 0), BLOCK_ROWS[0])


@lru_cache(maxsize=256)
def layouts(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    place: Place,
    dtype: np.dtype[Any],
) -> tuple[Layout, ...]:
    """How the output rows are made: whole blocks, then what is left of them, a lower block by itself."""
    (batch, channels, _, width), (kernel_h, kernel_w) = x_shape, weight_shape[2:]
    (rows, columns), step = out_shape[2:], place.stride[0]
    block = block_rows(rows)
    whole = rows // block * block
    fold, made = Fold(kernel_w, place, width, columns, dtype), []
    for first, last, lines in ((0, whole, block), (whole, rows, rows - whole)):
        if first < last:
            size = sums_rows(kernel_w, lines) * width
            blocks = (last - first) // lines
            blocks = -(-blocks // parts_of_plane(blocks * size))  # as even as can be
            planes = max(1, min(channels, SUMS_MOST // (size * blocks)))
            images = max(1, min(batch, SUMS_MOST // (size * blocks * channels)))
            moved, reach = moves(kernel_h, lines, step, dtype), (lines - 1) * step + kernel_h
            above = first * step - place.before[0]
            made.append(Layout((first, last), lines, reach, above, (images, planes, blocks), moved, fold))
    return tuple(made)


def parts_of_plane(sums: int) -> int:
    """In how many chunks to make a plane with so many sums."""
    return 1 if sums <= SUMS_MOST else -(-sums // PLANE_MOST)


def sums_rows(kernel_w: int, lines: int) -> int:
    """Rows that hold the sums of a block of so many lines: those of each plane, and one of zeros after them."""
    return kernel_w * lines + 1


def _fold_blocks(x: Array, weight: Array, bias: Array | None, out: Array, step: int, layout: Layout) -> None:
    """Blocks of output rows, a chunk at a time: all of them, of some planes, or some, of one plane."""
    (batch, channels, height, width), (kernel_h, kernel_w) = x.shape, weight.shape[2:]
    lines, reach, (images, planes, blocks) = layout.lines, layout.reach, layout.chunk
    count, high = out.shape[2] // lines, sums_rows(kernel_w, lines)
    # (C, 1, KH, KW) -> (C * KW, KH)
    kernels = weight[:, 0].transpose(0, 2, 1).reshape(channels * kernel_w, kernel_h)
    # One piece of memory, which the system does not take back and clear from call to call.
    first = planes * kernel_w * lines * reach + width
    space = np.empty(first + images * planes * blocks * high * width, dtype=x.dtype)
    # A row of zeros before all blocks and one after each.
    space[first - width :].reshape(-1, width)[::high] = 0
    for c in range(0, channels, planes):
        some = kernels[c * kernel_w : (c + planes) * kernel_w]
        # (C * KW, KH) @ (KH, lines * R) -> (C, KW * lines, R): each number times 1, and zeros
        band = np.matmul(some, layout.moved, out=space[: len(some) * lines * reach].reshape(len(some), lines * reach))
        band = band.reshape(len(some) // kernel_w, kernel_w * lines, reach)
        for n in range(0, batch, images):
            into = out[n : n + images, c : c + planes]
            for i in range(0, count, blocks):
                rows = into[:, :, i * lines : (i + blocks) * lines]
                # (n, c, blocks * lines, OW) -> (n, c, blocks, lines, OW), a view
                target = rows.reshape(*rows.shape[:2], -1, lines, rows.shape[3])
                shape = (*target.shape[:3], high, width)
                sums = space[first : first + math.prod(shape)].reshape(shape)
                for reading in readings(shape[2], i * lines * step + layout.above, lines, height, kernel_h, step):
                    right = _read(x, (n, c, reading.start), shape[:2], reading, lines * step)
                    # (C, 1, KW * lines, rows read) @ (N, C, blocks, rows read, W) -> (N, C, blocks, KW * lines, W)
                    left = band[:, None, :, reading.low : reading.high]
                    np.matmul(left, right, out=sums[:, :, reading.first : reading.last, :-1])
                layout.fold(sums, space, first, target)
                if bias is not None:
                    add_to_planes(rows, bias[c : c + planes])


@lru_cache(maxsize=64)
def moves(kernel: int, block: int, step: int, dtype: np.dtype[Any]) -> Array:
    """Which number of a line of a band each tap is: ``(KH, block * R)``, ones and zeros."""
    moved = np.zeros((kernel, block, (block - 1) * step + kernel), dtype=dtype)
    rows, taps = np.arange(block), np.arange(kernel)[:, None]
    moved[taps, rows, rows * step + taps] = 1
    moved = moved.reshape(kernel, -1)
    moved.flags.writeable = False
    return moved


@lru_cache(maxsize=256)
def readings(count: int, above: int, lines: int, height: int, kernel: int, step: int) -> tuple[Reading, ...]:
    """What ``count`` blocks of ``lines`` rows read of planes ``height`` high, the first of them from ``above`` on."""
    apart, reach = lines * step, (lines - 1) * step + kernel
    begin = min(count, max(0, -(above // apart)))
    end = max(begin, min(count, (height - reach - above) // apart + 1))
    found = []
    for first, last in (*((i, i + 1) for i in range(begin)), (begin, end), *((i, i + 1) for i in range(end, count))):
        if first < last:
            start = above + first * apart
            low = max(0, -start)
            found.append(Reading(first, last, min(start + low, height), low, max(low, min(reach, height - start))))
    return tuple(found)


def _read(x: Array, first: tuple[int, int, int], planes: tuple[int, ...], reading: Reading, apart: int) -> Array:
    """The rows that each of some blocks reads, ``apart`` rows from one to the next: overlapping views.

    Args:
        x: ``(N, C, H, W)``.
        first: the first image, its first plane and the first row.
        planes: how many images, and how many planes of each.
        reading: which blocks.
        apart: rows.

    Returns:
        ``(n, c, blocks, rows, W)``.
    """
    shape = (*planes, reading.last - reading.first, reading.high - reading.low, x.shape[3])
    if not x.flags.c_contiguous:
        cells, (image, plane, row, cell) = x[first[0] :, first[1] :, first[2] :], x.strides
        strides = (image, plane, apart * row, row, cell)
        return np.lib.stride_tricks.as_strided(cells, shape, strides, writeable=False)
    # 1 against 5 µs; of an axis of one, strides say what they like.
    row = x.shape[3] * x.itemsize
    plane, image = x.shape[2] * row, x.shape[1] * x.shape[2] * row
    offset = first[0] * image + first[1] * plane + first[2] * row
    return np.ndarray(shape, x.dtype, x, offset, (image, plane, apart * row, row, x.itemsize))


class Fold:
    """How planes of sums become output rows: the same for all chunks."""

    def __init__(self, kernel_w: int, place: Place, width: int, columns: int, dtype: np.dtype[Any]) -> None:
        self.ones = np.ones((1, kernel_w), dtype=dtype)
        self.apart, self.left, self.step = place.across, place.before[1], place.stride[1]
        kept = (columns - 1) * self.step + 1  # columns of the image up to the last at which a window has its place
        shifts = ((k, k * self.apart - self.left) for k in range(kernel_w))
        # What a line would take of the row before or after, or a plane of the next or the one before: zeros.
        self.cleared = [
            (k, slice(shift, None) if shift < 0 else slice(shift))
            for k, shift in shifts
            if shift < 0 or kept + shift > width
        ]

    def __call__(self, sums: Array, space: Array, first: int, out: Array) -> None:
        """Fold a chunk.

        Args:
            sums: ``(n, C, blocks, KW * lines + 1, W)``, written to.
            space: the memory it is in, of one dimension; the row before it is zeros, as is the last of each block.
            first: where in it.
            out: ``(n, C, blocks, lines, OW)``, written to.
        """
        (*blocks, lines, columns), width, size = out.shape, sums.shape[4], sums.itemsize
        kernel_w, cells = self.ones.shape[1], lines * width
        for k, some in self.cleared:
            sums[:, :, :, k * lines : (k + 1) * lines, some] = 0
        straight = columns == width and self.step == 1 and out.strides[3] == width * size
        made = (out if straight else np.empty((*blocks, lines, width), dtype=sums.dtype)).reshape(*blocks, 1, cells)
        strides = (*sums.strides[:3], (cells + self.apart) * size, size)
        moved = np.ndarray((*blocks, kernel_w, cells), sums.dtype, space, (first - self.left) * size, strides)
        np.matmul(self.ones, moved, out=made)
        if not straight:
            pick_columns(made.reshape(*blocks, lines, width), self.step, out)
