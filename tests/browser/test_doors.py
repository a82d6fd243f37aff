"""The doors: a picture by the real button or dropped, a kernel from its page; and at each of them nonsense."""

import base64

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import kernels
from pages.shared.chain import build
from pages.shared.experiment import Experiment, with_photo
from pages.shared.photo import open_photo
from tests.browser.conftest import ROOT, Server
from tests.browser.screen import (
    cell_centre,
    clear,
    edited,
    frames,
    hover_cell,
    revision,
    same_sum,
    take_sample,
    type_number,
    wait_drawn,
    weights,
    within,
)

pytestmark = pytest.mark.browser

PHOTOGRAPH = ROOT / "assets" / "photograph.jpg"
TRACEBACK = "[data-testid=stException], [data-testid=stAlert]"

# Hand a file to an element as a person does who lets go of it there, or to the page as one who pastes it.
HAND_OVER = """async ([selector, kind, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const target = document.querySelector(selector);
  const how = { bubbles: true, cancelable: true };
  if (kind === "paste") {
    target.dispatchEvent(new ClipboardEvent("paste", { ...how, clipboardData: transfer }));
    return [];
  }
  const looks = [];
  const look = () => looks.push(getComputedStyle(target.closest("[data-column]")).outlineStyle);
  for (const step of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(step, { ...how, dataTransfer: transfer }));
    look();
  }
  return looks;
}"""


def hand_over(page: Page, selector: str, kind: str, name: str, data: bytes) -> list[str]:
    return page.evaluate(HAND_OVER, [selector, kind, name, "image/png", base64.b64encode(data).decode()])


def choose_file(page: Page, name: str, data: bytes) -> None:
    """Press Upload… and choose a file in the window that the browser opens."""
    with page.expect_file_chooser() as waiting:
        page.get_by_role("button", name="Upload").click()
    waiting.value.set_files({"name": name, "mimeType": "image/png", "buffer": data})


def nothing_is_lost(page: Page) -> None:
    """The worked example stands as it stood, and no traceback is shown."""
    page.mouse.move(5, 5)
    trace = build(Experiment()).trace
    same_sum(hover_cell(page, "conv", 0, 1, (3, 3)), trace.explain(0, (0, 0, 0, 1)))
    same_sum(hover_cell(page, "scores", 1, 0, (3, 1)), trace.explain(4, (0, 1)))
    expect(page.locator(TRACEBACK)).to_have_count(0)


def refused(page: Page, why: str) -> None:
    """A sentence says why, and it is closed again."""
    notice = page.locator(".ks-notice")
    expect(notice).to_contain_text(why)
    assert notice.get_by_role("status").inner_text().endswith(".")
    page.get_by_role("button", name="Close this message").click()
    expect(notice).to_be_hidden()


