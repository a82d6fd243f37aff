/**
 * A word that tells what it means: on hover, and to a finger or the keyboard when it is pressed. What it says folds out
 * over the page and pushes nothing aside; a press elsewhere or Escape closes it, as what is behind "More…".
 * @module
 */

import { h } from "./dom.js";

const MARGIN = 12; // px kept free at the window's edges
const WIDEST = 300; // px
const LINES = 150; // px of the window above the word that the longest of them takes, a form below it included

let made = 0;

/**
 * @param {string} word
 * @param {string} meaning a sentence
 * @param {{stop?: boolean, further?: ((close: () => void) => Node) | null}} [how] `stop`: whether it is a stop of the Tab key of its own;
 *   `further`: makes what can be done about it, after which it is closed
 * @returns {[HTMLButtonElement, HTMLElement]} the word, and what it says: empty until then, for whoever reads the line
 */
export function meant(word, meaning, { stop = true, further = null } = {}) {
  made += 1;
  const says = h("span", { class: "ks-meaning", id: `ks-meaning-${made}`, popover: "auto", role: further ? "group" : "status", "aria-label": further && meaning });
  // A button that is named as what it opens tells by itself whether that is open.
  const button = h("button", { type: "button", class: "ks-meant", popovertarget: says.id, tabindex: stop ? null : -1 }, h("abbr", { title: meaning, text: word }));
  says.addEventListener("beforetoggle", (event) => {
    const opens = /** @type {ToggleEvent} */ (event).newState === "open";
    const held = says.contains(document.activeElement);
    says.replaceChildren(...(opens ? [meaning, further?.(() => says.hidePopover()) ?? ""] : []));
    if (held) button.focus({ preventScroll: true }); // it was in what is gone
    if (opens) Object.assign(says.style, beside(button.getBoundingClientRect()));
  });
  return [button, says];
}

/** Above the word, as below it is the rest of the sum; below it where there is no room. @param {DOMRect} word */
function beside(word) {
  const width = Math.min(WIDEST, window.innerWidth - 2 * MARGIN);
  const upwards = word.top > LINES;
  return {
    maxWidth: `${width}px`,
    left: `${Math.max(MARGIN, Math.min(word.left, window.innerWidth - MARGIN - width))}px`,
    top: upwards ? "auto" : `${word.bottom + 4}px`,
    bottom: upwards ? `${window.innerHeight - word.top + 4}px` : "auto",
  };
}
