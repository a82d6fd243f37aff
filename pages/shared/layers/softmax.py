"""Softmax with a temperature on screen: scores, scores over T, their powers, and each power's share."""

from __future__ import annotations

import math

import numpy as np

from cnn_core import Flatten, Sequential, Softmax
from cnn_core.ops.softmax import entropy, softmax_steps
from pages.shared.controls import dial
from pages.shared.describe import counted
from pages.shared.layers.laboratory import CLASSES, Laboratory
from pages.shared.layers.screen import (
    EVERY_DIGIT,
    INPUT,
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

FLAT, SCALED, POWERS, OUTPUT = 0, 1, 2, 3  # stages
TEMPERATURES = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def screen(laboratory: Laboratory) -> Screen:
    """Softmax carried out."""
    heat = laboratory.temperature
    trace = Sequential([Flatten(), Softmax(temperature=heat)]).trace(laboratory.input)
    scores, probabilities = trace.stages[0].output[0], trace.output[0]
    names = list(CLASSES[: len(scores)])
    scaled, largest, powers, total = softmax_steps(scores, temperature=heat)
    largest, total = largest.item(), total.item()
    shown = Screen(laboratory, pin=(OUTPUT, (0, 0)))
    shown.given("Score", names=names)
    shown.add(FLAT, None, "Scores", vector(scores), rule="sum", preview="copy", reads=INPUT, link={"kind": "reshape"})
    alike = {"names": names, "rule": "sum", "aside": True, "link": {"kind": "same"}}
    shown.add(SCALED, "scaled", "Score / T", vector(scaled), **alike, reads=FLAT)
    positive = {"kind": "sequential", "domain": [0, 1]}
    alike = {**alike, "rule": "function"}
    scale = {"group": "powers", **positive}
    shown.add(POWERS, "powers", "Power", vector(powers), **alike, reads=SCALED, plural="powers", scale=scale)
    last = {"scale": {"group": "probabilities", **positive}, "reads": POWERS}
    shown.add(OUTPUT, "output", "Probability", vector(probabilities), **alike, **last)
    below = " + ".join(operand(power) for power in powers)
    for k in range(len(scores)):
        at = (0, k)
        shown.told.append(weighted(SCALED, at, scaled[k], [(INPUT, (0, 0, k, 0), scores[k], 1 / heat)]))
        own, most = fewest([scaled[k], largest], lambda z: math.exp(z[0] - z[1]), EVERY_DIGIT)
        text = f"e^({own} − {_bracketed(most)}) = {{y}}"
        shown.told.append(formula(POWERS, at, powers[k], [(SCALED, at, scaled[k])], text))
        made = [(POWERS, (0, j), power) for j, power in enumerate(powers)]
        text = f"{operand(powers[k])} / ({below}) = {{y}}"
        shown.told.append(formula(OUTPUT, at, probabilities[k], made, text))
    note = "choose a score and type to change it"
    count = counted(len(scores), "class", "classes")
    controls = input_controls(laboratory)
    shown.column("input", "bars", "Score", also="logit", shape=count, note=note, controls=controls)
    hint = "Below 1 the largest takes more, above 1 all draw level"
    shown.column(
        "scaled",
        "bars",
        f"Score / T, T = {heat:g}",
        note="divided by the temperature",
        controls=[dial({"op": "temperature"}, "T", heat, TEMPERATURES, hint=hint, place="top")],
        sign="→",
    )
    taken = f"the largest, {plain(largest)}, is taken away first: nothing overflows, no share changes"
    power = f"e^(score / T − {_bracketed(plain(largest))})"
    shown.column("powers", "bars", power, note=f"unrounded they add up to {plain(total)}\n{taken}", sign="→")
    adds = f"power / {plain(total)}\nunrounded they add up to {plain(float(probabilities.sum()))}"
    shown.column("output", "bars", "Probability", note=adds, controls=table("output"), sign="→")
    best = int(np.argmax(probabilities))
    spread, most = plain(entropy(probabilities).item(), 4), plain(math.log(len(scores)), 4)
    shown.sentence = (
        f"At T = {heat:g} class {names[best]} takes {probabilities[best]:.1%}. Entropy {spread} of at most {most}: "
        "0 is all on one class, the most is all equal."
    )
    return shown


def _bracketed(text: str) -> str:
    """A number behind a sign: in brackets where it has one of its own."""
    return f"({text})" if text.startswith("−") else text
