"""The laboratory in an address: written as what differs from the one that opens, read by carrying out edits.

The settings and inputs of layers that are not looked at are in it too: whoever opens it may go on to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Experiment, FloatArray
from pages.shared.layers.edits import apply
from pages.shared.layers.laboratory import KINDS, OWN, Laboratory, drawn_weights, prepared, sources
from pages.shared.link_code import Link, a_place, an_object, opening, unpack, whole
from pages.shared.sight import Sight, cell_edits, first_that_fits, input_told, left_out, stands_in

_OWN_WORDS = {"map": "feature map", "batch": "set of feature maps", "small": "feature map", "vector": "set of scores"}
_OTHERS = "What the layers that are not on screen have from Explore is not part of the link: it is too many numbers."
_VALUES = ("slope", "beta", "approximate", "temperature", "momentum", "p", "seed", "label")
_BY_CHANNEL = ("gamma", "shift")
_RUNNING = ("running_mean", "running_var", "steps")


def to_link(sight: Sight[Laboratory]) -> Link:
    """Write a laboratory into a link, as far as it fits."""
    attempts = ((None if its is None else its | sight.told(), missing) for its, missing in _attempts(sight.laboratory))
    return first_that_fits(attempts, "with fewer weights or scores of your own it fits")


def _attempts(laboratory: Laboratory) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """The laboratory as a link may tell it and what that leaves out, the whole of it first."""
    yield _written(laboratory), ""
    borrowed = [family for family, given in laboratory.given.items() if given.source == OWN]
    elsewhere = laboratory
    for family in borrowed:
        if family != laboratory.family:
            elsewhere = _over_worked(elsewhere, family)
    yield _written(elsewhere), _OTHERS
    family = laboratory.family
    if family in borrowed:
        missing = left_out(_OWN_WORDS[family], sources(family)["worked"])
        for rest, more in ((laboratory, ""), (elsewhere, f" {_OTHERS}")):
            told = _written(_over_worked(rest, family))
            yield None if told is None else {**told, "instead": True}, missing + more


def _over_worked(laboratory: Laboratory, family: str) -> Laboratory:
    """The same laboratory with the worked example for one family of layers."""
    there = replace(laboratory, kind=_one_of_its_layers(family)).with_given(prepared(family, "worked"))
    return replace(there, kind=laboratory.kind)


def _one_of_its_layers(family: str) -> str:
    found = next((name for name, kind in KINDS.items() if kind.family == family), None)
    if found is None:
        raise EditRefusedError("It names layers that there are not.")
    return found


def _written(laboratory: Laboratory) -> dict[str, Any] | None:
    """What tells a laboratory from the one that opens; None where one of its inputs is too much for a link."""
    plain = Laboratory()
    told: dict[str, Any] = {}
    given: dict[str, dict[str, Any]] = {}
    for family, (x, source, _) in laboratory.given.items():
        before = None if source == OWN else _planes(prepared(family, source).input)
        its = input_told(_planes(x), before, {} if source == "worked" else {"input": source})
        if its is None:
            return None
        if its:
            given[family] = its
    if given:
        told["given"] = given
    values: dict[str, Any] = {name: _plainly(laboratory, name) for name in (*_VALUES, *_BY_CHANNEL, "training", "kind")}
    told |= {name: value for name, value in values.items() if value != _plainly(plain, name)}
    running = {name: _plainly(laboratory, name) for name in _RUNNING}
    if running != {name: _plainly(plain, name) for name in _RUNNING}:
        told["running"] = running
    weight, bias = laboratory.weight, laboratory.bias
    usual = drawn_weights(len(plain.bias), weight.shape[1])
    if not np.array_equal(weight, usual) or not np.array_equal(bias, plain.bias):
        told["linear"] = {"weight": whole(weight.tolist()), "bias": whole(bias.tolist())}
    return told


def _planes(x: FloatArray) -> FloatArray:
    return x.reshape(-1, *x.shape[2:])  # (N, C, H, W) -> (N * C, H, W)


def _plainly(laboratory: Laboratory, name: str) -> Any:
    value = getattr(laboratory, name)
    return whole(value.tolist() if isinstance(value, np.ndarray) else value)


def from_link(code: str) -> Sight[Laboratory]:
    """Read a laboratory from a link's parameter.

    Raises:
        ScenarioError: with a sentence, where it cannot be opened.
    """
    with opening("link"):
        told = unpack(code)
        laboratory = Laboratory()
        for edit in _edits(told):
            laboratory = apply(laboratory, edit, Experiment())
        family = laboratory.family
        instead = stands_in(_OWN_WORDS[family], sources(family)[laboratory.source])
        return Sight(laboratory, a_place(told.get("pin")), notice=instead if told.get("instead") is True else "")


def _edits(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The edits that lead from the laboratory that opens to the one that is told."""
    for family, given in an_object(told.get("given", {})).items():
        its = an_object(given)
        yield {"op": "kind", "value": _one_of_its_layers(family)}
        if "own" in its:
            yield {"op": "given", **an_object(its["own"])}
        elif its.get("input") == OWN:
            raise EditRefusedError("It names an input from Explore and does not bring it.")
        elif "input" in its:
            yield {"op": "input", "value": its["input"]}
        yield from cell_edits(its)
    if "linear" in told:
        yield {"op": "linear", **an_object(told["linear"])}
    if "running" in told:
        yield {"op": "running", **an_object(told["running"])}
    for name in _VALUES:
        if name in told:
            yield {"op": name, "value": told[name]}
    for name in _BY_CHANNEL:
        if name in told:
            yield {"op": name, "values": told[name]}
    if told.get("training") is False:
        yield {"op": "training", "value": "inference"}
    # Last, and said even of the layer that opens: the inputs above led through others.
    yield {"op": "kind", "value": told.get("kind", Laboratory().kind)}
