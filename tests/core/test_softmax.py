"""Softmax, its steps and its gradient: by their definitions, at the edges, and refused."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special, stats

from cnn_core import ShapeError, cross_entropy, softmax, softmax_backward
from cnn_core.ops import _sums
from cnn_core.ops import softmax as softmax_module
from cnn_core.ops.softmax import entropy, log_sum_exp, softmax_steps
from tests.core.cases import frozen

numbers = st.floats(-50, 50, width=32)


def test_softmax_adds_up_to_one_along_its_axis():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    for axis in (-1, 0, 1, 2, np.int64(3)):
        np.testing.assert_allclose(softmax(x, axis=axis).sum(axis=axis), 1, rtol=1e-14)


@given(arrays.arrays(np.float64, st.integers(1, 6), elements=st.floats(-30, 30)), st.floats(0.05, 50))
def test_a_temperature_divides_the_scores_before_their_powers_are_compared(x, heat):
    powers = [math.exp((each - x.max()) / heat) for each in x]
    np.testing.assert_allclose(softmax(x, temperature=heat), np.array(powers) / math.fsum(powers), rtol=1e-10)
    colder, hotter = (softmax(x, temperature=heat * by).max() for by in (0.5, 2))
    assert colder >= softmax(x, temperature=heat).max() * (1 - 1e-12) >= hotter * (1 - 1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_temperature_of_1_changes_not_a_bit(dtype):
    x = np.random.default_rng(0).normal(size=(5, 7)).astype(dtype)
    np.testing.assert_array_equal(softmax(x, temperature=1.0), softmax(x))
    assert softmax(x, temperature=np.float64(2.5)).dtype == dtype


@pytest.mark.parametrize("least", [0, -20, 60, -60, 95, -95, 1e4, -1e4])
@pytest.mark.parametrize("heat", [1, 0.1, 30])
def test_in_single_precision_softmax_is_right_to_its_last_bits_wherever_the_scores_lie(least, heat):
    x = least + np.random.default_rng(0).normal(scale=5, size=(7, 40)).astype(np.float32)
    x[0, :3] = x[0].max() + np.float32([0, -60, -80])
    exact = softmax(x.astype(np.float64), temperature=heat)
    found = softmax(x, temperature=heat)
    assert found.dtype == np.float32
    far = np.abs(x - x.max(axis=1, keepdims=True)) / heat  # a difference is rounded before its power is taken
    assert (np.abs(found - exact) <= (1e-6 + 2e-7 * far) * exact + 1e-37).all()


def test_a_row_of_softmax_that_is_not_finite_leaves_the_others_as_they_are():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    x[0, 2], x[2, 3] = np.nan, np.inf
    whole = np.array([False, True, False, True])
    found = softmax(x)
    assert np.isnan(found[~whole]).all()
    np.testing.assert_allclose(found[whole], softmax(x[whole]), rtol=1e-6)


@pytest.mark.parametrize(("x", "axis"), [(np.ones(3), 1), (np.ones((2, 0)), -1), (5.0, -1), (np.ones(3), None)])
def test_softmax_without_such_an_axis_is_refused(x, axis):
    with pytest.raises(ShapeError, match="axis"):
        softmax(x, axis=axis)


@given(arrays.arrays(np.float64, (3,), elements=st.floats(-9, 9)), st.floats(0.1, 10))
def test_a_hot_softmax_s_gradient_is_that_of_the_scores_over_the_temperature(x, heat):
    grad = np.array([1.0, -2.0, 0.5])
    y = softmax(x, temperature=heat)
    np.testing.assert_array_equal(softmax_backward(grad, y, temperature=heat), softmax_backward(grad, y) / heat)
    step = 1e-6
    moved = [softmax(x + each, temperature=heat) - softmax(x - each, temperature=heat) for each in step * np.eye(3)]
    expected = np.array([grad @ each for each in moved]) / (2 * step)
    np.testing.assert_allclose(softmax_backward(grad, y, temperature=heat), expected, atol=1e-7)


@given(arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=5), elements=numbers), st.data())
def test_softmax_s_gradient_is_its_matrix_of_derivatives_times_the_gradient(x, data):
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    grad = np.sin(np.arange(x.size)).reshape(x.shape)
    y = softmax(x, axis)
    lines, grads = (np.moveaxis(each, axis, -1).reshape(-1, x.shape[axis]) for each in (y, grad))
    expected = np.stack([(np.diag(line) - np.outer(line, line)) @ g for line, g in zip(lines, grads, strict=True)])
    ours = np.moveaxis(softmax_backward(grad, y, axis), axis, -1).reshape(expected.shape)
    np.testing.assert_allclose(ours, expected, atol=1e-14)


@pytest.mark.parametrize("block", [1, 7, 60, 131_072])
def test_softmax_s_gradient_is_the_same_in_blocks_of_any_size_and_arrays_of_any_layout(monkeypatch, block):
    monkeypatch.setattr(softmax_module, "_BLOCK", block)
    monkeypatch.setattr(_sums, "ROWS_ADDED", 2)
    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=(3, 5, 4, 6)), rng.normal(size=(3, 5, 4, 6))
    for axis in range(-4, 4):
        y = softmax(x, axis)
        expected = y * (grad - (grad * y).sum(axis=axis, keepdims=True))
        for layout in (np.asarray, np.asfortranarray, lambda each: each[::-1].copy()[::-1]):
            np.testing.assert_allclose(softmax_backward(layout(grad), layout(y), axis), expected, rtol=1e-9, atol=1e-14)
    for shape, axis in (((0, 3), 1), ((2, 3, 0), 1), ((3, 0), 0)):
        assert softmax_backward(np.ones(shape), np.ones(shape), axis).shape == shape


def test_along_another_axis_softmax_s_gradient_takes_not_much_longer_than_along_the_last():
    rng = np.random.default_rng(0)
    grad, y = (rng.random((4, 10, 64, 64), dtype=np.float32) for _ in range(2))
    last = [np.ascontiguousarray(np.moveaxis(each, 1, -1)) for each in (grad, y)]

    def spent(*given):
        before = time.perf_counter()
        softmax_backward(*given)
        return time.perf_counter() - before

    assert min(spent(grad, y, 1) for _ in range(20)) < min(spent(*last) for _ in range(20))


@pytest.mark.parametrize("axis", [2, -3, None, True, 0.0])
def test_softmax_goes_back_along_an_axis_that_is_there(axis):
    with pytest.raises(ShapeError, match="axis=-1 of a vector works"):
        softmax_backward(np.ones((2, 3)), np.ones((2, 3)), axis)


def test_a_sure_softmax_hands_back_what_is_left_of_its_gradient_to_the_last_digits():
    y = np.array([1 - 2.0**-20, 2.0**-21, 2.0**-21])
    grad = np.array([0.7, 0.2, -0.4])
    # y_i * sum over j of y_j * (g_i - g_j)
    expected = [y[i] * sum(y[j] * (grad[i] - grad[j]) for j in range(3)) for i in range(3)]
    np.testing.assert_allclose(softmax_backward(grad, y), expected, rtol=1e-15)
    made = softmax_backward(grad.astype(np.float32), y.astype(np.float32))
    np.testing.assert_allclose(made, expected, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_an_infinite_gradient_at_softmax_s_largest_goes_back_as_the_formula_has_it(bad):
    y, grad = np.array([0.5, 0.25, 0.25]), np.array([bad, 1.0, 2.0])
    np.testing.assert_array_equal(softmax_backward(grad, y), [np.nan, -bad, -bad])


@given(
    arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=5), elements=numbers),
    st.data(),
    st.floats(0.05, 50),
    st.sampled_from([np.float32, np.float64]),
)
def test_its_steps_lead_from_the_scores_to_its_shares(x, data, heat, dtype):
    x = frozen(x.astype(dtype))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    scaled, largest, powers, total = softmax_steps(x, axis, temperature=heat)
    assert {each.dtype for each in (scaled, largest, powers, total)} == {np.dtype(dtype)}
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(scaled, x.astype(float) / heat, rtol=2 * eps, atol=1e-40)
    np.testing.assert_array_equal(largest, scaled.max(axis=axis, keepdims=True))
    # A difference of large scores is rounded before its power is taken.
    loose = (8 + 4 * np.abs(scaled).max()) * eps
    np.testing.assert_allclose(powers, np.exp(scaled.astype(float) - largest), rtol=loose, atol=1e-40)
    np.testing.assert_allclose(total, powers.sum(axis=axis, keepdims=True, dtype=float), rtol=4 * eps)
    np.testing.assert_allclose(powers / total, softmax(x, axis, temperature=heat), rtol=loose, atol=1e-37)


@given(arrays.arrays(np.float64, (3, 4), elements=st.floats(-700, 700)), st.sampled_from([0, 1, -1]))
def test_log_sum_exp_is_what_scipy_says_and_the_loss_plus_the_label_s_score(x, axis):
    np.testing.assert_allclose(log_sum_exp(x, axis), special.logsumexp(x, axis=axis), rtol=1e-14, atol=1e-14)
    loss, _ = cross_entropy(x, [0, 1, 3])
    at_labels = x[[0, 1, 2], [0, 1, 3]]
    np.testing.assert_allclose((log_sum_exp(x) - at_labels).mean(), loss, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("count", [1, 1000, 100_000])
def test_log_sum_exp_keeps_its_digits_over_many_scores_in_single_precision(count):
    x = np.random.default_rng(0).normal(scale=3, size=count).astype(np.float32)
    for scores in (x, np.zeros_like(x), x + np.float32(1e4)):
        found = log_sum_exp(scores)
        assert found.dtype == np.float32
        assert found == pytest.approx(special.logsumexp(scores.astype(np.float64)), rel=2e-7)


def test_log_sum_exp_of_infinities_is_what_scipy_says():
    for row in ([-np.inf, 0.0], [-np.inf, -np.inf], [np.inf, 0.0], [np.inf, -np.inf], [np.nan, 0.0]):
        np.testing.assert_array_equal(log_sum_exp(row), special.logsumexp(row))


def test_powers_are_softmax_s_where_the_scaled_scores_are_beyond_their_type():
    for dtype, large in ((np.float32, 3e38), (np.float64, 1e308)):
        steps = softmax_steps(np.array([large, 1], dtype), temperature=0.1)
        assert np.isinf(steps.scaled[0])
        np.testing.assert_array_equal(steps.powers / steps.total, [1, 0])


def test_log_sum_exp_overflows_nothing():
    with np.errstate(all="raise", under="ignore"):
        assert log_sum_exp([1e308, -1e308]).item() == 1e308
        assert log_sum_exp([-1e4, -1e4]).item() == pytest.approx(-1e4 + math.log(2), abs=0)


@pytest.mark.parametrize("axis", [0, -1])
def test_entropy_is_what_scipy_says(axis):
    shares = softmax(np.random.default_rng(0).normal(scale=4, size=(5, 5)), axis)
    np.testing.assert_allclose(entropy(shares, axis), stats.entropy(shares, axis=axis), rtol=1e-13)


def test_entropy_is_0_where_one_takes_all_and_most_where_all_are_equal():
    with np.errstate(all="raise"):
        nothing = entropy([0.0, 1.0, 0.0])
        assert (nothing.item(), math.copysign(1, nothing.item())) == (0, 1)
        assert entropy(np.full(8, 0.125)).item() == pytest.approx(math.log(8), rel=1e-15)
    assert np.isnan(entropy([np.nan, 1.0]).item())


@pytest.mark.parametrize("function", [softmax_steps, log_sum_exp, entropy])
def test_what_its_powers_are_asked_of_has_numbers_along_its_axis(function):
    for x, axis in ((np.ones(3), 1), (np.ones((2, 0)), -1), (5.0, -1), (np.ones(3), None)):
        with pytest.raises(ShapeError, match="axis"):
            function(x, axis)
    with pytest.raises(ShapeError, match="real numbers"):
        function(["a"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("heat", [1, 2])
def test_a_score_of_minus_infinity_has_no_share_and_other_infinities_leave_none(dtype, heat):
    masked = softmax(np.array([-np.inf, 0, 1], dtype), temperature=heat)
    np.testing.assert_array_equal(masked, [0, *softmax(np.array([0, 1], dtype), temperature=heat)])
    for bad in ([np.inf, 0, 1], [-np.inf] * 3, [np.nan, 0, 1], [np.inf, -np.inf, 0]):
        assert np.isnan(softmax(np.array(bad, dtype), temperature=heat)).all()
