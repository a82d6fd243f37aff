"""The pooling laboratory under the hand: by keyboard, dragged over, played, and as fast as the screen."""

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.pooling_laboratory import carried, cell_of, lines, look, nothing, opened, set_to  # noqa: F401 - a fixture
from tests.browser.screen import cell_centre, clear, drawn, floor, frames, last_cell, revision, wait_drawn

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


# What lies over the numbers at a place of a map's frame, in cells from its corner: red, green, blue and alpha.
INK = """([view, rows, row, column]) => {
  const map = document.querySelector(`[data-view=${view}]`);
  const canvas = map.querySelector(".ks-map-marks");
  const frame = canvas.getBoundingClientRect();
  const bleed = (frame.width - map.clientWidth) / 2;
  const at = (cells) => Math.round(((bleed + (cells * map.clientHeight) / rows) * canvas.width) / frame.width);
  return [...canvas.getContext("2d").getImageData(at(column), at(row), 1, 1).data];
}"""


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


def test_nothing_is_told_of_a_cell_before_the_window_has_reached_it(laboratory: Page):
    corners = [("max", 3, 0.07, 1.93), ("max", 3, 1.07, 1.93), ("max", 3, 2.07, 1.93), ("global_max", 1, 0.07, 0.93)]

    def inks() -> list[list[int]]:
        frames(laboratory)
        return [laboratory.evaluate(INK, list(corner)) for corner in corners]

    laboratory.get_by_label("all arrows").check()
    whole = inks()
    assert lines(laboratory) == 10
    laboratory.get_by_label("speed").fill("0")  # four seconds a cell
    laboratory.get_by_role("button", name="Play").click()
    rest = laboratory.get_by_role("button", name="Show what the window has not reached yet")
    expect(rest).to_be_visible()  # it has begun, at the first cell
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Max [0, 1]", timeout=20_000)
    laboratory.get_by_role("button", name="Pause").click()
    frames(laboratory)
    paper = laboratory.evaluate(INK, ["max", 3, 1.5, 1.5])
    assert paper[3] == 255  # what is not reached is covered
    assert inks() == [whole[0], paper, paper, paper]
    for view in ("global_max", "global_average"):
        assert laboratory.evaluate(INK, [view, 1, 0.5, 0.5]) == paper
    assert lines(laboratory) == 3  # of the two cells it has made, and of the one that is looked at
    rest.click()
    assert inks() == whole
    assert laboratory.evaluate(INK, ["global_average", 1, 0.5, 0.5])[3] == 0
    assert lines(laboratory) == 10


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
