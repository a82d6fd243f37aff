"""A stepper that is pressed again and again stays under the pointer, whatever comes of it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.screen import frames, resize

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("column", "label", "most"), [("kernel", "padding", 2), ("input", "rows", 3), ("input", "cols", 3)]
)
def test_however_often_it_is_pressed_at_one_place_it_is_pressed(explore: Page, column: str, label: str, most: int):
    resize(explore, 1366, 768)
    stepper = explore.locator(f"[data-column={column}] .ks-stepper:visible", has_text=label)
    value, plus = stepper.locator("input"), stepper.get_by_role("button").last
    began = int(value.input_value())
    plus.scroll_into_view_if_needed()
    box = plus.bounding_box()
    place = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for count in range(1, most + 1):
        explore.mouse.click(*place)
        expect(value).to_have_value(str(began + count))
        frames(explore)
        assert plus.bounding_box() == pytest.approx(box, abs=1)
    explore.mouse.move(place[0], place[1] - 200)
    expect(explore.locator(".ks-held")).to_have_count(0)
