"""The Engine page in a browser: opened first, run, called off, reloaded, by keyboard, on a phone and in the dark."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from cnn_core import conv2d, conv2d_plan, reference
from pages.shared.engine.words import small
from pages.shared.experiment import Experiment
from pages.shared.navigation import PAGES
from pages.shared.scenario import Scenario, to_link
from tests.browser.conftest import ROOT, Server, Watch
from tests.browser.screen import choose, edited, revision, take_sample, wait_drawn
from tests.browser.test_everyone import serious

pytestmark = pytest.mark.browser

FIGURE = ".ks-figure"
LONG = edited(
    {"op": "sample", "value": "coffee"},
    {"op": "photo_size", "value": 512},
    {"op": "colour", "value": "rgb"},
    {"op": "library", "value": "gabor"},
)


# Notes the end of a run that begins from now on; one so short that the page never shows it begin changes the figures.
RAN_AGAIN = """(figure) => {
    const app = document.querySelector('[data-testid=stApp]');
    const figures = () => [...document.querySelectorAll(figure)].map((each) => each.innerText).join();
    const before = figures();
    let begun = false;
    new MutationObserver(() => {
        const runs = app.dataset.testScriptState !== 'notRunning';
        window.ranAgain ||= !runs && (begun || figures() !== before);
        begun ||= runs;
    }).observe(app, {attributes: true, characterData: true, childList: true, subtree: true});
}"""


def ran(page: Page) -> list[str]:
    """Wait until the page shows what the loops and the fast path came to; the four figures.

    On a machine that is busy enough even short work waits to be asked for.
    """
    waits = page.get_by_text(re.compile("press Run"))
    page.locator(FIGURE).or_(waits).first.wait_for(timeout=30_000)
    if waits.is_visible():
        page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(FIGURE)).to_have_count(4, timeout=30_000)
    return page.locator(FIGURE).all_inner_texts()


def press(page: Page, name: str) -> None:
    """Choose in a segmented control; this test's reader waits for what follows."""
    page.locator(".st-key-engine_controls").get_by_text(name, exact=True).click()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_button_that_runs_stands_level_with_the_selectors_and_is_as_tall(page: Page, server: Server, width: int):
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(f"{server.url}/engine")
    ran(page)
    controls = page.locator(".st-key-engine_controls")
    run = controls.get_by_role("button", name="Run again").bounding_box()
    beside = controls.get_by_role("radio", name="float32").bounding_box()
    assert (run["y"], run["height"]) == pytest.approx((beside["y"], beside["height"]), abs=0.5)


def test_the_steps_stand_in_one_line_on_a_phone(page: Page, server: Server):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/engine")
    ran(page)
    steps = page.locator(".st-key-engine_step").get_by_role("radio")
    expect(steps).to_have_count(4)
    tops = steps.evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().top)")
    assert len(set(tops)) == 1


def open_on(page: Page, server: Server, experiment: Experiment) -> None:
    page.goto(f"{server.url}/engine?x={to_link(Scenario(experiment)).code}")
    page.locator(".ks-code-head").first.wait_for()


def test_a_first_deep_link_runs_the_worked_grid_unasked(page: Page, fresh_server: Server):
    page.goto(f"{fresh_server.url}/engine")
    expect(page.locator(FIGURE)).to_have_count(4, timeout=20_000)
    loops, fast, ratio, difference = ran(page)
    assert loops.endswith(" ms")
    assert fast.endswith(" ms")
    assert re.fullmatch(r"[\d,.]+ ×", ratio)
    assert difference == "0"
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text([entry.title for entry in PAGES])
    expect(page.locator(".stException")).to_have_count(0)
    code = page.locator(".ks-code")
    expect(code.first).to_contain_text("total += weights[down, across] * picture[top + down, left + across]")
    expect(code.filter(has_text="def correlate_shifted")).to_be_visible()


