"""Lessons and exercises: every exercise can be solved and is not solved by itself; what a step keeps is refused."""

import math
import re
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cnn_core import cross_entropy, softmax
from pages.shared.answers import explanation
from pages.shared.backward import Target
from pages.shared.chain import build, stage_of
from pages.shared.columns import columns
from pages.shared.edits import _OPERATIONS, apply
from pages.shared.edits.checked import VALUE_LIMIT, EditRefusedError
from pages.shared.experiment import Experiment, with_photo
from pages.shared.learn.course import COURSE
from pages.shared.learn.desk import OWN, LearnDesk
from pages.shared.learn.exercises import EXERCISES
from pages.shared.learn.formulas import _FORMULAS, formulas
from pages.shared.learn.goals import quantity
from pages.shared.learn.groups import GROUPS, allows, offered
from pages.shared.learn.lesson import (
    TEXT_LONGEST,
    Lesson,
    Step,
    from_file,
    from_link,
    predicting,
    to_file,
    to_link,
)
from pages.shared.learn.lessons import LESSONS, READ
from pages.shared.learn.told import seen, told_course, told_lesson
from pages.shared.message import learn_message
from pages.shared.photo import open_photo
from pages.shared.samples import ASSETS
from pages.shared.scenario import Scenario
from pages.shared.session import Session, _remember
from tests.app.test_message import unpack
from tests.helpers.memory import held

STEPS = [(name, k) for name, lesson in COURSE.items() for k in range(len(lesson.steps))]
PREDICTING = [name for name, lesson in EXERCISES.items() if lesson.steps[0].goal.kind == "predict"]  # type: ignore[union-attr]


def at(name: str, step: int = 0) -> LearnDesk:
    desk = LearnDesk()
    desk.go(name, step)
    return desk


def kernel(*rows: list[float]) -> dict[str, Any]:
    return {"op": "kernel", "output": 0, "values": list(rows)}


# What solves each exercise that is not a prediction, by hand.
SOLUTIONS: dict[str, list[dict[str, Any]]] = {
    "halve": [{"op": "stride", "value": 2}, {"op": "padding", "value": 1}],
    "keep": [{"op": "padding", "value": 2}],
    "see_seven": [{"op": "dilation", "value": 3}],
    "as_it_was": [kernel([0, 0, 0], [0, 1, 0], [0, 0, 0])],
    "mean": [kernel(*[[0.1111] * 3] * 3)],
    "one_to_the_right": [kernel([0, 0, 0], [1, 0, 0], [0, 0, 0])],
    "upright": [kernel([1, 0, -1], [2, 0, -2], [1, 0, -1])],
    "corner": [kernel([-2, -2, -2], [-2, 1, 1], [-2, 1, 1])],
    "five_silent": [{"op": "bias", "output": 0, "value": -7}],
    "unnoticed": [{"op": "cells", "plane": None, "cells": [[0, 1, 1], [1, 0, 2], [2, 0, 2], [0, 2, 0]]}],
    "count_weights": [{"op": "answer", "value": "112"}],
    "count_work": [{"op": "answer", "value": "6084"}],
    "c_wins": [{"op": "dense", "features": 9, "cells": [[2, 1, 1], [2, 2, 1]]}],
    "downhill": [kernel([0.3, -0.7, 1], [-0.2, 0.3, 0], [0.3, -0.2, 1])],
}
# Nearly, but not.
MISSES: dict[str, list[dict[str, Any]]] = {
    "halve": [{"op": "stride", "value": 2}],
    "keep": [{"op": "padding", "value": 1}],
    "see_seven": [{"op": "dilation", "value": 2}],
    "as_it_was": [kernel([0, 0, 0], [0, 1, 0], [0, 0, 0.5])],
    "mean": [kernel(*[[0.12] * 3] * 3)],
    "one_to_the_right": [kernel([0, 0, 0], [0, 0, 1], [0, 0, 0])],
    "upright": [kernel([1, 0, -1], [2, 0, -2], [1, 0, 0])],
    "corner": [kernel([-1, -1, -1], [0, 1, 1], [0, 1, 1])],
    "five_silent": [{"op": "bias", "output": 0, "value": -8}],
    "unnoticed": [{"op": "cells", "plane": None, "cells": [[0, 0, 9], [0, 1, 1], [1, 0, 2], [2, 0, 2]]}],
    "count_weights": [{"op": "answer", "value": "108"}],
    "count_work": [{"op": "answer", "value": "676"}],
    "c_wins": [{"op": "dense", "features": 9, "cells": [[2, 1, 0]]}],
    "downhill": [kernel([1, -0.5, 0.5], [0, 0.5, -0.5], [0.5, 0, 0.5])],
}


def do(desk: LearnDesk, edit: dict[str, Any]) -> None:
    desk.notice = ""
    desk.edit({"revision": desk.revision + 1, **edit})


def carry_out(desk: LearnDesk, edits: list[dict[str, Any]]) -> None:
    for edit in edits:
        do(desk, edit)
        assert desk.notice == "", edit


