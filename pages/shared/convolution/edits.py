"""The edits that lead from one state of the laboratory to the next; every value in them is checked here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import kernels
from cnn_core.rational import LARGEST
from cnn_core.shapes import PADDING_MODES
from pages.shared import patterns
from pages.shared.convolution.laboratory import (
    CHANNELS_MOST,
    DILATION_LARGEST,
    KERNEL_LARGEST,
    NO_PADDING,
    PADDING_MOST,
    SIDE_LARGEST,
    SOURCES,
    STRIDE_LARGEST,
    Laboratory,
    Operation,
    given,
    misfit,
    padding_of,
    parts,
    taken_from,
)
from pages.shared.convolution.written import read
from pages.shared.edits.checked import (
    Edit,
    EditRefusedError,
    axis_pair,
    carried_out,
    finite,
    number_rows,
    one_of,
    whole_number,
)
from pages.shared.experiment import Experiment, FloatArray, Pair, read_only
from pages.shared.from_explore import OWN, input_of
from pages.shared.sight import of_numbers


def apply(laboratory: Laboratory, edit: Edit, experiment: Experiment) -> Laboratory:
    """The laboratory after one edit; it always fits its input.

    Args:
        laboratory: what the visitor had.
        edit: ``{"op": name, ...}`` with the fields that the operation of that name below reads.
        experiment: Explore's, whose input may be asked for.

    Raises:
        EditRefusedError: with a sentence, where the edit has no meaning or would fit no more.
    """
    operation = _OPERATIONS.get(str(edit.get("op")))
    if edit.get("op") == "input" and edit.get("value") == OWN:
        operation = partial(_own_input, experiment=experiment)
    changed = carried_out(operation, laboratory, edit)
    why = misfit(changed.plane, changed.operation)
    if why is not None:
        # The core names a setting as Python writes it; the screen has it as a control beside a number.
        raise EditRefusedError(f"{why[0].upper()}{why[1:].replace('=', ' ')}, so it stays as it was.")
    if changed.kept is not None:
        why = misfit(changed.plane, changed.kept)
        if why is not None:
            raise EditRefusedError(f"What you kept to compare would not fit: {why.replace('=', ' ')}. Drop it first.")
    return changed


def _input(laboratory: Laboratory, edit: Edit) -> Laboratory:
    source = one_of(edit["value"], tuple(SOURCES), "The input")
    return _with_input(laboratory, source, given(source, laboratory.channels))


def _with_input(laboratory: Laboratory, source: str, planes: FloatArray) -> Laboratory:
    operation = laboratory.operation
    if planes.shape[0] != operation.inputs:
        operation = _of_channels(operation, planes.shape[0], operation.outputs)
    kept = _kept(laboratory, planes.shape[0])
    return replace(laboratory, input=planes, source=source, operation=operation, kept=kept, taken=None)


def _own_input(laboratory: Laboratory, _edit: Edit, experiment: Experiment) -> Laboratory:
    return replace(_with_input(laboratory, OWN, input_of(experiment, SIDE_LARGEST)), taken=taken_from(experiment))


def _planes_given(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """An input of one's own as a link brings it: planes of numbers, counted in ``parts`` of one."""
    return _with_input(laboratory, OWN, of_numbers(edit, CHANNELS_MOST, SIDE_LARGEST))


