"""The ledger in a low window: at its edge, short, until the page is scrolled to the ledger's own place."""

import itertools

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN, ROOT, Server
from tests.browser.screen import (
    cell_centre,
    choose,
    clear,
    edited,
    frames,
    next_frame,
    open_experiment,
    revision,
    take_sample,
    wait_drawn,
)

pytestmark = pytest.mark.browser

LAPTOP = {"width": 1366, "height": 680}  # what a browser leaves of 1366 × 768

PAGES = pytest.mark.parametrize(
    ("path", "view"),
    [
        ("", "probabilities"),
        ("convolution", "output-0"),
        ("pooling", "max"),
        ("layers", "slope-0"),
        ("learn?lesson=sliding.2", "conv"),
    ],
    ids=["explore", "convolution", "pooling", "layers", "learn"],
)

# What has the focus, and whether the ledger, in which it is not, lies over any of it.
UNDER_THE_LEDGER = """() => {
  let held = document.activeElement;
  while (held?.shadowRoot?.activeElement) held = held.shadowRoot.activeElement;
  const ledger = document.querySelector(".ks-ledger");
  const [own, over] = [held, ledger].map((each) => each.getBoundingClientRect());
  return [held.outerHTML.slice(0, 80), !ledger.contains(held) && own.bottom > over.top + 1 && own.top < over.bottom];
}"""


# Where the ledger's own place begins: at the bar's lower edge and its margin.
BELOW_THE_BAR = """() => {
  const bar = document.querySelector(".ks-bar-top");
  return bar.getBoundingClientRect().bottom + parseFloat(getComputedStyle(bar).marginBottom);
}"""


TOP_AND_UNCOVERED = """(own) => {
  const { left, top, width, height } = own.getBoundingClientRect();
  return [top, own.contains(own.getRootNode().elementFromPoint(left + width / 2, top + height / 2))];
}"""


@pytest.fixture
def laptop(browser: Browser) -> Page:
    context = browser.new_context(viewport=LAPTOP)
    context.add_init_script(LISTEN)
    yield context.new_page()
    context.close()


def scroll_to(page: Page, top: int) -> int:
    """Scroll the page's own container, and where it came to."""
    got = page.evaluate(
        "(top) => { const m = document.querySelector('.stMain'); m.scrollTop = top; return m.scrollTop; }", top
    )
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return int(got)


def lies(page: Page) -> bool:
    return bool(page.locator(".ks-docked").count())


def test_on_a_laptop_s_whole_screen_the_menus_under_a_photograph_s_maps_lie_above_the_ledger(
    laptop: Page, server: Server
):
    laptop.set_viewport_size({"width": 1366, "height": 768})
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    before = revision(laptop)
    laptop.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(laptop, "probabilities", "cnn_core", before)
    expect(laptop.locator(".ks-docked")).to_have_count(1)
    frames(laptop)
    edge = laptop.locator(".ks-ledger").bounding_box()["y"]
    for name in ("What the maps show", "Which maps share a colour scale", "Colours of the maps"):
        box = laptop.get_by_label(name, exact=True).bounding_box()
        assert box["y"] + box["height"] + 4 <= edge, name


@PAGES
def test_in_a_low_window_the_sum_is_on_the_first_screen_below_the_maps_it_speaks_of(
    laptop: Page, server: Server, path: str, view: str
):
    laptop.goto(f"{server.url}/{path}")
    wait_drawn(laptop, view)
    expect(laptop.locator(".ks-docked")).to_have_count(1)
    ledger = laptop.locator(".ks-ledger").bounding_box()
    for told in (".ks-ledger-value", ".ks-ledger-body"):
        box = laptop.locator(told).bounding_box()
        assert box["y"] >= ledger["y"]
        assert box["y"] + box["height"] <= LAPTOP["height"]
    assert ledger["y"] + ledger["height"] == pytest.approx(LAPTOP["height"], abs=1)
    first = laptop.locator(".ks-map").first.bounding_box()
    assert first["y"] + first["height"] / 2 < ledger["y"]
    if path != "layers":  # nothing slides there
        expect(laptop.locator(".ks-ledger").get_by_role("button", name="Play")).to_be_in_viewport()


