"""From an experiment to the network that computes it."""

from itertools import product

import numpy as np
import pytest

from cnn_core import reference
from pages.shared.chain import build, fits, remedies
from pages.shared.experiment import Experiment, apply


def grid_of(rows: int, columns: int) -> Experiment:
    return apply(apply(Experiment(), {"op": "rows", "value": rows}), {"op": "columns", "value": columns})


def test_the_worked_example_is_the_textbook_s():
    chain = build(Experiment())
    conv, relu, pooled = (chain.trace.stages[k].output[0, 0] for k in range(3))
    expected = reference.convolve2d(chain.experiment.grid, chain.experiment.kernel)
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


def test_every_remedy_works_and_every_grid_has_one_or_is_too_small_for_any():
    for rows, columns, stride in product(range(1, 7), range(1, 7), (1, 2, 3)):
        experiment = apply(grid_of(rows, columns), {"op": "stride", "value": stride})
        if fits(experiment) is None:
            continue
        found = remedies(experiment)
        assert all(fits(other) is None for other in found)
        padded_fits = any(fits(apply(experiment, {"op": "padding", "value": k})) is None for k in (1, 2))
        slower_fits = any(fits(apply(experiment, {"op": "stride", "value": k})) is None for k in range(1, stride))
        assert bool(found) == (padded_fits or slower_fits)
