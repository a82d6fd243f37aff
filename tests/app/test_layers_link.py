"""The laboratory's link: what is written is read back, and what was not written here is refused with a sentence."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from pages.shared import edits as explore
from pages.shared.layers.desk import LayersDesk
from pages.shared.layers.laboratory import KINDS, OWN, Given, Laboratory, drawn_weights
from pages.shared.layers.link import from_link, to_link
from pages.shared.layers.message import layers_message
from pages.shared.layers.screens import screen
from pages.shared.link_code import LINK_LONGEST, ScenarioError, pack
from pages.shared.session import Session
from pages.shared.sight import Sight
from tests.app.links import NO_CODES, carry_out, code, explored, opened_at, own_picture
from tests.app.test_layers import EDITS
from tests.app.test_message import unpack

CHANGED = [
    {"op": "input", "value": "larger"},
    {"op": "cells", "plane": 0, "cells": [[15, 15, -4.5], [0, 1, 1 / 3]]},
    {"op": "slope", "value": -0.2},
    {"op": "beta", "value": 2.5},
    {"op": "approximate", "value": "tanh"},
    {"op": "kind", "value": "batch_norm"},
    {"op": "input", "value": "noise"},
    {"op": "cells", "plane": 5, "cells": [[1, 1, 4]]},
    {"op": "gamma", "channel": 1, "value": 2.5},
    {"op": "shift", "channel": 0, "value": -1e-9},
    {"op": "momentum", "value": 0.3},
    {"op": "step"},
    {"op": "step"},
    {"op": "training", "value": "inference"},
    {"op": "p", "value": 0.25},
    {"op": "seed", "value": 41},
    {"op": "kind", "value": "linear"},
    {"op": "input", "value": "larger"},
    {"op": "classes", "value": 5},
    {"op": "dense", "cells": [[4, 31, 0.125]]},
    {"op": "dense_bias", "cells": [[2, 7]]},
    {"op": "kind", "value": "softmax"},
    {"op": "temperature", "value": 4},
    {"op": "input", "value": "larger"},
    {"op": "kind", "value": "cross_entropy"},
    {"op": "label", "value": 9},
    {"op": "cells", "plane": 0, "cells": [[9, 0, 3.5]]},
]


def desk_after(*edits: dict, session: Session | None = None) -> LayersDesk:
    desk = (session or Session()).layers
    carry_out(desk, *edits)
    return desk


def own(*edits: dict, experiment=None) -> LayersDesk:
    """A desk of a session whose Explore has this experiment."""
    session = Session()
    if experiment is not None:
        session.put(experiment)
    return desk_after(*edits, session=session)


def assert_same(first: Laboratory, second: Laboratory) -> None:
    for field in fields(Laboratory):
        if field.name != "given":
            np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name), err_msg=field.name)
    assert set(first.given) == set(second.given)
    for family, (x, source, _) in first.given.items():
        np.testing.assert_array_equal(x, second.given[family].input, err_msg=family)
        assert source == second.given[family].source
    one, other = screen(first), screen(second)
    assert one.sentence == other.sentence
    assert one.arrays.keys() == other.arrays.keys()


def through(desk: LayersDesk) -> Sight[Laboratory]:
    link = desk.link()
    assert link.code
    assert link.missing == ""
    return from_link(link.code)


def test_what_the_page_opens_with_needs_no_parameter():
    assert Session().layers.link().code == ""


def test_every_setting_of_every_layer_comes_back():
    desk = desk_after(*CHANGED)
    assert desk.notice == ""
    opened = through(desk)
    assert_same(opened.laboratory, desk.state)
    assert opened.notice == ""
    assert len(desk.link().code) < LINK_LONGEST / 4


def test_a_link_made_on_the_layer_that_opens_comes_back_to_it_though_other_layers_inputs_were_changed():
    desk = desk_after(
        {"op": "kind", "value": "softmax"},
        {"op": "input", "value": "larger"},
        {"op": "kind", "value": Laboratory().kind},
    )
    assert_same(through(desk).laboratory, desk.state)


def test_the_laboratory_above_differs_from_the_first_in_every_setting():
    state, plain = desk_after(*CHANGED).state, Laboratory()
    for field in fields(Laboratory):
        if field.name != "given":
            assert not np.array_equal(getattr(state, field.name), getattr(plain, field.name)), field.name
    assert all(source != "worked" for _, source, _ in state.given.values())


PINS = st.none() | st.tuples(st.sampled_from([-1, 0, 1, 4, 9]), st.lists(st.integers(0, 3), min_size=1, max_size=4))


@drawn(st.lists(st.tuples(EDITS, PINS), max_size=14))
@settings(max_examples=80, deadline=None)
def test_whatever_is_done_and_pinned_the_link_opens_exactly_that(steps):
    session = Session()
    desk = session.layers
    for k, (edit, pin) in enumerate(steps):
        message = {"session": desk.identity, "edits": [{**edit, "revision": k + 1}]}
        if pin is not None:
            message["pin"] = {"stage": pin[0], "index": pin[1], "count": k + 1}
        desk.receive(message)
        link = desk.link()
        assert link.missing == ""
        other = Session()
        if link.code:
            other.layers.follow(link.code)
        assert other.layers.notice == ""
        assert_same(other.layers.state, desk.state)
        assert other.layers.pin == desk.pin
        assert other.layers.link() == link
        (shown, _), (opened, _) = unpack(layers_message(session)), unpack(layers_message(other))
        for told in ("kind", "stages", "pin", "explanation", "sentence", "settings"):
            assert shown[told] == opened[told], told


@pytest.mark.parametrize("kind", ["relu", "batch_norm", "linear", "softmax"])
def test_small_numbers_from_explore_come_back_number_by_number(kind):
    grid = explored({"op": "grid", "value": [[0.5, -3, 2, 1], [1e4, 0.1, 7, 1 / 3], [0, 0, 1, 2], [4, 1, 2, 2]]})
    desk = own({"op": "kind", "value": kind}, {"op": "input", "value": OWN}, experiment=grid)
    assert desk.notice == ""
    assert desk.state.source == OWN
    assert_same(through(desk).laboratory, desk.state)


def test_running_statistics_of_larger_numbers_than_may_be_typed_come_back():
    typed = [{"op": "cells", "plane": 0, "cells": [[0, 0, 1e6], [0, 1, -1e6]]}, {"op": "momentum", "value": 1}]
    desk = own({"op": "kind", "value": "batch_norm"}, *typed, {"op": "step"})
    assert desk.state.running_var.max() > 1e10
    assert_same(through(desk).laboratory, desk.state)


LEFT_OUT = "Your own feature map is not part of the link, only everything else: it opens over “Worked example, 6 × 6”."
INSTEAD = "This link was made over a feature map that it cannot carry: here is the rest over “Worked example, 6 × 6”."


def test_of_a_larger_map_of_ones_own_the_link_says_that_it_cannot_carry_it():
    desk = own({"op": "input", "value": OWN}, {"op": "slope", "value": 0.5}, experiment=own_picture(64))
    link = desk.link()
    assert link.missing == LEFT_OUT
    other = Session().layers
    other.follow(link.code)
    assert other.notice == INSTEAD
    assert_same(other.state, replace(Laboratory(), slope=0.5))


def test_a_larger_map_of_a_layer_that_is_not_on_screen_is_left_out_first():
    away = {"op": "kind", "value": "softmax"}
    desk = own({"op": "input", "value": OWN}, away, {"op": "temperature", "value": 3}, experiment=own_picture(64))
    link = desk.link()
    assert link.missing == (
        "What the layers that are not on screen have from Explore is not part of the link: it is too many numbers."
    )
    other = Session().layers
    other.follow(link.code)
    assert other.notice == ""
    assert_same(other.state, replace(Laboratory(), kind="softmax", temperature=3.0))


def test_where_neither_fits_both_are_told_of():
    own_input, away = {"op": "input", "value": OWN}, {"op": "kind", "value": "batch_norm"}
    picture = own_picture(64)
    for _ in range(3):
        picture = explore.apply(picture, {"op": "add_kernel"})
    desk = own(own_input, away, own_input, experiment=picture)
    link = desk.link()
    assert link.missing.startswith("Your own set of feature maps is not part of the link")
    assert link.missing.endswith("it is too many numbers.")
    assert_same(from_link(link.code).laboratory, replace(Laboratory(), kind="batch_norm"))


def test_weights_and_label_follow_to_what_stands_in_for_scores_that_a_link_cannot_carry():
    state = Laboratory(kind="cross_entropy", label=8)
    scores = Given(np.full((1, 1, 9, 1), 2e6), OWN)
    link = to_link(Sight(replace(state, given={**state.given, "vector": scores})))
    assert link.missing.startswith("Your own set of scores is not part of the link")
    opened = from_link(link.code)
    assert opened.laboratory.label == 3
    assert opened.notice.startswith("This link was made over a set of scores that it cannot carry")


def test_more_numbers_than_an_address_takes_are_not_written_and_that_is_said():
    noise = np.random.default_rng(0).normal(size=(600, 9))
    link = to_link(Sight(replace(Laboratory(), weight=noise, bias=np.zeros(600))))
    assert link.code is None
    assert link.missing.startswith("This laboratory holds too many numbers for a link")


ROW = [0] * 9
HOSTILE = [
    *NO_CODES,
    code({"kind": "odd"}),
    code({"kind": ["relu"]}),
    code({"given": 7}),
    code({"given": {"odd": {}}}),
    code({"given": {"map": 7}}),
    code({"given": {"map": {"input": "../../etc/passwd"}}}),
    code({"given": {"map": {"input": OWN}}}),
    code({"given": {"map": {"own": {"planes": [[[1]], [[1]]]}}}}),
    code({"given": {"map": {"own": {"planes": [[[0] * 65]]}}}}),
    code({"given": {"map": {"own": {"planes": [[[1e7]]]}}}}),
    code({"given": {"map": {"own": {"planes": [[[1, 2], [3]]]}}}}),
    code({"given": {"map": {"own": {"planes": [], "parts": 1}}}}),
    code({"given": {"map": {"own": {"planes": [[[1]]], "parts": 0}}}}),
    code({"given": {"batch": {"own": {"planes": [[[1]]]}}}}),
    code({"given": {"batch": {"own": {"planes": [[[1, 2]]] * 5}}}}),
    code({"given": {"batch": {"own": {"planes": [[[1] * 33]]}}}}),
    code({"given": {"small": {"own": {"planes": [[[1] * 7]]}}}}),
    code({"given": {"vector": {"own": {"planes": [[[1, 2]]]}}}}),
    code({"given": {"vector": {"own": {"planes": [[[1]] * 11]}}}}),
    code({"given": {"map": {"cells": [[0, 99, 0, 1]]}}}),
    code({"given": {"map": {"cells": [[9, 0, 0, 1]]}}}),
    code({"given": {"map": {"cells": [[0, 0, 0, float("nan")]]}}}),
    code({"given": {"map": {"cells": 5}}}),
    code({"slope": 1e300}),
    code({"temperature": 0}),
    code({"p": "half"}),
    code({"seed": -1}),
    code({"label": 4}),
    code({"label": None}),
    code({"approximate": {}}),
    code({"gamma": [1, 2]}),
    code({"gamma": [1, 2, 3, float("inf")]}),
    code({"gamma": [1, 2, 3, 10**400]}),
    code({"shift": 3}),
    code({"running": 3}),
    code({"running": {"running_mean": [0] * 4, "running_var": [-1] * 4, "steps": 1}}),
    code({"running": {"running_mean": [1e300] * 4, "running_var": [1] * 4, "steps": 1}}),
    code({"running": {"running_mean": [0] * 4, "running_var": [1] * 4, "steps": 10**9}}),
    code({"running": {"running_mean": [0] * 4, "running_var": [1] * 4}}),
    code({"linear": {"weight": [ROW] * 7, "bias": [0] * 7}}),
    code({"linear": {"weight": [ROW] * 3, "bias": [0] * 2}}),
    code({"linear": {"weight": [[0] * 10] * 3, "bias": [0] * 3}}),
    code({"linear": {"weight": [], "bias": []}}),
    code({"linear": {"weight": [ROW], "bias": "1"}}),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_was_not_written_here_is_refused_with_a_sentence(hostile):
    with pytest.raises(ScenarioError, match=r"^The link could not be opened.*\.$"):
        from_link(hostile)


@pytest.mark.parametrize("told", [{"pin": [0, -1]}, {"pin": "no"}, {"instead": 1}, {"unheard": 1}, {"training": 0}])
def test_what_says_nothing_is_passed_over(told):
    sight = from_link(pack(told))
    assert_same(sight.laboratory, Laboratory())
    assert (sight.pin, sight.notice) == (None, "")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pin", [[0, 0, 0, 10**6, 10**6], [10**6, 0], [0, 3], [7, 1, 1, 1, 1]])
def test_a_place_that_is_not_on_screen_becomes_the_nearest(kind, pin):
    session = Session()
    session.layers.follow(pack({"kind": kind, "pin": pin}))
    header, _ = unpack(layers_message(session))
    assert header["notice"] == ""
    assert header["stages"]


def test_a_link_opens_in_a_fresh_session_and_undo_leads_back_to_the_worked_example():
    desk = desk_after(*CHANGED)
    desk.receive({"session": desk.identity, "pin": {"stage": 0, "index": [0, 7], "count": 1}})
    link = desk.link()
    other = opened_at("layers", l=link.code).layers
    assert_same(other.state, desk.state)
    assert (other.pin, other.notice) == ((0, (0, 7)), "")
    assert other.link() == link
    carry_out(other, {"op": "undo"})
    assert_same(other.state, Laboratory())
    assert not other.can_undo()


@pytest.mark.parametrize("hostile", HOSTILE[:6])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(hostile):
    desk = opened_at("layers", l=hostile).layers
    assert_same(desk.state, Laboratory())
    assert desk.notice.startswith("The link could not be opened")
    assert desk.notice.endswith("This is the worked example instead.")


def test_a_label_is_one_of_the_scores_whichever_layer_is_looked_at():
    desk = desk_after({"op": "input", "value": "larger"}, {"op": "label", "value": 9})
    assert desk.state.label == 0
    assert desk.notice.endswith(".")


def test_weights_as_they_are_drawn_need_no_numbers_in_the_address():
    desk = desk_after({"op": "kind", "value": "linear"}, {"op": "input", "value": "noise"})
    np.testing.assert_array_equal(desk.state.weight, drawn_weights(3, 25))
    assert len(desk.link().code) < 120
    assert_same(through(desk).laboratory, desk.state)