def _operation(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """A whole convolution at once, as a link brings it."""
    operation = read(edit["value"])
    if operation.inputs != laboratory.channels:
        raise EditRefusedError(
            f"This convolution reads {operation.inputs} channels and the input has {laboratory.channels}."
        )
    _pads_by_number(operation)
    return _operated(laboratory, operation)


def _kept(laboratory: Laboratory, channels: int) -> Operation | None:
    """What is compared with, for so many channels."""
    kept = laboratory.kept
    return kept if kept is None or kept.inputs == channels else _of_channels(kept, channels, kept.outputs)


def _of_channels(operation: Operation, inputs: int, outputs: int) -> Operation:
    """The operation for other channels: weights that there were stay, new ones are small whole numbers."""
    groups = operation.groups if inputs % operation.groups == 0 and outputs % operation.groups == 0 else 1
    weight = _small(outputs, inputs, inputs // groups, operation)
    rows, planes = (min(a, b) for a, b in zip(weight.shape[:2], operation.weight.shape[:2], strict=True))
    weight[:rows, :planes] = operation.weight[:rows, :planes]
    bias = np.zeros(outputs)
    bias[:rows] = operation.bias[:rows]
    return replace(operation, weight=read_only(weight), bias=read_only(bias), groups=groups)


def _small(outputs: int, inputs: int, each: int, operation: Operation) -> FloatArray:
    """New weights, the same for the same channels: ``(outputs, each, KH, KW)``."""
    shape = (outputs, each, *operation.kernel_size)
    return np.random.default_rng(outputs * 8 + inputs).integers(-2, 3, shape).astype(np.float64)


def _channels(laboratory: Laboratory, edit: Edit) -> Laboratory:
    count = whole_number(edit["value"], 1, CHANNELS_MOST, "The number of input channels")
    if laboratory.source == OWN and count > laboratory.channels:
        raise EditRefusedError(f"Your input has {laboratory.channels} of them; take another input for more.")
    _divides(laboratory.operation.groups, count, "input channels")
    planes = laboratory.input[:count]
    if count > laboratory.channels:
        more = given(laboratory.source, count)[laboratory.channels :]
        planes = np.concatenate([laboratory.input, more])
    operation = _of_channels(laboratory.operation, count, laboratory.operation.outputs)
    return replace(laboratory, input=read_only(planes), operation=operation, kept=_kept(laboratory, count))


def _outputs(laboratory: Laboratory, edit: Edit) -> Laboratory:
    count = whole_number(edit["value"], 1, CHANNELS_MOST, "The number of output channels")
    _divides(laboratory.operation.groups, count, "output channels")
    return _operated(laboratory, _of_channels(laboratory.operation, laboratory.channels, count))


def _divides(groups: int, count: int, what: str) -> None:
    if count % groups:
        raise EditRefusedError(f"{groups} groups cannot share {count} {what} evenly; set groups to 1 first.")


def _groups(laboratory: Laboratory, edit: Edit) -> Laboratory:
    groups = whole_number(edit["value"], 1, CHANNELS_MOST, "The number of groups")
    operation = laboratory.operation
    _divides(groups, laboratory.channels, "input channels")
    _divides(groups, operation.outputs, "output channels")
    if groups == operation.groups:
        return laboratory
    # (O, C, KH, KW): a weight for every pair of channels, those of before where the groups left them out.
    shape = (operation.outputs, laboratory.channels, *operation.kernel_size)
    spare = laboratory.spare
    dense = spare.copy() if spare is not None and spare.shape == shape else _small(*shape[:2], shape[1], operation)
    rows = np.arange(operation.outputs)[:, None]
    dense[rows, _mixed(operation.outputs, laboratory.channels, operation.groups)] = operation.weight
    weight = dense[rows, _mixed(operation.outputs, laboratory.channels, groups)]
    regrouped = replace(operation, weight=read_only(weight), groups=groups)
    return replace(laboratory, operation=regrouped, spare=read_only(dense))


def _mixed(outputs: int, inputs: int, groups: int) -> npt.NDArray[np.intp]:
    """The input channels that each output channel mixes: ``(outputs, inputs / groups)``."""
    first = np.arange(outputs) // (outputs // groups) * (inputs // groups)
    return first[:, None] + np.arange(inputs // groups)


def _operated(laboratory: Laboratory, operation: Operation) -> Laboratory:
    return replace(laboratory, operation=operation)


def _output(operation: Operation, edit: Edit) -> int:
    return whole_number(edit.get("output", 0), 0, operation.outputs - 1, "The kernel's number")


def _planes(operation: Operation, edit: Edit) -> Any:
    plane = edit.get("plane")
    if plane is None:
        return slice(None)
    return whole_number(plane, 0, operation.weight.shape[1] - 1, "The kernel's plane")


def _kernel(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """Weights as they lie on the window, of one plane of one kernel."""
    operation = laboratory.operation
    values = number_rows(edit["values"], "The kernel", "A weight")
    if values.shape != operation.kernel_size:
        raise EditRefusedError("The kernel came in with another size, so it stays as it was.")
    given_ = values[::-1, ::-1] if operation.flipped else values
    weight = operation.weight.copy()
    weight[_output(operation, edit), _planes(operation, edit)] = given_
    return _operated(laboratory, replace(operation, weight=read_only(weight)))


def _library(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """A kernel of the library for all planes of one output channel; smaller ones get a rim of zeros."""
    operation = laboratory.operation
    weights = kernels.get(one_of(edit["value"], kernels.names(), "The kernel")).weights
    if max(weights.shape) > KERNEL_LARGEST:
        raise EditRefusedError(f"A kernel has at most {KERNEL_LARGEST} rows and columns here, so it stays as it was.")
    old = operation.kernel_size if operation.outputs > 1 else (1, 1)
    size = (max(old[0], weights.shape[0]), max(old[1], weights.shape[1]))
    bank = _sized(operation.weight, size)
    bank[_output(operation, edit), _planes(operation, edit)] = kernels.resized(weights, size)
    return _operated(laboratory, replace(operation, weight=read_only(bank)))


def _sized(bank: FloatArray, size: Pair) -> FloatArray:
    # (O, C / groups, KH, KW) -> (O, C / groups, *size)
    return np.stack([[kernels.resized(plane, size) for plane in planes] for planes in bank])


def _random(laboratory: Laboratory, edit: Edit) -> Laboratory:
    """Whole numbers from −3 to 3 for one output channel: easy to follow by hand."""
    operation = laboratory.operation
    weight = operation.weight.copy()
    output = _output(operation, edit)
    old = weight[output]
    weight[output] = patterns.another(old, lambda rng: rng.integers(-3, 4, old.shape).astype(np.float64))
    return _operated(laboratory, replace(operation, weight=read_only(weight)))


def _kernel_size(laboratory: Laboratory, edit: Edit) -> Laboratory:
    operation = laboratory.operation
    size = axis_pair(edit, operation.kernel_size, 1, KERNEL_LARGEST, "A kernel's side")
    return _operated(laboratory, replace(operation, weight=read_only(_sized(operation.weight, size))))


def _pair(laboratory: Laboratory, edit: Edit, name: str, most: int) -> Laboratory:
    value = axis_pair(edit, getattr(laboratory.operation, name), 1, most, f"The {name}")
    changes: dict[str, Any] = {name: value}
    return _operated(laboratory, replace(laboratory.operation, **changes))


def _padding(laboratory: Laboratory, edit: Edit) -> Laboratory:
    operation, value = laboratory.operation, edit["value"]
    if value == "same":
        return _operated(laboratory, replace(operation, padding="same"))
    if value == "valid":
        return _operated(laboratory, replace(operation, padding=NO_PADDING))
    count = whole_number(1 if value == "own" else value, 0, PADDING_MOST, "The padding")
    sides = [count] * 4
    if "side" in edit:
        sides = [each for axis in padding_of(operation, laboratory.plane) for each in axis]
        sides[whole_number(edit["side"], 0, 3, "The side")] = count
    top, bottom, left, right = sides
    return _operated(laboratory, replace(operation, padding=((top, bottom), (left, right))))


def _padding_mode(laboratory: Laboratory, edit: Edit) -> Laboratory:
    mode = one_of(edit["value"], PADDING_MODES, "The padding mode")
    if laboratory.operation.transposed and mode != "zeros":
        raise EditRefusedError("A transposed convolution pads nothing, so there is nothing to show around the input.")
    return _operated(laboratory, replace(laboratory.operation, padding_mode=mode))


def _output_padding(laboratory: Laboratory, edit: Edit) -> Laboratory:
    most = max(STRIDE_LARGEST, DILATION_LARGEST) - 1
    value = axis_pair(edit, laboratory.operation.output_padding, 0, most, "The output padding")
    return _operated(laboratory, replace(laboratory.operation, output_padding=value))


def _bias(laboratory: Laboratory, edit: Edit) -> Laboratory:
    operation = laboratory.operation
    bias = operation.bias.copy()
    bias[_output(operation, edit)] = finite(edit["value"], "The bias")
    return _operated(laboratory, replace(operation, bias=read_only(bias)))


def _switch(laboratory: Laboratory, edit: Edit, name: str) -> Laboratory:
    changes: dict[str, Any] = {name: edit["value"] is True}
    return _operated(laboratory, replace(laboratory.operation, **changes))


def _transposed(laboratory: Laboratory, edit: Edit) -> Laboratory:
    _pads_by_number(replace(laboratory.operation, transposed=edit["value"] is True))
    return _switch(laboratory, edit, "transposed")


def _pads_by_number(operation: Operation) -> None:
    if operation.transposed and (operation.padding == "same" or operation.padding_mode != "zeros"):
        raise EditRefusedError(
            "A transposed convolution pads nothing: its padding cuts off cells of the output, by number. "
            "Set the padding by number and to zeros first."
        )


def _relu(laboratory: Laboratory, edit: Edit) -> Laboratory:
    return replace(laboratory, relu=edit["value"] is True)


def _exact(laboratory: Laboratory, edit: Edit) -> Laboratory:
    changed = replace(laboratory, exact=edit["value"] is True)
    if changed.exact and parts(changed) is None:
        raise EditRefusedError(
            f"Some numbers here are no fractions with a denominator up to {LARGEST}, so decimals stay. "
            "Whole numbers, and kernels such as Box blur, are."
        )
    return changed


def _cells(laboratory: Laboratory, edit: Edit) -> Laboratory:
    planes = laboratory.input.copy()
    channel = whole_number(edit.get("plane") or 0, 0, laboratory.channels - 1, "The channel")
    for row, column, value in edit["cells"]:
        at = (
            whole_number(row, 0, planes.shape[1] - 1, "A row"),
            whole_number(column, 0, planes.shape[2] - 1, "A column"),
        )
        planes[(channel, *at)] = finite(value, "A cell")
    return replace(laboratory, input=read_only(planes))


def _keep(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    return replace(laboratory, kept=laboratory.operation)


def _swap(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    if laboratory.kept is None:
        raise EditRefusedError("Nothing was kept to compare with, so there is nothing to swap.")
    return replace(laboratory, operation=laboratory.kept, kept=laboratory.operation)


def _drop(laboratory: Laboratory, _edit: Edit) -> Laboratory:
    return replace(laboratory, kept=None)


def _worked(_laboratory: Laboratory, _edit: Edit) -> Laboratory:
    return Laboratory()


_OPERATIONS: dict[str, Callable[[Laboratory, Edit], Laboratory]] = {
    "worked": _worked,
    "input": _input,
    "planes": _planes_given,
    "operation": _operation,
    "cells": _cells,
    "channels": _channels,
    "outputs": _outputs,
    "groups": _groups,
    "kernel": _kernel,
    "library": _library,
    "random": _random,
    "kernel_size": _kernel_size,
    "stride": partial(_pair, name="stride", most=STRIDE_LARGEST),
    "dilation": partial(_pair, name="dilation", most=DILATION_LARGEST),
    "padding": _padding,
    "padding_mode": _padding_mode,
    "output_padding": _output_padding,
    "bias": _bias,
    "with_bias": partial(_switch, name="with_bias"),
    "flipped": partial(_switch, name="flipped"),
    "transposed": _transposed,
    "relu": _relu,
    "exact": _exact,
    "keep": _keep,
    "swap": _swap,
    "drop": _drop,
}
