"""Transposed convolution with a bank of kernels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.layers.base import Layer, Parameter, Rng, Shape, rank_four, uniform
from cnn_core.ops import conv
from cnn_core.ops._arrays import Array
from cnn_core.settings import flag, pair, settled, whole
from cnn_core.shapes import Axis, Pair, Window, window
from cnn_core.trace import Index, Sources


class ConvTranspose2d(Layer):
    """Stamps a bank of kernels onto a larger image: see :func:`cnn_core.conv_transpose2d`.

    Weights start uniform in ``±1 / sqrt(C_out / groups * KH * KW)``, as in PyTorch, float32.

    Args:
        in_channels: ``C_in``.
        out_channels: ``C_out``.
        kernel_size: a whole number or a pair.
        stride: as in ``conv_transpose2d``.
        padding: likewise.
        output_padding: likewise.
        dilation: likewise.
        groups: likewise.
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
        output_padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        rng: Rng | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = whole(in_channels, "in_channels", least=1)
        self.out_channels = whole(out_channels, "out_channels", least=1)
        self.kernel_size = pair(kernel_size, "kernel_size", least=1)
        self.stride = pair(stride, "stride", least=1)
        self.padding = settled(padding)
        self.output_padding = settled(output_padding)
        self.dilation = pair(dilation, "dilation", least=1)
        self.groups = whole(groups, "groups", least=1)
        self.has_bias = flag(bias, "bias")
        conv.check_groups(self.groups, self.in_channels, self.out_channels)
        shapes = self.array_shapes(self.settings())
        # Settings are checked once here, on an input so large that no padding takes it all away.
        sides = window(self.kernel_size, padding=self.padding, input_size=self.kernel_size).padding
        roomy = 2 + max(map(sum, sides))
        self._reach((1, self.in_channels, roomy, roomy), shapes["weight"])
        self._parameters = uniform(shapes, rng)

    @classmethod
    def array_shapes(cls, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """``weight`` and, where there is one, ``bias``."""
        inputs, outputs = (whole(settings[name], name, least=1) for name in ("in_channels", "out_channels"))
        groups = whole(settings.get("groups", 1), "groups", least=1)
        kernel = pair(settings["kernel_size"], "kernel_size", least=1)
        bias: dict[str, Shape] = {"bias": (outputs,)} if settings.get("bias", True) else {}
        return {"weight": (inputs, outputs // groups, *kernel), **bias}

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        names = ("in_channels", "out_channels", "kernel_size", *self._geometry())
        return {**{name: getattr(self, name) for name in names}, "bias": self.has_bias}

    def _geometry(self) -> dict[str, Any]:
        names = ("stride", "padding", "output_padding", "dilation", "groups")
        return {name: getattr(self, name) for name in names}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C_in, H, W) -> (N, C_out, OH, OW)``."""
        return conv.conv_transpose2d(x, self.weight, self.bias, **self._geometry())

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradients at the input, the kernels and the bias."""
        grad_x, grad_weight, grad_bias = conv.conv_transpose2d_backward(
            grad, x, self.weight, **self._geometry(), needs_input=needs_input
        )
        return grad_x, {"weight": grad_weight, "bias": grad_bias} if self.has_bias else {"weight": grad_weight}

    def stamp(self, input_shape: Shape) -> Window:
        """The window that each input cell stamps its kernel over: it slides on the output."""
        return self._reach(rank_four(input_shape), self.weight.shape)[0]

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis]:
        """The lines whose stamps cover a line of the output."""
        sizes = (input_shape[2], input_shape[3]), (output_shape[2], output_shape[3])
        return self.stamp(input_shape).stamped(*sizes)

    def _reach(self, input_shape: Shape, weight_shape: Shape) -> tuple[Window, Pair]:
        geometry = self._geometry()
        names = ("stride", "padding", "output_padding", "dilation", "groups")
        return conv.transposed_window(input_shape, weight_shape, *(geometry[name] for name in names))

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C_out, OH, OW)``."""
        shape = rank_four(input_shape)
        return (shape[0], self.out_channels, *self._reach(shape, self.weight.shape)[1])

    def macs(self, input_shape: Shape) -> int:
        """``H * W * C_in * C_out / groups * KH * KW`` for each image: every input cell meets its whole kernel."""
        return math.prod(rank_four(input_shape)[2:]) * int(self.weight.size)

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The input cells whose stamp covers the cell, channel by channel of its group, each with its weight."""
        n, o, i, j = index
        each, outputs = self.in_channels // self.groups, self.out_channels // self.groups
        first = o // outputs * each
        sliding = self.stamp(x.shape)
        laid = [
            (row, column, a, b)
            for row, column in sliding.readers(i, j, (x.shape[2], x.shape[3]))
            for a, b, *place in sliding.taps(row, column)
            if tuple(place) == (i, j)
        ]
        laid.sort(key=lambda tap: tap[2:])  # kernel order, as for every sum
        channels = range(first, first + each)
        cells = [(n, c, row, column) for c in channels for row, column, _, _ in laid]
        weights = [float(self.weight[c, o % outputs, a, b]) for c in channels for _, _, a, b in laid]
        return Sources(cells, weights, 0.0 if self.bias is None else float(self.bias[o]))

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the group's output channels that the input cell's stamp covers."""
        n, c, row, column = index
        outputs = self.out_channels // self.groups
        first = c // (self.in_channels // self.groups) * outputs
        rows, columns = output_shape[2:]
        cells = [
            (i, j) for _, _, i, j in self.stamp(input_shape).taps(row, column) if 0 <= i < rows and 0 <= j < columns
        ]
        return ((n, o, i, j) for o in range(first, first + outputs) for i, j in cells)

    def met(self, name: str, index: Index, x: Array, output: Array, saved: Any = None) -> tuple[Any, Array]:
        """A weight met every input cell of its channel, each where its stamp lies inside; a bias, 1."""
        outputs = self.out_channels // self.groups
        if name == "bias":
            where: Any = (slice(None), index[0])
            return where, np.ones(output[where].shape, x.dtype)
        c, o, a, b = index
        sliding, nothing = self.stamp(x.shape), (slice(0, 0), slice(0, 0))
        # The window slides over the output: its places are the input's cells, and what it meets is the output's.
        rows, columns = (
            sliding.inside(axis, tap, output.shape[2 + axis], x.shape[2 + axis]) or nothing
            for axis, tap in enumerate((a, b))
        )
        where = (slice(None), c // (self.in_channels // self.groups) * outputs + o, rows[1], columns[1])
        return where, x[:, c, rows[0], columns[0]]
