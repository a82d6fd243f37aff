"""What a laboratory takes over from Explore, made to fit: numbers small enough to look at one by one."""

from __future__ import annotations

import numpy as np

from pages.shared.chain import Chain
from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Experiment, FloatArray, read_only
from pages.shared.photo import resized

OWN, FEATURES = "explore", "features"  # inputs by name
SIDE_LARGEST = 64  # cells
_STEPS = 3 * 255


def input_of(experiment: Experiment, most: int = SIDE_LARGEST) -> FloatArray:
    """What Explore is looking at, ``(C, H, W)``, at most ``most`` cells a side."""
    planes = experiment.input
    if max(planes.shape[1:]) > most:
        # Steps of 1/255, as in Explore.
        planes = np.rint(resized(planes.astype(np.float32), most).astype(np.float64) * 255.0) / 255.0
    return read_only(planes)


def plane_of(experiment: Experiment) -> FloatArray:
    """The same in one plane, ``(H, W)``: of a picture in colour, the mean of its three."""
    planes = input_of(experiment)
    mean = planes.mean(axis=0)
    # Of steps of 1/255 the mean has steps of a third of that, which rounding blurred: short to write down.
    stepped = np.rint(mean * _STEPS) / _STEPS
    return read_only(stepped if len(planes) > 1 and np.allclose(stepped, mean, rtol=0, atol=1e-12) else mean)


def features_of(chain: Chain, output: int) -> FloatArray:
    """Explore's feature map that is looked at, ``(H, W)``; of a large one the middle, so that its numbers stay.

    Raises:
        EditRefusedError: with a sentence, where Explore has none.
    """
    if not chain.trace.stages:
        raise EditRefusedError("Explore has no feature map, as its kernel does not fit its input. Mend that first.")
    maps = chain.trace.stages[0].output[0]
    plane = maps[min(output, len(maps) - 1)]
    return read_only(middle(plane, SIDE_LARGEST))


def middle(maps: FloatArray, most: int) -> FloatArray:
    """Of maps ``(..., H, W)`` the middle, at most ``most`` cells a side: every number of it stays what it was."""
    top, left = (max(0, size - most) // 2 for size in maps.shape[-2:])
    return maps[..., top : top + most, left : left + most]
