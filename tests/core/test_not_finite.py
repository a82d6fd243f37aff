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
