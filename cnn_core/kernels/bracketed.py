"""Rows of numbers in brackets, as Python, NumPy and PyTorch write and print them."""

from __future__ import annotations

import re

from cnn_core.errors import ShapeError

# "weights = np.array(" before the brackets, ", dtype=float32)" behind them.
_BEFORE = re.compile(r"(?:[A-Za-z_][\w.]*\s*=\s*)?(?:[A-Za-z_][\w.]*\(\s*)?")
_BEHIND = re.compile(r"(?:,\s*\w+\s*=[^\[\]]*)?,?\s*\)?[;,]?")
_ROW = re.compile(r"\[([^\[\]]*)\]")
# One grid of rows, R each, in any number of brackets, with or without commas.
_GRID = re.compile(r"(\[*)R(?:,?R)*((?:,?\])*),?")


def unbracketed(text: str) -> str:
    """The same rows with a line each and a tab between numbers; text without brackets as it is.

    In brackets a comma parts numbers and is never a decimal comma; what NumPy prints has none.

    Raises:
        ShapeError: where the brackets hold no single grid.
    """
    first, last = text.find("["), text.rfind("]")
    if first < 0 and last < 0:
        return text
    inside = text[first : last + 1]
    grid = _GRID.fullmatch("".join(_ROW.sub("R", inside).split())) if 0 <= first < last else None
    around = _BEFORE.fullmatch(text[:first].strip()) and _BEHIND.fullmatch(text[last + 1 :].strip())
    if grid is None or not around or len(grid[1]) != grid[2].count("]"):
        raise ShapeError("These brackets hold no grid of numbers; [[1, 2], [3, 4]] works.")
    return "\n".join(_tabbed(row) for row in _ROW.findall(inside))


def _tabbed(row: str) -> str:
    numbers = re.sub(r"\s*/\s*", "/", row).strip().removesuffix(",")
    return re.sub(r"\t?;\t?", "\n", re.sub(r"\s*,\s*|\s+", "\t", numbers.strip()))
