"""What a wrong number may come from: the slips that learners make, each computed and compared with what was typed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from cnn_core import AvgPool2d, Conv2d, Explanation, LeakyReLU, Linear, MaxPool2d, ReLU, Softmax
from pages.shared.chain import Chain

_LARGEST_POWER = 700  # of e that a float holds


def mistake(chain: Chain, stage: int, index: tuple[int, ...], guess: float, near: float) -> str:
    """The slip that leads to ``guess``, as a sentence; "" where none of those that are known does.

    Args:
        chain: what is on screen.
        stage: the hidden stage.
        index: the cell that was asked.
        guess: the wrong number.
        near: how far a slip's number may lie from it.
    """
    value = float(chain.trace.stages[stage].output[index])
    for other, sentence in _slips(chain, stage, index):
        # A slip that gives the right number is none.
        if abs(other - guess) <= near < abs(other - value):
            return sentence
    return ""


def _slips(chain: Chain, stage: int, index: tuple[int, ...]) -> Iterator[tuple[float, str]]:
    layer = chain.trace.stages[stage].layer
    asked = chain.trace.explain(stage, index)
    values = [term.value for term in asked.terms if term.index is not None]
    if isinstance(layer, Conv2d | Linear):
        yield from _of_a_sum(asked, layer)
    elif isinstance(layer, MaxPool2d):
        yield math.fsum(values) / len(values), "That is the window's mean: this is max pooling."
        yield min(values), "That is the window's smallest number."
    elif isinstance(layer, AvgPool2d):
        yield max(values), "That is the window's largest number: this is average pooling."
        yield math.fsum(values), "That is the window's sum: divide it by how many cells it has."
    elif isinstance(layer, Softmax):
        total = math.fsum(math.exp(value - max(values)) for value in values)
        for value in values:
            yield math.exp(value - max(values)) / total, "That is another class's probability."
        own = values[index[1]]
        if own < _LARGEST_POWER:
            yield math.exp(own), "That is e to the score: softmax divides it by the sum of these for all classes."
        if sum(values):
            yield (
                own / math.fsum(values),
                "That is the share of the scores: softmax takes e to each score first.",
            )
    else:
        yield values[0], "That is the number that goes in, unchanged."
        yield -values[0], "That turns the sign around."
        if isinstance(layer, ReLU):
            yield 0.0, "That would be so for a negative number."
        elif isinstance(layer, LeakyReLU):
            yield max(0.0, values[0]), "That is what ReLU gives: this one keeps the slope's share of a negative number."
    yield from _of_another_cell(chain, stage, index)


def _of_a_sum(asked: Explanation, layer: Conv2d | Linear) -> Iterator[tuple[float, str]]:
    products = [term.product or 0.0 for term in asked.terms]
    values = [term.value for term in asked.terms]
    weights = [term.weight or 0.0 for term in asked.terms]
    if asked.bias:
        yield math.fsum(products), "The bias is missing."
    yield -math.fsum(products) + asked.bias, "The sign is the wrong way round."
    yield math.fsum(values) + asked.bias, "That adds up the window without its weights."
    yield math.fsum(map(abs, products)) + asked.bias, "That counts negative products as positive."
    if isinstance(layer, Conv2d):
        size = layer.weight.shape[2] * layer.weight.shape[3]
        # A true convolution turns each channel's kernel half around.
        planes = [weights[k : k + size][::-1] for k in range(0, len(weights), size)]
        turned = [weight for plane in planes for weight in plane]
        yield (
            math.fsum(x * w for x, w in zip(values, turned, strict=True)) + asked.bias,
            "That turns the kernel half around, as a true convolution does; a network lays it on as it stands.",
        )
        yield math.fsum(products) / len(products), "That is the mean of the products: they are added up."


def _of_another_cell(chain: Chain, stage: int, index: tuple[int, ...]) -> Iterator[tuple[float, str]]:
    output = chain.trace.stages[stage].output
    if output.ndim != 4:
        return
    _, _, rows, columns = output.shape
    _, channel, row, column = index
    if column < rows and row < columns and row != column:
        yield (
            float(output[0, channel, column, row]),
            "That is the cell with row and column exchanged: rows come first.",
        )
    for down, across, where in ((0, 1, "to the right"), (0, -1, "to the left"), (1, 0, "below"), (-1, 0, "above")):
        i, j = row + down, column + across
        if 0 <= i < rows and 0 <= j < columns:
            yield float(output[0, channel, i, j]), f"That is the cell {where}."
