"""How a component stands up to the framework's ways: modules that load late, calls that overtake each other."""

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from pages.shared import navigation
from tests.browser.conftest import Server
from tests.browser.screen import clear, wait_drawn

pytestmark = pytest.mark.browser

LATE = """async () => {
  const { mounter } = await import("/ui/common/mount.js");
  const made = [];
  const left = [];
  const mount = mounter((parent) => {
    const number = made.push(parent);
    return { receive: () => {}, leave: () => left.push(number) };
  });
  const parentElement = document.body.appendChild(document.createElement("div"));
  const call = (data) => mount({ parentElement, data, setStateValue: () => {} });
  const first = call(1);
  const second = call(2);
  first();
  const afterFirst = [...left];
  second();
  second();
  const afterSecond = [...left];
  parentElement.remove();
  call(3)();
  return [made.length, afterFirst, afterSecond, left.length];
}"""


def test_a_call_that_was_overtaken_leaves_the_view_to_the_newer_one_and_a_page_that_was_left_gets_none(
    page: Page, server: Server
):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    assert page.evaluate(LATE) == [1, [], [1], 1]


class Line:
    """The line between a page and the framework's server, whose answers can be held back."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] = []
        self.holding = False
        page.route_web_socket(re.compile("_stcore/stream"), self._open)

    def _open(self, browser: WebSocketRoute) -> None:
        self.browser = browser
        browser.connect_to_server().on_message(self._arrived)

    def _arrived(self, message: str | bytes) -> None:
        self.held.append(message)
        if not self.holding:
            self.release()

    def release(self) -> None:
        self.holding = False
        for message in self.held:
            self.browser.send(message)
        self.held.clear()


def test_what_a_page_says_after_a_link_was_pressed_does_not_lead_back_to_it(page: Page, server: Server):
    line = Line(page)
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    clear(page)
    line.holding = True
    page.get_by_role("navigation").get_by_role("link", name="Pooling").click()
    page.get_by_role("button", name="Use in Explore").first.click()
    page.wait_for_timeout(500)  # until the server has heard of both, were both sent
    assert line.held
    line.release()
    wait_drawn(page, "max")
    page.wait_for_timeout(500)
    expect(page).to_have_url(re.compile("/pooling"))


LEAVING = "import('/ui/common/leaving.js').then(({ leaving }) => leaving())"


def test_whoever_takes_a_file_away_leaves_no_page(page: Page, server: Server):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    page.get_by_role("button", name="Take away").click()
    with page.expect_download():
        page.get_by_role("dialog", name="Take away").get_by_text("Scenario file").click()
    assert page.evaluate(LEAVING) is False


def test_a_page_that_a_button_leads_to_from_one_that_a_link_led_to_is_heard(page: Page, server: Server):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    page.get_by_role("navigation").get_by_role("link", name="Kernels").click()
    wait_drawn(page, "laplacian")
    clear(page)
    page.get_by_role("button", name="Use in Explore").first.click()
    wait_drawn(page, "probabilities")
    assert page.evaluate(LEAVING) is False


@pytest.mark.parametrize("title", [entry.title for entry in navigation.PAGES])
def test_a_page_that_was_come_to_is_heard_at_once(page: Page, server: Server, title: str):
    page.goto(f"{server.url}/{'kernels' if title == 'Explore' else ''}")
    page.get_by_role("navigation").get_by_role("link", name=title).click()
    expect(page).to_have_title("Kernelscope" if title == "Explore" else f"{title} · Kernelscope")
    assert page.evaluate(LEAVING) is False
