"""Predict, then reveal: guesses compared with ``cnn_core``'s numbers, hints that never tell the result, the score."""

import math

import numpy as np
import pytest

from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.experiment import Experiment
from pages.shared.learn.exercises import EXERCISES
from pages.shared.predict import Answer, Predictions, Score, described, readings_of, rounds_to, tolerance
from pages.shared.predict.hints import hints
from pages.shared.predict.mistakes import mistake
from pages.shared.session import Session

BIASED = apply(Experiment(), {"op": "bias", "output": 0, "value": 2})


def hiding(view: str) -> Predictions:
    predictions = Predictions()
    predictions.hide(view)
    return predictions


def guess(predictions: Predictions, chain, index: tuple[int, ...], text: str) -> str:
    return predictions.take(chain, {"op": "guess", "index": list(index), "value": text})


@pytest.mark.parametrize("view", ["conv", "activation", "pool", "scores", "probabilities"])
def test_the_number_that_cnn_core_computed_opens_the_cell_and_no_other_does(view: str):
    chain = build(Experiment())
    predictions = hiding(view)
    stage = predictions.stage(chain)
    assert stage is not None
    output = chain.trace.stages[stage].output
    for index in np.ndindex(*output.shape):
        value = float(output[index])
        assert guess(predictions, chain, index, f"{value + 3 * tolerance(value):.12f}") == ""
        assert not predictions.answers[index].open
        assert guess(predictions, chain, index, f"{value:.12f}") == ""
        assert predictions.answers[index].right
    assert predictions.score == Score(asked=output.size, right=output.size, first=0)


def test_two_decimals_are_enough_and_fewer_are_not():
    value = 1 / 3
    assert abs(0.33 - value) <= tolerance(value)
    assert abs(0.3 - value) > tolerance(value)
    assert abs(0.0 - 0.004) > tolerance(0.004)  # a small number is no nought


@pytest.mark.parametrize(
    ("text", "value", "right"),
    [
        ("0.00", 0.0007, True),
        ("0,00", 0.0007, True),
        ("0.001", 0.0007, True),
        ("0.1%", 0.0007, True),
        ("0%", 0.0007, True),
        ("7e-4", 0.0007, True),
        ("-0.00", -0.0007, True),
        ("0.01", 0.0051, True),
        ("0.12", 0.115, True),
        ("0.12", float(np.float32(0.125)), True),
        ("0.13", 0.125, True),
        ("1.00", 0.9958, True),
        ("0", 0.0007, False),
        ("0.0", 0.0007, False),
        ("1", 0.9958, False),
        ("0.01", 0.0007, False),
        ("0.00", 0.0052, False),
        ("0.002", 0.0007, False),
        ("0.000", 0.0007, False),
        ("1/1000", 0.0007, False),
        ("1e2", 100.4, False),
        ("none", 0.0007, False),
    ],
)
def test_what_rounds_right_at_the_two_or_more_decimals_it_is_written_with_is_right(
    text: str, value: float, right: bool
):
    assert rounds_to(text, value) is right


def test_a_probability_of_nearly_nothing_may_be_said_in_two_decimals():
    chain, predictions = build(Experiment()), hiding("probabilities")
    stage = predictions.stage(chain)
    assert stage is not None
    shares = chain.trace.stages[stage].output[0]
    assert 0.0005 < shares[1] < 0.005
    for number, share in enumerate(shares):
        guess(predictions, chain, (0, number), f"{share:.2f}")
        assert predictions.answers[0, number].right, predictions.answers[0, number].told
    again = hiding("probabilities")
    again.stage(chain)
    guess(again, chain, (0, 1), "0.01")
    assert not again.answers[0, 1].open


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        (" -0.5 ", -0.5),
        ("−3", -3),
        ("0,25", 0.25),
        ("2/9", 2 / 9),
        (".5", 0.5),
        ("1 000", 1000),
        ("47%", 0.47),
        ("12,5 %", 0.125),
        ("1e9", 1e9),
        ("-2.5E-3", -0.0025),
        ("1.5/2", 0.75),
        ("-.5/2", -0.25),
        ("3./2 %", 0.015),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, value: float):
    assert readings_of(text) == pytest.approx((value,))


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("6,084", (6.084, 6084)),
        ("-1,000", (-1, -1000)),
        ("1,000,000", (1_000_000,)),
        ("6,084.5", (6084.5,)),
        ("0,125", (0.125,)),
        ("1,25", (1.25,)),
        ("12,0845", (12.0845,)),
        ("1,00,000", ()),
    ],
)
def test_a_comma_may_part_thousands_as_on_the_page(text: str, readings: tuple[float, ...]):
    assert readings_of(text) == readings


