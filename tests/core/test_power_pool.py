"""The p-norm of each window, forward and back, against loops, small steps and PyTorch."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import LPPool2d, Sequential, ShapeError, avg_pool2d, lp_pool2d, lp_pool2d_backward
from cnn_core.ops.pool import power
from tests.core.cases import LAYOUTS, integers
from tests.helpers import oracles
from tests.helpers.gradients import assert_gradients, distinct


@st.composite
def norms(draw):
    """``(x, p, kernel_size, settings)`` of a pooling that fits."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    size = [side + draw(st.integers(0, 5)) for side in kernel]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    x = integers(rng, (draw(st.integers(0, 2)), draw(st.integers(1, 3)), *size))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    return x, draw(st.sampled_from([1, 2, 3, 4, 2.5])), kernel, {"stride": stride, "ceil_mode": draw(st.booleans())}


def by_loops(x, norm, kernel, given_settings):
    def root(inside, _):
        total = sum(cell**norm if cell >= 0 or norm == int(norm) else np.nan for cell in inside)
        total *= kernel[0] * kernel[1] / len(inside)
        return total if norm == 1 else total ** (1 / norm) if total >= 0 else np.nan

    sides = ((0, 0), (0, 0))
    return oracles.pool2d(x, kernel, given_settings["stride"], sides, (1, 1), given_settings["ceil_mode"], root)


@settings(max_examples=120)
@given(norms(), st.sampled_from(sorted(LAYOUTS)))
def test_the_norm_of_each_window_is_what_loops_find(case, layout):
    x, norm, kernel, given_settings = case
    x = LAYOUTS[layout](x)
    before = x.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = lp_pool2d(x, norm, kernel, **given_settings)
    np.testing.assert_allclose(out, by_loops(x, norm, kernel, given_settings), rtol=1e-12)
    np.testing.assert_array_equal(x, before)
    single = lp_pool2d(np.abs(x).astype(np.float32), norm, kernel, **given_settings)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, by_loops(np.abs(x), norm, kernel, given_settings), rtol=1e-5)


def backward_by_loops(grad, x, norm, kernel, given_settings):
    out = np.zeros(x.shape)
    y = by_loops(x, norm, kernel, given_settings)
    starts = [
        oracles.pool_starts(x.shape[2 + k], 0, 0, kernel[k], given_settings["stride"][k], given_settings["ceil_mode"])
        for k in (0, 1)
    ]
    for n, c, i, j in np.ndindex(grad.shape):
        rows, columns = (
            range(starts[k][at], min(x.shape[2 + k], starts[k][at] + kernel[k])) for k, at in enumerate((i, j))
        )
        scale = kernel[0] * kernel[1] / (len(rows) * len(columns))
        for row in rows:
            for column in columns:
                if y[n, c, i, j] != 0:
                    # d y / d x = (1 / p) * sum ** (1 / p - 1) * p * x ** (p - 1), and sum ** (1 / p) = y
                    slope = y[n, c, i, j] ** (1 - norm) * np.float64(x[n, c, row, column]) ** (norm - 1)
                    out[n, c, row, column] += grad[n, c, i, j] * scale * slope
    return out


