"""An activation on screen: the map before, the curve with its slope, the map after, and what passes back."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from cnn_core import GELU, LeakyReLU, ReLU, Sequential, Sigmoid, Softplus, Tanh
from cnn_core.layers import Layer
from pages.shared import describe
from pages.shared.controls import Control, dial, option, select, typed_in
from pages.shared.experiment import FloatArray
from pages.shared.layers.laboratory import KINDS, Laboratory
from pages.shared.layers.screen import INPUT, LOG, Screen, input_controls, input_note, plain, shape_words, table

OUTPUT, SLOPE = 0, 1  # stages
CURVE = ("x", "f", "slope")  # arrays of a curve's points
SATURATED = 0.05  # of the largest slope: below that little passes back
_SAMPLES = 241  # points of a curve
_LEAST_REACH = 4.0  # a curve is drawn from −4 to 4 at least
_BINS = 24

SLOPES = (-0.2, 0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1)
BETAS = (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)

_WRITTEN = {
    "relu": ("max(0, x)", "1 above 0, else 0"),
    "leaky_relu": ("x above 0, else slope × x", "1 above 0, else the slope"),
    "sigmoid": ("1 / (1 + e^−x)", "f(x) (1 − f(x))"),
    "tanh": ("tanh x", "1 − f(x)²"),
    "softplus": ("log(1 + e^βx) / β", f"1 / (1 + e^−βx)\n{LOG}"),
    "gelu": ("x Φ(x)", "Φ(x) + x φ(x)\nΦ(x) = (1 + erf(x / √2)) / 2, φ(x) = e^(−x² / 2) / √(2π)"),
    "gelu, tanh": (
        "x / 2 (1 + t)",
        "(1 + t) / 2 + x / 2 (1 − t²) √(2 / π) (1 + 3 × 0.044715 x²)\nt = tanh(√(2 / π) (x + 0.044715 x³))",
    ),
}
_STEP = ["{x} > 0, so f′({x}) = {y}", "{x} ≤ 0, so f′({x}) = {y}"]  # above 0, and elsewhere
_SLOPE_FORMULAS: dict[str, str | list[str]] = {
    "relu": _STEP,
    "leaky_relu": _STEP,
    "sigmoid": "sigmoid({x}) × (1 − sigmoid({x})) = {y}",
    "tanh": "1 − tanh({x})² = {y}",
    "softplus": "1 / (1 + e^−({parameter} × {(x)})) = {y}",
    "gelu": "(1 + erf({x} / √2)) / 2 + {(x)} × e^(−{(x)}² / 2) / √(2 × π) = {y}",
    "gelu, tanh": "(1 + t) / 2 + {(x)} / 2 × (1 − t²) × √(2 / π) × (1 + 3 × 0.044715 × {(x)}²) = {y}, "
    "where t = tanh(√(2 / π) × ({x} + 0.044715 × {(x)}³))",
}


class Counts(NamedTuple):
    """How many cells of a map let little back.

    Attributes:
        cells: all of them.
        dead: those whose derivative is 0.
        saturated: those that are not dead and whose derivative is below 5 % of the largest there is.
        largest: that derivative.
    """

    cells: int
    dead: int
    saturated: int
    largest: float


def layer(laboratory: Laboratory) -> Layer:
    """The activation as a layer."""
    made: dict[str, Layer] = {
        "relu": ReLU(),
        "leaky_relu": LeakyReLU(laboratory.slope),
        "sigmoid": Sigmoid(),
        "tanh": Tanh(),
        "softplus": Softplus(laboratory.beta),
        "gelu": GELU(laboratory.approximate),
    }
    return made[laboratory.kind]


def _form(laboratory: Laboratory) -> str:
    """The function's name among those written down: GELU is one of two."""
    return "gelu, tanh" if (laboratory.kind, laboratory.approximate) == ("gelu", "tanh") else laboratory.kind


def slopes(made: Layer, x: FloatArray) -> FloatArray:
    """The derivative at each number: what a gradient of 1 at the output becomes at the input."""
    output = made.forward(x)
    found, _ = made.backward(np.ones_like(output), x, output)
    return np.asarray(found, dtype=np.float64)


def counts(laboratory: Laboratory) -> Counts:
    """Dead and saturated cells of the map."""
    made = layer(laboratory)
    # Where each of these curves is steepest: at 0, right of it, far out, or at GELU's inflection at √2.
    largest = float(np.abs(slopes(made, np.array([-1.0, 0.0, math.sqrt(2), 1e3]))).max())
    found = np.abs(slopes(made, laboratory.input))
    dead = int((found == 0).sum())
    return Counts(found.size, dead, int((found < SATURATED * largest).sum()) - dead, largest)


def sentence(found: Counts) -> str:
    """The counts in words, with what they mean."""
    cells = f"{found.cells:,}"
    dead = f"{found.dead:,} of {cells} cells are dead: their derivative is 0, so no gradient passes."
    least = f"below 5 % of its largest, {plain(found.largest, 4)}"
    saturated = f"{found.saturated:,} of {cells} are saturated: their derivative is not 0 but {least}."
    return f"{dead} {saturated}"


