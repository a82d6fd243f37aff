/**
 * Fewer cells of a map, for where all of them could not be seen.
 * @module
 */

/**
 * Every so many cells of one or more planes, in both directions.
 * @param {ArrayLike<number>} values
 * @param {number[]} offsets of the planes' first values
 * @param {number[]} size rows and columns of a plane
 * @param {number} step 1 for every cell
 * @returns {{seen: Float64Array, rows: number, columns: number}}
 */
export function sampled(values, offsets, [rows, columns], step) {
  const [down, across] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const seen = new Float64Array(offsets.length * down * across);
  let at = 0;
  for (const offset of offsets) {
    for (let i = 0; i < down; i += 1) {
      for (let j = 0; j < across; j += 1) {
        seen[at] = values[offset + i * step * columns + j * step];
        at += 1;
      }
    }
  }
  return { seen, rows: down, columns: across };
}
