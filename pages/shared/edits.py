"""The edits that lead from one experiment to the next: the only way to change one.

An edit is a plain dict as a component, a link or a file sends it; every value in it is checked here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from cnn_core import CnnCoreError, kernels
from pages.shared import patterns, samples
from pages.shared.experiment import (
    ACTIVATIONS,
    CLASSES_LARGEST,
    COLOURS,
    DILATION_LARGEST,
    GRID_LARGEST,
    HEADS,
    KERNELS_MOST,
    POOL_LARGEST,
    POOLINGS,
    SLOPES,
    SOURCES,
    STRIDE_LARGEST,
    Experiment,
    FloatArray,
    Pair,
    read_only,
    with_photo,
)
from pages.shared.photo import DEFAULT, LARGEST, SMALLEST, from_planes

VALUE_LIMIT = 1e6
NAME_LONGEST = 24
_MOST_LISTED = 12
FEATURES_MOST = 1_000_000  # more than any chain here flattens to

Edit = Mapping[str, Any]


class EditRefusedError(ValueError):
    """An edit that cannot be made; its message is a sentence for the visitor."""


def apply(experiment: Experiment, edit: Edit) -> Experiment:
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
    except CnnCoreError as error:
        raise EditRefusedError(str(error)) from error
    except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
        raise EditRefusedError("An edit came in without what it needs, so nothing was changed.") from error


# ---- checked values ----------------------------------------------------------------------------------------------


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EditRefusedError(f"{what} must be a number, so it keeps what it had.")
    if abs(value) > VALUE_LIMIT:
        raise EditRefusedError(f"{what} must lie between −1,000,000 and 1,000,000, so it keeps what it had.")
    return float(value)


def _whole(value: object, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not low <= value <= high:
        raise EditRefusedError(f"{what} must be a whole number from {low} to {high}; it stays as it was.")
    return int(value)


def _one_of(value: object, choices: Sequence[str], what: str) -> str:
    if value not in choices:
        listed = f" {', '.join(choices)}" if len(choices) < _MOST_LISTED else " those in its menu"
        raise EditRefusedError(f"{what} must be one of{listed}; it stays as it was.")
    return str(value)


def _name(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise EditRefusedError(f"{what} must be text; it stays as it was.")
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    if len(plain) > NAME_LONGEST:
        raise EditRefusedError(f"{what} has at most {NAME_LONGEST} characters; it stays as it was.")
    return plain


def _rows(rows: Any, what: str) -> FloatArray:
    """Numbers in equally long rows, ``(H, W)``."""
    if not isinstance(rows, list | tuple) or not rows or not all(isinstance(row, list | tuple) for row in rows):
        raise EditRefusedError(f"{what} must come in rows of numbers, so nothing was changed.")
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise EditRefusedError(f"{what} must come in rows of equal length, so nothing was changed.")
    return np.array([[_number(value, "A number") for value in row] for row in rows])


def _pair(edit: Edit, old: Pair, low: int, high: int, what: str) -> Pair:
    """A setting with a value an axis: a whole number for both, a pair, or one for the ``axis`` that is named."""
    value = edit["value"]
    if isinstance(value, list | tuple):
        down, across = (_whole(each, low, high, what) for each in value)
        return down, across
    whole = _whole(value, low, high, what)
    if "axis" not in edit:
        return whole, whole
    return (whole, old[1]) if _whole(edit["axis"], 0, 1, "The axis") == 0 else (old[0], whole)


# ---- the input ---------------------------------------------------------------------------------------------------


def _set_cells(experiment: Experiment, edit: Edit) -> Experiment:
    values = experiment.input.copy()
    plane = edit.get("plane")
    planes = slice(None) if plane is None else _whole(plane, 0, values.shape[0] - 1, "The colour plane")
    for row, column, value in edit["cells"]:
        if not (0 <= row < values.shape[1] and 0 <= column < values.shape[2]):
            raise EditRefusedError("That cell lies outside the input, so nothing was changed.")
        values[planes, row, column] = _number(value, "A cell")
    if experiment.on_photo and experiment.photo is not None:
        return replace(experiment, photo=experiment.photo.paint(read_only(values)))
    return _with_grid(experiment, values[0])


def _with_grid(experiment: Experiment, values: FloatArray) -> Experiment:
    return replace(experiment, grid=read_only(values), source="grid")


def _set_grid(experiment: Experiment, edit: Edit) -> Experiment:
    values = _rows(edit["value"], "The grid")
    if max(values.shape) > GRID_LARGEST:
        raise EditRefusedError(
            f"That is {values.shape[0]} rows and {values.shape[1]} columns; a grid has at most {GRID_LARGEST} of each. "
            "Nothing was changed."
        )
    return _with_grid(experiment, values)


def _resize_grid(experiment: Experiment, edit: Edit, *, axis: int, name: str) -> Experiment:
    old = experiment.grid
    shape = list(old.shape)
    shape[axis] = _whole(edit["value"], 1, GRID_LARGEST, f"The number of {name}")
    values = np.zeros(shape)
    kept = np.s_[: min(shape[0], old.shape[0]), : min(shape[1], old.shape[1])]
    values[kept] = old[kept]
    return _with_grid(experiment, values)


def _fill_grid(experiment: Experiment, edit: Edit) -> Experiment:
    return _with_grid(experiment, np.full(experiment.grid.shape, _number(edit.get("value", 0), "The value")))


def _pattern(experiment: Experiment, edit: Edit) -> Experiment:
    name = _one_of(edit["value"], patterns.names(), "The pattern")
    # Each time another noise, and yet the same again when it is undone and done again.
    seed = int(np.abs(experiment.grid).sum() * 7) % 2**31
    rows, columns = experiment.grid.shape
    return _with_grid(experiment, patterns.draw(name, rows, columns, seed=seed))


def _worked(experiment: Experiment, _edit: Edit) -> Experiment:
    # The picture stays at hand: starting over must lose nothing that cannot be had again.
    return replace(Experiment(), photo=experiment.photo)


def _set_source(experiment: Experiment, edit: Edit) -> Experiment:
    source = _one_of(edit["value"], SOURCES, "The input")
    if source == "photo" and experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    return replace(experiment, source=source)


def _set_sample(experiment: Experiment, edit: Edit) -> Experiment:
    name = _one_of(edit["value"], samples.names(), "The sample")
    planes = samples.pixels(name)  # (3, H, W)
    luma = (0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2]).astype(np.float32)
    title = samples.get(name).title
    # No larger than it is: a single bright cell must not become four.
    size = min(max(planes.shape[1:]), experiment.photo.size if experiment.photo is not None else DEFAULT)
    photo = from_planes(luma, planes, title, original=(planes.shape[1], planes.shape[2]), size=size, sample=name)
    if experiment.photo is not None and experiment.photo.colour == "rgb":
        photo = photo.in_colour("rgb")
    return with_photo(experiment, photo)


def _set_photo_size(experiment: Experiment, edit: Edit) -> Experiment:
    size = _whole(edit["value"], SMALLEST, LARGEST, "The working size")
    if experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    return replace(experiment, photo=experiment.photo.at(size))


def _set_colour(experiment: Experiment, edit: Edit) -> Experiment:
    colour = _one_of(edit["value"], COLOURS, "The colour")
    if experiment.photo is None:
        raise EditRefusedError("There is no picture yet: upload one or take a sample.")
    if colour == "rgb" and experiment.photo.rgb is None:
        raise EditRefusedError(f"{experiment.photo.why_grey}.")
    return replace(experiment, photo=experiment.photo.in_colour(colour))


# ---- the kernels -------------------------------------------------------------------------------------------------


def _output(experiment: Experiment, edit: Edit) -> int:
    """Which kernel an edit speaks of; the first where it does not say."""
    return _whole(edit.get("output", 0), 0, experiment.bank.shape[0] - 1, "The kernel's number")


def _planes(experiment: Experiment, edit: Edit) -> Any:
    """Which planes of a kernel an edit speaks of: all of them where it does not say."""
    plane = edit.get("plane")
    if plane is None or experiment.linked:
        return slice(None)
    return _whole(plane, 0, experiment.bank.shape[1] - 1, "The kernel's plane")


def _with_kernel(experiment: Experiment, output: int, planes: Any, weights: FloatArray) -> Experiment:
    """One kernel replaced. All kernels of a bank have one size: smaller ones get a rim of zeros."""
    count, deep, rows, columns = experiment.bank.shape
    alone = count == 1 and (deep == 1 or planes == slice(None))
    shape = weights.shape if alone else (max(rows, weights.shape[0]), max(columns, weights.shape[1]))
    bank = _sized(experiment.bank, shape)
    bank[output, planes] = kernels.resized(weights, shape)
    return replace(experiment, bank=read_only(bank))


def _sized(bank: FloatArray, shape: Pair) -> FloatArray:
    # (O, planes, KH, KW) -> (O, planes, *shape)
    return np.stack([[kernels.resized(plane, shape) for plane in planes] for planes in bank])


def _set_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    weights = kernels.check(_rows(edit["values"], "The kernel"))
    changed = _with_kernel(experiment, _output(experiment, edit), _planes(experiment, edit), weights)
    return _named(changed, _output(experiment, edit), edit.get("name"))


def _named(experiment: Experiment, output: int, name: object) -> Experiment:
    """The kernel's name, where one comes with the edit; painting over a named kernel keeps its name."""
    if name is None:
        return experiment
    names = list(experiment.kernel_names)
    names[output] = _name(name, "A kernel's name")
    return replace(experiment, kernel_names=tuple(names))


