"""The pooling laboratory's state and message: every edit leads to what fits, and every number is cnn_core's."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    avg_pool2d,
    avg_pool2d_backward,
    lp_pool2d,
    lp_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from pages.shared import answers
from pages.shared.edits import EditRefusedError
from pages.shared.pooling.columns import columns, mode_controls, window_controls
from pages.shared.pooling.desk import AFTER, DIFFERENCES, GRADIENTS, SHIFTED, UPSTREAM, VALUES
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import KINDS, Laboratory, Settings, fitted, misfit, run
from pages.shared.pooling.message import pooling_message
from pages.shared.pooling.shift import measured, moved
from pages.shared.session import Session, _remember
from tests.app.test_message import entries, unpack

# Windows, the last of which reach past the edge.
OVERHANG = [{"op": "kernel_size", "value": 4}, {"op": "stride", "value": 3}, {"op": "ceil_mode", "value": True}]


def nothing(_name: str):
    raise EditRefusedError("There is nothing to take over.")


def edited(*edits: dict) -> Laboratory:
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, nothing)
    return state


def session_after(*edits: dict) -> Session:
    session = Session()
    listed = [{**edit, "revision": k + 1} for k, edit in enumerate(edits)]
    session.pooling.receive({"session": session.identity, "edits": listed})
    return session


def told(session: Session) -> tuple[dict, dict[int, np.ndarray], dict[int, dict]]:
    """The header, and each stage's numbers and description."""
    header, arrays = unpack(pooling_message(session))
    stages = {stage["stage"]: stage for stage in header["stages"]}
    return header, {number: arrays[stage["array"]] for number, stage in stages.items()}, stages


EDITS = st.sampled_from(
    [
        *({"op": "kernel_size", "axis": axis, "value": n} for axis in (0, 1) for n in range(10)),
        *({"op": "stride", "axis": axis, "value": n} for axis in (0, 1) for n in (0, 1, 3, 9)),
        *({"op": "padding", "value": n} for n in range(-1, 4)),
        *({"op": name, "value": value} for name in ("ceil_mode", "count_include_pad") for value in (True, False)),
        *({"op": "mode", "value": mode} for mode in ("values", "gradient", "shift", "odd")),
        *({"op": "target", "value": name} for name in ("sum", "cell", "own", "odd")),
        *({"op": "input", "value": name} for name in ("worked", "larger", "noise", "explore", "features", "odd")),
        *({"op": "shift", "axis": axis, "value": n} for axis in (0, 1) for n in (-3, -2, 0, 1)),
        *({"op": "edge", "value": edge} for edge in ("zeros", "replicate", "circular", "odd")),
        {"op": "cells", "cells": [[5, 5, 4.5]]},
        {"op": "cells", "cells": [[99, 0, 1]]},
        {"op": "cells", "cells": [[0, 0, "x"]]},
        {"op": "upstream", "cells": [[0, 0, -2]], "cell": [0, 0]},
        {"op": "upstream", "cells": [[0, 0, -2]]},
        {"op": "worked"},
        {"op": "undo"},
        {"op": "unheard of"},
        {"op": "stride"},
    ]
)


@given(st.lists(EDITS, max_size=14))
@settings(max_examples=80, deadline=None)
def test_whatever_is_done_every_map_is_cnn_core_s_and_a_refusal_is_a_sentence(edits):
    session = Session()
    desk = session.pooling
    for k, edit in enumerate(edits):
        before = desk.state
        desk.receive({"session": session.identity, "edits": [{**edit, "revision": k + 1}]})
        assert misfit(desk.state.plane, desk.state.window) is None
        if desk.notice:
            assert desk.state is before
            assert desk.notice.endswith(".")
    state, window = desk.state, desk.state.window
    _, numbers, _ = told(session)
    x = state.input[None, None]
    geometry = {"stride": window.stride, "ceil_mode": window.ceil_mode}
    expected = {
        0: max_pool2d(x, window.kernel_size, padding=window.padding, **geometry),
        1: avg_pool2d(
            x, window.kernel_size, padding=window.padding, count_include_pad=window.count_include_pad, **geometry
        ),
        3: x.max(axis=(2, 3), keepdims=True),
        4: x.mean(axis=(2, 3), keepdims=True),
    }
    if window.padding == (0, 0):
        expected[2] = lp_pool2d(x, 2, window.kernel_size, **geometry)
    assert {number for number in numbers if 0 <= number < 10} == set(expected)
    for number, values in expected.items():
        np.testing.assert_array_equal(numbers[VALUES + number], values)
        if state.mode == "shift":
            assert numbers[AFTER + number].shape == values.shape
            np.testing.assert_array_equal(numbers[DIFFERENCES + number], numbers[AFTER + number] - values)


