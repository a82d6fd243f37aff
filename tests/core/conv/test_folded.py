"""A kernel slid column by column, and its columns folded."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d
from cnn_core.ops.conv import dispatch, execute, folded, rows
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, forced, noisy, small_parts


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=80)
@given(convolutions())
def test_a_kernel_may_be_slid_column_by_column_and_its_columns_folded(parts, dtype, case):
    x, weight, _, given_settings = noisy(case, dtype)
    given_settings = {**given_settings, "groups": x.shape[1]}
    if given_settings["dilation"][0] > 1:
        given_settings["stride"] = (1, given_settings["stride"][1])
    x = np.pad(x, ((0, 0), (0, 0), (0, 0), (4, 4)))
    reach = (weight.shape[3] - 1) * given_settings["dilation"][1]
    down, (left, right) = given_settings["padding"]
    given_settings["padding"] = (down, (min(left, reach), min(right, reach)))
    weight = (
        np.repeat(weight[:1, :1], x.shape[1], axis=0) * np.arange(1, x.shape[1] + 1, dtype=dtype)[:, None, None, None]
    )
    bias = np.arange(x.shape[1], dtype=dtype)
    sliding = conv_window(x.shape, weight.shape, *given_settings.values(), "zeros")
    why_not = dispatch.obstacle(Branch.FOLDED, x, weight, sliding, x.shape[1])
    assert (why_not is None) == (sliding.output_size(*x.shape[2:])[1] <= -(-x.shape[3] // sliding.stride[1]))
    if why_not is None:
        with pytest.MonkeyPatch.context() as patch:
            if parts:
                small_parts(patch)
            ours = forced(Branch.FOLDED, x, weight, bias, given_settings)
        assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda x: x[:, :, ::-1], lambda x: x[..., ::-1], lambda x: x[:, ::-1]]
)
def test_folding_reads_rows_wherever_they_lie(change):
    rng = np.random.default_rng(12)
    x = change(rng.normal(size=(2, 3, 18, 11)).astype(np.float32))
    weight = rng.normal(size=(3, 1, 3, 5)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": ((1, 1), (2, 2)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.FOLDED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("long", [1, 10**9])
@pytest.mark.parametrize("sums", [1, 400, 2500, 900_000])
@pytest.mark.parametrize("around", [((1, 1), (1, 1)), ((0, 0), (0, 0)), ((6, 5), (2, 0)), ((0, 9), (3, 3))])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5), (5, 4)])
@pytest.mark.usefixtures("own_layouts")
def test_chunks_of_folded_sums_leave_nothing_behind_in_each_other(monkeypatch, long, sums, around, kernel):
    monkeypatch.setattr(folded, "LONG_LEAST", long)
    monkeypatch.setattr(folded, "SUMS_MOST", sums)
    monkeypatch.setattr(folded, "SUMS_TOGETHER", sums)
    rng = np.random.default_rng(17)
    x, weight = rng.normal(size=(2, 3, 19, 13)).astype(np.float32), rng.normal(size=(3, 1, *kernel)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": around, "dilation": (1, 1), "groups": 3}
    if around[1][0] + around[1][1] < kernel[1] and around[1][0] < kernel[1]:
        assert_close(forced(Branch.FOLDED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.usefixtures("own_layouts")
def test_folding_answers_for_no_sum_that_is_larger_than_its_type_holds():
    """Finite cells under finite weights: which parts of a window overflow depends on the order they are added in."""
    weight, place = np.ones((1, 1, 3, 3), np.float32), rows.Place((1, 1), (1, 1), 1)
    x = np.full((1, 1, 12, 12), 1e17, np.float32)
    out = np.empty_like(x)
    assert folded.correlate_folded(x, weight, None, out, place) is True
    for cells, weights in ((1e18, 1e21), (3e38, 1), (3e38, 0)):
        with np.errstate(over="ignore", invalid="ignore"):
            large, heavy = np.full_like(x, cells), np.full_like(weight, weights)
            assert folded.correlate_folded(large, heavy, None, out, place) is False


@pytest.mark.parametrize("sums", [1, 400, 900_000])
@pytest.mark.usefixtures("own_layouts")
def test_folding_overlooks_no_cell_that_is_not_finite(monkeypatch, sums):
    monkeypatch.setattr(folded, "SUMS_MOST", sums)
    monkeypatch.setattr(folded, "SUMS_TOGETHER", sums)
    x, weight = np.ones((2, 2, 19, 12), np.float32), np.ones((2, 1, 3, 3), np.float32)
    out, place = np.empty_like(x), rows.Place((1, 1), (1, 1), 1)
    assert folded.correlate_folded(x, weight, None, out, place) is True
    for cell in np.ndindex(x.shape):
        given_x = x.copy()
        given_x[cell] = np.nan if sum(cell) % 2 else -np.inf
        with np.errstate(invalid="ignore"):
            assert folded.correlate_folded(given_x, weight, None, out, place) is False
    weight[1, 0, 2, 0] = np.inf
    with np.errstate(invalid="ignore"):
        assert folded.correlate_folded(x, weight, None, out, place) is False


@pytest.mark.parametrize("most", [19 * 12 - 1, 19 * 12])
@pytest.mark.usefixtures("own_layouts")
def test_folding_with_a_stride_looks_at_images_that_are_large(monkeypatch, most):
    monkeypatch.setattr(folded, "IMAGES_MOST", most)
    x, weight = np.ones((1, 1, 19, 12), np.float32), np.ones((1, 1, 3, 3), np.float32)
    out, place = np.empty((1, 1, 10, 6), np.float32), rows.Place((1, 1), (2, 2), 1)
    assert folded.correlate_folded(x, weight, None, out, place) is (most < x.size)
    x[0, 0, 18, 11] = np.nan
    with np.errstate(invalid="ignore"):
        assert folded.correlate_folded(x, weight, None, out, place) is False


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("mode", ["zeros", "reflect"])
@pytest.mark.parametrize("around", [1, 0])
@pytest.mark.usefixtures("own_layouts")
def test_some_rows_of_folded_blocks_tell_of_every_cell_that_is_not_finite(monkeypatch, stride, dilation, mode, around):
    monkeypatch.setattr(folded, "RESULT_LEAST", 0)
    monkeypatch.setattr(execute, "ROWS_LOOKED_LEAST", 0)
    monkeypatch.setattr(dispatch, "LINES_LOOKED_LEAST", 0)
    monkeypatch.setattr(execute, "AROUND_MOST", 70)
    monkeypatch.setattr(execute, "settled", lambda *_: Branch.FOLDED)
    weight, kept = np.ones((2, 1, 3, 3), np.float32), {"padding": around, "groups": 2, "padding_mode": mode}
    kept |= {"stride": (1, stride)} if dilation > 1 else {"stride": stride}
    for row, column in np.ndindex(24, 5):
        x = np.ones((1, 2, 24, 5), np.float32)
        x[0, 1, row, column] = np.inf if (row + column) % 2 else np.nan
        out = conv2d(x, weight, dilation=dilation, **kept)
        expected = conv2d(x.astype(np.float64), weight, dilation=dilation, **kept)
        np.testing.assert_array_equal(out, expected)
