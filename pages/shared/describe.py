"""A traced chain as the components are told of it: stages, links and numbers.

The browser draws what stands here and derives no geometry: every origin, stride and extent comes from
``cnn_core.shapes`` through the layers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cnn_core import (
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Explanation,
    Flatten,
    Gradients,
    LeakyReLU,
    Linear,
    LPPool2d,
    MaxPool2d,
    ReLU,
    ShapeError,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    Trace,
    kernels,
)
from cnn_core.images import LUMA
from cnn_core.layers import Layer
from cnn_core.rational import common_denominator
from cnn_core.shapes import Pair, ReceptiveField, Window, padding_sources
from pages.components.blob import identity
from pages.shared.chain import Chain, convolution
from pages.shared.experiment import Experiment
from pages.shared.from_explore import input_of
from pages.shared.sees import Told, sees

Arrays = dict[str, npt.NDArray[np.float64]]

_GALLERY_SIDE = 224  # cells of an input under every kernel: two dozen maps of it are sent, to be drawn at 208 px
_MOST_TERMS = 256  # a longer explanation is summed in the browser from the arrays it has

# The preview's rule for each layer kind it knows; any other kind waits for the server's arrays.
_PREVIEWS: dict[type[Layer], str] = {
    Conv2d: "window_sum",
    MaxPool2d: "window_max",
    AvgPool2d: "window_mean",
    AdaptiveMaxPool2d: "window_max",
    AdaptiveAvgPool2d: "window_mean",
    ReLU: "relu",
    LeakyReLU: "leaky_relu",
    Sigmoid: "sigmoid",
    Tanh: "tanh",
    Softmax: "softmax",
    Linear: "affine",
    Flatten: "copy",
}
_REDUCES: dict[type[Layer], str] = {
    MaxPool2d: "max",
    AvgPool2d: "mean",
    LPPool2d: "norm",
    AdaptiveMaxPool2d: "max",
    AdaptiveAvgPool2d: "mean",
}
# Of two, the first holds where x is above 0.
_FORMULAS: dict[type[Layer], str | list[str]] = {
    ReLU: "max(0, {x}) = {y}",
    LeakyReLU: ["{x} > 0, so f({x}) = {y}", "{x} ≤ 0, so f({x}) = {parameter} × {(x)} = {y}"],
    Tanh: "tanh({x}) = {y}",
    Sigmoid: "1 / (1 + e^−({x})) = {y}",
    Softplus: "log(1 + e^({parameter} × {(x)})) / {parameter} = {y}",
    GELU: "{x} / 2 × (1 + erf({x} / √2)) = {y}",
    Softmax: "e^{x} / ({all}) = {y}",
    LPPool2d: "the root of the sum of all squares = {y}",
}
COLOURED = ["R", "G", "B"]  # the planes of an input in colour

_READS_EVERYTHING = (Linear, Softmax)

NOISE = 1e-12  # of the largest number that another is made of in double: what is no larger is left of rounding
# Layers whose number is one of those before, a mean of them, or about as large.
_PASSING = (ReLU, LeakyReLU, Tanh, MaxPool2d, AvgPool2d, AdaptiveMaxPool2d, AdaptiveAvgPool2d, Flatten)

PLURALS = {"flat": "flattened values", "scores": "scores", "probabilities": "probabilities"}


def size(shape: tuple[int, ...]) -> str:
    """A plane's size as the screen writes it: rows × columns."""
    return f"{shape[0]} × {shape[1]}"


