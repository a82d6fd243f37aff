"""Batch normalisation at inference."""

import numpy as np
import pytest

from cnn_core import ShapeError, batch_norm2d

X = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
MEAN, VAR = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.25, 0.0])
WEIGHT, BIAS = np.array([2.0, -1.0, 0.5]), np.array([0.0, 3.0, -2.0])


def test_it_is_the_published_formula_channel_by_channel():
    for weight, bias in ((WEIGHT, BIAS), (None, BIAS), (WEIGHT, None), (None, None)):
        out = batch_norm2d(X, MEAN, VAR, weight, bias, 1e-3)
        for c in range(3):
            expected = (X[:, c] - MEAN[c]) / np.sqrt(VAR[c] + 1e-3)
            expected = expected * (1 if weight is None else weight[c]) + (0 if bias is None else bias[c])
            np.testing.assert_allclose(out[:, c], expected, rtol=1e-12, atol=1e-10)


def test_float32_stays_float32():
    given = [array.astype(np.float32) for array in (X, MEAN, VAR, WEIGHT, BIAS)]
    assert batch_norm2d(*given).dtype == np.float32


@pytest.mark.parametrize(
    "given",
    [
        (X[0], MEAN, VAR),
        (X, MEAN[:2], VAR),
        (X, MEAN, VAR[None]),
        (X, MEAN, -VAR),
        (X, MEAN, VAR, np.ones(2)),
        (X, MEAN, VAR, None, 1.0),
        (X, None, VAR),
    ],
)
def test_what_does_not_fit_is_refused(given):
    with pytest.raises(ShapeError):
        batch_norm2d(*given)
