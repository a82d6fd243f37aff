"""Answers that come in another order than they were asked for, or while a hand is at work."""

import io

import pytest
from PIL import Image
from playwright.sync_api import APIResponse, Page, Route, expect

from tests.browser.screen import HOLD_FRAMES, choose, frames, next_frame, revision, take_sample, wait_drawn

pytestmark = pytest.mark.browser

# Counts what came from the server, by either way, on screen or not.
COUNT = """async () => {
  const { Channel } = await import("/ui/common/channel.js");
  const { receive } = Channel.prototype;
  window.received = 0;
  Channel.prototype.receive = function (bytes) {
    const header = receive.call(this, bytes);
    window.received += 1;
    return header;
  };
}"""


def narrow(page: Page) -> None:
    """Have the page lay its columns out anew, below each other."""
    expect(page.locator(".ks-stacked")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 1000})
    expect(page.locator(".ks-stacked")).to_have_count(1)


class HeldBack:
    """Answers by the short way, the first of which waits until it is let go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.first: list[tuple[Route, APIResponse]] = []
        page.route("**/answers/**", self.take)

    def take(self, route: Route) -> None:
        answer = route.fetch()
        if self.first:
            route.fulfill(response=answer)
        else:
            self.first.append((route, answer))

    def let_go(self) -> None:
        route, answer = self.first[0]
        with self.page.expect_response("**/answers/**"):
            route.fulfill(response=answer)
        next_frame(self.page)


def test_an_answer_that_is_overtaken_takes_nothing_from_what_is_on_screen(explore: Page):
    held = HeldBack(explore)
    before = revision(explore)
    explore.get_by_label("Activation", exact=True).select_option("tanh")
    weight = explore.get_by_label("weight, row 0, column 0")
    weight.fill("7")
    weight.press("Enter")
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    held.let_go()
    narrow(explore)
    expect(weight).to_have_value("7")


def test_what_is_looked_at_last_stays_though_an_earlier_answer_comes_later(explore: Page):
    choice = explore.get_by_label("What the maps show")
    note = explore.locator("[data-column=input] .ks-note")
    held = HeldBack(explore)
    choice.select_option("score:0")
    choice.select_option("score:1")
    expect(note).to_contain_text("∂")
    told = note.inner_text()
    held.let_go()
    frames(explore, 12)
    expect(choice).to_have_value("score:1")
    assert note.inner_text() == told


def test_a_picture_that_comes_while_a_weight_is_dragged_is_shown_after_it(explore: Page):
    take_sample(explore, "Colours")
    choose(explore, "Colour", "rgb")
    explore.evaluate(COUNT)
    weight = explore.get_by_label("weight, row 0, column 0")
    # A hand lasts as long as it likes: what is typed is taken for done after a second without a key.
    weight.hover()
    box = weight.bounding_box()
    explore.mouse.down()
    explore.mouse.move(box["x"] + box["width"] / 2 + 42, box["y"] + box["height"] / 2, steps=4)
    expect(weight).to_have_value("7")
    file = io.BytesIO()
    Image.new("L", (60, 40)).save(file, "PNG")
    picture = {"name": "black.png", "mimeType": "image/png", "buffer": file.getvalue()}
    explore.set_input_files(".st-key-photo input[type=file]", picture)
    explore.wait_for_function("window.received > 0")
    narrow(explore)
    expect(explore.locator("[data-column=input] .ks-note")).not_to_contain_text("black.png")
    before = revision(explore)
    explore.mouse.up()
    wait_drawn(explore, "conv", "cnn_core", before - 1)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("black.png")
    expect(weight).to_have_value("7")


def test_an_answer_that_comes_before_the_preview_s_frame_is_what_stays_on_screen(explore: Page):
    explore.get_by_label("What the maps show").select_option("score:0")
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("∂")
    before = revision(explore)
    explore.evaluate(HOLD_FRAMES)
    weight = explore.get_by_label("weight, row 0, column 0")
    weight.fill("7")
    weight.press("Enter")
    # The script's own waiting goes by frames too, so it is told by the clock.
    test = "(before) => window.cnn.drawn.some((each) => each.source === 'cnn_core' && each.revision > before)"
    explore.wait_for_function(test, arg=before, polling=50)
    explore.evaluate("window.releaseFrames()")
    assert explore.evaluate("window.cnn.drawn.at(-1).source") == "cnn_core"
    expect(explore.locator(".ks-late")).to_have_count(0)
