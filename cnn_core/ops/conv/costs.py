"""How long each algorithm will take: what it does, counted, times what one of each was measured to take.

These and all figures beside thresholds are of one thread with AVX-512, float32, OpenBLAS 0.3.31. Where a comment says
that numbers stay in a cache, the first-level one has 48 kB, the second-level one 2 MB, or 1 MB where that was the
smaller machine's. Figures were taken at different times: two in one sentence belong together, others need not agree.

The nanoseconds were fitted to random shapes, each done in every way that can do it: to 12,000 for all ways, and where a
way changed later, to more of its own:

- the first three ways: 4,700, when their calls had become fewer;
- Winograd's: 500 with weights that had come before, on a machine where the others took 1.77 times as long;
- whole rows: 27,000, and 6,000 with large slabs; where rows are laid out as they lie, 50 photographs, most in grey;
- folded planes: 25,000; where some rows of the result tell whether all is finite, the same 50 photographs;
- panels and windows gathered for several images at once: 7,500 batches;
- staggered planes and planes' rows: 5,100 on a machine whose memory beyond 2 MB is slow, in the units of folded ones;
  their chunks and sums were lowered when a bias had come into the product and zeros were written once, and numbers
  picked, which come two at a time by now, to what 60 shapes with a stride of 2 took beside folded ones;
- folded planes whose rows a dilation keeps apart: 1,000, beside staggered ones;
- kernels of one row: 460, on a machine where gathering and bands took 1.45 times as long;
- spectra: scaled when 15 shapes took 0.71 of the time; large tiles: 8 sides;
- slabs far from the processor: 12 kernels of 41×41 to 400×400.

What is estimated to be the fastest took 1.03 times as long as what was, on 3,300 others, where thresholds on channels,
taps and columns had taken 1.25; ``tests/benchmarks/test_choice.py`` measures it again.
Gradients have ways of their own, for which there are estimates too: those abreast were fitted to 4,200 shapes, and the
weights' scaled when less was laid out at a time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from cnn_core.ops.conv import (
    counts,
    covered,
    gradient_counts,
)
from cnn_core.ops.conv.counts import Work, images_together, in_few_calls, panel, plane_by_plane

# Channels of a group from which on it may pay to gather windows a tap at a time.
TAPPED_LEAST = 32

# Nanoseconds, by the algorithm's name and by what is counted.
NANOSECONDS: Mapping[str, Mapping[str, float]] = {
    "gathered": {
        "image": 6930,
        "line copied": 3.24,
        "number copied": 0.111,
        "line copied as one": 1.64,
        "number of one": 0.0953,
        "number padded": 0.249,
        "multiply-add": 0.0101,
        "multiply-add over columns": 0.0315,
        "cell far from the processor": 0.125,
    },
    "banded": {
        "call": 16300,
        "strip": 11600,
        "product": 7.83,
        "number far from the processor": 0.12,
        "line copied": 2.54,
        "number copied": 0.15,
        "multiply-add": 0.00852,
        "multiply-add over columns": 0.235,
        "cell put in its place": 0.179,
        "cell": 0.0116,
        "cell of a plane by itself": 0.15,
    },
    "whole rows": {
        "call": 5920,
        "strip": 2970,
        "product": 16,
        "number far from the processor": 0.12,
        "line copied": 3.6,
        "number copied": 0.0804,
        "number copied straight": 0.065,
        "number padded": 0.0995,
        "number of a band": 0.838,
        "multiply-add": 0.00898,
        "multiply-add over columns": 0.0532,
        "cell": 0.0785,
    },
    "plane rows": {
        "call": 8950,
        "chunk": 5000,
        "number of a band": 0.05,
        "line copied": 4.6,
        "number copied": 0.0817,
        "multiply-add": 0.0115,
    },
    "panels": {
        "call": 9010,
        "strip": 4360,
        "line copied": 1.36,
        "number copied": 0.157,
        "step": 0.0077,
        "line put in its place": 1.62,
        "cell": 0.143,
    },
    "batched": {
        "call": 8840,
        "block": 105,
        "product": 42.2,
        "line copied": 2.67,
        "number copied": 0.158,
        "line copied as one": 1.78,
        "number of one": 0.0457,
        "number padded": 0.171,
        "multiply-add": 0.0089,
        "multiply-add of a large product": 0.00314,
        "multiply-add over columns": 0.0138,
        "cell": 0.0208,
    },
    "covered": {
        "call": 5000,
        "window": 7,
        "weight": 0.03,
        "multiply-add": 0.0115,
    },
    "tapped": {
        "call": 8000,
        "product": 4000,
        "weight": 0.8,
        "number copied": 0.15,
        "cell added": 0.3,
        "multiply-add": 0.0088,
    },
    "folded": {
        "call": 13000,
        "chunk": 4000,
        "product": 52.7,
        "number multiplied": 0.15,
        "number of a band": 0.188,
        "multiply-add": 0.0128,
        "cell": 0.26,
        "cell looked at before": 0.06,
        "cell of a plane in parts": 0.15,
        "cell of rows apart": 1.0,
    },
    "staggered": {
        "call": 10800,
        "chunk": 500,
        "column or row": 250,
        "line copied": 0.59,
        "number copied": 0.107,
        "number picked": 0.14,
        "number far from the processor": 0.3,
        "product": 38.8,
        "sum": 0.09,
        "multiply-add": 0.006,
    },
    "along rows": {
        "call": 9240,
        "edge": 5260,
        "product": 24.9,
        "number of a band": 0.0607,
        "multiply-add": 0.0211,
        "cell far from the processor": 0.0704,
    },
    "separable": {
        "plane": 31400,
        "strip": 2030,
        "multiply-add": 0.0118,
        "cell between": 0.406,
        "cell": 0.224,
    },
    "spectral": {
        "kernel": 17000,
        "tile": 18000,
        "cell of a tile": 5.6,
    },
    "winograd": {
        "call": 24200,
        "image apart": 300,
        "image apart of its own size": 24200,
        "kernel": 16.5,
        "kernel read again": 2,
        "number looked at": 0.236,
        "tile read": 5.96,
        "tile made": 3.25,
        "tile of a kernel": 0.112,
    },
    "weights by rows": {
        "call": 9740,
        "strip": 9620,
        "product": 8.26,
        "weight of a product": 0.129,
        "line copied": 1.44,
        "number copied": 0.217,
        "multiply-add": 0.0177,
        "cell": 0.0679,
        "product of a plane by itself": 45,
    },
    "weights dotted": {
        "call": 8000,
        "step": 700,
        "dot": 8.5,
        "number copied": 0.06,
        "number picked": 0.25,
        "multiply-add": 0.055,
        "multiply-add far from the processor": 0.033,
    },
    "weights by windows": {
        "call": 451,
        "image": 7590,
        "weight of a product": 0.087,
        "line copied": 4.46,
        "number copied": 0.117,
        "multiply-add": 0.014,
        "cell": 0.0238,
    },
    "spread stamped": {
        "call": 8000,
        "product": 3000,
        "sum": 1500,
        "part put": 2000,
        "number made": 0.2,
        "number put": 0.6,
        "multiply-add": 0.0105,
    },
    "spread abreast": {
        "call": 7990,
        "strip": 1530,
        "move": 2160,
        "product": 43.3,
        "line copied": 0.823,
        "number copied": 0.184,
        "number made": 0.117,
        "multiply-add": 0.0085,
        "multiply-add over columns": 0.0994,
    },
    "weights abreast": {
        "strip": 12100,
        "product": 17.6,
        "weight of a product": 0.321,
        "line copied": 0.815,
        "number copied": 0.113,
        "number read": 0.0193,
        "multiply-add": 0.00864,
    },
}

COUNTED = {**counts.COUNTED, **gradient_counts.COUNTED}


@lru_cache(maxsize=1024)
def microseconds(name: str, work: Work) -> float:
    """How long the algorithm of that name will take; whether it can do the work is not asked here."""
    if name == "banded" and 1 < work.outputs == work.groups:
        name = "plane rows" if plane_by_plane(work) else name
    elif name == "banded":
        name = "panels" if panel(work) else "whole rows" if in_few_calls(work) else name
    if name == "separable" and work.window.kernel_size[0] == 1:
        name = "along rows"
    if name == "gathered":
        name = _gathered_by(work)
    return _time(name, work)


def _time(name: str, work: Work) -> float:
    """Microseconds of exactly that algorithm."""
    each = NANOSECONDS[name]
    return sum(each[kind] * count for kind, count in COUNTED[name](work).items()) / 1000


def tap_by_tap(work: Work) -> bool:
    """Whether gathering windows a tap at a time is estimated to be the faster way of gathering them."""
    return _gathered_by(work) == "tapped"


@lru_cache(maxsize=1024)
def _gathered_by(work: Work) -> str:
    """Which of the ways to gather windows is taken: a key of ``NANOSECONDS``."""
    if covered.covers(work.window, work.image):
        return "covered"
    name = "batched" if images_together(work) else "gathered"
    few = work.channels // work.groups < TAPPED_LEAST or math.prod(work.window.kernel_size) == 1  # channels, or taps
    return name if few or _time(name, work) < _time("tapped", work) else "tapped"
