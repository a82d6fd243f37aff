/**
 * A map by keyboard: arrow keys, Home and End walk the pinned cell over it, Space slides the window, and an input cell is
 * typed into or emptied.
 * @module
 */

import { begins, empties, leadsTo, stepOf } from "./keys.js";

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
    if (empties(event)) {
      event.preventDefault();
      board.empty();
      return;
    }
  }
  const index = onward(event, here ?? board.firstOn(view), board.model.values.get(stage).shape);
  if (!index) return;
  event.preventDefault();
  // By an arrow key one comes to a map at its first cell, and not beside it.
  board.pick({ stage, index: here || !step ? index : board.firstOn(view) });
  board.walked(view);
}

/**
 * The cell that a key leads to from another one; a vector has rows alone.
 * @param {KeyboardEvent} event
 * @param {number[]} index
 * @param {number[]} shape
 * @returns {number[] | null}
 */
function onward(event, index, shape) {
  const axes = shape.length === 4 ? 2 : 1;
  const next = leadsTo(event, [...index.slice(axes), 0], [...shape.slice(axes), 1]);
  return next && [...index.slice(0, axes), ...next].slice(0, shape.length);
}
