"""Links and files: what is written is read back, and what was not written here is refused with a sentence."""

import base64
import io
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pages.shared import samples
from pages.shared.backward import Target
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.link_code import LINK_LONGEST, ScenarioError
from pages.shared.photo import open_photo
from pages.shared.samples import ASSETS
from pages.shared.scenario import (
    Scenario,
    from_file,
    from_link,
    kernel_file,
    to_file,
    to_link,
)
from pages.shared.session import Session

FIELDS = [name for name in Experiment.__dataclass_fields__ if name != "photo"]
PHOTOGRAPH = ASSETS / "photograph.jpg"


def after(*edits: dict, start: Experiment | None = None) -> Experiment:
    experiment = start or Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return experiment


EVERYTHING = after(
    {"op": "grid", "value": [[1, 2.5, -3], [0.1, 0, 7], [1, 1, 1]]},
    {"op": "library", "value": "gaussian_blur_5"},
    {"op": "add_kernel"},
    {"op": "linked", "value": False},
    {"op": "kernel", "output": 1, "plane": 2, "values": [[0.3] * 5] * 5},
    {"op": "kernel_name", "output": 1, "value": "mine: “ünïque”"},
    {"op": "bias", "output": 1, "value": -0.25},
    {"op": "stride", "value": [1, 2]},
    {"op": "dilation", "value": [2, 1]},
    {"op": "padding", "value": [[1, 2], [3, 4]]},
    {"op": "activation", "value": "leaky_relu"},
    {"op": "slope", "value": 0.3},
    {"op": "pooling", "value": "average"},
    {"op": "pool_size", "value": [1, 2]},
    {"op": "pool_stride", "value": [1, 1]},
    {"op": "pool_padding", "value": [0, 1]},
    {"op": "classes", "value": 2},
    {"op": "class_names", "value": "cat, dog"},
    {"op": "head", "value": "sigmoid"},
    {"op": "seed", "value": 5},
    {"op": "dense", "features": 6, "cells": [[1, 3, 0.75], [0, 0, -1]]},
    {"op": "dense_bias", "cells": [[1, 0.5]]},
)


def assert_same(first: Experiment, second: Experiment) -> None:
    for name in FIELDS:
        one, other = getattr(first, name), getattr(second, name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert one == other, name
    np.testing.assert_array_equal(first.input, second.input)
    np.testing.assert_array_equal(build(first).trace.output, build(second).trace.output)


def through_link(scenario: Scenario) -> Scenario:
    code = to_link(scenario).code
    assert code is not None
    return from_link(code)


def through_file(scenario: Scenario) -> Scenario:
    return from_file(to_file(scenario).encode(), Scenario(Experiment()))


def test_what_the_page_opens_with_needs_no_parameter():
    assert to_link(Scenario(Experiment())).code == ""


@pytest.mark.parametrize("through", [through_link, through_file])
def test_every_setting_comes_back_and_so_does_where_the_eye_was(through):
    pin, zoom = (2, (0, 1, 0, 2)), (4.25, 1.5, 0.0)
    for target in (Target("probability", 1), Target("cell", *pin), None):
        opened = through(Scenario(EVERYTHING, pin, 1, target, zoom))
        assert_same(opened.experiment, EVERYTHING)
        assert (opened.pin, opened.output, opened.target, opened.zoom) == (pin, 1, target, zoom)


def test_the_experiment_above_differs_from_the_first_in_every_field():
    plain = Experiment()
    for name in set(FIELDS) - {"source"}:
        one, other = getattr(EVERYTHING, name), getattr(plain, name)
        same = np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other
        assert not same, name


@pytest.mark.parametrize("name", samples.names())
@pytest.mark.parametrize("through", [through_link, through_file])
def test_a_sample_comes_back_by_its_name(name, through):
    experiment = after({"op": "sample", "value": name}, {"op": "photo_size", "value": 64})
    if experiment.photo.rgb is not None:
        experiment = apply(experiment, {"op": "colour", "value": "rgb"})
    assert_same(through(Scenario(experiment)).experiment, experiment)


def own_photo() -> Experiment:
    return with_photo(after({"op": "stride", "value": 2}), open_photo(PHOTOGRAPH.read_bytes(), "mine.jpg"))


def test_a_link_carries_all_but_a_picture_of_one_s_own_and_says_so():
    link = to_link(Scenario(own_photo()))
    assert "not part of the link" in link.missing
    opened = from_link(link.code).experiment
    assert opened.stride == (2, 2)
    assert opened.source == "grid"


def test_a_file_carries_a_picture_of_one_s_own_to_the_last_bit_painting_included():
    painted = after(
        {"op": "colour", "value": "rgb"}, {"op": "cells", "plane": 1, "cells": [[3, 4, 0.123456789]]}, start=own_photo()
    )
    opened = through_file(Scenario(painted)).experiment
    assert_same(opened, painted)
    assert (opened.photo.name, opened.photo.original, opened.photo.painted) == ("mine.jpg", (400, 600), True)
    again = apply(opened, {"op": "photo_size", "value": 200})
    assert again.input.shape == apply(painted, {"op": "photo_size", "value": 200}).input.shape


def test_painting_on_a_sample_is_said_to_be_missing_from_a_link():
    painted = after({"op": "sample", "value": "cat"}, {"op": "cells", "cells": [[0, 0, 1]]})
    assert "painted" in to_link(Scenario(painted)).missing


def test_links_stay_short_or_say_that_a_file_is_needed():
    noise = after({"op": "rows", "value": 64}, {"op": "columns", "value": 64}, {"op": "pattern", "value": "noise"})
    assert len(to_link(Scenario(noise)).code) <= LINK_LONGEST
    values = np.random.default_rng(0).normal(size=(64, 64)).tolist()
    link = to_link(Scenario(after({"op": "grid", "value": values})))
    assert link.code is None
    assert "scenario file" in link.missing
    assert len(to_link(Scenario(EVERYTHING, (2, (0, 1, 0, 2)), 1)).code) < 700


def code(told: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(told).encode())).decode()


