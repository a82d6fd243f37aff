"""Functions applied to each number; each forward beside its backward.

A backward takes ``grad``, the loss's gradient at the output, and gives the one at the input. Where the derivative is
a formula in the output, it takes the output.
"""

import math
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array, gradient, real, together
from cnn_core.ops._blocks import IN_PLACE, blocks, in_blocks
from cnn_core.settings import held, setting

# Whole numbers as wide as each kind of float: a choice between two numbers at every cell is ten times faster by their
# bits than by np.where, which guesses at each cell anew and, on signs without a pattern, guesses wrong half the time.
_BITS: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float32): np.dtype(np.int32),
    np.dtype(np.float64): np.dtype(np.int64),
}

# Numbers of a block of what takes few steps, which a third-level cache is near enough for: LeakyReLU on 64×112×112
# numbers takes 0.14 ms in one go and 0.18 in blocks, on eight times as many 0.8 of the time in blocks.
_FEW_STEPS = 1_048_576

# Zeros that ReLU compares with, at least.
_ZEROS = 4096


def relu(x: npt.ArrayLike) -> Array:
    """``max(0, x)``; NaN stays NaN (Nair and Hinton, 2010).

    Args:
        x: any shape.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where ``x`` holds no real numbers.
    """
    array = real(x, "x")
    # NumPy compares with a row of zeros twice as fast as with the number 0, for which it has no vector instructions,
    # and with one of thousands 1.5 times as fast as with one of hundreds.
    axis, length = array.ndim, 1
    while axis and length < _ZEROS:
        axis -= 1
        length *= array.shape[axis]
    if length <= 4 * _ZEROS:
        return np.asarray(np.maximum(array, np.zeros(array.shape[axis:], array.dtype)))
    if not array.flags.c_contiguous:
        return np.asarray(np.maximum(array, array.dtype.type(0)))
    # Zeros as many as a long line has numbers would be read from as far away as these.
    out, zeros = np.empty_like(array), np.zeros(_ZEROS, array.dtype)
    cells, into = array.reshape(-1), out.reshape(-1)
    end = array.size - array.size % _ZEROS
    np.maximum(cells[:end].reshape(-1, _ZEROS), zeros, out=into[:end].reshape(-1, _ZEROS))
    np.maximum(cells[end:], zeros[: array.size - end], out=into[end:])
    return out


def relu_backward(grad: npt.ArrayLike, x: npt.ArrayLike) -> Array:
    """``grad`` where ``x > 0``, else 0; 0 at 0 itself, and ``grad`` where ``x`` is NaN, as in PyTorch.

    Args:
        grad: of ``x``'s shape.
        x: relu's input, or its output: both have the same signs.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ.
    """
    array = real(x, "x")
    given = gradient(grad, array.shape)
    out = np.empty(array.shape, together(given, array))
    bits = _BITS[out.dtype]
    operands = array, given.astype(out.dtype, copy=False).view(bits), out.view(bits)
    for some, over, into in (operands,) if out.size <= IN_PLACE else blocks(*operands, most=IN_PLACE):
        # All bits of a kept number and none of the others: multiplied by 0, an infinite gradient would become NaN. One
        # byte a cell while it can be: 1 where dropped, less 1, is 0 there and -1, which is all ones in any width,
        # elsewhere.
        kept = np.asarray(some <= 0).view(np.int8)
        kept -= 1
        np.copyto(into, kept)
        np.bitwise_and(over, into, out=into)
    return out


def leaky_relu(x: npt.ArrayLike, negative_slope: float = 0.01) -> Array:
    """``x`` where positive, else ``negative_slope * x`` (Maas, Hannun and Ng, 2013).

    Args:
        x: any shape.
        negative_slope: any number of ``x``'s type.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where the slope is no such number.
    """
    array = real(x, "x")
    slope = held(setting(negative_slope, "negative_slope", works=0.01), "negative_slope", array.dtype, works=0.01)
    if 0 < slope <= 1:  # the larger of the two, to the bit, in 0.3 of the time that a choice takes
        return in_blocks(partial(_larger, slope), array, most=_FEW_STEPS)
    return in_blocks(partial(_sloped, slope), array, array, most=_FEW_STEPS)


