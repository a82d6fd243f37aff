"""The textbook's four functions as plain loops: slow, obvious, and derived without the rest of this package.

They are the oracle that the fast operations are held to, and short enough to be shown to a reader.
"""

import math
import operator

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError

_Array = npt.NDArray[np.float64]

_LARGEST = 2**63  # Python writes no number of more than 4300 digits into a sentence


def _floats(value: npt.ArrayLike, name: str) -> _Array:
    if isinstance(value, np.ma.MaskedArray):
        raise ShapeError(f"{name} must have a number in every cell, got a masked array; {name}.filled(0) works")
    try:
        array = np.array(value)
        # Complex numbers would lose a part, dates and texts become numbers, and None a NaN.
        if array.dtype.kind in "fiub":
            return array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ShapeError(
            f"{name} must be a regular array of numbers, its rows all of one length; np.ones((3, 3)) works"
        ) from error
    raise ShapeError(f"{name} must hold real numbers, got {array.dtype}; float64 works")


def _numbers(value: npt.ArrayLike, name: str, rank: int) -> _Array:
    array = _floats(value, name)
    if array.ndim != rank or array.size == 0:
        raise ShapeError(
            f"{name} must have {rank} axes and at least one number, got shape {array.shape}; {(1,) * rank} works"
        )
    return array


def _whole(value: int, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError as error:
        raise ShapeError(f"{name} must be a whole number, got {value!r:.100}; {name}=2 works") from error
    if abs(number) > _LARGEST:
        raise ShapeError(f"{name} must not be larger than 2**63, as no array is; {name}=2 works")
    return number


def _sure(value: bool, name: str) -> bool:
    if not isinstance(value, int | np.integer | np.bool_) or value not in (0, 1):
        got = "a larger number" if isinstance(value, int) and abs(value) > _LARGEST else f"{value!r:.100}"
        raise ShapeError(f"{name} must be True or False, got {got}; {name}=True works")
    return bool(value)


def _check_fit(picture: _Array, weights: _Array) -> None:
    if weights.shape[0] > picture.shape[0] or weights.shape[1] > picture.shape[1]:
        (height, width), (kernel_height, kernel_width) = picture.shape, weights.shape
        raise ShapeError(
            f"a {kernel_height}×{kernel_width} kernel does not fit a {height}×{width} image; "
            f"an image of at least {kernel_height}×{kernel_width} works"
        )


def convolve2d(image: npt.ArrayLike, kernel: npt.ArrayLike, *, true_convolution: bool = False) -> _Array:
    """Slide a kernel over an image, only where it fits.

    Networks call this convolution, though the kernel is not flipped; mathematics calls it cross-correlation. A true
    convolution turns the kernel half around first (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section
    9.1).

    Args:
        image: ``(H, W)``.
        kernel: ``(KH, KW)``, no larger than the image.
        true_convolution: whether the kernel is flipped, top to bottom and left to right.

    Returns:
        ``(H - KH + 1, W - KW + 1)`` float64.

    Raises:
        ShapeError: where the kernel does not fit.
    """
    picture, weights = _numbers(image, "image", 2), _numbers(kernel, "kernel", 2)
    _check_fit(picture, weights)
    if _sure(true_convolution, "true_convolution"):
        weights = weights[::-1, ::-1]
    height, width = picture.shape
    kernel_height, kernel_width = weights.shape
    result = np.zeros((height - kernel_height + 1, width - kernel_width + 1))
    for top in range(height - kernel_height + 1):
        for left in range(width - kernel_width + 1):
            total = 0.0
            for down in range(kernel_height):
                for across in range(kernel_width):
                    total += weights[down, across] * picture[top + down, left + across]
            result[top, left] = total
    return result


def relu(image: npt.ArrayLike) -> _Array:
    """Keep what is positive, make the rest 0.

    Args:
        image: ``(H, W)``.

    Returns:
        ``(H, W)`` float64.

    Raises:
        ShapeError: where ``image`` is no rows of numbers.
    """
    picture = _numbers(image, "image", 2)
    result = np.zeros(picture.shape)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            if not picture[row, column] <= 0:
                result[row, column] = picture[row, column]
    return result


def max_pooling(image: npt.ArrayLike, pool_size: int = 2, stride: int = 2) -> _Array:
    """The largest number of each square window.

    Args:
        image: ``(H, W)``.
        pool_size: the window's side, at least 1, no larger than the image.
        stride: cells from one window to the next, at least 1.

    Returns:
        ``((H - pool_size) // stride + 1, (W - pool_size) // stride + 1)`` float64; a window that holds a NaN gives NaN.

    Raises:
        ShapeError: where the window does not fit.
    """
    picture = _numbers(image, "image", 2)
    height, width = picture.shape
    pool_size, stride = _whole(pool_size, "pool_size"), _whole(stride, "stride")
    if pool_size < 1 or stride < 1 or pool_size > min(height, width):
        raise ShapeError(
            f"a window of {pool_size} with stride {stride} does not fit a {height}×{width} image; "
            f"pool_size={min(2, height, width)} with stride={min(2, height, width)} works"
        )
    result = np.zeros(((height - pool_size) // stride + 1, (width - pool_size) // stride + 1))
    for row in range(result.shape[0]):
        for column in range(result.shape[1]):
            largest = picture[row * stride, column * stride]
            for down in range(pool_size):
                for across in range(pool_size):
                    value = picture[row * stride + down, column * stride + across]
                    if value > largest or math.isnan(value):
                        largest = value
            result[row, column] = largest
    return result


def fully_connected(image: npt.ArrayLike, weights: npt.ArrayLike, bias: npt.ArrayLike) -> _Array:
    """Weigh every number of a flattened image.

    Args:
        image: any shape; flattened row by row to ``in`` numbers.
        weights: ``(in,)`` for one output, or ``(in, out)``: the textbook's order.
        bias: one number, or ``(out,)``.

    Returns:
        ``(out,)`` float64; ``(1,)`` for weights ``(in,)``.

    Raises:
        ShapeError: where the numbers of weights, inputs and biases do not match.
    """
    flat = [float(value) for value in _floats(image, "image").ravel()]
    table = _floats(weights, "weights")
    offsets = _floats(bias, "bias").ravel()
    if table.ndim == 1:
        table = table.reshape(-1, 1)  # (in,) -> (in, 1)
    if table.ndim != 2 or table.shape[0] != len(flat) or len(offsets) not in (1, table.shape[-1]):
        raise ShapeError(
            f"{len(flat)} inputs need weights of shape ({len(flat)}, out) and a bias of out numbers, "
            f"got weights {table.shape} and {len(offsets)} biases; weights of shape ({len(flat)},) and one bias work"
        )
    result = np.zeros(table.shape[1])
    for output in range(table.shape[1]):
        total = float(offsets[output % len(offsets)])
        for position, value in enumerate(flat):
            total += value * table[position, output]
        result[output] = total
    return result
