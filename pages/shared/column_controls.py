"""The controls of each column: what can be chosen, set, done and taken from it."""

from __future__ import annotations

from collections.abc import Iterable

from cnn_core import kernels
from pages.shared import patterns, samples
from pages.shared.chain import ACTIVATION_TITLES
from pages.shared.controls import (
    Control,
    button,
    check,
    command,
    heading,
    menu,
    number,
    option,
    select,
    slider,
    stepper,
    text,
)
from pages.shared.describe import kernel_label, recognised
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
from pages.shared.geometry_controls import library_misfit, padding_controls, pair_steppers
from pages.shared.photo import LARGEST


def input_controls(experiment: Experiment) -> list[Control]:
    """The doors of the input, and what can be done to a grid or a picture."""
    no_photo = None if experiment.photo is not None else "Upload a picture or take a sample first"
    sources = [option("grid", "Numbers"), option("photo", "Picture", no_photo)]
    source = select({"op": "source"}, "Input", experiment.source, sources, place="top")
    gallery = [option(each.name, each.title) for each in samples.SAMPLES]
    doors = [
        command(
            "upload", "Upload…", place="top", hint="A picture, a scenario or a kernel from this device, or drop it"
        ),
    ]
    taken = menu({"op": "sample"}, "Samples", gallery, hint="Small pictures, free to use", gallery="samples")
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
        return [
            source,
            *doors,
            scale,
            colour,
            taken,
            command("camera", "Camera…", place="more", hint="Take a picture"),
            *numbers_of("input"),
        ]
    rows, columns_ = experiment.grid.shape
    least, most = "A grid has at least one cell", f"A grid has at most {GRID_LARGEST} cells a side"
    fills = [option(name, patterns.title(name)) for name in patterns.names()]
    return [
        source,
        *doors,
        stepper({"op": "rows"}, "rows", rows, (1, GRID_LARGEST), why_low=least, why_high=most),
        stepper({"op": "columns"}, "cols", columns_, (1, GRID_LARGEST), why_low=least, why_high=most),
        taken,
        button(
            {"op": "worked"},
            "Worked example",
            place="more",
            hint="Back to the 5 × 5 grid and the settings this page opened with",
        ),
        button({"op": "clear"}, "Clear", place="more", hint="Set every cell to 0"),
        menu({"op": "pattern"}, "Fill with…", fills, place="more", hint="Whole numbers from 0 to 9"),
        command("fill", "Fill with the brush", place="more", hint="Set every cell to the brush's value"),
        command(
            "paste",
            "Paste numbers…",
            place="more",
            hint="Rows of numbers, as a spreadsheet copies them: the whole grid",
        ),
        command("camera", "Camera…", place="more", hint="Take a picture"),
        *numbers_of("input"),
    ]


