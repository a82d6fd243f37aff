"""What a shift of the input changes: how much of a pooled map stays as it was, in numbers and in a sentence."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cnn_core.shapes import padding_source
from pages.shared.experiment import FloatArray, Pair, read_only

EDGES = {
    "zeros": "zeros come in",
    "replicate": "the edge comes in again",
    "circular": "the other side comes in",
}


def sources(size: int, by: int, edge: str) -> list[int | None]:
    """Along one axis, which cell each place shows once all moved ``by`` cells on; None for a zero."""
    return [padding_source(place - by, size, edge) for place in range(size)]


def moved(x: FloatArray, by: Pair, edge: str) -> FloatArray:
    """Every plane moved down and across, ``(N, C, H, W)``; what moves out is lost."""
    out: Any = x
    for axis, step in zip((2, 3), by, strict=True):
        shown = sources(x.shape[axis], step, edge)
        taken = np.take(out, [0 if at is None else at for at in shown], axis=axis)
        keeps = np.array([at is not None for at in shown]).reshape([-1 if k == axis else 1 for k in range(4)])
        out = np.where(keeps, taken, 0.0)
    return read_only(out)


class Measure(NamedTuple):
    """How much a shift changes a map.

    Attributes:
        title: of what.
        same: cells that stay as they were, to within rounding.
        cells: of all.
        change: the mean of all cells' absolute differences.
        relative: the same over the input's own; None where the shift changes no input cell.
        sentence: all of it in words.
    """

    title: str
    same: int
    cells: int
    change: float
    relative: float | None
    sentence: str


def measured(title: str, before: FloatArray, after: FloatArray, x: FloatArray, shifted: FloatArray) -> Measure:
    """Measure what a shift changed.

    Args:
        title: of what.
        before: its map of the input.
        after: of the shifted input.
        x: the input.
        shifted: the shifted input.
    """
    same = int(np.isclose(before, after, rtol=1e-9, atol=1e-12).sum())
    change, moved_by = (float(np.abs(b - a).mean()) for a, b in ((before, after), (x, shifted)))
    relative = change / moved_by if moved_by else None
    return Measure(title, same, before.size, change, relative, _sentence(title, same, before.size, change, relative))


def _sentence(title: str, same: int, cells: int, change: float, relative: float | None) -> str:
    own = title == "No pooling"
    what = "the input" if own else "its output" if cells == 1 else "its outputs"
    if relative is None:
        return f"The shift changes no cell of the input, so {what} stays." if own else "Nothing came in that is new."
    if same == cells:
        return f"{_upper(what)} stay{'s' if cells == 1 else ''} exactly as before: invariant to this shift."
    part = f"{same:,} of {cells:,} cells show the number they showed before"
    if cells == 1:
        part = "It is another number"
    if own:
        return f"{part}; a cell changes by {change:.3g} on average. This is what each pooling is measured by."
    return f"{part}; on average a cell changes by {change:.3g}, {relative:.2f} times as much as a cell of the input."


def _upper(words: str) -> str:
    return words[0].upper() + words[1:]
