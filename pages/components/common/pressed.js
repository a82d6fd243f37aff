/**
 * The control that was pressed stays under the pointer. Where what comes of it moves it up or down, the page is scrolled
 * by as much; what is left, to the side or at the page's ends, the control itself is held back by until the pointer has
 * left it. Whoever presses a stepper twice at one place presses it twice.
 * @module
 */

const CONTROL = ".ks-controls :is(button, input, select)";
const WHOLE = ".ks-stepper"; // what is pressed again and again, and held back as one
const FURTHEST = 160; // px; of a control that is gone further than that the place is no longer its own
const AFTER_TAP = 3000; // ms that a control is held for a finger, which leaves it at once

export class Pressed {
  /** @param {HTMLElement} root of a page */
  constructor(root) {
    this.root = root;
    /** @type {Element | null} */
    this.control = null;
    /** Whether the pointer has stayed on it since. */
    this.stays = false;
    /** What is held back, and by how much across and down, px. @type {{element: HTMLElement, by: number[]} | null} */
    this.held = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.gone = new AbortController();
    const { signal } = this.gone;
    for (const event of ["pointermove", "pointerdown"]) document.addEventListener(event, ({ target }) => this.#leave(target), { capture: true, passive: true, signal });
    document.addEventListener("keydown", () => this.#leave(null), { capture: true, signal });
    root.addEventListener("pointerdown", ({ target }) => this.#press(/** @type {Element} */ (target)), { capture: true });
  }

  leave() {
    clearTimeout(this.timer);
    this.gone.abort();
  }

  /** Make a change of the page, and a frame later, when all has found its size, what it asks for. @param {() => void} change */
  around(change) {
    const from = this.#place();
    change();
    if (from === null) return;
    this.#back(from);
    requestAnimationFrame(() => this.#back(from));
  }

  /** @param {Element} target */
  #press(target) {
    this.control = target.closest(CONTROL);
    this.stays = !!this.control;
  }

  /** The control, or what was built in its place and took its focus over; null where it is gone. */
  #found() {
    if (this.control && !this.control.isConnected) this.control = this.root.contains(document.activeElement) ? document.activeElement?.closest(CONTROL) ?? null : null;
    return this.control;
  }

  /** @returns {number[] | null} px from the window's left and upper edges */
  #place() {
    const control = this.#found();
    if (!control?.getClientRects().length) return null;
    const { left, top } = control.getBoundingClientRect();
    return [left, top];
  }

  /** @param {number[]} from */
  #back(from) {
    const moved = this.#place();
    if (!moved) return;
    if (moved[1] !== from[1]) this.root.closest(".stMain")?.scrollBy({ top: moved[1] - from[1], behavior: "instant" });
    const place = this.#place();
    if (place) this.#hold([from[0] - place[0], from[1] - place[1]]);
  }

  /** Hold the control back by so much more, if it is anything. @param {number[]} more px across and down */
  #hold(more) {
    const element = this.stays ? /** @type {HTMLElement | null} */ (this.control.closest(WHOLE)) : null;
    if (this.held?.element !== element) this.#release();
    if (!element) return;
    const by = (this.held?.by ?? [0, 0]).map((px, axis) => px + more[axis]);
    if (Math.hypot(...more) < 1) return;
    if (Math.hypot(...by) > FURTHEST) {
      this.#release();
      return;
    }
    this.held = { element, by };
    element.classList.add("ks-held");
    element.style.translate = `${by[0]}px ${by[1]}px`;
    clearTimeout(this.timer);
    if (matchMedia("(hover: none)").matches) this.timer = setTimeout(() => this.#release(), AFTER_TAP);
  }

  /** @param {EventTarget | null} target what the pointer is on, or null where the keyboard is used */
  #leave(target) {
    if (!this.stays || (target instanceof Node && this.control?.closest(WHOLE)?.contains(target))) return;
    this.stays = false;
    this.#release();
  }

  #release() {
    this.held?.element.classList.remove("ks-held");
    this.held?.element.style.removeProperty("translate");
    this.held = null;
  }
}
