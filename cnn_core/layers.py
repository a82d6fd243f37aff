"""Layers: parameters, an operation, a promise of the output's shape, and where each output cell comes from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops import activation, conv, dense, norm, pool
from cnn_core.ops._arrays import Array, real
from cnn_core.shapes import Window, pair
from cnn_core.trace import Index, Sources

Shape = tuple[int, ...]


class Parameter:
    """A layer's live array: writing into it, or putting another of the same shape in its place, changes the layer."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        return self if layer is None else layer._parameters.get(self.name)

    def __set__(self, layer: Any, value: npt.ArrayLike) -> None:
        old = layer._parameters.get(self.name)
        new = real(value, self.name)
        if old is None or new.shape != old.shape:
            expected = "no array, as the layer has none" if old is None else f"shape {old.shape}"
            raise ShapeError(f"{layer!r}: {self.name} must have {expected}, got shape {new.shape}")
        layer._parameters[self.name] = new


class Layer(ABC):
    """One step of a network. A layer keeps parameters and settings, and nothing of what passes through it."""

    def __init__(self) -> None:
        self._parameters: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: npt.ArrayLike) -> Array:
        """The layer's output for ``x``. Raises ShapeError where ``x`` does not fit."""

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of ``forward``'s result for this shape of input. Raises ShapeError where it does not fit."""

    @abstractmethod
    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The input cells that made the output cell ``index``, with their weights or the formula."""

    @abstractmethod
    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The output cells that read the input cell ``index``, in row-major order."""

    def params(self) -> dict[str, Array]:
        """The live arrays by name; empty for a layer that learns nothing."""
        return dict(self._parameters)

    def window(self, input_shape: Shape) -> Window | None:
        """The window this layer slides over an input of this shape, or None where it slides none."""
        return None

    def macs(self, input_shape: Shape) -> int:
        """Multiply-adds for one input of this shape; 0 where the layer multiplies no weights."""
        return 0

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {}

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.settings().items())
        return f"{type(self).__name__}({listed})"


def _rank_four(shape: Shape) -> Shape:
    if len(shape) != 4:
        raise ShapeError(f"the input must be (N, C, H, W), got shape {shape}")
    return shape


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
        rng: where the first weights come from; None means seed 0, so that a network is the same each time.

    Raises:
        ShapeError: where a setting is of no such form, or the groups do not divide the channels.
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
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = pair(in_channels, "in_channels", least=1)[0]
        self.out_channels = pair(out_channels, "out_channels", least=1)[0]
        self.kernel_size = pair(kernel_size, "kernel_size", least=1)
        self.stride = pair(stride, "stride", least=1)
        self.padding = padding
        self.dilation = pair(dilation, "dilation", least=1)
        self.groups = pair(groups, "groups", least=1)[0]
        self.padding_mode = padding_mode
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        # Settings are checked once here, on an input that every kernel fits, and again on each real input.
        roomy = (1, self.in_channels, *(self.dilation[axis] * self.kernel_size[axis] for axis in (0, 1)))
        conv.conv_window(roomy, shape, stride, padding, dilation, self.groups, padding_mode)
        self._parameters = _uniform(shape, math.prod(shape[1:]), self.out_channels if bias else None, rng)

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
        return {**{name: getattr(self, name) for name in names}, "bias": "bias" in self._parameters}

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

    def window(self, input_shape: Shape) -> Window:
        """The window the kernels slide."""
        return conv.conv_window(
            _rank_four(input_shape),
            self.weight.shape,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.padding_mode,
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C_out, OH, OW)``."""
        size = self.window(input_shape).output_size(input_shape[2], input_shape[3])
        return (input_shape[0], self.out_channels, *size)

    def macs(self, input_shape: Shape) -> int:
        """``OH * OW * C_out * C_in / groups * KH * KW`` for each image."""
        return math.prod(self.output_shape(input_shape)[2:]) * int(self.weight.size)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The window over every channel of the cell's group, channel by channel, with the kernel's weights."""
        n, o, i, j = index
        each = self.in_channels // self.groups
        first = o // (self.out_channels // self.groups) * each
        taps = list(self.window(x.shape).taps(i, j))
        cells = [
            _inside((n, c, row, column), x.shape) for c in range(first, first + each) for _, _, row, column in taps
        ]
        bias = 0.0 if self.bias is None else float(self.bias[o])
        return Sources(cells, self.weight[o].ravel().tolist(), bias)

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the group's output channels whose window holds the input cell."""
        n, c, row, column = index
        outputs = self.out_channels // self.groups
        first = c // (self.in_channels // self.groups) * outputs
        cells = list(self.window(input_shape).readers(row, column, (output_shape[2], output_shape[3])))
        return ((n, o, i, j) for o in range(first, first + outputs) for i, j in cells)


