"""The window sliding by itself: how fast, and the way back from maps that are filled in part."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LISTEN, ROOT, Server
from tests.browser.screen import (
    Fingers,
    choose,
    clear,
    edited,
    frames,
    last_cell,
    open_experiment,
    revision,
    take_sample,
    wait_drawn,
)

pytestmark = pytest.mark.browser

PACE = 'async ([position, count]) => (await import("/ui/common/pace.js")).pace(position, count)'


def colours_at_the_foot(page: Page) -> int:
    """How many colours the lowest third of the feature map has."""
    with Image.open(io.BytesIO(page.locator("[data-view=conv]").screenshot())) as picture:
        width, height = picture.size
        return len(picture.convert("RGB").crop((2, 2 * height // 3, width - 2, height - 2)).getcolors(1 << 20))


@pytest.mark.parametrize(
    ("position", "count", "expected"),
    [
        (0, 9, 0.25),
        (0.5, 9, 15**0.5),
        (1, 9, 60),
        (0, 10_000, 0.25),  # on a photograph too every cell can be followed
        (0.5, 10_000, 250),  # 40 s for all of them
        (1, 10_000, 1000),  # 10 s
        (1, 0, 60),
    ],
)
def test_the_pace_of_the_window(explore: Page, position: float, count: int, expected: float):
    assert explore.evaluate(PACE, [position, count]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("count", [9, 676, 10_000, 250_000])
def test_further_on_the_slider_is_always_faster(explore: Page, count: int):
    paces = [explore.evaluate(PACE, [k / 20, count]) for k in range(21)]
    assert paces == sorted(set(paces))


def test_paused_on_a_picture_the_rest_of_the_maps_can_be_shown_and_the_cell_stays_pinned(explore: Page):
    take_sample(explore, "Cat")
    show = explore.get_by_role("button", name="Show what the window has not reached yet")
    expect(show).to_be_hidden()
    explore.get_by_role("button", name="Play").click()
    explore.wait_for_function("window.cnn.cell.length > 20")
    explore.get_by_role("button", name="Pause").click()
    expect(show).to_be_visible()
    assert colours_at_the_foot(explore) == 1
    cell = last_cell(explore)["index"]
    show.click()
    expect(show).to_be_hidden()
    assert colours_at_the_foot(explore) > 100
    expect(explore.get_by_role("button", name="Play")).to_be_focused()
    expect(explore.locator(".ks-ledger h2")).to_have_text(f"Feature map [{cell[2]}, {cell[3]}]")


def test_a_picture_that_is_uploaded_while_the_window_stands_half_way_is_seen_whole(explore: Page):
    explore.get_by_label("speed").fill("0")
    explore.get_by_role("button", name="Play").click()
    explore.get_by_role("button", name="Pause").click()
    expect(explore.get_by_role("button", name="Show what the window has not reached yet")).to_be_visible()
    before = revision(explore)
    explore.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    expect(explore.get_by_role("button", name="Show what the window has not reached yet")).to_be_hidden()
    assert colours_at_the_foot(explore) > 100


@pytest.mark.parametrize(("path", "view"), [("", "conv"), ("/convolution", "output-0")])
def test_on_a_phone_nothing_moves_while_it_plays_and_the_sum_stays(
    handheld: Page, server: Server, path: str, view: str
):
    handheld.goto(f"{server.url}{path}")
    wait_drawn(handheld, view)
    places = """() => [...document.querySelectorAll(".ks h2, .ks-map, .ks-note, .ks-bottom, .ks-ledger, .ks-play")]
      .filter((part) => part.checkVisibility() && !part.matches(".ks-fill"))
      .map((part) => Object.values(part.getBoundingClientRect().toJSON()).slice(0, 2))"""
    before = handheld.evaluate(places)
    handheld.get_by_role("button", name="Play").tap()
    handheld.get_by_label("speed").evaluate(
        "(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }"
    )
    handheld.wait_for_function("document.querySelector('.ks-playing')")
    expect(handheld.locator(".ks-ledger .ks-sum").first).to_be_visible()
    frames(handheld)
    np.testing.assert_allclose(handheld.evaluate(places), before, atol=1)
    handheld.get_by_role("button", name="Pause").tap()
    expect(handheld.get_by_role("button", name="Show what the window has not reached yet")).to_be_visible()
    frames(handheld)
    np.testing.assert_allclose(handheld.evaluate(places), before, atol=1)


@pytest.mark.parametrize(("path", "view"), [("", "conv"), ("/convolution", "output-0")])
def test_on_its_side_a_phone_sets_the_speed_and_the_headline_stays(
    handheld: Page, server: Server, path: str, view: str
):
    handheld.set_viewport_size({"width": 844, "height": 390})
    handheld.goto(f"{server.url}{path}")
    wait_drawn(handheld, view)
    told = [
        handheld.locator(".ks-ledger h2"),
        handheld.get_by_role("button", name="One cell on"),
        handheld.locator(".ks-ledger"),
    ]
    before = [part.bounding_box()["x"] for part in told]
    height = told[-1].bounding_box()["height"]
    handheld.get_by_role("button", name="Play").tap()
    speed = handheld.get_by_label("speed")
    expect(speed).to_be_visible()
    speed.evaluate("(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    for _ in range(2):
        frames(handheld)
        assert [part.bounding_box()["x"] for part in told] == pytest.approx(before, abs=1)
        assert told[-1].bounding_box()["height"] == pytest.approx(height, abs=1)
        if handheld.get_by_role("button", name="Pause").is_visible():
            assert speed.bounding_box()["width"] >= 90
            handheld.get_by_role("button", name="Pause").tap()
            expect(speed).to_be_hidden()


def test_a_phone_that_is_turned_while_it_plays_has_the_ledger_of_its_new_side(handheld: Page, server: Server):
    handheld.goto(server.url)
    wait_drawn(handheld, "probabilities")
    take_sample(handheld, "Cat")
    handheld.get_by_role("button", name="Play").tap()
    handheld.get_by_label("speed").evaluate(
        "(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }"
    )
    handheld.set_viewport_size({"width": 844, "height": 390})
    handheld.wait_for_function("document.querySelector('.ks-ledger').getBoundingClientRect().height < 130")
    frames(handheld)
    assert handheld.locator(".ks-ledger").bounding_box()["height"] < 130
    expect(handheld.get_by_role("button", name="Pause")).to_be_visible()


def test_scores_are_not_told_before_the_window_has_made_what_they_are_made_of(explore: Page):
    score, probability, pooled = (
        explore.locator(f"[data-view={view}] {part}").first
        for view, part in (
            ("scores", ".ks-bar-number"),
            ("probabilities", ".ks-bar-number"),
            ("flat", ".ks-vector-ink"),
        )
    )
    expect(score).to_be_visible()
    speed = explore.get_by_label("speed")
    speed.fill("0")  # half a minute to the last of nine cells
    explore.get_by_role("button", name="Play").click()
    for hidden in (score, probability, pooled):
        expect(hidden).to_be_hidden()
    explore.get_by_role("button", name="Pause").click()
    expect(score).to_be_hidden()
    explore.get_by_role("button", name="Show what the window has not reached yet").click()
    for shown in (score, probability, pooled):
        expect(shown).to_be_visible()
    # To the end of its way it makes all of them itself.
    explore.get_by_role("button", name="Play").click()
    expect(score).to_be_hidden()
    speed.fill("100")
    expect(score).to_be_visible()


@pytest.mark.parametrize("size", [128, 512])
def test_a_map_keeps_all_of_its_frame_while_most_of_it_is_blank(page: Page, server: Server, size: int):
    open_experiment(page, server.url, edited({"op": "sample", "value": "cat"}, {"op": "photo_size", "value": size}))
    clear(page)
    page.get_by_label("speed").fill("70")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("window.cnn.cell.at(-1)?.index[2] >= 2")
    page.get_by_role("button", name="Pause").click()
    for view in ("conv", "activation", "pool"):
        box = page.locator(f"[data-view={view}]").bounding_box()
        around = {"x": box["x"] - 4, "y": box["y"] - 4, "width": box["width"] + 8, "height": box["height"] + 8}
        with Image.open(io.BytesIO(page.screenshot(clip=around))) as picture:
            shown = picture.convert("L")
            width, height = shown.size
            paper = shown.getpixel((width // 2, height // 2))
            below = [shown.getpixel((width // 2, height - k)) for k in range(1, 9)]
            beside = [shown.getpixel((width - k, height // 2)) for k in range(1, 9)]
        assert [sum(each < paper - 16 for each in edge) for edge in (below, beside)] == [1, 1], view


def test_showing_the_rest_stops_the_window_and_moves_nothing(explore: Page):
    headline = explore.locator(".ks-place")
    before = headline.bounding_box()
    explore.get_by_label("speed").fill("0")  # nor does it come to its end by itself
    explore.get_by_role("button", name="Play").click()
    explore.get_by_role("button", name="Show what the window has not reached yet").click()
    expect(explore.get_by_role("button", name="Play")).to_be_visible()
    assert headline.bounding_box()["x"] == before["x"]


def test_on_a_phone_the_map_that_the_window_fills_is_seen_while_it_plays(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    context.add_init_script(LISTEN)
    phone = context.new_page()
    phone.goto(server.url)
    wait_drawn(phone, "probabilities")
    take_sample(phone, "Cat")
    phone.get_by_role("button", name="Play").tap()
    phone.wait_for_function("window.cnn.cell.length > 5")
    edge = phone.locator(".ks-ledger").bounding_box()["y"]
    for view in ("input", "conv"):
        box = phone.locator(f"[data-view={view}]").bounding_box()
        assert box["y"] >= 0
        assert box["y"] + 0.75 * box["height"] < edge, view
    expect(phone.locator(".ks-ledger-value")).to_be_visible()
    phone.get_by_role("button", name="Pause").tap()
    expect(phone.locator(".ks-ledger .ks-sum")).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [390, 360])
def test_a_phone_sets_the_speed_while_it_plays_and_the_button_stays_under_the_finger(
    handheld: Page, server: Server, width: int
):
    handheld.set_viewport_size({"width": width, "height": 844})
    handheld.goto(server.url)
    wait_drawn(handheld, "probabilities")
    player, speed = handheld.locator(".ks-player"), handheld.get_by_label("speed")
    expect(speed).to_be_hidden()
    place = player.get_by_role("button", name="Play").bounding_box()
    player.get_by_role("button", name="Play").tap()
    expect(speed).to_be_visible()
    speed.evaluate("(slider) => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")  # and it goes on
    expect(player).to_contain_text("0.3 cells/s")
    assert player.get_by_role("button", name="Pause").bounding_box()["y"] == pytest.approx(place["y"], abs=1)
    box = speed.bounding_box()
    assert box["height"] >= 36
    assert box["y"] + box["height"] <= 844
    row = [each.bounding_box() for each in handheld.locator(".ks-dock button:visible").all()]
    assert {each["y"] for each in row} == {row[0]["y"]}
    speed.evaluate("(slider) => { slider.value = 100; slider.dispatchEvent(new Event('input')); }")
    finger = Fingers(handheld)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    finger.send("touchStart", middle)
    for k in range(12):
        finger.send("touchMove", (middle[0] + 6 * k, middle[1]))
    handheld.wait_for_function("!document.querySelector('.ks-playing')")
    assert speed.bounding_box() == box  # held, at the end of the run
    finger.send("touchEnd")
    expect(speed).to_be_hidden()
    expect(handheld.locator(".ks-ledger .ks-sum")).to_be_visible()


SLOW = "(slider) => { slider.value = 20; slider.dispatchEvent(new Event('input')); }"

# Where everything is on a page that is not wide: its maps, its controls, and the ledger with its own.
PLACES = """() => {
  const seen = ".ks h2, .ks-map, .ks-note, .ks-bottom, .ks-ledger, .ks-sum, .ks-dock :is(button, input, select)";
  return [...document.querySelectorAll(seen)].map((part) => {
    const { x, y, width, height } = part.getBoundingClientRect();
    return [part.localName, x, y, part.matches("h2, .ks-sum") ? 0 : width, height];
  });
}"""


@pytest.mark.parametrize(
    ("path", "view", "width"),
    [("", "conv", 820), ("/pooling", "max", 820), ("/convolution", "output-0", 820), ("/pooling", "max", 768)],
)
def test_on_a_tablet_nothing_moves_while_it_plays_and_the_sum_stays(
    browser: Browser, server: Server, path: str, view: str, width: int
):
    context = browser.new_context(viewport={"width": width, "height": 1180}, has_touch=True)
    context.add_init_script(LISTEN)
    tablet = context.new_page()
    tablet.goto(f"{server.url}{path}")
    wait_drawn(tablet, view)
    tablet.get_by_role("button", name="To the first cell").tap()
    tablet.get_by_label("speed").evaluate(SLOW)
    frames(tablet)
    before, told = tablet.evaluate(PLACES), tablet.locator(".ks-ledger .ks-sum").inner_text()
    tablet.get_by_role("button", name="Play").tap()
    expect(tablet.locator(".ks-ledger .ks-sum")).not_to_have_text(told)
    frames(tablet)
    show = tablet.get_by_role("button", name="Show what the window has not reached yet")
    expect(show).to_be_visible()
    expect(tablet.locator(".ks-ledger .ks-sum")).to_be_visible()
    assert tablet.evaluate(PLACES) == before
    row = tablet.get_by_role("button", name="Pause").bounding_box()["y"]
    assert show.bounding_box()["y"] == row
    if width == 820 and path != "/convolution":  # there its columns stand side by side, and undo beside the heading
        assert tablet.get_by_role("button", name="Undo").bounding_box()["y"] == row
    show.tap()
    expect(show).to_be_hidden()
    frames(tablet)
    assert tablet.evaluate(PLACES) == before
    context.close()


@pytest.mark.parametrize(("path", "view"), [("", "conv"), ("/convolution", "output-0"), ("/pooling", "max")])
def test_the_buttons_beside_play_stay_where_they_are_when_it_begins(page: Page, server: Server, path: str, view: str):
    page.goto(f"{server.url}{path}")
    wait_drawn(page, view)
    page.get_by_label("speed").evaluate(SLOW)
    after = [page.get_by_role("button", name="One cell on"), page.get_by_label("speed")]
    before = [each.bounding_box() for each in after]
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert [each.bounding_box() for each in after] == before


def test_on_a_tablet_a_sum_of_fewer_lines_leaves_play_where_a_taller_one_took_it(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    context.add_init_script(LISTEN)
    tablet = context.new_page()
    tablet.goto(server.url)
    wait_drawn(tablet, "probabilities")
    before = revision(tablet)
    tablet.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
    wait_drawn(tablet, "probabilities", "cnn_core", before)
    choose(tablet, "Kernel", "gaussian_blur")
    tablet.get_by_role("button", name="Play").tap()
    heights = tablet.evaluate(
        """async () => {
          const found = [];
          for (let k = 0; k < 150; k += 1) {
            await new Promise(requestAnimationFrame);
            found.push(document.querySelector(".ks-ledger").getBoundingClientRect().height);
          }
          return found;
        }"""
    )
    assert heights == sorted(heights)
    tablet.get_by_role("button", name="hide", exact=True).tap()
    frames(tablet)
    assert tablet.locator(".ks-ledger").bounding_box()["height"] < heights[-1] - 20
    context.close()
