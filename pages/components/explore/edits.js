/**
 * Edits of values while they last: each previews at once, and its end sends it to Python under the revision that its
 * draws carried.
 * @module
 */

const SETTLE = 350; // ms after the last keystroke or wheel notch until an edit counts as done

/** @typedef {{row: number, column: number}} Cell */

export class Edits {
  /**
   * @param {{
   *   model: () => import("../common/model.js").Model,
   *   header: () => any,
   *   channel: import("../common/channel.js").Channel,
   *   begin: () => void,
   *   redraw: () => void,
   * }} on
   */
  constructor(on) {
    this.on = on;
    /** The revision of the edit under way. @type {number | null} */
    this.revision = null;
    /** The kernel being changed. @type {number[] | null} */
    this.weights = null;
    /** The input cells being changed, by their place in row-major order. @type {Map<number, number> | null} */
    this.cells = null;
    this.timer = 0;
  }

  /** Whether an edit is under way. */
  get busy() {
    return this.revision !== null;
  }

  /** An edit that only the server can carry out. @param {any} edit */
  send(edit) {
    this.finish();
    this.on.begin();
    this.on.channel.send({ ...edit, revision: this.on.channel.next() });
  }

  /** End whatever is still settling, so that edits keep their order. */
  finish() {
    this.endCells();
    if (this.weights) this.endWeights(this.weights);
  }

  #begin() {
    if (this.busy) return;
    this.on.begin();
    this.revision = this.on.channel.next();
  }

  /** @param {any} edit */
  #end(edit) {
    const model = this.on.model();
    this.on.channel.offer([...model.values].filter(([stage]) => !model.waiting.has(stage)).map(([, tensor]) => tensor));
    this.on.channel.send({ ...edit, revision: this.revision });
    this.revision = null;
  }

  /** @param {number[]} values of the whole kernel */
  changeWeights(values) {
    this.endCells();
    this.#begin();
    this.weights = values;
    const { stage } = this.on.header().kernel;
    const model = this.on.model();
    // Without its stage (the kernel does not fit the input) a kernel can still be painted; nothing follows from it.
    if (model.byNumber.has(stage)) model.edit({ weight: { stage, values: Float64Array.from(values) } });
    this.on.redraw();
  }

  /** @param {number[]} values */
  endWeights(values) {
    if (!this.weights) return;
    this.weights = null;
    const { columns } = this.on.header().kernel;
    const rows = Array.from({ length: values.length / columns }, (_, k) => values.slice(k * columns, (k + 1) * columns));
    this.#end({ op: "kernel", values: rows });
  }

  /**
   * @param {Cell[]} cells of the input
   * @param {number} value
   * @param {boolean} [settle] whether the edit ends by itself when nothing follows
   */
  changeCells(cells, value, settle = false) {
    if (this.weights) this.endWeights(this.weights);
    this.#begin();
    this.cells ??= new Map();
    const model = this.on.model();
    const { shape, values } = model.values.get(-1);
    const input = values.slice();
    for (const { row, column } of cells) {
      input[row * shape[3] + column] = value;
      this.cells.set(row * shape[3] + column, value);
    }
    model.edit({ input });
    this.on.redraw();
    clearTimeout(this.timer);
    if (settle) this.timer = window.setTimeout(() => this.endCells(), SETTLE);
  }

  endCells() {
    clearTimeout(this.timer);
    if (!this.cells) return;
    const columns = this.on.model().values.get(-1).shape[3];
    const cells = [...this.cells].map(([flat, value]) => [Math.floor(flat / columns), flat % columns, value]);
    this.cells = null;
    this.#end({ op: "cells", cells });
  }
}

/**
 * A stroke as wide as a disc: on a photograph one that is a single cell wide would hardly be seen.
 * @param {Cell[]} cells
 * @param {number} radius in cells
 * @param {number[]} size rows and columns
 * @returns {Cell[]}
 */
export function thicken(cells, radius, [rows, columns]) {
  if (!radius) return cells;
  const found = new Map();
  for (const { row, column } of cells) {
    for (let i = Math.max(0, row - radius); i <= Math.min(rows - 1, row + radius); i += 1) {
      for (let j = Math.max(0, column - radius); j <= Math.min(columns - 1, column + radius); j += 1) {
        if ((i - row) ** 2 + (j - column) ** 2 <= radius * radius) found.set(i * columns + j, { row: i, column: j });
      }
    }
  }
  return [...found.values()];
}
