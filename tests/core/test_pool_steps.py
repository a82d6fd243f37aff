"""Steps that are written down once and taken for every block."""

import numpy as np
import pytest

from cnn_core.ops.pool.steps import Blocks, Steps, run

FLOAT = np.dtype(np.float32)


def doubled(combine):
    """A plan for ``(4,)`` cells and ``(2,)`` windows: each with its neighbour, every second one of these."""
    to_do = Steps(FLOAT, ((4,), (2,), (4,)), combine, 0.0)
    to_do.clear(to_do.shared)
    to_do.combine(to_do.cells[:3], to_do.cells[1:], to_do.shared[:3])
    to_do.copy(to_do.windows, to_do.shared[::2])
    return to_do.plan()


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("combine", [np.add, np.maximum])
def test_every_block_has_its_steps_taken_and_nothing_else_is_touched(count, combine):
    x = np.random.default_rng(count).normal(size=1 + 5 * 3).astype(np.float32)
    out, shared = np.full(2 + 3 * 3, 7, np.float32), np.empty(4, np.float32)
    run(doubled(combine), (x, out, shared), Blocks(4, 20), Blocks(8, 12), count)
    expected = np.full_like(out, 7)
    for k in range(count):
        cells = x[1 + 5 * k :][:4]
        expected[2 + 3 * k :][:2] = combine(cells[0], cells[1]), combine(cells[2], cells[3])
    np.testing.assert_array_equal(out, expected)


def test_memory_that_ends_before_a_block_does_is_not_left():
    x, out, shared = np.ones(7, np.float32), np.ones(4, np.float32), np.empty(4, np.float32)
    with pytest.raises((ValueError, TypeError), match=r"strides|buffer"):
        run(doubled(np.add), (x, out, shared), Blocks(0, 16), Blocks(0, 8), 2)
