/**
 * A vector of class scores or probabilities: a row a class, with its name, a bar and the number.
 * @module
 */

import { h, setText } from "./dom.js";
import { rounded, share } from "./format.js";

export class Bars {
  /**
   * @param {{view: string, label: string, on: import("./grid.js").Handlers}} options
   */
  constructor({ view, label, on }) {
    this.element = h("div", { class: "ks-bars", "data-view": view, tabindex: "0", role: "application", "aria-label": label });
    /** @type {{row: HTMLElement, name: HTMLElement, bar: HTMLElement, number: HTMLElement}[]} */
    this.rows = [];
    /** What lies over the numbers, where they are to be predicted. @type {import("./cover.js").Cover | null} */
    this.cover = null;
    const at = (/** @type {Event} */ event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest(".ks-bar-row");
      const index = this.rows.findIndex((each) => each.row === row);
      return index < 0 ? null : { row: index, column: 0 };
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
   * @param {Float64Array} values
   * @param {string[]} names
   * @param {import("./scale.js").Scale} scale its ends are the ends of a full bar
   * @param {number | null} [places] decimals of every number, so that they can be added up; null for as many as each needs
   */
  draw(values, names, scale, places = null) {
    Object.assign(this, { shown: values, scale });
    while (this.rows.length < values.length) this.#addRow();
    while (this.rows.length > values.length) this.rows.pop().row.remove();
    const range = scale.high - scale.low;
    const zero = ((0 - scale.low) / range) * 100;
    values.forEach((value, k) => {
      const { row, name, bar, number } = this.rows[k];
      const place = ((value - scale.low) / range) * 100;
      const sign = this.cover ? this.cover.get(`${k},0`) : "";
      const hidden = sign === undefined;
      setText(name, names[k]);
      setText(number, hidden ? "?" : `${sign ? `${sign} ` : ""}${places === null ? rounded(value, 3) : share(value, places)}`);
      row.title = hidden ? names[k] : `${names[k]}: ${value}`;
      bar.style.left = `${Math.min(zero, place)}%`;
      bar.style.width = hidden ? "0" : `${Math.abs(place - zero)}%`;
      bar.classList.toggle("ks-negative", value < 0);
    });
    this.element.style.setProperty("--ks-zero", `${zero}%`);
  }

  #addRow() {
    const name = h("span", { class: "ks-bar-name" });
    const bar = h("span", { class: "ks-bar" });
    const number = h("span", { class: "ks-bar-number" });
    const row = h("div", { class: "ks-bar-row" }, name, h("span", { class: "ks-bar-track" }, bar), number);
    this.rows.push({ row, name, bar, number });
    this.element.append(row);
  }

  /** Where a row's number stands, px: there a field opens to type another. @param {import("./grid.js").Cell} cell */
  boxOf({ row }) {
    const { number, row: line } = this.rows[row];
    return { left: number.offsetLeft + number.offsetWidth - line.offsetHeight, top: line.offsetTop, size: line.offsetHeight };
  }

  /** @param {import("./grid.js").Mark[]} marks */
  drawMarks(marks) {
    this.rows.forEach(({ row }, k) => {
      const on = marks.filter(({ box }) => box.top <= k && k <= box.bottom).map(({ role }) => role);
      row.classList.toggle("ks-self", on.includes("self"));
      row.classList.toggle("ks-pinned", on.includes("pinned"));
      row.classList.toggle("ks-source", on.includes("source"));
      row.classList.toggle("ks-feeds", on.includes("feeds"));
    });
  }
}
