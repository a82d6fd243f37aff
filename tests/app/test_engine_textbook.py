"""The textbook's loops give what the layers give, whatever the experiment asks of them, whole and in parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import conv2d, linear, max_pool2d, reference, relu
from cnn_core.ops.conv import conv_window
from cnn_core.shapes import Window
from pages.shared.engine import textbook
from tests.core.cases import convolutions, poolings
from tests.helpers import oracles


@settings(max_examples=120, deadline=None)
@given(convolutions(), st.sampled_from([1, 40, float("inf")]))
def test_convolution_gives_what_conv2d_and_the_oracle_give(case, most):
    several, weight, _, given_settings = case
    x = np.resize(np.arange(-4.0, 7), (1, weight.shape[1], *several.shape[2:]))  # one image, one group
    bias = np.arange(len(weight), dtype=np.float64)
    order = [given_settings[name] for name in ("stride", "padding", "dilation")]
    loops = textbook.convolution(x, weight, bias, conv_window(x.shape, weight.shape, *order, 1, "zeros"))
    expected = oracles.conv2d(x, weight, bias, *order, 1)
    assert loops.shape == expected.shape
    np.testing.assert_array_equal(loops.run(most), expected)  # whole numbers: exact in any order
    chosen = dict(zip(("stride", "padding", "dilation"), order, strict=True))
    np.testing.assert_array_equal(loops.run(most), conv2d(x, weight, bias, **chosen))


@settings(max_examples=120, deadline=None)
@given(poolings(), st.sampled_from([1, 40, float("inf")]))
def test_pooling_gives_what_max_pool2d_gives(case, most):
    x, kernel, given_settings = case
    x = x[:1] if len(x) else np.ones((1, *x.shape[1:]))
    stride, around = given_settings["stride"], given_settings["padding"]
    around = tuple(tuple(min(side, k - 1) for side in axis) for axis, k in zip(around, kernel, strict=True))
    if any(n + sum(axis) < k for n, axis, k in zip(x.shape[2:], around, kernel, strict=True)):
        return
    loops = textbook.pooling(x, Window(kernel, stride, (1, 1), around))
    np.testing.assert_array_equal(loops.run(most), max_pool2d(x, kernel, stride=stride, padding=around))


@pytest.mark.parametrize("most", [1, 20, float("inf")])
def test_relu_and_dense_layers_give_what_the_core_gives(most):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, 3, 5, 7))
    np.testing.assert_array_equal(textbook.activation(x).run(most), relu(x))
    flat, weight, bias = x.reshape(1, -1), rng.normal(size=(4, 105)), rng.normal(size=4)
    loops = textbook.fully_connected(flat, weight, bias)
    np.testing.assert_allclose(loops.run(most), linear(flat, weight, bias), rtol=1e-12)


CASES = {
    "convolution": lambda: textbook.convolution(
        np.ones((1, 3, 9, 11)), np.ones((2, 3, 3, 2)), np.ones(2), Window((3, 2), (2, 3), (2, 2), ((1, 1), (0, 2)))
    ),
    "plain convolution": lambda: textbook.convolution(
        np.ones((1, 1, 9, 11)), np.ones((1, 1, 3, 2)), np.zeros(1), Window((3, 2))
    ),
    "relu": lambda: textbook.activation(np.ones((1, 2, 4, 5))),
    "pooling": lambda: textbook.pooling(np.ones((1, 2, 8, 9)), Window((2, 2), (2, 2))),
    "pooling by rectangles": lambda: textbook.pooling(
        np.ones((1, 2, 8, 9)), Window((2, 3), (2, 1), (1, 1), ((1, 0), (0, 1)))
    ),
    "fully connected": lambda: textbook.fully_connected(np.ones((1, 12)), np.ones((3, 12)), np.zeros(3)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_operations_told_are_those_the_textbook_s_lines_carry_out(case, monkeypatch):
    loops = CASES[case]()
    counted = []

    def counting(name):
        real = getattr(reference, name)

        def call(first, *rest):
            out = real(first, *rest)
            window = {"convolve2d": lambda: np.size(rest[0]), "max_pooling": lambda: rest[0] ** 2}
            each = window.get(name, lambda: np.size(first) if name == "fully_connected" else 1)()
            counted.append(out.size * each)
            return out

        monkeypatch.setattr(reference, name, call)

    for name in ("convolve2d", "relu", "max_pooling", "fully_connected"):
        counting(name)
    parts = list(loops.work(np.zeros(loops.shape), 1))
    assert sum(counted) == sum(parts) == loops.operations
    assert len(parts) > 1


@pytest.mark.parametrize(
    ("case", "calls"), [("plain convolution", 1), ("relu", 2), ("pooling", 2), ("fully connected", 1)]
)
def test_in_one_go_each_plane_is_one_call_of_the_textbook_s(case, calls):
    loops = CASES[case]()
    assert len(list(loops.work(np.zeros(loops.shape), float("inf")))) == calls


@pytest.mark.parametrize("case", CASES)
def test_the_probe_runs_the_textbook_s_function_and_counts(case):
    loops = CASES[case]()
    assert loops.probe() > 0
    assert loops.function.__module__ == "cnn_core.reference"


def test_what_the_loops_do_not_know_is_told_and_nothing_else():
    assert CASES["plain convolution"]().around == ()
    told = " ".join(CASES["convolution"]().around)
    for word in ("padding", "stride", "dilation", "kernel", "bias"):
        assert word in told
    assert CASES["fully connected"]().around == ()
    told = " ".join(CASES["pooling by rectangles"]().around)
    for word in ("padding", "square", "stride", "plane"):
        assert word in told
