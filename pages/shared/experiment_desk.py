"""The desk of an experiment: its chain, its gradients, and what of it is to be predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnn_core import Gradients
from pages.shared.backward import Target, gradients, holds, parse
from pages.shared.chain import Chain, build
from pages.shared.describe import names_kept
from pages.shared.desk import Desk
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, arrays_of
from pages.shared.link_code import Link, Zoom, a_zoom
from pages.shared.predict import OPERATIONS, Predictions
from pages.shared.scenario import Scenario, from_link, to_link


@dataclass(kw_only=True)
class ExperimentDesk(Desk[Experiment]):
    """What is kept of one experiment that is worked on.

    Attributes:
        target: what the gradients on screen are of, or None where values are shown.
        zoom: how close the maps are looked at, or None where they are seen whole.
        opened: counts what was opened here, which has its own way of being looked at.
        predictions: which stage is hidden, and what was guessed of it.
        pass_over: called with the number of an upload that may still be on its way, when it is called off.
    """

    history: list[Experiment] = field(default_factory=lambda: [Experiment()])
    target: Target | None = None
    zoom: Zoom | None = None
    opened: int = 0
    predictions: Predictions = field(default_factory=Predictions)
    pass_over: Callable[[int], None] = field(default=lambda _: None, repr=False, compare=False)
    _chain: Chain | None = None
    _backward: tuple[Chain, Target, Gradients] | None = None

    @property
    def experiment(self) -> Experiment:
        """The experiment on screen."""
        return self.state

    @property
    def chain(self) -> Chain:
        """The network of the experiment on screen and its trace, computed once an experiment."""
        if self._chain is None or self._chain.experiment is not self.experiment:
            self._chain = build(self.experiment)
        return self._chain

    @property
    def backward(self) -> tuple[Target, Gradients] | None:
        """What the gradients on screen are of, and they, computed once; None where there are none."""
        chain, target = self.chain, self.target
        if target is None or not holds(chain, target):
            return None
        if self._backward is None or self._backward[0] is not chain or self._backward[1] != target:
            self._backward = (chain, target, gradients(chain, target))
        return self._backward[1:]

    @property
    def what_is_open(self) -> str:
        """Which of the experiments that were opened here."""
        return str(self.opened)

    def looked(self, message: Mapping[str, Any]) -> None:
        """Take in how the experiment is looked at: how close, as values or as gradients of a target."""
        super().looked(message)
        if "zoom" in message:
            self.zoom = a_zoom(message["zoom"])
        if "target" in message:
            self.target = parse(message["target"])

    def applied(self, state: Experiment, edit: Mapping[str, Any]) -> Experiment:
        """The experiment after one edit."""
        return apply(state, edit)

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit, or say why not; a guess changes nothing that could be undone."""
        if edit["op"] in OPERATIONS:
            self.notice = self.predictions.take(self.chain, edit)
        else:
            before = self.experiment
            super().edit(edit)
            self.see_whole(before)
            if edit["op"] == "class_names":
                self.notice = self.notice or names_kept(self.experiment)

    def see_whole(self, before: Experiment) -> None:
        """Look at all of a picture that has come in place of ``before``'s, and of an input of another size."""
        now = self.experiment
        if now.picture is not before.picture:
            self.zoom = None
            self.opened += 1  # how close the browser still looks is of the picture before
        elif now.plane != before.plane:
            self.zoom = None

    def call_off(self, way: str, number: int) -> None:
        """Take back an edit or an upload that is what is on screen; one on its way is passed over when it comes."""
        if way == "upload":
            self.pass_over(number)
        super().call_off(way, number)

    def arrays(self, state: Experiment) -> list[Any]:
        """An experiment's pictures and grid."""
        return arrays_of(state)

    def computed(self) -> Any:
        """The chain's trace and the gradients on screen."""
        return self._chain and self._chain.trace, self._backward

    def rest(self) -> None:
        """Let go of the chain and of its gradients."""
        self._chain = self._backward = None

    @property
    def scenario(self) -> Scenario:
        """The experiment on screen and where the eye is on it."""
        return Scenario(self.experiment, self.pin, self.output, self.target, self.zoom)

    def open(self, scenario: Scenario) -> None:
        """Show what a file brought; undo leads back."""
        self.put(scenario.experiment)
        self.look_as(scenario)

    def look_as(self, scenario: Scenario) -> None:
        """Turn the eye to where it was when the scenario was written down."""
        self.pin, self.output, self.zoom = scenario.pin, scenario.output, scenario.zoom
        # Gradients would tell of what is to be predicted.
        self.target = None if self.predictions.view else scenario.target
        self.opened += 1

    def link(self) -> Link:
        """What of the experiment an address can carry."""
        return to_link(self.scenario)

    def read_link(self, code: str) -> None:
        """Begin on the experiment that a link brought."""
        scenario = from_link(code)
        self.history, self.position = [scenario.experiment], 0
        self.look_as(scenario)
        self.notice = scenario.notice

    def take_over(self, before: Desk[Experiment]) -> None:
        """Go on from where another desk was, gradients, zoom and predictions included."""
        if self.revision == 0 and isinstance(before, ExperimentDesk):
            self.target, self.zoom = before.target, before.zoom
            self.opened += 1
            self.predictions.take_over(before.predictions)
        super().take_over(before)
