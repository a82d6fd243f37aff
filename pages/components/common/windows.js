/**
 * Which cells belong to which, walked along the links that Python handed over (cnn_core.shapes made their numbers).
 *
 * A link says how a stage reads the one before it:
 *   window  - output cell (i, j) reads rows origin[0] + i * stride[0] + a * dilation[0], a < extent[0]; likewise columns
 *   same    - cell (i, j) reads cell (i, j)
 *   reshape - the same numbers in another shape, in row-major order
 *   all     - every cell reads every cell
 * @module
 */

/**
 * @typedef {{kind: "window", origin: number[], stride: number[], dilation: number[], extent: number[]}
 *   | {kind: "same"} | {kind: "reshape"} | {kind: "all"}} Link
 * @typedef {{top: number, left: number, bottom: number, right: number}} Box inclusive on all sides
 */

/**
 * The rows (axis 0) or columns (axis 1) that a run of output cells reads, from the first to the last.
 * @param {any} link
 * @param {number} axis
 * @param {number} first
 * @param {number} last
 * @returns {[number, number]}
 */
function spanBack(link, axis, first, last) {
  const reach = (link.extent[axis] - 1) * link.dilation[axis];
  return [link.origin[axis] + first * link.stride[axis], link.origin[axis] + last * link.stride[axis] + reach];
}

/**
 * The output rows or columns that read anything of a run of input cells; first > last where none does.
 * @param {any} link
 * @param {number} axis
 * @param {number} first
 * @param {number} last
 * @param {number} size of the output along this axis
 * @returns {[number, number]}
 */
function spanForward(link, axis, first, last, size) {
  const reach = (link.extent[axis] - 1) * link.dilation[axis];
  const low = Math.ceil((first - link.origin[axis] - reach) / link.stride[axis]);
  const high = Math.floor((last - link.origin[axis]) / link.stride[axis]);
  return [Math.max(0, low), Math.min(size - 1, high)];
}

/**
 * @param {Box} box of output cells
 * @param {Link} link
 * @returns {Box} the input cells they read; it may reach into the padding
 */
export function boxBack(box, link) {
  if (link.kind !== "window") return box;
  const [top, bottom] = spanBack(link, 0, box.top, box.bottom);
  const [left, right] = spanBack(link, 1, box.left, box.right);
  return { top, left, bottom, right };
}

/**
 * @param {Box} box of input cells
 * @param {Link} link
 * @param {[number, number]} size rows and columns of the output
 * @returns {Box | null} the output cells that read any of them
 */
export function boxForward(box, link, size) {
  if (link.kind !== "window") return box;
  const [top, bottom] = spanForward(link, 0, box.top, box.bottom, size[0]);
  const [left, right] = spanForward(link, 1, box.left, box.right, size[1]);
  return top > bottom || left > right ? null : { top, left, bottom, right };
}

/**
 * The cells of one plane that one output cell reads, in kernel order; `inside` is false for a padding cell.
 * @param {any} link
 * @param {number} i
 * @param {number} j
 * @param {number} rows of the input
 * @param {number} columns of the input
 */
export function taps(link, i, j, rows, columns) {
  const cells = [];
  for (let a = 0; a < link.extent[0]; a += 1) {
    for (let b = 0; b < link.extent[1]; b += 1) {
      const row = link.origin[0] + i * link.stride[0] + a * link.dilation[0];
      const column = link.origin[1] + j * link.stride[1] + b * link.dilation[1];
      cells.push({ a, b, row, column, inside: row >= 0 && row < rows && column >= 0 && column < columns });
    }
  }
  return cells;
}

/**
 * The place of a cell in row-major order.
 * @param {number[]} index
 * @param {number[]} shape
 */
export function ravel(index, shape) {
  return index.reduce((flat, position, axis) => flat * shape[axis] + position, 0);
}

/**
 * The index of the cell at a place in row-major order.
 * @param {number} flat
 * @param {number[]} shape
 */
export function unravel(flat, shape) {
  const index = new Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    index[axis] = flat % shape[axis];
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}
