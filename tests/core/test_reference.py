"""The textbook's loops, against SciPy and NumPy and at their refusals."""

import inspect

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from cnn_core import ShapeError, max_pool2d, reference

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("image", "kernel"), [((5, 5), (3, 3)), ((4, 7), (1, 1)), ((6, 3), (4, 3)), ((1, 1), (1, 1))])
def test_convolution_is_scipy_s_correlation(image, kernel):
    x, weights = RNG.normal(size=image), RNG.normal(size=kernel)
    np.testing.assert_allclose(
        reference.convolve2d(x, weights), correlate2d(x, weights, "valid"), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize(("image", "kernel"), [((5, 5), (3, 3)), ((4, 7), (1, 2)), ((6, 3), (4, 3))])
def test_a_true_convolution_is_scipy_s_and_turns_the_kernel_half_around(image, kernel):
    x, weights = RNG.normal(size=image), RNG.normal(size=kernel)
    ours = reference.convolve2d(x, weights, true_convolution=True)
    np.testing.assert_allclose(ours, convolve2d(x, weights, "valid"), rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(ours, reference.convolve2d(x, weights[::-1, ::-1]))


def test_pooling_and_relu_and_dense_layers_by_other_means():
    x = RNG.normal(size=(6, 8))
    np.testing.assert_array_equal(reference.relu(x), np.where(x < 0, 0, x))
    np.testing.assert_array_equal(reference.max_pooling(x), x.reshape(3, 2, 4, 2).max(axis=(1, 3)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3)).max(axis=(2, 3))
    np.testing.assert_array_equal(reference.max_pooling(x, 3, 1), windows)
    weights, bias = RNG.normal(size=(48, 2)), RNG.normal(size=2)
    np.testing.assert_allclose(reference.fully_connected(x, weights, bias), x.ravel() @ weights + bias, rtol=1e-12)
    assert reference.fully_connected(x, weights[:, 0], 1.0).shape == (1,)


@pytest.mark.parametrize("place", range(4))
def test_a_window_that_holds_a_nan_gives_nan_wherever_it_stands(place):
    image = np.array([[1.0, 4.0, 2.0, 0.5], [3.0, 2.0, 7.0, 5.0]])
    image[place // 2, place % 2] = np.nan
    found = reference.max_pooling(image)
    np.testing.assert_array_equal(found, [[np.nan, 7]])
    np.testing.assert_array_equal(found, max_pool2d(image[None, None], 2)[0, 0])


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (reference.convolve2d, (np.ones((2, 2)), np.ones((3, 3)))),
        (reference.convolve2d, (np.ones(4), np.ones((3, 3)))),
        (reference.convolve2d, ([[1, 2], [3]], [[1]])),
        (reference.convolve2d, ([["a"]], [[1]])),
        (reference.convolve2d, ([["1"]], [[1]])),
        (reference.convolve2d, ([[1]], [[None]])),
        (reference.relu, ([[1j]],)),
        (reference.fully_connected, ([["1", "2"]], np.ones(2), 0)),
        (reference.relu, (5,)),
        (reference.relu, (np.ones((0, 3)),)),
        (reference.max_pooling, (np.ones((2, 2)), 3)),
        (reference.max_pooling, (np.ones((2, 2)), 2, 0)),
        (reference.fully_connected, (np.ones((2, 2)), np.ones(3), 0)),
        (reference.fully_connected, (np.ones((2, 2)), np.ones((4, 2)), np.ones(3))),
    ],
)
def test_what_does_not_fit_is_refused_in_words(function, given):
    with pytest.raises(ShapeError):
        function(*given)


def test_the_loops_owe_nothing_to_the_rest_of_the_package():
    imports = [line for line in inspect.getsource(reference).splitlines() if line.startswith(("from", "import"))]
    assert [line for line in imports if "cnn_core" in line] == ["from cnn_core.errors import ShapeError"]
