"""What a layer puts on screen: its stages, what stands side by side, and the sums that Python spells out itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import Explanation, Term
from cnn_core.digits import written
from cnn_core.trace import Index, exact_sum, left_over
from pages.shared import describe
from pages.shared.column_controls import numbers_of
from pages.shared.controls import Control, button, dial, number, option, segments, select
from pages.shared.layers.laboratory import Laboratory, sources

Array = npt.NDArray[Any]

INPUT = -1
LOG = "log to base e, “ln” on a calculator"  # is said wherever one is written
EVERY_DIGIT = 17  # that a float has: what is subtracted may need them all
_DIALS_MOST = 2  # channels that each have sliders of their own
_LISTED = 24  # terms of a sum told by Python; of a longer one the largest are listed, and the others are one number


@dataclass
class Screen:
    """A layer carried out, as the laboratory's component is told of it.

    Attributes:
        laboratory: what was asked.
        stages: as ``common/model.js`` knows them, the input first.
        columns: what stands side by side.
        arrays: the numbers that both name.
        told: the sums behind the cells of stages whose rule only Python knows.
        pin: the cell that is pinned before anyone chose one.
        explain: the core's own explanation of a cell, where a trace has it.
        extra: what else the component needs of this layer.
        sentence: what the layer did to these numbers, in words.
        settings: what changes the whole layer: it stands above all columns.
        first: what to try first, where it is not what the layer's kind says.
    """

    laboratory: Laboratory
    stages: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    arrays: describe.Arrays = field(default_factory=dict)
    told: list[Explanation] = field(default_factory=list)
    pin: tuple[int, Index] = (0, (0, 0, 0, 0))
    explain: Callable[[int, Index], dict[str, Any] | None] = lambda *_: None
    extra: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""
    settings: list[Control] = field(default_factory=list)
    first: str = ""

    def shape(self, stage: int) -> tuple[int, ...] | None:
        """The shape of a stage's numbers, None where there is no such stage."""
        found = next((each for each in self.stages if each["stage"] == stage), None)
        return None if found is None else self.arrays[found["array"]].shape

    def given(self, title: str, *, names: Sequence[str] | None = None, kind: str = "signed") -> None:
        """The input as a stage of that title."""
        x = self.laboratory.input
        scale = {"group": "given", "kind": kind, "domain": [0, 0]}
        stage = describe.given(x, self.arrays, scale, channel_names(x))
        images = image_names(x)
        note = "A number that was given: choose it and type to change it."
        self.stages.append(
            {**stage, "title": title, "images": images, "names": names, "plural": f"{title.lower()}s", "note": note}
        )

    def add(self, number: int, view: str | None, title: str, values: Array, **fields: Any) -> None:
        """A stage that is not a layer's own output, or not only: what is not said of it is as of a given number."""
        blank = describe.given(values, self.arrays, {"group": view or "", "kind": "diverging", "domain": [0, 0]})
        words = {"stage": number, "view": view, "title": title, "note": None, "lens": "diverging"}
        named = {"planes": channel_names(values), "images": image_names(values), "plural": title.lower()}
        self.stages.append({**blank, **words, **named, **fields})

    def column(self, view: str, kind: str, title: str, **fields: Any) -> None:
        """One more column; ``sign`` stands before it."""
        told = {"view": view, "kind": kind, "title": title, "shape": "", "note": "", "controls": [], "sign": ""}
        self.columns.append({**told, **fields})


def channel_names(values: Array) -> list[str] | None:
    """What tells the channels of ``(N, C, H, W)`` apart, where there are several."""
    return [f"channel {c}" for c in range(values.shape[1])] if values.ndim == 4 and values.shape[1] > 1 else None


def image_names(values: Array) -> list[str] | None:
    """What tells the images of a batch apart."""
    return [f"image {n}," for n in range(values.shape[0])] if values.ndim == 4 and values.shape[0] > 1 else None


def shape_words(values: Array) -> str:
    """A batch's sizes: rows × columns, channels, images."""
    images, channels = values.shape[:2]
    told = describe.size(values.shape[2:])
    told += f", {channels} channels" * (channels > 1)
    return f"{told}, {images} images" if images > 1 else told


def table(view: str) -> list[Control]:
    """The button that shows a view as a table."""
    return numbers_of(view, ("table",))


