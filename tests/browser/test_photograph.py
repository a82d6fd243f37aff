"""A visitor's own photograph, from the upload to the sum of one of its pixels; and what is refused at that door."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment, with_photo
from pages.shared.photo import open_photo
from tests.browser.screen import (
    cell_centre,
    clear,
    frames,
    hover_cell,
    next_frame,
    resize,
    revision,
    same_sum,
    wait_drawn,
    weights,
)

pytestmark = pytest.mark.browser

PHOTOGRAPH = Path(__file__).parents[2] / "assets" / "photograph.jpg"
VIEWS = ("input", "conv", "activation", "pool")
UPLOAD = ".st-key-photo input[type=file]"


def upload(page: Page, data: bytes, name: str = "picture.png") -> None:
    page.set_input_files(UPLOAD, {"name": name, "mimeType": "application/octet-stream", "buffer": data})


@pytest.fixture
def photographed(explore: Page) -> tuple[Page, Experiment]:
    """The Explore page with the photograph on it, and the experiment that it should show."""
    before = revision(explore)
    clear(explore)
    explore.set_input_files(UPLOAD, PHOTOGRAPH)
    wait_drawn(explore, "probabilities", "cnn_core", before)
    return explore, with_photo(Experiment(), open_photo(PHOTOGRAPH.read_bytes(), PHOTOGRAPH.name))


def shapes(experiment: Experiment) -> list[tuple[int, int]]:
    trace = build(experiment).trace
    return [trace.input.shape[2:], *(stage.output.shape[2:] for stage in trace.stages[:3])]


def test_every_stage_of_a_photograph_is_cnn_core_s(photographed):
    page, experiment = photographed
    trace = build(experiment).trace
    for stage, (view, shape) in enumerate(zip(VIEWS, shapes(experiment), strict=True), start=-1):
        for part in (0.2, 0.5, 0.8):
            row, column = int(shape[0] * part), int(shape[1] * part)
            event = hover_cell(page, view, row, column, shape)
            same_sum(event, trace.explain(stage, tuple(event["index"])))
            assert abs(event["index"][2] - row) <= 1
    same_sum(hover_cell(page, "scores", 1, 0, (3, 1)), trace.explain(4, (0, 1)))


def test_the_middle_of_a_photograph_is_asked_first(photographed):
    page, experiment = photographed
    rows, columns = shapes(experiment)[1]
    expect(page.locator(".ks-ledger h2")).to_have_text(f"Feature map [{rows // 2}, {columns // 2}]")


def test_the_original_size_is_told(photographed):
    page, experiment = photographed
    height, width = experiment.photo.original
    expect(page.locator("[data-column=input]")).to_contain_text(f"{width} × {height} pixels")


def test_the_digits_of_a_pixel_s_ledger_add_up_as_they_stand(photographed):
    page, experiment = photographed
    cells = [("conv", row, row, shapes(experiment)[1]) for row in range(10, shapes(experiment)[1][0], 17)]
    # A pooled cell's winner, and a score's sum of thousands, most of them shown as one term.
    for view, row, column, shape in [*cells, ("pool", 9, 9, shapes(experiment)[3]), ("scores", 2, 0, (3, 1))]:
        hover_cell(page, view, row, column, shape)
        next_frame(page)
        products = page.locator(".ks-term-product").all_inner_texts()
        value = page.locator(".ks-ledger-value").inner_text()
        places = len(value.partition(".")[2])
        units = [round(float(text.replace("−", "-")) * 10**places) for text in (*products, value)]
        assert sum(units[:-1]) == units[-1]


def test_a_number_that_is_only_passed_on_is_written_with_the_same_digits_everywhere(photographed):
    page, experiment = photographed
    conv = build(experiment).trace.stages[0].output[0, 0]
    row, column = (int(k) for k in np.argwhere((conv > 0.01) & (conv * 1e4 % 1 > 0.1))[-1])
    hover_cell(page, "conv", row, column, conv.shape)
    next_frame(page)
    expect(page.locator(".ks-ledger h2")).to_have_text(f"Feature map [{row}, {column}]")
    shown = page.locator(".ks-ledger-value").inner_text()
    assert float(shown) != conv[row, column], "a number that is shown in full would prove nothing"
    expect(page.locator(".ks-ledger-feeds")).to_contain_text(f"ReLU [{row}, {column}] = {shown} ")
    hover_cell(page, "activation", row, column, conv.shape)
    next_frame(page)
    expect(page.locator(".ks-ledger h2")).to_have_text(f"ReLU [{row}, {column}]")
    shown = page.locator(".ks-ledger-value").inner_text()
    expect(page.locator(".ks-ledger .ks-sum")).to_have_text(f"max(0, {shown}) = {shown}")


def test_the_remainder_tells_what_it_is(photographed):
    page, _ = photographed
    hover_cell(page, "scores", 0, 0, (3, 1))
    remainder = page.locator(".ks-sum abbr")
    expect(remainder).to_have_text("remainder")
    expect(remainder).to_have_attribute("title", re.compile("the sum adds up as shown"))


def test_the_working_size_can_be_changed(photographed):
    page, experiment = photographed
    before = revision(page)
    page.get_by_label("size", exact=True).fill("224")
    wait_drawn(page, "probabilities", "cnn_core", before)
    larger = apply(experiment, {"op": "photo_size", "value": 224})
    shape = shapes(larger)[1]
    event = hover_cell(page, "conv", shape[0] // 2, shape[1] // 2, shape)
    same_sum(event, build(larger).trace.explain(0, tuple(event["index"])))


def test_a_kernel_is_painted_over_a_photograph(photographed):
    page, experiment = photographed
    before = revision(page)
    field = page.locator("[data-view=kernel] input").nth(4)
    box = field.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] - 40, steps=8)
    wait_drawn(page, "conv", "preview", before)
    page.mouse.up()
    wait_drawn(page, "conv", "cnn_core", before)
    changed = apply(experiment, {"op": "kernel", "values": weights(page).tolist()})
    shape = shapes(changed)[1]
    event = hover_cell(page, "conv", 30, 40, shape)
    same_sum(event, build(changed).trace.explain(0, tuple(event["index"])))


def test_a_stroke_over_a_photograph_is_kept_and_undone(photographed):
    page, experiment = photographed
    shape = shapes(experiment)[0]
    before = revision(page)
    page.mouse.move(*cell_centre(page, "input", 40, 40, shape))
    page.mouse.down()
    page.mouse.move(*cell_centre(page, "input", 40, 80, shape), steps=5)
    page.mouse.up()
    wait_drawn(page, "conv", "cnn_core", before)
    assert hover_cell(page, "input", 40, 60, shape)["value"] == 1
    page.get_by_role("button", name="Undo").click()
    wait_drawn(page, "conv", "cnn_core", before + 1)
    event = hover_cell(page, "input", 40, 60, shape)
    assert event["value"] == experiment.photo.pixels[tuple(event["index"][1:])]


def test_the_photograph_survives_a_page_switch(photographed):
    page, experiment = photographed
    page.get_by_role("link", name="Kernels").click()
    wait_drawn(page, "laplacian")
    clear(page)
    page.get_by_role("link", name="Explore").click()
    wait_drawn(page, "probabilities")
    event = hover_cell(page, "input", 50, 50, shapes(experiment)[0])
    assert event["value"] == experiment.photo.pixels[tuple(event["index"][1:])]


def picture(shape: tuple[int, ...], kind: str = "PNG", mode: str | None = None, **options) -> bytes:
    array = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(buffer, "PNG")
    return buffer.getvalue()


REFUSED = {
    "empty": b"",
    "text": b"this is no picture",
    "truncated": picture((64, 64, 3))[:500],
    "1x1": picture((1, 1, 3)),
    "1x5000": picture((1, 5000, 3)),
    "too thin": picture((8, 5000, 3)),
}


@pytest.mark.parametrize("name", [*REFUSED, "bomb"])
def test_a_bad_picture_is_refused_with_a_sentence_and_nothing_is_lost(explore: Page, name: str):
    upload(explore, bomb() if name == "bomb" else REFUSED[name], f"{name}.png")
    notice = explore.locator(".ks-notice [role=status]")
    expect(notice).to_contain_text(f"{name}.png", timeout=15_000)
    assert re.search(r"\w+.*\.$", notice.inner_text())
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def test_a_file_over_the_limit_is_refused_with_a_sentence(explore: Page, tmp_path: Path):
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(300 * 1024 * 1024)
    explore.set_input_files(UPLOAD, large)
    expect(explore.locator(".ks-notice")).to_contain_text("300 MB")
    expect(explore.locator(".ks-notice")).to_contain_text("100 MB")
    assert hover_cell(explore, "conv", 0, 1, (3, 3))["value"] == 12


def rotated() -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (40, 80, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("L", (40, 30), shade) for shade in (0, 120, 255)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def sixteen_bit() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(0, 65535, 32 * 48).astype(np.uint16).reshape(32, 48)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "size"),
    [
        ("rotated.jpg", rotated(), "40 × 80 pixels"),
        ("animated.gif", animated(), "40 × 30 pixels"),
        ("deep.png", sixteen_bit(), "48 × 32 pixels"),
        ("print.jpg", picture((30, 50, 3), "JPEG", "CMYK"), "50 × 30 pixels"),
    ],
)
def test_unusual_pictures_are_taken_in_as_they_look(explore: Page, name: str, data: bytes, size: str):
    before = revision(explore)
    upload(explore, data, name)
    wait_drawn(explore, "input", "cnn_core", before)
    expect(explore.locator("[data-column=input]")).to_contain_text(size)
    experiment = with_photo(Experiment(), open_photo(data, name))
    shape = shapes(experiment)[0]
    event = hover_cell(explore, "input", shape[0] // 2, shape[1] // 2, shape)
    assert event["value"] == experiment.photo.pixels[tuple(event["index"][1:])]


@pytest.mark.parametrize("width", [1100, 1180, 1280, 1366, 1440])
def test_nothing_of_a_column_lies_over_the_one_beside_it(photographed, width: int):
    page, _ = photographed
    resize(page, width, 800)
    for column in page.locator(".ks-column").all():
        edge = column.bounding_box()
        parts = column.locator(":scope > .ks-top, :scope > .ks-body, :scope > .ks-bottom, .ks-legend, .ks-map, select")
        for part in [each.bounding_box() for each in parts.all() if each.is_visible()]:
            assert part["x"] >= edge["x"] - 1
            assert part["x"] + part["width"] <= edge["x"] + edge["width"] + 1


@pytest.mark.parametrize("width", [760, 820, 1024])
def test_on_a_tablet_two_stages_of_a_photograph_stand_beside_each_other(photographed, width: int):
    page, _ = photographed
    resize(page, width, 1100)
    expect(page.locator(".ks-stacked")).to_have_count(1)
    frames(page)
    boxes = [column.bounding_box() for column in page.locator(".ks-column").all()]
    for left, right in zip(boxes[::2], boxes[1::2], strict=True):
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] < right["x"]
        assert right["x"] + right["width"] <= width


def noise(rows: int, columns: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(rows).integers(0, 256, (rows, columns), np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_what_the_weight_under_the_pointer_meets_is_marked_on_the_picture_that_is_there_now(explore: Page):
    for rows in (120, 100):
        before = revision(explore)
        upload(explore, noise(rows, 128))
        wait_drawn(explore, "probabilities", "cnn_core", before)
        frames(explore)
        if rows == 120:
            weight = explore.get_by_label("weight, row 1, column 1").bounding_box()
            place = (weight["x"] + weight["width"] / 2, weight["y"] + weight["height"] / 2)
            explore.mouse.move(*place)
            frames(explore)
    left = explore.locator("[data-view=input]").screenshot()
    explore.mouse.move(5, 5)
    explore.mouse.move(*place)
    frames(explore)
    assert explore.locator("[data-view=input]").screenshot() == left
