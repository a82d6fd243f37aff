"""What stands side by side on the Explore page: each column's heading, note and controls, in words and numbers."""

from __future__ import annotations

from typing import Any

from pages.shared import samples
from pages.shared.chain import Chain, Step, remedies
from pages.shared.column_controls import input_controls, kernel_controls, numbers_of, step_controls
from pages.shared.controls import Control, by_hand
from pages.shared.describe import PLURALS, geometry_words, size
from pages.shared.experiment import Experiment

IN_GREY = ", in grey: choose RGB below for colour"
"""What the input's note ends with on one's own picture in colour that is seen in grey, as every upload at first."""

_SIGNS = {"kernel": "∗", "conv": "=", "activation": "→", "pool": "→", "flat": "→", "scores": "→", "probabilities": "→"}
_KINDS = {"flat": "vector", "scores": "bars", "probabilities": "bars"}
_ALSO = {"scores": "logits"}  # another name that a heading tells, where the field has two


def columns(chain: Chain, output: int) -> list[dict[str, Any]]:
    """What stands side by side on the screen: input, kernel, then every stage.

    Args:
        chain: what is shown.
        output: which kernel the kernel's column speaks of.
    """
    experiment = chain.experiment
    count, deep, rows, columns_ = experiment.weight.shape
    kernel_shape = f"{rows} × {columns_}" + (f" × {deep}" if deep > 1 else "") + (f", {count} of them" * (count > 1))
    shown: list[dict[str, Any]] = [
        _column("input", "map", "Input", _input_shape(experiment), _input_note(experiment), input_controls(experiment)),
        _column("kernel", "kernel", "Kernel", kernel_shape, "", kernel_controls(experiment, output)),
    ]
    for position, step in enumerate(chain.steps):
        if chain.problem is not None and position >= chain.problem.position:
            shown.append(_missing(chain, position))
            continue
        result = chain.trace.stages[position].output
        note = _geometry(chain, position) if step.view in ("conv", "pool") else _word(step.view, chain)
        kind = _KINDS.get(step.view, "map")
        controls = [*step_controls(step.view, experiment), *numbers_of(step.view)]
        column = _column(step.view, kind, _heading(step), _extent(step, result.shape), note, controls)
        shown.append({**column, "also": _ALSO.get(step.view, "")})
    return shown


def _extent(step: Step, shape: tuple[int, ...]) -> str:
    if step.view == "flat":
        return f"{shape[1]:,} value{'s' * (shape[1] > 1)}"
    if len(shape) == 2:
        return f"{shape[1]} class{'es' * (shape[1] > 1)}"
    return size(shape[2:]) + (f" × {shape[1]}" if shape[1] > 1 else "")


def _heading(step: Step) -> str:
    """A vector of classes is headed by its plural, a map by its title."""
    plural = PLURALS.get(step.view)
    return plural.capitalize() if plural and step.view != "flat" else step.title


def _column(view: str, kind: str, title: str, shape: str, note: str, controls: list[Control]) -> dict[str, Any]:
    return {
        "view": view,
        "kind": kind,
        "title": title,
        "shape": shape,
        "note": note,
        "controls": controls,
        "sign": _SIGNS.get(view, ""),
    }


def _missing(chain: Chain, position: int) -> dict[str, Any]:
    step, problem = chain.steps[position], chain.problem
    assert problem is not None
    first = position == problem.position
    fixes = [{"label": f"Use {label}", "edit": edit} for label, edit in remedies(chain.experiment)] if first else []
    why = problem.words if first else f"Waits for the stage before: {_heading(chain.steps[problem.position])}."
    column = _column(step.view, "missing", _heading(step), "", "", step_controls(step.view, chain.experiment))
    return {**column, "why": why, "fixes": fixes}


def _input_shape(experiment: Experiment) -> str:
    return size(experiment.plane) + (" × 3" if experiment.input.shape[0] == 3 else "")


def _input_note(experiment: Experiment) -> str:
    photo = experiment.photo
    if not experiment.on_photo or photo is None:
        return by_hand(
            "Choose a cell and type, drag to draw, or paste from a spreadsheet",
            "Tap a cell twice to change it, drag sideways to draw",
        )
    height, width = photo.original
    rows, columns_ = experiment.plane
    here = "each a cell" if (rows, columns_) == (height, width) else f"here {columns_} × {rows}"
    deep = f"; {photo.bits} bits a channel, kept at 8" if photo.bits > 8 else ""
    grey = IN_GREY if not photo.sample and photo.rgb is not None and photo.colour == "grey" else ""
    origin = f". {samples.get(photo.sample).licence}" if photo.sample else ""
    return f"{photo.name}: {width} × {height} pixels, {here}{deep}{origin}{grey}"


def _geometry(chain: Chain, position: int) -> str:
    """The output size of a stage with a window, with the numbers plugged in."""
    stage = chain.trace.stages[position]
    before = chain.trace.values(stage.inputs[0])
    window = stage.layer.window(before.shape)
    if window is None:
        return ""
    shape = stage.output.shape
    return geometry_words(window, (before.shape[2], before.shape[3]), (shape[2], shape[3]))


_ACTIVATION_WORDS = {
    "relu": "negative becomes 0",
    "sigmoid": "squeezed into 0 to 1",
    "tanh": "squeezed into −1 to 1",
}


def _word(view: str, chain: Chain) -> str:
    experiment = chain.experiment
    if view == "activation":
        return _ACTIVATION_WORDS.get(experiment.activation, f"negative becomes {experiment.slope:g} of itself")
    if view == "flat":
        return "row after row" + (", map after map" if experiment.bank.shape[0] > 1 else "")
    features = chain.trace.stages[3].output.shape[1]
    changed = experiment.dense_features == features and any(k < experiment.classes for k, _ in experiment.dense)
    if view == "scores":
        return f"{features:,} × {experiment.classes} {'weights, some your own' if changed else 'untrained weights'}"
    told = "unrounded they add up to 1" if experiment.head == "softmax" else "each on its own"
    return told if changed else f"{told}\nuntrained: no meaning yet"
