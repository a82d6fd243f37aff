"""What a screen reader calls the parts of a page, after what they show was changed."""

import pytest
from playwright.sync_api import Page, expect

from pages.shared.layers.laboratory import KINDS
from tests.browser.conftest import Server
from tests.browser.screen import choose, press, revision, take_sample, wait_drawn

pytestmark = pytest.mark.browser


def test_a_map_and_the_choice_of_its_planes_are_called_by_the_function_that_was_chosen(explore: Page):
    press(explore, "Add a kernel", "activation", within="kernel")
    choose(explore, "Activation", "tanh", "activation")
    expect(explore.locator("[data-view=activation]")).to_have_accessible_name("Tanh, a map of numbers")
    column = explore.locator("[data-column=activation]")
    expect(column.locator(".ks-planes")).to_have_accessible_name("Tanh: which plane")
    take_sample(explore, "Cat")
    expect(explore.locator("[data-view=activation]")).to_have_accessible_name("Tanh, a map of numbers")


@pytest.mark.parametrize("kind", ["sigmoid", "leaky_relu", "softplus", "gelu", "tanh"])
def test_a_curve_is_called_by_the_function_that_it_shows(page: Page, server: Server, kind: str):
    page.goto(f"{server.url}/layers")
    wait_drawn(page, "slope-0")
    before = revision(page)
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name=KINDS[kind].title, exact=True).click()
    wait_drawn(page, "slope-0", "cnn_core", before)
    title = page.locator("[data-column=curve] h2").inner_text()
    assert not title.startswith("ReLU")
    words = "the curve and its slope; the arrow keys walk over the map's numbers"
    expect(page.locator("[data-view=curve]")).to_have_accessible_name(f"{title}: {words}")


def test_maps_of_several_channels_are_called_by_their_title_of_now(page: Page, server: Server):
    page.goto(f"{server.url}/ui/common/dom.js")
    names = page.evaluate("""async () => {
      const { Maps } = await import("/ui/common/channels.js");
      const maps = new Maps({ view: "output", title: "Output", on: () => ({}) });
      const said = () => [...maps.shown.values()].map(({ drawn }) => drawn.element.getAttribute("aria-label"));
      maps.offer([{ channel: 0, label: "channel 0" }, { channel: 1, label: "channel 1" }]);
      const first = said();
      maps.name("Transposed");
      maps.offer([{ channel: 0, label: "" }, { channel: 1, label: "difference" }]);
      return [first, said()];
    }""")
    assert names == [
        ["Output, channel 0, a map of numbers", "Output, channel 1, a map of numbers"],
        ["Transposed, a map of numbers", "Transposed, difference, a map of numbers"],
    ]


def test_what_has_ended_is_no_longer_said_to_go_on(page: Page, server: Server):
    page.goto(f"{server.url}/ui/common/dom.js")
    told = page.evaluate("""async () => {
      const { Busy } = await import("/ui/common/busy.js");
      const busy = new Busy();
      busy.begin({ what: "Reading bad.txt…", done: () => true, callOff: null });
      await new Promise((resolve) => setTimeout(resolve, 400));
      const during = busy.text.textContent;
      busy.arrived({});
      return [during, busy.text.textContent];
    }""")
    assert told == ["Reading bad.txt…", ""]
