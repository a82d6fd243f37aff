"""Asking a gradient where it came from: every layer kind, every cell, every parameter."""

import math

import numpy as np
import pytest

from cnn_core import (
    BatchNorm2d,
    Conv2d,
    Flatten,
    Gradients,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Softmax,
)
from tests.core.layer_cases import CASES, given

EPS = {np.float32: np.finfo(np.float32).eps, np.float64: np.finfo(np.float64).eps}


def went_back(make, shape: tuple[int, ...], dtype: type, *, training: bool) -> tuple[Sequential, Gradients]:
    layer = make()
    for name, values in (layer.params() | layer.buffers()).items():
        setattr(layer, name, values.astype(dtype))
    network = Sequential([layer])
    trace = network.trace(given(shape, dtype), training=training, rng=3)
    grad = np.random.default_rng(4).normal(size=trace.output.shape).astype(trace.output.dtype)
    return network, network.backward(trace, grad)


def assert_adds_up(told, value: float, eps: float) -> None:
    products = [term.product for term in told.terms]
    assert told.value == value
    assert told.total == pytest.approx(math.fsum(products), rel=1e-12, abs=1e-300)
    assert told.residual == told.value - told.total
    for term in told.terms:
        assert term.product == term.weight * term.value or (term.weight == 0 or term.value == 0)
    size = math.fsum(abs(product) for product in products)
    assert abs(told.value - told.total) <= 4 * max(1, len(products)) * eps * size + np.finfo(np.float64).tiny


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_the_gradient_at_every_input_cell_adds_up(name, dtype, training):
    _, found = went_back(*CASES[name], dtype, training=training)
    for index in np.ndindex(*found.input.shape):
        told = found.explain(-1, index)
        assert told.rule == "sum"
        assert all(term.stage == 0 for term in told.terms)
        assert all(term.value == found.stages[0][term.index] for term in told.terms)
        assert_adds_up(told, found.input[index], EPS[dtype])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name, (make, _) in CASES.items() if make().params()])
def test_the_gradient_at_every_weight_adds_up(name, dtype, training):
    _, found = went_back(*CASES[name], dtype, training=training)
    for param, values in found.params.items():
        for index in np.ndindex(*values.shape):
            told = found.explain_param(param, index)
            assert all(term.value == found.stages[0][term.index] for term in told.terms)
            # The products meet in another order, and batch norm's numbers are made in another precision.
            assert_adds_up(told, values[index], 4 * EPS[dtype])


