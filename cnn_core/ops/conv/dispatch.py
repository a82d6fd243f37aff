"""Which algorithm slides a kernel, and why: the one place where that is decided.

What it is decided by was measured, see ``costs``; ``tests/benchmarks`` measures again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, Self

import numpy as np

from cnn_core.ops._arrays import Array
from cnn_core.ops.conv import folded, staggered_rows, winograd
from cnn_core.ops.conv.banded import block_rows, correlate_banded
from cnn_core.ops.conv.costs import microseconds
from cnn_core.ops.conv.counts import Work, staggered_chunk
from cnn_core.ops.conv.covered import covers
from cnn_core.ops.conv.folded import correlate_folded
from cnn_core.ops.conv.gathered import correlate_gathered
from cnn_core.ops.conv.rows import Place
from cnn_core.ops.conv.separable import LEAST_SIDE, correlate_separable, factors, gains
from cnn_core.ops.conv.shifted import correlate_shifted
from cnn_core.ops.conv.spectral import correlate_spectral, even
from cnn_core.ops.conv.staggered import correlate_staggered
from cnn_core.ops.conv.winograd import correlate_winograd
from cnn_core.shapes import Window

# In double precision: up to so many multiply-adds for each output cell, kernels a group, groups and images, weights are
# added one by one. That is the order of what pages show while a gesture lasts, and holds all of it: a bank has up to 8
# kernels, and each of 4 channels may be looked at alone. One matrix product took less time for 309 of 314 shapes, 0.11
# in the mean: 0.012 against 0.038 ms for a 3×3 on 28×28, 1.4 against 37 for 64→64 1×1 on 8 images of 28×28.
FEW_TAPS, FEW_KERNELS, FEW_GROUPS, FEW_IMAGES = 64, 8, 4, 8

# How much longer than gathered windows Winograd's may be thought to take and still be chosen. The products that it
# saves take twice as long where the processor has no two 512-bit units, and its own sums do not: 256→256 on 14×14,
# thought to take 1.23 times as long, takes 0.72 there. So whichever is chosen is nowhere much behind.
FAVOURED = 1.25

# Numbers of lines that lie apart from which on each is looked at by itself: few are looked at the sooner in one go.
LINES_LOOKED_LEAST = 10_000


class Branch(Enum):
    """The algorithms, each in a file of its own.

    Attributes:
        function: what does the work on one part of an input; where it says so, having seen that all is finite.
        does: how it goes about it, as a sentence.
    """

    function: Callable[..., bool | None]
    does: str

    SHIFTED = "shifted", correlate_shifted, "One multiply-add of a whole shifted plane for each weight."
    GATHERED = (
        "gathered",
        correlate_gathered,
        "Copies each window into a column, then one matrix product does all sums.",
    )
    BANDED = (
        "banded",
        correlate_banded,
        "Multiplies whole rows by a band matrix that holds the kernel, moved on by a row.",
    )
    FOLDED = (
        "folded",
        correlate_folded,
        "Slides each column of the kernel down the image's own rows, then adds the columns up, each a cell further on.",
    )
    STAGGERED = (
        "staggered",
        correlate_staggered,
        "Lays all planes out once for each column of the kernel: then one product a plane is enough.",
    )
    SEPARABLE = (
        "separable",
        correlate_separable,
        "Slides the kernel's column, then its row: KH + KW products, not KH × KW.",
    )
    SPECTRAL = (
        "spectral",
        correlate_spectral,
        "Multiplies the spectra of tiles and kernel: the cost hardly grows with it.",
    )
    WINOGRAD = (
        "winograd",
        correlate_winograd,
        "Makes four cells of 16 products of sums and differences, where windows of 3×3 take 36.",
    )

    def __new__(cls, value: str, function: Callable[..., bool | None], does: str) -> Self:
        """A member whose value is its name alone."""
        member = object.__new__(cls)
        member._value_, member.function, member.does = value, function, does
        return member


class Choice(NamedTuple):
    """A branch and, as a sentence, why it is the one."""

    branch: Branch
    reason: str


# Double precision is for those who ask for each bit: exported scripts and the preview repeat these two orders.
_IN_ORDER = "Double precision adds in one fixed order, so that every sum can be repeated to the last bit"
_ORDERS = {
    Branch.SHIFTED: "weight by weight, whole planes at a time, where there are no",
    Branch.GATHERED: "as one matrix product, where there are",
}
_NO_SLABS = "With a stride and a dilation down, the rows that a window reads cannot be made neighbours."
_NO_FACTORS = "The kernel is no column times a row."
_TOO_SMALL = f"A side of the kernel is below {LEAST_SIDE}: two passes would gain nothing over one."
_APART = "It reads images and weights that lie in memory in one piece, row after row."
_UNEVEN = "Where numbers are uneven or many are 0, its sums and differences round more."
_CONTAMINATES = (
    "There are infinities or NaN, which a band's zeros would spread to other windows, and a spectrum from the weights."
)

# These depend on the numbers: weights that are products, cells that are dense, and for both single precision.
_ASKED = (Branch.SEPARABLE, Branch.SPECTRAL, Branch.WINOGRAD)


def decide(x: Array, weight: Array, sliding: Window, groups: int, ordered: bool = True) -> Choice:
    """The algorithm for this geometry, element type, weights and numbers, and why.

    Args:
        x: ``(N, C_in, H, W)``, not padded.
        weight: ``(C_out, C_in / groups, KH, KW)``, of the same type.
        sliding: the window.
        groups: into how many groups the channels fall.
        ordered: whether double precision is added in the order that others repeat.
    """
    ways = able(x, weight, sliding, groups, ordered)
    branch, time, passed_over = keeping_apart(x, weight, sliding, ways)
    if time is None:
        return Choice(branch, _why_alone(branch, weight))
    return Choice(branch, _CONTAMINATES if passed_over else _faster(time, next(ways, None)))


def keeping_apart(
    x: Array, weight: Array, sliding: Window, ways: Iterator[tuple[Branch, float | None]]
) -> tuple[Branch, float | None, bool]:
    """The first of these that carries no NaN or infinity beyond its windows, and whether another was passed over."""
    passed_over = False
    for branch, time in ways:
        if not contaminates(branch, weight.shape[0] // (x.shape[1] // weight.shape[1])):
            return branch, time, passed_over
        if finite(weight) and (_keeps_cells_apart(branch, sliding) or (not passed_over and finite(x))):
            return branch, time, passed_over
        passed_over = True
    raise AssertionError("windows can always be gathered")


def able(
    x: Array, weight: Array, sliding: Window, groups: int, ordered: bool = True
) -> Iterator[tuple[Branch, float | None]]:
    """The branches that can do this with these numbers, the best first, and the microseconds they are thought to take.

    Those alone in question have no such time; whether the numbers are finite is not asked.
    """
    if ordered and x.dtype != np.float32:
        yield in_order(x.shape, weight.shape, groups), None
    elif not weight.size:
        yield Branch.GATHERED, None
    else:
        for branch, time in estimates(x.shape, weight.shape, sliding, groups):
            if branch not in _ASKED or obstacle(branch, x, weight, sliding, groups) is None:
                yield branch, time


def in_order(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], groups: int) -> Branch:
    """The branch whose order of adding in double precision others repeat, for operands of these shapes."""
    taps, kernels = math.prod(weight_shape[1:]), weight_shape[0] // groups
    few = taps <= FEW_TAPS and kernels <= FEW_KERNELS and groups <= FEW_GROUPS and x_shape[0] <= FEW_IMAGES
    return Branch.SHIFTED if few else Branch.GATHERED


def _why_alone(branch: Branch, weight: Array) -> str:
    """Why there is no other branch than this one."""
    if not weight.size:
        return "There is nothing to add up."
    kernels = f"{FEW_KERNELS} kernels a group, {FEW_GROUPS} groups or {FEW_IMAGES} images"
    few = f"{FEW_TAPS} multiply-adds a cell, {kernels}"
    return f"{_IN_ORDER}: {_ORDERS[branch]} more than {few}."


def _faster(time: float, other: tuple[Branch, float | None] | None) -> str:
    """Why the branch that takes ``time`` microseconds is chosen before the other."""
    words = (
        f"By what it multiplies and moves, it is estimated to be the fastest here: {time / 1000:.2g} ms on one thread"
    )
    return f"{words}, {(other[1] or 0) / 1000:.2g} ms for {other[0].value}." if other else f"{words}."


@lru_cache(maxsize=1024)
def estimates(
    x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int
) -> tuple[tuple[Branch, float], ...]:
    """The branches for this geometry in single precision and their microseconds, the fastest first.

    Of those in ``_ASKED`` it remains to be asked whether they can do it with these numbers.
    """
    batch, channels, height, width = x_shape
    size = sliding.output_size(height, width)
    work = Work(max(1, batch), channels, weight_shape[0], groups, (height, width), sliding, size)
    able = [Branch.GATHERED]
    # Nothing but a way that knows it is fast where a sum is of one product, which is none, or where a window covers its
    # image, so that nothing slides; there to look at a kernel for its factors would take longer than the sum.
    plain = covers(sliding, (height, width)) or math.prod(weight_shape[1:]) == 1
    if has_slabs(sliding) and not plain:
        able.append(Branch.BANDED)
        if _suits_winograd(weight_shape, sliding, groups):
            able.append(Branch.WINOGRAD)
        if weight_shape[1] == 1 and weight_shape[0] == groups:  # a kernel for each channel
            if weight_shape[3] > 1 and _why_not_folded(width, sliding, size[1]) is None:
                able.append(Branch.FOLDED)
            if _why_not_staggered(height, sliding) is None and all(staggered_chunk(work)):
                able.append(Branch.STAGGERED)
            if gains((weight_shape[2], weight_shape[3])):
                able.append(Branch.SEPARABLE)
            if min(weight_shape[2:]) >= LEAST_SIDE:
                able.append(Branch.SPECTRAL)
    found = sorted(((branch, microseconds(branch.value, work)) for branch in able), key=lambda each: each[1])
    if found[0][0] is Branch.GATHERED:
        # Sorting is stable: what is within reach of the first comes before it, and no other order is changed.
        reach = FAVOURED * found[0][1]
        found.sort(key=lambda each: not (each[0] is Branch.WINOGRAD and each[1] <= reach))
    return tuple(found)


@lru_cache(maxsize=1024)
def settled(x_shape: tuple[int, ...], weight_shape: tuple[int, ...], sliding: Window, groups: int) -> Branch | None:
    """What comes first of :func:`able` in single precision, whatever the numbers are; None where these are asked."""
    first = estimates(x_shape, weight_shape, sliding, groups)[0][0] if math.prod(weight_shape) else Branch.GATHERED
    return None if first in _ASKED else first


def contaminates(branch: Branch, outputs: int) -> bool:
    """Whether a branch makes products with zeros or spectra, which carry a NaN or an infinity beyond its windows.

    So do sums and differences, but ``winograd.dense`` has asked for that.
    """
    if branch is Branch.BANDED:
        return block_rows(outputs) > 1
    return branch in (Branch.FOLDED, Branch.STAGGERED, Branch.SEPARABLE, Branch.SPECTRAL)


def _keeps_cells_apart(branch: Branch, sliding: Window) -> bool:
    """Whether a branch that contaminates windows does so with weights alone, whatever the image is."""
    if branch is Branch.SPECTRAL:
        return True
    (kernel_h, _), (top, _) = sliding.kernel_size, sliding.padding[0]
    return branch is Branch.STAGGERED and staggered_rows.keeps_apart(
        kernel_h, top, sliding.stride[0], sliding.dilation[0]
    )


def choose(x: Array, weight: Array, sliding: Window, groups: int, ordered: bool = True) -> Branch:
    """The branch of :func:`decide`, which see."""
    return keeping_apart(x, weight, sliding, able(x, weight, sliding, groups, ordered))[0]


def obstacle(branch: Branch, x: Array, weight: Array, sliding: Window, groups: int) -> str | None:
    """Why a branch cannot do this work, as a sentence, or None; whether the numbers are finite is not asked here."""
    rows = branch not in (Branch.SHIFTED, Branch.GATHERED)
    if rows and not has_slabs(sliding):
        return _NO_SLABS
    if branch is Branch.BANDED or not rows:
        return None
    if branch is Branch.WINOGRAD:
        return _why_no_winograd(x, weight, sliding, groups)
    if not (weight.shape[1] == 1 and weight.shape[0] == groups):
        return "It takes one kernel of one plane for each channel."
    return _why_not_plane_by_plane(branch, x, weight, sliding)


def _why_not_plane_by_plane(branch: Branch, x: Array, weight: Array, sliding: Window) -> str | None:
    """Of the branches that take one kernel of one plane for each channel, why one cannot do this work."""
    if branch is Branch.FOLDED:
        return _why_not_folded(x.shape[3], sliding, sliding.output_size(x.shape[2], x.shape[3])[1])
    if branch is Branch.STAGGERED:
        return _why_not_staggered(x.shape[2], sliding)
    return _why_not_separable(weight) if branch is Branch.SEPARABLE else _why_no_spectrum(x, sliding)


def _why_not_separable(weight: Array) -> str | None:
    if not gains((weight.shape[2], weight.shape[3])):
        return _TOO_SMALL
    return None if weight.shape[2] == 1 or factors(weight) is not None else _NO_FACTORS


def _why_no_spectrum(x: Array, sliding: Window) -> str | None:
    if x.dtype != np.float32:
        return "Its rounding would show in double precision."
    if sliding.stride != (1, 1) or sliding.dilation != (1, 1):
        return "It knows neither stride nor dilation."
    return None if even(x) else "A cell towers so high over others that its rounding would show in their spectrum."


def _why_not_folded(width: int, sliding: Window, columns: int) -> str | None:
    before = (sliding.padding[0][0], sliding.padding[1][0])
    if folded.fits(sliding.kernel_size[1], Place(before, sliding.stride, sliding.dilation[1]), width, columns):
        return None
    return "Its sums are rows as wide as the image, and windows overhang these by as much as they are wide."


def _why_not_staggered(height: int, sliding: Window) -> str | None:
    if staggered_rows.fits(sliding.kernel_size, sliding.padding[0][0], height, sliding.dilation[0]):
        return None
    return "It adds up the sums of a kernel's rows, one as it is, the others moved by less than a plane's height."


def _why_no_winograd(x: Array, weight: Array, sliding: Window, groups: int) -> str | None:
    if sliding.kernel_size != (3, 3) or sliding.stride != (1, 1) or groups != 1:
        return "It knows kernels of 3×3 alone, without a stride or groups."
    if x.dtype != np.float32:
        return "Its sums and differences would show in double precision."
    if not (x.flags.c_contiguous and weight.flags.c_contiguous):
        return _APART
    return None if winograd.dense(x, weight) else _UNEVEN


def _suits_winograd(weight_shape: tuple[int, ...], sliding: Window, groups: int) -> bool:
    """Whether there are the channels for sums and differences, and no more than their memory allows."""
    plain = sliding.kernel_size == (3, 3) and sliding.stride == (1, 1) and groups == 1
    few = min(weight_shape[:2]) >= winograd.CHANNELS_LEAST
    return plain and few and weight_shape[0] * weight_shape[1] <= winograd.KERNELS_MOST


def obstacles(x: Array, weight: Array, sliding: Window, groups: int) -> dict[Branch, str | None]:
    """For every branch None where it can do this work, else the sentence that says why not."""
    found = {branch: obstacle(branch, x, weight, sliding, groups) for branch in Branch}
    weights = finite(weight)
    if not (weights and finite(x)):
        contaminating = (branch for branch in Branch if contaminates(branch, weight.shape[0] // groups))
        found |= {
            branch: found[branch] or _CONTAMINATES
            for branch in contaminating
            if not (weights and _keeps_cells_apart(branch, sliding))
        }
    return found


def has_slabs(sliding: Window) -> bool:
    """Whether the rows that a window reads can be made neighbours: not with both a stride and a dilation down."""
    return sliding.dilation[0] == 1 or sliding.stride[0] == 1 or sliding.kernel_size[0] == 1


def finite(x: Array) -> bool:
    """Whether there is neither NaN nor infinity in ``x``: one reading pass where all is well."""
    if x.flags.c_contiguous:
        line = x.reshape(-1)
        if math.isfinite(line.dot(line)):
            return True
    elif x.strides[-1] == x.itemsize and x.size >= LINES_LOOKED_LEAST:
        # Lines that are not neighbours, each by itself: 5 against 12 µs for 120 lines of 640.
        return finite(np.vecdot(x, x)) or bool(np.isfinite(x).all())
    return bool(np.isfinite(x).all())
