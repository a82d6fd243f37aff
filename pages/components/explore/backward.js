/**
 * The gradients behind the maps: of what they are, and the asking of one of them. Every number and every term is
 * cnn_core's, asked for where the eye is.
 * @module
 */

import { Asked } from "../common/asked.js";
import { h } from "../common/dom.js";
import { short } from "../common/format.js";
import { nameOf } from "../common/names.js";
import { ravel } from "../common/windows.js";

/** @typedef {import("../common/model.js").Model} Model */
/**
 * @typedef {{stage: number, index: number[], param?: string}} Place  `param`, "weight" or "bias", where one of these is asked
 * @typedef {{value: string, title: string, loss: string, options: {value: string, label: string, kind: string}[]}} Described
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
    /** The loss that the gradients are of, in words; "" where they are of something else. */
    this.loss = "";
    this.asked = new Asked({ arrived: on.arrived, told: (told, place) => this.#told(told, place) });
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

  /** Every answer brings other gradients. @param {Described} described @param {string} session @param {string} desk */
  describe({ value, title, loss, options }, session, desk) {
    Object.assign(this, { value, title, loss, desk });
    this.asked.forget(session);
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
   * Each stage's gradient, or null where values are shown.
   * @param {any[]} stages as Python described them
   * @param {ReadonlyMap<string, import("../common/blob.js").Tensor>} arrays
   */
  gradients(stages, arrays) {
    if (!this.shows) return null;
    const named = stages.filter(({ gradient }) => gradient);
    return new Map(named.map(({ stage, gradient }) => [stage, arrays.get(gradient)]));
  }

  /** A cell and its gradient, to be read aloud; "" where it has none. @param {Place} place @param {Model} model */
  inWords({ stage, index }, model) {
    const gradient = model.gradients?.get(stage);
    if (!gradient) return "";
    return `${this.title}, gradient at ${nameOf(model, stage, index)}: ${short(gradient.values[ravel(index, gradient.shape)], 6)}`;
  }

  /**
   * What there is to say of a stage that the gradients shown do not reach: null where it is another way to the same.
   * @param {string} view
   * @returns {{value: number | null, note: string}}
   */
  #besides(view) {
    // Softmax and logarithm in one: cross-entropy never asks for the probabilities.
    if (this.loss && view === "probabilities") return { value: null, note: "The loss is worked out from the scores, softmax and logarithm in one step, and not by way of this number. Its gradient begins at the scores." };
    return { value: 0, note: `This number comes after ${this.title}, which does not depend on it.` };
  }

  /**
   * What cnn_core says of a gradient; null until it has answered.
   * @param {Place} place
   * @param {Model} model
   * @returns {any | null}
   */
  explain({ stage, index, param }, model) {
    if (!param && !model.gradients.has(stage)) {
      const { value, note } = this.#besides(model.byNumber.get(stage).view);
      return { stage, index, rule: "input", value, terms: [], bias: 0, total: value, residual: 0, formula: null, note };
    }
    const asked = { at: this.desk, of: this.value, index: index.join(","), ...(param ? { param: `${stage}.${param}` } : { stage: String(stage) }) };
    return this.asked.of({ stage, index, ...(param ? { param } : {}) }, asked);
  }

  /** @param {any} told @param {Place} place */
  #told(told, place) {
    if (told.rule === "input") told.note = this.value.startsWith("loss") ? AT_SCORES : this.ofPinned
      ? `Effective weights: the number at each cell of the input, and of every map between, is how much ${this.title} grows with it. ${this.title} itself has 1.`
      : `This is where the gradients begin: ${this.title} itself has 1, whatever stands beside it 0.`;
    const terms = told.terms.map((/** @type {any} */ term, /** @type {number} */ k) => ({ ...term, key: k }));
    return { ...told, ...place, terms };
  }
}
