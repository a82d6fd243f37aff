"""The Explore page as a person uses it: every number read off the screen is held against cnn_core."""

import math
import re
from decimal import Decimal

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, Softmax
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    WATCH_THE_LEDGER,
    cell_centre,
    clear,
    drawn,
    edited,
    frames,
    hover_cell,
    last_cell,
    next_frame,
    open_experiment,
    revision,
    same_sum,
    type_number,
    wait_drawn,
    weights,
)

pytestmark = pytest.mark.browser

SHAPES = {"input": (5, 5), "conv": (3, 3), "activation": (3, 3), "pool": (1, 1)}
STAGES = {"input": -1, "conv": 0, "activation": 1, "pool": 2}


def test_the_page_opens_alive_on_the_worked_grid_with_its_maps_in_sight(explore: Page):
    for view in ("input", "kernel", "conv", "activation", "pool", "scores", "probabilities"):
        box = explore.locator(f"[data-view={view}]").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1440
        assert box["y"] + box["height"] <= 1000
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")
    expect(explore.locator(".ks-sum")).to_have_text("2 + 0 + 0 + 5 + 0 − 1 + 8 + 0 − 2 + bias 0 = 12")
    # As a book prints it: no sign stands beside another.
    told = ["2 × 1", "3 × 0", "0 × (−1)", "5 × 1", "6 × 0", "1 × (−1)", "8 × 1", "9 × 0", "2 × (−1)", "bias"]
    expect(explore.locator(".ks-term-factors")).to_have_text(told)


@pytest.mark.parametrize(
    ("text", "weight"), [("1/9", 1 / 9), ("1.23456e-8", 1.23456e-8), ("-0,1234567890123", -0.1234567890123)]
)
def test_a_typed_weight_is_taken_to_its_last_digit(explore: Page, text: str, weight: float):
    type_number(explore, "weight, row 0, column 0", text)
    # Nor is it cut to the digits that its field shows, when that is looked at and left.
    explore.get_by_label("weight, row 0, column 0").focus()
    explore.get_by_label("weight, row 0, column 1").focus()
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["terms"][0]["weight"] == weight


def test_tiny_numbers_are_told_with_powers_of_ten_and_add_up_as_shown(explore: Page):
    for row, numbers in enumerate([(1.5e-8, -2.28e-8), (0, 0), (1.23456e-8, 0)]):
        for column, weight in zip((0, 2), numbers, strict=True):  # those between are 0
            type_number(explore, f"weight, row {row}, column {column}", str(weight))
    hover_cell(explore, "conv", 0, 1, (3, 3))
    # (2 * 1.5 - 0 + 8 * 1.23456)e-8
    told = "3.00e−8 + 0 + 0 + 0 + 0 + 0 + 9.88e−8 + 0 + 0 + bias 0 = 1.288e−7"
    expect(explore.locator(".ks-sum")).to_have_text(told)
    terms, value = told.replace("−", "-").replace("bias ", "").split(" = ")
    assert sum(map(Decimal, terms.split(" + "))) == Decimal(value)
    kernel = explore.locator(".ks-lens-figure", has_text="kernel").locator(".ks-lens-cell")
    expect(kernel).to_have_text(["1.5e−8", "0", "−2.3e−8", "0", "0", "0", "1.2e−8", "0", "0"])


@pytest.mark.parametrize("view", ["input", "conv", "activation", "pool"])
def test_every_cell_of_the_worked_grid_tells_what_cnn_core_tells(explore: Page, view: str):
    trace = build(Experiment()).trace
    rows, columns = SHAPES[view]
    for row in range(rows):
        for column in range(columns):
            event = hover_cell(explore, view, row, column, (rows, columns))
            same_sum(event, trace.explain(STAGES[view], (0, 0, row, column)))


def test_scores_and_probabilities_tell_what_cnn_core_tells(explore: Page):
    trace = build(Experiment()).trace
    for view, stage in (("scores", 4), ("probabilities", 5)):
        for k in range(3):
            event = hover_cell(explore, view, k, 0, (3, 1))
            same_sum(event, trace.explain(stage, (0, k)))