def counted(count: int, one: str, many: str = "") -> str:
    """A number and what it counts."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def geometry_words(window: Window, plane: Pair, output: Pair) -> str:
    """The output size with the numbers plugged in, one line where both axes agree.

    Args:
        window: what slides.
        plane: rows and columns it slides over.
        output: rows and columns it gives.
    """
    lines = []
    for axis, name in enumerate(("rows", "columns")):
        length, out = plane[axis], output[axis]
        extent, stride, dilation = window.extent[axis], window.stride[axis], window.dilation[axis]
        near, far = window.padding[axis]
        added = f" + 2·{far}" if near == far else f" + {near} + {far}"
        reach = f"{extent}" if dilation == 1 else f"({dilation}·{window.kernel_size[axis] - 1} + 1)"
        inner = f"{length}{added if near or far else ''} − {reach}"
        whole = (length + near + far - extent) % stride == 0
        low, high = "⌈⌉" if window.ceil_mode else "⌊⌋"
        line = f"({inner}) / {stride} + 1" if whole else f"{low}({inner}) / {stride}{high} + 1"
        # A last window that would begin in the padding does not count.
        beyond = window.ceil_mode and not whole and out != -(-(length + near + far - extent) // stride) + 1
        lines.append((name, f"{line}{' − 1' if beyond else ''} = {out}"))
    if lines[0][1] == lines[1][1]:
        return lines[0][1]
    return "\n".join(f"{name} {line}" for name, line in lines)


def spread_words(stamp: Window, plane: Pair, output: Pair, added: Pair = (0, 0)) -> str:
    """The output size of a transposed convolution with the numbers plugged in.

    Args:
        stamp: what each input cell lays onto the output.
        plane: rows and columns of the input.
        output: rows and columns it gives.
        added: its output padding, down and across.
    """
    lines = []
    for axis, name in enumerate(("rows", "columns")):
        cut = sum(stamp.padding[axis])
        less = (f" − {cut}" if cut else "") + (f" + {added[axis]}" if added[axis] else "")
        lines.append(
            (name, f"({plane[axis]} − 1) · {stamp.stride[axis]} + {stamp.extent[axis]}{less} = {output[axis]}")
        )
    if lines[0][1] == lines[1][1]:
        return lines[0][1]
    return "\n".join(f"{name} {line}" for name, line in lines)


def stages(chain: Chain) -> tuple[list[dict[str, Any]], Arrays]:
    """Every stage with its links, the input first as stage -1, and the arrays they name."""
    arrays: Arrays = {}
    experiment = chain.experiment
    described = [_input(chain.trace.input, experiment, arrays)]
    fields = [row.receptive_field for row in chain.network.summary(chain.trace.input.shape)]
    fields_seen = sees(chain.trace)
    signed = _signed(experiment)
    for number, (stage, step) in enumerate(zip(chain.trace.stages, chain.steps, strict=False)):
        reads = stage.inputs[0]
        before = chain.trace.values(reads)
        told = computed(number, stage.layer, before, stage.output, arrays, described[-1].get("dust", 0.0))
        classes = range(stage.output.shape[1]) if step.view in ("scores", "probabilities") else None
        # A window over a photograph is painted like the photograph, one over a feature map like a feature map.
        lens = "sequential" if reads == -1 and experiment.on_photo else "diverging"
        words = {
            "view": step.view,
            "title": step.title,
            "names": None if classes is None else [experiment.class_name(k) for k in classes],
            "plural": PLURALS.get(step.view),
            "planes": _planes(stage.output, experiment),
            "lens": lens,
            "scale": _scale(step.view, signed),
            "field": field_of(fields[number]),
            "sees": _seen(fields_seen[number], arrays),
        }
        described.append({**told, **words, "reads": reads})
        window = stage.layer.window(before.shape)
        if window is not None:
            described[-2]["ring"] = [side for axis in window.padding for side in axis]
    return described, arrays


def _seen(told: Told | None, arrays: Arrays) -> list[str] | None:
    """The names of what a stage's rows and columns see of the input."""
    return None if told is None else [keep(lines, arrays) for lines in told]


def _planes(output: npt.NDArray[Any], experiment: Experiment) -> list[str] | None:
    """What tells the planes of a stage's maps apart, or None where there is only one."""
    if output.ndim != 4 or output.shape[1] == 1:
        return None
    return [map_label(experiment, k) for k in range(output.shape[1])]


def map_label(experiment: Experiment, output: int) -> str:
    """What tells a kernel and its maps from the others: its name, with its number where two have the same name."""
    names = [kernel_label(experiment, k) for k in range(experiment.bank.shape[0])]
    own = names[output]
    # One that has only its number for a name needs no second one.
    numbered = len(set(names)) < len(names) and own != _by_number(output)
    return f"{output + 1} {own}" if numbered else own