def test_a_weight_s_terms_are_the_windows_it_looked_through():
    network = Sequential([Conv2d(1, 1, 2, padding=((1, 0), (0, 0)), bias=False)])
    x = np.array([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    trace = network.trace(x)
    grad = np.array([[[[10.0, 20.0], [30.0, 40.0]]]])
    found = network.backward(trace, grad)
    # The weight at the window's upper left meets a row of zeros, then 1 and 2.
    told = found.explain_param("0.weight", (0, 0, 0, 0))
    assert [(term.index, term.value, term.weight, term.product) for term in told.terms] == [
        ((0, 0, 0, 0), 10.0, 0.0, 0.0),
        ((0, 0, 0, 1), 20.0, 0.0, 0.0),
        ((0, 0, 1, 0), 30.0, 1.0, 30.0),
        ((0, 0, 1, 1), 40.0, 2.0, 80.0),
    ]
    assert told.total == told.value == 110.0
    assert told.stage == 0


def test_a_cell_s_terms_are_the_windows_that_read_it():
    layer = Conv2d(1, 1, 2, bias=False)
    layer.weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    network = Sequential([layer])
    found = network.backward(network.trace(np.zeros((1, 1, 3, 3))), np.array([[[[1.0, 10.0], [100.0, 1000.0]]]]))
    told = found.explain(-1, (0, 0, 1, 1))
    assert [(term.index, term.value, term.weight) for term in told.terms] == [
        ((0, 0, 0, 0), 1.0, 4.0),
        ((0, 0, 0, 1), 10.0, 3.0),
        ((0, 0, 1, 0), 100.0, 2.0),
        ((0, 0, 1, 1), 1000.0, 1.0),
    ]
    assert told.value == 4 + 30 + 200 + 1000
    assert told.consumers == tuple((0, term.index) for term in told.terms)


def test_only_the_winner_of_a_pooling_window_is_passed_anything():
    network = Sequential([MaxPool2d(2)])
    found = network.backward(network.trace(np.array([[[[1.0, 5.0], [5.0, 2.0]]]])), np.full((1, 1, 1, 1), 7.0))
    weights = [found.explain(-1, (0, 0, *at)).terms[0].weight for at in np.ndindex(2, 2)]
    assert weights == [0.0, 1.0, 0.0, 0.0]  # of equal ones the first


def test_a_cell_that_the_padding_shows_is_passed_something_for_each_time_it_is_read():
    layer = Conv2d(1, 1, 3, padding=1, padding_mode="reflect", bias=False)
    layer.weight = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    network = Sequential([layer])
    found = network.backward(network.trace(np.zeros((1, 1, 2, 2))), np.ones((1, 1, 2, 2)))
    told = found.explain(-1, (0, 0, 1, 1))
    assert len(told.terms) > len({term.index for term in told.terms})
    assert told.value == told.total


@pytest.fixture
def trained() -> tuple[Sequential, Gradients]:
    layers = [Conv2d(1, 2, 3, rng=1), BatchNorm2d(2), ReLU(), MaxPool2d(2), Flatten(), Linear(8, 3, rng=2), Softmax()]
    network = Sequential(layers)
    for layer in layers:
        for name, values in (layer.params() | layer.buffers()).items():
            setattr(layer, name, values.astype(np.float64))
    trace = network.trace(given((2, 1, 6, 6)), training=True, rng=0)
    return network, network.backward(trace, given(trace.output.shape))


def test_every_gradient_of_a_whole_network_adds_up(trained):
    network, found = trained
    for stage in range(-1, len(network.layers) - 1):
        values = found.input if stage < 0 else found.stages[stage]
        for index in np.ndindex(*values.shape):
            told = found.explain(stage, index)
            assert all(term.stage == stage + 1 for term in told.terms)
            assert_adds_up(told, values[index], 8 * EPS[np.float64])
    for name, values in found.params.items():
        for index in np.ndindex(*values.shape):
            assert_adds_up(found.explain_param(name, index), values[index], 32 * EPS[np.float64])


def test_where_going_back_began_the_gradient_was_given(trained):
    _, found = trained
    told = found.explain(6, (0, 1))
    assert (told.rule, told.terms, told.value) == ("input", (), found.stages[6][0, 1])


def test_going_back_may_begin_at_any_stage(trained):
    network, found = trained
    from_scores = network.backward(found.trace, found.stages[5], stage=5)
    assert from_scores.stages[6] is None
    np.testing.assert_array_equal(from_scores.input, found.input)
    early = network.backward(found.trace, found.stages[1], stage=1)
    np.testing.assert_array_equal(early.params["0.weight"], found.params["0.weight"])
    assert not early.params["5.weight"].any()
    assert early.explain(1, (0, 0, 0, 0)).rule == "input"
    told = early.explain_param("5.weight", (0, 0))
    assert (told.value, told.total, told.terms) == (0.0, 0.0, ())
    with pytest.raises(ShapeError, match="stage 3 has no gradient; these have one: -1, 0, 1"):
        early.explain(3, (0, 0, 0, 0))


def test_of_a_long_sum_the_largest_are_listed_and_the_others_counted(trained):
    _, found = trained
    whole, short = (found.explain_param("0.weight", (1, 0, 1, 1), most=most) for most in (None, 5))
    products = sorted((abs(term.product) for term in whole.terms), reverse=True)
    assert [abs(term.product) for term in short.terms] == products[:5]
    assert short.rest[0] == len(whole.terms) - 5
    assert math.fsum([term.product for term in short.terms]) + short.rest[1] == pytest.approx(whole.total, rel=1e-12)
    assert short.total == whole.total
    assert whole.rest == (0, 0.0)
    cell = found.explain(-1, (0, 0, 2, 2), most=3)
    assert len(cell.terms) == 3
    assert cell.rest[0] == len(found.explain(-1, (0, 0, 2, 2)).terms) - 3


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda found: found.explain(9, (0, 0)), "from -1"),
        (lambda found: found.explain("x", (0, 0)), "stage must be a whole number"),
        (lambda found: found.explain(0, (0, 0, 9, 9)), "index must be 4 whole numbers"),
        (lambda found: found.explain_param("9.weight", (0,)), "this network has 0.weight, 0.bias"),
        (lambda found: found.explain_param("0.weight", (0, 0)), "index must be 4 whole numbers"),
        (lambda found: Gradients(None, {}, ()).explain(0, (0,)), "network.backward"),
    ],
)
def test_what_is_not_there_is_refused_in_words(trained, ask, words):
    with pytest.raises(ShapeError, match=words):
        ask(trained[1])


