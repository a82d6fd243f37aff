"""All ways to convolve give what loops give, in either precision and for numbers that are not finite."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import conv2d
from cnn_core.ops.conv import dispatch
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.shapes import PADDING_MODES
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, forced, noisy, small_parts


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("branch", [Branch.SHIFTED, Branch.GATHERED, Branch.BANDED])
@settings(max_examples=60)
@given(convolutions(), st.booleans())
def test_no_branch_changes_a_result(branch, dtype, case, parts):
    x, weight, bias, given_settings = noisy(case, dtype)
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    if branch is Branch.BANDED and not dispatch.has_slabs(conv_window(x.shape, weight.shape, *order, "zeros")):
        return
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(branch, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("branch", [Branch.BANDED, Branch.STAGGERED])
def test_threads_do_not_meet_in_the_memory_that_is_kept(branch):
    rng = np.random.default_rng(21)
    images = rng.normal(size=(4, 1, 16, 30, 30)).astype(np.float32)
    weight = rng.normal(size=(16, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 16}
    alone = [forced(branch, x, weight, None, kept) for x in images]
    with ThreadPoolExecutor(len(images)) as pool:
        for _ in range(50):
            for ours, expected in zip(
                pool.map(lambda x: forced(branch, x, weight, None, kept), images), alone, strict=True
            ):
                np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [3, 7, 31])
def test_what_is_not_finite_reaches_the_windows_that_hold_it_and_no_other(number, size):
    x = np.ones((1, 1, 70, 80), dtype=np.float32)
    x[0, 0, 40, 50] = number
    out = conv2d(x, np.ones((1, 1, size, size), dtype=np.float32), padding=size // 2)
    half = size // 2
    reached = np.zeros(out.shape, dtype=bool)
    reached[..., 40 - half : 41 + half, 50 - half : 51 + half] = True
    np.testing.assert_array_equal(~np.isfinite(out), reached)
    assert np.isnan(out[reached]).all() == np.isnan(number)


@pytest.mark.parametrize("size", [3, 31])
def test_a_weight_that_is_not_finite_counts_where_it_meets_a_cell(size):
    x, weight = np.ones((1, 1, 100, 100), dtype=np.float32), np.ones((1, 1, size, size), dtype=np.float32)
    weight[0, 0, 1, 1] = np.inf
    np.testing.assert_array_equal(conv2d(x, weight), np.inf)


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("weight_shape", [(1, 1, 3, 3), (4, 4, 3, 3), (4, 4, 1, 1), (4, 1, 9, 9), (4, 1, 25, 25)])
def test_single_precision_agrees_with_double_whatever_is_around(mode, weight_shape):
    groups = 4 if weight_shape[1:2] == (1,) and weight_shape[0] == 4 else 1
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, weight_shape[1] * groups, 70, 75))
    weight, bias = rng.normal(size=weight_shape), rng.normal(size=weight_shape[0])
    kept = {"padding": ((1, 2), (0, 3)), "padding_mode": mode, "groups": groups}
    single = conv2d(*(a.astype(np.float32) for a in (x, weight, bias)), **kept)
    np.testing.assert_allclose(single, conv2d(x, weight, bias, **kept), rtol=1e-4, atol=1e-3)
