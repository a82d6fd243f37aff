"""Which controls a step leaves to the learner: they come in groups, and what is not offered is refused too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from pages.shared.controls import Control


class Group(NamedTuple):
    """Controls that belong together.

    Attributes:
        title: what a teacher reads beside its tick.
        operations: the edits that it is made of.
        commands: what the page does for it by itself.
        views: the columns that they stand in, where a step may do without these: who sees none of them changes nothing.
    """

    title: str
    operations: frozenset[str]
    commands: frozenset[str] = frozenset()
    views: tuple[str, ...] = ()


def _group(title: str, operations: str, commands: str = "", views: str = "") -> Group:
    return Group(title, frozenset(operations.split()), frozenset(commands.split()), tuple(views.split()))


GROUPS: dict[str, Group] = {
    "input": _group("the input's numbers", "cells grid rows columns clear pattern worked", "fill paste"),
    "pictures": _group("pictures", "source sample photo_size colour", "upload camera samples"),
    "weights": _group("the kernel's weights", "kernel kernel_text transform random", "paste_kernel"),
    "library": _group("the library of kernels", "library bring_kernel", "library"),
    "kernel_size": _group("the kernel's size", "kernel_size"),
    "bank": _group("how many kernels", "bank add_kernel remove_kernel linked kernel_name kernel_names"),
    "bias": _group("bias", "bias biases"),
    "stride": _group("stride", "stride"),
    "padding": _group("padding", "padding"),
    "dilation": _group("dilation", "dilation"),
    "activation": _group("activation", "activation slope", views="activation"),
    "pooling": _group("pooling", "pooling pool_size pool_stride pool_padding", views="pool"),
    "classes": _group("classes and their names", "classes class_names head seed", views="scores probabilities"),
    "dense": _group("fully connected weights", "dense dense_bias", views="scores"),
}
# To read numbers changes nothing.
_READING = frozenset({"table", "copy_cell", "copy_row", "copy_map", "large", "save_kernel"})


def offered(controls: Iterable[Control], show: Collection[str] | None) -> list[Control]:
    """The controls of the groups in ``show``, all of them for None; a heading goes with what it heads."""
    if show is None:
        return list(controls)
    kept: list[Control] = []
    for control in controls:
        if kept and kept[-1]["kind"] == "heading" and control["kind"] == "heading":
            kept.pop()
        if control["kind"] == "heading" or _works(control, show):
            kept.append(control)
    return kept[:-1] if kept and kept[-1]["kind"] == "heading" else kept


def _works(control: Control, show: Collection[str]) -> bool:
    if control["kind"] == "command":
        name = control["command"].split(":")[0]
        return name in _READING or any(name in GROUPS[group].commands for group in show)
    return allows(control["edit"], show)


def allows(edit: Mapping[str, Any], show: Collection[str] | None) -> bool:
    """Whether a step that leaves the groups in ``show`` to the learner takes an edit."""
    if show is None:
        return True
    if edit.get("op") == "several":
        return all(allows(each, show) for each in edit.get("edits") or ())
    return any(edit.get("op") in GROUPS[group].operations for group in show)


def refusal(edit: Mapping[str, Any]) -> str:
    """Why a step does not take an edit."""
    titles = (group.title for group in GROUPS.values() if edit.get("op") in group.operations)
    return _refused(next(titles, "that"))


def locked(show: Collection[str] | None) -> dict[str, str]:
    """The groups that a step does not leave to the learner, each with the sentence that says so."""
    return {name: _refused(group.title) for name, group in GROUPS.items() if show is not None and name not in show}


def _refused(title: str) -> str:
    return f"In this step {title} cannot be changed; in Explore everything can."
