"""Pictures from files: what their numbers mean."""

import io
import struct
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps, PngImagePlugin

from cnn_core.errors import ImageError
from cnn_core.images import bits_a_channel, load_image, luma
from tests.core.picture_files import (
    ALPHA,
    GREY,
    HAS_AVIF,
    RGB,
    RNG,
    SAMPLES,
    WORDS,
    blank_png,
    chw,
    encoded,
    picture,
    png,
    refusal,
    rows_of,
)

# --- what comes back -------------------------------------------------------------------------------------------------

LOSSLESS = {
    "PNG": {},
    "BMP": {},
    "TIFF": {},
    "PPM": {},
    "WEBP": {"lossless": True, "exact": True},
    "TGA": {},
}


@pytest.mark.parametrize(("kind", "options"), LOSSLESS.items(), ids=LOSSLESS)
def test_a_lossless_colour_file_gives_its_samples_divided_by_255(kind, options):
    loaded = load_image(encoded(picture(RGB), kind, **options))
    assert loaded.dtype == np.float32
    assert loaded.flags.c_contiguous
    np.testing.assert_array_equal(loaded, chw(RGB) / np.float32(255))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_a_compressed_tiff_is_read(compression):
    data = encoded(picture(RGB), "TIFF", compression=compression)
    expected = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(load_image(data), chw(expected) / np.float32(255))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("GIF", {}),
        pytest.param("AVIF", {}, marks=pytest.mark.skipif(not HAS_AVIF, reason="this Pillow has no AVIF")),
    ],
)
def test_a_lossy_file_is_read_as_pillow_decodes_it(kind, options):
    data = encoded(picture(RGB), kind, **options)
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(load_image(data), chw(expected) / np.float32(255))


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_result_has_three_channels_or_one(mode):
    for source in (RGB, GREY):
        loaded = load_image(encoded(picture(source)), mode=mode)
        assert loaded.shape == ({"RGB": 3, "L": 1}[mode], 9, 13)


def test_the_default_is_colour():
    assert load_image(encoded(picture(GREY))).shape == (3, 9, 13)


def test_the_luma_of_planes_is_that_of_the_file_and_of_a_grey_the_grey_itself():
    data = encoded(picture(RGB))
    found = luma(load_image(data))
    assert found.dtype == np.float32
    np.testing.assert_array_max_ulp(found, load_image(data, mode="L")[0], maxulp=1)
    grey = load_image(encoded(picture(GREY)))
    np.testing.assert_array_equal(luma(grey), grey[0])


def test_grey_is_the_601_luma_to_within_rounding():
    data = encoded(picture(RGB))
    loaded = load_image(data, mode="L")[0]
    np.testing.assert_allclose(loaded, RGB @ [0.299, 0.587, 0.114] / 255, rtol=1e-6)
    pillow = np.asarray(picture(RGB).convert("L")) / 255
    assert np.abs(loaded - pillow).max() < 0.51 / 255


def test_grey_of_a_colourless_pixel_is_exactly_its_value():
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[np.newaxis, :, np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(load_image(encoded(picture(ramp)), mode="L")[0], ramp[:, :, 0] / np.float32(255))


def test_a_one_bit_picture_is_zeros_and_ones():
    bits = GREY > 127
    for kind in ("PNG", "TIFF", "BMP", "PPM", "GIF"):
        np.testing.assert_array_equal(load_image(encoded(picture(bits), kind), mode="L")[0], bits)


def test_bands_that_do_not_divide_the_height_are_joined_without_a_seam():
    tall = RNG.integers(0, 256, (1303, 401, 3), dtype=np.uint8)
    np.testing.assert_array_equal(load_image(encoded(picture(tall), compress_level=1)), chw(tall) / np.float32(255))


# --- more than 8 bits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize(
    "data",
    [
        encoded(picture(WORDS)),
        encoded(picture(WORDS), "TIFF"),
        encoded(picture(WORDS), "TIFF", compression="tiff_lzw"),
        encoded(picture(WORDS.byteswap(), "I;16B"), "TIFF"),
        encoded(picture(WORDS), "PPM"),
    ],
    ids=["png", "tiff", "tiff-lzw", "tiff-big-endian", "pgm"],
)
def test_a_16_bit_grey_keeps_its_precision_in_both_modes(data, mode):
    for channel in load_image(data, mode=mode):
        np.testing.assert_array_equal(channel, (WORDS / 65535).astype(np.float32))


