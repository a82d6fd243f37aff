"""Images amid much padding: the windows that meet them are computed, and no others."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core import conv2d, conv2d_plan
from cnn_core.ops.conv import near
from cnn_core.shapes import Window
from tests.helpers import oracles

few = st.integers(1, 4)


@given(
    size=st.tuples(few, few),
    kernel=st.tuples(few, few),
    stride=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    dilation=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.tuples(*(st.tuples(st.integers(0, 20), st.integers(0, 20)) for _ in "hw")),
    groups=st.integers(1, 2),
    biased=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_it_makes_no_difference(size, kernel, stride, dilation, padding, groups, biased, dtype):
    reach = [size[k] + sum(padding[k]) - dilation[k] * (kernel[k] - 1) for k in (0, 1)]
    if min(reach) < 1:
        return
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (2, 2 * groups, *size)).astype(dtype)
    weight = rng.integers(-9, 10, (2 * groups, 2, *kernel)).astype(dtype)
    bias = rng.integers(-9, 10, 2 * groups).astype(dtype) if biased else None
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "WIDE", 1)
        patch.setattr(near, "AROUND_MOST", -10_000)
        ours = conv2d(x, weight, bias, **settings)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, oracles.conv2d(x, weight, bias, *settings.values()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("padding", [10_000, 100_000, ((0, 400_000), (400_000, 0))], ids=str)
def test_memory_is_taken_for_the_windows_that_meet_the_image_alone(dtype, padding):
    x, weight = np.ones((1, 1, 5, 5), dtype), np.ones((1, 1, 3, 3), dtype)
    conv2d(x, weight, padding=padding, stride=5000)
    tracemalloc.start()
    try:
        found = conv2d(x, weight, padding=padding, stride=5000)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2**20
    assert found.sum() == 9
    assert np.count_nonzero(found) == 1


def test_a_weight_that_is_not_finite_makes_nan_of_the_zeros_around_the_image():
    weight = np.ones((2, 1, 3, 3), np.float32)
    weight[1, 0, 2, 2] = np.inf
    found = conv2d(np.ones((1, 1, 5, 5)), weight, padding=2000, stride=400)
    assert np.isfinite(found[0, 0]).all()
    assert np.isnan(found[0, 1, 0, 0])


def test_a_branch_that_is_asked_for_is_the_one_that_runs():
    x, weight = np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3))
    plan = conv2d_plan(x, weight, padding=3000, stride=500)
    able = [branch for branch, obstacle in plan.obstacles.items() if obstacle is None]
    assert len(able) > 1
    for branch in able:
        np.testing.assert_array_equal(plan.run(branch), conv2d(x, weight, padding=3000, stride=500))


def test_a_window_as_wide_as_its_padding_meets_the_image_wherever_it_stands():
    assert not near.is_far_wider(Window((3, 3), dilation=(1000, 1000), padding=((1000, 1000), (1000, 1000))), (5, 5))
    assert near.is_far_wider(Window((3, 3), padding=((1000, 1000), (1000, 1000))), (5, 5))
