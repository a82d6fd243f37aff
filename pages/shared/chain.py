"""From an experiment to the network that computes it: as many layers as fit, and why the next one does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cnn_core import (
    AvgPool2d,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Sigmoid,
    Softmax,
    Trace,
)
from cnn_core.layers import Layer
from pages.shared.experiment import PADDING_LARGEST, Experiment

POOL = 2  # cells a side of the pooling window, and its stride
SEED = 0  # of the fully connected layer's weights: the same experiment gives the same scores everywhere

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Step:
    """One layer of the chain and how the screen calls it.

    Attributes:
        view: the view that shows it, or None for a layer that only rearranges.
        title: its heading.
        make: builds the layer for an input shape.
    """

    view: str | None
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
    """The experiment's kernel as a layer: one channel in, one out, no bias to speak of."""
    layer = Conv2d(1, 1, 3, stride=experiment.stride, padding=experiment.padding)
    layer.weight = experiment.kernel[None, None]  # (KH, KW) -> (C_out, C_in, KH, KW)
    layer.bias = np.zeros(1)
    return layer


def steps(experiment: Experiment) -> tuple[Step, ...]:
    """The layers of an experiment, in data-flow order."""

    def pooling(_: Shape) -> Layer:
        return MaxPool2d(POOL) if experiment.pooling == "max" else AvgPool2d(POOL)

    def classifier(shape: Shape) -> Layer:
        return Linear(shape[1], experiment.classes, rng=np.random.default_rng(SEED))

    def head(_: Shape) -> Layer:
        return Softmax() if experiment.head == "softmax" else Sigmoid()

    return (
        Step("conv", "Feature map", lambda _: convolution(experiment)),
        Step("activation", "ReLU", lambda _: ReLU()),
        Step("pool", "Pooled", pooling),
        Step(None, "Flattened", lambda _: Flatten()),
        Step("scores", "Score", classifier),
        Step("probabilities", "Probability", head),
    )


def build(experiment: Experiment) -> Chain:
    """Build the network layer by layer, as far as the shapes allow, and run it over the input."""
    chain_steps = steps(experiment)
    layers, problem = _fitting(chain_steps, experiment.input.shape)
    network = Sequential(layers)
    trace = network.trace(experiment.input[None, None])  # (H, W) -> (N, C, H, W)
    return Chain(experiment, chain_steps, network, trace, problem)


def fits(experiment: Experiment) -> str | None:
    """None where the whole chain fits the input, else the sentence that says why not."""
    return _misfit(experiment.input.shape, experiment.stride, experiment.padding)


@lru_cache(maxsize=4096)
def _misfit(plane: Shape, stride: int, padding: int) -> str | None:
    # Sizes alone decide, and every edit asks again for each setting that the controls might offer.
    _, problem = _fitting(steps(Experiment(stride=stride, padding=padding)), plane)
    return None if problem is None else problem.sentence


def remedies(experiment: Experiment) -> list[Experiment]:
    """Nearby experiments on the same input that fit: the smallest padding first, then a smaller stride."""
    padded = [replace(experiment, padding=padding) for padding in range(experiment.padding + 1, PADDING_LARGEST + 1)]
    slower = [replace(experiment, stride=stride) for stride in range(experiment.stride - 1, 0, -1)]
    found = [next((other for other in others if fits(other) is None), None) for others in (padded, slower)]
    return [other for other in found if other is not None]


def _fitting(chain_steps: tuple[Step, ...], plane: Shape) -> tuple[list[Layer], Problem | None]:
    shape: Shape = (1, 1, *plane)
    layers: list[Layer] = []
    for position, step in enumerate(chain_steps):
        try:
            layer = step.make(shape)
            shape = layer.output_shape(shape)
        except ShapeError as error:
            return layers, Problem(position, str(error))
        layers.append(layer)
    return layers, None
