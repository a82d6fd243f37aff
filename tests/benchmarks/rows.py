"""The rows of the table: what is measured, by us and by whom else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

import cnn_core
from cnn_core import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnn_core.ops import norm
from cnn_core.ops.dense import linear_backward
from tests.benchmarks import peers

Run = Callable[[], object]

# What is done and what its table is headed with, in the order of the tables. Of "elementwise" are those that read and
# write more than they multiply, or are over in microseconds: their ratios would blur the other two means.
KINDS = {"forward": "forward", "step": "forward and gradients", "elementwise": "elementwise"}


@dataclass(frozen=True)
class Row:
    """One thing to do, done by everybody.

    Attributes:
        name: for the table.
        kind: one of ``KINDS``.
        make: builds ``(ours, {peer: theirs})``; called once, when the row's turn comes.
    """

    name: str
    kind: str
    make: Callable[[], tuple[Run, dict[str, Run]]]


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    """Normally distributed float32."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def convolution(x_shape, weight_shape, *, stride=1, padding=0, dilation=1, groups=1, weight=None):
    """A row's ``make`` for a convolution."""

    def make():
        x = numbers(*x_shape)
        w = numbers(*weight_shape, seed=1) if weight is None else weight
        b = None if x_shape[1] == 1 and weight_shape[0] == 1 else numbers(weight_shape[0], seed=2)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        theirs = {"torch": peers.torch_conv(x, w, b, **settings), "onnxruntime": peers.onnx_conv(x, w, b, **settings)}
        if b is None and stride == dilation == 1:
            theirs["opencv"] = peers.opencv_filter(x[0, 0], w[0, 0])
        return lambda: cnn_core.conv2d(x, w, b, **settings), theirs

    return make


def convolution_step(x_shape, weight_shape, *, stride=1, padding=0, dilation=1, groups=1, needs_input=True):
    """A row's ``make`` for a convolution and its gradients."""

    def make():
        x, w, b = numbers(*x_shape), numbers(*weight_shape, seed=1), numbers(weight_shape[0], seed=2)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        grad = numbers(*cnn_core.conv2d(x, w, **settings).shape, seed=3)

        def ours():
            cnn_core.conv2d(x, w, b, **settings)
            return cnn_core.conv2d_backward(grad, x, w, **settings)[0]

        return ours, {"torch": peers.torch_conv_step(x, w, grad, **settings)}

    return make


def pooling(x_shape, kind, kernel, *, stride=None, padding=0):
    """A row's ``make`` for a pooling."""

    def make():
        x = numbers(*x_shape)
        settings = {"stride": stride or kernel, "padding": padding}
        function = {"max": cnn_core.max_pool2d, "avg": cnn_core.avg_pool2d}[kind]
        theirs = {
            "torch": peers.torch_pool(x, kind, kernel, **settings),
            "onnxruntime": peers.onnx_pool(x, kind, kernel, **settings),
        }
        return lambda: function(x, kernel, **settings), theirs

    return make


def pooling_step(x_shape, kind, kernel, *, stride=None, padding=0):
    """A row's ``make`` for a pooling and its gradient."""

    def make():
        x = numbers(*x_shape)
        settings = {"stride": stride or kernel, "padding": padding}
        function = {"max": cnn_core.max_pool2d, "avg": cnn_core.avg_pool2d}[kind]
        grad = numbers(*function(x, kernel, **settings).shape, seed=3)

        def ours():
            function(x, kernel, **settings)
            if kind == "max":
                return cnn_core.max_pool2d_backward(grad, x, kernel, **settings)
            return cnn_core.avg_pool2d_backward(grad, x.shape, kernel, **settings)

        return ours, {"torch": peers.torch_pool_step(x, grad, kind, kernel, **settings)}

    return make


def training_step(layers, x_shape):
    """A row's ``make`` for a network's step: forward, loss, gradients, SGD with momentum."""

    def make():
        network = cnn_core.Sequential(layers())
        x, labels = numbers(*x_shape), np.random.default_rng(4).integers(0, 10, x_shape[0])
        theirs = {"torch": peers.torch_training_step(network, x, labels)}
        optimizer = cnn_core.SGD(network, lr=peers.LEARNING_RATE, momentum=peers.MOMENTUM)

        def ours():
            trace = network.trace(x, training=True)
            loss, grad = cnn_core.cross_entropy(trace.output, labels)
            optimizer.step(network.backward(trace, grad, needs_input=False, keep_stages=False))
            return loss

        return ours, theirs

    return make


def activation(shape, name, step=False):
    """A row's ``make`` for a function of each number, or of each row; its gradient is a function of its output."""

    def make():
        x, grad = numbers(*shape), numbers(*shape, seed=3)
        settings = {"dim": -1} if name == "softmax" else {}
        forward, backward = getattr(cnn_core, name), getattr(cnn_core, f"{name}_backward")
        if step:
            return lambda: backward(grad, forward(x)), {"torch": peers.torch_step(name, grad, x, **settings)}
        return lambda: forward(x), {"torch": peers.torch_forward(name, x, **settings)}

    return make


