"""Receptive fields: which rows and columns of a network's input a cell of a trace depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnn_core.errors import ShapeError
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
        ShapeError: where there is no such stage, or no trace.
    """
    return _seen(trace, _stage(trace, stage))[-1].lines


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
    number = _stage(trace, stage)
    cell = cell_of(index, trace.values(number).shape)
    for seen in reversed(_seen(trace, number)):
        if seen.lines is not None:
            return Field(seen.lines[0].lines[cell[2]], seen.lines[1].lines[cell[3]])
        if seen.stage < 0:
            break
        asked = trace.stages[seen.stage]
        told = asked.layer.sources(trace.values(asked.inputs[0]), asked.output, cell, asked.saved).cells
        if len(told) != 1 or told[0] is None:
            return seen.all
        cell = told[0]  # a cell that was only moved, or made of a single other, sees what that one sees
    return None


def _stage(trace: Trace, stage: int) -> int:
    if not isinstance(trace, Trace):
        raise ShapeError(f"trace must be a Trace, got {type(trace).__name__}; network.trace(x) works")
    return trace.stage_number(stage)


class _Seen(NamedTuple):
    """What a stage sees of the input."""

    stage: int
    lines: tuple[Axis, Axis] | None  # a line of its planes each, where it has planes
    all: Field | None  # its cells between them; None where the input has no planes


def _seen(trace: Trace, number: int) -> list[_Seen]:
    """The input, then each stage on the way to ``number``, itself last."""
    way = []
    while number >= 0:
        way.append(number)
        number = trace.stages[number].inputs[0]
    shape = trace.input.shape
    planes = len(shape) == 4 and 0 not in shape[2:]
    lines = (Axis.same(shape[2]), Axis.same(shape[3])) if planes else None
    told = [_Seen(-1, lines, None if lines is None else Field(lines[0].all, lines[1].all))]
    for number in reversed(way):
        before, stage = told[-1], trace.stages[number]
        reads, shape = shape, stage.output.shape
        lines, every = None, before.all
        if every is not None and len(shape) == 4:
            # Learning, a layer that keeps statistics takes them from the whole batch.
            statistics = trace.training and stage.layer.buffers()
            steps = None if statistics else stage.layer.reads(reads, shape)
            if before.lines is None or steps is None:
                lines = (Axis.whole(every.rows, shape[2]), Axis.whole(every.columns, shape[3]))
            else:
                lines = (steps[0].after(before.lines[0]), steps[1].after(before.lines[1]))
                every = Field(lines[0].all, lines[1].all)
        told.append(_Seen(number, lines, every))
    return told
