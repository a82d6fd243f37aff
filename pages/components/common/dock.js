/**
 * The ledger stays in sight: where its own place is below the window's lower edge, it lies along that edge, short, with
 * what slides the window beside it, and goes back as the page is scrolled down to it.
 * @module
 */

import { oncePerFrame } from "./dom.js";

/**
 * px of the window below the bar above the ledger, for it to stay in its own place: its headline and its sum are seen
 * there, and it takes no more while it is short, so that scrolling to the page's end always reaches it.
 */
const ROOM = 104;

/** px that the bar above grows by where the player goes back to it from the ledger at the window's edge. */
const PLAYER = 44;

/** @typedef {"page" | "edge" | "stacked"} Where  in its own place; at the window's edge; there for good, as the page is narrow */

/**
 * @param {boolean} stacked whether the page is narrow
 * @param {boolean} held whether it keeps its own place on a wide page
 * @param {boolean} playing whether the player lies at the window's edge with it now
 * @param {number} bottom of the bar above the ledger, px from the window's upper edge
 * @param {number} height of the window, px
 * @returns {Where} where the ledger is seen
 */
export function whereToLie(stacked, held, playing, bottom, height) {
  if (stacked) return "stacked";
  return !held && bottom + (playing ? PLAYER : 0) > height - ROOM ? "edge" : "page";
}

export class Dock {
  /**
   * @param {HTMLElement} root of the page
   * @param {HTMLElement} bar above the ledger: nothing but the player moves its lower edge along with the ledger
   * @param {(where: Where) => void} lay called whenever that changes
   */
  constructor(root, bar, lay) {
    this.root = root;
    this.bar = bar;
    this.lay = lay;
    this.stacked = false;
    this.held = false;
    this.onScroll = oncePerFrame(() => this.check());
    // The page scrolls in a container of the framework's own.
    document.addEventListener("scroll", this.onScroll, { capture: true, passive: true });
    window.addEventListener("resize", this.onScroll);
    this.#lie("page");
  }

  leave() {
    document.removeEventListener("scroll", this.onScroll, { capture: true });
    window.removeEventListener("resize", this.onScroll);
  }

  /** @param {boolean} stacked whether the page is narrow */
  stack(stacked) {
    this.stacked = stacked;
    this.check();
  }

  /** @param {boolean} held whether the ledger keeps its own place */
  hold(held) {
    this.held = held;
    this.check();
  }

  check() {
    const playing = this.where === "edge" && !this.bar.querySelector(".ks-player") && !!this.root.querySelector(".ks-player");
    this.#lie(whereToLie(this.stacked, this.held, playing, this.bar.getBoundingClientRect().bottom, window.innerHeight));
  }

  /** @param {Where} where */
  #lie(where) {
    if (where === this.where) return;
    this.where = where;
    this.root.classList.toggle("ks-stacked", where === "stacked");
    this.root.classList.toggle("ks-docked", where !== "page");
    this.lay(where);
  }
}
