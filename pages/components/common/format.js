/**
 * How numbers are written on screen. A shown sum adds up as shown: where digits are cut, the remainder is a term.
 * @module
 */

import { NO_GRID, unbracketed } from "./bracketed.js";

const MINUS = "−";
const NEXT_TO_NOTHING = "≈0";

/** Of the largest number beside it: what is no larger is left of rounding. */
export const NOISE = 1e-12;
const NEGLIGIBLE = 1e-3; // likewise: what has no room may be told as next to nothing
const ROUNDED_AWAY = 0.02; // likewise, where the decimals beside it leave nothing of it

const MOST_ZEROS = 5; // after the point: nobody counts more
const TINY_PLACES = MOST_ZEROS + 4; // decimals that four digits of a number take which has more
const TINY = new RegExp(`^0\\.(0{${MOST_ZEROS + 1},})(\\d)(\\d*)$`);

/**
 * A number with so many decimals, with a typographic minus and never "−0". A tiny one keeps the very same digits, but
 * its zeros are a power of ten: 0.00000001840 is 1.840e−8. With few decimals it has none: it stands beside numbers that
 * are not tiny, as a remainder of −0.0000001 beside 0.0001545.
 * @param {number} value
 * @param {number} places
 */
export function fixed(value, places) {
  const size = Math.abs(value);
  // Beyond that toFixed has a power of ten.
  const text = size < 1e21 || !Number.isFinite(size) ? size.toFixed(places) : BigInt(size).toString();
  if (Number(text) === 0) return value === 0 && places >= TINY_PLACES ? "0" : text;
  const [, zeros, first, others] = (places > TINY_PLACES && TINY.exec(text)) || [];
  const written = zeros ? `${first}${others && `.${others}`}e${MINUS}${zeros.length + 1}` : text;
  return value < 0 ? MINUS + written : written;
}

/**
 * A number with up to so many significant digits and no idle zeros: for labels and cells, not for sums.
 * @param {number} value
 * @param {number} [digits]
 */
