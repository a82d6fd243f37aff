"""The measure itself, at calls whose memory is known."""

import tracemalloc

import numpy as np
import pytest

from tests.helpers.memory import beyond, held


def test_what_is_held_is_what_is_made_and_what_is_needed_on_the_way():
    made, most = held(np.ones, 1_000_000)
    assert made.sum() == 1_000_000
    assert most == pytest.approx(made.nbytes, abs=10_000)
    assert beyond(lambda x: x.copy()[:1] + 1, np.ones(1_000_000)) == pytest.approx(8_000_000, abs=10_000)
    assert beyond(np.add, np.ones(1_000_000), 1) < 10_000


def test_a_call_that_fails_leaves_nothing_on():
    with pytest.raises(ZeroDivisionError):
        held(lambda: 1 / 0)
    assert not tracemalloc.is_tracing()