def kernel_label(experiment: Experiment, output: int) -> str:
    """A kernel's short name: the visitor's, the library's, or its number."""
    found = recognised(experiment, output)
    return experiment.kernel_names[output] or (found.title if found else _by_number(output))


def names_kept(experiment: Experiment) -> str:
    """Which names have no class to name, as a sentence; "" where each has one."""
    kept = [name for name in experiment.class_names[experiment.classes :] if name]
    if not kept:
        return ""
    count = f"are {experiment.classes} classes" if experiment.classes > 1 else "is 1 class"
    return f"There {count}: {', '.join(kept)} {'is' if len(kept) == 1 else 'are'} kept for when there are more."


def _by_number(output: int) -> str:
    return f"kernel {output + 1}"


def recognised(experiment: Experiment, output: int) -> kernels.Kernel | None:
    """The library kernel that a kernel of the bank is, a rim of zeros aside; None where its planes differ."""
    planes = experiment.bank[output]
    if not all(np.array_equal(plane, planes[0]) for plane in planes[1:]):
        return None
    # Zeros without a sign: −0 and 0 are the same weight, and other bytes.
    return _in_library(experiment.kernel_size, (np.asarray(planes[0], np.float64) + 0.0).tobytes())


@lru_cache(maxsize=256)
def _in_library(size: Pair, weights: bytes) -> kernels.Kernel | None:
    """The library kernel of that size with these weights: each message asks for it several times."""
    plane = np.frombuffer(weights).reshape(size)
    for kernel in kernels.LIBRARY:
        fits = all(own <= most for own, most in zip(kernel.weights.shape, size, strict=True))
        if fits and np.array_equal(kernels.resized(kernel.weights, size), plane):
            return kernel
    return None


def add_gradients(described: list[dict[str, Any]], found: Gradients, arrays: Arrays) -> None:
    """Name each stage's gradient beside its numbers, and its weights'; a stage behind the target has none."""
    for stage in described:
        number = stage["stage"]
        gradient = found.input if number < 0 else found.stages[number]
        stage["gradient"] = None if gradient is None else keep(gradient, arrays)
        for name in ("weight", "bias"):
            own = None if gradient is None else found.params.get(f"{number}.{name}")
            stage[f"{name}_gradient"] = None if own is None else keep(own, arrays)


class Gallery(NamedTuple):
    """Every library kernel over one input.

    Attributes:
        stages: as :func:`stages` gives them, each reading the input.
        cards: that show them.
        arrays: the numbers that both name.
        problem: where no kernel fits the input, the sentence that says why.
    """

    stages: list[dict[str, Any]]
    cards: list[dict[str, Any]]
    arrays: Arrays
    problem: str | None


# What is said of a kernel holds of one plane: a sum of 1 makes an average of it, and of three planes three times that.
ADDED = "Over red + green + blue"
ADDED_UP = "Of a picture in colour red, green and blue are each met by the same weights, and the three maps are added."


def gallery(experiment: Experiment) -> Gallery:
    """Every library kernel over the experiment's input, with its stride and padding; over a large one made smaller."""
    arrays: Arrays = {}
    planes = input_of(experiment, _GALLERY_SIDE)
    x = planes[None]  # (C, H, W) -> (N, C, H, W)
    described = [_input(x, experiment, arrays)]
    sides = (planes.shape[1], planes.shape[2])
    whence = "as in Explore" if sides == experiment.plane else f"made smaller from {size(experiment.plane)} in Explore"
    told = f"{size(sides)} cells, {whence}.{' ' + ADDED_UP if len(planes) > 1 else ''}"
    cards: list[dict[str, Any]] = [{"view": "input", "title": "Input", "sentence": told}]
    chosen, problem = recognised(experiment, 0), None
    for number, kernel in enumerate(kernels.LIBRARY):
        alone = replace(experiment, bank=kernel.weights[None, None], bias=np.zeros(1), kernel_names=("",))
        layer = convolution(alone)
        try:
            output = layer.forward(x)
        except ShapeError as error:
            problem = problem or str(error)
            continue  # a larger kernel than this input has room for
        made = computed(number, layer, x, output, arrays)
        lens = "sequential" if experiment.on_photo else "diverging"
        words = {"view": kernel.name, "title": kernel.title, "names": None, "planes": None, "lens": lens}
        field = field_of(ReceptiveField().through(layer.window(x.shape)))
        described.append({**made, **words, "scale": _scale("conv", signed=False), "field": field, "reads": -1})
        sentence = f"{ADDED}: {kernel.sentence}" if len(planes) > 1 else kernel.sentence
        card = {"view": kernel.name, "name": kernel.name, "title": kernel.title, "sentence": sentence}
        plane = kernel.weights.ravel().tolist()
        weights = {"weights": plane, "columns": kernel.weights.shape[1], "counted": common_denominator(plane)}
        about = {"parts": kernel.parts, "family": kernel.family, "current": chosen is kernel}
        cards.append({**card, **weights, **about})
    return Gallery(described, cards, arrays, problem if len(cards) == 1 else None)


