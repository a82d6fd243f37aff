"""Depthwise convolution from the image's own rows: each plane by a kernel of its own, nothing laid out first.

A block of ``B`` neighbouring output rows reads ``R = (B - 1) * stride + KH`` rows of its plane, which lie evenly apart
in memory, so that a product takes them where they are. A band matrix (see ``banded``) that holds the kernel's columns
one under the other gives for each column a plane of sums down, as wide as the image:

    (KW * B, R) @ (R, W) -> (KW, B, W)

Cell ``j`` of an output row is then made of cell ``j + k * dilation - left`` of plane ``k``. In memory these lie a plane
and ``dilation`` cells apart, evenly too: one product with a line of ones adds them up, over a whole block as over one
line. What such a line takes from the row before or after is made zero first: no window of that row reads it.

Sums are made a chunk of blocks at a time, so that they are near the processor when they are added up. Where the
operands of a chunk's few calls lie depends on shapes alone: it is worked out once and kept, see ``_steps``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_columns
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import whole_lines
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops._steps import SPACE, Plan, Run, Steps, run_all, runs
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# Rows of a block, the best first: with 4, KH of KH + 3 numbers in a line of the band are no zeros, and its product has
# lines enough. Of a number of rows that none of these divides, the last block is lower.
BLOCK_ROWS = (4, 5, 3, 6, 7, 8)

# With fewer the band has fewer zeros, and what a block reads and makes of long rows stays nearer to the processor: with
# 2, 7×7 on 2000×3000 takes 7.3 ms, not 10.1, and 5×5 on 480×640 0.39, not 0.42; with 3, 3×3 takes 4.3, not 4.9 as with
# 2 or 4. From so many columns of the image, times those of the kernel, on; kernels as narrow as that want more rows.
LONG_ROWS, LONG_LEAST, LONG_NARROW = (2, 3), 2500, 3

# Planes as low as that are one block, up to twice as low two: 0.26 against 0.45 ms for 5×5 on 512 planes of 14×14.
LOW = 8

# Numbers of the sums of a chunk; with fewer its calls weigh too much, with more it is far from the processor: 1024×1024
# under 3×3 takes 1.07 ms where others have used the memory in between, 1.11 with 600,000, and 3 planes of 512×512 under
# 5×5 take 0.72, 0.8 with 200,000.
SUMS_MOST = 300_000

# Of several planes that are a chunk together, where fewer cost nothing but a few calls: 0.80 against 0.92 ms for a
# stride of 2 on 96 planes of 112×112.
SUMS_TOGETHER = 160_000

# What is not finite is looked for in the images, or in the results: there one row of each block is enough, as a band's
# zeros carry it to all of its rows. See ``by_result``.

# Cells of a plane of the result from the first to the second of which it is looked for there: 0.41 against 0.44 ms for
# 7×7 on 480×640. With fewer there is no gain; an image of more is brought near the processor for the products by being
# looked at: 2.18 against 2.25 ms for 7×7 on 1000×1500.
RESULT_LEAST, RESULT_MOST = 60_000, 1_000_000

# Cells of all images above which these are looked at, to bring them near: 16.6 against 18.5 ms for 3×3 on 16 images of
# 480×640 in colour.
IMAGES_MOST = 3_000_000

# The highest kernel for which results are looked at: higher ones read so many rows that these are best brought near in
# any case, 1.75 against 1.98 ms for 11×11 on 700×1000.
RESULT_KERNEL = 7


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

    def end(self, apart: int) -> int:
        """One past the last row that is read where blocks read from rows so far ``apart`` on."""
        return self.start + (self.last - self.first - 1) * apart + self.high - self.low


class Shapes(NamedTuple):
    """A geometry, of which each plane is done as the others are.

    Attributes:
        image: ``(H, W)``.
        kernel: ``(KH, KW)``.
        size: ``(OH, OW)``.
        place: where the windows lie.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
    """

    image: Pair
    kernel: Pair
    size: Pair
    place: Place
    dtype: np.dtype[Any]
    biased: bool

    def reach(self, lines: int) -> int:
        """Rows that a block of ``lines`` output rows reads, R."""
        return (lines - 1) * self.place.stride[0] + self.kernel[0]

    @property
    def gap(self) -> int:
        """Zeros before all blocks and after each: as far as a plane of sums is moved."""
        return whole_lines(self.kernel[1] * self.place.across)

    @property
    def straight(self) -> bool:
        """Whether all columns of the image become columns of the result."""
        return self.size[1] == self.image[1] and self.place.stride[1] == 1

    def block(self, lines: int) -> int:
        """Numbers from one block's sums to the next block's."""
        return self.kernel[1] * lines * self.image[1] + self.gap


class Chunk(NamedTuple):
    """What is made at a time: blocks of a plane, or all blocks of some planes.

    Attributes:
        planes: of how many images, and how many of each.
        lines: rows of a block.
        readings: what the blocks read, rows counted from the first that the chunk is given.
        seen: those of its rows that no chunk before has looked at.
    """

    planes: Pair
    lines: int
    readings: tuple[Reading, ...]
    seen: Pair

    @property
    def blocks(self) -> int:
        """Blocks of a plane."""
        return self.readings[-1].last


class Part(NamedTuple):
    """Output rows in blocks of one height.

    Attributes:
        moved: of ``moves``.
        bare: the zeros around the most blocks that a chunk has: how many gaps, and the bytes from one to the next.
        chunks: all of them.
    """

    moved: Array
    bare: Pair
    chunks: tuple[Run, ...]


class Layout(NamedTuple):
    """How the output rows of a geometry are made: worked out once, kept for all calls.

    Attributes:
        parts: whole blocks, then what is left of the rows, a lower block by itself.
        space: numbers of the memory that all chunks share, for sums and for folded ones that are no result yet.
        gap: numbers of zeros before and between blocks.
        looks: how many sums of squares are made; each cell is in one of them, or in none.
    """

    parts: tuple[Part, ...]
    space: Pair
    gap: int
    looks: int


def correlate_folded(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> bool:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to.
        place: where the windows lie; ``fits`` is true of it.

    Returns:
        Whether all numbers of ``x`` and ``weight`` were seen to be finite, and their sums too; False where nobody
        looked, see ``by_result``. Each chunk's cells are looked at before they are multiplied: then they are near the
        processor for both, 5.5 against 6.0 ms for 5×5 on 2000×3000.
    """
    x, weight, size = np.ascontiguousarray(x), np.ascontiguousarray(weight), x.itemsize
    made = out if out.flags.c_contiguous else np.empty(out.shape, out.dtype)
    (channels, _, kernel_h, kernel_w), line = weight.shape, weight.reshape(-1)
    # (C, 1, KH, KW) -> (C * KW, KH)
    columns = weight.reshape(channels, kernel_h, kernel_w).transpose(0, 2, 1).reshape(channels * kernel_w, kernel_h)
    lay = layout(x.shape, weight.shape[2:], out.shape[2:], place, x.dtype, bias is not None)
    space, looks = ROOM.lend(sum(lay.space) * size), np.empty(lay.looks, x.dtype)
    folds, same = space[lay.space[0] * size :], SPACE if ROOM.keeps(space) else None
    for part in lay.parts:
        # (C * KW, KH) @ (KH, lines * R) -> (C, KW * lines, R): each number times 1, and zeros
        bands = np.matmul(columns, part.moved)
        count, apart = part.bare
        np.ndarray((count, lay.gap), x.dtype, space, 0, (apart, size))[...] = 0
        run_all(part.chunks, (x, made, space, folds, bands, bands if bias is None else bias, looks), same)
    ROOM.take_back(space)
    if made is not out:
        out[...] = made
    # No sum, of whichever part of a window, has a larger square than that of all weights times that of all cells.
    return lay.looks > 0 and float(line.dot(line)) * sum(looks.tolist()) < float(np.finfo(x.dtype).max)


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


