"""Sliding a kernel by the algorithm that was chosen: part by part, or by calls worked out once for a shape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv import (
    batched,
    covered,
    folded,
    panels,
    plane_rows,
    shifted,
    tapped,
    tiles,
    whole_rows,
    winograd,
)
from cnn_core.ops.conv.banded import block_rows, correlate_banded
from cnn_core.ops.conv.costs import tap_by_tap
from cnn_core.ops.conv.counts import Work
from cnn_core.ops.conv.dispatch import Branch, able, choose, contaminates, finite, keeping_apart, settled
from cnn_core.ops.conv.gathered import GATHERED_SINGLE
from cnn_core.ops.conv.near import correlate_near, is_far_wider
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.padding import pad, pad_rows
from cnn_core.shapes import Pair, Window

# Numbers gathered at a time in double precision: part of the order of operations that exported scripts repeat.
GATHERED_MOST = 2_000_000

# Numbers gathered at a time in single precision, at most: 16 MB, where the columns that a product wants would be more.
LARGE_MOST = 4_000_000

# Numbers of a result of which some rows tell of all: of fewer all are looked at the sooner, in one go.
ROWS_LOOKED_LEAST = 60_000

# The columns below which a product with many channels no longer runs fast.
COLUMNS_LEAST = 256

# Numbers padded at a time where the padding shows the image.
AROUND_MOST = 1_000_000


@np.errstate(all="ignore")  # infinities and NaN go their way without a word, as elsewhere
def correlate(
    x: Array,
    weight: Array,
    bias: Array | None,
    sliding: Window,
    groups: int,
    size: Pair,
    mode: str = "zeros",
    branch: Branch | None = None,
    ordered: bool = True,
) -> Array:
    """Slide ``weight`` over ``x``, its surroundings and all.

    Args:
        x: ``(N, C_in, H, W)``, not padded.
        weight: ``(C_out, C_in / groups, KH, KW)``, of the same type.
        bias: ``(C_out,)``, of the same type, or None.
        sliding: the window; nothing is checked here.
        groups: into how many groups the channels fall.
        size: ``(OH, OW)`` of the result.
        mode: what is seen around the image.
        branch: the algorithm, or None to have it chosen.
        ordered: whether double precision is added in the order that others repeat.

    Returns:
        ``(N, C_out, OH, OW)``.
    """
    if mode == "zeros" and is_far_wider(sliding, (x.shape[2], x.shape[3])):
        return correlate_near(
            lambda cells, window, met: correlate(cells, weight, bias, window, groups, met, mode, branch, ordered),
            x,
            weight,
            bias,
            sliding,
            size,
        )
    out = np.empty((x.shape[0], weight.shape[0], *size), dtype=x.dtype)
    if not out.size:
        return out
    weight = np.ascontiguousarray(weight)
    # What is not finite never gets lost in a sum: of operands and result it is enough to look at the smaller. Only then
    # it is asked whether it came from outside its windows.
    later = branch is None and out.size <= x.size + weight.size
    if branch is None and x.dtype == np.float32:
        first = settled(x.shape, weight.shape, sliding, groups)
        branch = first if later or first is None or not contaminates(first, weight.shape[0] // groups) else None
    if branch is None:
        ways = able(x, weight, sliding, groups, ordered)
        branch = next(ways)[0] if later else keeping_apart(x, weight, sliding, ways)[0]
    telling = _slide(branch, x, weight, bias, sliding, groups, mode, out)
    if later and telling is not None and contaminates(branch, weight.shape[0] // groups) and not finite(telling):
        careful = choose(x, weight, sliding, groups, ordered)
        if careful is not branch:
            _slide(careful, x, weight, bias, sliding, groups, mode, out)
    return out


def working(
    branch: Branch, x: Array, weight: Array, sliding: Window, groups: int, mode: str = "zeros"
) -> Callable[..., bool | None]:
    """The function that does a branch's work on this: its own, or the one that does the same in fewer calls."""
    found = _in_few_calls(branch, x, weight, sliding, groups, mode)
    if found is not None:
        return found.work.func
    if branch is Branch.BANDED:
        out = np.empty((x.shape[0], weight.shape[0], *sliding.output_size(*x.shape[2:])), dtype=x.dtype)
        cells, place, target = next(rows_apart(x, sliding, mode, out))
        if _in_plane_rows(cells, weight, target, place, groups):
            return plane_rows.correlate_plane_rows
    return branch.function


