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
    across = [sliding.inside(1, b, cells[1], windows[1]) for b in range(sliding.kernel_size[1])]
    for a in range(sliding.kernel_size[0]):
        rows = sliding.inside(0, a, cells[0], windows[0])
        for columns in across:
            if rows and columns:
                yield (..., rows[0], columns[0]), (..., rows[1], columns[1])
