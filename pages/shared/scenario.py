"""An experiment written down: short enough for a link, or whole, with its picture, in a file.

What is written is the list of settings that differ from those the page opens with. Reading one back is carrying out
edits, so that a link or a file can do nothing that a visitor could not, and is checked by the same rules.
"""

from __future__ import annotations

import base64
import io
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from pages.shared import samples
from pages.shared.backward import Target, parse
from pages.shared.describe import kernel_label
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, read_only
from pages.shared.link_code import (
    Link,
    ScenarioError,
    Zoom,
    a_place,
    a_zoom,
    an_object,
    of_version,
    opening,
    pack,
    unpack,
    whole,
)
from pages.shared.photo import LARGEST, THINNEST, Photo

VERSION = 1
_PICTURE_MOST = 8 * 3 * LARGEST * LARGEST  # bytes of a working copy
_OWN_PICTURE = (
    "This link was made over a picture that it cannot carry: here are its kernel and settings, over the worked grid."
)
_NONE_OF_OURS = "This JSON file is neither a scenario nor a kernel that Kernelscope wrote."

Pin = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Scenario:
    """An experiment and where the eye was on it.

    Attributes:
        experiment: what was computed.
        pin: the pinned cell, or None for the first one.
        output: which kernel's maps were looked at.
        target: of what gradients were shown, or None for values.
        zoom: how close the maps were looked at, or None for whole ones.
        notice: what whoever opens it should know, or "".
    """

    experiment: Experiment
    pin: Pin | None = None
    output: int = 0
    target: Target | None = None
    zoom: Zoom | None = None
    notice: str = ""


# ---- settings ----------------------------------------------------------------------------------------------------

# Each setting's edit and how its value is read off an experiment, in the order in which they are carried out.
_SETTINGS: dict[str, Any] = {
    "grid": lambda e: e.grid.tolist(),
    "bank": lambda e: e.bank.tolist(),
    "kernel_names": lambda e: list(e.kernel_names),
    "biases": lambda e: e.bias.tolist(),
    "stride": lambda e: list(e.stride),
    "dilation": lambda e: list(e.dilation),
    "padding": lambda e: e.padding if isinstance(e.padding, str) else [list(axis) for axis in e.padding],
    "activation": lambda e: e.activation,
    "slope": lambda e: e.slope,
    "pooling": lambda e: e.pooling,
    "pool_size": lambda e: list(e.pool_size),
    "pool_stride": lambda e: list(e.pool_stride),
    "pool_padding": lambda e: list(e.pool_padding),
    "classes": lambda e: e.classes,
    "class_names": lambda e: list(e.class_names),
    "head": lambda e: e.head,
    "seed": lambda e: e.seed,
}


def _settings(experiment: Experiment) -> dict[str, Any]:
    plain = Experiment()
    told: dict[str, Any] = {}
    for name, read in _SETTINGS.items():
        value = read(experiment)
        if value != read(plain):
            told[name] = whole(value)
    if experiment.dense:
        cells = [[number, feature, value] for (number, feature), value in experiment.dense.items()]
        told["dense"] = {"features": experiment.dense_features, "cells": cells}
    if experiment.dense_bias:
        told["dense_bias"] = {"cells": [[number, value] for number, value in experiment.dense_bias.items()]}
    return told


def _carry_out(settings: Mapping[str, Any], experiment: Experiment) -> Experiment:
    for name in (*_SETTINGS, "dense", "dense_bias"):
        if name in settings:
            value = settings[name]
            edit = {"op": name, **value} if name.startswith("dense") else {"op": name, "value": value}
            experiment = apply(experiment, edit)
    return experiment


def _eye(scenario: Scenario) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if scenario.pin is not None:
        told["pin"] = [scenario.pin[0], *scenario.pin[1]]
    if scenario.output:
        told["output"] = scenario.output
    if scenario.target is not None:
        told["target"] = scenario.target.code
    if scenario.zoom is not None:
        told["zoom"] = whole(list(scenario.zoom))
    return told


def _read_eye(told: Mapping[str, Any], experiment: Experiment) -> Scenario:
    output = told.get("output", 0)
    shown = output if type(output) is int and 0 <= output < experiment.bank.shape[0] else 0
    return Scenario(experiment, a_place(told.get("pin")), shown, parse(told.get("target")), a_zoom(told.get("zoom")))


