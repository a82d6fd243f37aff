/**
 * Edits of values while they last: each previews at once, and its end sends it to Python under the revision that its
 * draws carried.
 * @module
 */

const SETTLE = 350; // ms after the last keystroke or wheel notch until an edit counts as done

const AT_ONCE = 8e6; // multiply-adds that fit into a frame

/** @typedef {{row: number, column: number}} Cell */

export class Edits {
  /**
   * @param {{
   *   model: () => import("./model.js").Model,
   *   header: () => any,
   *   columns: () => number,
   *   channel: import("./channel.js").Channel,
   *   begin: () => void,
   *   beside?: (output: number) => {stage: number, output: number}[],
   *   sent: (edit: {op: string, revision: number}) => void,
   *   redraw: () => void,
   * }} on
   */
  constructor(on) {
    // `columns`: of the kernel as it is drawn. `beside`: what else is made with an output's weights, by weights of its own.
    this.on = on;
    /** The revision of the edit under way. @type {number | null} */
    this.revision = null;
    /** The weights being changed, and of which kernel and plane. @type {{values: number[], output: number, plane: number | null} | null} */
    this.weights = null;
    /** The fully connected weights being changed, by their place in row-major order, and all as they were. @type {{stage: number, cells: Map<number, number>, before: Float64Array} | null} */
    this.dense = null;
    /** The input cells being changed, by their place in row-major order. @type {Map<number, number> | null} */
    this.cells = null;
    this.timer = 0;
  }

  /** Whether an edit is under way. */
  get busy() {
    return this.revision !== null;
  }

  /** Whether the server takes a number. One that it does not is sent, for the sentence, and never previewed. @param {number} value */
  takes(value) {
    return Math.abs(value) <= this.on.header().limit;
  }

  /** An edit that only the server can carry out. @param {any} edit */
  send(edit) {
    this.finish();
    this.on.begin();
    this.revision = this.on.channel.next();
    this.#post(edit);
  }

  /** End whatever is still settling, so that edits keep their order. */
  finish() {
    this.endCells();
    this.endDense();
    this.endWeights();
  }