GRADIENT = {"op": "mode", "value": "gradient"}


@pytest.mark.parametrize("target", ["sum", "cell", "own"])
def test_each_pooling_s_gradient_is_its_own_way_back(target):
    edits = [GRADIENT, {"op": "stride", "axis": 1, "value": 1}]
    if target == "own":
        edits.append({"op": "upstream", "cells": [[1, 2, -3.0], [0, 0, 2.0]]})
    session = session_after(*edits, {"op": "target", "value": target})
    pin = {"stage": UPSTREAM, "index": [0, 0, 2, 1], "count": 1}
    session.pooling.receive({"session": session.identity, "edits": [], "pin": pin})
    _, numbers, _ = told(session)
    x = numbers[-1]
    grad = np.ones((1, 1, 3, 5)) if target != "cell" else np.zeros((1, 1, 3, 5))
    if target == "cell":
        grad[0, 0, 2, 1] = 1
    if target == "own":
        grad[0, 0, 1, 2], grad[0, 0, 0, 0] = -3, 2
    for number in (0, 1, 2):
        np.testing.assert_array_equal(numbers[UPSTREAM + number], grad)
    np.testing.assert_array_equal(numbers[GRADIENTS], max_pool2d_backward(grad, x, 2, stride=(2, 1)))
    np.testing.assert_array_equal(numbers[GRADIENTS + 1], avg_pool2d_backward(grad, x.shape, 2, stride=(2, 1)))
    np.testing.assert_array_equal(numbers[GRADIENTS + 2], lp_pool2d_backward(grad, x, 2, 2, stride=(2, 1)))
    assert np.argwhere(numbers[GRADIENTS + 3])[:, 2:].tolist() == [[0, 3]]  # the first of three nines
    np.testing.assert_array_equal(numbers[GRADIENTS + 4], np.full(x.shape, 1 / 36))


def test_every_gradient_at_an_input_cell_is_answered_with_a_sum_that_adds_up():
    session = session_after(GRADIENT, {"op": "stride", "value": 1})
    _remember(session)
    _, numbers, _ = told(session)
    for number in range(len(KINDS)):
        for row, column in ((0, 0), (1, 2), (5, 5)):
            asked = {"at": "pooling", "stage": str(GRADIENTS + number), "index": f"0,0,{row},{column}"}
            said = answers.explanation(session.identity, asked)
            assert said["value"] == numbers[GRADIENTS + number][0, 0, row, column]
            assert said["stage"] == GRADIENTS + number
            assert {term["stage"] for term in said["terms"]} == {UPSTREAM + number}
            total = sum(term["value"] * term["weight"] for term in said["terms"])
            assert total == pytest.approx(said["value"], abs=1e-12)
            for term in said["terms"]:
                assert term["value"] == numbers[UPSTREAM + number][tuple(term["index"])]


@pytest.mark.parametrize(
    "asked",
    [
        {"stage": "0", "index": "0,0,0,0"},
        {"stage": "20", "index": "0,0,9,9"},
        {"stage": "29", "index": "0,0,0,0"},
        {"stage": "x", "index": "0,0,0,0"},
        {"stage": "20", "index": ""},
        {"stage": "20"},
    ],
)
def test_what_has_no_gradient_is_not_explained(asked):
    session = session_after(GRADIENT)
    _remember(session)
    assert answers.explanation(session.identity, {"at": "pooling", **asked}) is None
    values = session_after()
    _remember(values)
    assert answers.explanation(values.identity, {"at": "pooling", "stage": "20", "index": "0,0,0,0"}) is None


