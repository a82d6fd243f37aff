/**
 * A stage as a picture to keep: in its colours, with its numbers where they fit, and names where its rows have some.
 * @module
 */

import { short } from "./format.js";
import { colour } from "./scale.js";

/**
 * @typedef {{
 *   rows: number, columns: number,
 *   values: ArrayLike<number>, offset: number,
 *   scale: import("./scale.js").Scale | null, dark: boolean,
 *   names: string[] | null,
 * }} Plane  what is drawn; `scale` null for three planes that make one picture in colour; `names` of the rows
 */

const SIDE = 1024; // px: a map of few cells is drawn about this large
const NARROWEST = 48; // px: a column that stands alone is no line
const NUMBERS_FROM = 24; // px a cell
const MOST_SHAPES = 20_000; // cells: an SVG of more would take minutes to open
const NAMES = 160; // px beside the cells, where they have names

/** Whole pixels of a cell, across and down, and where the cells begin. @param {Plane} plane */
function sizes({ rows, columns, names }) {
  const height = Math.max(1, Math.floor(SIDE / Math.max(rows, columns)));
  const width = columns === 1 ? Math.max(NARROWEST, height) : height;
  const left = names ? NAMES : 0;
  return { width, height, left, whole: [left + columns * width, rows * height], numbers: Math.min(width, height) >= NUMBERS_FROM };
}

/** The size of letters that fit a cell, px. @param {string} text @param {number} width @param {number} height */
const lettersOf = (text, width, height) => Math.min(40, height * 0.3, (width - 6) / (text.length * 0.6));

/** The number of a cell, its fill and its ink. @param {Plane} plane @param {number} k in row-major order */
function cellOf({ values, offset, scale, dark, rows, columns }, k) {
  if (scale) return { text: short(values[offset + k], 3), ...colour(values[offset + k], scale, dark) };
  const [r, g, b] = [0, 1, 2].map((c) => Math.round(values[k + c * rows * columns] * 255));
  return { text: "", fill: `rgb(${r} ${g} ${b})`, ink: "#000" };
}

/** @param {Plane} plane */
function paintCells(plane) {
  const { width, height, left, whole, numbers } = sizes(plane);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = whole;
  const context = canvas.getContext("2d");
  context.textBaseline = "middle";
  if (plane.names) {
    context.fillStyle = plane.dark ? "#16181d" : "#fff";
    context.fillRect(0, 0, left, whole[1]);
  }
  for (let k = 0; k < plane.rows * plane.columns; k += 1) {
    const { text, fill, ink } = cellOf(plane, k);
    const [x, y] = [left + (k % plane.columns) * width, Math.floor(k / plane.columns) * height];
    context.fillStyle = fill;
    context.fillRect(x, y, width, height);
    if (!numbers || !text) continue;
    context.fillStyle = ink;
    context.textAlign = "center";
    context.font = `500 ${lettersOf(text, width, height)}px sans-serif`;
    context.fillText(text, x + width / 2, y + height * 0.53);
  }
  return { canvas, context, height };
}

/** A PNG, each cell of whole pixels. @param {Plane} plane @returns {Promise<Blob>} */
export function toPng(plane) {
  const { canvas, context, height } = paintCells(plane);
  context.font = `500 ${Math.min(28, height * 0.3)}px sans-serif`;
  context.textAlign = "left";
  context.fillStyle = plane.dark ? "#fff" : "#000";
  plane.names?.forEach((name, row) => context.fillText(name, 0, (row + 0.53) * height, NAMES - 12));
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), "image/png"));
}

/**
 * @param {Plane} plane
 * @param {string} title
 * @returns {Blob} an SVG: a square a cell with its number, or one embedded picture where there are too many cells
 */
export function toSvg(plane, title) {
  const { width, height, left, whole, numbers } = sizes(plane);
  const safe = (/** @type {string} */ text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole[0]} ${whole[1]}" width="${whole[0]}" height="${whole[1]}">`, `<title>${safe(title)}</title>`];
  const write = (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ ink, /** @type {string} */ anchor) =>
    parts.push(`<text x="${x}" y="${y}" font-family="sans-serif" font-size="${lettersOf(text, anchor === "start" ? NAMES : width, height)}" fill="${ink}" text-anchor="${anchor}" dominant-baseline="middle">${safe(text)}</text>`);
  const count = plane.rows * plane.columns;
  if (count > MOST_SHAPES) {
    parts.push(`<image width="${whole[0]}" height="${whole[1]}" style="image-rendering:pixelated" href="${paintCells(plane).canvas.toDataURL("image/png")}"/>`);
  } else {
    for (let k = 0; k < count; k += 1) {
      const { text, fill, ink } = cellOf(plane, k);
      const [x, y] = [left + (k % plane.columns) * width, Math.floor(k / plane.columns) * height];
      parts.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"/>`);
      if (numbers && text) write(text, x + width / 2, y + height * 0.53, ink, "middle");
    }
  }
  if (plane.names) parts.push(`<path d="M0 0H${left}V${whole[1]}H0z" fill="${plane.dark ? "#16181d" : "#fff"}"/>`);
  plane.names?.forEach((name, row) => write(name, 0, (row + 0.53) * height, plane.dark ? "#fff" : "#000", "start"));
  parts.push("</svg>");
  return new Blob([parts.join("\n")], { type: "image/svg+xml" });
}
