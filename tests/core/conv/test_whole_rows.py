"""Whole rows multiplied by bands, in one strip or many."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core import conv2d, conv2d_backward
from cnn_core.ops.conv import dispatch, execute, rows, whole_rows
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, forced, in_a_batch, noisy
from tests.helpers import oracles


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=60)
@given(convolutions())
def test_bands_meet_parts_of_rows_where_whole_ones_are_not_to_be_had(parts, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    given_settings["stride"] = (1, given_settings["stride"][1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole_rows, "layout", lambda *_: None)
        if parts:
            patch.setattr(rows, "PRODUCT_MOST", 1)
            patch.setattr(rows, "COLUMNS_LEAST", 3)
        ours = forced(Branch.BANDED, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("around", [((0, 0), (0, 0)), ((1, 1), (2, 2)), ((0, 15), (8, 0))])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize(
    ("outputs", "groups", "moves"), [(1, 1, 16_000), (1, 1, 0), (2, 2, 16_000), (4, 1, 0), (8, 2, 0)]
)
@pytest.mark.parametrize("laid_out", [40, 400_000])
@pytest.mark.parametrize("straight", [1, 10**9])
@pytest.mark.usefixtures("own_layouts")
def test_whole_rows_may_be_one_strip_or_many(monkeypatch, straight, laid_out, outputs, groups, moves, stride, around):
    monkeypatch.setattr(rows, "LAID_OUT_MOST", laid_out)
    monkeypatch.setattr(whole_rows, "STRAIGHT_LEAST", straight)
    monkeypatch.setattr(whole_rows, "MOVES_MOST", moves)
    rng = np.random.default_rng(13)
    x = rng.normal(size=(1, 2 * groups, 17, 35)).astype(np.float32)
    weight, bias = rng.normal(size=(outputs, 2, 3, 4)).astype(np.float32), np.arange(outputs, dtype=np.float32)
    kept = {"stride": stride, "padding": around, "dilation": (1, 1), "groups": groups}
    sliding = conv_window(x.shape, weight.shape, stride, around, (1, 1), groups, "zeros")
    made, at_a_time = whole_rows.layout(x.shape, weight.shape, sliding, groups, x.dtype, True).rows
    assert (at_a_time < made) == (laid_out == 40)
    assert_close(forced(Branch.BANDED, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.usefixtures("own_layouts")
def test_the_last_strip_of_an_image_reads_no_number_behind_it(monkeypatch, channels):
    monkeypatch.setattr(rows, "LAID_OUT_MOST", 40)
    x, weight, bias, kept, sliding = in_a_batch(
        (1, channels, 12, 21), (4, channels, 3, 3), {"stride": (1, 2)}, np.float32
    )
    made, at_a_time = whole_rows.layout(x.shape, weight.shape, sliding, 1, x.dtype, True).rows
    assert at_a_time < made
    assert_close(forced(Branch.BANDED, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("laid_out", [40, 400_000])
@pytest.mark.parametrize("around", [((1, 1), (4, 4)), ((0, 0), (7, 0)), ((3, 0), (0, 9)), ((9, 9), (11, 10))])
@pytest.mark.parametrize("shape", [(1, 1, 1, 11), (2, 1, 2, 43), (2, 4, 14, 45)])
@pytest.mark.usefixtures("own_layouts")
def test_rows_laid_out_as_they_lie_bring_nothing_of_their_neighbours(monkeypatch, laid_out, around, shape):
    monkeypatch.setattr(rows, "LAID_OUT_MOST", laid_out)
    monkeypatch.setattr(whole_rows, "STRAIGHT_LEAST", 1)
    x, weight = (
        np.random.default_rng(14).normal(size=shape).astype(np.float32),
        np.ones((4, shape[1], min(2, shape[2]), 5), np.float32),
    )
    kept = {"stride": (1, 1), "padding": around, "dilation": (1, 2), "groups": 1}
    sliding = conv_window(x.shape, weight.shape, *list(kept.values())[:3], 1, "zeros")
    lay = whole_rows.layout(x.shape, weight.shape, sliding, 1, x.dtype, False)
    assert lay is not None
    assert lay.around is None
    assert_close(forced(Branch.BANDED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("narrowest", [0, 16])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("outputs", [1, 2, 6])
def test_narrow_images_of_a_batch_may_lie_row_beside_row_or_cell_beside_cell(monkeypatch, narrowest, stride, outputs):
    monkeypatch.setattr(rows, "NARROWEST", narrowest)
    monkeypatch.setattr(rows, "COLUMNS_WANTED", 25)  # seven images in parts of two or three, the last one smaller
    rng = np.random.default_rng(11)
    x, weight, bias = (rng.normal(size=size).astype(np.float32) for size in ((7, 4, 9, 8), (outputs, 2, 3, 4), outputs))
    weight = np.concatenate([weight, weight[::-1]])
    bias = np.concatenate([bias, bias])
    kept = {"stride": stride, "padding": ((1, 0), (2, 1)), "dilation": (1, 1), "groups": 2}
    ours = forced(Branch.BANDED, x, weight, bias, kept)
    assert_close(ours, x, weight, bias, kept)
    grad = rng.normal(size=ours.shape).astype(np.float32)
    expected = oracles.conv2d_backward(grad, x, weight, *kept.values())
    for found, right in zip(conv2d_backward(grad, x, weight, **kept), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("looked", [0, 10**9])
def test_some_rows_of_blocks_tell_of_every_cell_that_is_not_finite(monkeypatch, looked, stride):
    monkeypatch.setattr(execute, "ROWS_LOOKED_LEAST", looked)
    monkeypatch.setattr(dispatch, "LINES_LOOKED_LEAST", looked)
    monkeypatch.setattr(execute, "settled", lambda *_: Branch.BANDED)
    weight, kept = np.ones((1, 1, 3, 3), np.float32), {"stride": stride, "padding": 1}
    for row, column in np.ndindex(19, 7):
        x = np.ones((1, 1, 19, 7), np.float32)
        x[0, 0, row, column] = np.nan
        out = conv2d(x, weight, **kept)
        np.testing.assert_array_equal(np.isnan(out), np.isnan(conv2d(x.astype(np.float64), weight, **kept)))
