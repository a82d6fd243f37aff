"""What is seen around an image: zeros, its mirror, its edge or its other side; and the way back for gradients."""

from collections.abc import Iterator

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Pair, Sides, padding_source


def pad(x: Array, sides: Sides, mode: str = "zeros") -> Array:
    """Put cells around each plane; ``x`` itself where there are none to put.

    Args:
        x: ``(N, C, H, W)``.
        sides: ``((top, bottom), (left, right))``, as wide as the mode has cells to show.
        mode: one of ``shapes.PADDING_MODES``.

    Returns:
        ``(N, C, top + H + bottom, left + W + right)``.
    """
    if not any(map(any, sides)):
        return x
    (top, bottom), (left, right) = sides
    batch, channels, height, width = x.shape
    shape = (batch, channels, top + height + bottom, left + width + right)
    out = np.zeros(shape, dtype=x.dtype) if mode == "zeros" else np.empty(shape, dtype=x.dtype)
    out[:, :, top : top + height, left : left + width] = x
    if mode != "zeros":
        # Rows first: when the columns follow, the rows above and below the image are there to be copied from.
        for axis in (2, 3):
            lines = np.moveaxis(out, axis, 0)
            for place, source in _shown(sides[axis - 2], x.shape[axis], mode):
                lines[place] = lines[source]
    return out


def pad_rows(x: Array, sides: Sides, mode: str, first: int, last: int) -> Array:
    """The rows ``first`` to ``last`` of ``pad(x, sides, mode)``, without making the others.

    Args:
        x: ``(N, C, H, W)``.
        sides: as for ``pad``.
        mode: likewise.
        first: where to begin, counted from the padded image's top.
        last: the row before which to stop.

    Returns:
        ``(N, C, last - first, left + W + right)``; a view where nothing is padded.
    """
    top, height = sides[0][0], x.shape[2]
    low, high = min(max(first - top, 0), height), min(max(last - top, 0), height)
    if mode == "zeros":
        above, below = max(0, min(last, top) - first), max(0, last - max(first, top + height))
        return pad(x[:, :, low:high], ((above, below), sides[1]))
    if low == first - top and high == last - top:
        return pad(x[:, :, low:high], ((0, 0), sides[1]), mode)
    shown = [padding_source(row - top, height, mode) for row in range(first, last)]
    return pad(x[:, :, np.array(shown, dtype=np.intp)], ((0, 0), sides[1]), mode)


def pad_backward(grad: Array, sides: Sides, mode: str = "zeros") -> Array:
    """The gradient at what was padded, given the gradient behind the padding: each cell gathers where it was shown.

    Args:
        grad: ``(N, C, top + H + bottom, left + W + right)``; left as it is.
        sides: as they were given to ``pad``.
        mode: likewise.

    Returns:
        ``(N, C, H, W)``; for zeros, and where nothing is padded, a view.
    """
    (top, bottom), (left, right) = sides
    height, width = grad.shape[2] - top - bottom, grad.shape[3] - left - right
    inside = grad[:, :, top : top + height, left : left + width]
    if mode == "zeros" or not any(map(any, sides)):
        return inside
    # The steps of pad, last first: columns everywhere, then the rows with their columns; only these are copied.
    columns = list(_shown(sides[1], width, mode))
    out = inside.copy()
    for place, source in columns:
        out[..., source - left] += grad[:, :, top : top + height, place]
    for place, source in _shown(sides[0], height, mode):
        line = grad[:, :, place].copy()
        for beside, shown in columns:
            line[..., shown] += line[..., beside]
        out[:, :, source - top] += line[..., left : left + width]
    return out


def _shown(sides: Pair, size: int, mode: str) -> Iterator[Pair]:
    """For each line in the padding of an axis, its place and that of the line it shows, in the padded array."""
    before, after = sides
    for position in (*range(-before, 0), *range(size, size + after)):
        source = padding_source(position, size, mode)
        if source is not None:
            yield before + position, before + source
