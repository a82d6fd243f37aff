"""What a race between the loops and the fast ways came to: times, and how far the results lie apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pages.shared.engine.race import Race, Timing
from pages.shared.engine.textbook import Array
from pages.shared.engine.work import Work


@dataclass(frozen=True)
class Difference:
    """How far a result is from the loops'.

    Attributes:
        largest: over all cells.
        where: the index of the first cell where it is that large.
        bound: what rounding may explain there; 0 where nothing is rounded.
        explained: whether it explains every cell's.
        once: what rounding each product once, and no sum, may explain there: a small part of the bound.
    """

    largest: float
    where: tuple[int, ...]
    bound: float
    explained: bool
    once: float = 0.0


@dataclass(frozen=True)
class Verdict:
    """Times and differences without the results themselves, which may be large.

    Attributes:
        loops: their time.
        ways: the ways' times, by name.
        differences: likewise, from the loops' result.
    """

    loops: Timing
    ways: Mapping[str, Timing]
    differences: Mapping[str, Difference]


def judge(work: Work, race: Race) -> Verdict:
    """Hold each way's result against the loops'."""
    bound = rounding(work, race.output)
    # Of 4 n eps: a product is rounded by up to eps / 2, in float64 by both sides, as the loops compute in float64.
    share = (0.5 if work.dtype == "float32" else 1.0) / max(1, 4 * work.terms)
    differences = {name: _difference(race.output, output, bound, share) for name, output in race.outputs.items()}
    return Verdict(race.loops, race.ways, differences)


def rounding(work: Work, output: Array) -> Array:
    """By how much rounding may part each cell from the loops': ``4 n eps sum |product|``, 0 where nothing is rounded.

    Next to 0, where floats lie evenly, a product is rounded by their distance, however small it is.

    Two orders of adding n products differ by no more than a few n eps of their magnitudes (N. Higham, "Accuracy and
    Stability of Numerical Algorithms", 2002, section 4.2); explanations of cells keep to the same bound.
    """
    if work.sizes is None:
        return np.zeros(output.shape)
    info = np.finfo(work.dtype)
    bound: Array = 4 * work.terms * float(info.eps) * work.sizes() + work.terms * float(info.smallest_subnormal)
    return bound


def _difference(loops: Array, way: Array, bound: Array, share: float) -> Difference:
    apart = np.abs(way.astype(np.float64) - loops)
    where = tuple(int(at) for at in np.unravel_index(int(np.argmax(apart)), apart.shape))
    most = float(bound[where])
    return Difference(float(apart[where]), where, most, bool((apart <= bound).all()), share * most)
