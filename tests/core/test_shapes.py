"""Geometry, against counting by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import Conv2d, MaxPool2d, Sequential, ShapeError, max_pool2d
from cnn_core.shapes import ReceptiveField, Window, padding_sources, window
from tests.core.cases import pairs, sides
from tests.helpers.oracles import pool_starts


@st.composite
def windows(draw):
    """A window and an input it fits; as in pooling, a window of ceil_mode is larger than each side of its padding."""
    sliding = Window(draw(pairs), draw(pairs), draw(pairs), draw(sides), draw(st.booleans()))
    if sliding.ceil_mode:
        around = zip(sliding.padding, sliding.extent, strict=True)
        sliding = replace(sliding, padding=tuple((min(a, e - 1), min(b, e - 1)) for (a, b), e in around))
    # Of ceil_mode the only window may overhang, by less than a stride.
    over = [step - 1 if sliding.ceil_mode else 0 for step in sliding.stride]
    least = [max(1, e - sum(side) - more) for e, side, more in zip(sliding.extent, sliding.padding, over, strict=True)]
    return sliding, tuple(low + draw(st.integers(0, 6)) for low in least)


@settings(max_examples=150)
@given(windows())
def test_there_are_as_many_windows_as_can_be_placed(case):
    sliding, size = case
    for axis, count in enumerate(sliding.output_size(*size)):
        before, after = sliding.padding[axis]
        placed = pool_starts(size[axis], before, after, sliding.extent[axis], sliding.stride[axis], sliding.ceil_mode)
        assert count == len(placed)
        assert [sliding.origin(i, i)[axis] for i in range(count)] == placed


@settings(max_examples=80)
@given(windows())
def test_a_cell_s_readers_are_the_windows_that_hold_it(case):
    sliding, size = case
    out = sliding.output_size(*size)
    holding: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for cell in np.ndindex(out):
        for _, _, row, column in sliding.taps(*cell):
            holding.setdefault((row, column), []).append(cell)
    for place in np.ndindex(size):
        assert list(sliding.readers(*place, out)) == holding.get(place, [])


@settings(max_examples=80)
@given(windows(), st.integers(0, 3))
def test_the_windows_whose_tap_lies_inside_are_told_with_the_cells_that_it_meets(case, first):
    sliding, size = case
    for axis, count in enumerate(sliding.output_size(*size)):
        some = range(first, max(first, count))
        for tap in range(sliding.kernel_size[axis]):
            places = [i * sliding.stride[axis] + tap * sliding.dilation[axis] - sliding.padding[axis][0] for i in some]
            met = [(i, at) for i, at in enumerate(places) if 0 <= at < size[axis]]
            told = sliding.inside(axis, tap, size[axis], len(some), first)
            if not met:
                assert told is None
                continue
            windows_there, cells = (list(range(n)[part]) for part, n in zip(told, (len(some), size[axis]), strict=True))
            assert list(zip(windows_there, cells, strict=True)) == met


def test_taps_come_in_kernel_order_with_their_place():
    sliding = Window((2, 2), (3, 1), (1, 2), ((1, 0), (0, 0)))
    assert list(sliding.taps(1, 2)) == [(0, 0, 2, 2), (0, 1, 2, 4), (1, 0, 3, 2), (1, 1, 3, 4)]


def test_the_receptive_field_is_what_a_cell_really_depends_on():
    layers = [Conv2d(1, 1, 3, stride=2, padding=1), MaxPool2d(2), Conv2d(1, 1, (3, 2), dilation=(1, 2), bias=False)]
    for layer in layers[::2]:
        layer.weight = np.ones_like(layer.weight)
    network, shape = Sequential(layers), (1, 1, 24, 24)
    field = network.summary(shape)[-1].receptive_field
    base = np.random.default_rng(0).permutation(24 * 24).reshape(shape).astype(float)
    cell = (2, 1)
    before = network.forward(base)[0, 0][cell]
    felt = []
    for place in np.ndindex(24, 24):
        raised = base.copy()
        raised[0, 0][place] += 1e6
        if network.forward(raised)[0, 0][cell] != before:
            felt.append(place)
    starts = [field.start[axis] + cell[axis] * field.jump[axis] for axis in (0, 1)]
    for axis in (0, 1):
        places = [place[axis] for place in felt]
        assert min(places) == starts[axis]
        assert max(places) == starts[axis] + field.size[axis] - 1


def test_fields_grow_by_the_published_rule():
    field = ReceptiveField().through(Window((3, 3))).through(Window((2, 2), (2, 2))).through(Window((3, 3)))
    assert (field.size, field.jump, field.start) == ((8, 8), (2, 2), (0, 0))


def test_a_window_that_does_not_fit_says_what_would():
    with pytest.raises(ShapeError, match="a 3×3 window does not fit a 2×2 input; an input of at least 3×3 works"):
        window(3, input_size=(2, 2)).output_size(2, 2)
    with pytest.raises(ShapeError, match="; padding=1 or an input of at least 3×3 works"):
        max_pool2d(np.ones((1, 1, 2, 2)), 3)
    assert window(3, padding=1, input_size=(2, 2)).output_size(2, 2) == (2, 2)


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_the_lines_that_padding_shows_are_those_that_numpy_pads_with(mode):
    size, sides = (5, 4), ((3, 1), (0, 2))
    rows, columns = padding_sources(sides, size, mode)
    image = np.arange(20.0).reshape(size)
    padded = np.pad(image, sides, mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])
    np.testing.assert_array_equal(image[np.ix_(rows, columns)], padded)


def test_around_zeros_padding_shows_no_line():
    assert padding_sources(((1, 2), (0, 1)), (2, 1), "zeros") == ([None, 0, 1, None, None], [0, None])


@settings(max_examples=150)
@given(windows(), st.integers(0, 5), st.integers(1, 5))
def test_some_rows_of_windows_are_those_of_a_window_over_the_lines_they_read(case, first, many):
    sliding, size = case
    if any(max(side) >= extent for side, extent in zip(sliding.padding, sliding.extent, strict=True)):
        return  # a convolution's: a window in the padding alone reads no line
    count = sliding.output_size(*size)
    first = min(first, count[0] - 1)
    rows = slice(first, min(count[0], first + many))
    lines, part = sliding.over_rows(rows, size, count)
    assert part.output_size(lines.stop - lines.start, size[1]) == (rows.stop - rows.start, count[1])
    for i, j in np.ndindex(rows.stop - rows.start, count[1]):
        of_part = {(row + lines.start, column) for _, _, row, column in part.taps(i, j)}
        assert of_part == {(row, column) for _, _, row, column in sliding.taps(rows.start + i, j)}


@settings(max_examples=150)
@given(windows())
def test_a_cell_s_readers_are_a_window_s_own_cells_where_the_stride_is_1(case):
    sliding, size = case
    sliding = replace(sliding, stride=(1, 1), ceil_mode=False)
    if any(max(side) >= extent for side, extent in zip(sliding.padding, sliding.extent, strict=True)):
        return
    if not sliding.fits(*size):
        return
    count = sliding.output_size(*size)
    back = sliding.of_readers(size, count)
    assert back.output_size(*count) == size
    for row, column in np.ndindex(size):
        cells = {(i, j) for _, _, i, j in back.taps(row, column) if 0 <= i < count[0] and 0 <= j < count[1]}
        assert cells == set(sliding.readers(row, column, count))
