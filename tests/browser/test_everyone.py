"""For everyone: no serious accessibility violation on any page, in light or dark, on wide screens and phones."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import (
    WATCH_THE_LEDGER,
    Fingers,
    cell_centre,
    clear,
    frames,
    last_cell,
    resize,
    revision,
    take_sample,
    type_number,
    wait_drawn,
    weights,
)

pytestmark = pytest.mark.browser

SIZES = {"wide": (1440, 1000), "phone": (360, 740)}

# What of the components reaches further right than the screen; what is folded away or unseen does not count.
OVER_THE_EDGE = """() => [...document.querySelectorAll(".ks *")].filter((each) => {
  const box = each.getBoundingClientRect();
  const unseen = each.closest(".ks-unseen, details:not([open]), dialog:not([open])");
  return box.width && box.right > document.documentElement.clientWidth + 1 && !unseen;
}).map((each) => each.className || each.tagName).slice(0, 5)"""


def serious(page: Page) -> list[str]:
    """Each serious or critical violation on the page, with the first element it concerns."""
    told = Axe().run(page).response
    assert len(told["passes"]) > 10, "axe looked at nothing"
    found = told["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:160]} {each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.fixture(params=[(scheme, size) for scheme in ("light", "dark") for size in SIZES], ids="-".join)
def anyone(request: pytest.FixtureRequest, browser: Browser) -> Page:
    scheme, size = request.param
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


def test_explore_has_no_serious_violation_with_everything_opened(anyone: Page, server: Server):
    anyone.goto(server.url)
    wait_drawn(anyone, "probabilities")
    assert serious(anyone) == []
    for view in ("input", "kernel", "pool", "scores"):
        anyone.locator(f"[data-column={view}] summary").click()
        assert serious(anyone) == [], view
        anyone.keyboard.press("Escape")
    anyone.locator(".ks-dense summary").click()
    assert serious(anyone) == [], "the fully connected layer"
    # A setting that does not go says so in a message; a dialog may lie over the page.
    anyone.locator("[data-column=kernel]").get_by_role("button", name="less stride", exact=True).dispatch_event("click")
    assert serious(anyone) == [], "a message"
    for view, name in (
        ("kernel", "Library, with pictures…"),
        ("kernel", "Type or paste weights…"),
        ("conv", "As a table"),
        ("input", "Paste numbers…"),
    ):
        fold = anyone.locator(f"[data-column={view}]")
        fold.locator("summary").click()
        fold.get_by_role("button", name=name).click()
        anyone.get_by_role("dialog").wait_for()
        assert serious(anyone) == [], name
        anyone.keyboard.press("Escape")  # the dialog
        anyone.keyboard.press("Escape")  # what it was opened from
    anyone.get_by_role("button", name="Take away").click()
    assert serious(anyone) == []
    anyone.keyboard.press("Escape")
    before = revision(anyone)
    anyone.get_by_role("button", name="Samples").click()
    anyone.locator(".ks-sample").first.wait_for()
    assert serious(anyone) == []
    anyone.locator(".ks-sample").first.click()
    wait_drawn(anyone, "probabilities", "cnn_core", before)
    before = revision(anyone)
    anyone.get_by_label("Colour", exact=True).select_option("rgb")
    wait_drawn(anyone, "probabilities", "cnn_core", before)
    assert serious(anyone) == []


def test_gradients_have_no_serious_violation_and_reach_over_no_edge(anyone: Page, server: Server):
    anyone.goto(server.url)
    wait_drawn(anyone, "probabilities")
    clear(anyone)
    anyone.get_by_label("What the maps show").select_option("loss:0")
    wait_drawn(anyone, "conv")
    anyone.locator("[data-view=kernel_gradient]").click()
    expect(anyone.locator(".ks-ledger h2")).to_contain_text("∂ loss (class A) / ∂ weight [1, 1]")
    assert serious(anyone) == []
    assert anyone.evaluate(OVER_THE_EDGE) == []


def test_kernels_has_no_serious_violation(anyone: Page, server: Server):
    anyone.goto(f"{server.url}/kernels")
    wait_drawn(anyone, "laplacian")
    assert serious(anyone) == []


def test_nothing_reaches_over_the_edge_of_the_screen(anyone: Page, server: Server):
    for path, view in (("", "probabilities"), ("/kernels", "laplacian")):
        anyone.goto(f"{server.url}{path}")
        wait_drawn(anyone, view)
        # The page scrolls in a container of the framework's own, so that is what is measured.
        assert anyone.evaluate(OVER_THE_EDGE) == []
    anyone.goto(server.url)
    wait_drawn(anyone, "probabilities")
    folds = anyone.locator(".ks-more summary").all()
    assert len(folds) == 8
    for fold in folds:
        fold.click()
        assert anyone.evaluate(OVER_THE_EDGE) == []
        # All of it can be come by: what is higher than the window scrolls in itself.
        box = anyone.locator(".ks-more[open] .ks-controls").bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= anyone.viewport_size["height"]
        anyone.keyboard.press("Escape")
        assert anyone.locator(".ks-more[open]").count() == 0


# Whatever of one column lies over the next, where they stand side by side; left of a column is its neighbour's.
OVER_THE_NEXT = """() => [...document.querySelectorAll(".ks-strip > .ks-column")].flatMap((column, k, all) => {
  const [own, next] = [column, all[k + 1]].map((each) => each?.getBoundingClientRect());
  if (!next || next.left <= own.left) return [];
  return [...column.querySelectorAll("*")].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.width && box.right > next.left + 0.5 && !each.closest(".ks-unseen, details:not([open])");
  }).map((each) => `${column.dataset.column}: ${each.className || each.tagName}`);
}).slice(0, 5)"""


def test_between_a_phone_and_a_wide_screen_no_column_lies_over_the_next_and_the_grid_keeps_its_numbers(explore: Page):
    for width in (880, 960, 1024, 1100, 1160, 1280, 1366):
        resize(explore, width, 768)
        assert explore.evaluate(OVER_THE_EDGE) == [], width
        assert explore.evaluate(OVER_THE_NEXT) == [], width
        box = explore.locator("[data-view=input] canvas").first.bounding_box()
        assert box["width"] / 5 >= 18, width  # px a cell: a smaller one is drawn without its number


# What is drawn and what is written from now on.
COUNT_DRAWING = """() => {
  window.painted = 0;
  for (const name of ["clearRect", "fillRect", "drawImage"]) {
    const own = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...all) {
      window.painted += 1;
      return own.apply(this, all);
    };
  }
}"""


@pytest.mark.parametrize(
    ("path", "view"),
    [("", "probabilities"), ("convolution", "output-0"), ("pooling", "max"), ("layers", "slope-0")],
    ids=["explore", "convolution", "pooling", "layers"],
)
def test_a_page_that_grows_longer_is_not_drawn_again_and_at_another_width_its_sum_stays(
    page: Page, server: Server, path: str, view: str
):
    page.goto(f"{server.url}/{path}")
    wait_drawn(page, view)
    page.locator(".ks-ledger-body *").first.hover()
    frames(page)  # what the pointer has drawn
    clear(page)
    page.evaluate(COUNT_DRAWING)
    page.evaluate(WATCH_THE_LEDGER)
    root = page.locator(".ks").first

    def becomes(style: str) -> list[int]:
        """Of a page in this style: what was drawn on it, and what of its ledger was written anew."""
        root.evaluate("(root, style) => root.setAttribute('style', style)", style)
        frames(page, 8)  # one to lay it out, two to draw it, and some for what should not follow
        return page.evaluate("[window.painted, window.rewritten ?? 0]")

    assert becomes("padding-bottom: 80px") == [0, 0]
    painted, rewritten = becomes("max-width: 900px")
    assert painted > 0
    assert rewritten == 0


def test_every_page_has_a_title_of_its_own_for_tabs_bookmarks_and_history(page: Page, server: Server):
    page.goto(f"{server.url}/pooling")
    expect(page).to_have_title("Pooling · Kernelscope")
    wait_drawn(page, "max")
    for name, view, ahead in (("Layers", "output-0", "Layers · "), ("Explore", "probabilities", "")):
        page.get_by_role("link", name=name, exact=True).click()
        wait_drawn(page, view)
        expect(page).to_have_title(f"{ahead}Kernelscope")


@pytest.mark.parametrize("touch", [False, True], ids=["mouse", "touch"])
def test_at_four_times_the_size_nothing_reaches_over_the_edge(browser: Browser, server: Server, touch: bool):
    # 1280 px at 400 % are 320: what WCAG 1.4.10 asks to reflow.
    context = browser.new_context(viewport={"width": 320, "height": 640}, has_touch=touch, is_mobile=touch)
    context.add_init_script(LISTEN)
    page = context.new_page()
    for path, view in (("", "scores"), ("convolution", "output-0"), ("pooling", "max"), ("layers", "output-0")):
        page.goto(f"{server.url}/{path}")
        wait_drawn(page, view)
        assert page.evaluate(OVER_THE_EDGE) == [], path
    context.close()


def test_more_that_opens_upwards_ends_below_the_bar_over_the_page(explore: Page):
    explore.set_viewport_size({"width": 1440, "height": 800})
    explore.locator("[data-column=kernel] summary").click()
    box = explore.locator(".ks-more[open] .ks-controls").bounding_box()
    bar = explore.get_by_test_id("stHeader").bounding_box()
    assert box["y"] + box["height"] <= explore.locator("[data-column=kernel] summary").bounding_box()["y"]
    assert box["y"] >= bar["y"] + bar["height"]


@pytest.mark.parametrize("view", ["input", "kernel", "pool"])
def test_more_that_opens_upwards_leaves_the_map_in_sight_that_it_changes(explore: Page, view: str):
    explore.set_viewport_size({"width": 1366, "height": 768})
    explore.locator(f"[data-column={view}] summary").click()
    box = explore.locator(".ks-more[open] .ks-controls").bounding_box()
    shown = explore.locator(f"[data-view={view}]").bounding_box()
    assert box["y"] < shown["y"] + shown["height"]  # else it would be in sight anyhow
    assert box["x"] + box["width"] <= shown["x"] or box["x"] >= shown["x"] + shown["width"]


def test_more_closes_at_a_press_elsewhere_and_only_one_is_open(explore: Page):
    explore.locator("[data-column=pool] summary").click()
    explore.locator("[data-column=kernel] summary").click()
    assert explore.locator(".ks-more[open]").count() == 1
    explore.locator(".ks-heading").click()
    assert explore.locator(".ks-more[open]").count() == 0


@pytest.fixture
def phone(handheld: Page, server: Server) -> Page:
    handheld.goto(server.url)
    wait_drawn(handheld, "probabilities")
    return handheld


def test_on_a_phone_a_second_tap_on_a_cell_opens_its_field(phone: Page):
    place = cell_centre(phone, "input", 1, 1, (5, 5))
    phone.touchscreen.tap(*place)
    expect(phone.locator(".ks-ledger h2")).to_have_text("Input [1, 1]")
    phone.touchscreen.tap(*place)
    field = phone.get_by_label("cell value")
    expect(field).to_be_focused()
    before = revision(phone)
    field.fill("7")
    field.press("Enter")
    wait_drawn(phone, "conv", "cnn_core", before)
    expect(phone.locator(".ks-ledger-value")).to_have_text("7")
    assert last_cell(phone)["index"] == [0, 0, 1, 1]


def test_a_finger_that_scrolls_past_the_kernel_or_a_picture_changes_neither(phone: Page):
    def swipe_up(view: str, place: float = 0.5) -> None:
        """Draw a finger up over a view, and wait until the page has scrolled."""
        phone.locator(f"[data-view={view}]").evaluate("(each) => each.scrollIntoView({ block: 'center' })")
        phone.wait_for_timeout(200)
        box = phone.locator(f"[data-view={view}]").bounding_box()
        x, y = box["x"] + box["width"] * place, box["y"] + box["height"] * place
        before = phone.evaluate("document.querySelector('.stMain').scrollTop")
        Fingers(phone).stroke((x, y), (x, y - 150), parts=10)
        phone.wait_for_function("(before) => document.querySelector('.stMain').scrollTop > before + 50", arg=before)
        frames(phone)

    before = weights(phone)
    swipe_up("kernel")
    np.testing.assert_array_equal(weights(phone), before)
    take_sample(phone, "Shapes")
    drawn_before = revision(phone)
    swipe_up("input")
    assert revision(phone) == drawn_before
    expect(phone.get_by_role("button", name="Draw", exact=True)).to_be_visible()


def test_on_a_phone_play_and_undo_stay_in_sight_and_the_ledger_folds(phone: Page):
    height = phone.viewport_size["height"]
    for name in ("Play", "Undo"):
        box = phone.get_by_role("button", name=name).first.bounding_box()
        assert 0 <= box["y"] < box["y"] + box["height"] <= height
        assert box["height"] >= 40
    phone.get_by_role("button", name="feeds", exact=True).click()
    full = phone.locator(".ks-ledger").bounding_box()["height"]
    phone.get_by_role("button", name="hide", exact=True).click()
    assert phone.locator(".ks-ledger").bounding_box()["height"] < full - 40
    phone.get_by_role("button", name="show", exact=True).click()
    assert phone.locator(".ks-ledger").bounding_box()["height"] == full


def test_a_large_kernel_on_a_phone_lies_beside_nothing(phone: Page):
    phone.locator("[data-column=kernel] summary").click()
    type_number(phone, "kernel, as a number", "11", "kernel")
    phone.keyboard.press("Escape")
    kernel = phone.locator("[data-view=kernel]").bounding_box()
    assert kernel["x"] + kernel["width"] <= 390
    for element in phone.locator("[data-column=kernel] > :not(.ks-body)").all():
        box = element.bounding_box()
        if box:
            apart = box["y"] + box["height"] <= kernel["y"] + 1 or box["y"] >= kernel["y"] + kernel["height"] - 1
            assert apart, element.inner_text()


# Selects whose chosen option has less room than its letters need beside the arrow (at least 16 px).
CHOICES_CUT = """() => [...document.querySelectorAll(":is(.ks-strip, .ks-bar-top) select")].filter((select) => {
  if (!select.checkVisibility()) return false;
  const { font, paddingLeft, paddingRight } = getComputedStyle(select);
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.font = font;
  const letters = canvas.measureText(select.selectedOptions[0].textContent).width;
  return letters + 16 > select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
}).map((select) => `${select.getAttribute("aria-label")}: ${select.selectedOptions[0].textContent}`)"""


def test_what_is_chosen_in_a_column_s_menus_can_be_read_whole(any_screen: Page, server: Server):
    any_screen.goto(server.url)
    wait_drawn(any_screen, "probabilities")
    assert any_screen.evaluate(CHOICES_CUT) == []
    any_screen.set_viewport_size({"width": 390 if any_screen.viewport_size["width"] < 860 else 1366, "height": 800})
    take_sample(any_screen, "Cat")
    assert any_screen.evaluate(CHOICES_CUT) == []


def test_what_a_lesson_s_maps_show_can_be_read_whole_in_its_menu(any_screen: Page, server: Server):
    any_screen.goto(f"{server.url}/learn?lesson=learning")
    wait_drawn(any_screen, "input")
    expect(any_screen.get_by_label("What the maps show")).to_be_visible()
    assert any_screen.evaluate(CHOICES_CUT) == []
