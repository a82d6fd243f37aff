"""The convolution laboratory in a browser: settings, three-way linking, the sliding window, all as cnn_core has it."""

import re
from fractions import Fraction

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import Conv2d
from cnn_core.rational import exact_total
from pages.shared.convolution.edits import apply
from pages.shared.convolution.laboratory import Laboratory, Run, run
from pages.shared.convolution.link import Sight, to_link
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    cell_centre,
    clear,
    frames,
    hover_cell,
    last_cell,
    next_frame,
    press,
    put,
    resize,
    revision,
    same_sum,
    seen,
    wait_drawn,
    within,
)
from tests.browser.test_everyone import OVER_THE_EDGE, serious

pytestmark = pytest.mark.browser


@pytest.fixture
def laboratory(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    return page


def carried(*edits: dict) -> Run:
    """The laboratory after these edits, carried out by cnn_core."""
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, Experiment())
    return run(state)


def set_to(page: Page, view: str, label: str, value: str, *, kind: str = "type") -> None:
    """Set a control of a column and wait for cnn_core's answer."""
    before = revision(page)
    with within(page, view, label) as control:
        put(control, value, kind)
        wait_drawn(page, "output-0", "cnn_core", before)


def cell_of(page: Page, asked: Run, output: int, row: int, column: int) -> None:
    """The page's sum for an output cell is cnn_core's, term by term."""
    shape = asked.trace.stages[0].output.shape
    event = hover_cell(page, f"output-{output}", row, column, shape[2:])
    same_sum(event, asked.trace.explain(0, (0, output, row, column)))


# Each weight of all kernels in sight with its colour, and the numbers at the ends of their legend.
COLOURED_WEIGHTS = """() => {
  const kernel = document.querySelector("[data-column=kernel]");
  const read = (text) => Number(text.replace("−", "-"));
  const fields = [...kernel.querySelectorAll(".ks-kernel input")];
  const ends = [".ks-low", ".ks-high"].map((end) => read(kernel.querySelector(end).textContent));
  return [fields.map(({ value, style }) => [read(value), style.backgroundColor]), ends];
}"""


@pytest.mark.parametrize("output", [0, 1])
def test_a_weight_has_one_colour_in_every_kernel_and_lies_within_their_legend(laboratory: Page, output: int):
    if output:
        laboratory.locator("[data-view=output-1]").click()
        expect(laboratory.locator(".ks-ledger h2")).to_contain_text("Output channel 1")
    weights, (low, high) = laboratory.evaluate(COLOURED_WEIGHTS)
    colours: dict[float, set[str]] = {}
    for weight, fill in weights:
        assert low <= weight <= high
        colours.setdefault(weight, set()).add(fill)
    assert all(len(fills) == 1 for fills in colours.values())
    assert len({min(fills) for fills in colours.values()}) == len(colours)


def test_the_landing_state_draws_and_spells_out_a_sum(laboratory: Page):
    expect(laboratory.locator("h1")).to_have_text("Convolution")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Output channel 0 [1, 1]")
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("[channel 0] −21 + [channel 1] −10 + bias 1 = −30")
    assert carried().trace.output[0, 0, 1, 1] == -30
    for view in ("input-0", "input-1", "kernel-0", "kernel-1", "alone-0", "alone-1", "output-0", "output-1"):
        assert laboratory.locator(f"[data-view={view}]").is_visible()


