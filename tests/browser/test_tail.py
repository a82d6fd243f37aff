"""What comes after the maps folded away on Explore, so that a picture gets its room."""

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.experiment import Experiment
from pages.shared.scenario import Scenario, to_link
from tests.browser.conftest import LISTEN, Server
from tests.browser.links import someone_else
from tests.browser.screen import clear, last_cell, take_sample, wait_drawn

pytestmark = pytest.mark.browser

TAIL = ("flat", "scores", "probabilities")


@pytest.fixture
def laptop(browser: Browser, server: Server) -> Page:
    context = browser.new_context(viewport={"width": 1366, "height": 680})
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    take_sample(page, "Cat")
    yield page
    context.close()


def fold(page: Page) -> None:
    page.get_by_role("button", name="Hide →").click()
    expect(page.locator("[data-column=flat]")).to_have_count(0)


def on_screen(page: Page) -> list[str]:
    return page.locator(".ks-column").evaluate_all("(all) => all.map((each) => each.dataset.column)")


def test_without_the_tail_a_picture_is_much_larger_and_every_map_stays_on_the_page(laptop: Page):
    before = laptop.locator("[data-view=input]").bounding_box()
    fold(laptop)
    after = laptop.locator("[data-view=input]").bounding_box()
    assert after["width"] * after["height"] > 2 * before["width"] * before["height"]
    assert on_screen(laptop) == ["input", "kernel", "conv", "activation", "pool"]
    edge = laptop.locator(".ks-strip").bounding_box()
    for box in [each.bounding_box() for each in laptop.locator(".ks-column").all()]:
        assert edge["x"] <= box["x"]
        assert box["x"] + box["width"] <= edge["x"] + edge["width"]


def test_the_tail_comes_back_where_it_was(laptop: Page):
    before = laptop.locator("[data-view=input]").bounding_box()
    fold(laptop)
    laptop.get_by_role("button", name="← Scores").click()
    assert on_screen(laptop)[-3:] == list(TAIL)
    assert laptop.locator("[data-view=input]").bounding_box() == before
    assert laptop.locator(".ks-bars").count() == 2


def test_a_folded_tail_stays_folded_over_a_page_switch_and_a_reload(laptop: Page):
    fold(laptop)
    laptop.get_by_role("link", name="Pooling").click()
    wait_drawn(laptop, "max")
    clear(laptop)  # what was drawn before the switch is not what is waited for
    laptop.get_by_role("link", name="Explore").click()
    wait_drawn(laptop, "pool")
    assert not set(TAIL) & set(on_screen(laptop))
    laptop.reload()
    wait_drawn(laptop, "pool")
    assert not set(TAIL) & set(on_screen(laptop))


def test_what_is_asked_is_never_behind_the_fold(laptop: Page):
    laptop.locator(".ks-bars .ks-bar-row").first.click()
    expect(laptop.locator(".ks-ledger h2")).to_have_text("Score A")
    fold(laptop)
    expect(laptop.locator(".ks-ledger h2")).to_contain_text("Pooled")
    assert last_cell(laptop)["view"] == "pool"
    # Nor does the sum lead on to what is not on screen.
    expect(laptop.locator(".ks-ledger-feeds")).not_to_contain_text("score")


def test_a_score_that_is_to_be_predicted_comes_on_screen(laptop: Page):
    fold(laptop)
    laptop.get_by_label("Predict").select_option("scores")
    expect(laptop.locator("[data-column=scores]")).to_be_visible()


def test_folding_by_the_keyboard_goes_on_from_the_button_that_unfolds(laptop: Page):
    laptop.get_by_role("button", name="Hide →").focus()
    laptop.keyboard.press("Enter")
    expect(laptop.get_by_role("button", name="← Scores")).to_be_focused()
    laptop.keyboard.press("Enter")
    assert on_screen(laptop)[-3:] == list(TAIL)
    expect(laptop.get_by_role("button", name="Hide →")).to_be_focused()


def test_what_is_taken_away_is_what_is_on_screen(laptop: Page):
    fold(laptop)
    laptop.get_by_role("button", name="Take away…").click()
    expect(laptop.locator(".ks-take th")).to_have_text(["Input", "Feature map", "ReLU", "Pooled"])


def test_a_lesson_shows_its_own_stages_whatever_was_folded(laptop: Page, server: Server):
    fold(laptop)
    laptop.goto(f"{server.url}/learn?lesson=c_wins")
    expect(laptop.locator("[data-column=scores]")).to_be_visible()
    expect(laptop.get_by_role("button", name="← Scores")).to_have_count(0)


def test_what_a_link_asks_about_is_on_screen_though_the_tail_was_folded(laptop: Page, server: Server):
    fold(laptop)
    code = to_link(Scenario(Experiment(), pin=(4, (0, 1)))).code
    laptop.goto(f"{server.url}/?x={code}")
    wait_drawn(laptop, "pool")
    expect(laptop.locator(".ks-ledger h2")).to_have_text("Score B")
    expect(laptop.locator("[data-column=scores]")).to_be_visible()


def test_a_copied_link_opens_with_the_scores_hidden_as_they_were_and_with_them_shown_where_it_says_nothing(
    explore: Page, server: Server, browser: Browser
):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fold(explore)
    explore.get_by_role("button", name="Copy link").click()
    expect(explore.locator(".ks-notice")).to_contain_text("The link is copied")
    link = explore.evaluate("navigator.clipboard.readText()")
    assert link == explore.url
    with someone_else(browser, link, "pool") as other:
        assert not set(TAIL) & set(on_screen(other))
        other.get_by_role("link", name="Learn").click()  # whose steps say themselves what is seen
        expect(other.get_by_role("heading", name="Exercises")).to_be_visible()
        assert "tail=" not in other.url
        other.get_by_role("link", name="Explore").first.click()  # the list has one too
        other.get_by_role("button", name="← Scores").click()
        assert on_screen(other)[-3:] == list(TAIL)
        assert "tail=" not in other.url
    with someone_else(browser, f"{server.url}/?tail=nonsense", "probabilities") as other:
        assert on_screen(other)[-3:] == list(TAIL)


def test_a_lesson_made_while_the_scores_are_hidden_leaves_them_out_unless_they_are_ticked(explore: Page):
    boxes = [explore.get_by_role("dialog").get_by_label(name, exact=True) for name in ("Flattened", "Scores", "ReLU")]
    fold(explore)
    explore.get_by_role("button", name="Teach…").click()
    assert [box.is_checked() for box in boxes] == [False, False, True]
    boxes[1].check()
    boxes[2].uncheck()
    explore.keyboard.press("Escape")
    explore.get_by_role("button", name="Teach…").click()
    assert [box.is_checked() for box in boxes] == [False, True, False]  # as they were left
    explore.keyboard.press("Escape")
    explore.get_by_role("button", name="← Scores").click()
    explore.get_by_role("button", name="Teach…").click()
    assert [box.is_checked() for box in boxes] == [True, True, False]
    explore.keyboard.press("Escape")
    fold(explore)
    explore.get_by_role("button", name="Teach…").click()
    explore.get_by_role("dialog").locator("textarea").fill("Look.")
    explore.get_by_role("button", name="Add this step").click()
    expect(explore.locator(".ks-draft li")).to_have_count(1)
    explore.get_by_role("button", name="Try it").click()
    expect(explore.locator(".ks-lesson-words p")).to_have_text("Look.")
    assert on_screen(explore) == ["input", "kernel", "conv", "pool"]
