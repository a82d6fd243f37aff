"""Layers: parameters, an operation forward and backward, a promise of shape, and where each cell comes from."""

from cnn_core.layers.activation import GELU, LeakyReLU, ReLU, Sigmoid, Softmax, Softplus, Tanh
from cnn_core.layers.adaptive import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from cnn_core.layers.base import Layer
from cnn_core.layers.conv import Conv2d
from cnn_core.layers.conv_transpose import ConvTranspose2d
from cnn_core.layers.dense import Flatten, Linear
from cnn_core.layers.dropout import Dropout
from cnn_core.layers.norm import BatchNorm2d
from cnn_core.layers.pool import AvgPool2d, LPPool2d, MaxPool2d

__all__ = [
    "GELU",
    "KINDS",
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Flatten",
    "LPPool2d",
    "Layer",
    "LeakyReLU",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]

# The kinds that a saved network may name; a file can call for no other class.
KINDS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        GELU,
        AdaptiveAvgPool2d,
        AdaptiveMaxPool2d,
        AvgPool2d,
        BatchNorm2d,
        Conv2d,
        ConvTranspose2d,
        Dropout,
        Flatten,
        LPPool2d,
        LeakyReLU,
        Linear,
        MaxPool2d,
        ReLU,
        Sigmoid,
        Softmax,
        Softplus,
        Tanh,
    )
}
