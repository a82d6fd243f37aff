"""What is done to arrays of some shape, found out once and done to all arrays of that shape.

Where the operands of each call lie depends on the geometry alone. To find it out anew took 15 µs a block of a pooling,
longer than the numbers of a block that fits into memory near the processor; to make views of what was found takes 0.15
each.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._memory import LINE

K = TypeVar("K", bound=Hashable)

# Of a block's parts of memory the one where it is worked, behind what is read and what is made.
SPACE = 2


class Place(NamedTuple):
    """An operand: which part it lies in, and where."""

    part: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    strides: tuple[int, ...]


class Blocks(NamedTuple):
    """Where blocks lie in an array: the bytes before the first, and from each to the next, 0 where all share it."""

    start: int
    apart: int


# What all blocks share begins where memory does.
SHARED = Blocks(0, 0)


class Kept(NamedTuple):
    """What was found in a part's memory.

    Attributes:
        memory: which it was.
        views: for each place a view, None where it is in another part.
        others: these places, and which they are.
    """

    memory: Array
    views: list[Any]
    others: tuple[tuple[int, Place], ...]


@dataclass(eq=False)
class Plan:
    """Calls, and their operands.

    Attributes:
        places: each operand once.
        steps: what is called, and how it takes its operands out of a list of all.
        kept: views in memory that was met before.
    """

    places: tuple[Place, ...]
    steps: tuple[tuple[Callable[..., object], Callable[[list[Any]], tuple[Any, ...]]], ...]
    kept: Kept | None = None

    def views(self, memory: Array, part: int) -> Kept:
        """All that lies in a part whose memory this is; it may be the same one as before."""
        kept = self.kept
        if kept is None or kept.memory is not memory:
            found = [
                np.ndarray(shape, dtype, memory, offset, strides) if its == part else None
                for its, shape, dtype, offset, strides in self.places
            ]
            others = tuple((k, place) for k, place in enumerate(self.places) if place.part != part)
            self.kept = kept = Kept(memory, found, others)
        return kept


class Run(NamedTuple):
    """Blocks that are done alike and lie evenly apart.

    Attributes:
        plan: what is done; operands lie where the first block begins.
        blocks: how far apart they lie in each part.
        times: how many.
    """

    plan: Plan
    blocks: tuple[Blocks, ...]
    times: int


class Steps:
    """Calls upon views of a template, written down to be carried out in other memory of the same shape.

    Attributes:
        parts: the template's; nobody reads or writes what is in them.
    """

    def __init__(self, dtype: np.dtype[Any], *shapes: tuple[int, ...]) -> None:
        """Begin without a step.

        Args:
            dtype: of all numbers.
            shapes: of the parts.
        """
        self._starts = [0]
        for shape in shapes:
            size = math.prod(shape) * dtype.itemsize
            # A byte apart at least, and each where a line of memory begins: a view is aligned here where it will be.
            self._starts.append(self._starts[-1] + size + LINE - size % LINE)
        template = np.empty(self._starts[-1], np.uint8)
        self._address = template.__array_interface__["data"][0]
        self.parts = tuple(
            np.ndarray(shape, dtype, template, start) for shape, start in zip(shapes, self._starts, strict=False)
        )
        self._places: dict[Place, int] = {}
        self._steps: list[tuple[Callable[..., object], Callable[[list[Any]], tuple[Any, ...]]]] = []

    def add(self, do: Callable[..., object], *operands: Array) -> None:
        """Have ``do(*operands)``, two or more views of the template, be the next step."""
        self._steps.append((do, itemgetter(*map(self._number, operands))))

    def copy(self, target: Array, source: Array) -> None:
        """Have ``target[...] = source`` be the next step, whatever their types."""
        self.add(np.copyto if target.dtype == source.dtype else _copy, target, source)

    def fill(self, target: Array, value: float) -> None:
        """Have ``target[...] = value`` be the next step; of lines taken for single items, 0 alone."""
        item = value if target.dtype.kind == "f" else np.zeros((), target.dtype)
        self.add(partial(_fill, item), target, target)

    def add_up(self, lines: Array, sums: Array) -> None:
        """Have the sums of ``lines (..., L)``, a product with ones, be written into ``sums (...)`` in the next step."""
        self.add(partial(_add_up, np.ones(lines.shape[-1], lines.dtype)), lines, sums)

    def plan(self) -> Plan:
        """What was written down."""
        return Plan(tuple(self._places), tuple(self._steps))

    def _number(self, view: Array) -> int:
        offset = view.__array_interface__["data"][0] - self._address
        part = max(k for k in range(len(self.parts)) if self._starts[k] <= offset)
        place = Place(part, view.shape, view.dtype, offset - self._starts[part], view.strides)
        return self._places.setdefault(place, len(self._places))


def run(plan: Plan, memory: Sequence[Array], blocks: Sequence[Blocks], count: int, same: int | None = None) -> None:
    """Take all steps for a block, then for the next.

    Args:
        plan: what to do.
        memory: the parts, row-major.
        blocks: where in each of them the blocks lie; one at least is not shared.
        count: how many blocks.
        same: a part that all blocks share from its beginning on, and whose memory may be there again at the next call.
    """
    view, repeated = np.ndarray, count > 1
    if same is None:
        views: list[Any] = [None] * len(plan.places)
        missing = tuple(enumerate(plan.places))
    else:
        _, found, missing = plan.views(memory[same], same)
        views = list(map(repeat, found)) if repeated else found.copy()
    for k, (part, shape, dtype, offset, strides) in missing:
        start, apart = blocks[part]
        if repeated and apart:
            views[k] = view((count, *shape), dtype, memory[part], start + offset, (apart, *strides))
        else:
            one = view(shape, dtype, memory[part], start + offset, strides)
            views[k] = repeat(one) if repeated else one
    if not repeated:
        for do, operands in plan.steps:
            do(*operands(views))
        return
    # Each round of zip takes every step once, and the first that meets what is not shared tells when there are no more.
    deque(zip(*[map(do, *operands(views)) for do, operands in plan.steps], strict=False), maxlen=0)


def run_all(runs: Iterable[Run], memory: Sequence[Array], same: int | None = None) -> None:
    """Carry out what :func:`runs` has found, one after the other; ``same`` as for :func:`run`."""
    view = np.ndarray
    for plan, blocks, times in runs:
        if times > 1 or same is not None:
            run(plan, memory, blocks, times, same)
            continue
        # A fourth less for each view than by way of ``run``, which adds up where it lies.
        views = [
            view(shape, dtype, memory[part], offset, strides) for part, shape, dtype, offset, strides in plan.places
        ]
        for do, operands in plan.steps:
            do(*operands(views))


def runs(blocks: Iterable[tuple[K, tuple[int, ...]]], plan: Callable[[K], Plan]) -> tuple[Run, ...]:
    """Blocks that follow on each other, those together that are alike and evenly apart.

    Args:
        blocks: for each what tells how it is done, and the bytes before it in each part of memory.
        plan: of such a block.
    """
    found: list[tuple[K, list[tuple[int, ...]]]] = []
    for kind, start in blocks:
        if found and found[-1][0] == kind:
            starts = found[-1][1]
            if len(starts) == 1 or _apart(starts[-1], start) == _apart(starts[-2], starts[-1]):
                starts.append(start)
                continue
        found.append((kind, [start]))
    plans = {kind: plan(kind) for kind, _ in found}
    made = []
    for kind, starts in found:
        places = (place._replace(offset=starts[0][place.part] + place.offset) for place in plans[kind].places)
        apart = _apart(*starts[:2]) if len(starts) > 1 else (0,) * len(starts[0])
        made.append(Run(Plan(tuple(places), plans[kind].steps), tuple(Blocks(0, a) for a in apart), len(starts)))
    return tuple(made)


def end_to_end(parts: Sequence[Array], shared: int) -> tuple[Blocks, ...]:
    """Where blocks lie that fill these parts and come one after the other; of one part all have the same."""
    return tuple(SHARED if k == shared else Blocks(0, part.nbytes) for k, part in enumerate(parts))


def _apart(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(b - a for a, b in zip(one, other, strict=True))


def _copy(target: Array, source: Array) -> None:
    np.copyto(target, source, "unsafe")


def _add_up(ones: Array, lines: Array, sums: Array) -> None:
    np.matmul(lines, ones, out=sums)


def _fill(value: float | Array, target: Array, _: Array) -> None:
    target[...] = value
