/**
 * The ledger at the window's edge is short, so as to leave room for the maps it speaks of: what it tells in detail
 * unfolds, on a narrow page what becomes of the number too, and all but its headline folds away. How somebody likes it
 * holds for every page.
 * @module
 */

import { h, setText } from "./dom.js";
import { recall, remember } from "./visit.js";

const KEPT = "kernelscope-ledger";

export class ShortLedger {
  /**
   * @param {HTMLElement} element the ledger
   * @param {{opened: () => void, folded: () => void, onward: () => void}} on `opened`: its details have unfolded; `folded`: they
   *   have folded away; `onward`: what becomes of the number has unfolded
   */
  constructor(element, on) {
    this.element = element;
    const kept = recall(KEPT, { open: false, closed: false, onward: false });
    this.open = !!kept.open;
    this.onward = !!kept.onward;
    this.closed = !!kept.closed;
    this.details = h("button", { type: "button", class: "ks-link ks-fold ks-fold-part" });
    this.details.addEventListener("click", () => {
      this.open = this.closed || !this.open;
      this.closed = false; // whoever asks for a part wants to see it
      if (!this.open) on.folded();
      this.#fold();
      if (this.open) on.opened();
    });
    this.feeds = h("button", { type: "button", class: "ks-link ks-fold ks-fold-part ks-fold-feeds", text: "feeds", title: "What becomes of the number, and what it sees of the input" });
    this.feeds.addEventListener("click", () => {
      this.onward = !this.onward;
      this.#fold();
      if (this.onward) on.onward();
    });
    this.rest = h("button", { type: "button", class: "ks-link ks-fold" });
    this.rest.addEventListener("click", () => {
      this.closed = !this.closed;
      this.#fold();
    });
    this.#show();
  }

  /** @param {string} details what they are, "" where there are none @param {boolean} feeds whether anything is made of the number */
  describe(details, feeds) {
    this.details.hidden = !details;
    setText(this.details, details);
    this.feeds.hidden = !feeds;
  }

  #fold() {
    this.#show();
    remember(KEPT, { open: this.open, closed: this.closed, onward: this.onward });
  }

  #show() {
    this.element.classList.toggle("ks-open", this.open);
    this.element.classList.toggle("ks-closed", this.closed);
    this.element.classList.toggle("ks-onward", this.onward);
    // Behind the headline alone nothing is open, whatever will be again.
    this.details.setAttribute("aria-expanded", String(this.open && !this.closed));
    this.feeds.setAttribute("aria-expanded", String(this.onward && !this.closed));
    this.rest.setAttribute("aria-expanded", String(!this.closed));
    setText(this.rest, this.closed ? "show" : "hide");
  }
}
