"""A picture at the working size the screen can show: a visitor's photograph or a sample.

``cnn_core.load_image`` decodes and never scales; scaling for the screen happens here, and the screen says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnn_core import ImageError, load_image
from cnn_core.images import bits_a_channel

SMALLEST = 28
LARGEST = 512
DEFAULT = 128
THINNEST = 8  # cells: fewer leave no room for a 3×3 kernel and 2×2 pooling to show anything
COLOUR_MOST = 24_000_000  # pixels: three float planes of a larger picture would not leave room for other visitors

_Pixels = npt.NDArray[np.float64]
_Base = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture and the working copy the chain starts from.

    Attributes:
        name: the uploaded file's name, or the sample's title.
        sample: the sample it is, or "" for a picture of the visitor's own.
        original: ``(H, W)`` of the upload, in pixels.
        grey: the picture's luma scaled to at most 512 pixels a side, ``(H, W)`` float32 in [0, 1].
        rgb: likewise in colour, ``(3, H, W)``, or None where there is no colour to show.
        why_grey: why there is no colour, or "".
        colour: ``"grey"`` or ``"rgb"``: which of the two the working copy is made of.
        size: the working copy's longer side, in pixels.
        pixels: the working copy, ``(C, H, W)`` float64 in steps of 1/255, painted over where drawn on.
        painted: whether the visitor drew on it.
        bits: how many a channel has in the upload; the working copy has 8.
    """

    name: str
    sample: str
    original: tuple[int, int]
    grey: _Base
    rgb: _Base | None
    why_grey: str
    colour: str
    size: int
    pixels: _Pixels
    painted: bool = False
    bits: int = 8

    @property
    def smallest(self) -> int:
        """The smallest working size that leaves the shorter side its eight cells, at least 28 where the picture has."""
        height, width = self.grey.shape
        longest = max(height, width)
        return int(max(min(SMALLEST, longest), math.ceil(THINNEST * longest / min(height, width))))

    @property
    def wanted(self) -> int:
        """The working size for the next picture: this one's, where it was asked for, else the usual one."""
        return DEFAULT if self.size == unasked(*self.grey.shape) else self.size

    def at(self, size: int) -> Photo:
        """The same picture at another working size; what was painted on the old one is not carried over."""
        return self._worked(max(size, self.smallest), self.colour)

    def like(self, before: Photo) -> Photo:
        """The same picture looked at as the one before: as large as that was asked for, and in colour where it was."""
        return self.at(min(before.wanted, max(self.grey.shape))).in_colour(before.colour)

    def in_colour(self, colour: str) -> Photo:
        """The same picture in grey or in colour; what was painted on the old one is not carried over."""
        return self._worked(self.size, "grey" if self.rgb is None else colour)

    def paint(self, pixels: _Pixels) -> Photo:
        """The same picture with ``pixels``, ``(C, H, W)``, as its working copy."""
        return replace(self, pixels=pixels, painted=True)

    def _worked(self, size: int, colour: str) -> Photo:
        base = self.rgb if colour == "rgb" and self.rgb is not None else self.grey[None]
        # Steps of 1/255, as a screen shows them: the number in a ledger is then the number a pixel tool would read.
        pixels: _Pixels = np.rint(np.clip(resized(base, size), 0, 1) * 255.0).astype(np.float64) / 255.0
        pixels.setflags(write=False)
        return replace(self, size=size, colour=colour, pixels=pixels, painted=False)


def unasked(height: int, width: int) -> int:
    """The working size that nobody asked for, in pixels: the usual one, and never larger than the picture is."""
    # A single bright pixel must not become four, nor a digit's 28 rows 128 that are some four, some five high.
    return min(DEFAULT, max(height, width))


def open_photo(data: bytes, name: str, size: int | None = None) -> Photo:
    """Decode an uploaded file and scale it to a working size; it is shown in grey until colour is asked for.

    Args:
        data: the file's bytes.
        name: the file's name, shown beside the picture.
        size: the working copy's longer side, up to 512 pixels; None for the usual one.

    Raises:
        ImageError: where the bytes are no picture, or one too small or too thin to show anything.
    """
    grey = load_image(data, mode="L")
    _, height, width = grey.shape
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
    if height * width > COLOUR_MOST:
        rgb, why = None, f"Colour is for pictures of up to {COLOUR_MOST // 1_000_000} megapixels: save it smaller"
    else:
        rgb, why = load_image(data, mode="RGB"), ""
    photo = from_planes(grey[0], rgb, name, original=(height, width), size=size, why_grey=why)
    return replace(photo, bits=bits_a_channel(data))


def from_planes(
    grey: _Base,
    rgb: _Base | None,
    name: str,
    *,
    original: tuple[int, int],
    size: int | None = None,
    sample: str = "",
    why_grey: str = "",
) -> Photo:
    """A picture from its planes in [0, 1]: ``grey`` ``(H, W)``, ``rgb`` ``(3, H, W)`` or None."""
    size = unasked(*original) if size is None else size
    grey = _at_most(grey[None])[0]
    rgb = None if rgb is None else _at_most(rgb)
    if rgb is not None and np.array_equal(rgb[0], rgb[1]) and np.array_equal(rgb[1], rgb[2]):
        rgb, why_grey = None, "This picture has no colour: red, green and blue are equal everywhere"
    nothing = np.empty((1, 0, 0))
    photo = Photo(name, sample, original, grey, rgb, why_grey, colour="grey", size=size, pixels=nothing)
    return photo.at(min(size, LARGEST))


def _at_most(planes: _Base) -> _Base:
    return resized(planes, LARGEST) if max(planes.shape[1:]) > LARGEST else planes


def _scaled(height: int, width: int, size: int) -> tuple[int, int]:
    longest = max(height, width)
    return max(1, round(height * size / longest)), max(1, round(width * size / longest))


def resized(planes: _Base, size: int) -> _Base:
    """Planes ``(C, H, W)`` scaled so that the longer side has ``size`` cells, each the mean of those it covers."""
    rows, columns = _scaled(planes.shape[1], planes.shape[2], size)
    # Pillow's mode "F" keeps float precision; its box filter averages all the pixels that a new pixel covers.
    smaller = [Image.fromarray(plane).resize((columns, rows), Image.Resampling.BOX) for plane in planes]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in smaller])
