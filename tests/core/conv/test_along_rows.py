"""Kernels of a single row, one for each channel, slid along the rows of an image as they lie."""

import numpy as np
import pytest

from cnn_core.ops.conv import along_rows
from cnn_core.ops.conv.costs import NANOSECONDS
from cnn_core.ops.conv.counts import COUNTED, Work
from cnn_core.ops.conv.dispatch import Branch, choose, estimates
from tests.core.forcing import assert_close, forced, in_a_batch


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize("stride", [(1, 1), (3, 2)])
@pytest.mark.parametrize("dilation", [1, 3])
@pytest.mark.parametrize("around", [((0, 0), (0, 0)), ((1, 2), (4, 3)), ((0, 0), (40, 0)), ((5, 0), (0, 70))])
@pytest.mark.parametrize("size", [(1, 300), (2, 90), (30, 61), (4, 9)])
@pytest.mark.parametrize("taps", [3, 8])
def test_rows_long_or_many_are_what_loops_make_of_them(monkeypatch, parts, stride, dilation, around, size, taps):
    if parts:
        monkeypatch.setattr(along_rows, "BLOCK", 3)
        monkeypatch.setattr(along_rows, "PLANE_MOST", 1)
        monkeypatch.setattr(along_rows, "NUMBERS", 60)
    kept = {"stride": stride, "padding": around, "dilation": (1, dilation), "groups": 2}
    if size[1] + sum(around[1]) < (taps - 1) * dilation + 1:
        return
    x, weight, bias, kept, _ = in_a_batch((2, 2, *size), (2, 1, 1, taps), kept, np.float32)
    for added in (bias, None):
        assert_close(forced(Branch.SEPARABLE, x, weight, added, kept), x, weight, added, kept)
    backwards = x[:, :, ::-1, ::-1]
    assert_close(forced(Branch.SEPARABLE, backwards, weight, bias, kept), backwards, weight, bias, kept)


def test_windows_that_lie_above_the_image_see_zeros_alone():
    kept = {"padding": ((9, 0), (1, 1)), "stride": (20, 1), "groups": 2}
    x, weight, bias, kept, _ = in_a_batch((1, 2, 3, 20), (2, 1, 1, 3), kept, np.float32)
    assert_close(forced(Branch.SEPARABLE, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("shape", [(1, 64, 1, 16000), (1, 64, 56, 56), (1, 16, 1, 100_000), (1, 1, 480, 640)])
def test_single_rows_are_chosen_to_slide_along_long_rows(shape):
    x, weight, _, _, sliding = in_a_batch(
        shape, (shape[1], 1, 1, 9), {"padding": ((0, 0), (4, 4)), "groups": shape[1]}, np.float32
    )
    assert choose(x, weight, sliding, shape[1]) is Branch.SEPARABLE
    # Products of a single number each are counted: by these a plane of one row is not made fast elsewhere.
    times = dict(estimates(x.shape, weight.shape, sliding, shape[1]))
    if shape[2] == 1:
        assert times[Branch.FOLDED] > 2 * times[Branch.SEPARABLE]


def test_what_is_counted_has_a_time_each():
    sliding = in_a_batch((1, 2, 8, 80), (2, 1, 1, 5), {"groups": 2}, np.float32)[-1]
    work = Work(1, 2, 2, 2, (8, 80), sliding, (8, 76))
    assert COUNTED["along rows"](work).keys() == NANOSECONDS["along rows"].keys()


def test_what_is_not_finite_stays_in_the_windows_that_read_it():
    x, weight, _, _, sliding = in_a_batch(
        (1, 64, 1, 4000), (64, 1, 1, 9), {"padding": ((0, 0), (4, 4)), "groups": 64}, np.float32
    )
    x[0, 3, 0, 2000] = np.inf
    assert choose(x, weight, sliding, 64) is not Branch.SEPARABLE
