"""Planes laid out for each column of their kernels."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d, conv2d_plan
from cnn_core.ops.conv import dispatch, execute, plane_rows, rows, staggered, staggered_rows
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.shapes import PADDING_MODES
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, by_loops, forced, noisy
from tests.helpers import oracles


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=80)
@given(convolutions())
def test_a_kernel_may_multiply_planes_laid_out_for_each_of_its_columns(dtype, case):
    x, weight, _, given_settings = noisy(case, dtype)
    # A stride and a dilation down leave no rows that are neighbours: those are for other ways.
    (down, across), step = given_settings["dilation"], given_settings["stride"][0]
    down = down if step == 1 else 1
    given_settings = {**given_settings, "groups": x.shape[1], "dilation": (down, across)}
    factors = np.arange(1, x.shape[1] + 1, dtype=dtype)[:, None, None, None]
    weight, bias = np.repeat(weight[:1, :1], x.shape[1], axis=0) * factors, np.arange(x.shape[1], dtype=dtype)
    sliding = conv_window(x.shape, weight.shape, *given_settings.values(), "zeros")
    top = given_settings["padding"][0][0]
    below = (weight.shape[2] - 1) * down - top
    why_not = dispatch.obstacle(Branch.STAGGERED, x, weight, sliding, x.shape[1])
    assert (why_not is None) == (min(weight.shape[2:]) > 1 and max(top, below) < x.shape[2] and top % down == 0)
    if why_not is None:
        ours = forced(Branch.STAGGERED, x, weight, bias, given_settings)
        assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("numbers", [1, 1500, 4000, 1_200_000])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1), (1, 3)])
@pytest.mark.parametrize("around", [((1, 1), (1, 1)), ((0, 0), (0, 0)), ((4, 5), (0, 2)), ((0, 9), (6, 6))])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5), (5, 4)])
@pytest.mark.parametrize("long", [1, 100])
@pytest.mark.usefixtures("own_layouts")
def test_planes_laid_out_together_leave_nothing_behind_in_each_other(
    monkeypatch, numbers, stride, around, kernel, long
):
    monkeypatch.setattr(staggered_rows, "NUMBERS", numbers)
    monkeypatch.setattr(staggered_rows, "LONG", long)
    rng = np.random.default_rng(16)
    x, weight = rng.normal(size=(3, 5, 6, 8)).astype(np.float32), rng.normal(size=(5, 1, *kernel)).astype(np.float32)
    kept = {"stride": stride, "padding": around, "dilation": (1, 1), "groups": 5}
    assert_close(forced(Branch.STAGGERED, x, weight, x[0, :, 0, 0], kept), x, weight, x[0, :, 0, 0], kept)


@pytest.mark.parametrize("numbers", [1, 1500, 1_200_000])
@pytest.mark.parametrize("around", [((3, 3), (5, 5)), ((0, 0), (0, 5)), ((6, 1), (4, 0)), ((0, 9), (6, 6))])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (4, 2)])
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.usefixtures("own_layouts")
def test_dilated_rows_are_added_up_where_they_lie(monkeypatch, numbers, around, kernel, step):
    monkeypatch.setattr(staggered_rows, "NUMBERS", numbers)
    rng = np.random.default_rng(25)
    x, weight = rng.normal(size=(3, 5, 10, 19)).astype(np.float32), rng.normal(size=(5, 1, *kernel)).astype(np.float32)
    bias, kept = x[0, :, 0, 0], {"stride": (1, step), "padding": around, "dilation": (3, 5), "groups": 5}
    assert_close(forced(Branch.STAGGERED, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("top", [0, 2, 4])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_dilated_kernel_leaves_what_is_not_finite_in_the_windows_that_read_it(top, value):
    x, weight = np.ones((1, 2, 8, 9), np.float32), np.ones((2, 1, 3, 3), np.float32)
    x[0, 1, 3, 4] = value
    kept = {"stride": (1, 1), "padding": ((top, 2), (2, 2)), "dilation": (2, 2), "groups": 2}
    assert staggered_rows.keeps_apart(3, top, 1, 2)
    ours = forced(Branch.STAGGERED, x, weight, None, kept)
    np.testing.assert_array_equal(ours, by_loops(x, weight, None, kept))


def test_dilated_planes_need_not_be_put_together_and_apart_again():
    x, weight = np.ones((1, 256, 28, 28), np.float32), np.ones((256, 1, 3, 3), np.float32)
    assert conv2d_plan(x, weight, padding=2, dilation=2, groups=256).branch is Branch.STAGGERED


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda x: x[:, :, ::-1], lambda x: x[..., ::-1], lambda x: x[:, ::-1]]
)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("long", [1, 100])
@pytest.mark.usefixtures("own_layouts")
def test_planes_are_laid_out_from_wherever_they_lie(monkeypatch, change, stride, long):
    monkeypatch.setattr(staggered_rows, "LONG", long)
    rng = np.random.default_rng(17)
    x = change(rng.normal(size=(2, 3, 18, 12)).astype(np.float32))
    weight = rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (stride, stride), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.STAGGERED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("apart", [3, 9])
@pytest.mark.parametrize("stride", [(1, 1), (1, 2)])
def test_columns_that_meet_nothing_but_padding_are_zeros(apart, stride):
    rng = np.random.default_rng(18)
    x, weight = rng.normal(size=(1, 1, 2, 4)).astype(np.float32), rng.normal(size=(1, 1, 2, 3)).astype(np.float32)
    kept = {"stride": stride, "padding": ((1, 0), (apart, apart)), "dilation": (1, apart), "groups": 1}
    assert_close(forced(Branch.STAGGERED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("left", [0, 1, 3, 5])
@pytest.mark.parametrize("top", [0, 2, 4, 6])
def test_a_bias_comes_with_the_kernel_however_far_windows_overhang(top, left):
    rng = np.random.default_rng(24)
    x, weight = rng.normal(size=(2, 3, 8, 9)).astype(np.float32), rng.normal(size=(3, 1, 5, 4)).astype(np.float32)
    bias, kept = x[0, :, 0, 0], {"stride": (1, 1), "padding": ((top, 2), (left, 1)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.STAGGERED, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("mode", sorted(set(PADDING_MODES) - {"zeros"}))
@pytest.mark.parametrize("stride", [1, 2])
def test_planes_are_laid_out_with_whatever_is_around_them(monkeypatch, mode, stride):
    monkeypatch.setattr(execute, "AROUND_MOST", 300)
    rng = np.random.default_rng(19)
    x, weight = rng.normal(size=(2, 3, 9, 12)).astype(np.float32), rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    around = ((1, 2), (2, 1))
    kept = {"stride": (stride, stride), "padding": around, "dilation": (1, 1), "groups": 3}
    surrounded = oracles.surrounded(x, around, mode).astype(np.float32)
    ours = forced(Branch.STAGGERED, x, weight, None, kept, mode)
    assert_close(ours, surrounded, weight, None, {**kept, "padding": ((0, 0), (0, 0))})


@pytest.mark.parametrize("numbers", [1, 1500, 1_200_000])
@pytest.mark.parametrize(
    ("correlate_planes", "step", "top"),
    [
        (staggered.correlate_staggered, 2, 1),
        (staggered.correlate_staggered, 2, 0),
        (staggered.correlate_staggered, 1, 3),
        (plane_rows.correlate_plane_rows, 1, 1),
        (plane_rows.correlate_plane_rows, 1, 0),
        (plane_rows.correlate_plane_rows, 2, 1),
    ],
)
@pytest.mark.usefixtures("own_layouts")
def test_chunks_overlook_no_cell_that_is_not_finite(monkeypatch, correlate_planes, step, top, numbers):
    for module in (staggered_rows, plane_rows):
        monkeypatch.setattr(module, "NUMBERS", numbers)
    x, weight, bias = (np.ones(shape, np.float32) for shape in ((2, 3, 9, 7), (3, 1, 3, 3), (3,)))
    size = conv_window(x.shape, weight.shape, step, top, 1, 3, "zeros").output_size(9, 7)
    out, place = np.empty((2, 3, *size), np.float32), rows.Place((top, top), (step, step), 1)
    assert correlate_planes(x, weight, bias, out, place) is True
    read = np.zeros_like(x, dtype=bool)
    for i, j in np.ndindex(size):
        above, left = i * step - top, j * step - top
        read[:, :, max(0, above) : max(0, above + 3), max(0, left) : max(0, left + 3)] = True
    for cell in map(tuple, np.argwhere(read)):
        given_x = x.copy()
        given_x[cell] = np.nan if sum(cell) % 2 else -np.inf
        with np.errstate(invalid="ignore"):
            assert correlate_planes(given_x, weight, bias, out, place) is False


@pytest.mark.parametrize("numbers", [1, 1500, 1_200_000])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("size", [(9, 7), (6, 8), (5, 5)])
@pytest.mark.usefixtures("own_layouts")
def test_without_a_stride_what_is_not_finite_stays_in_the_windows_that_read_it(monkeypatch, size, value, numbers):
    monkeypatch.setattr(staggered_rows, "NUMBERS", numbers)
    x, weight, bias = (np.ones(shape, np.float32) for shape in ((2, 3, *size), (3, 1, 3, 3), (3,)))
    out, place = np.empty_like(x), rows.Place((1, 1), (1, 1), 1)
    for n, c, i, j in np.ndindex(x.shape):
        given_x = x.copy()
        given_x[n, c, i, j] = value
        reached = np.zeros(x.shape, bool)
        reached[n, c, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2] = True
        assert staggered.correlate_staggered(given_x, weight, bias, out, place) is True
        np.testing.assert_array_equal(np.isfinite(out), ~reached)
    weight[1, 0, 2, 0] = value
    with np.errstate(invalid="ignore"):
        assert staggered.correlate_staggered(x, weight, bias, out, place) is False


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_that_is_not_finite_is_done_as_others_are_where_nothing_spreads(value):
    rng = np.random.default_rng(22)
    x, weight = rng.normal(size=(1, 64, 14, 14)).astype(np.float32), rng.normal(size=(64, 1, 3, 3)).astype(np.float32)
    x[0, 5, 3, 13] = value
    for stride, may in ((1, True), (2, False)):
        kept = {"stride": stride, "padding": 1, "groups": 64}
        plan = conv2d_plan(x, weight, **kept)
        assert (plan.branch is Branch.STAGGERED) is may
        assert (plan.obstacles[Branch.STAGGERED] is None) is may
        np.testing.assert_allclose(conv2d(x, weight, **kept), plan.run(Branch.GATHERED), rtol=1e-4, atol=1e-5)
    weight[3, 0, 1, 1] = value
    assert conv2d_plan(x, weight, padding=1, groups=64).obstacles[Branch.STAGGERED]


@pytest.mark.parametrize("side", [5, 12])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bias_that_is_not_finite_stays_in_its_plane(side, value):
    rng = np.random.default_rng(20)
    x, weight = rng.normal(size=(2, 3, side, side)).astype(np.float32), np.ones((3, 1, 3, 3), np.float32)
    bias = np.array([1, value, 2], np.float32)
    kept = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 3}
    ours, without = (forced(Branch.STAGGERED, x, weight, added, kept) for added in (bias, None))
    np.testing.assert_allclose(ours, without + bias[:, None, None], rtol=1e-4, atol=1e-5)


def test_a_plane_too_large_to_be_laid_out_goes_another_way():
    sliding = conv_window((1, 2, 900, 900), (2, 1, 3, 3), 1, 1, 1, 2, "zeros")
    assert Branch.STAGGERED not in dict(dispatch.estimates((1, 2, 900, 900), (2, 1, 3, 3), sliding, 2))
    assert Branch.STAGGERED in dict(dispatch.estimates((1, 2, 90, 90), (2, 1, 3, 3), sliding, 2))