export function short(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value < 0 ? `${MINUS}∞` : "∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return fixed(value, 0);
  if (size >= 1e7 || (size > 0 && size < 1e-4)) {
    return powers(value, Math.max(0, digits - 2));
  }
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = size.toFixed(Math.min(places, 12));
  return (value < 0 ? MINUS : "") + (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

/**
 * A number as {@link short} writes it, but one that is cut keeps its zeros: −4.898 in three digits is −4.90, as −4.9 would
 * look like all there is of it.
 * @param {number} value
 * @param {number} digits
 */
export function rounded(value, digits) {
  const text = short(value, digits);
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 1e7 || size < 1e-4 || Math.abs(read(text) - value) <= NOISE * size) return text;
  return fixed(value, Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
}

/**
 * A number as {@link short} writes it, or that it is next to nothing.
 * @param {number} value
 * @param {number} digits
 * @param {number} dust up to which size it may be all that rounding left of a 0
 */
export function brief(value, digits, dust = 0) {
  return value !== 0 && Math.abs(value) <= dust ? NEXT_TO_NOTHING : short(value, digits);
}

/**
 * A share of one with so many decimals: what is more than none of it, or less than all, is not written as that.
 * @param {number} x
 * @param {number} places
 */
export function share(x, places) {
  const least = 10 ** -places;
  const text = fixed(x, places);
  if (x > 0 && read(text) === 0) return `<${fixed(least, places)}`;
  return x < 1 && read(text) === 1 ? `>${fixed(1 - least, places)}` : text;
}

/** A written number behind another and a sign, as a book prints it: 3 × (−1). @param {string} written */
export function operand(written) {
  return written.startsWith(MINUS) ? `(${written})` : written;
}

/** A number with its power of ten. @param {number} value @param {number} places decimals */
function powers(value, places) {
  return signed(value.toExponential(places));
}

/**
 * The ends of a scale, side by side: three digits each, or the fewer of both that fit.
 * @param {number} low
 * @param {number} high
 * @param {number} letters that fit, those of both together
 * @returns {string[]}
 */
export function ends(low, high, letters) {
  const ways = [(/** @type {number} */ x) => short(x, 3), (/** @type {number} */ x) => short(x, 2), (/** @type {number} */ x) => (x ? powers(x, 1) : "0")];
  const written = ways.map((way) => [way(low), way(high)]);
  return written.find(([a, b]) => a.length + b.length <= letters) ?? written[written.length - 1];
}

/** How wide a number is, in digits: its point takes half the room of one. @param {string} text */
export function extent(text) {
  return text.length - (text.includes(".") ? 0.5 : 0);
}

/**
 * A number on its own in a cell: with as many significant digits as there is room for.
 * @param {number} x
 * @param {number} digits the most
 * @param {number} letters that fit, as wide as a digit each
 * @param {number} largest of the numbers beside it
 * @returns {string | null} null where it does not even fit with one digit and its power of ten
 */
function alone(x, digits, letters, largest) {
  for (let n = digits; n >= 1; n -= 1) {
    const text = short(x, n);
    if (extent(text) <= letters) return text;
  }
  // One number that has no room for its digits, or for the zeros before them, must not hide those beside it.
  const power = [1, 0].map((places) => powers(x, places)).find((text) => extent(text) <= letters);
  return power ?? (Math.abs(x) <= NEGLIGIBLE * largest ? NEXT_TO_NOTHING : null);
}

/**
 * Numbers in the cells of one grid, all with the same decimals: as many as fit, up to enough for so many digits of the
 * largest, and one more where a number would be left with a single digit. What is exact with fewer, as 0.5 or 0, has no
 * idle zeros; a grid of tiny numbers has powers of ten instead, and a number that the decimals do not reach has its own.
 * @param {number[]} numbers
 * @param {number} digits the most
 * @param {number} letters that fit, as wide as a digit each
 * @param {number} [beside] the largest number they are seen beside
 * @param {number} [least] digits that the largest must keep, up to 2
 * @returns {string[] | null} null where it does not, or where one does not even fit with one digit and its power of ten
 */
export function fitting(numbers, digits, letters, beside = 0, least = 1) {
  const largest = numbers.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), beside);
  const inRoom = (/** @type {string} */ text) => extent(text) <= letters;
  const kept = numbers.map((x) => {
    if (x !== 0 && Math.abs(x) <= NOISE * largest) return NEXT_TO_NOTHING;
    const text = short(x, digits);
    // Nine times 1/3 lacks a bit of 3, and is 3 where it stands beside a 3 that does not.
    return (!Number.isFinite(x) || Math.abs(read(text) - x) <= NOISE * Math.abs(x)) && inRoom(text) ? text : null;
  });
  /** @param {(x: number) => string | null} write @param {number} [places] what is kept has no more decimals */
  const all = (write, places = Infinity) => {
    const texts = numbers.map((x, k) => (kept[k] !== null && decimalsOf(kept[k]) <= places ? kept[k] : write(x)));
    return texts.includes(null) ? null : /** @type {string[]} */ (texts);
  };
  const byThemselves = () => all((x) => alone(x, digits, letters, largest));
  const cut = numbers.filter((_, k) => kept[k] === null).map(Math.abs);
  if (!cut.length) return byThemselves();
  const size = Math.floor(Math.log10(cut.reduce((a, b) => Math.max(a, b)))); // of its first digit
  const needed = Math.max(0, digits - 1 - size);
  const single = numbers.some((x, k) => Math.abs(x) > NEGLIGIBLE * largest && Math.abs(x) < 9.5 * 10 ** -needed && !(kept[k] && decimalsOf(kept[k]) <= needed));
  /** @param {number} from @param {number} to decimals */
  const alike = (from, to) => {
    if (size < -4 || size >= 7) return null; // short numbers of that size have powers of ten
    for (let places = from; places >= Math.max(0, to); places -= 1) {
      const texts = all((x) => {
        const text = fixed(x, places);
        if (read(text) !== 0) return inRoom(text) ? text : null;
        return alone(x, digits, letters, largest) ?? (Math.abs(x) <= ROUNDED_AWAY * largest ? NEXT_TO_NOTHING : null);
      }, places);
      if (texts) return texts;
    }
    return null;
  };
  const scientific = () => (size < 0 ? all((x) => (inRoom(powers(x, 1)) ? powers(x, 1) : null)) : null);
  // Two digits of the largest are worth a power of ten; only where that has no room either is one enough.
  const texts = alike(needed + (single ? 1 : 0), 1 - size) ?? scientific();
  if (texts || (least > 1 && size < 0)) return texts;
  return alike(Math.min(needed, -size), -size) ?? byThemselves();
}

