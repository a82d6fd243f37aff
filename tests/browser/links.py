"""What the tests of links share: the address taken apart, copied, and opened by someone without a past."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN
from tests.browser.screen import wait_drawn

NOTICE = ".ks-notice"


@contextmanager
def someone_else(browser: Browser, address: str, view: str) -> Iterator[Page]:
    """A page without a past at an address, once this view is drawn."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.add_init_script(LISTEN)
    other = context.new_page()
    other.goto(address)
    wait_drawn(other, view)
    yield other
    context.close()


def codes(page: Page) -> dict[str, list[str]]:
    """The address's parameters."""
    return parse_qs(urlsplit(page.url).query)


def copied(page: Page, name: str) -> str:
    """The laboratory's link, copied once the address has what was done last; ``name`` is its parameter."""
    page.wait_for_function("(name) => new URL(location.href).searchParams.get(name)?.length > 20", arg=name)
    page.wait_for_timeout(400)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(NOTICE)).to_contain_text("The link is copied: it opens this laboratory with its pinned cell.")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert set(codes(page)) == {name}
    return link
