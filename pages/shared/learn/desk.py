"""The desk of the Learn page: which lesson is open, at which step, and what was done at each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from pages.shared.backward import Target, gradients, holds
from pages.shared.desk import Desk
from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Experiment, read_only
from pages.shared.experiment_desk import ExperimentDesk
from pages.shared.learn.course import COURSE
from pages.shared.learn.formulas import LEARNING_RATE
from pages.shared.learn.goals import Verdict, Work, check
from pages.shared.learn.groups import allows, refusal
from pages.shared.learn.lesson import Lesson, Step, from_file, from_link, to_link
from pages.shared.link_code import Link, ScenarioError
from pages.shared.predict import Said
from pages.shared.scenario import Scenario

OWN = "own"  # the name of a lesson that came by link or file

_LEARNERS = ("lesson", "step", "again", "answer", "clue", "descend", "overview", "follow")
_KEPT_MOST = 200  # steps of which what was done is kept


class Left(NamedTuple):
    """A step as it was left."""

    history: list[Experiment]
    position: int
    scenario: Scenario
    said: Said
    answer: str
    clues: int


@dataclass(kw_only=True)
class LearnDesk(ExperimentDesk):
    """What is kept of the Learn page.

    Attributes:
        name: of the lesson that is open, ``OWN`` for one that was brought, "" for none.
        own: the lesson that was brought, or None.
        number: of the step that is open, from 0.
        done: names and steps whose goals were reached, or that ask nothing and were read.
        answer: what was typed to a question.
        clues: how many of the goal's hints were taken.
    """

    name: str = ""
    own: Lesson | None = None
    number: int = 0
    done: set[tuple[str, int]] = field(default_factory=set)
    answer: str = ""
    clues: int = 0
    _left: dict[tuple[str, int], Left] = field(default_factory=dict)
    _written: tuple[Lesson, Link] | None = None
    _verdict: tuple[Any, Verdict] | None = None

    @property
    def lesson(self) -> Lesson | None:
        """The lesson that is open."""
        return self.own if self.name == OWN else COURSE.get(self.name)

    @property
    def step(self) -> Step | None:
        """The step that is open."""
        lesson = self.lesson
        return None if lesson is None else lesson.steps[min(self.number, len(lesson.steps) - 1)]

    @property
    def what_is_open(self) -> str:
        """Which step of which lesson, and whether it was begun anew."""
        return f"{self.name}.{self.number}.{self.opened}"

    @property
    def verdict(self) -> Verdict | None:
        """Whether the step's goal is reached by what is on screen; None where it has none."""
        step = self.step
        if step is None or step.goal is None:
            return None
        predictions = self.predictions
        asked = (
            self.experiment,
            self.answer,
            step,
            predictions.view,
            tuple((cell, astuple(answer)) for cell, answer in predictions.answers.items()),
            astuple(predictions.score),
        )
        if self._verdict is None or self._verdict[0] != asked:
            work = Work(self.chain, step.scenario.experiment, predictions, self.answer)
            self._verdict = (asked, check(step.goal, work))
        found = self._verdict[1]
        if found.met:
            self.done.add((self.name, self.number))
        return found

    def link(self) -> Link:
        """The address's parameter: the lesson, and the step where it is not the first."""
        lesson = self.lesson
        if lesson is None:
            return Link("")
        made = self._own_link(lesson) if self.name == OWN else Link(self.name)
        return made if made.code is None or not self.number else Link(f"{made.code}.{self.number + 1}", made.missing)

    def _own_link(self, lesson: Lesson) -> Link:
        """A teacher's lesson as a link, written once: every answer has the address."""
        if self._written is None or self._written[0] is not lesson:
            self._written = (lesson, to_link(lesson))
        return self._written[1]

    def follow(self, code: str) -> bool:
        """Begin on what an address holds, or say why not over the list of all lessons.

        Returns:
            Whether it was opened.
        """
        try:
            self.read_link(code)
        except ScenarioError as error:
            self.notice = f"{error} Here are the lessons instead."
            return False
        return True

    def _go_back(self, code: str) -> None:
        """Go to what an address held before: a step, or "" for the list of all lessons."""
        name, _, number = code.partition(".")
        if not code:
            self.go("", 0)
        elif self.own is not None and name == self._own_link(self.own).code:
            # What was done in a teacher's lesson stays with it, which opening its link would begin anew.
            self.go(OWN, int(number) - 1 if number.isdecimal() and len(number) < 4 else 0)
        else:
            self.follow(code)

    def read_link(self, code: str) -> None:
        """Open the lesson and the step that a link brought.

        Raises:
            ScenarioError: with a sentence, where it holds no lesson.
        """
        name, _, number = code.partition(".")
        if name not in COURSE:
            self.own = from_link(name)
            name = OWN
        self.go(name, int(number) - 1 if number.isdecimal() and len(number) < 4 else 0)

    @property
    def takes_pictures(self) -> bool:
        """Whether the open step leaves its picture to the learner."""
        return self.step is not None and (self.step.show is None or "pictures" in self.step.show)

    def take_in(self, data: bytes) -> bool:
        """Open a lesson file; whether it is one.

        Raises:
            ScenarioError: with a sentence, where it is one and cannot be opened.
        """
        lesson = from_file(data)
        if lesson is not None:
            self.bring(lesson)
        return lesson is not None

    def bring(self, lesson: Lesson, number: int = 0) -> None:
        """Open a lesson of a teacher's."""
        self._leave()
        self.own = lesson
        self._left = {place: left for place, left in self._left.items() if place[0] != OWN}
        self.done = {place for place in self.done if place[0] != OWN}
        self.name = ""
        self.go(OWN, number)

    def go(self, name: str, number: int) -> None:
        """Open a step: as it was left, or as it begins."""
        self._read(name, number)
        self._leave()
        lesson = self.own if name == OWN else COURSE.get(name)
        self.name = name if lesson is not None else ""
        self.number = 0 if lesson is None else max(0, min(number, len(lesson.steps) - 1))
        left = self._left.get((self.name, self.number))
        if left is None:
            self.begin()
        else:
            self.history, self.position, scenario, said, self.answer, self.clues = left
            self.predictions.take_up(said)
            self.look_as(scenario)
            self._turn_to_the_question()
        self._shorten()

    def _read(self, name: str, number: int) -> None:
        """A step that asks nothing is done once somebody goes on: to a later one, or from the last one elsewhere."""
        lesson, step = self.lesson, self.step
        if lesson is None or step is None or step.goal is not None:
            return
        within, last = name == self.name, self.number == len(lesson.steps) - 1
        if (within and number > self.number) or (last and not within):
            self.done.add((self.name, self.number))

    def _turn_to_the_question(self) -> None:
        """Whoever comes back to a prediction that is still open finds its question, whatever was looked at last."""
        stage = self.predictions.stage(self.chain)
        if self.step is None or stage is None or (self.name, self.number) in self.done:
            return
        if self.pin is None or self.pin[0] != stage:
            self.pin = self.step.scenario.pin

    def begin(self) -> None:
        """Begin the open step anew."""
        step = self.step
        scenario = step.scenario if step else ExperimentDesk().scenario
        self.history, self.position = [scenario.experiment], 0
        self.predictions.hide(step.hidden if step else "")
        self.look_as(scenario)
        self.notice = ""
        self.answer, self.clues = "", 0

    def states(self) -> list[Experiment]:
        """Every experiment that is held on to, those of other steps too."""
        return [*self.history, *(each for left in self._left.values() for each in left.history)]

    def _leave(self) -> None:
        if self.step is None:
            return
        said = self.predictions.said()
        left = Left(self.history, self.position, self.scenario, said, self.answer, self.clues)
        self._left.pop((self.name, self.number), None)  # the one that was left last comes last
        self._left[self.name, self.number] = left
        while len(self._left) > _KEPT_MOST:
            self._left.pop(next(iter(self._left)))

    def _shorten(self) -> None:
        """Where the steps that were left hold too much, have the first of them keep what is on screen, and no undo."""
        for place, left in list(self._left.items())[:-1]:
            if not self.too_much(each for one in self._left.values() for each in one.history):
                return
            self._left[place] = left._replace(history=[left.history[left.position]], position=0)

    def edit(self, edit: Mapping[str, Any]) -> None:
        """Carry out one edit: a learner's, or one of what is on screen where the step leaves it open."""
        if edit["op"] not in _LEARNERS:
            super().edit(edit)
        elif edit["op"] == "lesson":
            self.go(str(edit.get("value")), 0)
        elif edit["op"] == "overview":
            self.go("", 0)
        elif edit["op"] == "step":
            number = edit.get("value")
            self.go(self.name, number if isinstance(number, int) else 0)
        elif edit["op"] == "follow":
            self._go_back(str(edit.get("value") or ""))
        elif edit["op"] == "again":
            self.begin()
        elif edit["op"] == "answer":
            self.answer = str(edit.get("value", ""))[:40] or " "  # an empty field that was sent is answered
        elif edit["op"] == "clue":
            self.clues += 1
        else:
            self._descend()

    def applied(self, state: Experiment, edit: Mapping[str, Any]) -> Experiment:
        """The experiment after one edit."""
        step = self.step
        if step is not None and not allows(edit, step.show):
            raise EditRefusedError(refusal(edit))
        return super().applied(state, edit)

    def _descend(self) -> None:
        """Take one step of gradient descent on the loss of the first class, by the kernel's weights and bias."""
        experiment, target = self.experiment, Target("loss", 0)
        if self.step is None or "learning" not in self.step.formulas or not holds(self.chain, target):
            self.notice = "There is nothing to learn from here: the chain stops before its scores."
            return
        slopes = gradients(self.chain, target).params
        # A plane of weights that serves several channels is pulled by all of them.
        pull = slopes["0.weight"].sum(axis=1, keepdims=True) if experiment.linked else slopes["0.weight"]
        bank = np.round(experiment.bank - LEARNING_RATE * pull, 6)
        bias = np.round(experiment.bias - LEARNING_RATE * slopes["0.bias"], 6)
        self.put(replace(experiment, bank=read_only(bank), bias=read_only(bias)))

    def take_over(self, before: Desk[Experiment]) -> None:
        """Go on from where another desk was, lesson and step included."""
        if self.revision == 0 and isinstance(before, LearnDesk):
            self.name, self.own, self.number = before.name, before.own, before.number
            self.done, self._left = set(before.done), dict(before._left)
            self.answer, self.clues = before.answer, before.clues
        super().take_over(before)
