"""Whether the arrays and the settings of a convolution fit together: asked before any work, answered in words."""

from typing import Any

from cnn_core.errors import ShapeError
from cnn_core.ops._fitting import check_padded
from cnn_core.ops._remembered import remembered
from cnn_core.settings import pair, whole
from cnn_core.shapes import Pair, Window, in_memory, window


@remembered
def conv_window(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    padding_mode: str,
) -> Window:
    """The window a convolution slides, after checking that everything fits.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    if len(weight_shape) != 4 or 0 in weight_shape[1:]:
        raise ShapeError(
            f"weight must be (C_out, C_in/groups, KH, KW), all at least 1, got shape {weight_shape}; "
            f"shape {(1, x_shape[1], 1, 1)} with groups=1 works"
        )
    groups = whole(groups, "groups", least=1)
    channels, (outputs, each) = x_shape[1], weight_shape[:2]
    check_groups(groups, channels, outputs, weight_shape)
    if each * groups != channels:
        raise ShapeError(
            f"weight of shape {weight_shape} with groups={groups} expects {each * groups} input channels, "
            f"got {channels}; a weight of shape {(outputs, channels // groups, *weight_shape[2:])} works"
        )
    height, width = x_shape[2:]
    sliding = window(weight_shape[2:], stride=stride, padding=padding, dilation=dilation, input_size=(height, width))
    check_padded(sliding, (height, width), padding_mode)
    return sliding


def check_groups(groups: int, inputs: int, outputs: int, weight_shape: tuple[int, ...] | None = None) -> None:
    """Refuse groups of which some would have more channels than others.

    Args:
        groups: into how many the channels fall.
        inputs: C_in.
        outputs: C_out.
        weight_shape: of what the groups have to fit, where it is not made for them.

    Raises:
        ShapeError: where ``groups`` does not divide both counts.
    """
    if inputs % groups == outputs % groups == 0:
        return
    works = "groups=1"
    if weight_shape is not None:
        fitting, rest = divmod(inputs, weight_shape[1])
        works = f"groups={fitting}"
        if rest or not fitting or outputs % fitting:
            works = f"groups=1 with a weight of shape {(outputs, inputs, *weight_shape[2:])}"
    raise ShapeError(f"groups must divide {inputs} input and {outputs} output channels, got {groups}; {works} works")


@remembered
def transposed_window(
    x_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
    groups: Any,
) -> tuple[Window, Pair]:
    """The window that a transposed convolution slides over its *output*, and that output's ``(rows, columns)``.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    if len(weight_shape) != 4 or 0 in weight_shape[1:]:
        raise ShapeError(
            f"weight must be (C_in, C_out/groups, KH, KW), all at least 1, got shape {weight_shape}; "
            f"shape {(x_shape[1], 1, 1, 1)} with groups=1 works"
        )
    groups = whole(groups, "groups", least=1)
    if x_shape[1] != weight_shape[0]:
        also = " with groups=1" if x_shape[1] % groups else ""
        raise ShapeError(
            f"weight of shape {weight_shape} expects {weight_shape[0]} input channels, got {x_shape[1]}; "
            f"a weight of shape {(x_shape[1], *weight_shape[1:])}{also} works"
        )
    if x_shape[1] % groups:
        raise ShapeError(f"groups must divide {x_shape[1]} input channels, got {groups}; groups=1 works")
    if isinstance(padding, str) and padding == "same":
        raise ShapeError('padding="same" says nothing of a transposed convolution; padding=0 works')
    height, width = x_shape[2:]
    sliding = window(weight_shape[2:], stride=stride, padding=padding, dilation=dilation, input_size=(height, width))
    more = pair(output_padding, "output_padding", least=0)
    rooms = tuple(map(max, sliding.stride, sliding.dilation))
    for axis in (0, 1):
        if more[axis] >= rooms[axis]:
            most = min(rooms) - 1
            also = "" if min(sliding.spread_size(height, width, (most, most))) > 0 else " with padding=0"
            raise ShapeError(
                f"output_padding must be smaller than the stride or the dilation, got {more[axis]} with stride "
                f"{sliding.stride[axis]} and dilation {sliding.dilation[axis]}; output_padding={most}{also} works"
            )
    rows, columns = sliding.spread_size(height, width, more)
    if rows < 1 or columns < 1:
        raise ShapeError(
            f"padding {sliding.padding} would leave {rows}×{columns} cells of the transposed convolution of a "
            f"{height}×{width} input; padding=0 works"
        )
    small = "stride=1 with dilation=1, output_padding=0 and padding=0 works"
    return sliding, in_memory(rows, columns, small)
