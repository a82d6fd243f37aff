"""Poolings: the largest number, the mean or the p-norm of each window."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy.typing as npt

from cnn_core.layers.base import Layer, Shape, inside, plain, rank_four
from cnn_core.ops import pool
from cnn_core.ops._arrays import Array
from cnn_core.settings import flag, pair, settled
from cnn_core.shapes import Window
from cnn_core.trace import Index, Sources


class _Pool2d(Layer):
    """What poolings by a sliding window share."""

    def __init__(self, kernel_size: Any, *, stride: Any, padding: Any, dilation: Any, ceil_mode: bool) -> None:
        super().__init__()
        self.kernel_size = pool.window_size(kernel_size, padding)
        self.stride = self.kernel_size if stride is None else pair(stride, "stride", least=1)
        self.padding = settled(padding)
        self.dilation = pair(dilation, "dilation", least=1)
        self.ceil_mode = flag(ceil_mode, "ceil_mode")
        roomy = (1, 1, *(self.dilation[axis] * self.kernel_size[axis] for axis in (0, 1)))
        self.window(roomy)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {name: getattr(self, name) for name in ("kernel_size", "stride", "padding", "dilation", "ceil_mode")}

    def window(self, input_shape: Shape) -> Window:
        """The window that is pooled."""
        shape = rank_four(input_shape)
        return pool.pool_window(shape, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(N, C, OH, OW)``."""
        shape = rank_four(input_shape)
        return (*shape[:2], *self.window(shape).output_size(shape[2], shape[3]))

    def counted(self, input_shape: Shape) -> Array:
        """How many cells of each window count: ``(OH, OW)``, at least 1; what overhangs the padding never does."""
        return pool.divisors(self.window(input_shape), (input_shape[2], input_shape[3]), True)

    def _cells(self, x: Array, index: Index) -> list[Index | None]:
        n, c, i, j = index
        return [inside((n, c, row, column), x.shape) for _, _, row, column in self.window(x.shape).taps(i, j)]

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cells of the same channel whose window holds the input cell."""
        n, c, row, column = index
        size = (output_shape[2], output_shape[3])
        return ((n, c, i, j) for i, j in self.window(input_shape).readers(row, column, size))


def first_largest(x: Array, cells: Sequence[Index | None]) -> Sources:
    """What the largest of these cells came from: the first of equals has weight 1, the others 0; None is padding."""
    numbers = [-math.inf if cell is None else float(x[cell]) for cell in cells]
    image = [k for k, cell in enumerate(cells) if cell is not None]
    winner = next((k for k in image if math.isnan(numbers[k])), None)
    if winner is None:
        # max keeps the first of equals; a window of nothing but padding has its minus infinity from there.
        winner = max(image, key=lambda k: numbers[k], default=0)
    return Sources(cells, [1.0 if k == winner else 0.0 for k in range(len(cells))], padding_value=-math.inf)


class MaxPool2d(_Pool2d):
    """The largest number of each window: see :func:`cnn_core.max_pool2d`.

    Args:
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``, each side smaller than the dilated window.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.

    Raises:
        ShapeError: where a setting is of no such form.
    """

    def __init__(
        self, kernel_size: Any, *, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
    ) -> None:
        super().__init__(kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.max_pool2d(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """Each output's gradient goes to its window's winner, the first of equals."""
        grad_x = pool.max_pool2d_backward(
            grad,
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
            output=output,
        )
        return grad_x, {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The window; the first of its largest cells has weight 1, the others 0."""
        return first_largest(x, self._cells(x, index))