SETTINGS = {
    "four channels in two groups": [
        ({"op": "channels", "value": 4}, ("input", "channels, as a number", "4", "type")),
        ({"op": "outputs", "value": 4}, ("output", "channels, as a number", "4", "type")),
        ({"op": "groups", "value": 2}, ("output", "Groups", "2", "select")),
    ],
    "depthwise": [({"op": "groups", "value": 2}, ("output", "Groups", "2", "select"))],
    "reflected padding": [
        ({"op": "padding", "value": 2}, ("input", "padding, as a number", "2", "type")),
        ({"op": "padding_mode", "value": "reflect"}, ("input", "Padding shows", "reflect", "select")),
    ],
    "a circular side": [
        ({"op": "padding", "value": 3, "side": 2}, ("input", "padding left, as a number", "3", "type")),
        ({"op": "padding_mode", "value": "circular"}, ("input", "Padding shows", "circular", "select")),
    ],
    "replicated and same": [
        ({"op": "padding_mode", "value": "replicate"}, ("input", "Padding shows", "replicate", "select")),
        ({"op": "padding", "value": "same"}, ("input", "Padding", "same", "select")),
    ],
    "a long kernel, stride and dilation": [
        ({"op": "kernel_size", "axis": 0, "value": 2}, ("kernel", "rows, as a number", "2", "type")),
        ({"op": "stride", "value": 2}, ("kernel", "stride, as a number", "2", "type")),
        ({"op": "dilation", "axis": 1, "value": 2}, ("kernel", "dilation across, as a number", "2", "type")),
    ],
    "transposed, with stride and padding": [
        ({"op": "transposed", "value": True}, ("kernel", "Transposed", "", "check")),
        ({"op": "stride", "value": 2}, ("kernel", "stride, as a number", "2", "type")),
        ({"op": "padding", "value": 1}, ("input", "padding, as a number", "1", "type")),
    ],
    "transposed, depthwise": [
        ({"op": "transposed", "value": True}, ("kernel", "Transposed", "", "check")),
        ({"op": "groups", "value": 2}, ("output", "Groups", "2", "select")),
        ({"op": "dilation", "axis": 0, "value": 2}, ("kernel", "dilation down, as a number", "2", "type")),
    ],
    "flipped, without bias": [
        ({"op": "flipped", "value": True}, ("kernel", "True convolution (flip the kernel)", "", "check")),
        ({"op": "with_bias", "value": False}, ("output", "Add a bias", "", "check")),
    ],
    "a larger input under a library kernel": [
        ({"op": "input", "value": "larger"}, ("input", "Input", "larger", "select")),
        ({"op": "library", "value": "gaussian_blur_5"}, ("kernel", "Kernel", "gaussian_blur_5", "select")),
    ],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_gives_cnn_core_s_sums(laboratory: Page, name: str):
    laboratory.set_viewport_size({"width": 1440, "height": 1300})  # four channels and their controls are in sight
    for _, (view, label, value, kind) in SETTINGS[name]:
        set_to(laboratory, view, label, value, kind=kind)
    asked = carried(*(edit for edit, _ in SETTINGS[name]))
    _, outputs, rows, columns = asked.trace.stages[0].output.shape
    for output in (0, outputs - 1):
        for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 2)):
            cell_of(laboratory, asked, output, row, column)
    channels = asked.laboratory.operation.weight.shape[1]
    shapes = asked.alone.output.shape
    for channel in range(channels):  # the first output is looked at, so its group's channels stand alone
        event = hover_cell(laboratory, f"alone-{channel}", rows - 1, 0, (rows, columns))
        plane = channel * (shapes[1] // asked.laboratory.channels)
        assert event["value"] == asked.alone.output[0, plane, rows - 1, 0]


def test_an_output_cell_shows_which_weight_each_cell_of_its_window_meets(laboratory: Page):
    cell_of(laboratory, carried(), 1, 2, 3)
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Output channel 1 [2, 3]")
    frames(laboratory)
    before = ink(laboratory, "input-0")
    hover_cell(laboratory, "output-1", 0, 0, (4, 4))
    frames(laboratory)
    assert ink(laboratory, "input-0") != before


def ink(page: Page, view: str) -> str:
    """The marks over a map, as a picture."""
    return page.locator(f"[data-view={view}] .ks-map-marks").evaluate("(canvas) => canvas.toDataURL()")


def test_a_weight_shows_all_that_it_meets_and_its_share_of_every_output(laboratory: Page):
    asked = carried()
    clear(laboratory)
    laboratory.locator("[data-view=kernel-1] input").nth(4).hover()
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Weight for channel 1 [1, 1]")
    expect(laboratory.locator(".ks-ledger-value")).to_have_text("−4")
    expect(laboratory.locator(".ks-ledger-note")).to_contain_text("It meets 16 cells")
    event = last_cell(laboratory)
    assert (event["rule"], event["value"], event["index"]) == ("weight", -4, [0, 1, 1, 1])
    x, weight = asked.trace.input, asked.laboratory.operation.weight
    only = np.zeros_like(weight[:1])
    only[0, 1, 1, 1] = weight[0, 1, 1, 1]
    layer = Conv2d(2, 1, 3, bias=False)
    layer.weight = only
    share = layer.forward(x)[0, 0]
    assert [term["product"] for term in event["terms"]] == share.ravel().tolist()
    assert event["total"] == share.sum()
    expect(laboratory.locator("[data-column=output] .ks-channel").first).to_have_text("the weight's share of each cell")
    laboratory.mouse.move(5, 500)
    expect(laboratory.locator("[data-column=output] .ks-channel").first).to_have_text("channel 0")


def test_a_weight_under_the_keyboard_tells_the_same(laboratory: Page):
    field = laboratory.locator("[data-view=kernel-0] input").nth(2)
    field.focus()
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Weight for channel 0 [0, 2]")
    expect(laboratory.locator(".ks-ledger-value")).to_have_text("−1")
    expect(laboratory.locator("[aria-live=polite].ks-unseen")).to_contain_text("Weight [0, 2]")


def test_ledger_and_map_agree_while_a_weight_is_asked(laboratory: Page):
    """The map of shares is titled as such; the ledger tells of the weight and its share of the pinned cell."""
    column, ledger = laboratory.locator("[data-column=output]"), laboratory.locator(".ks-ledger")
    weight = laboratory.locator("[data-view=kernel-1] input").nth(4)
    pinned = ledger.locator("h2").inner_text()
    share = "Its share of Output channel 0 [1, 1], which is −30: 9 × (−4) = −36."
    weight.hover()
    expect(ledger.locator(".ks-ledger-note")).to_contain_text(share)
    expect(ledger.locator(".ks-sum")).to_have_count(0)
    expect(column.locator(".ks-shape")).to_have_text("channel 0: the weight's share")
    weight.click()
    laboratory.mouse.move(5, 500)
    expect(ledger.locator(".ks-ledger-note")).to_contain_text(share)
    hover_cell(laboratory, "output-0", 0, 0, (4, 4))
    expect(ledger.locator("h2")).to_have_text("Output channel 0 [0, 0]")
    expect(column.locator(".ks-shape")).to_have_text("4 × 4 × 2")
    laboratory.mouse.move(5, 500)
    weight.blur()
    expect(ledger.locator("h2")).to_have_text(pinned)


def test_a_weight_in_the_ledger_is_written_as_a_fraction_where_all_numbers_are(laboratory: Page):
    set_to(laboratory, "kernel", "Kernel", "box_blur", kind="select")
    set_to(laboratory, "output", "Exact fractions", "", kind="check")
    laboratory.locator("[data-view=kernel-0] input").first.hover()
    expect(laboratory.locator(".ks-ledger-value")).to_have_text("1/9")
    expect(laboratory.locator(".ks-ledger-note")).to_contain_text(" × 1/9 = ")


def test_an_input_cell_tells_every_output_it_feeds_and_with_which_weight(laboratory: Page):
    hover_cell(laboratory, "input-0", 1, 3, (6, 6))
    items = laboratory.locator(".ks-ledger .ks-terms > li")
    asked = carried()
    found = [
        (cell, term.weight)
        for _, cell in asked.trace.explain(-1, (0, 0, 1, 3)).consumers
        if cell[1] == 0
        for term in asked.trace.explain(0, cell).terms
        if term.index == (0, 0, 1, 3)
    ]
    expect(items).to_have_count(len(found))
    assert len(found) == 6
    for k, (cell, weight) in enumerate(found):
        words = f"feeds Output channel 0 [{cell[2]}, {cell[3]}] by weight"
        expect(items.nth(k)).to_contain_text(words)
        expect(items.nth(k)).to_contain_text(f"which is {weight:g}".replace("-", "−"))


def test_an_input_cell_names_every_output_channel_it_feeds_and_says_which_one_is_listed(laboratory: Page):
    note = laboratory.locator(".ks-ledger .ks-ledger-note")
    fed = {cell[1] for _, cell in carried().trace.explain(-1, (0, 0, 1, 3)).consumers}
    assert fed == {0, 1}
    hover_cell(laboratory, "input-0", 1, 3, (6, 6))
    expect(note).to_have_text("It feeds output channels 0 and 1; the cells of channel 0 are listed.")
    laboratory.mouse.click(*cell_centre(laboratory, "output-1", 1, 1, (4, 4)))
    hover_cell(laboratory, "input-0", 1, 3, (6, 6))
    expect(note).to_have_text("It feeds output channels 0 and 1; the cells of channel 1 are listed.")
    # Of two groups each output channel reads an input channel of its own.
    set_to(laboratory, "output", "Groups", "2", kind="select")
    laboratory.mouse.move(5, 500)
    hover_cell(laboratory, "input-0", 1, 3, (6, 6))
    expect(note).to_have_text("No window of output channel 1 reads it; it feeds channel 0.")
    hover_cell(laboratory, "input-1", 1, 3, (6, 6))
    expect(laboratory.locator(".ks-ledger .ks-terms > li").first).to_contain_text("feeds Output channel 1")
    expect(note).to_have_count(0)


def test_in_a_transposed_convolution_an_input_cell_tells_where_it_lays_its_kernel(laboratory: Page):
    set_to(laboratory, "kernel", "Transposed", "", kind="check")
    set_to(laboratory, "kernel", "stride, as a number", "2")
    asked = carried({"op": "transposed", "value": True}, {"op": "stride", "value": 2}).trace
    hover_cell(laboratory, "input-1", 2, 3, (6, 6))
    items = laboratory.locator(".ks-ledger .ks-terms > li")
    weight = carried().laboratory.operation.weight[0, 1]
    expect(items).to_have_count(9)
    for k, (a, b) in enumerate(np.ndindex(3, 3)):
        words = f"feeds Output channel 0 [{4 + a}, {6 + b}] by weight [{a}, {b}], which is {weight[a, b]:g}"
        expect(items.nth(k)).to_contain_text(words.replace("-", "−"))
    cells = [cell for _, cell in asked.explain(-1, (0, 1, 2, 3)).consumers if cell[1] == 0]
    assert cells == [(0, 0, 4 + a, 6 + b) for a, b in np.ndindex(3, 3)]


def test_padding_cells_are_met_with_the_value_that_their_mode_shows(laboratory: Page):
    set_to(laboratory, "input", "padding, as a number", "1")
    set_to(laboratory, "input", "Padding shows", "replicate", kind="select")
    event = hover_cell(laboratory, "output-0", 0, 0, (6, 6))
    first = event["terms"][0]
    assert first["index"] == [0, 0, 0, 0]  # the corner again
    assert first["value"] == carried().trace.input[0, 0, 0, 0]


def test_a_dragged_weight_previews_and_ends_on_cnn_core_s_numbers(laboratory: Page):
    clear(laboratory)
    box = laboratory.locator("[data-view=kernel-0] input").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    laboratory.mouse.move(x, y)
    laboratory.mouse.down()
    laboratory.mouse.move(x + 15, y, steps=4)
    wait_drawn(laboratory, "output-0", "preview")
    before = revision(laboratory)
    laboratory.mouse.up()
    wait_drawn(laboratory, "output-0", "cnn_core", before - 1)
    values = carried().laboratory.operation.weight[0, 0].copy()
    values[0, 0] = 3
    asked = carried({"op": "kernel", "output": 0, "plane": 0, "values": values.tolist()})
    cell_of(laboratory, asked, 0, 1, 2)
    event = hover_cell(laboratory, "alone-0", 3, 3, (4, 4))
    assert event["value"] == asked.alone.output[0, 0, 3, 3]
    press(laboratory, "↶ Undo", "output-0")
    cell_of(laboratory, carried(), 0, 1, 2)


def test_a_cell_is_typed_over_by_keyboard_and_undone(laboratory: Page):
    laboratory.locator("[data-view=input-1]").focus()
    laboratory.keyboard.press("ArrowRight")
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("7")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    asked = carried({"op": "cells", "plane": 1, "cells": [[0, 1, 7]]})
    cell_of(laboratory, asked, 0, 0, 0)
    before = revision(laboratory)
    laboratory.keyboard.press("Control+z")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    cell_of(laboratory, carried(), 0, 0, 1)


def test_what_does_not_fit_is_not_offered_and_says_why(laboratory: Page):
    more = laboratory.get_by_role("button", name="more rows", exact=True)
    for count in (4, 5, 6):
        before = revision(laboratory)
        more.click()
        wait_drawn(laboratory, "output-0", "cnn_core", before)
        expect(laboratory.get_by_label("rows, as a number")).to_have_value(str(count))
    expect(more).to_have_attribute("aria-disabled", "true")
    more.dispatch_event("click")
    told = "A kernel of 7 rows does not fit 6 rows of padded input: 6 is the largest."
    expect(laboratory.locator(".ks-notice p")).to_have_text(told)
    before = revision(laboratory)
    laboratory.get_by_label("stride, as a number").fill("9")
    laboratory.get_by_label("stride, as a number").press("Enter")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    expect(laboratory.locator(".ks-notice p")).to_contain_text("must be a whole number from 1 to 4")
    expect(laboratory.get_by_label("stride, as a number")).to_have_value("1")
    option = laboratory.locator("[data-column=output] select option", has_text="3 groups")
    expect(option).to_be_disabled()
    assert option.get_attribute("title") == "3 does not divide 2 input channels"


def test_the_window_slides_in_either_order_and_by_scrubbing(laboratory: Page):
    head = laboratory.locator(".ks-ledger h2")
    laboratory.get_by_role("button", name="To the first cell").click()
    expect(head).to_have_text("Output channel 0 [0, 0]")
    laboratory.get_by_role("button", name="One cell on").click()
    expect(head).to_have_text("Output channel 0 [0, 1]")
    laboratory.get_by_label("order of the cells").select_option("columns")
    laboratory.get_by_role("button", name="To the first cell").click()
    laboratory.get_by_role("button", name="One cell on").click()
    expect(head).to_have_text("Output channel 0 [1, 0]")
    laboratory.get_by_label("which cell").fill("14")
    expect(head).to_have_text("Output channel 0 [2, 3]")
    laboratory.get_by_label("speed").fill("100")
    expect(laboratory.locator(".ks-speed-text")).to_have_text("60 cells/s")
    laboratory.get_by_role("button", name="Play").click()
    expect(head).to_have_text("Output channel 0 [3, 3]", timeout=8000)
    laboratory.get_by_label("speed").fill("0")
    expect(laboratory.locator(".ks-speed-text")).to_have_text("0.3 cells/s")


def test_another_output_channel_brings_its_own_kernel(laboratory: Page):
    box = laboratory.locator("[data-view=output-1]").bounding_box()
    laboratory.mouse.click(box["x"] + 5, box["y"] + 5)
    weight = carried().laboratory.operation.weight[1, 0]
    fields = laboratory.locator("[data-view=kernel-0] input")
    for k, value in enumerate(weight.ravel()):
        expect(fields.nth(k)).to_have_value(f"{value:g}".replace("-", "−"))
    expect(laboratory.get_by_label("bias", exact=True)).to_have_value("0")


def test_in_exact_mode_fractions_are_shown_as_such_and_add_up(laboratory: Page):
    set_to(laboratory, "kernel", "Kernel", "box_blur", kind="select")
    set_to(laboratory, "output", "bias", "1/4")
    set_to(laboratory, "output", "Exact fractions", "", kind="check")
    asked = carried(
        {"op": "library", "output": 0, "value": "box_blur"}, {"op": "bias", "output": 0, "value": 0.25}
    ).trace
    expect(laboratory.locator("[data-view=kernel-0] input").first).to_have_value("1/9")
    for row, column in ((0, 0), (1, 3), (3, 2)):
        total = exact_total(asked.explain(0, (0, 0, row, column)))
        hover_cell(laboratory, "output-0", row, column, (4, 4))
        expect(laboratory.locator(".ks-ledger-value")).to_have_text(str(total))
        said = laboratory.locator(".ks-ledger .ks-sum").inner_text()
        parts, value = said.split(" = ")
        numbers = [Fraction(text) for text in re.findall(r"-?\d+(?:/\d+)?(?= \+|$)", parts.replace("−", "-"))]
        assert len(numbers) == 3
        assert sum(numbers) == Fraction(value) == total
    hover_cell(laboratory, "alone-0", 2, 2, (4, 4))
    next_frame(laboratory)
    products = laboratory.locator(".ks-ledger .ks-term-product").all_inner_texts()
    assert sum(map(Fraction, products)) == Fraction(laboratory.locator(".ks-ledger-value").inner_text())


def test_what_is_no_fraction_is_told_when_exactness_is_asked_for(laboratory: Page):
    set_to(laboratory, "output", "bias", "3.14159265")
    set_to(laboratory, "output", "Exact fractions", "", kind="check")
    expect(laboratory.locator(".ks-notice p")).to_contain_text("are no fractions")


def test_two_kernels_stand_side_by_side_with_linked_cursors_and_a_difference(laboratory: Page):
    before = revision(laboratory)
    with within(laboratory, "output", "Keep to compare", "button") as button:
        button.click()
        wait_drawn(laboratory, "kept-0", "cnn_core", before)
    set_to(laboratory, "kernel", "Kernel", "sobel_x", kind="select")
    asked = carried({"op": "keep"}, {"op": "library", "output": 0, "value": "sobel_x"})
    event = hover_cell(laboratory, "difference-0", 1, 2, (4, 4))
    assert event["value"] == asked.difference[0, 0, 1, 2]
    assert [term["product"] for term in event["terms"]] == [
        asked.trace.output[0, 0, 1, 2],
        -asked.kept.output[0, 0, 1, 2],
    ]
    frames(laboratory)
    unmarked = ink(laboratory, "kept-0")
    event = hover_cell(laboratory, "output-0", 3, 3, (4, 4))
    frames(laboratory)
    assert ink(laboratory, "kept-0") != unmarked
    event = hover_cell(laboratory, "kept-0", 2, 1, (4, 4))
    assert event["value"] == asked.kept.output[0, 0, 2, 1]
    assert event["total"] == event["value"]
    set_to(laboratory, "kernel", "stride, as a number", "2")
    expect(laboratory.locator("[data-column=difference]")).to_contain_text("do not lie over each other")
    press(laboratory, "Swap", "output-0")
    press(laboratory, "Drop", "output-0")
    expect(laboratory.locator("[data-column=kept]")).to_contain_text("Nothing is kept yet")


def test_a_setting_can_be_kept_where_it_will_stand(laboratory: Page):
    keep = laboratory.locator("[data-column=kept]").get_by_role("button", name="Keep it")
    box, below = keep.bounding_box(), laboratory.locator(".ks-dock, .ks-ledger").first.bounding_box()
    assert box["y"] + box["height"] < below["y"]  # in sight, where the one below the output may not be
    clear(laboratory)
    keep.click()
    wait_drawn(laboratory, "kept-0")
    expect(laboratory.locator("[data-view=kept-0]")).to_be_visible()
    expect(keep).to_have_count(0)


@pytest.mark.parametrize("padding", [0, 1, 2, 3])
def test_the_numbers_of_the_worked_example_can_be_read_whatever_its_padding(laboratory: Page, padding: int):
    if padding:
        set_to(laboratory, "input", "padding, as a number", str(padding))
    frames(laboratory)
    for view, cells in (("input-0", 6), ("output-0", 4 + 2 * padding), ("alone-1", 4 + 2 * padding)):
        width = laboratory.locator(f"[data-view={view}]").bounding_box()["width"]
        assert width / cells >= 19, view  # room for two digits and a sign


@pytest.mark.parametrize("width", [1440, 1280, 1000, 390])
def test_nothing_moves_when_something_is_kept(laboratory: Page, width: int):
    resize(laboratory, width, 900)
    keep = laboratory.get_by_role("button", name="Keep to compare")
    keep.scroll_into_view_if_needed()
    frames(laboratory)
    seen = """() => ["input", "kernel", "alone", "output"]
      .map((view) => document.querySelector(`[data-column=${view}]`))
      .flatMap((column) => [...column.querySelectorAll(".ks-map, h2, p, input, select, button")])
      .filter((each) => each.checkVisibility() && !each.closest(":popover-open, [popover]"))
      .map((each) => { const { x, y, width, height } = each.getBoundingClientRect(); return [x, y, width, height]; })"""
    before = laboratory.evaluate(seen)
    clear(laboratory)
    keep.click()
    wait_drawn(laboratory, "difference-0")
    frames(laboratory)
    np.testing.assert_allclose(laboratory.evaluate(seen), before, atol=1)


def test_the_laboratory_is_kept_over_pages_and_a_reload(laboratory: Page):
    set_to(laboratory, "kernel", "stride, as a number", "2")
    laboratory.get_by_role("link", name="Explore").click()
    wait_drawn(laboratory, "probabilities")
    clear(laboratory)
    laboratory.get_by_role("link", name="Convolution").click()
    wait_drawn(laboratory, "output-0")
    expect(laboratory.get_by_label("stride, as a number")).to_have_value("2")
    laboratory.reload()
    wait_drawn(laboratory, "output-0")
    expect(laboratory.get_by_label("stride, as a number")).to_have_value("2")
    press(laboratory, "↶ Undo", "output-0")
    expect(laboratory.get_by_label("stride, as a number")).to_have_value("1")


def test_a_column_is_told_as_real_tables(laboratory: Page):
    with within(laboratory, "output", "As a table", "button") as button:
        button.click()
        tables = laboratory.get_by_role("dialog").get_by_role("table")
        expect(tables).to_have_count(2)
        numbers = tables.first.locator("td").all_inner_texts()[1:]
        assert [float(text.replace("−", "-")) for text in numbers] == carried().trace.output[0, 0].ravel().tolist()
        laboratory.keyboard.press("Escape")


def test_an_input_cell_marks_what_its_ledger_lists_and_no_other_channel(laboratory: Page):
    hover_cell(laboratory, "output-0", 0, 0, (4, 4))
    laboratory.mouse.move(5, 500)
    frames(laboratory)
    before = [ink(laboratory, f"output-{k}") for k in range(2)]
    hover_cell(laboratory, "input-1", 0, 5, (6, 6))
    frames(laboratory)
    after = [ink(laboratory, f"output-{k}") for k in range(2)]
    assert after[0] != before[0]
    assert after[1] == before[1]
    shown = laboratory.locator(".ks-ledger .ks-terms > li").all_inner_texts()
    assert len(shown) == 1
    assert "Output channel 0" in shown[0]


def test_fractions_that_have_no_room_are_said_to_be_rounded(page: Page, server: Server):
    page.set_viewport_size({"width": 1000, "height": 1000})
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    set_to(page, "kernel", "Kernel", "gaussian_blur", kind="select")
    set_to(page, "input", "padding, as a number", "2")  # the more cells, the less room has each
    caption = page.locator("[data-column=output] .ks-channel").first
    expect(caption).to_have_text("channel 0")
    set_to(page, "output", "Exact fractions", "", kind="check")
    expect(caption).to_have_text("channel 0, rounded to fit")
    note = page.locator("[data-column=output] .ks-note")
    expect(note).not_to_contain_text("decimals")
    set_to(page, "output", "bias", "0.123456789")
    expect(note).to_contain_text("in decimals: a number here is no fraction with a denominator up to 1000")
    expect(caption).to_have_text("channel 0")


def test_what_is_ticked_stays_under_the_hand_and_what_is_kept_can_be_kept_anew(laboratory: Page):
    laboratory.set_viewport_size({"width": 1440, "height": 700})
    with within(laboratory, "output", "Exact fractions") as box:
        box.scroll_into_view_if_needed()
        before = box.bounding_box()
        box.click()
        wait_drawn(laboratory, "output-0", "cnn_core", 0)
        frames(laboratory)
        after = box.bounding_box()
        assert abs(after["y"] - before["y"]) <= 1
        assert abs(after["x"] - before["x"]) <= 1
    press(laboratory, "Keep to compare", "output-0")
    expect(laboratory.get_by_role("button", name="Keep to compare")).to_be_visible()


@pytest.fixture
def anyone(any_screen: Page, server: Server) -> Page:
    any_screen.goto(f"{server.url}/convolution")
    wait_drawn(any_screen, "output-0")
    return any_screen


def test_there_is_no_serious_violation_with_everything_opened(anyone: Page):
    assert serious(anyone) == []
    assert anyone.evaluate(OVER_THE_EDGE) == []
    for view in ("input", "kernel", "output"):
        anyone.locator(f"[data-column={view}] summary").click()
        assert serious(anyone) == [], view
        anyone.keyboard.press("Escape")
    set_to(anyone, "input", "channels, as a number", "4")
    set_to(anyone, "input", "padding, as a number", "3")
    assert serious(anyone) == []
    assert anyone.evaluate(OVER_THE_EDGE) == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_nothing_is_wider_than_its_screen(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    assert page.evaluate(OVER_THE_EDGE) == []
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width


def opened_on(page: Page, server: Server, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")


@pytest.mark.parametrize(("width", "height"), [(744, 1133), (820, 1180), (900, 700), (949, 600)])
def test_on_a_tablet_all_four_columns_stand_side_by_side(page: Page, server: Server, width: int, height: int):
    opened_on(page, server, width, height)
    maps = [page.locator(f"[data-view={view}]").bounding_box() for view in ("input-0", "alone-0", "output-0")]
    assert maps[0]["x"] + maps[0]["width"] < maps[1]["x"] < maps[1]["x"] + maps[1]["width"] < maps[2]["x"]
    assert all(each["y"] + each["height"] < page.locator(".ks-ledger").bounding_box()["y"] for each in maps)


@pytest.mark.parametrize(
    ("width", "height"),
    [(744, 1133), (820, 1180), (900, 700), (949, 600), (924, 430), (932, 430), (949, 430), (960, 430), (1180, 820)],
)
def test_beside_the_heading_no_button_lies_over_its_sentence(page: Page, server: Server, width: int, height: int):
    opened_on(page, server, width, height)
    covered = """() => {
      const words = document.createRange();
      words.selectNodeContents(document.querySelector(".ks-heading"));
      const over = document.querySelector(".ks-corner").getBoundingClientRect();
      return [...words.getClientRects()].some((line) => line.right > over.left && line.bottom > over.top);
    }"""
    assert page.locator(".ks-corner").bounding_box()["width"] > 0
    assert not page.evaluate(covered)


@pytest.mark.parametrize("column", ["input", "output"])
def test_a_stepper_stays_under_the_pointer_while_the_maps_above_it_become_more_and_fewer(laboratory: Page, column: str):
    steps = laboratory.locator(f"[data-column={column}] .ks-stepper", has_text="channels").locator("button")
    for step, count in ((steps.last, 3), (steps.last, 4), (steps.first, 3), (steps.first, 2)):
        box = step.bounding_box()
        laboratory.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(laboratory.locator(f"[data-view^={column}-]")).to_have_count(count)
        frames(laboratory)
        assert abs(step.bounding_box()["y"] - box["y"]) <= 1


def test_all_maps_come_closer_together_and_a_cell_stays_under_the_pointer(page: Page, server: Server):
    larger = to_link(Sight(carried({"op": "input", "value": "larger"}, {"op": "stride", "value": 2}).laboratory)).code
    page.goto(f"{server.url}/convolution?c={larger}")
    wait_drawn(page, "output-0")
    amount = page.locator(".ks-zoom-amount")
    expect(amount).to_have_text("1.0×")
    place = cell_centre(page, "input-1", 10, 12, (16, 16))
    before = hover_cell(page, "input-1", 10, 12, (16, 16))
    for _ in range(4):
        page.mouse.wheel(0, -100)
    expect(amount).not_to_have_text("1.0×")
    page.mouse.move(5, 5)
    frames(page)
    clear(page)
    page.mouse.move(*place)
    page.wait_for_function("window.cnn.cell.some((each) => each.view === 'input-1')")
    assert last_cell(page)["index"] == before["index"] == [0, 1, 10, 12]
    # What is seen of an output was made around there, and a cell of it is still asked as it is.
    box = page.locator("[data-view=output-0]").bounding_box()
    clear(page)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("window.cnn.cell.some((each) => each.view === 'output-0')")
    event = last_cell(page)
    assert event["index"][2] > 3
    assert event["index"][3] > 3
    asked = carried({"op": "input", "value": "larger"}, {"op": "stride", "value": 2})
    same_sum(event, asked.trace.explain(0, tuple(event["index"])))
    page.get_by_role("button", name="Show the whole map (Home on a map)").click()
    expect(amount).to_have_text("1.0×")
    page.locator("[data-view=input-0]").focus()
    page.keyboard.press("PageUp")
    expect(amount).to_have_text("1.6×")


def test_close_up_a_click_at_an_output_s_edge_shows_its_window_on_every_channel_of_the_input(
    page: Page, server: Server
):
    larger = to_link(Sight(carried({"op": "input", "value": "larger"}).laboratory)).code
    page.goto(f"{server.url}/convolution?c={larger}")
    wait_drawn(page, "output-0")
    page.mouse.move(*cell_centre(page, "input-0", 8, 8, (16, 16)))
    for _ in range(4):
        page.mouse.wheel(0, -100)
    expect(page.locator(".ks-zoom-amount")).not_to_have_text("1.0×")
    frames(page)
    box = page.locator("[data-view=output-0]").bounding_box()
    for across, down in ((0.97, 0.5), (0.03, 0.97)):
        output = seen(page, "output-0")
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
        frames(page)
        row, column = last_cell(page)["index"][2:]
        assert seen(page, "output-0") == output
        for view in ("input-0", "input-1"):
            top, left, bottom, right = seen(page, view)
            assert top - 0.01 <= row
            assert row + 3 <= bottom + 0.01
            assert left - 0.01 <= column
            assert column + 3 <= right + 0.01


@pytest.mark.parametrize("width", [1280, 1000])
def test_zoom_lies_beside_play_where_the_ledger_lies_at_the_window_s_edge(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 720})
    spread = carried({"op": "transposed", "value": True}, {"op": "stride", "value": 2}).laboratory
    page.goto(f"{server.url}/convolution?c={to_link(Sight(spread)).code}")
    wait_drawn(page, "output-0")
    frames(page)
    expect(page.locator(".ks-dock .ks-player")).to_be_in_viewport()
    for name in ("Zoom out", "Zoom in", "Show the whole map"):
        button = page.locator(".ks-ledger").get_by_role("button", name=name).bounding_box()
        assert button["x"] + button["width"] < width - 32
        assert button["y"] + button["height"] < 720


def test_from_as_close_as_one_comes_a_wide_window_is_seen_whole_on_every_channel(page: Page, server: Server):
    wide = [{"op": "input", "value": "larger"}, {"op": "kernel_size", "axis": 0, "value": 7}]
    laboratory = carried(*wide, {"op": "kernel_size", "axis": 1, "value": 7}).laboratory
    page.goto(f"{server.url}/convolution?c={to_link(Sight(laboratory)).code}")
    wait_drawn(page, "output-0")
    page.mouse.click(*cell_centre(page, "output-0", 8, 2, (10, 10)))
    page.mouse.move(5, 5)
    for _ in range(8):
        page.keyboard.press("PageUp")
    frames(page)
    assert last_cell(page)["index"] == [0, 0, 8, 2]
    for view in ("input-0", "input-1"):
        top, left, bottom, right = seen(page, view)
        assert top - 0.01 <= 8
        assert bottom + 0.01 >= 15
        assert left - 0.01 <= 2
        assert right + 0.01 >= 9


def test_the_window_slides_over_whole_maps_and_is_in_sight_as_close_as_before_where_it_stops(
    page: Page, server: Server
):
    laboratory = carried({"op": "input", "value": "larger"}).laboratory
    page.goto(f"{server.url}/convolution?c={to_link(Sight(laboratory)).code}")
    wait_drawn(page, "output-0")
    page.mouse.click(*cell_centre(page, "output-0", 8, 8, (14, 14)))
    page.mouse.move(5, 5)
    for _ in range(8):
        page.keyboard.press("PageUp")
    frames(page)
    amount = page.locator(".ks-zoom-amount").inner_text()
    assert amount != "1.0×"
    page.get_by_role("button", name="Play").click()
    expect(page.locator(".ks-zoom-amount")).to_have_text("1.0×")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".ks-zoom-amount")).to_have_text(amount)
    frames(page)
    at = last_cell(page)["index"]
    top, left, bottom, right = seen(page, f"output-{at[1]}")
    assert top - 0.01 <= at[2] <= bottom - 0.99
    assert left - 0.01 <= at[3] <= right - 0.99


def test_a_map_of_large_cells_offers_no_zoom(laboratory: Page):
    expect(laboratory.locator(".ks-zoom")).to_be_hidden()
