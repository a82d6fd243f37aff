/**
 * The control that was pressed stays under the pointer: where what comes of it moves it up or down, the page is scrolled
 * by as much. Whoever presses a stepper twice at one place presses it twice.
 * @module
 */

const CONTROL = ".ks-controls :is(button, input, select)";

export class Pressed {
  /** @param {HTMLElement} root of a page */
  constructor(root) {
    this.root = root;
    /** @type {Element | null} */
    this.control = null;
    root.addEventListener("pointerdown", ({ target }) => (this.control = /** @type {Element} */ (target).closest(CONTROL)), { capture: true });
  }

  /** Make a change of the page, and a frame later, when all has found its size, what it asks for. @param {() => void} change */
  around(change) {
    const from = this.#top();
    change();
    if (from === null) return;
    this.#back(from);
    requestAnimationFrame(() => this.#back(from));
  }

  /** The control, or what was built in its place and took its focus over; null where it is gone. */
  #found() {
    if (this.control && !this.control.isConnected) this.control = this.root.contains(document.activeElement) ? document.activeElement?.closest(CONTROL) ?? null : null;
    return this.control;
  }

  /** @returns {number | null} px from the window's upper edge */
  #top() {
    const control = this.#found();
    return control?.getClientRects().length ? control.getBoundingClientRect().top : null;
  }

  /** @param {number} from */
  #back(from) {
    const top = this.#top();
    if (top !== null && top !== from) this.root.closest(".stMain")?.scrollBy({ top: top - from, behavior: "instant" });
  }
}