def kernel_controls(experiment: Experiment, output: int) -> list[Control]:
    """The library, the convolution's settings, and what shapes one kernel or the whole bank."""
    found = recognised(experiment, output)
    options = []
    for kernel in kernels.LIBRARY:
        # Said and not refused: what makes it fit is offered where the map would stand.
        fits = kernel is found or library_misfit(experiment, kernel.weights.shape) is None
        words = kernel.title if fits else f"{kernel.title} (needs a larger input)"
        options.append(option(kernel.name, words, group=kernel.family))
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
        *pair_steppers(
            experiment,
            "stride",
            "stride",
            (1, STRIDE_LARGEST),
            ("A stride of 0 would never move on", f"The largest stride here is {STRIDE_LARGEST}"),
            "How far the window moves from one output cell to the next",
            "bottom",
        ),
        *padding_controls(experiment),
        number({"op": "bias", **one}, "bias", float(experiment.bias[output]), hint="Added to every cell of the map"),
        *pair_steppers(
            experiment, "kernel_size", "kernel", sizes, (smallest, largest), "Rows and columns of the kernel", "more"
        ),
        *pair_steppers(
            experiment,
            "dilation",
            "dilation",
            (1, DILATION_LARGEST),
            ("At dilation 1 the taps are neighbours", f"The largest dilation here is {DILATION_LARGEST}"),
            "Cells from one weight of the window to the next",
            "more",
        ),
    ]
    this = [
        heading("This kernel", place="more"),
        command("library", "Library, with pictures…", place="more", hint="Every kernel, what it is made of and does"),
        menu({"op": "transform", **one}, "Change the weights…", changes, place="more"),
        button({"op": "random", **one}, "Random weights", place="more", hint="Tenths from −1 to 1"),
        command("paste_kernel", "Type or paste weights…", place="more", hint="Rows such as 1 0 -1; 2 0 -2; 1 0 -1"),
        text({"op": "kernel_name", **one}, "name", experiment.kernel_names[output], "of this kernel", place="more"),
        command("save_kernel", "Save kernel", place="more", hint="A small file that brings it back"),
        command("upload", "Open a kernel file…", place="more", hint="One that Save kernel wrote"),
        *numbers_of("kernel", ("table", "copy_map")),
    ]
    add = "" if count < KERNELS_MOST else f"{KERNELS_MOST} kernels are the most here"
    remove = "" if count > 1 else "The last kernel stays"
    every = [
        heading("All kernels", place="more"),
        button({"op": "add_kernel"}, "Add a kernel", place="more", hint="Another output channel", **_because(add)),
        button({"op": "remove_kernel", **one}, "Remove this kernel", place="more", **_because(remove)),
    ]
    if experiment.input.shape[0] > 1 or not experiment.linked:
        hint = "On: one plane of weights for red, green and blue. Off: each has its own"
        every.append(check({"op": "linked"}, "Same weights for R, G and B", experiment.linked, place="more", hint=hint))
    library = select({"op": "library", **one}, "Kernel", found.name if found else "own", options, place="top")
    beside = [control for control in settings if control["place"] != "more"]
    folded = [control for control in settings if control["place"] == "more"]
    # The settings of a single axis or side last.
    whole = [control for control in folded if not control["label"].endswith(_ALONE)]
    alone = [control for control in folded if control["label"].endswith(_ALONE)]
    return [library, *beside, *this, *every, *whole, heading("One axis or side alone", place="more"), *alone]


_ALONE = (" down", " across", " top", " bottom", " left", " right")


def _because(why: str) -> dict[str, str]:
    """What keeps a button from working, where something does."""
    return {"why": why} if why else {}


_NUMBERS = {
    "large": ("Open large, with a histogram", "With axes, to zoom and read off"),
    "table": ("As a table", "The numbers as a real table"),
    "copy_cell": ("Copy the cell", "The chosen cell's number, to the last digit"),
    "copy_row": ("Copy its row", "The chosen cell's row, as a spreadsheet takes it"),
    "copy_map": ("Copy all numbers", "As a spreadsheet takes them"),
}


def numbers_of(view: str, kinds: Iterable[str] = _NUMBERS) -> list[Control]:
    """What can be done with the numbers that ``view`` shows, behind "More"."""
    return [command(f"{kind}:{view}", _NUMBERS[kind][0], hint=_NUMBERS[kind][1], place="more") for kind in kinds]


def step_controls(view: str, experiment: Experiment) -> list[Control]:
    """What can be set of the stage that ``view`` shows."""
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
        named = max(experiment.classes, len(experiment.class_names))
        names = ", ".join(experiment.class_name(k) for k in range(named))
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
    windows = pair_steppers(
        experiment,
        "pool_size",
        "window",
        bounds,
        ("A window has at least one cell", f"The largest pooling window here is {POOL_LARGEST}"),
        "Rows and columns of the pooling window",
        "bottom",
    )
    strides = pair_steppers(
        experiment,
        "pool_stride",
        "stride",
        bounds,
        ("A stride of 0 would never move on", f"The largest stride here is {POOL_LARGEST}"),
        "Cells from one pooling window to the next",
        "bottom",
    )
    rim = "Pooling pads less than its window, so that every window sees a cell"
    paddings = pair_steppers(
        experiment,
        "pool_padding",
        "padding",
        (0, max(experiment.pool_padding[0], max(experiment.pool_size) - 1)),
        ("Padding cannot be negative", rim),
        "Cells around the map: max pooling never picks them, an average counts them as 0",
        "more",
        typed=(0, POOL_LARGEST),
    )
    return [select({"op": "pooling"}, "Pooling", experiment.pooling, kinds, place="top"), *windows, *strides, *paddings]
