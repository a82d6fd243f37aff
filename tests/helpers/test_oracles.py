"""The oracles are held to hand-computed cases and to SciPy."""

import numpy as np
import pytest
from scipy.signal import correlate2d

from tests.helpers import oracles

NO_PADDING = ((0, 0), (0, 0))


def test_the_convolution_oracle_agrees_with_scipy():
    rng = np.random.default_rng(0)
    for shape, kernel in (((5, 7), (3, 3)), ((6, 6), (2, 5)), ((4, 4), (4, 4)), ((1, 9), (1, 2))):
        image, weights = rng.normal(size=shape), rng.normal(size=kernel)
        ours = oracles.conv2d(image[None, None], weights[None, None], None, (1, 1), NO_PADDING, (1, 1), 1)
        np.testing.assert_allclose(ours[0, 0], correlate2d(image, weights, "valid"), rtol=1e-12)


def test_the_convolution_oracle_strides_dilates_and_groups():
    image = np.arange(2 * 5 * 5, dtype=float).reshape(1, 2, 5, 5)
    weights = np.ones((2, 1, 2, 2))
    out = oracles.conv2d(image, weights, [0, 100], (2, 2), NO_PADDING, (2, 2), 2)
    assert out.tolist() == [[[[24, 32], [64, 72]], [[224, 232], [264, 272]]]]


@pytest.mark.parametrize(
    ("size", "before", "after", "extent", "stride", "ceil_mode", "expected"),
    [
        (5, 0, 0, 2, 2, False, [0, 2]),
        (5, 0, 0, 2, 2, True, [0, 2, 4]),
        (4, 0, 0, 2, 2, True, [0, 2]),
        (5, 1, 1, 3, 2, False, [-1, 1, 3]),
        (3, 1, 1, 2, 3, True, [-1, 2]),
        (1, 1, 1, 2, 2, True, [-1]),
    ],
)
def test_pooling_windows_begin_where_pytorch_begins_them(size, before, after, extent, stride, ceil_mode, expected):
    assert oracles.pool_starts(size, before, after, extent, stride, ceil_mode) == expected
