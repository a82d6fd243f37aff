"""Optimisers by hand and against PyTorch."""

import warnings
from functools import partial

import numpy as np
import pytest

from cnn_core import SGD, Adam, Gradients, Linear, ModelError, ReLU, Sequential, ShapeError


def one_weight(value: float = 1.0) -> Sequential:
    layer = Linear(1, 1, bias=False)
    layer.weight = np.array([[value]])
    return Sequential([layer])


def weights_after(optimizer_of, grads: list[float]) -> list[float]:
    network = one_weight()
    optimizer = optimizer_of(network)
    found = []
    for grad in grads:
        optimizer.step(Gradients(None, {"0.weight": np.array([[grad]])}, ()))
        found.append(float(network.params()["0.weight"][0, 0]))
    assert optimizer.steps == len(grads)
    return found


def test_plain_descent_goes_down_the_gradient():
    assert weights_after(lambda n: SGD(n, lr=0.5), [1.0, -2.0]) == [0.5, 1.5]


def test_momentum_keeps_a_part_of_the_last_direction():
    # directions 1, 0.5 + 1 = 1.5, 0.75 + 1 = 1.75
    assert weights_after(lambda n: SGD(n, lr=0.5, momentum=0.5), [1.0, 1.0, 1.0]) == [0.5, -0.25, -1.125]


def test_weight_decay_pulls_towards_nothing():
    assert weights_after(lambda n: SGD(n, lr=0.5, weight_decay=0.5), [0.0, 0.0]) == [0.75, 0.5625]


def test_adam_s_first_step_has_the_size_of_the_learning_rate_whatever_the_gradient():
    for grad in (1e-3, 1.0, 1e5):
        (after,) = weights_after(lambda n: Adam(n, lr=0.125, eps=0), [grad])
        assert after == pytest.approx(0.875, rel=1e-12)


def test_adam_s_second_step_is_the_published_one():
    first, second = weights_after(lambda n: Adam(n, lr=0.1, betas=(0.5, 0.75), eps=0.25), [2.0, -1.0])
    assert first == pytest.approx(1 - 0.1 * 2 / (2 + 0.25))
    m, v = (0.5 * 1.0 + 0.5 * -1.0) / (1 - 0.5**2), (0.75 * 1.0 + 0.25 * 1.0) / (1 - 0.75**2)
    assert second == pytest.approx(first - 0.1 * m / (np.sqrt(v) + 0.25))


@pytest.mark.parametrize(
    ("ours", "name", "settings"),
    [
        (SGD, "SGD", {"lr": 0.1}),
        (SGD, "SGD", {"lr": 0.1, "momentum": 0.9}),
        (SGD, "SGD", {"lr": 0.05, "momentum": 0.5, "weight_decay": 0.1}),
        (SGD, "SGD", {"lr": 0.05, "weight_decay": 0.1}),
        (Adam, "Adam", {"lr": 0.01}),
        (Adam, "Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3, "weight_decay": 0.2}),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twenty_steps_are_pytorch_s(ours, name, settings, dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    network = Sequential([Linear(4, 3), ReLU(), Linear(3, 2)])
    for layer in (network.layers[0], network.layers[2]):
        for key, array in layer.params().items():
            setattr(layer, key, array.astype(dtype))
    tensors = {key: torch.tensor(array, requires_grad=True) for key, array in network.params().items()}
    mine, theirs = ours(network, **settings), getattr(torch.optim, name)(list(tensors.values()), **settings)
    for _ in range(20):
        grads = {key: rng.normal(size=array.shape).astype(dtype) for key, array in network.params().items()}
        for key, tensor in tensors.items():
            tensor.grad = torch.tensor(grads[key])
        mine.step(Gradients(None, grads, ()))
        theirs.step()
    for key, array in network.params().items():
        tolerance = 1e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(array, tensors[key].detach().numpy(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "make",
    [
        lambda n: SGD(n, 0.1, momentum=0.9),
        lambda n: SGD(n, 0.1, 0.9, 0.1),
        lambda n: Adam(n, 0.1),
        lambda n: Adam(n, 0.1, weight_decay=0.1),
    ],
)
def test_a_step_moves_the_live_arrays_and_writes_to_nothing_else(make):
    network, given = one_weight(), np.array([[3.0]])
    network.layers[0].weight = given
    live, grad = network.params()["0.weight"], np.array([[1.0]])
    optimizer = make(network)
    grad.setflags(write=False)
    for _ in range(2):
        optimizer.step(Gradients(None, {"0.weight": grad}, ()))
    assert live is network.params()["0.weight"]
    assert live[0, 0] < 3
    assert given[0, 0] == 3


@pytest.mark.parametrize("make", [lambda n: SGD(n, 0.1, momentum=0.9), lambda n: Adam(n, 0.1)])
def test_gradients_that_do_not_fit_are_refused_before_anything_moves(make):
    network = Sequential([Linear(2, 2)])
    optimizer = make(network)
    before = {name: array.copy() for name, array in network.params().items()}
    weight, bias = np.ones((2, 2)), np.ones(2)
    refused = [
        ({"0.weight": weight}, ModelError, "'0.bias'"),
        ({"0.weight": weight, "0.bias": bias, "1.bias": bias}, ModelError, r"'1\.bias'"),
        ({"0.weight": weight, "0.bias": np.ones(3)}, ShapeError, r"0\.bias must have shape \(2,\)"),
        ({"0.weight": weight, "0.bias": "b"}, ShapeError, "real numbers"),
    ]
    for params, error, says in refused:
        with pytest.raises(error, match=says):
            optimizer.step(Gradients(None, params, ()))
    with pytest.raises(ModelError, match=r"network\.backward"):
        optimizer.step({"0.weight": weight})
    for name, array in network.params().items():
        np.testing.assert_array_equal(array, before[name])
    assert optimizer.steps == 0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda n: SGD(n, lr=-1), "lr=0.01 works"),
        (lambda n: SGD(n, lr="fast"), "lr"),
        (lambda n: SGD(n, lr=float("nan")), "lr"),
        (lambda n: SGD(n, lr=float("inf")), "lr"),
        (lambda n: SGD(n, 0.1, momentum=-0.1), "momentum"),
        (lambda n: SGD(n, 0.1, weight_decay=None), "weight_decay"),
        (lambda n: Adam(n, 0.1, betas=(0.9, 1.0)), "betas"),
        (lambda n: Adam(n, 0.1, betas=0.9), "two numbers"),
        (lambda n: Adam(n, 0.1, eps=-1), "eps"),
        (lambda n: Adam(None, 0.1), "Sequential"),
        (lambda n: SGD(Sequential([ReLU()]), 0.1), "nothing to learn"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(make, says):
    with pytest.raises(ModelError, match=says):
        make(one_weight())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [SGD, partial(SGD, momentum=0.9), partial(Adam, weight_decay=3)])
def test_steps_beyond_all_bounds_are_taken_without_a_word(make, dtype):
    layer = Linear(3, 2)
    layer.weight, layer.bias = np.full((2, 3), np.finfo(dtype).max, dtype), np.array([np.inf, 0], dtype)
    network = Sequential([layer])
    optimizer = make(network, lr=1e30)
    grads = {"0.weight": np.full((2, 3), -np.finfo(dtype).max, dtype), "0.bias": np.array([np.inf, -np.inf], dtype)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            optimizer.step(Gradients(None, grads, (), None))
    assert not np.isfinite(layer.bias).any()
