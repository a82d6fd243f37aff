"""The laboratory's address in a browser: it is the laboratory, and opens as such for someone else."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, expect

from cnn_core import Explanation
from pages.shared.link_code import pack
from pages.shared.pooling.desk import GRADIENTS, UPSTREAM
from pages.shared.pooling.laboratory import Laboratory, run
from pages.shared.pooling.link import from_link
from tests.browser.conftest import Server
from tests.browser.links import NOTICE, codes, copied, someone_else, stays
from tests.browser.pooling_laboratory import look, set_to
from tests.browser.screen import hover_cell, pin, revision, same_sum, wait_drawn

pytestmark = pytest.mark.browser


def behind(page: Page, number: int, *index: int) -> Explanation:
    """The core's sum behind a gradient at the input, in the laboratory that the address holds."""
    sight = from_link(codes(page)["p"][0])
    told = run(sight.laboratory, sight.cell).pooled[number].back.explain(-1, (0, 0, *index))
    return replace(told, terms=[replace(term, stage=UPSTREAM + number) for term in told.terms])


def begun(page: Page, server: Server) -> None:
    """Going back from the pinned cell of strided windows over an edited input."""
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    assert codes(page) == {}
    before = revision(page)
    page.locator("[data-view=input]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    wait_drawn(page, "max", "cnn_core", before)
    set_to(page, "stride down, as a number", "1")
    look(page, "Gradient", "max-gradient")
    set_to(page, "Gradient", "cell", "max-gradient", "select")
    hover_cell(page, "max-upstream", 2, 1, (5, 3))
    pin(page)
    page.mouse.move(0, 0)


def test_the_copied_link_opens_the_same_laboratory_and_undo_leads_back(page: Page, server: Server, browser: Browser):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    begun(page, server)
    link = copied(page, "p")
    with someone_else(browser, link, "max-gradient") as other:
        assert other.url == link
        expect(other.locator(".ks-ledger-state")).to_have_text("pinned")
        assert hover_cell(other, "input", 0, 0, (6, 6))["value"] == 7.5
        told = hover_cell(other, "average-gradient", 2, 2, (6, 6))
        assert told["stage"] == GRADIENTS + 1
        same_sum(told, behind(page, 1, 2, 2))
        before = revision(other)
        other.get_by_role("button", name="Undo").click()
        wait_drawn(other, "max", "cnn_core", before)
        assert hover_cell(other, "input", 0, 0, (6, 6))["value"] == Laboratory().input[0, 0]
        expect(other.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_a_reload_and_a_way_over_another_page_lose_nothing(page: Page, server: Server):
    begun(page, server)
    stays(page, "Pooling", "p", "max-gradient")


@pytest.mark.parametrize("code", ["broken", pack({"window": {"stride": [0, 1]}}), "A" * 15_000])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(page: Page, server: Server, code: str):
    page.goto(f"{server.url}/pooling?p={code}")
    wait_drawn(page, "max")
    expect(page.locator(NOTICE)).to_contain_text("This is the worked example instead.")
    assert hover_cell(page, "max", 0, 0, (3, 3))["value"] == run(Laboratory()).pooled[0].trace.output[0, 0, 0, 0]
