"""The two gradients of a correlation, over an input that is already padded.

Both follow from the forward sum: the output cell ``i`` met the tap ``a`` at the padded row
``i * stride + a * dilation`` (Goodfellow, Bengio and Courville, "Deep Learning", 2016, eqs. 9.11 and 9.13).
"""

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.conv.shifted import tap
from cnn_core.shapes import Pair, Window


def spread(grad: Array, weight: Array, sliding: Window, groups: int, padded_size: Pair) -> Array:
    """Give each padded cell its part of every output cell that read it.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        sliding: the window that was slid.
        groups: into how many groups the channels fall.
        padded_size: ``(PH, PW)``.

    Returns:
        ``(N, C_in, PH, PW)``.
    """
    batch, outputs, *size = grad.shape
    each, kernel_h, kernel_w = weight.shape[1:]
    out = np.zeros((batch, groups * each, *padded_size), dtype=grad.dtype)
    # (N, C_out, OH, OW) -> (N, G, C_out/G, OH*OW)
    cells = grad.reshape(batch, groups, outputs // groups, size[0] * size[1])
    # (C_out, C_in/G, KH, KW) -> (KH, KW, G, C_in/G, C_out/G)
    kernels = weight.reshape(groups, outputs // groups, each, kernel_h, kernel_w).transpose(3, 4, 0, 2, 1)
    for a in range(kernel_h):
        for b in range(kernel_w):
            # (G, C_in/G, C_out/G) @ (N, G, C_out/G, OH*OW) -> (N, C_in, OH, OW)
            part = np.matmul(kernels[a, b], cells).reshape(batch, groups * each, *size)
            target = tap(out, sliding, a, b, (size[0], size[1]))
            target += part
    return out


def weight_gradient(grad: Array, padded: Array, sliding: Window, groups: int) -> Array:
    """For each weight, the sum over all output cells of their gradient times the cell that it met.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        padded: ``(N, C_in, PH, PW)``.
        sliding: the window that was slid.
        groups: into how many groups the channels fall.

    Returns:
        ``(C_out, C_in / groups, KH, KW)``.
    """
    batch, outputs, *size = grad.shape
    each = padded.shape[1] // groups
    kernel_h, kernel_w = sliding.kernel_size
    # (N, C_out, OH, OW) -> (N, G, C_out/G, OH*OW)
    cells = grad.reshape(batch, groups, outputs // groups, size[0] * size[1])
    out = np.empty((groups, outputs // groups, each, kernel_h, kernel_w), dtype=grad.dtype)
    for a in range(kernel_h):
        for b in range(kernel_w):
            met = tap(padded, sliding, a, b, (size[0], size[1]))
            # (N, C_in, OH, OW) -> (N, G, OH*OW, C_in/G)
            met = met.reshape(batch, groups, each, size[0] * size[1]).swapaxes(2, 3)
            # (N, G, C_out/G, OH*OW) @ (N, G, OH*OW, C_in/G) -> (G, C_out/G, C_in/G)
            out[..., a, b] = np.matmul(cells, met).sum(axis=0)
    return out.reshape(outputs, each, kernel_h, kernel_w)
