"""The Learn page: lessons read to their end, exercises solved by mouse and by keyboard, lessons of links and files."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.chain import build
from pages.shared.learn.course import COURSE
from pages.shared.learn.lesson import Lesson, Step, predicting, to_file, to_link
from pages.shared.learn.lessons import LESSONS
from pages.shared.scenario import Scenario
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import cell_centre, edited, frames, resize, revision, wait_drawn, weights
from tests.browser.test_everyone import OVER_THE_EDGE, anyone, serious  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'><style>body { display: none }</style>"
UPLOAD = ".st-key-photo input[type=file]"


@pytest.fixture
def learn(page: Page, server: Server) -> Callable[..., Page]:
    """Opens a lesson, or the list of all."""

    def open_at(code: str = "") -> Page:
        page.goto(f"{server.url}/learn" + (f"?lesson={code}" if code else ""))
        page.locator(".ks-lesson:not([hidden])").wait_for()
        if code:
            wait_drawn(page, "input")
        return page

    return open_at


def done(page: Page) -> None:
    expect(page.locator(".ks-told")).to_contain_text("✓ Done.")


def moved(page: Page, act: Callable[[], object]) -> None:
    """Do something that the server answers."""
    before = revision(page)
    act()
    page.wait_for_function(
        "(before) => window.cnn.drawn.some((each) => each.revision > before && each.source === 'cnn_core')", arg=before
    )


@pytest.mark.parametrize("name", list(LESSONS))
def test_a_lesson_is_read_from_its_card_to_its_end(learn: Callable[..., Page], name: str):
    page = learn()
    lesson = LESSONS[name]
    page.locator(".ks-lesson-card", has=page.get_by_text(lesson.title, exact=True)).click()
    for k, step in enumerate(lesson.steps):
        expect(page.locator(".ks-lesson-text h3")).to_have_text(step.title)
        assert page.locator(".ks-lesson-words p").count() == len(step.text.split("\n\n"))
        assert page.locator(".ks-formula:visible").count() == len(step.formulas)
        for here in page.locator(".ks-here").all_inner_texts():
            assert here
        shown = page.locator(".ks-column:visible").evaluate_all("(all) => all.map((each) => each.dataset.column)")
        assert shown == list(step.columns or ())
        assert page.evaluate(OVER_THE_EDGE) == []
        expect(page.locator(".ks-step-dot[aria-current]")).to_have_text(str(k + 1))
        page.locator(".ks-lesson-foot .ks-button").last.click()
    following = list(COURSE)[list(COURSE).index(name) + 1]
    expect(page.locator(".ks-lesson-head h2")).to_have_text(COURSE[following].title)
    page.get_by_role("button", name="‹ All lessons").click()
    card = page.locator(".ks-lesson-card", has=page.get_by_text(lesson.title, exact=True))
    expect(card.locator("small")).to_have_text("✓ done")


def test_the_browser_s_back_leads_through_the_steps_to_the_list_and_on_to_the_page_before(page: Page, server: Server):
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    page.get_by_role("link", name="Learn").click()
    page.locator(".ks-lesson-card").first.click()
    name, lesson = next(iter(LESSONS.items()))
    heading = page.locator(".ks-lesson-text h3")
    expect(heading).to_have_text(lesson.steps[0].title)
    page.locator(".ks-lesson-foot .ks-button").last.click()
    expect(heading).to_have_text(lesson.steps[1].title)
    page.go_back()
    expect(heading).to_have_text(lesson.steps[0].title)
    assert page.evaluate("location.search") == f"?lesson={name}"
    page.go_forward()
    expect(heading).to_have_text(lesson.steps[1].title)
    page.go_back()
    page.go_back()
    expect(page.locator(".ks-lesson-card").first).to_be_visible()
    page.go_back()
    expect(page.locator("[data-view=probabilities]")).to_be_visible()


@pytest.mark.parametrize("name", list(LESSONS))
def test_the_words_of_a_lesson_stay_where_they_are_from_step_to_step(learn: Callable[..., Page], name: str):
    page = learn(name)
    places = set()
    for step in LESSONS[name].steps:
        expect(page.locator(".ks-lesson-text h3")).to_have_text(step.title)
        box = page.locator(".ks-lesson").bounding_box()
        places.add((box["x"], box["y"], box["width"]))
        page.locator(".ks-lesson-foot .ks-button").last.click()
    assert len(places) == 1


def test_a_formula_follows_what_is_done(learn: Callable[..., Page]):
    page = learn("sliding.2")
    expect(page.locator(".ks-here")).to_have_text("(5 + 2·1 − 3) / 1 + 1 = 5")
    moved(page, lambda: page.get_by_role("button", name="more padding", exact=True).click())
    expect(page.locator(".ks-here")).to_have_text("(5 + 2·2 − 3) / 1 + 1 = 7")
    page = learn("kernel")
    page.mouse.click(*cell_centre(page, "conv", 2, 2, (3, 3)))
    expect(page.locator(".ks-here")).to_contain_text("= 6")


def test_steps_downhill_lower_the_loss_and_undo_goes_back(learn: Callable[..., Page]):
    page = learn("learning.2")

    def loss() -> float:
        return float(page.locator(".ks-here").inner_text().split("≈ ")[1].split("\n")[0])

    begun = loss()
    for _ in range(3):
        moved(page, lambda: page.get_by_role("button", name="One step downhill").click())
    assert loss() < begun / 1.5
    for _ in range(3):
        moved(page, lambda: page.keyboard.press("Control+z"))
    assert loss() == begun


def test_an_exercise_is_solved_by_mouse(learn: Callable[..., Page]):
    page = learn("halve")
    expect(page.locator(".ks-told")).to_have_text("It is 26 × 26 now.")
    moved(
        page, lambda: page.locator("[data-column=kernel]").get_by_role("button", name="more stride", exact=True).click()
    )
    expect(page.locator(".ks-told")).to_have_text("It is 13 × 13 now.")
    moved(page, lambda: page.get_by_role("button", name="more padding", exact=True).click())
    done(page)
    page.get_by_role("button", name="All lessons").first.click()
    expect(page.get_by_role("button", name="28 becomes 14")).to_contain_text("✓ done")


def test_an_exercise_is_solved_by_keyboard(learn: Callable[..., Page]):
    page = learn("one_cell")
    page.locator("[data-view=conv]").focus()
    page.keyboard.press("-")
    page.keyboard.press("2")
    moved(page, lambda: page.keyboard.press("Enter"))
    done(page)
    page.locator(".ks-lesson-foot .ks-button").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ks-lesson-head h2")).to_have_text("Slide along a row")


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("softmax", ["Probability A", "Probability B"]),
        ("a_row", ["Feature map [0, 0]", "Feature map [0, 1]", "Feature map [0, 2]"]),
    ],
)
def test_an_exercise_of_several_cells_leads_from_each_to_the_next(
    learn: Callable[..., Page], name: str, headings: list[str], how: str
):
    page = learn()
    page.locator(".ks-lesson-card", has=page.get_by_text(COURSE[name].title, exact=True)).click()
    [step] = COURSE[name].steps
    output = build(step.scenario.experiment).trace.stages[step.scenario.pin[0]].output.ravel()
    further = page.locator(".ks-ledger").get_by_role("button", name="Next: ")
    for k, heading in enumerate(headings):
        expect(page.get_by_label("Your prediction")).to_be_focused()
        expect(page.locator(".ks-ledger h2")).to_have_text(heading)
        page.keyboard.type(f"{output[k]:.2f}")
        moved(page, lambda: page.keyboard.press("Enter"))
        expect(page.locator(".ks-verdict")).to_have_text("✓ Right.")
        expect(page.locator(".ks-told")).to_contain_text(f"{k + 1} of {len(headings)} predicted right.")
        if heading is headings[-1]:
            expect(further).to_have_count(0)
        elif how == "keyboard":
            expect(further).to_have_text(f"Next: {headings[k + 1]} ›")
            page.keyboard.press("Enter")
        else:
            further.click()
    done(page)


@pytest.mark.parametrize(("name", "label"), [("one_cell", "Your prediction"), ("count_weights", "Your answer")])
def test_an_exercise_that_is_chosen_takes_what_is_typed_and_scrolls_nothing(
    learn: Callable[..., Page], name: str, label: str
):
    page = learn()
    page.locator(".ks-lesson-card", has=page.get_by_text(COURSE[name].title, exact=True)).click()
    expect(page.get_by_label(label)).to_be_focused()
    assert page.locator(".stMain").evaluate("(element) => element.scrollTop") == 0
    page.keyboard.type("-2" if name == "one_cell" else "80")
    expect(page.get_by_label(label)).to_have_value("-2" if name == "one_cell" else "80")


def test_a_number_typed_on_an_opened_exercise_is_the_prediction_wherever_the_pointer_was_left(
    learn: Callable[..., Page],
):
    page = learn("one_cell")
    page.mouse.move(*cell_centre(page, "conv", 2, 2, (3, 3)))
    page.keyboard.type("-2")
    expect(page.get_by_label("Your prediction")).to_have_value("-2")
    moved(page, lambda: page.keyboard.press("Enter"))
    done(page)


def test_where_the_map_that_the_window_slides_over_is_not_shown_nothing_slides_away_from_the_question(
    learn: Callable[..., Page],
):
    page = learn("softmax")
    question = page.get_by_label("Your prediction")
    expect(question).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_hidden()
    expect(page.get_by_role("button", name="One cell on")).to_be_hidden()
    page.locator("[data-view=input]").focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    expect(question).to_be_visible()
    page = learn("one_cell")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_with_a_finger_an_exercise_begins_with_its_words(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.add_init_script(LISTEN)
    phone = context.new_page()
    phone.goto(f"{server.url}/learn")
    phone.locator(".ks-lesson-card", has=phone.get_by_text(COURSE["one_cell"].title, exact=True)).tap()
    expect(phone.get_by_label("Your prediction")).to_be_visible()
    expect(phone.locator(".ks-lesson-head h2")).to_be_focused()
    assert phone.locator(".stMain").evaluate("(element) => element.scrollTop") == 0
    context.close()


def test_a_kernel_is_drawn_until_it_does_what_it_should(learn: Callable[..., Page]):
    page = learn("as_it_was")
    fields = page.locator("[data-view=kernel] input")
    for k, weight in enumerate("000010000"):
        fields.nth(k).fill(weight)
    page.keyboard.press("Enter")
    done(page)


def test_a_question_is_answered_and_a_hint_is_there_for_who_asks(learn: Callable[..., Page]):
    page = learn("count_work")
    moved(page, lambda: page.get_by_role("button", name="Hint").click())
    expect(page.locator(".ks-clues")).to_have_text("The map is 26 × 26.")
    page.get_by_label("Your answer").fill("676")
    moved(page, lambda: page.keyboard.press("Enter"))
    expect(page.locator(".ks-told")).to_contain_text("676 is not it. That is how many numbers the map has")
    page.get_by_label("Your answer").fill("6084")
    moved(page, lambda: page.get_by_role("button", name="Check").click())
    done(page)


def test_what_a_step_keeps_says_so_and_stays(learn: Callable[..., Page]):
    page = learn("five_silent")
    before = weights(page)
    x, y = (
        page.locator("[data-view=kernel] input").first.bounding_box()["x"] + 20,
        page.locator("[data-view=kernel] input").first.bounding_box()["y"] + 20,
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=5)
    page.mouse.up()
    expect(page.locator(".ks-notice")).to_contain_text("In this step the kernel's weights cannot be changed")
    assert (weights(page) == before).all()
    page.mouse.click(*cell_centre(page, "input", 0, 0, (5, 5)))
    page.locator("[data-view=input]").press("7")
    expect(page.locator(".ks-notice")).to_contain_text("In this step the input's numbers cannot be changed")
    expect(page.get_by_label("cell value")).to_have_count(0)
    assert page.get_by_label("Kernel", exact=True).count() == 0  # the library's menu
    expect(page.get_by_label("bias", exact=True)).to_be_visible()


def test_the_list_of_lessons_tells_a_teacher_where_to_make_one_and_leads_there(learn: Callable[..., Page]):
    page = learn("")
    own = page.locator(".ks-own-lesson p")
    expect(own).to_have_text("To make a lesson of your own, set up a scene on Explore and press “Teach…”.")
    page.evaluate("window.here = true")
    own.get_by_role("link", name="Explore").click()
    wait_drawn(page, "probabilities")
    expect(page.get_by_role("button", name="Teach…")).to_be_visible()
    assert page.evaluate("window.here")  # the document was not loaded again


def test_a_reload_finds_the_step_and_a_link_opens_it_elsewhere(
    learn: Callable[..., Page], browser: Browser, server: Server
):
    page = learn("sliding")
    page.get_by_role("button", name="Next ›").click()
    moved(page, lambda: page.get_by_role("button", name="more padding", exact=True).click())
    page.evaluate("window.cnn.drawn = []")
    page.reload()
    wait_drawn(page, "conv")
    expect(page.locator(".ks-here")).to_have_text("(5 + 2·2 − 3) / 1 + 1 = 7")
    assert page.url.endswith("/learn?lesson=sliding.2")
    elsewhere = browser.new_context()
    elsewhere.add_init_script(LISTEN)
    other = elsewhere.new_page()
    other.goto(page.url)
    wait_drawn(other, "conv")
    expect(other.locator(".ks-here")).to_have_text("(5 + 2·1 − 3) / 1 + 1 = 5")
    elsewhere.close()


def test_explore_and_a_lesson_keep_to_themselves(learn: Callable[..., Page]):
    page = learn("sliding.2")
    page.get_by_role("link", name="Explore").click()
    wait_drawn(page, "probabilities")
    expect(page.locator("[data-column=input] .ks-shape")).to_have_text("5 × 5")
    expect(page.get_by_role("button", name="Take away")).to_be_visible()
    page.get_by_role("link", name="Learn").click()
    expect(page.locator(".ks-lesson-text h3")).to_have_text("Padding: room at the border")


def test_the_list_is_there_again_after_an_exercise_and_explore(learn: Callable[..., Page]):
    page = learn("halve")
    page.get_by_role("button", name="All lessons").first.click()
    page.get_by_role("link", name="Explore").first.click()  # the list has one too
    wait_drawn(page, "probabilities")
    before = revision(page)
    page.locator("[data-column=kernel]").get_by_role("button", name="more stride", exact=True).click()
    wait_drawn(page, "probabilities", "cnn_core", before)
    page.get_by_role("link", name="Learn").click()
    expect(page.locator(".ks-lesson-card").first).to_be_visible()
    expect(page.get_by_role("button", name="Take away")).to_be_hidden()
    page.get_by_role("link", name="Explore").first.click()
    expect(page.locator("[data-column=conv] .ks-shape")).to_have_text("2 × 2")
    expect(page.locator(".ks-lesson-card").first).to_be_hidden()


def test_the_page_s_own_link_leads_from_a_step_to_the_list(learn: Callable[..., Page]):
    page = learn("pooling.2")
    page.get_by_role("link", name="Learn", exact=True).first.click()
    expect(page.locator(".ks-course")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/learn$"))
    page.go_back()
    expect(page.locator(".ks-lesson h3")).to_be_visible()
    # From another page the lesson goes on where it was.
    page.get_by_role("link", name="Explore", exact=True).first.click()
    wait_drawn(page, "conv")
    page.get_by_role("link", name="Learn", exact=True).first.click()
    expect(page.locator(".ks-lesson h3")).to_be_visible()


def test_the_gradients_of_a_lesson_are_sums_of_that_lesson(learn: Callable[..., Page]):
    page = learn("learning")
    page.locator("[data-view=kernel_gradient]").click()
    expect(page.locator(".ks-ledger h2")).to_contain_text("∂ loss (class A) / ∂ weight [1, 1]")
    shown = [text.replace("−", "-") for text in page.locator(".ks-ledger .ks-term-product").all_inner_texts()]
    total = page.locator(".ks-ledger-value").inner_text().replace("−", "-")
    assert shown
    assert round(sum(map(float, shown)), 9) == pytest.approx(float(total))


def test_whoever_chooses_a_gradient_as_told_keeps_the_words_and_the_sum_in_sight_and_reads_no_zeros(
    learn: Callable[..., Page],
):
    page = learn("learning")
    resize(page, 1440, 900)
    before = page.locator("[data-view=kernel_gradient]").bounding_box()
    page.locator("[data-view=kernel_gradient]").click()
    expect(page.locator(".ks-ledger h2")).to_contain_text("∂ weight [1, 1]")
    frames(page)
    assert page.locator("[data-view=kernel_gradient]").bounding_box() == before  # nothing jumped
    expect(page.locator(".ks-lesson-words")).to_be_in_viewport(ratio=1)
    expect(page.locator(".ks-ledger-value")).to_be_in_viewport(ratio=1)
    # The sum lies above nothing that is asked about.
    assert before["y"] + before["height"] <= page.locator(".ks-ledger").bounding_box()["y"]
    products = page.locator(".ks-ledger .ks-term:not(.ks-plain) .ks-term-product").all_text_contents()
    assert all(float(each.replace("−", "-")) for each in products)
    zeros = 16 - len(products)
    expect(page.locator(".ks-ledger .ks-idle.ks-plain")).to_have_text(f"{zeros} more are 0")


def test_nothing_leads_to_what_a_step_does_not_show_or_tells_what_it_hides(learn: Callable[..., Page]):
    page = learn("kernel")
    expect(page.locator(".ks-ledger-value")).to_have_text("12")
    expect(page.locator(".ks-ledger-feeds")).to_have_text("")
    page = learn("the_rim")
    expect(page.get_by_role("button", name="effective weights")).to_be_hidden()


@pytest.mark.parametrize(
    ("columns", "hidden", "told"),
    [(("input", "kernel", "conv"), "", False), (None, "scores", False), (("input", "pool", "scores"), "", True)],
)
def test_the_fully_connected_layer_is_opened_where_its_scores_may_be_seen_and_nowhere_else(
    learn: Callable[..., Page], columns: tuple[str, ...] | None, hidden: str, told: bool
):
    page = learn(to_link(Lesson("Edges", (Step("Look.", columns=columns, hidden=hidden),))).code or "")
    expect(page.locator(".ks-dense")).to_be_visible(visible=told)


def test_an_address_that_holds_no_lesson_says_so_over_the_list(page: Page, server: Server):
    page.goto(f"{server.url}/learn?lesson=nonsense")
    expect(page.locator(".ks-notice")).to_contain_text("Here are the lessons instead.")
    expect(page.get_by_role("button", name="What a kernel does")).to_be_visible()


# ---- teachers ------------------------------------------------------------------------------------------------------


def hostile() -> Lesson:
    scenario = Scenario(edited({"op": "stride", "value": 2}), (0, (0, 0, 1, 1)))
    first = Step(HOSTILE, scenario, HOSTILE[:80], frozenset({"stride"}), ("input", "kernel", "conv"), "conv")
    return Lesson(
        HOSTILE[:80],
        (
            first,
            Step("Two.", Scenario(edited())),
        ),
    )


def test_text_of_a_link_is_shown_as_text_and_nothing_in_it_runs(learn: Callable[..., Page]):
    code = to_link(hostile()).code
    page = learn(code or "")
    expect(page.locator(".ks-lesson-words p")).to_have_text(HOSTILE)
    expect(page.locator(".ks-lesson-head h2")).to_have_text(HOSTILE[:80])
    assert page.locator(".ks-lesson :is(script, img, style)").count() == 0
    page.get_by_role("button", name="Next ›").click()
    page.get_by_role("button", name="‹ Back").click()
    assert page.evaluate("window.hit") is None
    assert page.evaluate("getComputedStyle(document.body).display") == "block"


def test_text_of_a_file_is_shown_as_text_and_nothing_in_it_runs(learn: Callable[..., Page]):
    page = learn()
    data = to_file(hostile()).encode()
    page.set_input_files(UPLOAD, {"name": "lesson.json", "mimeType": "application/json", "buffer": data})
    expect(page.locator(".ks-lesson-words p")).to_have_text(HOSTILE)
    assert page.evaluate("window.hit") is None


def test_a_file_opens_its_lesson_though_its_maps_are_as_large_as_those_behind_the_list(learn: Callable[..., Page]):
    page = learn()
    data = to_file(Lesson("Plain", (Step("Look."),))).encode()
    page.set_input_files(UPLOAD, {"name": "lesson.json", "mimeType": "application/json", "buffer": data})
    expect(page.locator(".ks-lesson-words p")).to_have_text("Look.")
    wait_drawn(page, "conv")
    assert page.locator("[data-view=conv]").bounding_box()["width"] > 60


def test_what_is_to_be_predicted_is_asked_on_the_first_screen_however_many_stages_there_are(page: Page, server: Server):
    code = to_link(Lesson("Edges", (Step("Say what comes.", hidden="conv", goal=predicting(2)),))).code
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{server.url}/learn?lesson={code}")
    field = page.get_by_label("Your prediction")
    expect(field).to_be_in_viewport(ratio=1)
    assert page.locator("[data-view]").count() > 5
    # Its note, where it has one, stands off its frame.
    assert page.locator(".ks-lesson-note").evaluate("(note) => getComputedStyle(note).padding") == "6px 10px"


# ---- for everyone --------------------------------------------------------------------------------------------------


def test_learning_and_teaching_have_no_serious_violation_and_reach_over_no_edge(anyone: Page, server: Server):  # noqa: F811
    for code in ("", "pooling", "one_cell", "count_work", "learning.2"):
        anyone.goto(f"{server.url}/learn" + (f"?lesson={code}" if code else ""))
        anyone.locator(".ks-lesson:not([hidden])").wait_for()
        if code:
            wait_drawn(anyone, "input")
        assert serious(anyone) == [], code
        assert anyone.evaluate(OVER_THE_EDGE) == [], code
    anyone.goto(server.url)
    wait_drawn(anyone, "probabilities")
    anyone.get_by_label("Predict: which stage is hidden").select_option("conv")
    anyone.get_by_label("Your prediction").wait_for()
    assert serious(anyone) == [], "predicting"
    assert anyone.evaluate(OVER_THE_EDGE) == []
    anyone.get_by_role("button", name="Teach…").click()
    anyone.locator(".ks-ticks").first.wait_for()
    assert serious(anyone) == [], "teaching"
    assert anyone.evaluate(OVER_THE_EDGE) == []


def test_how_far_a_task_is_stands_beside_the_weights_that_it_is_about(learn: Callable[..., Page]):
    page = learn("c_wins")
    resize(page, 1440, 900)
    page.locator(".ks-dense summary").click()
    weights_of_c = page.locator("[data-view=dense_weights]")
    weights_of_c.scroll_into_view_if_needed()
    goal = page.locator(".ks-dense-goal")
    expect(goal).to_have_text(
        "Change the weights of the fully connected layer until C has a probability of at least 0.9. C has 0.00 now."
    )

    def within_the_panel() -> float:
        return weights_of_c.bounding_box()["y"] - page.locator(".ks-dense").bounding_box()["y"]

    before = within_the_panel()

    def draw() -> None:
        box = weights_of_c.bounding_box()
        left, top, step = box["x"] + 10, box["y"] + 10, box["width"] - 20
        page.mouse.move(left, top)
        page.mouse.down()
        for x, y in ((step, 0), (step, step), (0, step)):
            page.mouse.move(left + x, top + y, steps=6)
        page.mouse.up()

    moved(page, draw)
    expect(goal).to_contain_text("✓ Done. C has 1.00 now.")
    expect(goal).to_be_in_viewport(ratio=1)
    assert within_the_panel() == before  # the line moves nothing
    page = learn("one_cell")
    expect(page.locator(".ks-dense-goal")).to_be_hidden()


def test_what_is_said_lies_within_the_window_where_the_words_stand_beside(learn):
    page = learn("five_silent")
    resize(page, 1440, 900)
    bias = page.get_by_label("bias", exact=True)
    bias.fill("1e9")
    bias.press("Enter")
    notice = page.locator(".ks-notice:not([hidden])")
    expect(notice).to_contain_text("must lie between")
    box, undo = notice.bounding_box(), page.get_by_role("button", name="Undo").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= undo["x"]


def test_a_teacher_s_words_and_task_leave_room_for_all_the_maps_on_a_projector(learn, page: Page):
    """With every stage shown the words have the page's width: what is to be done stands beside them."""
    resize(page, 1280, 720)
    experiment = edited({"op": "sample", "value": "cat"})
    step = Step("Look.\n\nWhat comes of an edge?", Scenario(experiment), hidden="pool", goal=predicting(3))
    code = to_link(Lesson("Lecture 3", (step,))).code
    assert code is not None
    learn(code)
    words, task = (page.locator(each).bounding_box() for each in (".ks-lesson-text", ".ks-goal"))
    assert words["x"] + words["width"] < task["x"]
    assert task["y"] < words["y"] + words["height"]
    edge = page.locator(".ks-ledger").bounding_box()["y"]
    for view in ("input", "conv", "activation", "pool"):
        box = page.locator(f"[data-view={view}]").bounding_box()
        assert box["y"] + box["height"] <= edge, view
