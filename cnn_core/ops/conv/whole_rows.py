"""Banded convolution by whole rows of one image: what ``banded`` does, in as few calls as it takes.

Of a 64×64 image the numbers take 5 µs and the calls around them took 27. Where rows are not cut in parts and no images
stand abreast, where everything lies depends on shapes alone: it is worked out once and kept. What is left to do for a
strip of rows is to put zeros around it, to copy each of its rows ``KW`` times in one go, and to multiply: 12 against 33
µs for 3×3 on 128×128, 7 against 33 on 64×64. See ``cnn_core.ops._steps``.

A large image is not copied to where zeros are around it: its rows are copied as they lie, neighbours' cells at either
end and all, and these cells are made zero before they are multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_windows
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import LINE_NUMBERS
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops._steps import Plan, Run, Steps, run_all, runs
from cnn_core.ops.conv.banded import band, block_rows, lines_together
from cnn_core.ops.conv.laid_out import clear_in_pairs
from cnn_core.ops.conv.rows import Place, columns_together, rows_together
from cnn_core.shapes import Pair, Window

# Kernels of one or two columns gain less by one copy than the zeros around large images cost: 0.57 against 0.41 ms for
# 3×1 on 4 images of 384×384 in colour. Numbers laid out above which they are left to ``banded``.
NARROW_KERNEL, NARROW_MOST = 2, 60_000

# Where one plane is made of one, by more laid-out numbers than the first of these, some rows are done at a time: those
# of about as many numbers as the second, which stay near the processor, but at least the third, which is in rows,
# unless these make more numbers than the fourth. 480×640 under 3×3 takes 0.91 of the time that it takes with 400,000,
# where others have used the memory in between; 192×192 takes 1.12 times as long in two parts as in one.
PLANE_AT_ONCE, PLANE_MOST, PLANE_ROWS, PLANE_LARGEST = 200_000, 130_000, 32, 300_000

# The part of a strip's memory where rows are laid out.
LAID = 3

# Numbers laid out from which on memory is worth lending: it stays near the processor, and its pages are large, 0.90 of
# the time for 3×3 on 480×640, but to lend it takes 0.3 µs.
LENT_LEAST = 20_000

# Numbers of an image from which on its rows are laid out as they lie, and the padding beside them is made zero
# afterwards: 0.87 of the time for 3×3 on 480×640. For smaller ones a padded copy takes fewer calls: 16 against 21 µs
# for 128×128.
STRAIGHT_LEAST = 100_000

# Numbers of the matrix that moves a kernel down, enough for 7×7; larger ones are moved row by row.
MOVES_MOST = 16_000


class Shapes(NamedTuple):
    """A geometry, of which each image is done as the others are.

    Attributes:
        image: ``(C, H, W)``.
        weight: ``(C_out, C/G, KH, KW)``.
        size: ``(OH, OW)``.
        groups: G.
        sliding: the window.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
        batch: N.
    """

    image: tuple[int, int, int]
    weight: tuple[int, int, int, int]
    size: Pair
    groups: int
    sliding: Window
    dtype: np.dtype[Any]
    biased: bool
    batch: int

    @property
    def block(self) -> int:
        """Output rows of a product."""
        return min(block_rows(self.weight[0] // self.groups), self.size[0])

    def tall(self, rows: int) -> int:
        """Input rows that so many output rows read."""
        return (rows - 1) * self.sliding.stride[0] + self.weight[2]

    @property
    def wide(self) -> int:
        """Columns that windows reach, zeros among them: with a stride not always all there are."""
        return (self.size[1] - 1) * self.sliding.stride[1] + self.sliding.extent[1]

    @property
    def bare(self) -> bool:
        """Whether no window reaches beyond the image."""
        (top, _), (left, _) = self.sliding.padding
        return top == left == 0 and self.tall(self.size[0]) <= self.image[1] and self.wide <= self.image[2]

    @property
    def straight(self) -> bool:
        """Whether rows are laid out as they lie though windows overhang them, by no more than the row before or after.

        What a line takes of these is made zero.
        """
        (left, _), width = self.sliding.padding[1], self.image[2]
        near = left <= width and self.wide <= left + 2 * width
        return near and not self.bare and math.prod(self.image) >= STRAIGHT_LEAST

    @property
    def pitch(self) -> int:
        """Numbers from one line that is laid out to the next.

        Where rows are laid out as they lie, an odd number of lines of memory: what a product reads of several lines at
        a time falls into different places of the first-level cache. 3.6 against 3.9 ms for 5×5 on 2048×2048, 0.37
        against 0.44 for 3→16 channels on 256×256.
        """
        columns = self.size[1]
        return (-(-columns // LINE_NUMBERS) // 2 * 2 + 1) * LINE_NUMBERS if self.straight else columns

    def left(self, rows: int) -> tuple[int, int, int]:
        """Of a product that makes so many output rows of a group: parts, lines of each and numbers of a line."""
        outputs, each, _, kernel_w = self.weight[0] // self.groups, *self.weight[1:]
        depth = self.tall(rows) * each * kernel_w
        lines = lines_together(outputs, depth, self.size[1], self.batch) if self.block == 1 else rows
        return outputs // lines if self.block == 1 else 1, lines, depth


class Strip(NamedTuple):
    """So many output rows.

    Attributes:
        rows: how many.
        above: rows of zeros above those of the image.
        seen: rows of the image.
        clear: whether what was there before is to be made zeros first, above and below them.
        ends: whether the image's first row is among them, and its last; both are said where rows are not laid out as
            they lie.
    """

    rows: int
    above: int
    seen: int
    clear: bool
    ends: tuple[bool, bool]


class Layout(NamedTuple):
    """How the output rows of a geometry are made.

    Attributes:
        rows: how many there are in all, and to a strip.
        strips: all of them.
        around: the shape of the rows of a strip with zeros around them; None where there are none anywhere.
        laid: how many numbers are laid out.
        left: the shape of the matrix.
        block: output rows to a product.
        step: input rows from one output row to the next.
        moves: see ``moves``; None where there is nothing to move, or too much.
    """

    rows: Pair
    strips: tuple[Run, ...]
    around: tuple[int, int, int] | None
    laid: int
    left: tuple[int, int, int]
    block: int
    step: int
    moves: Array | None


def strip_rows(batch: int, channels: int, outputs: int, groups: int, sliding: Window, size: Pair) -> int:
    """How many output rows are a strip; 0 where rows are to be cut in parts or images to stand abreast."""
    (kernel_h, kernel_w), step, (rows, columns) = sliding.kernel_size, sliding.stride[0], size
    if (sliding.dilation[0] > 1 and kernel_h > 1) or not outputs:
        return 0
    if kernel_w <= NARROW_KERNEL and channels * kernel_w * rows * columns > NARROW_MOST:
        return 0
    each, outputs = channels // groups, outputs // groups
    block = min(block_rows(outputs), rows)
    if 1 not in (block, outputs):  # a product's lines would not lie evenly apart in the output
        return 0
    depth = ((block - 1) * step + kernel_h) * each * kernel_w
    lines = lines_together(outputs, depth, columns, batch) if block == 1 else block
    if columns_together(batch, columns, lines * depth) != (1, columns):
        return 0
    line = channels * kernel_w * columns
    together = rows_together(rows, line, kernel_h, step, block)
    if channels == outputs == 1 and rows * line > PLANE_AT_ONCE:
        least = min(PLANE_ROWS, max(PLANE_LARGEST // line - kernel_h, 2 * block))
        together = min(together, max(PLANE_MOST // line, least) // block * block)
    return min(rows, together)


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    sliding: Window,
    groups: int,
    dtype: np.dtype[Any],
    biased: bool,
) -> Layout | None:
    """How contiguous images with zeros around them are convolved; None where that is for ``banded`` to do."""
    (batch, channels, height, width), (outputs, each, kernel_h, kernel_w) = x_shape, weight_shape
    rows, columns = sliding.output_size(height, width)
    strip = strip_rows(batch, channels, outputs, groups, sliding, (rows, columns))
    if not strip:
        return None
    shapes = Shapes(
        (channels, height, width),
        (outputs, each, kernel_h, kernel_w),
        (rows, columns),
        groups,
        sliding,
        dtype,
        biased,
        batch,
    )
    block, (parts, lines, depth) = shapes.block, shapes.left(shapes.block)
    moved = None
    if block > 1 and math.prod(weight_shape[1:]) * block * depth <= MOVES_MOST:
        moved = moves(each, kernel_h, kernel_w, block, sliding.stride[0], dtype)
    return Layout(
        (rows, strip),
        runs(_strips(shapes, batch, strip), partial(_plan, shapes)),
        None if shapes.bare or shapes.straight else (channels, shapes.tall(strip), shapes.wide),
        shapes.tall(strip) * channels * kernel_w * shapes.pitch,
        (groups, parts * lines, depth),
        block,
        sliding.stride[0],
        moved,
    )


def _strips(shapes: Shapes, batch: int, most: int) -> Iterator[tuple[Strip, tuple[int, ...]]]:
    """The strips of all images, and the bytes before each in every memory."""
    (channels, height, width), (rows, columns), item = shapes.image, shapes.size, shapes.dtype.itemsize
    for n in range(batch):
        for first in range(0, rows, most):
            count, begin = min(most, rows - first), first * shapes.sliding.stride[0] - shapes.sliding.padding[0][0]
            above = min(shapes.tall(count), max(0, -begin))
            low = min(max(0, begin), height)
            seen = min(shapes.tall(count) - above, height - low)
            ends = (low == 0, low + seen == height) if shapes.straight else (True, True)
            # What the first window reads may lie in the row before.
            cells = n * channels * height + low - (not ends[0])
            made = n * shapes.weight[0] * rows + first
            starts = (cells * width * item, made * columns * item, 0, 0, 0, 0)
            yield Strip(count, above, seen, rows > most, ends), starts


def _plan(shapes: Shapes, strip: Strip) -> Plan:
    """What is done to a strip."""
    (channels, height, width), (outputs, each, _, kernel_w), (rows, columns) = shapes.image, shapes.weight, shapes.size
    groups, dtype, tall = shapes.groups, shapes.dtype, shapes.tall(strip.rows)
    parts, lines, depth = shapes.left(shapes.block)
    to_do = Steps(
        dtype,
        (channels, height, width),
        (outputs, rows, columns),
        (channels, tall, shapes.wide),
        (groups, tall, each, kernel_w, shapes.pitch),
        (groups, parts * lines, depth),
        (outputs,),
    )
    if shapes.straight:
        _lay_out_straight(to_do, shapes, strip)
    else:
        _lay_out(to_do, shapes, strip)
    full, rest = divmod(strip.rows, shapes.block)
    for first, blocks, high in ((0, full, shapes.block), (full * shapes.block, int(rest > 0), rest)):
        if blocks:
            _multiply(to_do, shapes, first, blocks, high)
    if shapes.biased:
        out, bias = to_do.parts[1], to_do.parts[-1]
        to_do.add(add_to_planes, out[:, : strip.rows], bias)
    return to_do.plan()


def _lay_out(to_do: Steps, shapes: Shapes, strip: Strip) -> None:
    """Have what a strip reads be laid out from a copy with zeros around it, where any are."""
    image, _, around, laid, *_ = to_do.parts
    # Behind the last row that the last strip reads of the last channel there is nothing, and all strips are done alike.
    read, apart = image.reshape(-1)[: image[:-1].size + strip.seen * shapes.image[2]], image.strides
    if not shapes.bare:
        read, apart = around, around.strides
        left, below = shapes.sliding.padding[1][0], strip.above + strip.seen
        if strip.seen:
            seen = image[:, : strip.seen, : max(0, shapes.wide - left)]
            to_do.copy(around[:, strip.above : below, left : left + seen.shape[2]], seen)
        for zeros in (around[:, : strip.above], around[:, below:]):
            if strip.clear and zeros.size:
                to_do.fill(zeros, 0)
    for target, windows in as_windows(laid, read, _between(shapes, apart)):
        to_do.copy(target, windows)


def _lay_out_straight(to_do: Steps, shapes: Shapes, strip: Strip) -> None:
    """Have what a strip reads be laid out from the image, then zeros put where lines reach beyond its rows."""
    image, columns = to_do.parts[0], shapes.size[1]
    laid = to_do.parts[LAID][..., :columns]
    groups, each, width, left = laid.shape[0], laid.shape[2], shapes.image[2], shapes.sliding.padding[1][0]
    below = strip.above + strip.seen
    for zeros in (laid[:, : strip.above], laid[:, below:]):
        if zeros.size:
            to_do.fill(zeros, 0)
    if not strip.seen:
        return
    top, bottom = strip.ends
    seen = laid[:, strip.above : below]
    inner = seen[:, int(top) : strip.seen - bottom]
    if inner.size:
        # The part of the image that a strip is given begins with the row before the inner ones: see ``_strips``.
        begin = image.reshape(-1)[width - left :]
        for target, windows in as_windows(inner, begin, _between(shapes, image.strides)):
            to_do.copy(target, windows)
    edges = sorted({row for row, edge in ((0, top), (strip.seen - 1, bottom)) if edge})
    place = Place((0, left), (1, shapes.sliding.stride[1]), shapes.sliding.dilation[1])
    bare: list[Array] = []
    for b in range(laid.shape[3]):
        line, found = seen[:, :, :, b], place.inside(b, 0, columns, width)
        inside, cells = found or (slice(columns, columns), slice(0, 0))
        # Before the image's first row and after its last there may be nothing to read.
        for row in edges if inside.start < inside.stop else ():
            given = image[:, row + (not top), cells]
            to_do.copy(line[:, row, :, inside], given.reshape(groups, each, -1))
        for ends in (line[..., : inside.start], line[..., inside.stop :]):
            if ends.size:
                bare.append(ends if ends.shape[-1] == 1 else ends.view(f"V{ends.shape[-1] * ends.itemsize}"))
    clear_in_pairs(to_do, bare)


def _between(shapes: Shapes, apart: tuple[int, ...]) -> tuple[int, ...]:
    """Bytes between windows that are brought together as ``(G, R, C/G, KW, OW)``; those of a row overlap.

    Args:
        shapes: the geometry.
        apart: bytes from one channel, row and cell to the next.
    """
    plane, row, cell = apart
    across, step = shapes.sliding.dilation[1] * cell, shapes.sliding.stride[1] * cell
    return (shapes.weight[1] * plane, row, plane, across, step)


def _multiply(to_do: Steps, shapes: Shapes, first: int, blocks: int, high: int) -> None:
    """Have blocks of ``high`` output rows be made, from row ``first`` of a strip on."""
    (_, out, _, laid, matrix, _), dtype, item = to_do.parts, shapes.dtype, shapes.dtype.itemsize
    outputs, (rows, columns), step = shapes.weight[0] // shapes.groups, shapes.size, shapes.sliding.stride[0]
    (parts, lines, depth), row = shapes.left(high), laid.strides[1]
    left = matrix[:, : parts * lines, :depth].reshape(shapes.groups, parts, lines, depth)
    right = np.ndarray(
        (blocks, shapes.groups, 1, depth, columns),
        dtype,
        laid,
        first * step * row,
        (high * step * row, laid.strides[0], 0, laid.strides[3], item),
    )
    # The lines of one output channel are neighbouring rows, those of several the same row of each.
    apart = columns if outputs == 1 else rows * columns
    made = np.lib.stride_tricks.as_strided(
        out[:, first:],
        (blocks, shapes.groups, parts, lines, columns),
        tuple(n * item for n in (high * columns, outputs * rows * columns, lines * apart, apart, 1)),
    )
    to_do.add(np.matmul, left, right, made)


@lru_cache(maxsize=64)
def moves(each: int, kernel_h: int, kernel_w: int, block: int, step: int, dtype: np.dtype[Any]) -> Array:
    """Which number of a band each weight is, ones and zeros: ``(C/G * KH * KW, block * R * C/G * KW)``."""
    weights = np.eye(each * kernel_h * kernel_w, dtype=dtype).reshape(-1, 1, each, kernel_h, kernel_w)
    moved = band(weights, block, step).reshape(len(weights), -1)
    moved.flags.writeable = False
    return moved


def correlate_whole_rows(x: Array, weight: Array, bias: Array | None, out: Array, groups: int, lay: Layout) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, contiguous, not padded.
        weight: ``(C_out, C/G, KH, KW)``, contiguous.
        bias: ``(C_out,)`` or None, as the layout says.
        out: ``(N, C_out, OH, OW)``, contiguous, written to.
        groups: G.
        lay: of ``layout``.
    """
    # Each piece of memory once for all strips: the system would take it back and clear it from one to the next.
    around = x if lay.around is None else np.zeros(lay.around, x.dtype)
    laid = np.empty(lay.laid, x.dtype) if lay.laid < LENT_LEAST else ROOM.lend(lay.laid * x.itemsize)
    matrix = _matrix(weight, groups, lay)
    same = LAID if ROOM.keeps(laid) else None
    run_all(lay.strips, (x, out, around, laid, matrix, matrix if bias is None else bias), same)
    ROOM.take_back(laid)


def _matrix(weight: Array, groups: int, lay: Layout) -> Array:
    """The band: ``(C_out, C/G, KH, KW) -> (G, block * C_out/G, R * C/G * KW)``."""
    if lay.moves is not None:
        # Each number times 1, and zeros; np.matmul takes 0.5 µs longer.
        moved: Array = weight.reshape(groups, -1).dot(lay.moves)
        return moved
    if lay.block == 1:
        return np.ascontiguousarray(weight.transpose(0, 2, 1, 3))
    return band(weight.reshape(groups, -1, *weight.shape[1:]), lay.block, lay.step)
