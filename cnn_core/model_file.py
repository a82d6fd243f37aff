"""A network as one file, and back: an NPZ archive with a JSON header, in which nothing can be executed.

A file is taken apart by hand, and every size is compared with the bytes that are really there before anything of that
size is made: a damaged or hostile file is refused with a sentence, whatever it claims to hold.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from cnn_core.errors import CnnCoreError, ModelError
from cnn_core.layers import KINDS, Layer
from cnn_core.ops._arrays import Array

FORMAT = "cnn_core network"
VERSION = 1
HEADER = "network.json"
MOST_HEADER = 4_000_000
"""Bytes of JSON that are still parsed; a layer takes about 300."""

_TYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float64": np.dtype("<f8")}

File = str | os.PathLike[str] | BinaryIO


def write(layers: Sequence[Layer], file: File) -> None:
    """Write layers to a file: the same layers give the same bytes.

    Args:
        layers: of the kinds in :data:`cnn_core.layers.KINDS`.
        file: a path, or a binary file open for writing.

    Raises:
        ModelError: where a layer is of another kind, or the file cannot be written.
    """
    arrays: dict[str, Array] = {}
    described = []
    for position, layer in enumerate(layers):
        kind = type(layer).__name__
        if KINDS.get(kind) is not type(layer):
            raise ModelError(f"layer {position} is a {kind}, which no file can name; these can be: {', '.join(KINDS)}")
        held = layer.params() | layer.buffers()
        arrays |= {f"{position}.{name}": array for name, array in held.items()}
        kept = {name: {"dtype": array.dtype.name, "shape": list(array.shape)} for name, array in held.items()}
        described.append({"kind": kind, "settings": _plain(layer.settings()), "arrays": kept})
    header = json.dumps({"format": FORMAT, "version": VERSION, "layers": described}, indent=1)
    plain = {name: np.ascontiguousarray(array, _TYPES[array.dtype.name]) for name, array in arrays.items()}
    # Stored as they are: weights hardly compress, and a file of stored parts cannot be larger inside than outside.
    packed = npz(plain, {HEADER: header}, compression=zipfile.ZIP_STORED)
    if isinstance(file, str | os.PathLike):
        try:
            Path(file).write_bytes(packed)
        except (OSError, ValueError) as error:  # the second where there can be no such path
            raise ModelError(f"cannot write {os.fspath(file)!r}: {_why(error)}") from error
        return
    try:
        file.write(packed)
    except (AttributeError, TypeError, ValueError) as error:  # the last where it is closed, or open for reading
        raise ModelError(
            f"a network is saved to a path or a binary file open for writing, got {type(file).__name__}; "
            'open(path, "wb") works'
        ) from error
    except OSError as error:
        raise ModelError(f"cannot write to this {type(file).__name__}: {_why(error)}") from error


def _why(error: Exception) -> str:
    """What the system says of a path or a file that failed."""
    return getattr(error, "strerror", None) or str(error)


def npz(arrays: Mapping[str, Array], texts: Mapping[str, str] | None = None, *, compression: int) -> bytes:
    """An archive that ``numpy.load`` opens, by whatever names; the same arrays give the same bytes.

    Args:
        arrays: of no objects.
        texts: whole parts of the archive, which come first.
        compression: as :mod:`zipfile` has it.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, text in (texts or {}).items():
            archive.writestr(zipfile.ZipInfo(name), text, compression)
        for name, array in arrays.items():
            part = io.BytesIO()
            np.lib.format.write_array(part, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), part.getvalue(), compression)
    return packed.getvalue()


