"""Every page, run without a browser."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.navigation import PAGES
from pages.shared.session import Large, Session
from tests.app.gestures import lasting_gesture

DRAWN = (None, "explore", "kernels")  # pages whose component draws; another's keeps the address and the session
ROOT = Path(__file__).parents[2]


def run(page: str | None = None, session: Session | None = None) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=20)
    if session is not None:
        app.session_state["kernelscope"] = session
    app.run()
    if page is not None:
        app.switch_page(f"pages/{page}.py").run()
    return app


def component(app: AppTest):
    found = app.get("bidi_component")
    assert len(found) == 1
    return found[0].proto


@pytest.mark.parametrize("page", [None, *(entry.name for entry in PAGES)])
def test_a_page_runs_and_hands_its_component_a_message(page):
    app = run(page)
    assert not app.exception
    assert not app.error
    assert len(component(app).bytes) > (1000 if page in DRAWN else 100)


def test_every_page_file_is_in_the_navigation_and_the_other_way_round():
    files = {file.stem for file in (ROOT / "pages").glob("*.py") if not file.stem.startswith("_")}
    assert files == {entry.name for entry in PAGES}


@pytest.mark.parametrize("page", [entry.name for entry in PAGES])
@pytest.mark.parametrize("size", [1, 2, 16])
def test_a_page_shows_grids_of_any_size(page, size):
    session = Session()
    edits = [{"op": "rows", "value": size, "revision": 1}, {"op": "columns", "value": size, "revision": 2}]
    session.receive({"session": session.identity, "edits": edits, "pin": None, "have": []})
    app = run(page, session)
    assert not app.exception
    assert not app.error


def test_the_session_survives_a_page_switch():
    session = Session()
    edit = {"op": "stride", "value": 2, "revision": 1}
    session.receive({"session": session.identity, "edits": [edit], "pin": None, "have": []})
    app = run("kernels", session)
    app.switch_page("pages/explore.py").run()
    assert app.session_state["kernelscope"].experiment.stride == (2, 2)


@contextmanager
def gesture_within(session: Session, monkeypatch, called: str) -> Iterator[None]:
    """Have a gesture begin in another request when a page that runs calls this, in place of the call."""
    with ExitStack() as lasting:
        monkeypatch.setattr(called, lambda *_args, **_kwargs: lasting.enter_context(lasting_gesture(session)))
        yield


@pytest.mark.parametrize("page", ["kernels", "engine"])
def test_a_page_that_opens_while_a_gesture_lasts_shows_what_was_made(page, monkeypatch):
    session = Session()
    wanted = component(run(page, session)).bytes
    with gesture_within(session, monkeypatch, "pages.shared.frame.heading"):
        shown = component(run(page, session)).bytes
    assert shown == wanted


def test_a_map_that_is_opened_large_while_a_gesture_lasts_is_the_one_that_was_made(monkeypatch):
    session = Session()
    session.large = Large("input", None, False)
    with gesture_within(session, monkeypatch, "pages.components.explore.explore"):
        app = run(None, session)
    assert [each.value for each in app.markdown] == ["25 numbers from 0 to 9, mean 4.04"]
