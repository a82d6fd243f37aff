"""Kernels of every size, several at once and in colour, by mouse, touch and keyboard; numbers held against cnn_core."""

import re
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from cnn_core import kernels
from cnn_core.rational import common_denominator
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import (
    Fingers,
    cell_centre,
    choose,
    clear,
    drawn,
    frames,
    hover_cell,
    last_cell,
    press,
    revision,
    same_sum,
    take_sample,
    type_number,
    wait_drawn,
    weights,
    weights_as_written,
    whole_weights,
)

pytestmark = pytest.mark.browser


def after(*edits: dict) -> Experiment:
    experiment = Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return experiment


@pytest.mark.parametrize("name", ["roberts_1", "gaussian_blur_5", "emboss", "log", "corner"])
def test_a_kernel_of_the_library_is_painted_and_convolved_in_its_own_size(explore: Page, name: str):
    choose(explore, "Kernel", name, "kernel")
    expected = kernels.get(name)
    np.testing.assert_allclose(whole_weights(explore).reshape(expected.weights.shape), expected.weights, rtol=1e-9)
    for written, weight in zip(weights_as_written(explore), expected.weights.flat, strict=True):
        # As many digits as the field has room for, and each of them right.
        last = Decimal(1).scaleb(written.as_tuple().exponent)
        assert abs(written - Decimal(float(weight))) <= last / 2
    expect(explore.locator(".ks-sentence b")).to_have_text(expected.title)
    expect(explore.locator(".ks-sentence")).to_contain_text("Weights sum to")
    experiment = after({"op": "library", "value": name})
    trace = build(experiment).trace
    shape = trace.stages[0].output.shape[2:]
    same_sum(hover_cell(explore, "conv", 0, 0, shape), trace.explain(0, (0, 0, 0, 0)))


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (5, 2), (11, 11), (7, 3)])
def test_the_painter_has_any_size_from_1_to_11_and_each_weight_can_be_dragged(explore: Page, rows: int, columns: int):
    take_sample(explore, "Zone plate")
    explore.locator("[data-column=kernel] summary").click()
    for label, size in (("kernel down", rows), ("kernel across", columns)):
        if size != 3:
            type_number(explore, f"{label}, as a number", str(size), "kernel")
    explore.keyboard.press("Escape")
    assert weights(explore).shape == (rows, columns)
    before = revision(explore)
    field = explore.locator("[data-view=kernel] input").last
    value = float(weights(explore)[-1, -1])
    box = field.bounding_box()
    explore.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explore.mouse.down()
    explore.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 28, steps=6)
    explore.mouse.up()
    wait_drawn(explore, "conv", "preview", before)
    wait_drawn(explore, "conv", "cnn_core", before)
    assert weights(explore)[-1, -1] == value + 4
    edits = [{"op": "sample", "value": "zone_plate"}, {"op": "kernel_size", "value": [rows, columns]}]
    trace = build(after(*edits, {"op": "kernel", "values": weights(explore).tolist()})).trace
    shape = trace.stages[0].output.shape[2:]
    event = hover_cell(explore, "conv", shape[0] // 2, shape[1] // 2, shape)
    same_sum(event, trace.explain(0, tuple(event["index"])))


def test_weights_of_a_large_kernel_are_typed_by_keyboard_alone(explore: Page):
    choose(explore, "Kernel", "gabor", "kernel")
    before = revision(explore)
    field = explore.locator("[data-view=kernel] input").first
    field.focus()
    explore.keyboard.press("ArrowRight")
    explore.keyboard.type("3")
    explore.keyboard.press("Enter")
    wait_drawn(explore, "kernel", "cnn_core", before)
    assert weights(explore)[0, 1] == 3
    expect(explore.locator("[data-view=kernel] input").nth(8)).to_be_focused()


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ("rotate", kernels.rotated),
        ("negate", kernels.negated),
        ("normalise", kernels.normalised),
        ("flip", kernels.flipped),
    ],
)
def test_weights_are_changed_at_one_press_and_back_at_another(explore: Page, change: str, made):
    before = weights(explore)
    explore.locator("[data-column=kernel] summary").click()
    choose(explore, "Change the weights…", change)
    np.testing.assert_allclose(weights(explore), made(before), atol=5e-5)
    press(explore, "↶ Undo")
    np.testing.assert_array_equal(weights(explore), before)