def leaky_relu_backward(grad: npt.ArrayLike, x: npt.ArrayLike, negative_slope: float = 0.01) -> Array:
    """``grad`` where ``x > 0``, else ``negative_slope * grad``.

    Args:
        grad: of ``x``'s shape.
        x: leaky_relu's input.
        negative_slope: as in the forward.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ, or the slope is no number of their type.
    """
    array = real(x, "x")
    given = gradient(grad, array.shape)
    dtype = together(given, array)
    slope = held(setting(negative_slope, "negative_slope", works=0.01), "negative_slope", dtype, works=0.01)
    return in_blocks(partial(_sloped, slope), array, given, most=_FEW_STEPS)


@np.errstate(invalid="ignore", over="ignore")
def _larger(slope: float, x: Array, out: Array | None = None) -> Array:
    result = np.asarray(np.multiply(x, x.dtype.type(slope), out=out))
    return np.asarray(np.maximum(x, result, out=result))


@np.errstate(invalid="ignore", over="ignore")
def _sloped(slope: float, x: Array, given: Array, out: Array | None = None) -> Array:
    """``given`` where ``x`` is positive, else the slope times it."""
    dtype = together(x, given)
    one, other = (np.asarray(value, dtype=dtype).view(_BITS[dtype]) for value in (1.0, slope))
    out = np.empty(x.shape, dtype) if out is None else out
    bits = out.view(_BITS[dtype])
    # Differences of bits may wrap around; adding them back wraps around the same way.
    np.copyto(bits, x > 0)
    np.multiply(bits, one - other, out=bits)
    np.add(bits, other, out=bits)
    return np.asarray(np.multiply(out, given, out=out))


def sigmoid(x: npt.ArrayLike) -> Array:
    """``1 / (1 + exp(-x))``; in double precision exp is never raised to a positive number.

    Args:
        x: any shape.

    Returns:
        of ``x``'s shape, in [0, 1].

    Raises:
        ShapeError: where ``x`` holds no real numbers.
    """
    array = real(x, "x")
    if array.dtype == np.float32:
        return _single_sigmoid(array)
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


@np.errstate(over="ignore")  # of an infinity, the reciprocal is the 0 that is meant
def _single_sigmoid(x: Array, out: Array | None = None) -> Array:
    result = np.asarray(np.negative(x, out=out))
    np.exp(result, out=result)
    result += 1
    return np.asarray(np.divide(1, result, out=result))


def sigmoid_backward(grad: npt.ArrayLike, output: npt.ArrayLike) -> Array:
    """``grad * y * (1 - y)`` for sigmoid's output ``y``.

    Args:
        grad: of the output's shape.
        output: what sigmoid returned.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ.
    """
    y = real(output, "output")
    return in_blocks(_sigmoid_slope, y, gradient(grad, y.shape))


@np.errstate(invalid="ignore", over="ignore")
def _sigmoid_slope(y: Array, given: Array, out: Array | None = None) -> Array:
    slope = np.asarray(np.subtract(1, y, out=out))
    slope *= y
    return np.asarray(np.multiply(slope, given, out=out))


def tanh(x: npt.ArrayLike) -> Array:
    """The hyperbolic tangent.

    Args:
        x: any shape.

    Returns:
        of ``x``'s shape, in [-1, 1].

    Raises:
        ShapeError: where ``x`` holds no real numbers.
    """
    return np.asarray(np.tanh(real(x, "x")))


def tanh_backward(grad: npt.ArrayLike, output: npt.ArrayLike) -> Array:
    """``grad * (1 - y**2)`` for tanh's output ``y``.

    Args:
        grad: of the output's shape.
        output: what tanh returned.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ.
    """
    y = real(output, "output")
    return in_blocks(_tanh_slope, y, gradient(grad, y.shape))