def test_dragging_a_weight_redraws_every_stage_and_cnn_core_confirms(explore: Page):
    before = revision(explore)
    field = explore.locator("[data-view=kernel] input").nth(4)
    box = field.bounding_box()
    clear(explore)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    explore.mouse.move(x, y)
    explore.mouse.down()
    for step in range(1, 6):
        explore.mouse.move(x, y - 7 * step)
    explore.wait_for_function("window.cnn.drawn.some((each) => each.source === 'preview')")
    explore.mouse.up()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    assert {each["revision"] for each in drawn(explore) if each["revision"] > before} == {before + 1}
    for view in ("conv", "activation", "pool", "scores", "probabilities", "kernel"):
        assert any(each["view"] == view and each["source"] == "preview" for each in drawn(explore))
    kernel = weights(explore)
    assert kernel[1, 1] == 5
    changed = apply(Experiment(), {"op": "kernel", "values": kernel.tolist()})
    event = hover_cell(explore, "conv", 2, 1, (3, 3))
    same_sum(event, build(changed).trace.explain(0, (0, 0, 2, 1)))


def test_colours_keep_their_meaning_under_the_hand_though_the_last_negative_number_goes(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "kernel", "values": [[0, 0, 0], [0, -1, 0], [0, 0, 0]]}))
    low = page.locator("[data-column=conv] .ks-low")
    expect(low).to_contain_text("−")
    box = page.locator("[data-view=kernel] input").nth(4).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = revision(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 4):
        page.mouse.move(x, y - 7 * step)
    expect(page.locator("[data-view=kernel] input").nth(4)).to_have_value("2")
    wait_drawn(page, "conv", "preview", before)
    next_frame(page)
    expect(low).to_contain_text("−")
    page.mouse.up()
    wait_drawn(page, "conv", "cnn_core", before)
    expect(low).to_have_text("0")


def test_typing_a_weight_is_enough(explore: Page):
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("2.5")
    wait_drawn(explore, "conv", "preview", before)
    wait_drawn(explore, "conv", "cnn_core", before)
    event = hover_cell(explore, "conv", 0, 0, (3, 3))
    assert event["value"] == -6 + 1.5 * 1
    assert event["residual"] == 0


@pytest.mark.parametrize("text", ["NaN", "abc", "inf", "1/0", ""])
def test_what_is_no_number_is_refused_with_a_sentence_and_the_weight_stays(explore: Page, text: str):
    field = explore.locator("[data-view=kernel] input").first
    field.fill(text)
    field.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("is not a number, so the weight stays 1")
    expect(field).to_have_value("1")


def test_a_number_that_is_spoilt_while_it_is_typed_is_refused_and_leaves_what_stood_there(explore: Page):
    field = explore.locator("[data-view=kernel] input").first
    field.focus()
    field.press_sequentially("2x")  # the map follows the 2, as it follows every number that is typed
    field.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("“2x” is not a number, so the weight stays 1.")
    expect(field).to_have_value("1")
    assert hover_cell(explore, "conv", 0, 0, (3, 3))["value"] == -6
    field.fill("")
    field.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("An empty field is not a number, so the weight stays 1.")


def test_a_refusal_that_follows_the_server_s_outlives_the_answer_to_what_was_previewed(explore: Page):
    notice = explore.locator(".ks-notice")
    field = explore.locator("[data-view=kernel] input").first
    for beyond, spoilt in (("1e7", "3x"), ("1e308", "-1e400")):
        field.fill(beyond)
        field.press("Enter")
        expect(notice).to_contain_text("A weight at [0, 0] must lie between")
        before = revision(explore)
        field.focus()
        field.press_sequentially(spoilt)
        field.press("Enter")
        wait_drawn(explore, "conv", "cnn_core", before)
        expect(notice).to_contain_text(f"“{spoilt}” is not a number, so the weight stays 1.")
    for text, said in (
        ("12345678.9", "A cell at [2, 2] must lie between"),
        ("--3", "“--3” is not a number"),
        ("4", None),
    ):
        before = revision(explore)
        explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
        explore.keyboard.type(text)
        explore.keyboard.press("Enter")
        wait_drawn(explore, "conv", "cnn_core", before)
        if said:
            expect(notice).to_contain_text(said)
    expect(notice).to_be_hidden()


