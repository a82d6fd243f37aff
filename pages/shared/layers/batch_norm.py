"""Batch norm on screen: each channel's statistics with their own sums, the normalised maps, scale and shift."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cnn_core import BatchNorm2d, Sequential
from cnn_core.ops.norm import Statistics
from pages.shared import describe
from pages.shared.controls import Control, button, dial, typed_in
from pages.shared.experiment import FloatArray, read_only
from pages.shared.layers.laboratory import OWN, Laboratory
from pages.shared.layers.screen import (
    INPUT,
    Array,
    Screen,
    by_channel,
    cleaned,
    formula,
    input_controls,
    input_note,
    mode,
    operand,
    plain,
    shape_words,
    table,
    vector,
    weighted,
)

NORMALISED, OUTPUT, MEAN, VAR, SQUARES = range(5)  # stages
RUNNING_MEAN, RUNNING_VAR, NEXT_MEAN, NEXT_VAR, DEVIATION, INVERSE = range(5, 11)
SCALES = (-2, -1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3)
SHIFTS = (-3, -2, -1.5, -1, -0.5, -0.25, 0, 0.25, 0.5, 1, 1.5, 2, 3)
DIGITS = 3  # that are shown of a normalised number, however small it is beside its terms
_LEAST_DIGITS, _MOST_DIGITS = 9, 16  # of what is taken from each other; a float has no more than 17
MOMENTA = (0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1)


def layer(laboratory: Laboratory, *, bare: bool = False) -> BatchNorm2d:
    """Batch norm with the laboratory's numbers in double precision; ``bare``: without scale and shift."""
    channels = laboratory.channels
    made = BatchNorm2d(channels, momentum=laboratory.momentum)
    held = {"running_mean": laboratory.running_mean, "running_var": laboratory.running_var}
    held |= {"weight": np.ones(channels), "bias": np.zeros(channels)} if bare else {}
    if not bare:
        held |= {"weight": laboratory.gamma, "bias": laboratory.shift}
    for name, values in held.items():
        setattr(made, name, np.array(values[:channels]))
    return made


def stepped(laboratory: Laboratory) -> tuple[FloatArray, FloatArray]:
    """The running statistics after a step in training on the batch on screen, all channels there can be."""
    made = layer(laboratory)
    _, saved = made.run(laboratory.input, training=True)
    made.observe(saved)
    after = []
    for old, new in ((laboratory.running_mean, made.running_mean), (laboratory.running_var, made.running_var)):
        whole = old.copy()
        whole[: laboratory.channels] = new
        after.append(read_only(whole))
    return after[0], after[1]