def by_hand(x: np.ndarray, down: int, across: int, edge: str) -> np.ndarray:
    out = np.zeros_like(x)
    rows, columns_ = x.shape
    for row, column in np.ndindex(*x.shape):
        i, j = row - down, column - across
        if edge == "replicate":
            i, j = min(max(i, 0), rows - 1), min(max(j, 0), columns_ - 1)
        elif edge == "circular":
            i, j = i % rows, j % columns_
        if 0 <= i < rows and 0 <= j < columns_:
            out[row, column] = x[i, j]
    return out


@pytest.mark.parametrize("edge", ["zeros", "replicate", "circular"])
@given(st.integers(-2, 2), st.integers(-2, 2), st.integers(1, 5), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_shift_moves_every_cell_and_its_edge_comes_in_as_asked(edge, down, across, rows, columns_):
    x = np.random.default_rng(rows * 7 + columns_).integers(1, 9, (rows, columns_)).astype(float)
    found = moved(x[None, None], (down, across), edge)
    np.testing.assert_array_equal(found[0, 0], by_hand(x, down, across, edge))


def test_what_a_shift_changes_is_measured_for_each_pooling_and_for_none():
    session = session_after({"op": "mode", "value": "shift"})
    header, numbers, _ = told(session)
    titles = ["No pooling", *(kind.title for kind in KINDS)]
    assert [each["title"] for each in header["measures"]] == titles
    x = numbers[-1]
    np.testing.assert_array_equal(numbers[SHIFTED][0, 0], by_hand(x[0, 0], 0, 1, "zeros"))
    moved_by = np.abs(numbers[SHIFTED] - x).mean()
    for number, each in enumerate(header["measures"]):
        before, after = (x, numbers[SHIFTED]) if number == 0 else (numbers[number - 1], numbers[AFTER + number - 1])
        assert each["cells"] == before.size
        assert each["same"] == int((np.abs(before - after) < 1e-9).sum())
        assert each["change"] == pytest.approx(np.abs(before - after).mean())
        assert each["share"] == pytest.approx(np.abs(before - after).mean() / np.abs(before).mean())
        relative = pytest.approx(np.abs(before - after).mean() / moved_by)
        assert each["relative"] == (None if each["title"] == "L2" else relative)
        assert each["sentence"].endswith(".")
    assert "Invariant" in header["measures"][4]["sentence"]  # the global maximum is still there


def test_a_shift_by_a_whole_stride_moves_the_pooled_map_and_no_shift_changes_nothing():
    round_ = [{"op": "mode", "value": "shift"}, {"op": "edge", "value": "circular"}]
    _, numbers, _ = told(session_after(*round_, {"op": "shift", "axis": 1, "value": 2}))
    for number in (0, 1, 2):
        np.testing.assert_allclose(numbers[AFTER + number], np.roll(numbers[number], 1, axis=3))
    header, numbers, _ = told(session_after(*round_, {"op": "shift", "axis": 1, "value": 0}))
    assert all(each["relative"] is None and each["same"] == each["cells"] for each in header["measures"])
    assert "no cell" in header["measures"][0]["sentence"]


def test_what_a_shift_changes_in_tiny_numbers_is_a_change():
    tiny = [[k // 6, k % 6, 1e-13 * value] for k, value in enumerate(Laboratory().input.ravel())]
    header, _, _ = told(session_after({"op": "cells", "cells": tiny}, {"op": "mode", "value": "shift"}))
    usual, _, _ = told(session_after({"op": "mode", "value": "shift"}))
    assert [each["same"] for each in header["measures"]] == [each["same"] for each in usual["measures"]]


def test_nothing_to_measure_by_is_no_division_by_zero():
    zeros = np.zeros((1, 1, 2, 2))
    found = measured("Max", zeros, zeros, zeros, zeros)
    assert (found.share, found.relative, found.same) == (None, None, 4)


def test_what_is_drawn_on_a_scale_of_its_own_says_so():
    for mode in ("values", "gradient", "shift"):
        edit = {"op": "mode", "value": mode}
        _, _, stages = told(session_after(edit))
        drawn = [stage for stage in stages.values() if stage["view"] is not None]
        apart = {stage["column"] for stage in drawn if stage["scale"]["group"] == "norms"}
        said = {each["view"] for each in columns(run(edited(edit))) if "on its own scale" in each["note"]}
        assert said == apart == ({"l2"} if mode != "gradient" else set()), mode


def test_l2_says_why_it_has_no_map_under_padding_and_what_would_help():
    shown = {each["view"]: each for each in columns(run(edited({"op": "padding", "value": 1})))}
    assert shown["l2"]["kind"] == "missing"
    assert "pads nothing" in shown["l2"]["why"]
    mended = apply(edited({"op": "padding", "value": 1}), shown["l2"]["fixes"][0]["edit"], nothing)
    assert {each["view"]: each["kind"] for each in columns(run(mended))}["l2"] == "maps"


def test_a_window_s_steps_say_why_the_next_would_not_fit():
    def step(state: Laboratory, label: str) -> dict:
        return next(each for each in window_controls(state) if each["label"] == label)

    six = edited({"op": "kernel_size", "axis": 0, "value": 6})
    assert "With window down 7, a 7×2 window does not fit a 6×6 input" in step(six, "window down")["why_not"][1]
    assert (
        "must be smaller than its window of 2" in step(edited({"op": "padding", "value": 1}), "padding")["why_not"][1]
    )
    with pytest.raises(EditRefusedError, match=r"does not fit a 6×6 input.*so it stays as it was\."):
        edited({"op": "kernel_size", "axis": 0, "value": 7})
    assert step(edited(), "stride down")["why_not"] == [None, None]


def test_switches_are_named_by_what_they_do_and_their_titles_have_pytorch_s_names():
    switches = [each for each in window_controls(edited()) if each["kind"] == "check"]
    assert [each["label"] for each in switches] == ["keep windows over the edge", "averages count the padding"]
    assert [each["hint"].split(": ")[0] for each in switches] == ["ceil_mode", "count_include_pad"]
    for note in (each["note"] for each in columns(run(edited(*OVERHANG)))):
        assert "ceil_mode" not in note


def test_the_output_size_is_written_with_its_rounding():
    noise = {"op": "input", "value": "noise"}
    note = {each["view"]: each["note"] for each in columns(run(edited(noise, {"op": "kernel_size", "value": 5})))}
    assert "⌊(12 − 5) / 2⌋ + 1 = 4" in note["max"]
    up = edited(noise, {"op": "kernel_size", "value": 5}, {"op": "ceil_mode", "value": True})
    note = {each["view"]: each["note"] for each in columns(run(up))}
    assert "⌈(12 − 5) / 2⌉ + 1 = 5" in note["average"]
    # Its last window would begin in the padding, where there is nothing to see.
    far = replace(Laboratory(), window=Settings((2, 2), (4, 4), (1, 1), ceil_mode=True))
    note = {each["view"]: each["note"] for each in columns(run(far))}
    assert "⌈(6 + 2·1 − 2) / 4⌉ + 1 − 1 = 2" in note["max"]


def test_counts_are_sent_only_where_windows_differ_and_then_no_preview_is_promised():
    _, _, plain = told(session_after())
    assert plain[1]["counted"] is None
    assert plain[1]["preview"] == "window_mean"
    less = session_after({"op": "padding", "value": 1}, {"op": "count_include_pad", "value": False})
    header, arrays = unpack(pooling_message(less))
    stage = next(each for each in header["stages"] if each["stage"] == 1)
    assert arrays[stage["counted"]].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]
    assert stage["preview"] is None


def test_a_visitor_s_gradient_stays_where_the_map_grows():
    grown = fitted(np.array([[2.0, 3.0]]), (2, 3))
    assert grown.tolist() == [[2, 3, 1], [1, 1, 1]]
    state = edited(GRADIENT, {"op": "upstream", "cells": [[2, 2, 5.0]]}, {"op": "kernel_size", "value": 3})
    assert run(state).pooled[0].back.stages[0][0, 0].tolist() == [[1, 1], [1, 1]]
    back = apply(state, {"op": "kernel_size", "value": 2}, nothing)
    assert run(back).pooled[0].back.stages[0][0, 0, 2, 2] == 5


def test_the_last_gradient_of_the_largest_output_can_be_typed():
    window = Settings((8, 8), (1, 1), (7, 7))
    laboratory = replace(Laboratory(), input=np.zeros((64, 64)), window=window, target="cell")
    assert laboratory.pooled == (71, 71)
    typed = apply(laboratory, {"op": "upstream", "cell": [70, 70], "cells": [[70, 70, 2.5]]}, nothing)
    assert typed.upstream[70, 70] == 2.5


def test_a_number_typed_over_a_cell_s_gradient_begins_with_what_was_shown():
    cell = {"op": "target", "value": "cell"}
    state = edited(GRADIENT, cell, {"op": "upstream", "cells": [[0, 0, 4.0]], "cell": [1, 2]})
    assert state.target == "own"
    assert state.upstream.tolist() == [[4, 0, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize("mode", ["values", "gradient", "shift"])
def test_the_pinned_cell_s_sum_is_sent_whichever_map_it_is_on(mode):
    session = session_after({"op": "mode", "value": mode})
    _, numbers, stages = told(session)
    for count, (number, stage) in enumerate(stages.items()):
        if stage["view"] is None:
            continue
        pin = {"stage": number, "index": [0, 0, 0, 0], "count": count + 1}
        session.pooling.receive({"session": session.identity, "edits": [], "pin": pin})
        header, _ = unpack(pooling_message(session))
        assert header["pin"] == {"stage": number, "index": [0, 0, 0, 0]}
        if number in range(5) or number in range(GRADIENTS, GRADIENTS + 5):
            assert header["explanation"]["value"] == numbers[number][0, 0, 0, 0]
            assert header["explanation"]["stage"] == number


def test_a_pin_follows_to_the_map_that_stands_in_its_place():
    session = session_after()
    pin = {"stage": 2, "index": [0, 0, 1, 2], "count": 1}
    session.pooling.receive({"session": session.identity, "edits": [], "pin": pin})
    for mode, stage in (("gradient", UPSTREAM + 2), ("shift", 2), ("values", 2)):
        revision = session.pooling.revision + 1
        edit = {"op": "mode", "value": mode, "revision": revision}
        session.pooling.receive({"session": session.identity, "edits": [edit]})
        header, _ = unpack(pooling_message(session))
        assert header["pin"] == {"stage": stage, "index": [0, 0, 1, 2]}
    edits = [{"op": "kernel_size", "value": 6, "revision": session.pooling.revision + 1}]
    session.pooling.receive({"session": session.identity, "edits": edits})
    header, _ = unpack(pooling_message(session))
    assert header["pin"] == {"stage": 2, "index": [0, 0, 0, 0]}


def test_the_input_and_the_feature_map_of_explore_come_at_a_working_size():
    session = Session()
    edits = [{"op": "sample", "value": "colours", "revision": 1}, {"op": "colour", "value": "rgb", "revision": 2}]
    session.receive({"session": session.identity, "edits": edits})
    taken = {}
    for k, name in enumerate(("explore", "features")):
        edit = {"op": "input", "value": name, "revision": k + 1}
        session.pooling.receive({"session": session.identity, "edits": [edit]})
        assert session.pooling.notice == ""
        taken[name] = session.pooling.state.input
        assert max(taken[name].shape) == 64
    maps = session.chain.trace.stages[0].output[0, 0]
    top, left = ((size - 64) // 2 for size in maps.shape)
    np.testing.assert_array_equal(taken["features"], maps[top : top + 64, left : left + 64])
    assert 0 <= taken["explore"].min() <= taken["explore"].max() <= 1


def test_a_feature_map_that_is_not_there_is_a_sentence():
    session = Session()
    edits = [{"op": "rows", "value": 1, "revision": 1}, {"op": "columns", "value": 1, "revision": 2}]
    session.receive({"session": session.identity, "edits": edits})
    edit = {"op": "input", "value": "features", "revision": 1}
    session.pooling.receive({"session": session.identity, "edits": [edit]})
    assert "no feature map" in session.pooling.notice


def test_the_laboratory_is_answered_by_the_short_way_and_has_an_undo_of_its_own():
    session = Session()
    _remember(session)
    message = {"session": session.identity, "edits": [{"op": "stride", "value": 1, "revision": 1}]}
    header, _ = unpack(answers.answer("pooling", session.identity, message))
    assert header["revision"] == 1
    assert header["history"] == {"undo": True, "redo": False}
    assert not session.can_undo()
    assert not session.convolution.can_undo()


def test_a_reloaded_page_takes_over_the_laboratory():
    before, after = session_after(GRADIENT, {"op": "stride", "value": 1}), Session()
    _remember(before)
    after.pooling.receive({"session": after.identity, "edits": [], "resume": before.identity})
    assert after.pooling.state is before.pooling.state
    assert after.pooling.can_undo()
    header, _, _ = told(after)
    assert header["mode"] == "gradient"


def test_the_columns_and_the_bar_show_what_belongs_to_what_is_looked_at():
    header, _ = unpack(pooling_message(session_after()))
    assert [column["view"] for column in entries(header, "columns")] == ["input", *(kind.name for kind in KINDS)]
    assert mode_controls(edited()) == []
    assert [each["label"] for each in mode_controls(edited(GRADIENT))] == ["Gradient"]
    shift = mode_controls(edited({"op": "mode", "value": "shift"}))
    assert [each["label"] for each in shift] == ["right", "down", "Edge"]


def test_the_worked_example_ties_and_has_a_window_of_zeros():
    pooled = run(edited(GRADIENT)).pooled
    window = pooled[0].trace.input[0, 0, 0:2, 2:4]
    assert (window == window.max()).sum() == 3
    assert pooled[2].trace.output[0, 0, 2, 1] == 0
    assert not pooled[2].back.input[0, 0, 4:6, 2:4].any()


@pytest.mark.parametrize(
    ("edits", "told_", "untold"),
    [
        ([{"op": "padding", "value": 1}], "an average takes it as 0", "leaves it out"),
        (
            [{"op": "padding", "value": 1}, {"op": "count_include_pad", "value": False}],
            "an average leaves it out",
            "as 0",
        ),
        ([{"op": "kernel_size", "value": 4}, {"op": "stride", "value": 3}], "type to change it", "past the edge"),
        (
            OVERHANG,
            "past the edge",
            "padd",
        ),
    ],
)
def test_the_input_s_caption_says_what_of_a_window_counts(edits, told_, untold):
    note = columns(run(edited(*edits)))[0]["note"]
    assert told_ in note
    assert untold not in note


def test_a_share_is_told_to_one_decimal_and_a_norm_is_not_measured_in_the_input_s_numbers():
    x = np.arange(8.0).reshape(1, 1, 2, 4)
    after = x.copy()
    after[0, 0, 0, :3] += 0.5
    assert measured("Max", x, after, x.copy(), x + 1).sentence.startswith("62.5 % of the outputs stay; ")
    after[0, 0, 0, 3] += 0.5
    assert measured("Max", x, after, x.copy(), x + 1).sentence.startswith("50 % of the outputs stay; ")
    alike = measured("Max", x, x + 1, x.copy(), x + 1).sentence
    assert alike == "0 % of the outputs stay; a cell changes just as much as one of the input: nothing is softened."
    assert "changes more than" in measured("Max", x, x + 2, x.copy(), x + 1).sentence
    header, _, _ = told(session_after({"op": "mode", "value": "shift"}))
    sentences = {each["title"]: each["sentence"] for each in header["measures"]}
    assert "softened" in sentences["Average"]
    assert "softened" not in sentences["L2"]
    assert "times as much" not in sentences["L2"]
    assert "not compared" in sentences["L2"]
