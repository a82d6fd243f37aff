/**
 * The value that dragging over the input draws with, and its field below the input.
 * @module
 */

import { h } from "./dom.js";
import { notANumber, read, short, typed } from "./format.js";

export class Brush {
  /** @param {{refuse: (sentence: string) => void}} on `refuse` is given "" when a refusal is made good */
  constructor(on) {
    this.value = 9;
    /** What the value is for: a grid's brush and a picture's are not the same. */
    this.kind = "";
    this.bounds = { low: /** @type {number | null} */ (null), high: /** @type {number | null} */ (null) };
    this.input = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", class: "ks-brush-value", "aria-label": "brush: the value that dragging over the input draws" });
    let before = this.value;
    let refused = false;
    this.input.addEventListener("focus", () => {
      before = this.value;
      this.input.select();
    });
    this.input.addEventListener("input", () => {
      const value = read(this.input.value);
      if (value !== null && this.#fits(value)) this.value = value;
    });
    this.input.addEventListener("change", () => {
      const value = read(this.input.value);
      const { low, high } = this.bounds;
      const taken = value !== null && this.#fits(value);
      // Not what the refused text began with: the 1 of 1e9 was never meant.
      this.value = taken ? value : before;
      before = this.value;
      const refusedBefore = refused;
      refused = !taken;
      if (value === null) on.refuse(`${notANumber(this.input.value)}, so the brush stays ${short(this.value)}.`);
      else if (!taken) on.refuse(`The brush draws with ${short(low)} to ${short(high, 8)}, so it stays ${short(this.value)}.`);
      else if (refusedBefore) on.refuse(""); // made good
      this.input.value = typed(this.value);
    });
    /** Whether a finger draws on a picture instead of scrolling the page. */
    this.drawing = false;
    this.draw = h("button", { type: "button", class: "ks-button ks-draw", "aria-pressed": "false", text: "Draw", title: "Draw with a finger in every direction" });
    this.draw.addEventListener("click", () => {
      this.drawing = !this.drawing;
      this.draw.setAttribute("aria-pressed", String(this.drawing));
    });
    const name = h("span", { class: "ks-stepper-name", text: "brush" });
    this.element = h("label", { class: "ks-stepper", title: "Drag over the input to draw with this value" }, name, this.input);
  }

  /** @param {number} value */
  #fits(value) {
    const { low, high } = this.bounds;
    return (low === null || value >= low) && (high === null || value <= high);
  }

  /**
   * @param {{kind: string, value: number, low: number | null, high: number | null}} brush
   * @param {HTMLElement} parent
   */
  describe({ kind, value, low, high }, parent) {
    if (kind !== this.kind) [this.value, this.kind] = [value, kind];
    this.bounds = { low, high };
    if (document.activeElement !== this.input) this.input.value = typed(this.value);
    if (this.element.parentElement !== parent) parent.append(this.element, this.draw);
  }
}
