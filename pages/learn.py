"""Learn: lessons and exercises, each with the live page under its words."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.explore import explore  # noqa: E402
from pages.shared import answers, frame, web  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session("learn")
frame.heading(
    "Learn",
    "Each idea in a few steps, with the live network next to the words.",
    "Choose a lesson, or try an exercise: every answer is checked.",
    "Choose a lesson, or try an exercise: every answer is checked.",
    beside=True,
)
frame.photo_door(kept, learning=True)


@st.fragment
def lesson() -> None:
    """An edit that needs a run of the page reruns this and nothing else."""
    explore(
        answers.learn(kept),
        key="learn",
        on_message=lambda: kept.learn.receive(st.session_state["learn"]["message"]),
        ui_path=web.ui_path(),
    )


lesson()
