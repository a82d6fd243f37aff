"""The laboratory's address in a browser: it is the laboratory, and opens as such for someone else."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from cnn_core import Trace
from pages.shared.convolution.laboratory import Laboratory, run
from pages.shared.convolution.link import from_link
from pages.shared.link_code import pack
from tests.browser.conftest import Server
from tests.browser.links import NOTICE, codes, copied, someone_else
from tests.browser.screen import (
    clear,
    hover_cell,
    last_cell,
    pin,
    press,
    revision,
    same_sum,
    type_number,
    wait_drawn,
    within,
)

pytestmark = pytest.mark.browser


def carried(page: Page) -> Trace:
    """The laboratory that the address holds, carried out by cnn_core."""
    return run(from_link(codes(page)["c"][0]).laboratory).trace


def test_the_copied_link_opens_the_same_laboratory_and_undo_leads_back(page: Page, server: Server, browser: Browser):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    assert codes(page) == {}
    press(page, "Keep to compare", "output-0")
    type_number(page, "stride, as a number", "2", "output-0")
    type_number(page, "bias", "3.5", "output-0")
    hover_cell(page, "output-1", 1, 1, (2, 2))
    pin(page)
    pinned = last_cell(page)
    with someone_else(browser, copied(page, "c"), "output-0") as other:
        expect(other.get_by_label("stride, as a number", exact=True)).to_have_value("2")
        expect(other.get_by_label("bias", exact=True)).to_have_value("0")  # of the other channel, which is looked at
        expect(other.locator("[data-column=kept]")).to_be_visible()
        expect(other.locator(".ks-ledger h2")).to_have_text(page.locator(".ks-ledger h2").inner_text())
        expect(other.locator(".ks-ledger-state")).to_have_text("pinned")
        same_sum(hover_cell(other, "output-1", 1, 1, (2, 2)), carried(page).explain(0, tuple(pinned["index"])))
        before = revision(other)
        other.get_by_role("button", name="Undo").click()
        wait_drawn(other, "output-0", "cnn_core", before)
        expect(other.get_by_label("stride, as a number", exact=True)).to_have_value("1")
        expect(other.locator("[data-column=kept]")).to_contain_text("Nothing is kept yet")
        expect(other.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_an_edited_cell_and_a_sample_from_explore_are_in_the_address(page: Page, server: Server, browser: Browser):
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    before = revision(page)
    page.locator("[data-view=input-1]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    wait_drawn(page, "output-0", "cnn_core", before)
    with someone_else(browser, page.url, "output-0") as other:
        assert hover_cell(other, "input-1", 0, 0, (6, 6))["value"] == 7.5
        assert hover_cell(other, "input-1", 0, 1, (6, 6))["value"] == 0


def test_each_page_s_address_has_its_own_work_alone_and_a_reload_loses_neither(page: Page, server: Server):
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    type_number(page, "stride, as a number", "2", "output-0")
    assert set(codes(page)) == {"c"}
    page.get_by_role("link", name="Explore").click()
    wait_drawn(page, "conv")
    clear(page)  # edits are counted page by page
    type_number(page, "bias", "4")
    assert set(codes(page)) == {"x"}
    clear(page)
    page.get_by_role("link", name="Convolution").click()
    wait_drawn(page, "output-0")
    expect(page.get_by_label("stride, as a number", exact=True)).to_have_value("2")
    page.wait_for_function("[...new URL(location.href).searchParams.keys()].join() === 'c'")
    page.reload()
    wait_drawn(page, "output-0")
    expect(page.get_by_label("stride, as a number", exact=True)).to_have_value("2")
    page.get_by_role("link", name="Explore").click()
    wait_drawn(page, "conv")
    expect(page.get_by_label("bias", exact=True)).to_have_value("4")


@pytest.mark.parametrize("code", ["broken", pack({"operation": {"groups": 3}}), "A" * 15_000])
def test_a_broken_link_gets_a_sentence_and_the_worked_example(page: Page, server: Server, code: str):
    page.goto(f"{server.url}/convolution?c={code}")
    wait_drawn(page, "output-0")
    expect(page.locator(NOTICE)).to_contain_text("This is the worked example instead.")
    assert hover_cell(page, "output-0", 0, 0, (4, 4))["value"] == run(Laboratory()).trace.output[0, 0, 0, 0]


def test_a_picture_that_the_link_cannot_carry_is_told_of(page: Page, server: Server, browser: Browser):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    before = revision(page)
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(noise, "PNG")
    mine = {"name": "mine.png", "mimeType": "image/png", "buffer": noise.getvalue()}
    page.set_input_files(".st-key-photo input[type=file]", mine)
    wait_drawn(page, "probabilities", "cnn_core", before)
    page.get_by_role("link", name="Convolution").click()
    wait_drawn(page, "output-0")
    clear(page)  # edits are counted page by page
    before = revision(page)
    with within(page, "input", "Input") as menu:
        menu.select_option("explore")
    wait_drawn(page, "output-0", "cnn_core", before)
    type_number(page, "stride, as a number", "2", "output-0")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(NOTICE)).to_contain_text("Your own input is not part of the link")
    with someone_else(browser, page.url, "output-0") as other:
        expect(other.locator(NOTICE)).to_contain_text("made over an input that it cannot carry")
        expect(other.get_by_label("stride, as a number", exact=True)).to_have_value("2")


@pytest.mark.parametrize("width", [390, 768, 1100, 1440])
@pytest.mark.parametrize(
    ("laboratory", "view"), [("convolution", "output-0"), ("pooling", "max"), ("layers", "slope-0")]
)
def test_every_laboratory_has_its_button_in_sight_at_every_width(
    page: Page, server: Server, laboratory: str, view: str, width: int
):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/{laboratory}")
    wait_drawn(page, view)
    button = page.get_by_role("button", name="Copy link")
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
