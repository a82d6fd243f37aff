"""Batch normalisation by given statistics and by the batch's own."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core import (
    BatchNorm2d,
    Sequential,
    ShapeError,
    batch_norm2d,
    batch_norm2d_backward,
    batch_norm2d_training,
    batch_norm2d_training_backward,
)
from cnn_core import training as training_module
from cnn_core.ops import norm
from tests.core.cases import LAYOUTS, frozen
from tests.helpers.gradients import assert_gradients, distinct

X = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
MEAN, VAR = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.25, 0.0])
WEIGHT, BIAS = np.array([2.0, -1.0, 0.5]), np.array([0.0, 3.0, -2.0])


def test_it_is_the_published_formula_channel_by_channel():
    for weight, bias in ((WEIGHT, BIAS), (None, BIAS), (WEIGHT, None), (None, None)):
        out = batch_norm2d(X, MEAN, VAR, weight, bias, 1e-3)
        for c in range(3):
            expected = (X[:, c] - MEAN[c]) / np.sqrt(VAR[c] + 1e-3)
            expected = expected * (1 if weight is None else weight[c]) + (0 if bias is None else bias[c])
            np.testing.assert_allclose(out[:, c], expected, rtol=1e-12, atol=1e-10)


def test_float32_stays_float32():
    single = [array.astype(np.float32) for array in (X, MEAN, VAR, WEIGHT, BIAS)]
    assert batch_norm2d(*single).dtype == np.float32


@pytest.mark.parametrize(
    "refused",
    [
        (X[0], MEAN, VAR),
        (X, MEAN[:2], VAR),
        (X, MEAN, VAR[None]),
        (X, MEAN, -VAR),
        (X, MEAN, VAR, np.ones(2)),
        (X, MEAN, VAR, None, 1.0),
        (X, None, VAR),
        (X, MEAN, VAR, None, None, "small"),
        (X, MEAN, VAR, None, None, -1e-5),
        (X, MEAN, VAR, None, None, None),
    ],
)
def test_what_does_not_fit_is_refused(refused):
    with pytest.raises(ShapeError):
        batch_norm2d(*refused)


def test_statistics_given_as_double_are_not_rounded_on_the_way():
    single = [array.astype(np.float32) for array in (MEAN, VAR, WEIGHT, BIAS)]
    out = batch_norm2d(X, *single)
    wide = [array.astype(np.float64) for array in single]
    np.testing.assert_array_equal(out, batch_norm2d(X, *wide))


@given(
    st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from(sorted(LAYOUTS)),
    st.floats(-100, 100),
)
def test_in_training_every_channel_has_mean_0_and_variance_1(shape, dtype, layout, offset):
    x = LAYOUTS[layout]((np.random.default_rng(0).normal(size=shape) * 3 + offset).astype(dtype))
    out, seen = batch_norm2d_training(frozen(x), eps=0.0)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(seen.mean, wide.mean(axis=(0, 2, 3)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(seen.var, wide.var(axis=(0, 2, 3)), rtol=1e-3 if dtype == np.float32 else 1e-9)
    assert seen.count == shape[0] * shape[2] * shape[3]
    assert out.dtype == dtype
    tolerance = 1e-2 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=tolerance)
    np.testing.assert_allclose(out.var(axis=(0, 2, 3)), 1, atol=tolerance)


def test_the_variance_is_exact_where_the_mean_is_large_beside_it():
    x = (np.array([1.0, 2.0, 3.0, 4.0]) + 1e6).reshape(1, 1, 2, 2)
    for dtype in (np.float32, np.float64):
        _, seen = batch_norm2d_training(x.astype(dtype))
        assert seen.mean.tolist() == [1e6 + 2.5]
        assert seen.var.tolist() == [1.25]
    # The mean, 2**24 + 3, is no float32: what is subtracted misses it by 1, and both results make up for that.
    _, seen = batch_norm2d_training((np.array([0, 2, 4, 6], np.float32) + np.float32(2**24)).reshape(1, 1, 2, 2))
    assert seen.mean.tolist() == [2**24 + 3]
    assert seen.var.tolist() == [5]


@pytest.mark.parametrize("value", [-31319.01, -1684.0988, 0.1])
def test_a_channel_of_one_number_has_no_variance_and_becomes_its_bias(value):
    x = np.full((2 if value < -2000 else 3, 2, 65, 60), value, np.float32)
    out, seen = batch_norm2d_training(x, bias=[0.25, 0.25])
    assert seen.mean.tolist() == [float(np.float32(value))] * 2
    assert seen.var.tolist() == [0, 0]
    assert (out == 0.25).all()


def test_sums_beyond_the_type_are_no_number_without_a_warning():
    with np.errstate(all="raise"):
        out, seen = batch_norm2d_training(np.full((1, 1, 4, 4), 1e308))
    assert np.isnan(seen.mean).all()
    assert np.isnan(out).all()


@pytest.mark.parametrize("blocks", ["one", "many", "parts of planes"])
@pytest.mark.parametrize("offset", [0, 1e3, 1e6])
def test_single_precision_loses_nothing_to_a_mean_that_is_large_beside_the_spread(monkeypatch, offset, blocks):
    if blocks != "one":
        size = 400 if blocks == "many" else 60
        for name, most in (("_WHOLE", 0), ("_BLOCK", size), ("_PIECE", 7), ("_GUESSED_FROM", 2)):
            monkeypatch.setattr(norm, name, most)
    rng = np.random.default_rng(7)
    x = (rng.normal(size=(4, 2, 6, 5)) + np.array([offset, 0.5]).reshape(2, 1, 1)).astype(np.float32)
    grad, weight, bias = (rng.normal(size=shape).astype(np.float32) for shape in (x.shape, 2, 2))
    # The published formulas in double: every number of x is one there.
    wide, gains, factor = x.astype(np.float64), grad.astype(np.float64), weight.astype(np.float64)[:, None, None]
    mean, deviation = wide.mean((0, 2, 3), keepdims=True), np.sqrt(wide.var((0, 2, 3), keepdims=True) + 1e-5)
    normal = (wide - mean) / deviation
    met = gains * normal
    expected = factor * normal + bias[:, None, None]

    out, seen = batch_norm2d_training(x, weight, bias)
    np.testing.assert_allclose(out, expected, atol=3e-6)
    fixed = batch_norm2d(x, seen.mean, seen.var, weight, bias)
    assert fixed.dtype == np.float64
    fixed = batch_norm2d(x, seen.mean.astype(np.float32), seen.var.astype(np.float32), weight, bias)
    assert fixed.dtype == np.float32
    # A given mean in single precision is another one: it moves all of a channel alike.
    np.testing.assert_allclose(fixed - fixed.mean((0, 2, 3), keepdims=True), factor * normal, atol=3e-6)

    for steady, (grad_x, grad_weight, grad_bias) in (
        (False, batch_norm2d_training_backward(grad, x, seen, weight)),
        (True, batch_norm2d_backward(grad, x, seen.mean, seen.var, weight)),
    ):
        moved = 0 if steady else gains.mean((0, 2, 3), keepdims=True) + normal * met.mean((0, 2, 3), keepdims=True)
        np.testing.assert_allclose(grad_x, factor / deviation * (gains - moved), atol=3e-6)
        np.testing.assert_allclose(grad_weight, met.sum((0, 2, 3)), atol=3e-5)
        np.testing.assert_allclose(grad_bias, gains.sum((0, 2, 3)), atol=3e-5)


def test_gradients_in_training_are_what_differences_say():
    layer = (distinct((2, 3, 2, 2)), WEIGHT, BIAS)
    assert_gradients(
        lambda x, w, b: batch_norm2d_training(x, w, b)[0],
        lambda grad, x, w, b: batch_norm2d_training_backward(grad, x, batch_norm2d_training(x, w, b)[1], w),
        layer,
    )
    assert_gradients(
        lambda x, w, b: batch_norm2d(x, MEAN, VAR + 1, w, b),
        lambda grad, x, w, b: batch_norm2d_backward(grad, x, MEAN, VAR + 1, w),
        layer,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
def test_a_gradient_that_is_not_finite_goes_back_as_the_formula_has_it(dtype, number):
    rng = np.random.default_rng(12)
    x, grad = (rng.normal(size=(2, 3, 2, 3)).astype(dtype) for _ in range(2))
    grad[1, 1, 0, 2] = number
    _, seen = batch_norm2d_training(x)
    found = batch_norm2d_training_backward(grad, x, seen)
    over = (0, 2, 3)
    with np.errstate(invalid="ignore"):
        z = (x - x.mean(over, keepdims=True, dtype=np.float64)) / np.sqrt(x.var(over, keepdims=True) + 1e-5)
        steep, level = (grad * z).mean(over, keepdims=True), grad.mean(over, keepdims=True)
        slope = 1 / np.sqrt(x.var(over, keepdims=True) + 1e-5)
        expected = (slope * (grad - level - z * steep), (grad * z).sum(over), grad.sum(over))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)  # NaN and infinities in the same places


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("training", [False, True])
def test_values_gradients_and_running_statistics_are_pytorch_s(dtype, training):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    ours, theirs = BatchNorm2d(3, eps=1e-3, momentum=0.3), torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.3)
    theirs = theirs.to(torch.float64 if dtype == np.float64 else torch.float32).train(training)
    for name, scale in (("weight", 1.0), ("bias", 1.0), ("running_mean", 1.0), ("running_var", 0.0)):
        values = (rng.normal(size=3) * scale + (1.5 if name == "running_var" else 0)).astype(dtype)
        setattr(ours, name, values)
        getattr(theirs, name).data.copy_(torch.tensor(values))
    network = Sequential([ours])
    tolerance = {"rtol": 1e-4, "atol": 1e-4} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-12}
    for offset in (0, 20, -3):
        x, grad = (rng.normal(size=(4, 3, 5, 6)) + offset).astype(dtype), rng.normal(size=(4, 3, 5, 6)).astype(dtype)
        tensor = torch.tensor(x, requires_grad=True)
        theirs.zero_grad()
        output = theirs(tensor)
        output.backward(torch.tensor(grad))
        trace = network.trace(x, training=training)
        found = network.backward(trace, grad)
        training_module.observe(trace)
        np.testing.assert_allclose(trace.output, output.detach().numpy(), **tolerance)
        np.testing.assert_allclose(found.input, tensor.grad.numpy(), **tolerance)
        np.testing.assert_allclose(found.params["0.weight"], theirs.weight.grad.numpy(), **tolerance)
        np.testing.assert_allclose(found.params["0.bias"], theirs.bias.grad.numpy(), **tolerance)
        np.testing.assert_allclose(ours.running_mean, theirs.running_mean.numpy(), **tolerance)
        np.testing.assert_allclose(ours.running_var, theirs.running_var.numpy(), **tolerance)
        assert ours.running_mean.dtype == dtype


def test_observing_moves_the_running_statistics_by_the_unbiased_variance():
    layer = BatchNorm2d(1, momentum=0.25)
    x = np.array([1.0, 2.0, 3.0, 6.0]).reshape(2, 1, 2, 1)
    trace = Sequential([layer]).trace(x, training=True)
    training_module.observe(trace)
    assert layer.running_mean.tolist() == [0.75]  # 0.75 * 0 + 0.25 * 3
    assert layer.running_var[0] == pytest.approx(0.75 + 0.25 * 14 / 3)  # 14 / 4 biased, 14 / 3 unbiased
    before = layer.running_mean.copy()
    training_module.observe(Sequential([layer]).trace(x))
    training_module.observe(Sequential([layer]).trace(x[:0], training=True))
    np.testing.assert_array_equal(layer.running_mean, before)


@pytest.mark.parametrize("training", [False, True])
def test_an_explanation_in_single_precision_adds_up_to_what_is_shown_however_far_the_mean(training):
    spread, mean = (np.array(each).reshape(3, 1, 1) for each in ([1e-3, 1, 0.1], [1e3, -2, -5e4]))
    x = (np.random.default_rng(1).normal(size=(2, 3, 4, 5)) * spread + mean).astype(np.float32)
    layer = BatchNorm2d(3)
    layer.running_mean[:], layer.running_var[:] = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    layer.weight[:], layer.bias[:] = [1.5, -0.5, 2], [0.1, 0.2, 0.3]
    trace = Sequential([layer]).trace(x, training=training)
    assert trace.output.dtype == np.float32
    for index in np.ndindex(x.shape):
        asked = trace.explain(0, index)
        # One rounding of the result, and those of product and sum where the mean is near.
        rounded = abs(asked.value) + (abs(asked.terms[0].product) if index[1] == 1 else 0)
        assert abs(asked.residual) <= np.finfo(np.float32).eps * rounded, index


@pytest.mark.parametrize("size", [(300, 500), (1, 131_073), (4096, 33)])
def test_planes_larger_than_a_block_are_parted(size):
    x, out = (np.empty((2, 2, *size), np.float32) for _ in range(2))
    met = np.zeros((2, 2, size[0] * size[1]), int)
    for where, some in norm._blocks(x.dtype, x, out=out):
        assert all(each.nbytes <= norm._BLOCK for each in some)
        met[where] += 1
    assert (met == 1).all()


@given(st.integers(1, 20), st.integers(1, 3), st.integers(1, 5), st.integers(1, 40), st.booleans())
def test_sums_of_planes_of_any_size_are_those_of_their_channels(batch, channels, height, width, times):
    x, other = (np.random.default_rng(seed).normal(size=(batch, channels, height, width)) for seed in (0, 1))
    sums = norm._Sums(x.shape, x.dtype)
    planes, met = (each.reshape(batch, channels, -1) for each in (x, other))
    for n, c in ((slice(0, 3), slice(0, 1)), (slice(0, 3), slice(1, None)), (slice(3, None), slice(None))):
        if planes[n, c].size:
            sums.take((n, c, slice(0, None)), planes[n, c], met[n, c] if times else None)
    np.testing.assert_allclose(sums.total(), (x * other if times else x).sum(axis=(0, 2, 3)), rtol=1e-11, atol=1e-11)


def test_planes_of_one_cell_take_no_longer_than_others():
    numbers = np.random.default_rng(0).normal(size=131_072).astype(np.float32)
    single, wide = numbers.reshape(256, 512, 1, 1), numbers.reshape(1, 512, 16, 16)

    def spent(x):
        _, seen = batch_norm2d_training(x)
        before = time.perf_counter()
        batch_norm2d_training(x)
        batch_norm2d_training_backward(x, x, seen)
        return time.perf_counter() - before

    assert min(spent(single) for _ in range(20)) < 2.5 * min(spent(wide) for _ in range(20))
