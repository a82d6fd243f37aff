"""Convolution as one multiply-add of a shifted plane for each weight: exact for any number, NaN and infinities too."""

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Pair, Window

# Numbers of a strip: what is read, the products and the sums together stay in the second-level cache.
STRIP_MOST = 65_536


def tap(padded: Array, sliding: Window, a: int, b: int, size: Pair) -> Array:
    """The input cells that tap ``(a, b)`` of every window reads: ``(N, C, OH, OW)``, a view."""
    top, left = a * sliding.dilation[0], b * sliding.dilation[1]
    step_h, step_w = sliding.stride
    return padded[
        ..., top : top + (size[0] - 1) * step_h + 1 : step_h, left : left + (size[1] - 1) * step_w + 1 : step_w
    ]


def correlate_shifted(padded: Array, weight: Array, out: Array, sliding: Window, groups: int) -> None:
    """Slide ``weight`` over ``padded`` and write into ``out``, the taps in row-major order, in each the channels.

    Args:
        padded: ``(N, C_in, PH, PW)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        out: ``(N, C_out, OH, OW)``, written to.
        sliding: the window.
        groups: into how many groups the channels fall.
    """
    outputs, each, kernel_h, kernel_w = weight.shape
    size = (out.shape[2], out.shape[3])
    out[...] = 0
    product = np.empty((out.shape[0], *size), dtype=out.dtype)
    for a in range(kernel_h):
        for b in range(kernel_w):
            planes = tap(padded, sliding, a, b, size)
            for o in range(outputs):
                first = o // (outputs // groups) * each
                for c in range(each):
                    np.multiply(planes[:, first + c], weight[o, c, a, b], out=product)
                    out[:, o] += product
