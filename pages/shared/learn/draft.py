"""A lesson that a teacher puts together: each step is what is on screen, with words and what a learner may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pages.shared.backward import Target
from pages.shared.edits.checked import EditRefusedError
from pages.shared.learn.lesson import STEPS_MOST, TITLE_LONGEST, Lesson, line, step_of
from pages.shared.scenario import Scenario

OPERATIONS = ("draft_add", "draft_remove", "draft_title", "draft_clear")

_FULL = f"A lesson has at most {STEPS_MOST} steps: remove one first, or begin another lesson."
_NO_WORDS = "Write what the learner is to read or do, then add the step."
_UNREAD = "That step came in without what it needs, so it was not added."


def changed(draft: Lesson, edit: Mapping[str, Any], scenario: Scenario, target: Target | None) -> Lesson:
    """The lesson after one of ``OPERATIONS``.

    Args:
        draft: as it was.
        edit: ``draft_add`` has a step's ``title``, ``text``, ``show``, ``columns`` and ``hidden``.
        scenario: what is on screen, which an added step opens with.
        target: of what gradients are shown, or None.

    Raises:
        EditRefusedError: with a sentence, where it cannot be done.
    """
    if edit["op"] == "draft_clear":
        return replace(draft, title="", steps=())
    if edit["op"] == "draft_title":
        return replace(draft, title=line(str(edit.get("value", "")), TITLE_LONGEST))
    if edit["op"] == "draft_remove":
        return replace(draft, steps=tuple(step for k, step in enumerate(draft.steps) if k != edit.get("value")))
    if len(draft.steps) >= STEPS_MOST:
        raise EditRefusedError(_FULL)
    try:
        step = step_of({**edit, "target": target.code if target else ""}, scenario)
    except (KeyError, TypeError, ValueError) as error:
        raise EditRefusedError(_UNREAD) from error
    if not step.text:
        raise EditRefusedError(_NO_WORDS)
    return replace(draft, steps=(*draft.steps, step))


def told(draft: Lesson) -> dict[str, Any]:
    """What the page is told of it."""
    return {"title": draft.title, "steps": [step.title or step.text[:60] for step in draft.steps]}
