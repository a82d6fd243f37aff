"""The laboratory's link: what is written is read back, and what was not written here is refused with a sentence."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from pages.shared.link_code import LINK_LONGEST, ScenarioError, pack
from pages.shared.pooling.desk import UPSTREAM, PoolingDesk
from pages.shared.pooling.laboratory import Laboratory, Settings, misfit, run
from pages.shared.pooling.link import PoolingSight, from_link, to_link
from pages.shared.session import Session
from tests.app.links import NO_CODES, carry_out, code, explored, opened_at, own_picture
from tests.app.test_pooling import EDITS

CHANGED = [
    {"op": "input", "value": "larger"},
    {"op": "cells", "cells": [[15, 15, -4.5], [0, 1, 1 / 3], [7, 7, 1e-300]]},
    {"op": "kernel_size", "axis": 0, "value": 4},
    {"op": "stride", "value": [3, 1]},
    {"op": "padding", "value": 1},
    {"op": "ceil_mode", "value": True},
    {"op": "count_include_pad", "value": False},
    {"op": "mode", "value": "gradient"},
    {"op": "upstream", "cells": [[0, 0, -2.25], [4, 2, 0.1]]},
    {"op": "shift", "value": [-2, 0]},
    {"op": "edge", "value": "circular"},
]


def desk_after(*edits: dict, session: Session | None = None) -> PoolingDesk:
    desk = (session or Session()).pooling
    carry_out(desk, *edits)
    return desk


def assert_same(first: Laboratory, second: Laboratory) -> None:
    for field in fields(Laboratory):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name), err_msg=field.name)
    assert first.window == second.window
    for one, other in zip(run(first).pooled.values(), run(second).pooled.values(), strict=True):
        np.testing.assert_array_equal(one.trace.output, other.trace.output)


def through(desk: PoolingDesk) -> PoolingSight:
    link = desk.link()
    assert link.code
    assert link.missing == ""
    return from_link(link.code)


def test_what_the_page_opens_with_needs_no_parameter():
    assert Session().pooling.link().code == ""


def test_every_setting_comes_back():
    desk = desk_after(*CHANGED)
    assert desk.notice == ""
    opened = through(desk)
    assert_same(opened.laboratory, desk.state)
    assert opened.notice == ""


def test_the_laboratory_above_differs_from_the_first_in_every_setting():
    state, plain = desk_after(*CHANGED).state, Laboratory()
    for field in fields(Laboratory):
        assert not np.array_equal(getattr(state, field.name), getattr(plain, field.name)), field.name
    for field in fields(Settings):
        assert getattr(state.window, field.name) != getattr(plain.window, field.name), field.name


PINS = st.none() | st.tuples(
    st.sampled_from([-1, 0, 1, 3, 10, 20, 50]), st.tuples(*[st.just(0)] * 2, *[st.integers(0, 3)] * 2)
)


@drawn(st.lists(st.tuples(EDITS, PINS), max_size=12))
@settings(max_examples=80, deadline=None)
def test_whatever_is_done_and_pinned_the_link_opens_exactly_that(steps):
    session = Session()
    desk = session.pooling
    for k, (edit, pin) in enumerate(steps):
        message = {"session": desk.identity, "edits": [{**edit, "revision": k + 1}]}
        if pin is not None:
            message["pin"] = {"stage": pin[0], "index": list(pin[1]), "count": k + 1}
        desk.receive(message)
        # As a page asks for them after each message: the cell that was pinned last among the outputs is kept.
        assert desk.run.laboratory is desk.state
        link = desk.link()
        assert link.missing == ""
        other = Session().pooling
        if link.code:
            other.follow(link.code)
        assert other.notice == ""
        assert_same(other.state, desk.state)
        assert (other.pin, other.cell) == (desk.pin, desk.cell)
        assert other.run.cell == desk.run.cell
        assert other.link() == link


@pytest.mark.parametrize("name", ["explore", "features"])
def test_small_numbers_from_explore_come_back_number_by_number(name):
    session = Session()
    session.put(explored({"op": "grid", "value": [[0.5, -3, 2], [1e4, 0.1, 7], [0, 0, 1], [4, 1 / 3, 2]]}))
    desk = desk_after({"op": "kernel_size", "value": 1}, {"op": "input", "value": name}, session=session)
    assert desk.notice == ""
    assert desk.state.source == name
    assert_same(through(desk).laboratory, desk.state)


def test_an_input_of_a_single_cell_comes_back():
    session = Session()
    session.put(explored({"op": "grid", "value": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]}))
    desk = desk_after({"op": "kernel_size", "value": 1}, {"op": "input", "value": "features"}, session=session)
    assert desk.state.plane == (1, 1)
    assert_same(through(desk).laboratory, desk.state)


def test_a_window_that_only_fits_by_its_padding_comes_back():
    session = Session()
    session.put(explored({"op": "grid", "value": [[1, 2, 3]] * 3}))
    steps = [{"op": "input", "value": "explore"}, {"op": "padding", "value": 1}, {"op": "kernel_size", "value": 4}]
    desk = desk_after(*steps, {"op": "padding", "value": 2}, {"op": "kernel_size", "value": 7}, session=session)
    assert misfit(desk.state.plane, replace(desk.state.window, padding=(0, 0))) is not None
    assert_same(through(desk).laboratory, desk.state)


@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_a_sample_at_its_largest_comes_back(colour):
    session = Session()
    session.put(
        explored(
            {"op": "sample", "value": "cat"}, {"op": "photo_size", "value": 224}, {"op": "colour", "value": colour}
        )
    )
    desk = desk_after({"op": "input", "value": "explore"}, session=session)
    assert max(desk.state.plane) == 64
    assert_same(through(desk).laboratory, desk.state)


@pytest.mark.parametrize(("name", "what"), [("explore", "an input"), ("features", "a feature map")])
def test_of_a_larger_input_of_ones_own_the_link_says_that_it_cannot_carry_it(name, what):
    session = Session()
    session.put(own_picture(64))
    desk = desk_after({"op": "input", "value": name}, {"op": "kernel_size", "value": 7}, session=session)
    link = desk.link()
    assert link.missing == (
        f"Your own {what.split(' ', 1)[1]} is not part of the link, only everything else: "
        "it opens over “Cross, 16 × 16”."
    )
    other = Session().pooling
    other.follow(link.code)
    assert other.notice == (
        f"This link was made over {what} that it cannot carry: here is the rest over “Cross, 16 × 16”."
    )
    assert other.state.window == desk.state.window


def test_numbers_that_nobody_may_type_are_not_carried():
    session = Session()
    session.put(explored({"op": "grid", "value": [[1e6] * 4] * 4}, {"op": "kernel", "values": [[1, 1], [1, 1]]}))
    desk = desk_after({"op": "input", "value": "features"}, session=session)
    assert desk.state.input.max() == 4e6
    assert desk.link().missing.startswith("Your own feature map is not part of the link")


def test_more_numbers_than_an_address_takes_are_not_written_and_that_is_said():
    noise = np.random.default_rng(0).normal(size=(60, 60))
    link = to_link(PoolingSight(replace(Laboratory(), upstream=noise)))
    assert link.code is None
    assert link.missing.startswith("This laboratory holds too many numbers for a link")


ROWS = [[1, 2], [3, 4]]
HOSTILE = [
    *NO_CODES,
    code({"input": "../../etc/passwd"}),
    code({"input": "explore"}),
    code({"input": "features"}),
    code({"input": ["worked"]}),
    code({"own": {"planes": [ROWS]}}),
    code({"input": "worked", "own": {"planes": [ROWS]}}),
    code({"input": "explore", "own": {"planes": [[[1]]]}}),
    code({"input": "explore", "own": {"planes": [ROWS, ROWS]}, "window": {"kernel_size": [1, 1]}}),
    code({"input": "explore", "own": {"planes": [[[1, 2], [3]]]}}),
    code({"input": "explore", "own": {"planes": [[[0] * 65]]}}),
    code({"input": "explore", "own": {"planes": [[[0] * 900] * 90]}}),
    code({"input": "explore", "own": {"planes": [[["1"]]]}}),
    code({"input": "explore", "own": {"planes": [ROWS], "parts": 0}}),
    code({"input": "explore", "own": 7}),
    code({"cells": [[0, 99, 0, 1]]}),
    code({"cells": [[0, 0, 0, "1"]]}),
    code({"cells": [[[], 0, 0, 1]]}),
    code({"cells": [[0, 0, 0, float("nan")]]}),
    code({"cells": [[0, 0, 0, 10**400]]}),
    code({"cells": 7}),
    code({"window": 7}),
    code({"window": {"kernel_size": [9, 1]}}),
    code({"window": {"kernel_size": [8, 8]}}),
    code({"window": {"stride": [0, 1]}}),
    code({"window": {"padding": [2, 2]}}),
    code({"window": {"padding": [10**9, 0]}}),
    code({"window": {"stride": {"a": 1}}}),
    code({"upstream": []}),
    code({"upstream": [[1, 2], [3]]}),
    code({"upstream": [[1] * 73]}),
    code({"upstream": [[1e300]]}),
    code({"mode": "odd"}),
    code({"target": 3}),
    code({"shift": [3, 0]}),
    code({"shift": {}}),
    code({"edge": "reflect"}),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_was_not_written_here_is_refused_with_a_sentence(hostile):
    with pytest.raises(ScenarioError, match=r"^The link could not be opened.*\.$"):
        from_link(hostile)


ODD = [
    {"pin": [0, -1, 0, 0, 0]},
    {"pin": "no"},
    {"cell": [-1, 0]},
    {"cell": [0]},
    {"cell": ["a", 1]},
    {"cell": 3},
    {"instead": []},
    {"unheard": 1},
]


@pytest.mark.parametrize("told", ODD)
def test_a_place_that_is_none_is_passed_over(told):
    sight = from_link(pack(told))
    assert_same(sight.laboratory, Laboratory())
    assert (sight.pin, sight.cell, sight.notice) == (None, (0, 1), "")


@pytest.mark.parametrize("told", [{"pin": [0, 0, 0, 10**6, 10**6]}, {"pin": [10**6, 0]}, {"cell": [99, 99]}])
def test_a_place_that_is_not_on_screen_becomes_the_nearest(told):
    kept = opened_at("pooling", p=pack(told | {"mode": "gradient", "target": "cell"}))
    assert kept.pooling.notice == ""
    assert all(0 <= at < 3 for at in kept.pooling.run.cell)


def test_a_link_opens_in_a_fresh_session_and_undo_leads_back_to_the_worked_example():
    desk = desk_after(*CHANGED, {"op": "target", "value": "cell"})
    desk.receive({"session": desk.identity, "pin": {"stage": UPSTREAM, "index": [0, 0, 4, 2], "count": 1}})
    desk.receive({"session": desk.identity, "pin": {"stage": -1, "index": [0, 0, 1, 2], "count": 2}})
    link = desk.link()
    assert len(link.code) < LINK_LONGEST / 4
    kept = opened_at("pooling", p=link.code)
    other = kept.pooling
    assert_same(other.state, desk.state)
    assert (other.pin, other.notice) == ((-1, (0, 0, 1, 2)), "")
    assert other.link() == link
    assert other.can_undo()
    carry_out(other, {"op": "undo"})
    assert_same(other.state, Laboratory())
    assert not other.can_undo()


def test_a_page_that_is_loaded_again_goes_back_from_the_same_cell():
    before = desk_after({"op": "mode", "value": "gradient"}, {"op": "target", "value": "cell"})
    for count, (stage, cell) in enumerate([(UPSTREAM, [2, 1]), (-1, [5, 5])], start=1):
        before.receive({"session": before.identity, "pin": {"stage": stage, "index": [0, 0, *cell], "count": count}})
        assert before.run.cell == (2, 1)
    after = Session().pooling
    after.take_over(before)
    assert after.run.cell == (2, 1)


@pytest.mark.parametrize("hostile", HOSTILE[:6])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(hostile):
    desk = opened_at("pooling", p=hostile).pooling
    assert_same(desk.state, Laboratory())
    assert desk.notice.startswith("The link could not be opened")
    assert desk.notice.endswith("This is the worked example instead.")
