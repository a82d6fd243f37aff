"""A ledger followed down to the input, level by level: by mouse and by keyboard, and every level adds up."""

import re

import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.conftest import ROOT
from tests.browser.screen import cell_centre, frames, revision, wait_drawn

pytestmark = pytest.mark.browser

LEVELS = ".ks-ledger-trail > section"


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def page_end(page: Page) -> None:
    """Scroll down to where the ledger lies on the page."""
    page.locator(".stMain").evaluate("(main) => main.scrollTo(0, main.scrollHeight)")
    frames(page)


def pin_score(page: Page) -> None:
    page.locator("[data-view=scores] .ks-bar-row").first.click()
    page.mouse.move(5, 5)
    expect(page.locator(".ks-ledger h2")).to_have_text("Score A")


def test_a_score_opens_down_to_the_numbers_that_were_given(explore: Page):
    pin_score(explore)
    explore.get_by_role("button", name="What Pooled [0, 0] was made of").click()
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 12"])
    explore.get_by_role("button", name="What ReLU [0, 1] was made of").click()
    explore.get_by_role("button", name="What Feature map [0, 1] was made of").click()
    names = ["Pooled [0, 0] = 12", "ReLU [0, 1] = 12", "Feature map [0, 1] = 12"]
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(names)
    told = build(Experiment()).trace.explain(0, (0, 0, 0, 1))
    last = explore.locator(LEVELS).last
    shown = [number(text) for text in last.locator(".ks-term-product").all_inner_texts()]
    assert shown[:-1] == [term.product for term in told.terms]  # the last is the bias
    assert sum(shown) == told.value
    # Nothing is behind an input cell.
    expect(last.locator(".ks-term-open")).to_have_count(0)


def test_all_of_a_term_s_card_opens_it_and_closes_it_and_no_empty_room_is_left(explore: Page):
    pin_score(explore)
    page_end(explore)
    ledger = explore.locator(".ks-ledger")
    before = ledger.bounding_box()["height"]
    card = explore.locator(".ks-ledger-body .ks-term").first
    card.locator(".ks-term-factors").click()
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 12"])
    frames(explore)
    assert ledger.bounding_box()["height"] > before + 40
    card.locator(".ks-term-product").click()
    expect(explore.locator(LEVELS)).to_have_count(0)
    frames(explore)
    assert ledger.bounding_box()["height"] <= before


def test_effective_weights_are_brought_in_sight_and_no_empty_room_is_left(explore: Page):
    pin_score(explore)
    page_end(explore)
    for name in ("Pooled [0, 0]", "ReLU [0, 1]", "Feature map [0, 1]"):
        explore.get_by_role("button", name=f"What {name} was made of").click()
    page_end(explore)
    frames(explore)
    ledger = explore.locator(".ks-ledger")
    opened = ledger.bounding_box()["height"]
    before = revision(explore)
    explore.get_by_role("button", name="effective weights").click()
    explore.wait_for_function("() => document.querySelector('.ks-ledger h2').textContent.startsWith('∂')")
    frames(explore)
    assert revision(explore) == before
    expect(explore.locator("[data-view=input]")).to_be_in_viewport(ratio=1)
    assert ledger.bounding_box()["height"] < opened - 150


def test_another_term_takes_the_place_of_the_levels_below_and_pressed_again_it_closes(explore: Page):
    pin_score(explore)
    pool = explore.get_by_role("button", name="What Pooled [0, 0] was made of")
    pool.click()
    expect(pool).to_have_attribute("aria-expanded", "true")
    explore.get_by_role("button", name="What ReLU [0, 1] was made of").click()
    explore.get_by_role("button", name="What ReLU [1, 1] was made of").click()
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 12", "ReLU [1, 1] = 8"])
    pool.click()
    expect(explore.locator(LEVELS)).to_have_count(0)
    expect(pool).to_have_attribute("aria-expanded", "false")


def test_each_score_of_a_probability_can_be_opened_by_its_name(explore: Page):
    """All of them stand in its denominator, and not its own alone."""
    explore.locator("[data-view=probabilities] .ks-bar-row").nth(1).click()
    explore.mouse.move(5, 5)
    note = explore.locator(".ks-ledger-function .ks-ledger-note")
    expect(note).to_have_text(re.compile(r"^from all 3 scores:"))
    scores = build(Experiment()).trace.stages[-2].output[0]
    for k, name in enumerate("ABC"):
        button = note.get_by_role("button", name=f"What Score {name} was made of")
        button.click(position={"x": 12, "y": 8})  # on the words, beside the arrow
        expect(explore.locator(LEVELS)).to_have_count(1)
        title = explore.locator(f"{LEVELS} h3").inner_text()
        assert title.startswith(f"Score {name} = ")
        assert number(title.split(" = ")[1]) == pytest.approx(scores[k], rel=1e-3)
        expect(note.locator("[aria-expanded=true]")).to_have_count(1)
        expect(button).to_have_attribute("aria-expanded", "true")


def test_the_levels_are_opened_by_keyboard(explore: Page):
    pin_score(explore)
    explore.locator(".ks-ledger-body .ks-term").first.focus()
    explore.keyboard.press("Enter")
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 12"])
    explore.locator(f"{LEVELS} .ks-term").first.focus()
    explore.keyboard.press("ArrowRight")
    explore.keyboard.press("Enter")
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 12", "ReLU [0, 1] = 12"])


def test_what_is_open_is_kept_while_others_are_looked_at_and_follows_an_edit(explore: Page):
    pin_score(explore)
    explore.get_by_role("button", name="What Pooled [0, 0] was made of").click()
    explore.mouse.move(*cell_centre(explore, "conv", 2, 2, (3, 3)))
    expect(explore.locator(LEVELS)).to_have_count(0)
    explore.mouse.move(5, 5)
    expect(explore.locator(LEVELS)).to_have_count(1)
    field = explore.get_by_label("weight, row 0, column 0")
    field.fill("2")
    field.press("Enter")
    expect(explore.locator(f"{LEVELS} h3")).to_have_text(["Pooled [0, 0] = 14"])


def test_every_level_of_a_photograph_adds_up_as_shown(explore: Page):
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    pin_score(explore)
    explore.locator(".ks-ledger-body .ks-term-open").first.click()
    explore.locator(LEVELS).first.locator(".ks-term-open").first.click()
    explore.locator(LEVELS).nth(1).locator(".ks-term-open").first.click()
    last = explore.locator(LEVELS).last
    name, _, value = last.locator("h3").inner_text().partition(" = ")
    assert re.fullmatch(r"Feature map \[\d+, \d+\]", name)
    shown = [number(text) for text in last.locator(".ks-term-product").all_inner_texts()]
    assert round(sum(shown), 9) == pytest.approx(number(value), abs=1e-9)
