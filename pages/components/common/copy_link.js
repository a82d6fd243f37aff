/**
 * The button that copies a page's address, which is what stands on it.
 * @module
 */

import { h } from "./dom.js";
import { addressOf } from "./keep.js";

/**
 * @param {string} what the link opens, such as "experiment"
 * @param {{link: () => import("./keep.js").Link, tell: (sentence: string) => void}} on
 * @returns {HTMLElement}
 */
export function copyLinkButton(what, on) {
  const title = `A link that opens this very ${what}`;
  return h("button", { type: "button", class: "ks-button", text: "Copy link", title, onclick: async () => on.tell(await copied(on.link(), what)) });
}

/**
 * @param {import("./keep.js").Link} link
 * @param {string} what
 * @returns {Promise<string>} what came of it, in a sentence
 */
async function copied(link, what) {
  if (link.code === null) return link.missing;
  try {
    await navigator.clipboard.writeText(addressOf(link));
    return `The link is copied: it opens this ${what} with its pinned cell. ${link.missing}`.trim();
  } catch {
    return "The browser keeps the clipboard to itself; the address above is the link, copy it from there.";
  }
}
