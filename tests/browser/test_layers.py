"""The layers laboratory in a browser: every kind by mouse and by keyboard, all numbers as cnn_core has them."""

import math

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from cnn_core import cross_entropy, gelu, gelu_backward, relu, softmax
from pages.shared.experiment import Experiment
from pages.shared.layers.edits import apply
from pages.shared.layers.laboratory import KINDS, Laboratory
from pages.shared.layers.screen import Screen
from pages.shared.layers.screens import screen
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import cell_centre, clear, hover_cell, last_cell, next_frame, press, revision, wait_drawn
from tests.browser.test_everyone import OVER_THE_EDGE, serious

pytestmark = pytest.mark.browser

# A view of each kind that is drawn anew with every answer.
SHOWN = {
    "softmax": "output",
    "batch_norm": "output-0",
    "dropout": "output-0",
    "linear": "scores",
    "cross_entropy": "loss",
}


@pytest.fixture
def laboratory(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/layers")
    wait_drawn(page, "slope-0")
    return page


def carried(kind: str, *edits: dict) -> Screen:
    """The laboratory after these edits, carried out by cnn_core."""
    state = apply(Laboratory(), {"op": "kind", "value": kind}, Experiment())
    for edit in edits:
        state = apply(state, edit, Experiment())
    return screen(state)


def numbers(shown: Screen, view: str) -> np.ndarray:
    return shown.arrays[next(stage["array"] for stage in shown.stages if stage["view"] == view)]


def choose(page: Page, kind: str) -> None:
    before = revision(page)
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name=KINDS[kind].title, exact=True).click()
    wait_drawn(page, SHOWN.get(kind, "output-0"), "cnn_core", before)


def set_to(page: Page, label: str, value: str, view: str) -> None:
    """Type into a field and wait for cnn_core's answer."""
    before = revision(page)
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    wait_drawn(page, view, "cnn_core", before)


def asked_row(page: Page, view: str, row: int) -> dict:
    """Move the pointer to a row of bars; what the page says of it."""
    clear(page)
    page.locator(f"[data-view={view}] .ks-bar-row").nth(row).hover()
    page.wait_for_function("(view) => window.cnn.cell.some((each) => each.view === view)", arg=view)
    return last_cell(page)


def adds_up(event: dict) -> bool:
    total = math.fsum([*(term["product"] for term in event["terms"]), event["bias"]])
    return math.isclose(total, event["value"], rel_tol=1e-12, abs_tol=1e-12)


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


def test_a_preview_comes_at_once_where_its_rule_is_known(laboratory: Page):
    laboratory.locator("[data-view=input-0]").focus()
    laboratory.keyboard.press("ArrowRight")
    clear(laboratory)
    laboratory.keyboard.type("9")
    wait_drawn(laboratory, "output-0", "preview")
    views = laboratory.evaluate("window.cnn.drawn.filter(({ source }) => source === 'preview').map(({ view }) => view)")
    # There is no rule for it here: it waits until cnn_core was asked.
    assert "slope-0" not in views[: views.index("output-0")]
    wait_drawn(laboratory, "slope-0", "preview")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "slope-0")
    assert hover_cell(laboratory, "output-0", 0, 0, (6, 6))["value"] == relu(9.0)


@pytest.mark.parametrize(
    ("kind", "views"),
    [
        ("softplus", ["output-0", "slope-0"]),
        ("gelu", ["output-0", "slope-0"]),
        ("batch_norm", ["normalised-0", "output-0"]),
        ("sigmoid", ["slope-0"]),
    ],
)
def test_what_no_preview_knows_is_cnn_core_s_while_a_value_is_under_the_hand(
    laboratory: Page, kind: str, views: list[str]
):
    choose(laboratory, kind)
    asked = carried(kind, {"op": "cells", "plane": 0, "cells": [[0, 0, 7.25]]})
    laboratory.locator("[data-view=input-0]").focus()
    laboratory.keyboard.press("ArrowRight")
    clear(laboratory)
    laboratory.keyboard.type("7.25")
    laboratory.wait_for_function(
        "(told) => document.querySelector('.ks-bar-top .ks-sentence').textContent === told", arg=asked.sentence
    )
    # Each key has an answer of its own, which brings words and numbers together: the last key's is waited for.
    for column in asked.columns:
        note = laboratory.locator(f"[data-column={column['view']}] .ks-note")
        # What a line says to a finger comes behind what it says to a mouse.
        expect(note).to_have_js_property(
            "textContent", "\n".join(line.split("\t")[0] for line in column["note"].split("\n"))
        )
    for view in views:
        wait_drawn(laboratory, view, "preview")
    assert laboratory.evaluate("window.cnn.drawn.every(({ source }) => source === 'preview')")
    for view in views:
        seen = numbers(asked, view.split("-")[0])
        event = hover_cell(laboratory, view, 0, 0, seen.shape[2:])
        assert event["value"] == seen[0, 0, 0, 0]
        if event["rule"] == "sum":
            assert adds_up(event)
    expect(laboratory.locator(".ks-late")).to_have_count(0)
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, views[0])