/** The decimals of a written number; no count where it has a power of ten. @param {string} text */
function decimalsOf(text) {
  return text.includes("e") ? Infinity : (text.split(".")[1]?.length ?? 0);
}

/**
 * A number as it stands in a field: exact, with the minus of every other number. {@link read} takes the keyboard's too.
 * @param {number} value
 */
export function typed(value) {
  return signed(String(Number(value.toPrecision(10))));
}

/** A number that JavaScript wrote, with a typographic minus. @param {string} text */
export function signed(text) {
  return text.replaceAll("-", MINUS);
}

// 1,000,000 and 6,084.5, as numbers are written on the page; 6,084 may be meant so, or with a decimal comma.
const [GROUPED, EITHER] = [/^-?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})$/, /^-?[1-9]\d{0,2},\d{3}$/];

/** What a person typed, with the keyboard's minus. @param {string} text */
function plain(text) {
  return text.trim().replace(/[−–]/g, "-");
}

/**
 * Read what a person typed: 0.5, 0,5, −2, 1/9, 1,000,000. Returns null where it is no finite number, or may be either of
 * two.
 * @param {string} text
 * @returns {number | null}
 */
export function read(text) {
  const written = plain(text);
  if (EITHER.test(written)) return null;
  return decimal(GROUPED.test(written) ? written.replaceAll(",", "") : written);
}

/** A number among others, where a comma is a decimal one. @param {string} text @returns {number | null} */
function decimal(text) {
  const number = "[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?";
  const match = new RegExp(`^(${number})(?:\\s*/\\s*(${number}))?$`, "i").exec(plain(text).replace(",", "."));
  if (!match) return null;
  const value = Number(match[1]) / (match[2] === undefined ? 1 : Number(match[2]));
  return Number.isFinite(value) ? value : null;
}

/**
 * The sign before a result: "=" where it is written to the last digit. What binary numbers leave beyond that, as of
 * 0.1 · 3, is none.
 * @param {string} written
 * @param {number} value
 */
export function equals(written, value) {
  const shown = read(written);
  return shown !== null && Math.abs(shown - value) <= 4 * Number.EPSILON * Math.abs(value) ? "=" : "≈";
}

/** A whole number with its thousands apart. @param {number} value */
export function grouped(value) {
  return signed(value.toLocaleString("en"));
}

/**
 * How a sentence begins that refuses what {@link read} could not read.
 * @param {string} text as it was typed
 * @param {string} [range] of the numbers that may be, as " from 0 to 1"
 */
export function notANumber(text, range = "") {
  const written = text.trim();
  if (EITHER.test(plain(text))) return `“${written}” may be ${written.replace(",", ".")} or ${written.replace(",", "")}`;
  return `${written === "" ? "An empty field" : `“${written.slice(0, 20)}”`} is not a number${range}`;
}

const MOST_PLACES = 12; // decimals of a sum, unless its numbers are so tiny that four of their digits lie beyond
const COUNTED_DIGITS = 14; // of a sum's largest number: thirty such counts are added without rounding
const TO_FIXED = 100; // decimals that JavaScript writes
const BIAS_DIGITS = 12; // of a sum's largest number, down to which its bias is not rounded away

const SPARING = 2; // decimals more than four digits of the largest need, where they leave no remainder

/** The decimals that a sum may have at most whose largest number this is. @param {number} largest */
function placesAtMost(largest) {
  if (largest === 0 || !Number.isFinite(largest)) return MOST_PLACES;
  const size = Math.floor(Math.log10(largest));
  return Math.max(0, Math.min(COUNTED_DIGITS - 1 - size, Math.max(MOST_PLACES, 3 - size), TO_FIXED));
}

