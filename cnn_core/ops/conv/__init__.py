"""Convolution as networks mean it: cross-correlation, the kernel not flipped; its gradients and its transpose."""

from cnn_core.ops.conv.checks import conv_window, transposed_window
from cnn_core.ops.conv.convolution import conv2d, conv2d_backward
from cnn_core.ops.conv.dispatch import Branch
from cnn_core.ops.conv.plan import ConvPlan, conv2d_plan
from cnn_core.ops.conv.transposed import conv_transpose2d, conv_transpose2d_backward

__all__ = [
    "Branch",
    "ConvPlan",
    "conv2d",
    "conv2d_backward",
    "conv2d_plan",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_window",
    "transposed_window",
]
