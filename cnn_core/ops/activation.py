"""Functions applied to each number, and softmax."""

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, real


def relu(x: npt.ArrayLike) -> Array:
    """``max(0, x)``, any shape; NaN stays NaN (Nair and Hinton, 2010)."""
    array = real(x, "x")
    result: Array = np.maximum(array, array.dtype.type(0))
    return result


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.01) -> Array:
    """``x`` where positive, else ``negative_slope * x``, any shape (Maas, Hannun and Ng, 2013)."""
    array = real(x, "x")
    return np.where(array > 0, array, array * array.dtype.type(negative_slope))


def sigmoid(x: npt.ArrayLike) -> Array:
    """``1 / (1 + exp(-x))``, any shape, in [0, 1]; exp is never raised to a positive number, so nothing overflows."""
    array = real(x, "x")
    small = np.exp(-np.abs(array))
    result: Array = np.where(array >= 0, 1, small) / (1 + small)
    return result


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, any shape, in [-1, 1]."""
    return np.tanh(real(x, "x"))


def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis, shifted by the largest so that nothing overflows.

    Args:
        x: any shape of rank 1 or more.
        axis: along which the results are positive and add up to 1.

    Raises:
        ShapeError: where ``x`` has no such axis, or no number along it.
    """
    array = real(x, "x")
    if not isinstance(axis, int | np.integer) or not -array.ndim <= axis < array.ndim or array.shape[axis] == 0:
        raise ShapeError(
            f"softmax needs numbers along axis {axis!r}, got shape {array.shape}; axis=-1 of a vector works"
        )
    powers: Array = np.exp(array - array.max(axis=axis, keepdims=True))
    result: Array = powers / powers.sum(axis=axis, keepdims=True)
    return result