def test_a_slider_is_answered_while_it_is_dragged_and_is_one_step_to_undo(laboratory: Page):
    choose(laboratory, "softmax")
    slider = laboratory.get_by_label("T, on a slider")
    box = slider.bounding_box()
    clear(laboratory)
    laboratory.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    laboratory.mouse.down()
    title = laboratory.locator("[data-column=scaled] h2")
    told = {title.inner_text()}
    for k in range(1, 5):  # each answer is waited for while the hand is down
        clear(laboratory)
        laboratory.mouse.move(box["x"] + box["width"] * (0.5 + k / 10), box["y"] + box["height"] / 2)
        wait_drawn(laboratory, "output")
        told.add(title.inner_text())
    assert len(told) == 5
    laboratory.mouse.up()
    field = laboratory.get_by_label("T", exact=True)
    expect(field).not_to_have_value("1")
    expect(title).to_have_text(f"Score / T, T = {field.input_value()}")
    heat = float(field.input_value())
    logits = Laboratory().given["vector"].input.ravel()
    for row in range(4):
        assert asked_row(laboratory, "output", row)["value"] == softmax(logits, temperature=heat)[row]
    press(laboratory, "↶ Undo", "output")
    expect(laboratory.get_by_label("T", exact=True)).to_have_value("1")


def test_a_slider_is_moved_by_keyboard_step_by_step(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.get_by_label("γ 1, on a slider").focus()
    for value in (1.25, 1.5):
        before = revision(laboratory)
        laboratory.keyboard.press("ArrowRight")
        wait_drawn(laboratory, "output-0", "cnn_core", before)
        expect(laboratory.get_by_label("γ 1", exact=True)).to_have_value(str(value))
    asked = carried("batch_norm", {"op": "gamma", "channel": 1, "value": 1.5})
    event = hover_cell(laboratory, "output-1", 0, 2, (2, 4))
    assert event["value"] == numbers(asked, "output")[0, 1, 0, 2]
    press(laboratory, "↶ Undo", "output-0")
    expect(laboratory.get_by_label("γ 1", exact=True)).to_have_value("1.25")


def test_a_slider_moved_before_another_page_and_after_is_two_steps_to_undo(laboratory: Page):
    choose(laboratory, "leaky_relu")
    for visited in (True, False):
        before = revision(laboratory)
        laboratory.get_by_label("slope, on a slider").focus()
        laboratory.keyboard.press("ArrowRight")
        wait_drawn(laboratory, "slope-0", "cnn_core", before)
        if visited:
            moved = laboratory.get_by_label("slope", exact=True).input_value()
            laboratory.get_by_role("link", name="Pooling").click()
            wait_drawn(laboratory, "max")
            clear(laboratory)
            laboratory.get_by_role("link", name="Layers").click()
            wait_drawn(laboratory, "slope-0")
    expect(laboratory.get_by_label("slope", exact=True)).not_to_have_value(moved)
    press(laboratory, "↶ Undo", "slope-0")
    expect(laboratory.get_by_label("slope", exact=True)).to_have_value(moved)


def test_softmax_s_bars_are_asked_and_its_scores_typed(laboratory: Page):
    choose(laboratory, "softmax")
    set_to(laboratory, "T", "0.5", "output")
    asked = carried("softmax", {"op": "temperature", "value": 0.5})
    for view in ("scaled", "powers", "output"):
        for row in (0, 3):
            assert asked_row(laboratory, view, row)["value"] == numbers(asked, view)[0, row]
    event = asked_row(laboratory, "scaled", 1)
    assert (event["terms"][0]["value"], event["terms"][0]["weight"]) == (1, 2)
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.press("ArrowDown")
    before = revision(laboratory)
    laboratory.keyboard.type("3")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "output", "cnn_core", before)
    changed = carried("softmax", {"op": "temperature", "value": 0.5}, {"op": "cells", "cells": [[1, 0, 3]]})
    assert asked_row(laboratory, "output", 1)["value"] == numbers(changed, "output")[0, 1]


