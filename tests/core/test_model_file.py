"""Saved networks: they come back to the bit, and whatever was done to a file, it is read whole or refused in words."""

import errno
import io
import json
import zipfile
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnn_core import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ModelError,
    Sequential,
    Softmax,
    training,
)
from cnn_core.layers import ReLU
from tests.helpers.memory import held


def network() -> Sequential:
    rng = np.random.default_rng(0)
    layers = [
        Conv2d(1, 4, (3, 2), stride=np.int64(1), padding=((1, 0), (2, 1)), padding_mode="replicate", rng=rng),
        BatchNorm2d(4, eps=1e-3, momentum=0.2),
        LeakyReLU(0.1),
        MaxPool2d(2, ceil_mode=True),
        Dropout(0.25),
        Flatten(),
        Linear(48, 3, bias=False, rng=rng),
        Softmax(),
    ]
    made = Sequential(layers)
    layers[6].weight = layers[6].weight.astype(np.float64) / 3
    training.observe(made.trace(rng.normal(size=(5, 1, 7, 6)).astype(np.float32), training=True, rng=0))
    return made


def saved(made: Sequential) -> bytes:
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


@cache
def good() -> bytes:
    return saved(network())


def arrays(made: Sequential) -> dict[str, np.ndarray]:
    held = [layer.params() | layer.buffers() for layer in made.layers]
    return {f"{k}.{name}": array for k, each in enumerate(held) for name, array in each.items()}


def assert_same(ours: Sequential, theirs: Sequential) -> None:
    assert repr(ours) == repr(theirs)
    assert list(arrays(ours)) == list(arrays(theirs))
    for name, array in arrays(ours).items():
        other = arrays(theirs)[name]
        assert array.dtype == other.dtype
        assert array.tobytes() == other.tobytes()
        assert other.flags.writeable


def test_a_network_comes_back_to_the_bit_from_a_path_a_file_and_bytes(tmp_path):
    made = network()
    made.save(tmp_path / "network.npz")
    made.save(str(tmp_path / "again.npz"))
    assert (tmp_path / "network.npz").read_bytes() == (tmp_path / "again.npz").read_bytes() == good()
    with (tmp_path / "network.npz").open("rb") as file:
        loaded = [Sequential.load(file)]
    loaded += [Sequential.load(each) for each in (tmp_path / "network.npz", str(tmp_path / "again.npz"), good())]
    x = np.random.default_rng(1).normal(size=(2, 1, 7, 6)).astype(np.float32)
    for each in loaded:
        assert_same(each, made)
        np.testing.assert_array_equal(each.forward(x), made.forward(x))


def test_a_file_is_read_from_its_start_where_it_can_seek():
    file = io.BytesIO()
    network().save(file)
    assert_same(Sequential.load(file), network())


def test_a_layer_of_every_kind_comes_back(case):
    layer, _ = case
    made = Sequential([layer])
    assert_same(Sequential.load(saved(made)), made)


def test_not_a_number_and_infinity_and_a_network_of_no_layers_come_back():
    linear = Linear(2, 2)
    linear.weight = np.array([[np.nan, np.inf], [-np.inf, -0.0]])
    for made in (Sequential([linear]), Sequential([])):
        assert_same(Sequential.load(saved(made)), made)


def test_numpy_opens_the_file_too():
    with np.load(io.BytesIO(good()), allow_pickle=False) as opened:
        np.testing.assert_array_equal(opened["6.weight"], network().layers[6].weight)
        assert json.loads(opened["network.json"])["version"] == 1


def test_a_layer_that_no_file_can_name_is_refused_when_it_is_saved():
    class Mine(ReLU):
        """A kind of somebody's own."""

    with pytest.raises(ModelError, match="layer 0 is a Mine"):
        saved(Sequential([Mine()]))


class Full(io.BytesIO):
    """A file on a disk that is full."""

    def write(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_path_or_a_file_that_cannot_be_used_is_told(tmp_path):
    with pytest.raises(ModelError, match="cannot write"):
        network().save(tmp_path / "nowhere" / "network.npz")
    (tmp_path / "there.npz").write_bytes(good())
    closed = io.BytesIO()
    closed.close()
    with (tmp_path / "there.npz").open("rb") as reading:
        for wrong in (None, 5, io.StringIO(), closed, reading):
            with pytest.raises(ModelError, match="binary file open for writing"):
                network().save(wrong)
    with pytest.raises(ModelError, match=r"cannot write 'a\\x00b'"):
        network().save("a\0b")
    for path in (tmp_path / "nothing.npz", tmp_path, "a\0b"):
        with pytest.raises(ModelError, match="cannot read"):
            Sequential.load(path)
    with pytest.raises(ModelError, match="cannot write to this Full: No space left"):
        network().save(Full())
    for wrong in (None, 5, io.StringIO("text")):
        with pytest.raises(ModelError, match="binary file"):
            Sequential.load(wrong)


# ---- damaged ------------------------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.integers(0, 10_000))
def test_a_file_cut_short_is_refused(length):
    cut = good()[: length % len(good())]
    with pytest.raises(ModelError):
        Sequential.load(cut)


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 255)), min_size=1, max_size=4))
def test_flipped_bits_are_refused_or_in_a_place_that_holds_nothing_of_the_network(flips):
    data = bytearray(good())
    for place, bits in flips:
        data[place % len(data)] ^= bits
    try:
        loaded = Sequential.load(bytes(data))
    except ModelError:
        return
    assert_same(loaded, network())


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data):
    with pytest.raises(ModelError):
        Sequential.load(data)


