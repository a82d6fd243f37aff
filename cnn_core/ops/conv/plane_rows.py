"""Banded depthwise convolution: many planes, each by a kernel of its own, some planes at a time.

``whole_rows`` lays out some rows of all planes at a time. Here all rows of some planes are laid out, or some rows of a
large one, straight from the image, without a copy of it that has zeros around: those are written once, and lie there
while planes come and go. A block of output rows is one product, which writes them where they belong:

    (B, R * KW) @ (R * KW, OW) -> (B, OW)

``staggered`` takes one product for a plane, but has the sums of each row of the kernel to add up. Where rows are long,
some are enough for a product: 0.38 against 0.47 ms for 3×3 on 32 planes of 112×112, where ``folded`` takes as long.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import even_part
from cnn_core.ops._planes import LineByLine, add_to_planes
from cnn_core.ops._steps import SHARED, SPACE, Plan, Run, Steps, run, run_all, runs
from cnn_core.ops.conv.laid_out import EMPTY, pick_in_steps
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.whole_rows import moves
from cnn_core.shapes import Pair

# Output rows of a block, and where windows lie further apart than a row: with more of them more of the band is zeros.
BLOCK, BLOCK_APART = 4, 2

# Numbers laid out at a time, about: with what is read and made they stay in a second-level cache, 0.42 against 0.51 ms
# for 3×3 on 32 planes of 112×112 with 400,000.
NUMBERS = 160_000

# Numbers of a kernel: to move larger ones down takes too long.
TAPS_MOST = 49


class Part(NamedTuple):
    """What is made at a time: all rows of some planes, or some rows of one.

    Attributes:
        planes: how many.
        rows: output rows of each.
        low: rows of zeros above those of the image that they read.
        high: one past the last row of the image among those that they read, the zeros above counted.
        start: the first row that is read, of a whole image; 0 where a part is given no more than it reads.
        whole: whether all output rows are made: then the part is given whole planes.
    """

    planes: int
    rows: int
    low: int
    high: int
    start: int
    whole: bool


class Parts(NamedTuple):
    """Parts that are alike.

    Attributes:
        bare: the zeros around what is laid out of each.
        runs: what is done to an image, its result, other memory, the left matrices, the bias and the sums of the rows
            that are looked at.
    """

    bare: Plan
    runs: tuple[Run, ...]


class Shapes(NamedTuple):
    """A geometry.

    Attributes:
        image: ``(C, H, W)``.
        kernel: ``(KH, KW)``.
        size: ``(OH, OW)``.
        place: where the windows lie.
        dtype: of all numbers.
        biased: whether a number is added to each plane.
        block: output rows to a product.
    """

    image: tuple[int, int, int]
    kernel: Pair
    size: Pair
    place: Place
    dtype: np.dtype[Any]
    biased: bool
    block: int

    @property
    def looks(self) -> int:
        """Rows of a plane that are looked at."""
        return -(-self.size[0] // self.block)

    def tall(self, rows: int) -> int:
        """Rows that so many output rows read."""
        return (rows - 1) * self.place.stride[0] + self.kernel[0]


class Layout(NamedTuple):
    """How a geometry is done: worked out once, kept for all calls.

    Attributes:
        block: output rows to a product.
        space: numbers of the memory that all parts share.
        looks: rows of a plane that are looked at.
        parts: all of them.
    """

    block: int
    space: int
    looks: int
    parts: tuple[Parts, ...]


def fits(kernel: Pair, top: int, step: int, height: int, size: Pair) -> bool:
    """Whether windows meet rows of planes ``height`` high, and the kernel is small enough."""
    tall = (size[0] - 1) * step + kernel[0]
    return math.prod(kernel) <= TAPS_MOST and min(kernel) > 1 and -height < top < tall


def numbers(kernel: Pair, step: int, size: Pair) -> int:
    """How many are laid out for a plane."""
    return ((size[0] - 1) * step + kernel[0]) * kernel[1] * size[1]


def parts_of(channels: int, kernel: Pair, step: int, size: Pair) -> Pair:
    """How many planes to do at a time, and how many output rows of them."""
    each, block = numbers(kernel, step, size), block_rows(step, size[0])
    blocks, strips = -(-size[0] // block), max(1, round(each / NUMBERS))
    return even_part(channels, NUMBERS // each), min(size[0], -(-blocks // strips) * block)


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
        Whether all sums were seen to be finite. One row of each block is looked at, while it is near the processor: a
        band's zeros carry what is not finite to all rows of its block.
    """
    lay = layout(x.shape[1:], weight.shape[2:], out.shape[2:], place, x.dtype, bias is not None)
    (kernel_h, kernel_w), channels = weight.shape[2:], len(weight)
    # (C, KH * KW) @ (KH * KW, B * R * KW) -> (C, B, R * KW): each number times 1, and zeros
    moved = moves(1, kernel_h, kernel_w, lay.block, place.stride[0], x.dtype)
    band = weight.reshape(channels, -1).dot(moved)
    space, looks = ROOM.lend(lay.space * x.itemsize), np.empty((len(x), channels, lay.looks), x.dtype)
    same, added = SPACE if ROOM.keeps(space) else None, EMPTY if bias is None else np.ascontiguousarray(bias)
    for n, (given, made, seen) in enumerate(zip(x, out, looks, strict=True)):
        memory = given, made, space, band, added, seen
        for bare, chunks in lay.parts:
            if n == 0 or len(lay.parts) > 1:
                run(bare, memory, (SHARED,) * len(memory), 1, same)
            run_all(chunks, memory, same)
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
    block = block_rows(place.stride[0], size[0])
    shapes = Shapes(x_shape, kernel, size, place, dtype, biased, block)
    planes, rows = parts_of(x_shape[0], kernel, place.stride[0], size)
    alike: dict[Part, list[tuple[int, ...]]] = {}
    for part, starts in _parts(shapes, planes, rows):
        alike.setdefault(part, []).append(starts)
    found = (
        Parts(_bare(shapes, part), runs(((part, start) for start in starts), partial(_plan, shapes)))
        for part, starts in alike.items()
    )
    space = planes * shapes.tall(rows) * kernel[1] * size[1]
    return Layout(block, space, shapes.looks, tuple(found))


