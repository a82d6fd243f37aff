"""The short way from a gesture to the numbers, without a run of the page."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.applications import Starlette

from pages.shared import answers, describe, web
from pages.shared.layers.laboratory import KINDS
from pages.shared.pooling.laboratory import MODES
from pages.shared.session import Session, _remember
from pages.shared.weight import weigh
from tests.app.test_message import unpack


@pytest.fixture
def kept() -> Session:
    session = Session()
    _remember(session)
    return session


def post(path: str, body: bytes, method: str = "POST") -> tuple[int, dict[bytes, bytes], bytes]:
    """The status, headers and body of Kernelscope's own answer to a request."""
    headers = [(b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    sent: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: dict) -> None:
        sent.append(event)

    asyncio.run(Starlette(routes=list(web.routes()))(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(each.get("body", b"") for each in sent[1:])


def message(kept: Session, *edits: dict) -> dict:
    listed = [{**edit, "revision": kept.revision + k + 1} for k, edit in enumerate(edits)]
    return {"session": kept.identity, "edits": listed, "pin": None, "have": []}


def address(kept: Session, component: str = "explore") -> str:
    return f"{web.ui_path()}/answers/{component}/{kept.identity}"


def test_an_edit_is_answered_with_what_a_run_of_the_page_would_send(kept):
    edit = message(kept, {"op": "library", "value": "sobel_x"})
    status, headers, data = post(address(kept), json.dumps(edit).encode())
    assert status == 200
    assert headers[b"cache-control"] == b"no-store"
    assert data == answers.explore(kept)
    header, _ = unpack(data)
    assert header["revision"] == 1
    assert header["kernel"]["outputs"][0]["title"] == "Sobel x"


def test_a_refused_edit_is_answered_with_the_reason(kept):
    _, _, data = post(address(kept), json.dumps(message(kept, {"op": "stride", "value": 0})).encode())
    header, _ = unpack(data)
    assert header["notice"]
    assert header["history"] == {"undo": False, "redo": False}


def test_who_does_not_know_the_session_learns_nothing_of_it(kept):
    body = json.dumps(message(kept)).encode()
    assert post(f"{web.ui_path()}/answers/explore/{'0' * 32}", body)[::2] == (404, b"")
    assert post(address(kept, "gallery"), body)[::2] == (404, b"")
    assert post(address(kept), b"", "GET")[0] in (404, 405)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"no json", 400), (b"", 400), (b"[1]", 400), (b"[" * 100_000, 400), (b" " * (8 * 2**20 + 1), 413)],
)
def test_what_is_no_message_is_refused_and_changes_nothing(kept, body, status):
    before = kept.experiment
    assert post(address(kept), body)[0] == status
    assert kept.experiment is before


def test_messages_that_come_at_once_are_taken_in_one_after_the_other(kept):
    edits = [{"op": "library", "value": "sobel_x"}, {"op": "library", "value": "box_blur"}] * 10
    listed = [{**edit, "revision": k + 1} for k, edit in enumerate(edits)]
    texts = [json.dumps({"session": kept.identity, "edits": listed[: k + 1], "have": []}) for k in range(len(edits))]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda text: answers.answer("explore", kept.identity, json.loads(text)), texts))
    assert kept.revision == len(edits)
    assert kept.position == len(edits)
    for data in made:
        header, _ = unpack(data)
        title = "Sobel x" if header["revision"] % 2 else "Box blur"
        assert header["kernel"]["outputs"][0]["title"] == title


def glimpse(kept: Session, component: str, edit: dict, *stages: int, base: int = 0) -> bytes:
    asked = {"session": kept.identity, "glimpse": {"edit": edit, "stages": stages, "base": base}}
    return post(address(kept, component), json.dumps(asked).encode())[2]


WEIGHTS = {"op": "kernel", "output": 0, "plane": 0, "values": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}


