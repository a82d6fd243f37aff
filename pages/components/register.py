"""How a component's folder becomes a component of the framework."""

from collections.abc import Callable
from typing import Any, Protocol

import streamlit as st

# Inline JavaScript is imported from a blob: address, where relative imports fail; the real module has its own.
_LOADER = """const module = await import(new URL("{path}/{name}/component.js", location.href));
export default module.default;
"""


class Component(Protocol):
    """A component of ours, to be drawn where it is called."""

    def __call__(self, data: bytes, *, key: str, on_message: Callable[[], None], ui_path: str) -> None:
        """Draw the component.

        Args:
            data: a message packed by ``pages.components.blob``.
            key: where the session keeps the component's state; its ``message`` holds what the page has to say:
                unanswered edits, the pinned cell, the arrays the browser has.
            on_message: called before the rerun that a message causes.
            ui_path: the path under which the components' files are served.
        """


def component(name: str) -> Component:
    """The component whose modules lie in the folder ``name``."""
    mounts: dict[str, Callable[..., Any]] = {}

    def draw(data: bytes, *, key: str, on_message: Callable[[], None], ui_path: str) -> None:
        mount = mounts.get(ui_path) or mounts.setdefault(ui_path, _register(name, ui_path))
        mount(data=data, key=key, on_message_change=on_message, default={"message": None})

    return draw


def _register(name: str, ui_path: str) -> Callable[..., Any]:
    made: Callable[..., Any] = st.components.v2.component(
        f"kernelscope_{name}",
        js=_LOADER.format(path=ui_path, name=name),
        # Light DOM: views can be found and measured from outside, and components on a page share a document.
        isolate_styles=False,
    )
    return made
