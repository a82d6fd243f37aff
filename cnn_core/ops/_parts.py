"""How much to do at a time: parts as even as can be, and numbers that fill whole lines of memory."""

from __future__ import annotations

from cnn_core.ops._memory import LINE

# Numbers of single precision in a line of memory.
LINE_NUMBERS = LINE // 4


def evenly(count: int, most: int) -> int:
    """How many of ``count`` to do at a time, no more than so many, in parts as even as can be."""
    return -(-count // -(-count // most))


def even_part(count: int, wanted: int) -> int:
    """How many of ``count`` to do at a time, about so many, in parts as even as can be.

    A part more is made where it leaves no smaller one, which has views of its own to be found: 3 to 10 µs.
    """
    parts = max(1, round(count / max(1, wanted)))
    return -(-count // next((some for some in (parts, parts + 1) if count % some == 0), parts))


def whole_lines(count: int) -> int:
    """So many numbers, and more until they fill whole lines of memory."""
    return -(-count // LINE_NUMBERS) * LINE_NUMBERS