def test_a_number_that_is_half_typed_is_neither_drawn_nor_sent_with_what_is_dragged_meanwhile(explore: Page):
    fields = explore.locator("[data-view=kernel] input")
    fields.first.focus()
    fields.first.press_sequentially("2x")
    expect(fields.first).to_have_attribute("aria-invalid", "true")
    assert hover_cell(explore, "conv", 0, 0, (3, 3))["value"] == -6
    box = fields.nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    explore.mouse.move(x, y)
    explore.mouse.down()
    explore.mouse.move(x + 60, y, steps=4)
    before = revision(explore)
    explore.mouse.up()
    wait_drawn(explore, "conv", "cnn_core", before - 1)
    event = hover_cell(explore, "conv", 0, 0, (3, 3))
    kept = [term["weight"] for term in event["terms"]]
    assert kept[0] == 1
    assert kept[1] > 0
    assert [kept[2], *kept[3:]] == [-1, 1, 0, -1, 1, 0, -1]


def test_a_brush_that_is_refused_keeps_its_value_and_one_that_is_taken_closes_the_refusal(explore: Page):
    brush = explore.get_by_label("brush: the value")
    brush.focus()
    brush.press_sequentially("1e9")
    brush.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("so it stays 9.")
    expect(brush).to_have_value("9")
    brush.fill("3")
    brush.press("Enter")
    expect(explore.locator(".ks-notice")).to_be_hidden()
    expect(brush).to_have_value("3")


def test_arrow_keys_and_the_wheel_step_a_focused_weight(explore: Page):
    before = revision(explore)
    field = explore.locator("[data-view=kernel] input").nth(1)
    field.focus()
    field.press("ArrowUp")
    field.press("ArrowUp")
    expect(field).to_have_value("2")
    wait_drawn(explore, "conv", "cnn_core", before)
    field.hover()
    explore.mouse.wheel(0, 100)
    # One edit or two: whoever is slow at the keys makes two of them. What they come to is the same.
    expect(field).to_have_value("1")
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    frames(explore)
    assert hover_cell(explore, "conv", 0, 0, (3, 3))["terms"][1]["weight"] == 1


def test_the_wheel_over_a_weight_without_focus_changes_nothing(explore: Page):
    before = weights(explore)
    explore.locator("[data-view=kernel] input").nth(1).hover()
    explore.mouse.wheel(0, 100)
    explore.wait_for_timeout(600)
    np.testing.assert_array_equal(weights(explore), before)


def test_dragging_over_the_input_draws_with_the_brush(explore: Page):
    before = revision(explore)
    clear(explore)
    explore.mouse.move(*cell_centre(explore, "input", 0, 0, (5, 5)))
    explore.mouse.down()
    for column in range(1, 5):
        explore.mouse.move(*cell_centre(explore, "input", 0, column, (5, 5)))
    explore.mouse.up()
    wait_drawn(explore, "conv", "preview", before)
    wait_drawn(explore, "conv", "cnn_core", before)
    assert [hover_cell(explore, "input", 0, column, (5, 5))["value"] for column in range(5)] == [9] * 5
    edit = {"op": "cells", "cells": [[0, column, 9] for column in range(5)]}
    trace = build(apply(Experiment(), edit)).trace
    same_sum(hover_cell(explore, "conv", 0, 2, (3, 3)), trace.explain(0, (0, 0, 0, 2)))


def test_a_cell_is_clicked_and_typed_over(explore: Page):
    before = revision(explore)
    explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
    explore.keyboard.type("42")
    explore.keyboard.press("Enter")
    wait_drawn(explore, "conv", "cnn_core", before)
    assert hover_cell(explore, "input", 2, 2, (5, 5))["value"] == 42


