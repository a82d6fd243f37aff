"""Teach, on Explore: a lesson made of what is on screen, its steps rewritten, and what it leaves to a learner."""

import json

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages.shared.chain import build
from tests.browser.conftest import LISTEN, ROOT
from tests.browser.screen import cell_centre, edited, revision, wait_drawn
from tests.browser.test_everyone import serious

pytestmark = pytest.mark.browser

UPLOAD = ".st-key-photo input[type=file]"


def test_a_draft_is_tried_on_the_page_learn_with_a_picture_of_one_s_own(explore: Page):
    before = revision(explore)
    explore.set_input_files(UPLOAD, ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    explore.get_by_role("button", name="Teach…").click()
    dialog = explore.get_by_role("dialog")
    dialog.locator("textarea").fill("My own.")
    dialog.get_by_role("button", name="Add this step").click()
    dialog.get_by_role("button", name="Try it").click()
    expect(explore.locator(".ks-lesson-words p")).to_have_text("My own.")
    expect(explore.locator("[data-column=input] .ks-shape")).not_to_have_text("5 × 5")


def test_a_lesson_is_made_of_what_is_on_screen_and_opens_as_exactly_that(explore: Page, browser: Browser):
    context = explore.context
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    before = revision(explore)
    explore.locator("[data-column=kernel]").get_by_role("button", name="more stride", exact=True).click()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    explore.mouse.click(*cell_centre(explore, "conv", 1, 0, (2, 2)))
    explore.get_by_role("button", name="Teach…").click()
    explore.get_by_label("Title of the lesson").fill("For 9b")
    explore.get_by_label("Title of the step").fill("Strides")
    dialog = explore.get_by_role("dialog")
    dialog.locator("textarea").fill("One.\n\nTwo & <b>three</b>.")
    for name in ("dilation", "padding", "Probabilities", "Scores"):
        dialog.get_by_label(name, exact=True).uncheck()
    dialog.get_by_label("Hidden, to be predicted").select_option("activation")
    dialog.get_by_label("stride", exact=True).check()
    dialog.get_by_role("button", name="Add this step").click()
    expect(dialog.locator(".ks-draft li")).to_have_count(1)
    dialog.get_by_role("button", name="Copy lesson link").click()
    expect(dialog).to_contain_text("The link is copied")
    address = explore.evaluate("navigator.clipboard.readText()")
    expect(dialog).not_to_contain_text("The link is copied", timeout=9000)  # nothing stale stays
    with explore.expect_download() as download:
        dialog.get_by_role("button", name="Save lesson file").click()
    told = json.loads(download.value.path().read_bytes())
    assert (told["title"], len(told["steps"])) == ("For 9b", 1)
    elsewhere = browser.new_context(viewport={"width": 1440, "height": 1000})
    elsewhere.add_init_script(LISTEN)
    other = elsewhere.new_page()
    other.goto(address)
    wait_drawn(other, "conv")
    expect(other.locator(".ks-lesson-head h2")).to_have_text("For 9b")
    expect(other.locator(".ks-lesson-text h3")).to_have_text("Strides")
    expect(other.locator(".ks-lesson-words p").nth(1)).to_have_text("Two & <b>three</b>.")
    expect(other.locator("[data-column=conv] .ks-shape")).to_have_text("2 × 2")
    expect(other.locator(".ks-ledger h2")).to_have_text("Feature map [1, 0]")
    columns = other.locator(".ks-column:visible").evaluate_all("(all) => all.map((each) => each.dataset.column)")
    assert columns == ["input", "kernel", "conv", "activation", "pool", "flat"]
    kernel = other.locator("[data-column=kernel]")
    assert kernel.get_by_role("button", name="more stride", exact=True).count() == 1
    assert kernel.get_by_role("button", name="more padding", exact=True).count() == 0
    other.mouse.click(*cell_centre(other, "activation", 0, 0, (2, 2)))
    expect(other.get_by_label("Your prediction")).to_be_visible()
    elsewhere.close()


def test_a_step_without_words_is_not_added_and_says_why(explore: Page):
    explore.get_by_role("button", name="Teach…").click()
    explore.get_by_role("button", name="Add this step").click()
    expect(explore.locator(".ks-problem").last).to_contain_text("Write what the learner is to read or do")
    expect(explore.locator(".ks-draft li")).to_have_count(0)


def taught(explore: Page, *titles: str) -> Locator:
    """The dialog with a draft of so many steps."""
    explore.get_by_role("button", name="Teach…").click()
    dialog = explore.get_by_role("dialog")
    for k, title in enumerate(titles):
        dialog.get_by_label("Title of the step").fill(title)
        dialog.get_by_label("Text", exact=True).fill(f"About {title}.")
        dialog.get_by_role("button", name="Add this").click()
        expect(dialog.locator(".ks-draft li")).to_have_count(k + 1)
    return dialog


def test_words_that_are_not_yet_a_step_outlive_another_page_and_a_reload(explore: Page):
    dialog = taught(explore, "One")
    dialog.get_by_label("Title of the step").fill("Two")
    dialog.get_by_label("Text", exact=True).fill("Half a thought")
    explore.keyboard.press("Escape")
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "probabilities")
    for _ in range(2):
        explore.get_by_role("button", name="Teach…").click()
        expect(dialog.get_by_label("Title of the step")).to_have_value("Two")
        expect(dialog.get_by_label("Text", exact=True)).to_have_value("Half a thought")
        explore.reload()
        wait_drawn(explore, "probabilities")
    # What was added is gone from the fields for good.
    explore.get_by_role("button", name="Teach…").click()
    dialog.get_by_role("button", name="Add this").click()
    expect(dialog.locator(".ks-draft li")).to_have_count(2)
    explore.reload()
    wait_drawn(explore, "probabilities")
    explore.get_by_role("button", name="Teach…").click()
    expect(dialog.get_by_label("Text", exact=True)).to_have_value("")


