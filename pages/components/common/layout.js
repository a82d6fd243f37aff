/**
 * How large a cell is drawn: all maps share one size, so that a map with fewer cells is seen to be smaller.
 * @module
 */

const GAP = 26; // px between columns, where the signs stand
const CLOSE = 8; // px between columns that have no signs: the ends of two legends still stand apart
const NARROWEST = 130; // px: a column holds its heading and its controls, however small its map
export const TALLEST = 272; // px of a map
export const LARGEST_CELL = 48; // px
const SMALLEST_MAP = 88; // px: a map of few cells may have larger ones
const SPARE = 24; // px: with less to spare than that the maps would be at their smallest for the sake of the signs between them
const STACK_BELOW = 860; // px: under this width the stages stand below each other
export const STACKED_MAP = 176; // px of a map beside its own controls
export const STACKED_WIDTH = 186; // px beside the controls of a column, where columns stand below each other

/**
 * The largest size of a cell that fits, px, whole or not.
 * @param {(cell: number) => boolean} fits
 */
export function largestThat(fits) {
  let [low, high] = [0, LARGEST_CELL];
  if (fits(high)) low = high;
  for (let k = 0; k < 24 && low < high; k += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * @param {number} width of the whole strip, px
 * @param {{rows: number, columns: number, ring: readonly number[]}[]} maps in cells; `ring`: padding cells at the top,
 *   bottom, left and right
 * @param {number[]} others the width of each column that is no map, px
 * @returns {{stacked: boolean, tight: boolean, sizes: number[], widths: number[]}} whether there is no room for signs;
 *   px a cell and px a column, for each map
 */
export function cellSize(width, maps, others) {
  const own = (/** @type {any} */ map, /** @type {number} */ cell) => {
    const most = Math.max(map.rows, map.columns);
    return Math.max(cell, Math.min(LARGEST_CELL, SMALLEST_MAP / most));
  };
  const across = (/** @type {any} */ map, /** @type {number} */ cell) => (map.columns + map.ring[2] + map.ring[3]) * own(map, cell);
  const down = (/** @type {any} */ map, /** @type {number} */ cell) => (map.rows + map.ring[0] + map.ring[1]) * own(map, cell);
  const besides = others.reduce((a, b) => a + b, 0);
  const between = maps.length + others.length - 1;
  const tight = width < besides + between * GAP + maps.length * NARROWEST + SPARE;
  const taken = besides + between * (tight ? CLOSE : GAP);
  const abreast = (/** @type {number} */ cell) =>
    taken + maps.reduce((sum, map) => sum + Math.max(NARROWEST, Math.ceil(across(map, cell))), 0) <= width;
  // Columns that even their smallest maps would push over the edge stand below each other too: nothing is cut off, and
  // the grid keeps its numbers.
  const stacked = width < STACK_BELOW || !abreast(0);
  const fits = (/** @type {number} */ cell) => {
    if (maps.some((map) => down(map, cell) > TALLEST && cell > SMALLEST_MAP / Math.max(map.rows, map.columns))) return false;
    if (stacked) return maps.every((map) => across(map, cell) <= Math.min(STACKED_MAP, width * 0.5));
    return abreast(cell);
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp; a photograph's cells are smaller than that and need not be whole.
  const cell = low >= 8 ? Math.floor(low) : low;
  return {
    stacked,
    tight,
    sizes: maps.map((map) => own(map, cell)),
    widths: maps.map((map) => Math.max(NARROWEST, Math.ceil(across(map, cell)))),
  };
}
