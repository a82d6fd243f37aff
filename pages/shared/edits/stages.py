"""Edits of the stages behind the kernels: geometry, activation, pooling, classes and their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cnn_core import kernels
from pages.shared.chain import padding_of
from pages.shared.edits.checked import (
    Edit,
    EditRefusedError,
    axis_pair,
    finite,
    one_of,
    short_name,
    whole_number,
)
from pages.shared.experiment import CLASSES_LARGEST, DILATION_LARGEST, SLOPES, Experiment

PADDING_MOST = kernels.LARGEST_SIZE * DILATION_LARGEST
FEATURES_MOST = 1_000_000  # more than any chain here flattens to


def set_pair(experiment: Experiment, edit: Edit, *, name: str, low: int, high: int) -> Experiment:
    """A whole number per axis: both at once, or one where the edit names the axis."""
    both = axis_pair(edit, getattr(experiment, name), low, high, f"The {name.replace('_', ' ')}")
    changes: dict[str, Any] = {name: both}
    return replace(experiment, **changes)


def set_padding(experiment: Experiment, edit: Edit) -> Experiment:
    """Padding of the convolution: ``same``, ``valid``, one number, four sides, or one side of them."""
    value = edit["value"]
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
        kept = [each for axis in padding_of(experiment) for each in axis]
        kept[whole_number(edit["side"], 0, 3, "The side")] = value
        sides = kept
    top, bottom, left, right = (whole_number(each, 0, PADDING_MOST, "The padding") for each in sides)
    return replace(experiment, padding=((top, bottom), (left, right)))


def set_whole(experiment: Experiment, edit: Edit, *, name: str, low: int, high: int) -> Experiment:
    """A setting that is one whole number."""
    changes: dict[str, Any] = {name: whole_number(edit["value"], low, high, f"The {name}")}
    return replace(experiment, **changes)


def set_choice(experiment: Experiment, edit: Edit, *, name: str, choices: Sequence[str]) -> Experiment:
    """A setting that is one of a few words."""
    changes: dict[str, Any] = {name: one_of(edit["value"], choices, f"The {name}")}
    return replace(experiment, **changes)


def set_slope(experiment: Experiment, edit: Edit) -> Experiment:
    """The slope of leaky ReLU below zero, 0 to 1."""
    slope = finite(edit["value"], "The slope")
    if not 0 <= slope <= 1:
        raise EditRefusedError(f"The slope must lie between 0 and 1, such as {SLOPES[2]}; it stays as it was.")
    return replace(experiment, slope=slope)


def set_class_names(experiment: Experiment, edit: Edit) -> Experiment:
    """Names of the classes, as a list or parted by commas."""
    value = edit["value"]
    parts = value.split(",") if isinstance(value, str) else list(value)
    if len(parts) > CLASSES_LARGEST:
        raise EditRefusedError(f"There are at most {CLASSES_LARGEST} classes; their names stay as they were.")
    return replace(experiment, class_names=tuple(short_name(part, "A class name") for part in parts))


def set_dense(experiment: Experiment, edit: Edit) -> Experiment:
    """Weights of the fully connected layer: ``cells`` are ``[class, feature, value]``."""
    features = whole_number(edit["features"], 1, FEATURES_MOST, "The number of features")
    dense = dict(experiment.dense) if features == experiment.dense_features else {}
    for number, feature, value in edit["cells"]:
        key = (
            whole_number(number, 0, CLASSES_LARGEST - 1, "The class"),
            whole_number(feature, 0, features - 1, "The feature"),
        )
        dense[key] = finite(value, "A weight")
    if not edit["cells"]:
        return experiment
    return replace(experiment, dense=MappingProxyType(dense), dense_features=features)


def set_dense_bias(experiment: Experiment, edit: Edit) -> Experiment:
    """Biases of the fully connected layer: ``cells`` are ``[class, value]``."""
    changed = {**experiment.dense_bias}
    for number, value in edit["cells"]:
        changed[whole_number(number, 0, CLASSES_LARGEST - 1, "The class")] = finite(value, "A bias")
    return replace(experiment, dense_bias=MappingProxyType(changed))


def set_seed(experiment: Experiment, edit: Edit) -> Experiment:
    """New seeded weights; what was changed by hand goes with the old ones."""
    seed = whole_number(edit["value"], 0, 9999, "The seed")
    nothing: Mapping[Any, float] = MappingProxyType({})
    return replace(experiment, seed=seed, dense=nothing, dense_bias=nothing)
