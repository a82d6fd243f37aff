"""What a visitor of the pooling laboratory is looking at, as one immutable value, and how it is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cnn_core import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    Gradients,
    LPPool2d,
    MaxPool2d,
    Sequential,
    ShapeError,
    Trace,
)
from cnn_core.layers import Layer
from pages.shared import patterns
from pages.shared.experiment import FloatArray, Pair, read_only
from pages.shared.from_explore import FEATURES, OWN
from pages.shared.pooling.shift import Measure, measured, moved

KERNEL_LARGEST = 8
STRIDE_LARGEST = 8
SHIFT_MOST = 2

# In the first window three cells tie, two windows are flat, and one holds nothing but zeros.
_WORKED = [
    [1, 3, 2, 9, 4, 0],
    [5, 6, 9, 9, 1, 2],
    [0, 2, 4, 4, 7, 3],
    [8, 1, 4, 4, 3, 7],
    [2, 2, 0, 0, 5, 6],
    [2, 2, 0, 0, 8, 6],
]

_INPUTS: dict[str, tuple[str, FloatArray]] = {
    "worked": ("Worked example, 6 × 6", read_only(_WORKED)),
    "larger": ("Cross, 16 × 16", read_only(patterns.draw("cross", 16, 16))),
    "gradient": ("Gradient, 16 × 16", read_only(patterns.draw("gradient", 16, 16))),
    "noise": ("Noise, 12 × 12", read_only(patterns.draw("noise", 12, 12, seed=2))),
}
SOURCES = {
    **{name: title for name, (title, _) in _INPUTS.items()},
    OWN: "My input in Explore",
    FEATURES: "My feature map in Explore",
}
MODES = {"values": "Values", "gradient": "Gradient", "shift": "Shift"}
TARGETS = ("sum", "cell", "own")


def given(source: str) -> FloatArray:
    """One of the prepared inputs, ``(H, W)``."""
    return _INPUTS[source][1]


@dataclass(frozen=True)
class Settings:
    """The window that is pooled, the same for all.

    Attributes:
        kernel_size: down and across.
        stride: likewise.
        padding: likewise, on both sides.
        ceil_mode: whether an overhanging last window counts.
        count_include_pad: whether an average counts the padding.
    """

    kernel_size: Pair = (2, 2)
    stride: Pair = (2, 2)
    padding: Pair = (0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True


class Kind(NamedTuple):
    """One of the poolings that stand side by side.

    Attributes:
        name: its view on the page.
        title: its heading.
        word: what it makes of a window.
        whole: whether its window is the whole input.
        make: the layer.
        outgrows: whether its numbers are larger than the cells they are made of, and are drawn on a scale of their own.
    """

    name: str
    title: str
    word: str
    whole: bool
    make: Callable[[Settings], Layer]
    outgrows: bool = False


def _max(window: Settings) -> Layer:
    return MaxPool2d(window.kernel_size, stride=window.stride, padding=window.padding, ceil_mode=window.ceil_mode)


def _average(window: Settings) -> Layer:
    return AvgPool2d(
        window.kernel_size,
        stride=window.stride,
        padding=window.padding,
        ceil_mode=window.ceil_mode,
        count_include_pad=window.count_include_pad,
    )


def _norm(window: Settings) -> Layer:
    return LPPool2d(2, window.kernel_size, stride=window.stride, ceil_mode=window.ceil_mode)


KINDS = (
    Kind("max", "Max", "the largest of each window", False, _max),
    Kind("average", "Average", "the mean of each window", False, _average),
    Kind("l2", "L2", "the root of each window's sum of squares", False, _norm, outgrows=True),
    Kind("global_max", "Global max", "one window over all cells", True, lambda _: AdaptiveMaxPool2d(1)),
    Kind("global_average", "Global average", "one window over all cells", True, lambda _: AdaptiveAvgPool2d(1)),
)


@dataclass(frozen=True, eq=False)
class Laboratory:
    """An input, what it is pooled by, and what is looked at.

    Attributes:
        input: ``(H, W)`` float64, read-only.
        source: where it comes from, one of ``SOURCES``.
        window: of all poolings but the global ones.
        mode: one of ``MODES``.
        target: what is gone back from: ``"sum"`` of all outputs, one ``"cell"``, or the visitor's ``"own"`` gradient.
        upstream: that gradient, ``(OH, OW)``, read-only, of an output that may since have changed its size.
        shift: cells down and across.
        edge: what is seen where the input moved away from, a padding mode.
    """

    input: FloatArray = field(default_factory=lambda: given("worked"))
    source: str = "worked"
    window: Settings = field(default_factory=Settings)
    mode: str = "values"
    target: str = "sum"
    upstream: FloatArray = field(default_factory=lambda: read_only(np.ones((3, 3))))
    shift: Pair = (0, 1)
    edge: str = "zeros"

    @property
    def plane(self) -> Pair:
        """Rows and columns of the input."""
        return (self.input.shape[0], self.input.shape[1])

    @property
    def pooled(self) -> Pair:
        """Rows and columns of a pooled map that is not global."""
        shape = _max(self.window).output_shape((1, 1, *self.plane))
        return (shape[2], shape[3])


def misfit(plane: Pair, window: Settings) -> str | None:
    """None where the window fits an input of that many rows and columns, else the core's sentence why not."""
    try:
        _max(window).output_shape((1, 1, *plane))
    except ShapeError as error:
        return str(error)
    return None