def test_lessons_and_exercises_are_as_many_as_promised_and_share_no_name():
    assert len(LESSONS) >= 9
    assert len(EXERCISES) >= 12
    assert len(COURSE) == len(LESSONS) + len(EXERCISES)


def test_every_exercise_has_a_solution_here():
    assert set(SOLUTIONS) == set(MISSES) == set(EXERCISES) - set(PREDICTING)


@pytest.mark.parametrize("name", list(EXERCISES))
def test_no_exercise_is_solved_by_itself(name: str):
    verdict = at(name).verdict
    assert verdict is not None
    assert not verdict.met


@pytest.mark.parametrize("name", list(SOLUTIONS))
def test_the_solution_is_taken_for_one_within_what_the_exercise_leaves_open(name: str):
    desk = at(name)
    carry_out(desk, SOLUTIONS[name])
    assert desk.verdict is not None
    assert desk.verdict.met, desk.verdict.told
    assert (name, 0) in desk.done


@pytest.mark.parametrize("name", list(MISSES))
def test_what_comes_close_is_not_and_the_verdict_says_how_far_it_is(name: str):
    desk = at(name)
    carry_out(desk, MISSES[name])
    assert desk.verdict is not None
    assert not desk.verdict.met
    assert len(desk.verdict.told) > 10


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([[1] * 3] * 3, "Where nothing changes it gives 81, as at "),
        ([[1] * 3, [1, 15, 1], [1] * 3], "Where nothing changes it gives 207, as at "),
        ([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], "At a horizontal edge it gives −27, as at "),
        ([[1, 0, -1]] * 3, "At a vertical edge it gives −27, as at "),
    ],
)
def test_what_a_kernel_does_at_edges_is_told_by_a_number_on_the_map_and_its_cell(rows: list[list[float]], said: str):
    desk = at("upright")
    carry_out(desk, [kernel(*rows)] if rows != [[1] * 3] * 3 else [])
    assert desk.verdict is not None
    number, row, column = re.match(r".*? gives (\S+), as at \[(\d+), (\d+)\]", desk.verdict.told).groups()  # type: ignore[union-attr]
    assert desk.verdict.told.startswith(said)
    shown = stage_of(desk.chain, "conv")
    assert shown is not None
    assert shown[0, 0, int(row), int(column)] == float(number.replace("−", "-"))


def test_what_a_kernel_does_at_an_edge_that_the_map_does_not_have_is_told_with_that_edge():
    desk = at("upright")
    carry_out(desk, [kernel([0, 0, 0], [0, 1, 0], [0, 0, 0])])
    desk.put(apply(desk.experiment, {"op": "pattern", "value": "checkerboard"}))
    assert desk.verdict is not None
    assert desk.verdict.told == "On a flat picture of 5s it gives 5, and should give 0."


@pytest.mark.parametrize("name", PREDICTING)
def test_a_prediction_exercise_is_solved_by_the_numbers_of_cnn_core_and_not_by_giving_cells_away(name: str):
    step = COURSE[name].steps[0]
    assert step.goal is not None
    most = step.goal.asked["cells"]
    for op, met in (("reveal", False), ("guess", True)):
        desk = at(name)
        stage = desk.predictions.stage(desk.chain)
        assert stage is not None
        output = desk.chain.trace.stages[stage].output
        for index in list(np.ndindex(*output.shape))[:most]:
            do(desk, {"op": op, "index": list(index), "value": f"{output[index]:.6f}"})
        assert desk.verdict is not None
        assert desk.verdict.met is met


def test_a_cell_shown_after_a_hint_is_counted_in_the_verdict_at_once():
    desk = at("one_cell")
    do(desk, {"op": "hint", "index": [0, 0, 0, 0]})
    before = desk.verdict
    do(desk, {"op": "reveal", "index": [0, 0, 0, 0]})
    after = desk.verdict
    assert before is not None
    assert after is not None
    assert "shown" not in before.told
    assert "1 cell was shown" in after.told


def test_the_worked_answers_are_what_a_hand_gets():
    assert quantity("parameters", at("count_weights").chain) == 4 * (3 * 3 * 3 + 1)
    assert quantity("multiplications", at("count_work").chain) == 26 * 26 * 9
    shared = at("sharing").chain  # 28 × 28 to 26 × 26
    assert quantity("dense_parameters", shared) == 784 * 676 + 676
    assert quantity("dense_multiplications", shared) == 784 * 676


def test_a_layer_is_counted_without_being_drawn():
    shared = at("sharing").chain
    assert held(quantity, "dense_multiplications", shared)[1] < 784 * 676


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_every_step_opens_as_it_says_with_its_formulas_and_columns(name: str, step: int):
    desk = at(name, step)
    made = COURSE[name].steps[step]
    told = told_lesson(desk, made.scenario.pin or (0, (0, 0, 0, 0)))
    assert told is not None
    assert told["paragraphs"]
    assert all(len(text) < TEXT_LONGEST for text in told["paragraphs"])
    assert len(told["formulas"]) == len(made.formulas)
    assert desk.chain.problem is None
    shown = seen(columns(desk.chain, 0), made)
    assert [column["view"] for column in shown] == list(made.columns or ())
    if made.hidden:
        assert desk.predictions.view == made.hidden
        assert made.hidden in (made.columns or ())