def test_a_letter_on_an_input_cell_is_told_what_a_cell_holds_and_a_shortcut_is_not(explore: Page):
    notice = explore.locator(".ks-notice")
    explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
    for key in ("r", "Control+c", "Shift", "Home", "ArrowLeft"):
        explore.keyboard.press(key)
    expect(notice).to_be_hidden()
    explore.keyboard.type("nine")
    expect(notice).to_contain_text("A cell holds a number: begin with a digit or a sign, as in 12, −0.5 or 2/9.")
    expect(explore.get_by_label("cell value")).to_have_count(0)
    explore.keyboard.type("4")
    expect(explore.get_by_label("cell value")).to_have_value("4")
    expect(notice).to_be_hidden()


def test_a_cell_typed_over_with_nonsense_keeps_its_number(explore: Page):
    explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
    explore.keyboard.press("Enter")
    explore.keyboard.type("NaN")
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("“NaN” is not a number")
    explore.wait_for_timeout(600)  # the server's answer must not take the sentence away
    expect(explore.locator(".ks-notice")).to_be_visible()
    assert hover_cell(explore, "input", 2, 2, (5, 5))["value"] == 9


def test_shift_and_arrow_and_the_wheel_step_a_chosen_input_cell(explore: Page):
    before = revision(explore)
    explore.mouse.click(*cell_centre(explore, "input", 1, 1, (5, 5)))
    explore.keyboard.press("Shift+ArrowUp")
    explore.keyboard.press("Shift+ArrowUp")
    value = explore.locator(".ks-ledger-value")
    expect(value).to_have_text("7")
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.mouse.wheel(0, -100)
    expect(value).to_have_text("8")
    wait_drawn(explore, "conv", "cnn_core", before + 1)  # or two after it, where the keys came slowly
    explore.mouse.move(5, 5)
    assert hover_cell(explore, "input", 1, 1, (5, 5))["value"] == 8


def test_undo_and_redo_walk_through_edits(explore: Page):
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("7")
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.get_by_role("button", name="Undo").click()
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    assert weights(explore)[0, 0] == 1
    explore.get_by_role("button", name="Redo").click()
    wait_drawn(explore, "conv", "cnn_core", before + 2)
    assert weights(explore)[0, 0] == 7
    explore.locator("[data-view=conv]").focus()
    explore.keyboard.press("Control+z")
    wait_drawn(explore, "conv", "cnn_core", before + 3)
    assert weights(explore)[0, 0] == 1


def test_a_pinned_cell_stays_and_the_keyboard_walks_it(explore: Page):
    explore.mouse.click(*cell_centre(explore, "conv", 2, 2, (3, 3)))
    explore.mouse.move(5, 5)
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 2]")
    expect(explore.locator(".ks-ledger-state")).to_have_text("pinned")
    explore.keyboard.press("ArrowLeft")
    explore.keyboard.press("ArrowUp")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [1, 1]")
    same_sum(last_cell(explore), build(Experiment()).trace.explain(0, (0, 0, 1, 1)))


def test_settings_are_offered_as_far_as_they_work_and_say_why_not_further(explore: Page):
    more = explore.locator("[data-column=kernel]").get_by_role("button", name="more stride")
    before = revision(explore)
    more.click()
    wait_drawn(explore, "conv", "cnn_core", before)
    expect(more).to_have_attribute("aria-disabled", "true")
    assert "does not fit" in (more.get_attribute("title") or "")
    more.press("Enter")
    explore.wait_for_timeout(300)
    expect(explore.locator("[data-column=conv] .ks-shape")).to_have_text("2 × 2")
    explore.locator("[data-column=kernel]").get_by_role("button", name="less stride").click()
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    before = revision(explore)
    explore.get_by_role("button", name="more padding").click()
    wait_drawn(explore, "conv", "cnn_core", before)
    trace = build(apply(Experiment(), {"op": "padding", "value": 1})).trace
    same_sum(hover_cell(explore, "conv", 0, 0, (5, 5)), trace.explain(0, (0, 0, 0, 0)))
    explore.locator("[data-column=kernel]").get_by_role("button", name="more stride").click()
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    expect(explore.locator("[data-column=conv] .ks-shape")).to_have_text("3 × 3")


