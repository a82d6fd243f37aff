"""The pooling laboratory in a browser: winners, ties, gradients and shifts, by hand and by keyboard."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from cnn_core import Explanation
from pages.shared.edits import EditRefusedError
from pages.shared.pooling.desk import AFTER, DIFFERENCES, GRADIENTS, SHIFTED, UPSTREAM
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import KINDS, Laboratory, Run, run
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import (
    cell_centre,
    clear,
    drawn,
    floor,
    frames,
    hover_cell,
    last_cell,
    next_frame,
    press,
    revision,
    same_sum,
    wait_drawn,
)
from tests.browser.test_everyone import OVER_THE_EDGE, serious

pytestmark = pytest.mark.browser

# From now on every gap between two frames is noted.
FRAMES = """() => {
  window.gaps = [];
  let last = performance.now();
  const tick = (now) => {
    window.gaps.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""
NAMES = [kind.name for kind in KINDS]


@pytest.fixture
def laboratory(page: Page, server: Server) -> Page:
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    return page


def nothing(_name: str):
    raise EditRefusedError("There is nothing to take over.")


def carried(*edits: dict, cell: tuple[int, int] = (0, 1)) -> Run:
    """The laboratory after these edits, carried out by cnn_core."""
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, nothing)
    return run(state, cell)


def look(page: Page, mode: str, view: str) -> None:
    """Choose what is shown and wait for cnn_core's answer."""
    before = revision(page)
    page.get_by_role("radio", name=mode, exact=True).click()
    wait_drawn(page, view, "cnn_core", before)


def set_to(page: Page, label: str, value: str, view: str = "max", kind: str = "type") -> None:
    """Set a control and wait for cnn_core's answer."""
    before = revision(page)
    control = page.get_by_label(label, exact=True)
    if kind == "select":
        control.select_option(value)
    elif kind == "check":
        control.click()
    else:
        control.fill(value)
        control.press("Enter")
    wait_drawn(page, view, "cnn_core", before)


def cell_of(page: Page, asked: Run, number: int, row: int, column: int) -> None:
    """The page's sum for a pooled cell is cnn_core's, term by term."""
    trace = asked.pooled[number].trace
    event = hover_cell(page, NAMES[number], row, column, trace.output.shape[2:])
    told: Explanation = trace.explain(0, (0, 0, row, column))
    # The page has no word for the infinity around a maximum, and shows it blank.
    terms = tuple(replace(term, value=term.value if np.isfinite(term.value) else 0.0) for term in told.terms)
    same_sum(event, replace(told, terms=terms))


def sentence(page: Page) -> str:
    next_frame(page)
    return page.locator(".ks-sentence").inner_text()


def lines(page: Page) -> int:
    """Arrows that are drawn."""
    return page.locator(".ks-arrows .ks-line").count()


def test_the_landing_state_shows_a_tie_its_winner_and_its_arrow(laboratory: Page):
    expect(laboratory.locator("h1")).to_have_text("Pooling")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Max [0, 1]")
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("max(2, 9, 9, 9) = 9")
    told = "3 cells tie at 9: the first, Input [0, 3], takes it, and all of the gradient."
    expect(laboratory.locator(".ks-sentence")).to_have_text(told)
    for view in ("input", *NAMES):
        assert laboratory.locator(f"[data-view={view}]").is_visible()
    assert lines(laboratory) == 1


def test_the_arrow_leads_from_the_winning_cell_to_the_output_it_wins(laboratory: Page):
    line = laboratory.locator(".ks-arrows .ks-line")
    for row, column, winner in ((0, 1, (0, 3)), (1, 0, (3, 0)), (2, 2, (5, 4))):
        hover_cell(laboratory, "average", row, column, (3, 3))
        frames(laboratory)
        ends = line.evaluate(
            "(path) => { const box = path.ownerSVGElement.getBoundingClientRect();"
            " return [0, path.getTotalLength()].map((at) => { const p = path.getPointAtLength(at);"
            " return [p.x + box.x, p.y + box.y]; }); }"
        )
        for view, cell, shape, (x, y) in (
            ("input", winner, (6, 6), ends[0]),
            ("max", (row, column), (3, 3), ends[1]),
        ):
            middle = cell_centre(laboratory, view, *cell, shape)
            size = laboratory.locator(f"[data-view={view}]").bounding_box()["width"] / shape[1]
            assert abs(x - middle[0]) < size * 0.75, (view, cell)
            assert abs(y - middle[1]) < size * 0.5, (view, cell)


SETTINGS = {
    "a rectangular window": [
        ({"op": "kernel_size", "axis": 0, "value": 3}, ("window down, as a number", "3")),
        ({"op": "stride", "axis": 1, "value": 1}, ("stride across, as a number", "1")),
    ],
    "padding that counts": [({"op": "padding", "value": 1}, ("padding, as a number", "1"))],
    "padding that does not count": [
        ({"op": "padding", "value": 1}, ("padding, as a number", "1")),
        ({"op": "count_include_pad", "value": False}, ("averages count the padding", "", "check")),
    ],
    "windows that overhang": [
        ({"op": "kernel_size", "axis": 0, "value": 4}, ("window down, as a number", "4")),
        ({"op": "stride", "axis": 0, "value": 3}, ("stride down, as a number", "3")),
        ({"op": "ceil_mode", "value": True}, ("keep windows over the edge", "", "check")),
    ],
    "windows that overhang both ways": [
        ({"op": "kernel_size", "value": 4}, ("window down, as a number", "4")),
        ({"op": "kernel_size", "value": 4}, ("window across, as a number", "4")),
        ({"op": "stride", "value": 3}, ("stride down, as a number", "3")),
        ({"op": "stride", "value": 3}, ("stride across, as a number", "3")),
        ({"op": "ceil_mode", "value": True}, ("keep windows over the edge", "", "check")),
    ],
    "noise under overlapping windows": [
        ({"op": "input", "value": "noise"}, ("Input", "noise", "select")),
        ({"op": "kernel_size", "axis": 1, "value": 5}, ("window across, as a number", "5")),
    ],
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_gives_cnn_core_s_sums(laboratory: Page, name: str):
    for _, (label, value, *kind) in SETTINGS[name]:
        set_to(laboratory, label, value, kind=kind[0] if kind else "type")
    asked = carried(*(edit for edit, _ in SETTINGS[name]))
    for number in asked.pooled:
        rows, columns = asked.pooled[number].trace.output.shape[2:]
        for row, column in {(0, 0), (rows - 1, columns - 1), (rows // 2, columns // 2)}:
            cell_of(laboratory, asked, number, row, column)


def overhang(page: Page) -> None:
    """Windows of 4 × 4, 3 apart, the last of which reach past the edge."""
    for label, value in (("window down", "4"), ("window across", "4"), ("stride down", "3"), ("stride across", "3")):
        set_to(page, f"{label}, as a number", value)
    set_to(page, "keep windows over the edge", "", kind="check")


def test_what_does_not_count_is_told_as_not_counted(laboratory: Page):
    overhang(laboratory)
    terms = laboratory.locator(".ks-ledger .ks-term")
    hover_cell(laboratory, "max", 1, 1, (2, 2))
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_contain_text("= 8")
    expect(terms).to_have_count(10)  # nine cells, and what is left out
    expect(terms.last).to_have_text("7 past the edge: not counted")
    assert "padding" not in laboratory.locator(".ks-ledger").inner_text()
    hover_cell(laboratory, "average", 1, 1, (2, 2))
    expect(laboratory.locator(".ks-sentence")).to_have_text("Each of the 9 cells counts the same: 1/9 of its number.")
    expect(terms.filter(has_text="× 0.1111")).to_have_count(9)
    expect(terms.filter(has_text="not counted")).to_have_text(["7 past the edge: not counted"])
    for label, value in (("window down", "2"), ("window across", "2"), ("padding", "1")):
        set_to(laboratory, f"{label}, as a number", value)
    set_to(laboratory, "averages count the padding", "", kind="check")
    event = hover_cell(laboratory, "average", 0, 0, (3, 3))
    assert [term["weight"] for term in event["terms"]] == [0, 0, 0, 1]
    told = "Only one cell of the window counts: the average is its number."
    expect(laboratory.locator(".ks-sentence")).to_have_text(told)
    expect(terms.filter(has_text="not counted")).to_have_text(["3 of padding: not counted"])


def test_an_l2_norm_is_spelled_out_as_squares_that_add_up(laboratory: Page):
    hover_cell(laboratory, "l2", 0, 2, (3, 3))
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("16 + 0 + 1 + 4 = 21, and √21 ≈ 4.58258")
    hover_cell(laboratory, "l2", 2, 0, (3, 3))
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("4 + 4 + 4 + 4 = 16, and √16 = 4")
    set_to(laboratory, "window down, as a number", "4")
    set_to(laboratory, "stride down, as a number", "4")
    set_to(laboratory, "keep windows over the edge", "", kind="check")
    hover_cell(laboratory, "l2", 1, 0, (2, 3))
    expect(laboratory.locator(".ks-ledger .ks-sum")).to_have_text("4 + 4 + 4 + 4 = 16, and √(16 × 8/4) ≈ 5.65685")


def test_a_norm_past_the_edge_says_what_it_is_scaled_by(laboratory: Page):
    note = laboratory.locator(".ks-ledger-note", has_text="PyTorch")
    overhang(laboratory)
    hover_cell(laboratory, "l2", 0, 0, (2, 2))
    expect(note).to_have_count(0)
    hover_cell(laboratory, "l2", 1, 1, (2, 2))
    expect(note).to_contain_text("× 16/9: PyTorch multiplies the sum by the cells of the window over those counted")
    look(laboratory, "Gradient", "l2-gradient")
    event = hover_cell(laboratory, "l2-gradient", 5, 5, (6, 6))
    assert "each cell gets x / norm × 16/9 of it" in sentence(laboratory)
    x = Laboratory().input[3:, 3:]
    assert event["value"] == pytest.approx(x[2, 2] / np.sqrt((x**2).sum() * 16 / 9) * 16 / 9)
    hover_cell(laboratory, "l2-upstream", 1, 1, (2, 2))
    assert "x / norm × 16/9, the cells of the window" in sentence(laboratory)
    hover_cell(laboratory, "l2-gradient", 0, 0, (6, 6))
    assert "each cell gets x / norm of it" in sentence(laboratory)
    hover_cell(laboratory, "l2-gradient", 3, 3, (6, 6))
    assert "x / norm, times 1 or 16/12 or 16/9 of it" in sentence(laboratory)


# Whether anything is marked at a place of a map's frame, in cells from its corner.
MARKED = """([view, rows, row, column]) => {
  const map = document.querySelector(`[data-view=${view}]`);
  const canvas = map.querySelector(".ks-map-marks");
  const ratio = canvas.width / canvas.getBoundingClientRect().width;
  const side = map.clientHeight / rows;
  const bleed = (canvas.getBoundingClientRect().width - map.clientWidth) / 2;
  const at = (cells) => Math.round((bleed + cells * side) * ratio);
  return canvas.getContext("2d").getImageData(at(column) - 1, at(row) - 1, 3, 3).data.some((x) => x > 0);
}"""


def test_a_window_s_outline_closes_where_it_leaves_the_map(laboratory: Page):
    overhang(laboratory)
    hover_cell(laboratory, "average", 1, 1, (2, 2))
    frames(laboratory)
    for row, column in ((3, 4.5), (4.5, 3), (6, 4.5), (4.5, 6)):
        assert laboratory.evaluate(MARKED, ["input", 6, row, column]), (row, column)
    assert not laboratory.evaluate(MARKED, ["input", 6, 4.5, 4.5])


def test_where_cells_tie_is_told_only_where_it_is_marked(laboratory: Page):
    key = laboratory.get_by_text("◥ where cells tie")
    expect(key).to_be_visible()
    look(laboratory, "Gradient", "max-gradient")
    expect(key).to_be_hidden()
    look(laboratory, "Values", "max")
    expect(key).to_be_visible()
    set_to(laboratory, "Input", "larger", kind="select")
    for label, value in (("window down", "3"), ("window across", "3"), ("stride down", "1"), ("stride across", "1")):
        set_to(laboratory, f"{label}, as a number", value)
    expect(laboratory.locator("[data-column=max] .ks-shape")).to_have_text("14 × 14")
    expect(key).to_be_visible()  # of the global maximum's only cell
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    before = revision(laboratory)
    laboratory.keyboard.type("10")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "max", "cnn_core", before)
    expect(key).to_be_hidden()


def test_an_input_cell_says_what_it_feeds_and_wins(laboratory: Page):
    hover_cell(laboratory, "input", 1, 2, (6, 6))
    told = "Input [1, 2] stands in 1 window and wins none; in one it is as large as the winner, but comes later."
    expect(laboratory.locator(".ks-sentence")).to_have_text(told)
    expect(laboratory.locator(".ks-ledger-feeds")).to_contain_text("Average [0, 1] = 7.25")
    frames(laboratory)
    assert lines(laboratory) == 0
    hover_cell(laboratory, "input", 0, 3, (6, 6))
    expect(laboratory.locator(".ks-sentence")).to_have_text("Input [0, 3] stands in 1 window and wins it.")
    frames(laboratory)
    assert lines(laboratory) == 2  # the window's maximum, and the global one
    set_to(laboratory, "stride down, as a number", "4")
    hover_cell(laboratory, "input", 3, 3, (6, 6))
    passed_over = "No window reads Input [3, 3]: between the windows of this stride it is passed over."
    expect(laboratory.locator(".ks-sentence")).to_have_text(passed_over)
    hover_cell(laboratory, "input", 0, 0, (6, 6))
    set_to(laboratory, "stride across, as a number", "4")
    hover_cell(laboratory, "input", 1, 3, (6, 6))
    expect(laboratory.locator(".ks-sentence")).to_contain_text("between the windows of this stride")
    set_to(laboratory, "window down, as a number", "4")
    hover_cell(laboratory, "input", 5, 0, (6, 6))
    expect(laboratory.locator(".ks-sentence")).to_have_text(
        "No window reads Input [5, 0]: it lies past the last window."
    )


def test_all_arrows_are_drawn_where_there_are_few(laboratory: Page):
    laboratory.get_by_label("all arrows").check()
    frames(laboratory)
    assert lines(laboratory) == 10
    set_to(laboratory, "Input", "larger", kind="select")
    set_to(laboratory, "stride down, as a number", "1")
    expect(laboratory.get_by_label("all arrows")).to_be_hidden()


def test_a_gradient_is_asked_of_cnn_core_wherever_the_eye_is(laboratory: Page):
    look(laboratory, "Gradient", "l2-gradient")
    asked = carried({"op": "mode", "value": "gradient"})
    for number, name in enumerate(NAMES):
        for row, column in ((0, 3), (1, 2), (4, 2)):
            event = hover_cell(laboratory, f"{name}-gradient", row, column, (6, 6))
            told = asked.pooled[number].back.explain(-1, (0, 0, row, column))
            assert (event["stage"], event["value"], event["total"]) == (GRADIENTS + number, told.value, told.total)
            said = [(term["stage"], tuple(term["index"]), term["value"], term["weight"]) for term in event["terms"]]
            assert said == [(UPSTREAM + number, term.index, term.value, term.weight) for term in told.terms]
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("∂ Global average / ∂ Input [4, 2]")
    hover_cell(laboratory, "max-gradient", 1, 2, (6, 6))
    assert sentence(laboratory).startswith("As large as the winner, but not the first")
    hover_cell(laboratory, "l2-gradient", 4, 2, (6, 6))
    assert "nothing is handed on" in sentence(laboratory)


def test_a_gradient_s_sum_is_dimmed_while_its_map_is_ahead_of_it(laboratory: Page):
    look(laboratory, "Gradient", "max-gradient")
    hover_cell(laboratory, "max-gradient", 0, 0, (6, 6))
    laboratory.locator("[data-view=input]").focus()
    late = laboratory.locator(".ks-ledger-head.ks-late, .ks-ledger-body.ks-late")
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("99")
    hover_cell(laboratory, "max-gradient", 0, 0, (6, 6))
    frames(laboratory)
    expect(late).to_have_count(2)
    hover_cell(laboratory, "input", 4, 4, (6, 6))  # of which nothing is late
    frames(laboratory)
    expect(late).to_have_count(0)
    hover_cell(laboratory, "max-gradient", 0, 0, (6, 6))
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "max-gradient", "cnn_core", before)
    expect(late).to_have_count(0)


def test_the_gradient_of_the_pinned_cell_follows_the_pin(laboratory: Page):
    look(laboratory, "Gradient", "max-gradient")
    set_to(laboratory, "Gradient", "cell", "max-gradient", kind="select")
    clear(laboratory)
    laboratory.mouse.click(*cell_centre(laboratory, "average-upstream", 1, 0, (3, 3)))
    wait_drawn(laboratory, "max-gradient")
    asked = carried({"op": "mode", "value": "gradient"}, {"op": "target", "value": "cell"}, cell=(1, 0))
    event = hover_cell(laboratory, "max-gradient", 3, 0, (6, 6))
    assert event["value"] == asked.pooled[0].back.input[0, 0, 3, 0] == 1
    event = hover_cell(laboratory, "max-gradient", 0, 3, (6, 6))
    assert event["value"] == 0
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("∂ Max [1, 0] / ∂ Input [0, 3]")


def test_the_output_that_gradients_are_of_is_outlined_and_named_while_the_eye_is_elsewhere(laboratory: Page):
    look(laboratory, "Gradient", "max-gradient")
    set_to(laboratory, "Gradient", "cell", "max-gradient", kind="select")
    clear(laboratory)
    laboratory.mouse.click(*cell_centre(laboratory, "average-upstream", 1, 0, (3, 3)))
    wait_drawn(laboratory, "max-gradient")
    laboratory.mouse.click(*cell_centre(laboratory, "input", 1, 2, (6, 6)))
    frames(laboratory)
    told = "Gradients are of the output [1, 0] alone, the last that was pinned."
    expect(laboratory.locator(".ks-sentence")).to_contain_text(told)
    for view in ("max", "average", "l2"):
        assert laboratory.evaluate(MARKED, [f"{view}-upstream", 3, 1, 0.5]), view
        assert not laboratory.evaluate(MARKED, [f"{view}-upstream", 3, 3, 2.5]), view


def test_what_is_read_aloud_of_a_pinned_input_cell_is_its_own_number(laboratory: Page):
    look(laboratory, "Gradient", "max-gradient")
    laboratory.mouse.click(*cell_centre(laboratory, "input", 1, 2, (6, 6)))
    hover_cell(laboratory, "global_average-gradient", 4, 2, (6, 6))
    set_to(laboratory, "Gradient", "cell", "max-gradient", kind="select")
    live = laboratory.locator("[aria-live=polite].ks-unseen")
    expect(live).to_contain_text("Now Input [1, 2] is 9")
    expect(live).not_to_contain_text("∂")


def test_a_gradient_s_terms_say_which_output_each_comes_from(laboratory: Page):
    look(laboratory, "Gradient", "l2-gradient")
    set_to(laboratory, "stride down, as a number", "1", "l2-gradient")
    hover_cell(laboratory, "average-gradient", 1, 0, (6, 6))
    expect(laboratory.locator(".ks-term-factors")).to_have_text(["[0, 0]: 1 × 0.25", "[1, 0]: 1 × 0.25"])


def test_own_numbers_say_where_to_type_and_who_shares_them(laboratory: Page):
    look(laboratory, "Gradient", "l2-gradient")
    assert "type its number" not in sentence(laboratory)
    set_to(laboratory, "Gradient", "own", "max-gradient", kind="select")
    told = "Choose a cell of “gradient at output” and type its number: Max, Average and L2 share them."
    expect(laboratory.locator(".ks-sentence")).to_contain_text(told)
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    expect(laboratory.locator(".ks-ledger-note")).to_have_text(
        "An input cell: its number was given, nothing was computed."
    )


def test_a_gradient_is_typed_over_an_output_cell_and_goes_back_from_there(laboratory: Page):
    look(laboratory, "Gradient", "max-gradient")
    laboratory.locator("[data-view=l2-upstream]").focus()
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.press("ArrowDown")
    before = revision(laboratory)
    laboratory.keyboard.type("-2.5")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "l2-gradient", "cnn_core", before)
    row, column = laboratory.evaluate("window.cnn.cell.at(-1).index.slice(2)")
    asked = carried({"op": "mode", "value": "gradient"}, {"op": "upstream", "cells": [[row, column, -2.5]]})
    event = hover_cell(laboratory, "l2-gradient", 2 * row, 2 * column, (6, 6))
    assert event["value"] == asked.pooled[2].back.input[0, 0, 2 * row, 2 * column]
    expect(laboratory.get_by_label("Gradient", exact=True)).to_have_value("own")
    laboratory.mouse.move(5, 5)
    laboratory.locator("[data-view=l2-upstream]").focus()
    laboratory.keyboard.type("much")
    laboratory.keyboard.press("1")  # letters are no number, a digit begins one
    laboratory.locator(".ks-cell-editor").fill("1x")
    laboratory.keyboard.press("Enter")
    expect(laboratory.locator(".ks-notice p")).to_contain_text("is not a number from −1000000 to 1000000")
    before = revision(laboratory)
    laboratory.keyboard.press("Control+z")
    wait_drawn(laboratory, "l2-gradient", "cnn_core", before)
    expect(laboratory.get_by_label("Gradient", exact=True)).to_have_value("sum")


def test_a_shift_shows_before_after_and_difference_and_is_measured(laboratory: Page):
    look(laboratory, "Shift", "max-difference")
    set_to(laboratory, "down, as a number", "-2", "max-difference")
    set_to(laboratory, "Edge", "replicate", "max-difference", kind="select")
    asked = carried(
        {"op": "mode", "value": "shift"},
        {"op": "shift", "axis": 0, "value": -2},
        {"op": "edge", "value": "replicate"},
    )
    for number, name in enumerate(NAMES):
        pooled = asked.pooled[number]
        rows, columns = pooled.after.output.shape[2:]
        event = hover_cell(laboratory, f"{name}-after", rows - 1, columns - 1, (rows, columns))
        told = pooled.after.explain(0, (0, 0, rows - 1, columns - 1))
        assert (event["stage"], event["value"]) == (AFTER + number, told.value)
        assert [term["value"] for term in event["terms"]] == [term.value for term in told.terms]
        assert {term["stage"] for term in event["terms"]} == {SHIFTED}
        event = hover_cell(laboratory, f"{name}-difference", 0, columns - 1, (rows, columns))
        change = pooled.after.output - pooled.trace.output
        assert (event["stage"], event["value"]) == (DIFFERENCES + number, change[0, 0, 0, columns - 1])
        assert [term["weight"] for term in event["terms"]] == [1, -1]
    for measure in asked.measures:
        row = laboratory.locator(f"[data-measure='{measure.title}']")
        expect(row).to_contain_text(f"{measure.same} of {measure.cells} unchanged")
        expect(row).to_contain_text(measure.sentence)
    event = hover_cell(laboratory, "input-after", 5, 2, (6, 6))
    assert event["value"] == asked.shifted[0, 0, 5, 2] == asked.laboratory.input[5, 1]
    assert event["terms"][0]["index"] == [0, 0, 5, 1]


def test_all_three_rows_of_a_shift_and_the_ledger_s_headline_are_in_sight(page: Page, server: Server):
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    look(page, "Shift", "max-difference")
    frames(page)
    for place in ("[data-view=input-difference]", ".ks-ledger-head"):
        box = page.locator(place).bounding_box()
        assert box["y"] + box["height"] <= 1000, place


def test_on_a_phone_a_pooled_map_is_on_the_first_screen_and_the_window_folds_away(page: Page, server: Server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    pooled, ledger = (page.locator(place).bounding_box() for place in ("[data-view=max]", ".ks-ledger"))
    assert pooled["y"] + pooled["height"] <= ledger["y"]
    expect(page.get_by_label("stride down, as a number")).to_be_hidden()
    page.get_by_role("button", name="Window…").click()
    set_to(page, "stride down, as a number", "1")
    page.get_by_role("button", name="Window…").click()
    expect(page.get_by_label("stride down, as a number")).to_be_hidden()


def test_all_of_it_goes_by_keyboard(laboratory: Page):
    laboratory.get_by_role("radio", name="Values").focus()
    before = revision(laboratory)
    laboratory.keyboard.press("ArrowRight")
    wait_drawn(laboratory, "max-gradient", "cnn_core", before)
    expect(laboratory.get_by_role("radio", name="Gradient")).to_be_focused()
    expect(laboratory.get_by_role("radio", name="Gradient")).to_have_attribute("aria-checked", "true")
    before = revision(laboratory)
    laboratory.keyboard.press("ArrowLeft")
    wait_drawn(laboratory, "max", "cnn_core", before)
    laboratory.locator("[data-view=average]").focus()
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.press("ArrowDown")
    assert last_cell(laboratory)["view"] == "average"
    expect(laboratory.locator("[aria-live=polite].ks-unseen")).to_contain_text("Average [1, 0] is 2.75. Each of the 4")
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("12")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "l2", "cnn_core", before)
    cell = last_cell(laboratory)["index"][2:]
    asked = carried({"op": "cells", "cells": [[*cell, 12]]})
    for number in range(5):
        cell_of(laboratory, asked, number, 0, 0)
    laboratory.mouse.move(5, 5)
    before = revision(laboratory)
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("Control+z")
    wait_drawn(laboratory, "l2", "cnn_core", before)
    cell_of(laboratory, carried(), 2, 0, 0)


PICTURES = """(views) => views.map((view) =>
  document.querySelector(`[data-view="${view}"] .ks-map-values`).toDataURL())"""


def drawn_last(page: Page, view: str, source: str) -> None:
    """Wait until a view was last drawn from there."""
    page.wait_for_function(
        "([view, source]) => window.cnn.drawn.filter((each) => each.view === view).at(-1)?.source === source",
        arg=[view, source],
    )


def test_what_the_preview_knows_follows_at_once_and_the_rest_waits_for_cnn_core(laboratory: Page):
    laboratory.mouse.click(*cell_centre(laboratory, "input", 0, 0, (6, 6)))
    held: list[Route] = []
    settled = False

    def answer(route: Route) -> None:
        """Nothing for what the gesture asks while it lasts; the answers to its end and to the pin are held back."""
        if "glimpse" in (route.request.post_data or ""):
            route.fulfill(status=200, body="")
        elif settled:
            route.continue_()
        else:
            held.append(route)

    laboratory.route("**/answers/**", answer)
    clear(laboratory)
    laboratory.keyboard.press("Shift+ArrowUp")
    wait_drawn(laboratory, "max", "preview")
    assert not any(each["view"] == "l2" for each in drawn(laboratory))
    # What stays behind is dimmed, and nothing else.
    expect(laboratory.locator(".ks-late")).to_have_count(1)
    expect(laboratory.locator(".ks-late [data-view=l2]")).to_have_count(1)
    settled = True
    for route in held:
        route.continue_()
    wait_drawn(laboratory, "l2")
    expect(laboratory.locator(".ks-late")).to_have_count(0)


@pytest.mark.parametrize(
    ("mode", "views"),
    [
        ("Values", ["l2"]),
        ("Gradient", ["max-gradient", "l2-gradient", "global_max-gradient"]),
        ("Shift", ["input-after", "max-after", "max-difference", "l2-after"]),
    ],
)
def test_what_the_preview_does_not_know_follows_the_hand_as_cnn_core_has_it(
    laboratory: Page, mode: str, views: list[str]
):
    if mode != "Values":
        look(laboratory, mode, views[0])
    laboratory.mouse.click(*cell_centre(laboratory, "input", 0, 1, (6, 6)))
    before = laboratory.evaluate(PICTURES, views)
    clear(laboratory)
    seen: set[str] = set()
    for step in range(100):  # as one who holds the key: the gesture goes on
        laboratory.keyboard.press("Shift+ArrowUp")
        laboratory.wait_for_timeout(40)
        seen = {each["view"] for each in drawn(laboratory) if each["source"] == "preview"}
        if step > 6 and seen.issuperset(views):
            break
    assert seen.issuperset(views)
    for view in views:
        drawn_last(laboratory, view, "cnn_core")
    after = laboratory.evaluate(PICTURES, views)
    assert all(old != new for old, new in zip(before, after, strict=True))
    expect(laboratory.locator(".ks-late")).to_have_count(0)


def test_the_window_slides_over_the_input_and_fills_the_maps(laboratory: Page):
    head = laboratory.locator(".ks-ledger h2")
    laboratory.get_by_role("button", name="To the first cell").click()
    expect(head).to_have_text("Max [0, 0]")
    laboratory.get_by_role("button", name="One cell on").click()
    expect(head).to_have_text("Max [0, 1]")
    laboratory.get_by_label("order of the cells").select_option("columns")
    laboratory.get_by_role("button", name="One cell on").click()
    expect(head).to_have_text("Max [1, 1]")
    laboratory.get_by_label("which cell").fill("8")
    expect(head).to_have_text("Max [2, 2]")
    laboratory.get_by_label("speed").fill("100")
    laboratory.get_by_role("button", name="Play").click()
    expect(head).to_have_text("Max [2, 2]", timeout=8000)
    look(laboratory, "Gradient", "max-gradient")
    laboratory.get_by_role("button", name="To the first cell").click()
    expect(head).to_have_text("∂ Σ Max / ∂ Max [0, 0]")


def test_what_does_not_fit_is_not_offered_and_says_why(laboratory: Page):
    more = laboratory.get_by_role("button", name="more window down", exact=True)
    for count in (3, 4, 5, 6):
        before = revision(laboratory)
        more.click()
        wait_drawn(laboratory, "max", "cnn_core", before)
        expect(laboratory.get_by_label("window down, as a number")).to_have_value(str(count))
    expect(more).to_have_attribute("aria-disabled", "true")
    more.dispatch_event("click")
    expect(laboratory.locator(".ks-notice p")).to_contain_text("a 7×2 window does not fit a 6×6 input")
    set_to(laboratory, "stride down, as a number", "99")
    expect(laboratory.locator(".ks-notice p")).to_contain_text("must be a whole number from 1 to 8")
    set_to(laboratory, "padding, as a number", "1")
    l2 = laboratory.locator("[data-column=l2]")
    expect(l2).to_contain_text("L2 pooling pads nothing")
    before = revision(laboratory)
    l2.get_by_role("button", name="Set padding to 0").click()
    wait_drawn(laboratory, "l2", "cnn_core", before)


def test_the_laboratory_survives_another_page_and_a_reload(laboratory: Page, server: Server):
    set_to(laboratory, "stride across, as a number", "1")
    look(laboratory, "Shift", "max-difference")
    laboratory.get_by_role("link", name="Kernels").click()
    wait_drawn(laboratory, "identity")
    clear(laboratory)
    laboratory.get_by_role("link", name="Pooling").click()
    wait_drawn(laboratory, "max-difference")
    clear(laboratory)
    laboratory.reload()
    wait_drawn(laboratory, "max-difference")
    expect(laboratory.get_by_label("stride across, as a number")).to_have_value("1")
    press(laboratory, "↶ Undo", "max")
    expect(laboratory.get_by_role("radio", name="Values")).to_have_attribute("aria-checked", "true")


def test_explore_s_feature_map_is_pooled_and_the_hand_is_followed_at_the_screen_s_pace(page: Page, server: Server):
    """Median gap between frames while a pointer moves over 64 × 64 maps."""
    page.goto(f"{server.url}/")
    wait_drawn(page, "probabilities")
    before = revision(page)
    page.get_by_role("button", name="Samples").click()
    page.locator(".ks-sample", has_text="Cat").first.click()
    wait_drawn(page, "probabilities", "cnn_core", before)
    page.get_by_role("link", name="Pooling").click()
    wait_drawn(page, "max")
    clear(page)  # edits are counted page by page
    set_to(page, "Input", "features", kind="select")
    expect(page.locator("[data-column=input] .ks-shape")).to_have_text("64 × 64")
    for view in ("max", "global_max", "input"):
        box = page.locator(f"[data-view={view}]").bounding_box()
        page.evaluate(FRAMES)
        for k in range(60):
            page.mouse.move(box["x"] + 4 + (box["width"] - 8) * k / 60, box["y"] + box["height"] / 2)
        gaps = page.evaluate("() => { cancelAnimationFrame(window.ticking); return window.gaps.slice(2); }")
        ratio = np.median(gaps) / floor(page)
        print(f"hover over {view} at 64 x 64: median frame gap {np.median(gaps):.1f} ms; ratio {ratio:.2f}")
        assert ratio < 1.5  # every frame, in the median


@pytest.fixture(params=[(scheme, width) for scheme in ("light", "dark") for width in (1440, 390)], ids=str)
def anyone(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    yield page
    context.close()


def test_there_is_no_serious_violation_in_any_of_the_three(anyone: Page):
    for mode, view in (("Values", None), ("Gradient", "max-gradient"), ("Shift", "max-difference")):
        if view:
            look(anyone, mode, view)
        assert serious(anyone) == [], mode
        assert anyone.evaluate(OVER_THE_EDGE) == [], mode
    anyone.locator("[data-column=input] summary").click()
    assert serious(anyone) == []
    anyone.get_by_role("button", name="As a table").first.click()
    anyone.get_by_role("dialog").wait_for()
    assert serious(anyone) == []
    anyone.keyboard.press("Escape")
    anyone.keyboard.press("Escape")
    if anyone.viewport_size["width"] < 860:
        anyone.get_by_role("button", name="Window…").click()
    set_to(anyone, "padding, as a number", "1")
    assert serious(anyone) == []
    assert anyone.evaluate(OVER_THE_EDGE) == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_nothing_is_wider_than_its_screen(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    for mode, view in (("Values", None), ("Gradient", "max-gradient"), ("Shift", "max-difference")):
        if view:
            look(page, mode, view)
        assert page.evaluate(OVER_THE_EDGE) == []
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width


def test_what_an_input_cell_feeds_is_told_branch_by_branch_and_not_as_one_chain(laboratory: Page):
    look(laboratory, "Shift", "max-difference")
    laboratory.locator("[data-view=input]").click(position={"x": 30, "y": 30})
    expect(laboratory.locator(".ks-ledger-feeds")).to_contain_text("feeds → Shifted input [")
    told = laboratory.locator(".ks-ledger-feeds").inner_text()
    branches = told.removeprefix("feeds → ").split("; ")
    # Each way of pooling reads the input itself, its shifted twin and their difference follow it.
    assert branches[0].startswith("Shifted input [")
    for title in ("Max", "Average", "L2", "Global max", "Global average"):
        assert any(branch.startswith(f"{title} [") for branch in branches), told
    assert all(branch.count("→") <= 2 for branch in branches), told
