"""Pooling against loops."""

import math
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import ShapeError, avg_pool2d, avg_pool2d_backward, max_pool2d
from cnn_core.ops.pool import passes, separable, small, spans
from tests.core.cases import LAYOUTS, poolings
from tests.helpers import oracles

GRID = np.arange(25, dtype=np.float64).reshape(1, 1, 5, 5)


def by_loops(x, kernel, given_settings, reduce):
    return oracles.pool2d(
        x,
        kernel,
        given_settings["stride"],
        given_settings["padding"],
        given_settings["dilation"],
        given_settings["ceil_mode"],
        reduce,
    )


@settings(max_examples=120)
@given(poolings(), st.sampled_from(sorted(LAYOUTS)))
def test_the_largest_of_each_window_is_what_loops_find(case, layout):
    x, kernel, given_settings = case
    out = max_pool2d(LAYOUTS[layout](x), kernel, **given_settings)
    expected = by_loops(LAYOUTS[layout](x), kernel, given_settings, lambda inside, _: max(inside, default=-np.inf))
    np.testing.assert_array_equal(out, expected)


@settings(max_examples=120)
@given(poolings(), st.booleans())
def test_the_mean_of_each_window_is_what_loops_find(case, include):
    x, kernel, given_settings = case
    before = x.copy()
    out = avg_pool2d(x, kernel, **given_settings, count_include_pad=include)

    def mean(inside, padding):
        return sum(inside) / max(1, len(inside) + (padding if include else 0))

    np.testing.assert_allclose(out, by_loops(x, kernel, given_settings, mean), rtol=1e-13)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("block", [1, 30])
@settings(max_examples=80)
@given(poolings())
def test_blocks_of_any_size_give_the_same(block, case):
    x, kernel, given_settings = case
    single = x.astype(np.float32)
    whole = max_pool2d(x, kernel, **given_settings), avg_pool2d(single, kernel, **given_settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "WINDOWS_MOST", -1)
        patch.setattr(separable, "BLOCK_MOST", block)
        patch.setattr(separable, "TALL_MOST", block)
        parts = max_pool2d(x, kernel, **given_settings), avg_pool2d(single, kernel, **given_settings)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(parts[1], avg_pool2d(x, kernel, **given_settings), rtol=1e-5, atol=1e-5)


