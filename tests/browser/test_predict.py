"""Predict, then reveal, on Explore: by mouse and by keyboard, with the numbers of ``cnn_core`` and no others."""

import pytest
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.experiment import Experiment
from tests.browser.screen import (
    HOLD_FRAMES,
    cell_centre,
    clear,
    edited,
    frames,
    last_cell,
    resize,
    revision,
    take_sample,
    type_number,
    wait_drawn,
)

pytestmark = pytest.mark.browser

SHAPES = {"conv": (3, 3), "activation": (3, 3), "pool": (1, 1)}


def hide(page: Page, view: str) -> None:
    before = revision(page)
    page.get_by_label("Predict: which stage is hidden").select_option(view)
    wait_drawn(page, "kernel", "cnn_core", before)


def answered(page: Page) -> None:
    """Wait for the server's word on a guess."""
    before = revision(page)
    page.wait_for_function("(before) => window.cnn.drawn.some(({ revision }) => revision > before)", arg=before)


def guess(page: Page, text: str) -> None:
    before = revision(page)
    page.get_by_label("Your prediction").fill(text)
    page.keyboard.press("Enter")
    wait_drawn(page, "kernel", "cnn_core", before)


def pin(page: Page, view: str) -> tuple[int, ...]:
    """Choose the first cell of a view by mouse; its index."""
    if view in SHAPES:
        page.mouse.click(*cell_centre(page, view, 0, 0, SHAPES[view]))
        return (0, 0, 0, 0)
    page.locator(f"[data-view={view}] .ks-bar-row").first.click()
    return (0, 0)


@pytest.mark.parametrize(
    ("view", "stage"), [("conv", 0), ("activation", 1), ("pool", 2), ("scores", 4), ("probabilities", 5)]
)
def test_any_stage_is_hidden_and_opened_cell_by_cell_with_cnn_core_s_numbers(explore: Page, view: str, stage: int):
    hide(explore, view)
    index = pin(explore, view)
    value = float(build(Experiment()).trace.stages[stage].output[index])
    ledger = explore.locator(".ks-ledger")
    expect(ledger.locator(".ks-ledger-value")).to_have_count(0)
    guess(explore, f"{value + 1:.4f}")
    expect(ledger).to_contain_text("is not it.")
    guess(explore, f"{value:.4f}")
    expect(ledger.locator(".ks-verdict")).to_have_text("✓ Right.")
    shown = ledger.locator(".ks-ledger-value").inner_text().replace("−", "-")
    assert float(shown) == pytest.approx(value, abs=1e-3)
    expect(explore.locator(".ks-score")).to_have_text("1 of 1 right")


def test_the_keyboard_alone_hides_chooses_types_and_goes_on(explore: Page):
    explore.get_by_label("Predict: which stage is hidden").focus()
    before = revision(explore)
    explore.keyboard.type("predict: F")
    wait_drawn(explore, "kernel", "cnn_core", before)
    explore.locator("[data-view=conv]").focus()
    explore.keyboard.press("ArrowLeft")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 0]")
    explore.keyboard.press("-")
    expect(explore.get_by_label("Your prediction")).to_be_focused()
    before = revision(explore)
    explore.keyboard.type("6")
    explore.keyboard.press("Enter")
    wait_drawn(explore, "kernel", "cnn_core", before)
    expect(explore.locator(".ks-verdict")).to_have_text("✓ Right.")
    expect(explore.locator("[data-view=conv]")).to_be_focused()
    explore.keyboard.press("ArrowRight")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")
    explore.keyboard.press("Enter")
    expect(explore.get_by_label("Your prediction")).to_be_focused()


def test_a_slip_is_named_hints_lead_on_and_what_is_given_away_does_not_count(explore: Page):
    type_number(explore, "bias", "2")
    hide(explore, "conv")
    pin(explore, "conv")
    guess(explore, "-6")
    expect(explore.locator(".ks-ledger")).to_contain_text("−6 is not it. The bias is missing.")
    for _ in range(2):
        before = revision(explore)
        explore.get_by_role("button", name="Hint").click()
        wait_drawn(explore, "kernel", "cnn_core", before)
    expect(explore.locator(".ks-hints")).to_contain_text("+ 9 × (−1) + bias 2 = ?")
    expect(explore.get_by_role("button", name="Hint")).to_be_hidden()
    before = revision(explore)
    explore.get_by_role("button", name="Show it").click()
    wait_drawn(explore, "kernel", "cnn_core", before)
    expect(explore.locator(".ks-ledger-value")).to_have_text("−4")
    expect(explore.locator(".ks-sum").first).to_contain_text("bias 2 = −4")
    expect(explore.locator(".ks-score")).to_have_text("0 of 1 right")
    expect(explore.locator("[data-view=conv]")).to_be_focused()


def test_what_is_no_number_gets_a_sentence_and_stays_to_be_mended(explore: Page):
    hide(explore, "conv")
    pin(explore, "conv")
    guess(explore, "a lot")
    expect(explore.locator(".ks-verdict")).to_have_text("“a lot” is not a number. Write it like 12, −0.5 or 2/9.")
    expect(explore.get_by_label("Your prediction")).to_have_value("a lot")


