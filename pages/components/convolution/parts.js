/**
 * The laboratory's stages, as pages/shared/convolution/message.py numbers them.
 * @module
 */

export const [INPUT, OUTPUT, RELU, ALONE, KEPT, DIFFERENCE] = [-1, 0, 1, 2, 3, 4];

/** How many maps of the stage of shares an input channel has: one for each output of its group. @param {import("../common/model.js").Model} model */
export function sharesOf(model) {
  return model.values.get(ALONE).shape[1] / model.values.get(INPUT).shape[1];
}

/** The input channels that an output channel mixes. @param {import("../common/model.js").Model} model @param {import("../common/model.js").Stage} stage the convolution, or what was kept of one @param {number} output */
export function mixedBy(model, stage, output) {
  const { first, count } = model.mixed(stage, output);
  return Array.from({ length: count }, (_, k) => first + k);
}
