"""The code of a link: a small JSON object, packed so that an address can carry it, and bounded both ways."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pages.shared.edits.checked import EditRefusedError

LINK_LONGEST = 7_000  # characters; with the address before it a link stays under 8 kB
_UNPACKED_MOST = 200_000  # bytes a link may unfold to

Zoom = tuple[float, float, float]
"""How many times as large a map is seen as when it is whole, and the place in the input, row and column, seen in the
middle."""

# What reading something that a stranger wrote may raise; Pillow has a SyntaxError for a broken picture.
_UNREADABLE = (ValueError, KeyError, TypeError, RecursionError, OverflowError, OSError, SyntaxError, zlib.error)


class ScenarioError(ValueError):
    """A link or file that cannot be opened; its message is a sentence for the visitor."""


@dataclass(frozen=True)
class Link:
    """What of a state a link can carry.

    Attributes:
        code: the link's parameter, "" for what the page opens with, None where it would be too long.
        missing: what it leaves out, as a sentence, or "".
    """

    code: str | None
    missing: str = ""


def pack(told: Mapping[str, Any]) -> str | None:
    """The object as letters that an address takes as they are: "" for an empty one, None for one that is too long."""
    if not told:
        return ""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False).encode()
    code = base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")
    return code if len(code) <= LINK_LONGEST else None


def unpack(code: str) -> dict[str, Any]:
    """The object that :func:`pack` wrote.

    Raises:
        ValueError, RecursionError, zlib.error: where it wrote no such code; :func:`opening` makes a sentence of them.
    """
    if len(code) > 2 * LINK_LONGEST:
        raise ValueError("too long")
    unfold = zlib.decompressobj()
    text = unfold.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)), _UNPACKED_MOST)
    if unfold.unconsumed_tail or not unfold.eof:
        raise ValueError("cut off, or it unfolds to too much")
    return an_object(json.loads(text))


@contextmanager
def opening(what: str) -> Iterator[None]:
    """Turn whatever goes wrong while a link or file is read into one sentence.

    Args:
        what: "link" or "file".

    Raises:
        ScenarioError: with the sentence.
    """
    try:
        yield
    except ScenarioError:
        raise
    except EditRefusedError as refusal:
        raise ScenarioError(f"The {what} could not be opened: {refusal}") from refusal
    except _UNREADABLE as error:
        raise ScenarioError(
            f"The {what} could not be opened. "
            "It is not a link or file that Kernelscope wrote, or it was cut off on the way."
        ) from error


def an_object(value: Any) -> dict[str, Any]:
    """The value itself, where it is an object.

    Raises:
        ValueError: where it is not.
    """
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def of_version(told: Mapping[str, Any], newest: int) -> None:
    """Refuse a file that was written in another version than the one that is read here.

    Raises:
        ScenarioError: with a sentence, where it was, or does not say.
    """
    version = told.get("version")
    if version == newest:
        return
    if isinstance(version, int | float) and version > newest:
        raise ScenarioError("This file was written by a newer Kernelscope; open it there, or update this one.")
    wrong = "has no “version”" if version is None else "has a “version” that Kernelscope never wrote"
    raise ScenarioError(f"The file could not be opened: it {wrong}; {newest} works.")


def whole(value: Any) -> Any:
    """The same numbers and lists, whole numbers without their ".0"."""
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def a_zoom(told: object) -> Zoom | None:
    """How close maps are looked at and where, as a browser, a link or a file tells it; None for whole ones."""
    if not isinstance(told, list) or len(told) != 3 or not all(type(each) in (int, float) for each in told):
        return None
    zoom, row, column = (float(each) for each in told)
    fits = 1 < zoom < 1000 and 0 <= row < 10**7 and 0 <= column < 10**7
    return (zoom, row, column) if fits else None


def a_place(told: object) -> tuple[int, tuple[int, ...]] | None:
    """A pinned cell, stage and index, as a link or file tells it in one list; None where it tells none."""
    if not isinstance(told, list) or not 2 <= len(told) <= 5:
        return None
    # The input, as a stage, is -1.
    stage, *index = told
    fits = all(type(at) is int and at < 10**7 for at in told) and stage >= -1 and min(index) >= 0
    return (stage, tuple(index)) if fits else None
