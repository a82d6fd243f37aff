"""What the pooling laboratory's component is sent: the laboratory, carried out, described and packed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from cnn_core import ShapeError
from cnn_core.shapes import ReceptiveField
from pages.components.blob import pack
from pages.shared import describe
from pages.shared.edits.checked import VALUE_LIMIT
from pages.shared.experiment import FloatArray
from pages.shared.message import link_of
from pages.shared.pooling.columns import columns, mode_controls, window_controls
from pages.shared.pooling.desk import (
    AFTER,
    DIFFERENCES,
    GRADIENTS,
    MOVED,
    SHIFTED,
    UPSTREAM,
    VALUES,
    PoolingDesk,
    part_of,
)
from pages.shared.pooling.laboratory import MODES, Pooled, Run
from pages.shared.pooling.shift import sources
from pages.shared.session import Session

_FIRST_PIN = (VALUES, (0, 0, 0, 1))  # where three cells tie

# Colours: numbers of the input's kind, squares' roots, gradients, differences.
_LIKE_INPUT = {"group": "input", "kind": "signed", "domain": [0, 0]}
_NORMS = {"group": "norms", "kind": "signed", "domain": [0, 0]}
_BACK = {"group": "gradients", "kind": "diverging", "domain": [0, 0]}
_CHANGE = {"group": "differences", "kind": "diverging", "domain": [0, 0]}


def pooling_message(session: Session) -> bytes:
    """The message for the laboratory's component."""
    desk = session.pooling
    run = desk.run
    laboratory = run.laboratory
    arrays: describe.Arrays = {}
    stages = _stages(run, arrays)
    pin = _pin(desk, stages, arrays)
    # The window slides over the outputs, or over the gradient that comes in at them.
    sliding = UPSTREAM if laboratory.mode == "gradient" else VALUES
    header: dict[str, Any] = {
        "session": desk.identity,
        "revision": desk.revision,
        "uploads": 0,
        "stages": stages,
        "kernel": {"stage": sliding},
        "output": 0,
        "mode": laboratory.mode,
        "modes": [{"value": name, "label": label} for name, label in MODES.items()],
        "target": laboratory.target,
        "cell": list(run.cell),
        "of": {GRADIENTS + number: _of(run, pooled) for number, pooled in run.pooled.items()},
        "bars": {"window": window_controls(laboratory), "mode": mode_controls(laboratory)},
        "measures": [each._asdict() for each in run.measures],
        "limit": VALUE_LIMIT,
        "brush": {"kind": "grid", "value": 9, "step": 1, "low": -VALUE_LIMIT, "high": VALUE_LIMIT, "radius": 0},
        "pin": {"stage": pin[0], "index": list(pin[1])},
        "pin_count": desk.pin_count,
        "explanation": _explanation(run, *pin),
        "history": {"undo": desk.can_undo(), "redo": desk.can_redo()},
        "notice": desk.notice,
        "link": link_of(session, "pooling"),
    }
    return pack(header, arrays, desk.have, {"columns": columns(run)})


def pooling_glimpse(session: Session, wanted: Collection[int]) -> bytes:
    """What the laboratory waits for while a gesture lasts: some stages' numbers, and how much a shift changes."""
    run = session.pooling.run
    arrays: describe.Arrays = {}
    told = [
        {"stage": stage["stage"], "array": stage["array"]} for stage in _stages(run, arrays) if stage["stage"] in wanted
    ]
    header = {"stages": told, "measures": [each._asdict() for each in run.measures]}
    return pack(header, {stage["array"]: arrays[stage["array"]] for stage in told}, ())


def _of(run: Run, pooled: Pooled) -> str:
    """What a pooling's gradients are of: its sum, one of its cells, or their weighed sum."""
    title = pooled.kind.title
    if pooled.kind.whole:
        return title
    if run.laboratory.target == "cell":
        return f"{title} [{run.cell[0]}, {run.cell[1]}]"
    return f"Σ {title}" if run.laboratory.target == "sum" else f"Σ g · {title}"


def gradient_told(run: Run, stage: int, index: tuple[int, ...], *, most: int) -> dict[str, Any] | None:
    """The core's sum behind a gradient at an input cell, or None where there is none."""
    part, number = part_of(stage)
    pooled = run.pooled.get(number)
    if part != GRADIENTS or pooled is None or pooled.back is None:
        return None
    found = describe.told(pooled.back.explain(-1, index, most=most))
    terms = [{**term, "stage": UPSTREAM + number} for term in found["terms"]]
    return {**found, "stage": stage, "terms": terms}


def _explanation(run: Run, stage: int, index: tuple[int, ...]) -> dict[str, Any] | None:
    """The core's explanation of the pinned cell; None for what the page tells of its own, such as a difference."""
    part, number = part_of(stage)
    try:
        if part == GRADIENTS:
            return gradient_told(run, stage, index, most=64)
        if part != VALUES:
            return None
        told = describe.explanation(run.pooled[number].trace, 0, index)
    except (KeyError, ShapeError):
        return None
    return None if told is None else {**told, "stage": stage}


