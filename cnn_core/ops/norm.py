"""Normalisation by statistics, given ones or the batch's own; each forward beside its backward."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array, gradient, images, together, vector
from cnn_core.ops._parts import evenly
from cnn_core.ops._planes import LineByLine
from cnn_core.ops._sums import column_sums
from cnn_core.settings import setting

# Bytes of a block: so many of two operands and of what is made of them stay in the second-level cache, and half
# as many take a tenth longer for their calls. With four times as many, training on 32×64 planes of 28×28 takes 1.9 ms
# and not 1.3. Up to the second figure all is one block, which as a whole may still be there from whoever made it.
_BLOCK, _WHOLE = 524_288, 1_048_576

# Cells of a plane up to which a channel's number is written out for each of them, unless NumPy goes past its buffer:
# operations then go over whole images as over one line. Larger planes are long enough by themselves.
_PLANE_MOST = 2048

# Deviations from 0 up to which a channel's mean may lie for single precision to do: it rounds product and shift
# to the mean's size, and what they leave is as small as the deviation.
_FAR = 32

# Numbers added in their own type, before their sums are added in double.
_PIECE = 4096

# Cells of a plane from which products are summed as they are made: to begin anew takes 12 ns a plane. Of smaller planes
# they are made first: 0.26 against 0.79 ns a number for 16 cells, 0.21 against 0.29 for 49.
_DOT_LEAST = 128

# Cells of a plane up to which sums go along the images, if these are no fewer: 2 against 74 µs for 64×512 single cells.
_TINY = 16

# Images at least that a batch's means are first guessed from, in single precision.
_GUESSED_FROM = 8


@dataclass(frozen=True, eq=False)
class Statistics:
    """What batch norm saw of each channel over a batch.

    Attributes:
        mean: ``(C,)`` float64.
        var: ``(C,)`` float64, the mean square distance from the mean, divided by ``count`` (biased).
        count: how many numbers each channel had: ``N * H * W``.
    """

    mean: Array
    var: Array
    count: int


def batch_norm2d(
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    bias: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    """``(x - mean) / sqrt(var + eps) * weight + bias``, channel by channel (Ioffe and Szegedy, 2015).

    Args:
        x: ``(N, C, H, W)``.
        mean: ``(C,)``.
        var: ``(C,)``, not negative.
        weight: ``(C,)``; None means ones.
        bias: ``(C,)``; None means zeros.
        eps: added to the variance, so that nothing is divided by zero.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    x = images(x)
    scale, shift = scale_and_shift(mean, var, weight, bias, eps, channels=x.shape[1])
    named = (("mean", mean), ("var", var), ("weight", weight), ("bias", bias))
    dtype = together(x, *(vector(value, name, x.shape[1]) for name, value in named))
    return _scaled(x, scale, shift, dtype, _far(mean, var, eps))


