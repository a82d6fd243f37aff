/**
 * A prediction by hand: the keys that begin one, answer one and lead on, and the field that takes what is typed.
 * @module
 */

import { begins } from "../common/keys.js";
import { nameOf } from "../common/names.js";

/** @typedef {import("../common/board.js").Place} Place */

export class Guess {
  /**
   * @param {{
   *   predict: import("./predict.js").Predict,
   *   model: () => import("../common/model.js").Model,
   *   pin: () => Place | null,
   *   pinned: (view: string) => boolean,
   *   idle: (event: KeyboardEvent) => boolean,
   *   pick: (place: Place) => void,
   *   ask: () => void,
   *   refuseWord: () => void,
   *   tell: (sentence: string) => void,
   * }} on `pinned`: whether the pinned cell lies on a view; `idle`: whether nothing takes a key; `ask` has the question of
   *   the pinned cell written at once
   */
  constructor(on) {
    this.on = on;
    this.onType = (/** @type {KeyboardEvent} */ event) => this.#typeAnywhere(event);
    document.addEventListener("keydown", this.onType);
  }

  leave() {
    document.removeEventListener("keydown", this.onType);
  }

  /**
   * A digit on a hidden cell begins its prediction, and a letter is answered.
   * @param {KeyboardEvent} event
   * @param {string} view
   * @returns {boolean} whether the key was meant for it
   */
  key(event, view) {
    const begun = begins(event);
    if (!begun || !this.on.pinned(view)) return false;
    const { predict } = this.on;
    const pin = this.on.pin();
    if (begun === "word") {
      if (predict.asks(pin)) this.on.refuseWord();
      return predict.asks(pin);
    }
    if (event.key !== "Enter" && predict.opened(pin)) {
      this.on.tell(predict.goOn(nameOf(this.on.model(), pin.stage, pin.index)));
      return true;
    }
    const next = predict.next(pin);
    if (next && event.key === "Enter") {
      event.preventDefault();
      if (!event.repeat) this.further(next);
      return true;
    }
    if (!predict.asks(pin)) return false;
    event.preventDefault();
    this.#begin(event.key === "Enter" ? "" : event.key);
    return true;
  }

  /** Have a covered cell predicted. @param {Place} place */
  further(place) {
    this.on.pick(place);
    this.#begin("");
  }

  /** Begin to type what the pinned cell is thought to be. @param {string} letter */
  #begin(letter) {
    this.on.ask();
    this.on.predict.type(letter);
  }

  /** A number typed where nothing takes it is the prediction that the page waits for. @param {KeyboardEvent} event */
  #typeAnywhere(event) {
    const { predict } = this.on;
    const pin = this.on.pin();
    if (!this.on.idle(event) || !predict.hides || !pin || event.key === "Enter" || begins(event) !== "number" || !predict.asks(pin)) return;
    this.key(event, this.on.model().byNumber.get(pin.stage).view);
  }
}
