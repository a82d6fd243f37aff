"""The mean of each window, and its gradient."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array, gradient, images, images_shape
from cnn_core.ops._copies import copy_lines, repeat_columns
from cnn_core.ops.pool.checks import pool_window
from cnn_core.ops.pool.meetings import meetings
from cnn_core.ops.pool.separable import pool_separable
from cnn_core.ops.pool.spans import of_windows, pool_spans, side_by_side
from cnn_core.ops.pool.steps import sharing
from cnn_core.settings import flag
from cnn_core.shapes import Pair, Window

# Numbers that are repeated side by side before they are copied to several rows, near the processor.
REPEATED_MOST = 50_000

# Windows whose counts are made at a time, where they differ: all of them would be as much memory as the result is.
COUNTED_MOST = 50_000

# What handing back takes, in nanoseconds: a call for each tap beside one for each window, or down and then across a
# start and so many for each cell. 3×3 at every second cell of 64×112×112 takes 1.0 ms so and not 1.6, 7×7 on 64×56×56
# 0.5 and not 2.6; 2×2 at every third cell of 64×6 planes of 28×28 0.3 and not 0.2.
CALL, SPANS, CELL = 2000, 60_000, 1.6


def avg_pool2d(
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of each window.

    Args:
        x: ``(N, C, H, W)``.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``, each side smaller than the dilated window; padded cells are zeros.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts; what overhangs the padding is never counted.
        count_include_pad: whether padded cells count in the divisor.

    Returns:
        ``(N, C, OH, OW)``.

    Raises:
        ShapeError: where the window does not fit.
    """
    x, count_include_pad = images(x), flag(count_include_pad, "count_include_pad")
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    size = (x.shape[2], x.shape[3])
    if x.dtype == np.float32 and (among := _counted_by_all(sliding, size, count_include_pad)):
        return window_sums(x, sliding, among)
    out = window_sums(x, sliding)
    return _shares(out, sliding, size, count_include_pad, out)


def _counted_by_all(sliding: Window, size: Pair, count_include_pad: bool) -> int:
    """How many cells of an image of this ``size`` every window counts, 0 where some count fewer."""
    whole = math.prod(sliding.kernel_size)
    if not count_include_pad and any(map(any, sliding.padding)):
        return 0
    if not sliding.ceil_mode:
        return whole
    # A last window may overhang, and need not.
    along = _counted_along(sliding, size, count_include_pad, *map(range, sliding.output_size(*size)))
    return whole if all((counts == taps).all() for counts, taps in zip(along, sliding.kernel_size, strict=True)) else 0


