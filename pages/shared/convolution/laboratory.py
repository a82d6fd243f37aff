"""What a visitor of the convolution laboratory is looking at, as one immutable value, and how it is carried out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from cnn_core import Conv2d, ConvTranspose2d, ReLU, Sequential, ShapeError, Trace, kernels
from cnn_core.layers import Layer
from cnn_core.rational import common_denominator
from pages.shared import patterns
from pages.shared.experiment import Experiment, FloatArray, Pair, Sides, read_only
from pages.shared.from_explore import OWN

CHANNELS_MOST = 4
KERNEL_LARGEST = 7
PADDING_MOST = 4
STRIDE_LARGEST = 4
DILATION_LARGEST = 4
SIDE_LARGEST = 224  # cells of an input that comes from Explore
NO_PADDING: Sides = ((0, 0), (0, 0))

_WORKED = [
    [
        [1, 1, 2, 7, 8, 8],
        [0, 1, 2, 8, 8, 9],
        [1, 0, 3, 7, 9, 8],
        [0, 1, 2, 8, 8, 7],
        [1, 2, 2, 7, 8, 8],
        [0, 1, 3, 8, 9, 8],
    ],
    [
        [0, 0, 1, 1, 0, 0],
        [0, 2, 4, 4, 2, 0],
        [1, 4, 9, 9, 4, 1],
        [1, 4, 9, 9, 4, 1],
        [0, 2, 4, 4, 2, 0],
        [0, 0, 1, 1, 0, 0],
    ],
    [[(row + column) % 2 * 5 for column in range(6)] for row in range(6)],
    [[row for _ in range(6)] for row in range(6)],
]


def _patterned(side: int, names: tuple[str, ...]) -> FloatArray:
    return read_only(np.stack([patterns.draw(name, side, side, seed=k) for k, name in enumerate(names)]))


_INPUTS: dict[str, tuple[str, FloatArray]] = {
    "worked": ("Worked example, 6 × 6", read_only(_WORKED)),
    "larger": ("Shapes, 16 × 16", _patterned(16, ("disc", "gradient", "checkerboard", "cross"))),
    "noise": ("Noise, 12 × 12", _patterned(12, ("noise",) * CHANNELS_MOST)),
}
SOURCES = {**{name: title for name, (title, _) in _INPUTS.items()}, OWN: "My input in Explore"}


def given(source: str, channels: int) -> FloatArray:
    """One of the prepared inputs, ``(channels, H, W)``."""
    return read_only(_INPUTS[source][1][:channels])


def taken_from(experiment: Experiment) -> Taken | None:
    """The sample that Explore is looking at, None where it is looking at anything else."""
    photo = experiment.photo if experiment.on_photo else None
    return Taken(photo.sample, photo.size, photo.colour) if photo is not None and photo.sample else None


def is_kernel(planes: FloatArray, kernel: kernels.Kernel) -> bool:
    """Whether each of the planes, ``(planes, KH, KW)``, is this kernel, with a rim of zeros where it is smaller."""
    size = (planes.shape[1], planes.shape[2])
    if any(own > most for own, most in zip(kernel.weights.shape, size, strict=True)):
        return False
    wanted = kernels.resized(kernel.weights, size)
    return all(np.array_equal(plane, wanted) for plane in planes)


def _first_weights() -> FloatArray:
    edge, spot = kernels.get("prewitt_x").weights, kernels.get("laplacian").weights
    level, same = kernels.get("sobel_y").weights, kernels.get("identity").weights
    return read_only([[edge, spot], [level, same]])  # (O, C, KH, KW)


@dataclass(frozen=True, eq=False)
class Operation:
    """A convolution and all its settings.

    Attributes:
        weight: ``(O, C / groups, KH, KW)`` float64, read-only, as the visitor means it: not yet flipped.
        bias: ``(O,)`` float64, read-only.
        with_bias: whether it is added.
        groups: into how many groups the channels of both sides fall.
        stride: down and across.
        dilation: likewise.
        padding: ``"same"``, or cells as ``((top, bottom), (left, right))``.
        padding_mode: what is seen around the input.
        output_padding: of a transposed convolution, rows and columns added at the bottom and the right.
        flipped: a true convolution, which turns the kernel half around; networks do not.
        transposed: the other way round: each input cell lays its kernel, scaled, onto a larger output.
    """

    weight: FloatArray = field(default_factory=_first_weights)
    bias: FloatArray = field(default_factory=lambda: read_only([1.0, 0.0]))
    with_bias: bool = True
    groups: int = 1
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: str | Sides = NO_PADDING
    padding_mode: str = "zeros"
    output_padding: Pair = (0, 0)
    flipped: bool = False
    transposed: bool = False

    @property
    def outputs(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def kernel_size(self) -> Pair:
        """Rows and columns."""
        return (self.weight.shape[2], self.weight.shape[3])

    @property
    def sliding(self) -> FloatArray:
        """The weights as they lie on the window, ``(O, C / groups, KH, KW)``: turned half around if it is flipped."""
        return read_only(np.ascontiguousarray(self.weight[:, :, ::-1, ::-1])) if self.flipped else self.weight


class Taken(NamedTuple):
    """The sample picture that an input was taken from, and how Explore showed it.

    Attributes:
        name: the sample's.
        size: its longer side in cells.
        colour: ``"grey"`` or ``"rgb"``.
    """

    name: str
    size: int
    colour: str


@dataclass(frozen=True, eq=False)
class Laboratory:
    """An input and what is done to it.

    Attributes:
        input: ``(C, H, W)`` float64, read-only.
        source: where it comes from, one of ``SOURCES``.
        operation: the convolution.
        relu: whether a ReLU follows.
        exact: whether numbers are to be written as fractions.
        kept: another convolution of the same input, to compare with, or None.
        taken: the sample that an input of one's own in Explore came from, or None.
        spare: the weights of before it was parted into groups, ``(O, C, KH, KW)``, those that these leave out among
            them; or None.
    """

    input: FloatArray = field(default_factory=lambda: given("worked", 2))
    source: str = "worked"
    operation: Operation = field(default_factory=Operation)
    relu: bool = False
    exact: bool = False
    kept: Operation | None = None
    taken: Taken | None = None
    spare: FloatArray | None = None

    @property
    def channels(self) -> int:
        """Input channels."""
        return int(self.input.shape[0])

    @property
    def plane(self) -> Pair:
        """Rows and columns of the input."""
        return (self.input.shape[1], self.input.shape[2])


def layer(operation: Operation) -> Conv2d | ConvTranspose2d:
    """The convolution as a layer."""
    made = _bare(operation, operation.inputs, operation.outputs, operation.groups)
    made.weight = _by_input(operation) if operation.transposed else operation.sliding
    if operation.with_bias:
        made.bias = operation.bias
    return made


def _by_input(operation: Operation) -> FloatArray:
    """The weights input channel by input channel, ``(C, O / groups, KH, KW)``: as a transposed convolution has them."""
    each, deep = operation.outputs // operation.groups, operation.weight.shape[1]
    # (O, C / groups, ...) -> (groups, O / groups, C / groups, ...) -> (C, O / groups, ...)
    grouped = operation.sliding.reshape(operation.groups, each, deep, *operation.kernel_size)
    return np.ascontiguousarray(grouped.swapaxes(1, 2)).reshape(operation.inputs, each, *operation.kernel_size)


def partial(operation: Operation) -> Conv2d | ConvTranspose2d:
    """Each input channel convolved alone: map ``c * (O / groups) + o % (O / groups)`` is channel c's share of map o.

    A depthwise convolution with several maps a channel, no bias.
    """
    each = operation.outputs // operation.groups
    made = _bare(replace(operation, with_bias=False), operation.inputs, operation.inputs * each, operation.inputs)
    each_input = _by_input(operation)
    # (C, O / groups, KH, KW) -> (C * O / groups, 1, KH, KW)
    made.weight = each_input if operation.transposed else each_input.reshape(-1, 1, *operation.kernel_size)
    return made


def _bare(operation: Operation, inputs: int, outputs: int, groups: int) -> Conv2d | ConvTranspose2d:
    size, settings = operation.kernel_size, {"stride": operation.stride, "dilation": operation.dilation}
    alike: dict[str, Any] = {**settings, "padding": operation.padding, "groups": groups, "bias": operation.with_bias}
    if operation.transposed:
        return ConvTranspose2d(inputs, outputs, size, output_padding=operation.output_padding, **alike)
    return Conv2d(inputs, outputs, size, padding_mode=operation.padding_mode, **alike)


def sides_of(operation: Operation, plane: Pair) -> Sides:
    """The padding of an input of that many rows and columns, side by side; a transposed convolution pads nothing."""
    made = layer(operation)
    return NO_PADDING if isinstance(made, ConvTranspose2d) else made.window((1, operation.inputs, *plane)).padding


def padding_of(operation: Operation, plane: Pair) -> Sides:
    """The padding that is set, side by side: what "same" amounts to on that input, where it is that."""
    return sides_of(operation, plane) if isinstance(operation.padding, str) else operation.padding


def misfit(plane: Pair, operation: Operation) -> str | None:
    """None where the convolution fits an input of that many rows and columns, else the core's sentence why not."""
    try:
        _bare(operation, 1, 1, 1).output_shape((1, 1, *plane))
    except ShapeError as error:
        return str(error).replace("output_padding", "output padding")
    return None


