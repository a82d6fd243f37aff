"""What each row and column of each map sees of the input, as the browser looks it up: it derives none of it."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import Trace
from cnn_core.receptive import axes, field
from cnn_core.shapes import Axis, Line

Told = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

_MOST = 64  # chains whose fields are remembered: an edit of values leaves them as they are
_known: dict[Any, list[Told | None]] = {}
_lock = Lock()


def sees(trace: Trace) -> list[Told | None]:
    """For each stage what its rows, and its columns, see of the input's.

    Returns:
        For each stage two arrays ``(lines, 5)``: where the field of a line begins and ends, padding included; the
        first and the last line of the input that it sees, 0 and -1 where it sees none; and how many it sees. A stage
        without planes has a single line for all its cells; None where the input has no planes.
    """
    key = (trace.input.shape, *((repr(stage.layer), stage.output.shape[2:]) for stage in trace.stages))
    with _lock:
        found = _known.get(key)
    if found is None:
        found = [_told(trace, number) for number in range(len(trace.stages))]
        with _lock:
            while len(_known) >= _MOST:
                del _known[next(iter(_known))]
            _known[key] = found
    return found


def _told(trace: Trace, number: int) -> Told | None:
    lines = axes(trace, number)
    if lines is None:
        whole = field(trace, number, (0,) * trace.values(number).ndim)
        if whole is None:
            return None
        lines = Axis((whole.rows,), 0), Axis((whole.columns,), 0)
    rows, columns = (np.array([_numbers(line) for line in axis.lines], np.float64) for axis in lines)
    return rows, columns


def _numbers(line: Line) -> tuple[int, int, int, int, int]:
    first, last = (line.seen[0], line.seen[-1]) if line.seen else (0, -1)
    return line.first, line.last, first, last, len(line.seen)
