"""How the app is entered, what it asks of the network, and how it looks in both themes and on a phone."""

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.navigation import PAGES
from tests.browser.conftest import Server, Watch
from tests.browser.screen import clear, frames, hover_cell, wait_drawn

pytestmark = pytest.mark.browser

# A view of each page that tells that it has drawn; of a page that draws none, what stands there once it is complete.
VIEWS = {
    "explore": "probabilities",
    "convolution": "output-0",
    "pooling": "max",
    "layers": "slope-0",
    "kernels": "laplacian",
    "engine": ".ks-ways",
    "learn": ".ks-lesson-card",
}
ADDRESSES = ["", *(entry.name for entry in PAGES)]
LISTEN = (
    "window.cnn = {drawn: [], cell: []};"
    "document.addEventListener('cnn:drawn', (event) => window.cnn.drawn.push(event.detail));"
    "document.addEventListener('cnn:cell', (event) => window.cnn.cell.push(event.detail));"
)


def open_at(page: Page, server: Server, address: str) -> None:
    """Open a page by its address and wait until it is there."""
    page.goto(f"{server.url}/{address}")
    wait_shown(page, address or PAGES[0].name)


def wait_shown(page: Page, name: str) -> None:
    view = VIEWS[name]
    if view.startswith("."):
        page.locator(view).first.wait_for()
    else:
        wait_drawn(page, view)


# The Engine page measures anew at each visit; its own tests open it by a first deep link.
@pytest.mark.parametrize("address", [each for each in ADDRESSES if each != "engine"])
def test_a_first_deep_link_looks_like_any_other_visit(page: Page, fresh_server: Server, address: str):
    open_at(page, fresh_server, address)
    ahead = "" if address in ("", PAGES[0].name) else f"{address.capitalize()} · "
    expect(page).to_have_title(f"{ahead}Kernelscope")
    navigation = page.get_by_role("navigation")
    expect(navigation.get_by_role("link")).to_have_text([entry.title for entry in PAGES])
    expect(page.locator("[data-testid=stSidebar]")).to_have_count(0)
    assert "Page not found" not in page.content()
    first = page.locator(".stMain").inner_text()
    open_at(page, fresh_server, "")
    open_at(page, fresh_server, address)
    assert page.locator(".stMain").inner_text() == first


def test_a_page_looks_the_same_whichever_was_open_before(page: Page, server: Server):
    def boxes() -> list[dict]:
        frames(page)
        shown = page.locator(":is([data-view], .ks-channel, .ks-column, .ks-ledger):visible")
        return shown.evaluate_all("(all) => all.map((each) => [each.className, each.getBoundingClientRect().toJSON()])")

    open_at(page, server, "convolution")
    page.mouse.move(5, 5)
    before = boxes()
    for entry in (*PAGES, next(each for each in PAGES if each.name == "convolution")):
        clear(page)
        page.get_by_role("navigation").get_by_role("link", name=entry.title, exact=True).click()
        wait_shown(page, entry.name)
        page.mouse.move(5, 5)
    assert boxes() == before


def test_the_files_beside_the_modules_are_not_served(page: Page, server: Server):
    for path in ("register.py", "explore/__init__.py", "explore", ""):
        assert page.request.get(f"{server.url}/ui/{path}").status == 404
    script = page.request.get(f"{server.url}/ui/explore/component.js")
    assert script.status == 200
    assert script.headers["cache-control"] == "no-cache"
    assert script.headers["x-content-type-options"] == "nosniff"


def test_every_answer_carries_the_security_headers(page: Page, server: Server):
    headers = page.request.get(server.url).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 1000), (1024, 768), (390, 844), (360, 740)])
def test_nothing_is_wider_than_its_screen(browser: Browser, server: Server, scheme: str, width: int, height: int):
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    page = context.new_page()
    watch = Watch(page)
    for address in ADDRESSES:
        open_at(page, server, address)
        for element in page.locator(":is(.ks-column, .ks-card, .ks-ledger):visible").all():
            box = element.bounding_box()
            assert box["x"] >= -1
            assert box["x"] + box["width"] <= width + 1
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= width
    assert watch.errors == []
    assert watch.outside == []
    context.close()


def test_the_ledger_stays_in_sight_on_a_phone(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    ledger = page.locator(".ks-ledger").bounding_box()
    assert ledger["y"] + ledger["height"] <= 844
    page.locator("[data-view=conv]").evaluate("(map) => map.scrollIntoView({ block: 'center' })")
    box = page.locator("[data-view=conv]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".ks-ledger h2")).to_have_text("Feature map [1, 1]")
    expect(page.locator(".ks-ledger .ks-sum")).to_be_visible()
    context.close()


def test_a_change_of_theme_repaints_the_maps(page: Page, server: Server):
    page.emulate_media(color_scheme="light")
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    middle = "document.querySelector('[data-view=conv] canvas').getContext('2d').getImageData(0, 0, 1, 1).data.join()"
    light = page.evaluate(middle)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{middle} !== '{light}'", timeout=5000)
    assert hover_cell(page, "conv", 0, 0, (3, 3))["value"] == -6


@pytest.mark.parametrize(
    ("scheme", "below", "above"),
    [("light", "rgb(74, 143, 208)", "rgb(221, 122, 36)"), ("dark", "rgb(63, 142, 222)", "rgb(224, 129, 47)")],
)
def test_bars_have_the_colours_of_maps_in_either_theme(page: Page, server: Server, scheme: str, below: str, above: str):
    page.emulate_media(color_scheme=scheme)
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    expect(page.locator(".ks-bar.ks-negative").first).to_have_css("background-color", below)
    expect(page.locator(".ks-bar:not(.ks-negative)").first).to_have_css("background-color", above)


def test_a_change_of_theme_repaints_the_pictures_of_the_kernels(page: Page, server: Server):
    colours = "(all) => all.map((each) => [each.style.background, each.style.color])"
    page.emulate_media(color_scheme="dark")
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    weights = page.locator(".ks-card-kernel > span")
    dark = weights.evaluate_all(colours)
    page.emulate_media(color_scheme="light")
    page.reload()
    wait_drawn(page, "laplacian")
    light = weights.evaluate_all(colours)
    assert light != dark
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(dark) => document.querySelector('.ks-card-kernel > span')?.style.background === dark", arg=dark[0][0]
    )
    assert weights.evaluate_all(colours) == dark
