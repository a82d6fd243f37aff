"""Adaptive pooling, forward and back, against loops, small steps and PyTorch; one cell is global pooling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    Conv2d,
    Sequential,
    ShapeError,
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from cnn_core.ops.pool import adaptive as pool_adaptive
from cnn_core.ops.pool import spans as pool_spans
from cnn_core.ops.pool import winners
from tests.core.cases import LAYOUTS, integers
from tests.helpers.gradients import assert_gradients, distinct


@st.composite
def adaptive(draw):
    """``(x, output_size)``: fewer cells than the input has, as many, or more."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(
        rng, (draw(st.integers(0, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    )
    side = st.one_of(st.integers(1, 9), st.none())
    return x, draw(st.one_of(side, st.tuples(side, side)))


def areas(size: int, count: int) -> list[list[int]]:
    """The cells of each area: those that share any part of it, when an axis of length 1 is cut both ways."""
    return [[k for k in range(size) if (k + 1) * count > i * size and k * count < (i + 1) * size] for i in range(count)]


def both(x, output_size):
    sizes = output_size if isinstance(output_size, tuple) else (output_size, output_size)
    return [areas(size, own or size) for own, size in zip(sizes, x.shape[2:], strict=True)]


@settings(max_examples=150)
@given(adaptive(), st.sampled_from(sorted(LAYOUTS)))
def test_each_area_gives_what_loops_find_and_hands_its_gradient_back(case, layout):
    x, output_size = case
    x = LAYOUTS[layout](x)
    before = x.copy()
    down, across = both(x, output_size)
    largest, mean = adaptive_max_pool2d(x, output_size), adaptive_avg_pool2d(x, output_size)
    assert largest.shape == mean.shape == (*x.shape[:2], len(down), len(across))
    grad = integers(np.random.default_rng(x.size), largest.shape)
    won, shared = np.zeros(x.shape), np.zeros(x.shape)
    for n, c, i, j in np.ndindex(largest.shape):
        cells = [(n, c, row, column) for row in down[i] for column in across[j]]
        values = [x[cell] for cell in cells]
        assert largest[n, c, i, j] == max(values)
        assert mean[n, c, i, j] == pytest.approx(sum(values) / len(values), abs=1e-12)
        won[cells[values.index(max(values))]] += grad[n, c, i, j]
        for cell in cells:
            shared[cell] += grad[n, c, i, j] / len(cells)
    np.testing.assert_array_equal(adaptive_max_pool2d_backward(grad, x, output_size), won)
    np.testing.assert_allclose(adaptive_avg_pool2d_backward(grad, x.shape, output_size), shared, atol=1e-12)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("most", [1, 20, 400_000])
@pytest.mark.parametrize("columns", [1e12, -1e12])
@settings(max_examples=60)
@given(case=adaptive(), layout=st.sampled_from(sorted(LAYOUTS)), odd=st.sampled_from([None, np.nan, np.inf]))
def test_block_by_block_each_area_is_pooled_and_handed_its_gradient_the_same(most, columns, case, layout, odd):
    x, output_size = case
    single = x.astype(np.float32)
    if odd is not None:
        single[single > 4] = odd
    grad = integers(np.random.default_rng(x.size), adaptive_max_pool2d(x, output_size).shape).astype(np.float32)
    single, grad = LAYOUTS[layout](single), LAYOUTS[layout](grad)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winners, "COLUMNS", columns)
        patch.setattr(pool_spans, "BLOCK_MOST", most)
        patch.setattr(pool_adaptive, "LARGE_MOST", most)
        patch.setattr(pool_adaptive, "_FEW", 0)
        for dtype in (np.float32, float):
            given_x, given_grad = single.astype(dtype, copy=False), grad.astype(dtype, copy=False)
            expected_won, expected_shared = np.zeros(x.shape, dtype), np.zeros(x.shape, dtype)
            out, down, across = adaptive_max_pool2d(given_x, output_size), *both(x, output_size)
            for n, c, i, j in np.ndindex(grad.shape):
                cells = [(n, c, row, column) for row in down[i] for column in across[j]]
                values = np.array([single[cell] for cell in cells])
                np.testing.assert_array_equal(out[n, c, i, j], values.max())
                expected_won[cells[int(values.argmax())]] += grad[n, c, i, j]
                for cell in cells:
                    expected_shared[cell] += grad[n, c, i, j] / len(cells)
            won = adaptive_max_pool2d_backward(given_grad, given_x, output_size)
            shared = adaptive_avg_pool2d_backward(given_grad, x.shape, output_size)
            assert out.dtype == won.dtype == shared.dtype == dtype
            np.testing.assert_array_equal(won, expected_won)
            np.testing.assert_allclose(shared, expected_shared, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, float])
