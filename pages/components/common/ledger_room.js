/**
 * How tall the opened ledger is at the window's edge: as the sums of the stage need whose cell is pinned, so that it
 * hides no more than it must. What is only pointed at never changes that: growing under the pointer, the ledger would
 * cover the cell it speaks of. A sum of another stage that finds no room there is told as shortly as in a closed one.
 * @module
 */

import { oncePerFrame } from "./dom.js";

const SPARE = 32; // px: the edge below, and a line more that the sum of another cell of the stage may take

export class LedgerRoom {
  /** @param {HTMLElement} element the ledger */
  constructor(element) {
    this.element = element;
    /** What the tallest sum of each kind took so far, px. @type {Map<string, number>} */
    this.needs = new Map();
    this.kind = "";
    /** The kind of the pinned cell's sum. */
    this.own = "";
    this.pinned = false;
    // After layout, where a height costs nothing to read.
    this.observer = new ResizeObserver(oncePerFrame(() => this.#measure()));
  }

  /** @param {Element[]} parts those whose height is another one with other sums */
  watch(...parts) {
    for (const part of parts) this.observer.observe(part);
  }

  leave() {
    this.observer.disconnect();
  }

  /**
   * Another sum has been written.
   * @param {string} kind one for all cells that tell alike
   * @param {boolean} pinned whether it is the pinned cell's
   */
  holds(kind, pinned) {
    const news = kind !== this.kind || pinned !== this.pinned;
    Object.assign(this, { kind, pinned });
    if (pinned) this.own = kind;
    this.#shorten();
    if (news) this.#measure();
  }

  /** Begin anew, as another input or kernel has other sums. */
  relax() {
    this.needs.clear();
    this.#measure();
  }

  #measure() {
    const { element, kind, needs } = this;
    if (!element.matches(".ks-docked:not(.ks-stacked) .ks-open:not(.ks-closed, .ks-brief)")) return;
    const lowest = Math.max(...[...element.children].map((each) => each.getBoundingClientRect().bottom));
    const needed = Math.ceil(lowest - element.getBoundingClientRect().top + element.scrollTop);
    needs.set(kind, Math.max(needed, needs.get(kind) ?? 0));
    if (this.pinned) element.style.setProperty("--ks-needed", `${needs.get(kind) + SPARE}px`);
    this.#shorten();
  }

  #shorten() {
    const { kind, own, needs, pinned } = this;
    this.element.classList.toggle("ks-brief", !pinned && kind !== own && needs.get(kind) > (needs.get(own) ?? Infinity) + SPARE);
  }
}