def test_powers_in_a_heading_and_below_it_are_raised_and_read_aloud_as_powers(laboratory: Page):
    for kind, view, powers in (
        ("softmax", "powers", ["score / T − 2"]),
        ("softplus", "curve", ["βx", "−βx"]),
        ("cross_entropy", "probabilities", ["logit"]),
    ):
        choose(laboratory, kind)
        raised = laboratory.locator(f"[data-column={view}] :is(h2, .ks-note) sup")
        expect(raised).to_have_count(len(powers))
        said = [f"to the power of {each}" for each in powers]
        assert raised.evaluate_all("(all) => all.map((each) => each.ariaLabel)") == said


def test_batch_norm_s_statistics_are_sums_that_can_be_asked(laboratory: Page):
    choose(laboratory, "batch_norm")
    asked = carried("batch_norm")
    x = asked.laboratory.input
    for view, row in (("mean", 0), ("mean", 1), ("var", 0), ("next_mean", 1), ("next_var", 0)):
        event = asked_row(laboratory, view, row)
        assert event["value"] == numbers(asked, view)[0, row]
        assert adds_up(event)
    for view, row in (("deviation", 0), ("inverse", 1)):
        assert asked_row(laboratory, view, row)["value"] == numbers(asked, view)[0, row]
    assert len(asked_row(laboratory, "mean", 0)["terms"]) == 16
    # Even numbers over 16: the shown digits add up without a remainder.
    expect(laboratory.locator(".ks-ledger .ks-sum")).not_to_contain_text("remainder")
    for view in ("normalised", "output"):
        for plane, (n, c) in enumerate(np.ndindex(2, 2)):
            event = hover_cell(laboratory, f"{view}-{plane}", 1, 2, (2, 4))
            assert event["index"] == [n, c, 1, 2]
            assert event["value"] == numbers(asked, view)[n, c, 1, 2]
            assert adds_up(event)
    event = hover_cell(laboratory, "normalised-2", 0, 0, (2, 4))
    assert [term["stage"] for term in event["terms"]] == [-1, 2]  # the cell, and the mean
    assert event["terms"][0]["value"] == x[1, 0, 0, 0]


def test_batch_norm_is_written_as_its_paper_has_it_and_a_mean_as_a_sum_that_is_divided(laboratory: Page):
    choose(laboratory, "batch_norm")
    set_to(laboratory, "β 0", "-0.5", "output-0")
    told = laboratory.locator(".ks-ledger .ks-sum")
    asked_row(laboratory, "mean", 0)
    total = "4 + 6 + 8 + 6 + 2 + 8 + 10 + 6 + 8 + 8 + 6 + 6 + 6 + 6 + 4 + 2 = 96"
    expect(told).to_have_text(f"{total}, and 96 / 16 = 6")
    expect(laboratory.locator(".ks-ledger-value")).to_have_text("6")
    expect(laboratory.locator(".ks-term-factors").nth(9)).to_have_text("image 1, [0, 1]")
    hover_cell(laboratory, "normalised-0", 1, 2, (2, 4))
    expect(told.first).to_have_text("(10 − 6) / √(4.5 + 0.00001) ≈ 1.886")
    expect(told.last).to_have_text("4.714 − 2.828 = 1.886")
    hover_cell(laboratory, "output-0", 1, 2, (2, 4))
    expect(told.first).to_have_text("(10 − 6) / √(4.5 + 0.00001) × 1 − 0.5 ≈ 1.386")
    expect(told.last).to_have_text("1.886 + β −0.500 = 1.386")
    # The variance too, and level by level.
    asked_row(laboratory, "var", 0)
    expect(told).to_contain_text("= 72, and 72 / 16 = 4.5")
    hover_cell(laboratory, "normalised-0", 1, 2, (2, 4))
    laboratory.mouse.down()
    laboratory.mouse.up()
    laboratory.locator(".ks-ledger .ks-terms .ks-term-open").click()
    trail = laboratory.locator(".ks-ledger-trail")
    expect(trail.locator("h3")).to_have_text("Batch mean channel 0 = 6")
    expect(trail.locator(".ks-sum")).to_have_text(f"{total}, and 96 / 16 = 6")


def feeds_link(page: Page, view: str, row: int, column: int, title: str) -> Locator:
    """Pin a cell of a map of 2 × 4; the link to the cell of that title which it feeds."""
    page.mouse.click(*cell_centre(page, view, row, column, (2, 4)))
    return page.locator(".ks-ledger-feeds button", has_text=title)


