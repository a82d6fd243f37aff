/**
 * A map as a real table: all of a small one, of a large one the part around the chosen cell.
 * @module
 */

import { h } from "./dom.js";
import { short } from "./format.js";

const MOST = 40; // rows and columns: more are no easier to read, and slow to open

/**
 * @typedef {{title: string, rows: number[][], names: string[] | null, pinned: {row: number, column: number}}} Numbers
 *   `names`: of the rows, where they have some
 */

/** @param {Numbers} numbers */
export function tableOf({ title, rows, names, pinned }) {
  const [top, bottom] = part(pinned.row, rows.length);
  const [left, right] = part(pinned.column, rows[0].length);
  const whole = bottom - top === rows.length && right - left === rows[0].length;
  const size = `${rows.length} × ${rows[0].length}`;
  const caption = whole ? `${size} numbers` : `Rows ${top} to ${bottom - 1} and columns ${left} to ${right - 1} of ${size}, around the chosen cell. Take away has them all.`;
  const columns = Array.from({ length: right - left }, (_, k) => k + left);
  const table = h(
    "table",
    { class: "ks-table" },
    h("caption", { text: caption }),
    h("thead", {}, h("tr", {}, h("td", {}), ...columns.map((k) => h("th", { scope: "col", text: names ? "value" : String(k) })))),
    h("tbody", {}, ...rows.slice(top, bottom).map((row, k) => h("tr", {}, h("th", { scope: "row", text: names?.[top + k] ?? String(top + k) }), ...columns.map((c) => h("td", { text: short(row[c], 6) }))))),
  );
  return h("div", { class: "ks-table-frame", tabindex: "0", role: "region", "aria-label": `${title} as a table` }, table);
}

/** The rows or columns to show: all, or as many as fit around one. @param {number} at @param {number} size */
function part(at, size) {
  const first = Math.max(0, Math.min(size - MOST, at - (MOST >> 1)));
  return [first, Math.min(size, first + MOST)];
}

/** A plane of numbers as rows. @param {ArrayLike<number> & {subarray: any}} values @param {number} offset @param {number} rows @param {number} columns @returns {number[][]} */
export function rowsOf(values, offset, rows, columns) {
  return Array.from({ length: rows }, (_, k) => Array.from(values.subarray(offset + k * columns, offset + (k + 1) * columns)));
}
