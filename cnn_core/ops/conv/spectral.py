"""Convolution by a large kernel as a product of spectra, tile by tile.

The method is overlap-save (A. Oppenheim and R. Schafer, "Discrete-Time Signal Processing", 1989, section 8.7).

A transform meets every cell of its tile, so its rounding errors are those of the largest cells there, not of a window's
own. In double precision they stay at 1e-16 of these, far below what single precision shows of any window that is not
black; what is smaller than they are is 0, as the sum over a black window is.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._prepared import prepared
from cnn_core.ops.conv.rows import Place
from cnn_core.shapes import Pair

# A tile's side: transforms of 256×256 stay in a second-level cache of 1 MB, 9 ns a cell; of 1024×1024, 15 ns.
TILE = 256

# Largest measured error of a tile, in units of eps * |x| * |weight| (2-norms), is 0.25.
NOISE = 4.0


# How far apart the sizes of two cells may be: a spectrum, in double precision, spreads the rounding of the largest over
# its tile. With 31×31 weights it shows from 10¹² on, with fewer a little earlier.
FURTHEST_APART = 1e10

# Numbers looked at together: they stay near the processor from one pass over them to the next.
LOOKED_AT_MOST = 32_768


def even(x: Array) -> bool:
    """Whether no cell, zeros aside, is so small beside another that the other's rounding would show in it.

    Args:
        x: of float32; NaN counts as larger than all numbers.
    """
    cells = np.ascontiguousarray(x).reshape(-1).view(np.uint32)
    sizes, least, most = np.empty(min(LOOKED_AT_MOST, cells.size), dtype=np.uint32), 2**32 - 1, 0
    for first in range(0, cells.size, LOOKED_AT_MOST):
        some = cells[first : first + LOOKED_AT_MOST]
        # Without its sign, a float's bits are a whole number that rises with it.
        size = np.bitwise_and(some, 0x7FFF_FFFF, out=sizes[: some.size])
        most = max(most, int(size.max()))
        size -= 1  # 0 becomes the largest of all
        least = min(least, int(size.min()))
    smallest, largest = (float(np.uint32(bits).view(np.float32)) for bits in (min(least + 1, most), most))
    return not largest > FURTHEST_APART * smallest


def fast_length(least: int) -> int:
    """The smallest ``2**a * 3**b * 5**c`` from ``least`` on: lengths that the transform splits into small factors."""
    if least <= 1:
        return 1
    powers = itertools.product(range(math.ceil(math.log(least, 3)) + 1), range(math.ceil(math.log(least, 5)) + 1))
    odd = (3**b * 5**c for b, c in powers)
    return int(min(factor * 2 ** max(0, math.ceil(math.log2(least / factor))) for factor in odd))


def tiles(size: int, kernel: int) -> Pair:
    """Along an axis of ``size`` output cells, how many tiles of one size, about ``TILE`` wide, and their side."""
    count = max(1, round(size / max(1, TILE - kernel + 1)))
    return count, fast_length(-(-size // count) + kernel - 1)


def correlate_spectral(x: Array, weight: Array, bias: Array | None, out: Array, place: Place) -> None:
    """Slide each channel's own kernel over it, a cell at a time, and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, finite, not padded.
        weight: ``(C, 1, KH, KW)``.
        bias: ``(C,)`` or None.
        out: ``(N, C, OH, OW)``, float32, written to.
        place: where the windows lie; stride and dilation are 1.
    """
    kernel = weight.shape[2:]
    parts, sides = zip(*(tiles(size, k) for size, k in zip(out.shape[2:], kernel, strict=True)), strict=True)
    cells = [-(-size // count) for size, count in zip(out.shape[2:], parts, strict=True)]
    tile = np.empty(sides)
    for c in range(weight.shape[0]):
        spectrum, size = _spectrum(weight[c, 0], sides)
        noise = NOISE * float(np.finfo(np.float64).eps) * size
        for n, top, left in itertools.product(
            range(x.shape[0]), range(0, out.shape[2], cells[0]), range(0, out.shape[3], cells[1])
        ):
            _cut(tile, x[n, c], top - place.before[0], left - place.before[1])
            product = np.fft.rfft2(tile)
            product *= spectrum
            target = out[n, c, top : top + cells[0], left : left + cells[1]]
            result = np.fft.irfft2(product, s=sides)[: target.shape[0], : target.shape[1]]
            heard = np.abs(result) > noise * math.sqrt(np.dot(tile.reshape(-1), tile.reshape(-1)))
            np.multiply(result, heard, out=target, casting="same_kind")
            if bias is not None:
                target += bias[c]


@prepared
def _spectrum(kernel: Array, sides: Pair) -> tuple[Array, float]:
    """What a tile's spectrum is multiplied by, and the kernel's 2-norm."""
    cells = kernel.astype(np.float64)
    # Correlation: the conjugate spectrum turns the kernel around.
    return np.conj(np.fft.rfft2(cells, s=sides)), float(np.linalg.norm(cells))


def _cut(tile: Array, plane: Array, top: int, left: int) -> None:
    """Fill ``tile`` with what a plane shows from ``(top, left)`` on, zeros beyond it."""
    rows = slice(max(0, -top), max(0, min(tile.shape[0], plane.shape[0] - top)))
    columns = slice(max(0, -left), max(0, min(tile.shape[1], plane.shape[1] - left)))
    if (rows.stop - rows.start, columns.stop - columns.start) != tile.shape:
        tile[...] = 0
    if rows.stop > rows.start and columns.stop > columns.start:
        tile[rows, columns] = plane[top + rows.start : top + rows.stop, left + columns.start : left + columns.stop]
