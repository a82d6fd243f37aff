"""The page table and how a session enters it.

The framework runs a folder named ``pages/`` in an older mode when the first session after a server start links
straight to a page: that file alone, without ``app.py``. Each page's first line therefore calls :func:`enter`.
"""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager

PAGES_FOLDER = Path(__file__).parents[1]


@dataclass(frozen=True)
class Entry:
    """One page of the navigation.

    Attributes:
        name: the file's stem in ``pages/`` and the page's path in the address.
        title: what the navigation shows.
        component: the folder of the component that the page shows: what is fetched ahead for it.
        parameter: of the page's address, which holds what is on its desk; "" where it has none.
    """

    name: str
    title: str
    component: str
    parameter: str = ""

    @property
    def file(self) -> Path:
        """The page's source file."""
        return PAGES_FOLDER / f"{self.name}.py"


# The first page is the one that opens.
PAGES = (
    Entry("explore", "Explore", component="explore", parameter="x"),
    Entry("convolution", "Convolution", component="convolution", parameter="c"),
    Entry("pooling", "Pooling", component="pooling", parameter="p"),
    Entry("layers", "Layers", component="layers", parameter="l"),
    Entry("kernels", "Kernels", component="gallery"),
    Entry("engine", "Engine", component="keeper"),
    Entry("learn", "Learn", component="explore", parameter="lesson"),
)


def page(name: str) -> StreamlitPage:
    """The framework's page object for ``name``, as ``st.switch_page`` wants it."""
    entry = next(entry for entry in PAGES if entry.name == name)
    home = entry is PAGES[0]
    # The framework reserves the default page's path and then answers only to "/": its own name is kept for the twin.
    return st.Page(entry.file, title=entry.title, url_path="home" if home else entry.name, default=home)


def _table() -> StreamlitPage:
    home = PAGES[0]

    def go_home() -> None:
        st.switch_page(page(home.name))

    # A hidden twin, so that the default page is found under its own name too.
    twin = st.Page(go_home, title=home.title, url_path=home.name, visibility="hidden")
    return st.navigation([*(page(entry.name) for entry in PAGES), twin], position="top")


def _frame(title: str = "") -> None:
    """What every page shares; its title tells tabs, bookmarks and the browser's history apart."""
    st.set_page_config(page_title=f"{title} · Kernelscope" if title else "Kernelscope", page_icon="🔬", layout="wide")


def run() -> None:
    """Set the frame every page shares, then run the page the visitor asked for."""
    asked = _table()
    _frame("" if asked.title == PAGES[0].title else asked.title)
    asked.run()


def enter() -> None:
    """Make a first deep link look like any other visit: register the navigation, then start the run again."""
    if PagesManager.uses_pages_directory:
        _frame()
        _table()
        st.rerun()
