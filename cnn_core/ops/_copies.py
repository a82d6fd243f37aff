"""Copies that take long number by number: of many short lines, of every second column, and of each column twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnn_core.ops._arrays import Array

# Bytes of a line that is copied as one item; longer ones take as long as their numbers.
LINE_MOST = 512

# Times a number of 32 bits, that number twice.
TWICE = np.uint64(2**32 + 1)


def copy_lines(target: Array, source: Array) -> None:
    """``target[...] = source``, as :func:`as_lines` would have it."""
    target, source = as_lines(target, source)
    target[...] = source


def as_lines(target: Array, source: Array) -> tuple[Array, Array]:
    """Both as single items for each short line of the last axis, where its cells are neighbours in both.

    A copy of numbers begins anew in each line; one of lines, taken for single items of so many bytes, does not: 16
    against 47 µs for 512 images of 14×14, 41 against 55 for 32 of 112×112.
    """
    size = target.shape[-1] * target.itemsize
    if 0 < size <= LINE_MOST and target.strides[-1] == source.strides[-1] == target.itemsize:
        return target.view(f"V{size}"), source.view(f"V{size}")
    return target, source


def as_columns(target: Array, source: Array, step: int) -> tuple[Array, Array]:
    """What to copy where, from one type to the other, for every ``step``-th number of a line, from its first on.

    Args:
        target: ``(..., OW)``.
        source: ``(..., W)``, with ``(OW - 1) * step < W``.
        step: at least 1.
    """
    columns = target.shape[-1]
    side_by_side = source.strides[-1] == target.strides[-1] == source.itemsize == 4
    if step == 2 and side_by_side and 0 < 2 * columns <= source.shape[-1]:
        # The first of two numbers is the lower half of one twice as long: 0.12 against 0.25 ns for each, whether or not
        # the longer one is aligned.
        return target.view("<u4"), source[..., : 2 * columns].view("<u8")
    return as_lines(target, source[..., : (columns - 1) * step + 1 : step])


def as_windows(target: Array, cells: Array, strides: tuple[int, ...]) -> Iterator[tuple[Array, Array]]:
    """What to copy where to bring windows together: one pair of views, or two.

    Args:
        target: ``(..., OW)``, of the cells' type.
        cells: contiguous.
        strides: bytes from window to window in them, for each axis of ``target``; windows may overlap.

    Yields:
        Views; their types may differ: see ``as_columns``.
    """
    if strides[-1] != 2 * cells.itemsize or cells.itemsize != 4 or target.strides[-1] != 4 or not target.size:
        yield as_lines(target, np.ndarray(target.shape, cells.dtype, cells, 0, strides))
        return
    # A number with the one behind it, as in ``as_columns``: 41 against 85 µs for 3×3 on 3 planes of 224×224. Behind the
    # very last one there may be none: what lies last along the longest axis is then copied by itself.
    shape, reach = list(target.shape), sum((n - 1) * apart for n, apart in zip(target.shape, strides, strict=True))
    if reach + 8 > cells.nbytes:
        axis = max(range(len(shape)), key=shape.__getitem__)
        shape[axis] -= 1
        last = [*target.shape]
        last[axis] = 1
        end = target[(slice(None),) * axis + (slice(-1, None),)]
        yield end, np.ndarray(last, cells.dtype, cells, shape[axis] * strides[axis], strides)
        target = target[(slice(None),) * axis + (slice(None, -1),)]
    if target.size:
        yield target.view("<u4"), np.ndarray(shape, "<u8", cells, 0, strides)


def repeat_columns(x: Array, times: int, out: Array) -> None:
    """Each number of a line so many times, one beside the other.

    Args:
        x: ``(..., W)``, numbers side by side.
        times: at least 1.
        out: ``(..., W * times)`` of the same type, row-major, written to.
    """
    if times == 2 and x.itemsize == 4 and x.flags.aligned:
        # One number of twice the bits: 0.37 against 0.59 ns for each.
        both = out.view(np.uint64)
        np.copyto(both, x.view(np.uint32))
        np.multiply(both, TWICE, out=both)
        return
    for first in range(times):
        out[..., first::times] = x
