"""The working copy of a picture: how large it is, and that it is the picture's own pixels where there is room."""

import io

import numpy as np
import pytest
from PIL import Image

from pages.shared.chain import build
from pages.shared.columns import columns
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.photo import DEFAULT, open_photo


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
