/**
 * A window under a glass: its numbers, the weights they meet and their products, laid out as on the maps they come from.
 * @module
 */

import { h } from "./dom.js";
import { brief, extent, fitting, fixed, rounded, short } from "./format.js";
import { colour, positionHue, scaleFor } from "./scale.js";

/** @typedef {import("./model.js").Stage} Stage */
/** @typedef {import("./model.js").Term} Term */
/** @typedef {import("./scale.js").Scale} Scale */

const WIDEST = 7; // columns: wider windows are told by their terms alone
const [DIGITS, LETTERS] = [3, 7]; // of a number, and how many have room in its cell

/** Whether the windows of a stage have room under the glass. @param {Stage} stage */
export function goesUnder({ link }) {
  return link.kind === "window" && link.extent[1] <= WIDEST;
}

/**
 * @param {Stage} stage
 * @param {Term[]} terms of one plane
 * @param {{places: number, rows: {term: Term, shown: number}[], out?: Set<Term>}} sum its decimals, the products as it shows
 *   them, and what counts for nothing, which stays empty
 * @param {{dark: boolean, fraction: ((x: number) => string) | null, scale: Scale | null, dust: number, on: (term: Term | null) => void}} how
 *   `fraction`: how a number is written where all are fractions; `scale`: what the window's map is coloured by; `dust`: up
 *   to which size a number of it may be all that rounding left of a 0; `on`: which term is pointed at
 */
export function lensOf(stage, terms, { places, rows, out = new Set() }, { dark, fraction, scale, dust, on }) {
  const table = (/** @type {string} */ title, /** @type {number[]} */ numbers, /** @type {string[]} */ texts, /** @type {Scale} */ colours, padded = false) => {
    const cells = numbers.map((x, k) => {
      const blank = padded && terms[k].index === null;
      const empty = out.has(terms[k]) || (blank && stage.reduce === "max");
      const cell = h("span", { class: blank ? "ks-lens-cell ks-blank" : "ks-lens-cell", text: empty ? "" : texts[k] });
      const { fill, ink } = colour(x, colours, dark);
      if (!blank) Object.assign(cell.style, { background: fill, color: ink });
      cell.style.setProperty("--ks-hue", positionHue(terms[k].key, dark));
      cell.addEventListener("pointerenter", () => on(terms[k]));
      cell.addEventListener("pointerleave", () => on(null));
      return cell;
    });
    const grid = h("div", { class: "ks-lens-grid" }, ...cells);
    grid.style.setProperty("--ks-columns", String(stage.link.extent[1]));
    return h("figure", { class: "ks-lens-figure" }, grid, h("figcaption", { text: title }));
  };
  const sign = (/** @type {string} */ text) => h("span", { class: "ks-lens-sign", text });
  const write = (/** @type {number[]} */ numbers, least = 0) => (fraction ? numbers.map(fraction) : factors(numbers, least));
  const values = terms.map((term) => term.value);
  // What stands on a map has the colour that it has there.
  const ofValues = scale ?? scaleFor(stage.lens ?? "diverging", [values]);
  const lens = h("div", { class: "ks-lens", "aria-hidden": "true" }, table("window", values, write(values, dust), ofValues, true));
  if (stage.reduce === "max") {
    [...lens.querySelectorAll(".ks-lens-cell")].forEach((cell, k) => cell.classList.toggle("ks-wins", terms[k].weight === 1));
    return lens;
  }
  const weights = terms.map((term) => term.weight);
  const itself = stage.reduce === "norm";
  const [title, ofWeights] = itself ? ["itself", ofValues] : [stage.weight ? "kernel" : "share", scaleFor("diverging", [weights])];
  const shown = new Map(rows.map((row) => [row.term, row.shown]));
  const products = terms.map((term) => shown.get(term) ?? (fraction ? term.product : Number(term.product.toFixed(places))));
  lens.append(
    sign("×"),
    table(title, weights, write(weights, itself ? dust : 0), ofWeights),
    sign("="),
    table("products", products, fraction ? products.map(fraction) : asInSum(products, places), scaleFor("diverging", [products])),
  );
  return lens;
}

/** Leave out each glass of these that has no room for its numbers: the sums tell them too. @param {Element} within */
export function leaveOutCrowded(within) {
  const glasses = [...within.querySelectorAll(".ks-lens")];
  const crowded = glasses.filter((glass) => glass.scrollWidth > glass.clientWidth);
  for (const glass of crowded) glass.classList.add("ks-crowded");
}

/**
 * The factors of products, each with digits of its own: cut to the decimals of a larger one beside it, 0.125 would be 0
 * and its product not.
 * @param {number[]} numbers
 * @param {number} [dust] up to which size one may be all that rounding left of a 0
 */
export function factors(numbers, dust = 0) {
  const texts = numbers.map((x) => (Math.abs(x) <= dust ? brief(x, DIGITS, dust) : rounded(x, DIGITS)));
  return haveRoom(texts) ? texts : (fitting(numbers, DIGITS, LETTERS) ?? numbers.map((x) => short(x, 1)));
}

/** Products with the digits that they have in their sum, if there is room. @param {number[]} products @param {number} places */
function asInSum(products, places) {
  const texts = products.map((x) => (x === 0 ? "0" : fixed(x, places)));
  return haveRoom(texts) ? texts : factors(products);
}

/** @param {string[]} texts */
function haveRoom(texts) {
  return texts.every((text) => extent(text) <= LETTERS);
}
