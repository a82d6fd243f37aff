/**
 * How large a cell of the layers laboratory is drawn: all maps share one size, the images of a batch stand side by side,
 * and its channels below each other.
 * @module
 */

import { GAP, LARGEST_CELL, STACKED_MAP, STACK_BELOW, largestThat } from "../common/layout.js";

const NARROWEST = 150; // px of a column: it holds its heading and its controls
const [TALLEST, TALL] = [272, 176]; // px of a map that stands alone, and of one of several
export const BETWEEN = 10; // px between the images of a batch
const WIDTHS = { bars: 210, vector: 120, figures: 300 }; // px of the columns that are no maps
const ROOMIER = 110; // px more that bars take where they are there
const [CURVE_NARROW, CURVE_WIDE] = [300, 700]; // px

/**
 * @param {number} page its width, px
 * @param {{kind: string, shape: number[] | null, figures: number}[]} columns what stands side by side; `shape`: of the
 *   maps, (N, C, H, W); `figures`: how many vectors stand in a column of them
 * @param {number} [room] px of it that the columns may take
 * @returns {{stacked: boolean, cell: number, widths: number[], wide: boolean}} `wide`: stacked, the maps have the page's
 *   width to themselves
 */
export function sizes(page, columns, room = page) {
  const stacked = page < STACK_BELOW;
  const maps = columns.filter(({ kind }) => kind === "maps").map(({ shape }) => shape);
  const [images, channels, rows, width] = maps.reduce((most, shape) => most.map((size, axis) => Math.max(size, shape[axis])), [1, 1, 1, 1]);
  const across = (/** @type {number} */ cell) => images * width * cell + (images - 1) * BETWEEN;
  const wide = stacked && images > 1;
  const own = (/** @type {{kind: string, figures: number}} */ { kind, figures }) => (kind === "figures" && figures < 3 ? WIDTHS.bars : (WIDTHS[/** @type {"bars"} */ (kind)] ?? NARROWEST));
  const others = columns.filter(({ kind }) => kind !== "maps" && kind !== "curve");
  const curves = columns.length - maps.length - others.length;
  const taken = others.reduce((sum, column) => sum + own(column), 0) + (columns.length - 1) * GAP;
  const fits = (/** @type {number} */ cell) => {
    if (rows * cell > (channels > 1 || images > 1 ? TALL : TALLEST)) return false;
    if (stacked) return across(cell) <= (wide ? page - 8 : STACKED_MAP);
    return taken + curves * CURVE_NARROW + maps.length * Math.max(NARROWEST, across(cell)) <= room;
  };
  const low = largestThat(fits);
  // Whole pixels keep lines crisp.
  const cell = Math.min(LARGEST_CELL, low >= 4 ? Math.floor(low) : low);
  const map = Math.max(NARROWEST, Math.ceil(across(cell)));
  const curve = stacked ? page : Math.min(CURVE_WIDE, room - taken - maps.length * map);
  const widths = columns.map((column) => (column.kind === "maps" ? map : column.kind === "curve" ? curve : own(column)));
  const left = room - widths.reduce((a, b) => a + b, 0) - (columns.length - 1) * GAP;
  const grows = (/** @type {any} */ { kind, figures }) => kind === "bars" || (kind === "figures" && figures < 3);
  const growing = columns.filter(grows).length;
  const more = Math.max(0, Math.min(ROOMIER, Math.floor(left / Math.max(1, growing))));
  return { stacked, cell, wide, widths: widths.map((width, k) => (grows(columns[k]) ? width + more : width)) };
}