def tiff_grey(samples: np.ndarray, bits: int, sample_format: int = 1, photometric: int = 1) -> bytes:
    """An uncompressed little-endian TIFF of one channel, written by hand."""
    body = samples.tobytes()
    height, width = samples.shape
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(body)),
        (339, 3, sample_format),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, v) for tag, kind, v in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory + b"\0" * 4


def test_32_bit_integers_are_divided_by_the_largest_of_their_type():
    unsigned = np.array([[0, 1 << 31, (1 << 32) - 1]], dtype="<u4")
    np.testing.assert_allclose(load_image(tiff_grey(unsigned, 32), mode="L")[0], unsigned / (2**32 - 1), rtol=1e-7)
    signed = np.array([[-5, 0, 1 << 30, (1 << 31) - 1]], dtype="<i4")
    expected = np.clip(signed, 0, None) / (2**31 - 1)
    np.testing.assert_allclose(load_image(tiff_grey(signed, 32, 2), mode="L")[0], expected, rtol=1e-7)


def test_16_bit_signed_integers_are_divided_by_the_largest_of_their_type():
    signed = np.array([[-7, 0, 20000, 32767]], dtype="<i2")
    expected = np.clip(signed, 0, None) / 32767
    np.testing.assert_allclose(load_image(tiff_grey(signed, 16, 2), mode="L")[0], expected, rtol=1e-7)


def test_12_bit_samples_are_divided_by_4095():
    packed = np.frombuffer(bytes([0xFF, 0xF0, 0x00, 0x80, 0x00, 0x00]), np.uint8).reshape(1, 6)  # 4095, 0, 2048, 0
    data = bytearray(tiff_grey(packed, 12))
    width_at = data.index(struct.pack("<HHI", 256, 4, 1)) + 8
    data[width_at : width_at + 4] = struct.pack("<I", 4)
    np.testing.assert_allclose(load_image(bytes(data), mode="L")[0], [[1, 0, 2048 / 4095, 0]], rtol=1e-6)


def test_a_16_bit_tiff_whose_zero_is_white_comes_out_the_right_way_round():
    np.testing.assert_array_equal(
        load_image(tiff_grey(WORDS, 16, photometric=0), mode="L")[0],
        ((65535 - WORDS.astype(float)) / 65535).astype("f4"),
    )


def test_a_16_bit_colour_png_is_read_to_within_one_part_in_255():
    colour = RNG.integers(0, 65536, (4, 5, 3), dtype=np.uint16)
    loaded = load_image(png(5, 4, 16, 2, rows_of(colour)))
    assert np.abs(loaded - chw(colour) / 65535).max() < 1 / 255


@pytest.mark.parametrize(
    ("data", "bits"),
    [
        *((encoded(picture(RGB), kind), 8) for kind in ("PNG", "JPEG", "BMP", "TIFF", "GIF")),
        (encoded(picture(GREY > 100), "PNG"), 8),
        (png(13, 9, 16, 0, rows_of(WORDS)), 16),
        (png(1, 1, 16, 2, rows_of(np.zeros((1, 3), dtype=np.uint16))), 16),
        (png(1, 1, 16, 6, rows_of(np.zeros((1, 4), dtype=np.uint16))), 16),
        (encoded(picture(WORDS), "PPM"), 16),
        (encoded(picture(WORDS), "TIFF"), 16),
        (SAMPLES["tiff-float"], 32),
    ],
)
def test_how_deep_a_picture_is_in_its_file_is_told_by_its_header(data, bits):
    assert bits_a_channel(data) == bits


