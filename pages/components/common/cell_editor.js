/**
 * A field that opens over an input cell when a person starts to type a number.
 * @module
 */

import { h } from "./dom.js";
import { grouped, notANumber, read, short, typed } from "./format.js";

/** @typedef {{row: number, column: number}} Cell */

export class CellEditor {
  /**
   * @param {{change: (cell: Cell, value: number) => void, end: () => void, refuse: (sentence: string) => void}} on
   */
  constructor(on) {
    this.on = on;
    this.field = h("input", { type: "text", class: "ks-cell-editor", autocomplete: "off", spellcheck: "false", "aria-label": "cell value" });
    this.field.addEventListener("input", () => {
      const value = this.#value();
      this.field.setAttribute("aria-invalid", String(value === null));
      if (value !== null) this.on.change(this.cell, value);
    });
    this.field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.#close(true);
      if (event.key === "Escape") {
        this.on.change(this.cell, this.before);
        this.field.value = typed(this.before);
        this.#close(true);
      }
    });
    // A window made narrower has smaller maps.
    this.resized = new ResizeObserver(() => this.#place());
    this.field.addEventListener("blur", () => this.#close(false));
    // The field lies on the map: a press in it places the cursor or marks digits, and is none on the cell below.
    this.field.addEventListener("pointerdown", (event) => event.stopPropagation());
  }

  /** The typed number if it is one and within bounds. */
  #value() {
    const value = read(this.field.value);
    const { low, high } = this.bounds;
    return value === null || (low !== null && value < low) || (high !== null && value > high) ? null : value;
  }

  /** A number beyond what the server takes anywhere: the server says so, as it does of a weight. */
  #beyond() {
    return this.bounds.kind === "grid" && this.#value() === null ? read(this.field.value) : null;
  }

  /**
   * @param {import("./grid.js").Grid} grid
   * @param {Cell} cell
   * @param {string | null} text
   * @param {number} before the value that stands there
   * @param {{kind: "grid" | "photo", low: number | null, high: number | null}} bounds what a cell of that kind may hold
   */
  open(grid, cell, text, before, bounds) {
    this.#close(false); // what is open on another cell belongs to that cell
    Object.assign(this, { grid, cell, before, bounds });
    this.#place();
    this.field.value = text ?? typed(before);
    this.field.setAttribute("aria-invalid", "false");
    grid.element.append(this.field);
    this.resized.observe(grid.element);
    this.field.focus();
    if (text === null) this.field.select();
    else this.field.dispatchEvent(new Event("input"));
  }

  /** Over its cell, wherever that has come to lie. */
  #place() {
    const box = this.grid.boxOf(this.cell);
    const width = Math.max(box.size, 56);
    const height = Math.max(box.size, 28);
    Object.assign(this.field.style, {
      left: `${box.left + (box.size - width) / 2}px`,
      top: `${box.top + (box.size - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }

  /** Close the field, if it is open: something else is done to the input. */
  leave() {
    this.#close(true);
  }

  /** @param {boolean} refocus */
  #close(refocus) {
    // Taking the field away blurs it, which asks to close it again.
    if (this.closing || !this.field.isConnected) return;
    this.closing = true;
    const text = this.field.value;
    const beyond = this.#beyond();
    const bad = this.#value() === null && beyond === null;
    const element = this.grid.element;
    this.resized.disconnect();
    this.field.remove();
    this.closing = false;
    if (beyond !== null) this.on.change(this.cell, beyond);
    if (bad) {
      const { low, high } = this.bounds;
      const range = low === null ? "" : ` from ${grouped(low)} to ${grouped(high)}`;
      this.on.change(this.cell, this.before);
      this.on.refuse(`${notANumber(text, range)}, so the cell stays ${short(this.before)}.`);
    }
    this.on.end();
    if (refocus) element.focus();
  }
}