def by_result(planes: int, image: Pair, kernel_h: int, size: Pair) -> bool:
    """Whether some rows of the results, and not the images, are looked at for what is not finite.

    Args:
        planes: ``N * C``.
        image: ``(H, W)``.
        kernel_h: KH.
        size: ``(OH, OW)``.
    """
    cells, given = math.prod(size), math.prod(image)
    if planes * given > IMAGES_MOST or kernel_h > RESULT_KERNEL:
        return False
    # With a stride there may be few cells to look at: 1.11 against 1.25 ms for 5×5 with one of 2 on 1080×1920.
    return RESULT_LEAST <= cells <= RESULT_MOST or 2 * cells < given


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, ...], kernel: Pair, size: Pair, place: Place, dtype: np.dtype[Any], biased: bool
) -> Layout:
    """How the windows of a geometry are done.

    Args:
        x_shape: ``(N, C, H, W)``.
        kernel: ``(KH, KW)``.
        size: ``(OH, OW)``.
        place: where the windows lie.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
    """
    shapes = Shapes((x_shape[2], x_shape[3]), kernel, size, place, dtype, biased)
    lines = block_rows(size[0], shapes.image[1], kernel[1])
    whole = size[0] // lines * lines
    looked = x_shape[2] if by_result(x_shape[0] * x_shape[1], shapes.image, kernel[0], size) else 0
    looks, sums, folds, parts = 0, 0, 0, []
    for first, last, high in ((0, whole, lines), (whole, size[0], size[0] - whole)):
        if first == last:
            continue
        begun = list(_chunks(shapes, (x_shape[0], x_shape[1]), (first, last), high, looked, looks))
        most = max(math.prod(chunk.planes) * chunk.readings[-1].last for chunk, _ in begun)
        moved, apart = moves(kernel[0], high, place.stride[0], dtype), shapes.block(high)
        chunks = runs(begun, partial(_plan, shapes))
        if looked == 0:
            looks, looked = len(begun), x_shape[2]
        parts.append(Part(moved, (most + 1, apart * dtype.itemsize), chunks))
        sums = max(sums, shapes.gap + most * apart)
        folds = max(folds, 0 if shapes.straight else most * high * shapes.image[1])
    return Layout(tuple(parts), (sums, folds), shapes.gap, looks)


