"""The convolution laboratory on a phone held upright: cause and effect on one screen, and a finger's way through it."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server
from tests.browser.screen import put, revision, wait_drawn, within
from tests.browser.test_everyone import OVER_THE_EDGE

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(handheld: Page, server: Server) -> Page:
    handheld.goto(f"{server.url}/convolution")
    wait_drawn(handheld, "output-0")
    return handheld


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    return box["y"] + box["height"]


def test_the_weights_and_the_output_that_they_change_are_seen_at_once(phone: Page):
    ledger = phone.locator(".ks-ledger").bounding_box()["y"]
    for view in ("input-0", "input-1", "kernel-0", "kernel-1", "alone-0", "output-0"):
        assert 0 < bottom(phone, f"[data-view={view}]") <= ledger, view
    for channel in (0, 1):  # the weights of a channel stand level with it
        assert phone.locator(f"[data-view=kernel-{channel}]").bounding_box()["y"] == pytest.approx(
            phone.locator(f"[data-view=input-{channel}]").bounding_box()["y"], abs=1
        )


def test_every_control_is_under_the_finger_and_not_under_another_column(phone: Page):
    with within(phone, "output", "ReLU after it") as control:
        control.tap()
    phone.get_by_role("button", name="Keep to compare").tap()
    wait_drawn(phone, "difference-0")
    covered = phone.evaluate(
        """() => [...document.querySelectorAll(".ks-strip :is(button, select, input)")]
          .filter((each) => each.checkVisibility() && !each.closest("[popover]"))
          .filter((each) => {
            each.scrollIntoView({ block: "center" });
            const { x, y, width, height } = each.getBoundingClientRect();
            const met = document.elementFromPoint(x + width / 2, y + height / 2);
            return met !== each && !each.contains(met) && !met?.contains(each);
          })
          .map((each) => each.getAttribute("aria-label") ?? each.textContent)"""
    )
    assert covered == []
    assert phone.evaluate(OVER_THE_EDGE) == []


def test_a_kernel_of_5_by_5_stays_beside_its_input_and_numbers_stay_readable(phone: Page):
    for label in ("rows, as a number", "cols, as a number"):
        before = revision(phone)
        with within(phone, "kernel", label) as control:
            put(control, "5")
            wait_drawn(phone, "output-0", "cnn_core", before)
    kernel, inputs = (phone.locator(f"[data-view={view}-0]").bounding_box() for view in ("kernel", "input"))
    assert kernel["x"] >= inputs["x"] + inputs["width"]
    assert kernel["y"] == pytest.approx(inputs["y"], abs=1)
    assert kernel["x"] + kernel["width"] <= 390
    assert inputs["width"] / 6 >= 20.5  # room for two digits and a sign


def test_a_kernel_of_7_by_7_stands_below_an_input_that_would_lose_its_numbers_beside_it(phone: Page):
    for view, label, value in (("input", "padding", "2"), ("kernel", "rows", "7"), ("kernel", "cols", "7")):
        before = revision(phone)
        with within(phone, view, f"{label}, as a number") as control:
            put(control, value)
            wait_drawn(phone, "output-0", "cnn_core", before)
    kernel, inputs = (phone.locator(f"[data-view={view}-0]").bounding_box() for view in ("kernel", "input"))
    assert kernel["y"] > inputs["y"] + inputs["height"]
    assert inputs["width"] / 6 >= 17  # numbers of one digit stand in it


def test_products_are_shown_as_they_lie_in_the_window(phone: Page):
    phone.get_by_role("button", name="products").tap()
    glasses = phone.locator(".ks-ledger-plane .ks-lens")
    expect(glasses).to_have_count(2)
    expect(glasses.first).to_be_visible()
    cells = [int(text.replace("−", "-")) for text in glasses.first.locator(".ks-lens-cell").all_inner_texts()]
    window, weights, products = cells[:9], cells[9:18], cells[18:]
    assert [x * w for x, w in zip(window, weights, strict=True)] == products
    assert sum(products) == -21
    boxes = [cell.bounding_box() for cell in glasses.first.locator(".ks-lens-cell").all()]
    assert len({box["y"] for box in boxes}) == 3
    assert max(box["x"] + box["width"] for box in boxes) < 390


def test_on_its_side_all_four_stand_in_a_row_and_the_first_channel_of_each_is_seen(phone: Page):
    phone.set_viewport_size({"width": 844, "height": 390})
    phone.wait_for_function("document.querySelector('[data-view=output-0]').getBoundingClientRect().left > 600")
    ledger = phone.locator(".ks-ledger").bounding_box()["y"]
    views = ("input-0", "kernel-0", "alone-0", "output-0")
    boxes = [phone.locator(f"[data-view={view}]").bounding_box() for view in views]
    for left, right in pairwise(boxes):
        assert left["x"] + left["width"] < right["x"]
    for view, box in zip(views, boxes, strict=True):
        assert 0 < box["y"] + box["height"] <= ledger, view
    assert phone.evaluate(OVER_THE_EDGE) == []


def test_a_weight_that_a_finger_tapped_is_told_until_a_cell_is_tapped(phone: Page):
    phone.locator("[data-view=kernel-1] input").nth(4).tap()
    expect(phone.locator(".ks-ledger h2")).to_have_text("Weight for channel 1 [1, 1]")
    phone.locator("[data-view=output-0]").scroll_into_view_if_needed()
    phone.locator("[data-view=output-0]").tap(position={"x": 4, "y": 4})
    expect(phone.locator(".ks-ledger h2")).to_have_text("Output channel 0 [0, 0]")


def test_on_a_phone_no_word_of_the_padding_menu_is_cut_and_hide_stands_with_terms(page: Page, server: Server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/convolution")
    wait_drawn(page, "output-0")
    menu = page.get_by_label("Padding shows").bounding_box()
    assert menu["width"] >= 150
    tops = [
        page.locator(f".ks-ledger-end >> text={word}").bounding_box()["y"] for word in ("pinned", "products", "hide")
    ]
    assert max(tops) - min(tops) < 6
