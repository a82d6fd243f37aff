/**
 * The clipboard as a door, for pictures and rows of numbers.
 * @module
 */

/**
 * What was pasted on the page; null where it is meant for a field, or is neither picture nor text.
 * @param {ClipboardEvent} event
 * @returns {{picture: File} | {text: string} | null}
 */
export function pasted(event) {
  const field = event.target instanceof Element && event.target.closest("input, textarea, [contenteditable]");
  if (field || !event.clipboardData) return null;
  const picture = [...event.clipboardData.files].find((file) => file.type.startsWith("image/"));
  if (picture) return { picture };
  const text = event.clipboardData.getData("text/plain");
  return text.trim() ? { text } : null;
}