def in_order(dialog: Locator, *titles: str) -> None:
    expect(dialog.locator(".ks-draft li > span")).to_have_text(list(titles))


def focused(page: Page) -> str | None:
    return page.evaluate("document.activeElement.getAttribute('aria-label')")


def test_a_draft_s_steps_are_moved_by_mouse_and_by_keyboard_and_that_is_told_and_undone(explore: Page):
    dialog = taught(explore, "A", "B", "C")
    dialog.get_by_role("button", name="Move step 3 up").click()
    in_order(dialog, "A", "C", "B")
    told = dialog.get_by_role("status")
    expect(told).to_have_text("Step 3 is step 2 of 3 now.")
    # The focus goes with the step.
    assert focused(explore) == "Move step 2 up"
    explore.keyboard.press("Enter")
    in_order(dialog, "C", "A", "B")
    expect(told).to_have_text("Step 2 is step 1 of 3 now.")
    explore.keyboard.press("Enter")
    expect(told).to_have_text("Step 1 is the first one.")
    explore.keyboard.press("Tab")
    assert focused(explore) == "Move step 1 down"
    explore.keyboard.press("Space")
    in_order(dialog, "A", "C", "B")
    explore.keyboard.press("Control+z")
    in_order(dialog, "C", "A", "B")
    expect(told).to_have_text("Undone: 3 steps now.")
    explore.keyboard.press("Control+Shift+Z")
    in_order(dialog, "A", "C", "B")
    dialog.get_by_role("button", name="Remove step 2").click()
    in_order(dialog, "A", "B")
    dialog.get_by_role("button", name="Undo").click()
    in_order(dialog, "A", "C", "B")
    dialog.get_by_role("button", name="Begin another").click()
    in_order(dialog)
    dialog.get_by_role("button", name="Undo").click()
    in_order(dialog, "A", "C", "B")
    dialog.get_by_role("button", name="Close").click()
    expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "true")


def test_a_draft_s_step_is_rewritten_in_its_place(explore: Page):
    dialog = taught(explore, "A", "B")
    dialog.get_by_role("button", name="Edit step 1").click()
    text = dialog.get_by_label("Text of step 1")
    expect(text).to_be_focused()
    expect(text).to_have_value("About A.")
    text.fill("Never kept.")
    explore.keyboard.press("Escape")
    assert focused(explore) == "Edit step 1"
    explore.keyboard.press("Enter")
    expect(text).to_have_value("About A.")
    text.fill(" ")
    dialog.get_by_role("button", name="Save step 1").click()
    expect(dialog.locator(".ks-draft .ks-problem")).to_contain_text("A step has something to read or do")
    text.fill("Look <b>closely</b>.")
    dialog.get_by_label("Title of step 1").fill("First")
    explore.keyboard.press("Enter")
    in_order(dialog, "First", "B")
    expect(dialog.get_by_role("status")).to_have_text("Step 1 is changed.")
    assert focused(explore) == "Edit step 1"
    # What was begun to be written is kept by whatever is done next.
    explore.keyboard.press("Enter")
    dialog.get_by_label("Title of step 1").fill("Second")
    dialog.get_by_role("button", name="Move step 2 up").click()
    in_order(dialog, "B", "Second")
    assert serious(explore) == []
    dialog.get_by_role("button", name="Try it").click()
    explore.get_by_role("button", name="Next ›").click()
    expect(explore.locator(".ks-lesson-text h3")).to_have_text("Second")
    expect(explore.locator(".ks-lesson-words p")).to_have_text("Look <b>closely</b>.")


