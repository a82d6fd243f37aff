"""One table of layers, driven through the same contracts."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import cnn_core
from cnn_core import (
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    BatchNorm2d,
    CnnCoreError,
    Conv2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    LPPool2d,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from cnn_core.layers import KINDS, Layer
from tests.core.layer_cases import CASES, given


def test_every_layer_has_a_case():
    layers = {name for name in cnn_core.__all__ if isinstance(getattr(cnn_core, name), type)}
    layers = {name for name in layers if issubclass(getattr(cnn_core, name), Layer)}
    assert {name.split()[0] for name in CASES} == layers
    assert set(KINDS) == layers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_promised_shape_and_type_are_what_comes_out(case, dtype):
    layer, shape = case
    for _, array in layer.params().items():
        assert array.dtype == np.float32
    out = layer.forward(given(shape, dtype))
    assert out.shape == layer.output_shape(shape)
    assert out.dtype == dtype


def test_an_input_is_never_written_to(case):
    layer, shape = case
    x = given(shape)
    before = x.copy()
    layer.forward(x)
    np.testing.assert_array_equal(x, before)


def test_nothing_of_a_run_stays_on_the_layer(case):
    layer, shape = case
    before = {name: id(value) for name, value in vars(layer).items()}
    held = {name: array.copy() for name, array in (layer.params() | layer.buffers()).items()}
    network = Sequential([layer])
    for training in (False, True):
        trace = network.trace(given(shape), training=training, rng=0)
        trace.explain(0, (0,) * len(layer.output_shape(shape)))
        network.backward(trace, np.ones(trace.output.shape))
    assert {name: id(value) for name, value in vars(layer).items()} == before
    for name, array in (layer.params() | layer.buffers()).items():
        np.testing.assert_array_equal(array, held[name])


def test_a_layer_can_be_made_again_from_its_settings(case):
    layer, shape = case
    twin = type(layer)(**layer.settings())
    assert repr(twin) == repr(layer)
    assert twin.output_shape(shape) == layer.output_shape(shape)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_cell_s_explanation_adds_up(case, dtype, training):
    layer, shape = case
    trace = Sequential([layer]).trace(given(shape, dtype), training=training, rng=3)
    eps = float(np.finfo(dtype).eps)
    for index in np.ndindex(trace.output.shape):
        asked = trace.explain(0, index)
        assert trace.fan_in(0, index) == len(asked.terms)
        assert asked.value == trace.output[index]
        if asked.rule == "function":
            assert asked.total == asked.value
            assert asked.residual == 0
            assert asked.formula
            assert all(term.product is None for term in asked.terms)
        else:
            assert asked.rule == "sum"
            products = [term.product for term in asked.terms]
            assert asked.total == math.fsum(products) + asked.bias
            assert asked.residual == asked.value - asked.total
            size = sum(map(abs, products)) + abs(asked.bias)
            assert abs(asked.residual) <= 4 * (len(products) + 1) * eps * size
        for term in asked.terms:
            if term.index is not None:
                assert term.value == trace.input[term.index]
            if term.weight:
                assert term.product == term.weight * term.value


def test_consumers_are_the_cells_whose_terms_name_the_cell(case):
    layer, shape = case
    trace = Sequential([layer]).trace(given(shape))
    # A dict keeps the order and names a cell once, however often a padding that reflects shows it to one window.
    named: dict[tuple[int, ...], dict[tuple[int, tuple[int, ...]], None]] = {}
    for index in np.ndindex(trace.output.shape):
        for term in trace.explain(0, index).terms:
            if term.index is not None:
                named.setdefault(term.index, {})[(0, index)] = None
    for index in np.ndindex(shape):
        asked = trace.explain(-1, index)
        assert list(asked.consumers) == list(named.get(index, {}))
        assert (asked.rule, asked.terms, asked.value) == ("input", (), trace.input[index])


def test_a_cell_changes_only_when_a_cell_it_names_changes(case):
    layer, shape = case
    x = given(shape)
    network = Sequential([layer])
    index = tuple(size - 1 for size in layer.output_shape(shape))
    asked = network.trace(x).explain(0, index)
    named = {term.index for term in asked.terms}
    for cell in np.ndindex(shape):
        if cell not in named:
            changed = x.copy()
            changed[cell] += 100
            assert network.forward(changed)[index] == asked.value


def test_parameters_are_live(case):
    layer, shape = case
    x = given(shape)
    for name, array in layer.params().items():
        before = layer.forward(x)
        np.add(array, 1, out=array)
        assert not np.array_equal(layer.forward(x), before)
        setattr(layer, name, array.astype(np.float64) - 1)
        np.testing.assert_allclose(layer.forward(x), before, rtol=1e-5, atol=1e-5)
        with pytest.raises(ShapeError, match=name):
            setattr(layer, name, np.ones(array.size + 1))


def test_numbers_put_in_a_parameter_s_place_are_copied():
    layer, weights = Linear(2, 1, bias=False), np.array([[1.0, 2.0]])
    layer.weight = weights
    layer.weight[:] = 7
    assert weights.tolist() == [[1, 2]]


def test_a_parameter_that_a_layer_does_not_have_cannot_be_set():
    with pytest.raises(ShapeError, match="bias"):
        Linear(2, 2, bias=False).bias = np.ones(2)


def test_first_weights_are_seeded_and_bounded_as_in_pytorch():
    layer = Conv2d(4, 8, 3, groups=2, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(layer.weight, Conv2d(4, 8, 3, groups=2, rng=np.random.default_rng(3)).weight)
    np.testing.assert_array_equal(layer.weight, Conv2d(4, 8, 3, groups=2, rng=3).weight)
    assert not np.array_equal(layer.weight, Conv2d(4, 8, 3, groups=2, rng=np.random.default_rng(4)).weight)
    bound = 1 / math.sqrt(2 * 3 * 3)
    assert 0.8 * bound < np.abs(layer.weight).max() <= bound
    assert 0.8 / math.sqrt(300) < np.abs(Linear(300, 5).weight).max() <= 1 / math.sqrt(300)


def test_padding_cells_are_terms_without_an_index():
    convolution = Conv2d(1, 1, 3, padding=1)
    asked = Sequential([convolution]).trace(np.ones((1, 1, 2, 2))).explain(0, (0, 0, 0, 0))
    assert [term.index is None for term in asked.terms] == [True] * 4 + [False, False, True, False, False]
    assert [term.value for term in asked.terms if term.index is None] == [0] * 5


def test_padding_that_reflects_names_the_cells_it_shows():
    convolution = Conv2d(1, 1, 3, padding=1, padding_mode="reflect")
    asked = Sequential([convolution]).trace(np.arange(9.0).reshape(1, 1, 3, 3)).explain(0, (0, 0, 0, 0))
    assert [term.value for term in asked.terms] == [4, 3, 4, 1, 0, 1, 4, 3, 4]
    assert [term.index[2:] for term in asked.terms[:3]] == [(1, 1), (1, 0), (1, 1)]


def test_padding_as_wide_as_a_large_image_is_no_reason_to_refuse_the_layer():
    assert Conv2d(1, 1, 3, padding=9, padding_mode="reflect").output_shape((1, 1, 10, 10)) == (1, 1, 26, 26)
    with pytest.raises(ShapeError, match="reflect"):
        Conv2d(1, 1, 3, padding=9, padding_mode="reflect").output_shape((1, 1, 9, 9))


def test_of_equals_the_first_wins_and_padding_never_does():
    trace = Sequential([MaxPool2d(3, stride=1, padding=1)]).trace(np.full((1, 1, 2, 2), -5.0))
    asked = trace.explain(0, (0, 0, 1, 1))
    assert [term.weight for term in asked.terms] == [1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert [term.product for term in asked.terms] == [-5, 0, 0, 0, 0, 0, 0, 0, 0]
    assert {term.value for term in asked.terms if term.index is None} == {-math.inf}
    assert asked.total == -5


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2d(0, 1, 3),
        lambda: Conv2d(1, 1, 0),
        lambda: Conv2d(1, 1, 3, stride=0),
        lambda: Conv2d(1, 1, 3, padding=-1),
        lambda: Conv2d(1, 1, 3, padding="all"),
        lambda: Conv2d(3, 1, 3, groups=2),
        lambda: Conv2d(1, 1, 3, padding_mode="mirror"),
        lambda: MaxPool2d(2, padding=2),
        lambda: AvgPool2d(2, stride=0),
        lambda: LPPool2d(0, 2),
        lambda: LPPool2d(2, 0),
        lambda: AdaptiveMaxPool2d(0),
        lambda: AdaptiveAvgPool2d((1, "x")),
        lambda: Linear(2.5, 1),
        lambda: BatchNorm2d(-1),
        lambda: BatchNorm2d(1, eps=-1),
        lambda: BatchNorm2d(1, eps="small"),
        lambda: BatchNorm2d(1, momentum=2),
        lambda: BatchNorm2d(1, momentum=float("nan")),
        lambda: LeakyReLU("steep"),
        lambda: Softmax(axis=None),
        lambda: Softmax(axis=True),
        *(lambda heat=heat: Softmax(temperature=heat) for heat in (0, -1, float("nan"), float("inf"), "warm", None)),
        *(lambda beta=beta: Softplus(beta) for beta in (0, -1, float("nan"), "sharp")),
        lambda: Softplus(threshold="high"),
        lambda: GELU("erf"),
        lambda: Dropout(-0.1),
        lambda: Dropout(1.1),
        lambda: Dropout(None),
        lambda: Linear(1, 1, rng="seed"),
    ],
)
def test_a_setting_that_can_never_work_is_refused_when_the_layer_is_made(make):
    with pytest.raises(CnnCoreError, match="works"):
        make()


def test_an_input_that_does_not_fit_is_refused_by_promise_and_by_run_alike(case):
    layer, shape = case
    if isinstance(layer, ReLU | LeakyReLU | Sigmoid | Tanh | Softplus | GELU | Softmax | Flatten | Dropout):
        return
    wrong = (*shape[:-1], 1) if isinstance(layer, Linear) else shape[1:]
    with pytest.raises(ShapeError):
        layer.output_shape(wrong)
    with pytest.raises(ShapeError):
        layer.forward(np.ones(wrong))


def test_two_threads_may_trace_one_network_and_go_back():
    layers = [Conv2d(1, 4, 3, padding=1), BatchNorm2d(4), ReLU(), MaxPool2d(2), Dropout(0.3), Flatten(), Linear(256, 3)]
    network = Sequential([*layers, Softmax()])
    inputs = [given((2, 1, 16, 16)) * k for k in range(1, 41)]
    grad = given((2, 3))

    def there_and_back(seed: int) -> list[np.ndarray]:
        trace = network.trace(inputs[seed], training=True, rng=seed)
        found = network.backward(trace, grad)
        return [trace.output, found.input, *found.params.values(), *found.stages]

    expected = [there_and_back(seed) for seed in range(len(inputs))]
    with ThreadPoolExecutor(2) as pool:
        for threaded, alone in zip(pool.map(there_and_back, range(len(inputs))), expected, strict=True):
            for ours, theirs in zip(threaded, alone, strict=True):
                np.testing.assert_array_equal(ours, theirs)
