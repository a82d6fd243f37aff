"""Infinities, NaN and numbers next to overflow go through every operation without a word on the screen."""

import warnings

import numpy as np
import pytest

import cnn_core
from cnn_core.ops import norm
from cnn_core.ops.dense import linear_backward

# Input, weight and groups: few channels, many, one kernel for each channel, one large kernel.
CONVOLUTIONS = [
    ((2, 3, 20, 20), (4, 3, 3, 3), 1),
    ((2, 32, 20, 20), (32, 32, 3, 3), 1),
    ((1, 8, 20, 20), (8, 1, 3, 3), 8),
    ((1, 1, 64, 64), (1, 1, 15, 15), 1),
]


@pytest.fixture(params=["nan", "inf", "next to overflow"])
def bad(request, dtype):
    largest = np.finfo(dtype).max / 2
    return {"nan": np.nan, "inf": np.inf, "next to overflow": largest}[request.param]


@pytest.fixture(params=[np.float32, np.float64])
def dtype(request):
    return request.param


@pytest.fixture(autouse=True)
def said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def numbers(dtype, bad, *shape):
    out = np.random.default_rng(0).normal(size=shape).astype(dtype)
    out.reshape(-1)[shape[-1] + 1 : shape[-1] + 3] = bad, -bad
    return out


@pytest.mark.parametrize(("x_shape", "weight_shape", "groups"), CONVOLUTIONS)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("where", ["input", "weight"])
def test_convolutions_and_their_gradients_say_nothing(dtype, bad, x_shape, weight_shape, groups, stride, where):
    x = numbers(dtype, bad if where == "input" else 1, *x_shape)
    weight = numbers(dtype, bad if where == "weight" else 1, *weight_shape)
    settings = {"stride": stride, "padding": 1, "groups": groups}
    out = cnn_core.conv2d(x, weight, **settings)
    cnn_core.conv2d_backward(numbers(dtype, bad, *out.shape), x, weight, **settings)
    cnn_core.conv_transpose2d(out, weight, **settings)
    cnn_core.conv_transpose2d_backward(x, out, weight, output_padding=x_shape[2] % stride + stride - 1, **settings)


def test_poolings_and_their_gradients_say_nothing(dtype, bad):
    x, grad = numbers(dtype, bad, 2, 3, 20, 20), numbers(dtype, bad, 2, 3, 10, 10)
    cnn_core.max_pool2d(x, 2)
    cnn_core.max_pool2d(x, 3, stride=2, padding=1)
    cnn_core.max_pool2d_backward(grad, x, 2)
    for kernel, padding in ((2, 0), (3, 1), (20, 0)):
        cnn_core.avg_pool2d(x, kernel, padding=padding, count_include_pad=False)
    cnn_core.avg_pool2d_backward(grad, x.shape, 2)
    cnn_core.lp_pool2d(x, 2, 2)
    cnn_core.lp_pool2d_backward(grad, x, 2, 2)
    cnn_core.adaptive_avg_pool2d(x, 3)
    cnn_core.adaptive_max_pool2d(x, 3)


def test_what_follows_them_says_nothing(dtype, bad):
    x, grad = numbers(dtype, bad, 2, 3, 20, 20), numbers(dtype, bad, 2, 3, 20, 20)
    rows, weight = x.reshape(2, -1), numbers(dtype, 1, 4, 1200)
    cnn_core.linear(rows, weight)
    linear_backward(numbers(dtype, bad, 2, 4), rows, weight)
    cnn_core.softmax(rows)
    cnn_core.cross_entropy(rows, np.zeros(2, int))
    cnn_core.batch_norm2d(x, np.zeros(3, dtype), np.ones(3, dtype), None, None)
    _, seen = norm.batch_norm2d_training(x, None, None)
    norm.batch_norm2d_training_backward(grad, x, seen, None)
    for name in ("relu", "leaky_relu", "gelu", "sigmoid", "tanh", "softplus"):
        getattr(cnn_core, name)(x)


SETTINGS = {
    "temperature": [
        lambda x, value: cnn_core.softmax(x, temperature=value),
        lambda x, value: cnn_core.softmax_backward(x, x, temperature=value),
        lambda x, value: cnn_core.Softmax(temperature=value).forward(x),
    ],
    "beta": [cnn_core.softplus, lambda x, value: cnn_core.softplus_backward(x, x, value)],
    "negative_slope": [cnn_core.leaky_relu, lambda x, value: cnn_core.leaky_relu_backward(x, x, value)],
}


