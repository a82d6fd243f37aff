"""The gradients of pooling against loops, small steps and PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    ShapeError,
    avg_pool2d,
    avg_pool2d_backward,
    lp_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from cnn_core.ops.pool import average, largest, pool_window, spans, two_by_two, winners
from tests.core.cases import LAYOUTS, integers, poolings
from tests.helpers import oracles
from tests.helpers.gradients import assert_gradients, distinct
from tests.helpers.memory import held

ORDER = ("stride", "padding", "dilation", "ceil_mode")


@settings(max_examples=120)
@given(poolings(), st.sampled_from(sorted(LAYOUTS)), st.booleans())
def test_the_first_of_the_largest_gets_the_window_s_gradient(case, layout, broken):
    x, kernel, given_settings = case
    if broken:
        x = np.where(x > 5, np.nan, np.where(x < -5, -np.inf, x))
    grad = integers(np.random.default_rng(x.size), max_pool2d(x, kernel, **given_settings).shape)
    grad, x = LAYOUTS[layout](grad), LAYOUTS[layout](x)
    before = x.copy()
    ours = max_pool2d_backward(grad, x, kernel, **given_settings)
    expected = oracles.max_pool2d_backward(grad, x, kernel, *(given_settings[name] for name in ORDER))
    np.testing.assert_array_equal(ours, expected)
    np.testing.assert_array_equal(x, before)


# What is added to the cost of a way, so that it is taken always or never.
NEVER, ALWAYS = 1e12, -1e12


@pytest.mark.parametrize("most", [1, 30, 400_000])
@pytest.mark.parametrize("columns", [NEVER, ALWAYS])
@settings(max_examples=60)
@given(case=poolings(), layout=st.sampled_from(sorted(LAYOUTS)), odd=st.sampled_from([None, np.nan, np.inf, -np.inf]))
def test_at_once_the_first_of_the_largest_is_found_too(most, columns, case, layout, odd):
    x, kernel, given_settings = case
    x = x.astype(np.float32)
    x[np.abs(x) < 2] *= -0.0  # zeros of both signs are alike
    if odd is not None:
        x[x > 5], x[x < -6] = odd, -np.inf
        x[..., ::3][x[..., ::3] == odd] *= -1  # a NaN of the other sign as well
    grad = integers(np.random.default_rng(x.size), max_pool2d(x, kernel, **given_settings).shape).astype(np.float32)
    grad, x = LAYOUTS[layout](grad), LAYOUTS[layout](x)
    expected = oracles.max_pool2d_backward(grad, x, kernel, *(given_settings[name] for name in ORDER))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(largest, "FOUND", ALWAYS)
        patch.setattr(winners, "COLUMNS", columns)
        for name in ("BLOCK_MOST", "LARGE_MOST"):
            patch.setattr(largest, name, most)
        ours = max_pool2d_backward(grad, x, kernel, **given_settings)
    np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("levels", [1, 2, 50])
@pytest.mark.parametrize("part", [1, 1000])
def test_columns_that_are_alike_are_all_looked_through_or_keys_are_made(monkeypatch, part, levels):
    monkeypatch.setattr(winners, "LOOKED_PART", part)
    monkeypatch.setattr(winners, "COLUMNS", ALWAYS)
    x = np.random.default_rng(levels).integers(0, levels, (2, 3, 40, 30)).astype(np.float32)
    grad = integers(np.random.default_rng(1), max_pool2d(x, 10, stride=6).shape).astype(np.float32)
    expected = oracles.max_pool2d_backward(grad, x, (10, 10), (6, 6), ((0, 0), (0, 0)), (1, 1), False)
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, 10, stride=6), expected)


@pytest.mark.parametrize("most", [1, 40, 200_000])
@settings(max_examples=60)
@given(case=poolings(), start=st.sampled_from([NEVER, ALWAYS]), single=st.booleans())
def test_down_and_then_across_a_mean_is_shared_out_as_tap_by_tap(most, case, start, single):
    x, kernel, given_settings = case
    dtype = np.float32 if single else float
    grad = integers(np.random.default_rng(x.size), avg_pool2d(x, kernel, **given_settings).shape).astype(dtype)
    order = [given_settings[name] for name in ORDER]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(average, "SPANS", start)
        patch.setattr(spans, "BLOCK_MOST", most)
        ours = avg_pool2d_backward(grad, x.shape, kernel, **given_settings)
    assert ours.dtype == dtype
    np.testing.assert_allclose(
        ours, oracles.avg_pool2d_backward(grad, x.shape, kernel, *order, True), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("kernel", [7, 13])
def test_of_windows_of_many_cells_none_is_asked_cell_by_cell(monkeypatch, kernel):
    asked = []
    meetings = largest.meetings
    for module in (largest, average):
        monkeypatch.setattr(module, "meetings", lambda *given: asked.append(given) or meetings(*given))
    x = np.random.default_rng(0).normal(size=(1, 64, 26, 26)).astype(np.float32)
    for stride in (1, 2):
        kept = {"stride": stride, "padding": kernel // 2}
        grad = np.ones_like(max_pool2d(x, kernel, **kept))
        handed = max_pool2d_backward(grad, x, kernel, **kept)
        assert handed.sum() == grad.size
        avg_pool2d_backward(grad, x.shape, kernel, **kept)
    assert not asked


def test_cells_beyond_the_last_window_are_given_nothing_of_a_mean(monkeypatch):
    monkeypatch.setattr(average, "SPANS", ALWAYS)
    monkeypatch.setattr(spans, "BLOCK_MOST", 1)
    given_back = avg_pool2d_backward(np.ones((1, 1, 1, 1)), (1, 1, 7, 6), 3, stride=5)
    assert given_back[..., :3, :3].tolist() == np.full((1, 1, 3, 3), 1 / 9).tolist()
    assert np.count_nonzero(given_back) == 9


def test_a_window_too_large_for_keys_is_asked_tap_by_tap(monkeypatch):
    monkeypatch.setattr(largest, "BAND_MOST", 50)
    x = distinct((1, 2, 9, 9)).astype(np.float32)
    grad = np.ones((1, 2, 3, 3), np.float32)
    expected = oracles.max_pool2d_backward(grad, x, (7, 7), (1, 1), ((0, 0), (0, 0)), (1, 1), False)
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, 7, stride=1), expected)


@settings(max_examples=120)
@given(poolings(), st.booleans())
def test_each_cell_of_a_mean_gets_an_equal_part(case, include):
    x, kernel, given_settings = case
    grad = integers(np.random.default_rng(x.size), avg_pool2d(x, kernel, **given_settings).shape)
    before = grad.copy()
    ours = avg_pool2d_backward(grad, x.shape, kernel, **given_settings, count_include_pad=include)
    order = (given_settings[name] for name in ORDER)
    np.testing.assert_allclose(ours, oracles.avg_pool2d_backward(grad, x.shape, kernel, *order, include), atol=1e-12)
    np.testing.assert_array_equal(grad, before)


@pytest.mark.parametrize("size", [(2, 2), (4, 6), (7, 6), (5, 9)])
@pytest.mark.parametrize("most", [1, 40, 18_000])
def test_of_2_by_2_side_by_side_the_first_of_the_largest_gets_all_block_by_block(monkeypatch, most, size):
    monkeypatch.setattr(two_by_two, "WINDOWS_MOST", most)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (3, 5, *size)).astype(np.float32)  # full of ties
    x[rng.random(x.shape) < 0.1] = -np.inf
    x[rng.random(x.shape) < 0.02] = np.inf
    output = max_pool2d(x, 2)
    grad = integers(rng, output.shape).astype(np.float32)
    grad[1, 2, 0, 0] = np.inf
    assert two_by_two.fits(x, output, grad, pool_window(x.shape, 2, None, 0, 1, False))
    expected = oracles.max_pool2d_backward(grad, x, (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), False)
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, 2), expected)


SETTINGS = [
    (2, {}),
    (3, {"stride": 2, "padding": 1, "ceil_mode": True}),
    ((3, 2), {"stride": 1}),
    (2, {"dilation": 2, "stride": (1, 2)}),
]


@pytest.mark.parametrize(("kernel", "given_settings"), SETTINGS)
def test_a_small_step_changes_the_result_as_the_gradient_says(kernel, given_settings):
    x = distinct((2, 3, 7, 6))
    assert_gradients(
        lambda x: max_pool2d(x, kernel, **given_settings),
        lambda grad, x: (max_pool2d_backward(grad, x, kernel, **given_settings),),
        (x,),
    )
    for include in (True, False):
        kept = {**given_settings, "count_include_pad": include}
        assert_gradients(
            lambda x, kept=kept: avg_pool2d(x, kernel, **kept),
            lambda grad, x, kept=kept: (avg_pool2d_backward(grad, x.shape, kernel, **kept),),
            (x,),
        )


@pytest.mark.parametrize(("kernel", "given_settings"), SETTINGS)
def test_pytorch_gives_the_same_gradients(kernel, given_settings):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(0, 4, (2, 3, 7, 6)).astype(np.float32)  # full of ties
    x[0, 0, 3, 3] = np.nan
    leaf = torch.tensor(x, requires_grad=True)
    out = torch.nn.functional.max_pool2d(leaf, kernel, **given_settings)
    grad = integers(np.random.default_rng(1), tuple(out.shape)).astype(np.float32)
    out.backward(torch.tensor(grad))
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, kernel, **given_settings), leaf.grad)
    if "dilation" in given_settings:  # PyTorch's mean has none
        return
    for include in (True, False):
        leaf = torch.tensor(x, requires_grad=True)
        out = torch.nn.functional.avg_pool2d(leaf, kernel, **given_settings, count_include_pad=include)
        out.backward(torch.tensor(grad))
        ours = avg_pool2d_backward(grad, x.shape, kernel, **given_settings, count_include_pad=include)
        np.testing.assert_allclose(ours, leaf.grad, rtol=1e-5, atol=1e-6)


def test_element_types_are_kept():
    x = distinct((1, 1, 4, 4)).astype(np.float32)
    grad = np.ones((1, 1, 2, 2), dtype=np.float32)
    assert max_pool2d_backward(grad, x, 2).dtype == np.float32
    assert avg_pool2d_backward(grad, x.shape, 2).dtype == np.float32


@pytest.mark.parametrize(("kernel", "given_settings"), SETTINGS)
def test_a_result_at_hand_need_not_be_made_again(kernel, given_settings):
    x = np.random.default_rng(0).integers(0, 4, (2, 3, 7, 6)).astype(np.float32)  # full of ties
    x[0, 0, 3, 3] = np.nan
    output = max_pool2d(x, kernel, **given_settings)
    grad = integers(np.random.default_rng(1), output.shape).astype(np.float32)
    made = max_pool2d_backward(grad, x, kernel, **given_settings)
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, kernel, **given_settings, output=output), made)
    with pytest.raises(ShapeError, match="None works"):
        max_pool2d_backward(grad, x, kernel, **given_settings, output=output[:1])


def test_a_gradient_of_another_shape_is_refused():
    x = distinct((1, 1, 4, 4))
    with pytest.raises(ShapeError, match=r"\(1, 1, 2, 2\), got \(1, 1, 4, 4\)"):
        max_pool2d_backward(x, x, 2)
    with pytest.raises(ShapeError, match=r"\(1, 1, 2, 2\), got \(1, 1, 4, 4\)"):
        avg_pool2d_backward(x, x.shape, 2)
    with pytest.raises(ShapeError, match=r"x\.shape works"):
        avg_pool2d_backward(x, (4, 4), 2)


def large_plane(made, *shapes):
    """Bytes that a call on a plane of 2000×1500 holds beside operands and result at most, and the limit."""
    operands = [np.random.default_rng(k).random((1, 1, *shape), np.float32) for k, shape in enumerate(shapes)]
    result, most = held(made, *operands)
    return most - result.nbytes, 16_000_000 + (result.nbytes + sum(each.nbytes for each in operands)) // 2


PLANE = (2000, 1500)
UNEVEN = {"stride": 1, "padding": 1, "count_include_pad": False}
OVERHANGING = {"stride": 1, "ceil_mode": True}


@pytest.mark.parametrize(
    ("made", "shapes"),
    [
        (lambda x: avg_pool2d(x, 3, **UNEVEN), [PLANE]),
        (lambda grad: avg_pool2d_backward(grad, (1, 1, *PLANE), 3, **UNEVEN), [PLANE]),
        (lambda x: avg_pool2d(x, 3, **OVERHANGING), [PLANE]),
        (lambda grad: avg_pool2d_backward(grad, (1, 1, *PLANE), 3, **OVERHANGING), [(1998, 1498)]),
        (lambda grad, x: max_pool2d_backward(grad, x, 2), [(1000, 750), PLANE]),
        (lambda grad, x: max_pool2d_backward(grad, x, 3, stride=1, padding=1), [PLANE, PLANE]),
        (lambda grad, x: lp_pool2d_backward(grad, x, 2, 2), [(1000, 750), PLANE]),
        (lambda grad, x: lp_pool2d_backward(grad, x, 3, 3, stride=1), [(1998, 1498), PLANE]),
    ],
)
def test_pooling_a_large_plane_keeps_to_half_of_the_memory_limit(made, shapes):
    most, limit = large_plane(made, *shapes)
    assert most <= limit


@pytest.mark.parametrize("width", [40, 41])
def test_a_large_plane_s_largest_cells_are_found_in_strips_as_in_one_piece(monkeypatch, width):
    rng = np.random.default_rng(3)
    x = rng.integers(0, 4, (2, 3, 31, width)).astype(np.float32)
    grad = rng.normal(size=(2, 3, 15, width // 2)).astype(np.float32)
    whole = max_pool2d_backward(grad, x, 2)
    monkeypatch.setattr(two_by_two, "STRIPS_FROM", 0)
    monkeypatch.setattr(two_by_two, "WINDOWS_MOST", 4 * (width // 2))
    np.testing.assert_array_equal(max_pool2d_backward(grad, x, 2), whole)
