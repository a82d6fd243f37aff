"""The edits that lead from one state of the laboratory to the next; every value in them is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pages.shared.edits.checked import (
    Edit,
    EditRefusedError,
    axis_pair,
    carried_out,
    finite,
    one_of,
    whole_number,
)
from pages.shared.experiment import FloatArray, Pair, read_only
from pages.shared.from_explore import FEATURES, OWN, SIDE_LARGEST
from pages.shared.pooling.laboratory import (
    KERNEL_LARGEST,
    MODES,
    SHIFT_MOST,
    SOURCES,
    STRIDE_LARGEST,
    TARGETS,
    Laboratory,
    Settings,
    fitted,
    given,
    misfit,
)
from pages.shared.pooling.shift import EDGES
from pages.shared.sight import of_numbers

FromExplore = Callable[[str], FloatArray]


def apply(laboratory: Laboratory, edit: Edit, from_explore: FromExplore) -> Laboratory:
    """The laboratory after one edit; its window always fits its input.

    Args:
        laboratory: what the visitor had.
        edit: ``{"op": name, ...}`` with the fields that the operation of that name below reads.
        from_explore: gives Explore's ``OWN`` input or its ``FEATURES`` as ``(H, W)``; refuses where there is none.

    Raises:
        EditRefusedError: with a sentence, where the edit has no meaning or would fit no more.
    """
    operations: dict[str, Callable[[Laboratory, Edit], Laboratory]] = {
        **_OPERATIONS,
        "input": partial(_input, from_explore=from_explore),
    }
    changed = carried_out(operations.get(str(edit.get("op"))), laboratory, edit)
    why = misfit(changed.plane, changed.window)
    if why is not None:
        # The core names a setting as Python writes it; the screen has it as a control beside a number.
        raise EditRefusedError(f"{why[0].upper()}{why[1:].replace('=', ' ')}, so it stays as it was.")
    return changed


def _input(laboratory: Laboratory, edit: Edit, *, from_explore: FromExplore) -> Laboratory:
    source = one_of(edit["value"], tuple(SOURCES), "The input")
    plane = from_explore(source) if source in (OWN, FEATURES) else given(source)
    return replace(laboratory, input=plane, source=source)


def _plane(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """An input of one's own as a link brings it."""
    source = one_of(edit["source"], (OWN, FEATURES), "The input")
    return replace(laboratory, input=of_numbers(edit, 1, SIDE_LARGEST)[0], source=source)


def _cells(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, input=_written(laboratory.input, edit))


def _written(plane: FloatArray, edit: Edit) -> FloatArray:
    """A plane with the edit's ``cells``, each row, column and value, put into it."""
    changed = plane.copy()
    for row, column, value in edit["cells"]:
        at: Pair = (
            whole_number(row, 0, plane.shape[0] - 1, "A row"),
            whole_number(column, 0, plane.shape[1] - 1, "A column"),
        )
        changed[at] = finite(value, "A cell")
    return read_only(changed)


def _upstream(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """Gradients of the visitor's own, one an output cell; what was shown before they begin with."""
    before = fitted(laboratory.upstream, laboratory.pooled)
    if laboratory.target != "own":
        before = np.ones(laboratory.pooled)
        if laboratory.target == "cell":
            before = np.zeros(laboratory.pooled)
            row, column = edit["cell"]
            rows, columns = laboratory.pooled
            before[whole_number(row, 0, rows - 1, "A row"), whole_number(column, 0, columns - 1, "A column")] = 1.0
    return replace(laboratory, target="own", upstream=_written(before, edit))


def _gradient(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """All gradients of one's own as a link brings them, for an output that may since have changed its size."""
    return replace(laboratory, upstream=of_numbers(edit, 1, SIDE_LARGEST + KERNEL_LARGEST, "A gradient")[0])


# The least and the most of each.
_BOUNDS = {"kernel_size": (1, KERNEL_LARGEST), "stride": (1, STRIDE_LARGEST), "padding": (0, KERNEL_LARGEST - 1)}
_NAMES = {"kernel_size": "The window's side", "stride": "The stride", "padding": "The padding"}
_SWITCHES = ("ceil_mode", "count_include_pad")


def _pair(laboratory: Laboratory, edit: Edit, name: str, low: int, most: int) -> Laboratory:
    value = axis_pair(edit, getattr(laboratory.window, name), low, most, _NAMES[name])
    return _windowed(laboratory, name, value)


def _switch(laboratory: Laboratory, edit: Edit, name: str) -> Laboratory:
    return _windowed(laboratory, name, edit["value"] is True)


def _windowed(laboratory: Laboratory, name: str, value: Any) -> Laboratory:
    changes: dict[str, Any] = {name: value}
    window: Settings = replace(laboratory.window, **changes)
    return replace(laboratory, window=window)


def _window(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """The whole window at once, as a link brings it: on the way from one to another some would not fit."""
    told = edit["value"]
    for name, (low, most) in _BOUNDS.items():
        laboratory = _pair(laboratory, {"value": told[name]}, name, low, most)
    for name in _SWITCHES:
        laboratory = _switch(laboratory, {"value": told[name]}, name)
    return laboratory


def _shift(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, shift=axis_pair(edit, laboratory.shift, -SHIFT_MOST, SHIFT_MOST, "The shift"))


def _choice(laboratory: Laboratory, edit: Edit, name: str, choices: tuple[str, ...], what: str) -> Laboratory:
    changes: dict[str, Any] = {name: one_of(edit["value"], choices, what)}
    return replace(laboratory, **changes)


def _worked(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    return Laboratory(mode=laboratory.mode)


_OPERATIONS: dict[str, Callable[[Laboratory, Edit], Laboratory]] = {
    "worked": _worked,
    "plane": _plane,
    "cells": _cells,
    **{name: partial(_pair, name=name, low=low, most=most) for name, (low, most) in _BOUNDS.items()},
    **{name: partial(_switch, name=name) for name in _SWITCHES},
    "window": _window,
    "mode": partial(_choice, name="mode", choices=tuple(MODES), what="What is shown"),
    "target": partial(_choice, name="target", choices=TARGETS, what="What is gone back from"),
    "upstream": _upstream,
    "gradient": _gradient,
    "shift": _shift,
    "edge": partial(_choice, name="edge", choices=tuple(EDGES), what="The edge"),
}
