"""Batch norm and dropout in the layers laboratory: statistics, masks and what they are made of, image by image."""

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from pages.shared.layers.laboratory import Laboratory
from tests.browser.layers_laboratory import adds_up, asked_row, carried, choose, numbers, opened, set_to  # noqa: F401 - a fixture
from tests.browser.screen import cell_centre, hover_cell, press, revision, wait_drawn

pytestmark = pytest.mark.browser


def test_batch_norm_s_statistics_are_sums_that_can_be_asked(laboratory: Page):
    choose(laboratory, "batch_norm")
    asked = carried("batch_norm")
    x = asked.laboratory.input
    for view, row in (("mean", 0), ("mean", 1), ("var", 0), ("next_mean", 1), ("next_var", 0)):
        event = asked_row(laboratory, view, row)
        assert event["value"] == numbers(asked, view)[0, row]
        assert adds_up(event)
    for view, row in (("deviation", 0), ("inverse", 1)):
        assert asked_row(laboratory, view, row)["value"] == numbers(asked, view)[0, row]
    assert len(asked_row(laboratory, "mean", 0)["terms"]) == 16
    # Even numbers over 16: the shown digits add up without a remainder.
    expect(laboratory.locator(".ks-ledger .ks-sum")).not_to_contain_text("remainder")
    for view in ("normalised", "output"):
        for plane, (n, c) in enumerate(np.ndindex(2, 2)):
            event = hover_cell(laboratory, f"{view}-{plane}", 1, 2, (2, 4))
            assert event["index"] == [n, c, 1, 2]
            assert event["value"] == numbers(asked, view)[n, c, 1, 2]
            assert adds_up(event)
    event = hover_cell(laboratory, "normalised-2", 0, 0, (2, 4))
    assert [term["stage"] for term in event["terms"]] == [-1, 2]  # the cell, and the mean
    assert event["terms"][0]["value"] == x[1, 0, 0, 0]


def test_batch_norm_is_written_as_its_paper_has_it_and_a_mean_as_a_sum_that_is_divided(laboratory: Page):
    choose(laboratory, "batch_norm")
    set_to(laboratory, "β 0", "-0.5", "output-0")
    told = laboratory.locator(".ks-ledger .ks-sum")
    asked_row(laboratory, "mean", 0)
    total = "4 + 6 + 8 + 6 + 2 + 8 + 10 + 6 + 8 + 8 + 6 + 6 + 6 + 6 + 4 + 2 = 96"
    expect(told).to_have_text(f"{total}, and 96 / 16 = 6")
    expect(laboratory.locator(".ks-ledger-value")).to_have_text("6")
    expect(laboratory.locator(".ks-term-factors").nth(9)).to_have_text("image 1, [0, 1]")
    hover_cell(laboratory, "normalised-0", 1, 2, (2, 4))
    expect(told.first).to_have_text("(10 − 6) / √(4.5 + 0.00001) ≈ 1.886")
    expect(told.last).to_have_text("4.714 − 2.828 = 1.886")
    hover_cell(laboratory, "output-0", 1, 2, (2, 4))
    expect(told.first).to_have_text("(10 − 6) / √(4.5 + 0.00001) × 1 − 0.5 ≈ 1.386")
    expect(told.last).to_have_text("1.886 + β −0.500 = 1.386")
    # A step takes the unbiased variance, as is said.
    asked_row(laboratory, "next_var", 0)
    expect(told.first).to_have_text("4.5 × 0.1 × 16/15 + 1 × (1 − 0.1) = 1.380")
    expect(laboratory.locator("[data-column=statistics] .ks-note")).to_contain_text("the unbiased variance, × 16/15")
    asked_row(laboratory, "next_mean", 1)
    expect(told.first).to_have_text("−0.5 × 0.1 + 0 × (1 − 0.1) = −0.05")
    # The variance too, and level by level.
    asked_row(laboratory, "var", 0)
    expect(told).to_contain_text("= 72, and 72 / 16 = 4.5")
    hover_cell(laboratory, "normalised-0", 1, 2, (2, 4))
    laboratory.mouse.down()
    laboratory.mouse.up()
    laboratory.locator(".ks-ledger .ks-terms .ks-term-open").click()
    trail = laboratory.locator(".ks-ledger-trail")
    expect(trail.locator("h3")).to_have_text("Batch mean channel 0 = 6")
    expect(trail.locator(".ks-sum")).to_have_text(f"{total}, and 96 / 16 = 6")


def feeds_link(page: Page, view: str, row: int, column: int, title: str) -> Locator:
    """Pin a cell of a map of 2 × 4; the link to the cell of that title which it feeds."""
    page.mouse.click(*cell_centre(page, view, row, column, (2, 4)))
    return page.locator(".ks-ledger-feeds button", has_text=title)


def test_a_cell_s_link_to_what_it_feeds_stays_in_its_image_and_its_channel(laboratory: Page):
    choose(laboratory, "batch_norm")
    asked = carried("batch_norm")
    for plane, (n, c) in enumerate(np.ndindex(2, 2)):
        link = feeds_link(laboratory, f"normalised-{plane}", 1, 1, "After")
        value = numbers(asked, "output")[n, c, 1, 1]
        expect(laboratory.locator(".ks-ledger h2")).to_have_text(f"Normalised image {n}, channel {c} [1, 1]")
        # With a scale of 1 and a shift of 0 it is only passed on, and written as the ledger's headline is.
        shown = laboratory.locator(".ks-ledger-value").inner_text()
        places = len(shown.partition(".")[2])
        assert shown == f"{value:.{places}f}".replace("-", "−")
        assert places >= 3
        expect(link).to_have_text(f"After image {n}, channel {c} [1, 1] = {shown}")
    link.click()
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("After image 1, channel 1 [1, 1]")
    choose(laboratory, "dropout")
    expect(feeds_link(laboratory, "input-3", 0, 2, "After")).to_contain_text("After image 1, channel 1 [0, 2] =")
    expect(feeds_link(laboratory, "drawn-2", 0, 2, "Mask")).to_contain_text("Mask image 1, channel 0 [0, 2] =")


