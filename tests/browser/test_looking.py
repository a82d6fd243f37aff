"""Looking at the numbers: colours and scales, tables, copies, and what is opened large."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import WORKED_GRID, Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    COUNT_SUMS,
    cell_centre,
    choose,
    clear,
    edited,
    frames,
    hover_cell,
    last_cell,
    next_frame,
    open_experiment,
    press,
    revision,
    take_sample,
    type_number,
    wait_drawn,
)

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


def test_the_sum_behind_a_number_is_built_once_and_anew_only_where_numbers_change(explore: Page):
    explore.evaluate(COUNT_SUMS)
    hover_cell(explore, "scores", 0, 0, (3, 1))
    expect(explore.locator(".ks-ledger h2")).to_have_text("Score A")
    frames(explore)
    assert explore.evaluate("window.sums.size") == 1
    before = last_cell(explore)["value"]
    type_number(explore, "weight, row 0, column 0", "7")
    explore.mouse.move(5, 5)
    assert hover_cell(explore, "scores", 0, 0, (3, 1))["value"] != before


def test_colours_stay_what_they_are_when_an_edit_takes_the_last_number_below_zero_away(explore: Page):
    zero = pixel(explore, "activation", 0, 0)  # −6 before ReLU
    before = revision(explore)
    explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
    explore.keyboard.type("3\n")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator("[data-column=conv] .ks-low")).to_have_text("−12")
    assert pixel(explore, "conv", 0, 0) == pixel(explore, "activation", 0, 0) == zero


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


def test_the_input_and_the_kernel_have_tables_and_numbers_to_copy_too(explore: Page):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for view, rows in (("input", WORKED_GRID), ("kernel", [[1, 0, -1]] * 3)):
        column = explore.locator(f"[data-column={view}]")
        column.locator("summary").click()
        column.get_by_role("button", name="As a table").click()
        cells = explore.locator(".ks-table tbody td").all_inner_texts()
        assert [float(text.replace("−", "-")) for text in cells] == np.asarray(rows).ravel().tolist()
        explore.keyboard.press("Escape")
        if column.locator("details").get_attribute("open") != "":
            column.locator("summary").click()
        column.get_by_role("button", name="Copy all numbers").click()
        expect(explore.locator(".ks-notice")).to_contain_text("Copied")
        text = explore.evaluate("navigator.clipboard.readText()")
        assert [[float(x) for x in row.split("\t")] for row in text.splitlines()] == np.asarray(rows).tolist()
        explore.keyboard.press("Escape")


def test_what_is_written_of_a_function_gives_its_number(explore: Page):
    def number(text: str) -> float:
        return float(text.replace("−", "-"))

    for row in range(3):
        explore.locator("[data-view=probabilities] .ks-bar-row").nth(row).hover()
        expect(explore.locator(".ks-ledger h2")).to_have_text(f"Probability {'ABC'[row]}")
        text = explore.locator(".ks-ledger .ks-sum").inner_text()
        above, below, result = re.fullmatch(r"e\^(\S+) / \((.*)\) [=≈] (\S+)", text).groups()
        powers = [math.exp(number(each.removeprefix("e^"))) for each in below.split(" + ")]
        shown = math.exp(number(above)) / sum(powers)
        digits = len(result.partition("e")[0].replace(".", "").lstrip("0"))
        assert f"{shown:.{digits - 1}e}" == f"{number(result):.{digits - 1}e}"


def test_a_function_s_numbers_have_no_more_digits_than_its_result_needs(page: Page, server: Server):
    grid = np.array(WORKED_GRID, dtype=np.float64) / 51
    open_experiment(page, server.url, replace(Experiment(), grid=grid))
    hover_cell(page, "activation", 0, 0, (3, 3))
    next_frame(page)
    expect(page.locator(".ks-ledger .ks-sum")).to_have_text("max(0, −0.1176) = 0")
    page.locator("[data-view=probabilities] .ks-bar-row").first.hover()
    expect(page.locator(".ks-ledger h2")).to_have_text("Probability A")
    text = page.locator(".ks-ledger .ks-sum").inner_text()
    own, all_, result = re.fullmatch(r"e\^(\S+) / \((.*)\) [=≈] (\S+)", text).groups()
    shown = [each.removeprefix("e^") for each in (own, *all_.split(" + "))]
    assert max(len(each.strip("−0.").replace(".", "")) for each in shown) <= 7, text
    powers = [math.exp(float(each.replace("−", "-"))) for each in shown]
    assert f"{powers[0] / sum(powers[1:]):.6g}" == result


def test_powers_of_e_are_raised_and_read_aloud_as_powers(explore: Page):
    explore.locator("[data-view=probabilities] .ks-bar-row").first.hover()
    expect(explore.locator(".ks-ledger h2")).to_have_text("Probability A")
    powers = explore.locator(".ks-ledger .ks-sum sup")
    expect(powers).to_have_count(4)
    written = explore.locator(".ks-ledger .ks-sum").inner_text()
    exponent = re.match(r"e\^(\S+)", written)[1]
    expect(powers.first).to_have_attribute("aria-label", f"to the power of {exponent}")
    assert powers.first.bounding_box()["y"] < explore.locator(".ks-ledger .ks-sum").bounding_box()["y"] + 12
    told = explore.evaluate(
        """async (texts) => {
          const { raised } = await import("/ui/common/power.js");
          return texts.map((text) => {
            const line = document.createElement("p");
            line.append(...raised(text));
            return [line.textContent, ...[...line.querySelectorAll("sup")].map((sup) => sup.ariaLabel)];
          });
        }""",
        texts := ["1 / (1 + e^−(−0.25)) = 1", "x × e^(−(−2)² / 2) / √2", "e^score / sum", "e^1.2e−5 + e^−3 = y", "5"],
    )
    powers_said = [["−(−0.25)"], ["−(−2)² / 2"], ["score"], ["1.2e−5", "−3"], []]
    for (text, *said), asked, exponents in zip(told, texts, powers_said, strict=True):
        assert text == asked
        assert said == [f"to the power of {each}" for each in exponents]


def test_a_long_weight_is_cut_to_what_can_be_read_and_whole_where_it_has_the_focus(page: Page, server: Server):
    bank = np.array([[[[-100 / 3, -999999.5, 0.5], [-0.0012345, 12345.5, 1 / 9], [2, -1, 0.0625]]]])
    open_experiment(page, server.url, replace(Experiment(), bank=bank))
    fields = page.locator("[data-view=kernel] input")
    shown = [field.input_value() for field in fields.all()]
    assert shown == ["−33.333", "−1.0e+6", "0.5", "−0.0012", "12345.5", "0.1111", "2", "−1", "0.0625"]
    sizes = fields.evaluate_all("(all) => all.map((each) => parseFloat(getComputedStyle(each).fontSize))")
    assert min(sizes) >= 11
    assert fields.evaluate_all("(all) => all.every((each) => each.scrollWidth <= each.clientWidth)")
    for k, whole in ((0, "−33.3333"), (1, "−999999.5")):
        fields.nth(k).focus()
        expect(fields.nth(k)).to_have_value(whole)
        assert fields.nth(k).evaluate("(each) => each.scrollWidth <= each.clientWidth")
        fields.nth(k).blur()
        expect(fields.nth(k)).to_have_value(shown[k])
    assert hover_cell(page, "conv", 0, 0, (3, 3))["terms"][0]["weight"] == -100 / 3


def test_a_probability_that_is_next_to_none_is_told_so_in_one_line_of_its_column(any_screen: Page, server: Server):
    any_screen.goto(server.url)
    wait_drawn(any_screen, "probabilities")
    numbers = any_screen.locator("[data-view=probabilities] .ks-bar-number")
    expect(numbers).to_have_text(["0.9993", "0.0007", "<0.0001"])
    for number in numbers.all():
        assert number.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert len({row["height"] for row in (each.bounding_box() for each in numbers.all())}) == 1


def test_a_ledger_stops_where_a_cell_no_longer_counts(explore: Page):
    hover_cell(explore, "conv", 2, 2, (3, 3))
    expect(explore.locator(".ks-ledger-feeds")).to_have_text("feeds → ReLU [2, 2] = 6 → no window of Pooled reads it ")
    hover_cell(explore, "conv", 1, 1, (3, 3))
    expect(explore.locator(".ks-ledger-feeds")).to_contain_text("Pooled [0, 0] = 12 (does not win)")
    expect(explore.locator(".ks-ledger-feeds")).not_to_contain_text("scores")
    hover_cell(explore, "pool", 0, 0, (1, 1))
    expect(explore.locator(".ks-ledger .ks-sum")).to_have_text("max(0, 12, 0, 8) = 12")


def test_terms_are_walked_by_keyboard_and_show_their_cells(explore: Page):
    explore.locator(".ks-terms li").first.focus()
    explore.keyboard.press("ArrowRight")
    expect(explore.locator(".ks-terms li").nth(1)).to_be_focused()
    # The weight it meets is outlined as it is under a pointer.
    expect(explore.locator("[data-view=kernel] input").nth(1)).to_have_class("ks-marked")


def test_numbers_stand_in_every_cell_at_the_closest_zoom(explore: Page):
    told = explore.evaluate(
        """async () => {
          const { fitting } = await import("/ui/common/format.js");
          const asked = [[[-0.00392, 0.5], 7], [[1.1e-16, -1.6e-13], 7], [[12, 3], 2], [[123], 2], [[-7125004, 12], 7]];
          return asked.map(([numbers, letters]) => fitting(numbers, 3, letters));
        }"""
    )
    assert told == [["−0.0039", "0.5"], ["1.1e−16", "−2e−13"], ["12", "3"], None, ["−7.1e+6", "12"]]


def test_what_is_left_of_rounding_or_has_no_room_is_told_as_next_to_nothing(explore: Page):
    told = explore.evaluate(
        """async () => {
          const { fitting } = await import("/ui/common/format.js");
          const asked = [[[-1.1e-16, 0], 7, 1], [[-1.4e-6, 5], 4, 0], [[-1.4e-6, 5], 7, 0], [[-0.0123, 5], 4, 0]];
          return asked.map(([numbers, letters, beside]) => fitting(numbers, 3, letters, beside));
        }"""
    )
    assert told == [["≈0", "0"], ["≈0", "5"], ["−1.4e−6", "5"], None]


@pytest.mark.parametrize(
    ("numbers", "letters", "texts"),
    [
        # A minus costs room, and costs it all of them: none has fewer decimals than the one beside it.
        ([0.016523, 0.003543, -0.010044, -0.003212], 6, ["0.017", "0.004", "−0.010", "−0.003"]),
        ([0.016523, 0.003543, -0.010044, -0.003212], 7, ["0.0165", "0.0035", "−0.0100", "−0.0032"]),
        ([0.50196, 0.00392, 1, 0], 7, ["0.5020", "0.0039", "1", "0"]),
        ([1 / 3, -1 / 9], 4, ["0.3", "−0.1"]),
        ([12.3456, 3.21], 3, ["12", "3"]),
        # What the decimals do not reach has its own power of ten, and so have all where they are tiny.
        ([0.024312, -2.04e-5, 0.003123], 7, ["0.0243", "−2.0e−5", "0.0031"]),
        ([-3.1234e-5, 2.04e-6], 7, ["−3.1e−5", "2.0e−6"]),
        # What lacks but a bit of a whole number is one, as those beside it are.
        ([2.9999999999999996, 5, 40 / 9, 5.000000000000001], 7, ["3", "5", "4.44", "5"]),
        ([2.9999999, 5], 7, ["3.00", "5"]),
        # One that has no room for its zeros must not hide those beside it.
        ([0.0145, -0.000384, -0.023234], 6, ["0.015", "−4e−4", "−0.023"]),
        # Nor one of which the decimals beside it leave nothing, if that is little of the largest.
        ([-1.8314, 1.2706, -0.0157, 0.4], 3.5, ["−1.8", "1.3", "≈0", "0.4"]),
        ([-1.8314, 1.2706, -0.0457], 3.5, None),
    ],
)
def test_the_numbers_of_one_grid_have_the_same_decimals(
    explore: Page, numbers: list, letters: float, texts: list | None
):
    script = """async ([numbers, letters]) => (await import("/ui/common/format.js")).fitting(numbers, 3, letters)"""
    assert explore.evaluate(script, [numbers, letters]) == texts


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


def test_the_ledger_never_pulls_the_page_from_under_the_pointer(explore: Page):
    take_sample(explore, "Cat")
    choose(explore, "Colour", "rgb")
    explore.locator(".stMain").evaluate("(page) => page.scrollTo(0, page.scrollHeight)")
    frames(explore)
    place = "document.querySelector('.stMain').scrollTop"
    for view in ("scores", "probabilities", "scores"):
        clear(explore)
        explore.locator(f"[data-view={view}] .ks-bar-row").nth(1).hover()
        top = explore.evaluate(place)
        frames(explore, 12)
        assert last_cell(explore)["view"] == view
        assert explore.evaluate(place) == top > 0


def test_padding_of_a_max_pooling_window_is_no_number(explore: Page):
    press(explore, "Worked example", "probabilities", within="input")
    explore.keyboard.press("Escape")
    explore.locator("[data-column=pool] summary").click()
    pool = explore.locator("[data-column=pool]")
    before = revision(explore)
    pool.get_by_label("window, as a number").fill("3")
    pool.get_by_label("window, as a number").press("Enter")
    wait_drawn(explore, "pool", "cnn_core", before)
    before = revision(explore)
    pool.get_by_label("padding, as a number", exact=True).fill("1")
    pool.get_by_label("padding, as a number", exact=True).press("Enter")
    wait_drawn(explore, "pool", "cnn_core", before)
    explore.keyboard.press("Escape")
    hover_cell(explore, "pool", 0, 0, (2, 2))
    expect(explore.locator(".ks-ledger .ks-sum")).to_have_text("max(0, 12, 0, 8) = 12")
    terms = explore.locator(".ks-term-factors").all_inner_texts()
    assert terms.count("padding loses") == 5
    assert explore.locator(".ks-lens-cell.ks-blank").all_inner_texts() == [""] * 5


@pytest.mark.parametrize(
    ("of_one", "window"),
    [
        (1.0, ["2", "3", "0", "5", "6", "1", "8", "9", "2.5"]),
        (0.01, ["0.02", "0.03", "0", "0.05", "0.06", "0.01", "0.08", "0.09", "0.025"]),
        (0.001, ["0.002", "0.003", "0", "0.005", "0.006", "0.001", "0.008", "0.009", "0.0025"]),
    ],
)
def test_small_numbers_can_be_told_apart_in_the_picture_of_their_window(
    page: Page, server: Server, of_one: float, window: list[str]
):
    grid = np.array(WORKED_GRID, dtype=np.float64)
    grid[2, 3] = 2.5
    open_experiment(page, server.url, replace(Experiment(), grid=grid * of_one))
    hover_cell(page, "conv", 0, 1, (3, 3))
    cells = page.locator(".ks-lens-figure", has_text="window").locator(".ks-lens-cell")
    expect(cells).to_have_text(window)
    room = cells.first.bounding_box()["width"]
    assert all(
        width < room + 1 for width in cells.evaluate_all("(all) => all.map((each) => each.scrollWidth)")
    )  # whole px


@pytest.mark.parametrize("colours", ["auto", "cividis"])
def test_the_cells_of_a_window_have_the_colours_of_the_maps_they_stand_on(explore: Page, colours: str):
    explore.get_by_label("Colours of the maps").select_option(colours)
    block = "(cells) => cells.map((cell) => getComputedStyle(cell).backgroundColor)"
    for view, shape, title, of, side in (
        ("conv", (3, 3), "Feature map [0, 0]", "input", 3),
        ("pool", (1, 1), "Pooled [0, 0]", "activation", 2),
    ):
        hover_cell(explore, view, 0, 0, shape)
        expect(explore.locator(".ks-ledger h2")).to_have_text(title)
        lens = explore.locator(".ks-lens-figure", has_text="window").locator(".ks-lens-cell")
        there = [pixel(explore, of, row, column)[:3] for row in range(side) for column in range(side)]
        assert lens.evaluate_all(block) == ["rgb({}, {}, {})".format(*each) for each in there]


def test_products_in_the_picture_of_a_window_have_the_digits_of_the_sum(page: Page, server: Server):
    grid = np.array(WORKED_GRID, dtype=np.float64) / 2
    grid[2, 3] = 111 / 255  # 0.43529…
    open_experiment(page, server.url, replace(Experiment(), grid=grid))
    hover_cell(page, "conv", 0, 1, (3, 3))
    expect(page.locator(".ks-term-product").nth(8)).to_have_text("−0.435")
    for figure, last in (("window", "0.435"), ("products", "−0.435")):
        cells = page.locator(".ks-lens-figure", has_text=figure).locator(".ks-lens-cell")
        expect(cells.last).to_have_text(last)


def test_no_factor_in_the_picture_of_a_window_is_cut_to_0_beside_larger_ones(page: Page, server: Server):
    grid = np.array(WORKED_GRID, dtype=np.float64)
    grid[0, 0], grid[1, 1] = 0.125, 2500.5
    bank = np.array([[[[1000, 0.25, -1], [1, 0.0125, -1], [0.0625, 1e-9, -100 / 3]]]])
    open_experiment(page, server.url, replace(Experiment(), grid=grid, bank=bank))
    hover_cell(page, "conv", 0, 0, (3, 3))
    for figure, texts in (
        ("window", ["0.125", "2", "3", "4", "2501", "6", "7", "8", "9"]),
        ("kernel", ["1000", "0.25", "−1", "1", "0.0125", "−1", "0.0625", "1.0e−9", "−33.3"]),
        ("products", ["125.0", "0.5", "−3.0", "4.0", "31.3", "−6.0", "0.4", "0", "−300.0"]),
    ):
        cells = page.locator(".ks-lens-figure", has_text=figure).locator(".ks-lens-cell")
        expect(cells).to_have_text(texts)


def test_a_cell_that_loses_its_window_marks_nothing_behind_it(explore: Page):
    """The marks say what the ledger's last line says."""
    marked = "(view) => document.querySelectorAll(`[data-view=${view}] .ks-bar-row.ks-feeds`).length"
    explore.mouse.move(*cell_centre(explore, "conv", 0, 1, (3, 3)))
    expect(explore.locator(".ks-ledger-feeds")).to_contain_text("(wins)")
    explore.wait_for_function(f"({marked})('probabilities') === 3")
    explore.mouse.move(*cell_centre(explore, "conv", 1, 1, (3, 3)))
    expect(explore.locator(".ks-ledger-feeds")).to_contain_text("(does not win)")
    explore.wait_for_function(f"({marked})('probabilities') === 0")


