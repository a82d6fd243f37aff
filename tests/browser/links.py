"""What the tests of links share: the address taken apart, copied, and opened by someone without a past."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN
from tests.browser.screen import clear, type_number, wait_drawn

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


def kept(page: Page, name: str) -> str:
    """The address, once it has what was done in the parameter of that name."""
    page.wait_for_function("(name) => new URL(location.href).searchParams.get(name)?.length > 20", arg=name)
    assert set(codes(page)) == {name}
    return page.url


def copied(page: Page, name: str) -> str:
    """The laboratory's link, copied; ``name`` is its parameter."""
    address = kept(page, name)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(NOTICE)).to_contain_text("The link is copied: it opens this laboratory with its pinned cell.")
    assert page.evaluate("navigator.clipboard.readText()") == address == page.url
    return address


def stays(page: Page, title: str, name: str, view: str) -> None:
    """A reload, and the way over Explore and back, lose nothing of the laboratory of that title, undo included."""
    address = kept(page, name)
    page.reload()
    wait_drawn(page, view)
    page.wait_for_function("(address) => location.href === address", arg=address)
    clear(page)  # edits are counted page by page
    page.get_by_role("link", name="Explore").click()
    wait_drawn(page, "conv")
    page.wait_for_function("location.search === ''")
    type_number(page, "bias", "4")
    assert set(codes(page)) == {"x"}
    clear(page)
    page.get_by_role("link", name=title).click()
    wait_drawn(page, view)
    page.wait_for_function("(address) => location.href === address", arg=address)
    expect(page.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")
