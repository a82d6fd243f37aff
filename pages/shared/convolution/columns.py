"""What stands side by side in the convolution laboratory: each column's heading, note and controls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cnn_core import ConvTranspose2d, kernels
from cnn_core.rational import LARGEST
from cnn_core.shapes import PADDING_MODES
from pages.shared.column_controls import numbers_of
from pages.shared.controls import Control, button, check, heading, number, option, select, stepper, typed_in
from pages.shared.convolution.laboratory import (
    CHANNELS_MOST,
    DILATION_LARGEST,
    KERNEL_LARGEST,
    NO_PADDING,
    PADDING_MOST,
    SIDE_LARGEST,
    SOURCES,
    STRIDE_LARGEST,
    Laboratory,
    Operation,
    Run,
    is_kernel,
    largest,
    layer,
    misfit,
    padding_of,
    parts,
    sides_of,
)
from pages.shared.describe import geometry_words, size, spread_words
from pages.shared.experiment import Pair
from pages.shared.from_explore import OWN

_AXES = ("rows", "columns")
_SHORT = ("rows", "cols")
_SIDES = ("top", "bottom", "left", "right")
_MODES = {
    "zeros": "zeros",
    "reflect": "reflect: the mirror",
    "replicate": "replicate: the edge again",
    "circular": "circular: the other side",
}
_ROOM = "\u00a0"  # for a sign: with it no column moves when one comes
_NOTHING_KEPT = "Nothing is kept yet. Keep this setting, then change anything: both stand side by side."
_LATER = "The output less what is kept, cell by cell."


def columns(run: Run, output: int) -> list[dict[str, Any]]:
    """Input, kernel, each channel alone, and the output, in that order.

    Args:
        run: what is shown.
        output: the output channel whose kernel is looked at.
    """
    laboratory = run.laboratory
    operation = laboratory.operation
    outputs, deep, rows, across = operation.weight.shape
    maps = run.trace.stages[0].output.shape
    kernel_shape = f"{rows} × {across}" + f" × {deep}" * (deep > 1) + f", {outputs} of them" * (outputs > 1)
    shown = [
        _column("input", "maps", "Input", _maps(laboratory.input.shape), _input_note(laboratory), _input(laboratory)),
        _column(
            "kernel",
            "kernels",
            "Kernel, flipped" if operation.flipped else "Kernel",
            kernel_shape,
            _kernel_note(operation, output),
            [*_kernel(laboratory, output), *_window(laboratory)],
            "∗",
        ),
        _column(
            "alone",
            "maps",
            "Each channel alone",
            size(maps[2:]),
            _alone_note(operation, output),
            _tables("alone"),
            "=",
        ),
        _column(
            "output",
            "maps",
            "Output",
            _maps(maps[1:]),
            _output_note(laboratory, (maps[2], maps[3])),
            _output(laboratory, output),
            "→",  # and no "+", which would add the output to what it is the sum of
        ),
    ]
    if laboratory.relu:
        shown.append(_column("relu", "maps", "ReLU", _maps(maps[1:]), "negative becomes 0", _tables("relu"), "→"))
    return [*shown, *_compared(run)]


def _compared(run: Run) -> list[dict[str, Any]]:
    """What was kept, and the difference where there is one; before, where they will stand."""
    kept = run.laboratory.kept
    if kept is None or run.kept is None:
        later = _column("kept", "missing", "Kept", "", _settings(run.laboratory.operation), [], _ROOM)
        # The button below the output may be out of sight here.
        fixes = [{"label": "Keep it", "edit": {"op": "keep"}}]
        return [{**later, "why": _NOTHING_KEPT, "fixes": fixes}, _no_difference(_LATER)]
    shape, now = run.kept.output.shape, run.trace.stages[0].output.shape
    beside = [
        button({"op": "swap"}, "Swap", hint="Work on what was kept, and keep what is worked on"),
        button({"op": "drop"}, "Drop", hint="Compare no more"),
        *_tables("kept"),
    ]
    less = _ROOM if run.difference is None else "−"
    columns_ = [_column("kept", "maps", "Kept", _maps(shape[1:]), _settings(kept), beside, less)]
    if run.difference is not None:
        note = "output less what was kept"
        return [
            *columns_,
            _column("difference", "maps", "Difference", _maps(shape[1:]), note, _tables("difference"), "="),
        ]
    why = f"No difference: {_maps(now[1:])} and {_maps(shape[1:])} cells do not lie over each other."
    return [*columns_, _no_difference(why)]


def _no_difference(why: str) -> dict[str, Any]:
    return {**_column("difference", "missing", "Difference", "", "", [], _ROOM), "why": why, "fixes": []}


def _settings(operation: Operation) -> str:
    """A convolution in a few words."""
    names = [
        next((each.title for each in kernels.LIBRARY if is_kernel(planes, each)), "") for planes in operation.weight
    ]
    named = " and ".join(name for name in names if name) or f"a {size(operation.kernel_size)} kernel"
    told = [named]
    told += [f"stride {_axes(operation.stride)}"] * (operation.stride != (1, 1))
    told += [f"dilation {_axes(operation.dilation)}"] * (operation.dilation != (1, 1))
    if operation.padding != NO_PADDING:
        told.append(f"{'same' if operation.padding == 'same' else operation.padding_mode} padding")
    told += [f"{operation.groups} groups"] * (operation.groups > 1)
    told += ["flipped"] * operation.flipped
    told += ["transposed"] * operation.transposed
    if operation.transposed and operation.output_padding != (0, 0):
        told.append(f"output padding {_axes(operation.output_padding)}")
    return ", ".join(told)


def _axes(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"


def _column(
    view: str, kind: str, title: str, shape: str, note: str, controls: list[Control], sign: str = ""
) -> dict[str, Any]:
    told = {"view": view, "kind": kind, "title": title, "shape": shape, "note": note}
    return {**told, "controls": controls, "sign": sign}


def _output_note(laboratory: Laboratory, output: Pair) -> str:
    """The output size with the numbers plugged in, and why fractions are not to be had."""
    why = ""
    if laboratory.exact and parts(laboratory) is None:
        why = f"\nin decimals: a number here is no fraction with a denominator up to {LARGEST}"
    return _size_note(laboratory, output) + why


def _size_note(laboratory: Laboratory, output: Pair) -> str:
    made = layer(laboratory.operation)
    shape = (1, laboratory.channels, *laboratory.plane)
    if isinstance(made, ConvTranspose2d):
        return spread_words(made.stamp(shape), laboratory.plane, output, laboratory.operation.output_padding)
    return geometry_words(made.window(shape), laboratory.plane, output)


def _tables(view: str) -> list[Control]:
    return numbers_of(view, ("table",))


def _maps(shape: tuple[int, ...]) -> str:
    return size(shape[1:]) + f" × {shape[0]}" * (shape[0] > 1)


def _input_note(laboratory: Laboratory) -> str:
    sides = sides_of(laboratory.operation, laboratory.plane)
    if not any(map(any, sides)):
        if laboratory.source == OWN:
            return f"A copy of Explore's input, at most {SIDE_LARGEST} cells a side"
        return typed_in()
    padded = tuple(cells + sum(around) for cells, around in zip(laboratory.plane, sides, strict=True))
    return f"padded to {size(padded)}"


def _kernel_note(operation: Operation, output: int) -> str:
    whose = f"\nshown and changed here: the kernel of output channel {output}" * (operation.outputs > 1)
    if operation.transposed:
        return f"Each input cell lays the kernel, scaled by its value, onto the output{whose}"
    if operation.flipped:
        return f"True convolution: rotated by 180°, the kernel lies on the window like this{whose}"
    return f"Cross-correlation, as in networks: not flipped{whose}"


def _alone_note(operation: Operation, output: int) -> str:
    if operation.groups == 1:
        return f"what each channel adds to output {output}"
    each = operation.outputs // operation.groups
    return f"what the channels of group {output // each} add to output {output}"


def _input(laboratory: Laboratory) -> list[Control]:
    operation, plane = laboratory.operation, laboratory.plane
    sources = [option(name, title) for name, title in SOURCES.items()]
    taken = "Your input has no more" if laboratory.source == OWN else f"{CHANNELS_MOST} channels are the most here"
    sides = [each for axis in padding_of(operation, plane) for each in axis]
    same = operation.padding == "same"
    top = laboratory.channels if laboratory.source == OWN else CHANNELS_MOST

    def named(value: str) -> str | None:
        return misfit(plane, replace(operation, padding=value if value == "same" else NO_PADDING))

    kinds = [
        option("valid", "valid: none", named("valid")),
        option("same", "same: output as large as the input, over the stride", named("same")),
        option("own", "by number"),
    ]
    modes = [option(mode, _MODES[mode], _no_mode(mode, laboratory)) for mode in PADDING_MODES]

    def padded(values: list[int]) -> Operation:
        above, below, before, after = values
        return replace(operation, padding=((above, below), (before, after)))

    def side(k: int, name: str) -> Control:
        return stepper(
            {"op": "padding", "side": k},
            f"padding {name}",
            sides[k],
            (0, PADDING_MOST),
            allowed=lambda n: _because(plane, padded([*sides[:k], n, *sides[k + 1 :]]), f"padding {name} {n}"),
            why_low="Padding cannot be negative",
            why_high=f"{PADDING_MOST} cells are the most here",
            place="more",
        )

    return [
        select({"op": "input"}, "Input", laboratory.source, sources, place="top"),
        stepper(
            {"op": "channels"},
            "channels",
            laboratory.channels,
            (1, top),
            allowed=lambda n: _share(operation.groups, n, "input channels"),
            why_low="There is at least one channel",
            why_high=taken,
            hint="Input channels, each with a plane of numbers of its own",
        ),
        stepper(
            {"op": "padding"},
            "padding",
            sides,
            (0, PADDING_MOST),
            allowed=lambda n: _because(plane, padded([n] * 4), f"padding {n}"),
            why_low="Padding cannot be negative",
            why_high=f"{PADDING_MOST} cells are the most here",
            text="same" if same else None if len(set(sides)) == 1 else "sides",
            hint="Cells around the input, on every side",
        ),
        select({"op": "padding_mode"}, "Padding shows", operation.padding_mode, modes, hint="What is seen around"),
        select({"op": "padding"}, "Padding", "same" if same else "own" if any(sides) else "valid", kinds, place="more"),
        *(side(k, name) for k, name in enumerate(_SIDES)),
        button({"op": "worked"}, "Worked example", place="more", hint="Back to what this page opened with"),
        *_tables("input"),
    ]


def _no_mode(mode: str, laboratory: Laboratory) -> str | None:
    if laboratory.operation.transposed:
        return None if mode == "zeros" else "A transposed convolution pads nothing"
    return misfit(laboratory.plane, replace(laboratory.operation, padding_mode=mode))


def _share(groups: int, count: int, what: str) -> str | None:
    return f"{groups} groups cannot share {count} {what} evenly; set groups to 1 first" if count % groups else None


def _because(plane: Pair, operation: Operation, what: str) -> str | None:
    """Why a setting would not fit, or None."""
    sentence = misfit(plane, operation)
    return f"With {what}, {sentence.replace('=', ' ')}" if sentence else None


def _kernel(laboratory: Laboratory, output: int) -> list[Control]:
    operation = laboratory.operation
    planes = operation.weight[output]
    found = next((each.name for each in kernels.LIBRARY if is_kernel(planes, each)), "own")
    options = []
    for each in kernels.LIBRARY:
        shape = each.weights.shape
        old = operation.kernel_size if operation.outputs > 1 else (1, 1)
        wanted = (max(shape[0], old[0]), max(shape[1], old[1]))
        why = misfit(laboratory.plane, _of_size(operation, wanted))
        options.append(option(each.name, each.title, why, each.family))
    if found == "own":
        options = [option("own", "These weights", "These weights are your own"), *options]
    one = {"output": output}
    return [
        select({"op": "library", **one}, "Kernel", found, options, place="top"),
        *(_kernel_side(laboratory, axis, name) for axis, name in enumerate(_AXES)),
        button({"op": "random", **one}, "Random", hint="Whole numbers from −3 to 3"),
        check(
            {"op": "flipped"},
            "True convolution (flip the kernel)",
            operation.flipped,
            place="more",
            hint="On: the kernel is rotated by 180° before it slides, as in mathematics",
        ),
        check(
            {"op": "transposed"},
            "Transposed",
            operation.transposed,
            place="more",
            hint="The other way round: each input cell lays its kernel onto a larger output",
        ),
        *(_output_padding(laboratory) if operation.transposed else []),
    ]


def _output_padding(laboratory: Laboratory) -> list[Control]:
    """Rows and columns added to a transposed convolution's output: fewer than a step of its stamps or taps."""
    operation = laboratory.operation
    value = operation.output_padding
    rooms = [max(steps) - 1 for steps in zip(operation.stride, operation.dilation, strict=True)]

    def one(edit: dict[str, Any], label: str, axes: tuple[int, ...], to: Callable[[int], Pair]) -> Control:
        most = min(rooms[axis] for axis in axes)
        axis = min(axes, key=lambda axis: rooms[axis])
        steps = f"stride {operation.stride[axis]} and dilation {operation.dilation[axis]}"

        def changed(count: int) -> Operation:
            return replace(operation, output_padding=to(count))

        return stepper(
            {"op": "output_padding", **edit},
            label,
            [value[axis] for axis in axes],
            (0, most),
            allowed=lambda n: _because(laboratory.plane, changed(n), f"{label} {n}"),
            why_low="Output padding cannot be negative",
            why_high=f"It stays below the larger of both: with {steps}, {most} is the largest that fits",
            text=_axes(value) if len(axes) > 1 else None,
            place="more",
            hint="Rows and columns added to the output, at the bottom and the right",
        )

    return [
        one({}, "output padding", (0, 1), lambda n: (n, n)),
        one({"axis": 0}, "output padding down", (0,), lambda n: (n, value[1])),
        one({"axis": 1}, "output padding across", (1,), lambda n: (value[0], n)),
    ]