def test_formulas_hold_the_numbers_on_screen():
    desk = at("sliding", 2)
    [size] = formulas(("size",), desk.chain, (0, (0, 0, 0, 0)))
    assert size.here == "⌊(12 − 3) / 2⌋ + 1 = 5"
    [cell] = formulas(("cell",), at("kernel").chain, (0, (0, 0, 0, 1)))
    assert cell.here == "2·1 + 3·0 + 0·(−1) + 5·1 + 6·0 + 1·(−1) + 8·1 + 9·0 + 2·(−1) + 0 = 12"
    [formula] = formulas(("softmax",), at("class", 1).chain, (5, (0, 0)))
    lines = formula.here.split("\n")
    assert sum(float(line.rsplit(" ", 1)[1]) for line in lines) == pytest.approx(1, abs=2e-3)
    powers = [Fraction(line.split(" ≈ ")[1].split(";")[0]) for line in lines]
    assert {Fraction(line.split(" / ")[1].split(" ")[0]) for line in lines} == {sum(powers)}


def softmax_of(*scores: float) -> str:
    """What a lesson's softmax is told as, of an experiment with these scores."""
    chain = build(Experiment())
    stages = list(chain.trace.stages)
    for view, made in (("scores", np.array([scores])), ("probabilities", softmax(np.array([scores])))):
        place = next(k for k, step in enumerate(chain.steps) if step.view == view)
        stages[place] = replace(stages[place], output=made)
    [told] = formulas(("softmax",), replace(chain, trace=replace(chain.trace, stages=tuple(stages))), (5, (0, 0)))
    return told.here


@pytest.mark.parametrize(
    "scores", [(0.1643, 0.3, -1.2), (2, 2, 2), (-6.9, -7.4, -9), (0.0123, -7.5, -6.2), (6.99, -3, 1), (0, -700, 0)]
)
def test_a_lesson_s_softmax_divides_the_digits_that_it_shows(scores: tuple[float, ...]):
    told = re.findall(r"≈ (\S+); (\S+) / (\S+) ([=≈]) (\S+)$", softmax_of(*scores), re.MULTILINE)
    assert len(told) == len(scores)
    for power, above, below, sign, share in told:
        assert power == above
        quotient = Fraction(above) / Fraction(below)
        assert share == f"{float(quotient):.3f}"
        assert (sign == "=") == (quotient == Fraction(share))


def test_powers_whose_digits_do_not_add_up_are_told_with_what_they_lack():
    chain = build(Experiment())
    scores = next(k for k, step in enumerate(chain.steps) if step.view == "scores")
    thirds = np.log(np.full((1, chain.trace.stages[scores].output.shape[1]), 1 / 3))
    stages = list(chain.trace.stages)
    stages[scores] = replace(stages[scores], output=thirds)
    [formula] = formulas(("softmax",), replace(chain, trace=replace(chain.trace, stages=tuple(stages))), (5, (0, 0)))
    *terms, end = formula.here.split("\n")[-1].replace(" − ", " + −").split(" + ")
    rest, whole = end.split(" (remainder) = ")
    assert sum(Fraction(term) for term in terms) + Fraction(rest.replace("−", "-")) == Fraction(whole)


LIMITS: dict[str, dict[str, Any]] = {
    "a large cell": {"op": "cells", "plane": None, "cells": [[0, 0, VALUE_LIMIT]]},
    "a low cell": {"op": "cells", "plane": None, "cells": [[0, 0, -VALUE_LIMIT]]},
    "large cells": {"op": "grid", "value": [[VALUE_LIMIT] * 6] * 6},
    "low cells": {"op": "grid", "value": [[-VALUE_LIMIT] * 6] * 6},
    "both": {"op": "grid", "value": [[VALUE_LIMIT, -VALUE_LIMIT] * 3] * 6},
}


@pytest.mark.parametrize("numbers", LIMITS)
def test_every_formula_of_a_lesson_is_told_of_the_largest_numbers_that_can_be_typed(
    numbers: str, caplog: pytest.LogCaptureFixture
):
    kernels = ({"op": "kernel", "output": 0, "values": [[side * VALUE_LIMIT] * 3] * 3} for side in (1, -1))
    for edits in ((LIMITS[numbers],), *((LIMITS[numbers], kernel) for kernel in kernels)):
        for name, step in STEPS:
            if not COURSE[name].steps[step].formulas:
                continue
            kept = Session()
            kept.learn.go(name, step)
            for edit in edits:
                with suppress(EditRefusedError):  # a photograph's pixels go from 0 to 1
                    kept.learn.put(apply(kept.learn.experiment, edit))
            header, _ = unpack(learn_message(kept, upload_limit=1))
            assert not [told for told in header["lesson"]["formulas"] if re.search(r"nan|inf", told["here"])]
    assert not caplog.records


