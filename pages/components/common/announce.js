/**
 * What a view tells the world about what it put on screen, so that speed and truth can be measured without pixels.
 * @module
 */

/**
 * @param {{view: string, source: "preview" | "cnn_core", revision: number}} drawn
 */
export function drawn({ view, source, revision }) {
  document.dispatchEvent(new CustomEvent("cnn:drawn", { detail: { view, source, revision, at: performance.now() } }));
}

/**
 * @param {string} view
 * @param {import("./model.js").Explanation} explanation
 * @param {number} revision
 */
export function cell(view, explanation, revision) {
  const { stage, index, rule, value, bias, total, residual } = explanation;
  const terms = explanation.terms.map((term) => ({
    stage: term.stage,
    index: term.index,
    value: term.value,
    weight: term.weight,
    product: term.product,
  }));
  const detail = { view, stage, index, rule, value, terms, bias, total, residual, revision, at: performance.now() };
  document.dispatchEvent(new CustomEvent("cnn:cell", { detail }));
}
