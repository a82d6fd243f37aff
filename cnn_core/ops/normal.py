"""How a standard normal distribution is parted by each number of an array; NumPy has no error function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_core.ops._arrays import Array

FAR = 40.0
"""From here on nothing of the distribution is left that double precision could show."""

# What is left of the distribution beyond ``z * sqrt(2)`` is ``t exp(-z**2) g(t) / 2`` with ``t = 1 / (1 + z / 2)``, and
# ``g`` is so smooth that few terms give it: eleven to 5e-9 of itself up to 10.5, where single precision has long seen
# 0, and 23 to 1.4e-15 up to where double precision has.
_SINGLE_FAR, _DOUBLE_FAR = 10.5, FAR * math.sqrt(0.5)


def _first(far: float) -> float:
    """The smallest ``t``, for ``z`` up to ``far``."""
    return 1 / (1 + far / 2)


def _ratio(t: float) -> float:
    """``g``, right to the last bits."""
    z = 2 * (1 / t - 1)
    if z < 1:
        return math.erfc(z) * math.exp(z * z) / t
    # A rounded square would cost the power digits. The two together as a continued fraction (Abramowitz and Stegun,
    # 1964, 7.1.14), so long that where z is 1 it is right to the last bit.
    rest = z
    for k in range(200, 0, -1):
        rest = z + k / 2 / rest
    return 1 / (math.sqrt(math.pi) * rest * t)


def _coefficients(terms: int, far: float) -> Array:
    """``g`` as a polynomial of so many terms: ``(terms,)``, the highest power first, of ``u`` from -1 to 1.

    By interpolation at Chebyshev's points (L. Trefethen, "Approximation Theory and Approximation Practice", 2013,
    chapter 2). Angles are counted in whole parts of a turn: ``k`` times a rounded one would be off ``k`` times as far.
    """
    first, turn = _first(far), 4 * terms
    cosines = [math.cos(2 * math.pi * part / turn) for part in range(turn)]
    values = [_ratio(first + (1 - first) * (cosines[2 * j + 1] + 1) / 2) for j in range(terms)]
    series = [
        2 / terms * math.fsum(value * cosines[k * (2 * j + 1) % turn] for j, value in enumerate(values))
        for k in range(terms)
    ]
    series[0] /= 2
    return np.asarray(np.polynomial.chebyshev.cheb2poly(series)[::-1])


# By nine terms to 6e-8 of itself, and halved: as exact as arithmetic in single precision can be.
_IN_SINGLE = (_coefficients(9, _SINGLE_FAR) / 2).astype(np.float32)

# In double arithmetic: as exact as single precision can show, and as double can.
_FOR = {
    np.dtype(np.float32): (_first(_SINGLE_FAR), _coefficients(11, _SINGLE_FAR)),
    np.dtype(np.float64): (_first(_DOUBLE_FAR), _coefficients(23, _DOUBLE_FAR)),
}


def _polynomial(coefficients: Array, u: Array, out: Array | None = None) -> Array:
    """The polynomial of each number of ``u``, by Horner's rule; of ``u``'s shape, written into ``out`` if given."""
    result = np.asarray(np.multiply(u, coefficients[0], out=out))
    for coefficient in coefficients[1:-1]:
        result += coefficient
        result *= u
    result += coefficients[-1]
    return result


def _power(size: Array) -> Array:
    """``exp(-size**2 / 2)`` to the last bits, for each number up to ``FAR``.

    An exponent that is rounded costs the power as many bits as it has before the point. The square of the first 24 bits
    is exact, and what it lacks small.
    """
    most = size.astype(np.float32).astype(np.float64)
    rest = most - size
    rest *= most + size
    rest *= 0.5
    np.exp(rest, out=rest)
    most *= most
    most *= -0.5
    np.exp(most, out=most)
    most *= rest
    return most


def _rest(size: Array, power: Array, dtype: np.dtype[Any]) -> Array:
    """The share above each ``size``, given its ``exp(-size**2 / 2)``; all in double, as exact as ``dtype`` can show."""
    first, coefficients = _FOR[dtype]
    t = np.asarray(size * (math.sqrt(0.5) / 2))
    t += 1
    np.divide(1, t, out=t)
    np.maximum(t, first, out=t)
    u = t * (2 / (1 - first))
    u -= (1 + first) / (1 - first)
    rest = _polynomial(coefficients, u)
    rest *= t
    rest *= power
    rest *= 0.5
    return rest


def share_and_density(x: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """The share of a standard normal distribution below each number, and how fast it grows there.

    For float32 to 1e-8 of itself, for float64 to its last bits, far out on the left too, where
    ``(1 + erf(x / sqrt(2))) / 2`` has lost them all.

    Args:
        x: float64, any shape, from ``-FAR`` to ``FAR``; NaN stays NaN.
        dtype: which of the two is to be shown.

    Returns:
        float64, of ``x``'s shape: the share, and ``exp(-x**2 / 2) / sqrt(2 pi)``.
    """
    size = np.asarray(np.abs(x))
    power = np.asarray(np.exp(-x * x / 2)) if dtype == np.float32 else _power(size)
    rest = _rest(size, power, dtype)
    # From 0 on one less the rest, below 0 the rest itself.
    np.copysign(rest, x + 0.0, out=rest)  # minus 0 is 0
    share = np.asarray(np.subtract(x >= 0, rest, out=rest))
    power /= math.sqrt(2 * math.pi)
    return share, power


def beyond(x: Array, out: Array) -> None:
    """``|x|`` times the share of a standard normal distribution above ``|x|``, for each number.

    In double precision to its last bits. In single to 5e-7 of itself; only ``exp(-x**2 / 2)`` is found in double: far
    out, an exponent that is rounded to single precision would cost the power several digits.

    Args:
        x: any shape; infinities give 0, NaN stays NaN.
        out: likewise, written to.
    """
    if x.dtype == np.float64:
        size = np.minimum(np.abs(x), FAR)  # infinity times 0 would be NaN
        np.multiply(_rest(size, _power(size), x.dtype), size, out=out)
        return
    size, power = _single_rest(x, out)
    out *= size
    out *= power


def rise(x: Array, out: Array) -> None:
    """How fast ``x`` times the share below ``x`` grows: that share, and ``x`` times the density there.

    Args:
        x: float32, any shape; infinities give NaN, as infinity times 0 does.
        out: likewise, written to: the sum to 5e-7 of its two parts.
    """
    size, power = _single_rest(x, out)
    np.abs(x, out=size)
    size *= x.dtype.type(1 / math.sqrt(2 * math.pi))
    out -= size
    out *= power  # at -|x|; what is there and at |x| add up to 1
    np.copyto(size, x >= 0)
    np.multiply(size, -2, out=power)
    power += 1
    out *= power
    out += size


def _single_rest(x: Array, out: Array) -> tuple[Array, Array]:
    """The share above each ``|x|`` over ``exp(-x**2 / 2)`` in single precision, written into ``out``.

    Returns:
        ``|x|``, no more than from where on nothing is left, and that power: new arrays.
    """
    power = x.astype(np.float64)
    np.multiply(power, power, out=power)
    power *= -0.5
    np.exp(power, out=power)
    size = np.asarray(np.abs(x))
    # Infinity times 0 would be NaN. An array and not a number, for which NumPy has no vector instructions.
    np.minimum(size, np.full(x.shape, 2 * _SINGLE_FAR, x.dtype), out=size)
    t = np.asarray(size * x.dtype.type(math.sqrt(0.5) / 2))
    t += 1
    np.divide(1, t, out=t)
    first = _first(_SINGLE_FAR)
    u = np.asarray(t * x.dtype.type(2 / (1 - first)))
    u -= x.dtype.type((1 + first) / (1 - first))
    _polynomial(_IN_SINGLE, u, out)
    out *= t
    np.copyto(t, power, casting="same_kind")
    return size, t
