"""The experiment's steps carried out by the textbook's loops, which know less than a layer does.

``cnn_core.reference`` slides one kernel over one plane, by single cells and without padding. What an experiment asks
beyond that is done around its functions here, never in place of them: every product is multiplied, every sum added and
every two numbers compared by the textbook's own lines.

All work can be done in parts of a few output rows, so that a long run can tell how far it is and be called off. A
part's result does not depend on the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import reference
from cnn_core.shapes import Window

Array = npt.NDArray[Any]
Parts = Iterator[int]


@dataclass(frozen=True, eq=False)
class Loops:
    """A step, ready to be carried out by the textbook's loops.

    Attributes:
        function: the textbook's.
        shape: of the result, ``(N, ...)``.
        operations: multiply-adds or comparisons that the loops carry out, those for cells that are thrown away too.
        around: what the loops do not know, and how it is done around them, as sentences.
        work: given the result to fill and how many operations a part may have, yields each part's operations once it is
            done.
        probe: carries out the same loops on a few cells, and tells how many operations these were.
    """

    function: Callable[..., npt.NDArray[np.float64]]
    shape: tuple[int, ...]
    operations: int
    around: tuple[str, ...]
    work: Callable[[Array, float], Parts]
    probe: Callable[[], int]

    def run(self, most: float = math.inf) -> Array:
        """The whole result, float64, in parts of at most about ``most`` operations."""
        out = np.zeros(self.shape)
        for _ in self.work(out, most):
            pass
        return out


def convolution(x: Array, weight: Array, bias: Array, window: Window) -> Loops:
    """``reference.convolve2d`` once for each kernel and channel, the results added up.

    Args:
        x: ``(1, C, H, W)``.
        weight: ``(O, C, KH, KW)``.
        bias: ``(O,)``.
        window: the layer's.
    """
    (step_h, step_w), (apart_h, apart_w), (kernel_h, kernel_w) = window.stride, window.dilation, window.kernel_size
    outputs, channels = weight.shape[:2]
    rows, columns = window.output_size(x.shape[2], x.shape[3])
    planes = np.pad(x[0], ((0, 0), *window.padding))
    places = planes.shape[2] - window.extent[1] + 1  # along a row, before the stride leaves some out
    line = places * kernel_h * kernel_w * channels
    neighbours = step_h == apart_h == 1  # the rows that output rows read follow on each other

    def work(out: Array, most: float) -> Parts:
        together = _together(rows, line, most) if neighbours else 1
        for o in range(outputs):
            for top in range(0, rows, together):
                count = min(together, rows - top)
                total = np.zeros((count, places))
                for c in range(channels):
                    first, last = top * step_h, (top + count - 1) * step_h + window.extent[0]
                    cells = planes[c, first:last:apart_h]
                    for phase in range(min(apart_w, places)):
                        # (count + KH - 1, every apart_w-th column) -> (count, every apart_w-th place)
                        total[:, phase::apart_w] += reference.convolve2d(cells[:, phase::apart_w], weight[o, c])
                out[0, o, top : top + count] = total[:, ::step_w][:, :columns] + bias[o]
                yield count * line

    def probe() -> int:
        reference.convolve2d(np.ones((kernel_h, kernel_w + 15)), weight[0, 0])
        return 16 * kernel_h * kernel_w

    around = _around_a_convolution(x, weight, bias, window)
    return Loops(reference.convolve2d, (1, outputs, rows, columns), outputs * rows * line, around, work, probe)


def _together(lines: int, operations: int, most: float) -> int:
    """How many lines of so many operations each a part has."""
    return lines if lines * operations <= most else max(1, int(most // operations))


def _around_a_convolution(x: Array, weight: Array, bias: Array, window: Window) -> tuple[str, ...]:
    told = []
    if any(map(any, window.padding)):
        told.append("They know no padding: zeros are put around the input first.")
    if window.dilation != (1, 1):
        down, across = window.dilation
        told.append(
            f"They know no dilation: they are given {_every(down)} row and {_every(across)} column, once for each "
            "place to begin."
        )
    if window.stride[1] > 1:
        across = window.stride[1]
        told.append(f"They know no stride: they make a row whole, and {_every(across)} cell of it is kept.")
    if window.stride[0] > 1:
        told.append("Rows that the stride leaves out are not made.")
    if len(weight) * x.shape[1] > 1:
        told.append(f"They know one plane and one kernel: {_calls(len(weight), x.shape[1])}.")
    if np.any(bias):
        told.append("They know no bias: it is added to what they give.")
    return tuple(told)


def _calls(kernels: int, channels: int) -> str:
    if channels == 1:
        return f"they are called once for each of {kernels} kernels"
    each = f", for each of {kernels} kernels" if kernels > 1 else ""
    return f"they are called once for each of {channels} channels{each}, and the results added"


def _every(number: int) -> str:
    return "every" + {1: "", 2: " second", 3: " third"}.get(number, f" {number}th")


def activation(x: Array) -> Loops:
    """``reference.relu`` of each plane of ``(1, C, H, W)``."""
    _, channels, rows, columns = x.shape

    def work(out: Array, most: float) -> Parts:
        together = _together(rows, columns, most)
        for c in range(channels):
            for top in range(0, rows, together):
                found = reference.relu(x[0, c, top : top + together])
                out[0, c, top : top + together] = found
                yield found.size

    def probe() -> int:
        reference.relu(np.linspace(-1, 1, 64).reshape(8, 8))
        return 64

    around = ("They know one plane: they are called once for each map.",) if channels > 1 else ()
    return Loops(reference.relu, x.shape, x.size, around, work, probe)


def pooling(x: Array, window: Window) -> Loops:
    """``reference.max_pooling`` of each plane of ``(1, C, H, W)``; windows that are not square as several squares."""
    (step_h, step_w), (kernel_h, kernel_w), channels = window.stride, window.kernel_size, x.shape[1]
    rows, columns = window.output_size(x.shape[2], x.shape[3])
    planes = np.pad(x[0], ((0, 0), *window.padding), constant_values=-np.inf)
    side = min(kernel_h, kernel_w)
    plain = kernel_h == kernel_w and step_h == step_w
    # Where squares begin that cover the window between them.
    downs, acrosses = _cover(kernel_h, side), _cover(kernel_w, side)
    places = columns if plain else planes.shape[2] - kernel_w + 1
    line = places * side * side * len(downs) * len(acrosses)

    def work(out: Array, most: float) -> Parts:
        together = _together(rows, line, most) if plain else 1
        for c in range(channels):
            for top in range(0, rows, together):
                count = min(together, rows - top)
                first = top * step_h
                if plain:
                    cells = planes[c, first : first + (count - 1) * step_h + side, : (columns - 1) * step_w + side]
                    found = reference.max_pooling(cells, side, step_w)
                else:
                    cells = planes[c, first : first + kernel_h]
                    squares = [
                        reference.max_pooling(cells[a : a + side, b : b + places + side - 1], side, 1)
                        for a in downs
                        for b in acrosses
                    ]
                    found = np.max(squares, axis=0)[:, ::step_w][:, :columns]
                out[0, c, top : top + count] = found
                yield count * line

    def probe() -> int:
        reference.max_pooling(np.ones((side, side + 15)), side, 1)
        return 16 * side * side

    told = []
    if any(map(any, window.padding)):
        told.append("They know no padding: −∞ is put around the maps first.")
    if kernel_h != kernel_w:
        told.append(f"They know square windows only: each window is the largest of the {side} × {side} squares in it.")
    if not plain and max(window.stride) > 1:
        told.append("They go by one stride both ways: here by single cells, and what the strides leave out is dropped.")
    if channels > 1:
        told.append("They know one plane: they are called once for each map.")
    shape = (1, channels, rows, columns)
    return Loops(reference.max_pooling, shape, channels * rows * line, tuple(told), work, probe)


def _cover(length: int, side: int) -> list[int]:
    return [*range(0, length - side, side), length - side]


def fully_connected(x: Array, weight: Array, bias: Array) -> Loops:
    """``reference.fully_connected`` of ``(1, features)``; ``weight`` is ``(classes, features)``, as layers have it."""
    classes, features = weight.shape

    def work(out: Array, most: float) -> Parts:
        together = _together(classes, features, most)
        for first in range(0, classes, together):
            some = slice(first, first + together)
            # (classes, features) -> (features, classes): the textbook's order
            found = reference.fully_connected(x[0], weight[some].T, bias[some])
            out[0, some] = found
            yield len(found) * features

    def probe() -> int:
        reference.fully_connected(np.ones(64), np.ones(64), 0.0)
        return 64

    return Loops(reference.fully_connected, (1, classes), classes * features, (), work, probe)
