"""Answers to questions about geometry, kept: a network asks the same ones at every step.

To check a convolution's settings takes 4.5 µs, to find them remembered 0.8; 8×8 cells are convolved in 11 in all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

# Questions kept: one each for a layer and an input's shape.
KEPT_MOST = 1024


def remembered(check: Callable[P, R]) -> Callable[P, R]:
    """A ``check`` that answers from memory what it was asked before; an error it raises is raised each time anew.

    Only what is asked in whole numbers, strings and tuples of these is kept: others may be equal to a whole number
    and yet be refused, as ``(1.0, 1)`` is, or change, as a list does.
    """
    kept = cast(Callable[P, R], lru_cache(maxsize=KEPT_MOST, typed=True)(check))

    @wraps(check)
    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        plain = not kwargs and _PLAIN.issuperset(map(type, args)) and _whole(args)
        return (kept if plain else check)(*args, **kwargs)

    return ask


# ``lru_cache`` tells these apart by their types where they are arguments, though not within tuples: 1 and True.
_PLAIN: frozenset[type] = frozenset({int, str, bool, tuple, type(None)})
_INT = frozenset({int})
_WHOLE = frozenset({int, tuple})


def _whole(items: tuple[Any, ...]) -> bool:
    """Whether there are only whole numbers in the tuples among these, and in the tuples in them."""
    for item in items:
        if type(item) is not tuple or _INT.issuperset(map(type, item)):  # nearly always
            continue
        if not _WHOLE.issuperset(map(type, item)) or not _whole(item):
            return False
    return True
