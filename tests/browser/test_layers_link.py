"""The laboratory's address in a browser: it is the laboratory, and opens as such for someone else."""

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.layers.laboratory import Laboratory
from pages.shared.layers.link import from_link
from pages.shared.layers.screens import screen
from pages.shared.link_code import pack
from tests.browser.conftest import Server
from tests.browser.layers_laboratory import choose, set_to
from tests.browser.links import NOTICE, codes, copied, someone_else, stays
from tests.browser.screen import hover_cell, last_cell, next_frame, pin, press, revision, wait_drawn

pytestmark = pytest.mark.browser


def begun(page: Page, server: Server) -> dict:
    """Batch norm in inference after two steps, over an edited batch; the pinned cell as it was told."""
    page.goto(f"{server.url}/layers")
    wait_drawn(page, "slope-0")
    assert codes(page) == {}
    choose(page, "batch_norm")
    before = revision(page)
    page.locator("[data-view=input-1]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    wait_drawn(page, "output-0", "cnn_core", before)
    set_to(page, "γ 1", "3", "output-0")
    press(page, "Take a step", "output-0")
    before = revision(page)
    page.get_by_role("radio", name="Inference").click()
    wait_drawn(page, "output-0", "cnn_core", before)
    hover_cell(page, "output-3", 1, 1, (2, 4))
    pin(page)
    pinned = last_cell(page)
    page.mouse.move(0, 0)
    return pinned


def test_the_copied_link_opens_the_same_laboratory_and_undo_leads_back(page: Page, server: Server, browser: Browser):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    pinned = begun(page, server)
    next_frame(page)
    heading = page.locator(".ks-ledger h2").inner_text()
    with someone_else(browser, copied(page, "l"), "output-0") as other:
        assert other.url == page.url
        expect(other.locator(".ks-ledger-state")).to_have_text("pinned")
        expect(other.locator(".ks-ledger h2")).to_have_text(heading)
        expect(other.get_by_role("radio", name="Inference")).to_have_attribute("aria-checked", "true")
        shown = screen(from_link(codes(page)["l"][0]).laboratory)
        output = shown.arrays[next(stage["array"] for stage in shown.stages if stage["view"] == "output")]
        told = hover_cell(other, "output-3", 1, 1, (2, 4))
        assert (told["index"], told["value"]) == (pinned["index"], output[1, 1, 1, 1])
        assert hover_cell(other, "input-1", 0, 0, (2, 4))["value"] == 7.5
        before = revision(other)
        other.get_by_role("button", name="Undo").click()
        wait_drawn(other, "slope-0", "cnn_core", before)
        assert hover_cell(other, "input-0", 0, 0, (6, 6))["value"] == Laboratory().input[0, 0, 0, 0]
        expect(other.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_a_reload_and_a_way_over_another_page_lose_nothing(page: Page, server: Server):
    begun(page, server)
    stays(page, "Layers", "l", "output-0")


@pytest.mark.parametrize("code", ["broken", pack({"given": {"map": {"input": "odd"}}}), "A" * 15_000])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(page: Page, server: Server, code: str):
    page.goto(f"{server.url}/layers?l={code}")
    wait_drawn(page, "slope-0")
    expect(page.locator(NOTICE)).to_contain_text("This is the worked example instead.")
    assert hover_cell(page, "input-0", 0, 0, (6, 6))["value"] == Laboratory().input[0, 0, 0, 0]
