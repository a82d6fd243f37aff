"""The named kernels, each built from the one-dimensional parts that give it its meaning.

Orientation: kernels are used by cross-correlation, unflipped, as in PyTorch. The edge part is ``[1, 0, -1]``, so an
edge kernel answers brightly where the left (or upper) side of its window is brighter than the right (or lower) one.

Source: R. C. Gonzalez and R. E. Woods, "Digital Image Processing", 4th ed., sections 3.5 (smoothing), 3.6
(Laplacian, sharpening) and 10.2 (Prewitt, Sobel), with signs turned to the orientation above.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError

__all__ = ["LARGEST_SIZE", "LIBRARY", "Kernel", "check", "get", "match", "names", "parse"]

LARGEST_SIZE = 11
"""The most rows or columns a kernel may have."""

_Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel with a name and a meaning.

    Attributes:
        name: the id, in snake_case.
        title: what the screen calls it.
        weights: ``(KH, KW)`` float64, read-only.
        sentence: what it does and what comes out bright.
        parts: the one-dimensional parts it is the product of, or the kernels it is the sum of.
    """

    name: str
    title: str
    weights: _Weights
    sentence: str
    parts: str

    def __post_init__(self) -> None:
        # A frozen field still lets its array be written to; every session shares this one.
        object.__setattr__(self, "weights", _read_only(self.weights))


def _read_only(weights: npt.ArrayLike) -> _Weights:
    # Copied, so that no array a caller still holds can change it; "+ 0.0" turns a product's -0.0 into 0.0.
    copy = np.array(weights, dtype=np.float64) + 0.0
    copy.setflags(write=False)
    return copy


# The one-dimensional parts. Written down a column or along a row they keep their meaning.
_KEEP = np.array([0.0, 1.0, 0.0])  # the middle value, unchanged
_SUM = np.array([1.0, 1.0, 1.0])  # all three alike
_SMOOTH = np.array([1.0, 2.0, 1.0])  # three, the middle one twice: the smallest binomial, close to a Gaussian
_EDGE = np.array([1.0, 0.0, -1.0])  # before minus after: the first difference
_BEND = np.array([1.0, -2.0, 1.0])  # both neighbours minus twice the middle: the second difference


def _product(down: _Weights, across: _Weights) -> _Weights:
    return np.outer(down, across)  # (KH,), (KW,) -> (KH, KW)


_IDENTITY = _product(_KEEP, _KEEP)
_LAPLACIAN = _product(_BEND, _KEEP) + _product(_KEEP, _BEND)

LIBRARY: tuple[Kernel, ...] = (
    Kernel(
        name="identity",
        title="Identity",
        weights=_IDENTITY,
        sentence="Copies each pixel and ignores its neighbours. The picture comes out as it went in.",
        parts="keep [0 1 0] down × keep [0 1 0] across",
    ),
    Kernel(
        name="box_blur",
        title="Box blur",
        # Divided last: each weight is then the float nearest to 1/9, as a person would type it.
        weights=_product(_SUM, _SUM) / 9,
        sentence="Replaces each pixel by the plain average of its 3×3 neighbourhood. "
        "Detail melts away, and wide bright areas stay bright.",
        parts="sum [1 1 1] down × sum [1 1 1] across, divided by 9",
    ),
    Kernel(
        name="gaussian_blur",
        title="Gaussian blur",
        weights=_product(_SMOOTH, _SMOOTH) / 16,
        sentence="Averages the neighbourhood with more weight on near pixels, so it blurs without boxy traces. "
        "Wide bright areas stay bright.",
        parts="smooth [1 2 1] down × smooth [1 2 1] across, divided by 16",
    ),
    Kernel(
        name="sharpen",
        title="Sharpen",
        weights=_IDENTITY - _LAPLACIAN,
        sentence="Adds to each pixel what sets it apart from its four neighbours. "
        "The bright side of every edge comes out brighter, the dark side darker.",
        parts="identity − Laplacian",
    ),
    Kernel(
        name="prewitt_x",
        title="Vertical edges",
        weights=_product(_SUM, _EDGE),
        sentence="Takes the column on the right away from the column on the left. "
        "Bright where the left is brighter than the right, and zero where nothing changes from left to right.",
        parts="sum [1 1 1] down × edge [1 0 −1] across",
    ),
    Kernel(
        name="sobel_x",
        title="Sobel x",
        weights=_product(_SMOOTH, _EDGE),
        sentence="Finds vertical edges, with the middle row counting twice to calm noise. "
        "Bright where the left is brighter than the right.",
        parts="smooth [1 2 1] down × edge [1 0 −1] across",
    ),
    Kernel(
        name="sobel_y",
        title="Sobel y",
        weights=_product(_EDGE, _SMOOTH),
        sentence="Finds horizontal edges, with the middle column counting twice to calm noise. "
        "Bright where the top is brighter than the bottom.",
        parts="edge [1 0 −1] down × smooth [1 2 1] across",
    ),
    Kernel(
        name="laplacian",
        title="Laplacian",
        weights=_LAPLACIAN,
        sentence="Compares each pixel with its four neighbours, in every direction at once. "
        "Bright where a pixel is darker than they are, and zero on flat areas and even slopes.",
        parts="(bend [1 −2 1] down × keep [0 1 0] across) + (keep [0 1 0] down × bend [1 −2 1] across)",
    ),
)
"""The library, in the order a menu shows it."""

