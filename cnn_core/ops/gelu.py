"""GELU, by the normal distribution or by its form in tanh; forward beside backward."""

import math

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array, gradient, real, together
from cnn_core.ops._blocks import BLOCK, blocks
from cnn_core.ops.activation import relu, sigmoid
from cnn_core.ops.normal import FAR, beyond, rise, share_and_density

# 2 / sqrt(2 pi) and the cube's part: GELU's form in tanh.
_ROOT, _CUBIC = math.sqrt(2 / math.pi), 0.044715


def gelu(x: npt.ArrayLike, approximate: str = "none") -> Array:
    """``x`` times the share of a standard normal distribution below ``x`` (Hendrycks and Gimpel, 2016).

    Args:
        x: any shape.
        approximate: ``"none"``: ``x / 2 * (1 + erf(x / sqrt(2)))``; ``"tanh"``: ``x / 2 * (1 + tanh(sqrt(2 / pi) *
            (x + 0.044715 x**3)))``, which differs by less than 0.0005 and needs no erf. Neither is computed as written:
            far out on the left 1 and what is next to -1 would leave nothing.

    Returns:
        of ``x``'s shape, right to its last bits on both sides, or, of the form in tanh in double precision, to 2e-14 of
        itself at -9; NaN at minus infinity, as with PyTorch and ONNX Runtime: there the formula has infinity times 0.

    Raises:
        ShapeError: where ``approximate`` is neither.
    """
    array, kind = real(x, "x"), gelu_kind(approximate)
    out = np.empty_like(array, order="C")
    single = array.dtype == np.float32
    with np.errstate(invalid="ignore", over="ignore"):
        for some, into in blocks(array, out, most=2 * BLOCK if single and kind == "none" else BLOCK):
            if kind == "none":
                # On either side of 0, x times the share below x is relu(x) less |x| times the share above |x|.
                beyond(some, into)
                np.subtract(relu(some), into, out=into)
                if not some.min() > -np.inf:
                    np.copyto(into, np.nan, where=np.isneginf(some))  # times a share of 0
            elif single:
                wide = some.astype(np.float64)
                np.copyto(into, np.divide(wide, _one_over_share(wide), out=wide), casting="same_kind")
            else:
                # The order that exported scripts repeat.
                wide = some.astype(np.float64, copy=False)
                np.multiply(wide, sigmoid(_inner(wide)), out=into, casting="same_kind")
    return out


def gelu_backward(grad: npt.ArrayLike, x: npt.ArrayLike, approximate: str = "none") -> Array:
    """``grad`` times gelu's derivative: by the product rule, the share below ``x`` plus ``x`` times how fast it grows.

    NaN at both infinities, as with PyTorch: there the formula has infinity times 0.

    Args:
        grad: of ``x``'s shape.
        x: gelu's input.
        approximate: as in the forward.

    Returns:
        of the same shape.

    Raises:
        ShapeError: where the shapes differ, or ``approximate`` is none there is.
    """
    array, kind = real(x, "x"), gelu_kind(approximate)
    given = gradient(grad, array.shape)
    out = np.empty(array.shape, together(given, array))
    if out.dtype == np.float32:
        slope = rise if kind == "none" else _bent_rise
        for some, over, into in blocks(array, given, out, most=2 * BLOCK if kind == "none" else BLOCK):
            with np.errstate(invalid="ignore", over="ignore"):
                slope(some, into)
                np.multiply(into, over, out=into)
        return out
    for some, over, into in blocks(array, given, out):
        with np.errstate(invalid="ignore", over="ignore"):
            wide = np.clip(some, -FAR, FAR, dtype=np.float64)  # beyond, all is as it is there
            share, growth = share_and_density(wide, array.dtype) if kind == "none" else _bent_share(wide)
            growth *= some
            share += growth
            np.multiply(share, over, out=into, casting="same_kind")
    return out


def _inner(x: Array) -> Array:
    """What GELU's form in tanh takes sigmoid of: ``(1 + tanh(u)) / 2`` is ``sigmoid(2 u)``."""
    return np.asarray(2 * _ROOT * (x + _CUBIC * x * x * x))


def _one_over_share(x: Array) -> Array:
    """One over the share below ``x`` by that form, for single precision: ``1 + exp(-2 u)``, which may be infinite.

    Args:
        x: float64, any shape.
    """
    share = np.asarray(x * x)
    share *= -2 * _ROOT * _CUBIC
    share -= 2 * _ROOT
    share *= x
    np.exp(share, out=share)
    share += 1
    return share


def _bent_rise(x: Array, out: Array) -> None:
    """How fast GELU's form in tanh grows at each number of float32, by ``share * (1 + 2 x u' (1 - share))``.

    In double the difference from 1 keeps more than single precision can show.
    """
    wide = x.astype(np.float64)
    share = _one_over_share(wide)
    np.divide(1, share, out=share)
    growth = np.asarray(wide * wide)
    growth *= 6 * _ROOT * _CUBIC
    growth += 2 * _ROOT
    growth *= wide
    growth *= np.subtract(1, share, out=wide)
    growth += 1
    growth *= share
    np.copyto(out, growth, casting="same_kind")


def _bent_share(x: Array) -> tuple[Array, Array]:
    """The share below ``x`` by that form, and how fast it grows there."""
    inner = _inner(x)
    small = np.exp(-np.abs(inner))
    # sigmoid's slope, without the difference from 1 that far out is lost
    return sigmoid(inner), np.asarray(small / np.square(1 + small) * (2 * _ROOT * (1 + 3 * _CUBIC * x * x)))


def gelu_kind(approximate: str) -> str:
    """``approximate``, refused where there is no such form.

    Raises:
        ShapeError: where it is neither ``"none"`` nor ``"tanh"``.
    """
    if not isinstance(approximate, str) or approximate not in ("none", "tanh"):
        raise ShapeError(f'approximate must be "none" or "tanh", got {shown(approximate)}; approximate="none" works')
    return approximate
