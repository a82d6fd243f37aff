"""Which module puts which kind of layer on screen."""

from __future__ import annotations

from collections.abc import Callable

from pages.shared.layers import activation, batch_norm, cross_entropy, dropout, linear, softmax
from pages.shared.layers.laboratory import ACTIVATIONS, Laboratory
from pages.shared.layers.screen import Screen

_SCREENS: dict[str, Callable[[Laboratory], Screen]] = {
    **dict.fromkeys(ACTIVATIONS, activation.screen),
    "softmax": softmax.screen,
    "batch_norm": batch_norm.screen,
    "dropout": dropout.screen,
    "linear": linear.screen,
    "cross_entropy": cross_entropy.screen,
}


def screen(laboratory: Laboratory) -> Screen:
    """The layer that is looked at, carried out and described."""
    return _SCREENS[laboratory.kind](laboratory)
