"""Activations: a function of each number, and softmax."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.layers.base import Elementwise, Layer, Shape, in_place, operand, plain
from cnn_core.ops import activation, softmax
from cnn_core.ops._arrays import Array
from cnn_core.ops.gelu import gelu, gelu_backward, gelu_kind
from cnn_core.settings import setting, sizes
from cnn_core.shapes import Axis
from cnn_core.trace import Index, Sources


class ReLU(Elementwise):
    """``max(0, x)``: see :func:`cnn_core.relu`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.relu(x)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad`` where the input is above 0."""
        return activation.relu_backward(grad, output), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place, and ``max(0, x)``."""
        return Sources((index,), None, formula=f"max(0, {plain(x[index])}) = {plain(output[index])}")


class LeakyReLU(Elementwise):
    """``x`` where it is above 0, else a fraction of it: see :func:`cnn_core.leaky_relu`.

    Args:
        negative_slope: the fraction, any number.

    Raises:
        ShapeError: where it is no number.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = setting(negative_slope, "negative_slope", works=0.01)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"negative_slope": self.negative_slope}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.leaky_relu(x, self.negative_slope)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad``, below 0 times the slope."""
        return activation.leaky_relu_backward(grad, x, self.negative_slope), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place, and which side of the function it is on."""
        value, result = float(x[index]), plain(output[index])
        rule = f"{plain(value)} > 0" if value > 0 else f"{self.negative_slope:g} × {operand(value)}"
        return Sources((index,), None, formula=f"{rule} = {result}" if value <= 0 else f"{rule}, so it stays {result}")


class Sigmoid(Elementwise):
    """``1 / (1 + exp(-x))``: see :func:`cnn_core.sigmoid`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.sigmoid(x)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad * y * (1 - y)``."""
        return activation.sigmoid_backward(grad, output), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place."""
        return Sources((index,), None, formula=f"1 / (1 + exp(-({plain(x[index])}))) = {plain(output[index])}")


class Tanh(Elementwise):
    """The hyperbolic tangent: see :func:`cnn_core.tanh`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.tanh(x)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad * (1 - y**2)``."""
        return activation.tanh_backward(grad, output), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place."""
        return Sources((index,), None, formula=f"tanh({plain(x[index])}) = {plain(output[index])}")


class Softplus(Elementwise):
    """``log(1 + exp(beta x)) / beta``: see :func:`cnn_core.softplus`.

    Args:
        beta: above 0; the larger, the sharper the corner.
        threshold: where ``beta * x`` is above it, the function is ``x`` itself.

    Raises:
        ShapeError: where a setting is no number, or ``beta`` is not above 0.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = activation.beta_of(beta)
        self.threshold = setting(threshold, "threshold", works=20)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"beta": self.beta, "threshold": self.threshold}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.softplus(x, self.beta, self.threshold)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad * sigmoid(beta x)``."""
        return activation.softplus_backward(grad, x, self.beta, self.threshold), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place, and on which side of the threshold it is."""
        value, result = float(x[index]), plain(output[index])
        if value * self.beta > self.threshold:
            rule = f"{self.beta:g} × {plain(value)} > {self.threshold:g}, so it stays {result}"
            return Sources((index,), None, formula=rule)
        return Sources(
            (index,), None, formula=f"log(1 + exp({self.beta:g} × {operand(value)})) / {self.beta:g} = {result}"
        )


class GELU(Elementwise):
    """``x`` times the share of a normal distribution below it: see :func:`cnn_core.gelu`.

    Args:
        approximate: ``"none"``, by erf, or ``"tanh"``.

    Raises:
        ShapeError: where it is neither.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = gelu_kind(approximate)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"approximate": self.approximate}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return gelu(x, self.approximate)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``grad`` times the derivative."""
        return gelu_backward(grad, x, self.approximate), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place."""
        value, result = plain(x[index]), plain(output[index])
        if self.approximate == "tanh":
            inner = f"tanh(√(2 / π) × ({value} + 0.044715 × ({value})^3))"
        else:
            inner = f"erf({value} / √2)"
        return Sources((index,), None, formula=f"{value} / 2 × (1 + {inner}) = {result}")


class Softmax(Layer):
    """Scores to probabilities along an axis: see :func:`cnn_core.softmax`.

    Args:
        axis: along which they add up to 1.
        temperature: above 0; what scores are divided by first.

    Raises:
        ShapeError: where ``axis`` is no whole number, or ``temperature`` is not above 0.
    """

    def __init__(self, axis: int = -1, *, temperature: float = 1.0) -> None:
        super().__init__()
        if isinstance(axis, bool | np.timedelta64) or not isinstance(axis, int | np.integer):
            raise ShapeError(f"axis must be a whole number, got {shown(axis)}; axis=-1 works")
        self.axis = int(axis)
        self.temperature = softmax.temperature_of(temperature)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"axis": self.axis, "temperature": self.temperature}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return softmax.softmax(x, self.axis, temperature=self.temperature)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """``y * (grad - sum(grad * y)) / T``."""
        return softmax.softmax_backward(grad, output, self.axis, temperature=self.temperature), {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        shape = sizes(input_shape, "input_shape")
        if not -len(shape) <= self.axis < len(shape):
            raise ShapeError(f"softmax needs an axis {self.axis}, got shape {shape}; axis=-1 works")
        return shape

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis] | None:
        """The row and the column at the same place; all of them along the axis it goes along."""
        lines = in_place(input_shape)
        along = self.axis % len(input_shape) - 2
        if lines is None or along < 0:
            return lines
        every = Axis.whole(lines[along].all, input_shape[2 + along])
        return (every, lines[1]) if along == 0 else (lines[0], every)

    def _line(self, shape: Shape, index: Index) -> Iterator[Index]:
        axis = self.axis % len(shape)
        return ((*index[:axis], k, *index[axis + 1 :]) for k in range(shape[axis]))

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """Every cell along the axis."""
        cells = list(self._line(x.shape, index))
        over = "" if self.temperature == 1 else f" / {self.temperature:g}"
        below = " + ".join(f"exp({plain(x[cell])}{over})" for cell in cells[:10]) + (" + …" if len(cells) > 10 else "")
        return Sources(cells, None, formula=f"exp({plain(x[index])}{over}) / ({below}) = {plain(output[index])}")

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """Every cell along the axis."""
        return self._line(output_shape, index)

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """Every cell along the axis: ``y_i (1 - y_i) / T`` at the same place, ``-y_i y_j / T`` for the others.

        ``1 - y_i`` is taken as the sum of the others, which has more digits where ``y_i`` is next to 1.
        """
        line = {cell: float(output[cell]) for cell in self._line(output.shape, index)}
        own = line[index]
        rest = math.fsum(at for cell, at in line.items() if cell != index)
        for cell, at in line.items():
            yield cell, (own * rest if cell == index else -own * at) / self.temperature
