/**
 * The button that copies a page's address, which is what stands on it.
 * @module
 */

import { h } from "./dom.js";
import { addressOf } from "./keep.js";

/**
 * @param {string} what the link opens, such as "experiment"
 * @param {{link: () => import("./keep.js").Link, tell: (sentence: string, passes: boolean) => void}} on `passes`: whether it needs no answer
 * @returns {HTMLElement}
 */
export function copyLinkButton(what, on) {
  const title = `A link that opens this very ${what}`;
  const onclick = async () => {
    const { sentence, passes } = await copied(on.link(), what);
    on.tell(sentence, passes);
  };
  return h("button", { type: "button", class: "ks-button", text: "Copy link", title, onclick });
}

/**
 * @param {import("./keep.js").Link} link
 * @param {string} what
 * @returns {Promise<{sentence: string, passes: boolean}>} what came of it
 */
async function copied(link, what) {
  if (link.code === null) return { sentence: link.missing, passes: false };
  try {
    await navigator.clipboard.writeText(addressOf(link));
    // What the link does not carry is to be known before it is sent: that stays.
    return { sentence: `The link is copied: it opens this ${what} with its pinned cell. ${link.missing}`.trim(), passes: !link.missing };
  } catch {
    return { sentence: "The browser keeps the clipboard to itself; the address above is the link, copy it from there.", passes: false };
  }
}
