"""The Engine page without a browser: what it computes on what, what it measures, and what it says of it."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnn_core import conv2d, conv2d_plan, linear, reference, relu
from cnn_core.ops.conv import Branch
from cnn_core.ops.conv.shifted import correlate_shifted
from pages.shared.chain import build
from pages.shared.edits import apply
from pages.shared.engine import race as races
from pages.shared.engine import screen, textbook, words
from pages.shared.engine.race import Race, Timing, estimate, race
from pages.shared.engine.source import code, code_and_called, highlighted, in_lines
from pages.shared.engine.textbook import activation
from pages.shared.engine.verdict import Difference, Verdict, judge
from pages.shared.engine.work import PRECISIONS, STEPS, cut_side, middle, missing, prepare
from pages.shared.experiment import Experiment
from pages.shared.session import Session
from tests.app.test_pages import run

FIGURE = "<dd class='ks-figure'>"


def edited(*edits: dict) -> Experiment:
    experiment = Experiment()
    for edit in edits:
        experiment = apply(experiment, edit)
    return experiment


EXPERIMENTS = {
    "the worked grid": edited(),
    "every setting of a convolution": edited(
        {"op": "sample", "value": "shapes"},
        {"op": "photo_size", "value": 48},
        {"op": "colour", "value": "rgb"},
        {"op": "add_kernel", "value": "sobel_x"},
        {"op": "bias", "value": 0.5, "output": 1},
        {"op": "stride", "value": [1, 2]},
        {"op": "dilation", "value": [2, 1]},
        {"op": "padding", "value": [[0, 1], [2, 3]]},
        {"op": "pool_size", "value": [3, 2]},
        {"op": "pool_stride", "value": [2, 1]},
        {"op": "pool_padding", "value": 1},
    ),
    "a large blur": edited({"op": "sample", "value": "noise"}, {"op": "library", "value": "gaussian_blur_5"}),
    "zeros": edited({"op": "bank", "value": np.zeros((1, 1, 7, 7)).tolist()}, {"op": "padding", "value": "same"}),
    "other layers than the textbook has": edited(
        {"op": "activation", "value": "tanh"}, {"op": "pooling", "value": "average"}
    ),
}


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_way_lies_within_rounding_of_the_loops_on_every_step(name, step, dtype):
    chain = build(EXPERIMENTS[name])
    work = prepare(chain, step, dtype)
    verdict = judge(work, race(work.loops, {way.name: way.run for way in work.ways if way.run}, lambda share: None))
    assert work.chosen in verdict.differences
    for way, found in verdict.differences.items():
        assert found.explained, way
        assert found.largest <= found.bound
    assert all(timing.runs >= 1 and 0 < timing.best <= timing.seconds for timing in verdict.ways.values())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_chosen_way_gives_the_stage_that_explore_shows(name):
    chain = build(EXPERIMENTS[name])
    for number, step in ((0, "conv"), (1, "activation"), (2, "pool"), (4, "scores")):
        own = chain.experiment.activation == "relu" and chain.experiment.pooling == "max"
        if own or step in ("conv", "scores"):
            found = prepare(chain, step, "float64").taken.run()
            np.testing.assert_array_equal(found, chain.trace.stages[number].output)


def test_the_work_on_the_worked_grid_is_counted_and_said():
    work = prepare(build(Experiment()), "conv", "float64")
    assert work.sentence == (
        "Your 5 × 5 grid under a kernel of 3 × 3 gives 3 × 3 cells, each the sum of 9 products: 81 multiply-adds."
    )
    assert work.loops.operations == work.needed == 81
    assert work.loops.function is reference.convolve2d
    plan = conv2d_plan(Experiment().input[None], Experiment().weight, Experiment().bias)
    assert (work.chosen, work.reason) == (plan.branch.value, plan.reason)
    assert "9 multiply-adds a cell, float64" in work.figures


def test_precision_decides_anew_and_each_branch_that_cannot_says_why():
    chain = build(edited({"op": "sample", "value": "colours"}, {"op": "colour", "value": "rgb"}))
    double, single = (prepare(chain, "conv", dtype) for dtype in PRECISIONS)
    assert double.chosen != single.chosen
    for work in (double, single):
        assert len(work.ways) == len(Branch)
        assert all((way.run is None) == bool(way.why_not) for way in work.ways)


def test_what_the_textbook_has_no_loops_for_is_said():
    chain = build(EXPERIMENTS["other layers than the textbook has"])
    assert "Tanh" in prepare(chain, "activation", "float64").around[0]
    assert "average" in prepare(chain, "pool", "float64").around[0]


def test_a_cut_out_is_the_middle_and_never_smaller_than_the_kernel():
    x = np.arange(100.0).reshape(1, 1, 10, 10)
    np.testing.assert_array_equal(middle(x, 4), x[:, :, 3:7, 3:7])
    np.testing.assert_array_equal(middle(x, 40), x)
    assert middle(x, None) is x
    assert cut_side(Experiment()) == 64
    wide = replace(Experiment(), bank=np.zeros((1, 1, 11, 11)), dilation=(8, 8))
    assert cut_side(wide) >= 81


@pytest.mark.parametrize("step", STEPS)
def test_a_cut_out_is_less_work_of_the_same_kind(step):
    chain = build(edited({"op": "sample", "value": "noise"}, {"op": "photo_size", "value": 256}))
    whole, cut = prepare(chain, step, "float64"), prepare(chain, step, "float64", 64)
    assert cut.loops.operations < whole.loops.operations / 2
    assert "iddle 64 × 64" in cut.sentence
    np.testing.assert_allclose(cut.loops.run(), cut.taken.run(), rtol=1e-9, atol=1e-9)


# ---- the race --------------------------------------------------------------------------------------------------------


def test_contenders_take_turns_and_the_loops_run_at_least_once():
    calls = []
    loops = activation(np.ones((1, 1, 30, 30)))
    ways = {name: lambda name=name: calls.append(name) or relu(np.ones((1, 1, 30, 30))) for name in ("a", "b")}
    told = []
    found = race(loops, ways, told.append)
    assert found.loops.runs >= 1
    assert calls == ["a", "b"] * (len(calls) // 2)
    assert found.ways["a"].runs == len(calls) // 2 - 1  # the first call is not timed
    assert told[0] > 0
    assert max(told) == 1.0


def test_long_loops_run_once_in_many_parts_and_can_be_ended_by_who_is_told(monkeypatch):
    monkeypatch.setattr(races, "PART", 1e-5)
    loops = activation(np.ones((1, 1, 200, 50)))
    shares = []

    class CalledOffError(Exception):
        pass

    def told(share):
        shares.append(share)
        if share > 0.5:
            raise CalledOffError

    with pytest.raises(CalledOffError):
        race(loops, {"relu": lambda: relu(np.ones((1, 1, 200, 50)))}, told)
    assert len(shares) > 10
    assert shares == sorted(shares)


def test_the_estimate_grows_with_the_work():
    small, large = (activation(np.ones((1, 1, rows, 50))) for rows in (10, 1000))
    assert estimate(large) > 20 * estimate(small) / 3


# ---- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [(0.0123456, "12.3 ms"), (0.0000456, "0.0456 ms"), (1.2345, "1.23 s"), (0.9999, "1,000 ms"), (75.2, "75.2 s")],
)
def test_times_have_three_digits(given, said):
    assert words.duration(given) == said


@pytest.mark.parametrize(("given", "said"), [(1243.7, "1,240"), (0.00123, "0.00123"), (7, "7.00"), (0, "0")])
def test_numbers_have_three_digits_and_no_power(given, said):
    assert words.digits(given) == said


@pytest.mark.parametrize(
    ("given", "said"), [(0.3, "less than a second"), (4.4, "about 4 s"), (33, "about 35 s"), (200, "about 3 minutes")]
)
def test_a_guess_is_round(given, said):
    assert words.about(given) == said


def test_small_differences_are_written_with_raised_powers():
    assert words.small(1.76e-15) == "1.8 × 10⁻¹⁵"
    assert words.small(0) == "0"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (5.6, "5.6"),
        (1.0, "1.0"),
        (0.9961, "1.0"),
        (0.35, "0.35"),
        (56.2, "56"),
        (99.6, "1.0 × 10²"),
        (0.03, "3.0 × 10⁻²"),
    ],
)
def test_a_difference_near_1_needs_no_power(given, said):
    assert words.small(given) == said


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_what_rounding_explains_is_told_by_the_smallest_bound_that_explains_it(dtype):
    """A worst case a million times the difference would convince nobody."""
    rng = np.random.default_rng(4)
    work = prepare(build(Experiment()), "scores", dtype)
    magnitudes = work.sizes()
    eps = float(np.finfo(dtype).eps)
    exact = rng.normal(size=magnitudes.shape)
    for share, told in ((0.4, "Rounding each product once"), (2, "4·n·ε·Σ|product|")):
        away = exact + share * eps * magnitudes
        found = judge(work, Race(Timing(1, 1, 1), {"linear": Timing(1, 1, 1)}, exact, {"linear": away})).differences
        once = (0.5 if dtype == "float32" else 1) * eps * magnitudes[found["linear"].where]
        assert found["linear"].once == pytest.approx(once)
        assert found["linear"].explained
        assert told in words.rounding_words(work, found["linear"])


def test_products_next_to_0_are_explained_by_the_distance_of_floats_there():
    grid = {"op": "grid", "value": [[1e-25, 3e-25], [7e-26, 2e-25]]}
    tiny = apply(apply(Experiment(), grid), {"op": "kernel", "values": [[1.1e-20, -3.3e-20], [7e-21, 1e-20]]})
    work = prepare(build(tiny), "conv", "float32")
    verdict = judge(work, race(work.loops, {way.name: way.run for way in work.ways if way.run}, lambda share: None))
    assert max(found.largest for found in verdict.differences.values()) > 0
    assert all(found.explained for found in verdict.differences.values())


def test_a_difference_beyond_rounding_is_called_by_its_name():
    work = prepare(build(Experiment()), "conv", "float64")
    said = words.rounding_words(work, Difference(0.5, (0, 0, 1, 2), 1e-13, False))
    assert "more than rounding explains" in said
    assert "feature map [1, 2]" in said
    compared = prepare(build(Experiment()), "activation", "float64")
    assert "is wrong" in words.rounding_words(compared, Difference(0.5, (0, 0, 1, 2), 0, False))


def test_the_table_marks_the_chosen_branch_and_names_what_keeps_others():
    work = prepare(build(Experiment()), "conv", "float64")
    ways = {way.name: Timing(0.001 * (k + 1), 0.001, 3) for k, way in enumerate(work.ways) if way.run}
    none = Difference(0.0, (0, 0, 0, 0), 0.0, True)
    told = words.table(work, Verdict(Timing(1, 1, 1), ways, dict.fromkeys(ways, none)))
    rows = re.findall(r"<tr.*?</tr>", told)[1:]
    assert len(rows) == len(Branch)
    assert [row.count("chosen</b>") for row in rows] == [1] + [0] * (len(rows) - 1)
    assert sum("cannot do this" in row for row in rows) == 3


@pytest.mark.parametrize(("runs", "said"), [(1, "now, one run of each;"), (3, "now, in turns, the median of each;")])
def test_the_table_calls_a_single_run_no_median(runs: int, said: str):
    work = prepare(build(Experiment()), "conv", "float64")
    ways = {way.name: Timing(0.5, 0.5, runs) for way in work.ways if way.run}
    none = Difference(0.0, (0, 0, 0, 0), 0.0, True)
    assert said in words.table(work, Verdict(Timing(1, 1, 1), ways, dict.fromkeys(ways, none)))


def test_a_chosen_branch_that_is_not_the_quickest_says_why_it_was_chosen():
    work = prepare(build(Experiment()), "conv", "float64")
    none = Difference(0.0, (0, 0, 0, 0), 0.0, True)
    for lag in (1, -1):
        taken = {way.name: 10 + lag * (way.name == work.chosen) for way in work.ways if way.run}
        ways = {name: Timing(0.001 * milliseconds, 0.001, 3) for name, milliseconds in taken.items()}
        told = words.table(work, Verdict(Timing(1, 1, 1), ways, dict.fromkeys(ways, none)))
        [row] = [row for row in re.findall(r"<tr.*?</tr>", told) if "chosen</b>" in row]
        why = "Double precision adds in one fixed order, so that every sum can be repeated to the last bit"
        assert work.reason.startswith(why)
        assert (f"<span>Not the quickest here. {why}.</span>" in row) == (lag > 0)


def test_code_is_the_function_s_own_lines_without_its_docstring():
    shown = code(reference.convolve2d)
    assert shown.startswith("def convolve2d(")
    assert "total += weights[down, across] * picture[top + down, left + across]" in shown
    assert '"""' not in shown
    compile(shown, "shown", "exec")
    assert "def tap(" not in code_and_called(conv2d)
    assert code_and_called(linear).count("def ") == 2


