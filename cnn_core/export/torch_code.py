"""A network as PyTorch has it, held to the run that it was taken from: a module for each layer, of the same name.

Layers are called, and their settings spelled, as PyTorch's own, so a layer kind is written as it is; here stands only
where the two differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, NamedTuple

import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.export.arrays import INLINE, Written
from cnn_core.export.compared import comparing
from cnn_core.layers import (
    KINDS,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Layer,
    MaxPool2d,
    Softmax,
)
from cnn_core.layers.base import Shape
from cnn_core.network import Sequential
from cnn_core.shapes import Pair, Sides, window

_PADS = {
    "zeros": "ZeroPad2d",
    "reflect": "ReflectionPad2d",
    "replicate": "ReplicationPad2d",
    "circular": "CircularPad2d",
}

_DIVIDED = '''
class Divided(nn.Module):
    """Scores over a temperature."""

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def forward(self, x):
        return x / self.temperature

'''


class _Module(NamedTuple):
    """A layer's module."""

    made: str
    """The expression that makes it."""
    before: str | None = None
    """The one that makes what comes before it, as padding of which PyTorch's layer has no setting."""


def torch_script(network: Sequential, x: npt.ArrayLike, *, inline: int = INLINE) -> str:
    """A script that builds the network in PyTorch, with its parameters, and runs it over ``x`` at inference.

    Short arrays are written into it; where there are longer ones, it reads them from the run's :func:`archive`, whose
    name it takes as an argument. With the archive it prints how far each stage differs from the run's, and without it
    the numbers. Padding that differs from side to side, and more of it than PyTorch's pooling takes, is a module of its
    own before the layer.

    Args:
        network: of layers in :data:`cnn_core.layers.KINDS`.
        x: ``(N, C, H, W)``.
        inline: the longest array that the script holds itself.

    Returns:
        the script's text; it computes in double precision where any of the run's arrays is in double.

    Raises:
        ModelError: where PyTorch has no module for a layer or one of its settings.
        ShapeError: where the input does not fit.
    """
    written = Written(network, x, inline)
    shape: Shape = written.input.shape
    modules, loads = [], []
    for number, (_, layer) in enumerate(network.named()):
        module = _module(layer, shape)
        after = layer.output_shape(shape)
        made = f"nn.Sequential({module.before}, {module.made})" if module.before else module.made
        modules.append(f"    {made},  # {shape} -> {after}")
        place = f"network[{number}]" + ("[-1]" if module.before else "")
        for name, array in (layer.params() | layer.buffers()).items():
            loads.append(f"    {place}.{name}.copy_(torch.from_numpy({written.array(array, f'{number}.{name}')}))")
        shape = after
    dtype = "float32" if written.single else "float64"
    taken = f"    x = torch.from_numpy({written.array(written.input, 'input')}).to(torch.{dtype})  # (N, C, H, W)"
    body = [
        "network = nn.Sequential(",
        *modules,
        f").to(torch.{dtype}).eval()",
        "",
        "with torch.no_grad():",
        *loads,
        taken,
        f"    for name, layer in zip({[name for name, _ in network.named()]!r}, network):",
        "        x = layer(x)",
        "        tell(name, x.numpy())",
    ]
    imports = ["import numpy as np", "import torch", "from torch import nn"]
    return comparing(written, "PyTorch", imports, {"Divided": _DIVIDED}, body)


def _module(layer: Layer, shape: Shape) -> _Module:
    kind = type(layer)
    if KINDS.get(kind.__name__) is not kind:
        raise ModelError(f"PyTorch has no module {kind.__name__}; these can be written: {', '.join(KINDS)}")
    return _DIFFERENT.get(kind, _same)(layer, shape)


def _same(layer: Any, _: Shape) -> _Module:
    """A layer whose settings are those of its module."""
    return _Module(_call(layer, layer.settings()))


def _call(layer: Layer, settings: Mapping[str, Any]) -> str:
    """The expression that makes a layer's module. What PyTorch takes anyway is left out: its defaults are ours."""
    unsaid = {name: parameter.default for name, parameter in signature(type(layer)).parameters.items()}
    if unsaid.get("stride", 1) is None:
        unsaid["stride"] = _plain(settings["kernel_size"])
    plain = {name: _plain(value) for name, value in settings.items()}
    said = [f"{name}={value!r}" for name, value in plain.items() if name not in unsaid or unsaid[name] != value]
    return f"nn.{type(layer).__name__}({', '.join(said)})"


def _plain(value: Any) -> Any:
    """A pair of equals as the one number that stands for both."""
    return value[0] if isinstance(value, tuple) and value[0] == value[1] else value


def _padded(sides: Sides, most: tuple[float, float] = (math.inf, math.inf)) -> tuple[Pair | None, str]:
    """Padding as a setting, where both sides of an axis have the same and no more than ``most``; else for a module."""
    (top, bottom), (left, right) = sides
    if top == bottom <= most[0] and left == right <= most[1]:
        return (top, left), ""
    return None, f"({left}, {right}, {top}, {bottom})"


def _conv(layer: Any, shape: Shape) -> _Module:
    alike, sides = _padded(layer.window(shape).padding)
    if alike is not None:
        return _Module(_call(layer, {**layer.settings(), "padding": alike}))
    settings = {**layer.settings(), "padding": 0, "padding_mode": "zeros"}
    return _Module(_call(layer, settings), f"nn.{_PADS[layer.padding_mode]}({sides})")


def _pool(layer: Any, shape: Shape) -> _Module:
    settings = layer.settings()
    if isinstance(layer, AvgPool2d) and settings.pop("dilation") != (1, 1):
        raise ModelError("PyTorch's AvgPool2d has no dilation; dilation=1 works")
    half = (layer.kernel_size[0] // 2, layer.kernel_size[1] // 2)  # more than that PyTorch's poolings refuse
    alike, sides = _padded(layer.window(shape).padding, half)
    if alike is not None:
        return _Module(_call(layer, {**settings, "padding": alike}))
    if layer.ceil_mode or not settings.get("count_include_pad", True):
        raise ModelError(
            f"PyTorch's {type(layer).__name__} has no padding of {layer.padding!r} with these settings; padding=0 works"
        )
    fill = "0.0" if isinstance(layer, AvgPool2d) else "-inf"
    return _Module(_call(layer, {**settings, "padding": 0}), f"nn.ConstantPad2d({sides}, {fill})")


def _transposed(layer: Any, _: Shape) -> _Module:
    alike, sides = _padded(window(layer.kernel_size, padding=layer.padding, input_size=layer.kernel_size).padding)
    if alike is None:
        raise ModelError(f"PyTorch's ConvTranspose2d has no padding of {sides}, side by side; padding=0 works")
    return _Module(_call(layer, {**layer.settings(), "padding": alike}))


def _norm(layer: Any, _: Shape) -> _Module:
    return _Module(_call(layer, {"num_features": layer.channels, "eps": layer.eps, "momentum": layer.momentum}))


def _softmax(layer: Any, _: Shape) -> _Module:
    before = None if layer.temperature == 1 else f"Divided({layer.temperature!r})"
    return _Module(_call(layer, {"dim": layer.axis}), before)


_DIFFERENT: Mapping[type[Layer], Callable[[Any, Shape], _Module]] = {
    AvgPool2d: _pool,
    BatchNorm2d: _norm,
    Conv2d: _conv,
    ConvTranspose2d: _transposed,
    MaxPool2d: _pool,
    Softmax: _softmax,
}