def test_large_numbers_of_a_formula_are_written_out_as_those_of_the_maps_are():
    chain = build(apply(Experiment(), {"op": "grid", "value": [[-VALUE_LIMIT, 12_345, 5], [0] * 3, [0] * 3]}))
    [cell] = formulas(("cell",), chain, (0, (0, 0, 0, 0)))
    assert cell.here.startswith("(−1000000)·1 + 12345·0 + 5·(−1) + 0·1")
    assert cell.here.endswith(" = −1000005")
    chain = build(apply(Experiment(), {"op": "grid", "value": [[-9999.6, 9999.4, 5], [0] * 3, [0] * 3]}))
    [cell] = formulas(("cell",), chain, (0, (0, 0, 0, 0)))
    assert cell.here.startswith("(−10000)·1 + 9999·0 + 5·(−1)")


@pytest.mark.parametrize("score", [10_000, -10_000, 700, -40])
def test_of_large_scores_the_largest_is_taken_off_before_their_powers_and_that_is_said(score: float):
    chain = build(Experiment())
    scores = next(k for k, step in enumerate(chain.steps) if step.view == "scores")
    stages = list(chain.trace.stages)
    values = np.array([[score, score - 0.5, score - 1.0]])
    stages[scores] = replace(stages[scores], output=values)
    [formula] = formulas(("softmax",), replace(chain, trace=replace(chain.trace, stages=tuple(stages))), (5, (0, 0)))
    said, *lines = formula.here.split("\n")
    assert said.startswith(f"the largest score, {score}, is taken off first".replace("-", "−"))
    assert formula.rule == "e^(score − largest) / sum of these powers over all classes"
    powers = [line.split("; ")[0] for line in lines[:3]]
    assert powers == ["A: e^0 ≈ 1.0000", "B: e^−0.5 ≈ 0.6065", "C: e^−1 ≈ 0.3679"]


def test_a_formula_that_fails_is_left_out_and_the_page_is_not(monkeypatch: pytest.MonkeyPatch):
    def fails(*_: Any) -> None:
        math.exp(1e4)

    monkeypatch.setitem(_FORMULAS, "size", fails)
    assert [told.name for told in formulas(("size", "channels"), build(Experiment()), (0, (0, 0, 0, 0)))] == [
        "Weights of the convolution"
    ]


def test_a_formula_claims_equality_only_where_its_shown_digits_give_it():
    exact = formulas(("cell",), at("kernel").chain, (0, (0, 0, 0, 1)))[0].here
    assert exact.endswith("+ 0 = 12")
    blurred = at("kernel", 1)
    carry_out(blurred, [kernel(*[[1 / 9] * 3] * 3)])
    rounded = formulas(("cell",), blurred.chain, (0, (0, 0, 4, 4)))[0].here
    terms, value = rounded.split(" ≈ ")
    shown = sum(float(a) * float(b) for a, b in (part.split("·") for part in terms.split(" + ")[:-1]))
    assert shown != float(value)
    assert shown == pytest.approx(float(value), rel=1e-3)


def test_every_formula_is_left_out_where_the_chain_stops_before_its_numbers():
    large = build(apply(Experiment(), {"op": "kernel_size", "value": [7, 7]}))
    assert formulas(tuple(_FORMULAS), large, (-1, (0, 0, 0, 0))) == []


def test_pooling_stays_while_the_dot_moves_within_a_window_and_not_beyond():
    first, second, third = (at("pooling", k).chain.trace.stages[2].output for k in range(3))
    assert np.array_equal(first, second)
    assert not np.array_equal(second, third)
    assert not np.array_equal(*(at("pooling", k).chain.trace.stages[0].output for k in (0, 1)))


def test_a_step_downhill_lowers_the_loss_and_can_be_undone():
    desk = at("learning", 1)
    losses = []
    for _ in range(6):
        losses.append(float(cross_entropy(desk.chain.trace.stages[4].output, np.array([0]))[0]))
        do(desk, {"op": "descend"})
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 2
    after = desk.experiment.bank
    do(desk, {"op": "undo"})
    assert not np.array_equal(desk.experiment.bank, after)


def test_a_cell_that_was_pinned_as_a_step_was_left_is_not_pinned_in_the_next():
    desk = at("learning", 1)
    told = {"session": desk.identity, "open": desk.what_is_open, "target": "", "have": []}
    pin = {"stage": 0, "index": [0, 0, 1, 1], "count": 1}
    desk.receive({**told, "edits": [{"op": "step", "value": 0, "revision": 1}], "pin": pin})
    assert (desk.number, desk.pin, desk.target) == (0, READ, Target("loss", 0))
    # What was sent before the answer came speaks of the step that was left.
    desk.receive({**told, "edits": [], "pin": {**pin, "count": 2}})
    assert (desk.pin, desk.target) == (READ, Target("loss", 0))


