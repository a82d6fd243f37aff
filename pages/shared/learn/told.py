"""What the page is told of a lesson: its words, its formulas with their numbers, its goal, and the list of all."""

from __future__ import annotations

from typing import Any

from pages.shared.columns import IN_GREY
from pages.shared.controls import Control
from pages.shared.learn.course import COURSE
from pages.shared.learn.desk import LearnDesk
from pages.shared.learn.formulas import formulas
from pages.shared.learn.groups import allows, offered
from pages.shared.learn.lesson import Step

Place = tuple[int, tuple[int, ...]]

_FEW = 4  # groups of controls
# What makes a stage; of a function the column's title says it.
_MADE_BY = {"conv": "convolution", "pool": "pooling", "flat": "flattening", "scores": "fully connected"}
_MOST_BESIDE = 4  # columns: more of them want the page's width


def told_lesson(desk: LearnDesk, pin: Place) -> dict[str, Any] | None:
    """The step that is open, None where none is."""
    lesson, step = desk.lesson, desk.step
    if lesson is None or step is None:
        return None
    verdict, goal = desk.verdict, step.goal
    names = list(COURSE)
    following = names[names.index(desk.name) + 1 :] if desk.name in COURSE else []
    clues = list(goal.hints[: desk.clues]) if goal else []
    return {
        "name": desk.name,
        "title": lesson.title,
        "kind": lesson.kind,
        "number": desk.number,
        "steps": [{"title": each.title, "done": (desk.name, k) in desk.done} for k, each in enumerate(lesson.steps)],
        "heading": step.title,
        "note": step.scenario.notice,
        "paragraphs": [each for each in step.text.split("\n\n") if each.strip()],
        "formulas": [formula._asdict() for formula in formulas(step.formulas, desk.chain, pin)],
        "goal": None
        if goal is None or verdict is None
        else {
            "task": goal.task,
            "kind": goal.kind,
            "class": goal.asked.get("class"),
            "met": verdict.met,
            "told": verdict.told,
            "answer": desk.answer.strip(),
            "clues": clues,
            "more": len(clues) < len(goal.hints),
        },
        # In all steps of a lesson the words stand in the same place.
        "beside": all(each.columns is not None and len(each.columns) <= _MOST_BESIDE for each in lesson.steps),
        "descends": "learning" in step.formulas,
        "predicts": step.hidden != "",
        "gradients": step.scenario.target is not None,
        "next": {"name": following[0], "title": COURSE[following[0]].title} if following else None,
    }


def told_course(desk: LearnDesk) -> list[dict[str, Any]]:
    """Every lesson and exercise with how far it is."""
    return [
        {
            "name": name,
            "title": lesson.title,
            "about": lesson.about,
            "kind": lesson.kind,
            "steps": len(lesson.steps),
            "done": sum((name, k) in desk.done for k in range(len(lesson.steps))),
        }
        for name, lesson in COURSE.items()
    ]


def seen(columns: list[dict[str, Any]], step: Step | None, bias: float = 0.0) -> list[dict[str, Any]]:
    """The columns that a step shows, each with the controls that it leaves to the learner.

    Args:
        columns: all of them.
        step: the step, None for no lesson.
        bias: of the kernel that is looked at.
    """
    if step is None:
        return columns
    shown = [column for column in columns if step.columns is None or column["view"] in step.columns]
    kernel = any(column["view"] == "kernel" for column in shown)
    kept = []
    before = 0
    for column in shown:
        place = columns.index(column)
        between = [each for each in columns[before + 1 : place] if each["view"] != "kernel"]
        before = place
        # Without a kernel before it a feature map does not equal anything.
        sign = "⋯" if between else "→" if column["view"] == "conv" and not kernel else column["sign"]
        controls = offered(column["controls"], step.show)
        fixes = [fix for fix in column.get("fixes", []) if allows(fix["edit"], step.show)]
        changed = {
            "sign": sign,
            "note": "\n".join(filter(None, (_left_out(between), _note(column, step, bias)))),
            "controls": _in_sight(controls, step),
            "fixes": fixes,
        }
        kept.append({**column, **changed})
    return kept


def _left_out(between: list[dict[str, Any]]) -> str:
    """Which stages before a column the step does not show, and how large the last of them is; "" for none."""
    if not between:
        return ""
    made = ", ".join(_MADE_BY.get(each["view"], each["title"]) for each in between)
    size = between[-1]["shape"]
    return f"⋯ {made} not shown" + (f" ({size})" if size else "")


def _note(column: dict[str, Any], step: Step, bias: float) -> str:
    note: str = column["note"]
    if column["view"] == "input" and not _takes(step, "input"):
        return ""  # what the note invites to must be possible
    if column["view"] == "input" and not _takes(step, "pictures"):
        return note.removesuffix(IN_GREY)
    if column["view"] == "kernel" and not _takes(step, "bias"):
        # It belongs to every sum, and has no field here.
        return f"{note}\nbias {bias:g}".replace("-", "−").strip()
    return note


def _in_sight(controls: list[Control], step: Step) -> list[Control]:
    """A step leaves few controls to the learner: what it speaks of does not hide behind "more"."""
    if step.show is None or len(step.show) > _FEW:
        return controls
    there = {control["edit"]["op"] for control in controls if control["place"] != "more" and "edit" in control}
    return [
        {**control, "place": "bottom"} if control["place"] == "more" and _worth(control, there) else control
        for control in controls
    ]


def _worth(control: Control, there: set[str]) -> bool:
    """Whether a control is a step's own; an axis or a side by itself is asked for by few."""
    if control["kind"] not in ("stepper", "select", "button") or {"axis", "side"} & control["edit"].keys():
        return False
    return control["edit"]["op"] not in there


def _takes(step: Step, group: str) -> bool:
    return step.show is None or group in step.show
