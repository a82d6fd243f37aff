"""What is remembered of geometry changes no answer and no refusal."""

import numpy as np
import pytest

from cnn_core import ShapeError, conv2d, max_pool2d
from cnn_core.ops._remembered import remembered


def counted():
    asked = []

    @remembered
    def check(*settings):
        asked.append(settings)
        if settings[0] == 0:
            raise ShapeError("0 does not work; 1 works")
        return object()

    return check, asked


def test_a_question_in_whole_numbers_is_answered_once():
    check, asked = counted()
    first = check((1, 2), "same", ((0, 1), (2, 3)), None, True)
    assert check((1, 2), "same", ((0, 1), (2, 3)), None, True) is first
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), ((1, 1), (True, 1)), ((1, 1), (1.0, 1)), (((1, 1), (1, 1)), ((1, 1), (1, np.float64(1)))), (1, 1.0)],
)
def test_what_is_only_equal_to_a_whole_number_is_another_question(one, other):
    check, _ = counted()
    assert check(one) is not check(other)


def test_a_list_is_asked_about_each_time_as_it_may_change():
    check, asked = counted()
    setting = [1, 2]
    check(setting)
    setting[0] = 3
    check(setting)
    assert len(asked) == 2


def test_a_refusal_is_made_anew_each_time():
    check, asked = counted()
    for _ in range(2):
        with pytest.raises(ShapeError, match="1 works"):
            check(0)
    assert len(asked) == 2


@pytest.mark.parametrize("stride", [(1.0, 1), (True, 1), 1.0, True, "1", [1, 1.0]])
def test_settings_that_do_not_work_are_refused_after_equal_ones_that_do(stride):
    x, weight = np.ones((1, 1, 5, 5)), np.ones((1, 1, 3, 3))
    conv2d(x, weight, stride=(1, 1))
    conv2d(x, weight, stride=1)
    max_pool2d(x, 3, stride=(1, 1))
    with pytest.raises(ShapeError, match="works"):
        conv2d(x, weight, stride=stride)
    with pytest.raises(ShapeError, match="works"):
        max_pool2d(x, 3, stride=stride)
