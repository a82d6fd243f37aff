"""What may be a kernel: checks, and reading one from typed text."""

from __future__ import annotations

import math
import operator
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError, ShapeError, shown
from cnn_core.kernels.bracketed import unbracketed

LARGEST_SIZE = 11
"""The most rows or columns a kernel may have."""

LARGEST_WEIGHT = 1e300
"""The largest size of a weight: what is asked of a kernel adds all of them up, and that has to stay finite."""

Weights = npt.NDArray[np.float64]


def read_only(weights: npt.ArrayLike) -> Weights:
    """A float64 copy that cannot be written to, without minus zeros."""
    # Copied, so that no array a caller still holds can change it; "+ 0.0" turns a product's -0.0 into 0.0.
    copy = np.array(weights, dtype=np.float64) + 0.0
    copy.setflags(write=False)
    return copy


def check(weights: npt.ArrayLike) -> Weights:
    """``weights`` as a kernel that can be used.

    Args:
        weights: real numbers in rows and columns, 1 to 11 of each.

    Returns:
        A read-only float64 copy, ``(KH, KW)``.

    Raises:
        ShapeError: where they are not 1 to 11 equally long rows of 1 to 11 numbers.
        ModelError: where a weight is no real number, or none from -1e300 to 1e300.
    """
    if isinstance(weights, np.ma.MaskedArray):
        raise ShapeError("A kernel needs a number in every cell, and this array has a mask; weights.filled(0) works.")
    try:
        array = np.asarray(weights)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged nesting, or what hands out no numbers
        raise ShapeError(
            f"A kernel needs rows of equal length, and this is {quoted(weights)}; [[1, 2], [3, 4]] works."
        ) from error
    if array.ndim != 2:
        raise ShapeError(
            f"A kernel is a grid of rows and columns; this has {array.ndim} dimensions. Give it 2, such as 3 × 3."
        )
    check_size(*array.shape)
    if array.dtype.kind not in "fiub":
        raise ModelError(f"A kernel's weights must be real numbers, and these are {array.dtype}; [[1, 2.5]] works.")
    copy = read_only(array)
    wrong = ~(np.abs(copy) <= LARGEST_WEIGHT)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ModelError(
            f"The weight in row {row + 1}, column {column + 1} is {copy[row, column]}; "
            f"a weight must be finite, at most {LARGEST_WEIGHT:g} in size."
        )
    return copy


# One number, as a person types it; no "inf", no "nan", no "1_000".
_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")


def parse(text: str) -> Weights:
    """Read a kernel from typed or pasted text.

    Rows end with a line break or a semicolon; numbers in a row are set apart by blanks, a tab or a comma, and between
    two tabs or commas there has to be one. Rows may stand in brackets, as Python, NumPy and PyTorch write and print
    them. A number may be a fraction such as ``1/9``; the minus sign may be the typographic one, as the screen shows it.

    Args:
        text: for example ``"1 0 -1; 2 0 -2; 1 0 -1"``.

    Returns:
        A read-only float64 array, ``(KH, KW)``, 1 to 11 rows and columns.

    Raises:
        ShapeError: where there are no numbers, brackets hold no grid of them, rows differ in length, or there are more
            than 11 of either.
        ModelError: where something is not a finite number, a cell is left empty, or what was given is no text.
    """
    if not isinstance(text, str):
        raise ModelError(f"A kernel is read from text such as 1 0 -1; 2 0 -2; 1 0 -1, and this is {quoted(text)}.")
    # Blanks of every kind, such as those at which no line is broken, are blanks.
    plain = re.sub(r"[^\S\t\r\n]", " ", unbracketed(text).replace("−", "-"))
    plain = "/".join(part.strip(" \t") for part in plain.split("/"))
    ended = [row.strip(" \t,") for row in re.split(r"[;\r\n]", plain)]
    rows = [_words(row) for row in ended if row]
    if not rows:
        raise ShapeError("There are no numbers here; type rows such as 1 0 -1; 1 0 -1; 1 0 -1.")
    # Sizes come first, so that a whole spreadsheet pasted by mistake is refused without being read.
    check_size(len(rows), max(len(row) for row in rows))
    empty = next((i for i, row in enumerate(rows) if "" in row), None)
    if empty is not None:
        raise ModelError(f"Row {empty + 1} has nothing between two commas or tabs; 0 works there.")
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
        raise ShapeError(
            f"Row 1 has {lengths[0]} numbers and row {odd + 1} has {lengths[odd]}; give all rows the same."
        )
    return check([[_number(word) for word in row] for row in rows])


def _words(row: str) -> list[str]:
    """What a comma or a tab sets apart, with whatever blanks around it, or blanks alone; "" where nothing is."""
    cells = [cell for part in row.split(",") for cell in part.strip(" \t").split("\t")]
    return [word for cell in cells for word in cell.split() or [""]]


def _number(word: str) -> float:
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise ModelError(f"{quoted(word)} is not a number; write one such as 2, -0.5 or 1/9.")
    value, divisor = float(found[1]), float(found[2] or 1)
    if divisor == 0:
        raise ModelError(f"{quoted(word)} divides by zero; write another number below the line.")
    if not math.isfinite(divisor) or not math.isfinite(value / divisor):
        raise ModelError(f"{quoted(word)} is too large to compute with; write a smaller number.")
    return value / divisor


def size_of(shape: Any) -> tuple[int, int]:
    """The rows and columns that a kernel is wished to have.

    Raises:
        ShapeError: where it is no pair of whole numbers, or outside 1 to 11.
    """
    try:
        rows, columns = (operator.index(each) for each in shape)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"A kernel's size is two whole numbers, rows and columns; this is {quoted(shape)}. 3 × 3 works: (3, 3)."
        ) from error
    check_size(rows, columns)
    return rows, columns


def check_size(rows: int, columns: int) -> None:
    """Refuse a size that no kernel here has.

    Raises:
        ShapeError: outside 1 to 11 rows and columns.
    """
    if not (1 <= rows <= LARGEST_SIZE and 1 <= columns <= LARGEST_SIZE):
        raise ShapeError(
            f"This kernel has {shown(rows)} rows and {shown(columns)} columns; "
            f"a kernel has 1 to {LARGEST_SIZE} of each."
        )


def quoted(text: object) -> str:
    """Text for a message, cut where it is long."""
    written = text if isinstance(text, str) else shown(text)
    return repr(written if len(written) <= 20 else written[:19] + "…")
