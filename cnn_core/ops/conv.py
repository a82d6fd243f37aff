"""Convolution as networks mean it: cross-correlation, the kernel not flipped."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, images, real, together, vector
from cnn_core.shapes import Window, pair, window

PADDING_MODES = ("zeros",)

# Below this many multiply-adds for each output cell, shifted multiply-adds beat gathering windows for one matrix
# product: the gathered copy costs more memory traffic than the product saves.
FEW_TAPS = 64

# Numbers gathered at a time: an 11×11 kernel on 512×512 in colour would otherwise copy its input 363 times at once.
GATHERED_MOST = 2_000_000


def conv2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """Slide a bank of kernels over images.

    ``out[n, o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[n, g + c, i*s + a*d - p, j*s + b*d - p]``,
    zeros outside the image (Goodfellow, Bengio and Courville, "Deep Learning", 2016, eq. 9.6).

    Args:
        x: ``(N, C_in, H, W)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        bias: ``(C_out,)`` or None.
        stride: a whole number or a pair, at least 1.
        padding: a whole number, ``(h, w)``, ``((top, bottom), (left, right))``, ``"valid"`` or ``"same"``.
        dilation: a whole number or a pair, at least 1.
        groups: into how many independent groups the channels fall; ``C_in`` of them is depthwise.
        padding_mode: ``"zeros"``.

    Returns:
        ``(N, C_out, OH, OW)``.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight = images(x), real(weight, "weight")
    bias = vector(bias, "bias", weight.shape[0]) if weight.ndim == 4 else None
    sliding = conv_window(x.shape, weight.shape, stride, padding, dilation, groups, padding_mode)
    dtype = together(x, weight, bias)
    out_h, out_w = sliding.output_size(*x.shape[2:])
    padded = _pad(x.astype(dtype, copy=False), sliding)
    if weight.shape[1] * weight.shape[2] * weight.shape[3] <= FEW_TAPS:
        out = _shifted(padded, weight.astype(dtype, copy=False), sliding, groups, (out_h, out_w))
    else:
        out = _gathered(padded, weight.astype(dtype, copy=False), sliding, groups, (out_h, out_w))
    if bias is not None:
        out += bias.astype(dtype, copy=False)[:, None, None]
    return out


def conv_window(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    padding_mode: str,
) -> Window:
    """The window a convolution slides, after checking that everything fits.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    if padding_mode not in PADDING_MODES:
        raise ShapeError(f'padding_mode must be one of {PADDING_MODES}, got {padding_mode!r}; "zeros" works')
    if len(weight_shape) != 4 or 0 in weight_shape[1:]:
        raise ShapeError(f"weight must be (C_out, C_in/groups, KH, KW), all at least 1, got shape {weight_shape}")
    groups = pair(groups, "groups", least=1)[0]
    channels, (outputs, each) = x_shape[1], weight_shape[:2]
    if channels % groups or outputs % groups:
        raise ShapeError(f"groups must divide {channels} input and {outputs} output channels, got {groups}; 1 works")
    if each * groups != channels:
        raise ShapeError(
            f"weight of shape {weight_shape} with groups={groups} expects {each * groups} input channels, "
            f"got {channels}; a weight of shape {(outputs, channels // groups, *weight_shape[2:])} works"
        )
    height, width = x_shape[2:]
    sliding = window(weight_shape[2:], stride=stride, padding=padding, dilation=dilation, input_size=(height, width))
    sliding.output_size(height, width)
    return sliding


def _pad(x: Array, sliding: Window) -> Array:
    if not any(map(any, sliding.padding)):
        return x
    return np.pad(x, ((0, 0), (0, 0), *sliding.padding))


def _tap(padded: Array, sliding: Window, a: int, b: int, size: tuple[int, int]) -> Array:
    """The input cells that tap ``(a, b)`` of every window reads: ``(N, C, OH, OW)``, a view."""
    top, left = a * sliding.dilation[0], b * sliding.dilation[1]
    step_h, step_w = sliding.stride
    return padded[
        ..., top : top + (size[0] - 1) * step_h + 1 : step_h, left : left + (size[1] - 1) * step_w + 1 : step_w
    ]


def _shifted(padded: Array, weight: Array, sliding: Window, groups: int, size: tuple[int, int]) -> Array:
    """One multiply-add of a whole shifted plane for each kernel weight."""
    outputs, each = weight.shape[:2]
    out = np.zeros((padded.shape[0], outputs, *size), dtype=padded.dtype)
    product = np.empty((padded.shape[0], *size), dtype=padded.dtype)
    for a in range(sliding.kernel_size[0]):
        for b in range(sliding.kernel_size[1]):
            planes = _tap(padded, sliding, a, b, size)
            for o in range(outputs):
                first = o // (outputs // groups) * each
                for c in range(each):
                    np.multiply(planes[:, first + c], weight[o, c, a, b], out=product)
                    out[:, o] += product
    return out


def _gathered(padded: Array, weight: Array, sliding: Window, groups: int, size: tuple[int, int]) -> Array:
    """Windows laid out as the columns of a matrix, then one matrix product a group; some output rows at a time."""
    batch, channels = padded.shape[:2]
    outputs, each, kernel_h, kernel_w = weight.shape
    out = np.empty((batch, outputs, *size), dtype=padded.dtype)
    # (C_out, C_in/G, KH, KW) -> (G, C_out/G, C_in/G*KH*KW)
    kernels = weight.reshape(groups, outputs // groups, each * kernel_h * kernel_w)
    rows = max(1, GATHERED_MOST // (channels * kernel_h * kernel_w * size[1]))
    for first in range(0, size[0], rows):
        block = (min(rows, size[0] - first), size[1])
        columns = np.empty((batch, channels, kernel_h, kernel_w, *block), dtype=padded.dtype)
        below = padded[:, :, first * sliding.stride[0] :]
        for a in range(kernel_h):
            for b in range(kernel_w):
                columns[:, :, a, b] = _tap(below, sliding, a, b, block)
        # (N, C_in, KH, KW, rows, OW) -> (N, G, C_in/G*KH*KW, rows*OW)
        gathered = columns.reshape(batch, groups, each * kernel_h * kernel_w, block[0] * block[1])
        # (N, G, C_out/G, rows*OW) -> (N, C_out, rows, OW)
        out[:, :, first : first + rows] = np.matmul(kernels, gathered).reshape(batch, outputs, *block)
    return out
