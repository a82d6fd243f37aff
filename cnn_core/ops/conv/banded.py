"""Convolution as a product of a band (Toeplitz) matrix with rows of the image: what few channels are fastest by.

A block of ``B`` neighbouring output rows reads ``R = (B - 1) * stride + KH`` input rows, a slab of what ``rows`` lays
out, and is one matrix product:

    (B * C_out, R * C * KW) @ (R * C * KW, OW) -> (B * C_out, OW)

The left matrix holds the kernels, moved down a row for each row of the block, and zeros elsewhere: a band (the doubly
blocked Toeplitz matrix of Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.1, cut into slabs). With
few output channels the block gives the product the lines it needs to run fast. For B > 1 the zeros meet numbers that
are outside a cell's window: exact for all finite numbers, as ``0 * x`` is 0, but not for infinities and NaN.
"""

from __future__ import annotations

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops._copies import copy_lines
from cnn_core.ops.conv.rows import COLUMNS_WANTED, NARROW, PRODUCT_MOST, Place, slabs, strips

# Lines of a product: as many as leave it small enough for OpenBLAS to multiply without packing (see ``rows``); with 32
# and 16 lines of 147 numbers over 56 columns a line takes 1.03 and 1.21 times as long as with 64.
LINES_MOST, LINES_LEAST = 64, 16


def block_rows(outputs: int) -> int:
    """How many output rows to make in one product with that many output channels a group: at least four lines."""
    return -(-4 // outputs)


def lines_together(outputs: int, depth: int, width: int, batch: int) -> int:
    """How many output channels to make in one product: all where they are few, else a part that divides them evenly.

    Args:
        outputs: output channels of a group.
        depth: multiply-adds of a cell.
        width: cells of an output row.
        batch: N.
    """
    if outputs <= LINES_LEAST:
        return outputs
    # The rows of narrow images stand side by side. One by itself has more lines: 32→64 channels, 3×3 on 28×28, take
    # 0.25 ms in 64, 0.31 in 16.
    columns = width if width > NARROW or batch == 1 else COLUMNS_WANTED // 2
    most = max(LINES_LEAST, min(LINES_MOST, PRODUCT_MOST // (depth * columns)))
    divisor = max(lines for lines in range(1, most + 1) if outputs % lines == 0)
    return divisor if divisor >= LINES_LEAST // 2 else outputs


def band(weight: Array, block: int, step: int) -> Array:
    """The left matrix for ``block`` output rows, ``step`` input rows apart.

    ``(G, C_out/G, C/G, KH, KW) -> (G, block * C_out/G, R * C/G * KW)``.
    """
    groups, outputs, each, kernel_h, kernel_w = weight.shape
    rows = (block - 1) * step + kernel_h
    out = np.zeros((groups, block, outputs, rows, each, kernel_w), dtype=weight.dtype)
    moved = weight.transpose(0, 1, 3, 2, 4)
    for i in range(block):
        out[:, i, :, i * step : i * step + kernel_h] = moved
    return out.reshape(groups, block * outputs, rows * each * kernel_w)


def correlate_banded(x: Array, weight: Array, bias: Array | None, out: Array, place: Place, block: int) -> None:
    """Slide ``weight`` over ``x`` and write into ``out``.

    Args:
        x: ``(N, C, H, W)``, not padded.
        weight: ``(G, C_out/G, C/G, KH, KW)``.
        bias: ``(C_out,)`` or None.
        out: ``(N, C_out, OH, OW)``, written to; rows may lie apart, the cells of a row may not.
        place: where the windows lie.
        block: output rows to a product.
    """
    groups, outputs, _, kernel_h, kernel_w = weight.shape
    block = min(block, out.shape[2])
    matrix = band(weight, block, place.stride[0])
    added = None if bias is None else bias.reshape(groups, 1, outputs, 1)
    lines = lines_together(outputs, matrix.shape[2], out.shape[3], len(out)) if block == 1 else block * outputs
    weights = lines * matrix.shape[2]
    for laid, target in strips(x, out, place, groups, (kernel_h, kernel_w), block, weights):
        _multiply(matrix, laid, target, block, place.stride[0], lines, added)


def _multiply(matrix: Array, laid: Array, out: Array, block: int, step: int, lines: int, bias: Array | None) -> None:
    """``matrix`` times each slab of ``laid``, and ``bias``, ``(G, 1, C_out/G, 1)``, into ``out``.

    ``out`` is ``(G, C_out/G, rows, N, OW)``; a last block may be lower.
    """
    groups, outputs, rows, images, width = out.shape
    reach = matrix.shape[2] // (laid.shape[2] * laid.shape[3])
    full, rest = divmod(rows, block)
    for top, blocks, height in ((0, full, block), (full * block, int(rest > 0), rest)):
        if not blocks:
            continue
        right = slabs(laid, top * step, blocks, height * step, reach - (block - height) * step, images * width)
        # (G, parts, lines, depth) @ (blocks, G, 1, depth, N*OW) -> (blocks, G, parts, lines, N*OW)
        parts, lines = (outputs // lines, lines) if block == 1 else (1, height * outputs)
        left = matrix[:, : parts * lines, : right.shape[2]].reshape(groups, parts, lines, right.shape[2])
        done = out[:, :, top : top + blocks * height]
        if images == 1 and 1 in (height, outputs):
            # A product's lines lie evenly apart in the output, so that it may write them where they belong.
            # (G, C_out/G, blocks * height, OW) -> (blocks, G, height * C_out/G, OW), a view
            by_block = done[:, :, :, 0].reshape(groups, outputs, blocks, height, width).transpose(2, 0, 3, 1, 4)
            np.matmul(left, right[:, :, None], out=by_block.reshape(blocks, groups, parts, lines, width))
            if bias is not None:
                np.add(done, bias.reshape(groups, outputs, 1, 1, 1), out=done)
        else:
            product = np.matmul(left, right[:, :, None])
            if bias is not None:
                # Here lines are long: 20 against 78 µs for 32 images of 10 channels of 28×28, an image's row at a time.
                sums = product.reshape(blocks, groups, height, outputs, images * width)
                np.add(sums, bias, out=sums)
            target = done.reshape(groups, outputs, blocks, height, images, width)
            by_image = product.reshape(blocks, groups, height, outputs, images, width)
            copy_lines(target, by_image.transpose(1, 3, 0, 2, 4, 5))
