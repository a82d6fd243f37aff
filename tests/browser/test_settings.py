"""Every setting of the stages, set where a person sets it: what each cell then says is held against cnn_core."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    edited,
    hover_cell,
    open_experiment,
    press,
    revision,
    same_sum,
    type_number,
    wait_drawn,
    within,
)

pytestmark = pytest.mark.browser

# Larger than the worked grid and not square: every setting has room, and an axis taken for the other would show.
GRID = np.random.default_rng(4).integers(-5, 10, (12, 10)).tolist()
# Of each stage, which cells are asked.
VIEWS = {
    "conv": (0, ("first", "last")),
    "activation": (1, ("least",)),
    "pool": (2, ("first", "last")),
    "scores": (4, ("last",)),
    "probabilities": (5, ("largest",)),
}


@pytest.fixture
def tall(page: Page) -> Page:
    """A window that holds the whole page: nothing scrolls under the pointer."""
    page.set_viewport_size({"width": 1440, "height": 1400})
    return page


def set_on(page: Page, view: str, kind: str, label: str, value: str = "") -> None:
    """Use one control of a column and wait for cnn_core's answer."""
    before = revision(page)
    name = f"{label}, as a number" if kind == "type" else label
    with within(page, view, name, "button" if kind == "press" else None) as control:
        if kind == "press":
            control.click()
        elif kind == "choose":
            control.select_option(value)
        else:
            control.fill(value)
            control.press("Enter")
        wait_drawn(page, "probabilities", "cnn_core", before)


def check(page: Page, experiment: Experiment, output: int = 0) -> None:
    """Cells of every stage say what cnn_core says: corners, where padding shows, and the least and largest numbers."""
    trace = build(experiment).trace
    for view, (stage, asked) in VIEWS.items():
        values = trace.stages[stage].output[0]
        plane = values[output] if values.ndim == 3 else values[:, None]
        places = {"first": 0, "last": plane.size - 1, "least": int(plane.argmin()), "largest": int(plane.argmax())}
        for at in sorted({places[name] for name in asked}):
            row, column = divmod(at, plane.shape[1])
            index = (0, output, row, column) if values.ndim == 3 else (0, row)
            same_sum(hover_cell(page, view, row, column, plane.shape), trace.explain(stage, index))


