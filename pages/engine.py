"""Engine: the textbook's loops beside the fast path that the visitor's own numbers take, both run and compared."""

from pages.shared import navigation

navigation.enter()

import streamlit as st  # noqa: E402

from pages.components.keeper import keeper  # noqa: E402
from pages.shared import frame, web  # noqa: E402
from pages.shared.engine import screen  # noqa: E402
from pages.shared.message import keeper_message  # noqa: E402
from pages.shared.session import session  # noqa: E402

kept = session()
frame.heading(
    "Engine",
    "The textbook's loops beside the fast path that your own numbers take: both are run here, timed and compared.",
    "Choose a step and a precision, and see which way is taken, and why.",
    "Choose a step and a precision, and see which way is taken, and why.",
)
with kept.lock:
    message, chain = keeper_message(kept), kept.chain
keeper(
    message,
    key="keeper",
    on_message=lambda: kept.receive(st.session_state["keeper"]["message"]),
    ui_path=web.ui_path(),
)
screen.show(chain)
