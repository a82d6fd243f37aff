"""Results to take away: a run as NPZ and CSV, and a script that computes it again in NumPy alone."""

from cnn_core.export.results import archive, npz, to_csv
from cnn_core.export.script import INLINE, numpy_script

__all__ = ["INLINE", "archive", "npz", "numpy_script", "to_csv"]