def largest(plane: Pair, operation: Operation, change: Callable[[int], Operation], most: int) -> int:
    """The largest value up to ``most`` of a setting that still fits, 0 where none does."""
    return max((n for n in range(1, most + 1) if misfit(plane, change(n)) is None), default=0)


class Run(NamedTuple):
    """A laboratory carried out.

    Attributes:
        laboratory: what was asked.
        trace: the convolution and, where there is one, its ReLU.
        alone: each channel's share: see :func:`partial`.
        kept: what is compared with, or None.
        difference: the output less what is kept, ``(1, O, OH, OW)``, or None where their sizes differ.
    """

    laboratory: Laboratory
    trace: Trace
    alone: Trace
    kept: Trace | None = None
    difference: FloatArray | None = None


class Parts(NamedTuple):
    """In which parts of one the numbers of a laboratory are counted: the denominators they have in common.

    Attributes:
        input: of the input's cells.
        weight: of the weights.
        product: of their products.
        output: of the sums, bias included.
    """

    input: int
    weight: int
    product: int
    output: int


@lru_cache(maxsize=4)
def parts(laboratory: Laboratory) -> Parts | None:
    """The laboratory's numbers as small fractions, or None where one of them was not meant as one."""
    operations = [laboratory.operation, *([laboratory.kept] if laboratory.kept else [])]
    biases = np.concatenate([each.bias for each in operations if each.with_bias] or [np.zeros(1)])
    weights = np.concatenate([each.weight.ravel() for each in operations])
    numbers = (laboratory.input, weights, biases)
    cells, weight, bias = (common_denominator(each.ravel().tolist()) for each in numbers)
    if cells is None or weight is None or bias is None:
        return None
    return Parts(cells, weight, cells * weight, math.lcm(cells * weight, bias))


def run(laboratory: Laboratory) -> Run:
    """Carry it out with ``cnn_core``."""
    x = laboratory.input[None]  # (C, H, W) -> (N, C, H, W)
    layers: list[Layer] = [layer(laboratory.operation), *([ReLU()] if laboratory.relu else [])]
    trace, alone = Sequential(layers).trace(x), Sequential([partial(laboratory.operation)]).trace(x)
    if laboratory.kept is None:
        return Run(laboratory, trace, alone)
    kept = Sequential([layer(laboratory.kept)]).trace(x)
    now = trace.stages[0].output
    return Run(laboratory, trace, alone, kept, now - kept.output if now.shape == kept.output.shape else None)