@pytest.mark.parametrize("function", [reference.convolve2d, reference.fully_connected, words.digits, correlate_shifted])
def test_highlighting_changes_no_letter_of_the_code(function):
    text = code(function)
    shown = highlighted(text)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", shown)) == text
    assert "<span class='ks-word'>for</span>" in shown or "<span class='ks-word'>return</span>" in shown


def test_every_line_of_code_is_an_element_that_knows_its_indent():
    text = "def both(x):\n\n    return '''one\n  two'''"
    shown = in_lines(text)
    assert html.unescape(re.sub(r"</?span[^>]*>", "", shown)) == text
    assert re.findall(r"<span class='ks-line' style='--ks-indent: (\d+)'>", shown) == ["0", "0", "4", "2"]
    # A string of several lines is one of each, so that elements lie within each other.
    assert shown.count("<span class='ks-text'>") == 2
    assert shown.count("<span") == shown.count("</span>")


def test_one_multiply_add_is_told_as_one():
    works = [
        prepare(build(edited({"op": "kernel_size", "value": 1})), "conv", "float64"),
        prepare(build(Experiment()), "scores", "float64"),
    ]
    assert [work.figures.split(",")[0] for work in works] == ["1 multiply-add a cell", "1 multiply-add a score"]


# ---- the page --------------------------------------------------------------------------------------------------------


