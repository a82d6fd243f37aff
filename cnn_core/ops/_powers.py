"""Whether powers of e could be taken of scores as they are, not shifted by the largest of each row."""

from __future__ import annotations

import numpy as np

from cnn_core.ops._arrays import Array

# Between these a row's powers may add up, in single precision: above, one of them might be infinite; below, more of
# those beside the largest would be 0. A power of a score as it is is right to its last bits whatever the score, and one
# of a difference no more so than the difference.
LEAST, MOST = 2.0**-20, 2.0**100


def within_reach(sums: Array) -> bool:
    """Whether each row's sum of powers is neither too large nor too small, nor NaN."""
    if not sums.size:
        return True
    return bool(np.minimum.reduce(sums, axis=None) >= LEAST and np.maximum.reduce(sums, axis=None) <= MOST)
