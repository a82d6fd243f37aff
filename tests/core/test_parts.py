"""How much is done at a time."""

from hypothesis import given
from hypothesis import strategies as st

from cnn_core.ops._parts import LINE_NUMBERS, even_part, evenly, whole_lines

counts = st.integers(1, 400)


@given(counts, counts)
def test_parts_are_as_few_as_can_be_and_then_as_small(count, most):
    each = evenly(count, most)
    parts = -(-count // each)
    assert each <= most
    assert parts == -(-count // most)
    assert each == 1 or -(-count // (each - 1)) > parts


@given(counts, st.integers(0, 400))
def test_about_as_many_at_a_time_as_are_wanted_leave_no_rest_where_a_part_more_avoids_it(count, wanted):
    each = even_part(count, wanted)
    parts = max(1, round(count / max(1, wanted)))
    assert -(-count // each) <= parts + 1
    if count % parts == 0 or count % (parts + 1) == 0:
        assert count % each == 0


@given(st.integers(0, 400))
def test_whole_lines_are_the_next_that_hold_so_many_numbers(count):
    filled = whole_lines(count)
    assert filled % LINE_NUMBERS == 0
    assert count <= filled < count + LINE_NUMBERS
