"""Dropout: the identity, but while a network learns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.layers.base import Elementwise
from cnn_core.ops import dropout
from cnn_core.ops._arrays import Array, gradient, real
from cnn_core.trace import Index, Sources


class Dropout(Elementwise):
    """In training, drop each number at random and scale up the others; otherwise pass everything on as it is.

    Args:
        p: the probability that a number is dropped, from 0 to 1; the others are divided by ``1 - p``.

    Raises:
        ModelError: where ``p`` is no probability.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = dropout.probability(p)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"p": self.p}

    def forward(self, x: npt.ArrayLike) -> Array:
        """Any shape, kept: the very numbers that came in."""
        return real(x, "x")

    def run(
        self, x: npt.ArrayLike, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        """Any shape, kept; saved is the mask in training, else None.

        Raises:
            ModelError: in training without ``rng``: what is drawn at random is drawn from a seed that was chosen.
        """
        if not training or self.p == 0:
            return self.forward(x), None
        if rng is None:
            raise ModelError(f"{self!r} draws at random in training and needs rng, a seed or generator; rng=0 works")
        return dropout.dropout(x, self.p, rng)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradient where nothing was dropped."""
        return gradient(grad, output.shape) if saved is None else dropout.dropout_backward(grad, saved), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place, with what the mask made of it as its weight: 1 at inference."""
        return Sources((index,), (1.0 if saved is None else float(saved[index]),))
