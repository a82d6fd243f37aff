"""Which windows meet which cells, tap by tap, as pairs of views: padding is never copied, only left out."""

from collections.abc import Iterator

from cnn_core.ops._arrays import Array
from cnn_core.shapes import Window


def meetings(out: Array, x: Array, sliding: Window) -> Iterator[tuple[Array, Array]]:
    """For each tap, the windows in which it lies inside the image, and the cells it reads there: two views."""
    for a in range(sliding.kernel_size[0]):
        for b in range(sliding.kernel_size[1]):
            rows = _inside(sliding, 0, a, x.shape[2], out.shape[2])
            columns = _inside(sliding, 1, b, x.shape[3], out.shape[3])
            if rows and columns:
                yield out[..., rows[0], columns[0]], x[..., rows[1], columns[1]]


def _inside(sliding: Window, axis: int, tap: int, size: int, count: int) -> tuple[slice, slice] | None:
    stride = sliding.stride[axis]
    first = tap * sliding.dilation[axis] - sliding.padding[axis][0]
    low = max(0, -(first // stride))
    high = min(count - 1, (size - 1 - first) // stride)
    if low > high:
        return None
    start = first + low * stride
    return slice(low, high + 1), slice(start, first + high * stride + 1, stride)
