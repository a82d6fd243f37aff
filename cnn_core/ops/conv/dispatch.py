"""Which algorithm slides a kernel, and why: the one place where that is decided.

Measured on one thread, float32, AVX-512, OpenBLAS 0.3.31; ``tests/benchmarks`` measures again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.conv import shifted, spectral, winograd
from cnn_core.ops.conv.banded import block_rows, correlate_banded
from cnn_core.ops.conv.gathered import correlate_gathered
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.separable import correlate_separable, factors
from cnn_core.ops.conv.shifted import correlate_shifted
from cnn_core.ops.conv.spectral import correlate_spectral
from cnn_core.ops.conv.winograd import correlate_winograd
from cnn_core.ops.padding import pad_rows
from cnn_core.shapes import Pair, Window

# In double precision: below this many multiply-adds for each output cell, shifted multiply-adds beat gathering.
FEW_TAPS = 64

# Numbers gathered at a time in double precision: part of the order of operations that exported scripts repeat.
GATHERED_MOST = 2_000_000

# In single precision: 2 MB, with the hundreds of columns that a product wants; from 60,000 to a million the fastest.
GATHERED_SINGLE = 500_000

# The columns below which a product with many channels no longer runs fast.
COLUMNS_LEAST = 256

# Numbers padded at a time where the padding shows the image.
AROUND_MOST = 1_000_000

# Up to this many multiply-adds for each output cell, a product for each row with its KW copies of the input beats one
# for many rows with KH * KW copies: 2.7 against 3.5 ms for 64→64 channels, 3×3; not for 256.
ROW_TAPS_MOST = 1200

# The same for weights' gradients, where each row's product is as large as all weights (C_out/G * C/G * KH * KW).
ROW_WEIGHTS_MOST = 4096


class Branch(Enum):
    """The algorithms, each in a file of its own."""

    SHIFTED = "shifted"
    GATHERED = "gathered"
    BANDED = "banded"
    SEPARABLE = "separable"
    SPECTRAL = "spectral"
    WINOGRAD = "winograd"


def choose(x: Array, weight: Array, sliding: Window, groups: int, ordered: bool = True) -> Branch:
    """The algorithm for this geometry, element type, weights and numbers.

    Args:
        x: ``(N, C_in, H, W)``, not padded.
        weight: ``(C_out, C_in / groups, KH, KW)``, of the same type.
        sliding: the window.
        groups: into how many groups the channels fall.
        ordered: whether double precision is added in the order that others repeat.
    """
    taps = math.prod(weight.shape[1:])
    if ordered and x.dtype != np.float32:
        # Double precision is for those who ask for each bit: exported scripts and the preview repeat these two orders.
        return Branch.SHIFTED if taps <= FEW_TAPS else Branch.GATHERED
    outputs = weight.shape[0] // groups
    if suits_winograd(x, weight, sliding, groups):
        return Branch.WINOGRAD  # 1.9 against 3.0 ms for a band, 64→64 of 56×56; 6.8 against 10.6 for 256→256 of 28×28
    # Of a 1×1 kernel there is little to gather: without a stride the product reads the image itself.
    if (sliding.kernel_size == (1, 1) and taps > 4) or (taps > ROW_TAPS_MOST and outputs > 1) or not has_slabs(sliding):
        return Branch.GATHERED
    # Rows from here on. Bands: 0.45 against 1.1 ms for shifted planes, grey 3×3 on 480×640; 0.7 against 8 ms for 3→16.
    if block_rows(outputs) > 1 and not (finite(x) and finite(weight)):
        return Branch.SHIFTED if taps <= FEW_TAPS else Branch.GATHERED  # a band or a spectrum would spread a NaN
    if outputs == weight.shape[1] == 1 and factors(weight) is not None:
        return Branch.SEPARABLE  # 1.3 against 10 ms for a band and 6 for a spectrum, 31×31 on 480×640
    return Branch.SPECTRAL if suits_spectrum(x, weight, sliding, groups) else Branch.BANDED


def suits_spectrum(x: Array, weight: Array, sliding: Window, groups: int) -> bool:
    """Whether transforms pay: a large kernel for each channel, single precision, which hides a double's errors."""
    alone = weight.shape[1] == 1 and weight.shape[0] == groups
    if not alone or x.dtype != np.float32 or sliding.stride != (1, 1) or sliding.dilation != (1, 1):
        return False
    size = sliding.output_size(x.shape[2], x.shape[3])
    return weight.shape[2] * weight.shape[3] >= spectral.TAPS_LEAST and min(size) >= spectral.CELLS_LEAST


def suits_winograd(x: Array, weight: Array, sliding: Window, groups: int) -> bool:
    """Whether sums and differences pay: many channels, 3×3, single precision, and numbers that can be trusted to it."""
    plain = sliding.kernel_size == (3, 3) and sliding.stride == (1, 1) and groups == 1 and x.dtype == np.float32
    if not plain or min(weight.shape[:2]) < winograd.CHANNELS_LEAST:
        return False
    cells = x.shape[0] * math.prod(sliding.output_size(x.shape[2], x.shape[3]))
    few = weight.shape[0] * weight.shape[1] <= winograd.KERNELS_MOST
    return few and cells >= winograd.CELLS_LEAST and winograd.dense(x, weight)


def has_slabs(sliding: Window) -> bool:
    """Whether the rows that a window reads can be made neighbours: not with both a stride and a dilation down."""
    return sliding.dilation[0] == 1 or sliding.stride[0] == 1 or sliding.kernel_size[0] == 1


