"""Random networks, there and back, in training and at inference, held to PyTorch."""

import numpy as np
import pytest

from cnn_core import (
    GELU,
    AdaptiveAvgPool2d,
    AdaptiveMaxPool2d,
    AvgPool2d,
    BatchNorm2d,
    CnnCoreError,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    training,
)
from cnn_core.layers import Layer
from cnn_core.shapes import PADDING_MODES

torch = pytest.importorskip("torch")

# Layers of the same name and the same arguments on both sides; batch norm's epsilon and momentum are PyTorch's too.
Drawn = tuple[type[Layer], tuple, dict]


def pick(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def pair(rng: np.random.Generator, low: int, high: int) -> tuple[int, int]:
    return pick(rng, low, high), pick(rng, low, high)


def a_convolution(rng: np.random.Generator, channels: int) -> Drawn:
    groups = int(rng.choice([d for d in range(1, channels + 1) if channels % d == 0]))
    settings = {"stride": pair(rng, 1, 2), "dilation": pair(rng, 1, 2), "padding": pair(rng, 0, 2), "groups": groups}
    settings |= {"padding_mode": str(rng.choice(PADDING_MODES)), "bias": bool(rng.integers(2))}
    return Conv2d, (channels, groups * pick(rng, 1, 3), pair(rng, 1, 3)), settings


def a_pooling(rng: np.random.Generator) -> Drawn:
    size = pair(rng, 1, 3)
    settings = {"stride": pair(rng, 1, 3), "padding": tuple(side // 2 for side in size)}
    if rng.integers(5) == 0:
        return [AdaptiveMaxPool2d, AdaptiveAvgPool2d][int(rng.integers(2))], (pair(rng, 1, 6),), {}
    settings["ceil_mode"] = bool(rng.integers(2))
    if rng.integers(2):
        return AvgPool2d, (size,), settings | {"count_include_pad": bool(rng.integers(2))}
    return MaxPool2d, (size,), settings


def a_layer(rng: np.random.Generator, channels: int) -> Drawn:
    kind = pick(rng, 0, 9)
    if kind <= 1:
        return a_convolution(rng, channels)
    if kind == 2:
        return a_pooling(rng)
    if kind == 3:
        return BatchNorm2d, (channels,), {"eps": 1e-3, "momentum": 0.3}
    if kind == 4:
        return LeakyReLU, (float(rng.choice([0.0, 0.01, 0.3, -0.2])),), {}
    softplus = (Softplus, (float(rng.choice([1.0, 0.5, 3.0])), float(rng.choice([20.0, 1.0]))), {})
    gelu = (GELU, (), {"approximate": str(rng.choice(["none", "tanh"]))})
    return [(ReLU, (), {}), (Sigmoid, (), {}), (Tanh, (), {}), softplus, gelu][kind - 5]


def a_network(rng: np.random.Generator, dtype: type) -> tuple[Sequential, "torch.nn.Sequential", np.ndarray]:
    """A network of up to six layers that fit, the same in PyTorch, and an input for both."""
    shape: tuple[int, ...] = (pick(rng, 1, 4), pick(rng, 1, 4), pick(rng, 5, 14), pick(rng, 5, 14))
    x = rng.normal(size=shape).astype(dtype)
    ours, theirs = [], []
    for _ in range(pick(rng, 1, 6)):
        kind, given, named = a_layer(rng, shape[1])
        try:
            layer = kind(*given, **named)
            after = layer.output_shape(shape)
        except CnnCoreError:
            continue
        if kind is BatchNorm2d and shape[0] * shape[2] * shape[3] == 1:
            continue
        ours.append(layer)
        theirs.append(getattr(torch.nn, kind.__name__)(*given, **named))
        shape = after
    features = int(np.prod(shape[1:]))
    ours += [Flatten(), Linear(features, 3), Softmax()]
    theirs += [torch.nn.Flatten(), torch.nn.Linear(features, 3), torch.nn.Softmax(-1)]
    twin = torch.nn.Sequential(*theirs).to(torch.float32 if dtype == np.float32 else torch.float64)
    state = twin.state_dict()
    for place, layer in enumerate(ours):
        for name, array in (layer.params() | layer.buffers()).items():
            noise = rng.uniform(0.2, 2, array.shape) if name == "running_var" else rng.normal(size=array.shape) * 0.7
            setattr(layer, name, noise.astype(dtype))
            state[f"{place}.{name}"].copy_(torch.tensor(noise.astype(dtype)))
    return Sequential(ours), twin, x


def assert_close(ours: np.ndarray, theirs: "torch.Tensor", dtype: type) -> None:
    assert ours.dtype == dtype
    expected = theirs.detach().numpy()
    tolerance = 2e-3 if dtype == np.float32 else 1e-9
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(ours, expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("seed", range(40))
def test_outputs_gradients_and_running_statistics_are_pytorch_s(seed, train, dtype):
    rng = np.random.default_rng(seed)
    network, twin, x = a_network(rng, dtype)
    tensor = torch.tensor(x, requires_grad=True)
    output = twin.train(train)(tensor)
    grad = rng.normal(size=output.shape).astype(dtype)
    output.backward(torch.tensor(grad))
    trace = network.trace(x, training=train)
    found = network.backward(trace, grad)
    if train:
        training.observe(trace)
    assert_close(trace.output, output, dtype)
    assert_close(found.input, tensor.grad, dtype)
    for name, parameter in twin.named_parameters():
        assert_close(found.params[name], parameter.grad, dtype)
    for name, buffer in twin.named_buffers():
        place, _, own = name.partition(".")
        if own != "num_batches_tracked":
            assert_close(getattr(network.layers[int(place)], own), buffer, dtype)
