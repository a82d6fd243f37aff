/**
 * Rows of numbers in brackets, as Python, NumPy and PyTorch write and print them: read as `cnn_core.kernels` reads them.
 * @module
 */

// "grid = np.array(" before the brackets, ", dtype=float32)" behind them.
const BEFORE = /^(?:[A-Za-z_][\w.]*\s*=\s*)?(?:[A-Za-z_][\w.]*\(\s*)?$/;
const BEHIND = /^(?:,\s*\w+\s*=[^[\]]*)?,?\s*\)?[;,]?$/;
const ROW = /\[([^[\]]*)\]/g;
// One grid of rows, R each, in any number of brackets, with or without commas.
const GRID = /^(\[*)R(?:,?R)*((?:,?\])*),?$/;

/**
 * The same rows with a line each and a tab between numbers; text without brackets as it is. In brackets a comma parts
 * numbers and is never a decimal comma; what NumPy prints has none.
 * @param {string} text
 * @returns {string | null} null where the brackets hold no single grid
 */
export function unbracketed(text) {
  const [first, last] = [text.indexOf("["), text.lastIndexOf("]")];
  if (first < 0 && last < 0) return text;
  const inside = text.slice(Math.max(0, first), last + 1);
  const grid = first >= 0 && GRID.exec(inside.replace(ROW, "R").replace(/\s+/g, ""));
  const around = BEFORE.test(text.slice(0, Math.max(0, first)).trim()) && BEHIND.test(text.slice(last + 1).trim());
  if (!grid || !around || grid[1].length !== grid[2].replaceAll(",", "").length) return null;
  return [...inside.matchAll(ROW)].map(([, row]) => tabbed(row)).join("\n");
}

/** @param {string} row */
function tabbed(row) {
  const numbers = row.replace(/\s*\/\s*/g, "/").trim().replace(/,$/, "");
  return numbers.trim().replace(/\s*,\s*|\s+/g, "\t").replace(/\t?;\t?/g, "\n");
}

/** What is said of brackets that hold none. */
export const NO_GRID = "These brackets hold no grid of numbers; [[1, 2], [3, 4]] works.";