def test_a_kernel_of_zeros_cannot_be_normalised_and_the_page_says_what_to_do(explore: Page):
    for k in (0, 2, 3, 5, 6, 8):
        before = revision(explore)
        explore.locator("[data-view=kernel] input").nth(k).fill("0")
        wait_drawn(explore, "conv", "cnn_core", before)
    explore.locator("[data-column=kernel] summary").click()
    choose(explore, "Change the weights…", "normalise")
    expect(explore.locator(".ks-notice")).to_contain_text("set at least one of them to another number")


def test_typed_text_becomes_the_kernel_and_nonsense_is_refused_with_a_sentence(explore: Page):
    explore.locator("[data-column=kernel] summary").click()
    before = revision(explore)
    explore.get_by_role("button", name="Type or paste weights…").click()
    explore.locator(".ks-dialog textarea").fill("1/9 1/9\n-1 2.5")
    explore.get_by_role("button", name="Use them").click()
    wait_drawn(explore, "conv", "cnn_core", before)
    np.testing.assert_allclose(weights(explore), [[1 / 9, 1 / 9], [-1, 2.5]], atol=5e-5)
    explore.get_by_role("button", name="Type or paste weights…").click()
    # What the dialog says of rows is what happens to them: the grid's dialog has another rule.
    expect(explore.locator(".ks-dialog")).to_contain_text("semicolons between rows")
    explore.locator(".ks-dialog textarea").fill("1 2; 3 x")
    explore.get_by_role("button", name="Use them").click()
    expect(explore.locator(".ks-notice")).to_contain_text("'x'")
    # The text stays, to be put right.
    expect(explore.locator(".ks-dialog .ks-problem")).to_contain_text("'x'")
    expect(explore.locator(".ks-dialog textarea")).to_have_value("1 2; 3 x")
    explore.keyboard.press("Escape")
    np.testing.assert_allclose(weights(explore), [[1 / 9, 1 / 9], [-1, 2.5]], atol=5e-5)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("-999999", "−999999"),
        ("1000000", "1000000"),
        ("0.000012", "1.2e−5"),
        ("-2/3", "−0.6667"),
        ("−2/3", "−0.6667"),
        ("0.25", "0.25"),
    ],
)
def test_a_weight_is_shown_as_a_number_that_can_be_typed_again(explore: Page, typed: str, shown: str):
    field = explore.locator("[data-view=kernel] input").first
    field.fill(typed)
    field.press("Enter")
    expect(field).to_have_value(shown)


def test_a_field_s_minus_is_that_of_the_maps_and_copied_that_of_the_keyboard(explore: Page):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for label, number in (
        ("weight, row 0, column 2", "−1"),
        ("bias", "−2.5"),
        ("brush: the value that dragging over the input draws", "−3"),
    ):
        field = explore.get_by_label(label, exact=True)
        if number != "−1":
            field.fill(number.replace("−", "-"))
            field.press("Enter")
        expect(field).to_have_value(number)
        field.focus()
        field.press("Control+a")
        field.press("Control+c")
        assert explore.evaluate("navigator.clipboard.readText()") == number.replace("−", "-")
    explore.get_by_label("weight, row 0, column 0", exact=True).focus()
    explore.keyboard.press("Control+v")
    explore.keyboard.press("Enter")
    assert weights(explore)[0].tolist() == [-3, 0, -1]


@pytest.mark.parametrize("source", ["preview", "cnn_core"])
def test_escape_takes_back_what_was_typed_over_a_weight_even_once_it_was_computed(explore: Page, source: str):
    field, before = explore.get_by_label("weight, row 0, column 0"), revision(explore)
    stood, kernel = field.input_value(), weights(explore)
    value = hover_cell(explore, "conv", 0, 0, (3, 3))["value"]
    field.focus()
    field.press_sequentially("7")
    wait_drawn(explore, "conv", source, before)
    field.press("Escape")
    expect(field).to_have_value(stood)
    explore.wait_for_timeout(1500)  # nothing that was typed is sent later, and what was sent is taken back
    np.testing.assert_array_equal(weights(explore), kernel)
    hover_cell(explore, "conv", 1, 1, (3, 3))
    assert hover_cell(explore, "conv", 0, 0, (3, 3))["value"] == value


