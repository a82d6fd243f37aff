"""What a visitor is looking at, as one immutable value.

Nothing here knows Streamlit. ``pages.shared.edits`` leads from one experiment to the next, ``pages.shared.chain``
carries one out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from cnn_core import kernels
from pages.shared.photo import Photo

FloatArray = npt.NDArray[np.float64]
Pair = tuple[int, int]
Sides = tuple[Pair, Pair]

GRID_LARGEST = 64
KERNELS_MOST = 8
CLASSES_LARGEST = 10
STRIDE_LARGEST = 8
DILATION_LARGEST = 8
POOL_LARGEST = 8
SOURCES = ("grid", "photo")
ACTIVATIONS = ("relu", "leaky_relu", "sigmoid", "tanh")
POOLINGS = ("max", "average")
HEADS = ("softmax", "sigmoid")
SLOPES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.5)
COLOURS = ("grey", "rgb")

WORKED_GRID = np.array(
    [[1, 2, 3, 0, 1], [4, 5, 6, 1, 2], [7, 8, 9, 2, 3], [1, 2, 3, 4, 5], [6, 7, 8, 5, 6]], dtype=np.float64
)
WORKED_GRID.setflags(write=False)


def read_only(array: npt.ArrayLike) -> FloatArray:
    """A float64 array that every session may share, as it cannot be written to."""
    kept = np.asarray(array, dtype=np.float64)
    kept.setflags(write=False)
    return kept


def _first_bank() -> FloatArray:
    return read_only(kernels.get("prewitt_x").weights[None, None])  # (KH, KW) -> (O, planes, KH, KW)


@dataclass(frozen=True, eq=False)
class Experiment:
    """One input, a bank of kernels and the settings of the chain behind them.

    Attributes:
        source: which input is looked at, ``"grid"`` or ``"photo"``; the other is kept.
        grid: the edited numbers, ``(H, W)`` float64, 1 to 64 cells a side, read-only.
        photo: the picture, or None before there is one.
        bank: ``(O, planes, KH, KW)`` float64, read-only: a kernel for each output channel. One plane serves every
            input channel alike; three planes are one each for red, green and blue.
        kernel_names: what the visitor called each kernel, "" where nothing; as many as ``O``.
        bias: ``(O,)`` float64, read-only, added to each output channel.
        stride: of the convolution, down and across.
        dilation: likewise.
        padding: ``"same"``, or zeros as ``((top, bottom), (left, right))``.
        activation: one of ``ACTIVATIONS``.
        slope: of ``"leaky_relu"`` below zero.
        pooling: ``"max"`` or ``"average"``.
        pool_size: cells of the pooling window, down and across.
        pool_stride: likewise, from one window to the next.
        pool_padding: likewise, on both sides.
        classes: how many scores the fully connected layer gives.
        class_names: what the visitor called them; those without a name are A, B, C.
        head: what turns scores into probabilities, ``"softmax"`` or ``"sigmoid"``.
        seed: of the fully connected layer's weights.
        dense: weights that were changed by hand, ``(class, feature) -> value``.
        dense_bias: biases that were changed by hand, ``class -> value``.
        dense_features: how many features ``dense`` was written for; with any other number it rests.
    """

    source: str = "grid"
    grid: FloatArray = field(default_factory=lambda: WORKED_GRID)
    photo: Photo | None = None
    bank: FloatArray = field(default_factory=_first_bank)
    kernel_names: tuple[str, ...] = ("",)
    bias: FloatArray = field(default_factory=lambda: read_only(np.zeros(1)))
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: str | Sides = ((0, 0), (0, 0))
    activation: str = "relu"
    slope: float = 0.1
    pooling: str = "max"
    pool_size: Pair = (2, 2)
    pool_stride: Pair = (2, 2)
    pool_padding: Pair = (0, 0)
    classes: int = 3
    class_names: tuple[str, ...] = ()
    head: str = "softmax"
    seed: int = 0
    dense: Mapping[tuple[int, int], float] = field(default_factory=lambda: MappingProxyType({}))
    dense_bias: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({}))
    dense_features: int = 0

    @property
    def input(self) -> FloatArray:
        """What the chain starts from, ``(C, H, W)`` float64, C 1 or 3: numbers as typed, or a picture in [0, 1]."""
        if self.on_photo and self.photo is not None:
            return self.photo.pixels
        return self.grid[None]  # (H, W) -> (C, H, W)

    @property
    def on_photo(self) -> bool:
        """Whether the input is a picture."""
        return self.source == "photo" and self.photo is not None

    @property
    def picture(self) -> npt.NDArray[np.floating] | None:
        """The picture that the input was made of, the same array at every size and in colour; None for a grid."""
        return self.photo.grey if self.on_photo and self.photo is not None else None

    @property
    def plane(self) -> Pair:
        """Rows and columns of the input."""
        return (self.input.shape[1], self.input.shape[2])

    @property
    def kernel_size(self) -> Pair:
        """Rows and columns of every kernel."""
        return (self.bank.shape[2], self.bank.shape[3])

    @property
    def linked(self) -> bool:
        """Whether one plane of weights serves all input channels."""
        return bool(self.bank.shape[1] == 1)

    @property
    def weight(self) -> FloatArray:
        """The convolution's weight on this input, ``(O, C, KH, KW)``."""
        channels = self.input.shape[0]
        if self.linked:
            return np.broadcast_to(self.bank, (self.bank.shape[0], channels, *self.kernel_size))
        # A grey input meets the first of three planes, which are kept for the next picture in colour.
        return self.bank[:, :channels]

    def class_name(self, number: int) -> str:
        """A class's name: the visitor's, or A, B, C."""
        given = self.class_names[number] if number < len(self.class_names) else ""
        return given or chr(ord("A") + number)


def with_photo(experiment: Experiment, photo: Photo) -> Experiment:
    """The experiment with ``photo`` as its input, looked at as the picture before it."""
    before = experiment.photo
    return replace(experiment, photo=photo if before is None else photo.like(before), source="photo")


def arrays_of(experiment: Experiment) -> list[npt.NDArray[np.floating]]:
    """An experiment's pictures and grid: what of it takes room."""
    held: list[npt.NDArray[np.floating]] = [experiment.grid]
    if experiment.photo is not None:
        held += [experiment.photo.grey, experiment.photo.pixels]
    if experiment.photo is not None and experiment.photo.rgb is not None:
        held.append(experiment.photo.rgb)
    return held
