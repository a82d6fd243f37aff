"""Looking at the numbers: colours and scales, tables, copies, and what is opened large."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from tests.browser.screen import clear, hover_cell, revision, wait_drawn

pytestmark = pytest.mark.browser


def pixel(page: Page, view: str, row: int, column: int) -> list[int]:
    """The colour with which a map's cell is drawn."""
    script = "([view, x, y]) => [...document.querySelector(`[data-view=${view}] .ks-map-values`).getContext('2d')"
    return page.evaluate(script + ".getImageData(x, y, 1, 1).data]", [view, column, row])


def more(page: Page, view: str, name: str) -> None:
    page.locator(f"[data-column={view}] summary").click()
    page.locator(f"[data-column={view}]").get_by_role("button", name=name, exact=True).click()


def test_one_number_has_one_colour_on_all_maps_until_each_has_its_own_scale(explore: Page):
    assert pixel(explore, "conv", 1, 1) == pixel(explore, "activation", 1, 1)
    legend = explore.locator("[data-column=activation] .ks-low")
    expect(legend).to_have_text("−12")
    explore.get_by_label("Which maps share").select_option("stage")
    expect(legend).to_have_text("0")
    assert pixel(explore, "conv", 1, 1) != pixel(explore, "activation", 1, 1)


def test_with_several_kernels_each_map_can_have_a_scale_of_its_own(explore: Page):
    before = revision(explore)
    more(explore, "kernel", "Add a kernel")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    explore.locator("[data-column=kernel] [role=radiogroup] button").nth(1).click()
    high = explore.locator("[data-column=conv] .ks-high")
    expect(high).to_have_text("12")
    explore.get_by_label("Which maps share").select_option("map")
    expect(high).to_have_text("9")  # the identity copies the middle of the grid, whose largest number is 9


@pytest.mark.parametrize(("colours", "grey"), [("grey", True), ("cividis", False), ("diverging", False)])
def test_colours_can_be_chosen_and_survive_a_page_switch(explore: Page, colours: str, grey: bool):
    explore.get_by_label("Colours of the maps").select_option(colours)
    drawn = pixel(explore, "conv", 0, 1)
    assert (drawn[0] == drawn[1] == drawn[2]) == grey
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    clear(explore)
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "probabilities")
    assert pixel(explore, "conv", 0, 1) == drawn


def test_a_map_is_a_real_table_on_demand(explore: Page):
    more(explore, "conv", "As a table")
    cells = explore.locator(".ks-table tbody td").all_inner_texts()
    assert [float(cell.replace("−", "-")) for cell in cells] == build(Experiment()).trace.stages[
        0
    ].output.ravel().tolist()
    explore.keyboard.press("Escape")
    more(explore, "probabilities", "As a table")
    expect(explore.locator(".ks-table tbody th").first).to_have_text("A")


def test_a_large_map_s_table_shows_the_part_around_the_chosen_cell_and_says_so(explore: Page):
    before = revision(explore)
    explore.get_by_role("button", name="Samples").click()
    explore.locator(".ks-sample").first.click()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    more(explore, "conv", "As a table")
    expect(explore.locator(".ks-table caption")).to_contain_text("of 83 × 126")
    assert explore.locator(".ks-table tbody td").count() == 1600
    trace = build(apply(Experiment(), {"op": "sample", "value": "cat"})).trace
    row, column = (int(explore.locator(f".ks-table {part} th").first.inner_text()) for part in ("tbody", "thead"))
    shown = explore.locator(".ks-table tbody td").first.inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(trace.stages[0].output[0, 0, row, column], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "copied"),
    [
        ("Copy the cell", [[12]]),
        ("Copy its row", [[-6, 12, 12]]),
        ("Copy all numbers", [[-6, 12, 12], [-6, 8, 8], [-6, 6, 6]]),
    ],
)
def test_numbers_are_copied_as_a_spreadsheet_takes_them(explore: Page, name: str, copied: list):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    more(explore, "conv", name)
    expect(explore.locator(".ks-notice")).to_contain_text("Copied: Feature map")
    text = explore.evaluate("navigator.clipboard.readText()")
    assert [[float(x) for x in row.split("\t")] for row in text.split("\n")] == copied


def test_what_was_copied_can_be_pasted_as_the_input(explore: Page):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    more(explore, "conv", "Copy all numbers")
    expect(explore.locator(".ks-notice")).to_contain_text("Copied")
    before = revision(explore)
    explore.locator("[data-view=input]").focus()
    explore.keyboard.press("Control+v")
    wait_drawn(explore, "conv", "cnn_core", before)
    assert hover_cell(explore, "input", 0, 1, (3, 3))["value"] == 12


def test_a_stage_is_opened_large_with_axes_and_a_histogram_and_nothing_is_lost_on_closing(explore: Page):
    more(explore, "conv", "Open large, with a histogram")
    dialog = explore.get_by_role("dialog", name="Feature map")
    expect(dialog.locator(".js-plotly-plot")).to_have_count(2, timeout=15_000)
    expect(dialog).to_contain_text("9 numbers from −6 to 12")
    explore.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_no_chart_library_is_loaded_before_a_chart_is_asked_for(explore: Page):
    loaded = explore.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert not [name for name in loaded if "lotly" in name]


def test_the_sum_behind_a_cell_of_three_channels_adds_up_plane_by_plane_and_as_a_whole(explore: Page):
    before = revision(explore)
    explore.get_by_role("button", name="Samples").click()
    explore.locator(".ks-sample").first.click()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    before = revision(explore)
    explore.get_by_label("Colour", exact=True).select_option("rgb")
    wait_drawn(explore, "probabilities", "cnn_core", before)

    def number(text: str) -> float:
        return float(text.replace("−", "-").replace(" ", ""))

    def parts(text: str) -> tuple[list[float], float]:
        left, right = text.rsplit("=", 1)
        plain = left.replace("−", "-").replace("remainder ", "").replace("bias ", "")
        for name in "RGB":
            plain = plain.replace(f"{name} ", "")
        words = plain.replace("+ -", "- ").replace("- -", "+ ").split()
        numbers, sign = [], 1
        for word in words:
            if word in "+-":
                sign = 1 if word == "+" else -1
            else:
                numbers.append(sign * float(word))
                sign = 1
        return numbers, number(right)

    planes = explore.locator(".ks-ledger-plane .ks-ledger-note").all_inner_texts()
    assert len(planes) == 3
    totals = []
    for text in planes:
        numbers, total = parts(text)
        assert np.isclose(sum(numbers), total, atol=1e-9)
        totals.append(total)
    numbers, total = parts(explore.locator(".ks-ledger-sum .ks-sum").inner_text())
    assert np.isclose(sum(numbers), total, atol=1e-9)
    assert numbers[:3] == pytest.approx(totals)
