"""How a component's folder becomes a component of the framework."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent

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
    styles = (FOLDER / "common" / "common.css", FOLDER / name / f"{name}.css")
    component: Callable[..., Any] = st.components.v2.component(
        f"kernelscope_{name}",
        css="\n".join(file.read_text(encoding="utf-8") for file in styles),
        js=_LOADER.format(path=ui_path, name=name),
        # Light DOM: views can be found and measured from outside, and components on a page share a document.
        isolate_styles=False,
    )
    return component
