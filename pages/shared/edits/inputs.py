"""Edits of the input: cells, the whole grid, patterns, pictures and samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pages.shared import patterns, samples
from pages.shared.edits.checked import (
    Edit,
    EditRefusedError,
    finite,
    number_rows,
    one_of,
    whole_number,
)
from pages.shared.experiment import COLOURS, GRID_LARGEST, SOURCES, Experiment, FloatArray, read_only, with_photo
from pages.shared.photo import LARGEST, SMALLEST, from_planes


def set_cells(experiment: Experiment, edit: Edit) -> Experiment:
    """Values of single cells, ``[row, column, value]`` each, in one colour plane or in all."""
    values = experiment.input.copy()
    plane = edit.get("plane")
    planes = slice(None) if plane is None else whole_number(plane, 0, values.shape[0] - 1, "The colour plane")
    for row, column, value in edit["cells"]:
        if not (0 <= row < values.shape[1] and 0 <= column < values.shape[2]):
            raise EditRefusedError("That cell lies outside the input, so nothing was changed.")
        values[planes, row, column] = number = finite(value, f"A cell at [{row}, {column}]")
        if experiment.on_photo and not 0 <= number <= 1:
            raise EditRefusedError("A pixel must lie between 0 and 1, so the picture stays as it was.")
    if experiment.on_photo and experiment.photo is not None:
        return replace(experiment, photo=experiment.photo.paint(read_only(values)))
    return _with_grid(experiment, values[0])


def _with_grid(experiment: Experiment, values: FloatArray) -> Experiment:
    return replace(experiment, grid=read_only(values), source="grid")


def set_grid(experiment: Experiment, edit: Edit) -> Experiment:
    """The whole grid as rows of numbers; it becomes the input."""
    values = number_rows(edit["value"], "The grid", "A cell")
    if max(values.shape) > GRID_LARGEST:
        raise EditRefusedError(
            f"That is {values.shape[0]} rows and {values.shape[1]} columns; a grid has at most {GRID_LARGEST} of each. "
            "Nothing was changed."
        )
    return _with_grid(experiment, values)


def resize_grid(experiment: Experiment, edit: Edit, *, axis: int, name: str) -> Experiment:
    """More or fewer rows or columns: what fits stays in its place, what is new is 0."""
    old = experiment.grid
    shape = list(old.shape)
    shape[axis] = whole_number(edit["value"], 1, GRID_LARGEST, f"The number of {name}")
    values = np.zeros(shape)
    kept = np.s_[: min(shape[0], old.shape[0]), : min(shape[1], old.shape[1])]
    values[kept] = old[kept]
    return _with_grid(experiment, values)


def fill_grid(experiment: Experiment, edit: Edit) -> Experiment:
    """One value in every cell of the grid."""
    return _with_grid(experiment, np.full(experiment.grid.shape, finite(edit.get("value", 0), "The value")))


def draw_pattern(experiment: Experiment, edit: Edit) -> Experiment:
    """A generated pattern of the grid's own size."""
    name = one_of(edit["value"], patterns.names(), "The pattern")
    rows, columns = experiment.grid.shape
    drawn = patterns.another(
        experiment.grid, lambda rng: patterns.draw(name, rows, columns, seed=int(rng.integers(2**31)))
    )
    return _with_grid(experiment, drawn)


def worked(experiment: Experiment, _edit: Edit) -> Experiment:
    """The worked example, as at the start."""
    # The picture stays at hand: starting over must lose nothing that cannot be had again.
    return replace(Experiment(), photo=experiment.photo)


def set_source(experiment: Experiment, edit: Edit) -> Experiment:
    """Which input is looked at: the grid or the picture."""
    source = one_of(edit["value"], SOURCES, "The input")
    if source == "photo" and experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    return replace(experiment, source=source)


def set_sample(experiment: Experiment, edit: Edit) -> Experiment:
    """A sample picture from the gallery."""
    name = one_of(edit["value"], samples.names(), "The sample")
    planes = samples.pixels(name)  # (3, H, W)
    grey = samples.grey(name)
    original = (planes.shape[1], planes.shape[2])
    return with_photo(experiment, from_planes(grey, planes, samples.get(name).title, original=original, sample=name))


def set_photo_size(experiment: Experiment, edit: Edit) -> Experiment:
    """The longer side to which the picture is scaled, in pixels."""
    if experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    # A long picture may need more than the least: it is given that.
    least = min(SMALLEST, experiment.photo.smallest)
    size = whole_number(edit["value"], least, LARGEST, "The working size")
    return replace(experiment, photo=experiment.photo.at(size))


def set_colour(experiment: Experiment, edit: Edit) -> Experiment:
    """The picture in grey or in colour."""
    colour = one_of(edit["value"], COLOURS, "The colour")
    if experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    if colour == "rgb" and experiment.photo.rgb is None:
        raise EditRefusedError(f"{experiment.photo.why_grey}.")
    return replace(experiment, photo=experiment.photo.in_colour(colour))
