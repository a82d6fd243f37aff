"""Normalisation by statistics, given ones or the batch's own; each forward beside its backward."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, gradient, images, setting, together, vector


@dataclass(frozen=True, eq=False)
class Statistics:
    """What batch norm saw of each channel over a batch.

    Attributes:
        mean: ``(C,)`` float64.
        var: ``(C,)`` float64, the mean square distance from the mean, divided by ``count`` (biased).
        count: how many numbers each channel had: ``N * H * W``.
    """

    mean: Array
    var: Array
    count: int


def batch_norm2d(
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    bias: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    """``(x - mean) / sqrt(var + eps) * weight + bias``, channel by channel (Ioffe and Szegedy, 2015).

    Args:
        x: ``(N, C, H, W)``.
        mean: ``(C,)``.
        var: ``(C,)``, not negative.
        weight: ``(C,)``; None means ones.
        bias: ``(C,)``; None means zeros.
        eps: added to the variance, so that nothing is divided by zero.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    x = images(x)
    scale, shift = scale_and_shift(mean, var, weight, bias, eps, channels=x.shape[1])
    named = (("mean", mean), ("var", var), ("weight", weight), ("bias", bias))
    dtype = together(x, *(vector(value, name, x.shape[1]) for name, value in named))
    return _scaled(x, scale, shift, dtype)


