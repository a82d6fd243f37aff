"""What is taken away is opened again: CSV and NPZ read back to the bit, and the script run on its own."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    GELU,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ModelError,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
    Trace,
)
from cnn_core.export import archive, npz, numpy_script, to_csv
from cnn_core.export import numpy_code as script_module
from cnn_core.ops.conv import execute

RNG = np.random.default_rng(5)


def in_double(network: Sequential) -> Sequential:
    for layer in network.layers:
        for name, values in (layer.params() | layer.buffers()).items():
            setattr(layer, name, values.astype(np.float64))
    return network


def chain(conv: Conv2d, activation, pool, head, x: np.ndarray) -> Sequential:
    features = int(np.prod(pool.output_shape(conv.output_shape(x.shape))[1:]))
    return in_double(Sequential([conv, activation, pool, Flatten(), Linear(features, 4), head]))


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=(1, *shape))


CASES = {
    "the worked example's shape": (Conv2d(1, 1, 3), ReLU(), MaxPool2d(2), Softmax(), image(1, 5, 5)),
    "a hot softmax": (Conv2d(1, 2, 2), Softplus(), MaxPool2d(2), Softmax(temperature=2.5), image(1, 6, 6)),
    "one weight on one cell": (Conv2d(1, 1, 1), Sigmoid(), MaxPool2d(1), Softmax(), image(1, 1, 1)),
    "stride and uneven padding": (
        Conv2d(1, 2, (2, 3), stride=(2, 1), padding=((1, 2), (0, 3))),
        Tanh(),
        AvgPool2d(3, stride=2, padding=1),
        Sigmoid(),
        image(1, 12, 9),
    ),
    "dilation, same": (
        Conv2d(1, 1, 3, dilation=(2, 3), padding="same"),
        LeakyReLU(0.1),
        MaxPool2d(3, padding=1, stride=1),
        Softmax(),
        image(1, 20, 20),
    ),
    "colour, four kernels": (Conv2d(3, 4, 3), ReLU(), MaxPool2d(2), Softmax(), image(3, 40, 33)),
    "a large kernel": (Conv2d(3, 2, 11), ReLU(), AvgPool2d(2), Softmax(), image(3, 64, 48)),
    "a photograph": (Conv2d(1, 1, 7, padding=3), ReLU(), MaxPool2d(2), Softmax(), image(1, 224, 224)),
}


def run(script: str, trace: Trace, folder: Path) -> dict[str, np.ndarray]:
    """The script on its own: another process, an empty folder, nothing of this project on its path."""
    (folder / "reproduce.py").write_text(script, encoding="utf-8")
    (folder / "trace.npz").write_bytes(archive(trace))
    done = subprocess.run(
        [sys.executable, "-I", "reproduce.py", "trace.npz", "out.npz"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz") as opened:
        return {name: opened[name] for name in opened.files}


def same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    return first.shape == second.shape and first.tobytes() == second.tobytes()


@pytest.mark.parametrize("name", CASES)
def test_the_script_alone_computes_every_stage_to_the_last_bit(name, tmp_path):
    *layers, x = CASES[name]
    network = chain(*layers, x)
    trace = network.trace(x)
    script = numpy_script(network, x)
    assert "cnn_core" not in script
    results = run(script, trace, tmp_path)
    assert list(results) == [stage.name for stage in trace.stages]
    for stage in trace.stages:
        assert same_bits(np.ascontiguousarray(results[stage.name]), np.ascontiguousarray(stage.output)), stage.name


def assert_reproduced(network: Sequential, x: np.ndarray) -> None:
    """What a script that holds all its arrays computes in this process is the run's, to the bit."""
    space: dict = {}
    argv, sys.argv = sys.argv, ["reproduce.py"]
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        exec(numpy_script(network, x, inline=10**9), space)
    finally:
        sys.argv, sys.stdout = argv, out
    for stage in network.trace(x).stages:
        assert same_bits(np.ascontiguousarray(space["stages"][stage.name]), np.ascontiguousarray(stage.output))


