"""Pooling: one number for each window of each channel, and the way back."""

from cnn_core.ops.pool.adaptive import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    adaptive_size,
    sizes_of,
)
from cnn_core.ops.pool.average import avg_pool2d, avg_pool2d_backward, divisor, divisors
from cnn_core.ops.pool.checks import pool_window, window_size
from cnn_core.ops.pool.largest import max_pool2d, max_pool2d_backward
from cnn_core.ops.pool.power import lp_pool2d, lp_pool2d_backward, norm_of, slope

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "adaptive_size",
    "avg_pool2d",
    "avg_pool2d_backward",
    "divisor",
    "divisors",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "norm_of",
    "pool_window",
    "sizes_of",
    "slope",
    "window_size",
]
