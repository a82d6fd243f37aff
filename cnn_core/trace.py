"""A network's run over one input, and the asking of any of its cells."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One cell's part in another cell's number.

    Attributes:
        stage: the stage the cell belongs to, -1 for the input.
        index: its full index, batch included, or None for a padding cell.
        value: its number; 0 for a padding cell of a sum, minus infinity for one of max pooling.
        weight: what it is multiplied by, or None where the rule is a function.
        product: ``weight * value``, 0 where the weight is 0, or None where the rule is a function.
    """

    stage: int
    index: Index | None
    value: float
    weight: float | None = None
    product: float | None = None


@dataclass(frozen=True)
class Explanation:
    """Where a cell's number comes from.

    Attributes:
        stage: the asked stage, -1 for the input.
        index: the asked index, batch included.
        rule: ``"sum"``: products add up to the number; ``"function"``: the formula tells; ``"input"``: it was given.
        terms: the cells it was made from, in kernel order; of a shortened sum those of the largest products.
        bias: what the sum begins with.
        value: the number in the trace.
        total: of a sum ``fsum(products) + rest[1] + bias``, in double precision, else ``value``.
        residual: ``value - total``: the rounding of the engine that computed ``value``.
        consumers: ``(stage, index)`` of every cell that reads this one directly, in order.
        formula: the rule with the numbers plugged in, for a function; else None.
        rest: how many terms of a sum that was asked for shortened are not listed, and what their products add up to.
    """

    stage: int
    index: Index
    rule: Literal["sum", "function", "input"]
    terms: tuple[Term, ...]
    bias: float
    value: float
    total: float
    residual: float
    consumers: tuple[tuple[int, Index], ...]
    formula: str | None = None
    rest: tuple[int, float] = (0, 0.0)


@dataclass(frozen=True)
class Sources:
    """What a layer tells of one of its cells, before the trace puts numbers to it.

    Attributes:
        cells: indices into the layer's input, None for padding, in kernel order.
        weights: one number a cell, or None where the rule is a function.
        bias: what is added to the products.
        padding_value: the number of a padding cell: 0, or minus infinity around max pooling.
        formula: for a function, its text.
    """

    cells: Sequence[Index | None]
    weights: Sequence[float] | None
    bias: float = 0.0
    padding_value: float = 0.0
    formula: str | None = None


@dataclass(frozen=True)
class Stage:
    """One layer's part in a run.

    Attributes:
        name: the layer's kind and place, such as ``"0.Conv2d"``.
        layer: the layer itself.
        inputs: the stages it read, -1 for the network's input.
        output: its result; not to be written to.
        saved: what else the layer needs of this run to explain itself and to go back, such as dropout's mask.
    """

    name: str
    layer: Any
    inputs: tuple[int, ...]
    output: Array
    saved: Any = None


