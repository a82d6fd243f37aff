"""What a session keeps, and what it makes of the browser's messages."""

import numpy as np

from pages.shared.session import Session


def message(session: Session, *edits: dict, pin: dict | None = None) -> dict:
    return {"session": session.identity, "edits": list(edits), "pin": pin, "have": []}


def test_edits_are_applied_once_however_often_they_are_sent():
    session = Session()
    first = {"op": "stride", "value": 2, "revision": 1}
    session.receive(message(session, first))
    session.receive(message(session, first, {"op": "padding", "value": 1, "revision": 2}))
    assert (session.experiment.stride, session.experiment.padding) == ((2, 2), ((1, 1), (1, 1)))
    assert len(session.history) == 3
    assert session.revision == 2


def test_undo_and_redo_are_steps_between_experiments():
    session = Session()
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 1}))
    session.receive(message(session, {"op": "undo", "revision": 2}))
    assert session.experiment.stride == (1, 1)
    assert session.can_redo()
    session.receive(message(session, {"op": "redo", "revision": 3}))
    assert session.experiment.stride == (2, 2)
    session.receive(message(session, {"op": "undo", "revision": 4}, {"op": "undo", "revision": 5}))
    assert session.experiment.stride == (1, 1)
    assert not session.can_undo()


def test_an_edit_after_an_undo_forgets_what_was_undone():
    session = Session()
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 1}, {"op": "undo", "revision": 2}))
    session.receive(message(session, {"op": "padding", "value": 1, "revision": 3}))
    assert not session.can_redo()


def test_a_refused_edit_is_told_counted_and_changes_nothing():
    session = Session()
    before = session.experiment
    session.receive(message(session, {"op": "stride", "value": 0, "revision": 1}))
    assert session.experiment is before
    assert session.revision == 1
    assert "stride" in session.notice
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 2}))
    assert session.notice == ""


def test_a_message_meant_for_another_session_is_left_alone():
    session = Session()
    session.receive({"session": "another", "edits": [{"op": "clear", "revision": 9}], "pin": None, "have": ["x"]})
    session.receive(None)
    assert session.revision == 0
    assert len(session.history) == 1
    assert session.have == frozenset()


def test_history_has_an_end_and_keeps_the_newest():
    session = Session()
    for revision in range(1, 151):
        session.receive(message(session, {"op": "cells", "cells": [[0, 0, revision]], "revision": revision}))
    assert len(session.history) == 100
    assert session.experiment.grid[0, 0] == 150


def test_the_network_runs_once_an_experiment():
    session = Session()
    chain = session.chain
    assert session.chain is chain
    session.receive(message(session, pin={"stage": 1, "index": [0, 0, 0, 0], "count": 1}))
    assert session.chain is chain
    assert session.pin == (1, (0, 0, 0, 0))
    session.receive(message(session, {"op": "clear", "revision": 1}))
    assert session.chain is not chain
    np.testing.assert_array_equal(session.chain.trace.input, np.zeros((1, 1, 5, 5)))