@pytest.mark.parametrize(
    "text", ["", "x", "1/0", "1e999999999", "nan", "inf", "9" * 40, "1/2/3", "-", ".", "e3", "1e", "1e2/3"]
)
def test_what_is_no_number_is_refused_with_a_sentence_and_counts_as_no_try(text: str):
    chain, predictions = build(Experiment()), hiding("conv")
    assert readings_of(text) == ()
    assert guess(predictions, chain, (0, 0, 0, 0), text) == ""
    assert "is not a number" in predictions.answers[0, 0, 0, 0].told
    assert predictions.answers[0, 0, 0, 0].tries == 0


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_prediction_is_told_that_a_number_is_wanted(text: str):
    chain, predictions = build(Experiment()), hiding("conv")
    guess(predictions, chain, (0, 0, 0, 0), "5")
    guess(predictions, chain, (0, 0, 0, 0), text)
    answer = predictions.answers[0, 0, 0, 0]
    assert answer.told == "An empty field is not a number. Write it like 12, −0.5 or 2/9."
    assert answer.tries == 1


def test_only_the_first_try_without_a_hint_counts_as_at_once():
    chain, predictions = build(Experiment()), hiding("conv")
    value = f"{chain.trace.stages[0].output[0, 0, 0, 1]:g}"
    guess(predictions, chain, (0, 0, 0, 1), value)
    assert predictions.score == Score(1, 1, 1)
    predictions.take(chain, {"op": "hint", "index": [0, 0, 0, 0]})
    guess(predictions, chain, (0, 0, 0, 0), f"{chain.trace.stages[0].output[0, 0, 0, 0]:g}")
    assert predictions.score == Score(2, 2, 1)
    predictions.take(chain, {"op": "reveal", "index": [0, 0, 1, 1]})
    assert predictions.score == Score(3, 2, 1)
    assert predictions.answers[0, 0, 1, 1] == Answer(open=True, told="Given away: the sum is below.")


def test_an_open_cell_or_one_that_is_not_there_cannot_be_guessed():
    chain, predictions = build(Experiment()), hiding("conv")
    predictions.take(chain, {"op": "reveal", "index": [0, 0, 0, 0]})
    for index in ([0, 0, 0, 0], [0, 0, 9, 0], [0, 0, -1, 0], [0, 0], "0", None, [0, 0, 0, 0.5], [[0], 0, 0, 0]):
        assert predictions.take(chain, {"op": "guess", "index": index, "value": "1"})
    assert predictions.score.asked == 1


def test_other_numbers_are_a_new_question_and_the_score_stays():
    chain, predictions = build(Experiment()), hiding("conv")
    predictions.take(chain, {"op": "reveal", "index": [0, 0, 0, 0]})
    assert described(predictions, build(BIASED))["answers"] == []
    assert predictions.score.asked == 1


def test_a_stage_that_does_not_fit_hides_nothing():
    large = apply(Experiment(), {"op": "kernel_size", "value": [7, 7]})
    told = described(hiding("pool"), build(large))
    assert (told["view"], told["stage"], told["options"]) == ("", None, [])