def _paste_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    weights = kernels.parse(str(edit["value"]))
    if np.abs(weights).max() > VALUE_LIMIT:
        raise EditRefusedError("A weight must lie between −1,000,000 and 1,000,000; the kernel stays as it was.")
    return _with_kernel(experiment, _output(experiment, edit), _planes(experiment, edit), weights)


def _set_bank(experiment: Experiment, edit: Edit) -> Experiment:
    """The whole bank at once, as a file or a link brings it."""
    bank = edit["value"]
    if not 1 <= len(bank) <= KERNELS_MOST or any(len(planes) not in (1, 3) for planes in bank):
        raise EditRefusedError(f"A bank holds 1 to {KERNELS_MOST} kernels of one or three planes.")
    planes = [[kernels.check(_rows(plane, "The kernel")) for plane in planes] for planes in bank]
    if len({plane.shape for each in planes for plane in each}) != 1 or len({len(each) for each in planes}) != 1:
        raise EditRefusedError("All kernels of a bank must have one size; the kernels stay as they were.")
    count = len(planes)
    return replace(experiment, bank=read_only(planes), kernel_names=("",) * count, bias=read_only(np.zeros(count)))


def _set_library_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    name = _one_of(edit["value"], kernels.names(), "The kernel")
    weights = kernels.get(name).weights
    changed = _with_kernel(experiment, _output(experiment, edit), _planes(experiment, edit), weights)
    return _named(changed, _output(experiment, edit), "")


