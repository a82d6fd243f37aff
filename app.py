"""Kernelscope's front door: the navigation for a visitor's session, the ASGI application for the server."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.shared import navigation, web

if get_script_run_ctx(suppress_warning=True):
    navigation.run()
else:
    app = st.App(__file__, routes=web.routes(), middleware=web.middleware(), on_script_error=web.tell_of_error)
