"""How much memory is held on to: arrays, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from cnn_core import Gradients, Trace


def weigh(*held: Any) -> int:
    """Bytes of the arrays in traces, gradients, and lists and dictionaries of these, each once.

    A view holds all of what it looks into. Of anything else nothing is counted.
    """
    whole = (array.base if isinstance(array.base, np.ndarray) else array for array in _arrays(held))
    return sum({id(array): array.nbytes for array in whole}.values())


def _arrays(held: Any) -> Iterator[npt.NDArray[Any]]:
    parts: Any = ()
    if isinstance(held, np.ndarray):
        yield held
    elif isinstance(held, Trace):
        parts = (held.input, *((stage.output, stage.layer.params()) for stage in held.stages))
    elif isinstance(held, Gradients):
        parts = (held.input, held.params, held.stages)
    elif isinstance(held, Mapping):
        parts = held.values()
    elif isinstance(held, list | tuple):
        parts = held
    for part in parts:
        yield from _arrays(part)
