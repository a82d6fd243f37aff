"""The laboratory's desk: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.desk import Desk
from pages.shared.experiment import FloatArray, Pair
from pages.shared.link_code import Link
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import KINDS, Laboratory, Run, run
from pages.shared.pooling.link import FIRST_CELL, PoolingSight, from_link, to_link
from pages.shared.sight import LaboratoryDesk, Sight

# Stages: the input is -1, then each pooling's maps by its place in KINDS.
VALUES, UPSTREAM, GRADIENTS, AFTER, DIFFERENCES = 0, 10, 20, 30, 40
SHIFTED, MOVED = 50, 51  # the shifted input, and its difference from the input


def part_of(stage: int) -> tuple[int, int]:
    """Which of a pooling's maps a stage is, and which pooling's, as ``(VALUES, 1)``; of the input's ``(-1, 0)``."""
    return (-1, 0) if stage < 0 or stage >= SHIFTED else (stage // 10 * 10, stage % 10)


@dataclass(kw_only=True)
class PoolingDesk(LaboratoryDesk[Laboratory]):
    """What is kept of the pooling laboratory.

    Attributes:
        from_explore: gives what Explore has, by the input's name.
    """

    history: list[Laboratory] = field(default_factory=lambda: [Laboratory()])
    from_explore: Callable[[str], FloatArray]
    _run: Run | None = None
    _cell: Pair = FIRST_CELL

    def applied(self, state: Laboratory, edit: Mapping[str, Any]) -> Laboratory:
        """The laboratory after one edit."""
        return apply(state, edit, self.from_explore)

    def arrays(self, state: Laboratory) -> list[Any]:
        """A laboratory's input and gradient."""
        return [state.input, state.upstream]

    def sight(self) -> PoolingSight:
        """What is on screen, and where the eye is on it."""
        return PoolingSight(self.state, self.pin, cell=self.cell)

    def look(self, sight: Sight[Laboratory]) -> None:
        """Go on to a laboratory, with the eye where it was on it."""
        super().look(sight)
        if isinstance(sight, PoolingSight):
            self._cell = sight.cell

    def take_over(self, before: Desk[Laboratory]) -> None:
        """Go on from where another desk was, as long as nothing was done here."""
        super().take_over(before)
        if self.revision == 0 and isinstance(before, PoolingDesk):
            self._cell = before.cell

    def computed(self) -> Any:
        """The laboratory carried out."""
        return self._run

    def rest(self) -> None:
        """Let go of it."""
        self._run = None

    def write(self, sight: Sight[Laboratory]) -> Link:
        """The laboratory as far as a link can carry it."""
        return to_link(sight)

    def read(self, code: str) -> PoolingSight:
        """The laboratory that a link's parameter holds."""
        return from_link(code)

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
