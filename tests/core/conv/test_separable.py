"""Kernels that are a column times a row, slid one after the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import signal

from cnn_core import conv2d_backward, conv_transpose2d
from cnn_core.ops.conv import separable
from cnn_core.ops.conv.dispatch import Branch
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, forced, in_a_batch, noisy, small_parts


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=60)
@given(convolutions())
def test_a_column_times_a_row_may_be_slid_one_after_the_other(parts, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    given_settings = {**given_settings, "groups": x.shape[1], "dilation": (given_settings["dilation"][0], 2)}
    given_settings["stride"] = (1, given_settings["stride"][1])
    rng = np.random.default_rng(1)
    column, row = rng.normal(size=weight.shape[2]), rng.normal(size=weight.shape[3])
    weight = np.repeat(np.outer(column, row)[None, None], x.shape[1], axis=0).astype(np.float32)
    bias = None if bias is None else np.arange(x.shape[1], dtype=np.float32)
    x = np.pad(x, ((0, 0), (0, 0), (0, 0), (4, 4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separable, "LEAST_SIDE", 1)
        if parts:
            small_parts(patch)
        ours = forced(Branch.SEPARABLE, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("stride", [(1, 1), (3, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 2)])
def test_a_row_alone_is_slid_in_one_pass(stride, dilation):
    shape, around = (2, 3, 70, 90), ((1, 0), (4, 3))
    kept = {"stride": stride, "padding": around, "dilation": dilation, "groups": 3}
    x, weight, bias, kept, _ = in_a_batch(shape, (3, 1, 1, 9), kept, np.float32)
    weight[1, 0, 0, 2:5] = 0
    assert_close(forced(Branch.SEPARABLE, x, weight, bias, kept), x, weight, bias, kept)
    assert [separable.gains(kernel) for kernel in ((1, 9), (1, 2), (9, 1), (2, 9), (7, 7))] == [1, 0, 0, 0, 1]


def primes(size):
    """Whole numbers without a common divisor, some of them 0."""
    return np.random.default_rng(size).integers(-9, 10, size) * 2 + np.arange(size) % 2


@pytest.mark.parametrize("sizes", [(7, 7), (13, 16), (21, 15)])
@pytest.mark.parametrize("times", [1, 3])
def test_whole_numbers_stay_exact_on_the_way_back_through_a_column_times_a_row(sizes, times):
    weight = times * np.outer(primes(sizes[0]), primes(sizes[1]))[None, None]
    x = np.random.default_rng(0).integers(0, 256, (1, 1, 70, 80)).astype(np.uint8)
    spread = conv_transpose2d(x, weight)
    expected = signal.fftconvolve(x[0, 0].astype(np.float64), weight[0, 0].astype(np.float64))
    np.testing.assert_array_equal(spread, np.rint(spread))
    np.testing.assert_array_equal(spread[0, 0], np.rint(expected))
    made, _, _ = conv2d_backward(x.astype(np.int64) << 22, np.zeros(spread.shape), weight)
    np.testing.assert_array_equal(made[0, 0] / 2**22, np.rint(expected))


def test_factors_of_whole_numbers_are_whole():
    kernels = np.stack([3 * np.outer(primes(9), primes(7)), np.outer(primes(9), primes(7)) * -1])[:, None]
    column, row = separable.factors(kernels.astype(np.float64))
    np.testing.assert_array_equal(column[:, :, None] * row[:, None, :], kernels[:, 0])
    for each in (column, row):
        np.testing.assert_array_equal(each, np.rint(each))
