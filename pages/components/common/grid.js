/**
 * One map of numbers: a heat map whose cells can be hovered, picked, walked by keyboard and, where allowed, painted.
 * Three layers lie on each other: values (one pixel a cell, scaled up), numbers and lines, and the marks that move.
 * @module
 */

import { h } from "./dom.js";
import { short } from "./format.js";
import { colour, paint } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./windows.js").Box} Box */
/** @typedef {{row: number, column: number}} Cell */
/** @typedef {{box: Box, role: "self" | "source" | "feeds" | "winner" | "term" | "pinned"}} Mark */
/**
 * @typedef {{
 *   hover?: (cell: Cell | null) => void,
 *   pick?: (cell: Cell) => void,
 *   stroke?: (cells: Cell[], phase: "start" | "move" | "end") => void,
 *   key?: (event: KeyboardEvent) => void,
 *   wheel?: (event: WheelEvent) => void,
 * }} Handlers  a grid without `stroke` cannot be painted
 */

const SMALLEST_NUMBER = 9; // px: smaller ones are hidden rather than illegible
const LARGEST_NUMBER = 17;
const LINES_FROM = 7; // px a cell: closer lines would hide the colours
const DIGIT_WIDTH = 0.6; // of the font size, for tabular figures

export class Grid {
  /**
   * @param {{view: string, label: string, on: Handlers}} options
   */
  constructor({ view, label, on }) {
    this.values = h("canvas", { class: "ks-map-values", "aria-hidden": "true" });
    this.ink = h("canvas", { class: "ks-map-ink", "aria-hidden": "true" });
    this.marks = h("canvas", { class: "ks-map-marks", "aria-hidden": "true" });
    this.element = h(
      "div",
      { class: "ks-map", "data-view": view, tabindex: "0", role: "application", "aria-label": label },
      this.values,
      this.ink,
      this.marks,
    );
    this.rows = 0;
    this.columns = 0;
    this.cell = 0;
    this.ring = 0;
    /** @type {Mark[]} */
    this.shownMarks = [];
    this.on = on;
    this.#listen();
  }

  /**
   * Set the size in cells and in pixels. Cheap when nothing changed.
   * @param {number} rows
   * @param {number} columns
   * @param {number} cell px, whole or not
   * @param {number} [ring] padding cells drawn around the map
   */
  resize(rows, columns, cell, ring = 0) {
    const ratio = window.devicePixelRatio || 1;
    if (rows === this.rows && columns === this.columns && cell === this.cell && ring === this.ring && ratio === this.ratio) {
      return;
    }
    Object.assign(this, { rows, columns, cell, ring, ratio });
    const [width, height] = [columns * cell, rows * cell];
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    this.values.width = columns;
    this.values.height = rows;
    this.image = this.values.getContext("2d").createImageData(columns, rows);
    this.values.style.imageRendering = cell >= 1 ? "pixelated" : "auto";
    this.ink.width = Math.round(width * ratio);
    this.ink.height = Math.round(height * ratio);
    this.bleed = Math.ceil(ring * cell) + 6;
    this.marks.width = Math.round((width + 2 * this.bleed) * ratio);
    this.marks.height = Math.round((height + 2 * this.bleed) * ratio);
    this.marks.style.inset = `${-this.bleed}px`;
    this.marks.style.width = `${width + 2 * this.bleed}px`;
    this.marks.style.height = `${height + 2 * this.bleed}px`;
  }

  /**
   * Draw the values of one plane.
   * @param {ArrayLike<number>} values
   * @param {number} offset of the plane's first value
   * @param {Scale} scale
   * @param {boolean} dark
   */
  draw(values, offset, scale, dark) {
    paint(this.image.data, values, offset, scale, dark);
    this.values.getContext("2d").putImageData(this.image, 0, 0);
    this.#drawInk(values, offset, scale, dark);
    this.dark = dark;
    this.drawMarks(this.shownMarks);
  }

