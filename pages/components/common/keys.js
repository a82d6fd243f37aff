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

/** What is said of a word that is typed on a cell. */
export const NO_WORDS = "A cell holds a number: begin with a digit or a sign, as in 12, −0.5 or 2/9.";
