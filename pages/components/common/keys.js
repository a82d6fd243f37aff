/**
 * What a key pressed on a map is meant to be.
 * @module
 */

const RUNS_AGAIN = "r"; // the framework's own key, on every page

/**
 * Whether a key begins a number, or a word that no cell can hold; null where it does neither.
 * @param {KeyboardEvent} event
 * @returns {"number" | "word" | null}
 */
export function begins(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (event.key === "Enter" || /^[-−.,\d]$/.test(event.key)) return "number";
  return /^\p{L}$/u.test(event.key) && event.key !== RUNS_AGAIN ? "word" : null;
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * How far an arrow key walks: rows down and columns to the right; null for any other key.
 * @param {KeyboardEvent} event
 * @returns {number[] | null}
 */
export function stepOf(event) {
  return event.ctrlKey || event.metaKey || event.altKey ? null : (STEPS[event.key] ?? null);
}

/** A place that is walked to, or the edge that it would be beyond. @param {number} at @param {number} size */
const within = (at, size) => Math.min(size - 1, Math.max(0, at));

/**
 * Where a key leads from a cell: an arrow key to the one beside it, Home and End to the ends of its row, or with Ctrl to
 * the map's first and last cell; null for any other key. What has one column is a row that stands upright.
 * @param {KeyboardEvent} event
 * @param {number[]} from row and column
 * @param {number[]} size rows and columns
 * @returns {number[] | null} row and column
 */
export function leadsTo(event, [row, column], [rows, columns]) {
  const step = stepOf(event);
  if (step) return [within(row + step[0], rows), within(column + step[1], columns)];
  if (event.altKey || event.shiftKey || !["Home", "End"].includes(event.key)) return null;
  const whole = event.ctrlKey || event.metaKey || columns === 1;
  return event.key === "Home" ? [whole ? 0 : row, 0] : [whole ? rows - 1 : row, columns - 1];
}

/** Whether a key empties a cell. @param {KeyboardEvent} event */
export function empties(event) {
  return !event.ctrlKey && !event.metaKey && !event.altKey && ["Delete", "Backspace"].includes(event.key);
}

/** What is said of a word that is typed on a cell. */
export const NO_WORDS = "A cell holds a number: begin with a digit or a sign, as in 12, −0.5 or 2/9.";
