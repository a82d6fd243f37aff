"""Numbers as the small fractions that a person means by them: 0.1111… as 1/9, and sums of them without rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from cnn_core.trace import Explanation

LARGEST = 1000  # a denominator that a person still reads as a fraction


def fraction(value: float, largest: int = LARGEST) -> Fraction | None:
    """The fraction with the smallest denominator up to ``largest`` that this number is the nearest float64 to.

    Args:
        value: a finite number.
        largest: the largest denominator that is looked for.

    Returns:
        The fraction, or None where there is none: the number was not meant as one.
    """
    found = Fraction(value).limit_denominator(largest)
    return found if float(found) == value else None


def common_denominator(values: Iterable[float], largest: int = LARGEST) -> int | None:
    """The least common denominator of numbers that are all small fractions, or None where one is not.

    Args:
        values: finite numbers.
        largest: the largest denominator, of each of them and in common.
    """
    common = 1
    for value in set(values):
        found = fraction(float(value), largest)
        if found is None:
            return None
        common = math.lcm(common, found.denominator)
        if common > largest:
            return None
    return common


def exact_total(asked: Explanation, largest: int = LARGEST) -> Fraction | None:
    """What a sum's terms and bias add up to without any rounding; None where one of them is no small fraction.

    Args:
        asked: an explanation whose rule is ``"sum"``.
        largest: the largest denominator of a value, a weight or the bias.
    """
    bias = fraction(asked.bias, largest)
    if bias is None:
        return None
    total = bias
    for term in asked.terms:
        if term.weight is None:
            return None
        weight, value = fraction(term.weight, largest), fraction(term.value, largest)
        if weight is None or value is None:
            return None
        total += weight * value
    return total
