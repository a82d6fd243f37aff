"""Normalisation by statistics."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, images, together, vector


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
    dtype = together(x, *(np.asarray(each) for each in (scale, shift)))
    scaled = x * scale.astype(dtype)[:, None, None]
    return np.asarray(scaled + shift.astype(dtype)[:, None, None])


def scale_and_shift(mean: Any, var: Any, weight: Any, bias: Any, eps: float, *, channels: int) -> tuple[Array, Array]:
    """Batch norm at inference as one multiplication and one addition a channel: ``(scale, shift)``, each ``(C,)``.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    if mean is None or var is None:
        raise ShapeError(f"mean and var must each have shape ({channels},)")
    named = {"mean": mean, "var": var, "weight": weight, "bias": bias}
    vectors = {name: vector(value, name, channels) for name, value in named.items()}
    if np.any(np.asarray(vectors["var"]) < 0):
        raise ShapeError("var must not be negative: it is a mean of squares")
    dtype = together(*vectors.values())
    # In double precision: the two roundings of scale and shift would otherwise outweigh those of the plain formula.
    m, v, w, b = (None if each is None else each.astype(np.float64) for each in vectors.values())
    assert m is not None
    assert v is not None
    scale = (1.0 if w is None else w) / np.sqrt(v + eps)
    shift = (0.0 if b is None else b) - m * scale
    return scale.astype(dtype), shift.astype(dtype)
