"""A lesson that a teacher puts together: each step is what is on screen, with words and what a learner may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pages.shared.desk import Desk
from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Experiment, arrays_of
from pages.shared.learn.lesson import (
    STEPS_MOST,
    TITLE_LONGEST,
    Lesson,
    Step,
    line,
    paragraphs,
    step_of,
    to_link,
    within_reach,
)
from pages.shared.link_code import Link
from pages.shared.scenario import Scenario

PREFIX = "draft_"  # of the operations that a message calls these by

_FULL = f"A lesson has at most {STEPS_MOST} steps: remove one first, or begin another lesson."
_NO_WORDS = "Write what the learner is to read or do, then add the step."
_WORDS_GONE = "A step has something to read or do: write it, or remove the step."
_UNREAD = "That step came in without what it needs, so nothing was changed."
_NO_STEP = "That step is not there any more, so nothing was changed."


@dataclass(kw_only=True)
class DraftDesk(Desk[Lesson]):
    """The desk of the lesson that is put together, with an undo of its own.

    Attributes:
        scene: what is on screen, which an added step opens with.
    """

    history: list[Lesson] = field(default_factory=lambda: [Lesson("", ())])
    scene: Callable[[], Scenario] = lambda: Scenario(Experiment())

    def applied(self, state: Lesson, edit: Mapping[str, Any]) -> Lesson:
        """The lesson after one edit."""
        return changed(state, edit, self.scene())

    def arrays(self, state: Lesson) -> list[Any]:
        """The pictures and grids that its steps open with."""
        return [array for step in state.steps for array in arrays_of(step.scenario.experiment)]

    def link(self) -> Link:
        """The lesson as an address holds it."""
        return to_link(self.state)


def changed(draft: Lesson, edit: Mapping[str, Any], scenario: Scenario) -> Lesson:
    """The lesson after one edit; the very same one where nothing is other than it was.

    Args:
        draft: as it was.
        edit: ``op`` is ``"add"`` with a step's ``title``, ``text``, ``show``, ``columns``, ``hidden`` and ``cells``;
            ``"edit"`` with ``value``, which step, and its new ``title`` and ``text``; ``"move"`` with ``value`` and
            ``to``, the place where it will be; ``"remove"`` with ``value``; ``"title"`` with the lesson's in
            ``value``; or ``"clear"``.
        scenario: what is on screen, which an added step opens with.

    Raises:
        EditRefusedError: with a sentence, where it cannot be done.
    """
    if edit["op"] == "clear":
        made = replace(draft, title="", steps=())
    elif edit["op"] == "title":
        made = replace(draft, title=line(str(edit.get("value", "")), TITLE_LONGEST))
    elif edit["op"] == "add":
        made = replace(draft, steps=(*draft.steps, _added(draft, edit, scenario)))
    else:
        made = replace(draft, steps=_steps(draft.steps, edit))
    same = made.title == draft.title and len(made.steps) == len(draft.steps)
    return draft if same and all(a is b for a, b in zip(made.steps, draft.steps, strict=True)) else made


def _added(draft: Lesson, edit: Mapping[str, Any], scenario: Scenario) -> Step:
    if len(draft.steps) >= STEPS_MOST:
        raise EditRefusedError(_FULL)
    try:
        step = step_of(edit, scenario)
    except (KeyError, TypeError, ValueError) as error:
        raise EditRefusedError(_UNREAD) from error
    if not step.text:
        raise EditRefusedError(_NO_WORDS)
    return within_reach(step)


def _steps(steps: tuple[Step, ...], edit: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps after one of them was rewritten, moved or removed."""
    at = edit.get("value")
    if type(at) is not int or not 0 <= at < len(steps):
        raise EditRefusedError(_NO_STEP)
    step, others = steps[at], (*steps[:at], *steps[at + 1 :])
    if edit["op"] == "remove":
        return others
    if edit["op"] == "move":
        to = edit.get("to")
        if type(to) is not int or not 0 <= to < len(steps):
            raise EditRefusedError(_NO_STEP)
        return (*others[:to], step, *others[to:])
    if edit["op"] != "edit":
        raise EditRefusedError(_NO_STEP)
    try:
        title, text = line(edit.get("title", ""), TITLE_LONGEST), paragraphs(edit.get("text", ""))
    except ValueError as error:
        raise EditRefusedError(_UNREAD) from error
    if not text:
        raise EditRefusedError(_WORDS_GONE)
    alike = (title, text) == (step.title, step.text)
    return steps if alike else (*steps[:at], replace(step, title=title, text=text), *steps[at + 1 :])


def told(desk: DraftDesk) -> dict[str, Any]:
    """What the page is told of it."""
    steps = [{"title": step.title, "text": step.text} for step in desk.state.steps]
    return {"title": desk.state.title, "steps": steps, "undo": desk.can_undo(), "redo": desk.can_redo()}
