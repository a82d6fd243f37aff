"""Pooling down, then across, each over a block of whole rows as over one line.

What a window holds is the whole of what its columns hold: ``log2(KH) + log2(KW)`` passes and not ``KH * KW``. A pass
goes over all neighbours of a block as over one line, 0.06 to 0.10 ns a cell, strides and the ends of rows
notwithstanding; what the strides would leave out is made too and left behind by a copy, rows after the first pass and
columns after the second. A pass that begins anew in each row costs 20 ns a row more, and one that steps over cells 0.76
ns a cell.
Windows that overhang an end are few: they come out wrong with the others and are put together once more by themselves,
which is cheaper than cells around each plane.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines, pick_columns
from cnn_core.ops.pool.small import few, pool_small
from cnn_core.shapes import Window

# Numbers of a block: each block costs 20 µs of calls; 500,000 save some of these while memory is warm, and lose more
# when others have used the processor's memory between two calls.
BLOCK_MOST = 300_000

# Of one plane under a tall window, so that most rows of a strip are not read for its end alone: 101×101 on 2000×3000
# takes 0.06 s with it and 2.2 without.
TALL_MOST = 1_000_000

# A window that overhangs: its number along an axis, that of one to begin as a copy of, and the cells to bring in.
End = tuple[int, int | None, tuple[int, ...]]


@np.errstate(all="ignore")  # of windows over a row's end, and of what memory held before
def pool_separable(x: Array, out: Array, sliding: Window, combine: np.ufunc, empty: float) -> None:
    """Combine the cells of each window.

    Args:
        x: ``(N, C, H, W)``.
        out: ``(N, C, OH, OW)``, written to.
        sliding: the window.
        combine: ``np.maximum`` or ``np.add``: what brings two cells together, in any order.
        empty: what changes nothing when it is combined: it stands for cells outside the image.
    """
    if few(out.shape, sliding):
        pool_small(x, out, sliding, combine, empty)
        return
    batch, channels, height, width = x.shape
    rows, step, above = out.shape[2], sliding.stride[0], sliding.padding[0][0]
    # Tall enough for the last windows, which may overhang, and for the whole image.
    tall = max(above + height, (rows - 1) * step + sliding.extent[0])
    images, planes, strip = _block(out.shape, tall * width, width, sliding)
    if strip < rows:
        tall = (strip - 1) * step + sliding.extent[0]
    size = (images * planes * tall + above) * width
    scratch = np.empty((4, size + 1 + (size + 1) % 2), dtype=x.dtype)
    for n in range(0, batch, images):
        for c in range(0, channels, planes):
            for i in range(0, rows, strip):
                first = i * step - above
                cells = x[n : n + images, c : c + planes, max(0, first) : first + tall]
                target = out[n : n + images, c : c + planes, i : i + strip]
                _pool_block(cells, target, max(0, -first), scratch, sliding, combine, empty)


def _block(shape: tuple[int, ...], plane: int, wide: int, sliding: Window) -> tuple[int, int, int]:
    """How many images, channels and output rows to do at a time."""
    batch, channels, rows, _ = shape
    if plane * channels <= BLOCK_MOST:
        return _evenly(batch, BLOCK_MOST // (plane * channels)), channels, rows
    if plane <= BLOCK_MOST:
        return 1, _evenly(channels, BLOCK_MOST // plane), rows
    step, reach = sliding.stride[0], sliding.extent[0]
    fit, tall = ((most // wide - reach) // step + 1 for most in (BLOCK_MOST, TALL_MOST))
    return 1, 1, min(rows, max(1, fit, min(tall, reach // step)))


def _evenly(count: int, most: int) -> int:
    """How many at a time: as few times as ``most`` allows, and no small rest, which would cost its calls as well."""
    times = -(-max(1, count) // most)
    return -(-max(1, count) // times)


def _pool_block(
    cells: Array, target: Array, top: int, scratch: Array, sliding: Window, combine: np.ufunc, empty: float
) -> None:
    """``(n, c, H, W) -> (n, c, rows, OW)``, the first window ``top`` cells above the first row."""
    rows, columns = target.shape[2:]
    kernel, step, spread, left = sliding.kernel_size[1], sliding.stride[1], sliding.dilation[1], sliding.padding[1][0]
    down, used = _down(cells, rows, top, scratch, sliding, combine, empty)
    if combine is np.add and kernel == step > 1 and spread == 1 and left == 0 and columns * step == down.shape[3]:
        # (n * c * rows * OW, KW) @ (KW), windows side by side that leave no column out: 0.18 ns a sum, 0.4 for
        # neighbours added and every second one picked
        pairs, ones = down.reshape(-1, kernel), np.ones(kernel, down.dtype)
        if len(pairs) == target.size:
            np.matmul(pairs, ones, out=target.reshape(-1))
        else:
            target[...] = np.matmul(pairs, ones).reshape(*down.shape[:3], columns)[:, :, :rows]
        return
    whole, picked, ends = _ends(kernel, step, spread, left, down.shape[3], columns)
    # Every second number is copied fast where two begin at a multiple of 8 bytes.
    odd = picked.start % 2
    lines = [spare[odd : odd + down.size] for k, spare in enumerate(scratch) if k != used]
    into = None
    if step == 1 < kernel and target.shape == down.shape:
        # Window j begins at column j - left: written so much further on, the line is the result and needs no copy.
        into = target.reshape(-1)[left:]
    line = _runs(down.reshape(-1), lines, kernel, spread, combine, into)
    if into is None and whole.stop > whole.start:
        pick_columns(line.reshape(down.shape)[:, :, :rows, picked.start :], step, target[..., whole])
    if ends:
        _finish(down[:, :, :rows].transpose(3, 0, 1, 2), target.transpose(3, 0, 1, 2), ends, combine, empty)


def _down(
    cells: Array, rows: int, top: int, scratch: Array, sliding: Window, combine: np.ufunc, empty: float
) -> tuple[Array, int]:
    """``(n, c, H, W) -> (n, c, rows or more, W)``, and which line of ``scratch`` holds it, -1 for none."""
    kernel, step, spread = sliding.kernel_size[0], sliding.stride[0], sliding.dilation[0]
    images, planes, height, width = cells.shape
    lead, used = top * width, 0
    down: Array = scratch[0, : images * planes * rows * width].reshape(images, planes, rows, width)
    whole, picked, ends = _ends(kernel, step, spread, top, height, rows)
    cells = np.ascontiguousarray(cells)
    lines = [spare[lead : lead + cells.size] for spare in scratch]
    line = _runs(cells.reshape(-1), lines[1:], kernel, spread * width, combine)
    if step == 1 and rows <= height:
        # Window i begins at row i - top: the same memory, read from so much earlier on.
        used = next((k for k, spare in enumerate(lines) if spare is line), -1)
        down = (scratch[used, : cells.size] if lead else line).reshape(cells.shape)
    else:
        copy_lines(down[:, :, whole], line.reshape(cells.shape)[:, :, picked])
    if ends:
        _finish(cells.transpose(2, 0, 1, 3), down.transpose(2, 0, 1, 3), ends, combine, empty)
    return down, used


@lru_cache(maxsize=256)
def _ends(
    kernel: int, step: int, spread: int, before: int, size: int, count: int
) -> tuple[slice, slice, tuple[End, ...]]:
    """Along an axis, which windows overhang neither end, where these begin, and how the others are put together.

    What an overhanging window has inside begins at the end, and the less it overhangs, the more there is of it: so it
    begins as a copy of the one before it whose taps fall on the same cells.
    """
    reach = (kernel - 1) * spread
    starts = [i * step - before for i in range(count)]
    first = min(count, -(-before // step))
    last = max(first, min(count, (size + before - reach - 1) // step + 1))
    begin = first * step - before
    ends: list[End] = []
    for some, towards in ((range(first), 1), (range(count - 1, last - 1, -1), -1)):
        had: dict[int, tuple[int, int]] = {}
        for i in some:
            cells = [cell for cell in range(starts[i], starts[i] + reach + 1, spread) if 0 <= cell < size][::towards]
            known, many = had.get(starts[i] % spread, (None, 0))
            ends.append((i, known, tuple(cells[many:])))
            if cells:
                had[starts[i] % spread] = i, len(cells)
    return slice(first, last), slice(begin, begin + (last - first) * step, step), tuple(ends)


def _finish(cells: Array, out: Array, ends: tuple[End, ...], combine: np.ufunc, empty: float) -> None:
    """Put the overhanging windows together, all along the first axis."""
    for i, known, more in ends:
        target, done = out[i], int(known is None)
        if known is None and len(more) > 1:
            combine(cells[more[0]], cells[more[1]], out=target)  # of columns, half the time of a copy and a sum
            done = 2
        else:
            target[...] = out[known] if known is not None else cells[more[0]] if more else empty
        for cell in more[done:]:
            combine(target, cells[cell], out=target)


def _runs(
    line: Array, lines: list[Array], count: int, apart: int, combine: np.ufunc, into: Array | None = None
) -> Array:
    """From each cell of ``line`` on, ``count`` cells brought together that lie ``apart``; the end means nothing.

    Runs of 2, 4, 8, ... cells are made of two runs half as long, and one of 7 of those of 1, 2 and 4. The three
    ``lines``, as long, are written to, ``line`` only where it is one of them. The last pass goes ``into`` memory of
    its own if that is given, as far as it reaches, for a ``count`` above 1.
    """

    def joined(first: Array, second: Array, shift: int, out: Array) -> Array:
        size = min(max(0, len(line) - shift), len(out))
        combine(first[:size], second[shift : shift + size], out=out[:size])
        return out

    def spare() -> Array:
        return next(each for each in lines if each is not runs and each is not have)

    runs = have = line
    length, covered = 1, count & 1
    while 2 * length <= count:
        last = 4 * length > count
        runs = joined(runs, runs, length * apart, spare() if into is None or covered or not last else into)
        length *= 2
        if last and covered:
            # The longest run is not needed again: where it lies, the result takes no more room near the processor.
            return joined(runs, have, length * apart, runs if into is None else into)
        if count & length:
            have = joined(have, runs, covered * apart, spare()) if covered else runs
            covered += length
    return have
