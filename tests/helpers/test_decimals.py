"""The definitions in decimals are held to Python's own functions, and to differences."""

import math
from decimal import Decimal
from statistics import NormalDist

import pytest

from tests.helpers import decimals


def test_the_share_of_a_normal_distribution_is_python_s_and_halves_at_its_middle():
    known = NormalDist()
    for x in (-6.0, -1.25, 0.0, 0.5, 3.0):
        share, density = decimals.normal(x)
        assert float(share) == pytest.approx(known.cdf(x), rel=1e-9)
        assert float(density) == pytest.approx(known.pdf(x), rel=1e-14)
    assert decimals.normal(0.0)[0] == Decimal("0.5")
    assert float(decimals.normal(-30.0)[0]) == pytest.approx(math.erfc(30 / math.sqrt(2)) / 2, rel=1e-12)
    assert str(decimals.pi())[:22] == "3.14159265358979323846"


@pytest.mark.parametrize("form", ["none", "tanh"])
@pytest.mark.parametrize("x", [-3.0, -0.5, 0.0, 0.5, 2.0])
def test_gelu_is_its_definition_and_its_slope_what_differences_say(form, x):
    value, slope = decimals.gelu(x, form)
    root = math.sqrt(2 / math.pi)
    share = (1 + (math.erf(x / math.sqrt(2)) if form == "none" else math.tanh(root * (x + 0.044715 * x**3)))) / 2
    assert value == pytest.approx(x * share, rel=1e-12)
    step = 1e-5
    rise = decimals.gelu(x + step, form)[0] - decimals.gelu(x - step, form)[0]
    assert slope == pytest.approx(rise / (2 * step), rel=1e-7, abs=1e-10)
