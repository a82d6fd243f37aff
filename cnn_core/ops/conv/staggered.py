"""Convolution of many small planes, each by a kernel of its own, with one small product for each plane.

All planes, one after the other, are laid out ``KW`` times in long lines, each moved on by a cell (by a dilation) as the
next tap of a row is. What a line brings of the row before or after is made zero. Then each plane's kernel, as it is,
makes a plane of sums for each of its rows, over all cells of the plane at once:

    (KH, KW) @ (KW, H * OW) -> (KH, H * OW)

The sums of row ``a`` belong ``a * dilation - top`` rows further up: one addition of long lines for each row of the
kernel, over all planes at once, once the rows that it would take from a neighbouring plane are zero. With a stride
along a row the lines are laid out with that stride; of rows a stride apart the others are made for nothing.

``folded`` spends two products on each block of rows and needs a band matrix for each kernel, but lays nothing out: 8
products for a plane of 14×14, where one is enough here. Where planes are large, products count less than memory does.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines, pick_columns
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# Numbers laid out and summed at a time. With a quarter of them the calls of more chunks weigh too much, 1.15 times the
# time for 512 planes of 14×14; with twice as many nothing is gained. A plane with more is left to other ways.
NUMBERS_MOST = 1_200_000

# Numbers between lines, so that no two of them begin at the same place of a page.
BETWEEN = 16


class Line(NamedTuple):
    """A laid-out line: all planes, as one column of each kernel meets them.

    Attributes:
        tap: which column of the kernel.
        start: the column of the image that the first output column meets, negative in the zeros before it.
        inside: output columns that meet a cell of the image.
        bare: the others.
        like: an earlier line of the same columns, and how many output columns this one is further on; or None.
    """

    tap: int
    start: int
    inside: slice
    bare: tuple[int, ...]
    like: Pair | None


class Move(NamedTuple):
    """Where the sums of a row of the kernels belong.

    Attributes:
        cells: so many further up; negative is further down.
        taken: of each plane, the cells of which its neighbour would take some, and would have to take zeros.
    """

    cells: int
    taken: slice


class Layout(NamedTuple):
    """How a geometry is done: worked out once, kept for all calls.

    Attributes:
        chunk: images, and planes of each, to do at a time.
        flat: whether a line is the image's own cells one after the other, a stride apart.
        plane: rows and columns of a plane of sums.
        lines: one for each column of the kernel.
        moves: one for each row of it.
        gap: numbers between lines, as many as sums are moved by at most.
    """

    chunk: Pair
    flat: bool
    plane: Pair
    lines: tuple[Line, ...]
    moves: tuple[Move, ...]
    gap: int


def fits(kernel: Pair, top: int, height: int) -> bool:
    """Whether there is something to add up, and all of it is moved to a neighbouring plane at most."""
    return min(kernel) > 1 and 0 <= top < height and kernel[0] - 1 - top < height


def plane(x_size: Pair, size: Pair, step: int) -> Pair:
    """Rows and columns of a plane of sums, for images and results of these sizes and rows a stride apart."""
    return max(x_size[0], (size[0] - 1) * step + 1), size[1]


def chunk(batch: int, channels: int, plane: Pair, kernel: Pair) -> Pair:
    """How many images, and how many planes of each, to do at a time; no plane where a single one has no room."""
    most = NUMBERS_MOST // (math.prod(plane) * sum(kernel))
    if not most:
        return 0, 0
    planes = even_part(channels, most)
    return (even_part(batch, most // channels) if planes == channels else 1), planes


def even_part(count: int, most: int) -> int:
    """How many of ``count`` to do at a time, at most so many, in parts as even as can be."""
    return -(-count // -(-count // min(count, most)))


@lru_cache(maxsize=256)
def layout(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], out_shape: tuple[int, ...], place: Place) -> Layout:
    """How the windows of this geometry are done."""
    (batch, channels, height, width), (kernel_h, kernel_w), (high, wide) = x_shape, weight_shape[2:], out_shape[2:]
    (top, left), (step_h, step_w) = place.before, place.stride
    last = (high - 1) * step_h
    rows, _ = sums = plane((height, width), (high, wide), step_h)
    lines: list[Line] = []
    for b in reversed(range(kernel_w)):
        start, found = b * place.across - left, place.inside(b, 0, wide, width)
        inside = found[0] if found else slice(0, 0)
        bare = (*range(inside.start), *range(inside.stop, wide))
        # What a stride has picked before is moved, which takes half the time, where all that is wanted is there.
        same = (line for line in lines if step_w > 1 and (start - line.start) % step_w == 0)
        ahead = ((line.tap, (start - line.start) // step_w) for line in same)
        like = next(((tap, further) for tap, further in ahead if inside.start + further >= 0), None)
        lines.append(Line(b, start, inside, bare, like))
    moves = []
    for up in range(-top, kernel_h - top):
        taken = slice((rows + up) * wide, None) if up < 0 else slice(max(0, last + up + 1 - rows) * wide)
        moves.append(Move(up * wide, taken))
    gap = max(BETWEEN, max(top, kernel_h - 1 - top) * wide)
    flat = rows == height and wide * step_w == width
    images, planes = chunk(batch, channels, sums, (kernel_h, kernel_w))
    return Layout((max(1, images), max(1, planes)), flat, sums, tuple(lines), tuple(moves), gap)


def correlate_staggered(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, all finite, not padded.
        weight: ``(C, 1, KH, KW)``, all finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, written to; rows may lie apart, the cells of a row may not.
        place: where the windows lie; ``fits`` is true of it.
    """
    lay = layout(x.shape, weight.shape, out.shape, place)
    (images, planes), (kernel_h, kernel_w), high, step = lay.chunk, weight.shape[2:], out.shape[2], place.stride[0]
    straight = step == 1 and lay.plane[0] == high and out.flags.c_contiguous
    # One piece of memory, which the system does not take back and clear from call to call.
    most = images * planes * math.prod(lay.plane) + lay.gap
    space = np.empty((kernel_w + kernel_h + (not straight)) * most + lay.gap, dtype=x.dtype)
    for n in range(0, x.shape[0], images):
        for c in range(0, x.shape[1], planes):
            given, target = x[n : n + images, c : c + planes], out[n : n + images, c : c + planes]
            size = given.shape[0] * given.shape[1] * math.prod(lay.plane)
            made = target.reshape(-1) if straight else space[-size:]
            _lay_out(given, space, size, lay, place.stride[1])
            _multiply(weight[c : c + planes, 0], given.shape[0], space, size, lay)
            _add_up(space[kernel_w * (size + lay.gap) :], size, lay, made)
            if not straight:
                # (n * C * H * OW) -> (n, C, OH, OW)
                cells = made.reshape(*target.shape[:2], *lay.plane)
                copy_lines(target, cells[:, :, : (high - 1) * step + 1 : step])
            if bias is not None:
                add_to_planes(target, bias[c : c + planes])


