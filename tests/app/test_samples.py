"""The gallery of sample pictures."""

import numpy as np
import pytest

from pages.shared import samples
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.photo import open_photo
from pages.shared.samples import ASSETS, SAMPLES


@pytest.mark.parametrize("sample", SAMPLES, ids=samples.names())
def test_every_sample_is_a_picture_that_nobody_can_change(sample):
    planes = samples.pixels(sample.name)
    assert planes.dtype == np.float32
    assert planes.shape[0] == 3
    assert max(planes.shape[1:]) <= 640
    assert planes.min() >= 0
    assert planes.max() <= 1
    assert planes.std() > 0.05
    assert not planes.flags.writeable


@pytest.mark.parametrize(
    "sample", [each for each in SAMPLES if isinstance(each.source, str)], ids=lambda each: each.name
)
def test_a_sample_is_as_grey_as_its_file_is_when_it_is_uploaded(sample):
    taken = apply(Experiment(), {"op": "sample", "value": sample.name}).photo
    uploaded = open_photo((ASSETS / sample.source).read_bytes(), sample.source)
    np.testing.assert_array_equal(taken.grey, uploaded.grey)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if callable(each.source)], ids=lambda each: each.name)
def test_a_drawn_sample_without_colour_is_as_grey_as_it_is_drawn(sample):
    planes = samples.pixels(sample.name)
    if (planes[0] == planes[1]).all() and (planes[0] == planes[2]).all():
        np.testing.assert_array_equal(samples.grey(sample.name), planes[0])


@pytest.mark.parametrize("sample", SAMPLES, ids=samples.names())
def test_every_sample_says_what_to_look_for_and_whose_it_is(sample):
    assert sample.sentence.endswith((".", "?"))
    assert len(sample.sentence) <= 110
    words = ("MIT",) if callable(sample.source) else ("CC0", "public domain")
    assert sample.licence.endswith(words)


def test_every_photograph_is_accounted_for_beside_the_files():
    told = (ASSETS / "README.md").read_text(encoding="utf-8")
    files = [sample.source for sample in SAMPLES if isinstance(sample.source, str)]
    assert files
    for file in files:
        assert f"## {file}" in told
    kept = {path.relative_to(ASSETS).as_posix() for path in ASSETS.rglob("*.jpg")}
    assert kept == set(files)


def test_drawing_a_sample_twice_gives_the_same_picture():
    for sample in SAMPLES:
        first = samples.pixels(sample.name).copy()
        samples.pixels.cache_clear()
        np.testing.assert_array_equal(samples.pixels(sample.name), first)


def test_names_are_unique_and_an_unknown_one_is_refused_with_those_there_are():
    assert len(set(samples.names())) == len(SAMPLES)
    with pytest.raises(ValueError, match="zone_plate"):
        samples.get("mona_lisa")
