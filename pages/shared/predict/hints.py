"""The way to a hidden number, one hint at a time: first the rule, then the numbers it needs, never the result."""

from __future__ import annotations

from cnn_core import Conv2d, Explanation, Linear, MaxPool2d
from cnn_core.digits import written
from cnn_core.layers import Layer
from pages.shared.chain import Chain

_MOST = 30  # numbers that are written out

_RULES = {
    "conv": "Lay the kernel on the framed window: every cell times the weight on it; add up all products and the bias.",
    "scores": "Every flattened value times this class's weight for it, all added up, and the bias.",
    "relu": "ReLU keeps a positive number and turns a negative one into 0.",
    "leaky_relu": "Leaky ReLU keeps a positive number and takes the slope's share of a negative one.",
    "sigmoid": "The sigmoid of x is 1 / (1 + e^−x).",
    "tanh": "tanh(x) = (e^x − e^−x) / (e^x + e^−x).",
    "max": "Max pooling takes the largest number of the framed window.",
    "average": "Average pooling takes the mean of the framed window.",
    "softmax": "Softmax: e to the score of this class, divided by the sum of e to every score.",
}


def hints(chain: Chain, stage: int, index: tuple[int, ...]) -> list[str]:
    """Two hints for a cell: its rule in words, and the rule with the numbers in it."""
    experiment = chain.experiment
    view = chain.steps[stage].view
    rule = {"activation": experiment.activation, "pool": experiment.pooling, "probabilities": experiment.head}
    asked = chain.trace.explain(stage, index)
    return [_RULES[rule.get(view, view)], _written(chain.trace.stages[stage].layer, asked)]


def _written(layer: Layer, asked: Explanation) -> str:
    values = [_short(term.value) for term in asked.terms if term.index is not None]
    if isinstance(layer, MaxPool2d):
        return f"The largest of {_listed(values)} = ?"
    if isinstance(layer, Conv2d | Linear):
        # What meets a weight of 0, and padding, adds nothing.
        products = [f"{_short(t.value)} × {_short(t.weight or 0)}" for t in asked.terms if t.weight and t.index]
        bias = f" + bias {_short(asked.bias)}" if asked.bias else ""
        return f"{_listed(products, ' + ') or '0'}{bias} = ?"
    if asked.rule == "sum":
        return f"({_listed(values, ' + ')}) / {len(asked.terms)} = ?"
    own = next((t for t in asked.terms if t.index == asked.index), asked.terms[0])
    if len(asked.terms) > 1:
        return f"e^{_short(own.value)} / ({_listed([f'e^{value}' for value in values], ' + ')}) = ?"
    return f"Here x is {_short(own.value)}."


def _listed(texts: list[str], between: str = ", ") -> str:
    more = f"{between}… ({len(texts) - _MOST:,} more)" if len(texts) > _MOST else ""
    return between.join(texts[:_MOST]) + more


def _short(value: float) -> str:
    text = written(value, 5).replace("-", "−")
    return f"({text})" if value < 0 else text
