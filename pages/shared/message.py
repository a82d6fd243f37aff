"""What the Explore component is sent: the session's experiment, traced, described and packed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from cnn_core import kernels
from pages.components.blob import identity, pack
from pages.shared import backward, describe
from pages.shared.backward import Target, targets
from pages.shared.chain import Chain
from pages.shared.columns import columns
from pages.shared.edits.checked import VALUE_LIMIT
from pages.shared.experiment import Experiment
from pages.shared.experiment_desk import ExperimentDesk
from pages.shared.learn import draft
from pages.shared.learn.groups import locked
from pages.shared.learn.told import seen, told_course, told_lesson
from pages.shared.predict import described as predicted
from pages.shared.session import LINKS, Session

_WORKED_PIN = (0, (0, 0, 0, 1))  # the first cell of the worked example whose sum is not negative


def explore_message(session: Session, *, upload_limit: int) -> bytes:
    """The message for the Explore component; ``upload_limit`` is the largest upload, in megabytes."""
    header, arrays, output = _experiment(session)
    header |= {**_kept(session), "desk": "explore", "upload_limit": upload_limit, "locked": {}, "lesson": None}
    header["open"] = session.what_is_open
    header["draft"] = draft.told(session.teaching)
    return pack(header, arrays, session.have, {"columns": columns(session.chain, output)})


def learn_message(session: Session, *, upload_limit: int) -> bytes:
    """The message for the Explore component as the Learn page has it: what a lesson's step shows and leaves open."""
    desk = session.learn
    step = desk.step
    header, arrays, output = _experiment(desk, None if step is None else step.columns)
    header |= {
        "session": desk.identity,
        "desk": "learn",
        "open": desk.what_is_open,
        "revision": desk.revision,
        "uploads": session.uploads,
        "pin_count": desk.pin_count,
        "notice": desk.notice,
        "link": link_of(session, "learn"),
        "upload_limit": upload_limit,
        "locked": locked(None if step is None else step.show),
        "lesson": told_lesson(desk, (header["pin"]["stage"], tuple(header["pin"]["index"]))),
        "course": told_course(desk),
    }
    return pack(
        header,
        arrays,
        desk.have,
        {"columns": seen(columns(desk.chain, output), step, float(desk.experiment.bias[output]))},
    )


def _experiment(
    desk: ExperimentDesk, views: Collection[str] | None = None
) -> tuple[dict[str, Any], describe.Arrays, int]:
    """What is said of an experiment wherever one is worked on, the arrays it names, and which kernel is looked at.

    Args:
        desk: where it is worked on.
        views: those on screen, all for None.
    """
    chain = desk.chain
    experiment = chain.experiment
    stages, arrays = describe.stages(chain)
    asked = desk.backward
    if asked is not None:
        describe.add_gradients(stages, asked[1], arrays)
    output = min(desk.output, experiment.bank.shape[0] - 1)
    pin = _pin(desk, chain, views)
    header: dict[str, Any] = {
        "stages": stages,
        "kernel": _kernel(experiment, arrays),
        "backward": _backward(chain, asked and asked[0]),
        "output": output,
        "zoom": None if desk.zoom is None else list(desk.zoom),
        "limit": VALUE_LIMIT,
        "brush": _brush(experiment),
        "pin": {"stage": pin[0], "index": list(pin[1])},
        "explanation": describe.explanation(chain.trace, *pin),
        "history": {"undo": desk.can_undo(), "redo": desk.can_redo()},
        "predict": predicted(desk.predictions, chain),
    }
    return header, arrays, output


def explore_glimpse(desk: ExperimentDesk, wanted: Collection[int]) -> bytes:
    """What Explore waits for while a gesture lasts: the values of some stages, and the gradients that are shown."""
    chain = desk.chain
    arrays: describe.Arrays = {}
    stages: list[dict[str, Any]] = [{"stage": number} for number in range(-1, len(chain.trace.stages))]
    asked = desk.backward
    if asked is not None:
        describe.add_gradients(stages, asked[1], arrays)
    for stage in stages:
        if stage["stage"] in wanted:
            stage["array"] = describe.keep(chain.trace.values(stage["stage"]), arrays)
    return pack({"stages": stages, "loss": backward.loss(chain, asked and asked[0])}, arrays, ())


def gallery_message(session: Session) -> bytes:
    """The message for the gallery of kernels."""
    shown = session.gallery
    header = {**_kept(session), "stages": shown.stages, "problem": shown.problem}
    return pack(header, shown.arrays, session.have, {"cards": shown.cards})


