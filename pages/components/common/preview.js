/**
 * What the screen shows while a gesture lasts: the stages' values after a value was edited, until cnn_core's arrive.
 * Held to cnn_core's results by tests/cases/preview.json, which both sides run. A rule that is not in this table is
 * not guessed: its stage waits for the server.
 * @module
 */

import { groupOf } from "./windows.js";

/**
 * @typedef {import("./blob.js").Tensor} Tensor
 * @typedef {{first: number, last: number, top: number, bottom: number, left: number, right: number}} Region
 *   the channels from `first` to `last` and the cells of each that have to be computed anew, all ends included
 * @typedef {{input: Tensor, shape: number[], link: any, weight?: Tensor, bias?: Tensor, parameter?: number,
 *   before?: Float64Array, own?: boolean, region?: Region | null, change?: {from: Tensor, output: Tensor} | null}} Work
 *   `before`: the stage's values so far, of which only the `region` is computed anew; `own`: they are this gesture's, and
 *   may be written over; `change`: the weights that gave `output` on the same input, so that only the difference of the
 *   weights has to be added
 */

/**
 * @param {number[]} shape (1, C, H, W)
 * @returns {Region}
 */
export function wholeOf([, channels, rows, columns]) {
  return { first: 0, last: channels - 1, top: 0, bottom: rows - 1, left: 0, right: columns - 1 };
}

/**
 * Where the result goes: over what was there, into a copy of it, or, where everything is new, into a fresh array.
 * Four maps of 512 px are 8 MB: copying all of them for one that changed would take longer than computing it.
 * @param {Work} work
 * @returns {{out: Float64Array, region: Region}}
 */
function target({ shape, before, own, region }) {
  const size = shape.reduce((a, b) => a * b, 1);
  return before && region ? { out: own ? before : before.slice(), region } : { out: new Float64Array(size), region: wholeOf(shape) };
}

/**
 * Add one weight's share to a region of one output plane: a shifted multiply-add.
 * @param {Float64Array} out
 * @param {number} to where the output plane begins
 * @param {Tensor} input
 * @param {number} from where the input plane begins
 * @param {number} w
 * @param {number} a the tap's row
 * @param {number} b its column
 * @param {any} link
 * @param {Region} region
 * @param {number} outColumns
 */
function addTap(out, to, { values, shape }, from, w, a, b, link, region, outColumns) {
  const [, , rows, columns] = shape;
  if (link.shown) {
    const line = (/** @type {number} */ axis, /** @type {number} */ i, /** @type {number} */ tap) => link.shown[axis][i * link.stride[axis] + tap * link.dilation[axis]];
    for (let i = region.top; i <= region.bottom; i += 1) {
      const row = from + line(0, i, a) * columns;
      for (let j = region.left; j <= region.right; j += 1) out[to + i * outColumns + j] += w * values[row + line(1, j, b)];
    }
    return;
  }
  const step = link.stride[1];
  const first = link.origin[1] + b * link.dilation[1];
  const low = Math.max(region.left, first < 0 ? Math.ceil(-first / step) : 0);
  const high = Math.min(region.right, Math.floor((columns - 1 - first) / step));
  for (let i = region.top; i <= region.bottom; i += 1) {
    const row = link.origin[0] + i * link.stride[0] + a * link.dilation[0];
    if (row < 0 || row >= rows) continue;
    const at = to + i * outColumns;
    for (let j = low, x = from + row * columns + first + low * step; j <= high; j += 1, x += step) out[at + j] += w * values[x];
  }
}

/**
 * Cross-correlation, one shifted multiply-add a kernel weight. Where only weights changed, only their differences.
 * (1, C, H, W) with weight (O, C / groups, KH, KW) -> (1, O, OH, OW)
 * @param {Work} work
 */
function windowSum(work) {
  const { input, shape, link, weight, bias, change } = work;
  const [, inputs, rows, columns] = input.shape;
  const [, outputs, outRows, outColumns] = shape;
  const [, channels, KH, KW] = weight.shape;
  const { out, region } = target(work);
  const plane = outRows * outColumns;
  for (let o = region.first; o <= region.last; o += 1) {
    const to = o * plane;
    const { first } = groupOf(link, o, inputs, outputs);
    if (change) out.set(change.output.values.subarray(to, to + plane), to);
    else {
      for (let i = region.top; i <= region.bottom; i += 1) out.fill(0, to + i * outColumns + region.left, to + i * outColumns + region.right + 1);
    }
    for (let c = 0; c < channels; c += 1) {
      for (let a = 0; a < KH; a += 1) {
        for (let b = 0; b < KW; b += 1) {
          const k = ((o * channels + c) * KH + a) * KW + b;
          const w = weight.values[k] - (change ? change.from.values[k] : 0);
          if (w !== 0) addTap(out, to, input, (first + c) * rows * columns, w, a, b, link, region, outColumns);
        }
      }
    }
    if (bias && !change) {
      for (let i = region.top; i <= region.bottom; i += 1) {
        for (let j = region.left; j <= region.right; j += 1) out[to + i * outColumns + j] += bias.values[o];
      }
    }
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
function windowReduce(work, start, join, divisor) {
  const { input, shape, link } = work;
  const [, , rows, columns] = input.shape;
  const [, , outRows, outColumns] = shape;
  const { out, region } = target(work);
  for (let c = region.first; c <= region.last; c += 1) {
    for (let i = region.top; i <= region.bottom; i += 1) {
      for (let j = region.left; j <= region.right; j += 1) {
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
        out[(c * outRows + i) * outColumns + j] = value / divisor;
      }
    }
  }
  return out;
}

/**
 * Each number on its own, of any shape.
 * @param {Work} work
 * @param {(x: number) => number} f
 */
function each(work, f) {
  const { input, shape } = work;
  if (shape.length !== 4 || !work.before || !work.region) return input.values.map(f);
  const [, , rows, columns] = shape;
  const { out, region } = target(work);
  for (let c = region.first; c <= region.last; c += 1) {
    for (let i = region.top; i <= region.bottom; i += 1) {
      const row = (c * rows + i) * columns;
      for (let k = row + region.left; k <= row + region.right; k += 1) out[k] = f(input.values[k]);
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
  relu: (work) => each(work, (x) => (x > 0 ? x : 0)),
  leaky_relu: (work) => each(work, (x) => (x > 0 ? x : work.parameter * x)),
  tanh: (work) => each(work, Math.tanh),
  sigmoid: (work) => each(work, sigmoid),
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
