"""What is done to a block of cells to make a block of windows: see ``cnn_core.ops._steps``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cnn_core.ops import _steps
from cnn_core.ops._arrays import Array
from cnn_core.ops._steps import SHARED, SPACE, Blocks, Plan


class Steps(_steps.Steps):
    """Calls upon views of a template of three parts.

    Attributes:
        cells: the template's; nobody reads or writes what is in it.
        windows: likewise.
        shared: likewise.
        adds: whether it is sums that are made.
        means: whether these are to be divided.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        shapes: tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]],
        combine: np.ufunc,
        empty: float,
        among: int = 1,
    ) -> None:
        """Begin without a step.

        Args:
            dtype: of all numbers.
            shapes: of cells, windows and shared memory.
            combine: ``np.maximum`` or ``np.add``: what brings two cells together.
            empty: what changes nothing when it is combined.
            among: what sums are divided by, once they are whole: see :meth:`share`.
        """
        super().__init__(dtype, *shapes)
        self.cells, self.windows, self.shared = self.parts
        self.adds, self.means = combine is np.add, among > 1
        self._combine, self._empty = partial(_put, combine), empty
        self._share = partial(_put_share, *sharing(among, dtype))

    def combine(self, one: Array, other: Array, out: Array) -> None:
        """Have two be brought together in the next step."""
        self.add(np.add if self.adds else self._combine, one, other, out)

    def share(self, sums: Array, out: Array) -> None:
        """Have sums be divided in the next step."""
        self.add(self._share, sums, out)

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
    _steps.run(plan, memory, (cells, windows, SHARED), count, SPACE if kept else None)


def sharing(among: int, dtype: np.dtype[Any]) -> tuple[np.ufunc, Any]:
    """What to call with a sum and which number to divide it by so many.

    The reciprocal of a power of 2 is exact, and 8 µs less for 64×56×56.
    """
    return (np.divide, dtype.type(among)) if among & (among - 1) else (np.multiply, dtype.type(1 / among))


def _put_share(divide: np.ufunc, number: Any, sums: Array, out: Array) -> None:
    divide(sums, number, out=out)


def _put(combine: np.ufunc, one: Array, other: Array, out: Array) -> None:
    combine(one, other, out=out)
