"""What one visitor's session keeps: the experiment, its history, the pinned cell, and what to tell."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

import streamlit as st

from cnn_core import Gradients, ImageError
from pages.shared.backward import Target, gradients, holds, parse
from pages.shared.chain import Chain, build
from pages.shared.convolution.desk import ConvolutionDesk
from pages.shared.desk import Desk
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.link_code import Link, ScenarioError
from pages.shared.photo import open_photo
from pages.shared.scenario import Scenario, from_file, from_link, to_link

# The address's parameter that holds what is on a desk, by the desk; a page's address has its own alone.
LINKS = {"explore": "x", "convolution": "c"}

_KEY = "kernelscope"
_RECENT = 40  # sessions that a reloaded page may come back to
_RECENT_BYTES = 256 * 2**20  # of pictures that they keep between them


class Large(NamedTuple):
    """A view to be opened large: which, which plane of the input (None for all), and on a dark page or not."""

    view: str
    plane: int | None
    dark: bool


@dataclass(kw_only=True)
class Session(Desk[Experiment]):
    """One visitor's state; it survives page switches. It is the desk of Explore's experiment, and has the others.

    Attributes:
        uploads: how many files came in by upload; they come by another way than edits and are counted apart.
        large: what is opened large, or None.
        convolution: the desk of the convolution laboratory.
        target: what the gradients on screen are of, or None where values are shown.
    """

    history: list[Experiment] = field(default_factory=lambda: [Experiment()])
    uploads: int = 0
    large: Large | None = None
    target: Target | None = None
    _chain: Chain | None = None
    _backward: tuple[Chain, Target, Gradients] | None = None
    _called_off: int = 0

    def __post_init__(self) -> None:
        self.resumed = self._resume
        self.convolution = ConvolutionDesk(
            identity=self.identity, lock=self.lock, resumed=self._resume, experiment=lambda: self.experiment
        )

    @property
    def desks(self) -> dict[str, Desk[Any]]:
        """Every desk of the visitor, by the component that works at it."""
        return {"explore": self, "convolution": self.convolution}

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

    def looked(self, message: Mapping[str, Any]) -> None:
        """Take in how the experiment is looked at: as values, or as gradients of a target."""
        super().looked(message)
        if "target" in message:
            self.target = parse(message["target"])

    def applied(self, state: Experiment, edit: Mapping[str, Any]) -> Experiment:
        """The experiment after one edit."""
        return apply(state, edit)

    def arrays(self, state: Experiment) -> list[Any]:
        """An experiment's pictures and grid."""
        photo = state.photo
        pictures = [] if photo is None else [photo.grey, photo.pixels, *([] if photo.rgb is None else [photo.rgb])]
        return [state.grid, *pictures]

    @property
    def scenario(self) -> Scenario:
        """The experiment on screen and where the eye is on it."""
        return Scenario(self.experiment, self.pin, self.output)

    def open(self, scenario: Scenario) -> None:
        """Show what a link or a file brought; undo leads back."""
        self.put(scenario.experiment)
        self.pin, self.output = scenario.pin, scenario.output

    def link(self) -> Link:
        """What of the experiment an address can carry."""
        return to_link(self.scenario)

    def read_link(self, code: str) -> None:
        """Begin on the experiment that a link brought."""
        scenario = from_link(code)
        self.history, self.position = [scenario.experiment], 0
        self.pin, self.output, self.notice = scenario.pin, scenario.output, scenario.notice

    def take_in(self, data: bytes, name: str) -> None:
        """Show an uploaded picture, scenario or kernel file, or say why not; nothing, where it was called off.

        A picture is read without the lock: edits go on meanwhile, and it comes to where they have led.
        """
        number = self.uploads + 1
        refusal = ""
        photo = None
        # No picture begins like this; our own files do.
        ours = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"
        if number != self._called_off and not ours:
            try:
                photo = open_photo(data, name)
            except ImageError as error:
                refusal = f"{name}: {error}"
        with self.lock:
            self.uploads = number
            if number == self._called_off:
                return
            if ours:
                try:
                    self.open(from_file(data, self.scenario))
                except ScenarioError as error:
                    refusal = str(error)
            elif photo is not None:
                self.put(with_photo(self.experiment, photo))
                self.pin = None
            self.notice = refusal
            if not refusal:
                self._latest = ("upload", number, self.experiment)

    def call_off(self, way: str, number: int) -> None:
        """Take back an edit or an upload that is what is on screen; one on its way is passed over when it comes."""
        if way == "upload":
            self._called_off = number
        super().call_off(way, number)

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit, or say why not; to open a view large changes nothing."""
        if edit["op"] == "large":
            plane = edit.get("plane")
            self.large = Large(str(edit.get("value")), plane if plane in (0, 1, 2) else None, edit.get("dark") is True)
        else:
            super().edit(edit)

    def _resume(self, identity: str) -> None:
        """Take over what a page showed before it was loaded again; two pages never share one session."""
        before = recent(identity)
        if before is not None and before is not self:
            for name, desk in self.desks.items():
                desk.take_over(before.desks[name])
            self.target = before.target


_recent: OrderedDict[str, Session] = OrderedDict()
_lock = Lock()


def _remember(kept: Session) -> None:
    with _lock:
        _recent[kept.identity] = kept
        _recent.move_to_end(kept.identity)
        while len(_recent) > 1 and (
            len(_recent) > _RECENT
            or sum(desk.weight() for each in _recent.values() for desk in each.desks.values()) > _RECENT_BYTES
        ):
            _recent.popitem(last=False)


def recent(identity: str) -> Session | None:
    """The session of that identity, where it is remembered; the identity is a secret of its page."""
    with _lock:
        return _recent.get(identity)


def session() -> Session:
    """The visitor's session, begun on what the address holds or else on the worked grid."""
    if _KEY not in st.session_state:
        begun = Session()
        for name, parameter in LINKS.items():
            if code := st.query_params.get(parameter):
                begun.desks[name].follow(code)
        st.session_state[_KEY] = begun
    kept: Session = st.session_state[_KEY]
    _remember(kept)
    return kept
