"""The layers laboratory's state and message: every edit leads to what can be shown, and every number is cnn_core's."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy.signal import correlate2d

from cnn_core import GELU, Softmax, batch_norm2d, cross_entropy, softmax
from pages.shared import answers, describe
from pages.shared.edits import EditRefusedError
from pages.shared.experiment import Experiment, read_only
from pages.shared.layers import activation, batch_norm, dropout
from pages.shared.layers import cross_entropy as loss
from pages.shared.layers import softmax as steps
from pages.shared.layers.edits import apply
from pages.shared.layers.laboratory import ACTIVATIONS, KINDS, OWN, Given, Laboratory, sources
from pages.shared.layers.message import layers_message
from pages.shared.layers.screen import Screen, fewest, operand, plain
from pages.shared.layers.screens import screen
from pages.shared.session import Session, _remember
from tests.app.test_message import entries, unpack


def edited(*edits: dict, experiment: Experiment | None = None) -> Laboratory:
    state = Laboratory()
    for edit in edits:
        state = apply(state, edit, experiment or Experiment())
    return state


def values(shown: Screen, view: str) -> np.ndarray:
    """The numbers that a view shows."""
    return shown.arrays[next(stage["array"] for stage in shown.stages if stage["view"] == view)]


EDITS = st.sampled_from(
    [
        *({"op": "kind", "value": kind} for kind in (*KINDS, "odd")),
        *({"op": "input", "value": name} for name in ("worked", "larger", "noise", OWN, "odd")),
        *({"op": "temperature", "value": heat} for heat in (0.1, 10, 0, -1, "hot", float("nan"))),
        *({"op": "slope", "value": slope} for slope in (0, -0.2, 5)),
        *({"op": "beta", "value": beta} for beta in (0.1, 10, 0)),
        *({"op": "approximate", "value": form} for form in ("tanh", "none", "odd")),
        *({"op": "training", "value": mode} for mode in ("training", "inference", "odd")),
        *({"op": "gamma", "channel": c, "value": 2.5} for c in (0, 3, 4)),
        {"op": "shift", "channel": 1, "value": -1},
        *({"op": "momentum", "value": momentum} for momentum in (0, 1, 1.5)),
        *({"op": "p", "value": p} for p in (0, 0.3, 1, 2)),
        *({"op": "seed", "value": seed} for seed in (5, -1, 2.5)),
        *({"op": "label", "value": label} for label in ("1", 3, 9, "odd")),
        *({"op": "classes", "value": count} for count in (1, 6, 7)),
        {"op": "cells", "plane": 0, "cells": [[0, 0, 4.5]]},
        {"op": "cells", "plane": 5, "cells": [[1, 1, 4]]},
        *({"op": "cells", "plane": 0, "cells": [[1, 0, value]]} for value in (1e6, -1e6, 1e-300)),
        {"op": "cells", "plane": 0, "cells": [[99, 0, 4]]},
        {"op": "dense", "cells": [[0, 3, 2]]},
        {"op": "dense", "cells": [[0, 333, 2]]},
        {"op": "dense_bias", "cells": [[0, 1.5]]},
        *({"op": name} for name in ("step", "forget", "another_mask", "worked", "undo", "redo", "kind", "unheard of")),
    ]
)


@given(st.lists(EDITS, max_size=14))
@settings(max_examples=80, deadline=None)
def test_whatever_is_done_a_screen_is_shown_and_a_refusal_is_a_sentence(edits):
    session = Session()
    desk = session.layers
    for k, edit in enumerate(edits):
        before = desk.state
        desk.receive({"session": session.identity, "edits": [{**edit, "revision": k + 1}]})
        if desk.notice:
            assert desk.state is before
            assert desk.notice.endswith(".")
        header, arrays = unpack(layers_message(session))
        assert header["kind"] == desk.state.kind
        stage = next(each for each in header["stages"] if each["stage"] == header["pin"]["stage"])
        shape = desk.screen.arrays[stage["array"]].shape
        assert all(0 <= at < size for at, size in zip(header["pin"]["index"], shape, strict=True))
        assert all(np.isfinite(array).all() for array in arrays.values())


@pytest.mark.parametrize("source", ["worked", "larger", "noise", OWN])
@pytest.mark.parametrize("kind", KINDS)
def test_every_sum_that_is_spelled_out_adds_up_to_the_number_on_screen(kind, source):
    shown = screen(edited({"op": "kind", "value": kind}, {"op": "input", "value": source}))
    numbers = {stage["stage"]: shown.arrays[stage["array"]] for stage in shown.stages}
    for asked in shown.told:
        assert asked.value == numbers[asked.stage][asked.index]
        for term in asked.terms:
            assert term.value == numbers[term.stage][term.index]
        if asked.rule == "sum":
            products = [term.product for term in asked.terms] + [asked.rest[1], asked.bias]
            assert math.fsum(products) == pytest.approx(asked.value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("source", ["worked", "noise"])
def test_batch_norm_s_formula_with_its_numbers_in_makes_the_number_it_stands_for(source, training):
    edits = [{"op": "kind", "value": "batch_norm"}, {"op": "input", "value": source}]
    edits += [{"op": "gamma", "channel": 0, "value": -1.5}, {"op": "shift", "channel": 0, "value": -0.25}]
    if not training:
        edits += [{"op": "step"}, {"op": "training", "value": "inference"}]
    state = edited(*edits)
    shown = screen(state)
    for view in ("normalised", "output"):
        stage = next(each for each in shown.stages if each["view"] == view)
        assert stage["written"]["of"] == -1
        for index in np.ndindex(state.input.shape):
            text, digits = (stage["written"][name][index[1]] for name in ("texts", "digits"))
            assert re.fullmatch(r"\(\{x\} [−+] [\d.]+\) / √\([\d.e−]+ \+ 0\.00001\)( × .+ [−+] [\d.]+)?", text)
            found = result_of(text.replace("{x}", f"{state.input[index]:.{digits}g}").replace("×", "*"))
            assert found == pytest.approx(values(shown, view)[index], rel=1e-6, abs=1e-6)


def test_batch_norm_s_formula_holds_of_numbers_that_hardly_differ():
    state = edited({"op": "kind", "value": "batch_norm"})
    shown = screen(holding(state, 999999 + 0.001 * np.arange(state.input.size).reshape(state.input.shape)))
    stage = next(each for each in shown.stages if each["view"] == "normalised")
    text, digits = (stage["written"][name][0] for name in ("texts", "digits"))
    x = shown.laboratory.input[0, 0, 0, 0]
    assert result_of(text.replace("{x}", f"{x:.{digits}g}")) == pytest.approx(
        values(shown, "normalised")[0, 0, 0, 0], rel=1e-5
    )
    assert stage["digits"] >= 3  # shown of the result, however far its terms lie from it


def holding(state: Laboratory, numbers: np.ndarray) -> Laboratory:
    """The laboratory over other numbers."""
    return state.with_given(Given(read_only(numbers), state.source, state.part))


@pytest.mark.parametrize(("kind", "size"), [("batch_norm", 1e-5), ("dropout", 1e-6)])
def test_small_statistics_are_told_and_not_as_0(kind, size):
    state = edited({"op": "kind", "value": kind})
    tiny = holding(state, state.input * size)
    assert re.search(r"mean [−\d.]*[1-9][\d.]*e−\d", screen(tiny).sentence)
    assert "variance 0 " not in screen(tiny).sentence
    zeros = holding(state, state.input * 0)
    assert "mean 0 → 0" in screen(zeros).sentence


@pytest.mark.parametrize("kind", ["softmax", "cross_entropy", "linear"])
def test_a_single_class_is_told_as_one(kind):
    one = {"op": "classes", "value": 1}
    columns = screen(edited({"op": "kind", "value": kind}, one)).columns if kind == "linear" else one_score(kind)
    told = " ".join(f"{each['shape']} {each['note']}" for each in columns)
    assert "1 class " in told
    assert not re.search(r"\b1 (classes|biases)", told)
    assert "the rest" not in told


def one_score(kind: str) -> list[dict]:
    state = edited({"op": "kind", "value": kind})
    return screen(holding(state, np.ones((1, 1, 1, 1)))).columns


REFERENCES = {
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.1 * x), lambda x: np.where(x > 0, 1, 0.1)),
    "sigmoid": (special.expit, lambda x: special.expit(x) * special.expit(-x)),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "softplus": (lambda x: np.log1p(np.exp(x)), special.expit),
    "gelu": (
        lambda x: x * special.ndtr(x),
        lambda x: special.ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
    ),
}


def result_of(formula: str) -> float:
    """What a calculator makes of the digits before ``= {y}``."""
    written = formula.removesuffix(" = {y}").replace("−", "-").replace("^", "**")
    known = {"e": math.e, "log": math.log, "root": math.sqrt}
    return float(eval(written.replace("√", "root"), {"__builtins__": {}}, known))


@pytest.mark.parametrize("source", ["worked", "noise"])
@pytest.mark.parametrize("kind", ["softmax", "batch_norm", "cross_entropy"])
def test_a_calculator_makes_the_digits_that_are_told_of_those_in_the_formula(kind, source):
    edits = [{"op": "kind", "value": kind}, {"op": "input", "value": source}]
    if kind == "cross_entropy":
        edits.append({"op": "classes", "value": 6})
    told = [each for each in screen(edited(*edits)).told if each.formula]
    assert told
    for each in told:
        assert f"{result_of(each.formula):.6g}" == f"{each.value:.6g}", each.formula


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_an_activation_shows_its_map_its_slope_and_its_curve(kind):
    state = edited({"op": "kind", "value": kind})
    shown = screen(state)
    f, slope = REFERENCES[kind]
    np.testing.assert_allclose(values(shown, "output"), f(state.input), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(values(shown, "slope"), slope(state.input), rtol=1e-12, atol=1e-15)
    curve = {name: shown.arrays[shown.extra["curve"][name]] for name in ("x", "f", "slope")}
    assert (np.diff(curve["x"]) > 0).all()
    assert curve["x"][0] < state.input.min() <= state.input.max() < curve["x"][-1]
    np.testing.assert_allclose(curve["f"], f(curve["x"]), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(curve["slope"], slope(curve["x"]), rtol=1e-12, atol=1e-15)
    spread = shown.extra["curve"]
    assert sum(spread["lively"]) + sum(spread["quiet"]) == state.input.size


@pytest.mark.parametrize("seed", range(20))
def test_what_goes_into_a_formula_has_the_fewest_digits_that_give_its_result(seed):
    scores = np.random.default_rng(seed).normal(scale=3, size=4)
    texts = fewest(scores, lambda z: float(softmax(z)[0]))
    shown = np.array([float(text.replace("−", "-")) for text in texts])
    assert plain(float(softmax(shown)[0])) == plain(float(softmax(scores)[0]))
    assert max(len(text.strip("−0.").replace(".", "")) for text in texts) <= 8
    assert fewest([2.0, -0.5], lambda z: float(z.sum())) == ["2", "−0.5"]
    assert fewest([1 / 3], lambda z: math.sin(1e9 * z[0])) == [operand(1 / 3)]  # no number of digits is enough


@pytest.mark.parametrize("scores", [(100000.98765, 100000.12345), (-3e5 + 1 / 3, -3e5), (2.0, 1 / 3)])
def test_a_power_s_digits_are_enough_for_its_result_however_large_the_scores(scores):
    cells = [[k, 0, score] for k, score in enumerate(scores)]
    shown = screen(edited({"op": "kind", "value": "softmax"}, cells_edit(cells)))
    stage = next(each for each in shown.stages if each["view"] == "powers")["stage"]
    told = [each for each in shown.told if each.stage == stage]
    for each, power in zip(told, values(shown, "powers").ravel(), strict=True):
        own, most = re.fullmatch(r"e\^\((\S+) − \(?([^)]+)\)?\) = \{y\}", each.formula).groups()
        found = math.exp(float(own.replace("−", "-")) - float(most.replace("−", "-")))
        assert plain(found) == plain(power)


def cells_edit(cells: list[list[float]]) -> dict:
    return {"op": "cells", "plane": 0, "cells": cells}


def test_a_probability_too_small_for_a_float_is_given_no_logarithm():
    shown = screen(
        edited({"op": "kind", "value": "cross_entropy"}, cells_edit([[0, 0, 1000]]), {"op": "label", "value": "1"})
    )
    told = [shown.sentence, *(column["note"] for column in shown.columns)]
    assert not any("−log 0" in text for text in told)
    loss_ = plain(values(shown, "loss").item())
    assert f"the loss is log-sum-exp − logit of B = {loss_}." in shown.sentence
    small = screen(edited({"op": "kind", "value": "cross_entropy"}, cells_edit([[0, 0, 500]])))
    assert "log-sum-exp − logit" not in small.sentence


@pytest.mark.parametrize("p", [0.3, 0.00123456, 0.9999999, 1 - 2.0**-40, 1 / 3])
def test_a_dropout_s_p_is_written_with_digits_enough_for_what_is_left_of_1(p):
    training = {"op": "training", "value": "training"}
    shown = screen(edited({"op": "kind", "value": "dropout"}, training, {"op": "p", "value": p}))
    note = next(column["note"] for column in shown.columns if "kept cells" in (column["note"] or ""))
    text, kept = re.search(r"1 / \(1 − (\S+)\) = (\S+)", note).groups()
    assert plain(1 / (1 - float(text))) == kept == plain(1 / (1 - p))
    assert plain(float(text)) == plain(p)  # it is also what u is compared with


def worked_out(formula: str, x: float) -> float:
    """A written formula at x, worked out as it is written."""
    written, _, where = formula.partition(" = {y}")
    signs = {"×": "*", "−": "-", "²": "**2", "³": "**3", "π": "math.pi", "e^(": "math.exp("}
    names = {"erf": math.erf, "tanh": math.tanh, "math": math}

    def value(text: str, **known: float) -> float:
        text = text.replace("{(x)}", f"({x})" if x < 0 else str(x)).replace("{x}", str(x))
        for sign, means in signs.items():
            text = text.replace(sign, means)
        return eval(re.sub(r"√(\d+)", r"√(\1)", text).replace("√", "math.sqrt"), {**names, **known})

    known = {"t": value(where.partition("t = ")[2])} if where else {}
    return value(written, **known)


@pytest.mark.parametrize("form", ["none", "tanh"])
@pytest.mark.parametrize("x", [-3.0, -2.0, -0.5, 0.0, 0.75, 4.0])
def test_gelu_s_slope_is_written_as_the_form_that_is_computed(form, x):
    changes = [{"op": "approximate", "value": form}, {"op": "cells", "plane": 0, "cells": [[0, 0, x]]}]
    shown = screen(edited({"op": "kind", "value": "gelu"}, *changes))
    for view in ("output", "slope"):
        stage = next(each for each in shown.stages if each["view"] == view)
        found = values(shown, view)[0, 0, 0, 0]
        assert worked_out(stage["formula"], x) == pytest.approx(found, rel=1e-9, abs=1e-15)
    curve = next(column for column in shown.columns if column["view"] == "curve")
    assert curve["title"] == {"none": "GELU: f(x) = x Φ(x)", "tanh": "GELU: f(x) = x / 2 (1 + t)"}[form]
    assert curve["note"].startswith({"none": "f′(x) = Φ(x) + x φ(x)", "tanh": "f′(x) = (1 + t) / 2 + x / 2"}[form])


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_dead_and_saturated_cells_are_counted_by_the_stated_thresholds(kind):
    state = edited({"op": "kind", "value": kind}, {"op": "cells", "plane": 0, "cells": [[0, 0, -40], [0, 1, 40]]})
    _, slope = REFERENCES[kind]
    largest = slope(np.linspace(-60, 60, 1_200_001)).max()
    found = activation.counts(state)
    assert found.largest == pytest.approx(largest, rel=1e-9)
    slopes = np.abs(values(screen(state), "slope"))
    assert found.dead == np.count_nonzero(slopes == 0)
    assert found.saturated == np.count_nonzero((slopes < 0.05 * largest) & (slopes > 0))
    shown = screen(state)
    assert sum(shown.extra["curve"]["quiet"]) == found.dead + found.saturated
    assert f"{found.dead} of {found.cells} cells are dead" in shown.sentence
    assert f"{found.saturated} of {found.cells} are saturated" in shown.sentence


def test_relu_kills_every_cell_that_is_not_above_0():
    assert activation.counts(Laboratory()) == (36, int((Laboratory().input <= 0).sum()), 0, 1.0)


@given(st.lists(st.floats(-20, 20), min_size=4, max_size=4), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_softmax_s_steps_lead_from_scores_to_shares(scores, heat):
    cells = [[k, 0, score] for k, score in enumerate(scores)]
    shown = screen(
        edited(
            {"op": "kind", "value": "softmax"},
            {"op": "cells", "plane": 0, "cells": cells},
            {"op": "temperature", "value": heat},
        )
    )
    np.testing.assert_array_equal(values(shown, "scaled")[0], np.array(scores) / heat)
    powers = values(shown, "powers")[0]
    np.testing.assert_allclose(values(shown, "output")[0], powers / powers.sum(), rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(values(shown, "output")[0], special.softmax(np.array(scores) / heat), rtol=1e-10)


@pytest.mark.parametrize(("largest", "taken"), [(2, "2"), (0, "0"), (-1.5, "(−1.5)")])
def test_the_powers_of_softmax_are_headed_by_what_was_taken_off_before_them(largest, taken):
    cells = [[k, 0, largest - k] for k in range(4)]
    shown = screen(edited({"op": "kind", "value": "softmax"}, {"op": "cells", "plane": 0, "cells": cells}))
    assert next(each["title"] for each in shown.columns if each["view"] == "powers") == f"e^(score / T − {taken})"
    asked = [each.formula for each in shown.told if each.stage == steps.POWERS]
    assert all(text.endswith(f" − {taken}) = {{y}}") for text in asked)
    np.testing.assert_allclose(values(shown, "powers")[0], np.exp(values(shown, "scaled")[0] - largest), rtol=1e-15)


def test_a_small_number_in_a_sentence_has_the_minus_of_all_others():
    shown = screen(edited({"op": "kind", "value": "softmax"}, {"op": "temperature", "value": 0.02}))
    assert re.search(r"Entropy \d\.\d+e−\d\d of", shown.sentence)
    shown = screen(edited({"op": "kind", "value": "dropout"}, {"op": "p", "value": 1e-5}))
    told = [shown.sentence, *(column["note"] for column in shown.columns)]
    assert any("1e−5" in text for text in told)
    assert not any("-" in text for text in told)


def test_batch_norm_in_training_takes_each_channel_s_own_mean_and_variance_over_all_images():
    state = edited(
        {"op": "kind", "value": "batch_norm"},
        {"op": "gamma", "channel": 0, "value": 2},
        {"op": "shift", "channel": 1, "value": -1},
    )
    shown = screen(state)
    x = state.input
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    np.testing.assert_allclose(values(shown, "mean")[0], mean, rtol=1e-14)
    np.testing.assert_allclose(values(shown, "var")[0], var, rtol=1e-14)
    expected = (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None]
    np.testing.assert_allclose(values(shown, "normalised"), expected, rtol=1e-12, atol=1e-14)
    scaled = expected * np.array([2, 1])[:, None, None] + np.array([0, -1])[:, None, None]
    np.testing.assert_allclose(values(shown, "output"), scaled, rtol=1e-12, atol=1e-14)


def test_what_is_said_of_a_batch_holds_for_the_mode_and_the_maps_on_screen():
    def told(kind: str, *edits: dict) -> tuple[str, str]:
        session = Session()
        send(session, {"op": "kind", "value": kind}, *edits)
        header, _ = unpack(layers_message(session))
        return header["first"], entries(header, "columns")[0]["note"]

    inference = {"op": "training", "value": "inference"}
    for kind, words in (("batch_norm", "Pick a mean"), ("dropout", "Another mask")):
        assert words in told(kind)[0]
        assert words not in told(kind, inference)[0]
        assert told(kind, inference)[0].endswith(".")
    assert "channels apart" in told("batch_norm")[1]
    assert "channels apart" not in told("batch_norm", {"op": "input", "value": OWN})[1]


def test_a_step_moves_the_running_statistics_and_inference_uses_them():
    at_first = edited({"op": "kind", "value": "batch_norm"}, {"op": "momentum", "value": 0.3})
    promised = [values(screen(at_first), view)[0] for view in ("next_mean", "next_var")]
    state = apply(at_first, {"op": "step"}, Experiment())
    x, count = state.input, state.input[:, 0].size
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3)) * count / (count - 1)
    np.testing.assert_allclose(state.running_mean[:2], 0.3 * mean, rtol=1e-14)
    np.testing.assert_allclose(state.running_var[:2], 0.7 + 0.3 * var, rtol=1e-14)
    np.testing.assert_array_equal(promised, [state.running_mean[:2], state.running_var[:2]])
    assert state.running_mean[2:].tolist() == [0, 0]
    shown = screen(apply(state, {"op": "training", "value": "inference"}, Experiment()))
    expected = batch_norm2d(x, state.running_mean[:2], state.running_var[:2])
    np.testing.assert_allclose(values(shown, "output"), expected, rtol=1e-12)
    forgotten = apply(state, {"op": "forget"}, Experiment())
    assert forgotten.running_mean.tolist() == [0] * 4
    assert forgotten.running_var.tolist() == [1] * 4


@given(st.floats(0, 1), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_dropout_drops_where_the_drawn_number_is_below_p_and_scales_the_rest(p, seed):
    state = edited({"op": "kind", "value": "dropout"}, {"op": "p", "value": p}, {"op": "seed", "value": seed})
    shown = screen(state)
    kept = dropout.drawn(state).astype(np.float32) >= p
    expected = np.where(kept, 1 / (1 - p) if p < 1 else 0.0, 0.0)
    np.testing.assert_allclose(values(shown, "mask"), expected)
    np.testing.assert_array_equal(values(shown, "output"), state.input * values(shown, "mask"))


def test_dropout_at_inference_changes_nothing_and_shows_no_mask():
    state = edited({"op": "kind", "value": "dropout"}, {"op": "training", "value": "inference"})
    shown = screen(state)
    np.testing.assert_array_equal(values(shown, "output"), state.input)
    assert [column["view"] for column in shown.columns] == ["input", "output"]


def test_the_mean_over_many_masks_is_the_map_itself():
    state = edited({"op": "kind", "value": "dropout"})
    total = np.zeros(state.input.shape)
    for seed in range(400):
        total += values(screen(apply(state, {"op": "seed", "value": seed}, Experiment())), "output")
    np.testing.assert_allclose(total / 400, state.input, atol=4 * np.abs(state.input).max() / math.sqrt(400))


def test_another_mask_is_another_one():
    state = edited({"op": "kind", "value": "dropout"})
    other = apply(state, {"op": "another_mask"}, Experiment())
    assert (values(screen(state), "mask") != values(screen(other), "mask")).any()


def test_every_score_is_the_flattened_map_times_its_weights_and_a_bias():
    state = edited(
        {"op": "kind", "value": "linear"},
        {"op": "dense", "cells": [[2, 4, 7]]},
        {"op": "dense_bias", "cells": [[2, -3]]},
        {"op": "cells", "plane": 0, "cells": [[1, 1, 2]]},
    )
    shown = screen(state)
    flat = state.input.reshape(1, -1)
    np.testing.assert_array_equal(values(shown, "flat"), flat)
    np.testing.assert_allclose(values(shown, "scores"), flat @ state.weight.T + state.bias, rtol=1e-14)
    assert (state.weight[2, 4], state.bias[2]) == (7, -3)
    asked = shown.explain(1, (0, 2))
    assert math.fsum(term["product"] for term in asked["terms"]) + asked["bias"] == pytest.approx(asked["value"])


def test_another_size_of_map_brings_weights_for_it_and_more_classes_keep_the_old_ones():
    state = edited({"op": "kind", "value": "linear"}, {"op": "input", "value": "larger"})
    assert state.weight.shape == (3, 32)
    more = apply(state, {"op": "classes", "value": 5}, Experiment())
    np.testing.assert_array_equal(more.weight[:3], state.weight)
    assert more.bias.tolist() == [1, 0, -1, 0, 0]


@pytest.mark.parametrize("label", range(4))
def test_the_loss_and_its_gradient_are_cross_entropy_s(label):
    shown = screen(edited({"op": "kind", "value": "cross_entropy"}, {"op": "label", "value": str(label)}))
    logits = Laboratory().given["vector"].input.reshape(1, -1)
    expected, gradient = cross_entropy(logits, [label])
    assert values(shown, "loss").item() == expected
    np.testing.assert_array_equal(values(shown, "gradient"), gradient)
    np.testing.assert_allclose(values(shown, "log_sum").item(), special.logsumexp(logits), rtol=1e-14)
    np.testing.assert_allclose(values(shown, "gradient"), softmax(logits) - np.eye(4)[label], atol=1e-15)
    asked = next(each for each in shown.told if each.stage == loss.LOSS)
    assert [term.weight for term in asked.terms] == [1, -1]


@pytest.mark.parametrize("lead", [1, 4, 5, 12, 20, 40])
def test_the_sentence_of_a_loss_is_true_however_certain_the_class_is(lead):
    cells = [[row, 0, lead * (row == 0)] for row in range(4)]
    shown = screen(edited({"op": "kind", "value": "cross_entropy"}, {"op": "cells", "plane": 0, "cells": cells}))
    value = math.log1p(3 * math.exp(-lead))
    assert values(shown, "loss").item() == pytest.approx(value, rel=1e-14, abs=0)
    chance, told = re.search(r"−log (.*?) = (\S+)\. ", shown.sentence.replace("e−", "e-")).groups()
    assert chance in next(each["note"] for each in shown.columns if each["view"] == "probabilities").replace("e−", "e-")
    lacks = re.fullmatch(r"\(1 − (.*)\)", chance)
    made = -math.log1p(-float(lacks[1])) if lacks else -math.log(float(chance))
    assert made == pytest.approx(value, rel=6e-6, abs=0)
    assert float(told) == pytest.approx(value, rel=6e-6, abs=0)


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_logarithm_is_written_its_base_is_told(kind):
    shown = screen(edited({"op": "kind", "value": kind}))
    told = "\n".join([shown.sentence, *(each[words] for each in shown.columns for words in ("title", "note"))])
    written = re.search(r"\blog\b", told) is not None
    assert written == (kind in ("softplus", "cross_entropy"))
    assert ("log to base e, “ln” on a calculator" in told) == written


def test_what_explore_made_is_taken_over_and_made_to_fit():
    experiment = Experiment()
    for kind, view in (("relu", "input"), ("batch_norm", "input"), ("linear", "input"), ("softmax", "input")):
        state = edited({"op": "kind", "value": kind}, {"op": "input", "value": OWN}, experiment=experiment)
        assert state.source == OWN
        assert max(state.input.shape[2:]) <= 64
        assert values(screen(state), view).shape == state.input.shape
    state = edited({"op": "input", "value": OWN}, experiment=experiment)
    np.testing.assert_array_equal(state.input[0, 0], correlate2d(experiment.grid, experiment.bank[0, 0], mode="valid"))


def test_of_a_large_feature_map_the_middle_is_taken_over_number_by_number_and_that_is_said():
    experiment = Experiment(grid=read_only(np.random.default_rng(0).normal(size=(128, 128))))
    whole = correlate2d(experiment.grid, experiment.bank[0, 0], mode="valid")
    for kind, most in (("relu", 64), ("batch_norm", 32), ("dropout", 32), ("linear", 6)):
        state = edited({"op": "kind", "value": kind}, {"op": "input", "value": OWN}, experiment=experiment)
        first = (126 - most) // 2
        middle = whole[first : first + most, first : first + most]
        np.testing.assert_allclose(state.input[0, 0], middle, rtol=1e-12, atol=1e-12)
        for now in (state, apply(state, {"op": "cells", "plane": 0, "cells": [[0, 0, 2]]}, experiment)):
            note = next(each["note"] for each in screen(now).columns if each["view"] == "input")
            assert f"Explore's 126 × 126, its middle {most} × {most}" in note
        worked = apply(state, {"op": "worked"}, experiment)
        assert not any("Explore" in each["note"] for each in screen(worked).columns)


def test_of_more_maps_than_have_room_it_is_said_how_many_are_here():
    bank = np.zeros((6, 1, 3, 3))
    experiment = Experiment(bank=read_only(bank), kernel_names=("",) * 6, bias=read_only(np.zeros(6)))
    state = edited({"op": "kind", "value": "batch_norm"}, {"op": "input", "value": OWN}, experiment=experiment)
    assert state.channels == 4
    assert state.part == "the first 4 of Explore's 6 maps"


def test_a_feature_map_of_a_single_cell_is_no_batch_and_says_so():
    session = Session()
    sizes = [{"op": "rows", "value": 3, "revision": 1}, {"op": "columns", "value": 3, "revision": 2}]
    session.receive({"session": session.identity, "edits": sizes})
    send(session, {"op": "kind", "value": "batch_norm"}, {"op": "input", "value": OWN})
    assert "single cell" in session.layers.notice
    send(session, {"op": "kind", "value": "relu"}, {"op": "input", "value": OWN})
    assert session.layers.state.input.shape == (1, 1, 1, 1)
    unpack(layers_message(session))


def test_where_explore_has_no_scores_it_is_said():
    session = Session()
    session.receive({"session": session.identity, "edits": [{"op": "pool_size", "value": 8, "revision": 1}]})
    assert session.chain.problem is not None
    send(session, {"op": "kind", "value": "softmax"}, {"op": "input", "value": OWN})
    assert "stops before its scores" in session.layers.notice


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"op": "temperature", "value": 0}, "between 0.01 and 100"),
        ({"op": "temperature", "value": 1e99}, "^The temperature must lie between 0.01 and 100; it stays 1.$"),
        ({"op": "slope", "value": -1e7}, "^The slope must lie between −1 and 2; it stays 0.1.$"),
        ({"op": "temperature", "value": "hot"}, "must be a number"),
        ({"op": "p", "value": 1.5}, "between 0 and 1"),
        ({"op": "label", "value": 9}, "from 0 to 3"),
        ({"op": "cells", "plane": 0, "cells": [[0, 0, 1e9]]}, "1,000,000"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_work(edit, words):
    start = {"op": "kind", "value": "cross_entropy"}
    with pytest.raises(EditRefusedError, match=words):
        edited(start, edit)


def test_each_layer_keeps_its_settings_while_another_is_looked_at():
    state = edited(
        {"op": "kind", "value": "dropout"},
        {"op": "p", "value": 0.2},
        {"op": "kind", "value": "tanh"},
        {"op": "cells", "plane": 0, "cells": [[0, 0, 3]]},
        {"op": "kind", "value": "dropout"},
    )
    assert state.p == 0.2
    assert state.given["map"].input[0, 0, 0, 0] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_worked_example_of_a_layer_is_what_it_opened_with_and_leaves_the_others_alone(kind):
    other = "tanh" if KINDS[kind].family != "map" else "dropout"
    changes = [
        {"op": "kind", "value": other},
        {"op": "input", "value": "larger"},
        {"op": "kind", "value": kind},
        {"op": "input", "value": "noise"},
        {"op": "slope", "value": 0.3},
        {"op": "temperature", "value": 3},
        {"op": "gamma", "channel": 0, "value": 3},
        {"op": "dense_bias", "cells": [[0, 9]]},
    ]
    state = edited(*changes, {"op": "worked"})
    fresh, back = screen(edited({"op": "kind", "value": kind})), screen(state)
    for stage in fresh.stages:
        if stage["view"]:
            np.testing.assert_array_equal(values(back, stage["view"]), values(fresh, stage["view"]))
    assert state.given[KINDS[other].family].source == "larger"


@pytest.mark.parametrize("kind", ["batch_norm", "dropout"])
def test_the_mode_that_two_layers_share_stays_where_one_goes_back_to_its_worked_example(kind):
    other = {"batch_norm": "dropout", "dropout": "batch_norm"}[kind]
    changes = [{"op": "kind", "value": other}, {"op": "training", "value": "inference"}, {"op": "kind", "value": kind}]
    state = edited(*changes, {"op": "worked"}, {"op": "kind", "value": other})
    assert not state.training
    assert edited({"op": "kind", "value": kind}, {"op": "worked"}).training


def send(session: Session, *edits: dict) -> None:
    first = session.layers.revision + 1
    told = [{**edit, "revision": first + k} for k, edit in enumerate(edits)]
    session.layers.receive({"session": session.identity, "edits": told})


def test_all_of_one_drag_is_a_single_step_to_undo():
    session = Session()
    desk = session.layers
    send(session, {"op": "kind", "value": "softmax"})
    for value in (2, 3, 50, 4):
        send(session, {"op": "temperature", "value": value, "drag": "a"})
    send(session, {"op": "temperature", "value": 5, "drag": "b"})
    assert [each.temperature for each in desk.history] == [1, 1, 4, 5]
    send(session, {"op": "undo"}, {"op": "undo"})
    assert (desk.state.temperature, desk.state.kind) == (1, "softmax")
    send(session, {"op": "temperature", "value": 8, "drag": "b"})
    assert [each.temperature for each in desk.history] == [1, 1, 8]


def test_a_drag_that_comes_by_where_it_began_takes_no_step_of_another():
    session = Session()
    before = session.layers.state.temperature
    send(session, {"op": "temperature", "value": 5})
    send(session, *({"op": "temperature", "value": value, "drag": "a"} for value in (6, 5)))
    assert len(session.layers.history) == 2
    send(session, *({"op": "temperature", "value": value, "drag": "a"} for value in (7, 8)))
    assert [each.temperature for each in session.layers.history] == [before, 5, 8]


def test_a_drag_that_is_refused_leaves_the_last_value_that_was_not():
    session = Session()
    send(session, {"op": "p", "value": 0.3, "drag": "a"}, {"op": "p", "value": 3, "drag": "a"})
    assert session.layers.state.p == 0.3
    assert "between 0 and 1" in session.layers.notice


def test_another_layer_is_looked_at_from_a_cell_of_its_own():
    session = Session()
    session.layers.receive(
        {"session": session.identity, "edits": [], "pin": {"stage": 0, "index": [0, 0, 5, 5], "count": 1}}
    )
    assert unpack(layers_message(session))[0]["pin"] == {"stage": 0, "index": [0, 0, 5, 5]}
    send(session, {"op": "kind", "value": "cross_entropy"})
    assert unpack(layers_message(session))[0]["pin"] == {"stage": loss.LOSS, "index": [0, 0]}


def test_a_page_that_was_loaded_again_goes_on_where_it_was():
    before, after = Session(), Session()
    _remember(before)
    send(before, {"op": "kind", "value": "batch_norm"}, {"op": "step"})
    after.layers.receive({"session": after.identity, "edits": [], "resume": before.identity})
    assert after.layers.state.kind == "batch_norm"
    assert after.layers.state.steps == 1


def test_a_request_of_its_own_is_answered():
    session = Session()
    _remember(session)
    message = {"session": session.identity, "edits": [{"op": "kind", "value": "gelu", "revision": 1}]}
    header, _ = unpack(answers.answer("layers", session.identity, message))
    assert header["kind"] == "gelu"
    assert [column["view"] for column in entries(header, "columns")] == ["input", "curve", "output", "slope"]
    assert sources("map")[OWN] == "Feature map in Explore"
    assert batch_norm.stepped(session.layers.state)[0].shape == (4,)


def test_a_rule_that_the_browser_has_no_preview_or_formula_for_is_told_by_the_core():
    arrays: dict = {}
    x = np.zeros((1, 3))
    assert describe.computed(0, Softmax(temperature=2), x, x, arrays)["preview"] is None
    assert describe.computed(0, Softmax(temperature=2), x, x, arrays)["formula"] is None
    assert describe.computed(0, Softmax(), x, x, arrays)["preview"] == "softmax"
    assert "tanh" in describe.computed(0, GELU("tanh"), x, x, arrays)["formula"]
    assert "erf" in describe.computed(0, GELU(), x, x, arrays)["formula"]
