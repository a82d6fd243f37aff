"""What the server answers to addresses that nobody was given."""

import pytest

from pages.shared import web
from tests.app.test_answers import post


@pytest.mark.parametrize(
    "path",
    [
        "a\0.js",
        f"{'a' * 5000}.js",
        f"{'a/' * 5000}a.js",
        "\ud800.js",
        "../../../etc/passwd",
        "common/../register.py",
        "samples/\0.png",
        f"samples/{'a' * 5000}.png",
        f"take/{'0' * 32}/a\0.csv",
        f"take/{'0' * 5000}/input.csv",
        "explain/\0",
    ],
)
def test_a_crooked_address_leads_nowhere(path):
    assert post(f"{web.ui_path()}/{path}", b"", "GET")[0] in (200, 404)
