"""From an experiment to the network that computes it: as many layers as fit, and why the next one does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core import (
    AvgPool2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Sigmoid,
    Softmax,
    Tanh,
    Trace,
)
from cnn_core.layers import Layer
from cnn_core.shapes import window
from pages.shared.experiment import Experiment, FloatArray, Pair, Sides, read_only

Shape = tuple[int, ...]

ACTIVATION_TITLES = {"relu": "ReLU", "leaky_relu": "Leaky ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh"}


@dataclass(frozen=True)
class Step:
    """One layer of the chain and how the screen calls it.

    Attributes:
        view: the view that shows it.
        title: its heading.
        make: builds the layer for an input shape.
    """

    view: str
    title: str
    make: Callable[[Shape], Layer]


@dataclass(frozen=True)
class Problem:
    """Why the chain stops early.

    Attributes:
        position: which step does not fit.
        sentence: the core's own words.
    """

    position: int
    sentence: str

    @property
    def words(self) -> str:
        """The sentence as the screen has it: the core names a setting as Python writes it, here it is a control."""
        plain = self.sentence.replace("=", " ")
        return f"{plain[0].upper()}{plain[1:]}."


@dataclass(frozen=True)
class Chain:
    """An experiment carried out.

    Attributes:
        experiment: what was asked.
        steps: every step of the chain, also those that did not fit.
        network: the layers that fit.
        trace: the network's run over the input.
        problem: why the chain stops early, or None.
    """

    experiment: Experiment
    steps: tuple[Step, ...]
    network: Sequential
    trace: Trace
    problem: Problem | None


def convolution(experiment: Experiment) -> Conv2d:
    """The experiment's bank of kernels as a layer for its input."""
    weight = experiment.weight
    layer = Conv2d(
        weight.shape[1],
        weight.shape[0],
        experiment.kernel_size,
        stride=experiment.stride,
        padding=experiment.padding,
        dilation=experiment.dilation,
    )
    layer.weight = np.ascontiguousarray(weight)
    layer.bias = experiment.bias
    return layer


def padding_of(experiment: Experiment) -> Sides:
    """The padding of the convolution in cells, side by side: what "same" amounts to, where it is that."""
    if not isinstance(experiment.padding, str):
        return experiment.padding
    spread: dict[str, Any] = {"stride": experiment.stride, "dilation": experiment.dilation}
    return window(experiment.kernel_size, **spread, padding=experiment.padding, input_size=experiment.plane).padding


def _activation(experiment: Experiment) -> Layer:
    if experiment.activation == "leaky_relu":
        return LeakyReLU(experiment.slope)
    if experiment.activation == "sigmoid":
        return Sigmoid()
    return Tanh() if experiment.activation == "tanh" else ReLU()


def _pooling(experiment: Experiment) -> Layer:
    kind = MaxPool2d if experiment.pooling == "max" else AvgPool2d
    return kind(experiment.pool_size, stride=experiment.pool_stride, padding=experiment.pool_padding)


def _classifier(experiment: Experiment, features: int) -> Linear:
    """Seeded weights, and over them those that were changed by hand for this number of features."""
    layer = Linear(features, experiment.classes, rng=np.random.default_rng(experiment.seed))
    weight, bias = layer.weight.astype(np.float64), layer.bias.astype(np.float64)
    if experiment.dense_features == features:
        for (number, feature), value in experiment.dense.items():
            if number < experiment.classes:
                weight[number, feature] = value
    for number, value in experiment.dense_bias.items():
        if number < experiment.classes:
            bias[number] = value
    layer.weight, layer.bias = weight, bias
    return layer


def steps(experiment: Experiment) -> tuple[Step, ...]:
    """The layers of an experiment, in data-flow order."""
    return (
        Step("conv", "Feature map", lambda _: convolution(experiment)),
        Step("activation", ACTIVATION_TITLES[experiment.activation], lambda _: _activation(experiment)),
        Step("pool", "Pooled", lambda _: _pooling(experiment)),
        Step("flat", "Flattened", lambda _: Flatten()),
        Step("scores", "Score", lambda shape: _classifier(experiment, shape[1])),
        Step("probabilities", "Probability", lambda _: Softmax() if experiment.head == "softmax" else Sigmoid()),
    )


