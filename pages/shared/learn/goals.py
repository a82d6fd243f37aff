"""Whether a goal is reached: every check asks ``cnn_core`` about what is on screen, and says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnn_core import conv2d, cross_entropy
from cnn_core.digits import written
from pages.shared.chain import Chain, build, convolution, stage_of
from pages.shared.describe import size
from pages.shared.experiment import Experiment
from pages.shared.learn.lesson import Goal
from pages.shared.predict import Predictions, no_number, not_it, readings_of, tolerance


class Verdict(NamedTuple):
    """What a check found.

    Attributes:
        met: whether the goal is reached.
        told: how far it is, as a sentence.
    """

    met: bool
    told: str


class Work(NamedTuple):
    """What a learner has on screen.

    Attributes:
        chain: the experiment carried out.
        start: the experiment that the step began with.
        predictions: what is hidden and what was said of it.
        answer: what was typed as an answer, "" for nothing.
    """

    chain: Chain
    start: Experiment
    predictions: Predictions
    answer: str = ""


def check(goal: Goal, work: Work) -> Verdict:
    """Whether ``goal`` is reached by what is on screen."""
    return _CHECKS[goal.kind](goal.asked, work)


_NOTHING = 1e-9  # what rounding may leave of a sum that is 0
_STOPS = Verdict(False, "The chain stops before that stage: see what it says in its place.")


def _predict(asked: Mapping[str, Any], work: Work) -> Verdict:
    stage = work.predictions.stage(work.chain)
    right = sum(answer.right for answer in work.predictions.answers.values())
    given = sum(answer.open and not answer.right for answer in work.predictions.answers.values())
    # A setting that was changed, or a teacher who asked for many, may leave fewer cells than are asked for.
    most = asked["cells"] if stage is None else min(asked["cells"], work.chain.trace.stages[stage].output.size)
    shown = "1 cell was" if given == 1 else f"{given} cells were"
    again = f" {shown} shown, not predicted: “Begin again” hides {'it' if given == 1 else 'them'} once more."
    more = again if given and right < most else ""
    return Verdict(right >= most, f"{min(right, most)} of {most} predicted right.{more}")


def _size(asked: Mapping[str, Any], work: Work) -> Verdict:
    output = stage_of(work.chain, asked["view"])
    if output is None:
        return _STOPS
    plane = (output.shape[2], output.shape[3])
    return Verdict(plane == tuple(asked["size"]), f"It is {size(plane)} now.")


def _field(asked: Mapping[str, Any], work: Work) -> Verdict:
    rows = work.chain.network.summary(work.chain.trace.input.shape)
    position = next(k for k, step in enumerate(work.chain.steps) if step.view == asked["view"])
    field = rows[position].receptive_field if position < len(rows) else None
    if field is None:
        return _STOPS
    return Verdict(field.size == tuple(asked["size"]), f"One of its cells sees {size(field.size)} of the input now.")


def _does(asked: Mapping[str, Any], work: Work) -> Verdict:
    """A kernel that does what another does, on what is on screen and on noise: of weights only one can."""
    experiment = work.chain.experiment
    wanted = np.asarray(asked["kernel"], dtype=np.float64)[None, None]  # (KH, KW) -> (1, 1, KH, KW)
    weight = experiment.bank[:1, :1]
    noise = np.random.default_rng(0).integers(-9, 10, (1, 1, 12, 12)).astype(np.float64)
    off = 0.0
    for x in (experiment.grid[None, None], noise):
        try:
            settings: dict[str, Any] = {"padding": asked.get("padding", 0)}
            difference = conv2d(x, weight, experiment.bias[:1], **settings)
            difference = difference - conv2d(x, wanted, **settings)
        except ValueError:  # a ShapeError is one, and so is a map of another size
            return Verdict(False, f"The kernel must be {size(wanted.shape[2:])}.")
        off = max(off, float(np.abs(difference).max()))
    if off < 0.01:
        return Verdict(True, "It does, on this input and on any other.")
    here = conv2d(experiment.grid[None, None], weight, experiment.bias[:1], **settings)
    here = here - conv2d(experiment.grid[None, None], wanted, **settings)
    wrong = int((np.abs(here) >= 0.01).sum())
    if not wrong:
        return Verdict(False, "Very near, but not it: with larger numbers the difference would show. Be more exact.")
    return Verdict(False, f"{wrong} of {here.size} cells of the feature map are not what they should be.")


def _peak(asked: Mapping[str, Any], work: Work) -> Verdict:
    """The largest number at one cell, and nothing else more than half as large."""
    output = stage_of(work.chain, asked["view"])
    if output is None:
        return _STOPS
    plane = output[0, 0]
    row, column = asked["cell"]
    if not (row < plane.shape[0] and column < plane.shape[1]):
        return Verdict(False, "The map is too small to have that cell.")
    here = float(plane[row, column])
    others = np.delete(plane.ravel(), row * plane.shape[1] + column)
    largest = float(others.max(initial=0.0))
    told = f"[{row}, {column}] is {_short(here)}; the largest of the others is {_short(largest)}."
    return Verdict(here > 0 and largest <= here / 2, told)


def _edges(_: Mapping[str, Any], work: Work) -> Verdict:
    """Nothing on a flat picture or at a horizontal edge, something at a vertical one."""
    experiment = work.chain.experiment
    side = 2 * max(experiment.kernel_size) + 4
    flat = np.full((1, 1, side, side), 5.0)
    upright, level = flat.copy(), flat.copy()
    upright[..., side // 2 :] = 9
    level[:, :, side // 2 :] = 9
    found = [
        float(np.abs(conv2d(x, experiment.bank[:1, :1], experiment.bias[:1])).max()) for x in (flat, level, upright)
    ]
    flat_here, level_here, upright_here = _edges_on_screen(work.chain)
    if found[0] > _NOTHING:
        told = flat_here or f"On a flat picture of 5s it gives {_short(found[0])}"
        return Verdict(False, f"{told}, and should give 0.")
    if found[1] > _NOTHING:
        told = level_here or f"At a horizontal edge between 5 and 9 it gives {_short(found[1])}"
        return Verdict(False, f"{told}, and should give 0.")
    if found[2] < _NOTHING:
        return Verdict(False, "It does not respond to a vertical edge.")
    told = upright_here or f"At a vertical edge between 5 and 9 it gives {_short(found[2])}"
    return Verdict(True, f"{told}, at a horizontal one 0, and 0 where nothing changes.")


def _edges_on_screen(chain: Chain) -> tuple[str, str, str]:
    """What the feature map on screen holds over a flat window, a horizontal edge and a vertical one.

    Returns:
        Each as a sentence with the number and its cell, "" where the map has no such cell, or a 0 there.
    """
    plane, output = chain.trace.input[0, 0], stage_of(chain, "conv")
    sides = chain.experiment.kernel_size
    plain = tuple(size - side + 1 for size, side in zip(plane.shape, sides, strict=True))
    # With padding, a stride or a dilation other windows are met than those that are looked through here.
    if output is None or output.shape[2:] != plain:
        return "", "", ""
    windows = np.lib.stride_tricks.sliding_window_view(plane, sides)  # (H', W', KH, KW)
    level = (windows == windows[..., :1]).all(axis=(2, 3))
    upright = (windows == windows[..., :1, :]).all(axis=(2, 3))

    def told(where: str, cells: npt.NDArray[np.bool_]) -> str:
        size = np.where(cells, np.abs(output[0, 0]), 0)
        row, column = np.unravel_index(size.argmax(), plain)
        if size[row, column] <= _NOTHING:
            return ""
        return f"{where} it gives {_short(float(output[0, 0, row, column]))}, as at [{row}, {column}]"

    return (
        told("Where nothing changes", level & upright),
        told("At a horizontal edge", level & ~upright),
        told("At a vertical edge", upright & ~level),
    )


def _count(asked: Mapping[str, Any], work: Work) -> Verdict:
    output = stage_of(work.chain, asked["view"])
    if output is None:
        return _STOPS
    number = int((output == asked["value"]).sum())
    return Verdict(number == asked["cells"], f"{number} of {output.size} are {asked['value']:g} now.")


def _unchanged(asked: Mapping[str, Any], work: Work) -> Verdict:
    """Cells of the input changed, and a stage stayed what it was while another did not."""
    before, now = work.start.grid, work.chain.experiment.grid
    if before.shape != now.shape:
        return Verdict(False, "Keep the grid's size.")
    changed = int((before != now).sum())
    after = stage_of(work.chain, asked["view"])
    first = stage_of(build(work.start), asked["view"])
    if after is None or first is None or after.shape != first.shape:
        return _STOPS
    moved = int((after != first).sum())
    told = f"{changed} of the input's cells changed, {moved} of {after.size} pooled ones."
    return Verdict(changed >= asked["cells"] and moved == 0, told)


def _wins(asked: Mapping[str, Any], work: Work) -> Verdict:
    output = stage_of(work.chain, "probabilities")
    if output is None:
        return _STOPS
    share = float(output[0, asked["class"]])
    name = work.chain.experiment.class_name(asked["class"])
    return Verdict(share >= asked["share"], f"{name} has {share:.2f} now.")


def _loss(asked: Mapping[str, Any], work: Work) -> Verdict:
    scores = stage_of(work.chain, "scores")
    if scores is None:
        return _STOPS
    loss, _ = cross_entropy(scores, np.array([asked["class"]]))
    return Verdict(loss < asked["below"], f"The loss is {loss:.3f} now.")


def _answer(asked: Mapping[str, Any], work: Work) -> Verdict:
    """A number that is worked out by the learner, and by ``quantity`` of what is on screen."""
    if not work.answer:
        return Verdict(False, "")
    wanted = quantity(asked["quantity"], work.chain)
    guesses = readings_of(work.answer)
    if not guesses:
        return Verdict(False, no_number(work.answer))

    def meant(number: float) -> bool:
        return any(_same(guess, number) for guess in guesses)

    if meant(wanted):
        return Verdict(True, f"{_short(wanted)}: right.")
    slips = (sentence for name, sentence in asked.get("slips", {}).items() if meant(quantity(name, work.chain)))
    return Verdict(False, f"{not_it(work.answer)} {next(slips, '')}".strip())


def _same(guess: float, wanted: float) -> bool:
    """Large whole numbers to the unit, others as near as a prediction must be."""
    return abs(guess - wanted) <= (0.5 if wanted == round(wanted) and wanted > 1e4 else tolerance(wanted))


def quantity(name: str, chain: Chain) -> float:
    """A number about what is on screen, worked out by ``cnn_core``."""
    shape = chain.trace.input.shape
    layer = convolution(chain.experiment)
    output = layer.output_shape(shape)
    rows = chain.network.summary(shape)
    features = int(np.prod(shape[1:]))
    cells = int(np.prod(output[1:]))
    quantities: dict[str, Callable[[], float]] = {
        "parameters": lambda: rows[0].params,
        "weights": lambda: rows[0].params - output[1],
        "one_kernel": lambda: rows[0].params // output[1],
        "cells": lambda: cells,
        "weights_of_one": lambda: rows[0].macs // cells,
        "multiplications": lambda: rows[0].macs,
        # A fully connected layer from the same input to as many numbers.
        "dense_parameters": lambda: features * cells + cells,
        "dense_multiplications": lambda: features * cells,
        "features": lambda: float(np.prod(chain.trace.stages[2].output.shape[1:])),
    }
    return float(quantities[name]())


def _short(value: float) -> str:
    return written(value, 6).replace("-", "−")


_CHECKS: dict[str, Callable[[Mapping[str, Any], Work], Verdict]] = {
    "predict": _predict,
    "size": _size,
    "field": _field,
    "does": _does,
    "peak": _peak,
    "edges": _edges,
    "count": _count,
    "unchanged": _unchanged,
    "wins": _wins,
    "loss": _loss,
    "answer": _answer,
}
