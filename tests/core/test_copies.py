"""Copies of every second number come out as number by number, to the very last one."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from cnn_core.ops._copies import as_columns, as_windows


def copied(pairs):
    for target, source in pairs:
        np.copyto(target, source, casting="unsafe")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize(
    ("channels", "rows", "across"), [(1, 1, 1), (1, 5, 4), (3, 1, 1), (2, 4, 5), (2, 1, 1), (3, 6, 7)]
)
@pytest.mark.parametrize("behind", [0, 1])
def test_windows_are_brought_together_to_the_last_number_there_is(dtype, step, channels, rows, across, behind):
    kernel_h, kernel_w = 2, 3
    tall, wide = rows - 1 + kernel_h, (across - 1) * step + kernel_w + behind
    cells = np.random.default_rng(0).normal(size=(channels, tall, wide)).astype(dtype)
    plane, row, cell = cells.strides
    strides = (plane, row, cell, row, step * cell)
    target = np.full((channels, kernel_h, kernel_w, rows, across), np.nan, dtype)
    copied(as_windows(target, cells, strides))
    np.testing.assert_array_equal(target, as_strided(cells, target.shape, strides))


@pytest.mark.parametrize("first", [0, 1, 2, 3])
@pytest.mark.parametrize("columns", [1, 2, 5])
@pytest.mark.parametrize("behind", [0, 1])
def test_every_second_column_is_picked_from_wherever_a_line_begins(first, columns, behind):
    x = np.random.default_rng(1).normal(size=(3, first + 2 * columns - 1 + behind)).astype(np.float32)
    target = np.full((3, columns), np.nan, np.float32)
    copied([as_columns(target, x[:, first:], 2)])
    np.testing.assert_array_equal(target, x[:, first::2][:, :columns])


def test_no_bit_of_what_is_no_number_changes():
    bits = np.arange(0x7F800000, 0x7F800000 + 64, dtype=np.uint32)
    cells, target = bits.view(np.float32), np.zeros(31, np.float32)
    copied(as_windows(target, cells, (8,)))
    np.testing.assert_array_equal(target.view(np.uint32), bits[:62:2])
