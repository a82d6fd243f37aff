/**
 * What is marked on every map where one cell is looked at, and which cell each window's number came from.
 * @module
 */

import { boxAt } from "../common/board.js";
import { boxBack, fedBy, taps } from "../common/windows.js";
import { AFTER, DIFFERENCES, GRADIENTS, INPUT, KINDS, MAX, MOVED, SHIFTED, UPSTREAM, VALUES, isMax, isWhole, partOf } from "./parts.js";

/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/board.js").Place} Place */
/** @typedef {{box: any, role: string}} Mark */
/** @typedef {{from: Place, to: Place}} Arrow */

/**
 * The cells that are as large as a window's largest: the first wins.
 * @param {Model} model
 * @param {number} stage of a maximum
 * @param {number[]} index
 * @returns {number[][]} their indices, none in a window of nothing but padding
 */
export function largest(model, stage, index) {
  const { link, reads } = model.byNumber.get(stage);
  const [, , rows, columns] = model.values.get(reads).shape;
  const value = model.value(stage, index);
  return taps(link, index[2], index[3], rows, columns).flatMap(({ row, column, inside }) => {
    const cell = [0, 0, row, column];
    return inside && model.value(reads, cell) === value ? [cell] : [];
  });
}

/**
 * The cells of a maximum's map whose window has more than one winner. Of a large map there are hundreds of thousands of
 * cells to look at, at every draw: so it goes by plain loops.
 * @param {Model} model @param {number} stage
 */
export function tied(model, stage) {
  const { link, reads } = model.byNumber.get(stage);
  const { values, shape } = model.values.get(stage);
  const { values: read, shape: from } = model.values.get(reads);
  const [rows, columns] = [from[2], from[3]];
  const found = [];
  for (let i = 0; i < shape[2]; i += 1) {
    for (let j = 0; j < shape[3]; j += 1) {
      const value = values[i * shape[3] + j];
      const [top, left] = [link.origin[0] + i * link.stride[0], link.origin[1] + j * link.stride[1]];
      let equal = 0;
      for (let row = Math.max(0, top); equal < 2 && row < Math.min(rows, top + link.extent[0]); row += 1) {
        for (let column = Math.max(0, left); equal < 2 && column < Math.min(columns, left + link.extent[1]); column += 1) equal += Number(read[row * columns + column] === value);
      }
      if (equal > 1) found.push([0, 0, i, j]);
    }
  }
  return found;
}

/** The outputs that read a cell. @param {Model} model @param {number} stage a pooling's output @param {number[]} index of the cell */
export function fed(model, stage, index) {
  const { link } = model.byNumber.get(stage);
  const { shape } = model.values.get(stage);
  return fedBy(link, index[2], index[3], [shape[2], shape[3]]).map(({ i, j }) => [0, 0, i, j]);
}

/** Whether a cell wins a maximum's window. @param {Model} model @param {number} stage @param {number[]} output @param {number[]} cell */
export function wins(model, stage, output, cell) {
  return String(largest(model, stage, output)[0]) === String(cell);
}

/**
 * @param {Model} model
 * @param {Place} place
 * @returns {Map<number, Mark[]>} by stage
 */
export function marksOf(model, place) {
  /** @type {Map<number, Mark[]>} */
  const marks = new Map();
  const add = (/** @type {number} */ stage, /** @type {any} */ box, /** @type {string} */ role) => {
    if (model.byNumber.has(stage)) marks.set(stage, [...(marks.get(stage) ?? []), { box, role }]);
  };
  const { part } = partOf(place.stage);
  if (part === INPUT || part === GRADIENTS) markInput(model, place, add);
  else markOutput(model, place, add);
  return marks;
}

/** @param {Model} model @param {Place} place @param {(stage: number, box: any, role: string) => void} add */
function markInput(model, { stage, index }, add) {
  const { part, kind: own } = partOf(stage);
  const box = boxAt(index);
  const shifted = stage === SHIFTED || stage === MOVED;
  const back = model.byNumber.has(UPSTREAM);
  for (const kind of KINDS) {
    if (!model.byNumber.has(VALUES + kind)) continue;
    add(GRADIENTS + kind, box, kind === own ? "self" : "source");
    if (part === GRADIENTS && kind !== own) continue;
    const made = (shifted ? AFTER : VALUES) + kind;
    for (const output of fed(model, made, index)) {
      add(back ? UPSTREAM + kind : made, boxAt(output), isMax(kind) && wins(model, made, output, index) ? "winner" : "feeds");
    }
  }
  if (part === GRADIENTS) {
    add(INPUT, box, "source");
    return;
  }
  add(stage, box, "self");
  if (stage === MOVED) for (const each of [INPUT, SHIFTED]) add(each, box, "source");
  if (stage === SHIFTED) {
    const [, , rows, columns] = model.values.get(INPUT).shape;
    for (const tap of taps(model.byNumber.get(SHIFTED).link, index[2], index[3], rows, columns)) {
      if (tap.inside) add(INPUT, boxAt([0, 0, tap.row, tap.column]), "source");
    }
  }
}

