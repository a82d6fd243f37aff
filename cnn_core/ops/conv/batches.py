"""Convolutions of several images at a time: equally large blocks of a batch, one after the other in memory.

Where all that a block's calls work on lies depends on shapes alone: it is worked out once and kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import ROOM
from cnn_core.ops._steps import SHARED, SPACE, Blocks, Plan, run

# Of images of a shape: the numbers of memory that blocks share, what is done to it once, and what is done for each
# block. Both plans are of the images, their results, that memory and whatever else blocks share.
Plans = Callable[[tuple[int, ...]], tuple[int, Plan, Plan]]


class Alike(NamedTuple):
    """Blocks of equally many images.

    Attributes:
        clear: what is done once, to memory that they share.
        plan: what is done for each.
        cells: where their images lie.
        out: where their results do.
        times: how many blocks.
        images: of each.
    """

    clear: Plan
    plan: Plan
    cells: Blocks
    out: Blocks
    times: int
    images: int

    def run(self, x: Array, out: Array, space: Array, *shared: Array) -> None:
        """Do all of them in ``space``, of ``ROOM``."""
        memory, blocks = (x, out, space, *shared), (self.cells, self.out, *[SHARED] * (1 + len(shared)))
        same = SPACE if ROOM.keeps(space) else None
        run(self.clear, memory, blocks, 1, same)
        run(self.plan, memory, blocks, self.times, same)


class Layout(NamedTuple):
    """How a batch is done.

    Attributes:
        groups: G.
        space: numbers of memory that blocks share.
        blocks: all of them, and a last one that may be smaller.
    """

    groups: int
    space: int
    blocks: tuple[Alike, ...]


def in_blocks(
    x_shape: tuple[int, ...], shape: tuple[int, ...], groups: int, some: int, dtype: np.dtype[Any], plans: Plans
) -> Layout:
    """Cut ``x_shape (N, C, H, W)`` and ``shape (C_out, OH, OW)`` into blocks of ``some`` images."""
    batch, image, result = x_shape[0], *(math.prod(each) * dtype.itemsize for each in (x_shape[1:], shape))
    space, blocks = 0, []
    whole, rest = divmod(batch, some)
    for times, images, first in ((whole, some, 0), (1, rest, batch - rest)):
        if images and times:
            size, clear, plan = plans((images, *x_shape[1:]))
            cells, out = Blocks(first * image, images * image), Blocks(first * result, images * result)
            blocks.append(Alike(clear, plan, cells, out, times, images))
            space = max(space, size)
    return Layout(groups, space, tuple(blocks))
