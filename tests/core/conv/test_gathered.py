"""Windows gathered into columns: image by image, several images at once, and side by side in panels."""

import numpy as np
import pytest

from cnn_core.ops.conv import batched, panels
from cnn_core.ops.conv.dispatch import Branch
from tests.core.forcing import assert_close, by_loops, forced, in_a_batch

SEVERAL = pytest.mark.parametrize(
    ("shape", "kernels", "kept"),
    [
        ((5, 3, 9, 12), (8, 3, 3, 3), {"padding": ((1, 1), (1, 1))}),
        ((40, 2, 7, 6), (4, 2, 5, 3), {"padding": ((0, 4), (2, 0))}),
        ((7, 4, 9, 40), (12, 2, 3, 5), {"groups": 2, "padding": ((1, 0), (2, 2))}),
        ((6, 3, 11, 13), (5, 3, 3, 4), {"stride": (2, 2), "padding": ((1, 1), (1, 1))}),
        ((4, 2, 9, 20), (6, 2, 2, 3), {"stride": (3, 1), "dilation": (1, 3), "padding": ((0, 0), (7, 0))}),
        ((9, 6, 14, 14), (16, 6, 5, 5), {}),
    ],
)


@pytest.mark.parametrize("laid_out", [40, 400_000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@SEVERAL
@pytest.mark.usefixtures("own_layouts")
def test_images_may_stand_side_by_side_in_panels_of_one_strip_or_many(
    monkeypatch, shape, kernels, kept, dtype, laid_out
):
    monkeypatch.setattr(panels, "LAID_OUT_MOST", laid_out)
    monkeypatch.setattr(panels, "COLUMNS_MOST", 90)
    monkeypatch.setattr(panels, "WIDER_LESS", 2)
    x, weight, bias, kept, sliding = in_a_batch(shape, kernels, kept, dtype)
    assert panels.layout(x.shape, weight.shape, sliding, kept["groups"], x.dtype) is not None
    for added in (bias, None):
        assert_close(forced(Branch.BANDED, x, weight, added, kept), x, weight, added, kept)


@pytest.mark.parametrize("most", [1, 20_000, 200_000])
@SEVERAL
@pytest.mark.usefixtures("own_layouts")
def test_the_windows_of_several_images_may_be_gathered_at_once(monkeypatch, shape, kernels, kept, most):
    monkeypatch.setattr(batched, "NUMBERS_MOST", most)
    x, weight, bias, kept, sliding = in_a_batch(shape, kernels, kept, np.float32)
    assert (batched.layout(x.shape, weight.shape, sliding, kept["groups"], x.dtype, True) is None) == (most == 1)
    for added in (bias, None):
        assert_close(forced(Branch.GATHERED, x, weight, added, kept), x, weight, added, kept)


@pytest.mark.parametrize(
    ("shape", "kernels", "kept"),
    [
        ((1, 3, 24, 31), (8, 3, 3, 3), {"padding": ((1, 1), (1, 1))}),
        ((1, 4, 60, 51), (6, 2, 5, 3), {"stride": (2, 2), "groups": 2, "padding": ((0, 2), (3, 0))}),
    ],
)
def test_the_windows_of_a_single_image_may_be_gathered_in_few_calls(shape, kernels, kept):
    x, weight, bias, kept, sliding = in_a_batch(shape, kernels, kept, np.float32)
    assert batched.layout(x.shape, weight.shape, sliding, kept["groups"], x.dtype, True) is not None
    for added in (bias, None):
        assert_close(forced(Branch.GATHERED, x, weight, added, kept), x, weight, added, kept)


def test_what_is_not_finite_stays_in_its_image_and_its_windows():
    x, weight, bias, kept, _ = in_a_batch((6, 3, 9, 12), (8, 3, 3, 3), {"padding": ((1, 1), (1, 1))}, np.float32)
    x[2, 1, 0, 0], x[4, 0, 8, 11], bias[3] = np.nan, np.inf, -np.inf
    for branch in (Branch.BANDED, Branch.GATHERED):
        np.testing.assert_allclose(
            forced(branch, x, weight, bias, kept), by_loops(x, weight, bias, kept), rtol=1e-4, atol=1e-4
        )


def test_a_panel_has_the_columns_that_are_multiplied_in_whole_steps():
    assert panels.panel(64, 16, 64, 288).images == 4  # 64 columns, which stay near the processor row by row
    assert panels.panel(128, 10, 16, 150).images == 32  # 320
    assert panels.panel(64, 60, 10, 90).images == 4  # 240, and rows begin where lines of memory do
    assert panels.panel(64, 32, 16, 90).images > 1
    assert panels.panel(64, 64, 16, 90) is None  # its own rows are as good
    assert panels.panel(1, 16, 64, 288) is None
    assert panels.panel(64, 16, 3, 288) is None  # too few lines: several rows are to be one product


def test_the_images_of_a_batch_leave_nothing_behind_in_each_other():
    rng = np.random.default_rng(14)
    x, weight = rng.normal(size=(3, 1, 40, 40)).astype(np.float32), rng.normal(size=(1, 1, 5, 5)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": ((2, 2), (2, 2)), "dilation": (1, 1), "groups": 1}
    together = forced(Branch.BANDED, x, weight, None, kept)
    alone = [forced(Branch.BANDED, x[n : n + 1], weight, None, kept)[0] for n in range(3)]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("width", "stride"), [(9, 1), (140, 1), (9, 2)])
def test_windows_are_gathered_line_by_line_or_number_by_number(dtype, width, stride):
    rng = np.random.default_rng(15)
    x, weight = rng.normal(size=(1, 40, 9, width)).astype(dtype), rng.normal(size=(2, 40, 3, 3)).astype(dtype)
    kept = {"stride": (stride, stride), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    assert_close(forced(Branch.GATHERED, x, weight, None, kept), x, weight, None, kept)
