/**
 * Powers of e within a line of text, raised as a book prints them. What is copied, and the text itself, keep the caret.
 * @module
 */

import { h } from "./dom.js";

const BASE = "e^";
const PLAIN = /^(?:[\d.]+(?:e[+−]?\d+)?|\p{L}+)/u; // an exponent without brackets: a number or names

/**
 * Where an exponent ends: behind its sign, a number, names, or what stands in brackets.
 * @param {string} text
 * @param {number} from its first letter
 */
function endOf(text, from) {
  const start = text[from] === "−" ? from + 1 : from;
  if (text[start] !== "(") return start + (PLAIN.exec(text.slice(start))?.[0].length ?? 0);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    depth += { "(": 1, ")": -1 }[text[at]] ?? 0;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/**
 * A line with every power of e raised; a screen reader says "to the power of".
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function raised(text) {
  const parts = [];
  let from = 0;
  for (let at = text.indexOf(BASE); at >= 0; at = text.indexOf(BASE, from)) {
    const start = at + BASE.length;
    const end = endOf(text, start);
    const exponent = text.slice(start, end);
    // Raised, it needs no brackets of its own.
    const [open, inner, close] = exponent.startsWith("(") ? ["(", exponent.slice(1, -1), ")"] : ["", exponent, ""];
    const unseen = (/** @type {string} */ sign) => (sign ? h("span", { class: "ks-flat", text: sign }) : null);
    parts.push(text.slice(from, start - 1), h("sup", { class: "ks-power", role: "img", "aria-label": `to the power of ${inner}` }, unseen(`^${open}`), inner, unseen(close)));
    from = end;
  }
  return [...parts, text.slice(from)];
}

/** Write a line only where it changed. @param {Element} element @param {string} text */
export function setRaised(element, text) {
  if (element.textContent !== text) element.replaceChildren(...raised(text));
}
