"""The edits that lead from one experiment to the next, without any screen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import conv2d, kernels
from pages.shared import patterns, samples
from pages.shared.chain import build
from pages.shared.columns import columns
from pages.shared.describe import recognised
from pages.shared.edits import _OPERATIONS, EditRefusedError, apply
from pages.shared.experiment import WORKED_GRID, Experiment

ZEROS = ((0, 0), (0, 0))
ROOMY = {"op": "grid", "value": [[0] * 12] * 12}
SAME = {"op": "padding", "value": "same"}
EDITS = [
    ({"op": "stride", "value": 2}, "stride", (2, 2)),
    ({"op": "stride", "value": 3, "axis": 1}, "stride", (1, 3)),
    ({"op": "dilation", "value": [1, 2]}, "dilation", (1, 2)),
    ({"op": "padding", "value": 1}, "padding", ((1, 1), (1, 1))),
    ({"op": "padding", "value": 2, "side": 3}, "padding", ((0, 0), (0, 2))),
    ({"op": "padding", "value": "same"}, "padding", "same"),
    ({"op": "activation", "value": "tanh"}, "activation", "tanh"),
    ({"op": "slope", "value": 0.3}, "slope", 0.3),
    ({"op": "classes", "value": 10}, "classes", 10),
    ({"op": "class_names", "value": " cat, dog ,"}, "class_names", ("cat", "dog", "")),
    ({"op": "pooling", "value": "average"}, "pooling", "average"),
    ({"op": "pool_size", "value": [3, 1]}, "pool_size", (3, 1)),
    ({"op": "pool_stride", "value": 1, "axis": 0}, "pool_stride", (1, 2)),
    ({"op": "pool_padding", "value": 1}, "pool_padding", (1, 1)),
    ({"op": "head", "value": "sigmoid"}, "head", "sigmoid"),
    ({"op": "kernel_name", "value": "mine"}, "kernel_names", ("mine",)),
]

NONSENSE = [
    {"op": "bring_kernel"},
    {"op": "bring_kernel", "planes": []},
    {"op": "bring_kernel", "planes": [[[1]], [[1, 2]], [[3]]]},
    {"op": "bring_kernel", "planes": [[[1]]], "bias": "none"},
    {},
    {"op": None},
    {"op": "format_disk"},
    {"op": "stride"},
    {"op": "stride", "value": 0},
    {"op": "stride", "value": 1.5},
    {"op": "stride", "value": "2"},
    {"op": "stride", "value": True},
    {"op": "stride", "value": float("nan")},
    {"op": "stride", "value": float("inf")},
    {"op": "stride", "value": [1, 2, 3]},
    {"op": "stride", "value": 1, "axis": 2},
    {"op": "padding", "value": -1},
    {"op": "padding", "value": 89},
    {"op": "padding", "value": "reflect"},
    {"op": "padding", "value": [[1, 2], [3]]},
    {"op": "padding", "value": 1, "side": 4},
    {"op": "classes", "value": 0},
    {"op": "classes", "value": 11},
    {"op": "class_names", "value": ",".join("abcdefghijk")},
    {"op": "class_names", "value": 7},
    {"op": "class_names", "value": "x" * 25},
    {"op": "pooling", "value": "median"},
    {"op": "pool_size", "value": 9},
    {"op": "pool_stride", "value": 0},
    {"op": "pool_padding", "value": -1},
    {"op": "dilation", "value": 0},
    {"op": "activation", "value": "gelu"},
    {"op": "slope", "value": 2},
    {"op": "head", "value": ["softmax"]},
    {"op": "source", "value": "photo"},
    {"op": "photo_size", "value": 64},
    {"op": "colour", "value": "rgb"},
    {"op": "sample", "value": "mona_lisa"},
    {"op": "sample", "value": ["cat"]},
    {"op": "rows", "value": 65},
    {"op": "columns", "value": 0},
    {"op": "grid", "value": [[1, 2], [3]]},
    {"op": "grid", "value": []},
    {"op": "grid", "value": [[]]},
    {"op": "grid", "value": "1 2 3"},
    {"op": "grid", "value": [[1] * 65]},
    {"op": "grid", "value": [[None]]},
    {"op": "pattern", "value": "plaid"},
    {"op": "clear", "value": float("inf")},
    {"op": "library", "value": "sobel_z"},
    {"op": "library", "value": "sobel_x", "output": 1},
    {"op": "kernel", "values": [[1] * 12]},
    {"op": "kernel", "values": [[1, 2, 3]] * 2 + [[1, 2]]},
    {"op": "kernel", "values": [[1, 2, float("nan")]] * 3},
    {"op": "kernel", "values": [[1, 2, "3"]] * 3},
    {"op": "kernel", "values": 7},
    {"op": "kernel", "values": [[1]], "output": -1},
    {"op": "kernel_text", "value": "1 2; x"},
    {"op": "kernel_text", "value": "1e9"},
    {"op": "kernel_name", "value": 5},
    {"op": "kernel_size", "value": 12},
    {"op": "transform", "value": "melt"},
    {"op": "remove_kernel"},
    {"op": "linked", "value": 1},
    {"op": "bias", "value": "1"},
    {"op": "biases", "value": [1, 2]},
    {"op": "bank", "value": []},
    {"op": "bank", "value": [[[[1]], [[2]]]]},
    {"op": "bank", "value": [[[[1]]], [[[1, 2]]]]},
    {"op": "bank", "value": 3},
    {"op": "kernel_names", "value": []},
    {"op": "dense", "features": 1, "cells": [[0, 1, 1]]},
    {"op": "dense", "features": 0, "cells": []},
    {"op": "dense", "cells": [[0, 0, 1]]},
    {"op": "dense_bias", "cells": [[10, 1]]},
    {"op": "seed", "value": -1},
    {"op": "cells", "cells": [[0, 0, float("nan")]]},
    {"op": "cells", "cells": [[0, 0, 1e7]]},
    {"op": "cells", "cells": [[0, 5, 1]]},
    {"op": "cells", "cells": [[-1, 0, 1]]},
    {"op": "cells", "cells": [[0, 0]]},
    {"op": "cells", "cells": None},
    {"op": "cells", "plane": 1, "cells": [[0, 0, 1]]},
    {"op": "several", "edits": [{"op": "several", "edits": []}]},
    {"op": "several", "edits": [{"op": "stride", "value": 2}, {"op": "stride", "value": 0}]},
    {"op": "several", "edits": 3},
]


def after(*edits: dict, start: Experiment | None = None) -> Experiment:
    experiment = start or Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return experiment


@pytest.mark.parametrize(("edit", "field", "value"), EDITS, ids=lambda part: str(part)[:40])
def test_a_setting_is_changed_and_everything_else_stays(edit, field, value):
    before = Experiment()
    changed = apply(before, edit)
    assert getattr(changed, field) == value
    for other in set(before.__dataclass_fields__) - {field}:
        assert getattr(changed, other) is getattr(before, other)


@pytest.mark.parametrize("edit", NONSENSE, ids=str)
def test_nonsense_is_refused_with_a_sentence(edit):
    with pytest.raises(EditRefusedError) as refusal:
        apply(Experiment(), edit)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 200


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["same", "relu"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(_OPERATIONS)),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("value", "values", "cells", "output", "plane", "axis", "side", "edits", "name"), JUNK),
    ),
)
def test_whatever_comes_in_is_done_or_refused_and_what_was_done_can_be_computed(op, fields):
    try:
        changed = apply(Experiment(), {"op": op, **fields})
    except EditRefusedError:
        return
    build(changed)


def test_every_operation_is_met_by_nonsense_somewhere_above():
    harmless = {"worked", "random", "add_kernel"}  # nothing they need can be missing
    assert {str(edit.get("op")) for edit in NONSENSE} >= set(_OPERATIONS) - harmless


# ---- the input ---------------------------------------------------------------------------------------------------


def test_painting_cells_leaves_the_experiment_before_it_untouched():
    before = Experiment()
    painted = apply(before, {"op": "cells", "cells": [[0, 0, 7], [4, 4, -2.5]]})
    assert painted.grid[0, 0] == 7
    assert painted.grid[4, 4] == -2.5
    np.testing.assert_array_equal(before.grid, WORKED_GRID)


def test_a_grid_grows_with_zeros_and_shrinks_from_the_far_edges():
    grown = after({"op": "rows", "value": 7}, {"op": "columns", "value": 6})
    assert grown.grid.shape == (7, 6)
    np.testing.assert_array_equal(grown.grid[:5, :5], WORKED_GRID)
    assert grown.grid[5:].sum() == grown.grid[:, 5:].sum() == 0
    shrunk = apply(grown, {"op": "rows", "value": 1})
    np.testing.assert_array_equal(shrunk.grid[0, :5], WORKED_GRID[0])


def test_pasted_rows_become_the_grid():
    pasted = apply(Experiment(), {"op": "grid", "value": [[1, 2.5], [-3, 4]]})
    np.testing.assert_array_equal(pasted.grid, [[1, 2.5], [-3, 4]])


@pytest.mark.parametrize("name", patterns.names())
@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (16, 16), (64, 3)])
def test_every_pattern_fills_any_grid_with_digits(name, shape):
    start = after({"op": "rows", "value": shape[0]}, {"op": "columns", "value": shape[1]})
    filled = apply(start, {"op": "pattern", "value": name}).grid
    assert filled.shape == shape
    assert set(filled.ravel()) <= set(range(10))
    assert patterns.title(name)
    if min(shape) == 16:
        assert filled.std() > 0


def test_noise_is_another_one_each_time_and_the_same_after_undo():
    first = apply(Experiment(), {"op": "pattern", "value": "noise"})
    second = apply(first, {"op": "pattern", "value": "noise"})
    assert not np.array_equal(first.grid, second.grid)
    np.testing.assert_array_equal(apply(first, {"op": "pattern", "value": "noise"}).grid, second.grid)


@pytest.mark.parametrize(
    ("edit", "size"),
    [
        ({"op": "pattern", "value": "noise"}, (1, 2)),
        ({"op": "pattern", "value": "noise"}, (3, 3)),
        ({"op": "random"}, (1, 1)),
        ({"op": "random"}, (2, 2)),
        ({"op": "random"}, (3, 3)),
    ],
)
def test_what_is_drawn_by_lot_is_another_each_time_and_goes_round_in_no_small_circle(edit: dict, size: tuple[int, int]):
    name = "kernel" if edit["op"] == "random" else "grid"
    state, seen = apply(Experiment(), {"op": "grid", "value": np.arange(size[0] * size[1]).reshape(size).tolist()}), []
    state = apply(state, {"op": "kernel_size", "value": list(size)}) if name == "kernel" else state
    for _ in range(40):
        drawn = apply(state, edit)
        numbers = (drawn.bank if name == "kernel" else drawn.grid).tobytes()
        assert not seen or numbers != seen[-1]
        seen.append(numbers)
        state = drawn
    assert len(set(seen)) == 40 or size in ((1, 1), (1, 2))


def test_a_sample_becomes_the_picture_no_larger_than_it_is():
    dots = apply(Experiment(), {"op": "sample", "value": "dots"})
    assert dots.on_photo
    np.testing.assert_array_equal(dots.input[0], samples.pixels("dots")[0])


def test_a_picture_in_colour_has_three_planes_and_painting_can_keep_to_one():
    colour = after({"op": "sample", "value": "cat"}, {"op": "colour", "value": "rgb"})
    assert colour.input.shape[0] == 3
    red = apply(colour, {"op": "cells", "plane": 0, "cells": [[3, 4, 1]]})
    assert red.input[0, 3, 4] == 1
    np.testing.assert_array_equal(red.input[1:], colour.input[1:])
    white = apply(colour, {"op": "cells", "plane": None, "cells": [[3, 4, 1]]})
    np.testing.assert_array_equal(white.input[:, 3, 4], [1, 1, 1])


def test_a_grey_picture_says_why_it_has_no_colour():
    with pytest.raises(EditRefusedError, match="no colour"):
        after({"op": "sample", "value": "zone_plate"}, {"op": "colour", "value": "rgb"})


def test_the_worked_example_comes_back_after_any_edit_and_the_picture_is_kept():
    edited = after({"op": "sample", "value": "cat"}, {"op": "stride", "value": 2}, {"op": "add_kernel"})
    again = apply(edited, {"op": "worked"})
    np.testing.assert_array_equal(again.grid, WORKED_GRID)
    assert again.stride == (1, 1)
    assert again.photo is edited.photo


# ---- kernels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", kernels.names())
def test_a_library_kernel_is_taken_as_it_is(name):
    taken = apply(Experiment(), {"op": "library", "value": name})
    assert recognised(taken, 0) is kernels.get(name)
    np.testing.assert_array_equal(taken.bank[0, 0], kernels.get(name).weights)


@pytest.mark.parametrize("name", kernels.names())
def test_beside_another_kernel_it_gets_a_rim_of_zeros_and_is_still_known(name):
    pair = after({"op": "add_kernel"}, {"op": "library", "value": name, "output": 1})
    assert recognised(pair, 1) is kernels.get(name)
    assert recognised(pair, 0) is kernels.get("prewitt_x")


def test_the_rim_of_zeros_changes_no_value_of_the_map():
    wide = after({"op": "add_kernel"}, {"op": "library", "value": "gaussian_blur_5", "output": 1})
    map_of_first = build(wide).trace.stages[0].output[0, 0]
    x = wide.input[None]
    np.testing.assert_array_equal(
        map_of_first, conv2d(x, kernels.get("prewitt_x").weights[None, None])[0, 0, 1:-1, 1:-1]
    )


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ("normalise", kernels.normalised),
        ("flip", kernels.flipped),
        ("mirror", kernels.mirrored),
        ("rotate", kernels.rotated),
        ("transpose", kernels.transposed),
        ("negate", kernels.negated),
    ],
)
def test_a_change_of_the_weights_is_the_core_s(value, change):
    start = after({"op": "kernel", "values": [[1, 2, 3], [4, 5, 6]]})
    np.testing.assert_array_equal(
        apply(start, {"op": "transform", "value": value}).bank[0, 0], change(start.bank[0, 0])
    )


@pytest.mark.parametrize("weights", [[[1000, -999.9999]], [[1, 1e-10 - 1]], [[1e6, -999999.99], [0, 0]]])
def test_no_weight_is_made_so_large_that_it_could_not_be_typed_or_opened_again(weights):
    start = after({"op": "kernel", "values": weights})
    with pytest.raises(EditRefusedError, match="all but cancel"):
        apply(start, {"op": "transform", "value": "normalise"})


def test_kernels_are_added_one_unlike_the_other_up_to_eight_and_taken_away_again():
    bank = Experiment()
    for _ in range(7):
        bank = apply(bank, {"op": "add_kernel"})
    assert bank.bank.shape[0] == len(bank.kernel_names) == bank.bias.size == 8
    assert len({planes.tobytes() for planes in bank.bank}) == 8
    with pytest.raises(EditRefusedError, match="at most 8"):
        apply(bank, {"op": "add_kernel"})
    fewer = apply(bank, {"op": "remove_kernel", "output": 2})
    np.testing.assert_array_equal(fewer.bank[2], bank.bank[3])


def test_unlinked_planes_are_weighed_one_by_one_and_summed_over_the_channels():
    colour = after(
        {"op": "sample", "value": "colours"}, {"op": "colour", "value": "rgb"}, {"op": "linked", "value": False}
    )
    assert colour.bank.shape == (1, 3, 3, 3)
    only_red = after(
        {"op": "kernel", "plane": 1, "values": [[0, 0, 0]] * 3},
        {"op": "kernel", "plane": 2, "values": [[0, 0, 0]] * 3},
        start=colour,
    )
    expected = conv2d(only_red.input[None, :1], only_red.bank[:, :1])
    np.testing.assert_allclose(build(only_red).trace.stages[0].output, expected, atol=1e-15)
    relinked = apply(only_red, {"op": "linked", "value": True})
    assert relinked.bank.shape == (1, 1, 3, 3)


def test_a_grey_input_meets_the_first_plane_and_the_others_are_kept():
    unlinked = after({"op": "linked", "value": False}, {"op": "kernel", "plane": 2, "values": [[9] * 3] * 3})
    assert unlinked.weight.shape == (1, 1, 3, 3)
    np.testing.assert_array_equal(unlinked.weight[0, 0], kernels.get("prewitt_x").weights)
    np.testing.assert_array_equal(unlinked.bank[0, 2], 9)


def test_typed_text_becomes_the_kernel():
    typed = apply(Experiment(), {"op": "kernel_text", "value": "1 2 1; 0 0 0; −1 −2 −1"})
    assert recognised(typed, 0) is kernels.get("sobel_y")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("0,5 1,5\n-2,5 3,5", [[0.5, 1.5], [-2.5, 3.5]]),  # as a spreadsheet with decimal commas copies it
        ("0,5\t1 / 4; 1\t2", [[0.5, 0.25], [1, 2]]),
        ("1,0,-1\n2,0,-2", [[1, 0, -1], [2, 0, -2]]),
        ("1, 0, -1", [[1, 0, -1]]),
        ("1 ,0 ,1 / 4", [[1, 0, 0.25]]),
    ],
)
def test_a_comma_in_typed_weights_is_a_decimal_one_where_something_else_sets_numbers_apart(text: str, weights: list):
    typed = apply(Experiment(), {"op": "kernel_text", "value": text})
    np.testing.assert_array_equal(typed.bank[0, 0], weights)


@pytest.mark.parametrize("text", ["[ [1,2] ,[3,4] ]", "np.array([[1,2], [3,4]], dtype=float)", "[[1. 2.]\n [3. 4.]]"])
def test_a_comma_in_brackets_parts_weights(text: str):
    typed = apply(Experiment(), {"op": "kernel_text", "value": text})
    np.testing.assert_array_equal(typed.bank[0, 0], [[1, 2], [3, 4]])


def test_an_empty_cell_of_a_pasted_kernel_is_told_and_does_not_vanish():
    for text in ("1\t\t3\n4\t\t6", "0,5\t\t1,5"):
        with pytest.raises(EditRefusedError, match="Row 1 has nothing between"):
            apply(Experiment(), {"op": "kernel_text", "value": text})


def test_a_kernel_s_size_follows_both_axes_or_one():
    assert apply(Experiment(), {"op": "kernel_size", "value": 5}).kernel_size == (5, 5)
    assert apply(Experiment(), {"op": "kernel_size", "value": 1, "axis": 0}).kernel_size == (1, 3)


# ---- the stages --------------------------------------------------------------------------------------------------


def test_the_fully_connected_layer_takes_weights_by_hand_and_keeps_them_for_its_size():
    edited = after({"op": "dense", "features": 1, "cells": [[1, 0, 2.5]]}, {"op": "dense_bias", "cells": [[1, -1]]})
    linear = build(edited).network.layers[4]
    assert linear.weight[1, 0] == 2.5
    assert linear.bias[1] == -1
    seeded = build(Experiment()).network.layers[4]
    np.testing.assert_array_equal(linear.weight[[0, 2]], seeded.weight[[0, 2]])
    larger = after({"op": "rows", "value": 9}, {"op": "columns", "value": 9}, start=edited)
    np.testing.assert_array_equal(
        build(larger).network.layers[4].weight,
        build(after({"op": "rows", "value": 9}, {"op": "columns", "value": 9})).network.layers[4].weight,
    )
    back = after({"op": "rows", "value": 5}, {"op": "columns", "value": 5}, start=larger)
    assert build(back).network.layers[4].weight[1, 0] == 2.5


def test_another_seed_gives_other_weights_and_drops_those_set_by_hand():
    edited = after({"op": "dense", "features": 1, "cells": [[0, 0, 2.5]]}, {"op": "seed", "value": 1})
    assert not edited.dense
    assert not np.array_equal(build(edited).network.layers[4].weight, build(Experiment()).network.layers[4].weight)


def test_several_edits_are_one_or_none():
    both = after({"op": "several", "edits": [{"op": "stride", "value": 2}, {"op": "classes", "value": 4}]})
    assert (both.stride, both.classes) == ((2, 2), 4)


def test_what_is_kept_cannot_be_written_to():
    edited = after(
        {"op": "cells", "cells": [[0, 0, 1]]}, {"op": "bias", "value": 2}, {"op": "transform", "value": "flip"}
    )
    for array in (edited.grid, apply(edited, {"op": "clear"}).grid, edited.bank, edited.bias):
        assert not array.flags.writeable
    for mapping in (edited.dense, edited.dense_bias):
        assert not hasattr(mapping, "__setitem__")


@pytest.mark.parametrize("before", [[], [{"op": "sample", "value": "digit"}], [{"op": "library", "value": "gabor"}]])
def test_what_a_stepper_says_can_be_typed_is_what_is_taken(before):
    experiment = Experiment()
    for edit in before:
        experiment = apply(experiment, edit)
    controls = [each for column in columns(build(experiment), 0) for each in column["controls"]]
    steppers = [each for each in controls if each["kind"] == "stepper"]
    assert len(steppers) > 20
    for control in steppers:
        for value in (control["low"], control["high"]):
            apply(experiment, {**control["edit"], "value": value})
        for value in (control["low"] - 1, control["high"] + 1):
            with pytest.raises(EditRefusedError, match=f"from {control['low']} to {control['high']};"):
                apply(experiment, {**control["edit"], "value": value})


def stepper(experiment, label):
    controls = [each for column in columns(build(experiment), 0) for each in column["controls"]]
    return next(each for each in controls if each["label"] == label)


def test_steps_of_the_padding_begin_at_what_same_amounts_to():
    same = after(ROOMY, {"op": "kernel_size", "value": 7}, SAME)
    together = stepper(same, "padding")
    assert (together["text"], together["steps"], together["why_not"]) == ("same", [2, 4], [None, None])
    assert [stepper(same, f"padding {side}")["value"] for side in ("top", "bottom", "left", "right")] == [3] * 4
    alone = apply(same, {"op": "padding", "side": 1, "value": 5})
    assert alone.padding == ((3, 5), (3, 3))
    nothing = stepper(apply(same, {"op": "kernel_size", "value": 1}), "padding")
    assert (nothing["steps"][1], nothing["why_not"][0]) == (1, "Padding cannot be negative")


def test_a_step_makes_sides_or_axes_alike_none_larger_on_the_way_down_and_none_smaller_on_the_way_up():
    assert stepper(after({"op": "kernel_size", "value": 4}, SAME), "padding")["steps"] == [1, 2]
    uneven = after(ROOMY, {"op": "padding", "value": [[0, 2], [1, 1]]}, {"op": "stride", "value": [1, 3]})
    assert stepper(uneven, "padding")["steps"] == [0, 2]
    assert stepper(uneven, "stride")["steps"] == [1, 3]
    assert stepper(uneven, "padding")["why_not"] == [None, None]


def test_a_pooling_s_stride_is_called_a_stride_and_its_key_stays():
    pool = next(each for each in columns(build(Experiment()), 0) if each["view"] == "pool")
    labels = {
        each["label"]: each["edit"] for each in pool["controls"] if each.get("edit", {}).get("op") == "pool_stride"
    }
    assert labels == {
        "stride": {"op": "pool_stride"},
        "stride down": {"op": "pool_stride", "axis": 0},
        "stride across": {"op": "pool_stride", "axis": 1},
    }


def test_scores_are_said_to_be_logits_where_they_are_met_first():
    also = {each["title"]: each.get("also", "") for each in columns(build(Experiment()), 0)}
    assert {title: name for title, name in also.items() if name} == {"Scores": "logits"}
