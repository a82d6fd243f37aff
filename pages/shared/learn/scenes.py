"""What is on screen when a step opens, made by the same edits that a visitor makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pages.shared.backward import Target
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.scenario import Pin, Scenario

Edits = tuple[Mapping[str, Any], ...]

KERNEL = ("input", "kernel", "conv")
RELU = (*KERNEL, "activation")
POOL = (*RELU, "pool")


def scene(*edits: Mapping[str, Any], pin: Pin | None = None, output: int = 0, target: Target | None = None) -> Scenario:
    """The page as it opens, after ``edits``."""
    experiment = Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return Scenario(experiment, pin, output, target)


def grid(rows: list[list[float]]) -> dict[str, Any]:
    """These numbers as the input."""
    return {"op": "grid", "value": rows}


def pattern(name: str, side: int) -> dict[str, Any]:
    """A square grid with a pattern on it."""
    return several({"op": "rows", "value": side}, {"op": "columns", "value": side}, {"op": "pattern", "value": name})


def photo(name: str, side: int, colour: str = "grey") -> dict[str, Any]:
    """A sample picture as the input, its longer side so many cells."""
    told = (("sample", name), ("photo_size", side), ("colour", colour))
    return several(*({"op": op, "value": value} for op, value in told))


def kernel(*planes: list[list[float]]) -> dict[str, Any]:
    """A bank of one kernel for each plane of weights."""
    return {"op": "bank", "value": [[plane] for plane in planes]}


def setting(name: str, value: Any) -> dict[str, Any]:
    """A setting of the chain."""
    return {"op": name, "value": value}


def several(*edits: Mapping[str, Any]) -> dict[str, Any]:
    """Edits that belong together."""
    return {"op": "several", "edits": list(edits)}


def dot(rows: int, columns: int, row: int, column: int) -> list[list[float]]:
    """Noughts, and one 9."""
    return [[9.0 if (i, j) == (row, column) else 0.0 for j in range(columns)] for i in range(rows)]


AS_IS = kernel([[1.0]])
"""A kernel of one weight that leaves the input as it is."""