_TRANSFORMS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "normalise": kernels.normalised,
    "flip": kernels.flipped,
    "mirror": kernels.mirrored,
    "rotate": kernels.rotated,
    "transpose": kernels.transposed,
    "negate": kernels.negated,
}


def _transform(experiment: Experiment, edit: Edit) -> Experiment:
    change = _TRANSFORMS[_one_of(edit["value"], tuple(_TRANSFORMS), "The change")]
    output = _output(experiment, edit)
    turned = [change(plane) for plane in experiment.bank[output]]
    if experiment.bank.shape[0] == 1:
        return replace(experiment, bank=read_only(turned)[None])
    # Turned on its side among others, a rectangular kernel and its neighbours get the size that holds them all.
    shape = tuple(max(a, b) for a, b in zip(experiment.kernel_size, turned[0].shape, strict=True))
    bank = _sized(experiment.bank, (shape[0], shape[1]))
    bank[output] = [kernels.resized(plane, (shape[0], shape[1])) for plane in turned]
    return replace(experiment, bank=read_only(bank))


def _random(experiment: Experiment, edit: Edit) -> Experiment:
    # Another one at each press, and the same again when it is undone and done again.
    seed = int(np.abs(experiment.bank).sum() * 10 + experiment.bank.shape[0]) % 2**31
    planes = [kernels.random(experiment.kernel_size, seed=seed + k) for k in range(experiment.bank.shape[1])]
    bank = experiment.bank.copy()
    bank[_output(experiment, edit)] = planes
    return _named(replace(experiment, bank=read_only(bank)), _output(experiment, edit), "")


def _resize_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    down, across = _pair(edit, experiment.kernel_size, 1, kernels.LARGEST_SIZE, "The kernel size")
    return replace(experiment, bank=read_only(_sized(experiment.bank, (down, across))))


