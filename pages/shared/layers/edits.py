"""The edits that lead from one state of the layers laboratory to the next; every value in them is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from pages.shared.edits.checked import Edit, EditRefusedError, carried_out, finite, one_of, whole_number
from pages.shared.experiment import Experiment, read_only
from pages.shared.layers.batch_norm import stepped
from pages.shared.layers.dropout import SEED_MOST
from pages.shared.layers.laboratory import KINDS, OWN, Given, Laboratory, drawn_weights, from_explore, prepared, sources
from pages.shared.layers.linear import CLASSES_MOST
from pages.shared.layers.screen import plain

HOTTEST, COLDEST = 100.0, 0.01
SHARPEST, BLUNTEST = 100.0, 0.01


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


def _of_channel(laboratory: Laboratory, edit: Edit, name: str, what: str) -> Laboratory:
    values = getattr(laboratory, name).copy()
    values[whole_number(edit["channel"], 0, laboratory.channels - 1, "The channel")] = finite(edit["value"], what)
    changes: dict[str, Any] = {name: read_only(values)}
    return replace(laboratory, **changes)


def _step(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    mean, var = stepped(laboratory)
    return replace(laboratory, running_mean=mean, running_var=var, steps=laboratory.steps + 1)


def _forget(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    first = Laboratory()
    return replace(laboratory, running_mean=first.running_mean, running_var=first.running_var, steps=0)


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


def _classes(laboratory: Laboratory, edit: Edit) -> Laboratory:
    count = whole_number(edit["value"], 1, CLASSES_MOST, "The number of classes")
    weight = drawn_weights(count, laboratory.weight.shape[1]).copy()
    kept = min(count, len(laboratory.bias))
    weight[:kept] = laboratory.weight[:kept]
    bias = [*laboratory.bias[:kept], *[0.0] * (count - kept)]
    return replace(laboratory, weight=read_only(weight), bias=read_only(bias))


def _label(laboratory: Laboratory, edit: Edit) -> Laboratory:
    value = int(edit["value"]) if isinstance(edit["value"], str) else edit["value"]
    return replace(laboratory, label=whole_number(value, 0, laboratory.input.shape[2] - 1, "The class that is right"))


# What each layer has of its own, so that going back to its worked example leaves the others as they are.
_OWN_SETTINGS = {
    "leaky_relu": ("slope",),
    "softplus": ("beta",),
    "gelu": ("approximate",),
    "softmax": ("temperature",),
    "batch_norm": ("training", "gamma", "shift", "momentum", "running_mean", "running_var", "steps"),
    "dropout": ("training", "p", "seed"),
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
    "p": partial(_between, name="p", low=0, high=1, what="p"),
    "seed": _seed,
    "another_mask": _another_mask,
    "dense": _dense,
    "dense_bias": _dense_bias,
    "classes": _classes,
    "label": _label,
}
