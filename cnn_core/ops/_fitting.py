"""Whether a window and its padding fit an image; where they do not, which of the caller's settings would."""

from __future__ import annotations

import math

from cnn_core.errors import ShapeError, shown
from cnn_core.shapes import PADDING_MODES, Pair, Window

_Most = tuple[float, float]


def check_padded(sliding: Window, input_size: Pair, mode: str) -> None:
    """Refuse what does not fit a convolution: a mode that there is not, a padding too wide for it, or a window.

    Raises:
        ShapeError: where reflect is asked for ``size`` cells or more, or circular for more than ``size``; where the
            window is larger than the padded input, or the result than any memory.
    """
    if not isinstance(mode, str) or mode not in PADDING_MODES:
        raise ShapeError(f'padding_mode must be one of {PADDING_MODES}, got {shown(mode)}; padding_mode="zeros" works')
    beyond = {"reflect": -1, "circular": 0}.get(mode)
    most = (math.inf, math.inf) if beyond is None else (input_size[0] + beyond, input_size[1] + beyond)
    for sides, size, cells, axis in zip(sliding.padding, input_size, most, ("rows", "columns"), strict=True):
        if max(sides) > cells:
            ways = [*_narrower(sliding, input_size, most), _another_mode(sliding, input_size)]
            raise ShapeError(
                f'padding_mode="{mode}" has only {cells} cells to show around {size} {axis}, '
                f"got padding {max(sides)}; {' or '.join(ways)} works"
            )
    _check(sliding, input_size, most)


def check_pooled(sliding: Window, input_size: Pair) -> None:
    """Refuse what does not fit a pooling: a side of padding as wide as the window, or a window.

    Raises:
        ShapeError: where it is, or the window is larger than the padded input, or the result than any memory.
    """
    most = (sliding.extent[0] - 1, sliding.extent[1] - 1)
    for extent, sides in zip(sliding.extent, sliding.padding, strict=True):
        if max(sides) >= extent:
            raise ShapeError(
                f"each side of a pooling's padding must be smaller than its window of {extent}, got {max(sides)}; "
                f"{' or '.join(_narrower(sliding, input_size, most))} works"
            )
    _check(sliding, input_size, most)


def _check(sliding: Window, input_size: Pair, most: _Most) -> None:
    """``most`` is the widest that a side of padding may be, rows and columns."""
    try:
        sliding.output_size(*input_size)
    except ShapeError as error:
        said = str(error).partition(";")[0]
        rows, columns = sliding.extent
        ways = _padding(_needed(sliding, input_size), most) or [_another_mode(sliding, input_size)]
        if not sliding.fits(*input_size):
            ways.append(f"an input of at least {rows}×{columns}")
        raise ShapeError(f"{said}; {' or '.join(ways)} works") from None


def _needed(sliding: Window, input_size: Pair) -> Pair:
    """The least padding on either side, rows and columns, with which the window fits."""
    down, across = (max(0, -(-(extent - size) // 2)) for extent, size in zip(sliding.extent, input_size, strict=True))
    return down, across


def _padding(wished: Pair, most: _Most) -> list[str]:
    """``wished`` padding as a setting: as one number where both axes may have the larger one; none where it may not."""
    if max(wished) <= min(most):
        return [f"padding={max(wished)}"]
    return [f"padding={wished}"] if all(each <= limit for each, limit in zip(wished, most, strict=True)) else []


def _narrower(sliding: Window, input_size: Pair, most: _Most) -> list[str]:
    """The widest padding that is allowed, where the window fits with it."""
    needed, least = _needed(sliding, input_size), int(min(most))
    if max(needed) <= least:
        return [f"padding={least}"]
    fits = all(each <= limit for each, limit in zip(needed, most, strict=True))
    return [f"padding={(int(most[0]), int(most[1]))}"] if fits else []


def _another_mode(sliding: Window, input_size: Pair) -> str:
    """Padding that repeats the edge has no bounds: with it the same padding may do, or else what the window needs."""
    replicate = 'padding_mode="replicate"'
    if sliding.fits(*input_size):
        return replicate
    return f"padding={max(_needed(sliding, input_size))} with {replicate}"