@np.errstate(invalid="ignore", over="ignore")
def _tanh_slope(y: Array, given: Array, out: Array | None = None) -> Array:
    slope = np.asarray(np.square(y, out=out))
    np.subtract(1, slope, out=slope)
    return np.asarray(np.multiply(slope, given, out=out))


def softplus(x: npt.ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``log(1 + exp(beta x)) / beta``, a ReLU with a round corner (Dugas et al., 2001).

    Args:
        x: any shape.
        beta: above 0; the larger, the sharper the corner.
        threshold: where ``beta * x`` is above it, the function is ``x`` itself, as in PyTorch.

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where a setting is no number, or ``beta`` is not above 0 in ``x``'s type.
    """
    array = real(x, "x")
    sharp, most = _softplus_settings(beta, threshold, array.dtype)
    if array.dtype == np.float32:
        return in_blocks(partial(_soft_corner, sharp, most), array)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.asarray(array * array.dtype.type(sharp))
        # log(exp(0) + exp(scaled)), which takes the larger out first and so never overflows.
        result = np.logaddexp(array.dtype.type(0), scaled)
        result = np.asarray(result / array.dtype.type(sharp))
        np.copyto(result, array, where=np.asarray(scaled > most))
    return result


# From here on softplus in single precision is its argument, and its slope 1, to the last bit without being told.
_STRAIGHT = 17


@np.errstate(invalid="ignore", over="ignore")
def _soft_corner(beta: float, threshold: float, x: Array, out: Array | None = None) -> Array:
    """``softplus`` in single precision, 1.2 against 18 ns a number: no logarithm of numbers one by one."""
    scaled = x if beta == 1 else np.asarray(x * x.dtype.type(beta))
    bend = np.asarray(np.abs(scaled, out=out))
    np.negative(bend, out=bend)
    np.exp(bend, out=bend)
    np.log1p(bend, out=bend)
    if threshold < _STRAIGHT:
        bend *= scaled <= threshold  # where the function is its argument; NaN is kept by the sum
    bend += relu(scaled)
    if beta != 1:
        bend /= bend.dtype.type(beta)
    if beta != 1 or threshold < 0:  # scaled may have overflowed; or numbers below 0 may be above the threshold
        np.copyto(bend, x, where=np.asarray(scaled > threshold))
    return bend


def softplus_backward(grad: npt.ArrayLike, x: npt.ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``grad * sigmoid(beta x)``, and ``grad`` itself above the threshold.

    Args:
        grad: of ``x``'s shape.
        x: softplus's input.
        beta: as in the forward.
        threshold: as in the forward.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ, a setting is no number, or ``beta`` is not above 0 in ``x``'s type.
    """
    array = real(x, "x")
    given = gradient(grad, array.shape)
    sharp, most = _softplus_settings(beta, threshold, array.dtype)
    return in_blocks(partial(_soft_slope, sharp, most), array, given)


@np.errstate(invalid="ignore", over="ignore")
def _soft_slope(beta: float, threshold: float, x: Array, given: Array, out: Array | None = None) -> Array:
    scaled = x if beta == 1 else np.asarray(x * x.dtype.type(beta))
    slope = _single_sigmoid(scaled, out) if x.dtype == np.float32 else sigmoid(scaled)
    if x.dtype != np.float32 or threshold < _STRAIGHT:
        np.copyto(slope, 1, where=np.asarray(scaled > threshold))
    return np.asarray(np.multiply(slope, given, out=out))


def _softplus_settings(beta: float, threshold: float, dtype: np.dtype[Any]) -> tuple[float, float]:
    """Both as floats."""
    return held(beta_of(beta), "beta", dtype, works=1), setting(threshold, "threshold", works=20)


def beta_of(beta: Any) -> float:
    """Softplus's ``beta``, refused where it is no finite number above 0."""
    return setting(beta, "beta", works=1, above=0, below=math.inf)
