"""The laboratory's link: what is written is read back, and what was not written here is refused with a sentence."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import Laboratory, Operation, run
from pages.shared.convolution.link import from_link, to_link
from pages.shared.experiment import Experiment
from pages.shared.link_code import ScenarioError, pack
from pages.shared.session import LINKS, Session
from pages.shared.sight import Sight
from tests.app.links import NO_CODES, carry_out, code, explored, opened_at, own_picture
from tests.app.test_convolution import NAMES


def after(*edits: dict, experiment: Experiment | None = None) -> Laboratory:
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, experiment or Experiment())
    return state


EVERYTHING = after(
    {"op": "input", "value": "larger"},
    {"op": "channels", "value": 4},
    {"op": "outputs", "value": 4},
    {"op": "kernel_size", "axis": 1, "value": 2},
    {"op": "keep"},
    {"op": "groups", "value": 2},
    {"op": "kernel", "output": 1, "plane": 0, "values": [[0.1, -2.5], [1 / 3, 0], [7, 1e-9]]},
    {"op": "library", "output": 2, "value": "sobel_y"},
    {"op": "bias", "output": 3, "value": -0.25},
    {"op": "with_bias", "value": False},
    {"op": "stride", "value": [2, 1]},
    {"op": "dilation", "value": [1, 2]},
    {"op": "padding", "side": 0, "value": 3},
    {"op": "padding_mode", "value": "circular"},
    {"op": "flipped", "value": True},
    {"op": "relu", "value": True},
    {"op": "cells", "plane": 3, "cells": [[15, 15, -4.5], [0, 1, 12]]},
)


def assert_same(first: Laboratory, second: Laboratory) -> None:
    for field in fields(Laboratory):
        if field.name not in ("input", "operation", "kept", "spare"):  # a link tells what is on screen
            assert getattr(first, field.name) == getattr(second, field.name), field.name
    np.testing.assert_array_equal(first.input, second.input)
    assert (first.kept is None) == (second.kept is None)
    pairs = [(first.operation, second.operation)]
    if first.kept is not None and second.kept is not None:
        pairs.append((first.kept, second.kept))
    for one, other in pairs:
        for field in fields(Operation):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)
    np.testing.assert_array_equal(run(first).trace.output, run(second).trace.output)


def through(laboratory: Laboratory, **eye: object) -> Sight:
    link = to_link(Sight(laboratory, **eye))
    assert link.code is not None
    assert link.missing == ""
    return from_link(link.code)


def test_what_the_page_opens_with_needs_no_parameter():
    assert to_link(Sight(Laboratory())).code == ""


def test_every_setting_comes_back_and_so_do_the_pinned_cell_and_the_channel():
    opened = through(EVERYTHING, pin=(0, (0, 2, 1, 3)), output=2)
    assert_same(opened.laboratory, EVERYTHING)
    assert (opened.pin, opened.output, opened.notice) == ((0, (0, 2, 1, 3)), 2, "")


def test_the_laboratory_above_differs_from_the_first_in_every_setting_but_those_that_exclude_each_other():
    plain = Operation()
    apart = {"transposed", "padding", "output_padding"}
    for field in fields(Operation):
        same = np.array_equal(getattr(EVERYTHING.operation, field.name), getattr(plain, field.name))
        assert not same or field.name in apart, field.name


@drawn(st.lists(NAMES, max_size=12))
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_the_link_opens_exactly_that(edits):
    desk = Session().convolution
    carry_out(desk, *edits)
    link = desk.link()
    assert link.missing == ""
    opened = from_link(link.code).laboratory if link.code else Laboratory()
    assert_same(opened, desk.state)


def test_exact_fractions_come_back_over_numbers_that_are_none():
    state = after({"op": "exact", "value": True}, {"op": "bias", "value": 0.123456789012})
    assert_same(through(state).laboratory, state)


def test_a_transposed_convolution_comes_back():
    state = after({"op": "transposed", "value": True}, {"op": "stride", "value": 3}, {"op": "padding", "value": 1})
    state = apply(state, {"op": "output_padding", "value": [2, 1]}, Experiment())
    assert_same(through(state).laboratory, state)


def test_a_kernel_that_only_fits_by_its_padding_comes_back():
    state = after(
        {"op": "padding", "value": 4}, {"op": "kernel_size", "value": 7}, {"op": "dilation", "value": 2}, {"op": "keep"}
    )
    assert_same(through(state).laboratory, state)


def test_a_grid_from_explore_comes_back_number_by_number():
    grid = explored({"op": "grid", "value": [[0.5, -3, 2], [1e6, 0.1, 7], [0, 0, 1]]})
    state = after({"op": "input", "value": "explore"}, experiment=grid)
    assert_same(through(state).laboratory, state)


@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_a_sample_from_explore_comes_back_by_its_name_with_what_was_changed_on_it(colour):
    photo = explored(
        {"op": "sample", "value": "cat"}, {"op": "photo_size", "value": 224}, {"op": "colour", "value": colour}
    )
    state = after(
        {"op": "input", "value": "explore"}, {"op": "cells", "plane": 0, "cells": [[3, 4, 1]]}, experiment=photo
    )
    link = to_link(Sight(state))
    assert len(link.code) < 400
    assert_same(from_link(link.code).laboratory, state)


def test_a_small_picture_of_ones_own_fits_into_a_link():
    state = after({"op": "input", "value": "explore"}, experiment=own_picture(40))
    assert_same(through(state).laboratory, state)


def test_of_a_larger_picture_of_ones_own_the_link_says_that_it_cannot_carry_it():
    state = after({"op": "input", "value": "explore"}, {"op": "stride", "value": 2}, experiment=own_picture(64))
    link = to_link(Sight(state))
    assert link.missing == (
        "Your own input is not part of the link, only everything else: it opens over “Worked example, 6 × 6”."
    )
    opened = from_link(link.code)
    assert opened.notice == (
        "This link was made over an input that it cannot carry: here is its convolution over “Worked example, 6 × 6”."
    )
    assert opened.laboratory.operation.stride == (2, 2)
    assert opened.laboratory.channels == 1


def test_a_picture_that_was_painted_all_over_comes_back_as_it_was_before_and_says_so():
    photo = explored({"op": "sample", "value": "cat"})
    state = after({"op": "input", "value": "explore"}, experiment=photo)
    link = to_link(Sight(replace(state, input=state.input + 1)))
    assert link.missing == "What was changed in the input by hand is not part of the link: it is too many numbers."
    assert_same(from_link(link.code).laboratory, state)


def test_more_numbers_than_an_address_takes_are_not_written_and_that_is_said():
    state = after({"op": "channels", "value": 4}, {"op": "outputs", "value": 4}, {"op": "padding", "value": 3})
    state = apply(state, {"op": "kernel_size", "value": 7}, Experiment())
    weight = np.random.default_rng(0).normal(size=state.operation.weight.shape)
    link = to_link(Sight(replace(state, operation=replace(state.operation, weight=weight))))
    assert link.code is None
    assert link.missing.startswith("This laboratory holds too many numbers for a link")


PLANE = [[1] * 3] * 3
HOSTILE = [
    *NO_CODES,
    code({"operation": 3}),
    code({"operation": {"weight": [[PLANE] * 5] * 2}}),
    code({"operation": {"weight": [[PLANE], [PLANE, PLANE]]}}),
    code({"operation": {"weight": [[[[1] * 900] * 900] * 2] * 2, "size": [900, 900]}}),
    code({"operation": {"weight": [["sobel_x", "no such kernel"]] * 2}}),
    code({"operation": {"weight": [["gabor", "gabor"]] * 2, "size": [1, 10**9]}}),
    code({"operation": {"weight": [[PLANE]], "bias": [1, 2]}}),
    code({"operation": {"bias": [float("nan"), 0]}}),
    code({"operation": {"bias": [10**400, 0]}}),
    code({"operation": {"groups": 3}}),
    code({"operation": {"stride": [0, 1]}}),
    code({"operation": {"padding": [0, 0, 0, 10**9]}}),
    code({"operation": {"padding": {"a": 1}}}),
    code({"operation": {"transposed": True, "padding_mode": "reflect"}}),
    code({"operation": {"dilation": [4, 4], "weight": [["gabor", "gabor"]] * 2, "size": [7, 7]}}),
    code({"channels": 10**9}),
    code({"input": "../../etc/passwd"}),
    code({"sample": {"name": "../secret", "size": 64, "colour": "grey"}}),
    code({"sample": {"name": "cat", "size": 10**9, "colour": "grey"}}),
    code({"own": {"planes": [[[1, 2], [3]]]}}),
    code({"own": {"planes": [[[0] * 600] * 600]}}),
    code({"own": {"planes": [[[1, 2], [3, 4]], [[1]]]}}),
    code({"own": {"planes": [], "parts": 0}}),
    code({"cells": [[0, 99, 0, 1]]}),
    code({"cells": [[0, 0, 0, "1"]]}),
    code({"cells": [7]}),
    code({"kept": {"stride": [9, 9]}}),
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_was_not_written_here_is_refused_with_a_sentence(hostile):
    with pytest.raises(ScenarioError, match=r"^The link could not be opened.*\.$"):
        from_link(hostile)


@pytest.mark.parametrize("told", [{"pin": [9, 1]}, {"pin": "no"}, {"output": 17}, {"output": "1"}, {"unheard": 1}])
def test_a_place_that_is_none_is_passed_over(told):
    sight = from_link(pack(told))
    assert_same(sight.laboratory, Laboratory())
    assert sight.output == 0


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ({"stride": -3, "operation": {"stride": [2, 2]}}, "“stride”"),
        ({"operation": {"stride": [2, 2], "strides": 3}}, "“strides”"),
        ({"kept": {"a\n b": 1}, "operation": {"stride": [2, 2]}}, "“a b”"),
        ({**dict.fromkeys("abcd", 1), "operation": {"stride": [2, 2]}}, "“a”, “b”, “c” and more"),
    ],
)
def test_a_setting_that_there_is_not_is_passed_over_and_that_is_said(told, named):
    desk = opened_at("convolution", c=code(told)).convolution
    assert desk.state.operation.stride == (2, 2)
    assert desk.notice == (
        f"The link sets {named}, which this laboratory does not know: all else is here. "
        "“Copy link” writes one with every setting."
    )


def test_a_link_over_an_input_that_it_cannot_carry_says_so_beside_what_it_passes_over():
    told = from_link(code({"input": "worked", "own_picture": True, "strides": 3})).notice
    assert told.startswith("This link was made over an input that it cannot carry")
    assert "“strides”" in told


def test_a_link_opens_in_a_fresh_session_and_undo_leads_back_to_the_worked_example():
    link = to_link(Sight(EVERYTHING, (0, (0, 1, 2, 2)), 1))
    kept = opened_at("convolution", c=link.code)
    desk = kept.convolution
    assert_same(desk.state, EVERYTHING)
    assert (desk.pin, desk.output, desk.notice) == ((0, (0, 1, 2, 2)), 1, "")
    assert desk.link() == link
    assert desk.can_undo()
    desk.receive({"session": kept.identity, "edits": [{"op": "undo", "revision": 1}]})
    assert_same(desk.state, Laboratory())


@pytest.mark.parametrize("hostile", HOSTILE[:3])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(hostile):
    desk = opened_at("convolution", c=hostile).convolution
    assert_same(desk.state, Laboratory())
    assert desk.notice.startswith("The link could not be opened.")
    assert desk.notice.endswith("This is the worked example instead.")


def test_no_two_desks_share_a_parameter():
    assert set(LINKS) <= set(Session().desks)
    assert len(set(LINKS.values())) == len(LINKS)
