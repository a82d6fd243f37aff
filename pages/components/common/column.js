/**
 * One stage on the strip: its heading, its controls, its map, its legend and its note, in rows shared by all columns.
 * @module
 */

import { Bars } from "./bars.js";
import { wellBroken } from "./breaks.js";
import { Figures, Kernels, Maps } from "./channels.js";
import { h, setText } from "./dom.js";
import { Grid } from "./grid.js";
import { inHand } from "./hand.js";
import { Legend, VECTOR_LETTERS } from "./legend.js";
import { Vector } from "./vector.js";
import { Controls } from "./controls.js";
import { Fold } from "./fold.js";
import { Kernel } from "./kernel.js";
import { Planes } from "./planes.js";
import { setRaised } from "./power.js";

/**
 * @typedef {{
 *   controls: import("./controls.js").ControlHandlers,
 *   cell: (view: string) => import("./grid.js").Handlers,
 *   kernel: import("./kernel.js").KernelHandlers,
 *   curve?: (described: any) => {element: HTMLElement, name: (title: string) => void},
 *   kernels?: (channel: number) => import("./kernel.js").KernelHandlers,
 *   plane: (view: string, plane: number) => void,
 *   output: (output: number) => void,
 * }} ColumnHandlers
 */

/** What a screen reader calls that which is one thing; what is made of several names them itself. */
const NAMES = {
  map: (/** @type {string} */ title) => `${title}, a map of numbers`,
  bars: (/** @type {string} */ title) => title,
  vector: (/** @type {string} */ title) => `${title}, one number below the other`,
};

/** What draws each kind of column; "missing" columns say why there is nothing to draw. */
const VIEWS = {
  map: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) =>
    new Grid({ view, label: NAMES.map(title), on: on.cell(view) }),
  bars: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) => new Bars({ view, label: NAMES.bars(title), on: on.cell(view) }),
  vector: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) =>
    new Vector({ view, label: NAMES.vector(title), on: on.cell(view) }),
  kernel: (/** @type {any} */ _, /** @type {ColumnHandlers} */ on) => new Kernel(on.kernel),
  maps: (/** @type {any} */ { view, title }, /** @type {ColumnHandlers} */ on) => new Maps({ view, title, on: on.cell }),
  kernels: (/** @type {any} */ { view }, /** @type {ColumnHandlers} */ on) => new Kernels({ view, on: on.kernels }),
  figures: (/** @type {any} */ _, /** @type {ColumnHandlers} */ on) => new Figures({ on: on.cell }),
  curve: (/** @type {any} */ described, /** @type {ColumnHandlers} */ on) => on.curve(described),
  missing: () => null,
};

export class Column {
  /**
   * @param {{view: string, kind: "map" | "maps" | "bars" | "vector" | "kernel" | "kernels" | "figures" | "curve" | "missing", title: string}} described by Python
   * @param {ColumnHandlers} on
   */
  constructor(described, on) {
    this.kind = described.kind;
    this.on = on;
    this.sign = h("span", { class: "ks-sign", "aria-hidden": "true" });
    this.title = h("h2");
    this.shape = h("span", { class: "ks-shape" });
    this.note = h("p", { class: "ks-note" });
    this.hinted = "";
    this.extent = "";
    this.top = new Controls(on.controls);
    this.bottom = new Controls(on.controls);
    this.more = new Controls(on.controls);
    this.top.element.classList.add("ks-top");
    this.fold = new Fold(this.more.element);
    this.view = /** @type {any} */ (VIEWS[described.kind](described, on));
    /** The planes of a map, or of the kernel that is shown. */
    this.planes = new Planes("", (plane) => on.plane(described.view, plane));
    this.outputs = described.kind === "kernel" ? new Planes("Which kernel", on.output) : null;
    this.legend = ["map", "maps", "kernel", "kernels", "vector"].includes(described.kind) ? new Legend(described.kind === "vector" ? VECTOR_LETTERS : undefined) : null;
    this.body = h("div", { class: "ks-body" }, this.outputs?.element ?? null, this.view?.element ?? null, this.view?.brush?.element ?? null, this.planes.element);
    this.element = h(
      "figure",
      { class: `ks-column ks-column-${described.kind}`, "data-column": described.view },
      h("figcaption", {}, this.title, this.shape),
      this.top.element,
      this.body,
      this.legend?.element ?? h("div", { class: "ks-legend" }),
      this.note,
      h("div", { class: "ks-bottom" }, this.bottom.element, this.fold.element),
    );
  }

  /**
   * Take in a new description of the same column.
   * @param {any} described
   */
  describe(described) {
    // Another name of the same thing stands beside it, and nowhere else.
    setRaised(this.title, described.also ? `${described.title} (${described.also})` : described.title);
    if (described.title !== this.named) this.#name(described.title);
    this.extent = described.shape;
    this.tellInstead("");
    this.told = wellBroken(inHand(described.note ?? ""));
    this.hint(this.hinted);
    setText(this.sign, described.sign);
    this.title.dataset.sign = described.sign.trim();
    for (const [controls, place] of /** @type {[Controls, string][]} */ ([
      [this.top, "top"],
      [this.bottom, "bottom"],
      [this.more, "more"],
    ])) {
      controls.draw(described.controls.filter((/** @type {any} */ control) => control.place === place));
    }
    this.fold.element.hidden = !described.controls.some((/** @type {any} */ control) => control.place === "more");
    if (this.kind === "missing") this.#why(described);
  }

  /** Say below the note what can be done here. @param {string} hinted */
  hint(hinted) {
    this.hinted = hinted;
    setRaised(this.note, [this.told, hinted].filter(Boolean).join("\n"));
  }

  /**
   * Say beside the heading that other numbers are drawn than those it names; its shape would be one word too many there.
   * @param {string} what "its gradient", or "" for none
   */
  tellInstead(what) {
    setText(this.shape, what || this.extent);
    const name = NAMES[this.kind]?.(what ? `${this.named}, ${what}` : this.named);
    if (name) this.view.element.setAttribute("aria-label", name);
  }

  /** Another title is another name for all that the column holds. @param {string} title */
  #name(title) {
    this.named = title;
    this.planes.element.setAttribute("aria-label", `${title}: which plane`);
    if (!NAMES[this.kind]) this.view?.name?.(title);
  }

  /** @param {any} described */
  #why({ why, fixes }) {
    const buttons = fixes.map((/** @type {any} */ fix) =>
      h("button", { type: "button", class: "ks-button", text: fix.label, onclick: () => this.on.controls.send(fix.edit) }),
    );
    this.body.replaceChildren(h("div", { class: "ks-why" }, h("p", { text: why }), ...buttons));
  }

  remove() {
    this.fold.leave();
    this.sign.remove();
    this.element.remove();
  }
}

/**
 * Have columns stand side by side, each with a sign before it; the others go.
 * @param {Map<string, Column>} columns by view
 * @param {any[]} wanted as Python described them
 * @param {HTMLElement} strip
 * @param {ColumnHandlers} on
 */
export function placeColumns(columns, wanted, strip, on) {
  for (const [view, column] of columns) {
    if (!wanted.some((each) => each.view === view && each.kind === column.kind)) {
      column.remove();
      columns.delete(view);
    }
  }
  wanted.forEach((each, k) => {
    const column = columns.get(each.view) ?? new Column(each, on);
    columns.set(each.view, column);
    // Moving an element that is in its place would take the focus from whoever is typing in it.
    if (strip.children[2 * k] !== column.sign) strip.insertBefore(column.element, strip.children[2 * k] ?? null).before(column.sign);
    column.describe(each);
  });
}