def dense(batch, inputs, outputs, step=False):
    """A row's ``make`` for a fully connected layer."""

    def make():
        x, w, b = numbers(batch, inputs), numbers(outputs, inputs, seed=1), numbers(outputs, seed=2)
        if not step:
            return lambda: cnn_core.linear(x, w, b), {"torch": peers.torch_forward("linear", x, w, b)}
        grad = numbers(batch, outputs, seed=3)

        def ours():
            cnn_core.linear(x, w, b)
            return linear_backward(grad, x, w)[0]

        return ours, {"torch": peers.torch_step("linear", grad, x, w, b)}

    return make


def loss_step(batch, classes):
    """A row's ``make`` for cross-entropy and its gradient, which are one function here."""

    def make():
        scores, labels = numbers(batch, classes), np.random.default_rng(4).integers(0, classes, batch)
        theirs = peers.torch_step("cross_entropy", None, scores, labels)
        return lambda: cnn_core.cross_entropy(scores, labels)[1], {"torch": theirs}

    return make


def batch_norm(shape, *, training=False, step=False):
    """A row's ``make`` for batch norm, by given statistics or by the batch's own."""

    def make():
        x, grad, channels = numbers(*shape), numbers(*shape, seed=3), shape[1]
        weight, bias, mean, var = (np.abs(numbers(channels, seed=seed)) for seed in (1, 2, 5, 6))
        if not training:
            return (
                lambda: cnn_core.batch_norm2d(x, mean, var, weight, bias),
                {"torch": peers.torch_forward("batch_norm", x, mean, var, weight, bias)},
            )
        kept = {"running_mean": None, "running_var": None, "weight": weight, "bias": bias, "training": True}
        if not step:
            theirs = peers.torch_forward("batch_norm", x, learned=("weight", "bias"), **kept)
            return lambda: norm.batch_norm2d_training(x, weight, bias)[0], {"torch": theirs}

        def ours():
            _, seen = norm.batch_norm2d_training(x, weight, bias)
            return norm.batch_norm2d_training_backward(grad, x, seen, weight)[0]

        return ours, {"torch": peers.torch_step("batch_norm", grad, x, learned=("weight", "bias"), **kept)}

    return make


