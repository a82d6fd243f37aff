"""Products made in parts of lines and columns."""

import numpy as np
import pytest

from cnn_core.ops.conv import products


@pytest.mark.parametrize(
    "shape",
    [
        (128, 128, 225),
        (128, 64, 96),
        (127, 128, 200),
        (64, 64, 700),
        (64, 64, 448),
        (64, 64, 841),
        (256, 256, 50),
        (96, 96, 99),
        (16, 32, 9000),
    ],
)
def test_products_may_be_made_in_parts_of_lines_and_columns(shape):
    lines, depth, count = shape
    rng = np.random.default_rng(22)
    left = rng.normal(size=(2, lines, depth)).astype(np.float32)
    right = rng.normal(size=(2, depth, count + 5)).astype(np.float32)[..., :count]
    out = np.full((2, lines, count), np.nan, np.float32)
    products.multiply(left, right, out)
    np.testing.assert_allclose(out, left.astype(np.float64) @ right, atol=1e-4)


@pytest.mark.parametrize("shape", [(256, 256, 98), (96, 128, 112), (7, 600, 300), (5, 40, 9)])
def test_products_may_be_made_in_parts_of_lines_alone(shape):
    lines, depth, count = shape
    rng = np.random.default_rng(24)
    left = rng.normal(size=(2, lines, depth)).astype(np.float32)
    right = rng.normal(size=(2, depth, count + 5)).astype(np.float32)[..., :count]
    out = np.full((2, lines, count), np.nan, np.float32)
    for operands in products.in_lines(left, right, out):
        np.matmul(*operands)
    np.testing.assert_allclose(out, left.astype(np.float64) @ right, atol=2e-4)
