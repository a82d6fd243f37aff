"""Going back: every layer's gradient against differences, then whole networks, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from cnn_core import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ModelError,
    ReLU,
    Sequential,
    ShapeError,
    Trace,
)
from tests.core.cases import LAYOUTS
from tests.core.layer_cases import given
from tests.helpers.gradients import assert_gradients, distinct
from tests.helpers.memory import held


def in_double(network: Sequential) -> Sequential:
    for layer in network.layers:
        for name, values in (layer.params() | layer.buffers()).items():
            setattr(layer, name, values.astype(np.float64))
    return network


def there_and_back(network: Sequential, *, training: bool):
    """The network as a function of its input and parameters, and its gradient, for the directional check."""

    def trace(x, *parameters):
        for name, array in zip(network.params(), parameters, strict=True):
            position, _, own = name.partition(".")
            setattr(network.layers[int(position)], own, array)
        return network.trace(x, training=training, rng=5)

    def backward(grad, *inputs):
        found = network.backward(trace(*inputs), grad)
        assert list(found.params) == list(network.params())
        return found.input, *found.params.values()

    return (lambda *inputs: trace(*inputs).output), backward


def untied(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers around 0 in which nothing ties, small enough for sigmoid and softmax to have a slope."""
    return distinct(shape) * (4 / np.prod(shape))


@pytest.mark.parametrize("training", [False, True])
def test_every_gradient_is_what_differences_say(case, training):
    layer, shape = case
    network = in_double(Sequential([layer]))
    forward, backward = there_and_back(network, training=training)
    assert_gradients(forward, backward, (untied(shape), *network.params().values()))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_have_the_shapes_and_types_of_what_they_belong_to(case, dtype, training):
    layer, shape = case
    trace = Sequential([layer]).trace(given(shape, dtype), training=training, rng=0)
    stage = trace.stages[0]
    grad_x, params = layer.backward(np.ones_like(stage.output), trace.input, stage.output, stage.saved)
    assert (grad_x.shape, grad_x.dtype) == (shape, dtype)
    for name, array in layer.params().items():
        assert (params[name].shape, params[name].dtype) == (array.shape, dtype)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_read_only_arrays_change_no_result(case, layout):
    layer, shape = case

    def laid_out(array: np.ndarray) -> np.ndarray:
        needs = {"reversed": 2, "channels last": 4}.get(layout, 1)
        result = LAYOUTS[layout](array) if array.ndim >= needs else array[...]
        result.setflags(write=False)
        return result

    x, grad = laid_out(given(shape)), laid_out(given(layer.output_shape(shape)) + 1)
    plain_x, plain_grad = np.ascontiguousarray(x), np.ascontiguousarray(grad)
    output, saved = layer.run(plain_x, training=True, rng=np.random.default_rng(0))
    grad_x, params = layer.backward(plain_grad, plain_x, output, saved)
    np.testing.assert_allclose(layer.forward(x), layer.forward(plain_x), rtol=1e-12, atol=1e-13)
    again, saved = layer.run(x, training=True, rng=np.random.default_rng(0))
    np.testing.assert_allclose(again, output, rtol=1e-12, atol=1e-13)
    again_x, again_params = layer.backward(grad, x, laid_out(again) if layout != "reversed" else again, saved)
    np.testing.assert_allclose(again_x, grad_x, rtol=1e-12, atol=1e-13)
    for name, array in params.items():
        np.testing.assert_allclose(again_params[name], array, rtol=1e-12, atol=1e-13)


def test_nothing_that_is_given_is_written_to(case):
    layer, shape = case
    x, grad = given(shape), given(layer.output_shape(shape))
    output, saved = layer.run(x, training=True, rng=np.random.default_rng(0))
    before = [array.copy() for array in (x, grad, output)]
    layer.backward(grad, x, output, saved)
    for array, was in zip((x, grad, output), before, strict=True):
        np.testing.assert_array_equal(array, was)