def test_a_file_that_is_no_picture_has_no_depth():
    with pytest.raises(ImageError, match=r"not a picture that can be read"):
        bits_a_channel(b"nothing")


def test_floats_are_clipped_to_zero_and_one():
    values = np.array([[-1.5, 0.0, 0.3, 1.0, 7.0]], dtype=np.float32)
    np.testing.assert_array_equal(load_image(encoded(picture(values), "TIFF"), mode="L")[0], np.clip(values, 0, 1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_floats_that_are_not_finite_are_refused(bad):
    values = np.array([[0.5, bad]], dtype=np.float32)
    assert "finite" in refusal(encoded(picture(values), "TIFF"))


# --- colour and transparency -----------------------------------------------------------------------------------------


def over_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    opacity = alpha[:, :, np.newaxis] / 255
    return chw(colour / 255 * opacity + (1 - opacity))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "TGA"])
def test_alpha_is_laid_over_white(kind):
    options = LOSSLESS[kind]
    data = encoded(picture(np.dstack([RGB, ALPHA]), "RGBA"), kind, **options)
    np.testing.assert_allclose(load_image(data), over_white(RGB, ALPHA), atol=1e-7)
    grey = over_white(RGB, ALPHA).transpose(1, 2, 0) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(load_image(data, mode="L")[0], grey, atol=1e-6)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_with_alpha_is_laid_over_white(kind):
    data = encoded(picture(np.dstack([GREY, ALPHA]), "LA"), kind)
    expected = over_white(np.dstack([GREY] * 3), ALPHA)
    np.testing.assert_allclose(load_image(data), expected, atol=1e-7)
    np.testing.assert_allclose(load_image(data, mode="L")[0], expected[0], atol=1e-7)


def test_premultiplied_alpha_is_laid_over_white():
    straight = picture(np.dstack([RGB, ALPHA]), "RGBA")
    data = encoded(straight, "TIFF")
    # ExtraSamples 2 (straight) -> 1 (premultiplied), and the samples with it.
    multiplied = bytearray(data.replace(straight.tobytes(), straight.convert("RGBa").tobytes()))
    at = multiplied.index(struct.pack("<HHI", 338, 3, 1)) + 8
    assert multiplied[at] == 2
    multiplied[at] = 1
    np.testing.assert_allclose(load_image(bytes(multiplied)), over_white(RGB, ALPHA), atol=1.01 / 255)


def test_a_palette_is_resolved():
    paletted = picture(RGB).quantize(16)
    expected = chw(np.asarray(paletted.convert("RGB"))) / np.float32(255)
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        np.testing.assert_array_equal(load_image(encoded(paletted, kind)), expected)


@pytest.mark.parametrize("transparency", [3, bytes([255, 128, 64, 0])], ids=["one index", "an alpha each"])
def test_transparent_palette_entries_are_laid_over_white_in_every_band(transparency):
    indices = RNG.integers(0, 4, (1303, 401), dtype=np.uint8)  # more than one band
    paletted = picture(indices, "P")
    colours = RNG.integers(0, 256, (4, 3), dtype=np.uint8)
    paletted.putpalette(colours.tobytes())
    alphas = np.array([255, 255, 255, 0] if isinstance(transparency, int) else list(transparency), np.uint8)
    data = encoded(paletted, transparency=transparency)
    np.testing.assert_allclose(load_image(data), over_white(colours[indices], alphas[indices]), atol=1e-7)


def test_a_transparent_gif_index_is_laid_over_white():
    paletted = picture(RNG.integers(0, 4, (9, 13), dtype=np.uint8), "P")
    paletted.putpalette([0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0, 200])
    loaded = load_image(encoded(paletted, "GIF", transparency=2))
    hidden = np.asarray(paletted) == 2
    assert (loaded[:, hidden] == 1).all()
    assert (loaded[1:, ~hidden] < 1).all()