BOMB = base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000_000, 9)).decode()[:12_000]
DEEP = base64.urlsafe_b64encode(zlib.compress(b"[" * 100_000)).decode()
BAD_LINKS = [
    "x",
    "????",
    "é",
    "a" * 20_000,
    BOMB,
    DEEP,
    base64.urlsafe_b64encode(b"not zlib").decode(),
    code([1, 2]),
    code({"stride": 0}),
    code({"stride": None}),
    code({"grid": [[float("nan")]]}),
    code({"grid": "<script>alert(1)</script>"}),
    code({"bank": [[[[1e999]]]]}),
    code({"class_names": ["x" * 1000]}),
    code({"sample": "cat"}),
    code({"sample": {"name": "../../etc/passwd", "size": 64, "colour": "grey"}}),
    code({"sample": {"name": "cat", "size": 10**9, "colour": "grey"}}),
    code({"dense": [1]}),
    code({"dense": {"features": 10**12, "cells": []}}),
    to_link(Scenario(EVERYTHING)).code[:-9],
]


@pytest.mark.parametrize("text", BAD_LINKS, ids=lambda text: text[:16])
def test_a_bad_link_is_refused_with_a_sentence(text):
    with pytest.raises(ScenarioError) as refusal:
        from_link(text)
    assert str(refusal.value).startswith("The link could not be opened")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 260


@pytest.mark.parametrize(
    "eye",
    [
        *({"pin": pin} for pin in ("x", [0, "a"], [99, 0, 0], [])),
        *({"output": output} for output in (7, -1)),
        *({"target": target} for target in (3, "score", "score:99;")),
        *(
            {"zoom": zoom}
            for zoom in (3, [2, 1], [0.5, 1, 1], [2, -1, 0], [2, 1, 1e300], [True, 1, 1], ["2", "1", "1"])
        ),
    ],
)
def test_a_place_that_makes_no_sense_is_passed_over_and_the_rest_opens(eye):
    opened = from_link(code({"stride": 2, **eye}))
    assert opened.experiment.stride == (2, 2)
    assert (opened.output, opened.target, opened.zoom) == (0, None, None)


@settings(max_examples=200)
@given(st.text(alphabet="abcXYZ019-_=", max_size=60))
def test_any_text_is_a_link_or_is_refused(text):
    told = "."
    try:
        from_link(text)
    except ScenarioError as refusal:
        told = str(refusal)
    assert told.endswith(".")