@PAGES
def test_scrolled_down_to_its_place_the_ledger_goes_back_without_a_jump_and_is_whole(
    laptop: Page, server: Server, path: str, view: str
):
    laptop.goto(f"{server.url}/{path}")
    wait_drawn(laptop, view)
    expect(laptop.locator(".ks-docked")).to_have_count(1)
    short = laptop.locator(".ks-ledger").bounding_box()
    top = 0
    while lies(laptop):
        at_edge = laptop.locator(".ks-ledger").bounding_box()
        # Along the edge, or right below the bar once that is higher: by what the player's row takes, no more.
        below = laptop.evaluate(BELOW_THE_BAR)
        assert at_edge["y"] == pytest.approx(min(short["y"], below), abs=0.1)
        assert short["y"] - 44 <= at_edge["y"]
        got = scroll_to(laptop, top + 8)
        assert got > top, "the page ends, and the ledger is not in its place"
        top = got
    back = laptop.locator(".ks-ledger").bounding_box()
    # No further from where it lay than the bar above it, which the player goes back to, grows by a line.
    assert abs(back["y"] - short["y"]) <= 44
    assert back["height"] >= 204
    expect(laptop.locator(".ks-bar-top .ks-player")).to_have_count(0 if path == "layers" else 1)
    for _ in range(5):  # it stays there, and does not flicker
        frames(laptop, 2)
        assert not lies(laptop)
    scroll_to(laptop, 0)
    assert lies(laptop)


@pytest.mark.parametrize("opened", ["grid", "picture", "lesson"])
def test_the_sum_is_on_the_first_screen_of_a_window_of_any_height(laptop: Page, server: Server, opened: str):
    laptop.goto(f"{server.url}/learn?lesson=kernel" if opened == "lesson" else server.url)
    wait_drawn(laptop, "conv")
    if opened == "picture":  # a square one, whose maps are the tallest
        take_sample(laptop, "Brick wall")
        scroll_to(laptop, 0)
    laid = set()
    for height in range(640, 1001, 12):
        laptop.set_viewport_size({"width": 1366, "height": height})
        frames(laptop)
        line = laptop.locator(".ks-ledger .ks-sum").bounding_box()
        assert line["y"] + line["height"] <= height, height
        laid.add(lies(laptop))
    assert laid == {True, False}


