"""Which way is taken: by geometry, by element type and by the weights."""

import numpy as np
import pytest

from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch, choose

GREY = (1, 1, 480, 640)


@pytest.mark.parametrize(
    ("dtype", "x_shape", "weight_shape", "given_settings", "expected"),
    [
        (np.float64, (1, 1, 28, 28), (4, 1, 5, 5), {}, Branch.SHIFTED),
        (np.float64, (1, 3, 28, 28), (4, 3, 5, 5), {}, Branch.GATHERED),
        (np.float64, (1, 1, 28, 28), (8, 1, 8, 8), {}, Branch.SHIFTED),
        (np.float64, (1, 4, 28, 28), (16, 1, 7, 7), {}, Branch.SHIFTED),
        (np.float64, (1, 1, 28, 28), (9, 1, 3, 3), {}, Branch.GATHERED),  # many kernels,
        (np.float64, (1, 64, 28, 28), (64, 64, 1, 1), {}, Branch.GATHERED),
        (np.float64, (1, 5, 28, 28), (5, 1, 3, 3), {}, Branch.GATHERED),  # many groups
        (np.float64, (64, 1, 28, 28), (6, 1, 5, 5), {}, Branch.GATHERED),  # or many images
        (np.float32, GREY, (1, 1, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, GREY, (1, 1, 3, 3), {"padding": 1, "stride": 2}, Branch.FOLDED),
        (np.float32, GREY, (1, 1, 5, 5), {"padding": 2}, Branch.FOLDED),
        (np.float32, GREY, (1, 1, 5, 5), {"padding": 5}, Branch.BANDED),
        (np.float32, (1, 512, 14, 14), (512, 1, 3, 3), {"padding": 1}, Branch.STAGGERED),
        (np.float32, (1, 1024, 7, 7), (1024, 1, 3, 3), {"padding": 1}, Branch.STAGGERED),
        (np.float32, (1, 32, 112, 112), (32, 1, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, (1, 144, 56, 56), (144, 1, 3, 3), {"padding": 1}, Branch.STAGGERED),
        (np.float32, (1, 144, 56, 56), (144, 1, 3, 3), {"padding": 1, "stride": 2}, Branch.STAGGERED),
        (np.float32, (1, 240, 28, 28), (240, 1, 5, 5), {"padding": 2}, Branch.STAGGERED),
        (np.float32, (1, 3, 480, 640), (3, 1, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, (1, 3, 512, 512), (3, 1, 5, 5), {"padding": 2}, Branch.FOLDED),
        (np.float32, (1, 1, 28, 28), (1, 1, 3, 3), {"padding": 1}, Branch.GATHERED),
        (np.float32, (1, 1, 128, 128), (1, 1, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, (1, 16, 32, 32), (16, 16, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, (1, 3, 224, 224), (16, 3, 3, 3), {}, Branch.BANDED),
        (np.float32, (1, 24, 56, 56), (64, 24, 3, 3), {}, Branch.GATHERED),
        (np.float32, (1, 64, 56, 56), (64, 64, 3, 3), {}, Branch.WINOGRAD),
        (np.float32, (1, 64, 56, 56), (64, 64, 3, 3), {"dilation": 2}, Branch.WINOGRAD),
        (np.float32, (1, 64, 56, 56), (64, 64, 3, 3), {"dilation": 2, "padding": 2}, Branch.WINOGRAD),
        (np.float32, (1, 64, 56, 56), (64, 64, 3, 3), {"stride": 2}, Branch.GATHERED),
        (np.float32, (1, 64, 112, 112), (64, 64, 3, 3), {"stride": 2, "padding": 1}, Branch.GATHERED),
        (np.float32, (1, 16, 56, 56), (32, 16, 5, 5), {"padding": 2}, Branch.BANDED),
        (np.float32, (1, 256, 28, 28), (256, 256, 3, 3), {}, Branch.WINOGRAD),
        (
            np.float32,
            (1, 256, 14, 14),
            (256, 256, 3, 3),
            {"padding": 1},
            Branch.WINOGRAD,
        ),  # though thought to be slower
        (np.float32, (1, 512, 14, 14), (256, 512, 3, 3), {"padding": 1}, Branch.WINOGRAD),
        (np.float32, (1, 512, 28, 28), (512, 512, 3, 3), {"padding": 1}, Branch.WINOGRAD),
        (np.float32, (1, 1024, 28, 28), (512, 1024, 3, 3), {"padding": 1}, Branch.GATHERED),
        (np.float32, (1, 256, 6, 6), (256, 256, 3, 3), {"padding": 1}, Branch.GATHERED),
        (np.float32, (1, 256, 14, 14), (256, 256, 3, 3), {}, Branch.GATHERED),
        (np.float32, (32, 32, 8, 8), (64, 32, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float64, (1, 256, 28, 28), (256, 256, 3, 3), {}, Branch.GATHERED),
        (np.float32, (1, 256, 56, 56), (64, 256, 1, 1), {}, Branch.GATHERED),
        (np.float32, (1, 1, 224, 224), (64, 1, 1, 1), {"stride": 2}, Branch.GATHERED),
        (np.float32, (1, 1, 2000, 3000), (1, 1, 3, 3), {"padding": 1}, Branch.BANDED),
        (np.float32, (1, 8, 56, 56), (8, 8, 3, 3), {"stride": 2, "dilation": 2}, Branch.GATHERED),
        (np.float32, GREY, (1, 1, 31, 31), {"padding": 15}, Branch.SPECTRAL),
        (np.float32, GREY, (1, 1, 31, 31), {"padding": 15, "stride": 2}, Branch.FOLDED),
        (np.float32, (1, 1, 40, 40), (1, 1, 31, 31), {"padding": 15}, Branch.FOLDED),
        (np.float32, GREY, (1, 1, 1, 15), {"padding": (0, 7)}, Branch.SEPARABLE),
        (np.float32, (1, 32, 64, 64), (32, 32, 3, 3), {"padding": 4, "dilation": 4}, Branch.WINOGRAD),
        (np.float32, (1, 64, 33, 33), (64, 64, 3, 3), {"padding": 6, "dilation": 6}, Branch.GATHERED),  # uneven
        (np.float32, (1, 512, 7, 7), (512, 1, 7, 7), {}, Branch.GATHERED),  # a window as large as its image
    ],
)
def test_geometry_and_type_choose(dtype, x_shape, weight_shape, given_settings, expected):
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=x_shape).astype(dtype), rng.normal(size=weight_shape).astype(dtype)
    groups = x_shape[1] // weight_shape[1]
    full = {"stride": 1, "padding": 0, "dilation": 1, **given_settings}
    sliding = conv_window(x_shape, weight_shape, full["stride"], full["padding"], full["dilation"], groups, "zeros")
    assert choose(x, weight, sliding, groups) is expected


def test_weights_choose():
    line = np.exp(-(np.linspace(-2, 2, 9) ** 2))
    x, gauss = np.ones(GREY, dtype=np.float32), np.outer(line, line)[None, None].astype(np.float32)
    sliding = conv_window(x.shape, gauss.shape, 1, 0, 1, 1, "zeros")
    assert choose(x, gauss, sliding, 1) is Branch.SEPARABLE
    gauss[0, 0, 0, 0] *= 1.001
    assert choose(x, gauss, sliding, 1) is Branch.FOLDED