def lenet():
    """Y. LeCun et al., 1998, with ReLU and the largest of each pooling window."""
    features = [Conv2d(1, 6, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(6, 16, 5), ReLU(), MaxPool2d(2), Flatten()]
    return [*features, Linear(400, 120), ReLU(), Linear(120, 84), ReLU(), Linear(84, 10)]


def tiny_vgg():
    """The network of CNN Explainer (Z. Wang et al., 2020): twice two convolutions and a pooling."""
    layers = []
    for channels in (3, 10):
        layers += [Conv2d(channels, 10, 3), ReLU(), Conv2d(10, 10, 3), ReLU(), MaxPool2d(2)]
    return [*layers, Flatten(), Linear(1690, 10)]


def rows() -> Iterator[Row]:
    """Every row, in the order of the table."""

    def forward(name, make):
        return Row(name, "forward", make)

    def step(name, make):
        return Row(name, "step", make)

    gauss = np.exp(-(np.linspace(-3, 3, 31) ** 2) / 2).astype(np.float32)
    for height, width in ((480, 640), (2000, 3000)):
        for size in (3, 5, 7, 31):
            name = f"grey {size}×{size} on {height}×{width}"
            yield forward(name, convolution((1, 1, height, width), (1, 1, size, size), padding=size // 2))
    separable = convolution((1, 1, 480, 640), (1, 1, 31, 31), padding=15, weight=np.outer(gauss, gauss)[None, None])
    yield forward("grey Gaussian 31×31 on 480×640", separable)
    yield forward("depthwise RGB 3×3 on 480×640", convolution((1, 3, 480, 640), (3, 1, 3, 3), padding=1, groups=3))
    yield forward("3→16 3×3 on 224×224", convolution((1, 3, 224, 224), (16, 3, 3, 3), padding=1))
    yield forward("TinyVGG 3→10 3×3 on 64×64, batch 32", convolution((32, 3, 64, 64), (10, 3, 3, 3)))
    yield forward("TinyVGG 10→10 3×3 on 62×62, batch 32", convolution((32, 10, 62, 62), (10, 10, 3, 3)))
    yield forward("TinyVGG 10→10 3×3 on 30×30, batch 32", convolution((32, 10, 30, 30), (10, 10, 3, 3)))
    yield forward("VGG 64→64 3×3 on 56×56", convolution((1, 64, 56, 56), (64, 64, 3, 3), padding=1))
    yield forward("VGG 64→64 3×3 on 224×224", convolution((1, 64, 224, 224), (64, 64, 3, 3), padding=1))
    yield forward("VGG 256→256 3×3 on 28×28", convolution((1, 256, 28, 28), (256, 256, 3, 3), padding=1))
    yield forward(
        "ResNet stem 3→64 7×7 stride 2 on 224×224", convolution((1, 3, 224, 224), (64, 3, 7, 7), stride=2, padding=3)
    )
    yield forward("ResNet 256→64 1×1 on 56×56", convolution((1, 256, 56, 56), (64, 256, 1, 1)))
    yield forward("ResNet 256→128 1×1 stride 2 on 56×56", convolution((1, 256, 56, 56), (128, 256, 1, 1), stride=2))
    yield forward(
        "MobileNet depthwise 3×3 on 32×112×112", convolution((1, 32, 112, 112), (32, 1, 3, 3), padding=1, groups=32)
    )
    yield forward(
        "MobileNet depthwise 3×3 stride 2 on 96×112×112",
        convolution((1, 96, 112, 112), (96, 1, 3, 3), stride=2, padding=1, groups=96),
    )
    yield forward(
        "MobileNet depthwise 3×3 on 512×14×14", convolution((1, 512, 14, 14), (512, 1, 3, 3), padding=1, groups=512)
    )
    yield forward(
        "dilated 3×3 by 2, 64→64 on 56×56", convolution((1, 64, 56, 56), (64, 64, 3, 3), padding=2, dilation=2)
    )
    yield forward(
        "dilated 3×3 by 4, grey on 480×640", convolution((1, 1, 480, 640), (1, 1, 3, 3), padding=4, dilation=4)
    )
    yield forward("LeNet 1→6 5×5 on 28×28, batch 128", convolution((128, 1, 28, 28), (6, 1, 5, 5), padding=2))
    yield forward("LeNet 6→16 5×5 on 14×14, batch 128", convolution((128, 6, 14, 14), (16, 6, 5, 5)))
    yield forward("max pool 2×2 on 64×112×112", pooling((1, 64, 112, 112), "max", 2))
    yield forward("max pool 3×3 stride 2 on 64×112×112", pooling((1, 64, 112, 112), "max", 3, stride=2, padding=1))
    yield forward("avg pool 2×2 on 64×112×112", pooling((1, 64, 112, 112), "avg", 2))
    yield forward("avg pool 3×3 stride 1 on 64×56×56", pooling((1, 64, 56, 56), "avg", 3, stride=1, padding=1))
    yield step("LeNet 1→6 5×5 on 28×28, batch 64", convolution_step((64, 1, 28, 28), (6, 1, 5, 5), padding=2))
    yield step("LeNet 6→16 5×5 on 14×14, batch 64", convolution_step((64, 6, 14, 14), (16, 6, 5, 5)))
    yield step("LeNet pools, batch 64", pooling_step((64, 6, 28, 28), "max", 2))
    yield step("LeNet avg pool, batch 64", pooling_step((64, 6, 28, 28), "avg", 2))
    yield step("TinyVGG 3→10 3×3 on 64×64, batch 32", convolution_step((32, 3, 64, 64), (10, 3, 3, 3)))
    yield step("TinyVGG 10→10 3×3 on 62×62, batch 32", convolution_step((32, 10, 62, 62), (10, 10, 3, 3)))
    yield step("TinyVGG 10→10 3×3 on 30×30, batch 32", convolution_step((32, 10, 30, 30), (10, 10, 3, 3)))
    yield step("TinyVGG pool 2×2 on 10×60×60, batch 32", pooling_step((32, 10, 60, 60), "max", 2))
    yield step("LeNet, a whole step, batch 64", training_step(lenet, (64, 1, 28, 28)))
    yield step("TinyVGG, a whole step, batch 32", training_step(tiny_vgg, (32, 3, 64, 64)))
    maps, rows_of_scores = (32, 10, 60, 60), (128, 1000)

    def elementwise(name, make):
        return Row(name, "elementwise", make)

    yield elementwise("ReLU on 32×10×60×60", activation(maps, "relu"))
    yield elementwise("ReLU on 32×10×60×60, step", activation(maps, "relu", step=True))
    yield elementwise("tanh on 32×10×60×60, step", activation(maps, "tanh", step=True))
    yield elementwise("softmax of 128×1000", activation(rows_of_scores, "softmax"))
    yield elementwise("softmax of 128×1000, step", activation(rows_of_scores, "softmax", step=True))
    yield elementwise("softmax of 64×10", activation((64, 10), "softmax"))
    yield elementwise("cross-entropy of 64×10, step", loss_step(64, 10))
    yield elementwise("cross-entropy of 128×1000, step", loss_step(128, 1000))
    yield elementwise("batch norm of 32×64×28×28, inference", batch_norm((32, 64, 28, 28)))
    yield elementwise("batch norm of 32×64×28×28, training", batch_norm((32, 64, 28, 28), training=True))
    yield elementwise("batch norm of 32×64×28×28, step", batch_norm((32, 64, 28, 28), training=True, step=True))
    yield elementwise("linear 400→120, batch 64", dense(64, 400, 120))
    yield elementwise("linear 400→120, batch 64, step", dense(64, 400, 120, step=True))