@pytest.mark.parametrize(
    ("depth", "samples", "key"),
    [(1, [0b10100000], 1), (2, [0b00011011], 2), (4, [0x12, 0x30], 2), (8, [7, 8, 9, 7], 8)],
)
def test_the_transparent_grey_of_a_png_is_white_at_every_depth(depth, samples, key):
    data = png(4, 1, depth, 0, bytes([0, *samples]), (b"tRNS", struct.pack(">H", key)))
    bits = "".join(f"{byte:08b}" for byte in samples)
    values = [int(bits[i * depth : (i + 1) * depth], 2) for i in range(4)]
    expected = [1.0 if value == key else value / (2**depth - 1) for value in values]
    np.testing.assert_allclose(load_image(data, mode="L")[0, 0], expected, rtol=1e-6)


def test_the_transparent_16_bit_grey_of_a_png_is_white():
    data = png(13, 9, 16, 0, rows_of(WORDS), (b"tRNS", struct.pack(">H", int(WORDS[2, 3]))))
    expected = np.where(np.equal(WORDS, WORDS[2, 3]), 1, WORDS / 65535).astype(np.float32)
    np.testing.assert_array_equal(load_image(data, mode="L")[0], expected)


@pytest.mark.parametrize("depth", [8, 16])
def test_the_transparent_colour_of_a_png_is_white(depth):
    key = (0x12, 0x34, 0x56) if depth == 8 else (0x1234, 0x5678, 0x9ABC)
    colour = np.zeros((2, 2, 3), dtype=np.uint8 if depth == 8 else np.uint16)
    colour[0, 1] = key
    loaded = load_image(png(2, 2, depth, 2, rows_of(colour), (b"tRNS", struct.pack(">3H", *key))))
    expected = np.zeros((3, 2, 2))
    expected[:, 0, 1] = 1
    np.testing.assert_array_equal(loaded, expected)


def test_cmyk_ink_is_dark_and_paper_is_white():
    ink = np.zeros((16, 16, 4), dtype=np.uint8)
    ink[:, 8:, 3] = 255  # black on the right
    for data in (encoded(picture(ink, "CMYK"), "TIFF"), encoded(picture(ink, "CMYK"), "JPEG", quality=95)):
        loaded = load_image(data)
        assert loaded[:, :, :8].min() > 0.98
        assert loaded[:, :, 8:].max() < 0.02


def test_an_adobe_jpeg_with_inverted_inks_is_read_the_right_way_round():
    data = encoded(picture(np.zeros((8, 8, 4), np.uint8), "CMYK"), "JPEG")
    marker = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
    if b"Adobe" not in data:
        data = data[:2] + marker + data[2:]
    assert Image.open(io.BytesIO(data)).info["adobe"] == 100
    assert load_image(data).min() > 0.98


# --- which way up, which frame ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(RGB), kind, exif=exif, **LOSSLESS.get(kind, {"quality": 95}))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert upright.shape[:2] == ((13, 9) if orientation > 4 else (9, 13))
    loaded = load_image(data)
    assert loaded.flags.c_contiguous
    np.testing.assert_array_equal(loaded, chw(upright) / np.float32(255))


def test_orientation_is_applied_to_grey_with_many_bits_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    loaded = load_image(encoded(picture(WORDS), exif=exif), mode="L")
    np.testing.assert_array_equal(loaded[0], np.rot90(WORDS / 65535, -1).astype(np.float32))


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*"])
def test_a_picture_with_damaged_metadata_is_shown_as_stored(exif):
    assert load_image(encoded(picture(RGB), "JPEG", exif=exif)).shape == (3, 9, 13)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_or_a_file_of_pages_gives_the_first(kind):
    first, second = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    options = {"save_all": True, "append_images": [picture(second)]}
    if kind == "WEBP":
        options["lossless"] = True
    data = encoded(picture(first), kind, **options)
    assert Image.open(io.BytesIO(data)).n_frames == 2
    assert load_image(data).max() == 0


