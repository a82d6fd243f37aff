"""Optimisers: from gradients to the next parameters, by PyTorch's update rules."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from cnn_core.errors import ModelError, ShapeError, shown
from cnn_core.gradients import Gradients
from cnn_core.network import Sequential
from cnn_core.ops._arrays import Array, real
from cnn_core.settings import setting


class Optimizer(ABC):
    """Moves the parameters of one network, in place, and remembers what its rule needs from step to step.

    Attributes:
        network: whose parameters it moves.
        lr: the learning rate; may be set between steps.
        weight_decay: how much of each parameter is added to its gradient.
        steps: how many were taken.
    """

    def __init__(self, network: Sequential, lr: float, weight_decay: float) -> None:
        if not isinstance(network, Sequential):
            raise ModelError(f"an optimiser moves the parameters of a Sequential, got {type(network).__name__}")
        if not network.params():
            raise ModelError("this network has nothing to learn: no layer of it has parameters; a Linear layer has")
        self.network = network
        self.lr = _setting(lr, "lr", works=0.01)
        self.weight_decay = _setting(weight_decay, "weight_decay", works=0)
        self.steps = 0

    def step(self, gradients: Gradients) -> None:
        """Move every parameter once.

        Args:
            gradients: from ``network.backward``; not written to.

        Raises:
            ModelError: where they are no gradients, or a parameter's is missing.
            ShapeError: where one is not of its parameter's shape.
        """
        given = getattr(gradients, "params", None)
        if not isinstance(given, dict):
            raise ModelError(
                f"step takes what network.backward returns, got {type(gradients).__name__}; "
                "network.backward(trace, grad) works"
            )
        params = self.network.params()
        # Everything is checked before anything moves, so that a refusal leaves the network as it was.
        if set(given) != set(params):
            odd = sorted(set(given) ^ set(params))
            raise ModelError(
                f"these gradients are of another network: {odd[0]!r} is only on one side; what this network's backward "
                "returns works"
            )
        given = {name: real(array, f"the gradient of {name}") for name, array in given.items()}
        for name, param in params.items():
            if given[name].shape != param.shape:
                raise ShapeError(
                    f"the gradient of {name} must have shape {param.shape}, got {given[name].shape}; what "
                    "network.backward returns works"
                )
        self.steps += 1
        with np.errstate(invalid="ignore", over="ignore"):
            for name, param in params.items():
                grad = given[name]
                if self.weight_decay:
                    grad = grad + self.weight_decay * param
                self._move(name, param, grad)

    @abstractmethod
    def _move(self, name: str, param: Array, grad: Array) -> None:
        """Move one parameter in place; ``grad`` is not to be written to."""


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as PyTorch writes it.

    ``v = momentum * v + g`` (``v = g`` at first), ``p = p - lr * v``, where ``g`` is the gradient plus
    ``weight_decay * p`` (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013;
    PyTorch leaves ``lr`` out of ``v``).

    Args:
        network: whose parameters are moved.
        lr: the learning rate, 0 or more.
        momentum: how much of the last direction stays, 0 or more.
        weight_decay: how much of each parameter is added to its gradient, 0 or more.

    Raises:
        ModelError: where the network has nothing to learn, or a setting is of no such form.
    """

    def __init__(self, network: Sequential, lr: float, momentum: float = 0, weight_decay: float = 0) -> None:
        super().__init__(network, lr, weight_decay)
        self.momentum = _setting(momentum, "momentum", works=0.9)
        self._direction: dict[str, Array] = {}

    def _move(self, name: str, param: Array, grad: Array) -> None:
        if self.momentum:
            direction = self._direction.get(name)
            if direction is None:
                direction = self._direction[name] = grad.copy()
            else:
                direction *= self.momentum
                direction += grad
            grad = direction
        param -= self.lr * grad


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (Kingma and Ba, "Adam", 2015, algorithm 1).

    ``m = b1 * m + (1 - b1) * g``, ``v = b2 * v + (1 - b2) * g**2``, and at step t
    ``p = p - lr / (1 - b1**t) * m / (sqrt(v) / sqrt(1 - b2**t) + eps)``; ``weight_decay * p`` is part of ``g``, as in
    PyTorch's Adam (and unlike AdamW).

    Args:
        network: whose parameters are moved.
        lr: the learning rate, 0 or more.
        betas: ``(b1, b2)``, each from 0 to below 1.
        eps: added to the divisor, 0 or more.
        weight_decay: how much of each parameter is added to its gradient, 0 or more.

    Raises:
        ModelError: where the network has nothing to learn, or a setting is of no such form.
    """

    def __init__(
        self,
        network: Sequential,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(network, lr, weight_decay)
        try:
            first, second = betas
        except (TypeError, ValueError) as error:
            raise ModelError(f"betas must be two numbers, got {shown(betas)}; betas=(0.9, 0.999) works") from error
        self.betas = (_setting(first, "betas", works=0.9, below=1), _setting(second, "betas", works=0.999, below=1))
        self.eps = _setting(eps, "eps", works=1e-8)
        self._means: dict[str, Array] = {}
        self._squares: dict[str, Array] = {}

    def _move(self, name: str, param: Array, grad: Array) -> None:
        first, second = self.betas
        if name not in self._means:
            self._means[name], self._squares[name] = np.zeros_like(grad), np.zeros_like(grad)
        mean, square = self._means[name], self._squares[name]
        mean *= first
        mean += (1 - first) * grad
        square *= second
        square += (1 - second) * np.square(grad)
        divisor = np.sqrt(square)
        divisor /= math.sqrt(1 - second**self.steps)
        divisor += self.eps
        np.divide(mean, divisor, out=divisor)
        divisor *= self.lr / (1 - first**self.steps)
        param -= divisor


def _setting(value: Any, name: str, *, works: float, below: float = math.inf) -> float:
    """A setting as a number from 0 to below a limit."""
    return setting(value, name, works=works, least=0, below=below, error=ModelError)