@settings(max_examples=120)
@given(poolings(), st.sampled_from(sorted(LAYOUTS)))
def test_single_precision_finds_what_double_does_in_every_layout(case, layout):
    x, kernel, given_settings = case
    x = LAYOUTS[layout](x.astype(np.float32))
    wide = x.astype(np.float64)
    before = x.copy()
    np.testing.assert_array_equal(max_pool2d(x, kernel, **given_settings), max_pool2d(wide, kernel, **given_settings))
    mean = avg_pool2d(x, kernel, **given_settings)
    np.testing.assert_allclose(mean, avg_pool2d(wide, kernel, **given_settings), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(x, before)


def holed(*shape):
    """Small whole numbers, so that sums are exact, with a NaN and both infinities among them."""
    x = np.random.default_rng(8).integers(-9, 10, shape).astype(np.float32)
    x[0, 0, 0, -1], x[0, 1, 2, 0], x[-1, 1, -1, -1] = np.nan, np.inf, -np.inf
    return x


def assert_as_loops_find(x, kernel, kept):
    """Assert that both poolings of ``x`` are what loops find; what is broken stays in its own windows."""
    found = max_pool2d(x, kernel, **kept)
    np.testing.assert_array_equal(found, by_loops(x, kernel, kept, lambda inside, _: np.max([-np.inf, *inside])))
    mean = avg_pool2d(x, kernel, **kept, count_include_pad=False)
    expected = by_loops(x, kernel, kept, lambda inside, _: np.sum(inside) / max(1, len(inside)))
    np.testing.assert_allclose(mean, expected, rtol=1e-6)


@pytest.mark.parametrize("block", [1, 150, separable.BLOCK_MOST])
@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("step", [2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_rows_that_strides_leave_out_are_not_missed(monkeypatch, block, kernel, step, dilation):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    monkeypatch.setattr(separable, "BLOCK_MOST", block)
    reach = (kernel - 1) * dilation
    for above, below in ((0, 0), (1, 0), (reach, reach)):
        kept = {"stride": (step, 1), "padding": ((above, below), (0, 0)), "dilation": (dilation, 1), "ceil_mode": True}
        assert_as_loops_find(holed(2, 3, 11, 5), (kernel, 2), kept)


@pytest.mark.parametrize("block", [1, 150, spans.BLOCK_MOST])
@pytest.mark.parametrize("kernel", [(3, 2), (5, 1), (4, 4)])
@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_of_large_windows_side_by_side_each_is_combined_by_itself(monkeypatch, block, kernel, layout):
    monkeypatch.setattr(separable, "TILES_HIGH", 2)
    monkeypatch.setattr(separable, "TILES_LEAST", 0)
    monkeypatch.setattr(spans, "BLOCK_MOST", block)
    kept = {"stride": kernel, "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "ceil_mode": False}
    for size in ((12, 8), (14, 9)):
        assert_as_loops_find(LAYOUTS[layout](holed(2, 3, *size)), kernel, kept)


@pytest.mark.parametrize("block", [1, 70, separable.BLOCK_MOST])
@pytest.mark.parametrize("kernel", range(2, 8))
@pytest.mark.parametrize("rows", [1, 3])
def test_a_result_as_wide_as_its_image_has_no_windows_over_two_rows(monkeypatch, block, kernel, rows):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    monkeypatch.setattr(separable, "BLOCK_MOST", block)
    for left in range(kernel):
        around = ((rows // 2, rows // 2), (left, kernel - 1 - left))
        kept = {"stride": (1, 1), "padding": around, "dilation": (1, 1), "ceil_mode": False}
        assert_as_loops_find(holed(2, 3, 6, 8), (rows, kernel), kept)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("around", [0, 1])
@pytest.mark.parametrize("kernel", [2, 4])
def test_windows_side_by_side_are_summed_whatever_their_rows_do(monkeypatch, stride, around, kernel):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    for left in (0, 1):  # with 1 there are as many windows, but they begin between the others
        padding = ((around, around), (left, left))
        kept = {"stride": (stride, kernel), "padding": padding, "dilation": (1, 1), "ceil_mode": False}
        assert_as_loops_find(holed(2, 3, 7, 8), (3, kernel), kept)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", [2, 3])
def test_a_mean_is_the_sum_divided_to_the_last_bit(dtype, kernel):
    sums = np.array([3, 5, 7, 1, 1e9, 0.1], dtype=dtype) * np.array(
        [np.finfo(dtype).smallest_subnormal] * 3 + [1] * 3, dtype
    )
    x = np.zeros((1, 6, kernel, kernel), dtype=dtype)
    x[0, :, 0, 0] = sums
    np.testing.assert_array_equal(avg_pool2d(x, kernel).reshape(-1), sums / dtype(kernel**2))


@pytest.mark.parametrize("block", [1, 200, separable.BLOCK_MOST])
@pytest.mark.parametrize("kernel", [(3, 3), (5, 3), (3, 5), (1, 4), (7, 7)])
@pytest.mark.parametrize("most", [-1, small.WINDOWS_MOST])
def test_means_as_many_as_cells_are_their_sums_divided_to_the_last_bit(monkeypatch, block, kernel, most):
    monkeypatch.setattr(separable, "BLOCK_MOST", block)
    monkeypatch.setattr(small, "WINDOWS_MOST", most)
    x = np.random.default_rng(3).integers(-99, 100, (2, 5, 9, 11)).astype(np.float32)
    padding = tuple(((each - 1) // 2, each // 2) for each in kernel)
    wide = np.pad(x, ((0, 0), (0, 0), *padding))
    sums = np.lib.stride_tricks.sliding_window_view(wide, kernel, axis=(2, 3)).sum(axis=(4, 5))
    found = avg_pool2d(x, kernel, stride=1, padding=padding)
    np.testing.assert_array_equal(found, sums / np.float32(math.prod(kernel)))


@pytest.mark.parametrize("kernel", range(1, 12))
def test_long_windows_are_made_of_short_runs(monkeypatch, kernel):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    x = np.random.default_rng(kernel).integers(-9, 10, (2, 2, 13, 40)).astype(np.float32)
    found = max_pool2d(x, kernel, stride=1)
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel), axis=(2, 3))
    np.testing.assert_array_equal(found, windows.max(axis=(4, 5)))
    np.testing.assert_allclose(avg_pool2d(x, kernel, stride=1), windows.mean(axis=(4, 5)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("plane", [0, passes.PLANE_LEAST])
@pytest.mark.parametrize("size", [(3, 4), (4, 3), (7, 7), (30, 31)])
@pytest.mark.parametrize("dilation", [1, 2, (1, 2), (2, 1)])
def test_windows_of_three_that_leave_the_size_as_it_is_hold_what_is_inside(monkeypatch, plane, size, dilation):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    monkeypatch.setattr(passes, "PLANE_LEAST", plane)
    separable._layout.cache_clear()  # of what was laid out with more as the least
    down, across = (dilation,) * 2 if isinstance(dilation, int) else dilation
    kept = {"stride": (1, 1), "padding": ((down, down), (across, across)), "dilation": (down, across)}
    assert_as_loops_find(holed(3, 2, *size), (3, 3), {**kept, "ceil_mode": False})


@pytest.mark.parametrize("block", [1, 200, separable.BLOCK_MOST])
@pytest.mark.parametrize("size", [(3, 4), (9, 21)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_windows_that_overhang_far_on_one_side_or_on_both_hold_what_is_inside(
    monkeypatch, block, size, stride, dilation
):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    monkeypatch.setattr(separable, "BLOCK_MOST", block)
    x = np.random.default_rng(6).integers(-9, 10, (2, 3, *size)).astype(np.float32)
    reach = 4 * dilation
    kept = {
        "stride": (stride, stride),
        "padding": ((reach, reach - 1), (reach - 2, reach)),
        "dilation": (dilation, dilation),
    }
    kept["ceil_mode"] = True
    found = max_pool2d(x, 5, **kept)
    np.testing.assert_array_equal(found, by_loops(x, (5, 5), kept, lambda inside, _: max(inside, default=-np.inf)))
    sums = avg_pool2d(x, 5, **kept, count_include_pad=False)
    expected = by_loops(x, (5, 5), kept, lambda inside, _: sum(inside) / max(1, len(inside)))
    np.testing.assert_allclose(sums, expected, rtol=1e-6)


@pytest.mark.parametrize("block", [1, 100, separable.BLOCK_MOST])
@pytest.mark.parametrize("step", [2, 3, 4])
@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("size", [(11, 9), (12, 8), (5, 5)])
def test_rows_copied_by_kind_hold_what_is_inside(monkeypatch, block, step, more, size):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    monkeypatch.setattr(passes, "KINDS_LEAST", 0)
    monkeypatch.setattr(separable, "BLOCK_MOST", block)
    separable._layout.cache_clear()  # of what was laid out with more as the least
    kernel = step + more
    for above, below, left in ((0, 0, 0), (1, 0, 1), (kernel - 1, kernel - 1, kernel - 1)):
        kept = {"stride": (step, 2), "padding": ((above, below), (left, 0)), "dilation": (1, 1), "ceil_mode": True}
        assert_as_loops_find(holed(2, 3, *size), (kernel, 2 + left), kept)


@pytest.mark.parametrize("copied", [1, 50, 200])
@pytest.mark.parametrize("block", [1, 50, separable.BLOCK_MOST])
@settings(max_examples=40)
@given(poolings(), st.sampled_from(sorted(LAYOUTS)))
def test_images_in_any_layout_may_be_copied_part_by_part(copied, block, case, layout):
    x, kernel, given_settings = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "WINDOWS_MOST", -1)
        patch.setattr(separable, "BLOCK_MOST", block)
        patch.setattr(separable, "COPIED_MOST", copied)
        parts = max_pool2d(LAYOUTS[layout](x), kernel, **given_settings)
    whole = max_pool2d(LAYOUTS[layout](x).copy(), kernel, **given_settings)
    np.testing.assert_array_equal(parts, whole)


def test_numbers_between_two_multiples_of_8_bytes_are_pooled_like_others(monkeypatch):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    numbers = np.arange(1 + 2 * 6 * 8, dtype=np.float32)
    x = numbers[1:].reshape(1, 2, 6, 8)
    np.testing.assert_array_equal(max_pool2d(x, (1, 1), stride=(1, 2)), x[..., ::2])
    np.testing.assert_array_equal(max_pool2d(x, 2), x[..., 1::2, 1::2])


def test_what_was_found_out_of_a_shape_is_done_to_other_numbers_too(monkeypatch):
    monkeypatch.setattr(small, "WINDOWS_MOST", -1)
    first, second = (np.random.default_rng(seed).normal(size=(2, 3, 8, 10)).astype(np.float32) for seed in (1, 2))
    before = max_pool2d(first, 3, stride=2, padding=1)
    kept = before.copy()
    other = max_pool2d(second, 3, stride=2, padding=1)
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(max_pool2d(first, 3, stride=2, padding=1), kept)
    assert not np.array_equal(other, kept)


def test_threads_that_pool_at_once_work_in_memory_of_their_own():
    images = np.random.default_rng(5).normal(size=(4, 1, 64, 56, 56)).astype(np.float32)
    expected = [max_pool2d(x, 3, stride=1, padding=1) for x in images]

    def pooled(which: int) -> bool:
        return all(
            np.array_equal(max_pool2d(images[which], 3, stride=1, padding=1), expected[which]) for _ in range(50)
        )

    with ThreadPoolExecutor(len(images)) as pool:
        assert list(pool.map(pooled, range(len(images)))) == [True] * len(images)


def test_the_stride_is_the_window_s_own_size_unless_told():
    np.testing.assert_array_equal(max_pool2d(GRID, (2, 3)), max_pool2d(GRID, (2, 3), stride=(2, 3)))


def test_a_window_with_a_nan_gives_a_nan():
    x = GRID.copy()
    x[0, 0, 0, 0] = np.nan
    out = max_pool2d(x, 2)
    assert np.isnan(out[0, 0, 0, 0])
    assert not np.isnan(out[0, 0, 0, 1])


def test_infinities_pass_without_a_warning():
    x = np.tile(np.array([np.inf, 1, 2, -np.inf], dtype=np.float32), (2, 3, 6, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        means, largest = avg_pool2d(x, 2), max_pool2d(x, 3, stride=1, padding=1)
    assert means[0, 0, 0].tolist() == [np.inf, -np.inf, np.inf, -np.inf]
    assert largest[0, 0, 0, :4].tolist() == [np.inf, np.inf, 2, np.inf]


def test_element_types_are_kept():
    for dtype, expected in ((np.float32, np.float32), (np.float64, np.float64), (np.int32, np.float64)):
        assert max_pool2d(GRID.astype(dtype), 2).dtype == expected
        assert avg_pool2d(GRID.astype(dtype), 2).dtype == expected


@pytest.mark.parametrize(
    ("kernel", "bad"),
    [(0, {}), (6, {}), (2, {"stride": 0}), (2, {"padding": 2}), (2, {"padding": -1}), (2, {"dilation": 0}), (2.0, {})],
)
@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_what_cannot_work_is_refused_in_words(pool, kernel, bad):
    with pytest.raises(ShapeError, match=r"works|got"):
        pool(GRID, kernel, **bad)


@pytest.mark.parametrize("shape", [(5, 5), (1, 5, 5), (1, 0, 5, 5)])
def test_what_is_no_batch_of_images_is_refused(shape):
    with pytest.raises(ShapeError, match=r"\(N, C, H, W\)|at least one"):
        max_pool2d(np.ones(shape), 1)


def test_with_ceil_mode_the_only_window_may_overhang_by_less_than_a_stride():
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(max_pool2d(x, 4, stride=2, ceil_mode=True), [[[[9]]]])
    np.testing.assert_array_equal(avg_pool2d(x, 4, stride=2, ceil_mode=True), [[[[5]]]])  # 45 over the 9 it sees
    np.testing.assert_array_equal(
        avg_pool2d_backward(np.ones((1, 1, 1, 1)), x.shape, 4, stride=2, ceil_mode=True), x * 0 + 1 / 9
    )
    for refused in ({"stride": 1, "ceil_mode": True}, {"stride": 2, "ceil_mode": False}):
        with pytest.raises(ShapeError, match=r"a 4×4 window does not fit a 3×3 input; padding=1"):
            max_pool2d(x, 4, **refused)


@pytest.mark.parametrize("kernel", range(1, 9))
@pytest.mark.parametrize("stride", range(1, 5))
def test_with_ceil_mode_the_windows_that_fit_are_pytorch_s_and_what_it_refuses_is_refused(kernel, stride):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x = np.random.default_rng(0).normal(size=(1, 1, 3, 5))
    for padding in range(kernel // 2 + 1):
        kept = {"stride": stride, "padding": padding, "ceil_mode": True}
        for ours, theirs in ((max_pool2d, functional.max_pool2d), (avg_pool2d, functional.avg_pool2d)):
            try:
                expected = theirs(torch.tensor(x), kernel, **kept).numpy()
            except RuntimeError:
                with pytest.raises(ShapeError, match="does not fit"):
                    ours(x, kernel, **kept)
            else:
                np.testing.assert_allclose(ours(x, kernel, **kept), expected, rtol=1e-12)
