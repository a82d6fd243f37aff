"""The p-norm of each window, and its gradient: between the sum (p = 1) and the largest (p towards infinity)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array, gradient, images, together
from cnn_core.ops.pool.average import divisors, window_sums
from cnn_core.ops.pool.checks import pool_window
from cnn_core.ops.pool.meetings import meetings
from cnn_core.settings import setting
from cnn_core.shapes import Window

# Cells that a gradient is found of at a time: what they take meanwhile is a few MB.
TOGETHER = 300_000


def lp_pool2d(
    x: npt.ArrayLike, norm_type: float, kernel_size: Any, *, stride: Any = None, ceil_mode: bool = False
) -> Array:
    """``(sum of x**p) ** (1 / p)`` over each window, as PyTorch's ``lp_pool2d`` (Gulcehre et al. 2014).

    The powers keep their signs, so that an odd p may add up to less than 0, which has no root: then, and for a negative
    cell under a p that is no whole number, the result is NaN. A window that overhangs (``ceil_mode``) is scaled up to
    the cells it would hold: its sum is multiplied by ``KH * KW`` over the cells it has.

    Args:
        x: ``(N, C, H, W)``.
        norm_type: p, above 0 and finite; 1 gives the sum, 2 the Euclidean norm.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        ceil_mode: whether an overhanging last window counts.

    Returns:
        ``(N, C, OH, OW)``.

    Raises:
        ShapeError: where the window does not fit, or p is no such number.
    """
    x, norm = images(x), norm_of(norm_type)
    return _pooled(x, norm, pool_window(x.shape, kernel_size, stride, None, 1, ceil_mode))


def lp_pool2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    norm_type: float,
    kernel_size: Any,
    *,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Array:
    """The gradient of :func:`lp_pool2d`: ``(x / y) ** (p - 1)`` of a window's gradient goes to each of its cells.

    For p = 2 that is ``x / norm``. Where a window's powers add up to 0 its gradient is not defined; nothing is handed
    on, as in PyTorch from p = 1 on.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C, H, W)``, as the forward pass was given it, as are the settings that follow.
        norm_type: p.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        ceil_mode: whether an overhanging last window counts.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: where the window does not fit, p is no such number, or ``grad`` has not the forward result's shape.
    """
    x, norm = images(x), norm_of(norm_type)
    sliding = pool_window(x.shape, kernel_size, stride, None, 1, ceil_mode)
    grad = gradient(grad, (*x.shape[:2], *sliding.output_size(*x.shape[2:])))
    out = np.zeros(x.shape, dtype=together(grad, x))
    result, given = _pooled(x, norm, sliding), grad.astype(out.dtype, copy=False)
    if sliding.ceil_mode:
        given = given * scales(sliding, x.shape).astype(out.dtype)
    with np.errstate(all="ignore"):  # what is broken stays broken, without a word
        for windows, cells in meetings((grad.shape[2], grad.shape[3]), (x.shape[2], x.shape[3]), sliding):
            met, share = (x[cells], result[windows], given[windows]), out[cells]
            rows = max(1, TOGETHER // max(1, share[:, :, 0].size))
            for top in range(0, share.shape[2], rows):
                some, norms, over = (part[:, :, top : top + rows] for part in met)
                grown = slope(some, norms, norm)
                share[:, :, top : top + rows] += np.where(grown == 0, 0, over * grown).astype(out.dtype)
    return out


def norm_of(norm_type: Any) -> float:
    """P as a float.

    Raises:
        ShapeError: where it is no number above 0, or infinite.
    """
    norm = setting(norm_type, "norm_type", works=2, above=0)
    if np.isinf(norm):
        raise ShapeError(
            f"norm_type must be finite, got {shown(norm_type)}; max_pool2d, which p = infinity would be, works"
        )
    return norm


def slope(x: Any, y: Any, norm: float) -> Array:
    """How much a window's norm ``y`` grows with its cell ``x``: ``(x / y) ** (p - 1)``, and 0 where ``y`` is 0.

    A sum (p = 1) that is no number grows with nothing either, as in PyTorch.
    """
    with np.errstate(all="ignore"):
        grown = np.ones_like(x * y) if norm == 1 else x / y if norm == 2 else np.power(x / y, norm - 1)
        idle = ~(np.abs(y) > 0) if norm == 1 else y == 0
    return np.where(idle, 0.0, grown).astype(grown.dtype)


def scales(sliding: Window, x_shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """What each window's sum is multiplied by, ``(OH, OW)``: above 1 where it overhangs."""
    cells = float(sliding.kernel_size[0] * sliding.kernel_size[1])
    return cells / divisors(sliding, (x_shape[2], x_shape[3]), True)


def _pooled(x: Array, norm: float, sliding: Window) -> Array:
    with np.errstate(all="ignore"):
        sums = window_sums(x * x if norm == 2 else x if norm == 1 else np.power(x, x.dtype.type(norm)), sliding)
        if sliding.ceil_mode:
            sums *= scales(sliding, x.shape).astype(x.dtype)
        if norm == 2:
            return np.sqrt(sums, out=sums)
        return sums if norm == 1 else np.power(sums, x.dtype.type(1 / norm), out=sums)