@pytest.mark.parametrize("view", ["conv", "activation", "pool", "scores", "probabilities"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_hints_go_from_the_rule_to_its_numbers_and_never_tell_the_result(view: str, activation: str, pooling: str):
    experiment = apply(BIASED, {"op": "activation", "value": activation})
    chain = build(apply(experiment, {"op": "pooling", "value": pooling}))
    stage = hiding(view).stage(chain)
    assert stage is not None
    index = (0, 0, 0, 0)[: chain.trace.stages[stage].output.ndim]
    rule, written = hints(chain, stage, index)
    assert rule.endswith(".")
    assert written.endswith(("= ?", "."))
    value = chain.trace.stages[stage].output[index]
    assert f"= {value:.5g}" not in written


def test_hints_come_one_at_a_time_and_two_are_all():
    chain, predictions = build(Experiment()), hiding("conv")
    for shown in (1, 2, 2):
        predictions.take(chain, {"op": "hint", "index": [0, 0, 0, 0]})
        [told] = described(predictions, chain)["answers"]
        assert len(told["hints"]) == shown
    assert told["hints"][1] == "1 × 1 + 3 × (−1) + 4 × 1 + 6 × (−1) + 7 × 1 + 9 × (−1) = ?"


@pytest.mark.parametrize(
    ("view", "index", "wrong", "word"),
    [
        ("conv", (0, 0, 0, 0), -6, "bias is missing"),  # -4 with its bias of 2
        ("conv", (0, 0, 0, 0), 47, "without its weights"),
        ("conv", (0, 0, 0, 0), 8, "sign is the wrong way"),
        ("conv", (0, 0, 0, 0), 32, "negative products as positive"),
        ("conv", (0, 0, 0, 1), -4, "row and column exchanged"),
        ("activation", (0, 0, 0, 0), -4, "unchanged"),
        ("activation", (0, 0, 0, 0), 4, "sign around"),
        ("probabilities", (0, 0), None, "another class"),
    ],
)
def test_a_slip_that_is_often_made_is_named(view: str, index: tuple[int, ...], wrong: float | None, word: str):
    chain = build(BIASED)
    stage = hiding(view).stage(chain)
    assert stage is not None
    output = chain.trace.stages[stage].output
    found = mistake(chain, stage, index, float(output[0, 1]) if wrong is None else wrong, 0.005)
    assert word in found


@pytest.mark.parametrize(
    ("activation", "said"),
    [("relu", "for a negative number"), ("leaky_relu", "what ReLU gives"), ("sigmoid", ""), ("tanh", "")],
)
def test_a_0_is_called_what_relu_makes_of_a_negative_number_only_where_it_is(activation: str, said: str):
    chain = build(apply(Experiment(), {"op": "activation", "value": activation}))
    outputs = chain.trace.stages[0].output, chain.trace.stages[1].output
    positive, negative = (0, 0, 0, 1), (0, 0, 0, 0)
    assert outputs[0][positive] > 0 > outputs[0][negative]
    asked = positive if activation == "relu" else negative
    told = mistake(chain, 1, asked, 0.0, 0.0005)
    assert said in told
    assert bool(said) == bool(told)


def test_a_turned_kernel_is_named_where_it_makes_a_difference():
    chain = build(apply(Experiment(), {"op": "kernel", "output": 0, "values": [[0, 1, 0], [0, 0, 2], [0, 0, 0]]}))
    values = [4 * 2, 8]  # turned: 2 meets the cell at the left of the middle, 1 the one below it
    assert "true convolution" in mistake(chain, 0, (0, 0, 0, 0), float(sum(values)), 0.005)


def test_a_wrong_number_of_no_known_slip_says_so_and_keeps_the_cell_hidden():
    chain, predictions = build(Experiment()), hiding("conv")
    guess(predictions, chain, (0, 0, 0, 0), "777")
    answer = predictions.answers[0, 0, 0, 0]
    assert answer.told == "777 is not it. Try again, or take a hint."
    assert not answer.open


def test_where_no_hint_is_left_none_is_offered():
    chain, predictions = build(Experiment()), hiding("conv")
    index = (0, 0, 0, 0)
    guess(predictions, chain, index, "777")
    for left in (True, False):
        predictions.take(chain, {"op": "hint", "index": list(index)})
        assert ("take a hint" in predictions.answers[index].told) is left
    guess(predictions, chain, index, "778")
    assert predictions.answers[index].told == "778 is not it. Try again: all that it needs stands below."


def test_e_to_the_score_that_was_not_divided_is_named():
    chain = build(EXERCISES["softmax"].steps[0].scenario.experiment)
    for number, score in enumerate(chain.trace.stages[4].output[0]):
        assert "divides it by the sum" in mistake(chain, 5, (0, number), round(math.exp(score), 2), 0.005)
    large = build(apply(Experiment(), {"op": "dense_bias", "features": 1, "cells": [[0, 1000]]}))
    assert mistake(large, 5, (0, 0), 12.0, 0.005) == ""


def test_a_wrong_number_is_told_with_the_minus_sign_of_all_numbers_on_screen():
    chain, predictions = build(Experiment()), hiding("conv")
    guess(predictions, chain, (0, 0, 0, 0), "-777e-1")
    assert predictions.answers[0, 0, 0, 0].told.startswith("−777e−1 is not it.")


def test_a_prediction_is_no_step_to_undo_and_outlives_a_page_switch():
    session = Session()
    identity = {"session": session.identity}
    session.receive({**identity, "edits": [{"op": "hide", "value": "conv", "revision": 1}]})
    session.receive({**identity, "edits": [{"op": "reveal", "index": [0, 0, 0, 0], "revision": 2}]})
    assert not session.can_undo()
    assert described(session.predictions, session.chain)["answers"][0]["open"]
    session.receive({**identity, "edits": [{"op": "hide", "value": "", "revision": 3}]})
    assert described(session.predictions, session.chain)["view"] == ""
