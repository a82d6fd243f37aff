"""A traced chain as the components are told of it: stages, links and numbers.

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
from cnn_core.shapes import ReceptiveField
from pages.components.blob import identity
from pages.shared.chain import Chain, convolution
from pages.shared.experiment import Experiment

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

PLURALS = {"scores": "scores", "probabilities": "probabilities"}


def class_names(count: int) -> list[str]:
    """Names for classes that have none: A, B, C."""
    return [chr(ord("A") + k) for k in range(count)]


def size(shape: tuple[int, ...]) -> str:
    """A plane's size as the screen writes it: rows × columns."""
    return f"{shape[0]} × {shape[1]}"


def stages(chain: Chain) -> tuple[list[dict[str, Any]], Arrays]:
    """Every stage with its links, the input first as stage -1, and the arrays they name."""
    arrays: Arrays = {}
    photo = chain.experiment.source == "photo"
    described = [_given(chain.trace.input, chain.experiment, arrays)]
    fields = [row.receptive_field for row in chain.network.summary(chain.trace.input.shape)]
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
            "plural": PLURALS.get(step.view or ""),
            "lens": lens,
            "scale": _scale(step.view),
            "field": _field(fields[number]),
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
    cards: list[dict[str, Any]] = [
        {"view": "input", "title": "Input", "sentence": f"{size(experiment.input.shape)} cells, as in Explore."}
    ]
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
        "field": _field(ReceptiveField()),
    }


def _field(field: ReceptiveField | None) -> dict[str, Any] | None:
    """Where a map lies over the input: the vocabulary of ``common/viewport.js``."""
    if field is None:
        return None
    centre = [start + (size - 1) / 2 for start, size in zip(field.start, field.size, strict=True)]
    return {"jump": list(field.jump), "centre": centre}


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