  #begin() {
    if (this.busy) return;
    this.on.begin();
    this.revision = this.on.channel.next();
  }

  /** @param {any} edit */
  #end(edit) {
    const model = this.on.model();
    model.release();
    this.on.channel.offer([...model.values].filter(([stage]) => !model.waiting.has(stage)).map(([, tensor]) => tensor));
    this.#post(edit);
  }

  /** @param {any} edit */
  #post(edit) {
    const whole = { ...edit, revision: this.revision };
    this.revision = null;
    this.on.channel.send(whole);
    this.on.sent(whole);
  }

  /**
   * @param {number[]} values of one kernel's plane
   * @param {number} output which kernel
   * @param {number | null} plane which of its planes, null for all of them alike
   */
  changeWeights(values, output, plane) {
    this.endCells();
    this.endDense(); // a field of its weights may stand open still
    if (this.weights && (this.weights.output !== output || this.weights.plane !== plane)) this.endWeights();
    this.#begin();
    this.weights = { values, output, plane };
    const { stage } = this.on.header().kernel;
    const model = this.on.model();
    // Without its stage (the kernel does not fit the input) a kernel can still be painted; nothing follows from it.
    if (model.byNumber.has(stage) && values.every((value) => this.takes(value))) {
      const { shape, values: before } = model.weights.get(stage);
      const bank = before.slice();
      const size = shape[2] * shape[3];
      for (let c = 0; c < shape[1]; c += 1) {
        if (plane === null || plane === c) bank.set(values, (output * shape[1] + c) * size);
      }
      model.edit({ weight: { stage, values: bank, output } });
    }
    this.on.redraw();
  }

  endWeights() {
    if (!this.weights) return;
    const edit = this.current;
    this.weights = null;
    this.#sumAnew(edit.output);
    this.#end(edit);
  }

  /** The edit that the gesture under way would end as now; null where there is none. @returns {any | null} */
  get current() {
    if (this.weights) {
      const { values, output, plane } = this.weights;
      const columns = this.on.columns();
      const rows = Array.from({ length: values.length / columns }, (_, k) => values.slice(k * columns, (k + 1) * columns));
      return { op: "kernel", output, plane, values: rows };
    }
    if (this.dense) {
      const { stage, cells, before } = this.dense;
      const features = this.on.model().weights.get(stage).shape[1];
      // What was taken back is none that was changed by hand, which the server keeps apart.
      return { op: "dense", features, cells: [...cells].filter(([at, value]) => value !== before[at]).map(([at, value]) => [Math.floor(at / features), at % features, value]) };
    }
    if (this.cells) {
      const columns = this.on.model().values.get(-1).shape[3];
      return { op: "cells", plane: this.plane, cells: [...this.cells].map(([flat, value]) => [Math.floor(flat / columns), flat % columns, value]) };
    }
    return null;
  }

  /**
   * Where it takes no longer than a frame, end on the very bits that cnn_core will compute: they need not travel then.
   * @param {number} output
   */
  #sumAnew(output) {
    const model = this.on.model();
    for (const each of [{ stage: this.on.header().kernel.stage, output }, ...(this.on.beside?.(output) ?? [])]) {
      if (!model.byNumber.has(each.stage)) continue;
      const { shape, values } = model.weights.get(each.stage);
      const [, , rows, columns] = model.values.get(each.stage).shape;
      if (shape[1] * shape[2] * shape[3] * rows * columns > AT_ONCE) continue;
      model.edit({ weight: { ...each, values, anew: true } });
    }
  }

  /**
   * Weights of the fully connected layer.
   * @param {number} stage
   * @param {[number, number, number][]} cells class, feature, value
   */
  changeDense(stage, cells) {
    if (this.weights) this.endWeights();
    this.endCells();
    this.#begin();
    const model = this.on.model();
    const { shape, values: before } = model.weights.get(stage);
    this.dense ??= { stage, cells: new Map(), before };
    const weights = before.slice();
    for (const [number, feature, value] of cells) {
      const at = number * shape[1] + feature;
      weights[at] = value;
      this.dense.cells.set(at, value);
    }
    if (cells.every(([, , value]) => this.takes(value))) model.edit({ weight: { stage, values: weights } });
    this.on.redraw();
  }

  endDense() {
    if (!this.dense) return;
    const edit = this.current;
    this.dense = null;
    this.#end(edit);
  }

  /**
   * @param {Cell[]} cells of the input
   * @param {number} value
   * @param {number | null} plane which plane is drawn on, null for all of them alike
   * @param {boolean} [settle] whether the edit ends by itself when nothing follows
   */
  changeCells(cells, value, plane, settle = false) {
    this.endWeights();
    this.endDense();
    if (this.cells && this.plane !== plane) this.endCells();
    this.#begin();
    this.cells ??= new Map();
    this.plane = plane;
    const model = this.on.model();
    const { shape, values } = model.values.get(-1);
    const input = values.slice();
    for (const { row, column } of cells) {
      const at = row * shape[3] + column;
      for (let c = 0; c < shape[0] * shape[1]; c += 1) if (plane === null || plane === c) input[c * shape[2] * shape[3] + at] = value;
      this.cells.set(at, value);
    }
    const rows = cells.map(({ row }) => row);
    const columns = cells.map(({ column }) => column);
    const box = { top: Math.min(...rows), bottom: Math.max(...rows), left: Math.min(...columns), right: Math.max(...columns) };
    if (cells.length && this.takes(value)) model.edit({ input: { values: input, box } });
    this.on.redraw();
    clearTimeout(this.timer);
    if (settle) this.timer = window.setTimeout(() => this.endCells(), SETTLE);
  }

  endCells() {
    clearTimeout(this.timer);
    if (!this.cells) return;
    const edit = this.current;
    this.cells = null;
    this.#end(edit);
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