def test_average_pooling_sigmoid_and_more_classes(explore: Page):
    before = revision(explore)
    explore.get_by_label("Pooling").select_option("average")
    wait_drawn(explore, "pool", "cnn_core", before)
    explore.get_by_label("Last layer").select_option("sigmoid")
    wait_drawn(explore, "pool", "cnn_core", before + 1)
    explore.get_by_role("button", name="more classes").click()
    wait_drawn(explore, "probabilities", "cnn_core", before + 2)
    experiment = Experiment()
    for edit in (
        {"op": "pooling", "value": "average"},
        {"op": "head", "value": "sigmoid"},
        {"op": "classes", "value": 4},
    ):
        experiment = apply(experiment, edit)
    trace = build(experiment).trace
    same_sum(hover_cell(explore, "pool", 0, 0, (1, 1)), trace.explain(2, (0, 0, 0, 0)))
    same_sum(hover_cell(explore, "probabilities", 3, 0, (4, 1)), trace.explain(5, (0, 3)))


def test_a_grid_too_small_for_the_kernel_says_so_and_offers_what_works(explore: Page):
    for size in (4, 3, 2):
        before = revision(explore)
        explore.get_by_role("button", name="less rows").click()
        wait_drawn(explore, "input", "cnn_core", before)
        expect(explore.locator("[data-column=input] .ks-shape")).to_have_text(f"{size} × 5")
    expect(explore.locator(".ks-why").first).to_contain_text("does not fit")
    assert hover_cell(explore, "input", 1, 4, (2, 5))["value"] == 2
    before = revision(explore)
    explore.get_by_role("button", name="Use padding “same”", exact=True).click()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator(".ks-why")).to_have_count(0)


def test_play_slides_the_window_over_every_cell(explore: Page):
    explore.get_by_label("speed").fill("100")
    clear(explore)
    explore.get_by_role("button", name="Play").click()
    explore.wait_for_function("window.cnn.cell.length >= 9", timeout=10_000)
    seen = {tuple(each["index"][2:]) for each in explore.evaluate("window.cnn.cell")}
    assert seen == {(row, column) for row in range(3) for column in range(3)}


def test_the_ledger_of_a_maximum_says_which_cells_tie_with_the_winner(explore: Page):
    type_number(explore, "bias", "-100")
    explore.mouse.click(*cell_centre(explore, "pool", 0, 0, (1, 1)))
    told = explore.locator(".ks-term-factors")
    expect(told).to_have_text(["0 wins", *["0 ties: the first wins"] * 3])
    type_number(explore, "bias", "0")
    expect(told).to_have_text(["0 loses", "12 wins", "0 loses", "8 loses"])


def test_the_experiment_survives_a_page_switch(explore: Page):
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("3")
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    clear(explore)
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "probabilities")
    assert weights(explore)[0, 0] == 3


def test_a_kernel_chosen_on_the_kernels_page_is_taken_to_explore(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "sobel_y")
    clear(page)
    page.get_by_role("button", name="Use in Explore: Sobel y").click()
    wait_drawn(page, "probabilities")
    np.testing.assert_array_equal(weights(page), [[1, 2, 1], [0, 0, 0], [-1, -2, -1]])


