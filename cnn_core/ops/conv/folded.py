"""Convolution of each plane by a kernel of its own, from the image's own rows: nothing is laid out first.

A block of ``B`` neighbouring output rows reads ``R = (B - 1) * stride + KH`` rows of its plane, which lie evenly apart
in memory, so that a product takes them where they are. A band matrix (see ``banded``) that holds the kernel's columns
one under the other gives for each column a plane of sums down, as wide as the image:

    (KW * B, R) @ (R, W) -> (KW, B, W)

Cell ``j`` of an output row is then made of cell ``j + k * dilation - left`` of plane ``k``. In memory these lie a plane
and ``dilation`` cells apart, evenly too: one product with a line of ones adds them up, over a whole block as over one
line. What such a line takes from the row before or after is made zero first: no window of that row reads it.

Sums are made a chunk of blocks at a time. Where the operands of its few calls lie depends on shapes alone: it is worked
out once and kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import pick_columns
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.whole_rows import View
from cnn_core.shapes import Pair

# Rows of a block, the best first: with 4, KH of KH + 3 numbers in a line of the band are no zeros, and its product has
# lines enough. Of a number of rows that none of these divides, the last block is lower.
BLOCK_ROWS = (4, 5, 3, 6, 7, 8)

# With fewer the band has fewer zeros, and what a block reads and makes of long rows stays nearer to the processor: with
# 2, 7×7 on 2000×3000 takes 7.3 ms, not 10.1; with 3, 3×3 takes 4.3, not 4.9 as with 2 or 4. From so many columns of the
# image, times those of the kernel, on; kernels as narrow as that want the more rows.
LONG_ROWS, LONG_LEAST, LONG_NARROW = (2, 3), 4000, 3

# Planes as low as that are one block, up to twice as low two: 0.26 against 0.45 ms for 5×5 on 512 planes of 14×14.
LOW = 8

# Numbers of the sums of a chunk of planes; with fewer, its calls weigh too much: 0.68 against 0.94 ms for 64 planes of
# 112×112 with 140,000.
SUMS_MOST = 900_000

# A larger plane is made in parts. What one leaves near the processor is warm for the next, where others have used its
# memory in between: 480×640 under 3×3 takes 0.34 ms with 400,000 in a part and 0.39 with 600,000. Of many parts fewer
# are better: 7×7 on 2000×3000 takes 7.5 ms with 600,000, 7.8 with 400,000, 9.0 with 140,000.
PLANE_LEAST, PLANE_MOST, PARTS = 400_000, 600_000, 8

# Bytes that the sums of the first block begin at a multiple of, and numbers that the zeros after each block are one of.
ALIGNED, GAP = 64, 16


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


class Sums(NamedTuple):
    """Where the sums of some blocks lie, from the first one of all on.

    Attributes:
        made: those of the blocks of each reading, ``(n, C, blocks, KW * lines, W)``.
        bare: what a line would take of the row before or after, or a plane of the next or the one before.
        moved: what is added up, ``(n, C, blocks, KW, lines * W)``.
    """

    made: tuple[View, ...]
    bare: tuple[tuple[View, np.dtype[Any]], ...]
    moved: View


class Chunk(NamedTuple):
    """Blocks that are made at a time.

    Attributes:
        rows: the first output row, and one past the last.
        readings: what they read.
        right: the rows of each reading in an image that begins with the chunk's planes, ``(n, C, blocks, rows, W)``.
        sums: what is made of them.
        out: the output rows in a result that begins likewise, ``(n, C, blocks, 1, lines * W)``.
        seen: the cells in the image that no chunk before has looked at, in one line.
    """

    rows: Pair
    readings: tuple[Reading, ...]
    right: tuple[View, ...]
    sums: Sums
    out: View
    seen: View


@dataclass(frozen=True, eq=False)
class Layout:
    """How some output rows of a geometry are made: worked out once, kept for all calls.

    Attributes:
        shapes: of an image's planes, ``(C, H, W)``, of the kernels, ``(KH, KW)``, and of the result's planes.
        place: where the windows lie.
        rows: the first output row, and one past the last.
        lines: rows of a block.
        chunk: how many images, planes and blocks to make at a time.
        dtype: of all numbers.
        moved: of ``moves``.
        ones: a line, ``(1, KW)``.
    """

    shapes: tuple[tuple[int, int, int], Pair, Pair]
    place: Place
    rows: Pair
    lines: int
    chunk: tuple[int, int, int]
    dtype: np.dtype[Any]
    moved: Array
    ones: Array

    @property
    def reach(self) -> int:
        """Rows that a block reads, R."""
        return (self.lines - 1) * self.place.stride[0] + self.shapes[1][0]

    @property
    def gap(self) -> int:
        """Zeros before all blocks and after each: as far as a plane of sums is moved."""
        return -(-(self.shapes[1][1] * self.place.across) // GAP) * GAP

    @property
    def block(self) -> int:
        """Numbers from one block's sums to the next block's."""
        return self.shapes[1][1] * self.lines * self.shapes[0][2] + self.gap


def correlate_folded(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> bool:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to; rows may lie apart, the cells of a row may not.
        place: where the windows lie; ``fits`` is true of it.

    Returns:
        Whether all numbers of ``x`` and ``weight`` were seen to be finite, and their sums too. Each chunk's cells are
        looked at before they are multiplied: then they are near the processor for both, 5.5 against 6.0 ms for 5×5 on
        2000×3000.
    """
    if x.strides[3] != x.itemsize or x.strides[2] < x.shape[3] * x.itemsize:
        x = np.ascontiguousarray(x)
    # No sum, of whichever part of a window, is larger than the root of all cells' squares times this.
    most = float(np.abs(weight).max(initial=0)) * math.prod(weight.shape[2:])
    # Of far fewer numbers the result is the one to look at.
    finite = x.flags.c_contiguous and x.size <= 2 * out.size and math.isfinite(most)
    for lay in layouts(x.shape, weight.shape, out.shape, place, x.dtype):
        finite = _fold_blocks(x, weight, bias, out, lay, finite, most)
    return finite


