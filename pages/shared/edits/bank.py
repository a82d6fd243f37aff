"""Edits of the kernels: their weights, their size, their number, their names and biases."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cnn_core import kernels
from pages.shared import patterns
from pages.shared.edits.checked import (
    VALUE_LIMIT,
    Edit,
    EditRefusedError,
    axis_pair,
    finite,
    number_rows,
    one_of,
    short_name,
    whole_number,
)
from pages.shared.experiment import KERNELS_MOST, Experiment, FloatArray, Pair, read_only


def _output(experiment: Experiment, edit: Edit) -> int:
    """Which kernel an edit speaks of; the first where it does not say."""
    return whole_number(edit.get("output", 0), 0, experiment.bank.shape[0] - 1, "The kernel's number")


def _planes(experiment: Experiment, edit: Edit) -> Any:
    """Which planes of a kernel an edit speaks of: all of them where it does not say."""
    plane = edit.get("plane")
    if plane is None or experiment.linked:
        return slice(None)
    return whole_number(plane, 0, experiment.bank.shape[1] - 1, "The kernel's plane")


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


def set_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """Weights as painted or brought, for one kernel or one of its planes; a name may come with them."""
    weights = kernels.check(number_rows(edit["values"], "The kernel", "A weight"))
    changed = _with_kernel(experiment, _output(experiment, edit), _planes(experiment, edit), weights)
    return _named(changed, _output(experiment, edit), edit.get("name"))


def _named(experiment: Experiment, output: int, name: object) -> Experiment:
    """The kernel's name, where one comes with the edit; painting over a named kernel keeps its name."""
    if name is None:
        return experiment
    names = list(experiment.kernel_names)
    names[output] = short_name(name, "A kernel's name")
    return replace(experiment, kernel_names=tuple(names))


def bring_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """One kernel as its file holds it: one plane for every colour or three, its bias and its name."""
    output = _output(experiment, edit)
    planes = [kernels.check(number_rows(plane, "The kernel", "A weight")) for plane in edit["planes"]]
    if len(planes) not in (1, 3) or len({plane.shape for plane in planes}) != 1:
        raise EditRefusedError("A kernel has one plane or three, all of one size; the kernels stay as they were.")
    if len(planes) == 3 and experiment.linked:
        experiment = link_planes(experiment, {"value": False})
    if len(planes) == 1:
        experiment = _with_kernel(experiment, output, slice(None), planes[0])
    elif experiment.bank.shape[0] == 1:
        experiment = replace(experiment, bank=read_only(planes)[None])
    else:
        for plane, weights in enumerate(planes):
            experiment = _with_kernel(experiment, output, plane, weights)
    changed = _named(experiment, output, edit.get("name"))
    return set_bias(changed, {"output": output, "value": edit["bias"]}) if "bias" in edit else changed


def _decimal_points(row: str) -> str:
    """A row with its decimal commas as points: where spaces or tabs set its numbers apart, a comma does not."""
    words = re.sub(r"[ \t]*/[ \t]*", "/", row).split()
    apart = len(words) > 1 and not any(word.startswith(",") or word.endswith(",") for word in words)
    return row.replace(",", ".") if apart else row


def paste_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """Weights typed or pasted as text, as :func:`cnn_core.kernels.parse` reads it, or with decimal commas."""
    text = str(edit["value"])
    # In brackets a comma parts numbers.
    plain = text if "[" in text else re.sub(r"[^;\r\n]+", lambda row: _decimal_points(row[0]), text)
    weights = kernels.parse(plain)
    if np.abs(weights).max() > VALUE_LIMIT:
        raise EditRefusedError("A weight must lie between −1,000,000 and 1,000,000; the kernel stays as it was.")
    return _with_kernel(experiment, _output(experiment, edit), _planes(experiment, edit), weights)


def set_bank(experiment: Experiment, edit: Edit) -> Experiment:
    """The whole bank at once, as a file or a link brings it."""
    bank = edit["value"]
    if not 1 <= len(bank) <= KERNELS_MOST or any(len(planes) not in (1, 3) for planes in bank):
        raise EditRefusedError(f"A bank holds 1 to {KERNELS_MOST} kernels of one or three planes.")
    planes = [[kernels.check(number_rows(plane, "The kernel", "A weight")) for plane in planes] for planes in bank]
    if len({plane.shape for each in planes for plane in each}) != 1 or len({len(each) for each in planes}) != 1:
        raise EditRefusedError("All kernels of a bank must have one size; the kernels stay as they were.")
    count = len(planes)
    return replace(experiment, bank=read_only(planes), kernel_names=("",) * count, bias=read_only(np.zeros(count)))


