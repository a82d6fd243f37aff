"""What a lesson is made of, and how one is written into a link or a file and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pages.shared.backward import parse
from pages.shared.chain import build, stage_of
from pages.shared.experiment import Experiment
from pages.shared.learn.groups import GROUPS
from pages.shared.link_code import Link, an_object, of_version, opening, pack, unpack
from pages.shared.predict import HIDEABLE
from pages.shared.scenario import VERSION, Scenario, from_full, from_short, in_full, in_short

VIEWS = ("input", "kernel", "conv", "activation", "pool", "flat", "scores", "probabilities")
STEPS_MOST = 20
TITLE_LONGEST = 80
TEXT_LONGEST = 2000
CELLS_MOST = 99  # to be predicted in a teacher's step
_NO_PICTURE = (
    "This step was made over a picture that a link cannot carry: here are its kernel and settings, over the worked "
    "grid. The lesson's file has the picture in it."
)
_TOO_LONG = "This lesson holds too many words and numbers for a link: save it as a lesson file instead."


@dataclass(frozen=True)
class Goal:
    """What a learner is to reach; ``pages.shared.learn.goals`` knows the kinds.

    Attributes:
        kind: which check it is.
        task: what to do, as a sentence.
        asked: what the check needs to know.
        hints: shown one by one when asked for.
    """

    kind: str
    task: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    hints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One page of a lesson.

    Attributes:
        text: paragraphs, set apart by empty lines; shown as text, whatever is written in it.
        scenario: what is on screen when it opens.
        title: its heading.
        show: the groups of controls that work, None for all.
        columns: the views that are seen, None for all.
        hidden: the view to be predicted, "" for none.
        formulas: names of the formulas that stand beside it with the numbers plugged in.
        goal: what is to be reached, or None.
    """

    text: str
    scenario: Scenario = field(default_factory=lambda: Scenario(Experiment()))
    title: str = ""
    show: frozenset[str] | None = None
    columns: tuple[str, ...] | None = None
    hidden: str = ""
    formulas: tuple[str, ...] = ()
    goal: Goal | None = None


@dataclass(frozen=True)
class Lesson:
    """Steps that belong together.

    Attributes:
        title: its name.
        steps: at least one.
        about: one sentence on what it is about.
        kind: ``"lesson"``, ``"exercise"``, or ``"own"`` for one that a teacher made.
    """

    title: str
    steps: tuple[Step, ...]
    about: str = ""
    kind: str = "own"


def predicting(cells: int) -> Goal:
    """The goal of a teacher's step that hides a stage."""
    return Goal("predict", f"Predict {'one cell' if cells == 1 else f'{cells} cells'} right.", {"cells": cells})


def within_reach(step: Step) -> Step:
    """The step with no more cells to be predicted than its hidden stage has; none, where there is no such stage."""
    if step.goal is None or not step.hidden:
        return step
    output = stage_of(build(step.scenario.experiment), step.hidden)
    if output is None:
        return replace(step, hidden="", goal=None)
    return replace(step, goal=predicting(min(step.goal.asked["cells"], output.size)))


# ---- links and files ---------------------------------------------------------------------------------------------


def to_link(lesson: Lesson) -> Link:
    """Write a teacher's lesson into a link, as far as it fits."""
    missing = ""
    steps = []
    for step in lesson.steps:
        told, without = in_short(step.scenario)
        steps.append({**_words(step), **({"on": told} if told else {})})
        missing = missing or without.replace("a scenario file", "a lesson file")
    code = pack({"title": lesson.title, "steps": steps})
    return Link(None, _TOO_LONG) if code is None else Link(code, missing)


def from_link(code: str) -> Lesson:
    """Read a lesson from a link's parameter.

    Raises:
        ScenarioError: with a sentence, where it cannot be opened.
    """
    with opening("link"):
        return _read(unpack(code), lambda told: from_short(an_object(told.get("on", {}))))


