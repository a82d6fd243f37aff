"""Gradients on Explore's own grids: chosen, asked cell by cell and weight by weight, and followed by edits."""

import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import cross_entropy
from pages.shared.backward import gradients, parse
from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import ROOT, Server
from tests.browser.screen import (
    cell_centre,
    choose,
    clear,
    edited,
    frames,
    hover_cell,
    last_cell,
    next_frame,
    open_experiment,
    press,
    resize,
    revision,
    same_sum,
    take_sample,
    type_number,
    wait_drawn,
)

pytestmark = pytest.mark.browser

PLACES = """() => Object.fromEntries([...document.querySelectorAll(".ks-strip [data-view]")]
  .filter((element) => !element.dataset.view.startsWith("kernel_gradient"))
  .map((element) => [element.dataset.view, element.getBoundingClientRect()])
  .map(([view, { left, top }]) => [view, [left, top]]))"""


def show(page: Page, code: str) -> None:
    """Show the gradients of a target, or values again for ""."""
    clear(page)
    page.get_by_label("What the maps show").select_option(code)
    wait_drawn(page, "conv")


def expected(code: str, experiment: Experiment | None = None):
    return gradients(build(experiment or Experiment()), parse(code))


@pytest.mark.parametrize("code", ["score:0", "probability:1", "loss:2"])
def test_every_kind_of_gradient_is_asked_cell_by_cell(explore: Page, code: str):
    show(explore, code)
    found = expected(code)
    for view, stage, cell, shape in (
        ("input", -1, (2, 3), (5, 5)),
        ("conv", 0, (0, 1), (3, 3)),
        ("activation", 1, (1, 1), (3, 3)),
    ):
        event = hover_cell(explore, view, *cell, shape)
        same_sum(event, found.explain(stage, (0, 0, *cell)))
    expect(explore.locator(".ks-ledger h2")).to_contain_text("∂ ")


def test_a_weight_s_gradient_is_a_ledger_of_every_window_it_looked_through(explore: Page):
    show(explore, "score:0")
    found = expected("score:0")
    event = hover_cell(explore, "kernel_gradient", 1, 0, (3, 3))
    same_sum(event, found.explain_param("0.weight", (0, 0, 1, 0)))
    expect(explore.locator(".ks-ledger h2")).to_have_text("∂ score A / ∂ weight [1, 0]")
    shown = [text.replace("−", "-") for text in explore.locator(".ks-ledger .ks-term-product").all_inner_texts()]
    assert len(shown) == 9
    total = explore.locator(".ks-ledger-value").inner_text().replace("−", "-")
    assert round(sum(map(float, shown)), 9) == float(total)
    # Chosen, it stays when the pointer leaves, in sight, until a cell is chosen.
    explore.mouse.click(*cell_centre(explore, "kernel_gradient", 2, 1, (3, 3)))
    explore.mouse.move(5, 5)
    expect(explore.locator(".ks-ledger h2")).to_have_text("∂ score A / ∂ weight [2, 1]")
    expect(explore.locator(".ks-ledger-state")).to_have_text("pinned")
    expect(explore.locator(".ks-ledger .ks-sum")).to_be_in_viewport()
    explore.mouse.click(*cell_centre(explore, "conv", 0, 0, (3, 3)))
    explore.mouse.move(5, 5)
    expect(explore.locator(".ks-ledger h2")).to_contain_text("Feature map [0, 0]")
    # The bias has one too.
    explore.get_by_role("button", name=re.compile("^bias: ")).click()
    expect(explore.locator(".ks-ledger h2")).to_have_text("∂ score A / ∂ bias")
    same_sum(last_cell(explore), found.explain_param("0.bias", (0,)))


def products(page: Page) -> list[tuple[float, float, float, float]]:
    """Of the terms in the ledger: both factors, their product and a unit of its last digit, all as they are shown."""
    found = []
    for term in page.locator(".ks-ledger .ks-term", has_text="×").all_inner_texts():
        factors, product = term.replace("−", "-").splitlines()[:2]
        first, second = (float(factor.strip("()")) for factor in factors.split(" × "))
        found.append((first, second, float(product), 10.0 ** -len(product.partition(".")[2])))
    return found