def _input(x: npt.NDArray[Any], experiment: Experiment, arrays: Arrays) -> dict[str, Any]:
    """The experiment's input as a stage."""
    return given(x, arrays, _input_scale(experiment), COLOURED if x.shape[1] == 3 else None)


def given(
    x: npt.NDArray[Any], arrays: Arrays, scale: dict[str, Any], planes: list[str] | None = None
) -> dict[str, Any]:
    """An input as a stage: nothing made it; ``planes`` tells its channels apart, and ``luma`` a colour's brightness."""
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
        "array": keep(x, arrays),
        "weight": None,
        "bias": None,
        "names": None,
        "note": "An input cell: nothing was computed yet, this is the number the network was given.",
        "lens": None,
        "scale": scale,
        "field": field_of(ReceptiveField()),
        "planes": planes,
        "luma": LUMA.tolist() if planes == COLOURED else None,
        "ring": [0, 0, 0, 0],
        "gradient": None,
        "parameter": None,
    }


def field_of(field: ReceptiveField | None) -> dict[str, Any] | None:
    """Where a map lies over the input: the vocabulary of ``common/viewport.js``."""
    if field is None:
        return None
    centre = [start + (size - 1) / 2 for start, size in zip(field.start, field.size, strict=True)]
    return {"jump": list(field.jump), "centre": centre}


def computed(
    number: int,
    layer: Layer,
    before: npt.NDArray[Any],
    output: npt.NDArray[Any],
    arrays: Arrays,
    dust: float = 0.0,
) -> dict[str, Any]:
    """What a layer tells of itself: its rule, how its cells read the stage before, and its numbers.

    Args:
        number: of the stage.
        layer: what computes it.
        before: the stage that it reads.
        output: what it made of that.
        arrays: what is sent, added to.
        dust: up to which size a number of the stage before may be all that rounding left of a 0.
    """
    kind, parameters = type(layer), layer.params()
    counted = _counted(layer, before.shape)
    return {
        "stage": number,
        "rule": "function" if kind in _FORMULAS else "sum",
        "preview": None if counted is not None or _heated(layer) else _PREVIEWS.get(kind),
        "link": link(layer, before.shape),
        "reduce": _REDUCES.get(kind),
        "counted": None if counted is None else keep(counted, arrays),
        "formula": _formula(layer),
        "parameter": _parameter(layer),
        "ring": [0, 0, 0, 0],
        "gradient": None,
        "array": keep(output, arrays),
        "dust": _dust(layer, before, dust),
        "weight": keep(parameters["weight"], arrays) if "weight" in parameters else None,
        "bias": keep(parameters["bias"], arrays) if "bias" in parameters else None,
    }


def _dust(layer: Layer, before: npt.NDArray[Any], passed: float) -> float:
    """Up to which size a layer's number may be all that rounding left of a 0: of its sums, or ``passed`` on by it."""
    if isinstance(layer, Conv2d | ConvTranspose2d | Linear):
        largest = [float(np.abs(numbers).max(initial=0.0)) for numbers in (before, layer.weight)]
        return NOISE * largest[0] * largest[1]
    return passed if isinstance(layer, _PASSING) else 0.0