def _of_size(operation: Operation, shape: Pair) -> Operation:
    return replace(operation, weight=np.zeros((operation.outputs, operation.weight.shape[1], *shape)))


def _kernel_side(laboratory: Laboratory, axis: int, name: str) -> Control:
    operation, plane = laboratory.operation, laboratory.plane

    def sized(count: int) -> Operation:
        shape = (count, operation.kernel_size[1]) if axis == 0 else (operation.kernel_size[0], count)
        return _of_size(operation, shape)

    def allowed(count: int) -> str | None:
        if misfit(plane, sized(count)) is None:
            return None
        if operation.transposed:
            return _because(plane, sized(count), f"a kernel of {count} {name}")
        most = largest(plane, operation, sized, KERNEL_LARGEST)
        cells = plane[axis] + sum(sides_of(operation, plane)[axis])
        dilated = f" dilated by {operation.dilation[axis]}" if operation.dilation[axis] > 1 else ""
        if operation.padding_mode != "zeros" and operation.padding == "same":
            return (
                f"“same” needs more {operation.padding_mode} padding than {plane[axis]} {name} can show; {most} works"
            )
        return f"A kernel of {count} {name}{dilated} does not fit {cells} {name} of padded input: {most} is the largest"

    return stepper(
        {"op": "kernel_size", "axis": axis},
        _SHORT[axis],
        operation.kernel_size[axis],
        (1, KERNEL_LARGEST),
        allowed=allowed,
        why_low="A kernel has at least one weight",
        why_high=f"A kernel has at most {KERNEL_LARGEST} {name} here",
    )


