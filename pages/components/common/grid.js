/**
 * One map of numbers: a heat map whose cells can be hovered, picked, walked by keyboard and, where allowed, painted.
 * Three layers lie on each other: values (one pixel a cell, scaled up), numbers and lines, and the marks that move.
 * @module
 */

import { drawCover } from "./cover.js";
import { h } from "./dom.js";
import { extent, fitting, short } from "./format.js";
import { listen } from "./gestures.js";
import { digitWidth, letters } from "./letters.js";
import { sampled } from "./sample.js";
import { colour, paint, paintColour } from "./scale.js";

/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./windows.js").Box} Box */
/** @typedef {{row: number, column: number}} Cell */
/**
 * @typedef {{box?: Box, rows?: number[], columns?: number[], role: "self" | "source" | "feeds" | "winner" | "tie" | "tied" | "term" | "pinned" | "tap" | "taps" | "field", inside?: Box | null, hue?: string}} Mark
 *   a "field" is drawn where it lies `inside` the map, and in dashes where it goes on beyond; `hue`: of the weight that a "tap" meets; "taps" are all the cells where one of `rows` crosses one of `columns`;
 *   a "tie" is as large as the winner, and "tied" a cell whose window has one
 */
/**
 * @typedef {{
 *   hover?: (cell: Cell | null) => void,
 *   pick?: (cell: Cell) => void,
 *   stroke?: (cells: Cell[], phase: "start" | "move" | "end") => void,
 *   draws?: (pointerType: string) => boolean,
 *   key?: (event: KeyboardEvent) => void,
 *   wheel?: (event: WheelEvent) => void,
 *   zoom?: (factor: number, point: {x: number, y: number}) => boolean,
 *   pan?: (right: number, down: number) => void,
 * }} Handlers  a grid without `stroke` cannot be painted, and `draws` says by which pointers it is; `zoom` says whether there was anything to zoom
 */

