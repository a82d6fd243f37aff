"""Banded convolution of many planes, each by a kernel of its own, some planes at a time.

``whole_rows`` lays out some rows of all planes at a time. Here all rows of some planes are laid out, straight from the
image, without a copy of it that has zeros around: those are written once, and lie there while planes come and go. A
block of output rows is one product, which writes them where they belong:

    (B, R * KW) @ (R * KW, OW) -> (B, OW)

``staggered`` takes one product for a plane, but has the sums of each row of the kernel to add up. Where rows are long,
some are enough for a product: 0.38 against 0.47 ms for 3×3 on 32 planes of 112×112, where ``folded`` takes as long.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import ROOM
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops._steps import Blocks, Plan, Steps, run
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.staggered import EMPTY, SHARED, SPACE, even_part, pick_in_steps
from cnn_core.ops.conv.whole_rows import moves
from cnn_core.shapes import Pair

# Output rows of a block, and where windows lie further apart than a row: with more of them more of the band is zeros.
BLOCK, BLOCK_APART = 4, 2

# Numbers laid out at a time, about: with what is read and made they stay in a second-level cache, 0.42 against 0.51 ms
# for 3×3 on 32 planes of 112×112 with 400,000. And those of a plane above which ``folded`` is faster: 0.48 against 0.66
# ms for 3×3 on 3 planes of 384×384.
NUMBERS, PLANE_MOST = 160_000, 300_000

# Numbers of a kernel: to move larger ones down takes too long.
TAPS_MOST = 49


class Chunks(NamedTuple):
    """Equally large chunks, one after the other in memory: some planes of an image.

    Attributes:
        planes: those of all chunks.
        bare: the zeros that all chunks have around their planes, in other memory.
        plan: what is done to a chunk's cells, its result, other memory, its left matrices, its bias and the
            sums of the rows that are looked at.
        blocks: where chunks lie in these.
        times: how many chunks.
    """

    planes: slice
    bare: Plan
    plan: Plan
    blocks: tuple[Blocks, ...]
    times: int


class Layout(NamedTuple):
    """How a geometry is done: worked out once, kept for all calls.

    Attributes:
        block: output rows to a product.
        space: numbers of the memory that all chunks share.
        looks: rows that are looked at of an image.
        chunks: those of an image.
    """

    block: int
    space: int
    looks: int
    chunks: tuple[Chunks, ...]


def fits(kernel: Pair, top: int, step: int, height: int, size: Pair) -> bool:
    """Whether windows meet rows of planes ``height`` high, and kernel and planes are small enough."""
    tall = (size[0] - 1) * step + kernel[0]
    few = math.prod(kernel) <= TAPS_MOST and numbers(kernel, step, size) <= PLANE_MOST
    return few and min(kernel) > 1 and -height < top < tall


def numbers(kernel: Pair, step: int, size: Pair) -> int:
    """How many are laid out for a plane."""
    return ((size[0] - 1) * step + kernel[0]) * kernel[1] * size[1]


def planes_together(channels: int, kernel: Pair, step: int, size: Pair) -> int:
    """How many planes to do at a time."""
    return even_part(channels, NUMBERS // numbers(kernel, step, size))


def block_rows(step: int, rows: int) -> int:
    """How many output rows to make in one product."""
    return min(rows, BLOCK if step == 1 else BLOCK_APART)


def correlate_plane_rows(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> bool:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, contiguous, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, contiguous, written to.
        place: where the windows lie.

    Returns:
        Whether all sums were seen to be finite. A band's zeros carry what is not into all rows of a block: the first
        one of each tells, and is looked at while it is near the processor.
    """
    lay = layout(x.shape[1:], weight.shape[2:], out.shape[2:], place, x.dtype, bias is not None)
    (kernel_h, kernel_w), channels = weight.shape[2:], len(weight)
    # (C, KH * KW) @ (KH * KW, B * R * KW) -> (C, B, R * KW): each number times 1, and zeros
    moved = moves(1, kernel_h, kernel_w, lay.block, place.stride[0], x.dtype)
    band = weight.reshape(channels, -1).dot(moved).reshape(channels, lay.block, -1)
    space = ROOM.lend(lay.space * x.itemsize)
    same, looks = SPACE if ROOM.keeps(space) else None, np.empty((len(x), channels, lay.looks), x.dtype)
    added = EMPTY if bias is None else np.ascontiguousarray(bias)
    before = None
    for given, made, seen in zip(x, out, looks, strict=True):
        for planes, bare, plan, blocks, times in lay.chunks:
            memory = (given[planes], made[planes], space, band[planes], added[planes], seen[planes])
            if before is not bare:
                run(bare, memory, blocks, 1, same)
                before = bare
            run(plan, memory, blocks, times, same)
    ROOM.take_back(space)
    return math.isfinite(looks.sum())


