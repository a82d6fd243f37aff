/**
 * Numbers as fractions: Python says in which parts they are counted, this counts and shortens.
 * @module
 */

const MINUS = "−";
const COUNTED = 2 ** 45; // numbers of parts that a float still tells apart with ease

/** @param {number} a @param {number} b */
function gcd(a, b) {
  while (b) [a, b] = [b, a % b];
  return a;
}

/**
 * How numbers are written that are whole multiples of a part.
 * @param {number} parts the part is one over this
 * @returns {(value: number) => string}
 */
export function inParts(parts) {
  return (value) => {
    const count = Math.round(Math.abs(value) * parts);
    const shared = gcd(count, parts) || 1;
    const [above, below] = [count / shared, parts / shared];
    return `${value < 0 && count ? MINUS : ""}${above}${below === 1 ? "" : `/${below}`}`;
  };
}

/**
 * Whether numbers add up to a value when they are counted in parts: then nothing was rounded on the way.
 * @param {number[]} numbers
 * @param {number} value
 * @param {number} parts
 */
export function addsUp(numbers, value, parts) {
  const counts = numbers.map((x) => Math.round(x * parts));
  return counts.every((count) => Math.abs(count) < COUNTED) && counts.reduce((a, b) => a + b, 0) === Math.round(value * parts);
}
