"""Convolution with a bank of kernels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.layers.base import Layer, Parameter, Rng, Shape, rank_four, uniform
from cnn_core.ops import conv
from cnn_core.ops._arrays import Array
from cnn_core.ops.padding import pad
from cnn_core.settings import flag, pair, settled, whole
from cnn_core.shapes import Axis, Pair, Window, padding_source, window
from cnn_core.trace import Index, Sources


class Conv2d(Layer):
    """Cross-correlation with a bank of kernels: see :func:`cnn_core.conv2d`.

    Weights start uniform in ``±1 / sqrt(C_in / groups * KH * KW)``, as in PyTorch, float32.

    Args:
        in_channels: ``C_in``.
        out_channels: ``C_out``.
        kernel_size: a whole number or a pair.
        stride: as in ``conv2d``.
        padding: as in ``conv2d``.
        dilation: as in ``conv2d``.
        groups: as in ``conv2d``.
        padding_mode: as in ``conv2d``.
        bias: whether there is one.
        rng: a seed or generator for the first weights; None means seed 0, so that a network is the same each time.

    Raises:
        ShapeError: where a setting is of no such form, or the groups do not divide the channels.
        ModelError: where ``rng`` is neither seed nor generator, or memory does not hold that many weights.
    """

    weight = Parameter()
    bias = Parameter()

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        *,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
        bias: bool = True,
        rng: Rng | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = whole(in_channels, "in_channels", least=1)
        self.out_channels = whole(out_channels, "out_channels", least=1)
        self.kernel_size = pair(kernel_size, "kernel_size", least=1)
        self.stride = pair(stride, "stride", least=1)
        self.padding = settled(padding)
        self.dilation = pair(dilation, "dilation", least=1)
        self.groups = whole(groups, "groups", least=1)
        self.padding_mode = padding_mode
        self.has_bias = flag(bias, "bias")
        conv.check_groups(self.groups, self.in_channels, self.out_channels)
        shapes = self.array_shapes(self.settings())
        # Settings are checked once here, on an input that every kernel fits and that has a cell for each padding cell
        # to show, and again on each real input.
        size = (self.dilation[0] * self.kernel_size[0], self.dilation[1] * self.kernel_size[1])
        sides = window(
            self.kernel_size, stride=stride, padding=self.padding, dilation=dilation, input_size=size
        ).padding
        roomy = (1, self.in_channels, size[0] + sum(sides[0]), size[1] + sum(sides[1]))
        conv.conv_window(roomy, shapes["weight"], stride, self.padding, dilation, self.groups, padding_mode)
        self._parameters = uniform(shapes, rng)

    @classmethod
    def array_shapes(cls, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """``weight`` and, where there is one, ``bias``."""
        inputs, outputs = (whole(settings[name], name, least=1) for name in ("in_channels", "out_channels"))
        groups = whole(settings.get("groups", 1), "groups", least=1)
        kernel = pair(settings["kernel_size"], "kernel_size", least=1)
        bias: dict[str, Shape] = {"bias": (outputs,)} if settings.get("bias", True) else {}
        return {"weight": (outputs, inputs // groups, *kernel), **bias}

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        names = (
            "in_channels",
            "out_channels",
            "kernel_size",
            "stride",
            "padding",
            "dilation",
            "groups",
            "padding_mode",
        )
        return {**{name: getattr(self, name) for name in names}, "bias": self.has_bias}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C_in, H, W) -> (N, C_out, OH, OW)``."""
        return conv.conv2d(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            padding_mode=self.padding_mode,
        )

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradients at the input, the kernels and the bias."""
        grad_x, grad_weight, grad_bias = conv.conv2d_backward(
            grad,
            x,
            self.weight,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            padding_mode=self.padding_mode,
            needs_input=needs_input,
        )
        return grad_x, {"weight": grad_weight, "bias": grad_bias} if self.has_bias else {"weight": grad_weight}

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis]:
        """The lines under the window, and those that its padding shows."""
        sizes = (input_shape[2], input_shape[3]), (output_shape[2], output_shape[3])
        return self.window(input_shape).reads(*sizes, self.padding_mode)

    def window(self, input_shape: Shape) -> Window:
        """The window the kernels slide."""
        return conv.conv_window(
            rank_four(input_shape),
            self.weight.shape,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.padding_mode,
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C_out, OH, OW)``."""
        shape = rank_four(input_shape)
        return (shape[0], self.out_channels, *self.window(shape).output_size(shape[2], shape[3]))

    def macs(self, input_shape: Shape) -> int:
        """``OH * OW * C_out * C_in / groups * KH * KW`` for each image."""
        return math.prod(self.output_shape(input_shape)[2:]) * int(self.weight.size)

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The window over every channel of the cell's group, channel by channel, with the kernel's weights.

        Where the padding shows a cell of the image, that cell is named, more than once if need be.
        """
        n, o, i, j = index
        each = self.in_channels // self.groups
        first = o // (self.out_channels // self.groups) * each
        size = (x.shape[2], x.shape[3])
        taps = [self._shown(row, column, size) for _, _, row, column in self.window(x.shape).taps(i, j)]
        cells = [None if at is None else (n, c, *at) for c in range(first, first + each) for at in taps]
        bias = 0.0 if self.bias is None else float(self.bias[o])
        return Sources(cells, self.weight[o].ravel().tolist(), bias)

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the group's output channels whose window holds the input cell, or padding that shows it."""
        n, c, row, column = index
        outputs = self.out_channels // self.groups
        first = c // (self.in_channels // self.groups) * outputs
        sliding, size = self.window(input_shape), (output_shape[2], output_shape[3])
        places = self._places(row, column, sliding, (input_shape[2], input_shape[3]))
        cells = sorted({at for place in places for at in sliding.readers(*place, size)})
        return ((n, o, i, j) for o in range(first, first + outputs) for i, j in cells)

    def met(self, name: str, index: Index, x: Array, output: Array, saved: Any = None) -> tuple[Any, Array]:
        """A weight met one cell of each window, which may be one that the padding shows; a bias, 1."""
        o = index[0]
        where = (slice(None), o)
        if name == "bias":
            return where, np.ones(output[where].shape, x.dtype)
        _, c, a, b = index
        plane = o // (self.out_channels // self.groups) * (self.in_channels // self.groups) + c
        sliding = self.window(x.shape)
        around = pad(x[:, plane : plane + 1], sliding.padding, self.padding_mode)[:, 0]
        lines = [
            slice(at * apart, at * apart + (count - 1) * step + 1, step)
            for at, apart, count, step in zip((a, b), sliding.dilation, output.shape[2:], sliding.stride, strict=True)
        ]
        return where, around[:, lines[0], lines[1]]  # (N, OH, OW)

    def _shown(self, row: int, column: int, size: Pair) -> Pair | None:
        """The cell of the image that a place in or around it shows, or None for a zero."""
        at = (padding_source(row, size[0], self.padding_mode), padding_source(column, size[1], self.padding_mode))
        return None if at[0] is None or at[1] is None else (at[0], at[1])

    def _places(self, row: int, column: int, sliding: Window, size: Pair) -> Iterator[Pair]:
        """Every place in and around the image that shows its cell ``(row, column)``."""
        along = []
        for cells, (before, after), cell in zip(size, sliding.padding, (row, column), strict=True):
            around = range(-before, cells + after)
            along.append([at for at in around if padding_source(at, cells, self.padding_mode) == cell])
        return itertools.product(along[0], along[1])