# ---- links -------------------------------------------------------------------------------------------------------


def to_link(scenario: Scenario) -> Link:
    """Write a scenario into a link, as far as it fits."""
    told, missing = in_short(scenario)
    code = pack(told)
    if code is None:
        return Link(None, "This experiment holds too many numbers for a link: save it as a scenario file instead.")
    return Link(code, missing)


def in_short(scenario: Scenario) -> tuple[dict[str, Any], str]:
    """A scenario as a link carries it, and what it leaves out, as a sentence, or ""."""
    experiment = scenario.experiment
    told, missing = _settings(experiment), ""
    photo = experiment.photo
    if photo is not None and photo.sample:
        told["sample"] = {"name": photo.sample, "size": photo.size, "colour": photo.colour}
        if photo.painted:
            missing = "What was painted on the picture is not part of the link: a scenario file keeps it."
    if experiment.on_photo and photo is not None and photo.sample:
        told["source"] = "photo"
    elif experiment.on_photo:
        told["own_picture"] = True
        missing = "Your own picture is not part of the link, only everything else: a scenario file keeps it."
    return told | _eye(scenario), missing


def of_sample(told: Mapping[str, Any], experiment: Experiment | None = None) -> Experiment:
    """An experiment over the sample of this name, size and colour.

    Raises:
        EditRefusedError: where there is no such sample, or not so.
    """
    experiment = experiment or Experiment()
    for op, value in (("sample", "name"), ("photo_size", "size"), ("colour", "colour")):
        experiment = apply(experiment, {"op": op, "value": told[value]})
    return experiment


def from_link(code: str) -> Scenario:
    """Read a scenario from a link's parameter.

    Raises:
        ScenarioError: with a sentence, where it cannot be opened.
    """
    with opening("link"):
        return from_short(unpack(code))


def from_short(told: Mapping[str, Any]) -> Scenario:
    """The scenario that :func:`in_short` wrote; to be read within :func:`pages.shared.link_code.opening`."""
    experiment = _carry_out(told, Experiment())
    if "sample" in told:
        experiment = of_sample(an_object(told["sample"]), experiment)
        experiment = replace(experiment, source="photo" if told.get("source") == "photo" else "grid")
    scenario = _read_eye(told, experiment)
    return replace(scenario, notice=_OWN_PICTURE) if told.get("own_picture") is True else scenario


# ---- files -------------------------------------------------------------------------------------------------------


def to_file(scenario: Scenario) -> str:
    """Write a whole scenario, its picture included, as JSON."""
    told = {"kernelscope": "scenario", "version": VERSION, **in_full(scenario)}
    return json.dumps(told, allow_nan=False, ensure_ascii=False)


def in_full(scenario: Scenario) -> dict[str, Any]:
    """A scenario as a file holds it."""
    experiment = scenario.experiment
    told: dict[str, Any] = {"settings": _settings(experiment), **_eye(scenario)}
    if experiment.photo is not None:
        told["picture"] = _picture(experiment.photo)
        told["source"] = experiment.source
    return told


def from_full(told: Mapping[str, Any]) -> Scenario:
    """The scenario that :func:`in_full` wrote; to be read within :func:`pages.shared.link_code.opening`."""
    experiment = _carry_out(an_object(told["settings"]), Experiment())
    if told.get("picture") is not None:
        photo = _read_picture(an_object(told["picture"]))
        experiment = replace(experiment, photo=photo, source="grid" if told.get("source") == "grid" else "photo")
    return _read_eye(told, experiment)


def _picture(photo: Photo) -> dict[str, Any]:
    # The working copy to the last bit; what other sizes are made from as a picture of 8 bits a channel.
    return {
        "name": photo.name,
        "sample": photo.sample,
        "original": list(photo.original),
        "size": photo.size,
        "colour": photo.colour,
        "painted": photo.painted,
        "why_grey": photo.why_grey,
        "bits": photo.bits,
        "shape": list(photo.pixels.shape),
        "pixels": base64.b64encode(zlib.compress(np.ascontiguousarray(photo.pixels, "<f8").tobytes(), 6)).decode(),
        "grey": _png(photo.grey[None]),
        "rgb": None if photo.rgb is None else _png(photo.rgb),
    }


