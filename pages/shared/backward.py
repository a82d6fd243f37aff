"""What a score, a probability, the loss or any one cell depends on: the gradients behind the maps of a chain."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from cnn_core import Gradients, cross_entropy
from cnn_core.digits import written
from pages.shared.chain import Chain

_KINDS = ("score", "probability", "loss")


class Target(NamedTuple):
    """What is asked how it would change.

    Attributes:
        kind: ``"score"``, ``"probability"``, ``"loss"`` or ``"cell"``.
        number: of the class; of the loss, the class that would have been right; of a cell, its stage.
        cell: its index, batch included.
    """

    kind: str
    number: int
    cell: tuple[int, ...] = ()

    @property
    def code(self) -> str:
        """The target as a component sends it: ``"score:0"``, ``"cell:1:0,0,2,3"``."""
        index = ",".join(map(str, self.cell))
        return f"{self.kind}:{self.number}" + (f":{index}" if index else "")


_CODE = re.compile(r"(score|probability|loss):(\d{1,2})|(cell):(\d):(\d{1,7}(?:,\d{1,7}){1,3})")


def parse(code: object) -> Target | None:
    """A target from what a component sends, None for anything else."""
    found = _CODE.fullmatch(code) if isinstance(code, str) else None
    if found is None:
        return None
    if found[3]:
        return Target("cell", int(found[4]), tuple(map(int, found[5].split(","))))
    return Target(found[1], int(found[2]))


def holds(chain: Chain, target: Target) -> bool:
    """Whether a chain can be asked about a target."""
    if target.kind != "cell":
        return target in targets(chain)
    if target.number >= len(chain.trace.stages):
        return False
    shape = chain.trace.stages[target.number].output.shape
    return len(shape) == len(target.cell) and all(at < size for at, size in zip(target.cell, shape, strict=True))


def targets(chain: Chain) -> list[Target]:
    """The classes' targets that a chain can be asked about: none, where it stops before its scores."""
    if chain.problem is not None:
        return []
    experiment = chain.experiment
    # The loss that is taught with softmax; sigmoid's has no one right class.
    kinds = _KINDS if experiment.head == "softmax" else _KINDS[:2]
    return [Target(kind, number) for kind in kinds for number in range(experiment.classes)]


def title(chain: Chain, target: Target) -> str:
    """What a target is called: "score A", "probability B", "loss (class C)", "Feature map [0, 1]"."""
    if target.kind == "cell":
        at = target.cell[2:] or target.cell[1:]
        view, stage = chain.steps[target.number].view, chain.steps[target.number].title
        if view in ("scores", "probabilities"):
            return f"{stage} {chain.experiment.class_name(at[0])}"
        return f"{stage} [{', '.join(map(str, at))}]"
    name = chain.experiment.class_name(target.number)
    return f"loss (class {name})" if target.kind == "loss" else f"{target.kind} {name}"


def loss(chain: Chain, target: Target | None) -> str:
    """The loss that gradients are of, in two lines; "" where they are of something else."""
    if target is None or target.kind != "loss":
        return ""
    value, _ = cross_entropy(chain.trace.stages[_stage(chain, "scores")].output, np.array([target.number]))
    return (
        f"loss {written(value, 4).replace('-', '−')}\n−log, to base e, of {chain.experiment.class_name(target.number)}"
    )


def gradients(chain: Chain, target: Target) -> Gradients:
    """How the target changes with every cell and every weight of a chain that runs to its end.

    The loss is cross-entropy over the scores.
    """
    if target.kind == "cell":
        grad = np.zeros_like(chain.trace.stages[target.number].output)
        grad[target.cell] = 1.0
        return chain.network.backward(chain.trace, grad, stage=target.number)
    stage = _stage(chain, "probabilities" if target.kind == "probability" else "scores")
    output = chain.trace.stages[stage].output
    if target.kind == "loss":
        _, grad = cross_entropy(output, np.array([target.number]))
    else:
        grad = np.zeros_like(output)
        grad[0, target.number] = 1.0
    return chain.network.backward(chain.trace, grad, stage=stage)


def _stage(chain: Chain, view: str) -> int:
    """The number of the stage that a view shows."""
    return [step.view for step in chain.steps].index(view)