def fits(kernel_w: int, place: Place, width: int, columns: int) -> bool:
    """Whether rows of ``width`` cells can be folded to ``columns``: their windows begin and end about as they do."""
    reach, left = (kernel_w - 1) * place.across, place.before[1]
    return 0 <= left <= reach < width and (columns - 1) * place.stride[1] < width


def block_rows(rows: int, width: int, kernel_w: int) -> int:
    """How many output rows to make in one block, of images and kernels so wide."""
    if width * kernel_w >= LONG_LEAST:
        return min(rows, LONG_ROWS[kernel_w <= LONG_NARROW])
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
    (batch, channels, height, width), (kernel_h, kernel_w) = x_shape, weight_shape[2:]
    rows, columns = out_shape[2:]
    shapes = (channels, height, width), (kernel_h, kernel_w), (rows, columns)
    block = block_rows(rows, width, kernel_w)
    whole = rows // block * block
    ones, made = np.ones((1, kernel_w), dtype=dtype), []
    for first, last, lines in ((0, whole, block), (whole, rows, rows - whole)):
        if first < last:
            blocks, size = (last - first) // lines, kernel_w * lines * width
            parts = parts_of_plane(blocks * size)
            blocks = -(-blocks // parts)  # as even as can be
            planes = max(1, min(channels, SUMS_MOST // (size * blocks))) if parts == 1 else 1
            images = max(1, min(batch, SUMS_MOST // (size * blocks * channels))) if parts == 1 else 1
            moved = moves(kernel_h, lines, place.stride[0], dtype)
            made.append(Layout(shapes, place, (first, last), lines, (images, planes, blocks), dtype, moved, ones))
    return tuple(made)


def parts_of_plane(sums: int) -> int:
    """In how many chunks to make a plane with so many sums."""
    return -(-sums // min(max(PLANE_LEAST, sums // PARTS), PLANE_MOST))


@lru_cache(maxsize=512)
def chunks(lay: Layout, images: int, planes: int) -> tuple[Chunk, ...]:
    """The chunks that make the rows of so many images, and of so many planes of each."""
    ((channels, height, width), (kernel_h, _), (rows, columns)), step = lay.shapes, lay.place.stride[0]
    count, most, cells = (lay.rows[1] - lay.rows[0]) // lay.lines, lay.chunk[2], lay.lines * lay.shapes[0][2]
    found, looked = [], 0
    for i in range(0, count, most):
        blocks, first = min(most, count - i), lay.rows[0] + i * lay.lines
        above = first * step - lay.place.before[0]
        reads = readings(blocks, above, lay.lines, height, kernel_h, step)
        apart = (channels * height * width, height * width, lay.lines * step * width, width, 1)
        right = tuple(
            _view(lay, (images, planes, r.last - r.first, r.high - r.low, width), r.start * width, apart) for r in reads
        )
        apart = (channels * rows * columns, rows * columns, cells, cells, 1)
        out = _view(lay, (images, planes, blocks, 1, cells), first * columns, apart)
        sums = _sums(lay, images, planes, blocks, tuple((reading.first, reading.last) for reading in reads))
        # All cells are looked at with the first rows made: each with those that are multiplied as soon.
        until = height if i + blocks == count else min(height, max(looked, above + (blocks - 1) * step + lay.reach))
        size = images * planes * (until - looked) * width if lay.rows[0] == 0 else 0
        seen, looked = _view(lay, (size,), looked * width, (1,)), until
        found.append(Chunk((first, first + blocks * lay.lines), reads, right, sums, out, seen))
    return tuple(found)


@lru_cache(maxsize=1024)
def _sums(lay: Layout, images: int, planes: int, blocks: int, parts: tuple[Pair, ...]) -> Sums:
    """Where the sums of so many blocks lie; the products make those from one to another, part by part."""
    (_, _, width), (_, kernel_w), _ = lay.shapes
    cells, outer = lay.lines * width, (planes * blocks * lay.block, blocks * lay.block, lay.block)
    made = tuple(
        _view(lay, (images, planes, last - first, kernel_w * lay.lines, width), first * lay.block, (*outer, width, 1))
        for first, last in parts
    )
    shape = (images, planes, blocks, kernel_w, cells)
    moved = _view(lay, shape, -lay.place.before[1], (*outer, cells + lay.place.across, 1))
    return Sums(made, tuple(_bare(lay, shape[:3], outer)), moved)


def _bare(
    lay: Layout, blocks: tuple[int, int, int], outer: tuple[int, int, int]
) -> Iterator[tuple[View, np.dtype[Any]]]:
    """The ends of lines that are to be zeros, each as one item, those of equal length together."""
    (_, _, width), (_, kernel_w), (_, columns) = lay.shapes
    kept = (columns - 1) * lay.place.stride[1] + 1  # columns of the image up to the last window's place
    starts: dict[int, list[int]] = {}
    for k in range(kernel_w):
        shift = k * lay.place.across - lay.place.before[1]
        if shift < 0 or kept + shift > width:
            starts.setdefault(abs(shift), []).append(k * lay.lines * width + (width + shift if shift < 0 else 0))
    for length, (first, *others) in starts.items():
        apart = others[0] - first if others else 0
        item = lay.dtype if length == 1 else np.dtype(f"V{length * lay.dtype.itemsize}")
        yield _view(lay, (*blocks, 1 + len(others), lay.lines), first, (*outer, apart, width)), item


def _view(lay: Layout, shape: tuple[int, ...], offset: int, strides: tuple[int, ...]) -> View:
    size = lay.dtype.itemsize
    return View(shape, offset * size, tuple(stride * size for stride in strides))


def _fold_blocks(
    x: Array, weight: Array, bias: Array | None, out: Array, lay: Layout, finite: bool, most: float
) -> bool:
    """Blocks of output rows, a chunk at a time: all of them, of some planes, or some, of one plane.

    Returns:
        ``finite``, if what was looked at here was so too.
    """
    (batch, channels, height, width), (kernel_h, kernel_w), size = x.shape, weight.shape[2:], x.itemsize
    largest = float(np.finfo(x.dtype).max)
    lines, (images, planes, blocks), step = lay.lines, lay.chunk, lay.place.stride[1]
    cells, apart, contiguous = lines * width, lines * lay.place.stride[0], x.flags.c_contiguous
    straight = out.shape[3] == width and step == 1 and out.flags.c_contiguous
    # (C, 1, KH, KW) -> (C * KW, KH)
    kernels = weight[:, 0].transpose(0, 2, 1).reshape(channels * kernel_w, kernel_h)
    # One piece of memory, which the system does not take back and clear from call to call.
    count, banded = images * planes * blocks, planes * kernel_w * lines * lay.reach
    space = np.empty(banded + lay.gap + count * (lay.block + (0 if straight else cells)) + ALIGNED // size, x.dtype)
    begin = (banded + lay.gap) * size
    begin += -(space.__array_interface__["data"][0] + begin) % ALIGNED
    np.ndarray((count + 1, lay.gap), x.dtype, space, begin - lay.gap * size, (lay.block * size, size))[...] = 0
    for c in range(0, channels, planes):
        some = kernels[c * kernel_w : (c + planes) * kernel_w]
        # (C * KW, KH) @ (KH, lines * R) -> (C, KW * lines, R): each number times 1, and zeros
        band = np.matmul(some, lay.moved, out=space[: len(some) * lines * lay.reach].reshape(len(some), -1))
        band = band.reshape(len(some) // kernel_w, 1, kernel_w * lines, lay.reach)
        for n in range(0, batch, images):
            given, target = x[n : n + images, c : c + planes], out[n : n + images, c : c + planes]
            from_x, from_out = (n * channels + c) * height * width * size, (n * channels + c) * out[0, 0].size * size
            sums = None
            for chunk in chunks(lay, *given.shape[:2]):
                if finite:
                    line = chunk.seen.of(x, x.dtype, from_x)
                    finite = float(line.dot(line)) * most * most < largest
                if chunk.sums is not sums:
                    sums = chunk.sums
                    made = [view.of(space, x.dtype, begin) for view in sums.made]
                    bare = [(view.of(space, item, begin), np.zeros((), item)) for view, item in sums.bare]
                    moved = sums.moved.of(space, x.dtype, begin)
                for reading, view, products in zip(chunk.readings, chunk.right, made, strict=True):
                    # (C, 1, KW * lines, rows read) @ (n, C, blocks, rows read, W) -> (n, C, blocks, KW * lines, W)
                    right = view.of(x, x.dtype, from_x) if contiguous else _read(given, reading, view.shape, apart)
                    np.matmul(band[..., reading.low : reading.high], right, out=products)
                for ends, zero in bare:
                    np.copyto(ends, zero)
                rows = target[:, :, slice(*chunk.rows)]
                if straight:
                    np.matmul(lay.ones, moved, out=chunk.out.of(out, x.dtype, from_out))
                else:
                    folded = np.ndarray(chunk.out.shape, x.dtype, space, begin + count * lay.block * size)
                    np.matmul(lay.ones, moved, out=folded)
                    # (n, C, blocks, 1, lines * W) -> (n, C, blocks * lines, W)
                    pick_columns(folded.reshape(*rows.shape[:3], width), step, rows)
                if bias is not None:
                    add_to_planes(rows, bias[c : c + planes])
    return finite


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


def _read(x: Array, reading: Reading, shape: tuple[int, ...], apart: int) -> Array:
    """The rows that each of some blocks reads, ``apart`` rows from one to the next: overlapping views ``shape``."""
    image, plane, row, cell = x.strides
    strides = (image, plane, apart * row, row, cell)
    return np.lib.stride_tricks.as_strided(x[:, :, reading.start :], shape, strides, writeable=False)
