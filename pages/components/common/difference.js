/**
 * A difference of two maps, cell by cell: no layer makes it, so it is told as the two terms it is.
 * @module
 */

import { fsum } from "./exact.js";

/**
 * @param {import("./model.js").Model} model
 * @param {number} stage of the difference
 * @param {number[]} index
 * @param {number[]} of the stage it was taken from, and the one that was taken away
 */
export function differenceOf(model, stage, index, [from, away]) {
  const value = model.value(stage, index);
  const term = (/** @type {number} */ read, /** @type {number} */ weight) => ({ stage: read, index, value: model.value(read, index), weight, product: weight * model.value(read, index), key: 0 });
  const terms = [term(from, 1), term(away, -1)];
  const total = fsum(terms.map(({ product }) => product));
  return { stage, index, rule: "sum", value, terms, bias: 0, total, residual: value - total, formula: null };
}