def _stages(run: Run, arrays: describe.Arrays) -> list[dict[str, Any]]:
    laboratory = run.laboratory
    x = laboratory.input[None, None]  # (H, W) -> (N, C, H, W)
    # Its place beside the others' maps: the same words stand over each row of them.
    label = {"values": "", "gradient": "values", "shift": "before"}[laboratory.mode]
    first = {**describe.given(x, arrays, _LIKE_INPUT), "column": "input", "label": label}
    first["note"] = "An input cell: its number was given, nothing was computed."
    down, across = laboratory.window.padding
    first["ring"] = [down, down, across, across]
    stages = [first]
    if run.shifted is not None:
        stages += _shifted(run, x, run.shifted, arrays)
    for number, pooled in run.pooled.items():
        stages += _maps(number, pooled, x, run, arrays)
    return stages


def _shifted(run: Run, x: FloatArray, shifted: FloatArray, arrays: describe.Arrays) -> list[dict[str, Any]]:
    """The shifted input, each cell of which reads one of the input, and how it differs."""
    laboratory = run.laboratory
    (down, across), edge = laboratory.shift, laboratory.edge
    link: dict[str, Any] = {
        "kind": "window",
        "origin": [-down, -across],
        "stride": [1, 1],
        "dilation": [1, 1],
        "extent": [1, 1],
    }
    if edge != "zeros":
        link["shown"] = [sources(n, by, edge) for n, by in zip(laboratory.plane, (down, across), strict=True)]
    bare = {**describe.given(x, arrays, _LIKE_INPUT), "column": "input", "rule": "sum", "note": None}
    moved = {"stage": SHIFTED, "view": "input-after", "title": "Shifted input", "label": "after", "reads": -1}
    moved |= {"link": link, "reduce": "mean", "array": describe.keep(shifted, arrays)}
    change = {"stage": MOVED, "view": "input-difference", "title": "Input's difference", "label": "after − before"}
    change |= {"link": {"kind": "same"}, "reads": SHIFTED, "scale": _CHANGE}
    change["array"] = describe.keep(shifted - x, arrays)
    change["minus"] = [SHIFTED, -1]
    return [{**bare, **moved}, {**bare, **change}]


def _maps(number: int, pooled: Pooled, x: FloatArray, run: Run, arrays: describe.Arrays) -> list[dict[str, Any]]:
    """A pooling's maps: its output; and the gradient there and at the input, or what a shift makes of it."""
    kind, output = pooled.kind, pooled.trace.output
    layer = pooled.trace.stages[0].layer
    scale = _NORMS if kind.outgrows else _LIKE_INPUT
    window = layer.window(x.shape)
    alike: dict[str, Any] = {"names": None, "plural": None, "lens": "diverging", "planes": None, "column": kind.name}
    alike["field"] = describe.field_of(ReceptiveField().through(window))

    def told(part: int, view: str, label: str, values: FloatArray, reads: int, before: FloatArray) -> dict[str, Any]:
        computed = describe.computed(part + number, layer, before, values, arrays)
        title = kind.title if part == VALUES else f"{kind.title}, shifted"
        words = {"view": view, "title": title, "label": label, "scale": scale, "reads": reads}
        return {**computed, **alike, **words}

    mode = run.laboratory.mode
    own = told(VALUES, kind.name, "before" if mode == "shift" else "", output, -1, x)
    if pooled.back is not None and pooled.back.input is not None and pooled.back.stages[0] is not None:
        # Where gradients are looked at, the output gives its place to the gradient that comes in.
        own["view"] = None
        bare = {**describe.given(x, arrays, _BACK), **alike, "note": None}
        back = {"stage": GRADIENTS + number, "view": f"{kind.name}-gradient", "title": "Input"}
        back |= {"label": "gradient at input", "array": describe.keep(pooled.back.input, arrays), "rule": "sum"}
        inflow = {"stage": UPSTREAM + number, "view": f"{kind.name}-upstream", "title": kind.title}
        inflow["label"] = "gradient at output"
        inflow["array"] = describe.keep(pooled.back.stages[0], arrays)
        return [own, {**bare, **back}, {**bare, **inflow}]
    if pooled.after is None or run.shifted is None:
        return [own]
    after = told(AFTER, f"{kind.name}-after", "after", pooled.after.output, SHIFTED, run.shifted)
    change = np.asarray(pooled.after.output - output)
    apart = {"stage": DIFFERENCES + number, "view": f"{kind.name}-difference", "title": f"{kind.title}'s difference"}
    apart |= {"label": "after − before", "array": describe.keep(change, arrays), "scale": _CHANGE}
    apart |= {"link": {"kind": "same"}, "reads": AFTER + number, "preview": None, "reduce": None, "rule": "sum"}
    apart["minus"] = [AFTER + number, VALUES + number]
    return [own, after, {**after, **apart, "counted": None}]


def _pin(desk: PoolingDesk, stages: list[dict[str, Any]], arrays: describe.Arrays) -> tuple[int, tuple[int, ...]]:
    """The pinned cell, or the nearest one that is on screen."""
    stage, index = desk.pin or _FIRST_PIN
    shapes = {each["stage"]: arrays[each["array"]].shape for each in stages if each["view"] is not None}
    if stage not in shapes:
        # The same pooling's output, or the gradient that comes in there.
        part, number = part_of(stage)
        stage = next((each for each in (VALUES + number, UPSTREAM + number, VALUES, UPSTREAM) if each in shapes), -1)
        if part in (-1, GRADIENTS):
            stage, index = next((each for each in (VALUES, UPSTREAM) if each in shapes), -1), (0, 0, *desk.cell)
    index = (*index, 0, 0, 0, 0)[:4]
    return stage, tuple(min(max(at, 0), most - 1) for at, most in zip(index, shapes[stage], strict=True))
