"""What the Explore component is sent: the session's experiment, traced, described and packed."""

from __future__ import annotations

from typing import Any

from cnn_core import kernels
from pages.components.blob import identity, pack
from pages.shared import describe
from pages.shared.chain import Chain
from pages.shared.columns import columns
from pages.shared.experiment import Experiment
from pages.shared.session import Session

_WORKED_PIN = (0, (0, 0, 0, 1))  # the first cell of the worked example whose sum is not negative


def explore_message(session: Session, *, upload_limit: int) -> bytes:
    """The message for the Explore component; ``upload_limit`` is the largest upload, in megabytes."""
    chain = session.chain
    experiment = chain.experiment
    stages, arrays = describe.stages(chain)
    kernel = experiment.kernel[None, None]
    arrays[identity(kernel)] = kernel
    pin = _pin(session, chain)
    header: dict[str, Any] = {
        "session": session.identity,
        "revision": session.revision,
        "stages": stages,
        "columns": columns(chain),
        "kernel": {"stage": 0, "columns": kernel.shape[-1], "array": identity(kernel), **_kernel_words(experiment)},
        "ring": experiment.padding,
        "brush": _brush(experiment.source, max(experiment.input.shape)),
        "pin": {"stage": pin[0], "index": list(pin[1])},
        "pin_count": session.pin_count,
        "explanation": describe.explanation(chain.trace.explain(*pin)),
        "history": {"undo": session.can_undo(), "redo": session.can_redo()},
        "notice": session.notice,
        "upload_limit": upload_limit,
    }
    return pack(header, arrays, session.have)


def gallery_message(session: Session) -> bytes:
    """The message for the gallery of kernels."""
    stages, cards, arrays, problem = describe.gallery(session.experiment)
    header: dict[str, Any] = {
        "session": session.identity,
        "revision": session.revision,
        "pin_count": session.pin_count,
        "stages": stages,
        "cards": cards,
        "problem": problem,
    }
    return pack(header, arrays, session.have)


def _kernel_words(experiment: Experiment) -> dict[str, str]:
    found = kernels.match(experiment.kernel)
    if found is not None:
        return {"title": found.title, "sentence": found.sentence}
    total = f"{float(experiment.kernel.sum()):.4g}".replace("-", "−")
    return {
        "title": "Your own kernel",
        "sentence": f"Its weights sum to {total}: that is what a flat area of 1 becomes.",
    }


def _pin(session: Session, chain: Chain) -> tuple[int, tuple[int, ...]]:
    """The pinned cell, or the nearest one that there is."""
    stage, index = session.pin or _first_pin(chain)
    last = len(chain.trace.stages) - 1
    if stage > last:
        stage, index = last, (0, 0, 0, 0)
    shape = chain.trace.input.shape if stage < 0 else chain.trace.stages[stage].output.shape
    index = (*index, 0, 0)[: len(shape)]
    return stage, tuple(min(max(at, 0), size - 1) for at, size in zip(index, shape, strict=True))


def _first_pin(chain: Chain) -> tuple[int, tuple[int, ...]]:
    """The cell that is pinned before anyone chose one: on a photograph the middle, where a window can be seen."""
    if chain.experiment.source == "photo" and chain.trace.stages:
        rows, columns_ = chain.trace.stages[0].output.shape[2:]
        return 0, (0, 0, rows // 2, columns_ // 2)
    return _WORKED_PIN


def _brush(source: str, size: int) -> dict[str, Any]:
    if source == "photo":
        return {"kind": source, "value": 1, "step": 0.1, "low": 0, "high": 1, "radius": max(1, size // 28)}
    return {"kind": source, "value": 9, "step": 1, "low": None, "high": None, "radius": 0}
