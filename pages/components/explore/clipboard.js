/**
 * The clipboard as a door, for pictures and rows of numbers.
 * @module
 */

const SEVERAL = /[\t\n;]|\S\s+\S/; // what sets numbers apart

/**
 * What was pasted on the page; null where it is meant for a field, or is neither picture nor text. The field of a
 * single cell takes a single number: rows of them, or a picture, are meant for the whole input.
 * @param {ClipboardEvent} event
 * @returns {{picture: File} | {text: string} | null}
 */
export function pasted(event) {
  const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
  const cell = field?.classList.contains("ks-cell-editor");
  if ((field && !cell) || !event.clipboardData) return null;
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) return { picture };
  const text = event.clipboardData.getData("text/plain");
  return text.trim() && (!cell || SEVERAL.test(text.trim())) ? { text } : null;
}