def screen(laboratory: Laboratory) -> Screen:
    """Batch norm carried out."""
    x, channels, training = laboratory.input, laboratory.channels, laboratory.training
    normalised = Sequential([layer(laboratory, bare=True)]).trace(x, training=training).output
    output = Sequential([layer(laboratory)]).trace(x, training=training).output
    _, seen = layer(laboratory).run(x, training=True)
    eps = layer(laboratory).eps
    gamma, shift = laboratory.gamma[:channels], laboratory.shift[:channels]
    var = seen.var if training else laboratory.running_var[:channels]
    deviation = np.sqrt(var + eps)
    source = MEAN if training else RUNNING_MEAN

    shown = Screen(laboratory, pin=(MEAN if training else OUTPUT, (0, 0) if training else (0, 0, 1, 1)))
    shown.given("Before", kind="diverging")
    # (x − mean) / deviation as a sum: x over the deviation, and the mean, which is a number to ask, over it too.
    minus = {"stage": source, "weights": (-1 / deviation).tolist()}
    link = {"kind": "same", "groups": channels, "also": [minus]}
    weight = describe.keep(1 / deviation, shown.arrays)
    normal = {"group": "normalised", "kind": "diverging", "domain": [0, 0]}
    mean = seen.mean if training else laboratory.running_mean[:channels]
    # What is nearly alike is taken from each other: the digits begin to count where the deviation does.
    digits = [_digits(float(np.abs(x[:, c]).max(initial=0)), float(deviation[c])) for c in range(channels)]
    bare = [
        f"({{x}}{_less(m, count)}) / √({operand(v)} + {eps:.5f})" for m, v, count in zip(mean, var, digits, strict=True)
    ]
    whole = [f"{text} × {_factor(g)}{_added(b)}" for text, g, b in zip(bare, gamma, shift, strict=True)]
    shown.add(
        NORMALISED,
        "normalised",
        "Normalised",
        normalised,
        rule="sum",
        reads=INPUT,
        link=link,
        weight=weight,
        scale=normal,
        written={"of": INPUT, "texts": bare, "digits": digits},
        digits=DIGITS,
    )
    link = {"kind": "same", "groups": channels}
    own: dict[str, Any] = {"weight": describe.keep(gamma, shown.arrays), "bias": describe.keep(shift, shown.arrays)}
    own |= {"bias_name": "β", "written": {"of": INPUT, "texts": whole, "digits": digits}}
    shown.add(OUTPUT, "output", "After", output, rule="sum", reads=NORMALISED, link=link, scale=normal, **own)
    _statistics(shown, seen)
    _deviation(shown, (VAR if training else RUNNING_VAR, var), deviation, eps)

    size = shape_words(x)
    # The prepared batches are made so; of Explore's maps nothing is known.
    apart = "channels apart in mean and in spread\n" if channels > 1 and laboratory.source != OWN else ""
    note = input_note(laboratory, f"{apart}{typed_in()}")
    shown.column("input", "maps", "Before", shape=size, note=note, controls=input_controls(laboratory))
    used, moved = ["mean", "var"] * training, ["running_mean", "running_var"]
    figures = [*(used or moved), "deviation", "inverse", *[*moved, "next_mean", "next_var"] * training]
    shown.settings = [mode(laboratory)]
    if not training:
        shown.first = (
            "Pick a cell of “Normalised”: what earlier steps left normalises it, whatever else is in the batch."
        )
    controls: list[Control] = []
    if training:
        hint = "Move the running statistics as one step of training on this batch would"
        controls += [
            dial({"op": "momentum"}, "momentum", laboratory.momentum, MOMENTA, hint="The part that one step replaces"),
            button({"op": "step"}, "Take a step", hint=hint),
        ]
    controls.append(button({"op": "forget"}, "Forget", hint="Running mean 0 and variance 1 again"))
    words = "the batch's own mean and variance normalise it" if training else "the running statistics normalise it"
    steps = "1 step taken" if laboratory.steps == 1 else f"{laboratory.steps} steps taken"
    note = f"{words}\n{steps}{_told_of_bias(seen.count) if training else ''}"
    shown.column("statistics", "figures", "Statistics", note=note, figures=figures, controls=controls, sign="→")
    note = f"(x − mean) / √(variance + {eps:.5f})"
    shown.column("normalised", "maps", "Normalised", shape=size, note=note, controls=table("normalised"), sign="→")
    settings = [
        *by_channel("gamma", "γ", gamma, "Scale", SCALES),
        *by_channel("shift", "β", shift, "Shift", SHIFTS),
        *table("output"),
    ]
    shown.column("output", "maps", "After", shape=size, note="normalised × γ + β", controls=settings, sign="→")
    shown.sentence = _sentence(x, output, training=training)
    return shown


def _added(x: float) -> str:
    """A number as it is added in a formula."""
    return f" − {operand(-x)}" if x < 0 else f" + {operand(x)}"


def _less(x: float, digits: int) -> str:
    """A number as it is taken off in a formula."""
    return f" + {plain(-x, digits)}" if x < 0 else f" − {plain(x, digits)}"


def _digits(largest: float, deviation: float) -> int:
    """With how many digits numbers up to ``largest`` are written, so that they are told to 8 digits of a deviation."""
    apart = math.log10(largest / deviation) if largest > deviation else 0.0
    return min(_MOST_DIGITS, max(_LEAST_DIGITS, 8 + math.ceil(apart)))


def _factor(x: float) -> str:
    """A number behind a sign of multiplication."""
    return f"({operand(x)})" if x < 0 else operand(x)


def _unbiased(count: int) -> str:
    """What makes a batch's variance the unbiased one (Bessel's correction), as it is written behind it."""
    return f" × {count}/{count - 1}" if count > 1 else ""


def _told_of_bias(count: int) -> str:
    return f"; each takes the unbiased variance,{_unbiased(count)}" if count > 1 else ""


def _sentence(x: Array, output: Array, *, training: bool) -> str:
    told = []
    for c in range(x.shape[1]):
        (mean, var), (after, spread) = (_statistics_of(each) for each in (x[:, c], output[:, c]))
        told.append(f"channel {c}: mean {mean} → {after}, variance {var} → {spread}")
    kind = "Training" if training else "Inference"
    return f"{kind}. " + "; ".join(told) + "."


def _statistics_of(values: Array) -> tuple[str, str]:
    """Mean and variance as they are written; what rounding left of a 0 is none."""
    largest = float(np.abs(values).max(initial=0))
    mean, var = float(values.mean()), float(values.var())
    return plain(cleaned(mean, largest)), plain(cleaned(var, largest**2))


