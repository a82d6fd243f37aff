"""What every layer is: parameters, an operation with its backward, a promised shape, and where each cell comes from."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.digits import written
from cnn_core.errors import ModelError, ShapeError, shown
from cnn_core.ops._arrays import Array, real
from cnn_core.settings import sizes, whole
from cnn_core.shapes import Axis, Window
from cnn_core.trace import Index, Sources

Shape = tuple[int, ...]


Rng = int | np.random.Generator
"""Where randomness comes from: a seed, or a generator that moves on."""


class _Held:
    """A layer's live array: writing into it, or putting numbers of the same shape in its place, changes the layer.

    Numbers put in its place are copied: training writes into the layer's array, never into what it was given.
    """

    store: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        return self if layer is None else getattr(layer, self.store).get(self.name)

    def __set__(self, layer: Any, value: npt.ArrayLike) -> None:
        held = getattr(layer, self.store)
        old, new = held.get(self.name), real(value, self.name)
        if old is None or new.shape != old.shape:
            if old is None:
                raise ShapeError(f"{layer!r} has no {self.name}, got one of shape {new.shape}; {self.name}=True works")
            raise ShapeError(
                f"{layer!r}: {self.name} must have shape {old.shape}, got shape {new.shape}; np.ones({old.shape}) works"
            )
        held[self.name] = new.copy()


class Parameter(_Held):
    """A live array that training moves along its gradient."""

    store = "_parameters"


class Buffer(_Held):
    """A live array that is kept and saved but has no gradient, such as running statistics."""

    store = "_buffers"


class Layer(ABC):
    """One step of a network. A layer keeps parameters and settings, and nothing of what passes through it."""

    def __init__(self) -> None:
        self._parameters: dict[str, Array] = {}
        self._buffers: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: npt.ArrayLike) -> Array:
        """The layer's output for ``x`` at inference. Raises ShapeError where ``x`` does not fit."""

    def run(
        self, x: npt.ArrayLike, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        """The layer's output in a trace, and what explaining and going back need beside input and output.

        Args:
            x: as for :meth:`forward`.
            training: whether the network is learning; most layers do the same either way.
            rng: where a layer that draws at random while learning draws from.

        Returns:
            ``(output, saved)``; ``saved`` is whatever this layer's :meth:`backward` and :meth:`sources` ask for, None
            where input and output are enough.

        Raises:
            ShapeError: where ``x`` does not fit.
            ModelError: where the layer draws at random and has nothing to draw from.
        """
        return self.forward(x), None

    @abstractmethod
    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradients at the input and at each parameter, for ``grad`` at the output.

        Args:
            grad: the loss's gradient at ``output``, of its shape.
            x: what :meth:`run` was given.
            output: what it returned.
            saved: what it returned beside that.
            needs_input: whether the gradient at ``x`` is wanted; where it is not, a layer may leave it out.

        Returns:
            ``grad_x`` of ``x``'s shape, or None where it was left out; and a gradient for each of :meth:`params`.

        Raises:
            ShapeError: where ``grad`` is not of the output's shape.
        """

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of ``forward``'s result for this shape of input. Raises ShapeError where it does not fit."""

    @abstractmethod
    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The input cells that made the output cell ``index``, with their weights or the formula."""

    def fan_in(self, x: Array, output: Array, index: Index, saved: Any = None) -> int:
        """How many cells :meth:`sources` names; a layer may tell it without naming them."""
        return len(self.sources(x, output, index, saved).cells)

    @abstractmethod
    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The output cells that read the input cell ``index``, in row-major order."""

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """Each output cell that depends on the input cell ``index``, and how much it grows with it.

        What the output cells say of their sources, read from the other side: a cell that is read twice, as where the
        padding shows it, is told of twice. A layer whose rule is a function tells its derivative instead.
        """
        for reader in self.readers(x.shape, output.shape, index):
            told = self.sources(x, output, reader, saved)
            if told.weights is None:
                raise NotImplementedError(f"{self!r} is a function and tells no derivative")
            yield from ((reader, w) for at, w in zip(told.cells, told.weights, strict=True) if at == index)

    def met(self, name: str, index: Index, x: Array, output: Array, saved: Any = None) -> tuple[Index | Any, Array]:
        """What one number of a parameter met: how much each output cell grows with it.

        Args:
            name: one of :meth:`params`.
            index: of the number, in that array.
            x: what :meth:`run` was given.
            output: what it returned.
            saved: what it returned beside that.

        Returns:
            Where in ``output`` the cells stand that it helped to make, as an index of whole numbers and slices; and
            what it met there, of that part's shape.
        """
        raise NotImplementedError(f"{self!r} has no parameter {name!r}")

    def params(self) -> dict[str, Array]:
        """The live arrays by name; empty for a layer that learns nothing."""
        return dict(self._parameters)

    def buffers(self) -> dict[str, Array]:
        """The live arrays that are kept but have no gradient, by name; empty for most layers."""
        return dict(self._buffers)

    def observe(self, saved: Any) -> None:
        """Take what a run in training saw into the layer's buffers; most layers have none. Only training calls this.

        Args:
            saved: what :meth:`run` returned beside its output.
        """
        del saved  # nothing is kept

    @classmethod
    def array_shapes(cls, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """The shapes of the parameters and buffers of a layer of these settings, which is not made for it.

        Raises:
            ShapeError: where a setting is of no form that the layer takes.
        """
        return {}

    def window(self, input_shape: Shape) -> Window | None:
        """The window this layer slides over an input of this shape, or None where it slides none."""
        return None

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis] | None:
        """How each row, and each column, of the output's planes reads those of the input's planes.

        Args:
            input_shape: of what the layer is given.
            output_shape: of what it makes of it.

        Returns:
            Rows, then columns; None where a cell may depend on any other, or there are no planes.
        """
        sliding = self.window(input_shape)
        if sliding is None:
            return None
        return sliding.reads((input_shape[2], input_shape[3]), (output_shape[2], output_shape[3]))

    def macs(self, input_shape: Shape) -> int:
        """Multiply-adds for one input of this shape; 0 where the layer multiplies no weights."""
        return 0

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {}

    def __repr__(self) -> str:
        listed = ", ".join(f"{name}={value!r}" for name, value in self.settings().items())
        return f"{type(self).__name__}({listed})"


class Elementwise(Layer):
    """A layer whose every output cell comes from the input cell at the same place."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        return sizes(input_shape, "input_shape")

    def reads(self, input_shape: Shape, output_shape: Shape) -> tuple[Axis, Axis] | None:
        """The row and the column at the same place."""
        return in_place(input_shape)

    def readers(self, input_shape: Shape, output_shape: Shape, index: Index) -> Iterator[Index]:
        """The cell at the same place."""
        return iter((index,))

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """The cell at the same place, with the derivative of the function there, or the weight it has in the sum."""
        if self.sources(x, output, index, saved).weights is not None:
            yield from super().derivatives(x, output, index, saved)
            return
        one = (1,)  # the function of a single cell: what backward gives for a gradient of 1
        slope, _ = self.backward(np.ones(one, output.dtype), x[index].reshape(one), output[index].reshape(one))
        if slope is not None:
            yield index, float(slope[0])


def rank_four(shape: Shape) -> Shape:
    """``shape`` as a tuple, refused where it is not ``(N, C, H, W)``.

    Raises:
        ShapeError: where it has another rank, or is no shape.
    """
    shape = sizes(shape, "input_shape")
    if len(shape) != 4:
        works = (*(1,) * (4 - len(shape)), *shape[-4:])
        raise ShapeError(f"the input must be (N, C, H, W), got shape {shape}; shape {works} works")
    return shape


def in_place(shape: Shape) -> tuple[Axis, Axis] | None:
    """Each row and each column of ``(N, C, H, W)`` reads the one at its own place; None for another rank."""
    return (Axis.same(shape[2]), Axis.same(shape[3])) if len(shape) == 4 else None


def inside(index: Index, shape: Shape) -> Index | None:
    """``index`` where it lies inside the planes of ``(N, C, H, W)``, else None: a padding cell."""
    return index if 0 <= index[2] < shape[2] and 0 <= index[3] < shape[3] else None


def uniform(shapes: Mapping[str, Shape], rng: Rng | None) -> dict[str, Array]:
    """First weights and biases, float32, uniform in ``±1 / sqrt(fan_in)``, as PyTorch draws them.

    Args:
        shapes: by name; ``"weight"`` is ``(outputs, ...)``, and its fan-in the product of the other sizes.
        rng: a seed, or a generator that moves on; None means seed 0.

    Raises:
        ModelError: where ``rng`` is neither, or memory does not hold that many numbers.
    """
    drawn = generator(0 if rng is None else rng)
    with room_for(shapes):
        bound = 1 / math.sqrt(math.prod(shapes["weight"][1:]))
        return {name: drawn.uniform(-bound, bound, shape).astype(np.float32) for name, shape in shapes.items()}


@contextmanager
def room_for(shapes: Mapping[str, Shape]) -> Iterator[None]:
    """Arrays of these shapes are made inside.

    Raises:
        ModelError: where they are larger than memory, or than NumPy can count.
    """
    try:
        yield
    except (MemoryError, OverflowError, ValueError) as error:
        wished = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ModelError(f"there is no room in memory for {wished}; fewer channels or features work") from error


def generator(rng: Rng) -> np.random.Generator:
    """A seed's generator, or the generator itself.

    Raises:
        ModelError: where ``rng`` is neither.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    try:
        # Asked here: a matrix as a seed would send NumPy into a recursion that ends the process.
        return np.random.default_rng(whole(rng, "rng", least=0))
    except ShapeError as error:
        raise ModelError(f"rng must be a seed, 0 or larger, or a generator, got {shown(rng)}; rng=0 works") from error


def plain(x: float) -> str:
    """A number for a formula: six digits."""
    return written(x, 6)


def operand(x: float) -> str:
    """A number behind a sign in a formula: in brackets where it has a sign of its own."""
    return f"({plain(x)})" if x < 0 else plain(x)
