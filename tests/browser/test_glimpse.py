"""While a hand drags, what the preview does not know comes from cnn_core and follows it; in a real browser."""

import statistics

import pytest
from playwright.sync_api import Page, expect

from pages.shared.backward import gradients, parse
from pages.shared.chain import build
from tests.browser.conftest import Server
from tests.browser.screen import clear, drawn, edited, floor, hover_cell, press, revision, type_number, wait_drawn
from tests.browser.test_convolution import carried, laboratory, set_to  # noqa: F401
from tests.browser.test_speed import quartiles, set_input

pytestmark = pytest.mark.browser

# One drag of a weight's field, one step at a time: from each move to the draw of a view that only the server can give.
DRAG = """async ([selector, view, steps]) => {
  const field = document.querySelectorAll(selector)[0];
  const box = field.getBoundingClientRect();
  const at = (k) => ({ bubbles: true, cancelable: true, pointerId: 1, button: 0, isPrimary: true,
                       clientX: box.left + 20, clientY: box.top + 20 - 8 * k });
  field.setPointerCapture = () => {};
  const times = [];
  field.dispatchEvent(new PointerEvent("pointerdown", at(0)));
  for (let k = 1; k <= steps; k += 1) {
    await new Promise((resolve) => setTimeout(resolve, 90 + (k * 7) % 17));
    const began = performance.now();
    const drawn = new Promise((resolve) => {
      const listen = (event) => {
        if (event.detail.view !== view || event.detail.source !== "preview") return;
        document.removeEventListener("cnn:drawn", listen);
        resolve(event.detail.at);
      };
      document.addEventListener("cnn:drawn", listen);
    });
    field.dispatchEvent(new PointerEvent("pointermove", at(k % 9 + (k % 2) * 3 + 1)));
    times.push((await drawn) - began);
  }
  field.dispatchEvent(new PointerEvent("pointerup", at(steps)));
  return times;
}"""


def grab(page: Page, selector: str, by: int) -> None:
    """Take hold of a weight and drag it, without letting go."""
    box = page.locator(selector).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=4)


def test_gradients_follow_a_dragged_weight_and_end_where_the_gesture_ends(explore: Page):
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    ends = explore.locator("[data-column=input] .ks-legend")
    before = ends.inner_text()
    type_number(explore, "weight, row 0, column 0", "7")
    typed = ends.inner_text()
    assert typed != before
    press(explore, "↶ Undo")
    expect(ends).to_have_text(before, use_inner_text=True)
    clear(explore)
    grab(explore, "[data-view=kernel] input", 40)
    wait_drawn(explore, "conv", "preview")
    # Every step of the hand has an answer of its own: the last one's is waited for.
    expect(ends).to_have_text(typed, use_inner_text=True)
    expect(explore.locator("[data-column=input] .ks-late")).to_have_count(0)
    assert all(each["source"] == "preview" for each in drawn(explore))
    clear(explore)
    explore.mouse.up()
    wait_drawn(explore, "conv")
    expect(ends).to_have_text(typed, use_inner_text=True)
    weights = [[9, 0, -1], [1, 0, -1], [1, 0, -1]]
    value = float(explore.locator("[data-view=kernel] input").first.input_value().replace("−", "-"))
    weights[0][0] = value
    found = gradients(build(edited({"op": "kernel", "values": weights})), parse("score:0"))
    assert hover_cell(explore, "input", 2, 3, (5, 5))["value"] == found.input[0, 0, 2, 3]
    press(explore, "↶ Undo")
    expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_gradients_of_a_lesson_follow_a_dragged_weight(page: Page, server: Server):
    page.goto(f"{server.url}/learn?lesson=downhill")
    wait_drawn(page, "conv")
    ends = page.locator("[data-column=input] .ks-legend")
    before = ends.inner_text()
    type_number(page, "weight, row 0, column 0", "2.5")
    typed = ends.inner_text()
    assert typed != before
    press(page, "↶ Undo")
    expect(ends).to_have_text(before, use_inner_text=True)
    clear(page)
    grab(page, "[data-view=kernel] input", 140)
    wait_drawn(page, "conv", "preview")
    expect(ends).to_have_text(typed, use_inner_text=True)
    assert all(each["source"] == "preview" for each in drawn(page))
    page.mouse.up()


def test_a_transposed_convolution_follows_a_dragged_weight(laboratory: Page):  # noqa: F811
    set_to(laboratory, "kernel", "Transposed", "", kind="check")
    picture = "() => document.querySelector('[data-view=alone-0] .ks-map-values').toDataURL()"
    before = laboratory.evaluate(picture)
    field = laboratory.locator("[data-view=kernel-0] input").first
    number = revision(laboratory)
    field.fill("3")
    field.press("Enter")
    wait_drawn(laboratory, "output-0", "cnn_core", number)
    typed = laboratory.evaluate(picture)
    assert typed != before
    press(laboratory, "↶ Undo", "output-0")
    assert laboratory.evaluate(picture) == before
    clear(laboratory)
    grab(laboratory, "[data-view=kernel-0] input", 15)
    wait_drawn(laboratory, "output-0", "preview")
    wait_drawn(laboratory, "alone-0", "preview")
    # Every step of the hand has an answer of its own: the last one's is waited for.
    laboratory.wait_for_function(f"(typed) => ({picture})() === typed", arg=typed)
    assert all(each["source"] == "preview" for each in drawn(laboratory))
    clear(laboratory)
    laboratory.mouse.up()
    wait_drawn(laboratory, "output-0")
    assert laboratory.evaluate(picture) == typed
    assert revision(laboratory) == 4


def test_what_is_waited_for_is_dimmed_where_the_server_is_late(explore: Page):
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    explore.route("**/answers/**", lambda route: route.fulfill(status=200, body=""))
    grab(explore, "[data-view=kernel] input", 40)
    body = explore.locator("[data-column=conv] .ks-body")
    explore.wait_for_function("(body) => Number(getComputedStyle(body).opacity) < 0.6", arg=body.element_handle())
    explore.unroute("**/answers/**")
    explore.mouse.up()
    explore.wait_for_function("(body) => Number(getComputedStyle(body).opacity) === 1", arg=body.element_handle())


@pytest.mark.parametrize("size", [28, 224])
def test_gradients_are_not_far_behind_the_hand(explore: Page, size: int, capsys: pytest.CaptureFixture[str]):
    set_input(explore, size)
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    explore.wait_for_timeout(400)
    times = explore.evaluate(DRAG, ["[data-view=kernel] input", "conv", 25])
    ratio = statistics.median(times) / floor(explore)
    with capsys.disabled():
        print(
            f"\n  gradients behind a dragged weight at {size:3d} px: {quartiles(times)} (aim 60); {ratio:.2f}", end=""
        )
    assert ratio < 18


def test_a_transposed_convolution_is_not_far_behind_the_hand(laboratory: Page, capsys: pytest.CaptureFixture[str]):  # noqa: F811
    set_to(laboratory, "kernel", "Transposed", "", kind="check")
    times = laboratory.evaluate(DRAG, ["[data-view=kernel-0] input", "output-0", 25])
    ratio = statistics.median(times) / floor(laboratory)
    with capsys.disabled():
        print(f"\n  transposed output behind a dragged weight: {quartiles(times)} (aim 60); ratio {ratio:.2f}", end="")
    assert ratio < 18
