"""Where the system forces its own colours on a page, what is chosen and what is data can still be told."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import wait_drawn

pytestmark = pytest.mark.browser


@pytest.fixture
def forced(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, forced_colors="active")
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


def look(element: Locator) -> tuple[str, str]:
    """The colours of what is behind an element and of what is written on it."""
    return tuple(element.evaluate("(e) => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"))


@pytest.mark.parametrize(("path", "view"), [("layers", "slope-0"), ("pooling", "max")])
def test_what_is_chosen_is_told_from_what_is_not(forced: Page, server: Server, path: str, view: str):
    forced.goto(f"{server.url}/{path}")
    wait_drawn(forced, view)
    chosen = forced.locator(".ks [aria-checked=true]").first
    others = forced.locator(".ks [aria-checked=false]")
    expect(chosen).to_be_visible()
    highlight = forced.evaluate(
        """() => {
          const own = document.createElement("i");
          own.style.cssText = "background: Highlight; color: HighlightText; forced-color-adjust: none";
          document.body.append(own);
          return [getComputedStyle(own).backgroundColor, getComputedStyle(own).color];
        }"""
    )
    assert look(chosen) == tuple(highlight)
    for other in others.all():
        assert look(other) != look(chosen)


def test_bars_scales_and_kernels_keep_the_colours_that_tell_their_numbers(forced: Page, server: Server):
    forced.goto(server.url)
    wait_drawn(forced, "probabilities")
    weights = [look(weight)[0] for weight in forced.locator("[data-view=kernel] input").all()]
    assert len(set(weights)) == 3  # 1, 0 and −1
    bars = {look(bar)[0] for bar in forced.locator("[data-view=scores] .ks-bar").all()}
    assert len(bars) == 2  # above 0 and below
    strip = forced.locator("[data-column=conv] .ks-legend-bar")
    assert strip.evaluate("(e) => getComputedStyle(e).forcedColorAdjust") == "none"
    assert "gradient" in strip.evaluate("(e) => getComputedStyle(e).backgroundImage")
    forced.goto(f"{server.url}/layers")
    wait_drawn(forced, "slope-0")
    assert look(forced.locator(".ks-lively"))[0] != look(forced.locator(".ks-silent"))[0]
