"""Banded convolution of a batch of narrow images: what ``banded`` does, in panels of the widths that multiply fastest.

Rows of several images stand side by side, as many as make a panel of columns that OpenBLAS's kernel for small matrices
goes through in whole steps of 64. For 4 to 64 lines and any depth that fits it is next to its peak then; 448 columns of
576 numbers take 1.3 times as long, 49 columns 1.5 times.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_lines
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import LINE_NUMBERS, whole_lines
from cnn_core.ops._planes import LineByLine
from cnn_core.ops._steps import Plan, Steps
from cnn_core.ops.conv.banded import block_rows
from cnn_core.ops.conv.batches import Layout, in_blocks
from cnn_core.ops.conv.products import columns_taken, slower
from cnn_core.ops.conv.rows import NARROW, PRODUCT_MOST, Place, beside, copies, rows_together, seen_rows
from cnn_core.shapes import Inside, Window

# What a product takes beside its multiply-adds, in their number, and the columns beyond which more gain nothing.
CALL, COLUMNS_MOST = 13_000, 320

# Numbers laid out at a time: with products and result they stay in the second-level cache, 2.3 against 2.7 ms for 10→10
# channels, 3×3 on 32 images of 62×62 with 400,000.
LAID_OUT_MOST = 220_000

# How much longer products of panels take whose rows do not begin where lines of memory do: 90 rows over 300 columns,
# beside 288.
UNEVEN = 1.2

# Lines of a product that are a step of that kernel.
LINES_LEAST = 4

# Columns of an image from ``NARROW`` on, and up to which it may stand beside others: where a panel's products take no
# more than that beside those of its rows alone, which are written where they belong.
WIDE, WIDER_LESS = 64, 0.85


class Panel(NamedTuple):
    """How an image's columns are multiplied.

    Attributes:
        images: how many of them stand side by side.
        lines: output channels to a product.
    """

    images: int
    lines: int


@lru_cache(maxsize=1024)
def panel(batch: int, width: int, outputs: int, depth: int) -> Panel | None:
    """The panel by which a cell takes the least time; None where the images are to be done in another way.

    Args:
        batch: N.
        width: OW.
        outputs: output channels of a group.
        depth: multiply-adds of a cell.
    """
    if batch == 1 or width > WIDE or block_rows(outputs) > 1:
        return None
    best, least, alone = None, math.inf, math.inf
    for images in range(1, min(batch, max(1, COLUMNS_MOST // width)) + 1):
        most = PRODUCT_MOST // (depth * images * width)
        lines = max((each for each in range(1, min(most, outputs) + 1) if outputs % each == 0), default=0)
        if lines >= LINES_LEAST:
            far = slower(depth, images * width)
            far *= 1 if images * width % LINE_NUMBERS == 0 else UNEVEN
            time = (columns_taken(images * width) * lines * depth * far + CALL) / (images * lines)
            if images == 1:
                alone = time
            if time <= least:
                best, least = Panel(images, lines), time
    wins = best is not None and best.images > 1 and (width <= NARROW or least < WIDER_LESS * alone)
    return best if wins else None


def panel_of(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int) -> Panel | None:
    """That of a geometry; None where it is for ``banded`` to do."""
    outputs, each, kernel_h, kernel_w = weight_shape
    # A kernel for each plane has ways of its own.
    if (sliding.dilation[0] > 1 and kernel_h > 1) or 1 < outputs == groups:
        return None
    size = sliding.output_size(x_shape[2], x_shape[3])
    return panel(x_shape[0], size[1], outputs // groups, each * kernel_h * kernel_w)


@lru_cache(maxsize=128)
def layout(
    x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int, dtype: np.dtype[Any]
) -> Layout | None:
    """How contiguous images with zeros around them are convolved; None where that is for ``banded`` to do."""
    chosen = panel_of(x_shape, weight_shape, sliding, groups)
    if chosen is None:
        return None
    shape = (weight_shape[0], *sliding.output_size(x_shape[2], x_shape[3]))
    plans = partial(_plans, weight_shape, sliding, groups, shape, chosen.lines, dtype)
    return in_blocks(x_shape, shape, groups, chosen.images, dtype, plans)


def correlate_panels(x: Array, weight: Array, bias: Array | None, out: Array, lay: Layout) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, contiguous, not padded.
        weight: ``(C_out, C/G, KH, KW)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, contiguous, written to.
        lay: of ``layout``.
    """
    space = ROOM.lend(lay.space * x.itemsize)
    # (C_out, C/G, KH, KW) -> (C_out, KH, C/G, KW), as rows are laid out
    kernels = np.ascontiguousarray(weight.transpose(0, 2, 1, 3))
    added = np.zeros(weight.shape[0], x.dtype) if bias is None else bias
    for block in lay.blocks:
        line = np.repeat(added, block.images * out.shape[3])
        with LineByLine(line.size, out, line):
            block.run(x, out, space, kernels, line)
    ROOM.take_back(space)


