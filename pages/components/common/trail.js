/**
 * A ledger followed down: what its terms were made of, level by level, until the numbers that were given.
 * @module
 */

import { h } from "./dom.js";
import { nameOf } from "./names.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Term} Term */
/** @typedef {{stage: number, index: number[]}} Place */

export class Trail {
  /**
   * @param {{ledger: () => HTMLElement, level: (place: Place, level: number) => HTMLElement, closed: () => void}} on
   *   `ledger`: what holds the buttons that open; `level`: writes what a place was made of; `closed`: one was closed again
   */
  constructor(on) {
    this.on = on;
    this.element = h("div", { class: "ks-ledger-trail" });
    /** The cell that the steps lead down from. */
    this.of = "";
    /** @type {Place[]} */
    this.steps = [];
  }

  /**
   * The ledger is about another cell, or other numbers, from now on.
   * @param {Model} model
   * @param {Place} cell
   * @param {boolean} gradient whether the ledger is a gradient's: nothing is behind its terms
   */
  look(model, cell, gradient) {
    Object.assign(this, { model, cell: keyOf(cell), gradient });
  }

  /**
   * The cell that a term can be followed to: nothing is behind an input cell, the padding or a gradient.
   * @param {Term} term
   * @returns {Place | null}
   */
  behind(term) {
    if (this.gradient || !term.index) return null;
    const { stage, index } = this.model.made(term.stage, term.index);
    return stage.reads === null ? null : { stage: stage.stage, index };
  }

  /**
   * What opens a place under the level that it stands on.
   * @param {Place} place
   * @param {number} level
   * @param {string} [words] that stand beside the arrow, and open it too
   */
  opener(place, level, words = "") {
    const said = `What ${nameOf(this.model, place.stage, place.index)} was made of`;
    const names = { "aria-expanded": "false", "aria-label": said, title: said };
    const button = h("button", { type: "button", class: "ks-link ks-term-open", ...names, "data-level": level, "data-key": keyOf(place) }, words && `${words}\u00a0`, h("span", { text: "▾" }));
    button.addEventListener("click", () => this.#open(level, place));
    return button;
  }

  /** Open a place in the room of what was open there, or close it again. @param {number} level @param {Place} place */
  #open(level, place) {
    const steps = this.of === this.cell ? this.steps : [];
    const again = steps[level] && keyOf(steps[level]) === keyOf(place);
    this.of = this.cell;
    this.steps = again ? steps.slice(0, level) : [...steps.slice(0, level), place];
    this.draw();
    if (again) this.on.closed();
    else this.element.lastElementChild?.scrollIntoView({ block: "nearest" });
  }

  /** Fold every level away. */
  close() {
    this.steps = [];
    if (this.model) this.draw();
  }

  /** Write the levels that are open; of another cell than they were opened for, none. */
  draw() {
    const shown = this.of === this.cell && !this.gradient;
    const open = shown ? this.steps.filter(({ stage, index }) => this.model.has(stage, index)) : [];
    this.element.replaceChildren(...open.map((place, k) => this.on.level(place, k + 1)));
    for (const button of this.on.ledger().querySelectorAll(".ks-term-open")) {
      const { level, key } = /** @type {HTMLElement} */ (button).dataset;
      button.setAttribute("aria-expanded", String(!!open[Number(level)] && keyOf(open[Number(level)]) === key));
    }
  }
}

/** A place as text, the same for the same place. @param {Place} place */
export function keyOf({ stage, index }) {
  return `${stage}:${index.join(",")}`;
}
