"""Settings as callers write them: what is taken, and what is refused in words."""

import numpy as np
import pytest

from cnn_core import ShapeError
from cnn_core.settings import pair


@pytest.mark.parametrize("value", [2, np.int8(2), np.uint64(2), (2, 2), [2, 2], np.array([2, 2]), (np.int64(2), 2)])
def test_whole_numbers_of_any_kind_make_a_pair(value):
    assert pair(value, "stride", least=1) == (2, 2)


@pytest.mark.parametrize(
    "value", [0, -1, 1.0, "2", None, True, np.True_, (1,), (1, 2, 3), (1, 0), (1, "2"), {}, object()]
)
def test_anything_else_is_refused_by_name_with_what_works(value):
    with pytest.raises(ShapeError, match=r"^stride must be .*stride=1 works$"):
        pair(value, "stride", least=1)
