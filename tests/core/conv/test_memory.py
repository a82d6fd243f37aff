"""What a convolution holds beside input and output does not grow with the kernel's area."""

import numpy as np
import pytest

from cnn_core import conv2d, conv2d_backward
from tests.helpers.memory import held


def peak_beyond(make):
    """What is made, and the bytes held at most beside it."""
    made, most = held(make)
    return made, most - sum(each.nbytes for each in made)


def limit(*arrays):
    return sum(array.nbytes for array in arrays) / 2 + 32e6


@pytest.mark.parametrize(
    ("dtype", "x_shape", "weight_shape", "kept"),
    [
        (np.float64, (1, 1, 55, 3000), (1, 1, 51, 51), {}),
        (np.float64, (1, 1, 103, 3000), (1, 1, 101, 101), {}),
        (np.float32, (1, 64, 56, 56), (4, 64, 31, 31), {"padding": 15}),
        (np.float32, (1, 64, 100, 224), (4, 64, 31, 31), {"padding": 30, "stride": 2, "dilation": 2}),
        (np.float32, (1, 1, 1000, 1000), (1, 1, 700, 700), {"stride": 8}),
        (np.float32, (1, 1, 700, 1000), (1, 1, 640, 640), {}),
        (np.float32, (1, 512, 14, 14), (512, 512, 3, 3), {"padding": 1}),  # Winograd's, the most that it takes
    ],
)
def test_a_large_kernel_takes_no_more_memory_than_a_small_one_may(dtype, x_shape, weight_shape, kept):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=x_shape).astype(dtype), rng.normal(size=weight_shape).astype(dtype)
    (out,), beyond = peak_beyond(lambda: [conv2d(x, weight, **kept)])
    assert beyond < limit(x, out)


def test_the_way_back_through_a_large_kernel_takes_no_more_memory_either():
    rng = np.random.default_rng(0)
    x, weight, grad = (
        rng.normal(size=shape).astype(np.float32) for shape in ((1, 64, 56, 56), (64, 64, 15, 15), (1, 64, 56, 56))
    )
    made, beyond = peak_beyond(lambda: conv2d_backward(grad, x, weight, padding=7))
    assert beyond < limit(x, grad, *made)
