/**
 * A vector drawn as the one long column it is: a line of colour a value, with the numbers where they fit.
 * @module
 */

import { h } from "./dom.js";
import { extent, fitting, short } from "./format.js";
import { digitWidth, letters } from "./letters.js";
import { colour, paint } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./grid.js").Mark} Mark */

const WIDTH = 52; // px
const LARGEST_CELL = 30; // px
const NUMBERS_FROM = 13; // px a value
const LARGEST_NUMBER = 14; // px
const LONGEST_NUMBER = 7; // letters
const ROOM = 46; // px for a number
const LEAST_MARK = 4; // px: thinner ones would not be seen

export class Vector {
  /**
   * @param {{view: string, label: string, on: import("./grid.js").Handlers}} options
   */
  constructor({ view, label, on }) {
    this.values = h("canvas", { class: "ks-vector-values", "aria-hidden": "true" });
    this.ink = h("canvas", { class: "ks-vector-ink", "aria-hidden": "true" });
    this.element = h(
      "div",
      { class: "ks-vector", "data-view": view, tabindex: "0", role: "application", "aria-label": label },
      this.values,
      this.ink,
    );
    this.count = 0;
    this.height = 0;
    /** What lies over it, where what it came from is to be predicted. @type {import("./cover.js").Cover | null} */
    this.cover = null;
    /** @type {Mark[]} */
    this.marks = [];
    const at = (/** @type {PointerEvent | MouseEvent} */ event) => {
      const box = this.element.getBoundingClientRect();
      const row = Math.floor(((event.clientY - box.top) / box.height) * this.count);
      return row >= 0 && row < this.count ? { row, column: 0 } : null;
    };
    this.element.addEventListener("pointermove", (event) => on.hover?.(at(event)));
    this.element.addEventListener("pointerleave", () => on.hover?.(null));
    this.element.addEventListener("click", (event) => {
      const cell = at(event);
      if (cell) on.pick?.(cell);
    });
    this.element.addEventListener("keydown", (event) => on.key?.(event));
  }

  /**
   * @param {number} count of values
   * @param {number} tallest px there is room for
   */
  resize(count, tallest) {
    const height = Math.min(tallest, count * LARGEST_CELL);
    const ratio = window.devicePixelRatio || 1;
    if (count === this.count && height === this.height && ratio === this.ratio) return;
    Object.assign(this, { count, height, ratio });
    this.element.style.width = `${WIDTH}px`;
    this.element.style.height = `${height}px`;
    // No taller than its pixels on screen: of a very long vector each line shows one of the values that fall on it.
    this.lines = Math.min(count, Math.round(height * ratio));
    this.values.width = 1;
    this.values.height = this.lines;
    this.ink.width = Math.round(WIDTH * ratio);
    this.ink.height = Math.round((height + 2 * LEAST_MARK) * ratio);
  }

  /** @param {Float64Array} values @param {Scale} scale @param {boolean} dark */
  draw(values, scale, dark) {
    const image = new ImageData(1, this.lines);
    const seen = this.lines === this.count ? values : Float64Array.from({ length: this.lines }, (_, k) => values[Math.floor((k * this.count) / this.lines)]);
    paint(image.data, seen, 0, scale, dark);
    this.values.getContext("2d").putImageData(image, 0, 0);
    Object.assign(this, { shown: values, scale, dark });
    this.drawMarks(this.marks);
  }

  /** @param {Mark[]} marks boxes of rows */
  drawMarks(marks) {
    this.marks = marks;
    if (!this.shown) return;
    const context = this.ink.getContext("2d");
    const size = this.height / this.count;
    const style = getComputedStyle(this.element);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, LEAST_MARK * this.ratio);
    context.clearRect(0, -LEAST_MARK, WIDTH, this.height + 2 * LEAST_MARK);
    if (this.cover) {
      context.fillStyle = style.getPropertyValue("--ks-soft").trim() || "#f1f3f6";
      context.fillRect(0, 0, WIDTH, this.height);
    } else if (size >= NUMBERS_FROM) {
      const numbers = Array.from(this.shown);
      const texts = fitting(numbers, 3, LONGEST_NUMBER) ?? numbers.map((value) => short(value, 1));
      const longest = Math.max(...texts.map(extent));
      context.font = letters(style.fontFamily, Math.min(LARGEST_NUMBER, size * 0.6, ROOM / (longest * digitWidth(style.fontFamily))));
      context.textAlign = "center";
      context.textBaseline = "middle";
      for (let k = 0; k < this.count; k += 1) {
        context.fillStyle = colour(this.shown[k], this.scale, this.dark).ink;
        context.fillText(texts[k], WIDTH / 2, (k + 0.54) * size);
      }
    }
    for (const { box, role } of marks) {
      const height = Math.max(LEAST_MARK, (box.bottom - box.top + 1) * size);
      const y = Math.min(this.height - height / 2, ((box.top + box.bottom + 1) / 2) * size) - height / 2;
      context.setLineDash(role === "feeds" ? [4, 3] : []);
      context.lineWidth = role === "self" || role === "term" ? 3 : 2;
      context.strokeStyle = style.getPropertyValue("--ks-accent").trim() || "#b0125b";
      context.strokeRect(1, y, WIDTH - 2, height);
    }
  }
}
