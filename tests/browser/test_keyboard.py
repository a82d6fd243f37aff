"""The keyboard alone: playing, stepping, undoing, unfolding, choosing, and where the focus is seen to be."""

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from cnn_core import kernels
from pages.shared import samples
from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import (
    cell_centre,
    choose,
    clear,
    edited,
    frames,
    hover_cell,
    last_cell,
    press,
    revision,
    same_sum,
    take_sample,
    wait_drawn,
    weights,
)

pytestmark = pytest.mark.browser


def keys(page: Page, *pressed: str, view: str = "conv") -> None:
    """Press keys and wait for cnn_core's answer to the last of them."""
    *before, last = pressed
    for key in before:
        page.keyboard.press(key)
    newest = revision(page)
    page.keyboard.press(last)
    wait_drawn(page, view, "cnn_core", newest)


# From the third cell on the window slides as slowly as it can, and does not come to its end while a test looks away.
SLOW_AFTER_THREE = """() => document.addEventListener("cnn:cell", () => {
  const speed = document.querySelector("[aria-label=speed]");
  if (window.cnn.cell.length === 3) speed.value = 0;
})"""


def test_space_plays_and_pauses_and_the_buttons_step_by_enter(explore: Page):
    trace = build(Experiment()).trace
    speed = explore.get_by_label("speed")
    speed.fill("60")
    explore.evaluate(SLOW_AFTER_THREE)
    explore.locator("[data-view=conv]").focus()
    clear(explore)
    explore.keyboard.press("Space")
    explore.wait_for_function("window.cnn.cell.length >= 3")
    expect(explore.get_by_role("button", name="Pause")).to_be_visible()
    explore.keyboard.press("Space")
    expect(explore.get_by_role("button", name="Play")).to_be_visible()
    assert [each["index"][2:] for each in explore.evaluate("window.cnn.cell")][:3] == [[0, 0], [0, 1], [0, 2]]
    stopped = explore.evaluate("window.cnn.cell.length")
    speed.fill("100")  # were it sliding, no frame would be without a cell of its own
    frames(explore, 12)
    assert explore.evaluate("window.cnn.cell.length") == stopped < 9
    for name, cell in (
        ("To the last cell", (2, 2)),
        ("One cell back", (2, 1)),
        ("To the first cell", (0, 0)),
        ("One cell on", (0, 1)),
    ):
        clear(explore)
        explore.get_by_role("button", name=name).press("Enter")
        same_sum(last_cell(explore), trace.explain(0, (0, 0, *cell)))
        expect(explore.locator(".ks-ledger h2")).to_have_text(f"Feature map [{cell[0]}, {cell[1]}]")


def test_edits_are_undone_and_done_again_by_all_the_usual_keys_and_a_stepper_steps_by_arrows(explore: Page):
    before = revision(explore)
    explore.locator("[data-view=kernel] input").first.fill("7")
    wait_drawn(explore, "conv", "cnn_core", before)
    explore.locator("[data-view=conv]").focus()
    for key, weight in (("Control+z", 1), ("Control+Shift+Z", 7), ("Control+z", 1), ("Control+y", 7)):
        keys(explore, key)
        assert weights(explore)[0, 0] == weight
        explore.mouse.move(5, 5)
        assert hover_cell(explore, "conv", 0, 0, (3, 3))["value"] == -6 + (weight - 1)
    field = explore.get_by_label("rows, as a number", exact=True)
    shape = explore.locator("[data-column=input] .ks-shape")
    field.focus()
    for key, rows in (("ArrowUp", 6), ("ArrowUp", 7), ("ArrowDown", 6)):
        keys(explore, key, view="input")
        expect(field).to_be_focused()
        expect(field).to_have_value(str(rows))
        expect(shape).to_have_text(f"{rows} × 5")


def test_home_and_end_lead_to_the_ends_of_a_row_and_with_control_to_those_of_the_map(explore: Page):
    for view, start, ends in (
        ("input", (1, 2), {"End": [1, 4], "Home": [1, 0], "Control+End": [4, 4], "Control+Home": [0, 0]}),
        ("conv", (1, 1), {"Home": [1, 0], "End": [1, 2], "Control+Home": [0, 0], "Control+End": [2, 2]}),
    ):
        explore.mouse.click(*cell_centre(explore, view, *start, (5, 5) if view == "input" else (3, 3)))
        explore.mouse.move(2, 2)
        for key, place in ends.items():
            explore.keyboard.press(key)
            assert last_cell(explore)["index"][2:] == place
    explore.locator("[data-view=probabilities]").focus()
    for key, at in (("End", 2), ("Home", 0)):
        explore.keyboard.press(key)
        assert last_cell(explore)["index"] == [0, at]


