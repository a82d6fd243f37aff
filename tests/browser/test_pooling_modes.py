"""The pooling laboratory's gradients and shifts: whose share goes where, what is asked of cnn_core, and what moves."""

import pytest
from playwright.sync_api import Page, expect

from pages.shared.pooling.desk import AFTER, DIFFERENCES, GRADIENTS, SHIFTED, UPSTREAM
from tests.browser.pooling_laboratory import MARKED, NAMES, carried, look, nothing, opened, sentence, set_to  # noqa: F401 - a fixture
from tests.browser.screen import cell_centre, clear, frames, hover_cell, revision, wait_drawn

pytestmark = pytest.mark.browser


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
    expect(laboratory.locator(".ks-notice p")).to_contain_text("is not a number from −1,000,000 to 1,000,000")
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