_BY_NAME = {kernel.name: kernel for kernel in LIBRARY}


def names() -> tuple[str, ...]:
    """The library's ids, in its order."""
    return tuple(_BY_NAME)


def get(name: str) -> Kernel:
    """The library kernel called ``name``.

    Args:
        name: an id, such as ``"sobel_x"``.

    Raises:
        ModelError: where the library has no such kernel; the message lists those it has.
    """
    kernel = _BY_NAME.get(name)
    if kernel is None:
        raise ModelError(f"There is no kernel named {_quoted(name)}; the library has {', '.join(_BY_NAME)}.")
    return kernel


def match(weights: npt.ArrayLike) -> Kernel | None:
    """The library kernel that ``weights`` is, or None.

    Every weight must be equal. A float32 or float16 array is compared with the library rounded to its own precision,
    so a network's float32 box blur is still recognised.

    Args:
        weights: ``(KH, KW)`` numbers.
    """
    try:
        checked = check(weights)
    except (ModelError, ShapeError):
        return None
    dtype = np.asarray(weights).dtype
    for kernel in LIBRARY:
        # Whole numbers are compared as they are: rounding 1/9 to an integer would make a box blur of zeros.
        library = kernel.weights.astype(dtype) if dtype.kind == "f" else kernel.weights
        if np.array_equal(library, checked):
            return kernel
    return None


def check(weights: npt.ArrayLike) -> _Weights:
    """``weights`` as a kernel that can be used.

    Args:
        weights: real numbers in rows and columns, 1 to 11 of each.

    Returns:
        A read-only float64 copy, ``(KH, KW)``.

    Raises:
        ShapeError: where they are not 1 to 11 equally long rows of 1 to 11 numbers.
        ModelError: where a weight is not a finite real number.
    """
    try:
        array = np.asarray(weights)
    except ValueError as error:  # NumPy's own refusal of ragged nesting
        raise ShapeError("A kernel needs rows of equal length.") from error
    if array.ndim != 2:
        raise ShapeError(
            f"A kernel is a grid of rows and columns; this has {array.ndim} dimensions. Give it 2, such as 3 × 3."
        )
    _check_size(*array.shape)
    if array.dtype.kind not in "fiub":
        raise ModelError("A kernel's weights must be real numbers.")
    copy = _read_only(array)
    if not np.isfinite(copy).all():
        row, column = np.argwhere(~np.isfinite(copy))[0]
        raise ModelError(
            f"The weight in row {row + 1}, column {column + 1} is {copy[row, column]}; a weight must be finite."
        )
    return copy


# One number, as a person types it; no "inf", no "nan", no "1_000".
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")


def parse(text: str) -> _Weights:
    """Read a kernel from typed or pasted text.

    Rows end with a line break or a semicolon; numbers in a row are set apart by spaces, tabs or commas. A number may be
    a fraction such as ``1/9``; the minus sign may be the typographic one, as the screen shows it.

    Args:
        text: for example ``"1 0 -1; 2 0 -2; 1 0 -1"``.

    Returns:
        A read-only float64 array, ``(KH, KW)``, 1 to 11 rows and columns.

    Raises:
        ShapeError: where there are no numbers, rows differ in length, or there are more than 11 of either.
        ModelError: where something is not a finite number.
    """
    plain = re.sub(r"[ \t]*/[ \t]*", "/", text.replace("−", "-"))
    split = [re.split(r"[\s,]+", row.strip(" \t,")) for row in re.split(r"[;\r\n]", plain)]
    rows = [row for row in split if row != [""]]
    if not rows:
        raise ShapeError("There are no numbers here; type rows such as 1 0 -1; 1 0 -1; 1 0 -1.")
    # Sizes come first, so that a whole spreadsheet pasted by mistake is refused without being read.
    _check_size(len(rows), max(len(row) for row in rows))
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
        raise ShapeError(
            f"Row 1 has {lengths[0]} numbers and row {odd + 1} has {lengths[odd]}; give all rows the same."
        )
    return check([[_number(word) for word in row] for row in rows])


def _number(word: str) -> float:
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise ModelError(f"{_quoted(word)} is not a number; write one such as 2, -0.5 or 1/9.")
    value, divisor = float(found[1]), float(found[2] or 1)
    if divisor == 0:
        raise ModelError(f"{_quoted(word)} divides by zero; write another number below the line.")
    if not math.isfinite(divisor) or not math.isfinite(value / divisor):
        raise ModelError(f"{_quoted(word)} is too large to compute with; write a smaller number.")
    return value / divisor


def _check_size(rows: int, columns: int) -> None:
    if not (1 <= rows <= LARGEST_SIZE and 1 <= columns <= LARGEST_SIZE):
        raise ShapeError(
            f"This kernel has {rows} rows and {columns} columns; a kernel has 1 to {LARGEST_SIZE} of each."
        )


def _quoted(text: object) -> str:
    shown = str(text)
    return repr(shown if len(shown) <= 20 else shown[:19] + "…")
