"""Fixtures of the tests of ``cnn_core``."""

import pytest

from cnn_core.layers import Layer
from tests.core.layer_cases import CASES


@pytest.fixture(params=CASES)
def case(request) -> tuple[Layer, tuple[int, ...]]:
    """A layer of the table, new, and an input shape that fits it."""
    make, shape = CASES[request.param]
    return make(), shape
