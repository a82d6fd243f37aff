/**
 * What cnn_core says of numbers that are asked one by one, where the eye is: kept until other numbers come.
 * @module
 */

import { explain } from "./ask.js";

const AGAIN = 2000; // ms before what could not be told is asked for once more, where the eye still is on it

/** @typedef {{stage: number, index: number[], param?: string}} Place */

export class Asked {
  /**
   * @param {{arrived: () => void, told: (told: any, place: Place) => any}} on `told`: what an answer is kept as
   */
  constructor(on) {
    this.on = on;
    this.session = "";
    /** @type {Map<string, any>} */
    this.told = new Map();
    /** When what could not be told may be asked for again. @type {Map<string, number>} */
    this.later = new Map();
    this.asking = "";
  }

  /** Other numbers came: what was told of those before no longer holds. @param {string} session */
  forget(session) {
    this.session = session;
    this.told.clear();
    this.later.clear();
    this.asking = "";
  }

  /**
   * What was told of a place; null until the answer has come.
   * @param {Place} place
   * @param {Record<string, string>} asked
   * @returns {any | null}
   */
  of(place, asked) {
    const key = JSON.stringify(asked);
    if (this.told.has(key)) return this.told.get(key);
    if (performance.now() < (this.later.get(key) ?? -Infinity)) return null;
    // One question at a time, and the last one: the pointer moves on faster than answers come.
    this.wanted = { key, asked, place };
    if (!this.asking) this.#ask();
    return null;
  }

  async #ask() {
    const { key, asked, place } = this.wanted;
    this.wanted = null;
    this.asking = key;
    const told = await explain(this.session, asked).catch(() => null);
    // An answer that came meanwhile has other numbers.
    if (this.asking === key) {
      if (told) this.told.set(key, this.on.told(told, place));
      else this.later.set(key, performance.now() + AGAIN);
      this.asking = "";
      this.on.arrived();
    }
    if (this.wanted && !this.asking) this.#ask();
  }
}
