"""What one visitor's session keeps: the experiment, its history, the pinned cell, and what to tell."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import streamlit as st

from cnn_core import ImageError
from pages.shared import describe
from pages.shared.convolution.desk import ConvolutionDesk
from pages.shared.desk import Desk
from pages.shared.experiment import Experiment, FloatArray, with_photo
from pages.shared.experiment_desk import ExperimentDesk
from pages.shared.from_explore import OWN, features_of, plane_of
from pages.shared.layers.desk import LayersDesk
from pages.shared.learn import draft
from pages.shared.learn.desk import LearnDesk
from pages.shared.link_code import ScenarioError
from pages.shared.navigation import PAGES
from pages.shared.photo import open_photo
from pages.shared.pooling.desk import PoolingDesk
from pages.shared.predict import Predictions
from pages.shared.scenario import from_file
from pages.shared.weight import weigh

# The address's parameter that holds what is on a desk, by the desk; a page's address has its own alone.
LINKS = {entry.name: entry.parameter for entry in PAGES if entry.parameter}

_KEY = "kernelscope"
_RECENT = 40  # sessions that a page may come back to when the framework keeps them no more
_RECENT_BYTES = 256 * 2**20  # of pictures that they keep between them
_IDLE = 60.0  # seconds after which a session keeps nothing that can be computed anew
_COMPUTED_BYTES = 256 * 2**20  # of that, of all sessions together; the one that is worked with keeps its own
_PATIENCE = 5.0  # seconds for another session's lock or upload: two that would take each other over wait no longer


class Large(NamedTuple):
    """A view to be opened large: its plane of the input (None for all), on a dark page or not, for a finger or not."""

    view: str
    plane: int | None
    dark: bool
    touch: bool = False


@dataclass(kw_only=True)
class Session(ExperimentDesk):
    """One visitor's state; it survives page switches. It is the desk of Explore's experiment, and has the others.

    Attributes:
        uploads: how many files came in by upload; they come by another way than edits and are counted apart.
        teaching: the desk of the lesson that the visitor puts together for others.
        large: what is opened large, or None.
        held: bytes that all desks' states hold, as last weighed.
        computed_bytes: those of what could be computed anew, as last weighed.
        used: when the session was last asked for, by a clock that only goes on.
        convolution: the desk of the convolution laboratory.
        learn: the desk of the Learn page.
        layers: the desk of the layers laboratory.
        pooling: the desk of the pooling laboratory.
    """

    uploads: int = 0
    large: Large | None = None
    held: int = 0
    computed_bytes: int = 0
    used: float = 0.0
    _called_off: int = 0
    _arriving: Lock = field(default_factory=Lock, repr=False)  # held while an uploaded file is taken in
    _gallery: tuple[Experiment, describe.Gallery] | None = None

    def __post_init__(self) -> None:
        self.resumed, self.pass_over = self._resume, self._pass_over
        self.learn = LearnDesk(
            identity=self.identity,
            lock=self.lock,
            resumed=self._resume,
            pass_over=self._pass_over,
            predictions=Predictions(score=self.predictions.score),
        )
        self.convolution = ConvolutionDesk(
            identity=self.identity, lock=self.lock, resumed=self._resume, experiment=lambda: self.experiment
        )
        self.layers = LayersDesk(
            identity=self.identity,
            lock=self.lock,
            resumed=self._resume,
            experiment=lambda: self.experiment,
            explored=lambda: self.output,
        )
        self.teaching = draft.DraftDesk(identity=self.identity, lock=self.lock, scene=lambda: self.scenario)
        self.pooling = PoolingDesk(
            identity=self.identity, lock=self.lock, resumed=self._resume, from_explore=self._plane
        )

    @property
    def desks(self) -> dict[str, Desk[Any]]:
        """Every desk of the visitor, by the page that works at it."""
        return {
            "explore": self,
            "convolution": self.convolution,
            "pooling": self.pooling,
            "layers": self.layers,
            "learn": self.learn,
        }

    @property
    def gallery(self) -> describe.Gallery:
        """Every library kernel over the experiment on screen, computed once an experiment."""
        if self._gallery is None or self._gallery[0] is not self.experiment:
            self._gallery = (self.experiment, describe.gallery(self.experiment))
        return self._gallery[1]

    def computed(self) -> Any:
        """The chain, its gradients, and the gallery of kernels."""
        return super().computed(), self._gallery

    def rest(self) -> None:
        """Let go of all of them."""
        super().rest()
        self._gallery = None

    def weigh(self) -> None:
        """Tell how much is held. Others read the number: what it is of changes under this session's lock alone."""
        with self.lock:
            self.held = sum(desk.weight() for desk in self.desks.values())
            self.computed_bytes = sum(weigh(desk.computed()) for desk in self.desks.values())

    def rest_all(self) -> None:
        """Let go of what can be computed anew, on every desk; not while someone reads or changes it."""
        if self.lock.acquire(blocking=False):
            try:
                for desk in self.desks.values():
                    desk.rest()
                self.computed_bytes = 0
            finally:
                self.lock.release()

    def _plane(self, name: str) -> FloatArray:
        """What Explore has for a laboratory of one plane."""
        return plane_of(self.experiment) if name == OWN else features_of(self.chain, self.output)

    def take_in(self, data: bytes, name: str, *, learning: bool = False) -> None:
        """Show an uploaded picture, scenario, kernel or lesson file, or say why not; nothing, where it was called off.

        A picture is read without the lock: edits go on meanwhile, and it comes to where they have led.

        Args:
            data: the file's bytes.
            name: the file's name.
            learning: whether it came to the Learn page.
        """
        with self._arriving:
            self._take_in(data, name, learning=learning)

    def settle(self) -> None:
        """Wait for a file that is being taken in, or a page that is gone to meanwhile would not know of it."""
        if self._arriving.acquire(timeout=_PATIENCE):
            self._arriving.release()

    def _take_in(self, data: bytes, name: str, *, learning: bool) -> None:
        number = self.uploads + 1
        refusal = ""
        photo = None
        # No picture begins like this, or is called so; our own files do and are.
        ours = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" or name.lower().endswith(".json")
        if number != self._called_off and not ours:
            try:
                photo = open_photo(data, name)
            except ImageError as error:
                refusal = f"{name}: {error}"
        with self.lock:
            self.uploads = number
            if number == self._called_off:
                return
            desk: ExperimentDesk = self.learn if learning else self
            if ours:
                try:
                    refusal = self._take_in_ours(data, learning=learning)
                except ScenarioError as error:
                    refusal = str(error)
            elif photo is not None and learning and not self.learn.takes_pictures:
                refusal = "There is no place for a picture here: in Explore you can look at your own."
            elif photo is not None:
                before = desk.experiment
                desk.put(with_photo(before, photo))
                desk.see_whole(before)
                desk.pin = desk.target = None  # one's own picture is seen first
            desk.notice = refusal
            if not refusal:
                desk._latest = ("upload", number, desk.experiment)

    def _take_in_ours(self, data: bytes, *, learning: bool) -> str:
        """Open a file that Kernelscope wrote; a sentence where there is more to say."""
        if self.learn.take_in(data):
            return "" if learning else "The lesson is open on the page “Learn”."
        if learning:
            return "This is no lesson that Kernelscope wrote. A scenario or a kernel is opened on the page “Explore”."
        self.open(from_file(data, self.scenario))
        return ""

    def _pass_over(self, number: int) -> None:
        """Have the upload of this number change nothing when it comes, wherever it was called off."""
        self._called_off = number

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit, or say why not; to open a view large changes nothing."""
        if edit["op"] == "large":
            plane = edit.get("plane")
            plane = plane if plane in (0, 1, 2) else None
            self.large = Large(str(edit.get("value")), plane, edit.get("dark") is True, edit.get("touch") is True)
        elif edit["op"] == "draft_try" and self.teaching.state.steps:
            self.learn.bring(self.teaching.state)
        elif edit["op"].startswith(draft.PREFIX):
            self.teaching.notice = ""
            self.teaching.edit({**edit, "op": edit["op"].removeprefix(draft.PREFIX)})
            self.notice = self.teaching.notice
        else:
            super().edit(edit)

    def _resume(self, identity: str) -> None:
        """Take over what a page showed before it was loaded again; two pages never share one session."""
        before = recent(identity)
        if before is None or before is self or not before.lock.acquire(timeout=_PATIENCE):
            return
        try:
            for name, desk in self.desks.items():
                desk.take_over(before.desks[name])
            self.teaching.take_over(before.teaching)
        finally:
            before.lock.release()


# All that there are, by identity: each as long as the framework keeps its tab's state, and some a while longer.
_living: WeakValueDictionary[str, Session] = WeakValueDictionary()
_recent: OrderedDict[str, Session] = OrderedDict()
_lock = Lock()


def _remember(kept: Session) -> None:
    kept.weigh()  # before: whoever holds `_lock` waits for no session
    with _lock:
        _living[kept.identity] = kept
    recent(kept.identity)


def _resting(kept: Session) -> list[Session]:
    """Put a session before those that may be forgotten; ``_lock`` is held.

    Returns:
        Those that are to let go of what can be computed anew: the idle, and where all of it together is too much, those
        that have been idle the longest. Who comes next asks for it, no clock does. One that is forgotten may be at work
        all the same: its tab is open, and only a reload would look for it here.
    """
    kept.used = monotonic()
    _recent[kept.identity] = kept
    _recent.move_to_end(kept.identity)
    while len(_recent) > 1 and (len(_recent) > _RECENT or sum(each.held for each in _recent.values()) > _RECENT_BYTES):
        _recent.popitem(last=False)
    resting = []
    living = sorted(_living.values(), key=lambda each: each.used)
    computed = sum(each.computed_bytes for each in living)
    for each in living:
        if each is kept:
            continue
        if kept.used - each.used > _IDLE or computed > _COMPUTED_BYTES:
            resting.append(each)
            computed -= each.computed_bytes
    return resting


def recent(identity: str) -> Session | None:
    """The session of that identity, where there is one; the identity is a secret of its page, which is at work."""
    with _lock:
        kept = _living.get(identity)
        resting = [] if kept is None else _resting(kept)
    for each in resting:
        each.rest_all()
    return kept


def _begun(page: str) -> Session:
    """A session on what the address holds; of what belongs to another page, the one that it opened says so."""
    begun, titles = Session(), {entry.name: entry.title for entry in PAGES}
    elsewhere = []
    for name, parameter in LINKS.items():
        if code := st.query_params.get(parameter):
            opened = begun.desks[name].follow(code)
            told = "what it holds is open there" if opened else "it could not be opened, and that page says why"
            if name != page:
                elsewhere.append(f"The address holds a link of the page “{titles[name]}”: {told}.")
    here = begun.desks[page]
    here.notice = " ".join(filter(None, (here.notice, *elsewhere)))
    return begun


def session(page: str = "explore") -> Session:
    """The visitor's session, begun on what the address holds or else on the worked grid.

    Args:
        page: the page whose desk is on screen; a page without one shows Explore's.
    """
    if _KEY not in st.session_state:
        st.session_state[_KEY] = _begun(page)
    kept: Session = st.session_state[_KEY]
    _remember(kept)
    kept.settle()
    return kept