@pytest.mark.parametrize("code", ["loss:2", "loss:1", "score:0"])
def test_a_product_is_what_its_factors_make_as_they_are_shown(explore: Page, code: str):
    type_number(explore, "bias", "0.3333")
    show(explore, code)
    checked = 0
    for row in range(3):
        for column in range(3):
            hover_cell(explore, "kernel_gradient", row, column, (3, 3))
            next_frame(explore)
            for first, second, product, unit in products(explore):
                assert abs(first * second - product) <= 0.5001 * unit, (first, second, product)
                checked += 1
    assert checked >= 9


def test_in_a_photograph_s_scores_a_product_is_what_its_factors_make_to_the_last_digit(explore: Page):
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    checked = 0
    for name in "ABC":
        explore.locator("[data-view=scores]").get_by_text(name, exact=True).hover()
        expect(explore.locator(".ks-ledger h2")).to_have_text(f"Score {name}")
        for first, second, product, unit in products(explore):
            assert abs(first * second - product) <= 0.5001 * unit, (first, second, product)
            checked += 1
    assert checked >= 60


def test_one_product_is_told_as_one(explore: Page):
    show(explore, "loss:2")
    hover_cell(explore, "activation", 0, 1, (3, 3))
    next_frame(explore)
    ((first, second, product, _),) = products(explore)
    sentence = explore.locator(".ks-ledger .ks-sum").inner_text().replace("−", "-")
    assert sentence.split(" = ")[0] == explore.locator(".ks-term-factors").inner_text().replace("−", "-")
    assert float(sentence.split(" = ")[1]) == product
    assert product == pytest.approx(first * second, abs=1e-3)


def test_a_sum_that_only_rounding_keeps_from_zero_has_no_more_digits_than_its_neighbours(explore: Page):
    told = explore.evaluate(
        """async () => {
          const { shownSum } = await import("/ui/common/sum.js");
          const term = (product) => ({ product, weight: 1, value: product });
          const sums = [[0.1, 0.2, -0.3], [0.1, 0.2, -0.29999]];
          return sums.map((products) => {
            const value = products.reduce((a, b) => a + b, 0);
            return shownSum({ terms: products.map(term), bias: 0, value }, undefined, null, 3).places;
          });
        }"""
    )
    assert told == [4, 7]


def test_gradients_are_walked_by_keyboard(explore: Page):
    explore.get_by_label("What the maps show").focus()
    show(explore, "score:0")
    found = expected("score:0")
    explore.locator("[data-view=kernel_gradient]").focus()
    for key, index in (("Enter", (0, 0, 0, 0)), ("ArrowRight", (0, 0, 0, 1)), ("ArrowDown", (0, 0, 1, 1))):
        clear(explore)
        explore.keyboard.press(key)
        same_sum(last_cell(explore), found.explain_param("0.weight", index))
    explore.locator("[data-view=conv]").focus()
    clear(explore)
    explore.keyboard.press("ArrowRight")
    assert last_cell(explore)["stage"] == 0


def test_an_edit_is_followed_by_new_gradients(explore: Page):
    show(explore, "loss:0")
    choose(explore, "Activation", "tanh")
    experiment = edited({"op": "activation", "value": "tanh"})
    same_sum(hover_cell(explore, "input", 1, 1, (5, 5)), expected("loss:0", experiment).explain(-1, (0, 0, 1, 1)))
    press(explore, "↶ Undo")
    same_sum(hover_cell(explore, "input", 1, 1, (5, 5)), expected("loss:0").explain(-1, (0, 0, 1, 1)))


@pytest.mark.parametrize("code", ["loss:0", "score:1"])
def test_the_weights_of_every_channel_show_their_gradients_in_digits_of_one_length(explore: Page, code: str):
    explore.evaluate(
        """() => {
          window.written = {};
          const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
          const view = ({ canvas }) => canvas.className === "ks-map-ink" && canvas.parentElement.dataset.view;
          CanvasRenderingContext2D.prototype.clearRect = function (...box) {
            if (view(this)) window.written[view(this)] = [];
            clearRect.apply(this, box);
          };
          CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
            if (view(this)) window.written[view(this)].push(text);
            fillText.call(this, text, ...place);
          };
        }"""
    )
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    choose(explore, "Colour", "rgb")
    choose(explore, "Activation", "sigmoid")
    choose(explore, "Pooling", "average")
    show(explore, code)
    for view in ("kernel_gradient", "kernel_gradient_G", "kernel_gradient_B"):
        texts = explore.evaluate("(view) => window.written[view]", view)
        assert len(texts) == 9, view
        plain = [len(text.partition(".")[2]) for text in texts if "e" not in text]
        assert len(set(plain)) == 1, texts
        assert len(plain) >= 7, texts


