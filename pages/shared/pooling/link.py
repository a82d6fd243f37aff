"""The laboratory in an address: written as what differs from the one that opens, read by carrying out edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

import numpy as np

from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Pair
from pages.shared.from_explore import FEATURES, OWN
from pages.shared.link_code import Link, a_place, an_object, opening, unpack, whole
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import SOURCES, Laboratory, Settings, given, misfit
from pages.shared.sight import Sight, cell_edits, first_that_fits, input_told, left_out, stands_in

FIRST_CELL: Pair = (0, 1)
_OWN_WORDS = {OWN: "input", FEATURES: "feature map"}
_CHOICES = ("mode", "target", "edge")


@dataclass(frozen=True)
class PoolingSight(Sight[Laboratory]):
    """The pooling laboratory and where the eye was on it.

    Attributes:
        cell: the output cell that gradients are of, where they are of one: what was pinned last among the outputs.
    """

    cell: Pair = FIRST_CELL

    def told(self) -> dict[str, Any]:
        """Where the eye was, as a link tells it."""
        return super().told() | ({"cell": list(self.cell)} if self.cell != FIRST_CELL else {})


def to_link(sight: Sight[Laboratory]) -> Link:
    """Write a laboratory into a link, as far as it fits."""
    attempts = ((None if its is None else sight.told() | its, missing) for its, missing in _attempts(sight.laboratory))
    return first_that_fits(attempts, "with fewer gradients of your own it fits")


def _attempts(laboratory: Laboratory) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """The laboratory as a link may tell it and what that leaves out, the whole of it first."""
    yield _written(laboratory), ""
    own = _OWN_WORDS.get(laboratory.source)
    for source, title in SOURCES.items():
        if own is not None and source not in _OWN_WORDS and misfit(given(source).shape, laboratory.window) is None:
            over = _written(replace(laboratory, input=given(source), source=source))
            yield None if over is None else {**over, "instead": own}, left_out(own, title)


def _written(laboratory: Laboratory) -> dict[str, Any] | None:
    """What tells a laboratory from the one that opens; None where its input is too much for a link."""
    plain, source = Laboratory(), laboratory.source
    own = source in _OWN_WORDS
    named = {} if source == plain.source else {"input": source}
    told = input_told(laboratory.input[None], None if own else given(source)[None], named)
    if told is None:
        return None
    window, usual = asdict(laboratory.window), asdict(plain.window)
    if laboratory.window != plain.window:
        told["window"] = {name: value for name, value in window.items() if value != usual[name]}
    told |= {name: getattr(laboratory, name) for name in _CHOICES if getattr(laboratory, name) != getattr(plain, name)}
    if laboratory.shift != plain.shift:
        told["shift"] = list(laboratory.shift)
    if not np.array_equal(laboratory.upstream, plain.upstream):
        told["upstream"] = whole(laboratory.upstream.tolist())
    return told


def from_link(code: str) -> PoolingSight:
    """Read a laboratory from a link's parameter.

    Raises:
        ScenarioError: with a sentence, where it cannot be opened.
    """
    with opening("link"):
        told = unpack(code)
        laboratory = Laboratory()
        for edit in _edits(told):
            laboratory = apply(laboratory, edit, _not_here)
        notice = ""
        if told.get("instead") in _OWN_WORDS.values():
            notice = stands_in(told["instead"], SOURCES[laboratory.source])
        # A place of one number each for stage, down and across, as a pinned cell is told.
        at = a_place([0, *told["cell"]]) if isinstance(told.get("cell"), list) else None
        cell = (at[1][0], at[1][1]) if at is not None and len(at[1]) == 2 else FIRST_CELL
        return PoolingSight(laboratory, a_place(told.get("pin")), notice=notice, cell=cell)


def _not_here(_name: str) -> NoReturn:
    raise EditRefusedError("It names an input from Explore and does not bring it.")


def _edits(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The edits that lead from the laboratory that opens to the one that is told."""
    # A window of one cell fits any input.
    edits: list[dict[str, Any]] = [{"op": "kernel_size", "value": 1}]
    if "own" in told:
        edits.append({"op": "plane", "source": told["input"], **an_object(told["own"])})
    elif "input" in told:
        edits.append({"op": "input", "value": told["input"]})
    edits += cell_edits(told)
    edits.append({"op": "window", "value": asdict(Settings()) | an_object(told.get("window", {}))})
    if "upstream" in told:
        edits.append({"op": "gradient", "planes": [told["upstream"]]})
    return [*edits, *({"op": name, "value": told[name]} for name in (*_CHOICES, "shift") if name in told)]
