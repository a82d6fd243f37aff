"""Kernels by name and by hand: a library built from meaningful parts, checks, changes, and what can be told of one."""

from cnn_core.kernels.checks import LARGEST_SIZE, check, parse
from cnn_core.kernels.facts import Facts, facts
from cnn_core.kernels.library import LIBRARY, Kernel, get, match, names
from cnn_core.kernels.transforms import (
    flipped,
    mirrored,
    negated,
    normalised,
    random,
    resized,
    rotated,
    transposed,
)

__all__ = [
    "LARGEST_SIZE",
    "LIBRARY",
    "Facts",
    "Kernel",
    "check",
    "facts",
    "flipped",
    "get",
    "match",
    "mirrored",
    "names",
    "negated",
    "normalised",
    "parse",
    "random",
    "resized",
    "rotated",
    "transposed",
]