def test_what_comes_after_the_target_says_that_it_does_not_count(explore: Page):
    show(explore, "score:1")
    expect(explore.locator("[data-column=probabilities]")).to_have_class(re.compile("ks-apart"))
    expect(explore.locator("[data-column=scores]")).not_to_have_class(re.compile("ks-apart"))
    explore.locator("[data-view=probabilities]").hover()
    expect(explore.locator(".ks-ledger")).to_contain_text("comes after score B, which does not depend on it")
    show(explore, "")
    expect(explore.locator("[data-column=probabilities]")).not_to_have_class(re.compile("ks-apart"))
    expect(explore.locator(".ks-weight-gradient")).to_be_hidden()
    event = hover_cell(explore, "conv", 0, 1, (3, 3))
    same_sum(event, build(Experiment()).trace.explain(0, (0, 0, 0, 1)))


def test_the_loss_goes_past_the_probabilities_and_claims_nothing_of_them(explore: Page):
    show(explore, "loss:1")
    explore.locator("[data-view=probabilities]").hover()
    expect(explore.locator(".ks-ledger")).to_contain_text("The loss is worked out from the scores")
    expect(explore.locator(".ks-ledger-value")).to_have_text("—")


def test_the_loss_stands_below_the_probabilities_as_long_as_its_gradients_are_shown(explore: Page):
    note = explore.locator("[data-column=probabilities] .ks-note")
    before = note.inner_text()
    show(explore, "loss:1")
    loss = cross_entropy(build(Experiment()).trace.stages[-2].output, np.array([1]))[0]
    expect(note).to_contain_text(f"loss {loss:.4g}")
    show(explore, "score:1")
    expect(note).to_have_text(before)


def test_beside_gradients_what_a_cell_feeds_is_told_to_be_a_value(explore: Page):
    show(explore, "loss:1")
    explore.mouse.move(*cell_centre(explore, "conv", 0, 1, (3, 3)))
    expect(explore.locator(".ks-ledger-feeds")).to_contain_text("Pooled [0, 0] of value 12")
    show(explore, "")
    explore.mouse.move(*cell_centre(explore, "conv", 0, 1, (3, 3)))
    expect(explore.locator(".ks-ledger-feeds")).to_contain_text("Pooled [0, 0] = 12")


def test_gradients_outlive_a_reload_and_a_page_switch(explore: Page):
    show(explore, "score:2")
    choose(explore, "Activation", "sigmoid")
    explore.reload()
    wait_drawn(explore, "conv")
    expect(explore.get_by_label("What the maps show")).to_have_value("score:2")
    expect(explore.locator(".ks-weight-gradient")).to_be_visible()
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    clear(explore)
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "conv")
    expect(explore.get_by_label("What the maps show")).to_have_value("score:2")


def test_a_photograph_s_longest_sum_adds_up_as_shown(explore: Page):
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    show(explore, "loss:1")
    hover_cell(explore, "kernel_gradient", 2, 2, (3, 3))
    expect(explore.locator(".ks-ledger")).to_contain_text("more terms")
    shown = [text.replace("−", "-") for text in explore.locator(".ks-ledger .ks-term-product").all_inner_texts()]
    total = explore.locator(".ks-ledger-value").inner_text().replace("−", "-")
    assert round(sum(map(float, shown)), 9) == pytest.approx(float(total), abs=1e-9)


def test_the_fully_connected_weights_show_their_gradients_too(explore: Page):
    explore.locator(".ks-dense summary").click()
    expect(explore.locator("[data-view=dense_gradients]")).to_be_hidden()
    show(explore, "score:0")
    explore.locator("[data-view=dense_gradients]").hover()
    value = expected("score:0").params["4.weight"][0, 0]
    expect(explore.locator(".ks-dense-told")).to_contain_text(f"gradient of the weight {value:g}")
    show(explore, "")
    expect(explore.locator("[data-view=dense_gradients]")).to_be_hidden()