# ---- hostile ------------------------------------------------------------------------------------------------------


def rewritten(change: Callable[[dict], None], replace: dict[str, bytes] | None = None, method: int = 0) -> bytes:
    """The good file with its header changed, and parts put in or replaced; all checksums right."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good())) as source, zipfile.ZipFile(file, "w", method) as target:
        for part in source.namelist():
            data = source.read(part)
            if part == "network.json":
                header = json.loads(data)
                change(header)
                data = json.dumps(header).encode()
            target.writestr(part, (replace or {}).get(part, data))
        for part, data in (replace or {}).items():
            if part not in source.namelist():
                target.writestr(part, data)
    return file.getvalue()


def test_a_file_from_before_softmax_had_a_temperature_opens_with_the_one_it_meant():
    opened = Sequential.load(rewritten(lambda header: header["layers"][-1]["settings"].pop("temperature")))
    assert opened.layers[-1].temperature == 1


def npy(shape: tuple[int, ...], dtype: str = "<f4", data: bytes = b"") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + data


def put(*path, value):
    def change(header: dict) -> None:
        at = header["layers"]
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value

    return change


def huge(header: dict) -> None:
    header["layers"][6] = {
        "kind": "Linear",
        "settings": {"in_features": 10**9, "out_features": 10**9, "bias": False},
        "arrays": {"weight": {"dtype": "float32", "shape": [10**9, 10**9]}},
    }


HOSTILE = {  # made when it is asked for: some are large
    "a newer version": (lambda: rewritten(lambda h: h.update(version=2)), "newer version"),
    "no version": (lambda: rewritten(lambda h: h.update(version="1")), "damaged"),
    "another format": (lambda: rewritten(lambda h: h.update(format="other")), "no saved network"),
    "an unknown kind": (
        lambda: rewritten(put(2, "kind", value="Attention")),
        "'Attention', which this version does not know",
    ),
    "a kind of Python's own": (lambda: rewritten(put(2, "kind", value="eval")), "does not know"),
    "settings that cannot be": (
        lambda: rewritten(put(2, "settings", "negative_slope", value="steep")),
        "negative_slope",
    ),
    "unknown settings": (lambda: rewritten(put(2, "settings", "colour", value=1)), "damaged"),
    "a layer that is no layer": (lambda: rewritten(put(2, value=7)), "damaged"),
    "sizes beyond all memory": (lambda: rewritten(huge, {"6.weight.npy": npy((10**9, 10**9))}), "6.weight"),
    "sizes the settings do not promise": (
        lambda: rewritten(put(6, "settings", "in_features", value=10**9)),
        "needs arrays",
    ),
    "an array larger inside than outside": (
        lambda: rewritten(lambda h: None, {"6.weight.npy": npy((3, 48), "<f8", bytes(8))}),
        "6.weight",
    ),
    "objects": (lambda: rewritten(lambda h: None, {"6.weight.npy": npy((3, 48), "|O", bytes(3 * 48 * 8))}), "6.weight"),
    "another type than told": (
        lambda: rewritten(lambda h: None, {"6.weight.npy": npy((3, 48), "<f4", bytes(3 * 48 * 4))}),
        "6.weight",
    ),
    "the same numbers in another shape": (
        lambda: rewritten(lambda h: None, {"6.weight.npy": npy((48, 3), "<f8", bytes(3 * 48 * 8))}),
        "6.weight",
    ),
    "compressed parts": (lambda: rewritten(lambda h: None, method=zipfile.ZIP_DEFLATED), "claims more than it holds"),
    "an unknown type": (lambda: rewritten(put(6, "arrays", "weight", "dtype", value="object")), "damaged"),
    "a part too many": (lambda: rewritten(lambda h: None, {"extra.py": b"print()"}), "'extra.py'"),
    "a layer too few": (lambda: rewritten(lambda h: h["layers"].pop(6)), "which no layer"),
    "a compressed bomb": (
        lambda: rewritten(lambda h: None, {"6.weight.npy": bytes(50_000_000)}, zipfile.ZIP_DEFLATED),
        "claims more than it holds",
    ),
    "a header that never ends": (lambda: rewritten(lambda h: h.update(more="x" * 5_000_000)), "header is larger"),
    "a header too deep": (lambda: rewritten(lambda h: None, {"network.json": b"[" * 100_000}), "damaged"),
    "a number too long": (
        lambda: rewritten(lambda h: None, {"network.json": b"[" + b"9" * 10_000 + b"]"}),
        "damaged",
    ),
    "a header of another shape": (lambda: rewritten(lambda h: None, {"network.json": b"[1, 2]"}), "damaged"),
    "an archive of other arrays": (lambda: npy((1,)), "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_before_anything_large_is_made(name):
    make, says = HOSTILE[name]
    data = make()

    def refused():
        with pytest.raises(ModelError, match=says) as refusal:
            Sequential.load(data)
        return str(refusal.value)

    words, most = held(refused)
    assert most < 30_000_000
    assert len(words) < 500


def test_another_archive_is_no_network():
    file = io.BytesIO()
    np.savez(file, weight=np.ones(3))
    with pytest.raises(ModelError, match="no saved network"):
        Sequential.load(file.getvalue())


def test_a_file_names_the_same_part_once():
    file = io.BytesIO(good())
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("6.weight.npy", npy((3, 48), "<f8", bytes(8 * 144)))
    with pytest.raises(ModelError, match="claims more"):
        Sequential.load(file.getvalue())
