"""What a visitor may take away as a file, made when it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import Response

from cnn_core.export import archive, npz, numpy_script, to_csv
from pages.shared.learn import lesson
from pages.shared.scenario import kernel_file, to_file
from pages.shared.session import Session, recent

_FILES: dict[str, tuple[str, Callable[[Session], bytes]]] = {
    "scenario.json": ("application/json", lambda kept: to_file(kept.scenario).encode()),
    "lesson.json": ("application/json", lambda kept: lesson.to_file(kept.teaching.state).encode()),
    "lesson_link.json": (
        "application/json",
        lambda kept: json.dumps(asdict(lesson.to_link(kept.teaching.state))).encode(),
    ),
    "trace.npz": ("application/octet-stream", lambda kept: archive(kept.chain.trace)),
    "reproduce.py": (
        "text/x-python; charset=utf-8",
        lambda kept: numpy_script(kept.chain.network, kept.chain.trace.input).encode(),
    ),
}


def make(kept: Session, name: str) -> tuple[str, bytes] | None:
    """A file of a session, as its media type and its bytes, or None where there is none of that name.

    Args:
        kept: whose experiment it is of.
        name: ``"scenario.json"``, ``"lesson.json"``, ``"trace.npz"``, ``"reproduce.py"``,
            ``"kernel_0.json"`` for the first kernel, or a stage's view with ``.csv`` or ``.npz``, such as
            ``"conv.csv"``.
    """
    if name in _FILES:
        media, write = _FILES[name]
        return media, write(kept)
    output = re.fullmatch(r"kernel_(\d)\.json", name)
    if output is not None and int(output[1]) < kept.experiment.bank.shape[0]:
        return "application/json", kernel_file(kept.experiment, int(output[1])).encode()
    asked = re.fullmatch(r"(\w+)\.(csv|npz)", name)
    if asked is None:
        return None
    view, ending = asked.groups()
    chain = kept.chain
    stages: dict[str, tuple[npt.NDArray[Any], list[str] | None]] = {
        "input": (chain.trace.input, ["R", "G", "B"][: chain.trace.input.shape[1]])
    }
    for step, stage in zip(chain.steps, chain.trace.stages, strict=False):
        classes = step.view in ("scores", "probabilities")
        names = [chain.experiment.class_name(k) for k in range(chain.experiment.classes)] if classes else None
        stages[step.view] = (stage.output, names)
    if view not in stages:
        return None
    values, names = stages[view]
    if ending == "npz":
        return "application/octet-stream", npz({view: values})
    return "text/csv; charset=utf-8", to_csv(values, names).encode()


def serve(request: Request) -> Response:
    """Answer a page that asks for a file of its own session."""
    kept = recent(request.path_params["session"])
    name = request.path_params["name"]
    made = make(kept, name) if kept is not None else None
    if made is None:
        return Response("There is no such file any more: reload the page and ask again.", status_code=404)
    media, data = made
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(data, media_type=media, headers=headers)
