"""Scores in the layers laboratory: softmax, the fully connected layer and its weights, and the loss."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from cnn_core import cross_entropy, softmax
from pages.shared.layers.laboratory import Laboratory
from tests.browser.layers_laboratory import adds_up, asked_row, carried, choose, numbers, opened, set_to  # noqa: F401 - a fixture
from tests.browser.screen import cell_centre, next_frame, press, revision, wait_drawn

pytestmark = pytest.mark.browser


def test_softmax_s_bars_are_asked_and_its_scores_typed(laboratory: Page):
    choose(laboratory, "softmax")
    set_to(laboratory, "T", "0.5", "output")
    asked = carried("softmax", {"op": "temperature", "value": 0.5})
    for view in ("scaled", "powers", "output"):
        for row in (0, 3):
            assert asked_row(laboratory, view, row)["value"] == numbers(asked, view)[0, row]
    event = asked_row(laboratory, "scaled", 1)
    assert (event["terms"][0]["value"], event["terms"][0]["weight"]) == (1, 2)
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    laboratory.keyboard.press("ArrowDown")
    before = revision(laboratory)
    laboratory.keyboard.type("3")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "output", "cnn_core", before)
    changed = carried("softmax", {"op": "temperature", "value": 0.5}, {"op": "cells", "cells": [[1, 0, 3]]})
    assert asked_row(laboratory, "output", 1)["value"] == numbers(changed, "output")[0, 1]


def test_powers_in_a_heading_and_below_it_are_raised_and_read_aloud_as_powers(laboratory: Page):
    for kind, view, powers in (
        ("softmax", "powers", ["score / T − 2"]),
        ("softplus", "curve", ["βx", "−βx"]),
        ("cross_entropy", "probabilities", ["logit"]),
    ):
        choose(laboratory, kind)
        raised = laboratory.locator(f"[data-column={view}] :is(h2, .ks-note) sup")
        expect(raised).to_have_count(len(powers))
        said = [f"to the power of {each}" for each in powers]
        assert raised.evaluate_all("(all) => all.map((each) => each.ariaLabel)") == said


def test_where_a_number_came_from_is_followed_down_to_the_input(laboratory: Page):
    choose(laboratory, "batch_norm")
    box = laboratory.locator("[data-view=normalised-0]").bounding_box()
    laboratory.mouse.click(box["x"] + 5, box["y"] + 5)
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Normalised image 0, channel 0 [0, 0]")
    laboratory.get_by_role("button", name="What Batch mean channel 0 was made of").click()
    expect(laboratory.locator(".ks-ledger-trail h3")).to_have_text("Batch mean channel 0 = 6")
    expect(laboratory.locator(".ks-ledger-trail .ks-term")).to_have_count(16)


def test_on_a_wide_page_the_weights_stand_beside_the_score(laboratory: Page):
    choose(laboratory, "linear")
    score, weights = (laboratory.locator(f"[data-view={view}]").bounding_box() for view in ("scores", "dense_weights"))
    assert weights["x"] > score["x"] + score["width"]
    assert weights["y"] < score["y"] + score["height"] + 100
    laboratory.set_viewport_size({"width": 1000, "height": 900})
    laboratory.wait_for_function(
        "document.querySelector('.ks-dense').getBoundingClientRect().top"
        " > document.querySelector('[data-view=scores]').getBoundingClientRect().bottom"
    )


def test_the_fully_connected_layer_s_weights_are_drawn_on_and_its_score_spelled_out(laboratory: Page):
    choose(laboratory, "linear")
    asked = carried("linear")
    event = asked_row(laboratory, "scores", 1)
    assert event["value"] == numbers(asked, "scores")[0, 1]
    assert adds_up(event)
    assert len(event["terms"]) == 9
    laboratory.locator("[data-view=scores] .ks-bar-row").nth(2).click()
    laboratory.locator("[data-view=dense_weights]").scroll_into_view_if_needed()
    laboratory.locator("[data-view=dense_weights]").focus()
    laboratory.keyboard.press("ArrowRight")
    before = revision(laboratory)
    laboratory.keyboard.type("2")
    laboratory.keyboard.press("Enter")
    wait_drawn(laboratory, "scores", "cnn_core", before)
    changed = carried("linear", {"op": "dense", "cells": [[2, 0, 2]]})
    assert asked_row(laboratory, "scores", 2)["value"] == numbers(changed, "scores")[0, 2]
    press(laboratory, "↶ Undo", "scores")
    assert asked_row(laboratory, "scores", 2)["value"] == numbers(asked, "scores")[0, 2]


def test_the_weights_show_the_cell_that_is_pinned_and_no_other(laboratory: Page):
    choose(laboratory, "linear")
    told = laboratory.locator(".ks-dense-told")
    laboratory.mouse.click(*cell_centre(laboratory, "dense_weights", 1, 2, (3, 3)))
    expect(told).to_contain_text("[1, 2]: 4 ×")
    laboratory.mouse.click(*cell_centre(laboratory, "input-0", 1, 1, (3, 3)))
    expect(told).to_contain_text("[1, 1]: 9 ×")
    laboratory.locator("[data-view=scores] .ks-bar-row").nth(2).click()
    expect(told).to_contain_text("Point at a cell")


def test_each_channel_s_weights_are_offered_where_the_map_has_several(laboratory: Page):
    choose(laboratory, "linear")
    channels = laboratory.get_by_role("radiogroup", name="Which channel’s weights")
    expect(channels).to_be_hidden()
    before = revision(laboratory)
    laboratory.get_by_label("Input", exact=True).select_option("larger")
    wait_drawn(laboratory, "scores", "cnn_core", before)
    sums = laboratory.locator(".ks-dense-sum")
    expect(sums).to_contain_text("of channel 0")
    channels.get_by_role("radio", name="channel 1").click()
    expect(sums).to_contain_text("of channel 1")
    asked = carried("linear", {"op": "input", "value": "larger"})
    laboratory.mouse.click(*cell_centre(laboratory, "dense_weights", 0, 1, (4, 4)))
    weight = asked.laboratory.weight[0, 17]
    written = f"{weight:g}" if weight >= 0 else f"(−{-weight:g})"
    expect(laboratory.locator(".ks-dense-told")).to_contain_text(f"× {written} =")
    channels.get_by_role("radio", name="channel 1").focus()
    laboratory.keyboard.press("ArrowLeft")
    expect(sums).to_contain_text("of channel 0")
    expect(channels.get_by_role("radio", name="channel 0")).to_be_focused()
    laboratory.mouse.click(*cell_centre(laboratory, "input-1", 2, 2, (4, 4)))
    expect(sums).to_contain_text("of channel 1")


def test_the_loss_and_each_gradient_are_asked_for_the_class_that_is_right(laboratory: Page):
    choose(laboratory, "cross_entropy")
    before = revision(laboratory)
    laboratory.get_by_role("radiogroup", name="Which class is right").get_by_role("radio", name="C").click()
    wait_drawn(laboratory, "loss", "cnn_core", before)
    logits = Laboratory().given["vector"].input.reshape(1, -1)
    loss, gradient = cross_entropy(logits, [2])
    event = asked_row(laboratory, "loss", 0)
    assert event["value"] == loss
    assert [term["weight"] for term in event["terms"]] == [1, -1]
    assert event["terms"][1]["value"] == logits[0, 2]
    assert adds_up(event)
    for row in range(4):
        event = asked_row(laboratory, "gradient", row)
        assert event["value"] == gradient[0, row]
        assert [term["value"] for term in event["terms"]] == [softmax(logits)[0, row], float(row == 2)]
    expect(laboratory.locator(".ks-bar-top .ks-sentence")).to_contain_text("Class C is right")


def test_a_small_loss_is_shown_with_three_digits_and_still_adds_up(laboratory: Page):
    choose(laboratory, "cross_entropy")
    laboratory.locator("[data-view=input]").focus()
    laboratory.keyboard.press("ArrowDown")
    for digit in ("9", "1"):
        before = revision(laboratory)
        laboratory.keyboard.type(digit)
        laboratory.keyboard.press("Enter")
        wait_drawn(laboratory, "loss", "cnn_core", before)
        laboratory.keyboard.press("ArrowDown")
    logits = np.array([[9, 1, *Laboratory().given["vector"].input.ravel()[2:]]])
    loss, gradient = cross_entropy(logits, [0])
    assert loss < 0.001
    for view, value in (("loss", loss), ("gradient", gradient[0, 0])):
        asked_row(laboratory, view, 0)
        next_frame(laboratory)
        shown = laboratory.locator(".ks-ledger-value").inner_text().replace("−", "-")
        assert float(shown) == float(f"{value:.3g}")
        sums = laboratory.locator(".ks-ledger .ks-sum").inner_text().replace("−", "-")
        written, _, result = sums.partition(" = ")
        places = len(shown.partition(".")[2])
        assert round(eval(written.replace("remainder ", "")), places) == float(result) == float(shown)
        factors = laboratory.locator(".ks-ledger .ks-term-factors").first.inner_text()
        assert len(factors.split(" ×")[0].partition(".")[2]) >= places - 1


def test_what_is_made_of_all_classes_is_not_said_to_come_from_one(laboratory: Page):
    told = laboratory.locator(".ks-ledger-function .ks-ledger-note")
    for kind, asked in (
        ("cross_entropy", (("log_sum", "from all 4 logits"), ("probabilities", "from all 4 logits"))),
        ("softmax", (("output", "from all 4 powers"), ("powers", "from Score / T B"))),
    ):
        choose(laboratory, kind)
        for view, words in asked:
            asked_row(laboratory, view, 0 if view == "log_sum" else 1)
            expect(told).to_contain_text(words)
