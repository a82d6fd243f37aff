/**
 * How close the maps are looked at: about which cell, what is said of it below them, and when Python is told.
 * @module
 */

import { relativesOf } from "../common/relatives.js";
import { windowOf } from "../common/windows.js";
import { Zoom } from "../common/zoom.js";

/** @typedef {import("../common/board.js").Place} Place */

const RESTS = 300; // ms without a move

export class CloseUp {
  /**
   * @param {{
   *   model: () => import("../common/model.js").Model,
   *   pin: () => Place | null,
   *   columns: ReadonlyMap<string, import("../common/column.js").Column>,
   *   channel: import("../common/channel.js").Channel,
   * }} on
   */
  constructor(on) {
    this.on = on;
    this.zoom = new Zoom(() => this.#pinned(), () => this.#moved(), () => this.#belonging());
  }

  leave() {
    clearTimeout(this.timer);
  }

  /** Something else was opened, to be looked at as its link or its file says. @param {number[] | null} told */
  begin(told) {
    this.zoom.begin(told);
    this.on.channel.zoom = told;
  }

  /** The maps have been laid out. @param {Parameters<Zoom["take"]>[0]} maps */
  take(maps) {
    const link = this.on.model().ofView("conv")?.link;
    const whole = this.zoom.take(maps, link && windowOf(link));
    if (whole) this.on.channel.zoom = null; // what it told before was of an input of another size
    this.#hint();
  }

  /** The pinned cell, if it lies on this view's map. @param {string} view @returns {import("../common/zoom.js").Looked | null} */
  cellOn(view) {
    const { stage } = this.on.model().ofView(view);
    const pin = this.on.pin();
    if (pin?.stage !== stage || pin.index.length !== 4) return null;
    return { view, row: pin.index[2], column: pin.index[3], window: this.on.model().sees(stage, pin.index)?.inside };
  }

  #pinned() {
    const pin = this.on.pin();
    return pin && this.cellOn(this.on.model().byNumber.get(pin.stage).view);
  }

  /** What the pinned cell was made of and what is made of it, on the other maps. */
  #belonging() {
    const pin = this.on.pin();
    const found = new Map();
    if (!pin || pin.index.length !== 4) return found;
    const model = this.on.model();
    for (const [stage, { box }] of relativesOf(model, pin.stage, pin.index)) if (stage !== pin.stage) found.set(model.byNumber.get(stage).view, box);
    return found;
  }

  /** Bring the pinned cell into sight, if it lies on this view's map. @param {string} view */
  reveal(view) {
    const place = this.cellOn(view);
    if (place) this.zoom.revealAll(place);
  }

  /** The window slides by itself, or stopped. @param {boolean} playing */
  played(playing) {
    this.zoom.played(playing, () => {
      const pin = this.on.pin();
      if (pin) this.reveal(this.on.model().byNumber.get(pin.stage).view);
    });
  }

  /** Where one looks is told when one has come to rest there. */
  #moved() {
    this.#hint();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const { told } = this.zoom;
      if (JSON.stringify(told) !== JSON.stringify(this.on.channel.zoom)) this.on.channel.sendZoom(told);
    }, RESTS);
  }

  /**
   * Say how numbers come in sight, or go, under a map that lacks them. Not at the input where another one does: its note
   * is the longest, and what is below would move from under the hand.
   */
  #hint() {
    const [first, next = first] = this.zoom.small;
    const where = first === "input" ? next : first;
    for (const view of this.zoom.maps.keys()) this.on.columns.get(view).hint(view === where ? this.zoom.hint : "");
  }
}
