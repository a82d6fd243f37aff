"""Ways back through a convolution, forced: each gives the gradients that loops give."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d, conv2d_backward
from cnn_core.ops.conv import abreast, dotted, gradients, stamped
from cnn_core.ops.conv.checks import conv_window
from tests.core.cases import convolutions
from tests.core.forcing import in_a_batch, noisy, small_parts
from tests.helpers import oracles


@pytest.mark.parametrize("way", ["by rows", "by windows", "abreast"])
@settings(max_examples=60)
@given(convolutions())
def test_no_branch_changes_a_gradient(way, case):
    x, weight, _, given_settings = noisy(case, np.float64)
    grad = np.random.default_rng(5).normal(size=conv2d(x, weight, **given_settings).shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradients, "microseconds", lambda name, _: 0.0 if way in name else np.inf)
        small_parts(patch)
        results = conv2d_backward(grad, x, weight, **given_settings)
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    for ours, expected in zip(results, oracles.conv2d_backward(grad, x, weight, *order), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["grad", "x"])
def test_what_is_not_finite_reaches_the_gradients_that_met_it_and_no_other(where, number):
    rng = np.random.default_rng(6)
    arrays = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in (("grad", (9, 4, 8, 8)), ("x", (9, 2, 12, 12)), ("weight", (4, 2, 5, 5)))
    }
    changed = arrays | {where: arrays[where].copy()}
    changed[where][3, 1, 4, 0] = number
    as_they_were, after = conv2d_backward(**arrays), conv2d_backward(**changed)
    expected = oracles.conv2d_backward(*changed.values(), (1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    for ours, before, by_loops in zip(after, as_they_were, expected, strict=True):
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(by_loops))
        kept = np.isfinite(by_loops)
        np.testing.assert_allclose(ours[kept], before[kept], atol=1e-3)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("longer", [0, 1, 9])
@pytest.mark.usefixtures("own_layouts")
@settings(max_examples=40)
@given(convolutions())
def test_kernels_may_be_stamped_onto_an_image_s_gradient(small, longer, case):
    x, weight, _, given_settings = noisy(case, np.float32)
    order = [given_settings[name] for name in ("stride", "padding", "dilation", "groups")]
    sliding = conv_window(x.shape, weight.shape, *order, "zeros")
    shape = (len(x), len(weight), *sliding.output_size(*x.shape[2:]))
    grad = np.random.default_rng(6).normal(size=shape).astype(np.float32)
    if not grad.size:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stamped, "LONGER_MOST", longer)
        if small:
            patch.setattr(stamped, "NUMBERS", 1)
            patch.setattr(stamped, "COLUMNS", 1)
        stamped.layout.cache_clear()
        ours = stamped.spread_stamped(grad, weight, sliding, given_settings["groups"], x.shape[2:])
    expected = oracles.conv2d_backward(grad, x, weight, *order)[0]
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_stamp_that_is_not_finite_reaches_the_cells_it_lies_on_and_no_other(number):
    x, weight, _, kept, sliding = in_a_batch(
        (1, 2, 12, 48), (3, 2, 5, 5), {"stride": (2, 2), "padding": ((1, 1), (1, 1))}, np.float32
    )
    grad = np.ones((1, 3, *sliding.output_size(12, 48)), np.float32)
    assert stamped.layout(1, 2, 3, sliding, (12, 48), grad.shape[2:]).line > grad.shape[3]
    weight[1, 1, 2, 4], weight[0, 0, 0, 0] = number, -number
    expected = oracles.conv2d_backward(grad, x, weight, *kept.values())[0]
    np.testing.assert_allclose(conv2d_backward(grad, x, weight, **kept)[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("numbers", [1, 300, 60_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "kernel", "kept"),
    [
        ((3, 5, 9, 8), (3, 3), {"padding": ((1, 1), (1, 1))}),
        ((2, 4, 9, 8), (3, 4), {}),
        ((2, 3, 7, 13), (4, 3), {"padding": ((1, 1), (4, 4)), "dilation": (2, 1)}),
        ((3, 3, 11, 10), (5, 3), {"stride": (2, 3), "padding": ((2, 1), (0, 1))}),
        ((2, 5, 6, 6), (2, 2), {"stride": (3, 3)}),
        ((1, 2, 3, 4), (3, 3), {"padding": ((5, 0), (0, 6)), "stride": (2, 1), "dilation": (1, 3)}),
    ],
)
@pytest.mark.usefixtures("own_layouts")
def test_each_weight_of_a_plane_s_kernel_is_a_dot_product_of_its_gradient(
    monkeypatch, shape, kernel, kept, dtype, numbers
):
    monkeypatch.setattr(dotted, "NUMBERS", numbers)
    x, weight, _, kept, sliding = in_a_batch(shape, (shape[1], 1, *kernel), {"groups": shape[1]} | kept, dtype)
    grad = np.random.default_rng(5).normal(size=(*shape[:2], *sliding.output_size(*shape[2:]))).astype(dtype)
    expected = oracles.conv2d_backward(grad, x, weight, *kept.values())[1]
    for cells in (x, np.asfortranarray(x)):
        np.testing.assert_allclose(dotted.weights_dotted(grad, cells, sliding), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_reaches_the_weights_of_a_plane_s_kernel_that_met_it(number):
    x, weight, _, kept, _ = in_a_batch(
        (1, 128, 8, 8), (128, 1, 3, 3), {"groups": 128, "padding": ((1, 1), (1, 1))}, np.float32
    )
    grad = np.ones_like(x)
    x[0, 1, 2, 7] = number
    expected = oracles.conv2d_backward(grad, x, weight, *kept.values())[1]
    np.testing.assert_allclose(conv2d_backward(grad, x, weight, **kept)[1], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("shape", "kernel", "kept"),
    [
        ((1, 64, 8, 8), (2, 5), {"padding": ((3, 1), (9, 9))}),
        ((3, 8, 3, 3), (2, 3), {"padding": ((2, 2), (3, 0)), "stride": (2, 2)}),
        ((8, 64, 2, 6), (2, 2), {"padding": ((1, 1), (2, 2)), "dilation": (1, 8)}),
    ],
)
@pytest.mark.parametrize("at", [(0, 0), (-1, -1)])
def test_what_is_not_finite_of_a_gradient_shows_though_its_window_reads_no_cell(monkeypatch, at, shape, kernel, kept):
    x, weight, _, kept, sliding = in_a_batch(shape, (shape[1], 1, *kernel), {"groups": shape[1]} | kept, np.float32)
    grad = np.ones((*shape[:2], *sliding.output_size(*shape[2:])), np.float32)
    grad[0, 7, *at] = np.nan
    called = []
    monkeypatch.setattr(gradients, "weights_dotted", lambda *a: called.append(a) or dotted.weights_dotted(*a))
    expected = oracles.conv2d_backward(np.ones_like(grad), x, weight, *kept.values())[1]
    expected[7] = np.nan  # times the zeros around the image
    np.testing.assert_allclose(conv2d_backward(grad, x, weight, **kept)[1], expected, rtol=1e-4, atol=1e-4)
    assert called


def test_few_channels_of_a_batch_are_gone_back_through_side_by_side(monkeypatch):
    called = []
    for name in ("spread_abreast", "weights_abreast"):
        function = getattr(abreast, name)
        monkeypatch.setattr(gradients, name, lambda *a, f=function, name=name: called.append(name) or f(*a))
    x, weight = np.ones((64, 6, 14, 14), np.float32), np.ones((16, 6, 5, 5), np.float32)
    conv2d_backward(np.ones((64, 16, 10, 10), np.float32), x, weight)
    assert called == ["weights_abreast", "spread_abreast"]
    called.clear()
    conv2d_backward(np.ones((64, 16, 10, 10), np.float32), x * np.inf, weight * np.inf)
    assert called == []
