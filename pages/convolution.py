"""Convolution: one convolution with every setting there is, on numbers small enough to follow by hand."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.convolution import convolution  # noqa: E402
from pages.shared import answers, frame, web  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session("convolution")
frame.heading(
    "Convolution",
    "Which cells meet which weights, and what they add up to.",
    "Point at an output cell, then at a weight, then at an input cell.",
    "Tap an output cell, then press ▶; tap an input cell to see what it feeds.",
    beside=True,
    tablet=True,
)


@st.fragment
def laboratory() -> None:
    """An edit that needs a run of the page reruns this and nothing else."""
    convolution(
        answers.convolution(kept),
        key="convolution",
        on_message=lambda: kept.convolution.receive(st.session_state["convolution"]["message"]),
        ui_path=web.ui_path(),
    )


laboratory()
