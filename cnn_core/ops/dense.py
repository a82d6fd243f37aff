"""Fully connected layers, and the flattening before them."""

import math

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, real, together, vector


def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """``x @ weight.T + bias``: every output weighs every input.

    Args:
        x: ``(..., in_features)``.
        weight: ``(out_features, in_features)``, as in PyTorch.
        bias: ``(out_features,)`` or None.

    Returns:
        ``(..., out_features)``.

    Raises:
        ShapeError: where the shapes do not fit.
    """
    x, weight = real(x, "x"), real(weight, "weight")
    if weight.ndim != 2:
        raise ShapeError(f"weight must be (out_features, in_features), got shape {weight.shape}")
    if x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"x of shape {x.shape} must end in the weight's {weight.shape[1]} input features; "
            "flatten images first: flatten(x) gives (N, C*H*W)"
        )
    bias = vector(bias, "bias", weight.shape[0])
    dtype = together(x, weight, bias)
    out: Array = np.matmul(x.astype(dtype, copy=False), weight.astype(dtype, copy=False).T)
    return out if bias is None else out + bias


def flatten(x: npt.ArrayLike) -> Array:
    """``(N, ...) -> (N, -1)`` in row-major order: channel by channel, row by row.

    Raises:
        ShapeError: where ``x`` has no batch axis.
    """
    array = real(x, "x")
    if array.ndim == 0:
        raise ShapeError("flatten needs a batch axis, got a single number; x[None] works")
    # (N, C, H, W) -> (N, C*H*W); the size is computed, as -1 is undefined for an empty batch
    return array.reshape(array.shape[0], math.prod(array.shape[1:]))
