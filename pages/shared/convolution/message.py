"""What the convolution laboratory's component is sent: the laboratory, carried out, described and packed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import ConvTranspose2d
from cnn_core.layers import Layer
from cnn_core.shapes import ReceptiveField
from pages.components.blob import identity, pack
from pages.shared import describe
from pages.shared.convolution.columns import columns
from pages.shared.convolution.desk import ConvolutionDesk
from pages.shared.convolution.laboratory import Laboratory, Run, layer, parts, sides_of
from pages.shared.edits.checked import VALUE_LIMIT
from pages.shared.message import link_of
from pages.shared.session import Session

OUTPUT, RELU, ALONE, KEPT, DIFFERENCE = 0, 1, 2, 3, 4  # stages; the input is -1

_FIRST_PIN = (OUTPUT, (0, 0, 1, 1))


def convolution_message(session: Session) -> bytes:
    """The message for the laboratory's component."""
    desk = session.convolution
    run = desk.run
    output = min(desk.output, run.laboratory.operation.outputs - 1)
    arrays: describe.Arrays = {}
    stages = _stages(run, arrays)
    pin = _pin(desk)
    weight = run.laboratory.operation.sliding
    arrays[identity(weight)] = weight
    header: dict[str, Any] = {
        "session": desk.identity,
        "revision": desk.revision,
        "uploads": 0,
        "stages": stages,
        "kernel": {"stage": OUTPUT, "array": identity(weight)},
        "output": output,
        "limit": VALUE_LIMIT,
        "brush": {"kind": "grid", "value": 9, "step": 1, "low": -VALUE_LIMIT, "high": VALUE_LIMIT, "radius": 0},
        "pin": {"stage": pin[0], "index": list(pin[1])},
        "pin_count": desk.pin_count,
        "explanation": _explanation(run, *pin),
        "exact": _exact(run.laboratory),
        "history": {"undo": desk.can_undo(), "redo": desk.can_redo()},
        "notice": desk.notice,
        "link": link_of(session, "convolution"),
    }
    return pack(header, arrays, desk.have, {"columns": columns(run, output)})


def convolution_glimpse(session: Session, wanted: Collection[int]) -> bytes:
    """What the laboratory waits for while a gesture lasts: the values of some stages."""
    arrays: describe.Arrays = {}
    stages = [stage for stage in _stages(session.convolution.run, arrays) if stage["stage"] in wanted]
    told = [{"stage": stage["stage"], "array": stage["array"]} for stage in stages]
    return pack({"stages": told}, {stage["array"]: arrays[stage["array"]] for stage in told}, ())


def _exact(laboratory: Laboratory) -> dict[str, int] | None:
    """In which parts numbers are counted where they are written as fractions; None for decimals."""
    counted = parts(laboratory) if laboratory.exact else None
    return None if counted is None else counted._asdict()


def _explanation(run: Run, stage: int, index: tuple[int, ...]) -> dict[str, Any] | None:
    """The core's explanation of a cell; None for a difference, whose two terms are on screen."""
    traced = {ALONE: run.alone, KEPT: run.kept, DIFFERENCE: None}.get(stage, run.trace)
    if traced is None:
        return None
    told = describe.explanation(traced, 0 if stage in (ALONE, KEPT) else stage, index)
    return None if told is None else {**told, "stage": stage}


