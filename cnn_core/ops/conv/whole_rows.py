"""Banded convolution by whole rows of one image: what ``banded`` does, in as few calls as it takes.

Of a 64×64 image the numbers take 5 µs and the calls around them took 27. Where rows are not cut in parts and no images
stand abreast, where everything lies depends on shapes alone: it is worked out once and kept. What is left to do for a
strip of rows is to put zeros around it, to copy each of its rows ``KW`` times in one go, and to multiply: 15 against 33
µs for 3×3 on 128×128, 10 against 33 on 64×64.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import LINE_MOST
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv.banded import band, block_rows, lines_together
from cnn_core.ops.conv.rows import columns_together, rows_together
from cnn_core.shapes import Pair, Window

# Kernels of one or two columns gain less by one copy than the zeros around large images cost: 0.57 against 0.41 ms for
# 3×1 on 4 images of 384×384 in colour. Numbers laid out above which they are left to ``banded``.
NARROW_KERNEL, NARROW_MOST = 2, 60_000

# Numbers of the matrix that moves a kernel down, enough for 7×7; larger ones are moved row by row.
MOVES_MOST = 16_000


class View(NamedTuple):
    """Where an array lies in the memory of another, which is contiguous.

    Attributes:
        shape: of the array.
        offset: bytes before its first number.
        strides: bytes.
    """

    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]

    def of(self, memory: Array, dtype: np.dtype[Any], further: int = 0) -> Array:
        """The array, ``further`` bytes on."""
        return np.ndarray(self.shape, dtype, memory, self.offset + further, self.strides)


class Product(NamedTuple):
    """Blocks of output rows of one height.

    Attributes:
        lines: how many lines of a group's band they take, and how many numbers of each.
        left: the shape of these, ``(G, parts, lines, depth)``.
        right: the slabs in what is laid out, ``(blocks, G, 1, depth, OW)``.
        out: where the product belongs in an image that begins with the strip, ``(blocks, G, parts, lines, OW)``.
    """

    lines: Pair
    left: tuple[int, ...]
    right: View
    out: View


class Strip(NamedTuple):
    """So many output rows.

    Attributes:
        tall: rows that they read, R.
        laid: what is laid out, as a view of the rows with their zeros: ``(G, R, C/G, KW, OW)``; of lines
            without ``OW``.
        products: the blocks, and a last, lower one.
    """

    tall: int
    laid: View
    products: tuple[Product, ...]


class Layout(NamedTuple):
    """How the output rows of a geometry are made.

    Attributes:
        rows: how many there are in all, and to a strip.
        whole: a strip.
        last: the last one, which may be lower.
        step: input rows from one output row to the next.
        before: rows and columns of zeros above and to the left; None where there are none anywhere.
        wide: columns that windows reach, these zeros among them.
        item: what is copied at once, a number or a line of them.
        block: output rows to a product.
        moves: see ``moves``; None where there is nothing to move, or too much.
    """

    rows: Pair
    whole: Strip
    last: Strip
    step: int
    before: Pair | None
    wide: int
    item: np.dtype[Any]
    block: int
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
    lines = lines_together(outputs, depth, columns) if block == 1 else block
    if columns_together(batch, columns, lines * depth) != (1, columns):
        return 0
    return min(rows, rows_together(rows, channels * kernel_w * columns, kernel_h, step, block))


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int, dtype: np.dtype[Any]
) -> Layout | None:
    """How contiguous images with zeros around them are convolved; None where that is for ``banded`` to do."""
    (batch, channels, height, width), (outputs, each, kernel_h, kernel_w) = x_shape, weight_shape
    (step_h, step_w), (top, left) = sliding.stride, (sliding.padding[0][0], sliding.padding[1][0])
    rows, columns = sliding.output_size(height, width)
    strip = strip_rows(batch, channels, outputs, groups, sliding, (rows, columns))
    if not strip:
        return None
    # As far as windows reach, which with a stride is not always to the end.
    tall, wide = (rows - 1) * step_h + kernel_h, (columns - 1) * step_w + sliding.extent[1]
    bare = top == left == 0 and tall <= height and wide <= width
    block = min(block_rows(outputs // groups), rows)
    item = dtype
    if step_w == 1 and columns * dtype.itemsize <= LINE_MOST:
        item = np.dtype(f"V{columns * dtype.itemsize}")
    moved, depth = None, ((block - 1) * step_h + kernel_h) * each * kernel_w
    if block > 1 and math.prod(weight_shape[1:]) * block * depth <= MOVES_MOST:
        moved = moves(each, kernel_h, kernel_w, block, step_h, dtype)

    def made(count: int) -> Strip:
        reach = (count - 1) * step_h + kernel_h
        line, plane = (width, height * width) if bare else (wide, reach * wide)
        # (C, R, PW) -> (G, R, C/G, KW, OW), a view in which the lines of a row overlap
        shape = (groups, reach, each, kernel_w, columns)
        strides = _bytes((each * plane, line, plane, sliding.dilation[1], step_w), dtype)
        some = len(shape) if item == dtype else len(shape) - 1
        products = _products(count, rows, columns, reach, weight_shape, groups, step_h, dtype)
        return Strip(reach, View(shape[:some], 0, strides[:some]), products)

    whole, before = made(strip), None if bare else (top, left)
    last = whole if rows % strip == 0 else made(rows % strip)
    return Layout((rows, strip), whole, last, step_h, before, width if bare else wide, item, block, moved)


def _products(
    count: int,
    rows: int,
    columns: int,
    tall: int,
    weight_shape: tuple[int, ...],
    groups: int,
    step: int,
    dtype: np.dtype[Any],
) -> tuple[Product, ...]:
    """The products that make ``count`` of ``rows`` output rows."""
    outputs, each, kernel_h, kernel_w = weight_shape
    outputs //= groups
    row, block, made = each * kernel_w * columns, min(block_rows(outputs), rows), []
    full, rest = divmod(count, block)
    for first, blocks, high in ((0, full, block), (full * block, int(rest > 0), rest)):
        if not blocks:
            continue
        depth = ((high - 1) * step + kernel_h) * each * kernel_w
        lines = lines_together(outputs, depth, columns) if block == 1 else high
        parts = outputs // lines if block == 1 else 1
        right = View(
            (blocks, groups, 1, depth, columns),
            first * step * row * dtype.itemsize,
            _bytes((high * step * row, tall * row, 0, columns, 1), dtype),
        )
        # The lines of one output channel are neighbouring rows, those of several the same row of each.
        apart = columns if outputs == 1 else rows * columns
        out = View(
            (blocks, groups, parts, lines, columns),
            first * columns * dtype.itemsize,
            _bytes((high * columns, outputs * rows * columns, lines * apart, apart, 1), dtype),
        )
        made.append(Product((parts * lines, depth), (groups, parts, lines, depth), right, out))
    return tuple(made)


def _bytes(numbers: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    return tuple(number * dtype.itemsize for number in numbers)


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
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, contiguous, written to.
        groups: G.
        lay: of ``layout``.
    """
    matrix, (rows, some) = _matrix(weight, groups, lay), lay.rows
    # Each piece of memory once for all strips: the system would take it back and clear it from one to the next.
    cells = None if lay.before is None else np.zeros((x.shape[1], lay.whole.tall, lay.wide), x.dtype)
    laid = np.empty(lay.whole.laid.shape, lay.item)
    for n, made in enumerate(out):
        for first in range(0, rows, some):
            strip, space, around = lay.whole, laid, cells
            if first + some > rows:  # the same memory for a lower one
                strip, space = lay.last, np.ndarray(lay.last.laid.shape, lay.item, laid)
                around = None if cells is None else np.ndarray((x.shape[1], strip.tall, lay.wide), x.dtype, cells)
            if around is None:
                source = strip.laid.of(x[n], lay.item, first * lay.step * lay.wide * x.itemsize)
            else:
                _put_inside(around, x[n], first * lay.step, lay.before or (0, 0), clear=n + first > 0)
                source = strip.laid.of(around, lay.item)
            np.copyto(space, source)
            for product in strip.products:
                left = matrix[:, : product.lines[0], : product.lines[1]].reshape(product.left)
                target = product.out.of(made, x.dtype, first * made.strides[1])
                np.matmul(left, product.right.of(laid, x.dtype), out=target)
            if bias is not None:
                add_to_planes(made[:, first : first + some], bias)


