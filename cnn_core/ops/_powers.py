"""Whether softmax may take powers of e of scores as they are, without the largest of each row taken off."""

from __future__ import annotations

import numpy as np

from cnn_core.ops._arrays import Array

# Limits of a row's sum of powers in single precision: above the second a power may be infinite; below the first more of
# the small ones would be 0. Between them nothing is lost: the power of a score is exact to its last bits, that of a
# difference only as exact as the difference.
LEAST, MOST = 2.0**-20, 2.0**100


def within_reach(sums: Array) -> bool:
    """Whether each row's sum of powers, ``(...)``, is within these limits, and none NaN."""
    if not sums.size:
        return True
    return bool(np.minimum.reduce(sums, axis=None) >= LEAST and np.maximum.reduce(sums, axis=None) <= MOST)
