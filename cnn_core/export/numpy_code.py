"""A script that computes a run again, every number of it, in NumPy alone: a line for each layer that has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.export.arrays import ARCHIVE, INLINE, Written, beyond_numbers
from cnn_core.layers import (
    GELU,
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
from cnn_core.network import Sequential
from cnn_core.ops.conv.dispatch import Branch, in_order
from cnn_core.ops.conv.execute import GATHERED_MOST

_CONVOLVE = '''
def taps(x, size, stride, dilation, padding, fill=0.0):
    """For each place in the window, the cells that all windows read there: (N, C, OH, OW)."""
    x = np.pad(x, ((0, 0), (0, 0), *padding), constant_values=fill)
    reach = [dilation[i] * (size[i] - 1) + 1 for i in (0, 1)]
    count = [(x.shape[2 + i] - reach[i]) // stride[i] + 1 for i in (0, 1)]
    for a in range(size[0]):
        for b in range(size[1]):
            rows = slice(a * dilation[0], a * dilation[0] + (count[0] - 1) * stride[0] + 1, stride[0])
            columns = slice(b * dilation[1], b * dilation[1] + (count[1] - 1) * stride[1] + 1, stride[1])
            yield a, b, x[:, :, rows, columns]
'''

_SHIFTED = '''
def convolve_shifted(x, weight, bias, stride, dilation, padding):
    """out[o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[c, i*s + a*d - p, j*s + b*d - p]"""
    out = 0.0
    for a, b, cells in taps(x, weight.shape[2:], stride, dilation, padding):
        for c in range(weight.shape[1]):  # (N, 1, OH, OW) * (C_out, 1, 1) -> (N, C_out, OH, OW)
            out = out + cells[:, c : c + 1] * weight[:, c, a, b][:, None, None]
    return out + bias[:, None, None]
'''

_GATHERED = '''
def convolve_gathered(x, weight, bias, stride, dilation, padding):
    """The windows as columns of a matrix, then a product: out = weight @ windows + bias, in parts."""
    C_out, C, KH, KW = weight.shape
    cells = [cells for _, _, cells in taps(x, (KH, KW), stride, dilation, padding)]
    N, _, OH, OW = cells[0].shape
    out = np.empty((N, C_out, OH, OW))
    multiply = np.multiply if C * KH * KW == 1 else np.matmul  # one product is no sum: a -0 stays one
    rows, columns = max(1, MOST // (C * KH * KW * OW)), max(1, min(OW, MOST // (C * KH * KW)))
    for i, j in ((i, j) for i in range(0, OH, rows) for j in range(0, OW, columns)):
        # KH*KW times (N, C, rows, columns) -> (N, C, KH*KW, rows, columns) -> (N, 1, C*KH*KW, rows*columns)
        windows = np.stack([each[:, :, i : i + rows, j : j + columns] for each in cells], axis=2)
        height, width = windows.shape[3:]
        windows = windows.reshape(N, 1, C * KH * KW, height * width)
        product = multiply(weight.reshape(1, C_out, C * KH * KW), windows)
        out[:, :, i : i + rows, j : j + columns] = product.reshape(N, C_out, height, width)
    return out + bias[:, None, None]
'''.replace("MOST", str(GATHERED_MOST))

_MAX_POOL = '''
def max_pool(x, size, stride, padding):
    """The largest number of each window; padding never wins."""
    out = -np.inf
    for _, _, cells in taps(x, size, stride, (1, 1), padding, fill=-np.inf):
        out = np.maximum(out, cells)
    return out
'''

_AVG_POOL = '''
def avg_pool(x, size, stride, padding):
    """The mean of each window; padding counts as zeros."""
    out = 0.0
    for _, _, cells in taps(x, size, stride, (1, 1), padding):
        out = out + cells
    return out / (size[0] * size[1])
'''

_SIGMOID = '''
def sigmoid(x):
    """1 / (1 + exp(-x)), with exp of nothing positive, so that it cannot overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)
