"""How the maps are drawn: coarsely while a hand moves and whole after it, in the room there is, and without motion."""

import statistics

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.shared.chain import build
from tests.browser.conftest import LISTEN, ROOT, Server
from tests.browser.screen import (
    clear,
    drawn,
    edited,
    frames,
    hover_cell,
    next_frame,
    revision,
    same_sum,
    take_sample,
    wait_drawn,
    weights,
)
from tests.browser.test_everyone import OVER_THE_EDGE

pytestmark = pytest.mark.browser

MAPS = ("input", "conv", "activation", "pool")

# Of each map: how many cells its picture holds, how many pixels it is shown on, and the picture itself.
PICTURES = """(views) => Object.fromEntries(views.map((view) => {
  const map = document.querySelector(`[data-view=${view}]`);
  const canvas = map.querySelector("canvas");
  return [view, { cells: canvas.width, shown: map.clientWidth * devicePixelRatio, picture: canvas.toDataURL() }];
}))"""


def test_while_a_weight_is_dragged_no_cell_is_drawn_for_nobody_and_after_it_every_cell_is_there(
    explore: Page, capsys: pytest.CaptureFixture[str]
):
    take_sample(explore, "Cat")
    before = revision(explore)
    explore.get_by_label("size", exact=True).fill("512")
    wait_drawn(explore, "probabilities", "cnn_core", before)
    whole = explore.evaluate(PICTURES, MAPS)
    before = revision(explore)
    explore.evaluate(
        """() => {
          window.gaps = [];
          let last = null;
          const frame = (now) => {
            if (last !== null) window.gaps?.push(now - last);
            last = now;
            requestAnimationFrame(frame);
          };
          requestAnimationFrame(frame);
        }"""
    )
    box = explore.locator("[data-view=kernel] input").nth(4).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    explore.mouse.move(x, y)
    explore.mouse.down()
    for step in range(1, 25):
        explore.mouse.move(x, y - 7 * (step % 12))
        next_frame(explore)
    explore.mouse.move(x, y - 35)
    wait_drawn(explore, "conv", "preview", before)
    frames(explore)
    coarse = explore.evaluate(PICTURES, MAPS)
    gaps = explore.evaluate("window.gaps")
    explore.mouse.up()
    wait_drawn(explore, "probabilities", "cnn_core", before)
    with capsys.disabled():
        print(f"\n  a weight dragged at 512 px: frame gap median {statistics.median(gaps):.1f} ms (aim 17)", end="")
    for view in MAPS:
        # Every so many cells, and never so few that a pixel would be without one of its own.
        assert coarse[view]["shown"] <= coarse[view]["cells"] < 2 * coarse[view]["shown"]
        assert coarse[view]["cells"] < whole[view]["cells"]
    assert weights(explore)[1, 1] == 5
    after = explore.evaluate(PICTURES, MAPS)
    assert {view: after[view]["cells"] for view in MAPS} == {view: whole[view]["cells"] for view in MAPS}
    assert after["input"]["picture"] == whole["input"]["picture"]
    for view in MAPS[1:]:
        assert after[view]["picture"] != whole[view]["picture"]
    clear(explore)
    explore.reload()
    wait_drawn(explore, "probabilities")
    explore.wait_for_function("document.querySelector('[data-view=conv] canvas').width > 400")
    assert explore.evaluate(PICTURES, MAPS) == after, "drawn by hand or drawn anew, a map is the same to the last pixel"
    edits = [{"op": "sample", "value": "cat"}, {"op": "photo_size", "value": 512}]
    trace = build(edited(*edits, {"op": "kernel", "values": weights(explore).tolist()})).trace
    shape = trace.stages[0].output.shape[2:]
    event = hover_cell(explore, "conv", 100, 200, shape)
    same_sum(event, trace.explain(0, tuple(event["index"])))


# What would move by itself: each element with a transition or an animation that takes time.
MOVING = """() => [...document.querySelectorAll(".ks, .ks *")].filter((each) => {
  const { transitionDuration, animationDuration } = getComputedStyle(each);
  return `${transitionDuration},${animationDuration}`.split(",").some((time) => parseFloat(time) > 0);
}).length"""


def test_on_a_large_screen_the_maps_use_the_room_and_nothing_moves_for_who_asked_for_that(
    browser: Browser, server: Server
):
    sizes = {}
    for width, height, motion in ((1440, 1000, "no-preference"), (1920, 1080, "reduce")):
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion=motion)
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.goto(f"{server.url}/kernels")
        wait_drawn(page, "laplacian")
        assert page.evaluate(OVER_THE_EDGE) == []
        still = page.evaluate(MOVING) == 0
        page.goto(server.url)
        wait_drawn(page, "probabilities")
        before = revision(page)
        page.set_input_files(".st-key-photo input[type=file]", ROOT / "assets" / "photograph.jpg")
        wait_drawn(page, "probabilities", "cnn_core", before)
        page.get_by_role("button", name="Take away").click()
        expect(page.get_by_role("dialog", name="Take away")).to_be_visible()
        # The bars grow for everyone else: the same question finds them.
        assert (page.evaluate(MOVING) > 0) == (motion == "no-preference")
        assert still or motion == "no-preference"
        page.keyboard.press("Escape")
        assert page.evaluate(OVER_THE_EDGE) == []
        boxes = {view: page.locator(f"[data-view={view}]").bounding_box() for view in (*MAPS, "probabilities")}
        sizes[width] = [boxes[view]["width"] for view in MAPS]
        right = boxes["probabilities"]["x"] + boxes["probabilities"]["width"]
        assert right == pytest.approx(width - boxes["input"]["x"], abs=2), "as much is left free on either side"
        if motion == "reduce":
            # Sliding and editing start nothing that moves either.
            clear(page)
            page.get_by_role("button", name="One cell on").click()
            page.locator("[data-view=kernel] input").first.fill("3")
            page.wait_for_function("window.cnn.drawn.some((each) => each.view === 'conv')")
            assert page.evaluate(MOVING) == 0
            assert page.evaluate("document.getAnimations().length") == 0
            assert drawn(page)
        context.close()
    # 480 px more are shared by three and a half maps and their gaps.
    assert sum(sizes[1920]) - sum(sizes[1440]) > 400
