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

/**
 * All cells of one or more planes in as few as a small picture has room for: of each square of them the mean, as a
 * photograph is made smaller, or the number that is largest in size, where some below zero would take others away.
 * @param {ArrayLike<number>} values
 * @param {number[]} offsets of the planes' first values
 * @param {number[]} size rows and columns of a plane
 * @param {number} step cells along a square's side
 * @param {boolean} largest whether it is the largest number and not the mean
 * @returns {{seen: Float64Array, rows: number, columns: number}}
 */
export function condensed(values, offsets, [rows, columns], step, largest) {
  const [down, across] = [Math.ceil(rows / step), Math.ceil(columns / step)];
  const seen = new Float64Array(offsets.length * down * across);
  let at = 0;
  for (const offset of offsets) {
    for (let top = 0; top < rows; top += step) {
      for (let left = 0; left < columns; left += step) {
        const [bottom, right] = [Math.min(top + step, rows), Math.min(left + step, columns)];
        let [sum, low, high] = [0, 0, 0];
        for (let i = top; i < bottom; i += 1) {
          const end = offset + i * columns + right;
          for (let k = end - right + left; k < end; k += 1) {
            const value = values[k];
            sum += value;
            if (value < low) low = value;
            if (value > high) high = value;
          }
        }
        if (largest) seen[at] = -low > high ? low : high;
        else seen[at] = sum / ((bottom - top) * (right - left));
        at += 1;
      }
    }
  }
  return { seen, rows: down, columns: across };
}