def test_every_library_kernel_is_shown_over_the_input_with_cnn_core_s_numbers(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    network = Experiment()
    for name in ("identity", "box_blur", "sobel_x", "laplacian"):
        experiment = apply(network, {"op": "library", "value": name})
        page.locator(f"[data-view={name}]").scroll_into_view_if_needed()
        event = hover_cell(page, name, 1, 2, (3, 3))
        explained = build(experiment).trace.explain(0, (0, 0, 1, 2))
        assert event["value"] == explained.value
        assert event["total"] == explained.total


def test_the_place_that_is_marked_is_the_same_under_kernels_of_every_size(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    hover_cell(page, "identity", 1, 1, (3, 3))
    values = page.locator(".ks-card", has=page.locator("[data-view=box_blur_5]")).locator(".ks-card-value")
    expect(values).to_have_text("[0, 0] = 4.04")  # the only cell of that map, over the same middle
    hover_cell(page, "identity", 0, 0, (3, 3))
    expect(values).to_have_text("")


def test_the_network_on_screen_is_the_textbook_s():
    network = build(Experiment()).network
    assert [type(layer) for layer in network.layers] == [Conv2d, ReLU, MaxPool2d, Flatten, Linear, Softmax]
    assert isinstance(network, Sequential)


def test_a_hovered_term_lights_up_its_cells_and_the_ledger_keeps_still(explore: Page):
    explore.evaluate(WATCH_THE_LEDGER)
    explore.locator(".ks-term").nth(3).hover()
    expect(explore.locator("[data-view=kernel] input").nth(3)).to_have_class("ks-marked")
    explore.wait_for_timeout(300)
    assert explore.evaluate("window.rewritten ?? 0") == 0


def test_a_hovered_weight_tells_its_value(explore: Page):
    clear(explore)
    explore.locator("[data-view=kernel] input").nth(2).hover()
    explore.wait_for_function("window.cnn.cell.length > 0")
    event = last_cell(explore)
    assert (event["view"], event["rule"], event["value"], event["index"]) == ("kernel", "weight", -1, [0, 0, 0, 2])


def test_a_kernel_that_does_not_fit_can_still_be_changed_and_undone(explore: Page):
    for _ in range(3):
        before = revision(explore)
        explore.get_by_role("button", name="less rows").click()
        wait_drawn(explore, "input", "cnn_core", before)
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("7")
    wait_drawn(explore, "kernel", "preview", before)
    wait_drawn(explore, "kernel", "cnn_core", before)
    assert weights(explore)[0, 0] == 7
    explore.get_by_role("button", name="Undo").click()
    wait_drawn(explore, "kernel", "cnn_core", before + 1)
    assert weights(explore)[0, 0] == 1


def test_previews_that_equal_cnn_core_to_the_bit_are_not_sent_again_and_stay_right(explore: Page):
    experiment = Experiment()
    for position, value in ((0, "0.3"), (4, "-2"), (0, "1")):
        before = revision(explore)
        explore.locator("[data-view=kernel] input").nth(position).fill(value)
        wait_drawn(explore, "conv", "cnn_core", before)
        kernel = weights(explore)
        experiment = apply(experiment, {"op": "kernel", "values": kernel.tolist()})
        trace = build(experiment).trace
        for view, stage, shape in (("conv", 0, (3, 3)), ("activation", 1, (3, 3)), ("pool", 2, (1, 1))):
            event = hover_cell(explore, view, shape[0] - 1, shape[1] - 1, shape)
            same_sum(event, trace.explain(stage, tuple(event["index"])))


def test_a_probability_of_large_scores_is_what_its_formula_makes_of_the_digits_in_it(page: Page, server: Server):
    biases = {"op": "dense_bias", "cells": [[0, 123447.6789], [1, 123456.4567]]}
    open_experiment(page, server.url, apply(Experiment(), biases))
    page.locator("[data-view=probabilities] .ks-bar-row").first.click()
    expect(page.locator(".ks-ledger h2")).to_have_text("Probability A")
    formula, result = page.locator(".ks-ledger .ks-sum").inner_text().replace("−", "-").split(" ≈ ")
    # Raised as they are drawn, powers are read with the e before them.
    above, *below = (float(power) for power in re.findall(r"e\^?(-?[\d.]+)", formula))
    assert 1 / sum(math.exp(power - above) for power in below) == pytest.approx(float(result), abs=1e-6)
