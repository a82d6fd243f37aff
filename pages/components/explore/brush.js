/**
 * The value that dragging over the input draws with, and its field below the input.
 * @module
 */

import { h } from "../common/dom.js";

export class Brush {
  constructor() {
    this.value = 9;
    /** What the value is for: a grid's brush and a picture's are not the same. */
    this.kind = "";
    this.input = h("input", { type: "number", class: "ks-brush-value", "aria-label": "brush: the value that dragging over the input draws" });
    this.input.addEventListener("input", () => {
      const value = this.input.valueAsNumber;
      if (Number.isFinite(value)) this.value = value;
    });
    const name = h("span", { class: "ks-stepper-name", text: "brush" });
    this.element = h("label", { class: "ks-stepper", title: "Drag over the input to draw with this value" }, name, this.input);
  }

  /**
   * @param {{kind: string, value: number, step: number, low: number | null, high: number | null}} brush
   * @param {HTMLElement} parent
   */
  describe({ kind, value, step, low, high }, parent) {
    if (kind !== this.kind) [this.value, this.kind] = [value, kind];
    Object.assign(this.input, { step: String(step), min: low ?? "", max: high ?? "" });
    if (document.activeElement !== this.input) this.input.value = String(this.value);
    if (this.element.parentElement !== parent) parent.append(this.element);
  }
}
