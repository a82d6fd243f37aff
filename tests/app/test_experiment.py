"""Experiments and the edits between them, without any screen."""

import numpy as np
import pytest

from cnn_core import kernels
from pages.shared.experiment import WORKED_GRID, EditRefusedError, Experiment, apply

EDITS = [
    ({"op": "stride", "value": 2}, "stride", 2),
    ({"op": "padding", "value": 1}, "padding", 1),
    ({"op": "classes", "value": 10}, "classes", 10),
    ({"op": "pooling", "value": "average"}, "pooling", "average"),
    ({"op": "head", "value": "sigmoid"}, "head", "sigmoid"),
]

NONSENSE = [
    {},
    {"op": None},
    {"op": "format_disk"},
    {"op": "stride"},
    {"op": "stride", "value": 0},
    {"op": "stride", "value": 1.5},
    {"op": "stride", "value": "2"},
    {"op": "stride", "value": True},
    {"op": "stride", "value": float("nan")},
    {"op": "stride", "value": float("inf")},
    {"op": "padding", "value": -1},
    {"op": "padding", "value": 3},
    {"op": "classes", "value": 0},
    {"op": "classes", "value": 11},
    {"op": "pooling", "value": "median"},
    {"op": "head", "value": ["softmax"]},
    {"op": "source", "value": "photo"},
    {"op": "photo_size", "value": 64},
    {"op": "rows", "value": 17},
    {"op": "columns", "value": 0},
    {"op": "library", "value": "sobel_z"},
    {"op": "kernel", "values": [[1, 2], [3, 4]]},
    {"op": "kernel", "values": [[1, 2, 3]] * 2 + [[1, 2]]},
    {"op": "kernel", "values": [[1, 2, float("nan")]] * 3},
    {"op": "kernel", "values": [[1, 2, "3"]] * 3},
    {"op": "kernel", "values": 7},
    {"op": "cells", "cells": [[0, 0, float("nan")]]},
    {"op": "cells", "cells": [[0, 0, 1e7]]},
    {"op": "cells", "cells": [[0, 5, 1]]},
    {"op": "cells", "cells": [[-1, 0, 1]]},
    {"op": "cells", "cells": [[0, 0]]},
    {"op": "cells", "cells": None},
]


@pytest.mark.parametrize(("edit", "field", "value"), EDITS)
def test_a_setting_is_changed_and_everything_else_stays(edit, field, value):
    before = Experiment()
    after = apply(before, edit)
    assert getattr(after, field) == value
    others = {"source", "grid", "photo", "kernel", "stride", "padding", "pooling", "classes", "head"} - {field}
    for other in others:
        assert getattr(after, other) is getattr(before, other)


@pytest.mark.parametrize("edit", NONSENSE, ids=str)
def test_nonsense_is_refused_with_a_sentence(edit):
    with pytest.raises(EditRefusedError) as refusal:
        apply(Experiment(), edit)
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 200


def test_painting_cells_leaves_the_experiment_before_it_untouched():
    before = Experiment()
    after = apply(before, {"op": "cells", "cells": [[0, 0, 7], [4, 4, -2.5]]})
    assert after.grid[0, 0] == 7
    assert after.grid[4, 4] == -2.5
    np.testing.assert_array_equal(before.grid, WORKED_GRID)


def test_a_grid_grows_with_zeros_and_shrinks_from_the_far_edges():
    grown = apply(apply(Experiment(), {"op": "rows", "value": 7}), {"op": "columns", "value": 6})
    assert grown.grid.shape == (7, 6)
    np.testing.assert_array_equal(grown.grid[:5, :5], WORKED_GRID)
    assert grown.grid[5:].sum() == grown.grid[:, 5:].sum() == 0
    shrunk = apply(grown, {"op": "rows", "value": 1})
    np.testing.assert_array_equal(shrunk.grid[0, :5], WORKED_GRID[0])


def test_a_library_kernel_is_taken_as_it_is():
    after = apply(Experiment(), {"op": "library", "value": "gaussian_blur"})
    assert kernels.match(after.kernel) is kernels.get("gaussian_blur")


def test_the_worked_example_comes_back_after_any_edit():
    edited = apply(apply(Experiment(), {"op": "clear"}), {"op": "stride", "value": 2})
    again = apply(edited, {"op": "worked"})
    np.testing.assert_array_equal(again.grid, WORKED_GRID)
    assert again.stride == 1


def test_what_is_kept_cannot_be_written_to():
    edited = apply(Experiment(), {"op": "cells", "cells": [[0, 0, 1]]})
    for array in (edited.grid, apply(edited, {"op": "clear"}).grid, edited.kernel):
        assert not array.flags.writeable
