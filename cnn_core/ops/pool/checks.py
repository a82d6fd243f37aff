"""Whether a pooling fits its input."""

from typing import Any

from cnn_core.errors import ShapeError
from cnn_core.ops._fitting import check_pooled
from cnn_core.ops._remembered import remembered
from cnn_core.settings import flag, is_whole, pair
from cnn_core.shapes import Pair, Window, window


@remembered
def pool_window(
    x_shape: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Window:
    """The window a pooling slides, after checking that it fits; ``padding`` is None for one that has no padding to set.

    Raises:
        ShapeError: where the window is larger than its padded input, or a side of the padding than the window.
    """
    height, width = x_shape[2:]
    sliding = window(
        window_size(kernel_size, padding),
        stride=kernel_size if stride is None else stride,
        padding=0 if padding is None else padding,
        dilation=dilation,
        ceil_mode=flag(ceil_mode, "ceil_mode"),
        input_size=(height, width),
    )
    if padding is None:
        sliding.output_size(height, width)
    else:
        check_pooled(sliding, (height, width))
    return sliding


def window_size(kernel_size: Any, padding: Any) -> Pair:
    """Rows and columns of a pooling's window.

    Raises:
        ShapeError: where ``kernel_size`` is none of these; what it advises has no room for a padding, and says so.
    """
    try:
        return pair(kernel_size, "kernel_size", least=1)
    except ShapeError as error:
        if padding is None or (is_whole(padding) and padding == 0):
            raise
        said = str(error).partition(";")[0]
        raise ShapeError(f"{said}; kernel_size=1 with padding=0 works") from None
