"""The laboratory in an address: written as what differs from the one that opens, read by carrying out edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import (
    SIDE_LARGEST,
    SOURCES,
    Laboratory,
    Taken,
    given,
    misfit,
)
from pages.shared.convolution.written import unheard, written
from pages.shared.experiment import Experiment, FloatArray
from pages.shared.from_explore import OWN, input_of
from pages.shared.link_code import Link, a_place, an_object, opening, unpack
from pages.shared.scenario import of_sample
from pages.shared.sight import Sight, cell_edits, first_that_fits, input_told, left_out

_CHANGED = "What was changed in the input by hand is not part of the link: it is too many numbers."
_KNOWN = (
    *("operation", "kept", "relu", "exact", "pin", "output"),
    *("input", "sample", "own", "channels", "cells", "own_picture"),
)
_FEWER = "with smaller kernels, or fewer channels, it fits"


def to_link(sight: Sight[Laboratory]) -> Link:
    """Write a laboratory into a link, as far as it fits."""
    laboratory = sight.laboratory
    told: dict[str, Any] = {}
    if operation := written(laboratory.operation):
        told["operation"] = operation
    if laboratory.kept is not None:
        told["kept"] = written(laboratory.kept)
    told |= {name: True for name in ("relu", "exact") if getattr(laboratory, name)}
    told |= sight.told()
    attempts = ((None if inputs is None else told | inputs, missing) for inputs, missing in _inputs(laboratory))
    return first_that_fits(attempts, _FEWER)


def _inputs(laboratory: Laboratory) -> Iterator[tuple[dict[str, Any] | None, str]]:
    """The input as a link may tell it and what that leaves out, the whole of it first."""
    planes, source = laboratory.input, laboratory.source
    if source == OWN and laboratory.taken is None:
        yield input_told(planes, None, {}), ""
        yield from _stand_ins(laboratory)
        return
    if laboratory.taken is not None:
        told: dict[str, Any] = {"sample": laboratory.taken._asdict()}
        before = _sampled(laboratory.taken)
        usual = before.shape[0]
    else:
        told, before = {} if source == "worked" else {"input": source}, given(source, laboratory.channels)
        usual = Laboratory().channels
    if laboratory.channels != usual:
        told["channels"] = laboratory.channels
    yield input_told(planes, before[: laboratory.channels], told), ""
    yield told, _CHANGED


def _stand_ins(laboratory: Laboratory) -> Iterator[tuple[dict[str, Any], str]]:
    """Prepared inputs that the convolution fits, in the place of one that a link cannot carry."""
    operations = [laboratory.operation, *([laboratory.kept] if laboratory.kept else [])]
    for source, title in SOURCES.items():
        if source == OWN:
            continue
        plane = (given(source, 1).shape[1], given(source, 1).shape[2])
        if all(misfit(plane, operation) is None for operation in operations):
            told = {"input": source, "channels": laboratory.channels, "own_picture": True}
            yield told, left_out("input", title)


@lru_cache(maxsize=4)
def _sampled(taken: Taken) -> FloatArray:
    return input_of(of_sample(taken._asdict()), SIDE_LARGEST)


def from_link(code: str) -> Sight[Laboratory]:
    """Read a laboratory from a link's parameter.

    Raises:
        ScenarioError: with a sentence, where it cannot be opened.
    """
    with opening("link"):
        told = unpack(code)
        laboratory = Laboratory()
        experiment = of_sample(an_object(told["sample"])) if "sample" in told else Experiment()
        for edit in _edits(told):
            laboratory = apply(laboratory, edit, experiment)
        output = told.get("output", 0)
        shown = output if type(output) is int and 0 <= output < laboratory.operation.outputs else 0
        notice = ""
        if told.get("own_picture") is True:
            stand_in = SOURCES[laboratory.source]
            notice = (
                f"This link was made over an input that it cannot carry: here is its convolution over “{stand_in}”."
            )
        notice = " ".join(filter(None, (notice, _passed_over(told))))
        return Sight(laboratory, a_place(told.get("pin")), shown, notice)


def _passed_over(told: Mapping[str, Any]) -> str:
    """That a link sets what there is not, as a sentence, or ""."""
    names = [name for name in told if name not in _KNOWN]
    names += [name for each in ("operation", "kept") for name in unheard(told.get(each, {}))]
    if not names:
        return ""
    shown = ", ".join(f"“{' '.join(name.split())[:40]}”" for name in names[:3]) + " and more" * (len(names) > 3)
    return (
        f"The link sets {shown}, which this laboratory does not know: all else is here. "
        "“Copy link” writes one with every setting."
    )


def _edits(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The edits that lead from the laboratory that opens to the one that is told."""
    # Numbers may be given after it that are no fractions. A kernel of one weight fits any input.
    edits: list[dict[str, Any]] = [
        {"op": "exact", "value": told.get("exact") is True},
        {"op": "kernel_size", "value": 1},
    ]
    if "own" in told:
        edits.append({"op": "planes", **an_object(told["own"])})
    elif "sample" in told:
        edits.append({"op": "input", "value": OWN})
    elif "input" in told:
        edits.append({"op": "input", "value": told["input"]})
    if "channels" in told:
        edits.append({"op": "channels", "value": told["channels"]})
    edits += cell_edits(told)
    if "kept" in told:
        edits += [{"op": "operation", "value": an_object(told["kept"])}, {"op": "keep"}]
    edits.append({"op": "operation", "value": an_object(told.get("operation", {}))})
    return [*edits, {"op": "relu", "value": told.get("relu") is True}]
