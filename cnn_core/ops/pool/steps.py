"""What is done to a block of cells, found out once and done to all blocks of all arrays of that shape.

Where the operands of each call lie depends on the geometry alone. To find it out anew took 15 µs a block, longer than
the numbers of a block that fits into memory near the processor; to make views of what was found takes 0.15 each.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from cnn_core.ops._arrays import Array

# The parts of a template: a block's cells, its windows, and memory that all blocks share.
CELLS, WINDOWS, SHARED = range(3)

# Bytes that the template's parts begin at a multiple of, so that a view in it is aligned where it will be.
ALIGNED = 64


class Place(NamedTuple):
    """An operand: which part it lies in, and where."""

    part: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    strides: tuple[int, ...]


class Blocks(NamedTuple):
    """Where blocks lie in an array: the bytes before the first, and from each to the next."""

    start: int
    apart: int


class Plan(NamedTuple):
    """Calls, and their operands.

    Attributes:
        places: each operand once.
        steps: what is called, and how it takes its operands out of a list of all.
    """

    places: tuple[Place, ...]
    steps: tuple[tuple[Callable[..., object], Callable[[list[Any]], tuple[Any, ...]]], ...]


class Steps:
    """Calls upon views of a template, written down to be carried out in other memory of the same shape.

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
        self._starts = [0]
        for shape in shapes:
            size = math.prod(shape) * dtype.itemsize
            self._starts.append(self._starts[-1] + size + ALIGNED - size % ALIGNED)  # a byte apart at least
        template = np.empty(self._starts[-1], np.uint8)
        self._address = template.__array_interface__["data"][0]
        self.cells, self.windows, self.shared = (
            np.ndarray(shape, dtype, template, start) for shape, start in zip(shapes, self._starts, strict=False)
        )
        self.adds = combine is np.add
        self._combine, self._empty = partial(_put, combine), partial(_fill, empty)
        self._places: dict[Place, int] = {}
        self._steps: list[tuple[Callable[..., object], Callable[[list[Any]], tuple[Any, ...]]]] = []

    def add(self, do: Callable[..., object], *operands: Array) -> None:
        """Have ``do(*operands)``, two or more views of the template, be the next step."""
        self._steps.append((do, itemgetter(*map(self._number, operands))))

    def combine(self, one: Array, other: Array, out: Array) -> None:
        """Have two be brought together in the next step."""
        self.add(np.add if self.adds else self._combine, one, other, out)

    def copy(self, target: Array, source: Array) -> None:
        """Have ``target[...] = source`` be the next step, whatever their types."""
        self.add(_copy, target, source)

    def clear(self, target: Array) -> None:
        """Have ``target`` be emptied in the next step."""
        self.add(self._empty, target, target)

    def plan(self) -> Plan:
        """What was written down."""
        return Plan(tuple(self._places), tuple(self._steps))

    def _number(self, view: Array) -> int:
        offset = view.__array_interface__["data"][0] - self._address
        part = max(k for k in (CELLS, WINDOWS, SHARED) if self._starts[k] <= offset)
        place = Place(part, view.shape, view.dtype, offset - self._starts[part], view.strides)
        return self._places.setdefault(place, len(self._places))


def run(plan: Plan, memory: tuple[Array, Array, Array], cells: Blocks, windows: Blocks, count: int) -> None:
    """Take all steps for a block, then for the next.

    Args:
        plan: what to do.
        memory: the cells, the windows and what is shared, row-major.
        cells: where the blocks of cells lie.
        windows: where those of windows lie.
        count: how many blocks.
    """
    view = np.ndarray
    if count == 1:
        starts = cells.start, windows.start, 0
        views: list[Any] = [
            view(shape, dtype, memory[part], starts[part] + offset, strides)
            for part, shape, dtype, offset, strides in plan.places
        ]
        for do, operands in plan.steps:
            do(*operands(views))
        return
    blocks = cells, windows
    views = [
        repeat(view(shape, dtype, memory[part], offset, strides))
        if part == SHARED
        else view((count, *shape), dtype, memory[part], blocks[part].start + offset, (blocks[part].apart, *strides))
        for part, shape, dtype, offset, strides in plan.places
    ]
    # Each round of zip takes every step once, and the first that meets cells or windows tells when there are no more.
    deque(zip(*[map(do, *operands(views)) for do, operands in plan.steps], strict=False), maxlen=0)


def _put(combine: np.ufunc, one: Array, other: Array, out: Array) -> None:
    combine(one, other, out=out)


def _copy(target: Array, source: Array) -> None:
    np.copyto(target, source, "unsafe")


def _fill(empty: float, target: Array, _: Array) -> None:
    target[...] = empty
