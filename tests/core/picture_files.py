"""Picture files that the tests of ``load_image`` are given, and what each refusal of it is held to."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, features

from cnn_core.errors import ImageError
from cnn_core.images import load_image

RNG = np.random.default_rng(7)
# Nine rows of thirteen pixels.
RGB = RNG.integers(0, 256, (9, 13, 3), dtype=np.uint8)
GREY = RGB[:, :, 0]
ALPHA = RNG.integers(0, 256, (9, 13), dtype=np.uint8)
ALPHA[0, :3] = [0, 255, 128]
WORDS = RNG.integers(0, 65536, (9, 13), dtype=np.uint16)
HAS_AVIF = features.check("avif") if "avif" in features.modules else False


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(array: np.ndarray, mode: str | None = None) -> Image.Image:
    if mode is None:
        return Image.fromarray(array)
    return Image.frombytes(mode, array.shape[1::-1], array.tobytes())


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand, for what Pillow does not write; ``rows`` holds the samples, a filter byte before each."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def rows_of(array: np.ndarray) -> bytes:
    """Rows of big-endian samples, each behind filter byte 0."""
    big = array.astype(array.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big)


def chw(array: np.ndarray) -> np.ndarray:
    return np.moveaxis(array, -1, 0)


def refusal(source, **options) -> str:
    """The sentence that ``source`` is refused with, held to what every such sentence must be."""
    with pytest.raises(ImageError) as refused:
        load_image(source, **options)
    text = str(refused.value)
    assert 20 < len(text) < 500
    assert text.endswith(".")
    assert "\n" not in text
    assert " at 0x" not in text
    assert "<" not in text
    return text


def blank_png(width: int, height: int) -> bytes:
    """A bomb: 1-bit rows of zeros, compressed to almost nothing and repeated without being held."""
    row = b"\0" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    small = png(width, height, 1, 0, b"")
    empty = zlib.compress(b"", 9)
    old = struct.pack(">I", len(empty)) + b"IDAT" + empty + struct.pack(">I", zlib.crc32(b"IDAT" + empty))
    new = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    return small.replace(old, new)


SAMPLES = {
    "png": encoded(picture(RGB)),
    "png-rgba": encoded(picture(np.dstack([RGB, ALPHA]), "RGBA")),
    "png-16": encoded(picture(WORDS)),
    "png-palette": encoded(picture(RGB).quantize(8), transparency=2),
    "apng": encoded(picture(RGB), save_all=True, append_images=[picture(255 - RGB)]),
    "jpeg": encoded(picture(RGB), "JPEG", exif=Image.Exif()),
    "jpeg-progressive": encoded(picture(RGB), "JPEG", progressive=True),
    "jpeg-cmyk": encoded(picture(np.dstack([RGB, ALPHA]), "CMYK"), "JPEG"),
    "mpo": encoded(picture(RGB), "MPO", save_all=True, append_images=[picture(RGB)]),
    "gif": encoded(picture(RGB), "GIF"),
    "gif-animated": encoded(picture(RGB), "GIF", save_all=True, append_images=[picture(255 - RGB)]),
    "bmp": encoded(picture(RGB), "BMP"),
    "bmp-palette": encoded(picture(RGB).quantize(8), "BMP"),
    "tiff": encoded(picture(RGB), "TIFF"),
    "tiff-lzw": encoded(picture(RGB), "TIFF", compression="tiff_lzw"),
    "tiff-jpeg": encoded(picture(RGB), "TIFF", compression="jpeg"),
    "tiff-float": encoded(picture(WORDS / np.float32(65535)), "TIFF"),
    "webp": encoded(picture(RGB), "WEBP"),
    "webp-lossless": encoded(picture(np.dstack([RGB, ALPHA]), "RGBA"), "WEBP", lossless=True),
    "ppm": encoded(picture(RGB), "PPM"),
    "pgm-16": encoded(picture(WORDS), "PPM"),
    "pgm-plain": b"P2 3 2 255\n1 2 3\n4 5 6\n",
    "tga": encoded(picture(RGB), "TGA"),
    "tga-rle": encoded(picture(RGB), "TGA", compression="tga_rle"),
}
if HAS_AVIF:
    SAMPLES["avif"] = encoded(picture(RGB), "AVIF")
