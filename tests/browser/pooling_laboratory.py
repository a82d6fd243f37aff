"""What the tests of the pooling laboratory share: the page, its controls, and the same edits by cnn_core."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page

from cnn_core import Explanation
from pages.shared.edits import EditRefusedError
from pages.shared.pooling.edits import apply
from pages.shared.pooling.laboratory import KINDS, Laboratory, Run, run
from tests.browser.conftest import Server
from tests.browser.screen import hover_cell, next_frame, put, revision, same_sum, wait_drawn

NAMES = [kind.name for kind in KINDS]


@pytest.fixture(name="laboratory")
def opened(page: Page, server: Server) -> Page:
    """The laboratory as it opens; whoever imports this has it as a fixture called ``laboratory``."""
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
    put(page.get_by_label(label, exact=True), value, kind)
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


def overhang(page: Page) -> None:
    """Windows of 4 × 4, 3 apart, the last of which reach past the edge."""
    for label, value in (("window down", "4"), ("window across", "4"), ("stride down", "3"), ("stride across", "3")):
        set_to(page, f"{label}, as a number", value)
    set_to(page, "keep windows over the edge", "", kind="check")


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
