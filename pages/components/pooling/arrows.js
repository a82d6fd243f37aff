/**
 * Arrows over the maps, from cell to cell: neutral lines with a rim of the page's own colour, so that they are seen on
 * any colours in either theme.
 * @module
 */

const SVG = "http://www.w3.org/2000/svg";
const HEAD = 7; // px
const ASIDE = [0.28, 0.36, 0.44]; // of a cell: beside the numbers that a line passes, not through them

/** @typedef {{cell: DOMRect, frame: DOMRect}} End  on the screen: a cell, and the map it lies in */
/** @typedef {{from: End, to: End, lane: number, thin: boolean}} Drawn  lines of different lanes do not lie on each other */

export const LANES = ASIDE.length;

export class Arrows {
  constructor() {
    this.element = document.createElementNS(SVG, "svg");
    this.element.setAttribute("class", "ks-arrows");
    this.element.setAttribute("aria-hidden", "true");
    this.written = "";
  }

  /** @param {Drawn[]} arrows */
  draw(arrows) {
    // Asking for a place has the browser lay the page out: only where there is something to draw.
    const origin = arrows.length ? this.element.getBoundingClientRect() : null;
    const paths = arrows.map(({ from, to, lane, thin }) => ({ ...path(from, to, lane, origin), thin }));
    const written = JSON.stringify(paths);
    if (written === this.written) return;
    this.written = written;
    this.element.replaceChildren(...paths.flatMap(({ line, head, thin }) => [part(line, `ks-rim${thin ? " ks-thin" : ""}`), part(line, `ks-line${thin ? " ks-thin" : ""}`), part(head, "ks-head")]));
  }
}

/** @param {string} d @param {string} name */
function part(d, name) {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("d", d);
  element.setAttribute("class", name);
  return element;
}

/**
 * From one cell's near edge to the other's: straight along the cells of each map, and bent only between the maps.
 * @param {End} from
 * @param {End} to
 * @param {number} lane
 * @param {DOMRect} origin
 */
function path(from, to, lane, origin) {
  // Maps beside each other are joined from side to side, maps below each other from foot to head.
  const beside = to.frame.left > from.frame.right || to.frame.right < from.frame.left;
  const [along, across] = beside ? /** @type {const} */ (["x", "y"]) : /** @type {const} */ (["y", "x"]);
  const [long, wide] = beside ? /** @type {const} */ (["width", "height"]) : /** @type {const} */ (["height", "width"]);
  const forward = to.frame[along] > from.frame[along] ? 1 : -1;
  const near = (/** @type {DOMRect} */ box, /** @type {number} */ towards) => box[along] + (towards > 0 ? box[long] : 0) - origin[along];
  const beneath = (/** @type {End} */ { cell }) => cell[across] + cell[wide] * (0.5 + ASIDE[lane]) - origin[across];
  const [start, out, into, tip] = [near(from.cell, forward), near(from.frame, forward), near(to.frame, -forward), near(to.cell, -forward)];
  const [leaves, comes] = [beneath(from), beneath(to)];
  const at = (/** @type {number} */ a, /** @type {number} */ b) => (beside ? [a, b] : [b, a]).map((x) => x.toFixed(1)).join(" ");
  const bend = (into - out) * 0.5;
  const line = `M${at(start, leaves)}L${at(out, leaves)}C${at(out + bend, leaves)} ${at(into - bend, comes)} ${at(into, comes)}L${at(tip - forward * HEAD * 0.6, comes)}`;
  const foot = tip - forward * HEAD;
  const head = `M${at(tip + forward, comes)}L${at(foot, comes + HEAD * 0.5)}L${at(foot, comes - HEAD * 0.5)}Z`;
  return { line, head };
}
