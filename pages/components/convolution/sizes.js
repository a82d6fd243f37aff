/**
 * How large a cell of the laboratory is drawn: all maps share one size, but where a map of few cells would be too small
 * to read; and rows of channels stand level.
 * @module
 */

import { weightSize } from "../common/kernel.js";
import { LARGEST_CELL, largestThat } from "../common/layout.js";

const GAP = 30; // px between columns, where the signs stand
const STACK_BELOW = 860; // px: under this width the columns stand below each other
const STACKED_MAP = 176; // px of a map beside its own controls
const SMALLEST_MAP = 120; // px: a map of few cells may have larger ones
const [NARROWEST, ROOMY] = [120, 310]; // px of a column: at least, and where there is room, so that its controls stand side by side
const WHY = 130; // px of a column that says why it shows no map
const [TALLEST, TALL] = [280, 184]; // px of a map that stands alone, and of one of several
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
  const tallest = maps.every(({ count }) => count === 1) ? TALLEST : TALL;
  const across = maps.map(({ columns, ring }) => columns + ring[2] + ring[3]);
  const down = maps.map(({ rows, ring }) => rows + ring[0] + ring[1]);
  const own = (/** @type {number} */ k, /** @type {number} */ cell) => Math.max(cell, Math.floor(Math.min(LARGEST_CELL, SMALLEST_MAP / Math.max(across[k], down[k]))));
  const fits = (/** @type {number} */ cell) => {
    if (down.some((cells) => cells * cell > tallest)) return false;
    if (stacked) return across.every((cells) => cells * cell <= STACKED_MAP);
    const taken = kernelWidth + maps.length * GAP;
    return taken + across.reduce((sum, cells, k) => sum + Math.max(least, Math.ceil(cells * own(k, cell))), 0) <= width;
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp.
  const cell = low >= 4 ? Math.floor(low) : low;
  const cells = maps.map((_, k) => own(k, cell));
  const row = Math.max(...down.map((count, k) => Math.ceil(count * cells[k])), kernel[0] * (weight + 2)) + CAPTION + SLACK;
  const widths = across.map((count, k) => Math.max(least, Math.ceil(count * cells[k])));
  return { stacked, cells, row, widths, kernelWidth };
}
