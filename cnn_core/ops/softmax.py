"""Softmax: scores to shares that add up to 1; its steps, its gradient, and what else is made of powers of e."""

import math
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array, gradient, real, together
from cnn_core.ops._parts import evenly
from cnn_core.ops._planes import LineByLine
from cnn_core.ops._powers import within_reach
from cnn_core.ops._sums import column_sums
from cnn_core.settings import held, setting


class Steps(NamedTuple):
    """What softmax goes by, in its order.

    Attributes:
        scaled: the scores over the temperature, of the scores' shape; infinite where that is beyond their type.
        largest: of these, with the axis kept as one of size 1.
        powers: ``exp(scaled - largest)``, from 0 to 1, of the scores' shape; taken as softmax takes them, from the
            scores' differences, so that none is lost where ``scaled`` is infinite.
        total: of the powers, with the axis kept as one of size 1; a power over it is the share.
    """

    scaled: Array
    largest: Array
    powers: Array
    total: Array


def softmax(x: npt.ArrayLike, axis: int = -1, *, temperature: float = 1.0) -> Array:
    """``exp(x / T) / sum(exp(x / T))`` along an axis, shifted by the largest so that nothing overflows.

    Args:
        x: any shape of rank 1 or more.
        axis: along which the results are not negative and add up to 1. A score of minus infinity has none of it; where
            NaN or infinity lies along it, or nothing but minus infinity, all are NaN.
        temperature: ``T``, above 0: below 1 the largest takes more, above 1 the results draw level (Hinton, Vinyals
            and Dean, "Distilling the knowledge in a neural network", 2015).

    Returns:
        of ``x``'s shape.

    Raises:
        ShapeError: where ``x`` has no such axis or no number along it, or the temperature is not above 0 in the
            array's own type.
    """
    array = real(x, "x")
    _check_axis(array, axis)
    heat = held(temperature_of(temperature), "temperature", array.dtype, works=1)
    along = axis in (-1, array.ndim - 1)
    with np.errstate(invalid="ignore", over="ignore"):
        if along and array.dtype == np.float32:
            return _single_softmax(array, heat)
    with np.errstate(invalid="ignore", over="ignore"), LineByLine(array.shape[-1] if along else 0, array):
        shares: Array = array - array.max(axis=axis, keepdims=True)
        if heat != 1:
            shares /= shares.dtype.type(heat)
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=axis, keepdims=True)
    return shares


def _single_softmax(x: Array, heat: float) -> Array:
    """Along the last axis of float32, ``(..., K)``.

    The largest of a row is taken off only where powers would be too large or too small without: 0.07 against 0.1 ms for
    128 rows of 1000. Sums are products with ones, 5 against 19 µs for these rows: single precision may be added up in
    any order, double precision only in the one that exported scripts repeat.
    """
    ones, past = np.ones(x.shape[-1], x.dtype), LineByLine(x.shape[-1], x)
    sums = None
    if heat == 1:
        shares = np.asarray(np.exp(x))
        sums = np.asarray(np.matmul(shares, ones))
    if sums is None or not within_reach(sums):
        with past:
            shares = x - x.max(axis=-1, keepdims=True)
        if heat != 1:
            shares /= x.dtype.type(heat)
        np.exp(shares, out=shares)
        sums = np.asarray(np.matmul(shares, ones))
    with past:
        shares /= sums[..., None]
    return shares


def softmax_steps(x: npt.ArrayLike, axis: int = -1, *, temperature: float = 1.0) -> Steps:
    """The numbers between scores and their softmax: ``powers / total`` is :func:`softmax` up to rounding.

    Args:
        x: any shape of rank 1 or more.
        axis: along which softmax goes.
        temperature: above 0, which the scores are divided by.

    Returns:
        the scaled scores, their largest, the powers and these' total, in ``x``'s type.

    Raises:
        ShapeError: as :func:`softmax` does.
    """
    array = real(x, "x")
    _check_axis(array, axis)
    heat = held(temperature_of(temperature), "temperature", array.dtype, works=1)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.asarray(array / array.dtype.type(heat))
        largest = scaled.max(axis=axis, keepdims=True)
        powers = np.asarray(np.exp((array - array.max(axis=axis, keepdims=True)) / array.dtype.type(heat)))
        return Steps(scaled, largest, powers, powers.sum(axis=axis, keepdims=True))


def log_sum_exp(x: npt.ArrayLike, axis: int = -1) -> Array:
    """``log(sum(exp(x)))`` along an axis, shifted by the largest so that nothing overflows; cross-entropy's one half.

    So shifted by Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.1.

    Args:
        x: any shape of rank 1 or more.
        axis: which is gone in the result.

    Returns:
        of ``x``'s shape without the axis, in its type; infinite or NaN where the largest along it is.

    Raises:
        ShapeError: where ``x`` has no such axis or no number along it.
    """
    array = real(x, "x")
    _check_axis(array, axis)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        largest = np.asarray(array.max(axis=axis, keepdims=True))
        # Of no finite largest there is no difference: minus infinity stays, and so do infinity and NaN.
        np.copyto(largest, 0, where=~np.isfinite(largest))
        sums = np.exp(array - largest).sum(axis=axis, dtype=np.float64)
        return np.asarray(np.log(sums) + np.squeeze(largest, axis=axis)).astype(array.dtype)