def test_a_gesture_under_way_is_shown_the_gradients_it_would_lead_to_and_nothing_is_kept(kept):
    kept.receive({**message(kept), "target": "score:0"})
    before, history = kept.experiment, kept.history
    header, arrays = unpack(glimpse(kept, "explore", WEIGHTS))
    assert (kept.experiment, kept.history, kept.revision, kept.notice) == (before, history, 0, "")
    kept.receive(message(kept, WEIGHTS))
    found = kept.backward[1]
    for stage in header["stages"]:
        wanted = found.input if stage["stage"] < 0 else found.stages[stage["stage"]]
        if wanted is None:
            assert stage["gradient"] is None
        else:
            np.testing.assert_array_equal(arrays[stage["gradient"]], wanted)
    np.testing.assert_array_equal(arrays[header["stages"][1]["weight_gradient"]], found.params["0.weight"])
    assert not any("array" in stage for stage in header["stages"])


@pytest.mark.parametrize("component", ["explore", "convolution", "pooling", "layers"])
def test_what_a_gesture_had_computed_weighs_on_nobody_afterwards(kept, component):
    desk = kept.desks[component]
    answers.answer(component, kept.identity, message(kept))
    edit = WEIGHTS if component in ("explore", "convolution") else {"op": "cells", "plane": 0, "cells": [[0, 0, 1.25]]}
    assert glimpse(kept, component, edit, 0)
    held = weigh(desk.computed())
    desk.rest()
    assert held == weigh(desk.computed()) <= kept.computed_bytes


def test_a_gesture_under_way_is_shown_the_stages_that_its_page_cannot_preview(kept):
    desk = kept.convolution
    desk.receive(message(kept, {"op": "transposed", "value": True}))
    header, arrays = unpack(glimpse(kept, "convolution", WEIGHTS, 0, base=1))
    assert [stage["stage"] for stage in header["stages"]] == [0]
    assert len(arrays) == 1
    desk.receive({"session": kept.identity, "edits": [{**WEIGHTS, "revision": 2}]})
    np.testing.assert_array_equal(arrays[header["stages"][0]["array"]], desk.run.trace.output)


@pytest.mark.parametrize("mode", MODES)
def test_a_cell_under_the_hand_is_shown_what_every_pooling_and_gradient_will_be(kept, mode):
    desk = kept.pooling
    desk.receive(message(kept, {"op": "mode", "value": mode}))
    before, history = desk.state, desk.history
    wanted = [stage["stage"] for stage in unpack(answers.pooling(kept))[0]["stages"] if stage["stage"] >= 0]
    assert len(wanted) > 4
    edit = {"op": "cells", "cells": [[0, 1, 8.5]]}
    header, arrays = unpack(glimpse(kept, "pooling", edit, *wanted, base=1))
    assert (desk.state, desk.history, desk.revision, desk.notice) == (before, history, 1, "")
    desk.receive({"session": kept.identity, "edits": [{**edit, "revision": 2}]})
    made, kept_arrays = unpack(answers.pooling(kept))
    stages = {stage["stage"]: stage for stage in made["stages"]}
    assert [stage["stage"] for stage in header["stages"]] == wanted
    for stage in header["stages"]:
        assert stage == {"stage": stage["stage"], "array": stages[stage["stage"]]["array"]}
        np.testing.assert_array_equal(arrays[stage["array"]], kept_arrays[stage["array"]])
    assert header["measures"] == made["measures"]
    assert bool(header["measures"]) == (mode == "shift")


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_of_any_layer_under_the_hand_is_shown_what_it_will_lead_to(kept, kind):
    desk = kept.layers
    desk.receive(message(kept, {"op": "kind", "value": kind}))
    before = desk.screen
    edit = {"op": "cells", "plane": 0, "cells": [[0, 0, 1.25]]}
    numbers = [stage["stage"] for stage in before.stages if stage["stage"] >= 0]
    header, arrays = unpack(glimpse(kept, "layers", edit, *numbers, base=1))
    assert desk.screen.arrays.keys() == before.arrays.keys()
    desk.receive({"session": kept.identity, "edits": [{**edit, "revision": 2}]})
    made = {stage["stage"]: stage for stage in desk.screen.stages}
    assert desk.screen.sentence == header["sentence"]
    for stage in header["stages"]:
        assert stage.get("link") == made[stage["stage"]]["link"]
        np.testing.assert_array_equal(arrays[stage["array"]], desk.screen.arrays[made[stage["stage"]]["array"]])
    assert [stage["stage"] for stage in header["stages"]] == numbers
    assert header["told"] == json.loads(json.dumps([describe.told(each) for each in desk.screen.told]))
    assert header["notes"] == {column["view"]: column["note"] for column in desk.screen.columns}
    assert set(arrays) <= set(desk.screen.arrays)


