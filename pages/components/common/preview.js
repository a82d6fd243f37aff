/**
 * What the screen shows while a gesture lasts: the stages' values after a value was edited, until cnn_core's arrive.
 * Held to cnn_core's results by tests/cases/preview.json, which both sides run. A rule that is not in this table is
 * not guessed: its stage waits for the server.
 * @module
 */

/**
 * @typedef {import("./blob.js").Tensor} Tensor
 * @typedef {{input: Tensor, shape: number[], link: any, weight?: Tensor, bias?: Tensor,
 *   parameter?: number}} Work
 */

/**
 * Cross-correlation, one shifted multiply-add a kernel weight.
 * (1, C, H, W) with weight (O, C, KH, KW) -> (1, O, OH, OW)
 * @param {Work} work
 */
function windowSum({ input, shape, link, weight, bias }) {
  const [, channels, rows, columns] = input.shape;
  const [, outputs, outRows, outColumns] = shape;
  const [, , KH, KW] = weight.shape;
  const plane = outRows * outColumns;
  const out = new Float64Array(outputs * plane);
  for (let o = 0; o < outputs; o += 1) {
    for (let c = 0; c < channels; c += 1) {
      for (let a = 0; a < KH; a += 1) {
        for (let b = 0; b < KW; b += 1) {
          const w = weight.values[((o * channels + c) * KH + a) * KW + b];
          if (w === 0) continue;
          for (let i = 0; i < outRows; i += 1) {
            const row = link.origin[0] + i * link.stride[0] + a * link.dilation[0];
            if (row < 0 || row >= rows) continue;
            const from = (c * rows + row) * columns;
            const to = o * plane + i * outColumns;
            const first = link.origin[1] + b * link.dilation[1];
            const step = link.stride[1];
            const low = first < 0 ? Math.ceil(-first / step) : 0;
            const high = Math.min(outColumns - 1, Math.floor((columns - 1 - first) / step));
            for (let j = low, x = from + first + low * step; j <= high; j += 1, x += step) {
              out[to + j] += w * input.values[x];
            }
          }
        }
      }
    }
    if (bias) for (let k = o * plane; k < (o + 1) * plane; k += 1) out[k] += bias.values[o];
  }
  return out;
}

/**
 * One number for each window of each plane. (1, C, H, W) -> (1, C, OH, OW)
 * @param {Work} work
 * @param {number} start
 * @param {(so_far: number, value: number) => number} join
 * @param {number} divisor
 */
function windowReduce({ input, shape, link }, start, join, divisor) {
  const [, channels, rows, columns] = input.shape;
  const [, , outRows, outColumns] = shape;
  const out = new Float64Array(channels * outRows * outColumns);
  let k = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let i = 0; i < outRows; i += 1) {
      for (let j = 0; j < outColumns; j += 1) {
        let value = start;
        for (let a = 0; a < link.extent[0]; a += 1) {
          const row = link.origin[0] + i * link.stride[0] + a * link.dilation[0];
          if (row < 0 || row >= rows) continue;
          for (let b = 0; b < link.extent[1]; b += 1) {
            const column = link.origin[1] + j * link.stride[1] + b * link.dilation[1];
            if (column < 0 || column >= columns) continue;
            value = join(value, input.values[(c * rows + row) * columns + column]);
          }
        }
        out[k] = value / divisor;
        k += 1;
      }
    }
  }
  return out;
}

/**
 * @param {Work} work  (1, K) with weight (O, K) -> (1, O)
 */
function affine({ input, shape, weight, bias }) {
  const outputs = shape[1];
  const count = input.values.length;
  const out = new Float64Array(outputs);
  for (let o = 0; o < outputs; o += 1) {
    let sum = 0;
    for (let k = 0; k < count; k += 1) sum += weight.values[o * count + k] * input.values[k];
    out[o] = sum + (bias ? bias.values[o] : 0);
  }
  return out;
}

/** @param {Work} work */
function softmax({ input }) {
  const largest = input.values.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = input.values.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}

/** @param {number} x */
function sigmoid(x) {
  // Both branches raise e to a number that is not positive, so neither overflows.
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** @type {Record<string, (work: Work) => Float64Array>} */
const RULES = {
  window_sum: windowSum,
  window_max: (work) => windowReduce(work, -Infinity, (a, b) => (b > a ? b : a), 1),
  window_mean: (work) => windowReduce(work, 0, (a, b) => a + b, work.link.extent[0] * work.link.extent[1]),
  relu: ({ input }) => input.values.map((x) => (x > 0 ? x : 0)),
  leaky_relu: ({ input, parameter }) => input.values.map((x) => (x > 0 ? x : parameter * x)),
  tanh: ({ input }) => input.values.map(Math.tanh),
  sigmoid: ({ input }) => input.values.map(sigmoid),
  softmax,
  affine,
  copy: ({ input }) => input.values.slice(),
};

/**
 * One stage's values, or null where its rule is not known here.
 * @param {string | null} rule
 * @param {Work} work
 * @returns {Tensor | null}
 */
export function preview(rule, work) {
  const run = rule === null ? undefined : RULES[rule];
  return run ? { shape: work.shape, values: run(work) } : null;
}
