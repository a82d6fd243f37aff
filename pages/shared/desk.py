"""What is kept for one thing that is worked on: its history, its pinned cell, and what a browser's messages do to it.

Explore's experiment and each laboratory's have a desk of their own; all of one visitor's share an identity and a lock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from threading import RLock
from typing import Any, Generic, TypeVar

import numpy as np

from pages.shared.edits.checked import EditRefusedError
from pages.shared.link_code import Link, ScenarioError
from pages.shared.weight import weigh

State = TypeVar("State")

Pin = tuple[int, tuple[int, ...]]

_STEPS = 100  # states that undo keeps, the one on screen among them
_HISTORY_BYTES = 64 * 2**20  # of arrays that undo keeps


class MessageError(ValueError):
    """A browser's message that makes no sense."""


def _check(message: Mapping[str, Any]) -> None:
    """Refuse a message whose parts are not what they should be, before any of it is taken in; edits tell of their own.

    Raises:
        MessageError: naming the part.
    """
    edits, pin, have = message.get("edits") or [], message.get("pin"), message.get("have") or []
    sound = {
        "edits": isinstance(edits, list)
        and all(
            isinstance(each, dict) and isinstance(each.get("op"), str) and isinstance(each.get("revision"), int)
            for each in edits
        ),
        "pin": not pin
        or (
            isinstance(pin, dict)
            and isinstance(pin.get("count"), int)
            and isinstance(pin.get("stage"), int)
            and isinstance(pin.get("index"), list | tuple)
            and all(isinstance(at, int) for at in pin["index"])
        ),
        "output": isinstance(message.get("output") or 0, int),
        "have": isinstance(have, list) and all(isinstance(each, str) for each in have),
    }
    if crooked := [part for part, whole in sound.items() if not whole]:
        raise MessageError(f"The message's {crooked[0]} make no sense: {message[crooked[0]]!r:.80}")