def test_no_line_of_code_is_cut_off_and_what_wraps_stands_further_in(page: Page, server: Server):
    page.set_viewport_size({"width": 1440, "height": 900})
    open_on(page, server, Experiment())
    ran(page)
    assert (
        page.locator(".ks-code").evaluate_all("(all) => all.map((code) => code.scrollWidth - code.clientWidth)")
        == [0] * page.locator(".ks-code").count()
    )
    line = page.locator(".ks-line", has_text="total += weights[down, across]").first
    edges = line.evaluate("""(line) => {
      const range = document.createRange();
      range.selectNodeContents(line);
      const parts = [...range.getClientRects()].filter(({ width }) => width > 0);
      const tops = parts.map(({ top }) => Math.round(top));
      const first = Math.min(...tops), last = Math.max(...tops);
      const left = (top) => Math.min(...parts.filter((part) => Math.round(part.top) === top).map((part) => part.left));
      return [last > first, left(last) - left(first)];
    }""")
    assert edges[0]
    assert edges[1] > 0


def test_the_numbers_on_screen_are_cnn_cores(page: Page, server: Server):
    experiment = edited({"op": "sample", "value": "noise"}, {"op": "photo_size", "value": 48})
    open_on(page, server, experiment)
    shown = ran(page)[3]
    loops = reference.convolve2d(experiment.input[0], experiment.bank[0, 0])
    apart = np.abs(conv2d(experiment.input[None], experiment.weight)[0, 0] - loops)
    assert shown == small(float(apart.max()))
    press(page, "float32")
    plan = conv2d_plan(experiment.input[None].astype(np.float32), experiment.weight.astype(np.float32))
    expect(page.locator(".ks-code-head h2").nth(1)).to_have_text(f"The fast path: {plan.branch.value}")
    expect(page.locator(".ks-ways tr.ks-chosen th")).to_contain_text(plan.branch.value)
    expect(page.locator(FIGURE).nth(3)).to_have_text(small(float(np.abs(plan.run()[0, 0] - _single(experiment)).max())))


def _single(experiment: Experiment) -> np.ndarray:
    given = experiment.input[0].astype(np.float32), experiment.bank[0, 0].astype(np.float32)
    return reference.convolve2d(*given)


def test_the_experiment_comes_along_from_explore_and_stays_over_a_reload(explore: Page):
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    choose(explore, "Activation", "tanh", "activation")
    explore.get_by_role("link", name="Engine").click()
    sentence = explore.get_by_text("picture under a kernel of 3 × 3")
    expect(sentence).to_contain_text("Your 85 × 128 picture")
    press(explore, "ReLU")
    expect(explore.get_by_text("it takes the place of your Tanh")).to_be_visible()
    explore.wait_for_function("location.search.includes('x=')")
    explore.reload()
    expect(sentence).to_contain_text("Your 85 × 128 picture")  # which no link carries: the session was found again
    expect(explore.locator(".ks-notice")).to_be_hidden()
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "probabilities")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Tanh")
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


def test_the_step_and_the_result_are_there_again_after_another_page(explore: Page):
    explore.get_by_role("link", name="Engine").click()
    ran(explore)
    press(explore, "Max pooling")
    expect(explore.get_by_text("The textbook's loops: max_pooling")).to_be_visible()
    figures = ran(explore)
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    explore.get_by_role("link", name="Engine").click()
    expect(explore.get_by_text("The textbook's loops: max_pooling")).to_be_visible()
    assert ran(explore) == figures


def test_a_bad_link_is_told_here_too(page: Page, server: Server):
    page.goto(f"{server.url}/engine?x=garbage")
    ran(page)
    expect(page.locator(".ks-notice")).to_contain_text("This is the worked example instead.")


def test_long_work_is_offered_on_the_middle_and_the_whole_can_be_called_off(page: Page, server: Server):
    open_on(page, server, LONG)
    expect(page.get_by_text("The middle 64 × 64 × 3 of your picture")).to_be_visible()
    press(page, "whole picture")
    expect(page.get_by_text(re.compile(r"The loops will take about .* press Run"))).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(re.compile(r"The loops: \d+ of 335 rows"))).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Called off; nothing was measured.")).to_be_visible(timeout=10_000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    press(page, "64 × 64 from the middle")
    page.get_by_role("button", name=re.compile("^Run")).click()
    ran(page)


