/**
 * One message from Python: a JSON header and the arrays it names, in one block of bytes.
 * The layout is written by pages/components/blob.py: a little-endian uint32 with the header's length, the header
 * padded to 8 bytes, then the arrays as float64 in the order of `header.arrays`.
 * @module
 */

/**
 * @typedef {{shape: number[], values: Float64Array}} Tensor
 */

/**
 * @param {Uint8Array} bytes
 * @returns {{header: any, arrays: Map<string, Tensor>}} the arrays by the identity of their content
 */
export function unpack(bytes) {
  // Float64Array wants its bytes on an 8-byte boundary, which a slice of a larger message need not have.
  const own = bytes.slice();
  const length = new DataView(own.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(own.subarray(8, 8 + length)));
  const arrays = new Map();
  let offset = 8 + Math.ceil(length / 8) * 8;
  for (const { id, shape } of header.arrays) {
    const count = shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
    arrays.set(id, { shape, values: new Float64Array(own.buffer, offset, count) });
    offset += count * 8;
  }
  return { header, arrays };
}
