"""One message to a component: a JSON header and float64 arrays in one block of bytes; ``common/blob.js`` reads it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_ALIGNMENT = 8  # bytes: a browser's Float64Array starts on such a boundary


def identity(array: npt.NDArray[np.float64]) -> str:
    """A short name for an array's content, the same for equal arrays of equal shape."""
    shape = "x".join(map(str, array.shape))
    digest = hashlib.blake2b(np.ascontiguousarray(array).view(np.uint8).data, digest_size=9)
    return f"{shape}:{digest.hexdigest()}"


def pack(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.float64]], have: Collection[str]) -> bytes:
    """Pack a header and the arrays it names, leaving out those the browser holds already.

    Args:
        header: JSON-serialisable; gains ``needs`` (every identity) and ``arrays`` (identity and shape of those sent).
        arrays: by identity.
        have: identities the browser said it holds.
    """
    sent = {name: array for name, array in arrays.items() if name not in have}
    listed = [{"id": name, "shape": array.shape} for name, array in sent.items()]
    text = json.dumps({**header, "needs": list(arrays), "arrays": listed}, allow_nan=False).encode()
    padding = b" " * (-len(text) % _ALIGNMENT)
    start = len(text).to_bytes(4, "little") + bytes(4)
    bodies = [np.ascontiguousarray(array, dtype="<f8").tobytes() for array in sent.values()]
    return b"".join([start, text, padding, *bodies])
