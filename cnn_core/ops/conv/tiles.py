"""The blocks of tiles that Winograd's method goes by, and what is done to each.

A block's sums and differences, its products and what is made of them stay in a second-level cache from step to step:
1.3 against 1.7 ms for 64→64 channels of 56×56 by blocks of 196 tiles and by the whole image, where a third-level cache
is as slow as memory. Where everything lies depends on shapes alone: it is worked out once and kept, or the calls around
so many blocks would take longer than that gains. See ``winograd`` and ``cnn_core.ops._steps``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import as_lines
from cnn_core.ops._memory import LINE
from cnn_core.ops._parts import evenly
from cnn_core.ops._steps import Plan, Run, Steps, runs
from cnn_core.ops.conv.products import in_lines, in_parts
from cnn_core.ops.conv.rows import PRODUCT_MOST
from cnn_core.shapes import Pair

# The least and the most tiles of a block: with fewer, kernels, calls and rows that blocks share weigh more, with more,
# a block leaves the second-level cache. In between as many as let a product have so many lines, 3.3 against 3.5 ms for
# 256→256 of 28×28 in blocks of 98 tiles and of 196, and as make up to so many numbers of sums and products.
TILES_LEAST, TILES_MOST = 98, 224
LINES_WANTED = 32
NUMBERS_MOST = 1_000_000

# Rows of tiles that a block has where columns can be parted for it: the rows that blocks share are read twice.
ROWS_LEAST = 4

# A tile's products into its cells: Aᵀ of the paper, for rows and columns at once, and a bias that all get, (4, 17).
_TOGETHER = ((1, 1, 1, 0), (0, 1, -1, -1))
TOGETHER = np.hstack([np.kron(_TOGETHER, _TOGETHER), np.ones((4, 1))])


class Along(NamedTuple):
    """One axis of a block.

    Attributes:
        tiles: how many.
        made: cells of the result.
        zeros: cells before the image.
        seen: cells of the image, all of them neighbours for a block.
    """

    tiles: int
    made: int
    zeros: int
    seen: int


class Phase(NamedTuple):
    """One axis of an image, or, of those that a dilation keeps apart, the cells that belong together.

    Attributes:
        read: the cells of the image, as ``(first, step, count)``.
        made: those of the result, likewise.
        before: cells of padding.
    """

    read: tuple[int, int, int]
    made: tuple[int, int, int]
    before: int


class Block(NamedTuple):
    """Neighbouring tiles.

    Attributes:
        images: of how many images.
        rows: of an image.
        columns: likewise.
        steps: cells of the image from one row, and one column, of a block to the next.
        item: columns that are moved as one.
    """

    images: int
    rows: Along
    columns: Along
    steps: Pair
    item: int


class Layout(NamedTuple):
    """How a geometry is done.

    Attributes:
        space: numbers of the memory that blocks share.
        runs: all blocks.
    """

    space: int
    runs: tuple[Run, ...]


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, ...],
    out_shape: tuple[int, ...],
    before: Pair,
    dilation: Pair,
    dtype: np.dtype[Any],
    biased: bool,
) -> Layout:
    """How contiguous images with zeros around them are convolved.

    Args:
        x_shape: ``(N, C, H, W)``.
        out_shape: ``(N, C_out, OH, OW)``.
        before: cells of padding above and to the left; negative where windows begin inside the image.
        dilation: cells from one tap to the next.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
    """
    found = list(_blocks(x_shape, out_shape, before, dilation, dtype.itemsize))
    space = max(sum(_sizes(block, x_shape[1], out_shape[1], dtype.itemsize)) for block, _ in found)
    return Layout(space, runs(found, partial(_plan, x_shape, out_shape, space, dtype, biased)))


def _blocks(
    x_shape: tuple[int, ...], out_shape: tuple[int, ...], before: Pair, dilation: Pair, itemsize: int
) -> Iterator[tuple[Block, tuple[int, ...]]]:
    """All blocks, and the bytes before each in every part of memory; one above the other where they can be."""
    (batch, channels, height, width), (_, outputs, made_h, made_w) = x_shape, out_shape
    # A dilation's columns side by side are moved as one, where they come out even.
    item = dilation[1] if made_w % dilation[1] == 0 else 1
    down = _phases(height, made_h, before[0], dilation[0])
    across = _phases(width, made_w, before[1], 1 if item > 1 else dilation[1])
    for vertical, horizontal in itertools.product(down, across):
        rows, columns = -(-vertical.made[2] // 2), -(-horizontal.made[2] // (2 * item)) * item
        images, high, wide = block_size(batch, rows, columns, item, channels, outputs)
        starts = itertools.product(range(0, batch, images), range(0, columns, wide), range(0, rows, high))
        for n, j, i in starts:
            upright, above = _along(vertical, i, min(high, rows - i), 1)
            level, left = _along(horizontal, j, min(wide, columns - j), item)
            cells = (n * channels * height + above[0]) * width + left[0]
            made = (n * outputs * made_h + above[1]) * made_w + left[1]
            steps = vertical.read[1], horizontal.read[1]
            block = Block(min(images, batch - n), upright, level, steps, item)
            yield block, (cells * itemsize, made * itemsize, 0, 0, 0, 0)


def _phases(size: int, made: int, before: int, apart: int) -> list[Phase]:
    """The parts of an axis that a dilation keeps apart."""
    found = []
    for phase in range(min(apart, made)):
        start = (phase - before) % apart
        read, done = len(range(start, size, apart)), len(range(phase, made, apart))
        found.append(Phase((start, apart, read), (phase, apart, done), (start - phase + before) // apart))
    return found


def block_size(batch: int, rows: int, columns: int, item: int, channels: int, outputs: int) -> tuple[int, int, int]:
    """How many images, and rows and columns of tiles, are a block.

    Args:
        batch: N.
        rows: of tiles, of an image.
        columns: likewise, as many for each tile as an ``item`` has.
        item: columns that are moved as one.
        channels: C.
        outputs: C_out.
    """
    most = min(TILES_MOST, PRODUCT_MOST // (LINES_WANTED * channels), NUMBERS_MOST // (16 * (channels + outputs)))
    tiles = max(TILES_LEAST, most)
    wide = evenly(columns // item, max(1, tiles // (ROWS_LEAST * item))) * item
    high = evenly(rows, max(1, round(tiles / wide)))
    whole = (high, wide) == (rows, columns)
    return (min(batch, max(1, tiles // ((rows + 1) * columns))) if whole else 1), high, wide


def _along(phase: Phase, first: int, tiles: int, item: int) -> tuple[Along, Pair]:
    """An axis of the block whose tiles begin with that one, and where its cells and its result begin in theirs."""
    (read, apart, size), (made, _, done) = phase.read, phase.made
    begin, most = 2 * first - phase.before, 2 * (tiles + item)
    zeros = min(most, max(0, -begin))
    low = min(max(0, begin), size)
    seen = min(most - zeros, size - low)
    low = low if seen else 0
    along = Along(tiles, min(2 * tiles, done - 2 * first), zeros, seen)
    return along, (read + low * apart, made + 2 * first * apart)


def _even(count: int, itemsize: int) -> int:
    """So many numbers and some more, after which a line of memory begins."""
    return count + -count % (LINE // itemsize)


def _plane(block: Block, itemsize: int) -> int:
    """The numbers from one channel's tiles to the next one's; both begin where a line of memory does.

    256 channels are multiplied with 98 columns 112 numbers apart in 0.8 of the time for such of 105.
    """
    whole = math.lcm(LINE // itemsize, block.item)
    return -(-block.images * (block.rows.tiles + 1) * block.columns.tiles // whole) * whole


def _sizes(block: Block, channels: int, outputs: int, itemsize: int) -> Pair:
    """The numbers of a block's sums, and of its products; both lend their memory to what comes before and after."""
    rows, columns, images = block.rows.tiles, block.columns.tiles, block.images
    line, ends = channels * _plane(block, itemsize), channels * images * (rows + 1) * block.item
    each = outputs * images * (rows + (images > 1)) * columns
    sums, products = 16 * _even(line, itemsize), 17 * _even(each, itemsize)
    first = max(sums, 4 * line + 4 * ends, 4 * each)
    return _even(first, itemsize), max(products, _even(4 * line + block.item, itemsize) + 8 * line)