def test_of_three_channels_each_feeds_its_own(laboratory: Page):
    choose(laboratory, "batch_norm")
    before = revision(laboratory)
    laboratory.get_by_label("Input", exact=True).select_option("larger")
    wait_drawn(laboratory, "output-5", "cnn_core", before)
    laboratory.mouse.click(*cell_centre(laboratory, "input-5", 3, 4, (8, 8)))
    told = laboratory.locator(".ks-ledger-feeds")
    for title in ("Normalised", "After"):
        expect(told).to_contain_text(f"{title} image 1, channel 2 [3, 4] =")


def test_a_statistic_is_walked_to_by_keyboard_and_a_cell_marks_its_own_channel_s(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.locator("[data-view=mean]").focus()
    laboratory.keyboard.press("ArrowDown")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Batch mean channel 1")
    expect(laboratory.locator("[aria-live=polite].ks-unseen")).to_contain_text("Batch mean channel 1 is −0.5")
    hover_cell(laboratory, "input-1", 1, 1, (2, 4))
    rows = laboratory.locator("[data-view=var] .ks-bar-row")
    expect(rows.nth(1)).to_have_class("ks-bar-row ks-feeds")
    expect(rows.nth(0)).to_have_class("ks-bar-row")


def test_a_training_step_moves_what_inference_uses(laboratory: Page):
    choose(laboratory, "batch_norm")
    set_to(laboratory, "momentum", "0.5", "output-0")
    press(laboratory, "Take a step", "output-0")
    edits = [{"op": "momentum", "value": 0.5}, {"op": "step"}, {"op": "training", "value": "inference"}]
    before = revision(laboratory)
    laboratory.get_by_role("radio", name="Inference").click()
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    expect(laboratory.locator("[data-view=mean]")).to_have_count(0)
    asked = carried("batch_norm", *edits)
    assert asked_row(laboratory, "running_var", 1)["value"] == numbers(asked, "running_var")[0, 1]
    event = hover_cell(laboratory, "normalised-1", 0, 3, (2, 4))
    assert event["value"] == numbers(asked, "normalised")[0, 1, 0, 3]
    assert adds_up(event)
    set_to(laboratory, "γ 1", "3", "output-0")
    set_to(laboratory, "β 1", "-1", "output-0")
    asked = carried(
        "batch_norm",
        *edits,
        {"op": "gamma", "channel": 1, "value": 3},
        {"op": "shift", "channel": 1, "value": -1},
    )
    event = hover_cell(laboratory, "output-3", 1, 1, (2, 4))
    assert event["value"] == numbers(asked, "output")[1, 1, 1, 1]
    assert (event["terms"][0]["weight"], event["bias"]) == (3, -1)


def test_a_cell_of_the_second_image_is_walked_to_and_typed(laboratory: Page):
    choose(laboratory, "batch_norm")
    laboratory.locator("[data-view=input-3]").focus()
    laboratory.keyboard.press("ArrowRight")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Before image 1, channel 1 [0, 0]")
    laboratory.keyboard.press("ArrowDown")
    expect(laboratory.locator(".ks-ledger h2")).to_have_text("Before image 1, channel 1 [1, 0]")
    before = revision(laboratory)
    laboratory.keyboard.press("Shift+ArrowUp")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    asked = carried("batch_norm", {"op": "cells", "plane": 3, "cells": [[1, 0, 1.5]]})
    assert asked_row(laboratory, "mean", 1)["value"] == numbers(asked, "mean")[0, 1]


def test_dropout_s_mask_is_drawn_compared_and_multiplied(laboratory: Page):
    choose(laboratory, "dropout")
    set_to(laboratory, "p", "0.25", "output-0")
    press(laboratory, "Another mask", "output-0")
    asked = carried("dropout", {"op": "p", "value": 0.25}, {"op": "another_mask"})
    for view in ("drawn", "mask", "output"):
        for plane, (n, c) in enumerate(np.ndindex(2, 2)):
            event = hover_cell(laboratory, f"{view}-{plane}", 1, 1, (2, 4))
            assert event["value"] == numbers(asked, view)[n, c, 1, 1]
    assert event["terms"][0]["weight"] == numbers(asked, "mask")[1, 1, 1, 1]
    expect(laboratory.locator("[data-column=mask] .ks-note")).to_contain_text("25 % are expected")
    before = revision(laboratory)
    laboratory.get_by_role("radio", name="Training").focus()
    laboratory.keyboard.press("ArrowRight")
    wait_drawn(laboratory, "output-0", "cnn_core", before)
    expect(laboratory.locator("[data-view=mask-0]")).to_have_count(0)
    event = hover_cell(laboratory, "output-0", 1, 1, (2, 4))
    assert event["value"] == Laboratory().given["batch"].input[0, 0, 1, 1]