@pytest.mark.parametrize("value", [1e-46, 1e-50, 5e-324, 1e39])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_single_precision_does_not_hold_is_refused_where_it_would_be_0_or_infinite(name, value):
    for call in SETTINGS[name]:
        for array in ([1.0, 2.0], [-np.inf, np.inf]):
            with pytest.raises(cnn_core.ShapeError, match=f"{name}.*float32.*works"):
                call(np.array(array, np.float32), value)
        assert not np.isnan(call(np.array([1.0, 2.0]), value)).any()


@pytest.mark.parametrize("mode", ["zeros", "replicate"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("x_shape", "weight_shape", "groups"), CONVOLUTIONS)
def test_an_infinite_weight_reaches_no_cell_that_it_never_met(dtype, x_shape, weight_shape, groups, stride, mode):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=x_shape).astype(dtype), rng.normal(size=weight_shape).astype(dtype)
    settings = {"stride": stride, "groups": groups}
    around = {"padding": 1, "padding_mode": mode} if mode != "zeros" else {}
    grad = np.ones_like(cnn_core.conv2d(x, weight, **settings, **around))
    finite = cnn_core.conv2d_backward(grad, x, weight, **settings, **around)[0]
    at, alone = (0, 0, weight_shape[2] - 1, 0), np.zeros_like(weight)
    weight[at], alone[at] = np.inf, 1
    found, met = (cnn_core.conv2d_backward(grad, x, each, **settings, **around)[0] for each in (weight, alone))
    met = met > 0.5  # of gradients of 1
    assert np.isposinf(found[met]).all()
    np.testing.assert_allclose(found[~met], finite[~met], rtol=1e-4 if dtype == np.float32 else 1e-9, atol=1e-4)
    assert met.any()
    if mode == "zeros":
        more = (x_shape[2] - weight_shape[2]) % stride
        stamped = cnn_core.conv_transpose2d(grad, weight, **settings, output_padding=more)
        np.testing.assert_array_equal(stamped, found)


@pytest.mark.parametrize("padding", [0, 1])
def test_an_average_s_gradient_that_is_broken_goes_back_without_a_word(dtype, padding):
    grad = numbers(dtype, np.inf, 2, 3, 18 + 2 * padding, 18 + 2 * padding)
    out = cnn_core.avg_pool2d_backward(grad, (2, 3, 20, 20), 3, stride=1, padding=padding)
    assert np.isnan(out).any()


def test_a_largest_cell_of_several_windows_takes_their_broken_gradients_without_a_word(dtype):
    x = np.zeros((1, 1, 3, 3), dtype)
    x[..., 1, 1] = 1
    grad = np.array([[[[np.inf, -np.inf], [1, 2]]]], dtype)
    assert np.isnan(cnn_core.max_pool2d_backward(grad, x, 2, stride=1)[0, 0, 1, 1])
    assert np.isnan(cnn_core.adaptive_max_pool2d_backward(grad, x, 2)[0, 0, 1, 1])
    assert np.isnan(cnn_core.adaptive_avg_pool2d_backward(grad, x.shape, 2)[0, 0, 1, 1])


@pytest.mark.parametrize("layer", ["convolution", "dropout"])
def test_an_infinity_that_met_a_0_is_in_the_sum_as_the_layer_took_it(layer):
    if layer == "convolution":
        made = cnn_core.Conv2d(1, 1, (1, 2), bias=False)
        made.weight = np.array([[[[0.0, 1.0]]]])
        asked = cnn_core.Sequential([made]).trace(np.array([[[[np.inf, 2.0]]]])).explain(0, (0, 0, 0, 0))
    else:
        network = cnn_core.Sequential([cnn_core.Dropout(0.99)])
        trace = network.trace(np.full((1, 1, 1, 50), np.inf), training=True, rng=0)
        dropped = int(np.flatnonzero(np.isnan(trace.output[0, 0, 0]))[0])
        asked = trace.explain(0, (0, 0, 0, dropped))
    assert np.isnan([asked.value, asked.total, asked.residual, asked.terms[0].product]).all()
    pooled = cnn_core.Sequential([cnn_core.MaxPool2d(2, padding=1)]).trace(np.array([[[[-np.inf, 2.0]]]]))
    told = pooled.explain(0, (0, 0, 0, 1))
    assert (told.value, told.total, told.residual) == (2, 2, 0)


@pytest.mark.parametrize("cells", [(np.inf, -np.inf), (1e308, 1e308), (-1e308, -1e308)])
def test_a_sum_beyond_all_numbers_is_explained_without_a_word(cells):
    layer = cnn_core.Conv2d(1, 1, (1, 2), bias=False)
    layer.weight = np.ones((1, 1, 1, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asked = cnn_core.Sequential([layer]).trace(np.array([[[cells]]])).explain(0, (0, 0, 0, 0))
    np.testing.assert_array_equal(asked.total, asked.value)
