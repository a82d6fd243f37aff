"""A convolution in plain numbers and words, as a link carries it, and read again with every value checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnn_core import kernels
from cnn_core.shapes import PADDING_MODES
from pages.shared.convolution.laboratory import (
    CHANNELS_MOST,
    DILATION_LARGEST,
    KERNEL_LARGEST,
    PADDING_MOST,
    STRIDE_LARGEST,
    Operation,
    is_kernel,
)
from pages.shared.edits.checked import EditRefusedError, finite, number_rows, one_of, whole_number
from pages.shared.experiment import FloatArray, Pair, Sides, read_only
from pages.shared.link_code import whole

_SWITCHES = ("with_bias", "flipped", "transposed")


def written(operation: Operation) -> dict[str, Any]:
    """What tells a convolution from the one that the laboratory opens with; a library's kernel by its name."""
    plain, now = _all_of(Operation()), _all_of(operation)
    return {name: value for name, value in now.items() if value != plain[name]}


def _all_of(operation: Operation) -> dict[str, Any]:
    padding = operation.padding
    return {
        "weight": [[_plane(plane) for plane in planes] for planes in operation.weight],
        "size": list(operation.kernel_size),
        "bias": whole(operation.bias.tolist()),
        "groups": operation.groups,
        "stride": list(operation.stride),
        "dilation": list(operation.dilation),
        "padding": padding if isinstance(padding, str) else [*padding[0], *padding[1]],
        "padding_mode": operation.padding_mode,
        "output_padding": list(operation.output_padding),
        **{name: getattr(operation, name) for name in _SWITCHES},
    }


def _plane(plane: FloatArray) -> Any:
    named = next((each.name for each in kernels.LIBRARY if is_kernel(plane[None], each)), None)
    return named or whole(plane.tolist())


def unheard(told: Mapping[str, Any]) -> list[str]:
    """The names that :func:`written` never writes and :func:`read` passes over."""
    return [name for name in told if name not in _all_of(Operation())]


def read(told: Mapping[str, Any]) -> Operation:
    """The convolution that :func:`written` wrote, of as many input channels as its weights say.

    Raises:
        EditRefusedError: where a value is not one that the laboratory's controls could set.
    """
    plain = Operation()
    given = {**_all_of(plain), **told}
    height, width = _pair(given["size"], KERNEL_LARGEST, "A kernel's side")
    weight = _weight(given["weight"], (height, width))
    groups = whole_number(given["groups"], 1, CHANNELS_MOST, "The number of groups")
    outputs, deep = weight.shape[:2]
    if outputs % groups or deep * groups > CHANNELS_MOST or len(given["bias"]) != outputs:
        raise EditRefusedError("These kernels, groups and biases do not go together.")
    return Operation(
        weight=weight,
        bias=read_only([finite(each, "The bias") for each in given["bias"]]),
        groups=groups,
        stride=_pair(given["stride"], STRIDE_LARGEST, "The stride"),
        dilation=_pair(given["dilation"], DILATION_LARGEST, "The dilation"),
        padding=_padding(given["padding"]),
        padding_mode=one_of(given["padding_mode"], PADDING_MODES, "The padding mode"),
        output_padding=_pair(
            given["output_padding"], max(STRIDE_LARGEST, DILATION_LARGEST) - 1, "The output padding", 0
        ),
        **{name: given[name] is True for name in _SWITCHES},
    )


def _pair(value: Any, most: int, what: str, least: int = 1) -> Pair:
    down, across = (whole_number(each, least, most, what) for each in value)
    return down, across


def _padding(value: Any) -> str | Sides:
    if value == "same":
        return "same"
    top, bottom, left, right = (whole_number(each, 0, PADDING_MOST, "The padding") for each in value)
    return (top, bottom), (left, right)


def _weight(told: Any, size: Pair) -> FloatArray:
    if not 1 <= len(told) <= CHANNELS_MOST or not all(1 <= len(planes) <= CHANNELS_MOST for planes in told):
        raise EditRefusedError(f"There are 1 to {CHANNELS_MOST} kernels, each with 1 to {CHANNELS_MOST} planes.")
    # np.array of unequal rows raises a ValueError, which refuses the edit.
    weight = np.array([[_numbers(plane, size) for plane in planes] for planes in told])
    if weight.shape[2:] != size:
        raise EditRefusedError("A kernel came in with another size than the link says.")
    return read_only(weight)


def _numbers(plane: Any, size: Pair) -> FloatArray:
    if isinstance(plane, str):
        return kernels.resized(kernels.get(one_of(plane, kernels.names(), "The kernel")).weights, size)
    return number_rows(plane, "The kernel", "A weight")
