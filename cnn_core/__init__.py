"""Convolutional networks from scratch in NumPy, with every number open to question.

Arrays are ``(N, C, H, W)``, weights ``(C_out, C_in / groups, KH, KW)``. float32 and float64 stay what they are, mixed
ones promote as in NumPy, integers and booleans are computed in float64. Inputs are never written to.
"""

from cnn_core import attribution, kernels, receptive, reference, training
from cnn_core.errors import CnnCoreError, ImageError, ModelError, ShapeError
from cnn_core.gradients import Gradients
from cnn_core.images import load_image
from cnn_core.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
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
from cnn_core.ops.activation import (
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    softmax,
    softmax_backward,
    tanh,
    tanh_backward,
)
from cnn_core.ops.conv import (
    ConvPlan,
    conv2d,
    conv2d_backward,
    conv2d_plan,
    conv_transpose2d,
    conv_transpose2d_backward,
)
from cnn_core.ops.dense import flatten, flatten_backward, linear, linear_backward
from cnn_core.ops.dropout import dropout, dropout_backward
from cnn_core.ops.loss import cross_entropy
from cnn_core.ops.norm import batch_norm2d, batch_norm2d_backward, batch_norm2d_training, batch_norm2d_training_backward
from cnn_core.ops.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from cnn_core.trace import Explanation, Stage, Term, Trace
from cnn_core.training import SGD, Adam, fit

__all__ = [
    "SGD",
    "Adam",
    "AvgPool2d",
    "BatchNorm2d",
    "CnnCoreError",
    "Conv2d",
    "ConvPlan",
    "ConvTranspose2d",
    "Dropout",
    "Explanation",
    "Flatten",
    "Gradients",
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
    "attribution",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm2d",
    "batch_norm2d_backward",
    "batch_norm2d_training",
    "batch_norm2d_training_backward",
    "conv2d",
    "conv2d_backward",
    "conv2d_plan",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "dropout",
    "dropout_backward",
    "fit",
    "flatten",
    "flatten_backward",
    "kernels",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "load_image",
    "max_pool2d",
    "max_pool2d_backward",
    "receptive",
    "reference",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
    "training",
]
