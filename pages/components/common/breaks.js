/**
 * Where a line of arithmetic breaks that is longer than its column: before an operator, and never before its result.
 * @module
 */

const RESULT = / = [\d.]+$/;
const HELD = "\u00a0"; // a space that no line breaks at

/**
 * A text whose lines that end in a result break as a formula is read: "(85 − 3) / 2" and below it "+ 1 = 42".
 * @param {string} text of one or more lines
 */
export function wellBroken(text) {
  const held = (/** @type {string} */ line) => line.replaceAll(/ ([+−·/]) /g, ` $1${HELD}`).replace(" = ", `${HELD}=${HELD}`);
  return text.split("\n").map((line) => (RESULT.test(line) ? held(line) : line)).join("\n");
}
