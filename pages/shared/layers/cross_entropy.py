"""Cross-entropy on screen: logits, probabilities, the loss and the gradient at each logit, every one with its sum."""

from __future__ import annotations

import math

import numpy as np

from cnn_core import Flatten, Sequential, Softmax, cross_entropy, softmax
from cnn_core.ops.softmax import log_sum_exp
from pages.shared.controls import option, segments
from pages.shared.describe import counted
from pages.shared.layers.laboratory import CLASSES, Laboratory
from pages.shared.layers.screen import (
    EVERY_DIGIT,
    INPUT,
    LOG,
    Array,
    Screen,
    fewest,
    formula,
    input_controls,
    operand,
    plain,
    table,
    vector,
    weighted,
)

FLAT, PROBABILITIES, LOG_SUM, LOSS, ONE_HOT, GRADIENT = range(6)  # stages
DIGITS = 3  # that are shown of a loss, however small it is beside its terms
NEXT_TO_1 = 0.99  # a probability above it is written as 1 less the rest


def screen(laboratory: Laboratory) -> Screen:
    """The loss and its gradient carried out."""
    trace = Sequential([Flatten(), Softmax()]).trace(laboratory.input)
    logits, probabilities = trace.stages[0].output[0], trace.output[0]
    label = laboratory.label
    loss, gradient = cross_entropy(logits[None], np.array([label]))
    names = list(CLASSES[: len(logits)])
    log_sum = log_sum_exp(logits).item()
    one_hot = np.eye(len(logits))[label]
    shown = Screen(laboratory, pin=(LOSS, (0, 0)))
    shown.given("Logit", names=names)
    shown.add(FLAT, None, "Logits", vector(logits), rule="sum", preview="copy", reads=INPUT, link={"kind": "reshape"})
    positive = {"kind": "sequential", "domain": [0, 1]}
    every = {"link": {"kind": "all"}, "reads": FLAT, "aside": True}
    chances = {"names": names, "rule": "function", "scale": {"group": "probabilities", **positive}}
    shown.add(PROBABILITIES, "probabilities", "Probability", vector(probabilities), **every, **chances)
    losses = {"kind": "sequential", "domain": [0, 1]}
    alone = {"names": [""], "rule": "function", "scale": {"group": "loss", **losses}}
    shown.add(LOG_SUM, "log_sum", "Log-sum-exp", vector([log_sum]), **every, **alone)
    shown.add(LOSS, "loss", "Loss", vector([loss]), **every, **{**alone, "rule": "sum"}, digits=DIGITS)
    note = f"1 for the class that is right, {names[label]}, and 0 for the others."
    shown.add(
        ONE_HOT, "one_hot", "One-hot", vector(one_hot), names=names, note=note, scale={"group": "one_hot", **positive}
    )
    signed = {"group": "gradient", "kind": "diverging", "domain": [-1, 1]}
    own = {"names": names, "rule": "sum", "scale": signed, "digits": DIGITS}
    shown.add(GRADIENT, "gradient", "Gradient", vector(gradient[0]), **every, **own)
    _tell(shown, logits, probabilities, (log_sum, loss), gradient[0])
    note = "choose a logit and type to change it"
    controls = input_controls(laboratory)
    count = counted(len(logits), "class", "classes")
    shown.column("input", "bars", "Logit", also="score", shape=count, note=note, controls=controls)
    # Next to 1 a probability's digits say little of its logarithm; what it lacks is the gradient at its logit.
    chance, name = operand(probabilities[label]), names[label]
    if probabilities[label] > NEXT_TO_1:
        chance = f"(1 − {operand(-gradient[0, label])})"
    # A probability too small for a float has no logarithm, but it has a loss.
    least = np.finfo(probabilities.dtype).tiny
    made = f"−log {chance}" if probabilities[label] >= least else f"log-sum-exp − logit of {name}"
    note = f"softmax: e^logit over the sum of all\n{made} is the loss"
    shown.column("probabilities", "bars", "Probability", note=note, controls=table("probabilities"), sign="→")
    labels = [option(str(k), name) for k, name in enumerate(names)]
    shown.column(
        "losses",
        "figures",
        "Loss",
        note=f"log-sum-exp less the logit of {names[label]}: 0 where {names[label]} is certain",
        controls=[segments({"op": "label"}, "Which class is right", str(label), labels, place="top")],
        figures=["log_sum", "loss"],
        sign="→",
    )
    adds = plain(round(float(gradient.sum()), 12) + 0.0)
    lower = ", lowers the rest" if len(logits) > 1 else ""
    shown.column(
        "gradients",
        "figures",
        "Gradient at the logits",
        note=f"probability − one-hot: unrounded they add up to {adds}\nA step against it raises {names[label]}{lower}",
        figures=["one_hot", "gradient"],
        sign="←",
    )
    shown.sentence = (
        f"Class {names[label]} is right and was given {probabilities[label]:.1%}: the loss is "
        f"{made} = {plain(loss)}. Guessing evenly would cost log {len(logits)} = "
        f"{plain(math.log(len(logits)))} ({LOG})."
    )
    return shown


def _tell(shown: Screen, logits: Array, probabilities: Array, losses: tuple[float, float], gradient: Array) -> None:
    """The sum behind each number of the stages."""
    label = shown.laboratory.label
    log_sum, loss = losses
    given = [(INPUT, (0, 0, k, 0), z) for k, z in enumerate(logits)]
    written = fewest(logits, lambda z: log_sum_exp(z).item(), EVERY_DIGIT)
    shown.told.append(formula(LOG_SUM, (0, 0), log_sum, given, f"log({_powers(written)}) = {{y}}"))
    right = (INPUT, (0, 0, label, 0), logits[label], -1.0)
    shown.told.append(weighted(LOSS, (0, 0), loss, [(LOG_SUM, (0, 0), log_sum, 1.0), right]))
    for k, p in enumerate(probabilities):
        own = [given[k], *(each for j, each in enumerate(given) if j != k)]
        written = fewest(logits, lambda z, k=k: softmax(z)[k].item(), EVERY_DIGIT)  # type: ignore[misc]
        shown.told.append(formula(PROBABILITIES, (0, k), p, own, f"e^{written[k]} / ({_powers(written)}) = {{y}}"))
        hot = (ONE_HOT, (0, k), float(k == label), -1.0)
        shown.told.append(weighted(GRADIENT, (0, k), gradient[k], [(PROBABILITIES, (0, k), p, 1.0), hot]))


def _powers(written: list[str]) -> str:
    return " + ".join(f"e^{each}" for each in written)
