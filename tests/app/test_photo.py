"""The working copy of a picture: how large it is, and that it is the picture's own pixels where there is room."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from pages.shared.chain import build
from pages.shared.columns import IN_GREY, columns
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.learn.lesson import Step
from pages.shared.learn.told import seen
from pages.shared.link_code import ScenarioError
from pages.shared.photo import DEFAULT, open_photo
from pages.shared.scenario import Scenario, from_file, to_file
from tests.core.picture_files import encoded, png, rows_of


def picture(rows: int, columns: int, *, colour: bool = False) -> tuple[bytes, np.ndarray]:
    """A PNG of random pixels and these, ``(H, W)`` or ``(H, W, 3)``."""
    shape = (rows, columns, 3) if colour else (rows, columns)
    pixels = np.random.default_rng(rows).integers(0, 256, shape, np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue(), pixels


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (16, 9), (20, 100), (127, 64)], ids=str)
def test_a_picture_smaller_than_the_usual_size_is_shown_in_its_own_pixels(size: tuple[int, int]):
    data, pixels = picture(*size)
    photo = open_photo(data, "mine.png")
    np.testing.assert_array_equal(photo.pixels[0] * 255, pixels)
    assert photo.smallest <= photo.size == max(size)


def test_a_small_picture_in_colour_keeps_its_pixels_too():
    data, pixels = picture(28, 28, colour=True)
    photo = open_photo(data, "mine.png").in_colour("rgb")
    np.testing.assert_array_equal(photo.pixels * 255, pixels.transpose(2, 0, 1))


def test_a_larger_picture_is_scaled_to_the_usual_size():
    data, _ = picture(300, 200)
    assert open_photo(data, "mine.png").pixels.shape == (1, DEFAULT, 85)


def test_a_small_picture_is_enlarged_where_that_is_asked_for_and_comes_back():
    data, pixels = picture(28, 28)
    experiment = with_photo(Experiment(), open_photo(data, "mine.png"))
    large = apply(experiment, {"op": "photo_size", "value": 56})
    np.testing.assert_array_equal(large.input[0] * 255, pixels.repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(apply(large, {"op": "photo_size", "value": 28}).input, experiment.input)


def test_the_input_says_whether_its_cells_are_the_picture_s_pixels():
    experiment = with_photo(Experiment(), open_photo(picture(28, 20)[0], "mine.png"))
    for now, words in (
        (experiment, "mine.png: 20 × 28 pixels, each a cell"),
        (apply(experiment, {"op": "photo_size", "value": 56}), "mine.png: 20 × 28 pixels, here 40 × 56"),
    ):
        assert columns(build(now), 0)[0]["note"] == words


def noted(experiment: Experiment) -> str:
    return columns(build(experiment), 0)[0]["note"]


def test_the_input_says_of_an_upload_in_colour_alone_that_it_is_shown_in_grey_and_where_its_colour_is():
    coloured = with_photo(Experiment(), open_photo(picture(28, 20, colour=True)[0], "mine.png"))
    control = next(each for each in columns(build(coloured), 0)[0]["controls"] if each["label"] == "Colour")
    assert control["place"] == "bottom"
    assert "RGB" in [each["label"] for each in control["options"]]
    assert noted(coloured) == "mine.png: 20 × 28 pixels, each a cell, in grey: choose RGB below for colour"
    in_colour = apply(coloured, {"op": "colour", "value": "rgb"})
    assert noted(in_colour) == "mine.png: 20 × 28 pixels, each a cell"
    assert noted(apply(in_colour, {"op": "colour", "value": "grey"})) == noted(coloured)
    grey = open_photo(picture(28, 20)[0], "mine.png")
    assert "in grey" not in noted(with_photo(Experiment(), grey))
    assert "in grey" not in noted(apply(Experiment(), {"op": "sample", "value": "cat"}))


def test_a_step_of_a_lesson_speaks_of_colour_where_it_can_be_chosen():
    coloured = with_photo(Experiment(), open_photo(picture(28, 20, colour=True)[0], "mine.png"))
    for show, offered in ((("input",), False), (("input", "pictures"), True), (None, True)):
        shown = seen(columns(build(coloured), 0), Step("Look.", Scenario(coloured), show=show))[0]
        assert shown["note"].startswith("mine.png: 20 × 28 pixels")
        assert any(control["label"] == "Colour" for control in shown["controls"]) is offered
        assert ("choose RGB below" in shown["note"]) is offered


RAMP = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16  # 4096 greys, of which 256 are kept


@pytest.mark.parametrize(
    "data",
    [
        png(64, 64, 16, 0, rows_of(RAMP)),
        png(64, 64, 16, 2, rows_of(np.stack([RAMP, RAMP.T, RAMP[::-1]], axis=-1))),
        png(64, 64, 16, 4, rows_of(np.stack([RAMP, RAMP], axis=-1))),
        encoded(Image.fromarray(RAMP), "TIFF"),
    ],
    ids=["grey", "colour", "grey with opacity", "TIFF"],
)
def test_the_input_says_that_of_more_than_8_bits_a_channel_8_are_kept_in_a_scenario_file_too(data: bytes):
    experiment = with_photo(Experiment(), open_photo(data, "deep.png"))
    assert len(np.unique(experiment.input)) <= 256
    again = from_file(to_file(Scenario(experiment)).encode(), Scenario(Experiment())).experiment
    for now in (experiment, again):
        told = noted(now).removesuffix(IN_GREY)
        assert told == "deep.png: 64 × 64 pixels, each a cell; 16 bits a channel, kept at 8"


def test_a_scenario_file_that_does_not_say_how_deep_its_picture_was_is_of_8_bits_and_nonsense_is_refused():
    start = Scenario(Experiment())
    told = json.loads(to_file(Scenario(with_photo(Experiment(), open_photo(picture(20, 20)[0], "mine.png")))))
    for wrong in ("16", 0, 10**9, True, None):
        told["picture"]["bits"] = wrong
        with pytest.raises(ScenarioError, match=r"^The file could not be opened"):
            from_file(json.dumps(told).encode(), start)
    del told["picture"]["bits"]
    assert from_file(json.dumps(told).encode(), start).experiment.photo.bits == 8


def test_every_size_that_the_slider_of_a_small_picture_offers_is_taken():
    data, pixels = picture(12, 16)
    experiment = with_photo(Experiment(), open_photo(data, "mine.png"))
    assert apply(experiment, {"op": "photo_size", "value": 28}).input.shape == (1, 21, 28)
    again = apply(experiment, {"op": "photo_size", "value": experiment.photo.smallest})
    np.testing.assert_array_equal(again.input[0] * 255, pixels)


def test_a_sample_after_a_small_picture_has_the_usual_size_and_after_another_the_one_that_was_asked_for():
    data, _ = picture(28, 28)
    small = with_photo(Experiment(), open_photo(data, "mine.png"))
    cat = {"op": "sample", "value": "cat"}
    assert apply(small, cat).photo.size == DEFAULT
    asked = apply(small, {"op": "photo_size", "value": 64})
    assert apply(asked, cat).photo.size == 64
