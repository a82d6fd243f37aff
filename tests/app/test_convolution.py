"""The convolution laboratory's state and message: every edit leads to what fits, and every number is cnn_core's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from cnn_core import conv2d, conv_transpose2d
from pages.shared import answers
from pages.shared.convolution.columns import columns
from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import PADDING_MOST, Laboratory, misfit, parts, run
from pages.shared.convolution.message import ALONE, convolution_message
from pages.shared.edits import EditRefusedError
from pages.shared.experiment import Experiment
from pages.shared.session import Session, _remember
from tests.app.test_message import entries, unpack


def edited(*edits: dict) -> Laboratory:
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, Experiment())
    return state


def control(state: Laboratory, view: str, label: str) -> dict:
    column = next(each for each in columns(run(state), 0) if each["view"] == view)
    return next(each for each in column["controls"] if each["label"] == label)


NAMES = st.sampled_from(
    [
        *({"op": "channels", "value": n} for n in range(6)),
        *({"op": "outputs", "value": n} for n in range(6)),
        *({"op": "groups", "value": n} for n in range(6)),
        *({"op": "kernel_size", "axis": axis, "value": n} for axis in (0, 1) for n in range(9)),
        *({"op": "stride", "value": n} for n in range(6)),
        *({"op": "output_padding", "value": n} for n in range(5)),
        {"op": "output_padding", "axis": 0, "value": 1},
        *({"op": "dilation", "axis": 1, "value": n} for n in range(6)),
        *({"op": "padding", "value": n} for n in ("same", "valid", "own", 0, 2, 4, 5, "odd")),
        *({"op": "padding", "side": side, "value": 3} for side in range(5)),
        *({"op": "padding_mode", "value": mode} for mode in ("zeros", "reflect", "replicate", "circular", "odd")),
        *({"op": "input", "value": name} for name in ("worked", "larger", "noise", "explore", "odd")),
        *({"op": "library", "value": name} for name in ("gabor", "identity", "odd")),
        *({"op": name, "value": True} for name in ("flipped", "relu", "with_bias", "exact", "transposed")),
        {"op": "random", "output": 3},
        {"op": "bias", "output": 1, "value": 2.5},
        {"op": "cells", "plane": 1, "cells": [[5, 5, 4]]},
        {"op": "kernel", "output": 0, "plane": 0, "values": [[1, 2], [3, 4]]},
        *({"op": name} for name in ("keep", "swap", "drop", "worked")),
        {"op": "unheard of"},
        {"op": "groups"},
    ]
)


@given(st.lists(NAMES, max_size=12))
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_what_is_on_screen_fits_and_a_refusal_is_a_sentence(edits):
    session = Session()
    desk = session.convolution
    for k, edit in enumerate(edits):
        before = desk.state
        desk.receive({"session": session.identity, "edits": [{**edit, "revision": k + 1}]})
        assert misfit(desk.state.plane, desk.state.operation) is None
        assert desk.state.operation.inputs == desk.state.channels
        if desk.notice:
            assert desk.state is before
            assert desk.notice.endswith(".")
    header, arrays = unpack(convolution_message(session))
    shown = next(stage for stage in header["stages"] if stage["view"] == "output")
    operation = desk.state.operation
    alike = {"stride": operation.stride, "padding": operation.padding, "dilation": operation.dilation}
    alike["groups"], x = operation.groups, desk.state.input[None]
    if operation.transposed:
        alike["output_padding"] = operation.output_padding
    bias = operation.bias if operation.with_bias else None
    if operation.transposed:
        by_input = operation.sliding.reshape(operation.groups, -1, *operation.sliding.shape[1:]).swapaxes(1, 2)
        expected = conv_transpose2d(x, by_input.reshape(x.shape[1], -1, *operation.kernel_size), bias, **alike)
    else:
        expected = conv2d(x, operation.sliding, bias, padding_mode=operation.padding_mode, **alike)
    np.testing.assert_array_equal(arrays[shown["array"]], expected)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_what_each_channel_adds_alone_sums_to_the_output(groups):
    edits = [{"op": "channels", "value": 4}, {"op": "outputs", "value": 4}, {"op": "groups", "value": groups}]
    made = run(edited(*edits, {"op": "padding", "value": 1}, {"op": "padding_mode", "value": "circular"}))
    operation = made.laboratory.operation
    each, deep = 4 // groups, 4 // groups
    alone = made.alone.output[0]
    for output in range(4):
        group = output // each
        planes = [channel * each + output % each for channel in range(group * deep, (group + 1) * deep)]
        total = alone[planes].sum(axis=0) + operation.bias[output]
        np.testing.assert_allclose(total, made.trace.output[0, output], atol=1e-12)


def test_a_transposed_convolution_s_channels_sum_to_its_output_and_refuse_what_it_has_not():
    made = run(edited({"op": "transposed", "value": True}, {"op": "stride", "value": 2}))
    assert made.trace.output.shape == (1, 2, 13, 13)
    total = made.alone.output[0, [0, 2]].sum(axis=0) + made.laboratory.operation.bias[0]
    np.testing.assert_allclose(total, made.trace.output[0, 0], atol=1e-12)
    with pytest.raises(EditRefusedError, match="pads nothing"):
        apply(made.laboratory, {"op": "padding_mode", "value": "reflect"}, Experiment())
    with pytest.raises(EditRefusedError, match="by number"):
        edited({"op": "padding", "value": "same"}, {"op": "transposed", "value": True})


def test_a_true_convolution_is_what_mathematics_calls_one():
    made = run(edited({"op": "flipped", "value": True}, {"op": "with_bias", "value": False}))
    state = made.laboratory
    expected = sum(convolve2d(x, w, mode="valid") for x, w in zip(state.input, state.operation.weight[0], strict=True))
    np.testing.assert_array_equal(made.trace.output[0, 0], expected)


def test_a_weight_edited_as_it_lies_on_the_window_is_kept_as_it_is_meant():
    values = np.arange(9.0).reshape(3, 3)
    edit = {"op": "kernel", "output": 0, "plane": 1, "values": values.tolist()}
    state = edited({"op": "flipped", "value": True}, edit)
    np.testing.assert_array_equal(state.operation.weight[0, 1], values[::-1, ::-1])
    np.testing.assert_array_equal(state.operation.sliding[0, 1], values)


def test_a_kernel_s_step_says_which_is_the_largest_that_fits():
    state = edited({"op": "kernel_size", "axis": 0, "value": 6})
    assert control(state, "kernel", "rows")["why_not"] == [
        None,
        "A kernel of 7 rows does not fit 6 rows of padded input: 6 is the largest",
    ]
    assert control(edited({"op": "padding", "value": 1}), "kernel", "rows")["why_not"] == [None, None]


def test_a_group_keeps_the_weights_of_its_own_channels_and_ungrouped_all_are_back():
    four = ({"op": "channels", "value": 4}, {"op": "outputs", "value": 4})
    weight = edited(*four).operation.weight
    depthwise = edited(*four, {"op": "groups", "value": 4})
    np.testing.assert_array_equal(depthwise.operation.weight[:, 0], weight[range(4), range(4)])
    pairs = apply(depthwise, {"op": "groups", "value": 2}, Experiment()).operation.weight
    np.testing.assert_array_equal(pairs, [weight[0, :2], weight[1, :2], weight[2, 2:], weight[3, 2:]])
    values = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    changed = apply(depthwise, {"op": "kernel", "output": 2, "plane": 0, "values": values}, Experiment())
    back = apply(changed, {"op": "groups", "value": 1}, Experiment()).operation.weight
    np.testing.assert_array_equal(back[2, 2], values)
    back = back.copy()
    back[2, 2] = weight[2, 2]
    np.testing.assert_array_equal(back, weight)


def test_only_divisors_of_both_sides_are_offered_as_groups():
    state = edited({"op": "channels", "value": 4}, {"op": "outputs", "value": 2})
    options = control(state, "output", "Groups")["options"]
    assert [each["why"] for each in options] == [
        None,
        None,
        "3 does not divide 4 input channels",
        "4 does not divide 2 output channels",
    ]
    grouped = edited({"op": "groups", "value": 2})
    assert "set groups to 1 first" in control(grouped, "input", "channels")["why_not"][1]
    with pytest.raises(EditRefusedError, match="2 groups cannot share 3 input channels"):
        apply(grouped, {"op": "channels", "value": 3}, Experiment())


def test_reflected_padding_stops_where_the_image_has_no_more_to_show():
    state = edited({"op": "padding_mode", "value": "reflect"})
    tiny = Experiment(grid=np.ones((3, 3)))
    small = apply(apply(state, {"op": "input", "value": "explore"}, tiny), {"op": "padding", "value": 2}, tiny)
    assert "padding 3" in control(small, "input", "padding")["why_not"][1]
    with pytest.raises(EditRefusedError, match="only 2 cells to show"):
        apply(small, {"op": "padding", "value": 3}, tiny)


def test_the_input_of_explore_comes_at_a_working_size_and_is_kept_when_explore_goes_on():
    session = Session()
    edits = [{"op": "sample", "value": "cat", "revision": 1}, {"op": "colour", "value": "rgb", "revision": 2}]
    edits.append({"op": "photo_size", "value": 300, "revision": 3})
    session.receive({"session": session.identity, "edits": edits})
    desk = session.convolution
    desk.receive({"session": session.identity, "edits": [{"op": "input", "value": "explore", "revision": 1}]})
    taken = desk.state.input
    assert taken.shape == (3, 149, 224)
    assert desk.state.operation.inputs == 3
    session.receive({"session": session.identity, "edits": [{"op": "source", "value": "grid", "revision": 4}]})
    assert desk.state.input is taken
    assert session.revision == 4
    assert desk.revision == 1


def test_the_laboratory_is_answered_by_the_short_way_and_has_an_undo_of_its_own():
    session = Session()
    _remember(session)
    message = {"session": session.identity, "edits": [{"op": "stride", "value": 2, "revision": 1}]}
    header, _ = unpack(answers.answer("convolution", session.identity, message))
    assert header["revision"] == 1
    assert header["history"] == {"undo": True, "redo": False}
    assert session.experiment.stride == (1, 1)
    assert not session.can_undo()


def test_a_reloaded_page_takes_over_the_laboratory_whichever_page_it_shows():
    before, after = Session(), Session()
    _remember(before)
    edit = {"op": "dilation", "value": 2, "revision": 1}
    before.convolution.receive({"session": before.identity, "edits": [edit]})
    after.receive({"session": after.identity, "edits": [], "resume": before.identity})
    assert after.convolution.state is before.convolution.state
    again = Session()
    again.convolution.receive({"session": again.identity, "edits": [], "resume": before.identity})
    assert again.convolution.can_undo()


@pytest.mark.parametrize("stage", [-1, 0, 1, ALONE])
def test_the_pinned_cell_s_sum_is_sent_whichever_stage_it_is_on(stage):
    session = Session()
    desk = session.convolution
    edits = [{"op": "relu", "value": True, "revision": 1}]
    pin = {"stage": stage, "index": [0, 1, 2, 2], "count": 1}
    desk.receive({"session": session.identity, "edits": edits, "pin": pin})
    header, _ = unpack(convolution_message(session))
    assert header["pin"] == {"stage": stage, "index": [0, 1, 2, 2]}
    assert header["explanation"]["stage"] == stage
    traced = desk.run.alone if stage == ALONE else desk.run.trace
    assert header["explanation"]["value"] == traced.values(0 if stage == ALONE else stage)[0, 1, 2, 2]


def test_the_signs_between_the_columns_read_as_what_is_computed():
    signs = {each["view"]: each["sign"] for each in columns(run(Laboratory()), 0)}
    # Input ∗ kernel = each channel alone → output: that one is the sum of those, and no term beside them.
    assert [signs[view] for view in ("kernel", "alone", "output")] == ["∗", "=", "→"]


def test_what_is_kept_is_compared_where_the_sizes_agree_and_else_said_not_to_be():
    state = edited({"op": "keep"}, {"op": "library", "output": 0, "value": "sobel_x"})
    made = run(state)
    np.testing.assert_array_equal(made.difference, made.trace.output - run(Laboratory()).trace.output)
    views = {each["view"]: each for each in columns(made, 0)}
    assert views["difference"]["kind"] == "maps"
    before = columns(run(Laboratory()), 0)
    # What will come has its place already, and the sign before it too: nothing moves when it does.
    assert [(each["view"], each["sign"] != "") for each in before] == [
        (each["view"], each["sign"] != "") for each in columns(made, 0)
    ]
    assert {each["kind"] for each in before[-2:]} == {"missing"}
    other = run(apply(state, {"op": "stride", "value": 2}, Experiment()))
    assert other.difference is None
    views = {each["view"]: each for each in columns(other, 0)}
    assert views["difference"]["why"] == "No difference: 2 × 2 × 2 and 4 × 4 × 2 cells do not lie over each other."
    swapped = run(apply(other.laboratory, {"op": "swap"}, Experiment()))
    np.testing.assert_array_equal(swapped.kept.output, other.trace.output)


def test_what_is_kept_goes_along_with_the_input_or_says_that_it_cannot():
    state = edited({"op": "keep"}, {"op": "channels", "value": 3})
    assert state.kept.inputs == 3
    large = edited({"op": "kernel_size", "value": 6}, {"op": "keep"}, {"op": "kernel_size", "value": 1})
    with pytest.raises(EditRefusedError, match="What you kept to compare would not fit"):
        apply(large, {"op": "input", "value": "explore"}, Experiment())


def test_exact_numbers_are_counted_in_the_parts_they_share_and_else_refused():
    blur = edited({"op": "library", "output": 0, "value": "box_blur"}, {"op": "exact", "value": True})
    assert parts(blur) == (1, 9, 9, 9)
    halves = apply(blur, {"op": "bias", "output": 0, "value": 0.5}, Experiment())
    assert parts(halves).output == 18
    odd = apply(blur, {"op": "cells", "plane": 0, "cells": [[0, 0, 3.14159265]]}, Experiment())
    assert parts(odd) is None
    with pytest.raises(EditRefusedError, match="no fractions"):
        apply(odd, {"op": "exact", "value": True}, Experiment())


def test_a_pin_that_is_gone_falls_to_the_nearest_cell():
    session = Session()
    desk = session.convolution
    pin = {"stage": 1, "index": [0, 1, 3, 3], "count": 1}
    edits = [{"op": "outputs", "value": 1, "revision": 1}, {"op": "stride", "value": 2, "revision": 2}]
    desk.receive({"session": session.identity, "edits": edits, "pin": pin})
    header, _ = unpack(convolution_message(session))
    assert header["pin"] == {"stage": 0, "index": [0, 0, 1, 1]}
    shown = [column["view"] for column in entries(header, "columns") if column["kind"] != "missing"]
    assert shown == ["input", "kernel", "alone", "output"]


def test_output_padding_goes_from_0_to_one_below_stride_or_dilation_and_says_why_no_further():
    plain = edited({"op": "transposed", "value": True})
    told = control(plain, "kernel", "output padding")
    assert (told["low"], told["high"], told["value"]) == (0, 0, 0)
    assert told["why_not"] == [
        "Output padding cannot be negative",
        "It stays below the larger of both: with stride 1 and dilation 1, 0 is the largest that fits",
    ]
    wide = edited(
        {"op": "transposed", "value": True},
        {"op": "stride", "value": [3, 2]},
        {"op": "dilation", "value": [1, 4]},
        {"op": "output_padding", "value": 2},
        {"op": "output_padding", "axis": 1, "value": 3},
    )
    assert control(wide, "kernel", "output padding")["text"] == "2 × 3"
    down, across = (control(wide, "kernel", f"output padding {axis}") for axis in ("down", "across"))
    assert (down["high"], across["high"]) == (2, 3)
    assert "with stride 2 and dilation 4, 3 is the largest" in across["why_not"][1]
    output = run(wide).trace.output
    note = next(each["note"] for each in columns(run(wide), 0) if each["view"] == "output")
    assert f"rows (6 − 1) · 3 + 3 + 2 = {output.shape[2]}" in note
    assert f"columns (6 − 1) · 2 + 9 + 3 = {output.shape[3]}" in note
    with pytest.raises(EditRefusedError, match="Output padding must be smaller than the stride or the dilation"):
        apply(wide, {"op": "stride", "value": 1}, Experiment())
    assert "output padding must be smaller" in control(wide, "kernel", "stride down")["why_not"][0]


def test_a_convolution_that_is_not_transposed_has_no_output_padding():
    with pytest.raises(StopIteration):
        control(edited(), "kernel", "output padding")


def test_in_the_laboratory_too_steps_of_the_padding_begin_at_what_same_amounts_to():
    five = [{"op": "kernel_size", "axis": axis, "value": 5} for axis in (0, 1)]
    same = edited(*five, {"op": "padding", "value": "same"})
    together = control(same, "input", "padding")
    assert (together["text"], together["steps"], together["why_not"]) == ("same", [1, 3], [None, None])
    alone = apply(same, {"op": "padding", "side": 3, "value": 0}, Experiment())
    assert alone.operation.padding == ((2, 2), (2, 0))
    wide = apply(same, {"op": "dilation", "value": 3}, Experiment())
    told = control(wide, "input", "padding")
    assert (told["value"], told["steps"][0]) == (6, PADDING_MOST)
    assert told["why_not"] == [None, f"{PADDING_MOST} cells are the most here"]
