"""What stands side by side on the Explore page: each column's heading, note and controls, in words and numbers.

Controls offer only what works on the input at hand, and say why the next value would not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnn_core import kernels
from pages.shared.chain import POOL, Chain, Step, fits, remedies
from pages.shared.describe import PLURALS, size
from pages.shared.experiment import CLASSES_LARGEST, GRID_LARGEST, PADDING_LARGEST, STRIDE_LARGEST, Experiment
from pages.shared.photo import LARGEST

_SIGNS = {"kernel": "∗", "conv": "=", "activation": "→", "pool": "→", "scores": "→", "probabilities": "→"}


def columns(chain: Chain) -> list[dict[str, Any]]:
    """What stands side by side on the screen: input, kernel, then every stage that has a view."""
    experiment = chain.experiment
    shown: list[dict[str, Any]] = [
        _column(
            "input", "map", "Input", size(experiment.input.shape), _input_note(experiment), _input_controls(experiment)
        ),
        _column("kernel", "kernel", "Kernel", "3 × 3", "drag, type or scroll", _kernel_controls(experiment)),
    ]
    for number, step in enumerate(chain.steps):
        if step.view is None:
            continue
        if chain.problem is not None and number >= chain.problem.position:
            shown.append(_missing(chain, number))
            continue
        output = chain.trace.stages[number].output
        vector = output.ndim == 2
        extent = f"{output.shape[1]} classes" if vector else size(output.shape[2:])
        title = _heading(step)
        note = _geometry(chain, number) if step.view in ("conv", "pool") else _word(step.view, chain)
        shown.append(
            _column(step.view, "bars" if vector else "map", title, extent, note, _step_controls(step.view, experiment))
        )
    return shown


def _heading(step: Step) -> str:
    """A vector of classes is headed by its plural, a map by its title."""
    plural = PLURALS.get(step.view or "")
    return plural.capitalize() if plural else step.title


def _column(view: str, kind: str, title: str, shape: str, note: str, controls: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "view": view,
        "kind": kind,
        "title": title,
        "shape": shape,
        "note": note,
        "controls": controls,
        "sign": _SIGNS.get(view, ""),
    }


def _missing(chain: Chain, number: int) -> dict[str, Any]:
    step, problem = chain.steps[number], chain.problem
    assert problem is not None
    first = number == problem.position
    fixes = [_fix(chain.experiment, other) for other in remedies(chain.experiment)] if first else []
    return {
        **_column(str(step.view), "missing", _heading(step), "", "", _step_controls(str(step.view), chain.experiment)),
        "why": f"{problem.sentence[0].upper()}{problem.sentence[1:]}."
        if first
        else f"Waits for {chain.steps[problem.position].title.lower()}.",
        "fixes": fixes,
    }


def _fix(experiment: Experiment, other: Experiment) -> dict[str, Any]:
    field = "padding" if other.padding != experiment.padding else "stride"
    value = getattr(other, field)
    return {"label": f"Use {field} {value}: the whole chain fits", "edit": {"op": field, "value": value}}


def _input_note(experiment: Experiment) -> str:
    photo = experiment.photo
    if experiment.source != "photo" or photo is None:
        return "Click a cell and type, or drag to draw"
    height, width = photo.original
    rows, columns_ = photo.pixels.shape
    return f"{photo.name}: {width} × {height} pixels, shown as {columns_} × {rows} in grey"


def _geometry(chain: Chain, number: int) -> str:
    """The output size with the numbers plugged in, one line where both axes agree."""
    stage = chain.trace.stages[number]
    before = chain.trace.values(stage.inputs[0])
    window = stage.layer.window(before.shape)
    if window is None:
        return ""
    lines = []
    for axis, name in enumerate(("rows", "columns")):
        length, out = before.shape[2 + axis], stage.output.shape[2 + axis]
        kernel, stride = window.kernel_size[axis], window.stride[axis]
        near, far = window.padding[axis]
        added = f" + 2·{far}" if near == far else f" + {near} + {far}"
        inner = f"{length}{added if near or far else ''} − {kernel}"
        whole = (length + near + far - kernel) % stride == 0
        lines.append((name, f"({inner}) / {stride} + 1 = {out}" if whole else f"⌊({inner}) / {stride}⌋ + 1 = {out}"))
    if lines[0][1] == lines[1][1]:
        return lines[0][1]
    return "\n".join(f"{name} {text}" for name, text in lines)


def _word(view: str, chain: Chain) -> str:
    if view == "activation":
        return "negative becomes 0"
    if view == "scores":
        inputs, outputs = (stage.output.shape[1] for stage in chain.trace.stages[-3:-1])
        return f"{inputs:,} × {outputs} seeded weights"
    return "add up to 1" if chain.experiment.head == "softmax" else "each on its own"


# ---- controls --------------------------------------------------------------------------------------------------


def _select(
    op: str, label: str, value: str, options: list[tuple[str, str, str | None]], hint: str = ""
) -> dict[str, Any]:
    listed = [{"value": value_, "label": text, "why": why} for value_, text, why in options]
    return {"kind": "select", "place": "top", "op": op, "label": label, "value": value, "options": listed, "hint": hint}


def _stepper(
    op: str, label: str, value: int, low: int, high: int, why: tuple[str, str], hint: str = ""
) -> dict[str, Any]:
    return {
        "kind": "stepper",
        "place": "bottom",
        "op": op,
        "label": label,
        "value": value,
        "low": low,
        "high": high,
        "why_low": why[0],
        "why_high": why[1],
        "hint": hint,
    }


def _button(kind: str, op: str, label: str, hint: str, place: str = "bottom") -> dict[str, Any]:
    return {"kind": kind, "place": place, "op": op, "label": label, "hint": hint}


def _input_controls(experiment: Experiment) -> list[dict[str, Any]]:
    no_photo = None if experiment.photo is not None else "Upload a photograph first"
    source = _select(
        "source",
        "Input",
        experiment.source,
        [("grid", "Numbers", None), ("photo", "Photograph", no_photo)],
    )
    upload = _button(
        "upload", "upload", "Upload…", "A photograph from this device: it never leaves this machine", "top"
    )
    if experiment.source == "photo" and experiment.photo is not None:
        size = {
            "kind": "range",
            "place": "bottom",
            "op": "photo_size",
            "label": "size",
            "value": experiment.photo.size,
            "low": experiment.photo.smallest,
            "high": LARGEST,
            "hint": "The longer side of the working copy, in pixels",
        }
        return [source, upload, size]
    rows, columns_ = experiment.grid.shape
    bounds = ("A grid has at least one cell", f"A grid has at most {GRID_LARGEST} cells a side")
    return [
        source,
        upload,
        _stepper("rows", "rows", rows, 1, GRID_LARGEST, bounds),
        _stepper("columns", "cols", columns_, 1, GRID_LARGEST, bounds),
        _button("button", "worked", "Worked example", "Back to the 5 × 5 grid and the settings this page opened with"),
        _button("button", "clear", "Clear", "Set every cell to 0"),
    ]


def _kernel_controls(experiment: Experiment) -> list[dict[str, Any]]:
    found = kernels.match(experiment.kernel)
    options: list[tuple[str, str, str | None]] = [(kernel.name, kernel.title, None) for kernel in kernels.LIBRARY]
    if found is None:
        options = [("own", "Your own", None), *options]
    strides = [stride for stride in range(1, STRIDE_LARGEST + 1) if fits(replace(experiment, stride=stride)) is None]
    paddings = [pad for pad in range(PADDING_LARGEST + 1) if fits(replace(experiment, padding=pad)) is None]
    return [
        _select("library", "Kernel", found.name if found else "own", options),
        _stepper(
            "stride",
            "stride",
            experiment.stride,
            1,
            max(strides, default=1),
            ("A stride of 0 would never move on", _why_not(experiment, "stride", max(strides, default=1) + 1)),
            "How far the window moves from one output cell to the next",
        ),
        _stepper(
            "padding",
            "padding",
            experiment.padding,
            min(paddings, default=0),
            max(paddings, default=PADDING_LARGEST),
            (
                _why_not(experiment, "padding", min(paddings, default=0) - 1),
                "With padding 3, windows at the rim would see nothing but zeros",
            ),
            "Zeros around the input, in cells on every side",
        ),
    ]


def _why_not(experiment: Experiment, field: str, value: int) -> str:
    """Why a setting is not offered."""
    if value < 0:
        return "Padding cannot be negative"
    if field == "stride" and value > STRIDE_LARGEST:
        return f"The largest stride here is {STRIDE_LARGEST}"
    changes: dict[str, Any] = {field: value}
    sentence = fits(replace(experiment, **changes))
    return f"With {field} {value}, {sentence}" if sentence else ""


def _step_controls(view: str, experiment: Experiment) -> list[dict[str, Any]]:
    if view == "pool":
        options: list[tuple[str, str, str | None]] = [
            ("max", f"Max {POOL} × {POOL}", None),
            ("average", f"Average {POOL} × {POOL}", None),
        ]
        return [_select("pooling", "Pooling", experiment.pooling, options)]
    if view == "scores":
        why = ("At least one class", f"At most {CLASSES_LARGEST} classes")
        classes = _stepper("classes", "classes", experiment.classes, 1, CLASSES_LARGEST, why)
        return [{**classes, "place": "top"}]
    if view == "probabilities":
        heads: list[tuple[str, str, str | None]] = [("softmax", "Softmax", None), ("sigmoid", "Sigmoid", None)]
        return [_select("head", "Last layer", experiment.head, heads)]
    return []