def _window(laboratory: Laboratory) -> list[Control]:
    return [
        *_pair(
            laboratory, "stride", STRIDE_LARGEST, "A stride of 0 would never move on", "From one window to the next"
        ),
        *_pair(laboratory, "dilation", DILATION_LARGEST, "At dilation 1 the taps are neighbours", "From tap to tap"),
    ]


def _pair(laboratory: Laboratory, name: str, most: int, why_low: str, hint: str) -> list[Control]:
    """A setting of both axes at once, and behind "More" one of each axis."""
    operation = laboratory.operation
    value: Pair = getattr(operation, name)

    def changed(pair: Pair) -> Operation:
        changes: dict[str, Any] = {name: pair}
        return replace(operation, **changes)

    def one(edit: dict[str, Any], label: str, to: Callable[[int], Pair], text: str | None, place: str) -> Control:
        return stepper(
            {"op": name, **edit},
            label,
            value[edit["axis"]] if edit else value,
            (1, most),
            allowed=lambda n: _because(laboratory.plane, changed(to(n)), f"{label} {n}"),
            why_low=why_low,
            why_high=f"The largest {name} here is {most}",
            text=text,
            place=place,
            hint=hint,
        )

    text = None if value[0] == value[1] else f"{value[0]} × {value[1]}"
    return [
        one({}, name, lambda n: (n, n), text, "bottom"),
        one({"axis": 0}, f"{name} down", lambda n: (n, value[1]), None, "more"),
        one({"axis": 1}, f"{name} across", lambda n: (value[0], n), None, "more"),
    ]


