/**
 * How a stage and the kernel are put into their columns: the map that is looked at, and small ones to choose from.
 * @module
 */

import { scaleFor } from "../common/scale.js";

/** @typedef {import("../common/blob.js").Tensor} Tensor */
/** @typedef {import("../common/scale.js").Scale} Scale */
/** @typedef {import("../common/column.js").Column} Column */
/** @typedef {import("./shown.js").Shown} Shown */

const PROBABILITY_PLACES = 4; // decimals

/**
 * @param {Column} column
 * @param {import("../common/model.js").Stage} stage
 * @param {Tensor} tensor
 * @param {Scale[]} scales one a plane
 * @param {{shown: Shown, dark: boolean, coarse: boolean, gradients: boolean, cover: import("../common/cover.js").Cover | null}} how `coarse`: as long as a gesture lasts, its frame rate comes
 *   before cells that no pixel shows; `cover`: what lies over numbers that are to be predicted
 */
export function drawStage(column, stage, tensor, scales, how) {
  const { values } = tensor;
  const channel = how.shown.channelOf(stage);
  column.view.cover = how.cover;
  // Its ends would tell the largest number and the least.
  if (column.legend) column.legend.element.style.visibility = how.cover ? "hidden" : "";
  if (column.kind === "bars") column.view.draw(values, stage.names, scales[0], stage.scale.group === "probabilities" ? PROBABILITY_PLACES : null);
  else if (column.kind === "vector") column.view.draw(values, scales[0], how.dark);
  else drawMap(column, stage, tensor, scales, how);
  column.legend?.draw(scales[channel], how.dark);
}

/** @param {Column} column @param {any} stage @param {Tensor} tensor @param {Scale[]} scales @param {any} how */
function drawMap(column, stage, { values, shape }, scales, { shown, dark, coarse, gradients, cover }) {
  const [, channels, ...size] = shape;
  const plane = size[0] * size[1];
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
  for (let c = 0; c < channels; c += 1) column.planes.draw(c + first, small, c * plane, size, scales[c], dark);
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
