/**
 * The gradients behind the maps: of what they are, and the asking of one of them. Every number and every term is
 * cnn_core's, asked for where the eye is.
 * @module
 */

import { explain } from "../common/ask.js";
import { h } from "../common/dom.js";

/**
 * @typedef {{stage: number, index: number[], param?: string}} Place  `param` where it is a weight that is asked
 * @typedef {{value: string, title: string, options: {value: string, label: string, kind: string}[]}} Described
 *   as pages/shared/message.py writes it
 */

const PINNED = "cell";
const AT_SCORES = "Cross-entropy gives each score its probability as gradient, and the right class its probability less 1.";
const GROUPS = { score: "Gradients of a score", probability: "Gradients of a probability", loss: "Gradients of the loss" };

export class Backward {
  /** @param {{choose: (code: string) => void, arrived: () => void, pin: () => Place | null}} on */
  constructor(on) {
    this.on = on;
    this.select = h("select", { "aria-label": "What the maps show", title: "Gradients: how much a score changes with each number" });
    this.select.addEventListener("change", () => on.choose(this.select.value === PINNED ? this.ofCell() : this.select.value));
    this.element = h("label", { class: "ks-field" }, this.select);
    this.written = "";
    this.value = "";
    this.title = "";
    this.session = "";
    /** @type {Map<string, any>} */
    this.told = new Map();
    this.asking = "";
  }

  /** Whether gradients are shown. */
  get shows() {
    return this.value !== "";
  }

  /** Whether the gradients are those of the pinned cell, and follow it. */
  get ofPinned() {
    return this.value.startsWith(PINNED);
  }

  /** The pinned cell as a target, "" where an input cell is pinned, which depends on nothing. */
  ofCell() {
    const pin = this.on.pin();
    return pin && pin.stage >= 0 ? `${PINNED}:${pin.stage}:${pin.index.join(",")}` : "";
  }

  /** Every answer brings other gradients. @param {Described} described @param {string} session */
  describe({ value, title, options }, session) {
    Object.assign(this, { value, title, session });
    this.told.clear();
    this.asking = "";
    const written = JSON.stringify(options);
    if (written !== this.written) {
      this.written = written;
      const groups = Object.entries(GROUPS).map(([kind, label]) => [label, options.filter((each) => each.kind === kind)]);
      const grouped = groups.filter(([, each]) => each.length).map(([label, each]) =>
        h("optgroup", { label }, .../** @type {any[]} */ (each).map((option) => h("option", { value: option.value, text: `gradients: ${option.label}` }))),
      );
      const pinned = h("option", { value: PINNED, text: "gradients: the pinned cell" });
      this.select.replaceChildren(h("option", { value: "", text: "maps: values" }), pinned, ...grouped);
    }
    this.select.value = this.ofPinned ? PINNED : value;
  }

  /**
   * What cnn_core says of a gradient; null until it has answered.
   * @param {Place} place
   * @returns {any | null}
   */
  explain({ stage, index, param }) {
    const asked = { of: this.value, index: index.join(","), ...(param ? { param } : { stage: String(stage) }) };
    const key = JSON.stringify(asked);
    if (this.told.has(key)) return this.told.get(key);
    // One question at a time, and the last one: the pointer moves on faster than answers come.
    this.wanted = { key, asked, place: { stage, index, ...(param ? { param } : {}) } };
    if (!this.asking) this.#ask();
    return null;
  }

  async #ask() {
    const { key, asked, place } = this.wanted;
    this.wanted = null;
    this.asking = key;
    const told = await explain(this.session, asked).catch(() => null);
    // An answer that came meanwhile has other gradients.
    const fresh = this.asking === key;
    if (fresh) {
      if (told?.rule === "input") told.note = this.value.startsWith("loss") ? AT_SCORES : `This is where the gradients begin: ${this.title} itself has 1, whatever stands beside it 0.`;
      const terms = told?.terms.map((/** @type {any} */ term, /** @type {number} */ k) => ({ ...term, key: k }));
      this.told.set(key, told && { ...told, ...place, terms });
      this.asking = "";
      this.on.arrived();
    }
    if (this.wanted && !this.asking) this.#ask();
  }
}
