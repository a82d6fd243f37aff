"""What the browser tests read off the screen, and the network they compare it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import numpy as np
from playwright.sync_api import CDPSession, Locator, Page

from cnn_core import Explanation
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.scenario import Scenario, to_link

Events = list[dict]


def put(control: Locator, value: str, kind: str = "type") -> None:
    """Have a control say something else: ``kind`` is ``"type"``, ``"select"`` or ``"check"``."""
    if kind == "select":
        control.select_option(value)
    elif kind == "check":
        control.click()
    else:
        control.fill(value)
        control.press("Enter")


def drawn(page: Page) -> Events:
    """Every draw announced so far."""
    return page.evaluate("window.cnn.drawn")


def last_cell(page: Page) -> dict:
    """The last hovered or pinned cell that was announced."""
    page.wait_for_function("window.cnn.cell.length > 0")
    return page.evaluate("window.cnn.cell[window.cnn.cell.length - 1]")


def clear(page: Page) -> None:
    """Forget the events so far."""
    page.evaluate("window.cnn.drawn = []; window.cnn.cell = [];")


def wait_drawn(page: Page, view: str, source: str = "cnn_core", after: int = -1) -> dict:
    """Wait until a view announces a draw from this source with a revision above ``after``; the draw."""
    test = "(each) => each.view === view && each.source === source && each.revision > after"
    handle = page.wait_for_function(
        f"([view, source, after]) => window.cnn.drawn.find({test})", arg=[view, source, after], timeout=20_000
    )
    return handle.json_value()


def revision(page: Page) -> int:
    """The revision of the newest draw."""
    return max((each["revision"] for each in drawn(page)), default=-1)


def cell_centre(page: Page, view: str, row: int, column: int, shape: tuple[int, int]) -> tuple[float, float]:
    """Where on the screen a map's cell lies."""
    box = page.locator(f"[data-view={view}]").bounding_box()
    return (
        box["x"] + (column + 0.5) * box["width"] / shape[1],
        box["y"] + (row + 0.5) * box["height"] / shape[0],
    )


def seen(page: Page, view: str) -> list[float]:
    """The part of a map that its frame shows: its top, left, bottom and right, in cells."""
    script = """(view) => {
      const map = document.querySelector(`[data-view=${view}]`);
      const frame = map.getBoundingClientRect();
      const values = map.querySelector(".ks-map-values");
      const box = values.getBoundingClientRect();
      const scale = box.width / values.width;
      const [top, left] = [(frame.top - box.top) / scale, (frame.left - box.left) / scale];
      return [top, left, top + frame.height / scale, left + frame.width / scale];
    }"""
    return page.evaluate(script, view)


def hover_cell(page: Page, view: str, row: int, column: int, shape: tuple[int, int]) -> dict:
    """Move the pointer to a cell; what the page says of it."""
    clear(page)
    page.mouse.move(*cell_centre(page, view, row, column, shape))
    page.wait_for_function("(view) => window.cnn.cell.some((each) => each.view === view)", arg=view)
    return last_cell(page)


def next_frame(page: Page) -> None:
    """Let what waits for a frame be drawn, such as the ledger of the cell that was just announced."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def frames(page: Page, count: int = 4) -> None:
    """Let so many frames go by: one measures the page, the next lays it out, a third draws it and a fourth marks it."""
    page.evaluate("async (count) => { for (; count > 0; count -= 1) await new Promise(requestAnimationFrame); }", count)


def resize(page: Page, width: int, height: int) -> None:
    """Give the window another size and have the page laid out for it."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function("([width, height]) => innerWidth === width && innerHeight === height", arg=[width, height])
    frames(page)


def pin(page: Page) -> None:
    """Press on the cell under the pointer, and wait until the address holds that it is pinned."""
    before = page.url
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("(before) => location.href !== before", arg=before)


# A page that does a fixed piece of work in each of so many frames: how far apart these come.
FLOOR = """async (frames) => {
  const numbers = Float64Array.from({ length: 1 << 16 }, (_, k) => Math.sin(k));
  const gaps = [];
  let [last, sum] = [null, 0];
  for (let k = 0; k <= frames; k += 1) {
    const now = await new Promise(requestAnimationFrame);
    if (last !== null) gaps.push(now - last);
    last = now;
    for (let again = 0; again < 32; again += 1) for (const x of numbers) sum += x * x;
  }
  return [gaps.sort((a, b) => a - b)[frames >> 1], sum];
}"""


def floor(page: Page) -> float:
    """Milliseconds from frame to frame of a page that has two million multiply-adds to do in each, on this machine now.

    What a test holds of speed is a ratio to it: a machine that is slower, or busy, is slower at both.
    """
    return page.evaluate(FLOOR, 40)[0]


# A sum that is written anew under the pointer makes it enter the same term again.
WATCH_THE_LEDGER = """
  new MutationObserver((changes) => { window.rewritten = (window.rewritten ?? 0) + changes.length; })
    .observe(document.querySelector(".ks-ledger-body"), { childList: true, subtree: true });
"""

