"""Sums and differences in place of windows of 3×3."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d, conv2d_plan
from cnn_core.ops.conv import winograd
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch, choose
from tests.core.cases import convolutions
from tests.core.forcing import PLAIN, SINGLE, assert_close, forced, small_parts


def many_channels(rng, x, *, inputs=32, outputs=3):
    """As many images as ``x`` of its size and some more, and kernels for them."""
    size = (x.shape[0], inputs, x.shape[2] + 4, x.shape[3] + 4)
    return (rng.normal(size=shape).astype(np.float32) for shape in (size, (outputs, inputs, 3, 3), (outputs,)))


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=25)
@given(convolutions())
def test_sums_and_differences_give_what_loops_give(parts, case):
    around, dilation = case[3]["padding"], case[3]["dilation"]
    plain = {"stride": (1, 1), "padding": around, "dilation": tuple(min(d, 2) for d in dilation), "groups": 1}
    x, weight, bias = many_channels(np.random.default_rng(7), case[0])
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(Branch.WINOGRAD, x, weight, bias if case[2] is not None else None, plain)
    assert_close(ours, x, weight, bias if case[2] is not None else None, plain)


def test_sums_and_differences_keep_whole_numbers_exact():
    rng = np.random.default_rng(8)
    x = rng.integers(-9, 10, (2, 40, 19, 23)).astype(np.float32)
    weight = rng.integers(-9, 10, (5, 40, 3, 3)).astype(np.float32)
    ours = forced(Branch.WINOGRAD, x, weight, None, PLAIN)
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, PLAIN)
    np.testing.assert_array_equal(ours, exact)


@pytest.mark.parametrize(
    ("shape", "outputs", "around", "dilation"),
    [
        ((2, 32, 70, 130), 32, ((1, 1), (1, 1)), (1, 1)),  # several blocks beside and below each other
        ((1, 128, 28, 28), 128, ((1, 1), (1, 1)), (1, 1)),
        ((5, 64, 9, 8), 48, ((2, 0), (0, 1)), (1, 1)),  # several images in a block, and a last one in another
        ((1, 32, 61, 66), 40, ((2, 2), (2, 2)), (2, 2)),
        ((2, 32, 40, 43), 33, ((0, 3), (1, 2)), (3, 2)),
    ],
)
def test_sums_and_differences_are_whole_numbers_in_every_block(shape, outputs, around, dilation):
    rng = np.random.default_rng(23)
    x = rng.integers(-9, 10, shape).astype(np.float32)
    weight = rng.integers(-9, 10, (outputs, shape[1], 3, 3)).astype(np.float32)
    bias = rng.integers(-9, 10, outputs).astype(np.float32)
    given = {"stride": (1, 1), "padding": around, "dilation": dilation, "groups": 1}
    ours = forced(Branch.WINOGRAD, x, weight, bias, given)
    exact = forced(Branch.GATHERED, *(part.astype(np.float64) for part in (x, weight, bias)), given)
    np.testing.assert_array_equal(ours, exact)


def test_sums_and_differences_are_as_tight_in_the_dark_and_exactly_0_in_the_black():
    rng = np.random.default_rng(9)
    x, weight = rng.normal(size=(1, 64, 60, 62)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    x[..., :20, :] = 0
    x[..., 20:40, :] *= 1e-6
    x = np.maximum(x, 0)  # as activations are: half of the cells are 0
    ours = conv2d(x, weight, padding=1)
    double = x.astype(np.float64), weight.astype(np.float64)
    exact = forced(Branch.GATHERED, *double, None, PLAIN)
    sizes = forced(Branch.GATHERED, *map(np.abs, double), None, PLAIN)
    assert choose(x, weight, conv_window(x.shape, weight.shape, 1, 1, 1, 1, "zeros"), 1) is Branch.WINOGRAD
    assert (sizes[..., :19, :] == 0).all()
    assert (np.abs(ours - exact) <= 8 * SINGLE * sizes).all()  # 2308 are allowed


def few(x, weight):
    x *= np.random.default_rng(1).random(x.shape) < 0.2


def one_cell(x, weight):
    x[...] = 0
    x[0, 3, 20, 20] = 1


def zeros_among_the_weights(x, weight):
    weight[:, :, :, 1] = 0


def a_single_weight_of_0(x, weight):
    weight[5, 6, 0, 2] = 0


def one_side_next_to_0(x, weight):
    weight[9, :, :, 1:] *= 1e-5


def a_cell_that_towers(x, weight):
    x[0, 3, 20, 20] = 1e3


def an_infinity(x, weight):
    x[0, 3, 20, 20] = np.inf


def a_weight_that_is_no_number(x, weight):
    weight[3, 3, 1, 1] = np.nan


def next_to_overflow(x, weight):
    x *= 1e19
    weight *= 1e19


def a_weight_of_0(kernel):
    kernel[7, 2, 0] = 0


def a_side_next_to_0(kernel):
    kernel[:, :, 1:] *= 1e-5


def a_weight_beside_which_all_others_are_next_to_0(kernel):
    kernel[0, 0, 0] = 1e7


def no_number(kernel):
    kernel[0, 0, 0] = np.nan


@pytest.mark.parametrize("at", [0, 100, 199])
@pytest.mark.parametrize(
    "change", [None, a_weight_of_0, a_side_next_to_0, a_weight_beside_which_all_others_are_next_to_0, no_number]
)
def test_one_uneven_kernel_among_many_is_found_wherever_it_is(change, at: int):
    rng = np.random.default_rng(12)
    x, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((1, 200, 8, 8), (200, 200, 3, 3)))
    assert weight.size > 4 * winograd.WEIGHTS_AT
    if change:
        change(weight[at])
    assert winograd.dense(x, weight) is (change is None)


@pytest.mark.parametrize(
    "change",
    [
        few,
        one_cell,
        zeros_among_the_weights,
        a_single_weight_of_0,
        one_side_next_to_0,
        a_cell_that_towers,
        an_infinity,
        a_weight_that_is_no_number,
        next_to_overflow,
    ],
)
@pytest.mark.parametrize("looked_at", [150, 10**9])
def test_what_sums_and_differences_could_spoil_goes_another_way(monkeypatch, looked_at, change):
    monkeypatch.setattr(winograd, "LOOKED_AT", looked_at)
    monkeypatch.setattr(winograd, "COUNTED_AT", looked_at)
    monkeypatch.setattr(winograd, "WEIGHTS_AT", looked_at)
    rng = np.random.default_rng(10)
    x, weight = rng.normal(size=(1, 64, 56, 56)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, 1, 1, 1, "zeros")
    assert choose(x, weight, sliding, 1) is Branch.WINOGRAD
    assert choose(x[..., ::-1], weight, sliding, 1) is Branch.GATHERED
    assert "in one piece" in conv2d_plan(x[..., ::-1], weight, padding=1).obstacles[Branch.WINOGRAD]
    change(x, weight)
    assert choose(x, weight, sliding, 1) is Branch.GATHERED


@pytest.mark.parametrize("least", [0, 1e-5])
def test_kernels_of_one_side_keep_to_the_bound_beside_the_black(least):
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    weight[:4, :, :, 1:] *= least
    x = rng.random((1, 64, 56, 56), np.float32) + 0.1
    x[..., :28] = 0
    double = x.astype(np.float64), weight.astype(np.float64)
    exact, sizes = (forced(Branch.GATHERED, *each, None, PLAIN) for each in (double, map(np.abs, double)))
    assert (np.abs(conv2d(x, weight, padding=1) - exact) <= 4 * 576 * SINGLE * sizes).all()
