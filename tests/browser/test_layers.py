"""The layers laboratory in a browser: every activation and its curve, and the page around all kinds."""

import pytest
from playwright.sync_api import Browser, Page, expect

from cnn_core import gelu, gelu_backward
from pages.shared.layers.laboratory import KINDS, Laboratory
from tests.browser.conftest import LISTEN, Server
from tests.browser.layers_laboratory import carried, choose, numbers, opened, set_to  # noqa: F401 - a fixture
from tests.browser.screen import clear, hover_cell, last_cell, press, revision, wait_drawn
from tests.browser.test_everyone import OVER_THE_EDGE, serious

pytestmark = pytest.mark.browser


def test_it_opens_on_a_curve_with_a_cell_marked_on_it(laboratory: Page):
    expect(laboratory.locator("h1")).to_have_text("Layers")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("After [1, 1]")
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("max(0, −2) = 0")
    expect(laboratory.locator(".ks-curve-told")).to_have_text("x = −2   f(x) = 0   slope 0")
    expect(laboratory.locator(".ks-bar-top .ks-sentence")).to_contain_text("17 of 36 cells are dead")
    for view in ("input-0", "curve", "output-0", "slope-0"):
        assert laboratory.locator(f"[data-view={view}]").is_visible()


@pytest.mark.parametrize("kind", [name for name, each in KINDS.items() if each.family == "map"])
def test_every_activation_s_maps_are_cnn_core_s(laboratory: Page, kind: str):
    if kind != "relu":
        choose(laboratory, kind)
    asked = carried(kind)
    for view in ("output", "slope"):
        for row, column in ((0, 0), (2, 3), (5, 5)):
            event = hover_cell(laboratory, f"{view}-0", row, column, (6, 6))
            assert event["value"] == numbers(asked, view)[0, 0, row, column]
            assert event["terms"][0]["value"] == asked.laboratory.input[0, 0, row, column]
    expect(laboratory.locator(".ks-bar-top .ks-sentence")).to_have_text(asked.sentence)


def test_a_cell_moves_along_the_curve_and_the_curve_finds_its_cells(laboratory: Page):
    hover_cell(laboratory, "input-0", 1, 4, (6, 6))
    expect(laboratory.locator(".ks-curve-told")).to_have_text("x = 6   f(x) = 6   slope 1")
    box = laboratory.locator("[data-view=curve] svg").bounding_box()
    clear(laboratory)
    laboratory.mouse.move(box["x"] + box["width"] - 12, box["y"] + 80)
    laboratory.wait_for_function("window.cnn.cell.length > 0")
    event = last_cell(laboratory)
    assert (event["view"], event["index"], event["value"]) == ("input-0", [0, 0, 1, 4], 6)
    laboratory.mouse.click(box["x"] + 42, box["y"] + 80)
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Before [4, 5]")
    expect(laboratory.locator(".ks-curve-told")).to_contain_text("x = −6")


def test_the_tangent_stays_within_its_panel(laboratory: Page):
    choose(laboratory, "tanh")
    corners = (0, 0), (1, 4), (4, 5), (1, 1), (0, 3)  # both ends among them
    for row, column in corners:
        hover_cell(laboratory, "input-0", row, column, (6, 6))
        ends = laboratory.locator(".ks-curve-tangent").evaluate(
            "(line) => ['x1', 'y1', 'x2', 'y2'].map((name) => Number(line.getAttribute(name)))"
        )
        frame = laboratory.locator(".ks-curve-panel").first.evaluate(
            "(rect) => ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name)))"
        )
        for x, y in (ends[:2], ends[2:]):
            assert frame[0] - 0.01 <= x <= frame[0] + frame[2] + 0.01
            assert frame[1] - 0.01 <= y <= frame[1] + frame[3] + 0.01


def test_the_curve_is_walked_by_keyboard_in_the_order_of_the_axis(laboratory: Page):
    frame = laboratory.locator("[data-view=curve]")
    frame.focus()
    x = Laboratory().input.ravel()
    order = sorted(range(36), key=lambda k: (x[k], k))
    here = order.index(7)  # the cell that is pinned at first, [1, 1]
    for step, key in ((1, "ArrowRight"), (2, "ArrowRight"), (1, "ArrowLeft")):
        laboratory.keyboard.press(key)
        at = order[here + step]
        expect(laboratory.locator(".ks-ledger h2")).to_have_text(f"Before [{at // 6}, {at % 6}]")
    expect(laboratory.locator("[aria-live=polite].ks-unseen")).to_contain_text("Before [")


def test_a_cell_typed_by_keyboard_is_followed_by_curve_counts_and_ledger(laboratory: Page):
    choose(laboratory, "gelu")
    laboratory.locator("[data-view=input-0]").focus()
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("0,5")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "slope-0", "cnn_core", before)
    event = hover_cell(laboratory, "output-0", 0, 0, (6, 6))
    assert event["value"] == gelu(0.5)
    event = hover_cell(laboratory, "slope-0", 0, 0, (6, 6))
    assert event["value"] == gelu_backward(1.0, 0.5)
    asked = carried("gelu", {"op": "cells", "plane": 0, "cells": [[0, 0, 0.5]]})
    expect(laboratory.locator(".ks-bar-top .ks-sentence")).to_have_text(asked.sentence)
    press(laboratory, "↶ Undo", "slope-0")
    event = hover_cell(laboratory, "output-0", 0, 0, (6, 6))
    assert event["value"] == gelu(-3.0)


