"""Which windows meet which cells, tap by tap, as pairs of slices: padding is never copied, only left out."""

from collections.abc import Iterator
from types import EllipsisType

from cnn_core.shapes import Pair, Window

Cells = tuple[EllipsisType, slice, slice]


def meetings(windows: Pair, cells: Pair, sliding: Window) -> Iterator[tuple[Cells, Cells]]:
    """For each tap, in row-major order, the windows in which it lies inside the image, and the cells it reads there.

    Args:
        windows: ``(OH, OW)``, how many there are.
        cells: ``(H, W)`` of the image.
        sliding: the window.
    """
    down, across = (_met(sliding, axis, cells[axis], windows[axis]) for axis in (0, 1))
    for rows in down:
        for columns in across:
            yield (..., rows[0], columns[0]), (..., rows[1], columns[1])


def _met(sliding: Window, axis: int, cells: int, windows: int) -> list[tuple[slice, slice]]:
    """The windows and the cells of each tap along an axis, but of taps that lie in the padding everywhere."""
    taps = (sliding.inside(axis, tap, cells, windows) for tap in range(sliding.kernel_size[axis]))
    return [met for met in taps if met]
