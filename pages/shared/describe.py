"""A chain as the Explore component is told of it: stages, links, columns, controls, words.

The browser draws what stands here and derives no geometry: every origin, stride and extent comes from
``cnn_core.shapes`` through the layers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import (
    AvgPool2d,
    Conv2d,
    Explanation,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    ShapeError,
    Sigmoid,
    Softmax,
    kernels,
)
from cnn_core.layers import Layer
from pages.components.blob import identity
from pages.shared.chain import POOL, Chain, convolution, fits, remedies
from pages.shared.experiment import CLASSES_LARGEST, GRID_LARGEST, PADDING_LARGEST, STRIDE_LARGEST, Experiment
from pages.shared.photo import LARGEST

Arrays = dict[str, npt.NDArray[np.float64]]

_MOST_TERMS = 256  # a longer explanation is summed in the browser from the arrays it has

# The preview's rule for each layer kind it knows; any other kind waits for the server's arrays.
_PREVIEWS: dict[type[Layer], str] = {
    Conv2d: "window_sum",
    MaxPool2d: "window_max",
    AvgPool2d: "window_mean",
    ReLU: "relu",
    Sigmoid: "sigmoid",
    Softmax: "softmax",
    Linear: "affine",
    Flatten: "copy",
}
_REDUCES: dict[type[Layer], str] = {MaxPool2d: "max", AvgPool2d: "mean"}
_FORMULAS: dict[type[Layer], str] = {
    ReLU: "max(0, {x}) = {y}",
    Sigmoid: "1 / (1 + e^−({x})) = {y}",
    Softmax: "e^{x} / ({all}) = {y}",
}
_READS_EVERYTHING = (Linear, Softmax)

_PLURALS = {"scores": "scores", "probabilities": "probabilities"}
_SIGNS = {"kernel": "∗", "conv": "=", "activation": "→", "pool": "→", "scores": "→", "probabilities": "→"}


def class_names(count: int) -> list[str]:
    """Names for classes that have none: A, B, C."""
    return [chr(ord("A") + k) for k in range(count)]


def stages(chain: Chain) -> tuple[list[dict[str, Any]], Arrays]:
    """Every stage with its links, the input first as stage -1, and the arrays they name."""
    arrays: Arrays = {}
    photo = chain.experiment.source == "photo"
    described = [_given(chain.trace.input, chain.experiment, arrays)]
    for number, (stage, step) in enumerate(zip(chain.trace.stages, chain.steps, strict=False)):
        reads = stage.inputs[0]
        before = chain.trace.values(reads)
        names = class_names(stage.output.shape[1]) if step.view in ("scores", "probabilities") else None
        told = _computed(number, stage.layer, before, stage.output, arrays)
        # A window over a photograph is painted like the photograph, one over a feature map like a feature map.
        lens = "sequential" if reads == -1 and photo else "diverging"
        words = {
            "view": step.view,
            "title": step.title,
            "names": names,
            "plural": _PLURALS.get(step.view or ""),
            "lens": lens,
            "scale": _scale(step.view),
        }
        described.append({**told, **words, "reads": reads})
    return described, arrays


def gallery(experiment: Experiment) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Arrays, str | None]:
    """Every library kernel over the experiment's input, with its stride and padding.

    Returns:
        stages as :func:`stages` gives them, each reading the input; the cards that show them; the arrays; and, where
        no kernel fits the input, the sentence that says why.
    """
    arrays: Arrays = {}
    x = experiment.input[None, None]  # (H, W) -> (N, C, H, W)
    described = [_given(x, experiment, arrays)]
    size = _size(experiment.input.shape)
    cards: list[dict[str, Any]] = [{"view": "input", "title": "Input", "sentence": f"{size} cells, as in Explore."}]
    chosen = kernels.match(experiment.kernel)
    for number, kernel in enumerate(kernels.LIBRARY):
        layer = convolution(replace(experiment, kernel=kernel.weights))
        try:
            output = layer.forward(x)
        except ShapeError as error:
            return described, cards, arrays, str(error)
        told = _computed(number, layer, x, output, arrays)
        lens = "sequential" if experiment.source == "photo" else "diverging"
        words = {"view": kernel.name, "title": kernel.title, "names": None, "lens": lens, "scale": _scale("conv")}
        described.append({**told, **words, "reads": -1})
        card = {"view": kernel.name, "name": kernel.name, "title": kernel.title, "sentence": kernel.sentence}
        weights = {"weights": kernel.weights.ravel().tolist(), "columns": kernel.weights.shape[1]}
        cards.append({**card, **weights, "parts": kernel.parts, "current": chosen is kernel})
    return described, cards, arrays, None


def _given(x: npt.NDArray[Any], experiment: Experiment, arrays: Arrays) -> dict[str, Any]:
    """The input as a stage: nothing made it."""
    return {
        "stage": -1,
        "view": "input",
        "title": "Input",
        "rule": "input",
        "preview": None,
        "reads": None,
        "link": None,
        "reduce": None,
        "formula": None,
        "array": _keep(x, arrays),
        "weight": None,
        "bias": None,
        "names": None,
        "note": "An input cell: nothing was computed yet, this is the number the network was given.",
        "lens": None,
        "scale": _input_scale(experiment),
    }


def _computed(
    number: int, layer: Layer, before: npt.NDArray[Any], output: npt.NDArray[Any], arrays: Arrays
) -> dict[str, Any]:
    """What a layer tells of itself: its rule, how its cells read the stage before, and its numbers."""
    kind, parameters = type(layer), layer.params()
    return {
        "stage": number,
        "rule": "function" if kind in _FORMULAS else "sum",
        "preview": _PREVIEWS.get(kind),
        "link": link(layer, before.shape),
        "reduce": _REDUCES.get(kind),
        "formula": _FORMULAS.get(kind),
        "array": _keep(output, arrays),
        "weight": _keep(parameters["weight"], arrays) if "weight" in parameters else None,
        "bias": _keep(parameters["bias"], arrays) if "bias" in parameters else None,
    }


def _keep(array: npt.NDArray[Any], arrays: Arrays) -> str:
    values = np.asarray(array, dtype=np.float64)
    name = identity(values)
    arrays[name] = values
    return name


def link(layer: Layer, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """How a layer's cells read the stage before: the vocabulary of ``common/windows.js``."""
    window = layer.window(input_shape)
    if window is not None:
        return {
            "kind": "window",
            "origin": list(window.origin(0, 0)),
            "stride": list(window.stride),
            "dilation": list(window.dilation),
            "extent": list(window.kernel_size),
        }
    if isinstance(layer, Flatten):
        return {"kind": "reshape"}
    return {"kind": "all" if isinstance(layer, _READS_EVERYTHING) else "same"}