def shown(app: AppTest) -> str:
    return " ".join(each.proto.body for each in app.get("html"))


def codes(app: AppTest) -> list[str]:
    """The code on the page, in its order."""
    found = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", shown(app), re.DOTALL)
    return [html.unescape(re.sub(r"</?span[^>]*>", "", each)) for each in found]


def open_engine(*edits: dict) -> AppTest:
    session = Session()
    session.receive(
        {"session": session.identity, "edits": [{**edit, "revision": k + 1} for k, edit in enumerate(edits)]}
    )
    return run("engine", session)


def test_the_page_runs_the_worked_grid_at_once_and_shows_both_sources():
    app = open_engine()
    assert not app.exception
    assert "81 multiply-adds" in shown(app)
    assert FIGURE in shown(app)
    loops, adapter, fast = codes(app)
    assert loops == code(reference.convolve2d)
    assert adapter == code(textbook.convolution)
    assert fast == code_and_called(correlate_shifted)
    assert app.button[0].label == "Run again"


@pytest.mark.parametrize(
    ("step", "function"), [("activation", "relu"), ("pool", "max_pooling"), ("scores", "fully_connected")]
)
def test_every_step_shows_its_own_loops(step, function):
    app = open_engine()
    app.segmented_control(key="engine_step").set_value(step).run()
    assert not app.exception
    assert codes(app)[0].startswith(f"def {function}(")
    assert FIGURE in shown(app)
    assert "Every branch" not in shown(app)


