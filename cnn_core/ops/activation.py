"""Functions applied to each number, and softmax; each forward beside its backward.

A backward takes ``grad``, the loss's gradient at the output, and gives the one at the input. Where the derivative is
a formula in the output, it takes the output.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, gradient, real, setting, together

# Whole numbers as wide as each kind of float: a choice between two numbers at every cell is ten times faster by their
# bits than by np.where, which guesses at each cell anew and, on signs without a pattern, guesses wrong half the time.
_BITS: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float32): np.dtype(np.int32),
    np.dtype(np.float64): np.dtype(np.int64),
}


def relu(x: npt.ArrayLike) -> Array:
    """``max(0, x)``, any shape; NaN stays NaN (Nair and Hinton, 2010)."""
    array = real(x, "x")
    # NumPy compares with a row of zeros twice as fast as with the number 0, for which it has no vector instructions,
    # and with one of thousands 1.5 times as fast as with one of hundreds.
    axis, length = array.ndim, 1
    while axis and length < 4096:
        axis -= 1
        length *= array.shape[axis]
    result: Array = np.maximum(array, np.zeros(array.shape[axis:], array.dtype))
    return result


def relu_backward(grad: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """``grad`` where ``x > 0``, else 0; 0 at 0 itself, and ``grad`` where ``x`` is NaN, as in PyTorch.

    Args:
        grad: of ``x``'s shape.
        x: relu's input, or its output: both have the same signs.

    Raises:
        ShapeError: where the shapes differ.
    """
    array = real(x, "x")
    given = gradient(grad, array.shape)
    given = given.astype(together(given, array), copy=False)
    # All bits of a kept number and none of the others: multiplied by 0, an infinite gradient would become NaN. One byte
    # a cell while it can be: 1 where dropped, less 1, is 0 there and -1, which is all ones in any width, elsewhere.
    kept = np.asarray(array <= 0).view(np.int8)
    kept -= 1
    mask = kept.astype(_BITS[given.dtype])
    np.bitwise_and(given.view(mask.dtype), mask, out=mask)
    return mask.view(given.dtype)


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.01) -> Array:
    """``x`` where positive, else ``negative_slope * x``, any shape (Maas, Hannun and Ng, 2013).

    Raises:
        ShapeError: where the slope is no number.
    """
    array = real(x, "x")
    slope = setting(negative_slope, "negative_slope", works=0.01)
    with np.errstate(invalid="ignore", over="ignore"):
        if 0 < slope <= 1:  # the larger of the two, to the bit, in 0.3 of the time that a choice takes
            result = np.asarray(array * array.dtype.type(slope))
            np.maximum(array, result, out=result)
        else:
            result = _slopes(array, slope, array.dtype)
            result *= array
    return result


def leaky_relu_backward(grad: npt.ArrayLike, x: npt.ArrayLike, negative_slope: float = 0.01) -> Array:
    """``grad`` where ``x > 0``, else ``negative_slope * grad``.

    Args:
        grad: of ``x``'s shape.
        x: leaky_relu's input.
        negative_slope: as in the forward.

    Raises:
        ShapeError: where the shapes differ, or the slope is no number.
    """
    array = real(x, "x")
    given = gradient(grad, array.shape)
    result = _slopes(array, negative_slope, together(given, array))
    with np.errstate(invalid="ignore", over="ignore"):
        result *= given
    return result


def _slopes(x: Array, negative_slope: float, dtype: np.dtype[Any]) -> Array:
    """1 where ``x`` is positive, else the slope: a new array."""
    slope = setting(negative_slope, "negative_slope", works=0.01)
    one, other = (np.asarray(value, dtype=dtype).view(_BITS[dtype]) for value in (1.0, slope))
    bits = np.asarray(x > 0).astype(_BITS[dtype])
    # Differences of bits may wrap around; adding them back wraps around the same way.
    with np.errstate(over="ignore"):
        bits *= one - other
        bits += other
    return bits.view(dtype)


def sigmoid(x: npt.ArrayLike) -> Array:
    """``1 / (1 + exp(-x))``, any shape, in [0, 1]; in double precision exp is never raised to a positive number."""
    array = real(x, "x")
    if array.dtype == np.float32:
        with np.errstate(over="ignore"):  # of an infinity, the reciprocal is the 0 that is meant
            result = np.asarray(np.negative(array))
            np.exp(result, out=result)
            result += 1
            np.divide(1, result, out=result)
        return result
    # The order that exported scripts repeat.
    small = np.asarray(np.abs(array))
    np.negative(small, out=small)
    np.exp(small, out=small)
    # The numerator is 1 from 0 on and exp(x), which is small, below: the larger of small and of 1 or 0, and NaN of NaN.
    result = np.asarray(array >= 0).astype(array.dtype)
    np.maximum(result, small, out=result)
    small += 1
    result /= small
    return result


def sigmoid_backward(grad: npt.ArrayLike, output: npt.ArrayLike) -> Array:
    """``grad * y * (1 - y)`` for sigmoid's output ``y``.

    Raises:
        ShapeError: where the shapes differ.
    """
    y = real(output, "output")
    with np.errstate(invalid="ignore", over="ignore"):
        result = np.asarray(1 - y)
        result *= y
        return np.asarray(result * gradient(grad, y.shape))


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent, any shape, in [-1, 1]."""
    return np.tanh(real(x, "x"))


def tanh_backward(grad: npt.ArrayLike, output: npt.ArrayLike) -> Array:
    """``grad * (1 - y**2)`` for tanh's output ``y``.

    Raises:
        ShapeError: where the shapes differ.
    """
    y = real(output, "output")
    with np.errstate(invalid="ignore", over="ignore"):
        result = np.asarray(np.square(y))
        np.subtract(1, result, out=result)
        return np.asarray(result * gradient(grad, y.shape))


def softmax(x: npt.ArrayLike, axis: int = -1) -> Array:
    """``exp(x) / sum(exp(x))`` along an axis, shifted by the largest so that nothing overflows.

    Args:
        x: any shape of rank 1 or more.
        axis: along which the results are positive and add up to 1; where an infinity or NaN lies along it, all are NaN.

    Raises:
        ShapeError: where ``x`` has no such axis, or no number along it.
    """
    array = real(x, "x")
    _check_axis(array, axis)
    with np.errstate(invalid="ignore", over="ignore"):
        powers: Array = array - array.max(axis=axis, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=axis, keepdims=True)
    return powers


def softmax_backward(grad: npt.ArrayLike, output: npt.ArrayLike, axis: int = -1) -> Array:
    """``y * (grad - sum(grad * y))`` for softmax's output ``y``, the sum along its axis.

    Raises:
        ShapeError: where the shapes differ, or there is no such axis.
    """
    y = real(output, "output")
    _check_axis(y, axis)
    given = gradient(grad, y.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        result = np.asarray(given - (given * y).sum(axis=axis, keepdims=True))
        result *= y
    return result


def _check_axis(array: Array, axis: int) -> None:
    whole = isinstance(axis, int | np.integer) and not isinstance(axis, bool)
    if not whole or not -array.ndim <= axis < array.ndim or array.shape[axis] == 0:
        raise ShapeError(
            f"softmax needs numbers along axis {axis!r}, got shape {array.shape}; axis=-1 of a vector works"
        )