def _stages(run: Run, arrays: describe.Arrays) -> list[dict[str, Any]]:
    laboratory = run.laboratory
    operation = laboratory.operation
    x = run.trace.input
    channels = [f"channel {c}" for c in range(laboratory.channels)]
    outputs = [f"channel {o}" for o in range(operation.outputs)]
    shares = _share_names(run)
    scale = {"group": "input", "kind": "signed", "domain": [0, 0]}
    given = describe.given(x, arrays, scale, channels if len(channels) > 1 else None)
    given["ring"] = [side for axis in sides_of(operation, laboratory.plane) for side in axis]
    field = _field(layer(operation), x.shape)
    maps = {"group": "maps", "kind": "diverging", "domain": [0, 0]}

    def told(number: int, made: Layer, view: str, title: str, planes: list[str], output: Any, reads: int) -> Any:
        before = run.trace.values(reads)
        words = {"view": view, "title": title, "names": None, "plural": None, "lens": "diverging", "reads": reads}
        named = planes if len(planes) > 1 else None
        found = {"planes": named, "scale": maps, "field": field}
        computed = describe.computed(number, made, before, output, arrays)
        if isinstance(made, ConvTranspose2d):
            # The page has every kernel's weights output channel by output channel.
            computed["weight"] = describe.keep(_by_output(made), arrays)
        return {**computed, **words, **found}

    first = run.trace.stages[0]
    stages = [given, told(OUTPUT, first.layer, "output", "Output", outputs, first.output, -1)]
    if laboratory.relu:
        second = run.trace.stages[1]
        stages.append(told(RELU, second.layer, "relu", "ReLU", outputs, second.output, OUTPUT))
    alone = run.alone.stages[0]
    stages.append(told(ALONE, alone.layer, "alone", "Alone", shares, alone.output, -1))
    if run.kept is not None:
        kept = run.kept.stages[0]
        names = [f"channel {o}" for o in range(kept.output.shape[1])]
        over = _field(kept.layer, x.shape)
        stages.append({**told(KEPT, kept.layer, "kept", "Kept", names, kept.output, -1), "field": over})
    if run.difference is not None:
        # No layer makes it: the page tells its two terms, and waits for it while a weight is dragged.
        output = stages[1]
        array = describe.keep(run.difference, arrays)
        alike = {"stage": DIFFERENCE, "view": "difference", "title": "Difference", "reads": OUTPUT, "array": array}
        stages.append({**output, **alike, "link": {"kind": "same"}, "preview": None, "weight": None, "bias": None})
    return stages


def _by_output(made: ConvTranspose2d) -> npt.NDArray[Any]:
    """The weights as a convolution has them, ``(O, C / groups, KH, KW)``."""
    inputs, each, *size = made.weight.shape
    # (C, O / groups, ...) -> (groups, C / groups, O / groups, ...) -> (O, C / groups, ...)
    grouped = made.weight.reshape(made.groups, inputs // made.groups, each, *size).swapaxes(1, 2)
    return np.ascontiguousarray(grouped).reshape(made.groups * each, -1, *size)


def _field(made: Layer, shape: tuple[int, ...]) -> dict[str, Any] | None:
    """Where a map lies over the input; of a transposed convolution, whose cells lie closer, in fractions."""
    if not isinstance(made, ConvTranspose2d):
        window = made.window(shape)
        return None if window is None else describe.field_of(ReceptiveField().through(window))
    stamp = made.stamp(shape)
    middle = [(stamp.padding[axis][0] - (stamp.extent[axis] - 1) / 2) / stamp.stride[axis] for axis in (0, 1)]
    return {"jump": [1 / step for step in stamp.stride], "centre": middle}


def _share_names(run: Run) -> list[str]:
    """The maps of :func:`pages.shared.convolution.laboratory.partial`, in its order."""
    operation = run.laboratory.operation
    each, deep = operation.outputs // operation.groups, operation.weight.shape[1]
    names = []
    for channel in range(operation.inputs):
        for k in range(each):
            into = f" for output {channel // deep * each + k}" if operation.outputs > 1 else ""
            names.append(f"channel {channel}{into}")
    return names


def _pin(desk: ConvolutionDesk) -> tuple[int, tuple[int, ...]]:
    """The pinned cell, or the nearest one that there is."""
    run = desk.run
    stage, index = desk.pin or _FIRST_PIN
    shapes = {-1: run.trace.input.shape, ALONE: run.alone.output.shape}
    if run.kept is not None:
        shapes[KEPT] = run.kept.output.shape
    if run.difference is not None:
        shapes[DIFFERENCE] = run.difference.shape
    shapes |= dict(enumerate(each.output.shape for each in run.trace.stages))
    if stage not in shapes:
        stage = OUTPUT
    index = (*index, 0, 0, 0, 0)[:4]
    return stage, tuple(min(max(at, 0), most - 1) for at, most in zip(index, shapes[stage], strict=True))
