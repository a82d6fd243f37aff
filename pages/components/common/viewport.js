/**
 * Which part of every map is looked at. One viewport serves all maps of a page: its centre is a place in the input, and
 * each map shows what was made from around that place, through the field that Python handed over for its stage.
 * @module
 */

/**
 * @typedef {{zoom: number, row: number, column: number}} Viewport  `row` and `column` in input cells: 0 is the upper
 *   edge of the first cell, 0.5 its middle
 * @typedef {{rows: number, columns: number, field: {jump: number[], centre: number[]}}} Map  `field`: how many input
 *   cells lie between neighbouring cells of the map, and which input cell the first one is centred on
 * @typedef {{top: number, left: number, rows: number, columns: number}} Region in cells of a map, fractions included
 */

/** @type {Viewport} Nothing is cut off; the centre does not matter. */
export const WHOLE = Object.freeze({ zoom: 1, row: 0, column: 0 });

const SLACK = 1e-9; // cells: what rounding may add to a region in which a window has just room

const clamp = (/** @type {number} */ x, /** @type {number} */ low, /** @type {number} */ high) => Math.min(high, Math.max(low, x));

/**
 * The part of one map that a viewport shows; never beyond its edges.
 * @param {Viewport} viewport
 * @param {Map} map
 * @returns {Region}
 */
export function regionOf({ zoom, row, column }, { rows, columns, field }) {
  const along = (/** @type {number} */ centre, /** @type {number} */ count, /** @type {number} */ axis) => {
    const place = (centre - 0.5 - field.centre[axis]) / field.jump[axis] + 0.5;
    const size = count / zoom;
    return [clamp(place - size / 2, 0, count - size), size];
  };
  const [top, height] = along(row, rows, 0);
  const [left, width] = along(column, columns, 1);
  return { top, left, rows: height, columns: width };
}

/**
 * How far a map leans out of its region for some of its cells to be seen whole that lie half in it: what the cell at
 * another map's edge was made of. The further they lie out of it, the less it does, down to not at all: it never jumps.
 * @param {Region} region
 * @param {Map} map
 * @param {{top: number, left: number, bottom: number, right: number}} box its first and last rows and columns
 * @returns {{rows: number, columns: number}} in cells
 */
export function leaning(region, map, { top, left, bottom, right }) {
  const along = (/** @type {number} */ from, /** @type {number} */ size, /** @type {number} */ low, /** @type {number} */ high) => {
    const wide = high - low;
    if (wide > size + SLACK) return 0;
    const out = low < from ? low - from : Math.max(0, high - from - size);
    return Math.sign(out) * clamp(2 * wide - Math.abs(out), 0, Math.abs(out));
  };
  return {
    rows: along(region.top, region.rows, Math.max(0, top), Math.min(map.rows, bottom + 1)),
    columns: along(region.left, region.columns, Math.max(0, left), Math.min(map.columns, right + 1)),
  };
}

/**
 * The viewport that shows a region of a map.
 * @param {number} zoom
 * @param {number} top
 * @param {number} left
 * @param {Map} map
 * @returns {Viewport}
 */
function showing(zoom, top, left, { rows, columns, field }) {
  const centre = (/** @type {number} */ from, /** @type {number} */ count, /** @type {number} */ axis) => {
    const size = count / zoom;
    return (clamp(from, 0, count - size) + size / 2 - 0.5) * field.jump[axis] + field.centre[axis] + 0.5;
  };
  return { zoom, row: centre(top, rows, 0), column: centre(left, columns, 1) };
}

/**
 * Zoom about a point, which stays where it is on the screen.
 * @param {Viewport} viewport
 * @param {Map} map the one the point lies on
 * @param {{x: number, y: number}} point as a fraction of the map's frame, 0 to 1
 * @param {number} factor above 1 to come closer
 * @param {number} most the largest zoom
 * @returns {Viewport}
 */
export function zoomAt(viewport, map, { x, y }, factor, most) {
  const zoom = clamp(viewport.zoom * factor, 1, Math.max(1, most));
  const region = regionOf(viewport, map);
  const top = region.top + y * (region.rows - map.rows / zoom);
  const left = region.left + x * (region.columns - map.columns / zoom);
  return showing(zoom, top, left, map);
}

/**
 * Look at some cells of a map and as much again on each side of them.
 * @param {{top: number, left: number, bottom: number, right: number}} box its first and last rows and columns
 * @param {Map} map the one they lie on
 * @param {number} most the largest zoom
 * @returns {Viewport}
 */
export function around({ top, left, bottom, right }, map, most) {
  const [rows, columns] = [3 * (bottom - top + 1), 3 * (right - left + 1)];
  const zoom = clamp(Math.min(map.rows / rows, map.columns / columns), 1, Math.max(1, most));
  return showing(zoom, (top + bottom + 1 - map.rows / zoom) / 2, (left + right + 1 - map.columns / zoom) / 2, map);
}

/**
 * Move by so many cells of a map.
 * @param {Viewport} viewport
 * @param {Map} map
 * @param {number} rows
 * @param {number} columns
 * @returns {Viewport}
 */
export function panBy(viewport, map, rows, columns) {
  const region = regionOf(viewport, map);
  return showing(viewport.zoom, region.top + rows, region.left + columns, map);
}

/**
 * Move just so far that a cell of a map is seen.
 * @param {Viewport} viewport
 * @param {Map} map
 * @param {{row: number, column: number}} cell
 * @returns {Viewport}
 */
export function reveal(viewport, map, { row, column }) {
  const region = regionOf(viewport, map);
  const by = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ size) =>
    at < from ? at - from : at + 1 > from + size ? at + 1 - from - size : 0;
  const [rows, columns] = [by(row, region.top, region.rows), by(column, region.left, region.columns)];
  return rows || columns ? panBy(viewport, map, rows, columns) : viewport;
}