def scale_and_shift(mean: Any, var: Any, weight: Any, bias: Any, eps: float, *, channels: int) -> tuple[Array, Array]:
    """Batch norm as one multiplication and one addition a channel: ``(scale, shift)``, each ``(C,)`` float64.

    In double precision: the two roundings of scale and shift would otherwise outweigh those of the plain formula.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    if mean is None or var is None:
        raise ShapeError(f"mean and var must each have shape ({channels},)")
    named = {"mean": mean, "var": var, "weight": weight, "bias": bias}
    given = {name: vector(value, name, channels) for name, value in named.items()}
    m, v, w, b = (np.asarray(0.0 if each is None else each, dtype=np.float64) for each in given.values())
    eps = setting(eps, "eps", works=1e-5, least=0)
    if np.any(v < 0):
        raise ShapeError("var must not be negative: it is a mean of squares; np.abs(var) works")
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        scale = (1.0 if weight is None else w) / np.sqrt(v + eps)
        return scale, b - m * scale


def _scaled(x: Array, scale: Array, shift: Array, dtype: np.dtype[Any]) -> Array:
    """``x * scale + shift`` channel by channel, in ``dtype``: (C,) -> (C, 1, 1) meets (N, C, H, W)."""
    with np.errstate(invalid="ignore", over="ignore"):
        out: Array = np.multiply(x, scale.astype(dtype)[:, None, None], dtype=dtype)
        out += shift.astype(dtype)[:, None, None]
    return out


def _sums(x: Array) -> Array:
    """The sum of each channel, ``(N, C, H, W) -> (C,)``: planes in their own type, pairwise, then in double."""
    planes: Array = x.sum(axis=(2, 3))
    return np.asarray(planes.sum(axis=0, dtype=np.float64))


def batch_norm2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """Batch norm's gradients where the statistics are given numbers, as at inference.

    Args:
        grad: ``(N, C, H, W)``, the loss's gradient at the output.
        x: ``(N, C, H, W)``, the forward's input.
        mean: as in the forward.
        var: as in the forward.
        weight: as in the forward.
        eps: as in the forward.

    Returns:
        ``grad_x (N, C, H, W)``, ``grad_weight (C,)``, ``grad_bias (C,)``.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    x = images(x)
    given = gradient(grad, x.shape)
    dtype = together(given, x)
    given = given.astype(dtype, copy=False)
    scale, _ = scale_and_shift(mean, var, weight, None, eps, channels=x.shape[1])
    normal, _ = normalised(x, mean, var, eps, dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        normal *= given
        grad_x = np.multiply(given, scale.astype(dtype)[:, None, None], dtype=dtype)
    return grad_x, _sums(normal).astype(dtype), _sums(given).astype(dtype)


def normalised(x: Array, mean: Any, var: Any, eps: float, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """``(x - mean) / sqrt(var + eps)`` as a new array, and the divisor's inverse ``(C,)``."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        inverse = 1 / np.sqrt(np.asarray(var, dtype=np.float64) + eps)
        normal: Array = np.subtract(x, np.asarray(mean, dtype=np.float64).astype(dtype)[:, None, None], dtype=dtype)
        normal *= inverse.astype(dtype)[:, None, None]
    return normal, inverse


def batch_statistics(x: Array) -> Statistics:
    """Mean and biased variance of each channel of ``(N, C, H, W)``; of an empty batch, zeros.

    Two passes, the second corrected by what the first left over, which stays exact where the mean is large beside the
    spread (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983).
    """
    count = x.shape[0] * x.shape[2] * x.shape[3]
    if count == 0:
        return Statistics(np.zeros(x.shape[1]), np.zeros(x.shape[1]), 0)
    with np.errstate(invalid="ignore", over="ignore"):
        rough = (_sums(x) / count).astype(x.dtype)
        distance = x - rough[:, None, None]
        left = _sums(distance) / count
        np.square(distance, out=distance)
        var = _sums(distance) / count - left**2
    # Rounding may leave a hair below zero, and NaN stays NaN.
    return Statistics(rough + left, np.maximum(var, 0), count)


def batch_norm2d_training(
    x: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    bias: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Statistics]:
    """Batch norm by the batch's own mean and biased variance (Ioffe and Szegedy, 2015, algorithm 1).

    Args:
        x: ``(N, C, H, W)`` with more than one number a channel, or an empty batch.
        weight: ``(C,)``; None means ones.
        bias: ``(C,)``; None means zeros.
        eps: added to the variance.

    Returns:
        ``(N, C, H, W)``, and the statistics it was normalised by.

    Raises:
        ShapeError: where a shape does not fit, or a channel has one number alone, which has no spread.
    """
    x = images(x)
    seen = batch_statistics(x)
    if seen.count == 1:
        raise ShapeError(
            f"batch norm in training needs more than one number a channel, got shape {x.shape}; "
            f"a batch of 2, shape {(2, *x.shape[1:])}, works"
        )
    scale, shift = scale_and_shift(seen.mean, seen.var, weight, bias, eps, channels=x.shape[1])
    dtype = together(x, *(vector(value, name, x.shape[1]) for name, value in (("weight", weight), ("bias", bias))))
    return _scaled(x, scale, shift, dtype), seen


def batch_norm2d_training_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    seen: Statistics,
    weight: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """The gradients where the statistics are the batch's own, so that every number moves them too.

    With ``z = (x - mean) / sqrt(var + eps)``: ``grad_x = weight / sqrt(var + eps) * (grad - mean(grad) - z *
    mean(grad * z))``, the means over each channel of the batch (Ioffe and Szegedy, 2015, section 3, simplified).

    Args:
        grad: ``(N, C, H, W)``, the loss's gradient at the output.
        x: ``(N, C, H, W)``, the forward's input.
        seen: the statistics that the forward returned.
        weight: as in the forward.
        eps: as in the forward.

    Returns:
        ``grad_x (N, C, H, W)``, ``grad_weight (C,)``, ``grad_bias (C,)``.

    Raises:
        ShapeError: where a shape does not fit.
    """
    x = images(x)
    given = gradient(grad, x.shape)
    dtype = together(given, x)
    given = given.astype(dtype, copy=False)
    normal, inverse = normalised(x, seen.mean, seen.var, eps, dtype)
    scale = inverse if weight is None else inverse * np.asarray(vector(weight, "weight", x.shape[1]))
    with np.errstate(invalid="ignore", over="ignore"):
        grad_weight, grad_bias = _sums(given * normal), _sums(given)
        count = max(seen.count, 1)
        grad_x = normal
        grad_x *= (-grad_weight / count).astype(dtype)[:, None, None]
        grad_x -= (grad_bias / count).astype(dtype)[:, None, None]
        grad_x += given
        grad_x *= scale.astype(dtype)[:, None, None]
    return grad_x, grad_weight.astype(dtype), grad_bias.astype(dtype)
