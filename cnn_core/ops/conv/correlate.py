"""The two ways to convolve, over an input that is already padded."""

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Window

# Below this many multiply-adds for each output cell, shifted multiply-adds beat gathering windows for one matrix
# product: the gathered copy costs more memory traffic than the product saves.
FEW_TAPS = 64

# Numbers gathered at a time: an 11×11 kernel on 512×512 in colour would otherwise copy its input 363 times at once.
GATHERED_MOST = 2_000_000


def correlate(padded: Array, weight: Array, sliding: Window, groups: int, size: tuple[int, int]) -> Array:
    """Slide ``weight`` over ``padded``, both of one type: ``(N, C_in, PH, PW) -> (N, C_out, *size)``."""
    few = weight.shape[1] * weight.shape[2] * weight.shape[3] <= FEW_TAPS
    return (shifted if few else gathered)(padded, weight, sliding, groups, size)


def tap(padded: Array, sliding: Window, a: int, b: int, size: tuple[int, int]) -> Array:
    """The input cells that tap ``(a, b)`` of every window reads: ``(N, C, OH, OW)``, a view."""
    top, left = a * sliding.dilation[0], b * sliding.dilation[1]
    step_h, step_w = sliding.stride
    return padded[
        ..., top : top + (size[0] - 1) * step_h + 1 : step_h, left : left + (size[1] - 1) * step_w + 1 : step_w
    ]


def shifted(padded: Array, weight: Array, sliding: Window, groups: int, size: tuple[int, int]) -> Array:
    """One multiply-add of a whole shifted plane for each kernel weight."""
    outputs, each = weight.shape[:2]
    out = np.zeros((padded.shape[0], outputs, *size), dtype=padded.dtype)
    product = np.empty((padded.shape[0], *size), dtype=padded.dtype)
    for a in range(sliding.kernel_size[0]):
        for b in range(sliding.kernel_size[1]):
            planes = tap(padded, sliding, a, b, size)
            for o in range(outputs):
                first = o // (outputs // groups) * each
                for c in range(each):
                    np.multiply(planes[:, first + c], weight[o, c, a, b], out=product)
                    out[:, o] += product
    return out


def gathered(padded: Array, weight: Array, sliding: Window, groups: int, size: tuple[int, int]) -> Array:
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
                columns[:, :, a, b] = tap(below, sliding, a, b, block)
        # (N, C_in, KH, KW, rows, OW) -> (N, G, C_in/G*KH*KW, rows*OW)
        matrix = columns.reshape(batch, groups, each * kernel_h * kernel_w, block[0] * block[1])
        # (N, G, C_out/G, rows*OW) -> (N, C_out, rows, OW)
        out[:, :, first : first + rows] = np.matmul(kernels, matrix).reshape(batch, outputs, *block)
    return out
