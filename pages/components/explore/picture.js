/**
 * A map as a picture to keep: in its colours, with its numbers where they fit.
 * @module
 */

import { short } from "../common/format.js";
import { colour } from "../common/scale.js";

/** @typedef {import("../common/grid.js").Grid} Grid */

const SIDE = 1024; // px: a map of few cells is drawn about this large
const NUMBERS_FROM = 24; // px a cell
const MOST_SHAPES = 20_000; // cells: an SVG of more would take minutes to open

/** Whole pixels a cell. @param {Grid} grid */
function cellSize({ rows, columns }) {
  return Math.max(1, Math.floor(SIDE / Math.max(rows, columns)));
}

/** The number or numbers of a cell, its fill and its ink. @param {Grid} grid @param {number} k in row-major order */
function cellOf({ drawn, rows, columns }, k) {
  const { values, offset, scale, dark } = drawn;
  if (scale) return { text: short(values[offset + k], 3), ...colour(values[offset + k], scale, dark) };
  const [r, g, b] = [0, 1, 2].map((c) => Math.round(values[k + c * rows * columns] * 255));
  return { text: "", fill: `rgb(${r} ${g} ${b})`, ink: "#000" };
}

/**
 * @param {Grid} grid
 * @returns {Promise<Blob>} a PNG of the whole map, each cell a square of whole pixels
 */
export async function toPng(grid) {
  const size = cellSize(grid);
  const canvas = document.createElement("canvas");
  canvas.width = grid.columns * size;
  canvas.height = grid.rows * size;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(grid.values, 0, 0, canvas.width, canvas.height);
  if (size >= NUMBERS_FROM && grid.drawn.scale) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `500 ${Math.min(40, size * 0.3)}px sans-serif`;
    for (let k = 0; k < grid.rows * grid.columns; k += 1) {
      const { text, ink } = cellOf(grid, k);
      context.fillStyle = ink;
      context.fillText(text, ((k % grid.columns) + 0.5) * size, (Math.floor(k / grid.columns) + 0.53) * size);
    }
  }
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(/** @type {Blob} */ (blob)), "image/png"));
}

/**
 * @param {Grid} grid
 * @param {string} title
 * @returns {Blob} an SVG: a square a cell with its number, or one embedded picture where there are too many cells
 */
export function toSvg(grid, title) {
  const size = cellSize(grid);
  const [width, height] = [grid.columns * size, grid.rows * size];
  const safe = (/** @type {string} */ text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`, `<title>${safe(title)}</title>`];
  const count = grid.rows * grid.columns;
  if (count > MOST_SHAPES) {
    parts.push(`<image width="${width}" height="${height}" style="image-rendering:pixelated" href="${grid.values.toDataURL("image/png")}"/>`);
  } else {
    const letters = Math.min(40, size * 0.3);
    for (let k = 0; k < count; k += 1) {
      const { text, fill, ink } = cellOf(grid, k);
      const [x, y] = [(k % grid.columns) * size, Math.floor(k / grid.columns) * size];
      parts.push(`<rect x="${x}" y="${y}" width="${size}" height="${size}" fill="${fill}"/>`);
      if (size >= NUMBERS_FROM && text) {
        parts.push(`<text x="${x + size / 2}" y="${y + size * 0.53}" font-family="sans-serif" font-size="${letters}" fill="${ink}" text-anchor="middle" dominant-baseline="middle">${safe(text)}</text>`);
      }
    }
  }
  parts.push("</svg>");
  return new Blob([parts.join("\n")], { type: "image/svg+xml" });
}