def _formula(layer: Layer) -> str | list[str] | None:
    """A function's rule, with places for its numbers, or its two; None where the core's own words have to do."""
    if isinstance(layer, GELU) and layer.approximate == "tanh":
        return "{x} / 2 × (1 + tanh(√(2 / π) × ({x} + 0.044715 × {(x)}³))) = {y}"
    return None if _heated(layer) else _FORMULAS.get(type(layer))


def _heated(layer: Layer) -> bool:
    """Whether a layer is a softmax of another temperature than 1, which neither preview nor formula know."""
    return isinstance(layer, Softmax) and layer.temperature != 1


def _parameter(layer: Layer) -> float | None:
    """The one setting that a layer's formula and its preview need."""
    if isinstance(layer, LeakyReLU):
        return layer.negative_slope
    return layer.beta if isinstance(layer, Softplus) else None


def _counted(layer: Layer, input_shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """How many cells each window of a mean or a norm counts, where it is not all of them."""
    if not isinstance(layer, AvgPool2d | LPPool2d):
        return None
    counted = layer.counted(input_shape)
    return None if (counted == layer.kernel_size[0] * layer.kernel_size[1]).all() else counted


def keep(array: npt.NDArray[Any], arrays: Arrays) -> str:
    """Put an array among those that are sent; its name."""
    values = np.asarray(array, dtype=np.float64)
    name = identity(values)
    arrays[name] = values
    return name


def link(layer: Layer, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """How a layer's cells read the stage before: the vocabulary of ``common/windows.js``."""
    if isinstance(layer, ConvTranspose2d):
        return _slid("spread", layer.stamp(input_shape), layer.groups)
    window = layer.window(input_shape)
    if window is not None:
        told = _slid("window", window, layer.groups if isinstance(layer, Conv2d) else 1)
        if isinstance(layer, Conv2d) and layer.padding_mode != "zeros" and any(map(any, window.padding)):
            size = (input_shape[2], input_shape[3])
            told["shown"] = list(padding_sources(window.padding, size, layer.padding_mode))
        return told
    if isinstance(layer, Flatten):
        return {"kind": "reshape"}
    return {"kind": "all" if isinstance(layer, _READS_EVERYTHING) else "same"}


def _slid(kind: str, window: Window, groups: int) -> dict[str, Any]:
    told = {
        "kind": kind,
        "origin": list(window.origin(0, 0)),
        "stride": list(window.stride),
        "dilation": list(window.dilation),
        "extent": list(window.kernel_size),
    }
    return {**told, "groups": groups} if groups > 1 else told


def _input_scale(experiment: Experiment) -> dict[str, Any]:
    # Numbers within [0, 1] may have been a photograph's: the maps they make are scaled 0-1 then, and so are they.
    picture = experiment.on_photo or bool(((experiment.input >= 0) & (experiment.input <= 1)).all())
    return {"group": "input", "kind": "sequential", "domain": [0, 1] if picture else [0, 0]}


def _signed(experiment: Experiment) -> bool:
    """Whether a feature map can hold numbers below zero, by what makes it: no edit of a cell has all colours change."""
    made_of = (experiment.weight, experiment.bias, experiment.input)
    return any(bool((numbers < 0).any()) for numbers in made_of)


def _scale(view: str | None, signed: bool) -> dict[str, Any]:
    """Maps of one group share one scale: a colour means the same number before and after ReLU and pooling.

    A group that can hold no negative number is of pictures, and looks like them.
    """
    if view == "probabilities":
        return {"group": "probabilities", "kind": "sequential", "domain": [0, 1]}
    if view == "scores":
        return {"group": "scores", "kind": "diverging", "domain": [0, 0]}
    return {"group": "maps", "kind": "signed", "domain": [0, 0], "negative": signed}


def explanation(trace: Trace, stage: int, index: tuple[int, ...]) -> dict[str, Any] | None:
    """The core's explanation of a cell, or None where it is too long to send: then it is not even made."""
    return None if trace.fan_in(stage, index) > _MOST_TERMS else told(trace.explain(stage, index))


def told(asked: Explanation) -> dict[str, Any]:
    """The core's explanation of a number, as ``common/model.js`` knows it."""
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
        "rest": {"count": asked.rest[0], "product": asked.rest[1]},
    }
