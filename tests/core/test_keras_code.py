"""The script in Keras is run: every layer that it writes, and whole networks, are what cnn_core computes."""

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from unittest import mock

import numpy as np
import pytest

from cnn_core import (
    AvgPool2d,
    BatchNorm2d,
    CnnCoreError,
    Conv2d,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ModelError,
    Sequential,
    Softmax,
)
from cnn_core.export import archive, keras_script
from tests.core.layer_cases import CASES, given
from tests.core.test_keras_code_refusals import REFUSED

pytest.importorskip("torch")  # what Keras computes by here
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

# By PyTorch, Keras multiplies matrices and normalises batches in single precision whatever it is given.
DOUBLE, SINGLE = 1e-6, 2e-5


def assert_the_same(network: Sequential, x: np.ndarray, tolerance: float) -> None:
    """Each stage in Keras is the run's, its axes turned."""
    space: dict = {}
    with mock.patch.object(sys, "argv", ["in_keras.py"]), redirect_stdout(io.StringIO()):
        exec(keras_script(network, x, inline=10**9), space)
    layers, trace = space["network"].layers, network.trace(x)
    assert len(layers) == len(trace.stages)
    now = keras.ops.convert_to_tensor(x.transpose(0, 2, 3, 1) if x.ndim == 4 else x, dtype=keras.config.floatx())
    for layer, stage in zip(layers, trace.stages, strict=True):
        now = layer(now)
        values = keras.ops.convert_to_numpy(now)
        found = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
        assert found.shape == stage.output.shape
        scale = max(1.0, float(np.abs(stage.output).max(initial=0)))
        np.testing.assert_allclose(found, stage.output, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_every_layer_that_is_written_is_the_same_in_keras(name: str, dtype: type):
    make, shape = CASES[name]
    assert_the_same(Sequential([make()]), given(shape, dtype), SINGLE if dtype == np.float32 else DOUBLE)


def drawn(rng: np.random.Generator) -> Sequential:
    """Convolution, pooling and a classifier of random settings."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return tuple(int(number) for number in rng.integers(low, high + 1, 2))

    window = {"stride": pair(1, 2), "dilation": pair(1, 2), "padding": (pair(0, 2), pair(0, 2))}
    conv = Conv2d(2, 4, pair(1, 3), groups=int(rng.integers(1, 3)), rng=0, **window)
    size = pair(2, 3)
    kind = [MaxPool2d, AvgPool2d][int(rng.integers(2))]
    return Sequential(
        [conv, LeakyReLU(0.2), kind(size, stride=pair(1, 3), padding=(pair(0, 1), pair(0, 1))), Flatten()]
    )


def test_padding_strides_dilations_and_groups_are_the_same_in_keras():
    written = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(2, 2, *rng.integers(4, 9, 2)))
        with suppress(CnnCoreError):
            network = drawn(rng)
            features = network.forward(x).shape[1]
            whole = Sequential([*network.layers, Linear(features, 3), Softmax(temperature=0.5)])
            for layer in whole.layers:
                for name, array in layer.params().items():
                    setattr(layer, name, array.astype(np.float64))
            assert_the_same(Sequential(whole.layers[:-2]), x, 1e-12)
            assert_the_same(whole, x, DOUBLE)
            written += 1
    assert written > 40


@pytest.mark.parametrize("inline", [0, 10**9])
def test_the_script_alone_tells_how_far_each_stage_is_from_the_run(tmp_path, inline: int):
    x = given((1, 1, 30, 20))
    network = Sequential([Conv2d(1, 2, 3), BatchNorm2d(2), MaxPool2d(2, padding=1), Flatten(), Linear(2 * 15 * 10, 3)])
    trace = network.trace(x)
    (tmp_path / "in_keras.py").write_text(keras_script(network, x, inline=inline), encoding="utf-8")
    (tmp_path / "trace.npz").write_bytes(archive(trace))
    done = subprocess.run(
        [sys.executable, "-I", "in_keras.py", "trace.npz"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for stage in trace.stages:
        assert f"{stage.name} {stage.output.shape}" in done.stdout
    apart = [float(number) for number in re.findall(r"at most (\S+) from", done.stdout)]
    assert len(apart) == len(trace.stages)
    assert max(apart) < DOUBLE


def test_a_network_of_another_kind_is_refused_before_anything_is_written():
    with pytest.raises(ModelError, match=r"Sequential\(\[ReLU\(\)\]\) works"):
        keras_script(Flatten(), given((1, 1, 2, 2)))