def test_on_a_closer_map_home_shows_all_of_it_first(explore: Page):
    take_sample(explore, "Shapes")
    explore.mouse.click(*cell_centre(explore, "input", 30, 40, (128, 128)))
    explore.keyboard.press("PageUp")
    explore.keyboard.press("Home")
    expect(explore.get_by_role("button", name="Show the whole map (Home on a map)")).to_have_attribute(
        "aria-disabled", "true"
    )
    here = last_cell(explore)["index"]
    explore.keyboard.press("Home")
    assert last_cell(explore)["index"] == [*here[:3], 0]


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_a_key_that_empties_a_chosen_input_cell_sets_it_to_0_and_one_undo_takes_it_back(explore: Page, key: str):
    explore.mouse.click(*cell_centre(explore, "input", 2, 2, (5, 5)))
    keys(explore, key, view="input")
    assert hover_cell(explore, "input", 2, 2, (5, 5))["value"] == 0
    press(explore, "↶ Undo", "input")
    assert hover_cell(explore, "input", 1, 1, (5, 5))["value"] == 5
    assert hover_cell(explore, "input", 2, 2, (5, 5))["value"] == 9
    explore.mouse.click(*cell_centre(explore, "conv", 0, 1, (3, 3)))
    explore.keyboard.press(key)
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_undo_by_keys_works_wherever_the_page_was_pressed_last(explore: Page):
    choose(explore, "Activation", "tanh")
    explore.locator(".ks-heading").click()
    explore.keyboard.press("Control+z")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


def test_the_zoom_button_comes_closer_to_the_pinned_cell(explore: Page):
    take_sample(explore, "Shapes")
    explore.mouse.click(*cell_centre(explore, "conv", 20, 100, (126, 126)))
    for _ in range(6):
        explore.get_by_role("button", name="Zoom in").click()
    frames(explore)
    # The middle of the map shows the pinned cell or a neighbour of it.
    box = explore.locator("[data-view=conv]").bounding_box()
    clear(explore)
    explore.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explore.wait_for_function("window.cnn.cell.length > 0")
    row, column = last_cell(explore)["index"][2:]
    assert abs(row - 20) <= 4
    assert abs(column - 100) <= 4


def test_more_is_unfolded_by_enter_and_left_by_escape_with_the_focus_where_it_was(explore: Page):
    column = explore.locator("[data-column=kernel]")
    more, inside = column.locator("summary"), column.get_by_role("button", name="Random weights")
    more.focus()
    explore.keyboard.press("Enter")
    expect(inside).to_be_visible()
    for _ in range(3):
        explore.keyboard.press("Tab")
    expect(inside).to_be_focused()
    keys(explore, "Enter")
    expect(column.get_by_label("Kernel", exact=True)).to_have_value("own")
    explore.keyboard.press("Escape")
    expect(inside).not_to_be_visible()
    expect(more).to_be_focused()


def test_a_sample_and_its_planes_are_chosen_and_a_class_of_the_layer_behind(explore: Page):
    opener = explore.get_by_role("button", name="Samples")
    opener.focus()
    explore.keyboard.press("Enter")
    cards = explore.locator(".ks-sample")
    cards.last.wait_for()
    place = samples.names().index("colours")
    reached = cards.nth(place)
    for _ in range(place + 3):
        explore.keyboard.press("Tab")
        if reached.evaluate("(card) => card === document.activeElement"):
            break
    expect(reached).to_be_focused()
    keys(explore, "Enter", view="probabilities")
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text(samples.get("colours").licence)
    expect(opener).to_be_focused()
    choose(explore, "Colour", "rgb")
    planes = explore.locator("[data-column=input]").get_by_role("radio")
    expect(planes).to_have_count(4)
    planes.first.focus()
    trace = build(edited({"op": "sample", "value": "colours"}, {"op": "colour", "value": "rgb"})).trace
    for key, plane in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        explore.keyboard.press(key)
        expect(planes.nth(plane + 1)).to_be_focused()
        event = hover_cell(explore, "input", 40, 60, (128, 128))
        assert event["index"][1] == plane
        same_sum(event, trace.explain(-1, tuple(event["index"])))
    explore.locator(".ks-dense summary").focus()
    explore.keyboard.press("Enter")
    classes = explore.get_by_role("radiogroup", name="Which class").get_by_role("radio")
    classes.first.focus()
    explore.keyboard.press("ArrowLeft")
    expect(classes.nth(2)).to_be_focused()
    expect(explore.locator(".ks-dense-sum")).to_contain_text("score C = ")


