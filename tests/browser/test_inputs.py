"""Every way in for the input: samples, camera, clipboard, patterns, typed sizes; and nonsense at each door."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from pages.shared import patterns, samples
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import WORKED_GRID, Experiment
from pages.shared.samples import ASSETS
from tests.browser.conftest import FLAGS, LISTEN, Server, find_browser
from tests.browser.screen import (
    cell_centre,
    choose,
    hover_cell,
    press,
    resize,
    revision,
    same_sum,
    take_sample,
    type_number,
    wait_drawn,
)

pytestmark = pytest.mark.browser

BRACKETED = json.loads((Path(__file__).parents[1] / "cases" / "bracketed.json").read_text())

# Hand the clipboard to the page as a person's paste would.
PASTE = """async ([text, picture]) => {
  const data = new DataTransfer();
  if (text !== null) data.setData("text/plain", text);
  if (picture) {
    const blob = await (await fetch(picture)).blob();
    data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
  }
  // Where the keyboard is, as a browser does it.
  const place = document.activeElement ?? document.body;
  place.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize(
    "sample", [samples.get(name) for name in ("brick", "digit", "dots")], ids=lambda each: each.name
)
def test_a_sample_is_taken_with_its_licence_beside_it(explore: Page, sample):
    take_sample(explore, sample.title)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text(sample.licence)
    experiment = apply(Experiment(), {"op": "sample", "value": sample.name})
    trace = build(experiment).trace
    shape = trace.stages[0].output.shape[2:]
    event = hover_cell(explore, "conv", shape[0] // 2, shape[1] // 2, shape)
    same_sum(event, trace.explain(0, tuple(event["index"])))


def test_the_gallery_shows_every_sample_with_its_licence_and_is_left_by_escape(explore: Page):
    explore.get_by_role("button", name="Samples").click()
    cards = explore.locator(".ks-sample")
    expect(cards).to_have_count(len(samples.SAMPLES))
    for card, sample in zip(cards.all(), samples.SAMPLES, strict=True):
        expect(card).to_contain_text(sample.licence)
        card.scroll_into_view_if_needed()
        explore.wait_for_function("(image) => image.naturalWidth > 0", arg=card.locator("img").element_handle())
    explore.keyboard.press("Escape")
    expect(cards.first).not_to_be_visible()
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_the_smallest_and_the_largest_working_size(explore: Page):
    take_sample(explore, "Zone plate")
    for size in ("28", "512"):
        before = revision(explore)
        explore.get_by_label("size", exact=True).fill(size)
        wait_drawn(explore, "probabilities", "cnn_core", before)
        expect(explore.locator("[data-column=input] .ks-shape")).to_have_text(f"{size} × {size}")


@pytest.mark.parametrize(
    ("text", "rows"), [("1\t2\t3\n4\t5\t6", [[1, 2, 3], [4, 5, 6]]), ("0,5;2\n-3;4", [[0.5, 2], [-3, 4]])]
)
def test_a_spreadsheet_s_cells_are_pasted_as_the_grid(explore: Page, text: str, rows: list):
    before = revision(explore)
    explore.evaluate(PASTE, [text, None])
    wait_drawn(explore, "input", "cnn_core", before)
    shape = (len(rows), len(rows[0]))
    for row in range(shape[0]):
        for column in range(shape[1]):
            assert hover_cell(explore, "input", row, column, shape)["value"] == rows[row][column]


def test_rows_pasted_while_a_cell_is_open_begin_at_it_and_a_single_number_is_its_field_s(explore: Page):
    place = cell_centre(explore, "input", 0, 0, (5, 5))
    for _ in range(2):  # the second click opens its field
        explore.mouse.click(*place)
    field = explore.locator(".ks-cell-editor")
    expect(field).to_be_focused()
    taken = explore.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text/plain", "7");
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(event);
          return event.defaultPrevented;
        }"""
    )
    assert not taken, "the field itself takes a single number"
    before = revision(explore)
    explore.evaluate(PASTE, ["1\t2\n3\t4", None])
    wait_drawn(explore, "input", "cnn_core", before)
    expect(field).to_have_count(0)
    assert [hover_cell(explore, "input", k, k, (5, 5))["value"] for k in (2, 1, 0)] == [WORKED_GRID[2][2], 4, 1]


def test_an_open_field_stays_over_its_cell_where_the_window_is_made_narrower(explore: Page):
    explore.set_viewport_size({"width": 1920, "height": 1080})
    explore.mouse.click(*cell_centre(explore, "input", 1, 1, (5, 5)))
    explore.keyboard.type("12")
    field = explore.get_by_label("cell value")
    for width in (1920, 1024, 390):
        resize(explore, width, 900)
        # The map may still be laid out: both are measured at once.
        explore.wait_for_function(
            """() => {
              const box = document.querySelector(".ks-cell-editor").getBoundingClientRect();
              const map = document.querySelector("[data-view=input]").getBoundingClientRect();
              const [x, y] = [map.left + (1.5 * map.width) / 5, map.top + (1.5 * map.height) / 5];
              return Math.hypot(box.left + box.width / 2 - x, box.top + box.height / 2 - y) < 2;
            }"""
        )
        expect(field).to_be_focused()
    explore.keyboard.press("Enter")
    assert hover_cell(explore, "input", 1, 1, (5, 5))["value"] == 12


def test_a_copied_number_is_pasted_into_the_chosen_cell_and_one_undo_takes_it_back(explore: Page):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explore.mouse.click(*cell_centre(explore, "input", 1, 1, (5, 5)))
    explore.locator("[data-column=input] summary").click()
    explore.locator("[data-column=input]").get_by_role("button", name="Copy the cell").click()
    expect(explore.locator(".ks-notice")).to_contain_text("Copied: Input [1, 1]")
    explore.mouse.click(*cell_centre(explore, "input", 3, 3, (5, 5)))
    before = revision(explore)
    explore.keyboard.press("Control+v")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator(".ks-notice")).to_contain_text("Pasted into Input [3, 3].")
    assert hover_cell(explore, "input", 3, 3, (5, 5))["value"] == WORKED_GRID[1][1] != WORKED_GRID[3][3]
    assert hover_cell(explore, "input", 4, 4, (5, 5))["value"] == WORKED_GRID[4][4]
    press(explore, "↶ Undo")
    assert hover_cell(explore, "input", 3, 3, (5, 5))["value"] == WORKED_GRID[3][3]
    expect(explore.get_by_role("button", name="↶ Undo")).to_have_attribute("aria-disabled", "true")


@pytest.mark.parametrize(
    ("rows", "shape", "said"),
    [
        ([[7, 8], [9, 10]], (5, 5), "Pasted 2 × 2 numbers from Input [3, 3] on; the rest stays."),
        ([[7, 8, 9]] * 3, None, "3 × 3 numbers from [3, 3] on reach over the edge of the 5 × 5 input, so nothing"),
        ([[7, 8, 9, 10, 11]] * 5, (5, 5), "The 5 × 5 numbers pasted are the whole input now, in place of 5 × 5."),
        ([[7, 8, 9, 10, 11, 12]] * 4, (4, 6), "The 4 × 6 numbers pasted are the whole input now, in place of 5 × 5."),
    ],
    ids=["fits", "over the edge", "as many", "more"],
)
def test_pasted_rows_begin_at_the_chosen_cell_or_are_the_whole_input_and_it_is_said(
    explore: Page, rows: list, shape: tuple[int, int] | None, said: str
):
    explore.mouse.click(*cell_centre(explore, "input", 3, 3, (5, 5)))
    before = revision(explore)
    explore.evaluate(PASTE, ["\n".join("\t".join(map(str, row)) for row in rows), None])
    expect(explore.locator(".ks-notice")).to_contain_text(said)
    expected = np.array(WORKED_GRID, dtype=float)
    if shape:
        wait_drawn(explore, "input", "cnn_core", before)
        if len(rows) < 4:
            expected[3:, 3:] = rows
        else:
            expected = np.array(rows, dtype=float)
    shape = shape or (5, 5)
    found = [[hover_cell(explore, "input", i, j, shape)["value"] for j in range(shape[1])] for i in range(shape[0])]
    np.testing.assert_array_equal(found, expected)


def test_a_single_number_pasted_while_no_input_cell_is_chosen_asks_for_one(explore: Page):
    explore.evaluate(PASTE, ["7", None])
    expect(explore.locator(".ks-notice")).to_contain_text("choose one of the input, then paste")
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_a_pixel_takes_what_is_pasted_where_it_may_hold_it(explore: Page):
    take_sample(explore, "Dots")
    shape = (64, 64)
    explore.mouse.click(*cell_centre(explore, "input", 40, 50, shape))
    explore.evaluate(PASTE, ["7", None])
    expect(explore.locator(".ks-notice")).to_contain_text("A pixel must lie between 0 and 1")
    before = revision(explore)
    explore.evaluate(PASTE, ["0.25\t0.5", None])
    wait_drawn(explore, "input", "cnn_core", before)
    assert [hover_cell(explore, "input", 40, column, shape)["value"] for column in (51, 50)] == [0.5, 0.25]
    before = revision(explore)
    explore.evaluate(PASTE, ["1 2\n3 4", None])
    wait_drawn(explore, "input", "cnn_core", before)
    expect(explore.locator(".ks-notice")).to_contain_text("in place of 64 × 64")
    assert hover_cell(explore, "input", 1, 1, (2, 2))["value"] == 4


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello world", "“hello” is not a number"),
        ("1 2\n3", "Row 1 has 2 numbers and row 2 has 1"),
        ("\n".join(["1 2 3"] * 65), "a grid has at most 64"),
        ("1 1e9", "must lie between"),
        ("NaN 1", "“NaN” is not a number"),
    ],
    ids=["words", "ragged", "too tall", "too large", "nan"],
)
def test_a_paste_that_is_no_grid_is_refused_with_a_sentence_and_nothing_is_lost(explore: Page, text: str, why: str):
    explore.evaluate(PASTE, [text, None])
    expect(explore.locator(".ks-notice")).to_contain_text(why)
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_a_picture_in_the_clipboard_becomes_the_input(explore: Page, server: Server):
    before = revision(explore)
    explore.evaluate(PASTE, [None, f"{server.url}/ui/samples/shapes.png"])
    wait_drawn(explore, "input", "cnn_core", before)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("pasted.png: 192 × 192 pixels")


def test_numbers_are_typed_into_a_dialog_that_says_what_it_cannot_read(explore: Page):
    explore.locator("[data-column=input] summary").click()
    explore.get_by_role("button", name="Paste numbers…").click()
    field = explore.locator(".ks-dialog textarea")
    field.fill("1 2\n3 four")
    explore.get_by_role("button", name="Use them").click()
    expect(explore.locator(".ks-dialog .ks-problem")).to_have_text("Row 2: “four” is not a number.")
    before = revision(explore)
    field.fill("1 2\n3 4")
    explore.get_by_role("button", name="Use them").click()
    wait_drawn(explore, "input", "cnn_core", before)
    assert hover_cell(explore, "input", 1, 1, (2, 2))["value"] == 4


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (64, 64), (1, 64), (12, 7)])
def test_a_grid_of_any_size_is_typed_and_asked(explore: Page, rows: int, columns: int):
    type_number(explore, "rows, as a number", str(rows), "input")
    type_number(explore, "cols, as a number", str(columns), "input")
    expect(explore.locator("[data-column=input] .ks-shape")).to_have_text(f"{rows} × {columns}")
    event = hover_cell(explore, "input", rows - 1, columns - 1, (rows, columns))
    assert event["index"] == [0, 0, rows - 1, columns - 1]


@pytest.mark.parametrize("text", ["0", "65", "-3", "2.5"])
def test_a_grid_of_no_such_size_is_refused_by_the_server_s_sentence(explore: Page, text: str):
    field = explore.get_by_label("rows, as a number")
    field.fill(text)
    field.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("must be a whole number from 1 to 64")
    expect(field).to_have_value("5")


@pytest.mark.parametrize("name", ["noise", "checkerboard", "disc"])
def test_a_pattern_fills_the_grid_and_undo_takes_it_back(explore: Page, name: str):
    explore.locator("[data-column=input] summary").click()
    choose(explore, "Fill with…", name)
    expected = apply(Experiment(), {"op": "pattern", "value": name}).grid
    shown = np.array([[hover_cell(explore, "input", r, c, (5, 5))["value"] for c in range(5)] for r in (0, 2)])
    np.testing.assert_array_equal(shown, expected[[0, 2]])
    assert patterns.title(name)
    press(explore, "↶ Undo")
    assert hover_cell(explore, "input", 0, 0, (5, 5))["value"] == 1


def test_the_grid_is_filled_with_the_brush_and_cleared(explore: Page):
    explore.get_by_label("brush: the value").first.fill("4")
    press(explore, "Fill with the brush", within="input")
    assert hover_cell(explore, "conv", 1, 1, (3, 3))["value"] == 0
    explore.keyboard.press("Escape")
    assert hover_cell(explore, "input", 4, 4, (5, 5))["value"] == 4
    press(explore, "Clear", within="input")
    explore.keyboard.press("Escape")
    assert hover_cell(explore, "input", 4, 4, (5, 5))["value"] == 0


def test_a_picture_is_taken_with_the_camera(browser: Browser, server: Server):
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    running = browser.browser_type.launch(executable_path=find_browser(), args=[*FLAGS, *flags])
    context = running.new_context(viewport={"width": 1440, "height": 1000}, permissions=["camera"])
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    before = revision(page)
    page.locator("[data-column=input] summary").click()
    page.get_by_role("button", name="Camera…").click()
    page.get_by_role("button", name="Take the picture").click()
    wait_drawn(page, "probabilities", "cnn_core", before)
    expect(page.locator("[data-column=input] .ks-note")).to_contain_text("camera.png")
    expect(page.locator(".ks-dialog")).not_to_be_visible()
    running.close()


def test_without_a_camera_the_page_says_so_and_offers_another_way(explore: Page):
    explore.locator("[data-column=input] summary").click()
    explore.get_by_role("button", name="Camera…").click()
    expect(explore.locator(".ks-notice")).to_contain_text("Upload a picture")
    expect(explore.locator(".ks-dialog")).not_to_be_visible()


def test_what_a_spreadsheet_writes_is_read_as_it_was_meant(explore: Page):
    cases = {
        "1\t2\n3\t4": [[1, 2], [3, 4]],
        "1 2\r\n3 4\r\n": [[1, 2], [3, 4]],
        "1,2,3\n4,5,6": [[1, 2, 3], [4, 5, 6]],
        "1, 2\n3, 4": [[1, 2], [3, 4]],
        "1,5\t2,5": [[1.5, 2.5]],
        "−1 1/4": [[-1, 0.25]],
        "7": [[7]],
    }
    script = "async (text) => (await import('/ui/common/format.js')).readRows(text).rows"
    for text, rows in cases.items():
        assert explore.evaluate(script, text) == rows, text


@pytest.mark.parametrize("case", BRACKETED, ids=lambda case: repr(case["text"]))
def test_rows_in_brackets_are_read_as_cnn_core_reads_them(modules: Page, case: dict):
    script = "async (text) => (await import('/ui/common/format.js')).readRows(text)"
    told = modules.evaluate(script, case["text"])
    assert told["rows"] == (case["rows"] or [])
    assert (told["why"] is None) == (case["rows"] is not None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[1,2,3],[4,5,6],[7,8,9.5]]", "Pasted 3 × 3 numbers from Input [1, 1] on"),
        ("[[1,2", "These brackets hold no grid of numbers; [[1, 2], [3, 4]] works."),
        ("hello", "“hello” is not a number"),
    ],
)
def test_a_list_pasted_on_an_open_cell_goes_to_the_input_and_a_text_is_refused_at_once(
    explore: Page, text: str, said: str
):
    for _ in range(2):  # the second click opens its field
        explore.mouse.click(*cell_centre(explore, "input", 1, 1, (5, 5)))
    explore.evaluate(PASTE, [text, None])
    expect(explore.locator(".ks-notice")).to_contain_text(said)
    expect(explore.locator(".ks-cell-editor")).to_have_count(0)
    assert hover_cell(explore, "input", 3, 3, (5, 5))["value"] == (9.5 if "Pasted" in said else WORKED_GRID[3][3])


class SlowRoad:
    """A picture's way to the server, as long as the test wants."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.held: list[Route] = []
        page.route("**/upload_file/**", self.hold)
        page.set_input_files(".st-key-photo input[type=file]", ASSETS / "photograph.jpg")
        expect(page.locator(".ks-busy")).to_contain_text("Reading photograph.jpg…")

    def hold(self, route: Route) -> None:
        self.held.append(route)

    def let_go(self) -> None:
        with self.page.expect_response("**/upload_file/**"):
            self.held[0].continue_()


def test_long_work_says_what_it_does_and_can_be_called_off(explore: Page):
    road = SlowRoad(explore)
    explore.locator(".ks-busy").get_by_role("button", name="Cancel").click()
    expect(explore.locator(".ks-busy")).not_to_be_visible()
    # What was called off does not come, and what is done meanwhile is not lost.
    explore.get_by_label("weight, row 0, column 0").fill("7")
    explore.get_by_label("weight, row 0, column 0").press("Enter")
    road.let_go()
    explore.wait_for_timeout(2000)
    expect(explore.locator("[data-column=input] .ks-shape")).to_have_text("5 × 5")
    expect(explore.get_by_label("weight, row 0, column 0")).to_have_value("7")


def test_while_a_large_picture_is_read_the_page_and_its_message_do_not_fade(explore: Page):
    large = io.BytesIO()
    Image.linear_gradient("L").resize((6000, 4000)).convert("RGB").save(large, "JPEG")
    file = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()}
    explore.set_input_files(".st-key-photo input[type=file]", file)
    expect(explore.locator(".ks-busy")).to_be_visible()
    # The framework begins to fade what is stale after half a second, and takes one for it.
    explore.wait_for_function("() => document.querySelector('[data-stale=true] .ks-strip')")
    faint = explore.evaluate("""async () => {
      const stale = () => [...document.querySelectorAll("[data-stale=true]")];
      let least = 1;
      while (!document.querySelector(".ks-busy").hidden && stale().length) {
        least = Math.min(least, ...stale().map((each) => Number(getComputedStyle(each).opacity)));
        await new Promise(requestAnimationFrame);
      }
      return least;
    }""")
    assert faint == 1
    expect(explore.locator("[data-column=input] .ks-shape")).not_to_have_text("5 × 5")


