"""Formulas with the numbers of what is on screen plugged in, to stand beside a lesson's text."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cnn_core import cross_entropy
from cnn_core.digits import written
from pages.shared.backward import gradients, parse
from pages.shared.chain import Chain
from pages.shared.describe import geometry_words, size
from pages.shared.learn.goals import quantity

Place = tuple[int, tuple[int, ...]]

_ACTIVATIONS = {
    "relu": "max(0, x)",
    "leaky_relu": "x, or slope · x below 0",
    "sigmoid": "1 / (1 + e^−x)",
    "tanh": "tanh(x)",
}


_FEWEST, _MOST = 4, 12  # digits of a number in a formula
_READABLE = 7  # the largest score whose power is written as it is: e^7 is 1096.633


class Formula(NamedTuple):
    """A formula and what it gives here.

    Attributes:
        name: what it is about.
        rule: the formula itself.
        here: the same with the numbers on screen; may have several lines.
    """

    name: str
    rule: str
    here: str


def formulas(names: tuple[str, ...], chain: Chain, pin: Place) -> list[Formula]:
    """Those of ``names`` that what is on screen has the numbers for."""
    made = (_made(name, chain, pin) for name in names)
    return [formula for formula in made if formula is not None]


def _made(name: str, chain: Chain, pin: Place) -> Formula | None:
    try:
        return _FORMULAS[name](chain, pin)
    except ArithmeticError as error:  # a lesson without one of its formulas can be gone on with, a page of none cannot
        logging.getLogger(__name__).error("The formula “%s” could not be told", name, exc_info=error)
        return None


def _position(chain: Chain, view: str) -> int | None:
    position = next(k for k, step in enumerate(chain.steps) if step.view == view)
    return position if position < len(chain.trace.stages) else None


def _output_size(view: str) -> Callable[[Chain, Place], Formula | None]:
    def formula(chain: Chain, _: Place) -> Formula | None:
        position = _position(chain, view)
        if position is None:
            return None
        stage = chain.trace.stages[position]
        before = chain.trace.values(stage.inputs[0]).shape
        window = stage.layer.window(before)
        if window is None:
            return None
        shape = stage.output.shape
        here = geometry_words(window, (before[2], before[3]), (shape[2], shape[3]))
        name = "Size of the feature map" if view == "conv" else "Size of the pooled map"
        return Formula(name, "⌊(size + padding on both sides − window) / stride⌋ + 1", here)

    return formula


def _cell(chain: Chain, pin: Place) -> Formula | None:
    stage, index = pin
    if stage < 0:
        return None
    asked = chain.trace.explain(stage, index)
    if asked.rule != "sum" or stage != 0 or len(asked.terms) > 9:
        return None

    def made(digits: int) -> float:
        products = (_seen(t.value, digits) * _seen(t.weight or 0, digits) for t in asked.terms)
        return math.fsum(products) + _seen(asked.bias, digits)

    digits = _enough(made, asked.value)
    products = " + ".join(f"{_operand(t.value, digits)}·{_operand(t.weight or 0, digits)}" for t in asked.terms)
    here = f"{products} + {_operand(asked.bias, digits)} {_equals(made(digits), asked.value)}"
    return Formula("The pinned cell", "Σ cell · weight + bias", here)


def _channels(chain: Chain, _: Place) -> Formula | None:
    count, deep, rows, columns = chain.experiment.weight.shape
    rows_told = chain.network.summary(chain.trace.input.shape)
    if not rows_told:
        return None
    here = f"{count} · ({rows} · {columns} · {deep} + 1) = {rows_told[0].params}"
    return Formula("Weights of the convolution", "kernels · (rows · columns · channels + 1 bias)", here)


def _shared(chain: Chain, _: Place) -> Formula | None:
    rows = chain.network.summary(chain.trace.input.shape)
    if not rows:
        return None
    cells = int(np.prod(rows[0].output_shape[1:]))
    features = int(np.prod(chain.trace.input.shape[1:]))
    dense, work = quantity("dense_parameters", chain), quantity("dense_multiplications", chain)
    here = (
        f"convolution: {rows[0].params:,} weights, {rows[0].macs:,} multiplications\n"
        f"fully connected, {features:,} → {cells:,}: {dense:,.0f} weights, {work:,.0f} multiplications\n"
        f"that is {dense / rows[0].params:,.0f} times the weights, {work / rows[0].macs:,.0f} times the work"
    )
    return Formula("Sharing weights", "one kernel for every place, or one weight for every pair of numbers", here)


def _activation(chain: Chain, pin: Place) -> Formula | None:
    position = _position(chain, "activation")
    if position is None or pin[0] not in (0, position):
        return None
    x, y = (float(chain.trace.stages[k].output[pin[1]]) for k in (0, position))
    dead = int((chain.trace.stages[position].output == 0).sum())
    count = chain.trace.stages[position].output.size
    here = f"x = {_short(x)} gives {_short(y)}\n{dead} of {count:,} cells are 0"
    return Formula(chain.steps[position].title, _ACTIVATIONS[chain.experiment.activation], here)


def _pooling(chain: Chain, pin: Place) -> Formula | None:
    position = _position(chain, "pool")
    if position is None or pin[0] != position:
        return None
    asked = chain.trace.explain(*pin)
    values = [_short(term.value) for term in asked.terms if term.index is not None]
    if chain.experiment.pooling == "max":
        return Formula(
            "The pinned cell", "the largest of its window", f"max({', '.join(values)}) = {_short(asked.value)}"
        )
    inside = [term.value for term in asked.terms if term.index is not None]

    def made(digits: int) -> float:
        return math.fsum(_seen(x, digits) for x in inside) / len(asked.terms)

    digits = _enough(made, asked.value)
    added = " + ".join(_operand(x, digits) for x in inside)
    here = f"({added}) / {len(asked.terms)} {_equals(made(digits), asked.value)}"
    return Formula("The pinned cell", "the mean of its window", here)


def _fields(chain: Chain, _: Place) -> Formula | None:
    rows = chain.network.summary(chain.trace.input.shape)
    lines = []
    for row, step in zip(rows, chain.steps, strict=False):
        if step.view in ("conv", "pool") and row.receptive_field is not None:
            lines.append(f"a cell of {step.title} sees {size(row.receptive_field.size)} of the input")
    if len(rows) > 4:
        lines.append("a score sees all of it")
    return (
        Formula("What a cell sees", "field + (window − 1) · product of the strides so far", "\n".join(lines))
        if lines
        else None
    )


def _softmax(chain: Chain, _: Place) -> Formula | None:
    scores, shares = _position(chain, "scores"), _position(chain, "probabilities")
    if scores is None or shares is None or chain.experiment.head != "softmax":
        return None
    values = chain.trace.stages[scores].output[0]
    rule, lines = "e^score / sum of e^score over all classes", []
    largest = float(values.max())
    if abs(largest) > _READABLE:
        rule = "e^(score − largest) / sum of these powers over all classes"
        taken = f"the largest score, {_short(largest)}, is taken off first: nothing overflows, no share changes"
        values, lines = values - largest, [taken]
    powers = [math.exp(value) for value in values]
    told = [f"{share:.3f}" for share in chain.trace.stages[shares].output[0]]
    places, rest = _adding_up(powers, told)
    whole = f"{sum(powers):.{places}f}"
    for k, (value, share) in enumerate(zip(values, told, strict=True)):
        power = f"{powers[k]:.{places}f}"
        sign = "=" if Fraction(power) == Fraction(share) * Fraction(whole) else "≈"
        lines.append(f"{chain.experiment.class_name(k)}: e^{_short(value)} ≈ {power}; {power} / {whole} {sign} {share}")
    if rest:
        together = " + ".join(f"{power:.{places}f}" for power in powers)
        lines.append(f"{together} {'+' if rest > 0 else '−'} {float(abs(rest)):.{places}f} (remainder) = {whole}")
    return Formula("Softmax", rule, "\n".join(lines))


def _adding_up(numbers: list[float], shares: list[str]) -> tuple[int, Fraction]:
    """With how many decimals to write numbers so that each over their sum, as they are written, is its share.

    And, if it can be, so that the sum as it is written is theirs; else what it lacks.
    """
    lacks = {p: _written(sum(numbers), p) - sum(_written(number, p) for number in numbers) for p in range(3, 8)}
    places = min(lacks, key=lambda p: (not _makes(numbers, p, shares), lacks[p] != 0))
    return places, lacks[places]


def _makes(numbers: list[float], places: int, shares: list[str]) -> bool:
    """Whether numbers with so many decimals, each divided by the sum, give these shares."""
    whole = _written(sum(numbers), places)
    return whole > 0 and [f"{float(_written(x, places) / whole):.3f}" for x in numbers] == shares


def _written(number: float, places: int) -> Fraction:
    return Fraction(f"{number:.{places}f}")


LEARNING_RATE = 0.1


def _learning(chain: Chain, pin: Place) -> Formula | None:
    scores = _position(chain, "scores")
    target = parse("loss:0")
    if scores is None or target is None:
        return None
    loss, _ = cross_entropy(chain.trace.stages[scores].output, np.array([0]))
    slope = gradients(chain, target).params["0.weight"]
    weight = chain.experiment.bank[0, 0, 0, 0]
    gradient = float(slope[0, :, 0, 0].sum())  # the same weight on every channel
    after = float(weight - LEARNING_RATE * gradient)

    def made(digits: int) -> float:
        return _seen(weight, digits) - LEARNING_RATE * _seen(gradient, digits)

    digits = _enough(made, after)
    share = math.exp(-loss)  # the probability of the class that is right; of one too small for a float, no logarithm
    step = f"{LEARNING_RATE} · {_operand(gradient, digits)}"
    here = (
        f"loss for class {chain.experiment.class_name(0)}: {f'−log {share:.6g} ≈ ' if share else ''}{loss:.4f}\n"
        f"weight [0, 0]: {_short(weight, digits)} − {step} {_equals(made(digits), after)}"
    )
    return Formula("One step", "weight − rate · ∂loss/∂weight", here)


def _enough(made: Callable[[int], float], value: float) -> int:
    """With how many digits to write numbers so that what they make as they are written is ``value`` as it is shown.

    Args:
        made: what they make with so many digits each.
        value: what they make.
    """
    return next((digits for digits in range(_FEWEST, _MOST + 1) if _short(made(digits)) == _short(value)), _FEWEST)


def _equals(shown: float, value: float) -> str:
    """The result of a sum: "=" where the digits that are shown give just the digits shown here, else "≈"."""
    return f"{'=' if math.isclose(shown, _seen(value), rel_tol=1e-12, abs_tol=1e-12) else '≈'} {_short(value)}"


def _seen(value: float, digits: int = _FEWEST) -> float:
    """A number as its shown digits have it."""
    return float(written(value, digits))


def _short(value: float, digits: int = _FEWEST) -> str:
    """Four digits unless more are asked for, and all that stand before the point: of millions too, as on the maps."""
    return written(value, digits).replace("-", "−")


def _operand(value: float, digits: int = _FEWEST) -> str:
    """A number beside a sign, as a book prints it: in brackets where it has a sign of its own."""
    text = _short(value, digits)
    return f"({text})" if value < 0 else text


_FORMULAS: dict[str, Callable[[Chain, Place], Formula | None]] = {
    "size": _output_size("conv"),
    "pooled_size": _output_size("pool"),
    "cell": _cell,
    "channels": _channels,
    "shared": _shared,
    "activation": _activation,
    "pooling": _pooling,
    "fields": _fields,
    "softmax": _softmax,
    "learning": _learning,
}
