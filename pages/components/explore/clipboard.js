/**
 * The clipboard as a way out, for a link, and as a door, for pictures and rows of numbers.
 * @module
 */

import { addressOf } from "../common/keep.js";

/**
 * Copy the link that opens this experiment.
 * @param {import("../common/keep.js").Link} link
 * @returns {Promise<string>} what came of it, in a sentence
 */
export async function copyLink(link) {
  if (link.code === null) return link.missing;
  try {
    await navigator.clipboard.writeText(addressOf(link));
    return `The link is copied: it opens this experiment with its pinned cell. ${link.missing}`.trim();
  } catch {
    return "The browser keeps the clipboard to itself; the address above is the link, copy it from there.";
  }
}

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
