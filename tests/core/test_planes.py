"""A number for each plane is added to all its cells, by way of NumPy's buffer or past it."""

import contextlib
import threading

import numpy as np
import pytest

from cnn_core.ops._planes import LineByLine, add_to_planes


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


@pytest.mark.parametrize("failing", [False, True])
def test_the_buffer_is_as_it_was_whatever_happens_meanwhile(failing):
    before, planes = np.getbufsize(), np.ones((64, 1000))
    with contextlib.suppress(ZeroDivisionError), LineByLine(1000, planes):
        assert np.getbufsize() == 16
        if failing:
            raise ZeroDivisionError
    assert np.getbufsize() == before


def test_the_buffer_is_left_alone_where_numbers_are_cast_or_few_or_their_lines_short_or_long():
    wide = np.ones((64, 1000))
    assert LineByLine(1000, wide).past
    for line, arrays in (
        (1000, (wide, wide.astype(np.float32))),
        (1000, (wide[:2],)),
        (100, (wide,)),
        (64_000, (wide,)),
    ):
        assert not LineByLine(line, *arrays).past


def test_another_thread_keeps_its_own_buffer():
    seen = []
    with LineByLine(1000, np.ones((64, 1000))):
        other = threading.Thread(target=lambda: seen.append(np.getbufsize()))
        other.start()
        other.join()
    assert seen == [8192]
