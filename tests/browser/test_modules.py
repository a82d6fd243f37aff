"""The page's own model, held to cnn_core: what it previews, what it says of a cell, and when it asks and sends."""

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from cnn_core import Conv2d, Sequential
from pages.components.blob import identity
from tests.browser.screen import same_sum

pytestmark = pytest.mark.browser


CASES = json.loads((Path(__file__).parents[1] / "cases" / "preview.json").read_text())


RUN_CASE = """async (wanted) => {
  const { preview } = await import("/ui/common/preview.js");
  const shapeOf = (nested) => (Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : []);
  const tensor = (nested) => nested && { shape: shapeOf(nested), values: Float64Array.from(nested.flat(Infinity)) };
  const result = preview(wanted.rule, {
    input: tensor(wanted.input), weight: tensor(wanted.weight), bias: tensor(wanted.bias),
    shape: shapeOf(wanted.expected), link: wanted.link, parameter: wanted.parameter,
  });
  return Array.from(result.values);
}"""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_preview_gives_what_cnn_core_gives(modules: Page, case: dict):
    result = np.array(modules.evaluate(RUN_CASE, case))
    expected = np.array(case["expected"]).ravel()
    if case["exact"]:
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-300)


def test_a_rule_that_the_preview_does_not_know_is_not_guessed(modules: Page):
    result = modules.evaluate(
        """async () => {
          const { preview } = await import("/ui/common/preview.js");
          const input = { shape: [1, 1], values: Float64Array.of(1) };
          const work = { input, shape: [1, 1], link: {} };
          return [preview(null, work), preview("gelu", work)];
        }"""
    )
    assert result == [None, None]


def test_a_tensor_has_the_same_name_here_and_in_python(modules: Page):
    rng = np.random.default_rng(5)
    arrays = [np.zeros((1, 1)), np.full((1, 1), -0.0), rng.normal(size=(1, 1, 9, 7)), rng.normal(size=(1, 300)) * 1e300]
    arrays += [np.arange(12.0).reshape(shape) for shape in ((1, 1, 3, 4), (1, 1, 4, 3), (1, 12))]
    names = modules.evaluate(
        """async (tensors) => {
          const { identity } = await import("/ui/common/identity.js");
          return tensors.map(({ shape, bytes }) => {
            const values = new Float64Array(Uint8Array.from(bytes).buffer);
            return identity({ shape, values });
          });
        }""",
        [{"shape": list(array.shape), "bytes": list(array.tobytes())} for array in arrays],
    )
    assert names == [identity(array) for array in arrays]
    assert len(set(names)) == len(names)


def test_windows_and_their_readers_are_each_other_s_inverse(modules: Page):
    wrong = modules.evaluate(
        """async () => {
          const { taps, boxForward } = await import("/ui/common/windows.js");
          const wrong = [];
          for (const stride of [1, 2, 3]) for (const padding of [0, 1, 2]) for (const extent of [1, 2, 3]) {
            const both = (x) => [x, x];
            const origin = both(-padding);
            const link = { kind: "window", origin, stride: both(stride), dilation: both(1), extent: both(extent) };
            const size = Math.floor((7 + 2 * padding - extent) / stride) + 1;
            for (let row = 0; row < 7; row += 1) {
              const readers = [];
              for (let i = 0; i < size; i += 1) {
                if (taps(link, i, 0, 7, 7).some((tap) => tap.row === row)) readers.push(i);
              }
              const box = boxForward({ top: row, bottom: row, left: 0, right: 6 }, link, [size, size]);
              const found = box ? [box.top, box.bottom] : null;
              const expected = readers.length ? [readers[0], readers[readers.length - 1]] : null;
              const same = JSON.stringify(found) === JSON.stringify(expected);
              if (!same) wrong.push({ stride, padding, extent, row, found, expected });
            }
          }
          return wrong;
        }"""
    )
    assert wrong == []


