"""What is opened large shows the stage's own numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import pages
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.figures import SIGNED, heatmap, histogram, hold_still, shown

TWO = apply(apply(Experiment(), {"op": "add_kernel"}), {"op": "rows", "value": 9})


@pytest.mark.parametrize("output", [0, 1, 5])
def test_a_map_is_that_of_the_kernel_that_is_looked_at(output):
    chain = build(TWO)
    title, values = shown(chain, "conv", output)
    assert title == "Feature map"
    np.testing.assert_array_equal(values, chain.trace.stages[0].output[0, min(output, 1)])
    np.testing.assert_array_equal(heatmap(values).data[0].z, values)


def test_vectors_and_the_input_can_be_opened_and_what_is_missing_cannot():
    chain = build(TWO)
    assert shown(chain, "scores", 0)[1].shape == (3,)
    assert heatmap(shown(chain, "flat", 0)[1]).data[0].z.shape[1] == 1
    np.testing.assert_array_equal(shown(chain, "input", 0)[1], TWO.grid)
    small = build(apply(apply(Experiment(), {"op": "rows", "value": 1}), {"op": "columns", "value": 1}))
    assert shown(small, "pool", 0) is None
    assert shown(chain, "nothing", 0) is None


def test_a_plane_of_a_picture_in_colour_is_opened_by_its_name():
    colour = build(apply(apply(Experiment(), {"op": "sample", "value": "cat"}), {"op": "colour", "value": "rgb"}))
    title, values = shown(colour, "input", 0, 1)
    assert title == "Input G"
    np.testing.assert_array_equal(values, colour.trace.input[0, 1])
    title, values = shown(colour, "input", 0, None)
    assert title == "Input, the mean of R, G and B"
    np.testing.assert_array_equal(values, colour.trace.input[0].mean(axis=0))


def test_large_maps_have_the_colours_of_the_small_ones():
    script = (Path(pages.__file__).parent / "components" / "common" / "scale.js").read_text()
    for theme, stops in SIGNED.items():
        assert f"{theme}: {json.dumps(stops)}" in script
        plane = np.array([[-3.0, 1.0]])
        assert [colour for _, colour in heatmap(plane, dark=theme == "dark").data[0].colorscale] == stops


def test_a_map_with_negative_numbers_is_centred_on_zero_and_nothing_is_clipped():
    drawn = heatmap(np.array([[-3.0, 1.0], [2.0, 7.0]])).data[0]
    assert (drawn.zmin, drawn.zmax) == (-7, 7)
    drawn = heatmap(np.array([[0.2, 1.0]])).data[0]
    assert (drawn.zmin, drawn.zmax) == (0, 1)


@pytest.mark.parametrize(
    "values", [[0, 5e-324], [1, np.nextafter(1, 2)], [-1e6, np.nextafter(-1e6, 0)], [7, 7], [9e18, 9e18]]
)
def test_numbers_with_hardly_a_float_between_them_are_counted(values):
    assert sum(histogram(np.array([values])).data[0].y) == 2


@given(npst.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.floats(-1e6, 1e6)))
def test_every_cell_is_counted_once(values):
    assert sum(histogram(values).data[0].y) == values.size


def test_each_of_few_whole_numbers_has_a_bar_of_its_own():
    values = np.array([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 0, 3, 9, 9]], dtype=float)
    bars = histogram(values).data[0]
    assert list(bars.x) == list(range(10))
    assert list(bars.y) == [3, 1, 1, 2, 1, 1, 1, 1, 1, 3]
    assert set(bars.width) == {1}


@given(
    npst.arrays(np.int64, st.tuples(st.integers(1, 20), st.integers(1, 20)), elements=st.integers(-(10**9), 10**9)),
    st.integers(1, 10**8),
)
def test_bins_of_whole_numbers_hold_as_many_of_them_each_and_every_cell_once(values, coarse):
    values = (values // coarse).astype(float)
    bars = histogram(values).data[0]
    assert sum(bars.y) == values.size
    assert len(bars.y) <= 60
    if values.min() < values.max():
        assert len(set(bars.width)) == 1
        assert bars.width[0] % 1 == 0
        assert bars.x[0] - bars.width[0] / 2 == values.min() - 0.5


def test_only_a_map_for_a_finger_holds_still():
    for figure in (heatmap(np.eye(3)), histogram(np.eye(3))):
        assert figure.layout.dragmode is None
        assert figure.layout.xaxis.fixedrange is None
        hold_still(figure)
        assert figure.layout.dragmode is False
        assert figure.layout.xaxis.fixedrange
        assert figure.layout.yaxis.fixedrange


def test_the_bars_of_a_histogram_cannot_be_moved_out_of_their_frame():
    assert histogram(np.eye(3)).layout.yaxis.fixedrange