def _input_scale(experiment: Experiment) -> dict[str, Any]:
    return {"group": "input", "kind": "sequential", "domain": [0, 1] if experiment.source == "photo" else [0, 0]}


def _scale(view: str | None) -> dict[str, Any]:
    """Maps of one group share one scale: a colour means the same number before and after ReLU and pooling."""
    if view == "probabilities":
        return {"group": "probabilities", "kind": "sequential", "domain": [0, 1]}
    if view == "scores":
        return {"group": "scores", "kind": "diverging", "domain": [0, 0]}
    return {"group": "maps", "kind": "signed", "domain": [0, 0]}


def explanation(asked: Explanation) -> dict[str, Any] | None:
    """The core's explanation of a cell, or None where it is too long to send."""
    if len(asked.terms) > _MOST_TERMS:
        return None
    return {
        "stage": asked.stage,
        "index": list(asked.index),
        "rule": asked.rule,
        "value": asked.value,
        "terms": [
            {
                "stage": term.stage,
                "index": None if term.index is None else list(term.index),
                # A padding cell of max pooling holds −inf, which JSON has no word for and the screen shows as blank.
                "value": term.value if np.isfinite(term.value) else 0.0,
                "weight": term.weight,
                "product": term.product,
            }
            for term in asked.terms
        ],
        "bias": asked.bias,
        "total": asked.total,
        "residual": asked.residual,
        "formula": asked.formula,
    }


def columns(chain: Chain) -> list[dict[str, Any]]:
    """What stands side by side on the screen: input, kernel, then every stage that has a view."""
    experiment = chain.experiment
    shown: list[dict[str, Any]] = [
        _column(
            "input", "map", "Input", _size(experiment.input.shape), _input_note(experiment), _input_controls(experiment)
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
        size = f"{output.shape[1]} classes" if vector else _size(output.shape[2:])
        title = _PLURALS.get(step.view, step.title).capitalize() if vector else step.title
        note = _geometry(chain, number) if step.view in ("conv", "pool") else _word(step.view, chain)
        shown.append(
            _column(step.view, "bars" if vector else "map", title, size, note, _step_controls(step.view, experiment))
        )
    return shown


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
        **_column(str(step.view), "missing", step.title, "", "", _step_controls(str(step.view), chain.experiment)),
        "why": problem.sentence if first else f"Waits for {chain.steps[problem.position].title.lower()}.",
        "fixes": fixes,
    }


def _fix(experiment: Experiment, other: Experiment) -> dict[str, Any]:
    field = "padding" if other.padding != experiment.padding else "stride"
    value = getattr(other, field)
    return {"label": f"Use {field} {value}", "edit": {"op": field, "value": value}}


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} × {shape[1]}"


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
        size, out = before.shape[2 + axis], stage.output.shape[2 + axis]
        kernel, stride = window.kernel_size[axis], window.stride[axis]
        before_, after = window.padding[axis]
        added = f" + 2·{after}" if before_ == after else f" + {before_} + {after}"
        inner = f"{size}{added if before_ or after else ''} − {kernel}"
        whole = (size + before_ + after - kernel) % stride == 0
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
