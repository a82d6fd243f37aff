/**
 * What the layouts of all pages have in common: from which width on columns stand side by side, and how large a map is.
 * @module
 */

export const LARGEST_CELL = 48; // px
export const STACK_BELOW = 860; // px: under this width the columns stand below each other
export const PHONE = "(max-width: 739px), (max-height: 500px)"; // as in common.css: less room than a tablet has
export const STACKED_MAP = 176; // px of a map beside its own controls, where columns stand below each other
export const STACKED_WIDTH = 186; // px of a column's body there
export const GAP = 30; // px between a laboratory's columns, where signs stand or arrows cross
export const READABLE = 20.5; // px of a cell that has room for a number of two digits and a sign
export const WHY = 130; // px of a column that says why it shows no map

/** What stylesheets know of these. @param {HTMLElement} root of a page */
export function tellSizes(root) {
  const told = { "--ks-stacked-map": STACKED_MAP, "--ks-stacked-width": STACKED_WIDTH, "--ks-why": WHY };
  for (const [name, size] of Object.entries(told)) root.style.setProperty(name, `${size}px`);
}

/** @typedef {{rows: number, columns: number, ring: readonly number[]}} Size  a map in cells; `ring`: padding cells at the top, bottom, left and right */

/** How many cells wide a map is, with its padding. @param {Size} map */
export const across = ({ columns, ring }) => columns + ring[2] + ring[3];

/** How many cells tall. @param {Size} map */
export const down = ({ rows, ring }) => rows + ring[0] + ring[1];

/**
 * How large a cell of a map is at least, px: a map of few cells may have larger ones than the others, but never so large
 * that it with its padding would need more room than a small map has.
 * @param {Size} map
 * @param {number} smallest px of a map
 */
export const least = (map, smallest) => Math.min(LARGEST_CELL, smallest / Math.max(across(map), down(map)));

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
