"""What is done to a block of cells to make a block of windows: see ``cnn_core.ops._steps``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cnn_core.ops import _steps
from cnn_core.ops._arrays import Array
from cnn_core.ops._steps import Blocks, Plan

# What all blocks share begins where memory does.
EVERYWHERE = Blocks(0, 0)

# Which part of memory that is.
SHARED = 2


class Steps(_steps.Steps):
    """Calls upon views of a template of three parts.

    Attributes:
        cells: the template's; nobody reads or writes what is in it.
        windows: likewise.
        shared: likewise.
        adds: whether it is sums that are made.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
        combine: np.ufunc,
        empty: float,
    ) -> None:
        """Begin without a step.

        Args:
            dtype: of all numbers.
            shapes: of cells, windows and shared memory.
            combine: ``np.maximum`` or ``np.add``: what brings two cells together.
            empty: what changes nothing when it is combined.
        """
        super().__init__(dtype, *shapes)
        self.cells, self.windows, self.shared = self.parts
        self.adds = combine is np.add
        self._combine, self._empty = partial(_put, combine), empty

    def combine(self, one: Array, other: Array, out: Array) -> None:
        """Have two be brought together in the next step."""
        self.add(np.add if self.adds else self._combine, one, other, out)

    def clear(self, target: Array) -> None:
        """Have ``target`` be emptied in the next step."""
        self.fill(target, self._empty)


def run(
    plan: Plan, memory: tuple[Array, Array, Array], cells: Blocks, windows: Blocks, count: int, kept: bool = False
) -> None:
    """Take all steps for a block, then for the next.

    Args:
        plan: what to do.
        memory: the cells, the windows and what is shared, row-major.
        cells: where the blocks of cells lie.
        windows: where those of windows lie.
        count: how many blocks.
        kept: whether what is shared may be there again at the next call.
    """
    _steps.run(plan, memory, (cells, windows, EVERYWHERE), count, SHARED if kept else None)


def _put(combine: np.ufunc, one: Array, other: Array, out: Array) -> None:
    combine(one, other, out=out)
