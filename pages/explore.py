"""Explore: one input, one kernel, and every stage of the network behind them, linked and alive."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.explore import explore  # noqa: E402
from pages.shared import frame, web  # noqa: E402
from pages.shared.message import explore_message  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session()
frame.heading(
    "Kernelscope",
    "Watch a convolutional network compute, number by number; any cell tells where its value came from.",
    "Point at the feature map first, then drag a kernel weight up or down.",
    "Press ▶ to see the window slide, tap any cell, drag a kernel weight sideways.",
    beside=True,
)


@st.fragment
def strip() -> None:
    """The photograph's door and the strip of stages: an edit reruns these and nothing else."""
    frame.photo_door(kept)
    explore(
        explore_message(kept, upload_limit=int(st.get_option("server.maxUploadSize"))),
        key="explore",
        on_message=lambda: kept.receive(st.session_state["explore"]["message"]),
        ui_path=web.ui_path(),
    )
    frame.large(kept)


strip()