  /** @param {ArrayLike<number>} values @param {number} offset @param {Scale} scale @param {boolean} dark */
  #drawInk(values, offset, scale, dark) {
    const context = this.ink.getContext("2d");
    const { cell, rows, columns } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, columns * cell, rows * cell);
    if (cell < LINES_FROM) return;
    context.strokeStyle = dark ? "rgb(255 255 255 / 14%)" : "rgb(0 0 0 / 12%)";
    context.lineWidth = 1;
    context.beginPath();
    for (let k = 1; k < columns; k += 1) {
      context.moveTo(Math.round(k * cell) + 0.5, 0);
      context.lineTo(Math.round(k * cell) + 0.5, rows * cell);
    }
    for (let k = 1; k < rows; k += 1) {
      context.moveTo(0, Math.round(k * cell) + 0.5);
      context.lineTo(columns * cell, Math.round(k * cell) + 0.5);
    }
    context.stroke();
    if (cell < 2 * SMALLEST_NUMBER) return;
    const texts = Array.from({ length: rows * columns }, (_, k) => short(values[offset + k], 3));
    const longest = texts.reduce((most, text) => Math.max(most, text.length), 1);
    const size = Math.min(LARGEST_NUMBER, cell * 0.42, (cell - 5) / (longest * DIGIT_WIDTH));
    if (size < SMALLEST_NUMBER) return;
    context.font = `500 ${size}px ${getComputedStyle(this.element).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    texts.forEach((text, k) => {
      context.fillStyle = colour(values[offset + k], scale, dark).ink;
      context.fillText(text, ((k % columns) + 0.5) * cell, (Math.floor(k / columns) + 0.53) * cell);
    });
  }

  /**
   * Outline boxes over the map; what was marked before is gone.
   * @param {Mark[]} marks
   * @param {((row: number) => number) | null} [veil] for each row, the first column that is still blank
   */
  drawMarks(marks, veil = this.veil ?? null) {
    this.shownMarks = marks;
    this.veil = veil;
    const context = this.marks.getContext("2d");
    const { cell, bleed, rows, columns } = this;
    const style = getComputedStyle(this.element);
    const accent = style.getPropertyValue("--ks-accent").trim() || "#b0125b";
    const paper = style.getPropertyValue("--ks-paper").trim() || "#fff";
    context.setTransform(this.ratio, 0, 0, this.ratio, bleed * this.ratio, bleed * this.ratio);
    context.clearRect(-bleed, -bleed, columns * cell + 2 * bleed, rows * cell + 2 * bleed);
    if (this.ring && cell >= 3) this.#drawRing(context);
    if (veil) {
      context.fillStyle = paper;
      for (let row = 0; row < rows; row += 1) {
        const from = veil(row);
        // Whole pixels, a little over: cells of a photograph end between pixels and would shine through the seams.
        const [left, top] = [Math.floor(from * cell), Math.floor(row * cell)];
        if (from < columns) context.fillRect(left, top, Math.ceil(columns * cell) - left, Math.ceil(cell) + 1);
      }
    }
    for (const { box, role } of marks) {
      const x = box.left * cell;
      const y = box.top * cell;
      const [width, height] = [(box.right - box.left + 1) * cell, (box.bottom - box.top + 1) * cell];
      // A cell of a large photograph is smaller than a pixel's outline: the mark keeps a size that can be seen.
      const grow = Math.max(0, (7 - Math.min(width, height)) / 2);
      const frame = /** @type {[number, number, number, number]} */ ([
        x - grow,
        y - grow,
        width + 2 * grow,
        height + 2 * grow,
      ]);
      context.setLineDash(role === "feeds" ? [4, 3] : []);
      if (role !== "feeds") {
        // A halo in the page's own colour keeps the mark apart from whatever colours lie under it.
        context.strokeStyle = paper;
        context.lineWidth = role === "pinned" ? 3.5 : 5;
        context.strokeRect(...frame);
      }
      context.strokeStyle = accent;
      context.lineWidth = role === "self" || role === "term" ? 3 : role === "pinned" ? 1.5 : 2;
      context.strokeRect(...frame);
      context.setLineDash([]);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawRing(context) {
    const { cell, ring, rows, columns } = this;
    context.strokeStyle = this.dark ? "rgb(255 255 255 / 28%)" : "rgb(0 0 0 / 25%)";
    context.fillStyle = context.strokeStyle;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    context.strokeRect(-ring * cell + 0.5, -ring * cell + 0.5, (columns + 2 * ring) * cell - 1, (rows + 2 * ring) * cell - 1);
    context.setLineDash([]);
    if (cell < 2 * SMALLEST_NUMBER) return;
    context.font = `${Math.max(SMALLEST_NUMBER, cell * 0.3)}px ${getComputedStyle(this.element).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = -ring; row < rows + ring; row += 1) {
      for (let column = -ring; column < columns + ring; column += 1) {
        if (row >= 0 && row < rows && column >= 0 && column < columns) continue;
        context.fillText("0", (column + 0.5) * cell, (row + 0.53) * cell);
      }
    }
  }

  /**
   * @param {PointerEvent | MouseEvent} event
   * @param {boolean} [clamp] to the nearest cell instead of null outside
   * @returns {Cell | null}
   */
  cellAt(event, clamp = false) {
    const frame = this.element.getBoundingClientRect();
    let row = Math.floor(((event.clientY - frame.top) / frame.height) * this.rows);
    let column = Math.floor(((event.clientX - frame.left) / frame.width) * this.columns);
    if (clamp) {
      row = Math.min(this.rows - 1, Math.max(0, row));
      column = Math.min(this.columns - 1, Math.max(0, column));
    }
    return row >= 0 && column >= 0 && row < this.rows && column < this.columns ? { row, column } : null;
  }

  #listen() {
    const { element } = this;
    /** @type {Cell | null} */
    let start = null;
    /** @type {Cell | null} */
    let last = null;
    let painting = false;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      start = last = this.cellAt(event, true);
      painting = false;
      element.setPointerCapture(event.pointerId);
    });
    element.addEventListener("pointermove", (event) => {
      const cell = this.cellAt(event, start !== null);
      if (start && last && cell && this.on.stroke && (painting || cell.row !== start.row || cell.column !== start.column)) {
        if (cell.row === last.row && cell.column === last.column) return;
        this.on.stroke(line(last, cell), painting ? "move" : "start");
        painting = true;
        last = cell;
        return;
      }
      this.on.hover?.(cell);
    });
    element.addEventListener("pointerup", (event) => {
      const cell = this.cellAt(event);
      if (painting) this.on.stroke([], "end");
      else if (start && cell) this.on.pick?.(cell);
      start = null;
      painting = false;
    });
    element.addEventListener("pointercancel", () => {
      if (painting) this.on.stroke([], "end");
      start = null;
      painting = false;
    });
    element.addEventListener("pointerleave", () => {
      if (!start) this.on.hover?.(null);
    });
    element.addEventListener("keydown", (event) => this.on.key?.(event));
    element.addEventListener(
      "wheel",
      (event) => {
        // Only where the person has put the focus: a page must scroll past a map without changing it.
        if (this.on.wheel && document.activeElement === element) {
          event.preventDefault();
          this.on.wheel(event);
        }
      },
      { passive: false },
    );
  }
}

/**
 * The cells on a straight line between two, both ends included: a fast pointer skips none.
 * @param {Cell} from
 * @param {Cell} to
 * @returns {Cell[]}
 */
export function line(from, to) {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  return Array.from({ length: steps + 1 }, (_, k) => ({
    row: Math.round(from.row + ((to.row - from.row) * k) / (steps || 1)),
    column: Math.round(from.column + ((to.column - from.column) * k) / (steps || 1)),
  }));
}
