"""What the tests of the laboratories' links share: codes that nobody's desk wrote, and a page opened on one."""

import base64
import io
import json
import zlib

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.shared import edits as explore
from pages.shared.desk import Desk
from pages.shared.experiment import Experiment, with_photo
from pages.shared.link_code import LINK_LONGEST
from pages.shared.photo import open_photo
from pages.shared.session import Session
from tests.app.test_pages import ROOT


def code(told: object) -> str:
    """Anything at all, packed as a link is."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(told).encode())).decode().rstrip("=")


NO_CODES = ["x", "A" * (2 * LINK_LONGEST + 1), code([1]), code({"mode": "values"})[:-6]]


def opened_at(page: str, **query: str) -> Session:
    """A fresh session whose page was opened at an address."""
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30)
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app.session_state["kernelscope"]


def carry_out(desk: Desk, *edits: dict) -> None:
    """Edits as a browser sends them, each in a message of its own."""
    for edit in edits:
        desk.receive({"session": desk.identity, "edits": [{**edit, "revision": desk.revision + 1}]})


def explored(*edits: dict) -> Experiment:
    """Explore's experiment after edits."""
    experiment = Experiment()
    for edit in edits:
        experiment = explore.apply(experiment, edit)
    return experiment


def own_picture(size: int) -> Experiment:
    """A picture of one's own whose every cell is another."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(file, "PNG")
    photo = open_photo(file.getvalue(), "mine.png")
    return explore.apply(with_photo(Experiment(), photo), {"op": "photo_size", "value": size})