def test_the_pinned_cell_s_own_gradients_follow_the_pin(explore: Page):
    show(explore, "cell")
    chain = build(Experiment())
    for cell in ((0, 1), (1, 2)):
        clear(explore)
        explore.mouse.click(*cell_centre(explore, "conv", *cell, (3, 3)))
        wait_drawn(explore, "conv")
        code = f"cell:0:0,0,{cell[0]},{cell[1]}"
        found = gradients(chain, parse(code))
        event = hover_cell(explore, "input", cell[0], cell[1], (5, 5))
        same_sum(event, found.explain(-1, (0, 0, *cell)))
        expect(explore.locator(".ks-ledger h2")).to_have_text(
            f"∂ Feature map [{cell[0]}, {cell[1]}] / ∂ Input [{cell[0]}, {cell[1]}]"
        )
    expect(explore.locator("[data-column=activation]")).to_have_class(re.compile("ks-apart"))


def test_of_a_pinned_input_cell_there_are_no_gradients_and_that_is_said(explore: Page):
    explore.mouse.click(*cell_centre(explore, "input", 0, 0, (5, 5)))
    explore.get_by_label("What the maps show").select_option("cell")
    expect(explore.locator(".ks-notice")).to_contain_text("it was given, and depends on nothing")
    expect(explore.get_by_label("What the maps show")).to_have_value("")


def test_a_map_that_shows_gradients_is_not_drawn_on_or_typed_into_and_says_why(explore: Page):
    show(explore, "score:0")
    before = revision(explore)
    notice = explore.locator(".ks-notice")
    start, end = (cell_centre(explore, "input", 1, column, (5, 5)) for column in (1, 3))
    explore.mouse.move(*start)
    explore.mouse.down()
    explore.mouse.move(*end, steps=4)
    explore.mouse.up()
    expect(notice).to_contain_text("shows the input's gradient now")
    # A second press on a cell asks for the field, and so do a digit and Enter; Shift and an arrow change the number.
    field = explore.locator(".ks-cell-editor")
    for act in (
        lambda: [explore.mouse.click(*start) for _ in range(2)],
        lambda: explore.locator("[data-view=input]").press("7"),
        lambda: explore.locator("[data-view=input]").press("Enter"),
        lambda: explore.locator("[data-view=input]").press("Shift+ArrowUp"),
    ):
        notice.get_by_role("button", name="Close this message").click()
        act()
        expect(notice).to_contain_text("shows the input's gradient now")
        expect(field).to_have_count(0)
    explore.wait_for_timeout(300)
    assert revision(explore) == before
    show(explore, "")
    explore.locator("[data-view=input]").press("7")
    field.press("Enter")
    explore.mouse.move(5, 5)
    assert hover_cell(explore, "input", 1, 1, (5, 5))["value"] == 7


def test_a_heading_tells_that_gradients_are_shown_below_it(explore: Page):
    show(explore, "cell")
    for view in ("input", "conv"):
        expect(explore.locator(f"[data-column={view}] .ks-shape")).to_have_text("its gradient")
    # What the gradients do not reach shows its own numbers.
    expect(explore.locator("[data-column=activation] .ks-shape")).to_have_text("3 × 3")
    expect(explore.get_by_label("Input, its gradient, a map of numbers", exact=True)).to_have_count(1)
    show(explore, "")
    expect(explore.locator("[data-column=input] .ks-shape")).to_have_text("5 × 5")
    expect(explore.get_by_label("Input, a map of numbers", exact=True)).to_have_count(1)


def test_what_comes_after_the_number_asked_keeps_its_digits(explore: Page):
    shown = explore.locator("[data-view=probabilities] .ks-bar-number")
    before = shown.all_inner_texts()
    explore.get_by_role("button", name="effective weights").click()
    expect(explore.locator("[data-column=probabilities].ks-apart")).to_have_count(1)
    assert shown.all_inner_texts() == before


def test_three_gradients_have_no_picture_in_colour_to_choose(explore: Page):
    take_sample(explore, "Cat")
    choose(explore, "Colour", "rgb")
    planes = explore.locator("[data-column=input] .ks-plane")
    expect(planes).to_have_count(4)
    expect(planes.first).to_be_visible()
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    expect(planes.first).to_be_hidden()
    planes.nth(1).focus()
    for key, chosen in (("End", "B"), ("ArrowRight", "R"), ("ArrowLeft", "B"), ("Home", "R")):
        explore.keyboard.press(key)
        expect(explore.locator("[data-column=input] .ks-plane[aria-checked=true]")).to_have_text(chosen)


