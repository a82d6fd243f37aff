/**
 * What of the page is about gradients: those that the maps show, those of the weights below the kernel, and how much each
 * cell of the input counts for the pinned one.
 * @module
 */

import { Backward } from "./backward.js";
import { Sees } from "./sees.js";
import { WeightGradient } from "./weight_gradient.js";

/** @typedef {import("../common/board.js").Place} Place */
/** @typedef {import("../common/model.js").Model} Model */

const DEPENDS_ON_NOTHING = "An input cell is pinned: it was given, and depends on nothing. Pin a cell of a later map first.";

export class Gradients {
  /**
   * @param {{
   *   channel: import("../common/channel.js").Channel,
   *   zoom: import("../common/zoom.js").Zoom,
   *   model: () => Model,
   *   pin: () => Place | null,
   *   kernel: () => number,
   *   look: (place: Place | null) => void,
   *   keep: (place: Place) => void,
   *   arrived: () => void,
   *   tell: (sentence: string) => void,
   *   withdraw: (sentence: string) => void,
   *   show: (view: string) => void,
   * }} on `kernel`: the stage whose weights these are; `keep` holds a weight's gradient until another place is chosen;
   *   `arrived`: an answer about one has come; `show` brings a view in sight
   */
  constructor(on) {
    this.on = on;
    this.backward = new Backward({ choose: (code) => this.#choose(code), arrived: on.arrived, pin: on.pin });
    this.sees = new Sees(() => this.#weigh());
    const weight = (/** @type {number[]} */ index, /** @type {string} */ param) => ({ stage: on.kernel(), index, param });
    this.ofWeights = new WeightGradient({
      look: (index, param) => on.look(index && weight(index, param)),
      pick: (index, param) => on.keep(weight(index, param)),
    });
    /** Whether cnn_core's own have come that are not drawn yet. */
    this.fresh = false;
  }

  /** Whether gradients are shown. */
  get shown() {
    return this.backward.shows;
  }

  /** @param {any} header @param {boolean} hidden whether they may not be asked for now */
  describe({ backward, session, desk, stages }, hidden) {
    this.backward.describe(backward, session, desk);
    this.backward.element.hidden = hidden;
    this.on.channel.target = backward.value;
    this.renew(stages);
  }

  /** The stages have other gradients than they had. @param {any[]} stages as Python described them */
  renew(stages) {
    this.on.model().gradients = this.backward.gradients(stages, this.on.channel.arrays);
  }

  /** Values again, and no gradients: these would tell what is hidden. */
  leave() {
    if (this.shown) this.on.channel.sendTarget("");
  }

  /** Another cell was pinned: gradients of the pinned one follow it. @param {Place} place */
  follow({ stage }) {
    if (stage >= 0) this.on.withdraw(DEPENDS_ON_NOTHING);
    if (this.backward.ofPinned && stage >= 0) this.on.channel.sendTarget(this.backward.ofCell());
  }

  /** Show gradients of a target, or values again. @param {string} code */
  #choose(code) {
    if (!code && this.backward.select.value) this.on.tell(DEPENDS_ON_NOTHING);
    else this.on.withdraw(DEPENDS_ON_NOTHING);
    this.on.channel.sendTarget(code);
  }

  /** Show how much each cell counts of those that the pinned one sees, close by; or values again. */
  #weigh() {
    const { channel, zoom } = this.on;
    const asked = !this.backward.ofPinned;
    channel.sendTarget(asked ? this.backward.ofCell() : "");
    const pin = this.on.pin();
    const seen = asked && this.on.model().sees(pin.stage, pin.index)?.inside;
    if (seen) zoom.comeTo("input", seen);
    else zoom.comeBack();
    this.on.show("input"); // further down on the page the press would seem to do nothing
  }

  /** Outline the weight that is looked at, and say what the cell that is sees. @param {Place | null} place */
  mark(place) {
    this.ofWeights.mark(place?.param ? place.index : null);
    const seen = place && !place.param ? this.on.model().sees(place.stage, place.index) : null;
    this.sees.tell(seen, !!this.backward.ofCell() && !this.backward.element.hidden, this.backward.ofPinned);
  }
}
