/**
 * While the window slides, what it has not reached yet is blank on every stage behind it.
 * @module
 */

import { sourcesOf } from "./relatives.js";

/**
 * For each row of a stage, the first column that is still blank.
 * @param {import("./model.js").Model} model
 * @param {number} number the stage to be veiled
 * @param {{stage: number, index: number[]}} reached the last cell that the window has made
 * @returns {((row: number) => number) | null} null where nothing is blank
 */
export function veil(model, number, reached) {
  const { shape } = model.values.get(number);
  if (number < reached.stage || shape.length !== 4) return null;
  const [, , row, column] = reached.index;
  const known = (/** @type {number} */ i, /** @type {number} */ j) => {
    const { box } = sourcesOf(model, number, [0, reached.index[1], i, j]).get(reached.stage);
    return box.bottom < row || (box.bottom === row && box.right <= column);
  };
  const last = shape[3] - 1;
  return (i) => {
    if (known(i, last)) return shape[3];
    if (!known(i, 0)) return 0;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (known(i, middle)) low = middle;
      else high = middle;
    }
    return high;
  };
}

/**
 * Whether a vector, of scores say, is still to be made: where the map it is made of has a blank left.
 * @param {import("./model.js").Model} model
 * @param {number} number the vector's stage
 * @param {{stage: number, index: number[]} | null} reached the last cell that the window has made, null where all are
 */
export function unmade(model, number, reached) {
  if (!reached || number < reached.stage || model.values.get(number).shape.length === 4) return false;
  let map = number;
  while (model.values.get(map).shape.length !== 4) map = model.byNumber.get(map).reads;
  const [, , rows, columns] = model.values.get(map).shape;
  return (veil(model, map, reached)?.(rows - 1) ?? columns) < columns;
}