def input_controls(laboratory: Laboratory) -> list[Control]:
    """Where the input comes from, and what can be done with it."""
    options = [option(name, title) for name, title in sources(laboratory.family).items()]
    return [
        select({"op": "input"}, "Input", laboratory.source, options, place="top"),
        *table("input"),
        button({"op": "worked"}, "Worked example", place="more", hint="Back to the numbers this layer opened with"),
    ]


def input_note(laboratory: Laboratory, note: str) -> str:
    """What is said under the input: which part of Explore's maps it is, where it is only one, and the layer's own."""
    return f"{laboratory.part}\n{note}" if laboratory.part else note


def by_channel(edit: str, label: str, values: Array, hint: str, stops: Sequence[float]) -> list[Control]:
    """A dial a channel; of many channels, for which there is no room, a field each."""

    def control(c: int, value: float) -> Control:
        asked, name, words = {"op": edit, "channel": c}, f"{label} {c}", f"{hint} of channel {c}"
        few = len(values) <= _DIALS_MOST
        return dial(asked, name, value, stops, hint=words) if few else number(asked, name, value, hint=words)

    return [control(c, float(value)) for c, value in enumerate(values)]


def mode(laboratory: Laboratory) -> Control:
    """Training or inference."""
    options = [option("training", "Training"), option("inference", "Inference")]
    value = "training" if laboratory.training else "inference"
    return segments({"op": "training"}, "Mode", value, options)


def weighted(
    stage: int, index: Index, value: float, terms: Iterable[tuple[int, Index | None, float, float]], bias: float = 0.0
) -> Explanation:
    """A sum as the ledger spells it out.

    Args:
        stage: of the number asked about.
        index: its place there.
        value: the number.
        terms: stage, index, value and weight of each; of a long sum the largest are listed.
        bias: what the sum begins with.
    """
    made = [Term(at, cell, x, w, w * x) for at, cell, x, w in terms]
    products = [term.product or 0.0 for term in made]
    total = exact_sum([*products, bias])
    rest = (0, 0.0)
    if len(made) > _LISTED:
        order = sorted(range(len(made)), key=lambda k: -abs(products[k]))
        rest = (len(made) - _LISTED, exact_sum([products[k] for k in order[_LISTED:]]))
        made = [made[k] for k in sorted(order[:_LISTED])]
    return Explanation(stage, index, "sum", tuple(made), bias, value, total, left_over(value, total), (), rest=rest)


def formula(
    stage: int, index: Index, value: float, terms: Iterable[tuple[int, Index, float]], text: str
) -> Explanation:
    """A function of other numbers, as the ledger writes it; the text ends in ``= {y}``, where the number is put."""
    made = tuple(Term(at, cell, x) for at, cell, x in terms)
    return Explanation(stage, index, "function", made, 0.0, value, value, 0.0, (), text)


def plain(x: float, digits: int = 6) -> str:
    """A number within a formula or a sentence."""
    return written(x, digits).replace("-", "−")


def cleaned(x: float, largest: float) -> float:
    """A number that was made of others up to ``largest``; 0 where it is what rounding left of them."""
    return 0.0 if abs(x) <= describe.NOISE * largest else x


def operand(x: float) -> str:
    """A number that goes into a formula: with digits enough for each of the six that come out."""
    return plain(x, 9)


def fewest(numbers: Iterable[float], make: Callable[[Array], float], most: int = 9) -> list[str]:
    """Numbers that go into a formula, with as few digits as still give the six that come out.

    Args:
        numbers: what goes in.
        make: the formula.
        most: digits, where no fewer are enough: more of numbers that a formula takes from each other.
    """
    given = np.array(list(numbers), dtype=np.float64)
    result = plain(make(given))
    for digits in range(4, most):
        texts = [plain(x, digits) for x in given]
        if plain(make(np.array([float(text.replace("−", "-")) for text in texts]))) == result:
            return texts
    return [plain(x, most) for x in given]


def percent(part: int, whole: int) -> str:
    """A share in whole per cent."""
    return f"{round(100 * part / whole)} %" if whole else "0 %"


def vector(values: Iterable[float]) -> Array:
    """Numbers as a vector stage, ``(1, K)``."""
    return np.array([list(values)], dtype=np.float64)
