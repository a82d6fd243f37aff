/**
 * How fast the window slides by itself.
 * @module
 */

const SLOWEST = 0.25; // cells a second
/** Cells a second up to which each can be followed, and none is skipped. */
export const FOLLOWED = 60;
const USUAL_RUN = 40; // s from the first cell to the last of a large map, in the middle of the slider
const SHORTEST_RUN = 10; // s, at its end

/**
 * Cells a second, on a logarithmic scale: from so slow that every cell can be read to so fast that a run has an end.
 * On a map of few cells the slider's middle and end are those of a hand that counts along; on a photograph, those of
 * an eye that watches the map fill.
 * @param {number} position of the slider, from 0 to 1
 * @param {number} count how many cells there are
 * @returns {number} cells a second
 */
export function pace(position, count) {
  const fastest = Math.max(FOLLOWED, count / SHORTEST_RUN);
  const usual = Math.max(Math.sqrt(SLOWEST * FOLLOWED), count / USUAL_RUN);
  const [from, to, part] = position < 0.5 ? [SLOWEST, usual, 2 * position] : [usual, fastest, 2 * position - 1];
  return from * (to / from) ** part;
}
