"""Normalisation by statistics, running or the batch's own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.layers.base import Buffer, Elementwise, Parameter, Shape, rank_four, room_for
from cnn_core.ops import norm
from cnn_core.ops._arrays import Array
from cnn_core.settings import setting, whole
from cnn_core.trace import Index, Sources


class BatchNorm2d(Elementwise):
    """Normalise each channel: by running statistics, or in training by the batch's own.

    At inference it is :func:`cnn_core.batch_norm2d` with ``running_mean`` and ``running_var``, 0 and 1 at first. In
    training it takes the batch's mean and biased variance. Only training code moves the running statistics, by
    :meth:`observe`: a run, traced or not, leaves them as they are.

    Args:
        channels: ``C``.
        eps: added to the variance, not negative.
        momentum: the part of the running statistics that one observed batch replaces, from 0 to 1.

    Raises:
        ShapeError: where a setting is of no such form.
    """

    weight = Parameter()
    bias = Parameter()
    running_mean = Buffer()
    running_var = Buffer()

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.channels = whole(channels, "channels", least=1)
        self.eps = setting(eps, "eps", works=1e-5, least=0)
        self.momentum = setting(momentum, "momentum", works=0.1, least=0, most=1)
        first = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
        with room_for(dict.fromkeys(first, (self.channels,))):
            made = {name: np.full(self.channels, value, np.float32) for name, value in first.items()}
        self._parameters = {name: made[name] for name in ("weight", "bias")}
        self._buffers = {name: made[name] for name in ("running_mean", "running_var")}

    @classmethod
    def array_shapes(cls, settings: Mapping[str, Any]) -> dict[str, Shape]:
        """``weight``, ``bias``, ``running_mean`` and ``running_var``, each ``(C,)``."""
        channels = whole(settings["channels"], "channels", least=1)
        return dict.fromkeys(("weight", "bias", "running_mean", "running_var"), (channels,))

    def settings(self) -> dict[str, Any]:
        """The arguments that make such a layer again, by name."""
        return {"channels": self.channels, "eps": self.eps, "momentum": self.momentum}

    def forward(self, x: npt.ArrayLike) -> Array:
        """``(N, C, H, W)``, kept."""
        return norm.batch_norm2d(x, self.running_mean, self.running_var, self.weight, self.bias, self.eps)

    def run(
        self, x: npt.ArrayLike, *, training: bool = False, rng: np.random.Generator | None = None
    ) -> tuple[Array, Any]:
        """``(N, C, H, W)``, kept; saved are the batch's statistics in training, else None."""
        if not training:
            return self.forward(x), None
        return norm.batch_norm2d_training(x, self.weight, self.bias, self.eps)

    def backward(
        self, grad: Array, x: Array, output: Array, saved: Any = None, *, needs_input: bool = True
    ) -> tuple[Array | None, dict[str, Array]]:
        """The gradients at the input, the weight and the bias; in training the statistics too follow the input."""
        if saved is None:
            grad_x, grad_weight, grad_bias = norm.batch_norm2d_backward(
                grad, x, self.running_mean, self.running_var, self.weight, self.eps
            )
        else:
            grad_x, grad_weight, grad_bias = norm.batch_norm2d_training_backward(grad, x, saved, self.weight, self.eps)
        return grad_x, {"weight": grad_weight, "bias": grad_bias}

    def observe(self, saved: Any) -> None:
        """Move the running statistics towards a training batch's, its variance unbiased, as PyTorch does.

        Args:
            saved: what :meth:`run` returned beside its output; None and an empty batch change nothing.
        """
        if saved is None or saved.count < 2:
            return
        unbiased = saved.var * (saved.count / (saved.count - 1))
        for held, seen in ((self.running_mean, saved.mean), (self.running_var, unbiased)):
            held[...] = (1 - self.momentum) * held + self.momentum * seen

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's own."""
        shape = rank_four(input_shape)
        if shape[1] != self.channels:
            raise ShapeError(
                f"{self!r} expects {self.channels} channels, got {shape[1]}; BatchNorm2d({shape[1]}) works"
            )
        return shape

    def derivatives(self, x: Array, output: Array, index: Index, saved: Any = None) -> Iterator[tuple[Index, float]]:
        """The cell at the same place; in training the whole channel, whose statistics each of its cells moves.

        With ``m`` cells and ``z`` the normalised input, ``dy_i / dx_j = scale (d_ij - 1/m - z_i z_j / m)`` (S. Ioffe
        and C. Szegedy, 2015). The three terms are listed apart: the cell's own, the mean's and the deviation's.
        Where they nearly cancel, as between two cells alone, their sum would be little but rounding.
        """
        if saved is None:
            yield from super().derivatives(x, output, index, saved)
            return
        c = index[1]
        z, scale = self._normalised(x, c, saved)
        own = float(z[index[0], index[2], index[3]])
        yield index, scale
        for n, i, j in np.ndindex(*z.shape):
            yield (n, c, i, j), -scale / saved.count
            yield (n, c, i, j), -scale * own * float(z[n, i, j]) / saved.count

    def met(self, name: str, index: Index, x: Array, output: Array, saved: Any = None) -> tuple[Any, Array]:
        """A weight met the normalised input of its channel; a bias, 1."""
        z, _ = self._normalised(x, index[0], saved)
        return (slice(None), index[0]), z if name == "weight" else np.ones(z.shape)

    def _normalised(self, x: Array, channel: int, saved: Any) -> tuple[Array, float]:
        """A channel's input with its mean taken away and its deviation made 1, and what is made of it a unit."""
        mean, var = (self.running_mean, self.running_var) if saved is None else (saved.mean, saved.var)
        deviation = math.sqrt(float(var[channel]) + self.eps)
        z = (x[:, channel].astype(np.float64) - float(mean[channel])) / deviation
        return z, float(self.weight[channel]) / deviation

    def sources(self, x: Array, output: Array, index: Index, saved: Any = None) -> Sources:
        """The cell at the same place times the channel's scale, with its shift as the bias.

        The batch's statistics, in training, count as numbers that were given: scale and shift are made of them.
        """
        mean, var = (self.running_mean, self.running_var) if saved is None else (saved.mean, saved.var)
        scale, shift = norm.carried_out(mean, var, self.weight, self.bias, self.eps, output.dtype)
        return Sources((index,), (float(scale[index[1]]),), float(shift[index[1]]))
