"""The error function of every number of an array; NumPy has none, and Python's own takes one number at a time."""

import math

import numpy as np

from cnn_core.ops._arrays import Array

_EACH = 16  # expansions a unit: none is used further than 1/32 from where it was made
_END = 6.0  # from here on erf is 1 to the last bit: erfc(6) is 2e-17
_TERMS = 12  # of each expansion; what the next would add is below a hundredth of the last bit


def _expansions() -> Array:
    """``(nodes, terms)``: erf's Taylor series around 0, 1/16, 2/16 and so on up to 6.

    ``erf' = 2 / sqrt(pi) exp(-x**2)``, and the n-th derivative of ``exp(-x**2)`` is ``(-1)**n H_n(x) exp(-x**2)`` with
    Hermite's polynomials, ``H_{n+1} = 2 x H_n - 2 n H_{n-1}`` (Abramowitz and Stegun, 1964, 7.1.19 and 22.13.7).
    """
    rows = []
    for node in range(int(_END * _EACH) + 1):
        x = node / _EACH
        slope = 2 / math.sqrt(math.pi) * math.exp(-x * x)
        before, hermite = 0.0, 1.0
        row = [math.erf(x)]
        for n in range(_TERMS - 1):
            row.append((-1) ** n * hermite * slope / math.factorial(n + 1))
            before, hermite = hermite, 2 * x * hermite - 2 * n * before
        rows.append(row)
    return np.array(rows)


# (terms, nodes): each term's coefficients lie side by side.
_TAYLOR = np.ascontiguousarray(_expansions().T)


def erf(x: Array) -> Array:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``, for each number, in double precision.

    A number is looked up in the Taylor series of the nearest multiple of 1/16, which is right to two units in the last
    place; the function is odd, so negative ones are looked up by their size.

    Args:
        x: any shape, floats; infinities give 1 and -1, NaN stays NaN.

    Returns:
        float64, of ``x``'s shape.
    """
    wide = np.asarray(x, dtype=np.float64)
    size = np.minimum(np.abs(wide), _END)
    # fmin takes the number where the other is NaN: it has to be looked up somewhere, and its distance is NaN again.
    node = np.rint(np.fmin(size, _END) * _EACH).astype(np.intp)
    distance = size - node / _EACH
    result = np.take(_TAYLOR[-1], node)
    for term in _TAYLOR[-2::-1]:
        result *= distance
        result += np.take(term, node)
    return np.asarray(np.copysign(result, wide))


# What is left of the distribution beyond ``z * sqrt(2)`` is ``t exp(-z**2) g(t) / 2`` with ``t = 1 / (1 + z / 2)``, and
# ``g`` is so smooth that eleven terms give it to 5e-9 of itself up to 10.5, where single precision has long seen 0.
_FAR = 10.5
_FIRST = 1 / (1 + _FAR / 2)


def _ratio(u: float) -> float:
    """``g``, of ``u`` from -1 to 1 for ``t`` from ``_FIRST`` to 1."""
    t = _FIRST + (1 - _FIRST) * (u + 1) / 2
    z = 2 * (1 / t - 1)
    return math.erfc(z) * math.exp(z * z) / t


def _coefficients(terms: int) -> Array:
    """``g`` as a polynomial of so many terms: ``(terms,)``, the highest power first.

    By interpolation at Chebyshev's points (L. Trefethen, "Approximation Theory and Approximation Practice", 2013,
    chapter 2).
    """
    chebyshev = np.polynomial.chebyshev
    return np.asarray(chebyshev.cheb2poly(chebyshev.chebinterpolate(np.vectorize(_ratio), terms - 1))[::-1])


_RATIO = _coefficients(11)

# The same by nine terms, to 6e-8 of itself, and halved: as exact as single precision can be.
_SINGLE = (_coefficients(9) / 2).astype(np.float32)


def _polynomial(coefficients: Array, u: Array, out: Array | None = None) -> Array:
    """The polynomial of each number of ``u``, by Horner's rule; of ``u``'s shape, written into ``out`` if given."""
    result = np.asarray(np.multiply(u, coefficients[0], out=out))
    for coefficient in coefficients[1:-1]:
        result += coefficient
        result *= u
    result += coefficients[-1]
    return result


def normal_share(x: Array) -> Array:
    """The share of a standard normal distribution below each number, to 1e-8 of itself: enough for single precision.

    ``(1 + erf(x / sqrt(2))) / 2`` in a fifth of its time, and right far out on the left, where that is 0.

    Args:
        x: float64, any shape; NaN stays NaN.

    Returns:
        float64, of ``x``'s shape.
    """
    z = np.asarray(np.abs(x))
    z *= math.sqrt(0.5)
    t = np.minimum(z, _FAR)
    t *= 0.5
    t += 1
    np.divide(1, t, out=t)
    u = t * (2 / (1 - _FIRST))
    u -= (1 + _FIRST) / (1 - _FIRST)
    rest = _polynomial(_RATIO, u)
    rest *= t
    with np.errstate(over="ignore"):  # of an infinity nothing is left, as is meant
        z *= z
    np.negative(z, out=z)
    np.exp(z, out=z)
    rest *= z
    rest *= 0.5
    # From 0 on one less the rest, below 0 the rest itself.
    np.copysign(rest, x + 0.0, out=rest)  # minus 0 is 0
    return np.asarray(np.subtract(x >= 0, rest, out=rest))


def beyond(x: Array, out: Array) -> None:
    """``|x|`` times the share of a standard normal distribution above ``|x|``, for each number, to 5e-7 of itself.

    By ``normal_share``'s formula in single precision. Only ``exp(-x**2 / 2)`` is found in double: far out, an exponent
    that is rounded to single precision would cost the power several digits.

    Args:
        x: float32, any shape; NaN stays NaN.
        out: likewise, written to.
    """
    power = x.astype(np.float64)
    np.multiply(power, power, out=power)
    power *= -0.5
    np.exp(power, out=power)
    np.abs(x, out=out)
    # Infinity times 0 would be NaN. An array and not a number, for which NumPy has no vector instructions.
    np.minimum(out, np.full(x.shape, 2 * _FAR, x.dtype), out=out)
    t = np.asarray(out * x.dtype.type(math.sqrt(0.5) / 2))
    t += 1
    np.divide(1, t, out=t)
    u = np.asarray(t * x.dtype.type(2 / (1 - _FIRST)))
    u -= x.dtype.type((1 + _FIRST) / (1 - _FIRST))
    t *= out
    _polynomial(_SINGLE, u, out)
    out *= t
    np.copyto(t, power, casting="same_kind")
    out *= t
