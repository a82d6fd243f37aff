"""The pooling laboratory's sums: winners, ties, what does not count, and what an input cell feeds."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.shared.pooling.laboratory import Laboratory
from tests.browser.pooling_laboratory import (  # noqa: F401 - a fixture
    MARKED,
    NAMES,
    carried,
    cell_of,
    lines,
    look,
    opened,
    overhang,
    sentence,
    set_to,
)
from tests.browser.screen import cell_centre, frames, hover_cell, revision, wait_drawn

pytestmark = pytest.mark.browser


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
