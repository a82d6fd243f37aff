/**
 * The gradient of each weight of the kernel that is shown, under the weights, and of its bias.
 * @module
 */

import { h, setText } from "../common/dom.js";
import { short } from "../common/format.js";
import { Grid } from "../common/grid.js";
import { leadsTo } from "../common/keys.js";
import { Legend } from "../common/legend.js";
import { scaleFor } from "../common/scale.js";
import { weightSize } from "../common/kernel.js";

const LARGEST_CELL = 36; // px: four decimals and a minus fit; on a laptop the maps' scales stay in sight below it

export class WeightGradient {
  /** @param {{look: (index: number[] | null, param: string) => void, pick: (index: number[], param: string) => void}} on */
  constructor(on) {
    this.on = on;
    /** @type {Grid[]} one a plane */
    this.grids = [];
    this.output = 0;
    /** For which sizes it is held in its place; "" where it is not on screen. */
    this.held = "";
    this.maps = h("div", { class: "ks-gradient-planes" });
    this.legend = new Legend();
    const bias = () => on.pick([this.output], "bias");
    this.bias = h("button", { type: "button", class: "ks-link", onclick: bias, title: "Where the gradient of the bias comes from" });
    this.bias.addEventListener("pointerenter", () => on.look([this.output], "bias"));
    this.bias.addEventListener("pointerleave", () => on.look(null, "bias"));
    this.element = h("figure", { class: "ks-weight-gradient", hidden: true }, h("figcaption", { text: "gradient of each weight" }), this.maps, this.legend.element, this.bias);
  }

  /** @param {number} plane */
  #grid(plane) {
    const at = (/** @type {{row: number, column: number}} */ { row, column }) => [this.output, plane, row, column];
    return new Grid({
      view: plane ? `kernel_gradient_${this.planes[plane]}` : "kernel_gradient",
      label: `Gradient of each weight${this.count > 1 ? `, ${this.planes[plane]}` : ""}`,
      on: {
        hover: (cell) => this.on.look(cell && at(cell), "weight"),
        pick: (cell) => this.on.pick(at(cell), "weight"),
        key: (event) => this.#key(event, plane),
      },
    });
  }

  /**
   * Measure where the kernel lies without it, for the style sheet to hold it there: its column shares no rows with the
   * others while it is higher than they are.
   * @param {import("../common/column.js").Column} column the kernel's
   * @param {string} sizes that its place follows: it is measured once for each
   */
  hold({ element, top, body }, sizes) {
    if (sizes === this.held) return;
    this.held = sizes;
    const { hidden } = this.element;
    this.element.hidden = true;
    const [from, controls, kernel] = [element, top.element, body].map((each) => each.getBoundingClientRect().top);
    element.style.setProperty("--ks-heading", `${controls - from}px`);
    element.style.setProperty("--ks-top", `${kernel - controls}px`);
    this.element.hidden = hidden;
  }

  /**
   * @param {{weight: import("../common/blob.js").Tensor, bias: import("../common/blob.js").Tensor} | null} gradient null where values are shown
   * @param {number} output which kernel
   * @param {string[]} names of its planes
   * @param {boolean} dark
   * @returns {string[]} the views that were drawn
   */
  draw(gradient, output, names, dark) {
    this.element.hidden = !gradient;
    if (!gradient) {
      this.held = "";
      return [];
    }
    const { shape, values } = gradient.weight;
    const [, planes, rows, columns] = shape;
    this.output = output;
    this.size = [rows, columns];
    if (this.count !== planes) {
      this.count = planes;
      this.planes = names;
      this.grids = Array.from({ length: planes }, (_, plane) => this.#grid(plane));
      this.maps.replaceChildren(...this.grids.map(({ element }) => element));
    }
    const own = values.subarray(output * planes * rows * columns, (output + 1) * planes * rows * columns);
    const scale = scaleFor("diverging", [own]);
    this.grids.forEach((grid, plane) => {
      grid.resize(rows, columns, Math.min(LARGEST_CELL, weightSize(Math.max(rows, columns))));
      grid.draw(own, plane * rows * columns, scale, dark);
    });
    this.legend.draw(scale, dark);
    setText(this.bias, `bias: ${short(gradient.bias.values[output], 4)}`);
    return this.grids.map(({ element }) => element.dataset.view);
  }

  /** Outline the weight that is looked at, or none. @param {number[] | null} index */
  mark(index) {
    this.index = index;
    this.grids.forEach((grid, plane) => {
      const here = index?.length === 4 && index[0] === this.output && index[1] === plane;
      grid.drawMarks(here ? [{ box: { top: index[2], left: index[3], bottom: index[2], right: index[3] }, role: "self" }] : []);
    });
  }

  /** Arrow keys, Home and End walk over the weights. @param {KeyboardEvent} event @param {number} plane */
  #key(event, plane) {
    const here = this.index?.length === 4 && this.index[1] === plane ? this.index.slice(2) : [0, 0];
    const next = event.key === "Enter" ? here : leadsTo(event, here, this.size);
    if (!next) return;
    event.preventDefault();
    this.on.pick([this.output, plane, ...next], "weight");
  }
}
