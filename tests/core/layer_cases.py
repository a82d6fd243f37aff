"""One table of layers: every kind, in every setting that changes what it does; tests drive it through one contract."""

import numpy as np

from cnn_core import (
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    LPPool2d,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)

IMAGES = (2, 4, 5, 6)


def normalised() -> BatchNorm2d:
    layer = BatchNorm2d(4)
    rng = np.random.default_rng(5)
    layer.running_mean[:], layer.running_var[:] = rng.normal(size=4), rng.uniform(0.1, 3, 4)
    layer.weight, layer.bias = rng.normal(size=4).astype(np.float32), rng.normal(size=4).astype(np.float32)
    return layer


CASES = {
    "Conv2d": (lambda: Conv2d(4, 2, 3), IMAGES),
    "Conv2d with everything": (
        lambda: Conv2d(4, 6, (2, 3), stride=(2, 1), padding=((1, 0), (2, 1)), dilation=(1, 2), groups=2),
        IMAGES,
    ),
    "Conv2d depthwise, same": (lambda: Conv2d(4, 4, 3, padding="same", groups=4, bias=False), IMAGES),
    "Conv2d reflecting": (lambda: Conv2d(4, 2, 3, padding=2, padding_mode="reflect"), IMAGES),
    "Conv2d replicating": (
        lambda: Conv2d(4, 2, (3, 2), stride=2, padding=((3, 1), (0, 2)), padding_mode="replicate", groups=2),
        IMAGES,
    ),
    "Conv2d going round": (
        lambda: Conv2d(4, 2, 3, padding="same", dilation=2, padding_mode="circular", bias=False),
        IMAGES,
    ),
    "ConvTranspose2d": (lambda: ConvTranspose2d(4, 2, 3), IMAGES),
    "ConvTranspose2d with everything": (
        lambda: ConvTranspose2d(
            4, 6, (2, 3), stride=(2, 1), padding=((1, 0), (2, 1)), output_padding=1, dilation=(1, 2), groups=2
        ),
        IMAGES,
    ),
    "ConvTranspose2d depthwise": (lambda: ConvTranspose2d(4, 4, 2, stride=3, groups=4, bias=False), IMAGES),
    "MaxPool2d": (lambda: MaxPool2d(2), IMAGES),
    "MaxPool2d padded": (lambda: MaxPool2d(3, stride=2, padding=1, ceil_mode=True), IMAGES),
    "MaxPool2d dilated": (lambda: MaxPool2d((2, 3), stride=1, dilation=(2, 1)), IMAGES),
    "AvgPool2d": (lambda: AvgPool2d(2), IMAGES),
    "AvgPool2d padded": (lambda: AvgPool2d(3, stride=2, padding=1, ceil_mode=True), IMAGES),
    "AvgPool2d without padding": (lambda: AvgPool2d(3, stride=2, padding=1, count_include_pad=False), IMAGES),
    "LPPool2d": (lambda: LPPool2d(2, 2), IMAGES),
    "LPPool2d overhanging": (lambda: LPPool2d(2, (2, 3), stride=(3, 2), ceil_mode=True), IMAGES),
    "LPPool2d of the sum": (lambda: LPPool2d(1, 2, stride=1), IMAGES),
    "LPPool2d to the fourth": (lambda: LPPool2d(4, (3, 2), stride=1), IMAGES),
    "AdaptiveMaxPool2d": (lambda: AdaptiveMaxPool2d(1), IMAGES),
    "AdaptiveMaxPool2d of areas that overlap": (lambda: AdaptiveMaxPool2d((3, 4)), IMAGES),
    "AdaptiveAvgPool2d": (lambda: AdaptiveAvgPool2d(1), IMAGES),
    "AdaptiveAvgPool2d of areas that overlap": (lambda: AdaptiveAvgPool2d((7, None)), IMAGES),
    "ReLU": (ReLU, IMAGES),
    "LeakyReLU": (lambda: LeakyReLU(0.1), IMAGES),
    "Sigmoid": (Sigmoid, IMAGES),
    "Tanh": (Tanh, (2, 7)),
    "Softplus": (Softplus, IMAGES),
    "Softplus sharp, with a threshold": (lambda: Softplus(2.5, threshold=1.5), (2, 7)),
    "GELU": (GELU, IMAGES),
    "GELU by tanh": (lambda: GELU("tanh"), (2, 7)),
    "Softmax": (Softmax, (2, 5)),
    "Softmax hot": (lambda: Softmax(temperature=3), (2, 5)),
    "Softmax cold": (lambda: Softmax(temperature=0.25), (2, 5)),
    "Softmax over channels": (lambda: Softmax(axis=1), (1, 3, 2, 2)),
    "BatchNorm2d": (normalised, IMAGES),
    "Dropout": (lambda: Dropout(0.4), IMAGES),
    "Dropout of nothing": (lambda: Dropout(0), (2, 7)),
    "Dropout of everything": (lambda: Dropout(1), (2, 7)),
    "Flatten": (Flatten, (2, 3, 2, 2)),
    "Linear": (lambda: Linear(7, 3), (2, 7)),
    "Linear without bias": (lambda: Linear(7, 3, bias=False), (2, 7)),
    "Linear over several axes": (lambda: Linear(4, 3), (2, 3, 4)),
}


def given(shape: tuple[int, ...], dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(dtype)
