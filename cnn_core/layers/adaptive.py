"""Adaptive poolings: so many cells from an input of any size; one is global pooling."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from cnn_core.layers.base import Layer, Shape, rank_four
from cnn_core.layers.pool import first_largest
from cnn_core.ops import pool
from cnn_core.ops._arrays import Array
from cnn_core.shapes import Axis, Line, Pair, Window, adaptive_spans
from cnn_core.trace import Index, Sources


class _AdaptivePool2d(Layer):
    """What both adaptive poolings share."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = pool.sizes_of(output_size)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"output_size": self.output_size}

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C, OH, OW)``."""
        shape = rank_four(input_shape)
        return (*shape[:2], *pool.adaptive_size(self.output_size, (shape[2], shape[3])))

    def window(self, input_shape: Shape) -> Window | None:
        """The window, where all areas are of one size and lie side by side; else None."""
        shape = self.output_shape(input_shape)
        if input_shape[2] % shape[2] or input_shape[3] % shape[3]:
            return None
        size = (input_shape[2] // shape[2], input_shape[3] // shape[3])
        return Window(size, stride=size)

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis]:
        """The rows, and the columns, of each area."""
        rows, columns = (_areas(spans) for spans in self._spans(input_shape))
        return rows, columns

    def _spans(self, input_shape: Shape) -> tuple[list[Pair], list[Pair]]:
        shape = self.output_shape(input_shape)
        return adaptive_spans(input_shape[2], shape[2]), adaptive_spans(input_shape[3], shape[3])

    def _cells(self, input_shape: Shape, index: Index) -> list[Index]:
        n, c, i, j = index
        down, across = self._spans(input_shape)
        return [(n, c, row, column) for row in range(*down[i]) for column in range(*across[j])]

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the same channel whose area holds the input cell."""
        n, c, *place = index
        rows, columns = (
            [k for k, (first, end) in enumerate(spans) if first <= at < end]
            for spans, at in zip(self._spans(input_shape), place, strict=True)
        )
        return ((n, c, i, j) for i in rows for j in columns)


def _areas(spans: list[Pair]) -> Axis:
    """An area a line, read whole."""
    steps = {after[0] - before[0] for before, after in itertools.pairwise(spans)}
    # A single area is its own step, as a window's that lies beside the next.
    step = spans[0][1] if len(spans) == 1 else steps.pop() if len(steps) == 1 else None
    return Axis(tuple(Line(first, end - 1, tuple(range(first, end))) for first, end in spans), step)


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """The largest number of each area: see :func:`cnn_core.adaptive_max_pool2d`.

    Args:
        output_size: a whole number, None for as many as the input has, or a pair of these.

    Raises:
        ShapeError: where it is of no such form.
    """

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.adaptive_max_pool2d(x, self.output_size)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """Each output's gradient goes to its area's winner, the first of equals."""
        return pool.adaptive_max_pool2d_backward(grad, x, self.output_size), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The area; the first of its largest cells has weight 1, the others 0."""
        return first_largest(x, self._cells(x.shape, index))


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """The mean of each area: see :func:`cnn_core.adaptive_avg_pool2d`.

    Args:
        output_size: a whole number, None for as many as the input has, or a pair of these.

    Raises:
        ShapeError: where it is of no such form.
    """

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.adaptive_avg_pool2d(x, self.output_size)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """Each output's gradient is shared out over its area."""
        return pool.adaptive_avg_pool2d_backward(grad, x.shape, self.output_size), {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The area, every cell weighed by one over their number."""
        cells = self._cells(x.shape, index)
        return Sources(cells, [1.0 / len(cells)] * len(cells))

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """Every area that holds the cell: one over the number of its cells."""
        down, across = self._spans(x.shape)
        for reader in self.readers(x.shape, output.shape, index):
            (top, bottom), (left, right) = down[reader[2]], across[reader[3]]
            yield reader, 1.0 / ((bottom - top) * (right - left))
