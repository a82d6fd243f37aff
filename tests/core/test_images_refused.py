"""Pictures from files: what every file that is no picture gets told."""

import io
import os
import subprocess
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cnn_core.errors import ImageError
from cnn_core.images import LARGEST_SIDE, MAX_PIXELS, load_image
from tests.core.picture_files import (
    RGB,
    RNG,
    SAMPLES,
    blank_png,
    encoded,
    picture,
    png,
    refusal,
)

# --- what is asked ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source", [None, 3, 3.5, object(), [1, 2], RGB, io.StringIO("text"), Image.new("L", (2, 2))], ids=type
)
def test_an_argument_of_the_wrong_type_is_refused(source):
    refusal(source)


def test_a_closed_file_and_one_that_fails_are_refused(tmp_path: Path):
    closed = io.BytesIO(b"x")
    closed.close()
    refusal(closed)

    class Failing:
        def read(self, size: int, /) -> bytes:
            raise RuntimeError("<object at 0x7f00>")

    refusal(Failing())
    (tmp_path / "t").write_text("text")
    with (tmp_path / "t").open() as text:
        refusal(text)


def test_a_missing_path_a_folder_and_a_pipe_are_refused(tmp_path: Path):
    assert "no file" in refusal(tmp_path / "missing.png")
    assert "folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "ordinary" in refusal(tmp_path / "pipe")  # opening it would wait for ever
    refusal("a\0b")
    refusal("x" * 100_000)
    refusal("\ud800")


@pytest.mark.parametrize("mode", ["rgb", "", None, 3, object()])
def test_an_unknown_mode_is_refused(mode):
    refusal(encoded(picture(RGB)), mode=mode)


@pytest.mark.parametrize("limit", [0, -1, 2.5, "9", None])
def test_a_pixel_limit_that_is_no_count_is_refused(limit):
    refusal(encoded(picture(RGB)), max_pixels=limit)


# --- too large -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [12_000, 30_000])
def test_a_png_bomb_is_refused_before_it_is_decoded(side):
    bomb = blank_png(side, side)
    assert len(bomb) < 1_000_000
    started = time.perf_counter()
    assert "scale it down" in refusal(bomb)
    assert time.perf_counter() - started < 0.5


def test_the_limit_is_the_callers_to_set_and_is_inclusive():
    data = encoded(picture(RGB))
    assert load_image(data, max_pixels=9 * 13).shape == (3, 9, 13)
    assert load_image(data, max_pixels=np.int64(500)).shape == (3, 9, 13)
    assert "13 × 9" in refusal(data, max_pixels=9 * 13 - 1)


def test_the_default_limit_is_below_a_hundred_million():
    assert 8064 * 6048 < MAX_PIXELS < 100_000_000


def test_a_side_no_format_of_photographs_has_is_refused():
    assert "side" in refusal(blank_png(LARGEST_SIDE + 1, 1))


def test_a_png_with_a_text_bomb_is_refused():
    text = b"Comment\0\0" + zlib.compress(b"\0" * 300_000_000, 9)
    refusal(png(1, 1, 8, 0, b"\0\0", (b"zTXt", text)))


def test_a_jpeg_of_a_thousand_scans_is_refused_unread():
    data = encoded(picture(RNG.integers(0, 256, (64, 64), dtype=np.uint8)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert "scans" in refusal(data[:last] + data[last:-2] * 1000 + b"\xff\xd9")


def test_a_huge_plain_text_pixmap_is_refused_unread():
    started = time.perf_counter()
    refusal(b"P2 8000 8000 255 " + b"0 " * 1000)
    assert time.perf_counter() - started < 0.5


# --- everything else -------------------------------------------------------------------------------------------------

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"BM",
        b"II*\0\x08\0\0\0",
        b"RIFF\0\0\0\0WEBP",
        b"P6 3 3 255\n",
        b"P5 -1 4 255\n",
        b"P5 99999999999999999999 4 255\n",
        b"TRUEVISION-XFILE.\0",
        b"hello, this is a text file\n" * 50,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        EPS,
        encoded(Image.new("RGBA", (16, 16)), "ICO"),
        os.urandom(4096),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_picture_is_refused_with_a_sentence(data):
    refusal(data)


def test_a_postscript_file_starts_no_program(monkeypatch):
    def started(*_arguments, **_options):
        raise AssertionError("a program was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr(os, "system", started)
    refusal(EPS)


def test_an_empty_file_and_a_heic_photograph_are_told_apart():
    assert "empty" in refusal(b"")
    assert "JPEG" in refusal(b"\0\0\0\x18ftypheic" + b"\0" * 100)


def attempt(data: bytes) -> str | None:
    """Load, hold the outcome to the promise, and give the sentence of a refusal."""
    try:
        loaded = load_image(data, max_pixels=1_000_000)
    except ImageError as error:
        text = str(error)
        assert 20 < len(text) < 500
        assert text.endswith(".")
        assert " at 0x" not in text
        return text
    assert loaded.dtype == np.float32
    assert loaded.ndim == 3
    assert loaded.shape[0] == 3
    assert np.isfinite(loaded).all()
    assert loaded.min() >= 0
    assert loaded.max() <= 1
    return None


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_a_picture(name):
    assert attempt(SAMPLES[name]) is None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_in_half_is_refused_with_a_sentence(name):
    data = SAMPLES[name]
    assert attempt(data[: len(data) // (3 if name in ("mpo", "apng", "gif-animated") else 2)])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_cut_anywhere_is_a_picture_or_refused(name):
    data = SAMPLES[name]
    for length in range(0, len(data), max(1, len(data) // 150)):
        attempt(data[:length])


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_file_with_bytes_changed_is_a_picture_or_refused(name, data):
    damaged = bytearray(SAMPLES[name])
    # Headers, where sizes and offsets stand, are hit more often than the pixels behind them.
    places = st.integers(0, min(80, len(damaged) - 1)) | st.integers(0, len(damaged) - 1)
    values = st.sampled_from([0, 1, 127, 128, 255]) | st.integers(0, 255)
    for place, value in data.draw(st.lists(st.tuples(places, values), min_size=1, max_size=6)):
        damaged[place] = value
    attempt(bytes(damaged))


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"BM"]),
)
def test_any_bytes_are_a_picture_or_refused(rest, start):
    attempt(start + rest)
