"""``conv2d`` and its gradients: checks, padding, and the work handed on."""

from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.ops._arrays import Array, gradient, images, no_room, real, together, vector
from cnn_core.ops._sums import channel_sums
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.execute import correlate
from cnn_core.ops.conv.gradients import spread, weight_gradient
from cnn_core.ops.padding import pad_backward
from cnn_core.settings import flag
from cnn_core.shapes import Window


def conv2d(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """Slide a bank of kernels over images.

    ``out[n, o, i, j] = bias[o] + sum over c, a, b of weight[o, c, a, b] * x[n, f + c, i*s + a*d - p, j*s + b*d - p]``,
    where ``s`` is the stride, ``d`` the dilation, ``p`` the padding above or to the left, and ``f`` the first channel
    of the group that output channel ``o`` is in; outside the image what ``padding_mode`` says (Goodfellow, Bengio and
    Courville, "Deep Learning", 2016, eq. 9.6).

    Args:
        x: ``(N, C_in, H, W)``.
        weight: ``(C_out, C_in / groups, KH, KW)``.
        bias: ``(C_out,)`` or None.
        stride: a whole number or a pair, at least 1.
        padding: a whole number, ``(h, w)``, ``((top, bottom), (left, right))``, ``"valid"`` or ``"same"``.
        dilation: a whole number or a pair, at least 1.
        groups: into how many independent groups the channels fall; ``C_in`` of them is depthwise.
        padding_mode: ``"zeros"``; ``"reflect"``, the mirror image without its edge, padding below the image's size;
            ``"replicate"``, the edge; ``"circular"``, the other side, padding up to the image's size.

    Returns:
        ``(N, C_out, OH, OW)``.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight, bias, sliding = checked(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    size = sliding.output_size(*x.shape[2:])
    try:
        return correlate(x, weight, bias, sliding, int(groups), size, padding_mode)
    except MemoryError as error:
        raise no_room((x.shape[0], weight.shape[0], *size)) from error


def checked(
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    padding_mode: str,
) -> tuple[Array, Array, Array | None, Window]:
    """The operands of :func:`conv2d` as arrays of one element type, and the window that slides.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight = images(x), real(weight, "weight")
    bias = vector(bias, "bias", weight.shape[0]) if weight.ndim == 4 else None
    sliding = conv_window(x.shape, weight.shape, stride, padding, dilation, groups, padding_mode)
    dtype = together(x, weight, bias)
    x, weight = x.astype(dtype, copy=False), weight.astype(dtype, copy=False)
    return x, weight, None if bias is None else bias.astype(dtype, copy=False), sliding


@np.errstate(all="ignore")  # infinities and NaN go their way without a word
def conv2d_backward(
    grad: npt.ArrayLike,
    x: npt.ArrayLike,
    weight: npt.ArrayLike,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
    needs_input: bool = True,
) -> tuple[Array | None, Array, Array]:
    """The gradients of :func:`conv2d` (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.5).

    Args:
        grad: ``(N, C_out, OH, OW)``, of the loss with respect to the result.
        x: ``(N, C_in, H, W)``, as the forward pass was given it.
        weight: ``(C_out, C_in / groups, KH, KW)``, likewise.
        stride: likewise, as are the settings that follow.
        padding: in the forms of ``conv2d``.
        dilation: a whole number or a pair.
        groups: a whole number.
        padding_mode: one of those of ``conv2d``.
        needs_input: whether the first of the three is wanted; a network's first layer can do without.

    Returns:
        ``(grad_x, grad_weight, grad_bias)``, shaped like ``x``, ``weight`` and ``(C_out,)``; ``grad_x`` is None where
        it is not needed.

    Raises:
        ShapeError: where shapes or settings do not fit together.
    """
    x, weight = images(x), real(weight, "weight")
    sliding = conv_window(x.shape, weight.shape, stride, padding, dilation, groups, padding_mode)
    size, groups = (x.shape[2], x.shape[3]), int(groups)
    grad = gradient(grad, (x.shape[0], weight.shape[0], *sliding.output_size(*size)))
    try:
        dtype = together(grad, x, weight)
        grad, weight = grad.astype(dtype, copy=False), weight.astype(dtype, copy=False)
        x = x.astype(dtype, copy=False)
        grad_weight = weight_gradient(grad, x, sliding, groups, padding_mode)
        grad_x = None
        if flag(needs_input, "needs_input"):
            if padding_mode == "zeros":
                grad_x = spread(grad, weight, sliding, groups, size)
            else:
                (top, bottom), (left, right) = sliding.padding
                bare = Window(sliding.kernel_size, sliding.stride, sliding.dilation)
                around = spread(grad, weight, bare, groups, (top + size[0] + bottom, left + size[1] + right))
                grad_x = np.ascontiguousarray(pad_backward(around, sliding.padding, padding_mode))
        return grad_x, grad_weight, channel_sums(grad)
    except MemoryError as error:
        raise no_room(grad.shape) from error