def _plans(
    weight_shape: tuple[int, ...],
    sliding: Window,
    groups: int,
    shape: tuple[int, ...],
    lines: int,
    dtype: np.dtype[Any],
    x_shape: tuple[int, ...],
) -> tuple[int, Plan, Plan]:
    """The numbers of shared memory, what is done to it once, and what is done for a panel of ``x_shape``."""
    (images, channels, height, width), (outputs, each, kernel_h, kernel_w) = x_shape, weight_shape
    (_, rows, columns), step = shape, sliding.stride[0]
    place = Place((sliding.padding[0][0], sliding.padding[1][0]), sliding.stride, sliding.dilation[1])
    wide, depth, own = images * columns, each * kernel_h * kernel_w, outputs // groups
    strip = rows_together(rows, channels * kernel_w * wide, kernel_h, step, 1, LAID_OUT_MOST)
    tall = (strip - 1) * step + kernel_h
    before = whole_lines(channels * tall * kernel_w * wide)  # what is laid out, then products
    size = before + strip * outputs * wide
    parts = x_shape, (images, *shape), (size,), (groups, own, depth), (outputs * wide,)
    clear, to_do = Steps(dtype, *parts), Steps(dtype, *parts)
    taps = [(b, place.inside(b, 0, columns, width)) for b in range(kernel_w)]
    for zeros in beside(_laid(clear, groups, tall, each, kernel_w, images, columns), taps):
        clear.fill(zeros, 0)  # they stay while panels come and go
    laid = _laid(to_do, groups, tall, each, kernel_w, images, columns)
    given, target, space, kernels, bias = to_do.parts
    # (n, C, H, W) -> (G, H, C/G, n, W), a view
    cells = given.reshape(images, groups, each, height, width).transpose(1, 3, 2, 0, 4)
    left = kernels.reshape(groups, own // lines, lines, depth)
    row = each * kernel_w * wide * dtype.itemsize
    for top in range(0, rows, strip):
        count = min(strip, rows - top)
        _lay_out(to_do, laid, cells, taps, top * step - place.before[0], (count - 1) * step + kernel_h)
        # (G, parts, lines, depth) @ (count, G, 1, depth, n * OW) -> (count, G, parts, lines, n * OW)
        strides = (step * row, tall * row, 0, wide * dtype.itemsize, dtype.itemsize)
        slabs = np.ndarray((count, groups, 1, depth, wide), dtype, space, 0, strides)
        product = space[before : before + count * outputs * wide]
        to_do.add(np.matmul, left, slabs, product.reshape(count, groups, own // lines, lines, wide))
        sums = product.reshape(count, outputs * wide)
        to_do.add(np.add, sums, bias, sums)
        by_image = product.reshape(count, outputs, images, columns).transpose(2, 1, 0, 3)
        to_do.copy(*as_lines(target[:, :, top : top + count], by_image))
    return size, clear.plan(), to_do.plan()


def _laid(to_do: Steps, groups: int, *shape: int) -> Array:
    """What is laid out: ``(G, R, C/G, KW, n, OW)``."""
    return to_do.parts[2][: groups * math.prod(shape)].reshape(groups, *shape)


def _lay_out(to_do: Steps, laid: Array, cells: Array, taps: list[tuple[int, Inside]], top: int, count: int) -> None:
    """Fill ``count`` rows of ``laid`` with the rows of ``cells`` from ``top`` on, zeros beyond the image."""
    low, high = seen_rows(top, count, cells.shape[1])
    for zeros in (laid[:, :low], laid[:, high:count]):
        if zeros.size:
            to_do.fill(zeros, 0)
    whole = [found for _, found in taps if found is not None and found[0] == slice(0, laid.shape[5])]
    if low < high and len(whole) == len(taps) and whole[0][1].step == 1:
        # (G, r, C/G, n, W) -> (G, r, C/G, KW, n, OW), a view in which windows overlap: one copy and not KW
        given, apart = cells[:, top + low : top + high], whole[-1][1].start // max(1, len(taps) - 1) * cells.itemsize
        target = laid[:, low:high]
        strides = (*given.strides[:3], apart, *given.strides[3:])
        windows = np.lib.stride_tricks.as_strided(given, target.shape, strides, writeable=False)
        to_do.copy(*as_lines(target, windows))
        return
    for target, source in copies(laid, cells, taps, (low, high), top):
        to_do.copy(target, source)