class AvgPool2d(_Pool2d):
    """The mean of each window: see :func:`cnn_core.avg_pool2d`.

    Args:
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        padding: in the forms of ``conv2d``, each side smaller than the dilated window.
        dilation: a whole number or a pair.
        ceil_mode: whether an overhanging last window counts.
        count_include_pad: whether padded cells count in the divisor.

    Raises:
        ShapeError: where a setting is of no such form.
    """

    def __init__(
        self,
        kernel_size: Any,
        *,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
        self.count_include_pad = flag(count_include_pad, "count_include_pad")

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {**super().settings(), "count_include_pad": self.count_include_pad}

    def counted(self, input_shape: Shape) -> Array:
        """What each window's sum is divided by: ``(OH, OW)``."""
        return pool.divisors(self.window(input_shape), (input_shape[2], input_shape[3]), self.count_include_pad)

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.avg_pool2d(
            x,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """Each output's gradient is shared out over its window."""
        grad_x = pool.avg_pool2d_backward(
            grad,
            x.shape,
            self.kernel_size,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
            count_include_pad=self.count_include_pad,
        )
        return grad_x, {}

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The window, every cell that counts weighed by one over their number, and what does not count by 0."""
        window, size = self.window(x.shape), (x.shape[2], x.shape[3])
        counted = pool.divisor(window, size, self.count_include_pad, index[2], index[3])
        cells = self._cells(x, index)
        # What overhangs the padding never counts; the padding itself does where it is asked to.
        padded = [
            self.count_include_pad and row < size[0] + window.padding[0][1] and column < size[1] + window.padding[1][1]
            for _, _, row, column in window.taps(index[2], index[3])
        ]
        counts = [cell is not None or around for cell, around in zip(cells, padded, strict=True)]
        return Sources(cells, [1.0 / counted if each else 0.0 for each in counts])


class LPPool2d(_Pool2d):
    """The p-norm of each window: see :func:`cnn_core.lp_pool2d`.

    Args:
        norm_type: p, above 0 and finite.
        kernel_size: a whole number or a pair.
        stride: likewise; None means ``kernel_size``.
        ceil_mode: whether an overhanging last window counts.

    Raises:
        ShapeError: where a setting is of no such form.
    """

    def __init__(self, norm_type: float, kernel_size: Any, *, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__(kernel_size, stride=stride, padding=None, dilation=1, ceil_mode=ceil_mode)
        self.norm_type = pool.norm_of(norm_type)

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {name: getattr(self, name) for name in ("norm_type", "kernel_size", "stride", "ceil_mode")}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W) -> (N, C, OH, OW)``."""
        return pool.lp_pool2d(x, self.norm_type, self.kernel_size, stride=self.stride, ceil_mode=self.ceil_mode)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """Each output's gradient goes to its window's cells, more to the larger ones."""
        grad_x = pool.lp_pool2d_backward(
            grad, x, self.norm_type, self.kernel_size, stride=self.stride, ceil_mode=self.ceil_mode
        )
        return grad_x, {}

    def scale(self, input_shape: Shape, index: Index) -> float:
        """What the window's sum of powers is multiplied by: above 1 where it overhangs the input."""
        counted = pool.divisor(self.window(input_shape), (input_shape[2], input_shape[3]), True, index[2], index[3])
        return self.kernel_size[0] * self.kernel_size[1] / counted

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The window, and the root of the sum of its powers."""
        cells = [cell for cell in self._cells(x, index) if cell is not None]
        scale, norm = self.scale(x.shape, index), plain(self.norm_type)
        powers = " + ".join(f"({plain(x[cell])})^{norm}" for cell in cells[:10]) + (" + …" if len(cells) > 10 else "")
        scaled = powers if scale == 1 else f"{plain(scale)} × ({powers})"
        root = f"sqrt({scaled})" if self.norm_type == 2 else f"({scaled})^(1/{norm})"
        return Sources(cells, None, formula=f"{root} = {plain(output[index])}")

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """Every window that holds the cell: ``(x / y) ** (p - 1)``, and 0 where the window's powers add up to 0."""
        for reader in self.readers(x.shape, output.shape, index):
            grown = pool.slope(x[index].astype(float), output[reader].astype(float), self.norm_type)
            yield reader, float(grown) * self.scale(x.shape, reader)
