"""The cases that the browser's preview is held to are what cnn_core computes: one file, run by both sides."""

import json
from pathlib import Path

import numpy as np
import pytest

import cnn_core
from cnn_core.ops.conv.dispatch import FEW_TAPS, Branch, in_order
from pages.shared.convolution import laboratory
from pages.shared.describe import _PREVIEWS, link
from pages.shared.experiment import KERNELS_MOST

CASES = json.loads((Path(__file__).parents[1] / "cases" / "preview.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_cnn_core_gives_what_the_case_expects(case):
    layer = getattr(cnn_core, case["layer"])(**case["arguments"])
    for name in ("weight", "bias"):
        if case[name] is not None:
            setattr(layer, name, np.array(case[name], dtype=np.float64))
    x = np.array(case["input"], dtype=np.float64)
    assert link(layer, x.shape) == case["link"]
    assert _PREVIEWS[type(layer)] == case["rule"]
    if case["exact"]:
        np.testing.assert_array_equal(layer.forward(x), case["expected"])
    else:
        np.testing.assert_allclose(layer.forward(x), case["expected"], rtol=1e-12)


def test_every_rule_that_the_preview_knows_has_a_case():
    assert {case["rule"] for case in CASES} == set(_PREVIEWS.values())


def test_windows_in_groups_and_in_every_padding_mode_have_a_case():
    """What the page tells of terms and readers is tested on the cases of windows, in tests/browser/test_modules.py."""
    links = [case["link"] for case in CASES if case["layer"] == "Conv2d"]
    assert any(link.get("groups", 1) > 1 for link in links)
    modes = {case["arguments"].get("padding_mode", "zeros") for case in CASES if "shown" in case["link"]}
    assert modes == {"reflect", "replicate", "circular"}


def test_all_that_pages_preview_is_added_weight_by_weight_as_the_preview_does():
    """Above that many multiply-adds a cell the preview is the sum in another order: ``FEW_TAPS`` says why."""
    for planes in (1, 3):
        taps = FEW_TAPS // planes
        assert in_order((1, planes, 512, 512), (KERNELS_MOST, planes, 1, taps), 1) is Branch.SHIFTED
    most = laboratory.CHANNELS_MOST
    assert laboratory.KERNEL_LARGEST**2 <= FEW_TAPS
    for outputs in range(1, most + 1):  # each channel alone
        weights = (most * outputs, 1, laboratory.KERNEL_LARGEST, laboratory.KERNEL_LARGEST)
        assert in_order((1, most, 224, 224), weights, most) is Branch.SHIFTED
