/**
 * The page's own letters on a canvas: what a number needs of the room that a cell has.
 * @module
 */

const WEIGHT = 500;
const paper = document.createElement("canvas").getContext("2d");

/** Letters of a size in px, as a canvas takes them. @param {string} family @param {number} size */
export function letters(family, size) {
  return `${WEIGHT} ${size}px ${family}`;
}

/** How wide a digit is, and a minus, in parts of the letters' size. @param {string} family */
export function digitWidth(family) {
  paper.font = letters(family, 100);
  return paper.measureText("0").width / 100;
}
