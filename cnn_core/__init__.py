"""Convolutional networks from scratch in NumPy, with every number open to question.

Arrays are ``(N, C, H, W)``, weights ``(C_out, C_in / groups, KH, KW)``. float32 and float64 stay what they are, mixed
ones promote as in NumPy, integers and booleans are computed in float64. Inputs are never written to.
"""

from cnn_core import kernels, reference
from cnn_core.errors import CnnCoreError, ImageError, ModelError, ShapeError
from cnn_core.images import load_image
from cnn_core.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from cnn_core.network import Sequential
from cnn_core.ops.activation import leaky_relu, relu, sigmoid, softmax, tanh
from cnn_core.ops.conv import conv2d, conv2d_backward, conv_transpose2d, conv_transpose2d_backward
from cnn_core.ops.dense import flatten, linear
from cnn_core.ops.norm import batch_norm2d
from cnn_core.ops.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cnn_core.trace import Explanation, Stage, Term, Trace

__all__ = [
    "AvgPool2d",
    "BatchNorm2d",
    "CnnCoreError",
    "Conv2d",
    "Explanation",
    "Flatten",
    "ImageError",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ModelError",
    "ReLU",
    "Sequential",
    "ShapeError",
    "Sigmoid",
    "Softmax",
    "Stage",
    "Tanh",
    "Term",
    "Trace",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm2d",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "flatten",
    "kernels",
    "leaky_relu",
    "linear",
    "load_image",
    "max_pool2d",
    "max_pool2d_backward",
    "reference",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
