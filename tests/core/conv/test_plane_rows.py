"""Rows of many planes, a kernel each."""

import numpy as np
import pytest

from cnn_core import conv2d
from cnn_core.ops.conv import execute, plane_rows, rows
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.shapes import PADDING_MODES
from tests.core.forcing import assert_close, forced


@pytest.mark.parametrize("numbers", [1, 500, 10_000])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1), (1, 3)])
@pytest.mark.parametrize("around", [((1, 1), (1, 1)), ((0, 0), (0, 0)), ((4, 5), (0, 2)), ((0, 9), (12, 6))])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5), (5, 4)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.usefixtures("own_layouts")
def test_bands_meet_all_rows_of_some_planes(monkeypatch, numbers, stride, around, kernel, dtype):
    monkeypatch.setattr(plane_rows, "NUMBERS", numbers)
    rng = np.random.default_rng(19)
    x, weight = rng.normal(size=(2, 5, 9, 11)).astype(dtype), rng.normal(size=(5, 1, *kernel)).astype(dtype)
    kept = {"stride": stride, "padding": around, "dilation": (1, 1), "groups": 5}
    sliding = conv_window(x.shape, weight.shape, stride, around, 1, 5, "zeros")
    assert execute.working(Branch.BANDED, x, weight, sliding, 5) is plane_rows.correlate_plane_rows
    assert_close(forced(Branch.BANDED, x, weight, x[0, :, 0, 0], kept), x, weight, x[0, :, 0, 0], kept)
    assert_close(forced(Branch.BANDED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("around", [(1, 1), (0, 0), (11, 9)])
@pytest.mark.parametrize("bias", [None, np.arange(3, dtype=np.float32)])
@pytest.mark.usefixtures("own_layouts")
def test_a_large_plane_is_laid_out_some_rows_at_a_time(monkeypatch, stride, around, bias):
    monkeypatch.setattr(plane_rows, "NUMBERS", 150)
    rng = np.random.default_rng(23)
    x, weight = rng.normal(size=(2, 3, 37, 9)).astype(np.float32), rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (stride, stride), "padding": (around, (1, 1)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.BANDED, x, weight, bias, kept), x, weight, bias, kept)
    sliding = conv_window(x.shape, weight.shape, stride, (around, (1, 1)), 1, 3, "zeros")
    place = rows.Place((around[0], 1), (stride, stride), 1)
    lay = plane_rows.layout(x.shape[1:], (3, 3), sliding.output_size(37, 9), place, x.dtype, bias is not None)
    assert lay.space < plane_rows.numbers((3, 3), stride, sliding.output_size(37, 9))


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("dilation", [(1, 1), (1, 2), (2, 1)])
def test_bands_meet_planes_with_whatever_is_around_and_between_their_rows(mode, dilation):
    rng = np.random.default_rng(20)
    x, weight = rng.normal(size=(2, 3, 9, 8)).astype(np.float32), rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": ((2, 1), (1, 3)), "dilation": dilation, "groups": 3}
    ours = forced(Branch.BANDED, x, weight, None, kept, mode)
    np.testing.assert_allclose(ours, forced(Branch.GATHERED, x, weight, None, kept, mode), atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [20, 112])
def test_no_window_of_many_planes_takes_what_is_not_finite_from_outside(value, side):
    x, weight = np.ones((1, 4, side, side), np.float32), np.ones((4, 1, 3, 3), np.float32)
    x[0, 2, 7, 9] = value
    seen = np.isfinite(conv2d(x, weight, padding=1, groups=4))
    seen[0, 2, 6:9, 8:11] ^= True
    assert seen.all()
