"""Windows of many channels gathered a tap at a time."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core.ops.conv import execute, tapped
from cnn_core.ops.conv.checks import conv_window
from cnn_core.ops.conv.dispatch import Branch
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, by_loops, forced, noisy, window_of


@pytest.mark.parametrize("numbers", [1, 200, 400_000])
@pytest.mark.parametrize("columns", [1, 512])
@settings(max_examples=40)
@given(convolutions())
def test_windows_may_be_gathered_a_tap_at_a_time(numbers, columns, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        few = execute.FewCalls(
            partial(tapped.correlate_tapped, sliding=window_of(case), groups=given_settings["groups"])
        )
        patch.setattr(execute, "gathered_in_few_calls", lambda *_: few)
        patch.setattr(tapped, "NUMBERS", numbers)
        patch.setattr(tapped, "COLUMNS", columns)
        ours = forced(Branch.GATHERED, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


def test_taps_in_the_padding_cost_nothing():
    x, weight = np.zeros((1, 256, 16, 16), np.float32), np.zeros((256, 256, 3, 3), np.float32)
    dilated, plain = (conv_window(x.shape, weight.shape, 1, d, d, 1, "zeros") for d in (12, 1))
    works = [execute.working(Branch.GATHERED, x, weight, sliding, 1) for sliding in (dilated, plain)]
    assert works == [tapped.correlate_tapped, Branch.GATHERED.function]
    x[0, 3, 8, 8], weight[5, 3, 0, 1] = np.inf, np.nan
    bias = np.arange(256, dtype=np.float32)
    out = forced(
        Branch.GATHERED, x, weight, bias, {"stride": 1, "padding": ((12, 12),) * 2, "dilation": (12, 12), "groups": 1}
    )
    # A NaN times a zero above the image is NaN too, as an infinity times a weight of 0 is.
    assert np.isnan(out[0, 5]).all()
    assert np.isfinite(out[0, 7]).sum() == 16 * 16 - 1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize("around", [((0, 0), (0, 0)), ((2, 1), (3, 9)), ((9, 0), (0, 2))])
def test_broken_weights_show_in_the_padding_a_tap_at_a_time_as_in_windows(around, stride, bad):
    rng = np.random.default_rng(15)
    x, weight = rng.normal(size=(2, 4, 9, 7)).astype(np.float32), rng.normal(size=(6, 2, 2, 3)).astype(np.float32)
    weight[4, 1, 0, 2] = weight[1, 0, 1, 0] = bad
    kept = {"stride": stride, "padding": around, "dilation": (5, 2), "groups": 2}
    with np.errstate(all="ignore"):
        expected = by_loops(x, weight, None, kept)
        ours = np.empty(expected.shape, np.float32)
        tapped.correlate_tapped(x, weight, None, ours, window_of((x, weight, None, kept)), 2)
    np.testing.assert_allclose(ours, expected, atol=1e-4)
