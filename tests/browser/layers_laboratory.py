"""What the tests of the layers laboratory share: the page, its controls, and the same edits by cnn_core."""

import math

import numpy as np
import pytest
from playwright.sync_api import Page

from pages.shared.experiment import Experiment
from pages.shared.layers.edits import apply
from pages.shared.layers.laboratory import KINDS, Laboratory
from pages.shared.layers.screen import Screen
from pages.shared.layers.screens import screen
from tests.browser.conftest import Server
from tests.browser.screen import clear, last_cell, revision, wait_drawn

# A view of each kind that is drawn anew with every answer.
SHOWN = {
    "softmax": "output",
    "batch_norm": "output-0",
    "dropout": "output-0",
    "linear": "scores",
    "cross_entropy": "loss",
}


@pytest.fixture(name="laboratory")
def opened(page: Page, server: Server) -> Page:
    """The laboratory as it opens; whoever imports this has it as a fixture called ``laboratory``."""
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
