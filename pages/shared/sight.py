"""A laboratory in an address: what all of them tell alike, and how their numbers are told and read again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from pages.shared.desk import Desk, Pin
from pages.shared.edits.checked import VALUE_LIMIT, EditRefusedError, number_rows, whole_number
from pages.shared.experiment import FloatArray, read_only
from pages.shared.link_code import Link, pack, whole

CELLS_MOST = 4096  # of numbers that an address might hold; more are not even tried
_COUNTED = (255, 3 * 255)  # a photograph's steps, and those of the mean of its three colours

State = TypeVar("State")


@dataclass(frozen=True)
class Sight(Generic[State]):
    """A laboratory and where the eye was on it.

    Attributes:
        laboratory: what was computed.
        pin: the pinned cell, or None for the first one.
        output: the output channel that was looked at.
        notice: what whoever opens it should know, or "".
    """

    laboratory: State
    pin: Pin | None = None
    output: int = 0
    notice: str = ""

    def told(self) -> dict[str, Any]:
        """Where the eye was, as a link tells it."""
        pin = {} if self.pin is None else {"pin": [self.pin[0], *self.pin[1]]}
        return {**pin, "output": self.output} if self.output else pin


@dataclass(kw_only=True)
class LaboratoryDesk(Desk[State]):
    """A desk whose address holds the laboratory on it."""

    _link: tuple[Sight[State], Link] | None = None

    def write(self, sight: Sight[State]) -> Link:
        """A laboratory as far as a link can carry it."""
        raise NotImplementedError

    def read(self, code: str) -> Sight[State]:
        """The laboratory that a link's parameter holds.

        Raises:
            ScenarioError: with a sentence, where it cannot be opened.
        """
        raise NotImplementedError

    def sight(self) -> Sight[State]:
        """What is on screen, and where the eye is on it."""
        return Sight(self.state, self.pin, self.output)

    def link(self) -> Link:
        """What of the laboratory an address can carry; made anew only where something changed."""
        seen = self.sight()
        if self._link is None or self._link[0] != seen:
            self._link = (seen, self.write(seen))
        return self._link[1]

    def read_link(self, code: str) -> None:
        """Show what a link brought; undo leads back to the worked example."""
        self.look(self.read(code))

    def look(self, sight: Sight[State]) -> None:
        """Go on to a laboratory, with the eye where it was on it."""
        self.put(sight.laboratory)
        self.pin, self.output, self.notice = sight.pin, sight.output, sight.notice


def first_that_fits(attempts: Iterable[tuple[Mapping[str, Any] | None, str]], how: str) -> Link:
    """The link of the first of these that an address can carry.

    Args:
        attempts: what is told, None where it cannot be, and what that leaves out, as a sentence; the whole of it first.
        how: what would make it fit, where none does.
    """
    for told, missing in attempts:
        code = None if told is None else pack(told)
        if code is not None:
            return Link(code, missing)
    return Link(None, f"This laboratory holds too many numbers for a link: {how}.")


def left_out(what: str, title: str) -> str:
    """That an input of one's own is not part of a link, and what it opens over."""
    return f"Your own {what} is not part of the link, only everything else: it opens over “{title}”."


def stands_in(what: str, title: str) -> str:
    """To whoever opens such a link: that here is another input."""
    article = "an" if what[0] in "aeiou" else "a"
    return f"This link was made over {article} {what} that it cannot carry: here is the rest over “{title}”."


def in_numbers(planes: FloatArray) -> dict[str, Any] | None:
    """Planes ``(planes, H, W)`` as a link tells them, None where it cannot: they are too many or too large.

    Returns:
        ``"planes"`` in rows, and of how many ``"parts"`` of one their numbers are counts.
    """
    if planes.size > CELLS_MOST or np.abs(planes).max() > VALUE_LIMIT:
        return None
    for parts in () if np.array_equal(planes, np.rint(planes)) else _COUNTED:
        counted = np.rint(planes * parts)
        if np.array_equal(counted / parts, planes) and np.abs(counted).max() <= VALUE_LIMIT:
            return {"planes": whole(counted.tolist()), "parts": parts}
    return {"planes": whole(planes.tolist()), "parts": 1}


def of_numbers(edit: Mapping[str, Any], most: int, side: int, what: str = "An input") -> FloatArray:
    """The planes ``(planes, H, W)`` that :func:`in_numbers` told.

    Args:
        edit: with its ``"planes"`` and ``"parts"``.
        most: planes.
        side: cells a side at most.
        what: is read, for a refusal.

    Raises:
        EditRefusedError: with a sentence, where they are none.
        ValueError: where the planes differ in size.
    """
    parts = whole_number(edit.get("parts", 1), 1, max(_COUNTED), "The parts of one")
    given = edit["planes"]
    if not isinstance(given, list) or not 1 <= len(given) <= most:
        channels = "1 channel" if most == 1 else f"1 to {most} channels"
        raise EditRefusedError(f"{what} has {channels}, so nothing was changed.")
    # np.stack of unequal planes raises a ValueError, which refuses an edit.
    planes = np.stack([number_rows(rows, what) for rows in given]) / parts
    if max(planes.shape[1:]) > side:
        raise EditRefusedError(f"{what} has at most {side} cells a side, so nothing was changed.")
    return read_only(planes)


def input_told(planes: FloatArray, before: FloatArray | None, told: Mapping[str, Any]) -> dict[str, Any] | None:
    """An input as a link tells it, None where it cannot.

    Args:
        planes: ``(planes, H, W)``.
        before: the same before anything was typed, where a link knows it by name; else all numbers are told.
        told: by which it knows it.
    """
    if before is None:
        own = in_numbers(planes)
        return None if own is None else {**told, "own": own}
    changed = np.argwhere(planes != before)
    if len(changed) > CELLS_MOST:
        return None
    cells = [[*at, whole(float(planes[tuple(at)]))] for at in changed.tolist()]
    return {**told, "cells": cells} if cells else dict(told)


def cell_edits(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The edits that type what :func:`input_told` told of changed cells: one a plane."""
    by_plane: dict[Any, list[Any]] = {}
    for plane, row, column, value in told.get("cells", ()):
        by_plane.setdefault(plane, []).append([row, column, value])
    return [{"op": "cells", "plane": plane, "cells": cells} for plane, cells in by_plane.items()]
