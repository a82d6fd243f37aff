"""Layers: activations, batch norm, dropout, the fully connected layer and cross-entropy, one at a time."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.layers import layers  # noqa: E402
from pages.shared import answers, frame, web  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session("layers")
frame.heading(
    "Layers",
    "What a layer does to a map: before, the arithmetic, after.",
    "Choose a layer, then point at a cell.",
    "Choose a layer, then tap a cell.",
    beside=True,
)


@st.fragment
def laboratory() -> None:
    """An edit that needs a run of the page reruns this and nothing else."""
    layers(
        answers.layers(kept),
        key="layers",
        on_message=lambda: kept.layers.receive(st.session_state["layers"]["message"]),
        ui_path=web.ui_path(),
    )


laboratory()