def scale_and_shift(mean: Any, var: Any, weight: Any, bias: Any, eps: float, *, channels: int) -> tuple[Array, Array]:
    """Batch norm as one multiplication and one addition a channel: ``(scale, shift)``, each ``(C,)`` float64.

    In double precision: the two roundings of scale and shift would otherwise outweigh those of the plain formula.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    if mean is None or var is None:
        raise ShapeError(f"mean and var must each have shape ({channels},)")
    named = {"mean": mean, "var": var, "weight": weight, "bias": bias}
    given = {name: vector(value, name, channels) for name, value in named.items()}
    m, v, w, b = (np.asarray(0.0 if each is None else each, dtype=np.float64) for each in given.values())
    eps = setting(eps, "eps", works=1e-5, least=0)
    if (v < 0).any():
        raise ShapeError("var must not be negative: it is a mean of squares; np.abs(var) works")
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        scale = (1.0 if weight is None else w) / np.sqrt(v + eps)
        return scale, b - m * scale


def carried_out(mean: Array, var: Array, weight: Array, bias: Array, eps: float, dtype: Any) -> tuple[Array, Array]:
    """The scale and shift that an output of ``dtype`` was made with: rounded to it in all channels but those far."""
    both = scale_and_shift(mean, var, weight, bias, eps, channels=len(mean))
    far = _far(mean, var, eps)
    used = [each.astype(dtype).astype(np.float64) for each in both]
    for exact, rounded in zip(both, used, strict=True):
        rounded[far] = exact[far]
    return used[0], used[1]


def _scaled(x: Array, scale: Array, shift: Array, dtype: np.dtype[Any], far: npt.NDArray[np.intp]) -> Array:
    """``x * scale + shift`` channel by channel, in ``dtype``; in double, then rounded once, in the channels ``far``."""
    out = np.empty(x.shape, dtype)
    wide, high = _across(scale, x, dtype), _across(shift, x, dtype)
    with np.errstate(invalid="ignore", over="ignore"), LineByLine(x.shape[2] * x.shape[3], x, out):
        # In place: memory of its own for the product would be a third beside two, 0.38 against 0.33 ms for 32×64 planes
        # of 28×28 where 1 MB is near.
        for (_, *its), (cells, into) in _blocks(dtype, x, out=out, in_place=True):
            np.multiply(cells, wide[*its], out=into, dtype=dtype)
            np.add(into, high[*its], out=into)
        if dtype == np.float32:
            for c in far:
                out[:, c] = np.multiply(x[:, c], scale[c], dtype=np.float64) + shift[c]
    return out


def _far(mean: Any, var: Any, eps: float) -> npt.NDArray[np.intp]:
    """The channels whose mean is far from 0, in their standard deviations."""
    far: npt.NDArray[np.bool_] = np.abs(mean) > _FAR * np.sqrt(np.asarray(var, np.float64) + float(eps))
    return far.nonzero()[0]


def _across(values: Array, x: Array, dtype: np.dtype[Any]) -> Array:
    """A number a channel, in ``dtype``, to meet the planes of ``x``: ``(C,) -> (C, H * W)``, to be read only."""
    cells = x.shape[2] * x.shape[3]
    channels: Array = values.astype(dtype)[:, None]
    past = x.dtype == dtype and LineByLine(cells, x).past
    if past or cells > _PLANE_MOST:
        return np.broadcast_to(channels, (len(channels), cells))
    # 0.1 ns a number; np.repeat takes 1.6.
    wide = np.empty((len(channels), cells), dtype)
    wide[...] = channels
    return wide


# Some images, channels and cells of their planes.
_Where = tuple[slice, slice, slice]


def _blocks(
    dtype: np.dtype[Any], *arrays: Array, out: Array | None = None, in_place: bool = False
) -> Iterator[tuple[_Where, tuple[Array, ...]]]:
    """Some images, channels and cells and, of each array ``(N, C, H, W)``, these, ``(n, c, cells)``.

    Behind them comes memory of this type and shape to work in, the same for all blocks, so that it stays near the
    processor; behind that the cells of ``out``, which is contiguous: one block is worked on there. Where all is made
    ``in_place`` there is no such memory, and blocks are larger by as much. Planes larger than a block are parted
    between the pieces that sums are made of.
    """
    batch, channels, height, width = arrays[0].shape
    size = height * width
    lines = [array.reshape(batch, channels, size) for array in (*arrays, out) if array is not None]
    if arrays[0].size * dtype.itemsize <= _WHOLE:
        near = [] if in_place else [np.empty(lines[0].shape, dtype) if out is None else lines[-1]]
        yield (slice(None), slice(None), slice(0, size)), (*lines[: len(arrays)], *near, *lines[len(arrays) :])
        return
    most = (_BLOCK * 3 // 2 if in_place else _BLOCK) // dtype.itemsize
    cells = min(size, evenly(-(-size // _PIECE), max(1, most // _PIECE)) * _PIECE)
    planes = max(1, most // cells)
    images, planes = max(1, min(batch, planes // channels)), min(planes, channels)
    room = None if in_place else np.empty((images, planes, cells), dtype)
    for n, c, first in product(range(0, batch, images), range(0, channels, planes), range(0, size, cells)):
        where = slice(n, n + images), slice(c, c + planes), slice(first, first + cells)
        some = [line[where] for line in lines]
        if room is not None:
            some.insert(len(arrays), room[: batch - n, : channels - c, : size - first])
        yield where, tuple(some)


class _Sums:
    """Sums over the numbers of each channel of ``(N, C, H, W)``: first of each plane's, in pieces, then in double.

    Of tiny planes first those of each cell over the images of a block.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Nothing yet, of so many planes."""
        batch, channels, height, width = shape
        self._cells = height * width
        self._across = np.zeros((channels, self._cells)) if self._cells <= min(_TINY, batch) else None
        self._each = np.empty((batch, channels, -(-self._cells // _PIECE)), dtype)
        self._ones = np.ones(min(self._cells, _PIECE), dtype)

    def take(self, where: _Where, planes: Array, times: Array | None = None) -> None:
        """Sum up some planes ``(n, c, cells)``, or their products with ``times``."""
        if times is not None and self._cells < _DOT_LEAST:
            planes, times = planes * times, None
        if self._across is not None:
            self._across[where[1]] += column_sums(planes.reshape(len(planes), -1)).reshape(-1, self._cells)
            return
        first, (whole, rest) = where[2].start // _PIECE, divmod(planes.shape[2], _PIECE)
        end = planes.shape[2] - rest
        if whole:
            # (n, c, cells) -> (n, c, whole, _PIECE)
            shape, sums = (*planes.shape[:2], whole, _PIECE), self._each[(*where[:2], slice(first, first + whole))]
            self._add_up(
                planes[..., :end].reshape(shape), None if times is None else times[..., :end].reshape(shape), sums
            )
        if rest:
            sums = self._each[(*where[:2], first + whole)]
            self._add_up(planes[..., end:], None if times is None else times[..., end:], sums)

    def _add_up(self, lines: Array, times: Array | None, sums: Array) -> None:
        """Write what each line of ``(..., L)``, or its product with that of ``times``, adds up to into ``(...)``."""
        if times is None:
            # (n, c, L) @ (L): 0.06 ms for 32×64 planes of 28×28, where sums take 0.24
            np.matmul(lines, self._ones[: lines.shape[-1]], out=sums)
        else:
            np.vecdot(lines, times, out=sums)

    def total(self) -> Array:
        """``(C,)``, in double."""
        if self._across is not None:
            return np.asarray(self._across.sum(axis=1))
        return np.asarray(self._each.sum(axis=(0, 2), dtype=np.float64))


def batch_norm2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """Batch norm's gradients where the statistics are given numbers, as at inference.

    Args:
        grad: ``(N, C, H, W)``, the loss's gradient at the output.
        x: ``(N, C, H, W)``, the forward's input.
        mean: as in the forward.
        var: as in the forward.
        weight: as in the forward.
        eps: as in the forward.

    Returns:
        ``grad_x (N, C, H, W)``, ``grad_weight (C,)``, ``grad_bias (C,)``.

    Raises:
        ShapeError: where a shape does not fit, or a variance is negative.
    """
    x, eps = images(x), setting(eps, "eps", works=1e-5, least=0)
    given = gradient(grad, x.shape)
    dtype = together(given, x)
    given = given.astype(dtype, copy=False)
    scale, _ = scale_and_shift(mean, var, weight, None, eps, channels=x.shape[1])
    grad_weight, grad_bias, _ = _met(given, x, mean, var, eps, dtype)
    grad_x = np.empty(x.shape, dtype)
    wide = _across(scale, x, dtype)
    with np.errstate(invalid="ignore", over="ignore"), LineByLine(x.shape[2] * x.shape[3], given, grad_x):
        for (_, *its), (gains, into) in _blocks(dtype, given, out=grad_x, in_place=True):
            np.multiply(gains, wide[*its], out=into)
    return grad_x, grad_weight.astype(dtype), grad_bias.astype(dtype)


def _met(
    given: Array, x: Array, mean: Any, var: Any, eps: float, dtype: np.dtype[Any]
) -> tuple[Array, Array, Array | None]:
    """Each channel's sum of ``given * (x - mean) / sqrt(var + eps)``, and that of ``given``: ``(C,)`` in double.

    Behind them what came of ``x - mean`` in ``dtype``, ``(N, C, H * W)``, where all was one block; else None.
    """
    met, total = _Sums(x.shape, dtype), _Sums(x.shape, dtype)
    exact, slope = np.asarray(mean, np.float64), _inverse(var, eps)
    centre = _across(exact, x, dtype)
    with np.errstate(invalid="ignore", over="ignore"), LineByLine(x.shape[2] * x.shape[3], given, x):
        for where, (gains, cells, distance) in _blocks(dtype, given, x):
            np.subtract(cells, centre[where[1:]], out=distance, dtype=dtype)
            met.take(where, gains, distance)
            total.take(where, gains)
        of_gains = total.total()
        grad_weight = (met.total() - _rounded_away(exact, dtype, of_gains)) * slope
        return grad_weight, of_gains, distance if distance.size == x.size else None


def _rounded_away(mean: Array, dtype: np.dtype[Any], times: Array) -> Array:
    """What a mean in double loses in ``dtype``, times what each cell's distance, off by it, is multiplied with.

    Beside a small spread it is much. Times infinity it is nothing: it would be NaN where nothing was lost.
    """
    return np.asarray((mean - mean.astype(dtype)) * np.where(np.isfinite(times), times, 0))


def _inverse(var: Any, eps: float) -> Array:
    """``1 / sqrt(var + eps)``, ``(C,)`` in double."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        return np.asarray(1 / np.sqrt(np.asarray(var, dtype=np.float64) + eps))


