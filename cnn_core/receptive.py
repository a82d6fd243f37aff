"""Receptive fields: which rows and columns of a network's input a cell of a trace depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnn_core.shapes import Axis, Line
from cnn_core.trace import Trace, cell_of


class Field(NamedTuple):
    """What one cell sees of the input: every cell where one of its rows crosses one of its columns.

    Its box, from the first line to the last, is the receptive field of the literature (Dumoulin and Visin 2016; Araujo
    et al. 2019); strides and dilations may leave lines inside it unread, and padding takes those outside the input.

    Attributes:
        rows: of the input.
        columns: likewise.
    """

    rows: Line
    columns: Line


def axes(trace: Trace, stage: int) -> tuple[Axis, Axis] | None:
    """What every row, and every column, of a stage's planes sees of the input.

    Args:
        trace: a run over an input ``(N, C, H, W)``.
        stage: which stage, -1 for the input.

    Returns:
        Rows, then columns; None for a stage without planes.

    Raises:
        ShapeError: where there is no such stage.
    """
    number = trace.stage_number(stage)
    shape = trace.values(number).shape
    if len(shape) != 4 or len(trace.input.shape) != 4:
        return None
    if number < 0:
        return Axis.same(shape[2]), Axis.same(shape[3])
    asked = trace.stages[number]
    reads = asked.inputs[0]
    before = axes(trace, reads)
    # Learning, a layer that keeps statistics takes them from the whole batch.
    statistics = trace.training and asked.layer.buffers()
    steps = None if statistics else asked.layer.reads(trace.values(reads).shape, shape)
    if before is None or steps is None:
        whole = _whole(trace, reads)
        return None if whole is None else (Axis.whole(whole.rows, shape[2]), Axis.whole(whole.columns, shape[3]))
    return steps[0].after(before[0]), steps[1].after(before[1])


def field(trace: Trace, stage: int, index: Sequence[int]) -> Field | None:
    """What one cell sees of the input.

    Args:
        trace: a run over an input ``(N, C, H, W)``.
        stage: which stage, -1 for the input.
        index: the cell's full index, batch included.

    Returns:
        None where the input has no rows and columns.

    Raises:
        ShapeError: where there is no such stage or cell.
    """
    number = trace.stage_number(stage)
    cell = cell_of(index, trace.values(number).shape)
    lines = axes(trace, number)
    if lines is not None:
        return Field(lines[0].lines[cell[2]], lines[1].lines[cell[3]])
    if number < 0:
        return None
    asked = trace.stages[number]
    reads = asked.inputs[0]
    told = asked.layer.sources(trace.values(reads), asked.output, cell, asked.saved).cells
    # A cell that was only moved, or made of a single other, sees what that one sees.
    return field(trace, reads, told[0]) if len(told) == 1 and told[0] is not None else _whole(trace, reads)


def _whole(trace: Trace, number: int) -> Field | None:
    """What the cells of a stage see between them."""
    lines = axes(trace, number)
    if lines is not None:
        return Field(lines[0].all, lines[1].all)
    return None if number < 0 else _whole(trace, trace.stages[number].inputs[0])