def test_a_bias_is_added_to_every_cell(explore: Page):
    type_number(explore, "bias", "2.5")
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 14.5
    expect(explore.locator(".ks-sum")).to_contain_text("bias 2.5 = 14.5")


@pytest.mark.parametrize("text", ["-0", "0.0", "0/5"])
def test_a_bias_typed_in_other_words_stands_as_the_number_that_it_is(explore: Page, text: str):
    field = explore.get_by_label("bias", exact=True)
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("0")


def test_several_kernels_make_several_maps_pooled_and_classified_together(explore: Page):
    press(explore, "Add a kernel", within="kernel")
    press(explore, "Add a kernel", within="kernel")
    explore.keyboard.press("Escape")
    experiment = after({"op": "add_kernel"}, {"op": "add_kernel"})
    trace = build(experiment).trace
    assert trace.stages[3].output.shape == (1, 3)
    tabs = explore.locator("[data-column=conv] [role=radio]")
    expect(tabs).to_have_count(3)
    for output in (2, 1, 0):
        tabs.nth(output).click()
        expect(tabs.nth(output)).to_have_attribute("aria-checked", "true")
        for view, stage, shape in (("conv", 0, (3, 3)), ("activation", 1, (3, 3)), ("pool", 2, (1, 1))):
            event = hover_cell(explore, view, shape[0] - 1, 0, shape)
            same_sum(event, trace.explain(stage, (0, output, shape[0] - 1, 0)))
    same_sum(hover_cell(explore, "scores", 1, 0, (3, 1)), trace.explain(4, (0, 1)))
    same_sum(hover_cell(explore, "flat", 2, 0, (3, 1)), trace.explain(3, (0, 2)))


def test_each_kernel_is_edited_alone_and_the_choice_is_kept_by_keyboard_too(explore: Page):
    press(explore, "Add a kernel", within="kernel")
    explore.keyboard.press("Escape")
    tabs = explore.get_by_role("radiogroup", name="Which kernel").get_by_role("radio")
    tabs.first.focus()
    explore.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    np.testing.assert_array_equal(weights(explore), kernels.get("identity").weights)
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("4")
    wait_drawn(explore, "conv", "preview", before)
    wait_drawn(explore, "conv", "cnn_core", before)
    trace = build(after({"op": "add_kernel"}, {"op": "kernel", "output": 1, "values": weights(explore).tolist()})).trace
    same_sum(hover_cell(explore, "conv", 1, 1, (3, 3)), trace.explain(0, (0, 1, 1, 1)))
    tabs.first.click()
    np.testing.assert_array_equal(weights(explore), kernels.get("prewitt_x").weights)


@pytest.fixture
def colour(explore: Page) -> Page:
    take_sample(explore, "Colours")
    choose(explore, "Colour", "rgb")
    return explore


COLOUR = ({"op": "sample", "value": "colours"}, {"op": "colour", "value": "rgb"})


def test_on_a_picture_in_colour_a_cell_sums_over_all_three_channels(colour: Page):
    trace = build(after(*COLOUR)).trace
    event = hover_cell(colour, "conv", 40, 60, (126, 126))
    assert len(event["terms"]) == 27
    same_sum(event, trace.explain(0, tuple(event["index"])))
    planes = colour.locator(".ks-ledger-plane")
    expect(planes).to_have_count(3)
    expect(planes.first.locator("h3")).to_contain_text("R = ")


def test_planes_are_unlinked_looked_at_and_edited_one_by_one(colour: Page):
    colour.locator("[data-column=kernel] summary").click()
    before = revision(colour)
    colour.get_by_label("Same weights for R, G and B").uncheck()
    wait_drawn(colour, "conv", "cnn_core", before)
    colour.keyboard.press("Escape")
    planes = colour.locator("[data-column=kernel] [role=radio]")
    expect(planes).to_have_count(3)
    planes.nth(2).click()
    before = revision(colour)
    colour.locator("[data-view=kernel] input").nth(4).fill("5")
    wait_drawn(colour, "conv", "cnn_core", before)
    edit = {"op": "kernel", "plane": 2, "values": weights(colour).tolist()}
    trace = build(after(*COLOUR, {"op": "linked", "value": False}, edit)).trace
    event = hover_cell(colour, "conv", 40, 60, (126, 126))
    same_sum(event, trace.explain(0, tuple(event["index"])))
    planes.first.click()
    assert weights(colour)[1, 1] == 0


