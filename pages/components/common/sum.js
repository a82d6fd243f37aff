/**
 * A sum as it is shown: which of its terms, with how many decimals, and in words that can be read aloud.
 * @module
 */

import { fsum } from "./exact.js";
import { NOISE, addUp, fixed, operand, placesFor, placesForSum, read, short } from "./format.js";

/** @typedef {import("./model.js").Explanation} Explanation */
/** @typedef {import("./model.js").Term} Term */
/** @typedef {import("./model.js").Model} Model */

/** What a sum that adds up as shown calls the digits that were cut off its other terms. */
export const REMAINDER = "remainder";
const DUSTY = 4; // decimals of a sum in which nothing is left but rounding
const MOST_DIGITS = 12; // of a factor
const LAST_DIGIT = 0.500001; // of a unit of the last digit shown: as far as a product may be from what its factors make, which may be halfway
const MOST_TERMS = 27; // of a longer sum the largest are shown one by one and the others as one term

/**
 * The rows of a sum as they are shown: all of a short one; of a long one the largest, and the others as one.
 * @param {Explanation & {out?: Set<Term>, left?: string[]}} explanation `out`: what counts for nothing, `left`: the same in words
 * @param {number} [places] decimals to show; as many as the sum needs where it is not said
 * @param {number | null} [parts] where its numbers are counted in parts, no digit of them is cut
 * @param {number} [digits] significant ones that the result keeps, however small it is beside its terms
 * @param {number} [dust] up to which size a number of it may be all that rounding left of a 0
 */
export function shownSum(explanation, places, parts = null, digits = 0, dust = 0) {
  const { terms, bias, value } = explanation;
  let kept = terms;
  let others = /** @type {number[]} */ ([]);
  // Of a sum that came shortened the others are known by what they add up to.
  const given = explanation.rest ?? { count: 0, product: 0 };
  if (terms.length > MOST_TERMS) {
    const largest = heaviest(terms, MOST_TERMS - 3);
    // Products of 0 are told one by one only where there is nothing else to tell.
    const telling = largest.filter(({ product }) => product !== 0);
    kept = telling.length ? telling : largest;
    const told = new Set(kept);
    for (const term of terms) if (!told.has(term)) others.push(term.product);
  }
  const count = others.length + given.count;
  const rest = fsum([...others, given.product]);
  const products = [...kept.map((term) => term.product), ...(count ? [rest] : [])];
  const largest = Math.max(Math.abs(bias), ...products.map(Math.abs));
  const wanted = Math.abs(value) <= NOISE * largest || !digits ? 0 : placesToShow(value, digits); // of what is but rounding, none
  const sum = parts ? uncut(products, bias, value) : addUp({ products, bias, value }, places ?? (largest <= dust && value !== 0 ? DUSTY : Math.max(placesForSum(products, bias, value), wanted)));
  return {
    ...sum,
    withBias: true,
    out: explanation.out ?? new Set(),
    left: explanation.left ?? [],
    named: count ? [...kept.map(() => null), (/** @type {string} */ number) => `(${count.toLocaleString("en")} more: ${number})`] : [],
    rows: kept.map((term, k) => ({ term, shown: sum.products[k] })),
    rest: { count, shown: count ? sum.products[kept.length] : 0 },
  };
}

/**
 * The terms with the largest products, the largest first: of a photograph's score, which has a hundred thousand of them,
 * sorting them all would take longer than a frame. Of equal products the heavier weight first: where all products are 0,
 * what would count is shown.
 * @param {Term[]} terms
 * @param {number} most
 */
function heaviest(terms, most) {
  const order = (/** @type {Term} */ a, /** @type {Term} */ b) => Math.abs(b.product) - Math.abs(a.product) || Math.abs(b.weight) - Math.abs(a.weight);
  /** @type {Term[]} */
  const found = [];
  for (const term of terms) {
    if (found.length === most && !(order(term, found[most - 1]) < 0)) continue;
    let place = found.length;
    while (place > 0 && order(term, found[place - 1]) < 0) place -= 1;
    found.splice(place, 0, term);
    if (found.length > most) found.pop();
  }
  return found;
}

/** The decimals that show so many significant digits of a number. @param {number} value @param {number} digits */
function placesToShow(value, digits) {
  return value === 0 ? 0 : digits - 1 - Math.floor(Math.log10(Math.abs(value)));
}