def test_a_lesson_on_gradients_opens_on_one_that_is_a_sum_of_what_it_shows():
    desk = at("learning", 0)
    _, found = desk.backward
    asked = found.explain(*desk.pin)
    assert sum(term.product != 0 for term in asked.terms) > 2
    assert {term.stage for term in asked.terms} == {0}
    assert "conv" in LESSONS["learning"].steps[0].columns


def test_a_step_downhill_is_what_the_formula_says():
    desk = at("learning", 1)
    [formula] = formulas(("learning",), desk.chain, (0, (0, 0, 0, 0)))
    do(desk, {"op": "descend"})
    assert formula.here.split("\n")[1].endswith(f"≈ {desk.experiment.bank[0, 0, 0, 0]:.4g}")


def test_a_step_downhill_is_worked_out_of_the_very_digits_that_stand_before_it():
    desk = at("learning", 1)
    for _ in range(12):
        [formula] = formulas(("learning",), desk.chain, (0, (0, 0, 0, 0)))
        plain = formula.here.split("\n")[1].split(": ")[1].replace("−", "-").replace("(", "").replace(")", "")
        weight, rate, gradient, after = re.fullmatch(r"(\S+) - (\S+) · (\S+) [=≈] (\S+)", plain).groups()
        assert f"{float(weight) - float(rate) * float(gradient):.4g}" == after
        do(desk, {"op": "descend"})


def test_a_cell_and_a_mean_are_worked_out_of_the_very_digits_that_stand_before_them():
    desk = at("kernel", 1)
    carry_out(desk, [kernel(*[[0.12345, -1 / 3, 2 / 7]] * 3)])
    desk.put(apply(desk.experiment, {"op": "pooling", "value": "average"}))
    for row, column in ((4, 4), (2, 1), (0, 3), (7, 5)):
        [cell] = formulas(("cell",), desk.chain, (0, (0, 0, row, column)))
        terms, value = re.split(" [=≈] ", cell.here.replace("(", "").replace(")", "").replace("−", "-"))
        *products, bias = terms.split(" + ")
        made = math.fsum(float(a) * float(b) for a, b in (each.split("·") for each in products)) + float(bias)
        assert f"{made:.4g}" == f"{float(value):.4g}"
    for row in range(4):
        [mean] = formulas(("pooling",), desk.chain, (2, (0, 0, row, row)))
        terms, count, value = re.fullmatch(r"\((.*)\) / (\d+) [=≈] (\S+)", mean.here.replace("−", "-")).groups()
        made = math.fsum(float(each.strip("()")) for each in terms.split(" + ")) / int(count)
        assert f"{made:.4g}" == f"{float(value):.4g}"


def test_the_loss_is_the_logarithm_of_the_probability_beside_it_digit_by_digit():
    for number in range(2):
        desk = at("learning", number)
        for _ in range(4):
            [formula] = formulas(("learning",), desk.chain, (0, (0, 0, 0, 0)))
            share, loss = re.search(r"−log ([\d.]+) ≈ ([\d.]+)\n", formula.here).groups()
            assert f"{-math.log(float(share)):.4f}" == loss
            assert f"{desk.chain.trace.output[0, 0]:.6g}" == share
            do(desk, {"op": "descend"})


def test_nothing_is_learned_where_the_step_does_not_speak_of_it():
    desk = at("kernel")
    do(desk, {"op": "descend"})
    assert desk.notice
    assert not desk.can_undo()


def test_what_a_step_keeps_is_refused_whole_and_what_it_leaves_open_is_taken():
    desk = at("halve")
    do(desk, {"op": "kernel", "output": 0, "values": [[1]]})
    assert desk.notice == "In this step the kernel's weights cannot be changed; in Explore everything can."
    do(desk, {"op": "several", "edits": [{"op": "stride", "value": 2}, {"op": "bias", "output": 0, "value": 1}]})
    assert desk.experiment.stride == (1, 1)
    carry_out(desk, [{"op": "stride", "value": 2}])
    assert desk.experiment.stride == (2, 2)


def test_every_edit_belongs_to_one_group_and_every_control_of_explore_to_some():
    in_groups = [op for group in GROUPS.values() for op in group.operations]
    assert sorted(in_groups) == sorted(set(_OPERATIONS) - {"several"})
    rgb = apply(Experiment(), {"op": "sample", "value": "shapes"})
    rgb = apply(apply(rgb, {"op": "colour", "value": "rgb"}), {"op": "activation", "value": "leaky_relu"})
    for experiment in (Experiment(), rgb):
        for column in columns(build(experiment), 0):
            kept = offered(column["controls"], set(GROUPS))
            assert kept == column["controls"], column["view"]


def test_without_groups_only_what_reads_is_offered_and_no_heading_stands_alone():
    for column in columns(build(Experiment()), 0):
        kept = offered(column["controls"], ())
        assert all(control["kind"] in ("command", "heading") for control in kept)
        assert not kept or kept[-1]["kind"] != "heading"
    assert not allows({"op": "nothing"}, set(GROUPS))


