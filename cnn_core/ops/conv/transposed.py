"""Transposed convolution: the gradient of a convolution, used forwards to make images larger."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array, gradient, images, no_room, real, together, vector
from cnn_core.ops._planes import add_to_planes
from cnn_core.ops._sums import channel_sums
from cnn_core.ops.conv.checks import transposed_window
from cnn_core.ops.conv.execute import correlate
from cnn_core.ops.conv.gradients import spread, weight_gradient
from cnn_core.settings import flag


@np.errstate(all="ignore")  # infinities and NaN go their way without a word
def conv_transpose2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Array:
    """Stamp a bank of kernels onto a larger image: every input cell adds its kernel, scaled, where its window lies.

    ``out[n, f + o, i*s + a*d - p, j*s + b*d - p] += weight[c, o, a, b] * x[n, c, i, j]``, plus ``bias``, where ``s`` is
    the stride, ``d`` the dilation, ``p`` the padding above or to the left, and ``f`` the first output channel of the
    group that ``c`` is in; what ``conv2d`` of the same settings does to gradients on their way back (V. Dumoulin and
    F. Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4).

    Args:
        x: ``(N, C_in, H, W)``.
        weight: ``(C_in, C_out / groups, KH, KW)``.
        bias: ``(C_out,)`` or None.
        stride: cells between the stamps, a whole number or a pair, at least 1.
        padding: what is cut off around the result, in the forms of ``conv2d`` but ``"same"``.
        output_padding: rows and columns added at the bottom and right, smaller than the stride or the dilation.
        dilation: a whole number or a pair, at least 1.
        groups: into how many independent groups the channels fall.

    Returns:
        ``(N, C_out, (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1, ...)``.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight = images(x), real(weight, "weight")
    sliding, size = transposed_window(x.shape, weight.shape, stride, padding, output_padding, dilation, groups)
    groups = int(groups)
    bias = vector(bias, "bias", weight.shape[1] * groups)
    dtype = together(x, weight, bias)
    try:
        out = spread(x.astype(dtype, copy=False), weight.astype(dtype, copy=False), sliding, groups, size)
    except MemoryError as error:
        raise no_room((x.shape[0], weight.shape[1] * groups, *size)) from error
    if bias is not None:
        add_to_planes(out, bias.astype(dtype, copy=False))
    return out


@np.errstate(all="ignore")  # infinities and NaN go their way without a word
def conv_transpose2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    needs_input: bool = True,
) -> tuple[Array | None, Array, Array]:
    """The gradients of :func:`conv_transpose2d`: the way back of the way back is a convolution.

    Args:
        grad: ``(N, C_out, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C_in, H, W)``, as the forward pass was given it.
        weight: ``(C_in, C_out / groups, KH, KW)``, likewise.
        stride: likewise, as are the settings that follow.
        padding: in the forms of ``conv_transpose2d``.
        output_padding: a whole number or a pair.
        dilation: a whole number or a pair.
        groups: a whole number.
        needs_input: whether the first of the three is wanted; a network's first layer can do without.

    Returns:
        ``(grad_x, grad_weight, grad_bias)``, shaped like ``x``, ``weight`` and ``(C_out,)``; ``grad_x`` is None where
        it is not needed.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight = images(x), real(weight, "weight")
    sliding, size = transposed_window(x.shape, weight.shape, stride, padding, output_padding, dilation, groups)
    groups = int(groups)
    grad = gradient(grad, (x.shape[0], weight.shape[1] * groups, *size))
    try:
        dtype = together(grad, x, weight)
        x, grad = x.astype(dtype, copy=False), grad.astype(dtype, copy=False)
        grad_x = None
        if flag(needs_input, "needs_input"):
            # With an output_padding of a whole stride or more, possible under dilation, windows beyond the last one
            # would fit: the size asked for is the input's own.
            size, weight = (x.shape[2], x.shape[3]), weight.astype(dtype, copy=False)
            grad_x = correlate(grad, weight, None, sliding, groups, size, ordered=False)
        grad_weight = weight_gradient(x, grad, sliding, groups)
        return grad_x, grad_weight, channel_sums(grad)
    except MemoryError as error:
        raise no_room(grad.shape) from error
