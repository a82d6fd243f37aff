"""Activations against their definitions, at ordinary numbers and at the edges."""

import math

import numpy as np
import pytest

import cnn_core
from cnn_core import ShapeError, gelu, leaky_relu, relu, sigmoid, softmax, softplus, tanh
from cnn_core.ops import _blocks, activation
from cnn_core.ops import gelu as gelu_module
from tests.helpers.memory import beyond

NUMBERS = np.array([-1000.0, -30.0, -2.5, -1e-3, -0.0, 0.0, 1e-3, 2.5, 30.0, 1000.0])
FUNCTIONS = [relu, leaky_relu, sigmoid, tanh, softplus, gelu, softmax]


def test_each_function_is_its_definition():
    small = NUMBERS[1:-1]
    np.testing.assert_array_equal(relu(NUMBERS), [max(0.0, x) for x in NUMBERS])
    np.testing.assert_array_equal(leaky_relu(NUMBERS, 0.2), [x if x > 0 else 0.2 * x for x in NUMBERS])
    np.testing.assert_allclose(sigmoid(small), [1 / (1 + math.exp(-x)) for x in small], rtol=1e-14)
    np.testing.assert_allclose(tanh(small), [math.tanh(x) for x in small], rtol=1e-14)
    np.testing.assert_allclose(softplus(small), [x if x > 20 else math.log1p(math.exp(x)) for x in small], rtol=1e-14)
    powers = [math.exp(x) for x in small]
    np.testing.assert_allclose(softmax(small), np.array(powers) / sum(powers), rtol=1e-12)


def test_far_out_nothing_overflows():
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(NUMBERS)[[0, -1]].tolist() == [0, 1]
        assert softplus(NUMBERS)[[0, -1]].tolist() == [0, 1000]
        assert softplus(NUMBERS, threshold=1e9)[-1] == 1000
        assert gelu(NUMBERS)[[0, -1]].tolist() == [0, 1000]
        assert gelu([-1e200, 1e200], "tanh").tolist() == [0, 1e200]
        assert softmax([1000.0, 1000.0]).tolist() == [0.5, 0.5]
        assert softmax([1000.0, 0.0], temperature=1e-3).tolist() == [1, 0]
        assert softmax([-1e308, 0.0]).tolist() == [0, 1]


def test_infinities_and_nan_pass_as_they_should():
    edge = np.array([-np.inf, np.inf, np.nan])
    assert relu(edge)[:2].tolist() == [0, np.inf]
    assert np.isnan(relu(edge)[2])
    assert sigmoid(edge)[:2].tolist() == [0, 1]
    assert np.isnan(sigmoid(edge)[2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("slope", [0, 0.01, 0.2, 1, 1.5, -0.5])
def test_leaky_relu_is_one_of_two_numbers_to_the_bit_whatever_the_slope(slope, dtype):
    x = np.random.default_rng(0).normal(size=(40, 7)).astype(dtype)
    x[:3] = np.array([-np.inf, np.inf, np.nan, -0.0, 0.0, 1e-44, -1e-44], dtype=dtype)
    with np.errstate(invalid="ignore"):
        expected = np.where(x > 0, x, dtype(slope) * x)
    found = leaky_relu(x, slope)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)
    kept = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[kept], np.signbit(expected)[kept])


def test_in_single_precision_sigmoid_is_right_to_its_last_bits_near_0_too():
    x = np.concatenate([np.linspace(-87, 87, 5000), [-1000, -90, 1000, -np.inf, np.inf, np.nan]]).astype(np.float32)
    with np.errstate(all="raise", under="ignore"):
        found = sigmoid(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, sigmoid(x.astype(np.float64)), rtol=4e-7, atol=1e-38)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("dtype", "expected"), [(np.float32, np.float32), (np.float64, np.float64), (int, np.float64)])
def test_types_are_kept_shapes_too_and_inputs_are_left_alone(function, dtype, expected):
    x = np.arange(-6, 6).reshape(1, 3, 2, 2).astype(dtype)
    before = x.copy()
    x.setflags(write=False)
    out = function(x)
    assert out.dtype == expected
    assert out.shape == x.shape
    assert out is not x
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numbers_in_another_machine_s_byte_order_are_the_same_numbers(function):
    for dtype in (np.float32, np.float64):
        other = NUMBERS.astype(np.dtype(dtype).newbyteorder())
        np.testing.assert_array_equal(function(other), function(NUMBERS.astype(dtype)))
        assert function(other).dtype == dtype


@pytest.mark.parametrize(
    "shape",
    [
        *((), (0, 3), (3, 0), (1,), (511,), (2, 600), (3, 2, 20, 30), (40, 1, 1, 1), (3, 70, 70)),
        *((16_384,), (16_385,), (20_480,), (2, 3, 50_001), (1, 1, 150, 151)),
    ],
)
def test_relu_is_the_larger_of_two_in_every_shape(shape):
    x = np.random.default_rng(0).normal(size=shape)
    for laid_out in (x, np.asfortranarray(x)):
        np.testing.assert_array_equal(relu(laid_out), np.where(x > 0, x, 0))