@settings(max_examples=200)
@given(st.integers(0, 4000), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_opened_as_something_computable_or_refused(place, junk):
    data = bytearray(to_file(Scenario(DAMAGED)).encode())
    place %= len(data)
    data[place : place + len(junk)] = junk
    told = "."
    try:
        build(from_file(bytes(data), Scenario(Experiment())).experiment)
    except ScenarioError as refusal:
        told = str(refusal)
    assert told.endswith(".")


DAMAGED = after({"op": "sample", "value": "dots"}, start=EVERYTHING)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[1]",
        '{"kernelscope": "scenario"}',
        '{"kernelscope": "scenario", "version": 99}',
        '{"kernelscope": "scenario", "version": 1, "settings": 3}',
        '{"kernelscope": "scenario", "version": 1, "settings": {}, "picture": {"grey": "AAAA"}}',
        '{"kernelscope": "kernel"}',
        '{"kernelscope": "kernel", "weights": [[1, 2], [3]]}',
        '{"kernelscope": "kernel", "weights": "<b>"}',
        '{"kernelscope": ' + "[" * 5000,
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_and_says_so(text):
    with pytest.raises(ScenarioError) as refusal:
        from_file(text.encode(), Scenario(Experiment()))
    assert str(refusal.value).endswith(".")


def test_a_kernel_file_takes_the_place_of_the_kernel_that_is_looked_at():
    start = Scenario(after({"op": "add_kernel"}), (0, (0, 1, 0, 0)), 1)
    file = {"kernelscope": "kernel", "version": 1, "name": "mine", "weights": [[1, 2], [3, 4]]}
    opened = from_file(json.dumps(file).encode(), start)
    assert opened.experiment.kernel_names == ("", "mine")
    # About the middle of the larger kernel beside it, as "same" padding would have it.
    np.testing.assert_array_equal(opened.experiment.bank[1, 0], [[0, 0, 0], [0, 1, 2], [0, 3, 4]])
    assert opened.pin == start.pin


def test_a_kernel_s_own_file_brings_back_every_plane_its_bias_and_its_name():
    start = after(
        {"op": "sample", "value": "cat"},
        {"op": "colour", "value": "rgb"},
        {"op": "add_kernel"},
        {"op": "linked", "value": False},
        {"op": "kernel", "output": 1, "plane": 0, "values": [[1, 2, 3]] * 3},
        {"op": "kernel", "output": 1, "plane": 2, "values": [[0.1, -0.2, 0.3]] * 3},
        {"op": "bias", "output": 1, "value": -0.25},
        {"op": "kernel_name", "output": 1, "value": "mine"},
    )
    file = kernel_file(start, 1).encode()
    for begun in (Experiment(), after({"op": "add_kernel"}), start):
        opened = from_file(file, Scenario(begun)).experiment
        np.testing.assert_array_equal(opened.bank[0], start.bank[1])
        assert opened.bias[0] == -0.25
        assert opened.kernel_names[0] == "mine"
        for other in range(1, begun.bank.shape[0]):
            np.testing.assert_array_equal(opened.bank[other], np.broadcast_to(begun.bank[other], opened.bank[0].shape))


def test_a_kernel_of_one_plane_serves_every_colour():
    file = kernel_file(after({"op": "kernel", "values": [[1, 2], [3, 4]]}), 0).encode()
    unlinked = after({"op": "linked", "value": False})
    opened = from_file(file, Scenario(unlinked)).experiment
    np.testing.assert_array_equal(opened.bank[0], [[[1, 2], [3, 4]]] * 3)


def test_whoever_opens_a_link_over_someone_s_own_picture_is_told():
    file = io.BytesIO()
    Image.new("L", (40, 30), 90).save(file, "PNG")
    own = with_photo(after({"op": "stride", "value": 2}), open_photo(file.getvalue(), "mine.png"))
    opened = from_link(to_link(Scenario(own)).code)
    assert "a picture that it cannot carry" in opened.notice
    assert opened.experiment.stride == (2, 2)
    assert from_link(to_link(Scenario(after({"op": "stride", "value": 2}))).code).notice == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kernelscope": "scenario", "settings": {}}', "it has no “version”; 1 works."),
        ('{"kernelscope": "scenario", "version": "new", "settings": {}}', "a “version” that Kernelscope never wrote"),
        ('{"kernelscope": "scenario", "version": 2}', "written by a newer Kernelscope"),
        ("[]", "This JSON file is neither a scenario nor a kernel"),
        ("null", "This JSON file is neither a scenario nor a kernel"),
        ("{", "it was cut off on the way"),
        (
            '{"kernelscope": "scenario", "version": 1, "settings": {"grid": [[1, 2], [3, "x"]]}}',
            "The file could not be opened: A cell at [1, 1] must be a number, so nothing was changed.",
        ),
        ('{"kernelscope": "kernel", "weights": [[1, 2, null]]}', "A weight at [0, 2] must be a number"),
    ],
)
def test_a_file_that_cannot_be_opened_says_what_is_wrong_with_it(text, said):
    session = Session()
    session.take_in(text.encode(), "mine.json")
    assert said in session.notice
    assert session.experiment is session.history[0]