class FewCalls(NamedTuple):
    """A branch's work by calls that were worked out once for a shape.

    Attributes:
        work: does it, given ``x, weight, bias, out``.
        block: rows of the result of which the first tells for all whether anything was not finite.
    """

    work: partial[None]
    block: int = 1


def _in_few_calls(
    branch: Branch, x: Array, weight: Array, sliding: Window, groups: int, mode: str, biased: bool = True
) -> FewCalls | None:
    """A branch's work in few calls, if there is that."""
    if mode != "zeros" or not x.flags.c_contiguous:
        return None
    if branch is Branch.WINOGRAD:
        (top, _), (left, _) = sliding.padding
        size = sliding.output_size(*x.shape[2:])
        tiled = tiles.layout(x.shape, (len(x), len(weight), *size), (top, left), sliding.dilation, x.dtype, biased)
        return FewCalls(partial(winograd.correlate_in_tiles, lay=tiled))
    if branch is Branch.GATHERED:
        # In double precision sums have one order, that of ``gathered``.
        single = x.dtype == np.float32
        return gathered_in_few_calls(x.shape, weight.shape, sliding, groups, x.dtype, biased) if single else None
    if branch is Branch.BANDED and not 1 < len(weight) == groups:
        abreast = len(x) > 1 and panels.layout(x.shape, weight.shape, sliding, groups, x.dtype)
        if abreast:
            return FewCalls(partial(panels.correlate_panels, lay=abreast))
        lay = whole_rows.layout(x.shape, weight.shape, sliding, groups, x.dtype, biased)
        # A band's zeros carry what is not finite into all rows of a block: the first one tells.
        return FewCalls(partial(whole_rows.correlate_whole_rows, groups=groups, lay=lay), lay.block) if lay else None
    return None


@lru_cache(maxsize=1024)
def gathered_in_few_calls(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    sliding: Window,
    groups: int,
    dtype: np.dtype[Any],
    biased: bool,
) -> FewCalls | None:
    """How windows of contiguous images with zeros around them are gathered, if not part by part."""
    image, size = (x_shape[2], x_shape[3]), sliding.output_size(x_shape[2], x_shape[3])
    if covered.covers(sliding, image):
        return FewCalls(partial(covered.correlate_covered, groups=groups))
    if tap_by_tap(Work(x_shape[0], x_shape[1], weight_shape[0], groups, image, sliding, size)):
        return FewCalls(partial(tapped.correlate_tapped, sliding=sliding, groups=groups))
    lay = batched.layout(x_shape, weight_shape, sliding, groups, dtype, biased)
    return FewCalls(partial(batched.correlate_batched, lay=lay)) if lay else None


def _in_plane_rows(x: Array, weight: Array, out: Array, place: Place, groups: int) -> bool:
    """Whether a part of the work is one for ``plane_rows``."""
    if not (1 < len(weight) == groups == x.shape[1] and x.flags.c_contiguous and out.flags.c_contiguous):
        return False
    return plane_rows.fits(weight.shape[2:], place.before[0], place.stride[0], x.shape[2], out.shape[2:])


def _slide(
    branch: Branch, x: Array, weight: Array, bias: Array | None, sliding: Window, groups: int, mode: str, out: Array
) -> Array | None:
    """Have a branch make ``out``, part by part.

    Returns:
        A part of ``out`` that is all finite only if ``x``, ``weight`` and ``bias`` are; None where they were seen to
        be.
    """
    # A gradient may ask for fewer windows than would fit.
    if out.shape[2:] == sliding.output_size(x.shape[2], x.shape[3]):
        at_once = _in_few_calls(branch, x, weight, sliding, groups, mode, bias is not None)
        if at_once is not None:
            at_once.work(x, weight, bias, out)
            return out[:, :, :: at_once.block] if out.size >= ROWS_LOOKED_LEAST else out
    if branch not in (Branch.SHIFTED, Branch.GATHERED):
        seen = True
        for cells, place, target in rows_apart(x, sliding, mode, out, branch is Branch.STAGGERED):
            if branch is Branch.BANDED and _in_plane_rows(cells, weight, target, place, groups):
                seen = plane_rows.correlate_plane_rows(cells, weight, bias, target, place) and seen
            elif branch is Branch.BANDED:
                # (C_out, C/G, KH, KW) -> (G, C_out/G, C/G, KH, KW)
                kernels = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
                correlate_banded(cells, kernels, bias, target, place, block_rows(kernels.shape[1]))
                seen = False
            else:
                seen = bool(branch.function(cells, weight, bias, target, place)) and seen
        return None if seen else out[:, :, :: _telling(branch, x, weight, sliding, mode, out)]
    for cells, target in _strips(x, sliding, mode, out, branch):
        branch.function(cells, weight, target, sliding, groups)
        if bias is not None:
            add_to_planes(target, bias)
    return out


