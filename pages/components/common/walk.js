/**
 * A map by keyboard: arrow keys walk the pinned cell over it, Space slides the window, and an input cell is typed into.
 * @module
 */

import { begins, stepOf, within } from "./keys.js";

/**
 * Take a key that was pressed on a map; on the input, Shift and up or down change the pinned cell's value.
 * @param {import("./board.js").Board} board
 * @param {KeyboardEvent} event
 * @param {string} view
 */
export function walk(board, event, view) {
  const { stage } = board.stageOfView(view);
  const here = board.pinnedOn(view);
  const step = stepOf(event);
  if (event.key === " " || event.key === "Spacebar") {
    event.preventDefault();
    board.slide.player.toggle();
    return;
  }
  if (stage === -1 && here) {
    if (step && event.shiftKey && step[1] === 0) {
      event.preventDefault();
      board.nudge(-step[0]);
      return;
    }
    const begun = begins(event);
    if (begun === "number") {
      event.preventDefault();
      board.openEditor(event.key === "Enter" ? null : event.key);
      return;
    }
    if (begun === "word") board.refuseWord();
  }
  if (!step) return;
  event.preventDefault();
  board.pick({ stage, index: here ? beside(here, step, board.model.values.get(stage).shape) : board.firstOn(view) });
  board.walked(view);
}

/**
 * The cell beside another one, or the same at the map's edge.
 * @param {number[]} index
 * @param {number[]} step rows down and columns to the right; a vector has rows alone
 * @param {number[]} shape
 */
function beside(index, step, shape) {
  const axes = shape.length === 4 ? [2, 3] : [1];
  const next = [...index];
  axes.forEach((axis, k) => {
    next[axis] = within(index[axis] + step[k], shape[axis]);
  });
  return next;
}