def batch_statistics(x: Array) -> Statistics:
    """Mean and biased variance of each channel of ``(N, C, H, W)``; of an empty batch, zeros.

    Two passes, the second corrected by what the first left over, which stays exact where the mean is large beside the
    spread (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983). Where so much was left over
    that taking it off again would cost digits, as in a channel of one large number, a third. In single precision the
    first looks at some images of a large batch alone.
    """
    count = x.shape[0] * x.shape[2] * x.shape[3]
    if count == 0:
        return Statistics(np.zeros(x.shape[1]), np.zeros(x.shape[1]), 0)
    with np.errstate(invalid="ignore", over="ignore"):
        # In double all images, in single some: a guess does, and the whole would be read once more from farther away.
        some = x[:: max(1, len(x) // _GUESSED_FROM)] if x.dtype == np.float32 else x
        rough = (_channel_sums(some) / (count // len(x) * len(some))).astype(x.dtype)
        left, square = _distances(x, rough, count)
        if (left * left > square / 16).any():
            rough = (rough + left).astype(x.dtype)
            left, square = _distances(x, rough, count)
        # Rounding may leave a hair below zero, and NaN stays NaN.
        return Statistics(rough + left, np.maximum(square - left**2, 0), count)


def _channel_sums(x: Array) -> Array:
    sums = _Sums(x.shape, x.dtype)
    sums.take((slice(None), slice(None), slice(0, None)), x.reshape(*x.shape[:2], -1))
    return sums.total()


def _distances(x: Array, rough: Array, count: int) -> tuple[Array, Array]:
    """The mean distance of each channel's numbers from ``rough``, and the mean square one: ``(C,)`` in double."""
    left, square = _Sums(x.shape, x.dtype), _Sums(x.shape, x.dtype)
    centre = _across(rough, x, x.dtype)
    with LineByLine(x.shape[2] * x.shape[3], x):
        for where, (cells, distance) in _blocks(x.dtype, x):
            np.subtract(cells, centre[where[1:]], out=distance)
            left.take(where, distance)
            square.take(where, distance, distance)
    return left.total() / count, square.total() / count


def batch_norm2d_training(
    x: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    bias: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Statistics]:
    """Batch norm by the batch's own mean and biased variance (Ioffe and Szegedy, 2015, algorithm 1).

    Args:
        x: ``(N, C, H, W)`` with more than one number a channel, or an empty batch.
        weight: ``(C,)``; None means ones.
        bias: ``(C,)``; None means zeros.
        eps: added to the variance.

    Returns:
        ``(N, C, H, W)``, and the statistics it was normalised by.

    Raises:
        ShapeError: where a shape does not fit, or a channel has one number alone, which has no spread.
    """
    x = images(x)
    seen = batch_statistics(x)
    if seen.count == 1:
        raise ShapeError(
            f"batch norm in training needs more than one number a channel, got shape {x.shape}; "
            f"a batch of 2, shape {(2, *x.shape[1:])}, works"
        )
    scale, shift = scale_and_shift(seen.mean, seen.var, weight, bias, eps, channels=x.shape[1])
    dtype = together(x, *(vector(value, name, x.shape[1]) for name, value in (("weight", weight), ("bias", bias))))
    return _scaled(x, scale, shift, dtype, _far(seen.mean, seen.var, eps)), seen


def batch_norm2d_training_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    seen: Statistics,
    weight: npt.ArrayLike | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """The gradients where the statistics are the batch's own, so that every number moves them too.

    With ``z = (x - mean) / sqrt(var + eps)``: ``grad_x = weight / sqrt(var + eps) * (grad - mean(grad) - z *
    mean(grad * z))``, the means over each channel of the batch (Ioffe and Szegedy, 2015, section 3, simplified).

    Args:
        grad: ``(N, C, H, W)``, the loss's gradient at the output.
        x: ``(N, C, H, W)``, the forward's input.
        seen: the statistics that the forward returned.
        weight: as in the forward.
        eps: as in the forward.

    Returns:
        ``grad_x (N, C, H, W)``, ``grad_weight (C,)``, ``grad_bias (C,)``.

    Raises:
        ShapeError: where a shape does not fit, or ``seen`` is not what the forward returned.
    """
    x = images(x)
    if not isinstance(seen, Statistics) or seen.mean.shape != (x.shape[1],):
        raise ShapeError(
            f"seen must be the statistics of {x.shape[1]} channels, the second that batch_norm2d_training returns, "
            f"got {shown(seen)}"
        )
    eps = setting(eps, "eps", works=1e-5, least=0)
    given = gradient(grad, x.shape)
    dtype = together(given, x)
    given = given.astype(dtype, copy=False)
    inverse, count = _inverse(seen.var, eps), max(seen.count, 1)
    scale = inverse if weight is None else inverse * np.asarray(vector(weight, "weight", x.shape[1]))
    grad_weight, grad_bias, distance = _met(given, x, seen.mean, seen.var, eps, dtype)
    grad_x = np.empty(x.shape, dtype)
    with np.errstate(invalid="ignore", over="ignore"), LineByLine(x.shape[2] * x.shape[3], given, x, grad_x):
        centre, wide = _across(seen.mean, x, dtype) if distance is None else None, _across(scale, x, dtype)
        # Of z, which is (x - mean) times inverse, and of each number: what they lose.
        slopes = -grad_weight * inverse / count
        level = grad_bias / count + _rounded_away(seen.mean, dtype, slopes)
        steep, high = _across(slopes, x, dtype), _across(level, x, dtype)
        for (_, *its), (gains, cells, near, into) in _blocks(dtype, given, x, out=grad_x):
            far = distance if centre is None else np.subtract(cells, centre[*its], out=near, dtype=dtype)
            np.multiply(far, steep[*its], out=near)  # type: ignore[arg-type]  # only one of the two is None
            np.subtract(near, high[*its], out=near)
            np.add(near, gains, out=near)
            np.multiply(near, wide[*its], out=into)
    return grad_x, grad_weight.astype(dtype), grad_bias.astype(dtype)