const SMALLEST_NUMBER = 9; // px: smaller ones are hidden rather than illegible
export const TIED_FROM = 2 * SMALLEST_NUMBER; // px a cell: a smaller one has no room for the corner that marks a tie
const EASY_NUMBER = 11;
const LARGEST_NUMBER = 17;
const DIGIT_HALF = 0.36; // of the letters' size: half a digit's height
const LINES_FROM = 7; // px a cell: closer lines would hide the colours
const TINTED_BELOW = 12; // px a cell: a smaller one is tinted in a hue and not framed in it
const AIR = 7 / 32; // of a cell stays free beside a decimal, or it would run into the next one
const OVERHANG_MOST = 24; // px beyond the ring: more would lie over what stands beside the map
const NARROWEST_RING = 3; // px
/** Padding cells around a map: top, bottom, left, right. */
const NO_RING = Object.freeze([0, 0, 0, 0]);

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
      h("div", { class: "ks-map-clip" }, this.values),
      this.ink,
      this.marks,
    );
    this.rows = 0;
    this.columns = 0;
    this.cell = 0;
    this.ring = NO_RING;
    /** Cells beyond the map's edge that a mark may reach, where they are more than those of the ring. */
    this.overhang = 0;
    /** How numbers are written, where it is not in decimals. @type {((value: number) => string) | null} */
    this.words = null;
    /** Which row and column each place around the map shows, where it is not zeros. @type {number[][] | null} */
    this.around = null;
    /** Whether numbers that should be in words stand there in decimals, for want of room. */
    this.rounded = false;
    // The part that is looked at: how much closer, and the cell at the frame's upper left, fractions included.
    this.zoom = 1;
    this.top = 0;
    this.left = 0;
    /** @type {{values: ArrayLike<number>, offset: number, scale: Scale | null, dark: boolean, luma?: number[]} | null} */
    this.drawn = null;
    /** What lies over the numbers, where they are to be predicted. @type {import("./cover.js").Cover | null} */
    this.cover = null;
    /** @type {Mark[]} */
    this.shownMarks = [];
    listen(this, on);
  }

  /**
   * Set the size in cells and in pixels. Cheap when nothing changed.
   * @param {number} rows
   * @param {number} columns
   * @param {number} cell px, whole or not
   * @param {readonly number[]} [ring] padding cells drawn around the map: top, bottom, left, right
   * @param {number[][] | null} [around] the row and the column of the map that each place of the padded map shows; null for zeros
   */
  resize(rows, columns, cell, ring = NO_RING, around = null) {
    this.around = around;
    const ratio = window.devicePixelRatio || 1;
    if (rows === this.rows && columns === this.columns && cell === this.cell && String(ring) === String(this.ring) && this.overhang === this.hung && ratio === this.ratio) {
      return;
    }
    Object.assign(this, { rows, columns, cell, ring, ratio, hung: this.overhang });
    const [width, height] = [columns * cell, rows * cell];
    this.element.style.width = `${width}px`;
    this.element.style.height = `${height}px`;
    this.image = null;
    this.drawn = null;
    this.#place();
    this.ink.width = Math.round(width * ratio);
    this.ink.height = Math.round(height * ratio);
    const padded = Math.max(...ring) * cell;
    this.bleed = Math.ceil(Math.max(padded, Math.min(this.overhang * cell, padded + OVERHANG_MOST))) + 6;
    this.marks.width = Math.round((width + 2 * this.bleed) * ratio);
    this.marks.height = Math.round((height + 2 * this.bleed) * ratio);
    this.marks.style.inset = `${-this.bleed}px`;
    this.marks.style.width = `${width + 2 * this.bleed}px`;
    this.marks.style.height = `${height + 2 * this.bleed}px`;
  }

  /** Pixels a cell as it is looked at. */
  get scale() {
    return this.cell * this.zoom;
  }

  /**
   * Look at a part of the map; the frame keeps its size.
   * @param {number} zoom 1 for the whole map
   * @param {number} top the row at the frame's upper edge, fractions included
   * @param {number} left
   */
  look(zoom, top, left) {
    if (zoom === this.zoom && top === this.top && left === this.left) return;
    Object.assign(this, { zoom, top, left });
    this.#place();
    if (!this.drawn) return;
    this.#drawInk();
    this.drawMarks(this.shownMarks);
  }

  #place() {
    const { scale, rows, columns, top, left } = this;
    Object.assign(this.values.style, {
      imageRendering: scale >= 1 ? "pixelated" : "auto",
      width: `${columns * scale}px`,
      height: `${rows * scale}px`,
      transform: `translate(${-left * scale}px, ${-top * scale}px)`,
    });
    this.element.classList.toggle("ks-zoomed", this.zoom > 1);
  }

  /**
   * Draw the values of one plane.
   * @param {ArrayLike<number>} values
   * @param {number} offset of the plane's first value
   * @param {Scale} scale
   * @param {boolean} dark
   * @param {boolean} [coarse] whether cells that are smaller than a pixel may be left out, as long as a gesture lasts
   */
  draw(values, offset, scale, dark, coarse = false) {
    this.drawn = { values, offset, scale, dark };
    if (!this.rows || !this.columns) return; // not laid out yet, as on a page that is left at once
    const step = coarse ? Math.max(1, Math.floor(1 / (this.scale * this.ratio))) : 1;
    if (step === 1) paint(this.#imageOf(this.rows, this.columns).data, values, offset, scale, dark);
    else {
      const { seen, rows, columns } = sampled(values, [offset], [this.rows, this.columns], step);
      paint(this.#imageOf(rows, columns).data, seen, 0, scale, dark);
    }
    this.values.getContext("2d").putImageData(this.image, 0, 0);
    this.#drawInk();
    this.drawMarks(this.shownMarks);
  }

  /** The picture of the values, one pixel a cell that is drawn. @param {number} rows @param {number} columns */
  #imageOf(rows, columns) {
    if (this.image?.width !== columns || this.image.height !== rows) {
      this.values.width = columns;
      this.values.height = rows;
      this.image = this.values.getContext("2d").createImageData(columns, rows);
    }
    return this.image;
  }

  /**
   * Draw three planes as one picture in colour.
   * @param {ArrayLike<number>} values red, then green, then blue
   * @param {boolean} dark
   * @param {number[]} luma what each of them counts in how bright a colour is
   */
  drawColour(values, dark, luma) {
    this.drawn = { values, offset: 0, scale: null, dark, luma };
    paintColour(this.#imageOf(this.rows, this.columns).data, values);
    this.values.getContext("2d").putImageData(this.image, 0, 0);
    this.#drawInk();
    this.drawMarks(this.shownMarks);
  }

  /** Lines between cells and the numbers in them, where there is room; only of the part that is looked at. */
  #drawInk() {
    this.rounded = false;
    const context = this.ink.getContext("2d");
    const { cell, rows, columns, top, left, scale: size, zoom } = this;
    const { values, offset, scale, dark, luma } = this.drawn;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, columns * cell, rows * cell);
    if (size < LINES_FROM) return;
    const [firstRow, lastRow] = [Math.floor(top), Math.min(rows, Math.ceil(top + rows / zoom)) - 1];
    const [firstColumn, lastColumn] = [Math.floor(left), Math.min(columns, Math.ceil(left + columns / zoom)) - 1];
    context.strokeStyle = dark ? "rgb(255 255 255 / 14%)" : "rgb(0 0 0 / 12%)";
    context.lineWidth = 1;
    context.beginPath();
    for (let k = firstColumn + 1; k <= lastColumn; k += 1) {
      const x = Math.round((k - left) * size) + 0.5;
      context.moveTo(x, 0);
      context.lineTo(x, rows * cell);
    }
    for (let k = firstRow + 1; k <= lastRow; k += 1) {
      const y = Math.round((k - top) * size) + 0.5;
      context.moveTo(0, y);
      context.lineTo(columns * cell, y);
    }
    context.stroke();
    if (size < 2 * SMALLEST_NUMBER) return;
    const plane = rows * columns;
    // A picture in colour has three numbers a cell, one below the other.
    const planes = scale ? [offset] : [0, plane, 2 * plane];
    const cells = [];
    for (let row = firstRow; row <= lastRow; row += 1) {
      for (let column = firstColumn; column <= lastColumn; column += 1) {
        cells.push({ row, column, numbers: planes.map((from) => values[from + row * columns + column]) });
      }
    }
    const written = cells.flatMap(({ numbers }) => numbers);
    const exact = this.words && written.map(this.words);
    const { fontFamily: family } = getComputedStyle(this.element);
    const digit = digitWidth(family);
    const count = (/** @type {number} */ letter, /** @type {number} */ across) => across / (letter * digit);
    const fits = (/** @type {number} */ letter) => !!exact?.every((text) => extent(text) <= count(letter, size - 2));
    const beside = scale ? Math.max(Math.abs(scale.low), Math.abs(scale.high)) : 1;
    const decimals = (/** @type {number} */ letter, /** @type {number} */ room, /** @type {number} */ least) => {
      const texts = fitting(written, scale ? 3 : 2, count(letter, room), beside, least);
      return texts && /** @type {const} */ ([texts, room]);
    };
    // A fraction cannot lose a digit; a decimal rather loses its third than be hard to read, or run into the next one.
    const [texts, room] = fits(SMALLEST_NUMBER) ? [exact, size - 2] : decimals(EASY_NUMBER, size - Math.max(7, size * AIR), 2) ?? decimals(SMALLEST_NUMBER, size - 5, 1) ?? [];
    if (!texts) return;
    const longest = Math.max(...texts.map(extent));
    const tall = planes.length > 1 ? (size * 0.42) / 1.6 : Math.max(SMALLEST_NUMBER, size * 0.42);
    const letter = Math.min(LARGEST_NUMBER, tall, room / (longest * digit));
    if (letter < SMALLEST_NUMBER) return;
    this.rounded = !!exact && texts !== exact;
    context.font = letters(family, letter);
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [at, { row, column, numbers }] of cells.entries()) {
      // Against white and black, which all of the luma and none of it are.
      const bright = luma?.reduce((sum, share, k) => sum + share * (numbers[k] - 0.5), 0) > 0;
      context.fillStyle = scale ? colour(numbers[0], scale, dark).ink : bright ? "#000" : "#fff";
      numbers.forEach((_, k) => {
        const text = texts[at * numbers.length + k];
        const [x, y] = [(column + 0.5 - left) * size, (row + 0.53 + (k - (numbers.length - 1) / 2) * 0.29 - top) * size];
        // A number that the frame would cut is left out: what is left of it would be read as another one.
        const wide = (extent(text) * letter * digit) / 2;
        if (inFrame(x, wide, columns * cell) && inFrame(y, letter * DIGIT_HALF, rows * cell)) context.fillText(text, x, y);
      });
    }
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
    const { cell, bleed, rows, columns, scale, top, left } = this;
    const style = getComputedStyle(this.element);
    const accent = style.getPropertyValue("--ks-accent").trim() || "#b0125b";
    const paper = style.getPropertyValue("--ks-paper").trim() || "#fff";
    const [across, down] = [columns * cell, rows * cell];
    context.setTransform(this.ratio, 0, 0, this.ratio, bleed * this.ratio, bleed * this.ratio);
    context.clearRect(-bleed, -bleed, across + 2 * bleed, down + 2 * bleed);
    // A narrower one would be taken for the map's own edge drawn twice.
    if (Math.max(...this.ring) * cell >= NARROWEST_RING && this.zoom === 1) this.#drawRing(context);
    context.save();
    if (this.zoom > 1) {
      context.beginPath();
      context.rect(0, 0, across, down);
      context.clip();
    }
    if (veil) {
      context.fillStyle = paper;
      // As far as the browser draws the map, whose frame lies around that.
      const [wide, tall] = [across, down].map((side) => Math.round(side * this.ratio) / this.ratio);
      for (let row = Math.floor(top); row < Math.min(rows, top + rows / this.zoom); row += 1) {
        const from = veil(row);
        // Whole pixels, a little over: cells of a photograph end between pixels and would shine through the seams.
        const [x, y] = [Math.max(0, Math.floor((from - left) * scale)), Math.max(0, Math.floor((row - top) * scale))];
        if (from < columns) context.fillRect(x, y, wide - x, Math.min(tall, Math.ceil((row + 1 - top) * scale) + 1) - y);
      }
    }
    if (this.cover) drawCover(context, this, this.cover, style);
    for (const mark of marks) {
      if (mark.role === "tap") this.#drawTap(context, mark);
      if (mark.role === "taps") this.#drawTaps(context, mark);
    }
    for (const { box, role, inside } of marks) {
      if (!box || role === "tap") continue;
      if (role === "tied") {
        this.#drawTied(context, box, style);
        continue;
      }
      if (role === "field") {
        this.#drawField(context, box, inside, accent, paper);
        continue;
      }
      const x = (box.left - left) * scale;
      const y = (box.top - top) * scale;
      const [width, height] = [(box.right - box.left + 1) * scale, (box.bottom - box.top + 1) * scale];
      // A cell of a large photograph is smaller than a pixel's outline: the mark keeps a size that can be seen.
      const grow = Math.max(0, (7 - Math.min(width, height)) / 2);
      const frame = /** @type {[number, number, number, number]} */ ([
        x - grow,
        y - grow,
        width + 2 * grow,
        height + 2 * grow,
      ]);
      // A halo in the page's own colour keeps the mark apart from whatever colours lie under it. Of dashes it is a line
      // of its own, which shows between them: on a dark cell they would be lost.
      context.setLineDash(role === "tie" ? [2, 2] : []);
      context.strokeStyle = paper;
      context.lineWidth = role === "feeds" ? 3 : role === "pinned" ? 3.5 : 5;
      context.strokeRect(...frame);
      if (role === "feeds") context.setLineDash([4, 3]);
      context.strokeStyle = accent;
      context.lineWidth = role === "self" || role === "term" ? 3 : role === "pinned" ? 1.5 : 2;
      context.strokeRect(...frame);
      context.setLineDash([]);
    }
    context.restore();
  }

  /** A corner of the cell, in the page's own ink. @param {CanvasRenderingContext2D} context @param {Box} box @param {CSSStyleDeclaration} style */
  #drawTied(context, box, style) {
    const { scale, top, left } = this;
    if (scale < TIED_FROM) return;
    const [x, y, side] = [(box.right + 1 - left) * scale, (box.top - top) * scale, Math.max(5, Math.min(11, scale * 0.26))];
    context.beginPath();
    context.moveTo(x - side, y);
    context.lineTo(x, y);
    context.lineTo(x, y + side);
    context.closePath();
    context.setLineDash([]);
    context.fillStyle = style.getPropertyValue("--ks-ink").trim() || "#000";
    context.fill();
    context.strokeStyle = style.getPropertyValue("--ks-paper").trim() || "#fff";
    context.lineWidth = 1;
    context.stroke();
  }

  /** A cell in the hue of the weight it meets. @param {CanvasRenderingContext2D} context @param {Mark} mark */
  #drawTap(context, { box, hue }) {
    const { scale, top, left } = this;
    const [x, y] = [(box.left - left) * scale, (box.top - top) * scale];
    if (scale < TINTED_BELOW) {
      context.globalAlpha = 0.5;
      context.fillStyle = hue;
      context.fillRect(x, y, scale, scale);
      context.globalAlpha = 1;
      return;
    }
    const line = Math.min(4, Math.max(2, scale * 0.1));
    context.strokeStyle = hue;
    context.lineWidth = line;
    context.strokeRect(x + line / 2 + 0.5, y + line / 2 + 0.5, scale - line - 1, scale - line - 1);
  }

  /** What a cell sees: the part on the map, and in dashes what would lie beyond it. @param {CanvasRenderingContext2D} context @param {Box} box @param {Box | null} inside @param {string} accent @param {string} paper */
  #drawField(context, box, inside, accent, paper) {
    const frame = (/** @type {Box} */ { top, left, bottom, right }) => {
      const [x, y] = [(left - this.left) * this.scale, (top - this.top) * this.scale];
      const [width, height] = [(right - left + 1) * this.scale, (bottom - top + 1) * this.scale];
      const grow = Math.max(0, (7 - Math.min(width, height)) / 2);
      context.strokeRect(x - grow, y - grow, width + 2 * grow, height + 2 * grow);
    };
    const beyond = !inside || box.top < inside.top || box.left < inside.left || box.bottom > inside.bottom || box.right > inside.right;
    if (inside) {
      context.strokeStyle = paper;
      context.lineWidth = 5;
      frame(inside);
      context.strokeStyle = accent;
      context.lineWidth = 2;
      frame(inside);
    }
    if (!beyond) return;
    context.strokeStyle = accent;
    context.lineWidth = 1.5;
    context.setLineDash([3, 3]);
    frame(box);
    context.setLineDash([]);
  }

  /** Many cells in one hue: where they are small, as bands that cross, or a photograph's would be too many to fill. @param {CanvasRenderingContext2D} context @param {Mark} mark */
  #drawTaps(context, { rows, columns, hue }) {
    const { scale, top, left } = this;
    if (scale >= TINTED_BELOW) {
      const seen = (/** @type {number[]} */ places, /** @type {number} */ from, /** @type {number} */ count) => (this.zoom > 1 ? places.filter((at) => at + 1 > from && at < from + count / this.zoom) : places);
      for (const row of seen(rows, top, this.rows)) {
        for (const column of seen(columns, left, this.columns)) this.#drawTap(context, { box: { top: row, left: column, bottom: row, right: column }, role: "tap", hue });
      }
      return;
    }
    context.save();
    context.beginPath();
    for (const [from, to] of runs(columns)) context.rect((from - left) * scale, -this.bleed, (to - from + 1) * scale, this.rows * this.cell + 2 * this.bleed);
    context.clip();
    context.globalAlpha = 0.5;
    context.fillStyle = hue;
    for (const [from, to] of runs(rows)) context.fillRect(-this.bleed, (from - top) * scale, this.columns * this.cell + 2 * this.bleed, (to - from + 1) * scale);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawRing(context) {
    const { cell, ring, rows, columns } = this;
    context.strokeStyle = this.drawn?.dark ? "rgb(255 255 255 / 28%)" : "rgb(0 0 0 / 25%)";
    context.fillStyle = context.strokeStyle;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    const [above, below, before, after] = ring;
    context.strokeRect(-before * cell + 0.5, -above * cell + 0.5, (columns + before + after) * cell - 1, (rows + above + below) * cell - 1);
    if (cell < 2 * SMALLEST_NUMBER) {
      context.setLineDash([]);
      return;
    }
    this.#eachAround((row, column) => context.strokeRect(column * cell + 0.5, row * cell + 0.5, cell, cell));
    context.setLineDash([]);
    const quiet = getComputedStyle(this.element).getPropertyValue("--ks-quiet").trim();
    if (quiet) context.fillStyle = quiet;
    context.font = `${Math.max(SMALLEST_NUMBER, cell * 0.3)}px ${getComputedStyle(this.element).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.#eachAround((row, column) => {
        context.fillText(short(this.#seenAt(row + above, column + before), 2), (column + 0.5) * cell, (row + 0.53) * cell);
    });
  }

  /** @param {(row: number, column: number) => void} act at each place of the padding */
  #eachAround(act) {
    const { rows, columns, ring } = this;
    const [above, below, before, after] = ring;
    for (let row = -above; row < rows + below; row += 1) {
      for (let column = -before; column < columns + after; column += 1) {
        if (row < 0 || row >= rows || column < 0 || column >= columns) act(row, column);
      }
    }
  }

  /** The number at a place of the padded map. @param {number} row from the padding's top @param {number} column */
  #seenAt(row, column) {
    if (!this.around || !this.drawn) return 0;
    return this.drawn.values[this.drawn.offset + this.around[0][row] * this.columns + this.around[1][column]];
  }

  /**
   * @param {PointerEvent | MouseEvent} event
   * @param {boolean} [clamp] to the nearest cell instead of null outside
   * @returns {Cell | null}
   */
  cellAt(event, clamp = false) {
    const { x, y } = this.fractionAt(event.clientX, event.clientY);
    let row = Math.floor(this.top + (y * this.rows) / this.zoom);
    let column = Math.floor(this.left + (x * this.columns) / this.zoom);
    if (!clamp && (x < 0 || y < 0 || x >= 1 || y >= 1)) return null;
    if (clamp) {
      row = Math.min(this.rows - 1, Math.max(0, row));
      column = Math.min(this.columns - 1, Math.max(0, column));
    }
    return row >= 0 && column >= 0 && row < this.rows && column < this.columns ? { row, column } : null;
  }

  /**
   * A place on the screen as a fraction of the map's frame.
   * @param {number} x px in the window
   * @param {number} y
   */
  fractionAt(x, y) {
    const frame = this.element.getBoundingClientRect();
    return { x: (x - frame.left) / frame.width, y: (y - frame.top) / frame.height };
  }

  /**
   * Where a cell lies within the frame, in pixels.
   * @param {Cell} cell
   */
  boxOf({ row, column }) {
    return { left: (column - this.left) * this.scale, top: (row - this.top) * this.scale, size: this.scale };
  }
}

/** Whether what reaches so far to both sides of a place lies on a line of that length, px. @param {number} at @param {number} reach @param {number} length */
const inFrame = (at, reach, length) => at - reach >= 0 && at + reach <= length;

/**
 * Numbers that rise, as runs of neighbours: from and to.
 * @param {number[]} places
 * @returns {[number, number][]}
 */
export function runs(places) {
  /** @type {[number, number][]} */
  const found = [];
  for (const at of places) {
    const last = found[found.length - 1];
    if (last && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}
