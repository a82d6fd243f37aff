/**
 * The legend below a map: its colours, and the numbers at their ends and at zero.
 * @module
 */

import { h, setText } from "./dom.js";
import { ends } from "./format.js";
import { gradient } from "./scale.js";

const LONG = 11; // letters at both ends
export const VECTOR_LETTERS = 13; // at both ends below the column of a vector, which no larger picture makes wider

export class Legend {
  /** @param {number} [letters] at both ends together that there is room for */
  constructor(letters = Infinity) {
    this.letters = letters;
    this.bar = h("span", { class: "ks-legend-bar" });
    this.low = h("span", { class: "ks-low" });
    this.zero = h("span", { class: "ks-zero" });
    this.high = h("span", { class: "ks-high" });
    this.element = h("div", { class: "ks-legend", "aria-hidden": "true" }, this.bar, this.low, this.zero, this.high);
  }

  /**
   * @param {import("./scale.js").Scale} scale
   * @param {boolean} dark
   */
  draw(scale, dark) {
    this.bar.style.background = gradient(scale, dark);
    const [low, high] = ends(scale.low, scale.high, this.letters);
    setText(this.low, low);
    setText(this.high, high);
    setText(this.zero, scale.low < 0 && scale.high > 0 ? "0" : "");
    // Under a narrow column long numbers at the ends leave no room between them.
    this.element.classList.toggle("ks-legend-long", low.length + high.length > LONG);
    this.zero.style.left = `${((0 - scale.low) / (scale.high - scale.low)) * 100}%`;
  }
}
