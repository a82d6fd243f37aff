"""Settings as callers write them, read and refused: whole numbers and pairs, numbers in limits, flags, shapes."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from cnn_core.errors import CnnCoreError, ShapeError, shown

# Up to the first, single precision rounds to 0; above the second it has infinity.
_TINIEST, _LARGEST = float(np.finfo(np.float32).smallest_subnormal) / 2, float(np.finfo(np.float32).max)


# Far beyond all that any array has; sentences that name sizes can still be written: Python writes 4300 digits at most.
_WHOLE_MOST = 10**1000 - 1


def pair(value: Any, name: str, *, least: int) -> tuple[int, int]:
    """One whole number for both axes, or one for each: rows first.

    Args:
        value: an int, a NumPy integer, or any two of them.
        name: what to call it in an error.
        least: the smallest number allowed.

    Raises:
        ShapeError: where ``value`` is something else.
    """
    if type(value) is int and least <= value <= _WHOLE_MOST:  # nearly always, and asked at every call
        return value, value
    items = [value, value] if is_whole(value) else items_of(value)
    if items is None or len(items) != 2 or not all(is_whole(item) for item in items):
        raise ShapeError(f"{name} must be a whole number or a pair of them, got {shown(value)}; {name}={least} works")
    first, second = (operator.index(item) for item in items)
    if min(first, second) < least:
        raise ShapeError(f"{name} must be at least {least}, got {shown(value)}; {name}={least} works")
    if max(first, second) > _WHOLE_MOST:
        raise ShapeError(f"{name} must have at most 1000 digits, got {shown(value)}; {name}={least} works")
    return first, second


def whole(
    value: Any, name: str, *, least: int, works: int | None = None, error: type[CnnCoreError] = ShapeError
) -> int:
    """One whole number.

    Args:
        value: an int or a NumPy integer.
        name: what to call it in an error.
        least: the smallest number allowed.
        works: what an error says would work; ``least`` where it is not said.
        error: what to raise.

    Raises:
        CnnCoreError: ``error``, where ``value`` is something else, or below ``least``.
    """
    if not is_whole(value) or not least <= operator.index(value) <= _WHOLE_MOST:
        digits = " and of at most 1000 digits" if is_whole(value) and operator.index(value) > _WHOLE_MOST else ""
        raise error(
            f"{name} must be one whole number, at least {least}{digits}, got {shown(value)}; "
            f"{name}={least if works is None else works} works"
        )
    return operator.index(value)


def settled(value: Any) -> Any:
    """A setting of whole numbers in the caller's lists or arrays, as plain numbers and tuples that nobody changes.

    What is of no such form is passed on for the checks to refuse.
    """
    if is_whole(value):
        return operator.index(value)
    items = items_of(value)
    return value if items is None else tuple(map(settled, items))


def is_whole(value: Any) -> bool:
    """Whether this is one whole number, and no truth value."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return False
    try:
        operator.index(value)
    except TypeError:
        return False
    return True


def items_of(value: Any) -> list[Any] | None:
    """What a caller's list, array or tuple holds, in its order; None where it is none of these."""
    if isinstance(value, str | bytes | bytearray | memoryview | Set | Mapping):  # of no order, or no numbers
        return None
    try:
        return list(value.tolist() if hasattr(value, "tolist") else value)
    except (TypeError, ValueError, RuntimeError):
        return None


def setting(
    value: Any,
    name: str,
    *,
    works: float,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    error: type[CnnCoreError] = ShapeError,
) -> float:
    """A setting as a float.

    Args:
        value: a number.
        name: what to call it in an error.
        works: what an error says would work.
        least: the smallest number allowed.
        above: all allowed ones are larger.
        most: the largest number allowed.
        below: all allowed ones are smaller; infinity asks for a finite one.
        error: what to raise.

    Raises:
        CnnCoreError: ``error``, where ``value`` is no number, NaN or outside these limits.
    """
    try:
        number = math.nan if isinstance(value, str | bytes | np.timedelta64) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    held_to = (
        ("at least", least, least is None or number >= least),
        ("above", above, above is None or number > above),
        ("at most", most, most is None or number <= most),
        ("below", below, below is None or number < below),
    )
    if math.isnan(number) or not all(held for _, _, held in held_to):
        limits = [f"{which} {limit:g}" for which, limit, _ in held_to if limit is not None]
        words = f", {' and '.join(limits)}".replace("below inf", "finite") if limits else ""
        raise error(f"{name} must be a number{words}, got {shown(value)}; {name}={works:g} works")
    return number


def held(number: float, name: str, dtype: np.dtype[Any], *, works: float) -> float:
    """A setting as it is, refused where this type, which is computed in, has 0 or infinity for it.

    Raises:
        ShapeError: where it would; the message says that ``works`` does.
    """
    if dtype == np.float32 and number and math.isfinite(number) and not _TINIEST < abs(number) <= _LARGEST:
        taken = "0" if abs(number) < 1 else "infinity"
        raise ShapeError(
            f"{name}={number:g} is beyond float32, which has {taken} for it; {name}={works:g} works, and so do arrays "
            "of float64"
        )
    return number


def flag(value: Any, name: str, *, error: type[CnnCoreError] = ShapeError) -> bool:
    """A setting that is true or false, or 1 or 0.

    Raises:
        CnnCoreError: ``error``, where it is neither, as a text, None and an array are.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not isinstance(value, int | np.integer) or isinstance(value, np.timedelta64) or value not in (0, 1):
        # "False" and NaN count as true where nobody asks, and so does a list of any length.
        raise error(f"{name} must be True or False, got {shown(value)}; {name}=True works")
    return bool(value)


def sizes(shape: Any, name: str) -> tuple[int, ...]:
    """A shape as a tuple of ints.

    Raises:
        ShapeError: where it holds anything but whole numbers, or a negative one.
    """
    try:
        found = tuple(operator.index(size) for size in shape)
    except TypeError:
        found = (-1,)
    if min(found, default=0) < 0:
        raise ShapeError(f"{name} must be whole numbers, not negative, got {shown(shape)}; (1, 1, 28, 28) works")
    return found