def test_what_rounding_left_of_a_zero_is_told_as_next_to_nothing_on_every_stage(page: Page, server: Server):
    # 0.1 + 0.2 - 0.3 is 5.6e-17 in double.
    ones = {"op": "grid", "value": [[1] * 5] * 5}
    rest = {"op": "kernel", "values": [[0.1, 0.2, -0.3], [0, 0, 0], [0, 0, 0]]}
    open_experiment(page, server.url, edited(ones, rest))
    for view, shape, headline in (("conv", (3, 3), "0.0000"), ("activation", (3, 3), "≈0"), ("pool", (1, 1), "0.0000")):
        event = hover_cell(page, view, 0, 0, shape)
        assert 0 < abs(event["value"]) < 1e-16
        next_frame(page)
        expect(page.locator(".ks-ledger-value")).to_have_text(headline)
        expect(page.locator(".ks-ledger")).not_to_contain_text("e−1")
        # Nor does it fill a colour scale of its own.
        expect(page.locator(f"[data-column={view}] .ks-high")).to_have_text("1")
    hover_cell(page, "activation", 0, 0, (3, 3))
    expect(page.locator(".ks-ledger .ks-sum")).to_have_text("max(0, ≈0) = ≈0")


def test_a_negative_bias_keeps_its_sign(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "bias", "output": 0, "value": -2}))
    hover_cell(page, "conv", 0, 1, (3, 3))
    expect(page.locator(".ks-ledger .ks-sum")).to_have_text("2 + 0 + 0 + 5 + 0 − 1 + 8 + 0 − 2 + bias −2 = 10")