@dataclass(frozen=True)
class Trace:
    """One run of a network.

    A cell is explained by its layer's parameters as they are when it is asked: after they were moved, by hand or by
    training, the terms no longer add up to the numbers of an earlier run, so trace again.

    Attributes:
        input: what the network was given, as floats.
        stages: ``stages[i]`` is layer i's output; the input is not among them.
        training: whether the network ran as it does while it learns.
    """

    input: Array
    stages: tuple[Stage, ...]
    training: bool = False

    @property
    def output(self) -> Array:
        """The last stage's output, or the input of a network without layers."""
        return self.stages[-1].output if self.stages else self.input

    def values(self, stage: int) -> Array:
        """The numbers of a stage, -1 for the input.

        Raises:
            ShapeError: where there is no such stage.
        """
        number = self.stage_number(stage)
        return self.input if number < 0 else self.stages[number].output

    def explain(self, stage: int, index: Sequence[int]) -> Explanation:
        """Ask a cell where its number came from.

        Args:
            stage: which stage, -1 for the input.
            index: the cell's full index, batch included.

        Returns:
            Terms that add up to the cell's number: ``|value - total| <= 4 n eps sum(|product|)`` over the n terms and
            the bias, in the trace's precision.

        Raises:
            ShapeError: where there is no such stage or cell.
        """
        number = self.stage_number(stage)
        values = self.values(number)
        cell = cell_of(index, values.shape)
        value = float(values[cell])
        consumers = tuple(self.consumers(number, cell))
        if number < 0:
            return Explanation(number, cell, "input", (), 0.0, value, value, 0.0, consumers)
        asked = self.stages[number]
        reads = asked.inputs[0]
        source = self.values(reads)
        told: Sources = asked.layer.sources(source, asked.output, cell, asked.saved)
        cells = [None if at is None else float(source[at]) for at in told.cells]
        numbers = [told.padding_value if at is None else at for at in cells]
        if told.weights is None:
            terms = tuple(Term(reads, at, x) for at, x in zip(told.cells, numbers, strict=True))
            return Explanation(number, cell, "function", terms, 0.0, value, value, 0.0, consumers, told.formula)
        # A weight of 0 takes nothing, whatever it meets: 0 times the infinity around max pooling would be NaN.
        pairs = list(zip(told.weights, numbers, strict=True))
        products = [w * x if w else 0.0 for w, x in pairs]
        total = exact_sum(products) + told.bias
        if math.isnan(value) and not math.isnan(total):  # the layer did multiply it by 0
            with np.errstate(invalid="ignore"):
                products = [w * x for w, x in pairs]
            total = exact_sum(products) + told.bias
        terms = tuple(
            Term(reads, at, x, w, product)
            for at, x, w, product in zip(told.cells, numbers, told.weights, products, strict=True)
        )
        return Explanation(number, cell, "sum", terms, told.bias, value, total, left_over(value, total), consumers)

    def fan_in(self, stage: int, index: Sequence[int]) -> int:
        """How many terms :meth:`explain` would list of a cell; of a fully connected layer without listing them.

        Args:
            stage: which stage, -1 for the input.
            index: the cell's full index, batch included.

        Raises:
            ShapeError: where there is no such stage or cell.
        """
        number = self.stage_number(stage)
        cell = cell_of(index, self.values(number).shape)
        if number < 0:
            return 0
        asked = self.stages[number]
        return int(asked.layer.fan_in(self.values(asked.inputs[0]), asked.output, cell, asked.saved))

    def stage_number(self, stage: int) -> int:
        """``stage`` as a plain number, -1 for the input.

        Raises:
            ShapeError: where there is no such stage.
        """
        try:
            number = operator.index(stage)
        except TypeError:
            number = len(self.stages)
        if not -1 <= number < len(self.stages):
            raise ShapeError(
                f"stage must be a whole number from -1 (the input) to {len(self.stages) - 1}, got {shown(stage)}; "
                "stage=-1 works"
            )
        return number

    def consumers(self, number: int, cell: Index) -> Iterator[tuple[int, Index]]:
        """``(stage, index)`` of every cell that reads the cell ``cell`` of stage ``number`` directly, in order."""
        for later, stage in enumerate(self.stages[number + 1 :], start=number + 1):
            if number in stage.inputs:
                shape = self.values(number).shape
                yield from ((later, at) for at in stage.layer.readers(shape, stage.output.shape, cell))


def cell_of(index: Sequence[int], shape: tuple[int, ...]) -> Index:
    """A cell's index as plain numbers.

    Raises:
        ShapeError: where an array of this shape has no such cell.
    """
    try:
        cell = tuple(operator.index(at) for at in index)
    except TypeError:
        cell = ()
    if 0 in shape:
        raise ShapeError(f"this stage has no cells, its shape is {shape}; a trace of at least one image works")
    if len(cell) != len(shape) or any(not 0 <= at < size for at, size in zip(cell, shape, strict=False)):
        last = tuple(size - 1 for size in shape)
        raise ShapeError(
            f"index must be {len(shape)} whole numbers from {(0,) * len(shape)} to {last}, batch included, "
            f"got {shown(index)}; {last} works"
        )
    return cell


def left_over(value: float, total: float) -> float:
    """``value - total``: 0 where both are the same infinity."""
    return 0.0 if value == total else value - total


def exact_sum(products: Sequence[float]) -> float:
    """The sum of these numbers, rounded once."""
    try:
        return math.fsum(products)
    except (OverflowError, ValueError):
        # Infinities of both signs, or beyond the largest float: what plain addition makes of them.
        with np.errstate(invalid="ignore", over="ignore"):
            return float(np.sum(np.asarray(products)))