def _labelled(channels: int) -> dict[str, Any]:
    """What the statistics of so many channels have in common."""
    names, labels = ([f"{word} {c}" for c in range(channels)] for word in ("channel", "ch"))
    return {"names": names, "labels": labels, "aside": True}


def _deviation(shown: Screen, var: tuple[int, Array], deviation: Array, eps: float) -> None:
    """What each number of a channel is divided by, and what it is multiplied by instead."""
    stage, variance = var
    alike = {**_labelled(len(deviation)), "rule": "function", "link": {"kind": "same"}}
    scale = {"group": "deviations", "kind": "sequential", "domain": [0, 0]}
    shown.add(DEVIATION, "deviation", "√(variance + ε)", vector(deviation), **alike, reads=stage, scale=scale)
    title = "1 / √(variance + ε)"
    shown.add(INVERSE, "inverse", title, vector(1 / deviation), **alike, reads=DEVIATION, scale=scale)
    for c, value in enumerate(deviation):
        at = (0, c)
        text = f"√({operand(variance[c])} + {eps:.5f}) = {{y}}"
        shown.told.append(formula(DEVIATION, at, value, [(stage, at, float(variance[c]))], text))
        shown.told.append(formula(INVERSE, at, 1 / value, [(DEVIATION, at, value)], f"1 / {operand(value)} = {{y}}"))


def _statistics(shown: Screen, seen: Statistics) -> None:
    """The statistics as stages, each with the sum behind it."""
    laboratory = shown.laboratory
    x, channels = laboratory.input, laboratory.channels
    count, momentum = seen.count, laboratory.momentum
    squares = np.square(x - seen.mean[:, None, None])
    means = {"group": "means", "kind": "diverging", "domain": [0, 0]}
    variances = {"group": "variances", "kind": "sequential", "domain": [0, 0]}
    alike = _labelled(channels)
    shown.add(
        SQUARES,
        None,
        "Squared distance",
        squares,
        aside=True,
        reads=INPUT,
        rule="function",
        link={"kind": "same"},
        formula="({x} − mean)² = {y}",
        scale=variances,
    )
    every = {"rule": "sum", "reads": INPUT, "link": {"kind": "all"}, "averages": count}
    shown.add(MEAN, "mean", "Batch mean", vector(seen.mean), **alike, **every, scale=means)
    shown.add(VAR, "var", "Batch variance", vector(seen.var), **alike, **{**every, "reads": SQUARES}, scale=variances)
    held = laboratory.running_mean[:channels], laboratory.running_var[:channels]
    for stage, view, title, values, scale in (
        (RUNNING_MEAN, "running_mean", "Running mean", held[0], means),
        (RUNNING_VAR, "running_var", "Running variance", held[1], variances),
    ):
        note = "What earlier steps left: 0 for a mean and 1 for a variance before the first."
        shown.add(stage, view, title, vector(values), **alike, note=note, scale=scale)
    after = stepped(laboratory)
    step = operand(momentum)
    for stage, view, title, running, stepping, of, unbiased, scale in (
        (NEXT_MEAN, "next_mean", "Mean after a step", held[0], after[0], MEAN, "", means),
        (NEXT_VAR, "next_var", "Variance after a step", held[1], after[1], VAR, _unbiased(count), variances),
    ):
        texts = [f"{{x}} × {step}{unbiased}{_added(float(kept))} × (1 − {step})" for kept in running]
        written = {"of": of, "texts": texts, "digits": [_LEAST_DIGITS] * channels}
        moved = {"rule": "sum", "reads": MEAN, "link": {"kind": "same"}, "written": written}
        shown.add(stage, view, title, vector(stepping[:channels]), **alike, **moved, scale=scale)
    of_var = count / (count - 1) if count > 1 else 1.0
    for c in range(channels):
        at = (0, c)
        cells = [(n, c, i, j) for n in range(x.shape[0]) for i in range(x.shape[2]) for j in range(x.shape[3])]
        for stage, read, source, value in ((MEAN, INPUT, x, seen.mean[c]), (VAR, SQUARES, squares, seen.var[c])):
            shown.told.append(
                weighted(stage, at, float(value), [(read, cell, float(source[cell]), 1 / count) for cell in cells])
            )
        for stage, old, new, factor in (
            (NEXT_MEAN, RUNNING_MEAN, MEAN, 1.0),
            (NEXT_VAR, RUNNING_VAR, VAR, of_var),
        ):
            k = 0 if stage == NEXT_MEAN else 1
            batch = float((seen.mean, seen.var)[k][c])
            terms = [(old, at, float(held[k][c]), 1 - momentum), (new, at, batch, momentum * factor)]
            shown.told.append(weighted(stage, at, float(after[k][c]), terms))
