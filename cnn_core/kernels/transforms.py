"""One kernel made from another: turned, mirrored, scaled, resized. Each takes what :func:`check` takes.

All return read-only float64 arrays.
"""

from __future__ import annotations

import math
import operator

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, shown
from cnn_core.kernels.checks import Weights, check, read_only, size_of


def flipped(weights: npt.ArrayLike) -> Weights:
    """Upside down and left to right: cross-correlation with this kernel is true convolution with the other.

    ``(KH, KW) -> (KH, KW)``; raises as :func:`check` does.
    """
    return read_only(check(weights)[::-1, ::-1])


def mirrored(weights: npt.ArrayLike) -> Weights:
    """Left and right exchanged, ``(KH, KW) -> (KH, KW)``; raises as :func:`check` does."""
    return read_only(check(weights)[:, ::-1])


def rotated(weights: npt.ArrayLike) -> Weights:
    """A quarter turn clockwise, ``(KH, KW) -> (KW, KH)``; raises as :func:`check` does."""
    return read_only(np.rot90(check(weights), -1))


def transposed(weights: npt.ArrayLike) -> Weights:
    """Rows and columns exchanged, ``(KH, KW) -> (KW, KH)``; raises as :func:`check` does."""
    return read_only(check(weights).T)


def negated(weights: npt.ArrayLike) -> Weights:
    """Every sign turned, ``(KH, KW) -> (KH, KW)``; raises as :func:`check` does."""
    return read_only(-check(weights))


def normalised(weights: npt.ArrayLike) -> Weights:
    """Scaled so that a flat area keeps its brightness: the weights sum to 1.

    Where they sum to zero, as those of an edge detector do, the positive ones are made to sum to 1 instead, so that
    the answer to an image in [0, 1] stays within -1 and 1.

    Args:
        weights: ``(KH, KW)`` real numbers.

    Raises:
        ModelError: where every weight is zero, or one is so small that nothing can be divided by it.
        ShapeError: as :func:`check` does.
    """
    checked = check(weights)
    total = math.fsum(checked.ravel())
    if abs(total) <= 1e-12 * float(np.abs(checked).sum()):
        total = math.fsum(checked[checked > 0])
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        scaled = checked / total if total else np.full(checked.shape, np.nan)
    if not np.isfinite(scaled).all():
        raise ModelError(
            "These weights are zero, or too small to divide by; set at least one of them to another number."
        )
    return read_only(scaled)


def resized(weights: npt.ArrayLike, shape: tuple[int, int]) -> Weights:
    """Grown with zeros or cut about its middle.

    The middle of an even number of rows is the upper one of the two, as ``"same"`` padding has it, and that of columns
    the left one; so a kernel that grows row by row has the middle that it would have in one step.

    Args:
        weights: ``(KH, KW)`` real numbers.
        shape: rows and columns wanted, 1 to 11 of each.

    Raises:
        ShapeError: where the shape is of no such size, or as :func:`check` does.
        ModelError: as :func:`check` does.
    """
    size = size_of(shape)
    checked = check(weights)
    out = np.zeros(size)
    inside, outside = [], []
    for new, old in zip(size, checked.shape, strict=True):
        kept, start = min(new, old), abs((new - 1) // 2 - (old - 1) // 2)
        inside.append(slice(start, start + kept) if new > old else slice(0, kept))
        outside.append(slice(start, start + kept) if old > new else slice(0, kept))
    out[tuple(inside)] = checked[tuple(outside)]
    return read_only(out)


def random(shape: tuple[int, int] = (3, 3), *, seed: int = 0) -> Weights:
    """Weights drawn evenly from the tenths between -1 and 1, the same each time for a seed.

    Args:
        shape: rows and columns, 1 to 11 of each.
        seed: at least 0.

    Raises:
        ShapeError: where the shape is of no such size.
        ModelError: where the seed is no whole number, or below 0.
    """
    size = size_of(shape)
    try:
        number = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        number = -1
    if number < 0:
        raise ModelError(f"seed must be a whole number, at least 0, got {shown(seed)}; seed=0 works")
    return read_only(np.random.default_rng(number).integers(-10, 11, size) / 10)
