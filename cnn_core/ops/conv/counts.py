"""What each way to convolve does, counted: lines copied, multiply-adds, calls. How long each takes is in ``costs``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnn_core.ops._parts import LINE_NUMBERS
from cnn_core.ops.conv import (
    along_rows,
    batched,
    folded,
    panels,
    plane_rows,
    separable,
    spectral,
    staggered_rows,
    tapped,
    tiles,
    whole_rows,
)
from cnn_core.ops.conv.banded import block_rows, lines_together
from cnn_core.ops.conv.gathered import LINES_LEAST
from cnn_core.ops.conv.products import columns_taken, slower
from cnn_core.ops.conv.rows import columns_together, rows_together
from cnn_core.shapes import Pair, Window

# Numbers of a result that stay in the second-level cache until a bias is added.
NEAR = 250_000

# Numbers of what is laid out for a plane that stay there with the plane and its result.
PLANE_NEAR = 400_000

# Numbers of a slab that stay in the first-level cache beside what they are multiplied with.
SLAB_MOST = 11_000

# How much longer it takes to gather every second number than all of them: see ``as_windows``.
PICKED = 1.5

# Numbers of a line that is gathered as one item in less time than number by number; up to 128 in about the same.
AS_ONE_MOST = 64

# Numbers of the largest slab of several channels that whole rows were measured with. And what part such slabs lose of
# what a plane's own loses to a rest of columns: 16→32, 5×5 on 56×56, takes 0.46 ms, with all of it 0.59 were estimated,
# and gathered it takes 0.64.
SLAB_MEASURED, CHANNELS_LOSE = 60_000, 1 / 3

# How much longer products of large slabs take whose lines begin anywhere in a line of memory: 0.22 ms for 31×31 on
# 75×75, 0.09 on 64×64.
ANYWHERE = 1.25

# Numbers of a slab that stay in the second-level cache beside what they are multiplied with, and in the third-level
# one. 400×400 on 1000×1000 with a stride of 4, whose slabs are 25 million, took 7 times what was estimated without.
SLAB_NEAR, SLAB_NEXT = 250_000, 5_000_000


class Work(NamedTuple):
    """A convolution to be done.

    Attributes:
        batch: N.
        channels: C_in.
        outputs: C_out.
        groups: G.
        image: ``(H, W)``.
        window: what slides.
        size: ``(OH, OW)``.
    """

    batch: int
    channels: int
    outputs: int
    groups: int
    image: Pair
    window: Window
    size: Pair

    @property
    def cells(self) -> int:
        """Cells of the result."""
        return self.batch * self.outputs * self.size[0] * self.size[1]

    @property
    def apart(self) -> int:
        """How many images rows fall into that a dilation keeps apart: see ``execute.rows_apart``."""
        return min(self.window.dilation[0] if self.window.kernel_size[0] > 1 else 1, self.size[0])


def _padded(work: Work) -> int:
    """Numbers of all images with zeros around them, 0 where none are put there."""
    tall, wide = (size + sum(sides) for size, sides in zip(work.image, work.window.padding, strict=True))
    return work.batch * work.channels * tall * wide if (tall, wide) != work.image else 0


def _far(slab: int) -> float:
    """Numbers that a product reads of a slab of so many that are not near: twice where they are further away."""
    return 0 if slab <= SLAB_NEAR else slab if slab <= SLAB_NEXT else 2 * slab


def _gathered(work: Work) -> dict[str, float]:
    (rows, columns), window = work.size, work.window
    lines = work.batch * work.channels * math.prod(window.kernel_size) * rows
    if window.kernel_size == window.stride == (1, 1):
        lines = 0  # the product reads the image itself
    as_one = window.stride[1] == 1 and columns <= AS_ONE_MOST and lines >= work.batch * LINES_LEAST
    sums = work.cells * (work.channels // work.groups) * math.prod(window.kernel_size)
    return {
        "image": work.batch,
        "line copied": 0 if as_one else lines,
        "number copied": 0 if as_one else lines * columns * {1: 1, 2: PICKED}.get(window.stride[1], 2),
        "line copied as one": lines if as_one else 0,
        "number of one": lines * columns if as_one else 0,
        "number padded": _padded(work),
        "multiply-add": sums,
        "multiply-add over columns": sums / (rows * columns),
        "cell far from the processor": max(0, work.cells - work.batch * NEAR),
    }


def _block_and_depth(work: Work, rows: int) -> Pair:
    """Of a band's product: how many of ``rows`` output rows it makes, and the numbers of a line of its matrix."""
    block = min(block_rows(work.outputs // work.groups), rows)
    tall = (block - 1) * work.window.stride[0] + work.window.kernel_size[0]
    return block, tall * (work.channels // work.groups) * work.window.kernel_size[1]


def _banded(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, rows, columns = work.outputs // work.groups, -(-work.size[0] // work.apart), work.size[1]
    block, depth = _block_and_depth(work, rows)
    lines = lines_together(outputs, depth, columns, work.batch) if block == 1 else block * outputs
    images, wide = columns_together(work.batch, columns, lines * depth)
    parts = work.apart * -(-work.batch // images) * -(-columns // wide)
    taps = work.channels * kernel_w * images
    strips = -(-rows // rows_together(rows, taps * wide, kernel_h, step_h, block))
    products = parts * work.groups * -(-rows // block) * (outputs * block // lines)
    # What strips share is laid out for each of them.
    copied = parts * taps * (rows * step_h + strips * max(0, kernel_h - step_h))
    return {
        "call": 1,
        "strip": parts * strips,
        "product": products,
        "number far from the processor": products * _far(depth * images * wide),
        "line copied": copied,
        "number copied": copied * wide * (1 if step_w == 1 else 2),  # neighbours are copied twice as fast
        "multiply-add": work.cells * depth,
        "multiply-add over columns": work.cells * depth / (images * wide),
        "cell put in its place": 0 if images == 1 and 1 in (block, outputs) else work.cells,
        "cell": work.cells,
        # A product of a plane's own is small, and planes' rows are laid out far apart: 1.2 against 0.9 ms for 3×3 on 3
        # planes of 480×640, where ``folded`` was estimated to take longer.
        "cell of a plane by itself": work.cells if 1 < work.outputs == work.groups else 0,
    }


def in_few_calls(work: Work) -> bool:
    """Whether bands meet whole rows, whose estimates hold: of several channels, for slabs as large as were measured."""
    measured = work.channels == work.outputs == 1
    measured = measured or _block_and_depth(work, work.size[0])[1] * work.size[1] <= SLAB_MEASURED
    return measured and _strip_of_whole_rows(work) > 0


def _strip_of_whole_rows(work: Work) -> int:
    return whole_rows.strip_rows(work.batch, work.channels, work.outputs, work.groups, work.window, work.size)


def panel(work: Work) -> panels.Panel | None:
    """How images lie side by side, where banded work is done in panels."""
    image, weight = (work.batch, work.channels, *work.image), (work.outputs, work.channels // work.groups)
    return panels.panel_of(image, (*weight, *work.window.kernel_size), work.window, work.groups)


def _panels(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, each, (rows, columns) = work.outputs // work.groups, work.channels // work.groups, work.size
    some, lines = panel(work) or (1, outputs)
    parts, depth, wide = -(-work.batch // some), each * kernel_h * kernel_w, some * columns
    line = work.channels * kernel_w * wide
    strips = parts * -(-rows // rows_together(rows, line, kernel_h, step_h, 1, panels.LAID_OUT_MOST))
    products = parts * work.groups * rows * outputs // lines
    copied = work.channels * kernel_w * (work.batch * rows * step_h + strips * some * max(0, kernel_h - step_h))
    return {
        "call": 1,
        "strip": strips,
        "line copied": copied,
        "number copied": copied * columns * (1 if step_w == 1 else 2),
        "step": products * lines * depth * columns_taken(wide) * slower(depth, wide),
        "line put in its place": work.batch * work.outputs * rows,
        "cell": work.cells,
    }


def images_together(work: Work) -> int:
    """How many images have their windows gathered at a time; 0 where that is for ``gathered`` to do."""
    return batched.images_together(work.batch, work.channels, work.window, work.size)


def _batched(work: Work) -> dict[str, float]:
    (rows, columns), window = work.size, work.window
    taps = work.channels * math.prod(window.kernel_size)
    lines, depth = work.batch * taps * rows, taps // work.groups + 1
    as_one = window.stride[1] == 1 and columns <= AS_ONE_MOST
    small = batched.lines_of(work.outputs // work.groups, depth, rows * columns)
    sums = work.cells * depth
    return {
        "call": 1,
        "block": -(-work.batch // (images_together(work) or 1)),
        "product": work.batch * work.groups,
        "line copied": 0 if as_one else lines,
        "number copied": 0 if as_one else lines * columns,
        "line copied as one": lines if as_one else 0,
        "number of one": lines * columns if as_one else 0,
        "number padded": _padded(work),
        "multiply-add": sums,
        "multiply-add of a large product": 0 if small else sums,
        "multiply-add over columns": sums / (rows * columns),
        "cell": work.cells,
    }


def _tapped(work: Work) -> dict[str, float]:
    rows, columns = (
        sum(found[0].stop - found[0].start for found in tapped.met(work.window, axis, size, count) if found)
        for axis, (size, count) in enumerate(zip(work.image, work.size, strict=True))
    )
    images = tapped.images_together(work.batch, work.size)
    strip = tapped.rows_together(work.channels, work.outputs, images, work.size)
    met = work.batch * rows * columns  # cells of a plane, over all taps
    products = math.prod(work.window.kernel_size) * -(-work.batch // images) * -(-work.size[0] // strip)
    return {
        "call": 1,
        "product": products,
        "weight": products * work.outputs * work.channels // work.groups,
        "number copied": met * work.channels * (1 if work.window.stride[1] == 1 else 3),
        "cell added": met * work.outputs,
        "multiply-add": met * work.outputs * work.channels // work.groups,
    }


def _covered(work: Work) -> dict[str, float]:
    weights = work.outputs * (work.channels // work.groups) * math.prod(work.image)
    return {
        "call": 1,
        "window": work.batch * work.groups if work.outputs == work.groups else work.groups,
        "weight": weights,
        "multiply-add": work.batch * weights,
    }


def _whole_rows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, (rows, columns) = work.outputs // work.groups, work.size
    block, depth = _block_and_depth(work, rows)
    lines = lines_together(outputs, depth, columns, work.batch) if block == 1 else block
    parts = outputs // lines if block == 1 else 1
    products = work.batch * work.groups * -(-rows // block) * parts
    strips = -(-rows // _strip_of_whole_rows(work))
    read = work.batch * work.channels * (rows * step_h + strips * max(0, kernel_h - step_h))
    copied = read * kernel_w
    bare = not any(map(any, work.window.padding)) and step_w == 1
    straight = step_w == 1 and not bare and work.channels * math.prod(work.image) >= whole_rows.STRAIGHT_LEAST
    # Of large slabs a rest of columns tells, and lines that begin anywhere; of several channels less than of one plane.
    large, whole_lines = depth * columns > SLAB_MOST, columns % LINE_NUMBERS == 0 or (straight and work.channels == 1)
    taken = columns_taken(columns) * (1 if whole_lines else ANYWHERE) if large else columns
    if work.channels > 1 or work.outputs > 1:
        taken = columns + (taken - columns) * CHANNELS_LOSE
    return {
        "call": 1,
        "strip": work.batch * strips,
        "product": products,
        "number far from the processor": products * _far(depth * columns),
        "line copied": copied,
        "number copied": 0 if straight else copied * columns * (1 if step_w == 1 else 2),
        "number copied straight": copied * columns if straight else 0,
        "number padded": 0 if bare or straight else read * (columns * step_w + kernel_w - 1),
        "number of a band": work.groups * parts * lines * depth,
        "multiply-add": work.cells * depth * taken / columns,
        "multiply-add over columns": work.cells * depth / columns,
        "cell": work.cells,
    }


def plane_by_plane(work: Work) -> bool:
    """Whether bands meet all rows of some planes."""
    if not 1 < work.channels == work.outputs == work.groups or work.window.dilation[0] > 1:
        return False
    window = work.window
    return plane_rows.fits(window.kernel_size, window.padding[0][0], window.stride[0], work.image[0], work.size)


def _plane_rows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    planes, (rows, columns) = work.batch * work.channels, work.size
    block = plane_rows.block_rows(step_h, rows)
    depth = ((block - 1) * step_h + kernel_h) * kernel_w
    lines = planes * ((rows - 1) * step_h + kernel_h) * kernel_w
    each, strip = plane_rows.parts_of(work.channels, work.window.kernel_size, step_h, work.size)
    return {
        "call": 1,
        "chunk": work.batch * -(-work.channels // each) * -(-rows // strip),
        "number of a band": work.channels * block * depth,
        "line copied": lines,
        "number copied": lines * columns * (1 if step_w == 1 else 2),
        "multiply-add": work.cells * depth,
    }


def _folded(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    rows = -(-work.size[0] // work.apart)
    lines = folded.block_rows(rows, work.image[1], kernel_w)
    reach = (lines - 1) * step_h + kernel_h
    planes = work.batch * work.channels * work.apart
    blocks = planes * -(-rows // lines)
    sums = blocks * kernel_w * lines * work.image[1]
    parts = folded.parts_of_plane(sums // planes)
    return {
        "call": 1,
        "chunk": max(work.apart, planes * parts if parts > 1 else -(-sums // folded.SUMS_TOGETHER)),
        "product": blocks,
        # Of one row no product is a sum, and they are made one by one.
        "number multiplied": sums if reach == 1 else 0,
        "number of a band": blocks * kernel_w * lines * reach,
        "multiply-add": sums * reach,
        "cell": work.cells * step_w,
        "cell looked at before": 0
        if folded.by_result(work.batch * work.channels, work.image, kernel_h, work.size)
        else work.cells * step_w,
        "cell of a plane in parts": work.cells if parts > 1 else 0,
        "cell of rows apart": work.cells if work.apart > 1 else 0,  # they are put together first, and apart again
    }


def _staggered_rows(work: Work) -> staggered_rows.Rows:
    (top, _), step, down = work.window.padding[0], work.window.stride[0], work.window.dilation[0]
    return staggered_rows.met(work.window.kernel_size[0], top, step, work.image[0], work.size, down)


def staggered_chunk(work: Work) -> Pair:
    """How many images and planes of each to do at a time when planes are staggered; none where one is too many."""
    each = staggered_rows.numbers(_staggered_rows(work), work.window.kernel_size[1], work.size[1])
    return staggered_rows.chunk(work.batch, work.channels, each)


def _staggered(work: Work) -> dict[str, float]:
    kernel_w, step_w = work.window.kernel_size[1], work.window.stride[1]
    planes, rows, (images, together) = work.batch * work.channels, _staggered_rows(work), staggered_chunk(work)
    lines, cells = len(rows.phases) * kernel_w, planes * rows.made * work.size[1]
    # Those of taps left of the image are moves of others, each in one go.
    moved = sum(b < work.window.padding[1][0] for b in range(kernel_w - step_w)) if step_w > 1 else 0
    begun = len(rows.phases) * (kernel_w - moved)
    flat = rows.apart == 1 and rows.made == work.image[0] and work.size[1] * step_w == work.image[1]
    # Short rows are put together first, a line each; then all are picked in one go.
    first = (
        planes * rows.made * len(rows.phases)
        if staggered_rows.puts_together(rows, work.image[1], work.size[1], step_w)
        else 0
    )
    chunks = -(-work.batch // images) * -(-work.channels // together)
    # Columns that lie left or right of the image are cleared: one of the second tap, two of the third.
    reach = range(0, kernel_w * work.window.dilation[1], work.window.dilation[1])
    cleared = sum(max(0, around - further) for around in work.window.padding[1] for further in reach) // step_w
    each = staggered_rows.numbers(rows, kernel_w, work.size[1])
    return {
        "call": 1,
        "chunk": chunks,
        "column or row": chunks * (len(rows.phases) * cleared + lines + 2 * len(rows.moves)),
        "line copied": first or (0 if flat else planes * rows.made * begun),
        "number copied": cells * lines + first * work.image[1],
        "number picked": 0 if step_w == 1 else cells * begun,
        "number far from the processor": planes * max(0, each - PLANE_NEAR),
        "product": planes,
        "sum": cells * len(rows.moves),
        "multiply-add": cells * lines * len(rows.moves),
    }


def _winograd(work: Work) -> dict[str, float]:
    apart = math.prod(work.window.dilation)
    # Those of one size are done at once, as a batch is.
    uneven = any(size % dilation for size, dilation in zip(work.size, work.window.dilation, strict=True))
    rows, columns = (-(-size // (2 * dilation)) for size, dilation in zip(work.size, work.window.dilation, strict=True))
    # The row of tiles behind a block's last one is read too, and made where a block is several images: see ``tiles``.
    together = tiles.block_size(work.batch, rows, columns, 1, work.channels, work.outputs)[0] > 1
    read = work.batch * apart * (rows + 1) * columns
    made = work.batch * apart * (rows + together) * columns
    return {
        "call": 1,
        "image apart": 0 if uneven else apart - 1,
        "image apart of its own size": apart - 1 if uneven else 0,
        "kernel": work.channels * work.outputs,
        "kernel read again": (apart - 1) * work.channels * work.outputs if uneven else 0,
        "number looked at": work.batch * work.channels * math.prod(work.image),
        "tile read": read * work.channels,
        "tile made": made * work.outputs,
        "tile of a kernel": made * work.channels * work.outputs,
    }


def _along_rows(work: Work) -> dict[str, float]:
    (_, kernel_w), step, dilation = work.window.kernel_size, work.window.stride[1], work.window.dilation[1]
    rows, columns = work.size
    block = min(along_rows.BLOCK, columns)
    reach = (block - 1) * step + (kernel_w - 1) * dilation + 1
    strip = min(rows, along_rows.strip_rows(work.image))
    blocks, every = -(-columns // block), -(-reach // (block * step))
    # One product for each block of a strip's rows, or, where they are few, for as many blocks of each as lie apart.
    products = blocks if strip * every >= blocks else min(blocks, strip * every)
    edges = sum(-(-around // (block * step)) for around in work.window.padding[1])
    return {
        "call": 1,
        "edge": -(-rows // strip) * edges,
        "product": work.batch * work.channels * -(-rows // strip) * (products + edges),
        "number of a band": work.channels * block * reach * kernel_w,
        "multiply-add": work.cells * reach,
        "cell far from the processor": max(0, work.cells - NEAR),
    }


def _separable(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    rows, columns = -(-work.size[0] // work.apart), work.size[1]
    wide = (columns - 1) * step_w + (kernel_w - 1) * work.window.dilation[1] + 1
    block_h, block_w = min(separable.BLOCK, rows), min(separable.BLOCK, columns)
    planes = work.batch * work.channels * work.apart
    down = rows * wide * ((block_h - 1) * step_h + kernel_h)
    across = rows * columns * ((block_w - 1) * step_w + (kernel_w - 1) * work.window.dilation[1] + 1)
    return {
        "plane": planes,
        "strip": planes * -(-rows // max(block_h, separable.BETWEEN_MOST // wide)),
        "multiply-add": planes * (down + across),
        "cell between": planes * rows * wide,
        "cell": work.cells,
    }


def _spectral(work: Work) -> dict[str, float]:
    tiles, cells, kernels = 1, 1, 1
    for size, kernel in zip(work.size, work.window.kernel_size, strict=True):
        parts = spectral.parts(size, kernel)
        count, side = spectral.tiles(size, -(-kernel // parts))
        tiles, cells, kernels = tiles * count * parts, cells * side, kernels * parts
    planes = work.batch * work.channels
    return {
        "kernel": work.channels * kernels,
        "tile": planes * tiles,
        "cell of a tile": planes * tiles * cells * (1 if cells <= spectral.TILE_MOST**2 else spectral.FAR),
    }


# By the name of the way.
COUNTED: Mapping[str, Callable[[Work], dict[str, float]]] = {
    "gathered": _gathered,
    "banded": _banded,
    "whole rows": _whole_rows,
    "plane rows": _plane_rows,
    "panels": _panels,
    "batched": _batched,
    "covered": _covered,
    "tapped": _tapped,
    "folded": _folded,
    "staggered": _staggered,
    "along rows": _along_rows,
    "separable": _separable,
    "spectral": _spectral,
    "winograd": _winograd,
}
