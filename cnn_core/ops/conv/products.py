"""Matrix products (GEMM) in parts small enough for OpenBLAS's kernel for small matrices, which does without packing.

It is asked up to a million multiply-adds, and gains the more the thinner the matrices are: 0.70 of the time for 16
lines of 32 numbers over 12,544 columns, 0.84 for 24 of 75 over 6,000.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import LINE
from cnn_core.ops.conv.rows import PRODUCT_MOST

# Columns that the kernel for small matrices goes through in one step, and how long it takes for them: of 64, 32 or 16,
# or of the rest of a line, measured with 32 lines of 147 numbers, the first in units of itself.
STEPS = ((64, 64), (32, 35), (16, 25), (1, 18))

# Lines of memory for each place in the first-level cache, and a page, after whose bytes places come again.
WAYS, PAGE = 12, 4096

# How much longer products take of which a step's columns do not stay there from line to line, unless they follow on
# each other: 3.3 against 4.1 ms for 32→64 channels, 3×3 on 64 images of 16×16, in panels of 64 and 128 columns.
FAR = 1.2

# Columns of a part of all lines, where as many are small enough: 0.87 of the time for 64 lines of 64 numbers, 0.73 for
# 32 of 32, but 1.2 for 128 of 128.
COLUMNS_LEAST = 160

# Columns at a time where there are more lines, and these in parts of at least so many, up to this depth: 0.91 of the
# time for 128 lines of 128 numbers, but 1.02 for 128 of 256.
COLUMNS, LINES_LEAST, DEPTH_MOST = 96, 16, 128

# Columns of a part where that many are whole steps and the most there may be are fewer than twice as many: 0.91 of the
# time for 64 lines of 64 numbers over 896 columns in parts of 224.
EVEN = 128

# Sums that a product of lines with lines may have for that kernel, OpenBLAS's own bound, and the fewest lines on the
# left and numbers of a line for which more are done in parts: 0.52 of the time for 32 lines of 512 numbers with 48, 16
# at a time.
SUMS_MOST, LEFT_LEAST, LONG_LEAST = 1200, 4, 96

# Numbers of products that are made before they are added up: 8 MB.
MADE_MOST = 2_000_000

# How many numbers of parts are tried for one that leaves no rest: a rest costs no more than a call.
TRIED = 16


def columns_taken(columns: int) -> int:
    """How many columns a product could have for the time that so many take, were it of whole steps."""
    taken = 0
    for width, time in STEPS:
        steps = columns // width if width > 1 else min(1, columns)
        taken, columns = taken + steps * time, columns - steps * width
    return taken


def slower(depth: int, columns: int, itemsize: int = 4) -> float:
    """How much longer it takes, with so many columns, where a step's do not stay near the processor."""
    step = STEPS[0][0] * itemsize
    places = min(PAGE, PAGE // math.gcd(columns * itemsize, PAGE) * step) // LINE
    return 1 if columns * itemsize <= step or depth * step <= WAYS * places * LINE else FAR


@lru_cache(maxsize=256)
def left_lines(left: int, right: int, depth: int) -> int:
    """How many lines of ``depth`` numbers on the left, a divisor of all, to multiply with those right at a time."""
    most = SUMS_MOST // right
    if most >= left or depth < LONG_LEAST:
        return left
    some = max((each for each in range(1, most + 1) if left % each == 0), default=0)
    return some if some >= LEFT_LEAST else left


def multiply(left: Array, right: Array, out: Array) -> None:
    """``left (..., L, K) @ right (..., K, T) -> out (..., L, T)``, in parts where that is faster: see ``in_parts``."""
    if left.shape[-2] * left.shape[-1] * right.shape[-1] <= PRODUCT_MOST:
        np.matmul(left, right, out=out)  # one part, and small sums are spared the asking
        return
    for operands in in_parts(left, right, out):
        np.matmul(*operands)


def add_products(left: Array, right: Array, total: Array) -> None:
    """Add all ``left (R, ...) @ right (R, ...)`` to ``total (...)``, no more of them at a time than memory may hold."""
    some = max(1, MADE_MOST // total.size)
    for first in range(0, len(left), some):
        total += np.matmul(left[first : first + some], right[first : first + some]).sum(axis=0)


def in_parts(left: Array, right: Array, out: Array) -> Iterator[tuple[Array, Array, Array]]:
    """The products that together are ``left (..., L, K) @ right (..., K, T) -> out (..., L, T)``.

    Args:
        left: contiguous, a matrix for each of ``right``.
        right: likewise, or with rows further apart.
        out: written to, lines as far apart as they are; its last axis is contiguous.

    Yields:
        What to multiply, and where to put it; views.
    """
    (lines, depth), count = left.shape[-2:], right.shape[-1]
    if lines * depth * count <= PRODUCT_MOST or right.itemsize != 4:  # in double precision sums have one order
        yield left, right, out
        return
    high, parts, wide = _parts(lines, depth, count, right.strides[-2] // right.itemsize)
    whole = parts * wide if (high, parts) != (lines, 1) else 0
    if whole:
        # (..., L, K) -> (..., 1, L / high, high, K)
        by_lines = left.reshape(*left.shape[:-2], 1, lines // high, high, depth)
        # (..., K, T) -> (..., parts, 1, K, wide), a view, as is that of the result; a rest is done by itself
        some = right[..., :whole].reshape(*right.shape[:-1], parts, wide).swapaxes(-2, -3)[..., None, :, :]
        # (..., L, T) -> (..., parts, L / high, high, wide)
        target = out[..., :whole].reshape(*out.shape[:-2], lines // high, high, parts, wide)
        yield by_lines, some, target.swapaxes(-2, -3).swapaxes(-3, -4)
    if whole < count:
        yield left, right[..., whole:], out[..., whole:]


def in_lines(left: Array, right: Array, out: Array) -> Iterator[tuple[Array, Array, Array]]:
    """What ``in_parts`` yields, but cut between lines alone: of few columns that are near the processor.

    As many lines as are small enough take 0.7 of the time of all, for 16 products of 256 lines and numbers over 98.
    """
    (lines, depth), count = left.shape[-2:], right.shape[-1]
    fit = min(lines, PRODUCT_MOST // (depth * count))
    high = max((some for some in range(1, fit + 1) if lines % some == 0), default=0)
    if high == lines or high < LINES_LEAST or right.itemsize != 4:
        yield from in_parts(left, right, out)
        return
    # (..., L, K) @ (..., K, T) -> (..., L / high, high, T)
    by_lines = left.reshape(*left.shape[:-2], lines // high, high, depth)
    yield by_lines, right[..., None, :, :], out.reshape(*out.shape[:-2], lines // high, high, count)


@lru_cache(maxsize=256)
def _parts(lines: int, depth: int, count: int, apart: int) -> tuple[int, int, int]:
    """In what parts to multiply ``(lines, depth) @ (depth, count)``, rows of the latter ``apart`` numbers apart.

    Returns:
        Lines of a part, how many parts of the columns there are, and columns of each; the rest is done by itself.
    """
    most = PRODUCT_MOST // (lines * depth)
    if most >= COLUMNS_LEAST:
        least = -(-count // most)
        few = range(least, min(least + TRIED, count // COLUMNS_LEAST + 1))
        even = (parts for parts in few if count % parts == 0)
        parts = 0 if count % STEPS[0][0] == 0 else next(even, 0)
        if not parts and EVEN <= most < 2 * EVEN and count >= EVEN:
            return lines, count // EVEN, EVEN
        parts = parts or next(even, least)
        return lines, parts, count // parts
    fit = min(lines, PRODUCT_MOST // (depth * COLUMNS))
    high = max((some for some in range(1, fit + 1) if lines % some == 0), default=0)
    if high < LINES_LEAST or depth > DEPTH_MOST or slower(depth, apart) > 1:
        return lines, 1, count
    return high, count // COLUMNS, COLUMNS
