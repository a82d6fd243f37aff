"""What a visitor of the layers laboratory is looking at, as one immutable value, and the inputs that are prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from cnn_core import ShapeError
from pages.shared import patterns
from pages.shared.chain import build, convolution
from pages.shared.describe import size
from pages.shared.experiment import Experiment, FloatArray, read_only
from pages.shared.from_explore import middle

CHANNELS_MOST = 4
CLASSES = ("A", "B", "C", "D", "E", "F", "G", "H", "I", "J")
OWN = "explore"


class Kind(NamedTuple):
    """A kind of layer.

    Attributes:
        title: what the chooser calls it.
        family: which input it is given: a ``"map"``, a ``"batch"`` of several channels, a ``"small"`` map whose every
            cell has weights, or a ``"vector"`` of scores.
        first: one sentence on what to try first.
    """

    title: str
    family: str
    first: str


_POINT = "Pick a cell: it moves along the curve, and its slope is what passes back."
KINDS: dict[str, Kind] = {
    "relu": Kind("ReLU", "map", _POINT),
    "leaky_relu": Kind("Leaky ReLU", "map", _POINT),
    "sigmoid": Kind("Sigmoid", "map", _POINT),
    "tanh": Kind("Tanh", "map", _POINT),
    "softplus": Kind("Softplus", "map", _POINT),
    "gelu": Kind("GELU", "map", _POINT),
    "softmax": Kind("Softmax", "vector", "Drag the temperature: cold makes one class take all, hot makes them equal."),
    "batch_norm": Kind("Batch norm", "batch", "Pick a mean: every number of its channel, in every image, is in it."),
    "dropout": Kind("Dropout", "batch", "Drag p, then press “Another mask”: where u is below p the cell is dropped."),
    "linear": Kind("Fully connected", "small", "Pick a score, then draw on its weights: the score follows."),
    "cross_entropy": Kind(
        "Cross-entropy", "vector", "Choose the class that is right: the loss and every gradient follow."
    ),
}
ACTIVATIONS = tuple(name for name, kind in KINDS.items() if kind.family == "map")

_MAP = [
    [-3, -1, 0, 2, 4, 1],
    [-5, -2, 1, 3, 6, 2],
    [-2, 0, 2, 5, 3, -1],
    [0.5, 1.5, 4, 2, -0.5, -3],
    [1, 3, 2, -1, -4, -6],
    [2, 1, -0.5, -2, -3, -1],
]
# 16 numbers a channel, those of the first even: every number over 16 is exact in few digits.
_BATCH = [
    [[[4, 6, 8, 6], [2, 8, 10, 6]], [[-2, -1, 0, -1], [-3, 0, 1, 0]]],
    [[[8, 8, 6, 6], [6, 6, 4, 2]], [[0, -1, -2, -1], [1, 2, 0, -1]]],
]
_SMALL = [[[[0, 5, 2], [1, 9, 4], [3, 0, 6]]]]
_SMALL_WEIGHT = [
    [0.5, -0.2, 0.1, 0, 0.3, -0.1, 0.2, 0, -0.4],
    [-0.1, 0.4, 0, 0.2, -0.3, 0.5, 0, -0.2, 0.1],
    [0, 0.1, -0.5, 0.3, 0.2, 0, -0.1, 0.4, 0.2],
]


def _waves(side: int, channels: int, images: int) -> FloatArray:
    """Smooth maps with both signs: sums of two waves, another for each channel and image; to two decimals."""
    down, across = np.mgrid[0:side, 0:side] * (2 * np.pi / side)
    planes = [
        [3 * np.sin(down * (1 + c) + k) + (2 + c) * np.cos(across * (1 + k) - c) + 1.5 * c - 1 for c in range(channels)]
        for k in range(images)
    ]
    return read_only(np.round(planes, 2))


def _shapes() -> FloatArray:
    """Two channels of whole numbers, ``(1, 2, 4, 4)``."""
    return read_only(np.stack([patterns.draw(name, 4, 4) for name in ("gradient", "diagonal")])[None])


def _noise(shape: tuple[int, ...], spread: float) -> FloatArray:
    """Normally distributed, to two decimals; each channel with a mean and a spread of its own."""
    drawn = np.random.default_rng(3).normal(size=shape)
    channels = np.arange(shape[1])[:, None, None]
    return read_only(np.round(drawn * spread * (1 + channels / 2) + channels, 2))


_INPUTS: dict[str, dict[str, tuple[str, FloatArray]]] = {
    "map": {
        "worked": ("Worked example, 6 × 6", read_only(np.array([[_MAP]], dtype=np.float64))),
        "larger": ("Waves, 16 × 16", _waves(16, 1, 1)),
        "noise": ("Noise, 12 × 12", _noise((1, 1, 12, 12), 2.5)),
    },
    "batch": {
        "worked": ("Worked example, 2 images", read_only(_BATCH)),
        "larger": ("Waves, 3 channels", _waves(8, 3, 2)),
        "noise": ("Noise, 3 images", _noise((3, 2, 6, 6), 1.5)),
    },
    "small": {
        "worked": ("Pooled map, 3 × 3", read_only(_SMALL)),
        "larger": ("Shapes, 2 channels", _shapes()),
        "noise": ("Noise, 5 × 5", read_only(patterns.draw("noise", 5, 5, seed=1)[None, None])),
    },
    "vector": {
        "worked": ("Four classes", read_only(np.reshape([2.0, 1.0, 0.1, -1.0], (1, 1, 4, 1)))),
        "larger": ("Ten classes", read_only(np.reshape([1, 0.5, -1, 3, 0, 2.5, -2, 0.2, 1.5, -0.5], (1, 1, 10, 1)))),
        "noise": ("Noise, six classes", read_only(_noise((1, 1, 6, 1), 2.0))),
    },
}
_OWN_TITLES = {
    "map": "Feature map in Explore",
    "batch": "Feature maps in Explore",
    "small": "Feature map in Explore",
    "vector": "Scores in Explore",
}
# Cells a side of what comes from Explore: a batch has several maps side by side, and a small one a weight a cell.
SIDE_LARGEST = {"map": 64, "batch": 32, "small": 6, "vector": 0}


class Given(NamedTuple):
    """What a family of layers is given.

    Attributes:
        input: ``(N, C, H, W)`` float64, read-only; a vector of K scores is ``(1, 1, K, 1)``.
        source: where it comes from, one of :func:`sources`.
        part: which part of Explore's maps it is, in words; empty where it is all of them.
    """

    input: FloatArray
    source: str
    part: str = ""


def sources(family: str) -> dict[str, str]:
    """The inputs a family may be given, by name: what its menu calls them."""
    return {**{name: title for name, (title, _) in _INPUTS[family].items()}, OWN: _OWN_TITLES[family]}


def prepared(family: str, source: str) -> Given:
    """One of the prepared inputs."""
    return Given(_INPUTS[family][source][1], source)


def from_explore(family: str, experiment: Experiment, output: int) -> Given | str:
    """What Explore makes of the visitor's own input, made to fit; or the sentence that says why it cannot be had.

    Args:
        family: whose input it becomes.
        experiment: Explore's.
        output: the kernel that is looked at there.
    """
    if family == "vector":
        chain = build(experiment)
        if chain.problem is not None:
            return f"Explore's network stops before its scores: {chain.problem.words}"
        scores = chain.trace.stages[[step.view for step in chain.steps].index("scores")].output
        return Given(read_only(scores.reshape(1, 1, -1, 1)), OWN)  # (1, K) -> (1, 1, K, 1)
    try:
        maps = convolution(experiment).forward(experiment.input[None])[0]  # (O, OH, OW)
    except ShapeError as error:
        return f"Explore has no feature map: {error}."
    planes = maps[:CHANNELS_MOST] if family == "batch" else maps[min(output, len(maps) - 1)][None]
    if family == "batch" and planes[0].size == 1:
        return "Explore's feature map is a single cell: batch norm needs more than one number a channel."
    few = middle(planes, SIDE_LARGEST[family])
    return Given(read_only(few[None]), OWN, _part(few.shape, planes.shape, len(maps) if family == "batch" else 1))


def _part(taken: tuple[int, ...], whole: tuple[int, ...], maps: int) -> str:
    """Which part of so many maps was taken over, both shapes ``(C, H, W)``."""
    few = f"the first {taken[0]} of Explore's {maps} maps" if taken[0] < maps else ""
    if taken[1:] == whole[1:]:
        return few
    begun = f"{few}, " if few else "Explore's "
    its = "its" if taken[0] == 1 else "their"
    return f"{begun}{size(whole[1:])}, {its} middle {size(taken[1:])}"


def _first_given() -> Mapping[str, Given]:
    return MappingProxyType({family: prepared(family, "worked") for family in _INPUTS})


def drawn_weights(classes: int, features: int) -> FloatArray:
    """First weights of a fully connected layer, ``(classes, features)``: small, and of one decimal."""
    if (classes, features) == (3, 9):
        return read_only(_SMALL_WEIGHT)
    drawn = np.random.default_rng(classes * 64 + features).uniform(-0.5, 0.5, (classes, features))
    return read_only(np.round(drawn, 1) + 0.0)


@dataclass(frozen=True, eq=False)
class Laboratory:
    """A layer, what each family is given, and every setting; those of other layers are kept while one is looked at.

    Attributes:
        kind: one of ``KINDS``.
        given: by family.
        slope: of leaky ReLU below 0.
        beta: softplus's sharpness.
        approximate: of GELU, ``"none"`` or ``"tanh"``.
        temperature: of softmax.
        training: whether batch norm and dropout run as they do while a network learns.
        gamma: batch norm's scale, ``(4,)``: of as many channels as there are the first are used.
        shift: its β, likewise.
        momentum: the part of the running statistics that a step replaces.
        running_mean: likewise ``(4,)``.
        running_var: likewise.
        steps: how many steps moved them.
        p: dropout's probability.
        seed: of its mask.
        weight: of the fully connected layer, ``(K, F)``.
        bias: ``(K,)``.
        label: the class that is right, for cross-entropy.
    """

    kind: str = "relu"
    given: Mapping[str, Given] = field(default_factory=_first_given)
    slope: float = 0.1
    beta: float = 1.0
    approximate: str = "none"
    temperature: float = 1.0
    training: bool = True
    gamma: FloatArray = field(default_factory=lambda: read_only(np.ones(CHANNELS_MOST)))
    shift: FloatArray = field(default_factory=lambda: read_only(np.zeros(CHANNELS_MOST)))
    momentum: float = 0.1
    running_mean: FloatArray = field(default_factory=lambda: read_only(np.zeros(CHANNELS_MOST)))
    running_var: FloatArray = field(default_factory=lambda: read_only(np.ones(CHANNELS_MOST)))
    steps: int = 0
    p: float = 0.5
    seed: int = 0
    weight: FloatArray = field(default_factory=lambda: drawn_weights(3, 9))
    bias: FloatArray = field(default_factory=lambda: read_only([1.0, 0.0, -1.0]))
    label: int = 0

    @property
    def family(self) -> str:
        """Of the layer that is looked at."""
        return KINDS[self.kind].family

    @property
    def input(self) -> FloatArray:
        """What it is given, ``(N, C, H, W)``."""
        return self.given[self.family].input

    @property
    def source(self) -> str:
        """Where that comes from."""
        return self.given[self.family].source

    @property
    def part(self) -> str:
        """Which part of Explore's maps it is, in words; empty where it is all of them, or none."""
        return self.given[self.family].part

    @property
    def channels(self) -> int:
        """Of that input."""
        return int(self.input.shape[1])

    def with_given(self, given: Given) -> Laboratory:
        """The same layer given something else; weights and label follow where they no longer fit."""
        changed = replace(self, given=MappingProxyType({**self.given, self.family: given}))
        if self.family == "small":
            features = given.input[0].size
            if features != self.weight.shape[1]:
                changed = replace(changed, weight=drawn_weights(len(self.bias), features))
        if self.family == "vector":
            changed = replace(changed, label=min(self.label, given.input.shape[2] - 1))
        return changed
