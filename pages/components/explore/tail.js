/**
 * What comes after the maps - flattening, scores, probabilities - folded away, so that the maps get its room.
 * @module
 */

import { h, move } from "../common/dom.js";
import { rememberFolded, tailFolded } from "../common/folded.js";
import { TAIL } from "./layout.js";

const VIEWS = new Set(["flat", "scores", "probabilities"]);

export class Tail {
  /** @param {() => void} changed called when it has been folded or unfolded by hand */
  constructor(changed) {
    this.changed = changed;
    this.folded = tailFolded();
    this.hider = h("button", { type: "button", class: "ks-button", text: "Hide →", title: "Hide what comes after pooling: the maps get its room", onclick: () => this.fold(true) });
    this.opener = h("button", { type: "button", class: "ks-button", text: "← Scores", title: "Show what comes after pooling: flattened, scores, probabilities", onclick: () => this.fold(false) });
    this.element = h("div", { class: "ks-tail" }, this.opener);
    this.element.style.width = `${TAIL}px`;
  }

  /** @param {boolean} folded */
  fold(folded) {
    this.folded = folded;
    rememberFolded(folded);
    this.changed();
    // Whoever folds by the keyboard goes on from there.
    (folded ? this.opener : this.hider).focus({ preventScroll: true });
  }

  /** What is asked lies behind the fold: it is on screen from now on, and the address says so. */
  unfold() {
    if (!this.folded) return;
    this.folded = false;
    rememberFolded(false);
  }

  /** Whether a view belongs to it. @param {string} view */
  holds(view) {
    return VIEWS.has(view);
  }

  /**
   * The columns that stand side by side.
   * @param {any[]} columns as Python described them
   * @param {boolean} fixed whether a step of a lesson says what is seen
   */
  shown(columns, fixed) {
    return this.folded && !fixed ? columns.filter(({ view }) => !this.holds(view)) : columns;
  }

  /**
   * Stand above the first column of what can be folded, or at the strip's end where that is folded.
   * @param {HTMLElement} strip
   * @param {import("../common/column.js").Column | undefined} flat
   * @param {boolean} fixed whether a step of a lesson says what is seen
   */
  place(strip, flat, fixed) {
    if (flat && !fixed) move(this.hider, flat.top.element);
    else this.hider.remove();
    if (fixed || !this.folded) this.element.remove();
    else if (strip.lastElementChild !== this.element) strip.append(this.element);
  }
}
