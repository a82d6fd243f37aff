"""Fully connected layers, and the flattening before them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.layers.base import Layer, Parameter, Rng, Shape, in_place, uniform
from cnn_core.ops import dense
from cnn_core.ops._arrays import Array
from cnn_core.settings import flag, sizes, whole
from cnn_core.shapes import Axis
from cnn_core.trace import Index, Sources


class Flatten(Layer):
    """``(N, ...) -> (N, -1)``: see :func:`cnn_core.flatten`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C*H*W)``."""
        return dense.flattened(x)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``(N, C*H*W) -> (N, C, H, W)``."""
        return dense.unflattened(grad, x.shape), {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C*H*W)``."""
        shape = sizes(input_shape, "input_shape")
        if not shape:
            raise ShapeError("flatten needs a batch axis, got a single number; shape (1,) works")
        return shape[0], math.prod(shape[1:])

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The one cell that stands at this place in row-major order, with weight 1."""
        inner = np.unravel_index(index[1], x.shape[1:])
        return Sources(((index[0], *(int(at) for at in inner)),), (1.0,))

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The one place it goes to."""
        flat = 0
        for at, size in zip(index[1:], input_shape[1:], strict=True):
            flat = flat * size + at
        return iter(((index[0], flat),))


class Linear(Layer):
    """Every output weighs every input: see :func:`cnn_core.linear`.

    Weights start uniform in ``±1 / sqrt(in_features)``, as in PyTorch, float32.

    Args:
        in_features: the input's last axis.
        out_features: the output's.
        bias: whether there is one.
        rng: a seed or generator for the first weights; None means seed 0.

    Raises:
        ShapeError: where a setting is of no such form.
        ModelError: where ``rng`` is neither, or memory does not hold that many weights.
    """

    weight = Parameter()
    bias = Parameter()

    def __init__(self, in_features: int, out_features: int, *, bias: bool = True, rng: Rng | None = None) -> None:
        super().__init__()
        self.in_features = whole(in_features, "in_features", least=1)
        self.out_features = whole(out_features, "out_features", least=1)
        self.has_bias = flag(bias, "bias")
        self._parameters = uniform(self.array_shapes(self.settings()), rng)

    @classmethod
    def array_shapes(cls, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """``weight`` and, where there is one, ``bias``."""
        inputs, outputs = (whole(settings[name], name, least=1) for name in ("in_features", "out_features"))
        bias: dict[str, Shape] = {"bias": (outputs,)} if settings.get("bias", True) else {}
        return {"weight": (outputs, inputs), **bias}

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"in_features": self.in_features, "out_features": self.out_features, "bias": self.has_bias}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(..., in_features) -> (..., out_features)``."""
        return dense.linear(x, self.weight, self.bias)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradients at the input, the weight and the bias."""
        grad_x, grad_weight, grad_bias = dense.linear_backward(grad, x, self.weight, needs_input=needs_input)
        return grad_x, {"weight": grad_weight, "bias": grad_bias} if self.has_bias else {"weight": grad_weight}

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(..., out_features)``."""
        shape = sizes(input_shape, "input_shape")
        if not shape or shape[-1] != self.in_features:
            flat = len(shape) > 2 and math.prod(shape[1:]) == self.in_features
            works = f"Linear({shape[-1] if shape else 1}, {self.out_features})"
            raise ShapeError(
                f"{self!r} expects {self.in_features} features, got shape {shape}; "
                f"{'Flatten() before it' if flat else works} works"
            )
        return (*shape[:-1], self.out_features)

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis] | None:
        """Of planes the row at the same place, and all of its columns."""
        lines = in_place(input_shape)
        return None if lines is None else (lines[0], Axis.whole(lines[1].all, self.out_features))

    def macs(self, input_shape: Shape) -> int:
        """``in_features * out_features`` for each row of an image."""
        return math.prod(sizes(input_shape, "input_shape")[1:-1]) * int(self.weight.size)

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """Every input of the row, with the output's weights."""
        cells = [(*index[:-1], k) for k in range(self.in_features)]
        bias = 0.0 if self.bias is None else float(self.bias[index[-1]])
        return Sources(cells, self.weight[index[-1]].tolist(), bias)

    def fan_in(self, x: Array, output: Array, index: Index, saved: Any = None) -> int:
        """All inputs of a row."""
        return self.in_features

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """Every output of the row."""
        return ((*index[:-1], k) for k in range(self.out_features))

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """Every output of the row, with the weight it gives this input."""
        weights: list[float] = self.weight[:, index[-1]].tolist()
        return (((*index[:-1], k), w) for k, w in enumerate(weights))

    def met(self, name: str, index: Index, x: Array, output: Array, saved: Any = None) -> tuple[Any, Array]:
        """A weight met its input in every row; a bias, 1."""
        where = (*(slice(None),) * (output.ndim - 1), index[0])
        return where, x[..., index[1]] if name == "weight" else np.ones(output.shape[:-1], x.dtype)
