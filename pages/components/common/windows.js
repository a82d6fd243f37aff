/**
 * Which cells belong to which, walked along the links that Python handed over (cnn_core.shapes made their numbers).
 *
 * A link says how a stage reads the one before it:
 *   window  - output cell (i, j) reads rows origin[0] + i * stride[0] + a * dilation[0], a < extent[0]; likewise columns;
 *             with `shown`, a place outside shows a cell of the image: shown[0][place - origin[0]] is its row, likewise
 *             columns; with `groups`, the channels of both sides fall into as many groups, and only a group is mixed
 *   spread  - the other way round: input cell (n, m) feeds output rows origin[0] + n * stride[0] + a * dilation[0]
 *   same    - cell (i, j) reads cell (i, j), and with `also` the numbers of its channel in other stages
 *   reshape - the same numbers in another shape, in row-major order
 *   all     - every cell reads every cell
 * @module
 */

/**
 * @typedef {{kind: "window" | "spread", origin: number[], stride: number[], dilation: number[], extent: number[],
 *   groups?: number, shown?: number[][]}
 *   | {kind: "same", groups?: number, also?: {stage: number, weights: number[]}[]} | {kind: "reshape"} | {kind: "all"}} Link
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

/** How many rows and columns lie from the first to the last that one output cell reads, at most. @param {any} link @returns {number[]} */
export function windowOf({ kind, extent, dilation, stride }) {
  return extent.map((/** @type {number} */ count, /** @type {number} */ axis) => {
    const reach = (count - 1) * dilation[axis] + 1;
    return kind === "spread" ? Math.ceil(reach / stride[axis]) : reach;
  });
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

/** @param {number} first @param {number} last @returns {number[]} all lines between, these included; none where the last comes first */
function run(first, last) {
  const lines = [];
  for (let line = first; line <= last; line += 1) lines.push(line);
  return lines;
}

/** Every row and every column of a box. @param {Box} box @returns {number[][]} */
export function everyLine({ top, left, bottom, right }) {
  return [run(top, bottom), run(left, right)];
}

/** The box around the cells where some rows and columns meet. @param {number[][]} lines in their order, at least one of each @returns {Box} */
export function boxAround([rows, columns]) {
  return { top: rows[0], left: columns[0], bottom: rows[rows.length - 1], right: columns[columns.length - 1] };
}

/**
 * The boxes that hold just the cells where some rows and columns meet: one around all, or where lines are left out
 * between, one around each.
 * @param {number[][]} lines rows and columns, at least one of each
 * @returns {Box[]}
 */
export function boxesOf([rows, columns]) {
  const around = boxAround([rows, columns]);
  const whole = (around.bottom - around.top + 1) * (around.right - around.left + 1);
  if (rows.length * columns.length === whole) return [around];
  return rows.flatMap((row) => columns.map((column) => ({ top: row, left: column, bottom: row, right: column })));
}

/**
 * Along one axis, the output lines that read any of some input lines, in their order and each once.
 * @param {Link} link
 * @param {number} axis
 * @param {number[]} lines of the input
 * @param {number} size of the output along it
 * @returns {number[]}
 */
export function linesForward(link, axis, lines, size) {
  if (link.kind !== "window" && link.kind !== "spread") return lines;
  const [first, last] = [lines[0], lines[lines.length - 1]];
  // Neighbours under windows without holes feed neighbours: 0.6 and not 1.4 µs, and this is asked under the pointer.
  if (link.kind === "window" && !link.shown && link.dilation[axis] === 1 && last - first + 1 === lines.length) return run(...spanForward(link, axis, first, last, size));
  const found = new Set(lines.flatMap((line) => readBy(link, axis, line, size).map(({ i }) => i)));
  return [...found].sort((one, other) => one - other);
}

/**
 * Along one axis, what an output line reads: each tap's number, the place it lies at, and the line of the image that is
 * seen there, -1 for a line of zeros.
 * @param {any} link
 * @param {number} axis
 * @param {number} i
 * @param {number} size of the input along it
 * @returns {{tap: number, place: number, line: number}[]}
 */
function read(link, axis, i, size) {
  const [origin, stride, dilation] = [link.origin[axis], link.stride[axis], link.dilation[axis]];
  const found = [];
  for (let tap = 0; tap < link.extent[axis]; tap += 1) {
    if (link.kind === "spread") {
      const line = (i - origin - tap * dilation) / stride;
      if (Number.isInteger(line) && line >= 0 && line < size) found.push({ tap, place: line, line });
      continue;
    }
    const place = origin + i * stride + tap * dilation;
    const line = link.shown ? link.shown[axis][place - origin] : place >= 0 && place < size ? place : -1;
    found.push({ tap, place, line });
  }
  return found;
}

/**
 * The other way round: the output lines that read an input line, each with the tap it meets there.
 * @param {any} link
 * @param {number} axis
 * @param {number} line
 * @param {number} size of the output along it
 * @returns {{tap: number, i: number}[]}
 */
function readBy(link, axis, line, size) {
  const [origin, stride, dilation] = [link.origin[axis], link.stride[axis], link.dilation[axis]];
  const places = link.shown ? link.shown[axis].flatMap((shown, k) => (shown === line ? [k + origin] : [])) : [line];
  const found = [];
  for (const place of places) {
    for (let tap = 0; tap < link.extent[axis]; tap += 1) {
      const i = link.kind === "spread" ? origin + place * stride + tap * dilation : (place - origin - tap * dilation) / stride;
      if (Number.isInteger(i) && i >= 0 && i < size) found.push({ tap, i });
    }
  }
  return found;
}

/**
 * The cells of one plane that one output cell reads, in kernel order; `inside` is false for a zero around the image.
 * `row` and `column` are the cell whose number is met, `place` where it was met: they differ where padding shows a cell.
 * @param {any} link
 * @param {number} i
 * @param {number} j
 * @param {number} rows of the input
 * @param {number} columns of the input
 */
export function taps(link, i, j, rows, columns) {
  const across = read(link, 1, j, columns);
  return read(link, 0, i, rows).flatMap((down) =>
    across.map((over) => ({
      a: down.tap,
      b: over.tap,
      ...seen(down, over),
    })),
  );
}

/** @typedef {ReturnType<typeof read>[number]} Read */

/** The cell that is seen where a row and a column were read. @param {Read} down @param {Read} over */
function seen(down, over) {
  const place = { row: down.place, column: over.place };
  return { row: down.line, column: over.line, place, inside: down.line >= 0 && over.line >= 0 };
}

/**
 * The output cells that an input cell feeds, each with the kernel position (a, b) that it meets there.
 * @param {any} link
 * @param {number} row
 * @param {number} column
 * @param {[number, number]} size rows and columns of the output
 */
export function fedBy(link, row, column, size) {
  const across = readBy(link, 1, column, size[1]);
  const found = readBy(link, 0, row, size[0]).flatMap((down) => across.map((over) => ({ i: down.i, j: over.i, a: down.tap, b: over.tap })));
  return found.sort((one, other) => one.i - other.i || one.j - other.j || one.a - other.a || one.b - other.b);
}

/**
 * What one kernel position meets, along one axis: for each output line that uses it, the place it meets there and the
 * line of the image that is seen at that place, -1 for a line of zeros. All that it meets is each pair of lines.
 * @param {any} link
 * @param {number} axis
 * @param {number} tap
 * @param {number} from size of the input along it
 * @param {number} to size of the output along it
 * @returns {{i: number, place: number, line: number}[]}
 */
export function metAlong(link, axis, tap, from, to) {
  const found = [];
  for (let i = 0; i < to; i += 1) {
    const met = read(link, axis, i, from).find((each) => each.tap === tap);
    if (met) found.push({ i, place: met.place, line: met.line });
  }
  return found;
}

/**
 * The input channels that an output channel mixes: the first, and how many.
 * @param {any} link
 * @param {number} output
 * @param {number} inputs channels
 * @param {number} outputs channels
 * @returns {{first: number, count: number}}
 */
export function groupOf(link, output, inputs, outputs) {
  const groups = link.groups ?? 1;
  const count = inputs / groups;
  return { first: Math.floor(output / (outputs / groups)) * count, count };
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
