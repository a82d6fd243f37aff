"""Words of the ledger that tell what they mean: on hover, by a tap and by the keyboard, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages.shared.experiment import Experiment
from pages.shared.scenario import Scenario, to_link
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import cell_centre, edited, frames, hover_cell, next_frame, take_sample, wait_drawn

pytestmark = pytest.mark.browser

REMAINS = "What the digits cut off the other terms add up to: with it, the sum adds up as shown"
TOLD = ".ks-meaning:popover-open"


def rounded() -> Experiment:
    """An experiment whose feature map has sums that the shown digits alone do not make."""
    weights = [[0.123456, 0.234567, -0.345678], [0.456789, -0.567891, 0.678912], [0.789123, 0.891234, 0.912345]]
    return edited({"op": "bank", "value": [[weights]]})


def opened(page: Page, server: Server) -> Page:
    code = to_link(Scenario(rounded(), pin=(0, (0, 0, 0, 1)))).code
    page.goto(f"{server.url}/?x={code}")
    wait_drawn(page, "probabilities")
    expect(page.locator(".ks-sum")).to_contain_text("remainder")
    return page


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_init_script(LISTEN)
    yield opened(context.new_page(), server)
    context.close()


def test_a_tap_tells_what_a_remainder_is_in_sight_and_moves_nothing(phone: Page):
    places = [phone.locator(each) for each in (".ks-sum", ".ks-ledger", "[data-view=conv]")]
    before = [each.bounding_box() for each in places]
    text = phone.locator(".ks-sum").text_content()
    word = phone.locator(".ks-sum").get_by_role("button", name="remainder")
    word.tap()
    told = phone.locator(TOLD)
    expect(told).to_have_text(REMAINS)
    box = told.bounding_box()
    assert 0 <= box["x"] <= 390 - box["width"]
    assert 0 <= box["y"] <= word.bounding_box()["y"] - box["height"]
    assert [each.bounding_box() for each in places] == before
    word.tap()
    expect(told).to_have_count(0)
    assert phone.locator(".ks-sum").text_content() == text
    word.tap()
    expect(told).to_have_count(1)
    phone.touchscreen.tap(20, 60)
    expect(told).to_have_count(0)


def counted(page: Page) -> Locator:
    """What the place in the headline tells when it is pressed."""
    word = page.locator(".ks-ledger h2 .ks-meant")
    word.tap() if page.evaluate("navigator.maxTouchPoints") else word.click()
    return page.locator(TOLD)


def test_a_tap_on_the_headlines_place_tells_how_it_is_counted(phone: Page):
    told = counted(phone)
    expect(told).to_have_text("Row and column, counted from 0go to rowcolumnGo")
    assert [told.get_by_label(f"{name} to go to").input_value() for name in ("row", "column")] == ["0", "1"]


def test_a_cell_is_gone_to_by_its_numbers_and_the_arrow_keys_go_on_from_there(explore: Page):
    told = counted(explore)
    told.get_by_label("row to go to").fill("2")
    told.get_by_label("column to go to").fill("1")
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 1]")
    expect(explore.locator(TOLD)).to_have_count(0)
    expect(explore.locator("[data-view=conv]")).to_be_focused()
    explore.keyboard.press("ArrowRight")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 2]")


def test_the_place_that_one_is_at_is_gone_to_as_well_and_escape_leads_back_to_the_word(explore: Page):
    field = counted(explore).get_by_label("row to go to")
    field.focus()
    explore.keyboard.press("Escape")
    expect(explore.locator(TOLD)).to_have_count(0)
    expect(explore.locator(".ks-ledger h2 .ks-meant")).to_be_focused()
    explore.keyboard.press("Enter")
    explore.locator(TOLD).get_by_role("button", name="Go").click()
    expect(explore.locator(TOLD)).to_have_count(0)
    expect(explore.locator("[data-view=conv]")).to_be_focused()


def test_the_window_stops_where_its_place_is_asked(explore: Page):
    explore.get_by_label("speed").fill("0")
    explore.get_by_role("button", name="Play").click()
    told = counted(explore)
    expect(explore.get_by_role("button", name="Play")).to_be_visible()
    told.get_by_label("row to go to").fill("2")
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-ledger h2")).to_contain_text("Feature map [2, ")


@pytest.mark.parametrize("pasted", ["2, 0", "[2, 0]", " (2 0)"])
def test_a_place_is_pasted_as_it_is_written_on_the_page(explore: Page, pasted: str):
    counted(explore).get_by_label("row to go to").fill(pasted)
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 0]")


@pytest.mark.parametrize(
    ("row", "column", "why"),
    [
        ("3", "0", "“3” is not one of the rows 0 to 2."),
        ("0", "-1", "“-1” is not one of the columns 0 to 2."),
        ("", "0", "“” is not one of the rows 0 to 2."),
        ("1.5", "x", "“1.5” is not one of the rows 0 to 2."),
    ],
)
def test_a_place_that_is_not_on_the_map_is_refused_beside_the_field(explore: Page, row: str, column: str, why: str):
    told = counted(explore)
    fields = {"row": row, "column": column}
    for name, text in fields.items():
        told.get_by_label(f"{name} to go to").fill(text)
    explore.keyboard.press("Enter")
    expect(told.get_by_role("alert")).to_have_text(why)
    wrong = told.locator("[aria-invalid=true]")
    expect(wrong).to_be_focused()
    expect(wrong).to_have_count(1)
    assert {name: told.get_by_label(f"{name} to go to").input_value() for name in fields} == fields
    expect(explore.locator(".ks-ledger h2")).to_contain_text("Feature map [0, 1]")


def test_a_number_of_the_flattened_row_is_gone_to_as_well(explore: Page):
    take_sample(explore, "Zone plate")
    explore.locator("[data-view=flat]").click(position={"x": 5, "y": 5})
    expect(explore.locator(".ks-ledger h2")).to_contain_text("Flattened")
    told = counted(explore)
    expect(told).to_contain_text("Counted from 0")
    told.get_by_label("number to go to").fill("1,000")
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Flattened [1000]")


def test_what_is_typed_of_a_place_stays_while_an_answer_comes(explore: Page):
    hover_cell(explore, "conv", 1, 1, (3, 3))
    explore.mouse.click(*cell_centre(explore, "conv", 1, 1, (3, 3)))
    told = counted(explore)
    told.get_by_label("row to go to").fill("0")
    explore.evaluate("document.querySelector('.ks-ledger-value').dataset.before = ''")
    explore.get_by_label("Colours of the maps").evaluate(
        "(menu) => { menu.value = 'grey'; menu.dispatchEvent(new Event('change')); }"
    )
    explore.wait_for_function("!('before' in document.querySelector('.ks-ledger-value').dataset)")
    expect(told.get_by_label("row to go to")).to_have_value("0")
    told.get_by_role("button", name="Go").click()
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")


def told_by_keys(page: Page, on: Locator) -> None:
    on.press("Enter")
    expect(page.locator(TOLD)).to_have_text(REMAINS)
    page.keyboard.press("Escape")
    expect(page.locator(TOLD)).to_have_count(0)
    expect(on).to_be_focused()


def test_the_keyboard_asks_what_a_remainder_is_in_the_sum_and_among_its_terms(page: Page, server: Server):
    opened(page, server)
    terms = page.locator(".ks-ledger .ks-terms > li")
    terms.first.focus()
    for _ in range(terms.count()):
        page.keyboard.press("ArrowRight")
    expect(terms.last).to_contain_text("remainder")
    expect(terms.last).to_be_focused()
    told_by_keys(page, terms.last)
    page.keyboard.press("Shift+Tab")
    word = page.locator(".ks-sum").get_by_role("button", name="remainder")
    expect(word).to_be_focused()
    told_by_keys(page, word)


def test_a_word_keeps_the_focus_when_the_sum_is_written_anew(page: Page, server: Server):
    opened(page, server)
    word = page.locator(".ks-sum").get_by_role("button", name="remainder")
    word.focus()
    page.evaluate("document.querySelector('.ks-sum').dataset.before = ''")
    page.get_by_label("Colours of the maps").evaluate(
        "(menu) => { menu.value = 'grey'; menu.dispatchEvent(new Event('change')); }"
    )
    page.wait_for_function("!('before' in document.querySelector('.ks-sum').dataset)")
    next_frame(page)
    frames(page)
    expect(word).to_be_focused()