def test_on_the_kernels_page_a_cell_is_walked_to_and_a_kernel_is_used(page: Page, server: Server):
    page.goto(f"{server.url}/kernels")
    wait_drawn(page, "laplacian")
    page.locator("[data-view=sobel_x]").focus()
    clear(page)
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    event = last_cell(page)
    asked = build(edited({"op": "library", "value": "sobel_x"})).trace.explain(0, tuple(event["index"]))
    assert (event["view"], event["index"]) == ("sobel_x", [0, 0, 1, 1])
    assert (event["value"], event["total"]) == (asked.value, asked.total)
    assert [each["product"] for each in event["terms"]] == [term.product for term in asked.terms]
    clear(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Use in Explore: Sobel x")).to_be_focused()
    page.keyboard.press("Enter")
    wait_drawn(page, "probabilities")
    np.testing.assert_array_equal(weights(page), kernels.get("sobel_x").weights)


# What has the focus: how that is seen, and whether it lies on the screen with nothing over it.
FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  if (!at.closest(".ks")) return { ours: false };
  const style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const there = document.elementFromPoint(...middle);
  return {
    ours: true,
    name: at.getAttribute("aria-label") || at.textContent.trim() || at.closest("label")?.textContent.trim(),
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    shown: at.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && at.contains(there),
  };
}"""


@pytest.mark.parametrize(
    ("path", "view", "name"),
    [
        ("", "conv", "Feature map [1, 1]"),
        ("convolution", "output-0", "Output channel 0 [2, 1]"),
        ("pooling", "max", "Max [1, 1]"),
        ("layers", "output-0", "After [2, 1]"),
    ],
    ids=["explore", "convolution", "pooling", "layers"],
)
def test_one_press_of_tab_and_enter_go_past_all_controls_to_the_pinned_cell(
    page: Page, server: Server, path: str, view: str, name: str
):
    page.goto(f"{server.url}/{path}")
    wait_drawn(page, view)
    page.get_by_test_id("stMain").focus()  # what scrolls is where the framework's menu leaves off
    skip = page.get_by_role("button", name="Skip to the pinned cell")
    assert skip.bounding_box()["width"] <= 1
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["width"] > 100
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-view={view}]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".ks-ledger h2")).to_have_text(name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tab_reaches_everything_and_the_focus_is_always_seen(browser: Browser, server: Server, scheme: str):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    page = context.new_page()
    for path, view, wanted in (
        ("", "probabilities", ["Upload…", "Pooled, a map of numbers", "weight, row 2, column 2", "Take away…"]),
        ("/kernels", "laplacian", ["Corner, a map of numbers", "Use in Explore: Corner"]),
    ):
        page.goto(f"{server.url}{path}")
        wait_drawn(page, view)
        found = []
        for _ in range(200):
            page.keyboard.press("Tab")
            focused = page.evaluate(FOCUSED)
            if focused is None:
                break
            if focused["ours"]:
                found.append(focused)
        else:
            pytest.fail("Tab never left the page")
        assert [each["name"] for each in found if not each["seen"]] == []
        assert [each["name"] for each in found if not each["shown"]] == []
        names = [each["name"] for each in found]
        assert all(names), "something that has the focus has no name"
        assert set(wanted) <= set(names)
        reachable = page.locator(".ks :is(button, input, select, summary):not([tabindex='-1']):visible").count()
        assert len(names) >= reachable
    context.close()


def test_a_kernel_is_named_and_saved_without_a_mouse_and_buttons_that_stop_say_why(explore: Page):
    explore.locator("[data-column=kernel] summary").focus()
    explore.keyboard.press("Enter")
    explore.get_by_label("name", exact=True).focus()
    explore.keyboard.type("mine")
    keys(explore, "Enter", view="kernel")
    expect(explore.locator(".ks-sentence b")).to_have_text("mine")
    explore.get_by_role("button", name="Remove this kernel").focus()
    explore.keyboard.press("Enter")
    expect(explore.locator(".ks-notice")).to_contain_text("The last kernel stays")
    explore.get_by_role("button", name="Close this message").press("Enter")
    expect(explore.locator(".ks-notice")).to_be_hidden()
    press(explore, "↶ Undo", "kernel")
    expect(explore.locator(".ks-sentence b")).to_have_text("Vertical edges")


def to_page(page: Page, title: str, view: str) -> None:
    """Go to another page by the bar above, where the focus stays."""
    clear(page)
    page.get_by_role("navigation").get_by_role("link", name=title).click()
    wait_drawn(page, view)


@pytest.mark.parametrize("way", ["by the bar", "by Back"])
def test_undo_reaches_the_page_one_has_come_back_to(explore: Page, way: str):
    choose(explore, "Activation", "tanh", "activation")
    to_page(explore, "Pooling", "max")
    if way == "by Back":
        clear(explore)
        explore.go_back()
        wait_drawn(explore, "activation")
    else:
        to_page(explore, "Explore", "activation")
    title = explore.locator("[data-column=activation] h2")
    expect(title).to_have_text("Tanh")
    keys(explore, "Control+z", view="activation")
    expect(title).to_have_text("ReLU")
    keys(explore, "Control+Shift+Z", view="activation")
    expect(title).to_have_text("Tanh")


def test_a_field_of_the_framework_s_own_keeps_its_undo(explore: Page):
    choose(explore, "Activation", "tanh", "activation")
    before = revision(explore)
    explore.evaluate("""() => {
      for (const made of ["input", "textarea", "div"]) {
        const field = document.createElement(made);
        if (made === "div") Object.assign(field, { contentEditable: "true", tabIndex: 0 });
        document.querySelector(".stAppHeader").append(field);
        field.className = "written";
      }
      const dialog = document.createElement("div");
      dialog.setAttribute("role", "dialog");
      dialog.innerHTML = "<button class=written>Close</button>";
      document.body.append(dialog);
    }""")
    for field in explore.locator(".written").all():
        field.focus()
        explore.keyboard.press("Control+z")
    explore.wait_for_timeout(200)
    assert revision(explore) == before
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Tanh")


RADIOS = {
    "of a control": ("layers", "slope-0", ".ks-segments"),
    "of looking": ("pooling", "max", ".ks-modes"),
    "of kernels": ("", "probabilities", "[data-column=kernel] .ks-planes"),
    "of classes": ("", "probabilities", ".ks-dense-classes"),
}


@pytest.mark.parametrize("which", RADIOS)
def test_home_and_end_go_to_the_ends_of_a_radio_group(page: Page, server: Server, which: str):
    address, view, group = RADIOS[which]
    page.goto(f"{server.url}/{address}")
    wait_drawn(page, view)
    if which == "of kernels":
        for _ in range(2):
            press(page, "Add a kernel", "activation", within="kernel")
    if which == "of classes":
        page.locator(".ks-dense summary").click()
    radios = page.locator(group).first.get_by_role("radio")
    expect(radios.nth(1)).to_be_visible()
    last = radios.count() - 1
    radios.and_(page.locator("[aria-checked=true]")).focus()
    for key, at in (("End", last), ("Home", 0), ("ArrowLeft", last), ("ArrowRight", 0), ("ArrowDown", min(1, last))):
        page.keyboard.press(key)
        expect(radios.nth(at)).to_be_checked()
        expect(radios.nth(at)).to_be_focused()
        expect(page.locator(group).first.locator("[tabindex='0']")).to_have_count(1)


def test_whatever_the_tab_key_comes_to_first_shows_that_it_has_the_focus(explore: Page):
    """The bar's links, the page itself, which scrolls by the arrow keys, and the first controls."""
    seen = []
    for _ in range(11):
        explore.keyboard.press("Tab")
        tag, outline, shadow = explore.evaluate("""() => {
          const { outlineStyle, boxShadow } = getComputedStyle(document.activeElement);
          return [document.activeElement.tagName, outlineStyle, boxShadow];
        }""")
        assert (outline, shadow) != ("none", "none"), tag
        seen.append(tag)
    assert "MAIN" in seen