def _put_inside(around: Array, image: Array, first: int, before: Pair, clear: bool) -> None:
    """Put the rows of an image into its zeros, from row ``first`` of both together on.

    Args:
        around: ``(C, R, PW)``, zeros but for what was put there before.
        image: ``(C, H, W)``.
        first: so many rows of zeros and image lie above.
        before: rows of zeros above the image, and columns to the left of it.
        clear: whether anything was put there before: into the same columns.
    """
    (_, tall, wide), (top, left) = around.shape, before
    above = min(tall, max(0, top - first))
    seen = image[:, max(0, first - top) : max(0, first - top + tall), : max(0, wide - left)]
    below = above + seen.shape[1]
    around[:, above:below, left : left + seen.shape[2]] = seen
    if clear:
        around[:, :above] = 0
        around[:, below:] = 0


def _matrix(weight: Array, groups: int, lay: Layout) -> Array:
    """The band: ``(C_out, C/G, KH, KW) -> (G, block * C_out/G, R * C/G * KW)``."""
    shape = (groups, *lay.whole.products[0].lines)
    if lay.moves is not None:
        # Each number times 1, and zeros; np.matmul takes 0.5 µs longer.
        moved: Array = weight.reshape(groups, -1).dot(lay.moves)
        return moved.reshape(shape)
    if lay.block == 1:
        return weight.transpose(0, 2, 1, 3).reshape(shape)
    return band(weight.reshape(groups, -1, *weight.shape[1:]), lay.block, lay.step)
