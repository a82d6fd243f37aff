"""How a control is described to the browser: a select, a stepper, a field, a slider or a button, and what it sends.

A control offers only what works, and says why the next value would not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Control = dict[str, Any]
Edit = Mapping[str, Any]


def by_hand(mouse: str, finger: str) -> str:
    """A line of a column's note, in the words of a mouse and of a finger; ``common/hand.js`` takes those that fit."""
    return f"{mouse}\t{finger}"


def typed_in(before: str = "") -> str:
    """How a cell of the input is changed, after what else its line says: a finger's first tap only chooses it."""
    told = ("choose a cell and type to change it", "tap a cell twice to change it")
    return by_hand(*(f"{before}{words}" if before else words.capitalize() for words in told))


def option(value: str, label: str, why: str | None = None, group: str = "") -> dict[str, Any]:
    """One choice; ``why`` says what keeps it from being chosen, ``group`` puts it under a heading."""
    return {"value": value, "label": label, "why": why, "group": group}


def select(edit: Edit, label: str, value: str, options: Sequence[dict[str, Any]], **words: str) -> Control:
    """One of several choices; ``value`` is added to ``edit``."""
    return _control("select", label, words, edit=edit, value=value, options=list(options))


def menu(edit: Edit, label: str, options: Sequence[dict[str, Any]], **words: str) -> Control:
    """Something to be done, one of several; unlike a select it keeps no choice."""
    return _control("menu", label, words, edit=edit, options=list(options))


def stepper(
    edit: Edit,
    label: str,
    value: int | Sequence[int],
    bounds: tuple[int, int],
    *,
    why_low: str = "",
    why_high: str = "",
    allowed: Callable[[int], str | None] = lambda _: None,
    text: str | None = None,
    typed: tuple[int, int] | None = None,
    **words: str,
) -> Control:
    """A whole number with a step down and a step up, each with the reason where it is not offered.

    Args:
        edit: what is sent, with the new ``value`` added.
        label: its name.
        value: as it stands; of several axes or sides one each, which a step makes alike.
        bounds: the least and the largest value there can be.
        why_low: the reason at the lower bound.
        why_high: the reason at the upper bound.
        allowed: None where a value works, else the sentence that says why not; asked only of the neighbours.
        text: what is shown instead of the value.
        typed: the least and the largest value that can be typed, where steps stop sooner.
        words: ``place`` and ``hint``.
    """
    (low, high), (least, most) = bounds, typed or bounds
    each = [value] if isinstance(value, int) else value
    smallest, largest = min(each), max(each)
    # Where they differ, a step down makes none of them larger, and a step up none smaller.
    less, more = (smallest, largest) if smallest < largest else (smallest - 1, largest + 1)
    less = min(less, high)  # what a word such as "same" amounts to may lie beyond
    reasons = [why_low if less < low else allowed(less), why_high if more > high else allowed(more)]
    said = {"low": least, "high": most, "why_not": reasons, "text": text or str(largest)}
    return _control("stepper", label, words, edit=edit, value=largest, steps=[less, more], **said)


def number(edit: Edit, label: str, value: float, **words: str) -> Control:
    """Any number, typed."""
    return _control("number", label, words, edit=edit, value=value)


def text(edit: Edit, label: str, value: str, placeholder: str = "", **words: str) -> Control:
    """A line of text."""
    return _control("text", label, words, edit=edit, value=value, placeholder=placeholder)


def slider(edit: Edit, label: str, value: int, bounds: tuple[int, int], **words: str) -> Control:
    """A whole number on a slider."""
    return _control("range", label, words, edit=edit, value=value, low=bounds[0], high=bounds[1])


def dial(edit: Edit, label: str, value: float, stops: Sequence[float], **words: str) -> Control:
    """Any number: a slider over some stops, which sends while it is dragged, and a field for any other value."""
    return _control("dial", label, words, edit=edit, value=value, stops=list(stops))


def segments(edit: Edit, label: str, value: str, options: Sequence[dict[str, Any]], **words: str) -> Control:
    """One of a few choices, all of them in sight; a choice's group stands apart from the next."""
    return _control("segments", label, words, edit=edit, value=value, options=list(options))


def check(edit: Edit, label: str, value: bool, **words: str) -> Control:
    """On or off."""
    return _control("check", label, words, edit=edit, value=value)


def button(edit: Edit, label: str, **words: str) -> Control:
    """Sends its edit as it stands."""
    return _control("button", label, words, edit=edit)


def command(name: str, label: str, **words: str) -> Control:
    """Something the page itself does, such as opening a file."""
    return _control("command", label, words, command=name)


def heading(label: str, **words: str) -> Control:
    """Says what the controls after it are for."""
    return _control("heading", label, words)


def _control(kind: str, label: str, words: Mapping[str, str], **fields: Any) -> Control:
    return {"kind": kind, "label": label, "place": "bottom", "hint": "", **words, **fields}
