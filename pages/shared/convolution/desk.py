"""The laboratory's desk: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import Laboratory, Run, run
from pages.shared.convolution.link import Sight, from_link, to_link
from pages.shared.desk import Desk
from pages.shared.experiment import Experiment
from pages.shared.link_code import Link


@dataclass(kw_only=True)
class ConvolutionDesk(Desk[Laboratory]):
    """What is kept of the convolution laboratory.

    Attributes:
        experiment: Explore's experiment, whose input may be asked for.
    """

    history: list[Laboratory] = field(default_factory=lambda: [Laboratory()])
    experiment: Callable[[], Experiment] = Experiment
    _run: Run | None = None
    _link: tuple[Sight, Link] | None = None

    def applied(self, state: Laboratory, edit: Mapping[str, Any]) -> Laboratory:
        """The laboratory after one edit."""
        return apply(state, edit, self.experiment())

    def arrays(self, state: Laboratory) -> list[Any]:
        """A laboratory's input and weights."""
        return [state.input, state.operation.weight]

    def link(self) -> Link:
        """What of the laboratory an address can carry; made anew only where something changed."""
        seen = Sight(self.state, self.pin, self.output)
        if self._link is None or self._link[0] != seen:
            self._link = (seen, to_link(seen))
        return self._link[1]

    def read_link(self, code: str) -> None:
        """Show what a link brought; undo leads back to the worked example."""
        sight = from_link(code)
        self.put(sight.laboratory)
        self.pin, self.output, self.notice = sight.pin, sight.output, sight.notice

    @property
    def run(self) -> Run:
        """The laboratory on screen carried out, once a state."""
        if self._run is None or self._run.laboratory is not self.state:
            self._run = run(self.state)
        return self._run
