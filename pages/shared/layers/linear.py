"""The fully connected layer on screen: the map, the vector it becomes, the scores, and every weight."""

from __future__ import annotations

import numpy as np

from cnn_core import Flatten, Linear, Sequential
from pages.shared import describe
from pages.shared.controls import stepper, typed_in
from pages.shared.describe import counted
from pages.shared.layers.laboratory import CLASSES, Laboratory
from pages.shared.layers.screen import INPUT, Screen, input_controls, input_note, shape_words, table

FLAT, OUTPUT = 0, 1  # stages
CLASSES_MOST = 6


def screen(laboratory: Laboratory) -> Screen:
    """The layer carried out."""
    x = laboratory.input
    features, classes = laboratory.weight.shape[1], len(laboratory.bias)
    made = Linear(features, classes)
    made.weight, made.bias = np.array(laboratory.weight), np.array(laboratory.bias)
    flatten = Flatten()
    trace = Sequential([flatten, made]).trace(x)
    flat = trace.stages[0].output
    names = list(CLASSES[:classes])
    shown = Screen(laboratory, pin=(OUTPUT, (0, 0)))
    shown.explain = lambda stage, index: describe.explanation(trace, stage, index) if stage >= 0 else None
    shown.given("Before")
    scale = {"group": "given", "kind": "signed", "domain": [0, 0]}
    for number, layer, view, title, before, output, more in (
        (FLAT, flatten, "flat", "Flattened", x, flat, {"reads": INPUT, "scale": scale, "plural": "flattened values"}),
        (OUTPUT, made, "scores", "Score", flat, trace.output, {"reads": FLAT, "names": names, "plural": "scores"}),
    ):
        told = describe.computed(number, layer, before, output, shown.arrays)
        fields = ("rule", "preview", "link", "reduce", "formula", "weight", "bias")
        shown.add(number, view, title, output, **{name: told[name] for name in fields}, **more)
    note = input_note(laboratory, typed_in())
    controls = input_controls(laboratory)
    shown.column("input", "maps", "Before", shape=shape_words(x), note=note, controls=controls)
    order = "row by row" if x.shape[1] == 1 else "channel by channel, row by row"
    shown.column("flat", "vector", "Flattened", shape=f"{features} values", note=order, sign="→")
    most = f"{CLASSES_MOST} classes are the most here"
    count = stepper(
        {"op": "classes"}, "classes", classes, (1, CLASSES_MOST), why_low="There is at least one class", why_high=most
    )
    shown.column(
        "scores",
        "bars",
        "Score",
        also="logit",
        shape=counted(classes, "class", "classes"),
        note=f"{features} × {classes} weights and {counted(classes, 'bias', 'biases')}",
        controls=[count, *table("scores")],
        sign="→",
    )
    best = int(np.argmax(trace.output[0]))
    shown.sentence = (
        f"Each score is {features} values, each times its own weight, and a bias: "
        f"{features * classes + classes} numbers to learn. The largest is {names[best]}."
    )
    shown.extra["dense"] = {"scores": "scores", "maps": "input"}
    return shown