def _parts(shapes: Shapes, planes: int, rows: int) -> Iterator[tuple[Part, tuple[int, ...]]]:
    """All parts, and the bytes before each in every memory."""
    (channels, height, width), size, place, item = shapes.image, shapes.size, shapes.place, shapes.dtype.itemsize
    depth, whole = shapes.tall(shapes.block) * shapes.kernel[1], rows == size[0]
    for c in range(0, channels, planes):
        for first in range(0, size[0], rows):
            count, above = min(rows, size[0] - first), first * place.stride[0] - place.before[0]
            tall = shapes.tall(count)
            low = min(tall, max(0, -above))
            high = max(low, min(tall, height - above))
            start = max(0, min(height, above))
            origin = 0 if whole else start
            part = Part(min(planes, channels - c), count, low, high, start - origin, whole)
            starts = (
                (c * height + origin) * width,
                (c * size[0] + first) * size[1],
                0,
                c * shapes.block * depth,
                c,
                c * shapes.looks + first // shapes.block,
            )
            yield part, tuple(n * item for n in starts)


def _steps(shapes: Shapes, part: Part) -> Steps:
    """Nothing to do yet, to a part."""
    (_, height, width), (_, kernel_w), (_, wide), block = shapes.image, shapes.kernel, shapes.size, shapes.block
    return Steps(
        shapes.dtype,
        (part.planes, height if part.whole else part.high - part.low, width),
        (part.planes, part.rows, wide),
        (part.planes, shapes.tall(part.rows), kernel_w, wide),
        (part.planes, block, shapes.tall(block) * kernel_w),
        (part.planes,),
        (part.planes, -(-part.rows // block)),
    )


def _bare(shapes: Shapes, part: Part) -> Plan:
    """Zeros around what is laid out of a part."""
    to_do, wide = _steps(shapes, part), shapes.size[1]
    laid = to_do.parts[SPACE]
    for zeros in (laid[:, : part.low], laid[:, part.high :]):
        if zeros.size:
            to_do.fill(zeros, 0)
    for b in range(shapes.kernel[1]):
        found, line = shapes.place.inside(b, 0, wide, shapes.image[2]), laid[:, part.low : part.high, b]
        if found is None:
            to_do.fill(line, 0)
            continue
        for column in (*range(found[0].start), *range(found[0].stop, wide)):
            to_do.fill(line[..., column], 0)
    return to_do.plan()


def _plan(shapes: Shapes, part: Part) -> Plan:
    """What is done to a part, zeros around it aside."""
    (planes, rows, low, high), block, item = part[:4], shapes.block, shapes.dtype.itemsize
    kernel_w, wide, (step, across) = shapes.kernel[1], shapes.size[1], shapes.place.stride
    to_do, tall, line_size = _steps(shapes, part), shapes.tall(rows), kernel_w * wide
    given, target, laid, band, bias, looks = to_do.parts
    seen = given[:, part.start : part.start + high - low]
    for b in range(kernel_w):
        found = shapes.place.inside(b, 0, wide, shapes.image[2])
        if found is not None and low < high:
            pick_in_steps(to_do, seen[..., found[1].start :], across, laid[:, low:high, b, found[0]])
    full, rest = divmod(rows, block)
    for first, blocks, lines in ((0, full, block), (full * block, int(rest > 0), rest)):
        if blocks:
            reach = shapes.tall(lines) * kernel_w
            # (C, 1, B, R * KW) @ (C, blocks, R * KW, OW) -> (C, blocks, B, OW)
            strides = (tall * line_size * item, lines * step * line_size * item, wide * item, item)
            begin = first * step * line_size * item
            right = np.ndarray((planes, blocks, reach, wide), shapes.dtype, laid, begin, strides)
            made = target[:, first : first + blocks * lines].reshape(planes, blocks, lines, wide)
            to_do.add(np.matmul, band[:, None, :lines, :reach], right, made)
    if shapes.biased and LineByLine(rows * wide, target).past:
        to_do.add(add_to_planes, target, bias)
    elif shapes.biased:
        to_do.add(np.add, target.reshape(planes, -1), bias[:, None], target.reshape(planes, -1))
    # The first row of each block: (C, blocks, OW) -> (C, blocks)
    if rest:
        to_do.add_up(target[:, ::block], looks)
    else:
        to_do.add_up(target.reshape(-1, block, wide)[:, 0], looks.reshape(-1))
    return to_do.plan()