def test_a_step_is_found_as_it_was_left_and_begins_anew_when_asked():
    desk = at("sliding", 1)
    carry_out(desk, [{"op": "padding", "value": 2}, {"op": "step", "value": 2}, {"op": "step", "value": 1}])
    assert desk.experiment.padding == ((2, 2), (2, 2))
    assert desk.can_undo()
    do(desk, {"op": "again"})
    assert desk.experiment.padding == ((1, 1), (1, 1))
    assert not desk.can_undo()


def test_what_other_steps_hold_takes_no_undo_from_the_open_one_and_gives_way_first(monkeypatch: pytest.MonkeyPatch):
    desk = LearnDesk()
    photo = open_photo((ASSETS / "photograph.jpg").read_bytes(), "mine.jpg")
    pictured = Step("Look.", Scenario(with_photo(Experiment(), photo)))
    desk.bring(Lesson("Own", (pictured, pictured, pictured)))
    one = photo.pixels.nbytes
    monkeypatch.setattr("pages.shared.desk._HISTORY_BYTES", desk.weight() + 7 * one)
    for step in range(3):
        desk.go(OWN, step)
        for k in range(4):
            do(desk, {"op": "cells", "plane": None, "cells": [[k, 0, 0.5]]})
        assert len(desk.history) == 5
    last = desk.experiment
    # The step that was left first has given its undo, and nothing that is on screen there.
    desk.go(OWN, 0)
    assert (len(desk.history), desk.position) == (1, 0)
    assert desk.experiment.input[0, :4, 0].tolist() == [0.5] * 4
    desk.go(OWN, 2)
    assert desk.experiment is last
    assert len(desk.history) == 5


def test_whoever_comes_back_to_a_prediction_that_is_still_open_finds_its_question():
    desk = at("softmax")
    asked = desk.pin
    desk.pin = (4, (0, 0))
    desk.go("", 0)
    desk.go("softmax", 0)
    assert desk.pin == asked
    desk.pin = (5, (0, 1))  # of the hidden stage too
    desk.go("", 0)
    desk.go("softmax", 0)
    assert desk.pin == (5, (0, 1))


def test_an_address_that_is_gone_back_to_finds_its_step_as_it_was_left():
    desk = at("sliding", 1)
    do(desk, {"op": "padding", "value": 2})
    code = desk.link().code
    carry_out(desk, [{"op": "step", "value": 2}, {"op": "follow", "value": code}])
    assert (desk.name, desk.number, desk.experiment.padding) == ("sliding", 1, ((2, 2), (2, 2)))
    carry_out(desk, [{"op": "follow", "value": ""}])
    assert desk.lesson is None


def test_a_teacher_s_lesson_that_is_gone_back_to_is_the_one_that_was_begun():
    steps = tuple(Step(text, Scenario(Experiment())) for text in ("One.", "Two."))
    desk = LearnDesk()
    desk.bring(Lesson("Mine", steps))
    carry_out(desk, [{"op": "step", "value": 1}, {"op": "stride", "value": 2}])
    code = desk.link().code
    carry_out(desk, [{"op": "overview"}, {"op": "follow", "value": code}])
    assert (desk.number, desk.experiment.stride) == (1, (2, 2))


@pytest.mark.parametrize("value", [99, -1, "x", None, 0.5, [1]])
def test_a_step_that_there_is_not_leads_to_the_nearest(value: Any):
    desk = at("sliding", 1)
    do(desk, {"op": "step", "value": value})
    assert desk.number in (0, 2)


def test_what_was_predicted_and_answered_is_found_again_too():
    desk = at("one_cell")
    do(desk, {"op": "reveal", "index": [0, 0, 0, 0]})
    carry_out(desk, [{"op": "lesson", "value": "count_work"}, {"op": "answer", "value": "7"}, {"op": "clue"}])
    carry_out(desk, [{"op": "lesson", "value": "one_cell"}])
    assert desk.predictions.answers[0, 0, 0, 0].open
    carry_out(desk, [{"op": "lesson", "value": "count_work"}])
    assert (desk.answer, desk.clues) == ("7", 1)


def test_what_was_shown_and_not_predicted_is_told_with_what_to_press_for_another_try():
    desk = at("a_row")
    for column, told in enumerate(
        ("1 cell was shown, not predicted: “Begin again” hides it", "2 cells were shown, not predicted: “Begin again”")
    ):
        do(desk, {"op": "reveal", "index": [0, 0, 0, column]})
        assert desk.verdict is not None
        assert told in desk.verdict.told


def test_a_half_done_prediction_outlives_other_predictions_and_a_reload():
    desk = at("a_row")
    do(desk, {"op": "reveal", "index": [0, 0, 0, 0]})
    carry_out(desk, [{"op": "lesson", "value": "after_relu"}])
    do(desk, {"op": "reveal", "index": [0, 0, 0, 0]})
    carry_out(desk, [{"op": "overview"}])
    later = LearnDesk()
    later.take_over(desk)
    for one in (desk, later):
        one.go("a_row", 0)
        assert one.verdict is not None
        assert one.predictions.answers[0, 0, 0, 0].open


