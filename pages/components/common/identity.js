/**
 * A tensor's name by its content: the same bits in the same shape have the same name here and in Python
 * (pages/components/blob.py computes it with whole arrays at a time; tests hold the two to each other).
 * @module
 */

const STEP = 0x9e3779b1; // 2^32 over the golden ratio: neighbouring places get multipliers far apart
const OTHER = 0x27d4eb2f;

/**
 * @param {import("./blob.js").Tensor} tensor
 * @returns {string}
 */
export function identity({ shape, values }) {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let first = 0;
  let second = 0;
  for (let k = 0; k < words.length; k += 1) {
    const factor = (Math.imul(k, STEP) + STEP) | 1;
    let x = Math.imul(words[k] ^ (words[k] >>> 15), factor);
    x ^= x >>> 13;
    first = (first + x) | 0;
    second = (second + Math.imul(x ^ (x >>> 7), factor ^ OTHER)) | 0;
  }
  const hex = (/** @type {number} */ x) => (x >>> 0).toString(16).padStart(8, "0");
  return `${shape.join("x")}:${hex(first)}${hex(second)}`;
}