def _shares(sums: Array, sliding: Window, size: Pair, count_include_pad: bool, out: Array | None = None) -> Array:
    """``sums (N, C, OH, OW)`` by how many cells of an image of this ``size`` each window counts."""
    among = _counted_by_all(sliding, size, count_include_pad)
    if among:
        divide, number = sharing(among, sums.dtype)
        return np.asarray(divide(sums, number, out=out))
    out = np.empty_like(sums) if out is None else out
    rows = max(1, COUNTED_MOST // max(1, sums.shape[3]))
    for first in range(0, sums.shape[2], rows):
        some = range(first, min(first + rows, sums.shape[2]))
        among_each = _counted(sliding, size, count_include_pad, some, range(sums.shape[3])).astype(sums.dtype)
        np.divide(sums[:, :, first : some.stop], among_each, out=out[:, :, first : some.stop])
    return out


@np.errstate(all="ignore")  # infinities and NaN go their way without a word
def window_sums(x: Array, sliding: Window, among: int = 1) -> Array:
    """The sum of each window's cells inside the image: ``(N, C, H, W) -> (N, C, OH, OW)``, a new array.

    In single precision it is divided by ``among``.
    """
    shape = (*x.shape[:2], *sliding.output_size(*x.shape[2:]))
    if x.dtype == np.float32:
        return _sums_in_any_order(x, sliding, shape, among)
    out = np.zeros(shape, dtype=x.dtype)
    # In double precision tap by tap: the order that exported scripts repeat, to the last bit.
    for windows, cells in meetings((out.shape[2], out.shape[3]), (x.shape[2], x.shape[3]), sliding):
        out[windows] += x[cells]
    return out


def _sums_in_any_order(x: Array, sliding: Window, shape: tuple[int, ...], among: int) -> Array:
    """``window_sums`` in single precision, divided by ``among``; whole planes are lines, and products with ones."""
    height, width = x.shape[2:]
    bare = sliding.dilation == (1, 1) and not any(map(any, sliding.padding))
    if bare and sliding.kernel_size == (height, width):
        # (N * C, H * W) @ (H * W): 0.05 against 0.5 ms for 8 × 2048 planes of 7×7
        sums: Array = np.matmul(x.reshape(-1, height * width), np.ones(height * width, x.dtype))
        if among > 1:
            divide, number = sharing(among, x.dtype)
            divide(sums, number, out=sums)
        return sums.reshape(shape)
    out = np.empty(shape, dtype=x.dtype)
    pool_separable(x, out, sliding, np.add, 0.0, among)
    return out


def avg_pool2d_backward(
    grad: npt.ArrayLike,
    x_shape: tuple[int, ...],
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The gradient of :func:`avg_pool2d`: each window shares its gradient out among its cells in equal parts.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x_shape: ``(N, C, H, W)`` of the forward pass; the numbers do not matter.
        kernel_size: as the forward pass was given it, as are the settings that follow.
        stride: a whole number or a pair; None means ``kernel_size``.
        padding: in the forms of ``conv2d``.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.
        count_include_pad: whether padded cells took their part.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: where the window does not fit, or ``grad`` has not the forward result's shape.
    """
    x_shape, count_include_pad = images_shape(x_shape), flag(count_include_pad, "count_include_pad")
    sliding = pool_window(x_shape, kernel_size, stride, padding, dilation, ceil_mode)
    size = (x_shape[2], x_shape[3])
    grad = gradient(grad, (*x_shape[:2], *sliding.output_size(*size)))
    shares = _shares(grad, sliding, size, count_include_pad)
    if side_by_side(sliding, size, (grad.shape[2], grad.shape[3])):
        return _repeated(shares, sliding.kernel_size, x_shape)
    return _handed_back(shares, sliding, x_shape)


@np.errstate(invalid="ignore", over="ignore")
def _handed_back(shares: Array, sliding: Window, x_shape: tuple[int, ...]) -> Array:
    """Of each cell the ``shares (N, C, OH, OW)`` of all windows that hold it, added up: ``(N, C, H, W)``."""
    size, count = (x_shape[2], x_shape[3]), (shares.shape[2], shares.shape[3])
    if sliding.stride == (1, 1):
        out = np.empty(x_shape, shares.dtype)
        pool_separable(shares, out, sliding.of_readers(size, count), np.add, 0.0)
        return out
    tap_by_tap = math.prod(sliding.kernel_size) * (shares.size + CALL)
    if sliding.dilation == (1, 1) and tap_by_tap > SPANS + CELL * math.prod(x_shape):
        out = np.empty(x_shape, shares.dtype)
        down, across = (of_windows(sliding, axis, size[axis], count[axis]).reversed(size[axis]) for axis in (0, 1))
        pool_spans(shares, out, (down, across), np.add)
        return out
    out = np.zeros(x_shape, shares.dtype)
    for windows, cells in meetings(count, size, sliding):
        out[cells] += shares[windows]
    return out


def _repeated(shares: Array, kernel: Pair, x_shape: tuple[int, ...]) -> Array:
    """Each of ``shares (N, C, OH, OW)`` in all cells of its window, 0 in those beyond the last: ``(N, C, H, W)``.

    A row of them is made once and copied to each row of the windows: 0.15 against 0.35 ms for 64×6 planes of 28×28.
    """
    rows, columns = shares.shape[2] * kernel[0], shares.shape[3] * kernel[1]
    out = (np.empty if (rows, columns) == x_shape[2:] else np.zeros)(x_shape, shares.dtype)
    # (N, C, OH, OW) -> (N * C, OH, OW), and the same of the result, a view
    planes, target = shares.reshape(-1, *shares.shape[2:]), out.reshape(-1, *x_shape[2:])
    some = max(1, REPEATED_MOST // (shares.shape[2] * columns))
    line = np.empty((min(some, len(planes)), shares.shape[2], columns), shares.dtype)
    for first in range(0, len(planes), some):
        each = planes[first : first + some]
        repeat_columns(each, kernel[1], line[: len(each)])
        for row in range(kernel[0]):
            copy_lines(target[first : first + some, row : rows : kernel[0], :columns], line[: len(each)])
    return out


def divisors(sliding: Window, input_size: Pair, count_include_pad: bool) -> npt.NDArray[np.int64]:
    """How many cells each window of an average counts: ``(OH, OW)``, at least 1."""
    rows, columns = (range(count) for count in sliding.output_size(*input_size))
    return _counted(sliding, input_size, count_include_pad, rows, columns)


def divisor(sliding: Window, input_size: Pair, count_include_pad: bool, row: int, column: int) -> int:
    """The same for one window, without looking at the others."""
    rows, columns = range(row, row + 1), range(column, column + 1)
    return int(_counted(sliding, input_size, count_include_pad, rows, columns)[0, 0])


def _counted(
    sliding: Window, input_size: Pair, count_include_pad: bool, rows: range, columns: range
) -> npt.NDArray[np.int64]:
    down, across = _counted_along(sliding, input_size, count_include_pad, rows, columns)
    return np.maximum(np.outer(down, across), 1)


def _counted_along(
    sliding: Window, input_size: Pair, count_include_pad: bool, rows: range, columns: range
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many rows the windows of each of ``rows`` count, and how many columns those of ``columns``."""
    along = []
    for axis, (size, places) in enumerate(zip(input_size, (rows, columns), strict=True)):
        first = np.array(places)[:, None] * sliding.stride[axis] - sliding.padding[axis][0]
        taps = first + np.arange(sliding.kernel_size[axis]) * sliding.dilation[axis]
        low, high = (-sliding.padding[axis][0], size + sliding.padding[axis][1]) if count_include_pad else (0, size)
        along.append(((taps >= low) & (taps < high)).sum(axis=1))
    return along[0], along[1]