def _output(laboratory: Laboratory, output: int) -> list[Control]:
    operation = laboratory.operation
    groups = [option(str(n), _group_words(n, operation), _no_groups(n, operation)) for n in range(1, CHANNELS_MOST + 1)]
    # It stays where it is: with something kept, this setting takes its place.
    keep = button({"op": "keep"}, "Keep to compare", hint="Then change anything: both stand side by side")
    bias = number({"op": "bias", "output": output}, "bias", float(operation.bias[output]), hint="Added to every cell")
    return [
        select({"op": "groups", "as": "number"}, "Groups", str(operation.groups), groups, place="top"),
        stepper(
            {"op": "outputs"},
            "channels",
            operation.outputs,
            (1, CHANNELS_MOST),
            allowed=lambda n: _share(operation.groups, n, "output channels"),
            why_low="There is at least one channel",
            why_high=f"{CHANNELS_MOST} channels are the most here",
            hint="Output channels, each with a kernel of its own",
        ),
        *([bias] if operation.with_bias else []),
        heading("After the sum", place="more"),
        check({"op": "with_bias"}, "Add a bias", operation.with_bias, place="more"),
        check({"op": "relu"}, "ReLU after it", laboratory.relu, place="more", hint="Negative becomes 0"),
        check({"op": "exact"}, "Exact fractions", laboratory.exact, place="more", hint="1/9 and not 0.1111"),
        keep,
        *_tables("output"),
    ]


def _group_words(groups: int, operation: Operation) -> str:
    if groups == 1:
        return "1 group: standard"
    if groups == operation.inputs:
        return f"{groups} groups: depthwise"
    return f"{groups} groups"


def _no_groups(groups: int, operation: Operation) -> str | None:
    for count, what in ((operation.inputs, "input"), (operation.outputs, "output")):
        if count % groups:
            return f"{groups} does not divide {count} {what} channel{'s' * (count > 1)}"
    return None