def keeper_message(session: Session) -> bytes:
    """The message for the component of a page without pictures."""
    return pack(_kept(session), {}, session.have)


def _kept(session: Session) -> dict[str, Any]:
    """What every component needs to keep the address, the session and the server's last sentence."""
    return {
        "session": session.identity,
        "revision": session.revision,
        "uploads": session.uploads,
        "pin_count": session.pin_count,
        "notice": session.notice,
        "link": link_of(session),
    }


def link_of(session: Session, desk: str = "explore") -> dict[str, Any]:
    """The address that holds what is on a desk, without the parameters of others."""
    link = session.desks[desk].link()
    others = [parameter for name, parameter in LINKS.items() if name != desk]
    return {"name": LINKS[desk], "others": others, "code": link.code, "missing": link.missing}


def _backward(chain: Chain, target: Target | None) -> dict[str, Any]:
    """What gradients can be asked for, and of what those on screen are."""
    listed = [{"value": each.code, "label": backward.title(chain, each), "kind": each.kind} for each in targets(chain)]
    return {
        "value": target.code if target else "",
        "title": backward.title(chain, target) if target else "",
        "loss": backward.loss(chain, target),
        "options": listed,
    }


def _kernel(experiment: Experiment, arrays: describe.Arrays) -> dict[str, Any]:
    """The bank of kernels: its weights as the convolution has them, and what can be said of each kernel."""
    weight = np.ascontiguousarray(experiment.weight)  # (O, C, KH, KW)
    arrays[identity(weight)] = weight
    return {
        "stage": 0,
        "array": identity(weight),
        "linked": experiment.linked,
        "planes": describe.COLOURED[: weight.shape[1]],
        "outputs": [_kernel_words(experiment, output) for output in range(weight.shape[0])],
    }


def _kernel_words(experiment: Experiment, output: int) -> dict[str, str]:
    found = describe.recognised(experiment, output)
    parts = found.parts if found else ""
    told = [kernels.facts(plane).told(parts) for plane in experiment.bank[output]]
    facts = (
        told[0] if len(set(told)) == 1 else " ".join(f"{name}: {text}" for name, text in zip("RGB", told, strict=True))
    )
    added_up = describe.ADDED_UP if experiment.linked and experiment.weight.shape[1] > 1 else ""
    sentence = " ".join(filter(None, (found.sentence if found else "", added_up)))
    named = found or experiment.kernel_names[output]
    title = describe.kernel_label(experiment, output) if named else "Your own kernel"
    return {"label": describe.map_label(experiment, output), "title": title, "sentence": sentence, "facts": facts}


def _pin(desk: ExperimentDesk, chain: Chain, views: Collection[str] | None) -> tuple[int, tuple[int, ...]]:
    """The pinned cell, or one of what is on screen and was made of it, or else of what it was made of."""
    stage, index = desk.pin or _first_pin(chain)
    there = {-1: "input", **{k: step.view for k, step in enumerate(chain.steps[: len(chain.trace.stages)])}}
    shown = [k for k, view in there.items() if views is None or view in views]
    if stage not in shown:
        stage, index = min(shown, key=lambda k: (k < stage, abs(k - stage))), (0, 0, 0, 0)
    shape = chain.trace.input.shape if stage < 0 else chain.trace.stages[stage].output.shape
    index = (*index, 0, 0, 0, 0)[: len(shape)]
    return stage, tuple(min(max(at, 0), size - 1) for at, size in zip(index, shape, strict=True))


def _first_pin(chain: Chain) -> tuple[int, tuple[int, ...]]:
    """The cell that is pinned before anyone chose one: on a photograph the middle, where a window can be seen."""
    if chain.experiment.on_photo and chain.trace.stages:
        rows, columns_ = chain.trace.stages[0].output.shape[2:]
        return 0, (0, 0, rows // 2, columns_ // 2)
    return _WORKED_PIN


def _brush(experiment: Experiment) -> dict[str, Any]:
    if experiment.on_photo:
        radius = max(1, max(experiment.plane) // 28)
        return {"kind": "photo", "value": 1, "step": 0.1, "low": 0, "high": 1, "radius": radius}
    return {"kind": "grid", "value": 9, "step": 1, "low": -VALUE_LIMIT, "high": VALUE_LIMIT, "radius": 0}
