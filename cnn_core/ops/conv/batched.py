"""Gathered convolution (im2col) of small images, several images of a batch to a call, or a single one.

With few input channels an image's windows are gathered and multiplied in less time than the calls around it take, 7 µs
an image. A line of ones under the windows meets the bias as one more weight, which spares a pass over the result: 0.20
against 0.32 ms for 1→32 channels, 3×3 on 64 images of 28×28, where image by image it takes 0.96.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_lines, as_windows
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import evenly, whole_lines
from cnn_core.ops._steps import Plan, Steps
from cnn_core.ops.conv.batches import Layout, in_blocks
from cnn_core.ops.conv.rows import PRODUCT_MOST
from cnn_core.shapes import Pair, Window

# Numbers gathered at a time: with what is read and made they stay in the second-level cache. An image with more is left
# to ``gathered``.
NUMBERS_MOST = 200_000

# Cells of a single image's result, at least, and numbers gathered for which few calls gain more than they take to be
# set up: 102 against 130 µs for 3→64 channels, 3×3 on 56×56, but 22 against 19 for 6→16, 5×5 on 14×14.
CELLS_ALONE, NUMBERS_ALONE = 600, range(10_000, 120_000)

# Output channels to a product, at least; with fewer, a large product is the faster one.
LINES_LEAST = 4


def images_together(batch: int, channels: int, sliding: Window, size: Pair) -> int:
    """How many images to do at a time; 0 where they are for ``gathered`` to do."""
    each = channels * math.prod(sliding.kernel_size) * size[0] * size[1]
    if sliding.kernel_size == (1, 1):
        return 0
    if batch == 1:
        return int(math.prod(size) >= CELLS_ALONE and each in NUMBERS_ALONE)
    some = min(batch, NUMBERS_MOST // each)
    return some and evenly(batch, some)


def lines_of(outputs: int, depth: int, columns: int) -> int:
    """How many of a group's output channels are a product small enough to be fast; 0 where too few would be."""
    most = min(outputs, PRODUCT_MOST // (depth * columns))
    lines = max((some for some in range(1, most + 1) if outputs % some == 0), default=0)
    return lines if lines >= min(LINES_LEAST, outputs) else 0


@lru_cache(maxsize=128)
def layout(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    sliding: Window,
    groups: int,
    dtype: np.dtype[Any],
    bias: bool,
) -> Layout | None:
    """How contiguous images with zeros around them are convolved; None where that is for ``gathered`` to do."""
    size = sliding.output_size(x_shape[2], x_shape[3])
    some = images_together(x_shape[0], x_shape[1], sliding, size)
    if not some:
        return None
    shape = (weight_shape[0], *size)
    return in_blocks(
        x_shape, shape, groups, some, dtype, partial(_plans, weight_shape, sliding, groups, bias, shape, dtype)
    )


def correlate_batched(x: Array, weight: Array, bias: Array | None, out: Array, lay: Layout) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, contiguous, not padded.
        weight: ``(C_out, C/G, KH, KW)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, contiguous, written to.
        lay: of ``layout``.
    """
    space, outputs = ROOM.lend(lay.space * x.itemsize), weight.shape[0]
    # (C_out, C/G, KH, KW) and (C_out,) -> (G, C_out/G, C/G * KH * KW + 1)
    lines = weight.reshape(outputs, -1)
    if bias is not None:
        lines = np.concatenate((lines, bias[:, None]), axis=1)
    kernels = lines.reshape(lay.groups, outputs // lay.groups, -1)
    for block in lay.blocks:
        block.run(x, out, space, kernels)
    ROOM.take_back(space)


def _plans(
    weight_shape: tuple[int, ...],
    sliding: Window,
    groups: int,
    bias: bool,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    x_shape: tuple[int, ...],
) -> tuple[int, Plan, Plan]:
    """The numbers of shared memory, what is done to it once, and what is done for images of ``x_shape``."""
    (images, channels, height, width), (outputs, each, kernel_h, kernel_w) = x_shape, weight_shape
    (_, rows, columns), ((top, left), (step_h, step_w)) = shape, (_before(sliding), sliding.stride)
    taps = each * kernel_h * kernel_w
    depth, own = taps + bias, outputs // groups
    # As far as windows reach, which with a stride is not always to the end.
    tall, wide = (rows - 1) * step_h + sliding.extent[0], (columns - 1) * step_w + sliding.extent[1]
    bare = top == left == 0 and tall <= height and wide <= width
    around = 0 if bare else whole_lines(images * channels * tall * wide)
    size = around + images * groups * depth * rows * columns
    parts = x_shape, (images, *shape), (size,), (groups, own, depth)
    clear, to_do = Steps(dtype, *parts), Steps(dtype, *parts)
    gathered = (images, groups, depth, rows * columns)
    if around:
        clear.fill(clear.parts[2][:around], 0)
    clear.fill(clear.parts[2][around:].reshape(gathered)[:, :, taps:], 1)
    cells, target, space, kernels = to_do.parts
    if not bare:
        padded = space[: images * channels * tall * wide].reshape(images, channels, tall, wide)
        inside = padded[:, :, top : top + height, left : left + width]
        to_do.copy(*as_lines(inside, cells[:, :, : inside.shape[2], : inside.shape[3]]))
        cells = padded
    # (n, C, PH, PW) -> (n, G, C/G, KH, KW, OH, OW), a view in which windows overlap
    image, plane, down, across = cells.strides
    (over_h, over_w), over = sliding.dilation, (each * plane, plane)
    strides = (image, *over, down * over_h, across * over_w, down * step_h, across * step_w)
    columns_of = space[around:].reshape(gathered)
    laid = columns_of[:, :, :taps].reshape(images, groups, each, kernel_h, kernel_w, rows, columns)
    for into, windows in as_windows(laid, cells, strides):
        to_do.copy(into, windows)
    # (G, parts, lines, depth) @ (n, G, 1, depth, OH * OW) -> (n, G, parts, lines, OH * OW)
    lines = lines_of(own, depth, rows * columns) or own
    done = target.reshape(images, groups, own // lines, lines, rows * columns)
    to_do.add(np.matmul, kernels.reshape(groups, own // lines, lines, depth), columns_of[:, :, None], done)
    return size, clear.plan(), to_do.plan()


def _before(sliding: Window) -> Pair:
    return sliding.padding[0][0], sliding.padding[1][0]