def set_library_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """A kernel of the library, by its name there."""
    name = one_of(edit["value"], kernels.names(), "The kernel")
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


def transform_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """One kernel normalised, flipped, mirrored, rotated, transposed or negated."""
    change = _TRANSFORMS[one_of(edit["value"], tuple(_TRANSFORMS), "The change")]
    output = _output(experiment, edit)
    turned = [change(plane) for plane in experiment.bank[output]]
    if np.abs(turned).max() > VALUE_LIMIT:
        raise EditRefusedError(
            "These weights all but cancel: scaled to a sum of 1, one would lie beyond 1,000,000; "
            "the kernel stays as it was."
        )
    if experiment.bank.shape[0] == 1:
        return replace(experiment, bank=read_only(turned)[None])
    # Turned on its side among others, a rectangular kernel and its neighbours get the size that holds them all.
    shape = tuple(max(a, b) for a, b in zip(experiment.kernel_size, turned[0].shape, strict=True))
    bank = _sized(experiment.bank, (shape[0], shape[1]))
    bank[output] = [kernels.resized(plane, (shape[0], shape[1])) for plane in turned]
    return replace(experiment, bank=read_only(bank))


def random_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """Random weights of the same size."""
    output, deep = _output(experiment, edit), experiment.bank.shape[1]

    def draw(rng: np.random.Generator) -> FloatArray:
        seeds = rng.integers(2**31, size=(deep,))
        return np.stack([kernels.random(experiment.kernel_size, seed=int(seed)) for seed in seeds])

    bank = experiment.bank.copy()
    bank[output] = patterns.another(bank[output], draw)
    return replace(experiment, bank=read_only(bank))


def resize_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """Every kernel to one size, about its centre: cut at the rim, or given a rim of zeros."""
    down, across = axis_pair(edit, experiment.kernel_size, 1, kernels.LARGEST_SIZE, "The kernel size")
    return replace(experiment, bank=read_only(_sized(experiment.bank, (down, across))))


def add_kernel(experiment: Experiment, _edit: Edit) -> Experiment:
    """One kernel more, at the end of the bank."""
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


def remove_kernel(experiment: Experiment, edit: Edit) -> Experiment:
    """One kernel less, with its name and its bias."""
    output = _output(experiment, edit)
    if experiment.bank.shape[0] == 1:
        raise EditRefusedError("The last kernel stays: change it instead.")
    names = tuple(name for k, name in enumerate(experiment.kernel_names) if k != output)
    bank, bias = (read_only(np.delete(array, output, axis=0)) for array in (experiment.bank, experiment.bias))
    return replace(experiment, bank=bank, bias=bias, kernel_names=names)


def link_planes(experiment: Experiment, edit: Edit) -> Experiment:
    """One plane of weights for every colour (true), or one for each (false)."""
    if edit["value"] is True:
        return replace(experiment, bank=read_only(experiment.bank[:, :1].copy()))
    if edit["value"] is False:
        count, deep, *size = experiment.bank.shape
        planes = np.broadcast_to(experiment.bank, (count, 3, *size)) if deep == 1 else experiment.bank
        return replace(experiment, bank=read_only(planes.copy()))
    raise EditRefusedError("Planes are linked or they are not; they stay as they were.")


def set_kernel_name(experiment: Experiment, edit: Edit) -> Experiment:
    """The name of one kernel."""
    return _named(experiment, _output(experiment, edit), edit["value"])


def set_kernel_names(experiment: Experiment, edit: Edit) -> Experiment:
    """The names of all kernels, in the bank's order."""
    names = tuple(short_name(name, "A kernel's name") for name in edit["value"])
    if len(names) != experiment.bank.shape[0]:
        raise EditRefusedError("There must be as many names as kernels; they stay as they were.")
    return replace(experiment, kernel_names=names)


def set_bias(experiment: Experiment, edit: Edit) -> Experiment:
    """The bias of one kernel."""
    bias = experiment.bias.copy()
    bias[_output(experiment, edit)] = finite(edit["value"], "The bias")
    return replace(experiment, bias=read_only(bias))


def set_biases(experiment: Experiment, edit: Edit) -> Experiment:
    """The biases of all kernels, in the bank's order."""
    bias = [finite(value, "A bias") for value in edit["value"]]
    if len(bias) != experiment.bank.shape[0]:
        raise EditRefusedError("There must be as many biases as kernels; they stay as they were.")
    return replace(experiment, bias=read_only(bias))
