"""Dropout on screen: what was drawn for each cell, the mask it makes, and the map that is left."""

from __future__ import annotations

import numpy as np

from cnn_core import Dropout, Sequential
from pages.shared.controls import button, dial, stepper, typed_in
from pages.shared.experiment import FloatArray
from pages.shared.layers.laboratory import Laboratory
from pages.shared.layers.screen import (
    EVERY_DIGIT,
    INPUT,
    Screen,
    cleaned,
    fewest,
    input_controls,
    input_note,
    mode,
    percent,
    plain,
    shape_words,
    table,
)

DRAWN, MASK, OUTPUT = 0, 1, 2  # stages
PROBABILITIES = (0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 1)
SEED_MOST = 999_999


def drawn(laboratory: Laboratory) -> FloatArray:
    """What dropout draws for each cell: it is dropped where this is below p."""
    rng = np.random.default_rng(laboratory.seed)
    return rng.random(laboratory.input.shape, dtype=np.float32).astype(np.float64)


def screen(laboratory: Laboratory) -> Screen:
    """Dropout carried out."""
    x, p, training = laboratory.input, laboratory.p, laboratory.training
    trace = Sequential([Dropout(p)]).trace(x, training=training, rng=laboratory.seed)
    output, mask = trace.output, trace.stages[0].saved
    shown = Screen(laboratory, pin=(OUTPUT, (0, 0, 1, 1)))
    shown.given("Before")
    shown.settings = [mode(laboratory)]
    size = shape_words(x)
    maps = {"group": "given", "kind": "signed", "domain": [0, 0]}
    same = {"kind": "same"}
    controls = input_controls(laboratory)
    note = input_note(laboratory, typed_in())
    shown.column("input", "maps", "Before", shape=size, note=note, controls=controls)
    means = (plain(cleaned(float(each.mean()), float(np.abs(each).max(initial=0)))) for each in (x, output))
    mean = " → ".join(("mean " + next(means), next(means)))
    if not training:
        shown.first = "Choose “Training”: only then are cells dropped."
        shown.add(OUTPUT, "output", "After", output, rule="sum", reads=INPUT, link=same, preview="copy", scale=maps)
        note = "inference: nothing is dropped and nothing scaled"
        shown.column("output", "maps", "After", shape=size, note=note, controls=table("output"), sign="→")
        shown.sentence = (
            "Inference: every cell passes as it is. Training divides by 1 − p so that nothing has to be done here."
        )
        return shown
    kept = 1 / (1 - p) if p < 1 else 0.0
    chance, near = plain(p), float(f"{p:.6g}")
    if p < 1 and (near == 1 or plain(1 / (1 - near)) != plain(kept)):  # six digits are too few for what is left of 1
        (chance,) = fewest([p], lambda z: 1 / (1 - z[0]) if z[0] < 1 else 0.0, EVERY_DIGIT)
    whole = np.ones(x.shape) if mask is None else np.asarray(mask, dtype=np.float64)
    note = f"Drawn at random from seed {laboratory.seed}, evenly from 0 to 1: below p = {chance} the cell is dropped."
    unit = {"kind": "sequential", "domain": [0, 1]}
    shown.add(DRAWN, "drawn", "u", drawn(laboratory), note=note, scale={"group": "drawn", **unit})
    formula = (
        f"0 where u is below {chance}, else 1 / (1 − {chance}) = {plain(kept)}; here u = {{x}}, so the mask = {{y}}"
    )
    shown.add(
        MASK,
        "mask",
        "Mask",
        whole,
        rule="function",
        formula=formula,
        reads=DRAWN,
        link=same,
        scale={"group": "mask", **unit},
    )
    name = shown.stages[-1]["array"]
    shown.add(OUTPUT, "output", "After", output, rule="sum", reads=INPUT, link=same, weight=name, scale=maps)
    dropped = int((whole == 0).sum())
    settings = [
        dial({"op": "p"}, "p", p, PROBABILITIES, hint="The probability that a cell is dropped", place="top"),
        button({"op": "another_mask"}, "Another mask", hint="The next seed"),
        stepper(
            {"op": "seed"},
            "seed",
            laboratory.seed,
            (0, SEED_MOST),
            why_low="Seeds begin at 0",
            why_high="No larger seed here",
        ),
    ]
    shown.column("drawn", "maps", "Drawn, u", shape=size, note=f"below {chance}: dropped", controls=settings, sign="")
    share = f"{dropped} of {x.size} dropped, {percent(dropped, x.size)}; {plain(100 * p)} % are expected"
    note = f"{share}\nkept cells × 1 / (1 − {chance}) = {plain(kept)}"
    if p == 1:
        note = "everything is dropped"
    shown.column("mask", "maps", "Mask", shape=size, note=note, controls=table("mask"), sign="→")
    shown.column(
        "output", "maps", "After", shape=size, note=f"before × mask\n{mean}", controls=table("output"), sign="="
    )
    expected = f"(1 − {chance}) × x / (1 − {chance}) + {chance} × 0 = x" if p < 1 else "0, as nothing is ever kept"
    shown.sentence = f"Expected value of a cell over all masks: {expected}. This mask: {mean}."
    return shown
