"""The floor that speed is measured against: a page of text, and one fragment that changes a number."""

import streamlit as st

st.write("A bare page of text.")


@st.fragment
def count() -> None:
    """Count the clicks of one button."""
    st.session_state["clicks"] = st.session_state.get("clicks", -1) + 1
    st.button("again")
    st.write(f"clicks: {st.session_state['clicks']}")


count()