def _telling(branch: Branch, x: Array, weight: Array, sliding: Window, mode: str, out: Array) -> int:
    """Rows of ``out`` of which the first tells for all whether anything was not finite: a folded block's, else one."""
    together = mode == "zeros" and (sliding.dilation[0] == 1 or sliding.kernel_size[0] == 1)
    if branch is not Branch.FOLDED or not together or out.size < ROWS_LOOKED_LEAST:
        return 1
    return folded.block_rows(out.shape[2], x.shape[3], weight.shape[3])


def rows_apart(
    x: Array, sliding: Window, mode: str, out: Array, together: bool = False
) -> Iterator[tuple[Array, Place, Array]]:
    """Convolutions whose taps lie row under row, with zeros around them, that together make the one asked for.

    Rows ``i, i + d, i + 2d, ...`` of a result dilated by ``d`` read every d-th row of the image and no other. For who
    takes taps that lie ``d`` rows apart, rows stay ``together``.
    """
    (top, _), (left, _) = sliding.padding
    apart = sliding.dilation[0] if sliding.kernel_size[0] > 1 else 1
    if mode != "zeros" and any(map(any, sliding.padding)):
        bare = Window(sliding.kernel_size, sliding.stride, sliding.dilation)
        for cells, target in in_strips(x, sliding, mode, out, rows=max(1, AROUND_MOST // x[:, :, 0].size)):
            yield from rows_apart(cells, bare, "zeros", target, together)
        return
    if together:
        yield x, Place((top, left), sliding.stride, sliding.dilation[1], apart), out
        return
    for phase in range(min(apart, out.shape[2])):
        first = phase - top
        start = first % apart
        place = Place(((start - first) // apart, left), sliding.stride, sliding.dilation[1])
        yield x[:, :, start::apart], place, out[:, :, phase::apart]


def _strips(x: Array, sliding: Window, mode: str, out: Array, branch: Branch) -> Iterator[tuple[Array, Array]]:
    """Padded parts of the input, and the parts of the result that are made of them."""
    width = out.shape[3]
    if branch is Branch.SHIFTED:
        rows, columns = max(1, shifted.STRIP_MOST // width), width
        images = max(1, shifted.STRIP_MOST // (out.shape[2] * width))
    else:
        (rows, columns), images = gathered_windows(x, sliding, width), 1
    # Small ones are one part, and their calls all that they cost.
    if x.shape[0] <= images and out.shape[2] <= rows and columns == width:
        yield pad(x, sliding.padding, mode), out
        return
    for first in range(0, x.shape[0], images):
        some = slice(first, first + images)
        yield from in_strips(x[some], sliding, mode, out[some], rows, columns)


def gathered_windows(x: Array, sliding: Window, width: int) -> Pair:
    """How many output rows, ``width`` wide, to gather windows for at a time, and how many columns of them."""
    depth: int = x.shape[1] * sliding.kernel_size[0] * sliding.kernel_size[1]
    line = depth * width
    if x.dtype != np.float32:
        return max(1, GATHERED_MOST // line), max(1, min(width, GATHERED_MOST // depth))
    least = -(-COLUMNS_LEAST // width)
    if sliding.kernel_size == (1, 1) and sliding.stride == (1, 1):
        return max(1, AROUND_MOST // line, least), width
    rows = max(GATHERED_SINGLE // line, min(least, LARGE_MOST // line), 1)
    return rows, max(1, min(width, LARGE_MOST // depth))


def in_strips(
    x: Array, sliding: Window, mode: str, out: Array, rows: int, columns: int | None = None
) -> Iterator[tuple[Array, Array]]:
    """The padded input of ``rows`` output rows, or of so many columns of them, and these, until all had their turn."""
    step, width = sliding.stride[1], out.shape[3]
    for top in range(0, out.shape[2], rows):
        count = min(rows, out.shape[2] - top)
        above = top * sliding.stride[0]
        cells = pad_rows(x, sliding.padding, mode, above, above + (count - 1) * sliding.stride[0] + sliding.extent[0])
        target = out[:, :, top : top + count]
        if columns is None or columns >= width:
            yield cells, target
            continue
        for left in range(0, width, columns):
            some = target[..., left : left + columns]
            reach = (some.shape[3] - 1) * step + sliding.extent[1]
            yield cells[..., left * step : left * step + reach], some
