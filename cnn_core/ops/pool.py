"""Pooling: one number for each window of each channel."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, images
from cnn_core.shapes import Window, window


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Array:
    """The largest number of each window; cells outside the image count as minus infinity.

    Args:
        x: ``(N, C, H, W)``.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``, each side smaller than the dilated window.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.

    Returns:
        ``(N, C, OH, OW)``; a window that holds a NaN gives NaN.

    Raises:
        ShapeError: where the window does not fit.
    """
    x = images(x)
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    out = np.full((*x.shape[:2], *sliding.output_size(*x.shape[2:])), -np.inf, dtype=x.dtype)
    for target, cells in _meetings(out, x, sliding):
        np.maximum(target, cells, out=target)
    return out


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
    x = images(x)
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    out = np.zeros((*x.shape[:2], *sliding.output_size(*x.shape[2:])), dtype=x.dtype)
    for target, cells in _meetings(out, x, sliding):
        np.add(target, cells, out=target)
    out /= divisors(sliding, (x.shape[2], x.shape[3]), count_include_pad).astype(x.dtype)
    return out


def pool_window(
    x_shape: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Window:
    """The window a pooling slides, after checking that it fits.

    Raises:
        ShapeError: where the window is larger than its padded input, or a side of the padding than the window.
    """
    height, width = x_shape[2:]
    sliding = window(
        kernel_size,
        stride=kernel_size if stride is None else stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=ceil_mode,
        input_size=(height, width),
    )
    for extent, sides in zip(sliding.extent, sliding.padding, strict=True):
        if max(sides) >= extent:
            raise ShapeError(
                f"each side of a pooling's padding must be smaller than its window of {extent}, got {max(sides)}; "
                f"padding={extent - 1} works"
            )
    sliding.output_size(height, width)
    return sliding


def divisors(sliding: Window, input_size: tuple[int, int], count_include_pad: bool) -> npt.NDArray[np.int64]:
    """How many cells each window of an average counts: ``(OH, OW)``, at least 1."""
    sizes = sliding.output_size(*input_size)
    along = []
    for axis, size in enumerate(input_size):
        first = np.arange(sizes[axis])[:, None] * sliding.stride[axis] - sliding.padding[axis][0]
        taps = first + np.arange(sliding.kernel_size[axis]) * sliding.dilation[axis]
        low, high = (-sliding.padding[axis][0], size + sliding.padding[axis][1]) if count_include_pad else (0, size)
        along.append(((taps >= low) & (taps < high)).sum(axis=1))
    return np.maximum(np.outer(along[0], along[1]), 1)


def _meetings(out: Array, x: Array, sliding: Window) -> Iterator[tuple[Array, Array]]:
    """For each tap, the windows in which it lies inside the image, and the cells it reads there: two views."""
    for a in range(sliding.kernel_size[0]):
        for b in range(sliding.kernel_size[1]):
            rows = _inside(sliding, 0, a, x.shape[2], out.shape[2])
            columns = _inside(sliding, 1, b, x.shape[3], out.shape[3])
            if rows and columns:
                yield out[..., rows[0], columns[0]], x[..., rows[1], columns[1]]


def _inside(sliding: Window, axis: int, tap: int, size: int, count: int) -> tuple[slice, slice] | None:
    stride = sliding.stride[axis]
    first = tap * sliding.dilation[axis] - sliding.padding[axis][0]
    low = max(0, -(first // stride))
    high = min(count - 1, (size - 1 - first) // stride)
    if low > high:
        return None
    start = first + low * stride
    return slice(low, high + 1), slice(start, first + high * stride + 1, stride)
