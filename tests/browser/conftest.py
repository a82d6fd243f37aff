"""A running app and a real browser for the tests in this folder."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.screen import wait_drawn

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Every event that views announce, from the first one on.
LISTEN = (
    "window.cnn = {drawn: [], cell: []};"
    "document.addEventListener('cnn:drawn', (event) => window.cnn.drawn.push(event.detail));"
    "document.addEventListener('cnn:cell', (event) => window.cnn.cell.push(event.detail));"
)
# The default page's name in the address makes the framework ask for its own files below that path, in vain.
HARMLESS_404 = ("_stcore/health", "_stcore/host-config")


def find_browser() -> str | None:
    """An installed Chrome or Chromium."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return next((place for place in PLACES if Path(place).exists()), None)


class Server:
    """The app, started as a person starts it, on a port of its own."""

    def __init__(self, script: Path = ROOT / "app.py") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://localhost:{port}"
        command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
        self.process = subprocess.Popen(
            [*command, "--server.headless", "true"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the app did not start within a minute")

    def stop(self) -> None:
        """End the app."""
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def fresh_server() -> Iterator[Server]:
    """A server that no session has visited yet."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        message = "no Chrome or Chromium found: install one, for example with `apt-get install chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        running.close()


class Watch:
    """Everything a page asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._request)
        page.on("console", lambda message: self._console(message.type, message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request) -> None:
        if not request.url.startswith(("http://localhost", "ws://localhost", "data:", "blob:", "http://127.0.0.1")):
            self.outside.append(request.url)

    def _console(self, kind: str, text: str, url: str) -> None:
        if kind == "error" and not ("404" in text and any(path in url for path in HARMLESS_404)):
            self.errors.append(f"{text} ({url})")


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1440, "height": 1000})
    opened.add_init_script(LISTEN)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which any outside request and any console error fails the test."""
    opened = context.new_page()
    watch = Watch(opened)
    yield opened
    assert watch.outside == []
    assert watch.errors == []


@pytest.fixture
def handheld(browser: Browser) -> Iterator[Page]:
    """A phone held upright, on which any outside request and any console error fails the test."""
    held = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    held.add_init_script(LISTEN)
    opened = held.new_page()
    watch = Watch(opened)
    yield opened
    held.close()
    assert watch.outside == []
    assert watch.errors == []


@pytest.fixture(params=[(scheme, width) for scheme in ("light", "dark") for width in (1440, 390)], ids=str)
def any_screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page in light or dark, on a desktop or a phone."""
    scheme, width = request.param
    opened = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    opened.add_init_script(LISTEN)
    yield opened.new_page()
    opened.close()


@pytest.fixture
def explore(page: Page, server: Server) -> Page:
    """The landing page, its maps drawn from cnn_core's arrays."""
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    return page


@pytest.fixture(scope="module")
def modules(browser: Browser, server: Server) -> Iterator[Page]:
    """A page of this server, from which its modules can be imported."""
    page = browser.new_page()
    page.goto(f"{server.url}/ui/common/preview.js")
    yield page
    page.close()
