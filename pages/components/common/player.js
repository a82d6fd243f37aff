/**
 * The window sliding by itself: play, pause, step, and how fast.
 * @module
 */

import { h, setText } from "./dom.js";
import { FOLLOWED, pace } from "./pace.js";
import { ravel, unravel } from "./windows.js";

const PLAY = "▶\uFE0E"; // drawn as text, not as a coloured emoji
const PAUSE = "❚❚";

export class Player {
  /**
   * @param {{go: (k: number, playing: boolean) => void, partial: () => boolean, fill: () => void, playing: (playing: boolean) => void, count: () => number, where: () => number}} on
   *   `partial`: whether the maps are blank where the window has not been; `fill`: show them whole;
   *   `playing`: it has begun or ended to play
   * @param {boolean} [thorough] whether any cell can be gone to, and the order chosen
   */
  constructor(on, thorough = false) {
    this.on = on;
    /** Whether it slides column by column, and not row by row. */
    this.down = false;
    this.playing = false;
    const button = (/** @type {string} */ label, /** @type {string} */ text, /** @type {() => void} */ act) =>
      h("button", { type: "button", class: "ks-button ks-play", "aria-label": label, title: label, text, onclick: act });
    this.toggle_button = button("Play: slide the window over the input", PLAY, () => this.toggle());
    this.slider = h("input", { type: "range", min: 0, max: 100, value: 51, "aria-label": "speed" });
    this.slider.addEventListener("input", () => this.#tellSpeed());
    this.fill = button("Show what the window has not reached yet", "Show all", () => {
      this.pause();
      this.toggle_button.focus({ preventScroll: true }); // this one is about to go
      this.on.fill();
    });
    this.fill.classList.add("ks-fill");
    this.speed_text = h("span", { class: "ks-speed-text" });
    this.place = h("span", { class: "ks-place" });
    this.scrub = h("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "which cell", title: "Drag to any cell" });
    this.scrub.addEventListener("input", () => this.#jump(Number(this.scrub.value)));
    this.order = h("select", { "aria-label": "order of the cells" }, h("option", { value: "rows", text: "by rows" }), h("option", { value: "columns", text: "by columns" }));
    this.order.addEventListener("change", () => {
      this.pause();
      this.down = this.order.value === "columns";
      this.tell();
    });
    this.element = h(
      "div",
      { class: "ks-player", role: "group", "aria-label": "Slide the window" },
      button("To the first cell", "⇤", () => this.#jump(0)),
      button("One cell back", "←", () => this.#jump(this.on.where() - 1)),
      this.toggle_button,
      button("One cell on", "→", () => this.#jump(this.on.where() + 1)),
      button("To the last cell", "⇥", () => this.#jump(this.on.count() - 1)),
      this.#speed(),
      this.fill,
      ...(thorough ? [h("label", { class: "ks-range" }, h("span", { class: "ks-stepper-name", text: "cell" }), this.scrub), this.order] : []),
      this.place,
    );
    this.#tellSpeed();
  }

  #speed() {
    const label = h("label", { class: "ks-range ks-speed" }, h("span", { class: "ks-stepper-name", text: "speed" }), this.slider, this.speed_text);
    // Whoever drags it to the end of a run is not to lose it from under the finger.
    for (const [event, held] of /** @type {const} */ ([["pointerdown", true], ["pointerup", false], ["pointercancel", false]])) this.slider.addEventListener(event, () => label.classList.toggle("ks-in-hand", held));
    return label;
  }

  /** Which in its order a cell of a map is. @param {number[]} cell row and column @param {number[]} shape */
  rank([row, column], [rows, columns]) {
    return this.down ? ravel([column, row], [columns, rows]) : ravel([row, column], [rows, columns]);
  }

  /** The cell that is so many in its order. @param {number} k @param {number[]} shape @returns {number[]} row and column */
  cellOf(k, [rows, columns]) {
    return this.down ? unravel(k, [columns, rows]).reverse() : unravel(k, [rows, columns]);
  }

  get rate() {
    return pace(Number(this.slider.value) / 100, this.on.count());
  }

  #tellSpeed() {
    const { rate } = this;
    setText(this.speed_text, `${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en")} cells/s`);
  }

  /** Show which cell of how many, and the way back from maps that are filled in part. */
  tell() {
    this.#tellSpeed();
    // Its room is kept, so that nothing beside it moves.
    this.fill.classList.toggle("ks-absent", !this.on.partial());
    const count = this.on.count();
    const at = this.on.where();
    this.scrub.max = String(Math.max(0, count - 1));
    if (at >= 0) this.scrub.value = String(at);
    setText(this.place, count && at >= 0 ? `cell ${(at + 1).toLocaleString("en")} of ${count.toLocaleString("en")}` : "");
  }

  /** @param {number} k */
  #jump(k) {
    this.pause();
    const count = this.on.count();
    if (count) this.on.go(Math.min(count - 1, Math.max(0, k)), false);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    const count = this.on.count();
    if (!count) return;
    this.playing = true;
    this.#face();
    let at = this.on.where() + 1 >= count || this.on.where() < 0 ? 0 : this.on.where();
    // Play from the top the first time, so that the feature map fills in before the eyes.
    if (!this.started) at = 0;
    this.started = true;
    let exact = at;
    /** A frame's own time may lie before the click that asked for it, so the clock starts with the first frame. */
    let last = /** @type {number | null} */ (null);
    this.on.go(at, true);
    const tick = (/** @type {number} */ now) => {
      if (!this.playing) return;
      const total = this.on.count();
      const { rate } = this;
      exact += ((now - (last ?? now)) / 1000) * rate;
      last = now;
      // On a map small enough to be followed no cell is skipped, even when a frame comes late.
      const furthest = rate > FOLLOWED ? total - 1 : at + 1;
      exact = Math.min(exact, furthest + 0.999);
      const next = Math.min(total - 1, Math.floor(exact));
      if (next !== at) {
        at = next;
        this.on.go(at, true);
      }
      if (at >= total - 1) {
        this.started = false;
        this.pause();
        this.on.go(total - 1, false);
      } else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    this.#face();
  }

  #face() {
    setText(this.toggle_button, this.playing ? PAUSE : PLAY);
    const label = this.playing ? "Pause" : "Play: slide the window over the input";
    this.toggle_button.setAttribute("aria-label", label);
    this.toggle_button.title = label;
    this.on.playing(this.playing);
  }
}
