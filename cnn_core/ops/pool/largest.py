"""The largest number of each window, and its gradient."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, gradient, images, real, together
from cnn_core.ops.pool import two_by_two
from cnn_core.ops.pool.checks import pool_window
from cnn_core.ops.pool.columns import Places
from cnn_core.ops.pool.meetings import meetings
from cnn_core.ops.pool.separable import pool_separable
from cnn_core.ops.pool.spans import of_windows
from cnn_core.ops.pool.winners import (
    BAND_MOST,
    BLOCK_MOST,
    KEY,
    LARGE_MOST,
    broken,
    by_keys,
    hand_to_winners,
    large,
    of_spans,
)
from cnn_core.shapes import Window

# Numbers of a gradient to hand back at a time.
HANDED_MOST = 100_000

# What handing back takes, in nanoseconds: tap by tap, the calls of a tap; at once, a start and so many for each cell
# and each window. 3×3 at every cell of 64×56×56 takes 0.9 ms so and not 2.4, 13×13 on 256×13×13 0.6 and not 19; 3×3
# side by side on 64×6 planes of 28×28 0.7 and not 0.5.
CALLS, FOUND = 7000, 22_000


def max_pool2d(
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
) -> Array:
    """The largest number of each window; cells outside the image count as minus infinity.

    Args:
        x: ``(N, C, H, W)``.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``, each side smaller than the dilated window.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.

    Returns:
        ``(N, C, OH, OW)``; a window that holds a NaN gives NaN.

    Raises:
        ShapeError: where the window does not fit.
    """
    x = images(x)
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    out = np.empty((*x.shape[:2], *sliding.output_size(*x.shape[2:])), dtype=x.dtype)
    pool_separable(x, out, sliding, np.maximum, -np.inf)
    return out


def max_pool2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    kernel_size: Any,
    *,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    output: npt.ArrayLike | None = None,
) -> Array:
    """The gradient of :func:`max_pool2d`: each window hands its gradient to the cell that won.

    Of equal cells the first in row-major order wins, and a NaN wins over all numbers, as in the forward pass; a window
    that lies wholly in the padding hands nothing on.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C, H, W)``, as the forward pass was given it, as are the settings that follow.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.
        output: the forward result, where it is at hand: it need not be made again.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: where the window does not fit, or ``grad`` or ``output`` has not the forward result's shape.
    """
    x = images(x)
    sliding = pool_window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    grad = gradient(grad, (*x.shape[:2], *sliding.output_size(*x.shape[2:])))
    dtype = together(grad, x)
    grad = grad.astype(dtype, copy=False)
    if output is not None:
        output = real(output, "output")
        if output.shape != grad.shape:
            raise ShapeError(
                f"output must be what max_pool2d made of x, {grad.shape}, got shape {output.shape}; None works"
            )
    if x.dtype == np.float32 and _at_once(x, grad, sliding):
        out = np.zeros(x.shape, dtype)
        _hand_to_winners(grad, x, out, sliding)
        return out
    if output is None:
        output = np.empty(grad.shape, dtype=x.dtype)
        pool_separable(x, output, sliding, np.maximum, -np.inf)
    if two_by_two.fits(x, output, grad, sliding) and not broken(output):
        whole = (2 * grad.shape[2], 2 * grad.shape[3]) == x.shape[2:]
        out = (np.empty if whole else np.zeros)(x.shape, dtype)
        two_by_two.hand_back(grad, x, output, out)
        return out
    out = np.zeros(x.shape, dtype)
    some = max(1, HANDED_MOST // max(1, math.prod(grad.shape[1:])))
    planes = grad.shape[1] if some > 1 else max(1, HANDED_MOST // math.prod(grad.shape[2:]))
    for n in range(0, grad.shape[0], some):
        for c in range(0, grad.shape[1], planes):
            part = (slice(n, n + some), slice(c, c + planes))
            with np.errstate(invalid="ignore", over="ignore"):
                _hand_back(grad[part], x[part], output[part], out[part], sliding)
    return out


def _at_once(x: Array, grad: Array, sliding: Window) -> bool:
    """Whether it takes less to find the winners at once than tap by tap, in nanoseconds as they were measured.

    Tap by tap a window takes the longer where strides tear rows apart, and each tap some calls.
    """
    if sliding.extent[0] * x.shape[3] > (LARGE_MOST if _in_areas(x, grad, sliding) else BAND_MOST):
        return False
    each = 1.0 if sliding.stride[1] == 1 else 1.7
    return math.prod(sliding.kernel_size) * (CALLS + each * grad.size) > FOUND + KEY * (x.size + grad.size)


def _in_areas(x: Array, grad: Array, sliding: Window) -> bool:
    """Whether few columns of each window are looked through."""
    return sliding.dilation == (1, 1) and large(x.size, grad.size, sliding.kernel_size)


def _hand_to_winners(grad: Array, x: Array, out: Array, sliding: Window) -> None:
    """Add each window's gradient to ``out`` where its first largest cell lies: see ``winners``."""
    size, count = (x.shape[2], x.shape[3]), (grad.shape[2], grad.shape[3])
    if _in_areas(x, grad, sliding):
        down, across = (of_windows(sliding, axis, size[axis], count[axis]) for axis in (0, 1))
        hand_to_winners(grad, x, out, *of_spans(down, across, True), LARGE_MOST)
        return

    def find(cells: Array, rows: slice) -> Places:
        part = sliding if rows == slice(0, count[0]) else sliding.over_rows(rows, size, count)[1]
        windows = rows.stop - rows.start, count[1]
        return by_keys(cells, windows, lambda keys, won: pool_separable(keys, won, part, np.maximum, 0))

    # Of a strip no higher than a window most rows would be read for its end alone.
    most = max(BLOCK_MOST, sliding.extent[0] * size[1])
    hand_to_winners(grad, x, out, lambda rows: sliding.over_rows(rows, size, count)[0], find, most)


def _hand_back(grad: Array, x: Array, largest: Array, out: Array, sliding: Window) -> None:
    """Add each window's gradient to ``out`` where its first largest cell lies, tap by tap."""
    has_nan = broken(largest)
    apart = all(step >= extent for step, extent in zip(sliding.stride, sliding.extent, strict=True))
    waiting = np.ones(grad.shape, dtype=bool)
    # A gradient's bits times 0 or 1: nothing, or the very number even if it is infinite or NaN.
    bits = np.dtype(f"i{out.itemsize}")
    given = np.ascontiguousarray(grad).view(bits)
    count, size = (grad.shape[2], grad.shape[3]), (x.shape[2], x.shape[3])
    rows, columns = (sliding.inside(axis, sliding.kernel_size[axis] - 1, size[axis], count[axis]) for axis in (0, 1))
    last = ((..., rows[0], columns[0]), (..., rows[1], columns[1])) if rows and columns else None
    for windows, cells in meetings(count, size, sliding):
        won = waiting[windows]
        if (windows, cells) != last:  # where no cell before the last one was the largest, that one is
            won = x[cells] == largest[windows]
            if has_nan:
                won |= np.isnan(x[cells]) & np.isnan(largest[windows])
            won &= waiting[windows]
        if apart:  # no cell is in two windows
            np.multiply(given[windows], won, out=out.view(bits)[cells])
        else:
            out[cells] += (given[windows] * won).view(out.dtype)
        if (windows, cells) != last:
            waiting[windows] ^= won
