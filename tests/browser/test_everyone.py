"""For everyone: no serious accessibility violation on any page, in light or dark, on wide screens and phones."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import revision, wait_drawn

pytestmark = pytest.mark.browser

SIZES = {"wide": (1440, 1000), "phone": (360, 740)}

# What of the components reaches further right than the screen; what is folded away or unseen does not count.
OVER_THE_EDGE = """() => [...document.querySelectorAll(".ks *")].filter((each) => {
  const box = each.getBoundingClientRect();
  const unseen = each.closest(".ks-unseen, details:not([open]), dialog:not([open])");
  return box.width && box.right > document.documentElement.clientWidth + 1 && !unseen;
}).map((each) => each.className || each.tagName).slice(0, 5)"""


def serious(page: Page) -> list[str]:
    """Each serious or critical violation on the page, with the first element it concerns."""
    told = Axe().run(page).response
    assert len(told["passes"]) > 10, "axe looked at nothing"
    found = told["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture(params=[(scheme, size) for scheme in ("light", "dark") for size in SIZES], ids="-".join)
def anyone(request: pytest.FixtureRequest, browser: Browser) -> Page:
    scheme, size = request.param
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


def test_explore_has_no_serious_violation_with_everything_opened(anyone: Page, server: Server):
    anyone.goto(server.url)
    wait_drawn(anyone, "probabilities")
    assert serious(anyone) == []
    for view in ("input", "kernel", "pool", "scores"):
        anyone.locator(f"[data-column={view}] summary").click()
        assert serious(anyone) == [], view
        anyone.keyboard.press("Escape")
    anyone.get_by_role("button", name="Take away").click()
    assert serious(anyone) == []
    anyone.keyboard.press("Escape")
    before = revision(anyone)
    anyone.get_by_role("button", name="Samples").click()
    anyone.locator(".ks-sample").first.wait_for()
    assert serious(anyone) == []
    anyone.locator(".ks-sample").first.click()
    wait_drawn(anyone, "probabilities", "cnn_core", before)
    before = revision(anyone)
    anyone.get_by_label("Colour", exact=True).select_option("rgb")
    wait_drawn(anyone, "probabilities", "cnn_core", before)
    assert serious(anyone) == []


def test_kernels_has_no_serious_violation(anyone: Page, server: Server):
    anyone.goto(f"{server.url}/kernels")
    wait_drawn(anyone, "laplacian")
    assert serious(anyone) == []


def test_nothing_reaches_over_the_edge_of_the_screen(anyone: Page, server: Server):
    for path, view in (("", "probabilities"), ("/kernels", "laplacian")):
        anyone.goto(f"{server.url}{path}")
        wait_drawn(anyone, view)
        # The page scrolls in a container of the framework's own, so that is what is measured.
        over = anyone.evaluate(OVER_THE_EDGE)
        assert over == []
