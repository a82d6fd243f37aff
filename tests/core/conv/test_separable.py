"""Kernels that are a column times a row, slid one after the other."""

import numpy as np
import pytest
from hypothesis import given, settings

from cnn_core.ops.conv import separable
from cnn_core.ops.conv.dispatch import Branch
from tests.core.cases import convolutions
from tests.core.forcing import assert_close, forced, in_a_batch, noisy, small_parts


@pytest.mark.parametrize("parts", [False, True])
@settings(max_examples=60)
@given(convolutions())
def test_a_column_times_a_row_may_be_slid_one_after_the_other(parts, case):
    x, weight, bias, given_settings = noisy(case, np.float32)
    given_settings = {**given_settings, "groups": x.shape[1], "dilation": (given_settings["dilation"][0], 2)}
    given_settings["stride"] = (1, given_settings["stride"][1])
    rng = np.random.default_rng(1)
    column, row = rng.normal(size=weight.shape[2]), rng.normal(size=weight.shape[3])
    weight = np.repeat(np.outer(column, row)[None, None], x.shape[1], axis=0).astype(np.float32)
    bias = None if bias is None else np.arange(x.shape[1], dtype=np.float32)
    x = np.pad(x, ((0, 0), (0, 0), (0, 0), (4, 4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(separable, "LEAST_SIDE", 1)
        if parts:
            small_parts(patch)
        ours = forced(Branch.SEPARABLE, x, weight, bias, given_settings)
    assert_close(ours, x, weight, bias, given_settings)


@pytest.mark.parametrize("stride", [(1, 1), (3, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 2)])
def test_a_row_alone_is_slid_in_one_pass(stride, dilation):
    shape, around = (2, 3, 70, 90), ((1, 0), (4, 3))
    kept = {"stride": stride, "padding": around, "dilation": dilation, "groups": 3}
    x, weight, bias, kept, _ = in_a_batch(shape, (3, 1, 1, 9), kept, np.float32)
    weight[1, 0, 0, 2:5] = 0
    assert_close(forced(Branch.SEPARABLE, x, weight, bias, kept), x, weight, bias, kept)
    assert [separable.gains(kernel) for kernel in ((1, 9), (1, 2), (9, 1), (2, 9), (7, 7))] == [1, 0, 0, 0, 1]