def test_a_long_run_is_begun_and_called_off_by_keyboard(page: Page, server: Server):
    open_on(page, server, LONG)
    press(page, "whole picture")
    page.get_by_text(re.compile("press Run")).wait_for()
    page.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"The loops: \d+ of 335 rows"))).to_be_visible(timeout=20_000)
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_text("Called off; nothing was measured.")).to_be_visible(timeout=10_000)


def test_another_visitor_is_served_while_the_loops_run(page: Page, server: Server, browser: Browser):
    open_on(page, server, LONG)
    press(page, "whole picture")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(re.compile(r"The loops: \d+ of 335 rows"))).to_be_visible(timeout=20_000)
    other = browser.new_context().new_page()
    other.goto(f"{server.url}/engine")
    ran(other)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    other.context.close()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Called off")).to_be_visible(timeout=10_000)


def test_a_step_the_experiment_does_not_get_to_leads_to_explore(page: Page, server: Server):
    open_on(page, server, edited({"op": "pool_size", "value": 4}))
    press(page, "Fully connected")
    expect(page.get_by_text("Fully connected has nothing to work on")).to_be_visible()
    page.get_by_role("link", name="Change it in Explore").click()
    expect(page.locator("[data-column=pool]")).to_contain_text("does not fit")


def test_it_can_all_be_done_by_keyboard(page: Page, server: Server):
    page.goto(f"{server.url}/engine")
    ran(page)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.innerText || document.activeElement.getAttribute('aria-label') || '').trim()"
            )
        )
        if reached[-1] == "Run again":
            page.evaluate(RAN_AGAIN, FIGURE)
            page.keyboard.press("Enter")
            break
    assert reached[-1] == "Run again"
    assert "Convolution" in reached
    page.wait_for_function("window.ranAgain")  # the figures of the run before are on screen all the while
    ran(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Every branch":
            break
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Every branch"


@pytest.fixture(params=[(s, w) for s in ("light", "dark") for w in (1440, 390)], ids=lambda p: f"{p[0]}-{p[1]}")
def anyone(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    watch = Watch(page)
    yield page
    assert watch.errors == []
    assert watch.outside == []
    context.close()


def test_it_has_no_serious_violation_and_nothing_is_wider_than_the_screen(anyone: Page, server: Server):
    open_on(anyone, server, edited({"op": "sample", "value": "coffee"}, {"op": "padding", "value": "same"}))
    for name in ("Convolution", "ReLU", "Max pooling", "Fully connected"):
        press(anyone, name)
        expect(anyone.locator(".ks-code-head").first).to_be_visible()
        ran(anyone)
        anyone.wait_for_timeout(300)
        assert serious(anyone) == [], name
        wide = anyone.viewport_size["width"]
        assert anyone.evaluate("document.querySelector('.stMain').scrollWidth") <= wide
        for box in (each.bounding_box() for each in anyone.locator(".ks-code, .ks-ways, .ks-engine").all()):
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= wide
    anyone.get_by_text("How the loops are given this experiment").click()
    expect(anyone.locator(".ks-code", has_text="def work(out")).to_be_visible()
    assert serious(anyone) == []


def test_what_it_says_before_a_run_and_instead_of_one_can_be_read_by_all(anyone: Page, server: Server):
    open_on(anyone, server, LONG)
    press(anyone, "whole picture")
    expect(anyone.get_by_text(re.compile("press Run"))).to_be_visible()
    assert serious(anyone) == []
    open_on(anyone, server, edited({"op": "pool_size", "value": 4}))
    press(anyone, "Max pooling")
    expect(anyone.get_by_text("has nothing to work on")).to_be_visible()
    assert serious(anyone) == []


def test_a_photograph_of_the_gallery_can_be_run(explore: Page):
    take_sample(explore, "Shapes")
    explore.get_by_role("link", name="Engine").click()
    expect(explore.get_by_text("Your 128 × 128 picture under a kernel of 3 × 3")).to_be_visible()
    button = explore.get_by_role("button", name=re.compile("^Run"))
    button.click()
    ran(explore)
