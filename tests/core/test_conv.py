"""Convolution against loops, in every layout and through both of its branches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import ShapeError, conv2d
from tests.core.cases import LAYOUTS, convolutions
from tests.helpers import oracles

GRID = np.arange(25, dtype=np.float64).reshape(1, 1, 5, 5)
KERNEL = np.ones((1, 1, 3, 3))


def by_loops(x, weight, bias, given_settings):
    around = given_settings["padding"]
    return oracles.conv2d(
        x, weight, bias, given_settings["stride"], around, given_settings["dilation"], given_settings["groups"]
    )


@settings(max_examples=80)
@given(convolutions(), st.sampled_from(sorted(LAYOUTS)))
def test_whole_numbers_come_out_exactly_as_loops_give_them(case, layout):
    x, weight, bias, given_settings = case
    before = x.copy()
    out = conv2d(LAYOUTS[layout](x), weight, bias, **given_settings)
    np.testing.assert_array_equal(out, by_loops(LAYOUTS[layout](x), weight, bias, given_settings))
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation"), [(5, 4, 1, 1), (6, 3, 2, 1), (7, 2, 3, 2), (3, 1, 2, 1)]
)
def test_same_padding_gives_size_over_stride_rounded_up(size, kernel, stride, dilation):
    out = conv2d(
        np.ones((1, 1, size, size)), np.ones((1, 1, kernel, kernel)), stride=stride, dilation=dilation, padding="same"
    )
    assert out.shape[2:] == (-(-size // stride),) * 2


def test_an_odd_cell_of_same_padding_goes_bottom_right():
    out = conv2d(GRID, np.ones((1, 1, 2, 2)), padding="same")
    np.testing.assert_array_equal(out, conv2d(GRID, np.ones((1, 1, 2, 2)), padding=((0, 1), (0, 1))))


def test_valid_padding_is_none():
    np.testing.assert_array_equal(conv2d(GRID, KERNEL, padding="valid"), conv2d(GRID, KERNEL))


@pytest.mark.parametrize(
    ("x", "weight", "expected"),
    [
        (np.float32, np.float32, np.float32),
        (np.float64, np.float64, np.float64),
        (np.float32, np.float64, np.float64),
        (np.int64, np.float32, np.float64),
        (np.uint8, np.int8, np.float64),
        (np.bool_, np.float64, np.float64),
        (np.float16, np.float32, np.float32),
    ],
)
def test_element_types_are_kept_or_promoted(x, weight, expected):
    assert conv2d(GRID.astype(x), KERNEL.astype(weight)).dtype == expected


def test_large_whole_numbers_stay_exact():
    x = np.full((1, 1, 3, 3), 2**49, dtype=np.int64)
    assert conv2d(x, np.ones((1, 1, 3, 3), dtype=np.int64)).item() == 9 * 2**49


def test_sizes_may_be_any_pair_of_whole_numbers():
    expected = conv2d(GRID, KERNEL, stride=(2, 1))
    for stride in ([2, 1], np.array([2, 1]), (np.int64(2), np.uint8(1))):
        np.testing.assert_array_equal(conv2d(GRID, KERNEL, stride=stride), expected)


REFUSED = {
    "stride 0": ({"stride": 0}, ["stride", "0", "1"]),
    "negative padding": ({"padding": -1}, ["padding", "-1"]),
    "dilation 0": ({"dilation": 0}, ["dilation", "0"]),
    "groups 0": ({"groups": 0}, ["groups"]),
    "groups that do not divide": ({"groups": 2}, ["groups", "divide"]),
    "true as a stride": ({"stride": True}, ["stride"]),
    "a fraction": ({"stride": 1.5}, ["stride", "1.5"]),
    "three strides": ({"stride": (1, 1, 1)}, ["stride"]),
    "a word": ({"stride": "two"}, ["stride", "two"]),
    "unknown padding": ({"padding": "full"}, ["same", "full"]),
    "lopsided padding": ({"padding": (1, (0, 1))}, ["padding"]),
    "unknown mode": ({"padding_mode": "mirror"}, ["zeros", "mirror"]),
    "dilated beyond the input": ({"dilation": 3}, ["7×7", "5×5", "padding=1"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_that_cannot_work_is_refused_in_words(name):
    bad, words = REFUSED[name]
    with pytest.raises(ShapeError) as refusal:
        conv2d(GRID, KERNEL, **bad)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize(
    ("x", "weight", "bias"),
    [
        (GRID[0], KERNEL, None),
        (GRID[0, 0], KERNEL, None),
        (GRID, KERNEL[0], None),
        (np.ones((1, 2, 5, 5)), KERNEL, None),
        (GRID, KERNEL, np.ones(2)),
        (GRID, KERNEL, 1.0),
        (np.ones((1, 1, 2, 5)), KERNEL, None),
        (np.ones((1, 1, 0, 5)), KERNEL, None),
        (GRID.astype(complex), KERNEL, None),
        (GRID.astype(str), KERNEL, None),
        ([[1, 2], [3]], KERNEL, None),
    ],
)
def test_arrays_that_do_not_fit_are_refused_in_words(x, weight, bias):
    with pytest.raises(ShapeError) as refusal:
        conv2d(x, weight, bias)
    assert "matmul" not in str(refusal.value)
    assert "broadcast" not in str(refusal.value)


def test_the_setting_that_a_refusal_names_works():
    with pytest.raises(ShapeError, match="padding=2"):
        conv2d(GRID, np.ones((1, 1, 9, 9)))
    assert conv2d(GRID, np.ones((1, 1, 9, 9)), padding=2).shape == (1, 1, 1, 1)