@settings(max_examples=60)
@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(0, 2),
    st.sampled_from([ReLU(), LeakyReLU(0.3), Sigmoid(), Tanh(), Softplus(2, 1.5), GELU("tanh")]),
    st.sampled_from([MaxPool2d(2, padding=1), AvgPool2d((1, 3), stride=2), MaxPool2d(1)]),
)
def test_any_settings_are_reproduced(channels, outputs, kernel, stride, padding, activation, pool):
    x = image(channels, 11, 13)
    network = chain(Conv2d(channels, outputs, kernel, stride=stride, padding=padding), activation, pool, Softmax(), x)
    assert_reproduced(network, x)


def test_convolutions_of_few_and_of_many_taps_are_each_reproduced_in_one_script():
    x = image(1, 9, 8)
    assert_reproduced(in_double(Sequential([Conv2d(1, 8, 3), ReLU(), Conv2d(8, 4, 3)])), x)  # 9 and 72 taps
    assert_reproduced(in_double(Sequential([Conv2d(1, 8, 9, padding=4), Conv2d(8, 4, 2)])), x)  # 81 and 32


@pytest.mark.parametrize("images", [1, 3, 9])
@pytest.mark.parametrize(
    "layers",
    [
        [Conv2d(1, 8, 3), Conv2d(8, 16, 1), Conv2d(16, 3, 2)],
        [Conv2d(1, 9, 3, stride=2, padding=1), Conv2d(9, 1, 1)],
        [Conv2d(1, 12, 1, padding=1)],
        [Conv2d(1, 1, (1, 3)), Conv2d(1, 6, 5, padding=2, dilation=2)],
    ],
)
def test_convolutions_of_many_kernels_and_of_several_images_are_reproduced(layers, images):
    assert_reproduced(in_double(Sequential(layers)), np.random.default_rng(images).normal(size=(images, 1, 11, 10)))


def test_a_zero_below_0_that_is_a_single_product_keeps_its_sign():
    network = in_double(Sequential([Conv2d(1, 12, 1)]))
    network.layers[0].bias[:] = -0.0
    x = image(1, 4, 4)
    x[..., 1:3] = 0.0
    assert np.signbit(network.forward(x)[x.repeat(12, 1) == 0]).any()
    assert_reproduced(network, x)


@pytest.mark.parametrize("most", [300, 1000, 5000])
def test_windows_of_large_kernels_are_gathered_some_cells_at_a_time_in_run_and_script_alike(monkeypatch, most):
    monkeypatch.setattr(execute, "GATHERED_MOST", most)
    monkeypatch.setattr(script_module, "_GATHERED", script_module._GATHERED.replace("2000000", str(most)))
    x = image(2, 12, 23)
    assert_reproduced(in_double(Sequential([Conv2d(2, 3, 9, stride=(1, 2), padding=2)])), x)


def test_batch_norm_dropout_and_a_layer_without_bias_are_reproduced(tmp_path):
    norm = BatchNorm2d(3, eps=1e-3)
    network = in_double(Sequential([norm, Dropout(0.5), Flatten(), Linear(60, 4, bias=False)]))
    for name, values in (norm.params() | norm.buffers()).items():
        setattr(norm, name, values + RNG.uniform(0.1, 1, 3))
    trace = network.trace(image(3, 4, 5))
    results = run(numpy_script(network, trace.input), trace, tmp_path)
    for stage in trace.stages:
        assert same_bits(np.ascontiguousarray(results[stage.name]), np.ascontiguousarray(stage.output)), stage.name


@pytest.mark.parametrize("inline", [0, 2048, 10**9])
def test_the_script_of_single_precision_computes_in_double_and_says_so(inline, tmp_path):
    def network() -> Sequential:
        layers = [Conv2d(1, 2, 3), BatchNorm2d(2), Tanh(), AvgPool2d(2), Flatten(), Linear(98, 4), Softmax()]
        return Sequential(layers)

    x = image(1, 17, 17).astype(np.float32)
    trace = network().trace(x)
    script = numpy_script(network(), x, inline=inline)
    assert "not to the last bit" in script
    results = run(script, trace, tmp_path)
    exact = in_double(network()).trace(x.astype(np.float64))
    for stage, same in zip(trace.stages, exact.stages, strict=True):
        assert same_bits(np.ascontiguousarray(results[stage.name]), np.ascontiguousarray(same.output)), stage.name
        assert stage.output.dtype == np.float32
        np.testing.assert_allclose(stage.output, results[stage.name], rtol=0, atol=1e-6)
    assert "last bit" not in numpy_script(in_double(network()), x.astype(np.float64))


