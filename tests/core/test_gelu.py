"""GELU in both its forms against many digits, at ordinary numbers, far out and at the edges."""

import time

import numpy as np
import pytest

from cnn_core import ShapeError, gelu, gelu_backward
from tests.helpers import decimals
from tests.helpers.memory import beyond

FORMS = ["none", "tanh"]


@pytest.mark.parametrize("form", FORMS)
def test_it_is_its_definition(form):
    x = np.array([-30.0, -2.5, -1e-3, -0.0, 0.0, 1e-3, 2.5, 30.0])
    np.testing.assert_allclose(gelu(x, form), [decimals.gelu(each, form)[0] for each in x], rtol=1e-14)


@pytest.mark.parametrize("form", FORMS)
def test_in_double_precision_it_and_its_slope_are_right_to_the_last_bits_far_out_too(form):
    x = np.concatenate([np.linspace(-37.4, 12, 50), np.linspace(-9.5, 0.5, 30)])
    value, slope = np.array([decimals.gelu(each, form) for each in x.tolist()]).T
    # Of the form in tanh the exponent is rounded, which costs as many bits as that has before the point.
    exponent = np.abs(1.6 * x * (1 + 0.044715 * x * x)) if form == "tanh" else 0
    last_bits, tiniest = (8 + 2 * exponent) * np.finfo(float).eps, 1e-305
    assert (np.abs(gelu(x, form) - value) <= last_bits * np.abs(value) + tiniest).all()
    # The slope's two parts are of unlike signs on the left.
    parts = np.abs(value / x) + np.abs(slope - value / x)
    assert (np.abs(gelu_backward(np.ones_like(x), x, form) - slope) <= last_bits * parts + tiniest).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
def test_it_and_its_slope_reach_their_limits_and_make_nan_of_infinity_times_0_as_the_peers_do(form, dtype):
    x = np.array([-np.inf, np.inf, np.nan, -1e30, 1e30], dtype)
    np.testing.assert_array_equal(gelu(x, form), np.array([np.nan, np.inf, np.nan, 0, 1e30], dtype))
    np.testing.assert_array_equal(gelu_backward(np.full_like(x, 2), x, form), [np.nan, np.nan, np.nan, 0, 2])


@pytest.mark.parametrize("approximate", ["erf", None, True, ["tanh"]])
def test_another_approximation_is_refused(approximate):
    with pytest.raises(ShapeError, match='"none" or "tanh"'):
        gelu([1.0], approximate)


@pytest.mark.parametrize("form", FORMS)
def test_in_single_precision_its_slope_is_right_to_5e_7_of_its_two_parts_far_out_too(form):
    x = np.concatenate([np.linspace(-12, 12, 40_001), np.linspace(-1, 1, 10_000)]).astype(np.float32)
    wide = x.astype(np.float64)
    exact, share = gelu_backward(np.ones_like(wide), wide, form), gelu(wide, form) / wide
    found = gelu_backward(np.ones_like(x), x, form)
    assert found.dtype == np.float32
    assert (np.abs(found - exact) <= 5e-7 * (np.abs(share) + np.abs(exact - share)) + 1e-30).all()


def test_in_single_precision_its_gradient_takes_not_much_longer_than_itself():
    x = np.random.default_rng(0).normal(size=200_000).astype(np.float32)

    def spent(function, *given):
        before = time.perf_counter()
        function(*given)
        return time.perf_counter() - before

    backward = min(spent(gelu_backward, x, x) for _ in range(20))
    assert backward < 2 * min(spent(gelu, x) for _ in range(20))


def test_by_tanh_in_single_precision_works_in_three_arrays():
    x = np.ones(32_768, np.float32)
    three = 3 * 8 * x.size + 50_000
    assert beyond(gelu, x, "tanh") < three
    assert beyond(gelu_backward, x, x, "tanh") < three