def test_a_preview_of_a_part_gives_what_a_preview_of_the_whole_gives(modules: Page):
    """A weight of one kernel, or some cells of one plane, change only what they reach: every stage, in any geometry."""
    rng = np.random.default_rng(11)
    for trial in range(40):
        stride, dilation, padding, extent = (
            rng.integers(low, high, 2).tolist() for low, high in ((1, 3), (1, 3), (0, 3), (1, 4))
        )
        channels, outputs, rows, columns = (
            int(n) for n in (rng.integers(1, 4), rng.integers(1, 4), *rng.integers(9, 14, 2))
        )
        size = [
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, p, d, k, s in zip((rows, columns), padding, dilation, extent, stride, strict=True)
        ]
        pooled = [(n - 2) // 2 + 1 for n in size]
        if min(pooled) < 1:
            continue
        work = {
            "x": rng.normal(size=(channels, rows, columns)).ravel().tolist(),
            "w": rng.normal(size=(outputs, channels, *extent)).ravel().tolist(),
            "shapes": [
                [1, channels, rows, columns],
                [outputs, channels, *extent],
                [1, outputs, *size],
                [1, outputs, *pooled],
            ],
            "links": [
                {
                    "kind": "window",
                    "origin": [-p for p in padding],
                    "stride": stride,
                    "dilation": dilation,
                    "extent": extent,
                },
                {"kind": "window", "origin": [0, 0], "stride": [2, 2], "dilation": [1, 1], "extent": [2, 2]},
            ],
            "trial": trial,
        }
        differences = modules.evaluate(PARTS, work)
        assert max(differences) < 1e-12, (trial, differences)


# The chain convolution -> leaky ReLU -> max pooling, previewed whole and in parts by the page's own model.
PARTS = """async ({ x, w, shapes, links, trial }) => {
  const { Model } = await import("/ui/common/model.js");
  const { preview } = await import("/ui/common/preview.js");
  const stage = (number, rule, link, more) => ({ stage: number, reads: number < 0 ? null : number - 1, preview: rule,
    link, view: String(number), array: String(number), weight: null, bias: null, parameter: 0.1, ...more });
  const stages = [stage(-1, null, null, {}), stage(0, "window_sum", links[0], { weight: "w" }),
                  stage(1, "leaky_relu", { kind: "same" }, {}), stage(2, "window_max", links[1], {})];
  const run = (input, weight) => {
    const values = [{ shape: shapes[0], values: input }];
    const at = [shapes[2], shapes[2], shapes[3]];
    at.forEach((shape, k) => {
      const { preview: rule, link } = stages[k + 1];
      const given = { input: values[k], shape, link, weight: { shape: shapes[1], values: weight }, parameter: 0.1 };
      values.push(preview(rule, given));
    });
    return values;
  };
  const begin = run(Float64Array.from(x), Float64Array.from(w));
  const arrays = new Map(begin.map((tensor, k) => [String(k - 1), tensor]));
  arrays.set("w", { shape: shapes[1], values: Float64Array.from(w) });
  const model = new Model(stages, arrays);
  const apart = ({ values }, other) =>
    values.reduce((most, x, n) => Math.max(most, Math.abs(x - other.values[n])), 0);
  const differ = (whole) => Math.max(...whole.map((tensor, k) => apart(tensor, model.values.get(k - 1))));
  const found = [];
  const weight = Float64Array.from(w);
  const per = weight.length / shapes[1][0];
  for (let step = 0; step < 3; step += 1) {                       // three steps of one gesture on one kernel
    const output = trial % shapes[1][0];
    weight[output * per + ((trial + step) % per)] += 0.5 + step;
    model.edit({ weight: { stage: 0, values: weight.slice(), output } });
    found.push(differ(run(Float64Array.from(x), weight)));
  }
  const input = Float64Array.from(x);
  const [, , rows, columns] = shapes[0];
  const box = { top: trial % rows, left: trial % columns };
  Object.assign(box, { bottom: Math.min(rows - 1, box.top + 2), right: Math.min(columns - 1, box.left + 1) });
  for (let i = box.top; i <= box.bottom; i += 1) {
    for (let j = box.left; j <= box.right; j += 1) input[i * columns + j] = 9;
  }
  model.edit({ input: { values: input, box } });
  found.push(differ(run(input, weight)));
  return found;
}"""


WINDOWED = [case for case in CASES if case["layer"] == "Conv2d"]


ASK_CASE = """async (wanted) => {
  const { Model } = await import("/ui/common/model.js");
  const shapeOf = (nested) => (Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : []);
  const tensor = (nested) => ({ shape: shapeOf(nested), values: Float64Array.from(nested.flat(Infinity)) });
  const stage = { stage: 0, reads: -1, rule: "sum", link: wanted.link, array: "y", reduce: null, formula: null };
  const given = { stage: -1, reads: null, rule: "input", link: null, array: "x", weight: null, bias: null };
  const arrays = { x: wanted.input, y: wanted.expected, w: wanted.weight, b: wanted.bias };
  const held = new Map(Object.entries(arrays).filter(([, each]) => each).map(([name, each]) => [name, tensor(each)]));
  const told = { ...stage, weight: "w", bias: wanted.bias ? "b" : null };
  const model = new Model([given, told], held);
  const [, outputs, rows, columns] = shapeOf(wanted.expected);
  const [, inputs, down, across] = shapeOf(wanted.input);
  const cells = [];
  for (let o = 0; o < outputs; o += 1) for (let i = 0; i < rows; i += 1) for (let j = 0; j < columns; j += 1) {
    cells.push(model.explain(0, [0, o, i, j]));
  }
  const feeds = [];
  for (let c = 0; c < inputs; c += 1) for (let i = 0; i < down; i += 1) for (let j = 0; j < across; j += 1) {
    feeds.push(Array.from({ length: outputs }, (_, o) => model.fed(told, [0, c, i, j], o)).flat());
  }
  const [, each, KH, KW] = shapeOf(wanted.weight);
  const shares = [];
  for (let o = 0; o < outputs; o += 1) {
    const sum = new Array(rows * columns).fill(0);
    for (let c = 0; c < each; c += 1) for (let a = 0; a < KH; a += 1) for (let b = 0; b < KW; b += 1) {
      const met = model.met(told, o, model.mixed(told, o).first + c, a, b);
      met.share.forEach((product, at) => { sum[at] += product; });
    }
    shares.push(...sum);
  }
  return { cells, feeds, shares };
}"""


RELATED_CASE = """async (wanted) => {
  const { Model } = await import("/ui/common/model.js");
  const { feeds } = await import("/ui/common/feeds.js");
  const { relativesOf } = await import("/ui/common/relatives.js");
  const { boxesOf } = await import("/ui/common/windows.js");
  const shapeOf = (nested) => (Array.isArray(nested) ? [nested.length, ...shapeOf(nested[0])] : []);
  const tensor = (nested) => ({ shape: shapeOf(nested), values: Float64Array.from(nested.flat(Infinity)) });
  const bare = { rule: "sum", bias: null, reduce: null, formula: null, names: null };
  const given = { ...bare, stage: -1, reads: null, rule: "input", link: null, array: "x", weight: null, view: "input" };
  const sum = { ...bare, stage: 0, reads: -1, link: wanted.link, array: "y", weight: "w" };
  const told = { ...sum, view: "conv", title: "Map" };
  const arrays = Object.entries({ x: wanted.input, y: wanted.expected, w: wanted.weight });
  const model = new Model([given, told], new Map(arrays.map(([name, nested]) => [name, tensor(nested)])));
  const [, , down, across] = shapeOf(wanted.input);
  const { first: channel } = model.mixed(told, 0);
  const found = [];
  for (let i = 0; i < down; i += 1) for (let j = 0; j < across; j += 1) {
    const index = [0, channel, i, j];
    const own = relativesOf(model, -1, index, 0).get(0);
    const [rows, columns] = own?.lines ?? [[], []];
    const cells = rows.flatMap((row) => columns.map((column) => [row, column]));
    const boxes = own ? boxesOf(own.lines).map(({ top, left, bottom, right }) => [top, left, bottom, right]) : [];
    const box = own && [own.box.top, own.box.left, own.box.bottom, own.box.right];
    const fed = model.fed(told, index, 0).map((term) => term.index.slice(2));
    found.push({ cells, box, boxes, fed, text: feeds(model, -1, index, 0)[0].text });
  }
  return found;
}"""


@pytest.mark.parametrize("case", WINDOWED, ids=lambda case: case["name"])
def test_a_cell_is_said_to_feed_those_whose_sums_it_is_in_and_no_cell_between(modules: Page, case: dict):
    for told in modules.evaluate(RELATED_CASE, case):
        fed = sorted({tuple(cell) for cell in told["fed"]})
        assert [tuple(cell) for cell in told["cells"]] == fed
        ranges = [(range(top, bottom + 1), range(left, right + 1)) for top, left, bottom, right in told["boxes"]]
        held = [(i, j) for rows, columns in ranges for i in rows for j in columns]
        assert held == fed
        if not fed:
            assert told["text"] == "no window of Map reads it"
            continue
        rows, columns = zip(*fed, strict=True)
        assert told["box"] == [min(rows), min(columns), max(rows), max(columns)]
        if len(fed) == 1:
            assert told["text"].startswith(f"Map [{fed[0][0]}, {fed[0][1]}]")
        else:
            assert told["text"] == f"{len(fed)} cells of Map"


@pytest.mark.parametrize("case", WINDOWED, ids=lambda case: case["name"])
def test_terms_readers_and_shares_are_those_that_cnn_core_tells(modules: Page, case: dict):
    """Output to input, input to output and weight to both: in groups, in every padding mode."""
    layer = Conv2d(**case["arguments"])
    layer.weight = np.array(case["weight"])
    layer.bias = np.zeros(layer.out_channels) if case["bias"] is None else np.array(case["bias"])
    x = np.array(case["input"])
    trace = Sequential([layer]).trace(x)
    told = modules.evaluate(ASK_CASE, case)
    asked = [trace.explain(0, index) for index in np.ndindex(*trace.output.shape)]
    for said, explanation in zip(told["cells"], asked, strict=True):
        same_sum(said, explanation)
    # Every product of the whole convolution, gathered from where its input cell goes, and by kernel position.
    parts: dict[tuple, list] = {}
    for explanation in asked:
        for term in explanation.terms:
            if term.index is not None:
                parts.setdefault(term.index, []).append((list(explanation.index), term.weight, term.product))
    for index, feeds in zip(np.ndindex(*x.shape), told["feeds"], strict=True):
        said = [(term["index"], term["weight"], term["product"]) for term in feeds]
        assert sorted(said) == sorted(parts.get(index, []))
        consumers = sorted({tuple(term["index"]) for term in feeds})
        assert consumers == sorted(cell for _, cell in trace.explain(-1, index).consumers)
    outputs = np.array(told["shares"]).reshape(trace.output.shape) + layer.bias[:, None, None]
    np.testing.assert_allclose(outputs, trace.output, rtol=0, atol=0 if case["exact"] else 1e-12)


def test_weights_of_cells_and_of_channels_are_terms_and_what_python_told_is_repeated(
    modules: Page,
):
    scaled, masked, told = modules.evaluate(
        """async () => {
          const { Model } = await import("/ui/common/model.js");
          const tensor = (shape, ...values) => ({ shape, values: Float64Array.from(values) });
          const arrays = new Map(Object.entries({
            x: tensor([2, 2, 1, 1], 3, 5, 7, 9), mean: tensor([1, 2], 5, 7), scale: tensor([2], 0.5, 2),
            mask: tensor([2, 2, 1, 1], 0, 2, 2, 0), out: tensor([2, 2, 1, 1], -1, -4, 1, 4),
          }));
          const given = { rule: "input", reads: null, link: null, weight: null, bias: null, formula: null };
          const also = [{ stage: 1, weights: [-0.5, -2] }];
          const stages = [
            { ...given, stage: -1, array: "x" },
            { ...given, stage: 0, array: "out", rule: "sum", reads: -1, weight: "scale", link: { kind: "same", also } },
            { ...given, stage: 1, array: "mean", rule: "sum", reads: -1, link: { kind: "all" } },
            { ...given, stage: 2, array: "out", rule: "sum", reads: -1, weight: "mask", link: { kind: "same" } },
          ];
          const term = { stage: -1, index: [0, 1, 0, 0], value: 5 };
          const spelled = { stage: 1, index: [0, 1], rule: "sum", terms: [term] };
          const model = new Model(stages, arrays, [spelled]);
          return [model.explain(0, [1, 1, 0, 0]), model.explain(2, [1, 0, 0, 0]), model.explain(1, [0, 1])];
        }"""
    )
    assert [(term["stage"], term["value"], term["weight"]) for term in scaled["terms"]] == [(-1, 9, 2), (1, 7, -2)]
    assert (scaled["total"], scaled["residual"]) == (4, 0)
    assert [(term["value"], term["weight"]) for term in masked["terms"]] == [(7, 2)]
    assert [term["value"] for term in told["terms"]] == [5]


ASK_AGAIN = """async () => {
  const { Asked } = await import("/ui/common/asked.js");
  const { fetch } = window;
  const { now } = performance;
  let clock = 0;
  let questions = 0;
  const answers = [Promise.reject(new TypeError("no network")), null, { value: 7 }];
  performance.now = () => clock;
  window.fetch = async () => {
    questions += 1;
    const answer = await answers.shift();
    return { ok: true, json: async () => answer };
  };
  const told = [];
  const ask = () => asked.of({ stage: 0, index: [0] }, { index: "0" });
  // As a page does: what arrived is looked at once more.
  const asked = new Asked({ arrived: () => told.push(ask()?.value ?? null), told: (answer) => answer });
  asked.forget("session");
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  const seen = [];
  for (const at of [0, 1, 60_000, 60_001, 120_000, 180_000]) {
    clock = at;
    ask();
    await settle();
    seen.push([questions, ask()?.value ?? null]);
  }
  window.fetch = fetch;
  performance.now = now;
  return seen;
}"""


def test_what_could_not_be_told_is_asked_again_after_a_while_and_not_without_end(modules: Page):
    assert modules.evaluate(ASK_AGAIN) == [[1, None], [1, None], [2, None], [2, None], [3, 7], [3, 7]]


EDITS = """async (second) => {
  const { Edits } = await import("/ui/common/edits.js");
  const sent = [];
  const zeros = (...shape) => ({ shape, values: new Float64Array(shape.reduce((a, b) => a * b)) });
  const weights = new Map([[4, zeros(2, 3)], [0, zeros(1, 1, 1, 2)]]);
  const held = { weights, values: new Map([[-1, zeros(1, 1, 2, 2)]]) };
  const model = { ...held, waiting: new Set(), byNumber: new Map(), release() {}, edit() {} };
  let last = 0;
  const channel = { next: () => (last += 1), offer() {}, send: (edit) => sent.push([edit.op, edit.revision]) };
  const header = () => ({ limit: 9, kernel: { stage: 0 } });
  const on = { model: () => model, header, columns: () => 2, channel, begin() {}, sent() {}, redraw() {} };
  const edits = new Edits(on);
  const change = {
    dense: () => edits.changeDense(4, [[0, 1, 0.5]]),
    kernel: () => edits.changeWeights([1, 2], 0, 0),
    cells: () => edits.changeCells([{ row: 0, column: 0 }], 3, null),
  };
  const end = { dense: () => edits.endDense(), kernel: () => edits.endWeights(), cells: () => edits.endCells() };
  const [one, other] = second;
  change[one]();
  change[other]();
  end[other]();
  end[one]();
  return sent;
}"""


@pytest.mark.parametrize("one", ["dense", "kernel", "cells"])
@pytest.mark.parametrize("other", ["dense", "kernel", "cells"])
def test_an_edit_that_begins_ends_the_one_before_and_each_is_sent_under_a_number_of_its_own(
    modules: Page, one: str, other: str
):
    """A weight's field may stand open while another weight is dragged: neither takes the other's number."""
    sent = modules.evaluate(EDITS, [one, other])
    assert sent == ([[one, 1]] if one == other else [[one, 1], [other, 2]])