/**
 * What a product is made of, with as many digits as make it as it is shown.
 * @param {{value: number, weight: number}} term
 * @param {number} shown the product as it is shown
 * @param {number} places its decimals
 * @param {{value: (x: number) => string, weight: (x: number) => string}} write how each is written where that is enough
 * @param {boolean} [more] whether it may have more digits than that
 */
export function madeOf({ value, weight }, shown, places, write, more = true) {
  let written = [write.value(value), write.weight(weight)];
  for (let digits = 5; more && digits <= MOST_DIGITS; digits += 1) {
    const [a, b] = written.map(read);
    if (Math.abs(a * b - shown) * 10 ** places <= LAST_DIGIT) break;
    written = [value, weight].map((x) => short(x, digits));
  }
  return `${written[0]} × ${operand(written[1])}`;
}

/**
 * A shown sum as one line of text, to be read aloud.
 * @param {{products: number[], bias: number, value: number, remainder: number, places: number, named?: (((number: string) => string) | null)[]}} sum
 *   `named`: how the number of a part with a name is written, its sign with it
 * @param {string} bias what its bias is called, "" where it has none
 * @param {(x: number, places: number) => string} write
 */
export function inWords(sum, bias, write) {
  const plus = (/** @type {number} */ x, /** @type {boolean} */ first) => {
    const size = write(Math.abs(x), sum.places);
    const negative = write(x, sum.places).startsWith("−");
    if (first) return negative ? `−${size}` : size;
    return `${negative ? " − " : " + "}${size}`;
  };
  const part = (/** @type {number} */ x, /** @type {number} */ k) => {
    const name = sum.named?.[k];
    return name ? `${k ? " + " : ""}${name(write(x, sum.places))}` : plus(x, k === 0);
  };
  let text = sum.products.map(part).join("");
  // What has a name keeps its sign beside its number: a bias of −1 is not one of 1 that is taken off.
  if (bias) text += `${text ? " + " : ""}${bias} ${write(sum.bias, sum.places)}`;
  if (sum.remainder !== 0) text += ` + ${REMAINDER} ${write(sum.remainder, sum.places)}`;
  return `${text || "0"} = ${write(sum.value, sum.places)}`;
}

/**
 * A sum over several channels of a window: each channel's terms and their own sum, and the sum of these; else null.
 * @param {Model} model
 * @param {Explanation} explanation
 * @param {number | null} parts
 */
export function planesOf(model, explanation, parts) {
  const stage = model.byNumber.get(explanation.stage);
  if (!["window", "spread"].includes(stage.link.kind) || !stage.weight) return null;
  const { first, count } = model.mixed(stage, explanation.index[1]);
  if (count < 2) return null;
  const each = explanation.terms.length / count;
  const planes = Array.from({ length: count }, (_, c) => explanation.terms.slice(c * each, (c + 1) * each));
  const names = model.byNumber.get(stage.reads).planes?.slice(first, first + planes.length) ?? planes.map((_, c) => String(c));
  const sums = planes.map((terms) => fsum(terms.map((term) => term.product)));
  const { bias, value } = explanation;
  // Of sums that are nothing but rounding, decimals are counted as their products have them.
  const products = explanation.terms.map((term) => term.product);
  const largest = Math.max(...products.map(Math.abs));
  const noise = [...sums, bias, value].every((x) => Math.abs(x) <= NOISE * largest);
  const places = noise ? placesFor(products) : placesForSum(sums, bias, value);
  return { planes, names, sums, whole: { ...(parts ? uncut(sums, bias, value) : addUp({ products: sums, bias, value }, places)), named: names.map((name) => (/** @type {string} */ number) => `${/\d$/.test(name) ? `[${name}]` : name} ${number}`) } };
}

/** A sum whose numbers are all shown in full. @param {number[]} products @param {number} bias @param {number} value */
function uncut(products, bias, value) {
  return { places: 0, products, bias, value, remainder: 0 };
}

/** The largest of a window, in words. @param {Explanation} explanation @param {number} places */
export function largestInWords({ terms, value }, places) {
  const inside = terms.filter((term) => term.index !== null);
  if (inside.length > MOST_TERMS) return `the largest of ${inside.length.toLocaleString("en")} cells = ${fixed(value, places)}`;
  return `max(${inside.map((term) => fixed(term.value, places)).join(", ")}) = ${fixed(value, places)}`;
}