def _alike(one: Any, other: Any) -> bool:
    """Whether two states, or parts of them, hold the same: arrays number by number."""
    if one is other or type(one) is not type(other):
        return one is other
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if is_dataclass(one):
        return all(_alike(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_alike(each, other[key]) for key, each in one.items())
    return bool(one == other)


@dataclass(kw_only=True)
class Desk(Generic[State]):
    """A state that edits lead on from, each of them a step to undo.

    Attributes:
        history: the states so far, ``history[position]`` being the one on screen.
        position: an index into ``history``.
        identity: tells a reconnected browser whether this is the session it knew.
        revision: how many edits were answered; counted by the browser, so that an edit's draws can be matched.
        pin: the pinned cell as ``(stage, index)``, or None for the default one.
        pin_count: how many pins the browser had chosen when it sent this one.
        output: which kernel's maps are looked at.
        have: identities of the arrays the browser holds.
        notice: a sentence for the visitor, or "".
        lock: held by whoever reads or changes the rest: a run of the page and a request may meet.
        resumed: called with the identity of a session that the page showed before it was loaded again.
    """

    history: list[State]
    position: int = 0
    identity: str = field(default_factory=lambda: uuid.uuid4().hex)
    revision: int = 0
    pin: Pin | None = None
    pin_count: int = 0
    output: int = 0
    have: frozenset[str] = frozenset()
    notice: str = ""
    lock: RLock = field(default_factory=RLock, repr=False, compare=False)
    resumed: Callable[[str], None] | None = field(default=None, repr=False, compare=False)
    _latest: tuple[str, int, State] | None = None  # how it came ("edit"), its number, and what it led to

    def applied(self, state: State, edit: Mapping[str, Any]) -> State:
        """The state after one edit.

        Raises:
            EditRefusedError: with a sentence, where the edit cannot be made.
        """
        raise NotImplementedError

    def arrays(self, state: State) -> list[Any]:
        """The arrays that a state holds on to, so that a history's weight can be told."""
        raise NotImplementedError

    def link(self) -> Link:
        """What of the state on screen, and of where the eye is on it, an address can carry."""
        raise NotImplementedError

    def read_link(self, code: str) -> None:
        """Show what a link brought.

        Raises:
            ScenarioError: with a sentence, where it cannot be opened.
        """
        raise NotImplementedError

    def follow(self, code: str) -> bool:
        """Begin on what an address holds, or say why not and stay with what a page opens with.

        Returns:
            Whether it was opened.
        """
        try:
            self.read_link(code)
        except ScenarioError as error:
            self.notice = f"{error} This is the worked example instead."
            return False
        return True

    @property
    def state(self) -> State:
        """The state on screen."""
        return self.history[self.position]

    def put(self, state: State) -> None:
        """Go on to another state; what had been undone is forgotten."""
        if state is self.state:
            return
        self.history = [*self.history[: self.position + 1], state][-_STEPS:]
        while len(self.history) > 1 and self.too_much(self.history):
            self.history.pop(0)
        self.position = len(self.history) - 1

    def weight(self) -> int:
        """Bytes of the arrays in all states that are held on to, each counted once."""
        return weigh([self.arrays(each) for each in self.states()])

    def too_much(self, states: Iterable[State]) -> bool:
        """Whether the arrays in states are more than are kept to undo."""
        return weigh([self.arrays(each) for each in states]) > _HISTORY_BYTES

    def states(self) -> list[State]:
        """Every state that is held on to."""
        return self.history

    def computed(self) -> Any:
        """What is kept of the state on screen though it could be computed anew, as ``weigh`` takes it."""
        return None

    def rest(self) -> None:
        """Let go of what can be computed anew: whoever asks for it next waits for that."""

    def can_undo(self) -> bool:
        """Whether there is a state before this one."""
        return self.position > 0

    def can_redo(self) -> bool:
        """Whether a state after this one was undone."""
        return self.position < len(self.history) - 1

    def receive(self, message: Mapping[str, Any] | None) -> None:
        """Take in what the browser sent: edits not answered yet, the pinned cell, the arrays it holds.

        Raises:
            MessageError: where it makes no sense; nothing of it is taken in.
        """
        with self.lock:
            self._receive(message)

    def _receive(self, message: Mapping[str, Any] | None) -> None:
        if not message or message.get("session") != self.identity:
            self.have = frozenset()
            return
        _check(message)
        self.have = frozenset(message.get("have") or ())
        if message.get("resume") and self.resumed is not None:
            self.resumed(str(message["resume"]))
        if self.speaks_of(message):
            self.looked(message)
        for edit in message.get("edits") or ():
            if edit["revision"] > self.revision:
                self.revision = edit["revision"]
                self.notice = ""
                self.edit(edit)
        pin = message.get("pin")
        if pin and pin["count"] > self.pin_count:
            self.pin_count = pin["count"]
            if self.speaks_of(message):  # an edit may have opened something else
                self.pin = (pin["stage"], tuple(pin["index"]))

    @property
    def what_is_open(self) -> str:
        """What is open here, by a name that changes with it."""
        return ""

    def speaks_of(self, message: Mapping[str, Any]) -> bool:
        """Whether a browser looked at what is open here when it sent this, and not at what was open before."""
        return bool(message.get("open", self.what_is_open) == self.what_is_open)

    def looked(self, message: Mapping[str, Any]) -> None:
        """Take in how the state is looked at; what the message does not say stays."""
        self.output = max(0, message.get("output", self.output) or 0)

    @contextmanager
    def tried(self, edit: Mapping[str, Any]) -> Iterator[None]:
        """Have the state that an edit would lead to on screen for a moment; nothing of it is kept.

        Raises:
            EditRefusedError: where the edit cannot be made.
        """
        before = self.history, self.position
        try:
            self.history, self.position = [self.applied(self.state, edit)], 0
            yield
        finally:
            self.history, self.position = before
            self.rest()  # what was computed is of the state that was tried

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit, or say why not; one that changes nothing is no step to undo."""
        if edit["op"] == "undo":
            self.position = max(0, self.position - 1)
        elif edit["op"] == "redo":
            self.position = min(len(self.history) - 1, self.position + 1)
        elif edit["op"] == "call_off":
            number = edit.get("value")
            self.call_off(str(edit.get("way")), number if isinstance(number, int) else 0)
        else:
            try:
                changed = self.applied(self.state, edit)
                if not _alike(changed, self.state):
                    self.put(changed)
                    self._latest = ("edit", edit["revision"], self.state)
            except EditRefusedError as refusal:
                self.notice = str(refusal)

    def call_off(self, way: str, number: int) -> None:
        """Take back what came this way with this number, where it is what is on screen."""
        if self._latest == (way, number, self.state) and self.position > 0:
            self.position -= 1

    def take_over(self, before: Desk[State]) -> None:
        """Go on from where another desk was, as long as nothing was done here; the two share nothing afterwards."""
        if self.revision == 0:
            self.history, self.position = list(before.history), before.position
            self.pin, self.output = before.pin, before.output
            self.notice = ""  # what a link could not carry is here after all
