"""What is taken away, downloaded as a person does it and read as another program would: numbers, script, pictures."""

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Route, expect

from cnn_core import Trace
from cnn_core.export import torch_script
from pages.shared.chain import build
from tests.browser.conftest import LISTEN, Server
from tests.browser.screen import choose, edited, open_experiment, take_sample, wait_drawn

pytestmark = pytest.mark.browser

# Each stage's row in the dialog, the name of its files, and the stage.
ROWS = {
    "Input": ("input", -1),
    "Feature map": ("conv", 0),
    "Leaky ReLU": ("activation", 1),
    "Pooled": ("pool", 2),
    "Flattened": ("flat", 3),
    "Scores": ("scores", 4),
    "Probabilities": ("probabilities", 5),
}


@contextmanager
def taking_away(page: Page) -> Iterator[Locator]:
    """The dialog of what can be taken away."""
    page.get_by_role("button", name="Take away").click()
    dialog = page.get_by_role("dialog", name="Take away")
    yield dialog
    page.keyboard.press("Escape")


def download(dialog: Locator, label: str, row: str | None = None) -> tuple[str, bytes]:
    """Press a button of the dialog, of one stage's row or of the whole; the file's name and its bytes."""
    place = dialog.get_by_role("row").filter(has=dialog.page.get_by_role("rowheader", name=row)) if row else dialog
    with dialog.page.expect_download() as waiting:
        place.get_by_text(label, exact=True).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def values_of(trace: Trace, stage: int) -> np.ndarray:
    return trace.input if stage < 0 else trace.stages[stage].output


def numbers(data: bytes, names: list[str] | None) -> np.ndarray:
    """A CSV file's numbers, line by line, after the names that begin its lines."""
    lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    if names is not None:
        assert [line[0] for line in lines] == names
        lines = [line[1:] for line in lines]
    return np.array([[float(word) for word in line] for line in lines])


