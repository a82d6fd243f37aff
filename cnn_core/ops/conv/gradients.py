"""The two gradients of a correlation, each itself a sum of products that the fast ways of the forward pass can make.

Both follow from the forward sum: the output cell ``i`` met the tap ``a`` at the padded row
``i * stride + a * dilation`` (Goodfellow, Bengio and Courville, "Deep Learning", 2016, eqs. 9.11 and 9.13).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.conv.abreast import spread_abreast, weights_abreast
from cnn_core.ops.conv.costs import Work, microseconds
from cnn_core.ops.conv.covered import covers, spread_covered, weights_covered
from cnn_core.ops.conv.dispatch import estimates, finite, has_slabs
from cnn_core.ops.conv.dotted import weights_dotted
from cnn_core.ops.conv.execute import correlate, gathered_rows, in_strips, rows_apart
from cnn_core.ops.conv.gathered import gather
from cnn_core.ops.conv.products import left_lines
from cnn_core.ops.conv.rows import columns_together, slabs, strips
from cnn_core.ops.conv.shifted import tap
from cnn_core.shapes import Pair, Sides, Window

# Cells from which on a plane's sum is faster as a product with ones, and up to which it rounds no more for it.
PLANE_LEAST, PLANE_MOST = 16, 65_536


def spread(grad: Array, weight: Array, sliding: Window, groups: int, size: Pair) -> Array:
    """Give each input cell its part of every output cell that read it.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        sliding: the window that was slid, over zeros around the image.
        groups: into how many groups the channels fall.
        size: ``(H, W)`` of the image.

    Returns:
        ``(N, C_in, H, W)``.
    """
    if covers(sliding, size):
        return spread_covered(grad, weight, groups, size)
    if sliding.dilation != (1, 1) and sliding.stride != (1, 1):
        return _stamped(grad, weight, sliding, groups, size)
    # (C_out, C_in/G, KH, KW) -> (C_in, C_out/G, KH, KW), turned around
    outputs, each, kernel_h, kernel_w = weight.shape
    turned = weight.reshape(groups, outputs // groups, each, kernel_h, kernel_w).swapaxes(1, 2)
    turned = turned.reshape(groups * each, outputs // groups, kernel_h, kernel_w)
    if sliding.stride == (1, 1):
        before = (sliding.padding[0][0], sliding.padding[1][0])
        return _spread_by_one(grad, turned, before, sliding.dilation, groups, size)
    out = np.zeros((grad.shape[0], groups * each, *size), dtype=grad.dtype)
    # Cells a stride apart met the same taps: each such part is a spread by one step, with the taps a stride apart.
    for rows, taps_h, above in _phases(sliding, 0, size[0]):
        for columns, taps_w, left in _phases(sliding, 1, size[1]):
            part = (len(range(*rows.indices(size[0]))), len(range(*columns.indices(size[1]))))
            some = turned[:, :, taps_h, taps_w]
            out[:, :, rows, columns] = _spread_by_one(grad, some, (above, left), (1, 1), groups, part)
    return out


def _phases(sliding: Window, axis: int, size: int) -> Iterator[tuple[slice, slice, int]]:
    """Cells along an axis that met the same taps, those taps, and the padding before the first, in strides."""
    stride, before = sliding.stride[axis], sliding.padding[axis][0]
    for first in range(min(stride, sliding.kernel_size[axis])):
        start = (first - before) % stride
        if start < size:
            yield slice(start, None, stride), slice(first, None, stride), (start + before - first) // stride


def _spread_by_one(grad: Array, turned: Array, before: Pair, dilation: Pair, groups: int, size: Pair) -> Array:
    """``spread`` for a stride of 1: a correlation of the gradient with the kernels turned around."""
    kernel = (turned.shape[2], turned.shape[3])
    sides: list[Pair] = []
    for axis in (0, 1):
        extent = (kernel[axis] - 1) * dilation[axis] + 1
        near = extent - 1 - before[axis]
        far = size[axis] - grad.shape[2 + axis] - near + extent - 1
        sides.append((near, far))
    (top, bottom), (left, right) = sides
    # Gradients of cells that read nothing but padding are left out.
    grad = grad[:, :, max(0, -top) : grad.shape[2] - max(0, -bottom), max(0, -left) : grad.shape[3] - max(0, -right)]
    around: Sides = ((max(0, top), max(0, bottom)), (max(0, left), max(0, right)))
    if 0 in grad.shape:
        return np.zeros((grad.shape[0], turned.shape[0], *size), dtype=turned.dtype)
    window = Window(kernel, dilation=dilation, padding=around)
    met = all(0 <= near < reach > far for (near, far), reach in zip(sides, kernel, strict=True))
    if met and dilation == (1, 1) and groups == 1:
        work = Work(len(grad), len(turned), grad.shape[1], 1, size, Window(kernel), (grad.shape[2], grad.shape[3]))
        _, other = estimates(grad.shape, turned.shape, window, groups)[0]
        if microseconds("spread abreast", work) < other and finite(turned):
            return spread_abreast(grad, turned, before, size)
    return correlate(grad, turned[:, :, ::-1, ::-1], None, window, groups, size, ordered=False)


def _stamped(grad: Array, weight: Array, sliding: Window, groups: int, size: Pair) -> Array:
    """``spread`` for any setting: each tap's part is a product, added where the tap lay; image by image."""
    batch, outputs, *windows = grad.shape
    each, kernel_h, kernel_w = weight.shape[1:]
    (top, bottom), (left, right) = sliding.padding
    out = np.empty((batch, groups * each, *size), dtype=grad.dtype)
    canvas = np.empty((groups * each, top + size[0] + bottom, left + size[1] + right), dtype=grad.dtype)
    # (C_out, C_in/G, KH, KW) -> (KH, KW, G, C_in/G, C_out/G)
    kernels = weight.reshape(groups, outputs // groups, each, kernel_h, kernel_w).transpose(3, 4, 0, 2, 1)
    for n in range(batch):
        canvas[...] = 0
        # (C_out, OH, OW) -> (G, C_out/G, OH*OW)
        cells = grad[n].reshape(groups, outputs // groups, windows[0] * windows[1])
        for a, b in np.ndindex(kernel_h, kernel_w):
            # (G, C_in/G, C_out/G) @ (G, C_out/G, OH*OW) -> (C_in, OH, OW)
            part = np.matmul(kernels[a, b], cells).reshape(groups * each, *windows)
            target = tap(canvas, sliding, a, b, (windows[0], windows[1]))
            np.add(target, part, out=target)
        out[n] = canvas[:, top : top + size[0], left : left + size[1]]
    return out


def weight_gradient(grad: Array, x: Array, sliding: Window, groups: int, mode: str = "zeros") -> Array:
    """For each weight, the sum over all output cells of their gradient times the cell that it met.

    Args:
        grad: ``(N, C_out, OH, OW)``.
        x: ``(N, C_in, H, W)``, not padded.
        sliding: the window that was slid.
        groups: into how many groups the channels fall.
        mode: what is seen around the image.

    Returns:
        ``(C_out, C_in / groups, KH, KW)``.
    """
    outputs, each = grad.shape[1], x.shape[1] // groups
    shape = (outputs, each, *sliding.kernel_size)
    if not grad.size:
        return np.zeros(shape, dtype=grad.dtype)
    if covers(sliding, (x.shape[2], x.shape[3])):
        return weights_covered(grad, x, groups)
    work = Work(len(x), x.shape[1], outputs, groups, (x.shape[2], x.shape[3]), sliding, (grad.shape[2], grad.shape[3]))
    by_rows = has_slabs(sliding) and microseconds("weights by rows", work) < microseconds("weights by windows", work)
    bare = mode == "zeros" or not any(map(any, sliding.padding))
    if bare and each == 1 and outputs == groups:
        other = microseconds("weights by rows" if by_rows else "weights by windows", work)
        total = weights_dotted(grad, x, sliding) if microseconds("weights dotted", work) < other else None
        # Zeros that met what is not finite show in a sum: then all is done anew, with care.
        if total is not None and np.isfinite(total).all():
            return total
    if bare and sliding.stride == sliding.dilation == (1, 1) and groups == 1:
        other = microseconds("weights by rows" if by_rows else "weights by windows", work)
        if microseconds("weights abreast", work) < other and finite(x):
            return weights_abreast(grad, x, (sliding.padding[0][0], sliding.padding[1][0]), sliding.kernel_size)
    if by_rows:
        return _weights_from_rows(grad, x, sliding, groups, mode).reshape(shape)
    return _weights_from_windows(grad, x, sliding, groups, mode).reshape(shape)


def bias_gradient(grad: Array) -> Array:
    """Each channel's sum, ``(N, C_out, OH, OW) -> (C_out,)``."""
    batch, outputs, rows, columns = grad.shape
    as_product = PLANE_LEAST <= rows * columns <= PLANE_MOST and grad.flags.c_contiguous
    if grad.dtype != np.float32 or not as_product:
        return np.asarray(grad.sum(axis=(0, 2, 3)))
    with np.errstate(invalid="ignore", over="ignore"):
        # (N * C_out, OH * OW) @ (OH * OW): 16 against 47 µs for 64×6 planes of 28×28
        planes = np.matmul(grad.reshape(batch * outputs, rows * columns), np.ones(rows * columns, grad.dtype))
        return np.asarray(planes.reshape(batch, outputs).sum(axis=0))


def _weights_from_rows(grad: Array, x: Array, sliding: Window, groups: int, mode: str) -> Array:
    """A product for each output row with the slab of laid-out input rows that it read: see ``rows``."""
    outputs, each = grad.shape[1] // groups, x.shape[1] // groups
    kernel_h, kernel_w = sliding.kernel_size
    depth = kernel_h * each * kernel_w
    images, wide = columns_together(len(x), grad.shape[3], outputs * depth)
    together = left_lines(outputs, depth, images * wide)
    total = np.zeros((groups, outputs // together, together, depth), dtype=grad.dtype)
    for cells, place, part in rows_apart(x, sliding, mode, grad):
        step = place.stride[0]
        for laid, given in strips(cells, part, place, groups, (kernel_h, kernel_w), 1, outputs * depth, by_cell=True):
            rows, columns = given.shape[2], given.shape[3] * given.shape[4]
            # (G, C_out/G, rows, N, OW) -> (rows, G, C_out/G/P, P, N*OW)
            left = given.transpose(2, 0, 1, 3, 4).reshape(rows, groups, outputs // together, together, columns)
            right = slabs(laid, 0, rows, step, kernel_h, columns).swapaxes(2, 3)[:, :, None]
            # (rows, G, C_out/G/P, P, N*OW) @ (rows, G, 1, N*OW, KH*C/G*KW) -> (G, C_out/G/P, P, KH*C/G*KW)
            total += np.matmul(left, right).sum(axis=0)
    # (G, C_out/G, KH, C/G, KW) -> (G, C_out/G, C/G, KH, KW)
    return total.reshape(groups, outputs, kernel_h, each, kernel_w).swapaxes(2, 3)


def _weights_from_windows(grad: Array, x: Array, sliding: Window, groups: int, mode: str) -> Array:
    """A product of each strip of the gradient with the windows it came from, gathered as the forward pass does."""
    outputs, each = grad.shape[1] // groups, x.shape[1] // groups
    depth = each * sliding.kernel_size[0] * sliding.kernel_size[1]
    total = np.zeros((groups, outputs, depth), dtype=grad.dtype)
    rows = gathered_rows(x, sliding, grad.shape[3])
    for n in range(grad.shape[0]):
        for cells, given in in_strips(x[n : n + 1], sliding, mode, grad[n : n + 1], rows):
            cut = (given.shape[2], given.shape[3])
            # (1, C, KH, KW, rows, OW) -> (G, C/G*KH*KW, rows*OW)
            windows = gather(cells, sliding, cut).reshape(groups, depth, cut[0] * cut[1])
            left = given.reshape(groups, outputs, cut[0] * cut[1])
            total += np.matmul(left, windows.swapaxes(1, 2))
    return total
