"""Long sums in single precision keep their digits, in whatever layout the numbers come."""

import numpy as np
import pytest

from cnn_core import conv2d_backward, conv_transpose2d_backward
from cnn_core.ops._sums import channel_sums
from cnn_core.ops.conv.dotted import weights_dotted
from cnn_core.shapes import Window
from tests.core.cases import LAYOUTS


@pytest.mark.parametrize(
    "shape", [(0, 3, 2, 2), (3, 2, 5, 5), (70_001, 2, 1, 1), (20_000, 2, 3, 3), (5000, 3, 4, 5), (2, 2, 300, 290)]
)
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_channel_s_sum_keeps_its_digits_however_many_cells_it_has(shape, layout, dtype):
    for cells in (np.full(shape, 0.1), np.random.default_rng(0).random(shape)):
        planes = LAYOUTS[layout](cells.astype(dtype))
        found, sizes = channel_sums(planes), planes.sum(axis=(0, 2, 3), dtype=np.longdouble)
        assert (found.dtype, found.shape) == (dtype, shape[1:2])
        near = 32 * float(np.finfo(np.float32).eps) if dtype == np.float32 else 1e-11
        assert (np.abs(found - sizes) <= near * sizes).all()


@pytest.mark.parametrize(("shape", "true"), [((200_000, 2, 3, 3), 180_000), ((1_000_000, 2, 1, 1), 100_000)])
def test_a_bias_s_gradient_over_a_long_batch_is_right_forwards_and_transposed(shape, true):
    grad = np.full(shape, 0.1, np.float32)
    x, weight = np.ones((shape[0], 1, *shape[2:]), np.float32), np.ones((2, 1, 1, 1), np.float32)
    forwards = conv2d_backward(grad, x, weight, needs_input=False)[2]
    transposed = conv_transpose2d_backward(grad, x, weight.reshape(1, 2, 1, 1), needs_input=False)[2]
    for found in (forwards, transposed):
        np.testing.assert_allclose(found, true, rtol=5e-6)


def test_a_depthwise_weight_s_gradient_over_a_long_batch_is_right():
    grad, x = np.full((70_000, 2, 4, 4), 0.1, np.float32), np.ones((70_000, 2, 6, 6), np.float32)
    np.testing.assert_allclose(weights_dotted(grad, x, Window((3, 3))), 112_000, rtol=5e-6)


def test_a_weight_s_gradient_over_many_images_is_right_where_windows_are_gathered_image_by_image():
    x, weight = np.full((30_000, 2, 4, 4), 0.1, np.float32), np.ones((4, 2, 2, 2), np.float32)
    grad = np.full((30_000, 4, 1, 1), 0.1, np.float32)
    _, found, _ = conv2d_backward(grad, x, weight, stride=2, dilation=2, needs_input=False)
    np.testing.assert_allclose(found, 300, rtol=5e-6)
