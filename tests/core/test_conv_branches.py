"""Every way to convolve, forced, gives what loops give; and each is chosen where it was measured to be the fastest."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import conv2d, conv2d_backward, conv2d_plan
from cnn_core.ops.conv import (
    abreast,
    batched,
    covered,
    dispatch,
    dotted,
    execute,
    folded,
    gathered,
    gradients,
    panels,
    plane_rows,
    products,
    rows,
    separable,
    shifted,
    spectral,
    staggered,
    stamped,
    tapped,
    tiles,
    whole_rows,
    winograd,
)
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch, choose
from cnn_core.ops.conv.execute import correlate
from cnn_core.ops.conv.spectral import even
from cnn_core.shapes import PADDING_MODES
from tests.core.cases import convolutions
from tests.helpers import oracles

SINGLE = float(np.finfo(np.float32).eps)


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
    patch.setattr(shifted, "STRIP_MOST", 6)
    whole_rows.layout.cache_clear()
    patch.setattr(whole_rows, "NARROW_MOST", 10**9)
    patch.setattr(whole_rows, "STRAIGHT_LEAST", 1)
    patch.setattr(gathered, "LINES_LEAST", 1)
    patch.setattr(execute, "GATHERED_MOST", 60)
    patch.setattr(execute, "GATHERED_SINGLE", 60)
    patch.setattr(execute, "COLUMNS_LEAST", 1)
    patch.setattr(execute, "AROUND_MOST", 60)
    folded.layout.cache_clear()
    patch.setattr(folded, "SUMS_MOST", 90)
    patch.setattr(folded, "SUMS_TOGETHER", 90)
    patch.setattr(folded, "LONG_LEAST", 50)
    patch.setattr(folded, "LOW", 2)
    patch.setattr(staggered, "NUMBERS", 3000)
    staggered.layout.cache_clear()
    patch.setattr(plane_rows, "NUMBERS", 200)
    plane_rows.layout.cache_clear()
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("branch", [Branch.SHIFTED, Branch.GATHERED, Branch.BANDED])
@settings(max_examples=60)
@given(convolutions(), st.booleans())
def test_no_branch_changes_a_result(branch, dtype, case, parts):
    x, weight, bias, given_settings = noisy(case, dtype)
    order = (given_settings[name] for name in ("stride", "padding", "dilation", "groups"))
    if branch is Branch.BANDED and not dispatch.has_slabs(conv_window(x.shape, weight.shape, *order, "zeros")):
        return
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(branch, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


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


@pytest.fixture
def own_layouts():
    """Layouts are made with what a test sets, and forgotten after it."""
    kept = (
        whole_rows.layout,
        plane_rows.layout,
        panels.panel,
        panels.layout,
        batched.layout,
        staggered.layout,
        staggered.met,
        staggered._chunk_plan,
        folded.layout,
        dotted.layout,
        execute.gathered_in_few_calls,
        stamped.layout,
    )
    for made in kept:
        made.cache_clear()
    yield
    for made in kept:
        made.cache_clear()


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


@pytest.mark.parametrize(
    "shape",
    [
        (128, 128, 225),
        (128, 64, 96),
        (127, 128, 200),
        (64, 64, 700),
        (64, 64, 448),
        (64, 64, 841),
        (256, 256, 50),
        (96, 96, 99),
        (16, 32, 9000),
    ],
)
def test_products_may_be_made_in_parts_of_lines_and_columns(shape):
    lines, depth, count = shape
    rng = np.random.default_rng(22)
    left = rng.normal(size=(2, lines, depth)).astype(np.float32)
    right = rng.normal(size=(2, depth, count + 5)).astype(np.float32)[..., :count]
    out = np.full((2, lines, count), np.nan, np.float32)
    products.multiply(left, right, out)
    np.testing.assert_allclose(out, left.astype(np.float64) @ right, atol=1e-4)


@pytest.mark.parametrize("shape", [(256, 256, 98), (96, 128, 112), (7, 600, 300), (5, 40, 9)])
def test_products_may_be_made_in_parts_of_lines_alone(shape):
    lines, depth, count = shape
    rng = np.random.default_rng(24)
    left = rng.normal(size=(2, lines, depth)).astype(np.float32)
    right = rng.normal(size=(2, depth, count + 5)).astype(np.float32)[..., :count]
    out = np.full((2, lines, count), np.nan, np.float32)
    for operands in products.in_lines(left, right, out):
        np.matmul(*operands)
    np.testing.assert_allclose(out, left.astype(np.float64) @ right, atol=2e-4)


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


def in_a_batch(shape, kernels, kept, dtype):
    """Operands, settings and the window of a convolution of several images."""
    kept = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1} | kept
    rng = np.random.default_rng(21)
    x, weight = rng.normal(size=shape).astype(dtype), rng.normal(size=kernels).astype(dtype)
    bias = rng.normal(size=kernels[0]).astype(dtype)
    return x, weight, bias, kept, conv_window(shape, kernels, *kept.values(), "zeros")


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


COVERED = pytest.mark.parametrize(
    ("shape", "outputs", "groups", "stride"),
    [
        ((1, 6, 7, 7), 6, 6, 1),
        ((5, 6, 7, 4), 6, 6, 3),
        ((4, 6, 3, 4), 12, 2, 1),
        ((3, 16, 5, 5), 9, 1, 2),
        ((4, 9, 1, 1), 7, 1, 1),
        ((3, 4, 2, 3), 8, 4, 1),
    ],
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@COVERED
def test_windows_that_cover_their_images_are_gathered_by_nobody(shape, outputs, groups, stride, dtype):
    kernels = (outputs, shape[1] // groups, *shape[2:])
    x, weight, bias, kept, sliding = in_a_batch(shape, kernels, {"groups": groups, "stride": (stride, stride)}, dtype)
    for added in (bias, None):
        assert_close(forced(Branch.GATHERED, x, weight, added, kept), x, weight, added, kept)
    for cells in (x, x[::-1], np.asfortranarray(x)):
        lines = execute.working(Branch.GATHERED, cells, weight, sliding, groups) is covered.correlate_covered
        assert lines == (dtype == np.float32 and cells.flags.c_contiguous)
    grad = np.random.default_rng(3).normal(size=(len(x), outputs, 1, 1)).astype(dtype)
    for cells in (x, np.asfortranarray(x)):
        ours = conv2d_backward(grad, cells, weight, **kept)
        expected = oracles.conv2d_backward(grad, x, weight, *kept.values())
        for one, other in zip(ours, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("kernel", "padding", "dilation"), [((7, 7), 1, 1), ((4, 4), 0, 2), ((7, 6), 0, 1), ((6, 7), 0, 1)]
)
def test_a_window_covers_an_image_cell_on_cell_or_not_at_all(kernel, padding, dilation):
    sliding = conv_window((2, 3, 7, 7), (4, 3, *kernel), 1, padding, dilation, 1, "zeros")
    assert not covered.covers(sliding, (7, 7))


@pytest.mark.parametrize("numbers", [1, 200, 400_000])
@pytest.mark.parametrize("columns", [1, 512])
@settings(max_examples=40)
@given(convolutions())
def test_windows_may_be_gathered_a_tap_at_a_time(numbers, columns, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        few = execute.FewCalls(
            partial(tapped.correlate_tapped, sliding=window_of(case), groups=given_settings["groups"])
        )
        patch.setattr(execute, "gathered_in_few_calls", lambda *_: few)
        patch.setattr(tapped, "NUMBERS", numbers)
        patch.setattr(tapped, "COLUMNS", columns)
        ours = forced(Branch.GATHERED, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


def test_taps_in_the_padding_cost_nothing():
    x, weight = np.zeros((1, 256, 16, 16), np.float32), np.zeros((256, 256, 3, 3), np.float32)
    dilated, plain = (conv_window(x.shape, weight.shape, 1, d, d, 1, "zeros") for d in (12, 1))
    works = [execute.working(Branch.GATHERED, x, weight, sliding, 1) for sliding in (dilated, plain)]
    assert works == [tapped.correlate_tapped, Branch.GATHERED.function]
    x[0, 3, 8, 8], weight[5, 3, 0, 1] = np.inf, np.nan
    bias = np.arange(256, dtype=np.float32)
    out = forced(
        Branch.GATHERED, x, weight, bias, {"stride": 1, "padding": ((12, 12),) * 2, "dilation": (12, 12), "groups": 1}
    )
    # A NaN times a zero above the image is NaN too, as an infinity times a weight of 0 is.
    assert np.isnan(out[0, 5]).all()
    assert np.isfinite(out[0, 7]).sum() == 16 * 16 - 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize("around", [((0, 0), (0, 0)), ((2, 1), (3, 9)), ((9, 0), (0, 2))])
def test_broken_weights_show_in_the_padding_a_tap_at_a_time_as_in_windows(around, stride, bad):
    rng = np.random.default_rng(15)
    x, weight = rng.normal(size=(2, 4, 9, 7)).astype(np.float32), rng.normal(size=(6, 2, 2, 3)).astype(np.float32)
    weight[4, 1, 0, 2] = weight[1, 0, 1, 0] = bad
    kept = {"stride": stride, "padding": around, "dilation": (5, 2), "groups": 2}
    with np.errstate(all="ignore"):
        expected = by_loops(x, weight, None, kept)
        ours = np.empty(expected.shape, np.float32)
        tapped.correlate_tapped(x, weight, None, ours, window_of((x, weight, None, kept)), 2)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


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


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=60)
@given(convolutions())
def test_a_column_times_a_row_may_be_slid_one_after_the_other(parts, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    given_settings = {**given_settings, "groups": x.shape[1], "dilation": (given_settings["dilation"][0], 2)}
    given_settings["stride"] = (1, given_settings["stride"][1])
    rng = np.random.default_rng(1)
    column, row = rng.normal(size=weight.shape[2]), rng.normal(size=weight.shape[3])
    weight = np.repeat(np.outer(column, row)[None, None], x.shape[1], axis=0).astype(np.float32)
    bias = None if bias is None else np.arange(x.shape[1], dtype=np.float32)
    x = np.pad(x, ((0, 0), (0, 0), (0, 0), (4, 4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separable, "LEAST_SIDE", 1)
        if parts:
            small_parts(patch)
        ours = forced(Branch.SEPARABLE, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("stride", [(1, 1), (3, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 2)])
def test_a_row_alone_is_slid_in_one_pass(stride, dilation):
    shape, around = (2, 3, 70, 90), ((1, 0), (4, 3))
    kept = {"stride": stride, "padding": around, "dilation": dilation, "groups": 3}
    x, weight, bias, kept, _ = in_a_batch(shape, (3, 1, 1, 9), kept, np.float32)
    weight[1, 0, 0, 2:5] = 0
    assert_close(forced(Branch.SEPARABLE, x, weight, bias, kept), x, weight, bias, kept)
    assert [separable.gains(kernel) for kernel in ((1, 9), (1, 2), (9, 1), (2, 9), (7, 7))] == [1, 0, 0, 0, 1]


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


@pytest.mark.parametrize("branch", [Branch.BANDED, Branch.STAGGERED])
def test_threads_do_not_meet_in_the_memory_that_is_kept(branch):
    rng = np.random.default_rng(21)
    images = rng.normal(size=(4, 1, 16, 30, 30)).astype(np.float32)
    weight = rng.normal(size=(16, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 16}
    alone = [forced(branch, x, weight, None, kept) for x in images]
    with ThreadPoolExecutor(len(images)) as pool:
        for _ in range(50):
            for ours, expected in zip(
                pool.map(lambda x: forced(branch, x, weight, None, kept), images), alone, strict=True
            ):
                np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@settings(max_examples=80)
@given(convolutions())
def test_a_kernel_may_multiply_planes_laid_out_for_each_of_its_columns(dtype, case):
    x, weight, _, given_settings = noisy(case, dtype)
    given_settings = {**given_settings, "groups": x.shape[1], "dilation": (1, given_settings["dilation"][1])}
    factors = np.arange(1, x.shape[1] + 1, dtype=dtype)[:, None, None, None]
    weight, bias = np.repeat(weight[:1, :1], x.shape[1], axis=0) * factors, np.arange(x.shape[1], dtype=dtype)
    sliding = conv_window(x.shape, weight.shape, *given_settings.values(), "zeros")
    top, below = given_settings["padding"][0][0], weight.shape[2] - 1 - given_settings["padding"][0][0]
    why_not = dispatch.obstacle(Branch.STAGGERED, x, weight, sliding, x.shape[1])
    assert (why_not is None) == (min(weight.shape[2:]) > 1 and max(top, below) < x.shape[2])
    if why_not is None:
        ours = forced(Branch.STAGGERED, x, weight, bias, given_settings)
        assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("numbers", [1, 1500, 4000, 1_200_000])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1), (1, 3)])
@pytest.mark.parametrize("around", [((1, 1), (1, 1)), ((0, 0), (0, 0)), ((4, 5), (0, 2)), ((0, 9), (6, 6))])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5), (5, 4)])
@pytest.mark.parametrize("long", [1, 100])
@pytest.mark.usefixtures("own_layouts")
def test_planes_laid_out_together_leave_nothing_behind_in_each_other(
    monkeypatch, numbers, stride, around, kernel, long
):
    monkeypatch.setattr(staggered, "NUMBERS", numbers)
    monkeypatch.setattr(staggered, "LONG", long)
    rng = np.random.default_rng(16)
    x, weight = rng.normal(size=(3, 5, 6, 8)).astype(np.float32), rng.normal(size=(5, 1, *kernel)).astype(np.float32)
    kept = {"stride": stride, "padding": around, "dilation": (1, 1), "groups": 5}
    assert_close(forced(Branch.STAGGERED, x, weight, x[0, :, 0, 0], kept), x, weight, x[0, :, 0, 0], kept)


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda x: x[:, :, ::-1], lambda x: x[..., ::-1], lambda x: x[:, ::-1]]
)
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("long", [1, 100])
@pytest.mark.usefixtures("own_layouts")
def test_planes_are_laid_out_from_wherever_they_lie(monkeypatch, change, stride, long):
    monkeypatch.setattr(staggered, "LONG", long)
    rng = np.random.default_rng(17)
    x = change(rng.normal(size=(2, 3, 18, 12)).astype(np.float32))
    weight = rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    kept = {"stride": (stride, stride), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.STAGGERED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("apart", [3, 9])
@pytest.mark.parametrize("stride", [(1, 1), (1, 2)])
def test_columns_that_meet_nothing_but_padding_are_zeros(apart, stride):
    rng = np.random.default_rng(18)
    x, weight = rng.normal(size=(1, 1, 2, 4)).astype(np.float32), rng.normal(size=(1, 1, 2, 3)).astype(np.float32)
    kept = {"stride": stride, "padding": ((1, 0), (apart, apart)), "dilation": (1, apart), "groups": 1}
    assert_close(forced(Branch.STAGGERED, x, weight, None, kept), x, weight, None, kept)


@pytest.mark.parametrize("left", [0, 1, 3, 5])
@pytest.mark.parametrize("top", [0, 2, 4, 6])
def test_a_bias_comes_with_the_kernel_however_far_windows_overhang(top, left):
    rng = np.random.default_rng(24)
    x, weight = rng.normal(size=(2, 3, 8, 9)).astype(np.float32), rng.normal(size=(3, 1, 5, 4)).astype(np.float32)
    bias, kept = x[0, :, 0, 0], {"stride": (1, 1), "padding": ((top, 2), (left, 1)), "dilation": (1, 1), "groups": 3}
    assert_close(forced(Branch.STAGGERED, x, weight, bias, kept), x, weight, bias, kept)


@pytest.mark.parametrize("mode", sorted(set(PADDING_MODES) - {"zeros"}))
@pytest.mark.parametrize("stride", [1, 2])
def test_planes_are_laid_out_with_whatever_is_around_them(monkeypatch, mode, stride):
    monkeypatch.setattr(execute, "AROUND_MOST", 300)
    rng = np.random.default_rng(19)
    x, weight = rng.normal(size=(2, 3, 9, 12)).astype(np.float32), rng.normal(size=(3, 1, 3, 3)).astype(np.float32)
    around = ((1, 2), (2, 1))
    kept = {"stride": (stride, stride), "padding": around, "dilation": (1, 1), "groups": 3}
    surrounded = oracles.surrounded(x, around, mode).astype(np.float32)
    ours = forced(Branch.STAGGERED, x, weight, None, kept, mode)
    assert_close(ours, surrounded, weight, None, {**kept, "padding": ((0, 0), (0, 0))})


@pytest.mark.parametrize("numbers", [1, 1500, 1_200_000])
@pytest.mark.parametrize(
    ("correlate_planes", "step", "top"),
    [
        (staggered.correlate_staggered, 2, 1),
        (staggered.correlate_staggered, 2, 0),
        (staggered.correlate_staggered, 1, 3),
        (plane_rows.correlate_plane_rows, 1, 1),
        (plane_rows.correlate_plane_rows, 1, 0),
        (plane_rows.correlate_plane_rows, 2, 1),
    ],
)
@pytest.mark.usefixtures("own_layouts")
def test_chunks_overlook_no_cell_that_is_not_finite(monkeypatch, correlate_planes, step, top, numbers):
    for module in (staggered, plane_rows):
        monkeypatch.setattr(module, "NUMBERS", numbers)
    x, weight, bias = (np.ones(shape, np.float32) for shape in ((2, 3, 9, 7), (3, 1, 3, 3), (3,)))
    size = conv_window(x.shape, weight.shape, step, top, 1, 3, "zeros").output_size(9, 7)
    out, place = np.empty((2, 3, *size), np.float32), rows.Place((top, top), (step, step), 1)
    assert correlate_planes(x, weight, bias, out, place) is True
    read = np.zeros_like(x, dtype=bool)
    for i, j in np.ndindex(size):
        above, left = i * step - top, j * step - top
        read[:, :, max(0, above) : max(0, above + 3), max(0, left) : max(0, left + 3)] = True
    for cell in map(tuple, np.argwhere(read)):
        given_x = x.copy()
        given_x[cell] = np.nan if sum(cell) % 2 else -np.inf
        with np.errstate(invalid="ignore"):
            assert correlate_planes(given_x, weight, bias, out, place) is False


@pytest.mark.parametrize("numbers", [1, 1500, 1_200_000])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("size", [(9, 7), (6, 8), (5, 5)])
@pytest.mark.usefixtures("own_layouts")
def test_without_a_stride_what_is_not_finite_stays_in_the_windows_that_read_it(monkeypatch, size, value, numbers):
    monkeypatch.setattr(staggered, "NUMBERS", numbers)
    x, weight, bias = (np.ones(shape, np.float32) for shape in ((2, 3, *size), (3, 1, 3, 3), (3,)))
    out, place = np.empty_like(x), rows.Place((1, 1), (1, 1), 1)
    for n, c, i, j in np.ndindex(x.shape):
        given_x = x.copy()
        given_x[n, c, i, j] = value
        reached = np.zeros(x.shape, bool)
        reached[n, c, max(0, i - 1) : i + 2, max(0, j - 1) : j + 2] = True
        assert staggered.correlate_staggered(given_x, weight, bias, out, place) is True
        np.testing.assert_array_equal(np.isfinite(out), ~reached)
    weight[1, 0, 2, 0] = value
    with np.errstate(invalid="ignore"):
        assert staggered.correlate_staggered(x, weight, bias, out, place) is False


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_that_is_not_finite_is_done_as_others_are_where_nothing_spreads(value):
    rng = np.random.default_rng(22)
    x, weight = rng.normal(size=(1, 64, 14, 14)).astype(np.float32), rng.normal(size=(64, 1, 3, 3)).astype(np.float32)
    x[0, 5, 3, 13] = value
    for stride, may in ((1, True), (2, False)):
        kept = {"stride": stride, "padding": 1, "groups": 64}
        plan = conv2d_plan(x, weight, **kept)
        assert (plan.branch is Branch.STAGGERED) is may
        assert (plan.obstacles[Branch.STAGGERED] is None) is may
        np.testing.assert_allclose(conv2d(x, weight, **kept), plan.run(Branch.GATHERED), rtol=1e-4, atol=1e-5)
    weight[3, 0, 1, 1] = value
    assert conv2d_plan(x, weight, padding=1, groups=64).obstacles[Branch.STAGGERED]


@pytest.mark.parametrize("side", [5, 12])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_bias_that_is_not_finite_stays_in_its_plane(side, value):
    rng = np.random.default_rng(20)
    x, weight = rng.normal(size=(2, 3, side, side)).astype(np.float32), np.ones((3, 1, 3, 3), np.float32)
    bias = np.array([1, value, 2], np.float32)
    kept = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 3}
    ours, without = (forced(Branch.STAGGERED, x, weight, added, kept) for added in (bias, None))
    np.testing.assert_allclose(ours, without + bias[:, None, None], rtol=1e-4, atol=1e-5)


def test_a_plane_too_large_to_be_laid_out_goes_another_way():
    sliding = conv_window((1, 2, 900, 900), (2, 1, 3, 3), 1, 1, 1, 2, "zeros")
    assert Branch.STAGGERED not in dict(dispatch.estimates((1, 2, 900, 900), (2, 1, 3, 3), sliding, 2))
    assert Branch.STAGGERED in dict(dispatch.estimates((1, 2, 90, 90), (2, 1, 3, 3), sliding, 2))


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=40)
@given(convolutions())
def test_a_spectrum_gives_what_loops_give(parts, case):
    x, weight, _, given_settings = noisy(case, np.float32)
    plain = {"stride": (1, 1), "padding": given_settings["padding"], "dilation": (1, 1), "groups": x.shape[1]}
    weight = np.repeat(weight[:1, :1], x.shape[1], axis=0)
    bias = np.arange(x.shape[1], dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(Branch.SPECTRAL, x, weight, bias, plain)
    assert_close(ours, x, weight, bias, plain)


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


def many_channels(rng, x, *, inputs=32, outputs=3):
    """As many images as ``x`` of its size and some more, and kernels for them."""
    size = (x.shape[0], inputs, x.shape[2] + 4, x.shape[3] + 4)
    return (rng.normal(size=shape).astype(np.float32) for shape in (size, (outputs, inputs, 3, 3), (outputs,)))


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=25)
@given(convolutions())
def test_sums_and_differences_give_what_loops_give(parts, case):
    around, dilation = case[3]["padding"], case[3]["dilation"]
    plain = {"stride": (1, 1), "padding": around, "dilation": tuple(min(d, 2) for d in dilation), "groups": 1}
    x, weight, bias = many_channels(np.random.default_rng(7), case[0])
    with pytest.MonkeyPatch.context() as patch:
        if parts:
            small_parts(patch)
        ours = forced(Branch.WINOGRAD, x, weight, bias if case[2] is not None else None, plain)
    assert_close(ours, x, weight, bias if case[2] is not None else None, plain)


PLAIN = {"stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}


def test_sums_and_differences_keep_whole_numbers_exact():
    rng = np.random.default_rng(8)
    x = rng.integers(-9, 10, (2, 40, 19, 23)).astype(np.float32)
    weight = rng.integers(-9, 10, (5, 40, 3, 3)).astype(np.float32)
    ours = forced(Branch.WINOGRAD, x, weight, None, PLAIN)
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, PLAIN)
    np.testing.assert_array_equal(ours, exact)


@pytest.mark.parametrize(
    ("shape", "outputs", "around", "dilation"),
    [
        ((2, 32, 70, 130), 32, ((1, 1), (1, 1)), (1, 1)),  # several blocks beside and below each other
        ((1, 128, 28, 28), 128, ((1, 1), (1, 1)), (1, 1)),
        ((5, 64, 9, 8), 48, ((2, 0), (0, 1)), (1, 1)),  # several images in a block, and a last one in another
        ((1, 32, 61, 66), 40, ((2, 2), (2, 2)), (2, 2)),
        ((2, 32, 40, 43), 33, ((0, 3), (1, 2)), (3, 2)),
    ],
)
def test_sums_and_differences_are_whole_numbers_in_every_block(shape, outputs, around, dilation):
    rng = np.random.default_rng(23)
    x = rng.integers(-9, 10, shape).astype(np.float32)
    weight = rng.integers(-9, 10, (outputs, shape[1], 3, 3)).astype(np.float32)
    bias = rng.integers(-9, 10, outputs).astype(np.float32)
    given = {"stride": (1, 1), "padding": around, "dilation": dilation, "groups": 1}
    ours = forced(Branch.WINOGRAD, x, weight, bias, given)
    exact = forced(Branch.GATHERED, *(part.astype(np.float64) for part in (x, weight, bias)), given)
    np.testing.assert_array_equal(ours, exact)


def test_sums_and_differences_are_as_tight_in_the_dark_and_exactly_0_in_the_black():
    rng = np.random.default_rng(9)
    x, weight = rng.normal(size=(1, 64, 60, 62)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    x[..., :20, :] = 0
    x[..., 20:40, :] *= 1e-6
    x = np.maximum(x, 0)  # as activations are: half of the cells are 0
    ours = conv2d(x, weight, padding=1)
    double = x.astype(np.float64), weight.astype(np.float64)
    exact = forced(Branch.GATHERED, *double, None, PLAIN)
    sizes = forced(Branch.GATHERED, *map(np.abs, double), None, PLAIN)
    assert choose(x, weight, conv_window(x.shape, weight.shape, 1, 1, 1, 1, "zeros"), 1) is Branch.WINOGRAD
    assert (sizes[..., :19, :] == 0).all()
    assert (np.abs(ours - exact) <= 8 * SINGLE * sizes).all()  # 2308 are allowed


def few(x, weight):
    x *= np.random.default_rng(1).random(x.shape) < 0.2


def one_cell(x, weight):
    x[...] = 0
    x[0, 3, 20, 20] = 1


def zeros_among_the_weights(x, weight):
    weight[:, :, :, 1] = 0


def a_cell_that_towers(x, weight):
    x[0, 3, 20, 20] = 1e3


def an_infinity(x, weight):
    x[0, 3, 20, 20] = np.inf


def a_weight_that_is_no_number(x, weight):
    weight[3, 3, 1, 1] = np.nan


def next_to_overflow(x, weight):
    x *= 1e19
    weight *= 1e19


@pytest.mark.parametrize(
    "change",
    [
        few,
        one_cell,
        zeros_among_the_weights,
        a_cell_that_towers,
        an_infinity,
        a_weight_that_is_no_number,
        next_to_overflow,
    ],
)
@pytest.mark.parametrize("looked_at", [150, 10**9])
def test_what_sums_and_differences_could_spoil_goes_another_way(monkeypatch, looked_at, change):
    monkeypatch.setattr(winograd, "LOOKED_AT", looked_at)
    monkeypatch.setattr(winograd, "COUNTED_AT", looked_at)
    rng = np.random.default_rng(10)
    x, weight = rng.normal(size=(1, 64, 56, 56)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, 1, 1, 1, "zeros")
    assert choose(x, weight, sliding, 1) is Branch.WINOGRAD
    assert choose(x[..., ::-1], weight, sliding, 1) is Branch.GATHERED
    change(x, weight)
    assert choose(x, weight, sliding, 1) is Branch.GATHERED


@pytest.mark.parametrize("height", [30, 1e4, 1e6, 1e10])
def test_a_cell_that_towers_over_the_others_leaves_no_trace_where_its_weight_is_0(height):
    rng = np.random.default_rng(11)
    x, weight = rng.normal(size=(1, 64, 28, 28)).astype(np.float32), rng.normal(size=(64, 64, 3, 3)).astype(np.float32)
    x[0, 3, 14, 14] = height
    weight[rng.random(weight.shape) < 0.05] = 0
    double = x.astype(np.float64), weight.astype(np.float64)
    exact = forced(Branch.GATHERED, *double, None, PLAIN)
    sizes = forced(Branch.GATHERED, *map(np.abs, double), None, PLAIN)
    assert (np.abs(conv2d(x, weight, padding=1) - exact) <= 4 * 576 * SINGLE * sizes).all()


def photograph(*size):
    """Light and dark, and black in one corner."""
    x = np.random.default_rng(2).integers(0, 256, (1, 1, *size)).astype(np.float32) / 255
    x[..., : size[0] // 2, : size[1] // 2] = 0
    x[..., size[0] // 2 :, : size[1] // 2] /= 255
    return x


@pytest.mark.parametrize(("size", "kernel"), [(5, 31), (480, 31), (640, 31), (1000, 7), (300, 201), (90, 1000)])
def test_tiles_make_all_cells_and_are_no_longer_than_a_cache_or_two_kernels_want(size, kernel):
    count, side = spectral.tiles(size, kernel)
    assert count * (side - kernel + 1) >= size
    assert side <= max(256, min(2.25 * kernel, 640), 1.25 * kernel)
    assert 30**9 % side == 0  # of small factors alone: they are transformed the fastest


def test_a_spectrum_keeps_to_the_bound_in_the_dark_and_is_exactly_0_in_the_black():
    x = photograph(200, 180)
    weight = np.random.default_rng(3).normal(size=(1, 1, 31, 31)).astype(np.float32)
    ours = conv2d(x, weight, padding=15)
    plain = {"stride": (1, 1), "padding": ((15, 15), (15, 15)), "dilation": (1, 1), "groups": 1}
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, plain)
    sizes = forced(Branch.GATHERED, np.abs(x).astype(np.float64), np.abs(weight).astype(np.float64), None, plain)
    assert (sizes == 0).sum() > 1000
    assert (np.abs(ours - exact) <= 0.01 * 4 * 961 * SINGLE * sizes).all()


def test_a_cell_that_towers_over_others_goes_another_way_than_by_its_spectrum():
    x = np.random.default_rng(5).random((1, 1, 300, 280), np.float32)
    weight = np.random.default_rng(6).normal(size=(1, 1, 31, 31)).astype(np.float32)
    sliding = conv_window(x.shape, weight.shape, 1, 15, 1, 1, "zeros")
    assert choose(x, weight, sliding, 1) is Branch.SPECTRAL
    x[0, 0, 100, 100] = 1e15
    assert choose(x, weight, sliding, 1) is not Branch.SPECTRAL
    plain = {"stride": (1, 1), "padding": ((15, 15), (15, 15)), "dilation": (1, 1), "groups": 1}
    exact = forced(Branch.GATHERED, x.astype(np.float64), weight.astype(np.float64), None, plain)
    sizes = forced(Branch.GATHERED, np.abs(x).astype(np.float64), np.abs(weight).astype(np.float64), None, plain)
    assert (np.abs(conv2d(x, weight, padding=15) - exact) <= 4 * 961 * SINGLE * sizes).all()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], True),
        ([0, 0], True),
        ([0, 5], True),
        ([-1e-9, 0, 1], True),
        ([-1e-11, 0, 1], False),
        ([1e-30, 1e30], False),
        ([1, np.inf], False),
        ([1, np.nan], True),
    ],
)
def test_cells_are_even_where_none_that_is_not_0_is_lost_beside_another(cells, expected):
    assert even(np.array(cells, np.float32)) is expected


GREY = (1, 1, 480, 640)


@pytest.mark.parametrize(
    ("dtype", "x_shape", "weight_shape", "given_settings", "expected"),
    [
        (np.float64, (1, 1, 28, 28), (4, 1, 5, 5), {}, Branch.SHIFTED),
        (np.float64, (1, 3, 28, 28), (4, 3, 5, 5), {}, Branch.GATHERED),
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


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("size", [3, 7, 31])
def test_what_is_not_finite_reaches_the_windows_that_hold_it_and_no_other(number, size):
    x = np.ones((1, 1, 70, 80), dtype=np.float32)
    x[0, 0, 40, 50] = number
    out = conv2d(x, np.ones((1, 1, size, size), dtype=np.float32), padding=size // 2)
    half = size // 2
    reached = np.zeros(out.shape, dtype=bool)
    reached[..., 40 - half : 41 + half, 50 - half : 51 + half] = True
    np.testing.assert_array_equal(~np.isfinite(out), reached)
    assert np.isnan(out[reached]).all() == np.isnan(number)


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


@pytest.mark.parametrize("size", [3, 31])
def test_a_weight_that_is_not_finite_counts_where_it_meets_a_cell(size):
    x, weight = np.ones((1, 1, 100, 100), dtype=np.float32), np.ones((1, 1, size, size), dtype=np.float32)
    weight[0, 0, 1, 1] = np.inf
    np.testing.assert_array_equal(conv2d(x, weight), np.inf)


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize("weight_shape", [(1, 1, 3, 3), (4, 4, 3, 3), (4, 4, 1, 1), (4, 1, 9, 9), (4, 1, 25, 25)])
def test_single_precision_agrees_with_double_whatever_is_around(mode, weight_shape):
    groups = 4 if weight_shape[1:2] == (1,) and weight_shape[0] == 4 else 1
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, weight_shape[1] * groups, 70, 75))
    weight, bias = rng.normal(size=weight_shape), rng.normal(size=weight_shape[0])
    kept = {"padding": ((1, 2), (0, 3)), "padding_mode": mode, "groups": groups}
    single = conv2d(*(a.astype(np.float32) for a in (x, weight, bias)), **kept)
    np.testing.assert_allclose(single, conv2d(x, weight, bias, **kept), rtol=1e-4, atol=1e-3)


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