# One setting after the other: where it is set, how, and the edit that it stands for.
SETTINGS = {
    "leaky ReLU and its slope": [
        ("activation", "choose", "Activation", "leaky_relu", {"op": "activation", "value": "leaky_relu"}),
        ("activation", "choose", "Slope", "0.3", {"op": "slope", "value": 0.3}),
    ],
    "sigmoid and tanh": [
        ("activation", "choose", "Activation", "sigmoid", {"op": "activation", "value": "sigmoid"}),
        ("activation", "choose", "Activation", "tanh", {"op": "activation", "value": "tanh"}),
    ],
    "stride": [
        ("kernel", "type", "stride down", "2", {"op": "stride", "axis": 0, "value": 2}),
        ("kernel", "type", "stride across", "3", {"op": "stride", "axis": 1, "value": 3}),
        ("kernel", "type", "stride", "2", {"op": "stride", "value": 2}),
    ],
    "dilation": [
        ("kernel", "type", "dilation down", "3", {"op": "dilation", "axis": 0, "value": 3}),
        ("kernel", "type", "dilation across", "2", {"op": "dilation", "axis": 1, "value": 2}),
        ("kernel", "type", "dilation", "2", {"op": "dilation", "value": 2}),
    ],
    "padding": [
        ("kernel", "choose", "Padding", "same", {"op": "padding", "value": "same"}),
        ("kernel", "choose", "Padding", "valid", {"op": "padding", "value": "valid"}),
        ("kernel", "press", "more padding", "", {"op": "padding", "value": 1}),
    ],
    "padding of each side": [
        ("kernel", "type", f"padding {side}", str(cells), {"op": "padding", "side": k, "value": cells})
        for k, (side, cells) in enumerate({"top": 2, "bottom": 1, "left": 1, "right": 2}.items())
    ],
    # Padding with an average only: there cnn_core and the screen both hold it for 0.
    "pooling": [
        ("pool", "type", "window", "3", {"op": "pool_size", "value": 3}),
        ("pool", "type", "stride", "1", {"op": "pool_stride", "value": 1}),
        ("pool", "choose", "Pooling", "average", {"op": "pooling", "value": "average"}),
        ("pool", "type", "padding", "1", {"op": "pool_padding", "value": 1}),
    ],
    "pooling of each axis": [
        ("pool", "type", "window down", "3", {"op": "pool_size", "axis": 0, "value": 3}),
        ("pool", "type", "window across", "4", {"op": "pool_size", "axis": 1, "value": 4}),
        ("pool", "type", "stride down", "1", {"op": "pool_stride", "axis": 0, "value": 1}),
        ("pool", "type", "stride across", "3", {"op": "pool_stride", "axis": 1, "value": 3}),
        ("pool", "choose", "Pooling", "average", {"op": "pooling", "value": "average"}),
        ("pool", "type", "padding down", "1", {"op": "pool_padding", "axis": 0, "value": 1}),
        ("pool", "type", "padding across", "2", {"op": "pool_padding", "axis": 1, "value": 2}),
    ],
    "seed and head": [
        ("scores", "press", "more seed", "", {"op": "seed", "value": 1}),
        ("scores", "type", "seed", "9999", {"op": "seed", "value": 9999}),
        ("probabilities", "choose", "Last layer", "sigmoid", {"op": "head", "value": "sigmoid"}),
    ],
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_after_each_setting_every_stage_says_what_cnn_core_says(tall: Page, server: Server, settings: list):
    experiment = edited({"op": "grid", "value": GRID})
    open_experiment(tall, server.url, experiment)
    for view, kind, label, value, edit in settings:
        set_on(tall, view, kind, label, value)
        experiment = edited(edit, start=experiment)
        check(tall, experiment)


def test_there_can_be_one_class_or_ten_and_their_names_are_typed(tall: Page, server: Server):
    experiment = edited({"op": "grid", "value": GRID})
    open_experiment(tall, server.url, experiment)
    names = tall.locator("[data-view=probabilities] .ks-bar-name")
    for count in ("1", "10"):
        set_on(tall, "scores", "type", "classes", count)
        experiment = edited({"op": "classes", "value": int(count)}, start=experiment)
        check(tall, experiment)
        expect(names).to_have_text(list("ABCDEFGHIJ"[: int(count)]))
    typed = "cat, dog,  a <b> & c ,,Ünï"
    set_on(tall, "scores", "fill", "Names of the classes, separated by commas", typed)
    expect(names).to_have_text(["cat", "dog", "a <b> & c", "D", "Ünï", *"FGHIJ"])
    check(tall, edited({"op": "class_names", "value": typed}, start=experiment))


def test_a_name_that_is_refused_stays_to_be_corrected_and_one_without_a_class_is_told(tall: Page, server: Server):
    open_experiment(tall, server.url, edited())
    notice = tall.locator(".ks-notice")
    long = "a very long class name that goes on"
    with within(tall, "scores", "Names of the classes, separated by commas") as field:
        for text, said, stays in (
            (f"cat, dog, {long}", "A class name has at most 24 characters", f"cat, dog, {long}"),
            (
                "cat, dog, a long name, d, e",
                "3 classes: d, e are kept for when",
                "cat, dog, a long name, d, e",
            ),
            ("", None, "A, B, C"),
        ):
            field.fill(text)
            field.press("Enter")
            expect(notice).to_contain_text(said) if said else expect(notice).to_be_hidden()
            expect(field).to_have_value(stays)
            assert field.get_attribute("aria-invalid") == ("true" if long in text else None)
    with within(tall, "kernel", "name") as field:
        field.fill("x" * 32)
        field.press("Enter")
        expect(notice).to_contain_text("A kernel's name has at most 24 characters")
        expect(field).to_have_value("x" * 32)
        press(tall, "Add a kernel")
        expect(field).to_have_value("x" * 32)
        tall.keyboard.press("Escape")
    tall.get_by_role("radiogroup", name="Which kernel").get_by_role("radio").nth(1).click()
    with within(tall, "kernel", "name") as field:
        expect(field).to_have_value("")  # another kernel's


def test_a_kernel_is_removed_and_those_that_stay_keep_their_maps(tall: Page, server: Server):
    edits = [
        {"op": "add_kernel"},
        {"op": "add_kernel"},
        *({"op": "bias", "output": k, "value": bias} for k, bias in enumerate((0.5, -2, 3))),
    ]
    experiment = edited({"op": "grid", "value": GRID}, *edits)
    open_experiment(tall, server.url, experiment)
    tabs = tall.get_by_role("radiogroup", name="Which kernel").get_by_role("radio")
    tabs.nth(1).click()
    press(tall, "Remove this kernel", within="kernel")
    tall.keyboard.press("Escape")
    experiment = edited({"op": "remove_kernel", "output": 1}, start=experiment)
    expect(tabs).to_have_count(2)
    check(tall, experiment, output=1)
    tabs.first.click()
    check(tall, experiment, output=0)
    press(tall, "Remove this kernel", within="kernel")
    check(tall, edited({"op": "remove_kernel", "output": 0}, start=experiment))
    # The last one stays: marked as not available, and it says so where it is pressed.
    tall.get_by_role("button", name="Remove this kernel").dispatch_event("click")
    expect(tall.locator(".ks-notice")).to_contain_text("The last kernel stays")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_padding_by_its_name_is_legible_and_stepped_from_what_it_amounts_to(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 1000})
    seven = edited({"op": "grid", "value": GRID}, {"op": "kernel_size", "value": 7}, {"op": "padding", "value": "same"})
    open_experiment(page, server.url, seven)
    kernel = page.locator("[data-column=kernel]")
    field = kernel.get_by_label("padding, as a number", exact=True)
    for name, text in (("", "same"), ("less padding", "2"), ("more padding", "3")):
        if name:
            press(page, name)
        expect(field).to_have_value(text)
        assert field.evaluate("(field) => field.scrollWidth <= field.clientWidth")


def test_a_long_number_is_seen_whole_in_its_field(explore: Page):
    bias = explore.get_by_label("bias", exact=True)
    narrow = bias.bounding_box()["width"]
    type_number(explore, "bias", "1,000,000")
    expect(bias).to_have_value("1000000")
    assert bias.evaluate("(field) => field.scrollWidth <= field.clientWidth")
    type_number(explore, "bias", "0")
    assert bias.bounding_box()["width"] == narrow
