"""Shares of a normal distribution against its series in decimals, and at the edges."""

import math

import numpy as np
import pytest
from scipy import special

from cnn_core.ops.normal import FAR, beyond, share_and_density
from tests.helpers import decimals

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
LAST_BITS = 8 * np.finfo(float).eps

rng = np.random.default_rng(0)
ALONG = np.concatenate([np.linspace(-37.5, 8, 80), rng.uniform(-6, 6, 40), rng.uniform(-0.2, 0.2, 10), [1e-300]])


def test_in_double_precision_share_and_density_are_right_to_the_last_bits_on_both_sides():
    exact = np.array([[float(each) for each in decimals.normal(x)] for x in ALONG.tolist()]).T
    for found, expected in zip(share_and_density(ALONG, DOUBLE), exact, strict=True):
        np.testing.assert_allclose(found, expected, rtol=LAST_BITS)


def test_what_lies_beyond_is_right_to_the_last_bits_too():
    found = np.empty_like(ALONG)
    beyond(ALONG, found)
    expected = [float(decimals.Decimal(abs(x)) * decimals.normal(-abs(x))[0]) for x in ALONG.tolist()]
    np.testing.assert_allclose(found, expected, rtol=LAST_BITS)


def test_the_shares_on_both_sides_add_up_to_1():
    x = np.linspace(0, 9, 10_001)
    below, above = (share_and_density(each, DOUBLE)[0] for each in (x, -x))
    np.testing.assert_allclose(below + above, 1, rtol=2e-16)
    assert (np.diff(below) >= 0).all()
    np.testing.assert_allclose(below, [(1 + math.erf(each / math.sqrt(2))) / 2 for each in x], rtol=1e-15)


def test_arrays_of_any_shape_are_taken_and_left_as_they_are():
    x = np.random.default_rng(1).normal(size=(2, 3, 4))
    x.setflags(write=False)
    for dtype, right in ((DOUBLE, 1e-13), (SINGLE, 1e-8)):
        share, density = share_and_density(x, dtype)
        assert share.dtype == density.dtype == np.float64
        np.testing.assert_allclose(share, special.ndtr(x), rtol=right)
        np.testing.assert_allclose(density, np.exp(-x * x / 2) / np.sqrt(2 * np.pi), rtol=1e-13)
        assert share_and_density(np.zeros((0, 3)), dtype)[0].shape == (0, 3)


@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE])
def test_the_ends_nan_and_signed_zeros_pass_without_a_warning(dtype):
    with np.errstate(all="raise", under="ignore"):
        share, density = share_and_density(np.array([-FAR, FAR, np.nan, 0.0, -0.0]), dtype)
        far = np.array([-np.inf, np.inf, np.nan, -1e30, 0.0], dtype)
        rest = np.empty_like(far)
        beyond(far, rest)
    np.testing.assert_array_equal(share, [0, 1, np.nan, share[3], share[3]])
    assert share[3] == pytest.approx(0.5, rel=1e-8 if dtype == SINGLE else 4e-16)
    np.testing.assert_array_equal(density[:3], [0, 0, np.nan])
    np.testing.assert_array_equal(rest, [0, 0, np.nan, 0, 0])


def test_for_single_precision_a_share_is_right_to_a_hundred_millionth_of_itself_on_both_sides():
    x = np.concatenate([np.linspace(-14, 9, 200_001), [-0.0, 0.0]])
    np.testing.assert_allclose(share_and_density(x, SINGLE)[0], special.ndtr(x), rtol=1e-8)