/**
 * The decimals that show a sum: as few as show every number exactly, else enough for four digits of the largest.
 * @param {number[]} numbers
 */
export function placesFor(numbers) {
  const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  if (largest === 0) return 0;
  const atMost = placesAtMost(largest);
  const most = Math.min(atMost, Math.max(0, 3 - Math.floor(Math.log10(largest))));
  for (let places = 0; places <= Math.min(atMost, most + SPARING); places += 1) {
    if (numbers.every((x) => Number(x.toFixed(places)) === x)) return places;
  }
  return most;
}

/**
 * The decimals that show a sum with a bias: where {@link placesFor} would leave nothing of it, as many as keep its first
 * digit. It is a setting that stands on screen; a product that is rounded away is one of many.
 * @param {number[]} products
 * @param {number} bias
 * @param {number} value
 */
export function placesForSum(products, bias, value) {
  const places = placesFor([...products, bias, value]);
  if (bias === 0 || Number(bias.toFixed(places)) !== 0) return places;
  const largest = products.reduce((most, x) => Math.max(most, Math.abs(x)), Math.abs(value));
  const kept = -Math.floor(Math.log10(Math.abs(bias)));
  return kept <= placesAtMost(largest) && kept + Math.log10(largest) < BIAS_DIGITS ? kept : places;
}

/**
 * A sum as it is shown: every number cut to the same decimals, and the remainder that makes the digits add up.
 * Counted in whole units of the last decimal, so that no rounding hides in the counting.
 * @param {{products: number[], bias: number, value: number}} sum
 * @param {number} [asked] decimals to show, or as many as its size allows
 * @returns {{places: number, products: number[], bias: number, value: number, remainder: number}}
 */
export function addUp({ products, bias, value }, asked = placesForSum(products, bias, value)) {
  // Of infinities and NaN nothing can be counted.
  if (![...products, bias, value].every(Number.isFinite)) return { places: 0, products, bias, value, remainder: 0 };
  const places = Math.min(asked, placesAtMost(products.reduce((most, x) => Math.max(most, Math.abs(x)), Math.max(Math.abs(bias), Math.abs(value)))));
  const unit = 10 ** places;
  // Without decimals numbers are counted that a float does not hold to the last unit once they are added.
  const units = (/** @type {number} */ x) => BigInt(Math.round(Number(x.toFixed(places)) * unit));
  const counted = products.map(units);
  const remainder = units(value) - units(bias) - counted.reduce((a, b) => a + b, 0n);
  const shown = (/** @type {bigint} */ count) => Number(count) / unit;
  return { places, products: counted.map(shown), bias: shown(units(bias)), value: shown(units(value)), remainder: shown(remainder) };
}

/**
 * Rows of numbers as a person types them or a spreadsheet copies them.
 * A comma sets numbers apart only where nothing else does, or in brackets; between digits alone it is a decimal comma.
 * @param {string} text
 * @returns {{rows: number[][], why: string | null}} `why` says what could not be read
 */
export function readRows(text) {
  const plain = unbracketed(text);
  if (plain === null) return { rows: [], why: NO_GRID };
  const lines = plain.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const rows = [];
  for (const line of lines) {
    const separator = line.includes("\t") ? /\t/ : /;/.test(line) ? /;/ : /,\s|,(?=[^\d])/.test(line) || /^[^\s]+(,[^\s]+){2,}$/.test(line.trim()) ? /,/ : /\s+/;
    const words = line.trim().split(separator).map((word) => word.trim());
    if (words[words.length - 1] === "") words.pop();
    const numbers = words.map(decimal);
    const bad = numbers.indexOf(null);
    if (bad >= 0) return { rows: [], why: `Row ${rows.length + 1}: ${notANumber(words[bad])}.` };
    rows.push(/** @type {number[]} */ (numbers));
  }
  if (!rows.length) return { rows, why: "There are no numbers here." };
  const odd = rows.findIndex((row) => row.length !== rows[0].length);
  if (odd > 0) return { rows: [], why: `Row 1 has ${rows[0].length} numbers and row ${odd + 1} has ${rows[odd].length}; give all rows the same.` };
  return { rows, why: null };
}
