"""Receptive fields: exactly the input cells that a cell changes with, in any chain of layers."""

import itertools

import numpy as np
import pytest

from cnn_core import (
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Linear,
    LPPool2d,
    MaxPool2d,
    ReLU,
    Sequential,
    ShapeError,
    Softmax,
)
from cnn_core.receptive import Field, axes, field
from cnn_core.shapes import Axis, Line

RNG = np.random.default_rng(7)


def conv(inputs: int, outputs: int, size, **settings) -> Conv2d:
    layer = Conv2d(inputs, outputs, size, **settings)
    # No weight so small that what it meets gets lost in rounding.
    layer.weight = RNG.choice([-1.0, 1.0], layer.weight.shape) * RNG.uniform(0.5, 2, layer.weight.shape)
    return layer


def spread(inputs: int, outputs: int, size, **settings) -> ConvTranspose2d:
    layer = ConvTranspose2d(inputs, outputs, size, **settings)
    layer.weight = RNG.uniform(0.5, 2, layer.weight.shape)
    return layer


def linear(inputs: int, outputs: int) -> Linear:
    layer = Linear(inputs, outputs)
    layer.weight = RNG.uniform(0.5, 2, layer.weight.shape)
    return layer


NETWORKS = {
    "conv, pool, conv": [conv(2, 3, 3), MaxPool2d(2), conv(3, 2, 3)],
    "conv, ReLU, pool, conv, padded": [
        conv(2, 2, 3, padding=1),
        ReLU(),
        MaxPool2d(3, stride=2, padding=1),
        conv(2, 1, 3, padding=1),
    ],
    "dilated twice": [conv(2, 2, 3, dilation=2, padding=2), conv(2, 1, 3, dilation=(3, 1), padding=(3, 0))],
    "strides that leave lines out": [conv(2, 2, 2, stride=3), conv(2, 1, (1, 2), stride=(2, 1))],
    "padding that sees only padding": [conv(2, 1, 3), conv(1, 1, 2, padding=3)],
    "padded unevenly": [conv(2, 2, (2, 3), padding=((2, 0), (0, 1))), AvgPool2d(2, stride=1), conv(2, 1, 2, stride=2)],
    "reflected": [conv(2, 1, 3, padding=2, padding_mode="reflect"), conv(1, 1, 3, dilation=2)],
    "replicated, then circular": [
        conv(2, 2, 3, padding=1, padding_mode="replicate"),
        AvgPool2d(2),
        conv(2, 1, 3, padding=2, padding_mode="circular"),
    ],
    "transposed": [conv(2, 2, 3, stride=2), spread(2, 1, 2, stride=3, padding=1), conv(1, 1, 2)],
    "an overhanging pool": [conv(2, 1, 2), MaxPool2d(3, stride=3, ceil_mode=True), BatchNorm2d(1), Dropout(0.5)],
    "areas of several sizes": [conv(2, 2, 2), AdaptiveAvgPool2d((3, 4)), conv(2, 1, (1, 2))],
    "areas of one size that overlap": [conv(2, 1, 3, dilation=2), AdaptiveMaxPool2d((3, None)), ReLU()],
    "more areas than cells": [AvgPool2d(4), AdaptiveAvgPool2d((3, 5)), conv(2, 1, 2)],
    "a norm's pool, then a global one": [LPPool2d(2, (2, 3), stride=(2, 1)), conv(2, 1, 3), AdaptiveMaxPool2d(1)],
    "a norm's pool that overhangs": [conv(2, 1, 2), LPPool2d(1, 3, ceil_mode=True)],
    "grouped": [conv(2, 4, 3, groups=2), ReLU(), conv(4, 1, 2, dilation=2)],
    "softmax over the channels": [conv(2, 3, 2, stride=2), Softmax(axis=1), AvgPool2d(2)],
    "softmax over the rows": [conv(2, 1, 2, stride=2), Softmax(axis=2)],
    "a linear layer over the columns": [conv(2, 1, (2, 3)), linear(10, 3), conv(1, 1, (1, 2))],
    "a classifier": [conv(2, 2, 3, stride=2), MaxPool2d(2), ReLU(), Flatten(), linear(8, 3), Softmax()],
}
SIZE = (11, 12)


