"""Answers that come in another order than they were asked for, or while a hand is at work."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.screen import HOLD_FRAMES, choose, revision, take_sample, wait_drawn

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


def test_an_answer_that_is_overtaken_takes_nothing_from_what_is_on_screen(explore: Page):
    explore.evaluate(COUNT)
    overtaken = []

    def hold_back_the_first(route: Route) -> None:
        answer = route.fetch()
        if overtaken:
            route.fulfill(response=answer)
        else:
            overtaken.append((route, answer))

    explore.route("**/answers/**", hold_back_the_first)
    before = revision(explore)
    explore.get_by_label("Activation", exact=True).select_option("tanh")
    weight = explore.get_by_label("weight, row 0, column 0")
    weight.fill("7")
    weight.press("Enter")
    wait_drawn(explore, "conv", "cnn_core", before + 1)
    received = explore.evaluate("window.received")
    route, answer = overtaken[0]
    route.fulfill(response=answer)
    explore.wait_for_function("(before) => window.received > before", arg=received)
    narrow(explore)
    expect(weight).to_have_value("7")


def test_a_picture_that_comes_while_a_weight_is_typed_is_shown_after_it(explore: Page):
    take_sample(explore, "Colours")
    choose(explore, "Colour", "rgb")
    explore.evaluate(COUNT)
    weight = explore.get_by_label("weight, row 0, column 0")
    weight.fill("7")
    file = io.BytesIO()
    Image.new("L", (60, 40)).save(file, "PNG")
    picture = {"name": "black.png", "mimeType": "image/png", "buffer": file.getvalue()}
    explore.set_input_files(".st-key-photo input[type=file]", picture)
    explore.wait_for_function("window.received > 0")
    narrow(explore)
    expect(explore.locator("[data-column=input] .ks-note")).not_to_contain_text("black.png")
    before = revision(explore)
    weight.press("Enter")
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
