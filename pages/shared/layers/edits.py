"""The edits that lead from one state of the layers laboratory to the next; every value in them is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from pages.shared.edits.checked import (
    VALUE_LIMIT,
    Edit,
    EditRefusedError,
    carried_out,
    finite,
    number_rows,
    one_of,
    whole_number,
)
from pages.shared.experiment import CLASSES_LARGEST, Experiment, FloatArray, read_only
from pages.shared.layers.batch_norm import stepped
from pages.shared.layers.dropout import SEED_MOST
from pages.shared.layers.laboratory import (
    CHANNELS_MOST,
    KINDS,
    OWN,
    SIDE_LARGEST,
    Given,
    Laboratory,
    drawn_weights,
    from_explore,
    prepared,
    sources,
)
from pages.shared.layers.linear import CLASSES_MOST
from pages.shared.layers.screen import plain
from pages.shared.sight import of_numbers

HOTTEST, COLDEST = 100.0, 0.01
SHARPEST, BLUNTEST = 100.0, 0.01
FARTHEST = 1e15  # of a running mean: Explore's own maps may hold more than a visitor may type
STEPS_MOST = 10**6


def apply(laboratory: Laboratory, edit: Edit, experiment: Experiment, output: int = 0) -> Laboratory:
    """The laboratory after one edit.

    Args:
        laboratory: what the visitor had.
        edit: ``{"op": name, ...}`` with the fields that the operation of that name below reads.
        experiment: Explore's, whose maps may be asked for.
        output: the kernel that is looked at there.

    Raises:
        EditRefusedError: with a sentence, where the edit has no meaning.
    """
    own = edit.get("op") == "input" and edit.get("value") == OWN
    operations = {**_OPERATIONS, "own_input": lambda state, _: _own(state, experiment, output)}
    return carried_out(operations.get("own_input" if own else str(edit.get("op"))), laboratory, edit)


def _own(laboratory: Laboratory, experiment: Experiment, output: int) -> Laboratory:
    found = from_explore(laboratory.family, experiment, output)
    if isinstance(found, str):
        raise EditRefusedError(found)
    return laboratory.with_given(found)


def _kind(laboratory: Laboratory, edit: Edit) -> Laboratory:
    kind = one_of(edit["value"], tuple(KINDS), "The layer")
    return laboratory if kind == laboratory.kind else replace(laboratory, kind=kind)


def _input(laboratory: Laboratory, edit: Edit) -> Laboratory:
    source = one_of(edit["value"], tuple(sources(laboratory.family)), "The input")
    return laboratory.with_given(prepared(laboratory.family, source))


def _cells(laboratory: Laboratory, edit: Edit) -> Laboratory:
    planes = laboratory.input.copy()
    images, channels, rows, columns = planes.shape
    plane = whole_number(edit.get("plane") or 0, 0, images * channels - 1, "The map")
    for row, column, value in edit["cells"]:
        at = (whole_number(row, 0, rows - 1, "A row"), whole_number(column, 0, columns - 1, "A column"))
        planes[(plane // channels, plane % channels, *at)] = finite(value, "A cell")
    return laboratory.with_given(Given(read_only(planes), laboratory.source, laboratory.part))


def _given(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """Explore's numbers as a link brings them: channels of one image, for the layers on screen."""
    family = laboratory.family
    planes = of_numbers(edit, CHANNELS_MOST if family == "batch" else 1, SIDE_LARGEST[family] or CLASSES_LARGEST)
    if family == "vector" and planes.shape[2] != 1:
        raise EditRefusedError("Scores stand one below the other, so nothing was changed.")
    if family == "batch" and planes[0].size == 1:
        raise EditRefusedError("Batch norm needs more than one number a channel, so nothing was changed.")
    return laboratory.with_given(Given(planes[None], OWN))  # (C, H, W) -> (1, C, H, W)


def _between(laboratory: Laboratory, edit: Edit, name: str, low: float, high: float, what: str) -> Laboratory:
    value = edit["value"]
    # A number too large for anything is told the same range as one that is a little too large.
    if isinstance(value, int | float) and not low <= value <= high:
        stays = plain(getattr(laboratory, name))
        raise EditRefusedError(f"{what} must lie between {plain(low)} and {plain(high)}; it stays {stays}.")
    value = finite(value, what)
    changes: dict[str, Any] = {name: value}
    return laboratory if value == getattr(laboratory, name) else replace(laboratory, **changes)


def _approximate(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, approximate=one_of(edit["value"], ("none", "tanh"), "GELU's form"))


def _training(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, training=one_of(edit["value"], ("training", "inference"), "The mode") == "training")


def _of_all(values: Any, what: str, low: float, high: float) -> FloatArray:
    """A number for each channel that there can be, as a link brings them."""
    numbers = all(
        isinstance(each, int | float) and not isinstance(each, bool) and low <= each <= high for each in values
    )
    if len(values) != CHANNELS_MOST or not numbers:
        raise EditRefusedError(f"{what} is a number for each of {CHANNELS_MOST} channels; it stays as it was.")
    return read_only(values)


