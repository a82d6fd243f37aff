"""Fully connected layers, and the flattening before them; each forward beside its backward."""

import math

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import Array, gradient, real, together, vector
from cnn_core.ops._sums import column_sums
from cnn_core.settings import flag, sizes


@np.errstate(invalid="ignore", over="ignore")
def linear(x: npt.ArrayLike, weight: npt.ArrayLike, bias: npt.ArrayLike | None = None) -> Array:
    """``x @ weight.T + bias``: every output weighs every input.

    Args:
        x: ``(..., in_features)``.
        weight: ``(out_features, in_features)``, as in PyTorch.
        bias: ``(out_features,)`` or None.

    Returns:
        ``(..., out_features)``.

    Raises:
        ShapeError: where the shapes do not fit.
    """
    x, weight = _operands(x, weight)
    bias = vector(bias, "bias", weight.shape[0])
    dtype = together(x, weight, bias)
    # (..., in) @ (in, out) -> (..., out)
    out: Array = np.asarray(np.matmul(x.astype(dtype, copy=False), weight.astype(dtype, copy=False).T))
    if bias is not None:
        out += bias.astype(dtype, copy=False)
    return out


def linear_backward(
    grad: npt.ArrayLike, x: npt.ArrayLike, weight: npt.ArrayLike, *, needs_input: bool = True
) -> tuple[Array | None, Array, Array]:
    """Linear's gradients: ``grad @ weight``, ``grad.T @ x`` and the sum of ``grad`` over all rows.

    Args:
        grad: ``(..., out_features)``, the loss's gradient at the output.
        x: ``(..., in_features)``, the forward's input.
        weight: ``(out_features, in_features)``.
        needs_input: whether the gradient at ``x`` is computed.

    Returns:
        ``grad_x (..., in_features)`` or None, ``grad_weight (out_features, in_features)``, ``grad_bias
        (out_features,)``.

    Raises:
        ShapeError: where the shapes do not fit.
    """
    x, weight = _operands(x, weight)
    given = gradient(grad, (*x.shape[:-1], weight.shape[0]))
    dtype = together(given, x, weight)
    given, x, weight = (array.astype(dtype, copy=False) for array in (given, x, weight))
    rows = math.prod(x.shape[:-1])
    # (..., out) -> (rows, out) and (..., in) -> (rows, in)
    flat_grad, flat_x = given.reshape(rows, weight.shape[0]), x.reshape(rows, weight.shape[1])
    with np.errstate(invalid="ignore", over="ignore"):
        grad_x = np.asarray(np.matmul(given, weight)) if flag(needs_input, "needs_input") else None
        # Of one row it is each number times each: 2.0 against 4.8 ms for 2048 inputs and 1000 outputs.
        each = np.multiply if rows == 1 else np.matmul
        grad_weight: Array = each(flat_grad.T, flat_x)
        return grad_x, grad_weight, column_sums(flat_grad)


def _operands(x: npt.ArrayLike, weight: npt.ArrayLike) -> tuple[Array, Array]:
    x, weight = real(x, "x"), real(weight, "weight")
    if weight.ndim != 2:
        fitting = (1, x.shape[-1] if x.ndim else 1)
        raise ShapeError(
            f"weight must be (out_features, in_features), got shape {weight.shape}; shape {fitting} works for this x"
        )
    if x.ndim < 1 or x.shape[-1] != weight.shape[1]:
        flat = x.ndim > 2 and math.prod(x.shape[1:]) == weight.shape[1]
        works = "flatten(x)" if flat else f"x of shape (1, {weight.shape[1]})"
        raise ShapeError(
            f"x of shape {x.shape} must end in the weight's {weight.shape[1]} input features; {works} works"
        )
    return x, weight


def flatten(x: npt.ArrayLike) -> Array:
    """Every image as one line, in row-major order: channel by channel, row by row.

    Args:
        x: ``(N, ...)``.

    Returns:
        ``(N, -1)``, a new array.

    Raises:
        ShapeError: where ``x`` has no batch axis.
    """
    return flattened(x).copy()


def flattened(x: npt.ArrayLike) -> Array:
    """``flatten`` without its copy: a view where the layout of ``x`` allows, for those who only read."""
    array = real(x, "x")
    if array.ndim == 0:
        raise ShapeError("flatten needs a batch axis, got a single number; x[None] works")
    # (N, C, H, W) -> (N, C*H*W); the size is computed, as -1 is undefined for an empty batch
    return array.reshape(array.shape[0], math.prod(array.shape[1:]))


def flatten_backward(grad: npt.ArrayLike, x_shape: tuple[int, ...]) -> Array:
    """The gradient of :func:`flatten`: every number goes back to where it came from.

    Args:
        grad: ``(N, C*H*W)``, of the loss with respect to the result.
        x_shape: ``(N, C, H, W)``, or what else the forward pass was given.

    Returns:
        of ``x_shape``, a new array.

    Raises:
        ShapeError: where ``grad`` is not of flatten's output shape, or ``x_shape`` is none that it takes.
    """
    return unflattened(grad, x_shape).copy()


def unflattened(grad: npt.ArrayLike, x_shape: tuple[int, ...]) -> Array:
    """``flatten_backward`` without its copy."""
    shape = sizes(x_shape, "x_shape")
    if not shape:
        raise ShapeError("x_shape must have a batch axis, got (); (1,) works")
    return gradient(grad, (shape[0], math.prod(shape[1:]))).reshape(shape)
