"""What one visitor's session keeps: the experiment, its history, the pinned cell, and what to tell."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.shared.chain import Chain, build
from pages.shared.edits import EditRefusedError, apply
from pages.shared.experiment import Experiment

_KEY = "kernelscope"
_STEPS = 100  # how far back undo reaches


@dataclass
class Session:
    """One visitor's state; it survives page switches.

    Attributes:
        identity: tells a reconnected browser whether this is the session it knew.
        history: the experiments so far, ``history[position]`` being the one on screen.
        position: an index into ``history``.
        revision: how many edits were answered; counted by the browser, so that an edit's draws can be matched.
        pin: the pinned cell as ``(stage, index)``, or None for the default one.
        pin_count: how many pins the browser had chosen when it sent this one.
        output: which kernel's maps are looked at.
        have: identities of the arrays the browser holds.
        notice: a sentence for the visitor, or "".
    """

    identity: str = field(default_factory=lambda: uuid.uuid4().hex)
    history: list[Experiment] = field(default_factory=lambda: [Experiment()])
    position: int = 0
    revision: int = 0
    pin: tuple[int, tuple[int, ...]] | None = None
    pin_count: int = 0
    output: int = 0
    have: frozenset[str] = frozenset()
    notice: str = ""
    _chain: Chain | None = None

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
        self.history = [*self.history[: self.position + 1], experiment][-_STEPS:]
        self.position = len(self.history) - 1

    def can_undo(self) -> bool:
        """Whether there is an experiment before this one."""
        return self.position > 0

    def can_redo(self) -> bool:
        """Whether an experiment after this one was undone."""
        return self.position < len(self.history) - 1

    def receive(self, message: Mapping[str, Any] | None) -> None:
        """Take in what the browser sent: edits not answered yet, the pinned cell, the arrays it holds."""
        if not message or message.get("session") != self.identity:
            self.have = frozenset()
            return
        self.have = frozenset(message.get("have") or ())
        self.output = max(0, int(message.get("output") or 0))
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
        elif edit["op"] == "redo":
            self.position = min(len(self.history) - 1, self.position + 1)
        else:
            try:
                self.put(apply(self.experiment, edit))
            except EditRefusedError as refusal:
                self.notice = str(refusal)


def session() -> Session:
    """The visitor's session, begun on the worked grid."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    kept: Session = st.session_state[_KEY]
    return kept
