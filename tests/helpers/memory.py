"""How much memory a call takes."""

import tracemalloc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def held(call: Callable[..., T], *given: object) -> tuple[T, int]:
    """What a call gives, and the most bytes that it held at a time: those of what it gives are among them."""
    tracemalloc.start()
    try:
        made = call(*given)
        return made, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def beyond(call: Callable[..., T], *given: object) -> int:
    """The bytes that a call which gives one array held at most, less the array's."""
    made, most = held(call, *given)
    return most - made.nbytes  # type: ignore[attr-defined]