'''

_SOFTMAX = '''
def softmax(x, temperature=1.0):
    """exp(x / T) over the sum of them all; taking the largest away first changes nothing but keeps exp finite."""
    powers = np.exp((x - x.max(axis=-1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)
'''

_SOFTPLUS = '''
def softplus(x, beta, threshold):
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold."""
    return np.where(x * beta > threshold, x, np.logaddexp(0.0, x * beta) / beta)
'''

_GELU = '''
def gelu(x):
    """x / 2 * (1 + tanh(u)), as x * sigmoid(2 u): far out on the left 1 + tanh(u) is lost."""
    root, cubic = np.sqrt(2 / np.pi), 0.044715
    return x * sigmoid(2 * root * (x + cubic * x * x * x))
'''

_BATCH_NORM = '''
def batch_norm(x, mean, var, weight, bias, eps):
    """(x - mean) / sqrt(var + eps) * weight + bias, as one multiplication and one addition a channel."""
    scale = weight / np.sqrt(var + eps)
    shift = bias - mean * scale
    return x * scale[:, None, None] + shift[:, None, None]
'''


_IN_DOUBLE = (
    "The run had arrays in single precision (float32); here all is computed in double (float64). So the numbers agree",
    "with the run's as far as single precision goes, not to the last bit.",
    "",
)


def numpy_script(network: Sequential, x: npt.ArrayLike, *, inline: int = INLINE) -> str:
    """A script that needs NumPy alone and computes every stage of a run in double precision again, to the last bit.

    Of other runs it computes what the same numbers give in double precision, and says so: the run's own differ from
    these by what single precision rounded.

    Short arrays are written into it. Where there are longer ones, it reads them from the run's :func:`archive`, whose
    name it takes as an argument. It prints each stage, or writes them all to the NPZ file named by a second argument.

    Args:
        network: convolutions without groups, padded by zeros, poolings without dilation or ceil mode that count their
            padding, activations (GELU by tanh), flatten, linear, batch norm and dropout at inference, softmax over the
            last axis. All the run's bits are met where its arrays, and ``x``, are float64, but for the sign of a 0 that
            is the largest beside a -0.
        x: ``(N, C, H, W)``.
        inline: the longest array that the script holds itself.

    Returns:
        the script's text.

    Raises:
        ModelError: where the network has a layer that no line here is known for, or a setting is of another kind.
        ShapeError: where the input does not fit.
    """
    written = Written(network, x, inline)
    shape: tuple[int, ...] = written.input.shape
    needed: list[str] = []
    lines: list[str] = []
    body = [f"x = {written.array(written.input, 'input')}  # (N, C, H, W)", "stages = {}"]
    for number, (name, layer) in enumerate(network.named()):
        functions, call, parameters = _line(layer, shape)
        needed += [function for function in functions if function not in needed]
        for parameter in parameters:
            array = (layer.params() | layer.buffers())[parameter]
            lines.append(f"{parameter}_{number} = {written.array(array, f'{number}.{parameter}')}")
        after = layer.output_shape(shape)
        lines += [f'stages["{name}"] = x = {call.format(n=number)}  # {shape} -> {after}', ""]
        shape = after
    head = [
        '"""Every number that Kernelscope showed, computed again with NumPy alone.',
        "",
        *([] if written.double else _IN_DOUBLE),
        "Run:  python reproduce.py" + (" trace.npz" if written.external else "") + ("    prints every stage"),
        f"      python reproduce.py {'trace.npz' if written.external else '-'} out.npz    writes them to out.npz",
        '"""',
        "",
        "import sys",
        *(["from pathlib import Path"] if written.external else []),
        "",
        "import numpy as np",
        "",
        *([ARCHIVE, ""] if written.external else []),
    ]
    tail = [
        "if len(sys.argv) > 2:",
        "    np.savez(sys.argv[2], **stages)",
        "else:",
        "    for name, values in stages.items():",
        '        print(name, values.shape, values.tolist() if values.size < 1000 else values, sep="\\n")',
    ]
    head += beyond_numbers([*body, *lines])
    definitions = "\n".join(needed)
    return "\n".join([*head, definitions, "", *body, "", *lines, *tail, ""])


_Line = tuple[list[str], str, list[str]]


def _line(layer: Layer, shape: tuple[int, ...]) -> _Line:
    """The functions a layer needs, the line that runs it and the parameters that line names."""
    for kind, write in _LINES.items():
        if type(layer) is kind:
            return write(layer, shape)
    raise ModelError(f"there is no line of NumPy for {type(layer).__name__} yet; leave it out of the network")


def _conv(layer: Any, shape: tuple[int, ...]) -> _Line:
    if layer.groups != 1 or "bias" not in layer.params():
        raise ModelError("a convolution with groups or without bias has no line of NumPy yet; use groups=1, bias=True")
    if layer.padding_mode != "zeros":
        raise ModelError(f'padding_mode={layer.padding_mode!r} has no line of NumPy yet; use "zeros"')
    window = layer.window(shape)
    # The same order of the same operations as ops.conv carries out: only then do all the bits agree.
    branch = in_order(shape, layer.weight.shape, layer.groups)
    way = {Branch.SHIFTED: _SHIFTED, Branch.GATHERED: _GATHERED}[branch]
    call = f"convolve_{branch.value}(x, weight_{{n}}, bias_{{n}}, {window.stride}, {window.dilation}, {window.padding})"
    return [_CONVOLVE, way], call, ["weight", "bias"]


def _pool(layer: Any, shape: tuple[int, ...]) -> _Line:
    window = layer.window(shape)
    if window.ceil_mode or window.dilation != (1, 1) or not getattr(layer, "count_include_pad", True):
        raise ModelError("a pooling of this kind has no line of NumPy yet; use ceil_mode=False, dilation=1")
    largest = isinstance(layer, MaxPool2d)
    function, name = (_MAX_POOL, "max_pool") if largest else (_AVG_POOL, "avg_pool")
    return [_CONVOLVE, function], f"{name}(x, {window.kernel_size}, {window.stride}, {window.padding})", []


def _linear(layer: Any, _: tuple[int, ...]) -> _Line:
    plus, names = (" + bias_{n}", ["weight", "bias"]) if layer.has_bias else ("", ["weight"])
    return [], "np.matmul(x, weight_{n}.T)" + plus, names


def _batch_norm(layer: Any, _: tuple[int, ...]) -> _Line:
    names = ["running_mean", "running_var", "weight", "bias"]
    return [_BATCH_NORM], f"batch_norm(x, {', '.join(f'{name}_{{n}}' for name in names)}, {layer.eps!r})", names


def _softmax(layer: Any, shape: tuple[int, ...]) -> _Line:
    if layer.axis not in (-1, len(shape) - 1):
        raise ModelError(f"softmax along axis {layer.axis} has no line of NumPy yet; use axis=-1")
    return [_SOFTMAX], "softmax(x)" if layer.temperature == 1 else f"softmax(x, {layer.temperature!r})", []


def _gelu(layer: Any, _: tuple[int, ...]) -> _Line:
    if layer.approximate != "tanh":
        raise ModelError('GELU by erf has no line of NumPy, which has no erf; use approximate="tanh"')
    return [_SIGMOID, _GELU], "gelu(x)", []


_LINES: dict[type[Layer], Callable[[Any, tuple[int, ...]], _Line]] = {
    Conv2d: _conv,
    MaxPool2d: _pool,
    AvgPool2d: _pool,
    ReLU: lambda *_: ([], "np.maximum(x, 0.0)", []),
    LeakyReLU: lambda layer, _: ([], f"np.where(x > 0, x, x * {layer.negative_slope!r})", []),
    Sigmoid: lambda *_: ([_SIGMOID], "sigmoid(x)", []),
    Tanh: lambda *_: ([], "np.tanh(x)", []),
    Softplus: lambda layer, _: ([_SOFTPLUS], f"softplus(x, {layer.beta!r}, {layer.threshold!r})", []),
    GELU: _gelu,
    Flatten: lambda *_: ([], "x.reshape(len(x), -1)", []),
    Linear: _linear,
    Softmax: _softmax,
    BatchNorm2d: _batch_norm,
    Dropout: lambda *_: ([], "x", []),
}
