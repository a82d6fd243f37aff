/**
 * Which plane of a stage is looked at, where it has several: a row of small pictures to choose from.
 * @module
 */

import { h, setText } from "./dom.js";
import { check, rove } from "./roving.js";
import { condensed, sampled } from "./sample.js";
import { paint, paintColour } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */

const LARGEST = 28; // px a side of a small picture

/** How many cells share a pixel, so that a small picture has no more of them: else it would be drawn with every other one left out. @param {number[]} size */
const stepOf = (size) => Math.ceil(Math.max(...size) / (LARGEST * (window.devicePixelRatio || 1)));

export class Planes {
  /**
   * @param {string} label what is chosen
   * @param {(plane: number) => void} choose the first of them is 0
   */
  constructor(label, choose) {
    this.choose = choose;
    this.element = h("div", { class: "ks-planes", role: "radiogroup", "aria-label": label, hidden: true });
    /** @type {{button: HTMLButtonElement, canvas: HTMLCanvasElement, name: HTMLElement}[]} */
    this.buttons = [];
    /** The first that can be chosen. */
    this.from = 0;
    rove(this.element, () => this.buttons.slice(this.from).map(({ button }) => button), (k) => choose(k + this.from));
  }

  /**
   * @param {string[] | null} names null where there is nothing to choose
   * @param {number} chosen
   * @param {number} [from] the first that can be chosen: those before it are not there
   */
  offer(names, chosen, from = 0) {
    this.element.hidden = !names;
    this.from = from;
    const count = names?.length ?? 0;
    while (this.buttons.length < count) this.#add();
    while (this.buttons.length > count) this.buttons.pop().button.remove();
    this.buttons.forEach(({ button, name }, k) => {
      setText(name, names[k]);
      button.title = names[k];
      button.hidden = k < from;
      check(button, k === chosen);
    });
  }

  #add() {
    const k = this.buttons.length;
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = h("span", { class: "ks-plane-name" });
    const button = h("button", { type: "button", role: "radio", class: "ks-plane", onclick: () => this.choose(k) }, canvas, name);
    this.buttons.push({ button, canvas, name });
    this.element.append(button);
  }

  /**
   * @param {number} k
   * @param {ArrayLike<number>} values
   * @param {number} offset
   * @param {number[]} size rows and columns
   * @param {Scale} scale
   * @param {boolean} dark
   * @param {boolean} [coarse] whether cells may be left out, as long as a gesture lasts
   */
  draw(k, values, offset, size, scale, dark, coarse = false) {
    const step = stepOf(size);
    const { seen, rows, columns } = coarse ? sampled(values, [offset], size, step) : condensed(values, [offset], size, step, scale.low < 0);
    const image = this.#image(k, rows, columns);
    paint(image.data, seen, 0, scale, dark);
    this.buttons[k].canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /**
   * @param {number} k
   * @param {ArrayLike<number>} values red, then green, then blue
   * @param {number[]} size
   */
  drawColour(k, values, size) {
    const plane = size[0] * size[1];
    const { seen, rows, columns } = condensed(values, [0, plane, 2 * plane], size, stepOf(size), false);
    const image = this.#image(k, rows, columns);
    paintColour(image.data, seen);
    this.buttons[k].canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /** @param {number} k @param {number} rows @param {number} columns */
  #image(k, rows, columns) {
    const { canvas } = this.buttons[k];
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    return new ImageData(columns, rows);
  }
}
