/**
 * What a column shows, as rows of numbers to read or copy, and as a plane of cells to keep as a picture.
 * @module
 */

import { rowsOf } from "./table.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./column.js").Column} Column */

/**
 * @param {Column} kernel
 * @returns {import("./table.js").Numbers} the plane of weights that is shown
 */
export function numbersOfKernel({ view: { values, columns } }) {
  const rows = rowsOf(Float64Array.from(values), 0, values.length / columns, columns);
  return { title: "Kernel", rows, names: null, pinned: { row: 0, column: 0 } };
}

/**
 * @param {Model} model
 * @param {import("./model.js").Stage} stage
 * @param {number} channel which of its maps is looked at
 * @param {{stage: number, index: number[]} | null} pin
 * @returns {import("./table.js").Numbers} with where the pinned cell stands in them
 */
export function numbersOf(model, stage, channel, pin) {
  const { values, shape } = model.shown(stage.stage);
  const flat = shape.length !== 4;
  const [rows, columns] = flat ? [shape[1], 1] : [shape[2], shape[3]];
  const here = pin?.stage === stage.stage ? pin.index.slice(flat ? 1 : 2) : [0, 0];
  return {
    title: `${stage.title}${stage.planes ? ` ${stage.planes[channel]}` : ""}`,
    rows: rowsOf(values, channel * rows * columns, rows, columns),
    names: stage.names,
    pinned: { row: here[0], column: here[1] ?? 0 },
  };
}

/**
 * @param {Column} column
 * @param {string[] | null} names of a vector's numbers
 * @param {boolean} dark
 * @returns {import("./picture.js").Plane} a vector is one column of cells
 */
export function planeOf({ kind, view }, names, dark) {
  if (kind === "map") return { rows: view.rows, columns: view.columns, names: null, ...view.drawn };
  return { rows: view.shown.length, columns: 1, values: view.shown, offset: 0, scale: view.scale, dark, names };
}
