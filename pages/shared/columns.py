"""What stands side by side on the Explore page: each column's heading, note and controls, in words and numbers.

Controls offer only what works on the input at hand, and say why the next value would not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnn_core import kernels
from pages.shared import patterns, samples
from pages.shared.chain import ACTIVATION_TITLES, Chain, Geometry, Step, geometry, misfit, remedies
from pages.shared.controls import (
    Control,
    button,
    check,
    command,
    menu,
    number,
    option,
    select,
    slider,
    stepper,
    text,
)
from pages.shared.describe import PLURALS, kernel_label, recognised, size
from pages.shared.experiment import (
    CLASSES_LARGEST,
    DILATION_LARGEST,
    GRID_LARGEST,
    KERNELS_MOST,
    POOL_LARGEST,
    SLOPES,
    STRIDE_LARGEST,
    Experiment,
)
from pages.shared.photo import LARGEST

_SIGNS = {"kernel": "∗", "conv": "=", "activation": "→", "pool": "→", "flat": "→", "scores": "→", "probabilities": "→"}
_KINDS = {"flat": "vector", "scores": "bars", "probabilities": "bars"}
_SIDES = ("top", "bottom", "left", "right")


def columns(chain: Chain, output: int) -> list[dict[str, Any]]:
    """What stands side by side on the screen: input, kernel, then every stage.

    Args:
        chain: what is shown.
        output: which kernel the kernel's column speaks of.
    """
    experiment = chain.experiment
    count, deep, rows, columns_ = experiment.weight.shape
    kernel_shape = f"{rows} × {columns_}" + (f" × {deep}" if deep > 1 else "") + (f", {count} of them" * (count > 1))
    shown: list[dict[str, Any]] = [
        _column(
            "input", "map", "Input", _input_shape(experiment), _input_note(experiment), _input_controls(experiment)
        ),
        _column("kernel", "kernel", "Kernel", kernel_shape, "", _kernel_controls(experiment, output)),
    ]
    for position, step in enumerate(chain.steps):
        if chain.problem is not None and position >= chain.problem.position:
            shown.append(_missing(chain, position))
            continue
        result = chain.trace.stages[position].output
        note = _geometry(chain, position) if step.view in ("conv", "pool") else _word(step.view, chain)
        kind = _KINDS.get(step.view, "map")
        controls = [*_step_controls(step.view, chain), *_looking(step.view)]
        shown.append(_column(step.view, kind, _heading(step), _extent(step, result.shape), note, controls))
    return shown


def _extent(step: Step, shape: tuple[int, ...]) -> str:
    if step.view == "flat":
        return f"{shape[1]:,} value{'s' * (shape[1] > 1)}"
    if len(shape) == 2:
        return f"{shape[1]} class{'es' * (shape[1] > 1)}"
    return size(shape[2:]) + (f" × {shape[1]}" if shape[1] > 1 else "")


def _heading(step: Step) -> str:
    """A vector of classes is headed by its plural, a map by its title."""
    plural = PLURALS.get(step.view)
    return plural.capitalize() if plural and step.view != "flat" else step.title


def _column(view: str, kind: str, title: str, shape: str, note: str, controls: list[Control]) -> dict[str, Any]:
    return {
        "view": view,
        "kind": kind,
        "title": title,
        "shape": shape,
        "note": note,
        "controls": controls,
        "sign": _SIGNS.get(view, ""),
    }


def _missing(chain: Chain, position: int) -> dict[str, Any]:
    step, problem = chain.steps[position], chain.problem
    assert problem is not None
    first = position == problem.position
    fixes = [{"label": f"Use {label}", "edit": edit} for label, edit in remedies(chain.experiment)] if first else []
    sentence = f"{problem.sentence[0].upper()}{problem.sentence[1:]}."
    why = sentence if first else f"Waits for {chain.steps[problem.position].title.lower()}."
    column = _column(step.view, "missing", _heading(step), "", "", _step_controls(step.view, chain))
    return {**column, "why": why, "fixes": fixes}


def _input_shape(experiment: Experiment) -> str:
    return size(experiment.plane) + (" × 3" if experiment.input.shape[0] == 3 else "")


def _input_note(experiment: Experiment) -> str:
    photo = experiment.photo
    if not experiment.on_photo or photo is None:
        return "Click a cell and type, drag to draw, or paste from a spreadsheet"
    height, width = photo.original
    rows, columns_ = experiment.plane
    kind = "in colour" if photo.colour == "rgb" else "in grey"
    shown = f"{photo.name}: {width} × {height} pixels, shown as {columns_} × {rows} {kind}"
    return f"{shown}. {samples.get(photo.sample).licence}" if photo.sample else shown


def _geometry(chain: Chain, position: int) -> str:
    """The output size with the numbers plugged in, one line where both axes agree."""
    stage = chain.trace.stages[position]
    before = chain.trace.values(stage.inputs[0])
    window = stage.layer.window(before.shape)
    if window is None:
        return ""
    lines = []
    for axis, name in enumerate(("rows", "columns")):
        length, out = before.shape[2 + axis], stage.output.shape[2 + axis]
        extent, stride, dilation = window.extent[axis], window.stride[axis], window.dilation[axis]
        near, far = window.padding[axis]
        added = f" + 2·{far}" if near == far else f" + {near} + {far}"
        reach = f"{extent}" if dilation == 1 else f"({dilation}·{window.kernel_size[axis] - 1} + 1)"
        inner = f"{length}{added if near or far else ''} − {reach}"
        whole = (length + near + far - extent) % stride == 0
        lines.append((name, f"({inner}) / {stride} + 1 = {out}" if whole else f"⌊({inner}) / {stride}⌋ + 1 = {out}"))
    if lines[0][1] == lines[1][1]:
        return lines[0][1]
    return "\n".join(f"{name} {line}" for name, line in lines)


_ACTIVATION_WORDS = {
    "relu": "negative becomes 0",
    "sigmoid": "squeezed into 0 to 1",
    "tanh": "squeezed into −1 to 1",
}


def _word(view: str, chain: Chain) -> str:
    experiment = chain.experiment
    if view == "activation":
        return _ACTIVATION_WORDS.get(experiment.activation, f"negative becomes {experiment.slope:g} of itself")
    if view == "flat":
        return "row after row" + (", map after map" if experiment.bank.shape[0] > 1 else "")
    if view == "scores":
        features = chain.trace.stages[3].output.shape[1]
        changed = experiment.dense_features == features and any(k < experiment.classes for k, _ in experiment.dense)
        return f"{features:,} × {experiment.classes} {'weights, some your own' if changed else 'untrained weights'}"
    return "add up to 1" if experiment.head == "softmax" else "each on its own"


# ---- controls ----------------------------------------------------------------------------------------------------


def _asks(
    experiment: Experiment, change: Callable[[Geometry, int], Geometry], name: str
) -> Callable[[int], str | None]:
    """For a stepper: why a value would not fit. Where nothing fits as it stands, every step is free."""
    sizes = geometry(experiment)
    if misfit(sizes) is not None:
        return lambda _: None

    def allowed(value: int) -> str | None:
        sentence = misfit(change(sizes, value))
        return f"With {name} {value}, {sentence}" if sentence else None

    return allowed


def _both(sizes: Geometry, field: str, value: int) -> Geometry:
    changes: dict[str, Any] = {field: (value, value)}
    return sizes._replace(**changes)


def _one(sizes: Geometry, field: str, axis: int, value: int) -> Geometry:
    old = getattr(sizes, field)
    changes: dict[str, Any] = {field: (value, old[1]) if axis == 0 else (old[0], value)}
    return sizes._replace(**changes)


def _pair_steppers(
    experiment: Experiment,
    field: str,
    label: str,
    bounds: tuple[int, int],
    whys: tuple[str, str],
    hint: str,
    place: str,
) -> list[Control]:
    """A setting of both axes at once in ``place``, and behind "More" one of each axis."""
    value = getattr(experiment, field)
    alike = value[0] == value[1]
    together = stepper(
        {"op": field},
        label,
        max(value),
        bounds,
        allowed=_asks(experiment, lambda sizes, n: _both(sizes, field, n), label),
        text=None if alike else f"{value[0]} × {value[1]}",
        why_low=whys[0],
        why_high=whys[1],
        place=place,
        hint=hint,
    )

    def along(axis: int, name: str) -> Control:
        return stepper(
            {"op": field, "axis": axis},
            f"{label} {name}",
            value[axis],
            bounds,
            allowed=_asks(experiment, lambda sizes, n: _one(sizes, field, axis, n), f"{label} {name}"),
            why_low=whys[0],
            why_high=whys[1],
            place="more",
        )

    return [together, along(0, "down"), along(1, "across")]


def _input_controls(experiment: Experiment) -> list[Control]:
    no_photo = None if experiment.photo is not None else "Upload a picture or take a sample first"
    sources = [option("grid", "Numbers"), option("photo", "Picture", no_photo)]
    source = select({"op": "source"}, "Input", experiment.source, sources, place="top")
    gallery = [option(each.name, each.title) for each in samples.SAMPLES]
    doors = [
        command(
            "upload", "Upload…", place="top", hint="A picture, a scenario or a kernel from this device, or drop it"
        ),
        menu({"op": "sample"}, "Samples", gallery, place="top", hint="Small pictures, free to use", gallery="samples"),
    ]
    if experiment.on_photo and experiment.photo is not None:
        photo = experiment.photo
        scale = slider(
            {"op": "photo_size"},
            "size",
            photo.size,
            (photo.smallest, LARGEST),
            hint="The longer side of the working copy, in pixels",
        )
        colours = [option("grey", "Grey"), option("rgb", "RGB", None if photo.rgb is not None else photo.why_grey)]
        colour = select({"op": "colour"}, "Colour", photo.colour, colours, hint="Grey is one plane, RGB three")
        return [source, *doors, scale, colour, command("camera", "Camera…", place="more", hint="Take a picture")]
    rows, columns_ = experiment.grid.shape
    least, most = "A grid has at least one cell", f"A grid has at most {GRID_LARGEST} cells a side"
    fills = [option(name, patterns.title(name)) for name in patterns.names()]
    return [
        source,
        *doors,
        stepper({"op": "rows"}, "rows", rows, (1, GRID_LARGEST), why_low=least, why_high=most),
        stepper({"op": "columns"}, "cols", columns_, (1, GRID_LARGEST), why_low=least, why_high=most),
        button(
            {"op": "worked"},
            "Worked example",
            place="more",
            hint="Back to the 5 × 5 grid and the settings this page opened with",
        ),
        button({"op": "clear"}, "Clear", place="more", hint="Set every cell to 0"),
        menu({"op": "pattern"}, "Fill with…", fills, place="more", hint="Whole numbers from 0 to 9"),
        command("fill", "Fill with the brush", place="more", hint="Set every cell to the brush's value"),
        command("paste", "Paste numbers…", place="more", hint="Rows of numbers, as a spreadsheet copies them"),
        command("camera", "Camera…", place="more", hint="Take a picture"),
    ]


def _kernel_controls(experiment: Experiment, output: int) -> list[Control]:
    found = recognised(experiment, output)
    options = [option(kernel.name, kernel.title, group=kernel.family) for kernel in kernels.LIBRARY]
    if found is None:
        options = [option("own", kernel_label(experiment, output), "These weights are your own"), *options]
    one = {"output": output}
    count = experiment.bank.shape[0]
    sizes = (1, kernels.LARGEST_SIZE)
    largest = f"A kernel has at most {kernels.LARGEST_SIZE} rows and columns"
    smallest = "A kernel has at least one weight"
    changes = [
        option(name, label)
        for name, label in (
            ("normalise", "Normalise: weights sum to 1"),
            ("flip", "Flip both ways (true convolution)"),
            ("mirror", "Mirror left and right"),
            ("rotate", "Rotate a quarter turn"),
            ("transpose", "Transpose"),
            ("negate", "Negate"),
        )
    ]
    settings = [
        *_pair_steppers(
            experiment,
            "stride",
            "stride",
            (1, STRIDE_LARGEST),
            ("A stride of 0 would never move on", f"The largest stride here is {STRIDE_LARGEST}"),
            "How far the window moves from one output cell to the next",
            "bottom",
        ),
        *_padding_controls(experiment),
        number({"op": "bias", **one}, "bias", float(experiment.bias[output]), hint="Added to every cell of the map"),
        *_pair_steppers(
            experiment, "kernel_size", "kernel", sizes, (smallest, largest), "Rows and columns of the kernel", "more"
        ),
        *_pair_steppers(
            experiment,
            "dilation",
            "dilation",
            (1, DILATION_LARGEST),
            ("At dilation 1 the taps are neighbours", f"The largest dilation here is {DILATION_LARGEST}"),
            "Cells from one weight of the window to the next",
            "more",
        ),
    ]
    shaping = [
        menu({"op": "transform", **one}, "Change the weights…", changes, place="more"),
        button({"op": "random", **one}, "Random weights", place="more", hint="Tenths from −1 to 1"),
        command("paste_kernel", "Type or paste weights…", place="more", hint="Rows such as 1 0 -1; 2 0 -2; 1 0 -1"),
        text({"op": "kernel_name", **one}, "name", experiment.kernel_names[output], "of this kernel", place="more"),
    ]
    if experiment.input.shape[0] > 1 or not experiment.linked:
        hint = "On: one plane of weights for red, green and blue. Off: each has its own"
        shaping.append(
            check({"op": "linked"}, "Same weights for R, G and B", experiment.linked, place="more", hint=hint)
        )
    bank = [
        button({"op": "add_kernel"}, "Add a kernel", place="more", hint="Another output channel")
        if count < KERNELS_MOST
        else button(
            {"op": "add_kernel"}, "Add a kernel", place="more", why=f"{KERNELS_MOST} kernels are the most here"
        ),
        button({"op": "remove_kernel", **one}, "Remove this kernel", place="more")
        if count > 1
        else button({"op": "remove_kernel"}, "Remove this kernel", place="more", why="The last kernel stays"),
    ]
    files = [
        command("save_kernel", "Save kernel", place="more", hint="A small file that Upload… brings back"),
    ]
    library = select({"op": "library", **one}, "Kernel", found.name if found else "own", options, place="top")
    # What shapes the kernel first, the settings of a single axis or side last.
    beside = [control for control in settings if control["place"] != "more"]
    alone = [control for control in settings if control["place"] == "more"]
    return [library, *beside, *bank, *shaping, *files, *alone]


def _padding_controls(experiment: Experiment) -> list[Control]:
    """All sides at once; behind "More" the two named paddings and each side alone."""
    padding = experiment.padding
    sides = [0, 0, 0, 0] if isinstance(padding, str) else [each for axis in padding for each in axis]
    reach = [
        dilation * (kernel - 1) for dilation, kernel in zip(experiment.dilation, experiment.kernel_size, strict=True)
    ]
    most = max(reach)
    why_high = f"With padding {most + 1}, windows at the rim would see nothing but zeros"
    same = experiment.padding == "same"
    alike = len(set(sides)) == 1

    def side(sizes: Geometry, k: int, value: int) -> Geometry:
        changed = [*sides]
        changed[k] = value
        top, bottom, left, right = changed
        return sizes._replace(padding=((top, bottom), (left, right)))

    together = stepper(
        {"op": "padding"},
        "padding",
        max(sides),
        (0, max(most, *sides)),
        allowed=_asks(experiment, lambda sizes, n: sizes._replace(padding=((n, n), (n, n))), "padding"),
        why_low="Padding cannot be negative",
        why_high=why_high,
        text="same" if same else None if alike else "sides",
        hint="Zeros around the input, in cells on every side",
    )
    named = "same" if same else "valid" if not any(sides) else "own"
    names = [
        option("valid", "valid: none"),
        option("same", "same: output as large as the input, over the stride"),
        option("own", "by number", "Set a number of cells instead"),
    ]

    def alone(k: int, name: str) -> Control:
        return stepper(
            {"op": "padding", "side": k},
            f"padding {name}",
            sides[k],
            (0, max(reach[k // 2], sides[k])),
            allowed=_asks(experiment, lambda sizes, n: side(sizes, k, n), f"padding {name}"),
            why_low="Padding cannot be negative",
            why_high="With more, windows at the rim would see nothing but zeros",
            place="more",
        )

    choice = select({"op": "padding"}, "Padding", named, names, place="more")
    return [together, choice, *(alone(k, name) for k, name in enumerate(_SIDES))]


def _looking(view: str) -> list[Control]:
    """What can be done with any stage's numbers, behind "More"."""
    kinds = (
        ("large", "Open large, with a histogram", "With axes, to zoom and read off"),
        ("table", "As a table", "The numbers as a real table"),
        ("copy_cell", "Copy the cell", "The chosen cell's number, to the last digit"),
        ("copy_row", "Copy its row", "The chosen cell's row, as a spreadsheet takes it"),
        ("copy_map", "Copy all numbers", "As a spreadsheet takes them"),
    )
    return [command(f"{name}:{view}", label, hint=hint, place="more") for name, label, hint in kinds]


