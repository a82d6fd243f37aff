"""The laboratory's desk: its history and pinned cell, in the visitor's session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import Laboratory, Run, run
from pages.shared.desk import Desk
from pages.shared.experiment import Experiment


@dataclass(kw_only=True)
class ConvolutionDesk(Desk[Laboratory]):
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

    @property
    def run(self) -> Run:
        """The laboratory on screen carried out, once a state."""
        if self._run is None or self._run.laboratory is not self.state:
            self._run = run(self.state)
        return self._run