def _inside(index: Index, shape: Shape) -> Index | None:
    return index if 0 <= index[2] < shape[2] and 0 <= index[3] < shape[3] else None


def _uniform(shape: Shape, fan_in: int, outputs: int | None, rng: np.random.Generator | None) -> dict[str, Array]:
    generator = np.random.default_rng(0) if rng is None else rng
    bound = 1 / math.sqrt(fan_in)
    parameters: dict[str, Array] = {"weight": generator.uniform(-bound, bound, shape).astype(np.float32)}
    if outputs is not None:
        parameters["bias"] = generator.uniform(-bound, bound, outputs).astype(np.float32)
    return parameters


class _Pool2d(Layer):
    """What both poolings share."""

    def __init__(self, kernel_size: Any, *, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> None:
        super().__init__()
        self.kernel_size = pair(kernel_size, "kernel_size", least=1)
        self.stride = self.kernel_size if stride is None else pair(stride, "stride", least=1)
        self.padding = padding
        self.dilation = pair(dilation, "dilation", least=1)
        self.ceil_mode = bool(ceil_mode)
        roomy = (1, 1, *(self.dilation[axis] * self.kernel_size[axis] for axis in (0, 1)))
        self.window(roomy)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {name: getattr(self, name) for name in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")}

    def window(self, input_shape: Shape) -> Window:
        """The window that is pooled."""
        shape = _rank_four(input_shape)
        return pool.pool_window(shape, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C, OH, OW)``."""
        size = self.window(input_shape).output_size(input_shape[2], input_shape[3])
        return (*input_shape[:2], *size)

    def _cells(self, x: Array, index: Index) -> list[Index | None]:
        n, c, i, j = index
        return [_inside((n, c, row, column), x.shape) for _, _, row, column in self.window(x.shape).taps(i, j)]

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the same channel whose window holds the input cell."""
        n, c, row, column = index
        size = (output_shape[2], output_shape[3])
        return ((n, c, i, j) for i, j in self.window(input_shape).readers(row, column, size))


class MaxPool2d(_Pool2d):
    """The largest number of each window: see :func:`cnn_core.max_pool2d`."""

    def __init__(
        self, kernel_size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.max_pool2d(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The window; the first of its largest cells has weight 1, the others 0."""
        cells = self._cells(x, index)
        numbers = [-math.inf if cell is None else float(x[cell]) for cell in cells]
        inside = [k for k, cell in enumerate(cells) if cell is not None]
        winner = next((k for k in inside if math.isnan(numbers[k])), None)
        if winner is None:
            winner = max(inside, key=lambda k: numbers[k])  # max keeps the first of equals
        return Sources(cells, [1.0 if k == winner else 0.0 for k in range(len(cells))], padding_value=-math.inf)


class AvgPool2d(_Pool2d):
    """The mean of each window: see :func:`cnn_core.avg_pool2d`."""

    def __init__(
        self,
        kernel_size: Any,
        *,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
        self.count_include_pad = bool(count_include_pad)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {**super().settings(), "count_include_pad": self.count_include_pad}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.avg_pool2d(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The window, every cell weighed by one over the number of cells that count."""
        counted = pool.divisors(self.window(x.shape), (x.shape[2], x.shape[3]), self.count_include_pad)
        cells = self._cells(x, index)
        share = 1.0 / float(counted[index[2], index[3]])
        return Sources(cells, [share] * len(cells))


class _Elementwise(Layer):
    """Each output cell comes from the input cell at the same place."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        return input_shape

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cell at the same place."""
        return iter((index,))


def _plain(x: float) -> str:
    """A number for a formula: six digits, negative ones in brackets where they follow a sign."""
    return f"{x:.6g}"


class ReLU(_Elementwise):
    """``max(0, x)``: see :func:`cnn_core.relu`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.relu(x)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The cell at the same place, and ``max(0, x)``."""
        return Sources((index,), None, formula=f"max(0, {_plain(x[index])}) = {_plain(output[index])}")


class LeakyReLU(_Elementwise):
    """``x`` where positive, else a fraction of it: see :func:`cnn_core.leaky_relu`."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = float(negative_slope)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"negative_slope": self.negative_slope}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.leaky_relu(x, self.negative_slope)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The cell at the same place, and which side of the function it is on."""
        value, result = float(x[index]), _plain(output[index])
        rule = f"{_plain(value)} > 0" if value > 0 else f"{self.negative_slope:g} × {_plain(value)}"
        return Sources((index,), None, formula=f"{rule} = {result}" if value <= 0 else f"{rule}, so it stays {result}")


class Sigmoid(_Elementwise):
    """``1 / (1 + exp(-x))``: see :func:`cnn_core.sigmoid`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.sigmoid(x)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The cell at the same place."""
        return Sources((index,), None, formula=f"1 / (1 + exp(-({_plain(x[index])}))) = {_plain(output[index])}")


class Tanh(_Elementwise):
    """The hyperbolic tangent: see :func:`cnn_core.tanh`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.tanh(x)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The cell at the same place."""
        return Sources((index,), None, formula=f"tanh({_plain(x[index])}) = {_plain(output[index])}")


class Softmax(Layer):
    """Scores to probabilities along an axis: see :func:`cnn_core.softmax`."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"axis": self.axis}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept."""
        return activation.softmax(x, self.axis)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        if not -len(input_shape) <= self.axis < len(input_shape):
            raise ShapeError(f"softmax needs an axis {self.axis}, got shape {input_shape}; axis=-1 works")
        return input_shape

    def _line(self, shape: Shape, index: Index) -> Iterator[Index]:
        axis = self.axis % len(shape)
        return ((*index[:axis], k, *index[axis + 1 :]) for k in range(shape[axis]))

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """Every cell along the axis."""
        cells = list(self._line(x.shape, index))
        below = " + ".join(f"exp({_plain(x[cell])})" for cell in cells[:10]) + (" + …" if len(cells) > 10 else "")
        return Sources(cells, None, formula=f"exp({_plain(x[index])}) / ({below}) = {_plain(output[index])}")

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """Every cell along the axis."""
        return self._line(output_shape, index)


class BatchNorm2d(_Elementwise):
    """Normalise each channel by its running statistics: see :func:`cnn_core.batch_norm2d`.

    Args:
        channels: ``C``.
        eps: added to the variance.
    """

    weight = Parameter()
    bias = Parameter()

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.channels = pair(channels, "channels", least=1)[0]
        self.eps = float(eps)
        ones, zeros = np.ones(self.channels, np.float32), np.zeros(self.channels, np.float32)
        self._parameters = {"weight": ones.copy(), "bias": zeros.copy()}
        self.running_mean = zeros.copy()
        self.running_var = ones.copy()

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"channels": self.channels, "eps": self.eps}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W)``, kept."""
        return norm.batch_norm2d(x, self.running_mean, self.running_var, self.weight, self.bias, self.eps)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        if _rank_four(input_shape)[1] != self.channels:
            raise ShapeError(f"{self!r} expects {self.channels} channels, got {input_shape[1]}")
        return input_shape

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """The cell at the same place times the channel's scale, with its shift as the bias."""
        scale, shift = norm.scale_and_shift(
            self.running_mean, self.running_var, self.weight, self.bias, self.eps, channels=self.channels
        )
        return Sources((index,), (float(scale[index[1]]),), float(shift[index[1]]))


class Flatten(Layer):
    """``(N, ...) -> (N, -1)``: see :func:`cnn_core.flatten`."""

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C*H*W)``."""
        return dense.flatten(x)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C*H*W)``."""
        if not input_shape:
            raise ShapeError("flatten needs a batch axis, got a single number")
        return input_shape[0], math.prod(input_shape[1:])

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
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
        rng: where the first weights come from; None means seed 0.
    """

    weight = Parameter()
    bias = Parameter()

    def __init__(
        self, in_features: int, out_features: int, *, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        self.in_features = pair(in_features, "in_features", least=1)[0]
        self.out_features = pair(out_features, "out_features", least=1)[0]
        shape = (self.out_features, self.in_features)
        self._parameters = _uniform(shape, self.in_features, self.out_features if bias else None, rng)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        bias = "bias" in self._parameters
        return {"in_features": self.in_features, "out_features": self.out_features, "bias": bias}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(..., in_features) -> (..., out_features)``."""
        return dense.linear(x, self.weight, self.bias)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(..., out_features)``."""
        if not input_shape or input_shape[-1] != self.in_features:
            raise ShapeError(f"{self!r} expects {self.in_features} features, got shape {input_shape}; Flatten first")
        return (*input_shape[:-1], self.out_features)

    def macs(self, input_shape: Shape) -> int:
        """``in_features * out_features`` for each row."""
        return int(self.weight.size)

    def sources(self, x: Array, output: Array, index: Index) -> Sources:
        """Every input of the row, with the output's weights."""
        cells = [(*index[:-1], k) for k in range(self.in_features)]
        bias = 0.0 if self.bias is None else float(self.bias[index[-1]])
        return Sources(cells, self.weight[index[-1]].tolist(), bias)

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """Every output of the row."""
        return ((*index[:-1], k) for k in range(self.out_features))
