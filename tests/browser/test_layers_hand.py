"""The layers laboratory while a value is under the hand: previews, what cnn_core alone knows, and sliders."""

import pytest
from playwright.sync_api import Page, expect

from cnn_core import relu, softmax
from pages.shared.layers.laboratory import Laboratory
from tests.browser.layers_laboratory import adds_up, asked_row, carried, choose, numbers, opened  # noqa: F401 - a fixture
from tests.browser.screen import clear, hover_cell, press, revision, wait_drawn

pytestmark = pytest.mark.browser


def test_a_preview_comes_at_once_where_its_rule_is_known(laboratory: Page):
    laboratory.locator("[data-view=input-0]").focus()
    laboratory.keyboard.press("ArrowRight")
    clear(laboratory)
    laboratory.keyboard.type("9")
    wait_drawn(laboratory, "output-0", "preview")
    views = laboratory.evaluate("window.cnn.drawn.filter(({ source }) => source === 'preview').map(({ view }) => view)")
    # There is no rule for it here: it waits until cnn_core was asked.
    assert "slope-0" not in views[: views.index("output-0")]
    wait_drawn(laboratory, "slope-0", "preview")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "slope-0")
    assert hover_cell(laboratory, "output-0", 0, 0, (6, 6))["value"] == relu(9.0)


@pytest.mark.parametrize(
    ("kind", "views"),
    [
        ("softplus", ["output-0", "slope-0"]),
        ("gelu", ["output-0", "slope-0"]),
        ("batch_norm", ["normalised-0", "output-0"]),
        ("sigmoid", ["slope-0"]),
    ],
)
def test_what_no_preview_knows_is_cnn_core_s_while_a_value_is_under_the_hand(
    laboratory: Page, kind: str, views: list[str]
):
    choose(laboratory, kind)
    asked = carried(kind, {"op": "cells", "plane": 0, "cells": [[0, 0, 7.25]]})
    laboratory.locator("[data-view=input-0]").focus()
    laboratory.keyboard.press("ArrowRight")
    clear(laboratory)
    laboratory.keyboard.type("7.25")
    laboratory.wait_for_function(
        "(told) => document.querySelector('.ks-bar-top .ks-sentence').textContent === told", arg=asked.sentence
    )
    # Each key has an answer of its own, which brings words and numbers together: the last key's is waited for.
    for column in asked.columns:
        note = laboratory.locator(f"[data-column={column['view']}] .ks-note")
        # What a line says to a finger comes behind what it says to a mouse.
        expect(note).to_have_js_property(
            "textContent", "\n".join(line.split("\t")[0] for line in column["note"].split("\n"))
        )
    for view in views:
        wait_drawn(laboratory, view, "preview")
    assert laboratory.evaluate("window.cnn.drawn.every(({ source }) => source === 'preview')")
    for view in views:
        seen = numbers(asked, view.split("-")[0])
        event = hover_cell(laboratory, view, 0, 0, seen.shape[2:])
        assert event["value"] == seen[0, 0, 0, 0]
        if event["rule"] == "sum":
            assert adds_up(event)
    expect(laboratory.locator(".ks-late")).to_have_count(0)
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, views[0])


def test_a_slider_is_answered_while_it_is_dragged_and_is_one_step_to_undo(laboratory: Page):
    choose(laboratory, "softmax")
    slider = laboratory.get_by_label("T, on a slider")
    box = slider.bounding_box()
    clear(laboratory)
    laboratory.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    laboratory.mouse.down()
    title = laboratory.locator("[data-column=scaled] h2")
    told = {title.inner_text()}
    for k in range(1, 5):  # each answer is waited for while the hand is down
        clear(laboratory)
        laboratory.mouse.move(box["x"] + box["width"] * (0.5 + k / 10), box["y"] + box["height"] / 2)
        wait_drawn(laboratory, "output")
        told.add(title.inner_text())
    assert len(told) == 5
    laboratory.mouse.up()
    field = laboratory.get_by_label("T", exact=True)
    expect(field).not_to_have_value("1")
    expect(title).to_have_text(f"Score / T, T = {field.input_value()}")
    heat = float(field.input_value())
    logits = Laboratory().given["vector"].input.ravel()
    for row in range(4):
        assert asked_row(laboratory, "output", row)["value"] == softmax(logits, temperature=heat)[row]
    press(laboratory, "↶ Undo", "output")
    expect(laboratory.get_by_label("T", exact=True)).to_have_value("1")


def test_a_slider_is_moved_by_keyboard_step_by_step(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.get_by_label("γ 1, on a slider").focus()
    for value in (1.25, 1.5):
        before = revision(laboratory)
        laboratory.keyboard.press("ArrowRight")
        wait_drawn(laboratory, "output-0", "cnn_core", before)
        expect(laboratory.get_by_label("γ 1", exact=True)).to_have_value(str(value))
    asked = carried("batch_norm", {"op": "gamma", "channel": 1, "value": 1.5})
    event = hover_cell(laboratory, "output-1", 0, 2, (2, 4))
    assert event["value"] == numbers(asked, "output")[0, 1, 0, 2]
    press(laboratory, "↶ Undo", "output-0")
    expect(laboratory.get_by_label("γ 1", exact=True)).to_have_value("1.25")


def test_a_slider_moved_before_another_page_and_after_is_two_steps_to_undo(laboratory: Page):
    choose(laboratory, "leaky_relu")
    for visited in (True, False):
        before = revision(laboratory)
        laboratory.get_by_label("slope, on a slider").focus()
        laboratory.keyboard.press("ArrowRight")
        wait_drawn(laboratory, "slope-0", "cnn_core", before)
        if visited:
            moved = laboratory.get_by_label("slope", exact=True).input_value()
            laboratory.get_by_role("link", name="Pooling").click()
            wait_drawn(laboratory, "max")
            clear(laboratory)
            laboratory.get_by_role("link", name="Layers").click()
            wait_drawn(laboratory, "slope-0")
    expect(laboratory.get_by_label("slope", exact=True)).not_to_have_value(moved)
    press(laboratory, "↶ Undo", "slope-0")
    expect(laboratory.get_by_label("slope", exact=True)).to_have_value(moved)
