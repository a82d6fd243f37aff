"""The fully connected layer opened: its weights in the pooled map's shape, drawn on and typed over."""

import re

import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    COUNT_SUMS,
    edited,
    frames,
    hover_cell,
    last_cell,
    open_experiment,
    press,
    revision,
    same_sum,
    wait_drawn,
)

pytestmark = pytest.mark.browser

GRID = {"op": "rows", "value": 9}
WIDE = {"op": "columns", "value": 9}


@pytest.fixture
def opened(explore: Page) -> Page:
    """A 9×9 grid, so that the pooled map has 3×3 cells, and the layer unfolded."""
    for label in ("rows", "cols"):
        before = revision(explore)
        field = explore.get_by_label(f"{label}, as a number")
        field.fill("9")
        field.press("Enter")
        wait_drawn(explore, "probabilities", "cnn_core", before)
    explore.locator(".ks-dense summary").click()
    wait_shown(explore)
    return explore


def wait_shown(page: Page) -> None:
    expect(page.locator("[data-view=dense_weights]")).to_be_visible()
    page.locator("[data-view=dense_products]").scroll_into_view_if_needed()


def weight(page: Page, row: int, column: int) -> float:
    hover_cell(page, "dense_weights", row, column, (3, 3))
    return last_cell(page)["value"]


def test_each_class_s_weights_stand_in_the_shape_of_the_pooled_map(opened: Page):
    trace_of = build(apply(apply(Experiment(), GRID), WIDE))
    weights = trace_of.network.layers[4].weight
    for number, name in enumerate("ABC"):
        opened.locator(".ks-dense-classes").get_by_role("radio", name=name).click()
        for row in range(3):
            assert weight(opened, row, 1) == weights[number, row * 3 + 1]


def test_the_sum_of_the_products_and_the_bias_is_the_score_as_shown(opened: Page):
    expect(opened.locator(".ks-dense-sum")).to_contain_text("=")
    text = opened.locator(".ks-dense-sum").inner_text().replace("−", "-")
    left, score = text.rsplit("=", 1)
    parts = left.split("=", 1)[1].strip().split(" + ")
    # The sum of the products stands by itself: "9 products −4" would be read as 9 less 4.
    assert re.fullmatch(r"\(9 products: \S+\)", parts[0])
    numbers = [float(part.strip("()").split()[-1]) for part in parts]
    assert sum(numbers) == pytest.approx(float(score), abs=1e-9)


def number(text: str) -> float:
    return float(text.strip("() ").replace("−", "-").replace("\u2009", ""))


def accounts(page: Page, name: str) -> tuple[str, str]:
    """What the ledger and the panel add up for a class."""
    page.locator("[data-view=scores] .ks-bar-row").nth("ABC".index(name)).click()
    expect(page.locator(".ks-ledger h2")).to_have_text(f"Score {name}")
    page.locator(".ks-dense-classes").get_by_role("radio", name=name).click()
    expect(page.locator(".ks-dense-sum")).to_contain_text(f"score {name} =")
    frames(page)
    ledger = page.locator(".ks-ledger .ks-sum").inner_text()
    return ledger, page.locator(".ks-dense-sum").inner_text()


@pytest.mark.parametrize("kernels", [1, 2, 4])
def test_the_panel_and_the_ledger_add_a_score_up_in_the_same_digits(page: Page, server: Server, kernels: int):
    bank = [[[[1, 0, -1]] * 3], [[[1, 1, 1], [0, 0, 0], [-1, -1, -1]]], [[[0.3] * 3] * 3], [[[0, 1, 0]] * 3]][:kernels]
    edits = ({"op": "pattern", "value": "cross"}, {"op": "bank", "value": bank}, {"op": "seed", "value": 3})
    open_experiment(page, server.url, edited({"op": "rows", "value": 8}, {"op": "columns", "value": 8}, *edits))
    page.locator(".ks-dense summary").click()
    wait_shown(page)
    for name in "ABC":
        ledger, panel = accounts(page, name)
        products, rest = ledger.split(" + bias ")
        total, others = panel.split(" = ", 1)[1].split(" + bias ")
        assert rest == others  # bias, remainder and score
        added = sum(map(number, re.findall(r"\(.*?: (\S+)\)", total)))
        # "a − b + c" and, of a long one, "(9 more: d)".
        more = re.findall(r"\(\d+ more: (\S+)\)", products)
        plain = re.sub(r"\+ \(\d+ more: \S+\)", "", products).replace("−", "-").replace(" ", "")
        assert added == pytest.approx(sum(map(float, re.findall(r"[-+]?[\d.]+", plain))) + sum(map(number, more)))
        assert bool(more) == (kernels > 3)


