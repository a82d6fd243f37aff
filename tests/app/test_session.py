"""What a session keeps, and what it makes of the browser's messages."""

import gc
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

import numpy as np
import pytest
from PIL import Image

from pages.shared import answers
from pages.shared.backward import Target
from pages.shared.convolution.laboratory import Laboratory
from pages.shared.convolution.link import to_link
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.experiment_desk import ExperimentDesk
from pages.shared.learn.course import COURSE
from pages.shared.learn.lesson import Lesson, Step
from pages.shared.photo import Photo, open_photo
from pages.shared.samples import ASSETS
from pages.shared.scenario import Scenario, to_file
from pages.shared.session import Session, _remember, recent
from pages.shared.sight import Sight
from tests.app.gestures import lasting_gesture
from tests.app.links import opened_at


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


def test_an_edit_that_changes_nothing_is_no_step_to_undo_and_what_was_undone_stays():
    session = Session()
    kernel, cells = session.experiment.bank[0, 0].tolist(), [[0, 1, float(session.experiment.grid[0, 1])]]
    session.receive(message(session, {"op": "kernel", "values": kernel, "revision": 1}))
    session.receive(message(session, {"op": "cells", "cells": cells, "revision": 2}))
    assert not session.can_undo()
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 3}, {"op": "undo", "revision": 4}))
    session.receive(message(session, {"op": "kernel", "values": kernel, "revision": 5}))
    assert session.can_redo()


def test_an_edit_that_changed_nothing_is_called_off_without_taking_the_one_before_it_back():
    session = Session()
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 1}))
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 2}))
    session.receive(message(session, {"op": "call_off", "way": "edit", "value": 2, "revision": 3}))
    assert session.experiment.stride == (2, 2)


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


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("L", (40, 30), 90).save(file, "PNG")
    return file.getvalue()


def test_an_edit_made_while_a_picture_was_on_its_way_is_done():
    session = Session()
    session.take_in(picture(), "a.png")
    assert session.experiment.on_photo
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 1}))
    assert session.experiment.stride == (2, 2)
    assert session.experiment.on_photo
    assert (session.uploads, session.revision) == (1, 1)


def test_a_page_waits_for_a_picture_that_is_being_read(monkeypatch):
    session, begun, may_end = Session(), Event(), Event()

    def read(data: bytes, name: str) -> Photo:
        begun.set()
        assert may_end.wait(10)
        return open_photo(data, name)

    monkeypatch.setattr("pages.shared.session.open_photo", read)
    with ThreadPoolExecutor(2) as threads:
        taken = threads.submit(session.take_in, picture(), "a.png")
        assert begun.wait(10)
        shown = threads.submit(lambda: (session.settle(), session.experiment.on_photo)[1])
        with pytest.raises(TimeoutError):
            shown.result(0.2)
        may_end.set()
        taken.result(10)
        assert shown.result(10)


def desk_of(session: Session, *, learning: bool) -> ExperimentDesk:
    """The desk that an upload comes to: Explore's, or the Learn page's at a step that takes pictures."""
    if not learning:
        return session
    session.learn.bring(Lesson("Any", (Step("Look."),)))
    return session.learn


@pytest.mark.parametrize("learning", [False, True])
def test_an_upload_that_is_called_off_is_passed_over_and_the_next_is_not(learning: bool):
    session = Session()
    desk = desk_of(session, learning=learning)
    desk.receive(message(session, {"op": "call_off", "way": "upload", "value": 1, "revision": 1}))
    session.take_in(picture(), "a.png", learning=learning)
    assert not desk.experiment.on_photo
    assert session.uploads == 1
    session.take_in(picture(), "b.png", learning=learning)
    assert desk.experiment.photo.name == "b.png"


