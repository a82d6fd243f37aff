"""What a cell sees of the input, outlined and in words, and the weights it has there, in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core.receptive import field
from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    cell_centre,
    choose,
    clear,
    edited,
    frames,
    hover_cell,
    next_frame,
    open_experiment,
    revision,
    take_sample,
    wait_drawn,
)

pytestmark = pytest.mark.browser

SEES = ".ks-sees"

# The input's marks, as the page holds them.
INK = "() => document.querySelector('[data-view=input] .ks-map-marks').toDataURL()"

# The cells of the input with ink a little inside their left edge.
MARKED = """([rows, columns]) => {
  const map = document.querySelector("[data-view=input]");
  const marks = map.querySelector(".ks-map-marks");
  const [frame, box] = [marks.getBoundingClientRect(), map.getBoundingClientRect()];
  const ratio = marks.width / frame.width;
  const size = box.width / columns;
  const found = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const x = (box.x - frame.x + column * size + 2) * ratio;
      const y = (box.y - frame.y + (row + 0.5) * size) * ratio;
      if (marks.getContext("2d").getImageData(Math.round(x), Math.round(y), 1, 1).data[3]) found.push([row, column]);
    }
  }
  return found;
}"""


def grid(side: int) -> Experiment:
    return edited({"op": "grid", "value": np.arange(side * side).reshape(side, side).tolist()})


def test_a_hovered_cell_of_any_stage_says_what_it_sees(page: Page, server: Server):
    experiment = edited({"op": "padding", "value": 1}, start=grid(8))
    open_experiment(page, server.url, experiment)
    hover_cell(page, "conv", 3, 4, (8, 8))
    expect(page.locator(SEES)).to_contain_text("sees 3 × 3 of the input, rows 2–4, columns 3–5")
    hover_cell(page, "pool", 1, 2, (4, 4))
    expect(page.locator(SEES)).to_contain_text("sees 4 × 4 of the input, rows 1–4, columns 3–6")
    hover_cell(page, "pool", 0, 3, (4, 4))
    expect(page.locator(SEES)).to_contain_text(
        "sees 3 × 3 of the input, rows 0–2, columns 5–7; "
        "its field of 4 × 4 goes on into padding: 1 row above, 1 column right"
    )
    page.locator("[data-view=probabilities] .ks-bar-row, [data-view=probabilities]").first.hover()
    hover_cell(page, "input", 3, 3, (8, 8))
    expect(page.locator(SEES)).not_to_contain_text("sees")


def test_a_dilated_cell_says_that_it_passes_lines_over(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "dilation", "value": 2}, start=grid(8)))
    hover_cell(page, "conv", 1, 2, (4, 4))
    expect(page.locator(SEES)).to_contain_text("sees 3 × 3 cells of the input, spread over rows 1–5, columns 2–6")
    told = field(build(edited({"op": "dilation", "value": 2}, start=grid(8))).trace, 0, (0, 0, 1, 2))
    assert told.rows.seen == (1, 3, 5)


def test_a_field_goes_into_padding_from_the_edge_of_the_input_not_from_the_last_line_that_is_read(
    page: Page, server: Server
):
    experiment = edited({"op": "padding", "value": 1}, {"op": "dilation", "value": 2}, start=grid(5))
    open_experiment(page, server.url, experiment)
    hover_cell(page, "conv", 0, 0, (3, 3))
    # Row and column 0 lie in the field, between two taps.
    expect(page.locator(SEES)).to_contain_text(
        "sees 2 × 2 cells of the input, spread over rows 1–3, columns 1–3; "
        "its field of 5 × 5 goes on into padding: 1 row above, 1 column left"
    )


def test_the_cells_that_a_dilated_window_reads_are_marked_and_those_between_are_not(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "dilation", "value": 2}, start=grid(8)))
    hover_cell(page, "conv", 1, 2, (4, 4))
    frames(page)
    marked = page.evaluate(MARKED, [8, 8])
    # The corners of the cells that touch the outline of the whole window have its ink too.
    between = {(row, column) for row in range(2, 5) for column in range(3, 6)}
    assert {tuple(cell) for cell in marked} & between == {(3, 4)}
    # A cell of ReLU was made of one window; one pooled cell of several, which together pass nothing over.
    hover_cell(page, "activation", 2, 1, (4, 4))
    frames(page)
    assert [4, 3] in page.evaluate(MARKED, [8, 8])
    hover_cell(page, "pool", 0, 0, (2, 2))
    frames(page)
    assert [2, 2] not in page.evaluate(MARKED, [8, 8])


def test_the_outline_follows_the_pointer_and_goes_on_beyond_the_input(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "padding", "value": 1}, start=grid(8)))
    drawn = set()
    for row, column in ((0, 0), (1, 1), (3, 3)):
        hover_cell(page, "pool", row, column, (4, 4))
        frames(page)
        drawn.add(page.evaluate(INK))
    assert len(drawn) == 3


def test_effective_weights_are_one_gesture_from_the_outline(page: Page, server: Server):
    open_experiment(page, server.url, grid(8))
    hover_cell(page, "pool", 1, 1, (3, 3))
    page.mouse.down()
    page.mouse.up()
    button = page.get_by_role("button", name="effective weights")
    before = revision(page)
    clear(page)
    button.click()
    wait_drawn(page, "input", "cnn_core", -1)
    expect(page.locator("[data-column=input] .ks-note")).to_contain_text("∂")
    trace = build(grid(8)).trace
    told = field(trace, 2, (0, 0, 1, 1))
    # Outside the outline no cell counts.
    event = hover_cell(page, "input", 0, 0, (8, 8))
    assert event["value"] == 0
    assert (0, 0) not in {(row, column) for row in told.rows.seen for column in told.columns.seen}
    page.mouse.move(5, 5)
    page.get_by_role("button", name="values again").click()
    expect(page.locator("[data-column=input] .ks-note")).not_to_contain_text("∂")
    assert revision(page) >= before


def test_on_a_picture_effective_weights_are_seen_from_close_by_and_values_again_from_where_one_was(
    page: Page, server: Server
):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    take_sample(page, "Cat")
    amount = page.locator(".ks-zoom-amount")
    expect(amount).to_have_text("1.0×")
    page.get_by_role("button", name="effective weights").click()
    expect(page.locator("[data-column=input] .ks-note")).to_contain_text("∂")
    assert float(amount.inner_text().rstrip("×")) > 5
    page.get_by_role("button", name="values again").click()
    expect(amount).to_have_text("1.0×")


def test_values_again_says_nothing_of_an_input_cell_and_stays_when_one_is_asked(page: Page, server: Server):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    page.get_by_role("button", name="effective weights").click()
    expect(page.locator(".ks-ledger")).to_contain_text("Effective weights: the number at each cell of the input")
    page.mouse.click(*cell_centre(page, "input", 4, 4, (5, 5)))
    again = page.get_by_role("button", name="values again")
    expect(page.locator(".ks-ledger h2")).to_contain_text("Input [4, 4]")
    again.click()
    expect(page.locator("[data-column=input] .ks-note")).not_to_contain_text("∂")
    expect(page.locator(".ks-notice")).to_be_hidden()


def test_with_gradients_of_three_planes_the_maps_stay_above_the_ledger(page: Page, server: Server):
    page.set_viewport_size({"width": 1366, "height": 680})
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    take_sample(page, "Cat")
    choose(page, "Colour", "rgb")
    page.get_by_role("button", name="effective weights").click()
    expect(page.locator(".ks-weight-gradient")).to_be_visible()
    edge = page.locator(".ks-ledger").bounding_box()["y"]
    for view in ("input", "conv", "activation", "pool", "scores"):
        box = page.locator(f"[data-view={view}]").bounding_box()
        assert box["y"] + box["height"] < edge, view


def test_whoever_moved_since_is_not_taken_back(page: Page, server: Server):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    take_sample(page, "Cat")
    page.get_by_role("button", name="effective weights").click()
    amount = page.locator(".ks-zoom-amount")
    expect(amount).not_to_have_text("1.0×")
    close = amount.inner_text()
    page.get_by_role("button", name="Zoom out").click()
    expect(amount).not_to_have_text(close)
    moved = amount.inner_text()
    page.get_by_role("button", name="values again").click()
    expect(page.locator("[data-column=input] .ks-note")).not_to_contain_text("∂")
    next_frame(page)
    expect(amount).to_have_text(moved)


def test_what_is_come_closer_to_stands_in_the_middle_with_as_much_again_around_it(page: Page, server: Server):
    page.goto(server.url)
    told = page.evaluate(
        """async () => {
          const { around, regionOf } = await import("/ui/common/viewport.js");
          const map = { rows: 90, columns: 120, field: { jump: [1, 1], centre: [0, 0] } };
          const boxes = [[40, 50, 42, 52], [0, 0, 2, 2], [10, 0, 80, 119], [45, 60, 45, 60]];
          return boxes.map(([top, left, bottom, right]) => {
            const viewport = around({ top, left, bottom, right }, map, 20);
            return [viewport.zoom, regionOf(viewport, map)];
          });
        }"""
    )
    (zoom, region), (at_edge, corner), (whole, _), (most, _) = told
    assert zoom == 10
    assert region == {"top": 37, "left": 45.5, "rows": 9, "columns": 12}
    assert at_edge == 10
    assert (corner["top"], corner["left"]) == (0, 0)  # never beyond the edge
    assert whole == 1
    assert most == 20  # a single cell would fill the map