def test_what_stands_in_columns_that_a_learner_does_not_see_cannot_be_left_to_him(explore: Page):
    explore.get_by_role("button", name="Teach…").click()
    dialog = explore.get_by_role("dialog")
    tick = {name: dialog.get_by_label(name, exact=True) for name in ("Scores", "Probabilities", "Pooled")}
    classes, dense, pooling, bias = (
        dialog.get_by_label(name, exact=True)
        for name in ("classes and their names", "fully connected weights", "pooling", "bias")
    )
    dense.uncheck()
    tick["Scores"].uncheck()
    expect(classes).to_be_checked()  # which probabilities have too
    expect(dense).to_be_disabled()
    tick["Probabilities"].uncheck()
    tick["Pooled"].uncheck()
    for group in (classes, pooling):
        expect(group).to_be_disabled()
        expect(group).not_to_be_checked()
    expect(bias).to_be_checked()
    explore.keyboard.press("Escape")
    explore.get_by_role("button", name="Teach…").click()
    expect(classes).to_be_disabled()
    for name in tick.values():
        name.check()
    expect(classes).to_be_checked()
    expect(pooling).to_be_checked()
    expect(dense).to_be_enabled()
    expect(dense).not_to_be_checked()
    dialog.get_by_label("Hidden, to be predicted").select_option("pool")
    pooling.check()
    tick["Probabilities"].uncheck()
    expect(pooling).to_be_checked()


def test_what_is_to_be_predicted_cannot_be_made_easy_unless_the_teacher_lets_it(explore: Page):
    explore.get_by_role("button", name="Teach…").click()
    dialog = explore.get_by_role("dialog")
    may = dialog.get_by_role("group", name="The learner may change").get_by_role("checkbox", include_hidden=False)
    hidden, said = dialog.get_by_label("Hidden, to be predicted"), dialog.get_by_text("So that nobody can make it easy")
    expect(may.first).to_be_visible()
    every = may.count()
    ticked = may.and_(dialog.locator(":checked"))
    expect(ticked).to_have_count(every)
    expect(said).to_be_hidden()
    hidden.select_option("conv")
    expect(ticked).to_have_count(0)
    expect(said).to_be_visible()
    dialog.get_by_label("bias", exact=True).check()
    hidden.select_option("activation")
    expect(ticked).to_have_count(1)
    dialog.get_by_label("Text", exact=True).fill("Say what comes.")
    dialog.get_by_role("button", name="Add this step").click()
    dialog.get_by_role("button", name="Try it").click()
    expect(explore.locator(".ks-task")).to_contain_text("Predict")
    expect(explore.get_by_role("textbox", name="bias", exact=True)).to_be_visible()
    expect(explore.get_by_role("button", name="more stride", exact=True)).to_have_count(0)
    explore.get_by_role("link", name="Explore", exact=True).first.click()
    wait_drawn(explore, "conv")
    explore.get_by_role("button", name="Teach…").click()
    hidden.select_option("")
    expect(ticked).to_have_count(every)
    expect(said).to_be_hidden()


def test_a_hidden_stage_of_a_teacher_s_step_is_a_goal_with_progress(explore: Page):
    explore.get_by_role("button", name="Teach…").click()
    dialog = explore.get_by_role("dialog")
    count = dialog.get_by_label("Cells to predict right")
    expect(count).to_be_hidden()
    dialog.get_by_label("Text", exact=True).fill("Say what comes.")
    dialog.get_by_label("Hidden, to be predicted").select_option("conv")
    count.fill("2")
    dialog.get_by_role("button", name="Add this step").click()
    dialog.get_by_role("button", name="Try it").click()
    expect(explore.locator(".ks-task")).to_have_text("Predict 2 cells right.")
    told = explore.locator(".ks-told")
    expect(told).to_have_text("0 of 2 predicted right.")
    output = build(edited()).trace.stages[0].output
    for column, after in ((0, "1 of 2 predicted right."), (1, "✓ Done. 2 of 2 predicted right.")):
        explore.mouse.click(*cell_centre(explore, "conv", 0, column, (3, 3)))
        explore.get_by_label("Your prediction").fill(str(output[0, 0, 0, column]))
        explore.keyboard.press("Enter")
        expect(told).to_have_text(after)
