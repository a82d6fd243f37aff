"""The message to the Explore component, unpacked again as the browser unpacks it."""

import json

import numpy as np
import pytest

from cnn_core import Trace, conv2d, kernels
from cnn_core.receptive import field
from pages.components.blob import identity
from pages.shared import describe
from pages.shared.chain import build
from pages.shared.columns import columns
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.from_explore import input_of
from pages.shared.message import explore_message, gallery_message, keeper_message
from pages.shared.sees import sees
from pages.shared.session import Session


def unpack(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[8 : 8 + length])
    offset = 8 + -(-length // 8) * 8
    arrays = {}
    for entry in header["arrays"]:
        count = int(np.prod(entry["shape"]))
        arrays[entry["id"]] = np.frombuffer(data, "<f8", count, offset).reshape(entry["shape"])
        offset += count * 8
    assert offset == len(data)
    return header, arrays


def entries(header: dict, field: str) -> list[dict]:
    return [header["entries"][name] for name in header["lists"][field]]


def edited(*edits: dict) -> Session:
    session = Session()
    listed = [{**edit, "revision": k + 1} for k, edit in enumerate(edits)]
    session.receive({"session": session.identity, "edits": listed, "pin": None, "have": []})
    return session


def test_every_stage_s_numbers_are_cnn_core_s():
    session = Session()
    header, arrays = unpack(explore_message(session, upload_limit=100))
    for stage in header["stages"][1:]:
        np.testing.assert_array_equal(arrays[stage["array"]], session.chain.trace.stages[stage["stage"]].output)
    np.testing.assert_array_equal(arrays[header["stages"][0]["array"]], session.chain.trace.input)


def test_arrays_the_browser_holds_are_not_sent_again():
    session = Session()
    header, arrays = unpack(explore_message(session, upload_limit=100))
    session.have = frozenset(arrays) | frozenset(header["entries"])
    again, sent = unpack(explore_message(session, upload_limit=100))
    assert sent == {}
    assert again["needs"] == header["needs"]
    assert again["lists"] == header["lists"]
    assert again["entries"] == {}
    assert len(explore_message(session, upload_limit=100)) < 12_000


def test_a_column_is_sent_again_only_when_it_changed():
    session = Session()
    header, _ = unpack(explore_message(session, upload_limit=100))
    edit = {"op": "bias", "value": 2, "revision": 1}
    have = list(header["entries"])
    session.receive({"session": session.identity, "edits": [edit], "pin": None, "have": have})
    again, _ = unpack(explore_message(session, upload_limit=100))
    assert [column["view"] for column in again["entries"].values()] == ["kernel"]
    assert len(again["lists"]["columns"]) == len(header["lists"]["columns"])


def test_an_edit_of_the_kernel_does_not_send_the_input_or_the_classifier_s_weights_again():
    session = Session()
    _, arrays = unpack(explore_message(session, upload_limit=100))
    edit = {"op": "library", "value": "sharpen", "revision": 1}
    session.receive({"session": session.identity, "edits": [edit], "pin": None, "have": list(arrays)})
    header, sent = unpack(explore_message(session, upload_limit=100))
    stages = {stage["title"]: stage for stage in header["stages"]}
    assert stages["Input"]["array"] not in sent
    assert stages["Score"]["weight"] not in sent
    assert stages["Feature map"]["array"] in sent


def test_links_say_where_each_cell_reads():
    header, _ = unpack(
        explore_message(edited({"op": "padding", "value": 1}, {"op": "stride", "value": 2}), upload_limit=100)
    )
    stages = {stage["title"]: stage for stage in header["stages"]}
    window = {"kind": "window", "origin": [-1, -1], "stride": [2, 2], "dilation": [1, 1], "extent": [3, 3]}
    assert stages["Feature map"]["link"] == window
    assert stages["ReLU"]["link"] == {"kind": "same"}
    assert stages["Flattened"]["link"] == {"kind": "reshape"}
    assert stages["Probability"]["link"] == {"kind": "all"}


def test_the_shape_formula_has_the_numbers_plugged_in():
    header, _ = unpack(
        explore_message(edited({"op": "rows", "value": 8}, {"op": "stride", "value": 2}), upload_limit=100)
    )
    columns = {column["view"]: column for column in entries(header, "columns")}
    assert columns["conv"]["note"] == "rows ⌊(8 − 3) / 2⌋ + 1 = 3\ncolumns (5 − 3) / 2 + 1 = 2"
    assert columns["pool"]["note"] == "rows ⌊(3 − 2) / 2⌋ + 1 = 1\ncolumns (2 − 2) / 2 + 1 = 1"


@pytest.mark.parametrize("pin", [(0, (0, 0, 99, 99)), (9, (0,)), (5, (0, 7)), (-1, (0, 0, 0, 0)), (4, (0, 2, 5, 5))])
def test_a_pin_that_is_no_longer_there_moves_to_the_nearest_cell(pin):
    session = Session(pin=pin)
    header, _ = unpack(explore_message(session, upload_limit=100))
    explanation = header["explanation"]
    assert explanation["stage"] == header["pin"]["stage"]
    assert explanation["index"] == header["pin"]["index"]


def test_a_sum_that_is_too_long_to_send_is_not_put_together(monkeypatch: pytest.MonkeyPatch):
    session = edited({"op": "rows", "value": 40}, {"op": "columns", "value": 40})
    session.pin = (4, (0, 1))  # a score of 361 products
    asked = []
    explain = Trace.explain
    monkeypatch.setattr(Trace, "explain", lambda self, *cell: asked.append(cell) or explain(self, *cell))
    header, _ = unpack(explore_message(session, upload_limit=100))
    assert (header["pin"]["stage"], header["explanation"], asked) == (4, None, [])
    session.pin = (0, (0, 0, 1, 1))
    header, _ = unpack(explore_message(session, upload_limit=100))
    assert len(header["explanation"]["terms"]) == 9


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_grid_too_small_is_described_with_its_reason_and_a_way_out(size):
    session = edited({"op": "rows", "value": size}, {"op": "columns", "value": size})
    header, _ = unpack(explore_message(session, upload_limit=100))
    missing = [column for column in entries(header, "columns") if column["kind"] == "missing"]
    assert "does not fit" in missing[0]["why"]
    assert missing[0]["fixes"]
    assert all(column["why"].startswith("Waits for") for column in missing[1:])


def test_probabilities_of_weights_that_nobody_chose_are_said_to_mean_nothing_yet():
    def note(*edits: dict) -> str:
        experiment = Experiment()
        for edit in edits:
            experiment = apply(experiment, edit)
        return next(column["note"] for column in columns(build(experiment), 0) if column["view"] == "probabilities")

    assert note() == "unrounded they add up to 1\nuntrained: no meaning yet"
    assert note({"op": "head", "value": "sigmoid"}) == "each on its own\nuntrained: no meaning yet"
    assert note({"op": "dense", "features": 1, "cells": [[0, 0, 2]]}) == "unrounded they add up to 1"


def test_colours_stay_what_they_are_whatever_number_a_cell_is_given():
    def negative(*edits: dict) -> set[bool]:
        experiment = Experiment()
        for edit in edits:
            experiment = apply(experiment, edit)
        stages, _ = describe.stages(build(experiment))
        return {stage["scale"]["negative"] for stage in stages if stage["scale"]["group"] == "maps"}

    # Nothing of the worked grid's map is negative once its middle is 3, but its kernel can make what is.
    assert negative() == negative({"op": "cells", "cells": [[2, 2, 3]]}) == {True}
    # A blurred picture is a picture.
    blurred = [{"op": "sample", "value": "cat"}, {"op": "library", "value": "gaussian_blur"}]
    assert negative(*blurred) == {False}
    assert negative(*blurred, {"op": "bias", "output": 0, "value": -1}) == {True}


def test_the_gallery_shows_every_kernel_that_fits_or_says_why_none():
    header, arrays = unpack(gallery_message(edited({"op": "sample", "value": "cat"})))
    assert tuple(card["view"] for card in entries(header, "cards")) == ("input", *kernels.names())
    worked, _ = unpack(gallery_message(Session()))
    small = [kernel.name for kernel in kernels.LIBRARY if max(kernel.weights.shape) <= 5]
    assert [card["view"] for card in entries(worked, "cards")] == ["input", *small]
    assert all(stage["array"] in arrays for stage in header["stages"])
    tiny, _ = unpack(gallery_message(edited({"op": "rows", "value": 1})))
    assert "does not fit" in tiny["problem"]
    flat, _ = unpack(gallery_message(edited({"op": "rows", "value": 2})))
    assert [card["view"] for card in entries(flat, "cards")] == ["input", "roberts_1", "roberts_2"]
    assert flat["problem"] is None


def test_the_gallery_of_a_large_picture_is_of_one_made_smaller_and_says_so():
    large = edited({"op": "sample", "value": "cat"}, {"op": "photo_size", "value": 512})
    header, arrays = unpack(gallery_message(large))
    given = arrays[header["stages"][0]["array"]]
    np.testing.assert_array_equal(given[0], input_of(large.experiment, 224))
    assert max(given.shape) == 224
    assert entries(header, "cards")[0]["sentence"] == "149 × 224 cells, made smaller from 341 × 512 in Explore."
    sobel = next(stage for stage in header["stages"] if stage["view"] == "sobel_x")
    weight = kernels.get("sobel_x").weights[None, None]
    np.testing.assert_array_equal(arrays[sobel["array"]], conv2d(given, weight))
    small = edited({"op": "sample", "value": "cat"})
    header, arrays = unpack(gallery_message(small))
    np.testing.assert_array_equal(arrays[header["stages"][0]["array"]][0], small.experiment.input)
    assert entries(header, "cards")[0]["sentence"] == "85 × 128 cells, as in Explore."


def test_of_a_picture_in_colour_it_is_said_that_three_maps_are_added():
    kept = Session()
    kept.put(apply(kept.experiment, {"op": "sample", "value": "cat"}))
    for colour, said in (("grey", False), ("rgb", True)):
        kept.put(apply(kept.experiment, {"op": "colour", "value": colour}))
        cards = entries(unpack(gallery_message(kept))[0], "cards")
        told = unpack(explore_message(kept, upload_limit=1))[0]["kernel"]["outputs"]
        assert [describe.ADDED_UP in each["sentence"] for each in (cards[0], told[0])] == [said, said]
        # What is said of a kernel, "comes out as it went in", is true of what it meets.
        assert {each["sentence"].startswith(f"{describe.ADDED}: ") for each in cards[1:]} == {said}
    kept.put(apply(kept.experiment, {"op": "linked", "value": False}))
    assert describe.ADDED_UP not in unpack(explore_message(kept, upload_limit=1))[0]["kernel"]["outputs"][0]["sentence"]


def test_the_gallery_is_computed_once_an_experiment():
    session = edited({"op": "sample", "value": "cat"})
    first = gallery_message(session)
    shown = session.gallery
    assert gallery_message(session) == first
    assert session.gallery is shown
    session.put(apply(session.experiment, {"op": "stride", "value": 2}))
    assert session.gallery is not shown
    session.rest()
    assert session.computed() == ((None, None), None)


def test_a_page_without_pictures_keeps_the_address_and_the_session_and_no_array():
    kept = Session()
    header, arrays = unpack(keeper_message(kept))
    told, _ = unpack(gallery_message(kept))
    assert not arrays
    for name in ("session", "revision", "uploads", "pin_count", "notice", "link"):
        assert header[name] == told[name]


def test_a_tensor_s_name_changes_with_any_bit_any_place_and_any_shape():
    rng = np.random.default_rng(0)
    array = rng.normal(size=(1, 1, 20, 20))
    names = {identity(array), identity(array.reshape(1, 400)), identity(array[..., ::-1]), identity(-array)}
    for place in range(400):
        changed = array.copy().reshape(-1)
        changed[place] = np.nextafter(changed[place], 10)
        names.add(identity(changed.reshape(array.shape)))
    assert len(names) == 404


def test_what_every_cell_of_every_stage_sees_of_the_input_is_cnn_core_s():
    session = edited(
        {"op": "padding", "value": 1},
        {"op": "stride", "value": [1, 2]},
        {"op": "pool_padding", "value": 1},
        {"op": "pool_stride", "value": 1},
    )
    header, arrays = unpack(explore_message(session, upload_limit=100))
    for stage in header["stages"][1:]:
        rows, columns = (arrays[name] for name in stage["sees"])
        shape = session.chain.trace.stages[stage["stage"]].output.shape
        for index in np.ndindex(shape):
            told = field(session.chain.trace, stage["stage"], index)
            at = index[2:] if len(shape) == 4 else (0, 0)
            if stage["view"] == "flat":  # the page asks the cell that it was
                continue
            for lines, line, number in zip(told, (rows, columns), at, strict=True):
                assert line[number].tolist() == [
                    lines.first,
                    lines.last,
                    lines.seen[0],
                    lines.seen[-1],
                    len(lines.seen),
                ]
    assert header["stages"][0].get("sees") is None


def test_a_cell_that_sees_padding_alone_is_told_as_one_that_sees_nothing():
    session = edited({"op": "padding", "value": 3})
    header, arrays = unpack(explore_message(session, upload_limit=100))
    rows, _ = (arrays[name] for name in header["stages"][1]["sees"])
    assert rows[0].tolist() == [-3, -1, 0, -1, 0]


def test_an_input_in_colour_is_told_with_the_luma_of_the_core():
    kept = Session()
    kept.put(apply(kept.experiment, {"op": "sample", "value": "cat"}))
    grey, _ = unpack(explore_message(kept, upload_limit=1))
    kept.put(apply(kept.experiment, {"op": "colour", "value": "rgb"}))
    coloured, _ = unpack(explore_message(kept, upload_limit=1))
    assert [each["stages"][0]["luma"] for each in (grey, coloured)] == [None, [299, 587, 114]]


def test_fields_are_remembered_as_long_as_the_geometry_stays():
    session = Session()
    before = sees(session.chain.trace)
    session.receive({"session": session.identity, "edits": [{"op": "random", "output": 0, "revision": 1}]})
    assert sees(session.chain.trace) is before
    session.receive({"session": session.identity, "edits": [{"op": "stride", "value": 2, "revision": 2}]})
    assert sees(session.chain.trace) is not before


def test_what_rounding_may_leave_of_a_zero_is_measured_by_the_products_and_passed_on():
    session = edited({"op": "kernel", "values": [[0.1, 0.2, -0.3], [0, 0, 0], [0, 0, 0]]})
    header, _ = unpack(explore_message(session, upload_limit=100))
    dust = {stage["view"]: stage.get("dust") for stage in header["stages"]}
    largest = np.abs(session.experiment.grid).max() * 0.3
    assert dust["conv"] == dust["activation"] == dust["pool"] == dust["flat"] == pytest.approx(1e-12 * largest)
    assert 0 < dust["scores"] < 1e-10
    assert dust["probabilities"] == 0  # a probability may be as small as it likes


def test_kernels_of_one_name_are_told_apart_by_their_numbers():
    edits = [{"op": "add_kernel"}, {"op": "add_kernel"}, {"op": "library", "value": "sobel_x", "output": 1}]
    alike = [*edits, *({"op": "library", "value": "prewitt_x", "output": output} for output in (0, 2))]
    header, _ = unpack(explore_message(edited(*alike), upload_limit=1))
    names = ["1 Vertical edges", "2 Sobel x", "3 Vertical edges"]
    assert [each["label"] for each in header["kernel"]["outputs"]] == names
    feature_map = next(stage for stage in header["stages"] if stage["view"] == "conv")
    assert feature_map["planes"] == names
    # Where each has its own name no number is needed, and one that is called by its number keeps to that.
    own = [{"op": "add_kernel"}, {"op": "library", "value": "sobel_x", "output": 1}]
    header, _ = unpack(explore_message(edited(*own), upload_limit=1))
    assert [each["label"] for each in header["kernel"]["outputs"]] == ["Vertical edges", "Sobel x"]
    mine = {"op": "kernel", "values": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "output": 1}
    header, _ = unpack(explore_message(edited(*alike, mine), upload_limit=1))
    assert [each["label"] for each in header["kernel"]["outputs"]] == [
        "1 Vertical edges",
        "kernel 2",
        "3 Vertical edges",
    ]