def test_a_result_is_kept_until_something_changes():
    app = open_engine()
    first = app.session_state["engine_result"]
    app.run()
    assert app.session_state["engine_result"] is first
    app.switch_page("pages/kernels.py").run()
    app.switch_page("pages/engine.py").run()
    assert app.session_state["engine_result"] is first
    app.segmented_control(key="engine_dtype").set_value("float32").run()
    assert app.session_state["engine_result"] is not first
    app.button(key="engine_run").click().run()
    assert app.session_state["engine_result"].asked.dtype == "float32"


def test_a_step_that_the_experiment_does_not_get_to_says_so_and_the_others_run():
    app = open_engine({"op": "pool_size", "value": 4})
    assert not missing(build(Experiment()), "pool")
    app.segmented_control(key="engine_step").set_value("pool").run()
    assert not app.exception
    assert "does not fit" in app.warning[0].value
    assert app.get("page_link")
    app.segmented_control(key="engine_step").set_value("activation").run()
    assert not app.warning
    assert FIGURE in shown(app)


def test_long_work_is_estimated_and_offered_on_the_middle_first(monkeypatch):
    monkeypatch.setattr(screen, "LONG", 0.01)
    monkeypatch.setattr(screen, "AT_ONCE", 0.0)
    app = open_engine({"op": "sample", "value": "noise"})
    extent = app.segmented_control(key="engine_extent")
    assert extent.value == "cut"
    assert "press Run" in app.info[0].value
    assert FIGURE not in shown(app)
    app.button(key="engine_run").click().run()
    assert "The middle 64 × 64 of your picture" in shown(app)
    assert FIGURE in shown(app)
    extent = app.segmented_control(key="engine_extent")
    extent.set_value("whole").run()
    assert "press Run" in app.info[0].value


def test_a_guess_is_made_once_so_that_nothing_goes_to_and_fro_over_a_limit(monkeypatch):
    guesses = iter([0.31, 1.0, 2.1, 0.01])
    monkeypatch.setattr(screen, "estimate", lambda loops: next(guesses))
    app = open_engine()
    assert "press Run" in app.info[0].value
    app.run()
    assert "press Run" in app.info[0].value
    app.segmented_control(key="engine_step").set_value("pool").run()
    app.segmented_control(key="engine_step").set_value("conv").run()
    assert "less than a second" in app.info[0].value
    assert next(guesses) == 2.1  # two steps, two guesses


def test_the_difference_shown_is_how_far_conv2d_is_from_the_loops():
    app = open_engine({"op": "sample", "value": "noise"}, {"op": "photo_size", "value": 48})
    verdict = app.session_state["engine_result"].verdict
    experiment = app.session_state["kernelscope"].experiment
    loops = reference.convolve2d(experiment.input[0], experiment.bank[0, 0])
    apart = np.abs(conv2d(experiment.input[None], experiment.weight)[0, 0] - loops)
    assert verdict.differences["shifted"].largest == apart.max()
    assert words.small(apart.max()) in shown(app)