def build(experiment: Experiment) -> Chain:
    """Build the network layer by layer, as far as the shapes allow, and run it over the input."""
    chain_steps = steps(experiment)
    x = experiment.input[None]  # (C, H, W) -> (N, C, H, W)
    layers: list[Layer] = []
    problem: Problem | None = None
    for position, layer in enumerate(_fitting(chain_steps, x.shape)):
        if isinstance(layer, str):
            problem = Problem(position, layer)
        else:
            layers.append(layer)
    network = Sequential(layers)
    return Chain(experiment, chain_steps, network, network.trace(x), problem)


def stage_of(chain: Chain, view: str) -> FloatArray | None:
    """A stage's numbers, None where the chain stops before it."""
    position = next(k for k, step in enumerate(chain.steps) if step.view == view)
    return chain.trace.stages[position].output if position < len(chain.trace.stages) else None


def _fitting(chain_steps: tuple[Step, ...], shape: Shape) -> Iterator[Layer | str]:
    """The layers that fit one after the other; at the first that does not, the sentence that says why."""
    for step in chain_steps:
        try:
            layer = step.make(shape)
            shape = layer.output_shape(shape)
        except ShapeError as error:
            yield str(error)
            return
        yield layer


class Geometry(NamedTuple):
    """Everything that decides whether a chain fits: sizes, and no values."""

    plane: Pair
    kernel_size: Pair
    stride: Pair
    dilation: Pair
    padding: str | Sides
    pool_size: Pair
    pool_stride: Pair
    pool_padding: Pair
    pooling: str


def geometry(experiment: Experiment) -> Geometry:
    """The sizes of an experiment."""
    settings: dict[str, Any] = {name: getattr(experiment, name) for name in Geometry._fields}
    return Geometry(**settings)


def fits(experiment: Experiment) -> str | None:
    """None where the whole chain fits the input, else the sentence that says why not."""
    return misfit(geometry(experiment))


@lru_cache(maxsize=8192)
def misfit(sizes: Geometry) -> str | None:
    """None where a chain of these sizes fits, else the sentence that says why not.

    Sizes alone decide, and every edit asks again for each setting that the controls might offer.
    """
    settings = sizes._asdict()
    plane = settings.pop("plane")
    blank = read_only(np.zeros((1, 1, *settings.pop("kernel_size"))))
    experiment = replace(Experiment(), bank=blank, **settings)
    # The classifier and its head take whatever size arrives.
    *fitting, last = _fitting(steps(experiment)[:4], (1, 1, *plane))
    if not isinstance(last, str):
        return None
    # Whoever sets the convolution is told that it is pooling, which reads no input but a map.
    of_map = last.replace("an input", "a map").replace(" input", " map")
    return f"pooling has no room: {of_map}" if fitting else last


def remedies(experiment: Experiment) -> list[tuple[str, dict[str, Any]]]:
    """What would make the whole chain fit the input, as a label and the edit that does it; at most two of them.

    The least change first: padding, then a smaller stride or dilation, then no pooling, then both together, which fits
    any input.
    """
    sizes = geometry(experiment)
    same = {"op": "padding", "value": "same"}
    no_pooling: list[dict[str, Any]] = [{"op": "pool_padding", "value": 0}, {"op": "pool_size", "value": 1}]
    candidates: list[tuple[str, Geometry, list[dict[str, Any]]]] = [
        ("padding “same”", sizes._replace(padding="same"), [same]),
        *(
            (f"stride {n}", sizes._replace(stride=(n, n)), [{"op": "stride", "value": n}])
            for n in range(max(sizes.stride) - 1, 0, -1)
        ),
        ("dilation 1", sizes._replace(dilation=(1, 1)), [{"op": "dilation", "value": 1}]),
        ("1 × 1 pooling", sizes._replace(pool_size=(1, 1), pool_padding=(0, 0)), no_pooling),
        (
            "padding “same” and 1 × 1 pooling",
            sizes._replace(padding="same", pool_size=(1, 1), pool_padding=(0, 0)),
            [same, *no_pooling],
        ),
    ]
    found = [(label, edits) for label, other, edits in candidates if misfit(other) is None][:2]
    return [(label, {"op": "several", "edits": edits}) for label, edits in found]