def _add_kernel(experiment: Experiment, _edit: Edit) -> Experiment:
    count, deep = experiment.bank.shape[:2]
    if count >= KERNELS_MOST:
        raise EditRefusedError(f"A bank here holds at most {KERNELS_MOST} kernels.")
    # The next library kernel that fits the size and is not in the bank yet: something to look at, not a blank.
    held = [planes[0] for planes in experiment.bank]
    fitting = [k.weights for k in kernels.LIBRARY if k.weights.shape == experiment.kernel_size]
    new = next((w for w in fitting if not any(np.array_equal(w, other) for other in held)), None)
    if new is None:
        new = kernels.random(experiment.kernel_size, seed=count)
    bank = np.concatenate([experiment.bank, np.broadcast_to(new, (1, deep, *experiment.kernel_size))])
    bias = read_only(np.append(experiment.bias, 0.0))
    return replace(experiment, bank=read_only(bank), bias=bias, kernel_names=(*experiment.kernel_names, ""))


def _remove_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    output = _output(experiment, edit)
    if experiment.bank.shape[0] == 1:
        raise EditRefusedError("The last kernel stays: change it instead.")
    names = tuple(name for k, name in enumerate(experiment.kernel_names) if k != output)
    bank, bias = (read_only(np.delete(array, output, axis=0)) for array in (experiment.bank, experiment.bias))
    return replace(experiment, bank=bank, bias=bias, kernel_names=names)


def _link_planes(experiment: Experiment, edit: Edit) -> Experiment:
    if edit["value"] is True:
        return replace(experiment, bank=read_only(experiment.bank[:, :1].copy()))
    if edit["value"] is False:
        count, deep, *size = experiment.bank.shape
        planes = np.broadcast_to(experiment.bank, (count, 3, *size)) if deep == 1 else experiment.bank
        return replace(experiment, bank=read_only(planes.copy()))
    raise EditRefusedError("Planes are linked or they are not; they stay as they were.")


def _set_kernel_name(experiment: Experiment, edit: Edit) -> Experiment:
    return _named(experiment, _output(experiment, edit), edit["value"])


def _set_kernel_names(experiment: Experiment, edit: Edit) -> Experiment:
    names = tuple(_name(name, "A kernel's name") for name in edit["value"])
    if len(names) != experiment.bank.shape[0]:
        raise EditRefusedError("There must be as many names as kernels; they stay as they were.")
    return replace(experiment, kernel_names=names)


def _set_bias(experiment: Experiment, edit: Edit) -> Experiment:
    bias = experiment.bias.copy()
    bias[_output(experiment, edit)] = _number(edit["value"], "The bias")
    return replace(experiment, bias=read_only(bias))


def _set_biases(experiment: Experiment, edit: Edit) -> Experiment:
    bias = [_number(value, "A bias") for value in edit["value"]]
    if len(bias) != experiment.bank.shape[0]:
        raise EditRefusedError("There must be as many biases as kernels; they stay as they were.")
    return replace(experiment, bias=read_only(bias))


# ---- the stages --------------------------------------------------------------------------------------------------


def _set_pair(experiment: Experiment, edit: Edit, *, name: str, low: int, high: int) -> Experiment:
    both = _pair(edit, getattr(experiment, name), low, high, f"The {name.replace('_', ' ')}")
    changes: dict[str, Any] = {name: both}
    return replace(experiment, **changes)


def _set_padding(experiment: Experiment, edit: Edit) -> Experiment:
    value, most = edit["value"], kernels.LARGEST_SIZE * DILATION_LARGEST
    if value == "same":
        return replace(experiment, padding="same")
    if value == "valid":
        value = 0
    if isinstance(value, list | tuple):
        (top, bottom), (left, right) = value
        sides = [top, bottom, left, right]
    else:
        sides = [value] * 4
    if "side" in edit:
        old = experiment.padding
        kept = [0] * 4 if isinstance(old, str) else [each for axis in old for each in axis]
        kept[_whole(edit["side"], 0, 3, "The side")] = value
        sides = kept
    top, bottom, left, right = (_whole(each, 0, most, "The padding") for each in sides)
    return replace(experiment, padding=((top, bottom), (left, right)))


def _set_whole(experiment: Experiment, edit: Edit, *, name: str, low: int, high: int) -> Experiment:
    changes: dict[str, Any] = {name: _whole(edit["value"], low, high, f"The {name}")}
    return replace(experiment, **changes)


def _set_choice(experiment: Experiment, edit: Edit, *, name: str, choices: Sequence[str]) -> Experiment:
    changes: dict[str, Any] = {name: _one_of(edit["value"], choices, f"The {name}")}
    return replace(experiment, **changes)


