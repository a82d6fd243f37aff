"""What one visitor's session keeps: the experiment, its history, the pinned cell, and what to tell."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any, NamedTuple

import streamlit as st

from cnn_core import ImageError
from pages.shared.chain import Chain, build
from pages.shared.edits import EditRefusedError, apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.photo import open_photo
from pages.shared.scenario import Scenario, ScenarioError, from_file, from_link

LINK = "x"  # the address's parameter that holds an experiment

_KEY = "kernelscope"
_STEPS = 100  # how far back undo reaches
_HISTORY_BYTES = 64 * 2**20  # of pictures that undo keeps
_RECENT = 40  # sessions that a reloaded page may come back to
_RECENT_BYTES = 256 * 2**20  # of pictures that they keep between them


class Large(NamedTuple):
    """A view to be opened large: which, which plane of the input (None for all), and on a dark page or not."""

    view: str
    plane: int | None
    dark: bool


@dataclass
class Session:
    """One visitor's state; it survives page switches.

    Attributes:
        identity: tells a reconnected browser whether this is the session it knew.
        history: the experiments so far, ``history[position]`` being the one on screen.
        position: an index into ``history``.
        revision: how many edits were answered; counted by the browser, so that an edit's draws can be matched.
        uploads: how many files came in by upload; they come by another way than edits and are counted apart.
        pin: the pinned cell as ``(stage, index)``, or None for the default one.
        pin_count: how many pins the browser had chosen when it sent this one.
        output: which kernel's maps are looked at.
        have: identities of the arrays the browser holds.
        notice: a sentence for the visitor, or "".
        large: what is opened large, or None.
        lock: held by whoever reads or changes the rest: a run of the page and a request may meet.
    """

    identity: str = field(default_factory=lambda: uuid.uuid4().hex)
    history: list[Experiment] = field(default_factory=lambda: [Experiment()])
    position: int = 0
    revision: int = 0
    uploads: int = 0
    pin: tuple[int, tuple[int, ...]] | None = None
    pin_count: int = 0
    output: int = 0
    have: frozenset[str] = frozenset()
    notice: str = ""
    large: Large | None = None
    lock: RLock = field(default_factory=RLock, repr=False, compare=False)
    _chain: Chain | None = None
    _called_off: int = 0
    _latest: tuple[str, int, Experiment] | None = None  # "edit" or "upload", its number, and what it led to

    @property
    def experiment(self) -> Experiment:
        """The experiment on screen."""
        return self.history[self.position]

    @property
    def chain(self) -> Chain:
        """The network of the experiment on screen and its trace, computed once an experiment."""
        if self._chain is None or self._chain.experiment is not self.experiment:
            self._chain = build(self.experiment)
        return self._chain

    def put(self, experiment: Experiment) -> None:
        """Go on to another experiment; what had been undone is forgotten."""
        if experiment is self.experiment:
            return
        history = [*self.history[: self.position + 1], experiment][-_STEPS:]
        while len(history) > 1 and _weight(history) > _HISTORY_BYTES:
            history.pop(0)
        self.history = history
        self.position = len(self.history) - 1

    @property
    def scenario(self) -> Scenario:
        """The experiment on screen and where the eye is on it."""
        return Scenario(self.experiment, self.pin, self.output)

    def open(self, scenario: Scenario) -> None:
        """Show what a link or a file brought; undo leads back."""
        self.put(scenario.experiment)
        self.pin, self.output = scenario.pin, scenario.output

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

    def _call_off(self, way: str, number: int) -> None:
        """Take back an edit or an upload that is what is on screen; one on its way is passed over when it comes."""
        if way == "upload":
            self._called_off = number
        if self._latest == (way, number, self.experiment) and self.position > 0:
            self.position -= 1

    def _resume(self, identity: str) -> None:
        """Take over what a page showed before it was loaded again; two pages never share one session."""
        with _lock:
            before = _recent.get(identity)
        if before is not None and before is not self and self.revision == 0:
            self.history, self.position = list(before.history), before.position
            self.pin, self.output = before.pin, before.output
            self.notice = ""  # what a link could not carry is here after all

    def can_undo(self) -> bool:
        """Whether there is an experiment before this one."""
        return self.position > 0

    def can_redo(self) -> bool:
        """Whether an experiment after this one was undone."""
        return self.position < len(self.history) - 1

    def receive(self, message: Mapping[str, Any] | None) -> None:
        """Take in what the browser sent: edits not answered yet, the pinned cell, the arrays it holds."""
        with self.lock:
            self._receive(message)

    def _receive(self, message: Mapping[str, Any] | None) -> None:
        if not message or message.get("session") != self.identity:
            self.have = frozenset()
            return
        self.have = frozenset(message.get("have") or ())
        if message.get("resume"):
            self._resume(str(message["resume"]))
        self.output = max(0, int(message.get("output", self.output) or 0))
        for edit in message.get("edits") or ():
            if edit["revision"] > self.revision:
                self.revision = edit["revision"]
                self._edit(edit)
        pin = message.get("pin")
        if pin and pin["count"] > self.pin_count:
            self.pin = (int(pin["stage"]), tuple(int(at) for at in pin["index"]))
            self.pin_count = pin["count"]

    def _edit(self, edit: Mapping[str, Any]) -> None:
        self.notice = ""
        if edit["op"] == "undo":
            self.position = max(0, self.position - 1)
        elif edit["op"] == "large":
            plane = edit.get("plane")
            self.large = Large(str(edit.get("value")), plane if plane in (0, 1, 2) else None, edit.get("dark") is True)
        elif edit["op"] == "call_off":
            self._call_off(str(edit.get("way")), int(edit.get("value") or 0))
        elif edit["op"] == "redo":
            self.position = min(len(self.history) - 1, self.position + 1)
        else:
            try:
                self.put(apply(self.experiment, edit))
                self._latest = ("edit", edit["revision"], self.experiment)
            except EditRefusedError as refusal:
                self.notice = str(refusal)


def _weight(history: list[Experiment]) -> int:
    """Bytes of the pictures and grids in a history, each counted once."""
    arrays = [array for each in history for array in _arrays(each)]
    return sum({id(array): array.nbytes for array in arrays}.values())


def _arrays(experiment: Experiment) -> list[Any]:
    photo = experiment.photo
    pictures = [] if photo is None else [photo.grey, photo.pixels, *([] if photo.rgb is None else [photo.rgb])]
    return [experiment.grid, *pictures]


_recent: OrderedDict[str, Session] = OrderedDict()
_lock = Lock()


def _remember(kept: Session) -> None:
    with _lock:
        _recent[kept.identity] = kept
        _recent.move_to_end(kept.identity)
        while len(_recent) > 1 and (
            len(_recent) > _RECENT or sum(_weight(each.history) for each in _recent.values()) > _RECENT_BYTES
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
        code = st.query_params.get(LINK)
        if code:
            try:
                scenario = from_link(code)
            except ScenarioError as error:
                begun.notice = f"{error} This is the worked example instead."
            else:
                begun.history = [scenario.experiment]
                begun.pin, begun.output, begun.notice = scenario.pin, scenario.output, scenario.notice
        st.session_state[_KEY] = begun
    kept: Session = st.session_state[_KEY]
    _remember(kept)
    return kept
