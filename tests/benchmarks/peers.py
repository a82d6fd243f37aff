"""The same work done by PyTorch, ONNX Runtime and OpenCV, each on one thread, each given its input as it likes it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import cnn_core

Run = Callable[[], object]

# As the tables call them.
NAMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "opencv": "OpenCV"}

# Of a training step; so small that a hundred steps leave the loss nearly as it was.
LEARNING_RATE, MOMENTUM = 1e-5, 0.9


def one_thread() -> None:
    """Hold every peer, and the BLAS under NumPy, to one thread."""
    import cv2
    import threadpoolctl
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpoolctl.threadpool_limits(1)


def torch_conv(x, weight, bias, *, stride, padding, dilation, groups) -> Run:
    """PyTorch's convolution, without recording for gradients."""
    import torch

    arrays = [None if array is None else torch.from_numpy(array) for array in (x, weight, bias)]

    def run():
        with torch.inference_mode():
            return torch.nn.functional.conv2d(
                *arrays, stride=stride, padding=padding, dilation=dilation, groups=groups
            ).numpy()

    return run


def torch_conv_step(x, weight, grad, *, stride, padding, dilation, groups) -> Run:
    """PyTorch's convolution and all its gradients."""
    import torch

    leaf, kernel = torch.from_numpy(x).requires_grad_(), torch.from_numpy(weight).requires_grad_()
    bias = torch.zeros(len(weight), requires_grad=True)
    back = torch.from_numpy(grad)

    def run():
        leaf.grad = kernel.grad = bias.grad = None
        out = torch.nn.functional.conv2d(
            leaf, kernel, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
        out.backward(back)
        return leaf.grad.numpy()

    return run


def torch_pool(x, kind: str, kernel, *, stride, padding) -> Run:
    """PyTorch's pooling, without recording for gradients."""
    import torch

    function = {"max": torch.nn.functional.max_pool2d, "avg": torch.nn.functional.avg_pool2d}[kind]
    leaf = torch.from_numpy(x)

    def run():
        with torch.inference_mode():
            return function(leaf, kernel, stride=stride, padding=padding).numpy()

    return run


def torch_pool_step(x, grad, kind: str, kernel, *, stride, padding) -> Run:
    """PyTorch's pooling and its gradient."""
    import torch

    function = {"max": torch.nn.functional.max_pool2d, "avg": torch.nn.functional.avg_pool2d}[kind]
    leaf, back = torch.from_numpy(x).requires_grad_(), torch.from_numpy(grad)

    def run():
        leaf.grad = None
        function(leaf, kernel, stride=stride, padding=padding).backward(back)
        return leaf.grad.numpy()

    return run


def torch_forward(name: str, *arrays, learned: tuple[str, ...] = (), **settings) -> Run:
    """One of PyTorch's functions, without recording for gradients; settings that are ``learned`` are arrays too."""
    import torch

    function, given = getattr(torch.nn.functional, name), [torch.from_numpy(array) for array in arrays]
    known = {key: torch.from_numpy(value) if key in learned else value for key, value in settings.items()}

    def run():
        with torch.inference_mode():
            return function(*given, **known).numpy()

    return run


def torch_step(name: str, grad, *arrays, learned: tuple[str, ...] = (), **settings) -> Run:
    """One of PyTorch's functions and its gradients at the first array, at each float among the others and ``learned``.

    Without ``grad`` the function gives a loss.
    """
    import torch

    given = [torch.from_numpy(array) for array in arrays]
    known = {key: torch.from_numpy(value) if key in learned else value for key, value in settings.items()}
    leaves = [each.requires_grad_() for each in (*given, *(known[key] for key in learned)) if each.is_floating_point()]
    back = None if grad is None else torch.from_numpy(grad)

    def run():
        for leaf in leaves:
            leaf.grad = None
        getattr(torch.nn.functional, name)(*given, **known).backward(back)
        return leaves[0].grad.numpy()

    return run


def torch_training_step(network, x, labels) -> Run:
    """The same step in PyTorch as one of ``network``, from its parameters on: loss, gradients, SGD with momentum."""
    import torch

    def same(layer):
        if isinstance(layer, cnn_core.Conv2d):
            channels = layer.weight.shape[1], layer.weight.shape[0]
            return torch.nn.Conv2d(*channels, layer.kernel_size, padding=layer.padding)
        if isinstance(layer, cnn_core.Linear):
            return torch.nn.Linear(layer.in_features, layer.out_features)
        if isinstance(layer, cnn_core.MaxPool2d):
            return torch.nn.MaxPool2d(layer.kernel_size)
        return getattr(torch.nn, type(layer).__name__)()

    theirs = torch.nn.Sequential(*map(same, network.layers))
    with torch.no_grad():
        for array, parameter in zip(network.params().values(), theirs.parameters(), strict=True):
            parameter.copy_(torch.tensor(array))
    optimizer = torch.optim.SGD(theirs.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    images, classes = torch.from_numpy(x), torch.from_numpy(labels)

    def run():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(images), classes)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return run


def opencv_filter(image, kernel) -> Run:
    """OpenCV's correlation of one plane, zeros around it, output of the input's size."""
    import cv2

    return lambda: cv2.filter2D(image, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)


def onnx_conv(x, weight, bias, *, stride, padding, dilation, groups) -> Run:
    """ONNX Runtime's convolution."""
    attributes = {
        "strides": [stride, stride],
        "pads": [padding] * 4,
        "dilations": [dilation, dilation],
        "group": groups,
        "kernel_shape": list(weight.shape[2:]),
    }
    return _session("Conv", x, {"w": weight, **({} if bias is None else {"b": bias})}, attributes)


def onnx_pool(x, kind: str, kernel, *, stride, padding) -> Run:
    """ONNX Runtime's pooling."""
    attributes = {"kernel_shape": [kernel, kernel], "strides": [stride, stride], "pads": [padding] * 4}
    if kind == "avg":
        attributes["count_include_pad"] = 1
    return _session({"max": "MaxPool", "avg": "AveragePool"}[kind], x, {}, attributes)


def _session(operator: str, x, weights, attributes) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = _model(operator, x.shape, weights, attributes)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"x": x})[0]


# The few fields of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that a model of one node needs,
# written as protocol buffers by hand: the onnx package would be one more thing to install.


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    return _field(1, name) + b"".join(_field(8, item) for item in value) + _field(20, 7)


def _tensor(name: str, array: np.ndarray) -> bytes:
    return (
        b"".join(_field(1, size) for size in array.shape) + _field(2, 1) + _field(8, name) + _field(9, array.tobytes())
    )


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def _model(operator: str, shape: tuple[int, ...], weights: dict[str, np.ndarray], attributes) -> bytes:
    node = b"".join(_field(1, name) for name in ["x", *weights]) + _field(2, "y") + _field(4, operator)
    node += b"".join(_field(5, _attribute(name, value)) for name, value in attributes.items())
    graph = _field(1, node) + _field(2, "g") + b"".join(_field(5, _tensor(*item)) for item in weights.items())
    graph += _field(11, _value("x", shape)) + _field(12, _field(1, "y") + _field(2, _field(1, _field(1, 1))))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 17))
