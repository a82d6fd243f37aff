"""What is kept and what is taken away: reload, Back and Forward, links, files and downloads, in a real browser."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.scenario import Scenario, to_link
from tests.browser.conftest import LISTEN, ROOT, Server
from tests.browser.links import someone_else
from tests.browser.screen import clear, frames, hover_cell, last_cell, pin, revision, same_sum, take_sample, wait_drawn

pytestmark = pytest.mark.browser

PHOTOGRAPH = ROOT / "assets" / "photograph.jpg"
UPLOAD = ".st-key-photo input[type=file]"
SESSION = "() => JSON.parse(sessionStorage.getItem('kernelscope')).session"  # that a reload would look for


def change(page: Page, label: str, value: str) -> None:
    before = revision(page)
    page.get_by_label(label, exact=True).select_option(value)
    wait_drawn(page, "probabilities", "cnn_core", before)


def upload(page: Page, data: bytes, name: str) -> None:
    page.set_input_files(UPLOAD, {"name": name, "mimeType": "application/octet-stream", "buffer": data})


def reopened(page: Page) -> None:
    page.evaluate("window.cnn && (window.cnn.drawn = [])")
    page.reload()
    wait_drawn(page, "probabilities")


def test_a_reload_keeps_an_uploaded_picture_the_settings_and_undo(explore: Page):
    before = revision(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    change(explore, "Activation", "tanh")
    reopened(explore)
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Tanh")
    # The picture is there: nobody is told that a link could not carry it.
    expect(explore.locator(".ks-notice")).to_be_hidden()
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("photograph.jpg")
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


def test_a_page_that_is_loaded_once_more_before_its_session_was_found_finds_it_still(explore: Page):
    before = revision(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    explore.route("**/answers/**", hold_the_first)
    with explore.expect_request("**/answers/**", timeout=60_000) as asked:
        reopened(explore)
    assert "resume" in asked.value.post_data_json
    reopened(explore)
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("photograph.jpg")
    expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")


def test_the_address_follows_each_edit_without_adding_steps_to_go_back_over(explore: Page):
    steps = explore.evaluate("history.length")
    assert "x=" not in explore.url
    change(explore, "Activation", "sigmoid")
    change(explore, "Pooling", "average")
    explore.wait_for_function("location.search.includes('x=')")
    assert explore.evaluate("history.length") == steps


def test_back_and_forward_between_pages_keep_the_experiment(explore: Page):
    change(explore, "Activation", "sigmoid")
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    for move in (explore.go_back, explore.go_forward, explore.go_back):
        clear(explore)
        move()
        explore.wait_for_function("window.cnn.drawn.length > 5")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Sigmoid")


def test_what_says_that_the_link_is_copied_goes_by_itself_but_not_from_under_the_pointer_or_the_focus(explore: Page):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explore.evaluate(
        """() => {
          window.told = [];
          const status = document.querySelector(".ks-notice [role=status]");
          new MutationObserver(() => status.textContent && window.told.push(status.textContent))
            .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    notice = explore.locator(".ks-notice")
    explore.get_by_role("button", name="Copy link").click()
    expect(notice).to_contain_text("The link is copied")
    notice.hover()
    explore.wait_for_timeout(8000)
    expect(notice).to_be_visible()
    notice.get_by_role("button").focus()
    explore.mouse.move(5, 5)
    explore.wait_for_timeout(2500)
    expect(notice).to_be_visible()
    explore.get_by_role("button", name="Copy link").focus()
    expect(notice).to_be_hidden(timeout=4000)
    assert len(explore.evaluate("window.told")) == 1


def test_what_was_not_done_stays_said_until_it_is_closed(explore: Page):
    explore.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    explore.get_by_role("button", name="Copy link").click()
    expect(explore.locator(".ks-notice")).to_contain_text("keeps the clipboard to itself")
    explore.wait_for_timeout(8000)
    expect(explore.locator(".ks-notice")).to_be_visible()


def test_a_copied_link_opens_the_same_experiment_and_pinned_cell_for_someone_else(explore: Page, browser: Browser):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    take_sample(explore, "Shapes")
    change(explore, "Colour", "rgb")
    hover_cell(explore, "conv", 20, 30, (126, 126))
    pin(explore)
    index = last_cell(explore)["index"]
    explore.get_by_role("button", name="Copy link").click()
    expect(explore.locator(".ks-notice")).to_contain_text("The link is copied")
    link = explore.evaluate("navigator.clipboard.readText()")
    assert len(link) < 8000
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.add_init_script(LISTEN)
    other = context.new_page()
    other.goto(link)
    wait_drawn(other, "probabilities")
    expect(other.locator("[data-column=input] .ks-shape")).to_have_text("128 × 128 × 3")
    expect(other.locator(".ks-ledger h2")).to_have_text(f"Feature map [{index[2]}, {index[3]}]")
    experiment = apply(apply(Experiment(), {"op": "sample", "value": "shapes"}), {"op": "colour", "value": "rgb"})
    same_sum(hover_cell(other, "conv", 20, 30, (126, 126)), build(experiment).trace.explain(0, tuple(index)))
    context.close()


def test_a_copied_link_opens_in_the_colours_it_was_copied_in_and_leaves_those_of_an_older_link_alone(
    explore: Page, server: Server, browser: Browser
):
    explore.context.grant_permissions(["clipboard-read", "clipboard-write"])
    change(explore, "Activation", "tanh")
    explore.get_by_label("Colours of the maps").select_option("cividis")
    explore.get_by_label("Which maps share a colour scale").select_option("map")
    change(explore, "Pooling", "average")
    explore.get_by_role("button", name="Copy link").click()
    expect(explore.locator(".ks-notice")).to_contain_text("The link is copied")
    link = explore.evaluate("navigator.clipboard.readText()")
    assert link == explore.url
    with someone_else(browser, link, "probabilities") as other:
        expect(other.get_by_label("Colours of the maps")).to_have_value("cividis")
        expect(other.get_by_label("Which maps share a colour scale")).to_have_value("map")
        expect(other.locator("[data-column=activation] h2")).to_have_text("Tanh")
        other.get_by_label("Colours of the maps").select_option("grey")
        assert "look=map.grey" in other.url
        other.get_by_role("link", name="Convolution").click()  # what is chosen since goes along
        wait_drawn(other, "output-0")
        expect(other.get_by_label("Colours of the maps")).to_have_value("grey")
        older = to_link(Scenario(apply(Experiment(), {"op": "activation", "value": "sigmoid"}))).code
        other.goto(f"{server.url}/?x={older}")
        wait_drawn(other, "probabilities")
        expect(other.locator("[data-column=activation] h2")).to_have_text("Sigmoid")
        expect(other.get_by_label("Colours of the maps")).to_have_value("grey")
        other.get_by_label("Colours of the maps").select_option("auto")
        other.get_by_label("Which maps share a colour scale").select_option("shared")
        assert "look=" not in other.url


@pytest.mark.parametrize("look", ["toString.auto", "nonsense", "map", "%3Cb%3E.constructor"])
def test_a_link_that_asks_for_colours_there_are_none_of_opens_in_the_usual_ones(page: Page, server: Server, look: str):
    page.goto(f"{server.url}/?look={look}")
    wait_drawn(page, "probabilities")
    expect(page.get_by_label("Colours of the maps")).to_have_value("auto")


def test_a_link_with_every_kind_of_setting_opens(page: Page, server: Server):
    experiment = Experiment()
    for edit in (
        {"op": "library", "value": "gabor"},
        {"op": "grid", "value": np.arange(400).reshape(20, 20).tolist()},
        {"op": "stride", "value": [1, 2]},
        {"op": "padding", "value": [[0, 1], [2, 3]]},
        {"op": "class_names", "value": "cat, <script>alert(1)</script>"[:24]},
    ):
        experiment = apply(experiment, edit)
    page.goto(f"{server.url}/?x={to_link(Scenario(experiment)).code}")
    wait_drawn(page, "probabilities")
    shape = build(experiment).trace.stages[0].output.shape[2:]
    same_sum(hover_cell(page, "conv", 3, 4, shape), build(experiment).trace.explain(0, (0, 0, 3, 4)))
    expect(page.locator("[data-view=scores] .ks-bar-name").nth(1)).to_contain_text("<script>")


@pytest.mark.parametrize("bad", ["nonsense", "eNrLzU", "%3Cscript%3Ealert(1)%3C/script%3E", "a" * 7000])
def test_a_bad_link_shows_the_worked_example_and_says_why(page: Page, server: Server, bad: str):
    page.goto(f"{server.url}/?x={bad}")
    wait_drawn(page, "probabilities")
    expect(page.locator(".ks-notice")).to_contain_text("The link could not be opened")
    expect(page.locator(".ks-ledger h2")).to_have_text("Feature map [0, 1]")


def downloaded(page: Page, name: str, row: str | None = None) -> bytes:
    page.get_by_role("button", name="Take away").click()
    place = page.locator("tr", has_text=row) if row else page.locator(".ks-take-whole")
    with page.expect_download() as waiting:
        place.get_by_text(name, exact=True).click()
    data = Path(waiting.value.path()).read_bytes()
    page.keyboard.press("Escape")
    return data


def test_everything_taken_away_holds_the_numbers_on_screen(explore: Page):
    trace = build(Experiment()).trace
    with np.load(io.BytesIO(downloaded(explore, "Whole trace, NPZ"))) as opened:
        for stage in trace.stages:
            np.testing.assert_array_equal(opened[stage.name], stage.output)
    assert downloaded(explore, "CSV", "Feature map").decode().splitlines()[0] == "-6.0,12.0,12.0"
    with zipfile.ZipFile(io.BytesIO(downloaded(explore, "NPZ", "Pooled"))) as archive:
        assert archive.namelist() == ["pool.npy"]
    assert b"import numpy" in downloaded(explore, "NumPy script")
    assert json.loads(downloaded(explore, "Scenario file"))["kernelscope"] == "scenario"


def test_a_map_as_png_and_svg_has_its_cells_in_the_colours_of_the_screen(explore: Page):
    colours = explore.evaluate(
        """async () => {
          const { colour, scaleFor } = await import("/ui/common/scale.js");
          const scale = scaleFor("signed", [[-6, 12, 12, -6, 8, 8, -6, 6, 6]]);
          return [-6, 12, 12, -6, 8, 8, -6, 6, 6].map((x) => colour(x, scale, false).fill);
        }"""
    )
    png = Image.open(io.BytesIO(downloaded(explore, "PNG", "Feature map"))).convert("RGB")
    svg = downloaded(explore, "SVG", "Feature map").decode()
    size = png.width // 3
    for k, fill in enumerate(colours):
        corner = png.getpixel((k % 3 * size + 4, k // 3 * size + 4))
        assert "rgb({} {} {})".format(*corner) == fill
    assert svg.count("<rect") == 9
    for fill in set(colours):
        assert svg.count(f'fill="{fill}"') >= colours.count(fill)
    assert ">−6</text>" in svg


def test_what_is_taken_away_of_gradients_are_gradients_and_the_file_says_so(explore: Page):
    clear(explore)
    explore.get_by_label("What the maps show").select_option("score:0")
    wait_drawn(explore, "conv")
    explore.get_by_role("button", name="Take away").click()
    expect(explore.locator(".ks-take caption")).to_have_text(
        "One stage, as it is shown or as numbers: gradients of score A"
    )
    row = explore.locator("tr", has_text="Feature map")
    expect(row.locator("a").first).to_have_attribute("download", "conv_gradient.csv")
    with explore.expect_download() as waiting:
        row.get_by_text("CSV", exact=True).click()
    rows = Path(waiting.value.path()).read_text().splitlines()
    assert float(rows[0].split(",")[1]) == pytest.approx(0.2739, abs=1e-4)


def test_a_scenario_file_opens_again_with_the_picture_and_can_be_undone(explore: Page):
    before = revision(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    change(explore, "Activation", "tanh")
    file = downloaded(explore, "Scenario file")
    other = explore.context.new_page()
    other.goto(explore.url.split("?")[0])
    wait_drawn(other, "probabilities")
    upload(other, file, "mine.json")
    expect(other.locator("[data-column=activation] h2")).to_have_text("Tanh")
    expect(other.locator("[data-column=input] .ks-note")).to_contain_text("photograph.jpg")
    other.get_by_role("button", name="Undo").click()
    expect(other.locator("[data-column=activation] h2")).to_have_text("ReLU")
    other.close()


@pytest.mark.parametrize("data", [b"{", b'{"kernelscope": "kernel", "weights": [[1], [2, 3]]}', b'{"a": 1}'])
def test_a_file_that_cannot_be_opened_says_so_and_nothing_is_lost(explore: Page, data: bytes):
    upload(explore, data, "broken.json")
    expect(explore.locator(".ks-notice")).to_contain_text("file")
    expect(explore.locator(".ks-sum")).to_have_text("2 + 0 + 0 + 5 + 0 − 1 + 8 + 0 − 2 + bias 0 = 12")


def test_a_reload_on_the_kernels_page_keeps_the_experiment(explore: Page):
    change(explore, "Activation", "sigmoid")
    explore.get_by_role("link", name="Kernels").click()
    wait_drawn(explore, "laplacian")
    explore.wait_for_function("location.search.includes('x=')")
    session = explore.evaluate(SESSION)
    explore.reload()
    explore.wait_for_function(f"(before) => ({SESSION})() !== before", arg=session)  # it was taken over
    wait_drawn(explore, "laplacian")
    explore.get_by_role("link", name="Explore").click()
    wait_drawn(explore, "probabilities")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Sigmoid")
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


@pytest.mark.parametrize(
    ("path", "view"), [("kernels", "laplacian"), ("convolution", "output-0"), ("", "probabilities")]
)
def test_an_address_typed_without_a_state_goes_on_with_the_work_of_its_tab(
    explore: Page, server: Server, path: str, view: str
):
    before = revision(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    change(explore, "Activation", "sigmoid")
    explore.wait_for_function("location.search.includes('x=')")
    session = explore.evaluate(SESSION)
    explore.goto(f"{server.url}/{path}")
    explore.wait_for_function(f"(before) => ({SESSION})() !== before", arg=session)  # it was taken over
    wait_drawn(explore, view)
    if path:
        explore.get_by_role("link", name="Explore").click()
        wait_drawn(explore, "probabilities")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Sigmoid")
    expect(explore.locator("[data-column=input] .ks-note")).to_contain_text("photograph.jpg")
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


def test_a_link_opened_over_ones_work_shows_what_it_holds_and_another_tab_begins_anew(explore: Page, server: Server):
    change(explore, "Activation", "sigmoid")
    explore.wait_for_function("location.search.includes('x=')")
    for path in ("", "kernels"):
        other = explore.context.new_page()
        other.goto(f"{server.url}/{path}")
        wait_drawn(other, "laplacian" if path else "probabilities")
        other.wait_for_function("sessionStorage.getItem('kernelscope') !== null")
        frames(other)
        assert "x=" not in other.url
        other.close()
    tanh = apply(Experiment(), {"op": "activation", "value": "tanh"})
    code = to_link(Scenario(tanh)).code
    explore.goto(f"{server.url}/?x={code}")
    wait_drawn(explore, "probabilities")
    explore.wait_for_function(
        "sessionStorage.getItem('kernelscope').includes(new URL(location.href).searchParams.get('x'))"
    )
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Tanh")
    assert f"x={code}" in explore.url


# Whoever knows where to go presses as soon as there is something to press.
HURRY = """
  const press = () => {
    const links = [...document.querySelectorAll("header a")];
    const explore = links.find((link) => link.textContent.includes("Explore"));
    if (!explore) return setTimeout(press, 1);
    window.early = window.cnn.drawn.length === 0;
    explore.click();
  };
  if (!location.pathname.endsWith("/")) press();
"""


@pytest.mark.parametrize(("title", "view"), [("Kernels", "laplacian"), ("Pooling", "max")])
def test_whoever_leaves_a_page_before_its_reload_has_found_the_session_finds_undo_on_explore(
    explore: Page, title: str, view: str
):
    change(explore, "Activation", "sigmoid")
    explore.get_by_role("link", name=title).click()
    wait_drawn(explore, view)
    if view == "max":  # with work of its own in its address
        hover_cell(explore, view, 1, 1, (3, 3))
        pin(explore)
    frames(explore)
    explore.add_init_script(HURRY)
    explore.reload()
    wait_drawn(explore, "probabilities")
    assert explore.evaluate("window.early")
    expect(explore.get_by_role("button", name="Undo")).to_have_attribute("aria-disabled", "false")
    expect(explore.locator("[data-column=activation] h2")).to_have_text("Sigmoid")
    explore.get_by_role("button", name="Undo").click()
    expect(explore.locator("[data-column=activation] h2")).to_have_text("ReLU")


def test_a_bad_link_to_the_kernels_page_is_told_there(page: Page, server: Server):
    page.goto(f"{server.url}/kernels?x=garbage")
    wait_drawn(page, "laplacian")
    expect(page.locator(".ks-notice")).to_contain_text("This is the worked example instead.")


def test_whoever_opens_a_link_over_an_own_picture_is_told_what_is_missing(explore: Page, browser: Browser):
    before = revision(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    explore.wait_for_function("location.search.includes('x=')")
    context = browser.new_context()
    context.add_init_script(LISTEN)
    other = context.new_page()
    other.goto(explore.url)
    wait_drawn(other, "probabilities")
    expect(other.locator(".ks-notice")).to_contain_text("made over a picture that it cannot carry")
    context.close()


@pytest.mark.parametrize("status", [404, 500])
def test_where_the_short_way_is_closed_an_edit_is_answered_by_a_run_of_the_page(
    browser: Browser, server: Server, status: int
):
    context = browser.new_context()
    context.add_init_script(LISTEN)
    page = context.new_page()
    asked = []
    page.route("**/ui/answers/**", lambda route: (asked.append(route.request.url), route.fulfill(status=status)))
    page.goto(server.url)
    wait_drawn(page, "probabilities")
    for value in ("sigmoid", "tanh"):
        change(page, "Activation", value)
    expect(page.locator("[data-column=activation] h2")).to_have_text("Tanh")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-column=activation] h2")).to_have_text("Sigmoid")
    assert len(asked) >= 3
    context.close()


def test_vectors_and_classes_can_be_taken_away_as_pictures(explore: Page):
    for title, rows, words in (("Scores", 3, ["A", "B", "C"]), ("Flattened", 1, ["12"])):
        png = Image.open(io.BytesIO(downloaded(explore, "PNG", title)))
        assert png.height > png.width / rows / 4
        svg = downloaded(explore, "SVG", title).decode()
        assert svg.count("<rect") == rows
        for word in words:
            assert f">{word}</text>" in svg


def test_a_file_the_server_no_longer_has_is_told_and_nothing_is_saved(page: Page, server: Server):
    answer = page.request.get(f"{server.url}/ui/take/nobody/conv.csv")
    assert answer.status == 404
    assert "reload the page" in answer.text()


def test_a_kernel_is_saved_named_and_brought_back(explore: Page):
    before = revision(explore)
    explore.locator("[data-column=kernel] summary").click()
    explore.get_by_label("name", exact=True).or_(explore.locator("[data-column=kernel] .ks-words")).first.fill("steep")
    explore.locator("[data-column=kernel] .ks-words").press("Enter")
    wait_drawn(explore, "conv", "cnn_core", before)
    with explore.expect_download() as waiting:
        explore.get_by_role("button", name="Save kernel").click()
    file = Path(waiting.value.path()).read_bytes()
    assert waiting.value.suggested_filename == "steep.kernel.json"
    explore.keyboard.press("Escape")
    change(explore, "Kernel", "laplacian")
    upload(explore, file, "steep.kernel.json")
    expect(explore.locator("[data-view=kernel] input").first).to_have_value("1")
    expect(explore.locator(".ks-sentence b")).to_have_text("steep")