def test_a_cell_s_link_to_what_it_feeds_stays_in_its_image_and_its_channel(laboratory: Page):
    choose(laboratory, "batch_norm")
    asked = carried("batch_norm")
    for plane, (n, c) in enumerate(np.ndindex(2, 2)):
        link = feeds_link(laboratory, f"normalised-{plane}", 1, 1, "After")
        value = numbers(asked, "output")[n, c, 1, 1]
        expect(laboratory.locator(".ks-ledger h2")).to_have_text(f"Normalised image {n}, channel {c} [1, 1]")
        # With a scale of 1 and a shift of 0 it is only passed on, and written as the ledger's headline is.
        shown = laboratory.locator(".ks-ledger-value").inner_text()
        places = len(shown.partition(".")[2])
        assert shown == f"{value:.{places}f}".replace("-", "−")
        assert places >= 3
        expect(link).to_have_text(f"After image {n}, channel {c} [1, 1] = {shown}")
    link.click()
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("After image 1, channel 1 [1, 1]")
    choose(laboratory, "dropout")
    expect(feeds_link(laboratory, "input-3", 0, 2, "After")).to_contain_text("After image 1, channel 1 [0, 2] =")
    expect(feeds_link(laboratory, "drawn-2", 0, 2, "Mask")).to_contain_text("Mask image 1, channel 0 [0, 2] =")


def test_of_three_channels_each_feeds_its_own(laboratory: Page):
    choose(laboratory, "batch_norm")
    before = revision(laboratory)
    laboratory.get_by_label("Input", exact=True).select_option("larger")
    wait_drawn(laboratory, "output-5", "cnn_core", before)
    laboratory.mouse.click(*cell_centre(laboratory, "input-5", 3, 4, (8, 8)))
    told = laboratory.locator(".ks-ledger-feeds")
    for title in ("Normalised", "After"):
        expect(told).to_contain_text(f"{title} image 1, channel 2 [3, 4] =")