def test_a_negative_number_stands_in_brackets_beside_another_sign(laboratory: Page):
    choose(laboratory, "gelu")
    hover_cell(laboratory, "slope-0", 1, 1, (6, 6))
    told = laboratory.locator(".ks-ledger .ks-sum")
    expect(told).to_contain_text("(1 + erf(−2 / √2)) / 2 + (−2) × e^(−(−2)² / 2) / √(2 × π) ≈ −0.0852")
    hover_cell(laboratory, "slope-0", 0, 3, (6, 6))
    expect(told).to_contain_text("+ 2 × e^(−2² / 2) / √(2 × π) ≈ 1.085")
    choose(laboratory, "leaky_relu")
    set_to(laboratory, "slope", "-0.2", "slope-0")
    hover_cell(laboratory, "slope-0", 1, 1, (6, 6))
    expect(told).to_have_text("−2 ≤ 0, so f′(−2) = −0.2")
    hover_cell(laboratory, "output-0", 1, 1, (6, 6))
    expect(told).to_have_text("−2 ≤ 0, so f(−2) = −0.2 × (−2) = 0.4")


def test_of_a_function_of_two_cases_the_one_that_applies_is_written(laboratory: Page):
    told = laboratory.locator(".ks-ledger .ks-sum")
    for kind, slope in (("leaky_relu", "0.1"), ("relu", "0")):
        choose(laboratory, kind)
        hover_cell(laboratory, "slope-0", 0, 3, (6, 6))
        expect(told).to_have_text("2 > 0, so f′(2) = 1")
        hover_cell(laboratory, "slope-0", 1, 1, (6, 6))
        expect(told).to_have_text(f"−2 ≤ 0, so f′(−2) = {slope}")
    choose(laboratory, "leaky_relu")
    hover_cell(laboratory, "output-0", 0, 3, (6, 6))
    expect(told).to_have_text("2 > 0, so f(2) = 2")
    hover_cell(laboratory, "output-0", 1, 1, (6, 6))
    expect(told).to_have_text("−2 ≤ 0, so f(−2) = 0.1 × (−2) = −0.2")


def test_bad_input_gets_a_sentence_and_changes_nothing(laboratory: Page):
    choose(laboratory, "softmax")
    between = "The temperature must lie between 0.01 and 100; it stays 1."
    for typed, told in (("0", between), ("1e99", between), ("warm", "“warm” is not a number, so T stays 1.")):
        field = laboratory.get_by_label("T", exact=True)
        field.fill(typed)
        field.press("Enter")
        expect(laboratory.locator(".ks-notice p")).to_contain_text(told)
        expect(field).to_have_value("1")


def test_the_chooser_is_walked_by_the_arrow_keys(laboratory: Page):
    first = laboratory.get_by_role("radio", name="ReLU", exact=True)
    first.focus()
    before = revision(laboratory)
    laboratory.keyboard.press("ArrowRight")
    wait_drawn(laboratory, "slope-0", "cnn_core", before)
    expect(laboratory.get_by_role("radio", name="Leaky ReLU")).to_be_focused()
    expect(laboratory.get_by_role("radio", name="Leaky ReLU")).to_have_attribute("aria-checked", "true")


def test_the_laboratory_is_kept_over_pages_and_a_reload(laboratory: Page):
    choose(laboratory, "dropout")
    set_to(laboratory, "p", "0.75", "output-0")
    laboratory.get_by_role("link", name="Explore").click()
    wait_drawn(laboratory, "probabilities")
    clear(laboratory)
    laboratory.get_by_role("link", name="Layers").click()
    wait_drawn(laboratory, "mask-0")
    expect(laboratory.get_by_label("p", exact=True)).to_have_value("0.75")
    laboratory.reload()
    wait_drawn(laboratory, "mask-0")
    expect(laboratory.get_by_label("p", exact=True)).to_have_value("0.75")
    press(laboratory, "↶ Undo", "mask-0")
    expect(laboratory.get_by_label("p", exact=True)).to_have_value("0.5")


def test_what_explore_shows_is_taken_over(laboratory: Page):
    before = revision(laboratory)
    laboratory.get_by_label("Input", exact=True).select_option("explore")
    wait_drawn(laboratory, "slope-0", "cnn_core", before)
    event = hover_cell(laboratory, "output-0", 1, 1, (3, 3))
    assert event["value"] == 8


def test_maps_and_bars_are_told_as_real_tables(laboratory: Page):
    for kind, view, rows in (("relu", "output", 6), ("softmax", "output", 4)):
        if kind != "relu":
            choose(laboratory, kind)
        column = laboratory.locator(f"[data-column={view}]")
        column.locator("summary").click()
        column.get_by_role("button", name="As a table").click()
        table = laboratory.get_by_role("dialog").get_by_role("table")
        expect(table.locator("tbody tr")).to_have_count(rows)
        laboratory.keyboard.press("Escape")
        laboratory.keyboard.press("Escape")


def test_no_layer_has_a_serious_violation_or_reaches_over_the_edge(any_screen: Page, server: Server):
    any_screen.goto(f"{server.url}/layers")
    wait_drawn(any_screen, "slope-0")
    for kind in KINDS:
        if kind != "relu":
            choose(any_screen, kind)
        assert serious(any_screen) == [], kind
        assert any_screen.evaluate(OVER_THE_EDGE) == [], kind
        any_screen.locator("[data-column=input] summary").click()
        assert serious(any_screen) == [], f"{kind}, unfolded"
        any_screen.keyboard.press("Escape")


@pytest.mark.parametrize("width", [360, 768, 859, 861, 1024, 1280, 1920])
def test_no_layer_is_wider_than_its_screen(browser: Browser, server: Server, width: int):
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(f"{server.url}/layers")
    wait_drawn(page, "slope-0")
    for kind in KINDS:
        if kind != "relu":
            choose(page, kind)
        assert page.evaluate(OVER_THE_EDGE) == [], kind
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width, kind
    context.close()
