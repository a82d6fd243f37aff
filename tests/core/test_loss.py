"""Cross-entropy against its definition, at extreme scores, and at its refusals."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core import ShapeError, cross_entropy
from tests.core.cases import frozen
from tests.helpers.gradients import assert_gradients


def plain(logits: np.ndarray, labels: np.ndarray) -> float:
    """The definition, in Python's numbers."""
    total = 0.0
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        total -= math.log(math.exp(row[label]) / sum(map(math.exp, row)))
    return total / len(logits)


def exactly(row: np.ndarray, label: int) -> tuple[float, list[float]]:
    """The loss and the gradient of one row's scores, in decimals of 400 digits."""
    with localcontext() as exact:
        exact.prec = 400
        powers = [(Decimal(z) - Decimal(row.tolist()[label])).exp() for z in row.tolist()]
        chances = [power / sum(powers) for power in powers]
        slopes = [chance - (k == label) for k, chance in enumerate(chances)]
        return float(sum(powers).ln()), [float(slope) for slope in slopes]


@given(st.integers(1, 6), st.integers(1, 7), st.integers(0, 2**32), st.sampled_from([np.float32, np.float64]))
def test_it_is_minus_the_log_of_the_label_s_probability(count, classes, seed, dtype):
    rng = np.random.default_rng(seed)
    logits = frozen(rng.normal(scale=3, size=(count, classes)).astype(dtype))
    labels = frozen(rng.integers(0, classes, count))
    loss, grad = cross_entropy(logits, labels)
    expected = plain(logits.astype(float), labels)  # which itself loses digits where the probability is almost 1
    assert loss == pytest.approx(expected, rel=2e-6 if dtype == np.float32 else 1e-10, abs=1e-14)
    assert (grad.dtype, grad.shape) == (dtype, logits.shape)
    np.testing.assert_allclose(grad.sum(axis=1), 0, atol=1e-6)


def test_its_gradient_is_what_differences_say():
    labels = np.array([0, 2, 1, 2])
    assert_gradients(
        lambda x: np.array(cross_entropy(x, labels)[0]),
        lambda grad, x: (grad * cross_entropy(x, labels)[1],),
        (np.random.default_rng(0).normal(size=(4, 3)),),
    )


def test_scores_of_any_size_overflow_nothing():
    with np.errstate(all="raise", under="ignore"):
        loss, grad = cross_entropy([[1e308, -1e308], [-1e308, 0.0]], [0, 1])
    assert loss == 0
    assert not grad.any()
    assert cross_entropy([[0.0, 1000.0]], [0])[0] == 1000
    assert cross_entropy(np.float32([[0.0, -np.inf]]), [1])[0] == np.inf
    for bad in (np.inf, np.nan):
        loss, grad = cross_entropy([[bad, 0.0]], [0])
        assert np.isnan(loss)
        assert np.isnan(grad).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lead", [0, 1, 15, 20, 30, 40, 80, 600, -30, -700])
@pytest.mark.parametrize("least", [0, -7, 300])
def test_a_label_that_is_almost_certain_has_its_loss_and_gradient_to_the_last_bits(least, lead, dtype):
    row = np.array([least + lead, least, least - 1.5], dtype)
    expected, slopes = exactly(row, 0)
    loss, grad = cross_entropy(row[None], [0])
    tiniest, last_bits = float(np.finfo(dtype).tiny), 4 * float(np.finfo(dtype).eps)
    assert loss == pytest.approx(expected, rel=last_bits, abs=tiniest)
    assert grad[0].tolist() == pytest.approx(slopes, rel=last_bits, abs=tiniest)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_the_gradient_adds_up_to_nothing_however_certain_its_label_is(dtype):
    logits = np.array([[lead, 0, -3, 1] for lead in (0, 10, 37, 60, 80)], dtype)
    _, grad = cross_entropy(logits, np.zeros(len(logits), int))
    apart = np.abs(grad.astype(np.float64).sum(axis=1)) / np.abs(grad[:, 0])
    assert apart.max() <= 4 * np.finfo(dtype).eps


@pytest.mark.parametrize("least", [0, -20, 60, -60, 95, -95, 5000])
def test_in_single_precision_it_is_double_s_wherever_the_scores_lie(least):
    rng = np.random.default_rng(0)
    logits, labels = (least + rng.normal(scale=4, size=(9, 12))).astype(np.float32), rng.integers(0, 12, 9)
    logits[0, labels[0]] += 30  # almost certain
    logits[1, labels[1]] -= 90  # as wrong as can be
    for laid_out in (logits, np.asfortranarray(logits)):
        loss, grad = cross_entropy(laid_out, labels)
        exact, slopes = cross_entropy(logits.astype(np.float64), labels)
        assert loss == pytest.approx(exact, rel=1e-6)
        np.testing.assert_allclose(grad, slopes, rtol=2e-5, atol=1e-8)
    for row in range(2):
        loss, grad = cross_entropy(logits[row : row + 1], labels[row : row + 1])
        assert loss == pytest.approx(
            cross_entropy(logits[row : row + 1].astype(float), labels[row : row + 1])[0], rel=2e-5
        )


def test_an_empty_batch_has_no_mean():
    loss, grad = cross_entropy(np.ones((0, 3)), [])
    assert math.isnan(loss)
    assert grad.shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_and_gradients_are_pytorch_s(dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    for scale in (0.1, 1, 30):
        logits, labels = rng.normal(scale=scale, size=(16, 10)).astype(dtype), rng.integers(0, 10, 16)
        tensor = torch.tensor(logits, requires_grad=True)
        theirs = torch.nn.functional.cross_entropy(tensor, torch.tensor(labels))
        theirs.backward()
        loss, grad = cross_entropy(logits, labels)
        tolerance = 2e-6 if dtype == np.float32 else 1e-13
        assert loss == pytest.approx(float(theirs.detach()), rel=tolerance)
        np.testing.assert_allclose(grad, tensor.grad.numpy(), rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.int32, list])
def test_labels_may_be_integers_of_any_kind(kind):
    labels = [1, 0] if kind is list else np.array([1, 0], kind)
    assert cross_entropy(np.eye(2), labels)[0] == pytest.approx(math.log(1 + math.e))


@pytest.mark.parametrize(
    ("logits", "labels", "says"),
    [
        (np.ones(3), [0], r"\(N, K\)"),
        (np.ones((1, 0)), [0], r"\(N, K\)"),
        (np.ones((2, 3, 4, 4)), [0, 1], r"\(N, K\)"),
        (np.ones((2, 3)), [0], r"shape \(2,\)"),
        (np.ones((2, 3)), [[0], [1]], r"shape \(2,\)"),
        (np.ones((2, 3)), [0, 3], "from 0 to 2 .*got 3"),
        (np.ones((2, 3)), [-1, 0], "from 0 to 2 .*got -1"),
        (np.ones((2, 3)), np.array([0, 255], np.uint8), "got 255"),
        (np.ones((2, 3)), [0.0, 1.0], "integers.*astype"),
        (np.ones((2, 3)), [True, False], "integers"),
        (np.ones((2, 3)), ["a", "b"], "integers"),
        (np.ones((2, 3)), np.eye(3)[:2], "shape"),
        (np.ones((2, 3)), [[1, 2], [3]], "all of one length"),
        (np.array([["a"]]), [0], "real numbers"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(logits, labels, says):
    with pytest.raises(ShapeError, match=says):
        cross_entropy(logits, labels)
