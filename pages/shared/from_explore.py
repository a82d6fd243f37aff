"""What a laboratory takes over from Explore, made to fit: numbers small enough to look at one by one."""

from __future__ import annotations

import numpy as np

from pages.shared.experiment import Experiment, FloatArray, read_only
from pages.shared.photo import resized

OWN = "explore"  # an input's name
SIDE_LARGEST = 64  # cells


def input_of(experiment: Experiment) -> FloatArray:
    """What Explore is looking at, ``(C, H, W)``, at most 64 cells a side."""
    planes = experiment.input
    if max(planes.shape[1:]) > SIDE_LARGEST:
        # Steps of 1/255, as in Explore.
        planes = np.rint(resized(planes.astype(np.float32), SIDE_LARGEST).astype(np.float64) * 255.0) / 255.0
    return read_only(planes)
