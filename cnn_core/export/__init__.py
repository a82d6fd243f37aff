"""Results to take away: a run as NPZ and CSV, and scripts that compute it again: in NumPy alone, PyTorch and Keras."""

from cnn_core.export.arrays import INLINE
from cnn_core.export.keras_code import keras_script
from cnn_core.export.numpy_code import numpy_script
from cnn_core.export.results import archive, npz, to_csv
from cnn_core.export.torch_code import torch_script

__all__ = ["INLINE", "archive", "keras_script", "npz", "numpy_script", "to_csv", "torch_script"]
