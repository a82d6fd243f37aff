"""Picture files become arrays in [0, 1]; this is the only module that knows Pillow.

Formats are chosen by an allow-list: PNG, JPEG (with MPO, the form some phones use), GIF, BMP, TIFF, WebP, PPM and its
family, AVIF where Pillow was built with it, and TGA files that carry their signature. These are what cameras, phones,
browsers and scanners write, and each is decoded inside this process from sizes its header tells first. Left out: EPS
(Pillow hands it to another program), ICO (decoded before its size can be checked), and the rest as never asked for.

Files are data from strangers: whatever one holds, the answer is an array or an :class:`ImageError`. Pillow's global
settings are left as they are, so any number of threads may load at once.
"""

from __future__ import annotations

import contextlib
import operator
import os
import re
import stat
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal, Protocol, SupportsIndex

import numpy as np
import numpy.typing as npt

# Importing a plugin registers its format. All are registered here, so that Image.open never goes looking for more.
from PIL import (
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    PpmImagePlugin,  # noqa: F401
    TgaImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from cnn_core.errors import ImageError

__all__ = ["LARGEST_SIDE", "MAX_PIXELS", "load_image"]

MAX_PIXELS = 80_000_000
"""The most pixels :func:`load_image` decodes unless told otherwise: a 48-megapixel photograph fits with room."""

LARGEST_SIDE = 65_535
"""The longest side :func:`load_image` accepts, in pixels; it is also JPEG's own limit."""

_FORMATS = ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"]
try:
    from PIL import AvifImagePlugin  # noqa: F401
except ImportError:  # Pillow before 11.3
    pass
else:
    _FORMATS.append("AVIF")

_COMMON = "PNG, JPEG, GIF, BMP, TIFF or WebP"
_LARGEST_FILE = 1 << 30  # bytes: more than 80 million pixels of 16-bit RGBA need
_TGA_SIGNATURE = b"TRUEVISION-XFILE.\0"
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

# Encoders write about ten scans a progressive JPEG. Each scan walks every block of the picture, so a small file
# of a great many empty scans would keep the decoder busy for minutes.
_MOST_SCANS = 100
# These decoders are loops in Python, about half a microsecond a sample; larger files would look like a hang.
_SLOW_DECODERS = ("ppm", "ppm_plain", "bmp_rle")
_MOST_SLOW_SAMPLES = 12_000_000

_BLOCK = 1 << 18  # pixels converted at a time: bounds the memory beside the picture and the result

# What red, green and blue count in the ITU-R BT.601 luma, in thousandths: whole numbers keep greys exact.
LUMA = np.array([299.0, 587.0, 114.0])
LUMA.setflags(write=False)


def luma(planes: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """The grey that a colour is as bright as, the ITU-R BT.601 luma, (299 R + 587 G + 114 B) / 1000.

    Of a grey picture, all three planes alike, it is that plane to the last bit. Of planes that ``load_image`` read in
    colour it may be a last bit away from what mode ``"L"`` gives, which knows the file's whole numbers.

    Args:
        planes: red, green and blue, ``(3, H, W)`` in [0, 1].

    Returns:
        ``(H, W)`` float32 in [0, 1].
    """
    return np.asarray(np.tensordot(LUMA, planes, axes=1) / 1000, dtype=np.float32)  # (3,) · (3, H, W) -> (H, W)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def load_image(
    file_or_bytes: str | os.PathLike[str] | bytes | bytearray | memoryview | _Readable,
    *,
    mode: Literal["RGB", "L"] = "RGB",
    max_pixels: SupportsIndex = MAX_PIXELS,
) -> npt.NDArray[np.float32]:
    """Decode a picture, upright, at its full size.

    - The EXIF orientation is applied; an animation or a file of several pages gives its first.
    - Transparency, in every form, is laid over white.
    - 8-bit samples are divided by 255, and 1-bit ones are 0 or 1. Greys of 12, 16 and 32 bits are divided by the
      largest value of their type and keep that precision, in both modes; negative samples become 0. Colours of
      16 bits a channel are read at 8: Pillow holds no more.
    - Floating-point samples are clipped to [0, 1].
    - Mode ``"L"`` is the ITU-R BT.601 luma, (299 R + 587 G + 114 B) / 1000, not rounded to 8 bits, so a colour
      picture's luma may differ from Pillow's own by half of 1/255.

    Args:
        file_or_bytes: a path, the file's bytes, or a binary file. A file is read from its start where it can seek, from
            where it stands otherwise, and is left open.
        mode: ``"RGB"`` for three channels, ``"L"`` for one of grey.
        max_pixels: how many pixels a picture may have; checked before it is decoded. Pillow's own limit, 178,956,970,
            holds above it.

    Returns:
        ``(3, H, W)`` or ``(1, H, W)`` float32 in [0, 1].

    Raises:
        ImageError: where there is no such file, it is no picture in a format of the allow-list, it is damaged or cut
            short, holds values that are not finite, or is larger than allowed. The message is a sentence to show.
    """
    limit = _checked_limit(mode, max_pixels)
    data = _read(file_or_bytes)
    with _quiet_pillow, _told_as("This picture is damaged or cut short; export or download it once more."):
        image = _open(data)
        try:
            _check_size(image.size, limit)
            _check_effort(image, data)
            source = _Source.of(image)
            name = image.format or "picture"
            with _told_as(f"This {name} file is damaged or cut short; export or download it once more."):
                image.load()
            return _to_array(image, source, mode)
        finally:
            image.close()


def bits_a_channel(data: bytes) -> int:
    """How many bits a channel of a picture has in its file, by the header: nothing is decoded.

    Args:
        data: the file's bytes.

    Returns:
        What a TIFF file says; 16 for a PNG of 16 bits, and for greys of as many; 8 for all others.

    Raises:
        ImageError: where the header cannot be read.
    """
    with _quiet_pillow, _told_as("This picture is damaged or cut short; export or download it once more."):
        image = _open(data)
        try:
            if image.format == "TIFF":
                tags: Any = image.tag_v2  # type: ignore[attr-defined]  # TIFF files have it
                return int(tags.get(_TIFF_BITS, (1,))[0])
            # Of a colour only the layout in the file tells; in other formats "BGR;16" is 16 bits for all three.
            deep = image.mode.startswith("I") or (image.format == "PNG" and ";16" in _tile(image)[1])
            return 16 if deep else 8
        finally:
            image.close()


def _checked_limit(mode: object, max_pixels: object) -> int:
    if not isinstance(mode, str) or mode not in ("RGB", "L"):
        got = repr(mode[:20]) if isinstance(mode, str) else type(mode).__name__
        raise ImageError(f"mode must be 'RGB' or 'L', not {got}.")
    try:
        limit = operator.index(max_pixels)  # type: ignore[arg-type]  # what is no index is refused below
    except TypeError as error:
        raise ImageError(f"max_pixels must be a whole number, not {type(max_pixels).__name__}.") from error
    if limit < 1:
        raise ImageError("max_pixels must be at least 1.")
    return limit


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(source: object) -> bytes:
    """The whole file's bytes."""
    # Not left to Pillow: it maps files given by path into memory, and one that shrinks then ends the process.
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif isinstance(source, str | os.PathLike):
        data = _read_path(source)
    elif hasattr(source, "read"):
        data = _read_stream(source)
    else:
        raise ImageError(f"load_image takes a path, the file's bytes or a binary file, not {type(source).__name__}.")
    if not data:
        raise ImageError(f"This file is empty; choose a picture saved as {_COMMON}.")
    return data


def _read_path(path: str | os.PathLike[str]) -> bytes:
    name = os.fspath(path)
    shown = repr(name if len(name) <= 100 else "…" + name[-99:])
    try:
        kind = os.stat(name).st_mode
        if stat.S_ISDIR(kind):
            raise ImageError(f"{shown} is a folder; choose a picture file in it.")
        if not stat.S_ISREG(kind):  # a pipe or device might never end
            raise ImageError(f"{shown} is not an ordinary file; choose a picture file.")
        with open(name, "rb") as file:
            return _read_stream(file)
    except FileNotFoundError as error:
        raise ImageError(f"There is no file {shown}; check its name and folder.") from error
    except PermissionError as error:
        raise ImageError(f"{shown} may not be read; check its permissions.") from error
    except (OSError, UnicodeEncodeError) as error:
        raise ImageError(f"{shown} could not be opened; check its name and folder.") from error
    except ImageError:
        raise
    except ValueError as error:  # a null character in the name
        raise ImageError(f"{shown} is not a usable file name.") from error


def _read_stream(file: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with contextlib.suppress(OSError, ValueError, AttributeError):  # a stream that cannot seek
            file.seek(0)
        while size <= _LARGEST_FILE:
            part = file.read(1 << 24)
            if not isinstance(part, bytes | bytearray | memoryview):
                break
            if not part:
                return b"".join(parts)
            parts.append(bytes(part))
            size += len(parts[-1])
    # The file may be any object of the caller's, and fail in any way.
    except Exception as error:
        raise ImageError("This file could not be read; open it again, in binary mode.") from error
    if size > _LARGEST_FILE:
        raise ImageError(f"This file is larger than {_LARGEST_FILE >> 20} MiB; save the picture smaller.")
    raise ImageError("This file gives no bytes when read; open it in binary mode.")


# --- Pillow, held at arm's length ------------------------------------------------------------------------------------


class _PillowWarnings:
    """Silences the warnings of Pillow's modules while any thread is loading.

    ``warnings.catch_warnings`` saves and restores a list the whole process shares, so two threads entering and leaving
    it in turn can leave it wrong for good. Counting the loads leaves one entry and one exit.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loads = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._loads == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._loads += 1

    def __exit__(self, *_exception: object) -> None:
        with self._lock:
            self._loads -= 1
            if self._loads == 0:
                self._saved.__exit__(None, None, None)


_quiet_pillow = _PillowWarnings()


@contextlib.contextmanager
def _told_as(sentence: str) -> Iterator[None]:
    """Turn whatever Pillow raises inside into an ImageError that says ``sentence``."""
    try:
        yield
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError("There is not enough memory to open this picture; save it smaller.") from error
    # On damaged files Pillow's plugins raise, among others, OSError, SyntaxError, ValueError, KeyError, IndexError,
    # TypeError, EOFError, AttributeError, struct.error, zlib.error and OverflowError, and document none of them.
    except Exception as error:
        raise ImageError(sentence) from error


def _open(data: bytes) -> Image.Image:
    """The picture with its header read and nothing decoded."""
    # TGA has no mark at its start, so it is tried only where its signature stands at the end.
    formats = ["TGA"] if data.endswith(_TGA_SIGNATURE) else _FORMATS
    try:
        return Image.open(BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"This picture is far larger than the {MAX_PIXELS // 1_000_000} megapixels that can be opened; "
            "scale it down and save it again."
        ) from error
    except UnidentifiedImageError as error:
        if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
            raise ImageError("HEIC photographs cannot be read; export this one as JPEG.") from error
        raise ImageError(
            f"This file is not a picture that can be read, or its header is damaged; choose one saved as {_COMMON}."
        ) from error


def _check_size(size: tuple[int, int], limit: int) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise ImageError("This picture has no pixels; choose another file.")
    if width * height > limit:
        raise ImageError(
            f"This picture is {width} × {height} pixels, more than the {limit:,} that can be opened; "
            "scale it down and save it again."
        )
    if max(width, height) > LARGEST_SIDE:
        raise ImageError(
            f"This picture is {width} × {height} pixels; a side may have {LARGEST_SIDE:,} at most, so crop it first."
        )


def _check_effort(image: Image.Image, data: bytes) -> None:
    """Refuse what is small enough to hold but would take minutes to decode."""
    decoder = _tile(image)[0]
    if decoder in _SLOW_DECODERS and image.width * image.height * len(image.getbands()) > _MOST_SLOW_SAMPLES:
        raise ImageError("This picture is too large for the rarely used way it is stored; save it as PNG.")
    if image.format in ("JPEG", "MPO") and _jpeg_scans(data) > _MOST_SCANS:
        raise ImageError("This JPEG file is made of too many scans to decode; save it again.")


_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd8\xff])")  # those that end a scan or begin a segment


def _jpeg_scans(data: bytes) -> int:
    """How many scans the first picture in a JPEG file has; what follows its end, such as a film, is not looked at."""
    scans = 0
    position = 2
    while (marker := _JPEG_MARKER.search(data, position)) is not None:
        kind = marker[1][0]
        if kind == 0xD9:  # end of image
            break
        scans += kind == 0xDA  # start of scan
        position = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2])
    return scans


def _tile(image: Image.Image) -> tuple[str, str]:
    """The decoder's name and the stored layout of the samples, as Pillow calls them; empty where it tells none."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return "", ""
    decoder, arguments = tiles[0][0], tiles[0][3]
    layout = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return str(decoder), layout if isinstance(layout, str) else ""


# --- samples to [0, 1] -----------------------------------------------------------------------------------------------

_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_SAMPLE_FORMAT = 258, 262, 339
_TIFF_UNSIGNED = 1
_ORIENTATION = 0x0112

# What the numbers behind these modes mean is known after a conversion that loses nothing that counts here.
_PLAIN_MODE = {
    "1": "L",
    "P": "RGBA",
    "PA": "RGBA",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "YCbCr": "RGB",
    "CMYK": "RGB",
}


@dataclass(frozen=True)
class _Source:
    """What the header says about the samples and the decoded picture no longer does.

    Attributes:
        top: the value that stands for white in a single-channel picture of more than 8 bits.
        unsigned: whether its 32-bit integers have no sign; Pillow holds them in signed ones.
        inverted: whether 0 stands for white and Pillow leaves it so.
        key: the sample, or three, that stands for "transparent"; None without one.
    """

    top: int
    unsigned: bool
    inverted: bool
    key: int | tuple[int, ...] | None

    @classmethod
    def of(cls, image: Image.Image) -> _Source:
        """Read from a picture that has been opened and not yet decoded."""
        top, unsigned, inverted = 65_535, False, False
        if image.format == "TIFF":
            tags: Any = image.tag_v2  # type: ignore[attr-defined]  # TIFF files have it
            bits = int(tags.get(_TIFF_BITS, (1,))[0])
            unsigned = tags.get(_TIFF_SAMPLE_FORMAT, (_TIFF_UNSIGNED,))[0] == _TIFF_UNSIGNED
            top = 2**bits - 1 if unsigned else 2 ** (bits - 1) - 1
            inverted = tags.get(_TIFF_PHOTOMETRIC) == 0
        return cls(top=top, unsigned=unsigned, inverted=inverted, key=_transparent_key(image))


def _transparent_key(image: Image.Image) -> int | tuple[int, ...] | None:
    """The transparent sample value, scaled as Pillow scales the samples."""
    key = image.info.get("transparency")
    layout = _tile(image)[1]
    if image.mode in ("1", "L", "I;16") and isinstance(key, int):
        return key * {"L;2": 85, "L;4": 17}.get(layout, 1)
    if image.mode == "RGB" and isinstance(key, tuple):
        # Of a 16-bit colour Pillow keeps the upper byte.
        return tuple(part >> 8 for part in key) if layout.startswith("RGB;16") else key
    return None


def _to_array(image: Image.Image, source: _Source, mode: str) -> npt.NDArray[np.float32]:
    width, height = image.size  # TIFF turns a picture upright while decoding it
    turned, flip_rows, flip_columns = _turn(image)
    channels = 3 if mode == "RGB" else 1
    result = np.empty((channels, width, height) if turned else (channels, height, width), dtype=np.float32)
    # The same memory seen the way the file stores it: writing through it turns the picture at no further cost.
    stored = result.transpose(0, 2, 1) if turned else result  # (C, height, width)
    stored = stored[:, :: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    rows = max(1, _BLOCK // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = image.crop((0, top, width, bottom))
        stored[:, top:bottom] = _strip(strip, source, channels)
    return result


def _turn(image: Image.Image) -> tuple[bool, bool, bool]:
    """Whether the stored picture is to be transposed, and before that its rows and columns reversed."""
    try:
        orientation = image.getexif().get(_ORIENTATION, 1)
    # Damaged metadata, which Pillow answers with as many kinds of error as damaged pixels, is no reason to refuse
    # a picture whose pixels are sound: it is shown as stored.
    except Exception:  # noqa: BLE001
        orientation = 1
    # EXIF 2.3, tag 274; 5 to 8 exchange rows and columns.
    table = {
        2: (False, False, True),
        3: (False, True, True),
        4: (False, True, False),
        5: (True, False, False),
        6: (True, True, False),
        7: (True, True, True),
        8: (True, False, True),
    }
    return table.get(orientation, (False, False, False)) if isinstance(orientation, int) else (False, False, False)


def _strip(strip: Image.Image, source: _Source, channels: int) -> npt.NDArray[np.float64]:
    """One strip's values in [0, 1], ``(C, h, w)``, or ``(1, h, w)`` for a grey one in any mode.

    All is whole numbers below 2**53 up to one division at the end, so float64 computes it exactly.
    """
    values, top, alpha = _samples(strip, source)  # (h, w) or (h, w, 3), int, (h, w) or None
    if values.ndim == 3 and channels == 1:
        values, top = values @ LUMA, top * 1000  # (h, w, 3) -> (h, w)
    if values.ndim == 2:
        values = values[:, :, np.newaxis]
    if alpha is not None:
        opacity = alpha[:, :, np.newaxis].astype(np.float64)
        values = values * opacity + top * (255 - opacity)
        top *= 255
    values /= top
    return values.transpose(2, 0, 1)  # (h, w, C) -> (C, h, w)


def _samples(strip: Image.Image, source: _Source) -> tuple[npt.NDArray[np.float64], int, npt.NDArray[np.uint8] | None]:
    """The strip's numbers, the number that stands for white, and the opacity, 0 to 255, where there is one."""
    plain = strip
    if strip.mode in _PLAIN_MODE:
        if strip.mode == "1":
            strip.info.pop("transparency", None)  # compared below; Pillow would compare it too
        plain = strip.convert(_PLAIN_MODE[strip.mode])
    array = np.asarray(plain)
    if plain.mode in ("L", "RGB"):
        return array.astype(np.float64), 255, _opacity(array, source)
    if plain.mode in ("LA", "RGBA"):
        colour = array[:, :, 0] if plain.mode == "LA" else array[:, :, :3]
        return colour.astype(np.float64), 255, array[:, :, -1]
    if plain.mode.startswith("I;16"):
        return _upright_grey(array, source), source.top, _opacity(array, source)
    if plain.mode == "I":
        return _upright_grey(array.view(np.uint32) if source.unsigned else array, source), source.top, None
    if plain.mode == "F":
        if not np.isfinite(array).all():
            raise ImageError("This picture holds values that are not finite numbers; save it with values in [0, 1].")
        return np.clip(array.astype(np.float64), 0, 1), 1, None
    raise ImageError("The colour space of this picture cannot be read; save it as RGB.")


def _upright_grey(array: npt.NDArray[Any], source: _Source) -> npt.NDArray[np.float64]:
    values = np.clip(array.astype(np.float64), 0, source.top)
    return source.top - values if source.inverted else values


def _opacity(array: npt.NDArray[Any], source: _Source) -> npt.NDArray[np.uint8] | None:
    if source.key is None:
        return None
    hidden = array == np.array(source.key)
    if hidden.ndim == 3:
        hidden = hidden.all(axis=2)
    return np.where(hidden, 0, 255).astype(np.uint8)
