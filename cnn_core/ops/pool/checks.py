"""Whether a pooling fits its input."""

from typing import Any

from cnn_core.errors import ShapeError
from cnn_core.ops._arrays import flag
from cnn_core.ops._remembered import remembered
from cnn_core.shapes import Window, window


@remembered
def pool_window(
    x_shape: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Window:
    """The window a pooling slides, after checking that it fits.

    Raises:
        ShapeError: where the window is larger than its padded input, or a side of the padding than the window.
    """
    height, width = x_shape[2:]
    sliding = window(
        kernel_size,
        stride=kernel_size if stride is None else stride,
        padding=padding,
        dilation=dilation,
        ceil_mode=flag(ceil_mode, "ceil_mode"),
        input_size=(height, width),
    )
    for extent, sides in zip(sliding.extent, sliding.padding, strict=True):
        if max(sides) >= extent:
            raise ShapeError(
                f"each side of a pooling's padding must be smaller than its window of {extent}, got {max(sides)}; "
                f"padding={extent - 1} works"
            )
    sliding.output_size(height, width)
    return sliding
