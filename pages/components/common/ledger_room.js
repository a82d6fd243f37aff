/**
 * How tall the ledger is at the window's edge: opened as the sums of the stage need whose cell is pinned, so that it
 * hides no more than it must, and else as the pinned cell's own does. What is only pointed at never changes that: growing
 * under the pointer, the ledger would cover the cell it speaks of. A sum that finds no room there is told more shortly.
 * On a narrow page it is as tall as it comes to be while the window slides by itself: play stays under the finger.
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
    /** Of the ledger that is not opened with the pinned cell's sum, px. */
    this.height = Infinity;
    /** How tall it came to be since the window began to slide by itself, px. */
    this.tallest = 0;
    /** Its classes then, which say what of it is folded away, and the window's width. */
    this.folded = "";
    // After layout, where a height costs nothing to read.
    this.observer = new ResizeObserver(oncePerFrame(() => this.#measure()));
    // At once: by the next frame another cell's sum may have made it shorter again.
    this.heights = new ResizeObserver(() => this.#keep());
    this.heights.observe(element);
  }

  /** @param {Element[]} parts those whose height is another one with other sums */
  watch(...parts) {
    for (const part of parts) this.observer.observe(part);
  }

  leave() {
    this.observer.disconnect();
    this.heights.disconnect();
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
    this.element.classList.toggle("ks-pointed", !pinned);
    this.#shorten();
    if (news) this.#measure();
  }

  /** Begin anew, as another input or kernel has other sums. */
  relax() {
    this.needs.clear();
    this.#measure();
  }

  #measure() {
    const { element, name, needs } = this;
    this.#keep();
    if (!element.matches(".ks-docked:not(.ks-stacked) .ks-ledger:not(.ks-closed, .ks-brief)")) return;
    const frame = element.getBoundingClientRect();
    const lowest = Math.max(...[...element.children].map((each) => each.getBoundingClientRect().bottom));
    const needed = Math.ceil(lowest - frame.top + element.scrollTop);
    needs.set(name, Math.max(needed, needs.get(name) ?? 0));
    if (this.pinned && this.open) element.style.setProperty("--ks-needed", `${needs.get(name) + SPARE}px`);
    else if (this.pinned) {
      this.height = frame.height;
      element.style.setProperty("--ks-pinned", `${frame.height}px`);
    }
    this.#shorten();
  }

  get open() {
    return this.element.classList.contains("ks-open");
  }

  /** What the kind of the sum is remembered by: opened it takes more room. */
  get name() {
    return this.open ? this.kind : `${this.kind}, short`;
  }

  #keep() {
    const { element } = this;
    // Nor does the speed leave the finger that holds it at the end of the run.
    const goesOn = element.matches(".ks-stacked.ks-playing *, .ks-stacked *:has(.ks-in-hand)") && this.folded === `${element.className} ${window.innerWidth}`;
    this.folded = `${element.className} ${window.innerWidth}`; // of what is folded away or out, or a phone that was turned, nothing is kept
    this.tallest = goesOn ? Math.max(this.tallest, element.getBoundingClientRect().height) : 0;
    element.style.setProperty("--ks-tallest", `${this.tallest}px`);
  }

  #shorten() {
    const { own, name, needs, pinned } = this;
    const room = this.open ? (needs.get(own) ?? Infinity) + SPARE : this.height;
    this.element.classList.toggle("ks-brief", !pinned && needs.get(name) > room);
  }
}