def test_a_statistic_is_walked_to_by_keyboard_and_a_cell_marks_its_own_channel_s(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.locator("[data-view=mean]").focus()
    laboratory.keyboard.press("ArrowDown")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Batch mean channel 1")
    expect(laboratory.locator("[aria-live=polite].ks-unseen")).to_contain_text("Batch mean channel 1 is −0.5")
    hover_cell(laboratory, "input-1", 1, 1, (2, 4))
    rows = laboratory.locator("[data-view=var] .ks-bar-row")
    expect(rows.nth(1)).to_have_class("ks-bar-row ks-feeds")
    expect(rows.nth(0)).to_have_class("ks-bar-row")


def test_where_a_number_came_from_is_followed_down_to_the_input(laboratory: Page):
    choose(laboratory, "batch_norm")
    box = laboratory.locator("[data-view=normalised-0]").bounding_box()
    laboratory.mouse.click(box["x"] + 5, box["y"] + 5)
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Normalised image 0, channel 0 [0, 0]")
    laboratory.get_by_role("button", name="What Batch mean channel 0 was made of").click()
    expect(laboratory.locator(".ks-ledger-trail h3")).to_have_text("Batch mean channel 0 = 6")
    expect(laboratory.locator(".ks-ledger-trail .ks-term")).to_have_count(16)


def test_on_a_wide_page_the_weights_stand_beside_the_score(laboratory: Page):
    choose(laboratory, "linear")
    score, weights = (laboratory.locator(f"[data-view={view}]").bounding_box() for view in ("scores", "dense_weights"))
    assert weights["x"] > score["x"] + score["width"]
    assert weights["y"] < score["y"] + score["height"] + 100
    laboratory.set_viewport_size({"width": 1000, "height": 900})
    laboratory.wait_for_function(
        "document.querySelector('.ks-dense').getBoundingClientRect().top"
        " > document.querySelector('[data-view=scores]').getBoundingClientRect().bottom"
    )


def test_a_training_step_moves_what_inference_uses(laboratory: Page):
    choose(laboratory, "batch_norm")
    set_to(laboratory, "momentum", "0.5", "output-0")
    press(laboratory, "Take a step", "output-0")
    edits = [{"op": "momentum", "value": 0.5}, {"op": "step"}, {"op": "training", "value": "inference"}]
    before = revision(laboratory)
    laboratory.get_by_role("radio", name="Inference").click()
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    expect(laboratory.locator("[data-view=mean]")).to_have_count(0)
    asked = carried("batch_norm", *edits)
    assert asked_row(laboratory, "running_var", 1)["value"] == numbers(asked, "running_var")[0, 1]
    event = hover_cell(laboratory, "normalised-1", 0, 3, (2, 4))
    assert event["value"] == numbers(asked, "normalised")[0, 1, 0, 3]
    assert adds_up(event)
    set_to(laboratory, "γ 1", "3", "output-0")
    set_to(laboratory, "β 1", "-1", "output-0")
    asked = carried(
        "batch_norm",
        *edits,
        {"op": "gamma", "channel": 1, "value": 3},
        {"op": "shift", "channel": 1, "value": -1},
    )
    event = hover_cell(laboratory, "output-3", 1, 1, (2, 4))
    assert event["value"] == numbers(asked, "output")[1, 1, 1, 1]
    assert (event["terms"][0]["weight"], event["bias"]) == (3, -1)


def test_a_cell_of_the_second_image_is_walked_to_and_typed(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.locator("[data-view=input-3]").focus()
    laboratory.keyboard.press("ArrowRight")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Before image 1, channel 1 [0, 0]")
    laboratory.keyboard.press("ArrowDown")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Before image 1, channel 1 [1, 0]")
    before = revision(laboratory)
    laboratory.keyboard.press("Shift+ArrowUp")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    asked = carried("batch_norm", {"op": "cells", "plane": 3, "cells": [[1, 0, 1.5]]})
    assert asked_row(laboratory, "mean", 1)["value"] == numbers(asked, "mean")[0, 1]


def test_dropout_s_mask_is_drawn_compared_and_multiplied(laboratory: Page):
    choose(laboratory, "dropout")
    set_to(laboratory, "p", "0.25", "output-0")
    press(laboratory, "Another mask", "output-0")
    asked = carried("dropout", {"op": "p", "value": 0.25}, {"op": "another_mask"})
    for view in ("drawn", "mask", "output"):
        for plane, (n, c) in enumerate(np.ndindex(2, 2)):
            event = hover_cell(laboratory, f"{view}-{plane}", 1, 1, (2, 4))
            assert event["value"] == numbers(asked, view)[n, c, 1, 1]
    assert event["terms"][0]["weight"] == numbers(asked, "mask")[1, 1, 1, 1]
    expect(laboratory.locator("[data-column=mask] .ks-note")).to_contain_text("25 % are expected")
    before = revision(laboratory)
    laboratory.get_by_role("radio", name="Training").focus()
    laboratory.keyboard.press("ArrowRight")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    expect(laboratory.locator("[data-view=mask-0]")).to_have_count(0)
    event = hover_cell(laboratory, "output-0", 1, 1, (2, 4))
    assert event["value"] == Laboratory().given["batch"].input[0, 0, 1, 1]


def test_the_fully_connected_layer_s_weights_are_drawn_on_and_its_score_spelled_out(laboratory: Page):
    choose(laboratory, "linear")
    asked = carried("linear")
    event = asked_row(laboratory, "scores", 1)
    assert event["value"] == numbers(asked, "scores")[0, 1]
    assert adds_up(event)
    assert len(event["terms"]) == 9
    laboratory.locator("[data-view=scores] .ks-bar-row").nth(2).click()
    laboratory.locator("[data-view=dense_weights]").scroll_into_view_if_needed()
    laboratory.locator("[data-view=dense_weights]").focus()
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("2")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "scores", "cnn_core", before)
    changed = carried("linear", {"op": "dense", "cells": [[2, 0, 2]]})
    assert asked_row(laboratory, "scores", 2)["value"] == numbers(changed, "scores")[0, 2]
    press(laboratory, "↶ Undo", "scores")
    assert asked_row(laboratory, "scores", 2)["value"] == numbers(asked, "scores")[0, 2]


def test_the_weights_show_the_cell_that_is_pinned_and_no_other(laboratory: Page):
    choose(laboratory, "linear")
    told = laboratory.locator(".ks-dense-told")
    laboratory.mouse.click(*cell_centre(laboratory, "dense_weights", 1, 2, (3, 3)))
    expect(told).to_contain_text("[1, 2]: 4 ×")
    laboratory.mouse.click(*cell_centre(laboratory, "input-0", 1, 1, (3, 3)))
    expect(told).to_contain_text("[1, 1]: 9 ×")
    laboratory.locator("[data-view=scores] .ks-bar-row").nth(2).click()
    expect(told).to_contain_text("Point at a cell")


def test_each_channel_s_weights_are_offered_where_the_map_has_several(laboratory: Page):
    choose(laboratory, "linear")
    channels = laboratory.get_by_role("radiogroup", name="Which channel’s weights")
    expect(channels).to_be_hidden()
    before = revision(laboratory)
    laboratory.get_by_label("Input", exact=True).select_option("larger")
    wait_drawn(laboratory, "scores", "cnn_core", before)
    sums = laboratory.locator(".ks-dense-sum")
    expect(sums).to_contain_text("of channel 0")
    channels.get_by_role("radio", name="channel 1").click()
    expect(sums).to_contain_text("of channel 1")
    asked = carried("linear", {"op": "input", "value": "larger"})
    laboratory.mouse.click(*cell_centre(laboratory, "dense_weights", 0, 1, (4, 4)))
    weight = asked.laboratory.weight[0, 17]
    written = f"{weight:g}" if weight >= 0 else f"(−{-weight:g})"
    expect(laboratory.locator(".ks-dense-told")).to_contain_text(f"× {written} =")
    channels.get_by_role("radio", name="channel 1").focus()
    laboratory.keyboard.press("ArrowLeft")
    expect(sums).to_contain_text("of channel 0")
    expect(channels.get_by_role("radio", name="channel 0")).to_be_focused()
    laboratory.mouse.click(*cell_centre(laboratory, "input-1", 2, 2, (4, 4)))
    expect(sums).to_contain_text("of channel 1")


def test_the_loss_and_each_gradient_are_asked_for_the_class_that_is_right(laboratory: Page):
    choose(laboratory, "cross_entropy")
    before = revision(laboratory)
    laboratory.get_by_role("radiogroup", name="Which class is right").get_by_role("radio", name="C").click()
    wait_drawn(laboratory, "loss", "cnn_core", before)
    logits = Laboratory().given["vector"].input.reshape(1, -1)
    loss, gradient = cross_entropy(logits, [2])
    event = asked_row(laboratory, "loss", 0)
    assert event["value"] == loss
    assert [term["weight"] for term in event["terms"]] == [1, -1]
    assert event["terms"][1]["value"] == logits[0, 2]
    assert adds_up(event)
    for row in range(4):
        event = asked_row(laboratory, "gradient", row)
        assert event["value"] == gradient[0, row]
        assert [term["value"] for term in event["terms"]] == [softmax(logits)[0, row], float(row == 2)]
    expect(laboratory.locator(".ks-bar-top .ks-sentence")).to_contain_text("Class C is right")


def test_a_small_loss_is_shown_with_three_digits_and_still_adds_up(laboratory: Page):
    choose(laboratory, "cross_entropy")
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    for digit in ("9", "1"):
        before = revision(laboratory)
        laboratory.keyboard.type(digit)
        laboratory.keyboard.press("Enter")
        wait_drawn(laboratory, "loss", "cnn_core", before)
        laboratory.keyboard.press("ArrowDown")
    logits = np.array([[9, 1, *Laboratory().given["vector"].input.ravel()[2:]]])
    loss, gradient = cross_entropy(logits, [0])
    assert loss < 0.001
    for view, value in (("loss", loss), ("gradient", gradient[0, 0])):
        asked_row(laboratory, view, 0)
        next_frame(laboratory)
        shown = laboratory.locator(".ks-ledger-value").inner_text().replace("−", "-")
        assert float(shown) == float(f"{value:.3g}")
        sums = laboratory.locator(".ks-ledger .ks-sum").inner_text().replace("−", "-")
        written, _, result = sums.partition(" = ")
        places = len(shown.partition(".")[2])
        assert round(eval(written.replace("remainder ", "")), places) == float(result) == float(shown)
        factors = laboratory.locator(".ks-ledger .ks-term-factors").first.inner_text()
        assert len(factors.split(" ×")[0].partition(".")[2]) >= places - 1


def test_what_is_made_of_all_classes_is_not_said_to_come_from_one(laboratory: Page):
    told = laboratory.locator(".ks-ledger-function .ks-ledger-note")
    for kind, asked in (
        ("cross_entropy", (("log_sum", "from all 4 logits"), ("probabilities", "from all 4 logits"))),
        ("softmax", (("output", "from all 4 powers"), ("powers", "from Score / T B"))),
    ):
        choose(laboratory, kind)
        for view, words in asked:
            asked_row(laboratory, view, 0 if view == "log_sum" else 1)
            expect(told).to_contain_text(words)


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
