"""Values as an edit brings them, each checked; what is not as it should be is refused with a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from cnn_core import CnnCoreError
from pages.shared.experiment import FloatArray, Pair

VALUE_LIMIT = 1e6
NAME_LONGEST = 24
_MOST_LISTED = 12

Edit = Mapping[str, Any]
State = TypeVar("State")


class EditRefusedError(ValueError):
    """An edit that cannot be made; its message is a sentence for the visitor."""


def carried_out(operation: Callable[[State, Edit], State] | None, state: State, edit: Edit) -> State:
    """The state after an edit, where there is such an operation and the edit has what it needs.

    Raises:
        EditRefusedError: with a sentence, where it is not so.
    """
    if operation is None:
        raise EditRefusedError("This page sent an edit that the server does not know. Reload the page.")
    try:
        return operation(state, edit)
    except EditRefusedError:
        raise
    except CnnCoreError as error:
        raise EditRefusedError(str(error)) from error
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        raise EditRefusedError("An edit came in without what it needs, so nothing was changed.") from error


def finite(value: object, what: str) -> float:
    """A finite number of at most a million either way."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EditRefusedError(f"{what} must be a number, so nothing was changed.")
    if abs(value) > VALUE_LIMIT:
        raise EditRefusedError(f"{what} must lie between −1,000,000 and 1,000,000, so it keeps what it had.")
    return float(value)


def whole_number(value: object, low: int, high: int, what: str) -> int:
    """A whole number from ``low`` to ``high``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not low <= value <= high:
        raise EditRefusedError(f"{what} must be a whole number from {low} to {high}; it stays as it was.")
    return int(value)


def one_of(value: object, choices: Sequence[str], what: str) -> str:
    """One of ``choices``."""
    if value not in choices:
        listed = f" {', '.join(choices)}" if len(choices) < _MOST_LISTED else " those in its menu"
        raise EditRefusedError(f"{what} must be one of{listed}; it stays as it was.")
    return str(value)


def short_name(value: object, what: str) -> str:
    """A line of at most 24 printable characters."""
    if not isinstance(value, str):
        raise EditRefusedError(f"{what} must be text; it stays as it was.")
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    if len(plain) > NAME_LONGEST:
        raise EditRefusedError(f"{what} has at most {NAME_LONGEST} characters; it stays as it was.")
    return plain


def number_rows(rows: Any, what: str, each: str = "A number") -> FloatArray:
    """Numbers in equally long rows, ``(H, W)``, ``each`` of them by its name and place."""
    if not isinstance(rows, list | tuple) or not rows or not all(isinstance(row, list | tuple) for row in rows):
        raise EditRefusedError(f"{what} must come in rows of numbers, so nothing was changed.")
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise EditRefusedError(f"{what} must come in rows of equal length, so nothing was changed.")
    checked = [[finite(value, f"{each} at [{i}, {j}]") for j, value in enumerate(row)] for i, row in enumerate(rows)]
    return np.array(checked)


def axis_pair(edit: Edit, old: Pair, low: int, high: int, what: str) -> Pair:
    """A setting with a value an axis: a whole number for both, a pair, or one for the ``axis`` that is named."""
    value = edit["value"]
    if isinstance(value, list | tuple):
        down, across = (whole_number(each, low, high, what) for each in value)
        return down, across
    whole = whole_number(value, low, high, what)
    if "axis" not in edit:
        return whole, whole
    return (whole, old[1]) if whole_number(edit["axis"], 0, 1, "The axis") == 0 else (old[0], whole)
