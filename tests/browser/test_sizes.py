"""How large maps are drawn: whatever is laid around one, it stays in its column, and columns beside each other."""

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Server
from tests.browser.screen import clear, edited, frames, open_experiment, resize, type_number, wait_drawn

pytestmark = pytest.mark.browser

# Where what is seen of each column lies: its map with the padding around it, its words, its controls.
PLACES = """() => {
  const parts = ".ks-map, .ks-kernel, .ks-vector, .ks-bars, h2, .ks-note, .ks-legend, select, button, summary";
  const seen = (part) => part.checkVisibility({ visibilityProperty: true }) && !part.closest("[popover]");
  return [...document.querySelectorAll("[data-column]")].map((column) => ({
    view: column.dataset.column,
    frame: column.getBoundingClientRect().toJSON(),
    parts: [...column.querySelectorAll(parts)].filter(seen).map((part) => {
      const map = part.matches(".ks-map");
      const box = part.getBoundingClientRect();
      const beyond = (side) => (map ? parseFloat(getComputedStyle(part)[`margin${side}`]) : 0);
      return {
        name: part.className || part.localName,
        map,
        left: box.left - beyond("Left"),
        right: box.right + beyond("Right"),
        top: box.top - beyond("Top"),
        bottom: box.bottom + beyond("Bottom"),
      };
    }),
  }));
}"""

# By how much the columns are wider than what they can be scrolled in, whichever of the page's boxes that is.
TOO_WIDE = """() => {
  let most = 0;
  for (let each = document.querySelector("[data-column]"); each; each = each.parentElement) {
    const scrolls = each === document.documentElement || getComputedStyle(each).overflowX !== "visible";
    if (scrolls) most = Math.max(most, each.scrollWidth - each.clientWidth);
  }
  return most;
}"""


def in_order(page: Page) -> None:
    """Nothing of a column lies over another or beyond the window, and each padded map is within its column."""
    frames(page)
    columns = page.evaluate(PLACES)
    width = page.evaluate("innerWidth")
    assert page.evaluate(TOO_WIDE) <= 1
    for column in columns:
        for part in column["parts"]:
            assert part["left"] >= -0.5, (column["view"], part)
            assert part["right"] <= width + 0.5, (column["view"], part)
            if part["map"]:
                assert part["left"] >= column["frame"]["left"] - 1, (column["view"], part)
                assert part["right"] <= column["frame"]["right"] + 1, (column["view"], part)
    for k, column in enumerate(columns):
        for other in columns[k + 1 :]:
            for part in column["parts"]:
                for another in other["parts"]:
                    across = min(part["right"], another["right"]) - max(part["left"], another["left"])
                    down = min(part["bottom"], another["bottom"]) - max(part["top"], another["top"])
                    assert min(across, down) <= 1, (column["view"], part, other["view"], another)


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("padding", [0, 4, 20, 88])
def test_a_padded_input_stays_in_its_column(page: Page, server: Server, padding: int, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    open_experiment(page, server.url, edited({"op": "padding", "value": padding}))
    in_order(page)


def test_where_numbers_have_no_room_it_is_said_how_to_see_them_and_nothing_moves_from_under_the_hand(
    page: Page, server: Server
):
    open_experiment(page, server.url, edited({"op": "padding", "value": 2}))
    hint = page.locator(".ks-note").get_by_text("Scroll or pinch for the numbers")
    padding = page.locator("[data-column=kernel]").get_by_label("padding, as a number", exact=True)
    frames(page)
    before = padding.bounding_box()["y"]
    assert hint.count() == 0
    clear(page)
    padding.fill("3")
    padding.press("Enter")
    wait_drawn(page, "conv")
    frames(page)
    assert hint.count() == 1
    assert abs(padding.bounding_box()["y"] - before) < 8  # half a line of text


# How much of a map's marks shows along the upper edge of its padding, on the right, where no cell's window is marked.
EDGE = """([view, above]) => {
  const marks = document.querySelector(`[data-view=${view}] .ks-map-marks`);
  const y = Math.round(-parseFloat(marks.style.top) - above);
  const { data } = marks.getContext("2d").getImageData(marks.width / 2, y - 1, marks.width / 2, 3);
  return data.filter((_, k) => k % 4 === 3).reduce((sum, alpha) => sum + alpha, 0);
}"""


def test_the_widest_padding_too_is_seen_as_a_frame(page: Page, server: Server):
    open_experiment(page, server.url, edited({"op": "padding", "value": 88}))
    frames(page)
    above = page.locator("[data-view=input]").evaluate("(map) => parseFloat(getComputedStyle(map).marginTop)")
    assert page.evaluate(EDGE, ["input", above]) > 1000


@pytest.mark.parametrize("width", [1440, 390])
def test_the_laboratories_too_keep_a_padded_input_in_its_column(page: Page, server: Server, width: int):
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    type_number(page, "padding, as a number", "4", "output-0")
    resize(page, width, 900)
    in_order(page)
    resize(page, 1440, 900)
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    for axis in ("down", "across"):
        type_number(page, f"window {axis}, as a number", "5", "max")
    type_number(page, "padding, as a number", "2", "max")
    resize(page, width, 900)
    in_order(page)


# The lines that the notes under the columns are laid out in.
LINES = """() => {
  const letter = document.createRange();
  const lines = [];
  for (const note of document.querySelectorAll(".ks-note")) {
    const text = note.firstChild;
    for (let [k, last] = [0, -1]; k < (text?.length ?? 0); k += 1) {
      letter.setStart(text, k);
      letter.setEnd(text, k + 1);
      const { top, width } = letter.getBoundingClientRect();
      if (!width) continue;
      if (last !== top) lines.push("");
      last = top;
      lines.push(lines.pop() + text.data[k]);
    }
  }
  return lines.map((line) => line.replaceAll("\\u00a0", " ").trim());
}"""


@pytest.mark.parametrize("path", ["/", "/pooling"])
def test_a_size_breaks_before_an_operator_and_never_leaves_its_result_alone(page: Page, server: Server, path: str):
    page.set_viewport_size({"width": 1280, "height": 720})
    if path == "/":
        cat = [{"op": "sample", "value": "cat"}, {"op": "photo_size", "value": 128}]
        open_experiment(page, server.url, edited(*cat, {"op": "stride", "value": 2}, {"op": "padding", "value": 1}))
    else:
        page.goto(f"{server.url}{path}")
        wait_drawn(page, "max")
        type_number(page, "padding, as a number", "1", "max")
        type_number(page, "window down, as a number", "3", "max")
    frames(page)
    lines = page.evaluate(LINES)
    results = [line for line in lines if re.search(r"= \d+$", line)]
    assert len(results) > 3
    assert [line for line in results if not re.search(r"\d⌋? \+ 1 = \d+$|^\+ 1 = \d+$", line)] == []
    assert [line for line in lines if line.endswith(("=", "+", "−", "/")) or line.isdecimal()] == []
