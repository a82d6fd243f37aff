"""Twice the work takes twice the time, and memory beyond input and output stays within its bound."""

from __future__ import annotations

import numpy as np
import pytest

import cnn_core
from tests.benchmarks.rows import numbers
from tests.benchmarks.timing import interleaved
from tests.helpers.memory import held

MEGABYTE = 2**20

# Images of about 25 MB: channels, rows, columns, and the convolution's output channels and kernel.
CASES = {
    "grey 3×3": ((1, 1, 2000, 3000), (1, 1, 3, 3), {"padding": 1}),
    "grey 15×15": ((1, 1, 2000, 3000), (1, 1, 15, 15), {"padding": 7}),
    "grey 31×31": ((1, 1, 2000, 3000), (1, 1, 31, 31), {"padding": 15}),
    "grey 31×31, stride 2": ((1, 1, 2000, 3000), (1, 1, 31, 31), {"padding": 15, "stride": 2}),
    "grey 5×5, mirrored": ((1, 1, 2000, 3000), (1, 1, 5, 5), {"padding": 2, "padding_mode": "reflect"}),
    "dilated": ((1, 1, 2000, 3000), (1, 1, 3, 3), {"padding": 4, "dilation": 4}),
    "depthwise": ((1, 8, 900, 900), (8, 1, 3, 3), {"padding": 1, "groups": 8}),
    "64→64": ((1, 64, 320, 320), (64, 64, 3, 3), {"padding": 1}),
    "256→64 1×1": ((1, 256, 160, 160), (64, 256, 1, 1), {}),
    "256→256": ((1, 256, 160, 160), (256, 256, 3, 3), {"padding": 1}),
    "256→512, small": ((1, 256, 40, 40), (512, 256, 3, 3), {"padding": 1}),  # the most kernels in 16 numbers each
    "512→512, small": ((1, 512, 28, 28), (512, 512, 3, 3), {"padding": 1}),
    "a batch": ((256, 3, 96, 96), (8, 3, 5, 5), {"padding": 2}),
}


def peak(run, *arrays) -> int:
    """Bytes beyond the given arrays and the result."""
    run()
    result, high = held(run)
    results = [result] if isinstance(result, np.ndarray) else [r for r in result if r is not None]
    return high - sum(r.nbytes for r in results)


@pytest.mark.parametrize("name", CASES)
def test_memory_stays_within_half_of_input_and_output_and_32_megabytes(name):
    x_shape, weight_shape, settings = CASES[name]
    x, weight = numbers(*x_shape), numbers(*weight_shape, seed=1)
    out = cnn_core.conv2d(x, weight, **settings)
    bound = (x.nbytes + out.nbytes) / 2 + 32 * MEGABYTE
    used = peak(lambda: cnn_core.conv2d(x, weight, **settings))
    given = (x.nbytes + out.nbytes) / MEGABYTE
    print(f"{name}: {used / MEGABYTE:.1f} MB beyond {given:.0f}, allowed {bound / MEGABYTE:.0f}")
    assert used <= bound


@pytest.mark.parametrize("name", CASES)
def test_gradients_stay_within_the_same_bound(name):
    x_shape, weight_shape, settings = CASES[name]
    x, weight = numbers(*x_shape), numbers(*weight_shape, seed=1)
    grad = cnn_core.conv2d(x, weight, **settings)
    given = 2 * x.nbytes + grad.nbytes  # input and gradient come in, one as large as the input goes out
    bound = given / 2 + 32 * MEGABYTE
    used = peak(lambda: cnn_core.conv2d_backward(grad, x, weight, **settings))
    print(f"{name}: {used / MEGABYTE:.1f} MB, allowed {bound / MEGABYTE:.0f}")
    assert used <= bound


@pytest.mark.parametrize("pool", [cnn_core.max_pool2d, cnn_core.avg_pool2d])
@pytest.mark.parametrize("kernel", [3, 101])
@pytest.mark.parametrize("shape", [(1, 1, 2000, 3000), (1, 64, 300, 300)])
def test_pooling_stays_within_the_bound(pool, shape, kernel):
    x = numbers(*shape)
    used = peak(lambda: pool(x, kernel, stride=2, padding=kernel // 2))
    assert used <= x.nbytes / 2 + 32 * MEGABYTE


def test_memory_does_not_grow_with_the_kernel():
    x = numbers(1, 1, 1000, 1500)
    used = [peak(lambda k=k: cnn_core.conv2d(x, numbers(1, 1, k, k), padding=k // 2)) for k in (3, 7, 15, 31, 63)]
    print("peaks in MB:", [round(bytes_ / MEGABYTE, 1) for bytes_ in used])
    assert max(used) <= 16 * MEGABYTE


@pytest.mark.parametrize("name", CASES)
def test_twice_the_rows_take_twice_the_time(name):
    x_shape, weight_shape, settings = CASES[name]
    weight = numbers(*weight_shape, seed=1)
    whole, half = numbers(*x_shape), numbers(*x_shape[:2], x_shape[2] // 2, x_shape[3])
    runs = {
        "half": lambda: cnn_core.conv2d(half, weight, **settings),
        "whole": lambda: cnn_core.conv2d(whole, weight, **settings),
    }
    times = interleaved(runs, rounds=5)
    print(f"{name}: {times['whole'] / times['half']:.2f} times")
    assert 1.3 < times["whole"] / times["half"] < 3
