/**
 * Coming closer: one viewport for all maps of the strip, moved by wheel, drag, pinch, keys and buttons.
 * @module
 */

import { h, oncePerFrame, setText } from "./dom.js";
import { inHand } from "./hand.js";
import { READABLE } from "./layout.js";
import { WHOLE, around, leaning, panBy, regionOf, reveal, zoomAt } from "./viewport.js";

/** @typedef {import("./viewport.js").Map} MapShape */
/** @typedef {import("./grid.js").Grid} Grid */
/** @typedef {{top: number, left: number, bottom: number, right: number}} Box */
/**
 * @typedef {{view: string, row: number, column: number, window?: Box | null}} Looked
 *   a cell that is looked at, and what it sees of the input
 */

const CLOSEST = 46; // px a cell, where every number fits
const LEGIBLE = 30; // px a cell in which numbers of a few digits still fit
const STEP = 1.6; // of zoom, a key or a button
const MIDDLE = { x: 0.5, y: 0.5 };

/** Whether a view is of the input, or of a channel of it. @param {string} view */
export const ofInput = (view) => view.split("-")[0] === "input";

export class Zoom {
  /**
   * @param {() => Looked | null} pinned the cell that the buttons come closer to
   * @param {() => void} [moved] called when another part of the maps is looked at
   * @param {() => ReadonlyMap<string, Box>} [belonging] what belongs to that cell on the other maps
   */
  constructor(pinned, moved = () => {}, belonging = () => new Map()) {
    this.pinned = pinned;
    this.moved = moved;
    this.belonging = belonging;
    /** The map that the hand moves: it does not lean for this pinned cell. */
    this.led = "";
    this.leansFor = "";
    this.viewport = WHOLE;
    /** Where it was before it came closer to something by itself. @type {import("./viewport.js").Viewport | null} */
    this.before = null;
    /** Where the next maps to come begin to be looked at. */
    this.wanted = WHOLE;
    this.most = 1;
    /** As close as the input is looked at, whatever the others are: the window has room in it. */
    this.mostOfInput = 1;
    /** @type {Map<string, {grid: Grid, map: MapShape}>} */
    this.maps = new Map();
    this.size = "";
    const button = (/** @type {string} */ label, /** @type {string} */ text, /** @type {() => void} */ act) =>
      h("button", { type: "button", class: "ks-button", "aria-label": label, title: label, text, onclick: act });
    this.out = button("Zoom out (Page Down on a map)", "−", () => this.step(-1, pinned()));
    this.closer = button("Zoom in (Page Up on a map)", "+", () => this.step(1, pinned()));
    this.fit = button("Show the whole map (Home on a map)", "Fit", () => this.#set(WHOLE));
    this.amount = h("output", { class: "ks-zoom-amount", "aria-label": "zoom" });
    const name = h("span", { class: "ks-stepper-name", text: "zoom", title: "Scroll over a map; drag to move, on the input with Shift" });
    this.element = h("div", { class: "ks-zoom", role: "group", "aria-label": "Zoom all maps" }, name, this.out, this.amount, this.closer, this.fit);
    this.redraw = oncePerFrame(() => this.#show());
  }

  /** How close the maps are looked at, short enough for an address; null where they are seen whole. */
  get told() {
    const { zoom, row, column } = this.viewport;
    const rounded = (/** @type {number} */ place) => Math.max(0, Math.round(place * 10) / 10);
    return zoom === 1 ? null : [Number(zoom.toPrecision(4)), rounded(row), rounded(column)];
  }

  /** The maps whose cells are too small for their numbers while they are seen whole. */
  get small() {
    return [...this.maps].filter(([, { grid }]) => grid.cell < READABLE).map(([view]) => view);
  }

  /** What to do for the numbers of cells that are too small for them, or to leave them again; "" where they are in sight. */
  get hint() {
    const { small } = this;
    if (!small.length || this.most === 1) return "";
    const near = small.every((view) => this.maps.get(view).grid.cell * this.viewport.zoom >= READABLE);
    return inHand(near ? "Scroll or pinch back for the whole\tPinch back for the whole" : "Scroll or pinch for the numbers\tPinch for the numbers");
  }

  /** The maps that are taken in next are looked at as `told` once told. @param {number[] | null} told */
  begin(told) {
    this.wanted = told ? { zoom: told[0], row: told[1], column: told[2] } : WHOLE;
    this.size = "";
  }

  /**
   * Take in the maps of the strip. Another input's size begins anew; any other change keeps the place.
   * @param {Map<string, {grid: Grid, map: MapShape}>} maps the input's first
   * @param {number[]} [window] rows and columns of the input that are to be seen at once; the others come no closer either, once
   *   their numbers can be read
   * @returns {boolean} whether they are seen whole for being of another size
   */
  take(maps, window = [1, 1]) {
    this.maps = maps;
    const [first] = maps.values();
    const size = `${first.map.rows} ${first.map.columns}`;
    const anew = size !== this.size;
    if (anew) Object.assign(this, { viewport: this.wanted, before: null, wanted: WHOLE });
    const outright = anew && this.viewport === WHOLE;
    this.size = size;
    const closest = Math.max(...[...maps.values()].map(({ grid }) => CLOSEST / grid.cell));
    const { grid } = first;
    const whole = Math.min((grid.rows * grid.cell) / window[0], (grid.columns * grid.cell) / window[1]);
    this.most = Math.max(1, Math.min(closest, Math.max(LEGIBLE, whole) / grid.cell));
    this.mostOfInput = Math.max(1, whole / grid.cell);
    // A map of large cells as it stands needs no closer look.
    if (this.most < STEP) this.most = 1;
    if (this.viewport.zoom > this.most) this.viewport = zoomAt(this.viewport, first.map, MIDDLE, this.most / this.viewport.zoom, this.most);
    this.element.hidden = this.most === 1;
    this.#show();
    return outright;
  }

  /** @param {import("./viewport.js").Viewport} viewport */
  #set(viewport) {
    this.viewport = viewport.zoom === 1 ? WHOLE : viewport;
    this.redraw();
    this.moved();
  }

  #show() {
    this.lean();
    setText(this.amount, `${this.viewport.zoom < 10 ? this.viewport.zoom.toFixed(1) : Math.round(this.viewport.zoom)}×`);
    this.out.setAttribute("aria-disabled", String(this.viewport.zoom === 1));
    this.fit.setAttribute("aria-disabled", String(this.viewport.zoom === 1));
    this.closer.setAttribute("aria-disabled", String(this.viewport.zoom >= this.most));
  }

