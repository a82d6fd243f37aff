"""One message to a component: a JSON header and float64 arrays in one block of bytes; ``common/blob.js`` reads it."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Mixing constants of the content's name; arithmetic is modulo 2**32.
_STEP, _OTHER = np.uint32(0x9E3779B1), np.uint32(0x27D4EB2F)
_ALIGNMENT = 8  # bytes: a browser's Float64Array starts on such a boundary


def identity(array: npt.NDArray[np.float64]) -> str:
    """A short name for an array's content, the same for the same bits in the same shape.

    ``common/identity.js`` computes the same name: where the browser's preview already holds the very bits that
    ``cnn_core`` computed, the name alone confirms them and the array need not be sent.
    """
    words = np.ascontiguousarray(array, dtype="<f8").reshape(-1).view("<u4")
    factor = (np.arange(words.size, dtype=np.uint32) * _STEP + _STEP) | np.uint32(1)
    x = (words ^ (words >> np.uint32(15))) * factor
    x ^= x >> np.uint32(13)
    first = x.sum(dtype=np.uint32)
    second = ((x ^ (x >> np.uint32(7))) * (factor ^ _OTHER)).sum(dtype=np.uint32)
    return f"{'x'.join(map(str, array.shape))}:{first:08x}{second:08x}"


def pack(
    header: Mapping[str, Any],
    arrays: Mapping[str, npt.NDArray[np.float64]],
    have: Collection[str],
    lists: Mapping[str, Sequence[Any]] | None = None,
) -> bytes:
    """Pack a header and the arrays it names, leaving out what the browser holds already.

    Args:
        header: JSON-serialisable; gains ``needs`` (every identity), ``arrays`` (identity and shape of those sent),
            ``lists`` (the identity of each of their entries) and ``entries`` (those sent, by identity).
        arrays: by identity.
        have: identities the browser said it holds.
        lists: fields of the header whose entries seldom change, JSON-serialisable; an entry is sent only when it is
            another.
    """
    named = {field: [_entry(entry) for entry in entries] for field, entries in (lists or {}).items()}
    entries = {name: entry for each in named.values() for name, entry in each if name not in have}
    sent = {name: array for name, array in arrays.items() if name not in have}
    listed = [{"id": name, "shape": array.shape} for name, array in sent.items()]
    told = {"lists": {field: [name for name, _ in each] for field, each in named.items()}, "entries": entries}
    whole = {**header, **told, "needs": list(arrays), "arrays": listed}
    text = json.dumps(whole, allow_nan=False, separators=(",", ":")).encode()
    padding = b" " * (-len(text) % _ALIGNMENT)
    start = len(text).to_bytes(4, "little") + bytes(4)
    bodies = [np.ascontiguousarray(array, dtype="<f8").tobytes() for array in sent.values()]
    return b"".join([start, text, padding, *bodies])


def _entry(entry: Any) -> tuple[str, Any]:
    """An entry of a list with a name for its content."""
    text = json.dumps(entry, allow_nan=False)
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:16], entry
