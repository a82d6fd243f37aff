"""A run's arrays as a script has them: short ones in its text, longer ones read from the run's archive."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cnn_core.errors import ModelError
from cnn_core.network import Sequential
from cnn_core.ops._arrays import Array, real
from cnn_core.settings import whole

INLINE = 2048
"""Numbers that a script still holds itself; a longer array is read from the archive beside it."""

BESIDE = 'Path(sys.argv[0]).parent / "trace.npz"'
"""Where a script looks for the archive that nobody named: beside itself, wherever it is run from."""

ARCHIVE = f"data = np.load(sys.argv[1] if len(sys.argv) > 1 else {BESIDE})"
"""The line of a script that opens the archive."""


class Written:
    """The arrays of a network and its input, written one by one."""

    def __init__(self, network: Sequential, x: npt.ArrayLike, inline: int) -> None:
        """Take what is written from.

        Args:
            network: whose parameters and buffers are written.
            x: its input.
            inline: the longest array that the script holds itself.

        Raises:
            ModelError: where there is no network, or ``inline`` is no whole number of at least 0.
            ShapeError: where ``x`` holds no real numbers.
        """
        if not isinstance(network, Sequential):
            raise ModelError(f"a script is of a network, got {type(network).__name__}; Sequential([ReLU()]) works")
        self.inline = whole(inline, "inline", least=0, works=INLINE, error=ModelError)
        self.input = real(x, "x")
        held = [array for layer in network.layers for array in (layer.params() | layer.buffers()).values()]
        self.double = all(array.dtype == np.float64 for array in (self.input, *held))
        """Whether all of it is in double precision, as what is written always is."""
        self.single = all(array.dtype == np.float32 for array in (self.input, *held))
        """Whether all of it is in single precision, so that the run was too."""
        self.external = False
        """Whether anything has been left to the archive."""

    def array(self, array: Array, key: str) -> str:
        """The expression that makes an array in double precision, which the archive has by the name ``key``."""
        if array.size > self.inline:
            self.external = True
            return f'data["{key}"]' if self.double else f'np.asarray(data["{key}"], dtype=np.float64)'
        return f"np.array({np.asarray(array, dtype=np.float64).tolist()!r})"


def beyond_numbers(lines: Iterable[str]) -> list[str]:
    """The line that says what ``inf`` and ``nan`` are, where any of these lines has one."""
    return ["inf, nan = np.inf, np.nan", ""] if any(re.search(r"\b(inf|nan)\b", line) for line in lines) else []