def _png(planes: npt.NDArray[np.float32]) -> str:
    whole = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
    file = io.BytesIO()
    # (1, H, W) -> (H, W), (3, H, W) -> (H, W, 3)
    Image.fromarray(whole[0] if len(whole) == 1 else whole.transpose(1, 2, 0)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _planes(text: str, count: int) -> npt.NDArray[np.float32]:
    file = io.BytesIO(base64.b64decode(text, validate=True))
    picture = Image.open(file, formats=["PNG"])
    if not (min(picture.size) >= THINNEST and max(picture.size) <= LARGEST) or len(picture.getbands()) != count:
        raise ValueError("a picture of no such size or kind")
    array = np.asarray(picture, dtype=np.float32) / np.float32(255)
    return np.ascontiguousarray(array[None] if count == 1 else array.transpose(2, 0, 1))


def from_file(data: bytes, current: Scenario) -> Scenario:
    """Read a scenario file, or put a kernel file's kernel in the place of the one that is looked at.

    Args:
        data: the file's bytes.
        current: what the visitor has.

    Raises:
        ScenarioError: with a sentence, where it is no such file; nothing was changed.
    """
    with opening("file"):
        told = json.loads(data.decode("utf-8-sig"))
        if not isinstance(told, dict):
            raise ScenarioError(_NONE_OF_OURS)
        if told.get("kernelscope") == "kernel":
            return replace(current, experiment=apply(current.experiment, _kernel_edit(told, current.output)))
        if told.get("kernelscope") != "scenario":
            raise ScenarioError(_NONE_OF_OURS)
        of_version(told, VERSION)
        return from_full(told)


def kernel_file(experiment: Experiment, output: int) -> str:
    """Write one kernel, all its planes and its bias, as JSON that :func:`from_file` reads."""
    told = {"kernelscope": "kernel", "version": VERSION, "name": kernel_label(experiment, output)}
    weights = {"planes": whole(experiment.bank[output].tolist()), "bias": whole(float(experiment.bias[output]))}
    return json.dumps({**told, **weights}, allow_nan=False, ensure_ascii=False, indent=1)


def _kernel_edit(told: Mapping[str, Any], output: int) -> dict[str, Any]:
    # The first files held one plane, and no bias.
    planes = told["planes"] if "planes" in told else [told["weights"]]
    bias = {"bias": told["bias"]} if "bias" in told else {}
    return {"op": "bring_kernel", "planes": planes, "name": told.get("name"), "output": output, **bias}


def _read_picture(told: Mapping[str, Any]) -> Photo:
    grey = _planes(told["grey"], 1)[0]
    rgb = None if told["rgb"] is None else _planes(told["rgb"], 3)
    channels, rows, columns = (int(size) for size in told["shape"])
    colour = "rgb" if rgb is not None and told["colour"] == "rgb" else "grey"
    if channels != (3 if colour == "rgb" else 1) or not THINNEST <= min(rows, columns) <= max(rows, columns) <= LARGEST:
        raise ValueError("a working copy of no such size")
    unfold = zlib.decompressobj()
    data = unfold.decompress(base64.b64decode(told["pixels"], validate=True), _PICTURE_MOST)
    pixels = np.frombuffer(data, "<f8").reshape(channels, rows, columns).astype(np.float64)
    if not (np.isfinite(pixels).all() and abs(pixels).max() <= 1e6):
        raise ValueError("cells that are no numbers")
    height, width = (int(size) for size in told["original"])
    size = int(told["size"])
    if not THINNEST <= size <= LARGEST or not math.isfinite(height + width):
        raise ValueError("a working size of no such kind")
    bits = told.get("bits", 8)  # the first files do not say
    if type(bits) is not int or not 1 <= bits <= 64:
        raise ValueError("a depth of no such kind")
    words = {name: " ".join(str(told[name]).split())[:80] for name in ("name", "why_grey")}
    sample = str(told["sample"])
    return Photo(
        name=words["name"],
        sample=sample if sample in samples.names() else "",
        original=(height, width),
        grey=grey,
        rgb=rgb,
        why_grey=words["why_grey"],
        colour=colour,
        size=size,
        pixels=read_only(pixels),
        painted=bool(told["painted"]),
        bits=bits,
    )
