"""Predict, then reveal: a stage is hidden cell by cell, and a visitor says what stands there before seeing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from pages.components.blob import identity
from pages.shared.chain import Chain
from pages.shared.predict.hints import hints
from pages.shared.predict.mistakes import mistake

HIDEABLE = ("conv", "activation", "pool", "scores", "probabilities")
OPERATIONS = ("hide", "guess", "hint", "reveal")

_DECIMALS = 2  # are enough, as the page says
_NEAR = 0.005  # half of the second decimal
_SHARE = 0.05  # of a small number
_LEAST = 0.0005
_NUMBER = re.compile(r"[-+]?(\d{1,9}(\.\d{0,12})?|\.\d{1,12})(/[1-9]\d{0,8}|[eE][-+]?\d{1,2})?")
_GROUPED = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?%?")  # as numbers are written on the page
_AGAIN = "Try again, or take a hint."
_ALL_TOLD = "Try again: all that it needs stands below."  # where no hint is left
_MISSED = "This cell is not hidden any more."

Index = tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """What has been said of one hidden cell.

    Attributes:
        tries: how many numbers were tried.
        hints: how many hints were taken.
        open: whether the cell is shown by now.
        right: whether it was opened by the right number.
        told: what there is to say of the last try, as a sentence.
    """

    tries: int = 0
    hints: int = 0
    open: bool = False
    right: bool = False
    told: str = ""


class Said(NamedTuple):
    """What was hidden and what was said of it; ``numbers`` names the array that it speaks of."""

    view: str
    answers: dict[Index, Answer]
    numbers: str


@dataclass
class Score:
    """What was predicted since the visitor came.

    Attributes:
        asked: cells that were opened, by the right number or given up.
        right: those opened by the right number.
        first: those of them that needed one try and no hint.
    """

    asked: int = 0
    right: int = 0
    first: int = 0

    def count(self, answer: Answer) -> None:
        """Take in a cell that was opened."""
        self.asked += 1
        self.right += answer.right
        self.first += answer.right and answer.tries == 1 and answer.hints == 0


@dataclass
class Predictions:
    """Which stage is hidden and what was said of its cells.

    Attributes:
        view: the view that is hidden, "" for none.
        answers: what was said, by the cell's full index.
        score: kept for the visitor, whatever is hidden.
    """

    view: str = ""
    answers: dict[Index, Answer] = field(default_factory=dict)
    score: Score = field(default_factory=Score)
    _numbers: str = ""  # the name of the array that the answers speak of

    def hide(self, view: str) -> None:
        """Hide a view, all its cells; "" hides none."""
        self.view = view if view in HIDEABLE else ""
        self.answers = {}

    def said(self) -> Said:
        """What is hidden and what was said of it, to be taken up later."""
        return Said(self.view, dict(self.answers), self._numbers)

    def take_up(self, said: Said) -> None:
        """Go on from what was said."""
        self.view, self.answers, self._numbers = said.view, dict(said.answers), said.numbers

    def take_over(self, before: Predictions) -> None:
        """Go on from what was said elsewhere; the score stays one with whoever shares it."""
        self.take_up(before.said())
        self.score.asked, self.score.right, self.score.first = (
            before.score.asked,
            before.score.right,
            before.score.first,
        )

    def stage(self, chain: Chain) -> int | None:
        """The hidden stage, None where none is or the chain stops before it.

        Other numbers than those that were asked are a new question: what was said of the old ones is forgotten.
        """
        number = next((k for k, step in enumerate(chain.steps) if step.view == self.view), None)
        if number is None or number >= len(chain.trace.stages):
            return None
        numbers = identity(chain.trace.stages[number].output)
        if numbers != self._numbers:
            self._numbers, self.answers = numbers, {}
        return number

    def take(self, chain: Chain, edit: Mapping[str, Any]) -> str:
        """Carry out one of ``OPERATIONS``.

        Returns:
            A sentence where it cannot be done, else "".
        """
        if edit["op"] == "hide":
            self.hide(str(edit.get("value")))
            return ""
        stage = self.stage(chain)
        index = _index(edit.get("index"))
        if stage is None or index is None or not _inside(index, chain.trace.stages[stage].output.shape):
            return _MISSED
        before = self.answers.get(index, Answer())
        if before.open:
            return _MISSED
        if edit["op"] == "hint":
            most = len(hints(chain, stage, index))
            taken = min(before.hints + 1, most)
            told = before.told.replace(_AGAIN, _ALL_TOLD) if taken == most else before.told
            self.answers[index] = replace(before, hints=taken, told=told)
        elif edit["op"] == "reveal":
            self._opened(index, replace(before, open=True, told="Given away: the sum is below."))
        else:
            return self._guess(chain, stage, index, before, str(edit.get("value", "")))
        return ""

    def _guess(self, chain: Chain, stage: int, index: Index, before: Answer, text: str) -> str:
        guesses = readings_of(text)
        if not guesses:
            self.answers[index] = replace(before, told=no_number(text))
            return ""
        value = float(chain.trace.stages[stage].output[index])
        tried = replace(before, tries=before.tries + 1)
        if any(abs(guess - value) <= tolerance(value) for guess in guesses) or rounds_to(text, value):
            self._opened(index, replace(tried, open=True, right=True, told="Right."))
        else:
            guess = guesses[0]
            why = mistake(chain, stage, index, guess, tolerance(guess))
            more = before.hints < len(hints(chain, stage, index))
            self.answers[index] = replace(tried, told=f"{not_it(text)} {why or (_AGAIN if more else _ALL_TOLD)}")
        return ""

    def _opened(self, index: Index, answer: Answer) -> None:
        self.answers[index] = answer
        self.score.count(answer)


def tolerance(value: float) -> float:
    """How far a guess may lie from a number: half of the second decimal, less where the number is small."""
    return max(_LEAST, min(_NEAR, _SHARE * abs(value)))


def rounds_to(text: str, value: float) -> bool:
    """Whether ``value`` rounded to the decimals that ``text`` has, at least two, is what it says: 0.00 of 0.0007."""
    read = _read(text.replace(",", "."))
    if read is None or "/" in read.plain:
        return False
    decimals = 2 * read.share - int(Decimal(read.plain).as_tuple().exponent)
    # A half may be rounded either way, and a float of 0.115 lies a little beside it.
    return decimals >= _DECIMALS and abs(read.number - value) <= 0.5000001 * 10.0**-decimals


class _Read(NamedTuple):
    plain: str  # as Python writes numbers, without the percent sign
    share: bool  # whether it had one
    number: float


def _read(text: str) -> _Read | None:
    plain = text.strip().replace("−", "-").replace(" ", "")
    share, plain = plain.endswith("%"), plain.removesuffix("%")
    if not _NUMBER.fullmatch(plain) or plain[-1] == ".":
        return None
    above, _, below = plain.partition("/")
    return _Read(plain, share, float(Fraction(above) / int(below or 1) / (100 if share else 1)))


def readings_of(text: str) -> tuple[float, ...]:
    """The numbers that a text may be meant as: fractions and percents too, and with either decimal sign.

    Where a comma may part thousands, as in 6,084, it has two readings, and where there are more of them, that one; none
    where it is no number.
    """
    written = [text.replace(",", ".")]
    if _GROUPED.fullmatch(text.strip().replace("−", "-")):
        written.append(text.replace(",", ""))
    return tuple(read.number for read in map(_read, written) if read is not None)


def no_number(text: str) -> str:
    """What is said of a guess that is none."""
    written = f"“{text[:24]}”" if text.strip() else "An empty field"
    return f"{written} is not a number. Write it like 12, −0.5 or 2/9."


def not_it(text: str) -> str:
    """What is said of a wrong number, written with the minus sign that all numbers on screen have."""
    return f"{text.strip().replace('-', '−')} is not it."


def _index(told: Any) -> Index | None:
    whole = isinstance(told, list) and 0 < len(told) <= 4 and all(type(at) is int for at in told)
    return tuple(told) if whole else None


def _inside(index: Index, shape: Index) -> bool:
    return len(index) == len(shape) and all(0 <= at < size for at, size in zip(index, shape, strict=True))


def described(predictions: Predictions, chain: Chain) -> dict[str, Any]:
    """What the page is told: what is hidden, what is open, and the score."""
    stage = predictions.stage(chain)
    answers = []
    if stage is not None:
        for index, answer in predictions.answers.items():
            given = hints(chain, stage, index)[: answer.hints]
            told = {"open": answer.open, "right": answer.right, "told": answer.told, "hints": given}
            answers.append({"index": list(index), **told})
    shown = chain.steps[: len(chain.trace.stages)]
    titles = {"scores": "Scores", "probabilities": "Probabilities"}
    options = [{"value": s.view, "label": titles.get(s.view, s.title)} for s in shown if s.view in HIDEABLE]
    score = predictions.score
    return {
        "view": predictions.view if stage is not None else "",
        "stage": stage,
        "answers": answers,
        "options": options,
        "score": {"asked": score.asked, "right": score.right, "first": score.first},
    }
