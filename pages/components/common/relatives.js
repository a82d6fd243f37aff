/**
 * Which cells of every stage belong to one cell: all that it was made from, and all that it feeds.
 * @module
 */

import { boxAround, boxBack, everyLine, linesForward, ravel, unravel } from "./windows.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./model.js").Stage} Stage */
/** @typedef {import("./windows.js").Box} Box */
/**
 * @typedef {{box: Box, channel: number | null, role: "self" | "source" | "feeds", lines?: number[][]}} Relative  `channel`
 *   null: all of them; `lines`: of what is fed, the very rows and columns, between which a stride or a dilation may leave
 *   some out
 */

/**
 * A cell and, on every stage before its own, the cells that it was made from.
 * @param {Model} model
 * @param {number} number of its stage
 * @param {number[]} index
 * @returns {Map<number, Relative>} by stage
 */
export function sourcesOf(model, number, index) {
  const found = new Map();
  const own = boxOf(index);
  found.set(number, { box: own, lines: [[own.top], [own.left]], channel: index.length === 4 ? index[1] : null, role: "self" });
  let [at, stage] = [number, model.byNumber.get(number)];
  while (stage.reads !== null) {
    found.set(stage.reads, { ...stepBack(model, stage, found.get(at)), role: "source" });
    at = stage.reads;
    stage = model.byNumber.get(at);
  }
  return found;
}

/**
 * The cells on every stage that belong to one cell: itself, all that it was made from, all that it feeds.
 * @param {Model} model
 * @param {number} number of its stage
 * @param {number[]} index
 * @param {number} [shown] the channel of the maps that is looked at: of all that a cell feeds, this one's are told
 * @returns {Map<number, Relative>} by stage
 */
export function relativesOf(model, number, index, shown = 0) {
  const found = sourcesOf(model, number, index);
  for (const next of model.stages.slice(model.stages.indexOf(model.byNumber.get(number)) + 1)) {
    const before = found.get(next.reads);
    // Only what reads the cell or its descendants: another stage may read the same source beside it.
    const after = before && before.role !== "source" ? stepForward(model, next, before, shown) : null;
    if (after) found.set(next.stage, { ...after, role: "feeds" });
  }
  return found;
}

/** A vector's cells stand one below the other: value k is row k. @param {number[]} index @returns {Box} */
function boxOf(index) {
  const [row, column] = index.length === 4 ? [index[2], index[3]] : [index[1], 0];
  return { top: row, left: column, bottom: row, right: column };
}

/** All cells of a map or a vector. @param {Model} model @param {number} number its stage @returns {Box} */
function wholeOf(model, number) {
  const { shape } = model.values.get(number);
  const [rows, columns] = shape.length === 4 ? [shape[2], shape[3]] : [shape[1], 1];
  return { top: 0, left: 0, bottom: rows - 1, right: columns - 1 };
}

/** @param {Model} model @param {Stage} stage @param {{box: Box, channel: number | null}} from */
function stepBack(model, stage, { box, channel }) {
  if (stage.link.kind === "all") return { box: wholeOf(model, stage.reads), channel: null };
  if (stage.link.kind === "reshape") return folded(model, box, stage.reads);
  if (!stage.weight) return { box: boxBack(box, stage.link), channel };
  // A stage with weights of its own mixes the channels of a group: all that it reads, or a single one.
  const { first, count } = model.mixed(stage, channel ?? 0);
  return { box: boxBack(box, stage.link), channel: count === 1 && model.values.get(stage.reads).shape[1] > 1 ? first : null };
}

/** @param {Model} model @param {Stage} stage @param {{box: Box, lines: number[][], channel: number | null}} from @param {number} shown */
function stepForward(model, stage, { box, lines, channel }, shown) {
  const whole = wholeOf(model, stage.stage);
  if (stage.link.kind === "all") return { box: whole, lines: everyLine(whole), channel: null };
  if (stage.link.kind === "reshape") {
    const run = flattened(model, box, channel ?? shown, stage.reads);
    return { box: run, lines: everyLine(run), channel: null };
  }
  const fed = lines.map((each, axis) => linesForward(stage.link, axis, each, axis ? whole.right + 1 : whole.bottom + 1));
  const [rows, columns] = fed;
  if (!rows.length || !columns.length) return null;
  // A weight a cell or a channel leaves each number where it is: only a window's weights mix channels.
  return { box: boxAround(fed), lines: fed, channel: stage.weight && stage.link.kind !== "same" ? shown : channel };
}

/**
 * The values of a vector that a part of a map becomes, as the run from the first to the last.
 * @param {Model} model
 * @param {Box} box
 * @param {number} channel
 * @param {number} maps the stage of the maps
 * @returns {Box}
 */
function flattened(model, box, channel, maps) {
  const { shape } = model.values.get(maps);
  const at = (/** @type {number} */ row, /** @type {number} */ column) => ravel([0, channel, row, column], shape);
  return { top: at(box.top, box.left), left: 0, bottom: at(box.bottom, box.right), right: 0 };
}

/**
 * Where a run of a vector's values stood on the maps: one cell of one channel, or else every map in full.
 * @param {Model} model
 * @param {Box} box
 * @param {number} maps
 */
function folded(model, box, maps) {
  const { shape } = model.values.get(maps);
  if (box.top !== box.bottom) return { box: wholeOf(model, maps), channel: null };
  const [, channel, row, column] = unravel(box.top, shape);
  return { box: { top: row, left: column, bottom: row, right: column }, channel };
}
