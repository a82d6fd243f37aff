/**
 * The kernel's weight that is looked at: under the pointer, with the cell it meets in the window, or named by a term.
 * @module
 */

import * as announce from "../common/announce.js";

/** @typedef {import("../common/board.js").Place} Place */

export class WeightPointer {
  /**
   * @param {{
   *   model: () => import("../common/model.js").Model,
   *   stage: () => number,
   *   kernel: () => any,
   *   shown: import("./shown.js").Shown,
   *   place: () => Place | null,
   *   gradients: () => boolean,
   *   revision: () => number,
   *   look: (place: Place | null) => void,
   *   changed: () => void,
   * }} on `stage`: whose weights these are; `kernel`: as it is drawn; `look`: a gradient is looked at; `changed`: another
   *   weight is, and no term any more
   */
  constructor(on) {
    this.on = on;
    /** The weight that is outlined, and the one under the pointer, by their place in the kernel. @type {number | null} */
    this.shown = null;
    /** @type {number | null} */
    this.under = null;
  }

  /** Hovering a weight shows the cell it meets in the window being looked at. @param {number | null} position */
  hover(position) {
    if (this.on.gradients()) {
      this.on.look(position === null ? null : { stage: this.on.stage(), index: this.#index(position), param: "weight" });
      return;
    }
    this.shown = position;
    this.under = position;
    if (position !== null) this.#say(position);
    this.on.changed();
  }

  /** The weight of a term of the sum that is looked at. @param {any} term null where the pointer is on none */
  ofTerm(term) {
    const own = term && this.on.place().stage === this.on.stage() && !this.on.gradients();
    this.shown = own ? term.key : null;
    this.under = null;
  }

  /** The cell that the weight under the pointer meets, wherever the window has come to; null where there is none. @returns {Place | null} */
  met() {
    const place = this.on.place();
    const { length } = this.on.kernel()?.values ?? [];
    if (!(this.under < length) || this.under === null || this.on.gradients() || place?.stage !== this.on.stage()) return null;
    const model = this.on.model();
    const channel = this.on.shown.channelOf(model.byNumber.get(-1));
    const term = model.explain(place.stage, place.index).terms[channel * length + this.under];
    return term?.index ? { stage: term.stage, index: term.index } : null;
  }

  /** @param {number} position */
  #say(position) {
    const value = this.on.kernel().values[position];
    const said = { stage: this.on.stage(), index: this.#index(position), rule: "weight", value, terms: [], bias: 0, total: value, residual: 0, formula: null };
    announce.cell("kernel", said, this.on.revision());
  }

  /** Where a weight stands in the bank. @param {number} position in the kernel as it is drawn */
  #index(position) {
    const { columns } = this.on.kernel();
    return [this.on.shown.output, this.on.shown.kernelPlane ?? 0, Math.floor(position / columns), position % columns];
  }
}
