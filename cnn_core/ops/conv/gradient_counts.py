"""What each way back through a convolution does, counted, as ``counts`` does of the ways forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from cnn_core.ops.conv import (
    abreast,
    dotted,
    stamped,
)
from cnn_core.ops.conv.counts import Work
from cnn_core.ops.conv.gathered import GATHERED_SINGLE
from cnn_core.ops.conv.rows import columns_together, rows_together


def _weights_by_rows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (step_h, step_w) = work.window.kernel_size, work.window.stride
    outputs, each = work.outputs // work.groups, work.channels // work.groups
    rows, columns = -(-work.size[0] // work.apart), work.size[1]
    weights = outputs * each * kernel_h * kernel_w
    images, wide = columns_together(work.batch, columns, weights)
    parts = work.apart * -(-work.batch // images) * -(-columns // wide)
    taps = work.channels * kernel_w * images
    strips = -(-rows // rows_together(rows, taps * wide, kernel_h, step_h, 1))
    copied = parts * taps * (rows * step_h + strips * max(0, kernel_h - step_h))
    products = parts * rows * work.groups
    return {
        "call": 1,
        "strip": parts * strips,
        "product": products,
        "weight of a product": products * weights,
        "line copied": copied,
        "number copied": copied * wide * (1 if step_w == 1 else 2),
        "multiply-add": work.cells * each * kernel_h * kernel_w,
        "cell": work.cells,
        "product of a plane by itself": products if 1 < work.outputs == work.groups else 0,
    }


def _weights_dotted(work: Work) -> dict[str, float]:
    rows, columns = (dotted.met(work.window, axis, work.image[axis], work.size[axis]) for axis in (0, 1))
    planes, plane = work.batch * work.channels, rows.length * columns.length
    taps, copies = math.prod(work.window.kernel_size), len({further for _, further in columns.taps})
    phases = len(rows.phases) * len(columns.phases)
    near = plane <= dotted.NUMBERS
    return {
        "call": 1,
        "step": -(-planes // dotted.planes_together(planes, plane)) * (taps + 3 * copies + phases),
        "dot": planes * taps,
        "number copied": planes * plane * (copies - 1),
        "number picked": planes * plane * phases if math.prod(work.window.stride) > 1 else 0,
        "multiply-add": planes * taps * plane,
        "multiply-add far from the processor": 0 if near else planes * taps * plane,
    }


def _weights_by_windows(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (rows, columns) = work.window.kernel_size, work.size
    outputs, each = work.outputs // work.groups, work.channels // work.groups
    weights = outputs * each * kernel_h * kernel_w
    strips = -(-work.channels * kernel_h * kernel_w * rows * columns // GATHERED_SINGLE)
    lines = work.batch * work.channels * kernel_h * kernel_w * rows
    if work.window.kernel_size == work.window.stride == (1, 1):
        lines = 0
    return {
        "call": 1,
        "image": work.batch,
        "weight of a product": work.batch * strips * work.groups * weights,
        "line copied": lines,
        "number copied": lines * columns,
        "multiply-add": work.cells * each * kernel_h * kernel_w,
        "cell": work.cells,
    }


def _spread_stamped(work: Work) -> dict[str, float]:
    own, each, taps = work.outputs // work.groups, work.channels // work.groups, math.prod(work.window.kernel_size)
    images, line, strip, some = stamped.layout(work.batch, each, own, work.window, work.image, work.size)
    strips = -(-stamped.reach(work.window, work.image, work.size)[0] // strip)
    products = -(-work.batch // images) * work.groups * strips * -(-each // some)
    rows = work.size[0] + (strips - 1) * stamped.further(work.window, 0)
    made = work.batch * work.channels * taps * rows * line
    return {
        "call": 1,
        "product": products,
        "sum": products * math.prod(len(list(stamped.steps(work.window, axis))) for axis in (0, 1)),
        "part put": products * math.prod(work.window.stride),
        "number made": made if own > 1 else made / 2,
        "number put": work.batch * work.channels * math.prod(work.image),
        "multiply-add": made * own if own > 1 else 0,
    }


def _spread_abreast(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), rows = work.window.kernel_size, work.image[0]
    wide, lines = work.size[1] + kernel_w - 1, kernel_w * work.channels
    weights = lines * kernel_h * work.outputs
    some, line, strip, at_once = abreast.layout_of_spread(
        work.batch, work.channels, work.outputs, work.window.kernel_size, work.image, work.size[1]
    )
    parts = -(-work.batch // some)
    strips = parts * -(-rows // strip)
    pieces = strips * -(-strip // at_once)
    laid_out = (parts * rows + strips * (kernel_h - 1)) * work.outputs * some
    made = parts * line * rows * lines
    return {
        "call": 1,
        "strip": strips,
        "move": pieces * (kernel_w - 1),
        "product": parts * rows,
        "line copied": laid_out + work.batch * work.channels * rows,
        "number copied": laid_out * wide,
        "number made": made,
        "multiply-add": made * kernel_h * work.outputs,
        "multiply-add over columns": parts * rows * weights,
    }


def _weights_abreast(work: Work) -> dict[str, float]:
    (kernel_h, kernel_w), (rows, columns) = work.window.kernel_size, work.size
    wide, lines = columns + kernel_w - 1, kernel_h * work.channels
    some, line, strip, _ = abreast.layout_of_weights(
        work.batch, work.channels, work.outputs, work.window.kernel_size, work.size
    )
    parts = -(-work.batch // some)
    strips = parts * -(-rows // strip)
    copied = (parts * rows + strips * (kernel_h - 1)) * work.channels * some + work.batch * work.outputs * rows
    products = parts * rows * kernel_w
    read = products * line
    return {
        "strip": strips,
        "product": products,
        "weight of a product": products * work.outputs * lines,
        "line copied": copied,
        "number copied": copied * wide,
        "number read": read * (work.outputs + lines),
        "multiply-add": read * work.outputs * lines,
    }


# By the name of the way.
COUNTED: Mapping[str, Callable[[Work], dict[str, float]]] = {
    "weights by rows": _weights_by_rows,
    "weights by windows": _weights_by_windows,
    "weights dotted": _weights_dotted,
    "spread stamped": _spread_stamped,
    "spread abreast": _spread_abreast,
    "weights abreast": _weights_abreast,
}
