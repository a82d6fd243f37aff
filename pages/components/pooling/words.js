/**
 * What a cell is to the poolings, in a sentence.
 * @module
 */

import { short } from "../common/format.js";
import { nameOf } from "../common/names.js";
import { fed, largest, wins } from "./marks.js";
import { AFTER, DIFFERENCES, GRADIENTS, INPUT, MAX, MOVED, SHIFTED, UPSTREAM, VALUES, isMax, isWhole, partOf } from "./parts.js";

/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/board.js").Place} Place */

/** @param {Model} model @param {Place} place */
export function sentenceOf(model, place) {
  const { part, kind } = partOf(place.stage);
  if (place.stage === MOVED || part === DIFFERENCES) return ofDifference(model, place);
  if (part === INPUT) return ofInput(model, place);
  if (part === GRADIENTS) return ofGradient(model, place.index, kind);
  const made = (part === AFTER ? AFTER : VALUES) + kind;
  if (isMax(kind)) return ofLargest(model, made, place.index);
  const cells = model.counted(model.byNumber.get(made), place.index);
  const scaled = kind === 2 ? scaleOf(model, made, place.index) : "";
  if (part === UPSTREAM) return kind === 2 ? `Each cell gets as much of it as the cell has in the norm: x / norm${scaled && `${scaled}, the cells of the window over those counted`}.` : cells === 1 ? "The one cell that counts gets all of it." : `Each of its ${cells.toLocaleString("en")} cells gets an equal part of it.`;
  if (kind === 2) return `Every cell ${scaled ? "on the map " : ""}counts, and a large one counts for more: by its square.`;
  if (cells === 1) return "Only one cell of the window counts: the average is its number.";
  return `Each of the ${cells.toLocaleString("en")} cells counts the same: 1/${cells.toLocaleString("en")} of its number.`;
}

/** What a norm's slope is multiplied by where its window reaches past the edge: "" where it does not. @param {Model} model @param {number} made @param {number[]} index */
function scaleOf(model, made, index) {
  const stage = model.byNumber.get(made);
  const [cells, counted] = [stage.link.extent[0] * stage.link.extent[1], model.counted(stage, index)];
  return cells === counted ? "" : ` × ${cells}/${counted}`;
}

/** @param {Model} model @param {number} made @param {number[]} index */
function ofLargest(model, made, index) {
  const first = largest(model, made, index);
  if (!first.length) return "Its window lies in the padding alone: no cell wins, and no gradient goes back.";
  const name = nameOf(model, model.byNumber.get(made).reads, first[0]);
  const value = short(model.value(made, index), 6);
  if (first.length > 1) return `${first.length.toLocaleString("en")} cells tie at ${value}: the first, ${name}, takes it, and all of the gradient.`;
  return `${name} is the largest of its window: ${value} comes from there, and all of the gradient goes back there.`;
}

/** @param {Model} model @param {Place} place */
function ofInput(model, { stage, index }) {
  const made = (stage === SHIFTED ? AFTER : VALUES) + MAX;
  const outputs = fed(model, made, index);
  const name = nameOf(model, stage, index);
  if (!outputs.length) return `No window reads ${name}: ${pastAll(model, made, index) ? "it lies past the last window" : "between the windows of this stride it is passed over"}.`;
  const won = outputs.filter((output) => wins(model, made, output, index));
  const tie = outputs.filter((output) => isTie(model, made, output, index));
  const many = outputs.length === 1 ? "1 window" : `${outputs.length} windows`;
  const words = won.length ? `wins ${won.length === outputs.length ? (won.length === 1 ? "it" : "all of them") : won.length}` : "wins none";
  const behind = tie.length ? `; in ${tie.length === 1 ? "one" : tie.length} it is as large as the winner, but comes later` : "";
  return `${name} stands in ${many} and ${words}${behind}.`;
}

/** Whether the last window ends before a cell, down or across. @param {Model} model @param {number} made @param {number[]} index */
function pastAll(model, made, index) {
  const { link } = model.byNumber.get(made);
  const outputs = model.values.get(made).shape.slice(2);
  const last = outputs.map((count, axis) => link.origin[axis] + (count - 1) * link.stride[axis] + (link.extent[axis] - 1) * link.dilation[axis]);
  return index[2] > last[0] || index[3] > last[1];
}

/** Whether a cell is as large as a window's winner, but comes later. @param {Model} model @param {number} made @param {number[]} output @param {number[]} index */
function isTie(model, made, output, index) {
  return largest(model, made, output).slice(1).some((cell) => String(cell) === String(index));
}

/** @param {Model} model @param {number[]} index @param {number} kind */
function ofGradient(model, index, kind) {
  const outputs = fed(model, VALUES + kind, index);
  if (!outputs.length) return "No window reads this cell, so nothing comes back to it.";
  const many = outputs.length === 1 ? "the window it stands in" : `the ${outputs.length} windows it stands in`;
  if (isMax(kind)) {
    const won = outputs.filter((output) => wins(model, VALUES + kind, output, index)).length;
    const late = outputs.some((output) => isTie(model, VALUES + kind, output, index));
    if (won === 0 && late) return "As large as the winner, but not the first: a maximum hands all of its gradient to the first, and this cell gets 0.";
    if (won === 0) return `A maximum hands all of its gradient to the winner: this cell loses ${many}, and gets 0.`;
    return `A maximum hands all of its gradient to the winner: this cell wins ${outputs.length === 1 ? "its window" : `${won} of ${many}`}.`;
  }
  if (kind === 2) {
    const flat = outputs.some((output) => model.value(VALUES + kind, output) === 0);
    if (flat) return "All cells of a window here are 0: there the norm has no slope, and nothing is handed on, as in PyTorch.";
    const scales = [...new Set(outputs.map((output) => scaleOf(model, VALUES + kind, output)))];
    const scaled = scales.length === 1 ? scales[0] : `, times ${scales.map((scale) => scale.replace(" × ", "") || "1").join(" or ")}`;
    const why = scales.some(Boolean) ? " That is the cells of the window over those counted." : "";
    return `A norm shares its gradient out by size: each cell gets x / norm${scaled} of it, so large cells get more.${why}`;
  }
  return isWhole(kind) ? "A mean shares its gradient out in equal parts, here over all cells." : `A mean shares its gradient out in equal parts; this is the cell's part of ${many}.`;
}

/** @param {Model} model @param {Place} place */
function ofDifference(model, { stage, index }) {
  const [after, before] = /** @type {any} */ (model.byNumber.get(stage)).minus;
  const [now, was] = [after, before].map((each) => model.value(each, index));
  if (now === was) return `It was ${short(was, 6)} before the shift and is so after it.`;
  return `It was ${short(was, 6)} before the shift and is ${short(now, 6)} after it.`;
}