def test_many_areas_are_not_pooled_one_after_the_other(monkeypatch, dtype):
    asked = []
    areas = pool_adaptive._areas
    monkeypatch.setattr(pool_adaptive, "_areas", lambda *given: asked.append(given) or areas(*given))
    x = np.random.default_rng(0).normal(size=(1, 3, 50, 33)).astype(dtype)
    for size in (7, 16, (5, 11)):
        grad = np.ones_like(adaptive_max_pool2d(x, size))
        assert adaptive_max_pool2d_backward(grad, x, size).sum() == grad.size
        assert adaptive_avg_pool2d_backward(grad, x.shape, size).sum() == pytest.approx(grad.size, rel=1e-5)
        if dtype == np.float32:
            adaptive_avg_pool2d(x, size)
    assert not asked


@pytest.mark.parametrize("most", [0, 20_000])
@settings(max_examples=100)
@given(adaptive(), st.sampled_from([0.0, np.nan, np.inf]))
def test_single_precision_gives_double_s_numbers_and_keeps_what_is_not_finite_in_its_areas(most, case, number):
    x, output_size = case
    if x.size:
        x[-1, 0, x.shape[2] // 2, 0] = number
    single = x.astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pool_adaptive, "_SUMS_MOST", most)
        for pool in (adaptive_avg_pool2d, adaptive_max_pool2d):
            np.testing.assert_allclose(pool(single, output_size), pool(x, output_size), rtol=1e-6)
            assert pool(single, output_size).dtype == np.float32


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("size", [1, 2, (3, 1), (6, 4), (2, 3), (None, 1)])
@pytest.mark.parametrize("shape", [(2, 3, 6, 4), (1, 5, 12, 16), (0, 2, 6, 4), (1, 2, 96, 64)])
def test_single_precision_finds_what_double_does_and_broken_numbers_stay_in_their_areas(shape, size, layout):
    x = np.random.default_rng(3).normal(size=shape)
    x[:1, 0, 0, -1], x[:1, 1, 2, 0] = np.nan, np.inf
    single = LAYOUTS[layout](x.astype(np.float32))
    mean, largest = adaptive_avg_pool2d(single, size), adaptive_max_pool2d(single, size)
    assert mean.dtype == largest.dtype == np.float32
    np.testing.assert_array_equal(largest, adaptive_max_pool2d(single.astype(float), size))
    np.testing.assert_allclose(mean, adaptive_avg_pool2d(single.astype(float), size), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, (2, 3), (3, 4), (9, None)])
def test_a_small_step_changes_the_result_as_the_gradient_says(size):
    x = distinct((2, 3, 7, 6))
    assert_gradients(
        lambda x: adaptive_max_pool2d(x, size), lambda grad, x: (adaptive_max_pool2d_backward(grad, x, size),), (x,)
    )
    assert_gradients(
        lambda x: adaptive_avg_pool2d(x, size),
        lambda grad, x: (adaptive_avg_pool2d_backward(grad, x.shape, size),),
        (x,),
    )


def test_areas_of_one_size_are_a_plain_pooling_s_windows():
    x = integers(np.random.default_rng(3), (2, 2, 6, 8))
    np.testing.assert_array_equal(adaptive_max_pool2d(x, (3, 2)), max_pool2d(x, (2, 4)))
    grad = integers(np.random.default_rng(4), (2, 2, 3, 2))
    ours = adaptive_max_pool2d_backward(grad, x, (3, 2))
    np.testing.assert_array_equal(ours, max_pool2d_backward(grad, x, (2, 4)))
    assert AdaptiveMaxPool2d((3, 2)).window(x.shape).kernel_size == (2, 4)
    assert AdaptiveMaxPool2d(4).window(x.shape) is None


def test_a_nan_wins_and_element_types_are_kept():
    x = np.zeros((1, 1, 2, 2), dtype=np.float32)
    x[0, 0, 1, 0] = np.nan
    assert np.isnan(adaptive_max_pool2d(x, 1)).all()
    found = adaptive_max_pool2d_backward(np.ones((1, 1, 1, 1), np.float32), x, 1)
    assert found.tolist() == [[[[0, 0], [1, 0]]]]
    assert found.dtype == adaptive_avg_pool2d(x, 1).dtype == np.float32
    assert adaptive_avg_pool2d(np.array([[[[1, 2]]]]), 1).tolist() == [[[[1.5]]]]