@pytest.mark.parametrize("width", [1280, 1366, 1440])
def test_a_picture_and_its_three_planes_stand_in_one_row_within_their_column(explore: Page, width: int):
    explore.set_viewport_size({"width": width, "height": 768})
    take_sample(explore, "Cat")
    choose(explore, "Colour", "rgb")
    planes = [each.bounding_box() for each in explore.locator("[data-column=input] .ks-plane").all()]
    assert len(planes) == 4
    assert len({box["y"] for box in planes}) == 1
    column = explore.locator("[data-column=input]").bounding_box()
    assert planes[0]["x"] >= column["x"] - 1
    assert planes[3]["x"] + planes[3]["width"] <= column["x"] + column["width"] + 1


SIGN = """(view) => {
  const column = document.querySelector(`[data-column=${view}]`);
  const [beside, title] = [column.previousElementSibling, column.querySelector("h2")];
  if (beside.offsetWidth) return beside.textContent;
  const { content } = getComputedStyle(title, "::before");
  return content === "none" ? "" : content.trim().split('"')[1].trim();
}"""


@pytest.mark.parametrize(
    ("path", "width"), [("", 390), ("", 1024), ("", 1240), ("", 1440), ("learn?lesson=relu.1", 1440)]
)
def test_at_every_width_signs_say_what_becomes_of_the_input(page: Page, server: Server, path: str, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/{path}")
    wait_drawn(page, "activation")
    signs = {view: page.evaluate(SIGN, view) for view in ("input", "kernel", "conv", "activation")}
    assert signs == {"input": "", "kernel": "∗", "conv": "=", "activation": "→"}
    lines = "(title) => title.getClientRects().length && title.offsetHeight < 30"
    assert all(title.evaluate(lines) for title in page.locator(".ks-column h2").all())


@pytest.mark.parametrize("width", [768, 1024])
def test_a_tablet_has_the_room_for_the_whole_player_and_the_heading(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(server.url)
    wait_drawn(page, "conv")
    for label in ("To the first cell", "To the last cell", "speed"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    words = page.locator(".ks-heading p")
    # Two lines, where there were four beside an empty half.
    assert words.evaluate("(words) => words.offsetHeight / parseFloat(getComputedStyle(words).lineHeight)") < 2.5


def test_on_a_wide_screen_the_menus_stay_where_they_are_when_a_photograph_comes(page: Page, server: Server):
    page.set_viewport_size({"width": 1680, "height": 1050})
    page.goto(server.url)
    wait_drawn(page, "conv")
    play, menus, zoom = (page.locator(f".ks-bar-top > .ks-{each}") for each in ("player", "look", "zoom"))
    before = menus.bounding_box()
    take_sample(page, "Cat")
    expect(zoom).to_be_visible()
    assert menus.bounding_box()["x"] == before["x"]
    assert menus.bounding_box()["y"] == play.bounding_box()["y"] == zoom.bounding_box()["y"]


def test_a_menu_behind_more_says_what_it_chooses(explore: Page):
    kernel = explore.locator("[data-column=kernel]")
    kernel.locator("summary").click()
    field = kernel.locator(".ks-field", has=explore.get_by_label("Padding", exact=True))
    expect(field.locator(".ks-stepper-name")).to_be_visible()
    expect(field.locator(".ks-stepper-name")).to_have_text("Padding")


def test_a_photograph_s_sizes_and_controls_stand_in_whole_lines(explore: Page):
    take_sample(explore, "Cat")
    top = "(element) => element.getBoundingClientRect().top"
    # The zoom stands beside the menus, and not in a row of its own.
    assert explore.locator(".ks-zoom").evaluate(top) == explore.locator(".ks-bar-top > .ks-look").evaluate(top)
    note = explore.locator("[data-column=pool] .ks-note")
    assert note.inner_text().count("\n") == 1
    assert note.evaluate("(note) => note.offsetHeight / parseFloat(getComputedStyle(note).lineHeight)") < 2.5
    explore.get_by_role("button", name="Take away…").click()
    for row in explore.locator(".ks-take-whole li").all():
        button, words = (row.locator(each).bounding_box() for each in ("a", "span"))
        assert words["x"] >= button["x"] + button["width"]
