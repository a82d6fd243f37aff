"""One way to convolve forced, in parts as small as can be, and held to what loops give."""

import numpy as np

from cnn_core.ops.conv import (
    abreast,
    along_rows,
    execute,
    folded,
    gathered,
    panels,
    plane_rows,
    products,
    rows,
    separable,
    shifted,
    spectral,
    staggered,
    staggered_rows,
    tiles,
    whole_rows,
)
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.execute import correlate
from tests.helpers import oracles

SINGLE = float(np.finfo(np.float32).eps)

PLAIN = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}


def forced(branch, x, weight, bias, given_settings, mode="zeros"):
    """The result of one branch, as ``conv2d`` would hand it the work."""
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    sliding = conv_window(x.shape, weight.shape, *order, mode)
    size = sliding.output_size(*x.shape[2:])
    return correlate(x, weight, bias, sliding, given_settings["groups"], size, mode, branch)


def window_of(case):
    """The window of a case of ``convolutions``."""
    x, weight, _, given_settings = case
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    return conv_window(x.shape, weight.shape, *order, "zeros")


def by_loops(x, weight, bias, given_settings):
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    return oracles.conv2d(x, weight, bias, *order)


def assert_close(ours, x, weight, bias, given_settings):
    """Cell by cell within ``4 n eps sum |product|``, the contract of explanations."""
    expected = by_loops(x, weight, bias, given_settings)
    sizes = by_loops(np.abs(x), np.abs(weight), None if bias is None else np.abs(bias), given_settings)
    terms = weight[0].size + 1
    assert ours.shape == expected.shape
    assert (np.abs(ours - expected) <= 4 * terms * float(np.finfo(ours.dtype).eps) * sizes).all()


def noisy(case, dtype):
    x, weight, bias, given_settings = case
    rng = np.random.default_rng(0)
    x, weight = ((a + rng.normal(size=a.shape)).astype(dtype) for a in (x, weight))
    return x, weight, None if bias is None else bias.astype(dtype), given_settings


def small_parts(patch):
    """Strips, tiles and blocks so small that even small images need several."""
    for module in (rows, panels):
        patch.setattr(module, "LAID_OUT_MOST", 40)
    patch.setattr(rows, "PRODUCT_MOST", 1)
    patch.setattr(rows, "COLUMNS_LEAST", 3)
    patch.setattr(rows, "LARGE_PRODUCT", 40)
    patch.setattr(rows, "LARGE_MOST", 40)
    patch.setattr(products, "MADE_MOST", 1)
    patch.setattr(shifted, "STRIP_MOST", 6)
    whole_rows.layout.cache_clear()
    patch.setattr(whole_rows, "NARROW_MOST", 10**9)
    patch.setattr(whole_rows, "STRAIGHT_LEAST", 1)
    patch.setattr(gathered, "LINES_LEAST", 1)
    patch.setattr(execute, "GATHERED_MOST", 60)
    patch.setattr(execute, "GATHERED_SINGLE", 60)
    patch.setattr(execute, "LARGE_MOST", 60)
    patch.setattr(execute, "COLUMNS_LEAST", 1)
    patch.setattr(execute, "AROUND_MOST", 60)
    folded.layout.cache_clear()
    patch.setattr(folded, "SUMS_MOST", 90)
    patch.setattr(folded, "SUMS_TOGETHER", 90)
    patch.setattr(folded, "LONG_LEAST", 50)
    patch.setattr(folded, "LOW", 2)
    patch.setattr(staggered_rows, "NUMBERS", 3000)
    staggered.layout.cache_clear()
    patch.setattr(plane_rows, "NUMBERS", 200)
    plane_rows.layout.cache_clear()
    patch.setattr(along_rows, "BLOCK", 3)
    patch.setattr(along_rows, "PLANE_MOST", 1)
    patch.setattr(along_rows, "NUMBERS", 60)
    patch.setattr(separable, "BETWEEN_MOST", 60)
    patch.setattr(separable, "BLOCK", 3)
    patch.setattr(spectral, "TILE", 6)
    spectral.tiles.cache_clear()
    products.left_lines.cache_clear()
    patch.setattr(products, "SUMS_MOST", 30)
    patch.setattr(products, "LEFT_LEAST", 2)
    patch.setattr(products, "LONG_LEAST", 5)
    abreast.layout_of_spread.cache_clear()
    abreast.layout_of_weights.cache_clear()
    tiles.layout.cache_clear()
    patch.setattr(tiles, "TILES_LEAST", 3)
    patch.setattr(tiles, "NUMBERS_MOST", 1)
    patch.setattr(tiles, "ROWS_LEAST", 2)
    patch.setattr(abreast, "PRODUCT_MOST", 400)
    patch.setattr(abreast, "COLUMNS_MOST", 20)
    patch.setattr(abreast, "COLUMNS_OF_FEW", 30)
    patch.setattr(abreast, "LAID_OUT_MOST", 40)
    patch.setattr(abreast, "MADE_MOST", 60)


def in_a_batch(shape, kernels, kept, dtype):
    """Operands, settings and the window of a convolution of several images."""
    kept = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1} | kept
    rng = np.random.default_rng(21)
    x, weight = rng.normal(size=shape).astype(dtype), rng.normal(size=kernels).astype(dtype)
    bias = rng.normal(size=kernels[0]).astype(dtype)
    return x, weight, bias, kept, conv_window(shape, kernels, *kept.values(), "zeros")
