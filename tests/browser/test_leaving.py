"""What a page that is left leaves behind: no listener, no observer, no camera."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.screen import clear, wait_drawn

pytestmark = pytest.mark.browser

# Listeners on what outlives a page, and observers, of the components' own modules: what is kept, by where it was begun.
COUNT = """
  window.kept = new Map();
  const ours = () => {
    const calls = new Error().stack.split("\\n").slice(3);
    return calls.find((line) => line.includes("/ui/"))?.match(/\\/ui\\/([^?]+?):\\d+\\)?$/)?.[1];
  };
  const keyOf = (options) => (typeof options === "object" ? !!options?.capture : !!options);
  for (const target of [window, document]) {
    const { addEventListener, removeEventListener } = target;
    const held = new Map();
    const number = (listener) => held.get(listener) ?? held.set(listener, held.size).get(listener);
    const named = (kind, listener, options) => `${target} ${kind} ${keyOf(options)} ${number(listener)}`;
    target.addEventListener = function (kind, listener, options) {
      const place = this === target && ours();
      const name = place && named(kind, listener, options);
      if (place) window.kept.set(name, `${kind} at ${place}`);
      if (place) options?.signal?.addEventListener("abort", () => window.kept.delete(name));
      return addEventListener.call(this, kind, listener, options);
    };
    target.removeEventListener = function (kind, listener, options) {
      if (this === target && held.has(listener)) window.kept.delete(named(kind, listener, options));
      return removeEventListener.call(this, kind, listener, options);
    };
  }
  window.ResizeObserver = class extends ResizeObserver {
    constructor(act) {
      super(act);
      this.place = ours();
    }
    observe(element, options) {
      if (this.place) window.kept.set(this, `observer at ${this.place}`);
      super.observe(element, options);
    }
    disconnect() {
      window.kept.delete(this);
      super.disconnect();
    }
  };
"""
VIEWS = {
    "Explore": "probabilities",
    "Convolution": "output-0",
    "Pooling": "input",
    "Layers": "slope-0",
    "Kernels": "laplacian",
}


def go(page: Page, title: str) -> None:
    clear(page)
    page.get_by_role("navigation").get_by_role("link", name=title).click()
    wait_drawn(page, VIEWS[title])


def kept(page: Page) -> list[str]:
    return page.evaluate("[...window.kept.values()].sort()")


def test_pages_that_were_left_listen_to_nothing(context: BrowserContext, page: Page, server: Server):
    context.add_init_script(COUNT)
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    opened = kept(page)
    assert any("fold.js" in each for each in opened)
    for _ in range(2):
        for title in ("Convolution", "Pooling", "Layers", "Kernels", "Explore"):
            go(page, title)
    assert kept(page) == opened


# A camera whose permission is given when the test says so.
CAMERA = """
  const asked = [];
  window.tracks = [];
  navigator.mediaDevices.getUserMedia = () => new Promise((resolve) => asked.push(resolve));
  window.allow = () => {
    for (const resolve of asked.splice(0)) {
      const stream = document.createElement("canvas").captureStream();
      window.tracks.push(...stream.getTracks());
      resolve(stream);
    }
    return new Promise((resolve) => setTimeout(resolve));
  };
"""
STATES = "() => window.tracks.map((track) => track.readyState)"


@pytest.fixture
def camera(context: BrowserContext, page: Page, server: Server) -> Page:
    """Explore, where the browser asks whether the camera may be used."""
    context.add_init_script(CAMERA)
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    page.locator("[data-column=input] summary").click()
    page.get_by_role("button", name="Camera…").click()
    expect(page.locator(".ks-dialog")).to_be_visible()
    return page


def test_a_camera_that_is_allowed_after_its_page_was_left_stays_off(camera: Page):
    # The dialog covers the page; Back, a key or another device's touch leads on all the same.
    camera.get_by_role("navigation").get_by_role("link", name="Kernels", include_hidden=True).evaluate(
        "(link) => link.click()"
    )
    wait_drawn(camera, "laplacian")
    camera.evaluate("window.allow()")
    assert camera.evaluate(STATES) == ["ended"]


def test_a_camera_that_was_asked_for_twice_is_on_once_and_off_with_its_dialog(camera: Page):
    camera.keyboard.press("Escape")
    expect(camera.locator(".ks-dialog")).to_be_hidden()
    camera.get_by_role("button", name="Camera…").click()
    camera.evaluate("window.allow()")
    assert camera.evaluate(STATES) == ["ended", "live"]
    camera.keyboard.press("Escape")
    camera.wait_for_function("() => window.tracks.every((track) => track.readyState === 'ended')")


def test_samples_that_come_after_their_page_was_left_open_nothing(explore: Page):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    explore.route("**/samples.json", hold)
    explore.get_by_role("button", name="Samples").click()
    go(explore, "Kernels")
    held[0].fulfill(json=[])
    explore.wait_for_timeout(100)  # an error in it fails the page