@pytest.fixture
def while_read(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What happens while a picture is being decoded."""
    meanwhile: list[Callable[[], None]] = []

    def read(data: bytes, name: str) -> Photo:
        for each in meanwhile:
            each()
        return open_photo(data, name)

    monkeypatch.setattr("pages.shared.session.open_photo", read)
    return meanwhile


@pytest.mark.parametrize("learning", [False, True])
def test_an_upload_that_is_called_off_while_it_is_read_does_not_come(
    while_read: list[Callable[[], None]], learning: bool
):
    session = Session()
    desk = desk_of(session, learning=learning)
    off = {"op": "call_off", "way": "upload", "value": 1, "revision": 1}
    while_read.append(lambda: desk.receive(message(session, off)))
    session.take_in(picture(), "a.png", learning=learning)
    assert not desk.experiment.on_photo
    assert (session.uploads, desk.can_undo()) == (1, False)


def test_an_edit_made_while_a_picture_is_read_is_kept_and_undone_after_it(while_read: list[Callable[[], None]]):
    session = Session()
    while_read.append(lambda: session.receive(message(session, {"op": "stride", "value": 2, "revision": 1})))
    session.take_in(picture(), "a.png")
    assert (session.experiment.on_photo, session.experiment.stride) == (True, (2, 2))
    session.receive(message(session, {"op": "undo", "revision": 2}))
    assert (session.experiment.on_photo, session.experiment.stride) == (False, (2, 2))


def test_an_upload_that_had_come_is_taken_back_unless_something_stands_on_it():
    session = Session()
    session.take_in(picture(), "a.png")
    off = {"op": "call_off", "way": "upload", "value": 1}
    session.receive(message(session, {**off, "revision": 1}))
    assert not session.experiment.on_photo
    assert session.can_redo()
    session.receive(message(session, {"op": "redo", "revision": 2}, {"op": "stride", "value": 2, "revision": 3}))
    session.receive(message(session, {**off, "revision": 4}))
    assert session.experiment.stride == (2, 2)


def test_an_edit_that_is_called_off_is_taken_back_and_never_the_one_before_it():
    session = Session()
    session.receive(message(session, {"op": "stride", "value": 2, "revision": 1}))
    session.receive(message(session, {"op": "stride", "value": 0, "revision": 2}))
    session.receive(message(session, {"op": "call_off", "way": "edit", "value": 2, "revision": 3}))
    assert session.experiment.stride == (2, 2)
    session.receive(message(session, {"op": "padding", "value": 1, "revision": 4}))
    session.receive(message(session, {"op": "call_off", "way": "edit", "value": 4, "revision": 5}))
    assert session.experiment.padding == ((0, 0), (0, 0))
    assert session.experiment.stride == (2, 2)


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


def test_history_keeps_a_bounded_weight_of_pictures():
    session = Session()
    session.put(apply(session.experiment, {"op": "sample", "value": "cat"}))
    session.put(apply(session.experiment, {"op": "photo_size", "value": 512}))
    session.put(apply(session.experiment, {"op": "colour", "value": "rgb"}))
    for k in range(40):
        session.put(apply(session.experiment, {"op": "cells", "cells": [[k, 0, 0.5]]}))
    pictures = {id(each.photo.pixels): each.photo.pixels.nbytes for each in session.history if each.photo}
    assert sum(pictures.values()) <= 64 * 2**20
    assert len(session.history) > 10
    assert session.position == len(session.history) - 1


def test_another_picture_is_looked_at_as_the_one_before_and_seen_as_it_is_not_as_gradients():
    session = Session()
    rocket, cat = ((ASSETS / "samples" / f"{name}.jpg").read_bytes() for name in ("rocket", "cat"))
    session.take_in(rocket, "rocket.jpg")
    assert (session.experiment.photo.colour, session.experiment.photo.size) == ("grey", 128)
    for edit in ({"op": "photo_size", "value": 64}, {"op": "colour", "value": "rgb"}):
        session.put(apply(session.experiment, edit))
    session.target = Target("score", 0)
    session.take_in(cat, "cat.jpg")
    assert (session.experiment.photo.colour, session.experiment.photo.size) == ("rgb", 64)
    assert session.experiment.input.shape[0] == 3
    assert session.backward is None
    grey = io.BytesIO()
    Image.new("L", (300, 200), 80).save(grey, "PNG")
    session.take_in(grey.getvalue(), "grey.png")
    assert (session.experiment.photo.colour, session.experiment.input.shape[0]) == ("grey", 1)


def test_a_reloaded_page_takes_over_what_it_showed_and_shares_nothing_afterwards():
    before = Session()
    before.put(apply(before.experiment, {"op": "stride", "value": 2}))
    before.pin = (1, (0, 0, 0, 0))
    before.receive({**message(before), "target": "score:1", "zoom": [2.5, 1, 0]})
    _remember(before)
    after = Session()
    opened = after.opened
    after.receive({"session": after.identity, "edits": [], "pin": None, "have": [], "resume": before.identity})
    assert after.experiment is before.experiment
    assert after.can_undo()
    assert after.pin == before.pin
    assert (after.target, after.zoom) == (before.target, before.zoom) == (Target("score", 1), (2.5, 1.0, 0.0))
    # The browser looks so only where it is told that something was opened.
    assert after.opened > opened
    after.receive(message(after, {"op": "undo", "revision": 1}))
    assert before.experiment.stride == (2, 2)
    stranger = Session()
    stranger.receive({"session": stranger.identity, "edits": [], "pin": None, "have": [], "resume": "guess"})
    assert stranger.experiment.stride == (1, 1)


def test_a_file_opens_as_it_was_looked_at_but_tells_nothing_of_what_is_to_be_predicted():
    was = Scenario(
        apply(Experiment(), {"op": "stride", "value": 2}), (1, (0, 0, 1, 0)), 0, Target("score", 1), (2.0, 1, 1)
    )
    kept = Session()
    kept.take_in(to_file(was).encode(), "scenario.json")
    assert (kept.pin, kept.target, kept.zoom) == (was.pin, was.target, was.zoom)
    kept.receive({**message(kept, {"op": "hide", "value": "conv", "revision": 1}), "target": ""})
    kept.take_in(to_file(was).encode(), "scenario.json")
    assert (kept.target, kept.zoom) == (None, was.zoom)


def test_what_a_browser_looked_at_before_a_file_was_opened_is_no_news_of_the_file():
    was = Scenario(Experiment(), (1, (0, 0, 1, 0)), 0, Target("score", 1), (2.0, 1, 1))
    kept = Session()
    before = kept.what_is_open
    kept.take_in(to_file(was).encode(), "scenario.json")
    late = {"open": before, "target": "", "zoom": None, "pin": {"stage": 0, "index": [0, 0, 2, 2], "count": 3}}
    kept.receive({**message(kept), **late})
    assert (kept.pin, kept.target, kept.zoom) == (was.pin, was.target, was.zoom)
    assert kept.pin_count == 3  # so that the browser takes the file's
    kept.receive({**message(kept), **late, "open": kept.what_is_open, "pin": {**late["pin"], "count": 4}})
    assert (kept.pin, kept.target, kept.zoom) == ((0, (0, 0, 2, 2)), None, None)


def test_a_new_picture_is_seen_whole_and_how_close_the_one_before_was_looked_at_is_no_news_of_it():
    kept = Session()
    kept.receive(message(kept, {"op": "sample", "value": "cat", "revision": 1}))
    close = {"zoom": [3.0, 40, 60]}

    def look_closely() -> None:
        kept.receive({**message(kept), **close, "open": kept.what_is_open})
        assert kept.zoom == (3.0, 40.0, 60.0)

    look_closely()
    before = kept.what_is_open
    kept.take_in((ASSETS / "samples" / "rocket.jpg").read_bytes(), "rocket.jpg")
    assert kept.zoom is None
    kept.receive({**message(kept), **close, "open": before})
    assert kept.zoom is None
    look_closely()
    kept.receive({**message(kept, {"op": "undo", "revision": 2}), **close, "open": kept.what_is_open})
    assert kept.zoom is None
    look_closely()
    kept.receive({**message(kept, {"op": "photo_size", "value": 64, "revision": 3}), **close})
    assert kept.zoom is None
    look_closely()
    # Of the same picture any other edit leaves one where one looks.
    kept.receive({**message(kept, {"op": "colour", "value": "rgb", "revision": 4}), **close})
    assert kept.zoom == (3.0, 40.0, 60.0)


def let_go_of(sessions: list[Session]) -> list[str]:
    """The identities of sessions whose tabs were closed: the framework keeps them no more."""
    identities = [each.identity for each in sessions]
    sessions.clear()
    gc.collect()
    return identities


def test_only_so_many_sessions_are_remembered_when_their_tabs_have_gone():
    kept = [Session() for _ in range(50)]
    for each in kept:
        _remember(each)
    del each
    gone = let_go_of(kept)
    assert recent(gone[0]) is None
    assert recent(gone[-1]).identity == gone[-1]


def test_a_session_whose_tab_is_open_is_found_however_many_others_come():
    first, *others = [Session() for _ in range(60)]
    for each in (first, *others):
        _remember(each)
    assert recent(first.identity) is first
    first.put(apply(first.experiment, {"op": "stride", "value": 2}))
    assert answers.answer("explore", first.identity, message(first)) is not None
    first.receive({**message(first), "target": "score:1"})
    asked = {"of": "score:1", "stage": "0", "index": "0,0,0,0"}
    assert answers.explanation(first.identity, asked) is not None


def test_who_only_works_by_the_short_way_is_remembered_however_many_come():
    busy, idle = Session(), Session()
    _remember(busy)
    _remember(idle)
    for revision in range(1, 51):
        _remember(Session())
        edit = {"op": "stride", "value": 1 + revision % 2, "revision": revision}
        assert answers.answer("explore", busy.identity, message(busy, edit)) is not None
    stays = busy.identity
    del busy
    sessions = [idle]
    del idle
    [gone] = let_go_of(sessions)
    assert recent(stays) is not None
    assert recent(gone) is None


def test_a_page_opens_while_another_visitor_goes_from_step_to_step():
    mine, other = Session(), Session()
    _remember(other)
    name = next(name for name, lesson in COURSE.items() if len(lesson.steps) > 2)
    other.learn.go(name, 0)
    other.learn.go(name, 1)

    def go_on() -> None:
        with other.lock:
            other.learn.go(name, 2)

    class Read(dict):
        """The steps that were left; their owner leaves one more while they are read."""

        def values(self):
            for left in super().values():
                with ThreadPoolExecutor(1) as owner:
                    owner.submit(go_on).result(timeout=10)
                yield left

    other.learn._left = Read(other.learn._left)
    _remember(mine)
    assert recent(other.identity) is other


def test_sessions_are_forgotten_for_what_edits_by_the_short_way_made_them_hold(monkeypatch):
    monkeypatch.setattr("pages.shared.session._RECENT_BYTES", 5 * 2**20)
    sessions = [Session() for _ in range(3)]
    for each in sessions:
        _remember(each)
    edits = [{"op": "sample", "value": "cat", "revision": 1}, {"op": "photo_size", "value": 512, "revision": 2}]
    for each in sessions:  # 2 MB of grey values each
        answers.answer("explore", each.identity, message(each, *edits))
    _remember(sessions[-1])
    del each
    first, *_, last = let_go_of(sessions)
    assert recent(first) is None
    assert recent(last).identity == last


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that passes, in seconds."""
    passed = [1000.0]
    monkeypatch.setattr("pages.shared.session.monotonic", lambda: passed[0])
    return passed


def busy_session() -> Session:
    """A session with something on every desk that takes time to compute."""
    session = Session()
    _remember(session)
    edits = [{"op": "sample", "value": "cat", "revision": 1}, {"op": "add_kernel", "revision": 2}]
    answers.answer("explore", session.identity, {**message(session, *edits), "target": "score:1"})
    session.learn.go("learning", 0)
    for name in ("learn", "convolution", "pooling", "layers"):
        answers.answer(name, session.identity, message(session))
    return session


def shown(session: Session) -> list[bytes]:
    makers = (answers.explore, answers.learn, answers.convolution, answers.pooling, answers.layers)
    return [make(session) for make in makers]


def test_what_is_computed_is_counted_whole():
    session = busy_session()
    outputs = [stage.output for stage in session.chain.trace.stages]
    gradients = session.backward[1]
    arrays = [*outputs, *session.chain.network.params().values(), *gradients.params.values(), *gradients.stages]
    least = sum({id(array.base): array.nbytes for array in arrays if array is not None}.values())
    assert session.computed_bytes > least
    for name, desk in session.desks.items():
        before = session.computed_bytes
        desk.rest()
        session.weigh()
        assert session.computed_bytes < before, name
    assert session.computed_bytes == 0


def test_a_session_that_is_not_used_for_a_minute_keeps_nothing_that_can_be_computed_anew(clock: list[float]):
    session = busy_session()
    before, held = shown(session), session.held
    clock[0] += 59
    _remember(Session())
    assert session.computed_bytes > 0
    clock[0] += 2
    _remember(Session())
    assert (session.computed_bytes, session._chain, session._backward) == (0, None, None)
    assert session.held == held
    # Nothing that the visitor made is lost by it.
    assert shown(session) == before


def test_a_session_that_is_worked_with_is_not_let_go_of_and_nobody_waits_for_it(clock: list[float]):
    session = busy_session()
    clock[0] += 61
    with ThreadPoolExecutor(1) as worker:
        worker.submit(session.lock.acquire).result(timeout=10)
        _remember(Session())
        assert session._chain is not None
        worker.submit(session.lock.release).result(timeout=10)
    _remember(Session())
    assert session._chain is None


def test_more_visitors_than_can_come_back_all_keep_what_they_work_with(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pages.shared.session._RECENT", 2)
    visitors = [busy_session() for _ in range(4)]
    for _ in range(2):
        for each in visitors:
            assert recent(each.identity) is each
            assert each._chain is not None
            assert each._backward is not None


def test_where_what_is_computed_is_too_much_together_the_longest_unused_lets_go_first(monkeypatch: pytest.MonkeyPatch):
    first, second, third = busy_session(), busy_session(), busy_session()
    monkeypatch.setattr("pages.shared.session._COMPUTED_BYTES", 2 * first.computed_bytes)
    _remember(third)
    assert [each.computed_bytes > 0 for each in (first, second, third)] == [False, True, True]


def resuming(session: Session, before: Session) -> dict:
    return {"session": session.identity, "edits": [], "pin": None, "have": [], "resume": before.identity}


def test_a_page_that_is_loaded_again_while_a_gesture_lasts_takes_over_what_was_made():
    before, after = Session(), Session()
    _remember(before)
    made = before.experiment
    with lasting_gesture(before):
        after.receive(resuming(after, before))
    assert after.experiment is made


def test_two_sessions_that_take_each_other_over_wait_for_no_end(monkeypatch):
    monkeypatch.setattr("pages.shared.session._PATIENCE", 0.1)
    one, other = Session(), Session()
    _remember(one)
    _remember(other)
    both_locked = Barrier(2)

    def resume(session: Session, before: Session) -> None:
        with session.lock:
            both_locked.wait(10)
            session.receive(resuming(session, before))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(resume, one, other), pool.submit(resume, other, one)]:
            done.result(timeout=10)
    assert one.lock.acquire(timeout=1)
    assert other.lock.acquire(timeout=1)


@pytest.mark.parametrize("page", ["layers", "pooling", "learn", "explore", "kernels", "engine"])
def test_a_link_of_another_page_is_told_of_on_the_one_that_opens(page):
    good = to_link(Sight(replace(Laboratory(), relu=True))).code
    for code, told in (
        (good, "what it holds is open there."),
        ("abc", "it could not be opened, and that page says why."),
    ):
        kept = opened_at(page, c=code)
        here = kept.desks.get(page, kept)
        assert here.notice == f"The address holds a link of the page “Convolution”: {told}"
        assert kept.convolution.state.relu is (code == good)
    assert kept.convolution.notice.startswith("The link could not be opened.")


def test_a_page_s_own_link_is_opened_beside_one_of_another_page_and_both_are_told_of():
    kept = opened_at("layers", l="abc", x="abc")
    assert kept.layers.notice == (
        "The link could not be opened. It is not a link or file that Kernelscope wrote, or it was cut off on the way. "
        "This is the worked example instead. "
        "The address holds a link of the page “Explore”: it could not be opened, and that page says why."
    )