def test_a_small_picture_shows_gradients_of_which_every_other_column_is_zero(page: Page, server: Server):
    cat = {"sample": "cat", "photo_size": 128, "colour": "rgb", "stride": 2, "padding": 1, "dilation": [1, 2]}
    open_experiment(page, server.url, edited(*({"op": name, "value": value} for name, value in cat.items())))
    show(page, "loss:0")
    colours = """(canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    pictures = page.locator("[data-column=input] .ks-plane:visible canvas")
    expect(pictures).to_have_count(3)
    for picture in pictures.all():
        assert picture.evaluate(colours) > 50
        # Of what is drawn nothing is left out on the screen.
        assert picture.evaluate("(canvas) => canvas.width <= canvas.clientWidth")


@pytest.mark.parametrize("width", [1366, 1440])
@pytest.mark.parametrize("sample", ["", "Photograph"])
def test_no_map_moves_when_values_give_way_to_gradients_so_that_one_can_flip_between_them(
    explore: Page, width: int, sample: str
):
    resize(explore, width, 768)
    if sample:
        take_sample(explore, sample)
        frames(explore)
    before = explore.evaluate(PLACES)
    for code in ("score:0", "loss:1", ""):
        clear(explore)
        explore.get_by_label("What the maps show").select_option(code)
        wait_drawn(explore, "conv")
        frames(explore)
        now = explore.evaluate(PLACES)
        assert now.keys() == before.keys()
        for view, place in now.items():
            assert place == pytest.approx(before[view], abs=1), view


def test_what_is_said_of_a_pinned_input_cell_goes_as_soon_as_it_is_no_longer_true(explore: Page):
    notice = explore.locator(".ks-notice")
    said = "An input cell is pinned"
    menu = explore.get_by_label("What the maps show")
    explore.mouse.click(*cell_centre(explore, "input", 1, 1, (5, 5)))
    menu.select_option("cell")
    expect(notice).to_contain_text(said)
    menu.select_option("score:0")
    expect(notice).to_be_hidden()
    menu.select_option("cell")
    expect(notice).to_contain_text(said)
    explore.mouse.click(*cell_centre(explore, "conv", 1, 1, (3, 3)))
    expect(notice).to_be_hidden()


@pytest.mark.parametrize("sample", ["", "Photograph"])
def test_scales_and_controls_stay_below_their_maps_while_the_kernel_shows_its_gradients(explore: Page, sample: str):
    """Only the kernel's column is higher; what was below it was pushed 180 px down in every column."""
    resize(explore, 1440, 900)
    if sample:
        take_sample(explore, sample)
        frames(explore)
    places = """() => {
      const own = (part) => `.ks-column:not([data-column=kernel]) > ${part}`;
      const parts = [".ks-legend", ".ks-note", ".ks-bottom"].map(own);
      return [...document.querySelectorAll(parts.join())].map((each) => each.getBoundingClientRect().top);
    }"""
    before = explore.evaluate(places)
    clear(explore)
    explore.get_by_label("What the maps show").select_option("loss:1")
    wait_drawn(explore, "conv")
    frames(explore)
    # What their notes say is longer now: controls may make room for a line.
    assert explore.evaluate(places) == pytest.approx(before, abs=24)
    own = [
        "[data-view=kernel]",
        "[data-column=kernel] > .ks-legend",
        ".ks-weight-gradient",
        "[data-column=kernel] > .ks-bottom",
    ]
    boxes = [explore.locator(each).bounding_box() for each in own]
    for above, below in itertools.pairwise(boxes):
        assert above["y"] + above["height"] <= below["y"]


@pytest.mark.parametrize("size", [(1440, 900), (1366, 768)])
def test_the_menu_that_shows_gradients_is_not_covered_by_the_ledger_then(explore: Page, size: tuple[int, int]):
    """It goes with the ledger to the window's edge, and back to its bar with the values."""
    resize(explore, *size)
    menu = explore.get_by_label("What the maps show")
    menu.focus()
    for code, place in (("loss:1", ".ks-dock"), ("", ".ks-bar-top")):
        clear(explore)
        menu.select_option(code)
        wait_drawn(explore, "conv")
        frames(explore)
        expect(explore.locator(place).get_by_label("What the maps show")).to_have_count(1)
        expect(menu).to_be_focused()
        if code:
            box = menu.bounding_box()
            on_top = (
                "([x, y]) => document.elementFromPoint(x, y).closest('[aria-label=\"What the maps show\"]') !== null"
            )
            assert explore.evaluate(on_top, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