def run_script(folder: Path, script: bytes, *arguments: str) -> dict[str, np.ndarray]:
    """Run a downloaded script as its own words say, in an interpreter that knows nothing of this repository."""
    (folder / "reproduce.py").write_bytes(script)
    command = [sys.executable, "-I", "reproduce.py", *arguments, "out.npz"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    with np.load(folder / "out.npz") as opened:
        return dict(opened)


def test_every_number_of_every_stage_is_in_its_files_to_the_last_bit(page: Page, server: Server, tmp_path: Path):
    experiment = edited(
        {"op": "grid", "value": np.random.default_rng(2).normal(size=(9, 11)).tolist()},
        {"op": "add_kernel"},
        {"op": "bias", "output": 1, "value": 0.1},
        {"op": "padding", "value": "same"},
        {"op": "activation", "value": "leaky_relu"},
        {"op": "pooling", "value": "average"},
        {"op": "class_names", "value": 'cat, "dog", fish'},
    )
    open_experiment(page, server.url, experiment)
    trace = build(experiment).trace
    with taking_away(page) as dialog:
        for row, (view, stage) in ROWS.items():
            values = values_of(trace, stage)
            name, data = download(dialog, "CSV", row)
            assert name == f"{view}.csv"
            names = None
            if view in ("scores", "probabilities"):
                names = ["cat", '"dog"', "fish"]
            elif values.ndim == 2:
                names = [str(k) for k in range(values.shape[1])]
            elif values.shape[1] > 1:
                names = [str(k) for k in range(values.shape[1]) for _ in range(values.shape[2])]
            flat = values[0][:, None] if values.ndim == 2 else values[0].reshape(-1, values.shape[3])
            np.testing.assert_array_equal(numbers(data, names), flat)
        with np.load(io.BytesIO(download(dialog, "Whole trace, NPZ")[1])) as opened:
            kept = dict(opened)
        name, script = download(dialog, "NumPy script")
    # Chrome lets one tab take ten files and then asks; so the rest is taken by another one.
    other = page.context.new_page()
    open_experiment(other, server.url, experiment)
    with taking_away(other) as dialog:
        for row, (view, stage) in ROWS.items():
            called, data = download(dialog, "NPZ", row)
            assert called == f"{view}.npz"
            with np.load(io.BytesIO(data)) as opened:
                assert opened.files == [view]
                np.testing.assert_array_equal(opened[view], values_of(trace, stage))
        called, pytorch = download(dialog, "PyTorch script")
    other.close()
    assert called == "in_pytorch.py"
    assert pytorch.decode() == torch_script(build(experiment).network, trace.input)
    np.testing.assert_array_equal(kept["input"], trace.input)
    np.testing.assert_array_equal(kept["0.weight"], experiment.weight)
    np.testing.assert_array_equal(kept["0.bias"], [0, 0.1])
    assert name == "reproduce.py"
    made = run_script(tmp_path, script, "-")
    for stage in trace.stages:
        np.testing.assert_array_equal(kept[stage.name], stage.output)
        np.testing.assert_array_equal(made[stage.name], stage.output)
    answer = page.request.get(f"{server.url}/ui/take/nobody/conv.csv")
    assert answer.status == 404
    assert answer.text() == "There is no such file any more: reload the page and ask again."


def test_a_file_that_is_still_being_made_is_told_of_over_the_dialog_and_after_it(explore: Page):
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    explore.route("**/ui/take/**", hold)
    box = explore.locator(".ks-busy")
    with taking_away(explore) as dialog:
        for label, name in (("Scenario file", "scenario.json"), ("Whole trace, NPZ", "trace.npz")):
            dialog.get_by_text(label, exact=True).click()
            expect(box).to_contain_text(f"Making {name}…")
        with explore.expect_download():
            held[0].continue_()
        expect(dialog.locator(".ks-busy")).to_contain_text("Making trace.npz…")
        expect(box).to_be_visible()
    expect(explore.locator("dialog .ks-busy")).to_have_count(0)
    expect(box).to_be_visible()
    box.get_by_role("button", name="Cancel").click()
    expect(box).not_to_be_visible()


def cells(data: bytes, shape: tuple[int, int]) -> np.ndarray:
    """The colour of each cell of a PNG, ``(rows, columns, 3)``; every cell is a square as large as fits 1024 px."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    side = 1024 // max(shape)
    assert picture.size == (shape[1] * side, shape[0] * side)
    pixels = np.asarray(picture).reshape(shape[0], side, shape[1], side, 3)
    if side < 24:  # without a number in it, a cell is of one colour
        np.testing.assert_array_equal(pixels.max(axis=(1, 3)), pixels.min(axis=(1, 3)))
    return pixels[:, 2, :, 2].astype(int)


def test_a_picture_in_grey_and_in_colour_is_taken_away_as_it_is_and_so_is_what_computes_it(
    explore: Page, tmp_path: Path
):
    take_sample(explore, "Rocket")
    experiment = edited({"op": "sample", "value": "rocket"})
    pixels = experiment.photo.pixels
    with taking_away(explore) as dialog:
        grey = cells(download(dialog, "PNG", "Input")[1], pixels.shape[1:])
    np.testing.assert_array_equal(grey, np.repeat(np.rint(pixels[0] * 255)[..., None], 3, axis=2))
    choose(explore, "Colour", "rgb")
    experiment = edited({"op": "colour", "value": "rgb"}, start=experiment)
    pixels = experiment.photo.pixels
    trace = build(experiment).trace
    with taking_away(explore) as dialog:
        colour = cells(download(dialog, "PNG", "Input")[1], pixels.shape[1:])
        lines = download(dialog, "CSV", "Input")[1]
        archive, script = download(dialog, "Whole trace, NPZ")[1], download(dialog, "NumPy script")[1]
    np.testing.assert_array_equal(colour, np.rint(pixels * 255).transpose(1, 2, 0))
    names = [name for name in "RGB" for _ in range(pixels.shape[1])]
    np.testing.assert_array_equal(numbers(lines, names), pixels.reshape(-1, pixels.shape[2]))
    (tmp_path / "trace.npz").write_bytes(archive)
    made = run_script(tmp_path, script, "trace.npz")
    for stage in trace.stages:
        np.testing.assert_array_equal(made[stage.name], stage.output)


@pytest.mark.parametrize(
    ("scheme", "most", "zero", "least"),
    [("light", "#8f3d00", "#f6f6f4", "#144a8f"), ("dark", "#ffc58a", "#20242c", "#8ac6ff")],
)
def test_a_map_is_taken_away_in_the_colours_of_the_theme(
    browser: Browser, server: Server, scheme: str, most: str, zero: str, least: str
):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=scheme)
    context.add_init_script(LISTEN)
    page = context.new_page()
    # The identity, so that the map holds these very numbers.
    grid = np.array([[-4, -2, 0], [4, 2, 1], [-1, 0, 3]], dtype=float)
    padded = np.pad(grid, 1)
    open_experiment(
        page, server.url, edited({"op": "grid", "value": padded.tolist()}, {"op": "library", "value": "identity"})
    )
    wait_drawn(page, "conv")
    with taking_away(page) as dialog:
        shown = cells(download(dialog, "PNG", "Feature map")[1], grid.shape)
    context.close()

    def rgb(text: str) -> np.ndarray:
        return np.array([int(text[k : k + 2], 16) for k in (1, 3, 5)])

    np.testing.assert_array_equal(shown[1, 0], rgb(most))
    np.testing.assert_array_equal(shown[0, 0], rgb(least))
    for at in ((0, 2), (2, 1)):
        np.testing.assert_allclose(shown[at], rgb(zero), atol=3)
    away = np.abs(shown - rgb(zero)).sum(axis=2)
    for sign in (1, -1):
        order = np.argsort(grid[grid * sign > 0] * sign)
        assert (np.diff(away[grid * sign > 0][order]) > 0).all(), "the further from zero, the further from its colour"
    warm = shown[..., 0] - shown[..., 2]
    assert (warm[grid > 0] > 0).all()
    assert (warm[grid < 0] < 0).all()
