"""From an experiment to the network that computes it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import reference
from pages.shared.chain import build, fits, remedies
from pages.shared.edits import apply
from pages.shared.experiment import Experiment


def grid_of(rows: int, columns: int) -> Experiment:
    return apply(apply(Experiment(), {"op": "rows", "value": rows}), {"op": "columns", "value": columns})


def test_the_worked_example_is_the_textbook_s():
    chain = build(Experiment())
    conv, relu, pooled = (chain.trace.stages[k].output[0, 0] for k in range(3))
    expected = reference.convolve2d(chain.experiment.grid, chain.experiment.bank[0, 0])
    np.testing.assert_array_equal(conv, expected)
    np.testing.assert_array_equal(relu, reference.relu(expected))
    np.testing.assert_array_equal(pooled, reference.max_pooling(reference.relu(expected)))
    linear = chain.network.layers[4]
    scores = reference.fully_connected(pooled, linear.weight.T, linear.bias)
    np.testing.assert_allclose(chain.trace.stages[4].output[0], scores, rtol=1e-14)
    assert chain.trace.output.sum() == pytest.approx(1)


def test_the_same_experiment_gives_the_same_scores_every_time():
    np.testing.assert_array_equal(build(Experiment()).trace.output, build(Experiment()).trace.output)


def test_a_chain_stops_at_the_first_layer_that_does_not_fit():
    nothing_fits = build(grid_of(2, 2))
    assert nothing_fits.problem.position == 0
    assert "does not fit" in nothing_fits.problem.sentence
    assert nothing_fits.trace.stages == ()
    no_pooling = build(grid_of(3, 3))
    assert no_pooling.problem.position == 2
    assert [stage.output.shape for stage in no_pooling.trace.stages] == [(1, 1, 1, 1)] * 2


def test_every_grid_that_is_too_small_has_a_remedy_and_every_remedy_works():
    for rows, columns, stride in product(range(1, 7), range(1, 7), (1, 2, 3)):
        experiment = apply(grid_of(rows, columns), {"op": "stride", "value": stride})
        if fits(experiment) is None:
            continue
        found = remedies(experiment)
        assert 1 <= len(found) <= 2
        for label, edit in found:
            assert label
            assert build(apply(experiment, edit)).problem is None


SIZES = st.integers(1, 4)
PAIRS = st.tuples(SIZES, SIZES).map(list)


@settings(max_examples=150)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)), PAIRS, PAIRS, PAIRS, st.sampled_from(["same", 0, 1, 2]), PAIRS
)
def test_what_is_said_to_fit_is_what_can_be_built(plane, kernel, stride, dilation, padding, pool):
    edits = [
        {"op": "kernel_size", "value": kernel},
        {"op": "stride", "value": stride},
        {"op": "dilation", "value": dilation},
        {"op": "padding", "value": padding},
        {"op": "pool_size", "value": pool},
    ]
    experiment = apply(grid_of(*plane), {"op": "several", "edits": edits})
    chain = build(experiment)
    assert (fits(experiment) is None) == (chain.problem is None)
    if chain.problem is not None:
        position, sentence = chain.problem.position, chain.problem.sentence
        of_map = "pooling has no room: " + sentence.replace("an input", "a map").replace(" input", " map")
        assert fits(experiment) == (of_map if chain.steps[position].view == "pool" else sentence)
        assert remedies(experiment)


def test_a_setting_of_the_convolution_that_leaves_pooling_no_room_says_that_it_is_pooling():
    sentence = fits(apply(Experiment(), {"op": "dilation", "value": 2}))
    assert (
        sentence == "pooling has no room: a 2×2 window does not fit a 1×1 map; padding=1 or a map of at least 2×2 works"
    )
