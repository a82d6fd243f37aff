"""Numbers in words: their digits, the zeros before their point, their power of ten."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnn_core.digits import written


@pytest.mark.parametrize(
    ("x", "digits", "text"),
    [
        (0, 4, "0"),
        (12, 4, "12"),
        (1 / 3, 4, "0.3333"),
        (-0.25, 4, "-0.25"),
        (99999, 4, "99999"),
        (12345.678, 4, "12346"),
        (-9999.6, 4, "-10000"),
        (9_999_999, 4, "9999999"),
        (1e7, 4, "1e7"),
        (-1.234567e12, 4, "-1.235e12"),
        (0.0001, 4, "0.0001"),
        (1e-9, 6, "1e-9"),
        (-2.5e-300, 6, "-2.5e-300"),
        (math.inf, 4, "inf"),
        (math.nan, 4, "nan"),
    ],
)
def test_a_number_has_the_digits_asked_for_and_all_before_its_point(x, digits, text):
    assert written(x, digits) == text


@given(st.floats(-1e308, 1e308), st.integers(1, 17))
def test_what_is_written_is_the_number_to_these_digits_at_least(x, digits):
    text = written(x, digits)
    assert math.isclose(float(text), x, rel_tol=0.51 * 10.0 ** (1 - digits), abs_tol=5e-324)
    assert not re.search(r"e[+0]|e-0", text)
    if 1 <= abs(x) < 1e7:
        assert "e" not in text
