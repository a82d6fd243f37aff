"""A network as Keras has it, channels last, held to the run that it was taken from.

Keras has other names, other orders of axes and fewer settings than PyTorch, whose this package speaks: what each layer
becomes is said here kind by kind, and what has no counterpart is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.export.arrays import INLINE, Written
from cnn_core.export.compared import comparing
from cnn_core.layers import (
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from cnn_core.layers.base import Shape
from cnn_core.network import Sequential
from cnn_core.shapes import Sides

_SURROUNDED = '''
class Surrounded(layers.Layer):
    """A map with a value around it, which never wins where it is -inf."""

    def __init__(self, rows, columns, value):
        super().__init__()
        self.around, self.value = ((0, 0), rows, columns, (0, 0)), value

    def call(self, x):
        return keras.ops.pad(x, self.around, constant_values=self.value)

'''

_SPREAD = '''
def spread(kernel, dilation):
    """A kernel with zeros between its weights: Keras's layer is strided or dilated, not both."""
    rows, columns = (gap * (size - 1) + 1 for gap, size in zip(dilation, kernel.shape))
    spread = np.zeros((rows, columns, *kernel.shape[2:]))
    spread[:: dilation[0], :: dilation[1]] = kernel
    return spread

'''

_PARTS = {"Surrounded": _SURROUNDED, "spread": _SPREAD}

_TURNED = "values.transpose(0, 3, 1, 2) if values.ndim == 4 else values"  # (N, H, W, C) -> (N, C, H, W)


class _Written(NamedTuple):
    """A layer in Keras."""

    made: str
    """The expression that makes it."""
    before: str | None = None
    """The one that makes what comes before it."""
    arrays: tuple[tuple[str, str], ...] = ()
    """Its arrays in Keras's order: the name here, and the expression that makes Keras's of it, ``{}``."""


def keras_script(network: Sequential, x: npt.ArrayLike, *, inline: int = INLINE) -> str:
    """A script that builds the network in Keras 3, with its parameters, and runs it over ``x`` at inference.

    It speaks channels last, ``(N, H, W, C)``, as Keras does on a processor, and turns each stage back to compare it.
    Flattening keeps the order of ``(C, H, W)``, so that the weights behind it stay what they are. Where arrays are read
    from and what is printed is as :func:`torch_script` has it.

    Args:
        network: of convolutions padded by zeros, poolings without dilation or ceil mode that count their padding,
            adaptive poolings to one cell, activations, flatten, linear, batch norm, dropout and softmax.
        x: ``(N, C, H, W)``.
        inline: the longest array that the script holds itself.

    Returns:
        the script's text; it computes in double precision where any of the run's arrays is in double.

    Raises:
        ModelError: where Keras has nothing for a layer or one of its settings.
        ShapeError: where the input does not fit.
    """
    written = Written(network, x, inline)
    shape: Shape = written.input.shape
    made, loads = [], []
    for number, (_, layer) in enumerate(network.named()):
        each = _layer(layer, shape)
        after = layer.output_shape(shape)
        whole = f"keras.Sequential([{each.before}, {each.made}])" if each.before else each.made
        made.append(f"        {whole},  # {shape} -> {after}")
        place = f"network.layers[{number}]" + (".layers[-1]" if each.before else "")
        held = layer.params() | layer.buffers()
        arrays = [
            turn.format(written.array(held[name], f"{number}.{name}")) for name, turn in each.arrays if name in held
        ]
        if arrays:
            loads.append(f"{place}.set_weights([{', '.join(arrays)}])")
        shape = after
    image = written.input.ndim == 4
    turned = ".transpose(0, 2, 3, 1)" if image else ""  # (N, C, H, W) -> (N, H, W, C)
    taken = written.input.shape[1:]
    channels_last = (*taken[1:], taken[0]) if image else taken
    dtype = "float32" if written.single else "float64"
    body = [
        f'keras.config.set_floatx("{dtype}")',
        f'keras.config.set_dtype_policy("{dtype}")',
        "network = keras.Sequential(",
        "    [",
        f"        keras.Input({channels_last}),",
        *made,
        "    ]",
        ")",
        *loads,
        "",
        f'x = keras.ops.convert_to_tensor({written.array(written.input, "input")}{turned}, dtype="{dtype}")',
        f"for name, layer in zip({[name for name, _ in network.named()]!r}, network.layers):",
        "    x = layer(x)",
        "    values = keras.ops.convert_to_numpy(x)",
        f"    tell(name, {_TURNED})",
    ]
    imports = ["import keras", "import numpy as np", "from keras import layers"]
    return comparing(written, "Keras", imports, _PARTS, body)


def _layer(layer: Layer, shape: Shape) -> _Written:
    for kind, write in _KINDS.items():
        if type(layer) is kind:
            return write(layer, shape)
    known = ", ".join(kind.__name__ for kind in _KINDS)
    raise ModelError(f"there is no line of Keras for {type(layer).__name__} yet; these can be written: {known}")


def _zeros(sides: Sides) -> str | None:
    """Zeros around a map, or None where there are none."""
    return f"layers.ZeroPadding2D({sides})" if any(map(any, sides)) else None


def _conv(layer: Any, shape: Shape) -> _Written:
    if layer.padding_mode != "zeros":
        raise ModelError(f'padding_mode={layer.padding_mode!r} has no layer in Keras; use "zeros"')
    sliding = layer.window(shape)
    # (C_out, C_in/groups, KH, KW) -> (KH, KW, C_in/groups, C_out)
    size, gaps, turn = sliding.kernel_size, sliding.dilation, "{}.transpose(2, 3, 1, 0)"
    if max(sliding.stride) > 1 and max(gaps) > 1:
        size, gaps, turn = sliding.extent, (1, 1), f"spread({turn}, {gaps})"
    said = {"strides": sliding.stride, "dilation_rate": gaps}
    named = "".join(f", {name}={value}" for name, value in said.items() if value != (1, 1))
    named += "" if layer.groups == 1 else f", groups={layer.groups}"
    named += "" if layer.has_bias else ", use_bias=False"
    made = f"layers.Conv2D({layer.out_channels}, {size}{named})"
    return _Written(made, _zeros(sliding.padding), (("weight", turn), ("bias", "{}")))


def _pool(layer: Any, shape: Shape) -> _Written:
    sliding = layer.window(shape)
    padded = any(map(any, sliding.padding))
    if sliding.ceil_mode or sliding.dilation != (1, 1) or (padded and not getattr(layer, "count_include_pad", True)):
        raise ModelError(
            "a pooling of this kind has no layer in Keras; ceil_mode=False, dilation=1, count_include_pad=True works"
        )
    of = f"{sliding.kernel_size}, strides={sliding.stride}"
    if isinstance(layer, AvgPool2d):
        return _Written(f"layers.AveragePooling2D({of})", _zeros(sliding.padding))
    rows, columns = sliding.padding
    return _Written(f"layers.MaxPooling2D({of})", f"Surrounded({rows}, {columns}, -inf)" if padded else None)


def _global(name: str) -> Callable[[Any, Shape], _Written]:
    def write(layer: Any, shape: Shape) -> _Written:
        if layer.output_shape(shape)[2:] != (1, 1):
            raise ModelError(
                f"{type(layer).__name__} to {layer.output_size} has no layer in Keras; output_size=1 works"
            )
        return _Written(f"layers.{name}(keepdims=True)")

    return write


def _softplus(layer: Any, _: Shape) -> _Written:
    if layer.beta != 1 or layer.threshold < 20:
        raise ModelError("Keras's softplus has no beta and no threshold; Softplus() works")
    return _Written('layers.Activation("softplus")')


def _gelu(layer: Any, _: Shape) -> _Written:
    if layer.approximate == "tanh":
        return _Written("layers.Activation(lambda x: keras.activations.gelu(x, approximate=True))")
    return _Written('layers.Activation("gelu")')


def _softmax(layer: Any, shape: Shape) -> _Written:
    axis = layer.axis % len(shape)
    if axis == 0:
        raise ModelError("Keras has no softmax over the batch; axis=-1 works")
    if len(shape) == 4:
        axis = (0, 3, 1, 2)[axis]
    before = None if layer.temperature == 1 else f"layers.Rescaling(1 / {layer.temperature!r})"
    return _Written(f"layers.Softmax(axis={axis})", before)


def _norm(layer: Any, _: Shape) -> _Written:
    arrays = tuple((name, "{}") for name in ("weight", "bias", "running_mean", "running_var"))
    # Keras's momentum is what stays of the statistics, PyTorch's what is replaced.
    return _Written(f"layers.BatchNormalization(momentum={1 - layer.momentum!r}, epsilon={layer.eps!r})", None, arrays)


def _flatten(_: Any, shape: Shape) -> _Written:
    return _Written("layers.Flatten()", "layers.Permute((3, 1, 2))" if len(shape) == 4 else None)


def _linear(layer: Any, shape: Shape) -> _Written:
    if len(shape) == 4:
        raise ModelError(
            "Linear over the columns of maps has no layer in Keras, whose last axis are channels; "
            "a Flatten before it works"
        )
    bias = "" if layer.has_bias else ", use_bias=False"
    return _Written(f"layers.Dense({layer.out_features}{bias})", None, (("weight", "{}.T"), ("bias", "{}")))


_KINDS: Mapping[type[Layer], Callable[[Any, Shape], _Written]] = {
    Conv2d: _conv,
    MaxPool2d: _pool,
    AvgPool2d: _pool,
    AdaptiveMaxPool2d: _global("GlobalMaxPooling2D"),
    AdaptiveAvgPool2d: _global("GlobalAveragePooling2D"),
    ReLU: lambda *_: _Written("layers.ReLU()"),
    LeakyReLU: lambda layer, _: _Written(f"layers.LeakyReLU({layer.negative_slope!r})"),
    Sigmoid: lambda *_: _Written('layers.Activation("sigmoid")'),
    Tanh: lambda *_: _Written('layers.Activation("tanh")'),
    Softplus: _softplus,
    GELU: _gelu,
    Softmax: _softmax,
    BatchNorm2d: _norm,
    Dropout: lambda layer, _: _Written(f"layers.Dropout({layer.p!r})"),
    Flatten: _flatten,
    Linear: _linear,
}
