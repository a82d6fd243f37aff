"""What an editable grid can be filled with at one press, patterns or what is drawn by lot."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

HIGHEST = 9.0  # one digit a cell keeps hand calculation easy
_TRIES = 20  # each may draw what is there, one weight of seven with a chance of 1 in 7


def _noise(rows: int, columns: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).integers(0, int(HIGHEST) + 1, (rows, columns)).astype(np.float64)


def _gradient(rows: int, columns: int, _seed: int) -> FloatArray:
    return np.rint(np.broadcast_to(np.linspace(0, HIGHEST, columns), (rows, columns)))


def _step(rows: int, columns: int, _seed: int) -> FloatArray:
    return np.where(np.broadcast_to(np.arange(columns), (rows, columns)) < (columns + 1) // 2, HIGHEST, 0.0)


def _checkerboard(rows: int, columns: int, _seed: int) -> FloatArray:
    return np.where(np.add.outer(np.arange(rows), np.arange(columns)) % 2 == 0, HIGHEST, 0.0)


def _from_middle(rows: int, columns: int) -> tuple[FloatArray, FloatArray]:
    """Each cell's place down and across, -1 to 1 over the shorter side."""
    half = max(1, min(rows, columns)) / 2
    down = (np.arange(rows) - (rows - 1) / 2) / half
    across = (np.arange(columns) - (columns - 1) / 2) / half
    return np.broadcast_to(down[:, None], (rows, columns)), np.broadcast_to(across, (rows, columns))


def _disc(rows: int, columns: int, _seed: int) -> FloatArray:
    down, across = _from_middle(rows, columns)
    return np.where(down**2 + across**2 <= 0.7**2, HIGHEST, 0.0)


def _square(rows: int, columns: int, _seed: int) -> FloatArray:
    down, across = _from_middle(rows, columns)
    return np.where(np.maximum(abs(down), abs(across)) <= 0.6, HIGHEST, 0.0)


def _cross(rows: int, columns: int, _seed: int) -> FloatArray:
    down, across = _from_middle(rows, columns)
    return np.where(np.minimum(abs(down), abs(across)) <= 0.2, HIGHEST, 0.0)


def _diagonal(rows: int, columns: int, _seed: int) -> FloatArray:
    down, across = _from_middle(rows, columns)
    return np.where(abs(down - across) <= 2 / max(1, min(rows, columns)), HIGHEST, 0.0)


_PATTERNS: dict[str, tuple[str, Callable[[int, int, int], FloatArray]]] = {
    "noise": ("Noise", _noise),
    "gradient": ("Gradient", _gradient),
    "step": ("Step edge", _step),
    "checkerboard": ("Checkerboard", _checkerboard),
    "disc": ("Disc", _disc),
    "square": ("Square", _square),
    "cross": ("Cross", _cross),
    "diagonal": ("Diagonal line", _diagonal),
}


def names() -> tuple[str, ...]:
    """The patterns' ids, in menu order."""
    return tuple(_PATTERNS)


def title(name: str) -> str:
    """What the screen calls a pattern."""
    return _PATTERNS[name][0]


def draw(name: str, rows: int, columns: int, *, seed: int = 0) -> FloatArray:
    """A pattern of whole numbers from 0 to 9, ``(rows, columns)``.

    Args:
        name: one of :func:`names`.
        rows: at least 1.
        columns: at least 1.
        seed: of the noise; the others ignore it.
    """
    return np.array(_PATTERNS[name][1](rows, columns, seed))


def another(old: FloatArray, draw_by: Callable[[np.random.Generator], FloatArray]) -> FloatArray:
    """What is drawn by lot and is not what was there: at a press something is seen to happen.

    The same again when it is undone and pressed again, as the seed is made of all that was there. A sum of the numbers
    would not do: few sums there are, and they lead in a small circle.

    Args:
        old: what was there.
        draw_by: draws numbers of that shape.
    """
    seed = zlib.crc32(old.tobytes())
    drawn = old
    for attempt in range(_TRIES):
        drawn = draw_by(np.random.default_rng((seed, attempt)))
        if not np.array_equal(drawn, old):
            break
    return drawn
