"""The desk of the layers laboratory: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.experiment import Experiment
from pages.shared.layers.edits import apply
from pages.shared.layers.laboratory import Laboratory
from pages.shared.layers.link import from_link, to_link
from pages.shared.layers.screen import Screen
from pages.shared.layers.screens import screen
from pages.shared.link_code import Link
from pages.shared.sight import LaboratoryDesk, Sight


@dataclass(kw_only=True)
class LayersDesk(LaboratoryDesk[Laboratory]):
    """What is kept of the layers laboratory.

    Attributes:
        experiment: Explore's experiment, whose maps may be asked for.
        explored: the kernel that is looked at there.
    """

    history: list[Laboratory] = field(default_factory=lambda: [Laboratory()])
    experiment: Callable[[], Experiment] = Experiment
    explored: Callable[[], int] = int
    _drag: object = None  # the drag of a slider that the state on screen comes from
    _screen: tuple[Laboratory, Screen] | None = None

    def applied(self, state: Laboratory, edit: Mapping[str, Any]) -> Laboratory:
        """The laboratory after one edit."""
        return apply(state, edit, self.experiment(), self.explored())

    def arrays(self, state: Laboratory) -> list[Any]:
        """What a laboratory's layers are given, and the weights."""
        return [*(each.input for each in state.given.values()), state.weight]

    def computed(self) -> Any:
        """The numbers on screen."""
        return self._screen and self._screen[1].arrays

    def rest(self) -> None:
        """Let go of what is on screen."""
        self._screen = None

    def write(self, sight: Sight[Laboratory]) -> Link:
        """The laboratory as far as a link can carry it."""
        return to_link(sight)

    def read(self, code: str) -> Sight[Laboratory]:
        """The laboratory that a link's parameter holds."""
        return from_link(code)

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit; where it leads to another layer, a cell of that one is pinned."""
        kind = self.state.kind
        self._edit(edit)
        if self.state.kind != kind:
            self.pin = None

    def _edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit; all of one drag are a single step to undo."""
        drag, before = edit.get("drag"), self.state
        if drag is not None and drag == self._drag and self.can_undo() and not self.can_redo():
            # Each value of a drag takes the room of the last one: it is made of the state that the drag began with.
            self.history, self.position = self.history[: self.position], self.position - 1
            start = self.state
            super().edit(edit)
            if self.notice:
                self.put(before)
            elif self.state is start:
                self._drag = None  # back where it began, which is no step; one that it goes on to is a new one
            return
        self._drag = drag
        super().edit(edit)
        if self.state is before:
            self._drag = None

    @property
    def screen(self) -> Screen:
        """What the laboratory on screen shows, made once a state."""
        if self._screen is None or self._screen[0] is not self.state:
            self._screen = (self.state, screen(self.state))
        return self._screen[1]
