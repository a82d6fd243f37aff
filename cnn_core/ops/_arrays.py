"""What every operation asks of its arrays before it works: their kind, their rank, their element type."""

import math
import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import CnnCoreError, ShapeError, shown

Array = npt.NDArray[Any]

_KEPT = frozenset({np.dtype(np.float32), np.dtype(np.float64)})

# Up to the first, single precision rounds to 0; above the second it has infinity.
_TINIEST, _LARGEST = float(np.finfo(np.float32).smallest_subnormal) / 2, float(np.finfo(np.float32).max)


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


def setting(
    value: Any,
    name: str,
    *,
    works: float,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    error: type[CnnCoreError] = ShapeError,
) -> float:
    """A setting as a float.

    Args:
        value: a number.
        name: what to call it in an error.
        works: what an error says would work.
        least: the smallest number allowed.
        above: all allowed ones are larger.
        most: the largest number allowed.
        below: all allowed ones are smaller; infinity asks for a finite one.
        error: what to raise.

    Raises:
        CnnCoreError: ``error``, where ``value`` is no number, NaN or outside these limits.
    """
    try:
        number = math.nan if isinstance(value, str | bytes | np.timedelta64) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    held_to = (
        ("at least", least, least is None or number >= least),
        ("above", above, above is None or number > above),
        ("at most", most, most is None or number <= most),
        ("below", below, below is None or number < below),
    )
    if math.isnan(number) or not all(held for _, _, held in held_to):
        limits = [f"{which} {limit:g}" for which, limit, _ in held_to if limit is not None]
        words = f", {' and '.join(limits)}".replace("below inf", "finite") if limits else ""
        raise error(f"{name} must be a number{words}, got {shown(value)}; {name}={works:g} works")
    return number


def held(number: float, name: str, dtype: np.dtype[Any], *, works: float) -> float:
    """A setting as it is, refused where this type, which is computed in, has 0 or infinity for it.

    Raises:
        ShapeError: where it would; the message says that ``works`` does.
    """
    if dtype == np.float32 and number and math.isfinite(number) and not _TINIEST < abs(number) <= _LARGEST:
        taken = "0" if abs(number) < 1 else "infinity"
        raise ShapeError(
            f"{name}={number:g} is beyond float32, which has {taken} for it; {name}={works:g} works, and so do arrays "
            "of float64"
        )
    return number


def no_room(shape: tuple[int, ...]) -> ShapeError:
    """What to say where memory cannot hold a result of this shape, or what it takes to make it."""
    return ShapeError(f"there is no room in memory for a result of shape {shape}; a smaller input or padding works")


def flag(value: Any, name: str, *, error: type[CnnCoreError] = ShapeError) -> bool:
    """A setting that is true or false, or 1 or 0.

    Raises:
        CnnCoreError: ``error``, where it is neither, as a text, None and an array are.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if not isinstance(value, int | np.integer) or isinstance(value, np.timedelta64) or value not in (0, 1):
        # "False" and NaN count as true where nobody asks, and so does a list of any length.
        raise error(f"{name} must be True or False, got {shown(value)}; {name}=True works")
    return bool(value)


def sizes(shape: Any, name: str) -> tuple[int, ...]:
    """A shape as a tuple of ints.

    Raises:
        ShapeError: where it holds anything but whole numbers, or a negative one.
    """
    try:
        found = tuple(operator.index(size) for size in shape)
    except TypeError:
        found = (-1,)
    if min(found, default=0) < 0:
        raise ShapeError(f"{name} must be whole numbers, not negative, got {shown(shape)}; (1, 1, 28, 28) works")
    return found


def images_shape(shape: Any) -> tuple[int, ...]:
    """The shape of a batch of images, ``(N, C, H, W)``.

    Raises:
        ShapeError: where it is none.
    """
    found = sizes(shape, "x_shape")
    if len(found) != 4 or 0 in found[1:]:
        raise ShapeError(f"x_shape must be (N, C, H, W), each but N at least 1, got {shape}; x.shape works")
    return found