def parts_of_plane(sums: int) -> int:
    """In how many chunks to make a plane with so many sums."""
    return -(-sums // SUMS_MOST)


def _chunks(
    shapes: Shapes, planes: Pair, rows: Pair, lines: int, looked: int, looks: int
) -> Iterator[tuple[Chunk, tuple[int, ...]]]:
    """The chunks that make ``rows`` of all planes in blocks of ``lines``, and the bytes before each in every memory.

    Of the rows of the image ``looked`` have been looked at, all planes together ``looks`` times.
    """
    (batch, channels), (height, width), (kernel_h, _) = planes, shapes.image, shapes.kernel
    step, reach, item = shapes.place.stride[0], shapes.reach(lines), shapes.dtype.itemsize
    blocks = (rows[1] - rows[0]) // lines
    sums = blocks * shapes.kernel[1] * lines * width
    some, together, images = -(-blocks // parts_of_plane(sums)), 1, 1  # as even as can be
    if some == blocks:
        together = max(1, min(channels, SUMS_TOGETHER // sums))
        images = max(1, min(batch, SUMS_TOGETHER // (sums * channels)))
    for n in range(0, batch, images):
        for c in range(0, channels, together):
            given, seen = (min(images, batch - n), min(together, channels - c)), looked
            plane = n * channels + c
            for i in range(0, blocks, some):
                count, first = min(some, blocks - i), rows[0] + i * lines
                above = first * step - shapes.place.before[0]
                # All cells are looked at with the first rows made: each with those that are multiplied as soon.
                until = max(seen, min(height, above + (count - 1) * lines * step + reach))
                until = height if i + count == blocks else until
                origin = 0 if some == blocks else max(0, min(above, seen))
                found = tuple(
                    reading._replace(start=reading.start - origin)
                    for reading in readings(count, above, lines, height, kernel_h, step)
                )
                cells = (plane * height + origin) * width
                made = (plane * shapes.size[0] + first) * shapes.size[1]
                band = c * shapes.kernel[1] * lines * reach
                starts = (cells, made, 0, 0, band, c, looks)
                yield Chunk(given, lines, found, (seen - origin, until - origin)), tuple(n * item for n in starts)
                looks += 1
                seen = until


def _plan(shapes: Shapes, chunk: Chunk) -> Plan:
    """What is done to a chunk."""
    (images, planes), lines, (low, high) = chunk.planes, chunk.lines, chunk.seen
    tall, rows, count = shapes.image[0], shapes.size[0], images * planes * chunk.blocks
    if images * planes == 1:  # which may be some rows of a plane: no more than are read and made
        tall = max(high, *(reading.end(lines * shapes.place.stride[0]) for reading in chunk.readings))
        rows = chunk.blocks * lines
    to_do = Steps(
        shapes.dtype,
        (images, planes, tall, shapes.image[1]),
        (images, planes, rows, shapes.size[1]),
        (shapes.gap + count * shapes.block(lines),),
        (count * lines * shapes.image[1],),
        (planes, 1, shapes.kernel[1] * lines, shapes.reach(lines)),
        (planes,),
        (1, 1),
    )
    given, out, *_, bias, look = to_do.parts
    if low < high:
        line = given[:, :, low:high].reshape(1, -1)
        to_do.add(np.matmul, line, line.T, look)  # a product of two lines adds up as fast as one of vectors
    _multiply(to_do, shapes, chunk)
    _add_up(to_do, shapes, chunk)
    if shapes.biased:
        to_do.add(add_to_planes, out[:, :, : chunk.blocks * lines], bias)
    return to_do.plan()


def _between(shapes: Shapes, chunk: Chunk) -> tuple[int, int, int]:
    """Bytes from the sums of an image, a plane and a block to the next one's."""
    block = shapes.block(chunk.lines) * shapes.dtype.itemsize
    return chunk.planes[1] * chunk.blocks * block, chunk.blocks * block, block


def _multiply(to_do: Steps, shapes: Shapes, chunk: Chunk) -> None:
    """Have the columns of each kernel slide down, which makes ``KW`` planes of sums of each plane."""
    given, _, space, _, bands, *_ = to_do.parts
    lines, (width, kernel_w), item = chunk.lines, (shapes.image[1], shapes.kernel[1]), shapes.dtype.itemsize
    image, plane, row, cell = given.strides
    for reading in chunk.readings:
        # (C, 1, KW * lines, rows read) @ (n, C, blocks, rows read, W) -> (n, C, blocks, KW * lines, W)
        blocks = (*chunk.planes, reading.last - reading.first)
        read = (*blocks, reading.high - reading.low, width)
        apart = (image, plane, lines * shapes.place.stride[0] * row, row, cell)
        right = np.lib.stride_tricks.as_strided(given[:, :, reading.start :], read, apart, writeable=False)
        begin = (shapes.gap + reading.first * shapes.block(lines)) * item
        strides = (*_between(shapes, chunk), width * item, item)
        sums = np.ndarray((*blocks, kernel_w * lines, width), shapes.dtype, space, begin, strides)
        # Of a single row a product is no sum, and as a matrix product takes 1 ns: 0.76 against 0.15 ms for 1×9 on 64
        # lines of 1000.
        work = np.multiply if reading.high - reading.low == 1 else np.matmul
        to_do.add(work, bands[..., reading.low : reading.high], right, sums)


def _add_up(to_do: Steps, shapes: Shapes, chunk: Chunk) -> None:
    """Have the planes of sums be added up, each a cell further on than the one before."""
    _, out, space, folds, *_ = to_do.parts
    lines, blocks, item = chunk.lines, (*chunk.planes, chunk.blocks), shapes.dtype.itemsize
    outer, cells = _between(shapes, chunk), lines * shapes.image[1]
    for ends in _bare(shapes, blocks, lines, outer, space):
        to_do.add(partial(_clear, np.zeros((), ends.dtype)), ends, ends)
    apart = (*outer, (cells + shapes.place.across) * item, item)
    begin = (shapes.gap - shapes.place.before[1]) * item
    moved = np.ndarray((*blocks, shapes.kernel[1], cells), shapes.dtype, space, begin, apart)
    fold = partial(np.matmul, np.ones((1, shapes.kernel[1]), shapes.dtype))
    target = out[:, :, : chunk.blocks * lines]
    if shapes.straight:
        to_do.add(fold, moved, target.reshape(*blocks, 1, cells))
        return
    to_do.add(fold, moved, folds.reshape(*blocks, 1, cells))
    # (n, C, blocks, 1, lines * W) -> (n, C, blocks * lines, OW)
    by_row = folds.reshape(*chunk.planes, chunk.blocks * lines, shapes.image[1])
    to_do.copy(*as_columns(target, by_row, shapes.place.stride[1]))


def _bare(
    shapes: Shapes, blocks: tuple[int, int, int], lines: int, outer: tuple[int, int, int], space: Array
) -> Iterator[Array]:
    """The ends of lines of sums that are to be zeros, each as one item, those of equal length together.

    There a line would take something of the row before or after, or a plane of the next or the one before.
    """
    width, item = shapes.image[1], shapes.dtype.itemsize
    kept = (shapes.size[1] - 1) * shapes.place.stride[1] + 1  # columns of the image up to the last window's place
    starts: dict[int, list[int]] = {}
    for k in range(shapes.kernel[1]):
        shift = k * shapes.place.across - shapes.place.before[1]
        if shift < 0 or kept + shift > width:
            starts.setdefault(abs(shift), []).append(k * lines * width + (width + shift if shift < 0 else 0))
    for length, (first, *others) in starts.items():
        apart = others[0] - first if others else 0
        ends = shapes.dtype if length == 1 else np.dtype(f"V{length * item}")
        strides = (*outer, apart * item, width * item)
        yield np.ndarray((*blocks, 1 + len(others), lines), ends, space, (shapes.gap + first) * item, strides)


def _clear(zero: Array, ends: Array, _: Array) -> None:
    np.copyto(ends, zero)


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
