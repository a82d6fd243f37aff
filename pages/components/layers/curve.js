/**
 * A function and its slope over one axis, as the points that Python sent; below them how a map's numbers are spread, and
 * on them the cell that is looked at, with its tangent.
 * @module
 */

import { h, setText } from "../common/dom.js";
import { short } from "../common/format.js";

/** @typedef {{x: Float64Array, f: Float64Array, slope: Float64Array, edges: number[], lively: number[], quiet: number[], threshold: number}} Points */
/** @typedef {{x: number, f: number | null, slope: number | null}} Spot  null where an answer is waited for */

const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP] = [40, 10, 16]; // px around the panels
const [TALL, LOW, SPREAD] = [144, 64, 36]; // px of the function's panel, the slope's, and of the numbers' spread
const BETWEEN = 16; // px between panels
const HEIGHT = TOP + TALL + BETWEEN + LOW + BETWEEN + SPREAD + 20;
const TANGENT = 46; // px to each side
const TICK = 56; // px at least between numbers on the axis

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function s(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

export class Curve {
  /**
   * @param {{view: string, title: string, on: {hover: (x: number | null) => void, pick: (x: number) => void, key: (event: KeyboardEvent) => void}}} options
   */
  constructor({ view, title, on }) {
    this.told = h("p", { class: "ks-curve-told" });
    this.svg = s("svg", { "aria-hidden": "true", height: HEIGHT });
    this.frame = h("div", { class: "ks-curve-frame", "data-view": view, tabindex: "0", role: "application" });
    this.name(title);
    this.frame.append(this.svg);
    const key = h("p", { class: "ks-curve-key" }, h("span", { class: "ks-lively" }), "a gradient passes ", h("span", { class: "ks-silent" }), "dead or saturated");
    this.element = h("div", { class: "ks-curve" }, this.told, this.frame, key);
    this.width = 0;
    const at = (/** @type {PointerEvent | MouseEvent} */ event) => this.#under(event.clientX);
    this.frame.addEventListener("pointermove", (event) => on.hover(at(event)));
    this.frame.addEventListener("pointerleave", () => on.hover(null));
    this.frame.addEventListener("click", (event) => on.pick(at(event)));
    this.frame.addEventListener("keydown", (event) => on.key(event));
  }

  /** @param {string} title of the function */
  name(title) {
    this.frame.setAttribute("aria-label", `${title}: the curve and its slope; the arrow keys walk over the map's numbers`);
  }

  /** @param {number} width px */
  resize(width) {
    if (width === this.width) return;
    this.width = width;
    this.svg.setAttribute("width", String(width));
    if (this.points) this.draw(this.points);
  }

  /** The number on the axis under a place on the screen, as near as there is one. @param {number} clientX */
  #under(clientX) {
    const box = this.frame.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (clientX - box.left - LEFT) / (this.width - LEFT - RIGHT)));
    return this.low + share * (this.high - this.low);
  }

  /** @param {number} x */
  #across(x) {
    return LEFT + ((x - this.low) / (this.high - this.low)) * (this.width - LEFT - RIGHT);
  }

  /** @param {Points} points */
  draw(points) {
    this.points = points;
    if (!this.width) return;
    [this.low, this.high] = [points.x[0], points.x[points.x.length - 1]];
    const panels = [
      { numbers: points.f, top: TOP, tall: TALL, name: "f(x)" },
      { numbers: points.slope, top: TOP + TALL + BETWEEN, tall: LOW, name: "f′(x), the slope" },
    ];
    this.svg.replaceChildren();
    this.downs = panels.map(({ numbers, top, tall, name }) => this.#panel(points.x, numbers, top, tall, name));
    this.#threshold(points.threshold);
    this.#spread(points);
    this.marks = s("g", {});
    this.svg.append(this.marks);
    this.mark(this.spots ?? []);
  }

  /**
   * One function's panel: its frame, zero lines, ends and curve. Returns where a value lies in it, px from the top.
   * @param {Float64Array} x @param {Float64Array} numbers @param {number} top @param {number} tall @param {string} name
   */
  #panel(x, numbers, top, tall, name) {
    let [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
    if (high === low) high = low + 1;
    const down = (/** @type {number} */ y) => top + tall - ((y - low) / (high - low)) * tall;
    const right = this.width - RIGHT;
    this.svg.append(s("rect", { class: "ks-curve-panel", x: LEFT, y: top, width: right - LEFT, height: tall }));
    this.svg.append(s("line", { class: "ks-curve-zero", x1: LEFT, x2: right, y1: down(0), y2: down(0) }));
    this.svg.append(s("line", { class: "ks-curve-zero", x1: this.#across(0), x2: this.#across(0), y1: top, y2: top + tall }));
    for (const end of new Set([low, 0, high])) {
      // A number so near to another one would lie over it.
      if (end === 0 && [low, high].some((other) => other !== 0 && Math.abs(down(other) - down(0)) < 14)) continue;
      this.svg.append(s("text", { class: "ks-curve-number", x: LEFT - 5, y: down(end) + 4, "text-anchor": "end" }, short(end, 3)));
    }
    this.svg.append(s("text", { class: "ks-curve-name", x: LEFT + 6, y: top + 15 }, name));
    const path = Array.from(x, (at, k) => `${k ? "L" : "M"}${this.#across(at).toFixed(1)} ${down(numbers[k]).toFixed(1)}`).join("");
    this.svg.append(s("path", { class: "ks-curve-line", d: path }));
    return down;
  }

  /** The slopes that count as saturated, as a band around 0. @param {number} threshold */
  #threshold(threshold) {
    const down = this.downs[1];
    const top = TOP + TALL + BETWEEN;
    const [first, last] = [Math.max(top, down(threshold)), Math.min(top + LOW, down(-threshold))];
    this.svg.append(s("rect", { class: "ks-curve-band", x: LEFT, y: first, width: this.width - LEFT - RIGHT, height: Math.max(0, last - first) }));
  }

  /** How the map's numbers are spread: a bar for each run of them. @param {Points} points */
  #spread({ edges, lively, quiet }) {
    const top = TOP + TALL + BETWEEN + LOW + BETWEEN;
    const most = Math.max(1, ...lively.map((count, k) => count + quiet[k]));
    const right = this.width - RIGHT;
    lively.forEach((count, k) => {
      const [x, end] = [this.#across(edges[k]), this.#across(edges[k + 1])];
      const [own, other] = [count, quiet[k]].map((each) => (each / most) * SPREAD);
      const bar = (/** @type {string} */ kind, /** @type {number} */ from, /** @type {number} */ tall) => {
        if (tall) this.svg.append(s("rect", { class: kind, x: x + 0.5, y: top + SPREAD - from - tall, width: Math.max(1, end - x - 1), height: tall }));
      };
      bar("ks-curve-lively", 0, own);
      bar("ks-curve-quiet", own, other);
    });
    this.svg.append(s("line", { class: "ks-curve-axis", x1: LEFT, x2: right, y1: top + SPREAD, y2: top + SPREAD }));
    this.svg.append(s("text", { class: "ks-curve-number", x: LEFT - 5, y: top + 9, "text-anchor": "end" }, String(most)));
    const step = niceStep((this.high - this.low) / Math.max(2, (right - LEFT) / TICK));
    for (let k = Math.ceil(this.low / step); k * step <= this.high; k += 1) {
      const x = this.#across(k * step);
      this.svg.append(s("line", { class: "ks-curve-axis", x1: x, x2: x, y1: top + SPREAD, y2: top + SPREAD + 4 }));
      this.svg.append(s("text", { class: "ks-curve-number", x, y: top + SPREAD + 16, "text-anchor": "middle" }, short(Number((k * step).toPrecision(8)), 4)));
    }
  }

  /**
   * Mark cells on the curve; the first with its tangent.
   * @param {Spot[]} spots the cell that is looked at, then those that are only shown
   */
  mark(spots) {
    this.spots = spots;
    if (!this.marks || !spots.length) return;
    this.marks.replaceChildren();
    const [top, bottom] = [TOP, TOP + TALL + BETWEEN + LOW + BETWEEN + SPREAD];
    spots.slice(1).forEach(({ x, f }) => {
      if (f !== null) this.marks.append(s("circle", { class: "ks-curve-other", cx: this.#across(x), cy: this.downs[0](f), r: 4 }));
    });
    const [{ x, f, slope }] = spots;
    const across = this.#across(x);
    this.marks.append(s("line", { class: "ks-curve-at", x1: across, x2: across, y1: top, y2: bottom }));
    if (f !== null && slope !== null) {
      const [down] = this.downs;
      // The tangent in pixels: as many across and down as the panel's scales make of the slope.
      const [ahead, fall] = [this.#across(1) - this.#across(0), (down(slope) - down(0))];
      const whole = TANGENT / Math.hypot(ahead, fall);
      // No further than the panel's frame.
      const room = (/** @type {number} */ at, /** @type {number} */ by, /** @type {number} */ low, /** @type {number} */ high) => (by ? Math.max(0, ((by > 0 ? high : low) - at) / by) : whole);
      const size = (/** @type {1 | -1} */ way) => Math.min(whole, room(across, way * ahead, LEFT, this.width - RIGHT), room(down(f), way * fall, TOP, TOP + TALL));
      const [back, on] = [size(-1), size(1)];
      this.marks.append(s("line", { class: "ks-curve-tangent", x1: across - ahead * back, y1: down(f) - fall * back, x2: across + ahead * on, y2: down(f) + fall * on }));
    }
    [f, slope].forEach((y, k) => {
      if (y !== null) this.marks.append(s("circle", { class: "ks-curve-dot", cx: across, cy: this.downs[k](y), r: 5 }));
    });
    const written = (/** @type {number | null} */ y) => (y === null ? "…" : short(y, 4));
    setText(this.told, `x = ${short(x, 4)}   f(x) = ${written(f)}   slope ${written(slope)}`);
  }
}

/** The next of 1, 2 and 5 times a power of ten. @param {number} least */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((each) => each * power >= least) ?? 10);
}