def test_infinities_and_nan_are_numbers_of_the_script_too(tmp_path):
    network = in_double(Sequential([Softplus(2, threshold=np.inf), LeakyReLU()]))
    trace = network.trace(np.array([[-np.inf, np.nan, 3, np.inf]]))
    results = run(numpy_script(network, trace.input), trace, tmp_path)
    for stage in trace.stages:
        np.testing.assert_array_equal(results[stage.name], stage.output)


def test_a_script_that_holds_its_numbers_needs_no_file_and_prints_them(tmp_path):
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    script = numpy_script(in_double(Sequential([ReLU(), Flatten()])), x)
    (tmp_path / "reproduce.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-I", "reproduce.py"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == str([x.ravel().tolist()])
    assert len(script.splitlines()) < 30


def test_a_layer_without_a_line_is_refused_by_name():
    with pytest.raises(ModelError, match="no line of NumPy"):
        numpy_script(Sequential([Conv2d(2, 2, 1, groups=2)]), image(2, 3, 3))
    with pytest.raises(ModelError, match="padding_mode='reflect'"):
        numpy_script(Sequential([Conv2d(1, 1, 3, padding=1, padding_mode="reflect")]), image(1, 3, 3))
    with pytest.raises(ModelError, match="axis"):
        numpy_script(Sequential([Softmax(axis=1)]), image(1, 3, 3))
    with pytest.raises(ModelError, match="erf"):
        numpy_script(Sequential([GELU()]), image(1, 3, 3))
    with pytest.raises(ModelError, match="ceil_mode"):
        numpy_script(Sequential([MaxPool2d(2, ceil_mode=True)]), image(1, 3, 3))


def test_arrays_of_any_name_and_layout_are_packed_the_same_each_time():
    x = np.random.default_rng(0).normal(size=(4, 5))
    arrays = {"file": x, "allow_pickle": x.T, "args": x[::2, ::-1], "0.weight": np.array(2.5)}
    arrays["names"] = np.array(["a", "β"])
    packed = npz(arrays)
    with np.load(io.BytesIO(packed), allow_pickle=False) as opened:
        assert list(opened) == list(arrays)
        for name, array in arrays.items():
            np.testing.assert_array_equal(opened[name], array)
            assert opened[name].shape == array.shape
    assert npz(arrays) == packed
    assert len(npz({"zeros": np.zeros(100_000)})) < 10_000


def test_an_archive_holds_the_input_every_stage_and_every_parameter_and_is_the_same_each_time():
    *layers, x = CASES["colour, four kernels"]
    network = chain(*layers, x)
    trace = network.trace(x)
    with np.load(io.BytesIO(archive(trace)), allow_pickle=False) as opened:
        stages = {stage.name for stage in trace.stages}
        assert set(opened.files) == {"input", "0.weight", "0.bias", "4.weight", "4.bias"} | stages
        assert same_bits(opened["input"], x)
        for stage in trace.stages:
            np.testing.assert_array_equal(opened[stage.name], stage.output)
        np.testing.assert_array_equal(opened["4.weight"], network.layers[4].weight)
    assert archive(trace) == archive(network.trace(x))


@pytest.mark.parametrize("shape", [(1, 1, 3, 4), (1, 3, 2, 2), (1, 5)])
def test_csv_reads_back_to_the_bit(shape):
    values = RNG.normal(size=shape) * 10.0 ** RNG.integers(-20, 20, shape)
    rows = list(csv.reader(io.StringIO(to_csv(values))))
    named = len(shape) == 2 or shape[1] > 1
    numbers = np.array([[float(x) for x in row[1 if named else 0 :]] for row in rows])
    assert same_bits(numbers.reshape(shape), values)


def test_names_in_csv_are_quoted_where_they_must_be():
    text = to_csv(np.array([[1.0, 2.5]]), ['cat, "big"', "dog"])
    assert text == '"cat, ""big""",1.0\r\ndog,2.5\r\n'
    with pytest.raises(ModelError):
        to_csv(np.zeros((2, 3)))
