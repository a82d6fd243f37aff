"""The largest number of each window, and its gradient."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array, images, together
from cnn_core.ops.conv.checks import gradient
from cnn_core.ops.pool.checks import pool_window
from cnn_core.ops.pool.meetings import meetings


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
    for target, cells in meetings(out, x, sliding):
        np.maximum(target, cells, out=target)
    return out


def max_pool2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Array:
    """The gradient of :func:`max_pool2d`: each window hands its gradient to the cell that won.

    Of equal cells the first in row-major order wins, and a NaN wins over all numbers, as in the forward pass; a window
    that lies wholly in the padding hands nothing on.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C, H, W)``, as the forward pass was given it, as are the settings that follow.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: where the window does not fit, or ``grad`` has not the forward result's shape.
    """
    x = images(x)
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    grad = gradient(grad, (*x.shape[:2], *sliding.output_size(*x.shape[2:])))
    largest = max_pool2d(x, kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
    out = np.zeros(x.shape, dtype=together(grad, x))
    waiting = np.ones(largest.shape, dtype=bool)
    meeting = (meetings(windows, x, sliding) for windows in (largest, grad, waiting))
    receiving = meetings(largest, out, sliding)
    for (best, cells), (given, _), (still, _), (_, target) in zip(*meeting, receiving, strict=True):
        won = (cells == best) | (np.isnan(cells) & np.isnan(best))
        won &= still
        np.add(target, given, out=target, where=won)
        np.logical_xor(still, won, out=still)
    return out
