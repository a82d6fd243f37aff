"""What can be told of a kernel by looking at its weights: their sum, their symmetry, whether it is separable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from cnn_core.digits import written
from cnn_core.kernels.checks import Weights, check, read_only

_LARGEST_FACTOR = 100  # whole numbers beyond it are no easier to read than decimals


@dataclass(frozen=True, eq=False)
class Facts:
    """What the weights of a kernel tell.

    Attributes:
        total: their sum: what a flat area of ones becomes.
        symmetry: of the ways in which it may be mirrored, those that leave it as it was, in words, or "".
        antisymmetry: those that turn every sign, in words, or "".
        column: where the kernel is separable, its part down, ``(KH,)``, else None.
        row: likewise its part across, ``(KW,)``; ``outer(column, row) * scale`` is the kernel up to rounding.
        scale: what the product of the two is multiplied by.
        can_be_separable: whether the question makes sense: not for one row, one column or zeros alone.
    """

    total: float
    symmetry: str
    antisymmetry: str
    column: Weights | None
    row: Weights | None
    scale: Fraction | float
    can_be_separable: bool

    @property
    def separable(self) -> bool:
        """Whether the kernel is one column times one row, and so can be run as two passes."""
        return self.column is not None

    @property
    def sentence(self) -> str:
        """The facts in plain words."""
        return self.told()

    def told(self, parts: str = "") -> str:
        """The facts in plain words, each said once.

        Args:
            parts: what the kernel is known to be made of, as :class:`cnn_core.kernels.Kernel` has it: of a separable
                kernel it is the product that its weights would tell.
        """
        said = [f"Weights sum to {_plain(self.total)}."]
        if self.symmetry:
            said.append(f"Unchanged when {self.symmetry}.")
        if self.antisymmetry:
            said.append(f"Changes sign when {self.antisymmetry}.")
        if self.column is not None and self.row is not None:
            factor = "" if self.scale == 1 else f", times {_plain(self.scale)}"
            product = parts or f"{_vector(self.column)} down × {_vector(self.row)} across{factor}"
            return " ".join([*said, f"Separable: {product}."])
        if parts:
            said.insert(0, f"Made of: {parts}.")
        if self.can_be_separable:
            said.append("Not separable.")
        return " ".join(said)


def facts(weights: npt.ArrayLike) -> Facts:
    """Look at a kernel's weights.

    Separability is rank 1 by its singular values (G. Strang, "Introduction to Linear Algebra", section 7.2).

    Args:
        weights: ``(KH, KW)`` real numbers.

    Returns:
        what they tell.

    Raises:
        ShapeError: as :func:`cnn_core.kernels.check` does.
        ModelError: as :func:`cnn_core.kernels.check` does.
    """
    checked = check(weights)
    column, row, scale = _factors(checked)
    asked = min(checked.shape) > 1 and bool(checked.any())
    return Facts(math.fsum(checked.ravel()), _ways(checked, 1), _ways(checked, -1), column, row, scale, asked)


def _ways(weights: Weights, sign: int) -> str:
    """The mirrorings that give ``sign`` times the kernel, in words."""
    if not weights.any() or weights.size == 1:
        return ""
    size = 1e-12 * float(np.abs(weights).max())

    def gives(other: Weights) -> bool:
        return other.shape == weights.shape and bool((np.abs(other - sign * weights) <= size).all())

    rows, columns = weights.shape
    across, down = columns > 1 and gives(weights[:, ::-1]), rows > 1 and gives(weights[::-1])
    found = [text for holds, text in ((across, "mirrored left to right"), (down, "mirrored top to bottom")) if holds]
    if not found and min(weights.shape) > 1 and gives(weights[::-1, ::-1]):
        found.append("rotated by 180°")
    if gives(weights.T) and min(weights.shape) > 1:
        found.append("transposed")
    return " and ".join(found) if len(found) < 3 else f"{', '.join(found[:-1])} and {found[-1]}"


def _factors(weights: Weights) -> tuple[Weights | None, Weights | None, Fraction | float]:
    """The column, the row and the number whose product the kernel is, in small whole numbers where there are such."""
    nothing = (None, None, Fraction(1))
    if not weights.any() or min(weights.shape) == 1:
        return nothing
    _, singular, _ = np.linalg.svd(weights)
    if singular[1] > 1e-12 * singular[0]:
        return nothing
    # The row and the column through the largest weight: on them nothing is lost to cancellation.
    i, j = np.unravel_index(int(np.abs(weights).argmax()), weights.shape)
    column, row = _whole(weights[:, j]), _whole(weights[i])
    if weights[i, j] < 0:
        column = -column
    # The sign belongs to the parts and not to the factor; the column begins with a positive number.
    if column[np.flatnonzero(column)[0]] < 0:
        column, row = -column, -row
    scale = float(weights[i, j] / (column[i] * row[j]))
    near = Fraction(scale).limit_denominator(4096)
    exact: Fraction | float = near if abs(float(near) - scale) <= 1e-12 * scale else scale
    return read_only(column), read_only(row), exact


def _whole(part: Weights) -> Weights:
    """A vector scaled to the smallest whole numbers that keep its proportions, or else to a largest entry of 1."""
    unit: Weights = part / np.abs(part).max()
    ratios = [Fraction(float(x)).limit_denominator(_LARGEST_FACTOR) for x in unit]
    if all(abs(float(ratio) - x) <= 1e-9 for ratio, x in zip(ratios, unit, strict=True)):
        common = math.lcm(*(ratio.denominator for ratio in ratios))
        if common <= _LARGEST_FACTOR:
            return np.array([float(ratio * common) for ratio in ratios])
    return unit


def _plain(x: Fraction | float) -> str:
    """A number as a person writes it: a simple fraction where it is one, else four digits."""
    near = Fraction(x).limit_denominator(1000)
    if near.denominator > 1 and near.numerator == 1 and math.isclose(float(near), float(x), rel_tol=1e-12):
        return f"1/{near.denominator}"
    text = written(float(x), 4)
    return text.replace("-", "−") if float(text) else "0"


def _vector(part: Weights) -> str:
    return "[" + " ".join(_plain(float(x)) for x in part) + "]"
