"""Convolution of an image amid much padding of zeros: only the windows that meet the image are computed."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Pair, Window

# Cells of padding on a side from which on it is asked how many there are in all.
WIDE = 256
# Numbers of a padded plane beside four of the image's, beyond which it is not made.
AROUND_MOST = 1_000_000


def is_far_wider(sliding: Window, size: Pair) -> bool:
    """Whether windows miss an image of ``(H, W)`` cells, and it is so little of all that is padded."""
    (top, bottom), (left, right) = sliding.padding
    if max(top, bottom, left, right) < WIDE:
        return False
    if max(top, bottom) < sliding.extent[0] and max(left, right) < sliding.extent[1]:
        return False
    return (top + size[0] + bottom) * (left + size[1] + right) > 4 * size[0] * size[1] + AROUND_MOST


def correlate_near(
    correlate: Callable[[Array, Window, Pair], Array],
    x: Array,
    weight: Array,
    bias: Array | None,
    sliding: Window,
    size: Pair,
) -> Array:
    """Slide ``weight`` over ``x`` where a window meets it; everywhere else each weight meets a zero.

    Args:
        correlate: convolves a part of ``x`` by a window of that padding to a size.
        x: ``(N, C_in, H, W)``, not padded.
        weight: ``(C_out, C_in / groups, KH, KW)``; an infinite or NaN weight makes NaN of a zero.
        bias: ``(C_out,)`` or None.
        sliding: the window.
        size: ``(OH, OW)`` of the result.

    Returns:
        ``(N, C_out, OH, OW)``.
    """
    zero = (weight * 0).sum(axis=(1, 2, 3), dtype=weight.dtype)
    alone = zero if bias is None else bias + zero
    out = np.empty((x.shape[0], weight.shape[0], *size), dtype=x.dtype)
    out[...] = alone[:, None, None]
    windows, cells, padding = zip(
        *(_near(sliding, axis, x.shape[2 + axis], size[axis]) for axis in (0, 1)), strict=True
    )
    met = (len(range(*windows[0].indices(size[0]))), len(range(*windows[1].indices(size[1]))))
    if all(met):
        near = replace(sliding, padding=padding)
        out[..., windows[0], windows[1]] = correlate(x[..., cells[0], cells[1]], near, met)
    return out


def _near(sliding: Window, axis: int, cells: int, count: int) -> tuple[slice, slice, Pair]:
    """Along an axis the windows that meet the image, the cells that they reach, and their padding on both sides."""
    padding, stride, extent = sliding.padding[axis][0], sliding.stride[axis], sliding.extent[axis]
    low = max(0, -((extent - 1 - padding) // stride))
    high = max(low, min(count, (padding + cells - 1) // stride + 1))
    start, end = low * stride - padding, (high - 1) * stride - padding + extent
    reached = slice(max(0, start), max(0, min(cells, end)))
    return slice(low, high), reached, (max(0, -start), max(0, end - cells))