def _plain(value: Any) -> Any:
    """Settings as JSON knows them: NumPy's numbers as Python's, pairs as lists."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def read(file: File | bytes) -> list[Layer]:
    """The layers in a file, their arrays equal to the last bit.

    Args:
        file: a path, the file's bytes, or a binary file, read from its start where it can seek.

    Raises:
        ModelError: where there is no such file, or it is damaged, of another kind or written by a later version.
    """
    with _told_as("this file is no saved network, or is damaged or cut short; save the network once more"):
        data = _bytes(file)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _parts(archive, len(data))
            header = _header(archive, parts)
            layers = [_layer(position, told, archive, parts) for position, told in enumerate(header)]
        if parts:
            raise ModelError(f"this file holds {next(iter(parts))!r}, which no layer of it asks for; save it once more")
        return layers


@contextlib.contextmanager
def _told_as(sentence: str) -> Iterator[None]:
    """Whatever a damaged file makes the standard library raise, as a ModelError; our own sentences pass."""
    try:
        yield
    except ModelError:
        raise
    except CnnCoreError as error:
        raise ModelError(f"this file describes a layer that cannot be: {error}") from error
    except MemoryError as error:
        raise ModelError("this network is too large for the memory of this machine") from error
    # The zip reader meets flipped bits with a dozen kinds of error, none of which says more than that.
    except Exception as error:
        raise ModelError(sentence) from error


def _bytes(file: File | bytes) -> bytes:
    if isinstance(file, bytes | bytearray | memoryview):
        return bytes(file)
    if isinstance(file, str | os.PathLike):
        try:
            return Path(file).read_bytes()
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read {os.fspath(file)!r}: {_why(error)}") from error
    if not hasattr(file, "read"):
        raise ModelError(f"a network is loaded from a path, bytes or a binary file, got {type(file).__name__}")
    with contextlib.suppress(OSError, ValueError, AttributeError):  # a stream that cannot seek is read from where it is
        file.seek(0)
    data = file.read()
    if not isinstance(data, bytes):
        raise ModelError('a network is loaded from a binary file; open it with mode "rb"')
    return data


def _parts(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """The archive's parts by name, none of them larger than the file that holds it."""
    listed = archive.infolist()
    parts = {part.filename: part for part in listed}
    stored = all(part.compress_type == zipfile.ZIP_STORED and part.compress_size == part.file_size for part in listed)
    if HEADER not in parts:
        raise ModelError("this file is no saved network: network.save(file) writes one")
    if not stored or len(parts) != len(listed) or sum(part.file_size for part in listed) > size:
        raise ModelError("this file claims more than it holds; save the network once more")
    return parts


def _header(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> list[dict[str, Any]]:
    part = parts.pop(HEADER)
    if part.file_size > MOST_HEADER:
        raise ModelError(f"this file's header is larger than {MOST_HEADER} bytes, more than any network needs")
    header = json.loads(archive.read(part))
    if header["format"] != FORMAT:
        raise ModelError("this file is no saved network: network.save(file) writes one")
    version = header["version"]
    if type(version) is not int or version < 1:
        raise ValueError("a version is a whole number from 1")
    if version > VERSION:
        raise ModelError(
            f"this network was saved by a newer version (format {version}, this one reads up to {VERSION}); "
            "update, or save it for this version"
        )
    layers: list[dict[str, Any]] = header["layers"]
    return layers


def _layer(position: int, told: dict[str, Any], archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> Layer:
    kind = KINDS.get(told["kind"])
    if kind is None:
        raise ModelError(
            f"layer {position} of this file is a {str(told['kind'])[:40]!r}, which this version does not know; "
            f"it knows {', '.join(KINDS)}"
        )
    settings = {name: _pairs(value) for name, value in told["settings"].items()}
    # All sizes are compared before a layer is made: what the settings ask for, what is told, what the file holds.
    promised = kind.array_shapes(settings)
    listed = {name: tuple(each["shape"]) for name, each in told["arrays"].items()}
    if listed != promised:
        raise ModelError(
            f"layer {position} of this file, {kind.__name__}, needs arrays of shapes {promised}, got {listed}"
        )
    arrays = {
        name: _array(archive, parts.pop(f"{position}.{name}.npy"), _TYPES[each["dtype"]], promised[name])
        for name, each in told["arrays"].items()
    }
    layer = kind(**settings)
    for name, array in arrays.items():
        setattr(layer, name, array)
    return layer


def _pairs(value: Any) -> Any:
    """JSON's lists as the tuples that settings were."""
    return tuple(_pairs(each) for each in value) if isinstance(value, list) else value


def _array(archive: zipfile.ZipFile, part: zipfile.ZipInfo, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """One array, after its own header, the network's and the bytes that follow agree on its size."""
    data = io.BytesIO(archive.read(part))
    if np.lib.format.read_magic(data) != (1, 0):
        raise ValueError("arrays are written as version 1.0")
    own_shape, fortran, own_dtype = np.lib.format.read_array_header_1_0(data)
    numbers = data.read()
    if own_shape != shape or fortran or own_dtype != dtype or len(numbers) != math.prod(shape) * dtype.itemsize:
        raise ModelError(f"{part.filename} of this file is not the array that its header tells of; save it once more")
    # frombuffer gives a view of bytes that cannot be written to; a layer copies what it is given.
    return np.frombuffer(numbers, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
