/**
 * Words for the hand there is: what a mouse chooses and the keyboard types, a finger taps.
 * @module
 */

/**
 * A note in the words of a mouse or of a finger, where a line of it has both.
 * @param {string} note as Python writes it: a tab stands between them
 */
export function inHand(note) {
  const finger = matchMedia("(hover: none)").matches;
  return note.split("\n").map((line) => line.split("\t")).map(([mouse, tapped = mouse]) => (finger ? tapped : mouse)).join("\n");
}
