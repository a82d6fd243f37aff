"""The script in PyTorch is run: every layer of every setting, and whole networks, are what cnn_core computes."""

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from unittest import mock

import numpy as np
import pytest

from cnn_core import (
    AvgPool2d,
    CnnCoreError,
    Conv2d,
    ConvTranspose2d,
    Flatten,
    Linear,
    MaxPool2d,
    ModelError,
    ReLU,
    Sequential,
    Softmax,
)
from cnn_core.export import archive, numpy_script, torch_script
from cnn_core.layers import KINDS, Layer
from cnn_core.shapes import PADDING_MODES
from tests.core.layer_cases import CASES, given
from tests.core.test_torch_code_refusals import REFUSED

torch = pytest.importorskip("torch")


def in_pytorch(network: Sequential, x: np.ndarray) -> "torch.nn.Sequential":
    """The network that the script makes, every array written into it."""
    space: dict = {}
    with mock.patch.object(sys, "argv", ["in_pytorch.py"]), redirect_stdout(io.StringIO()):
        exec(torch_script(network, x, inline=10**9), space)
    return space["network"]


def assert_the_same(network: Sequential, x: np.ndarray) -> None:
    """Each stage of the module is the run's, but for what another order of the same sum rounds."""
    single = all(array.dtype == np.float32 for array in (x, *network.params().values()))
    now = torch.from_numpy(x if single else x.astype(np.float64))
    modules = list(in_pytorch(network, x))
    trace = network.trace(x)
    assert len(modules) == len(trace.stages)
    for module, stage in zip(modules, trace.stages, strict=True):
        with torch.no_grad():
            now = module(now)
        assert tuple(now.shape) == stage.output.shape
        tolerance = (2e-5 if single else 1e-12) * max(1.0, float(np.abs(stage.output).max(initial=0)))
        np.testing.assert_allclose(now.numpy(), stage.output, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [name for name in CASES if name not in REFUSED])
def test_every_layer_of_every_setting_is_the_same_in_pytorch(name: str, dtype: type):
    make, shape = CASES[name]
    assert_the_same(Sequential([make()]), given(shape, dtype))


def test_every_kind_of_layer_has_a_module():
    assert {type(CASES[name][0]()).__name__ for name in CASES if name not in REFUSED} == set(KINDS)
    assert all(hasattr(torch.nn, kind) for kind in KINDS)


def a_window(rng: np.random.Generator) -> Layer:
    """A convolution or pooling with padding of each form that the settings have."""

    def pair(low: int, high: int) -> tuple[int, int]:
        return tuple(int(number) for number in rng.integers(low, high + 1, 2))

    size, stride, gap = pair(1, 4), pair(1, 3), pair(1, 2)
    most = [apart * (each - 1) for apart, each in zip(gap, size, strict=True)]
    sides = tuple(tuple(int(side) for side in rng.integers(0, 1 + side, 2)) for side in most)
    padding = [sides, "valid", "same", tuple(max(each) for each in sides)][int(rng.integers(4))]
    if rng.integers(2):
        mode = str(rng.choice(PADDING_MODES))
        return Conv2d(2, 4, size, stride=stride, padding=padding, dilation=gap, groups=2, padding_mode=mode)
    if rng.integers(2):
        return MaxPool2d(size, stride=stride, padding=padding, dilation=gap, ceil_mode=bool(rng.integers(2)))
    include = bool(rng.integers(2))
    return AvgPool2d(size, stride=stride, padding=padding, ceil_mode=bool(rng.integers(2)), count_include_pad=include)


def test_padding_of_every_form_is_the_same_in_pytorch_or_refused():
    written = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(1, 2, *rng.integers(4, 10, 2)))
        try:
            layer = a_window(rng)
            layer.output_shape(x.shape)
        except CnnCoreError:
            continue
        with suppress(ModelError):
            assert_the_same(Sequential([layer]), x)
            written += 1
    assert written > 150


def network(dtype: type) -> tuple[Sequential, np.ndarray]:
    layers = [Conv2d(1, 2, 3, padding=((1, 0), (0, 0))), ReLU(), MaxPool2d(2), Flatten()]
    x = given((1, 1, 60, 50), dtype)
    built = Sequential([*layers, Linear(2 * 29 * 24, 3), Softmax(temperature=2)])
    for layer in built.layers:
        for name, array in layer.params().items():
            setattr(layer, name, array.astype(dtype))
    return built, x


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inline", [0, 2048, 10**9])
def test_the_script_alone_tells_how_far_each_stage_is_from_the_run(tmp_path, inline: int, dtype: type):
    built, x = network(dtype)
    trace = built.trace(x)
    (tmp_path / "in_pytorch.py").write_text(torch_script(built, x, inline=inline), encoding="utf-8")
    (tmp_path / "trace.npz").write_bytes(archive(trace))
    command = [sys.executable, "-I", "in_pytorch.py", "trace.npz"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for stage in trace.stages:
        assert f"{stage.name} {stage.output.shape}" in done.stdout
    apart = [float(number) for number in re.findall(r"at most (\S+) from", done.stdout)]
    assert len(apart) == len(trace.stages)
    assert max(apart) < (1e-5 if dtype == np.float32 else 1e-13)
    assert ("float32" in (tmp_path / "in_pytorch.py").read_text().split("network = ")[1]) == (dtype == np.float32)


def test_the_run_beside_the_script_is_found_wherever_it_is_run_from(tmp_path):
    built, x = network(np.float64)
    beside, elsewhere = tmp_path / "taken", tmp_path / "elsewhere"
    beside.mkdir(), elsewhere.mkdir()
    (beside / "trace.npz").write_bytes(archive(built.trace(x)))
    for inline in (0, 10**9):
        (beside / "in_pytorch.py").write_text(torch_script(built, x, inline=inline), encoding="utf-8")
        command = [sys.executable, "-I", str(beside / "in_pytorch.py")]
        done = subprocess.run(command, cwd=elsewhere, check=True, capture_output=True, text=True)
        assert len(re.findall(r"at most \S+ from", done.stdout)) == len(built.layers)


def test_a_run_that_is_another_is_told_to_be_apart(tmp_path):
    built, x = network(np.float64)
    (tmp_path / "in_pytorch.py").write_text(torch_script(built, x, inline=10**9), encoding="utf-8")
    (tmp_path / "trace.npz").write_bytes(archive(built.trace(x + 1)))
    command = [sys.executable, "-I", "in_pytorch.py", "trace.npz"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert float(re.findall(r"at most (\S+) from", done.stdout)[0]) > 0.01


def test_without_the_run_the_script_prints_the_numbers(tmp_path):
    x = np.array([[[[1.0, -2.0], [np.inf, np.nan]]]])
    (tmp_path / "in_pytorch.py").write_text(torch_script(Sequential([ReLU()]), x), encoding="utf-8")
    command = [sys.executable, "-I", "in_pytorch.py"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["0.ReLU (1, 1, 2, 2)", "[[[[1.0, 0.0], [inf, nan]]]]"]


def test_a_transposed_convolution_crops_what_its_padding_says():
    assert_the_same(
        Sequential([ConvTranspose2d(4, 2, 3, stride=2, padding=(1, 2), output_padding=1)]), given((1, 4, 5, 6))
    )


def test_both_scripts_have_the_same_arrays():
    built, x = network(np.float64)
    keys = [re.findall(r'data\["([^"]+)"\]', script(built, x, inline=0)) for script in (numpy_script, torch_script)]
    assert sorted(keys[0]) == sorted(keys[1]) == sorted(["input", *built.params()])
