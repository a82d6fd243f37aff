"""What every operation asks of its arrays before it works: their kind, their rank, their element type."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError
from cnn_core.settings import sizes

Array = npt.NDArray[Any]

_KEPT = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


def array_of(value: npt.ArrayLike, name: str) -> Array:
    """``value`` as an array of whatever it holds.

    Raises:
        ShapeError: where its rows are of different lengths, it hands out no numbers, or it has a mask, behind which
            NumPy's functions look.
    """
    if type(value) is not np.ndarray and isinstance(value, np.ma.MaskedArray):
        raise ShapeError(f"{name} must have a number in every cell, got a masked array; {name}.filled(0) works")
    try:
        return np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        # A tensor that learns does not hand out its numbers, nor does a sparse one.
        works = "rows of one length work" if isinstance(value, list | tuple) else "a NumPy array of its numbers works"
        if getattr(value, "requires_grad", False):
            works = f"{name}.detach() works"
        raise ShapeError(
            f"{name} must be a regular array of numbers, its rows all of one length, got {type(value).__name__}; "
            f"{works}"
        ) from error


def real(value: npt.ArrayLike, name: str) -> Array:
    """An array of float32 or float64 with these numbers; such an array is passed on as it is, never written to.

    Integers and booleans become float64, exact up to 2**53; float16 becomes float32.

    Raises:
        ShapeError: where ``value`` holds something else, or rows of different lengths, or has a mask.
    """
    array = array_of(value, name)
    if array.dtype in _KEPT:
        return array
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind == "f":
        native = array.dtype.newbyteorder("=")  # it may be another machine's
        if native in _KEPT:
            return array.astype(native)
        if native == np.float16:
            return array.astype(np.float32)
    raise ShapeError(f"{name} must hold real numbers, got {array.dtype}; float32, float64 and integers work")


def images(x: npt.ArrayLike) -> Array:
    """``x`` as ``(N, C, H, W)``, refused where it has another rank.

    Raises:
        ShapeError: where ``x`` is not of rank 4, or has no cell in a plane.
    """
    array = real(x, "x")
    if array.ndim != 4:
        shape = array.shape
        fitting = (math.prod(shape[:-3]), *shape[-3:]) if len(shape) > 4 else (1,) * (4 - len(shape)) + shape
        hint = {2: "x[None, None]", 3: "x[None]"}.get(array.ndim)
        works = f"{hint} of shape {fitting}" if hint else f"x.reshape({', '.join(map(str, fitting))})"
        raise ShapeError(f"x must be (N, C, H, W), got rank {array.ndim} with shape {shape}; {works} works")
    if 0 in array.shape[1:]:
        fitting = tuple(max(1, size) for size in array.shape)
        raise ShapeError(
            f"x must have at least one channel, row and column, got shape {array.shape}; shape {fitting} works"
        )
    return array


def together(*arrays: Array | None) -> np.dtype[Any]:
    """The element type that holds all of these, as NumPy promotes them."""
    dtypes = {array.dtype for array in arrays if array is not None}
    return dtypes.pop() if len(dtypes) == 1 else np.result_type(*dtypes)


def vector(value: npt.ArrayLike | None, name: str, length: int) -> Array | None:
    """``value`` as ``(length,)``, or None where there is none.

    Raises:
        ShapeError: where it has another shape.
    """
    if value is None:
        return None
    array = real(value, name)
    if array.shape != (length,):
        raise ShapeError(
            f"{name} must have shape ({length},), one number a channel or output, got {array.shape}; "
            f"np.ones({length}) works"
        )
    return array


def gradient(value: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """``value`` as the gradient of an output of this shape.

    Raises:
        ShapeError: where it has another shape.
    """
    array = real(value, "grad")
    if array.shape != shape:
        raise ShapeError(f"grad must have the output's shape {shape}, got {array.shape}; np.ones({shape}) works")
    return array


def no_room(shape: tuple[int, ...]) -> ShapeError:
    """What to say where memory cannot hold a result of this shape, or what it takes to make it."""
    return ShapeError(f"there is no room in memory for a result of shape {shape}; a smaller input or padding works")


def images_shape(shape: Any) -> tuple[int, ...]:
    """The shape of a batch of images, ``(N, C, H, W)``.

    Raises:
        ShapeError: where it is none.
    """
    found = sizes(shape, "x_shape")
    if len(found) != 4 or 0 in found[1:]:
        raise ShapeError(f"x_shape must be (N, C, H, W), each but N at least 1, got {shape}; x.shape works")
    return found
