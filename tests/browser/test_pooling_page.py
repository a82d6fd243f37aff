"""The pooling laboratory as a page: what is in sight of it on each screen, for whom, and after one has been away."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN, Server
from tests.browser.pooling_laboratory import look, opened, set_to  # noqa: F401 - a fixture
from tests.browser.screen import clear, frames, press, wait_drawn
from tests.browser.test_everyone import OVER_THE_EDGE, serious

pytestmark = pytest.mark.browser

BOXES = "(parts) => parts.map((part) => part.getBoundingClientRect().toJSON())"


def test_all_three_rows_of_a_shift_and_the_ledger_s_headline_are_in_sight(page: Page, server: Server):
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    look(page, "Shift", "max-difference")
    frames(page)
    for place in ("[data-view=input-difference]", ".ks-ledger-head"):
        box = page.locator(place).bounding_box()
        assert box["y"] + box["height"] <= 1000, place


def test_on_a_phone_a_pooled_map_is_on_the_first_screen_and_the_window_folds_away(page: Page, server: Server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    pooled, ledger = (page.locator(place).bounding_box() for place in ("[data-view=max]", ".ks-ledger"))
    assert pooled["y"] + pooled["height"] <= ledger["y"]
    expect(page.get_by_label("stride down, as a number")).to_be_hidden()
    page.get_by_role("button", name="Window…").click()
    set_to(page, "stride down, as a number", "1")
    page.get_by_role("button", name="Window…").click()
    expect(page.get_by_label("stride down, as a number")).to_be_hidden()


@pytest.mark.parametrize(("sample", "count"), [("larger", 16), ("noise", 12)])
def test_on_a_tablet_the_numbers_of_a_larger_input_have_the_room_that_there_is(
    page: Page, server: Server, sample: str, count: int
):
    page.set_viewport_size({"width": 820, "height": 1180})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    words = page.locator("[data-column] h2")
    beside = {each["x"] for each in words.evaluate_all(BOXES)}
    small = page.locator("[data-view=input]").bounding_box()["width"]
    set_to(page, "Input", sample, kind="select")
    frames(page)
    for view in ("input", "max"):
        side = count if view == "input" else count // 2
        assert page.locator(f"[data-view={view}]").bounding_box()["width"] / side >= 20.5, view
    assert page.locator("[data-view=input]").bounding_box()["width"] > small
    moved = {each["x"] for each in words.evaluate_all(BOXES)}
    assert len(beside) == len(moved) == 1  # below each other, however wide each map is
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 820
    look(page, "Shift", "max-after")
    frames(page)
    maps = page.locator("[data-column=input] .ks-map").evaluate_all(BOXES)
    assert len({each["y"] for each in maps}) == 1
    assert maps[0]["width"] >= 240


def test_the_laboratory_survives_another_page_and_a_reload(laboratory: Page, server: Server):
    set_to(laboratory, "stride across, as a number", "1")
    look(laboratory, "Shift", "max-difference")
    laboratory.get_by_role("link", name="Kernels").click()
    wait_drawn(laboratory, "identity")
    clear(laboratory)
    laboratory.get_by_role("link", name="Pooling").click()
    wait_drawn(laboratory, "max-difference")
    clear(laboratory)
    laboratory.reload()
    wait_drawn(laboratory, "max-difference")
    expect(laboratory.get_by_label("stride across, as a number")).to_have_value("1")
    press(laboratory, "↶ Undo", "max")
    expect(laboratory.get_by_role("radio", name="Values")).to_have_attribute("aria-checked", "true")


@pytest.fixture(params=[(scheme, width) for scheme in ("light", "dark") for width in (1440, 390)], ids=str)
def anyone(request: pytest.FixtureRequest, browser: Browser, server: Server) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    yield page
    context.close()


def test_there_is_no_serious_violation_in_any_of_the_three(anyone: Page):
    for mode, view in (("Values", None), ("Gradient", "max-gradient"), ("Shift", "max-difference")):
        if view:
            look(anyone, mode, view)
        assert serious(anyone) == [], mode
        assert anyone.evaluate(OVER_THE_EDGE) == [], mode
    anyone.locator("[data-column=input] summary").click()
    assert serious(anyone) == []
    anyone.get_by_role("button", name="As a table").first.click()
    anyone.get_by_role("dialog").wait_for()
    assert serious(anyone) == []
    anyone.keyboard.press("Escape")
    anyone.keyboard.press("Escape")
    if anyone.viewport_size["width"] < 860:
        anyone.get_by_role("button", name="Window…").click()
    set_to(anyone, "padding, as a number", "1")
    assert serious(anyone) == []
    assert anyone.evaluate(OVER_THE_EDGE) == []


@pytest.mark.parametrize("width", [360, 768, 1024, 1920])
def test_nothing_is_wider_than_its_screen(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "max")
    for mode, view in (("Values", None), ("Gradient", "max-gradient"), ("Shift", "max-difference")):
        if view:
            look(page, mode, view)
        assert page.evaluate(OVER_THE_EDGE) == []
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width


def test_averages_have_room_for_a_decimal_and_are_drawn_no_larger_than_their_input(page: Page, server: Server):
    page.goto(f"{server.url}/pooling")
    wait_drawn(page, "average")
    set_to(page, "Input", "noise", kind="select")
    for name, value in (("window down", "3"), ("window across", "3"), ("padding", "1")):
        set_to(page, f"{name}, as a number", value)
    frames(page)
    given, *pooled = (page.locator(f"[data-view={view}]").bounding_box() for view in ("input", "max", "average"))
    for box in pooled:
        assert box["width"] / 6 >= 24
        assert box["width"] < given["width"]