@pytest.mark.parametrize("training", [False, True])
def test_an_empty_batch_goes_there_and_back(case, training):
    layer, shape = case
    network = Sequential([layer])
    trace = network.trace(np.zeros((0, *shape[1:])), training=training, rng=0)
    assert trace.output.shape == (0, *layer.output_shape(shape)[1:])
    found = network.backward(trace, np.zeros(trace.output.shape))
    assert found.input.shape == (0, *shape[1:])
    for name, array in network.params().items():
        np.testing.assert_array_equal(found.params[name], np.zeros(array.shape))


def test_a_gradient_of_another_shape_is_refused_with_the_shape_that_works(case):
    layer, shape = case
    x = given(shape)
    output, saved = layer.run(x, training=True, rng=np.random.default_rng(0))
    for wrong in (np.ones((*output.shape, 1)), np.ones(output.size + 1), 1.0):
        with pytest.raises(ShapeError, match="grad"):
            layer.backward(np.asarray(wrong), x, output, saved)


# ---- whole networks ---------------------------------------------------------------------------------------------


def classifier() -> Sequential:
    layers = [Conv2d(1, 3, 3, padding=1), BatchNorm2d(3), ReLU(), MaxPool2d(2), Dropout(0.3), Flatten(), Linear(27, 4)]
    return in_double(Sequential(layers))


@pytest.mark.parametrize("training", [False, True])
def test_a_network_s_gradients_are_what_differences_say_at_every_stage(training):
    network, x = classifier(), untied((3, 1, 6, 6))
    forward, backward = there_and_back(network, training=training)
    assert_gradients(forward, backward, (x, *network.params().values()))
    # The gradient at a stage is what the rest of the network says of it.
    trace = network.trace(x, training=training, rng=1)
    grad = given(trace.output.shape)
    found = network.backward(trace, grad)
    for number in range(len(network.layers) - 1):
        rest = Sequential(network.layers[number + 1 :])
        shorter = Trace(
            trace.stages[number].output,
            tuple(replace(stage, inputs=(k - 1,)) for k, stage in enumerate(trace.stages[number + 1 :])),
        )
        np.testing.assert_array_equal(rest.backward(shorter, grad).input, found.stages[number])
    np.testing.assert_array_equal(found.stages[-1], grad)
    assert [each.shape for each in found.stages] == [stage.output.shape for stage in trace.stages]


def test_learning_leaves_out_what_only_the_input_needs():
    network, x = classifier(), untied((3, 1, 6, 6))
    network = Sequential([ReLU(), *network.layers])
    trace = network.trace(x, training=True, rng=1)
    grad = np.ones(trace.output.shape)
    whole, learning = network.backward(trace, grad), network.backward(trace, grad, needs_input=False)
    assert learning.input is None
    assert learning.stages[0] is None
    for name, array in whole.params.items():
        np.testing.assert_array_equal(learning.params[name], array)


def test_learning_lets_go_of_the_stages_and_gets_the_same_gradients():
    network = Sequential([Conv2d(1, 2, 3), ReLU(), Flatten(), Linear(8, 3)])
    x, grad = np.random.default_rng(0).normal(size=(2, 1, 4, 4)), np.ones((2, 3))
    trace = network.trace(x)
    whole, learning = network.backward(trace, grad), network.backward(trace, grad, keep_stages=False)
    np.testing.assert_array_equal(learning.input, whole.input)
    for name, array in whole.params.items():
        np.testing.assert_array_equal(learning.params[name], array)
    assert learning.stages == (None,) * 4
    for ask in (lambda: learning.explain(0, (0, 0, 0, 0)), lambda: learning.explain_param("0.weight", (0, 0, 0, 0))):
        with pytest.raises(ShapeError, match="without their trace"):
            ask()