/** @param {Model} model @param {Place} place @param {(stage: number, box: any, role: string) => void} add */
function markOutput(model, { stage, index }, add) {
  const { part, kind } = partOf(stage);
  const box = boxAt(index);
  for (const other of KINDS) {
    if (other !== kind && (isWhole(other) || isWhole(kind))) continue;
    for (const each of [VALUES, UPSTREAM, AFTER, DIFFERENCES]) {
      if (each + other !== stage) add(each + other, box, "source");
    }
  }
  add(stage, box, "self");
  const read = (/** @type {number} */ made, /** @type {number} */ map) => {
    if (!model.byNumber.has(made)) return;
    add(map, onMap(model, map, boxBack(box, model.byNumber.get(made).link)), "source");
    // Of a mean's window no cell stands out: what the largest is shows where the maximum is asked.
    if (!isMax(kind)) return;
    largest(model, made, index).forEach((cell, k) => add(map, boxAt(cell), k ? "tie" : "winner"));
  };
  if (part !== AFTER) read(VALUES + kind, INPUT);
  if (part === AFTER || part === DIFFERENCES) read(AFTER + kind, SHIFTED);
  if (part === UPSTREAM) read(VALUES + kind, GRADIENTS + kind);
}

/**
 * As much of a window as lies on a map or in the padding drawn around it: its outline closes at the edge, beyond which
 * nothing can be drawn.
 * @param {Model} model @param {number} stage @param {import("../common/windows.js").Box} box
 */
function onMap(model, stage, box) {
  const { shape } = model.values.get(stage);
  const [above, below, before, after] = model.byNumber.get(stage).ring;
  return {
    top: Math.max(box.top, -above),
    left: Math.max(box.left, -before),
    bottom: Math.min(box.bottom, shape[2] - 1 + below),
    right: Math.min(box.right, shape[3] - 1 + after),
  };
}

/**
 * From the winning cells to the outputs they win; where gradients are shown, the way back.
 * @param {Model} model
 * @param {Place} place
 * @returns {Arrow[]}
 */
export function arrowsOf(model, { stage, index }) {
  const { part, kind } = partOf(stage);
  if (stage === MOVED || part === DIFFERENCES) return [];
  const after = part === AFTER || stage === SHIFTED;
  if (part === INPUT || part === GRADIENTS) {
    const kinds = part === GRADIENTS ? [kind] : KINDS;
    return kinds.filter((each) => isMax(each) && model.byNumber.has(VALUES + each)).flatMap((each) => {
      const made = (after ? AFTER : VALUES) + each;
      return fed(model, made, index).filter((output) => wins(model, made, output, index)).map((output) => arrow(model, made, index, output));
    });
  }
  // An average's or a norm's number has no winner: the maximum's of the same window is shown beside it.
  const made = (after ? AFTER : VALUES) + (isWhole(kind) ? kind : MAX);
  if (!isMax(made % 10)) return [];
  const [winner] = largest(model, made, index);
  return winner ? [arrow(model, made, winner, index)] : [];
}

/** Every arrow of the maximum. @param {Model} model @returns {Arrow[]} */
export function allArrows(model) {
  const { shape } = model.values.get(VALUES + MAX);
  return Array.from({ length: shape[2] * shape[3] }, (_, k) => [0, 0, Math.floor(k / shape[3]), k % shape[3]]).flatMap((index) => {
    const [winner] = largest(model, VALUES + MAX, index);
    return winner ? [arrow(model, VALUES + MAX, winner, index)] : [];
  });
}

/** @param {Model} model @param {number} made @param {number[]} cell @param {number[]} output @returns {Arrow} */
function arrow(model, made, cell, output) {
  const { kind } = partOf(made);
  if (model.byNumber.has(UPSTREAM + kind)) return { from: { stage: UPSTREAM + kind, index: output }, to: { stage: GRADIENTS + kind, index: cell } };
  return { from: { stage: model.byNumber.get(made).reads, index: cell }, to: { stage: made, index: output } };
}
