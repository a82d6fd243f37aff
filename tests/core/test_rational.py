"""Numbers as small fractions, against fractions that were turned into floats."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core import Conv2d, MaxPool2d, ReLU, Sequential, ShapeError, kernels
from cnn_core.rational import common_denominator, exact_total, fraction

small = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)


@given(small)
def test_a_small_fraction_is_found_again_in_its_nearest_float(given_fraction):
    assert fraction(float(given_fraction)) == given_fraction


@pytest.mark.parametrize("value", [np.pi, 2**0.5, 0.1234567, 1 / 1009])
def test_what_was_not_meant_as_a_small_fraction_is_none(value):
    assert fraction(value) is None


def test_the_common_denominator_is_the_least_and_none_where_one_is_no_fraction():
    assert common_denominator([0.5, 1 / 3, -2.0, 0.25]) == 12
    assert common_denominator([]) == 1
    assert common_denominator([0.5, np.pi]) is None
    assert common_denominator([1 / 997, 1 / 991]) is None


def test_a_blur_of_whole_numbers_adds_up_exactly():
    layer = Conv2d(1, 1, 3)
    layer.weight = kernels.get("box_blur").weights[None, None]
    layer.bias = np.array([1 / 7])
    x = np.arange(25.0).reshape(1, 1, 5, 5) ** 2
    trace = Sequential([layer]).trace(x)
    window = x[0, 0, 1:4, 2:5]
    assert exact_total(trace.explain(0, (0, 0, 1, 2))) == Fraction(int(window.sum()), 9) + Fraction(1, 7)
    layer.bias = np.array([np.pi])
    assert exact_total(Sequential([layer]).trace(x).explain(0, (0, 0, 1, 2))) is None


@pytest.mark.parametrize("met", [np.nan, np.inf])
def test_a_sum_that_is_no_number_has_no_exact_total_though_a_weight_of_0_took_nothing(met: float):
    layer = Conv2d(1, 1, (1, 2), bias=False)
    layer.weight = np.array([[[[0.0, 1.0]]]])
    asked = Sequential([layer]).trace(np.array([[[[met, 0.5]]]])).explain(0, (0, 0, 0, 0))
    assert np.isnan(asked.value)
    assert exact_total(asked) is None


def test_a_sum_of_which_not_all_terms_are_listed_has_no_exact_total():
    network = Sequential([Conv2d(1, 1, 3)])
    trace = network.trace(np.ones((1, 1, 5, 5)))
    gradients = network.backward(trace, np.ones((1, 1, 3, 3)))
    assert exact_total(gradients.explain_param("0.weight", (0, 0, 1, 1))) == 9
    assert exact_total(gradients.explain_param("0.weight", (0, 0, 1, 1), most=1)) is None
    assert exact_total(gradients.explain_param("0.weight", (0, 0, 1, 1), most=9)) == 9


def test_what_meets_a_weight_of_0_need_be_no_fraction():
    trace = Sequential([MaxPool2d(2, padding=1)]).trace(np.array([[[[0.25, np.pi], [1.0, 2.0]]]]))
    assert exact_total(trace.explain(0, (0, 0, 0, 0))) == Fraction(1, 4)
    assert exact_total(trace.explain(0, (0, 0, 0, 1))) is None


@pytest.mark.parametrize(("stage", "rule"), [(-1, "input"), (0, "function")])
def test_what_is_no_sum_has_no_total_and_that_is_said(stage, rule):
    asked = Sequential([ReLU()]).trace([[0.5, 2.0]]).explain(stage, (0, 0))
    assert asked.rule == rule
    with pytest.raises(ShapeError, match=f'"{rule}".*works'):
        exact_total(asked)


@given(
    st.fractions(min_value=-(10**15), max_value=10**15, max_denominator=60),
    st.sampled_from([1, 60, 256, 1000]),
)
def test_of_several_fractions_that_are_one_float_the_one_with_the_smallest_denominator_is_found(given_fraction, most):
    value = float(given_fraction)
    near = (Fraction(round(Fraction(value) * k), k) for k in range(1, most + 1))
    assert fraction(value, most) == next((found for found in near if float(found) == value), None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((10**14 + 3) / 10, Fraction(10**14 + 3, 10)),
        (-(10**14 + 1) / 3, Fraction(-(10**14) - 1, 3)),
        (2.0**60 + 2**9, Fraction(2**60 + 2**9)),
        (5e-324, None),
        (1.7e308, Fraction(1.7e308)),
    ],
)
def test_a_large_number_is_the_simple_fraction_that_it_was_made_of(value, expected):
    assert fraction(value) == expected


def test_a_denominator_of_any_size_may_be_looked_for():
    assert fraction(0.5, 10**400) == Fraction(1, 2)
    assert float(fraction(5e-324, 10**400)) == 5e-324