def _lay_out(given: Array, space: Array, size: int, lay: Layout, step: int) -> None:
    """Begin ``space`` with ``given (n, C, H, W)``, as the columns of the kernels meet it: lines of ``size`` numbers."""
    apart, flat, (rows, wide) = size + lay.gap, lay.flat and given.flags.c_contiguous, lay.plane
    cells = given.reshape(-1) if flat else given
    for tap, start, inside, _, like in lay.lines:
        line = space[tap * apart : tap * apart + size]
        if inside.start == inside.stop:  # all zeros
            continue
        if like is not None:
            _move(space[like[0] * apart : like[0] * apart + size], like[1], line)
        elif flat:
            _pick(cells, start, step, line)
        else:
            target = line.reshape(*given.shape[:2], rows, wide)[..., inside]
            target[:, :, given.shape[2] :] = 0
            pick_columns(cells[..., start + inside.start * step :], step, target[:, :, : given.shape[2]])
    for tap, _, _, bare, _ in lay.lines:
        for column in bare:
            space[tap * apart + column : tap * apart + size : wide] = 0


def _move(source: Array, start: int, line: Array) -> None:
    """A line that begins so many cells of another further on, or before it where that is negative."""
    if start < 0:
        line[-start:] = source[:start]
    else:
        line[: len(line) - start] = source[start:]


def _pick(cells: Array, start: int, step: int, line: Array) -> None:
    """Every ``step``-th of ``cells``, from one on that may be before the first."""
    if step == 1:
        _move(cells, start, line)
        return
    first = max(0, -(start // step))
    start += first * step
    count = min(len(line) - first, (len(cells) - 1 - start) // step + 1)
    if step == 2 and cells.itemsize == 4 and count > 1:
        # As ``pick_columns`` does it, but from any number on; the last may have no second one.
        pairs = np.ndarray(count - 1, "<u8", cells, start * 4)
        np.copyto(line[first : first + count - 1].view("<u4"), pairs, casting="unsafe")
        first, start, count = first + count - 1, start + 2 * (count - 1), 1
    line[first : first + count] = cells[start : start + (count - 1) * step + 1 : step]


def _multiply(kernels: Array, images: int, space: Array, size: int, lay: Layout) -> None:
    """Each kernel of ``(C, KH, KW)`` times its lines, into the lines after these, with zeros around them."""
    (planes, kernel_h, kernel_w), item = kernels.shape, kernels.itemsize
    cells, line = math.prod(lay.plane), (size + lay.gap) * item
    begin, gap = kernel_w * line, lay.gap * item
    np.ndarray((kernel_h + 1, lay.gap), space.dtype, space, begin, (line, item))[...] = 0
    apart = (planes * cells * item, cells * item, line, item)
    # (C, KH, KW) @ (n, C, KW, H * OW) -> (n, C, KH, H * OW)
    right = np.ndarray((images, planes, kernel_w, cells), space.dtype, space, 0, apart)
    sums = np.ndarray((images, planes, kernel_h, cells), space.dtype, space, begin + gap, apart)
    np.matmul(kernels, right, out=sums)


def _add_up(sums: Array, size: int, lay: Layout, made: Array) -> None:
    """Add what ``_multiply`` made up, each line moved to where it belongs, into ``made``."""
    apart, cells = size + lay.gap, math.prod(lay.plane)
    parts = []
    for start, (moved, taken) in zip(range(lay.gap, len(sums), apart), lay.moves, strict=False):
        if moved:
            sums[start : start + size].reshape(-1, cells)[:, taken] = 0
        parts.append(sums[start + moved : start + moved + size])
    total = parts[0]
    for part in parts[1:]:
        total = np.add(total, part, out=made)
