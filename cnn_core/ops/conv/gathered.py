"""Convolution as one matrix product over gathered windows (im2col; K. Chellapilla, S. Puri and P. Simard, 2006)."""

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import LINE_MOST, as_windows
from cnn_core.ops.conv.products import multiply
from cnn_core.ops.conv.shifted import tap
from cnn_core.shapes import Pair, Window

# Numbers gathered at a time in single precision: 2 MB, with the hundreds of columns that a product wants; from 60,000
# to a million the fastest.
GATHERED_SINGLE = 500_000

# Lines from which on it pays to take them for single items.
LINES_LEAST = 800


def gather(padded: Array, sliding: Window, size: Pair, columns: Array | None = None) -> Array:
    """Every window's cells, one matrix row a tap.

    Args:
        padded: ``(N, C, PH, PW)``.
        sliding: the window.
        size: how many windows, ``(OH, OW)``.
        columns: where to put them, ``(N, C, KH, KW, OH, OW)``, or None for a new array.

    Returns:
        ``(N, C, KH, KW, OH, OW)``; for a 1×1 kernel without stride a view.
    """
    kernel_h, kernel_w = sliding.kernel_size
    if kernel_h == kernel_w == 1 and sliding.stride == (1, 1):
        return tap(padded, sliding, 0, 0, size)[:, :, None, None]
    if columns is None:
        columns = np.empty((*padded.shape[:2], kernel_h, kernel_w, *size), dtype=padded.dtype)
    # (N, C, PH, PW) -> (N, C, KH, KW, OH, OW), a view in which windows overlap
    apart, down, across = padded.strides[:2], padded.strides[2], padded.strides[3]
    steps = (down * sliding.dilation[0], across * sliding.dilation[1], down * sliding.stride[0])
    strides = *apart, *steps, across * sliding.stride[1]
    if not padded.flags.c_contiguous:
        np.copyto(columns, np.lib.stride_tricks.as_strided(padded, columns.shape, strides, writeable=False))
    elif sliding.stride[1] == 2:
        for target, windows in as_windows(columns, padded, strides):
            np.copyto(target, windows, casting="unsafe")
    else:
        shape, dtype, target = columns.shape, padded.dtype, columns
        short = 0 < size[1] * columns.itemsize <= LINE_MOST and columns.size >= LINES_LEAST * size[1]
        if short and sliding.stride[1] == 1 and columns.strides[-1] == columns.itemsize:
            # Lines as single items: 17 against 34 µs for 3×3 on 64 planes of 14×14. See ``copy_lines``.
            dtype = np.dtype(f"V{size[1] * columns.itemsize}")
            target, shape, strides = columns.view(dtype)[..., 0], shape[:-1], strides[:-1]
        np.copyto(target, np.ndarray(shape, dtype, padded, 0, strides))  # a view as well, in a third of the time
    return columns


def correlate_gathered(padded: Array, weight: Array, out: Array, sliding: Window, groups: int) -> None:
    """Slide ``weight`` over ``padded`` and write into ``out``.

    Args:
        padded: ``(1, C_in, PH, PW)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        out: ``(1, C_out, OH, OW)``, written to.
        sliding: the window.
        groups: into how many groups the channels fall.
    """
    outputs, each, kernel_h, kernel_w = weight.shape
    rows, width = out.shape[2:]
    depth = each * kernel_h * kernel_w
    # (C_out, C_in/G, KH, KW) -> (G, C_out/G, C_in/G*KH*KW)
    kernels = weight.reshape(groups, outputs // groups, depth)
    # (1, C_in, KH, KW, OH, OW) -> (G, C_in/G*KH*KW, OH*OW)
    columns = gather(padded, sliding, (rows, width)).reshape(groups, depth, rows * width)
    if out.strides[2] == width * out.itemsize:
        # Rows follow on each other: the product can write its lines where they belong.
        lines = out[0].reshape(groups, outputs // groups, rows * width)
        # A sum of one product is none, and as a matrix product takes 1 ns: 0.05 against 0.4 ms for 128 planes of 56×56.
        if depth == 1:
            np.multiply(kernels, columns, out=lines)
        else:
            multiply(kernels, columns, lines)
    else:
        out[0] = np.matmul(kernels, columns).reshape(outputs, rows, width)
