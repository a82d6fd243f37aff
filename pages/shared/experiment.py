"""What a visitor is looking at, as one immutable value, and the edits that lead from one to the next.

Nothing here knows Streamlit: an :class:`Experiment` is what is kept, undone and explained, an edit is a plain dict as
a component sends it, and :func:`apply` is the only way from one experiment to another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import kernels
from pages.shared.photo import LARGEST, SMALLEST, Photo

FloatArray = npt.NDArray[np.float64]

GRID_LARGEST = 16
VALUE_LIMIT = 1e6
CLASSES_LARGEST = 10
PADDING_LARGEST = 2  # of a 3×3 kernel: with 3, whole windows would see nothing but zeros
STRIDE_LARGEST = 6
POOLINGS = ("max", "average")
HEADS = ("softmax", "sigmoid")
SOURCES = ("grid", "photo")

WORKED_GRID = np.array(
    [[1, 2, 3, 0, 1], [4, 5, 6, 1, 2], [7, 8, 9, 2, 3], [1, 2, 3, 4, 5], [6, 7, 8, 5, 6]], dtype=np.float64
)
WORKED_GRID.setflags(write=False)


class EditRefusedError(ValueError):
    """An edit that cannot be made; its message is a sentence for the visitor."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """One input, one kernel and the settings of the chain behind it.

    Attributes:
        source: which input is looked at, ``"grid"`` or ``"photo"``; the other is kept.
        grid: the edited numbers, ``(H, W)`` float64, 1 to 16 cells a side, read-only.
        photo: the uploaded photograph, or None before there is one.
        kernel: ``(3, 3)`` float64, read-only.
        stride: of the convolution, in both directions.
        padding: zeros around the input, in cells on every side.
        pooling: ``"max"`` or ``"average"``, 2×2 with stride 2.
        classes: how many scores the fully connected layer gives.
        head: what turns scores into probabilities, ``"softmax"`` or ``"sigmoid"``.
    """

    source: str = "grid"
    grid: FloatArray = field(default_factory=lambda: WORKED_GRID)
    photo: Photo | None = None
    kernel: FloatArray = field(default_factory=lambda: kernels.get("prewitt_x").weights)
    stride: int = 1
    padding: int = 0
    pooling: str = "max"
    classes: int = 3
    head: str = "softmax"

    @property
    def input(self) -> FloatArray:
        """The numbers the chain starts from, ``(H, W)`` float64: whole numbers as typed, or a photograph in [0, 1]."""
        if self.source == "photo" and self.photo is not None:
            return self.photo.pixels
        return self.grid


def apply(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    """The experiment after one edit.

    Args:
        experiment: what the visitor had.
        edit: ``{"op": name, ...}`` with the fields that the operation of that name below reads.

    Raises:
        EditRefusedError: with a sentence, where the edit has no meaning. ``experiment`` is as it was.
    """
    operation = _OPERATIONS.get(str(edit.get("op")))
    if operation is None:
        raise EditRefusedError("This page sent an edit that the server does not know. Reload the page.")
    try:
        return operation(experiment, edit)
    except EditRefusedError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
        raise EditRefusedError("An edit came in without what it needs, so nothing was changed.") from error


def with_photo(experiment: Experiment, photo: Photo) -> Experiment:
    """The experiment with ``photo`` as its input."""
    return replace(experiment, photo=photo, source="photo")


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EditRefusedError(f"{what} must be a number, so the cell keeps what it had.")
    if abs(value) > VALUE_LIMIT:
        raise EditRefusedError(f"{what} must lie between −1,000,000 and 1,000,000, so the cell keeps what it had.")
    return float(value)


def _read_only(array: FloatArray) -> FloatArray:
    array.setflags(write=False)
    return array


def _set_kernel(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    rows = edit["values"]
    if len(rows) != 3 or any(len(row) != 3 for row in rows):
        raise EditRefusedError("This kernel has three rows of three weights.")
    weights = np.array([[_number(value, "A weight") for value in row] for row in rows])
    return replace(experiment, kernel=_read_only(weights))


def _set_cells(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    values = experiment.input.copy()
    for row, column, value in edit["cells"]:
        if not (0 <= row < values.shape[0] and 0 <= column < values.shape[1]):
            raise EditRefusedError("That cell lies outside the input, so nothing was changed.")
        values[row, column] = _number(value, "A cell")
    _read_only(values)
    if experiment.source == "photo" and experiment.photo is not None:
        return replace(experiment, photo=experiment.photo.painted(values))
    return replace(experiment, grid=values)


def _resize_grid(experiment: Experiment, edit: Mapping[str, Any], *, axis: int, name: str) -> Experiment:
    old = experiment.grid
    shape = list(old.shape)
    shape[axis] = _whole(edit["value"], 1, GRID_LARGEST, f"The number of {name}")
    values = np.zeros(shape)
    kept = np.s_[: min(shape[0], old.shape[0]), : min(shape[1], old.shape[1])]
    values[kept] = old[kept]
    return replace(experiment, grid=_read_only(values), source="grid")


def _fill_grid(experiment: Experiment, _edit: Mapping[str, Any]) -> Experiment:
    return replace(experiment, grid=_read_only(np.zeros(experiment.grid.shape)), source="grid")


def _worked(experiment: Experiment, _edit: Mapping[str, Any]) -> Experiment:
    # The photograph stays at hand: starting over must lose nothing that cannot be had again.
    return replace(Experiment(), photo=experiment.photo)


def _set_source(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    source = _one_of(edit["value"], SOURCES, "The input")
    if source == "photo" and experiment.photo is None:
        raise EditRefusedError("There is no photograph yet: upload one first.")
    return replace(experiment, source=source)


def _set_photo_size(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    size = _whole(edit["value"], SMALLEST, LARGEST, "The working size")
    if experiment.photo is None:
        raise EditRefusedError("There is no photograph yet: upload one first.")
    return replace(experiment, photo=experiment.photo.at(size))


def _set_library_kernel(experiment: Experiment, edit: Mapping[str, Any]) -> Experiment:
    name = _one_of(edit["value"], kernels.names(), "The kernel")
    return replace(experiment, kernel=kernels.get(name).weights)


def _set_whole(experiment: Experiment, edit: Mapping[str, Any], *, name: str, low: int, high: int) -> Experiment:
    changes: dict[str, Any] = {name: _whole(edit["value"], low, high, f"The {name}")}
    return replace(experiment, **changes)


def _set_choice(experiment: Experiment, edit: Mapping[str, Any], *, name: str, choices: tuple[str, ...]) -> Experiment:
    changes: dict[str, Any] = {name: _one_of(edit["value"], choices, f"The {name}")}
    return replace(experiment, **changes)


def _whole(value: object, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not low <= value <= high:
        raise EditRefusedError(f"{what} must be a whole number from {low} to {high}; it stays as it was.")
    return int(value)


def _one_of(value: object, choices: tuple[str, ...], what: str) -> str:
    if value not in choices:
        raise EditRefusedError(f"{what} must be one of {', '.join(choices)}; it stays as it was.")
    return str(value)


_OPERATIONS: dict[str, Callable[[Experiment, Mapping[str, Any]], Experiment]] = {
    "kernel": _set_kernel,
    "library": _set_library_kernel,
    "cells": _set_cells,
    "rows": partial(_resize_grid, axis=0, name="rows"),
    "columns": partial(_resize_grid, axis=1, name="columns"),
    "clear": _fill_grid,
    "worked": _worked,
    "source": _set_source,
    "photo_size": _set_photo_size,
    "stride": partial(_set_whole, name="stride", low=1, high=STRIDE_LARGEST),
    "padding": partial(_set_whole, name="padding", low=0, high=PADDING_LARGEST),
    "classes": partial(_set_whole, name="classes", low=1, high=CLASSES_LARGEST),
    "pooling": partial(_set_choice, name="pooling", choices=POOLINGS),
    "head": partial(_set_choice, name="head", choices=HEADS),
}
