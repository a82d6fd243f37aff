"""The laboratory's desk: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.desk import Desk
from pages.shared.experiment import FloatArray, Pair
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import KINDS, Laboratory, Run, run

# Stages: the input is -1, then each pooling's maps by its place in KINDS.
VALUES, UPSTREAM, GRADIENTS, AFTER, DIFFERENCES = 0, 10, 20, 30, 40
SHIFTED, MOVED = 50, 51  # the shifted input, and its difference from the input


def part_of(stage: int) -> tuple[int, int]:
    """Which of a pooling's maps a stage is, and which pooling's, as ``(VALUES, 1)``; of the input's ``(-1, 0)``."""
    return (-1, 0) if stage < 0 or stage >= SHIFTED else (stage // 10 * 10, stage % 10)


@dataclass(kw_only=True)
class PoolingDesk(Desk[Laboratory]):
    """What is kept of the pooling laboratory.

    Attributes:
        from_explore: gives what Explore has, by the input's name.
    """

    history: list[Laboratory] = field(default_factory=lambda: [Laboratory()])
    from_explore: Callable[[str], FloatArray]
    _run: Run | None = None

    def applied(self, state: Laboratory, edit: Mapping[str, Any]) -> Laboratory:
        """The laboratory after one edit."""
        return apply(state, edit, self.from_explore)

    def arrays(self, state: Laboratory) -> list[Any]:
        """A laboratory's input and gradient."""
        return [state.input, state.upstream]

    _cell: Pair = (0, 1)

    @property
    def cell(self) -> Pair:
        """The output cell that the pinned one is, or stands for; that of a map which has no other, the first."""
        stage, index = self.pin or (VALUES, (0, 0, 0, 1))
        part, kind = part_of(stage)
        at_output = part in (VALUES, UPSTREAM, AFTER, DIFFERENCES) and kind < len(KINDS) and not KINDS[kind].whole
        if at_output and len(index) == 4:
            self._cell = (index[2], index[3])
        return self._cell

    @property
    def run(self) -> Run:
        """The laboratory on screen carried out, once a state and a cell."""
        cell = self.cell if self.state.target == "cell" else (0, 0)
        if self._run is None or self._run.laboratory is not self.state or self._run.cell != cell:
            self._run = run(self.state, cell)
        return self._run