def to_file(lesson: Lesson) -> str:
    """Write a whole lesson, its pictures included, as JSON."""
    steps = [{**_words(step), "on": in_full(step.scenario)} for step in lesson.steps]
    told = {"kernelscope": "lesson", "version": VERSION, "title": lesson.title, "steps": steps}
    return json.dumps(told, allow_nan=False, ensure_ascii=False)


def from_file(data: bytes) -> Lesson | None:
    """Read a lesson file; None where it is another kind of file.

    Raises:
        ScenarioError: with a sentence, where it is one and cannot be opened.
    """
    with opening("file"):
        told = json.loads(data.decode("utf-8-sig"))
        if not isinstance(told, dict) or told.get("kernelscope") != "lesson":
            return None
        of_version(told, VERSION)
        return _read(told, lambda each: from_full(an_object(each["on"])))


def _words(step: Step) -> dict[str, Any]:
    """All of a step but its scenario; what is as it would be anyway is left out."""
    told: dict[str, Any] = {"text": step.text}
    if step.show is not None:
        told["show"] = sorted(step.show)
    if step.columns is not None:
        told["columns"] = list(step.columns)
    for name in ("title", "hidden"):
        if getattr(step, name):
            told[name] = getattr(step, name)
    if step.hidden and step.goal is not None and step.goal.asked["cells"] != 1:
        told["cells"] = step.goal.asked["cells"]
    return told


def _read(told: Mapping[str, Any], scenario_of: Any) -> Lesson:
    steps = told["steps"]
    if not isinstance(steps, list) or not 1 <= len(steps) <= STEPS_MOST:
        raise ValueError("no such number of steps")
    read = [step_of(an_object(each), scenario_of(each)) for each in steps]
    # Over another input than the one it was made over, a step may ask for more than there is.
    read = [within_reach(step) if step.scenario.notice else step for step in read]
    return Lesson(line(told.get("title", ""), TITLE_LONGEST) or "A lesson", tuple(read))


def step_of(told: Mapping[str, Any], scenario: Scenario) -> Step:
    """The step that a link, a file or a teacher's dialog tells of, over ``scenario``; a ValueError for any other."""
    show, columns = told.get("show"), told.get("columns")
    hidden = told.get("hidden", "")
    if hidden not in ("", *HIDEABLE):
        raise ValueError("no such stage to hide")
    cells = told.get("cells", 1)
    if type(cells) is not int or not 1 <= cells <= CELLS_MOST:
        raise ValueError("no such number of cells")
    # What is to be predicted is seen, or nobody could.
    seen = None if columns is None else {*_known(columns, VIEWS), hidden}
    # The first lessons told of what gradients are shown beside the scenario.
    target = scenario.target or parse(told.get("target"))
    return Step(
        text=paragraphs(told.get("text", "")),
        scenario=replace(scenario, target=target, notice=_NO_PICTURE if scenario.notice else ""),
        title=line(told.get("title", ""), TITLE_LONGEST),
        show=None if show is None else frozenset(_known(show, GROUPS)),
        columns=None if seen is None else ("input", *(view for view in VIEWS[1:] if view in seen)),
        hidden=hidden,
        goal=predicting(cells) if hidden else None,
    )


def _known(names: Any, known: Any) -> list[str]:
    if not isinstance(names, list):
        raise ValueError("no list of names")
    return [name for name in names if isinstance(name, str) and name in known]


def line(value: Any, longest: int) -> str:
    """One line of printable text, cut where it is too long."""
    if not isinstance(value, str):
        raise ValueError("not text")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())[:longest]


def paragraphs(value: Any) -> str:
    """Paragraphs of printable text, set apart by empty lines."""
    if not isinstance(value, str):
        raise ValueError("not text")
    lines = [line(each, TEXT_LONGEST) for each in value[: 2 * TEXT_LONGEST].replace("\r\n", "\n").split("\n")]
    return "\n".join(lines)[:TEXT_LONGEST].strip()
