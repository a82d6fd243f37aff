"""One step of the experiment, ready to be done by the textbook's loops and by every fast way there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cnn_core import conv2d, conv2d_plan, linear, max_pool2d, relu
from cnn_core.ops.conv import Branch
from cnn_core.ops.pool.separable import pool_separable
from cnn_core.shapes import Window
from pages.shared.chain import ACTIVATION_TITLES, Chain
from pages.shared.describe import counted, map_label, size
from pages.shared.engine import textbook
from pages.shared.engine.textbook import Array, Loops
from pages.shared.experiment import Experiment

# The steps that the textbook has loops for: the chain's views and what the page calls them.
STEPS = {"conv": "Convolution", "activation": "ReLU", "pool": "Max pooling", "scores": "Fully connected"}
PRECISIONS = ("float64", "float32")

CUT = 64  # cells a side of a cut-out


@dataclass(frozen=True, eq=False)
class Way:
    """One fast way to do a step.

    Attributes:
        name: what it is called.
        does: how it works, as a sentence.
        run: does the step; None where it cannot.
        why_not: the sentence that says why it cannot, or "".
        function: what does the work.
    """

    name: str
    does: str
    run: Callable[[], Array] | None
    why_not: str
    function: Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Work:
    """A step on the experiment's own numbers.

    Attributes:
        sentence: what is computed on what.
        around: what of the experiment the loops do not know, as sentences.
        loops: the textbook's.
        adapter: the function that calls them.
        ways: every fast way.
        chosen: the name of the way that cnn_core takes.
        reason: why it takes that one, as a sentence.
        figures: what the choice was made on, in figures.
        unit: what is counted.
        needed: so many of these the definition asks for; the loops' own may be more.
        terms: numbers that go into a cell, bias included; 0 where nothing is rounded.
        sizes: computes the sum of the magnitudes of what goes into each cell, float64; None where nothing is rounded.
        dtype: what the fast ways compute in.
        name: names a cell of the result by its index.
    """

    sentence: str
    around: tuple[str, ...]
    loops: Loops
    adapter: Callable[..., Loops]
    ways: tuple[Way, ...]
    chosen: str
    reason: str
    figures: str
    unit: str
    needed: int
    terms: int
    sizes: Callable[[], Array] | None
    dtype: str
    name: Callable[[tuple[int, ...]], str]

    @property
    def taken(self) -> Way:
        """The way that cnn_core takes."""
        return next(way for way in self.ways if way.name == self.chosen)


def missing(chain: Chain, step: str) -> bool:
    """Whether the experiment's settings keep it from getting as far as this step."""
    return position(chain, step) >= len(chain.trace.stages)


def position(chain: Chain, step: str) -> int:
    """Which stage of the trace a step is."""
    return next(number for number, each in enumerate(chain.steps) if each.view == step)


