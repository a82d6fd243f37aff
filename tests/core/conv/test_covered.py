"""Windows that cover their whole image."""

import numpy as np
import pytest

from cnn_core import conv2d_backward
from cnn_core.ops.conv import covered, execute
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from tests.core.forcing import assert_close, forced, in_a_batch
from tests.helpers import oracles

COVERED = pytest.mark.parametrize(
    ("shape", "outputs", "groups", "stride"),
    [
        ((1, 6, 7, 7), 6, 6, 1),
        ((5, 6, 7, 4), 6, 6, 3),
        ((4, 6, 3, 4), 12, 2, 1),
        ((3, 16, 5, 5), 9, 1, 2),
        ((4, 9, 1, 1), 7, 1, 1),
        ((3, 4, 2, 3), 8, 4, 1),
    ],
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@COVERED
def test_windows_that_cover_their_images_are_gathered_by_nobody(shape, outputs, groups, stride, dtype):
    kernels = (outputs, shape[1] // groups, *shape[2:])
    x, weight, bias, kept, sliding = in_a_batch(shape, kernels, {"groups": groups, "stride": (stride, stride)}, dtype)
    for added in (bias, None):
        assert_close(forced(Branch.GATHERED, x, weight, added, kept), x, weight, added, kept)
    for cells in (x, x[::-1], np.asfortranarray(x)):
        lines = execute.working(Branch.GATHERED, cells, weight, sliding, groups) is covered.correlate_covered
        assert lines == (dtype == np.float32 and cells.flags.c_contiguous)
    grad = np.random.default_rng(3).normal(size=(len(x), outputs, 1, 1)).astype(dtype)
    for cells in (x, np.asfortranarray(x)):
        ours = conv2d_backward(grad, cells, weight, **kept)
        expected = oracles.conv2d_backward(grad, x, weight, *kept.values())
        for one, other in zip(ours, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("kernel", "padding", "dilation"), [((7, 7), 1, 1), ((4, 4), 0, 2), ((7, 6), 0, 1), ((6, 7), 0, 1)]
)
def test_a_window_covers_an_image_cell_on_cell_or_not_at_all(kernel, padding, dilation):
    sliding = conv_window((2, 3, 7, 7), (4, 3, *kernel), 1, padding, dilation, 1, "zeros")
    assert not covered.covers(sliding, (7, 7))