# Every sum that the page builds from now on, each counted once however often it is looked at.
COUNT_SUMS = """async () => {
  const { Model } = await import("/ui/common/model.js");
  const { explain } = Model.prototype;
  window.sums = new Set();
  Model.prototype.explain = function (...asked) {
    const told = explain.apply(this, asked);
    window.sums.add(told);
    return told;
  };
}"""

# A busy browser draws its next frame only after several keys and answers.
HOLD_FRAMES = """() => {
  const { requestAnimationFrame } = window;
  const held = [];
  window.requestAnimationFrame = (draw) => held.push(draw);
  window.releaseFrames = () => {
    window.requestAnimationFrame = requestAnimationFrame;
    for (const draw of held) requestAnimationFrame(draw);
    return new Promise(requestAnimationFrame);
  };
}"""


def weights(page: Page) -> np.ndarray:
    """The kernel as its fields show it, ``(KH, KW)``."""
    kernel = page.locator("[data-view=kernel]")
    columns = int(kernel.evaluate("(element) => getComputedStyle(element).getPropertyValue('--ks-columns')"))
    return np.array(weights_as_written(page), dtype=float).reshape(-1, columns)


def weights_as_written(page: Page) -> list[Decimal]:
    """The kernel's weights, row-major, with the digits that their fields show."""
    return _decimals(page, "value")


def whole_weights(page: Page) -> np.ndarray:
    """The kernel as its fields tell it in full to whoever rests on them, row-major, to ten digits."""
    return np.array(_decimals(page, "title"), dtype=float)


def _decimals(page: Page, attribute: str) -> list[Decimal]:
    fields = page.locator("[data-view=kernel] input")
    said = fields.evaluate_all("(fields, attribute) => fields.map((field) => field[attribute])", attribute)
    return [Decimal(number.replace("−", "-")) for number in said]


def choose(page: Page, label: str, value: str, view: str = "conv") -> None:
    """Choose in a menu and wait for cnn_core's answer."""
    before = revision(page)
    page.get_by_label(label, exact=True).select_option(value)
    wait_drawn(page, view, "cnn_core", before)


def press(page: Page, name: str, view: str = "conv", within: str | None = None) -> None:
    """Press a button, unfolding the "More" of the column ``within`` it lies, and wait for cnn_core's answer."""
    before = revision(page)
    place = page.locator(f"[data-column={within}]") if within else page
    if within and place.locator("details").get_attribute("open") != "":
        place.locator("summary").click()
    place.get_by_role("button", name=name, exact=True).click()
    wait_drawn(page, view, "cnn_core", before)


def type_number(page: Page, label: str, value: str, view: str = "conv") -> None:
    """Type into a stepper or number field and wait for cnn_core's answer."""
    before = revision(page)
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    wait_drawn(page, view, "cnn_core", before)


def take_sample(page: Page, title: str, view: str = "probabilities") -> None:
    """Take a picture of the gallery and wait for cnn_core's answer."""
    before = revision(page)
    page.get_by_role("button", name="Samples").click()
    page.locator(".ks-sample", has_text=title).first.click()
    wait_drawn(page, view, "cnn_core", before)


def edited(*edits: dict, start: Experiment | None = None) -> Experiment:
    """The experiment after these edits, from the one that the page opens with unless another is given."""
    experiment = start or Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return experiment


def open_experiment(page: Page, url: str, experiment: Experiment) -> None:
    """Open the link to an experiment and wait for cnn_core's arrays."""
    page.goto(f"{url}/?x={to_link(Scenario(experiment)).code}")
    wait_drawn(page, "probabilities")


@contextmanager
def within(page: Page, view: str, label: str, role: str | None = None) -> Iterator[Locator]:
    """A control of one column by its label, or a button by its name; "More…" is unfolded where it lies behind it."""
    column = page.locator(f"[data-column={view}]")
    found = column.get_by_role(role, name=label, exact=True) if role else column.get_by_label(label, exact=True)
    summary = column.locator("summary")
    folded = not found.is_visible()
    if folded:
        summary.click()
    yield found
    if folded:
        summary.press("Escape")


class Fingers:
    """Fingers on a touch screen: down, moved and up, as many as places are given."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.session: CDPSession = page.context.new_cdp_session(page)

    def send(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.page.wait_for_timeout(20)

    def stroke(self, start: tuple[float, float], end: tuple[float, float], parts: int = 6) -> None:
        """One finger drawn from one place to another."""
        self.send("touchStart", start)
        for k in range(1, parts + 1):
            self.send("touchMove", tuple(a + (b - a) * k / parts for a, b in zip(start, end, strict=True)))
        self.send("touchEnd")


def same_sum(event: dict, asked: Explanation) -> None:
    """An announced cell is the core's explanation, term by term."""
    assert event["rule"] == asked.rule
    assert event["index"] == list(asked.index)
    assert event["value"] == asked.value
    assert event["total"] == asked.total
    assert event["residual"] == asked.residual
    assert event["bias"] == asked.bias
    assert len(event["terms"]) == len(asked.terms)
    for said, term in zip(event["terms"], asked.terms, strict=True):
        assert said["stage"] == term.stage
        assert said["index"] == (None if term.index is None else list(term.index))
        assert said["weight"] == term.weight
        assert said["product"] == term.product
        assert said["value"] == term.value
