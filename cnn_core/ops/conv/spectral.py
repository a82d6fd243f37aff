"""Convolution by a large kernel as a product of spectra (FFT), tile by tile.

The method is overlap-save (A. Oppenheim and R. Schafer, "Discrete-Time Signal Processing", 1989, section 8.7).

A transform meets every cell of its tile, so its rounding errors are those of the largest cells there, not of a window's
own. In double precision they stay at 1e-16 of these, far below what single precision shows of most windows. Cells that
may be nothing but noise, in the black, or where small weights are all that is over what is not, are looked at again.
Infinities and NaN, which a spectrum would spread over all of its tile, are left out and told to the windows that hold
them afterwards.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnn_core.ops._arrays import Array
from cnn_core.ops._prepared import prepared
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# A tile's side at most: tile, spectrum and that of the kernel are 1.6 MB, which a larger second-level cache holds.
# 31×31 on 2000×3000 takes 51 ms, 57 with 192 or 384. Where a kernel takes more than half of it twice the kernel, up to
# the other, of which they are 10 MB: 3.6 against 17.7 ms for 201×201 on 300×300.
TILE, TILE_MOST = 256, 640

# A tile's side where a kernel takes more than half of that, at most: three of these are 28 MB, and a cell of them takes
# so many times as long. 640×640 on 1000×1000 take 15 ms as one tile of the image's size, and 23 s in those of the
# kernel's, which give a cell each.
LARGE_MOST, FAR = 1080, 1.7

# Sides are multiples of it: 128, 160, 192 and 256 take 5.2 to 5.6 ns a cell to be transformed and back, 125, 162, 250
# and 270 take 6.3.
EIGHT = 8

# Numbers between the lines of a tile's spectrum: with them a line is an odd number of 64 bytes, and the numbers that a
# row's transform writes, one to each line, find places of their own near the processor. Where these were 4096 bytes
# apart, they drove each other out: 162 against 75 µs for the rows of a tile.
BETWEEN = 4

# Rows of a kernel that are made double at a time.
TOGETHER = 64

# Numbers of windows that are added up by themselves at a time.
ADDED_MOST = 250_000

# How many numbers of tiles along an axis are tried.
TRIED = 4

# Largest measured error of a tile, in units of eps * |x| * |weight| (2-norms), is 0.25.
NOISE = 4.0


# How far apart the sizes of two cells may be: a spectrum, in double precision, spreads the rounding of the largest over
# its tile. With 31×31 weights it shows from 10¹² on, with fewer a little earlier.
FURTHEST_APART = 1e10

# The bits of an infinity, its sign aside; those of a NaN are more.
INFINITE = 0x7F80_0000

# Numbers looked at together: they stay near the processor from one pass over them to the next.
LOOKED_AT_MOST = 32_768


def even(x: Array) -> bool:
    """Whether no cell, zeros aside, is so small beside another that the other's rounding would show in it.

    Args:
        x: of float32; infinities and NaN do not count.
    """
    cells = np.ascontiguousarray(x).reshape(-1).view(np.uint32)
    sizes, least, most = np.empty(min(LOOKED_AT_MOST, cells.size), dtype=np.uint32), 2**32 - 1, 0
    for first in range(0, cells.size, LOOKED_AT_MOST):
        some = cells[first : first + LOOKED_AT_MOST]
        # Without its sign, a float's bits are a whole number that rises with it.
        size = np.bitwise_and(some, 0x7FFF_FFFF, out=sizes[: some.size])
        top = int(size.max())
        if top >= INFINITE:
            size *= size < INFINITE
            top = int(size.max())
        most = max(most, top)
        size -= 1  # 0 becomes the largest of all
        least = min(least, int(size.min()))
    smallest, largest = (float(np.uint32(bits).view(np.float32)) for bits in (min(least + 1, most), most))
    return not largest > FURTHEST_APART * smallest


def fast_length(least: int) -> int:
    """The smallest ``8 * 2**a * 3**b * 5**c`` from ``least`` on: the transform splits them into small factors."""
    eighths = -(-least // EIGHT)
    if eighths <= 1:
        return EIGHT
    powers = itertools.product(range(math.ceil(math.log(eighths, 3)) + 1), range(math.ceil(math.log(eighths, 5)) + 1))
    odd = (3**b * 5**c for b, c in powers)
    return EIGHT * int(min(factor * 2 ** max(0, math.ceil(math.log2(eighths / factor))) for factor in odd))


@lru_cache(maxsize=256)
def tiles(size: int, kernel: int) -> Pair:
    """Along an axis of ``size`` output cells, how many tiles of one size there are, and their side.

    As few as may be, or some more, whichever take the least time together.
    """
    found, longest = [], [max(TILE, min(fast_length(2 * kernel), TILE_MOST), fast_length(kernel))]
    if 2 * kernel > TILE_MOST and kernel < LARGE_MOST:
        longest.append(LARGE_MOST)
    for most in longest:
        least = -(-size // (most - kernel + 1))
        found += [(count, fast_length(-(-size // count) + kernel - 1)) for count in range(least, least + TRIED)]
    return min(found, key=lambda tile: (tile[0] * _slowness(tile[1]), tile[1]))


def _slowness(side: int) -> float:
    """A tile's side, in cells of tiles that stay near the processor."""
    return side * (1 if side <= TILE_MOST else math.sqrt(FAR))


