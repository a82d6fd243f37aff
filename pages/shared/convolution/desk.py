"""The laboratory's desk: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import Laboratory, Run, run
from pages.shared.convolution.link import from_link, to_link
from pages.shared.experiment import Experiment
from pages.shared.link_code import Link
from pages.shared.sight import LaboratoryDesk, Sight


@dataclass(kw_only=True)
class ConvolutionDesk(LaboratoryDesk[Laboratory]):
    """What is kept of the convolution laboratory.

    Attributes:
        experiment: Explore's experiment, whose input may be asked for.
    """

    history: list[Laboratory] = field(default_factory=lambda: [Laboratory()])
    experiment: Callable[[], Experiment] = Experiment
    _run: Run | None = None

    def applied(self, state: Laboratory, edit: Mapping[str, Any]) -> Laboratory:
        """The laboratory after one edit."""
        return apply(state, edit, self.experiment())

    def arrays(self, state: Laboratory) -> list[Any]:
        """A laboratory's input and weights."""
        return [state.input, state.operation.weight]

    def computed(self) -> Any:
        """The laboratory carried out."""
        return self._run

    def rest(self) -> None:
        """Let go of it."""
        self._run = None

    def write(self, sight: Sight[Laboratory]) -> Link:
        """The laboratory as far as a link can carry it."""
        return to_link(sight)

    def read(self, code: str) -> Sight[Laboratory]:
        """The laboratory that a link's parameter holds."""
        return from_link(code)

    @property
    def run(self) -> Run:
        """The laboratory on screen carried out, once a state."""
        if self._run is None or self._run.laboratory is not self.state:
            self._run = run(self.state)
        return self._run
