/**
 * How large a cell of the laboratory is drawn: all maps share one size, but where a map of few cells would be too small
 * to read; and rows of channels stand level.
 * @module
 */

import { weightSize } from "../common/kernel.js";
import { LARGEST_CELL, largestThat } from "../common/layout.js";

const GAP = 30; // px between columns, where the signs stand
const STACK_BELOW = 860; // px: under this width the columns stand below each other
const ABREAST_FROM = 1200; // px: six columns keep room for eight cells with numbers; on a narrower page what is compared stands below
const STACKED_MAP = 176; // px of a map beside its own controls
const SMALLEST_MAP = 120; // px: a map of few cells may have larger ones
const [NARROWEST, ROOMY] = [120, 310]; // px of a column: at least, and where there is room, so that its controls stand side by side
const [TALLEST, TALL] = [280, 184]; // px of a map that stands alone, and of one of several
const READABLE = 20.5; // px of a cell that has room for a number of two digits and a sign: for that, one of several is taller
const CAPTION = 24; // px
const SLACK = 4; // px between rows

/**
 * @param {number} width of the page, px
 * @param {{rows: number, columns: number, ring: readonly number[], count: number, compared: boolean}[]} maps a column of `count`
 *   maps each; `compared`: whether it is what was kept, or the difference
 * @param {number[]} kernel rows and columns
 */
export function sizes(width, maps, kernel) {
  const stacked = width < STACK_BELOW;
  const below = !stacked && width < ABREAST_FROM;
  const abreast = maps.filter(({ compared }) => !below || !compared).length;
  const weight = weightSize(Math.max(...kernel));
  const least = Math.max(NARROWEST, Math.min(ROOMY, Math.floor((width - abreast * GAP) / (abreast + 1))));
  const kernelWidth = Math.max(least, kernel[1] * (weight + 2) + 8);
  const across = maps.map(({ columns, ring }) => columns + ring[2] + ring[3]);
  const down = maps.map(({ rows, ring }) => rows + ring[0] + ring[1]);
  const readable = READABLE * Math.max(...down);
  const tallest = maps.every(({ count }) => count === 1) ? TALLEST : Math.max(TALL, readable <= TALLEST ? readable : 0);
  const own = (/** @type {number} */ k, /** @type {number} */ cell) => Math.max(cell, Math.floor(Math.min(LARGEST_CELL, SMALLEST_MAP / Math.max(across[k], down[k]))));
  const fits = (/** @type {number} */ cell) => {
    if (down.some((cells) => cells * cell > tallest)) return false;
    if (stacked) return across.every((cells) => cells * cell <= STACKED_MAP);
    const wide = across.map((cells, k) => (below && maps[k].compared ? 0 : Math.max(least, Math.ceil(cells * own(k, cell)))));
    return kernelWidth + abreast * GAP + wide.reduce((sum, each) => sum + each, 0) <= width;
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp.
  const cell = low >= 4 ? Math.floor(low) : low;
  const cells = maps.map((_, k) => own(k, cell));
  const row = Math.max(...down.map((count, k) => Math.ceil(count * cells[k])), kernel[0] * (weight + 2)) + CAPTION + SLACK;
  const widths = across.map((count, k) => Math.max(least, Math.ceil(count * cells[k])));
  return { stacked, below, cells, row, widths, kernelWidth };
}