def screen(laboratory: Laboratory) -> Screen:
    """The activation carried out."""
    made, x = layer(laboratory), laboratory.input
    title = KINDS[laboratory.kind].title
    trace = Sequential([made]).trace(x)
    shown = Screen(laboratory, pin=(OUTPUT, (0, 0, 1, 1)))
    shown.explain = lambda stage, index: describe.explanation(trace, stage, index) if stage < SLOPE else None
    shown.given("Before")
    told = describe.computed(OUTPUT, made, x, trace.output, shown.arrays)
    # What is squeezed between −1 and 1 would be pale on the scale of what came in.
    squeezed = laboratory.kind in ("sigmoid", "tanh")
    maps = {"group": "after" if squeezed else "given", "kind": "signed", "domain": [0, 1] if squeezed else [0, 0]}
    shown.add(OUTPUT, "output", "After", trace.output, **_layer(told), reads=INPUT, scale=maps)
    found = slopes(made, x)
    derivative = {
        "rule": "function",
        "aside": True,
        "link": {"kind": "same"},
        "formula": _SLOPE_FORMULAS[_form(laboratory)],
    }
    scale = {"group": "slope", "kind": "signed", "domain": [0, 1]}
    parameter = told["parameter"]
    shown.add(SLOPE, "slope", "Derivative", found, **derivative, reads=INPUT, scale=scale, parameter=parameter)
    counted = counts(laboratory)
    shown.sentence = sentence(counted)
    shown.extra["curve"] = _curve(laboratory, made, shown.arrays, counted)
    f, slope = _WRITTEN[_form(laboratory)]
    size = shape_words(x)
    shown.column("input", "maps", "Before", shape=size, note=_note(laboratory), controls=input_controls(laboratory))
    controls = _settings(laboratory)
    shown.column("curve", "curve", f"{title}: f(x) = {f}", note=f"f′(x) = {slope}", controls=controls, sign="→")
    low, high = float(trace.output.min()), float(trace.output.max())
    note = f"from {plain_range(low, high)}"
    shown.column("output", "maps", "After", shape=size, note=note, controls=table("output"), sign="→")
    what = "what of a gradient passes back"
    shown.column("slope", "maps", "Derivative", shape=size, note=what, controls=table("slope"))
    return shown


def plain_range(low: float, high: float) -> str:
    """Two ends in words."""
    return f"{plain(low, 4)} to {plain(high, 4)}"


def _layer(told: dict[str, Any]) -> dict[str, Any]:
    """What a layer tells of itself, without what a stage's name and place say."""
    kept = ("rule", "preview", "link", "reduce", "formula", "parameter", "weight", "bias")
    return {name: told[name] for name in kept}


def _note(laboratory: Laboratory) -> str:
    low, high = float(laboratory.input.min()), float(laboratory.input.max())
    return input_note(laboratory, typed_in(f"from {plain_range(low, high)}; "))


def _settings(laboratory: Laboratory) -> list[Control]:
    if laboratory.kind == "leaky_relu":
        return [
            dial(
                {"op": "slope"}, "slope", laboratory.slope, SLOPES, hint="What of a negative number stays", place="top"
            )
        ]
    if laboratory.kind == "softplus":
        return [
            dial({"op": "beta"}, "β", laboratory.beta, BETAS, hint="The larger, the sharper the corner", place="top")
        ]
    if laboratory.kind == "gelu":
        forms = [option("none", "exact, by erf"), option("tanh", "approximate, by tanh")]
        return [
            select({"op": "approximate"}, "Form", laboratory.approximate, forms, hint="How Φ is computed", place="top")
        ]
    return []


def _curve(laboratory: Laboratory, made: Layer, arrays: describe.Arrays, counted: Counts) -> dict[str, Any]:
    """The curve and its slope as points, and how the map's numbers are spread below it."""
    x = laboratory.input
    low, high = min(float(x.min()), -_LEAST_REACH), max(float(x.max()), _LEAST_REACH)
    room = (high - low) * 0.03
    # Both sides of 0, where a slope may jump.
    corner = [0.0, float(np.nextafter(0, 1))]
    points = np.unique(np.concatenate([np.linspace(low - room, high + room, _SAMPLES), corner]))
    edges = np.linspace(low - room, high + room, _BINS + 1)
    quiet = np.abs(slopes(made, x)) < SATURATED * counted.largest
    drawn = (points, made.forward(points), slopes(made, points))
    return {
        **{name: describe.keep(values, arrays) for name, values in zip(CURVE, drawn, strict=True)},
        "edges": edges.tolist(),
        "threshold": SATURATED * counted.largest,
        "lively": np.histogram(x[~quiet], edges)[0].tolist(),
        "quiet": np.histogram(x[quiet], edges)[0].tolist(),
        "stages": {"x": INPUT, "f": OUTPUT, "slope": SLOPE},
    }
