/**
 * How large a cell of the pooling laboratory is drawn: all maps share one size, so that a pooled map is seen to be
 * smaller, but where a map of few cells would be too small to read, or averages would lose their decimals for want of a
 * room that there is.
 * @module
 */

import { GAP, READABLE, STACKED_MAP, STACKED_WIDTH, STACK_BELOW, WHY, across, down, largestThat, least } from "../common/layout.js";

const STACKED = [STACKED_MAP, STACKED_MAP, 150]; // px of a map beside its own words, or beside other maps, by how many a column has
const [WORDS, BETWEEN] = [320, 14]; // px of the words and controls beside a map, and between maps that stand beside each other
const [NARROWEST, FIRST] = [118, 190]; // px of a column, and of the first, which has a menu; where the page is roomy
const ROOMY = 1200; // px
const WIDEST = 340; // px of a map beside its words: numbers of 16 cells can be read
const SMALLEST_MAP = 96; // px: a map of few cells may have larger ones
const DECIMAL = 25; // px of a cell with room for a digit and a decimal: an average of 2.22 is not to be read as 2
const TALLEST = [272, 204, 138]; // px of a map, by how many stand below each other

/** @typedef {import("../common/layout.js").Size} Size */

/**
 * @param {number} page its width, px
 * @param {Size[][]} columns the maps of each column, from the top
 * @param {number} missing columns that say why they show no map
 */
export function sizes(page, columns, missing) {
  const width = page - missing * (WHY + GAP);
  const stacked = page < STACK_BELOW;
  const own = (/** @type {Size} */ map, /** @type {number} */ cell) => Math.max(cell, Math.floor(least(map, SMALLEST_MAP)));
  const owns = (/** @type {number} */ cell) => columns.map((maps) => maps.map((map) => own(map, cell)));
  const widths = (/** @type {number[][]} */ cells) =>
    columns.map((maps, c) => Math.max(c === 0 && page > ROOMY ? FIRST : NARROWEST, ...maps.map((map, k) => Math.ceil(across(map) * cells[c][k]))));
  const inRoom = (/** @type {number[][]} */ cells) => widths(cells).reduce((sum, each) => sum + GAP + each, -GAP) <= width;
  const most = Math.max(...columns.map((maps) => maps.length));
  const tallest = TALLEST[most - 1];
  const all = columns.flat();
  const beside = stackedMap(page, all, most);
  const fits = (/** @type {number} */ cell) => {
    if (all.some((map) => down(map) * cell > (stacked ? Math.max(tallest, beside) : tallest))) return false;
    if (stacked) return all.every((map) => across(map) * cell <= beside);
    return inRoom(owns(cell));
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp.
  const cell = low >= 4 ? Math.floor(low) : low;
  const larger = columns.map((maps) => maps.map((map) => Math.max(own(map, cell), legible(map, columns[0][0], cell))));
  const cells = !stacked && inRoom(larger) ? larger : owns(cell);
  const rows = Array.from({ length: most }, (_, k) =>
    Math.max(...columns.map((maps, c) => (maps[k] ? Math.ceil(down(maps[k]) * cells[c][k]) : 0))),
  );
  return { stacked, cells, rows, widths: widths(cells), stackedWidth: beside + STACKED_WIDTH - STACKED_MAP };
}

/**
 * A cell with room for decimals, px, as far as the map is not drawn larger for it than what it was pooled from.
 * @param {Size} map
 * @param {Size} input
 * @param {number} cell px of the input's
 */
function legible(map, input, cell) {
  return Math.floor(Math.min(DECIMAL, (cell * down(input)) / down(map), (cell * across(input)) / across(map)));
}

/**
 * How wide a map is at most where columns stand below each other: on a tablet as wide as its numbers need to be read.
 * @param {number} page its width, px
 * @param {Size[]} maps
 * @param {number} most maps of a column
 */
function stackedMap(page, maps, most) {
  const room = most > 2 ? (page - (most - 1) * BETWEEN) / most : page - WORDS;
  const readable = (READABLE + 1) * Math.max(...maps.map(across)); // less than whole is cut off
  return Math.max(STACKED[most - 1], Math.min(WIDEST, readable, room));
}
