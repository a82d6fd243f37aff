"""A teacher's own lessons: made step by step, handed on as a link or a file, and opened as text that stays text."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pages.shared.backward import Target
from pages.shared.columns import columns
from pages.shared.edits import apply
from pages.shared.edits.checked import EditRefusedError
from pages.shared.experiment import Experiment
from pages.shared.learn import draft
from pages.shared.learn.desk import OWN, LearnDesk
from pages.shared.learn.lesson import (
    STEPS_MOST,
    TITLE_LONGEST,
    Lesson,
    Step,
    from_file,
    from_link,
    predicting,
    to_file,
    to_link,
)
from pages.shared.learn.told import seen, told_lesson
from pages.shared.link_code import ScenarioError, pack
from pages.shared.scenario import Scenario
from pages.shared.session import Session
from tests.app.test_learn import do

HOSTILE = "<script>window.hit = 1</script><img src=x onerror='window.hit = 1'><style>body { display: none }</style>"


def teacher_s() -> Lesson:
    first = apply(apply(Experiment(), {"op": "stride", "value": 2}), {"op": "padding", "value": 1})
    second = apply(Experiment(), {"op": "sample", "value": "brick"})
    return Lesson(
        "Edges",
        (
            Step(
                "Look.\n\nThen try.",
                Scenario(first, (0, (0, 0, 1, 1))),
                "First",
                frozenset({"stride", "weights"}),
                ("input", "kernel", "conv"),
                "conv",
                goal=predicting(1),
            ),
            Step("And on a wall.", Scenario(second, target=Target("score", 0), zoom=(3.5, 20.0, 11.5))),
        ),
    )


def same(a: Lesson, b: Lesson) -> bool:
    def plain(lesson: Lesson) -> Any:
        steps = [replace(step, scenario=Scenario(Experiment())) for step in lesson.steps]
        return lesson.title, [(s.text, s.title, s.show, s.columns, s.hidden) for s in steps]

    if plain(a) != plain(b):
        return False
    pairs = zip(a.steps, b.steps, strict=True)
    return all(
        (x.scenario.pin, x.scenario.target, x.scenario.zoom) == (y.scenario.pin, y.scenario.target, y.scenario.zoom)
        and np.array_equal(x.scenario.experiment.input, y.scenario.experiment.input)
        and x.scenario.experiment.stride == y.scenario.experiment.stride
        and x.scenario.experiment.padding == y.scenario.experiment.padding
        for x, y in pairs
    )


def test_a_teacher_s_lesson_comes_back_from_its_link_exactly():
    link = to_link(teacher_s())
    assert link.code is not None
    assert link.missing == ""
    assert same(from_link(link.code), teacher_s())


def test_a_teacher_s_lesson_comes_back_from_its_file_exactly():
    back = from_file(to_file(teacher_s()).encode())
    assert back is not None
    assert same(back, teacher_s())


def test_opening_a_teacher_s_link_gives_input_kernel_settings_controls_text_and_step():
    code = to_link(teacher_s()).code
    desk = LearnDesk()
    desk.follow(f"{code}.2")
    assert (desk.name, desk.number) == (OWN, 1)
    assert desk.experiment.on_photo
    assert desk.target == Target("score", 0)
    assert desk.zoom == (3.5, 20.0, 11.5)
    do(desk, {"op": "step", "value": 0})
    assert desk.experiment.stride == (2, 2)
    assert desk.pin == (0, (0, 0, 1, 1))
    assert desk.predictions.view == "conv"
    told = told_lesson(desk, (0, (0, 0, 1, 1)))
    assert told is not None
    assert told["paragraphs"] == ["Look.", "Then try."]
    shown = seen(columns(desk.chain, 0), desk.step)
    assert [column["view"] for column in shown] == ["input", "kernel", "conv"]
    edits = [control["edit"]["op"] for column in shown for control in column["controls"] if "edit" in control]
    assert set(edits) == {"stride", "transform", "random"}
    assert desk.link().code == code


def test_a_lesson_that_tells_of_its_gradients_beside_its_scenario_opens_with_them():
    lesson = from_link(pack({"title": "x", "steps": [{"text": "a", "target": "loss:1"}]}) or "")
    assert lesson.steps[0].scenario.target == Target("loss", 1)


def test_text_stays_the_text_it_is_whatever_is_written_in_it():
    hostile = Lesson(HOSTILE[:TITLE_LONGEST], (Step(HOSTILE, title=HOSTILE[:TITLE_LONGEST]),))
    code = to_link(hostile).code
    assert code is not None
    for back in (from_link(code), from_file(to_file(hostile).encode())):
        assert back is not None
        assert back.title == HOSTILE[:TITLE_LONGEST]
        assert back.steps[0].text == HOSTILE


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"title": "x", "steps": []},
        {"title": "x", "steps": [{"text": "a"}] * (STEPS_MOST + 1)},
        {"title": "x", "steps": ["a"]},
        {"title": 7, "steps": [{"text": "a"}]},
        {"title": "x", "steps": [{"text": 7}]},
        {"title": "x", "steps": [{"text": "a", "hidden": "nothing"}]},
        {"title": "x", "steps": [{"text": "a", "hidden": "conv", "cells": 0}]},
        {"title": "x", "steps": [{"text": "a", "hidden": "conv", "cells": "2"}]},
        {"title": "x", "steps": [{"text": "a", "show": "all"}]},
        {"title": "x", "steps": [{"text": "a", "columns": {"a": 1}}]},
        {"title": "x", "steps": [{"text": "a", "on": {"stride": 99}}]},
        {"title": "x", "steps": [{"text": "a", "on": "x"}]},
        {"title": "x", "steps": [{"text": "a", "on": {"grid": [[1e99]]}}]},
    ],
)
def test_a_link_that_was_tampered_with_gets_a_sentence(told: dict[str, Any]):
    code = pack(told) or "e"
    with pytest.raises(ScenarioError, match="could not be opened"):
        from_link(code)
    whole = {"kernelscope": "lesson", "version": 1, **told}
    with pytest.raises(ScenarioError):
        from_file(json.dumps(whole).encode())


def test_names_that_are_not_known_are_passed_over_and_control_characters_do_not_pass():
    code = pack(
        {"title": "a\u0000b\u202e", "steps": [{"text": "a\u0007b", "show": ["stride", "x", 7], "columns": ["y"]}]}
    )
    assert code is not None
    lesson = from_link(code)
    assert lesson.title == "a b"
    assert lesson.steps[0].text == "a b"
    assert lesson.steps[0].show == frozenset({"stride"})
    assert lesson.steps[0].columns == ("input",)


def test_a_lesson_too_long_for_a_link_says_so_and_fits_a_file():
    noise = apply(Experiment(), {"op": "grid", "value": np.random.default_rng(0).random((64, 64)).round(6).tolist()})
    lesson = Lesson("x", (Step("a", Scenario(noise)),) * 3)
    link = to_link(lesson)
    assert link.code is None
    assert "lesson file" in link.missing
    back = from_file(to_file(lesson).encode())
    assert back is not None
    assert len(back.steps) == 3


def test_a_draft_takes_what_is_on_screen_step_by_step():
    session = Session()
    identity = {"session": session.identity}
    words = {"title": "One", "text": "Look.", "show": ["stride"], "columns": None, "hidden": ""}
    edits: list[dict[str, Any]] = [
        {"op": "draft_title", "value": "Mine"},
        {"op": "stride", "value": 2},
        {"op": "draft_add", **words},
        {"op": "stride", "value": 1},
        {"op": "draft_add", **words, "text": "Now."},
        {"op": "draft_add", **words, "text": "  "},
    ]
    for k, edit in enumerate(edits):
        session.receive({**identity, "edits": [{**edit, "revision": k + 1}]})
    assert session.notice == "Write what the learner is to read or do, then add the step."
    steps = [{"title": "One", "text": "Look."}, {"title": "One", "text": "Now."}]
    assert draft.told(session.teaching) == {"title": "Mine", "steps": steps, "undo": True, "redo": False}
    made = session.teaching.state.steps
    assert [step.scenario.experiment.stride for step in made] == [(2, 2), (1, 1)]
    session.receive({**identity, "edits": [{"op": "draft_remove", "value": 0, "revision": 7}]})
    assert [step.text for step in session.teaching.state.steps] == ["Now."]
    assert session.can_undo()  # of the stride, not of the draft


def test_a_draft_has_an_end():
    full = Lesson("x", (Step("a"),) * STEPS_MOST)
    with pytest.raises(EditRefusedError, match="at most"):
        draft.changed(full, {"op": "add", "text": "b"}, Scenario(Experiment()))
    with pytest.raises(EditRefusedError, match="without what it needs"):
        draft.changed(Lesson("x", ()), {"op": "add", "text": 7}, Scenario(Experiment()))
    assert draft.changed(full, {"op": "clear"}, Scenario(Experiment())).steps == ()


def drafting(*texts: str) -> draft.DraftDesk:
    desk = draft.DraftDesk()
    for text in texts:
        desk.edit({"op": "add", "text": text, "revision": 1})
    return desk


def worded(desk: draft.DraftDesk) -> list[tuple[str, str]]:
    return [(step.title, step.text) for step in desk.state.steps]


def test_a_step_of_a_draft_is_rewritten_in_place_and_keeps_what_it_opens_with():
    scenario = Scenario(apply(Experiment(), {"op": "stride", "value": 2}), (0, (0, 0, 1, 1)))
    desk = draft.DraftDesk(scene=lambda: scenario)
    desk.edit({"op": "add", "text": "One", "show": ["stride"], "hidden": "conv", "cells": 2, "revision": 1})
    before = desk.state.steps[0]
    desk.edit({"op": "edit", "value": 0, "title": " First \n", "text": "One.\n\nTwo.", "revision": 2})
    assert desk.state.steps[0] == replace(before, title="First", text="One.\n\nTwo.")
    desk.edit({"op": "edit", "value": 0, "title": "First", "text": " ", "revision": 3})
    assert "remove the step" in desk.notice
    assert worded(desk) == [("First", "One.\n\nTwo.")]


@pytest.mark.parametrize(("at", "to", "after"), [(0, 1, "bac"), (2, 0, "cab"), (0, 2, "bca"), (1, 1, "abc")])
def test_a_step_of_a_draft_is_moved_to_where_it_is_wanted(at: int, to: int, after: str):
    desk = drafting("a", "b", "c")
    desk.edit({"op": "move", "value": at, "to": to, "revision": 2})
    assert "".join(text for _, text in worded(desk)) == after


@pytest.mark.parametrize("edit", [{"op": "move", "value": 0, "to": 3}, {"op": "edit", "value": -1}, {"op": "remove"}])
def test_a_step_that_is_not_there_is_not_touched_and_that_is_said(edit: dict[str, Any]):
    desk = drafting("a", "b", "c")
    before = desk.state
    desk.edit({**edit, "revision": 2})
    assert desk.state is before
    assert desk.notice == "That step is not there any more, so nothing was changed."


def test_every_change_of_a_draft_can_be_undone_and_done_again_and_none_is_no_step():
    desk = drafting("a", "b")
    for edit in (
        {"op": "move", "value": 0, "to": 1},
        {"op": "edit", "value": 0, "text": "c"},
        {"op": "edit", "value": 0, "text": "c"},  # as it was
        {"op": "remove", "value": 1},
        {"op": "clear"},
    ):
        desk.edit({**edit, "revision": 2})
    seen = []
    while desk.can_undo():
        seen.append("".join(text for _, text in worded(desk)))
        desk.edit({"op": "undo", "revision": 3})
    assert seen == ["", "c", "ca", "ba", "ab", "a"]
    while desk.can_redo():
        desk.edit({"op": "redo", "revision": 4})
    assert desk.state.steps == ()


def test_a_reload_finds_the_draft_and_its_undo():
    before, now = Session(), Session()
    for k, text in enumerate(("a", "b")):
        edit = {"op": "draft_add", "text": text, "revision": k + 1}
        before.receive({"session": before.identity, "edits": [edit]})
    now.teaching.take_over(before.teaching)
    now.receive({"session": now.identity, "edits": [{"op": "draft_undo", "revision": 1}]})
    assert [step.text for step in now.teaching.state.steps] == ["a"]


def test_what_is_to_be_predicted_is_among_what_the_learner_sees():
    desk = drafting()
    desk.edit({"op": "add", "text": "Say.", "columns": ["kernel", "pool"], "hidden": "conv", "cells": 3, "revision": 1})
    assert desk.state.steps[0].columns == ("input", "kernel", "conv", "pool")


def test_a_draft_asks_for_no_more_cells_than_its_hidden_stage_has():
    desk = drafting()
    desk.edit({"op": "add", "text": "Say.", "hidden": "pool", "cells": 7, "revision": 1})
    goal = desk.state.steps[0].goal
    assert goal is not None
    assert goal.task == "Predict one cell right."


def test_a_teacher_s_hidden_stage_is_a_goal_whose_progress_is_told():
    made = Lesson("x", (Step("Say.", hidden="conv", goal=predicting(2)),))
    for lesson in (made, from_link(to_link(made).code or ""), from_file(to_file(made).encode())):
        assert lesson is not None
        learner = LearnDesk()
        learner.bring(lesson)
        output = learner.chain.trace.stages[0].output
        seen = []
        for column in range(3):
            assert learner.verdict is not None
            seen.append((learner.verdict.met, learner.verdict.told))
            index = [0, 0, 0, column]
            do(learner, {"op": "guess", "index": index, "value": str(output[tuple(index)])})
        assert seen == [
            (False, "0 of 2 predicted right."),
            (False, "1 of 2 predicted right."),
            (True, "2 of 2 predicted right."),
        ]
        told = told_lesson(learner, (0, (0, 0, 0, 0)))
        assert told is not None
        assert told["goal"]["task"] == "Predict 2 cells right."
        assert told["steps"][0]["done"]


def test_no_more_cells_are_wanted_than_the_hidden_stage_has():
    shrunk = Lesson("x", (replace(teacher_s().steps[0], goal=predicting(99), show=None),))
    learner = LearnDesk()
    learner.bring(shrunk)
    assert learner.verdict is not None
    assert learner.verdict.told == f"0 of {learner.chain.trace.stages[0].output.size} predicted right."


@pytest.mark.parametrize(
    ("columns", "beside"),
    [
        ([("input", "conv"), ("input", "kernel", "conv", "activation")], True),
        ([("input", "conv"), ("input", "kernel", "conv", "activation", "pool")], False),
        ([("input", "conv"), None], False),
    ],
    ids=["few in both", "many in one", "all in one"],
)
def test_in_all_steps_of_a_lesson_the_words_stand_in_the_same_place(
    columns: list[tuple[str, ...] | None], beside: bool
):
    desk = LearnDesk()
    step = teacher_s().steps[0]
    desk.bring(Lesson("x", tuple(replace(step, columns=each, hidden="", goal=None) for each in columns)))
    for number in range(2):
        do(desk, {"op": "step", "value": number})
        told = told_lesson(desk, (0, (0, 0, 0, 0)))
        assert told is not None
        assert told["beside"] is beside


def test_a_lesson_file_is_opened_wherever_it_is_dropped_and_other_files_are_told_apart():
    session = Session()
    session.take_in(to_file(teacher_s()).encode(), "edges.json")
    assert session.learn.name == OWN
    assert "Learn" in session.notice
    session.take_in(to_file(teacher_s()).encode(), "edges.json", learning=True)
    assert session.learn.notice == ""
    session.take_in(b'{"kernelscope": "scenario", "version": 1, "settings": {}}', "x.json", learning=True)
    assert "no lesson" in session.learn.notice
    session.take_in(b'{"kernelscope": "lesson", "version": 9}', "x.json", learning=True)
    assert "newer Kernelscope" in session.learn.notice
