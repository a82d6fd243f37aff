"""Pooling: max, average, L2 and global side by side, forward, backward and under a shift of the input."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.pooling import pooling  # noqa: E402
from pages.shared import answers, frame, web  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session("pooling")
frame.heading(
    "Pooling",
    "One number for each window: where it comes from, and where its gradient goes.",
    "Point at a pooled cell; then try Gradient and Shift.",
    "Tap a pooled cell; then try Gradient and Shift.",
    beside=True,
)


@st.fragment
def laboratory() -> None:
    """An edit that needs a run of the page reruns this and nothing else."""
    pooling(
        answers.pooling(kept),
        key="pooling",
        on_message=lambda: kept.pooling.receive(st.session_state["pooling"]["message"]),
        ui_path=web.ui_path(),
    )


laboratory()