def test_a_photograph_comes_in_by_the_button_and_another_is_dropped_on_the_input(explore: Page):
    data = PHOTOGRAPH.read_bytes()
    before = revision(explore)
    choose_file(explore, "mine.jpg", data)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("mine.jpg")
    experiment = with_photo(Experiment(), open_photo(data, "mine.jpg"))
    rows, columns = build(experiment).trace.stages[0].output.shape[2:]
    event = hover_cell(explore, "conv", rows // 3, columns // 3, (rows, columns))
    same_sum(event, build(experiment).trace.explain(0, tuple(event["index"])))
    before = revision(explore)
    cat = (ROOT / "assets" / "samples" / "cat.jpg").read_bytes()
    looks = hand_over(explore, "[data-view=input]", "drop", "dropped.jpg", cat)
    assert looks[1:] == ["dashed", "none"], "while a file hangs over the input, the input shows that it may fall there"
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("dropped.jpg")
    experiment = with_photo(Experiment(), open_photo(cat, "dropped.jpg"))
    shape = experiment.photo.pixels.shape[1:]
    event = hover_cell(explore, "input", shape[0] // 2, shape[1] // 3, shape)
    same_sum(event, build(experiment).trace.explain(-1, tuple(event["index"])))


def test_a_kernel_pointed_at_on_its_page_is_marked_everywhere_and_used_at_a_click(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    page.locator("[data-view=emboss]").scroll_into_view_if_needed()
    event = hover_cell(page, "emboss", 2, 1, (3, 3))
    asked = build(edited({"op": "library", "value": "emboss"})).trace.explain(0, (0, 0, 2, 1))
    assert event["value"] == asked.value
    assert [each["product"] for each in event["terms"]] == [term.product for term in asked.terms]
    for name in ("identity", "sobel_y", "laplacian"):
        value = build(edited({"op": "library", "value": name})).trace.stages[0].output[0, 0, 2, 1]
        shown = page.locator("article", has=page.locator(f"[data-view={name}]")).locator("output")
        expect(shown).to_have_text(f"[2, 1] = {value:g}".replace("= -", "= −"))
    clear(page)
    page.get_by_role("button", name="Use in Explore: Emboss").click()
    wait_drawn(page, "probabilities")
    np.testing.assert_array_equal(weights(page), kernels.get("emboss").weights)
    page.get_by_role("link", name="Kernels").click()
    expect(page.get_by_role("button", name="In Explore now: Emboss")).to_be_visible()


def test_what_is_no_picture_is_refused_by_upload_by_drop_and_by_paste(explore: Page):
    choose_file(explore, "letter.png", b"Dear Sir or Madam, this is a letter and no picture.\n" * 20)
    refused(explore, "letter.png: ")
    nothing_is_lost(explore)
    hand_over(explore, "[data-view=input]", "drop", "junk.png", bytes(range(256)) * 4)
    refused(explore, "junk.png: ")
    hand_over(explore, "body", "paste", "pasted.png", b"\x89PNG\r\n\x1a\n" + bytes(500))
    refused(explore, "pasted.png: ")
    nothing_is_lost(explore)
    # The door is not jammed: a real picture still comes in.
    before = revision(explore)
    choose_file(explore, "mine.jpg", PHOTOGRAPH.read_bytes())
    wait_drawn(explore, "probabilities", "cnn_core", before)


def test_fields_refuse_what_means_nothing_with_a_sentence_and_nothing_is_lost(explore: Page):
    out_of_bounds = "must lie between −1,000,000 and 1,000,000"
    for view, label, text, why, stays in (
        ("kernel", "stride, as a number", "words", "“stride” needs a whole number from 1 to 8; it stays 1", "1"),
        ("kernel", "stride, as a number", "1.5", "must be a whole number from 1 to 8", "1"),
        ("kernel", "padding, as a number", "x", "“padding” needs a whole number from 0 to 88; it stays 0", "0"),
        ("kernel", "padding left, as a number", "-1", "The padding must be a whole number from 0", "0"),
        ("pool", "window, as a number", "99", "must be a whole number from 1 to 8", "2"),
        ("input", "rows, as a number", "1e9", "must be a whole number from 1 to 64", "5"),
        ("kernel", "bias", "1e9", out_of_bounds, "0"),
        ("kernel", "weight, row 0, column 0", "1e9", out_of_bounds, "1"),
        ("kernel", "weight, row 0, column 0", "a lot", "“a lot” is not a number, so the weight stays 1", "1"),
    ):
        with within(explore, view, label) as field:
            field.fill(text)
            field.press("Enter")
            refused(explore, why)
            expect(field).to_have_value(stays)
    nothing_is_lost(explore)
    with within(explore, "kernel", "name") as field:
        field.fill("a kernel's name of thirty letters")
        field.press("Enter")
        refused(explore, "A kernel's name has at most 24 characters")
    expect(explore.locator(".ks-sentence b")).to_have_text("Vertical edges")
    for names, why in (("A" * 25 + ", dog", "at most 24 characters"), ("a," * 10 + "k", "at most 10 classes")):
        with within(explore, "scores", "Names of the classes, separated by commas") as field:
            field.fill(names)
            field.press("Enter")
            refused(explore, why)
        expect(explore.locator("[data-view=scores] .ks-bar-name")).to_have_text(["A", "B", "C"])
    explore.locator(".ks-dense summary").click()
    explore.locator("[data-view=dense_weights]").focus()
    explore.keyboard.press("ArrowRight")
    frames(explore)
    explore.keyboard.type("1e9")
    expect(explore.get_by_label("cell value")).to_have_value("1e9")
    explore.keyboard.press("Enter")
    refused(explore, out_of_bounds)
    explore.locator(".ks-dense summary").click()
    nothing_is_lost(explore)


def test_a_brush_refuses_words_and_what_is_out_of_bounds_and_draws_what_it_drew_before(explore: Page):
    brush = explore.get_by_label("brush: the value")

    def stroke() -> None:
        explore.mouse.move(*cell_centre(explore, "input", 0, 0, (5, 5)))
        explore.mouse.down()
        explore.mouse.move(*cell_centre(explore, "input", 0, 2, (5, 5)), steps=4)
        explore.mouse.up()

    brush.fill("1e9")
    brush.press("Tab")
    refused(explore, "The brush draws with −1000000 to 1000000, so it stays 9.")
    expect(brush).to_have_value("9")
    nothing_is_lost(explore)
    brush.fill("4")
    brush.press("Enter")
    brush.press("Control+a")
    brush.press_sequentially("words")
    brush.press("Tab")
    refused(explore, "“words” is not a number, so the brush stays 4.")
    before = revision(explore)
    stroke()
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.mouse.move(5, 5)
    assert [hover_cell(explore, "input", 0, k, (5, 5))["value"] for k in range(4)] == [4, 4, 4, 0]


def test_the_brush_of_a_picture_refuses_what_no_pixel_can_be(explore: Page):
    take_sample(explore, "Shapes")
    brush = explore.get_by_label("brush: the value")
    for text in ("7", "-3"):
        brush.fill(text)
        brush.press("Enter")
        refused(explore, "The brush draws with 0 to 1, so it stays 1.")


def test_a_number_beyond_all_bounds_is_refused_in_the_same_words_for_a_cell_and_for_a_weight(explore: Page):
    beyond = "must lie between −1,000,000 and 1,000,000, so it keeps what it had."
    with within(explore, "kernel", "weight, row 0, column 0") as field:
        field.fill("1e9")
        field.press("Enter")
        refused(explore, f"A weight at [0, 0] {beyond}")
    explore.mouse.click(*cell_centre(explore, "input", 0, 1, (5, 5)))
    explore.keyboard.type("-1e9")
    expect(explore.get_by_label("cell value")).to_have_attribute("aria-invalid", "true")
    explore.keyboard.press("Enter")
    refused(explore, f"A cell at [0, 1] {beyond}")
    explore.mouse.move(5, 5)
    assert hover_cell(explore, "input", 0, 1, (5, 5))["value"] == 2
    nothing_is_lost(explore)


@pytest.mark.parametrize("text", ["12abc", "1e400", "1e40", "99999999"])
def test_what_is_refused_is_no_step_to_undo_and_nothing_too_large_is_drawn_while_it_is_typed(explore: Page, text: str):
    whole = "must lie between" if text[-1] != "c" and text != "1e400" else f"“{text}” is not a number"
    largest = 1_000_000

    def typed_at(view: str, label: str) -> None:
        """What stands in the first cell of the map follows what is typed, as far as it may be."""
        explore.keyboard.type(text)
        field = explore.get_by_label(label)
        expect(field).to_have_value(text)
        expect(field).to_have_attribute("aria-invalid", "true")
        frames(explore)
        explore.mouse.move(5, 5)
        term = hover_cell(explore, "conv", 0, 0, (3, 3))["terms"][0]
        assert max(abs(term["value"]), abs(term["weight"])) <= largest, view
        expect(field).to_have_value(text)
        before = revision(explore)
        explore.keyboard.press("Enter")
        refused(explore, whole)
        wait_drawn(explore, "conv", "cnn_core", before - 1)
        expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")
        nothing_is_lost(explore)

    explore.get_by_label("weight, row 0, column 0").focus()
    typed_at("kernel", "weight, row 0, column 0")
    explore.mouse.click(*cell_centre(explore, "input", 0, 0, (5, 5)))
    typed_at("input", "cell value")


def test_a_weight_of_the_fully_connected_layer_that_is_refused_is_no_step_and_no_score_is_made_of_it(explore: Page):
    explore.locator(".ks-dense summary").click()
    for text in ("12abc", "1e40"):
        explore.locator("[data-view=dense_weights]").focus()
        explore.keyboard.press("ArrowRight")
        frames(explore)
        explore.keyboard.type(text)
        expect(explore.get_by_label("cell value")).to_have_value(text)
        frames(explore)
        expect(explore.locator(".ks-dense-sum")).not_to_contain_text("e+40")
        explore.keyboard.press("Enter")
        refused(explore, "“12abc” is not a number" if text == "12abc" else "must lie between")
        expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")
    explore.locator(".ks-dense summary").click()
    nothing_is_lost(explore)


def test_a_cell_that_is_opened_after_one_was_left_half_typed_is_not_called_wrong(explore: Page):
    explore.mouse.click(*cell_centre(explore, "input", 0, 1, (5, 5)))
    explore.keyboard.type("-")
    expect(explore.get_by_label("cell value")).to_have_attribute("aria-invalid", "true")
    explore.keyboard.press("Escape")
    explore.keyboard.press("Enter")
    expect(explore.get_by_label("cell value")).to_have_attribute("aria-invalid", "false")
    explore.keyboard.press("Escape")
    nothing_is_lost(explore)


def test_a_cell_of_a_picture_is_typed_from_0_to_1_and_no_further(explore: Page):
    take_sample(explore, "Zone plate")
    shape = (128, 128)
    before = hover_cell(explore, "input", 64, 64, shape)
    explore.mouse.click(*cell_centre(explore, "input", 64, 64, shape))
    explore.keyboard.type("7")
    explore.keyboard.press("Enter")
    refused(explore, "“7” is not a number from 0 to 1, so the cell stays")
    explore.mouse.move(5, 5)
    assert hover_cell(explore, "input", 64, 64, shape)["value"] == before["value"]


def test_a_press_in_the_field_over_a_cell_marks_its_digits_and_a_drag_there_draws_nothing(explore: Page):
    thrown = []
    explore.on("pageerror", lambda error: thrown.append(str(error)))
    centre = cell_centre(explore, "input", 1, 1, (5, 5))
    before = revision(explore)
    explore.mouse.click(*centre)
    explore.keyboard.type("47")
    field = explore.locator(".ks-cell-editor")
    explore.mouse.dblclick(*centre)
    expect(field).to_be_focused()
    # A double press marks the number, as in any field.
    assert field.evaluate("(each) => each.value.slice(each.selectionStart, each.selectionEnd)") == "47"
    explore.mouse.down()
    explore.mouse.move(*cell_centre(explore, "input", 1, 4, (5, 5)), steps=5)
    explore.mouse.up()
    explore.keyboard.type("8")
    field.press("Enter")
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.mouse.move(5, 5)
    assert [hover_cell(explore, "input", 1, column, (5, 5))["value"] for column in range(5)] == [4, 8, 6, 1, 2]
    assert thrown == []


def test_an_address_of_garbage_opens_the_worked_example_and_says_so(page: Page, server: Server):
    page.goto(f"{server.url}/?x=garbage")
    wait_drawn(page, "probabilities")
    refused(page, "This is the worked example instead")
    nothing_is_lost(page)
    assert "garbage" not in page.url


def test_undo_by_keys_is_the_field_s_own_where_words_are_written(explore: Page):
    type_number(explore, "bias", "5")
    explore.locator("[data-column=kernel] summary").click()
    explore.get_by_role("button", name="Type or paste weights…").click()
    field = explore.locator(".ks-dialog textarea")
    field.press_sequentially("1 2")
    field.press("Control+z")
    expect(field).not_to_have_value("1 2")
    explore.keyboard.press("Escape")
    expect(explore.get_by_label("bias", exact=True)).to_have_value("5")


@pytest.mark.parametrize("width", [1440, 390])
def test_whoever_is_new_is_led_to_the_lessons_and_finds_the_work_again(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    type_number(page, "bias", "7", "conv")
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Begin with a lesson").click()
    expect(page.locator(".ks-lesson").get_by_text("What a kernel does")).to_be_visible()
    assert "/learn" in page.url
    assert page.evaluate("window.stays") is True  # the document is not loaded again
    page.go_back()
    wait_drawn(page, "probabilities")
    expect(page.get_by_label("bias", exact=True)).to_have_value("7")