def test_a_phone_file_of_several_jpegs_gives_the_first():
    first, second = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    data = encoded(picture(first), "MPO", save_all=True, append_images=[picture(second)])
    assert load_image(data).max() < 0.02


# --- where it is read from -------------------------------------------------------------------------------------------


def test_a_path_bytes_and_a_binary_file_are_all_read(tmp_path: Path):
    data = encoded(picture(RGB))
    path = tmp_path / "photo.dat"  # the content decides, not the name
    path.write_bytes(data)
    expected = chw(RGB) / np.float32(255)
    view = memoryview(b"".join(bytes([byte, 0]) for byte in data))[::2]
    for source in (path, str(path), data, bytearray(data), memoryview(data), view, io.BytesIO(data)):
        np.testing.assert_array_equal(load_image(source), expected)
    with path.open("rb") as file:
        file.read()  # a file is read from its start, wherever it stands
        np.testing.assert_array_equal(load_image(file), expected)
        assert not file.closed


def test_a_stream_that_cannot_seek_is_read_from_where_it_stands():
    class Stream(io.RawIOBase):
        def __init__(self, data: bytes):
            self.rest = data

        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            part = self.rest[: min(len(buffer), 7)]
            self.rest = self.rest[len(part) :]
            buffer[: len(part)] = part
            return len(part)

    np.testing.assert_array_equal(load_image(Stream(encoded(picture(RGB)))), chw(RGB) / np.float32(255))


def test_the_bytes_given_are_left_alone():
    data = bytearray(encoded(picture(RGB)))
    before = bytes(data)
    load_image(data)[:] = 0
    assert data == before
    data.append(0)  # nothing holds on to the buffer


def test_a_film_behind_a_jpeg_is_not_taken_for_scans():
    data = encoded(picture(RGB), "JPEG")
    assert load_image(data + b"\xff\xda\0\2" * 1000).shape == (3, 9, 13)


PHOTOGRAPH = """
    import io, resource, sys, time
    from PIL import Image
    from cnn_core.images import load_image

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    data = open(sys.argv[1], "rb").read()
    before, started = peak(), time.perf_counter()
    loaded = load_image(data)
    print(*loaded.shape, peak() - before, time.perf_counter() - started)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read with the resource module")
def test_a_48_megapixel_photograph_loads_within_a_gibibyte_and_ten_seconds(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(RNG.integers(0, 256, (189, 252, 3), dtype=np.uint8)).resize((8064, 6048)).save(path, quality=90, exif=exif)
    # A process of its own: the peak of this one has long been passed.
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PHOTOGRAPH), path],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    *shape, memory, seconds = done.stdout.split()
    assert shape == ["3", "8064", "6048"]
    assert int(memory) < 1 << 30
    assert float(seconds) < 10


# --- what it leaves behind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["always", "error"])
def test_no_warning_of_pillow_leaks_and_none_changes_the_outcome(action):
    quirky = encoded(picture(RGB), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12\x01")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter(action)
        filters = list(warnings.filters)
        assert "scale it down" in refusal(blank_png(12_000, 12_000))
        assert load_image(quirky).shape == (3, 9, 13)
        assert warnings.filters == filters
    assert not heard


def test_pillows_settings_are_left_alone():
    def state():
        return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, PngImagePlugin.MAX_TEXT_CHUNK

    before = state()
    load_image(SAMPLES["png"])
    refusal(blank_png(12_000, 12_000))
    assert state() == before


def test_threads_may_load_at_once():
    filters = list(warnings.filters)
    wrong: list[object] = []

    def work(name: str, expected: np.ndarray) -> None:
        for _ in range(20):
            if not np.array_equal(load_image(SAMPLES[name]), expected):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name, load_image(SAMPLES[name]))) for name in SAMPLES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert warnings.filters == filters
