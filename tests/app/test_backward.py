"""Gradients on the Explore page: what can be asked for, what is sent, and the sums behind them."""

import json

import numpy as np
import pytest

from pages.shared import answers, backward
from pages.shared.backward import Target
from pages.shared.message import explore_glimpse
from pages.shared.session import Session, _remember
from tests.app.test_message import unpack

SMALL = 1e-6


@pytest.fixture
def kept() -> Session:
    session = Session()
    _remember(session)
    return session


def send(kept: Session, *edits: dict, **more: object) -> None:
    listed = [{**edit, "revision": kept.revision + k + 1} for k, edit in enumerate(edits)]
    kept.receive({"session": kept.identity, "edits": listed, "have": [], **more})


def value_of(kept: Session, target: Target, x: np.ndarray) -> float:
    """The target's value for another input, by running the network forwards."""
    scores = kept.chain.network.layers[:-1]
    for layer in scores:
        x = layer.forward(x)
    if target.kind == "score":
        return float(x[0, target.number])
    powers = np.exp(x[0] - x[0].max())
    probability = powers[target.number] / powers.sum()
    return float(probability if target.kind == "probability" else -np.log(probability))


@pytest.mark.parametrize("code", ["score:0", "probability:2", "loss:1"])
def test_a_gradient_says_how_the_target_changes_with_a_cell(kept, code):
    send(kept, {"op": "activation", "value": "tanh"}, target=code)
    target, found = kept.backward
    x = kept.chain.trace.input
    for row, column in ((0, 0), (2, 3), (4, 4)):
        ends = []
        for step in (SMALL, -SMALL):
            moved = x.copy()
            moved[0, 0, row, column] += step
            ends.append(value_of(kept, target, moved))
        assert found.input[0, 0, row, column] == pytest.approx((ends[0] - ends[1]) / (2 * SMALL), rel=1e-4, abs=1e-7)


def test_the_message_names_each_stage_s_gradient_and_the_weights(kept):
    send(kept, target="score:1")
    header, arrays = unpack(answers.explore(kept))
    assert header["backward"]["value"] == "score:1"
    assert header["backward"]["title"] == "score B"
    _, found = kept.backward
    for stage in header["stages"]:
        number = stage["stage"]
        own = found.input if number < 0 else found.stages[number]
        if own is None:
            assert stage["gradient"] is None
        else:
            np.testing.assert_array_equal(arrays[stage["gradient"]], own)
    np.testing.assert_array_equal(arrays[header["stages"][1]["weight_gradient"]], found.params["0.weight"])
    np.testing.assert_array_equal(arrays[header["stages"][5]["weight_gradient"]], found.params["4.weight"])
    assert header["stages"][-1]["gradient"] is None  # probabilities come after the score


def test_without_a_target_no_gradient_is_computed_or_sent(kept):
    header, _ = unpack(answers.explore(kept))
    assert header["backward"]["value"] == ""
    assert {stage["gradient"] for stage in header["stages"]} == {None}
    kinds = [option["kind"] for option in header["backward"]["options"]]
    assert kinds == ["score"] * 3 + ["probability"] * 3 + ["loss"] * 3


def test_a_target_that_the_experiment_has_no_more_falls_back_to_values(kept):
    send(kept, target="loss:2")
    send(kept, {"op": "head", "value": "sigmoid"})
    header, _ = unpack(answers.explore(kept))
    assert header["backward"]["value"] == ""
    send(kept, {"op": "head", "value": "softmax"})
    assert kept.backward is not None


@pytest.mark.parametrize(
    "code",
    [
        "",
        None,
        "score",
        "score:",
        "score:-1",
        "weight:0",
        "score:1e9",
        "score:999",
        "cell",
        "cell:0",
        "cell:0:",
        "cell:0:1,x",
        "cell:9:0,0",
        "cell:0:0,0,9,9",
        7,
        [1],
    ],
)
def test_nonsense_for_a_target_shows_values(kept, code):
    send(kept, target=code)
    assert kept.backward is None


def test_a_title_says_what_is_asked(kept):
    send(kept, {"op": "class_names", "value": "edge, flat"})
    titles = [backward.title(kept.chain, Target(kind, 0)) for kind in ("score", "probability", "loss")]
    assert titles == ["score edge", "probability edge", "loss (class edge)"]


