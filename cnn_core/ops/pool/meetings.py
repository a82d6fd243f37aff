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
    for a in range(sliding.kernel_size[0]):
        for b in range(sliding.kernel_size[1]):
            rows = inside(sliding, 0, a, cells[0], windows[0])
            columns = inside(sliding, 1, b, cells[1], windows[1])
            if rows and columns:
                yield (..., rows[0], columns[0]), (..., rows[1], columns[1])


def inside(sliding: Window, axis: int, tap: int, size: int, count: int) -> tuple[slice, slice] | None:
    """Of ``count`` windows, those whose tap lies in the image, and the cells it meets, along an axis.

    Args:
        sliding: the window.
        axis: 0 for rows, 1 for columns.
        tap: which tap along it.
        size: cells of the image along it.
        count: how many windows.

    Returns:
        Two slices, of the ``count`` windows and of the cells; None where the tap meets none.
    """
    stride = sliding.stride[axis]
    start = tap * sliding.dilation[axis] - sliding.padding[axis][0]
    low = max(0, -(start // stride))
    high = min(count - 1, (size - 1 - start) // stride)
    if low > high:
        return None
    begin = start + low * stride
    return slice(low, high + 1), slice(begin, start + high * stride + 1, stride)
