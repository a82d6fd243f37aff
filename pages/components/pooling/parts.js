/**
 * Which stage is what, as pages/shared/pooling/desk.py numbers them: each pooling has maps of its own, a dozen apart.
 * @module
 */

export const INPUT = -1;
export const [VALUES, UPSTREAM, GRADIENTS, AFTER, DIFFERENCES] = [0, 10, 20, 30, 40];
export const [SHIFTED, MOVED] = [50, 51];
export const KINDS = [0, 1, 2, 3, 4];
export const MAX = 0;

/**
 * Which of a pooling's maps a stage is, and which pooling's; part -1 is the input and what a shift makes of it.
 * @param {number} stage
 */
export function partOf(stage) {
  if (stage < 0 || stage >= SHIFTED) return { part: INPUT, kind: -1 };
  return { part: Math.floor(stage / 10) * 10, kind: stage % 10 };
}

/** Whether a pooling's window is the whole input. @param {number} kind */
export const isWhole = (kind) => kind >= 3;

/** Whether it takes the largest. @param {number} kind */
export const isMax = (kind) => kind === 0 || kind === 3;
