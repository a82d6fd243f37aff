"""Operations as nested loops over padded copies, derived from their definitions and not from ``cnn_core.shapes``."""

from __future__ import annotations

import numpy as np


def padded(x: np.ndarray, sides, fill: float) -> np.ndarray:
    """``x`` with ``((top, bottom), (left, right))`` cells of ``fill`` around each plane."""
    (top, bottom), (left, right) = sides
    n, c, h, w = x.shape
    out = np.full((n, c, top + h + bottom, left + w + right), fill, dtype=np.float64)
    out[:, :, top : top + h, left : left + w] = x
    return out


def starts(size: int, extent: int, stride: int) -> list[int]:
    """Where windows begin along a padded axis: every stride-th place from which one still fits."""
    found, place = [], 0
    while place + extent <= size:
        found.append(place)
        place += stride
    return found


def conv2d(x, weight, bias, stride, sides, dilation, groups):
    """Cross-correlation, cell by cell."""
    x = padded(np.asarray(x, dtype=np.float64), sides, 0.0)
    outputs, each, kernel_h, kernel_w = weight.shape
    rows = starts(x.shape[2], (kernel_h - 1) * dilation[0] + 1, stride[0])
    columns = starts(x.shape[3], (kernel_w - 1) * dilation[1] + 1, stride[1])
    out = np.zeros((x.shape[0], outputs, len(rows), len(columns)))
    for n, o, i, j in np.ndindex(out.shape):
        group = o * groups // outputs
        total = 0.0 if bias is None else float(bias[o])
        for c, a, b in np.ndindex(each, kernel_h, kernel_w):
            cell = x[n, group * each + c, rows[i] + a * dilation[0], columns[j] + b * dilation[1]]
            total += float(weight[o, c, a, b]) * float(cell)
        out[n, o, i, j] = total
    return out


def pool_starts(size: int, before: int, after: int, extent: int, stride: int, ceil_mode: bool) -> list[int]:
    """Where pooling windows begin, in the input's own coordinates."""
    found, place = [], -before
    while place + extent <= size + after:
        found.append(place)
        place += stride
    # With ceil_mode one more window may overhang, if what it overhangs is needed and it begins inside.
    if ceil_mode and found[-1] + extent < size + after and place < size:
        found.append(place)
    return found


def pool2d(x, kernel, stride, sides, dilation, ceil_mode, reduce):
    """Pool window by window: ``reduce`` is given the cells inside the image, and how many lie in the padding."""
    n_, c_, height, width = x.shape
    rows = pool_starts(height, *sides[0], (kernel[0] - 1) * dilation[0] + 1, stride[0], ceil_mode)
    columns = pool_starts(width, *sides[1], (kernel[1] - 1) * dilation[1] + 1, stride[1], ceil_mode)
    out = np.zeros((n_, c_, len(rows), len(columns)))
    for n, c, i, j in np.ndindex(out.shape):
        inside, padding = [], 0
        for a, b in np.ndindex(*kernel):
            row, column = rows[i] + a * dilation[0], columns[j] + b * dilation[1]
            if 0 <= row < height and 0 <= column < width:
                inside.append(float(x[n, c, row, column]))
            elif row < height + sides[0][1] and column < width + sides[1][1]:
                padding += 1
        out[n, c, i, j] = reduce(inside, padding)
    return out