def missing(kind: Kind, window: Settings) -> str | None:
    """Why a pooling has no map under this window, or None where it has one."""
    if kind.name == "l2" and any(window.padding):
        return "L2 pooling pads nothing, here as in PyTorch."
    return None


def fitted(upstream: FloatArray, shape: Pair) -> FloatArray:
    """A visitor's gradient for an output of another size: what there was stays, new cells have 1."""
    if upstream.shape == shape:
        return upstream
    found = np.ones(shape)
    rows, columns = (min(a, b) for a, b in zip(upstream.shape, shape, strict=True))
    found[:rows, :columns] = upstream[:rows, :columns]
    return read_only(found)


class Pooled(NamedTuple):
    """One pooling carried out.

    Attributes:
        kind: which.
        trace: over the input.
        back: the way back from it, where gradients are looked at.
        after: over the shifted input, where a shift is looked at.
    """

    kind: Kind
    trace: Trace
    back: Gradients | None
    after: Trace | None


class Run(NamedTuple):
    """A laboratory carried out.

    Attributes:
        laboratory: what was asked.
        cell: the output cell whose gradient was asked for, where one was.
        pooled: each pooling that fits, by its place in ``KINDS``.
        shifted: the shifted input, ``(1, 1, H, W)``, where a shift is looked at.
        measures: how much the shift changes, first of the input itself.
    """

    laboratory: Laboratory
    cell: Pair
    pooled: dict[int, Pooled]
    shifted: FloatArray | None
    measures: list[Measure]


def run(laboratory: Laboratory, cell: Pair = (0, 0)) -> Run:
    """Carry it out with ``cnn_core``.

    Args:
        laboratory: what is asked.
        cell: the output cell that gradients are of, where they are of one; the nearest that there is.
    """
    x = laboratory.input[None, None]  # (H, W) -> (N, C, H, W)
    last = laboratory.pooled
    cell = (min(cell[0], last[0] - 1), min(cell[1], last[1] - 1))
    shifted = moved(x, laboratory.shift, laboratory.edge) if laboratory.mode == "shift" else None
    pooled, measures = {}, []
    if shifted is not None:
        measures.append(measured("No pooling", x, shifted, x, shifted))
    for number, kind in enumerate(KINDS):
        if missing(kind, laboratory.window) is not None:
            continue
        network = Sequential([kind.make(laboratory.window)])
        trace = network.trace(x)
        back = after = None
        if laboratory.mode == "gradient":
            back = network.backward(trace, _upstream(laboratory, kind, cell, trace.output.shape))
        if shifted is not None:
            after = network.trace(shifted)
            alike = not kind.outgrows
            measures.append(measured(kind.title, trace.output, after.output, x, shifted, comparable=alike))
        pooled[number] = Pooled(kind, trace, back, after)
    return Run(laboratory, cell, pooled, shifted, measures)


def _upstream(laboratory: Laboratory, kind: Kind, cell: Pair, shape: tuple[int, ...]) -> FloatArray:
    """The gradient at a pooling's output; the only cell of a global one always has 1."""
    grad = np.ones(shape)
    if kind.whole or laboratory.target == "sum":
        return grad
    if laboratory.target == "own":
        grad[0, 0] = fitted(laboratory.upstream, (shape[2], shape[3]))
        return grad
    grad[:] = 0
    grad[0, 0, cell[0], cell[1]] = 1
    return grad