def test_a_product_beside_the_maps_is_what_its_shown_factors_make(page: Page, server: Server):
    edits = ({"op": "rows", "value": 8}, {"op": "columns", "value": 8}, {"op": "pattern", "value": "cross"})
    open_experiment(page, server.url, edited(*edits, {"op": "seed", "value": 3}))
    page.locator(".ks-dense summary").click()
    wait_shown(page)
    page.locator(".ks-dense-classes").get_by_role("radio", name="C").click()
    page.locator("[data-view=scores] .ks-bar-row").nth(2).click()
    expect(page.locator(".ks-ledger h2")).to_have_text("Score C")
    ledger = page.locator(".ks-term:not(.ks-plain) .ks-term-product").all_inner_texts()
    wait_shown(page)
    for at in range(9):
        weight(page, at // 3, at % 3)
        expect(page.locator(".ks-dense-told")).to_contain_text(f"[{at // 3}, {at % 3}]: ")
        factors, product = page.locator(".ks-dense-told").inner_text().split(": ")[1].split(" = ")
        value, times = map(number, factors.split(" × "))
        assert f"{value * times:.2f}".replace("-0.00", "0.00") == f"{number(product):.2f}"
        assert product == ledger[at]


def test_pointing_at_weights_adds_no_score_up_again(opened: Page):
    opened.evaluate(COUNT_SUMS)
    for row in range(3):
        weight(opened, row, 2)
        expect(opened.locator(".ks-dense-told")).to_contain_text(f"[{row}, 2]: ")
    assert opened.evaluate("window.sums.size") == 0


def test_drawing_on_a_weight_moves_the_score_at_once_and_cnn_core_confirms(opened: Page):
    before = revision(opened)
    opened.get_by_label("brush: the weight").fill("2")
    box = opened.locator("[data-view=dense_weights]").bounding_box()
    cell = box["width"] / 3
    opened.mouse.move(box["x"] + cell / 2, box["y"] + cell / 2)
    opened.mouse.down()
    opened.mouse.move(box["x"] + 2.5 * cell, box["y"] + cell / 2, steps=6)
    opened.mouse.up()
    wait_drawn(opened, "scores", "preview", before)
    wait_drawn(opened, "scores", "cnn_core", before)
    assert [weight(opened, 0, column) for column in range(3)] == [2, 2, 2]
    edit = {"op": "dense", "features": 9, "cells": [[0, k, 2] for k in range(3)]}
    trace = build(apply(apply(apply(Experiment(), GRID), WIDE), edit)).trace
    opened.locator(".stMain").evaluate("(page) => page.scrollTo(0, 0)")
    frames(opened)
    same_sum(hover_cell(opened, "scores", 0, 0, (3, 1)), trace.explain(4, (0, 0)))
    opened.get_by_role("button", name="Undo").click()
    wait_drawn(opened, "scores", "cnn_core", before + 1)
    wait_shown(opened)
    assert weight(opened, 0, 0) != 2


def test_by_keyboard_a_weight_is_chosen_stepped_and_typed(opened: Page):
    before = revision(opened)
    opened.locator("[data-view=dense_weights]").focus()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    first = last_cell(opened)
    assert first["index"] == [0, 1]
    opened.keyboard.press("Shift+ArrowUp")
    wait_drawn(opened, "scores", "cnn_core", before)
    assert weight(opened, 0, 1) == pytest.approx(first["value"] + 0.1)
    opened.locator("[data-view=dense_weights]").focus()
    opened.keyboard.type("-1.5")
    opened.keyboard.press("Enter")
    wait_drawn(opened, "scores", "cnn_core", before + 1)
    assert weight(opened, 0, 1) == -1.5


def test_a_bias_is_typed_and_nonsense_is_refused(opened: Page):
    before = revision(opened)
    field = opened.get_by_label("bias of this class")
    field.fill("0.5")
    field.press("Enter")
    wait_drawn(opened, "scores", "cnn_core", before)
    expect(opened.locator(".ks-dense-sum")).to_contain_text("bias 0.5")
    field.fill("lots")
    field.press("Enter")
    expect(opened.locator(".ks-notice")).to_contain_text("“lots” is not a number, so the bias stays 0.5")


def test_a_weight_s_field_left_open_while_a_kernel_weight_is_dragged_loses_neither(opened: Page):
    cell = opened.locator("[data-view=dense_weights]")
    cell.focus()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.type("0.75")
    field = opened.locator("[data-view=kernel] input").nth(4)
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    before = revision(opened)  # of the weight that is being typed
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=4)
    opened.mouse.up()
    opened.locator(".ks-sentence").click()
    wait_drawn(opened, "probabilities", "cnn_core", before)
    expect(opened.locator(".ks-notice")).to_be_hidden()
    assert float(field.input_value().replace("−", "-")) > 0
    wait_shown(opened)
    assert weight(opened, 0, 0) == 0.75
    press(opened, "↶ Undo", "probabilities")
    expect(field).to_have_value("0")
    wait_shown(opened)
    assert weight(opened, 0, 0) == 0.75
