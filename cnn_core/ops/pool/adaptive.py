"""Adaptive pooling: as many cells as are asked for, whatever the input's size; one is global pooling."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ShapeError, shown
from cnn_core.ops._arrays import Array, gradient, images, images_shape, together
from cnn_core.ops.pool.average import avg_pool2d, avg_pool2d_backward
from cnn_core.ops.pool.largest import max_pool2d, max_pool2d_backward
from cnn_core.ops.pool.spans import Spans, of_areas, pool_spans
from cnn_core.ops.pool.winners import LARGE_MOST, broken, hand_to_winners, of_spans
from cnn_core.settings import is_whole, settled, whole
from cnn_core.shapes import Pair, adaptive_spans

Sizes = tuple[int | None, int | None]

# Cells of a plane that is one area. Up to the first its largest is found as a window's, down and then across: 0.10
# against 0.15 ms for 8×512 planes of 7×7. Up to the second single precision adds it up as a window; larger ones are
# added up in pairs by NumPy, which keeps more digits.
_SMALL, _SUMMED = 64, 4096

# Cells of a plane of the result: more, where the input has fewer, is a slip of the hand. One by one they take a minute.
# A layer has not seen its input yet: there only what no image has is one.
_MOST, _EVER = 2**22, 2**28

# Areas of a plane up to which, with so many cells each, one is pooled after the other: 0.56 against 0.69 ms for 2×2
# areas in 512 planes of 60×60, and back 1.2 against 2.0.
_FEW, _FEW_LARGE = 4, 64

# Cells of an area, of several a plane, up to which windows are pooled where all areas are alike.
_WINDOW_MOST = 256

# Planes of double precision up to which it takes less to find all areas' largest cells at once than area by area.
_PLANES_MOST = 300

# Numbers of the largest matrix that adds up all areas in one product: 0.04 against 0.36 ms for 6×6 areas of 256 planes
# of 13×13.
_SUMS_MOST = 20_000


def sizes_of(output_size: Any) -> Sizes:
    """``output_size`` as rows and columns, None for as many as the input has.

    Raises:
        ShapeError: where it is no whole number, None, or a pair of these, or too large.
    """
    given = settled(output_size)
    both = (given, given) if given is None or is_whole(given) else given
    if not isinstance(both, tuple) or len(both) != 2:
        raise ShapeError(
            f"output_size must be a whole number, None or a pair of these, got {shown(output_size)}; "
            "output_size=1 works"
        )
    rows, columns = (None if each is None else whole(each, "output_size", least=1) for each in both)
    _check_cells(rows or 1, columns or 1, _EVER)
    return rows, columns


def _check_cells(rows: int, columns: int, most: int) -> None:
    if rows * columns > most:
        raise ShapeError(
            f"output_size must give at most {most:,} cells a plane, got {rows:,}×{columns:,}; output_size=1 works"
        )


def adaptive_size(output_size: Sizes, input_size: Pair) -> Pair:
    """How many cells come out: ``(OH, OW)``.

    Raises:
        ShapeError: where they are too many.
    """
    rows, columns = (own if own is not None else size for own, size in zip(output_size, input_size, strict=True))
    _check_cells(rows, columns, max(_MOST, math.prod(input_size)))
    return rows, columns


def adaptive_max_pool2d(x: npt.ArrayLike, output_size: Any) -> Array:
    """The largest number of each area.

    Args:
        x: ``(N, C, H, W)``.
        output_size: ``OH`` and ``OW`` as a whole number or a pair; None on an axis keeps the input's. 1 is global
            pooling. How the areas are cut: :func:`cnn_core.shapes.adaptive_spans`.

    Returns:
        ``(N, C, OH, OW)``; an area that holds a NaN gives NaN.

    Raises:
        ShapeError: where ``x`` is no batch of images, or ``output_size`` of another form.
    """
    x = images(x)
    out = _empty(x, output_size)
    area = _alike(out.shape, x.shape)
    if area and math.prod(area) <= (_SMALL if area == x.shape[2:] else _WINDOW_MOST):
        return max_pool2d(x, area)
    if not _few(out.shape, x.shape):
        pool_spans(x, out, _spans(x.shape, out.shape), np.maximum)
        return out
    for cell, where in _areas(out, x):
        out[cell] = x[where].max(axis=(2, 3))
    return out


def adaptive_max_pool2d_backward(grad: npt.ArrayLike, x: npt.ArrayLike, output_size: Any) -> Array:
    """The gradient of :func:`adaptive_max_pool2d`: each area hands its gradient to the first of its largest cells.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C, H, W)``, as the forward pass was given it.
        output_size: likewise.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: as the forward pass, or where ``grad`` has not its result's shape.
    """
    x = images(x)
    grad = gradient(grad, _empty(x, output_size).shape)
    dtype, single = together(grad, x), x.dtype == np.float32
    area, spans = _alike(grad.shape, x.shape), _spans(x.shape, grad.shape)
    at_once = not _few(grad.shape, x.shape) and spans[0].longest * x.shape[3] <= LARGE_MOST
    if area and ((single and at_once) or math.prod(area) <= min(_SMALL, math.prod(grad.shape[2:]))):
        return max_pool2d_backward(grad, x, area)
    out = np.zeros(x.shape, dtype)
    if at_once and (single or (math.prod(x.shape[:2]) <= _PLANES_MOST and not broken(x))):
        hand_to_winners(grad.astype(dtype, copy=False), x, out, *of_spans(*spans, single), LARGE_MOST)
        return out
    for cell, where in _areas(grad, x):
        part = x[where]
        # (N, C, h, w) -> (N, C, h * w): the first of the largest in row-major order; argmax takes a NaN for largest.
        first = part.reshape(*part.shape[:2], part.shape[2] * part.shape[3]).argmax(axis=2)
        n, c = np.indices(first.shape, sparse=True)
        down, across = np.unravel_index(first, part.shape[2:])
        with np.errstate(invalid="ignore", over="ignore"):
            out[where][n, c, down, across] += grad[cell]
    return out


def adaptive_avg_pool2d(x: npt.ArrayLike, output_size: Any) -> Array:
    """The mean of each area.

    Args:
        x: ``(N, C, H, W)``.
        output_size: as for :func:`adaptive_max_pool2d`.

    Returns:
        ``(N, C, OH, OW)``.

    Raises:
        ShapeError: where ``x`` is no batch of images, or ``output_size`` of another form.
    """
    x = images(x)
    out = _empty(x, output_size)
    area = _alike(out.shape, x.shape)
    # Double precision adds in the order that exported scripts repeat.
    single = x.dtype == np.float32
    if area and single and math.prod(area) <= (_SUMMED if area == x.shape[2:] else _WINDOW_MOST):
        return avg_pool2d(x, area)
    with np.errstate(invalid="ignore", over="ignore"):
        if single and _averaged_at_once(x, out):
            return out
        if single and out.shape[2:] != (1, 1):
            spans = _spans(x.shape, out.shape)
            pool_spans(x, out, spans, np.add)
            np.divide(out, _cells(spans, x.dtype), out=out)
            return out
        for cell, where in _areas(out, x):
            out[cell] = x[where].mean(axis=(2, 3))
    return out


def adaptive_avg_pool2d_backward(grad: npt.ArrayLike, x_shape: tuple[int, ...], output_size: Any) -> Array:
    """The gradient of :func:`adaptive_avg_pool2d`: each area shares its gradient out in equal parts.

    Args:
        grad: ``(N, C, OH, OW)``, of the loss with respect to the result.
        x_shape: ``(N, C, H, W)`` of the forward pass; the numbers do not matter.
        output_size: as the forward pass was given it.

    Returns:
        ``(N, C, H, W)``.

    Raises:
        ShapeError: as the forward pass, or where ``grad`` has not its result's shape.
    """
    x_shape = images_shape(x_shape)
    size = adaptive_size(sizes_of(output_size), (x_shape[2], x_shape[3]))
    grad = gradient(grad, (*x_shape[:2], *size))
    area, spans = _alike(grad.shape, x_shape), _spans(x_shape, grad.shape)
    if area and size != (1, 1):
        return avg_pool2d_backward(grad, x_shape, area)
    with np.errstate(invalid="ignore", over="ignore"):
        cells = _cells(spans, grad.dtype)
        # Of a single plane the shares lie where the numbers of cells did: large ones take as much memory as they do.
        shares = np.divide(grad, cells, out=cells.reshape(grad.shape) if grad.size == cells.size else None)
        del cells
        out = np.empty(x_shape, dtype=grad.dtype)
        if size == (1, 1):
            out[...] = shares
        else:
            down, across = (each.reversed(lines) for each, lines in zip(spans, x_shape[2:], strict=True))
            pool_spans(shares, out, (down, across), np.add)
    return out


def _averaged_at_once(x: Array, out: Array) -> bool:
    """Write the means of ``x (N, C, H, W)`` into ``out (N, C, OH, OW)``, contiguous, by one product.

    Returns:
        Whether they are right: False where the product would be too large or not all of it is finite.
    """
    size, cells = out.shape[2] * out.shape[3], x.shape[2] * x.shape[3]
    if size * cells > _SUMS_MOST or not x.size:
        return False
    ones, counts = _ones_of_areas((x.shape[2], x.shape[3]), (out.shape[2], out.shape[3]), x.dtype)
    means = out.reshape(-1, size)
    # (N * C, H * W) @ (H * W, OH * OW): most of the matrix is zeros, which make NaN of an infinity in other areas.
    np.matmul(x.reshape(-1, cells), ones, out=means)
    np.divide(means, counts, out=means)
    return bool(np.isfinite(means).all())


@lru_cache(maxsize=32)
def _ones_of_areas(image: Pair, size: Pair, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """``(H * W, OH * OW)``, 1 where a cell lies in an area, and how many cells each area has, ``(OH * OW,)``."""
    down, across = (np.zeros((cells, count), dtype) for cells, count in zip(image, size, strict=True))
    for ones in (down, across):
        for i, (first, last) in enumerate(adaptive_spans(*ones.shape)):
            ones[first:last, i] = 1
    return np.kron(down, across), np.kron(down.sum(axis=0), across.sum(axis=0))


def _empty(x: Array, output_size: Any) -> Array:
    size = adaptive_size(sizes_of(output_size), (x.shape[2], x.shape[3]))
    return np.empty((*x.shape[:2], *size), dtype=x.dtype)


def _spans(x_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> tuple[Spans, Spans]:
    """The areas' rows, and their columns."""
    return of_areas(x_shape[2], out_shape[2]), of_areas(x_shape[3], out_shape[3])


