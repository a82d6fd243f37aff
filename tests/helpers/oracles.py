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
    # With ceil_mode one more window may overhang, be it the only one: if the one a stride before it would leave cells
    # over, and it begins inside.
    if ceil_mode and place - stride + extent < size + after and place < size:
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


def shown(position: int, size: int, mode: str) -> int:
    """Which cell is seen at a place around an axis: walk there from the nearest edge, cell by cell."""
    edge, step = (0, -1) if position < 0 else (size - 1, 1)
    place, seen = edge, edge
    while place != position and not 0 <= position < size:
        place += step
        if mode == "reflect":
            seen -= step
        elif mode == "circular":
            seen = (seen + step + size) % size
    return position if 0 <= position < size else seen


def surrounded(x: np.ndarray, sides, mode: str) -> np.ndarray:
    """``x`` inside its padding, cell by cell, for the modes that show the image."""
    (top, bottom), (left, right) = sides
    n, c, h, w = x.shape
    out = np.zeros((n, c, top + h + bottom, left + w + right))
    for i, j in np.ndindex(*out.shape[2:]):
        out[:, :, i, j] = x[:, :, shown(i - top, h, mode), shown(j - left, w, mode)]
    return out


def conv2d_backward(grad, x, weight, stride, sides, dilation, groups):
    """What each product of the forward loops owes to its two factors: ``(grad_x, grad_weight, grad_bias)``."""
    (top, _), (left, _) = sides
    outputs, each, kernel_h, kernel_w = weight.shape
    grad_x, grad_weight, grad_bias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(outputs)
    for n, o, i, j in np.ndindex(grad.shape):
        group = o * groups // outputs
        grad_bias[o] += grad[n, o, i, j]
        for c, a, b in np.ndindex(each, kernel_h, kernel_w):
            row, column = i * stride[0] + a * dilation[0] - top, j * stride[1] + b * dilation[1] - left
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                grad_x[n, group * each + c, row, column] += grad[n, o, i, j] * weight[o, c, a, b]
                grad_weight[o, c, a, b] += grad[n, o, i, j] * x[n, group * each + c, row, column]
    return grad_x, grad_weight, grad_bias


def conv_transpose2d(x, weight, bias, stride, sides, output_padding, dilation, groups):
    """Stamp every input cell's kernel onto a canvas with room for all of them, then cut."""
    batch, channels, height, width = x.shape
    each, kernel_h, kernel_w = weight.shape[1:]
    tall = (height - 1) * stride[0] + (kernel_h - 1) * dilation[0] + 1 + output_padding[0]
    wide = (width - 1) * stride[1] + (kernel_w - 1) * dilation[1] + 1 + output_padding[1]
    canvas = np.zeros((batch, each * groups, tall, wide))
    for n, c, i, j in np.ndindex(x.shape):
        group = c * groups // channels
        for o, a, b in np.ndindex(each, kernel_h, kernel_w):
            row, column = i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]
            canvas[n, group * each + o, row, column] += float(x[n, c, i, j]) * float(weight[c, o, a, b])
    (top, bottom), (left, right) = sides
    out = canvas[:, :, top : tall - bottom, left : wide - right]
    return out if bias is None else out + np.asarray(bias, dtype=np.float64)[:, None, None]


def max_pool2d_backward(grad, x, kernel, stride, sides, dilation, ceil_mode):
    """Each window's gradient goes to its first NaN, else to the first of its largest cells inside the image."""
    out = np.zeros(x.shape)
    _, _, height, width = x.shape
    rows = pool_starts(height, *sides[0], (kernel[0] - 1) * dilation[0] + 1, stride[0], ceil_mode)
    columns = pool_starts(width, *sides[1], (kernel[1] - 1) * dilation[1] + 1, stride[1], ceil_mode)
    for n, c, i, j in np.ndindex(grad.shape):
        best = None
        for a, b in np.ndindex(*kernel):
            row, column = rows[i] + a * dilation[0], columns[j] + b * dilation[1]
            if not (0 <= row < height and 0 <= column < width):
                continue
            value = x[n, c, row, column]
            if best is None or value > best[0] or (np.isnan(value) and not np.isnan(best[0])):
                best = (value, row, column)
        if best is not None:
            out[n, c, best[1], best[2]] += grad[n, c, i, j]
    return out


def avg_pool2d_backward(grad, shape, kernel, stride, sides, dilation, ceil_mode, include):
    """Each window's gradient, divided by the cells it counts, goes to each of its cells inside the image."""
    out = np.zeros(shape)
    _, _, height, width = shape
    rows = pool_starts(height, *sides[0], (kernel[0] - 1) * dilation[0] + 1, stride[0], ceil_mode)
    columns = pool_starts(width, *sides[1], (kernel[1] - 1) * dilation[1] + 1, stride[1], ceil_mode)
    for n, c, i, j in np.ndindex(grad.shape):
        inside, counted = [], 0
        for a, b in np.ndindex(*kernel):
            row, column = rows[i] + a * dilation[0], columns[j] + b * dilation[1]
            if 0 <= row < height and 0 <= column < width:
                inside.append((row, column))
            within = row < height + sides[0][1] and column < width + sides[1][1]
            counted += (row, column) in inside or (include and within)
        for row, column in inside:
            out[n, c, row, column] += grad[n, c, i, j] / max(1, counted)
    return out
