"""Pooling: one number for each window of each channel, and the way back."""

from cnn_core.ops.pool.average import avg_pool2d, avg_pool2d_backward, divisor
from cnn_core.ops.pool.checks import pool_window
from cnn_core.ops.pool.largest import max_pool2d, max_pool2d_backward

__all__ = ["avg_pool2d", "avg_pool2d_backward", "divisor", "max_pool2d", "max_pool2d_backward", "pool_window"]
