"""The gradients of a convolution against loops, small steps and PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import ShapeError, conv2d, conv2d_backward, conv_transpose2d_backward
from cnn_core.ops.conv import convolution, transposed
from cnn_core.shapes import PADDING_MODES
from tests.core.cases import LAYOUTS, convolutions, integers
from tests.helpers import oracles
from tests.helpers.gradients import assert_gradients


def with_grad(case):
    """The case with whole-numbered gradients of its result's shape."""
    x, weight, _, given_settings = case
    grad = integers(np.random.default_rng(x.size), conv2d(x, weight, **given_settings).shape)
    return grad, x, weight, given_settings


@settings(max_examples=80)
@given(convolutions(), st.sampled_from(sorted(LAYOUTS)))
def test_whole_numbers_come_back_exactly_as_loops_give_them(case, layout):
    grad, x, weight, given_settings = with_grad(case)
    arrays = [LAYOUTS[layout](array) for array in (grad, x, weight)]
    before = [array.copy() for array in arrays]
    order = [given_settings[name] for name in ("stride", "padding", "dilation", "groups")]
    results = conv2d_backward(*arrays, **given_settings)
    for ours, expected in zip(results, oracles.conv2d_backward(*arrays, *order), strict=True):
        np.testing.assert_array_equal(ours, expected)
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize(
    "given_settings",
    [{}, {"stride": (2, 1), "padding": ((1, 2), (0, 3))}, {"dilation": 2, "padding": 2}, {"groups": 2, "padding": 1}],
)
def test_a_small_step_changes_the_result_as_the_gradients_say(given_settings, mode):
    rng = np.random.default_rng(3)
    groups = given_settings.get("groups", 1)
    x, weight = rng.normal(size=(2, 4, 7, 6)), rng.normal(size=(6, 4 // groups, 3, 2))
    kept = {**given_settings, "padding_mode": mode}
    assert_gradients(
        lambda x, weight, bias: conv2d(x, weight, bias, **kept),
        lambda grad, x, weight, _: conv2d_backward(grad, x, weight, **kept),
        (x, weight, rng.normal(size=6)),
    )


@settings(max_examples=60)
@given(convolutions())
def test_pytorch_gives_the_same_gradients(case):
    torch = pytest.importorskip("torch")
    grad, x, weight, given_settings = with_grad(case)
    if not x.size:
        return
    (top, bottom), (left, right) = given_settings["padding"]
    leaf, kernel = torch.tensor(x, requires_grad=True), torch.tensor(weight, requires_grad=True)
    out = torch.nn.functional.conv2d(
        torch.nn.functional.pad(leaf, (left, right, top, bottom)),
        kernel,
        **{name: given_settings[name] for name in ("stride", "dilation", "groups")},
    )
    out.backward(torch.tensor(grad))
    grad_x, grad_weight, _ = conv2d_backward(grad, x, weight, **given_settings)
    np.testing.assert_array_equal(grad_x, leaf.grad)
    np.testing.assert_array_equal(grad_weight, kernel.grad)


def test_a_first_layer_may_do_without_the_input_s_gradient():
    grad, x, weight = np.ones((1, 2, 3, 3)), np.ones((1, 1, 5, 5)), np.ones((2, 1, 3, 3))
    without = conv2d_backward(grad, x, weight, needs_input=False)
    assert without[0] is None
    np.testing.assert_array_equal(without[1], conv2d_backward(grad, x, weight)[1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_element_types_are_kept(dtype):
    grad, x, weight = (np.ones(shape, dtype=dtype) for shape in ((1, 2, 3, 3), (1, 1, 5, 5), (2, 1, 3, 3)))
    assert [result.dtype for result in conv2d_backward(grad, x, weight)] == [dtype] * 3


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"\(1, 2, 3, 3\), got \(1, 2, 5, 5\)"):
        conv2d_backward(np.ones((1, 2, 5, 5)), np.ones((1, 1, 5, 5)), np.ones((2, 1, 3, 3)))


@pytest.mark.parametrize("size", [3, 4, 30])
def test_a_bias_s_gradient_is_its_channel_s_sum_in_single_precision_too(size):
    grad = integers(np.random.default_rng(size), (5, 3, size, size)).astype(np.float32)
    x, weight = np.zeros((5, 2, size, size), np.float32), np.zeros((3, 2, 1, 1), np.float32)
    np.testing.assert_array_equal(conv2d_backward(grad, x, weight)[2], grad.astype(float).sum(axis=(0, 2, 3)))
    grad[1, 2, 0, 0] = np.inf
    np.testing.assert_array_equal(np.isinf(conv2d_backward(grad, x, weight)[2]), [False, False, True])


@pytest.mark.parametrize(("module", "way"), [(convolution, conv2d_backward), (transposed, conv_transpose2d_backward)])
def test_gradients_that_memory_has_no_room_for_are_refused_in_words(module, way, monkeypatch):
    def full(*_):
        raise MemoryError

    monkeypatch.setattr(module, "weight_gradient", full)
    with pytest.raises(ShapeError, match=r"no room in memory for a result of shape \(1, 1, 4, 4\)"):
        way(np.ones((1, 1, 4, 4)), np.ones((1, 1, 4, 4)), np.ones((1, 1, 1, 1)))