def test_a_bias_that_cannot_be_set_stands_under_the_kernel():
    [kernel_column] = [c for c in seen(columns(at("a_row").chain, 0), at("a_row").step, 1.0) if c["view"] == "kernel"]
    assert kernel_column["note"] == "bias 1"
    [kernel_column] = [c for c in seen(columns(at("relu").chain, 0), at("relu").step) if c["view"] == "kernel"]
    assert "bias" not in kernel_column["note"]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        ("class", {"pool": "⋯ convolution, ReLU not shown (6 × 6)"}),
        ("softmax", {"scores": "⋯ convolution, ReLU, pooling, flattening not shown (1 value)"}),
        ("learning", {"probabilities": "⋯ ReLU, pooling, flattening, fully connected not shown (3 classes)"}),
        ("max_pooling", {"activation": "⋯ convolution not shown (4 × 4)"}),
        ("a_row", {}),
    ],
)
def test_stages_that_a_step_leaves_out_are_named_between_the_columns(name: str, left_out: dict[str, str]):
    desk = at(name)
    shown = seen(columns(desk.chain, 0), desk.step)
    assert {c["view"]: c["note"].split("\n")[0] for c in shown if c["sign"] == "⋯"} == left_out
    assert "not shown" not in "".join(c["note"] for c in shown if c["view"] not in left_out)


def test_what_a_step_speaks_of_does_not_hide_behind_more():
    desk = at("see_seven")
    controls = [control for column in seen(columns(desk.chain, 0), desk.step) for control in column["controls"]]
    dilations = [c for c in controls if c.get("edit", {}).get("op") == "dilation"]
    assert {c["place"] for c in dilations if "axis" not in c["edit"]} == {"bottom"}
    assert {c["place"] for c in dilations if "axis" in c["edit"]} == {"more"}


def test_an_empty_answer_is_told_of_and_not_the_one_before():
    desk = at("count_work")
    assert desk.verdict == (False, "")
    carry_out(desk, [{"op": "answer", "value": "9"}])
    assert desk.verdict is not None
    assert desk.verdict.told.startswith("9 is not it.")
    carry_out(desk, [{"op": "answer", "value": ""}])
    assert desk.verdict.told.startswith("An empty field is not a number.")
    told = told_lesson(desk, (0, (0, 0, 0, 0)))
    assert told is not None
    assert told["goal"]["answer"] == ""


@pytest.mark.parametrize(
    ("name", "answer", "word"),
    [
        ("count_weights", "108", "biases"),
        ("count_weights", "28", "one kernel"),
        ("count_work", "676", "how many numbers"),
    ],
)
def test_an_answer_that_misses_by_a_known_slip_is_told_of_it(name: str, answer: str, word: str):
    desk = at(name)
    carry_out(desk, [{"op": "answer", "value": answer}])
    assert desk.verdict is not None
    assert word in desk.verdict.told


@pytest.mark.parametrize("answer", ["6084", "6,084", "6084,0", "6 084"])
def test_an_answer_may_part_its_thousands_as_the_page_does(answer: str):
    desk = at("count_work")
    carry_out(desk, [{"op": "answer", "value": answer}])
    assert desk.verdict is not None
    assert desk.verdict.told == "6084: right."


@pytest.mark.parametrize("name", [name for name, each in COURSE.items() if each.steps[0].scenario.target])
def test_a_step_that_shows_gradients_opens_at_a_cell_that_has_one(name: str):
    desk = at(name)
    assert desk.backward is not None
    stage, index = desk.pin
    found = desk.backward[1]
    assert abs((found.input if stage < 0 else found.stages[stage])[index]) > 0.1
    # As a gradient or, the gradients put away, as a value it is a sum worth reading.
    told = [found.explain(stage, index), desk.chain.trace.explain(stage, index)]
    assert max(sum(term.product != 0 for term in each.terms) for each in told) > 1


def test_a_gradient_in_a_lesson_is_asked_of_the_lesson():
    session = Session()
    _remember(session)
    session.learn.go("learning", 0)
    asked = {"at": "learn", "of": "loss:0", "index": "0,0,0,0", "param": "0.weight"}
    found = session.learn.backward
    assert found is not None
    told = explanation(session.identity, asked)
    assert told is not None
    assert told["value"] == found[1].explain_param("0.weight", (0, 0, 0, 0)).value
    assert explanation(session.identity, {**asked, "at": "explore"}) is None


def test_a_picture_that_a_link_cannot_carry_is_told_of_on_the_card_for_good():
    photo = open_photo((ASSETS / "photograph.jpg").read_bytes(), "mine.jpg")
    lesson = Lesson("x", (Step("Look.", Scenario(with_photo(Experiment(), photo))),))
    code = to_link(lesson).code
    assert code is not None
    desk = LearnDesk()
    desk.follow(code)
    told = told_lesson(desk, (0, (0, 0, 0, 0)))
    assert told is not None
    assert "a picture that a link cannot carry" in told["note"]
    back = from_file(to_file(lesson).encode())
    assert back is not None
    assert back.steps[0].scenario.notice == ""


