"""Blocks that follow on each other, taken together where they are alike and evenly apart."""

import numpy as np
import pytest

from cnn_core.ops._steps import Steps, run_all, runs

FLOAT = np.dtype(np.float32)


def moved(by):
    """A plan that puts two cells, ``by`` further on, into two others."""
    to_do = Steps(FLOAT, (4,), (2,))
    cells, out = to_do.parts
    to_do.copy(out, cells[by : by + 2])
    return to_do.plan()


@pytest.mark.parametrize(
    ("blocks", "times"),
    [
        ([(0, 0, 0), (0, 2, 2), (0, 4, 4), (0, 6, 6)], [4]),
        ([(0, 0, 0), (1, 2, 2), (1, 4, 4), (0, 6, 6)], [1, 2, 1]),
        ([(0, 0, 0), (0, 2, 2), (0, 8, 4), (0, 4, 6)], [2, 2]),
        ([(2, 8, 6)], [1]),
    ],
)
def test_blocks_are_taken_together_as_far_as_they_are_alike_and_evenly_apart(blocks, times):
    x, out = np.arange(16, dtype=np.float32), np.full(8, -1, np.float32)
    expected = out.copy()
    for by, cells, target in blocks:
        expected[target : target + 2] = x[cells + by :][:2]
    found = runs([(by, (4 * cells, 4 * target)) for by, cells, target in blocks], moved)
    assert [run.times for run in found] == times
    run_all(found, (x, out))
    np.testing.assert_array_equal(out, expected)