def _step_controls(view: str, chain: Chain) -> list[Control]:
    experiment = chain.experiment
    if view == "activation":
        options = [option(name, title) for name, title in ACTIVATION_TITLES.items()]
        chosen = [select({"op": "activation"}, "Activation", experiment.activation, options, place="top")]
        if experiment.activation == "leaky_relu":
            slopes = sorted({*SLOPES, experiment.slope})
            steps = [option(repr(slope), f"slope {slope:g}") for slope in slopes]
            hint = "What is left of a negative number"
            chosen.append(select({"op": "slope", "as": "number"}, "Slope", repr(experiment.slope), steps, hint=hint))
        return chosen
    if view == "pool":
        return _pool_controls(experiment)
    if view == "scores":
        most = f"At most {CLASSES_LARGEST} classes"
        names = ", ".join(experiment.class_name(k) for k in range(experiment.classes))
        hint = "Names of the classes, separated by commas"
        again = "Other seeded weights and biases; your own go with the old ones"
        return [
            stepper(
                {"op": "classes"},
                "classes",
                experiment.classes,
                (1, CLASSES_LARGEST),
                why_low="At least one class",
                why_high=most,
                place="top",
            ),
            text({"op": "class_names"}, "names", names, "A, B, C", place="more", hint=hint),
            stepper(
                {"op": "seed"}, "seed", experiment.seed, (0, 9999), place="more", hint=again, why_low="Seeds start at 0"
            ),
        ]
    if view == "probabilities":
        heads = [option("softmax", "Softmax"), option("sigmoid", "Sigmoid")]
        return [select({"op": "head"}, "Last layer", experiment.head, heads, place="top")]
    return []


def _pool_controls(experiment: Experiment) -> list[Control]:
    kinds = [option("max", "Max"), option("average", "Average")]
    bounds = (1, POOL_LARGEST)
    windows = _pair_steppers(
        experiment,
        "pool_size",
        "window",
        bounds,
        ("A window has at least one cell", f"The largest pooling window here is {POOL_LARGEST}"),
        "Rows and columns of the pooling window",
        "bottom",
    )
    strides = _pair_steppers(
        experiment,
        "pool_stride",
        "step",
        bounds,
        ("A stride of 0 would never move on", f"The largest stride here is {POOL_LARGEST}"),
        "The stride: cells from one pooling window to the next",
        "bottom",
    )
    rim = "Pooling pads less than its window, so that every window sees a cell"
    paddings = _pair_steppers(
        experiment,
        "pool_padding",
        "padding",
        (0, max(experiment.pool_padding[0], max(experiment.pool_size) - 1)),
        ("Padding cannot be negative", rim),
        "Cells around the map: max pooling never picks them, an average counts them as 0",
        "more",
    )
    return [select({"op": "pooling"}, "Pooling", experiment.pooling, kinds, place="top"), *windows, *strides, *paddings]
