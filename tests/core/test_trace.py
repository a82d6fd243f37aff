"""Asking cells: bad questions, long sums, and extreme numbers."""

import gc
import math
import time

import numpy as np
import pytest

from cnn_core import (
    AvgPool2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Sigmoid,
    Softmax,
    Softplus,
)


@pytest.fixture(scope="module")
def trace():
    layers = [Conv2d(1, 1, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(111 * 111, 3), Softmax()]
    return Sequential(layers).trace(np.random.default_rng(0).random((1, 1, 224, 224)))


@pytest.mark.parametrize("stage", [-2, 6, 99, 1.5, None, "0"])
@pytest.mark.parametrize("ask", ["explain", "fan_in"])
def test_a_stage_that_is_not_there_is_refused_in_words(trace, ask, stage):
    with pytest.raises(ShapeError, match="stage must be"):
        getattr(trace, ask)(stage, (0, 0, 0, 0))


@pytest.mark.parametrize(
    "index", [(0, 0, 222, 0), (0, 0, -1, 0), (0, 0), (0, 0, 0, 0, 0), (0, 0, 0.5, 0), None, 7, "0000"]
)
@pytest.mark.parametrize("ask", ["explain", "fan_in"])
def test_a_cell_that_is_not_there_is_refused_in_words(trace, ask, index):
    with pytest.raises(ShapeError, match="index must be"):
        getattr(trace, ask)(0, index)


def test_how_long_a_sum_is_can_be_asked_without_the_sum(trace, monkeypatch):
    monkeypatch.setattr(Linear, "sources", None)
    assert trace.fan_in(4, (0, 1)) == 111 * 111
    assert trace.fan_in(0, (0, 0, 5, 6)) == 9
    assert trace.fan_in(-1, (0, 0, 5, 6)) == 0


def test_whole_numbers_of_any_kind_ask_a_cell(trace):
    assert trace.explain(np.int64(0), np.array([0, 0, 5, 6])) == trace.explain(0, (0, 0, 5, 6))


def test_a_chain_of_questions_leads_from_a_class_to_the_pixels(trace):
    asked = trace.explain(5, (0, 1))
    assert [term.stage for term in asked.terms] == [4, 4, 4]
    asked = trace.explain(asked.terms[1].stage, asked.terms[1].index)
    assert len(asked.terms) == 111 * 111
    assert abs(asked.residual) < 1e-12
    for stage in (3, 2, 1, 0):
        term = asked.terms[0]
        assert term.stage == stage
        asked = trace.explain(term.stage, term.index)
    assert all(term.stage == -1 for term in asked.terms)


def test_consumers_lead_forward_again(trace):
    stage, index = -1, (0, 0, 100, 100)
    counts = []
    while consumers := trace.explain(stage, index).consumers:
        counts.append(len(consumers))
        stage, index = consumers[-1]
    assert counts == [9, 1, 1, 1, 3, 3]


def test_asking_is_quick_even_for_a_sum_of_twelve_thousand_terms(trace):
    for stage, index in ((0, (0, 0, 10, 10)), (4, (0, 2))):
        gc.disable()  # what ten thousand tests have left takes most of half a second to look through
        try:
            began = time.process_time()  # what others take of the machine is not in it
            trace.explain(stage, index)
            taken = time.process_time() - began
        finally:
            gc.enable()
        assert taken < 0.5


def test_formulas_have_the_numbers_plugged_in():
    layers = [ReLU(), Sigmoid(), Flatten(), Softmax()]
    asked = Sequential(layers).trace(np.array([[[[-6.0, 2.0]]]]))
    assert asked.explain(0, (0, 0, 0, 0)).formula == "max(0, -6) = 0"
    assert asked.explain(1, (0, 0, 0, 0)).formula == "1 / (1 + exp(-(0))) = 0.5"
    assert asked.explain(3, (0, 0)).formula.startswith("exp(0.5) / (exp(0.5) + exp(")


def test_a_formula_s_negative_number_stands_in_brackets_behind_a_sign():
    asked = Sequential([LeakyReLU(0.5), Softplus(2)]).trace(np.array([[[[-6.0, 2.0]]]]))
    assert asked.explain(0, (0, 0, 0, 0)).formula == "0.5 × (-6) = -3"
    assert asked.explain(0, (0, 0, 0, 1)).formula == "2 > 0, so it stays 2"
    assert asked.explain(1, (0, 0, 0, 0)).formula.startswith("log(1 + exp(2 × (-3))) / 2 = ")


def test_infinities_are_told_as_they_are():
    convolution = Conv2d(1, 1, (1, 2), bias=False)
    convolution.weight = np.array([[[[1.0, -1.0]]]])
    for pair in ([math.inf, 1.0], [math.inf, math.inf], [1e308, -1e308]):
        with np.errstate(all="ignore"):
            asked = Sequential([convolution]).trace(np.array([[[pair]]])).explain(0, (0, 0, 0, 0))
        np.testing.assert_equal(asked.total, asked.value)


@pytest.mark.parametrize("include", [True, False])
def test_a_mean_weighs_by_0_what_it_does_not_count(include):
    x = np.arange(36.0).reshape(1, 1, 6, 6)
    for padding, kernel, stride in ((0, 4, 3), (1, 4, 3), (1, 3, 2)):
        layer = AvgPool2d(kernel, stride=stride, padding=padding, ceil_mode=True, count_include_pad=include)
        run = Sequential([layer]).trace(x)
        for i, j in np.ndindex(*run.output.shape[2:]):
            told = run.explain(0, (0, 0, i, j))
            weights = np.array([term.weight for term in told.terms])
            # By hand: the places of the window that lie on the padded plane, or on the plane itself.
            around = padding if include else 0
            places = [
                (i * stride - padding + a, j * stride - padding + b) for a in range(kernel) for b in range(kernel)
            ]
            counts = np.array([all(-around <= at < 6 + around for at in place) for place in places])
            np.testing.assert_array_equal(weights, np.where(counts, 1 / counts.sum(), 0))
            assert weights.sum() == pytest.approx(1)


def test_of_an_empty_batch_no_cell_is_recommended():
    trace = Sequential([ReLU()]).trace(np.ones((0, 1, 2, 2)))
    for stage in (-1, 0):
        with pytest.raises(ShapeError, match=r"no cells, its shape is \(0, 1, 2, 2\).*works"):
            trace.explain(stage, (0, 0, 0, 0))
