/**
 * How large a cell of the laboratory is drawn: all maps share one size, and rows of channels stand level.
 * @module
 */

import { weightSize } from "../common/kernel.js";

const GAP = 30; // px between columns, where the signs stand
const STACK_BELOW = 860; // px: under this width the columns stand below each other
const STACKED_MAP = 176; // px of a map beside its own controls
const LARGEST_CELL = 48; // px
const [NARROWEST, ROOMY] = [120, 310]; // px of a column: at least, and where there is room, so that its controls stand side by side
const HEIGHTS = [280, 184, 184, 184]; // px of a map, by how many stand below each other
const WHY = 130; // px of a column that says why it shows no map
const CAPTION = 24; // px
const SLACK = 4; // px between rows

/**
 * @param {number} page its width, px
 * @param {{rows: number, columns: number, ring: readonly number[], count: number}[]} maps a column of `count` maps each
 * @param {number[]} kernel rows and columns
 * @param {number} missing columns that say why they show no map
 */
export function sizes(page, maps, kernel, missing) {
  const width = page - missing * (WHY + GAP);
  const stacked = page < STACK_BELOW;
  const weight = weightSize(Math.max(...kernel));
  const least = Math.max(NARROWEST, Math.min(ROOMY, Math.floor((width - maps.length * GAP) / (maps.length + 1))));
  const kernelWidth = Math.max(least, kernel[1] * (weight + 2) + 8);
  const most = Math.max(...maps.map(({ count }) => count));
  const across = maps.map(({ columns, ring }) => columns + ring[2] + ring[3]);
  const down = maps.map(({ rows, ring }) => rows + ring[0] + ring[1]);
  const fits = (/** @type {number} */ cell) => {
    if (down.some((cells) => cells * cell > HEIGHTS[most - 1])) return false;
    if (stacked) return across.every((cells) => cells * cell <= STACKED_MAP);
    const taken = kernelWidth + maps.length * GAP;
    return taken + across.reduce((sum, cells) => sum + Math.max(least, Math.ceil(cells * cell)), 0) <= width;
  };
  let [low, high] = [0, LARGEST_CELL];
  if (fits(high)) low = high;
  for (let k = 0; k < 24 && low < high; k += 1) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  // Whole pixels keep lines crisp.
  const cell = low >= 4 ? Math.floor(low) : low;
  const row = Math.max(Math.ceil(Math.max(...down) * cell), kernel[0] * (weight + 2)) + CAPTION + SLACK;
  const widths = across.map((cells) => Math.max(least, Math.ceil(cells * cell)));
  return { stacked, cell, row, widths, kernelWidth };
}
