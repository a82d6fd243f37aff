"""Asking a convolution beforehand how it will be computed, and having it computed in another way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array
from cnn_core.ops.conv.convolution import checked
from cnn_core.ops.conv.dispatch import Branch, decide, obstacles
from cnn_core.ops.conv.execute import correlate, working
from cnn_core.shapes import Pair, Window


@dataclass(frozen=True, eq=False)
class ConvPlan:
    """How :func:`conv2d` computes one result.

    Attributes:
        branch: the algorithm that was chosen; its value is its name, ``branch.does`` says how it works.
        reason: why it was, as a sentence.
        obstacles: for every branch None where it could do this work too, else the sentence that says why not.
        shape: of the result, ``(N, C_out, OH, OW)``.
        dtype: the element type that is computed in, ``"float32"`` or ``"float64"``.
        taps: multiply-adds of one cell, ``C_in / groups * KH * KW``.
        multiply_adds: of all cells, by the definition; a branch may get along with fewer.
        bytes: of input, weight, bias and result together.
        window: what slides.
    """

    branch: Branch
    reason: str
    obstacles: Mapping[Branch, str | None]
    shape: tuple[int, int, int, int]
    dtype: str
    taps: int
    multiply_adds: int
    bytes: int
    window: Window
    _operands: tuple[Array, Array, Array | None, int, str] = field(repr=False)

    def run(self, branch: Branch | str | None = None) -> Array:
        """Compute the result.

        Args:
            branch: the algorithm or its name, or None for the one that was chosen, which gives what ``conv2d`` gives.

        Returns:
            ``(N, C_out, OH, OW)``.

        Raises:
            ShapeError: where the branch cannot do this work, or there is none of this name.
        """
        asked = self.branch if branch is None else _branch(branch)
        why_not = self.obstacles[asked]
        if why_not is not None:
            raise ShapeError(f'the {asked.value} branch cannot do this: {why_not} branch="{self.branch.value}" works')
        x, weight, bias, groups, padding_mode = self._operands
        size: Pair = (self.shape[2], self.shape[3])
        return correlate(x, weight, bias, self.window, groups, size, padding_mode, asked)

    def working(self, branch: Branch | str) -> Callable[..., bool | None]:
        """The function that does the work in that way.

        Args:
            branch: an algorithm or its name.

        Raises:
            ShapeError: where there is none of this name.
        """
        x, weight, _, groups, padding_mode = self._operands
        if not len(x):  # nothing is to be done; one image would be worked at like this
            x = np.zeros((1, *x.shape[1:]), x.dtype)
        return working(_branch(branch), x, weight, self.window, groups, padding_mode)


def _branch(named: Branch | str) -> Branch:
    """An algorithm by itself or by its name."""
    if isinstance(named, Branch):
        return named
    known = {branch.value: branch for branch in Branch}
    if not isinstance(named, str) or named not in known:
        raise ShapeError(f'branch must be one of {", ".join(known)}, got {shown(named)}; branch="gathered" works')
    return known[named]


def conv2d_plan(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> ConvPlan:
    """How :func:`conv2d` would compute this, decided as it decides; nothing is computed yet.

    Args:
        x: as in ``conv2d``, ``(N, C_in, H, W)``; so are the others.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        bias: ``(C_out,)`` or None.
        stride: a whole number or a pair, at least 1.
        padding: in the forms of ``conv2d``.
        dilation: a whole number or a pair, at least 1.
        groups: into how many independent groups the channels fall.
        padding_mode: one of those of ``conv2d``.

    Returns:
        What was decided and why, what else could be done, and the sizes of it all; it carries any of that out.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight, bias, window = checked(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    with np.errstate(all="ignore"):  # numbers are looked at as conv2d looks at them: without a word
        branch, reason = decide(x, weight, window, int(groups))
        could = obstacles(x, weight, window, int(groups)) if weight.size else dict.fromkeys(Branch)
    shape = (x.shape[0], weight.shape[0], *window.output_size(x.shape[2], x.shape[3]))
    taps, cells = math.prod(weight.shape[1:]), math.prod(shape)
    moved = x.nbytes + weight.nbytes + (0 if bias is None else bias.nbytes) + cells * x.itemsize
    operands = (x, weight, bias, int(groups), padding_mode)
    return ConvPlan(branch, reason, could, shape, str(x.dtype), taps, cells * taps, moved, window, operands)
