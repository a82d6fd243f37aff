/**
 * The clipboard as a door, for pictures and rows of numbers.
 * @module
 */

import { read, readRows } from "../common/format.js";

// What may become a number where it is put into one that is being typed, as e3.
const PIECE = /^[-+−–]?\d*[.,]?\d*(?:e[-+−–]?\d*)?(?:\/[-+−–]?\d*[.,]?\d*)?$/i;

/**
 * @typedef {{at: {row: number, column: number} | null, size: number[], plane: number | null, low: number | null, high: number | null}} Input
 *   `at`: the chosen cell; `size`: rows and columns; `low`, `high`: what a cell may hold, where it has bounds
 */

/** A picture in the clipboard becomes the input, numbers go to its chosen cell. */
export class PasteDoor {
  /**
   * @param {{
   *   closed: () => boolean,
   *   locked: () => Record<string, string>,
   *   begin: () => void,
   *   picture: (file: File) => void,
   *   input: () => Input,
   *   ask: (edit: any) => Promise<string>,
   *   tell: (sentence: string, passes?: boolean) => void,
   * }} on `closed`: whether a dialog covers the page; `locked`: why groups of controls are not the learner's, by name;
   *   `begin`: what is being typed is left; `ask` sends an edit and waits for why it was refused, "" where it was not
   */
  constructor(on) {
    this.on = on;
    this.onPaste = (/** @type {ClipboardEvent} */ event) => this.#paste(event);
    document.addEventListener("paste", this.onPaste);
  }

  leave() {
    document.removeEventListener("paste", this.onPaste);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const found = this.on.closed() ? null : pasted(event);
    if (!found) return;
    event.preventDefault();
    this.on.begin();
    const group = "picture" in found ? "pictures" : "input";
    const locked = this.on.locked();
    if (group in locked) this.on.tell(locked[group]);
    else if ("picture" in found) this.on.picture(found.picture);
    else this.#numbers(found.text);
  }

  /** @param {string} text */
  async #numbers(text) {
    const found = landing(text, this.on.input());
    const why = "why" in found ? found.why : await this.on.ask(found.edit);
    if (why || !("told" in found)) this.on.tell(why);
    else this.on.tell(found.told, true);
  }
}

/**
 * What was pasted on the page; null where it is meant for a field, or is neither picture nor text. The field of a
 * single cell takes a number or a piece of one: rows of them, or a picture, are meant for the input, and a text is refused.
 * @param {ClipboardEvent} event
 * @returns {{picture: File} | {text: string} | null}
 */
function pasted(event) {
  const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
  const cell = field?.classList.contains("ks-cell-editor");
  if ((field && !cell) || !event.clipboardData) return null;
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) return { picture };
  const text = event.clipboardData.getData("text/plain");
  const own = cell && (read(text) !== null || PIECE.test(text.trim()));
  return text.trim() && !own ? { text } : null;
}

/**
 * Where pasted numbers go, as in a spreadsheet: from the chosen cell on, and the rest stays. Numbers that have no chosen
 * cell, or are as many as the input has, or more, are the whole input; a single one never is.
 * @param {string} text
 * @param {Input} input
 * @returns {{edit: any, told: string} | {why: string}} what is to be done and said, or why nothing is
 */
function landing(text, { at, size, plane, low, high }) {
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
