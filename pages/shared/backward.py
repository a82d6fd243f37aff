"""What a score, a probability or the loss depends on: the gradients behind the maps of a chain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core import Gradients, cross_entropy
from pages.shared.chain import Chain

_KINDS = ("score", "probability", "loss")


class Target(NamedTuple):
    """What is asked how it would change.

    Attributes:
        kind: ``"score"``, ``"probability"`` or ``"loss"``.
        number: of the class; of the loss, the class that would have been right.
    """

    kind: str
    number: int

    @property
    def code(self) -> str:
        """The target as a component sends it."""
        return f"{self.kind}:{self.number}"


def parse(code: object) -> Target | None:
    """A target from what a component sends, None for anything else."""
    kind, _, number = str(code or "").partition(":")
    return Target(kind, int(number)) if kind in _KINDS and number.isdecimal() and len(number) < 3 else None


def targets(chain: Chain) -> list[Target]:
    """All that a chain can be asked about: nothing, where it stops before its scores."""
    if chain.problem is not None:
        return []
    experiment = chain.experiment
    # The loss that is taught with softmax; sigmoid's has no one right class.
    kinds = _KINDS if experiment.head == "softmax" else _KINDS[:2]
    return [Target(kind, number) for kind in kinds for number in range(experiment.classes)]


def title(chain: Chain, target: Target) -> str:
    """What a target is called: "score A", "probability B", "loss if C is right"."""
    name = chain.experiment.class_name(target.number)
    return f"loss if {name} is right" if target.kind == "loss" else f"{target.kind} {name}"


def gradients(chain: Chain, target: Target) -> Gradients:
    """How the target changes with every cell and every weight of a chain that runs to its end.

    The loss is cross-entropy over the scores.
    """
    views = [step.view for step in chain.steps]
    stage = views.index("probabilities" if target.kind == "probability" else "scores")
    output = chain.trace.stages[stage].output
    if target.kind == "loss":
        _, grad = cross_entropy(output, np.array([target.number]))
    else:
        grad = np.zeros_like(output)
        grad[0, target.number] = 1.0
    return chain.network.backward(chain.trace, grad, stage=stage)
