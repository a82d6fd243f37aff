"""What a visitor may take away as a file, made when it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy.typing as npt
from starlette.requests import Request
from starlette.responses import Response

from cnn_core import Gradients, Sequential
from cnn_core.export import archive, keras_script, npz, numpy_script, to_csv, torch_script
from pages.shared.chain import Chain
from pages.shared.learn import lesson
from pages.shared.scenario import Scenario, kernel_file, to_file
from pages.shared.session import Session, recent


class Taken(NamedTuple):
    """What files are written from; it stays what it is while the session goes on."""

    scenario: Scenario
    chain: Chain
    gradients: Gradients | None
    draft: lesson.Lesson


def _script(write: Callable[[Sequential, npt.ArrayLike], str]) -> tuple[str, Callable[[Taken], bytes]]:
    """A script that one of ``cnn_core.export``'s functions writes of the run."""
    return "text/x-python; charset=utf-8", lambda taken: write(taken.chain.network, taken.chain.trace.input).encode()


_FILES: dict[str, tuple[str, Callable[[Taken], bytes]]] = {
    "scenario.json": ("application/json", lambda taken: to_file(taken.scenario).encode()),
    "lesson.json": ("application/json", lambda taken: lesson.to_file(taken.draft).encode()),
    "lesson_link.json": (
        "application/json",
        lambda taken: json.dumps(asdict(lesson.to_link(taken.draft))).encode(),
    ),
    "trace.npz": ("application/octet-stream", lambda taken: archive(taken.chain.trace)),
    "reproduce.py": _script(numpy_script),
    "in_pytorch.py": _script(torch_script),
    "in_keras.py": _script(keras_script),
}


def make(kept: Session, name: str) -> tuple[str, bytes] | None:
    """A file of a session, as its media type and its bytes, or None where there is none of that name.

    Args:
        kept: whose experiment it is of.
        name: ``"scenario.json"``, ``"lesson.json"``, ``"trace.npz"``, ``"reproduce.py"``,
            ``"in_pytorch.py"``, ``"in_keras.py"``, ``"kernel_0.json"`` for the first kernel, or a stage's view with
            ``.csv`` or ``.npz``, such as ``"conv.csv"``, or ``"conv_gradient.csv"`` for the gradients that are shown
            of it.
    """
    with kept.lock:  # not while a gesture's state is on screen; writing takes longer, and edits go on meanwhile
        shown = kept.backward
        taken = Taken(kept.scenario, kept.chain, shown and shown[1], kept.teaching.state)
    if name in _FILES:
        media, write = _FILES[name]
        return media, write(taken)
    output = re.fullmatch(r"kernel_([0-9])\.json", name)
    if output is not None and int(output[1]) < taken.chain.experiment.bank.shape[0]:
        return "application/json", kernel_file(taken.chain.experiment, int(output[1])).encode()
    asked = re.fullmatch(r"(\w+?)(_gradient)?\.(csv|npz)", name)
    if asked is None:
        return None
    view, gradient, ending = asked.groups()
    found = _numbers(taken, view, gradient=gradient is not None)
    if found is None:
        return None
    values, names = found
    if ending == "npz":
        return "application/octet-stream", npz({view: values})
    return "text/csv; charset=utf-8", to_csv(values, names).encode()


def _numbers(taken: Taken, view: str, *, gradient: bool) -> tuple[npt.NDArray[Any], list[str] | None] | None:
    """A stage's numbers or the gradients that are shown of it, and the names of its rows; None where there are none."""
    chain, experiment = taken.chain, taken.chain.experiment
    views = ["input", *(step.view for step in chain.steps[: len(chain.trace.stages)])]
    if view not in views or (gradient and taken.gradients is None):
        return None
    number = views.index(view) - 1
    values = chain.trace.values(number)
    if taken.gradients is not None and gradient:
        asked = taken.gradients.input if number < 0 else taken.gradients.stages[number]
        if asked is None:
            return None
        values = asked
    if number < 0:
        return values, ["R", "G", "B"][: values.shape[1]]
    named = view in ("scores", "probabilities")
    return values, [experiment.class_name(k) for k in range(experiment.classes)] if named else None


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