def test_an_edit_made_while_a_picture_is_read_is_kept(explore: Page):
    road = SlowRoad(explore)
    explore.get_by_label("weight, row 0, column 0").fill("7")
    explore.get_by_label("weight, row 0, column 0").press("Enter")
    road.let_go()
    expect(explore.locator("[data-column=input] .ks-shape")).not_to_have_text("5 × 5", timeout=20_000)
    expect(explore.locator(".ks-busy")).not_to_be_visible()
    expect(explore.get_by_label("weight, row 0, column 0")).to_have_value("7")
    explore.get_by_role("button", name="Undo").click()
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=input] .ks-shape")).to_have_text("5 × 5")
    expect(explore.get_by_label("weight, row 0, column 0")).to_have_value("1")


def test_a_setting_that_stops_says_why_where_it_is_pressed(explore: Page):
    # Marked as not available, and yet it can be pressed: it answers with its reason.
    explore.locator("[data-column=kernel]").get_by_role("button", name="less stride", exact=True).dispatch_event(
        "click"
    )
    expect(explore.locator(".ks-notice")).to_contain_text("A stride of 0 would never move on")
    explore.locator("[data-column=kernel]").get_by_role("button", name="more stride", exact=True).click()
    expect(explore.locator("[data-column=conv] .ks-shape")).to_have_text("2 × 2")
    explore.locator("[data-column=kernel]").get_by_role("button", name="more stride", exact=True).dispatch_event(
        "click"
    )
    expect(explore.locator(".ks-notice")).to_contain_text("With stride 3, ")
    expect(explore.locator("[data-column=conv] .ks-shape")).to_have_text("2 × 2")