def _set_slope(experiment: Experiment, edit: Edit) -> Experiment:
    slope = _number(edit["value"], "The slope")
    if not 0 <= slope <= 1:
        raise EditRefusedError(f"The slope must lie between 0 and 1, such as {SLOPES[2]}; it stays as it was.")
    return replace(experiment, slope=slope)


def _set_class_names(experiment: Experiment, edit: Edit) -> Experiment:
    value = edit["value"]
    parts = value.split(",") if isinstance(value, str) else list(value)
    if len(parts) > CLASSES_LARGEST:
        raise EditRefusedError(f"There are at most {CLASSES_LARGEST} classes; their names stay as they were.")
    return replace(experiment, class_names=tuple(_name(part, "A class name") for part in parts))


def _set_dense(experiment: Experiment, edit: Edit) -> Experiment:
    """Weights of the fully connected layer: ``cells`` are ``[class, feature, value]``."""
    features = _whole(edit["features"], 1, FEATURES_MOST, "The number of features")
    dense = dict(experiment.dense) if features == experiment.dense_features else {}
    for number, feature, value in edit["cells"]:
        key = (_whole(number, 0, CLASSES_LARGEST - 1, "The class"), _whole(feature, 0, features - 1, "The feature"))
        dense[key] = _number(value, "A weight")
    return replace(experiment, dense=MappingProxyType(dense), dense_features=features)


def _set_dense_bias(experiment: Experiment, edit: Edit) -> Experiment:
    changed = {**experiment.dense_bias}
    for number, value in edit["cells"]:
        changed[_whole(number, 0, CLASSES_LARGEST - 1, "The class")] = _number(value, "A bias")
    return replace(experiment, dense_bias=MappingProxyType(changed))


def _set_seed(experiment: Experiment, edit: Edit) -> Experiment:
    """New seeded weights; what was changed by hand goes with the old ones."""
    seed = _whole(edit["value"], 0, 9999, "The seed")
    nothing: Mapping[Any, float] = MappingProxyType({})
    return replace(experiment, seed=seed, dense=nothing, dense_bias=nothing)


def _several(experiment: Experiment, edit: Edit) -> Experiment:
    """Edits that belong together: one step to undo, and none of them where one is refused."""
    edits = edit["edits"]
    if len(edits) > 50 or any(each.get("op") == "several" for each in edits):
        raise EditRefusedError("An edit came in without what it needs, so nothing was changed.")
    for each in edits:
        experiment = apply(experiment, each)
    return experiment


_OPERATIONS: dict[str, Callable[[Experiment, Edit], Experiment]] = {
    "several": _several,
    "cells": _set_cells,
    "grid": _set_grid,
    "rows": partial(_resize_grid, axis=0, name="rows"),
    "columns": partial(_resize_grid, axis=1, name="columns"),
    "clear": _fill_grid,
    "pattern": _pattern,
    "worked": _worked,
    "source": _set_source,
    "sample": _set_sample,
    "photo_size": _set_photo_size,
    "colour": _set_colour,
    "kernel": _set_kernel,
    "kernel_text": _paste_kernel,
    "bank": _set_bank,
    "library": _set_library_kernel,
    "transform": _transform,
    "random": _random,
    "kernel_size": _resize_kernel,
    "add_kernel": _add_kernel,
    "remove_kernel": _remove_kernel,
    "linked": _link_planes,
    "kernel_name": _set_kernel_name,
    "kernel_names": _set_kernel_names,
    "bias": _set_bias,
    "biases": _set_biases,
    "stride": partial(_set_pair, name="stride", low=1, high=STRIDE_LARGEST),
    "dilation": partial(_set_pair, name="dilation", low=1, high=DILATION_LARGEST),
    "padding": _set_padding,
    "activation": partial(_set_choice, name="activation", choices=ACTIVATIONS),
    "slope": _set_slope,
    "pooling": partial(_set_choice, name="pooling", choices=POOLINGS),
    "pool_size": partial(_set_pair, name="pool_size", low=1, high=POOL_LARGEST),
    "pool_stride": partial(_set_pair, name="pool_stride", low=1, high=POOL_LARGEST),
    "pool_padding": partial(_set_pair, name="pool_padding", low=0, high=POOL_LARGEST),
    "classes": partial(_set_whole, name="classes", low=1, high=CLASSES_LARGEST),
    "class_names": _set_class_names,
    "head": partial(_set_choice, name="head", choices=HEADS),
    "seed": _set_seed,
    "dense": _set_dense,
    "dense_bias": _set_dense_bias,
}
