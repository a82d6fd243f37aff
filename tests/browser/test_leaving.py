"""What a page that is left leaves behind: no listener, no observer."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import Server
from tests.browser.screen import clear, wait_drawn

pytestmark = pytest.mark.browser

# Listeners on what outlives a page, and observers, of the components' own modules: what is kept, by where it was begun.
COUNT = """
  window.kept = new Map();
  const ours = () => new Error().stack.split("\\n").slice(3).find((line) => line.includes("/ui/"))?.match(/\\/ui\\/([^?]+?):\\d+\\)?$/)?.[1];
  const keyOf = (options) => (typeof options === "object" ? !!options?.capture : !!options);
  for (const target of [window, document]) {
    const { addEventListener, removeEventListener } = target;
    const held = new Map();
    const named = (kind, listener, options) => `${kind} ${keyOf(options)} ${held.get(listener) ?? held.set(listener, held.size).get(listener)}`;
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