def test_the_ledger_s_edge_stays_where_it_is_whichever_stage_is_asked(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    edges = set()
    for view, shape, told in (
        ("conv", (3, 3), "Feature map [0, 0]"),
        ("activation", (3, 3), "ReLU [0, 0]"),
        ("pool", (1, 1), "Pooled [0, 0]"),
        ("input", (5, 5), "Input [0, 0]"),
    ):
        laptop.mouse.move(*cell_centre(laptop, view, 0, 0, shape))
        expect(laptop.locator(".ks-ledger h2")).to_have_text(told)
        edges.add(round(laptop.locator(".ks-ledger").bounding_box()["y"]))
    assert len(edges) == 1


def test_the_long_sum_of_a_weight_s_gradient_does_not_lift_the_ledger_over_it(laptop: Page, server: Server):
    cat = {"sample": "cat", "photo_size": 128, "colour": "rgb", "stride": 2}
    open_experiment(laptop, server.url, edited(*({"op": name, "value": value} for name, value in cat.items())))
    laptop.set_viewport_size({"width": 1280, "height": 720})
    clear(laptop)
    laptop.get_by_label("What the maps show").select_option("loss:0")
    wait_drawn(laptop, "conv")
    frames(laptop)
    ledger, said = laptop.locator(".ks-ledger"), laptop.locator(".ks-ledger > :not(.ks-dock):visible")
    before = ledger.bounding_box()
    for part in (0.1, 0.5, 0.9):
        box = laptop.locator("[data-view^=kernel_gradient]").first.bounding_box()
        laptop.mouse.move(box["x"] + box["width"] / 2, box["y"] + part * box["height"])
        expect(laptop.locator(".ks-ledger h2")).to_contain_text(f"weight R [{int(3 * part)}, 1]")
        frames(laptop)
        assert ledger.bounding_box() == before
        # What has no room is left out, and not cut.
        assert all(each["y"] + each["height"] <= 720 for each in (part.bounding_box() for part in said.all()))
    # Chosen, it is told in full.
    laptop.mouse.click(box["x"] + box["width"] / 2, box["y"] + 0.5 * box["height"])
    expect(laptop.locator(".ks-ledger-note")).to_be_visible()


def test_at_the_edge_terms_open_and_the_ledger_folds_to_its_headline(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    ledger, terms = laptop.locator(".ks-ledger"), laptop.locator(".ks-terms")
    expect(terms).to_be_hidden()
    laptop.get_by_role("button", name="products", exact=True).click()
    expect(terms).to_be_visible()
    box = ledger.bounding_box()
    assert box["height"] <= 0.46 * LAPTOP["height"] + 1
    laptop.get_by_role("button", name="hide", exact=True).click()
    assert ledger.bounding_box()["height"] < 70
    expect(laptop.locator(".ks-ledger-value")).to_be_in_viewport()
    laptop.get_by_role("button", name="show", exact=True).click()
    assert ledger.bounding_box() == box


@pytest.mark.parametrize("path", ["", "convolution"], ids=["explore", "convolution"])
def test_what_gets_the_focus_by_keyboard_is_never_under_the_ledger(laptop: Page, server: Server, path: str):
    laptop.goto(f"{server.url}/{path}")
    wait_drawn(laptop, "output-0" if path else "probabilities")
    expect(laptop.locator(".ks-docked")).to_have_count(1)
    laptop.locator(".ks-corner button").last.focus()
    below = 0
    for _ in range(45):
        laptop.keyboard.press("Tab")
        frames(laptop)  # scrolling to it, and the ledger's next frame
        held, under = laptop.evaluate(UNDER_THE_LEDGER)
        assert not under, held
        below += laptop.evaluate("document.querySelector('.stMain').scrollTop") > 0
    assert below > 10, "the keyboard has not come to what is below the window's edge"


def test_play_keeps_the_focus_and_goes_on_when_the_ledger_goes_to_its_place_and_back(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    laptop.get_by_label("speed").fill("0")  # it goes on for half a minute
    play = laptop.get_by_role("button", name="Play")
    play.focus()
    laptop.keyboard.press("Enter")
    pause = laptop.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    scroll_to(laptop, 400)
    assert not lies(laptop)
    expect(pause).to_be_focused()
    scroll_to(laptop, 0)
    assert lies(laptop)
    expect(pause).to_be_focused()


def test_open_the_ledger_is_as_high_for_every_cell_so_that_it_never_grows_over_the_one_it_speaks_of(
    laptop: Page, server: Server
):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    take_sample(laptop, "Shapes")  # a score there is a sum of hundreds of terms
    laptop.get_by_role("button", name="products", exact=True).click()
    edges = set()
    for place in (".ks-bars >> nth=0", "[data-view=conv]", "[data-view=activation]", "[data-view=pool]"):
        laptop.locator(place).hover(position={"x": 20, "y": 6})
        expect(laptop.locator(".ks-ledger-state")).to_have_text("under the pointer")
        frames(laptop)
        edges.add(round(laptop.locator(".ks-ledger").bounding_box()["y"]))
    assert len(edges) == 1


def test_open_the_ledger_takes_no_more_room_than_the_stage_of_the_pinned_cell_has_to_say(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    take_sample(laptop, "Cat")
    laptop.get_by_role("button", name="products", exact=True).click()
    ledger = laptop.locator(".ks-ledger")

    def height() -> float:
        laptop.wait_for_timeout(100)
        for _ in range(3):  # what it needs is measured a frame after it was written
            next_frame(laptop)
        return ledger.bounding_box()["height"]

    window = height()
    assert window <= 0.3 * LAPTOP["height"] + 1
    laptop.locator("[data-view=activation]").click()
    expect(laptop.locator(".ks-ledger h2")).to_contain_text("ReLU")
    expect(laptop.locator(".ks-ledger-state")).to_have_text("pinned")
    said = height()
    assert said < window - 50
    # What is only pointed at moves nothing, and is told as far as there is room.
    for view in ("conv", "pool", "activation"):
        laptop.locator(f"[data-view={view}]").hover(position={"x": 30, "y": 30})
        expect(laptop.locator(".ks-ledger-state")).to_have_text("under the pointer")
        assert height() == said
        for told in laptop.locator(".ks-ledger > :not(.ks-dock):visible").all():
            box = told.bounding_box()
            assert box["y"] + box["height"] <= LAPTOP["height"], view
    laptop.locator("[data-view=conv]").click()
    expect(laptop.locator(".ks-ledger-state")).to_have_text("pinned")
    assert height() == pytest.approx(window, abs=24)  # another cell's remainder may take a line
    expect(laptop.locator(".ks-ledger .ks-terms")).to_be_visible()


def test_in_a_low_window_a_photograph_s_controls_are_above_the_ledger_and_its_menus_a_short_way_below(
    laptop: Page, server: Server
):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    laptop.set_viewport_size({"width": 1366, "height": 768})
    take_sample(laptop, "Cat")
    expect(laptop.locator(".ks-docked")).to_have_count(1)
    scroll_to(laptop, 0)
    edge = laptop.locator(".ks-ledger").bounding_box()["y"]
    for controls in laptop.locator(".ks-column .ks-bottom").all():
        box = controls.bounding_box()
        assert box["y"] + box["height"] <= edge
    scroll_to(laptop, 80)
    edge = laptop.locator(".ks-ledger").bounding_box()["y"]
    expect(laptop.locator(".ks-bar-top select:visible").first).to_be_in_viewport()
    for menu in laptop.locator(".ks-bar-top select:visible").all():
        box = menu.bounding_box()
        assert box["y"] + box["height"] <= edge


@pytest.mark.parametrize(
    ("lesson", "lies_there"),
    [
        ("c_wins", False),
        ("downhill", False),
        ("learning", True),
        ("halve", False),
        ("sliding.2", True),
        ("one_cell", True),
    ],
)
def test_in_a_lesson_the_ledger_leaves_the_first_screen_to_the_stages_and_to_what_a_task_asks_for(
    laptop: Page, server: Server, lesson: str, lies_there: bool
):
    laptop.goto(f"{server.url}/learn?lesson={lesson}")
    laptop.locator(".ks-ledger-value, .ks-ledger input").first.wait_for(state="attached")
    frames(laptop)
    assert lies(laptop) is lies_there


def test_tab_goes_on_from_the_maps_to_play(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    laptop.locator("[data-column=probabilities] summary").focus()
    for _ in range(12):
        laptop.keyboard.press("Tab")
        frames(laptop)
        if laptop.get_by_role("button", name="Play").evaluate("(play) => play.getRootNode().activeElement === play"):
            break
    else:
        pytest.fail("Tab passed play by")


def test_with_room_for_it_the_ledger_is_in_its_place_and_a_window_made_lower_takes_it_along(
    explore: Page, server: Server
):
    assert not lies(explore)
    expect(explore.locator(".ks-terms")).to_be_visible()
    explore.set_viewport_size({"width": 1440, "height": 640})
    expect(explore.locator(".ks-docked")).to_have_count(1)
    explore.mouse.move(*cell_centre(explore, "conv", 2, 2, (3, 3)))
    expect(explore.locator(".ks-ledger h2")).to_have_text("Feature map [2, 2]")
    explore.set_viewport_size({"width": 1440, "height": 1000})
    expect(explore.locator(".ks-docked")).to_have_count(0)
    expect(explore.locator(".ks-terms")).to_be_visible()


def test_where_the_ledger_lies_follows_from_the_window_and_the_bar_above_it(explore: Page):
    cases = [
        (True, False, False, 0, 800),
        (True, True, True, 2000, 800),
        (False, False, False, 696, 800),
        (False, False, False, 697, 800),
        (False, False, True, 652, 800),
        (False, False, True, 653, 800),
        (False, True, True, 697, 800),
        (False, False, False, -300, 800),
        (False, False, False, 0, 100),
    ]
    found = explore.evaluate(
        """async (cases) => {
          const { whereToLie } = await import("/ui/common/dock.js");
          return cases.map((each) => whereToLie(...each));
        }""",
        cases,
    )
    assert found == ["stacked", "stacked", "page", "edge", "page", "edge", "page", "page", "edge"]


def test_the_ledger_s_details_are_called_what_they_are_and_where_there_are_none_none_are_offered(
    laptop: Page, server: Server
):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    details = laptop.locator(".ks-ledger .ks-fold").first
    for view, shape, name in (("conv", (3, 3), "products"), ("pool", (1, 1), "cells")):
        laptop.mouse.move(*cell_centre(laptop, view, 0, 0, shape))
        expect(details).to_have_text(name)
        expect(details).to_be_visible()
    for view, shape, told in (("activation", (3, 3), "ReLU [0, 0]"), ("input", (5, 5), "Input [0, 0]")):
        laptop.mouse.move(*cell_centre(laptop, view, 0, 0, shape))
        expect(laptop.locator(".ks-ledger h2")).to_have_text(told)
        expect(details).to_be_hidden()
    laptop.get_by_role("link", name="Convolution").click()
    wait_drawn(laptop, "output-0")
    laptop.locator("[data-view=input-0]").hover(position={"x": 6, "y": 6})
    expect(details).to_have_text("what it feeds")


def test_whoever_reads_on_in_the_open_ledger_still_sees_its_headline_and_play(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    take_sample(laptop, "Shapes")
    with laptop.expect_response("**/answers/**"):  # of the score that was pinned: the ledger is written anew for it
        laptop.locator(".ks-bars .ks-bar-row").first.click()
    laptop.get_by_role("button", name="products", exact=True).click()
    laptop.locator(".ks-term-open").first.click()
    frames(laptop)
    ledger = laptop.locator(".ks-ledger")
    assert ledger.evaluate("(ledger) => { ledger.scrollTop = 1e4; return ledger.scrollTop; }") > 50
    edge = ledger.bounding_box()["y"]
    for element in (laptop.locator(".ks-ledger-value"), laptop.get_by_role("button", name="Play")):
        top, uncovered = element.evaluate(TOP_AND_UNCOVERED)
        assert edge <= top < edge + 40
        assert uncovered, "something that scrolls by lies over it"


def test_products_folded_away_take_along_what_was_opened_below_them(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    laptop.locator(".ks-bars .ks-bar-row").first.click()
    products = laptop.get_by_role("button", name="products", exact=True)
    products.click()
    laptop.locator(".ks-term-open").first.click()
    expect(laptop.locator(".ks-ledger-trail section")).to_have_count(1)
    products.click()
    expect(laptop.locator(".ks-ledger-trail section")).to_have_count(0)


def test_how_much_of_the_ledger_is_wanted_holds_on_every_page_and_after_a_reload(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    laptop.get_by_role("button", name="products", exact=True).click()
    laptop.get_by_role("button", name="hide", exact=True).click()
    laptop.get_by_role("link", name="Convolution").click()
    wait_drawn(laptop, "output-0")
    expect(laptop.get_by_role("button", name="show", exact=True)).to_be_visible()
    expect(laptop.locator(".ks-ledger-body")).to_be_hidden()
    laptop.reload()
    wait_drawn(laptop, "output-0")
    laptop.get_by_role("button", name="show", exact=True).click()
    expect(laptop.locator(".ks-ledger-planes")).to_be_visible()


def test_on_a_picture_zoom_lies_beside_play_on_the_first_screen(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    closer = laptop.get_by_role("button", name="Zoom in")
    expect(closer).to_be_hidden()  # of a grid of numbers there is nothing to come closer to
    take_sample(laptop, "Cat")
    expect(closer).to_be_in_viewport()
    closer.click()
    expect(laptop.locator(".ks-zoom-amount")).to_have_text("1.6×")
    scroll_to(laptop, 600)
    assert not lies(laptop)
    expect(laptop.locator(".ks-bar-top .ks-zoom")).to_have_count(1)


def test_opened_at_the_edge_a_small_window_its_kernel_and_their_products_stand_beside_the_sum(
    laptop: Page, server: Server
):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    lens, total = laptop.locator(".ks-ledger .ks-lens"), laptop.locator(".ks-ledger .ks-sum").first
    expect(lens).to_be_hidden()
    laptop.get_by_role("button", name="products").first.click()
    expect(lens.locator("figcaption")).to_have_text(["window", "kernel", "products"])
    window = laptop.evaluate("[innerWidth, innerHeight]")
    for shown in (lens, total):
        box = shown.bounding_box()
        assert box["x"] + box["width"] <= window[0]
        assert box["y"] + box["height"] <= window[1]
    assert lens.bounding_box()["x"] > total.bounding_box()["x"] + total.bounding_box()["width"]
    # A large one would take the room that its sum needs.
    choose(laptop, "Kernel", "gaussian_blur_5")
    expect(lens).to_be_hidden()
    expect(total).to_be_visible()


def test_opened_at_the_edge_each_plane_of_a_picture_in_colour_has_its_own_products(laptop: Page, server: Server):
    laptop.goto(server.url)
    wait_drawn(laptop, "probabilities")
    take_sample(laptop, "Cat")
    choose(laptop, "Colour", "rgb")
    laptop.get_by_role("button", name="products").first.click()
    lenses = laptop.locator(".ks-ledger .ks-lens")
    expect(lenses).to_have_count(3)
    ledger = laptop.locator(".ks-ledger").bounding_box()
    places = [lens.bounding_box() for lens in lenses.all()]
    assert len({box["y"] for box in places}) == 1
    for before, after in itertools.pairwise(places):
        assert before["x"] + before["width"] < after["x"]
    assert places[-1]["x"] + places[-1]["width"] < ledger["x"] + ledger["width"]
    # Each stands below the sum that it makes.
    assert laptop.locator(".ks-ledger-plane p").first.bounding_box()["y"] < places[0]["y"]


def torn(page: Page) -> list[str]:
    """The numbers under a glass that do not stand in one piece in their cell."""
    return page.locator(".ks-ledger .ks-lens:visible .ks-lens-cell").evaluate_all(
        """(cells) => cells.filter((cell) => {
          const text = document.createRange();
          text.selectNodeContents(cell);
          const { width, height } = text.getBoundingClientRect();
          return width > cell.clientWidth || height > cell.clientHeight;
        }).map((cell) => cell.textContent)"""
    )


def test_no_number_under_a_plane_s_glass_is_torn_and_a_glass_without_room_is_left_out(laptop: Page, server: Server):
    laptop.goto(f"{server.url}/learn?lesson=channels")
    wait_drawn(laptop, "conv")
    laptop.get_by_role("button", name="products").first.click()
    lenses = laptop.locator(".ks-ledger .ks-lens")
    expect(lenses).to_have_count(3)
    expect(lenses.first).to_be_visible()
    assert "0.949" in lenses.last.inner_text()
    assert torn(laptop) == []
    # Beside each other in the narrow half of a lesson too.
    assert len({lens.bounding_box()["y"] for lens in lenses.all()}) == 1
    weights = laptop.locator("[data-view=kernel] input")
    for k in range(9):
        before = revision(laptop)
        weights.nth(k).fill("-98765.4")
        weights.nth(k).press("Enter")
        wait_drawn(laptop, "conv", "cnn_core", before)
    assert torn(laptop) == []
    expect(lenses.first).to_be_hidden()
    expect(laptop.locator(".ks-ledger-plane p").first).to_contain_text("−29436 − 29436")