@lru_cache(maxsize=256)
def layout(
    x_shape: tuple[int, int, int], kernel: Pair, size: Pair, place: Place, dtype: np.dtype[Any], biased: bool
) -> Layout:
    """How the windows of a geometry are done.

    Args:
        x_shape: ``(C, H, W)``.
        kernel: ``(KH, KW)``.
        size: ``(OH, OW)``.
        place: where the windows lie.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
    """
    channels, some = x_shape[0], numbers(kernel, place.stride[0], size)
    each = planes_together(channels, kernel, place.stride[0], size)
    block, whole, chunks = block_rows(place.stride[0], size[0]), channels // each * each, []
    for first, last, planes in ((0, whole, each), (whole, channels, channels - whole)):
        if planes:
            bare, plan, blocks = _chunk_plan((planes, *x_shape[1:]), kernel, size, place, dtype, block, biased)
            chunks.append(Chunks(slice(first, last), bare, plan, blocks, (last - first) // planes))
    return Layout(block, each * some, -(-size[0] // block), tuple(chunks))


def _chunk_plan(
    x_shape: tuple[int, int, int],
    kernel: Pair,
    size: Pair,
    place: Place,
    dtype: np.dtype[Any],
    block: int,
    biased: bool,
) -> tuple[Plan, Plan, tuple[Blocks, ...]]:
    """The zeros that chunks share, what is done to each, and how far apart chunks lie."""
    (planes, height, width), (kernel_h, kernel_w), (rows, wide), step = x_shape, kernel, size, place.stride[0]
    tall, depth = (rows - 1) * step + kernel_h, ((block - 1) * step + kernel_h) * kernel_w
    laid_shape, left = (planes, tall, kernel_w, wide), (planes, block, depth)
    parts = x_shape, (planes, *size), laid_shape, left, (planes,), (planes, -(-rows // block))
    to_do, once = Steps(dtype, *parts), Steps(dtype, *parts)
    (given, target, laid, band, bias, looks), bare = to_do.parts, once.parts[SPACE]
    top = place.before[0]
    low, high = max(0, top), max(0, min(tall, top + height))
    seen = given[:, low - top : high - top]
    for zeros in (bare[:, :low], bare[:, high:]):
        if zeros.size:
            once.fill(zeros, 0)
    for b in range(kernel_w):
        found = place.inside(b, 0, wide, width)
        if found is None:
            once.fill(bare[:, low:high, b], 0)
            continue
        inside, cells = found
        for column in (*range(inside.start), *range(inside.stop, wide)):
            once.fill(bare[:, low:high, b, column], 0)
        pick_in_steps(to_do, seen[..., cells.start :], place.stride[1], laid[:, low:high, b, inside])
    full, rest = divmod(rows, block)
    item, line_size = dtype.itemsize, kernel_w * wide
    for first, blocks, high in ((0, full, block), (full * block, int(rest > 0), rest)):
        if blocks:
            reach = ((high - 1) * step + kernel_h) * kernel_w
            # (C, 1, B, R * KW) @ (C, blocks, R * KW, OW) -> (C, blocks, B, OW)
            strides = (tall * line_size * item, high * step * line_size * item, wide * item, item)
            begin = first * step * line_size * item
            right = np.ndarray((planes, blocks, reach, wide), dtype, laid, begin, strides)
            made = target[:, first : first + blocks * high].reshape(planes, blocks, high, wide)
            to_do.add(np.matmul, band[:, None, :high, :reach], right, made)
    if biased:
        to_do.add(add_to_planes, target, bias)
    # (C, blocks, OW) @ (OW,) -> (C, blocks)
    told, sums = target[:, ::block], looks
    if rows % block == 0:
        told, sums = target.reshape(-1, block, wide)[:, 0], looks.reshape(-1)
    to_do.add(partial(_add_up, np.ones(wide, dtype)), told, sums)
    ends = [Blocks(0, part.nbytes) for part in to_do.parts]
    return once.plan(), to_do.plan(), (*ends[:SPACE], SHARED, *ends[SPACE + 1 :])


def _add_up(ones: Array, lines: Array, sums: Array) -> None:
    np.matmul(lines, ones, out=sums)