@pytest.mark.parametrize("how", ["Check", "Enter"])
def test_an_empty_prediction_gets_a_sentence_of_its_own_and_not_the_last_one_s(explore: Page, how: str):
    hide(explore, "conv")
    pin(explore, "conv")
    guess(explore, "5")
    expect(explore.locator(".ks-verdict")).to_contain_text("5 is not it.")
    field = explore.get_by_label("Your prediction")
    field.fill("")
    if how == "Check":
        explore.get_by_role("button", name="Check", exact=True).click()
    else:
        field.press("Enter")
    expect(explore.locator(".ks-verdict")).to_have_text(
        "An empty field is not a number. Write it like 12, −0.5 or 2/9."
    )
    expect(field).to_be_focused()


def test_what_is_typed_on_a_cell_that_is_uncovered_is_told_where_to_go_on(explore: Page):
    hide(explore, "pool")
    pin(explore, "pool")
    guess(explore, "12")
    expect(explore.locator(".ks-verdict")).to_have_text("✓ Right.")
    notice = explore.locator(".ks-notice")
    expect(explore.locator("[data-view=pool]")).to_be_focused()
    explore.keyboard.press("Enter")  # a second press of what sent the guess asks for nothing
    expect(notice).to_be_hidden()
    explore.keyboard.type("12")
    expect(notice).to_contain_text(
        "Pooled [0, 0] is uncovered already. So are all the others: hide another stage to predict more."
    )
    hide(explore, "conv")
    pin(explore, "conv")
    guess(explore, "-6")
    expect(notice).to_be_hidden()
    explore.keyboard.type("-6")
    expect(notice).to_contain_text(
        "Feature map [0, 0] is uncovered already. Choose one that is still covered, and type what stands there."
    )


def test_a_letter_on_a_hidden_cell_is_told_that_a_number_is_wanted(explore: Page):
    hide(explore, "conv")
    pin(explore, "conv")
    explore.locator("[data-view=conv]").focus()
    explore.keyboard.press("x")
    expect(explore.locator(".ks-notice")).to_contain_text("A cell holds a number: begin with a digit or a sign")
    explore.keyboard.type("-6")
    expect(explore.locator(".ks-ledger input")).to_have_value("-6")


def test_a_message_as_long_as_they_get_does_not_cover_the_button_that_takes_a_change_back(explore: Page):
    hide(explore, "conv")
    pin(explore, "conv")
    guess(explore, "-6")
    expect(explore.locator("[data-view=conv]")).to_be_focused()
    explore.keyboard.type("-6")
    notice, undo = explore.locator(".ks-notice"), explore.get_by_role("button", name="Undo")
    for width in (1440, 1300, 1440):
        resize(explore, width, 1000)
        said, button = notice.bounding_box(), undo.bounding_box()
        assert said["y"] < button["y"] + button["height"]  # both in one line across the page
        assert button["y"] < said["y"] + said["height"]
        assert 0 < said["x"] < said["x"] + said["width"] < button["x"]


def test_a_hidden_number_and_all_after_it_are_told_nowhere(explore: Page):
    hide(explore, "scores")
    pin(explore, "scores")
    scores, shares = (build(Experiment()).trace.stages[k].output[0] for k in (4, 5))
    told = explore.locator(".ks").evaluate("(ks) => ks.innerHTML").replace("−", "-")
    for value in (*scores, *shares[:2]):
        assert f"{abs(value):.3g}" not in told
    expect(explore.locator("[data-view=probabilities] .ks-bar-number").first).to_have_text("?")
    # What a hidden cell feeds, a table of it, its large map and its numbers to copy would tell as well.
    explore.locator("[data-column=scores] summary").click()
    explore.locator("[data-column=scores]").get_by_role("button", name="As a table").click()
    expect(explore.locator(".ks-notice")).to_contain_text("hidden, to be predicted")
    expect(explore.get_by_role("dialog")).to_have_count(0)


def test_what_comes_after_shows_when_the_last_cell_is_open(explore: Page):
    hide(explore, "scores")
    for k in range(3):
        before = revision(explore)
        explore.locator("[data-view=scores] .ks-bar-row").nth(k).click()
        explore.get_by_role("button", name="Show it").click()
        wait_drawn(explore, "kernel", "cnn_core", before)
    expect(explore.locator("[data-view=probabilities] .ks-bar-number").first).to_have_text("0.9993")


def test_the_pointer_s_way_over_the_maps_does_not_disturb_what_is_being_typed(explore: Page):
    hide(explore, "conv")
    pin(explore, "conv")
    explore.get_by_label("Your prediction").fill("-")
    clear(explore)
    for column in range(3):
        explore.mouse.move(*cell_centre(explore, "conv", 2, column, (3, 3)))
    frames(explore)
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 0]")
    expect(explore.get_by_label("Your prediction")).to_have_value("-")


