"""Banded convolution of one image that is laid out at once: what ``banded`` does, in as few calls as it takes.

Of an image of 64×64 the numbers take 5 µs and the calls around them took 27. Where there are no strips, no columns apart
and no images abreast, where everything lies depends on shapes alone, so that it is worked out once and kept; what is
left to do is to put zeros around the image, to copy its rows ``KW`` times, to move the kernel down and to multiply.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import LINE_MOST
from cnn_core.ops.conv.banded import band, block_rows, lines_together
from cnn_core.ops.conv.rows import columns_together, rows_together
from cnn_core.shapes import Window

# Numbers of the matrix that moves a kernel down; above it a kernel is moved row by row.
MOVES_MOST = 20_000


class View(NamedTuple):
    """Where an array lies in the memory of another.

    Attributes:
        shape: of the array.
        offset: bytes before its first number.
        strides: bytes.
    """

    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...]

    def of(self, memory: Array, dtype: np.dtype[Any]) -> Array:
        """This view of a contiguous array."""
        return np.ndarray(self.shape, dtype, memory, self.offset, self.strides)


class Product(NamedTuple):
    """Blocks of output rows of one height.

    Attributes:
        lines: how many lines of a group's band they take, and how many numbers of each.
        left: the shape of these, ``(G, parts, lines, depth)``.
        right: the slabs in what is laid out, ``(blocks, G, 1, depth, OW)``.
        out: where the product belongs, ``(blocks, G, parts, lines, OW)``.
    """

    lines: tuple[int, int]
    left: tuple[int, ...]
    right: View
    out: View


class Layout(NamedTuple):
    """Where everything lies.

    Attributes:
        around: ``(C, PH, PW)``, the image with its zeros; None where there are none to add.
        inside: rows and columns of the image that windows reach, and where they are in ``around``.
        item: what is copied at once, a number or a line of them.
        laid: what is laid out, as a view of the image with its zeros: ``(G, R, C/G, KW, OW)``, of lines without ``OW``.
        block: output rows to a product.
        step: input rows from one output row to the next.
        moves: see ``_moves``; None where there is nothing to move, or too much.
        products: the blocks, and a last, lower one.
    """

    around: tuple[int, ...] | None
    inside: tuple[tuple[slice, ...], tuple[slice, ...]]
    item: np.dtype[Any]
    laid: View
    block: int
    step: int
    moves: Array | None
    products: tuple[Product, ...]


@lru_cache(maxsize=256)
def at_once(
    x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int, dtype: np.dtype[Any]
) -> Layout | None:
    """How a contiguous image is laid out at once, zeros around it; None where that is for others to do."""
    (batch, channels, height, width), (outputs, each, kernel_h, kernel_w) = x_shape, weight_shape
    (step_h, step_w), (top, left) = sliding.stride, (sliding.padding[0][0], sliding.padding[1][0])
    rows, columns = sliding.output_size(height, width)
    if not suits(batch, channels, outputs, groups, sliding, (rows, columns)):
        return None
    outputs //= groups
    block = min(block_rows(outputs), rows)
    size = dtype.itemsize
    # As far as windows reach, which with a stride is not always to the end.
    tall, wide = (rows - 1) * step_h + kernel_h, (columns - 1) * step_w + sliding.extent[1]
    bare = top == left == 0 and tall <= height and wide <= width
    seen = max(0, min(height, tall - top)), max(0, min(width, wide - left))
    inside = (
        (slice(None), slice(seen[0]), slice(seen[1])),
        (slice(None), slice(top, top + seen[0]), slice(left, left + seen[1])),
    )
    line = width if bare else wide
    plane = (height if bare else tall) * line
    # (C, PH, PW) -> (G, R, C/G, KW, OW), a view in which the lines of a row overlap
    shape = (groups, tall, each, kernel_w, columns)
    strides = tuple(n * size for n in (each * plane, line, plane, sliding.dilation[1], step_w))
    item = dtype
    if step_w == 1 and columns * size <= LINE_MOST:
        item, shape, strides = np.dtype(f"V{columns * size}"), shape[:-1], strides[:-1]
    laid = View(shape, 0, strides)
    row = each * kernel_w * columns
    products = []
    full, rest = divmod(rows, block)
    for first, blocks, lines in ((0, full, block), (full * block, int(rest > 0), rest)):
        if blocks:
            depth = ((lines - 1) * step_h + kernel_h) * each * kernel_w
            together = lines_together(outputs, depth, columns) if block == 1 else lines * outputs
            parts = outputs // together if block == 1 else 1
            right = View(
                (blocks, groups, 1, depth, columns),
                first * step_h * row * size,
                tuple(n * size for n in (lines * step_h * row, tall * row, 0, columns, 1)),
            )
            # Of one output channel the lines are neighbouring rows, of one row they are channels.
            apart = columns if outputs == 1 else rows * columns
            target = View(
                (blocks, groups, parts, together, columns),
                first * columns * size,
                tuple(n * size for n in (lines * columns, outputs * rows * columns, together * apart, apart, 1)),
            )
            products.append(Product((parts * together, depth), (groups, parts, together, depth), right, target))
    moves = None
    if block > 1 and math.prod(weight_shape[1:]) * products[0].left[2] * products[0].left[3] <= MOVES_MOST:
        moves = _moves(each, kernel_h, kernel_w, block, step_h, dtype)
    around = None if bare else (channels, tall, wide)
    return Layout(around, inside, item, laid, block, step_h, moves, tuple(products))


def suits(batch: int, channels: int, outputs: int, groups: int, sliding: Window, size: tuple[int, int]) -> bool:
    """Whether there is one image, one strip of it, and a product may write where it belongs."""
    (kernel_h, kernel_w), (step_h, _), (rows, columns) = sliding.kernel_size, sliding.stride, size
    if batch != 1 or (sliding.dilation[0] > 1 and kernel_h > 1) or not outputs:
        return False
    each, outputs = channels // groups, outputs // groups
    block = min(block_rows(outputs), rows)
    if 1 not in (block, outputs):
        return False
    depth = ((block - 1) * step_h + kernel_h) * each * kernel_w
    lines = lines_together(outputs, depth, columns) if block == 1 else block
    wide = columns_together(1, columns, lines * depth)[1]
    return wide == columns and rows_together(rows, channels * kernel_w * columns, kernel_h, step_h, block) >= rows


def _moves(each: int, kernel_h: int, kernel_w: int, block: int, step: int, dtype: np.dtype[Any]) -> Array:
    """Which number of a band each weight is, ones and zeros: ``(C/G * KH * KW, block * R * C/G * KW)``."""
    weights = np.eye(each * kernel_h * kernel_w, dtype=dtype).reshape(-1, 1, each, kernel_h, kernel_w)
    moved = band(weights, block, step).reshape(len(weights), -1)
    moved.flags.writeable = False
    return moved


def correlate_at_once(x: Array, weight: Array, bias: Array | None, out: Array, groups: int, layout: Layout) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(1, C, H, W)``, contiguous, not padded.
        weight: ``(C_out, C/G, KH, KW)``, contiguous.
        bias: ``(C_out,)`` or None.
        out: ``(1, C_out, OH, OW)``, contiguous, written to.
        groups: G.
        layout: of ``at_once``.
    """
    cells = x
    if layout.around is not None:
        cells = np.zeros(layout.around, x.dtype)
        cells[layout.inside[1]] = x[0][layout.inside[0]]
    laid = layout.laid.of(cells, layout.item).copy()
    matrix = _matrix(weight, groups, layout)
    for product in layout.products:
        left = matrix[:, : product.lines[0], : product.lines[1]].reshape(product.left)
        np.matmul(left, product.right.of(laid, x.dtype), out=product.out.of(out, x.dtype))
    if bias is not None:
        np.add(out, bias[:, None, None], out=out)


def _matrix(weight: Array, groups: int, layout: Layout) -> Array:
    """The band: ``(C_out, C/G, KH, KW) -> (G, block * C_out/G, R * C/G * KW)``."""
    shape = (groups, *layout.products[0].lines)
    if layout.moves is not None:  # each number times 1, and zeros
        return np.matmul(weight.reshape(groups, -1), layout.moves).reshape(shape)
    if layout.block == 1:
        return weight.transpose(0, 2, 1, 3).reshape(shape)
    return band(weight.reshape(groups, -1, *weight.shape[1:]), layout.block, layout.step)