def test_networks_with_nothing_to_learn_and_without_layers_go_back_too():
    x, grad = np.array([[-1.0, 2.0]]), np.array([[3.0, 5.0]])
    for layers, expected in (([], [[3, 5]]), ([ReLU()], [[0, 5]])):
        network = Sequential(layers)
        assert network.backward(network.trace(x), grad).input.tolist() == expected
        assert network.backward(network.trace(x), grad, needs_input=False).input is None
        assert network.backward(network.trace(x), grad).params == {}


def test_a_trace_of_another_network_and_a_gradient_that_does_not_fit_are_refused():
    network, other = Sequential([Linear(2, 2)]), Sequential([Linear(2, 2)])
    trace = network.trace(np.ones((1, 2)))
    with pytest.raises(ModelError, match="another network"):
        other.backward(trace, np.ones((1, 2)))
    with pytest.raises(ShapeError, match=r"shape \(1, 2\)"):
        network.backward(trace, np.ones(2))
    for wrong in (None, trace.output, "trace"):
        with pytest.raises(ModelError, match=r"network\.trace\(x\)"):
            network.backward(wrong, np.ones((1, 2)))


# ---- training runs ----------------------------------------------------------------------------------------------


def test_dropout_asks_for_a_seed_in_training_and_for_nothing_otherwise():
    network, x = Sequential([ReLU(), Dropout(0.5)]), np.ones((1, 8))
    np.testing.assert_array_equal(network.forward(x), x)
    np.testing.assert_array_equal(network.trace(x).output, x)
    with pytest.raises(ModelError, match=r"1\.Dropout: .*rng=0 works"):
        network.trace(x, training=True)
    for wrong in ("seed", -1, 1.5):
        with pytest.raises(ModelError, match="rng=0 works"):
            network.trace(x, training=True, rng=wrong)


def test_one_seed_drops_the_same_cells_and_a_generator_moves_on():
    network, x = Sequential([Dropout(0.5)]), np.ones((4, 50))
    first = network.trace(x, training=True, rng=7).output
    np.testing.assert_array_equal(network.trace(x, training=True, rng=7).output, first)
    np.testing.assert_array_equal(network.trace(x, training=True, rng=np.random.default_rng(7)).output, first)
    generator = np.random.default_rng(7)
    network.trace(x, training=True, rng=generator)
    assert not np.array_equal(network.trace(x, training=True, rng=generator).output, first)


@settings(max_examples=30)
@drawn(p=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_dropout_keeps_the_mean_and_drops_its_part(p, seed):
    output = Sequential([Dropout(p)]).trace(np.ones((1, 20_000)), training=True, rng=seed).output
    kept = output != 0
    assert abs(kept.mean() - (1 - p)) < 0.03
    if 0 < p < 1:
        np.testing.assert_allclose(output[kept], 1 / (1 - p))


def test_a_training_trace_leaves_running_statistics_alone():
    layer = BatchNorm2d(2)
    Sequential([layer]).trace(given((3, 2, 4, 4)) * 9, training=True)
    assert layer.running_mean.tolist() == [0, 0]
    assert layer.running_var.tolist() == [1, 1]


def test_one_number_a_channel_has_no_spread_to_train_with():
    network = Sequential([BatchNorm2d(2)])
    with pytest.raises(ShapeError, match=r"0\.BatchNorm2d: .*more than one"):
        network.trace(np.ones((1, 2, 1, 1)), training=True)
    assert network.trace(np.ones((1, 2, 1, 1))).output.shape == (1, 2, 1, 1)


def test_going_back_takes_no_more_memory_than_what_it_gives():
    network = Sequential([Linear(1000, 1000), Linear(1000, 2)])
    trace = network.trace(np.ones((1, 1000), np.float32))
    _, most = held(lambda: network.backward(trace, np.ones((1, 2), np.float32), needs_input=False))
    given = sum(array.nbytes for array in network.params().values())
    assert most < 1.5 * given
    # What comes after the stage that one begins at has zeros.
    found = network.backward(trace, np.ones((1, 1000)), stage=0)
    assert found.params["1.weight"].tolist() == [[0] * 1000] * 2
    assert found.params["0.bias"].any()