def _of_channel(laboratory: Laboratory, edit: Edit, name: str, what: str) -> Laboratory:
    values = getattr(laboratory, name).copy()
    if "values" in edit:
        changed: dict[str, Any] = {name: _of_all(edit["values"], what, -VALUE_LIMIT, VALUE_LIMIT)}
        return replace(laboratory, **changed)
    values[whole_number(edit["channel"], 0, laboratory.channels - 1, "The channel")] = finite(edit["value"], what)
    changes: dict[str, Any] = {name: read_only(values)}
    return replace(laboratory, **changes)


def _step(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    mean, var = stepped(laboratory)
    return replace(laboratory, running_mean=mean, running_var=var, steps=laboratory.steps + 1)


def _forget(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    first = Laboratory()
    return replace(laboratory, running_mean=first.running_mean, running_var=first.running_var, steps=0)


def _running(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """The running statistics and how many steps led to them, as a link brings them."""
    mean = _of_all(edit["running_mean"], "The running mean", -FARTHEST, FARTHEST)
    var = _of_all(edit["running_var"], "The running variance", 0, FARTHEST**2)
    steps = whole_number(edit["steps"], 0, STEPS_MOST, "The number of steps")
    return replace(laboratory, running_mean=mean, running_var=var, steps=steps)


def _seed(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, seed=whole_number(edit["value"], 0, SEED_MOST, "The seed"))


def _another_mask(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    return replace(laboratory, seed=(laboratory.seed + 1) % (SEED_MOST + 1))


def _dense(laboratory: Laboratory, edit: Edit) -> Laboratory:
    weight = laboratory.weight.copy()
    for number, feature, value in edit["cells"]:
        at = (
            whole_number(number, 0, weight.shape[0] - 1, "A class"),
            whole_number(feature, 0, weight.shape[1] - 1, "A feature"),
        )
        weight[at] = finite(value, "A weight")
    return replace(laboratory, weight=read_only(weight))


def _dense_bias(laboratory: Laboratory, edit: Edit) -> Laboratory:
    bias = laboratory.bias.copy()
    for number, value in edit["cells"]:
        bias[whole_number(number, 0, len(bias) - 1, "A class")] = finite(value, "A bias")
    return replace(laboratory, bias=read_only(bias))


def _linear(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """All weights and biases of the fully connected layer, as a link brings them."""
    weight = number_rows(edit["weight"], "A class's weights", "A weight")
    bias = [finite(value, "A bias") for value in edit["bias"]]
    classes, features = weight.shape
    if not 1 <= classes <= CLASSES_MOST or len(bias) != classes or features != laboratory.weight.shape[1]:
        raise EditRefusedError("These weights and biases do not fit the layer's input, so they stay as they were.")
    return replace(laboratory, weight=read_only(weight), bias=read_only(bias))


def _classes(laboratory: Laboratory, edit: Edit) -> Laboratory:
    count = whole_number(edit["value"], 1, CLASSES_MOST, "The number of classes")
    weight = drawn_weights(count, laboratory.weight.shape[1]).copy()
    kept = min(count, len(laboratory.bias))
    weight[:kept] = laboratory.weight[:kept]
    bias = [*laboratory.bias[:kept], *[0.0] * (count - kept)]
    return replace(laboratory, weight=read_only(weight), bias=read_only(bias))


def _label(laboratory: Laboratory, edit: Edit) -> Laboratory:
    value = int(edit["value"]) if isinstance(edit["value"], str) else edit["value"]
    classes = laboratory.given["vector"].input.shape[2]
    return replace(laboratory, label=whole_number(value, 0, classes - 1, "The class that is right"))


# What each layer has of its own, so that going back to its worked example leaves the others as they are. The mode, as a
# network's, is that of batch norm and dropout alike.
_OWN_SETTINGS = {
    "leaky_relu": ("slope",),
    "softplus": ("beta",),
    "gelu": ("approximate",),
    "softmax": ("temperature",),
    "batch_norm": ("gamma", "shift", "momentum", "running_mean", "running_var", "steps"),
    "dropout": ("p", "seed"),
    "linear": ("weight", "bias"),
    "cross_entropy": ("label",),
}


def _worked(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    first = Laboratory()
    changes: dict[str, Any] = {name: getattr(first, name) for name in _OWN_SETTINGS.get(laboratory.kind, ())}
    return replace(laboratory, **changes).with_given(prepared(laboratory.family, "worked"))


_OPERATIONS: dict[str, Callable[[Laboratory, Edit], Laboratory]] = {
    "worked": _worked,
    "kind": _kind,
    "input": _input,
    "given": _given,
    "cells": _cells,
    "slope": partial(_between, name="slope", low=-1, high=2, what="The slope"),
    "beta": partial(_between, name="beta", low=BLUNTEST, high=SHARPEST, what="Beta"),
    "approximate": _approximate,
    "temperature": partial(_between, name="temperature", low=COLDEST, high=HOTTEST, what="The temperature"),
    "training": _training,
    "gamma": partial(_of_channel, name="gamma", what="γ"),
    "shift": partial(_of_channel, name="shift", what="β"),
    "momentum": partial(_between, name="momentum", low=0, high=1, what="The momentum"),
    "step": _step,
    "forget": _forget,
    "running": _running,
    "p": partial(_between, name="p", low=0, high=1, what="p"),
    "seed": _seed,
    "another_mask": _another_mask,
    "linear": _linear,
    "dense": _dense,
    "dense_bias": _dense_bias,
    "classes": _classes,
    "label": _label,
}
