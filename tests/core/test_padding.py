"""What is seen around an image, and the way back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import ShapeError, conv2d
from cnn_core.ops.padding import pad, pad_backward
from cnn_core.shapes import PADDING_MODES
from tests.helpers import oracles

LINE = np.arange(1.0, 5.0).reshape(1, 1, 1, 4)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [0, 0, 1, 2, 3, 4, 0, 0, 0]),
        ("reflect", [3, 2, 1, 2, 3, 4, 3, 2, 1]),
        ("replicate", [1, 1, 1, 2, 3, 4, 4, 4, 4]),
        ("circular", [3, 4, 1, 2, 3, 4, 1, 2, 3]),
    ],
)
def test_a_line_is_continued_as_its_mode_says(mode, expected):
    assert pad(LINE, ((0, 0), (2, 3)), mode).ravel().tolist() == expected


@st.composite
def surroundings(draw):
    mode = draw(st.sampled_from(PADDING_MODES))
    size = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)))
    most = {"zeros": lambda s: 4, "reflect": lambda s: s - 1, "replicate": lambda s: 7, "circular": lambda s: s}[mode]
    sides = tuple(tuple(draw(st.integers(0, most(s))) for _ in range(2)) for s in size)
    return mode, np.random.default_rng(0).normal(size=(2, 3, *size)), sides


@settings(max_examples=100)
@given(surroundings())
def test_padding_shows_what_loops_find(case):
    mode, x, sides = case
    expected = oracles.padded(x, sides, 0.0) if mode == "zeros" else oracles.surrounded(x, sides, mode)
    np.testing.assert_array_equal(pad(x, sides, mode), expected)


@settings(max_examples=100)
@given(surroundings())
def test_the_way_back_is_the_adjoint(case):
    mode, x, sides = case
    around = pad(x, sides, mode)
    grad = np.random.default_rng(1).normal(size=around.shape)
    before = grad.copy()
    back = pad_backward(grad, sides, mode)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(back * x), np.sum(grad * around), rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(grad, before)


@pytest.mark.parametrize(("mode", "most"), [("reflect", 3), ("circular", 4)])
def test_a_padding_wider_than_what_there_is_to_show_is_refused(mode, most):
    x, weight = np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))
    with pytest.raises(ShapeError, match=rf"{mode}.*padding={most}"):
        conv2d(x, weight, padding=most + 1, padding_mode=mode)
    assert conv2d(x, weight, padding=most, padding_mode=mode).shape[2] == 2 + 2 * most


def test_a_mode_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(ShapeError, match=r"reflect.*mirror"):
        conv2d(LINE, np.ones((1, 1, 1, 1)), padding_mode="mirror")