def test_one_plane_of_a_picture_is_looked_at_and_painted_alone(colour: Page):
    colour.locator("[data-column=input] [role=radio]").nth(1).click()
    before = revision(colour)
    colour.mouse.move(*cell_centre(colour, "input", 10, 10, (128, 128)))
    colour.mouse.down()
    colour.mouse.move(*cell_centre(colour, "input", 10, 40, (128, 128)), steps=5)
    colour.mouse.up()
    wait_drawn(colour, "conv", "preview", before)
    wait_drawn(colour, "conv", "cnn_core", before)
    event = hover_cell(colour, "input", 10, 25, (128, 128))
    assert (event["index"][1], event["value"]) == (0, 1)
    colour.locator("[data-column=input] [role=radio]").nth(2).click()
    event = hover_cell(colour, "input", 10, 26, (128, 128))
    assert event["value"] == build(after(*COLOUR)).trace.input[tuple(event["index"])]


def tells(words: str, answer: Response) -> bool:
    """Whether what this answers told of these words."""
    return words in (answer.request.post_data or "")


def test_a_number_is_typed_letter_by_letter_and_nothing_takes_it_away(explore: Page):
    field = explore.get_by_label("weight, row 0, column 0")
    for text, value in (("1e3", 1000), ("1/16", 0.0625), ("-0.5", -0.5)):
        before = revision(explore)
        # What the last letter made has an answer of its own, sent by Enter or, where the hand is slow, before it.
        with explore.expect_response(partial(tells, f'"values":[[{value},')):
            field.click()
            field.press("Control+a")
            field.press_sequentially(text, delay=250)
            expect(field).to_have_value(text)
            field.press("Enter")
        wait_drawn(explore, "conv", "cnn_core", before)
        frames(explore)
        event = hover_cell(explore, "conv", 0, 0, (3, 3))
        assert event["terms"][0]["weight"] == value


def test_the_weights_on_a_card_are_those_that_make_its_map(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "gaussian_blur")
    shown = 0
    for kernel in kernels.LIBRARY:
        card = page.locator(".ks-card", has=page.locator(f"[data-view={kernel.name}]"))
        texts = [text.replace("−", "-") for text in card.locator(".ks-card-kernel span").all_inner_texts()]
        if not texts or "" in texts or common_denominator(kernel.weights.ravel().tolist()) is None:
            continue  # larger than the input, in colours alone, or in decimals
        assert [float(Fraction(text)) for text in texts] == kernel.weights.ravel().tolist(), kernel.name
        widths = card.locator(".ks-card-kernel span").evaluate_all("(all) => all.map((each) => each.scrollWidth)")
        assert max(widths) <= 34, kernel.name
        shown += 1
    assert shown >= 8


@pytest.mark.parametrize("width", [1440, 390])
def test_no_card_grows_under_the_pointer_however_long_the_number_of_its_cell(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "gaussian_blur")
    heads = (
        """() => [...document.querySelectorAll(".ks-card header")].map((head) => head.getBoundingClientRect().height)"""
    )
    before = page.evaluate(heads)
    page.evaluate(
        """() => document.querySelectorAll(".ks-card-value").forEach((value) => {
          value.textContent = "[127, 127] = −0.0078431, red + green + blue";
        })"""
    )
    assert page.evaluate(heads) == before


def test_of_a_picture_in_colour_a_card_says_that_its_number_is_the_sum_of_three(explore: Page):
    take_sample(explore, "Cat")
    choose(explore, "Colour", "rgb")
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "identity")
    value = explore.locator(".ks-card", has=explore.locator("[data-view=identity]")).locator(".ks-card-value")
    expect(value).to_contain_text(", red + green + blue")
    at = [int(number) for number in re.findall(r"\d+", value.inner_text())[:2]]
    chain = build(after({"op": "sample", "value": "cat"}, {"op": "colour", "value": "rgb"}))
    total = chain.trace.input[0, :, at[0] + 1, at[1] + 1].sum()
    assert float(re.search(r"= ([\d.]+)", value.inner_text())[1]) == pytest.approx(total, abs=1e-3)