  /** How close a map may be looked at. @param {string} view */
  #most(view) {
    return ofInput(view) ? Math.min(this.most, this.mostOfInput) : this.most;
  }

  /** The viewport as one map has it. @param {string} view @returns {import("./viewport.js").Viewport} */
  #on(view) {
    const { viewport } = this;
    return viewport.zoom > this.#most(view) ? { ...viewport, zoom: this.#most(view) } : viewport;
  }

  /**
   * The viewport that has moved as one map moves, as close as before.
   * @param {string} view
   * @param {(viewport: import("./viewport.js").Viewport) => import("./viewport.js").Viewport} to
   */
  #along(view, to) {
    const { zoom } = this.viewport;
    const there = to(this.#on(view));
    return there.zoom === zoom ? there : { ...there, zoom };
  }

  /** Have each map show its part, and what belongs to the pinned cell along with it, but where the hand leads. */
  lean() {
    const close = this.viewport.zoom > 1;
    const belonging = close ? this.belonging() : new Map();
    const place = close ? JSON.stringify(this.pinned()) : "";
    if (place !== this.leansFor) this.led = "";
    this.leansFor = place;
    for (const [view, { grid, map }] of this.maps) {
      const shown = this.#on(view);
      const region = regionOf(shown, map);
      const box = view === this.led ? null : belonging.get(view);
      const { rows, columns } = box ? leaning(region, map, box) : { rows: 0, columns: 0 };
      grid.look(shown.zoom, region.top + rows, region.left + columns);
    }
  }

  /**
   * Zoom about a point of one map.
   * @param {string} view
   * @param {number} factor
   * @param {{x: number, y: number}} point
   * @returns {boolean} whether there was anything to zoom: else the page may scroll
   */
  at(view, factor, point) {
    const at = this.maps.get(view);
    this.before = null;
    if (!at || this.most === 1 || (factor < 1 && this.viewport.zoom === 1)) return false;
    this.#lead(view);
    const zoom = Math.min(this.most, Math.max(1, this.viewport.zoom * factor));
    const [shown, most] = [this.#on(view), this.#most(view)];
    this.#set({ ...zoomAt(shown, at.map, point, Math.min(zoom, most) / shown.zoom, most), zoom });
    return true;
  }

  /** @param {string} view @param {number} right px @param {number} down px */
  pan(view, right, down) {
    const at = this.maps.get(view);
    this.before = null;
    if (!at) return;
    this.#lead(view);
    this.#set(this.#along(view, (from) => panBy(from, at.map, -down / at.grid.scale, -right / at.grid.scale)));
  }

  /** From here on the hand moves this map: it stays where it leant to, and leans no more. @param {string} view */
  #lead(view) {
    const { grid, map } = this.maps.get(view);
    const { top, left } = regionOf(this.#on(view), map);
    if (view !== this.led && this.viewport.zoom > 1) this.viewport = this.#along(view, (from) => panBy(from, map, grid.top - top, grid.left - left));
    this.led = view;
  }

  /**
   * Come so close to some cells of a map that their numbers can be told apart, where they are not yet.
   * @param {string} view @param {{top: number, left: number, bottom: number, right: number}} box
   */
  comeTo(view, box) {
    const at = this.maps.get(view);
    const there = at && around(box, at.map, this.most);
    if (!there || there.zoom <= this.viewport.zoom) return;
    const before = this.viewport;
    this.#set(there);
    this.before = before;
  }

  /** See the maps whole for a while: `comeBack` leads back. */
  comeOut() {
    if (this.viewport.zoom === 1) return;
    const before = this.viewport;
    this.#set(WHOLE);
    this.before = before;
  }

  /** Back to where it was before `comeTo` or `comeOut`, unless somebody has moved since. */
  comeBack() {
    if (this.before) this.#set(this.before);
    this.before = null;
  }

  /**
   * One step closer or further, about a cell that is looked at or else the middle.
   * @param {number} direction
   * @param {Looked | null} [place]
   */
  step(direction, place = null) {
    const view = place && this.maps.has(place.view) ? place.view : [...this.maps.keys()][0];
    const { grid, map } = this.maps.get(view);
    if (place) this.viewport = this.#along(view, (from) => reveal(from, map, place));
    const shown = this.#on(view);
    const { top, left } = regionOf(shown, map);
    const point = place
      ? { x: ((place.column + 0.5 - left) * shown.zoom) / grid.columns, y: ((place.row + 0.5 - top) * shown.zoom) / grid.rows }
      : MIDDLE;
    this.at(view, direction > 0 ? STEP : 1 / STEP, point);
    if (place?.window) this.revealAll(place);
  }

  /**
   * Take a key that zooms.
   * @param {KeyboardEvent} event
   * @param {Looked | null} place
   * @returns {boolean} whether it was one
   */
  key(event, place) {
    if (this.most === 1 || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "PageUp") this.step(1, place);
    else if (event.key === "PageDown") this.step(-1, place);
    else if (event.key === "Home" && this.viewport.zoom > 1) this.#set(WHOLE); // on a whole map it leads to the row's begin
    else return false;
    event.preventDefault();
    return true;
  }

  /**
   * The window slides over whole maps: close by, most of its way would be out of sight. When it stops, they are looked at
   * as close as before.
   * @param {boolean} playing
   * @param {() => void} reveal brings the cell that it stopped at in sight
   */
  played(playing, reveal) {
    if (playing) {
      this.comeOut();
      return;
    }
    this.comeBack();
    reveal();
  }

  /** Bring a cell into sight, and of the input what it sees, as far as there is room. @param {Looked} place */
  revealAll({ view, row, column, window }) {
    if (!this.maps.has(view)) return;
    const input = this.maps.get("input");
    if (window && input) {
      const [first, last] = [{ row: window.top, column: window.left }, { row: window.bottom, column: window.right }];
      this.viewport = this.#along("input", (from) => reveal(reveal(from, input.map, last), input.map, first));
    }
    this.reveal(view, { row, column });
  }

  /** Bring a cell into sight. @param {string} view @param {{row: number, column: number}} cell */
  reveal(view, cell) {
    const at = this.maps.get(view);
    if (at) this.#set(this.#along(view, (from) => reveal(from, at.map, cell)));
  }
}
