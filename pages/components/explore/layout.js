/**
 * How wide and tall each column of Explore is: maps as large as they fit side by side, the others beside them.
 * @module
 */

import { weightSize } from "../common/kernel.js";
import { STACKED_MAP, STACKED_WIDTH, STACK_BELOW, WHY, across, besideKernel, down, largestThat, least, legible } from "../common/layout.js";

const SIGNS = 26; // px between columns, where the signs stand
const CLOSE = 8; // px between columns that have no signs: the ends of two legends still stand apart
const NARROWEST = 130; // px: a column holds its heading and its controls, however small its map
const TALLEST = 272; // px of a map
const SMALLEST_MAP = 88; // px: a map of few cells may have larger ones
const SPARE = 24; // px: with less to spare than that the maps would be at their smallest for the sake of the signs between them
export const TAIL = 88; // px of what stands for the columns that are folded away
const COLUMN = { bars: 140, vector: 84, missing: WHY, tail: TAIL }; // px a column that is no map
const NARROWEST_KERNEL = 150; // px

/** What a newcomer's first screen shows on a phone: a feature map and what it is made of. */
const THREE = ["input", "kernel", "conv"];

/**
 * Give the columns their sizes.
 * @param {number} width of the strip, px
 * @param {{columns: {view: string, kind: string, shape?: number[], ring?: number[], field?: any}[], kernel: number[]}} sizes
 *   `kernel`: the shape of the bank
 * @param {ReadonlyMap<string, import("../common/column.js").Column>} columns
 * @returns {{stacked: boolean, beside: number, tight: boolean, looked: Map<string, any>}} whether they stand below each
 *   other, with the input so wide beside the kernel or not (0), or close together; and the maps with what zooming them together needs
 */
export function layOut(width, { columns: all, kernel }, columns) {
  const maps = all.filter(({ kind }) => kind === "map");
  const sizes = maps.map(({ shape, ring }) => ({ rows: shape[2], columns: shape[3], ring }));
  const kernelWidth = Math.max(NARROWEST_KERNEL, kernel[3] * (weightSize(Math.max(kernel[2], kernel[3])) + 2) + 6);
  const besides = all.filter(({ kind }) => kind !== "map");
  const others = besides.map(({ kind }) => COLUMN[kind] ?? kernelWidth);
  const side = THREE.every((view) => columns.has(view)) ? besideKernel(width, kernelWidth, across(sizes[0])) : 0;
  const { stacked, tight, sizes: cells, widths } = cellSize(width, sizes, others, side);
  const looked = new Map();
  maps.forEach(({ view, field }, k) => {
    const column = columns.get(view);
    const { rows, columns: wide, ring } = sizes[k];
    column.view.resize(rows, wide, cells[k], ring);
    column.element.style.width = stacked ? "" : `${widths[k]}px`;
    const [top, bottom, left, right] = ring.map((side) => Math.ceil(side * cells[k]));
    column.view.element.style.margin = `${top}px ${right}px ${bottom}px ${left}px`;
    looked.set(view, { grid: column.view, map: { rows, columns: wide, field } });
  });
  besides.forEach(({ view }, k) => {
    const column = columns.get(view);
    if (column) column.element.style.width = stacked ? "" : `${others[k]}px`;
  });
  columns.get("kernel")?.element.classList.toggle("ks-wide-column", kernelWidth > STACKED_WIDTH);
  const flat = columns.get("flat");
  if (flat?.kind === "vector") {
    const count = all.find(({ view }) => view === "flat").shape[1];
    // Longer than its pixels it tells no more by being tall, and would keep everything below the maps off a low screen.
    const beside = Math.max(kernelWidth, ...sizes.map((size, k) => Math.ceil(down(size) * cells[k])));
    flat.view.resize(count, stacked ? TALLEST / 2 : count > TALLEST ? Math.min(TALLEST, beside) : TALLEST);
  }
  return { stacked, beside: stacked ? side : 0, tight, looked };
}

/**
 * How large a cell is drawn: all maps share one size, so that a map with fewer cells is seen to be smaller.
 * @param {number} width of the whole strip, px
 * @param {import("../common/layout.js").Size[]} maps
 * @param {number[]} others the width of each column that is no map, px
 * @param {number} side how wide the input is beside the kernel, px, or 0
 * @returns {{stacked: boolean, tight: boolean, sizes: number[], widths: number[]}} whether there is no room for signs;
 *   px a cell and px a column, for each map
 */
function cellSize(width, maps, others, side) {
  const widest = side || Math.min(STACKED_MAP, width / 2);
  const own = (/** @type {any} */ map, /** @type {number} */ cell) =>
    Math.max(cell, least(map, SMALLEST_MAP), width < STACK_BELOW ? legible(map, widest) : 0);
  const wide = (/** @type {any} */ map, /** @type {number} */ cell) => across(map) * own(map, cell);
  const besides = others.reduce((a, b) => a + b, 0);
  const between = maps.length + others.length - 1;
  const tight = width < besides + between * SIGNS + maps.length * NARROWEST + SPARE;
  const taken = besides + between * (tight ? CLOSE : SIGNS);
  const abreast = (/** @type {number} */ cell) =>
    taken + maps.reduce((sum, map) => sum + Math.max(NARROWEST, Math.ceil(wide(map, cell))), 0) <= width;
  // Columns that even their smallest maps would push over the edge stand below each other too: nothing is cut off, and
  // the grid keeps its numbers.
  const stacked = width < STACK_BELOW || !abreast(0);
  const fits = (/** @type {number} */ cell) => {
    if (maps.some((map) => down(map) * cell > TALLEST)) return false;
    if (stacked) return maps.every((map) => wide(map, cell) <= widest);
    return abreast(cell);
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp; a photograph's cells are smaller than that and need not be whole.
  const cell = low >= 8 ? Math.floor(low) : low;
  return {
    stacked,
    tight,
    sizes: maps.map((map) => own(map, cell)),
    widths: maps.map((map) => Math.max(NARROWEST, Math.ceil(wide(map, cell)))),
  };
}
