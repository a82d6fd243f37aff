"""What a network's loss gains for each number that led to it, and the asking of any of these gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array
from cnn_core.settings import whole
from cnn_core.trace import Explanation, Index, Stage, Term, Trace, cell_of, exact_sum, left_over


@dataclass(frozen=True, eq=False)
class Gradients:
    """What a network's loss gains, to first order, for each number that led to it.

    A gradient is explained by the layers' parameters as they are when it is asked, as a trace's cell is.

    Attributes:
        input: of the input's shape; None where it was not asked for.
        params: ``{"0.weight": array}``, as :meth:`Sequential.params` names them.
        stages: ``stages[i]`` is the gradient at stage i's output; None where it was not asked for, and behind the stage
            that going back began with.
        trace: the run that was gone back through; without it nothing is explained.
    """

    input: Array | None
    params: dict[str, Array]
    stages: tuple[Array | None, ...]
    trace: Trace | None = field(default=None, repr=False)

    def explain(self, stage: int, index: Sequence[int], *, most: int | None = None) -> Explanation:
        """Ask where the gradient at a cell came from: the chain rule, spelled out.

        Each cell that reads this one passes back its own gradient times how much it grows with this one: a term's
        ``value`` is that cell's gradient, ``weight`` the local derivative.

        Args:
            stage: which stage, -1 for the input.
            index: the cell's full index, batch included.
            most: how many terms to list, those with the largest products; all of them, in order, where it is None.

        Returns:
            Terms that add up to the gradient: ``|value - total| <= 4 n eps sum(|product|)`` over the n terms, in the
            gradient's precision, and n of its smallest numbers more where products are below its normal ones. Rule
            ``"input"`` where the gradient was given: where going back began.

        Raises:
            ShapeError: where there is no such stage or cell, it has no gradient, or ``most`` is no number of terms.
        """
        trace, most = self._trace(), _most(most)
        number = trace.stage_number(stage)
        found = self._at(number)
        cell = cell_of(index, found.shape)
        value = float(found[cell])
        reads = [later for later, each in enumerate(trace.stages) if number in each.inputs]
        passed = [(later, self.stages[later]) for later in reads]
        terms = [
            _term(later, at, float(grad[at]), slope)
            for later, grad in passed
            if grad is not None
            for at, slope in _derivatives(trace, trace.stages[later], number, cell)
        ]
        if all(grad is None for _, grad in passed):
            return Explanation(number, cell, "input", (), 0.0, value, value, 0.0, ())
        total = exact_sum([term.product or 0.0 for term in terms])
        kept, rest = _largest(terms, most)
        consumers = tuple(trace.consumers(number, cell))
        return Explanation(number, cell, "sum", kept, 0.0, value, total, left_over(value, total), consumers, rest=rest)

    def explain_param(self, name: str, index: Sequence[int], *, most: int | None = None) -> Explanation:
        """Ask where the gradient at a weight or bias came from.

        Each output cell that it helped to make gives its own gradient times what the weight met there: a term's
        ``stage`` and ``index`` name that cell, ``value`` is its gradient, ``weight`` what was met, 0 in zero padding.

        Args:
            name: as in :attr:`params`, such as ``"0.weight"``.
            index: the number's index in that array, such as ``(o, i, kh, kw)``.
            most: as for :meth:`explain`.

        Returns:
            As :meth:`explain`; ``stage`` is the layer's.

        Raises:
            ShapeError: where there is no such parameter or number, or ``most`` is no number of terms.
        """
        trace, most = self._trace(), _most(most)
        if not isinstance(name, str) or name not in self.params:
            have = ", ".join(self.params) or "none"
            raise ShapeError(f"there is no parameter {shown(name)} to explain; this network has {have}")
        found = self.params[name]
        at = cell_of(index, found.shape)
        value = float(found[at])
        number = int(name.partition(".")[0])
        grad = self.stages[number]
        if grad is None:  # behind the stage that going back began with
            return Explanation(number, at, "sum", (), 0.0, value, 0.0, 0.0, ())
        stage = trace.stages[number]
        where, met = stage.layer.met(
            name.partition(".")[2], at, trace.values(stage.inputs[0]), stage.output, stage.saved
        )
        # Double precision: the products of two single numbers are then exact.
        gains, met = grad[where].astype(np.float64), np.asarray(met, np.float64)
        products = np.where(gains == 0, 0.0, gains * met).reshape(-1)
        total = exact_sum(products.tolist())
        order = np.arange(products.size)
        rest = (0, 0.0)
        if most is not None and products.size > most:
            order = np.argsort(-np.abs(products), kind="stable")
            rest = (products.size - most, exact_sum(products[order[most:]].tolist()))
            order = order[:most]
        terms = tuple(
            Term(number, _whole(where, k, gains.shape), float(gains.flat[k]), float(met.flat[k]), float(products[k]))
            for k in order.tolist()
        )
        return Explanation(number, at, "sum", terms, 0.0, value, total, left_over(value, total), (), rest=rest)

    def _trace(self) -> Trace:
        if self.trace is None:
            raise ShapeError("these gradients came without their trace; network.backward(trace, grad) keeps it")
        return self.trace

    def _at(self, number: int) -> Array:
        found = self.input if number < 0 else self.stages[number]
        if found is None:
            have = [-1] if self.input is not None else []
            have += [k for k, each in enumerate(self.stages) if each is not None]
            raise ShapeError(f"stage {number} has no gradient; these have one: {', '.join(map(str, have))}")
        return found


def _most(most: int | None) -> int | None:
    """How many terms to list."""
    return None if most is None else whole(most, "most", least=0, works=10)


def _derivatives(trace: Trace, reader: Stage, number: int, cell: Index) -> Any:
    return reader.layer.derivatives(trace.values(number), reader.output, cell, reader.saved)


def _term(stage: int, index: Index, value: float, weight: float) -> Term:
    return Term(stage, index, value, weight, weight * value if weight else 0.0)


def _largest(terms: list[Term], most: int | None) -> tuple[tuple[Term, ...], tuple[int, float]]:
    """All terms, or the ``most`` with the largest products; and how many others, with their sum."""
    if most is None or len(terms) <= most:
        return tuple(terms), (0, 0.0)
    ordered = sorted(terms, key=lambda term: -abs(term.product or 0.0))
    return tuple(ordered[:most]), (len(terms) - most, exact_sum([term.product or 0.0 for term in ordered[most:]]))


def _whole(where: tuple[Any, ...], flat: int, shape: tuple[int, ...]) -> Index:
    """The full index of the cell that is number ``flat`` of the part ``where`` of an array."""
    inner = iter(np.unravel_index(flat, shape))
    rest = len(shape) - sum(isinstance(axis, slice) for axis in where)
    full = []
    for axis in (*where, *(slice(None),) * rest):
        whole = isinstance(axis, slice)
        full.append((axis.start or 0) + int(next(inner)) * (axis.step or 1) if whole else int(axis))
    return tuple(full)
