"""The two gradients of a correlation, each itself a sum of products that the fast ways of the forward pass can make.

Both follow from the forward sum: the output cell ``i`` met the tap ``a`` at the padded row
``i * stride + a * dilation`` (Goodfellow, Bengio and Courville, "Deep Learning", 2016, eqs. 9.11 and 9.13).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._sums import ROWS_ADDED
from cnn_core.ops.conv.abreast import spread_abreast, weights_abreast
from cnn_core.ops.conv.costs import microseconds
from cnn_core.ops.conv.counts import Work
from cnn_core.ops.conv.covered import covers, spread_covered, weights_covered
from cnn_core.ops.conv.dispatch import estimates, finite, has_slabs
from cnn_core.ops.conv.dotted import tells, weights_dotted
from cnn_core.ops.conv.execute import correlate, gathered_windows, in_strips, rows_apart
from cnn_core.ops.conv.gathered import gather
from cnn_core.ops.conv.products import add_products, left_lines
from cnn_core.ops.conv.rows import columns_together, slabs, strips
from cnn_core.ops.conv.stamped import spread_stamped
from cnn_core.shapes import Pair, Window

# Microseconds of a weight that is turned around; of one that is also picked from between others, as a stride asks; of a
# cell that is put a stride from the next; and of what each correlation costs before it begins.
WEIGHT_TURNED, WEIGHT_PICKED, CELL_PUT, PART = 0.0005, 0.0035, 0.0008, 10


def spread(grad: Array, weight: Array, sliding: Window, groups: int, size: Pair) -> Array:
    """Give each input cell its part of every output cell that read it.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        sliding: the window that was slid, over zeros around the image.
        groups: into how many groups the channels fall.
        size: ``(H, W)`` of the image.

    Returns:
        ``(N, C_in, H, W)``.
    """
    if not grad.size:
        return np.zeros((grad.shape[0], weight.shape[1] * groups, *size), dtype=grad.dtype)
    if covers(sliding, size):
        return spread_covered(grad, weight, groups, size)
    outputs, each, kernel_h, kernel_w = weight.shape
    work = Work(len(grad), groups * each, outputs, groups, size, sliding, (grad.shape[2], grad.shape[3]))
    # Correlations know no stride beside a dilation; and an infinite or NaN weight, times a zero around the gradient,
    # would reach cells that it never met.
    apart, met = sliding.dilation != (1, 1) and sliding.stride != (1, 1), finite(weight)
    if apart or not met or microseconds("spread stamped", work) < _by_correlation(work):
        return spread_stamped(grad, weight, sliding, groups, size, met)
    # (C_out, C_in/G, KH, KW) -> (C_in, C_out/G, KH, KW), turned around
    turned = weight.reshape(groups, outputs // groups, each, kernel_h, kernel_w).swapaxes(1, 2)
    turned = turned.reshape(groups * each, outputs // groups, kernel_h, kernel_w)
    if sliding.stride == (1, 1):
        before = (sliding.padding[0][0], sliding.padding[1][0])
        return _spread_by_one(grad, turned, before, sliding.dilation, groups, size)
    out = np.zeros((grad.shape[0], groups * each, *size), dtype=grad.dtype)
    # Cells a stride apart met the same taps: each such part is a spread by one step, with the taps a stride apart.
    for down, across in itertools.product(_phases(sliding, 0, size[0]), _phases(sliding, 1, size[1])):
        some = turned[:, :, down.taps, across.taps]
        before, part = (down.before, across.before), (down.size, across.size)
        out[:, :, down.cells, across.cells] = _spread_by_one(grad, some, before, (1, 1), groups, part)
    return out


@lru_cache(maxsize=1024)
def _by_correlation(work: Work) -> float:
    """The microseconds that a spread is estimated to take as correlations with the kernels turned around."""
    kernel, each = work.window.kernel_size, work.outputs // work.groups
    # To turn them around, and to put what a stride keeps apart in its places.
    weights = work.channels * each * math.prod(kernel)
    time = WEIGHT_TURNED * weights
    parts = [(kernel, (work.window.padding[0][0], work.window.padding[1][0]), work.image)]
    if work.window.stride != (1, 1):
        phases = itertools.product(_phases(work.window, 0, work.image[0]), _phases(work.window, 1, work.image[1]))
        parts = [((d.reach, a.reach), (d.before, a.before), (d.size, a.size)) for d, a in phases]
        time = WEIGHT_PICKED * weights + CELL_PUT * work.batch * work.channels * math.prod(work.image)
    given = (work.batch, work.outputs, *work.size)
    for reach, before, size in parts:
        kernels = (work.channels, each, *reach)
        time += PART + _correlation(given, kernels, before, work.window.dilation, work.groups, size).time
    return time


class _Phase(NamedTuple):
    """Cells along an axis, a stride apart, that met the same taps.

    Attributes:
        cells: the places of these cells.
        taps: the places of their taps.
        before: the padding before the first cell, in strides.
        size: how many cells.
        reach: how many taps.
    """

    cells: slice
    taps: slice
    before: int
    size: int
    reach: int


def _phases(sliding: Window, axis: int, size: int) -> Iterator[_Phase]:
    """All cells of an axis that met a tap, with their taps."""
    stride, before, kernel = sliding.stride[axis], sliding.padding[axis][0], sliding.kernel_size[axis]
    for first in range(min(stride, kernel)):
        start = (first - before) % stride
        if start < size:
            count, reach = len(range(start, size, stride)), len(range(first, kernel, stride))
            above = (start + before - first) // stride
            yield _Phase(slice(start, None, stride), slice(first, None, stride), above, count, reach)


class _Correlation(NamedTuple):
    """A spread for a stride of 1, as a correlation.

    Attributes:
        seen: the gradients' rows and columns, without those whose windows read nothing but padding.
        window: what slides over them.
        abreast: whether ``spread_abreast`` is estimated to be faster.
        time: of the faster way, the estimated microseconds.
    """

    seen: tuple[slice, slice]
    window: Window
    abreast: bool
    time: float


@lru_cache(maxsize=1024)
def _correlation(
    grad_shape: tuple[int, ...], turned_shape: tuple[int, ...], before: Pair, dilation: Pair, groups: int, size: Pair
) -> _Correlation:
    """How gradients of that shape are spread over images of that size; see ``_spread_by_one``."""
    (batch, outputs, *cells), kernel = grad_shape, (turned_shape[2], turned_shape[3])
    sides: list[Pair] = []
    for axis in (0, 1):
        extent = (kernel[axis] - 1) * dilation[axis] + 1
        near = extent - 1 - before[axis]
        sides.append((near, size[axis] - cells[axis] - near + extent - 1))
    down, across = (slice(max(0, -near), count - max(0, -far)) for (near, far), count in zip(sides, cells, strict=True))
    top, left = ((max(0, near), max(0, far)) for near, far in sides)
    window = Window(kernel, dilation=dilation, padding=(top, left))
    rows, columns = (max(0, part.stop - part.start) for part in (down, across))
    if 0 in (batch, outputs, rows, columns):
        return _Correlation((down, across), window, False, 0.0)
    time = estimates((batch, outputs, rows, columns), turned_shape, window, groups)[0][1]
    met = all(0 <= near < reach > far for (near, far), reach in zip(sides, kernel, strict=True))
    if met and dilation == (1, 1) and groups == 1:
        work = Work(batch, turned_shape[0], outputs, 1, size, Window(kernel), (rows, columns))
        other = microseconds("spread abreast", work)
        return _Correlation((down, across), window, other < time, min(other, time))
    return _Correlation((down, across), window, False, time)


def _spread_by_one(grad: Array, turned: Array, before: Pair, dilation: Pair, groups: int, size: Pair) -> Array:
    """``spread`` for a stride of 1: a correlation of the gradient with the kernels turned around."""
    seen, window, abreast, _ = _correlation(grad.shape, turned.shape, before, dilation, groups, size)
    grad = grad[:, :, *seen]
    if 0 in grad.shape:
        return np.zeros((grad.shape[0], turned.shape[0], *size), dtype=turned.dtype)
    if abreast:
        return spread_abreast(grad, turned, before, size)
    return correlate(grad, turned[:, :, ::-1, ::-1], None, window, groups, size, ordered=False)


def weight_gradient(grad: Array, x: Array, sliding: Window, groups: int, mode: str = "zeros") -> Array:
    """For each weight, the sum over all output cells of their gradient times the cell that it met.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        x: ``(N, C_in, H, W)``, not padded.
        sliding: the window that was slid.
        groups: into how many groups the channels fall.
        mode: what is seen around the image.

    Returns:
        ``(C_out, C_in / groups, KH, KW)``.
    """
    outputs, each = grad.shape[1], x.shape[1] // groups
    shape = (outputs, each, *sliding.kernel_size)
    if not grad.size:
        return np.zeros(shape, dtype=grad.dtype)
    if covers(sliding, (x.shape[2], x.shape[3])):
        return weights_covered(grad, x, groups)
    work = Work(len(x), x.shape[1], outputs, groups, (x.shape[2], x.shape[3]), sliding, (grad.shape[2], grad.shape[3]))
    time = microseconds("weights by windows", work)
    by_rows = has_slabs(sliding) and microseconds("weights by rows", work) < time
    if by_rows:
        time = microseconds("weights by rows", work)
    bare = mode == "zeros" or not any(map(any, sliding.padding))
    if bare and each == 1 and outputs == groups:
        total = weights_dotted(grad, x, sliding) if microseconds("weights dotted", work) < time else None
        # Zeros that met what is not finite show in a sum, or met it in none: then all is done anew, with care.
        if total is not None and np.isfinite(total).all() and (tells(sliding, work.image, work.size) or finite(grad)):
            return total
    slides_by_one = bare and sliding.stride == sliding.dilation == (1, 1) and groups == 1
    if slides_by_one and microseconds("weights abreast", work) < time and finite(x):
        return weights_abreast(grad, x, (sliding.padding[0][0], sliding.padding[1][0]), sliding.kernel_size)
    if by_rows:
        return _weights_from_rows(grad, x, sliding, groups, mode).reshape(shape)
    return _weights_from_windows(grad, x, sliding, groups, mode).reshape(shape)


def _weights_from_rows(grad: Array, x: Array, sliding: Window, groups: int, mode: str) -> Array:
    """A product for each output row with the slab of laid-out input rows that it read: see ``rows``."""
    outputs, each = grad.shape[1] // groups, x.shape[1] // groups
    kernel_h, kernel_w = sliding.kernel_size
    depth = kernel_h * each * kernel_w
    images, wide = columns_together(len(x), grad.shape[3], outputs * depth)
    together = left_lines(outputs, depth, images * wide)
    total = np.zeros((groups, outputs // together, together, depth), dtype=grad.dtype)
    for cells, place, part in rows_apart(x, sliding, mode, grad):
        step = place.stride[0]
        for laid, given in strips(cells, part, place, groups, (kernel_h, kernel_w), 1, outputs * depth, by_cell=True):
            rows, columns = given.shape[2], given.shape[3] * given.shape[4]
            # (G, C_out/G, rows, N, OW) -> (rows, G, C_out/G/P, P, N*OW)
            left = given.transpose(2, 0, 1, 3, 4).reshape(rows, groups, outputs // together, together, columns)
            right = slabs(laid, 0, rows, step, kernel_h, columns).swapaxes(2, 3)[:, :, None]
            # (rows, G, C_out/G/P, P, N*OW) @ (rows, G, 1, N*OW, KH*C/G*KW) -> (G, C_out/G/P, P, KH*C/G*KW)
            add_products(left, right, total)
    # (G, C_out/G, KH, C/G, KW) -> (G, C_out/G, C/G, KH, KW)
    return total.reshape(groups, outputs, kernel_h, each, kernel_w).swapaxes(2, 3)


def _weights_from_windows(grad: Array, x: Array, sliding: Window, groups: int, mode: str) -> Array:
    """A product of each strip of the gradient with the windows it came from, gathered as the forward pass does."""
    if len(grad) > ROWS_ADDED:
        # One image after the other, single precision would lose digits.
        halves = slice(len(grad) // 2), slice(len(grad) // 2, None)
        first, second = (_weights_from_windows(grad[half], x[half], sliding, groups, mode) for half in halves)
        first += second
        return first
    outputs, each = grad.shape[1] // groups, x.shape[1] // groups
    depth = each * sliding.kernel_size[0] * sliding.kernel_size[1]
    total = np.zeros((groups, outputs, depth), dtype=grad.dtype)
    rows, columns = gathered_windows(x, sliding, grad.shape[3])
    for n in range(grad.shape[0]):
        for cells, given in in_strips(x[n : n + 1], sliding, mode, grad[n : n + 1], rows, columns):
            cut = (given.shape[2], given.shape[3])
            # (1, C, KH, KW, rows, OW) -> (G, C/G*KH*KW, rows*OW)
            windows = gather(cells, sliding, cut).reshape(groups, depth, cut[0] * cut[1])
            left = given.reshape(groups, outputs, cut[0] * cut[1])
            total += np.matmul(left, windows.swapaxes(1, 2))
    return total
