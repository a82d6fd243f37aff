"""The textbook's example, by the plain loops and by the network."""

import numpy as np
import pytest

from cnn_core import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Softmax, kernels, reference

GRID = np.array([[1, 2, 3, 0, 1], [4, 5, 6, 1, 2], [7, 8, 9, 2, 3], [1, 2, 3, 4, 5], [6, 7, 8, 5, 6]])
KERNEL = np.array([[1, 0, -1]] * 3)
FEATURES = [[-6, 12, 12], [-6, 8, 8], [-6, 6, 6]]
RECTIFIED = [[0, 12, 12], [0, 8, 8], [0, 6, 6]]


def test_the_loops_give_the_textbook_s_numbers():
    features = reference.convolve2d(GRID, KERNEL)
    assert features.tolist() == FEATURES
    assert reference.relu(features).tolist() == RECTIFIED
    assert reference.max_pooling(RECTIFIED).tolist() == [[12]]
    assert reference.fully_connected([[12]], [0.5], [1]).tolist() == [7]


def test_the_network_gives_the_textbook_s_numbers_and_its_sums():
    convolution = Conv2d(1, 1, 3)
    convolution.weight = KERNEL[None, None]
    convolution.bias = np.zeros(1)
    layers = [convolution, ReLU(), MaxPool2d(2), Flatten(), Linear(1, 3, rng=np.random.default_rng(0)), Softmax()]
    trace = Sequential(layers).trace(GRID[None, None])
    assert [stage.output.tolist() for stage in trace.stages[:3]] == [[[FEATURES]], [[RECTIFIED]], [[[[12]]]]]
    asked = trace.explain(0, (0, 0, 0, 1))
    assert [term.product for term in asked.terms] == [2, 0, 0, 5, 0, -1, 8, 0, -2]
    assert asked.total == asked.value == 12
    scores = reference.fully_connected([[12]], layers[4].weight.T, layers[4].bias)
    np.testing.assert_allclose(trace.stages[4].output[0], scores, rtol=1e-15)
    assert trace.output.sum() == pytest.approx(1)


def test_the_library_holds_the_textbook_s_kernel():
    np.testing.assert_array_equal(kernels.get("prewitt_x").weights, KERNEL)
