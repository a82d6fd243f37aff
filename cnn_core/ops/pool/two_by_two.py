"""The gradient of the largest of 2×2 cells side by side, four cells of a window at once.

Tap by tap, each pass steps over every second cell and begins anew in each short row. Here each window's largest number,
and then its gradient, stand twice side by side in memory, as one number of twice the bits, and so meet whole rows of
the image. Who won is one byte a cell, the two of a row one number of two bytes: its lowest bit that is set is the first
of equals. A block of planes is done at a time, with what is made on the way near the processor: 1.4 against 1.9 ms for
32×10 planes of 60×60.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import TWICE
from cnn_core.ops._memory import ROOM
from cnn_core.ops._parts import evenly, whole_lines
from cnn_core.ops._steps import SHARED, Blocks, Plan, Steps, run
from cnn_core.shapes import Window

# Windows of a block: with fewer the calls take longer, and with more the numbers are farther from the processor.
WINDOWS_MOST = 18_000

# Windows of a plane from which on it is done in strips of rows: else what its block shares would grow with it, to 66 MB
# for 4000×3000 cells.
STRIPS_FROM = 300_000

# Where the memory that blocks share is among the others.
SPACE = 4


class Part(NamedTuple):
    """Blocks of as many planes.

    Attributes:
        plan: what is done to each.
        blocks: where they lie: cells, their gradients, windows, theirs, and what all blocks share.
        times: how many.
    """

    plan: Plan
    blocks: tuple[Blocks, ...]
    times: int


def fits(x: Array, output: Array, grad: Array, sliding: Window) -> bool:
    """Whether these can be done so; NaN in ``output`` is not asked for."""
    side_by_side = sliding.kernel_size == sliding.stride == (2, 2) and sliding.dilation == (1, 1)
    return (
        side_by_side
        and not any(map(any, sliding.padding))
        and max(grad.shape[2] * 2 - x.shape[2], grad.shape[3] * 2 - x.shape[3]) <= 0
        and grad.size > 0
        and all(array.dtype == np.float32 and array.flags.c_contiguous for array in (x, output, grad))
    )


def hand_back(grad: Array, x: Array, largest: Array, out: Array) -> None:
    """Give each window's gradient to the first of its largest cells, and 0 to the others.

    Args:
        grad: ``(N, C, OH, OW)``, of which :func:`fits` is true, as of what follows.
        x: ``(N, C, H, W)``.
        largest: ``(N, C, OH, OW)``, without NaN.
        out: ``(N, C, H, W)``, row-major; what no window reads is not written to.
    """
    if math.prod(grad.shape[2:]) <= STRIPS_FROM:
        _hand_back(grad, x, largest, out)
        return
    # Rows of a large plane, which lie in one piece and share no cell with others.
    rows = max(1, WINDOWS_MOST // grad.shape[3])
    for n, c, first in itertools.product(range(x.shape[0]), range(x.shape[1]), range(0, grad.shape[2], rows)):
        count = min(rows, grad.shape[2] - first)
        windows, cells = np.s_[n : n + 1, c : c + 1, first : first + count], slice(2 * first, 2 * (first + count))
        _hand_back(grad[windows], x[n : n + 1, c : c + 1, cells], largest[windows], out[n : n + 1, c : c + 1, cells])


def _hand_back(grad: Array, x: Array, largest: Array, out: Array) -> None:
    """Whole planes or rows of one, which lie in one piece."""
    planes = (x.shape[0] * x.shape[1], *x.shape[2:])
    size, parts = _layout(planes, (grad.shape[2], grad.shape[3]), WINDOWS_MOST)
    space = ROOM.lend(size)
    same = SPACE if ROOM.keeps(space) else None
    for plan, blocks, times in parts:
        run(plan, (x, out, largest, grad, space), blocks, times, same)
    ROOM.take_back(space)


@lru_cache(maxsize=64)
def _layout(cells: tuple[int, int, int], windows: tuple[int, int], most: int) -> tuple[int, tuple[Part, ...]]:
    """Bytes that all blocks share, and the blocks of ``cells (P, H, W)`` and ``windows (P, OH, OW)``."""
    count, height, width = cells
    plane, window = height * width * 4, windows[0] * windows[1] * 4
    each = max(1, most * 4 // window)
    each = evenly(count, each)
    whole, rest = divmod(count, each)
    parts = []
    for first, some, times in ((0, each, whole), (whole * each, rest, 1)):
        if some:
            starts = [Blocks(first * size, some * size) for size in (plane, plane, window, window)]
            parts.append(Part(_plan(some, (height, width), windows), (*starts, SHARED), times))
    return 4 * _shared(each, windows), tuple(parts)


def _shared(planes: int, windows: tuple[int, int]) -> int:
    """Numbers of memory that so many planes share: see :func:`_plan`."""
    size = whole_lines(planes * windows[0] * windows[1])
    return 5 * size + size // 2


def _plan(planes: int, cells: tuple[int, int], windows: tuple[int, int]) -> Plan:
    """What is done to a block."""
    (rows, columns), some = windows, (planes, *windows)
    shapes = (planes, *cells), (planes, *cells), some, some, (_shared(planes, windows),)
    to_do = Steps(np.dtype(np.float32), *shapes)
    x, out, largest, grad, space = to_do.parts
    size, count = whole_lines(planes * rows * columns), planes * rows * columns
    # In turns: numbers that stand twice, (p, OH, 2*OW); who won in a row of cells, 0 or 1, as many; the same as a
    # byte, for both rows; two bytes a window.
    twice, won = (space[k * size :][: 2 * count].reshape(planes, rows, 2 * columns) for k in (0, 2))
    bytes_won = [space[k * size // 2 :].view(bool)[: 2 * count].reshape(won.shape) for k in (8, 9)]
    spare = space[5 * size :].view(np.uint16)[:count].reshape(some)
    rows_of = [slice(row, 2 * rows, 2) for row in (0, 1)]
    both = twice.view(np.uint64)
    first, second = (each.view(np.uint16) for each in bytes_won)

    _repeat(to_do, largest, both)
    for row, where in zip(rows_of, bytes_won, strict=True):
        to_do.add(np.equal, x[:, row, : 2 * columns], twice, where)
    for pair in (first, second):
        # Of the bits of a number and of its negative, the lowest that is set is the same, and no other.
        to_do.add(np.negative, pair, spare)
        to_do.add(np.bitwise_and, pair, spare, pair)
    to_do.add(_all_ones_where_0, first, spare)
    to_do.add(np.bitwise_and, second, spare, second)
    _repeat(to_do, grad, both)
    for row, where in zip(rows_of, bytes_won, strict=True):
        # A gradient's bits times 0 or 1: nothing, or the very number even if it is infinite or NaN.
        to_do.copy(won.view(np.int32), where)
        to_do.add(np.multiply, won.view(np.int32), twice.view(np.int32), out[:, row, : 2 * columns].view(np.int32))
    return to_do.plan()


def _repeat(to_do: Steps, numbers: Array, both: Array) -> None:
    to_do.copy(both, numbers.view(np.uint32))
    to_do.add(_twice, both, both)


def _twice(numbers: Array, out: Array) -> None:
    np.multiply(numbers, TWICE, out=out)


def _all_ones_where_0(numbers: Array, out: Array) -> None:
    """For numbers of 16 bits up to 2**15: less 1, 0 alone has the highest bit."""
    np.subtract(numbers, np.uint16(1), out=out)
    signed = out.view(np.int16)
    np.right_shift(signed, 15, out=signed)
