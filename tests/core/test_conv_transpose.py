"""Transposed convolution, forwards and back, against loops, small steps and PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import ConvTranspose2d, ShapeError, conv2d, conv_transpose2d, conv_transpose2d_backward
from cnn_core.ops.conv import transposed as transposed_convolution
from cnn_core.ops.conv.execute import correlate
from tests.core.cases import LAYOUTS, integers, pairs, sides
from tests.helpers import oracles
from tests.helpers.gradients import assert_gradients


@st.composite
def transposed(draw):
    """``(x, weight, bias, settings)`` of a transposed convolution of which something is left."""
    groups = draw(st.integers(1, 3))
    channels, each = groups * draw(st.integers(1, 2)), draw(st.integers(1, 3))
    kernel, stride, dilation, around = draw(pairs), draw(pairs), draw(pairs), draw(sides)
    more = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    size = []
    for axis in (0, 1):
        cut = sum(around[axis]) - dilation[axis] * (kernel[axis] - 1) - more[axis]
        size.append(max(1, -(-cut // stride[axis]) + 1) + draw(st.integers(0, 3)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(rng, (draw(st.integers(0, 2)), channels, *size))
    bias = integers(rng, (each * groups,)) if draw(st.booleans()) else None
    settings = {"stride": stride, "padding": around, "output_padding": more, "dilation": dilation, "groups": groups}
    return x, integers(rng, (channels, each, *kernel)), bias, settings


ORDER = ("stride", "padding", "output_padding", "dilation", "groups")


@settings(max_examples=100)
@given(transposed(), st.sampled_from(sorted(LAYOUTS)))
def test_whole_numbers_come_out_exactly_as_loops_stamp_them(case, layout):
    x, weight, bias, given_settings = case
    x, weight = LAYOUTS[layout](x), LAYOUTS[layout](weight)
    before = x.copy()
    out = conv_transpose2d(x, weight, bias, **given_settings)
    expected = oracles.conv_transpose2d(x, weight, bias, *(given_settings[name] for name in ORDER))
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(x, before)


@settings(max_examples=60)
@given(transposed())
def test_pytorch_gives_the_same_result_and_gradients(case):
    torch = pytest.importorskip("torch")
    x, weight, bias, given_settings = case
    symmetric = {**given_settings, "padding": tuple(min(pair) for pair in given_settings["padding"])}
    if not x.size:
        return
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight)]
    try:
        expected = torch.nn.functional.conv_transpose2d(
            *leaves, None if bias is None else torch.tensor(bias), **symmetric
        )
    except RuntimeError:  # what PyTorch's own check of sizes refuses though something is left
        return
    np.testing.assert_array_equal(conv_transpose2d(x, weight, bias, **symmetric), expected.detach())
    grad = integers(np.random.default_rng(0), tuple(expected.shape))
    expected.backward(torch.tensor(grad))
    grad_x, grad_weight, grad_bias = conv_transpose2d_backward(grad, x, weight, **symmetric)
    np.testing.assert_array_equal(grad_x, leaves[0].grad)
    np.testing.assert_array_equal(grad_weight, leaves[1].grad)
    np.testing.assert_array_equal(grad_bias, grad.sum(axis=(0, 2, 3)))


@pytest.mark.parametrize(
    "given_settings",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1},
        {"dilation": 2, "output_padding": (1, 0), "padding": ((1, 0), (0, 2))},
        {"groups": 2, "stride": (1, 3)},
    ],
)
def test_a_small_step_changes_the_result_as_the_gradients_say(given_settings):
    rng = np.random.default_rng(3)
    x, weight = rng.normal(size=(2, 4, 3, 4)), rng.normal(size=(4, 3, 3, 2))
    outputs = 3 * given_settings.get("groups", 1)
    assert_gradients(
        lambda x, weight, bias: conv_transpose2d(x, weight, bias, **given_settings),
        lambda grad, x, weight, _: conv_transpose2d_backward(grad, x, weight, **given_settings),
        (x, weight, rng.normal(size=outputs)),
    )


def test_it_undoes_the_shape_of_the_convolution_of_the_same_settings():
    weight = np.ones((2, 3, 3, 3))
    small = conv2d(np.ones((1, 3, 8, 9)), weight, stride=2, padding=1)
    assert conv_transpose2d(small, weight, stride=2, padding=1, output_padding=(1, 0)).shape == (1, 3, 8, 9)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"output_padding": 1}, "smaller than the stride or the dilation.*0 works"),
        ({"stride": 2, "output_padding": 2}, "1 works"),
        ({"padding": 3}, "padding=0 works"),
        ({"padding": "same"}, "padding=0 works"),
        ({"groups": 3}, "groups"),
        ({"stride": 0}, "stride"),
    ],
)
def test_what_cannot_work_is_refused_in_words(bad, words):
    with pytest.raises(ShapeError, match=words):
        conv_transpose2d(np.ones((1, 2, 2, 2)), np.ones((2, 1, 3, 3)), **bad)


def test_channels_that_do_not_fit_are_refused_with_a_weight_that_would():
    with pytest.raises(ShapeError, match=r"\(2, 1, 3, 3\) works"):
        conv_transpose2d(np.ones((1, 2, 2, 2)), np.ones((3, 1, 3, 3)))


def test_a_gradient_in_double_precision_need_not_add_in_the_order_that_others_repeat(monkeypatch):
    taken = []
    monkeypatch.setattr(
        transposed_convolution, "correlate", lambda *a, **k: taken.append(k.get("ordered", True)) or correlate(*a, **k)
    )
    rng = np.random.default_rng(4)
    x, weight = rng.normal(size=(2, 16, 9, 8)), rng.normal(size=(16, 16, 1, 1))
    grad_x = conv_transpose2d_backward(x, x, weight)[0]
    assert taken == [False]
    np.testing.assert_allclose(grad_x, np.einsum("nohw,co->nchw", x, weight[:, :, 0, 0]), rtol=1e-12, atol=1e-12)


def test_without_the_input_s_gradient_the_others_are_the_same():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 4, 5, 6)), rng.normal(size=(4, 3, 3, 2))
    kept = {"stride": 2, "padding": (1, 0)}
    grad = rng.normal(size=conv_transpose2d(x, weight, **kept).shape)
    whole = conv_transpose2d_backward(grad, x, weight, **kept)
    grad_x, *others = conv_transpose2d_backward(grad, x, weight, **kept, needs_input=False)
    assert grad_x is None
    for found, expected in zip(others, whole[1:], strict=True):
        np.testing.assert_array_equal(found, expected)
    layer = ConvTranspose2d(4, 3, 3)
    out = layer.forward(x)
    assert layer.backward(out, x, out, needs_input=False)[0] is None
    with pytest.raises(ShapeError, match="needs_input must be True or False"):
        conv_transpose2d_backward(grad, x, weight, **kept, needs_input="no")