def depends(network: Sequential, x: np.ndarray, at: tuple[int, ...]) -> set[tuple[int, int]]:
    """The input's rows and columns whose numbers, moved far either way, move one output cell."""
    found = set()
    cells = list(np.ndindex(x.shape[1:]))
    # Far enough to win a maximum or to open a ReLU, and near enough not to saturate a softmax.
    for by in (-40.0, -3.0, 0.5, 3.0, 40.0):
        moved = np.repeat(x, len(cells), axis=0)
        for k, cell in enumerate(cells):
            moved[(k, *cell)] += by
        # A batch may be summed in another order: what is felt is more than rounding.
        felt = abs(network.forward(moved)[(slice(None), *at[1:])] - network.forward(x)[at]) > 1e-9
        found |= {cell[1:] for cell, each in zip(cells, felt, strict=True) if each}
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_field_is_exactly_what_a_cell_changes_with(name):
    network = Sequential(NETWORKS[name])
    inputs = [RNG.normal(size=(1, 2, *SIZE)) for _ in range(3)]
    trace = network.trace(inputs[0])
    shape = trace.output.shape
    asked = (
        {(0, 0, *place) for place in np.ndindex(shape[2:])} if len(shape) == 4 else {(0, k) for k in range(shape[1])}
    )
    for index in sorted(asked)[:: max(1, len(asked) // 30)]:
        told = field(trace, len(trace.stages) - 1, index)
        felt = set().union(*(depends(network, x, index) for x in inputs))
        assert felt == {(row, column) for row in told.rows.seen for column in told.columns.seen}, index


@pytest.mark.parametrize("name", NETWORKS)
def test_a_box_begins_and_ends_as_the_published_rule_has_it(name):
    network = Sequential(NETWORKS[name])
    trace = network.trace(RNG.normal(size=(1, 2, *SIZE)))
    for number, row in enumerate(network.summary(trace.input.shape)):
        published = row.receptive_field
        lines = axes(trace, number)
        if published is None:
            # Only where one size and one distance cannot tell of all cells.
            assert lines is None or any(not evenly_apart(each.lines) for each in lines)
            continue
        for axis, along in enumerate(lines):
            for at, line in enumerate(along.lines):
                start = published.start[axis] + at * published.jump[axis]
                assert (line.first, line.last) == (start, start + published.size[axis] - 1)


def evenly_apart(lines: tuple[Line, ...]) -> bool:
    steps = {after.first - before.first for before, after in itertools.pairwise(lines)}
    return len({line.last - line.first for line in lines}) == 1 and len(steps) <= 1


def test_a_summary_counts_what_was_stamped_and_what_is_shared_out_along_an_axis():
    def sizes(*layers):
        rows = Sequential(layers).summary((1, 1, 8, 8))
        return [row.receptive_field and row.receptive_field.size for row in rows]

    assert sizes(ConvTranspose2d(1, 1, 3, padding=1)) == [(3, 3)]
    stamped = ConvTranspose2d(1, 1, 3, padding=1)
    assert sizes(Conv2d(1, 1, 3, padding=1), stamped, Conv2d(1, 1, 3, padding=1)) == [(3, 3), (5, 5), (7, 7)]
    assert sizes(Softmax(axis=2), Softmax(axis=3), ReLU()) == [(8, 1), (8, 8), (8, 8)]
    assert sizes(Linear(8, 8)) == [(1, 8)]
    # A cell between two stamps sees fewer of them than one under both.
    assert sizes(ConvTranspose2d(1, 1, 3, stride=2), ReLU()) == [None, None]


def test_every_stage_of_a_chain_is_told_and_an_input_cell_sees_itself():
    trace = Sequential([conv(1, 1, 3, padding=1), MaxPool2d(2), conv(1, 1, 2), Flatten()]).trace(np.zeros((1, 1, 6, 6)))
    assert field(trace, -1, (0, 0, 4, 5)) == Field(Line(4, 4, (4,)), Line(5, 5, (5,)))
    assert field(trace, 0, (0, 0, 0, 5)) == Field(Line(-1, 1, (0, 1)), Line(4, 6, (4, 5)))
    assert field(trace, 1, (0, 0, 1, 0)).rows == Line(1, 4, (1, 2, 3, 4))
    assert field(trace, 2, (0, 0, 1, 1)) == Field(Line(1, 6, (1, 2, 3, 4, 5)), Line(1, 6, (1, 2, 3, 4, 5)))
    # A flattened value sees what it saw as a cell of the map.
    assert field(trace, 3, (0, 3)) == field(trace, 2, (0, 0, 1, 1))


def test_a_batch_s_statistics_see_the_whole_of_it():
    network = Sequential([conv(1, 1, 3), BatchNorm2d(1)])
    x = np.zeros((2, 1, 5, 6))
    assert field(network.trace(x), 1, (0, 0, 0, 0)).rows.seen == (0, 1, 2)
    learning = field(network.trace(x, training=True), 1, (0, 0, 0, 0))
    assert (learning.rows.seen, learning.columns.seen) == (tuple(range(5)), tuple(range(6)))


def test_batch_statistics_one_after_the_other_are_told_in_the_time_of_as_many_layers(monkeypatch):
    layers = [BatchNorm2d(1) for _ in range(40)]  # each used to double what it took
    trace = Sequential([*layers, Flatten()]).trace(np.zeros((2, 1, 3, 4)), training=True)
    walked = []
    spans = Axis.whole
    monkeypatch.setattr(Axis, "whole", lambda *given: walked.append(given) or spans(*given))
    assert axes(trace, 39)[0].lines == (Line(0, 2, (0, 1, 2)),) * 3
    assert len(walked) == 2 * len(layers)


def test_a_thousand_layers_are_walked_without_a_limit_of_the_language():
    trace = Sequential([*[ReLU()] * 1500, *[Flatten()] * 1500]).trace(np.zeros((1, 1, 2, 2)))
    assert axes(trace, 1499) == (Axis.same(2), Axis.same(2))
    assert field(trace, 2999, (0, 3)) == Field(Line(1, 1, (1,)), Line(1, 1, (1,)))


def test_an_input_without_rows_and_columns_has_no_fields():
    trace = Sequential([linear(3, 2)]).trace(np.zeros((1, 3)))
    assert axes(trace, 0) is None
    assert field(trace, 0, (0, 1)) is None


def test_a_cell_or_a_stage_that_is_not_there_is_refused():
    trace = Sequential([conv(1, 1, 3)]).trace(np.zeros((1, 1, 5, 5)))
    with pytest.raises(ShapeError, match="index must be"):
        field(trace, 0, (0, 0, 3, 0))
    with pytest.raises(ShapeError, match="stage must be"):
        axes(trace, 1)