def _plan(
    x_shape: tuple[int, ...], out_shape: tuple[int, ...], space: int, dtype: np.dtype[Any], biased: bool, block: Block
) -> Plan:
    """What is done to a block."""
    channels, outputs, images, item = x_shape[1], out_shape[1], block.images, block.item
    rows, columns = block.rows.tiles, block.columns.tiles
    to_do = Steps(
        dtype,
        (images, *x_shape[1:]),
        (images, *out_shape[1:]),
        (space,),
        (16, outputs, channels),
        TOGETHER.shape,
        (outputs,),
    )
    _, target, shared, kernels, together, bias = to_do.parts
    first, _ = _sizes(block, channels, outputs, dtype.itemsize)
    one, other = shared[:first], shared[first:]
    # (4, 2, line): of even rows and of odd ones
    half = _by_columns(to_do, one, other, block)
    # (4, 2, line) -> (4, 4, line): the row behind the last one means nothing
    line = half.shape[2]
    tiles = _lines(one, 16, line).reshape(4, 4, line)
    (even, odd), (even_next, odd_next) = half.swapaxes(0, 1)[..., :-columns], half.swapaxes(0, 1)[..., columns:]
    into = tiles[..., :-columns]
    to_do.add(np.subtract, even, even_next, into[0])
    to_do.add(np.add, odd, even_next, into[1])
    to_do.add(np.subtract, even_next, odd, into[2])
    to_do.add(np.subtract, odd, odd_next, into[3])
    made = rows
    if images > 1:  # of several images it is multiplied as well
        to_do.fill(tiles[..., -columns:], 0)
        made += 1
    # (16, C_out, C) @ (16, C, n * rows * columns) -> (16, C_out, n * rows * columns)
    each = images * made * columns
    product = _lines(other, 16 + biased, outputs * each)
    sums, made_of = tiles.reshape(16, channels, line // channels)[..., :each], product[:16].reshape(16, outputs, each)
    for operands in in_lines(kernels, sums, made_of):
        to_do.add(np.matmul, *operands)
    if biased:
        # A bias takes part as one more product: to add it to one of the others took 61 µs of 1.2 ms, and this 20.
        to_do.copy(product[16].reshape(outputs, each), bias[:, None])
    # (4, 17) @ (17, C_out * each) -> (4, C_out * each)
    done = one[: 4 * outputs * each].reshape(4, outputs * each)
    for operands in in_parts(together[:, : len(product)], product, done):
        to_do.add(np.matmul, *operands)
    # (4, C_out * each) -> (2, 2, n, C_out, rows, columns)
    planes = done.reshape(2, 2, outputs, images, made, columns).swapaxes(2, 3)
    down, across = block.steps
    target = target[:, :, : block.rows.made * down : down, : block.columns.made * across : across]
    for a in (0, 1):
        into = target[:, :, a::2]
        if into.size:
            _interleave(to_do, planes[a, 0, ..., : into.shape[2], :], planes[a, 1, ..., : into.shape[2], :], item, into)
    return to_do.plan()


def _lines(space: Array, count: int, size: int) -> Array:
    """So many lines of that size, each beginning where a line of memory does: ``(count, size)``."""
    apart = _even(size, space.itemsize)
    lines: Array = space[: count * apart].reshape(count, apart)[:, :size]
    return lines


def _rows(lines: Array, shape: tuple[int, ...]) -> Array:
    """The rows in lines, without what lies between channels: ``(..., line) -> (..., C, n, rows, columns)``."""
    apart = lines.shape[-1] // shape[0]
    planes: Array = lines.reshape(*lines.shape[:-1], shape[0], apart)[..., : math.prod(shape[1:])]
    return planes.reshape(*lines.shape[:-1], *shape)


def _by_columns(to_do: Steps, one: Array, other: Array, block: Block) -> Array:
    """Along its rows, each tile's four numbers (Bᵀ of the paper), all lines as one.

    Args:
        to_do: steps, of which the first part is the image.
        one: memory.
        other: likewise; the result lies in it.
        block: which tiles.

    Returns:
        ``(4, 2, line)``, even rows, then odd ones; a line has all channels, ``_plane`` numbers apart.
    """
    given, item = to_do.parts[0], block.item
    channels, columns = given.shape[1], block.columns.tiles
    shape = (channels, block.images, block.rows.tiles + 1, columns)
    line = channels * _plane(block, one.itemsize)
    # All but each row's first and last item: where these are read and met by themselves, no tile of a row is lost.
    spare = other[: 4 * line + item]
    within = _rows(spare[: 4 * line].reshape(2, 2 * line), (*shape[:-1], 2 * columns))
    # (n, C, H, W) -> (C, n, rows, columns), a view
    down, across = block.steps
    cells = given[:, :, : block.rows.seen * down : down, : block.columns.seen * across : across].swapaxes(0, 1)
    for a in (0, 1):
        _read(to_do, cells, block, a, item, within[a])
    picked = one[: 4 * line].reshape(2, 2 * line)
    # Of a tile's four, the second and the third; the fourth is the next one's second, the first the last one's third.
    second, third = picked
    _pick(to_do, spare[:-item], item, second)
    _pick(to_do, spare[item:], item, third)
    made = other[_even(spare.size, other.itemsize) :][: 8 * line].reshape(4, 2 * line)
    to_do.add(np.subtract, third[:-item], third[item:], made[0, item:])
    to_do.add(np.add, second, third, made[1])
    to_do.add(np.subtract, third, second, made[2])
    to_do.add(np.subtract, second[:-item], second[item:], made[3, :-item])
    # (2 * line,) -> (2, C, n, rows, columns): rows begin and end with what others do not
    second, third = _rows(picked.reshape(2, 2, line), shape)
    first, last = (_rows(numbers.reshape(2, line), shape) for numbers in (made[0], made[3]))
    first, last = first[..., :item], last[..., -item:]
    ends = one[4 * line :][: 4 * math.prod(shape[:-1]) * item].reshape(2, 2, *shape[:-1], item)
    if block.columns.zeros >= item:
        to_do.add(partial(np.subtract, np.float32(0)), third[..., :item], first)
    else:
        for a in (0, 1):
            _read(to_do, cells, block, a, 0, ends[0, a])
        to_do.add(np.subtract, ends[0], third[..., :item], first)
    if block.columns.zeros + block.columns.seen <= item + 2 * columns:
        to_do.copy(last, second[..., -item:])
    else:
        for a in (0, 1):
            _read(to_do, cells, block, a, item + 2 * columns, ends[1, a])
        to_do.add(np.subtract, second[..., -item:], ends[1], last)
    return made.reshape(4, 2, line)


def _read(to_do: Steps, cells: Array, block: Block, parity: int, start: int, out: Array) -> None:
    """Have every second row of what a block reads be copied, from one column on; zeros where there is no image.

    Args:
        to_do: steps.
        cells: ``(C, n, rows, columns)``, what is seen of the image.
        block: where it is seen.
        parity: 0 for the first row and those that follow it, 1 for the second.
        start: the first column.
        out: ``(C, n, rows, columns)``, written to.
    """
    high, wide = out.shape[2:]
    above, left = block.rows.zeros, block.columns.zeros
    top, bottom = (min(high, (edge - parity + 1) // 2) for edge in (above, above + block.rows.seen))
    low, end = (min(wide, max(0, edge - start)) for edge in (left, left + block.columns.seen))
    if top >= bottom or low >= end:
        to_do.fill(out, 0)
        return
    for outside in (out[:, :, :top], out[:, :, bottom:], out[:, :, top:bottom, :low], out[:, :, top:bottom, end:]):
        if outside.size:
            to_do.fill(outside, 0)
    rows = cells[:, :, 2 * top + parity - above :: 2][:, :, : bottom - top]
    to_do.copy(*as_lines(out[:, :, top:bottom, low:end], rows[..., start + low - left : start + end - left]))


def _pick(to_do: Steps, line: Array, item: int, out: Array) -> None:
    """Have every second item of a line be copied, from its first on."""
    if item > 1:
        to_do.copy(_as_items(out, item), _as_items(line, item)[::2])
    else:
        # Here even from between the places that numbers of that length belong at: see ``as_columns``.
        to_do.copy(out.view("<u4"), line.view("<u8"))


def _interleave(to_do: Steps, even: Array, odd: Array, item: int, out: Array) -> None:
    """Have items of ``out (..., OW)`` be now one of ``even``, now one of ``odd``, both ``(..., columns)``."""
    if item > 1:
        even, odd, out = (_as_items(part, item) for part in (even, odd, out))
    size = out.shape[-1]
    if item == 1 and size % 2 == 0 and out.strides[-1] == out.itemsize:
        # Even ones as numbers twice as long, whose upper halves the odd ones are written to: 0.85 against 1.4 ms for
        # 64 planes of 224×224, 44 against 51 µs for those of 56×56.
        to_do.copy(out.view("<u8"), even[..., : size // 2].view("<u4"))
    else:
        to_do.copy(out[..., ::2], even[..., : -(-size // 2)])
    if size > 1:
        to_do.copy(out[..., 1::2], odd[..., : size // 2])


def _as_items(x: Array, item: int) -> Array:
    """``(..., T * item) -> (..., T)``."""
    return x.view(f"V{item * x.itemsize}")
