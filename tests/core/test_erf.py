"""erf against Python's own, number by number, and against SciPy's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from cnn_core.ops.erf import erf, normal_share

LAST_BITS = 2  # units in the last place


def assert_right(x: np.ndarray) -> None:
    expected = np.array([math.erf(each) for each in x.tolist()])
    apart = np.abs(erf(x) - expected) / np.spacing(np.abs(expected))
    assert apart.max() <= LAST_BITS


def test_it_is_right_to_two_units_in_the_last_place_everywhere():
    rng = np.random.default_rng(0)
    assert_right(np.linspace(-7, 7, 100_001))
    assert_right(np.ldexp(rng.uniform(-1, 1, 20_000), rng.integers(-300, 3, 20_000)))


def test_it_is_right_where_one_expansion_hands_over_to_the_next():
    borders = (np.arange(200) + 0.5) / 16
    assert_right(np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, 9)]))


@given(st.floats(-10, 10))
def test_it_is_odd_and_never_beyond_1(x):
    one, other = erf(np.array([x, -x]))
    assert one == -other
    assert abs(one) <= 1


def test_it_agrees_with_scipy_on_arrays_of_any_shape_and_type():
    for dtype in (np.float32, np.float64):
        x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype(dtype)
        x.setflags(write=False)
        found = erf(x)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, special.erf(x.astype(np.float64)), rtol=1e-15)
    assert erf(np.zeros((0, 3))).shape == (0, 3)
    assert erf(np.float64(0.5)) == pytest.approx(math.erf(0.5), rel=1e-15)


def test_infinities_nan_and_signed_zeros_pass_without_a_warning():
    with np.errstate(all="raise", under="ignore"):
        found = erf(np.array([np.inf, -np.inf, np.nan, 0.0, -0.0]))
    assert found[:2].tolist() == [1, -1]
    assert np.isnan(found[2])
    assert np.signbit(found[3:]).tolist() == [False, True]


def test_a_share_of_the_normal_distribution_is_right_to_a_hundred_millionth_of_itself_on_both_sides():
    x = np.concatenate([np.linspace(-14, 9, 200_001), [-0.0, 0.0]])
    np.testing.assert_allclose(normal_share(x), special.ndtr(x), rtol=1e-8)
    edges = normal_share(np.array([-np.inf, -1e300, -40.0, 40.0, 1e300, np.inf, np.nan]))
    np.testing.assert_array_equal(edges, [0, 0, edges[2], 1, 1, 1, np.nan])
    assert 0 <= edges[2] < 1e-300