def test_the_library_shows_what_each_kernel_is_made_of_and_puts_it_in(explore: Page):
    explore.locator("[data-column=kernel] summary").click()
    explore.get_by_role("button", name="Library, with pictures…").click()
    cards = explore.locator(".ks-sample")
    expect(cards).to_have_count(len(kernels.LIBRARY))
    for kernel in kernels.LIBRARY:
        card = cards.filter(has=explore.locator("strong", has_text=re.compile(f"^{re.escape(kernel.title)}$")))
        expect(card).to_contain_text(kernel.sentence)
        expect(card).to_contain_text(kernel.parts)
        expect(card.locator(".ks-card-kernel span")).to_have_count(kernel.weights.size)
    before = revision(explore)
    cards.filter(has_text="Sharpen").first.click()
    wait_drawn(explore, "conv", "cnn_core", before)
    np.testing.assert_array_equal(weights(explore), kernels.get("sharpen").weights)
    expect(explore.locator(".ks-sentence")).to_contain_text("Made of: ")


def test_a_kernel_the_input_has_no_room_for_says_so_before_it_is_chosen(explore: Page):
    options = explore.get_by_label("Kernel", exact=True).locator("option")
    gabor = options.filter(has_text="Gabor")
    expect(gabor).to_have_text("Gabor 7 × 7 (needs a larger input)")
    expect(options.filter(has_text="Sobel x")).to_have_text("Sobel x")


def test_with_the_pen_on_a_drag_draws_over_the_weights(explore: Page):
    take_sample(explore, "Shapes")
    explore.locator("[data-column=kernel] summary").click()
    type_number(explore, "kernel, as a number", "7")
    explore.keyboard.press("Escape")
    column = explore.locator("[data-column=kernel]")
    column.get_by_role("button", name="Draw", exact=True).click()
    column.get_by_label("pen: the weight").fill("2")
    column.get_by_label("pen: the weight").press("Tab")
    fields = explore.locator("[data-view=kernel] input")
    first, last = fields.nth(7).bounding_box(), fields.nth(13).bounding_box()
    before = revision(explore)
    explore.mouse.move(first["x"] + 9, first["y"] + 9)
    explore.mouse.down()
    explore.mouse.move(last["x"] + 9, last["y"] + 9, steps=14)
    explore.mouse.up()
    wait_drawn(explore, "conv", "cnn_core", before)
    np.testing.assert_array_equal(weights(explore)[1], [2] * 7)
    assert np.count_nonzero(weights(explore)) == 7 + 6
    explore.get_by_role("button", name="Undo").click()
    expect(fields.nth(7)).to_have_value("0")


def test_by_touch_a_weight_is_dragged_a_cell_is_chosen_and_the_input_is_painted(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    fingers = Fingers(page)
    before = revision(page)
    fingers.stroke(cell_centre(page, "input", 0, 0, (5, 5)), cell_centre(page, "input", 0, 4, (5, 5)))
    wait_drawn(page, "conv", "cnn_core", before)
    page.locator("[data-view=kernel]").evaluate("(each) => each.scrollIntoView({ block: 'center' })")
    before = revision(page)
    box = page.locator("[data-view=kernel] input").nth(4).bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    fingers.stroke(middle, (middle[0] + 30, middle[1]))
    wait_drawn(page, "conv", "cnn_core", before)
    assert weights(page)[1, 1] >= 3
    previews = {each["view"] for each in drawn(page) if each["source"] == "preview" and each["revision"] > before}
    assert previews >= {"kernel", "conv", "pool", "scores"}
    page.locator("[data-view=conv]").evaluate("(each) => each.scrollIntoView({ block: 'center' })")
    clear(page)
    page.touchscreen.tap(*cell_centre(page, "conv", 2, 2, (3, 3)))
    page.wait_for_function("window.cnn.cell.length > 0")
    edits = (
        {"op": "cells", "cells": [[0, k, 9] for k in range(5)]},
        {"op": "kernel", "values": weights(page).tolist()},
    )
    same_sum(last_cell(page), build(after(*edits)).trace.explain(0, (0, 0, 2, 2)))
    page.wait_for_timeout(400)
    assert {each["source"] for each in drawn(page)} <= {"cnn_core"}, "choosing a cell changes no number"
    context.close()
