"""Numbers as the small fractions that a person means by them: 0.1111… as 1/9, and sums of them without rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from cnn_core.errors import ShapeError, shown
from cnn_core.settings import setting, whole
from cnn_core.trace import Explanation

LARGEST = 1000  # a denominator that a person still reads as a fraction


def fraction(value: float, largest: int = LARGEST) -> Fraction | None:
    """The fraction with the smallest denominator up to ``largest`` that this number is the nearest float64 to.

    Args:
        value: a number.
        largest: the largest denominator that is looked for.

    Returns:
        The fraction, or None where there is none: the number was not meant as one, or is not finite.

    Raises:
        ShapeError: where ``value`` is no number, or ``largest`` no whole number from 1.
    """
    most = whole(largest, "largest", least=1, works=LARGEST)
    number = math.nan if isinstance(value, float) and math.isnan(value) else setting(value, "value", works=0.5)
    if not math.isfinite(number):
        return None
    if number.is_integer():
        return Fraction(number)
    if Fraction(math.ulp(number)) * most * most < 1:  # fractions lie further apart than floats: only one can be meant
        found = Fraction(number).limit_denominator(most)
        return found if float(found) == number else None
    size = abs(number)
    apart = Fraction(math.ulp(size)) / 2
    found = _simplest(Fraction(size) - apart, Fraction(size) + apart)
    return (found if number > 0 else -found) if found.denominator <= most else None


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """Between two fractions, not negative, the one with the smallest denominator.

    It is a whole number, or the whole part that both have and one over the simplest between what remains of them (R.
    Graham, D. Knuth and O. Patashnik, "Concrete Mathematics", 1994, section 4.5).
    """
    whole = math.floor(low)
    if whole + 1 < high:
        return Fraction(whole + 1)
    rest = low - whole
    first = 1 / (high - whole)
    return whole + 1 / (_simplest(first, 1 / rest) if rest else Fraction(math.floor(first) + 1))


def common_denominator(values: Iterable[float], largest: int = LARGEST) -> int | None:
    """The least common denominator of numbers that are all small fractions, or None where one is not.

    Args:
        values: numbers.
        largest: the largest denominator, of each of them and in common.

    Raises:
        ShapeError: where one is no number, they are not several, or ``largest`` is no whole number from 1.
    """
    common, most = 1, whole(largest, "largest", least=1, works=LARGEST)
    try:
        each = set(values)
    except TypeError as error:
        raise ShapeError(f"values must be numbers, got {shown(values)}; [0.5, 0.25] works") from error
    for value in each:
        found = fraction(value, most)
        if found is None:
            return None
        common = math.lcm(common, found.denominator)
        if common > most:
            return None
    return common


def exact_total(asked: Explanation, largest: int = LARGEST) -> Fraction | None:
    """What a sum's terms and bias add up to without any rounding.

    Args:
        asked: an explanation whose rule is ``"sum"``.
        largest: the largest denominator of a value, a weight or the bias.

    Returns:
        The total, or None where the value is no finite number, not all terms are listed, or one that counts, or the
        bias, is no small fraction.

    Raises:
        ShapeError: where nothing is explained or the rule is another, or ``largest`` is no whole number from 1.
    """
    if not isinstance(asked, Explanation):
        raise ShapeError(f"asked must be an explanation, got {type(asked).__name__}; trace.explain(stage, index) works")
    if asked.rule != "sum":
        raise ShapeError(
            f'the terms of a rule "{asked.rule}" add up to nothing; a cell of a convolution, whose rule is "sum", works'
        )
    total = fraction(asked.bias, largest)
    if asked.rest[0] or total is None or not math.isfinite(asked.value):
        return None
    for term in asked.terms:
        if not term.weight:  # nothing is taken, not even of the infinity around max pooling
            continue
        weight, value = fraction(term.weight, largest), fraction(term.value, largest)
        if weight is None or value is None:
            return None
        total += weight * value
    return total
