"""The cases that the browser's preview is held to are what cnn_core computes: one file, run by both sides."""

import json
from pathlib import Path

import numpy as np
import pytest

import cnn_core
from pages.shared.describe import _PREVIEWS, link

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
