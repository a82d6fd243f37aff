/**
 * How large a cell of the laboratory is drawn: all maps share one size, but where a map of few cells would be too small
 * to read; and rows of channels stand level.
 * @module
 */

import { weightSize } from "../common/kernel.js";
import { GAP, STACKED_MAP, STACK_BELOW, READABLE, across, besideKernel, down, largestThat, least, legible } from "../common/layout.js";

const TABLET_FROM = 680; // px: four columns have room on a tablet, held upright too
const SIX_FROM = 1200; // px: six columns keep room for eight cells with numbers; on a narrower page what is compared stands below
const SMALLEST_MAP = 120; // px: a map of few cells may have larger ones
const [NARROWEST, ENOUGH, ROOMY] = [120, 190, 310]; // px of a column: at least, as its controls want it, and so that they stand side by side
const [TALLEST, TALL, LOW] = [280, 184, 146]; // px of a map that stands alone, of one of several, and of one of several on a phone
const CAPTION = 24; // px
const SLACK = 4; // px between rows

/**
 * @param {number} width of the page, px
 * @param {(import("../common/layout.js").Size & {count: number, compared: boolean})[]} maps a column of `count`
 *   maps each; `compared`: whether it is what was kept, or the difference
 * @param {number[]} kernel rows and columns
 * @param {boolean} phone whether the window is so narrow or so low that maps are read one by one
 */
export function sizes(width, maps, kernel, phone) {
  const stacked = width < (phone ? STACK_BELOW : TABLET_FROM);
  const below = !stacked && width < SIX_FROM;
  const level = [...maps.keys()].filter((k) => !below || !maps[k].compared);
  const weight = weightSize(Math.max(...kernel));
  const kernelNeeds = kernel[1] * (weight + 2) + 8;
  const beside = stacked ? besideKernel(width, kernelNeeds, across(maps[0]), 4) : 0;
  const widest = beside || STACKED_MAP;
  const room = width - level.length * GAP;
  const narrowest = Math.max(NARROWEST, Math.min(ENOUGH, Math.floor(room / (level.length + 1))));
  const readable = READABLE * Math.max(...maps.map(down));
  // So that numbers can be read, one of several is taller.
  const tallest = maps.every(({ count }) => count === 1) ? TALLEST : Math.max(beside ? LOW : TALL, readable <= TALLEST ? readable : 0);
  const own = (/** @type {number} */ k, /** @type {number} */ cell) =>
    Math.max(cell, Math.floor(least(maps[k], SMALLEST_MAP)), stacked ? legible(maps[k], widest) : 0);
  const need = (/** @type {number} */ k, /** @type {number} */ cell) => Math.ceil(across(maps[k]) * own(k, cell));
  const needs = (/** @type {number} */ cell) => [kernelNeeds, ...level.map((k) => need(k, cell))];
  const fits = (/** @type {number} */ cell) => {
    if (maps.some((map) => down(map) * cell > tallest)) return false;
    if (stacked) return maps.every((map) => across(map) * cell <= widest);
    return needs(cell).reduce((sum, each) => sum + Math.max(narrowest, each), 0) <= room;
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp.
  const cell = low >= 4 ? Math.floor(low) : low;
  const cells = maps.map((_, k) => own(k, cell));
  const tall = maps.map((map, k) => Math.ceil(down(map) * cells[k]));
  // On a phone the outputs stand below, in rows of their own.
  const row = Math.max(...(beside ? tall.slice(0, 1) : tall), kernel[0] * (weight + 2)) + CAPTION + SLACK;
  const column = Math.max(narrowest, Math.min(ROOMY, share(needs(cell), room)));
  return { stacked, beside, below, cells, row, widths: maps.map((_, k) => Math.max(column, need(k, cell))), kernelWidth: Math.max(column, kernelNeeds) };
}

/** The width that each of some columns can have at least, where some need more of the room. @param {number[]} needs @param {number} room */
function share(needs, room) {
  let [rest, count] = [room, needs.length];
  for (const need of [...needs].sort((a, b) => b - a)) {
    if (need <= rest / count) break;
    rest -= need;
    count -= 1;
  }
  return count ? Math.floor(rest / count) : 0;
}