def finite(x: Array) -> bool:
    """Whether there is neither NaN nor infinity in ``x``: one reading pass where all is well."""
    if x.flags.c_contiguous and math.isfinite(np.dot(x.reshape(-1), x.reshape(-1))):
        return True
    return bool(np.isfinite(x).all())


def correlate(
    x: Array,
    weight: Array,
    bias: Array | None,
    sliding: Window,
    groups: int,
    size: Pair,
    mode: str = "zeros",
    branch: Branch | None = None,
    ordered: bool = True,
) -> Array:
    """Slide ``weight`` over ``x``, its surroundings and all.

    Args:
        x: ``(N, C_in, H, W)``, not padded.
        weight: ``(C_out, C_in / groups, KH, KW)``, of the same type.
        bias: ``(C_out,)``, of the same type, or None.
        sliding: the window; nothing is checked here.
        groups: into how many groups the channels fall.
        size: ``(OH, OW)`` of the result.
        mode: what is seen around the image.
        branch: the algorithm, or None to have it chosen.
        ordered: whether double precision is added in the order that others repeat.

    Returns:
        ``(N, C_out, OH, OW)``.
    """
    out = np.empty((x.shape[0], weight.shape[0], *size), dtype=x.dtype)
    if not out.size:
        return out
    weight = np.ascontiguousarray(weight)
    chosen = choose(x, weight, sliding, groups, ordered) if branch is None else branch
    if chosen in (Branch.BANDED, Branch.SEPARABLE, Branch.SPECTRAL, Branch.WINOGRAD):
        for cells, place, target in rows_apart(x, sliding, mode, out):
            if chosen is Branch.SEPARABLE:
                correlate_separable(cells, weight, bias, target, place)
            elif chosen is Branch.SPECTRAL:
                correlate_spectral(cells, weight, bias, target, place)
            elif chosen is Branch.WINOGRAD:
                correlate_winograd(cells, weight, bias, target, place)
            else:
                # (C_out, C/G, KH, KW) -> (G, C_out/G, C/G, KH, KW)
                kernels = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
                correlate_banded(cells, kernels, bias, target, place, block_rows(kernels.shape[1]))
        return out
    for cells, target in _strips(x, weight, sliding, mode, out, chosen):
        if chosen is Branch.SHIFTED:
            correlate_shifted(cells, weight, target, sliding, groups)
        else:
            correlate_gathered(cells, weight, target, sliding, groups)
        if bias is not None:
            np.add(target, bias[:, None, None], out=target)
    return out


def rows_apart(x: Array, sliding: Window, mode: str, out: Array) -> Iterator[tuple[Array, Place, Array]]:
    """Convolutions whose taps lie row under row, with zeros around them, that together make the one asked for.

    Rows ``i, i + d, i + 2d, ...`` of a result dilated by ``d`` read every d-th row of the image and no other.
    """
    (top, _), (left, _) = sliding.padding
    apart = sliding.dilation[0] if sliding.kernel_size[0] > 1 else 1
    if mode != "zeros" and any(map(any, sliding.padding)):
        bare = Window(sliding.kernel_size, sliding.stride, sliding.dilation)
        for cells, target in in_strips(x, sliding, mode, out, rows=max(1, AROUND_MOST // x[:, :, 0].size)):
            yield from rows_apart(cells, bare, "zeros", target)
        return
    for phase in range(min(apart, out.shape[2])):
        first = phase - top
        start = first % apart
        place = Place(((start - first) // apart, left), sliding.stride, sliding.dilation[1])
        yield x[:, :, start::apart], place, out[:, :, phase::apart]


def _strips(
    x: Array, weight: Array, sliding: Window, mode: str, out: Array, branch: Branch
) -> Iterator[tuple[Array, Array]]:
    """Padded parts of the input, and the parts of the result that are made of them."""
    width = out.shape[3]
    if branch is Branch.SHIFTED:
        rows = max(1, shifted.STRIP_MOST // width)
        images = max(1, shifted.STRIP_MOST // (out.shape[2] * width))
    else:
        rows, images = gathered_rows(x, sliding, width), 1
    for first in range(0, x.shape[0], images):
        some = slice(first, first + images)
        yield from in_strips(x[some], sliding, mode, out[some], rows)


def gathered_rows(x: Array, sliding: Window, width: int) -> int:
    """How many output rows, ``width`` wide, to gather windows for at a time."""
    line: int = x.shape[1] * sliding.kernel_size[0] * sliding.kernel_size[1] * width
    if x.dtype != np.float32:
        return max(1, GATHERED_MOST // line)
    if sliding.kernel_size == (1, 1) and sliding.stride == (1, 1):
        return max(1, AROUND_MOST // line, -(-COLUMNS_LEAST // width))
    return max(GATHERED_SINGLE // line, -(-COLUMNS_LEAST // width))


def in_strips(x: Array, sliding: Window, mode: str, out: Array, rows: int) -> Iterator[tuple[Array, Array]]:
    """The padded input of ``rows`` output rows, and these, until all have had their turn."""
    for top in range(0, out.shape[2], rows):
        count = min(rows, out.shape[2] - top)
        above = top * sliding.stride[0]
        cells = pad_rows(x, sliding.padding, mode, above, above + (count - 1) * sliding.stride[0] + sliding.extent[0])
        yield cells, out[:, :, top : top + count]
