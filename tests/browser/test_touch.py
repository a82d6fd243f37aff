"""A phone held in a hand: every control by a tap, maps by one finger or two; numbers held against cnn_core."""

import itertools
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from pages.shared import samples
from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import Server
from tests.browser.screen import (
    Fingers,
    cell_centre,
    clear,
    drawn,
    edited,
    frames,
    last_cell,
    open_experiment,
    revision,
    same_sum,
    wait_drawn,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(handheld: Page, server: Server) -> Page:
    """The Explore page on a phone."""
    handheld.goto(server.url)
    wait_drawn(handheld, "probabilities")
    return handheld


def tap(page: Page, control: Locator, view: str = "probabilities") -> None:
    """Tap a control and wait for cnn_core's answer."""
    before = revision(page)
    control.tap()
    wait_drawn(page, view, "cnn_core", before)


def middle_of_screen(page: Page, view: str) -> None:
    """Scroll a map to where neither the bar above nor the ledger below covers it."""
    page.locator(f"[data-view={view}]").evaluate("(map) => map.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(400)  # Chromium makes no click of a tap that follows a stroke sooner


def ask(page: Page, view: str, row: int, column: int, shape: tuple[int, int]) -> dict:
    """Tap a cell; what the page says of it."""
    middle_of_screen(page, view)
    clear(page)
    page.touchscreen.tap(*cell_centre(page, view, row, column, shape))
    page.wait_for_function("(view) => window.cnn.cell.some((each) => each.view === view)", arg=view)
    return last_cell(page)


def test_steppers_folds_dialogs_and_playing_answer_to_a_tap(phone: Page):
    tap(phone, phone.get_by_role("button", name="more rows"))
    tap(phone, phone.get_by_role("button", name="more padding", exact=True).first)
    experiment = edited({"op": "rows", "value": 6}, {"op": "padding", "value": 1})
    same_sum(ask(phone, "conv", 5, 0, (6, 5)), build(experiment).trace.explain(0, (0, 0, 5, 0)))
    fold = phone.locator("[data-column=kernel] summary")
    fold.tap()
    tap(phone, phone.locator("[data-column=kernel]").get_by_role("button", name="more dilation", exact=True))
    fold.tap()
    expect(phone.get_by_role("button", name="Add a kernel")).not_to_be_visible()
    experiment = edited({"op": "dilation", "value": 2}, start=experiment)
    shape = build(experiment).trace.stages[0].output.shape[2:]
    same_sum(ask(phone, "conv", 0, 0, shape), build(experiment).trace.explain(0, (0, 0, 0, 0)))
    phone.get_by_role("button", name="Take away").tap()
    dialog = phone.get_by_role("dialog", name="Take away")
    expect(dialog.get_by_text("NumPy script")).to_be_visible()
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    dialog.get_by_role("button", name="Close").tap()
    expect(dialog).not_to_be_visible()
    clear(phone)
    # The last of twelve cells comes after twenty seconds; a phone has no room for the slider that says so.
    phone.get_by_label("speed").evaluate("(speed) => { speed.value = 15; }")
    phone.get_by_role("button", name="Play").tap()
    phone.wait_for_function("window.cnn.cell.length >= 3")
    phone.get_by_role("button", name="Pause").tap()
    assert [each["index"] for each in phone.evaluate("window.cnn.cell")][:2] == [[0, 0, 0, 0], [0, 0, 0, 1]]
    phone.get_by_role("button", name="Samples").tap()
    tap(phone, phone.locator(".ks-sample", has_text="Brick wall"))
    expect(phone.locator("[data-column=input] .ks-note")).to_contain_text(samples.get("brick").licence)


def test_a_class_is_chosen_and_its_weights_are_drawn_on_with_a_finger(phone: Page, server: Server):
    start = edited({"op": "rows", "value": 9}, {"op": "columns", "value": 9})
    open_experiment(phone, server.url, start)
    phone.locator(".ks-dense summary").tap()
    phone.get_by_role("radiogroup", name="Which class").get_by_role("radio", name="B").tap()
    expect(phone.locator(".ks-dense-sum")).to_contain_text("score B = ")
    phone.get_by_label("brush: the weight").fill("2")
    middle_of_screen(phone, "dense_weights")
    before = revision(phone)
    from_, to = (cell_centre(phone, "dense_weights", 1, column, (3, 3)) for column in (0, 2))
    Fingers(phone).stroke(from_, to)
    wait_drawn(phone, "scores", "preview", before)
    wait_drawn(phone, "scores", "cnn_core", before)
    drawn_on = edited({"op": "dense", "features": 9, "cells": [[1, k, 2] for k in (3, 4, 5)]}, start=start)
    same_sum(ask(phone, "scores", 1, 0, (3, 1)), build(drawn_on).trace.explain(4, (0, 1)))


def test_two_fingers_come_closer_and_move_over_a_picture_without_painting_it(phone: Page):
    phone.get_by_role("button", name="Samples").tap()
    tap(phone, phone.locator(".ks-sample", has_text="Zone plate"))
    expect(phone.locator("[data-column=input] .ks-shape")).to_have_text("128 × 128")
    phone.wait_for_timeout(500)
    middle_of_screen(phone, "input")
    before = revision(phone)
    x, y = cell_centre(phone, "input", 64, 64, (128, 128))
    fingers = Fingers(phone)
    fingers.send("touchStart", (x - 20, y))
    fingers.send("touchStart", (x - 20, y), (x + 20, y))
    for apart in (30, 40, 50, 60):
        fingers.send("touchMove", (x - apart, y), (x + apart, y))
    frames(phone)
    closer = phone.locator(".ks-zoom-amount").inner_text()
    shown = "document.querySelector('[data-view=input] .ks-map-values').style.transform"
    place = phone.evaluate(shown)
    for moved in (8, 16, 24):
        fingers.send("touchMove", (x - 60 + moved, y + moved), (x + 60 + moved, y + moved))
    fingers.send("touchEnd")
    phone.wait_for_timeout(600)
    assert float(closer.rstrip("×")) == pytest.approx(3, abs=0.4)
    assert phone.evaluate(shown) != place
    assert revision(phone) == before
    middle_of_screen(phone, "conv")
    clear(phone)
    phone.touchscreen.tap(*cell_centre(phone, "conv", 60, 60, (126, 126)))
    phone.wait_for_function("window.cnn.cell.some((each) => each.view === 'conv')")
    event = last_cell(phone)
    trace = build(edited({"op": "sample", "value": "zone_plate"})).trace
    same_sum(event, trace.explain(0, tuple(event["index"])))


def test_a_finger_drawn_up_over_a_map_moves_the_page_and_changes_nothing(phone: Page):
    top = "document.querySelector('.stMain').scrollTop"
    for view, shape in (("conv", (3, 3)), ("activation", (3, 3))):
        middle_of_screen(phone, view)
        clear(phone)
        before = phone.evaluate(top)
        x, y = cell_centre(phone, view, 1, 1, shape)
        Fingers(phone).stroke((x, y), (x, y - 150), parts=10)
        phone.wait_for_function(f"(before) => {top} > before + 100", arg=before)
        frames(phone)
        assert drawn(phone) == []
    same_sum(ask(phone, "conv", 2, 0, (3, 3)), build(Experiment()).trace.explain(0, (0, 0, 2, 0)))


def test_a_finger_drawn_up_over_charts_that_are_opened_large_scrolls_to_their_end(phone: Page):
    more = phone.locator("[data-column=conv] summary")
    more.tap()
    phone.locator("[data-column=conv]").get_by_role("button", name="Open large, with a histogram").tap()
    charts = phone.get_by_role("dialog", name="Feature map").locator(".js-plotly-plot")
    expect(charts).to_have_count(2, timeout=15_000)
    expect(charts.locator(".barlayer .point")).not_to_have_count(0)
    ranges = "(all) => all.map(({ _fullLayout: { xaxis, yaxis } }) => [xaxis.range, yaxis.range])"
    before = charts.evaluate_all(ranges)
    phone.wait_for_timeout(500)  # the dialog has come to rest
    for chart in (charts.first, charts.last):
        box = chart.bounding_box()
        x, y = box["x"] + box["width"] / 2, min(box["y"] + 200, 780)
        Fingers(phone).stroke((x, y), (x, y - 180), parts=10)
        phone.wait_for_timeout(600)
    expect(charts.last.get_by_text("value", exact=True)).to_be_in_viewport()
    assert charts.evaluate_all(ranges) == before


def test_a_finger_that_scrolls_past_the_layer_s_weights_draws_nothing_on_them(phone: Page):
    tap_sample(phone)
    phone.locator(".ks-dense summary").tap()
    middle_of_screen(phone, "dense_weights")
    before = revision(phone)
    box = phone.locator("[data-view=dense_weights]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    Fingers(phone).stroke((x, y), (x, y - 120), parts=10)
    phone.wait_for_timeout(500)
    assert revision(phone) == before


def test_a_finger_drawn_over_a_map_of_gradients_changes_nothing_and_is_told_why(phone: Page):
    phone.get_by_label("What the maps show").select_option("score:0")
    expect(phone.locator("[data-column=input] .ks-shape")).to_have_text("its gradient")
    middle_of_screen(phone, "input")
    before = revision(phone)
    Fingers(phone).stroke(*(cell_centre(phone, "input", 4, column, (5, 5)) for column in (0, 4)))
    expect(phone.locator(".ks-notice")).to_contain_text("shows the input's gradient now")
    phone.wait_for_timeout(500)
    assert revision(phone) == before


def test_a_pinch_whose_first_finger_wanders_paints_nothing(phone: Page):
    tap_sample(phone)
    middle_of_screen(phone, "input")
    before = revision(phone)
    box = phone.locator("[data-view=input]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = Fingers(phone)
    fingers.send("touchStart", (x - 20, y))
    fingers.send("touchMove", (x - 23, y))
    fingers.send("touchStart", (x - 23, y), (x + 20, y))
    for apart in (30, 45, 60):
        fingers.send("touchMove", (x - apart, y), (x + apart, y))
    fingers.send("touchEnd")
    phone.wait_for_timeout(500)
    assert revision(phone) == before
    assert float(phone.get_by_label("zoom", exact=True).inner_text().rstrip("×")) > 1.5


def tap_sample(page: Page) -> None:
    """Take the zone plate."""
    before = revision(page)
    page.get_by_role("button", name="Samples").tap()
    page.locator(".ks-sample", has_text="Zone plate").tap()
    wait_drawn(page, "probabilities", "cnn_core", before)


def test_a_third_finger_paints_nothing_and_leaves_the_zoom_as_it_was(phone: Page):
    tap_sample(phone)
    phone.get_by_role("button", name="Draw", exact=True).tap()
    middle_of_screen(phone, "input")
    before = revision(phone)
    box = phone.locator("[data-view=input]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = Fingers(phone)
    phone.evaluate("document.addEventListener('pointerdown', (event) => (window.first ??= event), true)")
    fingers.send("touchStart", (x - 20, y))
    fingers.send("touchStart", (x - 20, y), (x + 20, y))
    for apart in (30, 45, 60):
        fingers.send("touchMove", (x - apart, y), (x + apart, y))
    amount = phone.get_by_label("zoom", exact=True)
    expect(amount).not_to_have_text("1×")
    closer = amount.inner_text()
    fingers.send("touchStart", (x - 60, y), (x + 60, y), (x, y + 30))
    for moved in (10, 20, 30, 40):
        fingers.send("touchMove", (x - 60, y), (x + 60, y), (x - moved, y + 30))
    # The first finger is lifted, which the browser's driver cannot: the two that are left lie nearer to each other.
    phone.evaluate("first.target.dispatchEvent(new PointerEvent('pointerup', first))")
    for down in (30, 31, 32):
        fingers.send("touchMove", (x - 60, y), (x + 60, y), (x - 40, y + down))
    phone.wait_for_timeout(300)
    assert revision(phone) == before
    assert float(amount.inner_text().rstrip("×")) == pytest.approx(float(closer.rstrip("×")), rel=0.1)
    fingers.send("touchEnd")
    phone.wait_for_timeout(500)
    assert revision(phone) == before


def test_a_word_says_what_the_arrows_open_and_a_finger_hits_it(phone: Page):
    opener = phone.get_by_test_id("stExpandSidebarButton")
    assert opener.evaluate("(button) => getComputedStyle(button, '::after').content") == '"Pages"'
    box = opener.bounding_box()
    assert box["height"] >= 40
    phone.touchscreen.tap(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
    expect(phone.get_by_test_id("stSidebar").get_by_role("link", name="Pooling")).to_be_in_viewport()


def test_the_menu_of_pages_closes_over_the_page_that_was_chosen(phone: Page):
    menu, opener = phone.get_by_test_id("stSidebar"), phone.get_by_test_id("stExpandSidebarButton")
    for title, view in (("Pooling", "max"), ("Kernels", "laplacian"), ("Explore", "probabilities")):
        opener.tap()
        clear(phone)
        menu.get_by_role("link", name=title).tap()
        wait_drawn(phone, view)
        expect(menu).not_to_be_in_viewport()
        expect(opener).to_be_visible()
    # The page that is open already is a choice too.
    opener.tap()
    menu.get_by_role("link", name="Explore").tap()
    expect(menu).not_to_be_in_viewport()


@pytest.mark.parametrize("picture", [False, True], ids=["grid", "picture"])
def test_the_first_screen_shows_the_input_the_kernel_and_the_feature_map_above_the_ledger(phone: Page, picture: bool):
    if picture:
        tap_sample(phone)
        phone.evaluate("document.querySelector('.stMain').scrollTop = 0")
    edge = phone.locator(".ks-ledger").bounding_box()["y"]
    boxes = [phone.locator(f"[data-view={view}]").bounding_box() for view in ("input", "kernel", "conv")]
    for box in boxes:
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    given, kernel, conv = boxes
    # Of a picture, whose sum takes more lines, half the feature map: the pinned cell lies in its middle.
    assert conv["y"] + conv["height"] * (0.5 if picture else 1) < edge
    assert given["x"] + given["width"] < kernel["x"]
    assert max(each["y"] + each["height"] for each in (given, kernel)) < conv["y"]
    # A finger hits a cell and a weight as well as it did where they stood below each other.
    assert picture or given["width"] >= 175
    assert kernel["width"] >= 142


@pytest.mark.parametrize("picture", [False, True], ids=["grid", "picture"])
def test_on_its_side_the_first_screen_shows_all_three_beside_each_other(phone: Page, picture: bool):
    phone.set_viewport_size({"width": 844, "height": 390})
    if picture:
        tap_sample(phone)
        phone.evaluate("document.querySelector('.stMain').scrollTop = 0")
    phone.wait_for_function("document.querySelector('[data-view=conv]').getBoundingClientRect().left > 500")
    edge = phone.locator(".ks-ledger").bounding_box()["y"]
    boxes = [phone.locator(f"[data-view={view}]").bounding_box() for view in ("input", "kernel", "conv")]
    for left, right in itertools.pairwise(boxes):
        assert left["x"] + left["width"] < right["x"]
    for box in boxes:
        assert box["y"] + box["height"] <= edge + (20 if picture else 0)  # its sum takes a line more
    assert boxes[2]["x"] + boxes[2]["width"] <= 844


def test_products_lie_on_a_phone_as_in_the_kernel(phone: Page):
    phone.get_by_role("button", name="products", exact=True).tap()
    factors = phone.locator(".ks-terms > .ks-term:not(.ks-plain)")
    places = [term.bounding_box() for term in factors.all()]
    assert [len({place[axis] for place in places}) for axis in ("x", "y")] == [3, 3]
    weights = [term.split("×")[1].strip(" ()") for term in factors.locator(".ks-term-factors").all_inner_texts()]
    assert weights == ["1", "0", "−1"] * 3


def test_a_finger_is_told_to_pinch_and_not_to_scroll_for_the_numbers(phone: Page):
    tap_sample(phone)
    expect(phone.locator("[data-column=conv] .ks-note")).to_contain_text("Pinch for the numbers")
    expect(phone.locator("[data-column=conv] .ks-note")).not_to_contain_text("Scroll")


def test_what_becomes_of_a_number_unfolds_on_a_phone_and_leaves_the_maps_their_room(phone: Page):
    ledger = phone.locator(".ks-ledger")
    told = [phone.locator(".ks-ledger-feeds"), phone.locator(".ks-sees")]
    expect(ledger.locator(".ks-sum")).to_be_visible()
    for each in told:
        expect(each).to_be_hidden()
    assert ledger.bounding_box()["height"] <= 150
    feeds = phone.get_by_role("button", name="feeds", exact=True)
    feeds.tap()
    for each in told:
        expect(each).to_be_visible()
    expect(feeds).to_have_attribute("aria-expanded", "true")
    feeds.tap()
    phone.get_by_role("button", name="products", exact=True).tap()
    expect(phone.locator(".ks-terms")).to_be_visible()
    assert ledger.bounding_box()["height"] <= 240
    # Where nothing is made of the number, there is nothing to unfold.
    phone.locator("[data-view=probabilities] .ks-bar-row").first.scroll_into_view_if_needed()
    phone.locator("[data-view=probabilities] .ks-bar-row").first.tap()
    expect(ledger.locator("h2")).to_have_text("Probability A")
    expect(feeds).to_be_hidden()
    expect(phone.locator(".ks-sees")).to_be_visible()


def test_the_colour_of_a_ledger_s_parts_says_which_are_open_whichever_was_tapped_last(phone: Page):
    products = phone.locator(".ks-ledger").get_by_role("button", name="products")
    onward = phone.locator(".ks-ledger").get_by_role("button", name="feeds", exact=True)
    colour = "(button) => getComputedStyle(button).color"
    plain = products.evaluate(colour)
    accent = phone.locator(".ks-ledger-value").evaluate(colour)
    assert accent != plain
    for tapped, opened in (
        (products, [products]),
        (onward, [products, onward]),
        (products, [onward]),
        (onward, []),
    ):
        tapped.tap()
        phone.wait_for_timeout(400)
        for button in (products, onward):
            assert button.get_attribute("aria-expanded") == str(button in opened).lower()
            assert button.evaluate(colour) == (accent if button in opened else plain)


def test_what_is_asked_of_a_ledger_is_seen_at_once_folded_away_or_on_a_small_phone(phone: Page):
    ledger = phone.locator(".ks-ledger")
    phone.get_by_role("button", name="hide", exact=True).tap()
    expect(ledger.locator(".ks-sum")).to_be_hidden()
    phone.get_by_role("button", name="products", exact=True).tap()
    expect(phone.locator(".ks-terms")).to_be_visible()
    expect(phone.get_by_role("button", name="hide", exact=True)).to_be_visible()
    phone.set_viewport_size({"width": 360, "height": 640})
    tap_sample(phone)
    frames(phone)
    phone.get_by_role("button", name="feeds", exact=True).tap()
    frames(phone)
    box, told = ledger.bounding_box(), phone.locator(".ks-ledger-feeds").bounding_box()
    assert box["y"] <= told["y"]
    assert told["y"] + told["height"] <= box["y"] + box["height"] + 1


@pytest.mark.parametrize(
    ("path", "view", "size"),
    [
        *(("convolution", "output-0", size) for size in ((360, 640), (390, 844), (844, 390))),
        *(("pooling", "max", size) for size in ((360, 640), (390, 844), (820, 1180), (844, 390))),
    ],
    ids=str,
)
def test_play_the_order_and_the_history_share_one_row_of_the_ledger(
    phone: Page, server: Server, path: str, view: str, size: tuple[int, int]
):
    phone.set_viewport_size({"width": size[0], "height": size[1]})
    phone.goto(f"{server.url}/{path}")
    wait_drawn(phone, view)
    frames(phone)
    ledger = phone.locator(".ks-ledger")
    controls = [ledger.get_by_role("button", name=name) for name in ("Play", "Undo", "Redo")]
    controls.append(ledger.get_by_label("order of the cells"))
    boxes = [control.bounding_box() for control in controls]
    assert len({round(box["y"]) for box in boxes}) == 1
    for box in boxes:  # a finger's width, and inside the ledger
        assert box["width"] >= 40
        assert box["x"] + box["width"] <= size[0]


@pytest.mark.parametrize(("path", "view"), [("", "probabilities"), ("convolution", "output-0"), ("pooling", "max")])
def test_on_its_side_a_phone_shows_the_maps_above_a_ledger_of_two_rows(
    phone: Page, server: Server, path: str, view: str
):
    phone.set_viewport_size({"width": 844, "height": 390})
    phone.goto(f"{server.url}/{path}")
    wait_drawn(phone, view)
    frames(phone)
    ledger = phone.locator(".ks-ledger").bounding_box()
    assert ledger["height"] <= 90
    play = phone.get_by_role("button", name="Play").bounding_box()
    value, body = (phone.locator(each).bounding_box() for each in (".ks-ledger-value", ".ks-ledger-body"))
    assert play["y"] <= value["y"] + value["height"] / 2 <= play["y"] + play["height"]
    assert body["y"] + body["height"] <= 390
    given = phone.locator(".ks-map").first.bounding_box()
    assert given["y"] + given["height"] / 2 < ledger["y"]


@pytest.mark.parametrize("brush", ["3", "0.12345"])
def test_the_fully_connected_layer_opens_with_the_class_that_is_asked_and_nothing_moves_under_a_stroke(
    phone: Page, server: Server, brush: str
):
    phone.goto(f"{server.url}/learn?lesson=c_wins")
    wait_drawn(phone, "probabilities")
    phone.locator(".ks-dense summary").tap()
    expect(phone.get_by_role("radiogroup", name="Which class").get_by_role("radio", name="C")).to_be_checked()
    phone.get_by_label("brush: the weight").fill(brush)
    middle_of_screen(phone, "dense_weights")
    weights = phone.locator("[data-view=dense_weights]")
    start = weights.bounding_box()["y"]
    fingers = Fingers(phone)
    x, y = cell_centre(phone, "dense_weights", 0, 0, (3, 3))
    step = weights.bounding_box()["width"] / 3
    fingers.send("touchStart", (x, y))
    for moved in range(1, 9):
        fingers.send("touchMove", (x + moved * step / 4, y))
        phone.wait_for_timeout(60)  # a sum that is ahead of the hand is written as fast as it can be read
        assert weights.bounding_box()["y"] == pytest.approx(start, abs=0.5)
    fingers.send("touchEnd")
    wait_drawn(phone, "scores", "cnn_core", revision(phone) - 1)


@pytest.mark.parametrize(("width", "height", "sample"), [(390, 844, "Cat"), (360, 640, "")])
def test_what_the_opened_ledger_tells_lies_below_each_other_and_its_links_are_tapped(
    phone: Page, width: int, height: int, sample: str
):
    phone.set_viewport_size({"width": width, "height": height})
    frames(phone)
    if sample:
        phone.get_by_role("button", name="Samples").tap()
        tap(phone, phone.locator(".ks-sample", has_text=sample))
    for part in ("products", "feeds"):
        phone.get_by_role("button", name=part, exact=True).tap()
    ledger = phone.locator(".ks-ledger")
    ledger.evaluate("(ledger) => { ledger.scrollTop = 1e4; }")
    frames(phone)
    parts = phone.locator(".ks-ledger-body, .ks-ledger-feeds, .ks-sees").evaluate_all(
        "(parts) => parts.map((part) => [part.getBoundingClientRect().top, part.scrollHeight])"
    )
    for (top, tall), (below, _) in itertools.pairwise(parts):
        assert top + tall <= below + 1
    phone.locator(".ks-ledger-feeds .ks-link").last.tap()
    expect(phone.locator(".ks-ledger h2")).to_contain_text("Pooled")


@pytest.mark.parametrize("path", ["", "convolution", "pooling", "layers"])
def test_a_finger_is_told_to_tap_a_cell_twice_and_the_second_tap_opens_it(phone: Page, server: Server, path: str):
    phone.goto(f"{server.url}/{path}")
    column = phone.locator("[data-column=input]")
    column.locator(".ks-map").first.wait_for()
    expect(column.locator(".ks-note")).to_contain_text(re.compile("tap a cell twice to change it", re.IGNORECASE))
    expect(column.locator(".ks-note")).not_to_contain_text("hoose a cell")
    cell = column.locator(".ks-map").first
    middle_of_screen(phone, cell.get_attribute("data-view"))
    box = cell.bounding_box()
    for fields in (0, 1):
        phone.touchscreen.tap(box["x"] + 12, box["y"] + 12)
        expect(phone.locator(".ks-cell-editor")).to_have_count(fields)
        phone.wait_for_timeout(400)


def test_the_dialog_of_a_lesson_begins_at_its_top_has_room_for_a_finger_and_says_in_sight_what_was_done(phone: Page):
    phone.context.grant_permissions(["clipboard-read", "clipboard-write"])
    phone.get_by_role("button", name="Teach…").tap()
    dialog = phone.get_by_role("dialog")
    for label in dialog.locator(".ks-ticks label").all():
        assert label.bounding_box()["height"] >= 24
    dialog.get_by_label("Title of the lesson").fill("Edges")
    dialog.locator("textarea").fill("Look.")
    dialog.get_by_role("button", name="Add this step").tap()
    expect(dialog.get_by_text("Added. Close this dialog")).to_be_in_viewport(ratio=1)
    dialog.get_by_role("button", name="Copy lesson link").tap()
    expect(dialog.get_by_text("The link is copied")).to_be_in_viewport(ratio=1)
    phone.keyboard.press("Escape")
    phone.get_by_role("button", name="Teach…").tap()
    expect(dialog.locator("textarea")).to_be_focused()
    assert dialog.evaluate("(dialog) => dialog.scrollTop") == 0
    expect(dialog.get_by_label("Title of the lesson")).to_be_in_viewport(ratio=1)
