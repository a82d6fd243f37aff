"""Networks: layers one after the other, run as a whole or traced stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnn_core import model_file
from cnn_core.errors import CnnCoreError, ModelError, shown
from cnn_core.gradients import Gradients
from cnn_core.layers import Layer
from cnn_core.layers.base import Rng, generator
from cnn_core.ops._arrays import Array, gradient, real
from cnn_core.settings import flag, sizes
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
        receptive_field: what one of its cells sees of the input, or None once a cell may depend on any other, or
            each sees an area of a size of its own, as after stamps that lie further apart than a cell.
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
        ModelError: where one of them is no layer, or one that has parameters stands in more than one place.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        try:
            self.layers: tuple[Layer, ...] = tuple(layers)
        except TypeError as error:
            raise ModelError(
                f"a network is made of a list of layers, got {shown(layers)}; Sequential([ReLU()]) works"
            ) from error
        places: dict[int, int] = {}
        for position, layer in enumerate(self.layers):
            if not isinstance(layer, Layer):
                raise ModelError(
                    f"a network is made of layers, got {type(layer).__name__} at place {position}; ReLU() works"
                )
            first = places.setdefault(id(layer), position)
            if first != position and layer.params():
                raise ModelError(
                    f"the layer at place {position} is the very one at place {first}: its parameters would be moved "
                    f"twice, and saved as two; another {layer!r} works"
                )

    def forward(self, x: npt.ArrayLike) -> Array:
        """The last layer's output, an array of its own; nothing is recorded.

        Args:
            x: ``(N, C, H, W)``, or what the first layer takes.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
        """
        out = given = real(x, "x")
        for name, layer in self.named():
            with _told_by(name):
                out = layer.forward(out)
        # Layers that only pass numbers on, as Flatten does, may hand the caller's own array through.
        return out.copy() if np.may_share_memory(out, given) else out

    def trace(self, x: npt.ArrayLike, *, training: bool = False, rng: Rng | None = None) -> Trace:
        """The same run with every stage kept, and with what going back needs.

        Args:
            x: ``(N, C, H, W)``, or what the first layer takes; kept as a copy, so that later edits do not change it.
            training: run as while learning: dropout drops, batch norm takes the batch's statistics. Nothing of the
                network changes, running statistics included; :func:`cnn_core.fit` moves those.
            rng: a seed or a generator for what is drawn at random in training; a generator moves on.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
            ModelError: where a layer draws at random in training and ``rng`` is None, or is neither seed nor generator.
        """
        learning, drawn = flag(training, "training"), None if rng is None else generator(rng)
        given = real(x, "x").copy()
        stages: list[Stage] = []
        out = given
        for position, (name, layer) in enumerate(self.named()):
            with _told_by(name):
                out, saved = layer.run(out, training=learning, rng=drawn)
            stages.append(Stage(name, layer, (position - 1,), out, saved))
        return Trace(given, tuple(stages), learning)

    def backward(
        self,
        trace: Trace,
        grad: npt.ArrayLike,
        *,
        needs_input: bool = True,
        stage: int | None = None,
        keep_stages: bool = True,
    ) -> Gradients:
        """Go back through a trace: the gradient at every stage, parameter and input (Rumelhart et al., 1986).

        The layers' parameters are read as they are now: go back before they are moved on.

        Args:
            trace: a run of this network, in training or not.
            grad: the gradient at ``trace.output``, or at ``stage``'s output, of its shape.
            needs_input: whether the gradients before the first layer that learns are wanted; learning does without.
            stage: where to begin; the last stage where it is not said. What comes after it does not count: its stages
                have no gradient and its parameters one of 0.
            keep_stages: whether the gradients at the stages, and with them all explanations, are wanted: learning does
                without, and their memory serves the stage before.

        Raises:
            ModelError: where the trace is none, or another network's.
            ShapeError: where ``grad`` does not fit, or there is no such stage.
        """
        if not isinstance(trace, Trace):
            raise ModelError(f"backward takes what network.trace(x) returns, got {type(trace).__name__}")
        if [stage.layer for stage in trace.stages] != list(self.layers):
            raise ModelError(f"this trace is of another network than {self!r}; network.trace(x) makes one that fits")
        needs_input, keep_stages = flag(needs_input, "needs_input"), flag(keep_stages, "keep_stages")
        last = len(self.layers) - 1 if stage is None else trace.stage_number(stage)
        # A copy, as the trace has one of the input: later edits do not change what is kept.
        flowing: Array | None = gradient(grad, trace.values(last).shape).copy()
        learns = [position for position, layer in enumerate(self.layers) if layer.params()]
        first = 0 if needs_input else min(learns, default=len(self.layers))
        params: dict[str, Array] = {}
        stages: list[Array | None] = [None] * len(self.layers)
        for position in range(last, first - 1, -1):
            each = trace.stages[position]
            if keep_stages:
                stages[position] = flowing
            with _told_by(each.name):
                flowing, found = each.layer.backward(
                    flowing,
                    trace.values(each.inputs[0]),
                    each.output,
                    each.saved,
                    needs_input=needs_input or position > first,
                )
            params |= {f"{position}.{name}": array for name, array in found.items()}
        ordered = {
            name: params[name] if name in params else np.zeros_like(held) for name, held in self.params().items()
        }
        return Gradients(flowing if needs_input else None, ordered, tuple(stages), trace if keep_stages else None)

    def params(self) -> dict[str, Array]:
        """Every live array, ``"0.weight"`` being layer 0's weight."""
        return {f"{k}.{name}": array for k, layer in enumerate(self.layers) for name, array in layer.params().items()}

    def save(self, file: model_file.File) -> None:
        """Write the network to one file: kinds, settings and all arrays, running statistics included; no pickle.

        Args:
            file: a path, or a binary file open for writing. The same network gives the same bytes.

        Raises:
            ModelError: where a layer is of a kind that is not :mod:`cnn_core`'s own, or the file cannot be written.
        """
        model_file.write(self.layers, file)

    @classmethod
    def load(cls, file: model_file.File | bytes) -> Sequential:
        """A network that was saved, its arrays equal to the last bit. Nothing in the file is ever executed.

        Args:
            file: a path, the file's bytes, or a binary file, read from its start where it can seek.

        Raises:
            ModelError: where there is no such file, or it is damaged, of another kind or written by a later version.
        """
        return cls(model_file.read(file))

    def summary(self, input_shape: tuple[int, ...]) -> list[Row]:
        """A row a layer: output shape, parameters, multiply-adds, receptive field.

        Args:
            input_shape: ``(N, C, H, W)``, or what the first layer takes.

        Raises:
            ShapeError: where a layer's input does not fit it; the message names the layer.
        """
        rows: list[Row] = []
        shape = sizes(input_shape, "input_shape")
        field = ReceptiveField() if len(shape) == 4 else None
        for name, layer in self.named():
            with _told_by(name):
                after = layer.output_shape(shape)
            lines = None if field is None else layer.reads(shape, after)
            field = None if field is None or lines is None else field.through_lines(*lines)
            params = sum(int(array.size) for array in layer.params().values())
            rows.append(Row(name, after, params, layer.macs(shape), field))
            shape = after
        return rows

    def named(self) -> Iterator[tuple[str, Layer]]:
        """Each layer behind the name that its stage has, such as ``"0.Conv2d"``."""
        return ((f"{position}.{type(layer).__name__}", layer) for position, layer in enumerate(self.layers))

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"


@contextmanager
def _told_by(name: str) -> Iterator[None]:
    """Refusals inside, with the layer's name before them."""
    try:
        yield
    except CnnCoreError as error:
        raise type(error)(f"{name}: {error}") from error
