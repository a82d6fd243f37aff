/**
 * What the layouts of all pages have in common: from which width on columns stand side by side, and how large a map is.
 * @module
 */

export const LARGEST_CELL = 48; // px
export const STACK_BELOW = 860; // px: under this width the columns stand below each other
export const PHONE = "(max-width: 739px), (max-height: 500px)"; // as in common.css: less room than a tablet has
const ON_ITS_SIDE = "(min-width: 600px) and (max-height: 500px)"; // a phone, as in common.css
export const STACKED_MAP = 176; // px of a map beside its own controls, where columns stand below each other
export const STACKED_WIDTH = 186; // px of a column's body there
export const GAP = 30; // px between a laboratory's columns, where signs stand or arrows cross
export const READABLE = 20.5; // px of a cell that has room for a number of two digits and a sign
export const WHY = 130; // px of a column that says why it shows no map

const ABREAST_BELOW = 676; // px: on a phone upright the input and the kernel stand beside each other, above their controls
const [SMALLEST_INPUT, SMALLEST_GRID] = [144, 160]; // px: a larger kernel leaves it at least so much, one of few cells its numbers
const FEW = 12; // cells across
const LOW_INPUT = 160; // px: on a phone on its side it is seen whole
const APART = 10; // px between the two, as in common.css

/** What stylesheets know of these. @param {HTMLElement} root of a page */
export function tellSizes(root) {
  const told = { "--ks-stacked-width": STACKED_WIDTH, "--ks-why": WHY };
  for (const [name, size] of Object.entries(told)) root.style.setProperty(name, `${size}px`);
}

/**
 * How wide the input is where the kernel stands beside it on a phone, px; 0 where there is no room for both. Held upright
 * the two share a row, on its side with what they make.
 * @param {number} width of the strip, px
 * @param {number} kernelWidth what the kernel needs, px
 * @param {number} cells of the input across, with its padding
 * @param {number} [inRow] how many columns share the row on its side
 */
export function besideKernel(width, kernelWidth, cells, inRow = 3) {
  if (matchMedia(ON_ITS_SIDE).matches) {
    const each = (width - APART * (inRow - 1)) / inRow;
    return kernelWidth <= each ? Math.min(LOW_INPUT, each) : 0;
  }
  const left = Math.min(STACKED_MAP, width / 2, width - APART - kernelWidth);
  return width < ABREAST_BELOW && left >= (cells <= FEW ? SMALLEST_GRID : SMALLEST_INPUT) ? left : 0;
}

/** Have the input and the kernel stand beside each other, or not. @param {HTMLElement} root of a page @param {number} side px of the input, or 0 */
export function standAbreast(root, side) {
  root.classList.toggle("ks-abreast", side > 0);
  root.style.setProperty("--ks-beside", `${side}px`);
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
 * How large a cell is at least where maps stand below each other, px: a map need not wait for the widest of them to have
 * numbers that can be read, if its own have the room.
 * @param {Size} map
 * @param {number} widest px of a map there
 */
export const legible = (map, widest) => (Math.max(across(map), down(map)) * READABLE <= widest ? READABLE : 0);

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
