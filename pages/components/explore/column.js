/**
 * One stage on the strip: its heading, its controls, its map, its legend and its note, in rows shared by all columns.
 * @module
 */

import { Bars } from "../common/bars.js";
import { h, setText } from "../common/dom.js";
import { Grid } from "../common/grid.js";
import { Legend } from "../common/legend.js";
import { Controls } from "./controls.js";
import { Kernel } from "./kernel.js";

/**
 * @typedef {{
 *   send: (edit: any) => void,
 *   upload: () => void,
 *   cell: (view: string) => import("../common/grid.js").Handlers,
 *   kernel: import("./kernel.js").KernelHandlers,
 * }} ColumnHandlers
 */

/** What draws each kind of column; "missing" columns say why there is nothing to draw. */
const VIEWS = {
  map: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) =>
    new Grid({ view, label: `${title}, a map of numbers`, on: on.cell(view) }),
  bars: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) => new Bars({ view, label: title, on: on.cell(view) }),
  kernel: (/** @type {any} */ _, /** @type {ColumnHandlers} */ on) => new Kernel(on.kernel),
  missing: () => null,
};

export class Column {
  /**
   * @param {{view: string, kind: "map" | "bars" | "kernel" | "missing", title: string}} described by Python
   * @param {ColumnHandlers} on
   */
  constructor(described, on) {
    this.kind = described.kind;
    this.on = on;
    this.sign = h("span", { class: "ks-sign", "aria-hidden": "true" });
    this.title = h("h2");
    this.shape = h("span", { class: "ks-shape" });
    this.note = h("p", { class: "ks-note" });
    this.top = new Controls(on.send, on.upload);
    this.bottom = new Controls(on.send, on.upload);
    this.top.element.classList.add("ks-top");
    this.bottom.element.classList.add("ks-bottom");
    this.view = /** @type {any} */ (VIEWS[described.kind](described, on));
    this.legend = described.kind === "map" || described.kind === "kernel" ? new Legend() : null;
    this.body = h("div", { class: "ks-body" }, this.view?.element ?? null);
    this.element = h(
      "figure",
      { class: `ks-column ks-column-${described.kind}`, "data-column": described.view },
      h("figcaption", {}, this.title, this.shape),
      this.top.element,
      this.body,
      this.legend?.element ?? h("div", { class: "ks-legend" }),
      this.note,
      this.bottom.element,
    );
  }

  /**
   * Take in a new description of the same column.
   * @param {any} described
   */
  describe(described) {
    setText(this.title, described.title);
    setText(this.shape, described.shape);
    setText(this.note, described.note ?? "");
    setText(this.sign, described.sign);
    this.top.draw(described.controls.filter((/** @type {any} */ control) => control.place === "top"));
    this.bottom.draw(described.controls.filter((/** @type {any} */ control) => control.place === "bottom"));
    if (this.kind === "missing") this.#why(described);
  }

  /** @param {any} described */
  #why({ why, fixes }) {
    const buttons = fixes.map((/** @type {any} */ fix) =>
      h("button", { type: "button", class: "ks-button", text: fix.label, onclick: () => this.on.send(fix.edit) }),
    );
    this.body.replaceChildren(h("div", { class: "ks-why" }, h("p", { text: why }), ...buttons));
  }

  remove() {
    this.sign.remove();
    this.element.remove();
  }
}
