"""The components' pure functions, imported into a page and held to cnn_core's cases and to Python's own arithmetic."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from cnn_core import Conv2d, Sequential
from pages.components.blob import identity
from tests.browser.conftest import Server
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


@pytest.fixture(scope="module")
def modules(browser, server: Server) -> Page:
    """A page of this server, from which its modules can be imported."""
    page = browser.new_page()
    page.goto(f"{server.url}/ui/common/preview.js")
    yield page
    page.close()


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


def test_sums_are_rounded_once_as_python_s_fsum_rounds_them(modules: Page):
    rng = np.random.default_rng(3)
    lists = [[1e16, 1, -1e16], [0.1] * 10, [1e308, 1e308, -1e308], [1, 1e-16, 1e-16], [], [-0.0]]
    lists += [(rng.normal(size=20) * 10.0 ** rng.integers(-20, 20, 20)).tolist() for _ in range(300)]
    sums = modules.evaluate(
        """async (lists) => {
          const { fsum } = await import("/ui/common/exact.js");
          return lists.map((list) => fsum(list));
        }""",
        lists,
    )
    for numbers, result in zip(lists, sums, strict=True):
        try:
            expected = math.fsum(numbers)
        except OverflowError:
            continue
        assert float(result) == expected


def test_a_shown_sum_adds_up_in_the_digits_that_are_shown(modules: Page):
    rng = np.random.default_rng(4)
    sums = []
    for size in (1e-8, 3e-7, 0.001, 0.1, 1, 30, 5000):
        for count in (1, 4, 9, 25):
            products = rng.normal(scale=size, size=count)
            bias = float(rng.normal(scale=size)) if count % 2 else 0.0
            sums.append({"products": products.tolist(), "bias": bias, "value": float(products.sum() + bias)})
    sums += [{"products": [1, 0, -3], "bias": 2, "value": 0}, {"products": [0.5, 0.25], "bias": 0, "value": 0.75}]
    shown = modules.evaluate(
        """async (sums) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          return sums.map((sum) => {
            const told = addUp(sum);
            const numbers = [...told.products, told.bias, told.remainder, told.value];
            return { places: told.places, texts: numbers.map((x) => fixed(x, told.places)), remainder: told.remainder };
          });
        }""",
        sums,
    )
    for sum_, told in zip(sums, shown, strict=True):
        units = [round(float(text.replace("−", "-")) * 10 ** told["places"]) for text in told["texts"]]
        assert sum(units[:-1]) == units[-1]
        # The remainder is what cutting digits costs: at most half a unit of the last place for each number shown.
        assert abs(told["remainder"]) * 10 ** told["places"] <= (len(sum_["products"]) + 2) / 2 + 1e-6
    assert shown[-2]["texts"] == ["1", "0", "−3", "2", "0", "0"]
    assert shown[-1]["texts"] == ["0.50", "0.25", "0.00", "0.00", "0.75"]


def test_a_sum_that_is_not_finite_is_shown_as_it_is(modules: Page):
    shown = modules.evaluate(
        """async () => {
          const { addUp } = await import("/ui/common/format.js");
          return [NaN, Infinity].map((x) => {
            const { products, value, remainder } = addUp({ products: [1, x], bias: 0, value: x });
            return [products[0], remainder, Number.isFinite(value)];
          });
        }"""
    )
    assert shown == [[1, 0, False], [1, 0, False]]


def test_a_shown_sum_adds_up_however_large_or_tiny_its_numbers_are(modules: Page):
    rng = np.random.default_rng(5)
    sums = [{"products": [1406852036501492400.5], "bias": 123456.7, "value": 1406852036501615872.0}]
    for size in range(-40, 26):
        for _ in range(4):
            products = (rng.normal(size=rng.integers(1, 10)) * 10.0 ** (size - rng.integers(0, 4))).tolist()
            bias = float(rng.normal() * 10.0**size)
            sums.append({"products": products, "bias": bias, "value": math.fsum([*products, bias])})
    shown = modules.evaluate(
        """async (sums) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          return sums.map((sum) => {
            const { places, products, bias, remainder, value } = addUp(sum);
            return [...products, bias, remainder, value].map((x) => fixed(x, places));
          });
        }""",
        sums,
    )
    for given, texts in zip(sums, shown, strict=True):
        *parts, value = (Fraction(text.replace("−", "-")) for text in texts)
        assert sum(parts) == value, texts
        assert float(value) == pytest.approx(given["value"], rel=1e-2, abs=1e-3 * max(map(abs, given["products"])))


@pytest.mark.parametrize(
    ("products", "bias", "texts"),
    [
        ([2, 599994, -1], 1 / 3, ["2.0", "599994.0", "−1.0", "0.3", "0.0", "599995.3"]),
        ([74074.068, 12], -0.001, ["74074.068", "12.000", "−0.001", "0.000", "74086.067"]),
        ([2, 599994], 1e-9, ["2", "599994", "0", "0", "599996"]),  # of so many digits nobody sees the last
        ([2.25, 1], 0, ["2.25", "1.00", "0.00", "0.00", "3.25"]),
        ([0.0012345678], 3e-14, ["0.001235", "0.000000", "0.000000", "0.001235"]),  # beyond all decimals
    ],
)
def test_a_bias_that_was_set_is_never_rounded_away_beside_large_products(modules: Page, products, bias, texts):
    shown = modules.evaluate(
        """async ([products, bias]) => {
          const { addUp, fixed } = await import("/ui/common/format.js");
          const told = addUp({ products, bias, value: products.reduce((a, b) => a + b, bias) });
          return [...told.products, told.bias, told.remainder, told.value].map((x) => fixed(x, told.places));
        }""",
        [products, bias],
    )
    assert shown == texts


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1.845e-8, 11, "1.845e−8"),
        (-1.84e-8, 11, "−1.840e−8"),
        (3e-12, 12, "3e−12"),
        (9.9996e-7, 10, "0.0000010000"),
        (1.25e-6, 9, "0.000001250"),
        (-1e-7, 7, "−0.0000001"),
        (3e-9, 9, "0.000000003"),
        (0, 11, "0"),
        (-0.0, 11, "0"),
        (1e-13, 11, "0.00000000000"),
        (0, 4, "0.0000"),
        (-0.25, 12, "−0.250000000000"),
    ],
)
def test_a_tiny_number_keeps_its_digits_and_has_its_zeros_as_a_power_of_ten(
    modules: Page, value: float, places: int, text: str
):
    script = "async ([value, places]) => (await import('/ui/common/format.js')).fixed(value, places)"
    assert modules.evaluate(script, [value, places]) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), (" -2.5 ", -2.5), ("0,5", 0.5), ("−3", -3), ("1/4", 0.25), ("1e3", 1000), (".5", 0.5), ("2.", 2)]
    + [(text, None) for text in ("", "abc", "NaN", "Infinity", "1/0", "--1", "1 2", "0x10", "1/2/3")],
)
def test_numbers_are_read_as_people_write_them(modules: Page, text: str, value: float | None):
    read = modules.evaluate(
        'async (text) => (await import("/ui/common/format.js")).read(text)',
        text,
    )
    assert read == value


@pytest.mark.parametrize(
    ("written", "value", "sign"),
    [
        ("1.5", 1.5, "="),
        ("0.3", 0.1 + 0.2, "="),
        ("−1.27877", -12.7877 * 0.1, "="),
        ("0.333333", 1 / 3, "≈"),
        ("0.3", 0.3 + 1e-12, "≈"),
        ("≈0", 1e-17, "≈"),
        ("0", 0, "="),
    ],
)
def test_a_result_is_equal_where_only_binary_rounding_keeps_it_from_its_digits(
    modules: Page, written: str, value: float, sign: str
):
    script = "async ([written, value]) => (await import('/ui/common/format.js')).equals(written, value)"
    assert modules.evaluate(script, [written, value]) == sign


def test_labels_are_short_and_never_minus_zero(modules: Page):
    numbers = [0, -0.0, 12, -6, 0.000732, 1 / 3, 1e9, -1e-7, 123.456]
    texts = modules.evaluate(
        """async (numbers) => {
          const { short } = await import("/ui/common/format.js");
          return numbers.map((x) => short(x, 3));
        }""",
        numbers,
    )
    assert texts == ["0", "0", "12", "−6", "0.000732", "0.333", "1.0e+9", "−1.0e−7", "123"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-4.898578, "−4.90"),
        (-4.9, "−4.9"),
        (0.149568619, "0.150"),
        (0.15, "0.15"),
        (0.30000000000000004, "0.3"),
        (12.04, "12.0"),
        (12, "12"),
        (1234.5, "1235"),
        (9.996, "10.00"),
        (-0.0, "0"),
        (1e-9, "1.0e−9"),
        (12345678.9, "1.2e+7"),
        (2, "2"),
    ],
)
def test_a_number_that_is_cut_keeps_its_zeros_and_one_that_is_not_has_none(modules: Page, value: float, text: str):
    script = """async (value) => (await import("/ui/common/format.js")).rounded(value, 3)"""
    assert modules.evaluate(script, value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (0.19, ".19"),
        (-0.02, "−.02"),
        (0.5, ".5"),
        (0.996, "1"),
        (-0.996, "−1"),
        (1.04, "1"),
        (-1.26, "−1.3"),
        (9.96, "10"),
        (12.3, "12"),
        (-999, "−999"),
        (9999, "9999"),
        (0.004, "≈0"),
        (-0.004, "≈0"),
        (1e-9, "≈0"),
        (-1234, "−1e3"),
        (9999.6, "1e4"),
        (10000, "1e4"),
        (-123456, "−1e5"),
        (1e6, "1e6"),
    ],
)
def test_a_weight_that_is_cut_short_has_four_letters_and_is_0_only_where_it_is_0(
    modules: Page, value: float, text: str
):
    script = "async (value) => (await import('/ui/common/kernel.js')).cut(value)"
    assert modules.evaluate(script, value) == text


@pytest.mark.parametrize("end", [12, 0.274, 0.00123, 0.000123, 1.2e-7, 123456, 1234567, 1.5e9])
def test_the_ends_of_a_scale_below_a_vector_do_not_touch(explore: Page, end: float):
    apart, high = explore.evaluate(
        """async (end) => {
          const { Legend, VECTOR_LETTERS } = await import("/ui/common/legend.js");
          const legend = new Legend(VECTOR_LETTERS);
          const below = document.querySelector("[data-column=flat] .ks-legend");
          legend.element.style.width = `${below.clientWidth}px`;
          below.after(legend.element);
          legend.draw({ kind: "diverging", low: -end, high: end }, false);
          const box = (name) => legend.element.querySelector(name).getBoundingClientRect();
          const apart = box(".ks-high").left - box(".ks-low").right;
          const text = legend.high.textContent;
          legend.element.remove();
          return [apart, text];
        }""",
        end,
    )
    assert apart >= 4
    assert float(high.replace("−", "-")) == pytest.approx(end, rel=0.05)


@pytest.mark.parametrize("value", [0.00054167, -0.00054167, -123456, 1.234e-9])
def test_a_vector_s_numbers_stand_within_its_cells(explore: Page, value: float):
    width, room = explore.evaluate(
        """async (value) => {
          const { Vector } = await import("/ui/common/vector.js");
          const vector = new Vector({ view: "tried", label: "", on: {} });
          document.querySelector("[data-column=flat]").append(vector.element);
          const widths = [];
          const write = CanvasRenderingContext2D.prototype.fillText;
          CanvasRenderingContext2D.prototype.fillText = function (text) { widths.push(this.measureText(text).width); };
          vector.resize(1, 300);
          vector.draw(Float64Array.of(value), { kind: "diverging", low: -1, high: 1 }, false);
          CanvasRenderingContext2D.prototype.fillText = write;
          const room = vector.element.clientWidth;
          vector.element.remove();
          return [Math.max(...widths), room];
        }""",
        value,
    )
    assert 0 < width <= room - 4


# A map of one row with a zero at both ends: what is written in its cells, then around them, and how wide.
WRITTEN = """async ([numbers, cell]) => {
  const { Grid } = await import("/ui/common/grid.js");
  const grid = new Grid({ view: "tried", label: "", on: {} });
  document.querySelector("[data-column=conv]").append(grid.element);
  const told = [];
  const write = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text) { told.push([text, this.measureText(text).width]); };
  grid.resize(1, numbers.length, cell, [0, 0, 1, 1]);
  grid.draw(Float64Array.from(numbers), 0, { kind: "diverging", low: -9, high: 9 }, false);
  CanvasRenderingContext2D.prototype.fillText = write;
  grid.element.remove();
  return told;
}"""


def test_a_number_below_zero_keeps_the_digits_it_would_have_above(explore: Page):
    told = explore.evaluate(WRITTEN, [[2.25, -2.25, -2 / 3], 32])
    assert [text for text, _ in told] == ["2.25", "−2.25", "−0.67", "0", "0"]
    assert all(width <= 32 - 4 for _, width in told)


@pytest.mark.parametrize(("cell", "seen"), [(17, False), (18, True), (20, True), (24, True)])
def test_numbers_stand_in_a_map_s_cells_where_they_stand_in_the_ring_around_it(explore: Page, cell: int, seen: bool):
    told = explore.evaluate(WRITTEN, [[1, -2, 9], cell])
    assert [text for text, _ in told] == (["1", "−2", "9", "0", "0"] if seen else [])
    assert all(width < cell for _, width in told)


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
    const own = model.relatives(-1, index, 0).get(0);
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


INKS = """async (luma) => {
  const { Grid } = await import("/ui/common/grid.js");
  const grid = new Grid({ view: "input", label: "Input", on: {} });
  document.body.append(grid.element);
  grid.resize(1, 2, 60);
  grid.drawColour(Float64Array.of(1, 0, 0, 1, 0, 0), false, luma); // one cell red, the other green
  const ratio = window.devicePixelRatio;
  const inks = [0, 60].map((left) => {
    const { data } = grid.ink.getContext("2d").getImageData((left + 5) * ratio, 5 * ratio, 50 * ratio, 50 * ratio);
    const solid = [...Array(data.length / 4).keys()].filter((k) => data[4 * k + 3] === 255);
    return [...new Set(solid.map((k) => data[4 * k]))];
  });
  grid.element.remove();
  return inks;
}"""


def test_numbers_on_a_colour_are_dark_where_its_luma_as_told_is_bright(modules: Page):
    assert modules.evaluate(INKS, [299, 587, 114]) == [[255], [0]]
    assert modules.evaluate(INKS, [900, 50, 50]) == [[0], [255]]


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


def test_a_map_that_copies_a_photograph_is_as_bright_as_the_photograph(modules: Page):
    scales = modules.evaluate(
        """async () => {
          const { scaleFor } = await import("/ui/common/scale.js");
          return {
            copy: scaleFor("signed", [[0.1, 0.753]]),
            brighter: scaleFor("signed", [[0, 1.2]]),
            edges: scaleFor("signed", [[-0.25, 0.5]]),
            filled: scaleFor("signed", [[0.1, 0.753]], [0, 0], true),
            photograph: scaleFor("sequential", [[0.1, 0.753]], [0, 1]),
            variances: scaleFor("sequential", [[0.1, 0.753]]),
          };
        }"""
    )
    assert scales["copy"] == scales["photograph"] == {"kind": "sequential", "low": 0, "high": 1}
    assert scales["brighter"] == {"kind": "sequential", "low": 0, "high": 1.2}
    assert scales["edges"] == {"kind": "diverging", "low": -0.5, "high": 0.5}
    assert scales["filled"] == scales["variances"] == {"kind": "sequential", "low": 0, "high": 0.753}


def test_a_long_sum_tells_its_zeros_one_by_one_only_where_there_is_nothing_else(modules: Page):
    long = np.random.default_rng(8).integers(-40, 41, 500).tolist()
    shown = modules.evaluate(
        """async (long) => {
          const { shownSum } = await import("/ui/common/sum.js");
          const ask = (products) => {
            const terms = products.map((product, k) => ({ product, weight: k, value: 1 }));
            const value = products.reduce((a, b) => a + b, 0);
            const { rows, rest } = shownSum({ terms, bias: 0, value });
            return [rows.map(({ term }) => term.product), rest.count];
          };
          const zeros = (count) => new Array(count).fill(0);
          const sums = [[3, ...zeros(119), -2], zeros(121), [1, ...zeros(26)], new Array(30).fill(1), long];
          return sums.map(ask);
        }""",
        long,
    )
    assert shown[0] == [[3, -2], 119]
    assert shown[1] == [[0] * 24, 97]
    assert shown[2] == [[1, *[0] * 26], 0]  # a sum that is short enough is told whole
    assert shown[3] == [[1] * 24, 6]
    # Of equal products the heavier weight, here the later one, comes first.
    assert shown[4] == [[long[k] for k in sorted(range(500), key=lambda k: (-abs(long[k]), -k))[:24]], 476]


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
