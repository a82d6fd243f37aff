"""One number for each line of an array, met by all of the line's numbers."""

from __future__ import annotations

from types import TracebackType

import numpy as np

from cnn_core.ops._arrays import Array

# NumPy works through operands that are not one line each by way of a buffer of 8192 numbers, where that holds two lines
# or more: 20 against 10 µs for 192 planes of 28×28. Lines shorter than these lose more by being done one by one, and
# few numbers more by the buffer's being set: 1.5 µs.
LINE_LEAST, BUFFER = 600, 8192
NUMBERS_LEAST = 30_000


class LineByLine:
    """While it lasts, NumPy goes past its buffer where operands like these are done faster so.

    Of arrays that are cast on the way the buffer is the faster way: they are left to it.

    Args:
        line: numbers in a line.
        arrays: the operands, all of one size, and what is written to.
    """

    def __init__(self, line: int, *arrays: Array) -> None:
        dtype = arrays[0].dtype
        self.past = (
            LINE_LEAST <= line <= BUFFER
            and arrays[0].size >= NUMBERS_LEAST
            and all(array.dtype == dtype for array in arrays)
        )

    def __enter__(self) -> None:
        if self.past:
            self.before = np.setbufsize(16)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.past:
            np.setbufsize(self.before)


def add_to_planes(planes: Array, bias: Array) -> None:
    """Add ``bias (C,)`` to ``planes (..., C, H, W)``, which is written to."""
    if planes.size < NUMBERS_LEAST:
        np.add(planes, bias[:, None, None], out=planes)
        return
    with LineByLine(planes.shape[-2] * planes.shape[-1], planes, bias):
        np.add(planes, bias[:, None, None], out=planes)
