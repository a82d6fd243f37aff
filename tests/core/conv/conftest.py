"""Fixtures of the tests of ``cnn_core.ops.conv``."""

import pytest

from cnn_core.ops.conv import (
    batched,
    dotted,
    execute,
    folded,
    panels,
    plane_rows,
    spectral,
    staggered,
    staggered_rows,
    stamped,
    whole_rows,
)


@pytest.fixture
def own_layouts():
    """Layouts are made with what a test sets, and forgotten after it."""
    kept = (
        whole_rows.layout,
        plane_rows.layout,
        panels.panel,
        panels.layout,
        batched.layout,
        staggered.layout,
        staggered_rows.met,
        staggered._chunk_plan,
        folded.layout,
        dotted.layout,
        execute.gathered_in_few_calls,
        stamped.layout,
        spectral.tiles,
    )
    for made in kept:
        made.cache_clear()
    yield
    for made in kept:
        made.cache_clear()
