"""Whether what is estimated to be the fastest is: random shapes, each done in every way that can do it."""

from __future__ import annotations

import numpy as np

from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import estimates, obstacle
from cnn_core.ops.conv.execute import correlate
from tests.benchmarks.rows import numbers
from tests.benchmarks.timing import geometric_mean, interleaved

SHAPES = 120

# Multiply-adds and numbers of what a test can wait for.
SUMS_MOST = 3e7
NUMBERS_MOST = 1e6


def shapes():
    """Random work, half of it a kernel for each plane."""
    rng = np.random.default_rng(0)
    found = 0
    while found < SHAPES:
        batch = rng.choice([1, 1, 1, 2, 8, 32, 128])
        channels, outputs = rng.choice([1, 2, 3, 6, 10, 16, 32, 64, 128, 256], 2)
        groups = channels if rng.random() < 0.5 else 1
        outputs = channels if groups > 1 else outputs
        side, kernel = rng.choice([7, 8, 14, 20, 28, 56, 112, 224, 480]), rng.choice([1, 3, 3, 3, 5, 7, 11])
        stride, dilation = ((1, 1), (1, 1), (2, 1), (3, 1), (1, 2))[rng.integers(5)]
        if (kernel - 1) * dilation >= side:
            continue
        x_shape, weight_shape = (batch, channels, side, side), (outputs, channels // groups, kernel, kernel)
        around = int(kernel // 2 * dilation)
        sliding = conv_window(x_shape, weight_shape, stride, around, dilation, groups, "zeros")
        cells = batch * outputs * np.prod(sliding.output_size(side, side))
        if cells * np.prod(weight_shape[1:]) <= SUMS_MOST and max(cells, np.prod(x_shape)) <= NUMBERS_MOST:
            found += 1
            yield tuple(map(int, x_shape)), tuple(map(int, weight_shape)), sliding, int(groups)


def test_what_is_estimated_to_be_the_fastest_hardly_takes_longer_than_what_is():
    lost, first = [], []
    for x_shape, weight_shape, sliding, groups in shapes():
        x, weight, size = numbers(*x_shape), numbers(*weight_shape, seed=1), sliding.output_size(*x_shape[2:])
        order = [
            branch
            for branch, _ in estimates(x_shape, weight_shape, sliding, groups)
            if obstacle(branch, x, weight, sliding, groups) is None
        ]

        def run(branch, x=x, weight=weight, sliding=sliding, groups=groups, size=size):
            return lambda: correlate(x, weight, None, sliding, groups, size, branch=branch)

        times = interleaved({branch: run(branch) for branch in order}, rounds=5)
        lost.append(times[order[0]] / min(times.values()))
        first.append(lost[-1] < 1.1)
    print(f"\nchosen over fastest, {len(lost)} shapes: {geometric_mean(lost):.3f} in the mean, at most {max(lost):.2f}")
    assert geometric_mean(lost) < 1.15
    assert np.mean(first) > 0.75
