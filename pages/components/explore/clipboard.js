/**
 * The clipboard as a door, for pictures and rows of numbers.
 * @module
 */

import { readRows } from "../common/format.js";

const SEVERAL = /[\t\n;]|\S\s+\S/; // what sets numbers apart

/**
 * What was pasted on the page; null where it is meant for a field, or is neither picture nor text. The field of a
 * single cell takes a single number: rows of them, or a picture, are meant for the input.
 * @param {ClipboardEvent} event
 * @returns {{picture: File} | {text: string} | null}
 */
export function pasted(event) {
  const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
  const cell = field?.classList.contains("ks-cell-editor");
  if ((field && !cell) || !event.clipboardData) return null;
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) return { picture };
  const text = event.clipboardData.getData("text/plain");
  return text.trim() && (!cell || SEVERAL.test(text.trim())) ? { text } : null;
}

/**
 * Where pasted numbers go, as in a spreadsheet: from the chosen cell on, and the rest stays. Numbers that have no chosen
 * cell, or are as many as the input has, or more, are the whole input; a single one never is.
 * @param {string} text
 * @param {{at: {row: number, column: number} | null, size: number[], plane: number | null, low: number | null, high: number | null}} input
 *   `at`: the chosen cell; `size`: rows and columns; `low`, `high`: what a cell may hold, where it has bounds
 * @returns {{edit: any, told: string} | {why: string}} what is to be done and said, or why nothing is
 */
export function landing(text, { at, size, plane, low, high }) {
  const { rows, why } = readRows(text);
  if (why) return { why };
  const [tall, wide] = [rows.length, rows[0].length];
  const single = tall * wide === 1;
  if (single && !at) return { why: "A single number goes into a cell: choose one of the input, then paste." };
  const within = rows.flat().every((value) => value >= (low ?? -Infinity) && value <= (high ?? Infinity));
  const larger = tall > size[0] || wide > size[1] || (tall === size[0] && wide === size[1]);
  const [many, all] = [`${tall} × ${wide} numbers`, `${size[0]} × ${size[1]}`];
  // A pixel has bounds: rows that go beyond them are another input, one number is refused where it is taken in.
  if (!single && (!at || larger || !within)) {
    return { edit: { op: "grid", value: rows }, told: `The ${many} pasted are the whole input now, in place of ${all}. Undo brings that back.` };
  }
  const { row, column } = at;
  if (row + tall > size[0] || column + wide > size[1]) {
    return { why: `${many} from [${row}, ${column}] on reach over the edge of the ${all} input, so nothing was changed. Choose a cell further up or left, or “Paste numbers…” under More to have them alone.` };
  }
  const cells = rows.flatMap((values, i) => values.map((value, j) => [row + i, column + j, value]));
  const told = single ? `Pasted into Input [${row}, ${column}].` : `Pasted ${many} from Input [${row}, ${column}] on; the rest stays.`;
  return { edit: { op: "cells", plane, cells }, told };
}
