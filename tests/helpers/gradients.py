"""A directional check of gradients: one random direction at a time, so that its cost does not grow with the input."""

from collections.abc import Callable

import numpy as np


def assert_gradients(
    forward: Callable[..., np.ndarray],
    backward: Callable[..., tuple[np.ndarray, ...]],
    inputs: tuple[np.ndarray, ...],
    *,
    step: float = 1e-6,
    seed: int = 0,
) -> None:
    """Hold ``backward`` to what ``forward`` does when its inputs move a little.

    The loss is ``sum(forward(*inputs) * grad)`` for a random ``grad``; its change along a random direction in each
    input, by central differences, must be the inner product of that direction with the gradient.

    Args:
        forward: of the inputs, float64, without ties or kinks within ``step`` of them.
        backward: ``(grad, *inputs) -> gradients``, one an input.
        inputs: float64 arrays.
        step: how far to move.
        seed: of the directions.
    """
    rng = np.random.default_rng(seed)
    out = forward(*inputs)
    grad = rng.normal(size=out.shape)
    gradients = backward(grad, *inputs)
    assert len(gradients) == len(inputs)
    for place, (x, gradient) in enumerate(zip(inputs, gradients, strict=True)):
        assert gradient.shape == x.shape, place
        direction = rng.normal(size=x.shape)
        there, back = (forward(*inputs[:place], x + sign * step * direction, *inputs[place + 1 :]) for sign in (1, -1))
        measured = float(np.sum((there - back) * grad)) / (2 * step)
        promised = float(np.sum(gradient * direction))
        scale = float(np.sum(np.abs(gradient * direction))) + 1e-3
        assert abs(measured - promised) <= 1e-6 * scale, (place, measured, promised)


def distinct(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Numbers of which no two are closer than 1: nothing ties, and nothing overtakes within a small step."""
    size = int(np.prod(shape))
    return np.random.default_rng(seed).permutation(size).reshape(shape) - size / 2 + 0.25
