"""A number for each plane is added to all its cells, by way of NumPy's buffer or past it."""

import numpy as np
import pytest

from cnn_core.ops._planes import add_to_planes


@pytest.mark.parametrize("size", [(7, 7), (28, 28), (100, 100)])
@pytest.mark.parametrize("part", [slice(None), slice(1, -1)])
def test_each_plane_gets_its_own_number_and_the_buffer_stays_as_it_was(size, part):
    rng = np.random.default_rng(0)
    planes, bias = rng.normal(size=(8, 9, *size)).astype(np.float32), np.arange(9, dtype=np.float32)
    expected, before = planes.copy(), np.getbufsize()
    expected[:, :, part] += bias[:, None, None]
    add_to_planes(planes[:, :, part], bias)
    np.testing.assert_array_equal(planes, expected)
    assert np.getbufsize() == before
