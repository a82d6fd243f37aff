"""A run's numbers as files: NPZ for all of it, CSV for a stage."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from cnn_core import model_file
from cnn_core.errors import ModelError, shown
from cnn_core.ops._arrays import Array, array_of, real
from cnn_core.trace import Trace


def archive(trace: Trace) -> bytes:
    """A whole run as one NPZ file: ``"input"``, every stage by its name, every parameter as ``"0.weight"``.

    Batch norm's running statistics are among the parameters. The file opens with ``numpy.load(file)``, without
    pickle; the same run gives the same bytes.

    Raises:
        ModelError: where the trace is none.
    """
    if not isinstance(trace, Trace):
        raise ModelError(f"an archive is of a run, got {type(trace).__name__}; network.trace(x) works")
    arrays = {"input": trace.input}
    for number, stage in enumerate(trace.stages):
        arrays[stage.name] = stage.output
        held = stage.layer.params() | stage.layer.buffers()
        arrays |= {f"{number}.{name}": array for name, array in held.items()}
    return npz(arrays)


def npz(arrays: dict[str, Array]) -> bytes:
    """Arrays as one NPZ file, by name.

    Raises:
        ModelError: where they are no dictionary of arrays of numbers or texts.
    """
    try:
        arrays = {str(name): array_of(array, str(name)) for name, array in dict(arrays).items()}
    except (TypeError, ValueError) as error:
        raise ModelError("arrays must be given by name; npz({'input': x}) works") from error
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ModelError("arrays must hold numbers or texts, got objects; npz({'input': x}) works")
    # NumPy's own function takes names as its arguments', and has some of its own.
    return model_file.npz(arrays, compression=zipfile.ZIP_DEFLATED)


def to_csv(values: npt.ArrayLike, names: Sequence[str] | None = None) -> str:
    """A stage's numbers as CSV (RFC 4180), written so that they read back to the last bit.

    Args:
        values: ``(1, C, H, W)``: a line a row, and with several channels the channel's name before it; or ``(1, K)``:
            a line a value, its name before it.
        names: of the channels or values; their numbers where there are none.

    Raises:
        ModelError: where ``values`` is no single stage of one image, or ``names`` not as many texts.
        ShapeError: where ``values`` holds no real numbers.
    """
    values = real(values, "values")
    if values.ndim not in (2, 4) or values.shape[0] != 1:
        raise ModelError(
            f"a stage of one image is (1, C, H, W) or (1, K), got shape {values.shape}; values[:1] of a batch works"
        )
    called = [str(k) for k in range(values.shape[1])] if names is None else _texts(names, values.shape[1])
    file = io.StringIO()
    lines = csv.writer(file)
    if values.ndim == 2:
        lines.writerows([name, repr(float(x))] for name, x in zip(called, values[0], strict=True))
    else:
        for name, plane in zip(called, values[0], strict=True):
            first = [name] if values.shape[1] > 1 else []
            lines.writerows([*first, *(repr(float(x)) for x in row)] for row in plane)
    return file.getvalue()


def _texts(names: Any, count: int) -> list[str]:
    try:
        given = [] if isinstance(names, str) else list(names)
    except TypeError:
        given = []
    if len(given) != count or not all(isinstance(name, str) for name in given):
        raise ModelError(f"names must be {count} texts, one a channel or value, got {shown(names)}; names=None works")
    return given