@pytest.mark.parametrize(
    "asked", [{}, None, [], {"edit": WEIGHTS, "stages": 3, "base": 0}, {"edit": 7, "stages": [], "base": 0}]
)
def test_a_glimpse_that_is_none_is_answered_with_nothing(kept, asked):
    body = json.dumps({"session": kept.identity, "glimpse": asked}).encode()
    assert post(address(kept), body)[::2] == (200, b"")


def test_a_glimpse_of_a_refused_edit_or_on_another_state_is_empty(kept):
    assert glimpse(kept, "explore", {"op": "stride", "value": 0}) == b""
    assert glimpse(kept, "explore", WEIGHTS, base=3) == b""
    assert kept.notice == ""


CROOKED = {
    "an edit that is a number": {"edits": [1]},
    "edits that are a number": {"edits": 1},
    "an edit without a revision": {"edits": [{"op": "clear"}]},
    "an edit without an operation": {"edits": [{"revision": 1}]},
    "a revision in words": {"edits": [{"op": "clear", "revision": "first"}]},
    "an operation that is a list": {"edits": [{"op": ["clear"], "revision": 2}]},
    "an upload called off in words": {"edits": [{"op": "call_off", "way": "upload", "value": "x", "revision": 2}]},
    "a pin without a stage": {"pin": {"count": 1}},
    "a pin of too few numbers": {"pin": {"count": 1, "stage": 0, "index": [1]}},
    "a pin of too many": {"pin": {"count": 1, "stage": 0, "index": [1] * 9}},
    "a pin that is a number": {"pin": 1},
    "a pin in words": {"pin": {"count": 1, "stage": "conv", "index": [0]}},
    "a pin of no cell": {"pin": {"count": 1, "stage": 0, "index": 3}},
    "an output in words": {"output": "x"},
    "an output that is a list": {"output": [0]},
    "an output without end": {"output": float("inf")},
    "arrays without names": {"have": 3},
    "arrays that are objects": {"have": [{}]},
    "a target that is a number": {"target": 5},
    "a zoom in words": {"zoom": "close"},
    "a zoom of words": {"zoom": ["a", "b", "c"]},
    "a session to resume that is an object": {"resume": {}},
}


@pytest.mark.parametrize("component", ["explore", "learn", "convolution", "pooling", "layers"])
@pytest.mark.parametrize("crooked", CROOKED)
def test_a_message_that_makes_no_sense_is_refused_and_nothing_is_lost(kept, component, crooked):
    edit = {"op": "clear"} if component == "explore" else {"op": "rows", "value": 4}
    assert post(address(kept, component), json.dumps(message(kept, edit)).encode())[0] == 200
    desk = kept.desks[component]
    before = desk.state, list(desk.history), desk.pin, desk.revision
    body = json.dumps({"session": kept.identity, **CROOKED[crooked]}).encode()
    status, _, data = post(address(kept, component), body)
    assert status in (200, 400)
    if status == 400:
        assert data == b""
        assert (desk.state, list(desk.history), desk.pin, desk.revision) == before
    # The page goes on as it did, and its next edit is taken in.
    desk.receive({"session": kept.identity, "edits": [{**edit, "revision": desk.revision + 1}]})
    assert post(address(kept, component), json.dumps(message(kept)).encode())[0] == 200
