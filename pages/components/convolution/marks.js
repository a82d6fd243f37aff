/**
 * What is marked on every map where a cell is looked at: what it was made of, in the hue of the weight that each cell
 * meets, and what it is made into; of an input cell all that it feeds.
 * @module
 */

import { boxAt } from "../common/board.js";
import { positionHue } from "../common/scale.js";
import { taps } from "../common/windows.js";
import { ALONE, DIFFERENCE, INPUT, KEPT, OUTPUT, RELU, mixedBy, sharesOf } from "./parts.js";

/** @typedef {import("../common/board.js").Place} Place */
/** @typedef {{model: import("../common/model.js").Model, output: number, dark: boolean}} On  `output`: the channel that is looked at */
/** @typedef {Map<string, any[]>} Marks  by view */

/** @param {On} on @param {Place} place @returns {Marks} */
export function marksOf(on, place) {
  return place.stage === INPUT ? ofInput(on, place.index) : ofMade(on, place);
}

/** All that an input cell feeds of the channel that is looked at, as the ledger lists it, in the hue of the weight it meets there. @param {On} on @param {number[]} index @returns {Marks} */
function ofInput({ model, output, dark }, index) {
  const fed = model.fed(model.byNumber.get(OUTPUT), index, output).map((term) => ({ box: boxAt(term.index), role: "tap", hue: positionHue(term.key, dark) }));
  return new Map([
    [`input-${index[1]}`, [{ box: boxAt(index), role: "self" }]],
    [`output-${output}`, fed],
    [`alone-${index[1]}`, fed],
  ]);
}

/** @param {On} on @param {Place} place @returns {Marks} */
function ofMade(on, { stage, index }) {
  const { model } = on;
  const output = stage === ALONE ? on.output : index[1];
  // What was kept has a window of its own.
  const slid = model.byNumber.get(stage === KEPT ? KEPT : OUTPUT);
  const channels = stage === ALONE ? [Math.floor(index[1] / sharesOf(model))] : mixedBy(model, slid, output);
  const window = windowAt(on, slid, index);
  const box = boxAt(index);
  /** @type {Marks} */
  const marks = new Map(channels.map((channel) => [`input-${channel}`, window]));
  const twinOf = (/** @type {number} */ other) => model.twin(stage === KEPT ? KEPT : OUTPUT, index, other, output);
  if (stage === KEPT) {
    const twin = twinOf(OUTPUT);
    marks.set(`kept-${output}`, [{ box, role: "self" }]);
    if (twin) marks.set(`output-${output}`, [{ box: boxAt(twin), role: "pinned" }]);
    return marks;
  }
  for (const channel of channels) marks.set(`alone-${channel}`, [{ box, role: stage === ALONE ? "self" : "source" }]);
  if (model.byNumber.has(KEPT) && stage !== ALONE) {
    const twin = twinOf(KEPT);
    if (twin) marks.set(`kept-${output}`, [{ box: boxAt(twin), role: stage === DIFFERENCE ? "source" : "pinned" }]);
    marks.set(`difference-${output}`, [{ box, role: stage === DIFFERENCE ? "self" : "feeds" }]);
  }
  marks.set(`output-${output}`, [{ box, role: stage === OUTPUT ? "self" : stage === ALONE ? "feeds" : "source" }]);
  marks.set(`relu-${output}`, [{ box, role: stage === RELU ? "self" : "feeds" }]);
  return marks;
}

/**
 * The input cells that a window meets, and a frame around them; between the stamps of a transposed convolution a cell
 * meets nothing.
 * @param {On} on @param {import("../common/model.js").Stage} slid @param {number[]} index
 */
function windowAt({ model, dark }, { link }, index) {
  const [, , rows, columns] = model.values.get(INPUT).shape;
  const met = taps(link, index[2], index[3], rows, columns);
  if (!met.length) return [];
  const [down, across] = [met.map(({ place }) => place.row), met.map(({ place }) => place.column)];
  const frame = { top: Math.min(...down), left: Math.min(...across), bottom: Math.max(...down), right: Math.max(...across) };
  const hued = met.map(({ a, b, place: { row, column } }) => ({
    box: { top: row, left: column, bottom: row, right: column },
    role: "tap",
    hue: positionHue(a * link.extent[1] + b, dark),
  }));
  return [...hued, { box: frame, role: "source" }];
}
