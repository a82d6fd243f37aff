"""Kernels: every library kernel over the current input, side by side, each with its sentence."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.gallery import gallery  # noqa: E402
from pages.shared import frame, web  # noqa: E402
from pages.shared.message import gallery_message  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session()
frame.heading(
    "Kernels",
    "The same input under every kernel of the library.",
    "Move the pointer over one map: the same cell is marked on all of them.",
    "Tap a cell of one map: the same cell is marked on all of them.",
)


def choose() -> None:
    """Take the chosen kernel to the experiment; the page it was chosen for follows below."""
    before = kept.revision
    kept.receive(st.session_state["gallery"]["message"])
    st.session_state["gallery_chosen"] = kept.revision > before


with kept.lock:
    message = gallery_message(kept)
gallery(message, key="gallery", on_message=choose, ui_path=web.ui_path())
if st.session_state.pop("gallery_chosen", False):
    st.switch_page(navigation.page("explore"))
