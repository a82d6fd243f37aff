"""The files a visitor takes away, opened again."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from pages.shared.edits import apply
from pages.shared.session import Session
from pages.shared.take_away import make
from tests.app.gestures import lasting_gesture

VIEWS = ("input", "conv", "activation", "pool", "flat", "scores", "probabilities")


def session(*edits: dict) -> Session:
    kept = Session()
    for edit in edits:
        kept.put(apply(kept.experiment, edit))
    return kept


CASES = {
    "the worked example": (),
    "colour and three kernels": (
        {"op": "sample", "value": "cat"},
        {"op": "photo_size", "value": 48},
        {"op": "colour", "value": "rgb"},
        {"op": "add_kernel"},
        {"op": "add_kernel"},
        {"op": "activation", "value": "tanh"},
        {"op": "class_names", "value": "cat, dog, =1+1"},
    ),
    "a large kernel at 224": (
        {"op": "sample", "value": "zone_plate"},
        {"op": "photo_size", "value": 224},
        {"op": "kernel_size", "value": 11},
        {"op": "random"},
        {"op": "padding", "value": "same"},
        {"op": "activation", "value": "leaky_relu"},
        {"op": "pooling", "value": "average"},
        {"op": "head", "value": "sigmoid"},
    ),
    "strided, dilated and padded": (
        {"op": "sample", "value": "zone_plate"},
        {"op": "stride", "value": [2, 1]},
        {"op": "dilation", "value": [1, 3]},
        {"op": "padding", "value": "same"},
        {"op": "pool_padding", "value": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_stage_s_csv_and_npz_hold_what_was_shown_to_the_bit(name, view):
    kept = session(*CASES[name])
    shown = [kept.chain.trace.input, *(stage.output for stage in kept.chain.trace.stages)][VIEWS.index(view)]
    _, data = make(kept, f"{view}.npz")
    with np.load(io.BytesIO(data), allow_pickle=False) as opened:
        np.testing.assert_array_equal(opened[view], shown)
    _, data = make(kept, f"{view}.csv")
    rows = list(csv.reader(io.StringIO(data.decode())))
    named = shown.ndim == 2 or shown.shape[1] > 1
    numbers = np.array([[float(x) for x in row[1 if named else 0 :]] for row in rows])
    np.testing.assert_array_equal(numbers.reshape(shown.shape), shown)


@pytest.mark.parametrize("name", CASES)
def test_the_script_reproduces_every_number_on_screen_to_the_bit(name, tmp_path):
    kept = session(*CASES[name])
    for file in ("reproduce.py", "trace.npz"):
        (tmp_path / file).write_bytes(make(kept, file)[1])
    command = [sys.executable, "-I", "reproduce.py", "trace.npz", "out.npz"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "out.npz") as results:
        for stage in kept.chain.trace.stages:
            assert results[stage.name].tobytes() == np.ascontiguousarray(stage.output).tobytes()


@pytest.mark.parametrize(("framework", "most"), [("pytorch", 1e-12), ("keras", 1e-5)])
@pytest.mark.parametrize("name", CASES)
def test_the_network_in_another_framework_gives_every_stage_but_for_rounding(name, framework, most, tmp_path):
    for package in {"torch", framework.removeprefix("py")}:
        if find_spec(package) is None:
            pytest.skip(f"{package} cannot be had here")
    kept = session(*CASES[name])
    for file in (f"in_{framework}.py", "trace.npz"):
        (tmp_path / file).write_bytes(make(kept, file)[1])
    command = [sys.executable, "-I", f"in_{framework}.py", "trace.npz"]
    # Keras has no arithmetic of its own; by PyTorch it multiplies matrices in single precision.
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    apart = [float(number) for number in re.findall(r"at most (\S+) from", done.stdout)]
    assert len(apart) == len(kept.chain.trace.stages)
    assert max(apart) < most


def test_the_scenario_file_is_one_that_can_be_opened():
    kept = session(*CASES["colour and three kernels"])
    _, data = make(kept, "scenario.json")
    assert json.loads(data)["kernelscope"] == "scenario"
    other = Session()
    other.take_in(data, "kept.json")
    np.testing.assert_array_equal(other.chain.trace.output, kept.chain.trace.output)
    assert other.notice == ""
    other.take_in(b'{"kernelscope": 1}', "bad.json")
    assert "neither" in other.notice
    np.testing.assert_array_equal(other.chain.trace.output, kept.chain.trace.output)


@pytest.mark.parametrize(
    "name", ["", "conv.exe", "nothing.csv", "../../x.csv", "kernel.npz", "conv.csv/x", "kernel_٠.json"]
)
def test_there_is_no_file_of_another_name(name):
    assert make(Session(), name) is None


def test_a_chain_that_stops_early_gives_what_there_is():
    kept = session({"op": "rows", "value": 3}, {"op": "columns", "value": 3})
    assert make(kept, "activation.csv") is not None
    assert make(kept, "pool.csv") is None
    assert b"stages" in make(kept, "reproduce.py")[1]


NAMES = ("input.csv", "input.npz", "scenario.json", "trace.npz", "reproduce.py", "in_pytorch.py", "in_keras.py")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_asked_for_while_a_gesture_lasts_holds_what_was_made(name):
    kept = Session()
    wanted = make(kept, name)
    with lasting_gesture(kept):
        made = make(kept, name)
    assert made == wanted


def test_gradients_that_are_shown_are_taken_away_as_such_and_under_their_own_name():
    kept = session({"op": "sample", "value": "digit"})
    assert make(kept, "conv_gradient.csv") is None  # values are shown
    kept.receive({"session": kept.identity, "edits": [], "have": [], "target": "score:1"})
    found = kept.backward[1]
    for view, gradient in (("input", found.input), ("conv", found.stages[0]), ("pool", found.stages[2])):
        _, data = make(kept, f"{view}_gradient.npz")
        with np.load(io.BytesIO(data)) as opened:
            np.testing.assert_array_equal(opened[view], gradient)
        text = make(kept, f"{view}_gradient.csv")[1].decode()
        assert text != make(kept, f"{view}.csv")[1].decode()
    # Behind the score there are none.
    assert make(kept, "probabilities_gradient.csv") is None
    assert make(kept, "probabilities.csv") is not None
