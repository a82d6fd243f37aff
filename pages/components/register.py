"""How a component's folder becomes a component of the framework."""

from collections.abc import Callable
from typing import Any

import streamlit as st

# Inline JavaScript is imported from a blob: address, where relative imports fail; the real module has its own.
_LOADER = """const module = await import(new URL("{path}/{name}/component.js", location.href));
export default module.default;
"""


def register(name: str, ui_path: str) -> Callable[..., Any]:
    """Register the component whose modules lie in the folder ``name``.

    Args:
        name: the folder's name.
        ui_path: the path under which the components' files are served.
    """
    component: Callable[..., Any] = st.components.v2.component(
        f"kernelscope_{name}",
        js=_LOADER.format(path=ui_path, name=name),
        # Light DOM: views can be found and measured from outside, and components on a page share a document.
        isolate_styles=False,
    )
    return component
