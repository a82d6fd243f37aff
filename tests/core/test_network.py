"""Networks as a whole."""

import numpy as np
import pytest

from cnn_core import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ModelError,
    ReLU,
    Sequential,
    ShapeError,
    Softmax,
)

RNG = np.random.default_rng(0)


def small() -> Sequential:
    return Sequential(
        [Conv2d(1, 6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(6, 16, 5), AvgPool2d(2), Flatten(), Linear(400, 10)]
    )


def test_a_run_and_a_trace_give_the_same():
    x = RNG.normal(size=(2, 1, 28, 28)).astype(np.float32)
    network = small()
    trace = network.trace(x)
    np.testing.assert_array_equal(trace.output, network.forward(x))
    assert [stage.inputs for stage in trace.stages] == [(k - 1,) for k in range(7)]
    assert [stage.name for stage in trace.stages][:2] == ["0.Conv2d", "1.ReLU"]
    assert all(stage.layer is layer for stage, layer in zip(trace.stages, network.layers, strict=True))


def test_the_summary_of_lenet_is_the_published_one():
    rows = small().summary((1, 1, 28, 28))
    shapes = [(6, 28, 28), (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (10,)]
    assert [row.output_shape[1:] for row in rows] == shapes
    assert [row.params for row in rows] == [156, 0, 0, 2416, 0, 0, 4010]
    assert [row.macs for row in rows] == [28 * 28 * 6 * 25, 0, 0, 10 * 10 * 16 * 6 * 25, 0, 0, 4000]
    assert [row.receptive_field.size for row in rows[:5]] == [(5, 5), (5, 5), (6, 6), (14, 14), (16, 16)]
    assert rows[5].receptive_field is None


def test_a_linear_layer_over_planes_multiplies_in_each_of_their_rows():
    layer = Linear(4, 2)
    assert [Sequential([layer]).summary(shape)[0].macs for shape in ((1, 3, 4, 4), (7, 3, 4, 4))] == [3 * 4 * 8] * 2
    assert [Sequential([layer]).summary(shape)[0].macs for shape in ((5, 4), (4,), (2, 6, 4))] == [8, 8, 6 * 8]


def test_parameters_are_named_by_their_layer():
    assert list(small().params()) == ["0.weight", "0.bias", "3.weight", "3.bias", "6.weight", "6.bias"]


def test_a_misfit_names_the_layer_it_happened_in():
    network = Sequential([ReLU(), Flatten(), Linear(9, 2)])
    for fails in (network.forward, network.trace, lambda x: network.summary(x.shape)):
        with pytest.raises(ShapeError, match=r"^2\.Linear: .*9"):
            fails(np.ones((1, 1, 2, 2)))


def test_later_edits_of_the_input_do_not_change_a_trace():
    x = np.ones((1, 1, 2, 2))
    trace = Sequential([ReLU()]).trace(x)
    x[:] = 7
    assert trace.input.max() == 1


@pytest.mark.parametrize("layers", [[], [Flatten()], [Dropout(0.5), Flatten()], [ReLU(), Flatten()]])
def test_a_network_s_output_and_gradients_may_be_written_to_without_touching_what_was_given(layers):
    network = Sequential(layers)
    x, grad = np.ones((2, 1, 2, 2)), np.ones((2, 4) if layers else (2, 1, 2, 2))
    network.forward(x)[:] = 7
    gradients = network.backward(network.trace(x), grad)
    grad[:] = 3
    assert x.max() == 1
    assert gradients.input.max() == 1
    assert all(stage.max() == 1 for stage in gradients.stages)


def test_a_network_of_no_layers_gives_its_input_back():
    trace = Sequential([]).trace(np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(trace.output, np.ones((1, 1, 2, 2)))
    assert trace.explain(-1, (0, 0, 1, 1)).consumers == ()


def test_what_is_no_layer_is_refused():
    with pytest.raises(ModelError, match="place 1"):
        Sequential([Softmax(), np.tanh])
    for wrong in (None, 5, Softmax(), np.array(1.0)):
        with pytest.raises(ModelError, match=r"Sequential\(\[ReLU\(\)\]\) works"):
            Sequential(wrong)


@pytest.mark.parametrize("shape", [None, 5, "images", (1, 1, 2.5, 3), (1, -1, 3, 3), [None, 1, 3, 3]])
def test_a_summary_of_what_is_no_shape_is_refused(shape):
    with pytest.raises(ShapeError, match=r"\(1, 1, 28, 28\) works"):
        small().summary(shape)


@pytest.mark.parametrize("layer", [Conv2d(1, 1, 3, padding=1), BatchNorm2d(1), Linear(4, 4)])
def test_a_layer_that_learns_stands_in_a_network_once(layer):
    with pytest.raises(ModelError, match=rf"place 2 .*place 0.*; another {type(layer).__name__}.* works"):
        Sequential([layer, ReLU(), layer])
    idle = Dropout(0.5)
    assert len(Sequential([layer, idle, idle]).layers) == 3


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda given: Conv2d(1, 1, 3, padding=given), "padding"),
        (lambda given: ConvTranspose2d(1, 1, 3, padding=given), "padding"),
        (lambda given: ConvTranspose2d(1, 1, 3, stride=3, output_padding=given), "output_padding"),
        (lambda given: MaxPool2d(3, padding=given), "padding"),
        (lambda given: AvgPool2d(3, padding=given), "padding"),
    ],
)
@pytest.mark.parametrize("given", [[1, 0], np.array([1, 0]), [np.int64(1), 0]])
def test_a_setting_given_as_a_list_is_the_layer_s_own(make, name, given):
    given = given.copy()
    layer = make(given)
    assert repr(getattr(layer, name)) == "(1, 0)"
    given[0] = 2
    assert layer.settings()[name] == (1, 0)


def test_sides_given_as_lists_are_the_layer_s_own():
    sides = [[1, 2], [0, 1]]
    layers = [Conv2d(1, 1, 3, padding=sides), MaxPool2d(3, padding=sides)]
    shape = layers[0].output_shape((1, 1, 5, 5))
    sides[0][0] = 9
    assert [layer.padding for layer in layers] == [((1, 2), (0, 1))] * 2
    assert layers[0].output_shape((1, 1, 5, 5)) == shape