@pytest.mark.parametrize("text", ["many", "1/0", "", "1e999"])
def test_a_field_for_a_number_refuses_what_is_none(explore: Page, text: str):
    field = explore.get_by_label("bias", exact=True)
    field.fill(text)
    field.press("Tab")
    expect(explore.locator(".ks-notice")).to_contain_text("is not a number, so the bias stays 0")
    expect(field).to_have_value("0")


def test_what_changed_is_told_to_those_who_do_not_see_it(explore: Page):
    type_number(explore, "bias", "3")
    live = explore.locator(".ks > [aria-live=polite]")
    expect(live).to_have_text("bias: 3. Now Feature map [0, 1] is 15")
    choose(explore, "Activation", "tanh")
    expect(live).to_have_text("Activation: Tanh. Now Feature map [0, 1] is 15")
    type_number(explore, "rows, as a number", "6")
    expect(live).to_contain_text("rows: 6. Input 6 × 5. Feature map 4 × 3. ")


def test_a_file_is_dropped_anywhere_on_the_page(explore: Page):
    data = (ASSETS / "photograph.jpg").read_bytes()
    before = revision(explore)
    explore.locator(".ks-ledger").evaluate(
        """(target, bytes) => {
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
          for (const type of ["dragover", "drop"]) {
            target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: files }));
          }
        }""",
        list(data),
    )
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("dropped.jpg")
    expect(explore.locator(".ks-drop")).to_have_count(0)