def parts(size: int, kernel: int) -> int:
    """Into how many parts a kernel falls along an axis of ``size`` output cells.

    A tile gives the cells by which it is longer than the kernel: of a kernel almost as long as the longest tile they
    would be few, and each part of it meets tiles that give more.
    """
    if 2 * kernel <= TILE_MOST:
        return 1

    def time(some: int) -> float:
        count, side = tiles(size, -(-kernel // some))
        return some * count * _slowness(side)

    return min(range(1, -(-2 * kernel // TILE_MOST) + 1), key=time)


def correlate_spectral(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide each channel's own kernel over it, a cell at a time, and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, not padded.
        weight: ``(C, 1, KH, KW)``, finite.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, float32, written to.
        place: where the windows lie; stride and dilation are 1.
    """
    taps, sizes, again = math.prod(weight.shape[2:]), None, []
    for plane, cells, silent, whole in _tiles_made(x, weight, out, place):
        target = out[(*plane, *cells)]
        # What is louder than it is off by no more than ``4 n eps sum |product|``.
        loud = silent / (4 * taps * float(np.finfo(out.dtype).eps))
        sizes = np.empty_like(target) if sizes is None else sizes  # no later tile is larger
        heard = np.abs(target, out=sizes[: target.shape[0], : target.shape[1]])
        if not whole or heard.min() < loud:
            again.append((plane, cells, (silent, loud), whole))
        elif bias is not None:
            target += bias[plane[1]]
    # By now the memory of the tiles is free again.
    for (n, c), cells, sounds, whole in again:
        target = out[(n, c, *cells)]
        corner = [part.start - before for part, before in zip(cells, place.before, strict=True)]
        # All that the windows read, with zeros around the plane.
        given = np.empty([size + taps - 1 for size, taps in zip(target.shape, weight.shape[2:], strict=True)], x.dtype)
        _cut(given, x[n, c], *corner)
        if not whole:
            _keep(given, np.isfinite(given))
        quiet = np.abs(target) < sounds[1]
        if quiet.any():
            _listen_again(given, weight[c, 0], target, quiet, sounds)
        if not whole:
            _cut(given, x[n, c], *corner)
            _keep(given, ~np.isfinite(given))
            _tell(given, weight[c, 0], target)
        if bias is not None:
            target += bias[c]


def _tiles_made(
    x: Array, weight: Array, out: Array, place: Place
) -> Iterator[tuple[tuple[int, int], tuple[slice, slice], float, bool]]:
    """Make ``out`` of what is finite, and tell of each tile when it is done.

    Yields:
        Whose plane, which cells, what is lost in their noise, and whether all was finite.
    """
    axes = list(zip(out.shape[2:], weight.shape[2:], strict=True))
    reach = [-(-kernel // parts(size, kernel)) for size, kernel in axes]
    counts, sides = zip(*(tiles(size, taps) for (size, _), taps in zip(axes, reach, strict=True)), strict=True)
    rows, columns = (-(-size // count) for (size, _), count in zip(axes, counts, strict=True))
    tile, cells = np.empty(sides), np.empty((rows, columns), out.dtype)
    # A line for each column of a tile's spectrum: its transform is the faster where it lies in one piece.
    lines = np.zeros((sides[1] // 2 + 1, sides[0] + BETWEEN), complex)
    corners = list(itertools.product(range(len(x)), range(0, out.shape[2], rows), range(0, out.shape[3], columns)))
    taps = list(itertools.product(*(range(0, kernel, some) for (_, kernel), some in zip(axes, reach, strict=True))))
    for c in range(weight.shape[0]):
        silent, whole = [0.0] * len(corners), [True] * len(corners)
        for a, b in taps:
            spectrum, size = _spectrum(np.ascontiguousarray(weight[c, 0, a : a + reach[0], b : b + reach[1]]), sides)
            noise = NOISE * float(np.finfo(np.float64).eps) * size
            for k, (n, top, left) in enumerate(corners):
                _cut(tile, x[n, c], top - place.before[0] + a, left - place.before[1] + b)
                square = np.dot(tile.reshape(-1), tile.reshape(-1))
                if not math.isfinite(square):
                    _keep(tile, np.isfinite(tile))
                    square, whole[k] = np.dot(tile.reshape(-1), tile.reshape(-1)), False
                silent[k] += noise * math.sqrt(square)
                target = out[n, c, top : top + rows, left : left + columns]
                some = cells[: target.shape[0], : target.shape[1]]
                _through_spectra(tile, spectrum, lines, target if (a, b) == taps[0] else some)
                if (a, b) != taps[0]:
                    target += some
                if (a, b) == taps[-1]:
                    yield (n, c), (slice(top, top + rows), slice(left, left + columns)), silent[k], whole[k]


def _keep(cells: Array, kept: Array) -> None:
    """Put 0 in the place of all cells but these: 0.2 ns a cell, and for each 2.6 where a mask is written through."""
    bits = cells.view(f"u{cells.itemsize}")
    bits *= kept


def _tell(given: Array, kernel: Array, target: Array) -> None:
    """Make cells whose windows hold infinities or NaN what their sums are with these, whatever else is in them.

    An infinity where all that a window holds become infinities of one sign, times weights that are not 0; else NaN.

    Args:
        given: all that the windows read, with 0 in the place of finite numbers; written over.
        kernel: ``(KH, KW)``.
        target: the cells, written to.
    """
    held = _counted(given != 0, kernel.shape)  # NaN differs from 0 as well
    _keep(given, np.isinf(given))
    signs = np.sign(given, out=given)
    balance = np.zeros((1, 1, *target.shape))
    if signs.any():
        # Whole numbers: no rounding of the spectra comes near a half.
        for _ in _tiles_made(signs[None, None], np.sign(kernel)[None, None], balance, Place((0, 0), (1, 1), 1)):
            pass
    told = np.where(np.rint(np.abs(balance[0, 0])) == held, np.copysign(np.inf, balance[0, 0]), np.nan)
    np.copyto(target, told, "same_kind", where=held > 0)


def _listen_again(given: Array, kernel: Array, target: Array, quiet: Array, sounds: tuple[float, float]) -> None:
    """Of cells next to the noise, put right those that are nothing else.

    Of a tile's quiet cells most lie in the black, others where products cancel. Where these are large, the noise is
    none beside them; where all are as small as a cell's neighbours let them be, the cell is added up by itself.

    Args:
        given: all that the windows read, finite.
        kernel: ``(KH, KW)``.
        target: the cells, written to.
        quiet: which of them are.
        sounds: the noise, and what is loud beside it.
    """
    silent, loud = sounds
    filled = given != 0
    if not filled.all():
        black = _counted(filled, kernel.shape) == 0
        target[quiet & black] = 0
        quiet &= ~black
        if not quiet.any():
            return
    sizes = np.empty((1, 1, *target.shape), target.dtype)
    for _ in _tiles_made(np.abs(given)[None, None], np.abs(kernel)[None, None], sizes, Place((0, 0), (1, 1), 1)):
        pass
    faint = quiet & (sizes[0, 0] < 2 * loud)
    target[quiet & ~faint & (np.abs(target) < silent)] = 0
    rows, columns = np.nonzero(faint)
    windows, weights = sliding_window_view(given, kernel.shape), kernel.astype(np.float64).reshape(-1)
    together = max(1, ADDED_MOST // kernel.size)
    for some in (slice(first, first + together) for first in range(0, len(rows), together)):
        # (some, KH, KW) -> (some, KH * KW)
        products = windows[rows[some], columns[some]].reshape(-1, kernel.size).astype(np.float64)
        target[rows[some], columns[some]] = products @ weights


def _counted(cells: Array, window: Pair) -> Array:
    """How many cells of a mask ``(H, W)`` each window holds, ``(H - KH + 1, W - KW + 1)``."""
    sums = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1), np.int32)
    np.cumsum(cells, axis=0, out=sums[1:, 1:])
    np.cumsum(sums[1:, 1:], axis=1, out=sums[1:, 1:])
    rows = sums[window[0] :] - sums[: -window[0]]
    return np.asarray(rows[:, window[1] :] - rows[:, : -window[1]])


def _through_spectra(tile: Array, spectrum: Array, lines: Array, out: Array) -> None:
    """What begins in the upper left of a tile, its spectrum multiplied by another, into ``out``.

    Args:
        tile: ``(H, W)``, written over.
        spectrum: ``(W // 2 + 1, H + BETWEEN)``, what is between the lines 0.
        lines: likewise, written to.
        out: not larger than the tile.
    """
    columns = lines[:, : tile.shape[0]]
    np.fft.rfft(tile, out=columns.T)
    np.fft.fft(columns, out=columns)
    lines *= spectrum  # all in one piece: 10 against 26 µs line by line
    np.fft.ifft(columns, norm="forward", out=columns)
    # Only the rows that are wanted go back all the way.
    made = tile[: out.shape[0]]
    np.fft.irfft(columns.T[: out.shape[0]], tile.shape[1], norm="forward", out=made)
    np.copyto(out, made[:, : out.shape[1]], "same_kind")


@prepared
def _spectrum(kernel: Array, sides: Pair) -> tuple[Array, float]:
    """What a tile's spectrum is multiplied by, a line for each of its columns, and the kernel's 2-norm."""
    lines = np.zeros((sides[1] // 2 + 1, sides[0] + BETWEEN), complex)
    columns, square = lines[:, : sides[0]], 0.0
    for top in range(0, len(kernel), TOGETHER):
        cells = kernel[top : top + TOGETHER].astype(np.float64)
        np.fft.rfft(cells, sides[1], norm="forward", out=columns[:, top : top + len(cells)].T)
        square += float(np.dot(cells.reshape(-1), cells.reshape(-1)))
    # Correlation: the conjugate spectrum turns the kernel around. The way back is to be divided by all cells of a tile.
    np.fft.fft(columns, norm="forward", out=columns)
    return np.conjugate(lines, out=lines), math.sqrt(square)


def _cut(tile: Array, plane: Array, top: int, left: int) -> None:
    """Fill ``tile`` with what a plane shows from ``(top, left)`` on, zeros beyond it."""
    rows = slice(max(0, -top), max(0, min(tile.shape[0], plane.shape[0] - top)))
    columns = slice(max(0, -left), max(0, min(tile.shape[1], plane.shape[1] - left)))
    if (rows.stop - rows.start, columns.stop - columns.start) != tile.shape:
        tile[...] = 0
    if rows.stop > rows.start and columns.stop > columns.start:
        tile[rows, columns] = plane[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
