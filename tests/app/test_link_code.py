"""The code that a link carries: what is packed comes back, and nothing else is read."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared.edits import EditRefusedError
from pages.shared.link_code import LINK_LONGEST, ScenarioError, a_place, opening, pack, unpack, whole

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


def packed(text: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


@given(st.dictionaries(st.text(max_size=9), JSON, min_size=1, max_size=6))
def test_an_object_comes_back_through_letters_that_an_address_takes_as_they_are(told):
    code = pack(told)
    assert unpack(code) == told
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_nothing_to_tell_needs_no_code():
    assert pack({}) == ""


def test_what_is_too_long_for_an_address_is_not_packed():
    assert pack({"a": [k**7 % 9973 for k in range(9000)]}) is None
    assert len(pack({"a": [k**7 % 9973 for k in range(1000)]})) <= LINK_LONGEST


@pytest.mark.parametrize(
    "code",
    [
        "x",
        "é" * 20,
        "A" * (2 * LINK_LONGEST + 1),
        packed(b"[1, 2]"),
        packed(b"{"),
        packed(b"[" * 50_000),
        packed(b'{"a": ' + b"9" * 5_000 + b"}"),
        packed(b'{"a": "' + b"a" * 1_000_000 + b'"}'),
        packed(json.dumps({"a": "b" * 40}).encode())[:-6],
    ],
)
def test_what_was_not_packed_here_is_refused_with_a_sentence(code):
    with pytest.raises(ScenarioError, match=r"^The link could not be opened\. .*\.$"), opening("link"):
        unpack(code)


def test_a_refused_edit_says_why_a_link_cannot_be_opened():
    with pytest.raises(ScenarioError, match=r"^The file could not be opened: No such thing\.$"), opening("file"):
        raise EditRefusedError("No such thing.")


def test_whole_numbers_are_written_without_a_point():
    assert json.dumps(whole([[1.0, 0.5], [-2.0, "a"]])) == '[[1, 0.5], [-2, "a"]]'


@pytest.mark.parametrize(
    "told", [None, "0,1", [0], [0, 1.0], [0, True], [0, -1], [-2, 0], [0, 10**7], [0] * 6, {"stage": 0}]
)
def test_what_tells_no_place_is_none(told):
    assert a_place(told) is None


def test_a_place_is_a_stage_and_an_index():
    assert a_place([-1, 0, 1, 2, 3]) == (-1, (0, 1, 2, 3))
