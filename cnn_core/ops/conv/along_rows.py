"""Depthwise convolution by kernels of a single row: the row of each plane slides along those of the image as they lie.

A band matrix (see ``banded``) that holds the row makes ``B`` neighbouring cells of the ``R = (B - 1) * stride + KW``
that they read. Where an image has many rows, one product makes as many cells of all of them:

    (H, R) @ (R, B) -> (H, B)

and where rows are long and few, of every other block of a row (of every third where kernels are wide), so that what a
product reads does not overlap, as matrices that are multiplied fast may not:

    (OW / 2 / B, R) @ (R, B) -> (OW / 2 / B, B)

All planes come in one call. Nothing is laid out, and no zeros are put around an image: the first and the last cells of
a row are made by those lines of the band that meet cells of the image.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnn_core.ops._arrays import Array
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv.folded import moves
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair, inside

# Cells of a row that a product makes: 0.35 ms for 1×31 on 64 planes of 56×56, 0.56 with 8, 0.41 with 32.
BLOCK = 16

# Numbers of a plane from which on it is made some rows at a time, of so many: blocks of columns are read one after the
# other, and rows should stay in the second-level cache meanwhile. 2.0 against 3.6 ms for 1×5 on 1080×1920, 6.4 against
# 14.2 for 1×9 on 2000×3000, but 0.22 against 0.16 for 1×3 on 480×640.
PLANE_MOST, NUMBERS = 400_000, 90_000


def correlate_along_rows(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide each channel's own row over it and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, its lines contiguous, not padded.
        weight: ``(C, 1, 1, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to.
        place: where the windows lie.
    """
    x, (step_h, step), (top, left) = np.ascontiguousarray(x), place.stride, place.before
    row = np.zeros((len(weight), (weight.shape[3] - 1) * place.across + 1), dtype=weight.dtype)
    row[:, :: place.across] = weight[:, 0, 0]  # with the gaps of its dilation
    block = min(BLOCK, out.shape[3])
    # (C, KW) @ (KW, B * R) -> (C, R, B), whose rows are read as they lie
    band = row.dot(moves(row.shape[1], block, step, x.dtype)).reshape(len(row), block, -1)
    band = np.ascontiguousarray(band.swapaxes(1, 2))
    met = inside(-top, step_h, x.shape[2], out.shape[2])
    if met is None:  # the windows of all rows lie in the padding
        out[...] = 0
    else:
        made, cells = met
        out[:, :, : made.start] = 0
        out[:, :, made.stop :] = 0
        given, made_rows, strip = x[:, :, cells], out[:, :, made], strip_rows((x.shape[2], x.shape[3]))
        for first in range(0, made_rows.shape[2], strip):
            some = slice(first, first + strip)
            _slide(given[:, :, some], band, made_rows[:, :, some], left, step)
    if bias is not None:
        add_to_planes(out, bias)


def strip_rows(image: Pair) -> int:
    """How many rows of an image ``(H, W)`` to make at a time."""
    return image[0] if math.prod(image) <= PLANE_MOST else max(1, NUMBERS // image[1])


def _slide(x: Array, band: Array, out: Array, left: int, step: int) -> None:
    """Make all cells of the rows of a strip: ``(N, C, H, W) -> (N, C, H, OW)``."""
    (width, wide), (reach, block) = (x.shape[3], out.shape[3]), band.shape[1:]
    apart = block * step
    # Blocks all of whose cells lie in the image, from the first to before the last.
    first = min(wide // block, -(-left // apart) if left > 0 else 0)
    last = max(first, min(wide // block, (width + left - reach) // apart + 1))
    for at in (*range(0, first * block, block), *range(last * block, wide, block)):
        start, count = at * step - left, min(block, wide - at)
        low = max(0, -start)
        high = max(low, min((count - 1 - block) * step + step + reach, width - start))
        # (N, C, H, R) @ (C, R, B) -> (N, C, H, B), of what there is
        np.matmul(x[..., start + low : start + high], band[:, low:high, :count], out=out[..., at : at + count])
    if first < last:
        _slide_inside(x[..., first * apart - left :], band, out[..., first * block : last * block], apart)


def _slide_inside(x: Array, band: Array, out: Array, apart: int) -> None:
    """Make blocks of cells, each of which reads the ``R`` numbers from ``apart`` after the last one's first on."""
    (reach, block), (images, planes, rows) = band.shape[1:], x.shape[:3]
    blocks = out.shape[3] // block
    every = -(-reach // apart)
    (*outer, line, item), (*outer_made, line_made, _) = x.strides, out.strides
    if rows * every >= blocks:
        # (N, C, blocks, H, R) @ (C, 1, R, B) -> (N, C, blocks, H, B)
        read = as_strided(x, (images, planes, blocks, rows, reach), (*outer, apart * item, line, item), writeable=False)
        by_block = (images, planes, blocks, rows, block)
        target = as_strided(out, by_block, (*outer_made, block * item, line_made, item))
        np.matmul(read, band[:, None], out=target)
        return
    for first in range(min(every, blocks)):
        # (N, C, H, some blocks, R) @ (C, 1, R, B) -> (N, C, H, some blocks, B)
        some = (images, planes, rows, len(range(first, blocks, every)))
        strides = (*outer, line, every * apart * item, item)
        read = as_strided(x[..., first * apart :], (*some, reach), strides, writeable=False)
        strides = (*outer_made, line_made, every * block * item, item)
        np.matmul(read, band[:, None], out=as_strided(out[..., first * block :], (*some, block), strides))
