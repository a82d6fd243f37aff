/**
 * cnn_core's own sum of a cell, made ready for the ledger.
 * @module
 */

/** @typedef {import("./model.js").Model} Model */

/**
 * cnn_core's explanation of a cell, each term with the key that gives it its hue.
 * @param {Model} model
 * @param {any} given as Python sent it
 */
export function explained(model, given) {
  const stage = model.byNumber.get(given.stage);
  if (stage.link?.kind === "spread" || stage.reduce === "norm") {
    // Which weights a cell meets depends on where it lies between the stamps; a norm has no term for what overhangs.
    const { terms } = model.explain(given.stage, given.index);
    return { ...given, terms: given.terms.map((/** @type {any} */ term, /** @type {number} */ k) => ({ ...term, key: terms[k].key })) };
  }
  // Terms come plane after plane; a kernel position has one hue on all of them.
  const taps = stage.link?.kind === "window" ? stage.link.extent[0] * stage.link.extent[1] : Infinity;
  return { ...given, formula: stage.formula ?? given.formula, terms: given.terms.map((/** @type {any} */ term, /** @type {number} */ k) => ({ ...term, key: k % taps })) };
}
