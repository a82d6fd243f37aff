"""Kernels multiplied with the spectra of tiles."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d
from cnn_core.ops.conv import spectral
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch, choose, estimates
from cnn_core.ops.conv.spectral import even
from tests.core.cases import convolutions
from tests.core.forcing import PLAIN, SINGLE, assert_close, by_loops, forced, noisy, small_parts
from tests.helpers.memory import held


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=40)
@given(convolutions())
def test_a_spectrum_gives_what_loops_give(parts, case):
    x, weight, _, given_settings = noisy(case, np.float32)
    plain = {"stride": (1, 1), "padding": given_settings["padding"], "dilation": (1, 1), "groups": x.shape[1]}
    weight = np.repeat(weight[:1, :1], x.shape[1], axis=0)
    bias = np.arange(x.shape[1], dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(Branch.SPECTRAL, x, weight, bias, plain)
    assert_close(ours, x, weight, bias, plain)


@pytest.mark.parametrize("height", [30, 1e4, 1e6, 1e10])
def test_a_cell_that_towers_over_the_others_leaves_no_trace_where_its_weight_is_0(height):
    rng = np.random.default_rng(11)
    x, weight = rng.normal(size=(1, 64, 28, 28)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    x[0, 3, 14, 14] = height
    weight[rng.random(weight.shape) < 0.05] = 0
    double = x.astype(np.float64), weight.astype(np.float64)
    exact = forced(Branch.GATHERED, *double, None, PLAIN)
    sizes = forced(Branch.GATHERED, *map(np.abs, double), None, PLAIN)
    assert (np.abs(conv2d(x, weight, padding=1) - exact) <= 4 * 576 * SINGLE * sizes).all()


def photograph(*size):
    """Light and dark, and black in one corner."""
    x = np.random.default_rng(2).integers(0, 256, (1, 1, *size)).astype(np.float32) / 255
    x[..., : size[0] // 2, : size[1] // 2] = 0
    x[..., size[0] // 2 :, : size[1] // 2] /= 255
    return x


@pytest.mark.parametrize(("size", "kernel"), [(5, 31), (480, 31), (640, 31), (1000, 7), (300, 201), (90, 1000)])
def test_tiles_make_all_cells_and_are_no_longer_than_a_cache_or_two_kernels_want(size, kernel):
    count, side = spectral.tiles(size, kernel)
    assert count * (side - kernel + 1) >= size
    assert side <= max(256, min(2.25 * kernel, 640), 1.25 * kernel)
    assert 30**9 % side == 0  # of small factors alone: they are transformed the fastest


@pytest.mark.parametrize("size", [1, 300, 361, 1000, 3000])
@pytest.mark.parametrize("kernel", [300, 321, 560, 600, 630, 640, 648, 1000, 1500, 2500])
def test_no_tile_gives_few_cells_however_large_the_kernel_is(size, kernel):
    parts = spectral.parts(size, kernel)
    each = -(-kernel // parts)
    count, side = spectral.tiles(size, each)
    assert side <= spectral.LARGE_MOST  # what is beside input and output does not grow with the kernel
    assert count * (side - each + 1) >= size
    assert count == 1 or side - each + 1 > side / 5


@pytest.mark.parametrize("parts", [1, 2, 3])
@settings(max_examples=40)
@given(convolutions())
def test_a_kernel_may_fall_into_parts_whose_sums_are_added_up(parts, case):
    x, _, _, given_settings = noisy(case, np.float32)
    weight = np.random.default_rng(1).normal(size=(x.shape[1], 1, 5, 7)).astype(np.float32)
    around = tuple((a + extra, b + extra - 1) for (a, b), extra in zip(given_settings["padding"], (4, 6), strict=True))
    plain = {"stride": (1, 1), "padding": around, "dilation": (1, 1), "groups": x.shape[1]}
    bias = np.arange(x.shape[1], dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        small_parts(patch)
        patch.setattr(spectral, "parts", lambda size, kernel: parts)
        patch.setattr(spectral, "TOGETHER", 2)
        ours = forced(Branch.SPECTRAL, x, weight, bias, plain)
    assert_close(ours, x, weight, bias, plain)


def test_a_kernel_beyond_half_the_longest_tile_is_one_tile_of_the_image_and_estimated_so():
    rng = np.random.default_rng(8)
    x, weight = (rng.random((1, 1, size, size), np.float32) for size in (1000, 640))
    sliding = conv_window(x.shape, weight.shape, 1, 0, 1, 1, "zeros")
    time = dict(estimates(x.shape, weight.shape, sliding, 1))[Branch.SPECTRAL]
    assert choose(x, weight, sliding, 1) is Branch.SPECTRAL
    smaller = conv_window(x.shape, (1, 1, 300, 300), 1, 0, 1, 1, "zeros")
    assert time < 3 * dict(estimates(x.shape, (1, 1, 300, 300), smaller, 1))[Branch.SPECTRAL]
    conv2d(x, weight)
    out, most = held(conv2d, x, weight)
    assert most - out.nbytes < (x.nbytes + out.nbytes) / 2 + 32e6
    for i, j in ((0, 0), (360, 360), (17, 251)):
        cells = x[0, 0, i : i + 640, j : j + 640].astype(float) * weight[0, 0]
        assert abs(out[0, 0, i, j] - cells.sum()) < 1e-6 * cells.sum()


def test_a_spectrum_keeps_to_the_bound_in_the_dark_and_is_exactly_0_in_the_black():
    x = photograph(200, 180)
    weight = np.random.default_rng(3).normal(size=(1, 1, 31, 31)).astype(np.float32)
    ours = conv2d(x, weight, padding=15)
    plain = {"stride": (1, 1), "padding": ((15, 15), (15, 15)), "dilation": (1, 1), "groups": 1}
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, plain)
    sizes = forced(Branch.GATHERED, np.abs(x).astype(np.float64), np.abs(weight).astype(np.float64), None, plain)
    assert (sizes == 0).sum() > 1000
    assert (np.abs(ours - exact) <= 0.01 * 4 * 961 * SINGLE * sizes).all()


def test_a_cell_that_towers_over_others_goes_another_way_than_by_its_spectrum():
    x = np.random.default_rng(5).random((1, 1, 300, 280), np.float32)
    weight = np.random.default_rng(6).normal(size=(1, 1, 31, 31)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, 15, 1, 1, "zeros")
    assert choose(x, weight, sliding, 1) is Branch.SPECTRAL
    x[0, 0, 100, 100] = 1e15
    assert choose(x, weight, sliding, 1) is not Branch.SPECTRAL
    plain = {"stride": (1, 1), "padding": ((15, 15), (15, 15)), "dilation": (1, 1), "groups": 1}
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, plain)
    sizes = forced(Branch.GATHERED, np.abs(x).astype(np.float64), np.abs(weight).astype(np.float64), None, plain)
    assert (np.abs(conv2d(x, weight, padding=15) - exact) <= 4 * 961 * SINGLE * sizes).all()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], True),
        ([0, 0], True),
        ([0, 5], True),
        ([-1e-9, 0, 1], True),
        ([-1e-11, 0, 1], False),
        ([1e-30, 1e30], False),
        ([1, np.inf], True),
        ([1, np.nan], True),
        ([1e-11, 1, -np.inf], False),
        ([1e-11, 1, np.nan], False),
        ([np.nan, np.inf], True),
    ],
)
def test_cells_are_even_where_none_that_is_not_0_is_lost_beside_another(cells, expected):
    assert even(np.array(cells, np.float32)) is expected


def lone_pixels(rng):
    x = np.zeros((1, 1, 300, 260), np.float32)
    x[0, 0, rng.integers(0, 300, 40), rng.integers(0, 260, 40)] = rng.random(40, np.float32)
    return x


def a_weight_that_towers(rng):
    weight = rng.random((1, 1, 31, 31), np.float32) + np.float32(0.5)
    weight[0, 0, 15, 15] = 1e16
    return weight


def a_turned_gaussian(_rng):
    down, across = np.mgrid[-15:16, -15:16] / 15
    weight = np.exp(-8 * (down + across) ** 2 - 10 * (down - 0.5 * across) ** 2)
    return (weight / weight.sum()).astype(np.float32)[None, None]


def some_large(rng):
    weight = rng.normal(size=(1, 1, 30, 20)).astype(np.float32)
    weight[rng.random(weight.shape) < 0.02] *= 1e10
    return weight


def large(rng):
    weight = rng.normal(size=(1, 1, 400, 30)).astype(np.float32)
    weight[0, 0, ::40, ::7] *= 1e10
    return weight


@pytest.mark.parametrize("background", [0, 1, 1e-7])
@pytest.mark.parametrize("weights", [a_weight_that_towers, a_turned_gaussian, some_large, large])
def test_small_weights_over_lone_pixels_are_not_lost_beside_large_ones(weights, background):
    rng = np.random.default_rng(12)
    x, weight = lone_pixels(rng), weights(rng)
    x[..., 130:] += np.float32(background)
    around = weight.shape[2] // 2, weight.shape[3] // 2
    plain = {"stride": (1, 1), "padding": tuple((p, p) for p in around), "dilation": (1, 1), "groups": 1}
    ours = forced(Branch.SPECTRAL, x, weight, None, plain)
    double = x.astype(np.float64), weight.astype(np.float64)
    exact, sizes = (forced(Branch.GATHERED, *each, None, plain) for each in (double, map(np.abs, double)))
    assert (np.abs(ours - exact) <= 4 * weight.size * SINGLE * sizes).all()


def test_products_that_cancel_over_a_flat_image_are_not_added_up_one_by_one(monkeypatch):
    weight = np.random.default_rng(13).integers(-9, 10, (1, 1, 31, 31)).astype(np.float32)
    weight[0, 0, 15, 15] -= weight.sum()
    monkeypatch.setattr(spectral, "ADDED_MOST", 0)  # no window by itself, or there would be nothing to add it up with
    monkeypatch.setattr(spectral, "sliding_window_view", lambda *_: None)
    ours = conv2d(np.ones((1, 1, 300, 280), np.float32), weight)
    np.testing.assert_array_equal(ours, 0)


HOLES = {
    "nan": [np.nan],
    "inf": [np.inf],
    "negative": [-np.inf],
    "infinities": [np.inf, -np.inf],
    "all": [np.inf, np.nan, -np.inf, np.nan],
}


@pytest.mark.usefixtures("own_layouts")
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("share", [0.01, 0.1, 1])
@pytest.mark.parametrize("holes", HOLES)
def test_what_is_not_finite_reaches_the_windows_that_hold_it_and_no_others(holes, share, parts, monkeypatch):
    rng = np.random.default_rng(14)
    x, weight = rng.normal(size=(2, 2, 23, 19)).astype(np.float32), rng.normal(size=(2, 1, 5, 7)).astype(np.float32)
    put = rng.random(x.shape) < share
    x[put] = rng.choice(HOLES[holes], put.sum()).astype(np.float32)
    x[1, 1, [0, 0, -1, -1], [0, -1, 0, -1]] = HOLES[holes][0]
    weight[0, 0, 1, 2], weight[1, 0, :2], weight[1, 0, 3, 3] = 0, np.abs(weight[1, 0, :2]), -0.0
    bias = np.array([3, np.inf], np.float32)
    plain = {"stride": (1, 1), "padding": ((2, 3), (4, 1)), "dilation": (1, 1), "groups": 2}
    small_parts(monkeypatch)
    monkeypatch.setattr(spectral, "parts", lambda size, kernel: parts)
    with np.errstate(invalid="ignore"):
        expected = by_loops(x, weight, bias, plain)
    np.testing.assert_allclose(forced(Branch.SPECTRAL, x, weight, bias, plain), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("padding", [15, 0])
def test_a_few_numbers_that_are_not_finite_leave_a_large_kernel_its_spectrum(hole, padding):
    rng = np.random.default_rng(15)
    x, weight = rng.random((1, 1, 300, 280), np.float32), rng.normal(size=(1, 1, 31, 31)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, padding, 1, 1, "zeros")
    clean = conv2d(x, weight, padding=padding)
    x[0, 0, 100, 120] = x[0, 0, 0, 279] = hole
    assert choose(x, weight, sliding, 1) is Branch.SPECTRAL
    kept = x.copy()
    out = conv2d(x, weight, padding=padding)
    np.testing.assert_array_equal(x, kept)
    plain = {"stride": (1, 1), "padding": ((padding,) * 2,) * 2, "dilation": (1, 1), "groups": 1}
    expected = forced(Branch.GATHERED, x, weight, None, plain)
    np.testing.assert_allclose(out, expected, rtol=0, atol=1e-3)
    finite = np.isfinite(expected)
    np.testing.assert_allclose(out[finite], clean[finite], rtol=0, atol=1e-4)
    weight[0, 0, 3, 3] = hole
    assert choose(x, weight, sliding, 1) is not Branch.SPECTRAL


def test_evenness_is_asked_of_the_finite_numbers_alone():
    rng = np.random.default_rng(16)
    x, weight = rng.random((1, 1, 300, 280), np.float32), rng.normal(size=(1, 1, 31, 31)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, 15, 1, 1, "zeros")
    x[0, 0, 100, 100], x[0, 0, 50, 50] = 1e15, np.nan
    assert choose(x, weight, sliding, 1) is not Branch.SPECTRAL
