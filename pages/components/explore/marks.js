/**
 * Which cells are outlined on which map: the one that is looked at, what it was made of and what it is made into.
 * @module
 */

import { boxAt } from "../common/board.js";
import { unreached } from "../common/feeds.js";
import { relativesOf } from "../common/relatives.js";
import { positionHue } from "../common/scale.js";
import { boxesOf, taps } from "../common/windows.js";

/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/model.js").Stage} Stage */
/** @typedef {{stage: number, index: number[]}} Place */
/** @typedef {{box: {top: number, left: number, bottom: number, right: number}, role: string, hue?: string}} Mark */

/**
 * @param {{model: Model, shown: import("./shown.js").Shown, dark: boolean}} on `shown`: which plane of each stage is on screen
 * @param {{cell: Place | null, pinned: Place | null, winner: Place | null, term: Place | null}} looked `cell`: the one
 *   that is looked at, `pinned`: another one that is pinned, `winner`: of the cell's window, `term`: a part of its sum
 * @returns {Map<Stage, Mark[]>} of every stage
 */
export function marksOf({ model, shown, dark }, { cell, pinned, winner, term }) {
  const relatives = cell ? relativesOf(model, cell.stage, cell.index, shown.output) : new Map();
  const lost = cell ? unreached(model, cell.stage, cell.index, shown.output) : new Set();
  const seen = cell ? model.sees(cell.stage, cell.index) : null;
  const marks = new Map();
  for (const stage of model.stages) {
    const channel = stage.stage === -1 && shown.inColour ? null : shown.channelOf(stage);
    const here = (/** @type {Place | null} */ place) => place?.stage === stage.stage && (place.index.length !== 4 || channel === null || place.index[1] === channel);
    const one = (/** @type {Place | null} */ place, /** @type {string} */ role) => (here(place) ? [{ box: boxAt(place.index), role }] : []);
    const own = relatives.get(stage.stage);
    const related = own && !lost.has(stage.stage) && (own.channel === null || channel === null || own.channel === channel) ? cellsOf(own) : [];
    marks.set(stage, [
      ...one(pinned, "pinned"),
      ...(stage.stage === -1 ? apart(model, relatives, dark) : []),
      ...(seen && stage.stage === -1 ? [{ ...seen, role: "field" }] : related),
      ...one(winner, "winner"),
      ...one(term, "term"),
    ]);
  }
  return marks;
}

/**
 * A frame around what belongs to the cell; around each cell by itself where a stride or a dilation left some out between.
 * @param {import("../common/relatives.js").Relative} own
 * @returns {Mark[]}
 */
function cellsOf({ box, lines, role }) {
  return (lines ? boxesOf(lines) : [box]).map((each) => ({ box: each, role }));
}

/**
 * The input cells that one cell's window reads where these lie apart, each in the hue of the weight it meets: a frame
 * around them would say that what lies between is read too.
 * @param {Model} model
 * @param {Map<number, any>} relatives of the cell that is looked at
 * @param {boolean} dark
 * @returns {Mark[]} none where the window leaves no cell out
 */
function apart(model, relatives, dark) {
  const slid = model.stages.find(({ reads, link }) => reads === -1 && link?.kind === "window");
  const own = slid && relatives.get(slid.stage);
  if (!own || own.role === "feeds" || Math.max(...slid.link.dilation) === 1) return [];
  const { top, left, bottom, right } = own.box;
  // Of several windows together each cell meets another weight, and together they pass few cells over.
  if (top !== bottom || left !== right) return [];
  const [, , rows, columns] = model.values.get(-1).shape;
  return taps(slid.link, top, left, rows, columns).map(({ a, b, place: { row, column } }) => ({
    box: { top: row, left: column, bottom: row, right: column },
    role: "tap",
    hue: positionHue(a * slid.link.extent[1] + b, dark),
  }));
}

/** The cell that a maximum is taken from. @param {Model} model @param {Place | null} place @returns {Place | null} */
export function winnerOf(model, place) {
  if (!place || model.byNumber.get(place.stage).reduce !== "max") return null;
  return /** @type {any} */ (model.explain(place.stage, place.index).terms.find((term) => term.index && term.weight === 1) ?? null);
}