def _cells(spans: tuple[Spans, Spans], dtype: np.dtype[Any]) -> Array:
    """How many cells each area has, ``(OH, OW)``."""
    down, across = ((each.last - each.first).astype(dtype) for each in spans)
    return np.outer(down, across)


def _few(out_shape: tuple[int, ...], x_shape: tuple[int, ...]) -> bool:
    """Whether areas are so few and large that one is pooled after the other; the only one of a plane is."""
    areas = math.prod(out_shape[2:])
    return areas == 1 or (areas <= _FEW and math.prod(x_shape[2:]) >= areas * _FEW_LARGE)


def _alike(out_shape: tuple[int, ...], x_shape: tuple[int, ...]) -> Pair | None:
    """Rows and columns of each area where all are as large, so that windows side by side are pooled at once."""
    (rows, columns), (height, width) = out_shape[2:], x_shape[2:]
    return None if height % rows or width % columns else (height // rows, width // columns)


def _areas(out: Array, x: Array) -> Iterator[tuple[Any, Any]]:
    """Each output cell, and the area of the input that it pools, as indices."""
    across = adaptive_spans(x.shape[3], out.shape[3])
    for i, (top, bottom) in enumerate(adaptive_spans(x.shape[2], out.shape[2])):
        for j, (left, right) in enumerate(across):
            yield (..., i, j), (..., slice(top, bottom), slice(left, right))
