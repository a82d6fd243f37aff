"""An uploaded photograph at the working size the screen can show.

``cnn_core.load_image`` decodes and never scales; scaling for the screen happens here, and the screen says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnn_core import ImageError, load_image

SMALLEST = 28
LARGEST = 256
DEFAULT = 128
THINNEST = 8  # cells: fewer leave no room for a 3×3 kernel and 2×2 pooling to show anything

_Pixels = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Photo:
    """A grey photograph and the working copy the chain starts from.

    Attributes:
        name: the uploaded file's name.
        original: ``(H, W)`` of the upload, in pixels.
        base: the photograph scaled to at most 256 pixels a side, ``(H, W)`` float32 in [0, 1]; every working size is
            made from it.
        size: the working copy's longer side, in pixels.
        pixels: the working copy, ``(H, W)`` float64 in [0, 1] in steps of 1/255, painted over where the visitor drew.
    """

    name: str
    original: tuple[int, int]
    base: npt.NDArray[np.float32]
    size: int
    pixels: _Pixels

    @property
    def smallest(self) -> int:
        """The smallest working size that leaves the shorter side its eight cells, at least 28."""
        height, width = self.base.shape
        return int(max(SMALLEST, math.ceil(THINNEST * max(height, width) / min(height, width))))

    def at(self, size: int) -> Photo:
        """The same photograph at another working size; what was painted on the old one is not carried over."""
        size = max(size, self.smallest)
        return replace(self, size=size, pixels=_working_copy(self.base, size))

    def painted(self, pixels: _Pixels) -> Photo:
        """The same photograph with ``pixels`` as its working copy."""
        return replace(self, pixels=pixels)


def open_photo(data: bytes, name: str, size: int = DEFAULT) -> Photo:
    """Decode an uploaded file to grey and scale it to a working size.

    Args:
        data: the file's bytes.
        name: the file's name, shown beside the picture.
        size: the working copy's longer side, 28 to 256 pixels.

    Raises:
        ImageError: where the bytes are no picture, or one too small or too thin to show anything.
    """
    grey = load_image(data, mode="L")[0]  # (1, H, W) -> (H, W)
    height, width = grey.shape
    if min(height, width) < THINNEST:
        raise ImageError(
            f"This picture is {width} × {height} pixels; a photograph needs at least {THINNEST} on each side. "
            "For a few numbers, edit the grid instead."
        )
    if min(_scaled(height, width, LARGEST)) < THINNEST:
        raise ImageError(
            f"This picture is {width} × {height} pixels, too long and thin: scaled to fit, its short side would be "
            f"under {THINNEST} cells. Crop it closer to a square."
        )
    base = _resize(grey, LARGEST) if max(height, width) > LARGEST else grey
    photo = Photo(name=name, original=(height, width), base=base, size=size, pixels=np.empty((0, 0)))
    return photo.at(size)


def _scaled(height: int, width: int, size: int) -> tuple[int, int]:
    longest = max(height, width)
    return max(1, round(height * size / longest)), max(1, round(width * size / longest))


def _resize(grey: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    rows, columns = _scaled(grey.shape[0], grey.shape[1], size)
    # Pillow's mode "F" keeps float precision; its box filter averages all the pixels that a new pixel covers.
    smaller = Image.fromarray(grey).resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(smaller, dtype=np.float32)


def _working_copy(base: npt.NDArray[np.float32], size: int) -> _Pixels:
    # Steps of 1/255, as a screen shows them: the number in a ledger is then the number a pixel tool would read.
    pixels: _Pixels = np.rint(np.clip(_resize(base, size), 0, 1) * 255.0).astype(np.float64) / 255.0
    pixels.setflags(write=False)
    return pixels
