"""What stands side by side in the pooling laboratory: each column's heading, note and controls, and the bars above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cnn_core.shapes import Window
from pages.shared.column_controls import numbers_of
from pages.shared.controls import Control, button, check, option, select, stepper, typed_in
from pages.shared.describe import geometry_words, size
from pages.shared.experiment import Pair
from pages.shared.from_explore import FEATURES, OWN, SIDE_LARGEST
from pages.shared.pooling.laboratory import (
    KERNEL_LARGEST,
    KINDS,
    SHIFT_MOST,
    SOURCES,
    STRIDE_LARGEST,
    Kind,
    Laboratory,
    Run,
    Settings,
    misfit,
    missing,
)
from pages.shared.pooling.shift import EDGES


def columns(run: Run) -> list[dict[str, Any]]:
    """The input and each pooling, in that order."""
    laboratory = run.laboratory
    shown = [_column("input", "maps", "Input", size(laboratory.plane), _input_note(laboratory), _input(laboratory))]
    for number, kind in enumerate(KINDS):
        why = missing(kind, laboratory.window)
        if why is not None:
            fixes = [{"label": "Set padding to 0", "edit": {"op": "padding", "value": 0}}]
            shown.append({**_column(kind.name, "missing", kind.title, "", "", []), "why": why, "fixes": fixes})
            continue
        rows, across = run.pooled[number].trace.output.shape[2:]
        note = _note(laboratory, kind, (rows, across))
        shown.append(_column(kind.name, "maps", kind.title, size((rows, across)), note, _tables(kind.name)))
    return shown


def _column(view: str, kind: str, title: str, shape: str, note: str, controls: list[Control]) -> dict[str, Any]:
    told = {"view": view, "kind": kind, "title": title, "shape": shape, "note": note}
    return {**told, "controls": controls, "sign": ""}


def _tables(view: str) -> list[Control]:
    return numbers_of(view, ("table",))


def _note(laboratory: Laboratory, kind: Kind, output: Pair) -> str:
    """What a pooling makes of a window, and its output size with the numbers plugged in."""
    if kind.whole:
        return kind.word
    window = kind.make(laboratory.window).window((1, 1, *laboratory.plane))
    size_ = geometry_words(window, laboratory.plane, output) if isinstance(window, Window) else ""
    # Gradients of all poolings are on one scale.
    own = "\nlarger: on its own scale" * (kind.outgrows and laboratory.mode != "gradient")
    return f"{kind.word}{own}\n{size_}"


def _input_note(laboratory: Laboratory) -> str:
    down, across = laboratory.window.padding
    past = "\npast the edge: the last windows reach there, and nothing there counts" * overhangs(laboratory)
    if down or across:
        padded = size((laboratory.plane[0] + 2 * down, laboratory.plane[1] + 2 * across))
        taken = "takes it as 0" if laboratory.window.count_include_pad else "leaves it out"
        return f"padded to {padded}: the maximum never picks the padding, an average {taken}{past}"
    if past:
        return past.strip()
    if laboratory.source == OWN:
        return f"A copy of Explore's input, in one plane and made to fit {SIDE_LARGEST} cells a side"
    if laboratory.source == FEATURES:
        return f"A copy of Explore's feature map: its middle, where it has more than {SIDE_LARGEST} cells a side"
    return typed_in()


def overhangs(laboratory: Laboratory) -> bool:
    """Whether a last window reaches past the padded input."""
    window = laboratory.window
    return any(
        (count - 1) * stride + kernel > size_ + 2 * padding
        for count, stride, kernel, size_, padding in zip(
            laboratory.pooled, window.stride, window.kernel_size, laboratory.plane, window.padding, strict=True
        )
    )


def _input(laboratory: Laboratory) -> list[Control]:
    options = [option(name, title) for name, title in SOURCES.items()]
    return [
        select({"op": "input"}, "Input", laboratory.source, options, place="top"),
        button({"op": "worked"}, "Worked example", place="more", hint="Back to what this page opened with"),
        *_tables("input"),
    ]


def window_controls(laboratory: Laboratory) -> list[Control]:
    """The window, the same for all but the global poolings; only what fits is offered."""
    window, plane = laboratory.window, laboratory.plane

    def allowed(change: Callable[[int], Settings], what: str) -> Callable[[int], str | None]:
        def asked(value: int) -> str | None:
            why = misfit(plane, change(value))
            return f"With {what} {value}, {why.replace('=', ' ')}" if why else None

        return asked

    def pair(name: str, label: str, bounds: Pair, whys: tuple[str, str], hint: str, axes: bool) -> list[Control]:
        value: Pair = getattr(window, name)

        def step(text: str, axis: int | None) -> Control:
            def change(n: int) -> Settings:
                changed = (n, n) if axis is None else (n, value[1]) if axis == 0 else (value[0], n)
                changes: dict[str, Any] = {name: changed}
                return replace(window, **changes)

            return stepper(
                {"op": name} if axis is None else {"op": name, "axis": axis},
                text,
                value if axis is None else value[axis],
                bounds,
                allowed=allowed(change, text),
                text=size(value) if axis is None and value[0] != value[1] else None,
                why_low=whys[0],
                why_high=whys[1],
                hint=hint,
            )

        names = ("down", "across")
        return [step(f"{label} {names[axis]}", axis) for axis in (0, 1)] if axes else [step(label, None)]

    cell = "A window has at least one cell"
    hints = ("Rows and columns of the window", "From one window to the next", "Cells around the input, on both sides")
    still = "A stride of 0 would never move on"
    kernel_most, stride_most = (
        f"The largest {what} here is {n}" for what, n in (("window", KERNEL_LARGEST), ("stride", STRIDE_LARGEST))
    )
    least = "Padding cannot be negative"
    return [
        *pair("kernel_size", "window", (1, KERNEL_LARGEST), (cell, kernel_most), hints[0], True),
        *pair("stride", "stride", (1, STRIDE_LARGEST), (still, stride_most), hints[1], True),
        *pair("padding", "padding", (0, KERNEL_LARGEST - 1), (least, least), hints[2], False),
        check(
            {"op": "ceil_mode"},
            "keep windows over the edge",
            window.ceil_mode,
            hint="ceil_mode: whether a last window that overhangs the input counts",
        ),
        check(
            {"op": "count_include_pad"},
            "averages count the padding",
            window.count_include_pad,
            hint="count_include_pad: whether an average counts the padding among its cells",
        ),
    ]


def mode_controls(laboratory: Laboratory) -> list[Control]:
    """What belongs to what is looked at."""
    if laboratory.mode == "gradient":
        targets = [
            option("sum", "of the sum of all outputs: 1 for each"),
            option("cell", "of the pinned output cell alone"),
            option("own", "of outputs weighed by your own numbers"),
        ]
        return [select({"op": "target"}, "Gradient", laboratory.target, targets)]
    if laboratory.mode == "shift":
        most = f"{SHIFT_MOST} cells are the most here"
        steps = [
            stepper(
                {"op": "shift", "axis": axis},
                name,
                laboratory.shift[axis],
                (-SHIFT_MOST, SHIFT_MOST),
                text=str(laboratory.shift[axis]).replace("-", "−"),
                why_low=most,
                why_high=most,
                hint=hint,
            )
            for axis, name, hint in ((1, "right", "Cells to the right; negative: left"), (0, "down", "Cells down"))
        ]
        edges = [option(name, title) for name, title in EDGES.items()]
        return [*steps, select({"op": "edge"}, "Edge", laboratory.edge, edges, hint="What comes in at the edge")]
    return []
