/**
 * Drawing over a large kernel: with the pen on, a drag sets every weight it passes instead of turning one of them.
 * @module
 */

import { h } from "./dom.js";
import { notANumber, read, typed } from "./format.js";

const LEAST = 5; // rows or columns: a smaller kernel is sooner typed

export class KernelBrush {
  /**
   * @param {{
   *   fields: () => HTMLInputElement[],
   *   set: (position: number, value: number) => void,
   *   end: () => void,
   *   refuse: (sentence: string) => void,
   * }} on
   */
  constructor(on) {
    this.on = on;
    this.value = 1;
    this.down = false;
    this.pen = h("button", { type: "button", class: "ks-button", "aria-pressed": "false", text: "Draw", title: "On: a drag over the weights sets each of them to this value" });
    this.pen.addEventListener("click", () => this.pen.setAttribute("aria-pressed", String(!this.drawing)));
    this.field = h("input", { type: "text", inputmode: "decimal", class: "ks-brush-value", autocomplete: "off", value: "1", "aria-label": "pen: the weight that drawing over the kernel sets" });
    this.field.addEventListener("change", () => {
      const value = read(this.field.value);
      if (value === null) on.refuse(`${notANumber(this.field.value)}, so the pen stays ${typed(this.value)}.`);
      else this.value = value;
      this.field.value = typed(this.value);
    });
    this.element = h("div", { class: "ks-kernel-brush", role: "group", "aria-label": "Draw on the kernel", hidden: true }, this.pen, this.field);
  }

  get drawing() {
    return !this.element.hidden && this.pen.getAttribute("aria-pressed") === "true";
  }

  /** @param {number} most rows or columns of the kernel, whichever are more */
  offer(most) {
    this.element.hidden = most < LEAST;
  }

  /**
   * Take a drag on the kernel, where the pen is on.
   * @param {HTMLElement} kernel
   */
  listen(kernel) {
    const draw = (/** @type {PointerEvent} */ event) => {
      const position = this.on.fields().indexOf(/** @type {any} */ (document.elementFromPoint(event.clientX, event.clientY)));
      if (position >= 0) this.on.set(position, this.value);
    };
    kernel.addEventListener(
      "pointerdown",
      (event) => {
        if (!this.drawing || event.button !== 0) return;
        event.preventDefault();
        event.stopPropagation(); // or the weight under it would be turned
        kernel.setPointerCapture(event.pointerId);
        this.down = true;
        draw(event);
      },
      { capture: true },
    );
    kernel.addEventListener("pointermove", (event) => this.down && draw(event));
    const release = () => {
      if (this.down) this.on.end();
      this.down = false;
    };
    kernel.addEventListener("pointerup", release);
    kernel.addEventListener("pointercancel", release);
  }
}
