"""Gradients of activations, dense layers and dropout: by formula, at the edges, and as PyTorch has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import expit
from scipy.stats import norm

from cnn_core import (
    ModelError,
    ShapeError,
    dropout,
    dropout_backward,
    flatten_backward,
    gelu,
    gelu_backward,
    leaky_relu,
    leaky_relu_backward,
    linear_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    softplus,
    softplus_backward,
    tanh,
    tanh_backward,
)
from tests.core.cases import frozen

EDGES = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf, 1.0, -1.0, 1e-310, -1e-310])
GRADS = np.array([2.0, -3.0, np.inf, -np.inf, np.nan])

shapes = arrays.array_shapes(min_dims=0, max_dims=4, max_side=4, min_side=0)
numbers = st.floats(-50, 50, width=32)


@given(arrays.arrays(np.float32, shapes, elements=numbers), st.sampled_from([np.float32, np.float64]))
def test_backward_is_the_derivative_times_the_gradient(x, dtype):
    x = frozen(x.astype(dtype))
    grad = frozen(np.cos(np.arange(x.size)).reshape(x.shape).astype(dtype))
    wide, given_grad = x.astype(np.float64), grad.astype(np.float64)
    found = {
        "relu": (relu_backward(grad, x), np.where(wide > 0, given_grad, 0)),
        "leaky": (leaky_relu_backward(grad, x, 0.2), np.where(wide > 0, given_grad, dtype(0.2) * given_grad)),
        "sigmoid": (sigmoid_backward(grad, sigmoid(x)), given_grad / (2 + np.exp(-wide) + np.exp(wide))),
        "tanh": (tanh_backward(grad, tanh(x)), given_grad / np.cosh(wide) ** 2),
        "softplus": (softplus_backward(grad, x, 2.0), np.where(wide > 10, given_grad, given_grad * expit(2 * wide))),
        "gelu": (gelu_backward(grad, x), given_grad * (norm.cdf(wide) + wide * norm.pdf(wide))),
        "gelu by tanh": (gelu_backward(grad, x, "tanh"), given_grad * _bent_slope(wide)),
    }
    # Of the share of a normal distribution far below 0 only what 1 + erf leaves is known, and x multiplies that.
    tolerance = 4 * np.finfo(dtype).eps * max(1, np.abs(wide).max(initial=0))
    for ours, expected in found.values():
        assert ours.dtype == dtype
        assert ours.shape == x.shape
        np.testing.assert_allclose(ours, expected, rtol=1e-4 if dtype == np.float32 else 1e-9, atol=tolerance)


def _bent_slope(x: np.ndarray) -> np.ndarray:
    """The derivative of x * sigmoid(2 u(x)), which x / 2 * (1 + tanh(u(x))) is."""
    inner, growth = (np.sqrt(2 / np.pi) * each for each in (x + 0.044715 * x**3, 1 + 0.134145 * x**2))
    return expit(2 * inner) + 2 * x * growth * expit(2 * inner) * expit(-2 * inner)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_leaky_relu_is_its_definition_to_the_bit_at_the_edges_too(dtype):
    x = EDGES.astype(dtype)
    for slope in (0.01, 0.0, -0.5, 1.0, 3.0, 1e-40):
        with np.errstate(invalid="ignore"):
            expected = np.where(x > 0, x, x * dtype(slope))
        np.testing.assert_array_equal(leaky_relu(x, slope), expected)


def bent(x: np.ndarray) -> np.ndarray:
    return gelu(x, "tanh")


def test_no_edge_raises_a_warning():
    with np.errstate(all="raise", under="ignore"):
        for x in (EDGES, EDGES.astype(np.float32)):
            for function in (relu, leaky_relu, sigmoid, tanh, softplus, gelu, bent, softmax):
                function(x)
            for grad in GRADS.astype(x.dtype):
                given_grad = np.full_like(x, grad)
                relu_backward(given_grad, x)
                leaky_relu_backward(given_grad, x)
                softplus_backward(given_grad, x)
                gelu_backward(given_grad, x)
                gelu_backward(given_grad, x, "tanh")
                for function, backward in (
                    (sigmoid, sigmoid_backward),
                    (tanh, tanh_backward),
                    (softmax, softmax_backward),
                ):
                    backward(given_grad, function(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("grad", GRADS)
def test_at_the_edges_values_and_gradients_are_pytorch_s(dtype, grad):
    torch = pytest.importorskip("torch")
    x = EDGES.astype(dtype)
    given_grad = np.full_like(x, grad)
    pairs = [
        (torch.relu, relu, lambda g, x, y: relu_backward(g, x)),
        (
            lambda t: torch.nn.functional.leaky_relu(t, 0.1),
            lambda x: leaky_relu(x, 0.1),
            lambda g, x, y: leaky_relu_backward(g, x, 0.1),
        ),
        (torch.sigmoid, sigmoid, lambda g, x, y: sigmoid_backward(g, y)),
        (torch.tanh, tanh, lambda g, x, y: tanh_backward(g, y)),
        (lambda t: torch.softmax(t, -1), softmax, lambda g, x, y: softmax_backward(g, y)),
        (torch.nn.functional.softplus, softplus, lambda g, x, y: softplus_backward(g, x)),
        (
            lambda t: torch.nn.functional.softplus(t, 3.0, 1.5),
            lambda x: softplus(x, 3.0, 1.5),
            lambda g, x, y: softplus_backward(g, x, 3.0, 1.5),
        ),
        (torch.nn.functional.gelu, gelu, lambda g, x, y: gelu_backward(g, x)),
        (lambda t: torch.nn.functional.gelu(t, approximate="tanh"), bent, lambda g, x, y: gelu_backward(g, x, "tanh")),
    ]
    for theirs, ours, backward in pairs:
        if ours in (gelu, bent) and dtype == np.float32:
            # There PyTorch makes NaN of an infinity in some places of an array and not in others.
            x, given_grad = x[~np.isinf(x)], given_grad[~np.isinf(x)]
        tensor = torch.tensor(x, requires_grad=True)
        output = theirs(tensor)
        output.backward(torch.tensor(given_grad))
        y = ours(x)
        np.testing.assert_allclose(y, output.detach().numpy(), rtol=1e-6)
        np.testing.assert_allclose(backward(given_grad, x, y), tensor.grad.numpy(), rtol=1e-6)


def test_relu_keeps_an_infinite_gradient_and_drops_one_without_making_nan():
    assert relu_backward([np.inf, np.inf], [1.0, -1.0]).tolist() == [np.inf, 0]


@given(
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    st.integers(1, 4),
    st.integers(1, 4),
    st.booleans(),
)
def test_linear_s_gradients_are_sums_over_all_rows(leading, inputs, outputs, needs_input):
    rng = np.random.default_rng(0)
    x, weight = (rng.integers(-9, 10, shape).astype(float) for shape in ((*leading, inputs), (outputs, inputs)))
    grad = rng.integers(-9, 10, (*leading, outputs)).astype(float)
    grad_x, grad_weight, grad_bias = linear_backward(frozen(grad), frozen(x), frozen(weight), needs_input=needs_input)
    rows = [(grad[at], x[at]) for at in np.ndindex(*leading)]
    np.testing.assert_array_equal(grad_weight, sum((np.outer(g, r) for g, r in rows), np.zeros((outputs, inputs))))
    np.testing.assert_array_equal(grad_bias, sum((g for g, _ in rows), np.zeros(outputs)))
    if needs_input:
        np.testing.assert_array_equal(grad_x, np.einsum("...o,oi->...i", grad, weight))
    else:
        assert grad_x is None


def test_flattening_is_undone():
    grad = np.arange(24.0).reshape(2, 12)
    np.testing.assert_array_equal(flatten_backward(grad, (2, 3, 2, 2)), grad.reshape(2, 3, 2, 2))
    with pytest.raises(ShapeError, match=r"\(2, 12\)"):
        flatten_backward(grad[:, 1:], (2, 3, 2, 2))


def test_dropout_multiplies_by_its_mask_there_and_back():
    x = frozen(np.arange(1.0, 1001).astype(np.float32))
    out, mask = dropout(x, 0.25, np.random.default_rng(0))
    assert out.dtype == mask.dtype == np.float32
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.75)}
    np.testing.assert_array_equal(out, x * mask)
    np.testing.assert_array_equal(dropout_backward(x, mask), x * mask)
    for p in (-0.5, 2, "half", None, float("nan")):
        with pytest.raises(ModelError, match=r"p=0\.5 works"):
            dropout(x, p, np.random.default_rng(0))
    with pytest.raises(ModelError, match="default_rng"):
        dropout(x, 0.5, 0)


def test_dropout_drops_the_same_cells_in_every_layout():
    x = np.ones((20, 30))
    for laid_out in (np.asfortranarray(x), x[::-1, ::-1]):
        out, _ = dropout(laid_out, 0.5, np.random.default_rng(3))
        np.testing.assert_array_equal(out, dropout(x, 0.5, np.random.default_rng(3))[0])


@pytest.mark.parametrize(
    "backward",
    [
        relu_backward,
        leaky_relu_backward,
        softplus_backward,
        gelu_backward,
        sigmoid_backward,
        tanh_backward,
        softmax_backward,
        dropout_backward,
        lambda grad, x: linear_backward(grad, x, np.ones((3, 2))),
    ],
)
def test_a_gradient_of_another_shape_is_refused(backward):
    with pytest.raises(ShapeError, match="grad must have"):
        backward(np.ones((2, 3)), np.ones((3, 2)))


@pytest.mark.parametrize("slope", ["steep", None, float("nan"), [1, 2]])
def test_a_slope_that_is_no_number_is_refused(slope):
    for call in (lambda: leaky_relu([1.0], slope), lambda: leaky_relu_backward([1.0], [1.0], slope)):
        with pytest.raises(ShapeError, match="negative_slope"):
            call()