@pytest.mark.parametrize(
    ("window", "hidden", "task"), [(2, "pool", "Predict one cell right."), (4, "", None)], ids=["one cell", "none"]
)
def test_without_its_picture_a_step_asks_for_no_more_cells_than_are_left(window: int, hidden: str, task: str | None):
    photo = open_photo((ASSETS / "photograph.jpg").read_bytes(), "mine.jpg")
    made_over = with_photo(apply(Experiment(), {"op": "pool_size", "value": window}), photo)
    step = Step("Look.", Scenario(made_over), hidden="pool", goal=predicting(3))
    code = to_link(Lesson("x", (step,))).code
    assert code is not None
    read = from_link(code).steps[0]
    assert read.hidden == hidden
    assert (read.goal and read.goal.task) == task
    back = from_file(to_file(Lesson("x", (step,))).encode())
    assert back is not None
    assert back.steps[0].goal == step.goal


def opened(session: Session) -> dict[str, Any]:
    """What the browser is told of the Learn page."""
    header, _ = unpack(learn_message(session, upload_limit=1))
    return header


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_what_a_step_asks_about_is_on_screen(name: str, step: int):
    session = Session()
    session.learn.go(name, step)
    header = opened(session)
    views = {each["stage"]: each["view"] for each in header["stages"]}
    desk = session.learn
    assert views[header["pin"]["stage"]] in {each["view"] for each in seen(columns(desk.chain, 0), desk.step)}
    assert header["explanation"]["stage"] == header["pin"]["stage"]


def test_where_a_teacher_s_step_leaves_the_pinned_stage_out_the_nearest_one_is_asked():
    session = Session()
    pinned = Scenario(Experiment(), pin=(0, (0, 0, 2, 2)))
    for columns_, nearest in ((("input", "kernel", "pool", "scores"), 2), (("input",), -1), (None, 0)):
        session.learn.own = Lesson("Own", (Step("Look.", pinned, columns=columns_),))
        session.learn.go("own", 0)
        assert opened(session)["pin"]["stage"] == nearest


def test_the_list_counts_what_is_done():
    desk = at("five_silent")
    carry_out(desk, SOLUTIONS["five_silent"])
    assert desk.verdict is not None
    do(desk, {"op": "overview"})
    assert desk.lesson is None
    counted = {entry["name"]: entry["done"] for entry in told_course(desk)}
    assert counted["five_silent"] == 1
    assert sum(counted.values()) == 1


def test_a_step_that_asks_nothing_is_done_once_somebody_goes_on_from_it():
    desk = at("sliding")

    def done() -> list[bool]:
        told = told_lesson(desk, (0, (0, 0, 0, 0)))
        return [] if told is None else [each["done"] for each in told["steps"]]

    def counted() -> int:
        return next(entry["done"] for entry in told_course(desk) if entry["name"] == "sliding")

    desk.go("", 0)  # looked into, no more
    assert counted() == 0
    desk.go("sliding", 0)
    desk.go("sliding", 2)
    desk.go("sliding", 1)  # going back is not going on
    assert done() == [True, False, False]
    desk.go("sliding", 2)
    assert counted() == 2
    desk.go("channels", 0)
    assert counted() == 3
    now = LearnDesk()
    now.take_over(desk)
    assert {("sliding", k) for k in range(3)} <= now.done


@pytest.mark.parametrize(("name", "step"), STEPS)
def test_a_lesson_s_address_opens_that_step(name: str, step: int):
    code = at(name, step).link().code
    assert code is not None
    desk = LearnDesk()
    desk.follow(code)
    assert (desk.name, desk.number, desk.notice) == (name, step, "")


@pytest.mark.parametrize("code", ["nonsense", "eJw", "sliding.x", "kernel.999999", "." * 30, "a" * 20_000])
def test_an_address_that_holds_no_lesson_gets_a_sentence_or_the_nearest_step(code: str):
    desk = LearnDesk()
    desk.follow(code)
    assert desk.lesson is not None or "Here are the lessons instead." in desk.notice


def test_a_reload_finds_the_lesson_its_step_and_what_was_done():
    before, now = Session(), Session()
    before.learn.go("five_silent", 0)
    carry_out(before.learn, SOLUTIONS["five_silent"])
    assert before.learn.verdict is not None
    now.learn.take_over(before.learn)
    assert (now.learn.name, now.learn.number) == ("five_silent", 0)
    assert now.learn.experiment.bias[0] == -7
    assert ("five_silent", 0) in now.learn.done


def test_whatever_is_pointed_at_with_a_mouse_a_lesson_says_is_tapped_on_a_phone():
    texts = [step.text for lesson in COURSE.values() for step in lesson.steps]
    sentences = [each for text in texts for each in re.split(r"(?<=[.:]) |\n+", text) if "oint at" in each]
    assert len(sentences) >= 2
    assert all(re.search(r"\btap\b", each) for each in sentences), sentences
