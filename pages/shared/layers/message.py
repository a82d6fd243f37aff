"""What the layers laboratory's component is sent: the layer carried out, described and packed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cnn_core.trace import Index
from pages.components.blob import pack
from pages.shared import describe
from pages.shared.controls import option, segments
from pages.shared.edits.checked import VALUE_LIMIT
from pages.shared.layers.activation import CURVE
from pages.shared.layers.desk import LayersDesk
from pages.shared.layers.laboratory import KINDS, Laboratory
from pages.shared.layers.screen import Screen
from pages.shared.message import link_of
from pages.shared.session import Session

_GROUPS = {"map": "Activations", "batch": "Normalising, dropping", "small": "Classifying", "vector": "Classifying"}
_STEPS = {"map": 0.5, "batch": 0.5, "small": 1, "vector": 0.1}  # of a nudge by arrow key


def layers_message(session: Session) -> bytes:
    """The message for the laboratory's component."""
    desk = session.layers
    shown = desk.screen
    laboratory = shown.laboratory
    stage, index = _pin(desk, shown)
    limits = {"step": _STEPS[laboratory.family], "low": -VALUE_LIMIT, "high": VALUE_LIMIT}
    header: dict[str, Any] = {
        "session": desk.identity,
        "revision": desk.revision,
        "uploads": 0,
        "stages": shown.stages,
        "kernel": {"stage": None},
        "kind": laboratory.kind,
        "chooser": _chooser(laboratory),
        "first": shown.first or KINDS[laboratory.kind].first,
        "sentence": shown.sentence,
        "settings": shown.settings,
        "told": [describe.told(each) for each in shown.told],
        "limit": VALUE_LIMIT,
        "brush": {"kind": "grid", "value": 1, "radius": 0, **limits},
        "pin": {"stage": stage, "index": list(index)},
        "pin_count": desk.pin_count,
        "explanation": shown.explain(stage, index),
        "history": {"undo": desk.can_undo(), "redo": desk.can_redo()},
        "notice": desk.notice,
        "link": link_of(session, "layers"),
        **shown.extra,
    }
    return pack(header, shown.arrays, desk.have, {"columns": shown.columns})


def layers_glimpse(session: Session, wanted: Collection[int]) -> bytes:
    """What the laboratory waits for while a gesture lasts: some stages, and what is said of their state."""
    shown = session.layers.screen
    arrays = ("array", "weight")
    stages = [each for each in shown.stages if each["stage"] in wanted]
    names = ("stage", "link", *arrays)
    told = [{name: each[name] for name in names if each.get(name) is not None} for each in stages]
    curve = shown.extra.get("curve", {})
    used = {each[name] for each in told for name in arrays if name in each}
    used |= {curve[name] for name in CURVE if curve}
    header = {
        "stages": told,
        "told": [describe.told(each) for each in shown.told],
        "sentence": shown.sentence,
        "notes": {column["view"]: column["note"] for column in shown.columns},
        "extra": shown.extra,
    }
    return pack(header, {name: shown.arrays[name] for name in used}, ())


def _chooser(laboratory: Laboratory) -> dict[str, Any]:
    """Every kind of layer, in sight."""
    options = [option(name, kind.title, group=_group(name)) for name, kind in KINDS.items()]
    return segments({"op": "kind"}, "Layer", laboratory.kind, options)


def _group(name: str) -> str:
    return "Activations" if name == "softmax" else _GROUPS[KINDS[name].family]


def _pin(desk: LayersDesk, shown: Screen) -> tuple[int, Index]:
    """The pinned cell, or the nearest one that there is; another layer begins with a cell of its own."""
    stage, index = desk.pin or shown.pin
    shape = shown.shape(stage)
    if shape is None or len(shape) != len(index):
        stage, index = shown.pin
        shape = shown.shape(stage)
    assert shape is not None  # a screen has the stage that it pins
    return stage, tuple(min(max(at, 0), most - 1) for at, most in zip(index, shape, strict=True))
