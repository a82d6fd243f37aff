"""The gradient check lets a right gradient through, and catches wrong ones."""

import numpy as np
import pytest

from tests.helpers.gradients import assert_gradients, distinct

X = np.random.default_rng(1).normal(size=(3, 4))
Y = np.random.default_rng(2).normal(size=(3, 4))


def test_a_right_gradient_passes():
    assert_gradients(lambda x, y: x * x * y, lambda grad, x, y: (grad * 2 * x * y, grad * x * x), (X, Y))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda grad, x: (grad * x,),
        lambda grad, x: (grad * 2 * x * 1.0001,),
        lambda grad, x: (-grad * 2 * x,),
        lambda grad, x: (grad * 2 * x[::-1],),
        lambda grad, x: ((grad * 2 * x)[:1],),
        lambda grad, x: (),
        lambda grad, x: (np.where(np.arange(12).reshape(3, 4) == 7, 0, grad * 2 * x),),
    ],
)
def test_a_wrong_gradient_is_caught(wrong):
    with pytest.raises(AssertionError):
        assert_gradients(lambda x: x * x, wrong, (X,))


def test_distinct_numbers_keep_their_distance():
    assert np.diff(np.sort(distinct((3, 5)).ravel())).min() >= 1
