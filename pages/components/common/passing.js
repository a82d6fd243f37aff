/**
 * A sentence that needs no answer goes by itself, but not from under the eyes of whoever holds on to it: not while the
 * pointer or the focus is on it.
 * @module
 */

const LASTS = 7000; // ms: twenty words are read in six seconds, at two hundred a minute
const HELD = 2000; // ms more, from time to time, while somebody holds on to it

export class Passing {
  /**
   * @param {HTMLElement} element what is pointed at
   * @param {() => void} gone called when its time is over
   */
  constructor(element, gone) {
    this.element = element;
    this.gone = gone;
    this.timer = 0;
  }

  begin() {
    this.#wait(LASTS);
  }

  stop() {
    clearTimeout(this.timer);
  }

  /** @param {number} time ms */
  #wait(time) {
    this.stop();
    this.timer = window.setTimeout(() => {
      if (this.element.matches(":hover, :focus-within")) this.#wait(HELD);
      else this.gone();
    }, time);
  }
}
