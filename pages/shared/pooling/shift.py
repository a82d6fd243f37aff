"""What a shift of the input changes: how much of a pooled map stays as it was, in numbers and in a sentence."""

from __future__ import annotations

import math
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
        share: the same over the mean of what the cells held, absolute; None where they held nothing.
        relative: ``change`` over the input's own; None where the shift changes no input cell, or where that is not
            comparable.
        sentence: what that means.
    """

    title: str
    same: int
    cells: int
    change: float
    share: float | None
    relative: float | None
    sentence: str


def measured(
    title: str, before: FloatArray, after: FloatArray, x: FloatArray, shifted: FloatArray, *, comparable: bool = True
) -> Measure:
    """Measure what a shift changed.

    Args:
        title: of what.
        before: its map of the input.
        after: of the shifted input.
        x: the input.
        shifted: the shifted input.
        comparable: whether its numbers are of the input's size; a norm's grow with its window.
    """
    # What rounding left beside the map's largest number is no change, however small all of them are.
    same = int(np.isclose(before, after, rtol=1e-9, atol=1e-12 * np.abs(before).max(initial=0)).sum())
    change, moved_by = (float(np.abs(b - a).mean()) for a, b in ((before, after), (x, shifted)))
    held = float(np.abs(before).mean())
    share, relative = (change / held if held else None), (change / moved_by if moved_by else None)
    sentence = _sentence(same, before.size, relative, own=before is x, comparable=comparable)
    return Measure(title, same, before.size, change, share, relative if comparable else None, sentence)


def _sentence(same: int, cells: int, relative: float | None, *, own: bool, comparable: bool) -> str:
    if relative is None:
        return "The shift changes no cell of the input."
    if own:
        return "What each pooling is measured by: how much a cell of the input changes."
    if same == cells:
        return "Invariant to this shift: what comes out is what came out before."
    stays = (
        "It is another number"
        if cells == 1
        else f"{f'{100 * same / cells:.1f}'.removesuffix('.0')} % of the outputs stay"
    )
    if not comparable:
        return f"{stays}; a norm's numbers are larger than the cells, so its change is not compared with theirs."
    how = f"{relative:.2f} times as much as one of the input: the shift is softened"
    if math.isclose(relative, 1, rel_tol=1e-9):
        how = "just as much as one of the input: nothing is softened"
    elif relative > 1:
        how = "more than one of the input, as its numbers are larger or the edge weighs more"
    return f"{stays}; a cell changes {how}."