def test_a_stage_that_is_not_there_is_refused_before_going_back(trained):
    network, found = trained
    with pytest.raises(ShapeError, match="stage must be a whole number"):
        network.backward(found.trace, found.input, stage=12)


def test_a_window_of_nothing_but_padding_and_equal_infinities_are_explained_without_a_fault():
    pool = MaxPool2d(2, stride=2, padding=1, dilation=3)
    trace = Sequential([pool]).trace(np.ones((1, 1, 3, 3)))
    for index in np.ndindex(*trace.output.shape):
        told = trace.explain(0, index)
        assert not math.isnan(told.residual)
        assert told.value == told.total


def test_explaining_one_cell_of_a_large_map_looks_at_its_own_windows_alone():
    network = Sequential([Conv2d(1, 4, 3, padding=1), ReLU()])
    trace = network.trace(given((1, 1, 224, 224)))
    found = network.backward(trace, np.ones_like(trace.output))
    assert len(found.explain(-1, (0, 0, 100, 100)).terms) == 9 * 4
    assert len(found.explain(0, (0, 2, 100, 100)).terms) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 3, 1, 1), (1, 2, 2, 1), (3, 2, 1, 1), (2, 2, 3, 4)])
@pytest.mark.parametrize("offset", [0, 10])
def test_where_batch_norm_hands_back_next_to_nothing_its_sum_still_adds_up(shape, offset, dtype):
    norm = BatchNorm2d(shape[1])
    network = Sequential([norm, ReLU()])
    for seed in range(5):
        rng = np.random.default_rng(seed)
        norm.weight, norm.bias = rng.normal(size=(2, shape[1])).astype(dtype)
        x = rng.normal(size=shape) + offset
        if shape[2] > 1:
            x = np.where(x > offset + 1.5, x, 0)  # few live cells, whose deviation is next to all there is
        x[0, 0, 0, 0] += 1
        trace = network.trace(x.astype(dtype), training=True)
        grad = rng.normal(size=shape) * (rng.random(shape) < (0.2 if seed % 2 else 1))
        found = network.backward(trace, grad.astype(dtype))
        for index in np.ndindex(*shape):
            assert_adds_up(found.explain(-1, index), found.input[index], EPS[dtype])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spread", [1, 10, 30])
def test_the_gradient_at_the_scores_of_a_sure_softmax_adds_up(spread, dtype):
    network = Sequential([Softmax()])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        trace = network.trace((rng.normal(size=(3, 2 + seed % 4)) * spread).astype(dtype))
        found = network.backward(trace, rng.normal(size=trace.output.shape).astype(dtype))
        for index in np.ndindex(*trace.output.shape):
            assert_adds_up(found.explain(-1, index), found.input[index], EPS[dtype])
