/**
 * How stages and the kernel are put into their columns: the map that is looked at, and small ones to choose from.
 * @module
 */

import { setText } from "../common/dom.js";
import { scaleFor } from "../common/scale.js";

/** @typedef {import("../common/blob.js").Tensor} Tensor */
/** @typedef {import("../common/scale.js").Scale} Scale */
/** @typedef {import("../common/column.js").Column} Column */
/** @typedef {import("../common/model.js").Model} Model */
/** @typedef {import("../common/model.js").Stage} Stage */
/** @typedef {import("../common/cover.js").Cover} Cover */
/** @typedef {import("./shown.js").Shown} Shown */
/**
 * @typedef {{shown: Shown, look: import("../common/look.js").Look, dark: boolean, coarse: boolean, of: string | null, loss: string, cover: (stage: Stage) => Cover | null}} How
 *   `coarse`: as long as a gesture lasts, its frame rate comes before cells that no pixel shows; `of`: what the gradients
 *   shown are of, null where values are; `loss`: that in words, where they are of one; `cover`: what lies over numbers
 *   that are to be predicted
 */

const PROBABILITY_PLACES = 4; // decimals

/**
 * Draw every stage that has a column and whose numbers are known.
 * @param {ReadonlyMap<string, Column>} columns by view
 * @param {Model} model
 * @param {How} how
 * @returns {string[]} the views that were drawn
 */
export function drawStages(columns, model, how) {
  const drawn = [];
  for (const stages of alike(model)) {
    const scales = how.look.scales(stages.map((stage) => ({ stage, tensor: model.shown(stage.stage) })), how.coarse);
    stages.forEach((stage, k) => {
      if (how.coarse && model.waiting.has(stage.stage)) return;
      const column = columns.get(stage.view);
      if (!column) return; // a step of a lesson shows some of them
      const own = model.gradients?.has(stage.stage);
      column.element.classList.toggle("ks-apart", how.of !== null && !own);
      if (own) setText(column.note, `each cell: ∂ ${how.of} / ∂ cell`);
      if (how.loss && stage.view === "probabilities") setText(column.note, how.loss);
      if (own) column.tellInstead(column.kind === "bars" ? "their gradients" : "its gradient");
      drawStage(column, stage, model.shown(stage.stage), scales[k], how);
      drawn.push(stage.view);
    });
  }
  return drawn;
}

/** The stages that share a scale; gradients of two stages are of different sizes, and share none. @param {Model} model */
function alike(model) {
  /** @type {Map<string, any[]>} */
  const groups = new Map();
  for (const stage of model.stages.filter(({ view }) => view)) {
    const own = model.gradients?.has(stage.stage);
    const scaled = own ? { ...stage, scale: { group: `gradient ${stage.stage}`, kind: "diverging", domain: [0, 0] }, dust: 0 } : stage;
    groups.set(scaled.scale.group, [...(groups.get(scaled.scale.group) ?? []), scaled]);
  }
  return [...groups.values()];
}

/**
 * @param {Column} column
 * @param {any} stage
 * @param {Tensor} tensor
 * @param {Scale[]} scales one a plane
 * @param {How} how
 */
function drawStage(column, stage, tensor, scales, how) {
  const { values } = tensor;
  const channel = how.shown.channelOf(stage);
  const cover = how.cover(stage);
  column.view.cover = cover;
  // Its ends would tell the largest number and the least.
  if (column.legend) column.legend.element.style.visibility = cover ? "hidden" : "";
  if (column.kind === "bars") column.view.draw(values, stage.names, scales[0], stage.scale.group === "probabilities" ? PROBABILITY_PLACES : null);
  else if (column.kind === "vector") column.view.draw(values, scales[0], how.dark);
  else drawMap(column, stage, tensor, scales, { ...how, cover });
  column.legend?.draw(scales[channel], how.dark);
}

/** @param {Column} column @param {any} stage @param {Tensor} tensor @param {Scale[]} scales @param {any} how */
function drawMap(column, stage, { values, shape }, scales, { shown, dark, coarse, of, cover }) {
  const [, channels, ...size] = shape;
  const plane = size[0] * size[1];
  const gradients = of !== null;
  const channel = shown.channelOf(stage);
  // Three gradients together have no colour of their own.
  const colour = stage.stage === -1 && shown.inColour && !gradients;
  if (colour) column.view.drawColour(values, dark, stage.luma);
  else column.view.draw(values, channel * plane, scales[channel], dark, coarse);
  const first = stage.stage === -1 ? 1 : 0; // the input's planes stand behind the picture of all three
  column.planes.offer(stage.planes && (first ? ["RGB", ...stage.planes] : stage.planes), colour ? 0 : channel + first, first && gradients ? 1 : 0);
  if (!stage.planes) return;
  if (first && !gradients) column.planes.drawColour(0, values, size);
  const small = cover ? new Float64Array(values.length) : values;
  // Gradients may lie in just the cells that would be left out.
  for (let c = 0; c < channels; c += 1) column.planes.draw(c + first, small, c * plane, size, scales[c], dark, coarse && !gradients);
}

/**
 * @param {Column} column
 * @param {{linked: boolean, planes: string[], outputs: {label: string}[]}} kernel as the header describes it
 * @param {Tensor} bank (O, planes, KH, KW)
 * @param {number[] | null} painted weights under the hand that the bank does not hold
 * @param {{shown: Shown, dark: boolean}} how
 */
export function drawKernel(column, { linked, planes: names, outputs }, { values, shape }, painted, { shown, dark }) {
  const [count, planes, ...size] = shape;
  const cells = size[0] * size[1];
  const { output } = shown;
  const plane = linked ? 0 : Math.min(shown.plane, planes - 1);
  const at = (output * planes + plane) * cells;
  const scale = column.view.draw(painted ?? Array.from(values.subarray(at, at + cells)), size[1], dark);
  column.legend.draw(scale, dark);
  column.outputs.offer(count > 1 ? outputs.map(({ label }) => label) : null, output);
  column.planes.offer(linked ? null : names, plane);
  for (let o = 0; count > 1 && o < count; o += 1) {
    const own = scaleFor("diverging", [values.subarray(o * planes * cells, (o + 1) * planes * cells)]);
    column.outputs.draw(o, values, (o * planes + plane) * cells, size, own, dark);
  }
  for (let c = 0; !linked && c < planes; c += 1) column.planes.draw(c, values, (output * planes + c) * cells, size, scale, dark);
}
