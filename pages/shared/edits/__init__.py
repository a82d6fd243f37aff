"""The edits that lead from one experiment to the next: the only way to change one.

An edit is a plain dict as a component, a link or a file sends it; every value in it is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pages.shared.edits.bank import (
    add_kernel,
    bring_kernel,
    link_planes,
    paste_kernel,
    random_kernel,
    remove_kernel,
    resize_kernel,
    set_bank,
    set_bias,
    set_biases,
    set_kernel,
    set_kernel_name,
    set_kernel_names,
    set_library_kernel,
    transform_kernel,
)
from pages.shared.edits.checked import Edit, EditRefusedError, carried_out
from pages.shared.edits.inputs import (
    draw_pattern,
    fill_grid,
    resize_grid,
    set_cells,
    set_colour,
    set_grid,
    set_photo_size,
    set_sample,
    set_source,
    worked,
)
from pages.shared.edits.stages import (
    set_choice,
    set_class_names,
    set_dense,
    set_dense_bias,
    set_padding,
    set_pair,
    set_seed,
    set_slope,
    set_whole,
)
from pages.shared.experiment import (
    ACTIVATIONS,
    CLASSES_LARGEST,
    DILATION_LARGEST,
    HEADS,
    POOL_LARGEST,
    POOLINGS,
    STRIDE_LARGEST,
    Experiment,
)

__all__ = ["EditRefusedError", "apply"]


def apply(experiment: Experiment, edit: Edit) -> Experiment:
    """The experiment after one edit.

    Args:
        experiment: what the visitor had.
        edit: ``{"op": name, ...}`` with the fields that the operation of that name below reads.

    Raises:
        EditRefusedError: with a sentence, where the edit has no meaning. ``experiment`` is as it was.
    """
    return carried_out(_OPERATIONS.get(str(edit.get("op"))), experiment, edit)


def _several(experiment: Experiment, edit: Edit) -> Experiment:
    """Edits that belong together: one step to undo, and none of them where one is refused."""
    edits = edit["edits"]
    if len(edits) > 50 or any(each.get("op") == "several" for each in edits):
        raise EditRefusedError("An edit came in without what it needs, so nothing was changed.")
    for each in edits:
        experiment = apply(experiment, each)
    return experiment


_OPERATIONS: dict[str, Callable[[Experiment, Edit], Experiment]] = {
    "several": _several,
    "cells": set_cells,
    "grid": set_grid,
    "rows": partial(resize_grid, axis=0, name="rows"),
    "columns": partial(resize_grid, axis=1, name="columns"),
    "clear": fill_grid,
    "pattern": draw_pattern,
    "worked": worked,
    "source": set_source,
    "sample": set_sample,
    "photo_size": set_photo_size,
    "colour": set_colour,
    "kernel": set_kernel,
    "kernel_text": paste_kernel,
    "bring_kernel": bring_kernel,
    "bank": set_bank,
    "library": set_library_kernel,
    "transform": transform_kernel,
    "random": random_kernel,
    "kernel_size": resize_kernel,
    "add_kernel": add_kernel,
    "remove_kernel": remove_kernel,
    "linked": link_planes,
    "kernel_name": set_kernel_name,
    "kernel_names": set_kernel_names,
    "bias": set_bias,
    "biases": set_biases,
    "stride": partial(set_pair, name="stride", low=1, high=STRIDE_LARGEST),
    "dilation": partial(set_pair, name="dilation", low=1, high=DILATION_LARGEST),
    "padding": set_padding,
    "activation": partial(set_choice, name="activation", choices=ACTIVATIONS),
    "slope": set_slope,
    "pooling": partial(set_choice, name="pooling", choices=POOLINGS),
    "pool_size": partial(set_pair, name="pool_size", low=1, high=POOL_LARGEST),
    "pool_stride": partial(set_pair, name="pool_stride", low=1, high=POOL_LARGEST),
    "pool_padding": partial(set_pair, name="pool_padding", low=0, high=POOL_LARGEST),
    "classes": partial(set_whole, name="classes", low=1, high=CLASSES_LARGEST),
    "class_names": set_class_names,
    "head": partial(set_choice, name="head", choices=HEADS),
    "seed": set_seed,
    "dense": set_dense,
    "dense_bias": set_dense_bias,
}