@settings(max_examples=120)
@given(norms())
def test_each_cell_gets_its_part_of_the_gradient(case):
    x, norm, kernel, given_settings = case
    x = np.abs(x) if norm % 2 else x
    y = lp_pool2d(x, norm, kernel, **given_settings)
    grad = integers(np.random.default_rng(x.size), y.shape)
    ours = lp_pool2d_backward(grad, x, norm, kernel, **given_settings)
    np.testing.assert_allclose(ours, backward_by_loops(grad, x, norm, kernel, given_settings), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("norm", [1, 2, 2.5])
def test_a_gradient_is_found_in_parts_as_in_one_piece(monkeypatch, norm):
    x = np.random.default_rng(4).random((2, 3, 9, 8), np.float32)
    grad = np.random.default_rng(5).normal(size=lp_pool2d(x, norm, 3, stride=2, ceil_mode=True).shape)
    whole = lp_pool2d_backward(grad, x, norm, 3, stride=2, ceil_mode=True)
    monkeypatch.setattr(power, "TOGETHER", 50)
    np.testing.assert_array_equal(lp_pool2d_backward(grad, x, norm, 3, stride=2, ceil_mode=True), whole)


SETTINGS = [(2, {}), ((3, 2), {"stride": 1}), ((2, 3), {"stride": (3, 2), "ceil_mode": True})]


@pytest.mark.parametrize(("kernel", "given_settings"), SETTINGS)
@pytest.mark.parametrize("norm", [1, 2, 3, 2.5])
def test_a_small_step_changes_the_result_as_the_gradient_says(norm, kernel, given_settings):
    x = distinct((2, 3, 7, 6)) if norm == 2 else np.abs(distinct((2, 3, 7, 6))) + 1
    assert_gradients(
        lambda x: lp_pool2d(x, norm, kernel, **given_settings),
        lambda grad, x: (lp_pool2d_backward(grad, x, norm, kernel, **given_settings),),
        (x,),
    )


def test_a_window_of_zeros_hands_nothing_on():
    x = np.zeros((1, 1, 2, 4))
    x[0, 0, 0, 2] = 3
    found = lp_pool2d_backward(np.ones((1, 1, 1, 2)), x, 2, 2)
    assert found.tolist() == [[[[0, 0, 1, 0], [0, 0, 0, 0]]]]
    # Of a plain sum that is 0 too, where a derivative would be defined: as PyTorch has it.
    assert not lp_pool2d_backward(np.ones((1, 1, 1, 1)), np.array([[[[1.0, -1.0]]]]), 1, (1, 2)).any()


def test_what_has_no_root_and_what_is_broken_is_not_a_number():
    odd = lp_pool2d(np.full((1, 1, 2, 2), -1.0), 3, 2)
    broken = lp_pool2d(np.array([[[[np.nan, 1.0]]]]), 2, 1)
    assert np.isnan(odd).all()
    assert np.isnan(broken).tolist() == [[[[True, False]]]]
    found = lp_pool2d_backward(np.ones((1, 1, 1, 1)), np.array([[[[np.nan, 1.0]]]]), 2, (1, 2))
    assert np.isnan(found).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(lp_pool2d(np.array([[[[np.inf, 1.0]]]]), 2, (1, 2))).all()


def test_the_norm_of_one_is_the_mean_times_the_window_s_cells():
    x = integers(np.random.default_rng(0), (1, 2, 6, 6))
    np.testing.assert_array_equal(lp_pool2d(x, 1, 2), 4 * avg_pool2d(x, 2))


def test_whole_numbers_are_computed_in_double_precision():
    assert lp_pool2d(np.array([[[[3, 4]]]]), 2, (1, 2)).tolist() == [[[[5.0]]]]
    assert lp_pool2d(np.array([[[[3, 4]]]]), 2, (1, 2)).dtype == np.float64


def test_a_cell_s_formula_has_the_numbers_it_was_made_of():
    trace = Sequential([LPPool2d(2, (2, 2), stride=2, ceil_mode=True)]).trace(np.array([[[[1.0, 2, 4], [2, 4, -2]]]]))
    asked = trace.explain(0, (0, 0, 0, 0))
    assert asked.formula == "sqrt((1)^2 + (2)^2 + (2)^2 + (4)^2) = 5"
    assert [term.value for term in asked.terms] == [1, 2, 2, 4]
    assert trace.explain(0, (0, 0, 0, 1)).formula == "sqrt(2 × ((4)^2 + (-2)^2)) = 6.32456"


@pytest.mark.parametrize(
    ("norm", "kernel", "bad"),
    [
        (0, 2, {}),
        (-2, 2, {}),
        ("two", 2, {}),
        (float("nan"), 2, {}),
        (float("inf"), 2, {}),
        (2, 6, {}),
        (2, 0, {}),
        (2, 2, {"stride": 0}),
    ],
)
def test_what_cannot_work_is_refused_in_words(norm, kernel, bad):
    x = np.ones((1, 1, 5, 5))
    with pytest.raises(ShapeError, match=r"works|max_pool2d"):
        lp_pool2d(x, norm, kernel, **bad)
    with pytest.raises(ShapeError, match=r"works|max_pool2d"):
        lp_pool2d_backward(np.ones((1, 1, 2, 2)), x, norm, kernel, **bad)
    with pytest.raises(ShapeError, match=r"grad must have"):
        lp_pool2d_backward(x, x, 2, 2)


@pytest.mark.parametrize(("kernel", "given_settings"), SETTINGS)
@pytest.mark.parametrize("norm", [1, 2, 3, 4])
def test_pytorch_gives_the_same(norm, kernel, given_settings):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).integers(-1, 4, (2, 3, 7, 6)).astype(np.float32)
    x[0, 0, 3, 3] = np.nan
    x[1, 1, :4] = 0
    leaf = torch.tensor(x, requires_grad=True)
    out = torch.nn.LPPool2d(norm, kernel, **given_settings)(leaf)
    grad = integers(np.random.default_rng(1), tuple(out.shape)).astype(np.float32)
    out.backward(torch.tensor(grad))
    np.testing.assert_allclose(lp_pool2d(x, norm, kernel, **given_settings), out.detach(), rtol=1e-5)
    ours = lp_pool2d_backward(grad, x, norm, kernel, **given_settings)
    np.testing.assert_allclose(ours, leaf.grad, rtol=1e-4, atol=1e-5)
