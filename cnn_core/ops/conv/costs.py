"""How long each algorithm will take: what it does, counted, times what one of each was measured to take.

The nanoseconds were fitted on one thread (float32, AVX-512, OpenBLAS 0.3.31) to random shapes, each done in every way
that can do it: to 12,000 for all ways, and where a way changed later, to more of its own:

- the first three ways: 4,700, when their calls had become fewer;
- Winograd's: 500 with weights that had come before, on a machine where the others took 1.77 times as long;
- whole rows: 27,000, and 6,000 with large slabs; where rows are laid out as they lie, 50 photographs, most in grey;
- folded planes: 25,000; where some rows of the result tell whether all is finite, the same 50 photographs;
- panels and windows gathered for several images at once: 7,500 batches;
- staggered planes and planes' rows: 5,100 on a machine whose memory beyond 2 MB is slow, in the units of folded ones;
  their chunks and sums were lowered when a bias had come into the product and zeros were written once;
- spectra: scaled when 15 shapes took 0.71 of the time.

What is estimated to be the fastest took 1.03 times as long as what was, on 3,300 others, where thresholds on channels,
taps and columns had taken 1.25; ``tests/benchmarks/test_choice.py`` measures it again.
Gradients have ways of their own, for which there are estimates too: those abreast were fitted to 4,200 shapes, and the
weights' scaled when less was laid out at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from cnn_core.ops.conv import (
    abreast,
    batched,
    covered,
    dotted,
    folded,
    panels,
    plane_rows,
    separable,
    spectral,
    staggered,
    stamped,
    tapped,
    tiles,
    whole_rows,
)
from cnn_core.ops.conv.banded import block_rows, lines_together
from cnn_core.ops.conv.gathered import GATHERED_SINGLE, LINES_LEAST
from cnn_core.ops.conv.products import columns_taken, slower
from cnn_core.ops.conv.rows import columns_together, rows_together
from cnn_core.shapes import Pair, Window

# Numbers of a result that stay in a second-level cache of 1 MB until a bias is added.
NEAR = 250_000

# Numbers of what is laid out for a plane that stay, with the plane and its result, in one of 2 MB.
PLANE_NEAR = 400_000

# Numbers of a slab that stay in a first-level cache of 48 kB beside what they are multiplied with.
SLAB_MOST = 11_000

# How much longer it takes to gather every second number than all of them: see ``as_windows``.
PICKED = 1.5

# Numbers of the largest slab of several channels that whole rows were measured with. And what part such slabs lose of
# what a plane's own loses to a rest of columns: 16→32, 5×5 on 56×56, takes 0.46 ms, with all of it 0.59 were estimated,
# and gathered it takes 0.64.
SLAB_MEASURED, CHANNELS_LOSE = 60_000, 1 / 3

# Numbers of a line of memory, and how much longer products of large slabs take whose lines begin anywhere in one: 0.22
# ms for 31×31 on 75×75, 0.09 on 64×64.
LINE, ANYWHERE = 16, 1.25

# Numbers of a line that is gathered as one item in less time than number by number; up to 128 in about the same.
AS_ONE_MOST = 64

# Channels of a group from which on it may pay to gather windows a tap at a time.
TAPPED_LEAST = 32

# Nanoseconds, by the algorithm's name and by what is counted.
NANOSECONDS: Mapping[str, Mapping[str, float]] = {
    "gathered": {
        "image": 6930,
        "line copied": 3.24,
        "number copied": 0.111,
        "line copied as one": 1.64,
        "number of one": 0.0953,
        "number padded": 0.249,
        "multiply-add": 0.0101,
        "multiply-add over columns": 0.0315,
        "cell far from the processor": 0.125,
    },
    "banded": {
        "call": 16300,
        "strip": 11600,
        "product": 7.83,
        "line copied": 2.54,
        "number copied": 0.15,
        "multiply-add": 0.00852,
        "multiply-add over columns": 0.235,
        "cell put in its place": 0.179,
        "cell": 0.0116,
        "cell of a plane by itself": 0.15,
    },
    "whole rows": {
        "call": 5920,
        "strip": 2970,
        "product": 16,
        "line copied": 3.6,
        "number copied": 0.0804,
        "number copied straight": 0.065,
        "number padded": 0.0995,
        "number of a band": 0.838,
        "multiply-add": 0.00898,
        "multiply-add over columns": 0.0532,
        "cell": 0.0785,
    },
    "plane rows": {
        "call": 8950,
        "chunk": 5000,
        "number of a band": 0.05,
        "line copied": 4.6,
        "number copied": 0.0817,
        "multiply-add": 0.0115,
    },
    "panels": {
        "call": 9010,
        "strip": 4360,
        "line copied": 1.36,
        "number copied": 0.157,
        "step": 0.0077,
        "line put in its place": 1.62,
        "cell": 0.143,
    },
    "batched": {
        "call": 8840,
        "block": 105,
        "product": 42.2,
        "line copied": 2.67,
        "number copied": 0.158,
        "line copied as one": 1.78,
        "number of one": 0.0457,
        "number padded": 0.171,
        "multiply-add": 0.0089,
        "multiply-add of a large product": 0.00314,
        "multiply-add over columns": 0.0138,
        "cell": 0.0208,
    },
    "covered": {
        "call": 5000,
        "window": 7,
        "weight": 0.03,
        "multiply-add": 0.0115,
    },
    "tapped": {
        "call": 8000,
        "product": 4000,
        "weight": 0.8,
        "number copied": 0.15,
        "cell added": 0.3,
        "multiply-add": 0.0088,
    },
    "folded": {
        "call": 13000,
        "chunk": 4000,
        "product": 52.7,
        "number of a band": 0.188,
        "multiply-add": 0.0128,
        "cell": 0.26,
        "cell looked at before": 0.06,
        "cell of a plane in parts": 0.15,
        "cell of rows apart": 0.4,
    },
    "staggered": {
        "call": 10800,
        "chunk": 500,
        "column or row": 250,
        "line copied": 0.59,
        "number copied": 0.107,
        "number picked": 0.162,
        "number far from the processor": 0.3,
        "product": 38.8,
        "sum": 0.09,
        "multiply-add": 0.006,
    },
    "separable": {
        "plane": 31400,
        "strip": 2030,
        "multiply-add": 0.0118,
        "cell between": 0.406,
        "cell": 0.224,
    },
    "spectral": {
        "kernel": 17000,
        "tile": 18000,
        "cell of a tile": 5.6,
    },
    "winograd": {
        "call": 24200,
        "image apart": 300,
        "image apart of its own size": 24200,
        "kernel": 16.5,
        "kernel read again": 2,
        "number looked at": 0.236,
        "tile read": 5.96,
        "tile made": 3.25,
        "tile of a kernel": 0.112,
    },
    "weights by rows": {
        "call": 9740,
        "strip": 9620,
        "product": 8.26,
        "weight of a product": 0.129,
        "line copied": 1.44,
        "number copied": 0.217,
        "multiply-add": 0.0177,
        "cell": 0.0679,
        "product of a plane by itself": 45,
    },
    "weights dotted": {
        "call": 8000,
        "step": 700,
        "dot": 8.5,
        "number copied": 0.06,
        "number picked": 0.25,
        "multiply-add": 0.055,
        "multiply-add far from the processor": 0.033,
    },
    "weights by windows": {
        "call": 451,
        "image": 7590,
        "weight of a product": 0.087,
        "line copied": 4.46,
        "number copied": 0.117,
        "multiply-add": 0.014,
        "cell": 0.0238,
    },
    "spread stamped": {
        "call": 8000,
        "product": 3000,
        "sum": 1500,
        "part put": 2000,
        "number made": 0.2,
        "number put": 0.6,
        "multiply-add": 0.0105,
    },
    "spread abreast": {
        "call": 7990,
        "strip": 1530,
        "move": 2160,
        "product": 43.3,
        "line copied": 0.823,
        "number copied": 0.184,
        "number made": 0.117,
        "multiply-add": 0.0085,
        "multiply-add over columns": 0.0994,
    },
    "weights abreast": {
        "strip": 12100,
        "product": 17.6,
        "weight of a product": 0.321,
        "line copied": 0.815,
        "number copied": 0.113,
        "number read": 0.0193,
        "multiply-add": 0.00864,
    },
}


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


@lru_cache(maxsize=1024)
def microseconds(name: str, work: Work) -> float:
    """How long the algorithm of that name will take; whether it can do the work is not asked here."""
    if name == "banded" and 1 < work.outputs == work.groups:
        name = "plane rows" if _plane_by_plane(work) else name
    elif name == "banded":
        name = "panels" if _panel(work) else "whole rows" if _in_few_calls(work) else name
    if name == "gathered":
        name = _gathered_by(work)
    return _time(name, work)


def _time(name: str, work: Work) -> float:
    """Microseconds of exactly that algorithm."""
    each = NANOSECONDS[name]
    return sum(each[kind] * count for kind, count in COUNTED[name](work).items()) / 1000


def tap_by_tap(work: Work) -> bool:
    """Whether gathering windows a tap at a time is estimated to be the faster way of gathering them."""
    return _gathered_by(work) == "tapped"


@lru_cache(maxsize=1024)
def _gathered_by(work: Work) -> str:
    """Which of the ways to gather windows is taken: a key of ``NANOSECONDS``."""
    if covered.covers(work.window, work.image):
        return "covered"
    name = "batched" if _images_together(work) else "gathered"
    few = work.channels // work.groups < TAPPED_LEAST or math.prod(work.window.kernel_size) == 1  # channels, or taps
    return name if few or _time(name, work) < _time("tapped", work) else "tapped"


def _padded(work: Work) -> int:
    """Numbers of all images with zeros around them, 0 where none are put there."""
    tall, wide = (size + sum(sides) for size, sides in zip(work.image, work.window.padding, strict=True))
    return work.batch * work.channels * tall * wide if (tall, wide) != work.image else 0


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
    # What strips share is laid out for each of them.
    copied = parts * taps * (rows * step_h + strips * max(0, kernel_h - step_h))
    return {
        "call": 1,
        "strip": parts * strips,
        "product": parts * work.groups * -(-rows // block) * (outputs * block // lines),
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


def _in_few_calls(work: Work) -> bool:
    """Whether bands meet whole rows, whose estimates hold: of several channels, for slabs as large as were measured."""
    measured = work.channels == work.outputs == 1
    measured = measured or _block_and_depth(work, work.size[0])[1] * work.size[1] <= SLAB_MEASURED
    return measured and _strip_of_whole_rows(work) > 0


def _strip_of_whole_rows(work: Work) -> int:
    return whole_rows.strip_rows(work.batch, work.channels, work.outputs, work.groups, work.window, work.size)


def _panel(work: Work) -> panels.Panel | None:
    image, weight = (work.batch, work.channels, *work.image), (work.outputs, work.channels // work.groups)
    return panels.panel_of(image, (*weight, *work.window.kernel_size), work.window, work.groups)


def _panels(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, each, (rows, columns) = work.outputs // work.groups, work.channels // work.groups, work.size
    some, lines = _panel(work) or (1, outputs)
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


def _images_together(work: Work) -> int:
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
        "block": -(-work.batch // (_images_together(work) or 1)),
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
        sum(last - first for first, last in tapped.met(work.window, axis, work.image[axis], 0, work.size[axis]))
        for axis in (0, 1)
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
    strips = -(-rows // _strip_of_whole_rows(work))
    read = work.batch * work.channels * (rows * step_h + strips * max(0, kernel_h - step_h))
    copied = read * kernel_w
    bare = not any(map(any, work.window.padding)) and step_w == 1
    straight = step_w == 1 and not bare and work.channels * math.prod(work.image) >= whole_rows.STRAIGHT_LEAST
    # Of large slabs a rest of columns tells, and lines that begin anywhere; of several channels less than of one plane.
    large, whole_lines = depth * columns > SLAB_MOST, columns % LINE == 0 or (straight and work.channels == 1)
    taken = columns_taken(columns) * (1 if whole_lines else ANYWHERE) if large else columns
    if work.channels > 1 or work.outputs > 1:
        taken = columns + (taken - columns) * CHANNELS_LOSE
    return {
        "call": 1,
        "strip": work.batch * strips,
        "product": work.batch * work.groups * -(-rows // block) * parts,
        "line copied": copied,
        "number copied": 0 if straight else copied * columns * (1 if step_w == 1 else 2),
        "number copied straight": copied * columns if straight else 0,
        "number padded": 0 if bare or straight else read * (columns * step_w + kernel_w - 1),
        "number of a band": work.groups * parts * lines * depth,
        "multiply-add": work.cells * depth * taken / columns,
        "multiply-add over columns": work.cells * depth / columns,
        "cell": work.cells,
    }


def _plane_by_plane(work: Work) -> bool:
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
        "number of a band": blocks * kernel_w * lines * reach,
        "multiply-add": sums * reach,
        "cell": work.cells * step_w,
        "cell looked at before": 0
        if folded.by_result(work.batch * work.channels, work.image, kernel_h, work.size)
        else work.cells * step_w,
        "cell of a plane in parts": work.cells if parts > 1 else 0,
        "cell of rows apart": work.cells if work.apart > 1 else 0,  # they are put together first, and apart again
    }


def _staggered_rows(work: Work) -> staggered.Rows:
    (top, _), step = work.window.padding[0], work.window.stride[0]
    return staggered.met(work.window.kernel_size[0], top, step, work.image[0], work.size)


def staggered_chunk(work: Work) -> Pair:
    """How many images and planes of each to do at a time when planes are staggered; none where one is too many."""
    each = staggered.numbers(_staggered_rows(work), work.window.kernel_size[1], work.size[1])
    return staggered.chunk(work.batch, work.channels, each)


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
        if staggered.puts_together(rows, work.image[1], work.size[1], step_w)
        else 0
    )
    chunks = -(-work.batch // images) * -(-work.channels // together)
    # Columns that lie left or right of the image are cleared: one of the second tap, two of the third.
    cleared = sum(around * (around + 1) // 2 for around in work.window.padding[1]) // step_w
    each = staggered.numbers(rows, kernel_w, work.size[1])
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


def _separable(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    rows, columns = -(-work.size[0] // work.apart), work.size[1]
    wide = (columns - 1) * step_w + (kernel_w - 1) * work.window.dilation[1] + 1
    block_h, block_w = min(separable.BLOCK, rows), min(separable.BLOCK, columns)
    planes = work.batch * work.channels * work.apart
    down = rows * wide * ((block_h - 1) * step_h + kernel_h) if kernel_h > 1 else 0
    across = rows * columns * ((block_w - 1) * step_w + (kernel_w - 1) * work.window.dilation[1] + 1)
    return {
        "plane": planes,
        "strip": planes * -(-rows // max(block_h, separable.BETWEEN_MOST // wide)),
        "multiply-add": planes * (down + across),
        "cell between": planes * rows * wide * (1 if kernel_h > 1 else 1 / 4),  # of a row alone they are but copied
        "cell": work.cells,
    }


def _spectral(work: Work) -> dict[str, float]:
    tiles, cells = 1, 1
    for size, kernel in zip(work.size, work.window.kernel_size, strict=True):
        count, side = spectral.tiles(size, kernel)
        tiles, cells = tiles * count, cells * side
    planes = work.batch * work.channels
    return {"kernel": work.channels, "tile": planes * tiles, "cell of a tile": planes * tiles * cells}


def _weights_by_rows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, each = work.outputs // work.groups, work.channels // work.groups
    rows, columns = -(-work.size[0] // work.apart), work.size[1]
    weights = outputs * each * kernel_h * kernel_w
    images, wide = columns_together(work.batch, columns, weights)
    parts = work.apart * -(-work.batch // images) * -(-columns // wide)
    taps = work.channels * kernel_w * images
    strips = -(-rows // rows_together(rows, taps * wide, kernel_h, step_h, 1))
    copied = parts * taps * (rows * step_h + strips * max(0, kernel_h - step_h))
    products = parts * rows * work.groups
    return {
        "call": 1,
        "strip": parts * strips,
        "product": products,
        "weight of a product": products * weights,
        "line copied": copied,
        "number copied": copied * wide * (1 if step_w == 1 else 2),
        "multiply-add": work.cells * each * kernel_h * kernel_w,
        "cell": work.cells,
        "product of a plane by itself": products if 1 < work.outputs == work.groups else 0,
    }


def _weights_dotted(work: Work) -> dict[str, float]:
    rows, columns = (dotted.met(work.window, axis, work.image[axis], work.size[axis]) for axis in (0, 1))
    planes, plane = work.batch * work.channels, rows.length * columns.length
    taps, copies = math.prod(work.window.kernel_size), len({further for _, further in columns.taps})
    phases = len(rows.phases) * len(columns.phases)
    near = plane <= dotted.NUMBERS
    return {
        "call": 1,
        "step": -(-planes // dotted.planes_together(planes, plane)) * (taps + 3 * copies + phases),
        "dot": planes * taps,
        "number copied": planes * plane * (copies - 1),
        "number picked": planes * plane * phases if math.prod(work.window.stride) > 1 else 0,
        "multiply-add": planes * taps * plane,
        "multiply-add far from the processor": 0 if near else planes * taps * plane,
    }


def _weights_by_windows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (rows, columns) = work.window.kernel_size, work.size
    outputs, each = work.outputs // work.groups, work.channels // work.groups
    weights = outputs * each * kernel_h * kernel_w
    strips = -(-work.channels * kernel_h * kernel_w * rows * columns // GATHERED_SINGLE)
    lines = work.batch * work.channels * kernel_h * kernel_w * rows
    if work.window.kernel_size == work.window.stride == (1, 1):
        lines = 0
    return {
        "call": 1,
        "image": work.batch,
        "weight of a product": work.batch * strips * work.groups * weights,
        "line copied": lines,
        "number copied": lines * columns,
        "multiply-add": work.cells * each * kernel_h * kernel_w,
        "cell": work.cells,
    }


def _spread_stamped(work: Work) -> dict[str, float]:
    own, each, taps = work.outputs // work.groups, work.channels // work.groups, math.prod(work.window.kernel_size)
    images, line, strip, some = stamped.layout(work.batch, each, own, work.window, work.image, work.size)
    strips = -(-stamped.reach(work.window, work.image, work.size)[0] // strip)
    products = -(-work.batch // images) * work.groups * strips * -(-each // some)
    rows = work.size[0] + (strips - 1) * stamped.further(work.window, 0)
    made = work.batch * work.channels * taps * rows * line
    return {
        "call": 1,
        "product": products,
        "sum": products * math.prod(len(list(stamped.steps(work.window, axis))) for axis in (0, 1)),
        "part put": products * math.prod(work.window.stride),
        "number made": made if own > 1 else made / 2,
        "number put": work.batch * work.channels * math.prod(work.image),
        "multiply-add": made * own if own > 1 else 0,
    }


def _spread_abreast(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), rows = work.window.kernel_size, work.image[0]
    wide, lines = work.size[1] + kernel_w - 1, kernel_w * work.channels
    weights = lines * kernel_h * work.outputs
    some, line, strip, at_once = abreast.layout_of_spread(
        work.batch, work.channels, work.outputs, work.window.kernel_size, work.image, work.size[1]
    )
    parts = -(-work.batch // some)
    strips = parts * -(-rows // strip)
    pieces = strips * -(-strip // at_once)
    laid_out = (parts * rows + strips * (kernel_h - 1)) * work.outputs * some
    made = parts * line * rows * lines
    return {
        "call": 1,
        "strip": strips,
        "move": pieces * (kernel_w - 1),
        "product": parts * rows,
        "line copied": laid_out + work.batch * work.channels * rows,
        "number copied": laid_out * wide,
        "number made": made,
        "multiply-add": made * kernel_h * work.outputs,
        "multiply-add over columns": parts * rows * weights,
    }


def _weights_abreast(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (rows, columns) = work.window.kernel_size, work.size
    wide, lines = columns + kernel_w - 1, kernel_h * work.channels
    some, line, strip, _ = abreast.layout_of_weights(
        work.batch, work.channels, work.outputs, work.window.kernel_size, work.size
    )
    parts = -(-work.batch // some)
    strips = parts * -(-rows // strip)
    copied = (parts * rows + strips * (kernel_h - 1)) * work.channels * some + work.batch * work.outputs * rows
    products = parts * rows * kernel_w
    read = products * line
    return {
        "strip": strips,
        "product": products,
        "weight of a product": products * work.outputs * lines,
        "line copied": copied,
        "number copied": copied * wide,
        "number read": read * (work.outputs + lines),
        "multiply-add": read * work.outputs * lines,
    }


COUNTED = {
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
    "separable": _separable,
    "spectral": _spectral,
    "winograd": _winograd,
    "weights by rows": _weights_by_rows,
    "weights by windows": _weights_by_windows,
    "weights dotted": _weights_dotted,
    "spread stamped": _spread_stamped,
    "spread abreast": _spread_abreast,
    "weights abreast": _weights_abreast,
}
