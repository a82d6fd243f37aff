"""Explore: one input, one kernel, and every stage of the network behind them, linked and alive."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.explore import explore  # noqa: E402
from pages.shared import answers, frame, web  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session()
frame.heading(
    "Kernelscope",
    "Watch a convolutional network compute; any cell tells where its value came from.",
    "Point at the feature map, then drag a weight up or down.",
    "Press ▶ to see the window slide, tap any cell, drag a weight sideways.",
    beside=True,
    door=("New here?", "learn", "Begin with a lesson"),
)


frame.photo_door(kept)


@st.fragment
def strip() -> None:
    """The strip of stages: an edit reruns this and nothing else, an upload the whole page."""
    explore(
        answers.explore(kept),
        key="explore",
        on_message=lambda: kept.receive(st.session_state["explore"]["message"]),
        ui_path=web.ui_path(),
    )
    frame.large(kept)


strip()