@pytest.mark.parametrize("before", ["hidden", "shown"])
def test_what_is_typed_before_the_question_is_drawn_is_meant_for_the_cell_that_was_chosen(explore: Page, before: str):
    hide(explore, "conv")
    if before == "shown":
        explore.mouse.click(*cell_centre(explore, "input", 0, 0, (5, 5)))
        expect(explore.locator(".ks-ledger h2")).to_have_text("Input [0, 0]")
    explore.locator("[data-view=conv]").focus()
    explore.evaluate(HOLD_FRAMES)
    explore.keyboard.press("ArrowLeft")
    explore.keyboard.type("-6")
    explore.evaluate("window.releaseFrames()")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 0]")
    expect(explore.get_by_label("Your prediction")).to_have_value("-6")
    expect(explore.get_by_label("Your prediction")).to_be_focused()


def test_a_field_filled_before_the_question_is_drawn_stays_filled(explore: Page):
    hide(explore, "conv")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")
    explore.evaluate(HOLD_FRAMES)
    pin(explore, "conv")
    explore.get_by_label("Your prediction").fill("-")
    explore.evaluate("window.releaseFrames()")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 0]")
    expect(explore.get_by_label("Your prediction")).to_have_value("-")


def test_a_prediction_is_typed_wherever_the_pointer_rests(explore: Page):
    hide(explore, "conv")
    pin(explore, "conv")
    explore.mouse.move(*cell_centre(explore, "conv", 2, 2, (3, 3)))
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 2]")
    expect(explore.get_by_label("Your prediction")).to_have_count(0)
    explore.keyboard.type("-6")
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 0]")
    expect(explore.get_by_label("Your prediction")).to_have_value("-6")


def test_other_numbers_are_asked_anew_and_a_reload_keeps_what_is_open(explore: Page):
    hide(explore, "conv")
    with explore.expect_request(lambda asked: '"pin":{' in (asked.post_data or "")):  # once the hand rests on it
        pin(explore, "conv")
    guess(explore, "-6")
    explore.evaluate("window.cnn.drawn = []")
    explore.reload()
    wait_drawn(explore, "kernel")
    expect(explore.get_by_label("Predict: which stage is hidden")).to_have_value("conv")
    expect(explore.locator(".ks-ledger-value")).to_have_text("−6")
    type_number(explore, "bias", "2")
    expect(explore.locator(".ks-ledger-value")).to_have_count(0)
    guess(explore, "-4")
    expect(explore.locator(".ks-ledger-value")).to_have_text("−4")


def test_gradients_make_way_and_come_back(explore: Page):
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    hide(explore, "conv")
    expect(explore.get_by_label("What the maps show")).to_be_hidden()
    expect(explore.locator("[data-column=input] .ks-note")).not_to_contain_text("∂")
    hide(explore, "")
    expect(explore.get_by_label("What the maps show")).to_be_visible()


def test_a_photograph_is_hidden_too_and_its_cells_are_chosen_by_hand(explore: Page):
    take_sample(explore, "Brick wall")
    hide(explore, "conv")
    chain = build(edited({"op": "sample", "value": "brick"}))
    clear(explore)
    explore.locator("[data-view=conv]").click(position={"x": 40, "y": 40})
    row, column = last_cell(explore)["index"][2:]
    expect(explore.locator(".ks-ledger h2")).to_have_text(f"Feature map [{row}, {column}]")
    guess(explore, f"{chain.trace.stages[0].output[0, 0, row, column]:.5f}")
    expect(explore.locator(".ks-verdict")).to_have_text("✓ Right.")


def test_a_stage_hidden_by_mouse_asks_its_first_cell_at_once_and_says_how_to_leave(explore: Page):
    menu = explore.get_by_label("Predict: which stage is hidden")
    menu.dispatch_event("pointerdown", {"pointerType": "mouse"})
    hide(explore, "probabilities")
    ledger = explore.locator(".ks-ledger")
    expect(ledger.locator("h2")).to_have_text("Probability A")
    expect(ledger).to_contain_text("What stands there?")
    expect(ledger).to_contain_text("“predict: nothing hidden” shows all again.")
    expect(explore.get_by_label("Your prediction")).to_be_focused()
    hide(explore, "pool")
    expect(ledger.locator("h2")).to_have_text("Pooled [0, 0]")
    hide(explore, "")
    expect(explore.get_by_label("Your prediction")).to_be_hidden()
    expect(explore.locator(".ks-ledger-value")).to_be_visible()


def test_a_stage_hidden_by_key_is_asked_too_and_the_menu_keeps_the_focus(explore: Page):
    menu = explore.get_by_label("Predict: which stage is hidden")
    menu.focus()
    before = revision(explore)
    explore.keyboard.press("ArrowDown")
    wait_drawn(explore, "kernel", "cnn_core", before)
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")  # it was pinned already
    expect(menu).to_be_focused()
    explore.keyboard.press("ArrowDown")
    expect(explore.locator(".ks-ledger h2")).to_have_text("ReLU [0, 0]")
    expect(menu).to_be_focused()
