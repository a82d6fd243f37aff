"""Networks: layers one after the other, run as a whole or traced stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError
from cnn_core.layers import Layer
from cnn_core.ops._arrays import Array, real
from cnn_core.shapes import ReceptiveField
from cnn_core.trace import Stage, Trace


@dataclass(frozen=True)
class Row:
    """One line of a network's summary.

    Attributes:
        layer: the layer's kind and place, such as ``"0.Conv2d"``.
        output_shape: of its result.
        params: how many numbers it learns.
        macs: multiply-adds for one image.
        receptive_field: what one of its cells sees of the input, or None once every cell sees everything.
    """

    layer: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    receptive_field: ReceptiveField | None


class Sequential:
    """Layers one after the other. Running or tracing it changes nothing in it, so threads may share one.

    Args:
        layers: in the order in which the input passes them.

    Raises:
        ModelError: where one of them is no layer.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers: tuple[Layer, ...] = tuple(layers)
        for position, layer in enumerate(self.layers):
            if not isinstance(layer, Layer):
                raise ModelError(f"a network is made of layers, got {type(layer).__name__} at place {position}")

    def forward(self, x: npt.ArrayLike) -> Array:
        """The last layer's output; nothing is recorded.

        Args:
            x: ``(N, C, H, W)``, or what the first layer takes.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
        """
        out = real(x, "x")
        for name, layer in self._named():
            out = _run(name, layer, out)
        return out

    def trace(self, x: npt.ArrayLike) -> Trace:
        """The same run with every stage kept.

        Args:
            x: ``(N, C, H, W)``, or what the first layer takes; kept as a copy, so that later edits do not change it.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
        """
        given = real(x, "x").copy()
        stages: list[Stage] = []
        out = given
        for position, (name, layer) in enumerate(self._named()):
            out = _run(name, layer, out)
            stages.append(Stage(name, layer, (position - 1,), out))
        return Trace(given, tuple(stages))

    def params(self) -> dict[str, Array]:
        """Every live array, ``"0.weight"`` being layer 0's weight."""
        return {f"{k}.{name}": array for k, layer in enumerate(self.layers) for name, array in layer.params().items()}

    def summary(self, input_shape: tuple[int, ...]) -> list[Row]:
        """A row a layer: output shape, parameters, multiply-adds, receptive field.

        Args:
            input_shape: ``(N, C, H, W)``, or what the first layer takes.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
        """
        rows: list[Row] = []
        shape, field = tuple(input_shape), ReceptiveField() if len(input_shape) == 4 else None
        for name, layer in self._named():
            try:
                after = layer.output_shape(shape)
            except ShapeError as error:
                raise ShapeError(f"{name}: {error}") from error
            window = layer.window(shape)
            if field is not None and window is not None:
                field = field.through(window)
            elif len(after) != 4:
                field = None
            params = sum(int(array.size) for array in layer.params().values())
            rows.append(Row(name, after, params, layer.macs(shape), field))
            shape = after
        return rows

    def _named(self) -> Iterator[tuple[str, Layer]]:
        return ((f"{position}.{type(layer).__name__}", layer) for position, layer in enumerate(self.layers))

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"


def _run(name: str, layer: Layer, x: Array) -> Array:
    try:
        return layer.forward(x)
    except ShapeError as error:
        raise ShapeError(f"{name}: {error}") from error