def cut_side(experiment: Experiment) -> int:
    """Cells a side of the cut-out: 64, or more where the spread kernel is as large."""
    extent = max((k - 1) * d + 1 for k, d in zip(experiment.kernel_size, experiment.dilation, strict=True))
    return max(CUT, extent + CUT // 4)


def middle(x: Array, side: int | None) -> Array:
    """The middle ``side`` × ``side`` cells of each plane of ``(..., H, W)``, or all of it."""
    if side is None:
        return x
    rows, columns = (slice(max(0, (n - side) // 2), max(0, (n - side) // 2) + side) for n in x.shape[-2:])
    return np.ascontiguousarray(x[..., rows, columns])


def prepare(chain: Chain, step: str, dtype: str, side: int | None = None) -> Work:
    """A step's work.

    Args:
        chain: the experiment, which gets as far as ``step``.
        step: one of ``STEPS``.
        dtype: one of ``PRECISIONS``.
        side: cells a side of the middle of its input to do it on, or None for all of it.
    """
    stage = chain.trace.stages[position(chain, step)]
    if step == "scores":
        before = middle(chain.trace.stages[2].output, side).astype(dtype)  # (1, C, H, W), what was flattened
        return _dense(chain.experiment, before, chain.trace.stages[2].output.shape, stage.layer, dtype, side)
    x = middle(chain.trace.values(stage.inputs[0]), side).astype(dtype)
    if step == "conv":
        return _convolution(chain.experiment, x, dtype, side)
    if step == "activation":
        return _relu(chain.experiment, x, dtype, side)
    return _pooling(chain.experiment, x, stage.layer.window(x.shape), dtype, side)


def _convolution(experiment: Experiment, x: Array, dtype: str, side: int | None) -> Work:
    weight, bias = np.ascontiguousarray(experiment.weight, dtype), experiment.bias.astype(dtype)
    settings: dict[str, Any] = {
        "stride": experiment.stride,
        "padding": experiment.padding,
        "dilation": experiment.dilation,
    }
    plan = conv2d_plan(x, weight, bias, **settings)
    ways = tuple(
        Way(
            branch.value,
            branch.does,
            None if plan.obstacles[branch] else partial(plan.run, branch),
            plan.obstacles[branch] or "",
            plan.working(branch),
        )
        for branch in Branch
    )
    count, channels, rows, columns = weight.shape
    what = _input_words(experiment, x, side)
    kernels = f"{'a kernel' if count == 1 else f'{count} kernels'} of {size((rows, columns))}"
    deep = f" × {channels}" if channels > 1 else ""
    maps = size(plan.shape[2:]) + (f" × {count}" if count > 1 else "")
    sentence = (
        f"{what} under {kernels}{deep} {_gives(maps)}, {_each(plan.shape)} the sum of "
        f"{counted(plan.taps, 'product')}: {counted(plan.multiply_adds, 'multiply-add')}."
    )
    figures = f"{counted(plan.taps, 'multiply-add')} a cell, {dtype}, {_bytes(plan.bytes)} of numbers in and out."
    loops = textbook.convolution(x, weight, bias, plan.window)

    def name(index: tuple[int, ...]) -> str:
        label = f" of {map_label(experiment, index[1])}" if count > 1 else ""
        return f"feature map [{index[2]}, {index[3]}]{label}"

    return Work(
        sentence,
        loops.around,
        loops,
        textbook.convolution,
        ways,
        plan.branch.value,
        plan.reason,
        figures,
        "multiply-adds",
        plan.multiply_adds,
        plan.taps + 1,
        lambda: conv2d(*(np.abs(array.astype(np.float64)) for array in (x, weight, bias)), **settings),
        dtype,
        name,
    )


def _relu(experiment: Experiment, x: Array, dtype: str, side: int | None) -> Work:
    loops = textbook.activation(x)
    way = Way(
        "relu",
        "One call of NumPy's maximum with a row of zeros, for all cells at once.",
        lambda: relu(x),
        "",
        relu,
    )
    other: tuple[str, ...] = ()
    if experiment.activation != "relu":
        title = ACTIVATION_TITLES[experiment.activation]
        other = (f"The textbook has loops for ReLU alone: here it takes the place of your {title}.",)
    return Work(
        f"{_maps_words(x, side, 'feature map')}: {counted(x.size, 'cell')}, each compared with 0.",
        (*other, *loops.around),
        loops,
        textbook.activation,
        (way,),
        way.name,
        "There is one way: what is the same for every cell is done to whole rows by one instruction after the other.",
        f"1 comparison a cell, {dtype}, {_bytes(2 * x.nbytes)} in and out.",
        "comparisons",
        x.size,
        0,
        None,
        dtype,
        lambda index: _place("activation", index, x.shape[1]),
    )


def _pooling(experiment: Experiment, x: Array, window: Window, dtype: str, side: int | None) -> Work:
    loops = textbook.pooling(x, window)
    settings: dict[str, Any] = {"stride": window.stride, "padding": window.padding}
    way = Way(
        "separable",
        "Brings neighbours together down, then across, each over a block of rows as over one line.",
        lambda: max_pool2d(x, window.kernel_size, **settings),
        "",
        pool_separable,
    )
    other: tuple[str, ...] = ()
    if experiment.pooling != "max":
        other = ("The textbook has loops for max pooling alone: here it takes the place of your average.",)
    taps = window.kernel_size[0] * window.kernel_size[1]
    cells = int(np.prod(loops.shape))
    maps = size(loops.shape[2:]) + (f" × {loops.shape[1]}" if loops.shape[1] > 1 else "")
    return Work(
        f"{_maps_words(x, side, 'map')} under a window of {size(window.kernel_size)} {_gives(maps)}, "
        f"{_each(loops.shape)} the largest of {taps}: {cells * taps:,} comparisons.",
        (*other, *loops.around),
        loops,
        textbook.pooling,
        (way,),
        way.name,
        "There is one way: the largest number of a window is the largest of its columns' largest, so that a window of "
        "any size takes a few passes.",
        f"{taps} numbers a cell, {dtype}, {_bytes(x.nbytes + cells * x.itemsize)} in and out.",
        "comparisons",
        cells * taps,
        0,
        None,
        dtype,
        lambda index: _place("pooled", index, x.shape[1]),
    )


def _dense(
    experiment: Experiment, before: Array, whole: tuple[int, ...], layer: Any, dtype: str, side: int | None
) -> Work:
    classes = layer.weight.shape[0]
    # (classes, features) -> (classes, C, H, W), cut like the maps, -> (classes, fewer features)
    weight = middle(layer.weight.reshape(classes, *whole[1:]), side).reshape(classes, -1).astype(dtype)
    bias, x = layer.bias.astype(dtype), before.reshape(1, -1)  # (1, C, H, W) -> (1, features)
    loops = textbook.fully_connected(x, weight, bias)
    way = Way("linear", "One matrix product.", lambda: linear(x, weight, bias), "", linear)
    cut = f" of the middle {size(before.shape[2:])} of each pooled map" if side is not None else ""
    features = x.shape[1]
    return Work(
        f"{counted(features, 'flattened value')}{cut}, weighed for {counted(classes, 'class', 'classes')}: "
        f"{counted(features * classes, 'multiply-add')}.",
        loops.around,
        loops,
        textbook.fully_connected,
        (way,),
        way.name,
        "There is one way: all sums are one product of a matrix with a vector.",
        f"{counted(features, 'multiply-add')} a score, {dtype}, "
        f"{_bytes(weight.nbytes + x.nbytes + 2 * bias.nbytes)} of numbers in and out.",
        "multiply-adds",
        features * classes,
        features + 1,
        lambda: linear(*(np.abs(array.astype(np.float64)) for array in (x, weight, bias))),
        dtype,
        lambda index: f"the score of {experiment.class_name(index[1])}",
    )


def _gives(maps: str) -> str:
    return f"gives {maps} cells"


def _each(shape: tuple[int, ...]) -> str:
    return "which is" if int(np.prod(shape)) == 1 else "each"


def _input_words(experiment: Experiment, x: Array, side: int | None) -> str:
    shape = size(x.shape[2:]) + (" × 3" if x.shape[1] == 3 else "")
    kind = "picture" if experiment.on_photo else "grid"
    return f"Your {shape} {kind}" if side is None else f"The middle {shape} of your {kind}"


def _maps_words(x: Array, side: int | None, kind: str) -> str:
    shape, many = size(x.shape[2:]), x.shape[1] > 1
    which = f"{x.shape[1]} {kind}s of {shape}" if many else f"the {kind} of {shape}"
    return (
        f"{which[0].upper()}{which[1:]}"
        if side is None
        else f"The middle {shape} of {'each' if many else 'the'} {kind}"
    )


def _place(kind: str, index: tuple[int, ...], maps: int) -> str:
    return f"{kind} [{index[2]}, {index[3]}]" + (f" of map {index[1] + 1}" if maps > 1 else "")


def _bytes(count: int) -> str:
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"
