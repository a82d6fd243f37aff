"""How numbers and colours stand in cells and on the scales below them."""

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser


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
