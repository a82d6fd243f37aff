"""Attribution on networks small enough to compute by hand, and what each method promises in general."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    AvgPool2d,
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
    Sigmoid,
    Softmax,
    Tanh,
    attribution,
)
from tests.core.cases import frozen


def linear(weight, bias=None) -> Linear:
    weight = np.asarray(weight, dtype=np.float64)
    layer = Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    layer.weight = weight
    if bias is not None:
        layer.bias = bias
    return layer


WEIGHTS = np.arange(1.0, 10).reshape(3, 3)
PICTURE = np.array([[2.0, 0, 1], [-1, 3, 0], [0, 0, 4]])


def weighing() -> Sequential:
    """Two scores of a 3×3 picture: its cells weighed by 1 to 9, and the opposite."""
    return Sequential([Flatten(), linear([WEIGHTS.ravel(), -WEIGHTS.ravel()], [5.0, 0.0])])


def difference_of_two() -> Sequential:
    """``max(0, max(0, a) - 1 - max(0, b))``: the example of the paper on integrated gradients."""
    return Sequential([linear(np.eye(2)), ReLU(), linear([[1, -1]], [-1.0]), ReLU()])


def convolutional(seed: int = 0, last=None) -> Sequential:
    rng = np.random.default_rng(seed)
    layers = [Conv2d(2, 3, 3, padding=1, rng=rng), BatchNorm2d(3), Tanh(), AvgPool2d(2), Dropout(0.5)]
    layers += [Conv2d(3, 2, 2, rng=rng), Sigmoid(), Flatten(), Linear(8, 3, rng=rng)]
    made = Sequential(layers + ([last] if last else []))
    for layer in made.layers:
        for name, array in layer.params().items():
            setattr(layer, name, array.astype(np.float64) * 2)
    return made


# ---- by hand ----------------------------------------------------------------------------------------------------


def test_a_weighing_network_s_gradient_is_its_weights():
    x = PICTURE[None, None]
    np.testing.assert_array_equal(attribution.input_gradient(weighing(), x, 0)[0, 0], WEIGHTS)
    np.testing.assert_array_equal(attribution.input_gradient(weighing(), x, 1)[0, 0], -WEIGHTS)
    np.testing.assert_array_equal(attribution.gradient_times_input(weighing(), x, 0)[0, 0], WEIGHTS * PICTURE)


def test_every_image_may_be_asked_for_a_class_of_its_own():
    found = attribution.input_gradient(weighing(), np.stack([PICTURE, PICTURE])[:, None], [1, 0])
    np.testing.assert_array_equal(found[:, 0], np.stack([-WEIGHTS, WEIGHTS]))


def test_integrated_gradients_of_a_weighing_network_are_exact_from_any_baseline():
    x = PICTURE[None, None]
    for steps in (1, 7, 250):
        found = attribution.integrated_gradients(weighing(), x, 0, baseline=1.0, steps=steps)
        np.testing.assert_allclose(found[0, 0], WEIGHTS * (PICTURE - 1), rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(attribution.integrated_gradients(weighing(), x, 0, baseline=x), np.zeros_like(x))


def test_integrated_gradients_of_the_paper_s_example_are_the_paper_s():
    # At (3, 1) the score is 1. On the way from 0, at a times the end, 3a - 1 - a passes 0 at a = 1/2: from there on the
    # gradient is (1, -1), over half of the way, so the parts are 3/2 and -1/2.
    found = attribution.integrated_gradients(difference_of_two(), [[3.0, 1.0]], 0, steps=2000)
    np.testing.assert_allclose(found, [[1.5, -0.5]], atol=2e-3)
    np.testing.assert_array_equal(attribution.input_gradient(difference_of_two(), [[3.0, 1.0]], 0), [[1, -1]])


def test_integrated_gradients_see_what_saturates_and_a_gradient_does_not():
    clipped = Sequential([linear([[-1.0]], [1.0]), ReLU(), linear([[-1.0]], [1.0])])  # 1 - max(0, 1 - x)
    assert attribution.input_gradient(clipped, [[2.0]], 0)[0, 0] == 0
    assert attribution.integrated_gradients(clipped, [[2.0]], 0, steps=2000)[0, 0] == pytest.approx(1, abs=2e-3)


def test_noise_at_a_kink_smooths_the_gradient_to_what_lies_on_both_sides():
    network = Sequential([ReLU(), linear([[1.0, 0.0]])])
    x = np.array([[0.0, 2.0]])
    assert attribution.input_gradient(network, x, 0).tolist() == [[0, 0]]
    found = attribution.smooth_grad(network, x, 0, seed=0, noise=0.5, samples=400)
    assert found[0, 0] == pytest.approx(0.5, abs=0.1)
    assert found[0, 1] == 0


def test_grad_cam_weighs_the_maps_by_their_mean_gradient():
    convolution = Conv2d(1, 2, 1, bias=False)
    convolution.weight = np.array([1.0, -2.0]).reshape(2, 1, 1, 1)
    head = np.array([[1.0, 1, 1, 5, -1, 0, 0, -3], [0.0, 0, 0, 0, 1, 1, 1, 1]])
    network = Sequential([convolution, Flatten(), linear(head)])
    x = np.array([[[[1.0, 2], [3, -4]]]])
    # The maps are x and -2x; class 0 has mean gradients 2 and -1, so 2x + 2x; class 1 has 0 and 1, so -2x.
    assert attribution.grad_cam(network, x, 0).tolist() == [[[4, 8], [12, 0]]]
    assert attribution.grad_cam(network, x, 1, stage=0).tolist() == [[[0, 0], [0, 8]]]


def test_a_covered_patch_costs_what_its_cells_weigh():
    x = np.stack([PICTURE, np.zeros((3, 3))])[:, None]
    found = attribution.occlusion(weighing(), x, 0, size=2, stride=1)
    parts = WEIGHTS * PICTURE
    np.testing.assert_allclose(found[0], [[parts[i : i + 2, j : j + 2].sum() for j in (0, 1)] for i in (0, 1)])
    np.testing.assert_array_equal(found[1], np.zeros((2, 2)))
    filled = attribution.occlusion(weighing(), x, [0, 1], size=(1, 3), fill=1.0, batch_size=2)
    np.testing.assert_allclose(filled[0, :, 0], (WEIGHTS * (PICTURE - 1)).sum(axis=1))
    np.testing.assert_allclose(filled[1, :, 0], WEIGHTS.sum(axis=1))


# ---- in general -------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(0, 2), st.floats(-1, 1))
def test_integrated_gradients_add_up_to_the_difference_in_score(seed, target, level):
    network = convolutional(seed, Softmax())
    x = np.random.default_rng(seed).normal(size=(2, 2, 6, 6))
    found = attribution.integrated_gradients(network, x, target, baseline=level)
    there, back = network.forward(x)[:, target], network.forward(np.full_like(x, level))[:, target]
    np.testing.assert_allclose(found.sum(axis=(1, 2, 3)), there - back, atol=1e-8)


def test_without_noise_smooth_grad_is_the_gradient_and_one_seed_gives_one_map():
    network, x = convolutional(), np.random.default_rng(0).normal(size=(2, 2, 6, 6))
    np.testing.assert_allclose(
        attribution.smooth_grad(network, x, 1, seed=0, noise=0, samples=3),
        attribution.input_gradient(network, x, 1),
        rtol=1e-12,
    )
    first, again, other = (attribution.smooth_grad(network, x, 1, seed=seed, samples=3) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("stage", [0, 5])
def test_grad_cam_looks_at_any_convolution_and_only_speaks_for(stage):
    network, x = convolutional(), np.random.default_rng(0).normal(size=(2, 2, 6, 6))
    found = attribution.grad_cam(network, x, 2, stage=stage)
    trace = network.trace(x)
    assert found.shape == (2, *trace.stages[stage].output.shape[2:])
    assert found.min() >= 0
    grad = np.zeros((2, 3))
    grad[:, 2] = 1
    at = network.backward(trace, grad).stages[stage].mean(axis=(2, 3))
    np.testing.assert_allclose(found, np.maximum(np.einsum("nk,nkij->nij", at, trace.stages[stage].output), 0))


METHODS = {
    "input_gradient": attribution.input_gradient,
    "gradient_times_input": attribution.gradient_times_input,
    "integrated_gradients": lambda n, x, t: attribution.integrated_gradients(n, x, t, steps=3),
    "smooth_grad": lambda n, x, t: attribution.smooth_grad(n, x, t, seed=0, samples=2),
    "grad_cam": attribution.grad_cam,
    "occlusion": lambda n, x, t: attribution.occlusion(n, x, t, size=3),
}


def photographs(dtype=np.float32) -> tuple[Sequential, np.ndarray]:
    network = Sequential([Conv2d(1, 2, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(8, 3)])
    return network, np.random.default_rng(0).random((2, 1, 6, 6)).astype(dtype)


@pytest.mark.parametrize("method", METHODS)
def test_precision_is_kept_inputs_are_left_alone_and_nothing_changes_in_the_network(method):
    network, x = photographs()
    before = {name: array.copy() for name, array in network.params().items()}
    for dtype in (np.float32, np.float64):
        assert METHODS[method](network, frozen(x.astype(dtype)), 1).dtype == dtype
    np.testing.assert_allclose(
        METHODS[method](network, np.asfortranarray(x), 1), METHODS[method](network, x, 1), rtol=1e-4, atol=1e-6
    )
    for name, array in network.params().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_batch_has_empty_maps(method):
    network, x = photographs()
    assert METHODS[method](network, x[:0], 1).shape[0] == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", [3, -1, 1.0, None, "cat", [0], [0, 1, 2], [0, 3], True])
def test_a_class_that_is_not_there_is_refused(method, target):
    network, x = photographs()
    with pytest.raises(ShapeError, match="target must be a class from 0 to 2"):
        METHODS[method](network, x, target)


@pytest.mark.parametrize("method", METHODS)
def test_a_network_without_scores_is_refused(method):
    with pytest.raises(ModelError, match="Flatten and Linear"):
        METHODS[method](Sequential([Conv2d(1, 1, 3)]), np.ones((1, 1, 6, 6)), 0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda n, x: attribution.integrated_gradients(n, x, 0, steps=0), ModelError, "steps=50 works"),
        (lambda n, x: attribution.integrated_gradients(n, x, 0, baseline=np.ones(4)), ShapeError, "baseline=0 works"),
        (lambda n, x: attribution.smooth_grad(n, x, 0, seed=None), ModelError, "seed=0 works"),
        (lambda n, x: attribution.smooth_grad(n, x, 0, seed=0, noise=-1), ModelError, r"noise=0\.15 works"),
        (lambda n, x: attribution.smooth_grad(n, x, 0, seed=0, samples=0), ModelError, "samples=50 works"),
        (lambda n, x: attribution.grad_cam(n, x, 0, stage=1), ModelError, r"one of \[0\].* stage=0 works"),
        (lambda n, x: attribution.grad_cam(n, x, 0, stage=0.0), ModelError, "got 0.0; stage=0 works"),
        (lambda n, x: attribution.grad_cam(n, x, 0, stage=False), ModelError, "got False; stage=0 works"),
        (lambda n, x: attribution.grad_cam(n, x, 0, stage=np.array([0, 1])), ModelError, "stage=0 works"),
        (lambda n, x: attribution.grad_cam(Sequential(n.layers[3:]), x[:, :, :2, :4], 0), ModelError, "has none"),
        (lambda n, x: attribution.occlusion(n, x, 0, size=7), ShapeError, "does not fit"),
        (lambda n, x: attribution.occlusion(n, x, 0, size=2, stride=0), ShapeError, "stride"),
        (lambda n, x: attribution.occlusion(n, x, 0, size=2, fill="grey"), ModelError, "fill=0 works"),
        (
            lambda n, x: attribution.occlusion(n, np.float32(x), 0, size=2, fill=1e39),
            ShapeError,
            "float32.*fill=0 works",
        ),
        (lambda n, x: attribution.occlusion(n, x, 0, size=2, batch_size=0), ModelError, "batch_size"),
    ],
)
def test_settings_that_cannot_work_are_refused_in_words(call, error, says):
    with pytest.raises(error, match=says):
        call(*photographs())