def entropy(shares: npt.ArrayLike, axis: int = -1) -> Array:
    """``-sum(p log p)`` along an axis, in nats: 0 where one share is all, ``log K`` where all K are equal.

    Args:
        shares: any shape of rank 1 or more, not negative and adding up to 1 along the axis; of a share of 0 nothing is
            added, the limit of ``p log p`` (Shannon, "A mathematical theory of communication", 1948).
        axis: which is gone in the result.

    Returns:
        of the shares' shape without the axis, from 0 to ``log K``; NaN where NaN lies along it.

    Raises:
        ShapeError: where ``shares`` has no such axis or no number along it.
    """
    p = real(shares, "shares")
    _check_axis(p, axis)
    with np.errstate(invalid="ignore"):
        logs = np.log(p, where=p > 0, out=np.zeros_like(p))
        return np.asarray(0.0 - (p * logs).sum(axis=axis))


def softmax_backward(grad: npt.ArrayLike, output: npt.ArrayLike, axis: int = -1, *, temperature: float = 1.0) -> Array:
    """``y * (grad - sum(grad * y)) / T`` for softmax's output ``y``, the sum along its axis.

    As the ``y`` add up to 1, only differences between gradients count: the sum is first taken off all, then what is
    left of it. Where a ``y`` is next to 1, the small parts of the others would be lost beside its own.

    Args:
        grad: of the output's shape.
        output: what softmax returned.
        axis: as in the forward.
        temperature: as in the forward.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ, there is no such axis, or the temperature is not above 0 in the
            array's own type.
    """
    y = real(output, "output")
    _check_axis(y, axis)
    given = gradient(grad, y.shape)
    dtype = together(given, y)
    heat = held(temperature_of(temperature), "temperature", dtype, works=1)
    out = np.empty(y.shape, dtype)
    with np.errstate(invalid="ignore", over="ignore"):
        for gains, shares, into in _line_blocks(
            axis, given.astype(dtype, copy=False), y.astype(dtype, copy=False), out
        ):
            with LineByLine(into.shape[-1], into):
                rough = _met(gains, shares)
                np.copyto(rough, 0, where=~np.isfinite(rough))
                np.subtract(gains, rough, out=into)
                np.subtract(into, _met(into, shares), out=into)
                np.multiply(into, shares, out=into)
                if heat != 1:
                    np.divide(into, heat, out=into)
    return out


# Numbers of a block: on 4×10×64×64 along the second axis the gradient takes 0.17 ms, with half as many 0.20, with a
# quarter 0.45, as lines are then cut; twice as many no longer lie near where 1 MB is.
_BLOCK = 131_072


def _line_blocks(axis: int, *arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Some lines along an axis of each array, the last of which is contiguous and written to.

    Args:
        axis: any.
        arrays: of one shape.

    Yields:
        ``(n, K)`` where the axis is the last one, else ``(n, K, m)``; the lines have ``K`` numbers.
    """
    shape = arrays[0].shape
    axis %= len(shape)
    before, length, behind = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    if behind == 1:
        lines = [array.reshape(before, length) for array in arrays]
        most = evenly(before, max(1, _BLOCK // length)) if before else 1
        for first in range(0, before, most):
            yield tuple(line[first : first + most] for line in lines)
        return
    planes = [array.reshape(before, length, behind) for array in arrays]
    across = evenly(behind, max(1, _BLOCK // length)) if behind else 1
    most = max(1, _BLOCK // max(1, length * across))
    for n, m in product(range(0, before, most), range(0, behind, across)):
        yield tuple(plane[n : n + most, :, m : m + across] for plane in planes)


def _met(gains: Array, shares: Array) -> Array:
    """The sum of ``gains * shares`` along the lines of a block, with their axis kept as one of size 1."""
    if gains.ndim == 2:
        return np.asarray(np.vecdot(gains, shares))[:, None]
    return column_sums(gains * shares)[:, None]


def temperature_of(temperature: Any) -> float:
    """Softmax's temperature, refused where it is no finite number above 0."""
    return setting(temperature, "temperature", works=1, above=0, below=math.inf)


def _check_axis(array: Array, axis: int) -> None:
    whole = isinstance(axis, int | np.integer) and not isinstance(axis, bool | np.timedelta64)
    if not whole or not -array.ndim <= axis < array.ndim or array.shape[axis] == 0:
        raise ShapeError(
            f"softmax needs numbers along axis {shown(axis)}, got shape {array.shape}; axis=-1 of a vector works"
        )
