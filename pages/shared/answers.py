"""The short way from a gesture to ``cnn_core``'s numbers: a request of its own, without a run of the page.

A component's message and its answer are the same as by the framework's way; a run of the page costs some 20 ms more on
the server and a frame in the browser. The framework's way remains for what needs a run (a dialog, another page), and
for a server that does not know the session.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pages.shared import describe
from pages.shared.convolution.message import convolution_glimpse, convolution_message
from pages.shared.desk import MessageError
from pages.shared.edits.checked import EditRefusedError
from pages.shared.layers.message import layers_glimpse, layers_message
from pages.shared.message import explore_glimpse, explore_message, learn_message
from pages.shared.pooling.message import gradient_told, pooling_glimpse, pooling_message
from pages.shared.session import Session, recent

TERMS_MOST = 24  # of a gradient's sum that the ledger lists one by one
_LARGEST = 8 * 2**20  # bytes of a message: all cells of a 512 × 512 picture drawn over are 6 MB


def explore(kept: Session) -> bytes:
    """What the Explore component is sent."""
    with kept.lock:
        return explore_message(kept, upload_limit=int(st.get_option("server.maxUploadSize")))


def convolution(kept: Session) -> bytes:
    """What the convolution laboratory's component is sent."""
    with kept.lock:
        return convolution_message(kept)


# What is asked for while a gesture lasts, where the page's preview does not know all that follows from it.
_GLIMPSES: dict[str, Callable[[Session, Collection[int]], bytes]] = {
    "explore": explore_glimpse,
    "learn": lambda kept, wanted: explore_glimpse(kept.learn, wanted),
    "convolution": convolution_glimpse,
    "layers": layers_glimpse,
    "pooling": pooling_glimpse,
}


def learn(kept: Session) -> bytes:
    """What the Learn page's component is sent."""
    with kept.lock:
        return learn_message(kept, upload_limit=int(st.get_option("server.maxUploadSize")))


def layers(kept: Session) -> bytes:
    """What the layers laboratory's component is sent."""
    with kept.lock:
        return layers_message(kept)


def pooling(kept: Session) -> bytes:
    """What the pooling laboratory's component is sent."""
    with kept.lock:
        return pooling_message(kept)


_MAKERS: dict[str, Callable[[Session], bytes]] = {
    "explore": explore,
    "convolution": convolution,
    "layers": layers,
    "learn": learn,
    "pooling": pooling,
}


def answer(component: str, identity: str, message: Mapping[str, Any]) -> bytes | None:
    """Take in a component's message and answer it.

    Args:
        component: its name.
        identity: the session's, a secret of its page.
        message: as ``Desk.receive`` takes it.

    Returns:
        What the component is sent, or None where there is no such component or session.

    Raises:
        MessageError: where the message makes no sense.
    """
    kept, make = recent(identity), _MAKERS.get(component)
    if kept is None or make is None:
        return None
    with kept.lock:
        if "glimpse" in message:
            return _glimpse(kept, component, message["glimpse"])
        kept.desks[component].receive(message)
        made = make(kept)
        kept.weigh()
        return made


def _glimpse(kept: Session, component: str, asked: Any) -> bytes:
    """What a gesture under way waits for, of the state that it would lead to now; nothing is kept of it.

    Args:
        kept: the session, locked.
        component: whose page asks.
        asked: ``edit``, what the gesture would end as; ``stages``, whose values are waited for; ``base``, the revision
            that it began on.

    Returns:
        A message with these stages alone; empty where the state is another or the edit is refused: its end will say so.
    """
    desk, make = kept.desks[component], _GLIMPSES.get(component)
    try:
        if make is None or asked["base"] != desk.revision:
            return b""
        wanted = {int(stage) for stage in asked["stages"]}
        with desk.tried(asked["edit"]):
            return make(kept, wanted)
    except (EditRefusedError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return b""


async def serve(request: Request) -> Response:
    """Answer a page's message; the work is done in a thread, so that others are served meanwhile."""
    if int(request.headers.get("content-length") or _LARGEST + 1) > _LARGEST:
        return Response(status_code=413)
    try:
        message = json.loads(await request.body())
    except (ValueError, RecursionError):  # no JSON, or brackets in brackets without end
        message = None
    if not isinstance(message, dict):
        return Response(status_code=400)
    names = request.path_params
    try:
        made = await run_in_threadpool(answer, names["component"], names["session"], message)
    except MessageError:
        return Response(status_code=400)
    if made is None:
        return Response(status_code=404)
    # Named as what it is, or the framework would compress it: for arrays of doubles that takes longer than the numbers.
    headers = {"cache-control": "no-store", "content-encoding": "identity"}
    return Response(made, media_type="application/octet-stream", headers=headers)


def explanation(identity: str, asked: Mapping[str, str]) -> dict[str, Any] | None:
    """Where a gradient on screen came from.

    Args:
        identity: the session's.
        asked: ``of``, the target's code; ``index``, numbers with commas between; and ``stage``, or ``param`` for a
            parameter such as ``"0.weight"``; ``at``, the component where it is not Explore's.

    Returns:
        As ``describe.told`` tells it, or None where there is nothing to explain.
    """
    kept = recent(identity)
    if kept is None:
        return None
    try:
        index = tuple(int(at) for at in asked["index"].split(","))
        with kept.lock:
            if asked.get("at") == "pooling":
                return gradient_told(kept.pooling.run, int(asked["stage"]), index, most=TERMS_MOST)
            desk = kept.learn if asked.get("at") == "learn" else kept
            found = desk.backward
            if found is None or found[0].code != asked["of"]:
                return None
            if "param" in asked:
                return describe.told(found[1].explain_param(asked["param"], index, most=TERMS_MOST))
            return describe.told(found[1].explain(int(asked["stage"]), index, most=TERMS_MOST))
    except (KeyError, ValueError):  # a ShapeError is one: no such stage, parameter or cell
        return None


async def serve_explanation(request: Request) -> Response:
    """Answer a page that asks for the sum behind a gradient."""
    told = await run_in_threadpool(explanation, request.path_params["session"], request.query_params)
    # Not an error: a cell that was on screen a moment ago may be gone, and the page asks again.
    return JSONResponse(told, headers={"cache-control": "no-store"})
