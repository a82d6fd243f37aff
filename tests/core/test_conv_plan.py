"""A convolution's plan names the branch that conv2d takes, says why, and runs any branch that can do the work."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import Branch, ShapeError, conv2d, conv2d_plan
from cnn_core.ops.conv import execute
from cnn_core.ops.conv.banded import correlate_banded
from cnn_core.ops.conv.batched import correlate_batched
from cnn_core.ops.conv.panels import correlate_panels
from cnn_core.ops.conv.whole_rows import correlate_whole_rows
from tests.core.cases import convolutions
from tests.helpers import oracles


@settings(max_examples=60)
@given(convolutions())
def test_the_plan_is_what_conv2d_does_and_its_run_gives_the_same_bits(case):
    x, weight, bias, given_settings = case
    for dtype in (np.float32, np.float64):
        operands = [None if array is None else array.astype(dtype) for array in (x, weight, bias)]
        plan = conv2d_plan(*operands, **given_settings)
        with patch.object(execute, "_slide", wraps=execute._slide) as slid:
            out = conv2d(*operands, **given_settings)
        # Once, and for an empty batch never.
        assert [call.args[0] for call in slid.call_args_list] == [plan.branch] * (out.size > 0)
        assert plan.obstacles[plan.branch] is None
        assert plan.reason.endswith(".")
        assert out.shape == plan.shape
        assert out.dtype == plan.dtype
        np.testing.assert_array_equal(plan.run(), out)


@settings(max_examples=60)
@given(convolutions())
def test_every_branch_without_an_obstacle_gives_what_loops_give(case):
    x, weight, bias, given_settings = case
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    expected = oracles.conv2d(x, weight, bias, *order)
    for dtype in (np.float32, np.float64):
        plan = conv2d_plan(*(None if a is None else a.astype(dtype) for a in (x, weight, bias)), **given_settings)
        for branch, why_not in plan.obstacles.items():
            if why_not is None:
                np.testing.assert_allclose(plan.run(branch), expected, rtol=1e-4, atol=1e-3)
            else:
                with pytest.raises(ShapeError, match="works"):
                    plan.run(branch)


def test_every_branch_but_one_for_3x3_kernels_can_do_a_large_blur_of_a_grey_picture_in_single_precision():
    x, weight = np.random.default_rng(0).random((1, 1, 270, 280), np.float32), np.full((1, 1, 9, 9), 1 / 81, np.float32)
    plan = conv2d_plan(x, weight)
    assert plan.branch is Branch.SEPARABLE
    assert {branch for branch, why_not in plan.obstacles.items() if why_not} == {Branch.WINOGRAD}
    for branch in set(Branch) - {Branch.WINOGRAD}:
        np.testing.assert_allclose(plan.run(branch), plan.run(), atol=1e-5)


@pytest.mark.parametrize(
    ("dtype", "given_settings", "impossible"),
    [
        (np.float64, {}, {Branch.SPECTRAL, Branch.WINOGRAD}),
        (np.float32, {"stride": 2}, {Branch.SPECTRAL, Branch.WINOGRAD}),
        (np.float32, {"dilation": 2}, {Branch.SPECTRAL, Branch.WINOGRAD}),
        (np.float32, {"dilation": 2, "padding": 1}, {Branch.STAGGERED, Branch.SPECTRAL, Branch.WINOGRAD}),
        (np.float32, {"stride": 2, "dilation": 2}, set(Branch) - {Branch.SHIFTED, Branch.GATHERED}),
    ],
)
def test_a_branch_says_what_keeps_it_from_the_work(dtype, given_settings, impossible):
    plan = conv2d_plan(np.ones((1, 1, 30, 30), dtype), np.ones((1, 1, 7, 7), dtype), **given_settings)
    assert {branch for branch, why_not in plan.obstacles.items() if why_not} == impossible


def test_infinities_keep_bands_from_the_work_and_spectra_where_they_are_among_the_weights():
    x = np.ones((1, 1, 300, 300), np.float32)
    x[0, 0, 3, 3] = np.inf
    plan = conv2d_plan(x, np.ones((1, 1, 7, 7), np.float32))
    able = {branch for branch, why_not in plan.obstacles.items() if why_not is None}
    # Without a stride down, planes laid out for each column meet no zero but those that are around an image; spectra
    # are made of what is finite.
    assert able == {Branch.SHIFTED, Branch.GATHERED, Branch.STAGGERED, Branch.SPECTRAL}
    assert "NaN" in plan.reason
    with_a_stride = conv2d_plan(x, np.ones((1, 1, 7, 7), np.float32), stride=2).obstacles
    assert {branch for branch, why_not in with_a_stride.items() if why_not is None} == {Branch.SHIFTED, Branch.GATHERED}
    among_weights = conv2d_plan(np.ones_like(x), x[..., :7, :7]).obstacles
    assert {branch for branch, why_not in among_weights.items() if why_not is None} == {Branch.SHIFTED, Branch.GATHERED}


def test_the_figures_count_multiply_adds_and_bytes():
    plan = conv2d_plan(np.ones((2, 3, 10, 10)), np.ones((4, 3, 3, 3)), np.ones(4), stride=2)
    assert plan.shape == (2, 4, 4, 4)
    assert plan.taps == 27
    assert plan.multiply_adds == 2 * 4 * 4 * 4 * 27
    assert plan.bytes == 8 * (2 * 3 * 100 + 4 * 27 + 4 + 2 * 4 * 16)
    assert plan.branch is Branch.SHIFTED
    assert "double precision" in plan.reason.lower()


def test_a_plan_refuses_what_conv2d_refuses():
    with pytest.raises(ShapeError):
        conv2d_plan(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)))


def test_many_channels_of_dense_numbers_take_fewer_products():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(1, 64, 56, 56)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    plan = conv2d_plan(x, weight, padding=1)
    assert plan.branch is Branch.WINOGRAD
    assert "estimated to be the fastest" in plan.reason
    assert "16 products" in plan.branch.does
    np.testing.assert_allclose(plan.run(), plan.run(Branch.BANDED), atol=1e-3)
    x[:, :, 3:] = 0
    assert "numbers are uneven or many are 0" in conv2d_plan(x, weight, padding=1).obstacles[Branch.WINOGRAD]


def test_numbers_whose_squares_are_too_large_are_planned_for_without_a_warning():
    x = np.full((1, 3, 40, 40), 1e20, np.float32)
    with np.errstate(all="raise"):
        plan = conv2d_plan(x, np.ones((4, 3, 3, 3), np.float32), padding=1)
    assert plan.run().max() == pytest.approx(27e20, rel=1e-6)


@pytest.mark.parametrize(
    ("x_shape", "padding_mode", "expected"),
    [
        ((1, 1, 20, 40), "zeros", correlate_whole_rows),
        ((1, 1, 20, 40), "reflect", correlate_banded),
        ((9, 1, 20, 20), "zeros", correlate_banded),
        ((9, 4, 20, 20), "zeros", correlate_panels),
    ],
)
def test_the_plan_names_the_function_that_does_the_work(x_shape, padding_mode, expected):
    x, weight = np.ones(x_shape, np.float32), np.ones((x_shape[1], x_shape[1], 3, 3), np.float32)
    plan = conv2d_plan(x, weight, padding=1, padding_mode=padding_mode)
    assert plan.working(Branch.BANDED) is expected
    several = x_shape[0] > 1
    assert plan.working(Branch.GATHERED) is (correlate_batched if several else Branch.GATHERED.function)
    assert plan.working(Branch.FOLDED) is Branch.FOLDED.function


def test_a_branch_may_be_asked_for_by_its_name():
    plan = conv2d_plan(np.random.default_rng(0).normal(size=(1, 2, 9, 8)), np.ones((3, 2, 3, 3)))
    for branch, why_not in plan.obstacles.items():
        assert plan.working(branch.value) is plan.working(branch)
        if why_not is None:
            np.testing.assert_array_equal(plan.run(branch.value), plan.run(branch))
        else:
            with pytest.raises(ShapeError, match=f'branch="{plan.branch.value}" works'):
                plan.run(branch.value)


@pytest.mark.parametrize("named", ["GATHERED", "", "fast", 3, ["gathered"], np.array(["gathered", "folded"])])
def test_a_branch_of_another_name_is_refused_with_those_there_are(named):
    plan = conv2d_plan(np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3)))
    for ask in (plan.run, plan.working):
        with pytest.raises(ShapeError, match=r'shifted, gathered, .*got .*branch="gathered" works'):
            ask(named)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("groups", [1, 2])
def test_what_would_work_at_images_is_told_where_there_are_none(dtype, groups):
    weight = np.ones((2, 2 // groups, 3, 3), dtype)
    plan, some = (conv2d_plan(np.zeros((count, 2, 8, 8), dtype), weight, groups=groups) for count in (0, 1))
    for branch in Branch:
        assert plan.working(branch) is some.working(branch)
        if plan.obstacles[branch] is None:
            assert plan.run(branch).shape == (0, 2, 6, 6)