@pytest.mark.parametrize(
    ("function", "settings"), [(softplus, {}), (softplus, {"beta": 3, "threshold": 2}), (gelu, {})]
)
def test_single_precision_gives_double_s_results_to_its_last_bits(function, settings):
    x = np.concatenate([np.linspace(-90, 90, 40_001), np.linspace(-5, 5, 40_001)]).astype(np.float32)
    exact = function(x.astype(np.float64), **settings)
    near = np.abs(function(x, **settings) - exact) <= 6 * np.finfo(np.float32).eps * np.abs(exact) + 1e-12
    assert near.all(), x[~near]


@pytest.mark.parametrize(
    "function",
    [
        gelu,
        lambda x: gelu(x, "tanh"),
        softplus,
        lambda x: softplus(x, 3, 0.5),
        leaky_relu,
        lambda x: leaky_relu(x, -2),
        lambda x: activation.leaky_relu_backward(2 * x, x),
        lambda x: activation.softplus_backward(2 * x, x),
        lambda x: activation.softplus_backward(2 * x, x, 3, 0.5),
        lambda x: cnn_core.gelu_backward(2 * x, x, "tanh"),
        lambda x: activation.relu_backward(2 * x, x),
        lambda x: activation.sigmoid_backward(2 * x, x),
        lambda x: activation.tanh_backward(2 * x, x),
        lambda x: cnn_core.gelu_backward(2 * x, x),
    ],
)
def test_a_function_reads_arrays_of_any_layout_block_by_block(monkeypatch, function):
    for module in (_blocks, activation, gelu_module):
        for name in {"BLOCK", "IN_PLACE", "_FEW_STEPS"} & vars(module).keys():
            monkeypatch.setattr(module, name, 5)
    x = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)
    for layout in (x, np.asfortranarray(x), x[:, ::-1], x.transpose(2, 0, 1)):
        one_by_one = np.array([function(number) for number in layout.flat]).reshape(layout.shape)
        np.testing.assert_array_equal(function(layout), one_by_one)
    assert function(np.float32(0)).shape == ()
    assert function(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_is_the_number_itself_even_where_beta_times_it_is_beyond_its_type(dtype):
    x = np.array([np.finfo(dtype).max, 21.3, np.inf], dtype)
    assert softplus(x, beta=2).tolist() == x.tolist()


def test_softplus_is_the_number_itself_above_its_threshold_and_log1p_below():
    x = np.array([0.999, 1.001])
    assert softplus(x, beta=2, threshold=2).tolist() == [math.log1p(math.exp(1.998)) / 2, 1.001]


@pytest.mark.parametrize("heat", [0, -1, float("nan"), float("inf"), "warm", None])
def test_a_temperature_or_sharpness_that_is_not_above_0_is_refused(heat):
    for call in (lambda: softmax([1.0], temperature=heat), lambda: softplus([1.0], beta=heat)):
        with pytest.raises(ShapeError, match="above 0"):
            call()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_no_number_is_refused(function):
    with pytest.raises(ShapeError, match="real numbers"):
        function(["a", "b"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_single_number_gives_an_array_of_its_own_kind(dtype):
    x = np.array(0.5, dtype)
    made = {function.__name__: function(x) for function in (relu, leaky_relu, sigmoid, tanh, softplus, gelu)}
    backwards = (
        cnn_core.relu_backward,
        cnn_core.leaky_relu_backward,
        cnn_core.sigmoid_backward,
        cnn_core.tanh_backward,
        cnn_core.softplus_backward,
        cnn_core.gelu_backward,
    )
    made |= {function.__name__: function(x, x) for function in backwards}
    made |= dict(zip(["dropout", "mask"], cnn_core.dropout(x, 0.5, np.random.default_rng(0)), strict=True))
    made["dropout_backward"] = cnn_core.dropout_backward(x, made["mask"])
    network = cnn_core.Sequential([cnn_core.ReLU(), cnn_core.Tanh(), cnn_core.Dropout(0.5)])
    trace = network.trace(x, training=True, rng=0)
    made |= {"forward": network.forward(x), "trace": trace.output, "gradient": network.backward(trace, x).input}
    for name, array in made.items():
        assert type(array) is np.ndarray, name
        assert (array.shape, array.dtype) == ((), dtype), name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("beta", [1, 3])
def test_softplus_is_the_number_itself_above_a_threshold_below_0_too(beta, dtype):
    x = np.array([-4.0, -1.5, -0.5, -0.0, 0.25], dtype)
    bent = softplus(x[:1], beta, threshold=1e9)
    assert softplus(x, beta, threshold=-5 * beta).tolist() == x.tolist()
    assert softplus(x, beta, threshold=-2 * beta).tolist() == [*bent.tolist(), *x[1:].tolist()]


@pytest.mark.parametrize("lay_out", [np.ravel, lambda x: x[::2], lambda x: x.reshape(1, 1, 1500, 2000)])
def test_relu_of_a_long_line_or_plane_needs_no_memory_beside_its_result(lay_out):
    assert beyond(relu, lay_out(np.ones(3_000_000, np.float32))) < 200_000


def test_softplus_there_and_back_needs_a_block_beside_its_result():
    x = np.ones(3_000_000, np.float32)
    for call in ((softplus, x), (softplus, x, 2, 0.5), (cnn_core.softplus_backward, x, x, 2, 0.5)):
        assert beyond(*call) < 3_000_000
