"""Kernels multiplied with the spectra of tiles."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d
from cnn_core.ops.conv import spectral
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch, choose
from cnn_core.ops.conv.spectral import even
from tests.core.cases import convolutions
from tests.core.forcing import PLAIN, SINGLE, assert_close, forced, noisy, small_parts


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
        ([1, np.inf], False),
        ([1, np.nan], True),
    ],
)
def test_cells_are_even_where_none_that_is_not_0_is_lost_beside_another(cells, expected):
    assert even(np.array(cells, np.float32)) is expected