def test_a_summary_has_one_receptive_field_only_where_all_areas_are_of_one_size():
    rows = Sequential([Conv2d(1, 1, 3), AdaptiveAvgPool2d(1)]).summary((1, 1, 8, 8))
    assert rows[1].receptive_field.size == (8, 8)
    assert Sequential([AdaptiveAvgPool2d(3)]).summary((1, 1, 8, 8))[0].receptive_field is None


@pytest.mark.parametrize(
    "bad",
    [0, -1, 1.5, "all", "12", (1, 2, 3), (), {1, 2}, {1: 0, 2: 0}, [[1, 2]], (1, 2.5), 10**9, (2**15, 2**15), True],
)
def test_what_cannot_work_is_refused_in_words(bad):
    for kind in (AdaptiveMaxPool2d, AdaptiveAvgPool2d):
        with pytest.raises(ShapeError, match="works"):
            kind(bad)
    with pytest.raises(ShapeError, match="works"):
        adaptive_max_pool2d(np.ones((1, 1, 3, 3)), bad)


@pytest.mark.parametrize("bad", ["all", {1, 2, 3}, {"h": 2}, 1.5, (1, 2, 3), True])
def test_what_is_no_size_is_told_all_that_is_one(bad):
    with pytest.raises(ShapeError, match="must be a whole number, None or a pair of these"):
        AdaptiveMaxPool2d(bad)


def test_as_many_cells_as_the_input_has_are_no_slip_of_the_hand_but_more_are():
    x = np.zeros((1, 1, 1, 2**22 + 1), np.float32)
    for same in (None, (1, 2**22 + 1)):
        assert adaptive_max_pool2d(x, same).shape == x.shape
    assert AdaptiveAvgPool2d((1, 2**22 + 1)).output_shape(x.shape) == x.shape
    with pytest.raises(ShapeError, match=r"at most 4,194,304 cells a plane, got 1×4,194,305.*works"):
        adaptive_max_pool2d(x[..., :9], (1, 2**22 + 1))
    with pytest.raises(ShapeError, match=r"at most .* cells a plane, got 2×4,194,305.*works"):
        adaptive_max_pool2d(x, (2, None))
    with pytest.raises(ShapeError, match="cells a plane"):
        AdaptiveAvgPool2d((2, None)).output_shape(x.shape)


@pytest.mark.parametrize("pair", [[2, None], np.array([2, 3]), (np.int64(2), 3), (n for n in (2, 3))])
def test_a_pair_is_taken_in_any_form_that_has_an_order(pair):
    assert AdaptiveMaxPool2d(pair).output_size in ((2, None), (2, 3))


def test_a_gradient_of_another_shape_is_refused():
    x = np.ones((1, 1, 3, 3))
    with pytest.raises(ShapeError, match="grad must have"):
        adaptive_max_pool2d_backward(x, x, 1)
    with pytest.raises(ShapeError, match="grad must have"):
        adaptive_avg_pool2d_backward(x, x.shape, 1)
    with pytest.raises(ShapeError, match=r"x\.shape works"):
        adaptive_avg_pool2d_backward(x, (3, 3), 1)


@pytest.mark.parametrize("size", [1, 3, (4, 5), (None, 2), (9, 9)])
def test_pytorch_gives_the_same(size):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(0, 4, (2, 3, 7, 6)).astype(np.float32)  # full of ties
    for theirs, ours, back in (
        (torch.nn.AdaptiveMaxPool2d, AdaptiveMaxPool2d, lambda g: adaptive_max_pool2d_backward(g, x, size)),
        (torch.nn.AdaptiveAvgPool2d, AdaptiveAvgPool2d, lambda g: adaptive_avg_pool2d_backward(g, x.shape, size)),
    ):
        leaf = torch.tensor(x, requires_grad=True)
        out = theirs(size)(leaf)
        grad = integers(np.random.default_rng(1), tuple(out.shape)).astype(np.float32)
        out.backward(torch.tensor(grad))
        np.testing.assert_allclose(ours(size).forward(x), out.detach(), rtol=1e-6)
        np.testing.assert_allclose(back(grad), leaf.grad, rtol=1e-5, atol=1e-6)