@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_the_loss_is_told_beside_its_gradients_also_while_a_gesture_lasts(kept, scale):
    send(
        kept, {"op": "bias", "output": 0, "value": scale}, {"op": "class_names", "value": "edge, flat"}, target="loss:1"
    )
    header, _ = unpack(answers.explore(kept))
    scores = kept.chain.trace.stages[-2].output[0]
    expected = np.log(np.exp(scores - scores[1]).sum())
    told, below = header["backward"]["loss"].split("\n")
    assert float(told.removeprefix("loss ")) == pytest.approx(expected, rel=1e-4)
    assert below == "−log, to base e, of flat"
    edit = {"op": "bias", "output": 0, "value": 2 * scale}
    glimpsed, _ = unpack(explore_glimpse(kept.desks["explore"], ()))
    assert glimpsed["loss"] == header["backward"]["loss"]
    with kept.desks["explore"].tried(edit):
        glimpsed, _ = unpack(explore_glimpse(kept.desks["explore"], ()))
    assert glimpsed["loss"] != header["backward"]["loss"]


@pytest.mark.parametrize("code", ["", "score:0", "probability:1", "cell:0:0,0,1,1"])
def test_gradients_of_something_else_tell_no_loss(kept, code):
    send(kept, target=code)
    header, _ = unpack(answers.explore(kept))
    assert header["backward"]["loss"] == ""


@pytest.mark.parametrize(
    ("asked", "count"), [({"stage": "-1", "index": "0,0,2,2"}, 9), ({"param": "0.weight", "index": "0,0,1,1"}, 9)]
)
def test_a_gradient_s_sum_adds_up(kept, asked, count):
    send(kept, target="score:0")
    told = answers.explanation(kept.identity, {"of": "score:0", **asked})
    assert told["rule"] == "sum"
    assert len(told["terms"]) == count
    assert sum(term["product"] for term in told["terms"]) == pytest.approx(told["value"], rel=1e-12, abs=1e-15)
    json.dumps(told, allow_nan=False)


def test_of_a_long_sum_the_largest_terms_are_told_and_the_others_as_one(kept):
    send(kept, {"op": "sample", "value": "digit"}, target="score:0")
    told = answers.explanation(kept.identity, {"of": "score:0", "param": "0.weight", "index": "0,0,0,0"})
    assert len(told["terms"]) == answers.TERMS_MOST
    cells = kept.chain.trace.stages[0].output.size
    assert len(told["terms"]) + told["rest"]["count"] == cells
    whole = sum(term["product"] for term in told["terms"]) + told["rest"]["product"]
    assert whole == pytest.approx(told["total"], rel=1e-9)
    least = min(abs(term["product"]) for term in told["terms"])
    assert abs(told["rest"]["product"]) <= least * told["rest"]["count"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"of": "score:0"},
        {"of": "score:0", "stage": "0", "index": ""},
        {"of": "score:0", "stage": "0", "index": "0,0,9,9"},
        {"of": "score:0", "stage": "9", "index": "0,0,0,0"},
        {"of": "score:0", "param": "9.weight", "index": "0"},
        {"of": "score:2", "stage": "0", "index": "0,0,0,0"},
        {"of": "score:0", "stage": "5", "index": "0,0"},
    ],
)
def test_what_cannot_be_explained_is_answered_with_nothing(kept, asked):
    send(kept, target="score:0")
    assert answers.explanation(kept.identity, asked) is None
    assert answers.explanation("nobody", {"of": "score:0", "stage": "0", "index": "0,0,0,0"}) is None


def test_one_cell_s_gradients_are_the_weights_with_which_it_sees_the_input(kept):
    send(kept, target="cell:0:0,0,1,2")
    _, found = kept.backward
    seen = np.zeros((5, 5))
    seen[1:4, 2:5] = kept.experiment.weight[0, 0]
    np.testing.assert_array_equal(found.input[0, 0], seen)
    assert unpack(answers.explore(kept))[0]["backward"]["title"] == "Feature map [1, 2]"
    send(kept, target="cell:4:0,1")
    assert backward.title(kept.chain, kept.target) == "Score B"
    np.testing.assert_array_equal(kept.backward[1].input, backward.gradients(kept.chain, Target("score", 1)).input)


def test_a_cell_of_a_chain_that_stops_early_can_still_be_asked(kept):
    # A kernel of 3 × 3 leaves one cell of 3 × 3, and no window of 2 × 2 fits over that.
    send(kept, {"op": "rows", "value": 3}, {"op": "columns", "value": 3}, target="cell:1:0,0,0,0")
    assert kept.chain.problem is not None
    assert backward.targets(kept.chain) == []
    target, found = kept.backward
    assert target.code == "cell:1:0,0,0,0"
    assert found.input.shape == (1, 1, 3, 3)
    assert found.explain(-1, (0, 0, 1, 1)).value == found.input[0, 0, 1, 1]
    assert unpack(answers.explore(kept))[0]["backward"]["options"] == []
